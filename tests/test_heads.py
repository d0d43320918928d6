"""The heads against their oracle, Hugging Face's transformers: outputs, losses' gradients, names, and what is tied."""

import math

import pytest
import torch
import transformers
from torch.nn import functional as F

from bert_parts import (
    BertConfig,
    BertForMaskedLM,
    BertForNextSentencePrediction,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
)
from bert_parts.checkpoint import misfits

SIZES = dict(vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
             max_position_embeddings=16)
CONFIG = BertConfig(**SIZES)
LABELS = 5
TIED = {"cls.predictions.decoder.weight", "cls.predictions.decoder.bias"}
IDS = torch.randint(1, 50, (4, 9), generator=torch.Generator().manual_seed(0))
MASK = (torch.arange(9) < torch.tensor([9, 3, 6, 1])[:, None]).long()
SEGMENTS = (torch.arange(9) >= 2).long() * MASK
REAL = MASK.bool()
BATCH = (IDS * MASK, MASK, SEGMENTS)
TEXT_LABELS = torch.tensor([1, 0, 1, 1])
TOKEN_LABELS = torch.where(REAL, IDS % LABELS, -100)     # −100 is left out of the loss
WORD_LABELS = torch.where(REAL & (IDS % 3 == 0), IDS, -100)
STARTS, ENDS = torch.tensor([2, 1, 0, 0]), torch.tensor([4, 2, 5, 0])


def over_tokens(scores, labels):
    return F.cross_entropy(scores.flatten(0, 1), labels.flatten())


# ours, theirs, our loss, what transformers is given to compute its own
HEADS = {
    "pretraining": (
        lambda: BertForPreTraining(CONFIG), transformers.BertForPreTraining,
        lambda out: over_tokens(out[0], WORD_LABELS) + F.cross_entropy(out[1], TEXT_LABELS),
        {"labels": WORD_LABELS, "next_sentence_label": TEXT_LABELS}),
    "masked words": (
        lambda: BertForMaskedLM(CONFIG), transformers.BertForMaskedLM,
        lambda out: over_tokens(out, WORD_LABELS), {"labels": WORD_LABELS}),
    "next sentence": (
        lambda: BertForNextSentencePrediction(CONFIG), transformers.BertForNextSentencePrediction,
        lambda out: F.cross_entropy(out, TEXT_LABELS), {"labels": TEXT_LABELS}),
    "text": (
        lambda: BertForSequenceClassification(CONFIG, LABELS), transformers.BertForSequenceClassification,
        lambda out: F.cross_entropy(out, TEXT_LABELS), {"labels": TEXT_LABELS}),
    "tokens": (
        lambda: BertForTokenClassification(CONFIG, LABELS), transformers.BertForTokenClassification,
        lambda out: over_tokens(out, TOKEN_LABELS), {"labels": TOKEN_LABELS}),
    "question": (
        lambda: BertForQuestionAnswering(CONFIG), transformers.BertForQuestionAnswering,
        lambda out: (F.cross_entropy(out[0], STARTS) + F.cross_entropy(out[1], ENDS)) / 2,
        {"start_positions": STARTS, "end_positions": ENDS}),
}


@pytest.fixture(params=HEADS, name="head")
def ours_and_theirs(request):
    """Both models in float64 with the same hard weights, our loss, and the labels for theirs."""
    ours, theirs, loss, labels = HEADS[request.param]
    config = transformers.BertConfig(**SIZES, num_labels=LABELS, attn_implementation="eager")
    if request.param == "question":
        config.num_labels = 2
    theirs = theirs(config).double().eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(std=0.3, generator=generator)
    ours = ours().double().eval()
    weights = {name: tensor for name, tensor in theirs.state_dict().items() if name not in TIED}
    weights.pop("bert.embeddings.position_ids", None)
    assert not any(misfits(ours.state_dict(), weights).values())     # the same names, nothing missing, nothing left over
    ours.load_state_dict(weights, strict=True)
    return ours, theirs, loss, labels


def test_outputs(head):
    ours, theirs, _, _ = head
    with torch.no_grad():
        given = ours(*BATCH)
        expected = theirs(input_ids=BATCH[0], attention_mask=MASK, token_type_ids=SEGMENTS)
    given = given if isinstance(given, tuple) else (given,)
    outputs = [value for name, value in expected.items() if name.endswith("logits")]
    assert len(given) == len(outputs)
    for mine, wanted in zip(given, outputs, strict=True):
        assert mine.shape == wanted.shape
        if mine.shape[:2] == MASK.shape:
            mine, wanted = mine[REAL], wanted[REAL]
        torch.testing.assert_close(mine, wanted, atol=1e-5, rtol=0)


def test_gradients_of_the_loss(head):
    ours, theirs, loss, labels = head
    mine = loss(ours(*BATCH))
    wanted = theirs(input_ids=BATCH[0], attention_mask=MASK, token_type_ids=SEGMENTS, **labels).loss
    torch.testing.assert_close(mine, wanted, atol=1e-9, rtol=1e-9)
    mine.backward()
    wanted.backward()
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        there = expected[name].grad
        if there is None:     # the pooler of a model whose loss does not reach it
            assert parameter.grad is None, name
            continue
        error = (parameter.grad - there).norm() / there.norm().clamp(min=1e-12)
        assert error < 1e-5 or there.norm() < 1e-10, f"{name}: {error:.1e}"


def test_words_are_scored_by_the_table_that_they_are_looked_up_in():
    model = BertForMaskedLM(CONFIG).eval()
    with torch.no_grad():
        before = model(*BATCH)
        model.bert.embeddings.word_embeddings.weight[7, 0] += 1.0     # one number only: all of them would cancel out
        changed = (model(*BATCH) - before).abs()[REAL].amax(dim=0) > 1e-6
    assert changed[7]


def test_some_words_only():
    model = BertForMaskedLM(CONFIG).eval()
    with torch.no_grad():
        hidden, _ = model.bert(*BATCH)
        torch.testing.assert_close(model.score_words(hidden[REAL]), model(*BATCH)[REAL])


def test_dropout_before_the_classifier_only_in_training():
    torch.manual_seed(0)
    model = BertForSequenceClassification(BertConfig(**SIZES, attention_probs_dropout_prob=0.0), LABELS)
    with torch.no_grad():
        assert not torch.equal(model(*BATCH), model(*BATCH))
        model.eval()
        assert torch.equal(model(*BATCH), model(*BATCH))


@pytest.mark.parametrize("spread", [0.02, 0.5])
@pytest.mark.parametrize("kind", [
    BertModel, BertForPreTraining, BertForMaskedLM, BertForNextSentencePrediction, BertForQuestionAnswering,
    lambda config: BertForSequenceClassification(config, LABELS), lambda config: BertForTokenClassification(config, LABELS),
])
def test_how_new_models_start(kind, spread):
    """Weights around 0 that spread as far as the config says, biases 0, LayerNorms that change nothing, and a 0 for [PAD]."""
    torch.manual_seed(0)
    model = kind(BertConfig(**SIZES, initializer_range=spread, pad_token_id=7))
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any(), name
        elif name.endswith("LayerNorm.weight"):
            assert (parameter == 1).all(), name
        else:
            count = parameter.numel()
            assert abs(parameter.std() / spread - 1) < 5 / math.sqrt(2 * count), name
            assert abs(parameter.mean()) < 5 * spread / math.sqrt(count), name
        if name.endswith("word_embeddings.weight"):
            assert [row for row, weights in enumerate(parameter) if not weights.any()] == [7]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(BertForSequenceClassification, transformers.BertForSequenceClassification),
     (BertForTokenClassification, transformers.BertForTokenClassification)],
)
@pytest.mark.parametrize("rate", [None, 0.0, 0.4])
def test_classifier_dropout_is_as_in_transformers(ours, theirs, rate):
    config = dict(SIZES, hidden_dropout_prob=0.2, classifier_dropout=rate)
    assert ours(BertConfig(**config), LABELS).dropout.p == theirs(transformers.BertConfig(**config)).dropout.p
