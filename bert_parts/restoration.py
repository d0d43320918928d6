"""Capitals and punctuation marks, taken off real text, so that they can be put back: labels for words that cost nothing."""

import re

from bert_parts.masking import NOT_ASKED
from bert_parts.tokenizer import BertTokenizer

CASES = ("word", "Word", "WORD")
MARKS = ("", ",", ".", "?")
LABELS = [case + mark for case in CASES for mark in MARKS]     # "word", "word,", …: a picture of what each does
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")     # don't is one word


def strip_text(text: str) -> tuple[list[str], list[int]]:
    """The words of a text in lower case without any marks, and what was taken off each, as its place in LABELS.

    Other marks than , . ? are lost: ! and ; and : count as a full stop, all else as nothing. A word with capitals inside,
    such as McDonald, counts as one with a capital in front.
    """
    found = list(WORD.finditer(text))
    follows = [text[word.end() : word.end() + 1] for word in found]
    marks = ["." if mark and mark in "!;:" else mark if mark in MARKS else "" for mark in follows]
    labels = [LABELS.index(_case_of(word.group()) + mark) for word, mark in zip(found, marks, strict=True)]
    return [word.group().lower() for word in found], labels


def _case_of(word: str) -> str:
    if word == word.lower():
        return "word"
    return "WORD" if len(word) > 1 and word == word.upper() else "Word"


def restore_text(words: list[str], labels: list[int]) -> str:
    """The words with what their labels say."""
    return " ".join(_restored(word, LABELS[label]) for word, label in zip(words, labels, strict=True))


def _restored(word: str, label: str) -> str:
    case = {"word": word, "Word": word[:1].upper() + word[1:], "WORD": word.upper()}
    return case[label.rstrip(",.?")] + label[4:]


def label_tokens(words: list[str], labels: list[int], tokenizer: BertTokenizer) -> tuple[list[int], list[int]]:
    """One row for the model, and a label for each of its tokens.

    A word's label is asked for once, at its first piece. At all other pieces, and at [CLS] and
    [SEP], it is NOT_ASKED (Devlin et al. 2019, section 5.3).

    Returns:
        The ids and the labels, one for each token.
    """
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels, strict=True):
        pieces = tokenizer.ids(word)
        ids += pieces
        asked += [label, *[NOT_ASKED] * (len(pieces) - 1)][: len(pieces)]
    return [*ids, tokenizer.sep_id], [*asked, NOT_ASKED]
