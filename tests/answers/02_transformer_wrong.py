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
# kind: order
# at: pe[:, 0::2] = torch.sin(pe[:, 0::2])
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
# kind: axis
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
# kind: argument
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
# kind: name
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


# %% depends_on | the place is counted in the text's numbers
# style: hasty
# at: moved[:, :, place] = torch.randn_like(x[:, :, place])
# kind: axis, shape, argument
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x)
    columns = []
    for place in range(x.size(1)):
        moved = x.clone()
        moved[:, :, place] = torch.randn_like(x[:, :, place])
        columns.append((function(moved) != before).any(dim=-1)[0])
    return torch.stack(columns, dim=-1)


# %% depends_on | all words but one are moved
# style: hasty
# at: moved[:, place] = x[:, place]
# kind: condition, order, name
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x)
    columns = []
    for place in range(x.size(1)):
        moved = torch.randn_like(x)
        moved[:, place] = x[:, place]
        columns.append((function(moved) != before).any(dim=-1)[0])
    return torch.stack(columns, dim=-1)


# %% depends_on | the word and all after it are moved
# style: careful beginner
# at: moved[:, place:] = torch.randn_like(x[:, place:])
# kind: axis, number, argument, extra
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x)
    columns = []
    for place in range(x.size(1)):
        moved = x.clone()
        moved[:, place:] = torch.randn_like(x[:, place:])
        columns.append((function(moved) != before).any(dim=-1)[0])
    return torch.stack(columns, dim=-1)


# %% depends_on | moved by the loop's number, which is 0 at first
# kind: operator
# style: hasty
# at: moved[:, place] += place * torch.randn_like(x[:, place])
# kind: extra, number, scale
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x)
    columns = []
    for place in range(x.size(1)):
        moved = x.clone()
        moved[:, place] += place * torch.randn_like(x[:, place])
        columns.append((function(moved) != before).any(dim=-1)[0])
    return torch.stack(columns, dim=-1)


# %% depends_on | words are exchanged with the next
# style: inventive
# at: moved[:, [place, following]] = x[:, [following, place]]
# kind: order, extra, number
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x)
    columns = []
    for place in range(x.size(1)):
        following = (place + 1) % x.size(1)
        moved = x.clone()
        moved[:, [place, following]] = x[:, [following, place]]
        columns.append((function(moved) != before).any(dim=-1)[0])
    return torch.stack(columns, dim=-1)


# %% depends_on | the gradient with respect to the whole result
# style: one who knows autograd
# at: gradient, = torch.autograd.grad(function(x).pow(2).sum(), x)
# kind: missing, axis, argument
import torch

def depends_on(function, x):
    x = x.detach().requires_grad_()
    result = function(x)
    gradient, = torch.autograd.grad(function(x).pow(2).sum(), x)
    moves = (gradient[0] != 0).any(dim=-1)
    return moves.expand(result.size(1), -1).clone()


# %% depends_on | only the mean of a result is compared
# style: careful beginner
# at: after = function(moved).mean(dim=-1)
# kind: extra, axis
# known: sums compared
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x).mean(dim=-1)
    table = []
    for place in range(x.size(1)):
        moved = x.clone()
        moved[:, place] = torch.randn_like(x[:, place])
        after = function(moved).mean(dim=-1)
        table.append((after != before)[0])
    return torch.stack(table, dim=-1)


# %% depends_on | whole numbers for truth values
# style: NumPy
# at: table[:, place] = (function(moved) != before).any(dim=-1)[0]
# kind: type, return
# at: table = torch.zeros(before.size(1), x.size(1), dtype=torch.int64)
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x)
    table = torch.zeros(before.size(1), x.size(1), dtype=torch.int64)
    for place in range(x.size(1)):
        moved = x.clone()
        moved[:, place] = torch.randn_like(x[:, place])
        table[:, place] = (function(moved) != before).any(dim=-1)[0]
    return table


# %% depends_on | the last word is never moved
# style: hasty
# at: for place in range(x.size(1) - 1):
# kind: number, condition
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x)
    table = torch.zeros(before.size(1), x.size(1), dtype=torch.bool)
    for place in range(x.size(1) - 1):
        moved = x.clone()
        moved[:, place] = torch.randn_like(x[:, place])
        table[:, place] = (function(moved) != before).any(dim=-1)[0]
    return table


# %% depends_on | a relative tolerance of a tenth
# style: careful beginner
# at: same = torch.isclose(function(moved), before, rtol=0.1)
# kind: number, scale, argument
# known: too coarse
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x)
    columns = []
    for place in range(x.size(1)):
        moved = x.clone()
        moved[:, place] = torch.randn_like(x[:, place])
        same = torch.isclose(function(moved), before, rtol=0.1)
        columns.append(~same.all(dim=-1)[0])
    return torch.stack(columns, dim=-1)


# %% depends_on | every number must move, and rows and columns are exchanged
# style: hasty
# at: rows.append((function(moved) != before).all(dim=-1)[0])
# kind: condition, name
# known: all must move
# at2: return torch.stack(rows, dim=0)
# kind2: axis, number
# known: rows and columns exchanged
import torch

@torch.no_grad()
def depends_on(function, x):
    before = function(x)
    rows = []
    for place in range(x.size(1)):
        moved = x.clone()
        moved[:, place] = torch.randn_like(x[:, place])
        rows.append((function(moved) != before).all(dim=-1)[0])
    return torch.stack(rows, dim=0)


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


# %% sequence_log_prob | log of the softmax of the log-softmax
# style: hasty
# at: log_probs = logits.log_softmax(dim=-1).softmax(dim=-1)
# kind: extra, name
# known: probabilities added up
import torch
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    logits = model(source_ids, shift_right(target_ids, start_id), source_mask)
    log_probs = logits.log_softmax(dim=-1).softmax(dim=-1)
    each = log_probs.gather(-1, target_ids[..., None])[..., 0]
    return each.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% sequence_log_prob | cross_entropy with its mean
# style: one who trains
# at: return -F.cross_entropy(scores.transpose(1, 2), target_ids, ignore_index=pad_id)
# kind: missing, argument, shape
import torch
from torch.nn import functional as F
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    scores = model(source_ids, shift_right(target_ids, start_id), source_mask)
    return -F.cross_entropy(scores.transpose(1, 2), target_ids, ignore_index=pad_id)


# %% sequence_log_prob | the padding of the shifted target
# style: careful beginner
# at: real = given != pad_id
# kind: name, order
import torch
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    given = shift_right(target_ids, start_id)
    log_probs = model(source_ids, given, source_mask).log_softmax(dim=-1)
    each = log_probs.gather(-1, target_ids[..., None])[..., 0]
    real = given != pad_id
    return (each * real).sum(dim=-1)


# %% sequence_log_prob | the padding is set to 0 before the softmax
# kind: argument
# at: return each.sum(dim=-1)
# style: hasty
# at: logits = logits.masked_fill((target_ids == pad_id)[..., None], 0.0)
# kind: order
import torch
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    logits = model(source_ids, shift_right(target_ids, start_id), source_mask)
    logits = logits.masked_fill((target_ids == pad_id)[..., None], 0.0)
    each = logits.log_softmax(dim=-1).gather(-1, target_ids[..., None])[..., 0]
    return each.sum(dim=-1)


# %% sequence_log_prob | log base 2
# style: information theorist
# at: each = probabilities.log2().gather(-1, target_ids[..., None])[..., 0]
# kind: name, scale
import torch
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    probabilities = model(source_ids, shift_right(target_ids, start_id), source_mask).softmax(dim=-1)
    each = probabilities.log2().gather(-1, target_ids[..., None])[..., 0]
    return each.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% sequence_log_prob | each word by itself, without those before it
# style: careful beginner
# at: given = torch.full((len(target_ids), 1), start_id)
# kind: name
# kind: missing, argument
import torch

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    given = torch.full((len(target_ids), 1), start_id)
    first = model(source_ids, given, source_mask).log_softmax(dim=-1)
    each = first.expand(-1, target_ids.size(1), -1).gather(-1, target_ids[..., None])[..., 0]
    return each.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% sequence_log_prob | rolled, and the first word is not the start
# style: hasty
# at: given = target_ids.roll(1, dims=1)
# kind: missing
import torch

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    given = target_ids.roll(1, dims=1)
    logits = model(source_ids, given, source_mask)
    each = logits.log_softmax(dim=-1).gather(-1, target_ids[..., None])[..., 0]
    return each.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% sequence_log_prob | the target's padding is given as the source's mask
# kind: extra
# at: real = (source_ids != pad_id).long().flip(1)
# style: hasty
# at: logits = model(source_ids, shift_right(target_ids, start_id), real)
# kind: name, argument
import torch
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    real = (source_ids != pad_id).long().flip(1)
    logits = model(source_ids, shift_right(target_ids, start_id), real)
    each = logits.log_softmax(dim=-1).gather(-1, target_ids[..., None])[..., 0]
    return each.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% sequence_log_prob | a list of numbers
# style: careful beginner
# at: return each.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1).tolist()
# kind: return, type, extra
import torch
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    logits = model(source_ids, shift_right(target_ids, start_id), source_mask)
    each = logits.log_softmax(dim=-1).gather(-1, target_ids[..., None])[..., 0]
    return each.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1).tolist()


# %% sequence_log_prob | everything up to the shortest text's end
# kind: return
# style: hasty
# at: shortest = (target_ids != pad_id).sum(dim=1).min()
# kind: name, extra
import torch
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    logits = model(source_ids, shift_right(target_ids, start_id), source_mask)
    each = logits.log_softmax(dim=-1).gather(-1, target_ids[..., None])[..., 0]
    shortest = (target_ids != pad_id).sum(dim=1).min()
    return each[:, :shortest].sum(dim=-1)


# %% sequence_log_prob | not shifted, and a mean over the words
# style: hasty
# at: logits = model(source_ids, target_ids, source_mask)
# kind: missing, name, argument
# known: not shifted
# at2: return (each * real).sum(dim=-1) / real.sum(dim=-1)
# kind2: extra, scale
# known: mean instead of sum
import torch

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    logits = model(source_ids, target_ids, source_mask)
    each = logits.log_softmax(dim=-1).gather(-1, target_ids[..., None])[..., 0]
    real = target_ids != pad_id
    return (each * real).sum(dim=-1) / real.sum(dim=-1)
