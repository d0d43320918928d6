"""The shortcuts give the numbers of the long way, and do less."""

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from bert_parts import BertConfig, BertLayer, MultiHeadAttention, load_pretrained
from bert_parts.costs import layer_flops
from bert_parts.learn import with_parts
from bert_parts.shortcuts import joint_projection, layer_at

CONFIG = BertConfig(hidden_size=24, num_attention_heads=3, intermediate_size=40, hidden_dropout_prob=0.0,
                    attention_probs_dropout_prob=0.0)


def rough(module: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module.double().eval()


def test_one_projection_for_three():
    attention = rough(MultiHeadAttention(24, 3, 0.0)).float()
    before = {name: tensor.clone() for name, tensor in attention.state_dict().items()}
    joint, x = joint_projection(attention), torch.randn(2, 5, 24)
    expected = torch.cat([attention.query(x), attention.key(x), attention.value(x)], dim=-1)
    torch.testing.assert_close(joint(x), expected, atol=1e-5, rtol=0)
    nn.init.zeros_(joint.weight)
    assert all(torch.equal(before[name], tensor) for name, tensor in attention.state_dict().items())


ASKED = {"some": [1, 4, 5, 8], "none of a text": [0, 1, 8], "one": [6], "all": range(9), "nobody": []}


@pytest.mark.parametrize("places", ASKED.values(), ids=ASKED)
def test_a_layer_where_it_is_asked_for(places):
    layer, lengths = rough(BertLayer(CONFIG)), [4, 1, 4]
    x, asked = torch.randn(9, 24, dtype=torch.float64), torch.zeros(9, dtype=torch.bool)
    asked[list(places)] = True
    whole = torch.cat([layer(text[None])[0] for text in x.split(lengths)])
    torch.testing.assert_close(layer_at(layer, x, lengths, asked), whole[asked])


def test_it_is_learned_through():
    layer, lengths = rough(BertLayer(CONFIG)), [4, 5]
    x, asked = torch.randn(9, 24, dtype=torch.float64, requires_grad=True), torch.arange(9) % 3 == 0
    whole = torch.cat([layer(text[None])[0] for text in x.split(lengths)])
    expected, = torch.autograd.grad(whole[asked].sin().sum(), x)
    given, = torch.autograd.grad(layer_at(layer, x, lengths, asked).sin().sum(), x)
    torch.testing.assert_close(given, expected)


@torch.no_grad()
def test_it_does_less():
    """Of 8 tokens 1 is asked about: keys and values of all, and of all else an eighth."""
    layer, x, asked = BertLayer(CONFIG).eval(), torch.randn(8, 24), torch.arange(8) == 3
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):     # the fused one is not counted
        layer_at(layer, x, [8], asked)
    whole, one = layer_flops(CONFIG, [8]), layer_flops(CONFIG, [1])
    projections = (whole["projections"] + one["projections"]) // 2
    assert counter.get_total_flops() == projections + whole["attention"] // 8 + one["feed-forward"]


@torch.no_grad()
def test_in_the_real_model_and_with_a_learners_attention():
    class Own(MultiHeadAttention):
        def forward(self, x, context=None, mask=None):
            return super().forward(x, context, mask)

    model, _ = load_pretrained()
    own = with_parts(model, {"MultiHeadAttention": Own})
    x, asked = torch.randn(30, 384), torch.arange(30) % 7 == 0
    for layer in (model.encoder.layer[5], own.encoder.layer[5]):
        whole = torch.cat([layer(text[None])[0] for text in x.split([10, 20])])
        torch.testing.assert_close(layer_at(layer, x, [10, 20], asked), whole[asked], atol=1e-5, rtol=0)
