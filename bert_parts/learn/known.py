"""Is this wrong answer one that is known, or two of them at once?"""

import functools
import itertools
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

from bert_parts.learn import bounded
from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding
from bert_parts.learn.judging import Refusal, Trouble, learns_alike, outcome_of, probes_of, without_praise
from bert_parts.learn.lesson_pages import Mistake
from bert_parts.learn.nearness import arguments_of, near, total_of
from bert_parts.learn.patches import Changes, PatchError, patched

FOR_OTHERS = 0.3     # seconds, of the processor
ROUNDING = 1e-6


class Outcomes:
    """What a thing answers in the cases of an exercise, each asked when it is needed, and once."""

    def __init__(self, exercise: Exercise, thing, given: dict[Case, object] | None = None):
        self.exercise, self.thing, self.given = exercise, thing, dict(given or {})

    def at(self, case: Case):
        if case not in self.given:
            self.given[case] = self.asked(case)
        return self.given[case]

    def asked(self, case: Case):
        return outcome_of(lambda: self.exercise.answer(self.thing, case, case.arguments()), self.thing)

    def alike(self, other: "Outcomes", case: Case) -> bool:
        """Whether both answer the same, or fail in the same way at the same kind of place."""
        one, two = self.at(case), other.at(case)
        if isinstance(one, Trouble) or isinstance(two, Trouble):
            return isinstance(one, Trouble) and isinstance(two, Trouble) and one.kind == two.kind
        return difference(one, two, self.exercise.tolerance) is None


class OwnOutcomes(Outcomes):
    """Of the course's own versions, which come to an end and patch nothing, and of candidates, which a search's clock ends: a guard
    would take longer than most of them."""

    def asked(self, case: Case):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self.exercise.answer(self.thing, case, arguments_of(case)())
            except Exception as error:
                return Trouble(error, self.thing)


@dataclass(frozen=True)
class Way:
    """A way to make a known mistake."""

    exercise: Exercise
    mistake: Mistake
    changes: Changes

    @cached_property
    def outcomes(self) -> Outcomes:
        """What the reference answers when it is made so: only then is that compiled and asked."""
        return OwnOutcomes(self.exercise, self.exercise.made(self.changes))

    @property
    def old(self) -> str:
        """What it takes out of the reference, or puts others in the place of."""
        return " ".join(old for old, _ in self.changes)


@dataclass(frozen=True)
class Mistaken(Exercise):
    """An exercise in which a known mistake is taken for right: what else is wrong with a part that makes it?"""

    way: Way | None = None

    @classmethod
    def of(cls, way: Way) -> "Mistaken":
        parts = {field.name: getattr(way.exercise, field.name) for field in fields(way.exercise)}
        return cls(**parts | {"reference": way.outcomes.thing, "way": way})

    @property
    def source(self) -> str:
        return patched(self.way.exercise.source, self.way.changes)

    @property
    def surroundings(self) -> dict:
        return self.way.exercise.surroundings


def ways(exercise: Exercise) -> list[Way]:
    """Each way to make each of the mistakes that show in an answer."""
    return [Way(exercise, mistake, way) for mistake in exercise.mistakes if mistake.says for way in mistake.ways]


def known_mistake(known: list[Way], outcomes: Outcomes, refusal: Refusal) -> Finding | None:
    """The first known mistake that answers as the learner's part does in every case, and what shows besides in no case."""
    way = which(known, outcomes, refusal)
    return way and two_at_once(finding_of(way), besides(way, outcomes))


def which(known: list[Way], outcomes: Outcomes, refusal: Refusal) -> Way | None:
    """The first known mistake that answers as a part does in every case."""
    cases = in_order(outcomes.exercise, refusal.case)
    return next((way for way in known if agree(way.outcomes, outcomes, cases)), None)


def finding_of(way: Way) -> Finding:
    return Finding(way.mistake.says, way.mistake.name)


def two_at_once(first: Finding, second: Finding | None) -> Finding:
    """Both in one, or the first alone if there is no second, or it is the same."""
    if second is None or second.mistake == first.mistake:
        return first
    return replace(first, message=f"Two things at once. {first.message}\nAnd: {second.message}",
                   mistake=f"{first.mistake} + {second.mistake}", line=first.line or second.line)


def besides(way: Way, outcomes: Outcomes) -> Finding | None:
    """What a probe finds in the learner's part, and not in one that makes the known mistake only: no gradient, say. Where both fail
    with an error, the numbers behind it are not known to be the same, and nothing can be told of them."""
    if any(isinstance(outcomes.at(case), Trouble) for case in outcomes.exercise.cases if not case.training):
        return None
    alone = replace(outcomes.exercise, reference=way.outcomes.thing)

    def asked(probe, part):
        return outcome_of(lambda: probe(alone, part), part, bounded.BUSY)

    for probe in probes_of(alone):
        if probe is learns_alike:     # of an answer that is always the same, rounding makes gradients
            probe = functools.partial(learns_alike, least=ROUNDING)
        found = asked(probe, outcomes.thing)
        if isinstance(found, Finding) and found.mistake and asked(probe, alone.reference) is None:
            return replace(found, message=without_praise(found.message))
    return None


def two_mistakes(known: list[Way], outcomes: Outcomes, refusal: Refusal, seconds: float) -> tuple[Finding | None, bool]:
    """Two known mistakes that, made together, answer so, and whether it must be those; None if there are none, if nothing but
    errors is seen, or if time (of the processor) is up.

    Those of which one alone gives what was given where it first failed are tried first.
    """
    exercise, until = outcomes.exercise, time.thread_time() + seconds
    if all(isinstance(outcomes.at(case), Trouble) for case in exercise.cases if not case.training):
        return None, False
    alone, cases = telling_cases(exercise, refusal), in_order(exercise, refusal.case)
    telling = {place for place, way in enumerate(known) if agree(way.outcomes, outcomes, alone)}
    pairs = sorted(itertools.combinations(range(len(known)), 2), key=lambda pair: telling.isdisjoint(pair))
    for pair in pairs:
        one, other = (known[place] for place in pair)
        if time.thread_time() > until or refusal.case.training and not telling.issuperset(pair):
            return None, False
        if one.mistake is not other.mistake and agrees_if_made(one.changes + other.changes, outcomes, cases):
            others = [known[place] for place in telling] if refusal.case.training else known
            return as_certain(one, other, others, outcomes, cases)
    return None, False


def as_certain(one: Way, other: Way, known: list[Way], outcomes: Outcomes, cases: list[Case]) -> tuple[Finding | None, bool]:
    """Both at once, if no other known mistake was found that would do in the place of one of them; else the one that is certain,
    with the other as what it may be; None if neither is."""
    until, both = time.thread_time() + FOR_OTHERS, {one.mistake, other.mistake}
    one_stays, other_stays = (
        not any(agrees_if_made(stays.changes + way.changes, outcomes, cases) for way in known
                if way.mistake not in both and time.thread_time() < until) for stays in (other, one))
    if one_stays and other_stays:
        return two_at_once(finding_of(one), finding_of(other)), True
    if not one_stays and not other_stays:
        return None, False
    surely, perhaps = (one, other) if one_stays else (other, one)
    return replace(finding_of(surely), message=f"Two things at once. {surely.mistake.says}\nThe other shows in no case that tells "
                   f"it from all others; it may be this: {perhaps.mistake.says}"), False


def telling_cases(exercise: Exercise, refusal: Refusal) -> list[Case]:
    """Where a mistake that is one of two should show alone: where it first failed; if that is in training, nowhere else."""
    return [case for case in exercise.cases if not case.training] if refusal.case.training else [refusal.case]


def shown_here(known: list[Way], outcomes: Outcomes, refusal: Refusal, alone: bool = False) -> Finding | None:
    """The first known mistake that answers as the learner's part does where that fails first, was right until then, answers so
    in half of all cases, and is wrong in none in which the learner's part is right.

    Args:
        alone: only if no other known mistake answers as it does where it fails first.
    """
    here = all_shown_here(known, outcomes, refusal)
    found = [way for way in here if is_mostly(way, outcomes) and not is_refuted(way, outcomes)]
    if not found or alone and any(way.mistake is not found[0].mistake for way in here):
        return None
    mistake = found[0].mistake
    return Finding(f"Here ({refusal.case.tries}) you answer as with this mistake, if not everywhere: {mistake.says}", mistake.name)


def all_shown_here(known: list[Way], outcomes: Outcomes, refusal: Refusal) -> list[Way]:
    """The known mistakes that answer as the learner's part does where that fails first, and are right until then."""
    if refusal.case.training:
        return []
    cases = outcomes.exercise.cases
    until_then = [case for case in cases[: cases.index(refusal.case)] if not case.training]
    return [way for way in known if agree(way.outcomes, outcomes, [refusal.case, *until_then])]


def is_refuted(way: Way, outcomes: Outcomes) -> bool:
    """Whether the learner's part is right where one with this mistake is wrong."""
    right, cases = OwnOutcomes(way.exercise, way.exercise.reference), [case for case in way.exercise.cases if not case.training]
    return any(right.alike(outcomes, case) and not right.alike(way.outcomes, case) for case in cases)


def is_mostly(way: Way, outcomes: Outcomes) -> bool:
    """Whether the learner's part answers as one with this mistake in half of the cases or more."""
    cases = [case for case in way.exercise.cases if not case.training]
    return 2 * sum(way.outcomes.alike(outcomes, case) for case in cases) >= len(cases)


def contradicted(ways: Sequence[Way], outcomes: Outcomes) -> bool:
    """Whether the reference can be made with all of these mistakes, and answers otherwise than the learner's part then."""
    made = made_with(tuple(change for way in ways for change in way.changes), outcomes.exercise)
    return made is not None and not agree(made, outcomes, [case for case in outcomes.exercise.cases if not case.training])


def as_which(known: list[Way], exercise: Exercise, candidate, case: Case, given) -> Way | None:
    """The first known mistake as which a candidate answers in the case in which it failed, and in every other. Without a given
    answer (None) it raised an error there, and a mistake must raise the same one at the same kind of place."""
    own = OwnOutcomes(exercise, candidate, {} if given is None else {case: given})
    failed = given is None and isinstance(own.at(case), Trouble)
    if given is None and not failed or isinstance(given, Trouble):
        return None
    total, cases = None if failed else total_of(given), [each for each in exercise.cases if each is not case and not each.training]
    return next((way for way in known if (not case.training or agree(way.outcomes, own, cases))
                 and (failed or near(total_of(way.outcomes.at(case)), total)) and agree(way.outcomes, own, [case, *cases])), None)


def apart_from(way: Way, outcomes: Outcomes) -> bool:
    """Whether a known mistake and something else that is wrong show apart from each other: where the mistake alone leaves a part
    of an answer right, it is wrong; or it is as wrong as the mistake makes it, though not all answers are.

    Without that, the change after which the learner's part makes the mistake may have brought it.
    """
    exercise, right = outcomes.exercise, OwnOutcomes(outcomes.exercise, outcomes.exercise.reference)
    for case in exercise.cases:
        if case.training:
            continue
        for wanted, known, own in parts_of(right.at(case), way.outcomes.at(case), outcomes.at(case)):
            known_is, own_is, alike = (difference(*pair, exercise.tolerance) is None
                                       for pair in ((known, wanted), (own, wanted), (own, known)))
            if known_is and not own_is or alike and not known_is:
                return True
    return False


def parts_of(*answers) -> Iterator[tuple]:
    """The parts of collections of the same form, side by side; other answers as they are."""
    first = answers[0]
    if all(isinstance(each, dict) and each.keys() == first.keys() for each in answers):
        for name in first:
            yield from parts_of(*(answer[name] for answer in answers))
    elif all(isinstance(each, (list, tuple)) and len(each) == len(first) for each in answers):
        for together in zip(*answers, strict=True):
            yield from parts_of(*together)
    else:
        yield answers


def in_order(exercise: Exercise, first: Case) -> list[Case]:
    """The cases, beginning with the one that failed; those in training, which take long, last."""
    return sorted(exercise.cases, key=lambda case: (case.training, case is not first))


def agrees_if_made(changes: Changes, outcomes: Outcomes, cases: list[Case]) -> bool:
    """Whether the reference with these changes answers as the learner's part in all cases; not if they do not apply."""
    made = made_with(changes, outcomes.exercise)
    return made is not None and agree(made, outcomes, cases)


def made_with(changes: Changes, exercise: Exercise) -> OwnOutcomes | None:
    """What the reference answers with these changes; None if they do not apply, since two of them meet in one place."""
    try:
        return OwnOutcomes(exercise, exercise.made(changes))
    except (PatchError, SyntaxError):
        return None


def agree(one: Outcomes, other: Outcomes, cases: list[Case]) -> bool:
    return all(other.alike(one, case) for case in cases)
