"""Hits counted by hand, gates against weights that are set to 0, lens and patches against the model itself, and what heads add
against sums written out."""

import pytest
import torch

from bert_parts import BertForSequenceClassification
from bert_parts.heads import BertForMaskedLM
from bert_parts.inspection import gate_heads, head_hits, hidden_states, logit_lens, patched, value_norms
from bert_parts.learn.exercise import with_hard_weights
from bert_parts.visualize import record_attention
from tests.test_attribution import BATCH, CONFIG, IDS


@pytest.fixture
def judge():
    return with_hard_weights(BertForSequenceClassification(CONFIG, 4)).eval()


@pytest.fixture
def filler():
    return with_hard_weights(BertForMaskedLM(CONFIG)).eval()


def test_hits_by_hand():
    weights = torch.tensor([[[[0.1, 0.9], [0.8, 0.2]], [[0.7, 0.3], [0.4, 0.6]]],
                            [[[0.6, 0.4], [0.1, 0.9]], [[0.2, 0.8], [1.0, 0.0]]]])
    wanted = torch.tensor([[[False, True], [False, False]], [[False, True], [True, True]]])
    assert head_hits(weights, wanted).tolist() == [[True, False, True], [False, True, True]]
    assert head_hits(weights, torch.zeros(2, 2, 2, dtype=torch.bool)).shape == (2, 0)


def without(model, off):
    """The same model, in which W^O multiplies what some heads found by 0."""
    d = CONFIG.hidden_size // CONFIG.num_attention_heads
    with torch.no_grad():
        for layer, head in off:
            model.bert.encoder.layer[layer].attention.output.dense.weight[:, head * d : (head + 1) * d] = 0
    return model


def test_a_gate_of_0_is_a_head_that_nobody_reads(judge):
    off = [(0, 1), (1, 0), (1, 2)]
    gates = torch.ones(2, 3)
    gates[tuple(zip(*off, strict=True))] = 0
    given = gate_heads(judge, BATCH, gates)
    assert not torch.allclose(given, judge(**BATCH), atol=1e-3)
    torch.testing.assert_close(given, without(judge, off)(**BATCH))


def test_each_text_may_have_its_own_gates(judge):
    gates = torch.randn(3, 2, 3, generator=torch.Generator().manual_seed(0))
    alone = torch.cat([gate_heads(judge, {name: ids[[row]] for name, ids in BATCH.items()}, gates[row]) for row in range(3)])
    torch.testing.assert_close(gate_heads(judge, BATCH, gates), alone, atol=1e-5, rtol=1e-5)


def test_slopes_of_gates(judge):
    judge, gates = judge.double(), torch.ones(2, 3, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda gates: gate_heads(judge, BATCH, gates), gates)


def test_the_model_is_left_as_it_was_even_after_an_error(judge, filler):
    with pytest.raises(RuntimeError):
        gate_heads(judge, BATCH, torch.ones(2, 5))
    with pytest.raises(IndexError):
        gate_heads(judge, BATCH, torch.ones(1, 3))     # the first layer has its hook by then
    with pytest.raises(ValueError):
        hidden_states(filler.bert, {"input_ids": IDS + 100})
    assert not any(part._forward_hooks for model in (judge, filler) for part in model.modules())


def test_the_lens_ends_with_what_the_model_says(filler):
    asked = torch.rand(3, 9, generator=torch.Generator().manual_seed(0)) < 0.5
    scores = logit_lens(filler, BATCH, asked)
    assert scores.shape == (3, int(asked.sum()), 30)
    torch.testing.assert_close(scores[-1], filler(**BATCH)[asked])
    first = filler.bert.embeddings(IDS, BATCH["token_type_ids"])
    torch.testing.assert_close(scores[0], filler.score_words(first)[asked])


def test_norms_of_what_heads_add(filler):
    bert, d = filler.bert, 8
    norms, states = value_norms(bert, BATCH), hidden_states(bert, BATCH)
    assert norms.shape == (2, 3, 3, 9)
    with record_attention(bert) as maps:
        bert(**BATCH)
    for number, layer in enumerate(bert.encoder.layer):
        value, out = layer.attention.self.value, layer.attention.output.dense
        found = layer.attention.self(states[number], mask=BATCH["attention_mask"].bool()[:, None, None])
        for text in range(3):
            added = torch.zeros(9, 24) + out.bias
            for head in range(3):
                columns = slice(head * d, (head + 1) * d)
                f = (states[number, text] @ value.weight[columns].T + value.bias[columns]) @ out.weight[:, columns].T
                torch.testing.assert_close(norms[number, text, head], (f**2).sum(dim=1).sqrt())
                added += maps[number][text, head] @ f
            torch.testing.assert_close(added, out(found[text]), atol=1e-5, rtol=1e-5)     # f is what is added


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_whole_text_that_is_patched_gives_what_the_other_gives(filler, layer):
    bert, other = filler.bert, BATCH | {"input_ids": IDS.flip(-1) * BATCH["attention_mask"]}
    states = hidden_states(bert, other)
    whole = torch.ones_like(IDS, dtype=torch.bool)
    torch.testing.assert_close(patched(bert, BATCH, layer, whole, states[layer]), states[-1])
    torch.testing.assert_close(patched(bert, BATCH, layer, ~whole, states[layer]), bert(**BATCH)[0])


def test_the_rest_is_not_patched(filler):
    bert, states = filler.bert, torch.randn(3, 9, 24, generator=torch.Generator().manual_seed(0))
    where = torch.zeros_like(IDS, dtype=torch.bool)
    where[0, 4] = where[2, 1] = True
    x = hidden_states(bert, BATCH)[1].clone()
    x[0, 4], x[2, 1] = states[0, 4], states[2, 1]
    by_hand = bert.encoder.layer[1](x, BATCH["attention_mask"].bool()[:, None, None])
    torch.testing.assert_close(patched(bert, BATCH, 1, where, states), by_hand)
    last = patched(bert, BATCH, 2, where, states)
    assert torch.equal(last[where], states[where]) and torch.equal(last[~where], bert(**BATCH)[0][~where])


def test_a_patch_that_does_not_fit_leaves_no_hook(filler):
    with pytest.raises(RuntimeError):
        patched(filler.bert, BATCH, 1, torch.ones(3, 5, dtype=torch.bool), torch.zeros(3, 9, 24))
    assert not any(part._forward_hooks for part in filler.modules())
