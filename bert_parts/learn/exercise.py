"""What an exercise is: a part to write, questions put to it, and the wrong answers that can be told apart."""

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bert_parts.checkpoint import misfits
from bert_parts.learn.compare import Draws
from bert_parts.learn.lesson_pages import Mistake, Page, exercise_page
from bert_parts.learn.patches import Changes, defined, normal, patched, plain_source

DRAWS = 300     # how often a part is asked in training


@dataclass(frozen=True)
class Case:
    """One question put to an answer.

    Attributes:
        tries: what the question is about, said when the answer is wrong here ("padding in the batch").
        arguments: makes the arguments afresh, the same each time.
        build: for a class, what it is constructed with.
        training: for a module with dropout: it is asked many times in training mode, and what is compared is how its answers
            vary.
        still: names of its parts that stay in eval mode even so.
    """

    tries: str
    arguments: Callable[[], tuple]
    build: tuple = ()
    training: bool = False
    still: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What is wrong with an answer.

    Attributes:
        message: what is said to the learner.
        mistake: its short name if it is a known one, or the kind of thing that is the matter.
        line: the number of the learner's own line, in the cell, to look at.
        further: one step further, for ``hint``.
    """

    message: str
    mistake: str | None = None
    line: int | None = None
    further: str = ""


@dataclass(frozen=True)
class Exercise:
    """A part that the learner writes.

    Attributes:
        lesson: the folder of its lesson, such as ``lessons/01_attention``, where its page is: hints, and known mistakes.
        reference: the package's own version, of which the stub is made: see ``tools/stubs.py``.
        cases: from coarse to fine; the first that fails is the one spoken of.
        asks: of a class, what the learner writes: methods, and attributes that its other methods set ("self.layer");
            without it, every method.
        probes: what no single output shows (chance, what is kept): each takes the answer and gives a Finding or None.
        drop_in: puts the answer inside the real model; gives a Finding, or what to say when it agrees.
        tolerance: how far a number may be off, absolute and relative.
        seen: what is compared, of an answer that may be given in several forms: made of the answer and the arguments.
    """

    lesson: Path
    reference: Any
    cases: tuple[Case, ...]
    asks: tuple[str, ...] = ()
    probes: tuple[Callable[[Any], Finding | None], ...] = ()
    drop_in: Callable[[Any], Finding | str] | None = None
    tolerance: float = 1e-5
    seen: Callable = lambda answer, *arguments: answer

    @property
    def name(self) -> str:
        return self.reference.__name__

    @property
    def notebook(self) -> str:
        """Where it is set, such as "01_attention"."""
        return self.lesson.name

    @property
    def hints(self) -> tuple[str, ...]:
        """Up to three, from a nudge to nearly there."""
        return self._page.hints

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The known wrong answers, the likeliest first."""
        return self._page.mistakes

    @property
    def source(self) -> str:
        """What the patches of the mistakes are made to: the page's plain version, or else the reference."""
        return normal(self._page.plain) if self._page.plain else plain_source(self.reference)

    def made(self, changes: Changes) -> object:
        """The source with changes made to it, as a function or class. Without any it is right.

        Raises:
            PatchError: they do not apply.
        """
        return defined(patched(self.source, changes), self.name, self.surroundings)

    @property
    def _page(self) -> Page:
        return exercise_page(self.lesson / f"{self.name}.md")

    @property
    def surroundings(self) -> dict:
        """What the reference and the patches may use: the names of its module, and of the lesson's exercises."""
        lesson = sys.modules[f"bert_parts.learn.lessons.{self.notebook}.exercises"]
        return vars(lesson) | vars(sys.modules[self.reference.__module__])

    def answer(self, thing, case: Case, arguments: tuple, times: int = DRAWS):
        """What the thing (the learner's, the package's or a mistake) answers in this case; in training, so many times."""
        if not isinstance(self.reference, type):
            return self.seen(thing(*arguments), *arguments)
        built = self.built(thing, case)
        if not case.training:
            return built(*arguments)
        built.train()
        for name in case.still:
            rest(getattr(built, name))
        return draws(built, arguments, times)

    def built(self, thing: type, case: Case):
        """An instance; modules get the same random weights whoever wrote them, and are in eval mode."""
        instance = thing(*case.build)
        if issubclass(self.reference, nn.Module):
            weights = hard_weights(self.reference, case.build)
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
                     "it under `self`. (What is in a plain list or dictionary, torch does not find.)")
    if unexpected:
        raise Misfit(f"Your part has {some(unexpected)}, which the published weights do not have: leave it out.")


def some(names: list[str]) -> str:
    """The first few of a list of names."""
    return ", ".join(f"`{name}`" for name in names[:3]) + and_more(names)


def and_more(names: list[str]) -> str:
    return f" and {len(names) - 3} more" if len(names) > 3 else ""


def rest(part: nn.Module):
    """Into eval mode for good; what the part has once worked out it gives again, which saves time."""
    forward, known = part.eval().forward, {}

    def again(*arguments, **named):
        key = str([(name, value.tolist() if isinstance(value, torch.Tensor) else value)
                   for name, value in (*enumerate(arguments), *named.items())])
        if key not in known:
            known[key] = forward(*arguments, **named)
        return copy.deepcopy(known[key])     # it may be changed in place

    part.forward = again


@cache
def hard_weights(part: type, build: tuple) -> dict[str, torch.Tensor]:
    """The weights that every version of a part is given when it is built so."""
    return with_hard_weights(part(*build)).state_dict()


def draws(module: nn.Module, arguments: tuple, times: int) -> Draws:
    """What a module answers in training, so many times, with seeds that are the same for everyone."""
    answers = []
    with torch.no_grad():
        for seed in range(times):
            torch.default_generator.manual_seed(seed)     # torch.manual_seed takes milliseconds, three stacks of calls
            answer = module(*arguments)
            answers.append(torch.cat([part.flatten() for part in (answer if isinstance(answer, tuple) else (answer,))]))
    return Draws(torch.stack(answers))


def with_hard_weights(module: nn.Module) -> nn.Module:
    """Weights of std 0.3: with the usual 0.02 a missing √d, a dropped mask or a tanh GELU slips through."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.3, generator=generator)
    return module


def made_once(make: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    """Of a function that makes a module, one that gives copies of what it made once: as if made afresh, but sooner."""
    first = cache(make)

    @wraps(make)
    def copied(*arguments, **named) -> nn.Module:
        return twin(first(*arguments, **named), {})

    return copied


def twin(module: nn.Module, made: dict[int, Any]) -> nn.Module:
    """A copy that shares nothing with a module but what its parts are set up with. What is one in the module is one in the copy.

    Args:
        made: what was copied of it already, by its id.
    """
    if id(module) in made:
        return made[id(module)]
    copied = made[id(module)] = object.__new__(type(module))
    own = vars(copied)
    for name, value in vars(module).items():
        own[name] = value.copy() if isinstance(value, (dict, set)) else value
    for name, part in module._modules.items():
        copied._modules[name] = part if part is None else twin(part, made)
    for tensors in (copied._parameters, copied._buffers):
        for name, tensor in tensors.items():
            tensors[name] = tensor if tensor is None else another(tensor, made)
    return copied


def another(tensor: torch.Tensor, made: dict[int, Any]) -> torch.Tensor:
    if id(tensor) not in made:
        numbers = tensor.detach().clone()
        made[id(tensor)] = nn.Parameter(numbers, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else numbers
    return made[id(tensor)]


def randn(*shape: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    """Random numbers that are the same each time, whatever the caller's own seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale
