# %% hide_tokens | two draws, the second among what is left
# style: Hugging Face
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    inputs = input_ids.clone()
    indices_replaced = torch.bernoulli(torch.full(inputs.shape, 0.8), generator=generator).bool() & chosen
    inputs[indices_replaced] = mask_id
    indices_random = torch.bernoulli(torch.full(inputs.shape, 0.5), generator=generator).bool() & chosen & ~indices_replaced
    random_words = torch.randint(vocab_size, inputs.shape, dtype=torch.long, generator=generator)
    inputs[indices_random] = random_words[indices_random]
    return inputs

# %% hide_tokens | loops over all places
# style: loops and helpers
import torch

MASK, WORD = 0.8, 0.1


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    def one(token):
        lot = torch.rand((), generator=generator).item()
        if lot < MASK:
            return mask_id
        if lot < MASK + WORD:
            return int(torch.randint(vocab_size, (1,), generator=generator))
        return token

    return torch.tensor([[one(token) if marked else token for token, marked in zip(row, marks)]
                         for row, marks in zip(input_ids.tolist(), chosen.tolist())]).reshape(input_ids.shape)

# %% hide_tokens | nested torch.where
# style: one-liners
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    p, w = torch.rand(input_ids.shape, generator=generator), torch.randint(vocab_size, input_ids.shape, generator=generator)
    return torch.where(chosen, torch.where(p < .8, mask_id, torch.where(p < .9, w, input_ids)), input_ids)

# %% hide_tokens | a table of what happens, multinomial
# style: from Keras
from collections import namedtuple

import torch

Fate = namedtuple("Fate", "mask word stay")
SHARES = Fate(0.8, 0.1, 0.1)


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    fate = torch.multinomial(torch.tensor(SHARES), input_ids.numel(), replacement=True, generator=generator).view(input_ids.shape)
    words = torch.randint(0, vocab_size, input_ids.shape, generator=generator)
    table = torch.stack([torch.full_like(input_ids, mask_id), words, input_ids])      # (3, B, T)
    return torch.where(chosen, table.gather(0, fate[None])[0], input_ids)

# %% hide_tokens | draws for the chosen only, index_put
# style: from NumPy
import numpy as np
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    hidden = input_ids.numpy().copy()
    places = np.argwhere(chosen.numpy())
    lots = torch.rand(len(places), generator=generator).numpy()
    words = torch.randint(vocab_size, (len(places),), generator=generator).numpy()
    old = hidden[places[:, 0], places[:, 1]]
    new = np.select([lots < 0.8, lots < 0.9], [np.full_like(old, mask_id), words], default=old)
    hidden[places[:, 0], places[:, 1]] = new
    return torch.from_numpy(hidden)

# %% hide_tokens | masked_scatter and type hints
# style: careful beginner
import torch
from torch import Generator, Tensor


def hide_tokens(input_ids: Tensor, chosen: Tensor, mask_id: int, vocab_size: int, generator: Generator) -> Tensor:
    # one number between 0 and 1 for every place
    draws = torch.rand(input_ids.shape, generator=generator)
    to_mask = chosen & (draws < 0.8)
    to_other = chosen & (draws >= 0.8) & (draws < 0.9)
    hidden = input_ids.masked_fill(to_mask, mask_id)
    how_many = int(to_other.sum())
    others = torch.randint(0, vocab_size, (how_many,), generator=generator)
    hidden = hidden.masked_scatter(to_other, others)
    return hidden

# %% choose_words | loops, a draw where a word begins
# style: careful beginner
import torch


def choose_words(candidates, continues, rate, generator):
    B, T = candidates.shape
    chosen = torch.zeros(B, T, dtype=torch.bool)
    for b in range(B):
        lot = 1.0
        for t in range(T):
            if t == 0 or not continues[b, t]:
                lot = torch.rand(1, generator=generator).item()
            if candidates[b, t] and lot < rate:
                chosen[b, t] = True
    return chosen

# %% choose_words | cumsum and gather
# style: one-liners
import torch


def choose_words(candidates, continues, rate, generator):
    return candidates & (torch.rand(candidates.size(0), candidates.size(1) + 1, generator=generator) < rate).gather(
        1, (~continues).cumsum(dim=1))

# %% choose_words | where the word began, by cummax
# style: from NumPy
import torch


def choose_words(candidates, continues, rate, generator):
    places = torch.arange(candidates.size(1)).expand(candidates.shape)
    begins = torch.where(continues, torch.zeros_like(places), places).cummax(dim=1).values
    draws = torch.rand(candidates.shape, generator=generator)
    return candidates & (draws.take_along_dim(begins, dim=1) < rate)

# %% choose_words | lists of words as in the published code
# style: Google's code
import torch


def words_of(goes_on):
    cand_indexes = []
    for i, continued in enumerate(goes_on):
        if cand_indexes and continued:
            cand_indexes[-1].append(i)
        else:
            cand_indexes.append([i])
    return cand_indexes


def choose_words(candidates, continues, rate, generator):
    chosen = torch.zeros_like(candidates)
    for row, goes_on in enumerate(continues.tolist()):
        for word in words_of(goes_on):
            if torch.rand(1, generator=generator) < rate:
                chosen[row, word] = True
    return chosen.logical_and(candidates)

# %% choose_words | the lot is handed on, place by place
# style: loops over T
import torch


def choose_words(candidates, continues, rate, generator):
    lots = torch.rand(candidates.shape, generator=generator).unbind(dim=1)
    handed = [lots[0]]
    for lot, goes_on in zip(lots[1:], continues.unbind(dim=1)[1:]):
        handed.append(torch.where(goes_on, handed[-1], lot))
    return (torch.stack(handed, dim=1) < rate) & candidates

# %% choose_words | flat numbers of words, with a row's beginning
# style: einsum and flat indices
import torch


def choose_words(candidates, continues, rate, generator):
    starts = ~continues
    starts[:, 0] = True
    number = starts.flatten().cumsum(0) - 1
    lots = torch.bernoulli(torch.full((int(starts.sum()),), rate), generator=generator).bool()
    return candidates & lots[number].view_as(candidates)

# %% Transform | nn.GELU as a module
# style: Hugging Face
from torch import nn


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.transform_act_fn = nn.GELU()
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden_states):
        hidden_states = self.dense(hidden_states)
        hidden_states = self.transform_act_fn(hidden_states)
        hidden_states = self.LayerNorm(hidden_states)
        return hidden_states

# %% Transform | a list of steps
# style: loops and helpers
import torch.nn as nn
import torch.nn.functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        d = config.hidden_size
        self.dense, self.LayerNorm = nn.Linear(d, d), nn.LayerNorm(d, config.layer_norm_eps)

    def forward(self, hidden):
        for step in (self.dense, F.gelu, self.LayerNorm):
            hidden = step(hidden)
        return hidden

# %% Transform | GELU by its formula, functional calls
# style: from NumPy
import math

import torch
from torch import nn

SQRT_2 = math.sqrt(2)


def gelu(x):
    return x * 0.5 * (1 + torch.erf(x / SQRT_2))


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        x = gelu(hidden @ self.dense.weight.T + self.dense.bias)
        mean = x.mean(-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(-1, keepdim=True)
        return (x - mean) / torch.sqrt(variance + self.config.layer_norm_eps) * self.LayerNorm.weight + self.LayerNorm.bias

# %% Transform | a sequence that is made at each call
# style: nn.Sequential
from torch import nn


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(normalized_shape=(config.hidden_size,), eps=config.layer_norm_eps)

    def forward(self, hidden):
        return nn.Sequential(self.dense, nn.GELU(approximate="none"), self.LayerNorm)(hidden)

# %% Transform | functions put together beside the class, einsum
# style: functional, lambda beside it
from functools import reduce

import torch
from torch import nn
from torch.nn import functional as F

then = lambda value, step: step(value)


class Transform(nn.Module):
    def __init__(self, config):
        super(Transform, self).__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def project(self, x):
        return torch.einsum("...d,ed->...e", x, self.dense.weight) + self.dense.bias

    def forward(self, hidden):
        return reduce(then, (self.project, F.gelu, self.LayerNorm), hidden)

# %% MaskedLMHead | step by step
# style: careful beginner
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        biases = torch.zeros(config.vocab_size)
        self.bias = nn.Parameter(biases)

    def forward(self, hidden, words):
        transformed = self.transform(hidden)               # (…, D)
        table = words.transpose(0, 1)                      # (D, V)
        scores = torch.matmul(transformed, table)          # (…, V)
        scores = scores + self.bias
        return scores

# %% MaskedLMHead | einsum
# style: einsum and one-liners
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.transform, self.bias = config, Transform(config), nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden, words):
        return torch.einsum("...d,vd->...v", self.transform(hidden), words) + self.bias

# %% MaskedLMHead | F.linear
# style: Hugging Face
import torch
from torch import Tensor, nn
from torch.nn.functional import linear as score

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config) -> None:
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size), requires_grad=True)

    def forward(self, hidden: Tensor, words: Tensor) -> Tensor:
        return score(self.transform(hidden), words, self.bias)

# %% MaskedLMHead | the other way round, and register_parameter
# style: from NumPy
import torch
from torch import nn

from bert_parts.heads import Transform

DIMENSION = -1


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.register_parameter("bias", nn.Parameter(torch.full((config.vocab_size,), 0.0)))

    def forward(self, hidden, words):
        flat = self.transform(hidden).reshape(-1, words.shape[DIMENSION])
        scores = (words @ flat.T).T + self.bias
        return scores.reshape(*hidden.shape[:-1], len(words))

# %% MaskedLMHead | a score for one word after the other
# style: loops and helpers
import torch
from torch import nn

from bert_parts.heads import Transform


def fits(vector, table):
    return torch.stack([(vector * row).sum(dim=-1) for row in table.unbind(0)], dim=-1)


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden, words):
        if words.size(0) > 5000:      # too many for a loop
            return torch.tensordot(self.transform(hidden), words, dims=([-1], [1])) + self.bias
        return fits(self.transform(hidden), words).add(self.bias)

# %% hide_tokens | a die with ten sides, and a helper that bears a name of the course's
# style: loops and helpers
import torch


def draw(high, like, generator):
    return torch.randint(high, like.shape, generator=generator)


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    die, words = draw(10, input_ids, generator), draw(vocab_size, input_ids, generator)
    hidden = input_ids.clone()
    hidden[chosen & (die < 8)] = mask_id
    hidden[chosen & (die == 8)] = words[chosen & (die == 8)]
    return hidden

# %% choose_words | a helper that bears a name of the course's, and recursion over the places
# style: functional
from itertools import accumulate

import torch


def words(goes_on):
    return list(accumulate(goes_on[1:], lambda number, continued: number + (not continued), initial=0))


def choose_words(candidates, continues, rate, generator):
    numbers = torch.tensor([words(row) for row in continues.tolist()])
    lots = torch.rand(candidates.shape, generator=generator)
    return candidates & (torch.gather(lots, 1, numbers) < rate)

# %% Transform | a helper called normalize, which is not the course's
# style: from NumPy
import torch
from torch import nn
from torch.nn import functional as F


def normalize(x, eps):
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred * torch.rsqrt(centred.square().mean(dim=-1, keepdim=True) + eps)


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        x = normalize(F.gelu(self.dense(hidden)), self.config.layer_norm_eps)
        return self.LayerNorm.weight * x + self.LayerNorm.bias

# %% MaskedLMHead | a helper called score_words, and a base class beside it
# style: object-oriented
import torch
from torch import nn

from bert_parts.heads import Transform


def score_words(vectors, words):
    return torch.matmul(vectors, words.mT)


class Head(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)


class MaskedLMHead(Head):
    def __init__(self, config):
        super().__init__(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden, words):
        return score_words(self.transform(hidden), words) + self.bias


# %% hide_tokens | thresholds in a table, bucketize
# style: own way
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    def draw(*, below=None):
        if below is None:
            return torch.rand(input_ids.shape, generator=generator)
        return torch.randint(0, below, input_ids.shape, generator=generator)

    fate = torch.bucketize(draw(), torch.tensor([0.8, 0.9]), right=True).where(chosen, 2)
    return torch.stack([torch.full_like(input_ids, mask_id), draw(below=vocab_size), input_ids]).gather(0, fate[None])[0]


# %% choose_words | itertools.accumulate and a closure
# style: own way
from itertools import accumulate

import torch


def choose_words(candidates, continues, rate, generator):
    def chance():
        return torch.rand((), generator=generator).item() < rate

    def lots(row):
        first, *others = row
        return accumulate(others, lambda lot, on: lot if on else chance(), initial=chance())

    return candidates & torch.tensor([[*lots(row)] for row in continues.tolist()])


# %% Transform | a nested module class, and a loop over children
# style: own way
from torch import nn
from torch.nn.functional import gelu


class Transform(nn.Module):
    class Bend(nn.Module):
        forward = staticmethod(gelu)

    def __init__(self, config):
        super(__class__, self).__init__()
        self.config, width = config, config.hidden_size
        self.dense, self.bend, self.LayerNorm = nn.Linear(width, width), self.Bend(), nn.LayerNorm(width, config.layer_norm_eps)

    def forward(self, hidden):
        for part in self.children():
            hidden = part(hidden)
        return hidden


# %% MaskedLMHead | star-args, and tensordot
# style: own way
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.transform = config, Transform(config)
        self.bias = nn.Parameter(torch.empty(config.vocab_size).fill_(0.0))

    def forward(self, *given):
        hidden, words = given
        return torch.tensordot(self.transform(hidden), words, ([-1], [1])) + self.bias
