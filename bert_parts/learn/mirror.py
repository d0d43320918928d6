"""Does a right version answer as the learner's part does when one small thing is changed in it? That is the kind of mistake."""

import ast
from collections.abc import Iterator
from contextlib import suppress

from bert_parts.learn.compare import difference
from bert_parts.learn.edits import Edit, edits_of
from bert_parts.learn.exercise import Case, Exercise
from bert_parts.learn.judging import Trouble
from bert_parts.learn.known import Outcomes, agree
from bert_parts.learn.nearness import Prepared
from bert_parts.learn.repair import SAME_COST, Candidates, Clock, Endless

SAYS = {     # of a kind of change, what is then the matter
    "axis": "a dimension is not the one that is meant",
    "shape": "a shape is changed in another way than it should be",
    "operator": "an operation is not the one that is meant",
    "scale": "something is too large or too small: a factor, a root or an exponent",
    "sign": "something is the wrong way round: a minus, a `not` or a `~`",
    "condition": "a condition holds when it should not, or the other way round",
    "number": "a number is off: an index, a bound, a count",
    "name": "a variable or function stands where another belongs",
    "argument": "something is called with other arguments than it should be",
    "missing": "a step is left out",
    "extra": "something is done that is not asked for",
    "order": "two steps, or two things, stand in the wrong order",
    "type": "something has another type than it should have",
    "gradient": "something cuts off the gradient",
    "state": "something is changed, or shared, that should not be",
    "return": "what is given back is not what is asked for",
    "definition": "something is defined in another way than it should be",
}
OTHER_WAY = {"missing": "extra", "extra": "missing"}     # what is taken out of a right version is missing in the learner's


def mirrored(exercise: Exercise, case: Case, outcomes: Outcomes, seconds: float) -> str | None:
    """The kind of mistake, one of SAYS: that of the likeliest change with which the course's version answers as the learner's part
    does in every case; a step left out, if that does. None if there is none, or if the likeliest are of several kinds.

    Args:
        case: the one that fails. outcomes: what the learner's part answers.
        seconds: how long it may take, of the processor.
    """
    given = outcomes.at(case)
    if case.training or isinstance(given, Trouble):
        return None
    cases = [each for each in exercise.cases if not each.training]
    found = [edit for edit, changed, answer in changed_versions(exercise, case, Clock(seconds))
             if difference(answer, given, exercise.tolerance) is None and agree(Outcomes(exercise, changed), outcomes, cases)]
    if any(kind_as_seen(edit) == "missing" and edit.cost <= found[0].cost + SAME_COST for edit in found):
        return "missing"
    kinds = {kind_as_seen(edit) for edit in found if edit.cost == found[0].cost}
    return kinds.pop() if len(kinds) == 1 else None


def changed_versions(exercise: Exercise, case: Case, clock: Clock) -> Iterator[tuple[Edit, object, object]]:
    """Each small change of the course's version that can be tried in time and matters, the likeliest first; what it makes of the
    version; and what that answers in the case."""
    asked, tree = Prepared(exercise, case), ast.parse(exercise.source)
    candidates = Candidates(tree, exercise.name, exercise.surroundings, clock)
    for edit in edits_of(tree):
        if clock.is_up():
            return
        clock.start()
        with suppress(Exception, SystemExit, Endless):
            changed = candidates.made((edit,))
            if asked.nearness(changed) < 1 and asked.given is not None:
                yield edit, changed, asked.given


def kind_as_seen(change: Edit) -> str:
    """The kind of mistake, where a change of a right version makes it: what is taken out there is missing in the learner's."""
    return OTHER_WAY.get(change.kind, change.kind)
