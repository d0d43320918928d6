"""Learning a vocabulary, against the slow way and against Hugging Face's `tokenizers`; rows and batches."""

import hashlib
import math
import os
import random
import subprocess
import sys
import time
from collections import Counter
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from bert_parts import BertTokenizer, movie_reviews, passages, train_wordpiece, yes_no_questions
from bert_parts.normalization import normalize, split_words
from bert_parts.tokenizer import build_row, pad_batch
from bert_parts.wordpiece import (
    SPECIAL_TOKENS,
    UNK,
    WordsInPieces,
    best_pair,
    count_words,
    fertility,
    join_pair,
    joined,
    letters,
)

REVIEWS = [review.text for review in movie_reviews()]
PASSAGES = [passage.text for passage in passages()]


@pytest.fixture(scope="module")
def learned():
    """4,000 tokens learned from all passages, and the seconds of one processor that it took."""
    began = time.process_time()
    tokens = train_wordpiece(PASSAGES, 4000)
    return tokens, time.process_time() - began


def most_frequent(pair_counts, piece_counts):
    return min(pair_counts, key=lambda pair: (-pair_counts[pair], pair))


def the_slow_way(texts, vocab_size, min_frequency, choose=best_pair):
    """Everything is counted anew before each choice."""
    words = Counter(word for text in texts for word in split_words(normalize(text)) if len(word) <= 100)
    cut = {word: letters(word) for word in words}
    vocab = [*SPECIAL_TOKENS, *sorted({piece for pieces in cut.values() for piece in pieces})]
    while len(vocab) < vocab_size:
        pieces, pairs = Counter(), Counter()
        for word, times in words.items():
            for piece in cut[word]:
                pieces[piece] += times
            for first, second in zip(cut[word], cut[word][1:], strict=False):
                pairs[first, second] += times
        if not pairs:
            break
        while not any(count >= min_frequency for count in pairs.values()):
            min_frequency //= 2
        pair = choose({pair: count for pair, count in pairs.items() if count >= min_frequency}, pieces)
        cut = {word: join_pair(pieces, pair) for word, pieces in cut.items()}
        if joined(pair) not in vocab:
            vocab.append(joined(pair))
    return vocab


# Learning ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("min_frequency", "choose"), [(1, best_pair), (40, best_pair), (40, most_frequent)])
def test_the_same_as_the_slow_way(min_frequency, choose):
    texts = REVIEWS[:120]
    tokens = train_wordpiece(texts, 220, min_frequency=min_frequency, choose=choose)
    assert tokens == the_slow_way(texts, 220, min_frequency, choose)
    assert len(tokens) == 220


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.text(alphabet="aab ", max_size=12), min_size=1, max_size=6), min_frequency=st.integers(1, 9))
def test_the_same_as_the_slow_way_on_words_full_of_repeats(texts, min_frequency):
    tokens = train_wordpiece(texts, 60, min_frequency=min_frequency)
    assert tokens == the_slow_way(texts, 60, min_frequency)
    assert len(set(tokens)) == len(tokens)


def test_the_floor_is_one_in_a_thousand_words():
    texts = ["tan tin ton"] * 1000 + ["ox"] * 2     # 3,002 words: a pair must come three times
    alphabet = [*SPECIAL_TOKENS, "##a", "##i", "##n", "##o", "##x", "o", "t"]
    assert "ox" not in train_wordpiece(texts, 16)
    assert train_wordpiece(texts, 16, min_frequency=3) == train_wordpiece(texts, 16)
    assert train_wordpiece(texts, 16, min_frequency=1)[:13] == [*alphabet, "ox"]     # rare, and never without each other
    assert train_wordpiece(texts, 100)[-1] == "ox"     # it has its turn when nothing more frequent is left


def test_counts_stay_right():
    words = WordsInPieces(count_words(REVIEWS[:200]))
    words.demand(5)
    for _ in range(150):
        words.join(best_pair(words.frequent, words.piece_counts))
    pieces, pairs = Counter(), Counter()
    for cut, times in zip(words.words, words.times, strict=True):
        for piece in cut:
            pieces[piece] += times
        for pair in zip(cut, cut[1:], strict=False):
            pairs[pair] += times
    assert words.pair_counts == pairs and +words.piece_counts == pieces
    assert words.frequent == {pair: count for pair, count in pairs.items() if count >= 5}
    assert words.places == {
        pair: {place for place, cut in enumerate(words.words) if pair in zip(cut, cut[1:], strict=False)} for pair in pairs
    }


def test_counts_of_words():
    words = count_words(["A film,\ta  Film", "déjà-vu", "x" * 100, "y" * 101])
    assert words == {"a": 2, "film": 2, ",": 1, "deja": 1, "-": 1, "vu": 1, "x" * 100: 1}
    assert "Film" in count_words(["Film"], lowercase=False)
    assert count_words(REVIEWS) == Counter(word for text in REVIEWS for word in split_words(normalize(text)))


def test_fast_enough(learned):
    tokens, seconds = learned
    assert len(tokens) == 4000
    assert seconds <= 60


def test_what_is_learned(learned):
    tokens, _ = learned
    alphabet = [token for token in tokens[5:] if len(token.removeprefix("##")) == 1]
    assert tokens[:5] == list(SPECIAL_TOKENS)
    assert tokens[5 : 5 + len(alphabet)] == sorted(alphabet)
    assert {"the", "which", "##ing", "2017", "states"} <= set(tokens)
    assert train_wordpiece(REVIEWS[:300], 600)[:500] == train_wordpiece(REVIEWS[:300], 500)


def test_the_same_on_every_run():
    program = (
        "import hashlib, random; from bert_parts import movie_reviews, train_wordpiece\n"
        "texts = [review.text for review in movie_reviews()[:300]]; random.shuffle(texts)\n"
        "print(hashlib.sha256('\\n'.join(train_wordpiece(texts, 400)).encode()).hexdigest())"
    )
    expected = hashlib.sha256("\n".join(train_wordpiece(REVIEWS[:300], 400)).encode()).hexdigest()
    for seed in "12":
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


def test_a_text_that_is_used_up():
    tokens = train_wordpiece(["tan tin"], 100)
    assert len(tokens) < 100 and {"tan", "tin"} <= set(tokens)
    assert train_wordpiece(["", " "], 5) == list(SPECIAL_TOKENS)


def test_the_most_frequent_pair_as_in_tokenizers():
    """Hugging Face's WordPieceTrainer goes by counts alone. Ties it breaks in another way, so a few tokens may differ."""
    reference = Tokenizer(models.WordPiece(unk_token=UNK))
    reference.normalizer, reference.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=800, special_tokens=list(SPECIAL_TOKENS), show_progress=False)
    reference.train_from_iterator(REVIEWS, trainer)
    ours = train_wordpiece(REVIEWS, 800, choose=most_frequent)
    assert len(set(ours) ^ set(reference.get_vocab())) <= 6


@pytest.mark.parametrize(
    ("texts", "vocab_size", "error", "message"),
    [
        (None, 100, TypeError, "texts is None, where a text or a list of texts is expected"),
        ([], 100, ValueError, "texts is an empty list"),
        (["a", b"b"], 100, TypeError, r"texts\[1\] is b'b' \(bytes\)"),
        (["a \ud83d"], 100, ValueError, "half of a surrogate pair"),
        (["film"], 8, ValueError, "vocab_size is 8, where special tokens and letters alone take 9: give more"),
    ],
)
def test_refuses(texts, vocab_size, error, message):
    with pytest.raises(error, match=message):
        train_wordpiece(texts, vocab_size)


# Reading with it -----------------------------------------------------------------------------------------------------


def test_reads_as_tokenizers_does(learned):
    """The same ids for the whole corpus, the reviews and the questions."""
    tokens, _ = learned
    ours = BertTokenizer(tokens)
    theirs = Tokenizer(models.WordPiece(ours.vocab, unk_token=UNK, max_input_chars_per_word=100))
    theirs.normalizer, theirs.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    theirs.add_special_tokens(list(SPECIAL_TOKENS))
    texts = [*PASSAGES, *REVIEWS, *(question.text for question in yes_no_questions())]
    encoded = theirs.encode_batch(texts, add_special_tokens=False)
    differing = [text for text, their in zip(texts, encoded, strict=True) if ours.ids(text) != their.ids]
    assert differing == []


def test_nothing_in_the_text_it_was_learned_from_is_unknown(learned):
    tokenizer = BertTokenizer(learned[0])
    unknown = {word for word in count_words(PASSAGES) if UNK in tokenizer.tokenize(word)}
    assert unknown == set()


def test_rare_pairs_let_in_would_spoil_it():
    def length(min_frequency):
        tokenizer = BertTokenizer(train_wordpiece(REVIEWS[:2000], 1000, min_frequency=min_frequency))
        return sum(len(tokenizer.ids(text)) for text in REVIEWS[2000:2200])

    assert length(None) < 0.6 * length(1)


# The steps -----------------------------------------------------------------------------------------------------------

COUNTS = st.integers(1, 4)     # small, so that scores are often equal
PIECES = st.sampled_from(["a", "b", "##a", "##b", "##ab"])


@settings(max_examples=300, deadline=None)
@given(pairs=st.dictionaries(st.tuples(PIECES, PIECES), COUNTS, min_size=1), counts=st.lists(COUNTS, min_size=5, max_size=5))
def test_best_pair_by_exact_fractions(pairs, counts):
    pieces = dict(zip(["a", "b", "##a", "##b", "##ab"], counts, strict=True))
    scores = {pair: Fraction(count, pieces[pair[0]] * pieces[pair[1]]) for pair, count in pairs.items()}
    best = [pair for pair in pairs if scores[pair] == max(scores.values())]
    best = [pair for pair in best if pairs[pair] == max(pairs[pair] for pair in best)]
    assert best_pair(pairs, pieces) == sorted(best)[0]


@settings(max_examples=300, deadline=None)
@given(word=st.text(alphabet="ab", min_size=1, max_size=10), place=st.integers(0, 8))
def test_join_pair_as_one_merge_of_tokenizers(word, place):
    pieces = letters(word)
    pair = tuple((pieces + ["##a", "##a"])[min(place, len(pieces)) :][:2])
    vocab = {piece: i for i, piece in enumerate(dict.fromkeys(["a", "b", "##a", "##b", joined(pair)]))}
    theirs = Tokenizer(models.BPE(vocab=vocab, merges=[pair], continuing_subword_prefix="##"))
    assert join_pair(pieces, pair) == theirs.encode(word).tokens
    assert pieces == letters(word)     # the list that was given is as it was


def test_join_pair():
    assert join_pair(["h", "##a", "##a", "##a"], ("##a", "##a")) == ["h", "##aa", "##a"]
    assert join_pair(["f", "##i"], ("f", "##i")) == ["fi"]
    assert join_pair(["##f", "##i"], ("f", "##i")) == ["##f", "##i"]
    assert join_pair([], ("a", "##b")) == []


def test_fertility_is_that_of_the_text():
    tokenizer = BertTokenizer([*SPECIAL_TOKENS, "film", "##s", "the", "un", "##like", "##ly"])
    text = "the films the film unlikely zeppelins the the films zoo"
    pieces = tokenizer.tokenize(text)
    assert fertility(count_words([text]), tokenizer.vocab) == (len(pieces) / 10, pieces.count(UNK) / 10) == (1.4, 0.2)


def test_build_row():
    assert build_row([1, 2], None, math.inf, 8, 9) == ([8, 1, 2, 9], [0, 0, 0, 0])
    assert build_row([1, 2], [3], math.inf, 8, 9) == ([8, 1, 2, 9, 3, 9], [0, 0, 0, 0, 1, 1])
    assert build_row([1, 2], [], math.inf, 8, 9) == ([8, 1, 2, 9, 9], [0, 0, 0, 0, 1])
    assert build_row([1, 2, 3], None, 3, 8, 9) == ([8, 1, 9], [0, 0, 0])
    assert build_row([1, 2, 3], [4, 5], 7, 8, 9) == ([8, 1, 2, 9, 4, 5, 9], [0, 0, 0, 0, 1, 1, 1])


def test_pad_batch():
    batch = pad_batch([([8, 1, 9, 7, 9], [0, 0, 0, 1, 1]), ([8, 9], [0, 0])], 7)
    assert batch["input_ids"].tolist() == [[8, 1, 9, 7, 9], [8, 9, 7, 7, 7]]
    assert batch["token_type_ids"].tolist() == [[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]     # a 7 in the text is a token
    assert all(tensor.dtype == torch.int64 for tensor in batch.values())


def test_odd_rows_as_tokenizers_builds_them():
    seeded = random.Random(0)
    ours = BertTokenizer(train_wordpiece(REVIEWS[:100], 300))
    theirs = Tokenizer(models.WordPiece(ours.vocab, unk_token=UNK))
    theirs.normalizer, theirs.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    theirs.post_processor = processors.BertProcessing(("[SEP]", ours.sep_id), ("[CLS]", ours.cls_id))
    for _ in range(200):
        first, second = seeded.choices(REVIEWS, k=2)
        length = seeded.randint(3, 60)
        theirs.enable_truncation(length, strategy="longest_first")
        pair = seeded.choice([None, second])
        expected = theirs.encode(first, pair)
        assert build_row(ours.ids(first), None if pair is None else ours.ids(pair), length, ours.cls_id, ours.sep_id) == (
            expected.ids, expected.type_ids)
