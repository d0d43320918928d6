"""All patients, and what becomes of those who are treated."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor

from bert_parts.clinic.designed import DESIGNED
from bert_parts.clinic.invariants import LONG, REFERENCE, SHORT
from bert_parts.clinic.patient import Patient
from bert_parts.clinic.project import Project, sound
from bert_parts.clinic.scoring import passes
from bert_parts.clinic.wild import WILD

PATIENTS = {patient.name: patient for patient in (*DESIGNED, *WILD)}
ILL = {name: patient.project for name, patient in PATIENTS.items()}
# Where a cure must hold: in the project that everybody sees, and in one of other sizes.
HERE = sound()
ELSEWHERE = sound(hidden_size=24, num_attention_heads=2, num_hidden_layers=3, seed=5, hiding=0.3, batches=3, batch_size=3,
                  layer_norm_eps=1e-8, hidden_dropout_prob=0.2)


@dataclass(frozen=True)
class Verdict:
    """What became of a treatment: whether it cured, and what is to be said of it."""

    cured: bool
    words: str

    def __str__(self) -> str:
        return f"{'✓' if self.cured else '✗'} {self.words}"


def treat(patient: Patient, part: Callable) -> Verdict:
    """Put a part in the place of the ill one, and see what the project does then, here and with other sizes.

    It is judged by what it does, not by how it is written: every invariant of the clinic must hold in both, and where chance has no
    hand in it, the numbers must be those of the sound project.
    """
    if part is patient.ill:
        return Verdict(False, f"{patient.name} has not been treated yet.")
    here, elsewhere = (body.with_part(patient.part, part) for body in (HERE, ELSEWHERE))
    for body, where in ((here, ""), (elsewhere, " in a project of other sizes")):
        for invariant in REFERENCE:
            if not passes(invariant, body):
                return Verdict(False, f"{patient.name} is not well{where}: `{invariant.__name__}` does not hold.")
    for what in NUMBERS if patient.part not in CHANCE else ():
        if not (_same(what, HERE, here) and _same(what, ELSEWHERE, elsewhere)):
            return Verdict(False, f"What {patient.name} complained of is gone, but {what} is not what it should be: something was "
                                  "changed that was sound.")
    return Verdict(True, f"{patient.name} is well again. What it was: {patient.illness[0].lower()}{patient.illness[1:]}")


CHANCE = ("hide", "order", "rate")     # parts of which there are many that are sound


@torch.no_grad()
def hidden_vectors(project: Project) -> Tensor:
    batch = project.read([LONG, SHORT, project.texts[2]])
    return project.hidden(project.model(), batch)[batch["attention_mask"].bool()]


@torch.no_grad()
def text_vectors(project: Project) -> Tensor:
    return project.vectors(project.model(), project.read([LONG, SHORT, project.texts[2]]))


def numbers_of_training(project: Project) -> Tensor:
    run = replace(project, texts=project.texts[:9]).train(3)
    return torch.tensor(run.losses + run.looks)


def tag_losses(project: Project) -> Tensor:
    scores = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(1))
    return project.tag_loss(scores, torch.tensor([[0, 1, -100, 4], [0, -100, 2, 3]]))


NUMBERS = {"the vectors of tokens": hidden_vectors, "the vectors of texts": text_vectors, "the loss of a tagger": tag_losses,
           "the loss in training": numbers_of_training}


@cache
def _wanted(what: str, at_home: bool) -> Tensor:
    return NUMBERS[what](HERE if at_home else ELSEWHERE)


def _same(what: str, body: Project, cured: Project) -> bool:
    try:
        given = NUMBERS[what](cured)
    except Exception:     # a part that somebody wrote may fail at anything
        return False
    wanted = _wanted(what, body is HERE)
    return given.shape == wanted.shape and torch.allclose(given, wanted, atol=1e-4)
