# %% best_pair | the last tie broken by the joined text
# style: helper functions
# at: return min(pair_counts, key=lambda pair: (-score(pair), -pair_counts[pair], joined(pair)))
# kind: name, argument
# known: order of the joined text
from bert_parts.wordpiece import joined

def best_pair(pair_counts, piece_counts):
    def score(pair):
        return pair_counts[pair] / (piece_counts[pair[0]] * piece_counts[pair[1]])

    return min(pair_counts, key=lambda pair: (-score(pair), -pair_counts[pair], joined(pair)))


# %% best_pair | ties resolved with max over tuples of score and pair
# style: one-liner
# at: return max((n / (piece_counts[p[0]] * piece_counts[p[1]]), p) for p, n in pair_counts.items())[1]
# kind: missing, name
# known: end of the alphabet before count
def best_pair(pair_counts, piece_counts):
    return max((n / (piece_counts[p[0]] * piece_counts[p[1]]), p) for p, n in pair_counts.items())[1]


# %% join_pair | a list that shrinks under range, changed with del
# style: hasty
# at: for i in range(len(new) - 1):
# at: del new[i + 1]
# kind: state, condition
# known: list shrinks under range
def join_pair(pieces, pair):
    new = pieces[:]
    for i in range(len(new) - 1):
        if new[i] == pair[0] and new[i + 1] == pair[1]:
            new[i] = new[i] + new[i + 1].replace("##", "")
            del new[i + 1]
    return new


# %% word_pieces | ends that run upwards and stop too early
# style: careful beginner
# at: for end in range(start + 1, len(word)):
# kind: number, order
# known: whole rest never tried
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces = []
    start = 0
    while start < len(word):
        longest = None
        for end in range(start + 1, len(word)):
            piece = word[start:end]
            if start > 0:
                piece = "##" + piece
            if piece in vocab:
                longest, stop = piece, end
        if longest is None:
            return ["[UNK]"]
        pieces.append(longest)
        start = stop
    return pieces


# %% word_pieces | nothing is done where no piece fits: no else
# style: hasty
# at: pieces.append(piece)
# at: if piece in vocab:
# kind: missing, condition
# known: unknown letter kept
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = word[start:end] if start == 0 else "##" + word[start:end]
            if piece in vocab:
                break
        pieces.append(piece)
        start = end
    return pieces


# %% word_pieces | nothing is done where no piece fits: a loop without end
# style: loops
# at: while start < len(word):
# at: if candidate in vocab:
# kind: missing, condition
# known: loop without end
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces = []
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            candidate = ("##" if pieces else "") + word[start:end]
            if candidate in vocab:
                pieces.append(candidate)
                start = end
                break
    return pieces


# %% build_row | the texts are popped, where they must be cut
# style: HF
# at: first.pop()
# at: (first if len(first) > len(second) else second).pop()
# kind: state
# known: lists changed in place
def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        while len(first) + 2 > max_length:
            first.pop()
        return [cls_id, *first, sep_id], [0] * (len(first) + 2)
    while len(first) + len(second) + 3 > max_length:
        (first if len(first) > len(second) else second).pop()
    return [cls_id, *first, sep_id, *second, sep_id], [0] * (len(first) + 2) + [1] * (len(second) + 1)


# %% build_row | of an odd room both texts get the larger half
# style: NumPy
# at: half = math.ceil(room / 2)
# kind: number
import math
from bert_parts.tokenizer import truncate

def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        first, _ = truncate(first, [], max_length - 2)
        return [cls_id, *first, sep_id], [0] * (len(first) + 2)
    room = max_length - 3
    if len(first) + len(second) > room:
        half = math.ceil(room / 2)
        keep = max(half, room - len(second)), max(half, room - len(first))
        first, second = first[: keep[0]], second[: keep[1]]
    return [cls_id, *first, sep_id, *second, sep_id], [0] * (len(first) + 2) + [1] * (len(second) + 1)


# %% pad_batch | padded, or cut, to the first row's width
# style: loops
# at: width = len(rows[0][0])
# kind: number, name
# known: cut to the first row
import torch

def pad_batch(rows, pad_id):
    width = len(rows[0][0])

    def fit(row, value):
        return (row + [value] * (width - len(row)))[:width]

    return {
        "input_ids": torch.tensor([fit(ids, pad_id) for ids, _ in rows]),
        "token_type_ids": torch.tensor([fit(segments, 0) for _, segments in rows]),
        "attention_mask": torch.tensor([fit([1] * len(ids), 0) for ids, _ in rows]),
    }


# %% pad_batch | padded to the first row's width
# style: one-liner
# at: pad = lambda row, value: row + [value] * (len(rows[0][0]) - len(row))
# kind: number, name
# known: width not of the whole batch
import torch

def pad_batch(rows, pad_id):
    pad = lambda row, value: row + [value] * (len(rows[0][0]) - len(row))
    return {
        "input_ids": torch.tensor([pad(ids, pad_id) for ids, _ in rows]),
        "token_type_ids": torch.tensor([pad(segments, 0) for _, segments in rows]),
        "attention_mask": torch.tensor([pad([1] * len(ids), 0) for ids, _ in rows]),
    }
