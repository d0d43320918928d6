"""The files of a tokenizer: read as transformers reads them, or refused in a sentence; never ignored."""

import json
import shutil

import pytest
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bert_parts.tokenizer_files import IMPLEMENTED, PASSED_OVER, read_tokenizer
from bert_parts.wordpiece import SPECIAL_TOKENS

WORDS = ["the", "a", "film", "##s", "##m", "fil", "élan", "elan", "Film", "dé", "de", "##ja", "中", "文", "!", ".", ",", "[", "]",
         "mask", "MASK", "un", "##der", "x"]
TOKENS = [*SPECIAL_TOKENS, *WORDS]
VOCABULARY = {token: number for number, token in enumerate(TOKENS)}
TEXTS = ["The films, a Film.", "Élan déja DÉJA!", "中文x", "[MASK] film [SEP] [mask] [ MASK ]",
         "un\u0000der fi\u200dlm", "", "  a\tthe\n"]


@pytest.fixture
def saved(tmp_path):
    """A folder as today's transformers saves it: tokenizer.json, tokenizer_config.json, and no vocab.txt."""
    transformers.BertTokenizer(vocab=VOCABULARY).save_pretrained(tmp_path / "theirs")
    assert not (tmp_path / "theirs" / "vocab.txt").exists()
    return tmp_path / "theirs"


def change(folder, name, **entries):
    """Set some entries of a JSON file; "a.b" is b inside a."""
    path = folder / name
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for key, value in entries.items():
        inner, *rest = key.split(".")
        if rest:
            content[inner][rest[0]] = value
        else:
            content[inner] = value
    path.write_text(json.dumps(content), encoding="utf-8")


def assert_same(folder):
    """Ids, segments and masks of texts and pairs are those of transformers."""
    ours, theirs = read_tokenizer(folder), transformers.BertTokenizer.from_pretrained(folder)
    for pairs in (None, TEXTS[::-1]):
        expected = theirs(TEXTS, pairs, padding=True, return_tensors="pt")
        given = ours(TEXTS, pairs)
        assert given.keys() == expected.keys()
        for name in expected:
            assert given[name].tolist() == expected[name].tolist(), name


@pytest.mark.parametrize("lowercase", [True, False])
def test_a_folder_of_todays_transformers(tmp_path, lowercase):
    transformers.BertTokenizer(vocab=VOCABULARY, do_lower_case=lowercase, strip_accents=lowercase).save_pretrained(tmp_path)
    assert read_tokenizer(tmp_path).lowercase is lowercase
    assert_same(tmp_path)


def test_what_a_call_asks_for_anew_changes_nothing(saved):
    """Lengths are written into the file by whoever used the tokenizer last; transformers does not follow them either."""
    change(saved, "tokenizer.json", truncation={"direction": "Right", "max_length": 5, "strategy": "OnlySecond", "stride": 2},
           padding={"strategy": {"Fixed": 99}, "direction": "Right", "pad_to_multiple_of": 8, "pad_id": 0, "pad_type_id": 0,
                    "pad_token": "[PAD]"})
    change(saved, "tokenizer_config.json", model_max_length=5)
    theirs = transformers.BertTokenizer.from_pretrained(saved)
    for text in TEXTS:
        assert read_tokenizer(saved)(text)["input_ids"][0].tolist() == theirs(text).input_ids


def test_both_ways_to_write_the_special_tokens(saved):
    change(saved, "tokenizer.json", post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]})
    assert_same(saved)
    change(saved, "tokenizer.json", post_processor=None)
    assert_same(saved)
    change(saved, "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")     # which then would add none
    with pytest.raises(ValueError, match="post_processor.type = None"):
        read_tokenizer(saved)


def test_the_class_that_follows_tokenizer_json(saved):
    change(saved, "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")
    settings = json.loads((saved / "tokenizer_config.json").read_text())
    del settings["do_lower_case"]
    (saved / "tokenizer_config.json").write_text(json.dumps(settings))
    change(saved, "tokenizer.json", **{"normalizer.lowercase": False})
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(saved)
    assert [read_tokenizer(saved)(text)["input_ids"][0].tolist() for text in TEXTS] == [theirs(text).input_ids for text in TEXTS]


REFUSED = [
    ("tokenizer.json", "normalizer.clean_text", False),
    ("tokenizer.json", "normalizer.handle_chinese_chars", False),
    ("tokenizer.json", "normalizer.strip_accents", False),
    ("tokenizer.json", "normalizer.type", "NFC"),
    ("tokenizer.json", "normalizer", None),
    ("tokenizer.json", "pre_tokenizer", {"type": "Whitespace"}),
    ("tokenizer.json", "model.type", "BPE"),
    ("tokenizer.json", "model.unk_token", "<unk>"),
    ("tokenizer.json", "model.continuing_subword_prefix", ""),
    ("tokenizer.json", "model.max_input_chars_per_word", 20),
    ("tokenizer.json", "model.fuse", True),
    ("tokenizer.json", "post_processor.single", [{"Sequence": {"id": "A", "type_id": 0}}]),
    ("tokenizer.json", "post_processor", {"type": "BertProcessing", "sep": ["a", 6], "cls": ["[CLS]", 2]}),
    ("tokenizer.json", "decoder", {"type": "ByteLevel"}),
    ("tokenizer.json", "padding", {"direction": "Left", "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}),
    ("tokenizer.json", "padding", {"direction": "Right", "pad_id": 7, "pad_type_id": 0, "pad_token": "[PAD]"}),
    ("tokenizer.json", "truncation", {"direction": "Left", "max_length": 5}),
    ("tokenizer.json", "sparkle", {"a": 1}),
    ("tokenizer.json", "version", "2.0"),
    ("tokenizer_config.json", "strip_accents", False),
    ("tokenizer_config.json", "tokenize_chinese_chars", False),
    ("tokenizer_config.json", "do_basic_tokenize", False),
    ("tokenizer_config.json", "never_split", ["film"]),
    ("tokenizer_config.json", "padding_side", "left"),
    ("tokenizer_config.json", "truncation_side", "left"),
    ("tokenizer_config.json", "tokenizer_class", "BertJapaneseTokenizer"),
    ("tokenizer_config.json", "cls_token", "<s>"),
    ("tokenizer_config.json", "mask_token", {"content": "[MASK]", "lstrip": True}),
    ("tokenizer_config.json", "bos_token", "<s>"),
    ("tokenizer_config.json", "additional_special_tokens", ["<e>"]),
    ("tokenizer_config.json", "extra_special_tokens", {"entity": "<e>"}),
    ("tokenizer_config.json", "model_input_names", ["input_ids", "attention_mask"]),
    ("tokenizer_config.json", "auto_map", {"AutoTokenizer": ["t.T", None]}),
    ("tokenizer_config.json", "word_tokenizer_type", "mecab"),
    ("tokenizer_config.json", "split_special_tokens", True),
    ("special_tokens_map.json", "sep_token", "</s>"),
    ("special_tokens_map.json", "additional_special_tokens", ["<e>"]),
    ("special_tokens_map.json", "sparkle", "<e>"),
]


@pytest.mark.parametrize(("file", "name", "value"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_not_implemented_is_refused_by_name(saved, file, name, value):
    change(saved, file, **{name: value})
    with pytest.raises(ValueError) as caught:
        read_tokenizer(saved)
    assert file in str(caught.value) and name.split(".")[0] in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("file", "entries", "says"),
    [
        ("tokenizer.json", {"normalizer.lowercase": False}, "says lowercase = False, and tokenizer_config.json do_lower"),
        ("tokenizer_config.json", {"do_lower_case": False}, "says lowercase = True, and tokenizer_config.json do_lower"),
        ("tokenizer_config.json", {"do_lower_case": "yes"}, "do_lower_case to 'yes'"),
        ("tokenizer_config.json", {"added_tokens_decoder": {"29": {"content": "<e>"}}}, "content = '<e>'"),
        ("tokenizer_config.json", {"added_tokens_decoder": {"9": {"content": "[CLS]"}}}, r"adds the token '\[CLS\]' with the id 9"),
        ("tokenizer_config.json", {"added_tokens_decoder": [1]}, "added_tokens_decoder to"),
        ("tokenizer.json", {"added_tokens": [{"id": 29, "content": "<e>"}]}, "content = '<e>'"),
        ("tokenizer.json", {"added_tokens": [{"id": 4, "content": "[MASK]", "normalized": True}]}, "normalized = True"),
        ("tokenizer.json", {"added_tokens": 5}, "added_tokens to 5"),
        ("tokenizer.json", {"model.vocab": ["a"]}, "holds no vocabulary"),
        ("tokenizer.json", {"model.vocab": {"a": "0"}}, "holds no vocabulary"),
        ("tokenizer.json", {"model.vocab": {"a": 0}}, r"lacks \[PAD\]"),
        ("tokenizer.json", {"model.vocab": VOCABULARY | {"new": 99}}, "do not have the ids"),
        ("added_tokens.json", {"<e>": 29}, "adds the token '<e>' with the id 29"),
    ],
)
def test_files_that_disagree_or_add_tokens(saved, file, entries, says):
    change(saved, file, **entries)
    with pytest.raises(ValueError, match=says):
        read_tokenizer(saved)


def test_a_vocab_txt_beside_tokenizer_json(saved):
    (saved / "vocab.txt").write_text("\n".join(TOKENS), encoding="utf-8")
    assert read_tokenizer(saved).tokens == TOKENS
    (saved / "vocab.txt").write_text("\n".join([*TOKENS[:-2], *TOKENS[:-3:-1]]), encoding="utf-8")
    with pytest.raises(ValueError, match="vocab.txt and tokenizer.json hold other tokens"):
        read_tokenizer(saved)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n\r\n"])
def test_blank_lines_at_the_end_of_a_vocabulary_are_no_tokens(tmp_path, end):
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS) + end, encoding="utf-8", newline="")
    assert read_tokenizer(tmp_path).tokens == TOKENS


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_files_that_are_no_json_objects(saved, file, content):
    (saved / file).write_bytes(content)
    with pytest.raises(ValueError, match=f"{file} (is not readable as JSON|holds a)"):
        read_tokenizer(saved)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3))
PARTS = ["normalizer", "normalizer.lowercase", "normalizer.strip_accents", "pre_tokenizer", "pre_tokenizer.type", "post_processor",
         "post_processor.pair", "post_processor.special_tokens", "decoder", "model.vocab", "model.unk_token", "added_tokens",
         "padding", "truncation", "version", "x"]
SETTINGS = ["do_lower_case", "strip_accents", "tokenizer_class", "mask_token", "added_tokens_decoder", "extra_special_tokens",
            *sorted(IMPLEMENTED), *sorted(PASSED_OVER), "x"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.dictionaries(st.sampled_from(PARTS), JSON, max_size=2),
       entries=st.dictionaries(st.sampled_from(SETTINGS), JSON, max_size=2))
def test_any_file_is_read_or_refused_in_a_sentence(saved, parts, entries):
    folder = saved.parent / "changed"
    shutil.copytree(saved, folder, dirs_exist_ok=True)
    change(folder, "tokenizer.json", **dict(sorted(parts.items(), reverse=True)))     # what is inside a part, before the part
    change(folder, "tokenizer_config.json", **entries)
    try:
        tokenizer = read_tokenizer(folder)
    except (ValueError, TypeError) as error:
        assert str(error).endswith(".") and len(str(error)) < 600
    else:
        assert tokenizer.tokens == TOKENS


CHOICES = {
    "tokenizer_config.json": {"do_lower_case": [True, False], "strip_accents": [None, True, False],
                              "padding_side": ["right", "left"], "tokenize_chinese_chars": [True, False],
                              "truncation_side": ["right"], "model_max_length": [7],
                              "mask_token": ["[MASK]", "x"], "never_split": [None, []], "clean_up_tokenization_spaces": [True],
                              "extra_special_tokens": [[], ["[MASK]"], ["film"]], "bos_token": [None, "[CLS]"]},
    "tokenizer.json": {"normalizer.lowercase": [True, False], "normalizer.strip_accents": [None, True, False],
                       "normalizer.clean_text": [True, False], "post_processor": [None], "decoder": [None], "added_tokens": [[]]},
}


@st.composite
def plausible(draw):
    """Settings as they are found in files, in any combination."""
    chosen = {}
    for file, names in CHOICES.items():
        some = draw(st.lists(st.sampled_from(sorted(names)), max_size=4, unique=True))
        chosen[file] = {name: draw(st.sampled_from(names[name])) for name in some}
    return chosen


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=plausible())
def test_what_is_read_gives_the_ids_of_transformers(saved, files):
    folder = saved.parent / "changed"
    shutil.copytree(saved, folder, dirs_exist_ok=True)
    for file, entries in files.items():
        change(folder, file, **entries)
    try:
        read_tokenizer(folder)
    except ValueError:
        return
    assert_same(folder)
