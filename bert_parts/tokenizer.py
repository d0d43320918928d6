"""Text → ids, as the published BERTs read it (Devlin et al. 2019, section 3; Wu et al. 2016, section 4.1).

    text             Déjà vu, unbelievably!
    normalize        deja vu, unbelievably!                                  no capitals, accents, control characters
    split_words      deja · vu · , · unbelievably · !                        at spaces, and around punctuation
    word_pieces      de · ##ja · vu · , · un · ##bel · ##ie · ##va · ##bly · !     the longest in the vocabulary
    BertTokenizer    [CLS] … [SEP], and the id of each

The first two are in normalization.py; word_pieces is in wordpiece.py, where a vocabulary is learned from text, too. The ids are
those of the reference, Hugging Face's Rust tokenizer.
"""

import math
import operator
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from functools import reduce
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from bert_parts.files import quoted, whole_file
from bert_parts.normalization import as_list, check_text, normalize, split_words
from bert_parts.wordpiece import LONGEST_WORD, SPECIAL_TOKENS, word_pieces

SPECIAL = re.compile("(" + "|".join(map(re.escape, SPECIAL_TOKENS)) + ")")
ASCII_WORD = re.compile("[A-Za-z0-9]+|[!-~]")     # as split_words cuts ASCII without control characters
REMEMBERED = 50_000      # stretches of text whose ids a tokenizer keeps at hand, and as many words


def truncate(first: list[int], second: list[int], room: float) -> tuple[list[int], list[int]]:
    """Cut the longer of the two until both fit the room; if then both were cut, they share it evenly."""
    if len(first) + len(second) <= room:
        return first, second
    shorter = min(len(first), len(second), room // 2)
    if len(first) > len(second):
        return first[: room - shorter], second[:shorter]
    return first[:shorter], second[: room - shorter]


def build_row(
    first: list[int], second: list[int] | None, max_length: float, cls_id: int, sep_id: int
) -> tuple[list[int], list[int]]:
    """One row of a batch: [CLS] first [SEP], or [CLS] first [SEP] second [SEP].

    Args:
        first: the ids of a text.
        second: the ids of the text that it is paired with, which may be an empty list; None = there
            is no second text.
        max_length: the most ids that the row may have, special ones counted; the longer text gives
            way first, the special tokens never do. math.inf = as many as it has.

    Returns:
        The ids of the row; and the segment of each, 0 up to the first [SEP] and with it, 1 after
        it.
    """
    special = 2 if second is None else 3
    first, rest = truncate(first, second or [], max_length - special)
    ids = [cls_id, *first, sep_id]
    if second is None:
        return ids, [0] * len(ids)
    return [*ids, *rest, sep_id], [0] * len(ids) + [1] * (len(rest) + 1)


def pad_batch(rows: list[tuple[list[int], list[int]]], pad_id: int) -> dict[str, Tensor]:
    """Rows of different lengths as one batch, the shorter ones filled up on the right.

    Args:
        rows: the ids and the segments of each of B rows, as build_row makes them.
        pad_id: the id of [PAD].

    Returns:
        A dict with three tensors, each (B, T) int64, T the longest row: "input_ids" (pad_id in the
        padding), "token_type_ids" (the segments; 0 in the padding) and "attention_mask" (1 for a
        token, 0 for padding).
    """
    return {
        "input_ids": pad([ids for ids, _ in rows], pad_id),
        "token_type_ids": pad([segments for _, segments in rows], 0),
        "attention_mask": pad([[1] * len(ids) for ids, _ in rows], 0),
    }


def pad(rows: list[list[int]], value: int) -> Tensor:
    """Rows of different lengths → (B, T), T the longest of them, filled up on the right."""
    longest = max(map(len, rows))
    flat = array("q")     # as fast as numpy, and several times faster than torch.tensor
    for row in rows:
        flat.fromlist(row + [value] * (longest - len(row)))
    return torch.frombuffer(flat, dtype=torch.int64).view(len(rows), longest)     # (B, T)


class Remembered(dict):
    """Text → its ids, which are read when they are asked for the first time.

    The memory is bounded, whatever is read: when it holds REMEMBERED texts, it begins anew; and a text of more than 100
    characters is not remembered but read every time.
    """

    def __init__(self, read: Callable[[str], tuple[int, ...]]):
        self.read = read

    def __missing__(self, text: str) -> tuple[int, ...]:
        ids = self.read(text)
        if len(text) <= LONGEST_WORD:
            if len(self) >= REMEMBERED:
                self.clear()
            self[text] = ids
        return ids


class BertTokenizer:
    """The WordPiece tokenizer of BERT.

    Args:
        vocab: token → id, the ids being 0, 1, 2, …; or a list of the tokens in the order of their ids.
        lowercase: whether capitals and accents are dropped, as for the "uncased" models.

    Attributes:
        model_max_length: how many tokens of a text the checkpoint is made to read, special ones counted, if that is known.
            Nothing is cut there unless it is given as max_length.

    Raises:
        TypeError: the vocabulary is neither a dict nor a list of text.
        ValueError: it lacks a special token, holds a token twice, or its ids are not 0, 1, 2, …
    """

    def __init__(self, vocab: dict[str, int] | list[str], lowercase: bool = True):
        self.tokens = _tokens_by_id(vocab)
        self.vocab = {token: i for i, token in enumerate(self.tokens)}
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = map(self.vocab.get, SPECIAL_TOKENS)
        self.lowercase = lowercase
        self.model_max_length: int | None = None
        self.remembered = Remembered(self.read)
        self.remembered_words = Remembered(self.read_word)

    @classmethod
    def from_file(cls, path: str | Path, lowercase: bool = True) -> "BertTokenizer":
        """Read a vocab.txt: one token a line, its id the number of the line, counted from 0. Blank lines at its end are none.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: not a vocabulary of BERT.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"There is no file {path}: give the path of a vocab.txt, with one token a line.")
        with open(path, encoding="utf-8") as file:
            try:
                tokens = [line.rstrip("\n") for line in file]
            except UnicodeDecodeError as error:
                raise ValueError(f"{path} is not UTF-8 text ({error.reason}): give the path of a vocab.txt.") from error
        while tokens and not tokens[-1]:
            tokens.pop()
        return cls(tokens, lowercase)

    def save_vocabulary(self, path: str | Path):
        """Write a vocab.txt, for from_file to read."""
        with whole_file(path) as temporary:
            temporary.write_text("".join(f"{token}\n" for token in self.tokens), encoding="utf-8", newline="\n")

    def tokenize(self, text: str) -> list[str]:
        """The pieces of a text. A special token that is written in the text, such as [MASK], is one piece.

        Raises:
            TypeError: not text.
            ValueError: text with half of a surrogate pair, which is no character.
        """
        check_text(text, "text")
        return [piece for word in self.words(text) for piece in word_pieces(word, self.vocab)]

    def ids(self, text: str) -> list[int]:
        """The ids of tokenize(text)."""
        return self.ids_of_each([text])[0]

    def ids_of_each(self, texts: Iterable[str]) -> list[list[int]]:
        """The ids of each text. The same words come again and again: what stands between spaces is read once."""
        read, join = self.remembered.__getitem__, operator.iadd
        return [reduce(join, map(read, text.split(" ")), []) for text in texts]

    def read(self, stretch: str) -> tuple[int, ...]:
        """The ids of what stands between spaces. Its words are remembered, too: "film" is cut once for "Film" and "(film,"."""
        if stretch.isascii() and stretch.isalnum():     # one word, of which at most capitals have to go
            return self.remembered_words[stretch.lower() if self.lowercase else stretch]
        check_text(stretch, "text")
        return tuple(chain.from_iterable(map(self.remembered_words.__getitem__, self.words(stretch))))

    def read_word(self, word: str) -> tuple[int, ...]:
        return tuple(map(self.vocab.__getitem__, word_pieces(word, self.vocab)))

    def words(self, text: str) -> list[str]:
        """What word_pieces gets to cut. A special token is a word, too: the vocabulary holds it as a whole."""
        if text.isascii() and text.isprintable() and "[" not in text:     # most of English, in less time
            return ASCII_WORD.findall(text.lower() if self.lowercase else text)
        words = []
        for part in SPECIAL.split(text):
            words += [part] if part in SPECIAL_TOKENS else split_words(normalize(part, self.lowercase))
        return words

    def __call__(
        self, texts: str | list[str], pairs: str | list[str] | None = None, max_length: int | None = None
    ) -> dict[str, Tensor]:
        """What the model reads: [CLS] text [SEP], or [CLS] text [SEP] pair [SEP], cut to length and padded.

        Args:
            texts: one text, or a list of B of them.
            pairs: None, or the second text of each.
            max_length: the most tokens that a row may have, special ones counted; None = as many as it has.

        Shapes:
            input_ids, token_type_ids (0 for the text, 1 for its pair), attention_mask (1 for a token, 0 for
            padding): each (B, T) int64, T the longest row

        Raises:
            TypeError: something that is not text, or a max_length that is not a whole number.
            ValueError: no text, another number of pairs than of texts, or no room for the special tokens.
        """
        texts = as_list(texts, "texts")
        pairs = [None] * len(texts) if pairs is None else as_list(pairs, "pairs")
        _check_pairs(texts, pairs)
        max_length = _check_max_length(max_length, special=2 if pairs[0] is None else 3)
        second = pairs if pairs[0] is None else self.ids_of_each(pairs)
        return pad_batch(
            [build_row(*row, max_length, self.cls_id, self.sep_id) for row in zip(self.ids_of_each(texts), second, strict=True)],
            self.pad_id,
        )

    def convert_ids_to_tokens(self, ids: list[int] | Tensor) -> list[str]:
        """The token of each id.

        Raises:
            TypeError: something else than one row of whole numbers.
            ValueError: an id that is not in the vocabulary.
        """
        ids = _row_of_ids(ids)
        for i in ids:
            if not 0 <= i < len(self.tokens):
                raise ValueError(
                    f"There is no token {i}, where ids from 0 to {len(self.tokens) - 1} are expected: "
                    f"take the tokenizer that made the ids."
                )
        return [self.tokens[i] for i in ids]

    def decode(self, ids: list[int] | Tensor) -> str:
        """Ids → text to read, without the special tokens. What normalize dropped does not come back.

        Raises:
            as convert_ids_to_tokens
        """
        tokens = [token for token in self.convert_ids_to_tokens(ids) if token not in SPECIAL_TOKENS]
        text = " ".join(tokens).replace(" ##", "")
        return re.sub(r" ([.,!?])", r"\1", text)


def _tokens_by_id(vocab: dict[str, int] | list[str]) -> list[str]:
    """A vocabulary as the list of its tokens, checked."""
    if not isinstance(vocab, dict | list) or not all(isinstance(token, str) for token in vocab):
        raise TypeError(
            f"The vocabulary is {quoted(vocab)}, where a dict (token → id) or a list of tokens is expected: to read one "
            f"from a file use BertTokenizer.from_file."
        )
    if isinstance(vocab, dict) and set(vocab.values()) != set(range(len(vocab))):
        raise ValueError(
            f"The {len(vocab)} tokens of the vocabulary do not have the ids 0 to {len(vocab) - 1}, each once: "
            f"number them without gaps."
        )
    tokens = sorted(vocab, key=vocab.get) if isinstance(vocab, dict) else list(vocab)
    missing = [token for token in SPECIAL_TOKENS if token not in tokens]
    if missing:
        raise ValueError(
            f"The vocabulary of {len(tokens)} tokens lacks {', '.join(missing)}: it needs all of "
            f"{', '.join(SPECIAL_TOKENS)}, so add the missing ones."
        )
    if len(set(tokens)) < len(tokens):
        twice, times = Counter(tokens).most_common(1)[0]
        raise ValueError(f"The vocabulary holds {quoted(twice)} {times} times: a token has one id, so keep one of them.")
    return tokens


def _check_pairs(texts: list[str], pairs: list[str] | list[None]):
    if len(pairs) != len(texts):
        raise ValueError(
            f"There are {len(pairs)} pairs for {len(texts)} texts, where as many are expected: "
            f"give every text its second text."
        )


def _check_max_length(max_length: int | None, special: int) -> float:
    """The length as a number, checked: there must be room for the special tokens."""
    if max_length is None:
        return math.inf
    if not isinstance(max_length, int) or isinstance(max_length, bool):
        raise TypeError(f"max_length is {quoted(max_length)}, where a whole number is expected: give an int, or None.")
    if max_length < special:
        raise ValueError(
            f"max_length is {max_length}, where the special tokens alone take {special}: "
            f"give {special} or more, or None for no limit."
        )
    return max_length


def _row_of_ids(ids: list[int] | Tensor) -> list[int]:
    try:
        return [operator.index(i) for i in (ids.tolist() if isinstance(ids, Tensor) else ids)]
    except TypeError:
        raise TypeError(
            f"The ids are {quoted(ids)}, where one row of whole numbers is expected: "
            f"give a list of int or a 1-D tensor, and a batch row by row."
        ) from None
