"""Attention against torch's own, and its refusals."""

import pytest
import torch
from torch.nn import functional as F

from bert_parts import MultiHeadAttention, attention_weights, causal_mask, padding_mask
from bert_parts.attention import join_heads, split_heads

torch.manual_seed(0)
QUERY, KEY, VALUE = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 6, 5), torch.randn(2, 3, 6, 5)
MASKS = {
    "none": None,
    "padding": padding_mask(torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0]])),
    "queries by keys": torch.ones(4, 6, dtype=torch.bool).tril(),
    "full": torch.rand(2, 3, 4, 6) > 0.4,
}
MASKS["full"][..., 0] = True


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_weights_against_torch(mask):
    weights = attention_weights(QUERY, KEY, mask)
    torch.testing.assert_close(weights @ VALUE, F.scaled_dot_product_attention(QUERY, KEY, VALUE, attn_mask=mask))
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 3, 4))


@pytest.mark.parametrize("cross", [False, True])
def test_multi_head_against_torch(cross):
    ours = MultiHeadAttention(24, 4, dropout=0.0)
    oracle = torch.nn.MultiheadAttention(24, 4, batch_first=True)
    with torch.no_grad():
        oracle.in_proj_weight.normal_(std=0.3)
        oracle.in_proj_bias.normal_(std=0.3)
        oracle.out_proj.weight.copy_(torch.eye(24))     # W^O is not part of ours
        oracle.out_proj.bias.zero_()
        for part, weight, bias in zip((ours.query, ours.key, ours.value), oracle.in_proj_weight.chunk(3),
                                      oracle.in_proj_bias.chunk(3), strict=True):
            part.weight.copy_(weight)
            part.bias.copy_(bias)
    x, context = torch.randn(2, 5, 24), torch.randn(2, 7, 24)
    attended = context if cross else x
    mark = torch.arange(attended.size(1)) < torch.tensor([[attended.size(1)], [3]])
    expected, _ = oracle(x, attended, attended, key_padding_mask=~mark)
    torch.testing.assert_close(ours(x, context if cross else None, padding_mask(mark)), expected)


def test_heads_are_slices_of_the_width():
    x = torch.arange(24.0).view(1, 2, 12)
    assert torch.equal(split_heads(x, 3)[0, 1], x[0, :, 4:8])
    assert torch.equal(join_heads(split_heads(x, 3)), x)


def test_dropout_falls_on_the_weights_only_in_training():
    torch.manual_seed(0)
    attention = MultiHeadAttention(8, 2, dropout=0.5)
    x = torch.randn(1, 4, 8)
    assert not torch.equal(attention(x), attention(x))
    assert torch.equal(attention.eval()(x), attention(x))


def test_causal_mask():
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]


@pytest.mark.parametrize(
    ("mask", "error", "says"),
    [
        (torch.ones(4, 6), TypeError, "torch.float32, where torch.bool"),
        ([[True]], TypeError, "The mask is list"),
        (torch.ones(2, 6, dtype=torch.bool), ValueError, r"\(2, 6\).*\(2, 3, 4, 6\)"),
        (torch.ones(1, 2, 3, 4, 6, dtype=torch.bool), ValueError, "broadcasts"),
        (torch.zeros(4, 6, dtype=torch.bool), ValueError, "nothing to attend to"),
    ],
)
def test_bad_masks(mask, error, says):
    """Of both parts that are given a mask: torch's own attention would add numbers to the scores, and says nothing."""
    with pytest.raises(error, match=says):
        attention_weights(QUERY, KEY, mask)
    with pytest.raises(error, match=says):
        MultiHeadAttention(15, 3, dropout=0.0)(torch.randn(2, 4, 15), torch.randn(2, 6, 15), mask)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="width of 10 cannot be shared evenly by 3"):
        MultiHeadAttention(10, 3, 0.0)
