"""A task that is stopped, at whatever moment, goes on when its command is given again, and only with what it began with."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from bert_parts.files import LOCK, alone_in
from bert_parts.tasks import run, sentiment
from bert_parts.tasks.run import RESULTS, Examples, main
from bert_parts.training import STATE
from tests.faults import file_size
from tests.kills import WORKS, bits, prepare


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with data and a small checkpoint, in which commands are given."""
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


COMMAND = "--data mine.jsonl --model start --epochs 3 --learning-rate 1e-2 --seeds 3 --output out".split()


def command(*more: str) -> int:
    return main(sentiment.TASK, [*COMMAND, *more])


@pytest.fixture
def unfinished(place, monkeypatch):
    """Stopped when its training was done, and the model not yet saved."""
    stop_at(monkeypatch, "save_pretrained")
    assert command() == 130
    monkeypatch.undo()
    monkeypatch.chdir(place)
    assert (place / "out" / "seed_3.training" / STATE).is_file()
    return place


class Killed(BaseException):
    pass


def stop_at(monkeypatch, name: str, kind: type[BaseException] = KeyboardInterrupt):
    def stop(*arguments, **named):
        raise kind

    monkeypatch.setattr(run, name, stop)


# ── with other data, labels or settings ──────────────────────────────────────────────────────────────────────────────


def examples_changed(change):
    """The examples as `change` makes them."""
    def examples_of(path, held_out):
        return change(sentiment.examples_of(path, held_out))

    return lambda place, monkeypatch: monkeypatch.setattr(
        sys.modules[__name__], "TASK", sentiment.TASK._replace(examples_of=examples_of))


def flipped(examples: Examples) -> Examples:
    return examples._replace(learned=[each._replace(label=2 - each.label) for each in examples.learned])


def held_out_changed(examples: Examples) -> Examples:
    return examples._replace(held_out=[*examples.held_out[:-1], examples.held_out[-1]._replace(text="another")])


def one_moved(examples: Examples) -> Examples:
    """The same examples one after the other, but parted elsewhere."""
    return examples._replace(learned=[*examples.learned, examples.held_out[0]], held_out=examples.held_out[1:])


def labels_in_another_order(examples: Examples) -> Examples:
    return examples._replace(labels=examples.labels[::-1])


def other_weights(place: Path, monkeypatch):
    path = place / "start" / "model.safetensors"
    weights = load_file(path)
    weights["encoder.layer.0.output.dense.bias"][0] += 1e-3
    save_file(weights, path, {"format": "pt"})


def other_entry(name: str, **entry):
    """Another entry in one of the files that make a checkpoint what it is."""
    def change(place: Path, monkeypatch):
        path = place / "start" / name
        path.write_text(json.dumps(json.loads(path.read_text()) | entry))

    return change


def other_vocabulary(place: Path, monkeypatch):
    path = place / "start" / "vocab.txt"
    *tokens, one, other = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*tokens, other, one, ""]), encoding="utf-8")


TASK = sentiment.TASK
CHANGES = {
    "data": examples_changed(flipped), "held-out data": examples_changed(held_out_changed), "learned": examples_changed(one_moved),
    "labels": examples_changed(labels_in_another_order), "weights": other_weights,
    "weights: tokenizer": other_entry("tokenizer_config.json", do_lower_case=False),
    "weights: config": other_entry("config.json", hidden_dropout_prob=0.2), "weights: vocabulary": other_vocabulary,
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("finished", [False, True])
def test_it_does_not_go_on_with_something_else(unfinished, monkeypatch, capsys, what, finished):
    if finished:
        assert command() == 0
    CHANGES[what](unfinished, monkeypatch)
    capsys.readouterr()
    before = bits(unfinished / "out")
    assert main(TASK, COMMAND) == 1
    said = capsys.readouterr().err
    assert f"another {what.split(':')[0]}" in said or what == "learned" and "learned" in said
    assert ("give another --output" if finished else "begin afresh") in said and said.count("\n") == 1
    assert bits(unfinished / "out") == before


@pytest.mark.parametrize(("more", "says"), [
    (["--epochs", "4"], "epochs 3.0 instead of 4.0"), (["--learning-rate", "2e-2"], "learning_rate 0.01 instead of 0.02"),
    (["--seeds", "4"], "seed 3 instead of 4"), (["--model", "all-MiniLM-L6-v2"], "another model"),
    (["--length", "8"], "length 160 instead of 8"),
])
def test_it_does_not_go_on_with_other_options(unfinished, capsys, more, says):
    shutil.copytree("out/seed_3.training", "out/seed_4.training")
    assert command(*more) == 1
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


# ── killed ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["save_pretrained", "whole_file", "forget"])
def test_killed_at_the_end_it_does_not_train_again(place, monkeypatch, name):
    """Nothing is taken away before what replaces it stands."""
    assert command("--output", "whole") == 0
    stop_at(monkeypatch, name, Killed)
    with pytest.raises(Killed):
        command()
    monkeypatch.undo()
    monkeypatch.chdir(place)
    monkeypatch.setattr("bert_parts.training.take_step", None)     # it would fail
    assert command() == 0
    assert bits(place / "out") == bits(place / "whole")
    assert sorted(os.listdir("out")) == [RESULTS, "seed_3"]


def test_leftovers_do_not_hold_it_up(unfinished):
    """What a process leaves that is killed while it saves; today, and as it once was."""
    state = unfinished / "out" / "seed_3.training"
    for _ in ("unfinished", "finished, but for taking away what is of no use any more"):
        (state / f"{STATE}.abc.part").mkdir(parents=True)
        (state / f"{STATE}.abc.part" / ".tmpxyz").write_text("half")
        (state / f"{STATE}abc.part").write_text("half")
        (unfinished / "out" / f"{RESULTS}.abc.part").mkdir()
        assert command() == 0
        assert sorted(os.listdir("out")) == [RESULTS, "seed_3"]


def test_files_of_others_are_left_alone(unfinished):
    (unfinished / "out" / "seed_3.training" / "notes.txt").write_text("mine")
    assert command() == 0
    assert os.listdir("out/seed_3.training") == ["notes.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="kills by SIGKILL, in forked processes")
@pytest.mark.parametrize("what", WORKS)
def test_killed_at_random_moments_it_finishes_with_the_same_bits(what):
    """`python -m tests.kills task 200` does it oftener."""
    done = subprocess.run([sys.executable, "-m", "tests.kills", what, "12"], cwd=Path(__file__).parents[1], capture_output=True,
                          text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"12 kills of {what}" in done.stdout


# ── two at once, no room, Ctrl-C ─────────────────────────────────────────────────────────────────────────────────────


def test_two_tasks_in_one_folder(unfinished, capsys):
    """The second one says so; the first one's state is as it was."""
    before = bits(unfinished / "out")
    with alone_in(unfinished / "out"):
        assert command("--seeds", "4") == 1
    said = capsys.readouterr().err
    assert said == "out is being written by another run: wait until that has ended, or give another folder.\n"
    assert bits(unfinished / "out") == before and LOCK not in os.listdir("out")
    assert command() == 0


@pytest.mark.parametrize("most", [1000, 3_000_000])
def test_a_full_disk(place, capsys, most):
    """Room for nothing, or not for the state: it is told in one line, and goes on when there is room."""
    assert command("--output", "whole") == 0
    capsys.readouterr()
    with file_size(most):
        status = command()
    said = capsys.readouterr().err
    assert status == 1 and said.count("\n") == 1 and "could not be written (File too large): make room for it" in said
    assert command() == 0
    assert bits(place / "out") == bits(place / "whole")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to another process")
def test_ctrl_c(place):
    """As from a keyboard, in the middle of a training of many epochs: no traceback, how to go on, and the status of its kind."""
    words = [sys.executable, "-m", "bert_parts.tasks.sentiment", *COMMAND, "--epochs", "5000"]
    process = subprocess.Popen(words, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])})
    deadline = time.monotonic() + 200
    while not (place / "out" / "seed_3.training" / STATE).exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=100)[1]
    assert process.returncode == 130
    assert "Traceback" not in said and said.endswith("Stopped: give the same command again to go on from here.\n")
    assert sorted(os.listdir(place / "out")) == ["seed_3.training"]
