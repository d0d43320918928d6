"""Notebook 01, as a learner might solve it from its text alone."""

import math

import torch
from torch import nn


def attention_weights(query, key, mask=None):
    """How much each query looks at each key: softmax(query · keyᵀ / √d)
    (Vaswani et al. 2017, equation 1).

    Shapes:
        query (B, H, T, d), key (B, H, S, d) → weights (B, H, T, S); over S they sum to 1
        mask: boolean, broadcastable to (B, H, T, S), True = may be attended to;
            None = everything may
    """
    d = query.shape[-1]
    scores = torch.matmul(query, key.transpose(2, 3)) / math.sqrt(d)
    if mask is not None:
        scores = torch.where(mask, scores, torch.tensor(float("-inf")))
    return torch.softmax(scores, dim=3)


def padding_mask(attention_mask):
    """The tokenizer's marks, 1 for a token and 0 for padding, as a mask
    that every head and query can share.

    Shapes:
        attention_mask (B, S) of 0 and 1, int64 or bool → mask (B, 1, 1, S) boolean,
            True = may be attended to
    """
    return (attention_mask == 1).unsqueeze(1).unsqueeze(1)


def split_heads(x, num_heads):
    """(B, T, D) → (B, H, T, d): head h gets columns h·d to (h + 1)·d."""
    B, T, D = x.shape
    x = x.view(B, T, num_heads, D // num_heads)
    return x.permute(0, 2, 1, 3)


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each in its own slice of the width
    (Vaswani et al. 2017, section 3.2.2).

    The paper's last matrix, W^O, is not here: published checkpoints keep it in the block
    that follows.

    Shapes:
        x (B, T, D), context (B, S, D) or None for x itself, mask as in attention_weights
            → (B, T, D)
    """

    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        """Let every position of x collect what it looks for from the context."""
        if context is None:
            context = x
        q = split_heads(self.query(x), self.num_heads)
        k = split_heads(self.key(context), self.num_heads)
        v = split_heads(self.value(context), self.num_heads)
        weights = attention_weights(q, k, mask)
        weights = nn.functional.dropout(weights, p=self.dropout, training=self.training)
        heads = torch.matmul(weights, v)                    # (B, H, T, d)
        heads = heads.permute(0, 2, 1, 3)                   # (B, T, H, d)
        return heads.reshape(x.shape[0], x.shape[1], self.hidden_size)
