"""The parts of a layer against Hugging Face's transformers, one by one, and the diagnoses that no single output shows."""

import copy
import linecache
import sys

import pytest
import torch
import transformers
from torch import nn
from transformers.models.bert import modeling_bert as oracle

from bert_parts import (
    AddAndNorm,
    BertAttention,
    BertConfig,
    BertEncoder,
    BertIntermediate,
    BertLayer,
    head_contributions,
    padding_mask,
)
from bert_parts.learn import check

CONFIG = BertConfig(vocab_size=8, hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40)
THEIRS = transformers.BertConfig(vocab_size=8, hidden_size=24, num_hidden_layers=3, num_attention_heads=4,
                                 intermediate_size=40, attn_implementation="eager")
MARKS = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path))


def with_weights_of(part, reference):
    """The part, with hard random weights that it shares with the reference; both in float64 and eval mode."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in reference.parameters():
            parameter.normal_(std=0.3)
    part.load_state_dict(reference.state_dict(), strict=True)
    return part.double().eval(), reference.double().eval()


def vectors(width=24, seed=1):
    return torch.randn(2, 5, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_wide_layer():
    ours, theirs = with_weights_of(BertIntermediate(CONFIG), oracle.BertIntermediate(THEIRS))
    torch.testing.assert_close(ours(vectors()), theirs(vectors()))


@pytest.mark.parametrize(("in_size", "block"), [(24, oracle.BertSelfOutput), (40, oracle.BertOutput)])
def test_add_and_norm(in_size, block):
    ours, theirs = with_weights_of(AddAndNorm(in_size, CONFIG), block(THEIRS))
    x, residual = vectors(in_size), vectors(seed=2)
    torch.testing.assert_close(ours(x, residual), theirs(x, residual))


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(
    ("part", "block"),
    [(BertAttention, oracle.BertAttention), (BertLayer, oracle.BertLayer), (BertEncoder, oracle.BertEncoder)],
)
def test_parts_with_attention(part, block, padded):
    ours, theirs = with_weights_of(part(CONFIG), block(THEIRS))
    hidden = padding_mask(MARKS) if padded else None
    added = torch.zeros(2, 1, 1, 5, dtype=torch.float64)
    if padded:
        added.masked_fill_(~hidden, torch.finfo(torch.float64).min)
    expected = theirs(vectors(), attention_mask=added)
    if not isinstance(expected, torch.Tensor):     # a tuple, or an output with a name
        expected = expected[0]
    real = MARKS.bool() if padded else slice(None)
    torch.testing.assert_close(ours(vectors(), hidden)[real], expected[real])


def test_what_a_head_adds_goes_missing_without_it():
    attention, _ = with_weights_of(BertAttention(CONFIG), oracle.BertAttention(THEIRS))
    mask, dense, found = padding_mask(MARKS), attention.output.dense, attention.self(vectors(), mask=padding_mask(MARKS))
    parts = head_contributions(attention, vectors(), mask)
    assert parts.shape == (2, 4, 5, 24)
    torch.testing.assert_close(parts.sum(dim=1) + dense.bias, dense(found))
    for head in range(4):
        without = found.clone()
        without[..., 6 * head : 6 * (head + 1)] = 0
        torch.testing.assert_close(parts[:, head], dense(found) - dense(without))


def test_layers_are_their_own():
    layers = BertEncoder(CONFIG).layer
    assert len({id(parameter) for parameter in layers.parameters()}) == 3 * len(list(layers[0].parameters()))
    assert not torch.equal(layers[0].output.dense.weight, layers[1].output.dense.weight)


# ── diagnoses ────────────────────────────────────────────────────────────────────────────────────────────────────────


def learners(name, forward, init="", **more):
    """A learner's class: the package's __init__ unless another is given, and the given body of forward."""
    base = {"AddAndNorm": "x, residual"}.get(name, "x, mask=None")
    text = f"class {name}(Given):\n{init}    def forward(self, {base}):\n" + "".join(
        f"        {line}\n" for line in forward.splitlines())
    filename = f"<cell {abs(hash(text))}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    module = vars(sys.modules["bert_parts.encoder"])
    namespace = {"__name__": "a_notebook", "torch": torch, "nn": nn, "copy": copy, "Given": module[name]}
    namespace |= {key: value for key, value in module.items() if key in ("F", "BertLayer")}
    exec(compile(text, filename, "exec"), namespace)
    return namespace[name]


LOOP = "for layer in self.layer:\n    x = layer(x, mask)\nreturn x"


@pytest.mark.parametrize(
    ("name", "forward", "mistake"),
    [
        ("AddAndNorm", "return self.LayerNorm(residual + self.dense(x))", "no dropout in training"),
        ("AddAndNorm", "return self.LayerNorm(self.dropout(residual + self.dense(x)))", "dropout after the sum"),
        ("AddAndNorm", "return self.dropout(self.LayerNorm(residual + self.dense(x)))", "dropout after the norm"),
        ("AddAndNorm", "return self.LayerNorm(self.dropout(residual) + self.dense(x))", "dropout of the residual"),
        ("AddAndNorm", "return self.LayerNorm(residual + self.dense(self.dropout(x)))", "dropout before dense"),
        ("AddAndNorm", "return self.LayerNorm(residual + F.dropout(self.dense(x), 0.1))", "random in evaluation"),
        ("AddAndNorm", "x = self.dropout(self.dense(x))\nx += residual\nreturn self.LayerNorm(x)", None),
        ("AddAndNorm", "residual += self.dropout(self.dense(x))\nreturn self.LayerNorm(residual)",
         "input changed in place"),
        ("AddAndNorm", "return self.LayerNorm(residual + self.dropout(self.dense(x)).detach())", "gradient cut off"),
        ("BertAttention", "return self.output(self.self(x, mask=mask).detach(), x)", "gradient cut off"),
        ("BertLayer", "x = self.attention(x, mask=mask)\nreturn self.output(self.intermediate(x), residual=x)", None),
        ("BertLayer", "x = self.attention(x, mask)\nreturn self.output(self.intermediate(x).detach(), x)",
         "gradient cut off"),
        ("BertEncoder", LOOP, None),
        ("BertEncoder", LOOP.replace("x = layer(x, mask)", "x = layer(x, mask).detach()"), "gradient cut off"),
    ],
)
def test_what_no_single_output_shows(name, forward, mistake):
    result = check(learners(name, forward))
    assert (result.status, result.mistake) == ("not yet" if mistake else "right", mistake), result.message


@pytest.mark.parametrize(
    ("layers", "mistake"),
    [
        ("nn.ModuleList(copy.deepcopy(layer) for _ in range(config.num_hidden_layers))", "layers start equal"),
        ("nn.ModuleList([layer] * config.num_hidden_layers)", "same layer n times"),
        ("nn.ModuleList([layer for _ in range(config.num_hidden_layers)])", "same layer n times"),
        ("[BertLayer(config) for _ in range(config.num_hidden_layers)]", "layers not found"),
        ("...", "layers not found"),
        ("nn.ModuleList(BertLayer(config) for _ in range(1, config.num_hidden_layers))", "one layer too few"),
        ("nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])", None),
    ],
)
def test_stacks(layers, mistake):
    init = ("    def __init__(self, config):\n        nn.Module.__init__(self)\n        self.config = config\n"
            f"        layer = BertLayer(config)\n        self.layer = {layers}\n\n")
    result = check(learners("BertEncoder", LOOP, init))
    assert (result.status, result.mistake) == ("not yet" if mistake else "right", mistake), result.message
