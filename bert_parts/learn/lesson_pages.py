"""The texts of a lesson, which anybody can read and add to: a page for each exercise, and one with questions.

The page of an exercise, ``lessons/01_attention/attention_weights.md``, has its hints, numbered, and then its known mistakes:
a heading with the mistake's short name, the ways to make it, and the words for the learner. A way to make it is a patch of
the reference's source::

    ## softmax over queries: `softmax(dim=-1)` → `softmax(dim=-2)`
    Your softmax runs over the queries, not the keys: …

Several changes in one line are made together; another way to make the same mistake has a line of its own, as a long one may;
``nothing`` in place of the second takes the first out. A fenced block ``diff`` changes whole lines; a fenced block ``python``
holds a function that takes the place of the whole reference, or of the method of that name. Where the words are left out, a
probe of the exercise says them. A block ``python`` before the first heading is a plainer version of the reference, which the
patches change in its place.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bert_parts.learn.questions import Option, Question

CHANGE = re.compile(r"`([^`]+)` → (?:`([^`]+)`|nothing)")
CHANGES = re.compile(rf"{CHANGE.pattern}(, {CHANGE.pattern})*")


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that the check knows by name.

    Attributes:
        name: short, unique within the exercise ("softmax over queries").
        says: the diagnosis and the way on, without the solution; "" where a probe finds the words.
        ways: how it is made, each as changes (old, new) to the reference's source that are made together. Without ``old``,
            ``new`` is a function that takes the place of the reference, or of its method of that name.
    """

    name: str
    says: str
    ways: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True)
class Page:
    """What is said of an exercise: hints, known mistakes, and the plain version that these change, or ""."""

    hints: tuple[str, ...]
    plain: str
    mistakes: tuple[Mistake, ...]


class PageError(ValueError):
    """A page of a lesson is not written as it should be."""


@cache
def exercise_page(path: Path) -> Page:
    """Read the page of an exercise.

    Raises:
        PageError: a mistake without a way to make it, two of one name, or a block that does not end.
    """
    head, *sections = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    mistakes = tuple(mistake_in(section, path) for section in sections)
    names = [mistake.name for mistake in mistakes]
    if len(set(names)) < len(names):
        raise PageError(f"{path}: two mistakes have the name {max(names, key=names.count)!r}.")
    blocks, lines = apart(head.split("\n")[1:], path)
    hints = [entry for entry in re.split(r"^\d\. ", "\n".join(lines), flags=re.MULTILINE) if entry.strip()]
    return Page(tuple(map(joined, hints)), blocks[0][1] if blocks else "", mistakes)


def mistake_in(section: str, path: Path) -> Mistake:
    heading, *rest = section.split("\n")
    name, _, way = heading.partition(": ")
    blocks, lines = apart([way, *rest], path)
    ways = [tuple((old, new) for old, new in CHANGE.findall(line)) for line in lines if CHANGES.fullmatch(line)]
    ways += [hunks(text) if language == "diff" else (("", text),) for language, text in blocks]
    if not ways:
        raise PageError(f"{path}: the mistake {name!r} has no way to make it: write `old` → `new`, or a block diff or python.")
    return Mistake(name.strip(), joined("\n".join(line for line in lines if not CHANGES.fullmatch(line))), tuple(ways))


def apart(lines: list[str], path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """The fenced blocks, each as (language, text), and all other lines."""
    blocks, others, block = [], [], None
    for line in lines:
        if block is None and line.startswith("```"):
            block = (line[3:].strip(), [])
        elif block is not None and line == "```":
            blocks.append((block[0], "\n".join(block[1])))
            block = None
        else:
            (others if block is None else block[1]).append(line)
    if block is not None:
        raise PageError(f"{path}: a block that begins with ```{block[0]} does not end.")
    return blocks, others


def hunks(text: str) -> tuple[tuple[str, str], ...]:
    """The changes of a diff, between lines of ``@@`` if there are several: what stands there (lines that stay or go), and what
    comes in its place (lines that stay or come)."""
    parts = [part.rstrip("\n").split("\n") for part in re.split(r"^@@.*\n", text, flags=re.MULTILINE)]
    return tuple(("\n".join(line[1:] for line in part if line[:1] != "+"), "\n".join(line[1:] for line in part if line[:1] != "-"))
                 for part in parts)


def joined(text: str) -> str:
    """Lines to one paragraph; a blank line stays as a line break."""
    return "\n".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip())


@cache
def quiz_page(path: Path) -> tuple[Question, ...]:
    """Read the questions of a notebook: a heading asks, ``- [x]`` is the right option, ``- [ ]`` another, and what is
    indented under an option says why."""
    questions = []
    for section in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        asked, *options = re.split(r"^- \[", section, flags=re.MULTILINE)
        questions.append(Question(joined(asked), tuple(option_in(option) for option in options)))
    return tuple(questions)


def option_in(text: str) -> Option:
    lines = text[text.index("]") + 1 :].split("\n")
    because = next((number for number, line in enumerate(lines) if number and line.startswith("  ")), len(lines))
    return Option(joined("\n".join(lines[:because])), text[0] == "x", joined("\n".join(lines[because:])))
