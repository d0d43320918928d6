"""What stood between the same tokens elsewhere: p(w | all tokens at these places at once), counted and looked up."""

from collections.abc import Iterable
from itertools import chain, combinations
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

SIX = ((-1, 1), (-2, -1), (1, 2), (-2, -1, 1), (-1, 1, 2), (-2, -1, 1, 2))
WITH_A_THIRD = ((-3, -2), (-3, -1), (-3, -2, -1), (-3, -2, 1), (-3, -2, -1, 1), (-3, -2, -1, 1, 2))
TWENTY_SEVEN = (*chain.from_iterable(combinations((-2, -1, 1, 2), count) for count in (1, 2, 3, 4)), *WITH_A_THIRD,
                *(tuple(-offset for offset in reversed(each)) for each in WITH_A_THIRD))


class Told(NamedTuple):
    """What contexts say of one token at each of Q places, K contexts each.

    Shapes:
        share (Q, K): c(context, token) / c(context), 0 where there is none; total (Q, K): c(context); kinds (Q, K): how many
        different tokens it was seen with; context (Q, K): its number; inside (Q, K): the number of it in this document, of
        which nothing was counted, or −1 where all was
    """

    share: Tensor
    total: Tensor
    kinds: Tensor
    context: Tensor
    inside: Tensor


class Contexts(NamedTuple):
    """Which tokens stood in each context, and how often.

    Attributes:
        offsets: where the tokens of a context stand: (-1, 1) are both neighbours.
        keys: of the contexts that were seen, in order (K,).
        starts: where the tokens of each begin (K + 1,).
        tokens, counts: one context after the other (E,).
        own_starts: where the tokens of each in each document begin (H + 1,).
        own_entries, own_counts: which of the E, and how often in this document, one document's context after the other.
    """

    offsets: tuple[int, ...]
    keys: Tensor
    starts: Tensor
    tokens: Tensor
    counts: Tensor
    own_starts: Tensor
    own_entries: Tensor
    own_counts: Tensor

    def say(self, keys: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """p(w | context), 0 for all of a context that was not seen; how often it was, with how many tokens; and its number.

        Shapes:
            keys (Q,) → (Q, V), V = size; (Q,); (Q,); (Q,)
        """
        place = torch.searchsorted(self.keys, keys).clamp(max=len(self.keys) - 1)
        kinds = (self.starts[place + 1] - self.starts[place]) * (self.keys[place] == keys)
        asker, entry = spread(self.starts[place], kinds)
        counts = torch.zeros(len(keys), size)
        counts[asker, self.tokens[entry]] = self.counts[entry].float()
        total = counts.sum(dim=1)
        return counts / total.clamp(min=1)[:, None], total, kinds, place


def spread(starts: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Each number of some ranges, and which range it is of: (R,), (R,) → (E,), (E,)."""
    owner = torch.arange(len(lengths)).repeat_interleave(lengths)
    return owner, torch.arange(len(owner)) + (starts - lengths.cumsum(0) + lengths)[owner]


def reach_of(several: Iterable[tuple[int, ...]]) -> int:
    """How far away the farthest token of any context stands."""
    return max(abs(offset) for offsets in several for offset in offsets)


def keys_of(windows: Tensor, offsets: tuple[int, ...], size: int) -> Tensor:
    """One number for each context: the ids around each place (Q, 2 reach + 1) → (Q,)."""
    key = torch.zeros(len(windows), dtype=torch.long)
    for offset in offsets:
        key = key * size + windows[:, windows.size(1) // 2 + offset]
    return key


def windows_of(stream: Tensor, reach: int) -> Tensor:
    """The ids around each place, `reach` before it and as many after it, 0 beyond the text: (N,) → (N, 2 reach + 1)."""
    return F.pad(stream, (reach, reach)).unfold(0, 2 * reach + 1, 1)


def counted(stream: Tensor, documents: Tensor, offsets: tuple[int, ...], size: int) -> tuple[Contexts, Told]:
    """The contexts of a text, and what each place is told of its own token by those in all other documents.

    What stands in the same document is left out, and not only the place itself: a document repeats itself, and one that was
    never seen will find nothing of its own.

    Shapes:
        stream (N,) ids, documents (N,) the number of each place's document → Told of N places, one context each
    """
    keys, context = keys_of(windows_of(stream, reach_of([offsets])), offsets, size).unique(return_inverse=True)
    pairs, pair = (context * size + stream).unique(return_inverse=True)
    many = int(documents.max()) + 1
    here, inside = (context * many + documents).unique(return_inverse=True)            # contexts by document
    pairs_here, pair_inside = (inside * size + stream).unique(return_inverse=True)     # pairs by document

    counts, own = pair.bincount(), pair_inside.bincount()
    kinds, kinds_here = (pairs // size).bincount(), (pairs_here // size).bincount()    # of each context, and by document
    pair_of = torch.empty_like(pairs_here).scatter_(0, pair_inside, pair)              # of each pair by document the pair
    nowhere_else = counts[pair_of] == own
    lost = torch.zeros(len(here), dtype=torch.long).index_add_(0, pairs_here // size, nowhere_else.long())

    total = context.bincount()[context] - inside.bincount()[inside]
    share = (counts[pair] - own[pair_inside]) / total.clamp(min=1)
    found = Contexts(offsets, keys, _starts(kinds), pairs % size, counts, _starts(kinds_here), pair_of.int(), own.int())
    return found, Told(share, total.float(), (kinds[context] - lost[inside]).float(), context.int(), inside.int())


def _starts(lengths: Tensor) -> Tensor:
    """Where each of some ranges that follow one another begins, and the last ends: (R,) → (R + 1,)."""
    return F.pad(lengths.cumsum(0), (1, 0))
