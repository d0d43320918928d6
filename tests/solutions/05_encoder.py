"""Notebook 05, as a learner might solve it from its text alone."""

import torch
from torch import nn

from bert_parts import BertIntermediate, MultiHeadAttention


class AddAndNorm(nn.Module):
    """Project, drop out, add to what came in, normalise: the end of both halves of a layer.

    After attention its ``dense`` is the paper's W^O; after the feed-forward's wide layer it is W₂
    (Vaswani et al. 2017, sections 3.1, 3.2.2 and 3.3; post-norm, as BERT has it).

    Shapes:
        x (B, T, in_size), residual (B, T, D) → (B, T, D)
    """

    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        x = self.dense(x)
        x = self.dropout(x)
        x = x + residual
        return self.LayerNorm(x)


class BertAttention(nn.Module):
    """The first half of a layer: every token looks at every token, then add and norm.

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        collected = self.self(x, mask=mask)
        return self.output(collected, x)


def head_contributions(attention, x, mask=None):
    """What each head adds to each token's vector.

    Over the heads they sum to what ``attention.output.dense`` makes of what the heads have found,
    without its bias, which is no head's (Elhage et al. 2021).

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, H, T, D)
    """
    found = attention.self(x, mask=mask)
    weight = attention.output.dense.weight
    heads = attention.self.num_heads
    parts = [slice_ @ columns.T for slice_, columns in zip(found.chunk(heads, -1), weight.chunk(heads, 1), strict=True)]
    return torch.stack(parts, dim=1)


class BertLayer(nn.Module):
    """One layer: attention, then a feed-forward on each token by itself
    (Vaswani et al. 2017, section 3.1).

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        attended = self.attention(x, mask)
        wide = self.intermediate(attended)
        return self.output(wide, attended)


class BertEncoder(nn.Module):
    """A stack of layers, each with weights of its own.

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList()
        for _ in range(config.num_hidden_layers):
            self.layer.append(BertLayer(config))

    def forward(self, x, mask=None):
        for layer in self.layer:
            x = layer(x, mask)
        return x
