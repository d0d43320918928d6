"""Notebook 06: one vector for the whole text, the parts put together, and how many numbers they learn."""

from dataclasses import replace
from pathlib import Path

import torch

from bert_parts.config import BertConfig
from bert_parts.learn.exercise import Case, Exercise, Finding, randn
from bert_parts.learn.inside import real_model, runs_inside
from bert_parts.model import BertModel, count_parameters
from bert_parts.pooler import BertPooler

HERE = Path(__file__).parent
TITLE = "The pooler, and BERT put together"
BUILDS = "the pooler, the whole model, its parameters counted"
PAPER = "[Devlin et al. 2019](https://arxiv.org/abs/1810.04805), 3"

SMALL = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=3, num_attention_heads=2, intermediate_size=12,
                   max_position_embeddings=9)
DROPS = replace(SMALL, hidden_size=4, num_hidden_layers=1, intermediate_size=6, hidden_dropout_prob=0.3,
                attention_probs_dropout_prob=0.0)
TWO_TEXTS = torch.tensor([[3, 7, 12, 19, 4, 2, 0], [3, 9, 2, 0, 0, 0, 0]])
PAD_INSIDE = TWO_TEXTS.roll(-2, dims=1)     # where it ends no text, so that BertModel takes it for a word without a warning
MARKS = torch.tensor([[1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0, 0]])     # both padded: inverted, it still leaves something
WORDS = TWO_TEXTS[:1, :6]     # without a 0, which alone might tell that something is to be hidden
HIDDEN_WORD = torch.tensor([[1, 1, 0, 1, 1, 1]])
SEGMENTS = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 0, 0, 0, 0]])

BASE = BertConfig()
MINILM = BertConfig(hidden_size=384, num_hidden_layers=6, intermediate_size=1536)
ODD = BertConfig(vocab_size=1000, hidden_size=60, num_hidden_layers=3, num_attention_heads=5, intermediate_size=100,
                 max_position_embeddings=70, type_vocab_size=3)


def counts_the_real_model(thing) -> Finding | str:
    """The real model's own parameters, added up."""
    model, _ = real_model()
    counts, total = thing(model.config), sum(parameter.numel() for parameter in model.parameters())
    if sum(counts.values()) != total:
        return Finding(f"The real BERT holds {total:,} numbers, and you count {sum(counts.values()):,}.")
    return f"The real BERT holds {total:,} numbers: your formula finds every one."


EXERCISES = (
    Exercise(lesson=HERE, reference=BertPooler, drop_in=runs_inside, cases=(
        Case("3 texts of 5 tokens", lambda: (randn(3, 5, 8),), build=(SMALL,)),
        Case("one text of one token", lambda: (randn(1, 1, 8),), build=(SMALL,)),
        Case("in training, where the pooler drops nothing", lambda: (randn(1, 2, 4),), build=(DROPS,), training=True),
    )),
    Exercise(lesson=HERE, reference=BertModel, asks=("forward",), drop_in=runs_inside, cases=(
        Case("two padded texts, in two segments",
             lambda: (TWO_TEXTS.clone(), MARKS.clone(), SEGMENTS.clone()), build=(SMALL, True)),
        Case("marks that are boolean, no segments", lambda: (TWO_TEXTS.clone(), MARKS.bool()), build=(SMALL,)),
        Case("marks that hide a word", lambda: (WORDS.clone(), HIDDEN_WORD.clone()), build=(SMALL,)),
        Case("no marks, and [PAD] in the text", lambda: (PAD_INSIDE.clone(),), build=(SMALL,)),
        Case("no marks, and two segments", lambda: (WORDS.clone(), None, SEGMENTS[:1, :6].clone()), build=(SMALL,)),
        Case("a BERT without a pooler", lambda: (TWO_TEXTS[:1].clone(), MARKS[:1].clone()), build=(SMALL, False)),
        Case("in training, with a dropout rate of 0.3", lambda: (TWO_TEXTS[:1, :3].clone(),), build=(DROPS,), training=True),
    )),
    Exercise(lesson=HERE, reference=count_parameters, drop_in=counts_the_real_model, cases=(
        Case("sizes of all kinds: 1,000 words, width 60, 3 layers, 100 wide, 70 positions, 3 segments",
             lambda: (ODD,)),
        Case("the real model of this course", lambda: (MINILM,)),
        Case("BERT-base", lambda: (BASE,)),
    )),
)
