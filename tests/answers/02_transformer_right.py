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


# %% depends_on | another word's vector, and a tolerance
# style: careful beginner
import torch

def depends_on(function, x):
    with torch.no_grad():
        before = function(x)
        table = torch.zeros(before.shape[1], x.shape[1], dtype=torch.bool)
        for word in range(x.shape[1]):
            changed = x.clone()
            changed[0, word] += torch.randn(x.shape[2])
            difference = (function(changed) - before).abs()
            for row in range(before.shape[1]):
                table[row, word] = difference[0, row].max() > 1e-6
    return table


# %% depends_on | the whole Jacobian
# style: one who knows autograd
import torch

def depends_on(function, x):
    jacobian = torch.autograd.functional.jacobian(function, x)     # (1, T, E, 1, S, D)
    return jacobian.ne(0).any(dim=5).any(dim=2)[0, :, 0]


# %% depends_on | gradients of each result, weighed at random
# style: PyTorch
import torch

def depends_on(function, x):
    x = x.detach().clone().requires_grad_(True)
    result = function(x)
    rows = []
    for place in range(result.size(1)):
        weighed = (result[0, place] * torch.randn(result.size(2))).sum()
        gradient, = torch.autograd.grad(weighed, x, retain_graph=True)
        rows.append(gradient[0].abs().sum(dim=-1) > 0)
    return torch.stack(rows)


# %% depends_on | words replaced by torch.where, all in one comprehension
# style: terse
import torch

@torch.no_grad()
def depends_on(function, x):
    before, other = function(x), torch.randn_like(x)
    here = torch.eye(x.size(1)).bool()[:, None, :, None]     # (S, 1, S, 1)
    return torch.stack([(function(torch.where(place, other, x)) != before)[0].any(-1) for place in here], 1)


# %% depends_on | tried three times, with isclose
# style: careful beginner
import torch

def depends_on(function, x):
    expected = function(x).detach()
    found = torch.zeros(expected.size(1), x.size(1)).bool()
    for _ in range(3):
        for place in range(x.size(1)):
            y = x.detach().clone()
            y[:, place, :] = torch.rand(x.size(-1)) * 4 - 2
            same = torch.isclose(function(y).detach(), expected).all(dim=-1)
            found[:, place] |= ~same[0]
    return found


# %% depends_on | a list of lists, NumPy in between
# style: NumPy
import numpy as np
import torch

def depends_on(function, x):
    rng = np.random.default_rng(0)
    before = function(x).detach().numpy()
    rows = []
    for s in range(x.shape[1]):
        moved = x.detach().numpy().copy()
        moved[0, s] = rng.normal(size=x.shape[2])
        after = function(torch.from_numpy(moved)).detach().numpy()
        rows.append(np.any(after[0] != before[0], axis=-1))
    return torch.from_numpy(np.array(rows).T.copy())


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


# %% sequence_log_prob | cross_entropy without its mean
# style: one who trains
import torch
from torch.nn import functional as F
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    scores = model(source_ids, shift_right(target_ids, start_id), source_mask)
    losses = F.cross_entropy(scores.transpose(1, 2), target_ids, reduction="none", ignore_index=pad_id)
    return -losses.sum(dim=1)


# %% sequence_log_prob | two loops
# style: careful beginner
import torch
from bert_parts import shift_right

def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    with torch.no_grad():
        logits = model(source_ids, shift_right(target_ids, start_id), source_mask)
    log_probs = torch.log_softmax(logits, dim=2)
    result = torch.zeros(len(target_ids))
    for row, text in enumerate(target_ids.tolist()):
        for place, word in enumerate(text):
            if word != pad_id:
                result[row] += log_probs[row, place, word]
    return result


# %% sequence_log_prob | one_hot, and a product with the marks
# style: einsum
import torch
from torch.nn import functional as F
from bert_parts import shift_right

def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    given = shift_right(target_ids, start_id)
    log_probs = model(source_ids, given, source_mask).log_softmax(-1)
    chosen = F.one_hot(target_ids, log_probs.size(-1)).to(log_probs.dtype)
    real = (target_ids != pad_id).to(log_probs.dtype)
    return torch.einsum("btv,btv,bt->b", log_probs, chosen, real).detach()


# %% sequence_log_prob | encode and decode, logsumexp by hand
# style: PyTorch
import torch
from torch import Tensor

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id) -> Tensor:
    memory = model.encode(source_ids, source_mask)
    start = torch.full((len(target_ids), 1), start_id)
    logits = model.decode(torch.cat((start, target_ids[:, :-1]), dim=1), memory, source_mask)
    right = logits.gather(2, target_ids.unsqueeze(2)).squeeze(2) - logits.logsumexp(dim=2)
    return torch.where(target_ids == pad_id, torch.zeros_like(right), right).sum(1)


# %% sequence_log_prob | a Categorical distribution
# style: one who knows distributions
import torch
from bert_parts import shift_right

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    logits = model(source_ids, shift_right(target_ids, start_id), source_mask)
    each = torch.distributions.Categorical(logits=logits).log_prob(target_ids)
    return (each * (target_ids != pad_id)).sum(dim=-1)


# %% sequence_log_prob | text by text, without padding
# style: careful beginner
import torch

def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    totals = []
    for number, target in enumerate(target_ids):
        marks = None if source_mask is None else source_mask[number : number + 1]
        given = torch.cat([torch.tensor([start_id]), target[:-1]])[None]
        with torch.no_grad():
            log_probs = model(source_ids[number : number + 1], given, marks)[0].log_softmax(dim=-1)
        words = target != pad_id
        totals.append(log_probs[words, target[words]].sum())
    return torch.stack(totals)


# %% sinusoidal_positions | closures made by a generator
# style: own way
import math

import torch


def waves(width):
    for i in range(0, width, 2):
        length = 10000 ** (i / width)
        for f in (math.sin, math.cos):
            yield lambda place, f=f, length=length: f(place / length)


def sinusoidal_positions(length, hidden_size):
    functions = [*waves(hidden_size)]
    return torch.tensor([[wave(place) for wave in functions] for place in range(length)])


# %% causal_mask | stars and a map
# style: own way
import torch


def row(seen, *, of):
    return [*[True] * seen, *[False] * (of - seen)]


def causal_mask(length):
    return torch.tensor([*map(lambda n: row(n, of=length), range(1, length + 1))])


# %% shift_right | recursion over the columns
# style: own way
import torch


def shift_right(target_ids, start_id):
    def moved(before, column, *columns):
        return (before, *(moved(column, *columns) if columns else ()))

    return torch.stack(moved(torch.full_like(target_ids[:, 0], start_id), *target_ids.unbind(1)), dim=1)


# %% greedy_decode | a nested function that calls itself
# style: own way
import torch


def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    with torch.no_grad():
        memory = model.encode(source_ids, source_mask)

        def longer(ids, over):
            if ids.size(1) > max_length or over.all():
                return ids
            word = model.decode(ids, memory, source_mask)[:, -1].argmax(-1)
            word = torch.where(over, end_id, word)
            return longer(torch.column_stack((ids, word)), over | word.eq(end_id))

        over = torch.zeros(len(source_ids), dtype=torch.bool)
        return longer(source_ids.new_full((len(source_ids), 1), start_id), over)[:, 1:]


# %% depends_on | a generator of moved texts, a ContextDecorator, zip with a star
# style: own way
from contextlib import ContextDecorator

import torch


class still(ContextDecorator):
    def __enter__(self):
        self.before = torch.is_grad_enabled()
        torch.set_grad_enabled(False)

    def __exit__(self, *_):
        torch.set_grad_enabled(self.before)


def texts(x):
    for place, word in enumerate(x[0]):
        yield torch.stack([*x[0, :place], torch.empty_like(word).uniform_(-3, 3), *x[0, place + 1 :]])[None]


@still()
def depends_on(function, x):
    old, = function(x)
    moved = [[bool((new != was).sum()) for new, was in zip(function(text)[0], old, strict=True)] for text in texts(x)]
    return torch.tensor([*zip(*moved, strict=True)])


# %% sequence_log_prob | reduce with an initial value, walrus
# style: own way
from functools import reduce
from operator import add

import torch


@torch.inference_mode()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    columns = torch.column_stack((torch.full((len(target_ids),), start_id), target_ids)).unbind(1)
    logs = (scores := model(source_ids, torch.stack(columns[:-1], 1), source_mask)) - scores.logsumexp(-1, keepdim=True)
    terms = (logs[:, n].take_along_dim(word[:, None], 1)[:, 0] * (word != pad_id) for n, word in enumerate(columns[1:]))
    return reduce(add, terms, torch.zeros(len(target_ids))).clone()
