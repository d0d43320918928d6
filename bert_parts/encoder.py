"""Layers of attention and feed-forward: the body of BERT."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, split_heads
from bert_parts.config import BertConfig


class AddAndNorm(nn.Module):
    """Project, drop out, add to what came in, normalise: the end of both halves of a layer.

    After attention its ``dense`` is the paper's W^O; after the feed-forward's wide layer it is W₂
    (Vaswani et al. 2017, sections 3.1, 3.2.2 and 3.3; post-norm, as BERT has it).

    Shapes:
        x (B, T, in_size), residual (B, T, D) → (B, T, D)
    """

    def __init__(self, in_size: int, config: BertConfig):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(residual + self.dropout(self.dense(x)))


class BertAttention(nn.Module):
    """The first half of a layer: every token looks at every token, then add and norm.

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.output(self.self(x, mask=mask), residual=x)


def head_contributions(attention: BertAttention, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """What each head adds to each token's vector.

    Over the heads they sum to what ``attention.output.dense`` makes of what the heads have found,
    without its bias, which is no head's (Elhage et al. 2021).

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, H, T, D)
    """
    found = split_heads(attention.self(x, mask=mask), attention.self.num_heads)             # (B, H, T, d)
    slices = attention.output.dense.weight.unflatten(1, (attention.self.num_heads, -1))     # (D, H, d)
    return torch.einsum("bhtd,ohd->bhto", found, slices)


class BertIntermediate(nn.Module):
    """The wide layer of the feed-forward: GELU(x W₁ + b₁)
    (Hendrycks & Gimpel 2016; the exact form, with erf).

    Shapes:
        x (B, T, D) → (B, T, intermediate_size)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))


class BertLayer(nn.Module):
    """One layer: attention, then a feed-forward on each token by itself
    (Vaswani et al. 2017, section 3.1).

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.attention(x, mask)
        return self.output(self.intermediate(x), residual=x)


class BertEncoder(nn.Module):
    """A stack of layers, each with weights of its own.

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList(BertLayer(config) for _ in range(config.num_hidden_layers))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for layer in self.layer:
            x = layer(x, mask)
        return x
