"""Contexts of several kinds in one book, in which many are looked up at once."""

from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor

from speedrun.contexts import Contexts, spread


class Book(NamedTuple):
    """K kinds of contexts, one after the other.

    Attributes:
        first, own_first: the number of the first context of each kind, and of the first of them in a document (K,).
        starts, tokens, counts, own_starts, own_entries, own_counts: as in Contexts, of all kinds.
    """

    first: Tensor
    own_first: Tensor
    starts: Tensor
    tokens: Tensor
    counts: Tensor
    own_starts: Tensor
    own_entries: Tensor
    own_counts: Tensor

    @classmethod
    def of(cls, kinds: list[Contexts]) -> "Book":
        entries = _before([len(each.tokens) for each in kinds])
        return cls(torch.tensor(_before([len(each.keys) for each in kinds])[:-1]),
                   torch.tensor(_before([len(each.own_starts) - 1 for each in kinds])[:-1]),
                   _joined([each.starts for each in kinds]),
                   torch.cat([each.tokens.int() for each in kinds]), torch.cat([each.counts.float() for each in kinds]),
                   _joined([each.own_starts for each in kinds]),
                   torch.cat([each.own_entries + start for each, start in zip(kinds, entries[:-1], strict=True)]),
                   torch.cat([each.own_counts.float() for each in kinds]))

    def read(self, context: Tensor, inside: Tensor, open_: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Which tokens stood in the contexts of Q places, and how often: in all documents but the place's own.

        Args:
            context, inside: as in Told (Q, K).
            open_: which of them are looked up (Q, K) bool.

        Shapes:
            → (E,), (E,), (E,): who asked, as the number of one of Q · K; the token; the count, which may be 0
        """
        starts, lengths = _ranges(self.starts, context + self.first, open_)
        asker, entry = spread(starts, lengths)
        counts = self.counts[entry]
        owner, own = spread(*_ranges(self.own_starts, inside + self.own_first, open_ & (inside >= 0)))
        shift = lengths.cumsum(0) - lengths - starts                       # from an entry to where it was read
        counts[self.own_entries[own] + shift[owner]] -= self.own_counts[own]
        return asker, self.tokens[entry], counts


def _ranges(starts: Tensor, numbers: Tensor, open_: Tensor) -> tuple[Tensor, Tensor]:
    """Where each begins and how long it is, 0 if it is not open: (Q, K), (Q, K) bool → (Q · K,), (Q · K,)."""
    numbers = numbers.flatten()
    first = starts[numbers].long()
    return first, (starts[numbers + 1] - first) * open_.flatten()


def _before(lengths: list[int]) -> list[int]:
    return [0, *accumulate(lengths)]


def _joined(starts: list[Tensor]) -> Tensor:
    """The starts of ranges of several lists, when the lists stand one after the other."""
    ends = _before([int(each[-1]) for each in starts])
    return torch.cat([*((each[:-1] + end).int() for each, end in zip(starts, ends[:-1], strict=True)),
                      torch.tensor(ends[-1:], dtype=torch.int)])
