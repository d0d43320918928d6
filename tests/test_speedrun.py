"""The speedrun: who may claim a record, and what is refused."""

import math
import os
import shutil
import subprocess
import sys
from textwrap import dedent

import pytest
import torch
from torch.nn import functional as F

from bert_parts.datasets import FOLDER, addresses
from bert_parts.tokenizer import BertTokenizer
from speedrun import table
from speedrun.clock import Clock
from speedrun.fence import ROOT, Refused, check_source
from speedrun.runner import load_record
from speedrun.text import LENGTH, VOCABULARY, Text, for_trying, load_text, save_text
from speedrun.verify import Run, judged, verify

HONEST = """
    def train(text, clock, seed):
        rows, counts = text.rows(32), torch.zeros(2000)
        for share in clock.steps():
            counts += rows.flatten().bincount(minlength=2000)
        return Counted((counts + 1).log())


    class Counted(torch.nn.Module):
        def __init__(self, frequencies):
            super().__init__()
            self.frequencies = frequencies

        def forward(self, ids, asked):
            return self.frequencies.expand(int(asked.sum()), -1)
"""
BEFORE = '"""It counts."""\nimport torch\n\nBY = "a test"\n'


@pytest.fixture(scope="module")
def text():
    generator = torch.Generator().manual_seed(0)
    tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"t{number}" for number in range(VOCABULARY - 5))])
    return Text([torch.randint(5, 40, (1500,), generator=generator) for _ in range(10)], tokenizer)


@pytest.fixture(scope="module")
def questions(text):
    return for_trying(text)[1]


@pytest.fixture
def record(tmp_path):
    def write(change: str = "", becomes: str = ""):
        path = tmp_path / "a_record.py"
        assert change in HONEST
        path.write_text(BEFORE + dedent(HONEST.replace(change, becomes) if change else HONEST), encoding="utf-8")
        return path
    return write


def test_text_can_be_handed_on(text, tmp_path):
    save_text(text, tmp_path)
    found = load_text(tmp_path)
    assert all(map(torch.equal, found.documents, text.documents)) and found.tokenizer.tokens == text.tokenizer.tokens


def test_questions_hide_what_they_ask_for(text, questions):
    assert questions.ids.shape[1] == LENGTH and (questions.ids[questions.asked] == text.tokenizer.mask_id).all()
    rows = text._replace(documents=text.documents[3::10]).rows(LENGTH)[::4]
    assert torch.equal(rows[questions.asked], questions.answers)
    assert torch.equal(rows[~questions.asked], questions.ids[~questions.asked])
    assert 0.12 < questions.asked.double().mean() < 0.18 and not questions.asked[:, 0].any()


def test_what_is_put_aside_is_not_learned_from(text):
    assert len(for_trying(text)[0].documents) == 9 and not any(each is text.documents[3] for each in for_trying(text)[0].documents)


def test_an_honest_run_is_judged_by_its_scores(record, text, questions):
    run = verify(record(), 0, text, questions, budget=1)
    counts = text.rows(32).flatten().bincount(minlength=VOCABULARY)
    assert (counts[questions.answers] > 0).all()     # then the 1 in "counts + 1" is nothing after a second of counting
    expected = F.cross_entropy(counts.float().log().clamp(min=-30).expand(len(questions.answers), -1), questions.answers)
    assert run.losses.mean() == pytest.approx(expected.item(), abs=0.01)
    assert 0.9 < run.seconds < 2.5 and run.right.shape == questions.answers.shape


FIRST = "    rows,"
REFUSED = {
    "reads the data": (FIRST, f"    open({str(FOLDER / 'addresses.tsv.bz2')!r}, 'rb')\n    {FIRST}", "addresses.tsv.bz2"),
    "reads a copy of the data": (FIRST, f"    open('/elsewhere/passages.tsv.bz2', 'rb')\n    {FIRST}", "passages.tsv.bz2"),
    "reads the project": (FIRST, f"    open({str(ROOT / 'README.md')!r})\n    {FIRST}", "README.md"),
    "starts a program": (FIRST, f"    import subprocess; subprocess.run(['true'])\n    {FIRST}", "another process"),
    "starts a worker": (FIRST, f"    import sys; sys.audit('os.fork')\n    {FIRST}", "another process"),
    "asks the network": (FIRST, f"    import socket; socket.create_connection(('127.0.0.1', 9))\n    {FIRST}", "network"),
    "takes too long": ("for share in clock.steps():", "while clock.share() < 4:", "processor time"),
    "goes on to learn when it is asked": ("return self.frequencies", "import time; start = time.process_time()\n"
                                          "            while time.process_time() < start + 2: pass\n"
                                          "            return self.frequencies", "The answers took 2 seconds"),
    "leaves before it answers": ("return self", "raise SystemExit; self", "before it had answered"),
    "scores of another shape": (".expand(int(asked.sum()), -1)", ".expand(len(ids), -1)", "have the shape"),
    "no numbers": ("(counts + 1).log()", "(counts - 1e9).log()", "not finite"),
    "an error": ("(counts + 1)", "(counts + missing)", "NameError"),
    "no train": ("def train", "def fit", "before it had begun"),
}


def test_what_a_record_prints_is_no_word_of_the_run(record, text, questions):
    said = "begun", "trained", "failed to improve", "answered"
    talking = record("    rows,", f"    print(*{said!r}, sep='\\n', flush=True)\n        rows,")
    assert verify(talking, 0, text, questions, budget=1).seconds > 0.9


FENCED = """
import sys
from pathlib import Path
from speedrun import fence
sys.prefix = str(Path("link/.venv"))
fence.close(Path("real").resolve())
open("link/.venv/inside")
print(open("real/README.md"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own on Windows")
def test_a_project_may_be_reached_by_a_link(tmp_path):
    """As on macOS, where /tmp is one: what is installed in the project's .venv may be read, by either way, and the project not."""
    (tmp_path / "real" / ".venv").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    for name in (".venv/inside", "README.md"):
        (tmp_path / "real" / name).touch()
    (tmp_path / "elsewhere").mkdir()
    code = FENCED.replace("link/", f"{tmp_path}/link/").replace('"real', f'"{tmp_path}/real')
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "elsewhere", env=os.environ | {"PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True)
    assert "The run opened 'README.md'" in done.stderr and "inside" not in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("how", REFUSED)
def test_a_run_that_does_not_count_is_refused(how, record, text, questions):
    change, becomes, said = REFUSED[how]
    with pytest.raises(Refused, match=said):
        verify(record(change, becomes), 0, text, questions, budget=1)


def test_the_answers_are_in_no_file_that_the_run_has(record, text, questions, tmp_path, monkeypatch):
    """When it is asked there is the text to learn from, the code and the questions, and nothing else. Losses of runs before would
    tell, with the scores of the same model, which token was the right one."""
    shutil.copytree(ROOT / "speedrun", tmp_path / "root" / "speedrun")
    shutil.copytree(ROOT / "bert_parts", tmp_path / "root" / "bert_parts")
    (tmp_path / "root" / "speedrun" / "logs").mkdir(exist_ok=True)
    (tmp_path / "root" / "speedrun" / "logs" / "01_notebook.safetensors").touch()
    monkeypatch.setattr("speedrun.verify.ROOT", tmp_path / "root")
    peeping = record("return self.frequencies", "import os; assert sorted(n for n in os.listdir() if n[0] != '.') == "
                     "['a_record.py', 'bert_parts', 'questions.safetensors', 'speedrun', 'text.safetensors', 'vocab.txt']; "
                     "assert not os.path.exists('speedrun/logs'); return self.frequencies")
    assert verify(peeping, 0, text, questions, budget=1).seconds < 2.5


def test_a_record_holds_no_words_that_are_held_out():
    held_out = addresses()[5::10]
    words = " ".join(held_out[0].sentences[3].split()[:12])
    with pytest.raises(Refused, match="held-out address"):
        check_source(f'KNOWN = "{words}"', held_out)
    with pytest.raises(Refused, match="characters"):
        check_source("#" * 70_000, held_out)
    for path in table.records():
        check_source(path.read_text(encoding="utf-8"), held_out)


@pytest.mark.parametrize("source, said", [
    (b"def train(text, clock, seed:\n    pass\n", "is no Python, line 1: '\\(' was never closed"),
    ("ARRÊT = 1".encode("latin-1"), "is no Python, line 1: .*utf-8"), (b"", "has no function `train`"),
])
def test_what_is_no_record_is_refused_in_a_sentence(source, said, tmp_path):
    path = tmp_path / "a_record.py"
    path.write_bytes(source)
    with pytest.raises(Refused, match=said):
        load_record(path)


def test_losses_are_of_probabilities_whatever_the_scores():
    answers = torch.tensor([3, 5])
    scores = torch.randn(2, VOCABULARY, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(judged(0, 1.0, scores + 7, answers).losses, judged(0, 1.0, scores, answers).losses, atol=1e-5)
    assert judged(0, 1.0, torch.zeros(2, VOCABULARY), answers).losses.tolist() == pytest.approx([math.log(VOCABULARY)] * 2)


def test_a_log_is_of_the_record_as_it_is(record):
    losses = torch.tensor([1.0, 3.0])
    add = lambda seed: table.add(path, Run(seed, 1200.0, losses + seed, losses < 2), {"machine": f"number {seed}"})     # noqa: E731
    path = record()
    add(0)
    add(1)
    assert [run["loss"] for run in table.log_of(path)["runs"]] == [2.0, 3.0]
    assert [run["facts"]["machine"] for run in table.log_of(path)["runs"]] == ["number 0", "number 1"]
    assert table.losses_of(path).tolist() == [1.5, 3.5]
    line = table.table([path])[-1]
    assert "2.500 ± " in line and "2: 2.000 3.000" in line and "It counts." in line and "50.0%" in line
    path.write_text(path.read_text() + "\n# changed\n")
    assert table.log_of(path)["runs"] == []


def test_a_log_is_of_the_parts_that_a_record_is_made_of(record, monkeypatch, tmp_path):
    """What later records share may change, and those that do not name it keep their logs."""
    for path in table.FOLDER.glob("*.py"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(table, "FOLDER", tmp_path)
    first = record()
    second = first.with_name("02_second.py")
    second.write_text(first.read_text() + "\nfrom speedrun.mixing import mixed\n")
    third = first.with_name("03_third.py")
    third.write_text(second.read_text() + "\nfrom speedrun.product import Product\n")
    paths = (first, second, third)
    before = [table.digest_of(path) for path in paths]
    for part, same in (("book", [True, True, False]), ("contexts", [True, False, False]), ("encoder", [False, False, False])):
        with (tmp_path / f"{part}.py").open("a") as file:
            file.write("# changed\n")
        assert [digest == known for digest, known in zip(map(table.digest_of, paths), before, strict=True)] == same


def test_each_record_is_compared_with_the_one_before_question_by_question(record):
    first = record()
    second = first.with_name("02_second.py")
    second.write_text(first.read_text() + "\n# better\n")
    losses = torch.arange(100.0)
    table.add(first, Run(0, 1.0, losses, losses < 1), {})
    table.add(second, Run(0, 1.0, losses - 1, losses < 1), {})
    assert "| -1.000 ± 0.000 |" in table.table([first, second])[-1]


def test_threads_that_wait_do_not_work_in_a_trial_either():
    """Where OpenMP's threads wait busily, most of the processor time goes into waiting. It is told before torch begins."""
    code = "import os, sys, speedrun; print(os.environ.get('OMP_WAIT_POLICY'), 'torch' in sys.modules)"
    bare = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=bare, text=True).split() == ["passive", "False"]


def test_the_clock_counts_work_and_not_waiting():
    import time

    clock = Clock(budget=1)
    time.sleep(0.3)
    assert clock.share() < 0.2
    shares = list(clock.steps())
    assert shares == sorted(shares) and shares[-1] < 1 <= clock.share() < 1.2
