"""Is this wrong answer one that is known, or two of them at once?"""

import itertools
import time
from collections.abc import Iterator

from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding
from bert_parts.learn.judging import Refusal, Trouble, outcome_of
from bert_parts.learn.lesson_pages import Mistake
from bert_parts.learn.patches import Changes, PatchError

NOT_ASKED = object()


class Outcomes:
    """What a thing answers in the cases of an exercise, each asked when it is needed, and once."""

    def __init__(self, exercise: Exercise, thing, given: dict[Case, object] | None = None):
        self.exercise, self.thing, self.given = exercise, thing, dict(given or {})

    def at(self, case: Case):
        if case not in self.given:
            self.given[case] = outcome_of(lambda: self.exercise.answer(self.thing, case, case.arguments()), self.thing)
        return self.given[case]

    def alike(self, other: "Outcomes", case: Case) -> bool:
        """Whether both answer the same, or fail in the same way at the same kind of place."""
        one, two = self.at(case), other.at(case)
        if isinstance(one, Trouble) or isinstance(two, Trouble):
            return isinstance(one, Trouble) and isinstance(two, Trouble) and one.kind == two.kind
        return difference(one, two, self.exercise.tolerance) is None


def known_mistake(exercise: Exercise, outcomes: Outcomes, refusal: Refusal) -> Finding | None:
    """The first known mistake that answers as the learner's part does in every case."""
    for mistake, way in ways(exercise):
        if agrees_if_made(exercise, way, outcomes, refusal.case):
            return Finding(mistake.says, mistake.name)
    return None


def two_mistakes(exercise: Exercise, outcomes: Outcomes, refusal: Refusal, until: float) -> Finding | None:
    """Two known mistakes that, made together, answer so; None if there are none, or time (monotonic) is up.

    Those of which one alone gives the answer that was given where it first failed are tried first.
    """
    known = list(ways(exercise))
    telling = {place for place, (_, way) in enumerate(known)
               if outcomes.alike(Outcomes(exercise, exercise.made(way)), refusal.case)}
    pairs = sorted(itertools.combinations(range(len(known)), 2), key=lambda pair: telling.isdisjoint(pair))
    for (one, first), (other, second) in ((known[a], known[b]) for a, b in pairs):
        if time.monotonic() > until:
            return None
        if one is not other and agrees_if_made(exercise, first + second, outcomes, refusal.case):
            return Finding(f"Two things at once. {one.says}\nAnd: {other.says}", f"{one.name} + {other.name}")
    return None


def agrees_if_made(exercise: Exercise, changes: Changes, outcomes: Outcomes, first: Case) -> bool:
    try:
        return agrees(exercise, exercise.made(changes), outcomes, first)
    except (PatchError, SyntaxError):     # two that meet in one place
        return False


def shown_here(exercise: Exercise, outcomes: Outcomes, refusal: Refusal) -> Finding | None:
    """A known mistake that answers as the learner's part does where that fails first, if there is just one such answer."""
    for mistake, way in ways(exercise):
        if outcomes.alike(Outcomes(exercise, exercise.made(way)), refusal.case):
            return Finding(mistake.says, mistake.name)
    return None


def ways(exercise: Exercise) -> Iterator[tuple[Mistake, Changes]]:
    """The mistakes that show in an answer, with each way to make them."""
    return ((mistake, way) for mistake in exercise.mistakes if mistake.says for way in mistake.ways)


def agrees(exercise: Exercise, twin, outcomes: Outcomes, first: Case) -> bool:
    """Whether the twin answers everywhere as the learner's part: at the case that fails first, then at the others."""
    own = Outcomes(exercise, twin)
    cases = sorted(exercise.cases, key=lambda case: (case.training, case is not first))
    return all(outcomes.alike(own, case) for case in cases)
