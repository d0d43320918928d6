# %% attention_weights | d ** 1 / 2 is d / 2
# style: one-liner
# at: scores = query @ key.transpose(-2, -1) / (query.size(-1) ** 1 / 2)
# kind: scale, operator, order
def attention_weights(query, key, mask=None):
    scores = query @ key.transpose(-2, -1) / (query.size(-1) ** 1 / 2)
    if mask is not None:
        scores = scores.masked_fill(mask == False, float("-inf"))
    return scores.softmax(-1)

# %% attention_weights | without a mask the softmax is left out
# style: careful beginner
# at: return scores
# kind: return, missing, condition
# known: no softmax
import math

import torch


def attention_weights(query, key, mask=None):
    d = query.size(-1)
    scores = torch.matmul(query, torch.transpose(key, 2, 3))
    scores = scores / math.sqrt(d)
    if mask is None:
        return scores
    # hide what may not be seen
    scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1)

# %% attention_weights | softmax by hand: the sum runs over everything
# style: from NumPy
# at: weights = e / torch.sum(e)
# kind: axis, argument, missing
# known: softmax over everything
import torch


def attention_weights(query, key, mask=None):
    scores = torch.einsum("bhtd,bhsd->bhts", query, key) / query.shape[-1] ** 0.5
    e = torch.exp(scores - scores.max())
    if mask is not None:
        e = e * mask
    weights = e / torch.sum(e)
    return weights

# %% attention_weights | softmax by hand: the maximum over the queries' axis stretches wrongly
# style: from NumPy
# at: scores = scores - scores.amax(-1)
# kind: argument, shape, axis
import torch


def attention_weights(query, key, mask=None):
    scores = query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5
    if mask is not None:
        scores = torch.where(mask, scores, -torch.inf)
    scores = scores - scores.amax(-1)
    e = scores.exp()
    return e / e.sum(-1, keepdim=True)

# %% attention_weights | a loop over the heads that keeps the last one only
# style: loops
# at: weights = torch.softmax(s, dim=-1)
# at: return weights
# kind: state, missing, return
# known: the last head only
import torch


def attention_weights(query, key, mask=None):
    B, H, T, d = query.shape
    for h in range(H):
        s = query[:, h] @ key[:, h].transpose(1, 2) / d**0.5
        if mask is not None:
            m = mask.expand(B, H, T, key.size(2))[:, h]
            s = s.masked_fill(~m, float("-inf"))
        weights = torch.softmax(s, dim=-1)
    return weights

# %% attention_weights | the scaled scores are thrown away
# style: careful beginner
# at: torch.div(scores, math.sqrt(query.size(-1)))
# kind: missing, return, state
# known: no scaling
import math

import torch


def attention_weights(query, key, mask=None):
    # step 1: dot products
    scores = torch.matmul(query, key.transpose(-1, -2))
    # step 2: scale
    torch.div(scores, math.sqrt(query.size(-1)))
    # step 3: mask
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), -math.inf)
    # step 4: softmax
    return torch.softmax(scores, dim=-1)

# %% attention_weights | the mask made in its absence is as long as the queries
# style: careful beginner
# at: mask = torch.ones(T, T, dtype=torch.bool)
# kind: name, shape
import torch


def attention_weights(query, key, mask=None):
    T = query.size(-2)
    if mask is None:
        mask = torch.ones(T, T, dtype=torch.bool)
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    return scores.masked_fill(~mask, float("-inf")).softmax(dim=-1)

# %% attention_weights | log_softmax
# style: hasty
# at: return F.log_softmax(scores, dim=-1)
# kind: name
import torch.nn.functional as F


def attention_weights(query, key, mask=None):
    scores = query @ key.mT / query.shape[-1]**0.5
    if mask is not None:
        scores[~mask.expand_as(scores)] = float("-inf")
    return F.log_softmax(scores, dim=-1)

# %% attention_weights | one minus a boolean
# style: Hugging Face
# at: attention_scores = attention_scores + (1.0 - mask) * torch.finfo(attention_scores.dtype).min
# kind: type, sign, operator
import math

import torch
from torch import nn


def attention_weights(query, key, mask=None):
    attention_scores = torch.matmul(query, key.transpose(-1, -2))
    attention_scores = attention_scores / math.sqrt(query.shape[-1])
    if mask is not None:
        attention_scores = attention_scores + (1.0 - mask) * torch.finfo(attention_scores.dtype).min
    return nn.functional.softmax(attention_scores, dim=-1)

# %% attention_weights | multiplied with the values, of which there are none
# style: nanoGPT
# at: return att @ key
# kind: extra, return
import math

import torch.nn.functional as F


def attention_weights(query, key, mask=None):
    att = (query @ key.transpose(-2, -1)) / math.sqrt(query.size(-1))
    if mask is not None:
        att = att.masked_fill(~mask, -math.inf)
    att = F.softmax(att, dim=-1)
    return att @ key

# %% attention_weights | elementwise product for the dot product
# style: from Keras
# at: logits = (query * key).sum(dim=-1, keepdim=True)
# kind: operator
import torch


def attention_weights(query, key, mask=None):
    depth = torch.tensor(query.shape[-1], dtype=torch.float32)
    logits = (query * key).sum(dim=-1, keepdim=True)
    logits = logits / torch.sqrt(depth)
    if mask is not None:
        logits = logits + torch.where(mask, 0.0, -1e9)
    return torch.softmax(logits, dim=-1)

# %% attention_weights | masked again after the softmax with the wrong fill
# style: careful beginner
# at: weights = weights.masked_fill(~mask, -math.inf)
# kind: extra, number, order
# known: mask after softmax
import math


def attention_weights(query, key, mask=None):
    scores = query.matmul(key.transpose(-2, -1)).div(math.sqrt(query.size(-1)))
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, -math.inf)
    return weights

# %% attention_weights | each row divided by its largest weight instead of its sum
# style: loops
# at: return e / e.amax(dim=-1, keepdim=True)
# kind: name
import torch


def attention_weights(query, key, mask=None):
    d = key.size(3)
    scores = query @ key.transpose(2, 3) / d**0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    e = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    return e / e.amax(dim=-1, keepdim=True)

# %% attention_weights | the fourth root, taken on one side only
# style: one-liner
# at: q = query * query.size(-1) ** -0.25
# at: scores = q @ key.mT
# kind: scale, missing
def attention_weights(query, key, mask=None):
    q = query * query.size(-1) ** -0.25
    scores = q @ key.mT
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1)

# %% attention_weights | one dimension too many is put into the mask
# style: Hugging Face
# at: mask = mask.unsqueeze(1)
# kind: shape, extra
import math

import torch


def attention_weights(query, key, mask=None):
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(query.size(-1))
    if mask is not None:
        # the same mask for every head
        mask = mask.unsqueeze(1)
        scores = scores.masked_fill(~mask, float("-inf"))
    return torch.softmax(scores, dim=-1)

# %% attention_weights | the causal mask of a GPT, whatever mask is given
# style: nanoGPT
# at: att = att.masked_fill(torch.tril(torch.ones(T, S)) == 0, float('-inf'))
# kind: extra, name
import math

import torch
import torch.nn.functional as F


def attention_weights(query, key, mask=None):
    T, S = query.size(-2), key.size(-2)
    att = (query @ key.transpose(-2, -1)) * (1.0 / math.sqrt(key.size(-1)))
    att = att.masked_fill(torch.tril(torch.ones(T, S)) == 0, float('-inf'))
    if mask is not None:
        att = att.masked_fill(mask == 0, float('-inf'))
    return F.softmax(att, dim=-1)

# %% attention_weights | cosines in place of dot products
# style: careful beginner
# at: query = F.normalize(query, dim=-1)
# at: key = F.normalize(key, dim=-1)
# kind: extra, scale
from torch.nn import functional as F


def attention_weights(query, key, mask=None):
    d = query.shape[-1]
    query = F.normalize(query, dim=-1)
    key = F.normalize(key, dim=-1)
    scores = query @ key.transpose(-2, -1) / d**0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return F.softmax(scores, dim=-1)

# %% attention_weights | dropout put into the weights
# style: Annotated Transformer
# at: p_attn = F.dropout(p_attn, 0.1)
# kind: extra, state
# known: random in evaluation
import math

import torch
import torch.nn.functional as F


def attention_weights(query, key, mask=None):
    d_k = query.size(-1)
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(d_k)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    p_attn = scores.softmax(dim=-1)
    p_attn = F.dropout(p_attn, 0.1)
    return p_attn

# %% attention_weights | the caller's mask is turned round in place
# style: hasty
# at: scores = scores.masked_fill(mask.logical_not_(), float("-inf"))
# kind: state, name
# known: input changed in place
def attention_weights(query, key, mask=None):
    scores = query @ key.mT / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not_(), float("-inf"))
    return scores.softmax(dim=-1)

# %% attention_weights | the mask's dimensions of size 1 are squeezed away
# style: from NumPy
# at: mask = mask.squeeze()
# kind: shape, extra
def attention_weights(query, key, mask=None):
    scores = query @ key.swapaxes(2, 3) / query.shape[3] ** 0.5
    if mask is not None:
        mask = mask.squeeze()
        scores = scores.masked_fill(~mask, -1e9)
    return scores.softmax(axis=-1)

# %% attention_weights | a key that learns nothing
# style: careful beginner
# at: scores = torch.matmul(query, key.detach().transpose(-2, -1))
# kind: gradient
import math

import torch


def attention_weights(query, key, mask=None):
    scores = torch.matmul(query, key.detach().transpose(-2, -1))
    scores = scores / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1)

# %% attention_weights | two: softmax over the heads, scaled by the number of heads
# style: hasty
# at: scores = query @ key.transpose(-1, -2) / math.sqrt(query.size(1))
# kind: number, scale
# at2: return F.softmax(scores, 1)
# kind2: axis, number
# known: softmax over heads
import math

import torch.nn.functional as F


def attention_weights(query, key, mask=None):
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.size(1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return F.softmax(scores, 1)

# %% attention_weights | two: d ** 1/2, and only hides where the mask is True
# style: from Keras
# at: scale = query.shape[-1] ** 1/2
# kind: scale, operator, order
# at2: scores = scores.masked_fill(mask, -1e9)
# kind2: sign, missing
# known: mask inverted
def attention_weights(query, key, mask=None):
    scale = query.shape[-1] ** 1/2
    scores = query @ key.mT / scale
    if mask is not None:
        scores = scores.masked_fill(mask, -1e9)
    return scores.softmax(-1)

# %% attention_weights | two: the sum along the queries, and the root missing
# style: from NumPy
# at: scores = torch.einsum("bhik,bhjk->bhij", query, key) / query.shape[-1]
# kind: scale, missing
# at2: return e / e.sum(axis=-2, keepdims=True)
# kind2: axis
# known: scaled by d; softmax over queries
import torch


def attention_weights(query, key, mask=None):
    scores = torch.einsum("bhik,bhjk->bhij", query, key) / query.shape[-1]
    e = torch.exp(scores - scores.max())
    if mask is not None:
        e = e * mask
    return e / e.sum(axis=-2, keepdims=True)

# %% attention_weights | two: the first text's mask for all, and no transpose but a reshape
# style: loops
# at: s = q @ k.reshape(k.size(1), k.size(0)) / q.size(-1) ** 0.5
# kind: shape
# at2: s = s.masked_fill(~full[0, h], float("-inf"))
# kind2: number, name
import torch


def attention_weights(query, key, mask=None):
    B, H, T, d = query.shape
    S = key.size(2)
    full = torch.ones(B, H, T, S, dtype=torch.bool) if mask is None else mask.expand(B, H, T, S)
    texts = []
    for b in range(B):
        heads = []
        for h in range(H):
            q, k = query[b, h], key[b, h]
            s = q @ k.reshape(k.size(1), k.size(0)) / q.size(-1) ** 0.5
            s = s.masked_fill(~full[0, h], float("-inf"))
            heads.append(s.softmax(-1))
        texts.append(torch.stack(heads))
    return torch.stack(texts)

# %% padding_mask | True and False would be needed, uint8 is given
# style: Hugging Face
# at: return attention_mask[:, None, None, :].to(torch.uint8)
# kind: type
# known: not boolean
import torch


def padding_mask(attention_mask):
    return attention_mask[:, None, None, :].to(torch.uint8)

# %% padding_mask | two dimensions in front, so that texts are taken for queries
# style: hasty
# at: return attention_mask.bool().unsqueeze(0).unsqueeze(0)
# kind: axis, shape, number
def padding_mask(attention_mask):
    return attention_mask.bool().unsqueeze(0).unsqueeze(0)

# %% padding_mask | the first text's marks for all
# style: careful beginner
# at: row = attention_mask[0]
# kind: number, extra
def padding_mask(attention_mask):
    row = attention_mask[0]
    S = row.size(0)
    return row.bool().view(1, 1, 1, S)

# %% padding_mask | at least 0 is everything
# style: from NumPy
# at: mask = attention_mask >= 0
# kind: condition
def padding_mask(attention_mask):
    mask = attention_mask >= 0
    return mask[:, None, None, :]

# %% padding_mask | the method is not called
# style: hasty
# at: return attention_mask.unsqueeze(1).unsqueeze(2).bool
# kind: missing, type, return
def padding_mask(attention_mask):
    return attention_mask.unsqueeze(1).unsqueeze(2).bool

# %% padding_mask | the caller's marks are stretched in place
# style: hasty
# at: attention_mask.unsqueeze_(1).unsqueeze_(2)
# kind: state
# known: input changed in place
def padding_mask(attention_mask):
    attention_mask.unsqueeze_(1).unsqueeze_(2)
    return attention_mask.bool()

# %% padding_mask | the marks read as lengths, which fails where padding stands in front
# style: from Keras
# at: lengths = attention_mask.sum(dim=1)
# at: mask = torch.arange(S)[None, :] < lengths[:, None]
# kind: condition, order, name
# known: marks taken for a length
import torch


def padding_mask(attention_mask):
    B, S = attention_mask.shape
    lengths = attention_mask.sum(dim=1)
    mask = torch.arange(S)[None, :] < lengths[:, None]
    return mask.reshape(B, 1, 1, S)

# %% padding_mask | one off, which a bool cannot be
# style: one-liner
# at: return (attention_mask - 1 == 0)[:, None, None]
# kind: type, operator
def padding_mask(attention_mask):
    return (attention_mask - 1 == 0)[:, None, None]

# %% padding_mask | nested lists
# style: loops
# at: return mask
# kind: type, return
def padding_mask(attention_mask):
    mask = []
    for row in attention_mask:
        mask.append([[[bool(mark) for mark in row]]])
    return mask

# %% padding_mask | sizes in the wrong order in a view
# style: careful beginner
# at: return attention_mask.bool().view(S, 1, 1, B)
# kind: shape, argument, axis, order
def padding_mask(attention_mask):
    B, S = attention_mask.shape
    return attention_mask.bool().view(S, 1, 1, B)

# %% padding_mask | copied for every query
# style: Hugging Face
# at: return mask.expand(B, 1, S, S)
# kind: extra, shape
# known: a copy for each query
def padding_mask(attention_mask):
    B, S = attention_mask.size()
    mask = attention_mask[:, None, None, :] == 1
    return mask.expand(B, 1, S, S)

# %% padding_mask | the new dimensions behind the marks
# style: from Keras
# at: return marks[..., None, None]
# kind: axis, shape, order
# known: queries masked
def padding_mask(attention_mask):
    marks = attention_mask != 0
    return marks[..., None, None]

# %% padding_mask | two: as lengths with <=, and floats
# style: loops
# at: mask[b, 0, 0, s] = s <= n
# kind: condition
# at2: mask = torch.zeros(len(attention_mask), 1, 1, attention_mask.size(1))
# kind2: type, argument, missing
# known: floats
import torch


def padding_mask(attention_mask):
    mask = torch.zeros(len(attention_mask), 1, 1, attention_mask.size(1))
    for b in range(len(attention_mask)):
        n = int(attention_mask[b].sum())
        for s in range(attention_mask.size(1)):
            mask[b, 0, 0, s] = s <= n
    return mask

# %% padding_mask | two: written for one text, and a number in place of a truth
# style: careful beginner
# at: mask = attention_mask.flatten()
# kind: shape, extra
# at2: return mask[None, None, None, :]
# kind2: missing, type
# known: not boolean
def padding_mask(attention_mask):
    # the marks as one row
    mask = attention_mask.flatten()
    return mask[None, None, None, :]

# %% padding_mask | two: padding is True, and the texts stand where the queries do
# style: from Keras
# at: m = attention_mask == 0
# kind: condition, sign
# at2: return m[None, None]
# kind2: axis, shape
# known: padding marked
def padding_mask(attention_mask):
    m = attention_mask == 0
    return m[None, None]

# %% split_heads | split takes a size, not a number of parts
# style: from NumPy
# at: return torch.stack(torch.split(x, num_heads, dim=2), dim=1)
# kind: argument, name
# known: number and size exchanged
import torch


def split_heads(x, num_heads):
    return torch.stack(torch.split(x, num_heads, dim=2), dim=1)

# %% split_heads | the chunks glued along the batch and then cut up
# style: Keras
# at: x = torch.cat(torch.chunk(x, num_heads, dim=-1), dim=0)
# at: return x.reshape(B, num_heads, T, D // num_heads)
# kind: axis, shape
import torch


def split_heads(x, num_heads):
    B, T, D = x.shape
    x = torch.cat(torch.chunk(x, num_heads, dim=-1), dim=0)
    return x.reshape(B, num_heads, T, D // num_heads)

# %% split_heads | the words are cut up in place of the columns
# style: hasty
# at: return x.reshape(B, num_heads, T // num_heads, D)
# kind: axis, shape
# known: tokens split
def split_heads(x, num_heads):
    B, T, D = x.shape
    return x.reshape(B, num_heads, T // num_heads, D)

# %% split_heads | slices as wide as there are heads
# style: loops
# at: heads.append(x[:, :, h * num_heads : (h + 1) * num_heads])
# kind: name
import torch


def split_heads(x, num_heads):
    d = x.size(-1) // num_heads
    heads = []
    for h in range(num_heads):
        heads.append(x[:, :, h * num_heads : (h + 1) * num_heads])
    return torch.stack(heads, dim=1)

# %% split_heads | the last two axes exchanged
# style: one-liner
# at: return x.unflatten(-1, (num_heads, -1)).permute(0, 2, 3, 1)
# kind: axis, order
def split_heads(x, num_heads):
    return x.unflatten(-1, (num_heads, -1)).permute(0, 2, 3, 1)

# %% split_heads | through NumPy, where no gradient follows
# style: from NumPy
# at: a = x.detach().numpy().reshape(x.shape[0], x.shape[1], num_heads, -1)
# kind: gradient, type
import numpy as np
import torch


def split_heads(x, num_heads):
    a = x.detach().numpy().reshape(x.shape[0], x.shape[1], num_heads, -1)
    return torch.from_numpy(np.ascontiguousarray(a.transpose(0, 2, 1, 3)))

# %% split_heads | a size that is a float
# style: hasty
# at: d = D / num_heads
# kind: type, operator
def split_heads(x, num_heads):
    B, T, D = x.shape
    d = D / num_heads
    return x.view(B, T, num_heads, d).transpose(1, 2)

# %% split_heads | the last head is left out
# style: loops
# at: for h in range(num_heads - 1):
# kind: number, condition
import torch


def split_heads(x, num_heads):
    size = x.shape[-1] // num_heads
    first = x[..., :size].unsqueeze(1)
    for h in range(num_heads - 1):
        if h > 0:
            first = torch.cat([first, x[..., h * size : (h + 1) * size].unsqueeze(1)], dim=1)
    return first

# %% split_heads | the heads in reverse order
# style: loops
# at: heads.insert(0, part)
# kind: order, name, number, argument
import torch


def split_heads(x, num_heads):
    heads = []
    for part in x.chunk(num_heads, dim=-1):
        heads.insert(0, part)
    return torch.stack(heads, dim=1)

# %% split_heads | a tuple of heads
# style: hasty
# at: return x.chunk(num_heads, dim=-1)
# kind: return, type, missing
# known: a tuple of heads
def split_heads(x, num_heads):
    return x.chunk(num_heads, dim=-1)

# %% split_heads | heads and texts exchanged by the transpose
# style: Hugging Face
# at: return x.transpose(0, 2)
# kind: axis, argument, number
def split_heads(x, num_heads):
    new_shape = x.size()[:-1] + (num_heads, x.size(-1) // num_heads)
    x = x.view(new_shape)
    return x.transpose(0, 2)

# %% split_heads | every head gets the first slice
# style: einsum
# at: return x[..., None, :d].expand(-1, -1, num_heads, d).transpose(1, 2)
# kind: shape, name, number
def split_heads(x, num_heads):
    d = x.shape[-1] // num_heads
    return x[..., None, :d].expand(-1, -1, num_heads, d).transpose(1, 2)

# %% split_heads | columns before words in the view
# style: careful beginner
# at: heads = x.view(B, num_heads, D // num_heads, T)
# kind: shape, order
def split_heads(x, num_heads):
    B, T, D = x.shape
    # (B, T, D) -> (B, H, d, T)
    heads = x.view(B, num_heads, D // num_heads, T)
    # (B, H, d, T) -> (B, H, T, d)
    return heads.transpose(2, 3)

# %% split_heads | two: the loop's slices overlap, and the tensor is detached
# style: loops
# at: part = x[:, :, h : h + d]
# kind: number, missing, operator
# at2: out[:, h] = part.data
# kind2: gradient
import torch


def split_heads(x, num_heads):
    B, T, D = x.shape
    d = D // num_heads
    out = torch.zeros(B, num_heads, T, d)
    for h in range(num_heads):
        part = x[:, :, h : h + d]
        out[:, h] = part.data
    return out

# %% split_heads | two: every num_heads-th column, and the heads at the end
# style: from NumPy
# at: columns = [x[..., h::num_heads] for h in range(num_heads)]
# kind: number, order, name, shape
# at2: return torch.stack(columns, axis=-1)
# kind2: axis
# known: interleaved
import torch


def split_heads(x, num_heads):
    columns = [x[..., h::num_heads] for h in range(num_heads)]
    return torch.stack(columns, axis=-1)

# %% split_heads | two: the slices lack their last column, and the heads come first
# style: loops
# at: heads.append(x[:, :, h * d : (h + 1) * d - 1])
# kind: number
# at2: return torch.stack(heads)
# kind2: axis, argument, missing
# known: heads first
import torch


def split_heads(x, num_heads):
    d = x.size(2) // num_heads
    heads = []
    for h in range(num_heads):
        heads.append(x[:, :, h * d : (h + 1) * d - 1])
    return torch.stack(heads)

# %% MultiHeadAttention | the context replaced just when there is one
# style: careful beginner
# at: if context is not None:
# kind: condition
# known: context only where there is none
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        # without a context, x looks at itself
        if context is not None:
            context = x
        # 1. project
        query = self.query(x)
        key = self.key(context)
        value = self.value(context)
        # 2. split
        query = split_heads(query, self.num_heads)
        key = split_heads(key, self.num_heads)
        value = split_heads(value, self.num_heads)
        # 3. weights
        weights = attention_weights(query, key, mask)
        weights = F.dropout(weights, self.dropout, self.training)
        found = torch.matmul(weights, value)
        # 4. together again
        B, H, T, d = found.shape
        return found.transpose(1, 2).reshape(B, T, H * d)

# %% MultiHeadAttention | a dropout module made anew in each call is always in training
# style: Hugging Face
# at: attention_probs = nn.Dropout(self.dropout)(attention_probs)
# kind: state
# known: random in evaluation
import torch
from torch import nn

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        if context is None:
            context = x
        query_layer = split_heads(self.query(x), self.num_heads)
        key_layer = split_heads(self.key(context), self.num_heads)
        value_layer = split_heads(self.value(context), self.num_heads)
        attention_probs = attention_weights(query_layer, key_layer, mask)
        attention_probs = nn.Dropout(self.dropout)(attention_probs)
        context_layer = torch.matmul(attention_probs, value_layer)
        context_layer = context_layer.permute(0, 2, 1, 3).contiguous()
        new_context_layer_shape = context_layer.size()[:-2] + (self.hidden_size,)
        return context_layer.view(new_context_layer_shape)

# %% MultiHeadAttention | put together with the context's length
# style: nanoGPT
# at: B, T, C = context.shape
# kind: name
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        B, T, C = context.shape
        q, k, v = self.query(x), self.key(context), self.value(context)
        q, k, v = [split_heads(t, self.num_heads) for t in (q, k, v)]
        att = attention_weights(q, k, mask)
        att = F.dropout(att, self.dropout, self.training)
        y = att @ v
        y = y.transpose(1, 2).contiguous().view(B, T, C)
        return y

# %% MultiHeadAttention | the mask counts only where x looks at itself
# style: careful beginner
# at: weights = attention_weights(q, k)
# kind: missing, argument
# known: mask ignored with a context
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        if context is None:
            q, k, v = (split_heads(f(x), self.num_heads) for f in (self.query, self.key, self.value))
            weights = attention_weights(q, k, mask)
        else:
            q = split_heads(self.query(x), self.num_heads)
            k = split_heads(self.key(context), self.num_heads)
            v = split_heads(self.value(context), self.num_heads)
            weights = attention_weights(q, k)
        weights = F.dropout(weights, self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | twelve heads, whatever was asked for
# style: hasty
# at: heads = 12
# kind: number, name
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        heads = 12
        if context is None:
            context = x
        q = split_heads(self.query(x), heads)
        k = split_heads(self.key(context), heads)
        v = split_heads(self.value(context), heads)
        w = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        out = w @ v
        return out.transpose(1, 2).reshape(x.shape)

# %% MultiHeadAttention | torch's own attention, with dropout in evaluation as well
# style: one-liner
# at: found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=self.dropout)
# kind: argument, state, missing
# known: random in evaluation
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=self.dropout)
        return found.transpose(1, 2).flatten(2)

# %% MultiHeadAttention | made to sum to one again after the dropout
# style: careful beginner
# at: weights = weights / weights.sum(dim=-1, keepdim=True)
# kind: extra
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = attention_weights(q, k, mask)
        weights = F.dropout(weights, self.dropout, self.training)
        # some were dropped, so make the rest sum to 1 again
        weights = weights / weights.sum(dim=-1, keepdim=True)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | heads put below one another
# style: loops
# at: return torch.cat(pieces, dim=1)
# kind: axis, number
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        if context is None:
            context = x
        q, k, v = self.query(x), self.key(context), self.value(context)
        q, k, v = (split_heads(part, self.num_heads) for part in (q, k, v))
        weights = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        pieces = []
        for h in range(self.num_heads):
            pieces.append(weights[:, h] @ v[:, h])
        return torch.cat(pieces, dim=1)

# %% MultiHeadAttention | the rate of what is kept, not of what is dropped
# style: from Keras
# at: weights = F.dropout(weights, 1 - self.dropout, self.training)
# kind: sign, number, scale, operator, argument
# known: another rate
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = context if context is not None else x
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = attention_weights(q, k, mask)
        weights = F.dropout(weights, 1 - self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | without gradient
# style: Hugging Face
# at: @torch.no_grad()
# kind: gradient
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    @torch.no_grad()
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | the mask turned, as torch's own modules would have it
# style: torch's modules
# at: weights = attention_weights(q, k, ~mask if mask is not None else None)
# kind: sign
# known: mask inverted
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = attention_weights(q, k, ~mask if mask is not None else None)
        weights = F.dropout(weights, self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | returns what it found and the weights
# style: torch's modules
# at: return found, weights
# kind: return, extra
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        if context is None:
            context = x
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = attention_weights(q, k, mask)
        found = (F.dropout(weights, self.dropout, self.training) @ v).transpose(1, 2).flatten(2)
        return found, weights

# %% MultiHeadAttention | x is overwritten by its query before it serves as context
# style: hasty
# at: x = self.query(x)
# at: context = x if context is None else context
# kind: state, order, name
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        x = self.query(x)
        context = x if context is None else context
        q = split_heads(x, self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        w = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (w @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | the texts are put side by side, not the heads
# style: loops
# at: return torch.cat(list(found), dim=-1)
# kind: axis, shape, missing
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        if context is None:
            context = x
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        w = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        found = w @ v
        return torch.cat(list(found), dim=-1)

# %% MultiHeadAttention | causal where no mask is given
# style: nanoGPT
# at: is_causal=mask is None,
# at: y = F.scaled_dot_product_attention(
# kind: argument, extra
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        y = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask,
            dropout_p=self.dropout if self.training else 0,
            is_causal=mask is None,
        )
        return y.transpose(1, 2).contiguous().view(x.size())

# %% MultiHeadAttention | the mask counts only where there is a context
# style: careful beginner
# at: if context is None:
# at: mask = None
# kind: extra, state
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        if context is None:
            context = x
            mask = None
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | the weights learn nothing
# style: Hugging Face
# at: weights = attention_weights(q, k, mask).detach()
# kind: gradient
# known: gradient cut off
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = attention_weights(q, k, mask).detach()
        weights = F.dropout(weights, self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | whole heads are dropped, not single weights
# style: from Keras
# at: weights = F.dropout2d(weights, self.dropout, self.training)
# kind: name
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = attention_weights(q, k, mask)
        weights = F.dropout2d(weights, self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | what is left after the dropout is not made larger
# style: careful beginner
# at: weights = weights.masked_fill(lost, 0.0)
# kind: missing, scale
# known: another rate
import torch
from torch import nn

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        if context is None:
            context = x
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = attention_weights(q, k, mask)
        if self.training:
            lost = torch.rand_like(weights) < self.dropout
            weights = weights.masked_fill(lost, 0.0)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | one matrix for all three, as in GPT
# style: nanoGPT
# at: self.c_attn = nn.Linear(hidden_size, 3 * hidden_size)
# kind: definition
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.c_attn = nn.Linear(hidden_size, 3 * hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = self.c_attn(x).chunk(3, dim=-1)[0]
        _, k, v = self.c_attn(context).chunk(3, dim=-1)
        q, k, v = (split_heads(t, self.num_heads) for t in (q, k, v))
        att = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (att @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | the three layers in a plain list, where torch does not see them
# style: loops
# at: self.layers = [nn.Linear(hidden_size, hidden_size) for _ in range(3)]
# kind: definition, type
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.layers = [nn.Linear(hidden_size, hidden_size) for _ in range(3)]

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        inputs = [x, context, context]
        q, k, v = [split_heads(f(t), self.num_heads) for f, t in zip(self.layers, inputs)]
        weights = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | the key without a bias
# style: hasty
# at: self.key = nn.Linear(hidden_size, hidden_size, bias=False)
# kind: definition, argument
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size, bias=False)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | super().__init__() comes last
# style: careful beginner
# at: super().__init__()
# kind: order, definition
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)
        super().__init__()

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | a default in the list of parameters that is shared by all calls
# style: careful beginner
# at: def forward(self, x, context=None, mask=None, seen=[]):
# at: seen.append(context)
# at: context = seen[0]
# kind: state, argument, number
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None, seen=[]):
        if context is None:
            context = x
        seen.append(context)
        context = seen[0]
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | two: scaled once more, and the key taken from x
# style: nanoGPT
# at: k = split_heads(self.key(x), self.num_heads)
# kind: name
# at2: q = q / math.sqrt(q.size(-1))
# kind2: extra, scale
# known: keys from x; scaled twice
import math

from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(x), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        q = q / math.sqrt(q.size(-1))
        att = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (att @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | two: the context asks, and the values go through a relu
# style: from Keras
# at: q = split_heads(self.query(context), self.num_heads)
# kind: name
# at2: v = split_heads(F.relu(self.value(context)), self.num_heads)
# kind2: extra
# known: query from context
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights, split_heads


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        q = split_heads(self.query(context), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(F.relu(self.value(context)), self.num_heads)
        weights = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return (weights @ v).transpose(1, 2).flatten(2)

# %% MultiHeadAttention | two: split by a view without a transpose, and always in training
# style: careful beginner
# at: return x.view(x.size(0), self.num_heads, x.size(1), -1)
# kind: shape, missing
# at2: weights = F.dropout(weights, self.dropout)
# kind2: argument, missing, state
# known: split by reshape; random in evaluation
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def heads(self, x):
        return x.view(x.size(0), self.num_heads, x.size(1), -1)

    def forward(self, x, context=None, mask=None):
        if context is None:
            context = x
        B, T, D = x.shape
        q = self.heads(self.query(x))
        k = self.heads(self.key(context))
        v = self.heads(self.value(context))
        weights = attention_weights(q, k, mask)
        weights = F.dropout(weights, self.dropout)
        found = torch.matmul(weights, v)
        return found.transpose(1, 2).reshape(B, T, D)
