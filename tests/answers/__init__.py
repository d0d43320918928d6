"""Answers as learners write them, wrong and right, in no list of known mistakes: what the diagnosis is measured with.

Files are named ``01_attention_wrong.py`` and ``01_attention_right.py``; each cell is one answer, run as a notebook's cell is.
"""

import linecache
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
UNSEEN = FOLDER / "unseen"     # answers that were written after the diagnosis, by others

KINDS = {"axis", "shape", "operator", "scale", "sign", "condition", "number", "name", "argument", "missing", "extra",
         "order", "type", "gradient", "state", "return", "definition"}


@dataclass(frozen=True)
class Answer:
    """One answer. Of two mistakes in one, the second is in ``at2`` and ``kinds2``."""

    exercise: str
    says: str                         # what is wrong, or the style of a right one
    text: str                         # the cell
    right: bool
    at: tuple[str, ...] = ()          # the stripped lines that would all be a fair pointer
    kinds: tuple[str, ...] = ()       # fair names of what is the matter there, out of KINDS
    at2: tuple[str, ...] = ()
    kinds2: tuple[str, ...] = ()
    known: tuple[str, ...] = ()       # listed mistakes that would be a true diagnosis, too
    style: str = ""

    def __str__(self):
        return f"{self.exercise} | {self.says}"

    def define(self):
        """What the cell defines under the exercise's name; its source is found as that of a notebook's cell is."""
        filename = f"<cell {abs(hash(self.text))}>"
        linecache.cache[filename] = (len(self.text), None, self.text.splitlines(keepends=True), filename)
        namespace = {"__name__": "a_notebook"}
        exec(compile(self.text, filename, "exec"), namespace)
        return namespace[self.exercise]


def read(path):
    """The answers of a file, in its order."""
    _, *cells = ("\n" + Path(path).read_text()).split("\n# %% ")
    return [_answer(cell, Path(path).stem.endswith("_right")) for cell in cells]


def answers(notebook="", right=None, folder=FOLDER):
    """The answers for the notebooks whose names begin so; the right ones, the wrong ones, or (None) both."""
    found = [answer for path in sorted(folder.glob(f"{notebook}*.py")) if path.stem != "__init__" for answer in read(path)]
    return [answer for answer in found if right is None or answer.right == right]


def _answer(cell, right):
    title, *lines = cell.splitlines()
    exercise, says = (part.strip() for part in title.split("|", 1))
    header = {name: [] for name in ("style", "at", "kind", "at2", "kind2", "known")}
    while lines and lines[0].startswith("# "):
        name, value = lines.pop(0).removeprefix("# ").split(":", 1)
        header[name].append(value.strip())
    text = "\n".join(lines).strip("\n") + "\n"
    answer = Answer(exercise, says, text, right, tuple(header["at"]), _split(header["kind"], ","), tuple(header["at2"]),
                    _split(header["kind2"], ","), _split(header["known"], ";"), " ".join(header["style"]))
    _whole(answer)
    return answer


def _split(values, separator):
    return tuple(part.strip() for value in values for part in value.split(separator) if part.strip())


def _whole(answer):
    """Raise a ValueError for a header that does not fit its cell."""
    code = {line.strip() for line in answer.text.splitlines()}
    if lost := [line for line in answer.at + answer.at2 if line not in code]:
        raise ValueError(f"{answer}: no line of the cell is {lost[0]!r}.")
    if strange := set(answer.kinds + answer.kinds2) - KINDS:
        raise ValueError(f"{answer}: there is no kind {sorted(strange)}.")
    if bool(answer.at and answer.kinds) == answer.right or bool(answer.at2) != bool(answer.kinds2):
        raise ValueError(f"{answer}: a wrong answer has `at` and `kind`, and a right one has neither.")
