# %% nearest_words | the word's own row is taken out, and the places after it have moved
# style: NumPy
# at: return [(tokens[i], cosines[i].item()) for i in order.tolist()]
# at: others = torch.cat([unit[:place], unit[place + 1:]])
# kind: number, name
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    others = torch.cat([unit[:place], unit[place + 1:]])
    cosines = others @ unit[place]
    order = cosines.argsort(descending=True)[:k]
    return [(tokens[i], cosines[i].item()) for i in order.tolist()]

# %% nearest_words | the table that was given is normalised in place
# style: NumPy
# at: vectors /= vectors.norm(dim=-1, keepdim=True)
# kind: state
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(f"{word} is unknown")
    vectors /= vectors.norm(dim=-1, keepdim=True)
    i = tokens.index(word)
    scores = vectors @ vectors[i]
    scores[i] = -2
    values, places = scores.topk(min(k, len(tokens) - 1))
    return [(tokens[j], v) for j, v in zip(places.tolist(), values.tolist())]

# %% nearest_words | k are taken, then the word itself is dropped
# style: one-liner
# at: best = cosines.argsort(descending=True)[:k]
# at: return [(tokens[i], cosines[i].item()) for i in best.tolist() if tokens[i] != word]
# kind: number, order
import torch.nn.functional as F

def nearest_words(word, tokens, vectors, k=5):
    cosines = F.cosine_similarity(vectors, vectors[tokens.index(word)].unsqueeze(0))
    best = cosines.argsort(descending=True)[:k]
    return [(tokens[i], cosines[i].item()) for i in best.tolist() if tokens[i] != word]

# %% nearest_words | whatever points exactly the same way is taken for the word itself
# style: one-liner
# at: found = [(token, c) for token, c in zip(tokens, cosines.tolist()) if c < 0.9999]
# kind: condition, number
import torch.nn.functional as F

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    unit = F.normalize(vectors, dim=-1)
    cosines = unit @ unit[tokens.index(word)]
    found = [(token, c) for token, c in zip(tokens, cosines.tolist()) if c < 0.9999]
    return sorted(found, key=lambda pair: pair[1], reverse=True)[:k]

# %% nearest_words | the farthest, since argsort goes upwards
# style: NumPy
# at: order = torch.argsort(cosines)
# at: for i in order.tolist():
# kind: order, argument, sign
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(f"no such token: {word}")
    query = vectors[tokens.index(word)]
    cosines = (vectors @ query) / (vectors.norm(dim=1) * query.norm())
    order = torch.argsort(cosines)
    result = []
    for i in order.tolist():
        if tokens[i] != word and len(result) < k:
            result.append((tokens[i], float(cosines[i])))
    return result

# %% nearest_words | only the other vectors are divided by their lengths
# style: hasty
# at: cosines = F.normalize(vectors, dim=1) @ vectors[place]
# kind: missing, name
import math
import torch.nn.functional as F

def nearest_words(word, tokens, vectors, k=5):
    place = tokens.index(word)
    cosines = F.normalize(vectors, dim=1) @ vectors[place]
    cosines[place] = -math.inf
    top = cosines.topk(min(k, len(tokens) - 1))
    return [(tokens[i], value) for value, i in zip(top.values.tolist(), top.indices.tolist())]

# %% nearest_words | a dict from token to cosine
# style: careful beginner
# at: return result
# at: result[tokens[i]] = cosines[i].item()
# at: result = {}
# kind: type, return
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError("This word is not among the tokens.")
    index = tokens.index(word)
    cosines = torch.cosine_similarity(vectors, vectors[index : index + 1], dim=1)
    order = torch.argsort(cosines, descending=True).tolist()
    order.remove(index)
    result = {}
    for i in order[:k]:
        result[tokens[i]] = cosines[i].item()
    return result

# %% nearest_words | the cosine's absolute value
# style: from Keras
# at: cosines = (unit @ unit[place]).abs()
# kind: extra
import torch.nn.functional as F

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    unit = F.normalize(vectors, p=2, dim=-1)
    cosines = (unit @ unit[place]).abs()
    cosines[place] = -1
    values, indices = cosines.topk(k=min(k, len(tokens) - 1))
    return [(tokens[i], v) for v, i in zip(values.tolist(), indices.tolist())]

# %% nearest_words | an unknown word gives a KeyError
# style: helper functions
# at: place = {token: i for i, token in enumerate(tokens)}[word]
# kind: missing, type
import math
import torch.nn.functional as F

def nearest_words(word, tokens, vectors, k=5):
    place = {token: i for i, token in enumerate(tokens)}[word]
    unit = F.normalize(vectors, dim=-1)
    cosines = unit @ unit[place]
    cosines[place] = -math.inf
    values, places = cosines.topk(min(k, len(tokens) - 1))
    return list(zip([tokens[i] for i in places.tolist()], values.tolist()))

# %% nearest_words | the vectors centred first: a correlation, not a cosine
# style: NumPy
# at: centred = vectors - vectors.mean(dim=1, keepdim=True)
# kind: extra
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    centred = vectors - vectors.mean(dim=1, keepdim=True)
    unit = centred / centred.norm(dim=1, keepdim=True)
    cosines = (unit @ unit[place]).tolist()
    order = sorted((i for i in range(len(tokens)) if i != place), key=lambda i: -cosines[i])
    return [(tokens[i], cosines[i]) for i in order[:k]]

# %% nearest_words | an unknown word gives an empty list
# style: careful beginner
# at: return []
# kind: condition, return, missing
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        return []
    mine = vectors[tokens.index(word)]
    pairs = []
    for token, vector in zip(tokens, vectors):
        if token != word:
            cosine = torch.dot(mine, vector) / (torch.norm(mine) * torch.norm(vector))
            pairs.append((token, cosine.item()))
    pairs.sort(key=lambda pair: pair[1], reverse=True)
    return pairs[:k]

# %% nearest_words | the word itself is marked with -1, so that its opposite ties with it
# style: NumPy
# at: cosines[place] = -1
# kind: number
import torch.nn.functional as F

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    unit = F.normalize(vectors, dim=-1)
    cosines = unit @ unit[place]
    cosines[place] = -1
    values, indices = torch_topk(cosines, min(k, len(tokens) - 1))
    return [(tokens[i], v) for v, i in zip(values, indices)]

def torch_topk(scores, k):
    order = sorted(range(len(scores)), key=lambda i: (-scores[i].item(), i))[:k]
    return [scores[i].item() for i in order], order

# %% nearest_words | lengths taken over the vocabulary, and k fixed
# style: NumPy
# at: unit = vectors / vectors.norm(dim=0, keepdim=True)
# kind: axis
# at2: order = cosines.argsort(descending=True)[1:6]
# kind2: number, name
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    unit = vectors / vectors.norm(dim=0, keepdim=True)
    cosines = unit @ unit[tokens.index(word)]
    order = cosines.argsort(descending=True)[1:6]
    return [(tokens[i], cosines[i].item()) for i in order]

# %% nearest_words | distances for cosines, and tensors for numbers
# style: hasty
# at: scores = -torch.cdist(vectors, vectors[place : place + 1])[:, 0]
# kind: name, operator
# at2: return [(tokens[i], scores[i]) for i in best]
# kind2: type
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    scores = -torch.cdist(vectors, vectors[place : place + 1])[:, 0]
    scores[place] = float("-inf")
    best = scores.topk(min(k, len(tokens) - 1)).indices
    return [(tokens[i], scores[i]) for i in best]

# %% nearest_words | divided by the squared length, and the tokens alone
# style: helper functions
# at: return (a @ b) / (a @ a)
# kind: scale, name
# at2: return [tokens[i] for i in order[:k]]
# kind2: return, missing
import torch

def cosine(a, b):
    return (a @ b) / (a @ a)

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    scores = torch.stack([cosine(vectors[place], vector) for vector in vectors])
    order = [i for i in scores.argsort(descending=True).tolist() if i != place]
    return [tokens[i] for i in order[:k]]

# %% layer_norm | x is changed in place
# style: NumPy
# at: x -= x.mean(-1, keepdim=True)
# kind: state
def layer_norm(x, weight, bias, eps):
    x -= x.mean(-1, keepdim=True)
    var = x.pow(2).mean(-1, keepdim=True)
    return x / (var + eps) ** 0.5 * weight + bias

# %% layer_norm | variance of x about 0, not about the mean
# style: careful beginner
# at: variance = (x ** 2).mean(dim=-1, keepdim=True)
# kind: name, missing
import torch

def layer_norm(x, weight, bias, eps):
    mean = x.mean(dim=-1, keepdim=True)
    variance = (x ** 2).mean(dim=-1, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return normalised * weight + bias

# %% layer_norm | 1 + weight, as in Gemma
# style: HF
# at: return (1.0 + weight) * hidden + bias
# kind: extra, operator
import torch

def layer_norm(x, weight, bias, eps):
    mean = x.mean(-1, keepdim=True)
    hidden = x - mean
    hidden = hidden * torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + eps)
    return (1.0 + weight) * hidden + bias

# %% layer_norm | brackets: only the mean is divided
# style: one-liner
# at: return (x - x.mean(-1, keepdim=True) / (x.var(-1, unbiased=False, keepdim=True) + eps).sqrt()) * weight + bias
# kind: order
def layer_norm(x, weight, bias, eps):
    return (x - x.mean(-1, keepdim=True) / (x.var(-1, unbiased=False, keepdim=True) + eps).sqrt()) * weight + bias

# %% layer_norm | the same numbers with the sum for the mean of squares
# style: one who writes einsum
# at: variance = torch.einsum("btd,btd->bt", centred, centred)[..., None]
# kind: missing, scale
import torch

def layer_norm(x, weight, bias, eps):
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = torch.einsum("btd,btd->bt", centred, centred)[..., None]
    return centred / torch.sqrt(variance + eps) * weight + bias

# %% layer_norm | mean and deviation are detached, so that no gradient flows through them
# style: hasty
# at: variance = x.var(-1, correction=0, keepdim=True).detach()
# at: mean = x.mean(-1, keepdim=True).detach()
# kind: gradient
def layer_norm(x, weight, bias, eps):
    mean = x.mean(-1, keepdim=True).detach()
    variance = x.var(-1, correction=0, keepdim=True).detach()
    return (x - mean) / (variance + eps).sqrt() * weight + bias

# %% layer_norm | the weight falls on the bias too
# style: Keras
# at: return weight * (normed + bias)
# kind: order
def layer_norm(x, weight, bias, eps):
    mu = x.mean(dim=-1, keepdim=True)
    sigma2 = ((x - mu) ** 2).mean(dim=-1, keepdim=True)
    normed = (x - mu) / (sigma2 + eps) ** 0.5
    return weight * (normed + bias)

# %% layer_norm | mean of absolute deviations for the root of squares
# style: careful beginner
# at: spread = (x - mean).abs().mean(dim=-1, keepdim=True)
# kind: operator, name
def layer_norm(x, weight, bias, eps):
    mean = x.mean(dim=-1, keepdim=True)
    spread = (x - mean).abs().mean(dim=-1, keepdim=True)
    return (x - mean) / (spread + eps) * weight + bias

# %% layer_norm | the statistics over texts and tokens: a batch norm
# style: Keras
# at: axes = (0, 1)
# kind: axis
def layer_norm(x, weight, bias, eps):
    axes = (0, 1)
    mean = x.mean(dim=axes, keepdim=True)
    variance = x.var(dim=axes, keepdim=True, unbiased=False)
    return (x - mean) / (variance + eps).sqrt() * weight + bias

# %% layer_norm | everything in NumPy, so that the gradient ends
# style: NumPy
# at: a = x.detach().numpy()
# at: return torch.from_numpy(out) * weight + bias
# kind: gradient, type
import numpy as np
import torch

def layer_norm(x, weight, bias, eps):
    a = x.detach().numpy()
    out = (a - a.mean(axis=-1, keepdims=True)) / np.sqrt(a.var(axis=-1, keepdims=True) + np.float32(eps))
    return torch.from_numpy(out) * weight + bias

# %% layer_norm | a power of 2 for the root
# style: hasty
# at: return (x - m) / (v + eps) ** 2 * weight + bias
# kind: scale, number
def layer_norm(x, weight, bias, eps):
    m = x.mean(-1, keepdim=True)
    v = x.var(-1, keepdim=True, unbiased=False)
    return (x - m) / (v + eps) ** 2 * weight + bias

# %% layer_norm | an eps of its own instead of the one that is given
# style: HF
# at: return weight * (x - u) / torch.sqrt(s + variance_epsilon) + bias
# at: variance_epsilon = 1e-5
# kind: name, number
import torch

def layer_norm(x, weight, bias, eps):
    variance_epsilon = 1e-5
    u = x.mean(-1, keepdim=True)
    s = (x - u).pow(2).mean(-1, keepdim=True)
    return weight * (x - u) / torch.sqrt(s + variance_epsilon) + bias

# %% layer_norm | variance with D - 1, and the bias is subtracted
# style: careful beginner
# at: variance = x.var(dim=-1, keepdim=True)
# kind: argument, number
# at2: return normalised * weight - bias
# kind2: sign
def layer_norm(x, weight, bias, eps):
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.var(dim=-1, keepdim=True)
    normalised = (x - mean) / (variance + eps).sqrt()
    return normalised * weight - bias

# %% layer_norm | statistics over the whole text, and the weight twice
# style: one-liner
# at: centred = x - x.mean((1, 2), keepdim=True)
# kind: axis
# at2: return weight * (centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt() * weight) + bias
# kind2: extra
def layer_norm(x, weight, bias, eps):
    centred = x - x.mean((1, 2), keepdim=True)
    return weight * (centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt() * weight) + bias

# %% layer_norm | eps is added after the root, and the mean is not taken off above the line
# style: hasty
# at: std = variance.sqrt() + eps
# kind: order
# at2: return x / std * weight + bias
# kind2: missing, name
def layer_norm(x, weight, bias, eps):
    mean = x.mean(-1, keepdim=True)
    variance = (x - mean).pow(2).mean(-1, keepdim=True)
    std = variance.sqrt() + eps
    return x / std * weight + bias

# %% BertEmbeddings | segment 1 for everything when none are given
# style: HF
# at: token_type_ids = torch.ones_like(input_ids)
# kind: number, name
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

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.ones_like(input_ids)
        position_ids = torch.arange(input_ids.size(1), device=input_ids.device)
        embeddings = self.word_embeddings(input_ids) + self.position_embeddings(position_ids)
        embeddings = embeddings + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(embeddings))

# %% BertEmbeddings | positions counted along the batch
# style: NumPy
# at: p = self.position_embeddings(torch.arange(input_ids.shape[0]))
# kind: axis, number
import torch
import torch.nn as nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        D = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, D, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, D)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, D)
        self.LayerNorm = nn.LayerNorm(D, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        w = self.word_embeddings(input_ids)
        p = self.position_embeddings(torch.arange(input_ids.shape[0]))
        p = p[:, None, :]
        s = self.token_type_embeddings(torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids)
        return self.dropout(self.LayerNorm(w + p + s))

# %% BertEmbeddings | no segment at all when none are given
# style: careful beginner
# at: if token_type_ids is not None:
# kind: condition, missing
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

    def forward(self, input_ids, token_type_ids=None):
        x = self.word_embeddings(input_ids)
        x = x + self.position_embeddings(torch.arange(input_ids.size(1)))
        if token_type_ids is not None:
            x = x + self.token_type_embeddings(token_type_ids)
        x = self.LayerNorm(x)
        x = self.dropout(x)
        return x

# %% BertEmbeddings | the word vectors scaled by √D, as in the Transformer
# style: one who copies the Transformer
# at: words = self.word_embeddings(input_ids) * math.sqrt(self.config.hidden_size)
# kind: extra, scale
import math
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

    def forward(self, input_ids, token_type_ids=None):
        words = self.word_embeddings(input_ids) * math.sqrt(self.config.hidden_size)
        places = self.position_embeddings.weight[: input_ids.size(1)]
        kinds = self.token_type_embeddings(torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids)
        return self.dropout(self.LayerNorm(words + places + kinds))

# %% BertEmbeddings | the segments are added after the norm
# style: hasty
# at: return self.dropout(self.LayerNorm(x) + self.token_type_embeddings(token_type_ids))
# kind: order
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

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        x = self.word_embeddings(input_ids) + self.position_embeddings(torch.arange(input_ids.size(1)))
        return self.dropout(self.LayerNorm(x) + self.token_type_embeddings(token_type_ids))

# %% BertEmbeddings | padding is looked up at position 0, as RoBERTa counts
# style: HF (RoBERTa)
# at: position_ids = torch.cumsum(real, dim=1) * real
# kind: extra, number
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

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        real = input_ids.ne(self.config.pad_token_id).long()
        position_ids = torch.cumsum(real, dim=1) * real
        total = self.word_embeddings(input_ids) + self.position_embeddings(position_ids)
        total = total + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(total))

# %% BertEmbeddings | dropout on the words only, before the sum
# style: Keras
# at: e = self.dropout(self.word_embeddings(input_ids))
# kind: order
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

    def forward(self, input_ids, token_type_ids=None):
        token_type_ids = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        e = self.dropout(self.word_embeddings(input_ids))
        e = e + self.position_embeddings(torch.arange(input_ids.size(1), device=input_ids.device))
        e = e + self.token_type_embeddings(token_type_ids)
        return self.LayerNorm(e)

# %% BertEmbeddings | as many positions as the vocabulary has words
# style: hasty
# at: self.position_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
# kind: name, definition, argument
import torch
from torch import nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        places = torch.arange(input_ids.size(1))
        total = sum((self.word_embeddings(input_ids), self.position_embeddings(places),
                     self.token_type_embeddings(token_type_ids)))
        return self.dropout(self.LayerNorm(total))

# %% BertEmbeddings | the padding row is a fixed 0, not the config's pad_token_id
# style: Keras
# at: self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=0)
# kind: number, argument
import torch
from torch import nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=0)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        positions = torch.arange(input_ids.size(1), device=input_ids.device)
        total = self.word_embeddings(input_ids) + self.position_embeddings(positions) + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(total))

# %% BertEmbeddings | dropout at the rate of the attention
# style: HF
# at: self.dropout = nn.Dropout(config.attention_probs_dropout_prob)
# kind: name, argument
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
        self.dropout = nn.Dropout(config.attention_probs_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        positions = torch.arange(input_ids.size(1), device=input_ids.device)
        total = self.word_embeddings(input_ids) + self.position_embeddings(positions) + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(total))

# %% BertEmbeddings | the tables are read under no_grad, so that they are never trained
# style: hasty
# at: with torch.no_grad():
# kind: gradient
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

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        with torch.no_grad():
            position_ids = torch.arange(input_ids.size(1))
            total = self.word_embeddings(input_ids)
            total = total + self.position_embeddings(position_ids)
            total = total + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(total))

# %% BertEmbeddings | the segments are looked up in the table of words, and the norm has torch's own eps
# style: careful beginner
# at: self.LayerNorm = nn.LayerNorm(config.hidden_size)
# kind: missing, argument
# at2: segments = self.word_embeddings(token_type_ids)
# kind2: name
import torch
from torch import nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        words = self.word_embeddings(input_ids)
        segments = self.word_embeddings(token_type_ids)
        places = self.position_embeddings(torch.arange(input_ids.size(1)))
        return self.dropout(self.LayerNorm(words + places + segments))

# %% BertEmbeddings | positions from 1, and the segments subtracted
# style: one-liner
# at: places = self.position_embeddings(torch.arange(1, input_ids.size(1) + 1))
# kind: number
# at2: return self.dropout(self.LayerNorm(words + places - kinds))
# kind2: sign, operator
import torch
from torch import nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings + 1, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        token_type_ids = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        words, kinds = self.word_embeddings(input_ids), self.token_type_embeddings(token_type_ids)
        places = self.position_embeddings(torch.arange(1, input_ids.size(1) + 1))
        return self.dropout(self.LayerNorm(words + places - kinds))

# %% BertEmbeddings | the position is multiplied in, and the norm is forgotten
# style: hasty
# at: x = self.word_embeddings(input_ids) * self.position_embeddings(positions)
# kind: operator
# at2: return self.dropout(x + self.token_type_embeddings(token_type_ids))
# kind2: missing
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

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        positions = torch.arange(input_ids.size(1))
        x = self.word_embeddings(input_ids) * self.position_embeddings(positions)
        return self.dropout(x + self.token_type_embeddings(token_type_ids))
