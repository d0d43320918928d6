"""Weights in and out: nothing missing, nothing extra, nothing half-written."""

import json
import math
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from bert_parts import (
    BertConfig,
    BertForMaskedLM,
    BertForNextSentencePrediction,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    BertTokenizer,
    load_pretrained,
    save_pretrained,
)
from bert_parts import checkpoint as checkpoint_module
from bert_parts.checkpoint import find_checkpoint, narrow, read_weights, rename_published, saved_kind, widen

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "film", "##s"]
SMALL = BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                   max_position_embeddings=6)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    model = BertModel(SMALL)
    save_pretrained(model, BertTokenizer(VOCABULARY), tmp_path / "model")
    return model, tmp_path / "model"


@pytest.mark.parametrize(("sentences", "tokenizer", "length"), [
    (None, None, 6),
    (None, 5, 5),
    (4, 5, 4),
    ("null", 5, 5),
    (256, 5, 6),     # there are no more positions
    (None, 1000000000000000019884624838656, 6),     # "no bound", as transformers writes it
    (None, 1e30, 6),
])
def test_the_length_that_a_checkpoint_is_made_to_read(saved, sentences, tokenizer, length):
    _, folder = saved
    assert load_pretrained(folder)[1].model_max_length == 6
    if sentences:
        (folder / "sentence_bert_config.json").write_text(f'{{"max_seq_length": {sentences}}}')
    if tokenizer:
        (folder / "tokenizer_config.json").write_text(f'{{"model_max_length": {tokenizer}}}')
    model, read = load_pretrained(folder)
    assert read.model_max_length == length
    save_pretrained(model, read, folder.parent / "again")     # and it stays
    assert load_pretrained(folder.parent / "again")[1].model_max_length == length


@pytest.mark.parametrize("length", ["2", '"512"', "true", "-1", "NaN", "[512]"])
def test_a_length_that_is_none_is_refused(saved, length):
    (saved[1] / "sentence_bert_config.json").write_text(f'{{"max_seq_length": {length}}}')
    with pytest.raises(ValueError, match="max_seq_length.*number of tokens"):
        load_pretrained(saved[1])


def rewrite(folder, change):
    """Change the tensors of a saved checkpoint."""
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def test_everything_of_the_real_weights_has_its_place():
    model, _ = load_pretrained("all-MiniLM-L6-v2")
    weights = rename_published(read_weights(find_checkpoint("all-MiniLM-L6-v2") / "model.safetensors"))
    places = model.state_dict()
    assert places.keys() == weights.keys()     # 0 missing, 0 unexpected
    assert all(torch.equal(places[name], weights[name]) for name in places)
    assert not model.training


def test_round_trip(saved):
    model, folder = saved
    loaded, tokenizer = load_pretrained(folder)
    assert loaded.config == SMALL
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), loaded.parameters(), strict=True))
    assert tokenizer.tokenize("films a") == ["film", "##s", "a"]
    assert [path.name for path in folder.iterdir() if path.suffix == ".part"] == []


def test_transformers_reads_what_we_write(saved):
    model, folder = saved
    theirs = transformers.BertModel.from_pretrained(folder).eval()
    ids = torch.tensor([[2, 5, 6, 3]])
    with torch.no_grad():
        torch.testing.assert_close(theirs(ids).last_hidden_state, model.eval()(ids)[0], atol=1e-6, rtol=1e-5)


def test_cased_stays_cased(tmp_path):
    save_pretrained(BertModel(SMALL), BertTokenizer(VOCABULARY, lowercase=False), tmp_path)
    assert load_pretrained(tmp_path)[1].tokenize("Film film") == ["[UNK]", "film"]


def test_published_names_of_a_model_with_heads(saved):
    """As in bert-base-uncased: everything under ``bert.``, gamma and beta, and heads beside it."""
    model, folder = saved
    weights = {f"bert.{name}".replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"):
               tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    weights["cls.predictions.bias"] = torch.zeros(8)
    weights["bert.embeddings.position_ids"] = torch.arange(6)[None]
    save_file(weights, folder / "model.safetensors")
    loaded, _ = load_pretrained(folder)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), loaded.parameters(), strict=True))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda w: w.pop("pooler.dense.bias"), "pooler.dense.bias is missing"),
        (lambda w: w.update(extra=torch.zeros(1)), "extra has no place"),
        (lambda w: w.update({"pooler.dense.bias": torch.zeros(9)}), r"pooler.dense.bias has shape \(9,\) where \(8,\)"),
        (lambda w: w.clear() or w.update(a=torch.zeros(1)), "and 37 more"),
    ],
)
def test_tensors_that_do_not_fit(saved, change, says):
    _, folder = saved
    rewrite(folder, change)
    with pytest.raises(ValueError, match=says):
        load_pretrained(folder)


def test_wrong_digest(saved, monkeypatch):
    _, folder = saved
    monkeypatch.setitem(checkpoint_module.DIGESTS, str(folder), "0" * 64)
    with pytest.raises(ValueError, match="SHA-256 .* expected"):
        load_pretrained(folder)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), junk=st.binary(max_size=8), cut=st.booleans())
def test_a_damaged_file_is_never_half_loaded(saved, place, junk, cut):
    """Cut off or overwritten anywhere: either a clear ValueError, or a model whose every weight has a value."""
    _, folder = saved
    damaged = folder.parent / "damaged"
    shutil.copytree(folder, damaged, dirs_exist_ok=True)
    data = (folder / "model.safetensors").read_bytes()
    at = int(place * len(data))
    (damaged / "model.safetensors").write_bytes(data[:at] + junk + (b"" if cut else data[at + len(junk) :]))
    try:
        model, _ = load_pretrained(damaged)
    except ValueError as error:
        assert len(str(error)) < 800
    else:
        assert model.state_dict().keys() == BertModel(SMALL).state_dict().keys()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.txt"])
def test_a_file_is_missing(saved, name):
    _, folder = saved
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"has no {name}"):
        load_pretrained(folder)


def test_an_unknown_name_without_network(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for name in ("bert-base-uncased", "no such/name at all"):
        with pytest.raises(FileNotFoundError, match="neither a folder here nor"):
            load_pretrained(name)


@pytest.mark.parametrize(
    ("entry", "error", "says"),
    [
        ({"position_embedding_type": "relative_key"}, ValueError, "position_embedding_type = 'relative_key'"),
        ({"hidden_act": "relu"}, ValueError, "hidden_act = 'relu'"),
        ({"is_decoder": True}, ValueError, "is_decoder = True"),
        ({"model_type": "roberta"}, ValueError, "model_type = 'roberta'"),
        ({"num_attention_heads": 3}, ValueError, "hidden_size 8 cannot be shared evenly by 3"),
        ({"hidden_size": "8"}, TypeError, "hidden_size is '8'"),
        ({"num_hidden_layers": 0}, ValueError, "num_hidden_layers is 0"),
        ({"hidden_dropout_prob": 1.5}, ValueError, "hidden_dropout_prob is 1.5"),
        ({"pad_token_id": 8}, ValueError, "pad_token_id 8"),
    ],
)
def test_configs_that_are_not_implemented(saved, entry, error, says):
    _, folder = saved
    config = json.loads((folder / "config.json").read_text()) | entry
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(error, match=says):
        load_pretrained(folder)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_a_config_that_is_no_json_object(saved, text):
    _, folder = saved
    (folder / "config.json").write_text(text)
    with pytest.raises(ValueError, match="config.json"):
        load_pretrained(folder)


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("values", [[math.nan], [math.inf], [-math.inf], [math.inf, -math.inf], [3e38, 3e38, math.inf]], ids=str)
def test_nothing_is_written_of_a_broken_model(tmp_path, values, small):
    model = BertModel(SMALL)
    with torch.no_grad():
        model.pooler.dense.bias[: len(values)] = torch.tensor(values)
    with pytest.raises(ValueError, match="pooler.dense.bias holds values that are not finite"):
        save_pretrained(model, BertTokenizer(VOCABULARY), tmp_path / "model", small)
    assert not (tmp_path / "model").exists()


def test_large_weights_are_kept_whose_sum_is_infinite(saved):
    model, folder = saved
    with torch.no_grad():
        model.pooler.dense.bias[:2] = 3e38
    save_pretrained(model, BertTokenizer(VOCABULARY), folder)
    assert load_pretrained(folder)[0].pooler.dense.bias.tolist() == model.pooler.dense.bias.tolist()


def test_a_failed_write_leaves_the_old_file(saved, monkeypatch):
    model, folder = saved
    before = (folder / "model.safetensors").read_bytes()

    def full_disk(*arguments, **named):
        raise OSError("no space left on device")

    monkeypatch.setattr(checkpoint_module, "save_file", full_disk)
    with pytest.raises(OSError, match="no space"):
        save_pretrained(model, BertTokenizer(VOCABULARY), folder)
    assert (folder / "model.safetensors").read_bytes() == before
    assert list(folder.glob("*.part")) == []


# ── models with heads ────────────────────────────────────────────────────────────────────────────────────────────────

KINDS = {
    BertForPreTraining: (transformers.BertForPreTraining, {}),
    BertForMaskedLM: (transformers.BertForMaskedLM, {}),
    BertForNextSentencePrediction: (transformers.BertForNextSentencePrediction, {}),
    BertForSequenceClassification: (transformers.BertForSequenceClassification, {"num_labels": 3}),
    BertForTokenClassification: (transformers.BertForTokenClassification, {"num_labels": 3}),
    BertForQuestionAnswering: (transformers.BertForQuestionAnswering, {}),
}
HEADS = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def equal(model, other) -> bool:
    return all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


@HEADS
def test_round_trip_with_a_head(tmp_path, kind):
    sizes = KINDS[kind][1]
    model = kind(SMALL, **sizes)
    save_pretrained(model, BertTokenizer(VOCABULARY), tmp_path)
    loaded, _ = load_pretrained(tmp_path, kind, **sizes)
    assert type(loaded) is kind and not loaded.training and equal(model, loaded)


@HEADS
def test_what_transformers_writes_with_a_head(tmp_path, kind):
    """Their file may hold the tied matrix again; whatever it holds, everything finds its place."""
    theirs_kind, sizes = KINDS[kind]
    theirs = theirs_kind(transformers.BertConfig(**vars(SMALL), **sizes)).eval()
    theirs.save_pretrained(tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join(VOCABULARY), encoding="utf-8")
    loaded, _ = load_pretrained(tmp_path, kind, **sizes)
    ids = torch.tensor([[2, 5, 6, 3]])
    with torch.no_grad():
        given, expected = loaded(ids), theirs(ids)
    expected = expected.to_tuple()
    for mine, wanted in zip(given if isinstance(given, tuple) else (given,), expected, strict=True):
        torch.testing.assert_close(mine, wanted, atol=1e-6, rtol=1e-5)


@HEADS
def test_transformers_reads_what_we_write_with_a_head(tmp_path, kind):
    theirs_kind, sizes = KINDS[kind]
    model = kind(SMALL, **sizes).eval()
    save_pretrained(model, BertTokenizer(VOCABULARY), tmp_path)
    theirs = theirs_kind.from_pretrained(tmp_path, **sizes).eval()
    ids = torch.tensor([[2, 5, 6, 3]])
    with torch.no_grad():
        given, expected = model(ids), theirs(ids).to_tuple()
    for mine, wanted in zip(given if isinstance(given, tuple) else (given,), expected, strict=True):
        torch.testing.assert_close(mine, wanted, atol=1e-6, rtol=1e-5)


def test_of_a_pretraining_checkpoint_only_what_is_asked_for(tmp_path):
    """bert-base-uncased holds both heads, the pooler and the old names; a masked-language model has a place for one head."""
    model = BertForPreTraining(SMALL)
    save_pretrained(model, BertTokenizer(VOCABULARY), tmp_path)

    def as_published(weights):
        for name in [name for name in weights if "LayerNorm" in name]:
            weights[name.replace("weight", "gamma").replace("bias", "beta")] = weights.pop(name)
        weights["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"].clone()
        weights["bert.embeddings.position_ids"] = torch.arange(6)[None]

    rewrite(tmp_path, as_published)
    loaded, _ = load_pretrained(tmp_path, BertForMaskedLM)
    expected = model.state_dict()
    assert all(torch.equal(expected[name], tensor) for name, tensor in loaded.state_dict().items())
    assert equal(load_pretrained(tmp_path)[0], model.bert)


def test_a_decoder_of_its_own_is_refused(tmp_path):
    save_pretrained(BertForMaskedLM(SMALL), BertTokenizer(VOCABULARY), tmp_path)
    rewrite(tmp_path, lambda weights: weights.update({"cls.predictions.decoder.weight": torch.zeros(8, 8)}))
    with pytest.raises(ValueError, match="decoder.weight is not the same as bert.embeddings.word_embeddings.weight"):
        load_pretrained(tmp_path, BertForMaskedLM)


def test_a_head_that_is_not_there(saved):
    with pytest.raises(ValueError, match="classifier.bias is missing"):
        load_pretrained(saved[1], BertForSequenceClassification, num_labels=2)


def test_another_number_of_labels(tmp_path):
    save_pretrained(BertForSequenceClassification(SMALL, 2), BertTokenizer(VOCABULARY), tmp_path)
    with pytest.raises(ValueError, match=r"classifier.bias has shape \(2,\) where \(3,\) is expected"):
        load_pretrained(tmp_path, BertForSequenceClassification, num_labels=3)


# ── a quarter of the size ────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 5), st.integers(1, 7), st.integers(-20, 20), st.integers(0, 99))
@settings(deadline=None)
def test_eight_bits_are_off_by_half_a_step_at_most(rows, columns, magnitude, seed):
    generator = torch.Generator().manual_seed(seed)
    weights = {"a.weight": torch.randn(rows, columns, generator=generator) * 2.0**magnitude, "a.bias": torch.randn(rows)}
    stored = narrow(weights)
    assert stored["a.weight"].dtype == torch.int8 and stored["a.weight"].abs().max() <= 127
    again = widen(stored)
    assert again.keys() == weights.keys() and torch.equal(again["a.bias"], weights["a.bias"])
    step = weights["a.weight"].abs().amax(dim=1, keepdim=True) / 127
    assert ((again["a.weight"] - weights["a.weight"]).abs() <= 0.501 * step + 1e-12).all()


def test_a_row_of_zeros_stays():
    assert torch.equal(widen(narrow({"a": torch.zeros(2, 3)}))["a"], torch.zeros(2, 3))


def test_saved_small_and_loaded(tmp_path):
    torch.manual_seed(0)
    model = BertForMaskedLM(SMALL).eval()
    save_pretrained(model, BertTokenizer(VOCABULARY), tmp_path / "small", small=True)
    save_pretrained(model, BertTokenizer(VOCABULARY), tmp_path / "whole")
    loaded, _ = load_pretrained(tmp_path / "small", BertForMaskedLM)
    ids = torch.tensor([[2, 5, 6, 3]])
    torch.testing.assert_close(loaded(ids), model(ids), atol=5e-3, rtol=0)
    sizes = [sum(t.nbytes for t in load_file(tmp_path / name).values() if t.dim() == 2)
             for name in ("small/model_8bit.safetensors", "whole/model.safetensors")]
    assert sizes[0] * 4 == sizes[1]


def test_transformers_refuses_what_is_saved_small(tmp_path):
    """It would take the whole numbers for weights."""
    save_pretrained(BertForMaskedLM(SMALL), BertTokenizer(VOCABULARY), tmp_path)     # which is replaced
    save_pretrained(BertForMaskedLM(SMALL), BertTokenizer(VOCABULARY), tmp_path, small=True)
    with pytest.raises(OSError, match="no file named model.safetensors"):
        transformers.BertForMaskedLM.from_pretrained(tmp_path)
    shipped = Path(__file__).parents[1] / "data" / "mask_filler"
    with pytest.raises(OSError, match="no file named model.safetensors"):
        transformers.BertForMaskedLM.from_pretrained(shipped)
    assert load_pretrained(shipped, saved_kind(shipped))[0].config.num_hidden_layers == 6


def test_saved_small_under_the_old_name(tmp_path):
    """As this package wrote it until it had a name of its own."""
    model = BertForMaskedLM(SMALL)
    save_pretrained(model, BertTokenizer(VOCABULARY), tmp_path, small=True)
    (tmp_path / "model_8bit.safetensors").rename(tmp_path / "model.safetensors")
    load_pretrained(tmp_path, BertForMaskedLM)
    shutil.copy(tmp_path / "model.safetensors", tmp_path / "model_8bit.safetensors")
    with pytest.raises(ValueError, match="holds both model.safetensors and model_8bit.safetensors"):
        load_pretrained(tmp_path, BertForMaskedLM)


# ── weights that are none ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({"pooler.dense.bias": torch.full((8,), float("nan"))}, "pooler.dense.bias holds values that are not finite"),
        ({"pooler.dense.bias": torch.full((8,), float("inf")).half()}, "pooler.dense.bias holds values that are not finite"),
        ({"pooler.dense.weight": torch.ones(8, 8, dtype=torch.int8)}, "pooler.dense.weight holds numbers of torch.int8"),
        ({"pooler.dense.bias": torch.ones(8, dtype=torch.int64)}, "pooler.dense.bias holds numbers of torch.int64"),
        ({"pooler.dense.bias": torch.ones(8, dtype=torch.bool)}, "pooler.dense.bias holds numbers of torch.bool"),
        ({"pooler.dense.bias": torch.ones(8).to(torch.float8_e4m3fn)}, "pooler.dense.bias holds numbers of torch.float8"),
        ({"pooler.dense.weight.scale": torch.ones(8)}, "pooler.dense.weight.scale is .* beside one of torch.float32"),
        *(({"pooler.dense.weight": torch.ones(8, 8, dtype=torch.int8), "pooler.dense.weight.scale": scale},
           "pooler.dense.weight.scale is a tensor of .* one number for each row")
          for scale in (torch.ones(7), torch.ones(8, 1), torch.ones(()), torch.ones(8, dtype=torch.int32))),
        ({"pooler.dense.weight": torch.ones(8, 8, dtype=torch.int8), "pooler.dense.weight.scale": torch.full((8,), float("nan"))},
         "pooler.dense.weight holds values that are not finite"),
    ],
)
def test_weights_that_are_none(saved, tensors, says):
    rewrite(saved[1], lambda weights: weights.update(tensors))
    with pytest.raises(ValueError, match=f"model.safetensors cannot be used: {says}"):
        load_pretrained(saved[1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_are_read(saved, dtype):
    model, folder = saved
    rewrite(folder, lambda weights: weights.update({name: tensor.to(dtype) for name, tensor in weights.items()}))
    loaded, _ = load_pretrained(folder)
    for mine, expected in zip(loaded.parameters(), model.parameters(), strict=True):
        assert mine.dtype == torch.float32 and torch.equal(mine, expected.to(dtype).float())


@pytest.mark.parametrize(
    "name",
    ["num_hidden_layers", "hidden_size", "vocab_size", "intermediate_size", "max_position_embeddings", "type_vocab_size"],
)
@pytest.mark.parametrize("size", [10**9, 10**12, 10**30])
def test_sizes_that_no_weights_stand_behind(saved, name, size):
    """Refused at once, before memory is taken: the layers alone would take terabytes."""
    _, folder = saved
    config = json.loads((folder / "config.json").read_text()) | {name: size}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="config.json|vocab_size"):
        load_pretrained(folder)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.dictionaries(st.sampled_from(sorted(vars(SMALL))), st.integers(0, 10**20) | st.floats(0, 1), max_size=3))
def test_any_sizes_are_loaded_or_refused_in_a_sentence(saved, entries):
    _, folder = saved
    config = json.loads(BertConfig(**{**vars(SMALL)}).to_json()) | entries
    (folder / "config.json").write_text(json.dumps(config))
    try:
        loaded, _ = load_pretrained(folder)
    except (ValueError, TypeError) as error:
        assert str(error).endswith(".") and len(str(error)) < 800
    else:
        assert loaded.config.hidden_size == 8


# ── files that belong together ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("tokens", "rows"), [(28_996, 30_522), (30_527, 30_522), (30_522, 28_996), (8, 9), (30_000, 30_100)])
def test_another_vocabulary_is_refused(tmp_path, tokens, rows):
    """Of a cased and an uncased model; with tokens added for which there is no row; with rows for which there is no token."""
    vocabulary = [*VOCABULARY, *(f"word{i}" for i in range(tokens - 8))]
    sizes = dict(hidden_size=2, num_hidden_layers=1, num_attention_heads=1, intermediate_size=2, max_position_embeddings=4)
    model = BertModel(BertConfig(vocab_size=rows, **sizes))
    with pytest.raises(ValueError, match=f"vocabulary has {tokens:,} tokens, and the model's table {rows:,} rows"):
        save_pretrained(model, BertTokenizer(vocabulary), tmp_path / "model")
    assert not (tmp_path / "model").exists()
    save_pretrained(model, BertTokenizer([*VOCABULARY, *(f"word{i}" for i in range(rows - 8))]), tmp_path)
    BertTokenizer(vocabulary).save_vocabulary(tmp_path / "vocab.txt")
    with pytest.raises(ValueError, match=f"vocabulary has {tokens:,} tokens, and the model's table {rows:,} rows"):
        load_pretrained(tmp_path)


@pytest.mark.parametrize(("tokens", "rows"), [(30_522, 30_522), (30_522, 30_528), (28_996, 29_056), (30_522, 30_592), (9, 16)])
def test_rows_to_spare_are_let_in(tmp_path, tokens, rows):
    """Some published tables are filled up to a multiple of 8, 64 or 128, and no text has those ids."""
    sizes = dict(hidden_size=2, num_hidden_layers=1, num_attention_heads=1, intermediate_size=2, max_position_embeddings=4)
    tokenizer = BertTokenizer([*VOCABULARY, *(f"word{i}" for i in range(tokens - 8))])
    save_pretrained(BertModel(BertConfig(vocab_size=rows, **sizes)), tokenizer, tmp_path)
    assert load_pretrained(tmp_path)[0].config.vocab_size == rows


def test_another_padding_is_refused(saved):
    _, folder = saved
    config = json.loads((folder / "config.json").read_text()) | {"pad_token_id": 5}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"padding is token 5 .* \[PAD\] is token 0"):
        load_pretrained(folder)


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o027, 0o077])
def test_every_file_has_the_mode_that_the_user_wants(tmp_path, umask):
    before = os.umask(umask)
    try:
        for small in (False, True):
            save_pretrained(BertModel(SMALL), BertTokenizer(VOCABULARY), tmp_path / str(small), small=small)
    finally:
        os.umask(before)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 8
    if os.name == "posix":
        assert {path.name: oct(path.stat().st_mode & 0o777) for path in files} == {path.name: oct(0o666 & ~umask) for path in files}


def test_a_checkpoint_is_replaced_as_a_whole(tmp_path):
    """What transformers wrote is gone, above all its tokenizer.json; what is no part of a checkpoint stays."""
    transformers.BertTokenizer(vocab={token: i for i, token in enumerate(VOCABULARY)}).save_pretrained(tmp_path)
    transformers.BertModel(transformers.BertConfig(**vars(SMALL))).save_pretrained(tmp_path)
    (tmp_path / "special_tokens_map.json").write_text('{"pad_token": "[PAD]"}', encoding="utf-8")
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / ".saving-left.part").mkdir()
    (tmp_path / ".saving-left.part" / "vocab.txt").write_text("of a process that was killed", encoding="utf-8")
    save_pretrained(BertModel(replace_vocabulary(SMALL, 9)), BertTokenizer([*VOCABULARY, "new"]), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "README.md", "config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"]
    assert load_pretrained(tmp_path)[1].tokens[-1] == "new"


def replace_vocabulary(config: BertConfig, size: int) -> BertConfig:
    return BertConfig(**(vars(config) | {"vocab_size": size}))


@pytest.mark.parametrize("moved", range(5))
def test_stopped_while_the_files_are_moved_into_place(saved, monkeypatch, moved):
    """The new ones count; whoever loads next moves the rest, and so does whoever saves next."""
    _, folder = saved
    new = BertModel(replace_vocabulary(SMALL, 9))
    replace, left = os.replace, iter(range(moved))

    def stopped(source, target):
        if next(left, None) is None and Path(target).parent == folder:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", stopped)
        with pytest.raises(KeyboardInterrupt):
            save_pretrained(new, BertTokenizer([*VOCABULARY, "new"]), folder)
            raise KeyboardInterrupt     # there are four files to move
    loaded, tokenizer = load_pretrained(folder)
    assert equal(loaded, new if moved else load_pretrained(folder)[0]) and len(tokenizer.tokens) == loaded.config.vocab_size
    assert not list(folder.glob(".sav*"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is made by fork")
def test_killed_while_saving():
    """25 times at random moments; tests/kill_while_saving.py 1000 does it oftener."""
    program = Path(__file__).parent / "kill_while_saving.py"
    done = subprocess.run([sys.executable, str(program), "25"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# ── what a checkpoint is, and its labels ─────────────────────────────────────────────────────────────────────────────


@HEADS
def test_folders_of_transformers_and_ours_go_both_ways_with_labels(tmp_path, kind):
    """Theirs, as it is saved today, loads here; saved again, it loads there: the same outputs, kinds and labels."""
    theirs_kind, sizes = KINDS[kind]
    names = {0: "bad", 1: "so so", 2: "good"}
    labels = {"id2label": names, "label2id": {name: i for i, name in names.items()}} if sizes else {}
    shapes = {name: value for name, value in vars(SMALL).items() if name != "id2label"}
    theirs = theirs_kind(transformers.BertConfig(**shapes, **labels)).eval()
    theirs.save_pretrained(tmp_path / "theirs")
    transformers.BertTokenizer(vocab={token: i for i, token in enumerate(VOCABULARY)}).save_pretrained(tmp_path / "theirs")
    assert saved_kind(tmp_path / "theirs") is kind
    ours, tokenizer = load_pretrained(tmp_path / "theirs", kind)     # the number of labels is known
    assert ours.config.id2label == (names if sizes else None)
    save_pretrained(ours, tokenizer, tmp_path / "ours")
    assert saved_kind(tmp_path / "ours") is kind
    again, _ = load_pretrained(tmp_path / "ours", saved_kind(tmp_path / "ours"))
    assert equal(ours, again) and again.config == ours.config
    back, report = theirs_kind.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report[part] for part in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    if sizes:
        assert back.config.id2label == names and back.config.label2id == labels["label2id"]
    batch = tokenizer(["a film", "film"], ["film", "a"])
    their_batch = transformers.AutoTokenizer.from_pretrained(tmp_path / "ours")(["a film", "film"], ["film", "a"], padding=True,
                                                                             return_tensors="pt")
    with torch.no_grad():
        scores = ours(**batch)
        scores = scores if isinstance(scores, tuple) else (scores,)
        for other in (theirs, back.eval()):
            for mine, wanted in zip(scores, other(**their_batch).to_tuple(), strict=True):
                torch.testing.assert_close(mine, wanted, atol=1e-6, rtol=1e-5)


def test_labels_without_names_have_numbers(tmp_path):
    save_pretrained(BertForTokenClassification(SMALL, 3), BertTokenizer(VOCABULARY), tmp_path)
    model, _ = load_pretrained(tmp_path, BertForTokenClassification)
    assert model.num_labels == 3 and model.config.id2label == {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}


def test_labels_are_as_many_as_the_scores(tmp_path):
    named = BertConfig(**(vars(SMALL) | {"id2label": {0: "bad", 1: "good"}}))
    with pytest.raises(ValueError, match="names 2 labels .*, and the head scores 3"):
        save_pretrained(BertForSequenceClassification(named, 3), BertTokenizer(VOCABULARY), tmp_path / "model")
    assert not (tmp_path / "model").exists()
    save_pretrained(BertForSequenceClassification(SMALL, 3), BertTokenizer(VOCABULARY), tmp_path)
    (tmp_path / "config.json").write_text(named.to_json("BertForSequenceClassification"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"classifier.bias has shape \(3,\) where \(2,\)"):
        load_pretrained(tmp_path, BertForSequenceClassification)
    with pytest.raises(ValueError, match="names 2 labels .*, and the head scores 3"):
        load_pretrained(tmp_path, BertForSequenceClassification, num_labels=3)


def test_a_head_that_is_left_out_is_told(tmp_path):
    save_pretrained(BertForSequenceClassification(SMALL, 3), BertTokenizer(VOCABULARY), tmp_path)
    with pytest.warns(UserWarning, match="which is left out: give kind=BertForSequenceClassification .* or kind=BertModel") as told:
        encoder, _ = load_pretrained(tmp_path)
    assert len(told) == 1 and told[0].filename == __file__
    assert encoder.config.id2label is None     # the labels are the head's
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert equal(load_pretrained(tmp_path, BertModel)[0], encoder)     # said, and so not told
        save_pretrained(BertForPreTraining(SMALL), BertTokenizer(VOCABULARY), tmp_path)
        load_pretrained(tmp_path)     # as everybody uses bert-base-uncased
        load_pretrained()


def test_a_classifier_of_another_kind_is_refused(tmp_path):
    """Its tensors have the same names and shapes."""
    save_pretrained(BertForSequenceClassification(SMALL, 3), BertTokenizer(VOCABULARY), tmp_path)
    with pytest.raises(ValueError, match="a BertForSequenceClassification, whose classifier is not one of a BertForTokenClass"):
        load_pretrained(tmp_path, BertForTokenClassification)


@pytest.mark.parametrize("named", [None, 5, [], [7], ["BertLMHeadModel"]])
def test_architectures_that_are_not_known(saved, named):
    _, folder = saved
    config = json.loads((folder / "config.json").read_text()) | {"architectures": named}
    (folder / "config.json").write_text(json.dumps(config))
    assert saved_kind(folder) is None
    load_pretrained(folder)
