"""Notebook 01: scaled dot-product attention, the padding mask, heads."""

import math
from pathlib import Path

import torch
from torch import Tensor

from bert_parts.attention import MultiHeadAttention, attention_weights, padding_mask, split_heads
from bert_parts.learn.exercise import Case, Exercise, Finding, randn
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model, runs_inside

HERE = Path(__file__).parent
TITLE = "Attention"
BUILDS = "scaled dot-product attention, masks, heads"
PAPER = "[Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), 3.2"

PADDING = torch.tensor([[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]])     # the first: so it shows who takes it for all
STAIRS = torch.ones(4, 6, dtype=torch.bool).tril(diagonal=1)
LEAKS = ("A hidden place still has the weight {}. Whatever number you give to the hidden scores (or take away from them), "
         "e to its power is not 0, and next to other low scores it may even be the largest. −∞ is the only score whose "
         "weight is exactly 0: `-math.inf`.")


def two_texts(length: int, width: int = 12) -> Tensor:
    return randn(2, length, width, seed=length)


def far_below_zero():
    """Queries and keys whose scores are all about −300, in whole numbers, so that nothing is rounded."""
    query, key = randn(2, 3, 4, 4, scale=2).round(), randn(2, 3, 6, 4, seed=1, scale=2).round()
    query[..., 0], key[..., 0] = 30, -20
    return query, key


def hides_wholly(thing) -> Finding | None:
    """Where the mask is False the weight is 0, be the score there ever so high and the others ever so low."""
    query, key = torch.full((1, 1, 1, 4), 10.0), torch.tensor([20.0, -20.0]).view(1, 1, 2, 1).expand(1, 1, 2, 4)
    hidden = thing(query, key, torch.tensor([[[[False, True]]]]))[0, 0, 0, 0].item()     # of the scores 400 and −400
    if math.isnan(hidden):
        return Finding("A weight becomes NaN where one score is 400 and another is −400.")
    return None if hidden == 0 else Finding(LEAKS.format(f"{hidden:.3g}"), "too little taken off")


def all_heads_agree(thing) -> Finding | str:
    """The real model's own queries and keys, layer by layer."""
    model, _ = real_model()
    batch = real_batch()
    mask = padding_mask(batch["attention_mask"])
    with torch.no_grad():
        x = model.embeddings(batch["input_ids"], batch["token_type_ids"])
        for number, layer in enumerate(model.encoder.layer):
            attention = layer.attention.self
            query = split_heads(attention.query(x), attention.num_heads)
            key = split_heads(attention.key(x), attention.num_heads)
            if not torch.allclose(thing(query, key, mask), attention_weights(query, key, mask), atol=TOLERANCE, rtol=0):
                return Finding(f"On made-up numbers your weights agree, but not on those of the real BERT's layer {number}.")
            x = layer(x, mask)
    return "On the real BERT's own queries and keys: the same weights in all 6 layers × 12 heads."


def same_with_mask(thing) -> Finding | str:
    """The real encoder under the learner's mask."""
    model, _ = real_model()
    batch = real_batch()
    with torch.no_grad():
        x = model.embeddings(batch["input_ids"], batch["token_type_ids"])
        expected, _ = model(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
        given = model.encoder(x, thing(batch["attention_mask"]))
    if not torch.allclose(given, expected, atol=TOLERANCE, rtol=0):
        return Finding("By itself your mask agrees, but under it the real BERT gives other hidden states.")
    return "In the real BERT: the same hidden states under your mask, for four sentences of different lengths."


EXERCISES = (
    Exercise(lesson=HERE, reference=attention_weights, probes=(hides_wholly,), drop_in=all_heads_agree, cases=(
        Case("2 texts, 3 heads, 4 queries, 6 keys, no mask", lambda: (randn(2, 3, 4, 5), randn(2, 3, 6, 5, seed=1))),
        Case("large scores, of which e to their power is too big a number",
             lambda: (randn(1, 2, 3, 4, scale=30), randn(1, 2, 5, 4, seed=1, scale=30))),
        Case("a padding mask of shape (2, 1, 1, 6), where all scores are far below 0",
             lambda: (*far_below_zero(), PADDING.bool()[:, None, None, :])),
        Case("a padding mask of shape (2, 1, 1, 6)",
             lambda: (randn(2, 3, 4, 5), randn(2, 3, 6, 5, seed=1), PADDING.bool()[:, None, None, :])),
        Case("a mask of shape (4, 6), a row for each query",
             lambda: (randn(2, 3, 4, 5), randn(2, 3, 6, 5, seed=1), STAIRS.clone())),
    )),
    Exercise(lesson=HERE, reference=padding_mask, drop_in=same_with_mask, cases=(
        Case("two texts, one of them padded", lambda: (PADDING.clone(),)),
        Case("marks that are boolean already", lambda: (PADDING.bool(),)),
        Case("padding in front", lambda: (PADDING.flip(1),)),
    )),
    Exercise(lesson=HERE, reference=split_heads, cases=(
        Case("2 texts of 5 tokens, width 12, in 3 heads", lambda: (two_texts(5), 3)),
        Case("1 text of 2 tokens, width 8, in 4 heads", lambda: (randn(1, 2, 8), 4)),
        Case("one head", lambda: (randn(2, 3, 4), 1)),
    )),
    Exercise(lesson=HERE, reference=MultiHeadAttention, asks=("forward",), drop_in=runs_inside, cases=(
        Case("one text, looking at itself", lambda: (randn(1, 5, 12),), build=(12, 3, 0.0)),
        Case("two texts", lambda: (two_texts(5),), build=(12, 4, 0.0)),
        Case("a dropout rate of 0.5, outside training", lambda: (two_texts(5),), build=(12, 4, 0.5)),
        Case("two texts, one padded", lambda: (two_texts(6), None, padding_mask(PADDING)), build=(12, 4, 0.0)),
        Case("a causal mask", lambda: (two_texts(4), None, torch.ones(4, 4, dtype=torch.bool).tril()),
             build=(12, 3, 0.0)),
        Case("4 tokens looking at a context of 6", lambda: (two_texts(4), two_texts(6)), build=(12, 3, 0.0)),
        Case("a padded context", lambda: (two_texts(4), two_texts(6), padding_mask(PADDING)), build=(12, 3, 0.0)),
        Case("in training, with a dropout rate of 0.3", lambda: (two_texts(4, width=6),), build=(6, 2, 0.3), training=True),
    )),
)
