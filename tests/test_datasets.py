"""The committed data: whole, as published, and found from anywhere."""

import bz2
import hashlib
import json
import math
import os
import re
import runpy
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from bert_parts import BertTokenizer, datasets
from bert_parts.datasets import (
    DIGESTS,
    FOLDER,
    Address,
    Review,
    SpanQuestion,
    YesNoQuestion,
    addresses,
    articles,
    marked_sentences,
    movie_reviews,
    passages,
    span_questions,
    yes_no_questions,
)

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


def test_marked_sentences():
    sentences, tokenizer = marked_sentences(), BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    assert len(sentences) == 1683 and len({sentence.text for sentence in sentences}) == 1683
    known = {review.text for review in movie_reviews()}
    assert sum(sentence.text in known for sentence in sentences) == 483
    counts = Counter(relation for _, links in sentences for relation, *_ in links)
    assert counts == {"determiner": 1942, "possessive": 760, "object": 606, "verb": 606, "passive": 508, "preposition": 777}
    words = {sentence.text: tokenizer.words(sentence.text) for sentence in sentences}
    linked = {(relation, words[text][asked], words[text][answer])
              for text, links in sentences for relation, asked, answer in links}
    assert {("determiner", "the", "film"), ("possessive", "its", "share"), ("object", "eye", "has")} <= linked
    assert {asked for relation, asked, _ in linked if relation == "determiner"} == {"a", "an", "the"}
    assert {asked for relation, asked, _ in linked if relation == "passive"} <= {"is", "are", "was", "were", "be", "been", "being"}


@pytest.mark.parametrize("text, links", [
    ("The old film has a warm, kind heart, and its director is here.", [("determiner", 0, 2), ("possessive", 11, 12)]),
    ("It was written by the author of the play.", [("passive", 1, 2), ("determiner", 4, 5), ("preposition", 3, 5),
                                                   ("determiner", 7, 8), ("preposition", 6, 8)]),
    ("He has the key to his car.", [("determiner", 2, 3), ("object", 3, 1), ("verb", 1, 3), ("possessive", 5, 6)]),
    ("He wants the team plays of the year and a rules.", []),
    ("The film directed in a hurry is quickly followed by the next.", [("determiner", 4, 5), ("preposition", 3, 5),
                                                                       ("passive", 6, 8)]),
])
def test_links_are_marked_as_the_readme_says(text, links):
    assert sorted(runpy.run_path(str(FOLDER / "mark.py"))["links"](text)) == sorted(links)


def test_articles():
    paragraphs = articles()
    titles = [title for title, _ in paragraphs]
    assert len(paragraphs) == 4362 and len(set(titles)) == 98 and max(Counter(titles).values()) == 146
    assert sum(before != after for before, after in zip(titles, titles[1:], strict=False)) == 97     # each in one piece
    assert paragraphs[0].text.startswith("Anarchism is a political philosophy that advocates self-governed societies")
    lengths = [len(text.split()) for _, text in paragraphs]
    assert (min(lengths), max(lengths), sum(lengths)) == (25, 548, 381_417)
    assert all(text == " ".join(text.split()) and not re.search(r"[{}\[\]<|]|''", text) for _, text in paragraphs)


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


def test_span_questions():
    questions = span_questions()
    assert len(questions) == 3215
    assert questions[0].text == "what happened in 1983?"
    assert (questions[0].answer, questions[0].start) == ("In May 1983, she married Nikos Karvelas,", 0)
    assert [question.source for question in questions] == ["quac"] * 1000 + ["disflqa"] * 982 + ["narrativeqa"] * 1233
    for question in questions:
        if question.start == -1:
            assert question.answer == ""
        else:
            assert question.answer and question.passage[question.start :].startswith(question.answer)
        assert all(part == part.strip() and not control_characters(part) for part in question[1:4])
    assert len({(question.text, question.passage) for question in questions}) == len(questions)


def test_addresses():
    speeches = addresses()
    assert len(speeches) == 233 and sum(len(speech.sentences) for speech in speeches) == 62_960
    assert speeches[0][:2] == (1790, "George Washington") and speeches[-1][:2] == (2021, "Joseph R Biden")
    years = [speech.year for speech in speeches]
    assert years == sorted([*(set(range(1790, 2022)) - {1933}), 1953, 1961])
    assert [speech.president for speech in speeches if speech.year in (1953, 1961)] == [
        "Harry S Truman", "Dwight D Eisenhower", "Dwight D Eisenhower", "John F Kennedy"
    ]
    lincoln = next(speech for speech in speeches if speech.year == 1863)
    assert isinstance(lincoln, Address) and lincoln.president == "Abraham Lincoln"
    assert lincoln.sentences[2] == "We remain in peace and friendship with foreign powers."
    for speech in speeches:
        assert all(text and " ".join(text.split()) == text and not control_characters(text) for text in speech.sentences)


def control_characters(text: str) -> list[str]:
    return [letter for letter in text if unicodedata.category(letter) == "Cc"]


@pytest.mark.parametrize("source, answered, passages, words_of_passages, words_of_answers", [
    ("quac", 933, 1000, (250, 378, 1583), (1, 16, 49)),
    ("disflqa", 740, 702, (30, 135, 661), (1, 3, 37)),
    ("narrativeqa", 1233, 101, (201, 598, 948), (1, 2, 10)),
])
def test_what_the_readme_says_of_the_span_questions(source, answered, passages, words_of_passages, words_of_answers):
    questions = [question for question in span_questions() if question.source == source]
    passage_words = [len(passage.split()) for passage in {question.passage for question in questions}]
    answer_words = [len(question.answer.split()) for question in questions if question.answer]
    assert (len(answer_words), len(passage_words)) == (answered, passages)
    assert (min(passage_words), int(median(passage_words)), max(passage_words)) == words_of_passages
    assert (min(answer_words), int(median(answer_words)), max(answer_words)) == words_of_answers


def test_what_the_readme_says_of_the_three_sources():
    questions = span_questions()
    quac, disflqa, narrativeqa = questions[:1000], questions[1000:1982], questions[1982:]
    per_passage = Counter(question.passage for question in questions)
    assert (len(per_passage), max(per_passage.values())) == (1000 + 702 + 101, 22)
    assert sum(question.answer.endswith(",") for question in quac) == 257
    assert sum(question.answer.endswith(".") for question in quac) == 452
    assert sum(question.passage.count(question.answer) > 1 for question in quac if question.answer) == 19
    assert sum("  " in question.passage for question in quac) == 26
    assert all(question.passage.isascii() and question.text.isascii() for question in quac)
    assert "When did Kublai instead oh Temur die ?" in [question.text for question in disflqa]
    assert sum(times(question) > 1 for question in disflqa if question.answer) == 77
    assert all(times(question, re.IGNORECASE) == 1 for question in narrativeqa)
    assert sum(question.text.isupper() for question in narrativeqa) == 6
    assert len({question.passage for question in narrativeqa if "窶馬" in question.passage}) == 1


def times(question: SpanQuestion, flags: int = 0) -> int:
    """How often the answer stands in the passage as whole words."""
    return len(re.findall(rf"(?<!\w){re.escape(question.answer)}(?!\w)", question.passage, flags))


def test_what_the_readme_says_of_the_addresses():
    speeches = addresses()
    texts = {(speech.year, speech.president): " ".join(speech.sentences) for speech in speeches}
    words = [len(text.split()) for speech in speeches for text in speech.sentences]
    assert len(texts) == 233 and len({speech.president for speech in speeches}) == 43
    assert (sum(words) // 100_000, sum(n > 300 for n in words), max(words)) == (17, 5, 587)
    assert (min(len(speech.sentences) for speech in speeches), max(len(speech.sentences) for speech in speeches)) == (28, 1302)
    assert len(texts[1932, "Herbert Hoover"].split()) == 980
    assert "[missing text]" in texts[1911, "William H Taft"] and "4 and 4 1/2 per cent" in texts[1890, "Benjamin Harrison"]
    assert "William McKinley" in {speech.president for speech in speeches}


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


@pytest.mark.parametrize("name", [name for name in DIGESTS if name.endswith(".bz2")])
def test_packed_to_the_same_bytes_each_time(name):
    content = (FOLDER / name).read_bytes()
    assert runpy.run_path(str(FOLDER / "make.py"))["packed"](bz2.decompress(content).decode("utf-8")) == content


def test_make_says_that_npm_is_missing(monkeypatch, tmp_path):
    make = runpy.run_path(str(FOLDER / "make.py"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"There is no npm, which fetches some@1: install Node\.js, and try again\."):
        make["download_by_npm"]("some@1", tmp_path)


def test_addresses_are_cut_as_the_readme_says():
    make = runpy.run_path(str(FOLDER / "make.py"))
    published = [
        {"year": "1961", "name": "New", "text": " I am here."},
        {"year": "1961", "name": "Old", "text": 'Mr. A. B. said "Go." We  ate at U.S. Steel.Then? (No.) At 1\x02 per cent. we'},
        {"year": "1960", "name": "Old", "text": "One. "},
    ]
    rows = [row.split("\t") for row in make["cut_addresses"](published).splitlines()]
    assert rows[:3] == [["year", "president", "text"], ["1960", "Old", "One."], ["1961", "Old", 'Mr. A. B. said "Go."']]
    assert [text for *_, text in rows[3:]] == ["We ate at U.S. Steel.", "Then?", "(No.)", "At 1/2 per cent. we", "I am here."]
    assert rows[-1][:2] == ["1961", "New"]


def test_articles_are_cut_as_the_readme_says():
    prose = "word " * 24
    texts = [("A", f"{prose}end.\n* {prose}end.\n{prose}end\n''{prose}''  end.\nShort.\n{prose}a|b.\n{prose}(end)")]
    cut = runpy.run_path(str(FOLDER / "make.py"))["cut_articles"](texts)
    assert cut == f"title\ttext\nA\t{prose}end.\nA\t{prose}end.\nA\t{prose}(end)\n"


def test_span_questions_are_cut_as_the_readme_says():
    make = runpy.run_path(str(FOLDER / "make.py"))

    def cut(source: str, **row) -> list[str]:
        return [line.split("\t", maxsplit=3)[-1] for line in make[f"cut_{source}"](json.dumps(row)).splitlines()]

    def quac(answers: str) -> list[str]:
        answers = f"possible answers for question1:\n{answers}\npossible answers for question2:\nno"
        return cut("quac", passage="In May she sang. He sang, too. ", question="question1: who?\nquestion2: why?", answer=answers)

    assert quac("May she sang. He sang,") == ["May she sang. He sang,\t3"]     # as few spans as can be: one
    assert quac("May In May she sang. she sang.") == ["In May she sang.\t0"]     # like both others
    assert quac("too. He sang,") == ["too.\t26"]     # the first of equals
    assert quac("CANNOTANSWER CANNOTANSWER") == ["\t-1"]

    def disflqa(answer: str, question: str = "who no what ?") -> list[str]:
        return cut("disflqa", passage="It ' s a 40s hit , 1 , 000 in the 40s . ", question=question, answer=answer)

    assert [disflqa("1,000"), disflqa("40s"), disflqa("40"), disflqa("unknown")] == [["1 , 000\t19"], ["40s\t9"], [], ["\t-1"]]
    assert disflqa("hit", question="what \\ \\ u00f3 ?") == []

    def narrativeqa(*answers: str) -> list[str]:
        return cut("narrativeqa", passage="Her fianc\u0102\u0160 Bo\nran. Bo ran.", question="Who?", answer=answers)

    assert narrativeqa("Bo.", "her Fiancé ") == ["Her fiancé\t0"]
    assert narrativeqa("Bo", "nobody") == []


def test_the_data_is_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < 25e6


def test_every_file_has_its_digest_in_the_code_and_in_the_readme():
    committed = {path.relative_to(FOLDER).as_posix() for kind in ("*.tsv*", "*.safetensors") for path in FOLDER.rglob(kind)}
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
    with pytest.raises(FileNotFoundError, match=r"There is no file .*movie_reviews\.tsv: install bert_parts again"):
        movie_reviews()


def test_a_changed_file_is_refused(monkeypatch, tmp_path):
    content = (FOLDER / "movie_reviews.tsv").read_bytes()
    (tmp_path / "movie_reviews.tsv").write_bytes(content.replace(b"tepid", b"rapid", 1))
    monkeypatch.setattr(datasets, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"movie_reviews\.tsv has SHA-256 .*, where .* is expected"):
        movie_reviews()
