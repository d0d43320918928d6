"""Capitals and marks: taken off and put back; labels for the first piece of each word only."""

import string

import pytest
import transformers
from hypothesis import given
from hypothesis import strategies as st

from bert_parts import load_pretrained, passages
from bert_parts.checkpoint import find_checkpoint
from bert_parts.restoration import LABELS, label_tokens, restore_text, strip_text

TOKENIZER = load_pretrained()[1]


@pytest.mark.parametrize(
    "text, words, labels",
    [
        ("Yes, it rained.", ["yes", "it", "rained"], ["Word,", "word", "word."]),
        ("The U.S. and NASA; is I?", ["the", "u", "s", "and", "nasa", "is", "i"],
         ["Word", "Word.", "Word.", "word", "WORD.", "word", "Word?"]),
        ('She said: "Don\'t!" (in 1990)', ["she", "said", "don't", "in", "1990"], ["Word", "word.", "Word.", "word", "word"]),
        ("McDonald’s _x_", ["mcdonald’s", "x"], ["Word", "word"]),
        ("", [], []),
    ],
)
def test_what_is_taken_off(text, words, labels):
    given_, taken = strip_text(text)
    assert given_ == words and [LABELS[label] for label in taken] == labels


def test_plain_text_comes_back():
    """Text with none but these marks is restored to the letter; of real text nearly every word is."""
    text = "The river Thames, in the UK, is 346 km long. Is NASA there? No."
    assert restore_text(*strip_text(text)) == text
    same = total = 0
    for passage in passages()[:300]:
        words = [word.strip(string.punctuation) for word in passage.text.split()]
        back = [word.strip(string.punctuation) for word in restore_text(*strip_text(passage.text)).split()]
        total += len(words)
        same += len(set(words) & set(back)) / max(1, len(set(words))) * len(words)
    assert same / total > 0.9


@given(st.text(max_size=80))
def test_any_text(text):
    words, labels = strip_text(text)
    assert len(words) == len(labels) and all(word == word.lower() and word for word in words)
    assert all(0 <= label < len(LABELS) for label in labels)
    assert len(restore_text(words, labels).split(" ")) == max(1, len(words))


def test_labels_against_transformers():
    """Their tokenizer says which word each token is of: the first of each has the label."""
    theirs = transformers.BertTokenizerFast(str(find_checkpoint("all-MiniLM-L6-v2") / "vocab.txt"))
    for passage in passages()[:100]:
        words, labels = strip_text(passage.text)
        ids, asked = label_tokens(words, labels, TOKENIZER)
        encoded = theirs(words, is_split_into_words=True)
        owners = encoded.word_ids()
        assert ids == encoded["input_ids"]
        firsts = [owner is not None and owner != before for owner, before in zip(owners, [None, *owners], strict=False)]
        assert asked == [labels[owner] if first else -100 for owner, first in zip(owners, firsts, strict=True)]


def test_a_word_that_leaves_no_token():
    """A word of control characters only has no piece, and its label is asked for nowhere."""
    assert label_tokens(["a", "\u0000", "b"], [1, 2, 3], TOKENIZER)[1] == [-100, 1, 3, -100]
