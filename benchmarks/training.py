"""Training steps: masked words, and labels for reviews. Dropout is on while they are timed and off while they are compared."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from benchmarks import ours
from benchmarks.opponents import load_theirs, once
from benchmarks.ours import Context
from benchmarks.texts import NAME, SORTED, Batch, Setting, in_batches, one_among_many, short_rows, tokenizer, told
from benchmarks.timing import Contender, Makers
from bert_parts import BertForMaskedLM, load_pretrained, save_pretrained
from bert_parts.masking import mask_tokens, masked_lm_loss
from bert_parts.tasks import sentiment
from bert_parts.tasks.run import under_new_head
from bert_parts.training import MAX_NORM

RATE = 1e-5     # so low that the loss of the last round is much like that of the first

Labelled = tuple[Batch, Tensor]


def masked_words(setting: Setting) -> tuple[str, Makers]:
    rows = one_among_many(setting)
    batch = in_batches(rows, len(rows)).batches[0]
    shown, labels = mask_tokens(batch["input_ids"], tokenizer(), Generator().manual_seed(0))
    steps = [(batch | {"input_ids": shown}, labels)]
    folder = once(setting.folder / "masked_words", _save_masked_words)
    makers = {f"transformers, {name}": partial(_theirs, folder, "BertForMaskedLM", attention, steps)
              for name, attention in (("SDPA", "sdpa"), ("eager", "eager"))}
    makers |= {name: partial(_our_masked_words, folder, context, steps) for name, context in ours.WAYS.items()}
    asked = int((labels >= 0).sum())
    return f"One step: {told(rows)}, in one batch; {asked} tokens hidden, a vocabulary of {len(tokenizer().tokens):,}", makers


def fine_tuning(setting: Setting) -> tuple[str, Makers]:
    count, size = (16, 4) if setting.quick else (256, 32)
    examples = sentiment.split(sentiment.review_examples(), [count])[0]
    drawn, by_length = (_labelled(examples, size, ordered) for ordered in (False, True))
    folder = once(setting.folder / "labels", _save_labels)
    theirs = partial(_theirs, folder, "BertForSequenceClassification")
    makers = {
        "transformers, SDPA": partial(theirs, "sdpa", drawn),
        f"transformers, SDPA, {SORTED}": partial(theirs, "sdpa", by_length),
        "transformers, eager": partial(theirs, "eager", drawn),
        f"bert_parts, {SORTED}": partial(_our_labels, folder, nullcontext, by_length),
        **{name: partial(_our_labels, folder, context, drawn) for name, context in ours.WAYS.items()},
    }
    rows = [tokenizer().ids(example.text) for example in examples]
    return f"{len(drawn)} steps of {size} reviews each: {told(rows)}", makers


def _labelled(examples: Sequence[sentiment.Example], size: int, by_length: bool) -> list[Labelled]:
    made = in_batches(short_rows([example.text for example in examples]), size, by_length)
    labels = [torch.tensor([examples[place].label for place in places]) for places in made.places]
    return list(zip(made.batches, labels, strict=True))


def _save_masked_words(folder: Path):
    save_pretrained(*under_new_head(BertForMaskedLM, 0, NAME), folder)


def _save_labels(folder: Path):
    save_pretrained(*sentiment.begin(2, 0, NAME, ["negative", "positive"]), folder)


def _theirs(folder: Path, kind: str, attention: str, steps: list[Labelled]) -> Contender:
    model = load_theirs(attention, kind, folder)
    return _learner(model, steps, lambda batch, labels: model(**batch, labels=labels).loss)


def _our_masked_words(folder: Path, context: Context, steps: list[Labelled]) -> Contender:
    model, _ = load_pretrained(folder, BertForMaskedLM)

    def loss_of(batch: Batch, labels: Tensor) -> Tensor:
        with context(model):
            return masked_lm_loss(model, batch, labels)

    return _learner(model, steps, loss_of)


def _our_labels(folder: Path, context: Context, steps: list[Labelled]) -> Contender:
    model, _ = load_pretrained(folder, sentiment.BertForSequenceClassification)

    def loss_of(batch: Batch, labels: Tensor) -> Tensor:
        with context(model):
            return F.cross_entropy(model(**batch), labels)

    return _learner(model, steps, loss_of)


def _learner(model: nn.Module, steps: list[Labelled], loss_of: Callable[[Batch, Tensor], Tensor]) -> Contender:
    """Steps with clipped gradients and AdamW, as in `fit`.

    What must be equal are the mean loss, the largest of its gradients, and all of them in units of that one.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, fused=True)

    def run():
        model.train()
        for step in steps:
            loss_of(*step).backward()
            nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
            optimizer.step()
            optimizer.zero_grad()

    def check() -> np.ndarray:
        model.eval()
        losses = [loss_of(*step) / len(steps) for step in steps]
        for loss in losses:
            loss.backward()
        learned = dict(sorted(model.named_parameters())).values()
        gradients = torch.cat([parameter.grad.flatten() for parameter in learned if parameter.grad is not None])
        optimizer.zero_grad()
        largest = gradients.abs().max()
        return torch.cat([torch.stack([sum(losses).detach(), largest]), gradients / largest]).numpy()

    return Contender(run, check)
