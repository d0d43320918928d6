"""``check``: is this part right, and if not, what is the mistake? It never raises and never hangs."""

from dataclasses import replace

from bert_parts.learn.cells import later_try, origin
from bert_parts.learn.diagnosis import diagnosed
from bert_parts.learn.exercise import Exercise, Finding
from bert_parts.learn.judging import Trouble, judge, outcome_of
from bert_parts.learn.kept import keep
from bert_parts.learn.page import Result
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.source import empty_functions, functions_of, names_in, source_of
from bert_parts.learn.state import chance_kept, usual_settings


def check(thing) -> Result:
    """Look at the learner's part, found by its name, and say how it stands.

    In a notebook it says which cell the part comes from, and warns if a later try to write it failed. Random numbers and
    torch's settings are afterwards as they were.

    Returns:
        A Result: "not attempted", "not yet" with a diagnosis, or "right". A part that is right is kept.
    """
    exercise = EXERCISES.get(getattr(thing, "__name__", None))
    if exercise is None:
        return Result("not yet", unknown(thing))
    source = source_of(thing)
    warning = later_try(exercise.name, source)
    empty = empty_functions(source) if source else []
    if empty:
        where = f" of {exercise.name}" if isinstance(thing, type) else ""
        return Result("not attempted", f"{warning}`{empty[0]}`{where} is still empty. Write it in the cell above, run that "
                                       f"cell, then run this one again. `hint({exercise.name})` helps.")
    with chance_kept(), usual_settings():
        found = verdict(exercise, thing)
    said = warning + found.message if warning else "\n".join(filter(None, (found.message, origin(exercise.name, source))))
    return replace(found, message=said)


def verdict(exercise: Exercise, thing) -> Result:
    """Right or not yet; what is right is kept."""
    refusal = judge(exercise, thing)
    if refusal:
        finding = unfinished_part(exercise, thing) or diagnosed(exercise, thing, refusal)
        return Result("not yet", finding.message, finding.mistake, finding.line)
    agreed = dropped_in(exercise, thing)
    if isinstance(agreed, Finding):
        return Result("not yet", agreed.message, agreed.mistake)
    return Result("right", "\n".join(filter(None, (agreed, keep(exercise, thing)))))


def unknown(thing) -> str:
    given = getattr(thing, "__name__", None) or repr(thing)
    return (f"There is no exercise called `{given[:60]}`. Give check the function or class itself, under the name it has "
            f"in the notebook: {', '.join(EXERCISES)}.")


def unfinished_part(exercise: Exercise, thing) -> Finding | None:
    """An earlier part, written in the same notebook and used here, that is not right itself."""
    source = source_of(thing)
    for name in sorted(names_in(source) & EXERCISES.keys() - {exercise.name}) if source else ():
        part = functions_of(thing)[0].__globals__.get(name)
        written = source_of(part) if callable(part) else None
        if part is not EXERCISES[name].reference and written and (empty_functions(written) or judge(EXERCISES[name], part)):
            return Finding(f"Your code uses `{name}`, and the `{name}` of this notebook is not right yet: finish it, or run "
                           f"`{name} = mine({name})` to go on with the course's.", "uses an unfinished part")
    return None


def dropped_in(exercise: Exercise, thing) -> Finding | str:
    """The answer inside the real model."""
    if exercise.drop_in is None:
        return ""
    outcome = outcome_of(lambda: exercise.drop_in(thing), thing)
    if isinstance(outcome, Trouble):
        return Finding(f"By itself your part is right; inside the real model it fails. {outcome.message}")
    return outcome
