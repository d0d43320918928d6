"""Packed matrices give the same numbers, in a learner's parts too."""

import copy

import pytest
import torch
from torch import nn

from bert_parts import (
    BertConfig,
    BertForTokenClassification,
    BertIntermediate,
    BertModel,
    load_pretrained,
    movie_reviews,
    save_pretrained,
)
from bert_parts.learn import with_parts
from bert_parts.prepacking import PackedLinear, prepacked
from bert_parts.search import sentence_vectors
from tests.test_unpadding import solved

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this build of torch has no oneDNN")
CONFIG = BertConfig(vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                    max_position_embeddings=16)


@pytest.mark.parametrize("sizes", [(384, 1536), (1536, 384), (5, 7), (1, 1)])
@pytest.mark.parametrize("shape", [(1,), (300,), (2, 19), (0,), ()])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_gives_the_same(sizes, shape, bias):
    linear, x = nn.Linear(*sizes, bias=bias), torch.randn(*shape, sizes[0])
    made = PackedLinear(linear)
    torch.testing.assert_close(made(x), linear(x).detach(), atol=1e-5, rtol=1e-5)
    assert torch.equal(copy.deepcopy(made)(x), made(x)) and torch.equal(made.weight, linear.weight)


def test_gelu_is_done_with_the_product_in_the_courses_own_part_only(monkeypatch):
    """A learner's, a subclass included, may compute something else: only its nn.Linear is replaced."""
    torch.manual_seed(0)
    model, x = BertModel(CONFIG).eval(), torch.randn(2, 5, 24) * 10
    own = with_parts(model, {"BertIntermediate": type("Own", (BertIntermediate,), {})})
    expected, made = model.encoder(x).detach(), prepacked(model)
    kinds = [[type(layer.intermediate).__name__ for layer in each.encoder.layer] for each in (made, prepacked(own))]
    assert kinds == [["PackedIntermediate"] * 2, ["Own"] * 2]
    monkeypatch.setattr(torch.nn.functional, "gelu", None)
    torch.testing.assert_close(made.encoder(x), expected, atol=1e-5, rtol=0)
    assert not made.encoder.layer[0].intermediate(x.requires_grad_()).requires_grad


def test_however_numbers_lie_in_memory():
    linear, x = nn.Linear(24, 40), torch.randn(24, 7).T
    linear.weight = nn.Parameter(torch.randn(24, 40).T)
    torch.testing.assert_close(PackedLinear(linear)(x), linear(x).detach(), atol=1e-5, rtol=1e-5)


def test_the_model_stays_as_it_was_and_the_copy_has_matrices_of_its_own():
    torch.manual_seed(0)
    model = BertForTokenClassification(CONFIG, num_labels=3).train()
    ids = torch.tensor([[1, 2, 3, 4]])
    made = prepacked(model)
    replaced = {name for name, part in made.named_modules() if isinstance(part, PackedLinear)}
    assert replaced == {name for name, part in model.named_modules() if isinstance(part, nn.Linear) and "encoder" in name}
    assert model.training and not made.training and all(parameter.requires_grad for parameter in model.parameters())
    expected = model.eval()(ids)
    torch.testing.assert_close(made(ids), expected.detach(), atol=1e-6, rtol=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    torch.testing.assert_close(made(ids), expected.detach(), atol=1e-6, rtol=0)


def test_real_vectors_are_the_same_with_a_learners_parts():
    model, tokenizer = load_pretrained()
    texts = [review.text for review in movie_reviews()[:40]]
    expected = sentence_vectors(model, tokenizer, texts)
    for own in (model, with_parts(model, solved("01_attention") | solved("05_encoder"))):
        torch.testing.assert_close(sentence_vectors(prepacked(own), tokenizer, texts), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", (torch.bfloat16, torch.float64))
def test_what_comes_in_other_digits_is_read_in_float32(kind):
    """As within torch.autocast: oneDNN knows no product of one kind with another."""
    linear, x = nn.Linear(24, 40), torch.randn(3, 24).to(kind)
    torch.testing.assert_close(PackedLinear(linear)(x), linear(x.float()).detach(), atol=1e-5, rtol=1e-5)
    model, ids = BertModel(CONFIG).eval(), torch.tensor([[1, 2, 3]])
    with torch.autocast("cpu", torch.bfloat16):
        given, _ = prepacked(model)(ids)
    torch.testing.assert_close(given.float(), model(ids)[0].detach(), atol=0.05, rtol=0)


def test_what_cannot_be_done(tmp_path, monkeypatch):
    model, tokenizer = load_pretrained()
    made = prepacked(model)
    with pytest.raises(TypeError, match="is not saved: save the one that it was made of"):
        save_pretrained(made, tokenizer, tmp_path)
    with pytest.raises(TypeError, match="encoder of BertModel has no nn.Linear"):
        prepacked(made)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="no oneDNN, which packs matrices: read with the model as it is"):
        prepacked(BertModel(CONFIG))
