"""What is wrong with an answer, in steps from sure to general: known mistakes, one or two at once; an edit of the learner's own
code that sets it right; how the numbers differ; where values part. With all of them goes the smallest example."""

import ast
import functools
import inspect
import linecache
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from torch import Tensor

from bert_parts.learn import bounded
from bert_parts.learn.bounded import TimeUp
from bert_parts.learn.compare import copied
from bert_parts.learn.edits import Edit
from bert_parts.learn.example import smallest
from bert_parts.learn.exercise import Exercise, Finding
from bert_parts.learn.judging import (
    CHANGED,
    RANDOM,
    Refusal,
    Trouble,
    by_chance,
    changes,
    has_by_itself,
    judge,
    outcome_of,
    without_praise,
)
from bert_parts.learn.known import (
    Mistaken,
    Outcomes,
    OwnOutcomes,
    Way,
    agree,
    all_shown_here,
    apart_from,
    as_which,
    contradicted,
    finding_of,
    is_refuted,
    known_mistake,
    shown_here,
    two_at_once,
    two_mistakes,
    ways,
    which,
)
from bert_parts.learn.measures import Measure, measured, sizes_of
from bert_parts.learn.mirror import SAYS, mirrored
from bert_parts.learn.nearness import Trial, tells_little
from bert_parts.learn.needed import Needed, line_of, needed
from bert_parts.learn.repair import DOUBTFUL, Endless, Near, Search, search_in
from bert_parts.learn.sites import code
from bert_parts.learn.source import first_line, functions_of, surroundings_of, tree_of
from bert_parts.learn.steadied import steadied
from bert_parts.learn.trace import parting, steps_of

# Seconds of the processor: for one edit or two, for two known mistakes at once, for changes of the course's version, and for the
# place of a mistake that has a name.
FOR_EDITS, FOR_TWO, FOR_MIRROR, FOR_PLACE, FOR_VALUE = 1.9, 0.5, 0.5, 0.5, 1.0
LATEST = 4.5                # seconds of the processor, from the beginning of the check, after which nothing more is begun
SUSPECTED = 1.0             # by how much an edit is likelier at a place that is suspected
PLAIN = 2.0                 # an edit that costs less is surer than what two expressions tell
SURE = 3                    # times as much is one at a place on which the end of a loop depends, if it never ends
ANSWERS_SO = "In every case you answer as a right version does in which one thing is wrong: {0}."
FURTHER_VALUE = "Work `{0}` out by hand for a small example: what should it be, and which step of yours makes it another?"
THERE = "What is the matter there: {0}."
ROWS = "expected sequence of length"
ERRORS = [(name, re.compile(says), re.compile(where), kind) for name, says, where, kind in (     # words; code and line
    ("TypeError", "^(?!.*not callable)", "^Call", "argument"),
    ("ValueError", "values to unpack", r"\.(shape|size\(\))", "shape"),
    ("ValueError", ROWS, "^Call tensor", "shape"),
    ("RuntimeError", "a bool tensor|scalar type|dtype|not implemented for", "", "type"),
    ("RuntimeError", "invalid for input of size", "^Call (view|reshape)", "shape"),
)]
OF_VALUES = {
    "name": "It is the right thing to do, with another variable, or with one that was changed before.",
    "argument": "It is the right thing to call, with another number of arguments than it needs here.",
    "axis": "It is the right thing to call, along another dimension than is meant.",
}
CHANCE = re.compile("drop|train|eval|rand|bernoulli")


def diagnosed(exercise: Exercise, thing, refusal: Refusal) -> Finding:
    """The refusal of an answer, with the mistake's name, its place and words where they are found."""
    *_, last = findings(exercise, thing, refusal)
    return last


def findings(exercise: Exercise, thing, refusal: Refusal) -> Iterator[Finding]:
    """The same as it becomes known, each finding better than those before: if time is up, the last that was told stands."""
    if refusal.case is None:
        found = placed(exercise, thing, refusal, refusal.finding, 2 * FOR_PLACE)
        yield with_kind_of_error(thing, refusal, and_by_chance(exercise, thing, besides(exercise, thing, found)))
        return
    outcomes, known = Outcomes(exercise, thing, {refusal.case: refusal.given}), ways(exercise)
    found, example = known_mistake(known, outcomes, refusal), example_of(exercise, thing, refusal)
    general = None if found or refusal.case.training else in_general(exercise, thing, refusal)     # in training that takes long
    if found or general:
        yield with_example(found or general, example)
    finding = placed(exercise, thing, refusal, found, FOR_PLACE) if found else (
        searched(exercise, thing, refusal, outcomes, known) or shown_here(known, outcomes, refusal)
        or general or in_general(exercise, thing, refusal))
    finding = with_rest(exercise, thing, refusal, and_by_chance(exercise, thing, finding))
    yield with_example(finding, example)


def and_by_chance(exercise: Exercise, thing, finding: Finding) -> Finding:
    """The finding; if chance has a hand in a module's answers outside training, that too, with what is left without it."""
    told = finding.mistake or ""
    if not isinstance(exercise.reference, type) or " + " in told or told in (RANDOM, CHANGED.mistake):
        return finding
    cases = [case for case in exercise.cases if not case.training]
    answers = [(case, outcome_of(lambda case=case: exercise.answer(thing, case, case.arguments()), thing)) for case in cases]
    if not any(changes(exercise, thing, case, given) for case, given in answers if not isinstance(given, Trouble)):
        return finding
    both = besides(exercise, thing, by_chance(exercise))
    return both if " + " in both.mistake else two_at_once(finding, both)


def with_rest(exercise: Exercise, thing, refusal: Refusal, finding: Finding) -> Finding:
    """The finding; if it is that an answer's dtype is another, with what is still wrong when that is put right."""
    if finding.mistake != "type" or not isinstance(refusal.given, Tensor) or isinstance(exercise.reference, type):
        return finding
    wanted = exercise.answer(exercise.reference, refusal.case, refusal.case.arguments()).dtype

    def seen(answer, *arguments):
        shown = exercise.seen(answer, *arguments)
        return shown.to(wanted) if isinstance(shown, Tensor) else shown

    calm = replace(exercise, seen=seen, probes=())
    left = judge(calm, thing)
    return two_at_once(finding, surely(calm, thing, left)) if left and left.case else finding


def surely(exercise: Exercise, thing, refusal: Refusal) -> Finding | None:
    """The known mistake as which an answer is wrong in every case; or the one likely edit that sets it right, or how its numbers
    differ."""
    way = which(ways(exercise), Outcomes(exercise, thing, {refusal.case: refusal.given}), refusal)
    if way:
        return finding_of(way)
    search = search_for(exercise, thing, refusal, [], left_of(FOR_PLACE))
    edits = search and search.one()
    if edits and edits[0].sure and edits[0].cost < DOUBTFUL:
        return Finding(capital(place_of(edits[0], thing)), named(edits[0].kind), edits[0].line, edits[0].further)
    measure = measure_of(exercise, refusal)
    return Finding(measure.says, measure.kind) if measure and measure.kind else None


def besides(exercise: Exercise, thing, finding: Finding) -> Finding:
    """The finding; if it is that what was given is changed, or that chance has a hand in the answer, with the known mistake that is
    left without that."""
    without = {CHANGED.mistake: on_copies, RANDOM: steadied}.get(finding.mistake)
    if without is None or without is on_copies and isinstance(exercise.reference, type):
        return finding
    calm = replace(exercise, cases=tuple(case for case in exercise.cases if not case.training), probes=())
    part = without(thing)
    refusal = judge(calm, part)
    if refusal is None or refusal.case is None:
        return finding
    way = which(ways(calm), Outcomes(calm, part, {refusal.case: refusal.given}), refusal)
    return two_at_once(finding, way and finding_of(way))


def on_copies(function):
    """The function, which is given copies."""
    @functools.wraps(function)
    def unshared(*arguments):
        return function(*copied(arguments))

    return unshared


# ── repair ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def placed(exercise: Exercise, thing, refusal: Refusal, finding: Finding, seconds: float) -> Finding:
    """A finding with the line on which a small edit sets the code right, if there is one."""
    search = None if finding.line else search_for(exercise, thing, refusal, [], left_of(seconds))
    edits = search and (search.one() or search.two())
    if not edits or not all(edit.sure for edit in edits):
        return finding
    if not finding.mistake:
        return repaired(exercise, thing, refusal, edits)
    if len(edits) == 2 and " + " not in finding.mistake:
        both = of_two(exercise, thing, refusal, finding, search, edits)
        if both:
            return both
    places = " ".join(f"Look at {in_words(edit.line, thing)}." for edit in edits)
    return replace(finding, line=edits[0].line, message=f"{finding.message}\n{places}")


def of_two(exercise: Exercise, thing, refusal: Refusal, finding: Finding, search: Search,
           edits: tuple[Edit, ...]) -> Finding | None:
    """What was found, at the place of the one of two edits that mends it, and what is the matter at that of the other: by the name
    of the known mistake that is left without the first, if it is one. None if that is not one of them alone."""
    if refusal.case is None:
        cures = [edit for edit in edits if search.without(finding.mistake, edit, functools.partial(judge, exercise))]
        left = None
    else:
        found = {edit.changes: left_by(exercise, search, edit) for edit in edits}
        cures = [edit for edit in edits if found[edit.changes] and found[edit.changes].mistake != finding.mistake]
        left = found[cures[0].changes] if cures else None
    if len(cures) != 1:
        return None
    other = edits[edits[0] is cures[0]]
    known = left is not None and left.mistake is not None
    more = f"{without_praise(left.message)} Look at {in_words(other.line, thing)}." if known else place_of(other, thing)
    return replace(finding, line=cures[0].line, mistake=named(finding.mistake, left.mistake if known else other.kind),
                   message=f"Two things at once. {finding.message}\nLook at {in_words(cures[0].line, thing)}.\nAnd {more}")


def left_by(exercise: Exercise, search: Search, edit: Edit) -> Finding | None:
    """What is still wrong after an edit, where it is a known mistake, or no answer is wrong any more."""
    search.clock.start()
    with suppress(Exception, SystemExit, Endless), search.clock.overtime():
        part = search.candidates.made((edit,))
        refusal = judge(exercise, part)
        if refusal is None or refusal.case is None:
            return refusal and refusal.finding
        way = which(ways(exercise), Outcomes(exercise, part, {refusal.case: refusal.given}), refusal)
        return finding_of(way) if way else None
    return None


def searched(exercise: Exercise, thing, refusal: Refusal, outcomes: Outcomes, known: list[Way]) -> Finding | None:
    """A mistake that is not in the list: an edit of the learner's code that sets it right; two known mistakes at once; a value
    that, put right, sets all right; an edit that leaves a known mistake; a change of the course's version that answers so; two
    edits; a value of which a piece of one of the course's will do.

    Edits and changes are tried in a child process only: code with an edit may bring down the process that tries it.
    """
    where = value_of(exercise, thing, refusal)
    here = Here(outcomes, [] if isinstance(refusal.given, Trouble) else all_shown_here(known, outcomes, refusal))
    search = search_for(exercise, thing, refusal, known, left_of(FOR_EDITS), where, here)
    edits = search and search.one()
    told = where and unmet(exercise, thing, refusal, where)
    value = None if where and where.late else told
    told_better = bool(edits and value and value.mistake not in (None, edits[0].kind) and value.line in edits[0].lines
                       and edits[0].cost >= PLAIN)
    if edits and edits[0].cost < DOUBTFUL and not told_better:
        return repaired(exercise, thing, refusal, edits)
    beside = not edits and search and search.one_and_left(functools.partial(is_there, exercise, thing))
    if beside:
        edit, left = beside
        return Finding(f"Two things at once. {capital(place_of(edit, thing))}\nAnd: {without_praise(left.message)}",
                       named(edit.kind, left.mistake), edit.line, edit.further)
    two, certain = two_mistakes(known, outcomes, refusal, left_of(FOR_TWO))
    if two and certain:
        return placed(exercise, thing, refusal, two, FOR_PLACE)
    if edits and not told_better and (value is None or value.line in edits[0].lines):
        return repaired(exercise, thing, refusal, edits)
    met = search and search.one_and_known(lambda way: apart_from(way, outcomes) and not is_refuted(way, outcomes))
    if met and met[0].kind == "sign" and not is_borne_out(met[0], met[1].like, outcomes, refusal):     # much looks right so
        met = None
    if two and not met:
        return placed(exercise, thing, refusal, two, FOR_PLACE)
    if value and not met and not edits:
        two_edits = search and search.two_apart(left_of(FOR_TWO))
        if two_edits:
            return repaired(exercise, thing, refusal, two_edits, as_named(search, two_edits, outcomes))
    if not two and value and not (met and (value.mistake is None or is_surer(exercise, *met, value))):
        return as_known(value, known, outcomes, refusal, where.sources)
    if met:
        edit, way = met[0], met[1].like
        return Finding(f"Two things at once. {way.mistake.says}\nAnd {place_of(edit, thing)}",
                       named(way.mistake.name, edit.kind), edit.line, edit.further)
    if not bounded.may_be_killed:
        return None
    kind = mirrored(exercise, refusal.case, outcomes, left_of(FOR_MIRROR))
    if kind:
        return Finding(f"{refusal.finding.message}\n{ANSWERS_SO.format(SAYS[kind])}", kind)
    besides_it = beside_what_shows(here, outcomes) or met_by_a_change(search, outcomes, refusal, thing)
    if besides_it:
        return besides_it
    edits = search and (search.two(left_of(LATEST)) or not told and search.cutting())
    return repaired(exercise, thing, refusal, edits, as_named(search, edits, outcomes)) if edits else told and as_known(
        told, known, outcomes, refusal, where.sources)


def as_named(search: Search, edits: tuple[Edit, ...], outcomes: Outcomes) -> dict[int, Way]:
    """Of two edits, the known mistakes that each mends, by its place: with the other alone that mistake is all that is wrong. If
    that is so of both, the two mistakes must answer as the learner's part does, too."""
    if len(edits) != 2:
        return {}
    left = {place: search.alone(edits[1 - place]) for place in (0, 1)}
    found = {place: near.like for place, near in left.items() if near and near.like and not is_refuted(near.like, outcomes)}
    return {} if len(found) == 2 and contradicted(list(found.values()), outcomes) else found


def beside_what_shows(here: "Here", outcomes: Outcomes) -> Finding | None:
    """A known mistake that shows where the learner's part fails first, and the kind of what else is wrong: of a change of the
    course's version with that mistake which makes it answer so in every case."""
    for way, (case, *_) in here.ways:
        shows = not way.outcomes.alike(outcomes, case)
        kind = mirrored(Mistaken.of(way), case, outcomes, left_of(FOR_MIRROR)) if shows else None
        if kind:
            return Finding(f"Two things at once. {way.mistake.says}\nIn every case you answer as a version with that mistake does "
                           f"in which one thing more is wrong: {SAYS[kind]}.", f"{way.mistake.name} + {kind}")
    return None


def is_borne_out(edit: Edit, way: Way, outcomes: Outcomes, refusal: Refusal) -> bool:
    """Whether a change of the same kind makes the course's version with that mistake answer as the learner's part does."""
    return mirrored(Mistaken.of(way), refusal.case, outcomes, left_of(FOR_MIRROR)) == edit.kind


def met_by_a_change(search: Search | None, outcomes: Outcomes, refusal: Refusal, thing) -> Finding | None:
    """An edit that leaves a known mistake without bringing the answers nearer, if a change of the same kind of the course's version
    with that mistake makes it answer as the learner's part does."""
    for edit, way in search.others_and_known(lambda way: not is_refuted(way, outcomes)) if search else ():
        if is_borne_out(edit, way, outcomes, refusal):
            return Finding(f"Two things at once. {way.mistake.says}\nAnd {place_of(edit, thing)}",
                           named(way.mistake.name, edit.kind), edit.line, edit.further)
    return None


def left_of(seconds: float) -> float:
    """So many seconds, or what is left of the time for the whole answer; a child process is there for that alone."""
    return min(seconds, max(0.0, LATEST - time.process_time())) if bounded.may_be_killed else seconds


def as_known(value: Finding, known: list[Way], outcomes: Outcomes, refusal: Refusal, sources: tuple[int, ...] = ()) -> Finding:
    """The finding of a value. If it has no name itself: with the one known mistake that shows where the learner's part fails, or
    with what is changed in the course's version to make it answer so; that may be on any of the lines that the value comes from."""
    here = None if value.mistake else shown_here(known, outcomes, refusal, alone=True)
    if here or value.mistake:
        return replace(value, message=f"{value.message}\n{here.message}", mistake=here.mistake) if here else value
    kind = mirrored(outcomes.exercise, refusal.case, outcomes, left_of(FOR_MIRROR))
    if not kind:
        return value
    line = None if sources else value.line
    return replace(value, message=f"{value.message}\n{ANSWERS_SO.format(SAYS[kind])}", mistake=kind, line=line)


def is_surer(exercise: Exercise, edit: Edit, near: Near, value: Finding) -> bool:
    """Whether an edit and the known mistake that it leaves are surer than a value: that mistake shows without the edit, or in
    training only; or the value and the edit tell the same thing of the same line."""
    return near.shown or shows_in_training_only(exercise, near.like) or value.mistake == edit.kind and value.line in edit.lines


def is_there(exercise: Exercise, thing, left: Finding) -> bool:
    """Whether what an edit leaves is wrong in the learner's part as it is, and was not brought by the edit."""
    try:
        return left.mistake is not None and has_by_itself(exercise, thing, left)
    except (Exception, SystemExit):     # of the learner's code, run once more
        return False


def shows_in_training_only(exercise: Exercise, way: Way) -> bool:
    return agree(OwnOutcomes(exercise, exercise.reference), way.outcomes, [case for case in exercise.cases if not case.training])


def repaired(exercise: Exercise, thing, refusal: Refusal, edits: tuple[Edit, ...], known: dict[int, Way] | None = None) -> Finding:
    """The place and kind of one or two small edits that set the learner's code right, or the known mistakes that they mend, by
    their places. That a dtype is wrong is known without."""
    if refusal.finding.mistake == "type" and not any(edit.kind == "type" for edit in edits):
        return in_general(exercise, thing, refusal)
    measure, known = measure_of(exercise, refusal), known or {}
    places = [f"look at {in_words(edit.line, thing)}: {known[number].mistake.says}" if number in known else place_of(edit, thing)
              for number, edit in enumerate(edits)]
    said = [refusal.finding.message, measure.says if measure else "", *map(capital, places)]
    names = [known[number].mistake.name if number in known else edit.kind for number, edit in enumerate(edits)]
    return Finding("\n".join(filter(None, said)), named(*names), edits[0].line, edits[0].further)


def named(*names: str) -> str | None:
    """The names or kinds of what is wrong in one; those that cannot be told are left out."""
    return " + ".join(filter(None, names)) or None


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def place_of(edit: Edit, thing) -> str:
    return f"{'in' if edit.sure else 'perhaps in'} {in_words(edit.line, thing)}: {edit.says}{'.' * (edit.says[-1] != '?')}"


def search_for(exercise: Exercise, thing, refusal: Refusal, known: list[Way], seconds: float,
               where: Needed | None = None, here: "Here | None" = None) -> Search | None:
    """The search for edits that set the learner's code right, within so many seconds; None if there is no code, or no time. Those
    on the lines of a value that is wrong are tried first.

    There is one in a child process only: code with an edit may bring down the process that tries it.
    """
    text = own_definitions(thing)
    if not text.strip() or seconds <= 0 or not bounded.may_be_killed:
        return None
    progress = Progress(exercise, known, refusal, here)
    search = search_in(text, thing.__name__, surroundings_of(thing), progress, seconds, ast.parse(exercise.source), progress.proved)
    if search and (refusal.case or is_endless(refusal)):
        first, lines = suspected(exercise, thing, refusal), {where.line, line_of(where.node)} if where else set()
        search.edits.sort(key=lambda edit: edit.cost - SUSPECTED * (first(edit) + (not lines.isdisjoint(edit.lines))))
    return search


def suspected(exercise: Exercise, thing, refusal: Refusal) -> Callable[[Edit], int]:
    """Whether an edit is about what is suspected first: in training chance; else the line of an error, or the lines after the last
    that is right, up to the first that is not."""
    if is_endless(refusal):
        return moves_on(ast.parse(own_definitions(thing)))
    if refusal.case.training:
        return lambda edit: bool(CHANCE.search(ast.unparse(edit.about)))
    if isinstance(refusal.given, Trouble):
        line = refusal.given.line
        return lambda edit: line is not None and edit.line == line
    agreed, line = last_and_first(exercise, thing, refusal)
    return lambda edit: agreed is not None and agreed < edit.line <= (line or math.inf)


def is_endless(refusal: Refusal) -> bool:
    return isinstance(refusal.given, Trouble) and refusal.given.kind[0] == TimeUp.__name__


def moves_on(tree: ast.Module) -> Callable[[Edit], int]:
    """Whether an edit is about a line that sets something on which the end of a loop depends, or about that condition."""
    conditions = [node.test for node in ast.walk(tree) if isinstance(node, ast.While)]
    names = {node.id for condition in conditions for node in ast.walk(condition) if isinstance(node, ast.Name)}
    texts = {ast.unparse(condition) for condition in conditions}

    def about(edit: Edit) -> bool:
        set_here = {node.id for node in ast.walk(edit.about) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        plain = isinstance(edit.about, (ast.Assign, ast.AugAssign))
        return SURE * (plain and not names.isdisjoint(set_here) or ast.unparse(edit.about) in texts)

    return about


class Here:
    """The known mistakes that show where the learner's part fails first, and are not all that is wrong with it.

    Args:
        outcomes: what the learner's part answers.
        ways: as which it answers there.
    """

    def __init__(self, outcomes: Outcomes, ways: list[Way]):
        cases = [case for case in outcomes.exercise.cases if not case.training]
        self.exercise = outcomes.exercise
        self.ways = [(way, sorted(cases, key=lambda case, way=way: way.outcomes.alike(outcomes, case))) for way in ways]

    def which(self, candidate) -> Way | None:
        """The first of them as which a candidate answers in every case, also where the learner's part does not."""
        own = OwnOutcomes(self.exercise, candidate)
        return next((way for way, cases in self.ways if agree(own, way.outcomes, cases)), None)


class Progress:
    """How right a candidate is: how near in the cases that are quickly asked, and whether nothing at all is wrong with it. The
    first is the learner's own code. What is nearer than that is compared with the known mistakes, which takes long; what is as
    near, with those only that show where the learner's code fails first."""

    def __init__(self, exercise: Exercise, known: list[Way], refusal: Refusal, here: Here | None = None):
        self.exercise, self.known, self.here = exercise, known, here
        self.trial = Trial(exercise, refusal.case)
        self.before: Near | None = None

    def __call__(self, thing) -> Near:
        near = Near(self.trial(thing))
        failed = self.trial.failed_at
        if near < 1 and not failed:
            near = Near(near)
            near.left = self.trial.left
        if near < 1 and failed and not failed.case.training:
            near = Near(0.9 * near)
            with suppress(Endless):
                self.compare(near, thing)
        if self.before is None:
            self.before = near
        return near

    def compare(self, near: Near, thing):
        """Write into what is found of a candidate the known mistake as which it answers."""
        failed = self.trial.failed_at
        if self.before is not None and (near > self.before or failed.given is not None and not tells_little(failed)):
            near.like = as_which(self.known, self.exercise, thing, failed.case, failed.given)
        if near == self.before and self.here and self.here.ways:
            near.like = near.like or self.here.which(thing)
            near.shown = any(way is near.like for way, _ in self.here.ways)

    def proved(self, thing) -> Near:
        """1 for a candidate that the judge accepts."""
        refusal = judge(self.exercise, thing)
        found = Near(0.95 if refusal else 1)
        if refusal and refusal.case:
            found.like = as_which(self.known, self.exercise, thing, refusal.case, refusal.given)
        elif refusal:
            found.left = refusal.finding
        return found


def own_definitions(thing) -> str:
    """The learner's functions and classes out of the cell of a part, each on the lines on which it stands there."""
    text = "".join(linecache.getlines(next(iter(files_of(thing)), "")))
    kept = {line for node in tree_of(text).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
            for line in range(first_line(node), node.end_lineno + 1)}
    return "\n".join(words if number in kept else "" for number, words in enumerate(text.splitlines(), 1))


def in_words(line: int, thing) -> str:
    return f"line {line}, `{line_of_text(line, thing)}`"


def line_of_text(line: int, thing) -> str:
    return linecache.getline(next(iter(files_of(thing))), line).strip()


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def unmet(exercise: Exercise, thing, refusal: Refusal, value: Needed) -> Finding:
    """The place of a value that is not what it should be, while all that is made of it is right."""
    measure = None if value.kind else measured(value.own, value.needed, dict(sizes_of(named_arguments(exercise, refusal))))
    alike = f", and so should what is made {lines_in_words(value.others)}" if value.others else ""
    said = [refusal.finding.message,
            f"In {in_words(line_of(value.node), thing)}: `{code(value.node)}` should be another value{alike}; "
            f"then all that you make of it is right. {value.says()}".rstrip(), measure.says if measure else ""]
    if value.given:
        said.append(f"What is done there is right, so it is `{value.given}` that is wrong. Look at {in_words(value.line, thing)}.")
    if value.work:
        said.append(f"Where it is first another, the right thing goes into it, and what is done with that is not right: "
                    f"{SAYS[value.work]}.")
    if value.kind and value.kind != "type":     # that is told with the two values
        said.append(OF_VALUES.get(value.kind) or f"{capital(SAYS[value.kind])}.")
    if value.begins:
        said.append(f"What goes into it comes from {in_words(value.begins, thing)}: is that as it should be?")
    elif value.sources:
        said.append(f"What goes into it is made {lines_in_words(value.sources[-3:])}.")
    kind = kind_of_value(value, measure, measure_of(exercise, refusal)) or refusal.finding.mistake
    if kind is None and isinstance(refusal.given, Trouble) and refusal.given.line == value.line:
        kind = kind_of_error(thing, refusal.given)
    return Finding("\n".join(filter(None, said)), kind, value.begins or value.line, FURTHER_VALUE.format(code(value.node)))


def kind_of_value(value: Needed, measure: Measure | None, of_answer: Measure | None) -> str | None:
    """What kind of thing is the matter with a value: what the two expressions tell, how it differs, or how the answer does. That
    all numbers are too large by the same may be a step left out, but tells less than the step itself."""
    kinds = [value.kind, measure and measure.kind, value.work, of_answer and of_answer.kind]
    if measure and measure.kind == "missing":
        kinds.insert(3, kinds.pop(1))
    return next(filter(None, kinds), None)


def lines_in_words(lines: tuple[int, ...]) -> str:
    return "in " + " and ".join(f"line {line}" for line in dict.fromkeys(lines))


def value_of(exercise: Exercise, thing, refusal: Refusal) -> Needed | None:
    text = own_definitions(thing)
    if not text.strip() or refusal.case.training or is_endless(refusal) or not bounded.may_be_killed:
        return None
    try:
        return needed(exercise, ast.parse(text), surroundings_of(thing), refusal.case, left_of(FOR_VALUE))
    except (Exception, SystemExit, Endless):     # of the learner's own code, run once more
        return None


# ── in general ───────────────────────────────────────────────────────────────────────────────────────────────────────


def in_general(exercise: Exercise, thing, refusal: Refusal) -> Finding:
    """What can be said of a mistake for which nothing else speaks: how the numbers differ, and where values part."""
    measure = measure_of(exercise, refusal)
    line, where = parted(exercise, thing, refusal)
    said = (refusal.finding.message, measure.says if measure else "", where)
    kind = refusal.finding.mistake or (measure.kind if measure else None)
    return with_kind_of_error(thing, refusal, Finding("\n".join(filter(None, said)), kind, line))


def kind_of_error(thing, given) -> str | None:
    """What kind of thing is the matter where an error is raised on one of the learner's lines, if it tells that."""
    if not isinstance(given, Trouble) or given.line is None:
        return None
    error, words, place = given.kind
    where = f"{place} {line_of_text(given.line, thing)}"
    return next((kind for name, says, here, kind in ERRORS if name == error and says.search(words) and here.search(where)), None)


def with_kind_of_error(thing, refusal: Refusal, finding: Finding) -> Finding:
    """The finding; if it has no name, with what the error tells that ended the learner's code."""
    kind = None if finding.mistake else kind_of_error(thing, refusal.given)
    says = "rows of different lengths make no tensor" if kind and ROWS in refusal.given.kind[1] else SAYS.get(kind)
    return replace(finding, mistake=kind, message=f"{finding.message}\n{THERE.format(says)}") if kind else finding


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
    return line, f"Line {agreed} still has values that the course's version has; from {in_words(line, thing)} on there are none."


def last_and_first(exercise: Exercise, thing, refusal: Refusal) -> tuple[int | None, int | None]:
    """The last line of the learner's with values that the course's version has, too, and the first after it."""
    course = exercise.made(())
    own, theirs = (steps_of(lambda part=part: exercise.answer(part, refusal.case, refusal.case.arguments()), files_of(part))
                   for part in (thing, course))
    return parting(own, theirs, exercise.tolerance)


def files_of(thing) -> set[str]:
    return {function.__code__.co_filename for function in functions_of(thing)}


def with_example(finding: Finding, example: str) -> Finding:
    return replace(finding, message=f"{finding.message}\n{example}") if example else finding


def example_of(exercise: Exercise, thing, refusal: Refusal) -> str:
    """The smallest example of what is wrong, where the answer is numbers; else ""."""
    if refusal.case.training or isinstance(refusal.given, Trouble):
        return ""
    arguments = named_arguments(exercise, refusal)

    def answer(part):
        return lambda *tried: exercise.answer(part, refusal.case, tried)

    return smallest(answer(thing), answer(exercise.reference), tuple(arguments.values()), list(arguments), exercise.tolerance)
