# %% sinusoidal_positions | stack and flatten
# style: one-liner
import torch


def sinusoidal_positions(length, hidden_size):
    a = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, hidden_size, 2) / hidden_size)
    return torch.stack((a.sin(), a.cos()), dim=-1).flatten(1)

# %% sinusoidal_positions | as in the Annotated Transformer
# style: Annotated Transformer
import math

import torch


def sinusoidal_positions(length, hidden_size):
    pe = torch.zeros(length, hidden_size)
    position = torch.arange(0, length).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, hidden_size, 2) * -(math.log(10000.0) / hidden_size))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe

# %% sinusoidal_positions | number by number, with a constant and a dict of functions
# style: loops
import math

import torch

BASE = 10_000
WAVES = {0: math.sin, 1: math.cos}


def sinusoidal_positions(length, hidden_size):
    table = []
    for p in range(length):
        row = []
        for column in range(hidden_size):
            i = column // 2
            row.append(WAVES[column % 2](p / BASE ** (2 * i / hidden_size)))
        table.append(row)
    return torch.tensor(table)

# %% sinusoidal_positions | NumPy inside, float32 outside
# style: from NumPy
import numpy as np
import torch


def sinusoidal_positions(length: int, hidden_size: int) -> torch.Tensor:
    p, i = np.ogrid[:length, : hidden_size // 2]
    angle = p / 10000 ** (2 * i / hidden_size)
    table = np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    return torch.from_numpy(table.reshape(length, hidden_size)).float()

# %% sinusoidal_positions | one complex power, outer product
# style: einsum
import torch


def sinusoidal_positions(length, hidden_size):
    speeds = torch.pow(10000.0, -torch.arange(0, hidden_size, 2, dtype=torch.float32) / hidden_size)
    hands = torch.polar(torch.ones(()), torch.outer(torch.arange(length, dtype=torch.float32), speeds))
    return torch.view_as_real(hands).flip(-1).flatten(1)

# %% sinusoidal_positions | cosine as a sine a quarter turn later, lambda beside it
# style: hasty
import math

import torch

angle = lambda p, i, d: p / 10000 ** (2 * i / d)


def sinusoidal_positions(length, hidden_size):
    i = torch.arange(hidden_size)
    a = angle(torch.arange(length).unsqueeze(1), i // 2, hidden_size)
    return torch.sin(a + (i % 2) * math.pi / 2)

# %% causal_mask | tril of ones
# style: hasty
import torch


def causal_mask(length):
    return torch.ones(length, length).tril().bool()

# %% causal_mask | comparison of two ranges
# style: from NumPy
import torch


def causal_mask(length):
    i = torch.arange(length)
    return i[:, None] >= i[None, :]

# %% causal_mask | loops
# style: loops
import torch


def causal_mask(length):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for query in range(length):
        for key in range(query + 1):
            mask[query, key] = True
    return mask

# %% causal_mask | list comprehension in a nested function
# style: careful beginner
import torch


def causal_mask(length: int) -> torch.Tensor:
    def may_look(i, j):
        return j <= i

    return torch.tensor([[may_look(i, j) for j in range(length)] for i in range(length)])

# %% causal_mask | what lies above the diagonal, turned round
# style: nanoGPT
import torch


def causal_mask(length):
    ahead = torch.triu(torch.ones(length, length), diagonal=1)
    return ahead == 0

# %% causal_mask | summed up from the unit matrix
# style: one-liner
import torch


def causal_mask(length):
    return torch.eye(length).cumsum(0) > 0

# %% causal_mask | masks already made are kept in a dict beside it
# style: nanoGPT
import torch

MADE = {}


def causal_mask(length):
    if length not in MADE:
        MADE[length] = torch.ones(length, length, dtype=torch.bool).tril()
    return MADE[length].clone()

# %% shift_right | cat
# style: careful beginner
import torch


def shift_right(target_ids, start_id):
    B, T = target_ids.shape
    start = torch.full((B, 1), start_id)
    return torch.cat([start, target_ids[:, :-1]], dim=1)

# %% shift_right | as in Hugging Face's T5
# style: Hugging Face
def shift_right(target_ids, start_id):
    shifted_input_ids = target_ids.new_zeros(target_ids.shape)
    shifted_input_ids[..., 1:] = target_ids[..., :-1].clone()
    shifted_input_ids[..., 0] = start_id
    return shifted_input_ids

# %% shift_right | rolled without a dimension, then the first column
# style: from NumPy
import torch


def shift_right(target_ids, start_id):
    out = torch.roll(target_ids, 1)
    out[:, 0] = start_id
    return out

# %% shift_right | lists
# style: loops
import torch


def shift_right(target_ids, start_id):
    return torch.tensor([[start_id, *row[:-1]] for row in target_ids.tolist()])

# %% shift_right | pad in front, cut behind
# style: one-liner
from torch.nn.functional import pad as pad_with


def shift_right(target_ids, start_id):
    return pad_with(target_ids, (1, -1), value=start_id)

# %% shift_right | from the last column to the first
# style: loops
def shift_right(target_ids, start_id):
    ids = target_ids.clone()
    for t in reversed(range(1, ids.size(1))):
        ids[:, t] = ids[:, t - 1]
    ids[:, 0] = start_id
    return ids

# %% shift_right | a helper with the course's own word for a name
# style: careful beginner
import torch


def padded(start_id, like):
    return torch.full_like(like[:, :1], start_id)


def shift_right(target_ids, start_id):
    return torch.hstack((padded(start_id, target_ids), target_ids[:, :-1]))

# %% DecoderLayer | each step on a line
# style: careful beginner
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
        # look across
        found = self.cross_attention(x, memory, memory_mask)
        x = self.cross_output(found, residual=x)
        # think
        wide = self.intermediate(x)
        x = self.output(wide, residual=x)
        return x

# %% DecoderLayer | one expression a step, names for every argument, type hints
# style: one-liner
from torch import Tensor, nn

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

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None = None, memory_mask: Tensor | None = None) -> Tensor:
        x = self.attention(x, mask=mask)
        x = self.cross_output(self.cross_attention(x, context=memory, mask=memory_mask), residual=x)
        return self.output(self.intermediate(x), residual=x)

# %% DecoderLayer | methods of its own for the three steps
# style: loops
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

    def back(self, x, mask):
        return self.attention(x, mask)

    def across(self, x, memory, memory_mask):
        return self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)

    def think(self, x):
        return self.output(self.intermediate(x), residual=x)

    def forward(self, x, memory, mask=None, memory_mask=None):
        return self.think(self.across(self.back(x, mask), memory, memory_mask))

# %% DecoderLayer | as a list of steps
# style: from Keras
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
        steps = [
            lambda x: self.attention(x, mask),
            lambda x: self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x),
            lambda x: self.output(self.intermediate(x), residual=x),
        ]
        for step in steps:
            x = step(x)
        return x

# %% DecoderLayer | as Hugging Face names it, keyword-only helper beside the class
# style: Hugging Face
from torch import nn

from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


def feed_forward_chunk(layer, attention_output):
    intermediate_output = layer.intermediate(attention_output)
    layer_output = layer.output(intermediate_output, attention_output)
    return layer_output


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
        self_attention_outputs = self.attention(x, mask)
        cross_attention_outputs = self.cross_attention(self_attention_outputs, memory, memory_mask)
        attention_output = self.cross_output(cross_attention_outputs, self_attention_outputs)
        return feed_forward_chunk(self, attention_output)

# %% greedy_decode | a for with a break
# style: careful beginner
import torch


def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    with torch.no_grad():
        memory = model.encode(source_ids, source_mask)
        written = torch.full((source_ids.size(0), 1), start_id)
        ended = torch.zeros(source_ids.size(0), dtype=torch.bool)
        for _ in range(max_length):
            scores = model.decode(written, memory, source_mask)      # (B, T, V)
            likeliest = scores[:, -1].argmax(dim=-1)                 # (B,)
            likeliest = torch.where(ended, end_id, likeliest)
            written = torch.cat([written, likeliest.unsqueeze(1)], dim=1)
            ended = ended | (likeliest == end_id)
            if ended.all():
                break
        return written[:, 1:]

# %% greedy_decode | whether a text has ended is read off the ids
# style: one-liner
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory, ids = model.encode(source_ids, source_mask), torch.full_like(source_ids[:, :1], start_id)
    while (out := ids[:, 1:]).size(1) < max_length and not (out == end_id).any(1).all():
        new = model.decode(ids, memory, source_mask)[:, -1:].argmax(-1)
        ids = torch.cat([ids, new.masked_fill((out == end_id).any(1, keepdim=True), end_id)], 1)
    return ids[:, 1:]

# %% greedy_decode | one text after another, filled up at the end
# style: loops
import torch


def write_one(model, memory, mask, start_id, end_id, max_length):
    words = [start_id]
    while len(words) <= max_length and (len(words) == 1 or words[-1] != end_id):
        scores = model.decode(torch.tensor([words]), memory, mask)
        words.append(int(scores[0, -1].argmax()))
    return words[1:]


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    texts = []
    for b in range(source_ids.size(0)):
        mask = source_mask[b : b + 1] if source_mask is not None else None
        texts.append(write_one(model, memory[b : b + 1], mask, start_id, end_id, max_length))
    longest = max(len(text) for text in texts)
    return torch.tensor([text + [end_id] * (longest - len(text)) for text in texts])

# %% greedy_decode | unfinished sequences, as Hugging Face's generate counts them
# style: Hugging Face
import torch


@torch.inference_mode()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    batch_size = source_ids.shape[0]
    encoder_outputs = model.encode(source_ids, source_mask)
    input_ids = torch.ones((batch_size, 1), dtype=torch.long) * start_id
    unfinished_sequences = torch.ones(batch_size, dtype=torch.long)
    while True:
        next_token_logits = model.decode(input_ids, encoder_outputs, source_mask)[:, -1, :]
        next_tokens = torch.argmax(next_token_logits, dim=-1)
        next_tokens = next_tokens * unfinished_sequences + end_id * (1 - unfinished_sequences)
        input_ids = torch.cat([input_ids, next_tokens[:, None]], dim=-1)
        unfinished_sequences = unfinished_sequences.mul((next_tokens != end_id).long())
        if unfinished_sequences.max() == 0 or input_ids.shape[1] > max_length:
            break
    return input_ids[:, 1:]

# %% greedy_decode | written to the end, then cut and filled
# style: from NumPy
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    ids = torch.full_like(source_ids[:, :1], start_id)
    for _ in range(max_length):
        ids = torch.cat([ids, model.decode(ids, memory, source_mask)[:, -1:].argmax(-1)], dim=1)
    ids = ids[:, 1:]
    over = ((ids == end_id).cumsum(1) - (ids == end_id).long()) > 0      # after the first end
    ids = ids.masked_fill(over, end_id)
    longest = int((~over).sum(1).max())
    return ids[:, :longest]

# %% greedy_decode | filled into a table of its full size, a dict for what goes on
# style: from NumPy
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    state = {"memory": model.encode(source_ids, source_mask), "t": 0}
    table = torch.full((len(source_ids), max_length + 1), end_id)
    table[:, 0] = start_id
    running = torch.ones(len(source_ids), dtype=torch.bool)
    while running.any() and state["t"] < max_length:
        t = state["t"]
        scores = model.decode(table[:, : t + 1], state["memory"], source_mask)
        best = scores[:, t].max(dim=-1).indices
        table[running, t + 1] = best[running]
        running = running & (best != end_id)
        state["t"] += 1
    return table[:, 1 : state["t"] + 1]
