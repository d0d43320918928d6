"""Fine-tune BERT to put capitals and punctuation marks back where they were, and measure it label by label.

    python -m bert_parts.tasks.restoration --output restoration                      (the course's Wikipedia passages)
    python -m bert_parts.tasks.restoration --data mine.csv --output mine --seeds 0 1 2

    python -m bert_parts.tasks.restoration predict mine/seed_0 --text "when ada met bob did nasa exist"

Your own data have one column, "text", as .csv, .tsv or .jsonl: well-written text, from which the labels come by themselves. A
training that was stopped goes on where it was when the same command is given again.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.heads import BertForTokenClassification
from bert_parts.masking import NOT_ASKED
from bert_parts.reading import read_in_batches
from bert_parts.restoration import LABELS, label_tokens, restore_text, strip_text
from bert_parts.tasks.predict import Reader
from bert_parts.tasks.run import Examples, Task, main, texts_of_files, under_new_head
from bert_parts.tokenizer import BertTokenizer, pad
from bert_parts.training import History, fit, like_lengths

WORDS, OVERLAP, BATCH = 40, 8, 4     # of a row; of two rows in reading; rows in a batch
EPOCHS, RATE = 1.0, 2e-4


class Stretch(NamedTuple):
    """Some words of a text, in lower case and without marks, and what each has lost: its place in LABELS."""

    words: list[str]
    labels: list[int]


def stretches(text: str) -> list[Stretch]:
    """A text cut into stretches of WORDS words, the last one shorter."""
    words, labels = strip_text(text)
    return [Stretch(words[start : start + WORDS], labels[start : start + WORDS]) for start in range(0, len(words), WORDS)]


def begin(seed: int, name: str = "all-MiniLM-L6-v2") -> tuple[BertForTokenClassification, BertTokenizer]:
    """A pretrained encoder under a new head with a score for each label."""
    return under_new_head(lambda config: BertForTokenClassification(config, len(LABELS)), seed, name, LABELS)


def batch_of(chosen: Sequence[Stretch], tokenizer: BertTokenizer) -> tuple[dict[str, Tensor], Tensor]:
    """One row for each stretch, cut to the tokenizer's model_max_length, and the labels of its tokens.

    Shapes:
        B stretches → a batch of (B, T), labels (B, T): NOT_ASKED at padding, special tokens, and pieces but the first
    """
    rows, longest = [label_tokens(words, labels, tokenizer) for words, labels in chosen], tokenizer.model_max_length
    ids = pad([ids[:longest] for ids, _ in rows], tokenizer.pad_id)
    labels = pad([asked[:longest] for _, asked in rows], NOT_ASKED)
    return {"input_ids": ids, "attention_mask": (ids != tokenizer.pad_id).long()}, labels


def fine_tune(
    model: nn.Module, tokenizer: BertTokenizer, examples: Sequence[Stretch], *, epochs: float = EPOCHS, seed: int = 0,
    learning_rate: float = RATE, folder: Path | None = None, depends_on: dict | None = None, precision: str = "float32",
) -> History:
    """Train the layers and the head. The embeddings stay as they are: no word means anything else than before."""
    model.bert.embeddings.requires_grad_(False)
    batches = like_lengths([len(example.words) for example in examples], BATCH, epochs, seed)

    def loss_of(model: nn.Module, batch: tuple[dict[str, Tensor], Tensor]) -> Tensor:
        return F.cross_entropy(model(**batch[0]).flatten(0, 1), batch[1].flatten(), ignore_index=NOT_ASKED)

    torch.manual_seed(seed)
    return fit(model, lambda step: batch_of([examples[place] for place in batches[step]], tokenizer), loss_of,
               steps=len(batches), learning_rate=learning_rate, folder=folder, depends_on=depends_on, precision=precision)


def read(model: nn.Module, tokenizer: BertTokenizer, some: Sequence[Stretch], batch_size: int = 64) -> list[list[int]]:
    """The likeliest label of each word of each stretch; the model is put into eval mode."""
    model.eval()

    def rows(places: list[int]) -> tuple[dict[str, Tensor], Tensor]:
        return batch_of([some[place] for place in places], tokenizer)

    def likeliest(model: nn.Module, batch: tuple[dict[str, Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        inputs, asked = batch
        return model(**inputs).argmax(dim=-1), asked != NOT_ASKED     # (B, T), (B, T)

    found = [[] for _ in some]
    for places, labels in read_in_batches(model, rows, likeliest, [len(stretch.words) for stretch in some], batch_size):
        for place, row, where in zip(places, *labels, strict=True):
            given = iter(row[where].tolist())     # a word of which the tokenizer leaves nothing was not asked for
            found[place] = [next(given, 0) if tokenizer.ids(word) else 0 for word in some[place].words]
    return found


def restore(model: nn.Module, tokenizer: BertTokenizer, text: str) -> str:
    """The words of a text with capitals and marks as the model would set them, whatever they have in the text.

    It is read in stretches that overlap, and of each overlap each stretch gives its half, where it sees further.
    """
    words, _ = strip_text(text)
    some = _overlapping(words)
    starts = range(0, len(some) * (WORDS - OVERLAP), WORDS - OVERLAP)
    labels = []
    for start, given in zip(starts, read(model, tokenizer, some), strict=True):
        labels[start + OVERLAP // 2 if start else 0 :] = given[OVERLAP // 2 if start else 0 :]
    return restore_text(words, labels)


def _overlapping(words: list[str]) -> list[Stretch]:
    """Stretches of WORDS words, of which each begins with the last OVERLAP words of the one before. No label is known yet."""
    starts = range(0, max(1, len(words) - OVERLAP), WORDS - OVERLAP)
    return [Stretch(words[start : start + WORDS], [0] * len(words[start : start + WORDS])) for start in starts]


def counts(model: nn.Module, tokenizer: BertTokenizer, some: Sequence[Stretch]) -> Tensor:
    """How often each label (rows) was taken for each (columns).

    Shapes:
        N stretches → (L, L) int64
    """
    right = torch.tensor([label for stretch in some for label in stretch.labels])
    given = torch.tensor([label for labels in read(model, tokenizer, some) for label in labels])
    return (right * len(LABELS) + given).bincount(minlength=len(LABELS) ** 2).view(len(LABELS), len(LABELS))


def label_f1(counted: Tensor) -> Tensor:
    """F1 of each label, 2 · right / (occurs + given); NaN for one that neither occurs nor is given.

    Shapes:
        (L, L): rows are what is right, columns what was given → (L,)
    """
    return 2 * counted.diagonal() / (counted.sum(dim=0) + counted.sum(dim=1))


# ---------------------------------------------------------------- for those who outgrow the notebook


def examples_of(path: Path | None, held_out: Path | None) -> Examples:
    """What to learn from and what to measure on, from files or from the course's passages.

    Raises:
        ValueError: a bad row, told with its file and line; too little to learn from.
    """
    parts = [[stretch for text in texts for stretch in stretches(text)] for texts in texts_of_files(path, held_out)]
    words = [sum(len(stretch.words) for stretch in part) for part in parts]
    return Examples(*parts, f"{words[0]:,} words to learn from, {words[1]:,} held out", LABELS)


def measure(model: nn.Module, tokenizer: BertTokenizer, examples: Sequence[Stretch]) -> dict[str, float]:
    """The mean F1 of the labels that occur, and the F1 of each."""
    counted = counts(model, tokenizer, examples)
    occur = counted.sum(dim=1) > 0
    shares = zip(LABELS, label_f1(counted).tolist(), occur, strict=True)
    each = {f"F1 of {label}": share for label, share, is_there in shares if is_there}
    return {"mean F1": sum(each.values()) / len(each)} | each


def say(model: nn.Module, tokenizer: BertTokenizer, rows: Sequence[dict[str, str]]) -> list[dict]:
    """Each text with its capitals and marks."""
    return [{"restored": restore(model, tokenizer, row["text"])} for row in rows]


def _read_at_once(row: dict[str, str]) -> list[tuple[str]]:
    return [(" ".join(stretch.words),) for stretch in _overlapping(strip_text(row["text"])[0])]


READER = Reader("restoration", BertForTokenClassification, say, labels=LABELS, at_once=_read_at_once)
TASK = Task(
    name="restoration", reader=READER, about=__doc__.splitlines()[0],
    data='the column "text" (default: the course\'s passages; a fifth is held out)',
    epochs=EPOCHS, learning_rate=RATE, batch=BATCH, texts_of=lambda example: (" ".join(example.words),), examples_of=examples_of,
    begin=lambda labels, seed, name: begin(seed, name), fine_tune=fine_tune, measure=measure,
)

if __name__ == "__main__":
    sys.exit(main(TASK))
