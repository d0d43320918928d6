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
# known: input changed in place
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


# %% nearest_words | the word itself is marked with -1, so that its opposite ties with it
# style: NumPy
# at: cosines[place] = -1
# kind: number
# known: own cosine −1
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


# %% nearest_words | lengths without keepdim, along the wrong side of the table
# style: NumPy
# at: unit = vectors / vectors.norm(dim=-1)
# kind: shape, axis, argument, missing
# known: lengths without keepdim
import math

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    unit = vectors / vectors.norm(dim=-1)
    cosines = unit @ unit[place]
    cosines[place] = -math.inf
    values, places = cosines.topk(min(k, len(tokens) - 1))
    return [(tokens[i], v) for i, v in zip(places.tolist(), values.tolist())]


# %% nearest_words | cosines as the keys of a dict, so that equal ones get lost
# style: loops and dictionaries
# at: by_cosine[cosine] = token
# at: by_cosine = {}
# kind: state, type
# known: equal cosines lost
import torch.nn.functional as F

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    unit = F.normalize(vectors, dim=-1)
    cosines = (unit @ unit[tokens.index(word)]).tolist()
    by_cosine = {}
    for token, cosine in zip(tokens, cosines):
        if token != word:
            by_cosine[cosine] = token
    best = sorted(by_cosine, reverse=True)[:k]
    return [(by_cosine[cosine], cosine) for cosine in best]


# %% nearest_words | one too many, since the word was already taken out
# style: hasty
# at: return pairs[: k + 1]
# kind: number
# known: one too many
import torch.nn.functional as F

def nearest_words(word, tokens, vectors, k=5):
    place = tokens.index(word)
    cosines = F.cosine_similarity(vectors, vectors[place : place + 1]).tolist()
    pairs = [(tokens[i], cosines[i]) for i in range(len(tokens)) if i != place]
    pairs.sort(key=lambda pair: -pair[1])
    return pairs[: k + 1]


# %% nearest_words | the k-th token is marked, not the word
# style: careful beginner
# at: cosines[k] = float("-inf")
# kind: name, number
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError("unknown word")
    place = tokens.index(word)
    lengths = vectors.norm(dim=1)
    cosines = (vectors @ vectors[place]) / (lengths * lengths[place])
    if k < len(tokens):
        cosines[k] = float("-inf")
    values, indices = torch.topk(cosines, min(k, len(tokens) - 1))
    return [(tokens[i], value) for i, value in zip(indices.tolist(), values.tolist())]


# %% nearest_words | lengths taken over the vocabulary, and each with the word's own cosine
# style: NumPy
# at: unit = vectors / vectors.norm(dim=0, keepdim=True)
# kind: axis
# at2: return [(tokens[i], cosines[place].item()) for i in order.tolist()]
# kind2: name, number
# known: normalised over the words
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    unit = vectors / vectors.norm(dim=0, keepdim=True)
    place = tokens.index(word)
    cosines = unit @ unit[place]
    order = cosines.argsort(descending=True)[1 : k + 1]
    return [(tokens[i], cosines[place].item()) for i in order.tolist()]


# %% nearest_words | distances for cosines, and lists for pairs
# style: hasty
# at: scores = -torch.cdist(vectors, vectors[place : place + 1])[:, 0]
# kind: name, operator
# at2: return [[tokens[i], scores[i].item()] for i in best.tolist()]
# kind2: type
# known: distance
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    scores = -torch.cdist(vectors, vectors[place : place + 1])[:, 0]
    scores[place] = float("-inf")
    best = scores.topk(min(k, len(tokens) - 1)).indices
    return [[tokens[i], scores[i].item()] for i in best.tolist()]


# %% nearest_words | divided by the squared length, and the cosines as text
# style: helper functions
# at: return (a @ b) / (a @ a)
# kind: scale, name
# at2: return [(tokens[i], f"{scores[i]:.2f}") for i in order[:k]]
# kind2: type
# known: divided by the square
import torch

def cosine(a, b):
    return (a @ b) / (a @ a)

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    scores = torch.stack([cosine(vectors[place], vector) for vector in vectors])
    order = [i for i in scores.argsort(descending=True).tolist() if i != place]
    return [(tokens[i], f"{scores[i]:.2f}") for i in order[:k]]


# %% layer_norm | x is changed in place
# style: NumPy
# at: x -= x.mean(-1, keepdim=True)
# kind: state
# known: input changed in place
def layer_norm(x, weight, bias, eps):
    x -= x.mean(-1, keepdim=True)
    var = x.pow(2).mean(-1, keepdim=True)
    return x / (var + eps) ** 0.5 * weight + bias


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


# %% layer_norm | mean and deviation are detached, so that no gradient flows through them
# style: hasty
# at: variance = x.var(-1, correction=0, keepdim=True).detach()
# at: mean = x.mean(-1, keepdim=True).detach()
# kind: gradient
# known: gradient cut off
def layer_norm(x, weight, bias, eps):
    mean = x.mean(-1, keepdim=True).detach()
    variance = x.var(-1, correction=0, keepdim=True).detach()
    return (x - mean) / (variance + eps).sqrt() * weight + bias


# %% layer_norm | mean of absolute deviations for the root of squares
# style: careful beginner
# at: spread = (x - mean).abs().mean(dim=-1, keepdim=True)
# kind: operator, name
def layer_norm(x, weight, bias, eps):
    mean = x.mean(dim=-1, keepdim=True)
    spread = (x - mean).abs().mean(dim=-1, keepdim=True)
    return (x - mean) / (spread + eps) * weight + bias


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
# known: another eps
import torch

def layer_norm(x, weight, bias, eps):
    variance_epsilon = 1e-5
    u = x.mean(-1, keepdim=True)
    s = (x - u).pow(2).mean(-1, keepdim=True)
    return weight * (x - u) / torch.sqrt(s + variance_epsilon) + bias


# %% layer_norm | maximum and minimum for mean and deviation
# style: NumPy
# at: spread = x.amax(-1, keepdim=True) - x.amin(-1, keepdim=True)
# kind: name, operator
def layer_norm(x, weight, bias, eps):
    mean = x.mean(-1, keepdim=True)
    spread = x.amax(-1, keepdim=True) - x.amin(-1, keepdim=True)
    return (x - mean) / (spread + eps) * weight + bias


# %% layer_norm | exponent outside the brackets of eps: the root of the variance, and then of the sum
# style: one-liner
# at: return (x - m) / ((((x - m) ** 2).mean(-1, keepdim=True)) ** 0.5 + eps) ** 0.5 * weight + bias
# kind: scale, extra
def layer_norm(x, weight, bias, eps):
    m = x.mean(-1, keepdim=True)
    return (x - m) / ((((x - m) ** 2).mean(-1, keepdim=True)) ** 0.5 + eps) ** 0.5 * weight + bias


# %% layer_norm | variance with D - 1, and the bias is subtracted
# style: careful beginner
# at: variance = x.var(dim=-1, keepdim=True)
# kind: argument, number
# at2: return normalised * weight - bias
# kind2: operator
# kind2: sign
# known: unbiased variance
def layer_norm(x, weight, bias, eps):
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.var(dim=-1, keepdim=True)
    normalised = (x - mean) / (variance + eps).sqrt()
    return normalised * weight - bias


# %% layer_norm | statistics over the whole text, and the weight twice
# style: one-liner
# at: centred = x - x.mean((1, 2), keepdim=True)
# kind: axis
# kind: extra
# at2: return weight * (centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt() * weight) + bias
# kind2: scale
# kind2: extra
# known: over a whole text
def layer_norm(x, weight, bias, eps):
    centred = x - x.mean((1, 2), keepdim=True)
    return weight * (centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt() * weight) + bias


# %% layer_norm | eps is added after the root, and the mean is added where the bias should be
# style: hasty
# at: std = variance.sqrt() + eps
# kind: order
# at2: return (x - mean) / std * weight + mean
# kind2: name
# known: eps outside the root
def layer_norm(x, weight, bias, eps):
    mean = x.mean(-1, keepdim=True)
    variance = (x - mean).pow(2).mean(-1, keepdim=True)
    std = variance.sqrt() + eps
    return (x - mean) / std * weight + mean


# %% BertEmbeddings | padding is looked up at position 0, as RoBERTa counts
# style: HF (RoBERTa)
# at: position_ids = torch.cumsum(real, dim=1) * real
# kind: extra, number
# known: positions from 1; padding at position 0
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
# known: padding not from the config
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


# %% BertEmbeddings | the table of positions has a padding row too
# style: HF (RoBERTa)
# at: self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size, padding_idx=0)
# kind: extra, argument, definition
# known: a position does not learn
import torch
from torch import nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size, padding_idx=0)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        positions = torch.arange(input_ids.size(1), device=input_ids.device)
        total = self.word_embeddings(input_ids) + self.position_embeddings(positions) + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(total))


# %% BertEmbeddings | `or` for the default: a tensor has no truth value
# style: one-liner
# at: kinds = self.token_type_embeddings(token_type_ids or torch.zeros_like(input_ids))
# kind: condition, operator
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
        kinds = self.token_type_embeddings(token_type_ids or torch.zeros_like(input_ids))
        places = self.position_embeddings(torch.arange(input_ids.size(1)))
        return self.dropout(self.LayerNorm(self.word_embeddings(input_ids) + places + kinds))


# %% BertEmbeddings | the positions' table is as long as there are segments
# style: hasty (copied line)
# at: self.position_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
# kind: name, argument, definition
import torch
from torch import nn

class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        places = self.position_embeddings(torch.arange(input_ids.size(1)))
        total = self.word_embeddings(input_ids) + places + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(total))


# %% BertEmbeddings | a new LayerNorm in each call, so that the learned weights are not used
# style: Keras
# at: total = nn.LayerNorm(self.config.hidden_size, eps=self.config.layer_norm_eps)(total)
# kind: name, state
# known: LayerNorm without its weights
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
        total = self.word_embeddings(input_ids) + self.token_type_embeddings(token_type_ids)
        total = total + self.position_embeddings(torch.arange(input_ids.size(1)))
        total = nn.LayerNorm(self.config.hidden_size, eps=self.config.layer_norm_eps)(total)
        return self.dropout(total)


# %% BertEmbeddings | the segments are looked up in the table of words, and the norm has torch's own eps
# style: careful beginner
# at: self.LayerNorm = nn.LayerNorm(config.hidden_size)
# kind: missing, argument
# at2: segments = self.word_embeddings(token_type_ids)
# kind2: name
# known: eps not from the config
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
# at: self.position_embeddings = nn.Embedding(config.max_position_embeddings + 1, config.hidden_size)
# style: one-liner
# at: places = self.position_embeddings(torch.arange(1, input_ids.size(1) + 1))
# kind: number
# at2: return self.dropout(self.LayerNorm(words + places - kinds))
# kind2: sign, operator
# known: positions from 1
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
# known: no LayerNorm
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


# %% cosine_by_distance | the square root of the lengths forgotten in the outer product
# style: helper functions
# at: norms = (vectors * vectors).sum(dim=-1)
# kind: missing, scale
# known: divided by the square
import torch

def cosine_by_distance(vectors):
    norms = (vectors * vectors).sum(dim=-1)
    cosines = vectors @ vectors.T / torch.outer(norms, norms)
    return torch.stack([cosines.diagonal(d).mean() for d in range(len(vectors))])


# %% cosine_by_distance | softmax in place of a normalisation
# style: hasty
# at: unit = vectors.softmax(dim=-1)
# kind: name, operator
import torch

def cosine_by_distance(vectors):
    unit = vectors.softmax(dim=-1)
    cosines = unit @ unit.T
    return torch.stack([cosines.diagonal(d).mean() for d in range(len(vectors))])


# %% cosine_by_distance | a running sum that is never set back
# style: careful beginner
# at: total = 0.0
# at: total = total + torch.dot(unit[i], unit[i + d])
# kind: state, order
# known: total not set back
import torch

def cosine_by_distance(vectors):
    T = len(vectors)
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    total = 0.0
    means = []
    for d in range(T):
        for i in range(T - d):
            total = total + torch.dot(unit[i], unit[i + d])
        means.append(total / (T - d))
    return torch.stack(means)


# %% cosine_by_distance | the last pair of each distance lost
# style: loops
# at: for i in range(T - d - 1):
# kind: number, condition
import torch

def cosine_by_distance(vectors):
    T = len(vectors)
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    means = torch.zeros(T)
    for d in range(T):
        for i in range(T - d - 1):
            means[d] += (unit[i] * unit[i + d]).sum() / (T - d)
    return means


# %% cosine_by_distance | twice the offset
# style: one-liner
# at: return torch.stack([cosines.diagonal(2 * d).mean() for d in range(len(cosines))])
# kind: scale, number, extra
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    unit = F.normalize(vectors, dim=-1)
    cosines = unit @ unit.T
    return torch.stack([cosines.diagonal(2 * d).mean() for d in range(len(cosines))])


# %% cosine_by_distance | cosine of each vector with the mean of those so far on
# style: one-liner
# at: return torch.stack([F.cosine_similarity(vectors[0], vectors[d:].mean(dim=0), dim=0) for d in range(len(vectors))])
# kind: argument, order, name
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    return torch.stack([F.cosine_similarity(vectors[0], vectors[d:].mean(dim=0), dim=0) for d in range(len(vectors))])


# %% cosine_by_distance | normalised after the product, row by row
# style: hasty
# at: cosines = F.normalize(vectors @ vectors.T, dim=-1)
# kind: order
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    cosines = F.normalize(vectors @ vectors.T, dim=-1)
    return torch.stack([torch.diagonal(cosines, d).mean() for d in range(len(vectors))])


# %% cosine_by_distance | slices that both begin at the distance
# style: slices
# at: second = unit[d:]
# at: first = unit[d:]
# kind: argument, name
# known: each with itself
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    unit = F.normalize(vectors, dim=-1)
    means = []
    for d in range(len(unit)):
        first = unit[d:]
        second = unit[d:]
        means.append((first * second).sum(dim=-1).mean())
    return torch.stack(means)


# %% cosine_by_distance | a mean over the columns as well
# style: slices
# at: means.append((unit[: T - d] * unit[d:]).mean())
# kind: scale, axis
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    T, D = vectors.shape
    unit = F.normalize(vectors, dim=-1)
    means = []
    for d in range(T):
        means.append((unit[: T - d] * unit[d:]).mean())
    return torch.stack(means)


# %% cosine_by_distance | distances taken with their sign, both halves in one bin by a modulo
# style: scatter
# at: distance = ((places[None, :] - places[:, None]) % T).flatten()
# kind: operator, condition
# known: round the corner
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    T = len(vectors)
    unit = F.normalize(vectors, dim=-1)
    places = torch.arange(T)
    distance = ((places[None, :] - places[:, None]) % T).flatten()
    return torch.zeros(T).index_add(0, distance, (unit @ unit.T).flatten()) / torch.bincount(distance)


# %% cosine_by_distance | both halves summed, one half counted
# style: scatter
# at: return torch.zeros(T).index_add(0, distance, (unit @ unit.T).flatten()) / torch.arange(T, 0, -1)
# kind: scale, number
# known: every pair twice
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    T = len(vectors)
    unit = F.normalize(vectors, dim=-1)
    places = torch.arange(T)
    distance = (places[None, :] - places[:, None]).abs().flatten()
    return torch.zeros(T).index_add(0, distance, (unit @ unit.T).flatten()) / torch.arange(T, 0, -1)


# %% cosine_by_distance | nanmean of a triangle filled with NaN, along the wrong axis
# style: NumPy
# at: return cosines.nanmean(dim=0)
# kind: axis, missing
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    unit = F.normalize(vectors, dim=-1)
    cosines = unit @ unit.T
    below = torch.ones_like(cosines).tril(-1).bool()
    cosines = cosines.masked_fill(below, float("nan"))
    return cosines.nanmean(dim=0)


# %% cosine_by_distance | torch's own cosine over the first dimension
# style: slices
# at: means.append(F.cosine_similarity(vectors[: T - d], vectors[d:], dim=0).mean())
# kind: axis, argument
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    T = len(vectors)
    means = []
    for d in range(T):
        means.append(F.cosine_similarity(vectors[: T - d], vectors[d:], dim=0).mean())
    return torch.stack(means)


# %% cosine_by_distance | lengths as the sum of the sizes
# style: hasty
# at: unit = F.normalize(vectors, p=1, dim=-1)
# kind: argument, number, scale
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    unit = F.normalize(vectors, p=1, dim=-1)
    cosines = unit @ unit.T
    return torch.stack([cosines.diagonal(d).mean() for d in range(len(unit))])


# %% cosine_by_distance | the cosine of two means, not the mean of the cosines
# style: one-liner
# at: return torch.stack([F.cosine_similarity(vectors[: T - d].mean(dim=0), vectors[d:].mean(dim=0), dim=0) for d in range(T)])
# kind: order
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    T = len(vectors)
    return torch.stack([F.cosine_similarity(vectors[: T - d].mean(dim=0), vectors[d:].mean(dim=0), dim=0) for d in range(T)])


# %% cosine_by_distance | a corner of the square in place of its diagonal
# style: slices
# at: means[d] = cosines[d:, : T - d].mean()
# kind: missing, name
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    T = len(vectors)
    unit = F.normalize(vectors, dim=-1)
    cosines = unit @ unit.T
    means = torch.zeros(T)
    for d in range(T):
        means[d] = cosines[d:, : T - d].mean()
    return means


# %% cosine_by_distance | negative cosines set to 0
# style: hasty
# at: cosines = (unit @ unit.T).clamp(min=0)
# kind: extra, sign
import torch
from torch.nn import functional as F

def cosine_by_distance(vectors):
    unit = F.normalize(vectors, dim=-1)
    cosines = (unit @ unit.T).clamp(min=0)
    return torch.stack([cosines.diagonal(d).mean() for d in range(len(unit))])
