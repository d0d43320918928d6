"""Kill a process at random moments while it saves one model over another, and load what is left.

    python tests/kill_while_saving.py 1000

The folder must hold the one or the other, whole. Prints what the kills met.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from itertools import cycle
from pathlib import Path

import torch

from bert_parts import BertConfig, BertForMaskedLM, BertModel, BertTokenizer, load_pretrained, save_pretrained
from bert_parts.checkpoint import saved_kind

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SIZES = dict(hidden_size=64, num_attention_heads=2, intermediate_size=100, max_position_embeddings=20)


def filled(kind, value: float, layers: int):
    """A model whose every weight is the same, so that a mixture shows."""
    model = kind(BertConfig(vocab_size=2000 + layers, num_hidden_layers=layers, **SIZES)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    return model


def both() -> list[tuple]:
    """Two models that differ in everything, each with its tokenizer, and whether it is saved small."""
    one, two = ([*SPECIAL, *(f"{name}{i}" for i in range(count))] for name, count in (("one", 1997), ("two", 1998)))
    return [
        (filled(BertModel, 1.0, layers=2), BertTokenizer(one, lowercase=True), False),
        (filled(BertForMaskedLM, 2.0, layers=3), BertTokenizer(two, lowercase=False), True),
    ]


def save_forever(folder: Path, models: list[tuple]):
    for model, tokenizer, small in cycle(models):
        save_pretrained(model, tokenizer, folder, small=small)


def look(folder: Path) -> str:
    """Which of the two the folder holds; or a word for why it holds neither."""
    try:
        model, tokenizer = load_pretrained(folder, saved_kind(folder))
    except (OSError, ValueError, TypeError) as error:
        return f"cannot be loaded: {error}"
    values = {round(float(value), 3) for parameter in model.parameters() for value in parameter.detach().aminmax()}
    found = (values, model.config.num_hidden_layers, tokenizer.tokens[-1][:3], tokenizer.lowercase, type(model).__name__)
    known = {"the first": ({1.0}, 2, "one", True, "BertModel"), "the second": ({2.0}, 3, "two", False, "BertForMaskedLM")}
    return next((name for name, expected in known.items() if found == expected), f"mixed: {found}")


def main(kills: int) -> int:
    torch.set_num_threads(1)
    models, met = both(), Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        save_pretrained(*models[0][:2], folder)
        for _ in range(kills):
            child = os.fork()
            if child == 0:
                save_forever(folder, models)
            time.sleep(random.uniform(0.005, 0.06))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            met["while it was written"] += any(folder.glob(".saving-*"))
            met["while it was moved into place"] += (folder / ".saved").exists()
            met[look(folder)] += 1
    print(f"{kills} kills: {dict(met)}")
    return sum(count for what, count in met.items() if what.startswith(("mixed", "cannot")))


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1])), 100))
