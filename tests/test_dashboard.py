"""What a dashboard finds, against models whose heads nobody reads; and what its widgets do, without a browser."""

import pytest
import torch

from bert_parts import BertConfig, BertForMaskedLM, BertForSequenceClassification
from bert_parts.dashboard import VIEWS, dashboard, find
from bert_parts.learn.exercise import with_hard_weights
from bert_parts.tokenizer import BertTokenizer
from bert_parts.visualize import MOST_TOKENS, record_attention
from tests.test_inspection import without

WORDS = ["the", "film", "has", "a", "heart", "<b>", "."]
TOKENIZER = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])
CONFIG = BertConfig(vocab_size=len(TOKENIZER.tokens), hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
                    intermediate_size=40, max_position_embeddings=50)
TEXT, LABELS = "the film has a heart", ["poor", "<good>"]
ALL_ON = torch.ones(2, 3)


@pytest.fixture
def judge():
    return with_hard_weights(BertForSequenceClassification(CONFIG, 2)).eval()


@pytest.fixture
def filler():
    return with_hard_weights(BertForMaskedLM(CONFIG)).eval()


def off(layer, head):
    gates = ALL_ON.clone()
    gates[layer, head] = 0
    return gates


# ── what is found ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_label_has_its_probabilities_with_and_without_a_head(judge):
    batch = TOKENIZER([TEXT])
    found = find(judge, TOKENIZER, TEXT, off(0, 1), LABELS)
    before = judge(**batch)[0].softmax(-1).tolist()
    with record_attention(without(judge, [(0, 1)])) as maps:
        now = judge(**batch)[0].softmax(-1).tolist()
    assert [name for name, *_ in found.answers] == LABELS and found.tokens == ["[CLS]", *TEXT.split(), "[SEP]"]
    torch.testing.assert_close(torch.tensor([shares for _, *shares in found.answers]), torch.tensor([before, now]).T)
    assert abs(before[0] - now[0]) > 1e-3
    torch.testing.assert_close(found.maps, list(maps))     # those of the model as it answers now


def test_a_mask_has_the_likeliest_words_of_both(filler):
    text = "the film has a [MASK]"
    here = TOKENIZER([text])["input_ids"] == TOKENIZER.mask_id
    found = find(filler, TOKENIZER, text, off(1, 2))
    before = filler(**TOKENIZER([text]))[here][0].softmax(-1)
    now = without(filler, [(1, 2)])(**TOKENIZER([text]))[here][0].softmax(-1)
    shown = [TOKENIZER.tokens.index(name) for name, *_ in found.answers]
    assert len(shown) == len(set(shown)) and set(shown) == {*before.topk(5).indices.tolist(), *now.topk(5).indices.tolist()}
    assert shown[:5] == before.topk(5).indices.tolist()
    expected = torch.stack([before[shown], now[shown]], dim=1)
    torch.testing.assert_close(torch.tensor([shares for _, *shares in found.answers]), expected)


@pytest.mark.parametrize("text, labels, message", [
    (" ", LABELS, "There is no text: type a sentence."),
    (" ".join(["film"] * 39), LABELS, f"The text has 41 tokens, and {MOST_TOKENS} have room here: shorten it."),
    (TEXT, None, "The text has 0 times [MASK], where it is expected once: write [MASK] for the missing word."),
    ("[MASK] [MASK]", None, "The text has 2 times [MASK], where it is expected once: write [MASK] for the missing word."),
])
def test_what_cannot_be_shown_is_said_in_one_sentence(judge, filler, text, labels, message):
    with pytest.raises(ValueError) as error:
        find(judge if labels else filler, TOKENIZER, text, ALL_ON, labels)
    assert str(error.value) == message


def test_the_model_is_left_as_it_was(judge):
    judge.train()
    judge.bert.pooler.eval()
    modes = [module.training for module in judge.modules()]
    state = {name: each.clone() for name, each in judge.state_dict().items()}
    once, again = (find(judge, TOKENIZER, TEXT, off(0, 0), LABELS) for _ in range(2))
    assert once.answers == again.answers     # without dropout
    with pytest.raises(RuntimeError):
        find(judge, TOKENIZER, TEXT, torch.ones(2, 5), LABELS)
    assert [module.training for module in judge.modules()] == modes
    assert all(torch.equal(each, state[name]) for name, each in judge.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in judge.modules())
    assert not any("forward" in vars(module) for module in judge.modules()) and judge.classifier.weight.requires_grad


@pytest.mark.parametrize("name", VIEWS)
def test_each_view_is_of_the_layer_and_head(judge, name):
    found = find(judge, TOKENIZER, TEXT, ALL_ON, LABELS)
    alt = VIEWS[name](found, 1, 2).alt
    first, second, *_ = found.maps[1][0, 2]
    numbers = f"Layer 1, head 2: 7 tokens ({' '.join(found.tokens)}) look at each other. The strongest pairs of the: the → "
    said = {
        "map of the head": f"layer 1, head 2. The strongest of each row: [CLS] → {found.tokens[first.argmax()]} ",
        "lines of the layer": "Layer 1: 7 tokens ",
        "numbers of the head": f"{numbers}{found.tokens[second.argmax()]} {second.max():.2f}",
        "all heads": "Grid of 2 layers × 3 heads",
    }
    assert said[name] in alt


# ── the widgets ──────────────────────────────────────────────────────────────────────────────────────────────────────


def by_name(box) -> dict:
    """The widgets in a box by what they are called, however deep they lie."""
    found = {child.description: child for child in box.children if hasattr(child, "description")}
    for child in box.children:
        found |= by_name(child) if hasattr(child, "children") else {}
    return found


@pytest.fixture
def shown(monkeypatch):
    """What a dashboard displays, one after the other. (Without a kernel an output widget catches nothing.)"""
    pictures = []
    monkeypatch.setattr("IPython.display.display", pictures.append)
    return pictures


def test_a_head_is_switched_off_and_all_are_switched_on(judge, shown):
    board = by_name(dashboard(judge, TOKENIZER, TEXT, LABELS))
    (poor, _, now), (good, *_) = find(judge, TOKENIZER, TEXT, off(1, 2), LABELS).answers
    before = find(judge, TOKENIZER, TEXT, ALL_ON, LABELS).answers[0][1]
    assert shown[-1].alt.startswith(f"poor {before:.1%}, <good> {1 - before:.1%} (with all heads)\nHeatmap")
    assert shown[-1].html.count("&lt;good&gt;") == 1 and "<good>" not in shown[-1].html and 'alt="Heatmap' in shown[-1].html
    board["1.2"].value = False
    assert shown[-1].alt.startswith(f"poor {before:.1%} → {now:.1%}, ") and "(with all heads → without 1.2)" in shown[-1].alt
    board["0.0"].value = False
    assert "(with all heads → without 0.0, 1.2)" in shown[-1].alt and "<th" in shown[-1].html
    count = len(shown)
    board["All heads on"].click()
    assert len(shown) == count + 1 and shown[-1].alt == shown[0].alt     # asked once, and not for every head
    board["0.1"].value = False
    assert len(shown) == count + 2 and "without 0.1" in shown[-1].alt


def test_the_choices_are_followed(filler, shown):
    board = by_name(dashboard(filler, TOKENIZER, "the [MASK] has a heart"))
    assert board["View"].options == tuple(VIEWS) and board["Layer"].options == (0, 1) and board["Head"].options == (0, 1, 2)
    board["Layer"].value, board["Head"].value = 1, 2
    assert "layer 1, head 2" in shown[-1].alt
    board["View"].value = "numbers of the head"
    assert "Neuron view of attention: layer 1, 3 heads. Layer 1, head 2" in shown[-1].alt
    board["Sentence"].value = "the film has a heart"
    assert shown[-1].alt.startswith("The text has 0 times [MASK]") and shown[-1].html.startswith("<p>The text has")
    board["Sentence"].value = "a [MASK] <b> ."
    assert "5 tokens" not in shown[-1].alt and "[CLS] a [MASK]" in shown[-1].alt
