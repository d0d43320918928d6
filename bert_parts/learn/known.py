"""Is this wrong answer one that is known, or two of them at once?"""

import itertools
import time
from collections.abc import Iterator

from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding
from bert_parts.learn.judging import Refusal, Trouble, outcome_of
from bert_parts.learn.lesson_pages import Mistake
from bert_parts.learn.patches import Changes, PatchError


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
    return first_that_agrees(exercise, outcomes, in_order(exercise, refusal.case))


def two_mistakes(exercise: Exercise, outcomes: Outcomes, refusal: Refusal, until: float) -> Finding | None:
    """Two known mistakes that, made together, answer so; None if there are none, or time (of the processor) is up.

    Those of which one alone gives what was given where it first failed are tried first.
    """
    known = list(ways(exercise))
    alone = telling_cases(exercise, refusal)
    telling = {place for place, (_, way) in enumerate(known) if agrees_if_made(exercise, way, outcomes, alone)}
    pairs = sorted(itertools.combinations(range(len(known)), 2), key=lambda pair: telling.isdisjoint(pair))
    for pair in pairs:
        (one, first), (other, second) = (known[place] for place in pair)
        if time.thread_time() > until or refusal.case.training and not telling.issuperset(pair):
            return None
        if one is not other and agrees_if_made(exercise, first + second, outcomes, in_order(exercise, refusal.case)):
            return Finding(f"Two things at once. {one.says}\nAnd: {other.says}", f"{one.name} + {other.name}")
    return None


def telling_cases(exercise: Exercise, refusal: Refusal) -> list[Case]:
    """Where a mistake that is one of two should show alone: where it first failed; if that is in training, nowhere else."""
    return [case for case in exercise.cases if not case.training] if refusal.case.training else [refusal.case]


def shown_here(exercise: Exercise, outcomes: Outcomes, refusal: Refusal) -> Finding | None:
    """The first known mistake that answers as the learner's part does where that fails first, and was right until then."""
    if refusal.case.training:
        return None
    until_then = [case for case in exercise.cases[: exercise.cases.index(refusal.case)] if not case.training]
    return first_that_agrees(exercise, outcomes, [refusal.case, *until_then])


def first_that_agrees(exercise: Exercise, outcomes: Outcomes, cases: list[Case]) -> Finding | None:
    for mistake, way in ways(exercise):
        if agrees_if_made(exercise, way, outcomes, cases):
            return Finding(mistake.says, mistake.name)
    return None


def ways(exercise: Exercise) -> Iterator[tuple[Mistake, Changes]]:
    """The mistakes that show in an answer, with each way to make them."""
    return ((mistake, way) for mistake in exercise.mistakes if mistake.says for way in mistake.ways)


def in_order(exercise: Exercise, first: Case) -> list[Case]:
    """The cases, beginning with the one that failed; those in training, which take long, last."""
    return sorted(exercise.cases, key=lambda case: (case.training, case is not first))


def agrees_if_made(exercise: Exercise, changes: Changes, outcomes: Outcomes, cases: list[Case]) -> bool:
    """Whether the reference with these changes answers as the learner's part in all cases; not if they do not apply."""
    try:
        own = Outcomes(exercise, exercise.made(changes))
    except (PatchError, SyntaxError):     # two that meet in one place
        return False
    return all(outcomes.alike(own, case) for case in cases)
