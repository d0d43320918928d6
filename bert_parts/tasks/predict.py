"""Use a model that a task has trained: what it says of texts from a file, from standard input or from the command line."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from torch import nn

from bert_parts.checkpoint import CONFIG, load_pretrained
from bert_parts.devices import chosen_device
from bert_parts.files import shortened
from bert_parts.reading import most_tokens
from bert_parts.tasks.command import add_device
from bert_parts.tasks.rows import read_rows
from bert_parts.tokenizer import BertTokenizer

SHOWN = 3     # of the names and their shares, in a table


class Reader(NamedTuple):
    """What the trained model of a task reads, and what it says.

    Attributes:
        task: the name of its module.
        kind: the class of the model.
        say: (model, tokenizer, rows) → for each row what the model says of it, by name, in values that JSON knows. A row is a
            dict with a text for each column.
        columns: of a file. There are two where a question is asked of passages.
        labels: the names of the labels that the head must have; None if they are those of the data.
        at_once: what of a row is read at once, as a text or a pair of texts, and cut if that is too long; None if nothing ever is.
        folder: of the model, if none is given.
    """

    task: str
    kind: type[nn.Module]
    say: Callable[[nn.Module, BertTokenizer, Sequence[dict[str, str]]], list[dict]]
    columns: Sequence[str] = ("text",)
    labels: Sequence[str] | None = ()
    at_once: Callable[[dict[str, str]], list[tuple[str, ...]]] | None = lambda row: [tuple(row.values())]
    folder: Callable[[], Path] | None = None


def predict(reader: Reader, words: Sequence[str]):
    """Print what a model says, as the words of the command line ask for it.

    Raises:
        FileNotFoundError, ValueError: a folder without such a model, a bad row, no text, no such device.
    """
    arguments = _parser(reader).parse_args(words)
    device = chosen_device(arguments.device)
    folder = _trained_folder(arguments.folder or reader.folder(), reader)
    rows = _rows_of(reader, arguments)
    model, tokenizer = _load_trained(folder, reader)
    model.to(device)
    if arguments.jsonl or not sys.stdout.isatty():
        _print_lines(rows, reader.say(model, tokenizer, rows))
    else:
        _print_table(rows, reader.say(model, tokenizer, rows))
    if reader.at_once:
        _tell_cut([reader.at_once(row) for row in rows], most_tokens(model, tokenizer), tokenizer)


def _parser(reader: Reader) -> argparse.ArgumentParser:
    last, columns = reader.columns[-1], " and ".join(f'"{column}"' for column in reader.columns)
    made = argparse.ArgumentParser(
        prog=f"python -m bert_parts.tasks.{reader.task} predict",
        description=f"What a trained model says of each {last}. Without --data and --text, a line of standard input is a {last}.",
    )
    made.add_argument("folder", type=Path, nargs="?" if reader.folder else None,
                      help=f"of a model, such as {reader.task}/seed_0" + (" (default: the course's own)" if reader.folder else ""))
    made.add_argument("--data", type=Path, help=f"a .csv, .tsv or .jsonl file with {columns} among its columns")
    made.add_argument("--text", action="append", help=f"a {last}; may be given several times")
    if len(reader.columns) > 1:
        made.add_argument("--question", help="asked of each passage; then a file needs no column for it")
    made.add_argument("--jsonl", action="store_true", help="a JSON object on each line, as whenever the output is redirected; "
                                                           "otherwise it is a table")
    add_device(made)
    return made


# ---------------------------------------------------------------- what is read


def _rows_of(reader: Reader, arguments: argparse.Namespace) -> list[dict[str, str]]:
    """The rows that were given, in one of three ways. Raises ValueError if there is none, or a bad one."""
    if arguments.data and arguments.text:
        raise ValueError("--data and --text were both given: give one of them.")
    question = getattr(arguments, "question", None)
    asked = {} if question is None else {reader.columns[0]: question}
    if not all(text.strip() for text in asked.values()):
        raise ValueError("--question is empty: write the question, in quotes.")
    if arguments.data:
        return [asked | row for row in read_rows(arguments.data, [name for name in reader.columns if name not in asked])]
    if len(reader.columns) > 1 and question is None:
        raise ValueError("There is no question to ask: give one with --question, or a file that has them with --data.")
    texts = arguments.text or _lines_of_input()
    rows = [{**asked, reader.columns[-1]: text} for text in texts if text.strip()]
    if not rows:
        raise ValueError("There is nothing to read: give texts with --data or --text, or a text a line on standard input.")
    return rows


def _lines_of_input() -> list[str]:
    if sys.stdin.isatty():
        print("A text a line; Ctrl-D (on Windows Ctrl-Z, then Enter) ends them.", file=sys.stderr)
    try:
        return [line.removesuffix("\r") for line in sys.stdin.buffer.read().decode("utf-8-sig").split("\n")]
    except UnicodeDecodeError as error:
        raise ValueError(f"Standard input is not UTF-8 ({error.reason} at byte {error.start}): convert it to UTF-8.") from error


# ---------------------------------------------------------------- the model


def _trained_folder(folder: Path, reader: Reader) -> Path:
    """The folder of a model: as given, or the only seed in that of a run.

    Raises:
        FileNotFoundError, ValueError: there is none, or there are several.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}: give that of a model, such as the seed_0 in the --output of "
                                f"python -m bert_parts.tasks.{reader.task}.")
    if (folder / CONFIG).is_file():
        return folder
    seeds = sorted(path.parent for path in folder.glob(f"seed_*/{CONFIG}"))
    if len(seeds) > 1:
        raise ValueError(f"{folder} holds {len(seeds)} models: give the folder of one of them, such as {seeds[0]}.")
    if not seeds:
        raise FileNotFoundError(f"{folder} holds no model (no {CONFIG}, and no seed_0 with one): give the folder of a "
                                f"training that is finished.")
    return seeds[0]


def _load_trained(folder: Path, reader: Reader) -> tuple[nn.Module, BertTokenizer]:
    """The model of a folder, with the head that the task trains, and its tokenizer. Raises ValueError if it is another."""
    try:
        model, tokenizer = load_pretrained(folder, reader.kind)
    except ValueError as error:
        raise ValueError(f"{folder} holds no model that {reader.task} can use: {error}") from error
    found = label_names(model)
    if len(found) == 1 if reader.labels is None else found != list(reader.labels):
        raise ValueError(f"{folder} holds a model for the labels {', '.join(found[:5])}, which is no model of {reader.task}: give "
                         f"the folder of one that this task trained.")
    return model, tokenizer


def label_names(model: nn.Module) -> list[str]:
    """The names of a model's labels in the order of its scores; LABEL_0, … for one whose config.json has none."""
    return [name for _, name in sorted((model.config.id2label or {}).items())]


# ---------------------------------------------------------------- what is printed


def _print_lines(rows: Sequence[dict[str, str]], said: Sequence[dict]):
    """JSONL is UTF-8, wherever it goes."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    for row, answer in zip(rows, said, strict=True):
        print(json.dumps(row | answer, ensure_ascii=False, allow_nan=False))


def _print_table(rows: Sequence[dict[str, str]], said: Sequence[dict]):
    """Texts are shown by their beginning, what the model says in full, but of many names only those with the largest shares."""
    names = [*rows[0], *said[0]]
    texts = max(16, shutil.get_terminal_size().columns // 3)
    table = [names] + [[_shortened(text, texts) for text in row.values()] + [_in_words(value) for value in answer.values()]
                       for row, answer in zip(rows, said, strict=True)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        print("  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def _shortened(text: str, most: int) -> str:
    """The beginning of a text on one line, without what a terminal would obey."""
    text = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * most])
    return shortened(" ".join(text.split()), most)


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        largest = sorted(value.items(), key=lambda pair: -pair[1])[:SHOWN]
        return ", ".join(f"{name} {share:.0%}" for name, share in largest)
    return f"{value:.2f}" if isinstance(value, float) else _shortened(str(value), 10_000)


def _tell_cut(pieces: Sequence[list[tuple[str, ...]]], length: int, tokenizer: BertTokenizer):
    """Say on standard error of how many rows something was not read."""
    cut = sum(count_cut(each, tokenizer, length) > 0 for each in pieces)
    if cut:
        print(f"Warning: {cut:,} of {len(pieces):,} were cut, since {length} tokens at most are read at once.", file=sys.stderr)


def count_cut(texts: Sequence[tuple[str, ...]], tokenizer: BertTokenizer, length: int) -> int:
    """How many texts, or pairs of texts, take more tokens than that, special ones counted."""
    return sum(sum(len(tokenizer.ids(text)) for text in each) + len(each) + 1 > length for each in texts)
