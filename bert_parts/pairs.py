"""Texts → rows to learn from: pairs that belong together or do not (Devlin et al. 2019, section 3.1, task 2); rows without padding.

All that is drawn at random is drawn from a generator that is given, so that the same seed makes the same pairs.
"""

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from bert_parts.tokenizer import BertTokenizer, truncate


class Pair(NamedTuple):
    """Two texts as ids without special tokens, and whether the second followed upon the first in its document."""

    first: list[int]
    second: list[int]
    follows: bool


def sentence_pairs(documents: list[list[list[int]]], room: int, generator: Generator) -> list[Pair]:
    """Pairs for next sentence prediction: half of the seconds follow, half are of another document.

    Each document is read from its beginning. Sentences are taken until the room is full; a cut
    between two of them, drawn at random, ends the first text. The second is what comes after the
    cut; or sentences of another document drawn at random, from any one of them on, until the room
    beside the first is full, and then what comes after the cut begins the next pair (Devlin et al.
    2019, section 3.1, task 2, and appendix A.2). A sentence left alone at the end gives no pair.

    Args:
        documents: two or more, each a list of sentences, each of these a list of ids, none empty.
        room: the number of ids that both texts may have together; the longer one is cut first,
            true pair or false.

    Returns:
        A Pair for each: the first text, the second, and whether it follows.

    Raises:
        ValueError: there are fewer than two documents, so that there is no other.
    """
    if len(documents) < 2:
        raise ValueError(f"The number of documents is {len(documents)}, and a false pair needs another: give two or more.")
    pairs = []
    for place, document in enumerate(documents):
        start = 0
        while start + 1 < len(document):
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)     # at least one sentence on each side
            first, second = together(document[start:cut]), together(document[cut:end])
            follows = draw(2, generator) == 0
            if not follows:
                second = from_another(documents, place, room - len(first), generator)
            pairs.append(Pair(*truncate(first, second, room), follows))
            start = end if follows else cut
    return pairs


def where_full(document: list[list[int]], start: int, room: int, least: int = 2) -> int:
    """Where the sentences from `start` on have filled the room; `least` sentences further on at least, if there are so many."""
    end, used = start, 0
    while end < len(document) and (used < room or end < start + least):
        used += len(document[end])
        end += 1
    return end


def from_another(documents: list[list[list[int]]], place: int, room: int, generator: Generator) -> list[int]:
    """Sentences that fill the room, from any sentence on of any document but the one at `place`; fewer where it ends.

    Gathered as the true seconds are, so that a false one is as long and ends in a full stop as often.
    """
    other = documents[(place + 1 + draw(len(documents) - 1, generator)) % len(documents)]
    start = draw(len(other), generator)
    return together(other[start : where_full(other, start, room, least=1)])


def together(sentences: list[list[int]]) -> list[int]:
    return [token for sentence in sentences for token in sentence]


def draw(number: int, generator: Generator) -> int:
    """One of 0, 1, …, number − 1, each as likely."""
    return int(torch.randint(number, (), generator=generator))


def pack(texts: list[list[int]], length: int, tokenizer: BertTokenizer) -> Tensor:
    """Texts one after the other, [SEP] after each, cut into rows that are full: no place is given to padding.

    A text may begin in one row and end in the next. What does not fill a row at the end is left out.

    Shapes:
        lists of ids → (N, T), T = length; each row begins with [CLS]

    Raises:
        ValueError: the texts do not fill one row, or a row is shorter than 2.
    """
    if length < 2:
        raise ValueError(f"length is {length}, where room for [CLS] and at least one token, 2 or more, is expected.")
    stream = [token for text in texts for token in (*text, tokenizer.sep_id)]
    rows = len(stream) // (length - 1)
    if not rows:
        raise ValueError(f"The texts have {len(stream)} tokens together, too few for one row of {length}: give more text.")
    body = torch.tensor(stream[: rows * (length - 1)]).view(rows, length - 1)
    return torch.cat([torch.full((rows, 1), tokenizer.cls_id), body], dim=1)
