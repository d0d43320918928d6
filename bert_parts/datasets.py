"""The real text under data/, each file checked against its digest before it is read."""

import bz2
import zlib
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from bert_parts.files import check_digest

IN_WHEEL, IN_CLONE = Path(__file__).resolve().parent / "data", Path(__file__).resolve().parents[1] / "data"
FOLDER = IN_WHEEL if IN_WHEEL.is_dir() else IN_CLONE
DIGESTS = {     # SHA-256; data/README.md says where each file comes from
    "addresses.tsv.bz2": "fec59cc17b0da16d9a134b90ee5b0a853e2347332c92f8b5f99ab398170faeb1",
    "articles.tsv.bz2": "ca29eb7d6f378f049db4ca55e522ce33062db8d18c85682d7bb50d6e985c2300",
    "mask_filler/model_8bit.safetensors": "15ad4ca96606f8361faa8ec18900ac57522839f814b4dc783f6caf428b600efe",
    "movie_reviews.tsv": "7eb9ac4f2b13e91fee30f9d9f14860eb300a3c9972caa5066ce416f97c296545",
    "passages.tsv.bz2": "065725009007b63c6f9fd64266e69a959c6dbb5197383eb781a99d96444be195",
    "relations.tsv.bz2": "f57607c9ec8faa1aa3fa170249563c63c2122de82af0e773a57249a1a74274b3",
    "span_questions.tsv.bz2": "5fe3e4b49405d649a54606dc6c3ffd7d459121f70090ae8f99aa31c82b4f1ff9",
    "yes_no_questions.tsv.bz2": "235b3c843424464c26b2d080a8e7e568484f894fef4b437a6f679f7a2afb1805",
}


class Review(NamedTuple):
    """A sentence from a film review, and how people rated its sentiment on average: −4 … 4."""

    text: str
    rating: float


class Passage(NamedTuple):
    """A paragraph of a Wikipedia article, and the article's title."""

    title: str
    text: str


class YesNoQuestion(NamedTuple):
    """A question that people asked, the number of the passage that answers it, counted from 0, and the answer."""

    text: str
    passage: int
    answer: bool


class SpanQuestion(NamedTuple):
    """A question, and the words of a passage that answer it.

    start is the character of the passage, counted from 0, with which the answer begins:
    passage[start : start + len(answer)] == answer. Where the passage does not answer the question, start is −1 and answer "".
    source is "quac", "disflqa" or "narrativeqa". `others` are right as well; the course's own questions have none.
    """

    source: str
    text: str
    passage: str
    answer: str
    start: int
    others: tuple[str, ...] = ()


class MarkedSentence(NamedTuple):
    """A sentence, and which of its words belong together, told by their numbers among what `tokenizer.words` makes of it.

    links: (relation, the word that is asked, the word that is its answer), such as ("determiner", 0, 1) in "The film is long."
    """

    text: str
    links: tuple[tuple[str, int, int], ...]


class Address(NamedTuple):
    """An American president's address on the State of the Union; " ".join(sentences) is its text."""

    year: int
    president: str
    sentences: list[str]


def movie_reviews() -> list[Review]:
    """10,605 sentences from film reviews, each rated by 15 people or more (Hutto & Gilbert 2014).

    Raises:
        FileNotFoundError: the course's data are not there: in an installed package, or beside that of a clone.
        ValueError: the file is not the published one.
    """
    return [Review(text, float(rating)) for rating, text in _rows("movie_reviews.tsv")]


def passages() -> list[Passage]:
    """12,271 paragraphs of English Wikipedia, those of the BoolQ questions (Clark et al. 2019).

    Raises:
        as movie_reviews
    """
    return [Passage(title, text) for title, text in _rows("passages.tsv.bz2")]


def is_held_out(title: str) -> bool:
    """Whether the passages on an article are only ever measured on: those on every fifth, by its title, on every machine."""
    return zlib.crc32(title.encode("utf-8")) % 5 == 0


def split_passages() -> tuple[list[Passage], list[Passage]]:
    """The passages to learn from, and those that are held out.

    Raises:
        as movie_reviews
    """
    apart = [], []
    for passage in passages():
        apart[is_held_out(passage.title)].append(passage)
    return apart


def articles() -> list[Passage]:
    """4,362 paragraphs of 98 long articles of English Wikipedia, in order, as they were in 2016.

    Raises:
        as movie_reviews
    """
    return [Passage(title, text) for title, text in _rows("articles.tsv.bz2")]


def yes_no_questions() -> list[YesNoQuestion]:
    """12,697 questions that people typed into a search engine, each answered yes or no by one of the passages (BoolQ).

    To hold some out, split by the title of the passage: a passage has up to 37 questions, an article up to 13 passages.

    Raises:
        as movie_reviews
    """
    return [
        YesNoQuestion(text, int(passage), answer == "yes")
        for passage, answer, text in _rows("yes_no_questions.tsv.bz2")
    ]


def span_questions() -> list[SpanQuestion]:
    """3,215 questions, 2,906 of them answered by words of their passage (QuAC, Disfl-QA, NarrativeQA).

    To hold some out, split by the passage: one has up to 22 questions.

    Raises:
        as movie_reviews
    """
    return [
        SpanQuestion(source, text, passage, answer, int(start))
        for source, text, passage, answer, start in _rows("span_questions.tsv.bz2")
    ]


def marked_sentences() -> list[MarkedSentence]:
    """1,683 sentences of film reviews and passages, in which a rule has marked 5,199 links: data/README.md says how.

    Raises:
        as movie_reviews
    """
    parted = ((text, (link.split(":") for link in links.split(" "))) for text, links in _rows("relations.tsv.bz2"))
    return [MarkedSentence(text, tuple((name, int(asked), int(answer)) for name, asked, answer in links)) for text, links in parted]


def addresses() -> list[Address]:
    """233 addresses on the State of the Union, 1790 to 2021, in the order in which they were given: 62,960 sentences.

    In 1953 and in 1961 two presidents gave one.

    Raises:
        as movie_reviews
    """
    by_address = groupby(_rows("addresses.tsv.bz2"), key=lambda row: row[:2])
    return [Address(int(year), president, [text for _, _, text in group]) for (year, president), group in by_address]


def _rows(name: str) -> list[list[str]]:
    """The rows of a file under data/, without its header."""
    unpacked = bz2.open if name.endswith(".bz2") else open
    with unpacked(checked(name), "rt", encoding="utf-8", newline="\n") as file:
        _, *rest = (line.rstrip("\n").split("\t") for line in file)
    return rest


def checked(name: str) -> Path:
    """The path of a file under data/ that is there and whole."""
    path = FOLDER / name
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file {path}: install bert_parts again or, in a copy of its repository, where data/ lies beside "
            f"bert_parts/, make the file again with python data/make.py."
        )
    check_digest(path, DIGESTS[name])
    return path
