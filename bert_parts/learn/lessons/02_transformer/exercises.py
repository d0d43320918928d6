"""Notebook 02: positions, the causal mask, teacher forcing, what depends on what, writing word by word, how likely a text is."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, causal_mask, padding_mask
from bert_parts.config import BertConfig
from bert_parts.learn.exercise import Case, Exercise, Finding, made_once, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE
from bert_parts.transformer import (
    DecoderLayer,
    TransformerModel,
    depends_on,
    greedy_decode,
    sequence_log_prob,
    shift_right,
    sinusoidal_positions,
)

HERE = Path(__file__).parent
TITLE = "The Transformer"
BUILDS = "positions, the causal mask, what depends on what, writing: a translator"
PAPER = "[Vaswani et al. 2017](https://arxiv.org/abs/1706.03762)"

STILL = BertConfig(vocab_size=20, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
                   hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=16)
SOURCE = torch.tensor([[5, 9, 3, 14, 7, 11], [8, 4, 17, 0, 0, 0]])
MARKS = (SOURCE != 0).long()
TARGET = torch.tensor([[1, 6, 13, 10], [1, 16, 2, 0]])
START, END = 1, 2
SAME_SCORES = "In a whole Transformer of 2 + 2 layers: the same scores for every next word."


@made_once
def whole_transformer() -> TransformerModel:
    """A Transformer of random, hard weights."""
    return with_hard_weights(TransformerModel(STILL)).eval()


def same_scores_with_positions(thing) -> Finding | str:
    """A whole Transformer that is given the learner's positions."""
    model = whole_transformer()
    with torch.no_grad():
        expected = model(SOURCE, TARGET, MARKS)
        model.positions = thing(*model.positions.shape)
        given = model(SOURCE, TARGET, MARKS)
    if not torch.allclose(given, expected, atol=TOLERANCE, rtol=0):
        return Finding("By themselves your positions agree, but with them a whole Transformer gives other scores.")
    return SAME_SCORES


def same_scores_with_mask(thing) -> Finding | str:
    """A whole Transformer's decoder under the learner's mask."""
    model = whole_transformer()
    with torch.no_grad():
        x, memory = model.embed("target_ids", TARGET), model.encode(SOURCE, MARKS)
        expected = model.decoder(x, memory, causal_mask(4), padding_mask(MARKS))
        given = model.decoder(x, memory, thing(4), padding_mask(MARKS))
    if not torch.allclose(given, expected, atol=TOLERANCE, rtol=0):
        return Finding("By itself your mask agrees, but under it a whole Transformer gives other scores.")
    return SAME_SCORES


def words_of(function: Callable[[], Callable], length: int, width: int) -> Callable[[], tuple]:
    """Arguments of a case: a function, and words' vectors. What an answer draws at random is the same each time.

    The vectors are of quarters: to add 1 to all numbers leaves not even a rounding in what lies between them.
    """

    def arguments():
        given = function(), (4 * randn(1, length, width)).round() / 4
        torch.default_generator.manual_seed(7)
        return given

    return arguments


def zeros_and_ones() -> tuple[Callable, Tensor]:
    """Words whose vectors stay as they are if they are multiplied, or all numbers are made 0 or 1."""
    torch.default_generator.manual_seed(7)
    return means_so_far, torch.tensor([0.0, 1, 0, 1, 0])[None, :, None].repeat(1, 1, 3)


def decoder_layers(number: int, mask: Tensor) -> Callable[[Tensor], Tensor]:
    """What is written through some decoder layers of random weights, under a mask."""
    layer = with_hard_weights(DecoderLayer(STILL)).eval()

    def function(x):
        for _ in range(number):
            x = layer(x, randn(1, 6, 12, seed=1), mask)
        return x

    return function


def into_padded_memory() -> Callable[[Tensor], Tensor]:
    """Four words look into a memory of six, the last three of them padding."""
    attention = with_hard_weights(MultiHeadAttention(12, 3, 0.0)).eval()
    return lambda memory: attention(randn(1, 4, 12, seed=1), memory, padding_mask(MARKS[1:]))


def means_so_far(x: Tensor) -> Tensor:
    return x.cumsum(dim=1) / torch.arange(1, x.size(1) + 1)[:, None]


def pairs(x: Tensor) -> Tensor:
    """The sums of every two words."""
    return x.unflatten(1, (-1, 2)).sum(dim=2)


def in_pairs(x: Tensor) -> Tensor:
    """For every two words the sum of their first numbers, as the first of two."""
    sums = x[..., 0].unflatten(1, (-1, 2)).sum(dim=2)
    return torch.stack([sums, torch.ones_like(sums)], dim=-1)


def normed(x: Tensor) -> Tensor:
    """From last to first, two numbers of each word's vector brought to a common size."""
    return F.layer_norm(x, x.shape[-1:], eps=0.0).flip(1)[..., :2]


def steps(x: Tensor) -> Tensor:
    """What lies between the numbers of a word's vector."""
    return x.diff(dim=-1)


def opposites(x: Tensor) -> Tensor:
    """Two numbers of each word, of which one rises as the other falls."""
    one = x.sum(dim=-1, keepdim=True)
    return torch.cat([one, -one], dim=-1)


def of_the_next(x: Tensor) -> Tensor:
    """How large the numbers of the next word are; the last word has none."""
    return F.pad(x[:, 1:].abs(), (0, 0, 0, 1))


def of_the_last(x: Tensor) -> Tensor:
    """The last number of each word's vector, twice."""
    return x[..., -1:].expand(-1, -1, 2)


def into_the_last(x: Tensor) -> Tensor:
    """Two numbers for each word, of which the first is always 0."""
    return F.pad(x.sum(dim=-1, keepdim=True), (1, 0))


def hardly(x: Tensor) -> Tensor:
    """Each word, and a little of the one that stands as far from the end as it from the beginning."""
    return x + 0.001 * x.flip(1)


def same_dependence(thing) -> Finding | str:
    """A whole Transformer's scores, and the vectors of what was read."""
    model = whole_transformer()
    x, written = model.embed("source_ids", SOURCE[1:]), TARGET[:1]

    def scores(x):
        return model.decode(written, model.encoder(x, padding_mask(MARKS[1:])), MARKS[1:])

    if not torch.equal(thing(scores, x), depends_on(scores, x)):
        return Finding("In small things you find what depends on what, but not in a whole Transformer.")
    return "In a whole Transformer of 2 + 2 layers: every score depends on the words read, and none on the padding."


TOY_SOURCE = torch.tensor([[5, 9, 3, 4, 7], [8, 4, 6, 6, 6], [3, 10, 4, 6, 6]])
TOY_MARKS = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0]])


class Toy:
    """Stands in for a trained model: writes a word for each source word, then the end, and after that babbles.

    Each word depends on the whole of what was written, on the source word in its place and on all the memory, so that no
    two ways of decoding write the same.
    """

    def __init__(self, end_id: int):
        self.encoded, self.end_id = 0, end_id

    def encode(self, source_ids, source_mask=None):
        self.encoded += 1
        return (source_ids * (1 if source_mask is None else source_mask))[..., None].float()

    def decode(self, target_ids, memory, source_mask=None):
        source = memory[..., 0].long()                                             # (B, S)
        marks = torch.ones_like(source) if source_mask is None else source_mask
        words = torch.zeros(*target_ids.shape, dtype=torch.int64)
        for place in range(target_ids.size(1)):
            written = target_ids[:, : place + 1].cumsum(dim=1).sum(dim=1)          # depends on their order too
            word = 3 + (5 * written + source.sum(dim=1) + source[:, place % source.size(1)]) % 9
            words[:, place] = torch.where(marks.sum(dim=1) == place, self.end_id, word)
        return F.one_hot(words, 12) / 2 - 2.9     # below 0, and less than 1 apart

    def forward(self, source_ids, target_ids, source_mask=None):
        return self.decode(target_ids, self.encode(source_ids, source_mask), source_mask)

    __call__ = forward


def toy(source=TOY_SOURCE, marks=TOY_MARKS, max_length=9, start=START, end=END):
    return lambda: (Toy(end), source.clone(), None if marks is None else marks.clone(), start, end, max_length)


def encodes_once(thing) -> Finding | None:
    """Encoding the source again for each word gives the same words, and wastes most of the work."""
    arguments = toy()()
    thing(*arguments)
    if arguments[0].encoded > 1:
        return Finding(f"Every word is right, but you encode the source {arguments[0].encoded} times. It does not change "
                       "while you write: call `model.encode` once, before the loop, and `model.decode` inside it.",
                       "encoded anew for each word")
    return None


def same_words(thing) -> Finding | str:
    """A whole Transformer of random weights writes the same."""
    arguments = (whole_transformer(), SOURCE, MARKS, START, END, 12)
    with torch.no_grad():
        given = thing(*arguments)
    if not torch.equal(given, greedy_decode(*arguments)):
        return Finding("With a made-up model your decoder agrees, but with a whole Transformer it writes other words.")
    return "With a whole Transformer (its weights still random): the same words."


WRITTEN = torch.tensor([[6, 13, 10, 3, 2], [16, 5, 2, 0, 0]])


def keen_transformer(apart: float = 3) -> TransformerModel:
    """One whose scores hang on every word that was written before: what comes in is kept, and words are far apart."""
    model = whole_transformer()
    with torch.no_grad():
        model.word_embeddings.weight.mul_(apart)
        for name, parameter in model.named_parameters():
            parameter.add_(float(name.endswith("LayerNorm.weight")))
    return model


def likeliest_words(thing) -> Finding | str:
    """Over all words that may come first, the probabilities add up to 1."""
    words, model = torch.arange(STILL.vocab_size)[:, None], whole_transformer()
    given = thing(model, SOURCE[:1].expand(len(words), -1), None, words, START, -1)
    if abs(given.exp().sum().item() - 1) > TOLERANCE:
        return Finding("For whole texts your numbers agree, but over all texts of one word the probabilities do not add up to 1.")
    return "Over all texts of one word the probabilities add up to 1."


EXERCISES = (
    Exercise(lesson=HERE, reference=sinusoidal_positions, tolerance=1e-4, drop_in=same_scores_with_positions, cases=(
        Case("6 positions, width 8", lambda: (6, 8)),
        Case("40 positions, width 12", lambda: (40, 12)),
        Case("3 positions, width 2", lambda: (3, 2)),
    )),
    Exercise(lesson=HERE, reference=causal_mask, drop_in=same_scores_with_mask, cases=(
        Case("5 words", lambda: (5,)),
        Case("2 words", lambda: (2,)),
        Case("a single word", lambda: (1,)),
    )),
    Exercise(lesson=HERE, reference=shift_right, cases=(
        Case("two texts of 5 words, start token 1", lambda: (torch.tensor([[7, 8, 9, 4, 2], [5, 6, 3, 8, 2]]), 1)),
        Case("two texts, one padded, start token 3", lambda: (torch.tensor([[7, 8, 2, 0], [5, 6, 9, 2]]), 3)),
        Case("a word that comes twice, the second time at the end", lambda: (torch.tensor([[7, 9, 4, 7], [2, 5, 2, 2]]), 1)),
        Case("texts of one token", lambda: (torch.tensor([[2], [7]]), 1)),
    )),
    Exercise(lesson=HERE, reference=depends_on, drop_in=same_dependence, cases=(
        Case("one result for every two words, their sum", words_of(lambda: pairs, 6, 3)),
        Case("the means of the words so far", words_of(lambda: means_so_far, 4, 3)),
        Case("a decoder layer under the causal mask", words_of(lambda: decoder_layers(1, causal_mask(5)), 5, 12)),
        Case("four words that look into a memory of six, three of them padding", words_of(into_padded_memory, 6, 12)),
        Case("one result for every two words, made of the first number of each", words_of(lambda: in_pairs, 6, 3)),
        Case("results that are normalised, from last to first", words_of(lambda: normed, 4, 3)),
        Case("results made of what lies between the numbers of a word", words_of(lambda: steps, 4, 3)),
        Case("results of which one number rises as the other falls", words_of(lambda: opposites, 4, 3)),
        Case("results made of the sizes (abs) of the next word's numbers", words_of(lambda: of_the_next, 4, 3)),
        Case("results made of the last number of each word", words_of(lambda: of_the_last, 4, 3)),
        Case("results of which only the last number ever moves", words_of(lambda: into_the_last, 4, 3)),
        Case("a dependence of a thousandth", words_of(lambda: hardly, 4, 3)),
        Case("words whose vectors are zeros, or ones", zeros_and_ones),
        Case("a single word", words_of(lambda: means_so_far, 1, 3)),
        Case("two layers in which each word may look one word ahead",
             words_of(lambda: decoder_layers(2, torch.ones(6, 6).tril(1).bool()), 6, 12)),
    )),
    Exercise(lesson=HERE, reference=greedy_decode, probes=(encodes_once,), drop_in=same_words, cases=(
        Case("one text", toy(TOY_SOURCE[:1], None)),
        Case("three texts that end at different times", toy()),
        Case("a max_length that comes before the end", toy(max_length=3)),
        Case("a max_length of 1", toy(max_length=1)),
        Case("a start_id of 2 and an end_id of 1", toy(start=2, end=1)),
        Case("an end_id above those of most words", toy(end=10)),
    )),
    Exercise(lesson=HERE, reference=sequence_log_prob, drop_in=likeliest_words, cases=(
        Case("one text", lambda: (keen_transformer(), SOURCE[:1], None, WRITTEN[:1], START, 0)),
        Case("two texts, source and target padded", lambda: (keen_transformer(), SOURCE, MARKS, WRITTEN, START, 0)),
        Case("a start_id of 2 and a pad_id of 3", lambda: (keen_transformer(), SOURCE, MARKS, WRITTEN, 2, 3)),
        Case("texts so unlikely that their probability is 0 in float32",
             lambda: (keen_transformer(30), SOURCE, MARKS, WRITTEN, START, 0)),
        Case("a source mask and no padding in the target",
             lambda: (keen_transformer(), SOURCE, MARKS, WRITTEN[:, :2], START, 0)),
    )),
)
