"""A run in a process of its own, in a folder where nothing is held out: python -m speedrun.runner RECORD SEED BUDGET ROOT

It says "begun", trains, says "trained", waits for a line, reads the questions, writes its scores, says "answered", and waits to
be ended. The answers it never sees. What a record prints goes to where errors go, so that it is not taken for one of these words.
"""

import importlib.util
import sys
import traceback
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from speedrun import fence
from speedrun.clock import Clock
from speedrun.text import load_text

THREADS = 2
ROWS = 32                   # read together
QUESTIONS, SCORES = "questions.safetensors", "scores.safetensors"


def main() -> int:
    path, seed, budget, root = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])
    told, sys.stdout = sys.stdout, sys.stderr
    torch.set_num_threads(THREADS)
    record = load_record(path)
    text = load_text(Path.cwd())
    fence.close(root)
    print("begun", file=told, flush=True)
    try:
        model = record.train(text, Clock(budget), seed)
        print("trained", file=told, flush=True)
        sys.stdin.readline()
        save_file({"scores": scores_of(model, **load_file(QUESTIONS))}, SCORES)
        print("answered", file=told, flush=True)
        sys.stdin.readline()
    except Exception as error:
        traceback.print_exc()
        print(f"failed {type(error).__name__}: {error}".replace("\n", " "), file=told, flush=True)
        return 1
    return 0


def load_record(path: Path):
    """A record is a module with a function train(text, clock, seed), which gives a model.

    Raises:
        Refused: it has none, or is no Python.
    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    record = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(record)
    except SyntaxError as error:     # what is not UTF-8, too
        raise fence.Refused(f"{path.name} is no Python, line {error.lineno or 1}: {error.msg}.") from error
    if not callable(getattr(record, "train", None)):
        raise fence.Refused(f"{path.name} has no function `train`: write train(text, clock, seed), which gives a model.")
    return record


@torch.no_grad()
def scores_of(model: nn.Module, ids: Tensor, asked: Tensor) -> Tensor:
    """For each question a score for each token of the vocabulary: (N, T), (N, T) bool → (Q, V)."""
    model.eval()
    return torch.cat([model(*part) for part in zip(ids.split(ROWS), asked.split(ROWS), strict=True)]).float().contiguous()


if __name__ == "__main__":
    sys.exit(main())
