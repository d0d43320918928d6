"""In whole numbers: what a layer gives is what whole numbers give, and a model's vectors stay close to those in float32."""

import copy
import math
import os
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts import (
    BertConfig,
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertModel,
    load_pretrained,
    movie_reviews,
    quantization,
    save_pretrained,
)
from bert_parts.learn import with_parts
from bert_parts.quantization import Int8Linear, has_bf16, has_int8, int8, whole_numbers, whole_vectors
from bert_parts.search import sentence_vectors
from bert_parts.unpadding import unpadded
from bert_parts.visualize import record_attention
from tests.test_structure import ROOT
from tests.test_unpadding import solved

CONFIG = BertConfig(vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                    max_position_embeddings=16)
BATCH = {"input_ids": torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 0, 0]]),
         "attention_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])}
in_int8 = pytest.mark.skipif(not has_int8(), reason="this processor has no instructions for it")


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_uses_all_of_its_numbers():
    whole, scales = whole_numbers(torch.tensor([[0.5, -1.0, 0.25], [0.0, 0.0, 0.0], [300.0, 1.2, -1.1]]))
    assert whole.tolist() == [[64, -127, 32], [0, 0, 0], [127, 1, 0]] and whole.dtype == torch.int8
    assert scales[0] == pytest.approx(1 / 127) and scales[2] == pytest.approx(300 / 127)


def test_rounding_is_off_by_half_a_step_at_most():
    rows = torch.randn(50, 33)
    whole, scales = whole_numbers(rows)
    assert ((whole * scales[:, None] - rows).abs() <= scales[:, None] * 0.5001).all()


@pytest.mark.parametrize("kind", (torch.bfloat16, torch.float16))
def test_rows_of_half_the_digits_are_as_whole(kind):
    """As within torch.autocast: a scale of few digits would make 128 of the largest number, which 8 bits take for −128."""
    rows = torch.randn(500, 33, generator=torch.Generator().manual_seed(0)).to(kind)
    for found, wanted in zip(whole_numbers(rows), whole_numbers(rows.float()), strict=True):
        assert torch.equal(found, wanted)


# ── a layer ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def expected(linear: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    """What whole numbers give, reckoned in 64 bits."""
    weights, scales = whole_numbers(linear.weight.detach())
    tokens, theirs = whole_numbers(x.reshape(-1, x.size(-1)))
    product = (tokens.long() @ weights.long().T).double() * theirs[:, None].double() * scales.double()
    bias = 0 if linear.bias is None else linear.bias.detach().double()
    return (product + bias).unflatten(0, x.shape[:-1]) if x.dim() > 1 else (product + bias)[0]


@in_int8
@pytest.mark.parametrize("sizes", [(384, 1536), (1536, 384), (5, 7), (1, 1), (33, 64)])
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 19), (0,), ()])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_gives_what_whole_numbers_give(sizes, shape, bias):
    torch.manual_seed(0)
    linear, x = nn.Linear(*sizes, bias=bias), torch.randn(*shape, sizes[0])
    given = Int8Linear(linear)(x)
    assert given.shape == linear(x).shape and given.dtype == torch.float32
    torch.testing.assert_close(given.double(), expected(linear, x), atol=1e-5, rtol=1e-5)


@in_int8
@pytest.mark.parametrize("shape", [(24,), (3, 24), (2, 19, 24), (0, 24)])
def test_maps_may_share_vectors_in_whole_numbers(shape):
    x = torch.randn(shape)
    shared = whole_vectors(x)
    for made in (Int8Linear(nn.Linear(24, 40)), Int8Linear(nn.Linear(24, 5))):
        assert torch.equal(made(shared), made(x))


@in_int8
@pytest.mark.parametrize("length", [512, 4096])
def test_the_largest_sums_are_exact(length):
    """All of them 127 · 127: kept in 16 bits, two would be cut off."""
    linear, x = nn.Linear(length, 20, bias=False), torch.ones(3, length)
    nn.init.ones_(linear.weight)
    torch.testing.assert_close(Int8Linear(linear)(x), torch.full((3, 20), float(length)), rtol=1e-6, atol=0)
    torch.testing.assert_close(Int8Linear(linear)(-x), torch.full((3, 20), -float(length)), rtol=1e-6, atol=0)


@in_int8
def test_however_numbers_lie_in_memory():
    linear, x = nn.Linear(24, 40), torch.randn(24, 7).T
    linear.weight = nn.Parameter(torch.randn(24, 40).T)
    made = Int8Linear(linear)
    torch.testing.assert_close(made(x).double(), expected(linear, x), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(made(x), made(x.contiguous()))


@in_int8
def test_a_layer_can_be_copied_and_its_weight_looked_at():
    linear, x = nn.Linear(384, 1536), torch.randn(5, 384)
    made = Int8Linear(linear)
    assert torch.equal(copy.deepcopy(made)(x), made(x))
    whole, scales = whole_numbers(linear.weight.detach())
    assert torch.equal(made.weight, whole * scales[:, None]) and torch.equal(made.bias, linear.bias)


@in_int8
def test_a_value_that_is_not_a_number_is_not_hidden():
    x = torch.ones(2, 24)
    x[0, 3] = math.nan
    given = Int8Linear(nn.Linear(24, 40))(x)
    assert given[0].isnan().all() and not given[1].isnan().any()


# ── a model ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@in_int8
@pytest.mark.parametrize("kind", [BertModel, BertForMaskedLM, BertForQuestionAnswering,
                                  lambda config: BertForSequenceClassification(config, num_labels=2)])
def test_the_encoder_is_replaced_and_nothing_else(kind):
    torch.manual_seed(0)
    model = kind(CONFIG).train()
    before, kinds = copy.deepcopy(model.state_dict()), [type(part) for part in model.modules()]
    made = int8(model)
    replaced = {name for name, part in made.named_modules() if isinstance(part, Int8Linear)}
    assert replaced == {name for name, part in model.named_modules() if isinstance(part, nn.Linear) and "encoder" in name}
    assert len(replaced) == 2 * 6 and not made.training and not any(p.requires_grad for p in made.parameters())
    assert model.training and [type(part) for part in model.modules()] == kinds
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    for mine, theirs in zip(_tensors(made(**BATCH)), _tensors(model.eval()(**BATCH)), strict=True):
        assert mine.shape == theirs.shape and not mine.requires_grad
        assert 0 < (mine - theirs).abs().max() < 0.1 * theirs.abs().max()


def _tensors(given) -> tuple:
    return given if isinstance(given, tuple) else (given,)


@in_int8
@pytest.mark.parametrize("batch", [BATCH, {"input_ids": torch.arange(1, 15).view(1, 14)}])
def test_the_feed_forward_takes_a_piece_at_a_time_and_gives_the_same(batch, monkeypatch):
    made = int8(BertModel(CONFIG))
    whole, seen = made(**batch)[0], []
    for layer in made.encoder.layer:
        layer.intermediate.register_forward_hook(lambda part, given, wide: seen.append(wide.shape[:2]))
    monkeypatch.setattr(quantization, "PIECE", 4)
    torch.testing.assert_close(made(**batch)[0], whole)
    tokens = batch["input_ids"].numel()
    assert seen == [(1, min(4, tokens - start)) for start in range(0, tokens, 4)] * 2


@in_int8
def test_gelu_is_done_in_place():
    layer = int8(BertModel(CONFIG)).encoder.layer[0]
    x, products = torch.randn(2, 3, CONFIG.hidden_size), []
    expected = F.gelu(layer.intermediate.dense(x))
    layer.intermediate.dense.register_forward_hook(lambda part, given, product: products.append(product.data_ptr()))
    found = layer.intermediate(x)
    torch.testing.assert_close(found, expected)
    assert found.data_ptr() == products[0]


@in_int8
def test_query_key_and_value_share_their_whole_numbers(monkeypatch):
    model, asked = int8(BertModel(CONFIG)), []
    padded = model(**BATCH)[0]
    monkeypatch.setattr(quantization, "whole_numbers", lambda rows: asked.append(rows.shape) or whole_numbers(rows))
    with torch.inference_mode(), unpadded(model):
        torch.testing.assert_close(model(**BATCH)[0][0], padded[0])
    assert len(asked) == 2 * 4     # in each layer: three maps at once, W^O, W₁, W₂


class Odd(nn.Module):
    """A learner's feed-forward that takes a matrix and leaves its layer alone."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)

    def forward(self, x):
        return F.gelu(x @ self.dense.weight.T + self.dense.bias)


@in_int8
def test_a_part_that_looks_at_its_matrix_runs_in_it():
    torch.manual_seed(0)
    model = BertModel(CONFIG).eval()
    usual = int8(model)(**BATCH)[0]
    for layer in model.encoder.layer:
        odd = Odd(CONFIG)
        odd.load_state_dict(layer.intermediate.state_dict())
        layer.intermediate = odd
    torch.testing.assert_close(int8(model)(**BATCH)[0], usual, atol=0.05, rtol=0)


@in_int8
def test_a_model_made_of_a_learners_parts():
    model, tokenizer = load_pretrained()
    own = with_parts(model, solved("01_attention") | solved("05_encoder"))
    texts = [review.text for review in movie_reviews()[:20]]
    given = sentence_vectors(int8(own), tokenizer, texts)
    assert (given * sentence_vectors(int8(model), tokenizer, texts)).sum(dim=1).min() > 0.999


@in_int8
def test_real_vectors_stay_close_and_hang_on_no_neighbour():
    model, tokenizer = load_pretrained()
    texts = [review.text for review in movie_reviews()[::150]]
    exact, made = sentence_vectors(model, tokenizer, texts), int8(model)
    given = sentence_vectors(made, tokenizer, texts)
    assert (exact * given).sum(dim=1).mean() > 0.99 and (exact * given).sum(dim=1).min() > 0.97
    alone = sentence_vectors(made, tokenizer, texts[:9])
    assert (alone * given[:9]).sum(dim=1).min() > 0.9995


@in_int8
def test_maps_are_recorded_as_ever():
    model = int8(BertModel(CONFIG))
    with record_attention(model) as maps:
        model(**BATCH)
    assert [one.shape for one in maps] == [(2, 3, 5, 5)] * 2


# ── what cannot be done ──────────────────────────────────────────────────────────────────────────────────────────────


@in_int8
def test_it_is_not_saved(tmp_path):
    model, tokenizer = load_pretrained()
    with pytest.raises(TypeError, match="is for reading, and is not saved: save the one that it was made of"):
        save_pretrained(int8(model), tokenizer, tmp_path)
    assert not list(tmp_path.iterdir())


@in_int8
@pytest.mark.parametrize("make, words", [
    (lambda: int8(BertModel(CONFIG)),
     "encoder of BertModel has no nn.Linear: give a model with parts that use it, as it was before"),
    (lambda: nn.Linear(3, 3), "Linear has no encoder: give a BertModel or a model of heads.py"),
    (lambda: BertModel(CONFIG).to(torch.bfloat16), "torch.bfloat16 on cpu, where torch.float32 on cpu is expected"),
    (lambda: BertModel(CONFIG).to("meta"), "torch.float32 on meta, where torch.float32 on cpu is expected"),
])
def test_models_that_are_refused(make, words):
    model = make()
    with pytest.raises(TypeError, match=words):
        int8(model)


@in_int8
def test_without_the_instructions_it_is_refused():
    """Torch would compute without them, too, and wrongly: here oneDNN is told of none."""
    code = ("from bert_parts import BertConfig, BertModel\nfrom bert_parts.quantization import has_int8, int8\n"
            "assert not has_int8()\nint8(BertModel(BertConfig(vocab_size=9, hidden_size=4, num_hidden_layers=1, "
            "num_attention_heads=1, intermediate_size=4)))")
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"DNNL_MAX_CPU_ISA": "AVX2"},
                            capture_output=True, text=True)
    assert "RuntimeError: This processor has no instructions for whole numbers of 8 bits that torch can use" in result.stderr


@pytest.mark.skipif(not torch.cpu.get_capabilities().get("avx512_vnni") or "DNNL_MAX_CPU_ISA" in os.environ, reason="it has not")
def test_a_processor_that_has_the_instructions_is_found_out():
    assert has_int8()


def test_bfloat16_is_there_where_the_processor_names_it(monkeypatch):
    for named, there in (("avx512_bf16", True), ("amx_bf16", True), ("bf16", True), ("avx512_vnni", False)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda named=named: {"avx512_bf16": False, named: True})
        assert has_bf16() == there


def test_vectors_in_bfloat16_stay_close():
    model, tokenizer = load_pretrained()
    texts = [review.text for review in movie_reviews()[::500]]
    exact = sentence_vectors(model, tokenizer, texts)
    with torch.autocast("cpu", torch.bfloat16):
        given = sentence_vectors(model, tokenizer, texts)
    assert given.dtype == torch.float32 and (exact * given).sum(dim=1).min() > 0.999 and not torch.equal(given, exact)


def test_a_processor_that_names_no_instructions_has_none(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"architecture": "arm64", "i8mm": True})
    has_int8.cache_clear()
    try:
        assert not has_int8()
    finally:
        has_int8.cache_clear()
