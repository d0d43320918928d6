"""Kill a training at random moments, while it saves too, and start it again until it has finished.

    python -m tests.kills fit 200
    python -m tests.kills task 200

In the end its weights must be those of a training that nobody has killed, to the last bit, and nothing may be left over.
Prints what the kills met. `Kills` does the same with any function of a folder.
"""

import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from bert_parts import BertConfig, BertModel, load_pretrained, save_pretrained
from bert_parts.tasks import sentiment
from bert_parts.tasks.run import RESULTS, main
from bert_parts.training import STATE, fit

WEIGHTS = "weights.safetensors"


class Kills:
    """Start a function of a folder in a process of its own, as often as it takes.

    The processes are forked, so that a start takes a few milliseconds; that needs a parent that has never used a second thread.

    Args:
        work: does its work in the folder that it gets, going on from what lies there.
        seed: of the moments.
    """

    def __init__(self, work: Callable[[Path], None], seed: int):
        self.work, self.random, self.met = work, random.Random(seed), Counter()

    def finish(self, folder: Path) -> float:
        """Let it come to its end. Gives the seconds that it took.

        Raises:
            AssertionError: it failed.
        """
        began = time.monotonic()
        process = self.started(folder)
        process.join()
        assert process.exitcode == 0, f"It cannot finish: exit status {process.exitcode}, after {dict(self.met)}"
        return time.monotonic() - began

    def started(self, folder: Path):
        process = multiprocessing.get_context("fork").Process(target=self.work, args=(folder,))
        process.start()
        return process

    def kill(self, folder: Path, seconds: float, most: int) -> int:
        """Kill it after at most so many seconds each time, until it gets through or `most` kills are done. How many were it?"""
        for count in range(most):
            process = self.started(folder)
            process.join(self.random.uniform(0, seconds))
            if process.exitcode is not None:
                assert process.exitcode == 0, f"It cannot finish: exit status {process.exitcode}, after {dict(self.met)}"
                return count
            process.kill()
            process.join()
            self.met["while a file was written"] += any(folder.rglob("*.part"))
            self.met["at another moment"] += not any(folder.rglob("*.part"))
        return most


# ---------------------------------------------------------------- what is killed


def small_training(folder: Path):
    """`fit`, whose weights lie in the folder when it is done."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(100, 500), nn.Dropout(0.2), nn.Linear(500, 100))

    def batch_at(step: int) -> torch.Tensor:
        return torch.randn(32, 100, generator=torch.Generator().manual_seed(step))

    def evaluate(model: nn.Module) -> dict[str, float]:
        return {"size": model(batch_at(0)).square().mean()}

    history = fit(model, batch_at, lambda model, batch: (model(batch) - batch).square().mean(), steps=40, learning_rate=1e-3,
                  evaluate=evaluate, evaluate_every=7, folder=folder / "state", save_every=3)
    history.seconds = 0.0
    save_file(model.state_dict(), folder / WEIGHTS, {"history": json.dumps(vars(history))})


def small_task(folder: Path):
    """The task of sentiment with two seeds, from a small checkpoint; `prepare` has put it beside the folder."""
    torch.set_num_threads(1)
    words = ["--data", "mine.jsonl", "--model", "start", "--epochs", "12", "--learning-rate", "1e-2", "--seeds", "3", "4"]
    words = [str(folder.parent / word) if word in ("mine.jsonl", "start") else word for word in words]
    with redirect_stdout(StringIO()):
        sys.exit(main(sentiment.TASK, [*words, "--output", str(folder)]))


def prepare(folder: Path):
    lines = [json.dumps({"text": f"{word} film number {number}", "label": label})
             for number in range(20) for word, label in (("good", "yes"), ("bad", "no"), ("strange", "perhaps"))]
    (folder / "mine.jsonl").write_text("\n".join(lines), encoding="utf-8")
    tokenizer = load_pretrained()[1]
    config = BertConfig(vocab_size=len(tokenizer.tokens), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=16, max_position_embeddings=160)
    torch.manual_seed(0)
    save_pretrained(BertModel(config), tokenizer, folder / "start")


def bits(folder: Path) -> dict:
    """All that a finished work has left, but for the time that it took: names of files, weights, results."""
    left = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file() and path.name != STATE}
    found = {name: path.read_bytes() for name, path in left.items() if path.name != RESULTS}
    if RESULTS in left:
        found[RESULTS] = [seed["measured"] for seed in json.loads(left[RESULTS].read_text())["seeds"].values()]
    return found


def run(work: Callable[[Path], None], kills: int, seed: int) -> Counter:
    """Kill and start again until so many kills are done, from nothing whenever it has finished."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        killing, left = Kills(work, seed), kills
        killing.finish(new(name, "warm"))
        seconds, expected = killing.finish(new(name, "whole")), bits(Path(name) / "whole")
        while left:
            folder = new(name, "killed")
            done = killing.kill(folder, seconds, left)
            killing.finish(folder)
            assert bits(folder) == expected, f"Something else came out, after {dict(killing.met)} (seed {seed})"
            assert not any(path for path in folder.rglob("*") if path.suffix in (".part", ".lock", ".training"))
            killing.met["finished with the same bits"] += 1
            left -= done
    return killing.met


def new(parent: str, name: str) -> Path:
    folder = Path(parent) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


WORKS = {"fit": small_training, "task": small_task}

if __name__ == "__main__":
    chosen, count = sys.argv[1], int(sys.argv[2])
    chance = random.randrange(10**6)
    print(f"{count} kills of {chosen}, seed {chance}: {dict(run(WORKS[chosen], count, chance))}")
