"""The parts of BERT against their oracle, Hugging Face's transformers."""

import subprocess
import sys
import warnings

import pytest
import torch
import transformers

from bert_parts import BertConfig, BertModel, load_pretrained, movie_reviews
from bert_parts.checkpoint import find_checkpoint, load_strictly, rename_published
from bert_parts.visualize import record_attention


def reference_model(config: BertConfig, add_pooling_layer: bool = True, **changes):
    """transformers' BERT of the same sizes, with attention written out so that it gives its maps."""
    names = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
             "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "pad_token_id")
    sizes = {name: getattr(config, name) for name in names}
    config = transformers.BertConfig(**sizes, attn_implementation="eager", **changes)
    return transformers.BertModel(config, add_pooling_layer=add_pooling_layer).eval()


def randomize(model, seed):
    """Weights of std 0.3: with the usual 0.02 a missing √d or a dropped mask hardly shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3, generator=generator)


def ragged_batch(config, lengths, seed=0):
    """Random ids with padding after each text, and a second segment from a third of it on."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, config.vocab_size, (len(lengths), max(lengths)), generator=generator)
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    segments = (torch.arange(max(lengths)) >= torch.tensor(lengths)[:, None] // 3).long() * mask
    return ids * mask, mask, segments


def compare(ours, reference, ids, mask, segments, tolerance=1e-5):
    """Hidden states, pooled output and every attention map, wherever a token stands."""
    with torch.no_grad(), record_attention(ours) as maps:
        hidden, pooled = ours(ids, mask, segments)
    with torch.no_grad():
        expected = reference(input_ids=ids, attention_mask=mask, token_type_ids=segments, output_attentions=True)
    real = mask.bool()
    errors = {
        "hidden": (hidden - expected.last_hidden_state)[real].abs().max(),
        "pooled": (pooled - expected.pooler_output).abs().max(),
    }
    for number, (our_map, their_map) in enumerate(zip(maps, expected.attentions, strict=True)):
        rows = real[:, None, :, None].expand_as(our_map)
        errors[f"attention of layer {number}"] = (our_map - their_map)[rows].abs().max()
    wrong = {name: float(error) for name, error in errors.items() if not error <= tolerance}
    assert not wrong


@pytest.fixture(scope="module")
def minilm():
    reference = transformers.BertModel.from_pretrained(
        find_checkpoint("all-MiniLM-L6-v2"), attn_implementation="eager", local_files_only=True
    )
    return *load_pretrained("all-MiniLM-L6-v2"), reference.eval()


def test_real_weights_on_200_reviews(minilm):
    ours, tokenizer, reference = minilm
    sentences = [review.text for review in movie_reviews()[:200]]
    for start in range(0, 200, 40):
        batch = tokenizer(sentences[start : start + 40])
        compare(ours, reference, batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])


def test_real_weights_on_pairs(minilm):
    ours, tokenizer, reference = minilm
    sentences = [review.text for review in movie_reviews()[:16]]
    batch = tokenizer(sentences[:8], sentences[8:], max_length=40)
    compare(ours, reference, batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])


SHAPES = {
    "one layer, one head": dict(hidden_size=6, num_hidden_layers=1, num_attention_heads=1, intermediate_size=10),
    "wide heads": dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48),
    "narrow heads": dict(hidden_size=24, num_hidden_layers=3, num_attention_heads=12, intermediate_size=20),
    "three segments": dict(hidden_size=20, num_hidden_layers=2, num_attention_heads=5, intermediate_size=30,
                           type_vocab_size=3),
}
LENGTHS = {"ragged": [7, 3, 1, 5], "batch of one": [6], "length one": [1], "all full": [4, 4]}


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES)
def test_random_models(sizes, lengths):
    # Weights of std 0.3 give values far above 1, so rounding is compared in float64.
    config = BertConfig(vocab_size=50, max_position_embeddings=16, **sizes)
    reference = reference_model(config).double()
    randomize(reference, seed=len(lengths))
    ours = BertModel(config).eval().double()
    load_strictly(ours, rename_published(reference.state_dict()))
    compare(ours, reference, *ragged_batch(config, lengths))


def test_padding_does_not_leak(minilm):
    """The tokens of a short text get the same vectors alone and beside a long one."""
    ours, tokenizer, _ = minilm
    texts = ["A gem.", "A long sentence that makes the short one carry a good deal of padding."]
    together, alone = tokenizer(texts), tokenizer(texts[0])
    with torch.no_grad():
        in_batch, _ = ours(together["input_ids"], together["attention_mask"])
        by_itself, _ = ours(alone["input_ids"])
    length = alone["input_ids"].size(1)
    torch.testing.assert_close(in_batch[0, :length], by_itself[0], atol=1e-5, rtol=0)


def test_dropout_only_in_training():
    config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=20)
    model = BertModel(config)
    ids = torch.arange(1, 9)[None]
    assert not torch.equal(model(ids)[0], model(ids)[0])
    model.eval()
    assert torch.equal(model(ids)[0], model(ids)[0])


def test_gradients_reach_every_parameter():
    config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                        max_position_embeddings=4)
    model = BertModel(config).eval()
    hidden, pooled = model(torch.tensor([[1, 2, 3, 0]]), torch.tensor([[1, 1, 1, 0]]))
    (hidden.pow(2).sum() + pooled.sum()).backward()
    without = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert without == []


def test_without_a_pooler_none_is_drawn(monkeypatch):
    config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12)
    reference = reference_model(config, add_pooling_layer=False)
    monkeypatch.delattr("bert_parts.model.BertPooler")     # not even to be thrown away
    model = BertModel(config, add_pooling_layer=False).eval()
    load_strictly(model, rename_published(reference.state_dict()))
    ids = torch.tensor([[1, 2, 3, 4]])
    hidden, pooled = model(ids)
    torch.testing.assert_close(hidden, reference(ids).last_hidden_state)
    assert torch.equal(pooled, hidden[:, 0])


IDS, MASK = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 1, 0]])


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (([[1, 2, 3]],), TypeError, "input_ids is list"),
        ((IDS.float(),), TypeError, "torch.float32"),
        ((IDS[0],), ValueError, r"shape \(3,\)"),
        ((IDS[:, :0],), ValueError, "at least one"),
        ((torch.tensor([[1, 50]]),), ValueError, "id 50.*vocabulary has 50.*0 to 49"),
        ((torch.tensor([[1, -1]]),), ValueError, "id -1"),
        ((torch.ones(1, 17, dtype=torch.int64),), ValueError, "17 tokens long.*16 positions"),
        ((IDS, MASK.float()), TypeError, "attention_mask is a tensor of torch.float32"),
        ((IDS, MASK.tolist()), TypeError, "attention_mask is list"),
        ((IDS, MASK[:, :2]), ValueError, r"shape \(1, 2\).*\(1, 3\)"),
        ((IDS, MASK * 2), ValueError, "other than 0 and 1"),
        ((IDS, MASK * 0), ValueError, "text 0 with no token"),
        ((IDS, MASK, MASK * 2), ValueError, "token_type_ids holds the id 2"),
        ((IDS, MASK, MASK[:, :2]), ValueError, "one segment"),
    ],
)
def test_bad_input(arguments, error, says):
    config = BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
                        max_position_embeddings=16)
    with pytest.raises(error, match=says):
        BertModel(config).eval()(*arguments)


def test_the_largest_input_that_there_is_room_for():
    """As many tokens as positions, the first and the last id and segment; whole numbers of 32 bits and booleans do, too."""
    config = BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
                        max_position_embeddings=16, pad_token_id=7)
    model, marks = BertModel(config).eval(), torch.ones(2, 16, dtype=torch.int64)
    ids, segments = (torch.arange(32).view(2, 16) % 2 * largest for largest in (49, 1))
    marks[1, 1:] = 0
    expected = model(ids, marks, segments)
    for kind in (torch.int32, torch.bool):
        for given, wanted in zip(model(ids.int(), marks.to(kind), segments.int()), expected, strict=True):
            assert given.isfinite().all() and torch.equal(given, wanted)


# ── padding without a mask, and graphs ───────────────────────────────────────────────────────────────────────────────

TINY = BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                  max_position_embeddings=16, pad_token_id=7)


@pytest.mark.parametrize("ids", [[[1, 2, 7, 7], [1, 2, 3, 4]], [[7, 1, 2, 3]], [[7]]], ids=["right", "left", "nothing else"])
def test_padding_without_a_mask_is_told(ids):
    model = BertModel(TINY).eval()
    with pytest.warns(UserWarning, match="hold padding, and there is no attention_mask: .* Give the attention_mask"):
        model(torch.tensor(ids))


def test_no_warning_where_there_is_a_mask_or_no_padding():
    model = BertModel(TINY).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(torch.tensor([[1, 7, 7]]), torch.tensor([[1, 0, 0]]))
        model(torch.tensor([[1, 7, 7]]), torch.tensor([[1, 1, 1]]))     # they are said to be tokens
        model(torch.tensor([[1, 7, 0]]))     # another id than the config's is no padding


def test_the_warning_is_shown_once():
    program = (
        "import torch; from bert_parts import BertConfig, BertModel;"
        "model = BertModel(BertConfig(hidden_size=8, num_attention_heads=2, intermediate_size=8, num_hidden_layers=1)).eval();"
        "[model(torch.tensor([[101, 7592, 102, 0, 0, 0]])) for _ in range(5)]"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.count("UserWarning: input_ids hold padding") == 1


ARGUMENTS = {
    "ids": (torch.tensor([[1, 2, 3, 4], [5, 6, 7, 7]]),),
    "ids and a mask": (torch.tensor([[1, 2, 3, 4], [5, 6, 7, 7]]), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])),
    "all three": (torch.tensor([[1, 2, 3, 4]]), torch.tensor([[1, 1, 1, 1]]), torch.tensor([[0, 0, 1, 1]])),
}


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
@pytest.mark.filterwarnings("ignore:input_ids hold padding")
def test_a_graph_of_the_whole_model(arguments):
    """Nothing is read back from the device while it is compiled or exported, so neither breaks; and the numbers are the same."""
    model = BertModel(TINY).eval()
    with torch.no_grad():
        expected = model(*arguments)
        exported = torch.export.export(model, arguments).module()(*arguments)
        compiled = torch.compile(model, backend="eager", fullgraph=True)(*arguments)
    torch.testing.assert_close(exported, expected)
    torch.testing.assert_close(compiled, expected)
