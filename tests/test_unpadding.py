"""Without padding the numbers are those with padding, and Hugging Face's; for training, too, and with a learner's own parts."""

import copy
import math
import threading
from pathlib import Path

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from bert_parts import (
    BertConfig,
    BertEncoder,
    BertForMaskedLM,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertIntermediate,
    BertModel,
    MultiHeadAttention,
    TransformerModel,
    load_pretrained,
    movie_reviews,
    padding_mask,
)
from bert_parts.checkpoint import find_checkpoint
from bert_parts.learn import with_parts
from bert_parts.learn.inside import authors, module_outputs, real_batch
from bert_parts.products import round_up
from bert_parts.search import sentence_vectors
from bert_parts.training import fit
from bert_parts.unpadding import pad_again, unpad, unpadded
from bert_parts.visualize import record_attention

CONFIG = BertConfig(vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                    max_position_embeddings=16)
STILL = BertConfig(**vars(CONFIG) | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0})
MARKS = {
    "ragged": [[1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0]],
    "equal lengths apart": [[1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]],
    "one text": [[1, 1, 1, 0, 0]],
    "on the left": [[0, 0, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]],
    "holes": [[1, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 1], [0, 0, 0, 0, 1, 0]],
    "no padding": [[1, 1, 1], [1, 1, 1]],
}


@pytest.fixture
def widths(monkeypatch):
    """How many tokens the feed-forward is given in each call. (A hook would be seen.)"""
    seen, forward = [], BertIntermediate.forward

    def noting(self, x):
        seen.append(x.shape[0] * x.shape[1])
        return forward(self, x)

    monkeypatch.setattr(BertIntermediate, "forward", noting)
    return seen


def ids_like(marks: torch.Tensor) -> torch.Tensor:
    return torch.randint(1, 50, marks.shape, generator=torch.Generator().manual_seed(0)) * marks


def made(kind=BertModel, *more, config=CONFIG):
    """A model with weights far from 0, so that no mistake is too small to be seen; in float64, so that rounding is."""
    torch.manual_seed(0)
    model = kind(config, *more)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    return model.double().eval()


def assert_as_before(model: nn.Module):
    assert not any("forward" in vars(module) for module in model.modules())


# ── out and in again ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [torch.int64, torch.bool])
def test_out_and_in_by_hand(kind):
    x = torch.arange(1.0, 13).view(2, 3, 2)
    marks = torch.tensor([[1, 0, 1], [0, 1, 0]]).to(kind)
    packed, lengths = unpad(x, marks)
    assert packed.tolist() == [[1, 2], [5, 6], [9, 10]] and lengths.tolist() == [2, 1]
    assert pad_again(packed, marks).tolist() == [[[1, 2], [0, 0], [5, 6]], [[0, 0], [9, 10], [0, 0]]]


def test_what_does_not_fit():
    with pytest.raises(ValueError, match=r"shape \(2, 2\) and x \(2, 3, 4\): give every token one mark"):
        unpad(torch.zeros(2, 3, 4), torch.ones(2, 2))
    for count in (1, 3):     # one token would be put everywhere
        with pytest.raises(ValueError, match=f"packed holds {count} tokens, and attention_mask marks 2: give the mask"):
            pad_again(torch.zeros(count, 4), torch.tensor([[1, 1, 0]]))


# ── the same numbers ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("marks", MARKS.values(), ids=MARKS)
def test_the_same_as_with_padding_and_in_transformers(marks, widths):
    marks = torch.tensor(marks)
    ids, real, model = ids_like(marks), marks.bool(), made()
    theirs = transformers.BertModel(transformers.BertConfig(**vars(CONFIG))).double().eval()
    theirs.load_state_dict(model.state_dict())
    with torch.no_grad():
        expected, pooled = model(ids, marks)
        reference = theirs(input_ids=ids, attention_mask=marks).last_hidden_state
        widths.clear()
        with unpadded(model):
            hidden, ours = model(ids, marks)
    assert widths == [marks.sum()] * 2
    torch.testing.assert_close(hidden[real], expected[real])
    torch.testing.assert_close(hidden[real], reference[real])
    torch.testing.assert_close(ours[real[:, 0]], pooled[real[:, 0]])
    assert not hidden[~real].any()
    assert_as_before(model)


ANY = made()


@given(st.integers(1, 8).flatmap(lambda length: st.lists(
    st.lists(st.integers(0, 1), min_size=length, max_size=length).filter(any), min_size=1, max_size=6)))
@settings(deadline=None)
def test_any_mask(marks):
    marks = torch.tensor(marks)
    with torch.no_grad():
        expected = ANY(ids_like(marks), marks)[0]
        with unpadded(ANY):
            hidden = ANY(ids_like(marks), marks)[0]
    torch.testing.assert_close(hidden[marks.bool()], expected[marks.bool()])


def test_real_weights_and_reviews():
    model, tokenizer = load_pretrained()
    theirs = transformers.BertModel.from_pretrained(find_checkpoint("all-MiniLM-L6-v2"), local_files_only=True).eval()
    batch = tokenizer([review.text for review in movie_reviews()[:32]])
    real = batch["attention_mask"].bool()
    with torch.inference_mode(), unpadded(model):
        hidden, pooled = model(**batch)
        expected = theirs(**batch)
    torch.testing.assert_close(hidden[real], expected.last_hidden_state[real], atol=1e-5, rtol=0)
    torch.testing.assert_close(pooled, expected.pooler_output, atol=1e-5, rtol=0)


def test_sentence_vectors_are_read_without_padding(widths):
    model, tokenizer = load_pretrained()
    texts = ["Good!", "A film that asks much of its audience, and gives back still more.", "A gem."]
    vectors = sentence_vectors(model, tokenizer, texts)
    real = sum(len(tokenizer.ids(text)) + 2 for text in texts)
    assert widths in ([real] * 6, [round_up(real)] * 6)     # the second where products are made by oneDNN
    each = torch.cat([sentence_vectors(model, tokenizer, [text]) for text in texts])
    torch.testing.assert_close(vectors, each, atol=1e-5, rtol=0)


def test_an_encoder_of_the_first_transformer():
    """Its decoder, which has layers with attention as well, is left as it is."""
    model, marks = made(TransformerModel), torch.tensor(MARKS["ragged"])
    targets = torch.randint(1, 50, (3, 5))
    expected = model(ids_like(marks), targets, marks)
    with unpadded(model):
        assert "forward" in vars(model.encoder) and "forward" not in vars(model.decoder)
        torch.testing.assert_close(model(ids_like(marks), targets, marks), expected)


# ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def scores_of(model: nn.Module, ids: torch.Tensor, marks: torch.Tensor) -> torch.Tensor:
    """What a loss reads: nothing at padding."""
    given = model(ids, marks)
    each = given if isinstance(given, tuple) else (given,)
    return torch.cat([scores[marks.bool()].flatten() if scores.shape[:2] == marks.shape else scores.flatten() for scores in each])


@pytest.mark.parametrize("kind, more", [
    (BertForSequenceClassification, (3,)), (BertForMaskedLM, ()), (BertForPreTraining, ()), (BertForQuestionAnswering, ()),
])
@pytest.mark.parametrize("marks", ["ragged", "equal lengths apart"])
def test_gradients_of_all_parameters(kind, more, marks, widths):
    model, marks = made(kind, *more, config=STILL).train(), torch.tensor(MARKS[marks])
    scores_of(model, ids_like(marks), marks).sin().sum().backward()
    expected = {name: parameter.grad for name, parameter in model.named_parameters()}
    model.zero_grad()
    widths.clear()
    with unpadded(model):
        scores_of(model, ids_like(marks), marks).sin().sum().backward()
    assert widths == [marks.sum()] * 2
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], msg=lambda text, name=name: f"{name}: {text}")


class Encoding(nn.Module):
    """One attention module, and nothing else."""

    def __init__(self, attention: nn.Module):
        super().__init__()
        self.layer = nn.ModuleList([nn.Module()])
        self.layer[0].attention = nn.Module()
        self.layer[0].attention.self = attention

    def forward(self, x, mask=None):
        return self.layer[0].attention.self(x, mask=mask)


class Own(MultiHeadAttention):
    """Not the course's own, so that it is called itself."""


@pytest.mark.parametrize("kind", [MultiHeadAttention, Own])
def test_attention_weights_are_dropped_at_their_rate(kind):
    encoder = Encoding(kind(8, 1, dropout=0.3)).train()
    with torch.no_grad():
        for part in (encoder.layer[0].attention.self.query, encoder.layer[0].attention.self.value):
            part.weight.zero_()
            part.bias.zero_()
        encoder.layer[0].attention.self.value.weight.copy_(torch.eye(8))
    marks = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 1]]).repeat(200, 1)
    places = torch.eye(4, 8).expand(800, 4, 8)     # the vector of a token says where it stands, so what comes out are weights
    torch.manual_seed(0)
    with torch.no_grad(), unpadded(encoder):
        weights = encoder(places, padding_mask(marks))[..., :4]
        still = encoder.eval()(places, padding_mask(marks))[..., :4]
    between = marks[:, :, None] * marks[:, None]     # (B, T, T): both tokens are real, and of one text
    assert torch.equal(still > 0, between.bool())
    kept = weights > 0
    assert not kept[between == 0].any()
    assert kept[between == 1].double().mean().item() == pytest.approx(0.7, abs=4 * math.sqrt(0.3 * 0.7 / between.sum()))
    torch.testing.assert_close(weights[kept], (still / 0.7)[kept])


def test_a_training_without_padding():
    """It learns, the same from the same seed to the last bit, and leaves the model as it found it."""
    marks = (torch.arange(8) < torch.randint(2, 9, (32, 1), generator=torch.Generator().manual_seed(0))).long()
    ids = ids_like(marks)
    labels = (ids == 7).any(dim=1).long()

    def trained():
        torch.manual_seed(0)
        model = BertForSequenceClassification(CONFIG, 2)
        with unpadded(model):
            history = fit(model, lambda step: None, lambda model, _: F.cross_entropy(model(ids, marks), labels), steps=40,
                          learning_rate=3e-3)
        assert_as_before(model)
        return model, history.loss

    (one, losses), (other, again) = trained(), trained()
    assert losses == again and all(map(torch.equal, one.parameters(), other.parameters()))
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


# ── a learner's own parts ────────────────────────────────────────────────────────────────────────────────────────────


def solved(notebook: str) -> dict[str, type]:
    """The classes of a learner who has solved a notebook."""
    path, namespace = Path(__file__).parent / "solutions" / f"{notebook}.py", {"__name__": "a_notebook"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    return {name: thing for name, thing in namespace.items() if getattr(thing, "__module__", None) == "a_notebook"}


def test_all_parts_are_a_learners():
    reference, _ = load_pretrained()
    parts = {}
    for notebook in ("01_attention", "04_embeddings", "05_encoder", "06_pooler"):
        parts |= solved(notebook)
    own = with_parts(reference, parts)
    whose = {part for part, (_, author) in authors(own).items() if author == "you"}
    assert {"BertModel", "BertEmbeddings", "BertEncoder", "BertLayer", "BertAttention", "MultiHeadAttention"} <= whose
    batch = real_batch()
    real = batch["attention_mask"].bool()
    with torch.inference_mode(), unpadded(own):
        hidden, pooled = own(**batch)
        expected = reference(**batch)
    torch.testing.assert_close(hidden[real], expected[0][real], atol=1e-5, rtol=0)
    torch.testing.assert_close(pooled, expected[1], atol=1e-5, rtol=0)
    assert not hidden[~real].any()


class Nearby(MultiHeadAttention):
    """It looks at what is near, as no course's part does (Press et al. 2022)."""

    def forward(self, x, context=None, mask=None):
        distance = (torch.arange(x.size(1))[:, None] - torch.arange(x.size(1))).abs()
        bias = -0.5 * distance.to(x.dtype) if mask is None else (-0.5 * distance.to(x.dtype)).masked_fill(~mask, -torch.inf)
        heads = (part(x).unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for part in (self.query, self.key, self.value))
        return F.scaled_dot_product_attention(*heads, attn_mask=bias).transpose(1, 2).flatten(-2)


class Thrifty(BertEncoder):
    """It runs its layers a second time when gradients are asked for, instead of remembering."""

    def forward(self, x, mask=None):
        for layer in self.layer:
            x = checkpoint(layer, x, mask, use_reentrant=False)
        return x


@pytest.mark.parametrize("part, name", [(Nearby, "MultiHeadAttention"), (Thrifty, "BertEncoder"), (Own, "MultiHeadAttention")])
def test_parts_that_compute_otherwise(part, name, widths):
    marks = torch.tensor(MARKS["equal lengths apart"])
    model = with_parts(made(config=STILL), {name: part}).train()
    model(ids_like(marks), marks)[0][marks.bool()].sin().sum().backward()
    expected = model(ids_like(marks), marks)[0]
    gradients = [parameter.grad.clone() for parameter in model.encoder.parameters()]
    model.zero_grad()
    widths.clear()
    with unpadded(model):
        hidden = model(ids_like(marks), marks)[0]
        hidden[marks.bool()].sin().sum().backward()
    assert set(widths) == {int(marks.sum())}
    torch.testing.assert_close(hidden[marks.bool()], expected[marks.bool()])
    torch.testing.assert_close([parameter.grad for parameter in model.encoder.parameters()], gradients)


# ── what runs as without the block ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mask", [
    None,
    torch.ones(2, 1, 1, 4, dtype=torch.bool),
    torch.ones(4, 4, dtype=torch.bool).tril(),
    torch.ones(2, 1, 4, 4, dtype=torch.bool).tril(),
    torch.tensor([True, True, True, False])[None, None, None],
    torch.tensor([[1, 1, 0, 0], [1, 1, 1, 0]]).bool()[:, None, None].expand(2, 3, 4, 4),
], ids=["none", "nothing hidden", "causal", "causal, for each text", "one for all texts", "of each head and query"])
def test_masks_of_other_kinds(mask, widths):
    encoder, x = made(BertEncoder), torch.randn(2, 4, 24, dtype=torch.float64)
    expected = encoder(x, mask)
    widths.clear()
    with unpadded(encoder):
        assert torch.equal(encoder(x, mask), expected)
    assert widths == [8, 8]


@pytest.mark.parametrize("mask, error, says", [
    (torch.tensor([[1, 1], [0, 0]]).bool()[:, None, None], ValueError, "leaves a position with nothing to attend to"),
    (torch.tensor([[1.0, 1], [1, 0]])[:, None, None], TypeError, "torch.float32, where torch.bool"),
    (torch.tensor([[1, 1, 1], [1, 0, 0]]).bool()[:, None, None], ValueError, "where one that broadcasts"),
])
def test_errors_are_those_without_the_block(mask, error, says):
    encoder = made(BertEncoder)
    with pytest.raises(error, match=says), unpadded(encoder):
        encoder(torch.randn(2, 2, 24, dtype=torch.float64), mask)
    assert_as_before(encoder)


@pytest.mark.parametrize("name", ["ragged", "equal lengths apart", "on the left", "holes", "no padding"])
def test_attention_is_recorded_without_padding(name, widths):
    """Padding looks at all evenly: it has a row in a map, and nothing was computed for it."""
    model, marks = made(), torch.tensor(MARKS[name])
    real = marks.bool()
    with torch.no_grad():
        with record_attention(model) as expected:
            wanted, _ = model(ids_like(marks), marks)
        widths.clear()
        with unpadded(model):
            with record_attention(model) as maps:
                given, _ = model(ids_like(marks), marks)
            assert widths == [int(marks.sum())] * 2
            model(ids_like(marks), marks)
        with record_attention(model) as others, unpadded(model):
            model(ids_like(marks), marks)
    assert_as_before(model)
    torch.testing.assert_close(given[real], wanted[real])
    assert len(maps) == 2 and all(map(torch.equal, maps, others))
    for found, each in zip(maps, expected, strict=True):
        torch.testing.assert_close(found.transpose(1, 2)[real], each.transpose(1, 2)[real])
        even = (real / real.sum(dim=1, keepdim=True)).double()[:, None, None].expand_as(each)
        torch.testing.assert_close(found.transpose(1, 2)[~real], even.transpose(1, 2)[~real])


def test_a_learners_attention_is_recorded_with_its_padding(widths):
    """Hooks see what they always see."""
    model, marks = with_parts(made(), {"MultiHeadAttention": type("Own", (MultiHeadAttention,), {})}), torch.tensor(MARKS["ragged"])
    with torch.no_grad():
        with record_attention(model) as expected:
            model(ids_like(marks), marks)
        with unpadded(model), record_attention(model) as maps:
            model(ids_like(marks), marks)
    assert len(maps) == 2 and all(map(torch.equal, maps, expected)) and widths == [marks.numel()] * 4


def test_hooks_see_what_they_always_see():
    model, names, marks = made(), ["embeddings", "encoder.layer.0.output", "encoder", "pooler"], torch.tensor(MARKS["ragged"])
    batch = {"input_ids": ids_like(marks), "attention_mask": marks}
    expected = module_outputs(model, names, batch)
    with unpadded(model):
        for name, given in module_outputs(model, names, batch).items():
            torch.testing.assert_close(given, expected[name])


def test_a_model_without_an_encoder_of_ours():
    for model in (nn.Linear(2, 2), nn.Sequential(), transformers.BertModel(transformers.BertConfig(**vars(CONFIG)))):
        with unpadded(model):
            assert_as_before(model)


@pytest.mark.parametrize("place", ["encoder", "encoder.layer.1.attention.self"])
def test_a_forward_that_somebody_has_put_there(place, widths):
    model, marks = made(), torch.tensor(MARKS["ragged"])
    module = model.get_submodule(place)
    module.forward = lambda *given, forward=module.forward, **named: forward(*given, **named) / 2
    expected, theirs = model(ids_like(marks), marks)[0], module.forward
    with unpadded(model):
        assert torch.equal(model(ids_like(marks), marks)[0], expected)
    assert module.forward is theirs and sum("forward" in vars(each) for each in model.modules()) == 1
    del module.forward


def test_a_hook_on_the_encoder_itself_sees_a_batch(widths):
    model, marks = made(), torch.tensor(MARKS["ragged"])
    with unpadded(model):
        hidden = module_outputs(model, ["encoder"], {"input_ids": ids_like(marks), "attention_mask": marks})["encoder"]
    assert hidden.shape == (3, 6, 24) and widths == [10, 10]


def test_graphs():
    model, marks = made(), torch.tensor(MARKS["ragged"])
    arguments = (ids_like(marks), marks)
    with torch.no_grad():
        expected = model(*arguments)
        before = torch.compile(model, backend="eager", fullgraph=True)
        torch.testing.assert_close(before(*arguments), expected)
        with unpadded(model):
            torch.compiler.reset()
            within = torch.compile(model, backend="eager", fullgraph=True)
            for call in (before, within, torch.export.export(model, arguments).module()):
                torch.testing.assert_close(call(*arguments), expected)
        for call in (before, within):
            torch.testing.assert_close(call(*arguments), expected)


# ── and then it is over ──────────────────────────────────────────────────────────────────────────────────────────────


def test_after_an_error_and_inside_of_another_block(widths):
    model, marks = made(), torch.tensor(MARKS["ragged"])
    with pytest.raises(ValueError, match="id 99"), unpadded(model):
        model(torch.tensor([[99]]))
    assert_as_before(model)
    with unpadded(model):
        with unpadded(model.encoder):
            model(ids_like(marks), marks)
        model(ids_like(marks), marks)
    assert widths == [10] * 4
    assert_as_before(model)


def test_in_two_threads(widths):
    """The block of one may end while the other one's is open."""
    model, marks = made(), torch.tensor(MARKS["ragged"])
    expected, first_is_open, first_is_over, results = model(ids_like(marks), marks)[0], threading.Event(), threading.Event(), []

    def other():
        first_is_open.wait(10)
        with unpadded(model):
            first_is_over.wait(10)
            widths.clear()
            results.append(model(ids_like(marks), marks)[0])

    thread = threading.Thread(target=other)
    thread.start()
    with unpadded(model):
        first_is_open.set()
        while not vars(model.encoder).get("forward"):
            pass
    first_is_over.set()
    thread.join()
    torch.testing.assert_close(results[0][marks.bool()], expected[marks.bool()])
    assert_as_before(model)


@pytest.mark.parametrize("parts", [
    {}, {"MultiHeadAttention": Own}, {"BertEncoder": Thrifty}, {"MultiHeadAttention": Own, "BertEncoder": Thrifty},
], ids=["a copy", "other attention", "another encoder", "both"])
def test_copies_that_are_made_inside_of_the_block(parts):
    """They run by themselves, not through the model that they are a copy of."""
    model, marks = made(), torch.tensor(MARKS["ragged"])
    with unpadded(model):
        own = copy.deepcopy(with_parts(model, parts))
        with torch.no_grad():
            for parameter in own.parameters():
                parameter.mul_(0.5)
        within = own(ids_like(marks), marks)[0]
    assert_as_before(model)
    model.load_state_dict(own.state_dict())
    expected = model(ids_like(marks), marks)[0]
    for hidden in (within, own(ids_like(marks), marks)[0]):
        torch.testing.assert_close(hidden[marks.bool()], expected[marks.bool()])
