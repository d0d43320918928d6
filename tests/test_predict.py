"""What was trained is used: from a file, from standard input, from the command line; as a table and as JSONL; in Python."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bert_parts.datasets import FOLDER
from bert_parts.tasks import mask_filler, predict, question_answering, reranking, restoration, sentiment
from bert_parts.tasks.run import main

ROOT = Path(__file__).parent.parent
NAMES = "ada bob eve tim paris rome york ohio utah asia cuba iran".split()


def sentiment_rows():
    return [{"text": f"{word} film number {number}", "label": label}
            for number in range(10) for word, label in (("good", "ja, sehr"), ("bad", "nein"))]


def answer_rows():
    return [{"question": "who came?", "passage": f"On day {number} {name} came, and nobody else.", "answer": name}
            for number, name in enumerate(NAMES * 3)]


def restoration_rows():
    return [{"text": f"Ada {word} Bob, and NASA is off."} for word in "met saw had got let led fed hit cut put set bid".split()]


def reranking_rows():
    return [{"question": f"is {name} far away?", "passage": f"{name} lies {number} miles from here."}
            for number, name in enumerate(NAMES)]


TRAININGS = {
    sentiment: (sentiment_rows, ["--epochs", "40", "--learning-rate", "1e-2", "--seeds", "0", "1"]),
    question_answering: (answer_rows, ["--epochs", "60", "--learning-rate", "1e-2"]),
    restoration: (restoration_rows, ["--epochs", "60", "--learning-rate", "1e-2"]),
    reranking: (reranking_rows, ["--epochs", "20", "--learning-rate", "1e-2"]),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny):
    """A folder in which each task has trained a small model under its own name."""
    folder = tmp_path_factory.mktemp("trained")
    shutil.copytree(tiny, folder / "tiny")
    for task, (rows, options) in TRAININGS.items():
        data = folder / f"{task.TASK.name}.jsonl"
        data.write_text("\n".join(map(json.dumps, rows())))
        command = ["--data", str(data), "--model", str(folder / "tiny"), "--output", str(folder / task.TASK.name), *options]
        assert main(task.TASK, command) == 0
    return folder


@pytest.fixture
def said(trained, monkeypatch, capsys):
    """A function that runs predict in the folder of what was trained: (task, *words) → its lines, as objects."""
    monkeypatch.chdir(trained)

    def run(task, *words):
        assert main(task.TASK, ["predict", *words]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def typed(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_labels_from_the_command_line_a_file_and_standard_input(said, tmp_path, monkeypatch):
    texts = ["good film number 3", "bad film, né"]
    given = said(sentiment, "sentiment/seed_0", "--text", texts[0], "--text", texts[1])
    assert [row["text"] for row in given] == texts and [row["label"] for row in given] == ["ja, sehr", "nein"]
    for row in given:
        assert list(row["probabilities"]) == ["ja, sehr", "nein"]
        assert sum(row["probabilities"].values()) == pytest.approx(1)
        assert row["label"] == max(row["probabilities"], key=row["probabilities"].get)
    table = tmp_path / "mine.csv"
    table.write_text(f"id;text\n1;{texts[0]}\n2;{texts[1]}\n", encoding="utf-8")
    assert said(sentiment, "sentiment/seed_0", "--data", str(table)) == given
    typed(monkeypatch, f"\ufeff{texts[0]}\r\n\r\n{texts[1]}".encode())
    assert said(sentiment, "sentiment/seed_0") == given


def test_labels_are_saved_with_the_model(trained):
    config = json.loads((trained / "sentiment" / "seed_1" / "config.json").read_text())
    assert config["id2label"] == {"0": "ja, sehr", "1": "nein"}


def test_answers_have_their_place_and_score(said):
    passage = "On day 4 cuba came, and nobody else."
    (row,) = said(question_answering, "question_answering", "--question", "who came?", "--text", passage)
    assert row["answer"] == "cuba" == passage[row["start"] : row["end"]] and row["answered"] and row["score"] > 0
    (row,) = said(question_answering, "question_answering", "--question", "who came?", "--text", "\u200b")
    assert (row["answer"], row["start"], row["end"], row["answered"], row["score"]) == ("", 0, 0, False, None)
    several = said(question_answering, "question_answering/seed_0", "--data", "question_answering.jsonl")
    assert len(several) == len(answer_rows()) and [row["question"] for row in several] == ["who came?"] * len(several)


def test_texts_are_restored(said):
    assert said(restoration, "restoration", "--text", "ada met bob and nasa is off") == [
        {"text": "ada met bob and nasa is off", "restored": "Ada met Bob, and NASA is off."}]


def test_passages_are_ranked_for_each_question(said, tmp_path):
    rows = said(reranking, "reranking/seed_0", "--question", "is rome far away?", "--data", "reranking.jsonl")
    assert sorted(row["rank"] for row in rows) == list(range(1, 13)) and {row["question"] for row in rows} == {"is rome far away?"}
    assert [row["rank"] for row in sorted(rows, key=lambda row: -row["score"])] == list(range(1, 13))
    pairs = [reranking.Pair("is rome far away?", row["passage"]) for row in rows]
    found = reranking.search(pairs[:1], [pair.passage for pair in pairs])
    cosines = {found.passages[place]: cosine.item() for place, cosine in zip(found.places[0], found.cosines[0], strict=True)}
    assert all(row["cosine"] == pytest.approx(cosines[row["passage"]], abs=1e-5) for row in rows if row["passage"] in cosines)
    each = said(reranking, "reranking/seed_0", "--data", "reranking.jsonl")
    assert {row["rank"] for row in each} == {1}     # one passage for each question


def test_masks_are_filled(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert mask_filler.main(["predict", "--text", "united [MASK]"]) == 0
    tokens = json.loads(capsys.readouterr().out)["tokens"]
    assert len(tokens) == 5 and next(iter(tokens)) == "states"
    assert mask_filler.main(["predict", str(FOLDER / "mask_filler"), "--text", "united [MASK]"]) == 0
    assert json.loads(capsys.readouterr().out)["tokens"] == tokens


def test_a_table_for_people(trained, monkeypatch, capsys):
    monkeypatch.chdir(trained)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    assert main(sentiment.TASK, ["predict", "sentiment/seed_0", "--text", "good film\n\x1b[31m", "--text", "bad " * 40]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["text", "label", "probabilities"]
    assert re.fullmatch(r"good film \[31m +ja, sehr +ja, sehr \d+%, nein \d+%", lines[0])
    assert re.fullmatch(r"bad bad bad bad bad…? +nein +nein \d+%, ja, sehr \d+%", lines[1]) and len(lines) == 2
    assert main(sentiment.TASK, ["predict", "sentiment/seed_0", "--text", "good film", "--jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["label"] == "ja, sehr"


def test_how_many_were_cut_is_said(trained, monkeypatch, capsys):
    monkeypatch.chdir(trained)
    long = "good film " * 100
    assert main(sentiment.TASK, ["predict", "sentiment/seed_0", "--text", long, "--text", "good"]) == 0
    assert capsys.readouterr().err == "Warning: 1 of 2 were cut, since 160 tokens at most are read at once.\n"
    assert main(restoration.TASK, ["predict", "restoration", "--text", long]) == 0     # read piece by piece
    assert capsys.readouterr().err == ""
    assert main(restoration.TASK, ["predict", "restoration", "--text", "supercalifragilisticexpialidocious " * 30]) == 0
    assert capsys.readouterr().err.startswith("Warning: 1 of 1 were cut")


@pytest.mark.parametrize(("task", "words", "content", "says"), [
    (sentiment, ["nowhere", "--text", "x"], b"", "There is no folder nowhere"),
    (sentiment, ["sentiment.jsonl", "--text", "x"], b"", "There is no folder sentiment.jsonl"),
    (sentiment, ["sentiment", "--text", "x"], b"", "holds 2 models: give the folder of one of them, such as"),
    (sentiment, [".", "--text", "x"], b"", "holds no model"),
    (sentiment, ["tiny", "--text", "x"], b"", "tiny holds no model that sentiment can use: The checkpoint does not fit the model"),
    (sentiment, ["question_answering", "--text", "x"], b"", "holds no model that sentiment can use"),
    (sentiment, ["reranking", "--text", "x"], b"", "holds a model for the labels score, which is no model of sentiment"),
    (restoration, ["sentiment/seed_0", "--text", "x"], b"", "holds no model that restoration can use"),
    (question_answering, ["tiny", "--text", "x", "--question", "x"], b"", "holds no model that question_answering can use"),
    (sentiment, ["sentiment/seed_0"], b"", "There is nothing to read"),
    (sentiment, ["sentiment/seed_0"], b"\n  \n", "There is nothing to read"),
    (sentiment, ["sentiment/seed_0", "--text", " "], b"", "There is nothing to read"),
    (sentiment, ["sentiment/seed_0"], b"caf\xe9", "Standard input is not UTF-8"),
    (sentiment, ["sentiment/seed_0", "--data", "empty.csv"], b"", "empty.csv, line 1: the file holds no rows"),
    (sentiment, ["sentiment/seed_0", "--data", "none.csv"], b"", "none.csv: No such file"),
    (sentiment, ["sentiment/seed_0", "--data", "empty.csv", "--text", "x"], b"", "--data and --text were both given"),
    (reranking, ["reranking", "--text", "x"], b"", "There is no question to ask"),
    (reranking, ["reranking", "--text", "x", "--question", " "], b"", "--question is empty"),
    (reranking, ["reranking", "--data", "sentiment.jsonl"], b"", "no column 'question'"),
])
def test_what_cannot_be_done_is_said_in_one_sentence(trained, monkeypatch, capsys, task, words, content, says):
    monkeypatch.chdir(trained)
    (trained / "empty.csv").write_text("text\n")
    typed(monkeypatch, content)
    assert main(task.TASK, ["predict", *words]) == 1
    given = capsys.readouterr()
    assert says in given.err and given.err.count("\n") == 1 and not given.out


def test_stopped_by_ctrl_c(trained, monkeypatch, capsys):
    monkeypatch.chdir(trained)

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(predict, "load_pretrained", stopped)
    assert main(sentiment.TASK, ["predict", "sentiment/seed_0", "--text", "x"]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_jsonl_is_utf_8_wherever_it_goes_and_may_be_cut_off(trained):
    command = [sys.executable, "-m", "bert_parts.tasks.sentiment", "predict", "sentiment/seed_0", "--text", "zły film"]
    done = subprocess.run(command, cwd=trained, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "cp1252"})
    assert done.returncode == 0 and json.loads(done.stdout.decode("utf-8"))["text"] == "zły film"
    reader, writer = os.pipe()
    os.close(reader)     # as head does, when it has seen enough
    done = subprocess.run(command, cwd=trained, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert done.returncode == 1 and done.stderr == b""


def test_the_readmes_lines_of_python_do_the_same(said, trained):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)
    code = next(block for block in blocks if "label_scores" in block)
    assert len(code.strip().splitlines()) <= 10
    printed, known = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), known)     # in the folder of what was trained
    given = said(sentiment, "sentiment/seed_0", *(word for text in known["texts"] for word in ("--text", text)))
    expected = [f"{row['label']} {row['probabilities'][row['label']]:.0%} {row['text']}" for row in given]
    assert printed.getvalue().splitlines() == expected
