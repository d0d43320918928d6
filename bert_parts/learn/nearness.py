"""How near is an answer to the right one? From 0 to 1, so that a step in the right direction is seen as one."""

import functools
import math
import operator
import statistics
import time
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding, hard_weights

FEW_PARTS = 3
FEW = 40     # times that a candidate is asked in training
MOST = 6     # other cases that each candidate is asked, to see how near it is
LONG = 2e-3  # seconds: of a case that takes as long, and much longer than others, only those are asked who pass all before it


def nearness(given, expected, tolerance: float) -> float:
    """1 if they agree; else by how much is alike: the kind of thing, its size, its parts, its values."""
    if difference(given, expected, tolerance) is None:
        return 1.0
    if type(given) is not type(expected):
        return 0.1
    if isinstance(expected, Tensor):
        return _of_tensors(given, expected, tolerance)
    if isinstance(expected, (tuple, list)):
        alike = [nearness(mine, wanted, tolerance) for mine, wanted in zip(given, expected, strict=False)]
        return 0.2 + 0.7 * sum(alike) / max(len(given), len(expected), 1)
    if isinstance(expected, float):
        return 0.2 + 0.5 * closeness(given, expected)
    if isinstance(expected, dict):
        alike = [nearness(given[key], wanted, tolerance) for key, wanted in expected.items() if key in given]
        return 0.2 + 0.7 * sum(alike) / max(len(given), len(expected), 1)
    return 0.2


def _of_tensors(given: Tensor, expected: Tensor, tolerance: float) -> float:
    if given.shape != expected.shape:
        return _of_shapes(given.shape, expected.shape)
    given, wanted = given.detach().double().flatten(), expected.detach().double().flatten()
    if not len(wanted):
        return 0.3
    share = torch.isclose(given, wanted, atol=tolerance, rtol=tolerance, equal_nan=True).double().mean()
    both = torch.stack([given, wanted])[:, given.isfinite() & wanted.isfinite()]
    if len(wanted) < 3:     # of which no likeness can be seen
        return float(0.3 + 0.3 * share) + 0.2 * sum(map(closeness, *both.tolist())) / len(wanted)
    likeness = torch.corrcoef(both)[0, 1].nan_to_num() if both.size(1) > 2 else torch.zeros(())
    return float(0.3 + 0.3 * share + 0.2 * likeness.clamp(min=0))


def closeness(given: float, wanted: float) -> float:
    """From 0 to 1: how near a number is to another, for its size."""
    return 1 / (1 + abs(given - wanted) / (abs(wanted) + 1e-6)) if math.isfinite(given) and math.isfinite(wanted) else 0.0


def _of_shapes(given: torch.Size, wanted: torch.Size) -> float:
    """At most 0.25: as many dimensions, then the same sizes, in the same places."""
    if len(given) != len(wanted) or not wanted:
        return 0.15
    there = (Counter(given) & Counter(wanted)).total()
    in_place = sum(map(operator.eq, given, wanted))
    return 0.2 + 0.025 * (there + in_place) / len(wanted)


def total_of(answer, depth: int = 5) -> float:
    """One number that says quickly whether two answers may be the same: almost equal for those that almost are. It looks into
    collections so deep and no deeper, since one may hold itself."""
    if isinstance(answer, Tensor):
        return float(answer.detach().double().sum()) if answer.layout == torch.strided and not answer.is_nested else 0.0
    if isinstance(answer, (int, float)):
        return float(answer)
    if isinstance(answer, str):
        return float(zlib.crc32(answer.encode()))
    if not depth or not isinstance(answer, (dict, tuple, list)):
        return 0.0
    parts = answer.values() if isinstance(answer, dict) else answer
    return sum(place * total_of(part, depth - 1) for place, part in enumerate(parts, 1))


def near(one: float, other: float) -> bool:
    """Whether answers with these totals may be the same."""
    return abs(one - other) <= 1e-2 * (1 + abs(one)) or one == other or one != one and other != other


class Trial:
    """How right a candidate for an exercise is: 1 if it passes every case but those in training, which take long, and every probe.
    What is expected is worked out once. A case in training in which the learner's own code failed is asked too, but less often.

    The first candidate, the learner's own code, says which question is put to the others first: the one on which it fails.

    Attributes:
        failed_at: the case in which the last candidate failed; None if that was a probe.
        left: what that probe found.
    """

    def __init__(self, exercise: Exercise, failed: Case | None = None):
        self.cases = [Prepared(exercise, case) for case in exercise.cases if not case.training or case is failed]
        self.cases.sort(key=lambda asked: asked.case.training)
        self.questions = [case.nearness for case in self.cases] + [self.question_of(probe) for probe in exercise.probes]
        self.hardest: int | None = None
        self.quick: list[Prepared] | None = None
        self.failed_at: Prepared | None = None
        self.left: Finding | None = None

    def __call__(self, candidate) -> float:
        if self.hardest is not None:
            near = self.questions[self.hardest](candidate)
            if near < 1:
                return self.failed(self.hardest, near, candidate)
        for passed, question in enumerate(self.questions):
            near = question(candidate) if passed != self.hardest else 1
            if near < 1:
                return self.failed(passed, near, candidate)
        return 1.0

    def question_of(self, probe: Callable) -> Callable[[Any], float]:
        """The question whether a probe finds nothing."""
        def passes(candidate) -> float:
            self.left = None     # if it cannot even be asked
            self.left = probe(candidate)
            return float(self.left is None)

        return passes

    def failed(self, place: int, near: float, candidate) -> float:
        self.failed_at = self.cases[place] if place < len(self.cases) else None
        if self.hardest is None and not (self.failed_at and self.failed_at.case.training):
            self.hardest = place
        if place != self.hardest:
            return 0.5 + 0.5 * (place + near) / (len(self.questions) + 1)
        others = self.others_passed(candidate) if self.failed_at and tells_little(self.failed_at) else []
        return (near + sum(others)) / (1 + len(others)) / 2

    def others_passed(self, candidate) -> list[bool]:
        """Of some cases beside the one put first, which are answered rightly: where a single answer tells little, they do."""
        if self.quick is None:
            others = [asked for asked in self.cases if asked is not self.failed_at and not asked.case.training]
            self.quick = quick_ones(others, candidate)
        return [asked.nearness(candidate) >= 1 for asked in self.quick]


def quick_ones(cases: list["Prepared"], candidate) -> list["Prepared"]:
    """The first MOST cases that a candidate is not much longer at than at most others."""
    took = []
    for asked in cases:
        began = time.thread_time()
        asked.nearness(candidate)
        took.append(time.thread_time() - began)
    longest = max(LONG, 5 * statistics.median(took)) if took else 0
    return [asked for asked, seconds in zip(cases, took, strict=True) if seconds <= longest][:MOST]


def tells_little(asked: "Prepared") -> bool:
    """Whether its answer is right or wrong and no more, and others can be asked as well, which takes long of a whole model."""
    return is_all_or_nothing(asked.expected) and not any(isinstance(each, nn.Module) for each in asked.arguments)


def is_all_or_nothing(expected) -> bool:
    """Whether of such an answer one cannot see how near it is: a word, a number, and what holds few of them."""
    if isinstance(expected, (tuple, list)):
        return len(expected) <= FEW_PARTS and all(map(is_all_or_nothing, expected))
    return isinstance(expected, (str, bool, int, float)) or expected is None


@functools.lru_cache(maxsize=128)
def expected_of(exercise: Exercise, case: Case):
    """What the course's version answers; in a case in training as often as that is asked."""
    return exercise.answer(exercise.reference, case, case.arguments())


class Prepared:
    """One case with its arguments, weights and right answer ready.

    Attributes:
        given: what the last candidate answered; None if it raised an error or changed its arguments.
    """

    def __init__(self, exercise: Exercise, case: Case):
        self.exercise, self.case = exercise, case
        self.module = isinstance(exercise.reference, type) and issubclass(exercise.reference, nn.Module)
        self.weights = hard_weights(exercise.reference, case.build) if self.module else None
        self.built: dict = {}
        self.given = None
        self.expected = expected_of(exercise, case)
        self.fresh()

    def fresh(self):
        self.arguments = self.case.arguments()
        self.before = fingerprint(self.arguments)

    def nearness(self, candidate) -> float:
        if self.before is None:
            self.fresh()     # who knows what the last one did with them
        self.given = None
        try:
            self.given = self.answer(candidate)
            near = nearness(self.given, self.expected, self.exercise.tolerance)
        except Exception:
            near = 0.0
        finally:
            changed = fingerprint(self.arguments) != self.before
            if changed:
                self.given = None
                self.fresh()
        return min(near, 0.95) if changed else near

    def answer(self, candidate):
        if self.case.training:
            return self.exercise.answer(candidate, self.case, self.arguments, FEW)
        if not isinstance(self.exercise.reference, type):
            return self.exercise.seen(candidate(*self.arguments), *self.arguments)
        if not self.module:
            return candidate(*self.case.build)(*self.arguments)
        return self.instance(candidate)(*self.arguments)

    def instance(self, candidate: type) -> nn.Module:
        """A module with the case's weights. Candidates whose constructor is the same share its parts."""
        code = getattr(candidate.__init__, "__code__", None)
        if code not in self.built:
            made = candidate(*self.case.build)
            made.load_state_dict(self.weights)
            made.eval()
            if code is None or not _own_parts(made, candidate):
                return made
            self.built[code] = made
        made = candidate.__new__(candidate)
        made.__dict__ = {key: value.copy() if isinstance(value, dict) else value for key, value in vars(self.built[code]).items()}
        return made


class _Arguments:
    """Those of a case. With a model among them, which takes long to make, they are given again until somebody has changed them,
    with the random numbers that would follow if they were made anew."""

    def __init__(self, case: Case):
        self.case, self.kept, self.before, self.chance = case, (), None, None

    def __call__(self) -> tuple:
        if self.before is None or fingerprint(self.kept) != self.before:
            self.kept = self.case.arguments()
            self.before = fingerprint(self.kept) if any(isinstance(each, nn.Module) for each in self.kept) else None
            self.chance = torch.default_generator.get_state()
        else:
            torch.default_generator.set_state(self.chance)
        return self.kept


arguments_of = functools.lru_cache(maxsize=64)(_Arguments)


def fingerprint(value):
    """What is another after a value was changed in place; None if that cannot be told of such a value."""
    if isinstance(value, Tensor):
        return value._version, value.requires_grad, value.is_leaf and value.grad is None
    if isinstance(value, nn.Module):
        return [(each.training, len(vars(each)), len(each._forward_hooks), len(each._forward_pre_hooks), len(each._backward_hooks),
                 *map(fingerprint, each._parameters.values()), *map(fingerprint, each._buffers.values()))
                for each in value.modules()]
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        parts = list(map(fingerprint, value))
        return None if None in parts else (len(parts), parts)
    return value if isinstance(value, (int, float, str)) else () if value is None or callable(value) else None


def _own_parts(made: nn.Module, candidate: type) -> bool:
    """Does its constructor use torch's parts and the course's only, none that a candidate may have changed?"""
    others = [type(module) for module in made.modules() if module is not made]
    names = candidate.__init__.__globals__
    used = [names.get(name) for name in candidate.__init__.__code__.co_names]
    return not any(getattr(each, "__module__", None) == candidate.__module__ for each in [*others, *used])
