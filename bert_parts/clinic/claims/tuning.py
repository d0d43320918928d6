"""Claims about fine-tuning: all-MiniLM-L6-v2 learns to judge film reviews, five times."""

import statistics
from functools import cache, partial
from typing import NamedTuple

import torch
from torch import nn

from bert_parts.checkpoint import load_tokenizer
from bert_parts.heads import BertForSequenceClassification
from bert_parts.tasks.run import under_new_head
from bert_parts.tasks.sentiment import Example, fine_tune, label_scores, review_examples, split

NAME, HEAD = "all-MiniLM-L6-v2", partial(BertForSequenceClassification, num_labels=2)
SEEDS = range(5)
LEARNED, ASKED, EPOCHS = 800, 400, 2     # sentences for a training, and for each seed
RATES, CHOOSING = (3e-5, 1e-4, 3e-4, 1e-3), range(100, 102)     # learning rates, and the seeds by which one is chosen


class Tuned(NamedTuple):
    """The model that was fine-tuned, and the weights that it had begun with."""

    model: nn.Module
    before: dict[str, torch.Tensor]


@cache
def parts() -> list[list[Example]]:
    """The sentences that are asked for each seed, those by which a learning rate is chosen, and those to learn from."""
    return split(review_examples(), (ASKED,) * (len(SEEDS) + 1), seed=0)


@torch.enable_grad()
def tuned(seed: int, pretrained: bool, rate: float) -> Tuned:
    """Two passes over 800 sentences, others for each seed, by a model whose head is new; its weights are the pretrained ones, or
    all new."""
    model, tokenizer = under_new_head(HEAD, seed, NAME)
    if not pretrained:
        torch.manual_seed(seed)
        model = HEAD(model.config)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    learned, _ = split(parts()[-1], (LEARNED,), seed)
    fine_tune(model, tokenizer, learned, epochs=EPOCHS, learning_rate=rate, seed=seed)
    return Tuned(model, before)


def right(model: nn.Module, asked: list[Example]) -> float:
    """The share of the sentences that are judged rightly."""
    said = label_scores(model, load_tokenizer(NAME), [example.text for example in asked]).argmax(dim=1)
    return (said == torch.tensor([example.label for example in asked])).float().mean().item()


@cache
def best_rate(pretrained: bool) -> float:
    """The learning rate of RATES that is right most often, over two other seeds, on sentences that are not reported."""
    return max(RATES, key=lambda rate: statistics.fmean(right(tuned(seed, pretrained, rate).model, parts()[len(SEEDS)])
                                                        for seed in CHOOSING))


@cache
def at_its_best(seed: int, pretrained: bool) -> Tuned:
    return tuned(seed, pretrained, best_rate(pretrained))


def put_back(found: Tuned, layers: range, asked: list[Example]) -> float:
    """How often it is right if some layers get the weights back that they had before fine-tuning. Then it is as it was."""
    now = {name: weight.clone() for name, weight in found.model.state_dict().items()}
    named = tuple(f"bert.encoder.layer.{layer}." for layer in layers)
    found.model.load_state_dict({name: found.before[name] if name.startswith(named) else now[name] for name in now})
    try:
        return right(found.model, asked)
    finally:
        found.model.load_state_dict(now)


def pretraining() -> tuple[list[float], list[float]]:
    return tuple([right(at_its_best(seed, pretrained).model, parts()[seed]) for seed in SEEDS] for pretrained in (True, False))


def upper_layers() -> tuple[list[float], list[float]]:
    return tuple([put_back(at_its_best(seed, True), layers, parts()[seed]) for seed in SEEDS] for layers in (range(3), range(3, 6)))
