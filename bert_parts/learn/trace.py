"""Where do the learner's values part from the course's? Every result of torch on the way, line by line."""

import sys
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

MOST, LARGEST = 400, 20_000     # results that are kept, and numbers in each


@dataclass(frozen=True)
class Step:
    """A result on the way, and the line of the code on which it came about."""

    line: int
    value: Tensor


class Steps(TorchFunctionMode):
    """Within the block, keeps every tensor that torch makes on a line of one of the given files."""

    def __init__(self, filenames: set[str]):
        super().__init__()
        self.filenames, self.steps = filenames, []

    def __torch_function__(self, function, types, arguments=(), named=None):
        result = function(*arguments, **(named or {}))
        value = arguments[0] if result is None and arguments else result     # `x[i] = y` gives nothing back
        if isinstance(value, Tensor) and len(self.steps) < MOST and value.numel() <= LARGEST and value.layout == torch.strided:
            line = self.line()
            if line:
                self.steps.append(Step(line, value.detach().clone()))
        return result

    def line(self) -> int | None:
        """The line of the innermost code that lies in one of the files."""
        frame = sys._getframe(2)
        while frame:
            if frame.f_code.co_filename in self.filenames:
                return frame.f_lineno
            frame = frame.f_back
        return None


def steps_of(call, filenames: set[str]) -> list[Step]:
    """What a call computes on the lines of these files, as far as it comes."""
    with Steps(filenames) as kept, suppress(Exception, SystemExit):
        call()
    return kept.steps


def parting(own: list[Step], course: list[Step], tolerance: float) -> tuple[int | None, int | None]:
    """The last line on which the learner has a value that the course's version has too, and the first after it on which all
    that is computed is not the course's. None for either if there is no such line."""
    telling, known = [step for step in own if tells(step.value)], Known([step.value for step in course], tolerance)
    found = [step.value in known for step in telling]
    agreed = max((place for place, here in enumerate(found) if here), default=None)
    start = 0 if agreed is None else agreed + 1
    return (None if agreed is None else telling[agreed].line), next((step.line for step in telling[start:]), None)


def tells(value: Tensor) -> bool:
    """Whether it is unlikely that another has the same numbers by chance: they are fractions."""
    return value.is_floating_point() and bool((value != value.round()).any())


class Known:
    """Values among which others are looked for: the same numbers, in whatever order, shape and number type. Another style is no
    mistake. Of as many numbers all are compared where the least and the greatest are the same only."""

    def __init__(self, values: list[Tensor], tolerance: float):
        self.close = {"atol": tolerance, "rtol": tolerance, "equal_nan": True}
        self.values = defaultdict(list)
        for value in values:
            if value.numel():
                self.values[value.numel()].append(in_order(value))
        self.ends = {count: torch.stack([ends(value) for value in found]) for count, found in self.values.items()}

    def __contains__(self, value: Tensor) -> bool:
        if value.numel() not in self.values:
            return False
        own, others = in_order(value), self.values[value.numel()]
        near = torch.isclose(ends(own), self.ends[value.numel()], **self.close).all(dim=1)
        return any(torch.allclose(own, others[place], **self.close) for place in near.nonzero().flatten().tolist())


def same(one: Tensor, other: Tensor, tolerance: float) -> bool:
    return one in Known([other], tolerance)


def in_order(value: Tensor) -> Tensor:
    return value.detach().double().flatten().sort().values


def ends(value: Tensor) -> Tensor:
    return torch.stack([value[0], value[-1]])
