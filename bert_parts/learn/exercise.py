"""What an exercise is: a part to write, questions put to it, and the wrong answers that can be told apart."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from bert_parts.checkpoint import misfits


@dataclass(frozen=True)
class Case:
    """One question put to an answer.

    Attributes:
        tries: what the question is about, said when the answer is wrong here ("padding in the batch").
        arguments: makes the arguments afresh, the same each time.
        build: for a class, what it is constructed with.
    """

    tries: str
    arguments: Callable[[], tuple]
    build: tuple = ()


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that the check knows by name.

    Attributes:
        name: short, unique within the exercise ("softmax over queries").
        says: the diagnosis and the way on, without the solution.
        wrong: a function or class that makes this mistake; an answer that agrees with it has made it too.
    """

    name: str
    says: str
    wrong: Any


@dataclass(frozen=True)
class Finding:
    """What is wrong with an answer. ``mistake`` is its short name if it is a known one."""

    message: str
    mistake: str | None = None


@dataclass(frozen=True)
class Exercise:
    """A part that the learner writes.

    Attributes:
        reference: the package's own version; its name, signature and docstring are the stub's.
        notebook: where it is set, such as "01_attention".
        cases: from coarse to fine; the first that fails is the one spoken of.
        mistakes: the known wrong answers, the likeliest first.
        hints: up to three, from a nudge to nearly there.
        probes: what no single output shows (dropout, gradients): each takes the answer and gives a Finding or None.
        drop_in: puts the answer inside the real model; gives a Finding, or what to say when it agrees.
        tolerance: how far a number may be off, absolute and relative.
    """

    reference: Any
    notebook: str
    cases: tuple[Case, ...]
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    probes: tuple[Callable[[Any], Finding | None], ...] = ()
    drop_in: Callable[[Any], Finding | str] | None = None
    tolerance: float = 1e-5

    @property
    def name(self) -> str:
        return self.reference.__name__

    def answer(self, thing, case: Case, arguments: tuple):
        """What the thing (the learner's, the package's or a mistake) answers in this case."""
        if not isinstance(self.reference, type):
            return thing(*arguments)
        return self.built(thing, case)(*arguments)

    def built(self, thing: type, case: Case):
        """An instance; modules get the same random weights whoever wrote them, and are in eval mode."""
        instance = thing(*case.build)
        if issubclass(self.reference, nn.Module):
            weights = with_hard_weights(self.reference(*case.build)).state_dict()
            check_fit(instance.state_dict(), weights)
            instance.load_state_dict(weights)
            instance.eval()
        return instance


class Misfit(Exception):
    """The parameters of a module are not those of the published weights."""


def check_fit(own: dict, weights: dict):
    """Raises Misfit, in words for the learner, where names or shapes differ."""
    unexpected, missing, misshapen = misfits(own, weights).values()     # misfits looks from the weights' side
    if misshapen:
        shapes = [f"`{name}` has the shape {tuple(own[name].shape)}, and {tuple(weights[name].shape)} is wanted"
                  for name in misshapen[:3]]
        raise Misfit(f"In your part {'; '.join(shapes)}{and_more(misshapen)}. Take every size from what the constructor is "
                     "given: it is tried with several.")
    if missing and unexpected:
        raise Misfit(f"The published weights have {some(missing)}; yours have {some(unexpected)}. Weights find their place "
                     "by name, so give your parts the published names.")
    if missing:
        raise Misfit(f"Your part has no {some(missing)}, which the published weights have: make it in `__init__`, and keep "
                     "it under `self`.")
    if unexpected:
        raise Misfit(f"Your part has {some(unexpected)}, which the published weights do not have: leave it out.")


def some(names: list[str]) -> str:
    """The first few of a list of names."""
    return ", ".join(f"`{name}`" for name in names[:3]) + and_more(names)


def and_more(names: list[str]) -> str:
    return f" and {len(names) - 3} more" if len(names) > 3 else ""


def with_hard_weights(module: nn.Module) -> nn.Module:
    """Weights of std 0.3: with the usual 0.02 a missing √d, a dropped mask or a tanh GELU slips through."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.3, generator=generator)
    return module


def randn(*shape: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    """Random numbers that are the same each time, whatever the caller's own seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * scale
