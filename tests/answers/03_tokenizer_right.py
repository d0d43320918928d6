# %% best_pair | exact fractions
# style: careful beginner
from fractions import Fraction


def best_pair(pair_counts, piece_counts):
    best = None
    for pair in pair_counts:
        score = Fraction(pair_counts[pair], piece_counts[pair[0]] * piece_counts[pair[1]])
        entry = (-score, -pair_counts[pair], pair)
        if best is None or entry < best:
            best = entry
    return best[2]


# %% best_pair | stable sorts, the least important first
# style: sorting
from operator import itemgetter as take


def best_pair(pair_counts, piece_counts):
    table = [(pair, count, count / (piece_counts[pair[0]] * piece_counts[pair[1]])) for pair, count in pair_counts.items()]
    table.sort(key=take(0))
    table.sort(key=take(1), reverse=True)
    table.sort(key=take(2), reverse=True)
    return table[0][0]


# %% best_pair | a named tuple and a helper beside it
# style: helper functions
from collections import namedtuple

Candidate = namedtuple("Candidate", "score count pair")

def candidate(pair, count, piece_counts):
    first, second = pair
    return Candidate(-count / (piece_counts[first] * piece_counts[second]), -count, pair)

def best_pair(pair_counts, piece_counts):
    return min(candidate(pair, count, piece_counts) for pair, count in pair_counts.items()).pair


# %% best_pair | narrowed down in three steps
# style: loops
def best_pair(pair_counts, piece_counts):
    scores = {(a, b): n / (piece_counts[a] * piece_counts[b]) for (a, b), n in pair_counts.items()}
    top = max(scores.values())
    left = [pair for pair, score in scores.items() if score == top]
    often = max(pair_counts[pair] for pair in left)
    left = [pair for pair in left if pair_counts[pair] == often]
    left.sort()
    return left[0]


# %% best_pair | cross-multiplied in a comparison function
# style: from C
from functools import cmp_to_key
from typing import Dict, Tuple

Pair = Tuple[str, str]

def best_pair(pair_counts: Dict[Pair, int], piece_counts: Dict[str, int]) -> Pair:
    def compare(p: Pair, q: Pair) -> int:
        left = pair_counts[p] * piece_counts[q[0]] * piece_counts[q[1]]
        right = pair_counts[q] * piece_counts[p[0]] * piece_counts[p[1]]
        if left != right:
            return right - left
        if pair_counts[p] != pair_counts[q]:
            return pair_counts[q] - pair_counts[p]
        return -1 if p < q else int(p > q)

    return sorted(pair_counts, key=cmp_to_key(compare))[0]


# %% best_pair | a lambda beside the function, heapq
# style: one-liner
import heapq

score = lambda pair, pairs, pieces: pairs[pair] / (pieces[pair[0]] * pieces[pair[1]])

def best_pair(pair_counts, piece_counts):
    return heapq.nsmallest(1, pair_counts, key=lambda p: (-score(p, pair_counts, piece_counts), -pair_counts[p], p))[0]


# %% best_pair | NumPy's lexsort over sorted pairs
# style: NumPy
import numpy as np


def best_pair(pair_counts, piece_counts):
    pairs = sorted(pair_counts)
    n = np.array([pair_counts[p] for p in pairs], dtype=np.float64)
    scores = n / np.array([piece_counts[a] * piece_counts[b] for a, b in pairs], dtype=np.float64)
    order = np.lexsort((np.arange(len(pairs)), -n, -scores))
    return pairs[order[0]]


# %% join_pair | a stack of pieces
# style: one-liner
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    out = []
    for piece in pieces:
        if out and (out[-1], piece) == tuple(pair):
            out[-1] = joined(pair)
        else:
            out.append(piece)
    return out


# %% join_pair | recursion with pattern matching
# style: functional
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    match list(pieces):
        case [a, b, *rest] if (a, b) == pair:
            return [joined(pair), *join_pair(rest, pair)]
        case [a, *rest]:
            return [a, *join_pair(rest, pair)]
        case _:
            return []


# %% join_pair | a flag that says that the piece is used up
# style: careful beginner
def join_pair(pieces, pair):
    first, second = pair
    new_piece = first + second[2:] if second.startswith("##") else first + second
    result = []
    skip = False
    for number, piece in enumerate(pieces):
        if skip:
            skip = False
            continue
        is_last = number == len(pieces) - 1
        if not is_last and piece == first and pieces[number + 1] == second:
            result.append(new_piece)
            skip = True
        else:
            result.append(piece)
    return result


# %% join_pair | a copy that shrinks
# style: Python's list methods
import bert_parts.wordpiece as bt


def join_pair(pieces, pair):
    word, i = list(pieces), 0
    while i < len(word) - 1:
        if word[i : i + 2] == list(pair):
            word[i : i + 2] = [bt.joined(pair)]
        i += 1
    return word


# %% join_pair | a generator inside
# style: helper functions
from bert_parts.wordpiece import joined as glue


def join_pair(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    def walk():
        stream = iter(pieces)
        held = next(stream, None)
        while held is not None:
            following = next(stream, None)
            if (held, following) == pair:
                yield glue(pair)
                held = next(stream, None)
            else:
                yield held
                held = following

    return list(walk())


# %% join_pair | a deque
# style: helper functions
from collections import deque

MARK = "##"

def join_pair(pieces, pair):
    queue, done = deque(pieces), []
    while queue:
        piece = queue.popleft()
        if piece == pair[0] and queue and queue[0] == pair[1]:
            piece += queue.popleft().removeprefix(MARK)
        done.append(piece)
    return done


# %% word_pieces | HF's loop with its names
# style: HF
def word_pieces(word, vocab, unk_token="[UNK]", max_input_chars_per_word=100):
    chars = list(word)
    if len(chars) > max_input_chars_per_word:
        return [unk_token]
    is_bad = False
    start = 0
    sub_tokens = []
    while start < len(chars):
        end = len(chars)
        cur_substr = None
        while start < end:
            substr = "".join(chars[start:end])
            if start > 0:
                substr = "##" + substr
            if substr in vocab:
                cur_substr = substr
                break
            end -= 1
        if cur_substr is None:
            is_bad = True
            break
        sub_tokens.append(cur_substr)
        start = end
    return [unk_token] if is_bad else sub_tokens


# %% word_pieces | recursion over the rest, None where it cannot be cut
# style: recursion
def cut(text, mark, vocab):
    if text == "":
        return []
    for end in reversed(range(1, len(text) + 1)):
        piece = mark + text[:end]
        if piece in vocab:
            rest = cut(text[end:], "##", vocab)
            return None if rest is None else [piece] + rest
    return None

def word_pieces(word, vocab):
    pieces = cut(word, "", vocab) if len(word) <= 100 else None
    return ["[UNK]"] if pieces is None else pieces


# %% word_pieces | next() with a default
# style: one-liner
UNKNOWN, LIMIT = "[UNK]", 100

def word_pieces(word, vocab):
    if len(word) > LIMIT:
        return [UNKNOWN]
    pieces, rest, mark = [], word, ""
    while rest:
        end = next((e for e in range(len(rest), 0, -1) if mark + rest[:e] in vocab), 0)
        if not end:
            return [UNKNOWN]
        pieces.append(mark + rest[:end])
        rest, mark = rest[end:], "##"
    return pieces


# %% word_pieces | an error of its own, caught
# style: helper functions
class NoPiece(Exception):
    pass

def longest(text, prefix, vocab):
    for length in range(len(text), 0, -1):
        if prefix + text[:length] in vocab:
            return length
    raise NoPiece(text)

def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    result = []
    position = 0
    try:
        while position < len(word):
            prefix = "##" if position > 0 else ""
            length = longest(word[position:], prefix, vocab)
            result.append(prefix + word[position : position + length])
            position += length
    except NoPiece:
        return ["[UNK]"]
    return result


# %% word_pieces | a generator that is asked for all pieces
# style: functional
from collections.abc import Iterator, Mapping


def word_pieces(word: str, vocab: Mapping[str, int]) -> list[str]:
    def pieces() -> Iterator[str | None]:
        start = 0
        while start < len(word):
            fits = [end for end in range(start + 1, len(word) + 1) if ("##" * bool(start)) + word[start:end] in vocab]
            if not fits:
                yield None
                return
            yield ("##" * bool(start)) + word[start : max(fits)]
            start = max(fits)

    found = list(pieces()) if len(word) <= 100 else [None]
    return ["[UNK]"] if None in found else found


# %% word_pieces | the word is marked first, like a piece
# style: loops
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces = []
    text = word
    shortest = 0
    while len(text) > shortest:
        end = len(text)
        while end > shortest and text[:end] not in vocab:
            end -= 1
        if end == shortest:
            return ["[UNK]"]
        pieces.append(text[:end])
        text = "##" + text[end:]
        shortest = 2
    return pieces


# %% build_row | truncate used once
# style: one-liner
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    a, b = truncate(first, [] if second is None else second, max_length - (2 if second is None else 3))
    left, right = [cls_id, *a, sep_id], [] if second is None else [*b, sep_id]
    return left + right, [0] * len(left) + [1] * len(right)


# %% build_row | the cutting written out
# style: careful beginner
def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        if len(first) + 2 > max_length:
            first = first[: max_length - 2]
        ids = [cls_id] + list(first) + [sep_id]
        return ids, [0 for _ in ids]
    keep_first, keep_second = len(first), len(second)
    first_was_longer = keep_first > keep_second
    while keep_first + keep_second + 3 > max_length:
        if keep_first > keep_second:
            keep_first -= 1
        elif keep_second > keep_first:
            keep_second -= 1
        elif first_was_longer:
            keep_second -= 1
        else:
            keep_first -= 1
    ids = [cls_id] + first[:keep_first] + [sep_id] + second[:keep_second] + [sep_id]
    segments = [0] * (keep_first + 2) + [1] * (keep_second + 1)
    return ids, segments


# %% build_row | Hugging Face's tie: of two equally long texts the second gives way
# style: HF
def build_row(first, second, max_length, cls_id, sep_id):
    a, b = list(first), list(second or [])
    special = 2 if second is None else 3
    while len(a) + len(b) + special > max_length:
        if len(a) > len(b):
            a.pop()
        else:
            b.pop()
    ids = [cls_id] + a + [sep_id]
    segments = [0] * len(ids)
    if second is not None:
        ids += b + [sep_id]
        segments += [1] * (len(b) + 1)
    return ids, segments


# %% build_row | cumulative sum of [SEP]s, by place
# style: loops
import math

from bert_parts.tokenizer import truncate


def build_row(first, second, max_length=math.inf, cls_id=101, sep_id=102):
    texts = [first] if second is None else [first, second]
    room = max_length - len(texts) - 1
    kept = truncate(*texts, room) if len(texts) == 2 else truncate(first, [], room)[:1]
    ids, segments = [cls_id], [0]
    for number, text in enumerate(kept):
        ids.extend(text)
        ids.append(sep_id)
        segments.extend([number] * (len(text) + 1))
    return ids, segments


# %% build_row | helpers inside
# style: helper functions
import bert_parts.tokenizer


def build_row(first, second, max_length, cls_id, sep_id):
    cut = bert_parts.tokenizer.truncate

    def single():
        text, _ = cut(first, [], max_length - 2)
        return [cls_id] + text + [sep_id]

    def pair():
        one, two = cut(first, second, max_length - 3)
        return [cls_id] + one + [sep_id], two + [sep_id]

    if second is None:
        row = single()
        return row, len(row) * [0]
    left, right = pair()
    return left + right, len(left) * [0] + len(right) * [1]


# %% build_row | zipped from pairs
# style: functional
from itertools import chain, repeat

from bert_parts.tokenizer import truncate


def build_row(first: list[int], second: list[int] | None, max_length: float, cls_id: int, sep_id: int):
    is_pair = second is not None
    a, b = truncate(first, second or [], max_length - 2 - is_pair)
    row = chain(zip([cls_id, *a, sep_id], repeat(0)), zip([*b, sep_id] if is_pair else [], repeat(1)))
    ids, segments = zip(*row)
    return list(ids), list(segments)


# %% build_row | HF's names, a decorator that counts nothing
# style: HF
import functools

from bert_parts.tokenizer import truncate


def documented(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

@documented
def build_row(first, second, max_length, cls_id, sep_id):
    token_ids_0, token_ids_1 = first, second
    if token_ids_1 is None:
        token_ids_0, _ = truncate(token_ids_0, [], max_length - 2)
        cls, sep = [cls_id], [sep_id]
        return cls + token_ids_0 + sep, len(cls + token_ids_0 + sep) * [0]
    token_ids_0, token_ids_1 = truncate(token_ids_0, token_ids_1, max_length - 3)
    cls, sep = [cls_id], [sep_id]
    return cls + token_ids_0 + sep + token_ids_1 + sep, len(cls + token_ids_0 + sep) * [0] + len(token_ids_1 + sep) * [1]


# %% pad_batch | pad_sequence
# style: HF
import torch
from torch.nn.utils.rnn import pad_sequence


def pad_batch(rows, pad_id):
    ids, segments = zip(*rows)
    return {
        "input_ids": pad_sequence([torch.tensor(i) for i in ids], batch_first=True, padding_value=pad_id),
        "token_type_ids": pad_sequence([torch.tensor(s) for s in segments], batch_first=True),
        "attention_mask": pad_sequence([torch.ones_like(torch.tensor(i)) for i in ids], batch_first=True),
    }


# %% pad_batch | filled tensors, then slices
# style: NumPy
import torch


def pad_batch(rows, pad_id):
    B, T = len(rows), max(len(ids) for ids, _ in rows)
    input_ids = torch.full((B, T), pad_id, dtype=torch.int64)
    token_type_ids = torch.zeros((B, T), dtype=torch.int64)
    attention_mask = torch.zeros((B, T), dtype=torch.int64)
    for b, (ids, segments) in enumerate(rows):
        input_ids[b, : len(ids)] = torch.as_tensor(ids)
        token_type_ids[b, : len(ids)] = torch.as_tensor(segments)
        attention_mask[b, : len(ids)] = 1
    return dict(input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask)


# %% pad_batch | a helper that bears a name of the course
# style: helper functions
import torch


def pad(values, width, value):
    return values + [value] * (width - len(values))

def pad_batch(rows, pad_id):
    width = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": torch.tensor([pad(ids, width, pad_id) for ids, _ in rows]),
        "token_type_ids": torch.tensor([pad(segments, width, 0) for _, segments in rows]),
        "attention_mask": torch.tensor([pad([1] * len(ids), width, 0) for ids, _ in rows]),
    }


# %% pad_batch | zip_longest, turned
# style: one-liner
import itertools

import torch


def pad_batch(rows, pad_id):
    table = lambda lists, value: torch.tensor(list(zip(*itertools.zip_longest(*lists, fillvalue=value))))
    return {
        "input_ids": table([ids for ids, _ in rows], pad_id),
        "token_type_ids": table([segments for _, segments in rows], 0),
        "attention_mask": table([[1 for _ in ids] for ids, _ in rows], 0),
    }


# %% pad_batch | constants in a dict beside the function
# style: Keras
import torch

FILL = {"input_ids": None, "token_type_ids": 0, "attention_mask": 0}

def pad_batch(rows, pad_id):
    columns = {"input_ids": [], "token_type_ids": [], "attention_mask": []}
    longest = 0
    for ids, segments in rows:
        columns["input_ids"].append(ids)
        columns["token_type_ids"].append(segments)
        columns["attention_mask"].append([1] * len(ids))
        longest = max(longest, len(ids))
    batch = {}
    for name, lists in columns.items():
        value = pad_id if FILL[name] is None else FILL[name]
        batch[name] = torch.tensor([row + [value] * (longest - len(row)) for row in lists])
    return batch


# %% pad_batch | F.pad, row by row
# style: from Keras
import torch
import torch.nn.functional as F


def pad_batch(rows, pad_id):
    longest = max(len(ids) for ids, _ in rows)

    def stack(lists, value):
        return torch.stack([F.pad(torch.tensor(row), (0, longest - len(row)), value=value) for row in lists])

    ids = [ids for ids, _ in rows]
    return {
        "input_ids": stack(ids, pad_id),
        "token_type_ids": stack([segments for _, segments in rows], 0),
        "attention_mask": stack([[1] * len(row) for row in ids], 0),
    }


# %% fertility | two sums in one go
# style: one-liner
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    cut = [(word_pieces(word, vocab), n) for word, n in counts.items()]
    return sum(len(p) * n for p, n in cut) / counts.total(), sum(n for p, n in cut if p == ["[UNK]"]) / counts.total()


# %% fertility | word by word as the text has them, with elements()
# style: careful beginner
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    number_of_words = 0
    number_of_tokens = 0
    number_of_unknown = 0
    for word in counts.elements():
        pieces = word_pieces(word, vocab)
        number_of_words = number_of_words + 1
        number_of_tokens = number_of_tokens + len(pieces)
        if pieces[0] == "[UNK]":
            number_of_unknown = number_of_unknown + 1
    return (number_of_tokens / number_of_words, number_of_unknown / number_of_words)


# %% fertility | a Counter of tokens
# style: Counter
from collections import Counter
from bert_parts.wordpiece import UNK, word_pieces

def fertility(counts, vocab):
    tokens = Counter()
    for word, times in counts.items():
        for piece in word_pieces(word, vocab):
            tokens[piece] += times
    words = sum(counts.values())
    return tokens.total() / words, tokens[UNK] / words


# %% fertility | weighted averages with NumPy
# style: NumPy
import numpy as np
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    weights = np.array(list(counts.values()))
    cuts = [word_pieces(word, vocab) for word in counts]
    sizes = np.array([len(pieces) for pieces in cuts])
    unknown = np.array(["[UNK]" in pieces for pieces in cuts])
    return float(np.average(sizes, weights=weights)), float(np.average(unknown, weights=weights))


# %% fertility | torch's dot products
# style: torch
import torch
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    times = torch.tensor(list(counts.values()), dtype=torch.float64)
    cuts = [word_pieces(word, vocab) for word in counts]
    lengths = torch.tensor([len(cut) for cut in cuts], dtype=torch.float64)
    lost = torch.tensor([cut == ["[UNK]"] for cut in cuts], dtype=torch.float64)
    return (lengths @ times / times.sum()).item(), (lost @ times / times.sum()).item()


# %% fertility | a helper, and a mean with weights
# style: helper functions
from statistics import fmean
from bert_parts.wordpiece import word_pieces

def mean_over_the_text(measure, counts):
    return fmean([measure(word) for word in counts], weights=list(counts.values()))

def fertility(counts, vocab):
    return (mean_over_the_text(lambda word: len(word_pieces(word, vocab)), counts),
            mean_over_the_text(lambda word: float(word_pieces(word, vocab) == ["[UNK]"]), counts))


# %% fertility | exact fractions, made floats at the end
# style: functional
from fractions import Fraction
from functools import reduce
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    def add(sums, entry):
        word, times = entry
        pieces = word_pieces(word, vocab)
        return sums[0] + len(pieces) * times, sums[1] + (pieces == ["[UNK]"]) * times, sums[2] + times

    tokens, unknown, words = reduce(add, counts.items(), (0, 0, 0))
    return float(Fraction(tokens, words)), float(Fraction(unknown, words))


# %% best_pair | a class with __lt__
# style: own way
from fractions import Fraction
from functools import total_ordering


@total_ordering
class Candidate:
    def __init__(self, pair, count, pieces):
        self.pair, self.count = pair, count
        self.score = Fraction(count, pieces[pair[0]] * pieces[pair[1]])

    @property
    def rank(self):
        return -self.score, -self.count, self.pair

    def __eq__(self, other):
        return self.rank == other.rank

    def __lt__(self, other):
        return self.rank < other.rank


def best_pair(pair_counts, piece_counts):
    return min(Candidate(pair, count, piece_counts) for pair, count in pair_counts.items()).pair


# %% word_pieces | match on what is left, and a walrus
# style: own way
def word_pieces(word, vocab):
    def cut(rest, mark=""):
        match rest:
            case "":
                return []
            case _ if found := [end for end in range(1, len(rest) + 1) if mark + rest[:end] in vocab]:
                *_, end = found
                if (behind := cut(rest[end:], "##")) is not None:
                    return [mark + rest[:end], *behind]

    return ["[UNK]"] if len(word) > 100 or (pieces := cut(word)) is None else pieces


# %% pad_batch | zip with a star, and a dict comprehension
# style: own way
import torch


def pad_batch(rows, pad_id):
    ids, segments = map(list, zip(*rows, strict=True))
    ones = [[1 for _ in row] for row in ids]
    longest = max(map(len, ids))
    names = {"input_ids": (ids, pad_id), "token_type_ids": (segments, 0), "attention_mask": (ones, 0)}
    return {name: torch.tensor([(*row, *(longest - len(row)) * [filling]) for row in what])
            for name, (what, filling) in names.items()}


# %% join_pair | an iterator with a pushed-back piece
# style: own way
class Pushback:
    def __init__(self, things):
        self.rest = list(reversed(things))

    def __iter__(self):
        return self

    def __next__(self):
        if not self.rest:
            raise StopIteration
        return self.rest.pop()

    def push(self, thing):
        self.rest.append(thing)


def join_pair(pieces, pair):
    stream = Pushback(pieces)

    def joined():
        for piece in stream:
            if (piece, following := next(stream, None)) == pair:
                yield piece + following.removeprefix("##")
                continue
            yield piece
            if following is not None:
                stream.push(following)

    return [*joined()]


# %% build_row | a generator of ids with their segments, match on what there is
# style: own way
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    def row():
        yield cls_id, 0
        match second:
            case None:
                yield from ((each, 0) for each in truncate(first, [], max_length - 2)[0])
                yield sep_id, 0
            case [*_]:
                one, other = truncate(first, second, max_length - 3)
                yield from ((each, 0) for each in [*one, sep_id])
                yield from ((each, 1) for each in [*other, sep_id])

    ids, segments = map(list, zip(*row(), strict=True))
    return ids, segments


# %% fertility | a dataclass with __iadd__
# style: own way
from dataclasses import dataclass

from bert_parts.wordpiece import word_pieces


@dataclass(slots=True, kw_only=True)
class Tally:
    words: int = 0
    pieces: int = 0
    unknown: int = 0

    def __iadd__(self, seen):
        (cut, times) = seen
        self.words += times
        self.pieces += times * len(cut)
        self.unknown += times * (cut == ["[UNK]"])
        return self

    @property
    def shares(self):
        return self.pieces / self.words, self.unknown / self.words


def fertility(counts, vocab):
    tally = Tally()
    for word in counts:
        tally += word_pieces(word, vocab), counts[word]
    return tally.shares
