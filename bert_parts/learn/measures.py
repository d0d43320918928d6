"""In what simple way do two tensors differ? One number is fitted in place of many known mistakes."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from bert_parts.files import quoted
from bert_parts.learn.compare import difference

CLOSE = 1e-4     # of the largest number
MOST = 5     # places that are named


@dataclass(frozen=True)
class Measure:
    """What holds between the answer and what is expected: a sentence that is true of all their numbers; and the kind of mistake, if
    it shows in that."""

    kind: str | None
    says: str


def measured(given, expected, sizes: dict[str, int]) -> Measure | None:
    """The first simple way in which they differ, if there is one.

    Args:
        sizes: names of numbers by which one may have scaled, such as {"the last dimension of query": 64}.
    """
    if isinstance(given, dict) and isinstance(expected, dict):
        return other_keys(given, expected)
    if isinstance(given, list) and isinstance(expected, list):
        tables = of_lists(given), of_lists(expected)
        return exchanged_axes(*tables) or another_shape(*tables) if all(map(is_table, tables)) else None
    if not (isinstance(given, Tensor) and isinstance(expected, Tensor)) or given.numel() != expected.numel() or not given.numel():
        return None
    given, expected = given.detach().double(), expected.detach().double()
    if given.shape != expected.shape:
        return exchanged_axes(given, expected) or another_shape(given, expected)
    if not (given.isfinite().all() and expected.isfinite().all()) or alike(given, expected):
        return None
    for measure in (one_factor, one_offset, sharper, sums_elsewhere, exchanged_axes, shifted, some_only, another_order):
        found = measure(given, expected, sizes) if measure in (one_factor, sharper) else measure(given, expected)
        if found:
            return found
    return None


def other_keys(given: dict, expected: dict) -> Measure | None:
    """What is right stands under another key; or what is there is right, and some keys are not there."""
    missing, strange = [key for key in expected if key not in given], [key for key in given if key not in expected]
    shared = all(equal(value, expected[key]) for key, value in given.items() if key in expected)
    if not missing or not shared:
        return None
    if not strange:
        return Measure("missing", f"What is in yours is right, but not all is there that should be, such as {quoted(missing[0])}.")
    if len(strange) == len(missing) and all(equal(given[mine], expected[key]) for mine, key in zip(strange, missing, strict=True)):
        return Measure("name", f"What you give under {quoted(strange[0])} is right, and belongs under {quoted(missing[0])}.")
    return None


def equal(one, other) -> bool:
    return difference(one, other, CLOSE) is None


def of_lists(rows: list) -> Tensor | None:
    """The numbers of nested lists as a tensor; None if they are no rows of the same length."""
    try:
        return torch.tensor(rows, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        return None


def is_table(numbers: Tensor | None) -> bool:
    return numbers is not None and numbers.dim() > 1 and numbers.numel() > 1


def alike(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=CLOSE, atol=CLOSE * other.abs().max().item() + 1e-12)


def constant(numbers: Tensor) -> float | None:
    """The one number that all are, if they are."""
    middle = numbers.median()
    return middle.item() if ((numbers - middle).abs() <= CLOSE * middle.abs() + 1e-12).all() else None


def one_factor(given: Tensor, expected: Tensor, sizes: dict[str, int]) -> Measure | None:
    """All numbers are the same multiple of those expected."""
    here = expected.abs() > 1e-3 * expected.abs().max()
    factor = constant(given[here] / expected[here]) if here.sum() > 1 else None
    if factor is None or abs(factor) < 1e-9 or not alike(given, factor * expected):
        return None
    if abs(factor + 1) < CLOSE:
        return Measure("sign", "Every number of yours has the other sign.")
    return Measure("scale", f"Every number of yours is {named(factor, sizes)} times the one expected.")


def one_offset(given: Tensor, expected: Tensor) -> Measure | None:
    """All numbers are too large, or too small, by the same."""
    offset = constant(given - expected) if given.numel() > 1 else None
    if not offset:
        return None
    return Measure("missing", f"Every number of yours is {abs(offset):.4g} too {'large' if offset > 0 else 'small'}.")


def sharper(given: Tensor, expected: Tensor, sizes: dict[str, int]) -> Measure | None:
    """Both are weights that a softmax made over the last dimension, and the scores were a multiple of what they should be."""
    if given.dim() == 0 or given.size(-1) < 3 or not (sums_to_one(given, -1) and sums_to_one(expected, -1)):
        return None
    here = (expected > 1e-12).all(dim=-1) & (given > 1e-12).all(dim=-1)
    if not here.any():
        return None
    mine, theirs = (weights[here].log() - weights[here].log().mean(dim=-1, keepdim=True) for weights in (given, expected))
    factor = ((mine * theirs).sum() / theirs.square().sum()).item()
    if abs(factor - 1) < 1e-3 or abs(factor) < 1e-6 or not torch.allclose(mine, factor * theirs, rtol=1e-2, atol=1e-2):
        return None
    return Measure("scale", f"Your scores, before the softmax, are {named(factor, sizes)} times the ones expected.")


def sums_to_one(weights: Tensor, dimension: int) -> bool:
    return bool((weights >= 0).all() and (weights.sum(dim=dimension) - 1).abs().max() < 1e-4)


def named(factor: float, sizes: dict[str, int]) -> str:
    """A factor, and what it may come from if it is not plain already."""
    if abs(factor - round(factor)) < 1e-3 and abs(factor) < 4 or abs(factor - 0.5) < 1e-3:
        return f"{factor:.4g}"
    for name, size in ((name, size) for name, size in sizes.items() if size > 1):
        for value, words in ((size, "{}"), (math.sqrt(size), "√{}"), (1 / size, "1/{}"), (1 / math.sqrt(size), "1/√{}")):
            if abs(factor - value) < 1e-3 * value:
                return f"{factor:.4g} ({words.format(size)}, and {size} is {name})"
    return f"{factor:.4g}"


def sums_elsewhere(given: Tensor, expected: Tensor) -> Measure | None:
    """Weights that sum to 1 over another dimension than they should."""
    ends = [dimension for dimension in range(expected.dim()) if expected.size(dimension) > 1 and sums_to_one(expected, dimension)]
    mine = [dimension for dimension in range(given.dim()) if given.size(dimension) > 1 and sums_to_one(given, dimension)]
    if len(ends) != 1 or ends == mine or len(mine) != 1:
        return None
    return Measure("axis", f"Yours sum to 1 over dimension {mine[0]}; over dimension {ends[0]} they should.")


def exchanged_axes(given: Tensor, expected: Tensor) -> Measure | None:
    """The right numbers, with dimensions in another order."""
    if given.dim() != expected.dim() or given.dim() > 5:
        return None
    for order in itertools.permutations(range(given.dim())):
        if list(order) != sorted(order) and tuple(given.shape[i] for i in order) == expected.shape and alike(
                given.permute(order), expected):
            return Measure("axis", f"The numbers are right, but their dimensions are not in the order {tuple(expected.shape)}: "
                                   f"yours are {tuple(given.shape)}, and some of them stand exchanged.")
    return None


def another_shape(given: Tensor, expected: Tensor) -> Measure | None:
    """The right numbers in the right order, in another shape."""
    if not alike(given.flatten(), expected.flatten()):
        return None
    return Measure("shape", f"The numbers are right and in the right order, but in the shape {tuple(given.shape)}; "
                            f"{tuple(expected.shape)} is expected.")


def shifted(given: Tensor, expected: Tensor) -> Measure | None:
    """The right numbers, moved along one dimension by some places."""
    for dimension, size in enumerate(expected.shape):
        for places in range(1, min(size, 4)):
            for sign in (1, -1):
                kept = size - places
                mine, theirs = (given.narrow(dimension, places if sign > 0 else 0, kept),
                                expected.narrow(dimension, 0 if sign > 0 else places, kept))
                if kept > 1 and theirs.unique().numel() > 2 and alike(mine, theirs):
                    return Measure("number", f"Your numbers stand {places} place{'s' * (places > 1)} too "
                                             f"{'late' if sign > 0 else 'early'} along dimension {dimension}.")
    return None


def some_only(given: Tensor, expected: Tensor) -> Measure | None:
    """Wrong in some places of one dimension only, and right in all others."""
    wrong = (given - expected).abs() > CLOSE * expected.abs().max() + 1e-12
    for dimension, size in enumerate(expected.shape):
        lines = wrong.movedim(dimension, 0).reshape(size, -1).any(dim=1)
        places = lines.nonzero().flatten().tolist()
        if size > 2 and len(places) <= max(1, size // 3):
            return Measure(None, f"Along dimension {dimension} only {in_words(places)} wrong, counted from 0; all "
                                   "else is right.")
    return None


def in_words(places: list[int]) -> str:
    more = f" and {len(places) - MOST} more" * (len(places) > MOST)
    return f"place {places[0]} is" if len(places) == 1 else f"places {', '.join(map(str, places[:MOST]))}{more} are"


def another_order(given: Tensor, expected: Tensor) -> Measure | None:
    """The right numbers, each in another place."""
    if expected.unique().numel() > 3 and alike(given.flatten().sort().values, expected.flatten().sort().values):
        return Measure(None, "These are the right numbers, but each stands in another place.")
    return None


def sizes_of(arguments: dict[str, object]) -> Iterator[tuple[str, int]]:
    """The sizes by which a learner may have scaled, each with words for it, the likeliest first."""
    for name, value in arguments.items():
        if isinstance(value, Tensor):
            for dimension in range(-1, -value.dim() - 1, -1):
                yield f"the size of dimension {dimension} of `{name}`", value.size(dimension)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield f"`{name}`", value
