"""The encoder–decoder that attention was made for: one stack reads a text, another writes its translation."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, causal_mask, padding_mask
from bert_parts.config import BertConfig
from bert_parts.embeddings import check_ids
from bert_parts.encoder import AddAndNorm, BertAttention, BertEncoder, BertIntermediate
from bert_parts.model import check_attention_mask


def sinusoidal_positions(length: int, hidden_size: int) -> Tensor:
    """A vector for every position: waves, each pair of columns slower than the last.

    Column 2i of position p is sin(p / 10000^(2i / D)), and column 2i + 1 is the cosine of the
    same angle (Vaswani et al. 2017, section 3.5).

    Shapes:
        → (T, D) float32, T = length, D = hidden_size (an even number)
    """
    if hidden_size % 2:
        raise ValueError(f"hidden_size is {hidden_size}: sines and cosines come in pairs, so choose an even number.")
    pairs = torch.arange(0, hidden_size, 2)                                  # (D / 2): 0, 2, 4, …
    angles = torch.arange(length)[:, None] / 10000 ** (pairs / hidden_size)     # (T, D / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)     # (T, D)


def shift_right(target_ids: Tensor, start_id: int) -> Tensor:
    """What the decoder is given while it learns: the right words, each one place later.

    A start token comes first. So at every position it has seen the words before the one that
    it must say ("teacher forcing").

    Shapes:
        target_ids (B, T) → (B, T): start_id, then all but the last of target_ids
    """
    start = torch.full_like(target_ids[:, :1], start_id)     # (B, 1)
    return torch.cat([start, target_ids[:, :-1]], dim=1)


class DecoderLayer(nn.Module):
    """One layer of the decoder: the target looks at itself, then at the source, then thinks.

    To think is a feed-forward on each token. Each of the three adds to what came in and
    normalises (Vaswani et al. 2017, section 3.1; post-norm).

    Shapes:
        x (B, T, D): the target so far; memory (B, S, D): what the encoder made of the source
        mask: where x may look in x; memory_mask: where x may look in memory;
            both as in attention_weights
        → (B, T, D)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None = None, memory_mask: Tensor | None = None) -> Tensor:
        """Look back, look across, think."""
        x = self.attention(x, mask)
        collected = self.cross_attention(x, memory, memory_mask)     # (B, T, D)
        x = self.cross_output(collected, residual=x)
        return self.output(self.intermediate(x), residual=x)


class Decoder(nn.Module):
    """A stack of decoder layers; all of them look at the same memory.

    Shapes:
        as in DecoderLayer
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_hidden_layers))

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None = None, memory_mask: Tensor | None = None) -> Tensor:
        for layer in self.layer:
            x = layer(x, memory, mask, memory_mask)
        return x


@torch.no_grad()
def depends_on(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Which results depend on which words: those that move when that word's vector is another.

    Shapes:
        x (1, S, D): the words' vectors; function: x → (1, T, E), the results
        → (T, S) boolean, True = the result in this row depends on the word in this column
    """
    before = function(x)
    columns = []
    for place in range(x.size(1)):
        other = x.clone()
        other[:, place] = torch.randn_like(x[:, place])
        moves = (function(other) != before).any(dim=-1)     # (1, T)
        columns.append(moves[0])
    return torch.stack(columns, dim=-1)


class TransformerModel(nn.Module):
    """The encoder–decoder (Vaswani et al. 2017, figure 1), with BERT's GELU where the paper has ReLU.

    Both languages share one vocabulary and one table of word vectors, which also scores the next word (section 3.4).
    Of the config, `num_hidden_layers` counts for both stacks; segments play no part.

    Shapes:
        source_ids (B, S) int64, target_ids (B, T) int64: the target as the decoder is given it, after `shift_right`
        source_mask (B, S) of 0 and 1 (None: no padding) → logits (B, T, V) for the token that follows each of target_ids
        Target padding belongs at the end: there the causal mask hides it from every real token.
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        positions = sinusoidal_positions(config.max_position_embeddings, config.hidden_size)
        self.register_buffer("positions", positions, persistent=False)     # computed, not learned
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.encoder = BertEncoder(config)
        self.decoder = Decoder(config)
        self.apply(self.initialize)

    def initialize(self, module: nn.Module):
        """Weights that keep the size of what passes through (Glorot & Bengio 2010), zero biases."""
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=1 / math.sqrt(self.config.hidden_size))
            nn.init.zeros_(module.weight[module.padding_idx])

    def forward(self, source_ids: Tensor, target_ids: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """Read the source, then score what follows each target token. Raises what `encode` and `decode` raise."""
        return self.decode(target_ids, self.encode(source_ids, source_mask), source_mask)

    def encode(self, source_ids: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """source_ids (B, S) → memory (B, S, D).

        Raises:
            TypeError: ids or marks of the wrong dtype.
            ValueError: ids or marks of the wrong shape, ids outside the vocabulary, or more tokens than positions.
        """
        x = self.embed("source_ids", source_ids)
        if source_mask is not None:
            check_attention_mask(source_mask, source_ids.shape)
            source_mask = padding_mask(source_mask)     # (B, 1, 1, S)
        return self.encoder(x, source_mask)

    def decode(self, target_ids: Tensor, memory: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """target_ids (B, T), memory (B, S, D) → logits (B, T, V). Raises as `encode`, or if the numbers of texts differ."""
        x = self.embed("target_ids", target_ids)
        if memory.size(0) != target_ids.size(0):
            raise ValueError(
                f"memory holds {memory.size(0)} texts and target_ids {target_ids.size(0)}: give each source one target."
            )
        if source_mask is not None:
            check_attention_mask(source_mask, memory.shape[:2])
            source_mask = padding_mask(source_mask)
        mask = causal_mask(target_ids.size(1)).to(x.device)     # (T, T)
        x = self.decoder(x, memory, mask, source_mask)
        return F.linear(x, self.word_embeddings.weight)     # (B, T, V): the dot product with every word's vector

    def embed(self, name: str, ids: Tensor) -> Tensor:
        """Ids (B, T) → word vectors, scaled up by √D to the size of the positions that are added, (B, T, D)."""
        check_ids(name, ids, self.config.vocab_size, "the vocabulary has")
        if ids.size(1) > len(self.positions):
            raise ValueError(f"{name} is {ids.size(1)} tokens long, and this model knows {len(self.positions)} positions: "
                             f"shorten the text, or raise max_position_embeddings.")
        x = self.word_embeddings(ids) * math.sqrt(self.config.hidden_size)
        return self.dropout(x + self.positions[: ids.size(1)])


@torch.no_grad()
def greedy_decode(
    model: nn.Module, source_ids: Tensor, source_mask: Tensor | None, start_id: int, end_id: int, max_length: int
) -> Tensor:
    """Write a translation, always taking the likeliest next token.

    The source is encoded once. Each text ends with its first end_id, and is filled up
    with end_id until all have ended.

    Shapes:
        source_ids (B, S), source_mask (B, S) or None
        → ids (B, T) without the start token, T ≤ max_length
    """
    memory = model.encode(source_ids, source_mask)
    ids = torch.full_like(source_ids[:, :1], start_id)     # (B, 1)
    ended = torch.zeros_like(ids, dtype=torch.bool)        # (B, 1)
    while ids.size(1) <= max_length and not ended.all():
        logits = model.decode(ids, memory, source_mask)                    # (B, T, V)
        following = logits[:, -1:].argmax(dim=-1).masked_fill(ended, end_id)     # (B, 1)
        ids = torch.cat([ids, following], dim=1)
        ended = ended | (following == end_id)
    return ids[:, 1:]


@torch.no_grad()
def beam_decode(
    model: nn.Module, source_ids: Tensor, source_mask: Tensor | None, start_id: int, end_id: int, max_length: int,
    num_beams: int,
) -> tuple[list[int], float]:
    """Write a translation of one text, keeping the num_beams likeliest beginnings at every step.

    The likeliest ended one is taken (of unended ones, if none ends within max_length). A text's score is the sum of the
    log-probabilities of its tokens, without the paper's length penalty (Vaswani et al. 2017, section 6.1).

    Shapes:
        source_ids (1, S), source_mask (1, S) or None → ids without the start token (up to max_length), and their score
    """
    memory = model.encode(source_ids, source_mask)
    beams, ended = [([start_id], 0.0)], []
    for _ in range(max_length):
        ids = torch.tensor([ids for ids, _ in beams], device=source_ids.device)     # (beams, T)
        marks = None if source_mask is None else source_mask.expand(len(beams), -1)
        logits = model.decode(ids, memory.expand(len(beams), -1, -1), marks)[:, -1]     # (beams, V)
        scores = torch.tensor([[score] for _, score in beams], device=logits.device) + logits.log_softmax(dim=-1)
        best, where = scores.flatten().topk(min(num_beams, scores.numel()))
        grown = [([*beams[place // scores.size(1)][0], place % scores.size(1)], score)
                 for place, score in zip(where.tolist(), best.tolist(), strict=True)]
        ended += [(ids[1:], score) for ids, score in grown if ids[-1] == end_id]
        beams = [(ids, score) for ids, score in grown if ids[-1] != end_id]
        if not beams or ended and max(score for _, score in ended) >= beams[0][1]:     # scores only fall
            break
    return max(ended or [(ids[1:], score) for ids, score in beams], key=lambda beam: beam[1])


@torch.no_grad()
def sequence_log_prob(
    model: nn.Module, source_ids: Tensor, source_mask: Tensor | None, target_ids: Tensor, start_id: int, pad_id: int
) -> Tensor:
    """How likely each text is to the model: the log of its probability.

    The probability is the product of those of its tokens, each given the right ones before it.
    Tokens that are pad_id do not count.

    Shapes:
        source_ids (B, S), source_mask (B, S) or None, target_ids (B, T) → (B,)
    """
    logits = model(source_ids, shift_right(target_ids, start_id), source_mask)     # (B, T, V)
    each = logits.log_softmax(dim=-1).gather(-1, target_ids[..., None])[..., 0]     # (B, T)
    return each.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)
