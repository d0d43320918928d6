# %% nearest_words | the index looks the word up, and raises by itself
# style: one-liner
import torch.nn.functional as F

def nearest_words(word, tokens, vectors, k=5):
    place = tokens.index(word)
    cosines = F.cosine_similarity(vectors, vectors[place].expand_as(vectors), dim=-1).tolist()
    others = [i for i in range(len(tokens)) if i != place]
    return [(tokens[i], cosines[i]) for i in sorted(others, key=lambda i: -cosines[i])[:k]]


# %% nearest_words | einsum and a mask
# style: einsum
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(f"'{word}' is not in the list of tokens")
    place = tokens.index(word)
    norms = torch.einsum("vd,vd->v", vectors, vectors).sqrt()
    cosines = torch.einsum("vd,d->v", vectors, vectors[place]) / (norms * norms[place])
    is_word = torch.arange(len(tokens)) == place
    values, indices = torch.topk(cosines.masked_fill(is_word, float("-inf")), k=min(k, len(tokens) - 1))
    return list(zip([tokens[i] for i in indices], values.tolist()))


# %% nearest_words | NumPy inside
# style: NumPy
import numpy as np

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    table = vectors.detach().numpy()
    table = table / np.linalg.norm(table, axis=1, keepdims=True)
    place = tokens.index(word)
    scores = table @ table[place]
    order = [int(i) for i in np.argsort(-scores, kind="stable") if i != place]
    return [(tokens[i], float(scores[i])) for i in order[:k]]


# %% nearest_words | loops, with a helper
# style: careful beginner
import torch

def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    length_a = torch.sqrt((a * a).sum())
    length_b = torch.sqrt((b * b).sum())
    return ((a * b).sum() / (length_a * length_b)).item()

def nearest_words(word, tokens, vectors, k=5):
    place = None
    for i, token in enumerate(tokens):
        if token == word:
            place = i
    if place is None:
        raise ValueError("unknown word: " + word)
    pairs = []
    for i, token in enumerate(tokens):
        if i == place:
            continue
        pairs.append((token, cosine(vectors[i], vectors[place])))
    pairs.sort(key=lambda pair: pair[1], reverse=True)
    return pairs[:k]


# %% nearest_words | a heap, and the row taken out of both lists
# style: helper functions
import heapq
import torch

def nearest_words(word, tokens, vectors, k=5):
    try:
        place = tokens.index(word)
    except ValueError:
        raise ValueError(f"{word!r} has no vector") from None
    names = tokens[:place] + tokens[place + 1:]
    unit = torch.nn.functional.normalize(vectors)
    rest = torch.cat((unit[:place], unit[place + 1:]))
    scored = zip(names, (rest @ unit[place]).tolist())
    return heapq.nlargest(k, scored, key=lambda pair: pair[1])


# %% nearest_words | named tuples
# style: functional
from operator import attrgetter
from typing import NamedTuple
import torch

class Neighbour(NamedTuple):
    token: str
    cosine: float

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    query = vectors[tokens.index(word)]
    cosines = vectors.matmul(query).div(vectors.norm(dim=1)).div(query.norm())
    found = [Neighbour(token, value) for token, value in zip(tokens, cosines.tolist()) if token != word]
    return sorted(found, key=attrgetter("cosine"), reverse=True)[:k]


# %% layer_norm | var with correction 0
# style: one-liner
def layer_norm(x, weight, bias, eps):
    return (x - x.mean(-1, keepdim=True)) * (x.var(-1, correction=0, keepdim=True) + eps).rsqrt() * weight + bias


# %% layer_norm | einsum
# style: einsum
import torch

def layer_norm(x, weight, bias, eps):
    D = x.shape[-1]
    mean = torch.einsum("btd->bt", x).unsqueeze(-1) / D
    centred = x - mean
    variance = torch.einsum("btd,btd->bt", centred, centred).unsqueeze(-1) / D
    return torch.einsum("btd,d->btd", centred / torch.sqrt(variance + eps), weight) + bias


# %% layer_norm | vector by vector
# style: careful beginner
import torch

def one(vector, eps):
    mean = vector.sum() / len(vector)
    differences = vector - mean
    variance = (differences ** 2).sum() / len(vector)
    return differences / (variance + eps) ** 0.5

def layer_norm(x, weight, bias, eps):
    texts = []
    for text in x:
        texts.append(torch.stack([one(vector, eps) for vector in text]))
    return torch.stack(texts) * weight + bias


# %% layer_norm | HF's old names
# style: HF
import torch

def layer_norm(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float) -> torch.Tensor:
    variance_epsilon = eps
    u = x.mean(-1, keepdim=True)
    s = (x - u).pow(2).mean(-1, keepdim=True)
    x = (x - u) / torch.sqrt(s + variance_epsilon)
    return weight * x + bias


# %% layer_norm | var_mean and a lambda beside it
# style: NumPy
import torch as t

scale = lambda x, weight, bias: t.addcmul(bias, x, weight)

def layer_norm(x, weight, bias, eps):
    variance, mean = t.var_mean(x, dim=-1, keepdim=True, unbiased=False)
    return scale((x - mean) / t.sqrt(variance + eps), weight, bias)


# %% layer_norm | partial functions and a constant
# style: functional
from functools import partial
import torch

LAST = -1
mean = partial(torch.mean, dim=LAST, keepdim=True)

def layer_norm(x, weight, bias, eps):
    centred = x - mean(x)
    return centred / (mean(centred * centred) + eps).sqrt() * weight + bias


# %% BertEmbeddings | HF's, with position_ids as a buffer that is not saved
# style: HF
import torch
from torch import nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.register_buffer("position_ids", torch.arange(config.max_position_embeddings).expand((1, -1)), persistent=False)

    def forward(self, input_ids, token_type_ids=None):
        input_shape = input_ids.size()
        seq_length = input_shape[1]
        position_ids = self.position_ids[:, :seq_length]
        if token_type_ids is None:
            token_type_ids = torch.zeros(input_shape, dtype=torch.long, device=input_ids.device)
        inputs_embeds = self.word_embeddings(input_ids)
        token_type_embeddings = self.token_type_embeddings(token_type_ids)
        embeddings = inputs_embeds + token_type_embeddings
        embeddings += self.position_embeddings(position_ids)
        embeddings = self.LayerNorm(embeddings)
        embeddings = self.dropout(embeddings)
        return embeddings


# %% BertEmbeddings | rows of the tables' weights
# style: NumPy
import torch
import torch.nn as nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        V, T, S, D = config.vocab_size, config.max_position_embeddings, config.type_vocab_size, config.hidden_size
        self.word_embeddings = nn.Embedding(V, D, config.pad_token_id)
        self.position_embeddings = nn.Embedding(T, D)
        self.token_type_embeddings = nn.Embedding(S, D)
        self.LayerNorm = nn.LayerNorm(D, config.layer_norm_eps)
        self.dropout = nn.Dropout(p=config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        B, T = input_ids.shape
        total = self.word_embeddings(input_ids) + self.position_embeddings.weight[None, :T]
        if token_type_ids is None:
            total = total + self.token_type_embeddings.weight[0]
        else:
            total = total + self.token_type_embeddings.weight[token_type_ids]
        return self.dropout(self.LayerNorm(total))


# %% BertEmbeddings | a table-making helper, and the three in a list
# style: helper functions
import torch
from torch import nn

def table(rows, config, **options):
    return nn.Embedding(rows, config.hidden_size, **options)

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        nn.Module.__init__(self)
        self.config = config
        self.word_embeddings = table(config.vocab_size, config, padding_idx=config.pad_token_id)
        self.position_embeddings = table(config.max_position_embeddings, config)
        self.token_type_embeddings = table(config.type_vocab_size, config)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def look_up(self, input_ids, token_type_ids):
        places = torch.arange(input_ids.size(-1), device=input_ids.device).unsqueeze(0).expand_as(input_ids)
        if token_type_ids is None:
            token_type_ids = input_ids * 0
        return [self.word_embeddings(input_ids), self.position_embeddings(places), self.token_type_embeddings(token_type_ids)]

    def forward(self, input_ids, token_type_ids=None):
        summed = torch.stack(self.look_up(input_ids, token_type_ids)).sum(dim=0)
        return self.dropout(self.LayerNorm(summed))


# %% BertEmbeddings | nn.Sequential for what comes at the end, made anew on each call
# style: from Keras
import torch
from torch import nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super(BertEmbeddings, self).__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(
            num_embeddings=config.vocab_size,
            embedding_dim=config.hidden_size,
            padding_idx=config.pad_token_id,
        )
        self.position_embeddings = nn.Embedding(num_embeddings=config.max_position_embeddings, embedding_dim=config.hidden_size)
        self.token_type_embeddings = nn.Embedding(num_embeddings=config.type_vocab_size, embedding_dim=config.hidden_size)
        self.LayerNorm = nn.LayerNorm(normalized_shape=config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(p=config.hidden_dropout_prob)

    @property
    def ending(self):
        return nn.Sequential(self.LayerNorm, self.dropout)

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        length = input_ids.shape[1]
        positions = torch.arange(0, length, 1, device=input_ids.device)
        x = self.word_embeddings(input_ids)
        x = x + self.position_embeddings(positions)
        x = x + self.token_type_embeddings(token_type_ids)
        return self.ending(x)


# %% BertEmbeddings | one-hot products, functional norm and dropout
# style: einsum
import torch
import torch.nn.functional as F
from torch import nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        kinds = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        one_hot = F.one_hot(kinds, self.config.type_vocab_size).to(self.token_type_embeddings.weight.dtype)
        total = torch.einsum("bts,sd->btd", one_hot, self.token_type_embeddings.weight)
        total = total + F.embedding(input_ids, self.word_embeddings.weight, padding_idx=self.config.pad_token_id)
        total = total + self.position_embeddings(torch.arange(input_ids.size(1), device=input_ids.device))
        norm = self.LayerNorm
        total = F.layer_norm(total, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        return F.dropout(total, p=self.config.hidden_dropout_prob, training=self.training)


# %% BertEmbeddings | parts set in a loop over a dict
# style: functional
import functools
import operator
import torch
from torch import nn

SIZES = {
    "word_embeddings": "vocab_size",
    "position_embeddings": "max_position_embeddings",
    "token_type_embeddings": "type_vocab_size",
}

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        for name, size in SIZES.items():
            padding = config.pad_token_id if name == "word_embeddings" else None
            setattr(self, name, nn.Embedding(getattr(config, size), config.hidden_size, padding_idx=padding))
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        rows = (input_ids, torch.arange(input_ids.size(1), device=input_ids.device),
                torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids)
        vectors = (getattr(self, name)(row) for name, row in zip(SIZES, rows))
        return self.dropout(self.LayerNorm(functools.reduce(operator.add, vectors)))


# %% cosine_by_distance | slices, and torch's own cosine
# style: one-liner
import torch
import torch.nn.functional as F

def cosine_by_distance(vectors):
    T = len(vectors)
    return torch.stack([F.cosine_similarity(vectors[: T - d], vectors[d:], dim=-1).mean() for d in range(T)])


# %% cosine_by_distance | every pair by itself, two sums for each distance
# style: careful beginner
import torch

def cosine_by_distance(vectors):
    T = vectors.shape[0]
    sums = torch.zeros(T)
    pairs = torch.zeros(T)
    for i in range(T):
        for j in range(i, T):
            cosine = torch.dot(vectors[i], vectors[j]) / (vectors[i].norm() * vectors[j].norm())
            sums[j - i] += cosine
            pairs[j - i] += 1
    return sums / pairs


# %% cosine_by_distance | index_add over |i − j|, both halves
# style: scatter
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    T = vectors.size(0)
    unit = F.normalize(vectors, dim=1)
    places = torch.arange(T)
    distance = (places[:, None] - places).abs().flatten()
    cosines = (unit @ unit.T).flatten()
    return torch.zeros(T).index_add(0, distance, cosines) / torch.bincount(distance)


# %% cosine_by_distance | NumPy's trace with an offset
# style: NumPy
import numpy as np
import torch

def cosine_by_distance(vectors):
    table = vectors.detach().numpy().astype(np.float64)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    square = table @ table.T
    return torch.tensor([square.trace(offset=d) / (len(table) - d) for d in range(len(table))], dtype=torch.float32)


# %% cosine_by_distance | the diagonals below, and item()
# style: helper functions
import torch

def all_cosines(a):
    norms = torch.linalg.vector_norm(a, dim=-1)
    return a @ a.mT / torch.outer(norms, norms)

def cosine_by_distance(vectors):
    square = all_cosines(vectors)
    means = []
    for d in range(len(square)):
        means.append(torch.diagonal(square, offset=-d).mean().item())
    return torch.tensor(means)


# %% cosine_by_distance | masks, and einsum
# style: einsum
import torch

def cosine_by_distance(vectors):
    unit = vectors / torch.einsum("td,td->t", vectors, vectors).sqrt()[:, None]
    cosines = torch.einsum("td,sd->ts", unit, unit)
    t = torch.arange(len(vectors))
    apart = (t[None, :] - t[:, None])[None] == t[:, None, None]     # (distance, T, T)
    return torch.einsum("kts,ts->k", apart.to(cosines.dtype), cosines) / apart.sum(dim=(1, 2))


# %% cosine_by_distance | a Fourier transform of the zero-padded columns
# style: signal processing
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    T = len(vectors)
    spectrum = torch.fft.rfft(F.normalize(vectors.double(), dim=-1), n=2 * T, dim=0)
    correlation = torch.fft.irfft(spectrum.abs().pow(2), n=2 * T, dim=0).sum(dim=1)[:T]
    return (correlation / torch.arange(T, 0, -1)).float()


# %% nearest_words | walruses in one comprehension
# style: own way
def nearest_words(word, tokens, vectors, k=5):
    own = vectors[tokens.index(word)]
    found = sorted(((float(each @ own) / float(each.norm() * own.norm()), token)
                    for token, each in zip(tokens, vectors, strict=True) if token != word), reverse=True)
    return [(token, cosine) for cosine, token in found[:k]]


# %% layer_norm | a callable class with a static method, kept beside the function
# style: own way
class Standard:
    def __init__(self, eps):
        self.eps = eps

    @staticmethod
    def mean(x):
        return x.mean(-1, keepdim=True)

    def __call__(self, x):
        x = x - self.mean(x)
        return x * (self.mean(x * x) + self.eps).rsqrt()


def layer_norm(x, weight, bias, eps):
    return Standard(eps)(x).mul(weight).add(bias)


# %% BertEmbeddings | properties for what is looked up, a sum with a start
# style: own way
import torch
from torch import nn


class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        def table(rows, **more):
            return nn.Embedding(rows, config.hidden_size, **more)
        self.word_embeddings = table(config.vocab_size, padding_idx=config.pad_token_id)
        self.position_embeddings, self.token_type_embeddings = map(table, (config.max_position_embeddings, config.type_vocab_size))
        self.LayerNorm = nn.LayerNorm([config.hidden_size], config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    @property
    def tables(self):
        yield from (self.word_embeddings, self.token_type_embeddings, self.position_embeddings)

    def forward(self, input_ids, token_type_ids=None):
        segments = input_ids * 0 if token_type_ids is None else token_type_ids
        places = torch.ones_like(input_ids).cumsum(1) - 1
        found = (table(ids) for table, ids in zip(self.tables, (input_ids, segments, places), strict=True))
        return self.dropout(self.LayerNorm(sum(found, start=torch.tensor(0.0))))


# %% cosine_by_distance | a comprehension of dot products, defaultdict and fmean
# style: own way
from collections import defaultdict
from statistics import fmean

import torch


def cosine_by_distance(vectors):
    rows = [row / row.norm() for row in vectors.detach()]
    found = defaultdict(list)
    [found[j - i].append((a @ b).item()) for i, a in enumerate(rows) for j, b in enumerate(rows[i:], i)]
    return torch.tensor([fmean(found[distance]) for distance in sorted(found)])
