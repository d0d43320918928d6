"""The real text under data/, each file checked against its digest before it is read."""

from pathlib import Path
from typing import NamedTuple

from bert_parts.files import check_digest

FOLDER = Path(__file__).resolve().parent.parent / "data"
DIGESTS = {"movie_reviews.tsv": "7eb9ac4f2b13e91fee30f9d9f14860eb300a3c9972caa5066ce416f97c296545"}     # SHA-256; data/README.md says where each file comes from


class Review(NamedTuple):
    """A sentence from a film review, and how people rated its sentiment on average: −4 … 4."""

    text: str
    rating: float


def movie_reviews() -> list[Review]:
    """10,605 sentences from film reviews, each rated by about fifteen people (Hutto & Gilbert 2014).

    Raises:
        FileNotFoundError: the course's data folder does not lie beside the package.
        ValueError: the file is not the published one.
    """
    with open(checked("movie_reviews.tsv"), encoding="utf-8", newline="\n") as file:
        header, *rows = (line.rstrip("\n").split("\t") for line in file)
    return [Review(text, float(rating)) for rating, text in rows]


def checked(name: str) -> Path:
    """The path of a file under data/ that is there and whole."""
    path = FOLDER / name
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file {path}: run the course from a full copy of its repository, where data/ lies beside "
            f"bert_parts/, or make the file again with python data/make.py."
        )
    check_digest(path, DIGESTS[name])
    return path
