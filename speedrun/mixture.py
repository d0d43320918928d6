"""An encoder whose probabilities are mixed with those of contexts that were counted, as kNN-LM's are (Khandelwal et al. 2020)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speedrun.contexts import Contexts, Told, keys_of, reach_of
from speedrun.encoder import Encoder, Sizes, turns_of

NEVER = -1e9     # the score of what has no share


class Mixture(Encoder):
    """p(w) = g₀ p(w | encoder and neighbours) + Σ gₖ p(w | context k): how much each is trusted, g, is learned.

    It hangs on the place, as the encoder reads it, and on how often each context was seen and with how many different tokens.

    Attributes:
        tables: what each neighbour says, (F, 2 reach, V, V): counted without each fold of the documents, and last of all.
        contexts: which were counted, K of them.
        edge_ids: [MASK] and [CLS], which are in no context that was counted: what stands beside them is told nothing by it.

    Shapes:
        ids (B, T), asked (B, T) bool, Q of them True → ln p (Q, V)
    """

    def __init__(self, sizes: Sizes, words: Tensor, frequencies: Tensor, tables: Tensor, contexts: list[Contexts],
                 edge_ids: list[int]):
        super().__init__(sizes, words, frequencies)
        self.tables, self.contexts, self.edge_ids = tables, contexts, torch.tensor(edge_ids)
        self.reach = reach_of([each.offsets for each in contexts])
        self.trust = nn.Linear(sizes.hidden_size, tables.size(1))
        self.by_place = nn.Linear(sizes.hidden_size, 1 + len(contexts))
        for part in (self.trust, self.by_place):     # all places alike, at first
            nn.init.zeros_(part.weight)
            nn.init.zeros_(part.bias)
        self.by_counts = nn.Sequential(nn.Linear(3 * len(contexts), 64), nn.GELU(), nn.Linear(64, 1 + len(contexts)))

    def forward(self, ids: Tensor, asked: Tensor) -> Tensor:
        told, shares = self.said(ids, asked)
        hidden = self.read(ids, asked)
        gates = self.gates(hidden, told.total, told.kinds).exp()
        mixed = gates[:, :1] * self.own_scores(hidden, ids, asked, len(self.tables) - 1, told).softmax(dim=1)
        for gate, share in zip(gates.unbind(dim=1)[1:], shares, strict=True):
            mixed += gate[:, None] * share
        return mixed.clamp(min=1e-20).log()

    def said(self, ids: Tensor, asked: Tensor) -> tuple[Told, list[Tensor]]:
        """What the contexts of each place that is asked for say, but for its own token's share; and of all tokens, K of (Q, V)."""
        windows, _ = self.around(ids, asked)
        size = self.sizes.vocab_size
        shares, *rest = zip(*(each.say(keys_of(windows, each.offsets, size), size) for each in self.contexts), strict=True)
        total, kinds, context = (torch.stack(part, dim=1) for part in rest)
        return Told(torch.zeros_like(total), total, kinds, context, torch.full_like(context, -1)), list(shares)

    def log_probability(self, ids: Tensor, asked: Tensor, answers: Tensor, fold: Tensor, told: Told) -> Tensor:
        """ln p of the answers alone, for which no context has to be asked about all other tokens.

        Args:
            fold: of each answer's document (Q,), whose counts are left out of those of the neighbours.
            told: what the contexts say of the answers, if none of their tokens is hidden.

        Shapes:
            ids (B, T), asked (B, T) bool, answers (Q,) → (Q,)
        """
        hidden = self.read(ids, asked)
        _, unknown = self.around(ids, asked)
        columns = [[self.reach + offset for offset in each.offsets] for each in self.contexts]
        shut = torch.stack([unknown[:, some].any(dim=1) for some in columns], dim=1)
        share, total, kinds = (part.masked_fill(shut, 0) for part in told[:3])
        told = told._replace(share=share, total=total, kinds=kinds)
        own = -F.cross_entropy(self.own_scores(hidden, ids, asked, fold, told), answers, reduction="none")
        return (self.gates(hidden, total, kinds) + torch.cat([own[:, None], share.clamp(min=1e-20).log()], dim=1)).logsumexp(dim=1)

    def read(self, ids: Tensor, asked: Tensor) -> Tensor:
        """(B, T), (B, T) bool → (Q, D)"""
        x, turns = self.word_norm(self.words(ids)), turns_of(ids.size(1), self.sizes.hidden_size // self.sizes.num_attention_heads)
        for layer in self.layers:
            x = layer(x, turns)
        return x[asked]

    def around(self, ids: Tensor, asked: Tensor, reach: int = 0) -> tuple[Tensor, Tensor]:
        """The ids about each place that is asked for, and which of them tell nothing: (Q, 2 reach + 1), (Q, 2 reach + 1) bool."""
        reach = reach or self.reach
        row, place = asked.nonzero(as_tuple=True)
        windows = F.pad(ids, (reach, reach), value=int(self.edge_ids[0])).unfold(1, 2 * reach + 1, 1)[row, place]
        return windows, torch.isin(windows, self.edge_ids)

    def own_scores(self, hidden: Tensor, ids: Tensor, asked: Tensor, fold: Tensor | int, told: Told) -> Tensor:
        """What the encoder says, and what its neighbours add to that: hidden (Q, D) → (Q, V). What is `told` it need not know."""
        folds, count, size, _ = self.tables.shape
        windows, _ = self.around(ids, asked, count // 2)
        beside = torch.cat([windows[:, : count // 2], windows[:, count // 2 + 1 :]], dim=1)                      # (Q, count)
        first = (torch.as_tensor(fold).expand(len(hidden))[:, None] * count + torch.arange(count)) * size
        added = F.embedding_bag(first + beside, self.tables.view(-1, size), mode="sum",
                                per_sample_weights=2 * self.trust(hidden).sigmoid())
        return F.linear(self.norm(F.gelu(self.transform(hidden))), self.words.weight, self.bias) + added

    def gates(self, hidden: Tensor, total: Tensor, kinds: Tensor) -> Tensor:
        """ln g: hidden (Q, D), total (Q, K), kinds (Q, K) → (Q, 1 + K). A context that was never seen has no share."""
        seen = total > 0
        scores = self.by_place(hidden) + self.by_counts(torch.cat([total.log1p(), kinds.log1p(), seen.float()], dim=1))
        return scores.masked_fill(F.pad(~seen, (1, 0)), NEVER).log_softmax(dim=1)
