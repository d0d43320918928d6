# %% attention_weights | einsum, and -inf as a constant beside it
# style: einsum
import math

import torch

NEG = -math.inf


def attention_weights(query, key, mask=None):
    s = torch.einsum("bhtd,bhsd->bhts", query, key) / math.sqrt(query.shape[-1])
    return torch.softmax(s if mask is None else s.masked_fill(~mask, NEG), -1)

# %% attention_weights | import of inf, type hints
# style: careful beginner
from math import inf, sqrt
from typing import Optional

import torch


def attention_weights(query: torch.Tensor, key: torch.Tensor, mask: Optional[torch.Tensor] = None) -> torch.Tensor:
    d: int = query.size(-1)
    scores: torch.Tensor = query.matmul(key.transpose(-2, -1)) / sqrt(d)
    if mask is not None:
        scores = scores.masked_fill(mask == False, -inf)
    return torch.softmax(scores, dim=-1)

# %% attention_weights | softmax by hand in a helper, the mask inside
# style: from NumPy
import torch


def softmax(x, axis):
    x = x - x.amax(axis, keepdims=True)
    e = torch.exp(x)
    return e / e.sum(axis, keepdims=True)


def attention_weights(query, key, mask=None):
    scores = query @ key.swapaxes(-1, -2) * query.shape[-1] ** -0.5
    if mask is None:
        return softmax(scores, -1)
    return softmax(torch.where(mask, scores, torch.tensor(-torch.inf)), -1)

# %% attention_weights | loops over texts and heads
# style: loops
import torch


def attention_weights(query, key, mask=None):
    B, H, T, d = query.shape
    S = key.shape[2]
    if mask is None:
        mask = torch.ones(B, H, T, S, dtype=torch.bool)
    mask = mask.expand(B, H, T, S)
    all_texts = []
    for b in range(B):
        heads = []
        for h in range(H):
            s = query[b, h] @ key[b, h].T / d**0.5
            s = s.masked_fill(~mask[b, h], float("-inf"))
            heads.append(s.softmax(dim=1))
        all_texts.append(torch.stack(heads))
    return torch.stack(all_texts)

# %% attention_weights | torch's own attention with the unit matrix as values
# style: one-liner
import torch
import torch.nn.functional as F


def attention_weights(query, key, mask=None):
    values = torch.eye(key.size(-2), dtype=key.dtype).expand(*key.shape[:2], -1, -1)
    return F.scaled_dot_product_attention(query, key, values, attn_mask=mask)

# %% attention_weights | a lambda, a dict and a list of steps beside it
# style: one-liner
import torch

STEPS = {"score": lambda q, k: q @ k.mT, "scale": lambda s, d: s / d**0.5}


def attention_weights(query, key, mask=None):
    scores = STEPS["scale"](STEPS["score"](query, key), query.size(-1))
    if mask is not None:
        scores = scores + torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)
    return scores.softmax(-1)

# %% attention_weights | the query scaled first; baddbmm in two dimensions fewer
# style: nanoGPT
import math

import torch
from torch.nn import functional as F


def attention_weights(query, key, mask=None):
    B, H, T, d = query.shape
    q = (query * (1 / math.sqrt(d))).reshape(B * H, T, d)
    k = key.reshape(B * H, -1, d)
    att = torch.bmm(q, k.transpose(1, 2)).view(B, H, T, -1)
    if mask is not None:
        att = att.masked_fill(mask.logical_not(), float("-inf"))
    return F.softmax(att, dim=3)

# %% attention_weights | a helper called scaled_scores, in-place masking of its own tensor
# style: careful beginner
import math

import torch
from torch import Tensor as T


def scaled_scores(q: T, k: T) -> T:
    return torch.matmul(q, k.permute(0, 1, 3, 2)).div_(math.sqrt(q.size(3)))


def attention_weights(query, key, mask=None):
    scores = scaled_scores(query, key)
    if mask is not None:
        scores.masked_fill_(~mask, -math.inf)
    return torch.nn.Softmax(dim=-1)(scores)

# %% attention_weights | a helper called normalize, which is also a name of the course
# style: from NumPy
import torch


def normalize(scores):
    e = torch.exp(scores - scores.max(dim=-1, keepdim=True).values)
    return e / e.sum(dim=-1, keepdim=True)


def attention_weights(query, key, mask=None):
    scores = torch.einsum("...td,...sd->...ts", query, key) * query.size(-1) ** -0.5
    if mask is not None:
        scores = torch.where(mask, scores, torch.full_like(scores, float("-inf")))
    return normalize(scores)

# %% attention_weights | nn.Sequential and a partial beside it
# style: from Keras
from functools import partial

import torch
from torch import nn

to_weights = nn.Sequential(nn.Softmax(dim=-1))
swap = partial(torch.transpose, dim0=-2, dim1=-1)


def attention_weights(query, key, mask=None):
    logits = torch.matmul(query, swap(key)) / query.size(-1) ** 0.5
    if mask is not None:
        logits = logits.masked_fill(~mask, float("-inf"))
    return to_weights(logits)

# %% attention_weights | a helper defined inside an if
# style: careful beginner
import math

import torch

if hasattr(torch.Tensor, "mT"):
    def turned(x):
        return x.mT
else:
    def turned(x):
        return x.transpose(-2, -1)


def attention_weights(query, key, mask=None):
    scores = query @ turned(key) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(-1)

# %% attention_weights | the exponentials masked after the maximum is taken off, and divided by what is left
# style: from NumPy
import torch


def attention_weights(query, key, mask=None):
    hidden = torch.zeros((), dtype=torch.bool) if mask is None else ~mask
    scores = (query @ key.transpose(2, 3) / query.shape[3] ** 0.5).masked_fill(hidden, float("-inf"))
    top = scores.amax(dim=3, keepdim=True)
    e = torch.exp(scores - top)
    return e / e.sum(dim=3, keepdim=True)

# %% padding_mask | view of a comparison
# style: careful beginner
def padding_mask(attention_mask):
    B, S = attention_mask.shape
    return (attention_mask == 1).view(B, 1, 1, S)

# %% padding_mask | None twice, type hints
# style: one-liner
from torch import Tensor


def padding_mask(attention_mask: Tensor) -> Tensor:
    return attention_mask[:, None, None].bool()

# %% padding_mask | padding found first, then turned round
# style: from Keras
import torch


def is_padding(marks):
    return torch.eq(marks, 0)


def padding_mask(attention_mask):
    return torch.logical_not(is_padding(attention_mask)).unsqueeze(1).unsqueeze(1)

# %% padding_mask | lists and loops
# style: loops
import torch


def padding_mask(attention_mask):
    rows = []
    for row in attention_mask.tolist():
        rows.append([[[bool(mark) for mark in row]]])
    return torch.tensor(rows)

# %% padding_mask | filled in a tensor of zeros
# style: from NumPy
import torch as t


def padding_mask(attention_mask):
    mask = t.zeros((attention_mask.shape[0], 1, 1, attention_mask.shape[1]), dtype=t.bool)
    mask[:, 0, 0, :] = attention_mask > 0.5
    return mask

# %% padding_mask | a lambda under the name
# style: one-liner
padding_mask = lambda attention_mask: attention_mask.to(bool)[:, None, None, :]

# %% padding_mask | a namedtuple's default as constant
# style: careful beginner
from typing import NamedTuple


class Marks(NamedTuple):
    token: int = 1
    padding: int = 0


def padding_mask(attention_mask):
    return attention_mask.ne(Marks().padding).unflatten(0, (-1, 1, 1))

# %% split_heads | view and transpose with names for the sizes
# style: careful beginner
def split_heads(x, num_heads):
    B, T, D = x.shape
    d = D // num_heads
    x = x.view(B, T, num_heads, d)
    return x.transpose(1, 2)

# %% split_heads | chunks stacked
# style: one-liner
import torch


def split_heads(x, num_heads):
    return torch.stack(x.chunk(num_heads, dim=-1), dim=1)

# %% split_heads | slices in a loop
# style: loops
import torch


def split_heads(x, num_heads):
    d = x.size(-1) // num_heads
    heads = []
    for h in range(num_heads):
        heads.append(x[:, :, h * d : (h + 1) * d])
    return torch.stack(heads, dim=1)

# %% split_heads | einsum with a unit matrix cut up
# style: einsum
import torch


def split_heads(x, num_heads):
    D = x.size(-1)
    eye = torch.eye(D, dtype=x.dtype).view(D, num_heads, D // num_heads)
    return torch.einsum("btD,Dhd->bhtd", x, eye)

# %% split_heads | unflatten and movedim
# style: from NumPy
def split_heads(x, num_heads):
    return x.unflatten(-1, (num_heads, -1)).movedim(-2, 1)

# %% split_heads | as in Hugging Face's BERT
# style: Hugging Face
def transpose_for_scores(x, heads, size):
    new_x_shape = x.size()[:-1] + (heads, size)
    x = x.view(new_x_shape)
    return x.permute(0, 2, 1, 3)


def split_heads(x, num_heads):
    return transpose_for_scores(x, num_heads, int(x.size(-1) / num_heads))

# %% split_heads | filled into an empty tensor
# style: from NumPy
import torch


def split_heads(x, num_heads):
    B, T, D = x.shape
    d = D // num_heads
    out = torch.empty(B, num_heads, T, d)
    for h in range(num_heads):
        out[:, h] = x[..., h * d : h * d + d]
    return out

# %% split_heads | a Sequential made in the function
# style: from Keras
from torch import nn


def split_heads(x, num_heads):
    split = nn.Sequential(nn.Unflatten(2, (num_heads, x.size(2) // num_heads)))
    return split(x).transpose(1, 2)

# %% MultiHeadAttention | step by step, as the text has it
# style: careful beginner
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

# %% MultiHeadAttention | torch's fused attention, heads joined by a method of its own
# style: nanoGPT
from torch import nn
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

    def _split(self, t):
        B, T, C = t.size()
        return t.view(B, T, self.num_heads, C // self.num_heads).transpose(1, 2)

    def forward(self, x, context=None, mask=None):
        src = context if context is not None else x
        q, k, v = self._split(self.query(x)), self._split(self.key(src)), self._split(self.value(src))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=self.dropout if self.training else 0)
        return y.transpose(1, 2).contiguous().view(x.shape)

# %% MultiHeadAttention | einsum throughout
# style: einsum
import torch
from torch import nn
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
        h = self.num_heads
        context = x if context is None else context
        q = self.query(x).unflatten(-1, (h, -1))
        k = self.key(context).unflatten(-1, (h, -1))
        v = self.value(context).unflatten(-1, (h, -1))
        s = torch.einsum("bthd,bshd->bhts", q, k) * q.size(-1) ** -0.5
        if mask is not None:
            s = s.masked_fill(~mask, -torch.inf)
        w = F.dropout(s.softmax(-1), self.dropout, self.training)
        return torch.einsum("bhts,bshd->bthd", w, v).flatten(2)

# %% MultiHeadAttention | one head after another
# style: loops
import torch
from torch import nn
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
        if context is None:
            context = x
        d = self.hidden_size // self.num_heads
        q, k, v = self.query(x), self.key(context), self.value(context)
        scores = []
        for h in range(self.num_heads):
            part = slice(h * d, (h + 1) * d)
            scores.append(q[..., part] @ k[..., part].transpose(1, 2) / d**0.5)
        scores = torch.stack(scores, dim=1)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        weights = F.dropout(scores.softmax(-1), p=self.dropout, training=self.training)
        found = [weights[:, h] @ v[..., h * d : (h + 1) * d] for h in range(self.num_heads)]
        return torch.cat(found, dim=-1)

# %% MultiHeadAttention | helpers beside the class, a decorator on one of them
# style: from Keras
import functools

import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper


@logged
def to_heads(x, n):
    return torch.stack(torch.chunk(x, n, dim=-1), dim=1)


def from_heads(x):
    return torch.cat([head for head in x.unbind(1)], dim=-1)


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
        q, k, v = (to_heads(t, self.num_heads) for t in (self.query(x), self.key(context), self.value(context)))
        w = F.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        return from_heads(w @ v)

# %% MultiHeadAttention | keeps the weights to look at later
# style: Hugging Face
import torch.nn as nn

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
        is_cross_attention = context is not None
        source = context if is_cross_attention else x
        query_layer = split_heads(self.query(x), self.num_heads)
        key_layer = split_heads(self.key(source), self.num_heads)
        value_layer = split_heads(self.value(source), self.num_heads)
        probs = attention_weights(query_layer, key_layer, mask)
        self.last_weights = probs.detach()
        probs = nn.functional.dropout(probs, p=self.dropout, training=self.training)
        context_layer = (probs @ value_layer).permute(0, 2, 1, 3).contiguous()
        return context_layer.view(context_layer.size()[:-2] + (self.hidden_size,))

# %% MultiHeadAttention | its own join_heads, which is also a name of the course, called otherwise
# style: loops
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import attention_weights as weigh
from bert_parts.attention import split_heads as cut


def join_heads(x, num_heads):
    """Side by side again."""
    heads = [x[:, h] for h in range(num_heads)]
    return torch.cat(heads, dim=-1)


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
        H = self.num_heads
        if context is None:
            context = x
        weights = weigh(cut(self.query(x), H), cut(self.key(context), H), mask)
        weights = F.dropout(weights, self.dropout, training=self.training)
        return join_heads(weights @ cut(self.value(context), H), H)

# %% MultiHeadAttention | dropout by hand, type hints
# style: careful beginner
import torch
from torch import Tensor, nn

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

    def drop(self, weights: Tensor) -> Tensor:
        if not self.training or self.dropout == 0:
            return weights
        keep = (torch.rand_like(weights) >= self.dropout).to(weights.dtype)
        return weights * keep / (1 - self.dropout)

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        if context is None:
            context = x
        query = split_heads(self.query(x), self.num_heads)
        key = split_heads(self.key(context), self.num_heads)
        value = split_heads(self.value(context), self.num_heads)
        weights = self.drop(attention_weights(query, key, mask))
        return (weights @ value).transpose(1, 2).flatten(start_dim=2)


# %% attention_weights | match on the mask, letters of its own in einsum
# style: own way
import torch


def attention_weights(query, key, mask=None):
    products = torch.einsum("nzqx,nzkx->nzkq", query, key)
    match mask:
        case None:
            hidden = torch.zeros((), dtype=torch.bool)
        case torch.Tensor():
            hidden = torch.logical_not(mask)
        case _:
            raise TypeError("a mask is a tensor")
    return (products.mT * query.size(3) ** -0.5).masked_fill(hidden, float("-inf")).softmax(3)


# %% split_heads | a frozen dataclass with a property and __call__
# style: own way
from dataclasses import dataclass


@dataclass(frozen=True)
class Splitter:
    width: int
    heads: int

    @property
    def each(self):
        return self.width // self.heads

    def __call__(self, x):
        *front, _ = x.shape
        return x.reshape(*front, self.heads, self.each).movedim(-2, 1)


def split_heads(x, num_heads):
    return Splitter(x.shape[-1], num_heads)(x)


# %% MultiHeadAttention | a static method, a property, class attributes, einsum in letters of its own
# style: own way
import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    PARTS = "query", "key", "value"
    scores, mixture = "nihc,njhc->nhij", "nhij,njhc->nihc"

    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size, self.num_heads, self.dropout = hidden_size, num_heads, dropout
        for part in self.PARTS:
            setattr(self, part, nn.Linear(hidden_size, hidden_size))

    @property
    def size(self):
        return self.hidden_size // self.num_heads

    @staticmethod
    def cut(x, size):
        return x.unflatten(-1, (-1, size))

    def forward(self, x, context=None, mask=None):
        texts = x, *2 * (x if context is None else context,)
        q, k, v = (self.cut(getattr(self, part)(text), self.size) for part, text in zip(self.PARTS, texts, strict=True))
        scores = torch.einsum(self.scores, q, k) / self.size**0.5
        if mask is not None:
            scores = scores.where(mask, -torch.inf)
        shares = nn.functional.dropout(scores.softmax(-1), self.dropout, self.training)
        return torch.einsum(self.mixture, shares, v).flatten(2)


# %% padding_mask | singledispatchmethod, bound to an instance
# style: own way
from functools import singledispatchmethod

import torch


class Mask:
    @singledispatchmethod
    def of(self, marks):
        raise TypeError(marks)

    @of.register
    def _(self, marks: torch.Tensor):
        return marks.gt(0)[..., *[None] * 2, :]


padding_mask = Mask().of
