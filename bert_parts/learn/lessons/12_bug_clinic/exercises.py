"""Notebook 12: a test that tells the ill from the healthy, what a set of tests is worth, and a step of training that is sound."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from bert_parts.clinic.healthy import HEALTHY
from bert_parts.clinic.invariants import all_numbers, faint, padding_does_not_matter
from bert_parts.clinic.project import Project, sound, train_step
from bert_parts.clinic.scoring import score_tests
from bert_parts.clinic.ward import ILL
from bert_parts.learn.exercise import Case, Exercise, Finding
from bert_parts.masking import NOT_ASKED, masked_lm_loss
from bert_parts.pooler import mean_pooling

HERE = Path(__file__).parent
TITLE = "The bug clinic"
BUILDS = "tests that tell ill projects from healthy ones, what a set of tests is worth, a step of training that is sound"
PAPER = "[Devlin et al. 2019](https://arxiv.org/abs/1810.04805), appendix A.2"

# ── padding_does_not_matter ──────────────────────────────────────────────────────────────────────────────────────────


def answer_of_a_test(answer, *_):
    """A test answers True or False; a tensor with one of these will do."""
    if not isinstance(answer, bool | Tensor) or isinstance(answer, Tensor) and (answer.numel() != 1 or answer.dtype != torch.bool):
        raise TypeError("a test answers True or False")
    return bool(answer)


def leaks(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """Means of the tokens, and a little of the place at the end, which in a padded row is padding."""
    return mean_pooling(hidden, attention_mask) + 0.001 * hidden[:, -1]


def moved_by_padding(step: float) -> Callable[[], tuple[Project]]:
    """All numbers of a vector move by as much, up or down, where a row is padded."""
    def pool(hidden: Tensor, attention_mask: Tensor) -> Tensor:
        return mean_pooling(hidden, attention_mask) + step * (attention_mask == 0).any(dim=1, keepdim=True)

    return lambda: (sound().with_part("pool", pool),)


# ── score_tests ──────────────────────────────────────────────────────────────────────────────────────────────────────

NUMBERS = {"ill": {"two": 2, "nine": 9, "none": None, "four": 4}, "healthy": {"one": 1, "eight": 8, "seven": 7, "text": "six"}}


def odd(number) -> bool:
    return number % 2 == 1


def small(number) -> bool:
    return number < 9


def small_as_torch_says(number) -> Tensor:
    return torch.tensor(number) < 9


def never(number) -> bool:
    return True


def falls_over(number) -> bool:
    raise RuntimeError("this test fails at everything")


def tests_and_numbers(*tests: Callable) -> Callable[[], tuple]:
    return lambda: (list(tests), dict(NUMBERS["ill"]), dict(NUMBERS["healthy"]))


def on_real_patients(thing: Callable) -> Finding | str:
    """The learner's function with a real test, on some of the patients and of the healthy."""
    ill, healthy = ({name: projects[name] for name in names} for projects, names in (
        (ILL, ("Anna", "Karl", "Rosa")), (HEALTHY, ("as it is", "one head"))))
    given = thing([padding_does_not_matter], ill, healthy)
    if given != {"caught": ["Anna", "Rosa"], "missed": ["Karl"], "refused": []}:
        return Finding("By itself your part agrees, but in the clinic it gives another score.")
    return "In the clinic: of Anna, Karl and Rosa a test of padding catches two, and two healthy projects pass it."


# ── train_step ───────────────────────────────────────────────────────────────────────────────────────────────────────


def a_step(asked: tuple[tuple[int, ...], ...], left_over: float = 0.0, loss: Callable = masked_lm_loss) -> Callable[[], tuple]:
    """A model, an optimizer, and small batches: how many tokens are asked for in each of their texts."""
    def made() -> tuple:
        project = sound(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_hidden_layers=1)
        model = project.model().train()
        for weight in model.parameters():
            weight.grad = torch.full_like(weight, left_over)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        return model, optimizer, [examples_of(project, counts) for counts in asked], loss

    return made


def of_label_0() -> tuple:
    """Asked is one token whose label is 0, too: an id like any other."""
    model, optimizer, examples, loss = a_step(((2, 1), (1,)))()
    examples[0][1][0, 1] = 0
    return model, optimizer, examples, loss


def in_training(model: nn.Module, batch: dict[str, Tensor], labels: Tensor) -> Tensor:
    """Another loss outside training: what dropout would do is seen without chance."""
    return masked_lm_loss(model, batch, labels) * (1.0 if model.training else 0.5)


def examples_of(project: Project, counts: tuple[int, ...]) -> tuple[dict[str, Tensor], Tensor]:
    batch = project.read(list(project.texts[5 : 5 + len(counts)]))
    labels = torch.full_like(batch["input_ids"], NOT_ASKED)
    for text, count in enumerate(counts):
        labels[text, 1 : 1 + count] = batch["input_ids"][text, 1 : 1 + count]
    return batch, labels


def weights_after(answer, model, *_):
    """The loss, and what the step has made of the weights, under names that are told."""
    if not isinstance(answer, float):
        raise TypeError("the mean loss is expected as the answer, a float, as .item() gives it")
    return {"the loss that you give back": answer, "the weights after the step": all_numbers(model)}


EXERCISES = (
    Exercise(lesson=HERE, reference=train_step, seen=weights_after, cases=(
        Case("one batch", a_step(((2, 1, 3),))),
        Case("two batches in which equally many tokens are asked for", a_step(((2, 1), (3, 0)))),
        Case("gradients that an earlier step has left", a_step(((2, 1, 3),), left_over=0.3)),
        Case("two batches, of one question and of eight", a_step(((1,), (3, 2, 3)))),
        Case("a label of 0", of_label_0),
        Case("a model in training, with dropout", a_step(((2, 1), (3,)), loss=in_training)),
        Case("two batches with short gradients, which need no clipping", a_step(((1, 2), (3,)), loss=faint(sound()).loss)),
        Case("three batches, of which one asks nothing", a_step(((2, 2), (0, 0), (1,)))),
        Case("batches that ask for one token in all", a_step(((0, 1), (0,)))),
        Case("batches that ask nothing", a_step(((0, 0), (0,)))),
    )),
    Exercise(lesson=HERE, reference=padding_does_not_matter, seen=answer_of_a_test, cases=(
        Case("a sound project", lambda: (sound(),)),
        Case("a project whose vectors depend on padding", lambda: (ILL["Rosa"],)),
        Case("a project in which padding is on the left", lambda: (ILL["Simon"],)),
        Case("a project in which padding moves a vector by about 0.001", lambda: (sound().with_part("pool", leaks),)),
        Case("a project in which padding makes the numbers of a vector larger", moved_by_padding(0.01)),
        Case("a project in which padding makes the numbers of a vector smaller", moved_by_padding(-0.01)),
        Case("a project in which a mask is forgotten", lambda: (ILL["Anna"],)),
        Case("a project in which padding is read when weights are large", lambda: (ILL["Nora"],)),
        Case("a sound project that pads to a multiple of 8", lambda: (HEALTHY["rows of 8, 16, 24"],)),
        Case("a sound project that takes the largest number of each column", lambda: (HEALTHY["the largest of each column"],)),
        Case("a project that is ill, but not in its padding", lambda: (ILL["Tilda"],)),
    )),
    Exercise(lesson=HERE, reference=score_tests, drop_in=on_real_patients, cases=(
        Case("one test", tests_and_numbers(small)),
        Case("two tests, of which a project may fail one", tests_and_numbers(small, odd)),
        Case("a test that everybody passes", tests_and_numbers(never)),
        Case("no test at all", tests_and_numbers()),
        Case("a test that raises an error", tests_and_numbers(falls_over)),
        Case("a test that answers with a tensor, as a comparison of torch does", tests_and_numbers(small_as_torch_says)),
    )),
)
