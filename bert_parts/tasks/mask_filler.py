"""Train and measure the masked-language model that comes with the course.

    python -m bert_parts.tasks.mask_filler train --output data/mask_filler      (about an hour on two cores)
    python -m bert_parts.tasks.mask_filler measure data/mask_filler

It begins with the embeddings and the first layers of all-MiniLM-L6-v2, which cannot fill masks: that model was trained to
compare sentences, and has no head for words. The vocabulary is cut down to what is frequent in the passages. It
learns from four fifths of the Wikipedia passages under data/; the articles of the last fifth are only ever measured.
"""

import argparse
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import torch
from torch import Generator, Tensor

from bert_parts.checkpoint import load_pretrained, save_pretrained
from bert_parts.datasets import passages
from bert_parts.heads import BertForMaskedLM
from bert_parts.pretraining import fill_mask, mask_tokens, masked_lm_loss, masked_lm_scores, pack
from bert_parts.tokenizer import SPECIAL_TOKENS, BertTokenizer
from bert_parts.training import batch_places, fit

TOKENS, LAYERS, LENGTH = 8000, 4, 128     # of the vocabulary; of the encoder; of a row
BATCH, RATE, SEED = 32, 5e-4, 0
ASKED = ["united [MASK]", "paris is the capital of [MASK].", "the river flows into the [MASK].", "she was born in [MASK] york."]


def main():
    arguments = parser().parse_args()
    if arguments.command == "train":
        train(arguments.output, arguments.steps)
    measure(arguments.output)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m bert_parts.tasks.mask_filler", description=__doc__.splitlines()[0])
    commands = made.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train, going on if it was stopped, then measure")
    training.add_argument("--output", type=Path, required=True, help="the folder for the model")
    training.add_argument("--steps", type=int, default=900, help="how many (default: 900)")
    commands.add_parser("measure", help="held-out accuracy").add_argument("output", type=Path, help="the model's folder")
    return made


def train(output: Path, steps: int):
    learned = [passage.text for passage in passages() if not is_held_out(passage.title)]
    model, tokenizer = beginning(learned)
    rows = pack([tokenizer.ids(text) for text in learned], LENGTH, tokenizer)

    def batch_at(step: int) -> tuple[Tensor, Tensor]:
        return mask_tokens(rows[batch_places(step, len(rows), BATCH, SEED)], tokenizer, Generator().manual_seed(step))

    some = examples(tokenizer)[:4]
    history = fit(
        model, batch_at, lambda model, batch: masked_lm_loss(model, {"input_ids": batch[0]}, batch[1]),
        steps=steps, learning_rate=RATE, evaluate=lambda model: masked_lm_scores(model, some), evaluate_every=100,
        folder=output.with_name(output.name + ".training"), save_every=100,
    )
    for each in history.evaluations:
        print(f"after {each['step']} steps: held-out loss {each['loss']:.2f}, accuracy {each['accuracy']:.1%}")
    save_pretrained(model, tokenizer, output, small=True)


def is_held_out(title: str) -> bool:
    """Every fifth article, by its title, the same on every machine."""
    return zlib.crc32(title.encode("utf-8")) % 5 == 0


def beginning(texts: list[str]) -> tuple[BertForMaskedLM, BertTokenizer]:
    """What training begins with: known words, known layers, and a head that knows only how frequent each token is."""
    torch.manual_seed(SEED)
    encoder, full = load_pretrained()
    counts = Counter(token for text in texts for token in full.ids(text))
    kept = kept_ids(full, counts)
    tokenizer = BertTokenizer([full.tokens[place] for place in kept])
    config = replace(
        encoder.config, vocab_size=len(kept), num_hidden_layers=LAYERS, max_position_embeddings=LENGTH,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,     # a few epochs are too few to learn by heart
    )
    model = BertForMaskedLM(config)
    places = {f"bert.{name}": tensor for name, tensor in encoder.state_dict().items()}
    places["bert.embeddings.word_embeddings.weight"] = places["bert.embeddings.word_embeddings.weight"][kept]
    places["bert.embeddings.position_embeddings.weight"] = places["bert.embeddings.position_embeddings.weight"][:LENGTH]
    wanted = model.state_dict()
    model.load_state_dict(wanted | {name: tensor for name, tensor in places.items() if name in wanted})
    recounted = torch.tensor([t for text in texts for t in tokenizer.ids(text)]).bincount(minlength=len(kept))
    model.cls["predictions"].bias.data = (recounted + 1.0).log() - (recounted + 1.0).sum().log()
    return model, tokenizer


def kept_ids(tokenizer: BertTokenizer, counts: Counter[int]) -> list[int]:
    """The special tokens, every single character, so that any word can still be cut, and the most frequent others."""
    needed = {tokenizer.vocab[token] for token in SPECIAL_TOKENS}
    needed |= {place for place, token in enumerate(tokenizer.tokens) if len(token.removeprefix("##")) == 1 and counts[place]}
    needed |= {tokenizer.vocab[f"##{letter}"] for letter in "abcdefghijklmnopqrstuvwxyz0123456789"}
    frequent = [place for place, _ in counts.most_common() if place not in needed]
    return sorted([*needed, *frequent[: TOKENS - len(needed)]])


def examples(tokenizer: BertTokenizer) -> list[tuple[dict[str, Tensor], Tensor]]:
    """The held-out passages, masked once and for all."""
    held_out = [tokenizer.ids(passage.text) for passage in passages() if is_held_out(passage.title)]
    ids, labels = mask_tokens(pack(held_out, LENGTH, tokenizer), tokenizer, Generator().manual_seed(SEED))
    return [({"input_ids": some}, wanted) for some, wanted in zip(ids.split(64), labels.split(64), strict=True)]


def measure(folder: Path):
    model, tokenizer = load_pretrained(folder, BertForMaskedLM)
    scores = masked_lm_scores(model, examples(tokenizer))
    count = sum(is_held_out(passage.title) for passage in passages())
    print(f"{count:,} passages that were not learned from, {scores['asked']:,} tokens asked for: "
          f"{scores['accuracy']:.1%} right, loss {scores['loss']:.2f}")
    for text in ASKED:
        print(text, "→", ", ".join(f"{token} {share:.0%}" for token, share in fill_mask(text, 5, model, tokenizer)))


if __name__ == "__main__":
    main()
