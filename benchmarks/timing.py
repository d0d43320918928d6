"""Contenders take turns: what they give is compared, rounds in changing order are timed, and ratios are taken round by round."""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import NamedTuple

import numpy as np

TOLERANCE = 1e-5     # between numbers of float32
LEAST_COSINE = 0.95     # of vectors that were computed in int8 or bfloat16, with the exact ones, on average
PAUSE = 0.02     # seconds before each turn, in which the threads of the one before stop waiting for more work


def nothing():
    pass


@dataclass(frozen=True)
class Contender:
    """One way to do what a case asks for.

    Attributes:
        run: what is timed.
        check: gives the numbers that must be those of the others.
        before: what must be done before each run, and is not timed.
        exact: whether it computes in float32; else its vectors must only point where the others' do.
    """

    run: Callable[[], object]
    check: Callable[[], np.ndarray]
    before: Callable[[], object] = nothing
    exact: bool = True


Makers = Mapping[str, Callable[[], Contender]]     # what makes each contender of a case, by its name


@dataclass
class Row:
    """What was found out about a contender.

    Attributes:
        left_out: why it was not timed; "" if it was.
        difference: the largest one from the numbers of the first contender.
        cosine: of its vectors with the first contender's, on average; None for one in float32.
        seconds: of each round.
        held: megabytes that a process of its own held between two runs; None if that was not looked at.
        added: by how many more it grew while it ran.
    """

    case: str
    name: str
    left_out: str = ""
    difference: float = 0.0
    cosine: float | None = None
    seconds: Sequence[float] = ()
    held: float | None = None
    added: float | None = None


class Spread(NamedTuple):
    """The median, and the quartiles below and above it."""

    low: float
    median: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    return Spread(*quantiles(values, n=4, method="inclusive")) if len(values) > 1 else Spread(*values * 3)


def ratios(slower: Sequence[float], faster: Sequence[float]) -> Spread:
    """How many times as fast the second is, round by round, so that noise hits both alike."""
    return spread([one / other for one, other in zip(slower, faster, strict=True)])


def take_turns(case: str, makers: Makers, rounds: int, shown: Callable[[Iterable[int]], Iterable[int]] = iter) -> list[Row]:
    """Make the contenders, compare what they give, and time those that give the same.

    Args:
        shown: takes the numbers of the rounds and gives them again, and may show how far they are.
    """
    rows = {name: Row(case, name) for name in makers}
    ready = _agreeing(_made(makers, rows), rows)
    for name, seconds in timed(ready, shown(range(-1, rounds))).items():
        rows[name].seconds = seconds[1:]     # the first round warms up
    return list(rows.values())


def _made(makers: Makers, rows: dict[str, Row]) -> dict[str, Contender]:
    """Those that can be made here. Of the others the row says why not: a package is missing, a model cannot be exported."""
    made = {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except Exception as error:
            rows[name].left_out = in_a_line(error)
    return made


def in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _agreeing(contenders: dict[str, Contender], rows: dict[str, Row]) -> dict[str, Contender]:
    """Those that give the numbers of the first. Of the others the row says how far they are off; they are not timed."""
    expected, agreeing = None, {}
    for name, contender in contenders.items():
        row = rows[name]
        try:
            contender.before()
            given = np.asarray(contender.check())
        except Exception as error:
            row.left_out = in_a_line(error)
            continue
        expected = given if expected is None else expected
        compare(given, expected, contender.exact, row)
        if not row.left_out:
            agreeing[name] = contender
    return agreeing


def compare(given: np.ndarray, expected: np.ndarray, exact: bool, row: Row):
    """Write into the row how far the numbers are off, and, if that is too far, that it is left out."""
    if given.shape != expected.shape:
        row.left_out = f"its output has shape {given.shape}, where {expected.shape} is expected"
        return
    given, expected = given.astype(np.float64), expected.astype(np.float64)
    row.difference = float(np.abs(given - expected).max())
    if exact:
        if not row.difference <= TOLERANCE:     # NaN is not, either
            row.left_out = f"its output differs by {row.difference:.1e}, where {TOLERANCE:.0e} at most is expected"
        return
    row.cosine = float(cosines(given, expected).mean())
    if not row.cosine >= LEAST_COSINE:
        row.left_out = f"its vectors have a cosine of {row.cosine:.3f} with the exact ones, where {LEAST_COSINE} is expected"


def cosines(given: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Row by row: (N, D), (N, D) → (N,)."""
    lengths = np.linalg.norm(given, axis=-1) * np.linalg.norm(expected, axis=-1)
    return (given * expected).sum(axis=-1) / lengths


def timed(contenders: Mapping[str, Contender], rounds: Iterable[int], clock: Callable[[], float] = time.perf_counter
          ) -> dict[str, list[float]]:
    """The seconds of each contender in each round; their order is another one in every round."""
    seconds = {name: [] for name in contenders}
    for number in rounds:
        for name in random.Random(number).sample(list(contenders), len(contenders)):
            contenders[name].before()
            time.sleep(PAUSE)
            began = clock()
            contenders[name].run()
            seconds[name].append(clock() - began)
    return seconds
