"""Notebook 02, as a learner might solve it from its text alone."""

import torch
from torch.nn import functional


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


def depends_on(function, x):
    """Which results depend on which words: those that move when that word's vector is another.

    Shapes:
        x (1, S, D): the words' vectors; function: x → (1, T, E), the results
        → (T, S) boolean, True = the result in this row depends on the word in this column
    """
    with torch.no_grad():
        before = function(x)
        table = torch.zeros(before.size(1), x.size(1), dtype=torch.bool)
        for word in range(x.size(1)):
            moved = x.clone()
            moved[0, word] = torch.randn(x.size(2))
            table[:, word] = ((function(moved) - before)[0].abs() > 1e-6).any(dim=1)
    return table


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


def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    """How likely each text is to the model: the log of its probability.

    The probability is the product of those of its tokens, each given the right ones before it.
    Tokens that are pad_id do not count.

    Shapes:
        source_ids (B, S), source_mask (B, S) or None, target_ids (B, T) → (B,)
    """
    with torch.no_grad():
        scores = model(source_ids, shift_right(target_ids, start_id), source_mask)
    losses = functional.cross_entropy(scores.transpose(1, 2), target_ids, reduction="none", ignore_index=pad_id)
    return -losses.sum(dim=1)
