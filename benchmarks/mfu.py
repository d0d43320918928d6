"""How much of its device a training of BERT uses: python -m benchmarks.mfu --help

    python -m benchmarks.mfu --precision bf16 --compile                          (BERT-base, on the best device there is)
    python -m benchmarks.mfu --layers 2 --width 128 --length 64 --batch 8 --peak 0.1          (a small one, for a CPU)

Masked words are learned by `fit`, as anywhere in the course, from rows without padding, of which 15 % of the tokens are asked for.
Printed are tokens and floating-point operations in a second, and these as a part of what the device can do, its MFU (Chowdhery et
al. 2022, appendix B): only matrix products that the model asks for count, each once forwards and twice backwards.
"""

import argparse
import sys
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from bert_parts import BertConfig, BertForMaskedLM
from bert_parts.costs import layer_flops
from bert_parts.devices import chosen_device
from bert_parts.tasks.command import add_device, in_one_sentence
from bert_parts.training import PRECISIONS, fit

ASKED = 0.15
FIRST_WORD = 1000     # in BERT's vocabulary special tokens come before
WARMUP = 10     # steps that are not timed, in which a compiler works and memory is taken
# TFLOP/s of dense products in bf16. (NVIDIA's data sheets of late give twice as much, which needs half of the weights to be 0.)
PEAKS = {"A100": 312, "H100 HBM3": 989, "H100 PCIe": 756, "H200": 989, "L4": 121}
LESS = {"MIG", "NVL"}     # a part of a card, and cards that are clocked lower


def step_flops(config: BertConfig, rows: int, length: int, asked: int) -> int:
    """Floating-point operations of a training step: two for each weight and token, and those of attention; all three times.

    Args:
        asked: how many tokens of a row are asked for. Only for these are words scored.
    """
    width, layers = config.hidden_size, config.num_hidden_layers
    layer = sum(layer_flops(config, [length]).values())     # of one row
    head = 2 * asked * (width**2 + width * config.vocab_size)
    return 3 * rows * (layers * layer + head)


def peak_of(name: str) -> float | None:
    """TFLOP/s of a device of that name in bf16, if they are known here."""
    words = name.replace("-", " ").split()
    fitting = [peak for known, peak in PEAKS.items() if set(known.split()) <= set(words) and not LESS & set(words)]
    return fitting[0] if fitting else None


def loss_of(bert: nn.Module):
    """The loss on a batch of rows, places in them that are asked for, and the words that were there; `bert` may be compiled."""
    def loss(model: BertForMaskedLM, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        shown, places, words = batch
        hidden, _ = bert(shown)                                                                      # (B, T, D)
        hidden = hidden.gather(1, places[..., None].expand(-1, -1, hidden.size(-1)))                 # (B, A, D)
        return F.cross_entropy(model.score_words(hidden).flatten(0, 1), words.flatten())
    return loss


def measure(arguments: argparse.Namespace) -> str:
    """Train, and tell how fast it went."""
    device = chosen_device(arguments.device)
    config = BertConfig(num_hidden_layers=arguments.layers, hidden_size=arguments.width, intermediate_size=4 * arguments.width,
                        num_attention_heads=max(1, arguments.width // 64), max_position_embeddings=arguments.length)
    model, asked = BertForMaskedLM(config).to(device), max(1, round(ASKED * arguments.length))
    bert = torch.compile(model.bert, fullgraph=True) if arguments.compile else model.bert

    def batch_at(step: int) -> tuple[Tensor, Tensor, Tensor]:
        generator = Generator().manual_seed(step)
        shown = torch.randint(FIRST_WORD, config.vocab_size, (arguments.batch, arguments.length), generator=generator)
        places = torch.rand(shown.shape, generator=generator).argsort(dim=1)[:, :asked]
        return shown, places, torch.randint(FIRST_WORD, config.vocab_size, places.shape, generator=generator)

    settings = {"learning_rate": 1e-4, "precision": arguments.precision}
    fit(model, batch_at, loss_of(bert), steps=WARMUP, **settings)
    seconds = fit(model, batch_at, loss_of(bert), steps=arguments.steps, **settings).seconds / arguments.steps
    reached = step_flops(config, arguments.batch, arguments.length, asked) / seconds / 1e12
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    peak = arguments.peak or (peak_of(name) if arguments.precision == "bf16" else None)
    share = f"{reached / peak:.1%} of {peak:g} TFLOP/s" if peak else "give --peak, in TFLOP/s, to see of how much"
    tokens = arguments.batch * arguments.length / seconds
    return (f"{name}, {arguments.precision}: {tokens:,.0f} tokens/s, {seconds * 1e3:.1f} ms a step, {reached:.3g} TFLOP/s "
            f"({share})")


def main(words: Sequence[str] | None = None) -> int:
    """Print what the words of the command line ask for. Gives the exit status."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.mfu", description=__doc__.splitlines()[0])
    for name, default in (("layers", 12), ("width", 768), ("length", 512), ("batch", 32), ("steps", 50)):
        made.add_argument(f"--{name}", type=int, default=default, help=f"(default: {default})")
    add_device(made)
    made.add_argument("--precision", choices=PRECISIONS, default="float32", help="(default: float32)")
    made.add_argument("--compile", action="store_true", help="the encoder as one compiled graph")
    made.add_argument("--peak", type=float, help="what the device can do at most in that precision, in TFLOP/s")
    arguments = made.parse_args(words)
    return in_one_sentence(lambda: print(measure(arguments)))


if __name__ == "__main__":
    sys.exit(main())
