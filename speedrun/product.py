"""A mixture whose own part knows what whole contexts say: each raises the tokens that stood in it, as far as it is trusted."""

import torch
from torch import Tensor, nn

from speedrun.book import Book
from speedrun.contexts import Contexts, Told
from speedrun.encoder import Sizes
from speedrun.swift import Swift

FEW = 64          # a context in which more different tokens stood is left to the encoder: it has met it often
MIXED_IN = 4.0    # tokens by their frequencies, as if they had been seen in each context as well


class Product(Swift):
    """score(w) = encoder and neighbours + Σ aₖ ln((c(context k, w) / p(w) + m) / m), and then mixed as before.

    That is how much more probable a context makes w than it is anyway, but for what is the same for all w. How much each is
    trusted, a, is learned as the shares of the mixture are.
    """

    def __init__(self, sizes: Sizes, words: Tensor, frequencies: Tensor, tables: Tensor, contexts: list[Contexts],
                 edge_ids: list[int]):
        super().__init__(sizes, words, frequencies, tables, contexts, edge_ids)
        self.book = Book.of(contexts)
        self.rarity = 1 / (MIXED_IN * frequencies.exp())
        self.weight_by_place = nn.Linear(sizes.hidden_size, len(contexts))
        nn.init.zeros_(self.weight_by_place.weight)
        nn.init.constant_(self.weight_by_place.bias, 0.1)
        self.weight_by_counts = nn.Sequential(nn.Linear(2 * len(contexts), 64), nn.GELU(), nn.Linear(64, len(contexts)))

    def own_scores(self, hidden: Tensor, ids: Tensor, asked: Tensor, fold: Tensor | int, told: Told) -> Tensor:
        scores = super().own_scores(hidden, ids, asked, fold, told)
        weights = self.weight_by_place(hidden) + self.weight_by_counts(torch.cat([told.total.log1p(), told.kinds.log1p()], dim=1))
        asker, token, count = self.book.read(told.context, told.inside, (told.kinds > 0) & (told.kinds <= FEW))
        said = weights.flatten()[asker] * (count * self.rarity[token]).log1p()
        return scores.flatten().index_add(0, asker // weights.size(1) * scores.size(1) + token, said).view_as(scores)
