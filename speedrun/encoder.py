"""An encoder like BERT's, with what has been found since, so far as it helps here."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import join_heads, split_heads
from speedrun.counts import Neighbours


@dataclass(frozen=True)
class Sizes:
    vocab_size: int = 2000
    hidden_size: int = 128
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    intermediate_size: int = 256


class Attention(nn.Module):
    """Self-attention with rotary positions (Su et al. 2021): (B, T, D) → (B, T, D). Queries and keys are turned by their place."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.num_heads = sizes.num_attention_heads
        self.projection = nn.Linear(sizes.hidden_size, 3 * sizes.hidden_size, bias=False)
        self.output = nn.Linear(sizes.hidden_size, sizes.hidden_size, bias=False)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        query, key, value = (split_heads(part, self.num_heads) for part in self.projection(x).chunk(3, dim=-1))
        return self.output(join_heads(F.scaled_dot_product_attention(turned(query, *turns), turned(key, *turns), value)))


def turns_of(length: int, size: int, base: float = 1000.0) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angle by which each pair of numbers is turned at each place: (T, d / 2), (T, d / 2)."""
    speeds = base ** -(torch.arange(size // 2) / (size // 2))
    angles = torch.arange(length)[:, None] * speeds
    return angles.cos(), angles.sin()


def turned(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """(B, H, T, d) → the same, each pair of numbers turned by the angle of its place."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


class Layer(nn.Module):
    """Attention, then feed-forward, each added to what was there, and normalized after it as in BERT: (B, T, D) → (B, T, D)."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.attention = Attention(sizes)
        self.first_norm = nn.LayerNorm(sizes.hidden_size)
        self.up = nn.Linear(sizes.hidden_size, sizes.intermediate_size, bias=False)
        self.down = nn.Linear(sizes.intermediate_size, sizes.hidden_size, bias=False)
        self.second_norm = nn.LayerNorm(sizes.hidden_size)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        x = self.first_norm(x + self.attention(x, turns))
        return self.second_norm(x + self.down(F.gelu(self.up(x))))


class Encoder(nn.Module):
    """Scores for the tokens that are asked for, and for no others.

    Attributes:
        neighbours: what is added to the scores from counts; None = nothing.

    Shapes:
        ids (B, T), asked (B, T) bool, Q of them True → (Q, V)
    """

    def __init__(self, sizes: Sizes, words: Tensor, frequencies: Tensor, neighbours: Neighbours | None = None):
        super().__init__()
        self.sizes = sizes
        self.words = nn.Embedding.from_pretrained(words, freeze=False)
        self.word_norm = nn.LayerNorm(sizes.hidden_size)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.num_hidden_layers))
        self.transform = nn.Linear(sizes.hidden_size, sizes.hidden_size)
        self.norm = nn.LayerNorm(sizes.hidden_size)
        for part in (each for each in self.modules() if isinstance(each, nn.Linear)):
            nn.init.normal_(part.weight, std=0.5 * sizes.hidden_size**-0.5)
        self.bias = nn.Parameter(frequencies)
        self.neighbours = neighbours

    def forward(self, ids: Tensor, asked: Tensor) -> Tensor:
        x, turns = self.word_norm(self.words(ids)), turns_of(ids.size(1), self.sizes.hidden_size // self.sizes.num_attention_heads)
        for layer in self.layers:
            x = layer(x, turns)
        x = x[asked]                                                                                   # (Q, D)
        scores = F.linear(self.norm(F.gelu(self.transform(x))), self.words.weight, self.bias)          # (Q, V)
        return scores if self.neighbours is None else scores + self.neighbours(x, ids, asked)
