"""What is read: real text, as rows of ids and as batches."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean

import torch
from torch import Tensor

from bert_parts import BertTokenizer, movie_reviews, passages
from bert_parts.checkpoint import load_tokenizer
from bert_parts.tokenizer import build_row, pad_batch

NAME = "all-MiniLM-L6-v2"
SCRIPTS = "ru el he ar fa hi bn ta th ka hy am zh ja ko".split()     # languages that are written in other letters
NAMES_IN_A_TEXT = 8
SORTED = "by length"     # what is said of a contender whose texts are in that order
ONE_AMONG_MANY = [47, 60, 55, 60, 71, 10, 61, 256, 94, 42, 58, 18, 36, 23, 41, 92]     # 64 tokens on average; 15 drawn from 8 to 94

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Setting:
    """For all cases.

    Attributes:
        threads: of every contender.
        quick: fewer and smaller ones, to see that all works.
        folder: for models that are made for a contender, such as exported ones.
    """

    threads: int
    quick: bool
    folder: Path


@dataclass(frozen=True)
class Batches:
    """Texts in batches, each padded to its own longest text.

    Attributes:
        places: for each batch, which texts it holds.
    """

    batches: list[Batch]
    places: list[list[int]]


@cache
def tokenizer() -> BertTokenizer:
    return load_tokenizer(NAME)


def reviews(count: int) -> list[str]:
    """Some of the film reviews, drawn without looking."""
    every = [review.text for review in movie_reviews()]
    return [every[place] for place in _drawn(len(every))[:count]]


def long_rows(lengths: list[int]) -> list[list[int]]:
    """A row of ids for each length, [CLS] and [SEP] counted: the beginning of a passage that is longer."""
    every = passages()
    found, drawn = [], iter(_drawn(len(every)))
    while len(found) < len(lengths):
        ids = tokenizer().ids(every[next(drawn)].text)
        if len(ids) >= max(lengths):
            found.append(_row(ids, lengths[len(found)]))
    return found


def one_among_many(setting: Setting) -> list[list[int]]:
    """Rows, one of which is much longer than the others, so that most of a batch is padding."""
    return long_rows(ONE_AMONG_MANY[5:9] if setting.quick else ONE_AMONG_MANY)


def short_rows(texts: list[str]) -> list[list[int]]:
    return [_row(tokenizer().ids(text), tokenizer().model_max_length) for text in texts]


def _row(ids: list[int], length: int) -> list[int]:
    return build_row(ids, None, length, tokenizer().cls_id, tokenizer().sep_id)[0]


def in_batches(rows: list[list[int]], size: int, by_length: bool = False) -> Batches:
    """The rows in the order given, or the longest first, so that hardly any batch has padding."""
    order = sorted(range(len(rows)), key=lambda place: -len(rows[place])) if by_length else list(range(len(rows)))
    places = [order[start : start + size] for start in range(0, len(order), size)]
    return Batches([pad_batch([(rows[i], [0] * len(rows[i])) for i in some], tokenizer().pad_id) for some in places], places)


def told(rows: list[list[int]]) -> str:
    """How many, and how long."""
    lengths = [len(row) for row in rows]
    return f"{len(rows):,} texts, {mean(lengths):.0f} tokens on average, {max(lengths)} the longest"


def other_scripts() -> list[str]:
    """The names of countries, languages and currencies in languages with letters of their own, from Unicode's CLDR (babel)."""
    from babel import Locale

    texts = []
    for locale in map(Locale, SCRIPTS):
        names = list(dict.fromkeys([*locale.territories.values(), *locale.languages.values(), *locale.currencies.values()]))
        texts += [" ".join(names[start : start + NAMES_IN_A_TEXT]) for start in range(0, len(names), NAMES_IN_A_TEXT)]
    return texts


def _drawn(count: int) -> list[int]:
    return torch.randperm(count, generator=torch.Generator().manual_seed(0)).tolist()
