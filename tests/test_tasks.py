"""Tasks for one's own data: rows from files, with every bad row named by its line; trainings that can be stopped."""

import csv
import json
import math
import os
import subprocess
import sys

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from torch import nn

from bert_parts import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    load_pretrained,
    passages,
    span_questions,
)
from bert_parts.checkpoint import load_tokenizer
from bert_parts.datasets import SpanQuestion
from bert_parts.search import nearest, sentence_vectors
from bert_parts.tasks import mask_filler, question_answering, reranking, restoration, run, sentiment
from bert_parts.tasks.rows import read_rows
from bert_parts.tasks.run import main
from bert_parts.tasks.sentiment import TASK, Example, examples_of, review_examples, split
from bert_parts.training import STATE, like_lengths

COLUMNS = ["text", "label"]


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_csv_is_read_with_its_quotes_and_line_breaks(tmp_path):
    path = written(tmp_path, "a.csv", '\ufefflabel,id,text\r\ngood,1," a ""gem"",\nreally "\r\n\r\nbad,2,dull\r\n')
    rows = read_rows(path, COLUMNS)
    assert rows == [{"text": ' a "gem",\nreally ', "label": "good"}, {"text": "dull", "label": "bad"}]
    assert [row.line for row in rows] == [2, 5]


def test_jsonl_is_read(tmp_path):
    path = written(tmp_path, "a.JSONL", '{"text": "a gem", "label": 1, "more": null}\n\n{"label": "no", "text": "é\\u2028"}')
    rows = read_rows(path, COLUMNS)
    assert rows == [{"text": "a gem", "label": "1"}, {"text": "é\u2028", "label": "no"}]
    assert [row.line for row in rows] == [1, 3]


@pytest.mark.parametrize(("name", "content", "line", "says"), [
    ("a.csv", "", 1, "no rows"),
    ("a.csv", "text,label\n\n", 1, "no rows"),
    ("a.csv", "text,rating\nx,1\n", 2, "no column 'label'"),
    ("a.csv", "text,label\nx,1\ny\n", 3, "1 of the 2 fields"),
    ("a.csv", "text,label\nx,1\ny,2,3\n", 3, "3 fields, where the first line has 2: put a text that holds commas in double quotes"),
    ("a.csv", "text;label\nx;1\ny;2;3\n", 3, "3 fields, where the first line has 2: put a text that holds semicolons in double"),
    ("a.csv", "sep=;\r\ntext;label\r\nx;1\r\ny;2;3\r\n", 4, "semicolons"),
    ("a.csv", "sep=|\ntext|label\nx|1\ny|2|3\n", 4, "holds '|' in double quotes"),
    ("a.tsv", "text\tlabel\nx\t1\ny\t2\t3\n", 3, "holds tabs in double quotes"),
    ("a.csv", "text,label,,\nx,1,,\ny,,,\n", 3, "'label' is empty"),
    ("a.csv", "sep=;\n", 1, "no rows"),
    ("a.csv", "text,label\n  ,1\n", 2, "'text' is empty"),
    ("a.csv", "text,label\nx,1\ny,\n", 3, "'label' is empty"),
    ("a.csv", 'text,label\n"x,1\n', 2, "not CSV"),
    ("a.csv", 'text,label\n"x"y,1\n', 2, "not CSV"),
    ("a.csv", "text,label,text\nx,1,y\n", 1, "two columns"),
    ("a.csv", b"text,label\nx,1\ncaf\xe9,2\n", 3, "not UTF-8"),
    ("a.csv", b"\xef\xbb\xbftext,label\n\xff,2\n", 2, "not UTF-8"),
    ("a.jsonl", "", 1, "no rows"),
    ("a.jsonl", '{"text": "x", "label": "1"}\n{"text": "y"\n', 2, "not JSON"),
    ("a.jsonl", '["x", "1"]\n', 1, "an object is expected"),
    ("a.jsonl", '{"text": "x"}\n', 1, "no column 'label'"),
    ("a.jsonl", '{"text": "x", "label": true}\n', 1, "'label' holds true"),
    ("a.jsonl", '{"text": null, "label": "1"}\n', 1, "'text' holds null"),
    ("a.jsonl", '{"text": "x", "label": 1.5}\n', 1, "'label' holds 1.5"),
    ("a.jsonl", '{"text": "\\ud800", "label": "1"}\n', 1, "half a character"),
    ("a.jsonl", "[" * 100_000 + "\n", 1, "not JSON"),
    ("a.jsonl", '{"text": "x", "label": ' + "9" * 5000 + "}\n", 1, "not JSON"),
])
def test_a_bad_row_is_named(tmp_path, name, content, line, says):
    with pytest.raises(ValueError) as error:
        read_rows(written(tmp_path, name, content), COLUMNS)
    assert f"{name}, line {line}: " in str(error.value) and says in str(error.value)


def test_files_that_are_no_tables(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_rows(tmp_path / "none.csv", COLUMNS)
    with pytest.raises(ValueError, match="none of .csv, .tsv, .jsonl"):
        read_rows(written(tmp_path, "a.xlsx", "x"), COLUMNS)
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(ValueError, match="is a folder"):
        read_rows(tmp_path / "b.csv", COLUMNS)


@pytest.mark.parametrize(("name", "content", "lines"), [
    ("a.csv", "text;label\na, b;1\nc;2\n", [2, 3]),
    ("a.csv", '"text";"label"\r\n"a, b";"1"\r\n"c";"2"\r\n', [2, 3]),
    ("a.csv", "text\tlabel\na, b\t1\nc\t2\n", [2, 3]),
    ("a.csv", "\ufeffsep=;\r\nlabel;text\r\n1;a, b\r\n2;c\r\n", [3, 4]),
    ("a.csv", '"sep=|"\ntext|label\na, b|1\nc|2\n', [3, 4]),
    ("a.csv", 'text,label,,\n"a, b",1,,\nc,2,,\n,,,\n', [2, 3]),
    ("a.csv", 'text,label,,\n"a, b",1\nc,2,\n', [2, 3]),
    ("a.csv", 'text,label\n"a, b",1,,\nc,2,\n', [2, 3]),
    ("a.csv", ',text,label\n0,"a, b",1\n1,c,2\n', [2, 3]),
    ("a.csv", '\n text , label \n"a, b",1\n\nc,2\n', [3, 5]),
    ("a.TSV", "\ufefftext\tlabel\r\na, b\t1\r\nc\t2\r\n", [2, 3]),
])
def test_tables_as_spreadsheets_write_them(tmp_path, name, content, lines):
    rows = read_rows(written(tmp_path, name, content), COLUMNS)
    assert rows == [{"text": "a, b", "label": "1"}, {"text": "c", "label": "2"}]
    assert [row.line for row in rows] == lines


def test_a_text_may_be_long(tmp_path):
    bound = csv.field_size_limit()
    rows = read_rows(written(tmp_path, "a.csv", "text,label\n" + "x " * 200_000 + ",1\n"), COLUMNS)
    assert rows == [{"text": "x " * 200_000, "label": "1"}]
    assert csv.field_size_limit() == bound


PIECES = st.sampled_from(["text", "label", ",", ";", "\t", "sep=;", '"',
                          "\n", "\r", "\r\n", "{", "}", ":", "[", "\\ud800", "\x00", "\ufeff", " ", "é",
                          '{"text": "a", "label": "b"}', "text,label\n", "a,b\n"])
CONTENT = st.one_of(st.binary(max_size=80), st.lists(PIECES, max_size=12).map("".join).map(str.encode), st.text(max_size=40).map(
    lambda text: ("text,label\n" + text).encode("utf-8", "surrogatepass")))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["a.csv", "a.tsv", "a.jsonl"]), CONTENT)
def test_any_file_gives_rows_or_names_a_line(tmp_path, name, content):
    try:
        rows = read_rows(written(tmp_path, name, content), COLUMNS)
    except ValueError as error:
        number = str(error).removeprefix(f"{name}, line ").split(":")[0]
        assert 1 <= int(number) <= len(content.splitlines()) + content.count(b"\r") + 1
    else:
        assert rows and all(list(row) == COLUMNS and all(value.strip() for value in row.values()) for row in rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip)] * 2),
                min_size=1, max_size=6))
def test_what_python_writes_is_read_again(tmp_path, table):
    wanted = [dict(zip(COLUMNS, fields, strict=True)) for fields in table]
    with open(tmp_path / "a.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(wanted)
    assert read_rows(tmp_path / "a.csv", COLUMNS) == wanted
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in wanted)
    assert read_rows(written(tmp_path, "a.jsonl", lines), COLUMNS) == wanted


# ── sentiment ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_reviews_are_split_by_their_text():
    examples = review_examples()
    assert len(examples) == 10_605 - 37 and all((example.rating > 0) == example.label for example in examples)
    parts = split(examples, (1000, 1000))
    assert parts == split(examples, (1000, 1000)) != split(examples, (1000, 1000), seed=1)
    assert sorted(sum(parts, [])) == sorted(examples)
    sets = [{example.text for example in part} for part in parts]
    assert [len(texts) for texts in sets] == [1000, 1000, len(examples) - 2000 - 2]
    assert not (sets[0] & sets[1] or sets[0] & sets[2] or sets[1] & sets[2])


@pytest.mark.parametrize(("count", "batch_size", "epochs"),
                         [(1, 4, 1), (100, 4, 1), (1000, 8, 2), (130, 8, 1), (512, 32, 1), (513, 32, 3)])
def test_batches_of_like_lengths_hold_every_example_once_an_epoch(count, batch_size, epochs):
    lengths = torch.randint(3, 60, (count,), generator=torch.Generator().manual_seed(0)).tolist()
    batches = like_lengths(lengths, batch_size, epochs)
    per_epoch = -(-count // batch_size)
    assert len(batches) == epochs * per_epoch
    for epoch in range(epochs):
        places = sum(batches[epoch * per_epoch : (epoch + 1) * per_epoch], [])
        assert sorted(places) == list(range(count))
    if count > 500:
        assert like_lengths(lengths, batch_size, epochs, seed=1) != batches
        longest, shortest = ([side(lengths[p] for p in batch) for batch in batches] for side in (max, min))
        assert sum(longest) - sum(shortest) < 15 * len(batches)     # 40 to 50 each by chance
        assert longest[:16] != sorted(longest[:16])
    assert like_lengths(lengths, batch_size, epochs / 2) == batches[: max(1, round(epochs / 2 * per_epoch))]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Sixty short texts, easy to tell apart."""
    lines = [json.dumps({"text": f"{word} film number {number}", "label": label})
             for number in range(20) for word, label in (("good", "yes"), ("bad", "no"), ("strange", "perhaps"))]
    return written(tmp_path_factory.mktemp("data"), "mine.jsonl", "\n".join(lines))


def test_own_data_are_learned_and_a_stopped_training_goes_on(table, tiny, tmp_path, capsys, monkeypatch):
    command = ["--data", str(table), "--model", str(tiny), "--epochs", "40", "--learning-rate", "1e-2", "--seeds", "3", "4"]
    command += ["--output"]
    assert main(TASK, [*command, str(tmp_path / "whole")]) == 0
    whole = capsys.readouterr().out
    assert "48 texts to learn from, 12 held out, labels: no, perhaps, yes" in whole
    assert "seed 4: accuracy" in whole and "mean" in whole

    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "save_pretrained", stopped)
    assert main(TASK, [*command, str(tmp_path / "stopped")]) == 130
    assert capsys.readouterr().err.endswith("Stopped: give the same command again to go on from here.\n")
    assert (tmp_path / "stopped" / "seed_3.training" / STATE).is_file()
    monkeypatch.undo()
    assert main(TASK, [*command, str(tmp_path / "stopped")]) == 0
    kept = [json.loads((tmp_path / name / "results.json").read_text()) for name in ("whole", "stopped")]
    for results in kept:
        assert list(results["seeds"]) == ["3", "4"] and results["settings"]["labels"] == ["no", "perhaps", "yes"]
    shares = [[seed["measured"]["accuracy"] for seed in results["seeds"].values()] for results in kept]
    assert shares[0] == shares[1] and max(shares[0]) > 0.5     # a third by chance
    weights = [load_pretrained(tmp_path / name / "seed_3", BertForSequenceClassification, num_labels=3)[0].state_dict().values()
               for name in ("whole", "stopped")]
    assert all(torch.equal(one, other) for one, other in zip(*weights, strict=True))
    assert sorted(path.name for path in (tmp_path / "stopped").iterdir()) == ["results.json", "seed_3", "seed_4"]

    monkeypatch.setattr(sentiment, "fit", stopped)     # what is finished is not done again
    capsys.readouterr()
    assert main(TASK, [*command, str(tmp_path / "whole")]) == 0
    assert capsys.readouterr().out == whole
    assert main(TASK, [*command, str(tmp_path / "whole"), "--epochs", "2"]) == 1
    assert "was made with another epochs" in capsys.readouterr().err
    written(tmp_path / "whole", "results.json", "{")
    assert main(TASK, [*command, str(tmp_path / "whole")]) == 1
    assert "is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(("data", "held_out", "says"), [
    ("text,label\na,1\n,2\n", None, "mine.csv, line 3: 'text' is empty"),
    ("text,label\na,1\nb,1\n", None, "mine.csv, line 3: up to here every label is '1'"),
    ("text,label\na,1\nb,2\n", None, "2 different texts"),
    ("text,label\na,1\nb,2\n", "text,label\nc,1\nd,3\n", "held.csv, line 3: the label '3' does not occur in mine.csv"),
    (None, "text,label\nc,1\n", "--held-out goes with --data"),
])
def test_what_is_wrong_with_own_data_is_said_in_one_line(tmp_path, capsys, data, held_out, says):
    command = ["--output", str(tmp_path / "out")]
    command += ["--data", str(written(tmp_path, "mine.csv", data))] if data else []
    command += ["--held-out", str(written(tmp_path, "held.csv", held_out))] if held_out else []
    assert main(TASK, command) == 1
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("options", "says"), [
    (["--epochs", "0"], "--epochs is 0, where a number above 0"),
    (["--epochs", "-1"], "--epochs is -1, where a number above 0"),
    (["--epochs", "nan"], "--epochs is nan, where a number above 0"),
    (["--epochs", "inf"], "--epochs is inf, where a number above 0"),
    (["--learning-rate", "nan"], "--learning-rate is nan, where a number above 0"),
    (["--learning-rate", "-0.1"], "--learning-rate is -0.1, where a number above 0"),
    (["--seeds", "-1"], "--seeds are -1, where different whole numbers"),
    (["--seeds", "1", "1"], "--seeds are 1 1, where different whole numbers"),
    (["--length", "161"], "can read 4 to 160 tokens"),
    (["--length", "3"], "can read 4 to 160 tokens"),
])
def test_options_that_make_no_sense_are_refused(table, tiny, tmp_path, capsys, options, says):
    assert main(TASK, ["--output", str(tmp_path / "out"), "--data", str(table), "--model", str(tiny), *options]) == 1
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1 and not (tmp_path / "out").exists()


def test_what_cannot_be_opened_or_written_is_said_in_one_line(table, tiny, tmp_path, capsys):
    full, command = written(tmp_path, "full", "x"), ["--data", str(table), "--model", str(tiny)]
    for output in (full, full / "inside"):
        assert main(TASK, [*command, "--output", str(output)]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and str(full) in said and full.read_text() == "x"
    for data in (tmp_path / "none.csv", tmp_path):
        assert main(TASK, ["--output", str(tmp_path / "out"), "--data", str(data)]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "Traceback" not in said


def test_a_short_training_gets_a_hint(table, tiny, tmp_path, capsys):
    """Sixty rows in one epoch: two steps."""
    command = ["--data", str(table), "--model", str(tiny)]
    assert main(TASK, [*command, "--output", str(tmp_path / "out")]) == 0
    assert "in about 2 steps, which may be too few: --epochs 50 makes about 100." in capsys.readouterr().out
    assert main(TASK, [*command, "--output", str(tmp_path / "more"), "--epochs", "50"]) == 0
    assert "Hint" not in capsys.readouterr().out
    kept = json.loads((tmp_path / "more" / "results.json").read_text())
    assert kept["seeds"]["0"]["steps"] == 100 and kept["notes"] == []


def test_labels_are_the_same_with_spaces_around_them(tmp_path):
    spaced = ["positive", "positive ", " negative", "negative", "cafe\u0301", "caf\u00e9 ", "Positive"]
    data = written(tmp_path, "mine.jsonl", "\n".join(json.dumps({"text": f"text {number}", "label": label})
                                                     for number, label in enumerate(spaced)))
    held_out = written(tmp_path, "held.csv", "text,label\na,negative  \n")
    examples = examples_of(data, held_out)
    assert examples.labels == ["Positive", "caf\u00e9", "negative", "positive"]
    assert [example.label for example in examples.learned] == [3, 3, 2, 2, 1, 1, 0] and examples.held_out[0].label == 2
    assert "\n5 labels have spaces around them, or accents written apart, which makes no difference" in examples.told
    assert examples.told.endswith("\nWarning: labels that differ in capitals only count as different: Positive, positive")


def test_held_out_texts_are_not_learned(table, tiny, tmp_path, capsys):
    """Known by heart, they would be measured as if they had been understood."""
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    both = [row | {"text": f" {row['text'].upper()}  "} for row in rows[:12]]
    held_out = written(tmp_path, "held.jsonl", "\n".join(map(json.dumps, [*both, {"text": "good", "label": "yes"}])))
    command = ["--data", str(table), "--model", str(tiny), "--held-out", str(held_out), "--output", str(tmp_path / "out")]
    assert main(TASK, command) == 0
    assert "Warning: 12 of the 60 examples to learn from are also held out" in capsys.readouterr().out
    kept = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (kept["settings"]["learned"], kept["settings"]["held_out"]) == (48, 13)
    assert main(TASK, ["--data", str(table), "--held-out", str(table), "--output", str(tmp_path / "x")]) == 1
    assert "All of the 60 examples to learn from are also held out: hold out others." in capsys.readouterr().err


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    """Eighty reviews whose verdict comes last, behind 70 words."""
    lines = [json.dumps({"text": f"{number} " + "the story goes on and on " * 14 + f"{word} " * 5, "label": label})
             for number in range(40) for word, label in (("wonderful", "good"), ("terrible", "bad"))]
    return written(tmp_path_factory.mktemp("late"), "late.jsonl", "\n".join(lines))


def test_how_many_texts_are_cut_is_said_and_the_length_can_be_chosen(late, tiny, tmp_path, capsys):
    command = ["--data", str(late), "--model", str(tiny), "--epochs", "50", "--learning-rate", "1e-2"]
    assert main(TASK, [*command, "--length", "64", "--output", str(tmp_path / "short")]) == 0
    assert ("Warning: 64 of 64 texts to learn from and 16 of 16 held out are longer than 64 tokens, and are cut there: --length "
            "sets another bound.") in capsys.readouterr().out
    assert main(TASK, [*command, "--output", str(tmp_path / "long")]) == 0
    assert "cut" not in capsys.readouterr().out
    short, long = (json.loads((tmp_path / name / "results.json").read_text()) for name in ("short", "long"))
    assert short["cut"] == {"length": 64, "learned": 64, "held_out": 16} and short["settings"]["length"] == 64
    assert long["cut"] == {"length": 160, "learned": 0, "held_out": 0}     # all that this model can read
    assert long["seeds"]["0"]["measured"]["accuracy"] >= 0.9 > short["seeds"]["0"]["measured"]["accuracy"]
    assert load_tokenizer(tmp_path / "short" / "seed_0").model_max_length == 64     # it is used as it was trained
    assert main(TASK, [*command, "--output", str(tmp_path / "short")]) == 1
    assert "was made with another length" in capsys.readouterr().err


def test_a_model_with_few_positions_reads_as_much_as_it_can():
    """As in notebook 09: a small model, with the tokenizer of one that reads 256 tokens."""
    tokenizer = load_pretrained()[1]
    config = BertConfig(vocab_size=len(tokenizer.tokens), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=8, max_position_embeddings=66)
    model, text = BertForSequenceClassification(config, num_labels=2), "good " * 64
    scores = sentiment.label_scores(model, tokenizer, [text, text + "bad"])
    assert torch.allclose(scores, model(**tokenizer(text)).expand(2, -1), atol=1e-6)


def test_a_run_learns_and_measures_without_padding(table, tiny, tmp_path):
    seen = []

    def watched(step):
        def watching(model, *arguments, **named):
            seen.append("forward" in vars(model.bert.encoder))
            return step(model, *arguments, **named)
        return watching

    task = TASK._replace(fine_tune=watched(TASK.fine_tune), measure=watched(TASK.measure))
    assert main(task, ["--data", str(table), "--model", str(tiny), "--output", str(tmp_path / "out")]) == 0
    assert seen == [True, True]


def test_what_is_no_number_never_gets_into_the_results(table, tiny, tmp_path, capsys, monkeypatch):
    command = ["--data", str(table), "--model", str(tiny), "--output", str(tmp_path / "out")]
    assert main(TASK._replace(measure=lambda *_: {"accuracy": float("nan")}), command) == 1
    said = capsys.readouterr().err
    assert "no number" in said and said.count("\n") == 1 and not (tmp_path / "out" / "results.json").exists()
    assert main(TASK, command) == 0
    results = (tmp_path / "out" / "results.json").read_text()
    accuracy = json.loads(results)["seeds"]["0"]["measured"]["accuracy"]
    written(tmp_path / "out", "results.json", results.replace(f'"accuracy": {accuracy}', '"accuracy": NaN'))
    assert main(TASK, command) == 1
    assert "is damaged" in capsys.readouterr().err


def test_labels_that_the_output_has_no_letters_for(tmp_path, tiny):
    """As on Windows, where a redirected output is often cp1252."""
    data = written(tmp_path, "mine.jsonl", "\n".join(json.dumps({"text": f"text {number}", "label": label})
                                                     for number in range(10) for label in ("zły", "dobry")))
    command = [sys.executable, "-m", "bert_parts.tasks.sentiment", "--data", str(data), "--model", str(tiny), "--output"]
    done = subprocess.run([*command, str(tmp_path / "out")], capture_output=True, env=os.environ | {"PYTHONIOENCODING": "cp1252"})
    assert done.returncode == 0, done.stderr
    assert b"labels: dobry, z\\u0142y" in done.stdout


def test_own_held_out_texts_are_taken(tmp_path):
    data = written(tmp_path, "mine.csv", "text,label\na,x\nb,y\n")
    held_out = written(tmp_path, "held.csv", "text,label\nc,y\n")
    assert examples_of(data, held_out)[:2] == ([Example("a", 0), Example("b", 1)], [Example("c", 1)])


# ── question answering ───────────────────────────────────────────────────────────────────────────────────────────────


def test_no_passage_is_on_both_sides():
    questions = span_questions()
    chosen, others = question_answering.split(questions, 300)
    assert sorted(chosen + others) == sorted(questions)
    assert len({question.passage for question in chosen}) == 300
    assert not {question.passage for question in chosen} & {question.passage for question in others}
    assert question_answering.split(questions, 300) == (chosen, others) != question_answering.split(questions, 300, seed=1)


def test_each_question_gives_a_window_with_its_answer():
    tokenizer, questions = load_pretrained()[1], span_questions()[::30]
    rows = question_answering.chosen_rows(questions, tokenizer, seed=0)
    assert rows == question_answering.chosen_rows(questions, tokenizer, seed=0)
    assert rows != question_answering.chosen_rows(questions, tokenizer, seed=1)
    asked = iter(rows)
    for question in questions:
        row, words = next(asked), tokenizer.ids(question.text)
        while row.window.ids[1 : 1 + len(words)] != words:     # a row without the answer, to the question before
            row = next(asked)
        if row.first:
            text = question.passage[row.window.places[row.first][0] : row.window.places[row.last][1]]
            assert question.answer in text
    assert 0.7 < sum(row.first > 0 for row in rows) / sum(bool(question.answer) for question in questions) <= 1
    assert 0.1 < sum(row.first == 0 for row in rows) / len(rows) < 0.5


class Knowing(nn.Module):
    """It has learned all rows by heart: what it answers is right, whatever is done with it must be right too."""

    def __init__(self, questions, tokenizer):
        super().__init__()
        rows = [row for question in questions for row in question_answering.rows_of(question, tokenizer)]
        self.known = {tuple(row.window.ids): row for row in rows}

    def forward(self, input_ids, attention_mask, token_type_ids):
        start, end = (torch.randn(input_ids.shape, generator=torch.Generator().manual_seed(0)) for _ in range(2))
        for place, (ids, marks) in enumerate(zip(input_ids, attention_mask, strict=True)):
            row = self.known[tuple(ids[marks == 1].tolist())]
            start[place, row.first] += 20
            end[place, row.last] += 20
            start[place, marks == 0] = end[place, marks == 0] = 1000     # of no account
        return start, end


def test_answers_are_found_where_they_are():
    tokenizer, questions = load_pretrained()[1], [q for q in span_questions() if len(q.answer.split()) < 20][::25]
    found = question_answering.find_answers(Knowing(questions, tokenizer), tokenizer, questions, batch_size=5)
    for question, answer in zip(questions, found, strict=True):
        assert question.passage[answer.start : answer.start + len(answer.text)] == answer.text
        assert (answer.score > 0) == bool(question.answer)
        if question.answer:
            assert question.answer in answer.text and answer.start <= question.start
    exact, f1 = question_answering.judged(found, questions, threshold=0)
    assert exact.mean() > 0.9 and f1.mean() > 0.97     # a few answers end within a word
    assert question_answering.judged(found, questions)[1].mean() < f1.mean()


class Wanting(nn.Module):
    """It wants an answer from one token to another, and no other."""

    def __init__(self, first, last):
        super().__init__()
        self.first, self.last = first, last

    def forward(self, input_ids, attention_mask, token_type_ids):
        places = torch.arange(input_ids.shape[1]).expand(input_ids.shape)
        return tuple(10.0 * (places == wanted) for wanted in (self.first, self.last))


@pytest.mark.parametrize(("tokens", "found"), [(1, 1), (30, 30), (31, 1)])
def test_an_answer_has_thirty_tokens_at_most(tokens, found):
    tokenizer, words = load_pretrained()[1], "a b c d e f g h i j k l m n o p q r s t u v w x y z".split() * 2
    question = span_questions()[0]._replace(text="who?", passage=" ".join(words), answer="", start=-1)
    first = 4     # after [CLS] who ? [SEP]
    (answer,) = question_answering.find_answers(Wanting(first, first + tokens - 1), tokenizer, [question])
    assert len(answer.text.split()) == found
    assert answer.score == (20 if found == tokens else 10)


def test_windows_of_a_question():
    """112 tokens of the question and the passage, each beginning 60 tokens after the last; the answer is the very last word."""
    question = span_questions()[0]._replace(text="who?", passage=" ".join("abcde" * 60), answer="e", start=2 * 299)
    rows = question_answering.rows_of(question, load_pretrained()[1])
    assert [len(row.window.ids) for row in rows] == [112, 112, 112, 112, 65]
    assert [row.window.places[4] for row in rows] == [(2 * place, 2 * place + 1) for place in (0, 60, 120, 180, 240)]
    assert [(row.first, row.last) for row in rows] == [(0, 0)] * 4 + [(63, 63)]


@pytest.mark.parametrize(("task", "examples", "frozen"), [
    (sentiment, [Example("a film", 0), Example("film a", 1)], False),
    (question_answering, [SpanQuestion("a", "who came?", "Ada came, and nobody else.", "Ada", 0)], True),
    (restoration, [restoration.Stretch(["ada", "came"], [3, 2])], True),
    (reranking, [reranking.Pair(f"is {name} far?", f"{name} is far.") for name in ("rome", "york")], True),
], ids=lambda each: getattr(each, "__name__", None))
def test_what_a_task_trains(tiny, task, examples, frozen):
    """The embeddings stay as they are, and all else changes; only for whole texts they change too."""
    model, tokenizer = task.TASK.begin(["a", "b"], 0, str(tiny))
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    task.TASK.fine_tune(model, tokenizer, examples, epochs=2, seed=0, learning_rate=0.1)
    same = {name for name, parameter in model.named_parameters() if torch.equal(parameter, before[name])}
    assert same == {name for name in before if frozen and name.startswith("bert.embeddings.")}


@pytest.mark.parametrize(("task", "example", "steps", "rate"), [
    (sentiment, Example("a film", 0), 3, 1e-4),
    (mask_filler, "united states of america", 9, 2e-4),
    (question_answering, SpanQuestion("a", "who came?", "Ada came, and nobody else.", "Ada", 0), 18, 1e-4),
    (restoration, restoration.Stretch(["ada", "came"], [3, 2]), 18, 2e-4),
    (reranking, reranking.Pair("is rome far?", "rome is far."), 18, 1e-4),
], ids=lambda each: getattr(each, "__name__", None))
def test_unless_told_otherwise(monkeypatch, task, example, steps, rate):
    """How many steps 70 examples make, in batches of 32, 32, 8, 4 and 4, and 1, 3, 2, 1 and 1 epochs."""
    told = {}
    monkeypatch.setattr(task, "fit", lambda *given, **named: told.update(named))
    monkeypatch.setattr(reranking, "search", lambda pairs, device: None)
    config = BertConfig(vocab_size=30522, hidden_size=2, num_hidden_layers=1, num_attention_heads=1, intermediate_size=2)
    task.fine_tune(BertForMaskedLM(config), load_pretrained()[1], [example] * 70)
    assert (told["steps"], told["learning_rate"]) == (steps, rate)
    assert (round(task.TASK.epochs * math.ceil(70 / task.TASK.batch)), task.TASK.learning_rate) == (steps, rate)


def test_a_passage_without_words_has_an_empty_answer():
    model, tokenizer = question_answering.begin(0)
    empty = span_questions()[0]._replace(passage=" ", answer="", start=-1)
    assert question_answering.find_answers(model, tokenizer, [empty]) == [("", 0, -torch.inf)]
    assert question_answering.find_answers(model, tokenizer, []) == []


def test_own_questions_are_learned(tiny, tmp_path, capsys):
    names = ["ada", "bob", "eve", "tim", "paris", "rome", "york", "ohio"] * 5
    lines = [json.dumps({"question": "who came?", "passage": f"On day {number} {name} came, and nobody else.", "answer": name})
             for number, name in enumerate(names)]
    data = written(tmp_path, "mine.jsonl", "\n".join(lines))
    command = ["--data", str(data), "--model", str(tiny), "--epochs", "60", "--learning-rate", "1e-2"]
    assert main(question_answering.TASK, [*command, "--output", str(tmp_path / "out")]) == 0
    assert "32 questions to learn from, 8 held out" in capsys.readouterr().out
    kept = json.loads((tmp_path / "out" / "results.json").read_text())
    assert kept["seeds"]["0"]["measured"]["F1 of questions with an answer"] > 0.9


@pytest.mark.parametrize(("data", "says"), [
    ("question,passage,answer\nwho?,Ada came.,Ada\nwho?,Ada came.,Bob\n", "mine.csv, line 3: the answer 'Bob' does not stand"),
    ("question,passage,answer\nwho?,,\n", "mine.csv, line 2: 'passage' is empty"),
    ("question,passage,answer\nwho?,Ada came.,\n", "mine.csv, line 2: up to here no question has an answer"),
    ("question,passage,answer\nwho?,Ada came.,Ada\n", "mine.csv has 1 different passages"),
])
def test_what_is_wrong_with_own_questions_is_said(tmp_path, capsys, data, says):
    path = written(tmp_path, "mine.csv", data)
    assert main(question_answering.TASK, ["--output", str(tmp_path / "out"), "--data", str(path)]) == 1
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1 and not (tmp_path / "out").exists()


# ── restoration ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Restoring(nn.Module):
    """It gives each first piece the label that it was told, in the order of reading; elsewhere nonsense."""

    def __init__(self, some, tokenizer):
        super().__init__()
        self.known = {}
        for words, labels in some:
            ids, asked = restoration.label_tokens(words, labels, tokenizer)
            self.known[tuple(ids)] = asked

    def forward(self, input_ids, attention_mask):
        scores = torch.zeros(*input_ids.shape, 12)
        for place, (ids, marks) in enumerate(zip(input_ids, attention_mask, strict=True)):
            asked = torch.tensor(self.known[tuple(ids[marks == 1].tolist())])
            scores[place, : len(asked)] = nn.functional.one_hot(asked.where(asked >= 0, 7), 12).float()
        return scores


def test_what_is_read_are_the_labels_of_the_words():
    tokenizer = load_pretrained()[1]
    some = [stretch for passage in passages()[::400] for stretch in restoration.stretches(passage.text)]
    odd = restoration.Stretch(["ada", "\u200b", "don't", "x" * 300], [3, 5, 1, 2])     # one word leaves no token, one is [UNK]
    assert restoration.read(Restoring([*some, odd], tokenizer), tokenizer, [*some, odd], batch_size=7) == [
        *[stretch.labels for stretch in some], [3, 0, 1, 2]]
    assert restoration.read(Restoring(some, tokenizer), tokenizer, []) == []


@pytest.mark.parametrize("count", [0, 1, 8, 39, 40, 41, 72, 73, 74, 200])
def test_restored_text_has_all_its_words_once(monkeypatch, count):
    words = [f"w{number}" for number in range(count)]
    monkeypatch.setattr(restoration, "read", lambda model, tokenizer, some: [[4] * len(stretch.words) for stretch in some])
    assert restoration.restore(None, None, " ".join(words)) == " ".join(words).title()


def test_what_is_read_of_a_text_at_once(monkeypatch):
    """40 words; in use each stretch begins with the last 8 of the one before."""
    words, seen = [f"w{number}" for number in range(100)], []
    assert [stretch.words for stretch in restoration.stretches(" ".join(words))] == [words[:40], words[40:80], words[80:]]
    monkeypatch.setattr(restoration, "read", lambda model, tokenizer, some: seen.extend(some) or [[0] * len(s.words) for s in some])
    restoration.restore(None, None, " ".join(words))
    assert [stretch.words for stretch in seen] == [words[:40], words[32:72], words[64:]]


def test_restored_text_is_what_it_was():
    tokenizer, text = load_pretrained()[1], "When Ada Lovelace, aged 17, met Charles Babbage, did NASA exist? No. " * 9
    words, labels = restoration.strip_text(text)
    starts = range(0, len(words), restoration.WORDS - restoration.OVERLAP)
    cuts = [slice(start, start + restoration.WORDS) for start in starts]
    some = [restoration.Stretch(words[cut], labels[cut]) for cut in cuts]
    assert restoration.restore(Restoring(some, tokenizer), tokenizer, text.lower().replace(",", "")) == text.strip()


def test_f1_of_each_label_against_scikit_learn(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    right, given_ = (torch.randint(12, (500,), generator=generator).tolist() for _ in range(2))
    given_ = [a if number % 3 else b for number, (a, b) in enumerate(zip(right, given_, strict=True))]
    some = [restoration.Stretch(["a"] * 50, right[start : start + 50]) for start in range(0, 500, 50)]
    monkeypatch.setattr(restoration, "read", lambda *_: [given_[start : start + 50] for start in range(0, 500, 50)])
    found = restoration.label_f1(restoration.counts(None, None, some))
    assert torch.allclose(found.double(), torch.tensor(f1_score(right, given_, average=None)), atol=1e-6)
    shares = restoration.measure(None, None, some)
    assert shares["mean F1"] == pytest.approx(f1_score(right, given_, average="macro"))
    assert len(shares) == 13


def test_own_texts_are_restored(tiny, tmp_path, capsys):
    data = written(tmp_path, "mine.csv", "text\n" + "".join(f'"Ada {word} Bob, and NASA is off."\n' for word in
                   "met saw had got let led fed hit cut put set bid".split()))
    command = ["--data", str(data), "--model", str(tiny), "--epochs", "60", "--learning-rate", "1e-2"]
    assert main(restoration.TASK, [*command, "--output", str(tmp_path / "out")]) == 0
    assert "63 words to learn from, 21 held out" in capsys.readouterr().out
    measured = json.loads((tmp_path / "out" / "results.json").read_text())["seeds"]["0"]["measured"]
    assert measured["mean F1"] > 0.9 and measured["F1 of Word,"] > 0.9
    assert main(restoration.TASK, [*command, "--output", str(tmp_path / "more"), "--held-out", str(data)]) == 1
    assert "All of the 12 examples to learn from are also held out" in capsys.readouterr().err
    other = written(tmp_path, "other.tsv", "text\nBob let Ada go, and Eve stayed.\n")
    assert main(restoration.TASK, [*command, "--output", str(tmp_path / "more"), "--held-out", str(other)]) == 0
    assert main(restoration.TASK, ["--output", str(tmp_path / "x"), "--data", str(written(tmp_path, "a.csv", "text\nAda.\n"))]) == 1


# ── re-ranking ───────────────────────────────────────────────────────────────────────────────────────────────────────


NAMES = "ada bob eve tim rome york ohio utah asia cuba iran peru".split()


@pytest.fixture(scope="module")
def pairs():
    return [reranking.Pair(f"is {name} far away?", f"{name} lies {number} miles from here.") for number, name in enumerate(NAMES)]


@pytest.fixture(scope="module")
def found(pairs):
    return reranking.search(pairs)


def test_the_search_is_that_of_notebook_7(pairs, found):
    assert found.passages == sorted(pair.passage for pair in pairs)
    assert [found.passages[place] for place in found.right] == [pair.passage for pair in pairs]
    model, tokenizer = load_pretrained()
    vectors = sentence_vectors(model, tokenizer, found.passages)
    for number, pair in enumerate(pairs):
        expected = nearest(sentence_vectors(model, tokenizer, [pair.question])[0], vectors, k=reranking.CANDIDATES)
        assert found.places[number].tolist() == [place for place, _ in expected]
        assert found.cosines[number].tolist() == pytest.approx([cosine for _, cosine in expected], abs=1e-5)
        assert found.right_cosines[number] == pytest.approx(
            (vectors[found.right[number]] @ sentence_vectors(model, tokenizer, [pair.question])[0]).item(), abs=1e-5)


def test_passages_that_answer_nothing_are_searched_too(pairs, found):
    more = reranking.search(pairs, [pairs[0].question, pairs[1].passage])
    assert set(more.passages) == {*found.passages, pairs[0].question}
    assert more.passages[more.places[0, 0]] == pairs[0].question     # nothing is nearer to a question than itself
    assert torch.allclose(more.right_cosines, found.right_cosines, atol=1e-5)


def test_a_group_has_the_right_passage_first_and_only_once(found):
    for question in range(len(NAMES)):
        places, cosines = reranking.group_of(found, question, torch.Generator().manual_seed(question))
        assert places[0] == found.right[question] and len(set(places)) == len(places) == len(cosines) == 1 + reranking.RIVALS
        assert set(places[1:]) <= set(found.places[question].tolist())
        assert cosines[0] == found.right_cosines[question]
        for place, cosine in zip(places[1:], cosines[1:], strict=True):
            assert cosine == found.cosines[question, found.places[question] == place]


def test_reciprocal_ranks_by_hand():
    places = torch.tensor([[4, 2, 9], [4, 2, 9], [4, 2, 9], [4, 2, 9]])
    assert torch.allclose(reranking.reciprocal_ranks(places, torch.tensor([4, 2, 9, 7])), torch.tensor([1, 1 / 2, 1 / 3, 0]))


def test_a_model_that_says_nothing_leaves_the_order_of_the_search(pairs, found):
    model, tokenizer = reranking.begin(0)
    nn.init.zeros_(model.classifier.weight)
    assert torch.equal(reranking.rerank(model, tokenizer, pairs, found), found.places)


class Preferring(nn.Module):
    """It gives the second passage that it reads so many points more, and notes how many tokens it is given."""

    def __init__(self, points):
        super().__init__()
        self.points, self.tokens = points, 0

    def forward(self, input_ids, attention_mask, token_type_ids):
        self.tokens = input_ids.shape[1]
        return self.points * (torch.arange(len(input_ids)) == 1).float()[:, None]


def test_a_point_is_worth_a_twentieth_of_a_cosine(pairs, found):
    gap = (found.cosines[0, 0] - found.cosines[0, 1]).item()
    first, second, *rest = found.places[0].tolist()
    for points, expected in ((19.9 * gap, [first, second, *rest]), (20.1 * gap, [second, first, *rest])):
        assert reranking.rerank(Preferring(points), load_pretrained()[1], pairs[:1], found)[0].tolist() == expected


def test_ten_candidates_three_rivals_and_96_tokens(found):
    assert found.places.shape == found.cosines.shape == (12, 10)
    assert len(reranking.group_of(found, 0, torch.Generator().manual_seed(0))[0]) == 4
    model, long = Preferring(0), found._replace(passages=[f"{passage} and so on" * 40 for passage in found.passages])
    reranking.rerank(model, load_pretrained()[1], [reranking.Pair("is rome far away?", "")], long)
    assert model.tokens == 96


def test_own_pairs_are_learned(tiny, tmp_path, capsys, pairs):
    others = [pair._replace(question=pair.question.replace("far", "very far")) for pair in pairs]
    data, held_out = (written(tmp_path, name, "\n".join(json.dumps(pair._asdict()) for pair in some))
                      for name, some in (("mine.jsonl", pairs), ("held.jsonl", others)))
    command = ["--data", str(data), "--held-out", str(held_out), "--model", str(tiny), "--epochs", "60", "--learning-rate", "3e-2"]
    assert main(reranking.TASK, [*command, "--output", str(tmp_path / "out")]) == 0
    assert "12 questions to learn from, 12 held out" in capsys.readouterr().out
    measured = json.loads((tmp_path / "out" / "results.json").read_text())["seeds"]["0"]["measured"]
    assert measured["MRR"] >= measured["MRR of the search"] > 0.5
    few = written(tmp_path, "few.jsonl", json.dumps(pairs[0]._asdict()))
    assert main(reranking.TASK, ["--data", str(few), "--output", str(tmp_path / "x")]) == 1
    assert "few.jsonl has 1 different passages" in capsys.readouterr().err
