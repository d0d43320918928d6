"""The committed data: whole, as published, and found from anywhere."""

import bz2
import hashlib
import json
import math
import os
import runpy
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bert_parts import datasets
from bert_parts.datasets import DIGESTS, FOLDER, Review, YesNoQuestion, movie_reviews, passages, yes_no_questions

ROOT = Path(__file__).resolve().parent.parent


def test_movie_reviews():
    reviews = movie_reviews()
    assert len(reviews) == 10_605
    assert reviews[2] == Review(text="Effective but too tepid biopic", rating=-0.6)
    assert reviews[-1].text.startswith("Her fans walked out") and reviews[-1].text.endswith("In this case zero.")
    assert all(math.isfinite(rating) and -4 <= rating <= 4 for _, rating in reviews)
    assert all(text == text.strip() and text for text, _ in reviews)


def test_what_the_readme_says_of_the_reviews():
    texts = [review.text for review in movie_reviews()]
    ratings = [review.rating for review in movie_reviews()]
    assert (sum(r > 0 for r in ratings), sum(r < 0 for r in ratings), ratings.count(0)) == (5242, 5326, 37)
    assert (min(ratings), round(max(ratings), 2)) == (-3.875, 3.94)
    assert sum("  " in text for text in texts) == 625
    assert sum(not text.isascii() for text in texts) == 133
    assert sum('"' in text for text in texts) == 1
    assert not any("&amp;" in text for text in texts) and sum(text.count("&") for text in texts) == 22
    assert [n for n in Counter(texts).values() if n > 1] == [2, 2]
    assert max(map(len, texts)) == 257
    assert "Spiderman ROCKS" in texts


def test_passages():
    texts = passages()
    assert len(texts) == 12_271
    assert texts[0].title == "Home Run Derby"
    assert texts[0].text.startswith("Some notable performances in the Derby include Bobby Abreu in 2005, who won")
    assert texts[-1].text.endswith(".")
    assert all(title and text and (title + text).strip() == title + text for title, text in texts)
    assert len(set(texts)) == len(texts)


def test_yes_no_questions():
    questions = yes_no_questions()
    assert len(questions) == 12_697
    assert questions[3] == YesNoQuestion("does a square have to have right angles", passage=4, answer=True)
    titles = [passage.title for passage in passages()]
    assert [titles[question.passage] for question in questions[2:4]] == ["Postal code", "Square"]
    assert all(0 <= question.passage < len(titles) and question.text for question in questions)


def test_what_the_readme_says_of_the_passages():
    texts = [passage.text for passage in passages()]
    articles = Counter(passage.title for passage in passages())
    assert sum(map(len, texts)) // 100_000 == 69
    assert (len(articles), max(articles.values()), len(texts) - len(set(texts))) == (9713, 13, 5)
    assert sum("``" in text for text in texts) == 2877
    assert sum(r"\displaystyle" in text for text in texts) == 26
    assert sum(not text.isascii() for text in texts) == 1411
    assert (min(map(len, texts)), max(map(len, texts))) == (34, 4781)
    assert "It was cancelled after one season." in texts


def test_what_the_readme_says_of_the_questions():
    questions = yes_no_questions()
    per_passage = Counter(question.passage for question in questions)
    assert Counter(question.answer for question in questions) == {True: 7907, False: 4790}
    assert (len(per_passage), max(per_passage.values())) == (10_148, 37)


def test_passages_are_cut_as_the_readme_says():
    make = runpy.run_path(str(FOLDER / "make.py"))
    rows = [
        {"question": "is a -- b", "passage": "T -- one -- two", "idx": 0, "label": False},
        {"question": "unknown", "passage": "U -- three", "idx": 1},
        {"question": "is é", "passage": "T -- one -- two", "idx": 2, "label": True},
    ]
    passages, questions = make["cut_boolq"]("".join(json.dumps(row) + "\n" for row in rows))
    assert passages == "title\ttext\nT\tone -- two\nU\tthree\n"
    assert questions == "passage\tanswer\ttext\n0\tno\tis a -- b\n0\tyes\tis é\n"
    content = (FOLDER / "passages.tsv.bz2").read_bytes()
    assert make["packed"](bz2.decompress(content).decode("utf-8")) == content     # the same bytes each time


def test_the_data_is_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < 25e6


def test_every_file_has_its_digest_in_the_code_and_in_the_readme():
    committed = {path.name for path in FOLDER.glob("*.tsv*")}
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert committed == set(DIGESTS)
    for name, digest in DIGESTS.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest
        assert name in readme and digest in readme


def test_found_from_any_working_directory(tmp_path):
    program = "from bert_parts.datasets import movie_reviews; print(len(movie_reviews()))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "10605\n"


def test_a_missing_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"There is no file .*movie_reviews\.tsv: run the course from a full copy"):
        movie_reviews()


def test_a_changed_file_is_refused(monkeypatch, tmp_path):
    content = (FOLDER / "movie_reviews.tsv").read_bytes()
    (tmp_path / "movie_reviews.tsv").write_bytes(content.replace(b"tepid", b"rapid", 1))
    monkeypatch.setattr(datasets, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"movie_reviews\.tsv has SHA-256 .*, where .* is expected"):
        movie_reviews()
