"""Notebook 02: positions, the causal mask, teacher forcing, the decoder layer, writing word by word."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from bert_parts.attention import causal_mask, padding_mask
from bert_parts.config import BertConfig
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, with_parts
from bert_parts.learn.questions import Option, Question
from bert_parts.transformer import DecoderLayer, TransformerModel, greedy_decode, shift_right, sinusoidal_positions

NOTEBOOK = "02_transformer"
TITLE = "The Transformer"

STILL = BertConfig(vocab_size=20, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
                   hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=16)
SOURCE = torch.tensor([[5, 9, 3, 14, 7, 11], [8, 4, 17, 0, 0, 0]])
MARKS = (SOURCE != 0).long()
TARGET = torch.tensor([[1, 6, 13, 10], [1, 16, 2, 0]])
START, END = 1, 2
SAME_SCORES = "In a whole Transformer of 2 + 2 layers: the same scores for every next word."


def whole_transformer() -> TransformerModel:
    """A Transformer of random, hard weights."""
    return with_hard_weights(TransformerModel(STILL)).eval()


# ── sinusoidal_positions ─────────────────────────────────────────────────────────────────────────────────────────────


def angles(positions: Tensor, exponents: Tensor, base: float = 10000.0) -> Tensor:
    return positions[:, None].float() / base ** exponents.float()


def woven(sines: Tensor, cosines: Tensor) -> Tensor:
    return torch.stack([sines, cosines], dim=-1).flatten(-2)


def exponents(hidden_size: int) -> Tensor:
    return torch.arange(0, hidden_size, 2) / hidden_size


def in_halves(length, hidden_size):
    angle = angles(torch.arange(length), exponents(hidden_size))
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def cosine_first(length, hidden_size):
    angle = angles(torch.arange(length), exponents(hidden_size))
    return woven(angle.cos(), angle.sin())


def twice_and_its_own(length, hidden_size):
    angle = angles(torch.arange(length), 2 * torch.arange(hidden_size) / hidden_size)
    return woven(angle[:, 0::2].sin(), angle[:, 1::2].cos())


def counted_from_one(length, hidden_size):
    angle = angles(torch.arange(1, length + 1), exponents(hidden_size))
    return woven(angle.sin(), angle.cos())


def half_the_exponent(length, hidden_size):
    angle = angles(torch.arange(length), exponents(hidden_size) / 2)
    return woven(angle.sin(), angle.cos())


def twice_the_exponent(length, hidden_size):
    angle = angles(torch.arange(length), exponents(hidden_size) * 2)
    return woven(angle.sin(), angle.cos())


def every_column_its_own(length, hidden_size):
    angle = angles(torch.arange(length), torch.arange(hidden_size) / hidden_size)
    return woven(angle[:, 0::2].sin(), angle[:, 1::2].cos())


def multiplied(length, hidden_size):
    angle = angles(torch.arange(length), -exponents(hidden_size))
    return woven(angle.sin(), angle.cos())


def wrong_base(base):
    def positions(length, hidden_size):
        angle = angles(torch.arange(length), exponents(hidden_size), base)
        return woven(angle.sin(), angle.cos())

    return positions


def sines_only(length, hidden_size):
    angle = angles(torch.arange(length), exponents(hidden_size))
    return woven(angle.sin(), angle.sin())


def exponent_forgotten(length, hidden_size):
    angle = torch.arange(length)[:, None] / (10000.0 * exponents(hidden_size))
    return woven(angle.sin(), angle.cos())


def exponent_not_divided(length, hidden_size):
    angle = angles(torch.arange(length), torch.arange(0, hidden_size, 2))
    return woven(angle.sin(), angle.cos())


def positions_as_columns(length, hidden_size):
    return sinusoidal_positions(length, hidden_size).T.contiguous()


def with_a_batch(length, hidden_size):
    return sinusoidal_positions(length, hidden_size)[None]


def in_doubles(length, hidden_size):
    angle = torch.arange(length)[:, None].double() / 10000 ** exponents(hidden_size).double()
    return woven(angle.sin(), angle.cos())


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


# ── causal_mask ──────────────────────────────────────────────────────────────────────────────────────────────────────


def everything(length, value=True):
    return torch.full((length, length), value)


def one_too_far(length):
    return everything(length).tril(1)


def not_even_itself(length):
    return everything(length).tril(-1)


def inverted(length):
    return everything(length).triu(1)


def looks_ahead(length):
    return everything(length).triu()


def nothing_hidden(length):
    return everything(length)


def itself_alone(length):
    return torch.eye(length, dtype=torch.bool)


def of_floats(length):
    return torch.ones(length, length).tril()


def of_whole_numbers(length):
    return torch.ones(length, length, dtype=torch.int64).tril()


def to_be_added(length):
    return torch.full((length, length), -math.inf).triu(1)


def one_row(length):
    return everything(length)[-1]


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


# ── shift_right ──────────────────────────────────────────────────────────────────────────────────────────────────────


def not_shifted(target_ids, start_id):
    return target_ids.clone()


def shifted_left(target_ids, start_id):
    return torch.cat([target_ids[:, 1:], torch.full_like(target_ids[:, :1], start_id)], dim=1)


def rolled(target_ids, start_id):
    return target_ids.roll(1, dims=1)


def rolled_left(target_ids, start_id):
    return target_ids.roll(-1, dims=1)


def nothing_dropped(target_ids, start_id):
    return torch.cat([torch.full_like(target_ids[:, :1], start_id), target_ids], dim=1)


def no_start(target_ids, start_id):
    return target_ids[:, :-1]


def first_dropped(target_ids, start_id):
    return target_ids[:, 1:]


def overwritten(target_ids, start_id):
    return torch.cat([torch.full_like(target_ids[:, :1], start_id), target_ids[:, 1:]], dim=1)


def padding_first(target_ids, start_id):
    return F.pad(target_ids[:, :-1], (1, 0))


def texts_shifted(target_ids, start_id):
    return torch.cat([torch.full_like(target_ids[:1], start_id), target_ids[:-1]], dim=0)


def start_at_the_end(target_ids, start_id):
    return torch.cat([target_ids[:, :-1], torch.full_like(target_ids[:, :1], start_id)], dim=1)


def shifted_as_floats(target_ids, start_id):
    return torch.cat([torch.full((len(target_ids), 1), float(start_id)), target_ids[:, :-1]], dim=1)


def row_of_starts(target_ids, start_id):
    return torch.cat([torch.full_like(target_ids[:1, :1], start_id), target_ids[:, :-1]], dim=1)


# ── DecoderLayer ─────────────────────────────────────────────────────────────────────────────────────────────────────


class NotCausal(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        return super().forward(x, memory, None, memory_mask)


class PaddingSeen(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        return super().forward(x, memory, mask, None)


class MasksForgotten(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        return super().forward(x, memory)


class MasksExchanged(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        return super().forward(x, memory, memory_mask, mask)


class MemoryAsks(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(memory, x, memory_mask), residual=x)
        return self.output(self.intermediate(x), residual=x)


class LooksAtItselfTwice(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, None, mask), residual=x)
        return self.output(self.intermediate(x), residual=x)


class CrossSkipped(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        return self.output(self.intermediate(x), residual=x)


class SelfSkipped(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        return self.output(self.intermediate(x), residual=x)


class CrossFirst(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        x = self.attention(x, mask)
        return self.output(self.intermediate(x), residual=x)


class OldQuery(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        looked = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=looked)
        return self.output(self.intermediate(x), residual=x)


class OldResidual(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        looked = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(looked, memory, memory_mask), residual=x)
        return self.output(self.intermediate(x), residual=x)


class CollectedAsResidual(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        collected = self.cross_attention(x, memory, memory_mask)
        x = self.cross_output(collected, residual=collected)
        return self.output(self.intermediate(x), residual=x)


class CrossNotNormed(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        x = x + self.cross_attention(x, memory, memory_mask)
        return self.output(self.intermediate(x), residual=x)


class CrossNotAdded(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.cross_attention(self.attention(x, mask), memory, memory_mask)
        return self.output(self.intermediate(x), residual=x)


class SelfResidualTwice(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = x + self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        return self.output(self.intermediate(x), residual=x)


class CrossAddedTwice(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        x = x + self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        return self.output(self.intermediate(x), residual=x)


class MemoryAsResidual(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=memory)
        return self.output(self.intermediate(x), residual=x)


class CausalMaskAcross(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        return super().forward(x, memory, mask, mask)


class IntermediateSkipped(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        x = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        return self.output(x, residual=x)


class FeedForwardSkipped(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        return self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)


class FeedForwardFromBefore(DecoderLayer):
    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.attention(x, mask)
        crossed = self.cross_output(self.cross_attention(x, memory, memory_mask), residual=x)
        return self.output(self.intermediate(crossed), residual=x)


def learns(thing) -> Finding | None:
    """Gradients must reach every parameter, and the memory: else the encoder would never learn."""
    layer = with_hard_weights(thing(STILL)).eval()
    memory = randn(1, 6, 12, seed=1).requires_grad_()
    layer(randn(1, 4, 12), memory, causal_mask(4)).pow(3).sum().backward()
    idle = [f"`{name}`" for name, parameter in layer.named_parameters() if parameter.grad is None]
    idle += ["the memory, and so the encoder"] if memory.grad is None else []
    if idle:
        return Finding(f"The numbers are right, but no gradient reaches {idle[0]}: something on the way (`detach`, `.data`, "
                       "`no_grad`) cuts it off, and then it could never learn.", "gradient cut off")
    return None


def same_scores_inside(thing) -> Finding | str:
    """A whole Transformer with the learner's decoder layers."""
    model = whole_transformer()
    own = with_parts(model, {"DecoderLayer": thing})
    with torch.no_grad():
        if not torch.allclose(own(SOURCE, TARGET, MARKS), model(SOURCE, TARGET, MARKS), atol=TOLERANCE, rtol=0):
            return Finding("By itself your layer agrees, but two of them in a whole Transformer give other scores.")
    return SAME_SCORES


# ── greedy_decode ────────────────────────────────────────────────────────────────────────────────────────────────────


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
        return F.one_hot(words, 12).float() - 2.0

    def forward(self, source_ids, target_ids, source_mask=None):
        return self.decode(target_ids, self.encode(source_ids, source_mask), source_mask)

    __call__ = forward


TOY_SOURCE = torch.tensor([[5, 9, 3, 4, 7], [8, 4, 6, 6, 6], [3, 10, 4, 6, 6]])     # padded with words, to be noticed
TOY_MARKS = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0]])


def toy(source=TOY_SOURCE, marks=TOY_MARKS, max_length=9, start=START, end=END):
    return lambda: (Toy(end), source.clone(), None if marks is None else marks.clone(), start, end, max_length)


def written(following, stop="all", fill=True, marks=True, length=0, keep_start=False, first=None, fixed=()):
    """A decoder that goes wrong in one place: `following` picks the next ids from the model and what is written so far."""

    def decode(model, source_ids, source_mask, start_id, end_id, max_length):
        start_id, end_id = START if "start" in fixed else start_id, END if "end" in fixed else end_id
        memory = model.encode(source_ids, source_mask if marks is True or marks == "encode" else None)
        source_mask = source_mask if marks is True or marks == "decode" else None
        ids = source_ids[:, :1] if first == "source" else torch.full_like(source_ids[:, :1], start_id)
        ended = torch.zeros_like(ids, dtype=torch.bool)
        while ids.size(1) <= max_length + length:
            if (stop == "all" and ended.all()) or (stop == "any" and ended.any()):
                break
            new = following(model, ids, memory, source_mask)
            new = new.masked_fill(ended, end_id) if fill else new
            ids = torch.cat([ids, new], dim=1)
            ended = ended | (new == end_id)
        return ids if keep_start else ids[:, 1:]

    return decode


def last_word(model, ids, memory, marks):
    return model.decode(ids, memory, marks)[:, -1:].argmax(dim=-1)


def first_place(model, ids, memory, marks):
    return model.decode(ids, memory, marks)[:, :1].argmax(dim=-1)


def last_token_alone(model, ids, memory, marks):
    return model.decode(ids[:, -1:], memory, marks)[:, -1:].argmax(dim=-1)


def least_likely(model, ids, memory, marks):
    return model.decode(ids, memory, marks)[:, -1:].argmin(dim=-1)


def end_cut_off(model, source_ids, source_mask, start_id, end_id, max_length):
    return greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length)[:, :-1]


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
        reference=sinusoidal_positions,
        notebook=NOTEBOOK,
        tolerance=1e-4,
        cases=(
            Case("6 positions, width 8", lambda: (6, 8)),
            Case("40 positions, width 12", lambda: (40, 12)),
            Case("3 positions, width 2", lambda: (3, 2)),
        ),
        mistakes=(
            Mistake("sines and cosines in halves", "All your sines come first, then all the cosines. In the paper they "
                    "alternate: column 0 is a sine, column 1 the cosine of the same angle, column 2 the next sine.",
                    in_halves),
            Mistake("cosine first",
                    "Sine and cosine are exchanged: even columns, from 0 on, hold the sines.", cosine_first),
            Mistake("positions from 1", "You count positions from 1; they start at 0, whose sines are all 0.",
                    counted_from_one),
            Mistake("half the exponent",
                    "Your exponent is i / D, and the formula says 2i / D: i counts pairs of columns, so "
                    "2i is the number of the pair's first column.", half_the_exponent),
            Mistake("twice the exponent",
                    "Your exponent is twice too large: `arange(0, D, 2)` already gives 2i, so divide "
                    "it by D and multiply by nothing.", twice_the_exponent),
            Mistake("cosines at their own speed",
                    "Each of your columns has an angle of its own. The two of a pair share one: "
                    "the cosine in column 2i + 1 belongs to the angle of column 2i.", every_column_its_own),
            Mistake("twice the exponent, cosines at their own speed",
                    "Two slips. The numbers 0, 2, 4, … of `arange(0, D, 2)` are 2i already: multiply them by nothing. And the "
                    "cosine in column 2i + 1 belongs to the angle of column 2i.", twice_and_its_own),
            Mistake("multiplied, not divided", "Your waves grow faster from column to column: divide the position by "
                    "10000^(2i / D), where you multiply.", multiplied),
            Mistake("base 1000", "Your base is 1000; the paper's is 10000.", wrong_base(1000.0)),
            Mistake("base e", "Your base is e: written with `exp`, the formula needs log(10000) in the exponent.",
                    wrong_base(math.e)),
            Mistake("no cosines", "Every column is a sine; the odd ones should be cosines.", sines_only),
            Mistake("10000 times, not to the power", "You multiply 10000 by 2i / D; it is raised to that power (`**`).",
                    exponent_forgotten),
            Mistake("exponent not divided by D",
                    "Your exponent is 2i; divide it by the width D, so that it goes from 0 to "
                    "nearly 1.", exponent_not_divided),
            Mistake("positions in columns", "Rows and columns are exchanged: a row for each position, (T, D).",
                    positions_as_columns),
            Mistake("a batch dimension",
                    "The numbers are right, with a dimension too many: (T, D), no batch. It stretches over "
                    "the texts when it is added.", with_a_batch),
            Mistake("float64",
                    "The numbers are right, but of dtype float64, and torch's weights are float32: start from "
                    "torch's `arange`, and do not call `.double()`.", in_doubles),
        ),
        hints=(
            "First a table of angles, a row for each position and a column for each *pair* of columns: (T, D / 2). "
            "Then its sines and cosines.",
            "`torch.arange(0, hidden_size, 2)` is 2i for every pair. A column of positions, `torch.arange(length)[:, "
            "None]`, divided by `10000 ** (… / hidden_size)`, gives all the angles at once.",
            "To let them alternate: `torch.stack([sines, cosines], dim=-1).flatten(-2)`, or make an empty (T, D) "
            "table and fill `table[:, 0::2]` and `table[:, 1::2]`.",
        ),
        drop_in=same_scores_with_positions,
    ),
    Exercise(
        reference=causal_mask,
        notebook=NOTEBOOK,
        cases=(
            Case("5 words", lambda: (5,)),
            Case("2 words", lambda: (2,)),
            Case("a single word", lambda: (1,)),
        ),
        mistakes=(
            Mistake("one place too far",
                    "Each word sees one word ahead, which is the very word that it must predict: keep the "
                    "diagonal, and nothing above it.", one_too_far),
            Mistake("diagonal left out",
                    "Your words cannot see themselves, and the first sees nothing at all; its softmax "
                    "would be NaN. The diagonal belongs to what may be seen.", not_even_itself),
            Mistake("mask inverted",
                    "Your mask is True where nobody may look. In this course True means may be attended to. "
                    "(In `nn.Transformer` it is the other way round.)", inverted),
            Mistake("looks ahead",
                    "Your words look ahead and not back: rows are the words that look, columns the words "
                    "looked at.", looks_ahead),
            Mistake("nothing hidden", "Everything may be seen: a word must not see those after it.", nothing_hidden),
            Mistake("only itself",
                    "Each word sees itself alone: let it see all those before it as well.", itself_alone),
            Mistake("floats", "The ones are in the right places, but they are floats: a mask is boolean.", of_floats),
            Mistake("not boolean", "The ones are in the right places, but they are whole numbers: a mask is boolean.",
                    of_whole_numbers),
            Mistake("minus infinity to add",
                    "This is a mask made to be added to scores, as in `nn.Transformer`. Here a mask is "
                    "boolean, and `attention_weights` does the hiding.", to_be_added),
            Mistake("one row",
                    "One row is not enough: each word sees another part of the text, so there is a row for each, "
                    "(T, T).", one_row),
        ),
        hints=(
            "Draw it for three words: which of the nine squares are True?",
            "A square of `torch.ones(length, length, dtype=torch.bool)`, of which one triangle stays.",
            "`tril` keeps the lower triangle, with the diagonal.",
        ),
        drop_in=same_scores_with_mask,
    ),
    Exercise(
        reference=shift_right,
        notebook=NOTEBOOK,
        cases=(
            Case("two texts of 5 words, start token 1", lambda: (torch.tensor([[7, 8, 9, 4, 2], [5, 6, 3, 8, 2]]), 1)),
            Case("two texts, one padded, start token 3", lambda: (torch.tensor([[7, 8, 2, 0], [5, 6, 9, 2]]), 3)),
            Case("texts of one token", lambda: (torch.tensor([[2], [7]]), 1)),
        ),
        mistakes=(
            Mistake("not shifted",
                    "The decoder is given the very words that it must say, each in its own place: it would "
                    "learn to copy its input. Each word belongs one place later.", not_shifted),
            Mistake("shifted left",
                    "You shift to the left: then the decoder sees the *next* word, and has it before it "
                    "must say it. Shift to the right, so that it sees those before.", shifted_left),
            Mistake("rolled",
                    "`roll` brings the last token round to the front. The start token belongs there.", rolled),
            Mistake("rolled left",
                    "You roll to the left: the first word comes round to the end, and the decoder sees the words "
                    "to come. Put the start token in front, and drop the last token.", rolled_left),
            Mistake("last token not dropped",
                    "The start token is there, but the result is one longer than the target: what the "
                    "last token is followed by is never asked, so drop it.", nothing_dropped),
            Mistake("no start token",
                    "The last token is dropped, but the start token is missing: without it the first word has "
                    "nothing before it.", no_start),
            Mistake("first token dropped",
                    "You drop the first token, and the start token is missing: start in front, last "
                    "token dropped.", first_dropped),
            Mistake("first word overwritten",
                    "You put the start token in the first word's place, and the others stay where "
                    "they were: each should move one place to the right.", overwritten),
            Mistake("padding in front",
                    "The words have moved, but a 0 stands in front: put start_id there.", padding_first),
            Mistake("texts shifted",
                    "You shift along the batch, so that each text gets the words of another: tokens are "
                    "dimension 1.", texts_shifted),
            Mistake("start token at the end", "The start token is at the end; it belongs in front.", start_at_the_end),
            Mistake("floats",
                    "The ids have become floats: make the start token's column of the dtype of target_ids, for "
                    "instance with `full_like`.", shifted_as_floats),
            Mistake("one start for all",
                    "You make one start token for the whole batch: each text needs its own, a column of "
                    "shape (B, 1).", row_of_starts),
        ),
        hints=(
            "Two pieces side by side: a column of start tokens, and the target without its last column.",
            "`torch.full_like(target_ids[:, :1], start_id)` is a column of shape (B, 1), of the right dtype and on "
            "the right device.",
            "`torch.cat([…, …], dim=1)` puts them side by side; `target_ids[:, :-1]` is all but the last column.",
        ),
    ),
    Exercise(
        reference=DecoderLayer,
        notebook=NOTEBOOK,
        cases=(
            Case("one text, no masks", lambda: (randn(1, 4, 12), randn(1, 6, 12, seed=1)), build=(STILL,)),
            Case("two texts, one of the sources padded", lambda: (
                randn(2, 4, 12), randn(2, 6, 12, seed=1), causal_mask(4), padding_mask(MARKS)), build=(STILL,)),
            Case("two texts and a causal mask",
                 lambda: (randn(2, 4, 12), randn(2, 6, 12, seed=1), causal_mask(4)), build=(STILL,)),
            Case("source and target of the same length", lambda: (
                randn(2, 6, 12), randn(2, 6, 12, seed=1), causal_mask(6), padding_mask(MARKS)), build=(STILL,)),
        ),
        mistakes=(
            Mistake("source and target exchanged",
                    "In the cross-attention the memory asks and x answers. It is the other way "
                    "round: x, the text being written, looks into the memory.", MemoryAsks),
            Mistake("looks at itself twice",
                    "Your cross-attention does not look at the memory: give it as the context.",
                    LooksAtItselfTwice),
            Mistake("cross-attention skipped",
                    "The source has no part in the result: after looking at itself, x looks into the "
                    "memory.", CrossSkipped),
            Mistake("self-attention skipped",
                    "The target never looks at itself: `self.attention` comes first.", SelfSkipped),
            Mistake("cross-attention first",
                    "The order is: look at itself, then into the memory. Yours is the reverse.",
                    CrossFirst),
            Mistake("old x asks",
                    "It is x as it was *before* looking at itself that asks in your cross-attention: let the "
                    "newer one ask.", OldQuery),
            Mistake("old residual",
                    "After the cross-attention you add x as it was before looking at itself: add the newer one, "
                    "or the first step is lost.", OldResidual),
            Mistake("residual lost", "You add what was collected to itself; what came in must be added, or x forgets "
                    "what it was.", CollectedAsResidual),
            Mistake("no norm after cross-attention",
                    "After the cross-attention you add, without projecting and normalising: "
                    "`self.cross_output` does all three.", CrossNotNormed),
            Mistake("cross-attention not added",
                    "What was collected takes the place of x; `self.cross_output` adds it to x and "
                    "normalises.", CrossNotAdded),
            Mistake("residual added twice",
                    "`self.attention` has already added its input: add nothing to what it gives.",
                    SelfResidualTwice),
            Mistake("cross-attention added twice", "`self.cross_output` has already added x: do not add it again.",
                    CrossAddedTwice),
            Mistake("memory as the residual", "After looking across you add the memory. What came into this step is x, and "
                    "x is what must be kept: `residual=x`.", MemoryAsResidual),
            Mistake("causal mask used across", "You hand `mask` to the cross-attention too. It says where x may look in x; "
                    "in the memory, every word that is not padding may be seen: `memory_mask`.", CausalMaskAcross),
            Mistake("intermediate skipped", "`self.output` is given x as it is: first widen it, with `self.intermediate`.",
                    IntermediateSkipped),
            Mistake("feed-forward skipped", "The feed-forward is missing: `self.intermediate`, then `self.output`.",
                    FeedForwardSkipped),
            Mistake("feed-forward adds the wrong x",
                    "The feed-forward adds x as it was before the cross-attention: add what "
                    "came into the feed-forward.", FeedForwardFromBefore),
            Mistake("causal mask missing",
                    "Your self-attention looks ahead: hand the mask on to `self.attention`.", NotCausal),
            Mistake("memory mask missing",
                    "Your cross-attention looks at the source's padding: hand memory_mask on to it.",
                    PaddingSeen),
            Mistake("both masks missing",
                    "Neither mask has any effect: `mask` belongs to the self-attention, `memory_mask` to "
                    "the cross-attention.", MasksForgotten),
            Mistake("masks exchanged",
                    "The masks are exchanged: `mask` says where x may look in x, `memory_mask` where it may "
                    "look in the memory.", MasksExchanged),
        ),
        hints=(
            "Three steps, each making a new x of the last: look back, look across, feed-forward. The first is one "
            "call, for `self.attention` adds and normalises by itself.",
            "The second is `self.cross_attention`, in which x asks, memory is the context and memory_mask the mask; "
            "then `self.cross_output(…, residual=x)`.",
            "The third goes through `self.intermediate`, then `self.output` with the residual. Mind that each step "
            "starts from the x that the one before has made.",
        ),
        probes=(learns,),
        drop_in=same_scores_inside,
    ),
    Exercise(
        reference=greedy_decode,
        notebook=NOTEBOOK,
        cases=(
            Case("one text", toy(TOY_SOURCE[:1], None)),
            Case("three texts that end at different times", toy()),
            Case("a max_length that comes before the end", toy(max_length=3)),
            Case("a max_length of 1", toy(max_length=1)),
            Case("a start_id of 2 and an end_id of 1", toy(start=2, end=1)),
        ),
        mistakes=(
            Mistake("start and end fixed", "You begin with 1 and end with 2, whatever you are given: use `start_id` and "
                    "`end_id`, since other vocabularies have other ids.", written(last_word, fixed=("start", "end"))),
            Mistake("start fixed", "You begin with 1, whatever you are given: use `start_id`.",
                    written(last_word, fixed=("start",))),
            Mistake("end fixed", "You end with 2, whatever you are given: use `end_id`.", written(last_word, fixed=("end",))),
            Mistake("start token kept",
                    "The start token is still in front: it is there to begin with, and no part of the "
                    "translation.", written(last_word, keep_start=True)),
            Mistake("never stops",
                    "Your decoder writes on to max_length, where these texts end before, each at another place. Keep for each "
                    "text whether it *has had* its end_id, and stop when all have.", written(last_word, stop="never", fill=False)),
            Mistake("stops too late",
                    "The words are right, but your decoder fills up to max_length: stop as soon as every text "
                    "has ended.", written(last_word, stop="never")),
            Mistake("first place read",
                    "You always take the scores at the first place. The newest word follows the *last* "
                    "place: `[:, -1]`.", written(first_place)),
            Mistake("last word alone",
                    "You give the decoder only the newest token: it needs everything written so far, from "
                    "the start token on.", written(last_token_alone)),
            Mistake("starts with the source", "Your translation begins with the source's first word: begin with "
                    "start_id.", written(last_word, first="source")),
            Mistake("least likely", "You take the least likely word.", written(least_likely)),
            Mistake("one token short", "Your texts are one token short of max_length: the start token does not count.",
                    written(last_word, length=-1)),
            Mistake("end token cut off", "The last column is missing: the end token belongs to the text.", end_cut_off),
            Mistake("one token long", "Your texts are one token longer than max_length.", written(last_word, length=1)),
            Mistake("writes on after the end",
                    "A text that has ended goes on being written while the others are not done: after "
                    "its end_id put nothing but end_id.", written(last_word, fill=False)),
            Mistake("stops at the first end",
                    "You stop as soon as one text of the batch has ended: wait for all of them.",
                    written(last_word, stop="any")),
            Mistake("mask forgotten",
                    "The mask has no effect: hand source_mask to `model.encode` and to `model.decode`.",
                    written(last_word, marks=False)),
            Mistake("mask only in the encoder",
                    "The decoder looks at the source's padding: hand source_mask to `model.decode` "
                    "as well.", written(last_word, marks="encode")),
            Mistake("mask only in the decoder",
                    "The encoder looks at the source's padding: hand source_mask to `model.encode` "
                    "as well.", written(last_word, marks="decode")),
        ),
        hints=(
            "Encode once. Begin with a column of start tokens, (B, 1). Then, again and again: decode what is there, "
            "take the likeliest word at the last place, put it behind.",
            "`model.decode(ids, memory, source_mask)[:, -1:].argmax(dim=-1)` has shape (B, 1). `torch.cat([ids, "
            "following], dim=1)` puts it behind.",
            "Keep a boolean column `ended`, (B, 1). `following.masked_fill(ended, end_id)` silences texts that are "
            "done; after that, `ended = ended | (following == end_id)`. Stop when `ended.all()`, or after max_length "
            "words.",
        ),
        probes=(encodes_once,),
        drop_in=same_words,
    ),
)

QUIZ = (
    Question(
        "A decoder's loss falls as it should. Its translations are rubbish. What is the first thing to look "
        "at?",
        (
            Option("Whether the learning rate is too high", False, "Then the loss would not fall so well."),
            Option("Whether the decoder can see the word that it must say", True,
                   "Without the causal mask, or with a target that is not shifted, the answer stands in its input. It "
                   "learns to copy, and has nothing to copy from when it must write by itself."),
            Option("Whether the model is too small",
                   False, "A model that is too small has a high loss, not a low one."),
        ),
    ),
    Question(
        "`three thousand two` and `two thousand three` get the same translation, whatever you train. What was "
        "forgotten?",
        (
            Option("The positions of the source", True,
                   "Attention is a weighted mean, and a mean does not know the order of its parts. Without positions "
                   "the memory of both is the same set of vectors."),
            Option("The padding mask", False, "Neither is padded: they have the same length."),
            Option("The causal mask", False, "It hides later words of the *target* from the decoder. Of the order of the "
                   "source it says nothing."),
        ),
    ),
    Question(
        "In the cross-attention of a decoder layer, where do queries, keys and values come from?",
        (
            Option("Queries from the encoder; keys and values from the decoder", False,
                   "Then there would be an output for every source word. It is the text being written that asks."),
            Option("All three from the decoder", False, "That is its self-attention: the source would play no part."),
            Option("Queries from the decoder; keys and values from the encoder", True,
                   "Each word being written asks the source what it needs next."),
        ),
    ),
    Question(
        "`nn.Transformer` is given sources and targets of one length, both of shape (texts, words, width), without "
        "`batch_first=True`. What happens?",
        (
            Option("It raises an error", False, "It would if sources and targets differed in length: it takes their lengths for "
                   "two numbers of texts, which must agree. Here they do agree, so it runs."),
            Option("It lets the texts of a batch look at each other", True,
                   "It takes the first dimension for the words. Word 3 of one text attends to word 3 of all others, "
                   "and no word sees the others of its own sentence. Change one text: if another's output moves, this is "
                   "the reason."),
            Option("It is slower, and otherwise the same",
                   False, "It computes something else: other things are attended to."),
        ),
    ),
    Question(
        "Why can a Transformer learn from all words of a target at once, while it must write them one at a time?",
        (
            Option("Because in training the words before are known, and the mask hides those after", True,
                   "Every position is an exercise of its own: given these words, which comes next? All are computed in "
                   "one pass. When it writes, the words before do not exist until it has written them."),
            Option("Because training uses larger batches", False, "The same holds for one text."),
            Option("Because the encoder runs only once", False, "It does, but that concerns the source."),
        ),
    ),
)
