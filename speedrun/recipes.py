"""Ways from the text to a model, which records call with their own settings."""

import torch
from torch import Tensor

from speedrun.clock import Clock
from speedrun.counts import Neighbours, evidence, log_frequencies, vectors_from
from speedrun.encoder import Encoder, Sizes
from speedrun.loop import Settings, learn, learn_in_turns
from speedrun.text import Text


def plain(text: Text, clock: Clock, seed: int, settings: Settings, sizes: Sizes) -> Encoder:
    """An encoder that begins with vectors and frequencies from counts, and has to read the rest."""
    torch.manual_seed(seed)
    rows = text.rows(settings.length)
    model = Encoder(sizes, *_begun(rows, text, sizes))
    learn(model, rows, text.tokenizer, clock, seed, settings)
    return model


def with_neighbours(text: Text, clock: Clock, seed: int, settings: Settings, sizes: Sizes, reach: int) -> Encoder:
    """The same, and to its scores is added what counts say of the tokens up to `reach` places away.

    Counts of a text know its pairs too well: where it is read, each pair that is asked for has been counted. So each half of the
    documents is read with counts of the other half. When questions are answered, the counts are of all.
    """
    torch.manual_seed(seed)
    rows = text.rows(settings.length)
    halves = [text._replace(documents=text.documents[start::2]).rows(settings.length) for start in (0, 1)]
    tables = [_tables(half, text, sizes, reach) for half in reversed(halves)]
    neighbours = Neighbours(sizes.hidden_size, tables[0], text.tokenizer.mask_id)
    model = Encoder(sizes, *_begun(rows, text, sizes), neighbours)

    def take(some: dict[int, Tensor]):
        neighbours.tables = some

    parts = [(half, lambda some=some: take(some)) for half, some in zip(halves, tables, strict=True)]
    learn_in_turns(model, parts, text.tokenizer, clock, seed, settings)
    take(_tables(rows, text, sizes, reach))
    return model


def _begun(rows: Tensor, text: Text, sizes: Sizes) -> tuple[Tensor, Tensor]:
    """Vectors of the tokens (V, D), and the logarithms of their frequencies (V,)."""
    after, _ = evidence(rows, sizes.vocab_size, 1, [text.tokenizer.mask_id])
    return vectors_from(after, sizes.hidden_size, spread=0.05), log_frequencies(rows, sizes.vocab_size)


def _tables(rows: Tensor, text: Text, sizes: Sizes, reach: int) -> dict[int, Tensor]:
    """{how many places away the other token stands: what it says (V, V)}."""
    found = {}
    for distance in range(1, reach + 1):
        found[-distance], found[distance] = evidence(rows, sizes.vocab_size, distance, [text.tokenizer.mask_id])
    return found
