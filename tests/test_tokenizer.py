"""The tokenizer against Hugging Face's: the same ids for every review, every code point and 100,000 odd strings."""

import copy
import json
import pickle
import random
import shutil
import subprocess
import tracemalloc
import unicodedata
from itertools import product
from pathlib import Path
from string import printable

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import BertTokenizerFast

from bert_parts import tokenizer as module
from bert_parts.checkpoint import find_checkpoint
from bert_parts.datasets import movie_reviews, passages
from bert_parts.normalization import CHINESE, normalize, split_words
from bert_parts.tokenizer import BertTokenizer, pad, truncate
from bert_parts.wordpiece import SPECIAL_TOKENS, word_pieces
from tools.page_models import tokenizer_file

VOCABULARY = find_checkpoint("all-MiniLM-L6-v2") / "vocab.txt"
CODE_POINTS = [chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000]
WITH_CHARACTERS = [c for c in CODE_POINTS if ord(c) >> 16 in (0, 1, 2, 3, 14)]     # no other plane holds any
REVIEWS = [review.text for review in movie_reviews()]
PASSAGES = [passage.text for passage in passages()]


class Both:
    """Our tokenizer and the reference, over one vocabulary."""

    def __init__(self, tokens, lowercase):
        self.ours = BertTokenizer(tokens, lowercase)
        self.theirs = BertTokenizerFast(vocab=self.ours.vocab, do_lower_case=lowercase)
        self.rust = self.theirs.backend_tokenizer

    def rust_batch(self, texts, pairs=None, max_length=None):
        """What the Rust tokenizer makes of a batch. (With the Python around it, it takes 4 × as long.)"""
        self.rust.enable_padding(pad_id=self.theirs.pad_token_id)
        if max_length is None:
            self.rust.no_truncation()
        else:
            self.rust.enable_truncation(max_length, strategy="longest_first")
        encodings = self.rust.encode_batch(texts if pairs is None else list(zip(texts, pairs, strict=True)))
        return {
            "input_ids": [encoding.ids for encoding in encodings],
            "token_type_ids": [encoding.type_ids for encoding in encodings],
            "attention_mask": [encoding.attention_mask for encoding in encodings],
        }


def vocabulary_tokens():
    return VOCABULARY.read_text(encoding="utf-8").split("\n")[:-1]


def letter_tokens():
    """A vocabulary of single letters, in which hardly anything is [UNK]: no difference can hide behind it."""
    return with_letters({letter for pool in POOLS for text in pool for form in forms(text) for letter in form})


def all_letters_tokens():
    """All that can stand in a word; but not every Chinese character, each of which is a word."""
    return with_letters({c for c in WITH_CHARACTERS if unicodedata.category(c)[0] not in "CZ" and not CHINESE.match(c)} | {*"中文"})


def with_letters(letters):
    return [*SPECIAL_TOKENS, *sorted(letters), *(f"##{letter}" for letter in sorted(letters))]


def forms(text):
    return text, text.lower(), unicodedata.normalize("NFD", text), unicodedata.normalize("NFD", text).lower()


def same(ours, theirs):
    assert list(ours) == list(theirs) == ["input_ids", "token_type_ids", "attention_mask"]
    for name in ours:
        assert ours[name].dtype == torch.int64
        differ = differing_rows(ours[name].tolist(), theirs[name])
        assert not differ, f"{name}: {len(differ)} of {len(ours[name])} rows differ, the first {differ[:3]}"


def differing_rows(ours, theirs):
    """Found here and not by pytest, which needs minutes to tell two long lists apart."""
    return [i for i, (our, their) in enumerate(zip(ours, theirs, strict=True)) if our != their]


# Odd text ------------------------------------------------------------------------------------------------------------

RANDOM = random.Random(0)
POOLS = [
    "the film is unbelievably good and I cannot recommend it enough".split(),
    [" ", "  ", "\t", "\n", "\r\n", "\xa0", "\u2009", "\u3000", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\u2028"],
    list(".,!?'\"-_$%^~`|<>[](){}…–—’“”«»·¿、。「」‐‑"),
    ["café", "Élan", "naïve", "Ångström", "ŒUVRE", "İstanbul", "ΟΔΥΣΣΕΥΣ", "ΣΑΣ", "straße", "ẞ", "ﬁn", "Việt", "ŉ", "ǅ"],
    ["e\u0301", "a\u0323\u0307", "a\u0307\u0323", "\u0344", "q\u0315\u0300\u05ae\u0327", "\u0301", "\u1e9b\u0323"],
    ["中文", "日本語", "漢字かな", "한국어", "\u1112\u1161\u11ab", "ไทย", "हिन्दी", "தமிழ்"],
    ["\uf900", "\U0002f800", "\U0002b820", "\U0002b920", "\u4dbf", "\u4dc0"],
    ["שָׁלוֹם", "مَرْحَبًا", "\u200fעברית\u200e", "\u202eabc\u202c", "فارسی‌ها"],
    ["😀", "👩‍👩‍👧", "🇫🇷", "👍🏽", "☺️", "1️⃣", "\U0001f9ff", "\U0001fae8"],
    ["\0", "\x07", "\x7f", "\xad", "\ufeff", "\ufffd", "\u200b", "\u200d", "\ue000", "\U000e0041", "\ufffe", "\U0010fffd"],
    [*SPECIAL_TOKENS, "[mask]", "[MASK", "MASK]", "[[SEP]]", "[CLS][SEP]", "[UNK]", "[unused1]", "##ing", "[ MASK ]"],
    ["x" * 99, "y" * 100, "z" * 101, "é" * 100, "é" * 101, "ab" * 50 + "\u0301", "." * 120, "unaffable" * 11, "字" * 101],
    [chr(c) for c in range(0x300, 0x370)],
    [c for c in CODE_POINTS if unicodedata.combining(c)],
    [c for c in CODE_POINTS if len(unicodedata.normalize("NFD", c)) > 1 and not "가" <= c <= "힣"],
    RANDOM.sample(CODE_POINTS[:0xFFFF], 3000),
    RANDOM.sample(CODE_POINTS, 1000),
]


CHINESE_TEXTS = ["".join(RANDOM.choices("的一是不了人我在有他这中大来上国个到说们为子和你，。", k=100)) for _ in range(1000)]


def odd_text(seeded):
    pools = seeded.choices(POOLS, k=seeded.randint(1, 3))
    pieces = [seeded.choice(seeded.choice(pools)) for _ in range(seeded.randint(0, 7))]
    return seeded.choice(["", "", " "]).join(pieces)


@pytest.fixture(scope="module", params=[True, False], ids=["uncased", "cased"])
def both(request):
    return Both(vocabulary_tokens(), request.param)


@pytest.fixture(scope="module")
def uncased():
    return Both(vocabulary_tokens(), lowercase=True)


@pytest.fixture(scope="module")
def letters():
    return Both(letter_tokens(), lowercase=True)


@pytest.fixture(scope="module")
def tokenizer():
    return BertTokenizer.from_file(VOCABULARY)


# The same as the reference -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_length", [None, 16])
def test_reviews_alone(both, max_length):
    same(both.ours(REVIEWS, max_length=max_length), both.rust_batch(REVIEWS, max_length=max_length))


@pytest.mark.parametrize("max_length", [None, 17, 50])
def test_reviews_in_pairs(uncased, max_length):
    pairs = REVIEWS[::-1]
    same(uncased.ours(REVIEWS, pairs, max_length), uncased.rust_batch(REVIEWS, pairs, max_length))


def test_the_reference_as_it_is_called(both):
    texts, pairs = REVIEWS[:300], REVIEWS[300:600]
    same(both.ours(texts), both.theirs(texts, padding=True))
    theirs = both.theirs(texts, pairs, padding=True, truncation=True, max_length=24)
    same(both.ours(texts, pairs, max_length=24), theirs)
    assert [both.ours.tokenize(text) for text in texts] == [both.theirs.tokenize(text) for text in texts]


@pytest.mark.parametrize("lowercase", [True, False], ids=["uncased", "cased"])
def test_normalize_every_code_point(lowercase):
    compare_normalize("a{}b", CODE_POINTS, lowercase)


# The last is of marks that are put in order and yet are no accents: only they show where in the order another one goes.
CONTEXTS = ["{}", "e\u0334{}\u0345\u0300", "Σ{}Σ", "\u1100{}\u1161\u11a8", "\u302e{}\u1b44"]


@pytest.mark.parametrize("context", CONTEXTS, ids=ascii)
def test_normalize_every_code_point_beside_others(context):
    compare_normalize(context, WITH_CHARACTERS, lowercase=True)


def compare_normalize(context, code_points, lowercase):
    theirs = BertNormalizer(lowercase=lowercase).normalize_str
    wrong = differing(lambda text: normalize(text, lowercase), theirs, context, code_points)
    assert not wrong, f"{len(wrong)} code points differ: {' '.join(wrong[:50])}"


def test_split_words_at_every_code_point():
    pre_tokenize = BertPreTokenizer().pre_tokenize_str
    clean = [c for c in WITH_CHARACTERS if normalize(c, lowercase=False) == c]
    wrong = differing(split_words, lambda text: [word for word, _ in pre_tokenize(text)], "a{}b", clean)
    assert not wrong, f"{len(wrong)} code points differ: {' '.join(wrong[:50])}"


def differing(ours, theirs, context, code_points):
    """The code points, in hexadecimal, for which two functions differ; whole blocks are compared first, for speed."""
    wrong = []
    for start in range(0, len(code_points), 8192):
        block = [context.format(c) for c in code_points[start : start + 8192]]
        if ours(" ".join(block)) != theirs(" ".join(block)):
            wrong += [f"{ord(code_points[start + i]):x}" for i, text in enumerate(block) if ours(text) != theirs(text)]
    return wrong


@pytest.mark.parametrize(
    ("lowercase", "context"), [(True, "B{}c"), (False, "B{}c"), (True, "[SEP]{},"), (True, "x\u0301{}\u0323")], ids=ascii
)
def test_ids_at_every_code_point(lowercase, context):
    both = Both(all_letters_tokens(), lowercase)
    theirs = both.rust.encode
    wrong = differing(both.ours.ids, lambda text: theirs(text, add_special_tokens=False).ids, context, WITH_CHARACTERS)
    assert not wrong, f"{len(wrong)} code points differ: {' '.join(wrong[:50])}"


@pytest.mark.parametrize("lowercase", [True, False], ids=["uncased", "cased"])
def test_the_short_cut_for_ascii(tokenizer, lowercase):
    """It gives what the long way gives, for any two characters, and for four of some."""
    tokenizer = BertTokenizer(tokenizer.tokens, lowercase)
    texts = ["".join(letters) for letters in product(map(chr, range(128)), repeat=2)]
    texts += ["".join(letters) for letters in product("aZ9_ \t.[]\x00\x1f\x7f", repeat=4)]
    assert [text for text in texts if tokenizer.words(text) != split_words(normalize(text, lowercase))] == []


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=printable, max_size=30))
def test_the_short_cut_for_ascii_in_longer_texts(letters, text):
    assume("[" not in text)
    assert letters.ours.words(text) == split_words(normalize(text))


@pytest.mark.parametrize("lowercase", [True, False], ids=["uncased", "cased"])
@pytest.mark.parametrize("tokens", [vocabulary_tokens, letter_tokens])
def test_odd_strings(tokens, lowercase):
    """4 × 25,000 strings."""
    both, seeded = Both(tokens(), lowercase), random.Random(0)
    for _ in range(25):
        texts = [odd_text(seeded) for _ in range(1000)]
        theirs = both.rust.encode_batch(texts, add_special_tokens=False)
        differ = [text for text, their in zip(texts, theirs, strict=True) if both.ours.ids(text) != their.ids]
        assert not differ, f"{len(differ)} of 1,000 differ, such as {differ[0]!a}"
        assert [both.ours.vocab[piece] for piece in both.ours.tokenize(texts[0])] == both.ours.ids(texts[0])


SMALL = with_letters("abcdefghijklmnopqrstuvwxyzàé.,中")
ODD = st.lists(
    st.one_of(st.text(max_size=5), *(st.sampled_from(pool) for pool in POOLS)), max_size=6
).map("".join)


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(ODD, min_size=1, max_size=3), with_pairs=st.booleans(), max_length=st.integers(3, 20) | st.none())
def test_whatever_hypothesis_finds(letters, texts, with_pairs, max_length):
    pairs = texts[::-1] if with_pairs else None
    same(letters.ours(texts, pairs, max_length), letters.rust_batch(texts, pairs, max_length))
    assert letters.ours.tokenize(texts[0]) == letters.theirs.tokenize(texts[0])


@pytest.mark.parametrize("max_length", range(3, 24))
def test_truncation_of_pairs_of_all_lengths(uncased, max_length):
    texts = ["a " * length for length in range(12) for _ in range(12)]
    pairs = ["b " * length for _ in range(12) for length in range(12)]
    same(uncased.ours(texts, pairs, max_length), uncased.rust_batch(texts, pairs, max_length))


def test_decode_reviews(uncased):
    rows = uncased.ours(REVIEWS, max_length=128)["input_ids"]
    ours, theirs = [uncased.ours.decode(row) for row in rows], uncased.theirs.batch_decode(rows, skip_special_tokens=True)
    assert not differing_rows(ours, theirs)


def test_decode_any_ids(uncased):
    seeded = random.Random(0)
    size = len(uncased.ours.vocab)
    rows = [[i] for i in range(size)] + [seeded.choices(range(size), k=8) for _ in range(20_000)]
    rows += [seeded.choices([0, 100, 101, 102, 103, 999, 1005, 1010, 1012, 1029, 2075, 2003], k=8) for _ in range(5_000)]
    ours, theirs = [uncased.ours.decode(row) for row in rows], uncased.theirs.batch_decode(rows, skip_special_tokens=True)
    assert not differing_rows(ours, theirs)


# What it says of itself ----------------------------------------------------------------------------------------------


def test_the_story_at_the_top_of_the_file(tokenizer):
    text, normalized, words, pieces = (line[21:].split("  ")[0] for line in module.__doc__.splitlines()[2:6])
    assert normalize(text) == normalized
    assert split_words(normalized) == words.split(" · ")
    assert tokenizer.tokenize(text) == pieces.split(" · ")
    assert [piece for word in words.split(" · ") for piece in word_pieces(word, tokenizer.vocab)] == pieces.split(" · ")


def test_truncate_shares_evenly():
    first, second = list("abcdef"), list("uvwxyz")
    assert truncate(first, second, 7) == (list("abc"), list("uvwx"))
    assert truncate(first, second[:2], 7) == (list("abcde"), list("uv"))
    assert truncate(first[:2], second, 7) == (list("ab"), list("uvwxy"))


def test_pad():
    assert pad([[1, 2, 3], [], [4]], 9).tolist() == [[1, 2, 3], [9, 9, 9], [4, 9, 9]]


def test_one_text_is_a_batch_of_one(tokenizer):
    assert tokenizer("a film")["input_ids"].shape == (1, 4)
    for one, batch in [(["a film"], [["a film"]]), (["a film", "a pair"], [["a film"], ("a pair",)])]:
        one, batch = tokenizer(*one), tokenizer(*batch)
        assert all(torch.equal(one[name], batch[name]) for name in one)


def test_empty_text(tokenizer):
    assert tokenizer(["", " "])["input_ids"].tolist() == [[101, 102], [101, 102]]
    assert tokenizer("", "")["token_type_ids"].tolist() == [[0, 0, 1]]
    assert tokenizer.tokenize("") == []
    assert tokenizer.decode([]) == ""


def test_vocabulary_as_dict_or_list_or_file(tokenizer, tmp_path):
    tokenizer.save_vocabulary(tmp_path / "vocab.txt")
    assert (tmp_path / "vocab.txt").read_bytes() == VOCABULARY.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["vocab.txt"]
    backwards = dict(reversed(tokenizer.vocab.items()))
    again = [BertTokenizer.from_file(tmp_path / "vocab.txt"), BertTokenizer(backwards), BertTokenizer(tokenizer.tokens)]
    assert all(other.vocab == tokenizer.vocab and other.mask_id == 103 for other in again)


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 10)
    tokenizer = BertTokenizer.from_file(VOCABULARY)
    texts = [*REVIEWS[:50], "word" * 100]
    first, second = tokenizer(texts), tokenizer(texts)
    assert torch.equal(first["input_ids"], second["input_ids"])
    for remembered in (tokenizer.remembered, tokenizer.remembered_words):
        assert 0 < len(remembered) <= 10
        assert max(map(len, remembered)) <= 100


def test_memory_is_bounded_whatever_is_read(monkeypatch):
    """Words that never come again, short and long, with and without marks, in a stream without end."""
    monkeypatch.setattr(module, "REMEMBERED", 200)
    tokenizer, seeded = BertTokenizer(SMALL), random.Random(0)

    def read(count):
        for _ in range(count):
            tokenizer.ids(f"{seeded.getrandbits(seeded.randint(1, 500)):x}{seeded.choice(['', '.', 'é', '中', '각' * 99])}")
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        read(1000)
        before = max(read(100) for _ in range(10))
        assert max(read(100) for _ in range(100)) <= 2 * before     # 6 times as much would be read and kept
    finally:
        tracemalloc.stop()


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(ODD, min_size=1, max_size=8), remembered=st.integers(1, 4))
def test_what_is_remembered_changes_nothing(texts, remembered):
    fresh = [BertTokenizer(SMALL).ids(text) for text in texts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "REMEMBERED", remembered)
        tokenizer = BertTokenizer(SMALL)
        assert [tokenizer.ids(text) for text in texts * 2] == fresh * 2


def test_what_is_refused_is_not_remembered(tokenizer):
    for _ in range(2):
        with pytest.raises(ValueError, match="half of a surrogate pair"):
            tokenizer.ids("film \ud83d")


def test_what_is_remembered_cannot_be_changed_from_outside(tokenizer):
    before = tokenizer.ids("film")
    tokenizer.ids("film").append(0)
    assert tokenizer.ids("film") == before


@pytest.mark.parametrize("again", [lambda it: pickle.loads(pickle.dumps(it)), copy.deepcopy], ids=["pickled", "copied"])
def test_pickled_for_the_workers_of_a_data_loader(tokenizer, again):
    tokenizer.ids("a film")
    other = again(tokenizer)
    assert other.tokenize("unbelievably") == tokenizer.tokenize("unbelievably")
    assert other.ids("A film, unbelievably!") == tokenizer.ids("A film, unbelievably!")
    assert other.remembered.read.__self__ is other


# What it refuses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (None, TypeError, r"texts is None, where a text or a list of texts is expected: give str or list of str\."),
        (7, TypeError, r"texts is 7, where a text or a list"),
        (b"film", TypeError, r"texts is b'film', where a text or a list"),
        ({"a": 1}, TypeError, r"texts is \{'a': 1\}, where a text or a list"),
        (["film", None], TypeError, r"texts\[1\] is None \(NoneType\), where text \(str\) is expected: replace it"),
        (["film", b"film"], TypeError, r'texts\[1\] is b\'film\' \(bytes\).*decode it, as in .*\.decode\("utf-8"\)'),
        ([["film"]], TypeError, r"texts\[0\] is \['film'\] \(list\)"),
        ([], ValueError, r"texts is an empty list, where at least one text is expected"),
        (["fine", "a \ud83d b"], ValueError, r"holds '\\ud83d', half of a surrogate pair, where whole characters"),
    ],
)
def test_refuses_texts(tokenizer, texts, error, message):
    with pytest.raises(error, match=message):
        tokenizer(texts)
    if texts is not None:
        with pytest.raises(error, match=message.replace("texts", "pairs", 1)):
            tokenizer(["film", "film"], texts)


def test_the_advice_for_half_characters_helps(tokenizer):
    mended = "a \ud83d\ude00 b \ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert mended == "a 😀 b \ufffd"
    assert tokenizer(mended)


@pytest.mark.parametrize(("pairs", "message"), [(["a"], "1 pairs for 2 texts"), ("a", "1 pairs"), (list("abc"), "3 pairs")])
def test_refuses_another_number_of_pairs(tokenizer, pairs, message):
    with pytest.raises(ValueError, match=f"{message}.*give every text its second text"):
        tokenizer(["film", "plot"], pairs)


@pytest.mark.parametrize(
    ("pairs", "max_length", "error", "message"),
    [
        (None, 1, ValueError, "max_length is 1, where the special tokens alone take 2: give 2 or more"),
        ("b", 2, ValueError, "max_length is 2, where the special tokens alone take 3: give 3 or more"),
        (None, -5, ValueError, "max_length is -5"),
        (None, 5.0, TypeError, "max_length is 5.0, where a whole number is expected"),
        (None, True, TypeError, "max_length is True"),
    ],
)
def test_refuses_max_length(tokenizer, pairs, max_length, error, message):
    with pytest.raises(error, match=message):
        tokenizer("a", pairs, max_length)


@pytest.mark.parametrize("text", [None, 7, b"film", ["film"]])
def test_tokenize_refuses(tokenizer, text):
    with pytest.raises(TypeError, match=r"text is .*, where text \(str\) is expected"):
        tokenizer.tokenize(text)


@pytest.mark.parametrize(
    ("vocab", "error", "message"),
    [
        ("vocab.txt", TypeError, "'vocab.txt', where a dict .* to read one from a file use BertTokenizer.from_file"),
        (None, TypeError, "is None, where a dict"),
        ([1, 2], TypeError, "is .1, 2., where a dict"),
        ([*SPECIAL_TOKENS[:3], "[MASK]"], ValueError, r"of 4 tokens lacks \[SEP\]: it needs all of"),
        (["a", "b"], ValueError, r"lacks \[PAD\], \[UNK\], \[CLS\], \[SEP\], \[MASK\]"),
        ([*SPECIAL_TOKENS, "a", "b", "a"], ValueError, "holds 'a' 2 times"),
        ({token: i + 1 for i, token in enumerate(SPECIAL_TOKENS)}, ValueError, "do not have the ids 0 to 4"),
        (dict.fromkeys(SPECIAL_TOKENS, 0), ValueError, "do not have the ids 0 to 4"),
        ({token: str(i) for i, token in enumerate(SPECIAL_TOKENS)}, ValueError, "do not have the ids 0 to 4"),
    ],
)
def test_refuses_vocabulary(vocab, error, message):
    with pytest.raises(error, match=message):
        BertTokenizer(vocab)


def test_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file .*nowhere.txt: give the path of a vocab.txt"):
        BertTokenizer.from_file(tmp_path / "nowhere.txt")
    with pytest.raises(FileNotFoundError, match="There is no file"):
        BertTokenizer.from_file(tmp_path)


def test_refuses_a_file_that_is_no_text(tmp_path):
    (tmp_path / "vocab.txt").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(ValueError, match="vocab.txt is not UTF-8 text"):
        BertTokenizer.from_file(tmp_path / "vocab.txt")


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([30522], ValueError, "There is no token 30522, where ids from 0 to 30521 are expected"),
        (torch.tensor([5, -1]), ValueError, "There is no token -1"),
        ([1.5], TypeError, r"The ids are \[1.5\], where one row of whole numbers is expected"),
        (torch.tensor([[5]]), TypeError, "and a batch row by row"),
        (torch.tensor([0.5]), TypeError, "one row of whole numbers"),
        (["film"], TypeError, "one row of whole numbers"),
        (5, TypeError, "The ids are 5, where one row"),
        (torch.tensor(5), TypeError, "where one row"),
    ],
)
def test_decode_refuses(tokenizer, ids, error, message):
    with pytest.raises(error, match=message):
        tokenizer.decode(ids)
    with pytest.raises(error, match=message):
        tokenizer.convert_ids_to_tokens(ids)


# The site's, in JavaScript --------------------------------------------------------------------------------------------

WORDPIECE = Path(__file__).parents[1] / "docs" / "site" / "_static" / "try" / "wordpiece.js"
ROWS_OF = """
const { WordPiece } = await import(process.argv[1]);
const { file, texts, most } = JSON.parse(await new Response(process.stdin).text());
const tokenizer = new WordPiece(file);
process.stdout.write(JSON.stringify(texts.map((text) => tokenizer.row(text, most))));
"""


def in_javascript(tokenizer, texts, most=256):
    """The rows that the site's tokenizer makes of texts, and whether it cut them."""
    given = json.dumps({"file": json.loads(tokenizer_file(tokenizer)), "texts": texts, "most": most})
    done = subprocess.run(["node", "--input-type=module", "-e", ROWS_OF, WORDPIECE.as_uri()], input=given, capture_output=True,
                          text=True, check=True)
    made = json.loads(done.stdout)
    return [row["ids"] for row in made], [row["isCut"] for row in made]


@pytest.mark.skipif(not shutil.which("node"), reason="node runs JavaScript")
@pytest.mark.parametrize(("tokens", "every"), [(vocabulary_tokens, 1), (letter_tokens, 5)], ids=["words", "letters"])
def test_the_sites_tokenizer_gives_the_same_ids(tokens, every):
    ours, seeded = BertTokenizer(tokens()), random.Random(7)
    texts = REVIEWS[::5] + [passage[:200] for passage in PASSAGES[::20]] + [odd_text(seeded) for _ in range(7500)]
    assert len(texts) > 10_000
    texts = texts[::every]
    ids, is_cut = in_javascript(ours, texts)
    assert not differing_rows([[ours.cls_id, *ours.ids(text)[:254], ours.sep_id] for text in texts], ids)
    assert is_cut == [len(ours.ids(text)) > 254 for text in texts]
    assert 0 < sum(is_cut) < 100


@pytest.mark.skipif(not shutil.which("node"), reason="node runs JavaScript")
def test_the_sites_tokenizer_leaves_half_a_surrogate_pair_out():
    ours = BertTokenizer(vocabulary_tokens())
    assert in_javascript(ours, ["a \ud83d film", "\ude00"]) == in_javascript(ours, ["a  film", ""])
