"""What is wrong with an answer, in steps from sure to general: known mistakes, one or two at once; an edit of the learner's own
code that sets it right; how the numbers differ; where values part. With all of them goes the smallest example."""

import ast
import functools
import inspect
import linecache
import math
import re
import time
from collections.abc import Callable
from dataclasses import replace

from bert_parts.learn import bounded
from bert_parts.learn.compare import copied
from bert_parts.learn.edits import Edit
from bert_parts.learn.example import smallest
from bert_parts.learn.exercise import Exercise, Finding
from bert_parts.learn.judging import CHANGED, Refusal, Trouble, judge
from bert_parts.learn.known import (
    Outcomes,
    Way,
    agree,
    apart_from,
    as_which,
    known_mistake,
    shown_here,
    two_at_once,
    two_mistakes,
    ways,
)
from bert_parts.learn.measures import Measure, measured, sizes_of
from bert_parts.learn.mirror import SAYS, mirrored
from bert_parts.learn.nearness import Trial
from bert_parts.learn.needed import Needed, line_of, needed
from bert_parts.learn.repair import Endless, Near, Search, search_in
from bert_parts.learn.sites import code
from bert_parts.learn.source import first_line, functions_of, surroundings_of, tree_of
from bert_parts.learn.trace import parting, steps_of

# Seconds of the processor: for one edit or two, for two known mistakes at once, for changes of the course's version, and for the
# place of a mistake that has a name.
FOR_EDITS, FOR_TWO, FOR_MIRROR, FOR_PLACE, FOR_VALUE = 1.9, 0.5, 0.5, 0.5, 1.0
DOUBTFUL = 3.0              # an edit that costs more may hide two known mistakes
SUSPECTED = 1.0             # by how much an edit is likelier at a place that is suspected
FURTHER_VALUE = "Work `{0}` out by hand for a small example: what should it be, and which step of yours makes it another?"
CHANCE = re.compile("drop|train|eval|rand|bernoulli")


def diagnosed(exercise: Exercise, thing, refusal: Refusal) -> Finding:
    """The refusal of an answer, with the mistake's name, its place and words where they are found."""
    if refusal.case is None:
        return besides_the_change(exercise, thing, placed(exercise, thing, refusal, refusal.finding, 2 * FOR_PLACE))
    outcomes, known = Outcomes(exercise, thing, {refusal.case: refusal.given}), ways(exercise)
    found = known_mistake(known, outcomes, refusal)
    finding = placed(exercise, thing, refusal, found, FOR_PLACE) if found else (
        searched(exercise, thing, refusal, outcomes, known) or shown_here(known, outcomes, refusal)
        or in_general(exercise, thing, refusal))
    return with_example(exercise, thing, refusal, finding)


def besides_the_change(exercise: Exercise, thing, finding: Finding) -> Finding:
    """The finding; if it is that what was given is changed, with the known mistake that is left when copies are given."""
    if finding.mistake != CHANGED.mistake or isinstance(exercise.reference, type):
        return finding

    @functools.wraps(thing)
    def on_copies(*arguments):
        return thing(*copied(arguments))

    refusal = judge(exercise, on_copies)
    if refusal is None or refusal.case is None:
        return finding
    outcomes = Outcomes(exercise, on_copies, {refusal.case: refusal.given})
    return two_at_once(finding, known_mistake(ways(exercise), outcomes, refusal))


# ── repair ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def placed(exercise: Exercise, thing, refusal: Refusal, finding: Finding, seconds: float) -> Finding:
    """A finding with the line on which a small edit sets the code right, if there is one."""
    search = None if finding.line else search_for(exercise, thing, refusal, [], seconds)
    edits = search and (search.one() or search.two())
    if not edits or not all(edit.sure for edit in edits):
        return finding
    if not finding.mistake:
        return repaired(exercise, thing, refusal, edits)
    places = " ".join(f"Look at {in_words(edit.line, thing)}." for edit in edits)
    return replace(finding, line=edits[0].line, message=f"{finding.message}\n{places}")


def searched(exercise: Exercise, thing, refusal: Refusal, outcomes: Outcomes, known: list[Way]) -> Finding | None:
    """A mistake that is not in the list: an edit of the learner's code that sets it right; two known mistakes at once; a value
    that, put right, sets all right; an edit that leaves a known mistake; a change of the course's version that answers so; two
    edits; a value of which a piece of one of the course's will do.

    Edits and changes are tried in a child process only: code with an edit may bring down the process that tries it.
    """
    where = value_of(exercise, thing, refusal)
    search = search_for(exercise, thing, refusal, known, FOR_EDITS, where)
    edits = search and search.one()
    told = where and unmet(exercise, thing, refusal, where)
    value = None if where and where.late else told
    told_better = bool(edits and value and value.mistake not in (None, edits[0].kind) and value.line in edits[0].lines)
    if edits and edits[0].cost < DOUBTFUL and not told_better:
        return repaired(exercise, thing, refusal, edits)
    two = two_mistakes(known, outcomes, refusal, until=time.thread_time() + FOR_TWO)
    if two:
        return placed(exercise, thing, refusal, two, FOR_PLACE)
    if edits and not told_better and (value is None or value.line in edits[0].lines):
        return repaired(exercise, thing, refusal, edits)
    met = search and search.one_and_known(lambda way: apart_from(way, outcomes))
    if value and not (met and (shows_in_training_only(exercise, met[1]) or is_that_edit(value, met[0]))):
        return as_known(value, known, outcomes, refusal)
    if met:
        edit, way = met
        return Finding(f"Two things at once. {way.mistake.says}\nAnd {place_of(edit, thing)}",
                       f"{way.mistake.name} + {edit.kind}", edit.line, edit.further)
    if not bounded.may_be_killed:
        return None
    kind = mirrored(exercise, refusal.case, outcomes, FOR_MIRROR)
    if kind:
        return Finding(f"{refusal.finding.message}\nIn every case you answer as a right version does in which one thing is wrong: "
                       f"{SAYS[kind]}.", kind)
    edits = search and (search.two() or not told and search.cutting())
    return repaired(exercise, thing, refusal, edits) if edits else told and as_known(told, known, outcomes, refusal)


def as_known(value: Finding, known: list[Way], outcomes: Outcomes, refusal: Refusal) -> Finding:
    """The finding of a value, with the one known mistake that shows where the learner's part fails, if it has no name itself."""
    here = None if value.mistake else shown_here(known, outcomes, refusal, alone=True)
    return replace(value, message=f"{value.message}\n{here.message}", mistake=here.mistake) if here else value


def is_that_edit(value: Finding, edit: Edit) -> bool:
    """Whether a value and an edit tell the same thing of the same line."""
    return value.mistake == edit.kind and value.line in edit.lines


def shows_in_training_only(exercise: Exercise, way: Way) -> bool:
    return agree(Outcomes(exercise, exercise.reference), way.outcomes, [case for case in exercise.cases if not case.training])


def repaired(exercise: Exercise, thing, refusal: Refusal, edits: tuple[Edit, ...]) -> Finding:
    """The place and kind of one or two small edits that set the learner's code right. That a dtype is wrong is known without."""
    if refusal.finding.mistake == "type" and not any(edit.kind == "type" for edit in edits):
        return in_general(exercise, thing, refusal)
    measure = measure_of(exercise, refusal)
    places = [place_of(edit, thing) for edit in edits]
    said = [refusal.finding.message, measure.says if measure else "", *map(capital, places)]
    return Finding("\n".join(filter(None, said)), " + ".join(edit.kind for edit in edits), edits[0].line, edits[0].further)


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def place_of(edit: Edit, thing) -> str:
    return f"{'in' if edit.sure else 'perhaps in'} {in_words(edit.line, thing)}: {edit.says}{'.' * (edit.says[-1] != '?')}"


def search_for(exercise: Exercise, thing, refusal: Refusal, known: list[Way], seconds: float,
               where: Needed | None = None) -> Search | None:
    """The search for edits that set the learner's code right, within so many seconds; None if there is no code, or no time. Those
    on the lines of a value that is wrong are tried first.

    There is one in a child process only: code with an edit may bring down the process that tries it.
    """
    text = own_definitions(thing)
    if not text.strip() or seconds <= 0 or not bounded.may_be_killed:
        return None
    progress = Progress(exercise, known, refusal)
    search = search_in(text, thing.__name__, surroundings_of(thing), progress, seconds, ast.parse(exercise.source), progress.proved)
    if search and refusal.case:
        first, lines = suspected(exercise, thing, refusal), {where.line, line_of(where.node)} if where else set()
        search.edits.sort(key=lambda edit: edit.cost - SUSPECTED * (first(edit) + (not lines.isdisjoint(edit.lines))))
    return search


def suspected(exercise: Exercise, thing, refusal: Refusal) -> Callable[[Edit], bool]:
    """Whether an edit is about what is suspected first: in training chance; else the line of an error, or the lines after the last
    that is right, up to the first that is not."""
    if refusal.case.training:
        return lambda edit: bool(CHANCE.search(ast.unparse(edit.about)))
    if isinstance(refusal.given, Trouble):
        line = refusal.given.line
        return lambda edit: line is not None and edit.line == line
    agreed, line = last_and_first(exercise, thing, refusal)
    return lambda edit: agreed is not None and agreed < edit.line <= (line or math.inf)


class Progress:
    """How right a candidate is: how near in the cases that are quickly asked, and whether nothing at all is wrong with it. The
    first is the learner's own code; only what is nearer than that is compared with the known mistakes, which takes long."""

    def __init__(self, exercise: Exercise, known: list[Way], refusal: Refusal):
        self.exercise, self.known = exercise, known
        self.trial = Trial(exercise, refusal.case)
        self.before: Near | None = None

    def __call__(self, thing) -> Near:
        near = Near(self.trial(thing))
        failed = self.trial.failed_at
        if near < 1 and failed and not failed.case.training:
            near = Near(0.9 * near)
            if self.before is not None and near > self.before:
                near.like = as_which(self.known, self.exercise, thing, failed.case, failed.given)
        if self.before is None:
            self.before = near
        return near

    def proved(self, thing) -> Near:
        """1 for a candidate that the judge accepts."""
        refusal = judge(self.exercise, thing)
        found = Near(0.95 if refusal else 1)
        if refusal and refusal.case:
            found.like = as_which(self.known, self.exercise, thing, refusal.case, refusal.given)
        return found


def own_definitions(thing) -> str:
    """The learner's functions and classes out of the cell of a part, each on the lines on which it stands there."""
    text = "".join(linecache.getlines(next(iter(files_of(thing)), "")))
    kept = {line for node in tree_of(text).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
            for line in range(first_line(node), node.end_lineno + 1)}
    return "\n".join(words if number in kept else "" for number, words in enumerate(text.splitlines(), 1))


def in_words(line: int, thing) -> str:
    return f"line {line}, `{linecache.getline(next(iter(files_of(thing))), line).strip()}`"


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def unmet(exercise: Exercise, thing, refusal: Refusal, value: Needed) -> Finding:
    """The place of a value that is not what it should be, while all that is made of it is right."""
    measure = None if value.kind else measured(value.own, value.needed, dict(sizes_of(named_arguments(exercise, refusal))))
    alike = f", and so should the same step {lines_in_words(value.others)}" if value.others else ""
    said = [refusal.finding.message,
            f"In {in_words(line_of(value.node), thing)}: `{code(value.node)}` should be another value{alike}; "
            f"then all that you make of it is right. {value.says()}".rstrip(), measure.says if measure else ""]
    if value.given:
        said.append(f"What is done there is right, so it is `{value.given}` that is wrong. Look at {in_words(value.line, thing)}.")
    if value.kind == "name":
        said.append("It is the right thing to do, with another variable, or with one that was changed before.")
    if value.kind == "argument":
        said.append("It is the right thing to call, with another number of arguments than it needs here.")
    if value.sources:
        said.append(f"What goes into it is made {lines_in_words(value.sources[-3:])}: look there, too.")
    return Finding("\n".join(filter(None, said)), value.kind or measure and measure.kind, value.line,
                   FURTHER_VALUE.format(code(value.node)))


def lines_in_words(lines: tuple[int, ...]) -> str:
    return "in " + " and ".join(f"line {line}" for line in lines)


def value_of(exercise: Exercise, thing, refusal: Refusal) -> Needed | None:
    text = own_definitions(thing)
    if not text.strip() or refusal.case.training or not bounded.may_be_killed:
        return None
    try:
        return needed(exercise, ast.parse(text), surroundings_of(thing), refusal.case, FOR_VALUE)
    except (Exception, SystemExit, Endless):     # of the learner's own code, run once more
        return None


# ── in general ───────────────────────────────────────────────────────────────────────────────────────────────────────


def in_general(exercise: Exercise, thing, refusal: Refusal) -> Finding:
    """What can be said of a mistake for which nothing else speaks: how the numbers differ, and where values part."""
    measure = measure_of(exercise, refusal)
    line, where = parted(exercise, thing, refusal)
    said = (refusal.finding.message, measure.says if measure else "", where)
    return Finding("\n".join(filter(None, said)), refusal.finding.mistake or (measure.kind if measure else None), line)


def measure_of(exercise: Exercise, refusal: Refusal) -> Measure | None:
    if refusal.case is None:
        return None
    expected = exercise.answer(exercise.reference, refusal.case, refusal.case.arguments())
    return measured(refusal.given, expected, dict(sizes_of(named_arguments(exercise, refusal))))


def named_arguments(exercise: Exercise, refusal: Refusal) -> dict[str, object]:
    """The arguments of the case under their names in the reference."""
    reference = exercise.reference
    names = list(inspect.signature(reference.forward if isinstance(reference, type) else reference).parameters)
    return dict(zip(names[isinstance(reference, type):], refusal.case.arguments(), strict=False))


def parted(exercise: Exercise, thing, refusal: Refusal) -> tuple[int | None, str]:
    """The line on which the learner's values part from those of the course's version, with words."""
    if isinstance(refusal.given, Trouble):
        return refusal.given.line, ""
    agreed, line = last_and_first(exercise, thing, refusal)
    if line is None or agreed is None or line <= agreed:
        return None, ""
    return line, (f"Line {agreed} still has values that the course's version has, too; from line {line} on there are none. Look at "
                  f"{in_words(line, thing)}, and at all that goes into it.")


def last_and_first(exercise: Exercise, thing, refusal: Refusal) -> tuple[int | None, int | None]:
    """The last line of the learner's with values that the course's version has, too, and the first after it."""
    course = exercise.made(())
    own, theirs = (steps_of(lambda part=part: exercise.answer(part, refusal.case, refusal.case.arguments()), files_of(part))
                   for part in (thing, course))
    return parting(own, theirs, exercise.tolerance)


def files_of(thing) -> set[str]:
    return {function.__code__.co_filename for function in functions_of(thing)}


def with_example(exercise: Exercise, thing, refusal: Refusal, finding: Finding) -> Finding:
    """The finding, and the smallest example of what is wrong, where the answer is numbers."""
    arguments = named_arguments(exercise, refusal)

    def answer(part):
        return lambda *tried: exercise.answer(part, refusal.case, tried)

    example = "" if refusal.case.training or isinstance(refusal.given, Trouble) else smallest(
        answer(thing), answer(exercise.reference), tuple(arguments.values()), list(arguments), exercise.tolerance)
    return replace(finding, message=f"{finding.message}\n{example}") if example else finding
