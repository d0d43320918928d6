"""Notebook 10: where an answer begins and ends, how answers are judged, and a label for every word."""

import copy
import functools
import math
import string
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.config import BertConfig
from bert_parts.datasets import SpanQuestion, passages, span_questions
from bert_parts.heads import BertForQuestionAnswering
from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_model
from bert_parts.learn.questions import Option, Question
from bert_parts.masking import NOT_ASKED
from bert_parts.model import BertModel
from bert_parts.restoration import label_tokens, restore_text, strip_text
from bert_parts.spans import Window, answer_words, best_span, span_labels, span_loss, token_f1, windows
from bert_parts.tokenizer import BertTokenizer, pad_batch
from bert_parts.wordpiece import SPECIAL_TOKENS

NOTEBOOK = "10_question_answering"
TITLE = "Question answering"

SMALL = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                   max_position_embeddings=9)
HALF = BertConfig(vocab_size=20, hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
                  max_position_embeddings=9, hidden_dropout_prob=0.5)
TOKENIZER = BertTokenizer([*SPECIAL_TOKENS, *"""
    who met bob ? where and when did they meet in 1815 ada love ##lace , un ##aff ##able - eve tim . don ' t paris
""".split()])

CHANGED = "input changed in place"


def asked_together(reference, rounds: dict[str, dict[str, Callable[[], tuple]]], mistakes: tuple[Mistake, ...]):
    """A probe: several questions at a time, for one small answer may be wrong in many ways that look alike.

    Args:
        rounds: from coarse to fine, what each tries → its questions: in words → what makes the arguments.
        mistakes: the one that gives all the answers of a round is the one that was made.
    """

    def probe(thing) -> Finding | None:
        for tries, questions in rounds.items():
            given = []
            for make in questions.values():
                arguments, untouched = make(), make()
                given.append(outcome(thing, arguments))
                if not same(unlocked(arguments), unlocked(untouched)):
                    return Finding("Your code changes what it was given, and the caller may still need it as it was: build new "
                                   "lists and tensors.", CHANGED)
            wanted = answers(reference, questions)
            wrong = [place for place, pair in enumerate(zip(given, wanted, strict=True)) if not same(*pair)]
            if not wrong:
                continue
            for mistake in mistakes:
                if same(given, answers(mistake.wrong, questions)):
                    return Finding(mistake.says, mistake.name)
            first = wrong[0]
            if isinstance(given[first], Exception):
                raise given[first]
            how = difference(given[first], wanted[first], TOLERANCE)
            return Finding(f"{how}\n(What was tried: {tries}, {list(questions)[first]}.)")
        return None

    return probe


def answers(thing, questions: dict[str, Callable[[], tuple]]) -> list:
    return [outcome(thing, make()) for make in questions.values()]


def outcome(thing, arguments: tuple):
    """The answer, or the error that was raised instead of one."""
    try:
        return thing(*arguments)
    except Exception as error:
        return error


def same(one, other) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, Exception) or isinstance(other, Exception):
        return type(one) is type(other) and str(one) == str(other)
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    return difference(one, other, TOLERANCE) is None


def unlocked(arguments: tuple) -> list:
    """What could have been changed of the arguments."""
    return [argument for argument in arguments if isinstance(argument, (list, tuple, Tensor))]


def known(finding: Finding, wrong) -> Mistake:
    """The mistake that a probe finds, since no single output shows it."""
    return Mistake(finding.mistake, finding.message, wrong)


@functools.cache
def some_questions() -> tuple[tuple[SpanQuestion, tuple[Window, ...]], ...]:
    """One real question in 25, answered or not, each with the windows on its passage."""
    tokenizer = real_model()[1]
    return tuple((question, tuple(windows(question.text, question.passage, tokenizer))) for question in span_questions()[::25])


# ── BertForQuestionAnswering ─────────────────────────────────────────────────────────────────────────────────────────

TWO_TEXTS = torch.tensor([[3, 7, 2, 19, 4, 2, 0], [3, 9, 2, 5, 2, 0, 0]])
MARKS = torch.tensor([[1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0, 0]])
SEGMENTS = torch.tensor([[0, 0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0, 0]])


class Apart(BertForQuestionAnswering):
    """Right, and in pieces: each mistake changes one of them."""

    def read(self, input_ids, attention_mask, token_type_ids):
        return self.bert(input_ids, attention_mask, token_type_ids)[0]

    def part(self, scores):
        return scores[:, :, 0], scores[:, :, 1]

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return self.part(self.qa_outputs(self.read(input_ids, attention_mask, token_type_ids)))


class StartAndEndExchanged(Apart):
    def part(self, scores):
        return scores[:, :, 1], scores[:, :, 0]


class NotParted(Apart):
    def part(self, scores):
        return scores


class Stacked(Apart):
    def part(self, scores):
        return scores.movedim(-1, 0)


class AxisKept(Apart):
    def part(self, scores):
        return scores.split(1, dim=-1)


class PartedOverTokens(Apart):
    def part(self, scores):
        return tuple(scores.flatten(1).chunk(2, dim=1))


class PartedOverAll(Apart):
    def part(self, scores):
        return tuple(scores.reshape(2, len(scores), -1))


class PartedByTokens(Apart):
    def part(self, scores):
        return tuple(scores.chunk(2, dim=1))


class StartTwice(Apart):
    def part(self, scores):
        return scores[:, :, 0], scores[:, :, 0]


class SoftmaxOverTokens(Apart):
    def part(self, scores):
        return super().part(scores.softmax(dim=1))


class LogSoftmaxOverTokens(Apart):
    def part(self, scores):
        return super().part(scores.log_softmax(dim=1))


class StartAgainstEnd(Apart):
    def part(self, scores):
        return super().part(scores.softmax(dim=2))


class SigmoidInside(Apart):
    def part(self, scores):
        return super().part(scores.sigmoid())


class PlacesChosen(Apart):
    def part(self, scores):
        return scores[:, :, 0].argmax(dim=1), scores[:, :, 1].argmax(dim=1)


class PaddingBarred(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        scores = super().forward(input_ids, attention_mask, token_type_ids)
        return scores if attention_mask is None else tuple(each.masked_fill(attention_mask == 0, -torch.inf) for each in scores)


class MaskNotHandedOn(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        return self.bert(input_ids, None, token_type_ids)[0]


class SegmentsNotHandedOn(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        return self.bert(input_ids, attention_mask)[0]


class MaskAsSegments(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        return self.bert(input_ids, token_type_ids, attention_mask)[0]


class FirstTokenScored(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        return self.bert(input_ids, attention_mask, token_type_ids)[1]

    def part(self, scores):
        return scores[:, 0], scores[:, 1]


class EncoderFrozen(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        return super().read(input_ids, attention_mask, token_type_ids).detach()


class PoolerKept(Apart):
    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config)


class TwoHeads(Apart):
    def __init__(self, config):
        super().__init__(config)
        del self.qa_outputs
        self.start = nn.Linear(config.hidden_size, 1)
        self.end = nn.Linear(config.hidden_size, 1)


class DropoutAdded(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        return F.dropout(super().read(input_ids, attention_mask, token_type_ids), 0.5, self.training)


class HeadKeepsNoConfig(Apart):
    def __init__(self, config):
        super().__init__(config)
        del self.config


class HeadAsTorchBegins(Apart):
    def __init__(self, config):
        super().__init__(config)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)


CONFIG_LOST = Finding("The numbers are right, but the model does not keep what it was made from: set `self.config = config` in "
                      "`__init__`.", "config not kept")
FROZEN = Finding("Your scores are right, but no gradient reaches the encoder: `no_grad` or `detach` stands on the way. That "
                 "trains the new head alone.", "encoder frozen")
DROPPED = Finding("In training your scores differ from those outside it, though the encoder's dropout is off: the published head "
                  "has no dropout of its own.", "dropout added")
TORCH_BEGINS = Finding("Your new linear map begins with larger weights than BERT's parts do: end `__init__` with "
                       "`self.apply(self.bert.initialize)`, which draws all of them alike.", "not initialised")


def keeps_its_config(thing) -> Finding | None:
    return None if getattr(thing(SMALL), "config", None) == SMALL else CONFIG_LOST


def trains_the_encoder(thing) -> Finding | None:
    """All parameters learn; and with the encoder in eval mode, training gives the scores that evaluation gives."""
    model = with_hard_weights(thing(HALF)).eval()
    calm = torch.stack(model(TWO_TEXTS, MARKS))
    calm.pow(2).sum().backward()
    if any(parameter.grad is None for parameter in model.parameters()):
        return FROZEN
    model.train().bert.eval()
    with torch.random.fork_rng():
        return None if torch.allclose(torch.stack(model(TWO_TEXTS, MARKS)), calm) else DROPPED


def begins_as_bert_does(thing) -> Finding | None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        head = thing(HALF).qa_outputs
    small = 0.5 < head.weight.std() / HALF.initializer_range < 1.5
    return None if small and not head.bias.any() else TORCH_BEGINS


@functools.cache
def real_case() -> tuple[BertForQuestionAnswering, dict[str, Tensor], Tensor, Tensor]:
    """The real encoder under a head drawn at random, and real questions with padding: batch, first and last tokens."""
    encoder, tokenizer = real_model()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BertForQuestionAnswering(encoder.config).eval()
        model.bert.embeddings, model.bert.encoder = encoder.embeddings, encoder.encoder
    with_hard_weights(model.qa_outputs)
    rows, labels = [], []
    for question, _ in some_questions()[:120:20]:
        window = windows(question.text, question.passage, tokenizer, 96, 30)[0]
        rows.append((window.ids, window.segments))
        labels.append(span_labels(window, question.start, question.start + len(question.answer)))
    rows[1] = tuple(column[:50] for column in rows[1])
    labels[1] = (0, 0)
    firsts, lasts = torch.tensor(labels).T
    return model, pad_batch(rows, tokenizer.pad_id), firsts, lasts


def on_real_weights(thing) -> Finding | str:
    course, batch, _, _ = real_case()
    own = thing(course.config)
    own.load_state_dict(course.state_dict())
    with torch.no_grad():
        given, wanted = own.eval()(**batch), course(**batch)
    real = batch["attention_mask"].bool()     # what is computed for padding does not count
    if not all((one - other)[real].abs().max() < TOLERANCE for one, other in zip(given, wanted, strict=True)):
        return Finding("By itself your model agrees; with the real weights its scores differ from the course's.")
    return f"On top of the real BERT: the same scores as the course's, on {len(real)} real questions with their passages."


HEAD_MISTAKES = (
    Mistake("pooler kept", "Your model has a pooler, which is trained for the first token alone and answers nothing here: take it "
            "out, `without_pooler(BertModel(config))`.", PoolerKept),
    Mistake("two heads", "You have two linear maps, `start` and `end`. The published one is a single map of D to 2, called "
            "`qa_outputs`: it is the same sum, under another name.", TwoHeads),
    Mistake("start and end exchanged", "Start and end have changed places: of the two scores that a token gets, the first is for "
            "the beginning.", StartAndEndExchanged),
    Mistake("start given twice", "Your two scores are the same one: the second of a token's two scores is for the end.",
            StartTwice),
    Mistake("not taken apart", "You give one tensor (B, T, 2): take it apart into two of (B, T), for instance by "
            "`.unbind(dim=-1)`.", NotParted),
    Mistake("stacked", "You give one tensor (2, B, T): two tensors of (B, T) are wanted, as `.unbind(dim=-1)` gives them.",
            Stacked),
    Mistake("an axis too many", "Your scores are (B, T, 1): the last axis is empty, take it away with `.squeeze(-1)`, or use "
            "`.unbind(dim=-1)`, which keeps none.", AxisKept),
    Mistake("taken apart across the tokens", "You flatten the scores of all tokens and cut the row in the middle: start and end "
            "stand beside each other at every token, so take the last axis apart.", PartedOverTokens),
    Mistake("taken apart across the texts", "`reshape` or `view` to (2, B, T) does not turn the axes, it mixes the texts: take "
            "the last axis apart, `.unbind(dim=-1)`.", PartedOverAll),
    Mistake("tokens taken apart", "You cut the tokens into two halves: it is the last axis that is to be taken apart.",
            PartedByTokens),
    Mistake("softmax inside", "Your model gives probabilities: give the scores themselves. The loss takes the softmax, and it "
            "leaves padding out, which the model cannot.", SoftmaxOverTokens),
    Mistake("log-softmax inside", "Your model gives logarithms of probabilities: give the scores themselves, as every model of "
            "the course does.", LogSoftmaxOverTokens),
    Mistake("start against end", "You take a softmax of start against end: a token may well be both. Give the scores themselves.",
            StartAgainstEnd),
    Mistake("sigmoid inside", "You send the scores through a sigmoid: give them as they are, the loss does the rest.",
            SigmoidInside),
    Mistake("places chosen", "You give the places with the highest scores. Choosing has no gradient, and the two must be chosen "
            "together: give the scores.", PlacesChosen),
    Mistake("padding barred", "You bar padding inside the model: that is left to the loss. Give all scores as they are.",
            PaddingBarred),
    Mistake("mask not handed on", "Padding changes your scores: hand the attention mask on to BERT.", MaskNotHandedOn),
    Mistake("segments not handed on", "With question and passage your scores are wrong: hand `token_type_ids` on to BERT, else it "
            "cannot tell one from the other.", SegmentsNotHandedOn),
    Mistake("mask and segments exchanged", "The mask and the token types have changed places on their way to BERT, which takes "
            "the ids, then the mask, then the types.", MaskAsSegments),
    Mistake("first token scored", "You score what the pooler's place gives, one vector for the text: every token is scored, so "
            "take the hidden states, the first of the two things that BERT gives back.", FirstTokenScored),
    known(CONFIG_LOST, HeadKeepsNoConfig),
    known(FROZEN, EncoderFrozen),
    known(DROPPED, DropoutAdded),
    known(TORCH_BEGINS, HeadAsTorchBegins),
)


# ── span_labels ──────────────────────────────────────────────────────────────────────────────────────────────────────

PASSAGE = "In 1815 Ada Lovelace, unaffable Bob-Eve and Tim met. Bob and Ada did."
QUESTIONS = ("Who met Bob?", "Where and when did they meet?")


def marked(answer: str | None, question: int = 0, window: int = 0, length: int = 40, stride: int = 3) -> tuple[Window, int, int]:
    """A window on PASSAGE, and the answer's place in the passage."""
    made = windows(QUESTIONS[question], PASSAGE, TOKENIZER, length, stride)[window]
    return (made, -1, -1) if answer is None else (made, PASSAGE.index(answer), PASSAGE.index(answer) + len(answer))


def placed(*found: str | None, **more: int) -> dict[str, Callable[[], tuple]]:
    where = "" if "window" not in more else f" in window {more['window']}"
    return {f"“{answer}”{where}" if answer else f"no answer{where}": functools.partial(marked, answer, **more) for answer in found}


LABEL_ROUNDS = {
    "an answer of whole words": placed("1815", "Ada", "In 1815", "and Tim") | {
        "“Tim”, another question": functools.partial(marked, "Tim", 1), "“met.”, another question": functools.partial(
            marked, "met.", 1)},
    "words of several pieces, marks beside the answer": placed("Lovelace", "Ada Lovelace", "unaffable Bob", "Bob", "Eve",
                                                               "Lovelace, unaffable"),
    "an answer that begins or ends inside a word": placed("aff", "ace, un", "81", "affable Bob"),
    "a question that the passage does not answer": placed(None) | {
        "no answer, end = 0": lambda: (marked(None)[0], -1, 0), "no answer to the other question": lambda: marked(None, 1)},
    "a window that holds all of the answer, or none of it": {
        **placed("Tim met", "1815", "did.", window=3, length=15), **placed("In 1815", "Tim", window=0, length=15),
        **placed("and Tim", "Bob and", window=4, length=15), **placed("did.", window=5, length=15)},
    "a window that cuts the answer": {
        **placed("Ada Lovelace, unaffable Bob", "1815 Ada", "Lovelace, unaffable Bob-Eve", window=0, length=13),
        **placed("1815 Ada", "In 1815 Ada Lovelace, unaffable Bob-Eve and Tim met", window=1, length=13),
        **placed("Ada Lovelace, unaffable Bob", "Bob-Eve and Tim", window=2, length=15),
        **placed("Tim met. Bob", "and Tim met", window=3, length=13),
        **placed("Eve and Tim", "and Tim met. Bob", window=4, length=13)},
}


def touched(window: Window, start: int, end: int) -> list[int]:
    return [place for place, (first, last) in enumerate(window.places) if first < end and last > start and first >= 0]


def begins_before(window, found, start):
    return window.places[found[0]][0] > start


def ends_after(window, found, end):
    return window.places[found[-1]][1] < end


def labelled(pick=lambda window, found: (found[0], found[-1]), find=touched, none=lambda window: (0, 0), before=begins_before,
             after=ends_after):
    """span_labels with something in it changed."""

    def wrong(window, start, end):
        found = find(window, start, end)
        if start < 0 or not found or before(window, found, start) or after(window, found, end):
            return none(window)
        return pick(window, found)

    return wrong


def never(*_) -> bool:
    return False


def passage_begins(window: Window) -> int:
    return window.segments.index(1)


def words_before(window: Window, token: int) -> int:
    begin = passage_begins(window)
    return begin + len({place for place in window.places[begin : token + 1]}) - 1


def of_one_word(window: Window, token: int) -> list[int]:
    return [place for place, where in enumerate(window.places) if where == window.places[token]]


def special_tokens_compared(window, start, end):
    """The last token that begins no later than the answer; [SEP], with its −1, always does."""
    if span_labels(window, start, end) == (0, 0):
        return 0, 0
    return max(place for place, (first, _) in enumerate(window.places) if first <= start), span_labels(window, start, end)[1]


def no_answer_not_foreseen(window, start, end):
    found = touched(window, start, end)
    first, last = found[0], found[-1]
    return span_labels(window, start, end) if start < 0 else (first, last)


def half_an_answer(window, start, end):
    found = touched(window, start, end)
    if start < 0 or not found:
        return 0, 0
    return 0 if begins_before(window, found, start) else found[0], 0 if ends_after(window, found, end) else found[-1]


def nearest_words(window, start, end):
    """The first word that begins at or after the beginning, and the last that ends at or before the end."""
    places = list(enumerate(window.places))
    first = next((token for token, (begins, _) in places if begins >= max(start, 0)), 0)
    return first, next((token for token, (_, ends) in places[::-1] if 0 < ends <= end), 0)


def window_changed(window, start, end):
    answer = span_labels(window, start, end)
    window.places[0] = (0, 0)
    return answer


LABEL_MISTAKES = (
    Mistake("labels in characters", "Your labels are the places in the passage, counted in characters: the model chooses among "
            "tokens. `window.places` says which characters each token stands for.", lambda window, start, end: (start, end)),
    Mistake("labels in characters, to the last", "Your labels are the places in the passage, counted in characters: the model "
            "chooses among tokens. `window.places` says which characters each token stands for.",
            lambda window, start, end: (start, end - 1)),
    Mistake("counted in the passage", "You count the tokens from the beginning of the passage: count them in the row, in which "
            "[CLS], the question and [SEP] come first.",
            labelled(lambda w, found: (found[0] - passage_begins(w), found[-1] - passage_begins(w)))),
    Mistake("[CLS] not counted", "Your labels are one too small: [CLS] is the row's token 0.",
            labelled(lambda w, found: (found[0] - 1, found[-1] - 1))),
    Mistake("one too large", "Your labels are one too large: the row's tokens are counted from 0.",
            labelled(lambda w, found: (found[0] + 1, found[-1] + 1))),
    Mistake("end exclusive", "Your second label is the token after the answer: here it is the answer's last token itself, not as "
            "in a slice.", labelled(lambda w, found: (found[0], found[-1] + 1))),
    Mistake("length instead of the end", "Your second label is how many tokens the answer has: the place of its last token is "
            "wanted.", labelled(lambda w, found: (found[0], len(found)))),
    Mistake("words counted", "You count words: a word of several pieces takes several tokens of the row.",
            labelled(lambda w, found: (words_before(w, found[0]), words_before(w, found[-1])))),
    Mistake("exchanged", "Your labels are exchanged: first the first token, then the last.",
            labelled(lambda w, found: (found[-1], found[0]))),
    Mistake("first token twice", "Your second label is the answer's first token again: an answer may have several.",
            labelled(lambda w, found: (found[0], found[0]))),
    Mistake("[SEP] compared too", "Your first label is the last [SEP]. Its place is (−1, −1), as those of the question and of all "
            "special tokens are: look only at tokens whose place is not −1.", special_tokens_compared),
    Mistake("ends with a first piece", "Where the answer's last word has several pieces you end with its first: the last piece "
            "belongs to the answer.", labelled(lambda w, found: (found[0], of_one_word(w, found[-1])[0]))),
    Mistake("begins with a last piece", "Where the answer's first word has several pieces you begin with its last: the answer "
            "begins with the first.", labelled(lambda w, found: (of_one_word(w, found[0])[-1], found[-1]))),
    Mistake("neighbours taken in", "Marks that stand beside the answer, without a space, are taken in: a token belongs to it if it "
            "begins before `end` and ends after `start`, not just at them.",
            labelled(find=lambda w, start, end: [place for place, (first, last) in enumerate(w.places)
                                                 if first <= end and last >= start and first >= 0])),
    Mistake("the mark after the answer", "The mark behind the answer is taken in: `end` is the character after the answer, as in a "
            "slice.", labelled(find=lambda w, start, end: touched(w, start, end + 1))),
    Mistake("the mark before the answer", "The mark in front of the answer is taken in: a token that ends where the answer begins "
            "is not part of it.", labelled(find=lambda w, start, end: touched(w, start - 1, end))),
    Mistake("cut answers taken as whole", "Where the window cuts the answer you label what is left of it: the model would learn "
            "to answer with half. It is (0, 0) there, another window has it whole.", labelled(before=never, after=never)),
    Mistake("cut at its end, taken as whole", "An answer that goes on behind the window you label as far as it is seen: only "
            "whole answers count, otherwise (0, 0).", labelled(after=never)),
    Mistake("cut at its beginning, taken as whole", "Of an answer that began before the window you label the rest: only whole "
            "answers count, otherwise (0, 0).", labelled(before=never)),
    Mistake("half an answer", "Where the window cuts the answer one of your labels is 0, and the other is not: that is no span. "
            "If either end is missing, both are 0.", half_an_answer),
    Mistake("nearest whole words", "Where the answer begins inside a word you begin with the next word, and where it ends inside "
            "one you end with the word before: take all of both words, so that the answer is whole.", nearest_words),
    Mistake("whole words only", "Where the answer begins or ends inside a word you leave that word out, or find nothing: take all "
            "of the word, so that the answer is whole.",
            labelled(find=lambda w, start, end: [place for place in touched(w, start, end)
                                                 if w.places[place][0] >= start and w.places[place][1] <= end],
                     before=never, after=never)),
    Mistake("whole words or no answer", "Where the answer begins or ends inside a word you say that there is none: take all of the "
            "word, so that the answer is whole.",
            labelled(before=lambda w, found, start: w.places[found[0]][0] != start,
                     after=lambda w, found, end: w.places[found[-1]][1] != end)),
    Mistake("no answer as −1", "Where there is no answer your labels are −1: that is no token, and the loss could not choose it. "
            "[CLS], token 0, stands for “no answer”.", labelled(none=lambda window: (-1, -1))),
    Mistake("no answer as −100", "Where there is no answer you say −100, so that the loss leaves the row out: then the model never "
            "learns to say that there is none. [CLS], token 0, stands for “no answer”.",
            labelled(none=lambda window: (NOT_ASKED, NOT_ASKED))),
    Mistake("no answer as the last [SEP]", "“No answer” is [CLS], token 0, and you give the last [SEP].",
            labelled(none=lambda window: (len(window.ids) - 1,) * 2)),
    Mistake("no answer as the first [SEP]", "“No answer” is [CLS], token 0, and you give the [SEP] behind the question.",
            labelled(none=lambda window: (passage_begins(window) - 1,) * 2)),
    Mistake("no answer as None", "Where there is no answer your code gives back `None`: [CLS], token 0, stands for it, (0, 0).",
            labelled(none=lambda window: None)),
    Mistake("no answer not foreseen", "Where the window holds no token of an answer your list of tokens is empty, and has no "
            "first: give (0, 0) there.", no_answer_not_foreseen),
    Mistake("edge taken for a cut", "An answer that ends with the window's last word is whole: you take it for cut.",
            labelled(after=lambda w, found, end: ends_after(w, found, end) or found[-1] == len(w.ids) - 2)),
    Mistake(CHANGED, "", window_changed),
)


def labels_read_back(thing) -> Finding | str:
    """Real questions, all windows: what the labels point at is the answer."""
    found = none = 0
    for question, made in some_questions():
        start, end = question.start, question.start + len(question.answer)
        for number, window in enumerate(made):
            given, wanted = thing(window, start, end), span_labels(window, start, end)
            if given != wanted:
                read = question.passage[window.places[given[0]][0] : window.places[given[1]][1]] if given != (0, 0) else "no answer"
                return Finding(f"By itself your function agrees, but not on the question “{question.text}”: in window {number} "
                               f"your labels are {given}, “{read[:60]}”, and {wanted} is expected, where the answer is "
                               f"“{question.answer[:60] or 'none'}”.")
            if given != (0, 0):
                read = question.passage[window.places[given[0]][0] : window.places[given[1]][1]]
                if question.answer not in read:
                    return Finding(f"By itself your function agrees, but “{read[:60]}” is not “{question.answer[:60]}”.")
                found += 1
            else:
                none += 1
    return (f"On {len(some_questions())} real questions and their {found + none} windows: {found} labels, each of which, read "
            f"back, is the answer, and {none} times none.")


# ── span_loss ────────────────────────────────────────────────────────────────────────────────────────────────────────


def chosen(lengths: tuple[int, ...], width: int, labels: tuple[tuple[int, int], ...], scale: float = 2.0) -> tuple:
    """Scores for texts of these lengths in a batch so wide, and the right tokens."""
    start, end = (randn(len(lengths), width, seed=seed, scale=scale) for seed in (1, 2))
    mask = (torch.arange(width) < torch.tensor(lengths)[:, None]).long()
    firsts, lasts = (torch.tensor(column) for column in zip(*labels, strict=True))
    return start, end, firsts, lasts, mask


def far_apart() -> tuple:
    """Scores so far apart that most probabilities are 0 for the computer."""
    return chosen((9, 5, 7), 9, ((2, 5), (1, 4), (3, 3)), scale=120.0)


def barred(scores: Tensor, mask: Tensor, value: float = -torch.inf) -> Tensor:
    return scores.masked_fill(mask == 0, value)


def losing(bar=barred, each=F.cross_entropy, both=lambda one, other: (one + other) / 2):
    """span_loss with something in it changed."""

    def wrong(start, end, firsts, lasts, attention_mask):
        return both(each(bar(start, attention_mask), firsts), each(bar(end, attention_mask), lasts))

    return wrong


def exchanged_loss(start, end, firsts, lasts, attention_mask):
    return span_loss(start, end, lasts, firsts, attention_mask)


def ends_of_the_starts(start, end, firsts, lasts, attention_mask):
    return span_loss(start, start, firsts, lasts, attention_mask)


def over_the_texts(scores, labels):
    return -scores.log_softmax(dim=0).gather(1, labels[:, None]).mean()


def over_all(scores, labels):
    return -(scores.gather(1, labels[:, None]).squeeze(1) - scores.logsumexp(dim=(0, 1))).mean()


def of_the_product(start, end, firsts, lasts, attention_mask):
    """The logarithm of the mean probability, and not the mean of the logarithms."""
    chances = [barred(scores, attention_mask).softmax(-1).gather(1, places[:, None])
               for scores, places in ((start, firsts), (end, lasts))]
    return -((chances[0] + chances[1]) / 2).log().mean()


def answered_only(start, end, firsts, lasts, attention_mask):
    has = lasts > 0
    loss = span_loss(start[has], end[has], firsts[has], lasts[has], attention_mask[has]) if has.any() else start.sum() * 0
    return loss * has.sum() / len(has)


def without_cls(start, end, firsts, lasts, attention_mask):
    mask = attention_mask.clone()
    mask[:, 0] = 0
    return span_loss(start, end, firsts, lasts, mask)


def loss_in_place(start, end, firsts, lasts, attention_mask):
    start.masked_fill_(attention_mask == 0, -torch.inf)
    return span_loss(start, end, firsts, lasts, attention_mask)


def one_by_one(scores, labels):
    """Each token by itself: is it the one?"""
    wanted = F.one_hot(labels, scores.size(1)).to(scores.dtype)
    return F.binary_cross_entropy_with_logits(scores.clamp(min=-1e4), wanted)


LOSS_CUT = Finding("The number is right, but no gradient reaches the scores: something on the way (`detach`, `.item()`, "
                   "`no_grad`) cuts it off, and then nothing could learn.", "gradient cut off")


HALF_CUT = Finding("The number is right, but a gradient reaches only one of the two, start scores or end scores: something on the "
                   "way to the other (`detach`, `.item()`, `no_grad`) cuts it off.", "one gradient cut off")


def loss_learns(thing) -> Finding | None:
    start, end, *rest = chosen((9, 5, 7), 11, ((2, 5), (0, 0), (3, 3)))
    thing(start.requires_grad_(), end.requires_grad_(), *rest).backward()
    if start.grad is None or end.grad is None:
        return LOSS_CUT if start.grad is end.grad else HALF_CUT
    for grad in (start.grad, end.grad):
        if not grad.isfinite().all():
            return Finding("The number is right, but its gradient holds NaN: where padding has the probability 0, no logarithm of "
                           "it may be taken.", "gradient not finite")
        if not (grad.abs().sum(dim=1) > 0).all():
            return LOSS_CUT
    return None


def loss_on_real_questions(thing) -> Finding | str:
    model, batch, firsts, lasts = real_case()
    with torch.no_grad():
        scores = model(**batch)
    both = []
    for loss in (thing, span_loss):
        start, end = (each.clone().requires_grad_() for each in scores)
        value = loss(start, end, firsts, lasts, batch["attention_mask"])
        value.backward()
        both.append((value.detach(), start.grad, end.grad))
    if not all(torch.allclose(one, other, atol=TOLERANCE) for one, other in zip(*both, strict=True)):
        return Finding("By itself your loss agrees; with the scores of the real BERT it or its gradient differs from the course's.")
    return (f"On {len(firsts)} real questions, scored by the real BERT under a head drawn at random: the same loss, "
            f"{both[0][0]:.2f} nats, and the same gradient at every token.")


LOSS_MISTAKES = (
    Mistake("logarithm after the softmax", "Where scores are far apart a probability is rounded to 0, and its logarithm is −inf: "
            "`log_softmax` or `F.cross_entropy` computes both at once.",
            losing(each=lambda scores, labels: -scores.softmax(-1).gather(1, labels[:, None]).log().mean())),
    Mistake("not averaged", "You give one loss for each text: the mean over the texts is wanted, a single number.",
            losing(each=lambda scores, labels: F.cross_entropy(scores, labels, reduction="none"))),
    Mistake("a number", "You give back a plain number: gradients need the tensor. Leave `.item()` out.",
            lambda *arguments: span_loss(*arguments).item()),
    Mistake("start and end exchanged", "Start and end have changed places: the start scores go with `firsts`, the end scores with "
            "`lasts`.", exchanged_loss),
    Mistake("end scores unused", "Both of your losses are made of the start scores: for `lasts` take the end scores.",
            ends_of_the_starts),
    Mistake("only the start", "Only the start counts in your loss: the end must be learned too. The mean of both is wanted.",
            losing(both=lambda one, other: one)),
    Mistake("only the end", "Only the end counts in your loss: the start must be learned too. The mean of both is wanted.",
            losing(both=lambda one, other: other)),
    Mistake("half of the start", "Half of the start's loss, and nothing of the end's: add both, then halve.",
            losing(both=lambda one, other: one / 2)),
    Mistake("half of the end", "Half of the end's loss, and nothing of the start's: add both, then halve.",
            losing(both=lambda one, other: other / 2)),
    Mistake("sum of both", "You add start and end: their mean is wanted.", losing(both=lambda one, other: one + other)),
    Mistake("only the end halved", "`one + other / 2` halves the second only: put the sum into brackets.",
            losing(both=lambda one, other: one + other / 2)),
    Mistake("product of both", "You multiply the two losses: their mean is wanted.", losing(both=lambda one, other: one * other)),
    Mistake("difference of both", "You take the end's loss off the start's: their mean is wanted.",
            losing(both=lambda one, other: (one - other) / 2)),
    Mistake("sum over the texts", "You add up the texts: their mean is wanted, else the loss grows with the batch.",
            losing(each=lambda scores, labels: F.cross_entropy(scores, labels, reduction="sum"))),
    Mistake("sum over everything", "You add up texts and ends: the mean of both is wanted.",
            losing(each=lambda scores, labels: F.cross_entropy(scores, labels, reduction="sum"),
                   both=lambda one, other: one + other)),
    Mistake("over the texts", "Your softmax is over the texts of the batch: the tokens of one row compete with each other, so it "
            "belongs over the last axis.", losing(each=over_the_texts)),
    Mistake("over the whole batch", "Your softmax is over all tokens of the batch: each row makes a choice of its own, over the "
            "last axis.", losing(each=over_all)),
    Mistake("each token by itself", "You ask of each token by itself whether it is the one: the tokens of a row compete, in one "
            "softmax.", losing(each=one_by_one)),
    Mistake("softmax twice", "`F.cross_entropy` takes scores, and does the softmax itself: yours is one too many.",
            losing(each=lambda scores, labels: F.cross_entropy(scores.softmax(dim=-1), labels))),
    Mistake("softmax forgotten", "`F.nll_loss` takes logarithms of probabilities, and you give it scores: `F.cross_entropy` does "
            "both.", losing(each=F.nll_loss)),
    Mistake("probability and no logarithm", "You give back one minus the probability: the loss is minus its logarithm.",
            losing(each=lambda scores, labels: 1 - scores.softmax(-1).gather(1, labels[:, None]).mean())),
    Mistake("logarithm of the mean", "You take the mean of the probabilities and then the logarithm: first the logarithm of each, "
            "then the mean.", of_the_product),
    Mistake("sign turned", "The sign is turned: a good choice must have a small loss.",
            losing(each=lambda scores, labels: -F.cross_entropy(scores, labels))),
    Mistake("in bits", "This is the loss in bits: with the natural logarithm it is in nats.",
            losing(each=lambda scores, labels: F.cross_entropy(scores, labels) / math.log(2))),
    Mistake("padding takes part", "Padding takes part in the choice, so that the loss depends on how long the batch's other texts "
            "are: set the scores of padding to −inf before the softmax.", losing(bar=lambda scores, mask: scores)),
    Mistake("padding takes part, and a sum", "Two things: you add start and end, where their mean is wanted; and padding takes "
            "part in the choice. Set its scores to −inf before the softmax.",
            losing(bar=lambda scores, mask: scores, both=lambda one, other: one + other)),
    Mistake("padding set to 0", "You set the scores of padding to 0, which is a score like any other: it takes −inf to keep it out "
            "of the softmax.", losing(bar=lambda scores, mask: scores * mask)),
    Mistake("mask added", "You add the mask to the scores, 1 or 0: it takes −inf to keep padding out of the softmax.",
            losing(bar=lambda scores, mask: scores + mask)),
    Mistake("too little taken off", "You lower the scores of padding by a little: it takes −inf to keep it out for certain.",
            losing(bar=lambda scores, mask: scores - 10 * (1 - mask))),
    Mistake("mask turned round", "Your mask is turned round: you bar the real tokens and leave the padding. 1 stands for a real "
            "token, so bar where it is 0.", losing(bar=lambda scores, mask: scores.masked_fill(mask == 1, -torch.inf))),
    *(Mistake(f"mask turned round, with {text}", "Your mask is turned round: you bar the real tokens and leave the padding. 1 "
              "stands for a real token, so bar where it is 0.", losing(bar=lambda scores, mask, value=float(text):
                                                                       scores.masked_fill(mask == 1, value)))
      for text in ("-1e4", "-1e9")),
    Mistake("mask times infinity", "Your loss is NaN. Most often 0 · inf is behind that, which is not 0: use `masked_fill`, and "
            "multiply nothing with infinity.",
            losing(bar=lambda scores, mask: scores + (1 - mask) * -torch.inf)),
    Mistake("no answer left out", "Texts without an answer are left out (`ignore_index=0`?). There the right token is [CLS], and "
            "the model has to learn it.", losing(each=lambda scores, labels: F.cross_entropy(scores, labels, ignore_index=0))),
    Mistake("no answer counted as 0", "Texts without an answer count as a loss of 0. There the right token is [CLS], and the model "
            "has to learn it.", answered_only),
    Mistake("[CLS] barred", "You bar [CLS] as you bar padding: it stands for “no answer”, so it takes part.", without_cls),
    Mistake("divided by the tokens", "You divide by the number of tokens too: a row makes one choice, however long it is.",
            losing(each=lambda scores, labels: F.cross_entropy(scores, labels) / scores.size(1))),
    Mistake(CHANGED, "", loss_in_place),
    known(HALF_CUT, lambda start, end, *rest: span_loss(start, end.detach(), *rest)),
    known(LOSS_CUT, lambda *arguments: span_loss(*arguments).detach().requires_grad_()),
)


# ── best_span ────────────────────────────────────────────────────────────────────────────────────────────────────────


def scored(peaks_start: dict[int, float], peaks_end: dict[int, float], length: int = 12, question: int = 4, seed: int = 0,
           shift: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """Scores of a row: [CLS], a question, [SEP], a passage, [SEP]; low but for some peaks; and where the passage is."""
    start, end = randn(2, length, seed=seed, scale=0.1) + shift
    for scores, peaks in ((start, peaks_start), (end, peaks_end)):
        for place, height in peaks.items():
            scores[place] += height
    allowed = torch.zeros(length, dtype=torch.bool)
    allowed[question + 1 : length - 1] = True
    return start, end, allowed


def far_from_the_favourites() -> tuple[Tensor, Tensor, Tensor, int]:
    """The 20 best beginnings stand at the end of the passage, the 20 best ends, but for one, at its beginning."""
    start, end, allowed = scored({55: 7.0}, {20: -5.0, 52: 3.6, 57: 2.4}, 70, seed=3)
    start[49:69] += 3
    end[5:25] += 3
    return start, end, allowed, 30


def possible(allowed: Tensor, longest: int, shortest: int = 1) -> Tensor:
    return (allowed[:, None] & allowed).triu(shortest - 1).tril(longest - 1)


def finding(where=possible, score=lambda start, end: start[:, None] + end, none=lambda start, end: start[0] + end[0],
            give=lambda first, last, above, allowed: (first, last, above), spans=None):
    """best_span with something in it changed."""

    def wrong(start, end, allowed, longest=30):
        scores = score(start, end)
        barred_scores = scores.masked_fill(~where(allowed, longest), -torch.inf)
        first, last = spans(start, end, allowed, longest) if spans else divmod(int(barred_scores.argmax()), len(end))
        return give(first, last, float(scores[first, last] - none(start, end)), allowed)

    return wrong


def by_themselves(start, end, allowed, longest):
    return tuple(int(scores.masked_fill(~allowed, -torch.inf).argmax()) for scores in (start, end))


def start_first(start, end, allowed, longest):
    first = int(start.masked_fill(~allowed, -torch.inf).argmax())
    rest = allowed & (torch.arange(len(end)) >= first) & (torch.arange(len(end)) < first + longest)
    return first, int(end.masked_fill(~rest, -torch.inf).argmax())


def end_first(start, end, allowed, longest):
    last = int(end.masked_fill(~allowed, -torch.inf).argmax())
    rest = allowed & (torch.arange(len(end)) <= last) & (torch.arange(len(end)) > last - longest)
    return int(start.masked_fill(~rest, -torch.inf).argmax()), last


def put_in_order(start, end, allowed, longest):
    return tuple(sorted(by_themselves(start, end, allowed, longest)))


def twenty_best(start, end, allowed, longest):
    firsts, lasts = (scores.masked_fill(~allowed, -torch.inf).topk(min(20, len(scores))).indices.tolist()
                     for scores in (start, end))
    pairs = [(float(start[i] + end[j]), i, j) for i in firsts for j in lasts
             if allowed[i] and allowed[j] and i <= j < i + longest]
    return max(pairs)[1:] if pairs else (0, 0)


def mean_of_tokens(start, end, allowed, longest):
    places = torch.arange(len(end))
    lengths = (places - places[:, None] + 1).clamp(min=1)
    scores = ((start[:, None] + end) / lengths).masked_fill(~possible(allowed, longest), -torch.inf)
    return divmod(int(scores.argmax()), len(end))


def zeroed(start, end, allowed, longest):
    scores = (start[:, None] + end) * possible(allowed, longest)
    return divmod(int(scores.argmax()), len(end))


def in_the_passage(first, last, above, allowed):
    begin = int(allowed.nonzero()[0])
    return first - begin, last - begin, above


def cls_or_span(first, last, above, allowed):
    return (first, last, above) if above > 0 else (0, 0, above)


def span_in_place(start, end, allowed, longest=30):
    answer = best_span(start, end, allowed, longest)
    start[~allowed] = -torch.inf
    return answer


def never_refuses(start, end, allowed, longest=30):
    return best_span(start, end, allowed, longest) if allowed.any() else (0, 0, 0.0)


def begun_with_0(start, end, allowed, longest=30):
    first, last, above = best_span(start, end, allowed, longest)
    none = float(start[0] + end[0])
    return (first, last, above) if above + none > 0 else (0, 0, -none)


def no_ties(start, end, allowed, longest=30):
    scores = (start[:, None] + end).masked_fill(~possible(allowed, longest), -torch.inf)
    [[first, last]] = (scores == scores.max()).nonzero().tolist() if allowed.any() else best_span(start, end, allowed, longest)
    return first, last, float(scores[first, last] - start[0] - end[0])


def probabilities(start, end):
    return start.softmax(-1)[:, None] * end.softmax(-1)


NOT_REFUSED = Finding("Where no token is allowed your code answers all the same: that is the caller's mistake, and nobody would "
                      "find it. Raise a ValueError.", "no token allowed")
TIES = Finding("Where several spans have the same score your code does not find one: any of them will do.", "ties")


def refuses_nothing_allowed(thing) -> Finding | None:
    start, end, allowed = scored({}, {})
    try:
        thing(start, end, torch.zeros_like(allowed))
    except ValueError:
        return None
    except Exception as error:
        return Finding(f"Where no token is allowed your code raises {type(error).__name__}: `raise ValueError(…)` with a sentence "
                       "that says what to do.", "another error where no token is allowed")
    return NOT_REFUSED


def any_of_the_best(thing) -> Finding | None:
    """Scores that are all the same, as those of a new head nearly are, and others with two best spans."""
    flat = torch.zeros(9), torch.zeros(9), torch.arange(9).clamp(2, 7) == torch.arange(9)
    start, end, allowed = (tensor.clone() for tensor in flat)
    start[[3, 6]], end[[4, 7]], start[0] = 2.0, 1.0, 0.5
    for row in ((*flat, 0.0), (start, end, allowed, 2.5)):
        start, end, allowed, best = row
        answer = outcome(thing, (start.clone(), end.clone(), allowed.clone(), 3))
        if isinstance(answer, Exception):
            return TIES
        first, last, above = answer
        if not (allowed[first] and allowed[last] and first <= last < first + 3 and abs(above - best) < TOLERANCE
                and abs(float(start[first] + end[last] - start[0] - end[0]) - best) < TOLERANCE):
            return TIES
    return None


def tried_all(start: list[float], end: list[float], allowed: list[bool], longest: int) -> tuple[float, int, int]:
    """By trying every span, one after the other."""
    return max((start[i] + end[j], i, j) for i in range(len(start)) for j in range(i, min(i + longest, len(start)))
               if allowed[i] and allowed[j])


def as_by_trying_all(thing) -> Finding | str:
    generator = torch.Generator().manual_seed(10)
    for number in range(200):
        length, longest = (int(torch.randint(3, most, (), generator=generator)) for most in (24, 12))
        begin = int(torch.randint(1, length, (), generator=generator))
        start, end = torch.randn(2, length, generator=generator) * 3
        allowed = torch.arange(length) >= begin
        score, first, last = tried_all(start.tolist(), end.tolist(), allowed.tolist(), longest)
        above = score - float(start[0]) - float(end[0])
        how = difference(thing(start, end, allowed, longest), (first, last, above), TOLERANCE)
        if how:
            return Finding(f"It agrees on what was asked so far, but not on random row {number}, with {length} tokens, {longest} "
                           f"at most, the passage from token {begin} on. {how}")
    return "On 200 random rows: the span that is found by trying them all, and by how much it is better than none."


SPAN_CASES = (
    Case("a passage of six tokens", lambda: scored({6: 4.0, 9: 3.0}, {8: 4.5, 6: 2.0}, shift=-20.0) + (30,)),
    Case("scores above 0", lambda: scored({6: 4.0, 9: 3.0}, {8: 4.5, 6: 2.0}, seed=1, shift=2.0) + (30,)),
    Case("an answer of a single token", lambda: scored({8: 5.0}, {8: 5.0}, seed=1) + (30,)),
    Case("a likely end that stands before the likely beginning",
         lambda: scored({9: 6.0, 6: 5.0}, {7: 5.0, 5: 7.0}, seed=2) + (30,)),
    Case("the likeliest span stands in the question", lambda: scored({2: 9.0, 7: 3.0}, {3: 9.0, 8: 3.0}, seed=4) + (30,)),
    Case("a likely beginning in the question", lambda: scored({3: 9.0, 7: 3.0}, {9: 3.0}, seed=4) + (30,)),
    Case("a likely end at the last [SEP]", lambda: scored({7: 3.0}, {11: 9.0, 9: 3.0}, seed=4) + (30,)),
    Case("“no answer” is likelier than any span", lambda: scored({0: 9.0, 6: 2.0}, {0: 8.0, 8: 3.0}, seed=5) + (30,)),
    Case("the 30 tokens that are the default",
         lambda: scored({10: 7.0, 30: 3.0}, {38: 4.0, 39: 7.0, 40: 8.0, 50: 9.0}, 60, seed=8)),
    Case("3 tokens at most", lambda: scored({6: 7.0}, {7: 5.0, 8: 6.0, 9: 7.0, 11: 8.0}, 14, seed=7) + (3,)),
    Case("1 token at most", lambda: scored({6: 7.0, 9: 4.0}, {8: 8.0, 9: 5.0}, 14, seed=7) + (1,)),
    Case("more than 30 tokens", lambda: scored({10: 7.0}, {49: 9.0, 12: 3.0}, 60, seed=8) + (45,)),
    Case("many likely beginnings, and the likely ends all stand before them", far_from_the_favourites),
)


SPAN_MISTAKES = (
    Mistake("tensors given", "You give tensors of one number: plain numbers are wanted, `int(…)` for the places and `float(…)` for "
            "the score.", lambda *arguments: tuple(torch.tensor(each) for each in best_span(*arguments))),
    Mistake("score first", "You give the score first: first and last token come first, then the score.",
            finding(give=lambda first, last, above, allowed: (above, first, last))),
    Mistake("end exclusive", "Your second number is the token after the answer: the answer's last token itself is wanted, as "
            "`span_labels` gives it.", finding(give=lambda first, last, above, allowed: (first, last + 1, above))),
    Mistake("length instead of the end", "Your second number is how many tokens the answer has: the place of its last token is "
            "wanted.", finding(give=lambda first, last, above, allowed: (first, last - first + 1, above))),
    Mistake("counted in the passage", "You count from the beginning of the passage: count in the row, as the scores do.",
            finding(give=in_the_passage)),
    Mistake("start and end exchanged", "Start and end have changed places: a span begins where `start` is high and ends where "
            "`end` is.", finding(score=lambda start, end: end[:, None] + start)),
    Mistake("best score begins at 0", "Where all scores are below 0 your code finds nothing: the best score so far begins with 0, "
            "and must begin with −inf.", begun_with_0),
    Mistake("no-answer score forgotten", "You give the span's own score: by how much it is above that of “no answer” is wanted, so "
            "take start[0] + end[0] off.", finding(none=lambda start, end: 0)),
    Mistake("no-answer score added", "You add the score of “no answer”: take it off.",
            finding(none=lambda start, end: -start[0] - end[0])),
    Mistake("half of the no-answer score", "You take start[0] off, and not end[0]: “no answer” is a span like others, it has both.",
            finding(none=lambda start, end: start[0])),
    Mistake("half of the no-answer score, the end", "You take end[0] off, and not start[0]: “no answer” is a span like others, it "
            "has both.", finding(none=lambda start, end: end[0])),
    Mistake("no answer at the last [SEP]", "Your score of “no answer” is that of the row's last token: it is [CLS], token 0.",
            finding(none=lambda start, end: start[-1] + end[-1])),
    Mistake("no answer at the best of the others", "You compare with the best token that is not allowed: “no answer” is [CLS], "
            "token 0, alone.", lambda start, end, allowed, longest=30: (*best_span(start, end, allowed, longest)[:2], float(
                best_span(start, end, allowed, longest)[2] + start[0] + end[0] - (start + end)[~allowed].max()))),
    Mistake("no answer minus answer", "Your score has the wrong sign: above 0 the answer is likelier than none.",
            finding(give=lambda first, last, above, allowed: (first, last, -above))),
    Mistake("product of the scores", "You multiply the scores of beginning and end: they are added, as the logarithms of "
            "probabilities are.", finding(score=lambda start, end: start[:, None] * end)),
    Mistake("probabilities", "You multiply probabilities: the scores themselves are added, and no softmax is needed to find the "
            "largest.", finding(score=probabilities, none=lambda start, end: probabilities(start, end)[0, 0])),
    Mistake("mean of start and end", "You halve the sum of beginning and end: the sum is wanted.",
            finding(score=lambda start, end: (start[:, None] + end) / 2, none=lambda start, end: (start[0] + end[0]) / 2)),
    Mistake("only the start counts", "You look at the beginnings' scores only: beginning and end are added.",
            finding(score=lambda start, end: start[:, None] + 0 * end, none=lambda start, end: start[0])),
    Mistake("not below 0", "Where “no answer” is likelier you give 0 for the score: let it be below 0, by as much as “no answer” "
            "is likelier.", finding(give=lambda first, last, above, allowed: (first, last, max(above, 0.0)))),
    Mistake("no answer decided on", "Where “no answer” is likelier you give [CLS]: give the best span all the same, and let the "
            "difference, below 0 then, speak.", finding(give=cls_or_span)),
    Mistake("impossible ones set to 0", "You set what is not possible to 0: where all scores are below 0 that wins. It takes −inf.",
            finding(spans=zeroed)),
    Mistake("only the 20 best", "You pair the 20 best beginnings with the 20 best ends, as the published code does to save time: "
            "here all pairs are wanted, for none of yours may be possible.", finding(spans=twenty_best)),
    Mistake("longest off by one, too long", "`longest` counts tokens, both ends included: your longest span has one more.",
            finding(where=lambda allowed, longest: possible(allowed, longest + 1))),
    Mistake("longest off by one, too short", "`longest` counts tokens, both ends included: your longest span has one less.",
            finding(where=lambda allowed, longest: possible(allowed, longest - 1))),
    Mistake("longest fixed", "Your spans have 30 tokens at most whatever is given: use `longest`.",
            finding(where=lambda allowed, longest: possible(allowed, 30))),
    Mistake("longest ignored", "Your spans may have any length: `longest` says how many tokens at most.",
            finding(where=lambda allowed, longest: possible(allowed, len(allowed)))),
    Mistake("[CLS] among the spans", "Where “no answer” is likelier you give [CLS] and 0. The best *answer* is wanted all the "
            "same: the difference, below 0 then, says that none is likelier.", finding(where=lambda allowed, longest: possible(
                allowed | (torch.arange(len(allowed)) == 0), longest))),
    Mistake("beginning not asked for leave", "Your answer may begin in the question: ask `allowed` for the first token too.",
            finding(where=lambda allowed, longest: (torch.ones_like(allowed)[:, None] & allowed).triu().tril(longest - 1))),
    Mistake("end not asked for leave", "Your answer may end with [SEP]: ask `allowed` for the last token too.",
            finding(where=lambda allowed, longest: (allowed[:, None] & torch.ones_like(allowed)).triu().tril(longest - 1))),
    Mistake("anything allowed", "Your answer may stand in the question: use `allowed`.",
            finding(where=lambda allowed, longest: possible(torch.ones_like(allowed), longest))),
    Mistake("end first", "You choose the best end, and then the best beginning for it: a slightly worse end may have a much better "
            "beginning. Try all pairs.", finding(spans=end_first)),
    Mistake("start first", "You choose the best beginning, and then the best end for it: a slightly worse beginning may have a "
            "much better end. Try all pairs.", finding(spans=start_first)),
    Mistake("put in order", "You choose beginning and end each by itself and exchange them if they are the wrong way round: what "
            "is a likely end need not be a likely beginning. Try pairs.", finding(spans=put_in_order)),
    Mistake("chosen independently", "Your end may stand before the beginning, or far away, as if each were chosen by itself: of "
            "all pairs only those are possible in which the last token does not come before the first, nor too far behind it.",
            finding(spans=by_themselves)),
    Mistake("no single token", "An answer of a single token is possible: first and last are the same then.",
            finding(where=lambda allowed, longest: possible(allowed, longest, 2))),
    Mistake("single tokens only", "You only try spans of a single token: the end may be another token than the beginning.",
            finding(where=lambda allowed, longest: possible(allowed, 1))),
    Mistake("backwards", "Your spans end before they begin: the last token is the first one or comes after it (`triu`, not "
            "`tril`).", finding(where=lambda allowed, longest: possible(allowed, longest).T)),
    Mistake("divided by the length", "You divide by the number of tokens: a span's score is start[first] + end[last], however long "
            "it is.", finding(spans=mean_of_tokens)),
    Mistake(CHANGED, "", span_in_place),
    known(NOT_REFUSED, never_refuses),
    known(TIES, no_ties),
)


# ── token_f1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def compared(*pairs: tuple[str, str]) -> dict[str, Callable[[], tuple]]:
    return {f"{given!r} where {expected!r} is right": lambda given=given, expected=expected: (given, expected)
            for given, expected in pairs}


F1_ROUNDS = {
    "plain words": compared(("red car", "car"), ("car", "big red car"), ("cat", "cat"), ("old red car", "red car wheels now"),
                            ("car red", "red car"), ("red car now", "red car")),
    "words that occur more than once": compared(("red red car", "red car car"), ("red red red", "red"), ("very big", "very very"),
                                                ("red red car", "red red"),
                                                ("to be or not to be", "to be")),
    "capitals": compared(("Paris", "paris"), ("NASA in Rome", "Nasa")),
    "punctuation marks": compared(("Rome, Italy.", "Rome Italy"), ("U.S.", "US"), ("twenty-one (1990)", "twenty one 1990"),
                                  ('"Rome" - Italy!', "rome italy")),
    "articles": compared(("the red car", "red car"), ("an apple", "apple"), ("a car", "car"), ("The Hague", "hague")),
    "letters of articles inside of words": compared(("another theme", "other me"), ("Athens", "Ans"), ("banana", "bnn")),
    "articles beside marks": compared(('in "the" end', "in end"), ("the, end", "end"), ("a-b", "b")),
    "nothing in common": compared(("cat", "dog"), ("red car", "blue sky")),
    "no answer, given or expected": compared(("", ""), ("", "dog"), ("dog", ""), ("the", "a"), ("the", "dog"), ("...", "")),
    "marks that `string.punctuation` does not hold": compared(("Rome – Italy", "Rome Italy"), ("Bob’s dog", "Bobs dog")),
}


def counted(words: list[str], wanted: list[str]) -> int:
    return sum((Counter(words) & Counter(wanted)).values())


def shares(words: list[str], wanted: list[str], common: int) -> float:
    return 2 * common / (len(words) + len(wanted))


def judged(words=answer_words, common=counted, score=shares, empty=lambda words, wanted: float(words == wanted)):
    """token_f1 with something in it changed."""

    def wrong(given, expected):
        mine, wanted = words(given), words(expected)
        if empty and (not mine or not wanted):
            return empty(mine, wanted)
        return score(mine, wanted, common(mine, wanted))

    return wrong


ARTICLES = ("a", "an", "the")


def plain(text: str, lower: bool = True, is_mark=string.punctuation.__contains__, marks: str = "", split=str.split,
          left_out=ARTICLES) -> list[str]:
    """The words of an answer. marks is what stands in a punctuation mark's place."""
    letters = [marks if is_mark(letter) else letter for letter in (text.lower() if lower else text)]
    return [word for word in split("".join(letters)) if word.lower() not in left_out]


def marks_at_the_ends(text: str) -> list[str]:
    words = [word.strip(string.punctuation) for word in text.lower().split()]
    return [word for word in words if word and word not in ARTICLES]


def neither_letter_nor_space(letter: str) -> bool:
    return not letter.isalnum() and not letter.isspace()


def articles_cut_out(text: str) -> list[str]:
    text = " ".join(plain(text, left_out=()))
    for article in ("the", "an", "a"):
        text = text.replace(article, "")
    return text.split()


def articles_first(text: str) -> list[str]:
    return plain(" ".join(plain(text, is_mark=never)), left_out=())


def in_two_steps(foresee: bool):
    """Precision and recall, then their harmonic mean, which is 0 / 0 where nothing is in common."""

    def score(words, wanted, common):
        precision, recall = common / len(words), common / len(wanted)
        return 0.0 if foresee and not common else 2 * precision * recall / (precision + recall)

    return score


def raw_empty(given, expected):
    """Asks for empty texts, and not for texts without words."""
    if not given or not expected:
        return float(given == expected)
    return judged(empty=None)(given, expected)


def only_empty(given, expected):
    if not answer_words(given) and not answer_words(expected):
        return 1.0
    return judged(score=in_two_steps(foresee=True), empty=None)(given, expected)


F1_MISTAKES = (
    Mistake("precision", "You divide by the number of given words only: who says all of the passage is right about too little. The "
            "harmonic mean of both shares is 2 · common / (given + expected).", judged(score=lambda w, e, c: c / len(w))),
    Mistake("recall", "You divide by the number of expected words only, and whoever gives the whole passage as an answer gets 1. "
            "The harmonic mean of both shares is 2 · common / (given + expected).", judged(score=lambda w, e, c: c / len(e))),
    Mistake("arithmetic mean", "You take the plain mean of both shares: the harmonic mean is wanted, 2 · common / (given + "
            "expected).", judged(score=lambda w, e, c: (c / len(w) + c / len(e)) / 2)),
    Mistake("geometric mean", "You take the root of the product of both shares: the harmonic mean is wanted, 2 · common / (given + "
            "expected).", judged(score=lambda w, e, c: c / (len(w) * len(e)) ** 0.5)),
    Mistake("product", "You multiply the two shares: their harmonic mean is wanted, 2 · common / (given + expected).",
            judged(score=lambda w, e, c: c * c / (len(w) * len(e)))),
    Mistake("smaller share", "You take the smaller of both shares: their harmonic mean is wanted.",
            judged(score=lambda w, e, c: c / max(len(w), len(e)))),
    Mistake("union", "You divide by the number of words in either answer (Jaccard): the harmonic mean of both shares is 2 · common "
            "/ (given + expected).", judged(score=lambda w, e, c: c / (len(w) + len(e) - c))),
    Mistake("not doubled", "Your best is a half: the harmonic mean of precision and recall is *twice* common / (given + expected).",
            judged(score=lambda w, e, c: c / (len(w) + len(e)))),
    Mistake("per cent", "You give per cent: 0 … 1 is wanted.", judged(score=lambda w, e, c: 100 * shares(w, e, c))),
    Mistake("all or nothing", "You ask whether the answers are the same: that is `exact_match`. Here half right is half.",
            lambda given, expected: float(answer_words(given) == answer_words(expected))),
    Mistake("how many in common", "You give the number of words in common: divide, so that it is 0 … 1.",
            judged(score=lambda w, e, c: float(c))),
    Mistake("letters", "You compare letters: words are compared. (A text is a sequence of letters, `.split()` makes words.)",
            judged(words=lambda text: list("".join(answer_words(text))))),
    Mistake("letters and spaces", "You compare letters: words are compared. (A text is a sequence of letters, `.split()` makes "
            "words.)", judged(words=lambda text: list(text.lower()))),
    Mistake("place by place", "You compare the first word with the first, the second with the second: one word more in front, and "
            "nothing fits. Order does not count.",
            judged(common=lambda w, e: sum(one == other for one, other in zip(w, e, strict=False)))),
    Mistake("sets", "You compare sets, in which each word stands once. A word that occurs twice counts twice: `Counter`, not "
            "`set`.", judged(words=lambda text: sorted(set(answer_words(text))))),
    Mistake("sets of what is in common", "What is in common you take from sets, in which each word stands once, and then divide by "
            "all words: count them, `Counter(…) & Counter(…)`.", judged(common=lambda w, e: len(set(w) & set(e)))),
    Mistake("each given word asked for", "Of each given word you ask whether it is expected, so that one expected word makes any "
            "number of given ones right: each may be used up once. `Counter(…) & Counter(…)` does that.",
            judged(common=lambda w, e: sum(word in e for word in w))),
    Mistake("each expected word asked for", "Of each expected word you ask whether it was given, so that one given word makes any "
            "number of expected ones right: each may be used up once. `Counter(…) & Counter(…)` does that.",
            judged(common=lambda w, e: sum(word in w for word in e))),
    Mistake("capitals kept", "Capitals make a difference in yours: lower case first.",
            judged(words=lambda text: plain(text, lower=False))),
    Mistake("articles before marks", "An article beside a mark stays in yours: take the marks out first, then the articles.",
            judged(words=articles_first)),
    Mistake("marks kept", "Punctuation marks make a difference in yours: take them out first.",
            judged(words=lambda text: plain(text, is_mark=never))),
    Mistake("marks become spaces", "You put a space for each mark, so that U.S. becomes two words: the marks go, and nothing takes "
            "their place.", judged(words=lambda text: plain(text, marks=" "))),
    Mistake("marks inside words kept", "You take marks off the words' ends only: they go from inside too, U.S. is us.",
            judged(words=marks_at_the_ends)),
    Mistake("articles kept", "Articles count in yours: leave out the words a, an and the.",
            judged(words=lambda text: plain(text, left_out=()))),
    Mistake("“the” kept", "You leave out “a” and “an”, and “the” is an article too.", judged(
        words=lambda text: plain(text, left_out=("a", "an")))),
    Mistake("split at each space", "Two spaces in a row, as a mark between spaces leaves them, make an empty word in yours: "
            "`.split()` without an argument makes none.",
            judged(words=lambda text: plain(text, split=lambda text: text.split(" ")))),
    Mistake("other marks taken out too", "You take out marks that are not in `string.punctuation`, such as ’ and –: the published "
            "measure leaves them, and only with the same rules can two results be compared.",
            judged(words=lambda text: plain(text, is_mark=neither_letter_nor_space))),
    Mistake("“a” kept", "You leave out “the” and “an”, and “a” is an article too.", judged(
        words=lambda text: plain(text, left_out=("an", "the")))),
    Mistake("only “the” left out", "You leave out “the”: “a” and “an” are articles too.", judged(
        words=lambda text: plain(text, left_out=("the",)))),
    Mistake("articles cut out of words", "You cut the letters of articles out of other words: “another” is no article. Split "
            "first, then leave out whole words.", judged(words=articles_cut_out)),
    Mistake("nothing in common not foreseen", "Where nothing is in common both shares are 0, and their harmonic mean is 0 / 0: "
            "give 0 there.", judged(score=in_two_steps(foresee=False))),
    Mistake("empty answer not foreseen", "An answer without words makes you divide by 0: say before what is to come out.",
            judged(score=in_two_steps(foresee=True), empty=None)),
    Mistake("empty answers not foreseen", "Two answers without words make you divide by 0: they agree, which is 1.",
            judged(empty=None)),
    Mistake("one empty answer not foreseen", "If one of the two answers has no words you divide by 0: that is 0 there.",
            only_empty),
    Mistake("two empty answers 0", "Two empty answers agree, that is 1: who rightly says that there is no answer is right.",
            judged(empty=lambda words, wanted: 0.0)),
    Mistake("one empty answer 1", "Where one answer is empty and the other is not they do not agree: that is 0.",
            judged(empty=lambda words, wanted: 1.0)),
    Mistake("two empty answers NaN", "Two empty answers give NaN, which spoils the mean of all: they agree, that is 1.",
            judged(empty=lambda words, wanted: math.nan if words == wanted else 0.0)),
    Mistake("emptiness asked too early", "“the” has no words left once the article is gone: ask whether a list of words is empty, "
            "not whether the text is.", raw_empty),
)

SOME_WORDS = ("red", "Red", "car", "car,", "the", "The", "a", "theme", "U.S.", "us", "1990", "twenty-one", "'an'", "...", "banana")


def used_up(given: str, expected: str) -> float:
    """Word by word, each expected one used up."""
    words, left = plain(given), plain(expected)
    total, common = len(words) + len(left), 0
    for word in words:
        if word in left:
            left.remove(word)
            common += 1
    return 2 * common / total if total and (words or common) else float(total == 0)


def as_by_hand(thing) -> Finding | str:
    generator = torch.Generator().manual_seed(10)
    pairs = []
    for _ in range(300):
        pick = torch.randint(len(SOME_WORDS), (12,), generator=generator).tolist()
        first, second = torch.randint(0, 7, (2,), generator=generator).tolist()
        pairs.append(tuple(" ".join(SOME_WORDS[place] for place in part) for part in (pick[:first], pick[6 : 6 + second])))
    real = [question.answer for question, _ in some_questions() if question.answer.isascii()]
    pairs += [(one, other) for one, other in zip(real, [*real[1:], real[0]], strict=True)]
    pairs += [(f"The {answer}!", answer) for answer in real]
    for given, expected in pairs:
        how = difference(thing(given, expected), used_up(given, expected), TOLERANCE)
        if how:
            return Finding(f"It agrees on what was asked so far, but not on {given[:60]!r} where {expected[:60]!r} is right. {how}")
    return (f"On 300 random pairs of answers and {len(pairs) - 300} of real ones: what comes out when the words are ticked off "
            "one by one.")


# ── label_tokens ─────────────────────────────────────────────────────────────────────────────────────────────────────


def words_of(text: str, *labels: int, vocabulary=TOKENIZER) -> dict[str, Callable[[], tuple]]:
    return {f"“{text}”": lambda: (text.split(" "), list(labels), vocabulary)}


TOKEN_ROUNDS = {
    "words that are one token each": words_of("ada met bob", 4, 3, 6) | words_of("they did meet in paris", 7, 2, 3, 1, 6),
    "words of several pieces": words_of("lovelace met unaffable bob", 5, 3, 2, 6) | words_of("unaffable", 7),
    "label 0 among the others": words_of("when ada lovelace met eve", 4, 0, 5, 0, 6) | words_of("bob did", 0, 0),
    "words with a mark inside, and words that are not known": words_of("don't meet tim", 4, 1, 6) | words_of(
        "xyz's paris love-eve lovelace", 5, 7, 1, 2),
    "words that leave no token at all": words_of("ada \x00 met \u200b lovelace bob", 4, 1, 3, 2, 5, 6) | words_of("\x00", 3),
    "no words": {"an empty list": lambda: ([], [], TOKENIZER)},
    "another vocabulary": words_of("ada met", 1, 2, vocabulary=BertTokenizer(["ada", "m", "##et", *reversed(SPECIAL_TOKENS)])),
}


def row_of(ids=lambda word, tokenizer: tokenizer.ids(word), labels=lambda label, pieces: [label, *[NOT_ASKED] * (len(pieces) - 1)],
           cut=True, special=NOT_ASKED, ends=(True, True), label_ends=(True, True)):
    """label_tokens with something in it changed."""

    def wrong(words, word_labels, tokenizer):
        row, asked = [], []
        for word, label in zip(words, word_labels, strict=True):
            pieces = ids(word, tokenizer)
            row += pieces
            given = labels(label, pieces)
            asked += given[: len(pieces)] if cut else given
        return (
            [tokenizer.cls_id] * ends[0] + row + [tokenizer.sep_id] * ends[1],
            [special] * label_ends[0] + asked + [special] * label_ends[1],
        )

    return wrong


def label_each_token(words, labels, tokenizer):
    """The labels in turn, one for each token, however many words there are."""
    ids, _ = label_tokens(words, labels, tokenizer)
    asked = [*labels, *[NOT_ASKED] * len(ids)][: len(ids) - 2]
    return ids, [NOT_ASKED, *asked, NOT_ASKED]


def told_by_hashes(words, labels, tokenizer):
    """A token that does not begin with ## begins a word: wrong for "don't"."""
    ids, _ = label_tokens(words, labels, tokenizer)
    left = iter(labels)
    asked = [NOT_ASKED if tokenizer.tokens[each].startswith("##") else next(left, NOT_ASKED) for each in ids[1:-1]]
    return ids, [NOT_ASKED, *asked, NOT_ASKED]


def labelled_but_hashes(words, labels, tokenizer):
    ids, asked = label_tokens(words, labels, tokenizer)
    carried = []
    for word, label in zip(words, labels, strict=True):
        carried += [NOT_ASKED if piece.startswith("##") else label for piece in tokenizer.tokenize(word)]
    return ids, [NOT_ASKED, *carried, NOT_ASKED]


def special_for_each_word(words, labels, tokenizer):
    ids, asked = [], []
    for word, label in zip(words, labels, strict=True):
        pieces = [tokenizer.cls_id, *tokenizer.ids(word), tokenizer.sep_id]
        ids += pieces
        asked += [NOT_ASKED, label, *[NOT_ASKED] * (len(pieces) - 2)][: len(pieces)]
    return ids, asked


def one_token_for_a_word(word, tokenizer):
    return [tokenizer.tokens.index(word) if word in tokenizer.tokens else tokenizer.unk_id]


def fixed_ends(words, labels, tokenizer):
    ids, asked = label_tokens(words, labels, tokenizer)
    return [101, *ids[1:-1], 102], asked


def ends_of_here(words, labels, tokenizer):
    ids, asked = label_tokens(words, labels, tokenizer)
    return [TOKENIZER.cls_id, *ids[1:-1], TOKENIZER.sep_id], asked


def written_out(words, labels, tokenizer):
    ids, asked = label_tokens(words, labels, tokenizer)
    return [tokenizer.tokens[each] for each in ids], asked


def words_emptied(words, labels, tokenizer):
    answer = label_tokens(words, labels, tokenizer)
    while words:
        words.pop()
    return answer


def labels_enclosed(words, labels, tokenizer):
    answer = label_tokens(words, labels, tokenizer)
    labels.insert(0, NOT_ASKED)
    return answer


def carried_on(label, pieces):
    return [label] * len(pieces)


TOKEN_MISTAKES = (
    Mistake("exchanged", "You give the labels first: first the ids, then the labels.",
            lambda words, labels, tokenizer: label_tokens(words, labels, tokenizer)[::-1]),
    Mistake("tokens written out", "You give the tokens as text: the model takes their ids.", written_out),
    Mistake("tensors given", "You give tensors: lists are wanted, for rows of different lengths are padded later.",
            lambda *arguments: tuple(torch.tensor(each) for each in label_tokens(*arguments))),
    Mistake("[CLS] and [SEP] forgotten", "The row has neither [CLS] nor [SEP]: every row of this model begins and ends with them.",
            row_of(ends=(False, False), label_ends=(False, False))),
    Mistake("[CLS] forgotten", "The row has no [CLS]: every row of this model begins with it.",
            row_of(ends=(False, True), label_ends=(False, True))),
    Mistake("[SEP] forgotten", "The row has no [SEP]: every row of this model ends with it.",
            row_of(ends=(True, False), label_ends=(True, False))),
    Mistake("no label for [CLS] and [SEP]", "There are two labels less than ids, so that each label slips to the token before: "
            "[CLS] and [SEP] take one each, NOT_ASKED.", row_of(label_ends=(False, False))),
    Mistake("no label for [CLS]", "[CLS] has no label, so that each label slips to the token before: give it NOT_ASKED.",
            row_of(label_ends=(False, True))),
    Mistake("no label for [SEP]", "[SEP] has no label, so there is one less than ids: give it NOT_ASKED.",
            row_of(label_ends=(True, False))),
    Mistake("labels begin at [CLS]", "[CLS] has the first word's label, and all labels stand one token too early: begin with one "
            "NOT_ASKED.", lambda *arguments: (label_tokens(*arguments)[0], [*label_tokens(*arguments)[1][1:], NOT_ASKED])),
    Mistake("0 for [CLS] and [SEP]", "[CLS] and [SEP] have the label 0, and 0 is a label of words. `ignore_index=0` would be no "
            "way out: it would swallow all words of that label. Give them NOT_ASKED.", row_of(special=0)),
    Mistake("−1 for [CLS] and [SEP]", "[CLS] and [SEP] have the label −1, which `F.cross_entropy` refuses: NOT_ASKED, −100, is "
            "what it leaves out.", row_of(special=-1)),
    Mistake("None for [CLS] and [SEP]", "[CLS] and [SEP] have the label `None`, of which no tensor can be made: NOT_ASKED, −100, "
            "is what the loss leaves out.", row_of(special=None)),
    Mistake("special tokens for each word", "You put [CLS] and [SEP] around each word: they stand once, around all of them. "
            "`tokenizer.ids(word)` gives a word's pieces alone.", special_for_each_word),
    Mistake("label at every piece", "All pieces of a word have its label: a long word would count several times. Only the first "
            "piece is asked, the others are NOT_ASKED.", row_of(labels=carried_on)),
    Mistake("0 for other pieces", "The pieces after the first have the label 0, and 0 is a label of words: they are NOT_ASKED.",
            row_of(labels=lambda label, pieces: [label, *[0] * (len(pieces) - 1)])),
    Mistake("−1 for other pieces", "The pieces after the first have the label −1, which `F.cross_entropy` refuses: they are "
            "NOT_ASKED, −100.", row_of(labels=lambda label, pieces: [label, *[-1] * (len(pieces) - 1)])),
    Mistake("no label for other pieces", "A word of several pieces has one label only, so that all labels behind it slip: the "
            "other pieces take one each, NOT_ASKED.", row_of(labels=lambda label, pieces: [label])),
    Mistake("one NOT_ASKED too many", "A word has one label more than it has pieces, so that all labels behind it slip: the first "
            "piece has the word's label, so there are `len(pieces) − 1` others.",
            row_of(labels=lambda label, pieces: [label, *[NOT_ASKED] * len(pieces)], cut=False)),
    Mistake("one NOT_ASKED for each word", "You put one NOT_ASKED behind each word of several pieces, however many these are: all "
            "pieces but the first take one each.",
            row_of(labels=lambda label, pieces: [label] + [NOT_ASKED] * (len(pieces) > 1))),
    Mistake("label at the last piece", "A word's label stands at its last piece: it belongs at the first.",
            row_of(labels=lambda label, pieces: [*[NOT_ASKED] * (len(pieces) - 1), label])),
    Mistake("first piece only", "Only the first piece of each word is in your row: the model must read all of it.",
            row_of(ids=lambda word, tokenizer: tokenizer.ids(word)[:1])),
    Mistake("unknown instead of pieces", "Words that are not in the vocabulary as a whole become [UNK] in yours: "
            "`tokenizer.ids(word)` takes them to pieces.", row_of(ids=one_token_for_a_word)),
    Mistake("told by ##", "You take each token without ## for the beginning of a word. “don't” is three tokens, none of which has "
            "##, and the labels behind it slip. Go word by word.", told_by_hashes),
    Mistake("label wherever there is no ##", "You give a word's label to each of its tokens without ##. “don’t” is three tokens, "
            "none of which has ##: only the first of a word is asked.", labelled_but_hashes),
    Mistake("labels in turn", "You give the labels in turn to the tokens: a word may have several tokens, and then all labels "
            "behind it slip. Go word by word.", label_each_token),
    Mistake("label 0 taken for none", "Where a label is 0 nothing is asked in yours: 0 is a label like others. (`if label:` is "
            "false for it.)", row_of(labels=lambda label, pieces: [label or NOT_ASKED, *[NOT_ASKED] * (len(pieces) - 1)])),
    Mistake("label for no token", "A word may leave no token at all, such as one of a control character: then its label must go "
            "with it, or all labels behind slip.", row_of(cut=False)),
    Mistake("fixed ids", "Your [CLS] and [SEP] are 101 and 102, as in one vocabulary: ask the tokenizer, `tokenizer.cls_id` and "
            "`tokenizer.sep_id`.", fixed_ends),
    Mistake("ids of another vocabulary", "Your [CLS] and [SEP] have the ids of another vocabulary: ask the tokenizer that is "
            "given.",
            ends_of_here),
    Mistake("words changed in place", "", words_emptied),
    Mistake("labels changed in place", "", labels_enclosed),
)


def words_stay(thing) -> Finding | None:
    """The lists are the caller's, who reads from them again."""
    words, labels = ["lovelace", "met"], [5, 3]
    before = copy.deepcopy((words, labels))
    thing(words, labels, TOKENIZER)
    for name, one, other in (("words", words, before[0]), ("labels", labels, before[1])):
        if one != other:
            return Finding(f"Your code changes the list of {name} that it was given, and the caller may still need it: build new "
                           "lists.", f"{name} changed in place")
    return None


def restores_real_text(thing) -> Finding | str:
    tokenizer, total = real_model()[1], 0
    chosen_passages = passages()[::200]
    for passage in chosen_passages:
        words, labels = strip_text(passage.text)
        ids, asked = thing(list(words), list(labels), tokenizer)
        how = difference((ids, asked), label_tokens(words, labels, tokenizer), 0.0)
        read = [label for label in asked if label != NOT_ASKED]
        kept = [pair for pair in zip(words, labels, strict=True) if tokenizer.ids(pair[0])]
        if how or restore_text([word for word, _ in kept], read) != restore_text(*map(list, zip(*kept, strict=True))):
            return Finding(f"By itself your function agrees, but not on the passage “{passage.title}”. {how or ''}")
        total += len(read)
    return (f"On {len(chosen_passages)} real passages: {total} labels, and read back at the first pieces they put every capital "
            "and mark back.")


EXERCISES = (
    Exercise(
        reference=BertForQuestionAnswering,
        notebook=NOTEBOOK,
        cases=(
            Case("two texts without padding", lambda: (TWO_TEXTS[:, :5],), (SMALL,)),
            Case("padding in both texts", lambda: (TWO_TEXTS, MARKS), (SMALL,)),
            Case("questions with passages", lambda: (TWO_TEXTS, MARKS, SEGMENTS), (SMALL,)),
            Case("another size", lambda: (TWO_TEXTS, MARKS, SEGMENTS), (HALF,)),
        ),
        mistakes=HEAD_MISTAKES,
        hints=(
            "Three things in `__init__`: `self.config`, `self.bert` without its pooler (`without_pooler(BertModel(config))`), and "
            "`self.qa_outputs`, a linear map.",
            "Each token gets two scores: `nn.Linear(config.hidden_size, 2)` on all hidden states, the first of the two things that "
            "BERT gives back. (B, T, D) → (B, T, 2).",
            "`start, end = scores.unbind(dim=-1)` takes the last axis apart. `self.apply(self.bert.initialize)` ends `__init__`.",
        ),
        probes=(keeps_its_config, trains_the_encoder, begins_as_bert_does),
        drop_in=on_real_weights,
    ),
    Exercise(
        reference=span_labels,
        notebook=NOTEBOOK,
        cases=(),
        mistakes=LABEL_MISTAKES,
        hints=(
            "`window.places[i]` is (first, last) for token i: it stands for passage[first:last], and (−1, −1) says that it stands "
            "for nothing there. Which tokens overlap passage[start:end]?",
            "Those with `first < end` and `last > start`. The first and the last of them are your labels, if there are any.",
            "The answer is whole if the first of them begins at `start` or before, and the last ends at `end` or after. Otherwise, "
            "and without an answer: (0, 0).",
        ),
        probes=(asked_together(span_labels, LABEL_ROUNDS, LABEL_MISTAKES),),
        drop_in=labels_read_back,
    ),
    Exercise(
        reference=span_loss,
        notebook=NOTEBOOK,
        cases=(
            Case("three texts, each with padding", lambda: chosen((6, 5, 7), 8, ((2, 5), (1, 3), (3, 3)))),
            Case("two texts, one of them without padding", lambda: chosen((9, 5), 9, ((2, 5), (1, 4)))),
            Case("a text without an answer", lambda: chosen((9, 5, 7, 4), 9, ((2, 5), (0, 0), (3, 3), (1, 2)))),
            Case("no answer anywhere", lambda: chosen((9, 5, 7), 9, ((0, 0),) * 3)),
            Case("one text, three quarters padding", lambda: chosen((3,), 12, ((1, 2),))),
            Case("scores that are far apart", far_apart),
        ),
        mistakes=LOSS_MISTAKES,
        hints=(
            "To find the first token is to choose one of T classes, and to find the last is the same once more. Which loss is "
            "there for that?",
            "Padding is no class: `scores.masked_fill(attention_mask == 0, -torch.inf)` gives it the probability 0.",
            "`F.cross_entropy(start, firsts)` is the mean over the texts. Then the mean of that and of the same for the end.",
        ),
        probes=(loss_learns,),
        drop_in=loss_on_real_questions,
    ),
    Exercise(
        reference=best_span,
        notebook=NOTEBOOK,
        cases=SPAN_CASES,
        mistakes=SPAN_MISTAKES,
        hints=(
            "Two loops will do: over all first tokens, and for each over the last tokens from there on, `longest` of them at most. "
            "Keep the best pair so far.",
            "Without loops: `start[:, None] + end` is a table (T, T) of all spans' scores. `allowed[:, None] & allowed` says which "
            "may be; `.triu()` leaves those that do not end before they begin, `.tril(longest − 1)` those that are short enough.",
            "Set the others to −inf; `argmax` counts through the table row by row, so `divmod(…, T)` gives row and column. Take "
            "`start[0] + end[0]` off the best score. If nothing is allowed: `raise ValueError(…)`.",
        ),
        probes=(any_of_the_best, refuses_nothing_allowed),
        drop_in=as_by_trying_all,
        tolerance=1e-4,
    ),
    Exercise(
        reference=token_f1,
        notebook=NOTEBOOK,
        cases=(),
        mistakes=F1_MISTAKES,
        hints=(
            "First the words: lower case; all of `string.punctuation` taken out; split; without a, an and the.",
            "`Counter(words) & Counter(wanted)` keeps of each word as many as both have. Add up its values.",
            "The harmonic mean of common / given and common / expected is 2 · common / (given + expected). If either has no "
            "words: 1 if both have none, else 0.",
        ),
        probes=(asked_together(token_f1, F1_ROUNDS, F1_MISTAKES),),
        drop_in=as_by_hand,
    ),
    Exercise(
        reference=label_tokens,
        notebook=NOTEBOOK,
        cases=(),
        mistakes=TOKEN_MISTAKES,
        hints=(
            "Go word by word with its label, `zip(words, labels, strict=True)`, and let two lists grow: the ids, and the labels.",
            "`tokenizer.ids(word)` gives the pieces of one word. The first has the label, each of the others NOT_ASKED. How many "
            "labels is that for a word without pieces?",
            "`tokenizer.cls_id` in front and `tokenizer.sep_id` at the end, with NOT_ASKED for each.",
        ),
        probes=(words_stay, asked_together(label_tokens, TOKEN_ROUNDS, TOKEN_MISTAKES)),
        drop_in=restores_real_text,
    ),
)

QUIZ = (
    Question(
        "The likeliest first token is number 40, the likeliest last token number 12. What is the answer?",
        (
            Option("From 12 to 40: one only has to put them in order", False,
                   "A token that is a likely end need not be a likely beginning. The span from 12 to 40 may have a low score."),
            Option("The pair, first before last and not too far apart, with the largest sum of scores", True,
                   "Start and end are scored each by itself, but they are chosen together. The pair may hold one of the two "
                   "favourites or neither."),
            Option("There is none: the two contradict each other", False,
                   "They often do where two places of a passage look like answers. Whether there is none is another comparison: "
                   "with the span of [CLS] alone."),
        ),
    ),
    Question(
        "A passage does not fit beside its question, so it is read in windows, and one of them holds the first half of the answer. "
        "What should be its labels in training?",
        (
            Option("The half that is there", False,
                   "Then the model learns to be content with half an answer, and to end where a window happens to end."),
            Option("[CLS] and [CLS], “no answer”", True,
                   "This window does not answer the question. As the windows overlap, another one holds the answer whole, as long "
                   "as it is not longer than the overlap."),
            Option("None: the window is left out", False,
                   "That could be done, but there is something to learn from it: words that look like an answer and are not all of "
                   "it. In use most windows of a long text hold no answer, and the model must be able to say so."),
        ),
    ),
    Question(
        "Someone reports an F1 of 0.60 and an exact match of 0.20. What may the model be doing?",
        (
            Option("It is right on 60 of 100 questions", False,
                   "F1 is no count of right answers: it gives part of a point for each word in common."),
            Option("It often finds the place, and begins or ends a few words off", True,
                   "Such answers share words with the expected one, which F1 rewards and exact match does not. But read some of "
                   "them: “in 1990” for “1990” costs a third, and “not guilty” for “guilty” no more than that."),
            Option("Something is wrong, for F1 cannot be larger than exact match", False,
                   "It cannot be smaller: where the match is exact, F1 is 1, and elsewhere it is 0 or more."),
        ),
    ),
    Question(
        "You have a million passages, and a cross-encoder that judges one question and passage in a hundredth of a second. How do "
        "you answer a question?",
        (
            Option("Judge the question with each of the million passages", False,
                   "That takes ten thousand seconds, nearly three hours, and it begins anew with each question."),
            Option("Let a search by vectors find a hundred, and judge those", True,
                   "The vectors of the passages are made once, before anybody asks. The judge then has a second's work. What the "
                   "search has missed it cannot bring back."),
            Option("Make a vector of each passage with the cross-encoder, in advance", False,
                   "It has none to give: it reads question and passage together, and the question is not yet known."),
        ),
    ),
    Question(
        "A restorer of capitals and marks gets 84 % of all words right. Is it good?",
        (
            Option("Yes, five words in six is a good share", False,
                   "If five words in six stand without capital and mark, one that changes nothing is right as often."),
            Option("One cannot tell: ask for F1, label by label", True,
                   "A label that most words have hides all others. F1 of each label shows what happened to the commas, and that a "
                   "restorer that does nothing has 0 there."),
            Option("No, below 90 % it is of no use", False,
                   "There is no such line. On a text with a comma after every other word 84 % would be much."),
        ),
    ),
)
