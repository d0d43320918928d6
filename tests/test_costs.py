"""What a layer is said to cost is what torch counts while one runs."""

from contextlib import contextmanager
from math import prod

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from bert_parts import BertConfig, BertLayer
from bert_parts.attention import attention_weights, join_heads, split_heads
from bert_parts.costs import layer_bytes, layer_flops

CONFIG = BertConfig(hidden_size=24, num_attention_heads=3, intermediate_size=40)
MINILM = BertConfig(hidden_size=384, num_hidden_layers=6, intermediate_size=1536)


class Moved(TorchDispatchMode):
    """The bytes that matrix products read and write, biases left out."""

    def __init__(self):
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        result = function(*arguments, **(named or {}))
        name = function.overloadpacket.__name__
        if name in ("addmm", "mm", "bmm"):
            matrices = [*(arguments[1:3] if name == "addmm" else arguments[:2]), result]
            self.bytes += sum(prod(matrix.shape) * matrix.element_size() for matrix in matrices)
        return result


def parts_of(config: BertConfig, lengths: list[int]):
    """The parts of a layer as functions that run on random numbers, text by text where texts matter."""
    layer, x = BertLayer(config).eval(), torch.randn(sum(lengths), config.hidden_size)
    attention, wide = layer.attention.self, torch.randn(sum(lengths), config.intermediate_size)
    maps = (attention.query, attention.key, attention.value, layer.attention.output.dense)

    def attend():
        for text in x.split(lengths):
            heads = split_heads(text[None], config.num_attention_heads)
            join_heads(attention_weights(heads, heads) @ heads)

    return {
        "projections": lambda: [part(x) for part in maps],
        "attention": attend,
        "feed-forward": lambda: (layer.intermediate(x), layer.output.dense(wide)),
    }


@contextmanager
def flops():
    with FlopCounterMode(display=False) as counter:
        yield counter.get_total_flops


@contextmanager
def moved():
    with Moved() as counter:
        yield lambda: counter.bytes


@pytest.mark.parametrize("count, counter", [(layer_flops, flops), (layer_bytes, moved)])
@pytest.mark.parametrize("config", [CONFIG, MINILM])
@pytest.mark.parametrize("lengths", [[7], [5, 5, 5], [9, 1, 4]])
@torch.no_grad()
def test_as_torch_counts(count, counter, config, lengths):
    found = {}
    for name, part in parts_of(config, lengths).items():
        with counter() as so_far:
            part()
        found[name] = so_far()
    assert count(config, lengths) == found


@torch.no_grad()
def test_a_whole_layer_and_a_padded_batch():
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):     # the fused one is not counted
        BertLayer(MINILM).eval()(torch.randn(3, 20, 384))
    assert sum(layer_flops(MINILM, [20] * 3).values()) == counter.get_total_flops()
