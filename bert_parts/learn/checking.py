"""``check``: is this part right, and if not, what is the mistake? It never raises and never hangs."""

import io
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace

from bert_parts.learn.apart import apart, stumbled
from bert_parts.learn.bounded import BUSY, SECONDS, TimeUp, killed_after
from bert_parts.learn.cells import later_try, origin
from bert_parts.learn.diagnosis import findings
from bert_parts.learn.exercise import Exercise, Finding
from bert_parts.learn.helping import further
from bert_parts.learn.judging import Refusal, Trouble, judge, outcome_of
from bert_parts.learn.kept import already_kept, by_itself, keep
from bert_parts.learn.naming import exercise_of, name_of, unknown
from bert_parts.learn.page import Result
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.source import empty_functions, load_imports, names_in, source_of, surroundings_of
from bert_parts.learn.state import chance_kept, usual_settings

LONGEST = 5     # seconds of the processor for a verdict and its diagnosis, unless the learner's code ends late


def check(thing) -> Result:
    """Look at the learner's part, found by its name, and say how it stands.

    In a notebook it says which cell the part comes from, and warns if a later try to write it failed. Random numbers and
    torch's settings are afterwards as they were.

    Returns:
        A Result: "not attempted", "not yet" with a diagnosis, or "right". A part that is right is kept.
    """
    try:
        return looked_at(thing)
    except Exception as error:
        return Result("not yet", stumbled(error))


def looked_at(thing) -> Result:
    exercise = exercise_of(thing)
    if exercise is None or isinstance(thing, str):
        told = f"There is no exercise called `{thing!r}`: that is a text." if exercise else unknown(name_of(thing))
        return Result("not yet", f"{told} Give check the function or class itself, under the name it has in "
                                 "the notebook.")
    source = source_of(thing)
    warning = later_try(exercise.name, source)
    empty = empty_functions(source) if source else []
    if empty:
        where = f" of {exercise.name}" if isinstance(thing, type) else ""
        return Result("not attempted", f"{warning}`{empty[0]}`{where} is still empty. " + (already_kept(exercise) or (
            f"Write it in the cell above, run that cell, then run this one again. `hint({exercise.name})` helps.")))
    with chance_kept(), usual_settings():
        found = judged_apart(exercise, thing)
    further[exercise.name] = found.further
    said = warning + found.message if warning else "\n".join(filter(None, (found.message, origin(exercise.name, source))))
    return replace(found, message=said)


def judged_apart(exercise: Exercise, thing) -> Result:
    """The verdict, found where the learner's code can be ended; what is right is kept."""
    answers, how_it_ended = apart(lambda: steps(exercise, thing))
    results = [Result(**answer) for answer in answers if isinstance(answer, dict)]
    found = results[-1] if results else Result("not yet", how_it_ended)
    if found.status != "right":
        return found
    text, why = answers[-1] if len(answers) > 1 else (None, f"It is not kept. {how_it_ended}")
    return replace(found, message="\n".join(filter(None, (found.message, keep(exercise, thing, text, why)))))


def steps(exercise: Exercise, thing):
    """The verdict. If it is "not yet", once more with a diagnosis, should that come to an end; if "right", what is to be kept."""
    outcome_of(lambda: load_imports(source_of(thing) or ""), thing)
    refusal = judge(exercise, thing)
    if refusal:
        yield refused(refusal.finding)
        left = max(BUSY, LONGEST - time.process_time())
        with killed_after(left, busy=True), killed_after(SECONDS), redirect_stdout(io.StringIO()):     # edits may print
            told = explained(exercise, thing, refusal)
            while isinstance(found := outcome_of(lambda: next(told, None), thing), Finding):
                yield refused(found)     # and no Trouble, which the learner's code makes when it is tried again
        return
    agreed = dropped_in(exercise, thing)
    if isinstance(agreed, Finding):
        yield refused(agreed)
        return
    yield vars(Result("right", agreed))
    yield by_itself(exercise, thing)


def explained(exercise: Exercise, thing, refusal: Refusal) -> Iterator[Finding]:
    """Why an answer is refused, each time better."""
    unfinished = unfinished_part(exercise, thing)
    yield from [unfinished] if unfinished else findings(exercise, thing, refusal)


def refused(finding: Finding) -> dict:
    return vars(Result("not yet", finding.message, finding.mistake, finding.line, finding.further))


def unfinished_part(exercise: Exercise, thing) -> Finding | None:
    """An earlier part, written in the same notebook and used here, that is not right itself."""
    source = source_of(thing)
    for name in sorted(names_in(source) & EXERCISES.keys() - {exercise.name}) if source else ():
        part = surroundings_of(thing).get(name)
        written = source_of(part) if callable(part) else None
        if part is not EXERCISES[name].reference and written and (empty_functions(written) or judge(EXERCISES[name], part)):
            return Finding(f"Your code uses `{name}`, and the `{name}` of this notebook is not right yet: finish it, or run "
                           f"`{name} = mine({name})` to go on with the course's.", "uses an unfinished part")
    return None


def dropped_in(exercise: Exercise, thing) -> Finding | str:
    """The answer inside the real model."""
    if exercise.drop_in is None:
        return ""
    with redirect_stderr(io.StringIO()):     # where bars of progress go, which nobody sees move
        outcome = outcome_of(lambda: exercise.drop_in(thing), thing)
    if isinstance(outcome, Trouble):
        how = "comes to no end" if outcome.kind[0] == TimeUp.__name__ else "fails"
        return Finding(f"By itself your part is right; inside the real model it {how}. {outcome.message}")
    return outcome
