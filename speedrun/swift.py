"""The same mixture, counted faster: attention as plain products, and in the last layer only for the tokens that are asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import functional as F

from bert_parts.attention import join_heads, split_heads
from speedrun.encoder import Layer, turned, turns_of
from speedrun.mixture import Mixture


@contextmanager
def thrifty() -> Iterator[None]:
    """Products of matrices come from oneDNN and not from MKL, and there is one thread: two take less time, but more of processors.

    The products may be counted in bfloat16 where the processor is made for it. On an AMD EPYC without AMX they were float32 as
    before, and took half the time.
    """
    precision, threads = torch.get_float32_matmul_precision(), torch.get_num_threads()
    torch.set_float32_matmul_precision("medium")
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.set_num_threads(threads)


class Swift(Mixture):
    """Gives what a Mixture gives."""

    def read(self, ids: Tensor, asked: Tensor) -> Tensor:
        """(B, T), (B, T) bool → (Q, D)"""
        x, turns = self.word_norm(self.words(ids)), turns_of(ids.size(1), self.sizes.hidden_size // self.sizes.num_attention_heads)
        for layer in self.layers[:-1]:
            x = through(layer, x, x, turns, turns)
        places, real = first_places(asked)
        here = x.gather(1, places[:, :, None].expand(-1, -1, x.size(2)))
        return through(self.layers[-1], x, here, turns, tuple(part[places][:, None] for part in turns))[real]


def first_places(asked: Tensor) -> tuple[Tensor, Tensor]:
    """Where each row is asked, in order, and which of these are real: the others fill up rows that are asked less often.

    Shapes:
        (B, T) bool → (B, M), (B, M) bool, M = the most that a row is asked
    """
    counts = asked.sum(dim=1)
    most = int(counts.max())
    places = asked.long().argsort(dim=1, descending=True, stable=True)[:, :most]
    return places, torch.arange(most) < counts[:, None]


def through(layer: Layer, x: Tensor, here: Tensor, turns: tuple[Tensor, Tensor], turns_here: tuple[Tensor, Tensor]) -> Tensor:
    """What a layer makes of some places, which look at all: x (B, T, D), here (B, M, D) → (B, M, D)."""
    attention, size = layer.attention, x.size(2)
    to_query, to_rest = attention.projection.weight.split([size, 2 * size])
    query = turned(split_heads(F.linear(here, to_query), attention.num_heads), *turns_here)
    key, value = (split_heads(part, attention.num_heads) for part in F.linear(x, to_rest).chunk(2, dim=-1))
    weights = (query * query.size(-1) ** -0.5 @ turned(key, *turns).mT).softmax(dim=-1)
    here = layer.first_norm(here + attention.output(join_heads(weights @ value)))
    return layer.second_norm(here + layer.down(F.gelu(layer.up(here))))
