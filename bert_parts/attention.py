"""Vectors look at each other: scaled dot-product attention, with several heads."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.devices import may_be_read


def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    """How much each query looks at each key: softmax(query · keyᵀ / √d)
    (Vaswani et al. 2017, equation 1).

    Shapes:
        query (B, H, T, d), key (B, H, S, d) → weights (B, H, T, S); over S they sum to 1
        mask: boolean, broadcastable to (B, H, T, S), True = may be attended to;
            None = everything may
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))     # (B, H, T, S)
    if mask is not None:
        check_mask(mask, scores.shape)
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim=-1)


def padding_mask(attention_mask: Tensor) -> Tensor:
    """The tokenizer's marks, 1 for a token and 0 for padding, as a mask
    that every head and query can share.

    Shapes:
        attention_mask (B, S) of 0 and 1, int64 or bool → mask (B, 1, 1, S) boolean,
            True = may be attended to
    """
    return attention_mask.bool()[:, None, None, :]     # (B, 1, 1, S)


def causal_mask(length: int) -> Tensor:
    """Every position may look at itself and back, never ahead (Vaswani et al. 2017, section 3.2.3).

    Shapes:
        → mask (T, T) boolean, True = may be attended to
    """
    return torch.ones(length, length, dtype=torch.bool).tril()


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each in its own slice of the width
    (Vaswani et al. 2017, section 3.2.2).

    The paper's last matrix, W^O, is not here: published checkpoints keep it in the block
    that follows.

    Shapes:
        x (B, T, D), context (B, S, D) or None for x itself, mask as in attention_weights
            → (B, T, D)
    """

    def __init__(self, hidden_size: int, num_heads: int, dropout: float):
        super().__init__()
        if hidden_size % num_heads:
            raise ValueError(
                f"A width of {hidden_size} cannot be shared evenly by {num_heads} heads: "
                f"choose a number of heads that divides it."
            )
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Let every position of x collect what it looks for from the context."""
        context = x if context is None else context
        if mask is not None:
            check_mask(mask, (x.size(0), self.num_heads, x.size(1), context.size(1)))
        mixed = F.scaled_dot_product_attention(
            split_heads(self.query(x), self.num_heads),           # (B, H, T, d)
            split_heads(self.key(context), self.num_heads),       # (B, H, S, d)
            split_heads(self.value(context), self.num_heads),     # (B, H, S, d)
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
        )
        return join_heads(mixed)     # (B, T, D)


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """(B, T, D) → (B, H, T, d): head h gets columns h·d to (h + 1)·d."""
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def join_heads(x: Tensor) -> Tensor:
    """(B, H, T, d) → (B, T, D): the heads side by side again."""
    return x.transpose(1, 2).flatten(-2)


def check_mask(mask: Tensor, shape: tuple):
    """A mask is boolean, fits the scores, and leaves every query at least one key (else softmax gives NaN)."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        given = f"a tensor of {mask.dtype}" if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"The mask is {given}, where torch.bool is expected, True = may be attended to.")
    fits = mask.dim() <= 4 and all(m in (1, s) for m, s in zip(reversed(mask.shape), reversed(shape), strict=False))
    if not fits:
        raise ValueError(
            f"The mask has shape {tuple(mask.shape)}, where one that broadcasts to (batch, heads, queries, keys) = "
            f"{tuple(shape)} is expected: for padding give (batch, 1, 1, keys)."
        )
    if may_be_read(mask) and not mask.any(dim=-1).all():
        raise ValueError("The mask leaves a position with nothing to attend to: let every row have at least one True.")
