# %% sinusoidal_positions | whole-number division in the exponent
# style: careful beginner
# at: power = 2 * i // hidden_size
# kind: operator, type
import torch


def sinusoidal_positions(length, hidden_size):
    result = torch.zeros(length, hidden_size)
    position = torch.arange(length, dtype=torch.float)
    for i in range(hidden_size // 2):
        power = 2 * i // hidden_size
        angle = position / 10000**power
        result[:, 2 * i] = torch.sin(angle)
        result[:, 2 * i + 1] = torch.cos(angle)
    return result

# %% sinusoidal_positions | read as degrees
# style: careful beginner
# at: angle = math.radians(p / 10000 ** (2 * i / hidden_size))
# kind: extra, scale
import math

import torch


def sinusoidal_positions(length, hidden_size):
    rows = []
    for p in range(length):
        row = []
        for i in range(hidden_size // 2):
            angle = math.radians(p / 10000 ** (2 * i / hidden_size))
            row.append(math.sin(angle))
            row.append(math.cos(angle))
        rows.append(row)
    return torch.tensor(rows)

# %% sinusoidal_positions | the minus sign is missing from the exponent
# style: Annotated Transformer
# at: div_term = torch.exp(torch.arange(0, hidden_size, 2) * (math.log(10000.0) / hidden_size))
# kind: sign
# known: multiplied, not divided
import math

import torch


def sinusoidal_positions(length, hidden_size):
    pe = torch.zeros(length, hidden_size)
    position = torch.arange(0, length).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, hidden_size, 2) * (math.log(10000.0) / hidden_size))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe

# %% sinusoidal_positions | two pairs of axes mixed by a reshape
# style: one-liner
# at: return torch.stack((a.sin(), a.cos())).reshape(length, hidden_size)
# kind: shape, axis, argument
import torch


def sinusoidal_positions(length, hidden_size):
    a = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, hidden_size, 2) / hidden_size)
    return torch.stack((a.sin(), a.cos())).reshape(length, hidden_size)

# %% sinusoidal_positions | a NumPy array
# style: from NumPy
# at: return pe
# kind: type, return
import numpy as np


def sinusoidal_positions(length, hidden_size):
    pe = np.zeros((length, hidden_size), dtype=np.float32)
    angles = np.arange(length)[:, np.newaxis] / 10000 ** (np.arange(0, hidden_size, 2) / hidden_size)
    pe[:, ::2] = np.sin(angles)
    pe[:, 1::2] = np.cos(angles)
    return pe

# %% sinusoidal_positions | the first row is never filled
# style: loops
# at: for p in range(1, length):
# kind: number
import math

import torch


def sinusoidal_positions(length, hidden_size):
    pe = torch.zeros(length, hidden_size)
    for p in range(1, length):
        for i in range(0, hidden_size, 2):
            pe[p, i] = math.sin(p / 10000 ** (i / hidden_size))
            pe[p, i + 1] = math.cos(p / 10000 ** (i / hidden_size))
    return pe

# %% sinusoidal_positions | the logarithm to the base of 10
# style: nanoGPT
# at: freqs = torch.exp(-math.log10(10000) * torch.arange(0, hidden_size, 2) / hidden_size)
# kind: name
import math

import torch


def sinusoidal_positions(length, hidden_size):
    freqs = torch.exp(-math.log10(10000) * torch.arange(0, hidden_size, 2) / hidden_size)
    args = torch.arange(length)[:, None].float() * freqs[None]
    embedding = torch.stack([torch.cos(args), torch.sin(args)], dim=-1).flip(-1)
    return embedding.reshape(length, hidden_size)

# %% sinusoidal_positions | ** before *, and no brackets: 10000 squared, times i / D
# style: hasty
# at: angle = p / 10000 ** 2 * i / hidden_size
# kind: operator, order, scale
import math

import torch


def sinusoidal_positions(length, hidden_size):
    table = torch.zeros(length, hidden_size)
    for p in range(length):
        for i in range(hidden_size // 2):
            angle = p / 10000 ** 2 * i / hidden_size
            table[p, 2 * i] = math.sin(angle)
            table[p, 2 * i + 1] = math.cos(angle)
    return table

# %% sinusoidal_positions | the last pair is to reach 10000, as in tensor2tensor
# style: from Keras
# at: step = math.log(10000) / (hidden_size // 2 - 1)
# kind: number, extra
import math

import torch


def sinusoidal_positions(length, hidden_size):
    step = math.log(10000) / (hidden_size // 2 - 1)
    inverse = torch.exp(-step * torch.arange(hidden_size // 2))
    scaled_time = torch.arange(length).unsqueeze(1) * inverse.unsqueeze(0)
    table = torch.zeros(length, hidden_size)
    table[:, 0::2] = torch.sin(scaled_time)
    table[:, 1::2] = torch.cos(scaled_time)
    return table

# %% sinusoidal_positions | the cosine of the sine
# style: hasty
# at: pe[:, 1::2] = torch.cos(pe[:, 0::2])
# kind: name
import torch


def sinusoidal_positions(length, hidden_size):
    pe = torch.zeros(length, hidden_size)
    pe[:, 0::2] = torch.arange(length).unsqueeze(1) / 10000 ** (torch.arange(0, hidden_size, 2) / hidden_size)
    pe[:, 0::2] = torch.sin(pe[:, 0::2])
    pe[:, 1::2] = torch.cos(pe[:, 0::2])
    return pe

# %% sinusoidal_positions | the pairs are counted from 1
# style: careful beginner
# at: i = torch.arange(1, hidden_size // 2 + 1)
# kind: number
import torch


def sinusoidal_positions(length, hidden_size):
    p = torch.arange(length).unsqueeze(1)
    i = torch.arange(1, hidden_size // 2 + 1)
    angle = p / 10000 ** (2 * i / hidden_size)
    return torch.stack([torch.sin(angle), torch.cos(angle)], dim=2).reshape(length, hidden_size)

# %% sinusoidal_positions | even and odd rows in place of columns
# style: loops
# at: pe[p, i] = math.sin(angle) if p % 2 == 0 else math.cos(angle)
# kind: name, condition
import math

import torch


def sinusoidal_positions(length, hidden_size):
    pe = torch.zeros(length, hidden_size)
    for p in range(length):
        for i in range(hidden_size):
            angle = p / 10000 ** (2 * (i // 2) / hidden_size)
            pe[p, i] = math.sin(angle) if p % 2 == 0 else math.cos(angle)
    return pe

# %% sinusoidal_positions | two: base 100,000, and every wave a sine
# style: hasty
# at: angle = torch.arange(length)[:, None] / 100000 ** (i / hidden_size)
# kind: number
# at2: pe[:, 1::2] = angle.sin()
# kind2: name
# known: no cosines
import torch


def sinusoidal_positions(length, hidden_size):
    i = torch.arange(0, hidden_size, 2)
    angle = torch.arange(length)[:, None] / 100000 ** (i / hidden_size)
    pe = torch.zeros(length, hidden_size)
    pe[:, 0::2] = angle.sin()
    pe[:, 1::2] = angle.sin()
    return pe

# %% sinusoidal_positions | two: counted from 1, and the pairs mixed by a reshape
# style: einsum
# at: a = torch.outer(torch.arange(1, length + 1).float(), w)
# kind: number, extra
# at2: return torch.stack([a.sin(), a.cos()]).reshape(length, hidden_size)
# kind2: shape, axis, argument
# known: positions from 1
import torch


def sinusoidal_positions(length, hidden_size):
    w = 10000.0 ** (-torch.arange(0, hidden_size, 2) / hidden_size)
    a = torch.outer(torch.arange(1, length + 1).float(), w)
    return torch.stack([a.sin(), a.cos()]).reshape(length, hidden_size)

# %% sinusoidal_positions | two: divided by half the width, and the table halved in its precision
# style: from Keras
# at: exponent = torch.arange(0, hidden_size, 2) / half
# kind: name, scale
# at2: return table.half()
# kind2: type, extra
# known: twice the exponent
import torch


def sinusoidal_positions(length, hidden_size):
    half = hidden_size // 2
    exponent = torch.arange(0, hidden_size, 2) / half
    angles = torch.arange(length).unsqueeze(-1) / 10000**exponent
    table = torch.zeros(length, hidden_size)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles)
    return table.half()

# %% causal_mask | all rows are one and the same list
# style: loops
# at: rows = [[False] * length] * length
# kind: state, operator
# known: nothing hidden
import torch


def causal_mask(length):
    rows = [[False] * length] * length
    for i in range(length):
        for j in range(i + 1):
            rows[i][j] = True
    return torch.tensor(rows)

# %% causal_mask | a square filled in place of a row
# style: from NumPy
# at: mask[: i + 1, : i + 1] = True
# kind: number, shape, name
# known: nothing hidden
import torch


def causal_mask(length):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for i in range(length):
        mask[: i + 1, : i + 1] = True
    return mask

# %% causal_mask | the first row is left out of the loop
# style: loops
# at: for row in range(1, length):
# kind: number
import torch


def causal_mask(length):
    mask = torch.zeros((length, length)).bool()
    for row in range(1, length):
        mask[row, : row + 1] = True
    return mask

# %% causal_mask | returned after the first row
# style: loops
# at: return mask
# kind: return
import torch


def causal_mask(length):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for i in range(length):
        for j in range(length):
            if j <= i:
                mask[i, j] = True
        return mask

# %% causal_mask | summed up along the other axis
# style: from NumPy
# at: return torch.eye(length).cumsum(axis=1).bool()
# kind: axis, number
# known: looks ahead
import torch


def causal_mask(length):
    return torch.eye(length).cumsum(axis=1).bool()

# %% causal_mask | tril of a row
# style: hasty
# at: return torch.tril(torch.ones(length)).bool()
# kind: argument, shape, missing
import torch


def causal_mask(length):
    return torch.tril(torch.ones(length)).bool()

# %% causal_mask | nested lists
# style: one-liner
# at: return [[j <= i for j in range(length)] for i in range(length)]
# kind: type, return
def causal_mask(length):
    return [[j <= i for j in range(length)] for i in range(length)]

# %% causal_mask | looks back one word and no further
# style: careful beginner
# at: if j == i or j == i - 1:
# kind: condition
import torch


def causal_mask(length):
    mask = torch.full((length, length), False)
    for i in range(length):
        for j in range(length):
            if j == i or j == i - 1:
                mask[i, j] = True
    return mask

# %% causal_mask | ready for heads, with two dimensions in front
# style: nanoGPT
# at: mask = torch.tril(torch.ones(length, length)).view(1, 1, length, length)
# kind: extra, shape
import torch


def causal_mask(length):
    mask = torch.tril(torch.ones(length, length)).view(1, 1, length, length)
    return mask == 1

# %% causal_mask | the indices of the triangle, not the triangle
# style: hasty
# at: return torch.tril_indices(length, length).bool()
# kind: name
import torch


def causal_mask(length):
    return torch.tril_indices(length, length).bool()

# %% causal_mask | the triangle of counted numbers, of which the first is 0
# style: from NumPy
# at: grid = torch.arange(length * length).reshape(length, length)
# at: return grid.tril() > 0
# kind: number, condition, name
import torch


def causal_mask(length):
    grid = torch.arange(length * length).reshape(length, length)
    return grid.tril() > 0

# %% causal_mask | two: above the diagonal, and one row too many
# style: from NumPy
# at: i = torch.arange(length + 1)[:, None]
# kind: number, extra
# at2: return i <= torch.arange(length)[None, :]
# kind2: condition, sign
# known: looks ahead
import torch


def causal_mask(length):
    i = torch.arange(length + 1)[:, None]
    return i <= torch.arange(length)[None, :]

# %% causal_mask | two: not itself, and the last column is never reached
# style: loops
# at: for j in range(length - 1):
# kind: number
# at2: mask[i, j] = j < i
# kind2: condition
# known: diagonal left out
import torch


def causal_mask(length):
    mask = torch.ones(length, length, dtype=torch.bool)
    for i in range(length):
        for j in range(length - 1):
            mask[i, j] = j < i
    return mask

# %% causal_mask | two: the triangle on its side, of whole numbers
# style: hasty
# at: mask = torch.tril(torch.ones(length, length)).flip(0)
# kind: extra
# at2: return mask.int()
# kind2: type
# known: not boolean
import torch


def causal_mask(length):
    mask = torch.tril(torch.ones(length, length)).flip(0)
    return mask.int()

# %% shift_right | the texts are rolled, not the words
# style: from NumPy
# at: out = target_ids.roll(1, 0)
# kind: axis, argument, number
# known: texts shifted
def shift_right(target_ids, start_id):
    out = target_ids.roll(1, 0)
    out[:, 0] = start_id
    return out

# %% shift_right | shifted in the caller's own tensor
# style: Hugging Face
# at: target_ids[:, 1:] = target_ids[:, :-1].clone()
# at: target_ids[:, 0] = start_id
# kind: state
# known: input changed in place
def shift_right(target_ids, start_id):
    target_ids[:, 1:] = target_ids[:, :-1].clone()
    target_ids[:, 0] = start_id
    return target_ids

# %% shift_right | each word is copied from the one just overwritten
# style: loops
# at: out[:, i] = out[:, i - 1]
# kind: state, name, order
def shift_right(target_ids, start_id):
    out = target_ids.clone()
    out[:, 0] = start_id
    for i in range(1, out.size(1)):
        out[:, i] = out[:, i - 1]
    return out

# %% shift_right | the start token in the first text only
# style: careful beginner
# at: shifted[0, 0] = start_id
# kind: number
import torch


def shift_right(target_ids, start_id):
    shifted = torch.zeros_like(target_ids)
    shifted[:, 1:] = target_ids[:, :-1]
    shifted[0, 0] = start_id
    return shifted

# %% shift_right | remove takes away the first equal id, not the last
# style: loops
# at: row.remove(row[-1])
# kind: name
import torch


def shift_right(target_ids, start_id):
    rows = []
    for row in target_ids.tolist():
        row.remove(row[-1])
        rows.append([start_id] + row)
    return torch.tensor(rows)

# %% shift_right | pop(0) takes the start token out again
# style: loops
# at: row.pop(0)
# kind: argument, number
# known: not shifted
import torch


def shift_right(target_ids, start_id):
    rows = target_ids.tolist()
    for row in rows:
        row.insert(0, start_id)
        row.pop(0)
    return torch.tensor(rows)

# %% shift_right | as many start tokens as there are words
# style: hasty
# at: start = torch.full((target_ids.size(1), 1), start_id)
# kind: number
import torch


def shift_right(target_ids, start_id):
    start = torch.full((target_ids.size(1), 1), start_id)
    return torch.cat((start, target_ids[:, :-1]), dim=1)

# %% shift_right | the last word is lost before the shift
# style: from NumPy
# at: out[:, 1:-1] = target_ids[:, :-2]
# kind: number
import numpy as np
import torch


def shift_right(target_ids, start_id):
    out = torch.zeros_like(target_ids)
    out[:, 0] = start_id
    out[:, 1:-1] = target_ids[:, :-2]
    return out

# %% shift_right | the last text dropped in place of the last word
# style: hasty
# at: return torch.cat([start, target_ids[:-1]], dim=1)
# kind: axis, shape
import torch


def shift_right(target_ids, start_id):
    start = torch.full_like(target_ids[:, :1], start_id)
    return torch.cat([start, target_ids[:-1]], dim=1)

# %% shift_right | shifted across the borders of the texts
# style: from NumPy
# at: flat = torch.cat([torch.tensor([start_id]), target_ids.flatten()[:-1]])
# kind: shape, axis, extra
import torch


def shift_right(target_ids, start_id):
    flat = torch.cat([torch.tensor([start_id]), target_ids.flatten()[:-1]])
    return flat.reshape(target_ids.shape)

# %% shift_right | copied onto itself
# style: from NumPy
# at: ids[:, 1:] = ids[:, :-1]
# kind: state
def shift_right(target_ids, start_id):
    ids = target_ids.clone()
    ids[:, 1:] = ids[:, :-1]
    ids[:, 0] = start_id
    return ids

# %% shift_right | the loop from the back stops one place early
# style: loops
# at: for t in range(T - 1, 1, -1):
# kind: number, condition
def shift_right(target_ids, start_id):
    B, T = target_ids.shape
    ids = target_ids.clone()
    for t in range(T - 1, 1, -1):
        ids[:, t] = ids[:, t - 1]
    ids[:, 0] = start_id
    return ids

# %% shift_right | two: shifted to the left, and the start token put where the first word was
# style: careful beginner
# at: moved = torch.roll(target_ids, shifts=-1, dims=1)
# kind: sign, number
# at2: moved[:, 1] = start_id
# kind2: number
# known: shifted left
import torch


def shift_right(target_ids, start_id):
    moved = torch.roll(target_ids, shifts=-1, dims=1)
    moved[:, 1] = start_id
    return moved

# %% shift_right | two: starts two places late, and floats
# style: from Keras
# at: start = torch.full((len(target_ids), 2), float(start_id))
# kind: number
# at2: start = torch.full((len(target_ids), 2), float(start_id))
# kind2: type
# known: floats
import torch


def shift_right(target_ids, start_id):
    start = torch.full((len(target_ids), 2), float(start_id))
    return torch.cat([start, target_ids[:, :-2]], dim=-1)

# %% shift_right | two: one list for all texts, and no word dropped
# style: loops
# at: row = [start_id]
# kind: state, order
# at2: row.append(word)
# kind2: missing
# known: last token not dropped
import torch


def shift_right(target_ids, start_id):
    rows = []
    row = [start_id]
    for text in target_ids.tolist():
        for word in text:
            row.append(word)
        rows.append(row)
    return torch.tensor(rows)

# %% DecoderLayer | the feed-forward is given what the cross-attention found, not the sum
# style: hasty
# at: return self.output(self.intermediate(found), residual=x)
# kind: name
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        found = self.cross_attention(x, memory, memory_mask)
        x = self.cross_output(found, residual=x)
        return self.output(self.intermediate(found), residual=x)

# %% DecoderLayer | the memory looks at itself first
# style: careful beginner
# at: memory = self.attention(memory, memory_mask)
# kind: extra
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        # look back
        x = self.attention(x, mask)
        memory = self.attention(memory, memory_mask)
        # look across
        found = self.cross_attention(x, memory, memory_mask)
        x = self.cross_output(found, residual=x)
        # think
        wide = self.intermediate(x)
        return self.output(wide, residual=x)

# %% DecoderLayer | a causal mask is put in where there is none
# style: nanoGPT
# at: if mask is None:
# at: mask = torch.tril(torch.ones(x.size(1), x.size(1), dtype=torch.bool))
# kind: extra
import torch
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        if mask is None:
            mask = torch.tril(torch.ones(x.size(1), x.size(1), dtype=torch.bool))
        x = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | returns the memory as well
# style: Hugging Face
# at: return x, memory
# kind: return, extra
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        cross = self.cross_attention(x, memory, memory_mask)
        x = self.cross_output(cross, residual=x)
        x = self.output(self.intermediate(x), residual=x)
        return x, memory

# %% DecoderLayer | the wrong output layer for the third step
# style: hasty
# at: return self.cross_output(self.intermediate(x), residual=x)
# kind: name
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        found = self.cross_attention(x, memory, memory_mask)
        x = self.cross_output(found, residual=x)
        return self.cross_output(self.intermediate(x), residual=x)

# %% DecoderLayer | mask and context exchanged in the call
# style: torch's modules
# at: found = self.cross_attention(x, memory_mask, memory)
# kind: argument
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        found = self.cross_attention(x, memory_mask, memory)
        x = self.cross_output(found, residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | the result of the cross step is not kept
# style: careful beginner
# at: self.cross_output(found, residual=x)
# kind: missing, state
# known: cross-attention skipped
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        # step 1
        x = self.attention(x, mask)
        # step 2
        found = self.cross_attention(x, memory, memory_mask)
        self.cross_output(found, residual=x)
        # step 3
        x = self.output(self.intermediate(x), residual=x)
        return x

# %% DecoderLayer | a second bend after the intermediate's own
# style: from Keras
# at: hidden = F.gelu(self.intermediate(x))
# kind: extra
import torch.nn.functional as F
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        hidden = F.gelu(self.intermediate(x))
        return self.output(hidden, residual=x)

# %% DecoderLayer | dropout on what comes out
# style: Annotated Transformer
# at: return F.dropout(self.output(self.intermediate(x), residual=x), 0.1, self.training)
# kind: extra
import torch.nn.functional as F
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        return F.dropout(self.output(self.intermediate(x), residual=x), 0.1, self.training)

# %% DecoderLayer | the feed-forward runs twice
# style: loops
# at: for _ in range(2):
# kind: extra, number
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        for _ in range(2):
            x = self.output(self.intermediate(x), residual=x)
        return x

# %% DecoderLayer | memory and what is written in one context
# style: nanoGPT
# at: found = self.cross_attention(x, torch.cat([memory, x], dim=1))
# kind: extra, name, argument
import torch
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        found = self.cross_attention(x, torch.cat([memory, x], dim=1))
        x = self.cross_output(found, residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | the memory's mask only if there is a mask
# style: careful beginner
# at: if mask is not None:
# kind: condition, name
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        if mask is not None:
            x = self.attention(x, mask)
            found = self.cross_attention(x, memory, memory_mask)
        else:
            x = self.attention(x)
            found = self.cross_attention(x, memory)
        x = self.cross_output(found, residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | no gradient into the memory
# style: Hugging Face
# at: found = self.cross_attention(x, memory.detach(), memory_mask)
# kind: gradient
# known: gradient cut off
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        found = self.cross_attention(x, memory.detach(), memory_mask)
        x = self.cross_output(found, residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | the memory's mask is made to suit both
# style: careful beginner
# at: both = memory_mask if memory_mask is not None else mask
# kind: name, condition, extra
# known: causal mask used across
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        both = memory_mask if memory_mask is not None else mask
        x = self.attention(x, mask)
        found = self.cross_attention(x, memory, both)
        x = self.cross_output(found, residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | a BertAttention for the cross-attention, which adds and norms by itself
# style: hasty
# at: self.cross_attention = BertAttention(config)
# kind: definition, name
from torch import nn

from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = BertAttention(config)
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        found = self.cross_attention.self(x, memory, memory_mask)
        x = self.cross_output(found, residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | the last AddAndNorm is made for the narrow width
# style: careful beginner
# at: self.output = AddAndNorm(config.hidden_size, config)
# kind: definition, argument, name
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        found = self.cross_attention(x, memory, memory_mask)
        x = self.cross_output(found, residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | two: the feed-forward reads the old x, and the masks' names exchanged
# style: hasty
# at: y = self.attention(x, memory_mask)
# kind: name, argument
# at2: return self.output(self.intermediate(y), residual=z)
# kind2: name
# known: masks exchanged
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        y = self.attention(x, memory_mask)
        found = self.cross_attention(y, memory, mask)
        z = self.cross_output(found, residual=y)
        return self.output(self.intermediate(y), residual=z)

# %% DecoderLayer | two: the found added twice, and no gradient into the memory
# style: Annotated Transformer
# at: found = self.cross_attention(x, memory.detach(), memory_mask)
# kind: gradient
# at2: x = x + self.cross_output(found, residual=x)
# kind2: extra
# known: cross-attention added twice
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        found = self.cross_attention(x, memory.detach(), memory_mask)
        x = x + self.cross_output(found, residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | two: looks across first, and the third step's residual is what was found
# style: careful beginner
# at: found = self.cross_attention(x, memory, memory_mask)
# kind: order
# at2: return self.output(self.intermediate(y), residual=found)
# kind2: name
# known: cross-attention first
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class DecoderLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        found = self.cross_attention(x, memory, memory_mask)
        y = self.cross_output(found, residual=x)
        y = self.attention(y, mask)
        return self.output(self.intermediate(y), residual=found)

# %% greedy_decode | argmax over the places
# style: from NumPy
# at: best = scores.argmax(axis=1)[:, -1:]
# kind: axis
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full((len(source_ids), 1), start_id)
    done = torch.zeros(len(source_ids), 1, dtype=torch.bool)
    for _ in range(max_length):
        scores = model.decode(ids, memory, source_mask)
        best = scores.argmax(axis=1)[:, -1:]
        best = torch.where(done, end_id, best)
        ids = torch.cat([ids, best], axis=1)
        done |= best == end_id
        if done.all():
            break
    return ids[:, 1:]

# %% greedy_decode | one argmax for the whole batch
# style: hasty
# at: word = scores[:, -1].argmax()
# kind: argument, missing, axis
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    written = torch.full((len(source_ids), 1), start_id)
    ended = torch.zeros(len(source_ids), 1, dtype=torch.bool)
    for _ in range(max_length):
        scores = model.decode(written, memory, source_mask)
        word = scores[:, -1].argmax()
        column = torch.where(ended, end_id, word)
        written = torch.cat([written, column], dim=1)
        ended = ended | (column == end_id)
        if ended.all():
            break
    return written[:, 1:]

# %% greedy_decode | those that have ended go on, the others are ended
# style: from Keras
# at: following = torch.where(ended, following, end_id)
# kind: argument, order, sign
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full((source_ids.shape[0], 1), start_id)
    ended = torch.zeros_like(ids, dtype=torch.bool)
    for step in range(max_length):
        logits = model.decode(ids, memory, source_mask)
        following = logits[:, -1:].argmax(-1)
        following = torch.where(ended, following, end_id)
        ids = torch.cat([ids, following], dim=1)
        ended = ended | (following == end_id)
        if ended.all():
            break
    return ids[:, 1:]

# %% greedy_decode | whether all have ended is asked of every word
# style: one-liner
# at: if (ids[:, 1:] == end_id).all():
# kind: condition, name
# known: stops too late
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory, ids = model.encode(source_ids, source_mask), torch.full_like(source_ids[:, :1], start_id)
    while ids.size(1) <= max_length:
        new = model.decode(ids, memory, source_mask)[:, -1:].argmax(-1)
        new[(ids[:, 1:] == end_id).any(1)] = end_id
        ids = torch.cat([ids, new], 1)
        if (ids[:, 1:] == end_id).all():
            break
    return ids[:, 1:]

# %% greedy_decode | drawn, not the likeliest
# style: nanoGPT
# at: idx_next = torch.multinomial(probs, num_samples=1)
# kind: name, state
# known: random in evaluation
import torch
from torch.nn import functional as F


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    idx = torch.full((source_ids.size(0), 1), start_id, dtype=torch.long)
    done = torch.zeros(source_ids.size(0), 1, dtype=torch.bool)
    for _ in range(max_length):
        logits = model.decode(idx, memory, source_mask)[:, -1, :]
        probs = F.softmax(logits, dim=-1)
        idx_next = torch.multinomial(probs, num_samples=1)
        idx_next = idx_next.masked_fill(done, end_id)
        idx = torch.cat((idx, idx_next), dim=1)
        done = done | (idx_next == end_id)
        if done.all():
            break
    return idx[:, 1:]

# %% greedy_decode | the length is asked of the batch
# style: careful beginner
# at: while len(ids) <= max_length and not ended.all():
# kind: name, condition
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full((len(source_ids), 1), start_id)
    ended = torch.zeros(len(source_ids), 1, dtype=torch.bool)
    while len(ids) <= max_length and not ended.all():
        following = model.decode(ids, memory, source_mask)[:, -1:].argmax(dim=-1)
        following = following.masked_fill(ended, end_id)
        ids = torch.cat([ids, following], dim=1)
        ended = ended | (following == end_id)
    return ids[:, 1:]

# %% greedy_decode | one text after another, each list as long as its own text
# style: loops
# at: return torch.tensor(texts)
# kind: missing, shape
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    texts = []
    for b in range(len(source_ids)):
        own_mask = None if source_mask is None else source_mask[b : b + 1]
        words = [start_id]
        while len(words) <= max_length and words[-1] != end_id:
            scores = model.decode(torch.tensor([words]), memory[b : b + 1], own_mask)
            words.append(scores[0, -1].argmax().item())
        texts.append(words[1:])
    return torch.tensor(texts)

# %% greedy_decode | as many words as the source has
# style: hasty
# at: for _ in range(source_ids.size(1)):
# kind: name
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full_like(source_ids[:, :1], start_id)
    for _ in range(source_ids.size(1)):
        new = model.decode(ids, memory, source_mask)[:, -1:].argmax(-1)
        ended = (ids == end_id).any(dim=1, keepdim=True)
        ids = torch.cat([ids, new.masked_fill(ended, end_id)], dim=1)
        if (ids == end_id).any(dim=1).all():
            break
    return ids[:, 1:]

# %% greedy_decode | cut off where the first end token of any text stands
# style: careful beginner
# at: return ids[:, : first + 1]
# kind: extra, number, name
# known: stops at the first end
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full_like(source_ids[:, :1], start_id)
    for _ in range(max_length):
        new = model.decode(ids, memory, source_mask)[:, -1:].argmax(-1)
        ids = torch.cat([ids, new], dim=1)
    ids = ids[:, 1:]
    # cut off what comes after the end
    for first in range(ids.size(1)):
        if (ids[:, first] == end_id).any():
            return ids[:, : first + 1]
    return ids

# %% greedy_decode | cropped to the last four words
# style: nanoGPT
# at: idx_cond = idx if idx.size(1) <= block_size else idx[:, -block_size:]
# kind: extra, number
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    block_size = 4
    memory = model.encode(source_ids, source_mask)
    idx = torch.full((source_ids.size(0), 1), start_id, dtype=torch.long)
    done = torch.zeros(source_ids.size(0), 1, dtype=torch.bool)
    for _ in range(max_length):
        idx_cond = idx if idx.size(1) <= block_size else idx[:, -block_size:]
        logits = model.decode(idx_cond, memory, source_mask)[:, -1, :]
        idx_next = logits.argmax(dim=-1, keepdim=True).masked_fill(done, end_id)
        idx = torch.cat((idx, idx_next), dim=1)
        done |= idx_next == end_id
        if done.all():
            break
    return idx[:, 1:]

# %% greedy_decode | the source is read again for every word
# style: hasty
# at: logits = model(source_ids, ids, source_mask)
# kind: order, name, extra
# known: encoded anew for each word
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    ids = torch.full_like(source_ids[:, :1], start_id)
    ended = torch.zeros_like(ids, dtype=torch.bool)
    while ids.size(1) <= max_length and not ended.all():
        logits = model(source_ids, ids, source_mask)
        following = logits[:, -1:].argmax(dim=-1).masked_fill(ended, end_id)
        ids = torch.cat([ids, following], dim=1)
        ended = ended | (following == end_id)
    return ids[:, 1:]

# %% greedy_decode | the highest score, not its place
# style: hasty
# at: likeliest = scores.max(dim=-1)[0]
# kind: number, name, type
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    written = torch.full_like(source_ids[:, :1], start_id)
    ended = torch.zeros(len(written), dtype=torch.bool)
    for _ in range(max_length):
        scores = model.decode(written, memory, source_mask)[:, -1]
        likeliest = scores.max(dim=-1)[0]
        likeliest = likeliest.masked_fill(ended, end_id).long()
        written = torch.cat([written, likeliest[:, None]], dim=1)
        ended |= likeliest == end_id
        if ended.all():
            break
    return written[:, 1:]

# %% greedy_decode | words stacked along the wrong axis
# style: loops
# at: return torch.stack(words)
# kind: axis, argument, missing
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    given = torch.full_like(source_ids[:, :1], start_id)
    ended = torch.zeros(given.size(0), dtype=torch.bool)
    words = []
    while len(words) < max_length and not ended.all():
        word = model.decode(given, memory, source_mask)[:, -1].argmax(-1)
        word = torch.where(ended, end_id, word)
        words.append(word)
        given = torch.cat([given, word.unsqueeze(1)], dim=1)
        ended = ended | (word == end_id)
    return torch.stack(words)

# %% greedy_decode | the decoder gets the ids in place of their marks
# style: careful beginner
# at: scores = model.decode(ids, memory, source_ids)
# kind: name, argument
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full((source_ids.size(0), 1), start_id)
    ended = torch.zeros(source_ids.size(0), 1, dtype=torch.bool)
    for _ in range(max_length):
        scores = model.decode(ids, memory, source_ids)
        new = scores[:, -1:, :].argmax(dim=2)
        new = new.masked_fill(ended, end_id)
        ids = torch.cat([ids, new], dim=1)
        ended = ended | (new == end_id)
        if bool(ended.all()):
            break
    return ids[:, 1:]

# %% greedy_decode | the batch is counted on the mask, which may be None
# style: careful beginner
# at: ids = torch.full((source_mask.size(0), 1), start_id)
# kind: name
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full((source_mask.size(0), 1), start_id)
    ended = torch.zeros_like(ids, dtype=torch.bool)
    while ids.size(1) <= max_length and not ended.all():
        new = model.decode(ids, memory, source_mask)[:, -1:].argmax(dim=-1)
        new = torch.where(ended, end_id, new)
        ids = torch.cat([ids, new], dim=1)
        ended = ended | (new == end_id)
    return ids[:, 1:]

# %% greedy_decode | the second likeliest
# style: from NumPy
# at: new = scores.argsort(dim=-1)[:, -2:-1]
# kind: number
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full((len(source_ids), 1), start_id)
    ended = torch.zeros_like(ids, dtype=torch.bool)
    while ids.size(1) < max_length + 1:
        scores = model.decode(ids, memory, source_mask)[:, -1]
        new = scores.argsort(dim=-1)[:, -2:-1]
        new = new.masked_fill(ended, end_id)
        ids = torch.cat([ids, new], dim=1)
        ended |= new == end_id
        if ended.all():
            break
    return ids[:, 1:]

# %% greedy_decode | two: filled up with the start token, and the mask left out
# style: hasty
# at: new = model.decode(ids, memory)[:, -1:].argmax(-1)
# kind: argument, missing
# at2: new = new.masked_fill(ended, start_id)
# kind2: name
# known: mask only in the encoder
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full_like(source_ids[:, :1], start_id)
    ended = torch.zeros_like(ids, dtype=torch.bool)
    for _ in range(max_length):
        new = model.decode(ids, memory)[:, -1:].argmax(-1)
        new = new.masked_fill(ended, start_id)
        ids = torch.cat([ids, new], dim=1)
        ended = ended | (new == end_id)
        if ended.all():
            break
    return ids[:, 1:]

# %% greedy_decode | two: the decoder sees the last four words only, and the likeliest of the first place
# style: nanoGPT
# at: logits = model.decode(ids[:, -4:], memory, source_mask)
# kind: extra, number, argument
# at2: nxt = logits[:, 0].argmax(dim=-1, keepdim=True)
# kind2: number
# known: first place read
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full_like(source_ids[:, :1], start_id)
    for _ in range(max_length):
        logits = model.decode(ids[:, -4:], memory, source_mask)
        nxt = logits[:, 0].argmax(dim=-1, keepdim=True)
        nxt = torch.where((ids == end_id).any(1, keepdim=True), end_id, nxt)
        ids = torch.cat([ids, nxt], dim=1)
        if (nxt == end_id).all():
            break
    return ids[:, 1:]

# %% greedy_decode | two: the unlikeliest word, and filled up with 0
# style: from NumPy
# at: new = scores.argmin(axis=-1, keepdims=True)
# kind: name, sign
# at2: new[ended] = 0
# kind2: number, name
# known: least likely
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full((source_ids.shape[0], 1), start_id)
    ended = torch.zeros(source_ids.shape[0], 1, dtype=torch.bool)
    for step in range(max_length):
        scores = model.decode(ids, memory, source_mask)[:, -1]
        new = scores.argmin(axis=-1, keepdims=True)
        new[ended] = 0
        ids = torch.cat([ids, new], axis=1)
        ended |= new == end_id
        if ended.all():
            break
    return ids[:, 1:]
