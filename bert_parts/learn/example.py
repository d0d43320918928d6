"""The smallest example of a difference: at most twelve numbers, those that go in, the learner's, and those expected."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from bert_parts.learn.compare import difference

NUMBERS = 12
SECONDS = 0.3


def smallest(answer: Callable, expected: Callable, arguments: tuple, names: list[str], tolerance: float) -> str:
    """A sentence with an example in which the answers still differ; "" if none is small enough, or none has numbers.

    Args:
        answer: what the learner's part answers to arguments; expected: what the course's does. Both may raise errors.
        arguments: with which they are known to differ; names: what these are called.
    """
    def differ(tried: tuple) -> tuple | None:
        try:
            given, wanted = answer(*copies(tried)), expected(*copies(tried))
            alike = difference(given, wanted, tolerance) is None
        except (Exception, SystemExit):
            return None
        both_numbers = isinstance(given, Tensor) and isinstance(wanted, Tensor) and given.shape == wanted.shape
        usable = both_numbers and wanted.double().isfinite().all()     # not of a text without a word
        return (given, wanted) if usable and not alike else None

    until, before = time.thread_time() + SECONDS, arguments
    if differ(arguments) is None:
        return ""
    for smaller in (sliced, rounded):
        arguments = shrunk(arguments, smaller, differ, until)
    found = differ(arguments)     # none if a hook of a version that failed on the way has stayed on a model that is given
    return told(arguments, names, *found, arguments is before) if found else ""


def copies(arguments: tuple) -> tuple:
    return tuple(value.clone() if isinstance(value, Tensor) else value for value in arguments)


def shrunk(arguments: tuple, smaller: Callable, differ: Callable, until: float) -> tuple:
    """Made smaller step by step, as long as the answers differ."""
    found = True
    while found and time.thread_time() < until:
        found = False
        for tried in smaller(arguments):
            if time.thread_time() < until and differ(tried) is not None:
                arguments, found = tried, True
                break
    return arguments


def sliced(arguments: tuple):
    """All dimensions of one size cut to the first or last 1 or 2, which keeps together what belongs together."""
    sizes = sorted({size for value in arguments if isinstance(value, Tensor) for size in value.shape if size > 1}, reverse=True)
    for size in sizes:
        for target in (1, 2) if size > 2 else (1,):
            for start in (0, size - target):
                yield tuple(cut(value, size, start, target) if isinstance(value, Tensor) else value for value in arguments)


def cut(value: Tensor, size: int, start: int, target: int) -> Tensor:
    for dimension, here in enumerate(value.shape):
        if here == size:
            value = value.narrow(dimension, start, target)
    return value


def rounded(arguments: tuple):
    """Numbers with fewer digits."""
    for digits in (0, 1):
        tried = tuple(value.round(decimals=digits) if isinstance(value, Tensor) and value.is_floating_point() else value
                      for value in arguments)
        if any(isinstance(old, Tensor) and not torch.equal(old, new) for old, new in zip(arguments, tried, strict=True)):
            yield tried


def told(arguments: tuple, names: list[str], given: Tensor, wanted: Tensor, same: bool) -> str:
    """
    Args:
        same: whether these are the arguments that the learner was told of before.
    """
    tensors = {name: value for name, value in zip(names, arguments, strict=False) if isinstance(value, Tensor)}
    if numbers(given) == numbers(wanted):     # say, where there is nothing, or by their kinds only
        return ""
    if sum(value.numel() for value in tensors.values()) + 2 * given.numel() <= NUMBERS:
        inputs = ", ".join(f"`{name}` {numbers(value)}" for name, value in tensors.items())
        return f"The smallest example: of {inputs} yours makes {numbers(given)}, and {numbers(wanted)} is expected."
    if given.dim() == 0:
        return ""
    wrong = ~torch.isclose(given.double(), wanted.double(), atol=1e-5, rtol=1e-5, equal_nan=True)
    place = wrong.nonzero()[0].tolist() if wrong.any() else [0] * given.dim()
    start = max(0, min(place[-1], given.size(-1) - NUMBERS // 2))
    row = (*place[:-1], slice(start, start + NUMBERS // 2))
    where = ", ".join([*map(str, place[:-1]), f"{start}:{start + given[row].numel()}" if given[row].numel() > 1 else str(start)])
    if numbers(given[row]) == numbers(wanted[row]):
        return ""
    begin = "For example" if same else "In a smaller example"
    return f"{begin}, at [{where}] you have {numbers(given[row])}, and {numbers(wanted[row])} is expected."


def numbers(value: Tensor) -> str:
    """The numbers of a tensor, shortened, without dimensions of size 1 around them."""
    while value.dim() > 1 and value.size(0) == 1:
        value = value[0]
    return str(values(value.tolist())).replace("'", "")


def values(given):
    if isinstance(given, list):
        return [values(each) for each in given]
    return f"{given + 0.0:.4g}" if isinstance(given, float) else given     # + 0.0, since −0 is 0
