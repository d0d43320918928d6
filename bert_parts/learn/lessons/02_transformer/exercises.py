"""Notebook 02: positions, the causal mask, teacher forcing, the decoder layer, writing word by word."""

from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F

from bert_parts.attention import causal_mask, padding_mask
from bert_parts.config import BertConfig
from bert_parts.learn.exercise import Case, Exercise, Finding, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, with_parts
from bert_parts.transformer import DecoderLayer, TransformerModel, greedy_decode, shift_right, sinusoidal_positions

HERE = Path(__file__).parent
TITLE = "The Transformer"

STILL = BertConfig(vocab_size=20, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
                   hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=16)
DROPS = replace(STILL, hidden_size=4, num_attention_heads=2, intermediate_size=6, hidden_dropout_prob=0.3)
DROPS_WEIGHTS = replace(DROPS, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.4)
SOURCE = torch.tensor([[5, 9, 3, 14, 7, 11], [8, 4, 17, 0, 0, 0]])
MARKS = (SOURCE != 0).long()
TARGET = torch.tensor([[1, 6, 13, 10], [1, 16, 2, 0]])
START, END = 1, 2
SAME_SCORES = "In a whole Transformer of 2 + 2 layers: the same scores for every next word."


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


def same_scores_inside(thing) -> Finding | str:
    """A whole Transformer with the learner's decoder layers."""
    model = whole_transformer()
    own = with_parts(model, {"DecoderLayer": thing})
    with torch.no_grad():
        if not torch.allclose(own(SOURCE, TARGET, MARKS), model(SOURCE, TARGET, MARKS), atol=TOLERANCE, rtol=0):
            return Finding("By itself your layer agrees, but two of them in a whole Transformer give other scores.")
    return SAME_SCORES


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


EXERCISES = (
    Exercise(
        lesson=HERE,
        reference=sinusoidal_positions,
        tolerance=1e-4,
        cases=(
            Case("6 positions, width 8", lambda: (6, 8)),
            Case("40 positions, width 12", lambda: (40, 12)),
            Case("3 positions, width 2", lambda: (3, 2)),
        ),
        drop_in=same_scores_with_positions,
    ),
    Exercise(
        lesson=HERE,
        reference=causal_mask,
        cases=(
            Case("5 words", lambda: (5,)),
            Case("2 words", lambda: (2,)),
            Case("a single word", lambda: (1,)),
        ),
        drop_in=same_scores_with_mask,
    ),
    Exercise(
        lesson=HERE,
        reference=shift_right,
        cases=(
            Case("two texts of 5 words, start token 1", lambda: (torch.tensor([[7, 8, 9, 4, 2], [5, 6, 3, 8, 2]]), 1)),
            Case("two texts, one padded, start token 3", lambda: (torch.tensor([[7, 8, 2, 0], [5, 6, 9, 2]]), 3)),
            Case("a word that comes twice, the second time at the end", lambda: (torch.tensor([[7, 9, 4, 7], [2, 5, 2, 2]]), 1)),
            Case("texts of one token", lambda: (torch.tensor([[2], [7]]), 1)),
        ),
    ),
    Exercise(
        lesson=HERE,
        reference=DecoderLayer,
        cases=(
            Case("one text, no masks", lambda: (randn(1, 4, 12), randn(1, 6, 12, seed=1)), build=(STILL,)),
            Case("two texts, one of the sources padded", lambda: (
                randn(2, 4, 12), randn(2, 6, 12, seed=1), causal_mask(4), padding_mask(MARKS)), build=(STILL,)),
            Case("a padded source and no causal mask", lambda: (
                randn(2, 4, 12), randn(2, 6, 12, seed=1), None, padding_mask(MARKS)), build=(STILL,)),
            Case("two texts and a causal mask",
                 lambda: (randn(2, 4, 12), randn(2, 6, 12, seed=1), causal_mask(4)), build=(STILL,)),
            Case("source and target of the same length", lambda: (
                randn(2, 6, 12), randn(2, 6, 12, seed=1), causal_mask(6), padding_mask(MARKS)), build=(STILL,)),
            *(Case(f"in training, with a dropout rate {what}", lambda: (randn(1, 3, 4), randn(1, 3, 4, seed=1)), build=(config,),
                   training=True) for config, what in ((DROPS, "of 0.3"), (DROPS_WEIGHTS, "of 0.4 for attention only"))),
        ),
        drop_in=same_scores_inside,
    ),
    Exercise(
        lesson=HERE,
        reference=greedy_decode,
        cases=(
            Case("one text", toy(TOY_SOURCE[:1], None)),
            Case("three texts that end at different times", toy()),
            Case("a max_length that comes before the end", toy(max_length=3)),
            Case("a max_length of 1", toy(max_length=1)),
            Case("a start_id of 2 and an end_id of 1", toy(start=2, end=1)),
            Case("an end_id above those of most words", toy(end=10)),
        ),
        probes=(encodes_once,),
        drop_in=same_words,
    ),
)
