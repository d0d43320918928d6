"""``hint``, ``reveal``, ``quiz`` and ``progress``."""

import os
from collections import Counter
from html import escape

from bert_parts.learn.exercise import Exercise
from bert_parts.learn.kept import path_of
from bert_parts.learn.naming import exercise_of, meant, name_of, unknown
from bert_parts.learn.page import Note, box
from bert_parts.learn.progress_file import solved
from bert_parts.learn.questions import page_of
from bert_parts.learn.registry import EXERCISES, NOTEBOOKS, QUIZZES
from bert_parts.learn.source import with_imports

NOT_KEPT = "◐"     # solved, but not kept
hints_given = Counter()
further: dict[str, str] = {}     # what the last check of an exercise could say beyond its answer: said once


def named(thing) -> Exercise | Note:
    """The exercise of that thing or name, or a Note that there is none."""
    return exercise_of(thing) or Note(unknown(name_of(thing)))


def hint(thing) -> Note:
    """The next hint for an exercise, from a nudge to nearly there; after the last one, the last again.

    If the last check found the place of a mistake, the first hint is about that.
    """
    exercise = named(thing)
    if isinstance(exercise, Note):
        return exercise
    step = further.pop(exercise.name, "")
    if step:
        return Note(f"On what the check found: {step}\nRun this again for a hint on the exercise.")
    number = min(hints_given[exercise.name], len(exercise.hints) - 1)
    hints_given[exercise.name] += 1
    more = "Run this again for another." if number + 1 < len(exercise.hints) else (
        f"That was the last; `reveal({exercise.name})` shows the course's version.")
    return Note(f"Hint {number + 1} of {len(exercise.hints)}: {exercise.hints[number]}\n{more}")


def reveal(thing) -> Note:
    """The course's own version of a part: the source that the package runs, folded, ready to be pasted into its notebook."""
    exercise = named(thing)
    if isinstance(exercise, Note):
        return exercise
    source = with_imports(exercise.reference, {name for name, each in EXERCISES.items() if each.notebook == exercise.notebook})
    summary = f"The course's <code>{exercise.name}</code>, from <code>{exercise.reference.__module__}</code>"
    folded = f'<details><summary style="cursor: pointer;">{summary}</summary><pre>{escape(source)}</pre></details>'
    return Note(source, box("note", folded, role="note"))


def quiz(notebook: str) -> Note:
    """The questions at the end of a notebook, such as quiz("01_attention")."""
    if notebook not in QUIZZES:
        return Note(f"There is no quiz called `{notebook}`{meant(str(notebook), QUIZZES)}")
    return page_of(QUIZZES[notebook])


def progress() -> Note:
    """The map of the course: what is solved, and which parts are the learner's own."""
    done = solved()
    lines, rows = [], []
    for notebook, title in NOTEBOOKS.items():
        marks = [mark(name, done) for name, exercise in EXERCISES.items() if exercise.notebook == notebook]
        lines.append(f"{notebook:<18} " + "  ".join(f"{sign} {name}" for sign, name, _ in marks))
        rows.append(row(notebook, title, marks))
    count = sum(name in done for name in EXERCISES)
    not_kept = any(f"{NOT_KEPT} " in line for line in lines)
    head = f"{count} of {len(EXERCISES)} exercises solved"
    table = "".join(rows)
    yours = "Bold parts are yours: the course uses your code." if done else ""
    half = f" Parts with {NOT_KEPT} were right, but are not kept: check them again." if not_kept else ""
    html = box("note", f"<strong>{head}</strong><table style='margin: 0.5em 0;'><thead><tr><th>notebook</th>"
                       f"<th>exercises (✓&nbsp;solved, ○&nbsp;open)</th></tr></thead><tbody>{table}</tbody></table>{yours}{half}",
               role="note")
    return Note("\n".join([head, *lines, *([half.strip()] if half else [])]), html)


def mark(name: str, done: list[str]) -> tuple[str, str, bool]:
    """The sign before an exercise, its name, and whether the learner's code is kept."""
    kept = os.path.isfile(path_of(name))
    return ("○" if name not in done else "✓" if kept else NOT_KEPT), name, kept


def row(notebook: str, title: str, marks: list[tuple[str, str, bool]]) -> str:
    parts = "&nbsp;&nbsp; ".join(     # no line ends between a sign and its name, nor begins with a space
        f"{mark}&nbsp;<code>{f'<strong>{name}</strong>' if kept else name}</code>" for mark, name, kept in marks)
    return (f"<tr><th scope='row' style='text-align: left;'>{notebook[:2]} {escape(title)}</th>"
            f"<td style='text-align: left; overflow-wrap: anywhere;'>{parts or '—'}</td></tr>")
