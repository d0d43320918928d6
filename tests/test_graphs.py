"""Every model as a graph, compiled whole or exported, for any number of texts and tokens, padded too: the numbers are the same."""

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

import pytest
import torch
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounter
from torch.export import Dim

from bert_parts.config import BertConfig
from bert_parts.heads import (
    BertForMaskedLM,
    BertForNextSentencePrediction,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
)
from bert_parts.learn.inside import with_parts
from bert_parts.model import BertModel
from bert_parts.transformer import TransformerModel
from bert_parts.visualize import WithMaps, record_attention

CONFIG = BertConfig(vocab_size=60, hidden_size=24, num_hidden_layers=1, num_attention_heads=3, intermediate_size=40,
                    max_position_embeddings=64)
SIZES = (4, 11), (3, 7), (5, 33), (1, 4)     # texts, tokens: of the example that a graph is made with, and of others
TEXTS, TOKENS, OTHER_TOKENS = (Dim(name, max=64) for name in ("texts", "tokens", "other_tokens"))
BOTH = {0: TEXTS, 1: TOKENS}


def learners_own() -> BertModel:
    """Every part of it as a learner wrote it: the solutions of four notebooks."""
    parts = {}
    for notebook in ("01_attention", "04_embeddings", "05_encoder", "06_pooler"):
        solutions = import_module(f"tests.solutions.{notebook}")
        parts |= {name: thing for name, thing in vars(solutions).items() if getattr(thing, "__module__", "") == solutions.__name__}
    own = with_parts(BertModel(CONFIG), parts)
    assert all(type(part).__module__.startswith("tests.") for part in (own, own.embeddings, own.encoder.layer[0].attention.self))
    return own


BERTS: dict[str, Callable[[], nn.Module]] = {
    "BertModel": lambda: BertModel(replace(CONFIG, num_hidden_layers=2)),
    "BertModel of a learner's parts": learners_own,
    "BertForPreTraining": lambda: BertForPreTraining(CONFIG),
    "BertForMaskedLM": lambda: BertForMaskedLM(CONFIG),
    "BertForNextSentencePrediction": lambda: BertForNextSentencePrediction(CONFIG),
    "BertForSequenceClassification": lambda: BertForSequenceClassification(CONFIG, 3),
    "BertForTokenClassification": lambda: BertForTokenClassification(CONFIG, 3),
    "BertForQuestionAnswering": lambda: BertForQuestionAnswering(CONFIG),
}
models = pytest.mark.parametrize("made", BERTS.values(), ids=BERTS)


@pytest.fixture(autouse=True)
def no_graph_from_before():
    torch.compiler.reset()


def ready(made: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return made().eval()


def padded(texts: int, tokens: int) -> tuple[Tensor, Tensor, Tensor]:
    """A batch whose last text is shorter, as the tokenizer makes it: ids, marks, segments."""
    ids = torch.randint(1, CONFIG.vocab_size, (texts, tokens), generator=torch.Generator().manual_seed(tokens))
    marks, segments = torch.ones_like(ids), torch.zeros_like(ids)
    marks[-1, -2:] = ids[-1, -2:] = 0
    segments[:, tokens // 2 :] = 1
    return ids, marks, segments


def translation(texts: int, tokens: int) -> tuple[Tensor, Tensor, Tensor]:
    """Source, target, and the marks of the source, of which the target has not the length."""
    source, marks, _ = padded(texts, tokens + 2)
    return source, padded(texts, tokens)[0], marks


def assert_same(graph: Callable, model: nn.Module, batch: Callable = padded, sizes: tuple = SIZES):
    for size in sizes:
        with torch.no_grad():
            torch.testing.assert_close(graph(*batch(*size)), model(*batch(*size)), atol=1e-5, rtol=1e-5)


@models
def test_one_graph_for_all_sizes(made):
    """Compiled whole (`fullgraph`), and once: neither a mask nor another length makes a second graph. (One text does, in torch.)"""
    model, counter = ready(made), CompileCounter()
    compiled = torch.compile(model, backend=counter, fullgraph=True, dynamic=True)
    assert_same(compiled, model, sizes=SIZES[:3])
    assert counter.frame_count == 1
    assert_same(compiled, model, sizes=SIZES[3:])


@models
@pytest.mark.parametrize("strict", [False, True], ids=["", "strict"])
def test_export(made, strict):
    model = ready(made)
    exported = torch.export.export(model, padded(*SIZES[0]), dynamic_shapes=(BOTH,) * 3, strict=strict)
    assert_same(exported.module(), model)


def test_the_transformer():
    model, counter = ready(lambda: TransformerModel(CONFIG)), CompileCounter()
    assert_same(torch.compile(model, backend=counter, fullgraph=True, dynamic=True), model, translation, SIZES[:3])
    assert counter.frame_count == 1
    shapes = ({0: TEXTS, 1: OTHER_TOKENS}, BOTH, {0: TEXTS, 1: OTHER_TOKENS})
    for strict in (False, True):
        exported = torch.export.export(model, translation(*SIZES[0]), dynamic_shapes=shapes, strict=strict)
        assert_same(exported.module(), model, translation)


@pytest.mark.parametrize("name", ["BertModel", "BertModel of a learner's parts"])
def test_maps_are_outputs_of_a_graph(name):
    """Written to a file and read again, without the course's code."""
    model, file = ready(BERTS[name]), io.BytesIO()
    torch.export.save(torch.export.export(WithMaps(model), padded(*SIZES[0]), dynamic_shapes=((BOTH,) * 3,)), file)
    graph = torch.export.load(io.BytesIO(file.getvalue())).module()
    for size in SIZES:
        given, maps = graph(*padded(*size))
        with torch.no_grad(), record_attention(model) as expected:
            torch.testing.assert_close(given, model(*padded(*size)), atol=1e-5, rtol=1e-5)
        assert len(maps) == model.config.num_hidden_layers and maps[0].shape == (size[0], 3, size[1], size[1])
        torch.testing.assert_close(list(maps), expected, atol=1e-5, rtol=1e-5)
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.skipif(not shutil.which("c++"), reason="torch's compiler for the CPU needs a C++ compiler")
def test_compiled_to_machine_code():
    model = ready(lambda: BertForSequenceClassification(CONFIG, 3))
    assert_same(torch.compile(model, fullgraph=True, dynamic=True), model, sizes=SIZES[:2])
