"""config.json: what is read, what changes nothing, and what is refused; against transformers."""

import json
from dataclasses import fields

import pytest
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import GenerationConfig

from bert_parts import BertConfig
from bert_parts.config import IMPLEMENTED, PASSED_OVER

SIZES = dict(vocab_size=8, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
             max_position_embeddings=6)


def read(folder, **entries) -> BertConfig:
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"} | SIZES | entries), encoding="utf-8")
    return BertConfig.from_json(folder / "config.json")


def test_every_setting_that_transformers_knows_is_known_here():
    """A setting that comes new with another version of transformers has to be decided upon."""
    theirs = transformers.BertConfig().to_dict().keys() | GenerationConfig._get_default_generation_params().keys()
    assert theirs - BertConfig.__dataclass_fields__.keys() - IMPLEMENTED.keys() - PASSED_OVER == set()


def test_what_transformers_writes_by_default_is_read(tmp_path):
    transformers.BertConfig(**SIZES).save_pretrained(tmp_path)
    (tmp_path / "all.json").write_text(json.dumps(transformers.BertConfig(**SIZES).to_dict()), encoding="utf-8")
    assert BertConfig.from_json(tmp_path / "config.json").hidden_size == 8
    assert BertConfig.from_json(tmp_path / "all.json").hidden_size == 8


@pytest.mark.parametrize(
    "entry",
    [
        {"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}, {"is_decoder": True}, {"pruned_heads": {"0": [1]}},
        {"tie_word_embeddings": False}, {"problem_type": "multi_label_classification"}, {"quantization_config": {"bits": 4}},
        {"auto_map": {"AutoModel": "modeling.Model"}}, {"tokenizer_class": "BertJapaneseTokenizer"}, {"is_encoder_decoder": True},
        {"alibi_starting_size": 512}, {"per_layer_config": {"0": {}}}, {"adapters": {}}, {"directionality": "left"},
    ],
    ids=lambda entry: next(iter(entry)),
)
def test_whatever_is_not_implemented_is_refused_by_name(tmp_path, entry):
    name, value = next(iter(entry.items()))
    with pytest.raises(ValueError) as caught:
        read(tmp_path, **entry)
    assert f"config.json asks for {name} = {value!r}" in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "entry",
    [{"pooler_type": "first_token_transform"}, {"directionality": "bidi"}, {"torch_dtype": "float16"}, {"something_new": None},
     {"task_specific_params": {"a": 1}}, {"pruned_heads": {}}, {"problem_type": None}],
    ids=lambda entry: next(iter(entry)),
)
def test_what_changes_nothing_is_passed_over(tmp_path, entry):
    assert read(tmp_path, **entry) == BertConfig(**SIZES)


@pytest.mark.parametrize("name", ["pad_token_id", "hidden_size", "layer_norm_eps"])
def test_null_where_a_number_is_needed(tmp_path, name):
    with pytest.raises(ValueError, match=f"config.json sets {name} to null, .*write the number"):
        read(tmp_path, **{name: None})


def test_the_dropout_before_a_head(tmp_path):
    assert read(tmp_path, hidden_dropout_prob=0.3).classifier_dropout_prob == 0.3
    assert read(tmp_path, hidden_dropout_prob=0.3, classifier_dropout=None).classifier_dropout_prob == 0.3
    assert read(tmp_path, hidden_dropout_prob=0.3, classifier_dropout=0).classifier_dropout_prob == 0
    with pytest.raises(ValueError, match="classifier_dropout is 1.5"):
        read(tmp_path, classifier_dropout=1.5)


RATES = ["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "initializer_range", "layer_norm_eps"]
WHOLE = ["vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings",
         "type_vocab_size"]


@pytest.mark.parametrize("name", RATES)
def test_rates_from_0_up_to_but_not_1(name):
    """With a dropout of 1 nothing would be left to learn from."""
    for value in (0, 0.0, 0.999):
        assert getattr(BertConfig(**{name: value}), name) == value
    for value in (1, 1.0, -0.001, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"{name} is .* from 0 up to, but not including, 1 is expected"):
            BertConfig(**{name: value})
    for value in ("0.1", True, [0.1]):
        with pytest.raises(TypeError, match=f"{name} is .* a number is expected"):
            BertConfig(**{name: value})


@pytest.mark.parametrize("name", [*WHOLE, "pad_token_id"])
def test_sizes_are_whole_numbers_from_1_and_ids_from_0(name):
    least = 0 if name == "pad_token_id" else 1
    sizes = SIZES | {"num_attention_heads": 1} | {name: least}
    assert getattr(BertConfig(**sizes), name) == least
    with pytest.raises(ValueError, match=f"{name} is {least - 1}, where a whole number of at least {least} "):
        BertConfig(**sizes | {name: least - 1})
    for value in (2.0, "2", True, None):
        with pytest.raises(TypeError, match=f"{name} is .* a whole number is expected"):
            BertConfig(**sizes | {name: value})


def test_the_padding_is_one_of_the_tokens():
    assert BertConfig(**SIZES, pad_token_id=7).pad_token_id == 7
    with pytest.raises(ValueError, match="pad_token_id 8 is outside the vocabulary of 8 tokens"):
        BertConfig(**SIZES, pad_token_id=8)


def test_unless_told_otherwise_it_is_bert_base():
    theirs = transformers.BertConfig()
    ours = {each.name: getattr(BertConfig(), each.name) for each in fields(BertConfig) if each.name != "id2label"}
    assert ours == {name: getattr(theirs, name) for name in ours}


NAMES = st.lists(st.text(min_size=1), min_size=1, max_size=5, unique=True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES)
def test_labels_come_back_here_and_there(tmp_path, names):
    config = BertConfig(**SIZES, id2label=dict(enumerate(names)))
    (tmp_path / "config.json").write_text(config.to_json(), encoding="utf-8")
    again = BertConfig.from_json(tmp_path / "config.json")
    assert again == config and again.num_labels == len(names) and hash(again) == hash(config)
    theirs = transformers.BertConfig.from_pretrained(tmp_path)
    assert theirs.id2label == config.id2label and theirs.label2id == {name: i for i, name in enumerate(names)}


def test_a_number_of_labels_alone(tmp_path):
    """Older files; without either, there are two, as in transformers."""
    assert read(tmp_path, num_labels=3).id2label == transformers.BertConfig(num_labels=3).id2label
    assert read(tmp_path).num_labels == transformers.BertConfig().num_labels == 2


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"id2label": {"0": "a", "2": "b"}}, r"id2label numbers its labels \[0, 2\]"),
        ({"id2label": {"0": "a", "1": "a"}}, "two labels the same name"),
        ({"id2label": {}}, "id2label numbers"),
        ({"id2label": {"zero": "a"}}, "id2label to .* are expected"),
        ({"id2label": ["a"]}, "id2label to .* are expected"),
        ({"id2label": {"0": 5}}, "id2label is"),
        ({"id2label": {"0": "a"}, "num_labels": 2}, "there are 2 labels, and names 1"),
        ({"num_labels": 10**12}, "num_labels to 1000000000000"),
        ({"num_labels": "2"}, "num_labels to '2'"),
    ],
)
def test_labels_that_are_none(tmp_path, entry, says):
    with pytest.raises((ValueError, TypeError), match=says):
        read(tmp_path, **entry)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3))
NAMED = st.sampled_from([*SIZES, *IMPLEMENTED, "id2label", "num_labels", "classifier_dropout", "pad_token_id", "x"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.dictionaries(NAMED, JSON, max_size=3))
def test_any_file_is_read_or_refused_in_a_sentence(tmp_path, entries):
    try:
        config = read(tmp_path, **entries)
    except (ValueError, TypeError) as error:
        assert str(error).endswith(".") and len(str(error)) < 500
    else:
        assert isinstance(config, BertConfig)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_json_object(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ValueError, match="config.json (is not readable as JSON|holds a)"):
        BertConfig.from_json(tmp_path / "config.json")
