"""The committed data: whole, as published, and found from anywhere."""

import hashlib
import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bert_parts import datasets
from bert_parts.datasets import DIGESTS, FOLDER, Review, movie_reviews

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


def test_every_file_has_its_digest_in_the_code_and_in_the_readme():
    committed = {path.name for path in FOLDER.glob("*.tsv")}
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
