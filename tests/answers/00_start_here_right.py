# %% mean_pooling | one einsum with weights that sum to one
# style: einsum
import torch


def mean_pooling(hidden, attention_mask):
    w = attention_mask.to(hidden.dtype)
    return torch.einsum("btd,bt->bd", hidden, w / w.sum(-1, keepdim=True))

# %% mean_pooling | a loop over the sentences, and a helper
# style: loops
import torch


def mean_of_real(vectors, marks):
    chosen = [vector for vector, mark in zip(vectors, marks) if mark]
    return torch.stack(chosen).mean(dim=0)


def mean_pooling(hidden, attention_mask):
    return torch.stack([mean_of_real(h, m) for h, m in zip(hidden, attention_mask)])

# %% mean_pooling | matrix product, type hints
# style: one-liner
from torch import Tensor


def mean_pooling(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    real: Tensor = attention_mask.type_as(hidden)
    return (real[:, None] @ hidden).squeeze(1) / real.sum(1, keepdim=True)

# %% mean_pooling | as Sentence Transformers' model cards have it
# style: Hugging Face
import torch


def mean_pooling(hidden, attention_mask):
    input_mask_expanded = attention_mask.unsqueeze(-1).expand(hidden.size()).float()
    return torch.sum(hidden * input_mask_expanded, 1) / torch.clamp(input_mask_expanded.sum(1), min=1e-9)

# %% mean_pooling | masked_fill, lambdas beside it
# style: hasty
count = lambda m: m.sum(1, keepdim=True)
clean = lambda h, m: h.masked_fill(m.unsqueeze(-1) == 0, 0.0)


def mean_pooling(hidden, attention_mask):
    return clean(hidden, attention_mask).sum(1) / count(attention_mask)

# %% mean_pooling | torch.where and nanmean
# style: careful beginner
import math

import torch

NOTHING = torch.tensor(math.nan)


def mean_pooling(hidden, attention_mask):
    """Padding becomes NaN, and nanmean leaves NaN out."""
    is_token = (attention_mask == 1).unsqueeze(2)
    return torch.where(is_token, hidden, NOTHING).nanmean(dim=1)

# %% mean_pooling | a namedtuple and a nested function
# style: careful beginner
from collections import namedtuple

Sum = namedtuple("Sum", "total count")


def mean_pooling(hidden, attention_mask):
    def add_up(vectors, marks):
        total, count = 0, 0
        for t in range(vectors.size(1)):
            total = total + vectors[:, t] * marks[:, t : t + 1]
            count = count + marks[:, t : t + 1]
        return Sum(total, count)

    s = add_up(hidden, attention_mask)
    return s.total / s.count


# %% mean_pooling | a keyword-only helper, and a walrus
# style: own way
import torch


def weighed(*, vectors, by):
    return torch.stack([(share @ sentence) for sentence, share in zip(vectors, by, strict=True)])


def mean_pooling(hidden, attention_mask):
    return weighed(vectors=hidden, by=(real := attention_mask.to(hidden)) / real.sum(1, keepdim=True))
