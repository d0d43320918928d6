"""Notebook 10: where an answer begins and ends, how answers are judged, and a label for every word."""

import copy
import functools
import string
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from bert_parts.config import BertConfig
from bert_parts.datasets import Passage, SpanQuestion, passages, span_questions
from bert_parts.heads import BertForQuestionAnswering
from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_model
from bert_parts.masking import NOT_ASKED
from bert_parts.restoration import label_tokens, restore_text, strip_text
from bert_parts.spans import Window, best_span, span_labels, span_loss, token_f1, windows
from bert_parts.tokenizer import BertTokenizer, pad_batch
from bert_parts.wordpiece import SPECIAL_TOKENS

HERE = Path(__file__).parent
TITLE = "Question answering"
BUILDS = ("an answer pointed at in its passage, a judge of question and passage, capitals and marks put back; windows, F1, "
          "reciprocal rank")
PAPER = "[Devlin et al. 2019](https://arxiv.org/abs/1810.04805), 4.2, 4.3, 5.3"

SMALL = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
                   max_position_embeddings=9, type_vocab_size=4)
WIDE = replace(SMALL, hidden_size=64)
DROPS = replace(SMALL, hidden_dropout_prob=0.6, classifier_dropout=0.3)
VOCABULARY = [*SPECIAL_TOKENS, *"""
    who met bob ? where and when did they meet in 1815 ada love ##lace , un ##aff ##able - eve tim . don ' t paris
""".split()]
TOKENIZER = BertTokenizer(VOCABULARY)

THREE_TEXTS = torch.tensor([[3, 7, 2, 19, 4, 2, 0], [3, 9, 2, 5, 2, 0, 0], [3, 8, 11, 2, 6, 2, 0]])
PAD_INSIDE = THREE_TEXTS.roll(-2, dims=1)     # where it ends no text, so that BertModel takes it for a word without a warning
MARKS = (THREE_TEXTS != 0).long()
SEGMENTS = torch.tensor([[0, 0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1, 0]])
ALL = (THREE_TEXTS, MARKS, SEGMENTS)

PASSAGE = "In 1815 Ada Lovelace, unaffable Bob-Eve and Tim met. Bob and Ada did."
QUESTIONS = ("Who met Bob?", "Where and when did they meet?")


# ── What several exercises use ───────────────────────────────────────────────────────────────────────────────────────


@functools.cache
def some_questions() -> tuple[tuple[SpanQuestion, tuple[Window, ...]], ...]:
    """One real question in 25, answered or not, each with the windows on its passage."""
    tokenizer = real_model()[1]
    return tuple((question, tuple(windows(question.text, question.passage, tokenizer))) for question in span_questions()[::25])


@functools.cache
def real_case() -> tuple[BertForQuestionAnswering, dict[str, Tensor], Tensor, Tensor]:
    """The real encoder under a head drawn at random, and real questions with padding: batch, first and last tokens."""
    encoder, tokenizer = real_model()
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


# ── BertForQuestionAnswering ─────────────────────────────────────────────────────────────────────────────────────────


def drops_nothing(thing) -> Finding | None:
    """With the encoder at rest, training gives the scores that evaluation gives."""
    model = with_hard_weights(thing(DROPS)).eval()
    calm = torch.stack(model(*ALL))
    model.train().bert.eval()
    if torch.allclose(torch.stack(model(*ALL)), calm):
        return None
    return Finding("In training your scores differ from those outside it, even where the encoder drops nothing: the published head "
                   "has no dropout of its own.", "dropout added")


def begins_as_bert_does(thing) -> Finding | None:
    """Small weights, and others each time."""
    torch.manual_seed(0)
    first, second = (thing(WIDE).qa_outputs for _ in range(2))
    if not 0.5 < first.weight.std() / WIDE.initializer_range < 1.5 or first.bias.any():
        return Finding("Your new linear map begins with larger weights than BERT's parts do: end `__init__` with "
                       "`self.apply(self.bert.initialize)`, which draws all of them alike.", "not initialised")
    if first.weight.equal(second.weight):
        return Finding("Two of your models begin with the same weights: a seed is set in `__init__`. Leave that to whoever "
                       "makes them, else nobody can try several beginnings.", "seed set inside")
    return None


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


# ── span_labels ──────────────────────────────────────────────────────────────────────────────────────────────────────


def marked(answer: str | None, window: int = 0, length: int = 40, question: int = 0, end: int = -1) -> tuple[Window, int, int]:
    """A window on PASSAGE, and the answer's place in the passage."""
    made = windows(QUESTIONS[question], PASSAGE, TOKENIZER, length, 3)[window]
    return (made, -1, end) if answer is None else (made, PASSAGE.index(answer), PASSAGE.index(answer) + len(answer))


def placed(tries: str, *found: str | None, **more: int) -> tuple[Case, ...]:
    """A case for each answer."""
    return tuple(Case(f"{tries}: “{answer}”" if answer else tries, functools.partial(marked, answer, **more)) for answer in found)


LABEL_CASES = (
    *placed("an answer of whole words", "1815", "Ada", "and Tim", "In 1815"),
    *placed("an answer of whole words, another question", "Tim", "met.", question=1),
    *placed("words of several pieces", "Lovelace", "Ada Lovelace", "unaffable Bob", "Lovelace, unaffable"),
    *placed("a mark beside the answer", "Bob", "Eve"),
    *placed("an answer that begins or ends inside a word", "aff", "ace, un", "81", "affable Bob"),
    *placed("a question that the passage does not answer", None),
    *placed("no answer, end = 0", None, end=0),
    *placed("no answer to the other question", None, question=1),
    *placed("the middle of the passage", "Tim met", "1815", "did.", window=3, length=15),
    *placed("the passage's beginning", "In 1815", "Tim", window=0, length=15),
    *placed("what stands before the passage's end", "and Tim", "Bob and", window=4, length=15),
    *placed("a window that ends with the answer", "did.", window=5, length=15),
    *placed("the window cuts the answer", "Ada Lovelace, unaffable Bob", "1815 Ada", "Lovelace, unaffable", window=0, length=13),
    *placed("the window cuts the answer", "1815 Ada", "In 1815 Ada Lovelace, unaffable Bob-Eve and Tim met", window=1, length=13),
    *placed("the window cuts the answer", "Ada Lovelace, unaffable Bob", "Bob-Eve and Tim", window=2, length=15),
    *placed("the window cuts the answer", "Tim met. Bob", "and Tim met", "Tim met.", window=3, length=13),
    *placed("the window cuts the answer", "Eve and Tim", "and Tim met. Bob", window=4, length=13),
    *placed("the window cuts one letter of the answer", "t. Bob", window=5, length=13),
)


def labels_read_back(thing) -> Finding | str:
    """Real questions, all windows: what the labels point at is the answer."""
    found = none = 0
    for question, made in some_questions():
        start, end = question.start, question.start + len(question.answer)
        for number, window in enumerate(made):
            first, last = given = thing(window, start, end)
            wanted = span_labels(window, start, end)
            read = question.passage[window.places[first][0] : window.places[last][1]] if given != (0, 0) else "no answer"
            if given != wanted:
                return Finding(f"By itself your function agrees, but not on the question “{question.text}”: in window {number} "
                               f"your labels are {given}, “{read[:60]}”, and {wanted} is expected, where the answer is "
                               f"“{question.answer[:60] or 'none'}”.")
            found, none = found + (given != (0, 0)), none + (given == (0, 0))
            if given != (0, 0) and question.answer not in read:
                return Finding(f"By itself your function agrees, but “{read[:60]}” is not “{question.answer[:60]}”.")
    return (f"On {len(some_questions())} real questions and their {found + none} windows: {found} labels, each of which, read "
            f"back, is the answer, and {none} times none.")


# ── span_loss ────────────────────────────────────────────────────────────────────────────────────────────────────────


def chosen(lengths: tuple[int, ...], width: int, labels: tuple[tuple[int, int], ...], scale: float = 2.0) -> tuple:
    """Scores for texts of these lengths in a batch so wide, and the right tokens."""
    start, end = (randn(len(lengths), width, seed=seed, scale=scale) for seed in (1, 2))
    mask = (torch.arange(width) < torch.tensor(lengths)[:, None]).long()
    firsts, lasts = (torch.tensor(column) for column in zip(*labels, strict=True))
    return start, end, firsts, lasts, mask


def same_for_both(start: Tensor, end: Tensor, *rest: Tensor) -> tuple:
    return start, start, *rest


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


# ── best_span ────────────────────────────────────────────────────────────────────────────────────────────────────────


def scored(peaks_start: dict[int, float], peaks_end: dict[int, float], *longest: int, length: int = 12, seed: int = 0,
           shift: float = 0.0, behind: int = 1) -> tuple:
    """Scores of a row, low but for some peaks: [CLS], a question, [SEP], a passage, tokens `behind` it; where it is; `longest`."""
    start, end = randn(2, length, seed=seed, scale=0.1) + shift
    for scores, peaks in ((start, peaks_start), (end, peaks_end)):
        for place, height in peaks.items():
            scores[place] += height
    allowed = torch.zeros(length, dtype=torch.bool)
    allowed[5 : length - behind] = True
    return start, end, allowed, *longest


def far_from_the_favourites() -> tuple[Tensor, Tensor, Tensor, int]:
    """The 20 best beginnings stand at the end of the passage, the 20 best ends, but for one, at its beginning."""
    start, end, allowed = scored({55: 7.0}, {20: -5.0, 52: 3.6, 57: 2.4}, length=70, seed=3)
    start[49:69] += 3
    end[5:25] += 3
    return start, end, allowed, 30


def with_gradients() -> tuple[Tensor, Tensor, Tensor, int]:
    start, end, *rest = scored({6: 4.0, 9: 3.0}, {8: 4.5, 6: 2.0}, 30, seed=9)
    return start.requires_grad_(), end.requires_grad_(), *rest


def refuses_nothing_allowed(thing) -> Finding | None:
    start, end, allowed = scored({}, {})
    try:
        thing(start, end, torch.zeros_like(allowed))
    except ValueError:
        return None
    except Exception as error:
        return Finding(f"Where no token is allowed your code raises {type(error).__name__}: `raise ValueError(…)` with a sentence "
                       "that says what to do.", "another error where no token is allowed")
    return Finding("Where no token is allowed your code answers all the same: that is the caller's mistake, and nobody would find "
                   "it. Raise a ValueError.", "no token allowed")


def any_of_the_best(thing) -> Finding | None:
    """Scores that are all the same, as those of a new head nearly are, and others with two best spans."""
    flat, starts, ends = torch.zeros(3, 9)
    starts[[3, 6]], ends[[4, 7]], starts[0] = 2.0, 1.0, 0.5
    allowed = torch.arange(9).clamp(2, 7) == torch.arange(9)
    for start, end, best in ((flat, flat, 0.0), (starts, ends, 2.5)):
        try:
            first, last, above = thing(start.clone(), end.clone(), allowed.clone(), 3)
            right = (allowed[first] and allowed[last] and first <= last < first + 3 and abs(above - best) < TOLERANCE
                     and abs(float(start[first] + end[last] - start[0] - end[0]) - best) < TOLERANCE)
        except Exception:
            right = False
        if not right:
            return Finding("Where several spans have the same score your code does not find one: any of them will do.", "ties")
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


# ── token_f1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def compared(tries: str, *pairs: tuple[str, str]) -> tuple[Case, ...]:
    return tuple(Case(f"{tries}: {given!r} where {expected!r} is right", lambda given=given, expected=expected: (given, expected))
                 for given, expected in pairs)


SOME_WORDS = ("red", "Red", "car", "car,", "the", "The", "a", "theme", "U.S.", "us", "1990", "twenty-one", "'an'", "...", "banana")


def used_up(given: str, expected: str) -> float:
    """Word by word, each expected one used up."""
    words, left = (["".join(letter for letter in word if letter not in string.punctuation) for word in text.lower().split()]
                   for text in (given, expected))
    words, left = ([word for word in each if word not in ("", "a", "an", "the")] for each in (words, left))
    total, common = len(words) + len(left), 0
    for word in words:
        if word in left:
            left.remove(word)
            common += 1
    return 2 * common / total if total else 1.0


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


def words_of(tries: str, text: str, *labels: int, vocabulary: BertTokenizer = TOKENIZER) -> Case:
    return Case(f"{tries}: “{text[:40]}”", lambda: (text.split(" ") if text else [], list(labels), vocabulary))


@functools.cache
def some_passages() -> list[Passage]:
    return passages()[::200]


def restores_real_text(thing) -> Finding | str:
    tokenizer, total = real_model()[1], 0
    for passage in some_passages():
        words, labels = strip_text(passage.text)
        ids, asked = thing(list(words), list(labels), tokenizer)
        how = difference((ids, asked), label_tokens(words, labels, tokenizer), 0.0)
        read = [label for label in asked if label != NOT_ASKED]
        kept = [pair for pair in zip(words, labels, strict=True) if tokenizer.ids(pair[0])]
        if how or restore_text([word for word, _ in kept], read) != restore_text(*map(list, zip(*kept, strict=True))):
            return Finding(f"By itself your function agrees, but not on the passage “{passage.title}”. {how or ''}")
        total += len(read)
    return (f"On {len(some_passages())} real passages: {total} labels, and read back at the first pieces they put every capital "
            "and mark back.")


EXERCISES = (
    Exercise(lesson=HERE, reference=BertForQuestionAnswering, probes=(drops_nothing, begins_as_bert_does), drop_in=on_real_weights,
             cases=(
        Case("three texts without padding", lambda: (THREE_TEXTS[:, :5].clone(),), build=(SMALL,)),
        Case("padding in all texts", lambda: (THREE_TEXTS.clone(), MARKS.clone()), build=(SMALL,)),
        Case("questions with passages", lambda: copy.deepcopy(ALL), build=(SMALL,)),
        Case("no marks, and [PAD] in the text", lambda: (PAD_INSIDE.clone(),), build=(SMALL,)),
        Case("another size", lambda: copy.deepcopy(ALL), build=(WIDE,)),
    )),
    Exercise(lesson=HERE, reference=span_labels, cases=LABEL_CASES, drop_in=labels_read_back),
    Exercise(lesson=HERE, reference=span_loss, drop_in=loss_on_real_questions, cases=(
        Case("three texts, each with padding", lambda: chosen((6, 5, 7), 8, ((2, 5), (1, 3), (3, 3)))),
        Case("four texts, one of them without padding", lambda: chosen((9, 5, 6, 7), 9, ((2, 5), (1, 4), (3, 3), (1, 2)))),
        Case("a text without an answer", lambda: chosen((9, 5, 7, 4), 9, ((2, 5), (0, 0), (3, 3), (1, 2)))),
        Case("no answer anywhere", lambda: chosen((9, 5, 7), 9, ((0, 0),) * 3)),
        Case("one text, three quarters padding", lambda: chosen((3,), 12, ((1, 2),))),
        Case("scores that are far apart", lambda: chosen((9, 5, 7), 9, ((2, 5), (1, 4), (3, 3)), scale=120.0)),
        Case("the very same scores for both", lambda: same_for_both(*chosen((6, 5, 7), 8, ((2, 5), (1, 3), (3, 3))))),
    )),
    Exercise(lesson=HERE, reference=best_span, probes=(any_of_the_best, refuses_nothing_allowed), drop_in=as_by_trying_all,
             tolerance=1e-4, cases=(
        Case("a passage of six tokens", lambda: scored({6: 4.0, 8: 1.0}, {7: 3.0, 8: 2.0, 9: 4.5}, 30, shift=-20.0)),
        Case("scores above 0", lambda: scored({6: 4.0, 9: 3.0}, {8: 4.5, 7: 4.2}, 30, seed=1, shift=2.0)),
        Case("three ends that are nearly as likely", lambda: scored({6: 4.0}, {7: 4.1, 8: 4.5, 9: 4.3}, 30, seed=1, shift=2.0)),
        Case("an answer of a single token, the row's last", lambda: scored({11: 5.0}, {11: 5.0}, 30, seed=1, behind=0)),
        Case("a likely end that stands before the likely beginning",
             lambda: scored({9: 6.0, 6: 5.0}, {7: 5.0, 5: 7.0}, 30, seed=2)),
        Case("the likeliest span stands in the question", lambda: scored({2: 9.0, 7: 3.0}, {3: 9.0, 8: 3.0}, 30, seed=4)),
        Case("a likely beginning in the question", lambda: scored({3: 9.0, 7: 3.0}, {9: 3.0}, 30, seed=4)),
        Case("a likely end at the last [SEP]", lambda: scored({7: 3.0}, {11: 9.0, 9: 3.0}, 30, seed=4)),
        Case("“no answer” is likelier than any span", lambda: scored({0: 9.0, 6: 2.0}, {0: 8.0, 8: 3.0}, 30, seed=5)),
        Case("the 30 tokens that are the default",
             lambda: scored({10: 7.0, 30: 3.0}, {38: 4.0, 39: 7.0, 40: 8.0, 50: 9.0}, length=60, seed=8)),
        Case("3 tokens at most", lambda: scored({6: 7.0}, {7: 5.0, 8: 6.0, 9: 7.0, 11: 8.0}, 3, length=14, seed=7)),
        Case("1 token at most", lambda: scored({6: 7.0, 9: 4.0}, {8: 8.0, 9: 5.0}, 1, length=14, seed=7)),
        Case("more than 30 tokens", lambda: scored({10: 7.0}, {49: 9.0, 12: 3.0}, 45, length=60, seed=8)),
        Case("many likely beginnings, and the likely ends all stand before them", far_from_the_favourites),
        Case("scores of a model in training, with their gradients", with_gradients),
    )),
    Exercise(lesson=HERE, reference=token_f1, drop_in=as_by_hand, cases=(
        *compared("plain words", ("old big red car here too", "red car wheels"), ("red car", "car"), ("car", "big red car"),
                  ("cat", "cat"), ("car red", "red car"), ("red car now", "red car")),
        *compared("words that occur more than once", ("red red car", "red car car"), ("red red red", "red"),
                  ("very big", "very very"), ("red red car now", "red red car"), ("to be or not to be", "to be")),
        *compared("capitals", ("NASA went to Rome now", "Nasa in rome now"), ("Paris", "paris")),
        *compared("punctuation marks", ("Rome, Italy. By bus!", "Rome Italy now"), ("the U.S. army", "US army"),
                  ("in twenty-one (1990 1991)", "twenty one 1990 in"), ('"Rome" - Italy!', "rome italy")),
        *compared("articles", ("the red car a bus a cart an apple an egg an oak", "red car now"),
                  ("the the a a a a red car", "red car wheel now"), ("The Hague", "hague")),
        *compared("letters of articles inside of words", ("another theme", "other me"), ("Athens", "Ans"), ("banana", "bnn")),
        *compared("articles beside marks", ('in "the" end', "in end"), ("the, end", "end"), ("a-b", "b")),
        *compared("nothing in common", ("cat", "dog"), ("red car", "blue sky")),
        *compared("an empty answer", ("", ""), ("", "dog"), ("dog", ""), ("the", "a"), ("the", "dog"), ("...", "")),
        *compared("marks not in `string.punctuation`", ("Rome – Italy now", "Rome Italy by bus"), ("Bob’s dog", "Bobs dog")),
        *compared("a tab or a line's end", ("red\tcar now late", "now late car wheels"), ("old\nred car", "red wheels")),
        *compared("letters that are not of English", ("große Straße 7 heute", "grosse strasse 7 bis morgen"),
                  ("café in Rome", "cafe rome")),
    )),
    Exercise(lesson=HERE, reference=label_tokens, drop_in=restores_real_text, cases=(
        words_of("words that are one token each", "ada met bob", 4, 3, 6),
        words_of("words that are one token each", "they did meet in paris", 7, 2, 3, 1, 6),
        words_of("words of several pieces", "lovelace met unaffable bob", 5, 3, 2, 6),
        words_of("a single word", "unaffable", 7),
        words_of("label 0 among the others", "when ada lovelace met eve", 4, 0, 5, 0, 6),
        words_of("label 0 alone", "bob did", 0, 0),
        words_of("words with a mark inside", "don't meet tim", 4, 1, 6),
        words_of("a word that stands there twice", "bob met lovelace and bob", 4, 3, 2, 1, 6),
        words_of("words that are not known", "xyz's paris love-eve lovelace", 5, 7, 1, 2),
        words_of("words that leave no token at all", "ada \x00 met \u200b lovelace bob", 4, 1, 3, 2, 5, 6),
        words_of("a word that leaves no token at all", "\x00", 3),
        words_of("no words", ""),
        words_of("another vocabulary", "ada met", 1, 2,
                 vocabulary=BertTokenizer(["m", "##et", "ada", *reversed(SPECIAL_TOKENS)])),
        words_of("a tokenizer that tells capitals apart", "Ada met ada", 1, 2, 3,
                 vocabulary=BertTokenizer([*VOCABULARY, "Ada"], lowercase=False)),
        words_of("a word of one letter, which is cut into three", "한 met bob", 4, 1, 2,
                 vocabulary=BertTokenizer([*VOCABULARY, "ᄒ", "##ᅡ", "##ᆫ"])),
        words_of("a thousand words", " ".join(["lovelace", "met"] * 500), *range(1000)),
    )),
)
