"""Notebook 03: learning a vocabulary, cutting words into pieces, rows and batches."""

import copy
import functools
import math
from collections import Counter
from pathlib import Path

import torch

from bert_parts.datasets import movie_reviews
from bert_parts.learn.bounded import TimeUp
from bert_parts.learn.exercise import Case, Exercise, Finding
from bert_parts.learn.inside import real_model
from bert_parts.learn.own_tokenizer import module_with, tokenizer_with
from bert_parts.tokenizer import build_row, pad_batch
from bert_parts.wordpiece import best_pair, count_words, fertility, join_pair, train_wordpiece, word_pieces

HERE = Path(__file__).parent
TITLE = "Tokenizer"
BUILDS = "WordPiece: learning a vocabulary, cutting words, rows and batches"
PAPER = "[Wu et al. 2016](https://arxiv.org/abs/1609.08144), 4.1"


@functools.cache
def sentences() -> list[str]:
    return [review.text for review in movie_reviews()[:600]]


def reads_the_same(thing) -> Finding | str:
    """The real tokenizer with the learner's function, on real reviews: alone, in pairs, and cut to a room that halves evenly."""
    own, real = tokenizer_with({thing.__name__: thing}), real_model()[1]
    texts, pairs = sentences()[::2], sentences()[1::2]
    for arguments in ((texts,), (texts, pairs), (texts, pairs, 25)):
        for start in range(0, len(texts), 50):     # batch by batch, so that there is padding of many widths
            batch = [part[start : start + 50] if isinstance(part, list) else part for part in arguments]
            given, expected = own(*batch), real(*batch)
            for name in expected:
                if not torch.equal(given[name], expected[name]):
                    return Finding(f"By itself your part agrees, but in the real tokenizer the `{name}` of real reviews "
                                   f"come out differently, in a batch that begins with: {batch[0][0]}")
    return (f"In the real tokenizer: the same ids as before for {len(sentences())} sentences from reviews, alone, in pairs, "
            f"and cut.")


def learns_the_same(thing) -> Finding | str:
    """A vocabulary learned from real reviews with the learner's function."""
    expected = train_wordpiece(sentences(), 400)
    if thing.__name__ == "best_pair":
        given = train_wordpiece(sentences(), 400, choose=thing)
    else:
        given = module_with({thing.__name__: thing}, "bert_parts.wordpiece").train_wordpiece(sentences(), 400)
    if given != expected:
        place = next((n for n, pair in enumerate(zip(given, expected, strict=False)) if pair[0] != pair[1]), len(given))
        return Finding(f"By itself your part agrees, but a vocabulary learned with it from real reviews differs, first "
                       f"at token {place}.")
    return f"A vocabulary of 400, learned with it from {len(sentences())} sentences of reviews: token by token the same."


# Most of these pairs are the best by some rule, and neither the first nor the last is.
PAIRS = {
    ("##h", "##u"): 8, ("##g", "##u"): 46, ("t", "##s"): 1, ("##r", "##e"): 60, ("##g", "##r"): 9, ("##s", "##x"): 45,
    ("p", "##s"): 24, ("##h", "##s"): 12, ("w", "##r"): 90, ("m", "##t"): 80, ("e", "##s"): 30, ("k", "##l"): 80,
    ("w", "##z"): 1, ("##s", "##e"): 1, ("y", "##r"): 5, ("##a", "##u"): 10, ("##g", "##l"): 20,
}
PIECES = {
    "##r": 203, "t": 2, "p": 29, "##s": 96, "##e": 60, "w": 150, "##h": 42, "##u": 105, "##g": 64, "e": 31, "##x": 245,
    "k": 90, "##l": 220, "##a": 60, "m": 100, "##t": 300, "##z": 2, "y": 5,
}
EQUAL_SCORES = {     # all 0.01
    ("c", "##d"): 20, ("a", "##b"): 30, ("e", "##f"): 60, ("g", "##h"): 40, ("b", "##i"): 5, ("d", "##e"): 24,
}
EQUAL_SCORES_PIECES = {
    "a": 30, "##b": 100, "b": 20, "##i": 25, "c": 40, "##d": 50, "d": 60, "##e": 40, "e": 100, "##f": 60, "g": 50, "##h": 80,
}
EQUAL_COUNTS = {("c", "##d"): 20, ("ab", "##b"): 20, ("g", "##h"): 20, ("a", "##z"): 20, ("a", "##c"): 20, ("f", "##a"): 20,
                ("e", "##f"): 20}
EQUAL_COUNTS_PIECES = {"c": 40, "##d": 50, "ab": 80, "##b": 25, "g": 20, "##h": 100, "a": 50, "##c": 40, "##z": 40, "f": 10,
                       "##a": 200, "e": 125, "##f": 16}
EQUAL_IF_EXACT = {("c", "##d"): 5, ("a", "##b"): 6, ("e", "##f"): 5}     # all 1/6; but 5 / 6 / 5 > 6 / 6 / 6 in floats
EQUAL_IF_EXACT_PIECES = {"a": 6, "##b": 6, "c": 6, "##d": 5, "e": 5, "##f": 6}


NEARLY_EQUAL = {("a", "##b"): 19, ("c", "##d"): 37, ("a", "##e"): 1}     # 0.0304, 0.0296, 0.0004
NEARLY_EQUAL_PIECES = {"a": 25, "##b": 25, "c": 25, "##d": 50, "##e": 100}


class Vocabulary(dict):
    """Pieces and their ids, which stop a loop that asks for them without end."""

    asked = 0

    def counted(method):
        def asking(self, *arguments):
            self.asked += 1
            if self.asked > 100_000:     # a word of 100 letters takes 5050, or a few times as many
                self.asked = 0
                raise TimeUp("looking up more than 100,000 pieces for a single word")
            return method(self, *arguments)

        return asking

    __contains__, __getitem__, get = counted(dict.__contains__), counted(dict.__getitem__), counted(dict.get)


VOCAB = ["[UNK]", "f", "fil", "film", "##ilm", "##m", "##s", "ab", "le", "##able", "##ble", "book", "un", "unb", "##believable",
         "##eliev", "##elievab", "##le", "a", "##a", "Film", "books", "##store", "é", "##é", "##"]


def vocabulary(tokens: list[str] = VOCAB) -> Vocabulary:
    return Vocabulary({token: i for i, token in enumerate(tokens)})


WORDS = {
    "film": "“film”, which is in the vocabulary as a whole",
    "filmable": "“filmable”, with the pieces film and ##able",
    "unbelievable": "“unbelievable”, where the longest piece at each step is unb, ##elievab, ##le",
    "filmxs": "“filmxs”, where no piece of the vocabulary begins with ##x",
    "filmbook": "“filmbook”, where the vocabulary has book but not ##book",
    "xfilm": "“xfilm”, which begins with an unknown letter",
    "bookstore": "“bookstore”, where books is the longest piece, and nothing begins with ##t",
    "Film": "“Film”, with a vocabulary that has both Film and film",
    "aaa": "“aaa”, where only single letters fit",
    "a" * 100: "a word of 100 letters",
    "a" * 101: "a word of 101 letters",
    "é" * 100: "a word of 100 letters that take two bytes each",
}


CLS_ID, SEP_ID = 7, 8
FIRST, SECOND = [21, 22, 23, 24, 25, 26], [31, 32, 33]


def fills_an_odd_room(thing) -> Finding | None:
    """Of an odd room, either text may have the larger half."""
    for first, second in ((FIRST, SECOND), (SECOND, FIRST), (FIRST, FIRST)):
        rows = [([CLS_ID, *first[:n], SEP_ID, *second[: 5 - n], SEP_ID], [0] * (n + 2) + [1] * (6 - n)) for n in (2, 3)]
        given = thing(list(first), list(second), 8, CLS_ID, SEP_ID)
        if given not in rows:
            return Finding(f"Of two texts of {len(first)} and {len(second)} ids, cut to a row of 8, one should have 2 and the "
                           f"other 3, but yours are {given}.")
    return None


PAD_ID = 9
EVEN = [([7, 21, 8], [0, 0, 0]), ([7, 22, 8], [0, 0, 0])]
RAGGED = [([7, 21, 24, 22, 8], [0] * 5), ([7, 22, 23, 8, 31, 8], [0, 0, 0, 0, 1, 1]), ([7, 8, 32, 8], [0, 0, 1, 1])]
WITH_PADS = [([7, 21, PAD_ID, 22, 8], [0] * 5), ([7, 23, 8], [0] * 3)]     # someone wrote [PAD] in the text


NUMBERED = {token: i for i, token in enumerate(VOCAB)}


def cuts_the_same(thing) -> Finding | str:
    """The words of real reviews, cut by the real vocabulary."""
    counts, vocab = count_words(sentences()), real_model()[1].vocab
    given, expected = thing(counts, vocab), fertility(counts, vocab)
    if not all(math.isclose(mine, theirs, rel_tol=1e-9) for mine, theirs in zip(given, expected, strict=True)):
        return Finding(f"By itself your part agrees, but of the words of {len(sentences())} sentences from reviews, cut by the "
                       f"real vocabulary, it says {given}, where {expected} is expected.")
    return f"With the real vocabulary, on {counts.total():,} words of real reviews: the same two numbers."


EXERCISES = (
    Exercise(lesson=HERE, reference=best_pair, drop_in=learns_the_same, cases=(
        Case("one pair", lambda: ({("a", "##b"): 3}, {"a": 4, "##b": 5})),
        Case("seventeen pairs, and most of them are the best by some rule", lambda: (dict(PAIRS), dict(PIECES))),
        Case("six pairs with equal scores", lambda: (dict(EQUAL_SCORES), dict(EQUAL_SCORES_PIECES))),
        Case("seven pairs with equal scores and counts, two of which begin alike",
             lambda: (dict(EQUAL_COUNTS), dict(EQUAL_COUNTS_PIECES))),
        Case("three pairs, two of which have nearly equal scores, and two begin alike",
             lambda: (dict(NEARLY_EQUAL), dict(NEARLY_EQUAL_PIECES))),
        Case("three pairs with equal scores, if nothing is rounded on the way",
             lambda: (dict(EQUAL_IF_EXACT), dict(EQUAL_IF_EXACT_PIECES))),
    )),
    Exercise(lesson=HERE, reference=join_pair, drop_in=learns_the_same, cases=(
        Case("a pair that does not occur", lambda: (["f", "##i", "##l", "##m"], ("##i", "##m"))),
        Case("a pair whose pieces stand the other way round", lambda: (["f", "##i", "##l", "##m"], ("##l", "##i"))),
        Case("a pair inside a word", lambda: (["f", "##i", "##l", "##m", "##s"], ("##i", "##l"))),
        Case("a pair at the beginning of a word", lambda: (["f", "##i", "##l"], ("f", "##i"))),
        Case("a pair at the end of a word", lambda: (["f", "##i", "##l", "##m", "##s"], ("##m", "##s"))),
        Case("a pair that occurs twice", lambda: (["b", "##a", "##n", "##a", "##n", "##a"], ("##a", "##n"))),
        Case("three equal pieces, and a pair of two of them", lambda: (["h", "##a", "##a", "##a"], ("##a", "##a"))),
        Case("a piece that only ends or begins like those of the pair",
             lambda: (["x", "##a", "##b", "##a", "##bc"], ("a", "##b"))),
        Case("pieces of more than one letter", lambda: (["x", "##ab", "##c", "##ab", "##cd"], ("##ab", "##c"))),
        Case("a word of one piece", lambda: (["film"], ("f", "##i"))),
    )),
    Exercise(lesson=HERE, reference=word_pieces, drop_in=reads_the_same, cases=(
        *(Case(tries, lambda word=word: (word, vocabulary())) for word, tries in WORDS.items()),
        Case("“filmable”, with a vocabulary in which film has the id 0", lambda: ("filmable", vocabulary(VOCAB[3:]))),
    )),
    Exercise(lesson=HERE, reference=build_row, probes=(fills_an_odd_room,), drop_in=reads_the_same, cases=(
        Case("one text", lambda: (list(FIRST), None, 20, CLS_ID, SEP_ID)),
        Case("a pair of texts", lambda: (list(FIRST), list(SECOND), 20, CLS_ID, SEP_ID)),
        Case("a pair whose second text is empty", lambda: (list(FIRST), [], 20, CLS_ID, SEP_ID)),
        Case("one text, cut to 5 ids", lambda: (list(FIRST), None, 5, CLS_ID, SEP_ID)),
        Case("a pair, cut to 10 ids", lambda: (list(FIRST), list(SECOND), 10, CLS_ID, SEP_ID)),
        Case("a pair in which both texts must give way, cut to 7 ids",
             lambda: (list(FIRST), list(SECOND), 7, CLS_ID, SEP_ID)),
        Case("a pair whose second text is the longer one, cut to 7 ids",
             lambda: (list(SECOND), list(FIRST), 7, CLS_ID, SEP_ID)),
        Case("one text, and no limit (max_length is math.inf)", lambda: (list(FIRST), None, math.inf, CLS_ID, SEP_ID)),
        Case("a pair, and no limit (max_length is math.inf)",
             lambda: (list(FIRST), list(SECOND), math.inf, CLS_ID, SEP_ID)),
    )),
    Exercise(lesson=HERE, reference=pad_batch, drop_in=reads_the_same, cases=(
        Case("two rows of the same length", lambda: (copy.deepcopy(EVEN), PAD_ID)),
        Case("three rows of different lengths", lambda: (copy.deepcopy(RAGGED), PAD_ID)),
        Case("a text in which someone has written [PAD]", lambda: (copy.deepcopy(WITH_PADS), PAD_ID)),
    )),
    Exercise(lesson=HERE, reference=fertility, drop_in=cuts_the_same, cases=(
        Case("six words that occur once each, one of them unknown",
             lambda: (Counter(["films", "unbelievable", "film", "book", "le", "xfilm"]), dict(NUMBERED))),
        Case("words that occur more than once, none of them unknown",
             lambda: (Counter({"films": 2, "film": 9, "unbelievable": 3}), dict(NUMBERED))),
        Case("words of which some are unknown",
             lambda: (Counter({"filmable": 4, "filmxs": 3, "film": 11, "unbelievable": 2, "xfilm": 1, "a": 5}),
                      dict(NUMBERED))),
        Case("a word in which one piece occurs three times",
             lambda: (Counter({"aaaa": 2, "books": 3}), dict(NUMBERED))),
        Case("a word with a capital, which the vocabulary does not know",
             lambda: (Counter({"bookstore": 1, "book": 5, "Book": 2, "films": 1}), dict(NUMBERED))),
    )),
)
