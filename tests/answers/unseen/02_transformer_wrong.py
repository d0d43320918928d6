# %% sinusoidal_positions | 2i taken twice over: the columns are already even
# style: beginner
# at: exponent = 2 * even / hidden_size
# at: even = torch.arange(0, hidden_size, 2)
# kind: scale, number, extra
# known: twice the exponent
import torch


def sinusoidal_positions(length, hidden_size):
    even = torch.arange(0, hidden_size, 2)
    exponent = 2 * even / hidden_size
    p = torch.arange(length).unsqueeze(1)
    inside = p / torch.pow(10000, exponent)
    result = torch.zeros(length, hidden_size)
    result[:, even] = torch.sin(inside)
    result[:, even + 1] = torch.cos(inside)
    return result

# %% sinusoidal_positions | exponents from a linspace that reaches 1
# style: from NumPy
# at: exps = torch.linspace(0, 1, hidden_size // 2)
# kind: number, operator, scale, argument
# kind: name
import torch


def sinusoidal_positions(length, hidden_size):
    exps = torch.linspace(0, 1, hidden_size // 2)
    theta = torch.arange(length)[:, None] * 1e4 ** -exps[None, :]
    pe = torch.empty(length, hidden_size)
    pe[:, 0::2], pe[:, 1::2] = theta.sin(), theta.cos()
    return pe

# %% sinusoidal_positions | made in NumPy, and float64
# style: from NumPy
# at: return torch.from_numpy(table)
# at: table = np.zeros((length, hidden_size))
# kind: type
# known: float64
import numpy as np
import torch


def sinusoidal_positions(length, hidden_size):
    table = np.zeros((length, hidden_size))
    for pos in range(length):
        for col in range(hidden_size):
            angle = pos / 10000 ** (2 * (col // 2) / hidden_size)
            table[pos, col] = np.cos(angle) if col % 2 else np.sin(angle)
    return torch.from_numpy(table)

# %% sinusoidal_positions | angles (D / 2, T) reshaped as if they were (T, D / 2)
# style: einsum
# at: angles = torch.einsum("i,p->ip", speed, place)
# at: return waves.reshape(length, hidden_size)
# kind: shape, axis, order, argument
import torch


def sinusoidal_positions(length, hidden_size):
    speed = 10000.0 ** (-torch.arange(0, hidden_size, 2) / hidden_size)
    place = torch.arange(length, dtype=torch.float)
    angles = torch.einsum("i,p->ip", speed, place)
    waves = torch.stack((angles.sin(), angles.cos()), dim=-1)
    return waves.reshape(length, hidden_size)

# %% sinusoidal_positions | log10 in the exponential, and the cosine comes first
# style: from a tutorial
# at: step = -math.log10(10000.0) / hidden_size
# kind: operator, name, scale, number
# at2: pe[:, 0::2] = torch.cos(position * div_term)
# at2: pe[:, 1::2] = torch.sin(position * div_term)
# kind2: order, operator, name, number
# known: cosine first
import math

import torch


def sinusoidal_positions(length, hidden_size):
    pe = torch.zeros(length, hidden_size)
    position = torch.arange(0, length).unsqueeze(1).float()
    step = -math.log10(10000.0) / hidden_size
    div_term = torch.exp(torch.arange(0, hidden_size, 2).float() * step)
    pe[:, 0::2] = torch.cos(position * div_term)
    pe[:, 1::2] = torch.sin(position * div_term)
    return pe

# %% causal_mask | all rows are the same list
# known: nothing hidden
# style: plain Python
# at: rows = [[False] * length] * length
# kind: state, definition, operator
import torch


def causal_mask(length):
    rows = [[False] * length] * length
    for i in range(length):
        for j in range(i + 1):
            rows[i][j] = True
    return torch.tensor(rows)

# %% causal_mask | only itself and the one just before
# style: misread
# at: return (steps_back == 0) | (steps_back == 1)
# kind: condition, operator, number
import torch


def causal_mask(length):
    place = torch.arange(length)
    steps_back = place[:, None] - place[None, :]
    return (steps_back == 0) | (steps_back == 1)

# %% causal_mask | the loop begins at 1, so the first position sees nothing
# style: loops
# at: for row in range(1, length):
# kind: number
import torch


def causal_mask(length):
    mask = torch.full((length, length), False)
    for row in range(1, length):
        mask[row, : row + 1] = True
    return mask

# %% causal_mask | with dimensions for batch and heads
# style: nanoGPT
# at: return torch.tril(torch.ones(length, length)).bool().view(1, 1, length, length)
# kind: shape, extra
import torch


def causal_mask(length):
    return torch.tril(torch.ones(length, length)).bool().view(1, 1, length, length)

# %% causal_mask | marks what is forbidden, and in whole numbers
# style: Keras user
# at: forbidden = torch.triu(torch.ones(length, length), diagonal=1) == 1
# at: return forbidden.int()
# kind: sign, condition, operator, missing, return
# at2: return forbidden.int()
# kind2: type
# known: mask inverted
import torch


def causal_mask(length):
    forbidden = torch.triu(torch.ones(length, length), diagonal=1) == 1
    return forbidden.int()

# %% shift_right | the column of starts is float, and so is all
# style: from NumPy
# at: start = torch.ones(batch, 1) * start_id
# kind: type
# known: floats
import torch


def shift_right(target_ids, start_id):
    batch = target_ids.shape[0]
    start = torch.ones(batch, 1) * start_id
    return torch.hstack([start, target_ids[:, :-1]])

# %% shift_right | F.pad shifts the rows down: the texts, not the words
# style: one-liner
# at: return F.pad(target_ids, (0, 0, 1, -1), value=start_id)
# kind: axis, argument, number, order
# known: texts shifted
import torch.nn.functional as F


def shift_right(target_ids, start_id):
    return F.pad(target_ids, (0, 0, 1, -1), value=start_id)

# %% shift_right | each word is copied from the one just overwritten
# style: loops
# at: shifted[:, t] = shifted[:, t - 1]
# at: for t in range(1, target_ids.shape[1]):
# kind: name, order, state


def shift_right(target_ids, start_id):
    shifted = target_ids.clone()
    shifted[:, 0] = start_id
    for t in range(1, target_ids.shape[1]):
        shifted[:, t] = shifted[:, t - 1]
    return shifted

# %% shift_right | the first word is replaced by the start, and nothing moves
# style: hasty
# at: given = target_ids.clone()
# at: given[:, :1] = start_id
# kind: missing, operator
# known: first word overwritten
import torch


def shift_right(target_ids, start_id):
    given = target_ids.clone()
    given[:, :1] = start_id
    return given

# %% shift_right | floats, and the first word dropped instead of the last
# style: beginner
# at: decoder_input = torch.zeros(target_ids.shape)
# kind: type
# at2: decoder_input[:, 1:] = target_ids[:, 1:]
# kind2: number, name, missing
# known: first word overwritten; floats
import torch


def shift_right(target_ids, start_id):
    decoder_input = torch.zeros(target_ids.shape)
    decoder_input[:, 0] = start_id
    decoder_input[:, 1:] = target_ids[:, 1:]
    return decoder_input

# %% depends_on | the copy is made once, so the changes add up
# style: hasty
# at: y = x.clone()
# kind: order, state
# known: words stay moved
import torch


def depends_on(function, x):
    with torch.no_grad():
        base = function(x)[0]
        y = x.clone()
        cols = []
        for s in range(x.shape[1]):
            y[0, s] = torch.randn(x.shape[2])
            cols.append((function(y)[0] != base).any(-1))
    return torch.stack(cols, 1)

# %% depends_on | gradient of the sum of a result, which LayerNorm keeps at 0
# style: likes autograd
# at: total = y[0, t].sum()
# known: sums compared
# kind: operator, missing, gradient
import torch


def depends_on(function, x):
    x = x.detach().clone().requires_grad_()
    y = function(x)
    rows = []
    for t in range(y.size(1)):
        total = y[0, t].sum()
        (grad,) = torch.autograd.grad(total, x, retain_graph=True, allow_unused=True)
        if grad is None:
            rows.append(torch.zeros(x.size(1), dtype=torch.bool))
        else:
            rows.append(grad[0].abs().amax(dim=-1) > 1e-5)
    return torch.stack(rows)

# %% depends_on | a square table: as many results as words
# style: loops
# at: table = torch.zeros(words, words, dtype=torch.bool)
# at: for result in range(words):
# kind: shape, number, name, definition
import torch


@torch.no_grad()
def depends_on(function, x):
    words = x.size(1)
    table = torch.zeros(words, words, dtype=torch.bool)
    old = function(x)
    for word in range(words):
        changed = x.clone()
        changed[0, word] = torch.randn(x.size(2)) * 3
        new = function(changed)
        for result in range(words):
            if not torch.equal(new[0, result], old[0, result]):
                table[result, word] = True
    return table

# %% depends_on | compares only the lengths of the results' vectors
# style: helpers
# at: return ~torch.isclose(a.norm(dim=-1), b.norm(dim=-1))[0]
# kind: operator, condition, extra
import torch


def replaced(x, place):
    noise = torch.randn_like(x)
    here = torch.arange(x.size(1)) == place
    return torch.where(here[None, :, None], noise, x)


def moved(a, b):
    return ~torch.isclose(a.norm(dim=-1), b.norm(dim=-1))[0]


def depends_on(function, x):
    with torch.no_grad():
        untouched = function(x)
        found = [moved(function(replaced(x, s)), untouched) for s in range(x.size(1))]
    return torch.stack(found, dim=1)

# %% depends_on | words in the rows, and a vector made twice as long is all that is tried
# style: one-liner
# at: probe[:, s] *= 2
# kind: operator, number, scale
# at2: return torch.stack(hits, dim=0)
# kind2: axis, shape, number
# known: rows and columns exchanged; only longer
import torch


@torch.no_grad()
def depends_on(function, x):
    ref, hits = function(x), []
    for s in range(x.size(1)):
        probe = x.clone()
        probe[:, s] *= 2
        hits.append(((function(probe) - ref).abs() > 1e-5).any(dim=2)[0])
    return torch.stack(hits, dim=0)

# %% greedy_decode | only the last token is given to the decoder
# style: knows the cache of keys and values
# at: scores = model.decode(tokens[:, -1:], memory, source_mask)
# kind: argument, number, name
# known: last word alone
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    batch = source_ids.size(0)
    tokens = torch.full((batch, 1), start_id, dtype=torch.long)
    done = torch.zeros(batch, dtype=torch.bool)
    for _ in range(max_length):
        scores = model.decode(tokens[:, -1:], memory, source_mask)
        nxt = scores[:, -1].argmax(-1)
        nxt = torch.where(done, end_id, nxt)
        tokens = torch.cat((tokens, nxt[:, None]), dim=1)
        done |= nxt == end_id
        if done.all():
            break
    return tokens[:, 1:]

# %% greedy_decode | stops only when all end at the same step
# style: tidies up afterwards
# at: if (new == end_id).all():
# kind: condition, state, missing
import torch


def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    with torch.no_grad():
        memory = model.encode(source_ids, source_mask)
        text = torch.full((len(source_ids), 1), start_id)
        while text.size(1) - 1 < max_length:
            new = model.decode(text, memory, source_mask)[:, -1, :].argmax(dim=1, keepdim=True)
            text = torch.cat([text, new], dim=1)
            if (new == end_id).all():
                break
    text = text[:, 1:]
    over = (text == end_id).cumsum(dim=1) > 0
    return text.masked_fill(over, end_id)

# %% greedy_decode | filled up with 0, which is what pad_sequence does unless it is told otherwise
# style: lists
# at: return pad_sequence(finished, batch_first=True)
# kind: argument, missing, number
import torch
from torch.nn.utils.rnn import pad_sequence


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    lists = [[start_id] for _ in source_ids]
    for _ in range(max_length):
        logits = model.decode(torch.tensor(lists), memory, source_mask)
        for row, scores in zip(lists, logits[:, -1]):
            row.append(int(scores.argmax()))
        if all(end_id in row[1:] for row in lists):
            break
    finished = []
    for row in lists:
        row = row[1:]
        if end_id in row:
            row = row[: row.index(end_id) + 1]
        finished.append(torch.tensor(row))
    return pad_sequence(finished, batch_first=True)

# %% greedy_decode | at most as long as the source
# style: misread
# at: for step in range(source_ids.size(1)):
# kind: name, number, condition
import torch


@torch.no_grad()
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    encoded = model.encode(source_ids, source_mask)
    out = source_ids.new_full((source_ids.size(0), 1), start_id)
    finished = torch.zeros(source_ids.size(0), 1, dtype=torch.bool)
    for step in range(source_ids.size(1)):
        logits = model.decode(out, encoded, source_mask)
        best = logits[:, -1:].argmax(dim=-1)
        best[finished] = end_id
        out = torch.cat([out, best], dim=1)
        finished = finished | (best == end_id)
        if finished.all():
            break
    return out[:, 1:]

# %% greedy_decode | the source's padding is not hidden from the decoder, and the last token is cut off
# style: beginner
# at: logits = model.decode(sentence, memory)
# kind: argument, missing
# at2: return sentence[:, 1:-1]
# kind2: number, extra, return
# known: end token cut off; mask only in the encoder
import torch


def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    memory = model.encode(source_ids, source_mask)
    n = source_ids.shape[0]
    sentence = torch.full((n, 1), start_id)
    has_ended = torch.zeros(n).bool()
    count = 0
    while count < max_length:
        logits = model.decode(sentence, memory)
        word = torch.argmax(logits[:, -1], dim=-1)
        word[has_ended] = end_id
        sentence = torch.cat([sentence, word.reshape(n, 1)], dim=1)
        has_ended = torch.logical_or(has_ended, word == end_id)
        count += 1
        if has_ended.sum() == n:
            break
    return sentence[:, 1:-1]

# %% sequence_log_prob | multiplies first, and takes the logarithm of what is left
# style: takes the text at its word
# at: product = p.prod(dim=1)
# at: return product.log()
# kind: order, operator
import torch

from bert_parts.transformer import shift_right


@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    logits = model(source_ids, shift_right(target_ids, start_id), source_mask)
    p = logits.softmax(dim=2).gather(2, target_ids.unsqueeze(2)).squeeze(2)
    p = torch.where(target_ids == pad_id, 1.0, p)
    product = p.prod(dim=1)
    return product.log()

# %% sequence_log_prob | padding is looked for in what the decoder is given
# style: helpers
# at: real = given != pad_id
# kind: name
import torch

from bert_parts.transformer import shift_right


def log_probs(scores, ids):
    return torch.log_softmax(scores, -1).gather(-1, ids[:, :, None])[:, :, 0]


def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    given = shift_right(target_ids, start_id)
    with torch.no_grad():
        scores = model(source_ids, given, source_mask)
    real = given != pad_id
    return (log_probs(scores, target_ids) * real).sum(-1)

# %% sequence_log_prob | of the likeliest word at each place, whatever the text says
# style: misread
# at: best = log_p.max(dim=-1).values
# kind: operator, name
# known: likeliest words instead of the text's
import torch

from bert_parts.transformer import shift_right


def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    decoder_ids = shift_right(target_ids, start_id)
    log_p = model(source_ids, decoder_ids, source_mask).log_softmax(dim=-1)
    best = log_p.max(dim=-1).values
    keep = (target_ids != pad_id).float()
    return torch.einsum("bt,bt->b", best, keep)

# %% sequence_log_prob | padding is given the probability 0, where 1 would change nothing
# style: loops
# at: p = torch.tensor(0.0)
# kind: number, order
# known: padding impossible
import torch

from bert_parts.transformer import shift_right


def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    with torch.no_grad():
        probabilities = torch.softmax(model(source_ids, shift_right(target_ids, start_id), source_mask), dim=-1)
    sums = []
    for b in range(target_ids.size(0)):
        total = torch.tensor(0.0)
        for t in range(target_ids.size(1)):
            token = target_ids[b, t]
            p = probabilities[b, t, token]
            if token == pad_id:
                p = torch.tensor(0.0)
            total = total + torch.log(p)
        sums.append(total)
    return torch.stack(sums)

# %% sequence_log_prob | in bits, and without the first token
# style: information theorist
# at: bits = picked.log2()
# kind: operator, scale, name
# at2: return bits[:, 1:].sum(dim=1)
# kind2: number, extra
import torch

from bert_parts.transformer import shift_right


@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    q = model(source_ids, shift_right(target_ids, start_id), source_mask).softmax(-1)
    picked = torch.take_along_dim(q, target_ids[..., None], dim=-1)[..., 0]
    bits = picked.log2()
    bits[target_ids == pad_id] = 0
    return bits[:, 1:].sum(dim=1)
