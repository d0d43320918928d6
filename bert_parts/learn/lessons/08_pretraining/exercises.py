"""Notebook 08: words are hidden and guessed, the head that scores words, the loss, pairs of texts."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from bert_parts.config import BertConfig
from bert_parts.heads import BertForMaskedLM, BertForPreTraining, MaskedLMHead, Transform
from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, with_parts
from bert_parts.learn.judging import CUT, NO_GRADIENT
from bert_parts.pretraining import NOT_ASKED, fill_mask, mask_filler, masked_lm_loss

HERE = Path(__file__).parent
TITLE = "Pretraining"

SMALL = BertConfig(vocab_size=20, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=16,
                   max_position_embeddings=9, hidden_dropout_prob=0.3)
ROUGH = replace(SMALL, vocab_size=14, hidden_size=6, layer_norm_eps=0.1)


# ── Transform and MaskedLMHead ───────────────────────────────────────────────────────────────────────────────────────


def begins_with_zeros(thing) -> Finding | None:
    """No word is preferred before anything has been learned."""
    if thing(SMALL).bias.any():
        return Finding("The scores are right, but your `bias` begins with other numbers than zeros: `torch.zeros`.",
                       "bias not zero")
    return None


def reads_each_table(thing) -> Finding | None:
    """The table is the one that is given, each time."""
    head, right = with_hard_weights(thing(SMALL)), with_hard_weights(MaskedLMHead(SMALL))
    hidden, tables = randn(5, 12), (randn(20, 12, seed=1), randn(20, 12, seed=2))
    if all(difference(head(hidden, words), right(hidden, words), TOLERANCE) is None for words in tables):
        return None
    return Finding("Called again with another table, your head still compares with the first one: take the `words` that are "
                   "given. The table changes with every step of the training.", "table kept")


def fills_as_before(thing) -> Finding | str:
    """The part inside the mask filler: the same words with the same probabilities."""
    model, tokenizer = mask_filler()
    text = "paris is the capital of [MASK]."
    before, after = fill_mask(text), fill_mask(text, 5, with_parts(model, {thing.__name__: thing}), tokenizer)
    if difference(after, before, TOLERANCE):
        return Finding("By itself your part agrees, but inside the mask filler it fills masks otherwise.")
    return f"Dropped into the course's mask filler: “{text}” is filled as before, with the same probabilities."


# ── masked_lm_loss ───────────────────────────────────────────────────────────────────────────────────────────────────


def hard(kind: type) -> nn.Module:
    """A model of hard weights, but LayerNorms that keep the scale: else a mask more or less would hardly move the loss."""
    model = with_hard_weights(kind(SMALL)).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("LayerNorm.weight"):
            parameter.data.fill_(1.0)
    return model


ONE_BATCH = {"input_ids": torch.tensor([[3, 7, 4, 19, 4, 2], [3, 9, 4, 12, 16, 2]])}
ONE_LABELS = torch.tensor([[-100, 7, 12, -100, 5, -100], [-100, -100, 11, -100, -100, -100]])
TWO_BATCH = {
    "input_ids": torch.tensor([[3, 4, 12, 4, 2, 13, 2], [3, 4, 2, 4, 0, 0, 0]]),
    "token_type_ids": torch.tensor([[0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 0, 0]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0]]),
}
TWO_LABELS = torch.tensor([[-100, 8, -100, 0, -100, 13, -100], [-100, 9, -100, 17, -100, -100, -100]])


def asked(kind: type, batch: dict, labels: torch.Tensor, training: bool = False):
    """The arguments of masked_lm_loss, made afresh."""
    return lambda: (hard(kind).train(training), {name: value.clone() for name, value in batch.items()}, labels.clone())


NOTHING = asked(BertForMaskedLM, ONE_BATCH, torch.full((2, 6), NOT_ASKED))


def scores_only_what_is_asked(thing) -> Finding | None:
    """Only hidden states that are asked for go to the head."""
    model, sizes = hard(BertForMaskedLM), []
    model.cls["predictions"].register_forward_hook(lambda module, given, output: sizes.append(output.numel() // 20))
    thing(model, ONE_BATCH, ONE_LABELS)
    if sum(sizes) > 4:
        return Finding(f"The loss is right, but you score words for {sum(sizes)} tokens where 4 are asked for. With a "
                       "vocabulary of 30,522 that is most of the work: choose the hidden states first, then score.",
                       "every token scored")
    return None


def loss_learns(thing) -> Finding | None:
    """Gradients reach the head, the table of words, and the encoder down to its first layer, as they reach them in the course's."""
    (own, *given), (model, *_) = (asked(BertForPreTraining, TWO_BATCH, TWO_LABELS)() for _ in range(2))
    loss = thing(own, *given)
    if not loss.requires_grad:
        return NO_GRADIENT
    if any(parameter.grad is not None for parameter in own.parameters()):
        return Finding("Your code goes backward itself: the caller calls `loss.backward()`, and gradients would count twice.",
                       "backward inside")
    loss.backward()
    masked_lm_loss(model, *given).backward()
    wrong = [name for (name, mine), right in zip(own.named_parameters(), model.parameters(), strict=True)
             if difference(mine.grad, right.grad, 1e-3)]
    if "bert.encoder.layer.0.output.dense.weight" in wrong and not any(name.startswith("cls.") for name in wrong):
        return Finding("The number is right, but no gradient reaches the encoder (`no_grad`, `detach`): the head would learn, "
                       "and all that reads the text would stay as it was drawn at random.", "encoder cut off")
    if wrong:
        return Finding(f"The number is right, but the gradient that reaches `{wrong[0]}` is not: something on the way "
                       "(`detach`, `.data`, `no_grad`) cuts off all of it, or a part.", CUT)
    if not thing(*NOTHING()).requires_grad:
        return Finding("Where nothing is asked for, your 0 is a number without a gradient, at which `loss.backward()` raises an "
                       "error, and a training would stop. The sum over no token at all is 0, too, and has one.",
                       "0 without a gradient")
    return None


def leaves_the_mode(thing) -> Finding | None:
    """A model in training stays so, and drops out while it reads."""
    model, *given = asked(BertForMaskedLM, ONE_BATCH, ONE_LABELS, training=True)()
    if thing(model, *given) != thing(model, *given) and model.training:
        return None
    return Finding("In training your loss drops nothing out, or leaves the model in evaluation (`eval`): whoever calls it has "
                   "chosen the mode.", "mode changed")


EXERCISES = (
    Exercise(
        lesson=HERE,
        reference=Transform,
        cases=(
            Case("2 texts of 5 tokens, a small config", lambda: (randn(2, 5, 12),), build=(SMALL,)),
            Case("4 vectors, another width and another epsilon", lambda: (randn(4, 6),), build=(ROUGH,)),
            Case("in training, where nothing is dropped", lambda: (randn(2, 6),), build=(ROUGH,), training=True),
        ),
        drop_in=fills_as_before,
    ),
    Exercise(
        lesson=HERE,
        reference=MaskedLMHead,
        cases=(
            Case("2 texts of 5 tokens, 20 words", lambda: (randn(2, 5, 12), randn(20, 12, seed=1)), build=(SMALL,)),
            Case("the hidden states of 4 hidden words only", lambda: (randn(4, 6), randn(14, 6, seed=1)), build=(ROUGH,)),
            Case("in training, where nothing is dropped", lambda: (randn(2, 6), randn(14, 6, seed=1)), build=(ROUGH,),
                 training=True),
        ),
        probes=(begins_with_zeros, reads_each_table),
        drop_in=fills_as_before,
    ),
    Exercise(
        lesson=HERE,
        reference=masked_lm_loss,
        cases=(
            Case("two texts, 4 tokens asked for", asked(BertForMaskedLM, ONE_BATCH, ONE_LABELS)),
            Case("padding, segments, a model with both heads, and token 0 asked for",
                 asked(BertForPreTraining, TWO_BATCH, TWO_LABELS)),
            Case("nothing is asked for", NOTHING),
        ),
        probes=(scores_only_what_is_asked, loss_learns, leaves_the_mode),
    ),
)
