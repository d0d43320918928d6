"""What the tasks have in common on the command line: options, seeds, results that are kept."""

import argparse
import hashlib
import json
import math
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from bert_parts.checkpoint import CONFIG, FILES, find_checkpoint, load_pretrained, load_tokenizer, save_pretrained
from bert_parts.config import BertConfig
from bert_parts.datasets import split_passages
from bert_parts.devices import chosen_device
from bert_parts.files import alone_in, file_digest, remove_leftovers, whole_file
from bert_parts.tasks.command import add_device, in_one_sentence
from bert_parts.tasks.predict import Reader, count_cut, predict
from bert_parts.tasks.rows import read_rows
from bert_parts.tokenizer import BertTokenizer
from bert_parts.training import PRECISIONS, History, forget
from bert_parts.unpadding import unpadded

RESULTS = "results.json"
STOPPED = "Stopped: give the same command again to go on from here."
FEW = 100     # steps; a training with fewer gets a hint


class Examples(NamedTuple):
    """What a run learns from and is measured on.

    Attributes:
        learned, held_out: examples, in a form that JSON knows.
        told: both in words, for whoever looks on.
        labels: the names of the labels, if the task has some.
    """

    learned: Sequence
    held_out: Sequence
    told: str
    labels: Sequence[str] = ()


class Task(NamedTuple):
    """A task, as `main` needs it.

    Attributes:
        name: of the module, as in python -m bert_parts.tasks.name.
        reader: what a trained model reads and says.
        about: what it does, in one sentence.
        data: the columns of one's own data, and what is learned from without them.
        epochs, learning_rate: unless others are given.
        batch: how many examples are learned from in a step.
        texts_of: the text of an example, or its two texts.
        examples_of: the examples from two files, or the course's own for None. Raises ValueError with file and line for a bad row.
        begin: (labels, seed, name or folder of a checkpoint) → a model to train, and its tokenizer.
        fine_tune: trains it where it is: (model, tokenizer, examples, epochs=, seed=, learning_rate=, folder=, depends_on=,
            precision=); see `fit`.
        measure: (model, tokenizer, examples) → shares between 0 and 1 by their names, the most telling first.
        model: the name or folder of the checkpoint to begin with, unless another is given.
    """

    name: str
    reader: Reader
    about: str
    data: str
    epochs: float
    learning_rate: float
    batch: int
    texts_of: Callable[[Sequence], tuple[str, ...]]
    examples_of: Callable[[Path | None, Path | None], Examples]
    begin: Callable[[Sequence[str], int, str], tuple[nn.Module, BertTokenizer]]
    fine_tune: Callable[..., History]
    measure: Callable[[nn.Module, BertTokenizer, Sequence], dict[str, float]]
    model: str = "all-MiniLM-L6-v2"


def under_new_head(
    head: Callable[[BertConfig], nn.Module], seed: int, name: str, labels: Sequence[str] | None = None
) -> tuple[nn.Module, BertTokenizer]:
    """A pretrained encoder under a head that is drawn at random, and its tokenizer.

    Without dropout of attention weights, which takes time and in one or two epochs brings nothing that we could measure.

    Args:
        head: makes a model of heads.py from a config. If that keeps no pooler, none is loaded.
        labels: the names of what the head scores, if it is one for labels.
    """
    encoder, tokenizer = load_pretrained(name)
    torch.manual_seed(seed)
    names = dict(enumerate(labels)) if labels else None
    model = head(replace(encoder.config, attention_probs_dropout_prob=0.0, id2label=names))
    weights = encoder.state_dict()
    model.bert.load_state_dict({place: weights[place] for place in model.bert.state_dict()})
    return model, tokenizer


def enough_to_part(path: Path | None, count: int, what: str, least: int = 10):
    """Raises ValueError if a file has too few different texts for some of them to be held out; the course's own has enough."""
    if path and count < least:
        raise ValueError(f"{path.name} has {count} different {what}: give {least} or more, so that some can be held out.")


def texts_of_files(path: Path | None, held_out: Path | None) -> tuple[list[str], list[str]]:
    """The texts to learn from and those to measure on, from the column "text" of files, or the course's passages.

    Raises:
        ValueError: a bad row, told with its file and line; too few texts for some of them to be held out.
    """
    if path is None:
        learned, measured = split_passages()
        return [passage.text for passage in learned], [passage.text for passage in measured]
    learned = [row["text"] for row in read_rows(path, ["text"])]
    if held_out:
        return learned, [row["text"] for row in read_rows(held_out, ["text"])]
    enough_to_part(path, len(set(learned)), "texts")
    measured = sorted(set(learned))[::5]
    kept_back = set(measured)
    return [text for text in learned if text not in kept_back], measured


def main(task: Task, words: list[str] | None = None) -> int:
    """Run a task as the words of the command line say. Gives the exit status: 1 after an error, 130 after Ctrl-C."""
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["predict"]:
        return in_one_sentence(lambda: predict(task.reader, words[1:]))
    arguments = _parser(task).parse_args(words)
    return in_one_sentence(lambda: _run(task, arguments), STOPPED)


def _parser(task: Task) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m bert_parts.tasks.{task.name}", description=task.about,
                                   epilog=f"To use what was trained: python -m bert_parts.tasks.{task.name} predict --help")
    made.add_argument("--output", type=Path, required=True, help=f"the folder for models and {RESULTS}")
    made.add_argument("--data", type=Path, help=f"what to learn from, .csv, .tsv or .jsonl: {task.data}")
    made.add_argument("--held-out", type=Path, help="what to measure on, in the same form (default: a part of the data)")
    made.add_argument("--seeds", type=int, nargs="+", default=[0], help="one training for each (default: 0)")
    made.add_argument("--epochs", type=float, default=task.epochs, help=f"how often each text is read (default: {task.epochs:g})")
    made.add_argument("--learning-rate", type=float, default=task.learning_rate,
                      help=f"the highest (default: {task.learning_rate:g})")
    made.add_argument("--model", default=task.model, help=f"a name or folder (default: {task.model})")
    if task.reader.at_once:
        made.add_argument("--length", type=int, help="how many tokens of a text are read (default: what the model is made for)")
    add_device(made)
    made.add_argument("--precision", choices=PRECISIONS, default="float32", help=(
        "of the matrix products in training; bf16 is faster where the device has instructions for it (default: float32)"
    ))
    return made


def _check(arguments: argparse.Namespace):
    """Raises ValueError if an option makes no sense."""
    if arguments.held_out and not arguments.data:
        raise ValueError("--held-out goes with --data: give both, or neither for the course's own data.")
    for name, value in (("--epochs", arguments.epochs), ("--learning-rate", arguments.learning_rate)):
        if not 0 < value < math.inf:     # neither is NaN
            raise ValueError(f"{name} is {value:g}, where a number above 0 is expected: give another.")
    for seed in arguments.seeds:
        if not 0 <= seed < 2**32 or arguments.seeds.count(seed) > 1:
            raise ValueError(f"--seeds are {' '.join(map(str, arguments.seeds))}, where different whole numbers from 0 to "
                             f"{2**32 - 1} are expected: give such.")
    if arguments.output.exists() and not arguments.output.is_dir():
        raise ValueError(f"--output is {arguments.output}, which is a file, where a folder is expected: give another name.")


def _length_of(arguments: argparse.Namespace, tokenizer: BertTokenizer) -> int:
    """How many tokens of a text are read. Raises ValueError if the model has no room for so many."""
    most = BertConfig.from_json(find_checkpoint(arguments.model) / CONFIG).max_position_embeddings
    length = tokenizer.model_max_length if arguments.length is None else arguments.length
    if not 4 <= length <= most:
        raise ValueError(f"--length is {length}, and {arguments.model} can read 4 to {most} tokens: give a number between them.")
    return length


def _without_held_out(task: Task, examples: Examples) -> tuple[Examples, list[str]]:
    """The examples without those to learn from that are held out too, but for capitals and spaces; and a warning if there are.

    It is not the held-out ones that go: results stay comparable, and whoever chose them meant them to be measured on.

    Raises:
        ValueError: none is left to learn from.
    """
    def key(example: Sequence) -> tuple[str, ...]:
        return tuple(" ".join(text.split()).casefold() for text in task.texts_of(example))

    held_out = {key(example) for example in examples.held_out}
    kept = [example for example in examples.learned if key(example) not in held_out]
    taken = len(examples.learned) - len(kept)
    if not kept:
        raise ValueError(f"All of the {taken:,} examples to learn from are also held out: hold out others.")
    if not taken:
        return examples, []
    return examples._replace(learned=kept), [
        f"Warning: {taken:,} of the {len(examples.learned):,} examples to learn from are also held out, and would be known by "
        f"heart: they are left out of what is learned, and {len(kept):,} stay."]


def _few_steps(task: Task, count: int, epochs: float) -> list[str]:
    """A hint if the training will be short."""
    per_epoch = math.ceil(count / task.batch)
    steps = max(1, round(epochs * per_epoch))
    if steps >= FEW:
        return []
    return [f"Hint: with {epochs:g} epoch{'s' * (epochs != 1)} the model is changed in about {steps} steps, which may be too few: "
            f"--epochs {math.ceil(FEW / per_epoch)} makes about {FEW}."]


def _cut_texts(task: Task, examples: Examples, tokenizer: BertTokenizer, length: int) -> tuple[dict[str, int], list[str]]:
    """How many texts are longer than what is read of them, and that in words."""
    parts = {"learned": examples.learned, "held_out": examples.held_out}
    cut = {name: count_cut([task.texts_of(example) for example in part], tokenizer, length) for name, part in parts.items()}
    told = [f"Warning: {cut['learned']:,} of {len(examples.learned):,} texts to learn from and {cut['held_out']:,} of "
            f"{len(examples.held_out):,} held out are longer than {length} tokens, and are cut there: --length sets another bound."]
    return {"length": length} | cut, told if any(cut.values()) else []


def _looked_over(task: Task, arguments: argparse.Namespace, examples: Examples) -> tuple[Examples, list[str], dict[str, int]]:
    """The examples that are learned from and measured on; what one should know of them, a sentence each; how many are cut."""
    notes, cut = [], {}
    if arguments.data:
        examples, notes = _without_held_out(task, examples)
    if task.reader.at_once:
        tokenizer = load_tokenizer(arguments.model)
        arguments.length = _length_of(arguments, tokenizer)
        cut, told = _cut_texts(task, examples, tokenizer, arguments.length)
        notes += told
    return examples, notes + _few_steps(task, len(examples.learned), arguments.epochs), cut


def _run(task: Task, arguments: argparse.Namespace):
    """Train and measure for each seed; what is finished in the output's folder is not done again."""
    _check(arguments)
    chosen_device(arguments.device)     # before anything takes long
    examples, notes, cut = _looked_over(task, arguments, task.examples_of(arguments.data, arguments.held_out))
    settings = {"model": str(arguments.model), "weights": _checkpoint_digest(arguments.model),
                "epochs": arguments.epochs, "learning_rate": arguments.learning_rate, "length": cut.get("length"),
                "labels": list(examples.labels), "learned": len(examples.learned), "held_out": len(examples.held_out),
                "data": _digest(examples.learned), "held-out data": _digest(examples.held_out)}
    if arguments.precision != "float32":
        settings["precision"] = arguments.precision
    with alone_in(arguments.output):
        remove_leftovers(arguments.output / RESULTS)
        results = _earlier(arguments.output / RESULTS, settings)
        print(examples.told, *notes, sep="\n")
        for seed in arguments.seeds:
            unfinished = arguments.output / f"seed_{seed}.training"
            if str(seed) not in results:
                results[str(seed)] = _one_seed(task, arguments, seed, examples, unfinished, settings)
                kept = {"settings": settings, "cut": cut, "notes": notes, "seeds": results}
                with whole_file(arguments.output / RESULTS) as path:
                    path.write_text(json.dumps(kept, indent=2, allow_nan=False) + "\n", encoding="utf-8")
            forget(unfinished)     # 0.3 GB, of no use any more now that its result is kept
            print(f"seed {seed}: {_in_words(results[str(seed)])}")
    _tell_spread([results[str(seed)]["measured"] for seed in arguments.seeds])


def _one_seed(task: Task, arguments: argparse.Namespace, seed: int, examples: Examples, unfinished: Path, settings: dict) -> dict:
    model, tokenizer = task.begin(examples.labels, seed, arguments.model)
    model.to(chosen_device(arguments.device))
    if task.reader.at_once:
        tokenizer.model_max_length = arguments.length
    with unpadded(model):
        history = task.fine_tune(model, tokenizer, examples.learned, epochs=arguments.epochs, seed=seed,
                                 learning_rate=arguments.learning_rate, folder=unfinished, depends_on=settings | {"seed": seed},
                                 precision=arguments.precision)
        measured = task.measure(model, tokenizer, examples.held_out)
    if not all(math.isfinite(share) for share in measured.values()):
        raise ValueError(f"What was measured is no number ({measured}): hold out examples of which each can be judged.")
    save_pretrained(model, tokenizer, arguments.output / f"seed_{seed}")
    return {"measured": measured, "seconds": history.seconds, "steps": len(history.loss)}


def _in_words(result: dict) -> str:
    shares = ", ".join(f"{name} {share:.1%}" for name, share in result["measured"].items())
    return f"{shares}, trained for {result['seconds']:.0f} s"


def _tell_spread(measured: list[dict[str, float]]):
    """The mean over the seeds, and by how much they differ."""
    for name in measured[0] if len(measured) > 1 else ():
        shares = [each[name] for each in measured]
        print(f"{name}: mean {statistics.mean(shares):.1%} ± {statistics.stdev(shares):.1%} "
              f"(standard deviation of {len(shares)} seeds)")


def _digest(examples: Sequence) -> str:
    return hashlib.sha256(json.dumps(examples).encode()).hexdigest()


def _checkpoint_digest(name: str) -> str:
    """Of all files that make a checkpoint what it is."""
    folder = find_checkpoint(name)
    return _digest([[each, file_digest(folder / each)] for each in sorted(FILES) if (folder / each).is_file()])


def _no_number(constant: str):
    raise ValueError(f"{constant} is no number.")


def _earlier(path: Path, settings: dict) -> dict:
    """The results of seeds that are finished. Raises ValueError if they were made with other settings."""
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
        others = [name for name, value in settings.items() if kept["settings"].get(name) != value]
        seeds = {seed: {name: result[name] for name in ("measured", "seconds", "steps")} for seed, result in kept["seeds"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: remove it, or give another --output.") from error
    if others:
        raise ValueError(f"{path} was made with another {', '.join(others)}: give another --output.")
    return seeds
