"""Notebook 02, as a learner might solve it from its text alone."""

import torch
from torch import nn

from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


def sinusoidal_positions(length, hidden_size):
    """A vector for every position: waves, each pair of columns slower than the last.

    Column 2i of position p is sin(p / 10000^(2i / D)), and column 2i + 1 is the cosine of the
    same angle (Vaswani et al. 2017, section 3.5).

    Shapes:
        → (T, D) float32, T = length, D = hidden_size (an even number)
    """
    table = torch.zeros(length, hidden_size)
    for column in range(0, hidden_size, 2):
        angle = torch.arange(length) / 10000 ** (column / hidden_size)
        table[:, column] = angle.sin()
        table[:, column + 1] = angle.cos()
    return table


def causal_mask(length):
    """Every position may look at itself and back, never ahead (Vaswani et al. 2017, section 3.2.3).

    Shapes:
        → mask (T, T) boolean, True = may be attended to
    """
    return torch.ones(length, length).tril() == 1


def shift_right(target_ids, start_id):
    """What the decoder is given while it learns: the right words, each one place later.

    A start token comes first. So at every position it has seen the words before the one that
    it must say ("teacher forcing").

    Shapes:
        target_ids (B, T) → (B, T): start_id, then all but the last of target_ids
    """
    given = torch.roll(target_ids, 1, dims=1)
    given[:, 0] = start_id
    return given


class DecoderLayer(nn.Module):
    """One layer of the decoder: the target looks at itself, then at the source, then thinks.

    To think is a feed-forward on each token. Each of the three adds to what came in and
    normalises (Vaswani et al. 2017, section 3.1; post-norm).

    Shapes:
        x (B, T, D): the target so far; memory (B, S, D): what the encoder made of the source
        mask: where x may look in x; memory_mask: where x may look in memory;
            both as in attention_weights
        → (B, T, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        """Look back, look across, think."""
        x = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        return self.output(self.intermediate(x), residual=x)


def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    """Write a translation, always taking the likeliest next token.

    The source is encoded once. Each text ends with its first end_id, and is filled up
    with end_id until all have ended.

    Shapes:
        source_ids (B, S), source_mask (B, S) or None
        → ids (B, T) without the start token, T ≤ max_length
    """
    with torch.no_grad():
        memory = model.encode(source_ids, source_mask)
        written = torch.full((len(source_ids), 1), start_id)
        ended = torch.zeros(len(source_ids), dtype=torch.bool)
        while written.size(1) <= max_length and not ended.all():
            best = model.decode(written, memory, source_mask)[:, -1].argmax(dim=-1)
            best[ended] = end_id
            written = torch.cat([written, best[:, None]], dim=1)
            ended |= best == end_id
    return written[:, 1:]
