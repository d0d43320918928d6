"""Products through oneDNN give the same numbers and gradients as torch's own, and are taken where they are faster only."""

import copy
import subprocess
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts import BertConfig, BertForSequenceClassification, MultiHeadAttention, products
from bert_parts.prepacking import prepacked
from bert_parts.products import fast_products, onednn_is_faster, round_up
from bert_parts.quantization import has_int8, int8
from bert_parts.reading import read_in_batches
from bert_parts.training import fit
from bert_parts.unpadding import unpadded
from bert_parts.visualize import record_attention
from tests.test_structure import ROOT

needs_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this build of torch has no oneDNN")
CONFIG = BertConfig(vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                    max_position_embeddings=16, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
BATCH = {"input_ids": torch.arange(160).view(10, 16) % 50, "attention_mask": torch.ones(10, 16, dtype=torch.long).tril(6)}


@pytest.fixture
def taken(monkeypatch) -> list[tuple[int, ...]]:
    """The shapes of all that goes through oneDNN."""
    found, compute = [], products.product

    def seen(x, weight, bias=None):
        found.append((*x.shape, len(weight)))
        return compute(x, weight, bias)

    monkeypatch.setattr(products, "product", seen)
    return found


@pytest.fixture
def faster(monkeypatch):
    monkeypatch.setattr(products, "onednn_is_faster", lambda threads: True)


def usual(model):
    return nullcontext()


WAYS = usual, fast_products


def layer(weight: torch.Tensor, bias: torch.Tensor | None = None) -> nn.Linear:
    """With this very weight, as it lies in memory."""
    made = nn.Linear(*weight.shape[::-1], bias=bias is not None)
    made.weight = nn.Parameter(weight)
    if bias is not None:
        made.bias = nn.Parameter(bias)
    return made


def numbers_and_gradients(x, linear, way):
    x = x.detach().requires_grad_()
    with way(linear):
        made = linear(x)
    made.mul(torch.arange(made.numel()).view(made.shape) % 7 - 3).sum().backward()
    found = [made.detach(), x.grad, *(parameter.grad for parameter in linear.parameters())]
    linear.zero_grad()
    return found


@needs_onednn
@pytest.mark.parametrize("shape, sizes", [((40,), (24, 40)), ((40,), (40, 24)), ((5, 8), (1, 3)), ((2, 3, 64), (384, 5)),
                                          ((33,), (7, 7))])
@pytest.mark.parametrize("bias", [True, False])
def test_numbers_and_gradients_are_the_same(shape, sizes, bias, taken, faster):
    torch.manual_seed(0)
    x, linear = torch.randn(*shape, sizes[0]), nn.Linear(*sizes, bias=bias)
    expected, found = (numbers_and_gradients(x, linear, way) for way in WAYS)
    assert len(taken) == 3
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=2e-4, rtol=1e-5)


@needs_onednn
def test_however_numbers_lie_in_memory(taken, faster):
    torch.manual_seed(0)
    for x, weight in ((torch.randn(24, 40).T, torch.randn(9, 24)), (torch.randn(40, 24), torch.randn(24, 9).T),
                      (torch.randn(80, 48)[::2, ::2], torch.randn(1, 24).expand(9, 24)),
                      (torch.randn(1, 24).expand(40, 24), torch.randn(9, 24))):
        expected, found = (numbers_and_gradients(x, layer(weight), way) for way in WAYS)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, atol=2e-4, rtol=1e-5)
    assert len(taken) == 12


@needs_onednn
def test_what_needs_no_gradient_gets_none(taken, faster):
    x, linear = torch.randn(40, 24), nn.Linear(24, 9)
    linear.bias.requires_grad_(False)
    with fast_products(linear):
        linear(x).sum().backward()
    assert x.grad is None and linear.bias.grad is None and linear.weight.grad is not None
    assert len(taken) == 2     # none for x


@needs_onednn
def test_gradients_of_gradients_are_the_same(taken, faster):
    torch.manual_seed(0)
    x, linear = torch.randn(40, 24, requires_grad=True), nn.Linear(24, 9)
    found = []
    for way in WAYS:
        with way(linear):
            made = linear(x).pow(3).sum()
        (first,) = torch.autograd.grad(made, x, create_graph=True)
        found.append(torch.autograd.grad(first.pow(2).sum(), [x, linear.weight, linear.bias]))
    assert taken
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-2)


@needs_onednn
def test_what_it_is_not_for_runs_as_without_it(taken, faster):
    class Kind(torch.Tensor):
        pass

    class Own(nn.Linear):
        """May compute something else."""

    x, linear, own = torch.randn(40, 24), nn.Linear(24, 9), Own(24, 9)
    half, meta = copy.deepcopy(linear).bfloat16(), nn.Linear(24, 9, device="meta")
    with fast_products(nn.ModuleList([linear, own, half, meta])):
        linear(x[:31]), linear(x[0]), linear(x[:0]), own(x), half(x.bfloat16()), linear(x.as_subclass(Kind))
        torch.vmap(linear)(x[:, None].expand(40, 50, 24))
        torch.func.grad(lambda weight: torch.func.functional_call(linear, {"weight": weight}, x).sum())(linear.weight.detach())
        assert meta(x.to("meta")).device.type == "meta"
        linear.double()(x.double())
        linear.float()
        with torch.autocast("cpu", torch.bfloat16):
            linear(x)
    linear(x)
    assert not taken


@needs_onednn
@pytest.mark.parametrize("x", [torch.ones(40, 23), torch.ones(()), torch.ones(40, 24, dtype=torch.long)])
def test_a_misfit_is_told_as_ever(x, faster):
    linear = nn.Linear(24, 9)
    with pytest.raises(RuntimeError) as expected:
        linear(x)
    with pytest.raises(RuntimeError) as told, fast_products(linear):
        linear(x)
    assert str(told.value) == str(expected.value)


@needs_onednn
def test_a_model_learns_the_same_without_padding_and_is_compiled_whole(taken, faster):
    torch.manual_seed(0)
    model, found = BertForSequenceClassification(CONFIG, 2), []
    for way in WAYS:
        with unpadded(model), way(model):
            loss = F.cross_entropy(model(**BATCH), torch.arange(10) % 2)
        loss.backward()
        found.append([parameter.grad for parameter in model.parameters()])
        model.zero_grad()
    assert len(taken) >= 6 * 2 * 3
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4)
    with fast_products(model.eval()):
        compiled = torch.compile(model, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(**BATCH), model(**BATCH), atol=1e-6, rtol=1e-4)


@needs_onednn
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="how much memory is held is read as on Linux")
def test_what_is_kept_of_sizes_that_came_by_is_bounded():
    """As it is by itself, three hundred sizes take some 180 MB."""
    code = """
import torch
from bert_parts.products import product
held = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
matrix = torch.ones(96, 64)
product(torch.ones(999, 64), matrix)
before = held()
for rows in range(300, 600):
    product(torch.ones(rows, 64), matrix)
print(held() - before)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(run.stdout) < 110


class Own(MultiHeadAttention):
    """A learner's: each text is given to it by itself."""


@needs_onednn
@pytest.mark.parametrize("kind", [MultiHeadAttention, Own])
def test_what_is_added_to_a_row_without_padding_is_seen_by_nobody(kind, taken, faster):
    torch.manual_seed(0)
    model = BertForSequenceClassification(CONFIG, 2).eval()
    for layer in model.bert.encoder.layer:
        layer.attention.self.__class__ = kind
    batch = {name: values[:9] for name, values in BATCH.items()}
    with record_attention(model) as maps:
        expected, looked = model(**batch), list(maps)
    recording = record_attention(model) if kind is MultiHeadAttention else nullcontext([])     # hooks put padding in again
    with unpadded(model), fast_products(model), recording as maps:
        found, again = model(**batch), list(maps)
    assert batch["attention_mask"].sum() == 99 and (104, 24, 24) in taken
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    real = batch["attention_mask"].bool()
    for one, other in zip(again, looked, strict=kind is MultiHeadAttention):
        torch.testing.assert_close(one.transpose(1, 2)[real], other.transpose(1, 2)[real], atol=1e-6, rtol=1e-5)


@needs_onednn
def test_training_and_reading_take_it_where_it_is_faster(taken, faster):
    torch.manual_seed(0)
    model = BertForSequenceClassification(CONFIG, 2)
    fit(model, lambda step: BATCH, lambda model, batch: model(**batch).pow(2).sum(), steps=1, learning_rate=1e-3)
    trained = len(taken)
    list(read_in_batches(model, lambda places: BATCH, lambda model, batch: model(**batch), range(1, 11), 10))
    assert trained >= 6 * 2 * 3 and len(taken) >= trained + 6 * 2
    before = len(taken)
    fit(model, lambda step: BATCH, lambda model, batch: model(**batch).float().pow(2).sum(), steps=1, learning_rate=1e-3,
        precision="bf16")
    assert len(taken) == before


def test_few_numbers_of_rows_and_an_eighth_more_at_most():
    made = [round_up(rows) for rows in range(5000)]
    assert all(rows <= one <= max(rows * 9 / 8, rows + 7) for rows, one in enumerate(made))
    assert made == sorted(made) and len(set(made)) < 70 and [round_up(one) for one in made] == made


@needs_onednn
@pytest.mark.parametrize("kind", [lambda model: model, prepacked, pytest.param(int8, marks=pytest.mark.skipif(
    not has_int8(), reason="no instructions for whole numbers of 8 bits"))])
def test_few_numbers_of_rows_come_by_whatever_the_texts_are(kind, monkeypatch, faster):
    """For each, oneDNN keeps 0.6 MB: without this, a thousand batches took a gigabyte."""
    torch.manual_seed(0)
    model, met = kind(BertForSequenceClassification(CONFIG, 2).eval()), set()
    for module, name in ((torch.ops.mkldnn._linear_pointwise, "default"), (torch.ops.onednn, "qlinear_pointwise")):
        usual = getattr(module, name)
        monkeypatch.setattr(module, name, partial(lambda usual, x, *more: met.add(len(x)) or usual(x, *more), usual))
    for texts in range(12, 24):
        mask = (torch.arange(16) < torch.randint(5, 17, (texts, 1))).long()
        batch = {"input_ids": torch.randint(50, (texts, 16)), "attention_mask": mask}
        with torch.inference_mode(), unpadded(model), fast_products(model):
            model(**batch)
    assert met and met <= {round_up(rows) for rows in met} and len(met) <= 9


@needs_onednn
@pytest.mark.parametrize("seconds, chosen", [({"torch": 2.0, "onednn": 1.0}, True), ({"torch": 1.3, "onednn": 1.0}, False),
                                             ({"torch": 1.0, "onednn": 2.0}, False)])
def test_the_faster_way_is_found_out_by_time(seconds, chosen, monkeypatch):
    now = 0.0

    def way(name):
        def run(x, weight):
            nonlocal now
            now += seconds[name] * (10 if now == 0 else 1)     # the first is slow, as where something runs beside
        return run

    monkeypatch.setattr(products.time, "perf_counter", lambda: now)
    monkeypatch.setattr(products, "product", way("onednn"))
    monkeypatch.setattr(products.F, "linear", way("torch"))
    onednn_is_faster.cache_clear()
    try:
        assert onednn_is_faster(1) is chosen
    finally:
        onednn_is_faster.cache_clear()


def test_without_onednn_nothing_is_done(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    onednn_is_faster.cache_clear()
    linear = nn.Linear(24, 9)
    try:
        with fast_products(linear):
            assert "forward" not in vars(linear)
    finally:
        onednn_is_faster.cache_clear()
