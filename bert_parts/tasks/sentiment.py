"""Fine-tune BERT to put a label on a text, once for each seed, and measure it on texts that it has not seen.

    python -m bert_parts.tasks.sentiment --output sentiment                          (the course's film reviews)
    python -m bert_parts.tasks.sentiment --data mine.csv --output mine --seeds 0 1 2

Your own data have the columns "text" and "label", as .csv or .jsonl. A training that was stopped goes on where it was when
the same command is given again. In the output's folder lie a model for each seed and results.json.
"""

import argparse
import hashlib
import json
import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from bert_parts.checkpoint import load_pretrained, save_pretrained
from bert_parts.datasets import movie_reviews
from bert_parts.files import whole_file
from bert_parts.heads import BertForSequenceClassification
from bert_parts.tasks.rows import read_rows
from bert_parts.tokenizer import BertTokenizer
from bert_parts.training import STATE, History, batch_places, fit

LENGTH, BATCH, HEAP = 64, 32, 16     # tokens of a text that are read; texts in a batch; batches that are sorted together
RATE, WARMUP, EPOCHS = 1e-4, 0.1, 1.0
RESULTS = "results.json"


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


def like_lengths(lengths: Sequence[int], batch_size: int, epochs: float, seed: int = 0) -> list[list[int]]:
    """Which examples each step's batch holds, like with like in length, so that hardly any time goes into padding.

    Shuffled, cut into heaps, each heap sorted by length and cut into batches, these in random order. Every example comes
    once in each epoch; of a part of an epoch, the first steps are kept.
    """
    wanted = max(1, round(epochs * math.ceil(len(lengths) / batch_size)))
    batches, heap, generator = [], 0, Generator().manual_seed(seed)
    while len(batches) < wanted:
        places = batch_places(heap, len(lengths), batch_size * HEAP, seed).tolist()
        cut = torch.tensor(sorted(places, key=lengths.__getitem__)).split(batch_size)
        batches += [cut[number].tolist() for number in torch.randperm(len(cut), generator=generator).tolist()]
        heap += 1
    return batches[:wanted]


def begin(num_labels: int, seed: int, name: str = "all-MiniLM-L6-v2") -> tuple[BertForSequenceClassification, BertTokenizer]:
    """A pretrained encoder under a new head. (The pooler of all-MiniLM-L6-v2 was never trained, and begins with the rest.)

    Without dropout of attention weights, which takes time and in one or two epochs brings nothing that we could measure.
    """
    encoder, tokenizer = load_pretrained(name)
    torch.manual_seed(seed)
    model = BertForSequenceClassification(replace(encoder.config, attention_probs_dropout_prob=0.0), num_labels)
    model.bert.load_state_dict(encoder.state_dict())
    return model, tokenizer


def fine_tune(
    model: nn.Module, tokenizer: BertTokenizer, examples: Sequence[Example], *, epochs: float = EPOCHS, seed: int = 0,
    learning_rate: float = RATE, folder: Path | None = None,
) -> History:
    """Train all of the model on the examples."""
    lengths = [len(tokenizer.ids(example.text)) for example in examples]
    batches = like_lengths(lengths, BATCH, epochs, seed)

    def batch_at(step: int) -> tuple[dict[str, Tensor], Tensor]:
        chosen = [examples[place] for place in batches[step]]
        texts = [example.text for example in chosen]
        return tokenizer(texts, max_length=LENGTH), torch.tensor([example.label for example in chosen])

    torch.manual_seed(seed)
    return fit(model, batch_at, lambda model, batch: F.cross_entropy(model(**batch[0]), batch[1]),
               steps=len(batches), learning_rate=learning_rate, warmup=WARMUP, folder=folder)


def label_scores(model: nn.Module, tokenizer: BertTokenizer, texts: Sequence[str], batch_size: int = 64) -> Tensor:
    """The model's scores for each text; it is put into eval mode.

    Shapes:
        N texts → (N, L)
    """
    model.eval()
    lengths = [len(tokenizer.ids(text)) for text in texts]
    by_length = sorted(range(len(texts)), key=lengths.__getitem__, reverse=True)
    scores = torch.empty(len(texts), model.num_labels)
    for start in tqdm(range(0, len(texts), batch_size), desc="reading", unit="batch", delay=1, leave=False):
        places = by_length[start : start + batch_size]
        with torch.inference_mode():
            scores[places] = model(**tokenizer([texts[place] for place in places], max_length=LENGTH))
    return scores


def accuracy(model: nn.Module, tokenizer: BertTokenizer, examples: Sequence[Example]) -> float:
    """The share of the examples whose own label gets the highest score."""
    given = label_scores(model, tokenizer, [example.text for example in examples]).argmax(dim=1)
    return (given == torch.tensor([example.label for example in examples])).float().mean().item()


# ---------------------------------------------------------------- for those who outgrow the notebook


def main(words: list[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    try:
        run(arguments)
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m bert_parts.tasks.sentiment", description=__doc__.splitlines()[0])
    made.add_argument("--output", type=Path, required=True, help="the folder for models and results.json")
    made.add_argument("--data", type=Path, help='texts to learn from, .csv or .jsonl, columns "text" and "label" '
                                                "(default: the course's film reviews)")
    made.add_argument("--held-out", type=Path, help="texts to measure on (default: a fifth of the data, 1,000 at most)")
    made.add_argument("--seeds", type=int, nargs="+", default=[0], help="one training for each (default: 0)")
    made.add_argument("--epochs", type=float, default=EPOCHS, help=f"how often each text is read (default: {EPOCHS:g})")
    made.add_argument("--learning-rate", type=float, default=RATE, help=f"the highest (default: {RATE:g})")
    made.add_argument("--model", default="all-MiniLM-L6-v2", help="a name or folder (default: all-MiniLM-L6-v2)")
    return made


def run(arguments: argparse.Namespace):
    """Train and measure for each seed; what is finished in the output's folder is not done again."""
    learned, held_out, labels = data_of(arguments.data, arguments.held_out)
    settings = {"model": str(arguments.model), "epochs": arguments.epochs, "learning_rate": arguments.learning_rate,
                "labels": labels, "texts": len(learned), "held_out": len(held_out), "data": digest([*learned, *held_out])}
    arguments.output.mkdir(parents=True, exist_ok=True)
    results = earlier(arguments.output / RESULTS, settings)
    print(f"{len(learned):,} texts to learn from, {len(held_out):,} held out, labels: {', '.join(labels)}")
    for seed in arguments.seeds:
        if str(seed) not in results:
            results[str(seed)] = one_seed(arguments, seed, learned, held_out, len(labels))
            with whole_file(arguments.output / RESULTS) as path:
                path.write_text(json.dumps({"settings": settings, "seeds": results}, indent=2) + "\n", encoding="utf-8")
        print("seed {}: accuracy {accuracy:.1%}, trained for {seconds:.0f} s".format(seed, **results[str(seed)]))
    found = [results[str(seed)]["accuracy"] for seed in arguments.seeds]
    if len(found) > 1:
        print(f"mean {statistics.mean(found):.1%} ± {statistics.stdev(found):.1%} (standard deviation of {len(found)} seeds)")


def one_seed(arguments: argparse.Namespace, seed: int, learned: list[Example], held_out: list[Example], count: int) -> dict:
    model, tokenizer = begin(count, seed, arguments.model)
    unfinished = arguments.output / f"seed_{seed}.training"
    history = fine_tune(model, tokenizer, learned, epochs=arguments.epochs, seed=seed,
                        learning_rate=arguments.learning_rate, folder=unfinished)
    share = accuracy(model, tokenizer, held_out)
    save_pretrained(model, tokenizer, arguments.output / f"seed_{seed}")
    (unfinished / STATE).unlink()     # 0.3 GB, of no use any more
    unfinished.rmdir()
    return {"accuracy": share, "seconds": history.seconds, "steps": len(history.loss)}


def data_of(path: Path | None, held_out: Path | None) -> tuple[list[Example], list[Example], list[str]]:
    """What to learn from, what to measure on, and the names of the labels.

    Raises:
        ValueError: a bad row, told with its file and line; a label that is not learned; too little to learn from.
    """
    if path is None and held_out:
        raise ValueError("--held-out goes with --data: give both, or neither for the course's film reviews.")
    if path is None:
        measured, _, learned = split(review_examples(), (1000, 1000))
        return learned, measured, ["negative", "positive"]
    rows = read_rows(path, ["text", "label"])
    labels = sorted({row["label"] for row in rows})
    if len(labels) < 2:
        raise ValueError(f"{path.name}, line {rows[-1].line}: up to here every label is {labels[0]!r}: two or more are needed.")
    learned = [Example(row["text"], labels.index(row["label"])) for row in rows]
    if not held_out:
        texts = len({example.text for example in learned})
        if texts < 10:
            raise ValueError(f"{path.name} has {texts} different texts: give 10 or more, so that some can be held out.")
        measured, learned = split(learned, [min(texts // 5, 1000)])
        return learned, measured, labels
    measured = []
    for row in read_rows(held_out, ["text", "label"]):
        if row["label"] not in labels:
            raise ValueError(f"{held_out.name}, line {row.line}: the label {row['label']!r} does not occur in {path.name}, "
                             f"which has {', '.join(map(repr, labels[:5]))}: correct it, or give examples of it.")
        measured.append(Example(row["text"], labels.index(row["label"])))
    return learned, measured, labels


def digest(examples: list[Example]) -> str:
    return hashlib.sha256(json.dumps(examples).encode()).hexdigest()


def earlier(path: Path, settings: dict) -> dict:
    """The results of seeds that are finished. Raises ValueError if they were made with other settings."""
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        others = [name for name, value in settings.items() if kept["settings"].get(name) != value]
        seeds = dict(kept["seeds"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: remove it, or give another --output.") from error
    if others:
        raise ValueError(f"{path} was made with another {', '.join(others)}: give another --output.")
    return seeds


if __name__ == "__main__":
    sys.exit(main())
