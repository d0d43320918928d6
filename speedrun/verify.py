"""Runs a record anew, from nothing, and judges what comes out."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from benchmarks import machine
from bert_parts.files import shortened
from speedrun.fence import ROOT, Refused
from speedrun.runner import QUESTIONS, SCORES, THREADS
from speedrun.text import VOCABULARY, Questions, Text, save_text

OVER = 1.02              # of its time a run may take: its last step has begun before the end
ANSWERING = 0.1          # of its time it may take, beyond that, to read and answer the questions
SPARE = 1.0              # seconds, for short runs: processor time is counted in steps of 0.01 s


class Run(NamedTuple):
    """How a run ended.

    Attributes:
        seconds: of processor time, in training.
        losses: of each question (Q,), in nats.
        right: whether the likeliest token was the right one, (Q,).
    """

    seed: int
    seconds: float
    losses: Tensor
    right: Tensor


def verify(record: Path, seed: int, text: Text, questions: Questions, budget: float) -> Run:
    """Train a record under the clock and ask it.

    It runs in a folder that holds a copy of the code and the text to learn from; no address that is held out is there.

    Raises:
        Refused: the run took too long, read what it must not, failed, or gave no scores for the questions.
    """
    with _sandbox(record, text) as folder, _started(folder, record, seed, budget) as child:
        began = _seconds_at("begun", child)
        trained = _seconds_at("trained", child)
        if trained - began > OVER * budget + SPARE:
            raise Refused(f"The training took {trained - began:,.0f} seconds of processor time, where {budget:,.0f} are expected: "
                          f"end it when clock.share() is 1.")
        save_file({"ids": questions.ids, "asked": questions.asked}, folder / QUESTIONS)
        print("go on", file=child.stdin, flush=True)
        answering = _seconds_at("answered", child) - trained
        if answering > ANSWERING * budget + SPARE:
            raise Refused(f"The answers took {answering:,.0f} seconds of processor time, where {ANSWERING * budget:,.0f} are the "
                          f"most: do in train what takes long.")
        return judged(seed, trained - began, load_file(folder / SCORES)["scores"], questions.answers)


@contextmanager
def _sandbox(record: Path, text: Text) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("bert_parts", "speedrun"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "logs"))
        shutil.copy(record, folder / record.name)
        save_text(text, folder)
        yield folder


@contextmanager
def _started(folder: Path, record: Path, seed: int, budget: float) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "speedrun.runner", record.name, str(seed), str(budget), str(ROOT)]
    places = dict.fromkeys(("PYTHONPATH", "TMPDIR", "HOME"), str(folder))
    set_up = os.environ | machine.environment(THREADS) | places
    with subprocess.Popen(command, cwd=folder, env=set_up, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def _seconds_at(word: str, child: subprocess.Popen) -> float:
    """The processor time that the run has had when it says this word."""
    line = child.stdout.readline().strip()
    if line != word:
        raise Refused(shortened(line.removeprefix("failed "), 300) if line.startswith("failed ") else
                      f"The run ended before it had {word}: what is above says why.")
    spent = psutil.Process(child.pid).cpu_times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def judged(seed: int, seconds: float, scores: Tensor, answers: Tensor) -> Run:
    """Losses and hits from scores (Q, V), which need not be logarithms of probabilities: they are made so here.

    Raises:
        Refused: the scores are not of the questions, or not finite.
    """
    if scores.shape != (len(answers), VOCABULARY):
        raise Refused(f"The scores have the shape {tuple(scores.shape)}, where {(len(answers), VOCABULARY)}, a score for "
                      f"each token at each place that is asked, is expected.")
    if not scores.isfinite().all():
        raise Refused(f"{int((~scores.isfinite()).sum()):,} of the scores are not finite: give numbers.")
    return Run(seed, seconds, F.cross_entropy(scores, answers, reduction="none"), scores.argmax(dim=1) == answers)
