"""Is the answer what was expected? If not, what is the plainest way to say how it differs?"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bert_parts.files import shortened


@dataclass(frozen=True)
class Draws:
    """Many answers to one question (N, …), between which chance decides."""

    values: Tensor


def difference(given, expected, tolerance: float) -> str | None:
    """None if they agree, else one sentence on how they differ, the coarsest difference first."""
    try:
        return how_it_differs(given, expected, tolerance)
    except Exception as error:     # what the learner's code gives back may fail at anything
        return f"Your answer cannot be compared with the one expected, {described(expected)}: {type(error).__name__}."


def how_it_differs(given, expected, tolerance: float) -> str | None:
    if given is None and expected is not None:
        return "Your code gives back `None`: is there a `return`?"
    if given is NotImplemented or given is Ellipsis:
        return f"Your code gives back `{given}`: put your own code in its place."
    if isinstance(expected, Draws):
        return draws_difference(given, expected)
    if isinstance(expected, Tensor):
        return tensor_difference(given, expected, tolerance)
    if isinstance(expected, (tuple, list)):
        return sequence_difference(given, expected, tolerance)
    if isinstance(expected, dict):
        return dict_difference(given, expected, tolerance)
    if isinstance(expected, float) and isinstance(given, (int, float)) and not isinstance(given, bool):
        if abs(given - expected) <= tolerance or given == expected or given != given and expected != expected:     # NaN is not NaN
            return None
        mine, wanted = apart(given, expected, "g")
        return f"Your answer is {mine}; {wanted} is expected."
    if type(given) is not type(expected):
        return f"Your answer is {described(given)}; {described(expected)} is expected."
    return None if given == expected else f"Your answer is `{shortened(given)}`; `{shortened(expected)}` is expected."


def tensor_difference(given, expected: Tensor, tolerance: float) -> str | None:
    if isinstance(given, np.ndarray):
        return "Your answer is a NumPy array; a torch tensor is expected: stay in torch, so that gradients can flow."
    if not isinstance(given, Tensor):
        return f"Your answer is {described(given)}; a tensor of shape {tuple(expected.shape)} is expected."
    if type(given) is not Tensor:     # say, a Parameter, or a class of the learner's with rules of its own
        given = given.as_subclass(Tensor)
    if given.device != expected.device:
        return f"Your answer is on the device `{given.device}`; it is expected on `{expected.device}`."
    if given.layout != expected.layout or given.is_nested:
        kind = "nested" if given.is_nested else "sparse"
        return f"Your answer is a {kind} tensor; an ordinary one is expected."
    if given.shape != expected.shape:
        return f"Your answer has shape {tuple(given.shape)}; {tuple(expected.shape)} is expected."
    if given.dtype != expected.dtype:
        return f"Your answer has dtype {given.dtype}; {expected.dtype} is expected."
    if expected.is_floating_point() and given.isnan().any() and not expected.isnan().any():
        return f"Your answer holds NaN, first at {first_place(given.isnan())}."
    if not expected.is_floating_point():
        wrong = given != expected
    else:
        wrong = ~torch.isclose(given, expected, atol=tolerance, rtol=tolerance, equal_nan=True)
    if not wrong.any():
        return None
    place = first_place(wrong)
    at = f"At {place} your answer" if place else "Your answer"
    mine, wanted = given[tuple(place)].item(), expected[tuple(place)].item()
    if expected.is_floating_point():
        mine, wanted = apart(mine, wanted, "f")
    return f"{at} is {mine}; {wanted} is expected."


def draws_difference(given, expected: Draws) -> str | None:
    """Do both vary in the same way? Means and variances of all numbers, and of sums of them, may differ by what chance allows."""
    if not isinstance(given, Draws) or given.values.shape[1:] != expected.values.shape[1:]:
        return "In training your answer has another shape than is expected."
    mine, theirs = (summed(each.values.double().flatten(1)) for each in (given, expected))
    if mine.isnan().any():
        return "In training your answer holds NaN."
    spread, wanted = mine.var(dim=0), theirs.var(dim=0)
    still = 1e-9 * theirs.square().mean()
    if (spread <= still).all() and (wanted > still).any():
        return "In training nothing is left to chance in your answer, and dropout is wanted."
    if (spread > still).any() and (wanted <= still).all():
        return "In training chance has a hand in your answer, and nothing is to be dropped here."
    if beyond_chance(mine, theirs, still) or beyond_chance((mine - mine.mean(0)) ** 2, (theirs - theirs.mean(0)) ** 2, still**2):
        return "In training your answers vary, but not as the course's do: what is dropped, where, and how often?"
    return None


def summed(values: Tensor) -> Tensor:
    """The numbers, and sums of them with fixed factors, in which it shows what is dropped together: (N, M) → (N, M + 16)."""
    factors = torch.randn(values.size(1), 16, generator=torch.Generator().manual_seed(0), dtype=values.dtype)
    return torch.cat((values, values @ factors), dim=1)


def beyond_chance(mine: Tensor, theirs: Tensor, still: Tensor) -> bool:
    """Whether the means of two samples differ by more than seven standard errors anywhere."""
    error = (mine.var(dim=0) / len(mine) + theirs.var(dim=0) / len(theirs) + still).sqrt()
    return bool(((mine.mean(dim=0) - theirs.mean(dim=0)).abs() > 7 * error).any())


def sequence_difference(given, expected, tolerance: float) -> str | None:
    if not isinstance(given, type(expected)):     # a named tuple is a tuple
        return f"Your answer is {described(given)}; {described(expected)} is expected."
    if len(given) != len(expected):
        return f"Your answer has {len(given)} items; {len(expected)} are expected."
    for place, (mine, wanted) in enumerate(zip(given, expected, strict=True)):
        found = difference(mine, wanted, tolerance)
        if found:
            link = ", " if found.startswith("Item ") else ": "
            return f"Item {place}{link}{found[0].lower()}{found[1:]}"
    return None


def dict_difference(given, expected, tolerance: float) -> str | None:
    if not isinstance(given, dict):
        return f"Your answer is {described(given)}; {described(expected)} is expected."
    for names, what in ((expected.keys() - given.keys(), "lacks"), (given.keys() - expected.keys(), "also has")):
        if names:
            return f"Your answer {what} `{shortened(sorted(names, key=str)[0])}`."
    for name, wanted in expected.items():
        found = difference(given[name], wanted, tolerance)
        if found:
            return f"`{shortened(name)}`: {found[0].lower()}{found[1:]}"
    return None


def first_place(wrong: Tensor) -> list[int]:
    return wrong.nonzero()[0].tolist()


def apart(given: float, expected: float, style: str) -> tuple[str, str]:
    """Two numbers with four digits, or with as many more as it takes to see that they differ."""
    for digits in range(4, 18):
        texts = f"{given:.{digits}{style}}", f"{expected:.{digits}{style}}"
        if texts[0] != texts[1]:
            break
    return texts


def described(value) -> str:
    if isinstance(value, Tensor) and not value.is_nested:     # whose shape cannot be said
        return f"a tensor of shape {tuple(value.shape)}"
    article = "an" if type(value).__name__[0] in "aeiou" else "a"
    return f"{article} `{type(value).__name__}`"


def copied(value):
    """The value with the tensors (gradients and all), dictionaries, lists and tuples in it copied, each to one of its own kind;
    anything else as it is.
    """
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        twin = copy.copy(value)     # a Counter stays one
        dict.update(twin, {name: copied(each) for name, each in dict.items(value)})
        return twin
    if isinstance(value, list):
        twin = copy.copy(value)
        twin[:] = map(copied, value)
        return twin
    if isinstance(value, tuple):
        return getattr(value, "_make", type(value))(list(map(copied, value)))     # a named one is made from its fields
    return value


def unchanged(before, now) -> bool:
    """Whether what was copied still is as it was."""
    if isinstance(before, Tensor):
        return before.shape == now.shape and torch.equal(before.nan_to_num(), now.nan_to_num())
    if isinstance(before, dict):
        return list(before) == list(now) and all(unchanged(each, dict.get(now, name)) for name, each in before.items())
    if isinstance(before, (list, tuple)):
        return len(before) == len(now) and all(map(unchanged, before, now))
    return before is now or isinstance(before, (int, float, str)) and before == now
