"""Mutants that do the same as the reference on all that is asked for: in ``tests/equivalents``, each under its reason.

A file for each lesson, ``01_attention.md``, has a heading for each exercise. Under it stands a reason, and then the
mutants that it covers, as patches of the reference's source, like those of known mistakes::

    ## padding_mask
    What is left out of an index is a `:`.
    - `None, :]` → `None]`

A block ``diff`` changes whole lines. ``python -m tools.mutants`` prints accepted mutants in this form.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from bert_parts.learn.exercise import Exercise
from bert_parts.learn.lesson_pages import CHANGE, CHANGES, hunks
from bert_parts.learn.patches import Changes, PatchError, normal, patched, plain_source

FOLDER = Path(__file__).parents[1] / "tests/equivalents"
BLOCK_OR_LINE = re.compile(r"^```diff\n(?P<diff>.*?)\n```$|^(?P<line>[^\n]+)$", re.MULTILINE | re.DOTALL)
SHORTEST = 6     # letters that a patch shows of the reference, at least
COMPLETE = re.compile(r"[\w('\"\[{~-](.*[\w)'\"\]}])?$", re.DOTALL)
WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Equivalent:
    """A mutant that is written down: why it is right, too, and the changes of the reference that make it."""

    reason: str
    changes: Changes

    def text(self, exercise: Exercise) -> str:
        """The source of the mutant; "" if its changes do not apply to the reference as it is now."""
        try:
            return normal(patched(plain_source(exercise.reference), self.changes))
        except (PatchError, SyntaxError):
            return ""


def equivalents(exercise: Exercise) -> list[Equivalent]:
    """The mutants of an exercise that are written down."""
    path = FOLDER / f"{exercise.notebook}.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    sections = (section.partition("\n") for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:])
    return [each for name, _, section in sections if name.strip() == exercise.name for each in entries_in(section)]


def entries_in(section: str) -> list[Equivalent]:
    """The mutants that are written down for one exercise.

    Raises:
        ValueError: one stands under no reason.
    """
    found, reason, used = [], [], False
    for match in BLOCK_OR_LINE.finditer(section):
        diff, line = match["diff"], (match["line"] or "").removeprefix("- ")
        if diff is None and not CHANGES.fullmatch(line):
            reason, used = [*([] if used else reason), line], False
            continue
        if not reason:
            raise ValueError(f"This mutant stands under no reason: {match[0]}")
        used = True
        found.append(Equivalent(" ".join(reason), tuple(CHANGE.findall(line)) if diff is None else hunks(diff)))
    return found


def as_written(exercise: Exercise, text: str) -> str:
    """How a mutant is written down: the shortest patch that makes it of the reference."""
    source = plain_source(exercise.reference)
    before, after = source.split("\n"), text.split("\n")
    moves = [move for move in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if move[0] != "equal"]
    if len(before) == len(after) and all(move[0] == "replace" for move in moves):
        changes = [_narrow(source, *pair) for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
        line = ", ".join(f"`{old}` → " + (f"`{new}`" if new else "nothing") for old, new in filter(None, changes))
        if all(changes) and patched(source, tuple(changes)) == text and CHANGES.fullmatch(line):
            return f"- {line}"
    return "```diff\n" + "\n@@\n".join(_hunk(before, after, *move[1:]) for move in moves) + "\n```"


def _narrow(source: str, old: str, new: str) -> tuple[str, str] | None:
    """The part in which two lines differ, with as many words around it as make it unique in the source."""
    old, new = WORDS.findall(old), WORDS.findall(new)
    shorter = min(len(old), len(new))
    left = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    right = next((i for i in range(shorter - left) if old[-1 - i] != new[-1 - i]), shorter - left)
    spans = (("".join(old[i : len(old) - j]), "".join(new[i : len(new) - j])) for i in range(left + 1) for j in range(right + 1))
    unique = [span for span in spans if len(span[0].strip()) >= SHORTEST and source.count(span[0]) == 1]
    return min(unique, key=lambda span: (not _whole(span[0]), len(span[0])), default=None)


def _whole(code: str) -> bool:
    """Each bracket is closed, and nothing hangs over."""
    return all(code.count(opening) == code.count(closing) for opening, closing in ("()", "[]", "{}")) and bool(COMPLETE.match(code))


def _hunk(before: list[str], after: list[str], start: int, end: int, other: int, other_end: int) -> str:
    """Lines that go and come, with as many around them as make them unique."""
    first, last = start, end
    while first == last or "\n".join(before).count("\n".join(before[first:last])) > 1:
        first, last = max(0, first - 1), last + 1 if first == 0 else last
    lines = [" " + line for line in before[first:start]] + ["-" + line for line in before[start:end]]
    lines += ["+" + line for line in after[other:other_end]] + [" " + line for line in before[end:last]]
    return "\n".join(lines)
