"""What counting says of a hidden token, from those around it: p(w | the token so many places away), without reading."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MIXED_IN = 100.0     # tokens by their frequencies, as if they had been seen beside each token as well: notebook 08 chose it


def log_frequencies(rows: Tensor, size: int) -> Tensor:
    """ln p(w): (N, T) → (V,)."""
    counts = (rows.flatten().bincount(minlength=size) + 1).double()
    return (counts / counts.sum()).log().float()


def evidence(rows: Tensor, size: int, distance: int, nothing: list[int]) -> tuple[Tensor, Tensor]:
    """By how much a token is more probable so many places after each other one, and so many before: ln p(w | other) − ln p(w).

    Args:
        nothing: of these tokens, such as [MASK], nothing follows: their rows are 0.

    Shapes:
        (N, T) → (V, V), (V, V): a row for each other token
    """
    frequency = log_frequencies(rows, size).double().exp()
    pairs = (rows[:, :-distance] * size + rows[:, distance:]).flatten().bincount(minlength=size * size)
    pairs = pairs.view(size, size).double()
    tables = []
    for counts in (pairs, pairs.T):
        table = (counts + MIXED_IN * frequency) / (counts.sum(dim=1, keepdim=True) + MIXED_IN)
        table = (table.log() - frequency.log()).float()
        table[nothing] = 0
        tables.append(table)
    return tables[0], tables[1]


def vectors_from(after: Tensor, hidden_size: int, spread: float) -> Tensor:
    """A vector for each token from what follows it and what it follows: (V, V) → (V, D).

    The product of two narrow matrices that comes nearest to `after` is found by its singular values, as in notebook 08, and turned
    so that each number holds some of all.
    """
    half = hidden_size // 2
    left, strength, right = torch.svd_lowrank(after, q=half + 8, niter=2)
    vectors = torch.cat([left[:, :half], right[:, :half]], dim=1) * strength[:half].sqrt().repeat(2)
    vectors = vectors @ torch.linalg.qr(torch.randn(hidden_size, hidden_size))[0]
    return vectors * (spread / vectors.std())


class Neighbours(nn.Module):
    """The sum of what the tokens around say, each as far as it is trusted at this place.

    Attributes:
        tables: which are asked, {places away: (V, V)}. They are no parameters, and may be exchanged for others.

    Shapes:
        hidden (Q, D), ids (B, T), asked (B, T) bool, Q of them True → (Q, V)
    """

    def __init__(self, hidden_size: int, tables: dict[int, Tensor], mask_id: int):
        super().__init__()
        self.tables, self.mask_id = tables, mask_id
        self.trust = nn.Linear(hidden_size, len(tables))
        nn.init.zeros_(self.trust.weight)     # all are trusted as they are, at first
        nn.init.zeros_(self.trust.bias)

    def forward(self, hidden: Tensor, ids: Tensor, asked: Tensor) -> Tensor:
        row, place = asked.nonzero(as_tuple=True)
        reach = max(map(abs, self.tables))
        ids = F.pad(ids, (reach, reach), value=self.mask_id)     # beyond the row nothing is known
        trust = 2 * self.trust(hidden).sigmoid()                 # (Q, tables)
        said = [table[ids[row, place + reach + away]] for away, table in self.tables.items()]
        return sum(share[:, None] * each for share, each in zip(trust.unbind(dim=1), said, strict=True))
