"""Contributions against finite differences, captum, and a model that is straight; what flows through layers, path by path."""

from itertools import product

import pytest
import torch
from captum.attr import IntegratedGradients
from torch import nn

from bert_parts import BertConfig, BertForSequenceClassification
from bert_parts.attribution import gradient_times_input, integrated_gradients, rollout
from bert_parts.learn.exercise import with_hard_weights

CONFIG = BertConfig(vocab_size=30, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                    max_position_embeddings=16)
MASK = (torch.arange(9) < torch.tensor([9, 3, 6])[:, None]).long()
IDS = torch.randint(1, 30, (3, 9), generator=torch.Generator().manual_seed(0)) * MASK
BATCH = {"input_ids": IDS, "attention_mask": MASK, "token_type_ids": (torch.arange(9) >= 2).long() * MASK}


@pytest.fixture
def model():
    return with_hard_weights(BertForSequenceClassification(CONFIG, 4)).double().eval()


def shrunk(model, text: int, place: int, share: float):
    """The scores when one token's word vector is a little shorter."""
    factors = torch.ones(*IDS.shape, 1, dtype=torch.double)
    factors[text, place] -= share
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda module, given, output: output * factors)
    with torch.no_grad():
        scores = model(**BATCH)
    hook.remove()
    return scores[text]


@pytest.mark.parametrize("against", [None, 0])
def test_it_is_the_slope_of_the_score_as_the_vector_shrinks(model, against):
    given = gradient_times_input(model, BATCH, 2, against)
    assert given.shape == IDS.shape and not given.requires_grad
    tiny = 1e-5
    for text, place in MASK.nonzero().tolist():
        slope = (shrunk(model, text, place, -tiny) - shrunk(model, text, place, tiny)) / (2 * tiny)
        wanted = slope[2] - (0 if against is None else slope[against])
        torch.testing.assert_close(given[text, place], wanted, atol=1e-7, rtol=1e-6)
    assert given.abs()[MASK.bool()].min() > 0     # each token says something, so the comparison did


def test_padding_has_no_part(model):
    assert (gradient_times_input(model, BATCH, 1)[MASK == 0] == 0).all()


class Straight(nn.Module):
    """A bag of words: its scores are a linear function of the word vectors."""

    def __init__(self):
        super().__init__()
        self.bert = nn.Module()
        self.bert.embeddings = nn.Module()
        self.bert.embeddings.word_embeddings = nn.Embedding(30, 8)
        self.classifier = nn.Linear(8, 4, bias=False)

    def forward(self, input_ids, attention_mask):
        return self.classifier((self.bert.embeddings.word_embeddings(input_ids) * attention_mask[..., None]).sum(dim=1))


def test_in_a_straight_model_the_contributions_add_up_to_the_score():
    torch.manual_seed(0)
    model, batch = Straight(), {"input_ids": IDS, "attention_mask": MASK}
    scores = model(**batch).detach()
    torch.testing.assert_close(gradient_times_input(model, batch, 3).sum(dim=1), scores[:, 3])
    torch.testing.assert_close(gradient_times_input(model, batch, 3, 1).sum(dim=1), scores[:, 3] - scores[:, 1])


def test_a_text_is_explained_by_itself(model):
    alone = {name: ids[1:2, :3] for name, ids in BATCH.items()}
    torch.testing.assert_close(gradient_times_input(model, BATCH, 2)[1, :3], gradient_times_input(model, alone, 2)[0])


@pytest.mark.parametrize("learns", [True, False])
def test_the_model_is_left_as_it_was(model, learns):
    model.requires_grad_(learns)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():     # as most who look at a trained model have it
        given = gradient_times_input(model, BATCH, 2)
    assert given.abs().sum() > 0
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert not model.bert.embeddings.word_embeddings._forward_hooks


def test_gradients_modes_and_what_learns_stay_as_they_were(model):
    """Also in a model of which a part is frozen, in the middle of a training."""
    model.bert.embeddings.word_embeddings.requires_grad_(False)
    learning = [parameter.requires_grad for parameter in model.parameters()]
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    assert gradient_times_input(model, BATCH, 2).abs().sum() > 0
    assert all((parameter.grad == 1).all() for parameter in model.parameters())
    assert [parameter.requires_grad for parameter in model.parameters()] == learning
    assert not any(module.training for module in model.modules())


def test_each_place_of_a_word_has_its_own_number(model):
    batch = BATCH | {"input_ids": torch.full_like(IDS, 7) * MASK}
    given = gradient_times_input(model, batch, 2)
    assert given[0].unique().numel() == given.shape[1]


def test_word_position_and_segment_cancel_out(model):
    """They are added up before a LayerNorm, which does not care how long the sum is: notebook 09 shows it."""
    parts = ("word_embeddings", "position_embeddings", "token_type_embeddings")
    caught = {}
    hooks = [getattr(model.bert.embeddings, part).register_forward_hook(
        lambda module, given, output, part=part: caught.update({part: output})) for part in parts]
    alone = {name: ids[:1] for name, ids in BATCH.items()}
    explained = model(**alone)[0, 2]
    for hook in hooks:
        hook.remove()
    gradients = torch.autograd.grad(explained, [caught[part] for part in parts])
    each = [(gradient * caught[part]).sum(dim=-1).reshape(-1) for part, gradient in zip(parts, gradients, strict=True)]
    assert each[0].abs().min() > 1e-4
    torch.testing.assert_close(each[0], gradient_times_input(model, alone, 2)[0])
    torch.testing.assert_close(sum(each), torch.zeros_like(each[0]), atol=1e-6, rtol=0)


def test_no_hook_stays_after_an_error(model):
    with pytest.raises(IndexError):
        gradient_times_input(model, BATCH, 4)
    assert not model.bert.embeddings.word_embeddings._forward_hooks


# ------------------------------------------------------------------------------------------------ integrated gradients


def scores_with(model, vectors, ids=IDS, mask=MASK, segments=BATCH["token_type_ids"]):
    """The scores where these are the word vectors."""
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda module, given, output: vectors)
    scores = model(ids, mask, segments)
    hook.remove()
    return scores


@pytest.mark.parametrize("against", [None, 0])
def test_integrated_gradients_are_those_of_captum(model, against):
    def explained(*arguments):
        scores = scores_with(model, *arguments)
        return scores[:, 2] - (0 if against is None else scores[:, against])

    wanted = IntegratedGradients(explained).attribute(
        model.bert.embeddings.word_embeddings(IDS).detach(), baselines=0.0, n_steps=7, method="gausslegendre",
        additional_forward_args=(IDS, MASK, BATCH["token_type_ids"]))
    given = integrated_gradients(model, BATCH, 2, against, steps=7)
    assert given.shape == IDS.shape and not given.requires_grad
    torch.testing.assert_close(given, wanted.sum(dim=-1), atol=1e-8, rtol=1e-6)


def test_integrated_gradients_are_the_mean_slope_on_the_way(model):
    """Against many steps that are evenly spaced."""
    vectors = model.bert.embeddings.word_embeddings(IDS).detach()
    total, steps = torch.zeros_like(vectors), 300
    for step in range(steps):
        here = (vectors * (step + 0.5) / steps).requires_grad_()
        total += torch.autograd.grad(scores_with(model, here)[:, 1].sum(), here)[0] / steps
    given = integrated_gradients(model, BATCH, 1, steps=20)
    torch.testing.assert_close(given, (total * vectors).sum(dim=-1), atol=1e-6, rtol=1e-4)


def test_integrated_gradients_add_up_to_the_score_less_that_of_no_words(model):
    with torch.no_grad():
        gained = model(**BATCH)[:, 3] - scores_with(model, torch.zeros(*IDS.shape, CONFIG.hidden_size, dtype=torch.double))[:, 3]
        given = integrated_gradients(model, BATCH, 3, steps=20)
    assert gained.abs().min() > 1e-3 and (given[MASK == 0] == 0).all()
    torch.testing.assert_close(given.sum(dim=1), gained, atol=1e-9, rtol=1e-6)


def test_in_a_straight_model_integrated_gradients_are_gradient_times_input():
    torch.manual_seed(0)
    model, batch = Straight(), {"input_ids": IDS, "attention_mask": MASK}
    torch.testing.assert_close(integrated_gradients(model, batch, 3, 1, steps=1), gradient_times_input(model, batch, 3, 1))


def test_integrated_gradients_leave_the_model_as_it_was_even_after_an_error(model):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    integrated_gradients(model, BATCH, 2)
    with pytest.raises(IndexError):
        integrated_gradients(model, BATCH, 4)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert not model.bert.embeddings.word_embeddings._forward_hooks


# ------------------------------------------------------------------------------------------------------------- rollout


def test_rollout_by_hand():
    first = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]]])     # two heads
    second = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]]])
    assert rollout([first]).tolist() == [[[1.0, 0.0], [0.25, 0.75]]]
    assert rollout([first, second]).tolist() == [[[0.625, 0.375], [0.25, 0.75]]]


def test_rollout_adds_up_every_way_through_the_layers():
    T, layers = 3, 4
    maps = [torch.randn(2, 5, T, T, generator=torch.Generator().manual_seed(seed)).double().softmax(dim=-1)
            for seed in range(layers)]
    steps = [(each.mean(dim=1) + torch.eye(T)) / 2 for each in maps]     # from a layer's tokens down to those before it
    wanted = torch.zeros(2, T, T, dtype=torch.double)
    for way in product(range(T), repeat=layers + 1):     # from the text up
        share = torch.ones(2, dtype=torch.double)
        for step, below, above in zip(steps, way[:-1], way[1:], strict=True):
            share = share * step[:, above, below]
        wanted[:, way[-1], way[0]] += share
    given = rollout(maps)
    torch.testing.assert_close(given, wanted)
    torch.testing.assert_close(given.sum(dim=-1), torch.ones(2, T, dtype=torch.double))
