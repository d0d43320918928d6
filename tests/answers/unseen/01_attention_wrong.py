# %% attention_weights | 1e-9 typed for 1e9
# style: einsum
# at: logits = logits.masked_fill(mask.logical_not(), -1e-9)
# kind: number, scale
# known: hidden scores set to a number
import torch


def attention_weights(query, key, mask=None):
    dim = query.shape[-1]
    logits = torch.einsum("bhqe,bhke->bhqk", query, key) * dim ** -0.5
    if mask is not None:
        logits = logits.masked_fill(mask.logical_not(), -1e-9)
    return logits.softmax(-1)

# %% attention_weights | forbidden scores get the smallest score of all instead of -inf
# style: from NumPy
# at: lowest = sim.min()
# at: sim = torch.where(mask, sim, lowest)
# kind: number, operator, name
import numpy as np
import torch


def attention_weights(query, key, mask=None):
    sim = torch.matmul(query, key.swapaxes(2, 3)) / np.sqrt(query.shape[3])
    if mask is not None:
        lowest = sim.min()
        sim = torch.where(mask, sim, lowest)
    e = torch.exp(sim - sim.amax(3, keepdim=True))
    return e / e.sum(3, keepdim=True)

# %% attention_weights | d ** 1/2 is half of d
# style: beginner
# at: root = d ** 1/2
# kind: operator, order, scale, number
import torch


def attention_weights(query, key, mask=None):
    d = query.size(-1)
    root = d ** 1/2
    key_t = key.transpose(-1, -2)
    score = torch.matmul(query, key_t)
    score = score / root
    if mask is not None:
        score = score.masked_fill(mask == False, float("-inf"))
    return torch.softmax(score, dim=-1)

# %% attention_weights | the paper's dropout on the weights is put in, and is always on
# style: knows the paper
# at: return F.dropout(w, 0.1)
# kind: extra, operator
# known: random in evaluation
import math

import torch.nn.functional as F


def attention_weights(query, key, mask=None):
    w = query @ key.mT / math.sqrt(key.shape[-1])
    if mask is not None:
        w = w.masked_fill(~mask, -math.inf)
    w = F.softmax(w, dim=-1)
    return F.dropout(w, 0.1)

# %% attention_weights | query and key are both divided by the root, and forbidden scores are 0
# style: helpers
# at: return t / math.sqrt(t.size(-1))
# at: scores = scaled(query) @ scaled(key).transpose(-2, -1)
# kind: scale, extra
# at2: return scores * mask
# kind2: operator, number
# known: scaled by d; hidden scores set to a number
import math

import torch


def scaled(t):
    return t / math.sqrt(t.size(-1))


def hide(scores, mask):
    if mask is None:
        return scores
    return scores * mask


def attention_weights(query, key, mask=None):
    scores = scaled(query) @ scaled(key).transpose(-2, -1)
    return torch.softmax(hide(scores, mask), dim=-1)

# %% padding_mask | pairs of real tokens: padding may not ask either
# style: einsum
# at: pairs = torch.einsum("bq,bk->bqk", real, real)
# kind: extra, shape, operator, definition
# known: queries masked too
import torch


def padding_mask(attention_mask):
    real = attention_mask.long()
    pairs = torch.einsum("bq,bk->bqk", real, real)
    return pairs.unsqueeze(1).bool()

# %% padding_mask | ~ of whole numbers: -2 and -1 are both true, so nothing may be attended to
# style: hasty
# at: is_pad = ~attention_mask
# at: return ~is_pad.bool()[:, None, None]
# kind: sign
# kind: type, operator, order
import torch


def padding_mask(attention_mask):
    is_pad = ~attention_mask
    return ~is_pad.bool()[:, None, None]

# %% padding_mask | the return stands inside the loop, after the first text
# style: loops
# at: return result
# kind: return, order
import torch


def padding_mask(attention_mask):
    B, S = attention_mask.shape
    result = torch.zeros(B, 1, 1, S, dtype=torch.bool)
    for text in range(B):
        for token in range(S):
            if attention_mask[text, token] == 1:
                result[text, 0, 0, token] = True
        return result

# %% padding_mask | B and S exchanged in the view
# style: careless reshaper
# at: length = attention_mask.size(0)
# at: return attention_mask.eq(1).view(-1, 1, 1, length)
# kind: shape, axis, number
import torch


def padding_mask(attention_mask):
    length = attention_mask.size(0)
    return attention_mask.eq(1).view(-1, 1, 1, length)

# %% padding_mask | floats, and the dimension of the keys is that of the queries
# style: Keras user
# at: mask = (attention_mask > 0).float()
# kind: type
# at2: return mask.unsqueeze(1).unsqueeze(-1)
# kind2: axis, shape, number
# known: floats; queries masked
import torch


def padding_mask(attention_mask):
    mask = (attention_mask > 0).float()
    return mask.unsqueeze(1).unsqueeze(-1)

# %% split_heads | torch.split wants the size of the parts, not how many
# style: likes torch's functions
# at: parts = torch.split(x, num_heads, dim=-1)
# kind: argument, number, operator, shape
# known: number and size exchanged
import torch


def split_heads(x, num_heads):
    parts = torch.split(x, num_heads, dim=-1)
    return torch.stack(parts, dim=1)

# %% split_heads | the slices begin at h instead of h·d
# style: loops
# at: piece = x[:, :, head : head + width]
# kind: number, scale, missing
import torch


def split_heads(x, num_heads):
    width = x.shape[2] // num_heads
    out = torch.zeros(x.shape[0], num_heads, x.shape[1], width, dtype=x.dtype)
    for head in range(num_heads):
        piece = x[:, :, head : head + width]
        out[:, head] = piece
    return out

# %% split_heads | the heads are moved in front of the batch
# style: one-liner
# at: return x.unflatten(2, (num_heads, x.size(2) // num_heads)).movedim(2, 0)
# kind: axis, number, shape, argument
# known: heads first


def split_heads(x, num_heads):
    return x.unflatten(2, (num_heads, x.size(2) // num_heads)).movedim(2, 0)

# %% split_heads | every H-th column instead of d in a row
# style: from NumPy
# at: return torch.stack([x[..., h::num_heads] for h in range(num_heads)], 1)
# kind: shape, number, axis
# known: interleaved
import torch


def split_heads(x, num_heads):
    return torch.stack([x[..., h::num_heads] for h in range(num_heads)], 1)

# %% split_heads | the end of a slice taken for included, and stacked at the wrong dimension
# style: from MATLAB
# at: last = first + d - 1
# at: heads.append(x[:, :, first:last])
# kind: number
# at2: return torch.stack(heads, dim=2)
# kind2: axis, number, shape
# known: heads not moved
import torch


def split_heads(x, num_heads):
    d = x.size(-1) // num_heads
    heads = []
    for k in range(num_heads):
        first = k * d
        last = first + d - 1
        heads.append(x[:, :, first:last])
    return torch.stack(heads, dim=2)

# %% MultiHeadAttention | drops out of what was collected, not of the weights
# style: hasty
# at: out = F.dropout(a @ v, self.dropout, self.training)
# kind: order, name, argument
# known: dropout on the result
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
        H = self.num_heads
        q, k, v = split_heads(self.query(x), H), split_heads(self.key(context), H), split_heads(self.value(context), H)
        a = attention_weights(q, k, mask)
        out = F.dropout(a @ v, self.dropout, self.training)
        return out.transpose(1, 2).flatten(2)

# %% MultiHeadAttention | the mask is left out where there is a context
# known: mask ignored with a context
# style: misread
# at: weights = attention_weights(q, k)
# kind: missing, argument, condition
import torch
import torch.nn as nn
import torch.nn.functional as F

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
        q = split_heads(self.query(x), self.num_heads)
        if context is None:
            k = split_heads(self.key(x), self.num_heads)
            v = split_heads(self.value(x), self.num_heads)
            weights = attention_weights(q, k, mask)
        else:
            k = split_heads(self.key(context), self.num_heads)
            v = split_heads(self.value(context), self.num_heads)
            weights = attention_weights(q, k)
        weights = F.dropout(weights, p=self.dropout, training=self.training)
        result = torch.matmul(weights, v)
        B, H, T, d = result.shape
        return result.permute(0, 2, 1, 3).reshape(B, T, H * d)

# %% MultiHeadAttention | causal where no mask is given
# at: y = F.scaled_dot_product_attention(
# style: nanoGPT
# at: is_causal=mask is None,
# kind: argument, extra, condition
import torch.nn as nn
from torch.nn import functional as F


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
        src = x if context is None else context
        B, T, C = x.size()
        hs = C // self.num_heads
        q = self.query(x).view(B, T, self.num_heads, hs).transpose(1, 2)
        k = self.key(src).view(B, -1, self.num_heads, hs).transpose(1, 2)
        v = self.value(src).view(B, -1, self.num_heads, hs).transpose(1, 2)
        y = F.scaled_dot_product_attention(
            q, k, v,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0,
            is_causal=mask is None,
        )
        return y.transpose(1, 2).contiguous().view(B, T, C)

# %% MultiHeadAttention | projects with the weight as it lies in nn.Linear, not its transpose
# style: from NumPy
# at: return t @ linear.weight + linear.bias
# kind: shape, operator, missing, axis
import torch
from torch import nn


def project(linear, t):
    return t @ linear.weight + linear.bias


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
        source = x if context is None else context
        d = self.hidden_size // self.num_heads
        queries = project(self.query, x).split(d, dim=-1)
        keys = project(self.key, source).split(d, dim=-1)
        values = project(self.value, source).split(d, dim=-1)
        s = torch.stack([q @ k.mT for q, k in zip(queries, keys)], 1) / d ** 0.5
        if mask is not None:
            s = torch.where(mask, s, float("-inf"))
        w = nn.functional.dropout(s.softmax(-1), self.dropout, self.training)
        return torch.cat([w[:, h] @ values[h] for h in range(self.num_heads)], dim=-1)

# %% MultiHeadAttention | values made with the key's matrix, and dropout that is always on
# style: copy and paste
# at: v = heads(self.key(context))
# kind: name
# at2: p = torch.dropout(p, self.dropout, True)
# kind2: argument, condition, state, missing
# known: keys as values
import torch
from torch import nn


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
        def heads(t):
            return t.reshape(*t.shape[:2], self.num_heads, -1).movedim(2, 1)

        context = x if context is None else context
        q = heads(self.query(x))
        k = heads(self.key(context))
        v = heads(self.key(context))
        s = torch.einsum("bhtd,bhsd->bhts", q, k) * q.shape[-1] ** -0.5
        if mask is not None:
            s = s.masked_fill(~mask, -torch.inf)
        p = s.softmax(-1)
        p = torch.dropout(p, self.dropout, True)
        return torch.einsum("bhts,bhsd->bthd", p, v).flatten(2)
