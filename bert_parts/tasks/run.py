"""What the tasks that learn from labelled texts have in common on the command line: options, seeds, results that are kept."""

import argparse
import hashlib
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from bert_parts.checkpoint import FILES, find_checkpoint, load_pretrained, save_pretrained
from bert_parts.config import BertConfig
from bert_parts.files import alone_in, file_digest, remove_leftovers, whole_file
from bert_parts.tokenizer import BertTokenizer
from bert_parts.training import History, forget

RESULTS = "results.json"


class Examples(NamedTuple):
    """What a run learns from and is measured on.

    Attributes:
        learned, held_out: examples, in a form that JSON knows.
        told: both in words, for whoever looks on.
        labels: the names of the labels, if the task has some that depend on the data.
    """

    learned: Sequence
    held_out: Sequence
    told: str
    labels: Sequence[str] = ()


class Task(NamedTuple):
    """A task, as `main` needs it.

    Attributes:
        name: of the module, as in python -m bert_parts.tasks.name.
        about: what it does, in one sentence.
        data: the columns of one's own data, and what is learned from without them.
        epochs, learning_rate: unless others are given.
        examples_of: the examples from two files, or the course's own for None. Raises ValueError with file and line for a bad row.
        begin: (labels, seed, name or folder of a checkpoint) → a model to train, and its tokenizer.
        fine_tune: trains it: (model, tokenizer, examples, epochs=, seed=, learning_rate=, folder=, depends_on=); see `fit`.
        measure: (model, tokenizer, examples) → shares between 0 and 1 by their names, the most telling first.
    """

    name: str
    about: str
    data: str
    epochs: float
    learning_rate: float
    examples_of: Callable[[Path | None, Path | None], Examples]
    begin: Callable[[Sequence[str], int, str], tuple[nn.Module, BertTokenizer]]
    fine_tune: Callable[..., History]
    measure: Callable[[nn.Module, BertTokenizer, Sequence], dict[str, float]]


def under_new_head(head: Callable[[BertConfig], nn.Module], seed: int, name: str) -> tuple[nn.Module, BertTokenizer]:
    """A pretrained encoder under a head that is drawn at random, and its tokenizer.

    Without dropout of attention weights, which takes time and in one or two epochs brings nothing that we could measure.

    Args:
        head: makes a model of heads.py from a config. If that keeps no pooler, none is loaded.
    """
    encoder, tokenizer = load_pretrained(name)
    torch.manual_seed(seed)
    model = head(replace(encoder.config, attention_probs_dropout_prob=0.0))
    weights = encoder.state_dict()
    model.bert.load_state_dict({place: weights[place] for place in model.bert.state_dict()})
    return model, tokenizer


def enough_to_part(path: Path | None, count: int, what: str, least: int = 10):
    """Raises ValueError if a file has too few different texts for some of them to be held out; the course's own has enough."""
    if path and count < least:
        raise ValueError(f"{path.name} has {count} different {what}: give {least} or more, so that some can be held out.")


def main(task: Task, words: list[str] | None = None) -> int:
    """Run a task as the words of the command line say. Gives the exit status: 1 after an error, 130 after Ctrl-C."""
    arguments = parser(task).parse_args(words)
    try:
        run(task, arguments)
    except KeyboardInterrupt:
        print("Stopped: give the same command again to go on from here.", file=sys.stderr)
        return 130
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        print(f"{about}{error.strerror}." if error.strerror else error, file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser(task: Task) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m bert_parts.tasks.{task.name}", description=task.about)
    made.add_argument("--output", type=Path, required=True, help=f"the folder for models and {RESULTS}")
    made.add_argument("--data", type=Path, help=f"what to learn from, .csv or .jsonl: {task.data}")
    made.add_argument("--held-out", type=Path, help="what to measure on, in the same form (default: a part of the data)")
    made.add_argument("--seeds", type=int, nargs="+", default=[0], help="one training for each (default: 0)")
    made.add_argument("--epochs", type=float, default=task.epochs, help=f"how often each text is read (default: {task.epochs:g})")
    made.add_argument("--learning-rate", type=float, default=task.learning_rate,
                      help=f"the highest (default: {task.learning_rate:g})")
    made.add_argument("--model", default="all-MiniLM-L6-v2", help="a name or folder (default: all-MiniLM-L6-v2)")
    return made


def run(task: Task, arguments: argparse.Namespace):
    """Train and measure for each seed; what is finished in the output's folder is not done again."""
    if arguments.held_out and not arguments.data:
        raise ValueError("--held-out goes with --data: give both, or neither for the course's own data.")
    examples = task.examples_of(arguments.data, arguments.held_out)
    settings = {"model": str(arguments.model), "weights": checkpoint_digest(arguments.model),
                "epochs": arguments.epochs, "learning_rate": arguments.learning_rate,
                "labels": list(examples.labels), "learned": len(examples.learned), "held_out": len(examples.held_out),
                "data": digest(examples.learned), "held-out data": digest(examples.held_out)}
    with alone_in(arguments.output):
        remove_leftovers(arguments.output / RESULTS)
        results = earlier(arguments.output / RESULTS, settings)
        print(examples.told)
        for seed in arguments.seeds:
            unfinished = arguments.output / f"seed_{seed}.training"
            if str(seed) not in results:
                results[str(seed)] = one_seed(task, arguments, seed, examples, unfinished, settings)
                with whole_file(arguments.output / RESULTS) as path:
                    path.write_text(json.dumps({"settings": settings, "seeds": results}, indent=2) + "\n", encoding="utf-8")
            forget(unfinished)     # 0.3 GB, of no use any more now that its result is kept
            print(f"seed {seed}: {in_words(results[str(seed)])}")
    tell_spread([results[str(seed)]["measured"] for seed in arguments.seeds])


def one_seed(task: Task, arguments: argparse.Namespace, seed: int, examples: Examples, unfinished: Path, settings: dict) -> dict:
    model, tokenizer = task.begin(examples.labels, seed, arguments.model)
    history = task.fine_tune(model, tokenizer, examples.learned, epochs=arguments.epochs, seed=seed,
                             learning_rate=arguments.learning_rate, folder=unfinished, depends_on=settings | {"seed": seed})
    measured = task.measure(model, tokenizer, examples.held_out)
    save_pretrained(model, tokenizer, arguments.output / f"seed_{seed}")
    return {"measured": measured, "seconds": history.seconds, "steps": len(history.loss)}


def in_words(result: dict) -> str:
    shares = ", ".join(f"{name} {share:.1%}" for name, share in result["measured"].items())
    return f"{shares}, trained for {result['seconds']:.0f} s"


def tell_spread(measured: list[dict[str, float]]):
    """The mean over the seeds, and by how much they differ."""
    for name in measured[0] if len(measured) > 1 else ():
        shares = [each[name] for each in measured]
        print(f"{name}: mean {statistics.mean(shares):.1%} ± {statistics.stdev(shares):.1%} "
              f"(standard deviation of {len(shares)} seeds)")


def digest(examples: Sequence) -> str:
    return hashlib.sha256(json.dumps(examples).encode()).hexdigest()


def checkpoint_digest(name: str) -> str:
    """Of all files that make a checkpoint what it is."""
    folder = find_checkpoint(name)
    return digest([[each, file_digest(folder / each)] for each in sorted(FILES) if (folder / each).is_file()])


def earlier(path: Path, settings: dict) -> dict:
    """The results of seeds that are finished. Raises ValueError if they were made with other settings."""
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        others = [name for name, value in settings.items() if kept["settings"].get(name) != value]
        seeds = {seed: {name: result[name] for name in ("measured", "seconds", "steps")} for seed, result in kept["seeds"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: remove it, or give another --output.") from error
    if others:
        raise ValueError(f"{path} was made with another {', '.join(others)}: give another --output.")
    return seeds
