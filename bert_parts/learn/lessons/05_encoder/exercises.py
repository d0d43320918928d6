"""Notebook 05: what stands around attention: the feed-forward, residuals, LayerNorm, the layer and the stack."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from bert_parts.attention import padding_mask
from bert_parts.config import BertConfig
from bert_parts.encoder import AddAndNorm, BertAttention, BertEncoder, BertLayer, head_contributions
from bert_parts.learn.exercise import Case, Exercise, Finding, made_once, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model, runs_inside

HERE = Path(__file__).parent
TITLE = "The encoder"
BUILDS = "residuals, attention head by head, layers"
PAPER = "[Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), 3.1, 3.3"

CONFIG = BertConfig(vocab_size=8, hidden_size=12, num_hidden_layers=4, num_attention_heads=3, intermediate_size=20)
TINY = replace(CONFIG, hidden_size=4, num_hidden_layers=1, num_attention_heads=2, intermediate_size=6, hidden_dropout_prob=0.0,
               attention_probs_dropout_prob=0.0)
DROPS, DROPS_WEIGHTS = replace(TINY, hidden_dropout_prob=0.3), replace(TINY, attention_probs_dropout_prob=0.4)
PADDING = torch.tensor([[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]])


def two_texts(length: int, width: int = 12, seed: int = 0) -> Tensor:
    return randn(2, length, width, seed=seed)


def in_training(config: BertConfig, tries: str) -> Case:
    return Case(f"in training, {tries}", lambda: (randn(1, 3, 4),), build=(config,), training=True)


def starts_unequal(thing) -> Finding | None:
    """Before any training, no two layers may hold the same random weights."""
    first, second = (dict(layer.named_parameters()) for layer in list(thing(CONFIG).layer)[:2])
    matrices = [name for name, parameter in first.items() if parameter.dim() == 2]
    if any(torch.equal(first[name], second[name]) for name in matrices):
        return Finding("With weights from a file all is well, but in training your layers start as copies of one "
                       "another (`copy.deepcopy`, or a seed set in the loop): draw fresh random weights for every layer, "
                       "by constructing each of them.", "layers start equal")
    return None


@made_once
def an_attention(heads: int = 3) -> BertAttention:
    """The first half of a layer, with random, hard weights."""
    return with_hard_weights(BertAttention(replace(CONFIG, num_attention_heads=heads))).eval()


def adds_up_inside(thing) -> Finding | str:
    """In the real model's first layer the heads' parts are compared with what its W^O gives for all of them."""
    model, batch = real_model()[0], real_batch()
    attention, mask = model.encoder.layer[0].attention, padding_mask(batch["attention_mask"])
    with torch.no_grad():
        x = model.embeddings(batch["input_ids"], batch["token_type_ids"])
        expected = attention.output.dense(attention.self(x, mask=mask))
        given = thing(attention, x, mask).sum(dim=1) + attention.output.dense.bias
    if not torch.allclose(given, expected, atol=TOLERANCE, rtol=0):
        return Finding("On small texts your parts agree, but in the real BERT they do not add up to what W^O gives.")
    return "In the real BERT's first layer they add up, with the bias, to what W^O gives."


CASES = (
    Case("one text of 5 tokens, no mask", lambda: (randn(1, 5, 12),), build=(CONFIG,)),
    Case("two texts", lambda: (two_texts(6),), build=(CONFIG,)),
    Case("two texts, one of them padded", lambda: (two_texts(6), padding_mask(PADDING)), build=(CONFIG,)),
)
DROPPING = (
    in_training(DROPS, "with a hidden dropout rate of 0.3"),
    in_training(DROPS_WEIGHTS, "with a dropout rate of 0.4 for attention only"),
)

EXERCISES = (
    Exercise(lesson=HERE, reference=AddAndNorm, asks=("forward",), drop_in=runs_inside, cases=(
        Case("x as wide as the residual", lambda: (two_texts(5), two_texts(5, seed=1)), build=(12, CONFIG)),
        Case("x wider than the residual, and a layer_norm_eps of 0.1", lambda: (two_texts(5, 20), two_texts(5, seed=1)),
             build=(20, replace(CONFIG, layer_norm_eps=0.1))),
        Case("in training, with a dropout rate of 0.3", lambda: (randn(1, 3, 5), randn(1, 3, 4, seed=1)), build=(5, DROPS),
             training=True),
    )),
    Exercise(lesson=HERE, reference=BertAttention, asks=("forward",), cases=(*CASES, *DROPPING), drop_in=runs_inside),
    Exercise(lesson=HERE, reference=head_contributions, drop_in=adds_up_inside, cases=(
        Case("one text of 5 tokens, no mask", lambda: (an_attention(), randn(1, 5, 12))),
        Case("two texts and two heads", lambda: (an_attention(heads=2), two_texts(5))),
        Case("two texts, one of them padded", lambda: (an_attention(), two_texts(6), padding_mask(PADDING))),
    )),
    Exercise(lesson=HERE, reference=BertLayer, asks=("forward",), cases=(*CASES, *DROPPING), drop_in=runs_inside),
    Exercise(lesson=HERE, reference=BertEncoder, asks=("self.layer", "forward"), cases=(*CASES, *DROPPING),
             probes=(starts_unequal,), drop_in=runs_inside),
)
