"""Fine-tune BERT to put a label on a text, once for each seed, and measure it on texts that it has not seen.

    python -m bert_parts.tasks.sentiment --output sentiment                          (the course's film reviews)
    python -m bert_parts.tasks.sentiment --data mine.csv --output mine --seeds 0 1 2

    python -m bert_parts.tasks.sentiment predict sentiment/seed_0 --text "A gem of a film."

Your own data have the columns "text" and "label", as .csv, .tsv or .jsonl. A training that was stopped goes on where it was when
the same command is given again. In the output's folder lie a model for each seed and results.json.
"""

import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from bert_parts.datasets import movie_reviews
from bert_parts.files import quoted
from bert_parts.heads import BertForSequenceClassification
from bert_parts.reading import most_tokens, read_in_batches
from bert_parts.tasks.predict import Reader, label_names
from bert_parts.tasks.rows import Row, read_rows
from bert_parts.tasks.run import Examples, Task, enough_to_part, main, under_new_head
from bert_parts.tokenizer import BertTokenizer
from bert_parts.training import History, fit, like_lengths

BATCH = 32     # texts
EPOCHS, RATE = 1.0, 1e-4


class Example(NamedTuple):
    """A text, the number of its label, and how people rated it, if they did."""

    text: str
    label: int
    rating: float = 0.0


def review_examples() -> list[Example]:
    """The course's film reviews: label 1 if people rated a sentence above 0, label 0 below; those at 0 are left out."""
    return [Example(review.text, int(review.rating > 0), review.rating) for review in movie_reviews() if review.rating]


def split(examples: Sequence[Example], sizes: Sequence[int], seed: int = 0) -> list[list[Example]]:
    """The examples in random order, cut into parts that have no text in common; the last part holds all that is left.

    Args:
        sizes: how many different texts each part has, but for the last.
    """
    by_text = {}
    for example in examples:
        by_text.setdefault(example.text, []).append(example)
    order = torch.randperm(len(by_text), generator=Generator().manual_seed(seed)).tolist()
    groups, parts = list(by_text.values()), []
    for size in [*sizes, len(order)]:
        parts.append([example for place in order[:size] for example in groups[place]])
        order = order[size:]
    return parts


def begin(
    num_labels: int, seed: int, name: str = "all-MiniLM-L6-v2", labels: Sequence[str] | None = None
) -> tuple[BertForSequenceClassification, BertTokenizer]:
    """A pretrained encoder under a new head. (The pooler of all-MiniLM-L6-v2 was never trained, and begins with the rest.)"""
    return under_new_head(lambda config: BertForSequenceClassification(config, num_labels), seed, name, labels)


def fine_tune(
    model: nn.Module, tokenizer: BertTokenizer, examples: Sequence[Example], *, epochs: float = EPOCHS, seed: int = 0,
    learning_rate: float = RATE, folder: Path | None = None, depends_on: dict | None = None, precision: str = "float32",
) -> History:
    """Train all of the model on the examples. Of a long text its first tokens are read, as many as `most_tokens` says."""
    lengths = [len(tokenizer.ids(example.text)) for example in examples]
    batches, longest = like_lengths(lengths, BATCH, epochs, seed), most_tokens(model, tokenizer)

    def batch_at(step: int) -> tuple[dict[str, Tensor], Tensor]:
        chosen = [examples[place] for place in batches[step]]
        texts = [example.text for example in chosen]
        return tokenizer(texts, max_length=longest), torch.tensor([example.label for example in chosen])

    torch.manual_seed(seed)
    return fit(model, batch_at, lambda model, batch: F.cross_entropy(model(**batch[0]), batch[1]),
               steps=len(batches), learning_rate=learning_rate, folder=folder, depends_on=depends_on, precision=precision)


def label_scores(model: nn.Module, tokenizer: BertTokenizer, texts: Sequence[str], batch_size: int = 64) -> Tensor:
    """The model's scores for each text, of which `most_tokens` are read; it is put into eval mode.

    Shapes:
        N texts → (N, L)
    """
    model.eval()
    longest = most_tokens(model, tokenizer)

    def batch_of(places: list[int]) -> dict[str, Tensor]:
        return tokenizer([texts[place] for place in places], max_length=longest)

    scores, lengths = torch.empty(len(texts), model.num_labels), [len(tokenizer.ids(text)) for text in texts]
    for places, given in read_in_batches(model, batch_of, lambda model, batch: model(**batch), lengths, batch_size):
        scores[places] = given.float()     # of half the digits, within torch.autocast
    return scores


# ---------------------------------------------------------------- for those who outgrow the notebook


def examples_of(path: Path | None, held_out: Path | None) -> Examples:
    """What to learn from and what to measure on, from files or from the course's film reviews.

    Raises:
        ValueError: a bad row, told with its file and line; a label that is not learned; too little to learn from.
    """
    if path is None:
        measured, _, learned = split(review_examples(), (1000, 1000))
        return _labelled(learned, measured, ["negative", "positive"])
    rows = read_rows(path, ["text", "label"])
    labels = sorted({_label_of(row) for row in rows})
    if len(labels) < 2:
        raise ValueError(f"{path.name}, line {rows[-1].line}: up to here every label is {quoted(labels[0])}: two "
                         "or more are needed.")
    learned = [Example(row["text"], labels.index(_label_of(row))) for row in rows]
    if not held_out:
        texts = len({example.text for example in learned})
        enough_to_part(path, texts, "texts")
        measured, learned = split(learned, [min(texts // 5, 1000)])
        return _labelled(learned, measured, labels, _label_notes(rows, labels))
    measured, more = [], read_rows(held_out, ["text", "label"])
    for row in more:
        if _label_of(row) not in labels:
            raise ValueError(f"{held_out.name}, line {row.line}: the label {quoted(_label_of(row))} does not occur in {path.name}, "
                             f"which has {', '.join(map(quoted, labels[:5]))}: correct it, or give examples of it.")
        measured.append(Example(row["text"], labels.index(_label_of(row))))
    return _labelled(learned, measured, labels, _label_notes([*rows, *more], labels))


def _label_of(row: Row) -> str:
    """A label as it is meant: without spaces around it, and letters with accents as one character each."""
    return unicodedata.normalize("NFC", row["label"].strip())


def _label_notes(rows: Sequence[Row], labels: Sequence[str]) -> str:
    """What one should know of the labels of a file, a sentence a line."""
    changed = sum(row["label"] != _label_of(row) for row in rows)
    told = f"\n{changed:,} labels have spaces around them, or accents written apart, which makes no difference" if changed else ""
    alike = [label for label in labels if sum(label.casefold() == other.casefold() for other in labels) > 1]
    return told + (f"\nWarning: labels that differ in capitals only count as different: {', '.join(alike)}" if alike else "")


def _labelled(learned: list[Example], held_out: list[Example], labels: list[str], notes: str = "") -> Examples:
    told = f"{len(learned):,} texts to learn from, {len(held_out):,} held out, labels: {', '.join(labels)}{notes}"
    return Examples(learned, held_out, told, labels)


def measure(model: nn.Module, tokenizer: BertTokenizer, examples: Sequence[Example]) -> dict[str, float]:
    """How often the right label gets the highest score."""
    given = label_scores(model, tokenizer, [example.text for example in examples]).argmax(dim=1)
    return {"accuracy": (given == torch.tensor([example.label for example in examples])).float().mean().item()}


def say(model: nn.Module, tokenizer: BertTokenizer, rows: Sequence[dict[str, str]]) -> list[dict]:
    """The likeliest label of each text, and how likely each is."""
    names, said = label_names(model), []
    for shares in label_scores(model, tokenizer, [row["text"] for row in rows]).softmax(dim=1):
        said.append({"label": names[shares.argmax()], "probabilities": dict(zip(names, shares.tolist(), strict=True))})
    return said


READER = Reader("sentiment", BertForSequenceClassification, say, labels=None)
TASK = Task(
    name="sentiment", reader=READER, about=__doc__.splitlines()[0],
    data='columns "text" and "label" (default: the course\'s film reviews; a fifth, 1,000 at most, is held out)',
    epochs=EPOCHS, learning_rate=RATE, batch=BATCH, texts_of=lambda example: (example.text,), examples_of=examples_of,
    begin=lambda labels, seed, name: begin(len(labels), seed, name, labels), fine_tune=fine_tune, measure=measure,
)

if __name__ == "__main__":
    sys.exit(main(TASK))
