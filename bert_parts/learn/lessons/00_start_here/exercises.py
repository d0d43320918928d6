"""Notebook 00: how an exercise works, on the mean of a sentence's token vectors."""

from pathlib import Path

import torch

from bert_parts.learn.exercise import Case, Exercise, Finding, randn
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model
from bert_parts.pooler import mean_pooling

TITLE = "Start here"
BUILDS = "the mean of a sentence"
PAPER = "[Reimers & Gurevych 2019](https://arxiv.org/abs/1908.10084), 3"

FULL = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 1]])
IN_FRONT = torch.tensor([[0, 0, 1, 1], [1, 0, 1, 0]])
RAGGED = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])


def same_sentences(thing) -> Finding | str:
    """The sentence vectors of the real model."""
    model, _ = real_model()
    batch = real_batch()
    with torch.no_grad():
        hidden, _ = model(batch["input_ids"], batch["attention_mask"])
    marks = batch["attention_mask"]
    if not torch.allclose(thing(hidden, marks), mean_pooling(hidden, marks), atol=TOLERANCE, rtol=0):
        return Finding("On made-up numbers your part agrees, but on the vectors of the real BERT it does not.")
    return "On the vectors of the real BERT: the same sentence vectors, padding or not."


EXERCISES = (
    Exercise(lesson=Path(__file__).parent, reference=mean_pooling, drop_in=same_sentences, cases=(
        Case("two sentences of equal length, no padding", lambda: (randn(2, 4, 3), FULL.clone())),
        Case("three sentences, two of them padded", lambda: (randn(3, 4, 5, seed=1), RAGGED.clone())),
        Case("two sentences, with padding in front and between", lambda: (randn(2, 4, 3, seed=2), IN_FRONT.clone())),
    )),
)
