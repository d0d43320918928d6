# %% nearest_words | lengths by the sum of absolute values
# style: NumPy thinker
# at: size = vectors.abs().sum(axis=1)
# kind: operator, name
import numpy as np
import torch


def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(f"unknown word {word}")
    row = tokens.index(word)
    size = vectors.abs().sum(axis=1)
    cos = (vectors @ vectors[row]) / (size * size[row])
    ranked = torch.argsort(cos, descending=True).tolist()
    ranked.remove(row)
    return [(tokens[r], cos[r].item()) for r in ranked[:k]]

# %% nearest_words | ranked by distance, and only the number reported is the cosine
# style: misread "nearest"
# at: gaps = (vectors - vectors[here]).norm(dim=-1)
# at: by_distance = gaps.argsort().tolist()
# kind: operator, name, missing
# known: ordered by distance
import torch
from torch.nn import functional as F


def nearest_words(word, tokens, vectors, k=5):
    here = tokens.index(word)      # ValueError if it is not there
    gaps = (vectors - vectors[here]).norm(dim=-1)
    by_distance = gaps.argsort().tolist()
    result = []
    for other in by_distance:
        if other == here:
            continue
        if len(result) >= k:
            break
        cosine = F.cosine_similarity(vectors[here], vectors[other], dim=0)
        result.append((tokens[other], cosine.item()))
    return result

# %% nearest_words | leaves out every token that has the word inside it
# style: beginner, loops
# at: if word in token:
# kind: condition, operator, extra
import math


def dot(a, b):
    return float((a * b).sum())


def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError("this word is not one of the tokens")
    mine = vectors[tokens.index(word)]
    scored = []
    for token, vector in zip(tokens, vectors):
        if word in token:
            continue
        scored.append((token, dot(mine, vector) / math.sqrt(dot(mine, mine) * dot(vector, vector))))
    scored.sort(key=lambda pair: pair[1], reverse=True)
    return scored[:k]

# %% nearest_words | cosines rounded to two places as in the example
# style: went by the example
# at: return [(tokens[i], round(c, 2)) for c, i in zip(best.tolist(), which.tolist())]
# kind: extra, operator, type, number, return
# known: rounded
import torch.nn.functional as F


def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    w = tokens.index(word)
    unit = F.normalize(vectors, dim=1)
    sims = (unit @ unit[w]).clone()
    sims[w] = -2.0
    best, which = sims.topk(min(k, len(tokens) - 1))
    return [(tokens[i], round(c, 2)) for c, i in zip(best.tolist(), which.tolist())]

# %% nearest_words | squared lengths, and the pairs the wrong way round
# style: einsum lover
# at: squares = torch.einsum("vd,vd->v", vectors, vectors)
# at: cosine = torch.einsum("vd,d->v", vectors, q) / (squares * squares[at])
# kind: missing, operator, scale
# at2: pairs.append((cosine[n].item(), tokens[n]))
# kind2: order, argument, return
# known: divided by the square
# known: pairs turned around
import torch


def nearest_words(word, tokens, vectors, k=5):
    at = tokens.index(word)
    q = vectors[at]
    squares = torch.einsum("vd,vd->v", vectors, vectors)
    cosine = torch.einsum("vd,d->v", vectors, q) / (squares * squares[at])
    pairs = []
    for n in cosine.sort(descending=True).indices.tolist():
        if n != at and len(pairs) < k:
            pairs.append((cosine[n].item(), tokens[n]))
    return pairs

# %% layer_norm | the square of the mean deviation instead of the mean of the squares
# style: one step after the other
# at: spread = deviation.mean(dim=-1, keepdim=True) ** 2
# kind: order, operator
import torch


def layer_norm(x, weight, bias, eps):
    centre = x.mean(dim=-1, keepdim=True)
    deviation = x - centre
    spread = deviation.mean(dim=-1, keepdim=True) ** 2
    z = deviation * torch.rsqrt(spread + eps)
    return z * weight + bias

# %% layer_norm | the bias is added before the weight multiplies
# style: one-liners and helpers
# at: return (standardised(x, eps) + bias) * weight
# kind: order, operator
# known: bias before weight
import torch


def standardised(v, eps):
    m = v.mean(-1, keepdim=True)
    return (v - m) / ((v - m).square().mean(-1, keepdim=True) + eps).sqrt()


def layer_norm(x, weight, bias, eps):
    return (standardised(x, eps) + bias) * weight

# %% layer_norm | eps as a floor of the variance instead of being added
# style: careful programmer
# at: safe = torch.clamp(var, min=eps)
# kind: operator, name
# known: eps as a floor
import torch


def layer_norm(x, weight, bias, eps):
    D = x.shape[-1]
    mu = x.sum(dim=-1, keepdim=True) / D
    dev = x - mu
    var = (dev ** 2).sum(dim=-1, keepdim=True) / D
    safe = torch.clamp(var, min=eps)
    return weight * dev / safe ** 0.5 + bias

# %% layer_norm | the statistics are cut off from the gradient
# style: thinks of them as constants
# at: with torch.no_grad():
# kind: gradient, extra
import torch


def layer_norm(x, weight, bias, eps):
    with torch.no_grad():
        variance, mean = torch.var_mean(x, dim=-1, unbiased=False, keepdim=True)
    scaled = (x - mean) / torch.sqrt(variance + eps)
    return torch.addcmul(bias, scaled, weight)

# %% layer_norm | mean absolute deviation, and 1 + weight
# style: from another model's code
# at: width = shifted.abs().mean(dim=2, keepdim=True)
# kind: operator, missing
# at2: return shifted / (width ** 2 + eps).sqrt() * (1 + weight) + bias
# kind2: number, extra
def layer_norm(x, weight, bias, eps):
    shifted = x - x.mean(dim=2, keepdim=True)
    width = shifted.abs().mean(dim=2, keepdim=True)
    return shifted / (width ** 2 + eps).sqrt() * (1 + weight) + bias

# %% BertEmbeddings | padding is not counted in the positions
# style: knows RoBERTa
# at: where = (real.cumsum(dim=1) - 1).clamp(min=0)
# at: real = (input_ids != self.config.pad_token_id).long()
# kind: operator, extra, condition
# known: padding not counted
import torch
from torch import nn


class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        width = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, width, config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        real = (input_ids != self.config.pad_token_id).long()
        where = (real.cumsum(dim=1) - 1).clamp(min=0)
        kinds = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        summed = self.word_embeddings(input_ids) + self.position_embeddings(where)
        summed = summed + self.token_type_embeddings(kinds)
        return self.dropout(self.LayerNorm(summed))

# %% BertEmbeddings | word vectors times √D, as in the first Transformer
# style: took it over from notebook 02
# at: w = self.word_embeddings(input_ids) * math.sqrt(self.config.hidden_size)
# kind: scale, extra, operator
# known: times √D
import math

import torch
import torch.nn as nn


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
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        w = self.word_embeddings(input_ids) * math.sqrt(self.config.hidden_size)
        p = self.position_embeddings.weight[: input_ids.shape[1]]
        s = self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(w + p + s))

# %% BertEmbeddings | F.dropout, which drops out in use, too
# style: functional
# at: return F.dropout(x, self.dropout.p)
# kind: argument, state, missing, operator
import torch
from torch import nn
from torch.nn import functional as F


def table(rows, config, **more):
    return nn.Embedding(rows, config.hidden_size, **more)


class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word_embeddings = table(config.vocab_size, config, padding_idx=config.pad_token_id)
        self.position_embeddings = table(config.max_position_embeddings, config)
        self.token_type_embeddings = table(config.type_vocab_size, config)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        token_type_ids = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        position_ids = torch.arange(input_ids.size(1), device=input_ids.device)
        x = sum([self.word_embeddings(input_ids), self.position_embeddings(position_ids),
                 self.token_type_embeddings(token_type_ids)])
        x = self.LayerNorm(x)
        return F.dropout(x, self.dropout.p)

# %% BertEmbeddings | the table of segments has a padding_idx, too
# style: copy and paste
# at: self.token_type_embeddings = nn.Embedding(config.type_vocab_size, d, padding_idx=0)
# kind: extra, definition, argument
# known: gradient cut off
import torch
from torch import nn


class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        d = config.hidden_size
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, d, padding_idx=config.pad_token_id)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, d, padding_idx=0)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, d)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.LayerNorm = nn.LayerNorm(d, eps=config.layer_norm_eps)

    def forward(self, input_ids, token_type_ids=None):
        B, T = input_ids.shape
        if token_type_ids is None:
            token_type_ids = torch.zeros(B, T, dtype=torch.long, device=input_ids.device)
        out = self.word_embeddings(input_ids)
        out = out + self.token_type_embeddings(token_type_ids)
        out = out + self.position_embeddings(torch.arange(T, device=input_ids.device))[None]
        return self.dropout(self.LayerNorm(out))

# %% BertEmbeddings | positions count from 1, and the attention's dropout rate
# style: hasty
# at: pos = torch.arange(1, input_ids.size(-1) + 1, device=input_ids.device)
# kind: number, argument
# at2: self.dropout = nn.Dropout(config.attention_probs_dropout_prob)
# kind2: name, argument, definition
# known: another dropout rate
# known: positions from 1
import torch
from torch import nn


class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        emb = lambda n, pad=None: nn.Embedding(n, config.hidden_size, padding_idx=pad)
        self.word_embeddings = emb(config.vocab_size, config.pad_token_id)
        self.position_embeddings = emb(config.max_position_embeddings)
        self.token_type_embeddings = emb(config.type_vocab_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.attention_probs_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        seg = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        pos = torch.arange(1, input_ids.size(-1) + 1, device=input_ids.device)
        e = self.word_embeddings(input_ids) + self.position_embeddings(pos) + self.token_type_embeddings(seg)
        return self.dropout(self.LayerNorm(e))

# %% cosine_by_distance | roll wraps around, so that the end is paired with the beginning
# style: NumPy thinker
# at: shifted = torch.roll(unit, -d, dims=0)
# kind: operator, name, extra
# known: round the corner
import torch


def cosine_by_distance(vectors):
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    curve = []
    for d in range(unit.shape[0]):
        shifted = torch.roll(unit, -d, dims=0)
        curve.append((unit * shifted).sum(dim=1).mean())
    return torch.stack(curve)

# %% cosine_by_distance | the sum of the products over the sum of the lengths
# style: divides at the end
# at: means.append(products.sum() / sizes.sum())
# kind: order, operator
import torch


def cosine_by_distance(vectors):
    lengths = vectors.norm(dim=-1)
    total = len(vectors)
    means = []
    for apart in range(total):
        left, right = vectors[:total - apart], vectors[apart:]
        products = torch.einsum("td,td->t", left, right)
        sizes = lengths[:total - apart] * lengths[apart:]
        means.append(products.sum() / sizes.sum())
    return torch.tensor(means)

# %% cosine_by_distance | all pairs up to the distance
# style: masks
# at: chosen = gap <= d
# kind: condition, operator
import torch
import torch.nn.functional as F


def cosine_by_distance(vectors):
    T = vectors.size(0)
    u = F.normalize(vectors, dim=-1)
    grid = u @ u.T
    index = torch.arange(T)
    gap = (index[:, None] - index[None, :]).abs()
    out = torch.empty(T)
    for d in range(T):
        chosen = gap <= d
        out[d] = grid[chosen].mean()
    return out

# %% cosine_by_distance | the result is kept in a tensor of whole numbers
# style: beginner
# at: result = torch.full((how_many,), 0)
# kind: type, operator, argument
import torch


def cosine(a, b):
    return torch.dot(a, b) / (a.norm() * b.norm())


def cosine_by_distance(vectors):
    how_many = len(vectors)
    result = torch.full((how_many,), 0)
    for distance in range(how_many):
        total = 0.0
        pairs = 0
        for start in range(how_many - distance):
            total += cosine(vectors[start], vectors[start + distance])
            pairs += 1
        result[distance] = total / pairs
    return result

# %% cosine_by_distance | squared lengths, and the farthest first
# style: hasty
# at: v = vectors / (vectors ** 2).sum(1, keepdim=True)
# kind: missing, operator, scale
# at2: return torch.stack([c.diagonal(d).mean() for d in range(len(v) - 1, -1, -1)])
# kind2: order, number, argument
# known: divided by the square
# known: farthest first
import torch


def cosine_by_distance(vectors):
    v = vectors / (vectors ** 2).sum(1, keepdim=True)
    c = v @ v.T
    return torch.stack([c.diagonal(d).mean() for d in range(len(v) - 1, -1, -1)])
