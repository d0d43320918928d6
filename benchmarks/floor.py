"""What no reader can do without: the matrix products of the encoder, and nothing beside them. So far up the roofline goes here."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.texts import NAME, Setting, in_batches, short_rows
from benchmarks.timing import Contender, Makers
from benchmarks.vectors import BATCH, texts_of
from bert_parts import load_pretrained
from bert_parts.costs import layer_flops
from bert_parts.prepacking import prepacked
from bert_parts.products import product, rounded
from bert_parts.quantization import int8, whole_vectors


def of_reviews(setting: Setting) -> tuple[str, Makers]:
    """The products that the vectors of the same reviews need, on the tokens alone, without padding."""
    batches = in_batches(short_rows(texts_of(setting)), BATCH, by_length=True).batches
    counts = [int(batch["attention_mask"].sum()) for batch in batches]
    makers = {
        "float32, MKL": partial(_alone, counts, multiply=lambda x, map: F.linear(x, map.weight, map.bias)),
        "float32, oneDNN": partial(_alone, counts, ready=rounded, multiply=lambda x, map: product(x, map.weight, map.bias)),
        "float32, oneDNN, matrices packed before": partial(_alone, counts, made_of=prepacked),
        "int8, vectors in whole numbers before": partial(_alone, counts, made_of=int8, ready=whole_vectors, exact=False),
    }
    config = load_pretrained(NAME)[0].config
    flops = layer_flops(config, counts)     # what hangs on the length of a text, attention, is left out
    billions = config.num_hidden_layers * (flops["projections"] + flops["feed-forward"]) / 1e9
    return (f"What the vectors above cannot be made without: {billions:,.0f} billion multiplications and additions, in batches of "
            f"{BATCH} reviews, by length and without padding. Attention, GELU, sums, LayerNorm and making whole numbers come "
            "on top"), makers


def _alone(
    counts: list[int],
    made_of: Callable[[nn.Module], nn.Module] = lambda model: model,
    ready: Callable[[Tensor], object] = lambda x: x,
    multiply: Callable[[object, nn.Module], Tensor] = lambda x, map: map(x),
    exact: bool = True,
) -> Contender:
    """Each linear map of each layer, of as many random vectors as a batch has tokens.

    Args:
        counts: the tokens of each batch.
        made_of: the model whose maps they are, of the pretrained one.
        ready: what is done with the vectors before anything is timed.
    """
    maps = [linear for layer in made_of(load_pretrained(NAME)[0]).encoder.layer for linear in _maps(layer)]
    generator = torch.Generator().manual_seed(0)
    widths = sorted({linear.in_features for linear in maps})
    vectors = [{width: ready(0.1 * torch.randn(count, width, generator=generator)) for width in widths} for count in counts]

    @torch.inference_mode()
    def run():
        for some in vectors:
            for linear in maps:
                multiply(some[linear.in_features], linear)

    @torch.inference_mode()
    def check() -> np.ndarray:
        last = maps[-1]
        return multiply(vectors[-1][last.in_features], last)[: counts[-1]].numpy()

    return Contender(run, check, exact=exact)


def _maps(layer: nn.Module) -> list[nn.Module]:
    own = layer.attention.self
    return [own.query, own.key, own.value, layer.attention.output.dense, layer.intermediate.dense, layer.output.dense]
