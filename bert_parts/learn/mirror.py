"""Does a right version answer as the learner's part does when one small thing is changed in it? That is the kind of mistake."""

import ast
from collections.abc import Iterator
from contextlib import suppress

from bert_parts.learn.compare import difference
from bert_parts.learn.edits import Edit, edits_of
from bert_parts.learn.exercise import Case, Exercise
from bert_parts.learn.judging import Trouble
from bert_parts.learn.known import Outcomes, agree
from bert_parts.learn.nearness import Prepared, near, total_of
from bert_parts.learn.repair import SAME_COST, Candidates, Clock, Endless, Search

SWEEPING = {"return", "type", "gradient", "state", "definition"}     # kinds of edits that may hide everything else
MOST = 20     # pairs of an edit and a change that are compared in every case

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


class Mirror:
    """What the course's version answers in one case with each small change.

    Attributes:
        changed: each change that could be tried in time, the likeliest first; what it makes of the version; what that answers.
    """

    def __init__(self, exercise: Exercise, case: Case, seconds: float):
        self.exercise, self.case = exercise, case
        self.cases = [each for each in exercise.cases if not each.training]
        self.changed = [] if case.training else list(self.tried(Clock(seconds)))

    def tried(self, clock: Clock) -> Iterator[tuple[Edit, object, object]]:
        asked, tree = Prepared(self.exercise, self.case), ast.parse(self.exercise.source)
        candidates = Candidates(tree, self.exercise.name, self.exercise.surroundings, clock)
        for edit in edits_of(tree):
            if clock.is_up():
                return
            clock.start()
            with suppress(Exception, SystemExit, Endless):
                changed = candidates.made((edit,))
                if asked.nearness(changed) < 1 and asked.given is not None:
                    yield edit, changed, asked.given

    def kind_of(self, outcomes: Outcomes) -> str | None:
        """The kind of mistake, one of SAYS: that of the likeliest change with which the version answers as the learner's part does
        in every case; a step left out, if that does. None if there is none, or if the likeliest are of several kinds."""
        given = outcomes.at(self.case)
        if isinstance(given, Trouble):
            return None
        found = [edit for edit, changed, answer in self.changed if self.alike(answer, given)
                 and agree(Outcomes(self.exercise, changed), outcomes, self.cases)]
        if any(kind_as_seen(edit) == "missing" and edit.cost <= found[0].cost + SAME_COST for edit in found):
            return "missing"
        kinds = {kind_as_seen(edit) for edit in found if edit.cost == found[0].cost}
        return kinds.pop() if len(kinds) == 1 else None

    def met_by(self, search: Search) -> tuple[Edit, str] | None:
        """The likeliest edit of the learner's code, and kind of change elsewhere in the course's version, with which both answer
        the same in every case: two mistakes."""
        totals = [total_of(answer) for *_, answer in self.changed]
        pairs = [(edit.cost + change.cost, edit, reached, change, changed)
                 for edit, reached in search.tried if reached.given is not None and edit.kind not in SWEEPING
                 for (change, changed, answer), total in zip(self.changed, totals, strict=True)
                 if change.kind not in SWEEPING and near(total, total_of(reached.given)) and self.alike(answer, reached.given)]
        for _, edit, reached, change, changed in sorted(pairs, key=lambda pair: pair[0])[:MOST]:
            if search.besides(edit, reached, ast.unparse(change.about)) and self.same(search, edit, changed):
                return edit, kind_as_seen(change)
        return None

    def same(self, search: Search, edit: Edit, changed) -> bool:
        candidate = search.candidates.made((edit,))
        search.clock.start()
        return agree(Outcomes(self.exercise, changed), Outcomes(self.exercise, candidate), self.cases)

    def alike(self, one, other) -> bool:
        return difference(one, other, self.exercise.tolerance) is None


def kind_as_seen(change: Edit) -> str:
    """The kind of mistake, where a change of a right version makes it: what is taken out there is missing in the learner's."""
    return OTHER_WAY.get(change.kind, change.kind)
