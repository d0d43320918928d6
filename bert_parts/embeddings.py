"""Ids → vectors: what the token is, where it stands, which sentence it belongs to."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.config import BertConfig
from bert_parts.devices import may_be_read
from bert_parts.files import quoted


class BertEmbeddings(nn.Module):
    """The sum of three looked-up vectors, normalised (Devlin et al. 2019, section 3, figure 2).

    Shapes:
        input_ids (B, T) int64, token_type_ids (B, T) int64 or None for all zeros → (B, T, D)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """Look up and add.

        Raises:
            TypeError: ids that are not whole numbers.
            ValueError: ids of the wrong shape or outside their table, or more tokens than
                positions.
        """
        check_ids("input_ids", input_ids, self.config.vocab_size, "the vocabulary has")
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        check_ids("token_type_ids", token_type_ids, self.config.type_vocab_size, "the segments number")
        if token_type_ids.shape != input_ids.shape:
            raise ValueError(
                f"token_type_ids has shape {tuple(token_type_ids.shape)} and input_ids {tuple(input_ids.shape)}: "
                f"give every token one segment."
            )
        length = input_ids.size(1)
        if length > self.config.max_position_embeddings:
            raise ValueError(
                f"input_ids is {length} tokens long, and this model knows {self.config.max_position_embeddings} "
                f"positions: shorten the text, for instance with tokenizer(..., max_length="
                f"{self.config.max_position_embeddings})."
            )
        positions = torch.arange(length, device=input_ids.device)
        total = (
            self.word_embeddings(input_ids)                  # (B, T, D)
            + self.position_embeddings(positions)            # (T, D), the same for every text
            + self.token_type_embeddings(token_type_ids)     # (B, T, D)
        )
        return self.dropout(self.LayerNorm(total))


def check_ids(name: str, ids: Tensor, size: int, table: str):
    """Ids are whole numbers from 0 to size − 1, one row a text. Without this, torch says "index out of range"."""
    if not isinstance(ids, Tensor) or ids.dtype not in (torch.int64, torch.int32):
        given = f"a tensor of {ids.dtype}" if isinstance(ids, Tensor) else type(ids).__name__
        raise TypeError(f"{name} is {given}, where a tensor of torch.int64 ids is expected: let the tokenizer make it.")
    if ids.dim() != 2 or ids.numel() == 0:
        raise ValueError(
            f"{name} has shape {tuple(ids.shape)}, where (texts, tokens) with at least one of each is expected."
        )
    if not may_be_read(ids):
        return
    lowest, highest = (int(edge) for edge in ids.aminmax())
    if lowest < 0 or highest >= size:
        wrong = lowest if lowest < 0 else highest
        raise ValueError(f"{name} holds the id {wrong}, and {table} {size}: use ids from 0 to {size - 1}.")


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Every vector to mean 0 and variance 1 by itself, then stretched and shifted
    (Ba et al. 2016, equations 3 and 4).

    What nn.LayerNorm computes, written out. The model uses torch's own, which is faster.

    Shapes:
        x (B, T, D), weight (D,), bias (D,) → (B, T, D)
    """
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.pow(2).mean(dim=-1, keepdim=True)     # (B, T, 1)
    return centred / (variance + eps).sqrt() * weight + bias


def nearest_words(word: str, tokens: list[str], vectors: Tensor, k: int = 5) -> list[tuple[str, float]]:
    """The k other tokens whose vectors point most nearly the same way, each with its cosine,
    the nearest first.

    Shapes:
        V tokens, vectors (V, D), one for each → k pairs of a token and a cosine

    Raises:
        ValueError: the word is not one of the tokens.
    """
    if word not in tokens:
        raise ValueError(f"{quoted(word)} is not one of the {len(tokens)} tokens: only what stands in the table has a vector.")
    place = tokens.index(word)
    directions = F.normalize(vectors, dim=-1)
    cosines = directions @ directions[place]     # (V,)
    cosines[place] = -math.inf                   # nearest to a word is the word itself
    values, places = cosines.topk(min(k, len(tokens) - 1))
    return [(tokens[place], value) for place, value in zip(places.tolist(), values.tolist(), strict=True)]


def cosine_by_distance(vectors: Tensor) -> Tensor:
    """How alike two positions are that stand so and so far apart: for each distance, the mean of
    the cosines of all pairs at that distance (Wang & Chen 2020 draw them pair by pair).

    Shapes:
        vectors (T, D), in the order of the positions → (T,): at distance 0, 1, …, T − 1
    """
    directions = F.normalize(vectors.detach(), dim=-1)     # a measure, through which nothing learns
    cosines = directions @ directions.T                    # (T, T)
    return torch.stack([cosines.diagonal(distance).mean() for distance in range(len(vectors))])
