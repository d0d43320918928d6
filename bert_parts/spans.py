"""Answers that stand in a passage: where they begin and end (Devlin et al. 2019, sections 4.2 and 4.3)."""

import re
import string
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bert_parts.normalization import CHINESE
from bert_parts.tokenizer import BertTokenizer, build_row

# A word with its accents and joiners, a Chinese character, or a mark. (Python's \w has no accents, and takes _ for a letter.)
LETTERS = rf"(?:(?!{CHINESE.pattern})[^\W_])+"
WITHIN = "".join(filter(lambda letter: unicodedata.category(letter).startswith("M"), map(chr, range(0x300, 0x1F000))))
WORD = re.compile(rf"{LETTERS}(?:[{WITHIN}\u00ad\u200c\u200d]+(?:{LETTERS})?)*|\S")
NUMBER = re.compile(r"\d+(?:[.,]\d+)+")     # 1,000 and 3.5: three words each, and no place to find 3


class Window(NamedTuple):
    """As much of a passage as fits beside its question, as a row for the model.

    Attributes:
        ids, segments: the row, [CLS] question [SEP] piece of the passage [SEP].
        places: for each token of the row, where its word begins and ends in the passage, counted in characters; (−1, −1)
            for the question and the special tokens.
    """

    ids: list[int]
    segments: list[int]
    places: list[tuple[int, int]]


def answer_places(answer: str, passage: str) -> list[int]:
    """The characters with which an answer begins, wherever it stands in the passage as whole words.

    "art" is in "The party spoke of art." once, and "3" is not in "3.5".
    """
    words = (word.span() for pattern in (WORD, NUMBER) for word in pattern.finditer(passage))
    inside = {place for first, last in words for place in range(first + 1, last)}
    starts = [found.start() for found in re.finditer(f"(?={re.escape(answer)})", passage)] if answer else []
    return [start for start in starts if start not in inside and start + len(answer) not in inside]


def windows(question: str, passage: str, tokenizer: BertTokenizer, length: int = 384, stride: int = 128) -> list[Window]:
    """A long passage in pieces that overlap, so that an answer that one piece cuts is whole in another.

    A window begins and ends between words. Only a word that has more tokens than there is room for is cut: it has a window of
    its own, which holds its beginning.

    Args:
        length: the most tokens of a row. At most half of them are the question's; a longer question is cut.
        stride: at most so many tokens further on each piece begins, but at least a word. An answer of at most
            room − stride tokens is whole in one of them, where room is what the question leaves of the row.

    Raises:
        ValueError: there is no room for a passage, or the stride leaves gaps.
    """
    asked = tokenizer.ids(question)[: length // 2]
    room = length - len(asked) - 3     # [CLS] and twice [SEP]
    if not 1 <= stride <= room:
        raise ValueError(f"stride is {stride} and a row of {length} has room for {room} tokens of this passage: choose a "
                         f"stride from 1 to {room}, or longer rows.")
    words = [(tokenizer.ids(word.group()), word.span()) for word in WORD.finditer(passage)]
    words = [(ids[:room], place) for ids, place in words if ids]
    made = []
    for begin, end in _whole_words([len(ids) for ids, _ in words], room, stride):
        piece = words[begin:end]
        ids, segments = build_row(asked, [token for ids, _ in piece for token in ids], length, tokenizer.cls_id, tokenizer.sep_id)
        places = [place for ids, place in piece for _ in ids]
        made.append(Window(ids, segments, [(-1, -1)] * (len(ids) - len(places) - 1) + places + [(-1, -1)]))
    return made


def _whole_words(sizes: list[int], room: int, stride: int) -> Iterator[tuple[int, int]]:
    """The first word of each window, and the one after its last, for words of so many tokens, `room` at most."""
    before = [0, *accumulate(sizes)]     # how many tokens stand before each word
    begin = 0
    while True:
        end = bisect_right(before, before[begin] + room) - 1
        yield begin, end
        if end == len(sizes):
            return
        begin = max(begin + 1, bisect_right(before, before[begin] + stride) - 1)


def span_labels(window: Window, start: int, end: int) -> tuple[int, int]:
    """The tokens with which an answer begins and ends, counted in the row.

    They are (0, 0), that is [CLS], if the answer is not wholly in this window.

    Args:
        start, end: the answer is passage[start:end]; start = −1 if there is none.
    """
    inside = [token for token, (first, last) in enumerate(window.places) if first < end and last > start and first >= 0]
    if start < 0 or not inside or window.places[inside[0]][0] > start or window.places[inside[-1]][1] < end:
        return 0, 0
    return inside[0], inside[-1]


def span_loss(start: Tensor, end: Tensor, firsts: Tensor, lasts: Tensor, attention_mask: Tensor) -> Tensor:
    """How surprising the right first and last token are, in nats, the mean over both and all texts.

    Each is a choice among the tokens of its own row; padding takes no part
    (Devlin et al. 2019, section 4.2).

    Shapes:
        start, end: scores (B, T); firsts, lasts (B,) int64;
            attention_mask (B, T) of 0 and 1 → a number
    """
    padding = attention_mask == 0
    start, end = (scores.masked_fill(padding, -torch.inf) for scores in (start, end))
    return (F.cross_entropy(start, firsts) + F.cross_entropy(end, lasts)) / 2


def best_span(start: Tensor, end: Tensor, allowed: Tensor, longest: int = 30) -> tuple[int, int, float]:
    """The likeliest answer's first and last token, and how far its score is above "no answer".

    Of all spans that begin and end where it is allowed, do not end before they begin, and have
    `longest` tokens at most, the one with the largest start[first] + end[last]. "No answer" is the
    span of [CLS] alone, start[0] + end[0] (Devlin et al. 2019, section 4.3).

    Shapes:
        start, end: scores (T,), allowed (T,) bool: the tokens of the passage

    Raises:
        ValueError: no token is allowed.
    """
    if not allowed.any():
        raise ValueError("No token is allowed to be an answer: allow at least one, of the passage.")
    possible = (allowed[:, None] & allowed).triu().tril(longest - 1)     # (T, T): first, last
    scores = (start[:, None] + end).masked_fill(~possible, -torch.inf)
    first, last = divmod(int(scores.argmax()), len(end))
    return first, last, (scores[first, last] - start[0] - end[0]).item()


def exact_match(given: str, expected: str) -> bool:
    """Whether two answers are the same, but for capitals, marks, articles and spaces (Rajpurkar et al. 2016, section 6.1)."""
    return answer_words(given) == answer_words(expected)


def token_f1(given: str, expected: str) -> float:
    """How much two answers overlap, 0 … 1: the harmonic mean of their shares of common words.

    Words as in `exact_match`, each as often as it occurs. Two empty answers agree, 1
    (Rajpurkar et al. 2018).
    """
    words, wanted = answer_words(given), answer_words(expected)
    if not words or not wanted:
        return float(words == wanted)
    common = (Counter(words) & Counter(wanted)).total()
    return 2 * common / (len(words) + len(wanted))


def answer_words(answer: str) -> list[str]:
    """Lower case, without punctuation marks, then without "a", "an", "the"."""
    text = answer.lower().translate(str.maketrans("", "", string.punctuation))
    return [word for word in text.split() if word not in ("a", "an", "the")]
