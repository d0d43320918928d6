"""All that is measured, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from tqdm import tqdm

from benchmarks import floor, reading, tokenizing, training, vectors
from benchmarks.texts import Setting
from benchmarks.timing import Makers, Row, take_turns


@dataclass(frozen=True)
class Case:
    """What contenders are asked for.

    Attributes:
        plan: gives what the case is in words, and what makes its contenders.
        rounds: how often each has its turn.
    """

    title: str
    plan: Callable[[Setting], tuple[str, Makers]]
    rounds: int = 11


CASES = {
    "dense": Case("Dense", reading.dense),
    "one": Case("One text", reading.one_text, 51),
    "reviews": Case("Ragged: reviews", reading.ragged_reviews),
    "ragged": Case("Ragged: one long text among others", reading.ragged),
    "maps": Case("With attention maps", reading.maps),
    "masked": Case("A training step on masked words", training.masked_words),
    "labels": Case("Fine-tuning steps on reviews", training.fine_tuning, 7),
    "vectors": Case("Sentence vectors", vectors.of_reviews, 7),
    "products": Case("Their matrix products alone", floor.of_reviews, 7),
    "tokenizer": Case("Tokenizer: reviews", tokenizing.of_reviews),
    "scripts": Case("Tokenizer: other scripts", tokenizing.of_other_scripts),
}
FEW = 3     # rounds, where all is only tried


def plan(name: str, setting: Setting) -> tuple[str, Makers]:
    """What the case is in words, and what makes its contenders."""
    torch.set_num_threads(setting.threads)
    return CASES[name].plan(setting)


def measured(name: str, setting: Setting) -> tuple[str, list[Row]]:
    """What the case is in words, and what was found out about each contender."""
    about, makers = plan(name, setting)
    rounds = FEW if setting.quick else CASES[name].rounds
    return about, take_turns(name, makers, rounds, partial(tqdm, desc=name, unit="round", leave=False))
