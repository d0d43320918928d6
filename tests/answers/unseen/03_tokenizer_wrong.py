# %% best_pair | the count of the best so far is not kept when a better score comes
# style: loops
# at: best, best_score = pair, score
# kind: missing, state, name


def best_pair(pair_counts, piece_counts):
    best, best_score, best_count = None, -1, -1
    for pair in sorted(pair_counts):
        n = pair_counts[pair]
        score = n / (piece_counts[pair[0]] * piece_counts[pair[1]])
        if score > best_score:
            best, best_score = pair, score
        elif score == best_score and n > best_count:
            best, best_count = pair, n
    return best

# %% best_pair | alphabetical by the joined piece, not by the pair
# style: helpers
# at: return -score, -n, joined(pair)
# kind: name, operator, extra, type
# known: order of the joined text
from bert_parts.wordpiece import joined


def best_pair(pair_counts, piece_counts):
    def place(item):
        pair, n = item
        score = n / (piece_counts[pair[0]] * piece_counts[pair[1]])
        return -score, -n, joined(pair)

    return sorted(pair_counts.items(), key=place)[0][0]

# %% best_pair | counts the pieces anew, in the pairs
# style: statistician
# at: left[a] += n
# at: right[b] += n
# at: return -n / (left[a] * right[b]), -n, pair
# kind: name, definition, extra
# known: pieces counted in the pairs
from collections import Counter


def best_pair(pair_counts, piece_counts):
    left, right = Counter(), Counter()
    for (a, b), n in pair_counts.items():
        left[a] += n
        right[b] += n

    def order(pair):
        a, b = pair
        n = pair_counts[pair]
        return -n / (left[a] * right[b]), -n, pair

    return min(pair_counts, key=order)

# %% best_pair | logarithms, with which equal scores are no longer quite equal
# style: knows pointwise mutual information
# at: pmi = log(n) - log(piece_counts[one]) - log(piece_counts[two])
# kind: operator, condition, type
from math import log


def best_pair(pair_counts, piece_counts):
    ranking = []
    for (one, two), n in pair_counts.items():
        pmi = log(n) - log(piece_counts[one]) - log(piece_counts[two])
        ranking.append((-pmi, -n, (one, two)))
    ranking.sort()
    return ranking[0][2]

# %% best_pair | no brackets around the product, and the rarer of equals
# style: hasty
# at: score = count / piece_counts[x] * piece_counts[y]
# known: rarest of equals
# kind: operator, order, missing
# at2: table.append((-score, count, (x, y)))
# kind2: sign, missing


def best_pair(pair_counts, piece_counts):
    table = []
    for (x, y), count in pair_counts.items():
        score = count / piece_counts[x] * piece_counts[y]
        table.append((-score, count, (x, y)))
    return min(table)[-1]

# %% join_pair | replaces text, which also finds the pair in the ends and beginnings of longer pieces
# style: text instead of lists
# at: return word.replace(" ".join(pair), joined(pair)).split(" ")
# kind: operator, condition, type
# known: joined as text
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    word = " ".join(pieces)
    return word.replace(" ".join(pair), joined(pair)).split(" ")

# %% join_pair | from right to left
# style: loops
# at: i = len(pieces) - 1
# at: while i >= 0:
# kind: order
# known: from the right
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    out = []
    i = len(pieces) - 1
    while i >= 0:
        if i > 0 and pieces[i - 1] == pair[0] and pieces[i] == pair[1]:
            out.insert(0, joined(pair))
            i -= 2
        else:
            out.insert(0, pieces[i])
            i -= 1
    return out

# %% join_pair | both pieces are in the pair, in whatever order
# style: Pythonic
# at: if last in pair and piece in pair and open_:
# kind: condition, operator
# known: order ignored
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    new, open_ = [], False
    for piece in pieces:
        last = new[-1] if new else None
        if last in pair and piece in pair and open_:
            new[-1] = joined(pair)
            open_ = False
        else:
            new.append(piece)
            open_ = True
    return new

# %% join_pair | the last piece is lost unless it is joined
# style: beginner
# at: while index < len(pieces) - 1:
# at: return output
# kind: condition, number, missing
# known: last piece lost
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    first, second = pair
    output = []
    index = 0
    while index < len(pieces) - 1:
        if pieces[index] == first and pieces[index + 1] == second:
            output.append(joined(pair))
            index = index + 2
        else:
            output.append(pieces[index])
            index = index + 1
    return output

# %% join_pair | changes the list that it was given, and leaves ## in the middle
# known: input changed in place; ## left inside
# style: saves memory
# at: pieces[i] = pair[0] + pair[1]
# kind: missing, operator, name
# at2: del pieces[i + 1]
# at2: pieces[i] = pair[0] + pair[1]
# kind2: state


def join_pair(pieces, pair):
    i = 0
    while i + 1 < len(pieces):
        if (pieces[i], pieces[i + 1]) == tuple(pair):
            pieces[i] = pair[0] + pair[1]
            del pieces[i + 1]
        i += 1
    return pieces

# %% word_pieces | never tries a single letter
# style: loops
# at: for stop in range(len(word), begin + 1, -1):
# kind: number
# known: single letters never tried


def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    result = []
    begin = 0
    while begin < len(word):
        match = None
        for stop in range(len(word), begin + 1, -1):
            candidate = word[begin:stop]
            if begin > 0:
                candidate = "##" + candidate
            if candidate in vocab:
                match = candidate
                begin = stop
                break
        if match is None:
            return ["[UNK]"]
        result.append(match)
    return result

# %% word_pieces | tries shorter pieces when the rest cannot be cut
# style: recursion
# at: if tail is not None:
# at: for n in range(len(rest), 0, -1):
# kind: extra, condition, definition
# known: goes back


def cut(rest, mark, vocab):
    if not rest:
        return []
    for n in range(len(rest), 0, -1):
        if mark + rest[:n] in vocab:
            tail = cut(rest[n:], "##", vocab)
            if tail is not None:
                return [mark + rest[:n], *tail]
    return None


def word_pieces(word, vocab):
    pieces = cut(word, "", vocab) if len(word) <= 100 else None
    return ["[UNK]"] if pieces is None else pieces

# %% word_pieces | a piece whose id is 0 counts as unknown
# style: likes dict.get
# at: while end > start and not vocab.get(prefix + word[start:end]):
# kind: condition, operator, type
# known: id 0 taken for none


def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    tokens, start, prefix = [], 0, ""
    while start != len(word):
        end = len(word)
        while end > start and not vocab.get(prefix + word[start:end]):
            end -= 1
        if end == start:
            return ["[UNK]"]
        tokens.append(prefix + word[start:end])
        start, prefix = end, "##"
    return tokens

# %% word_pieces | the length is asked again of each rest, with its ##
# style: recursion
# at: if len(word) > 100:
# at: tail = word_pieces("##" + word[size:], vocab)
# kind: condition, number, order
# known: 100 letters are not too many


def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    if word in vocab or word == "":
        return [word] if word else []
    least = 2 if word.startswith("##") else 0
    for size in range(len(word) - 1, least, -1):
        if word[:size] in vocab:
            tail = word_pieces("##" + word[size:], vocab)
            if tail == ["[UNK]"]:
                return tail
            return [word[:size]] + tail
    return ["[UNK]"]

# %% word_pieces | 100 characters are too many, and what was found stays before the [UNK]
# style: hasty
# at: if len(word) >= MAX:
# kind: condition, number, operator
# at2: return done + [UNK]
# kind2: return, extra
# known: 100 letters are not too many; [UNK] for the rest
MAX, UNK = 100, "[UNK]"


def word_pieces(word, vocab):
    if len(word) >= MAX:
        return [UNK]
    done, todo = [], word
    while todo:
        heads = [todo[:n] for n in range(len(todo), 0, -1)]
        names = ["##" + h if done else h for h in heads]
        known = [name for name in names if name in vocab]
        if not known:
            return done + [UNK]
        todo = todo[len(heads[names.index(known[0])]):]
        done.append(known[0])
    return done

# %% build_row | cuts the end of the row, whichever text is longer
# style: hasty
# at: ids = ids[: max_length - 1] + [sep_id]
# kind: order, operator, missing, condition
# known: only the second text cut


def build_row(first, second, max_length, cls_id, sep_id):
    ids = [cls_id] + first + [sep_id]
    segments = [0] * len(ids)
    if second is not None:
        ids = ids + second + [sep_id]
        segments = segments + [1] * (len(second) + 1)
    if len(ids) > max_length:
        ids = ids[: max_length - 1] + [sep_id]
        segments = segments[:max_length]
    return ids, segments

# %% build_row | puts [CLS] and [SEP] into the list that it was given
# style: likes list methods
# at: row.insert(0, cls_id)
# at: row.append(sep_id)
# at: row = first
# kind: state, missing
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        first, _ = truncate(first, [], max_length - 2)
    else:
        first, second = truncate(first, second, max_length - 3)
    row = first
    row.insert(0, cls_id)
    row.append(sep_id)
    kinds = [0 for _ in row]
    if second is not None:
        row = row + second + [sep_id]
        kinds = kinds + [1 for _ in second] + [1]
    return row, kinds

# %% build_row | the segments of the texts before they were cut
# style: careful beginner
# at: segment_b = [1] * (len(second) + 1)
# at: segment_a = [0] * (len(first) + 2)
# kind: name
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    segment_a = [0] * (len(first) + 2)
    if second is None:
        a, _ = truncate(first, [], max_length - 2)
        return [cls_id, *a, sep_id], [0] * (len(a) + 2)
    segment_b = [1] * (len(second) + 1)
    a, b = truncate(first, second, max_length - 3)
    return [cls_id, *a, sep_id, *b, sep_id], segment_a + segment_b

# %% build_row | only pairs are cut
# style: misread
# at: return ids, [0] * len(ids)
# at: ids = [cls_id, *first, sep_id]
# kind: missing, condition
# known: never cut
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        ids = [cls_id, *first, sep_id]
        return ids, [0] * len(ids)
    first, second = truncate(first, second, max_length - 3)
    ids = [cls_id, *first, sep_id, *second, sep_id]
    border = len(first) + 2
    return ids, [int(i >= border) for i in range(len(ids))]

# %% build_row | texts exchanged when they are cut, and the first [SEP] is in the second segment
# style: helpers
# at: b, a = truncate(second, first, max_length - 3)
# kind: argument, order
# at2: marks = [0] * (len(a) + 1) + [1] * (len(b) + 2)
# kind2: number
# known: segment switched one too early
from bert_parts.tokenizer import truncate


def one(text, max_length, cls_id, sep_id):
    text, _ = truncate(text, [], max_length - 2)
    return [cls_id] + text + [sep_id], [0] * (len(text) + 2)


def two(first, second, max_length, cls_id, sep_id):
    b, a = truncate(second, first, max_length - 3)
    marks = [0] * (len(a) + 1) + [1] * (len(b) + 2)
    return [cls_id] + a + [sep_id] + b + [sep_id], marks


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        return one(first, max_length, cls_id, sep_id)
    return two(first, second, max_length, cls_id, sep_id)

# %% pad_batch | takes every pad_id for padding, also one that stands in the row
# style: one-liner
# at: "attention_mask": (ids != pad_id).long(),
# kind: condition, definition, name
# known: mask from the ids
import torch


def pad_batch(rows, pad_id):
    T = max(len(i) for i, _ in rows)
    ids = torch.tensor([i + [pad_id] * (T - len(i)) for i, _ in rows])
    types = torch.tensor([s + [0] * (T - len(s)) for _, s in rows])
    return {
        "input_ids": ids,
        "token_type_ids": types,
        "attention_mask": (ids != pad_id).long(),
    }

# %% pad_batch | pad_id is not given to pad_sequence, which takes 0
# style: likes torch's functions
# at: input_ids = pad_sequence(ids, batch_first=True)
# kind: argument, missing, number
# known: padded with 0
import torch
from torch.nn.utils.rnn import pad_sequence


def pad_batch(rows, pad_id):
    ids = [torch.tensor(row[0]) for row in rows]
    segments = [torch.tensor(row[1]) for row in rows]
    ones = [torch.ones_like(row) for row in ids]
    input_ids = pad_sequence(ids, batch_first=True)
    token_type_ids = pad_sequence(segments, batch_first=True)
    attention_mask = pad_sequence(ones, batch_first=True)
    return dict(input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask)

# %% pad_batch | the longest of (ids, segments): each has two, so it is the first row
# style: Pythonic
# at: longest, _ = max(rows, key=len)
# kind: argument, operator, name
# known: width not of the whole batch
import torch


def pad_batch(rows, pad_id):
    longest, _ = max(rows, key=len)
    T = len(longest)
    out = {"input_ids": [], "token_type_ids": [], "attention_mask": []}
    for ids, segments in rows:
        missing = T - len(ids)
        out["input_ids"].append(ids + missing * [pad_id])
        out["token_type_ids"].append(segments + missing * [0])
        out["attention_mask"].append(len(ids) * [1] + missing * [0])
    return {name: torch.tensor(lists) for name, lists in out.items()}

# %% pad_batch | zip_longest gives columns: (T, B)
# style: itertools
# at: return torch.tensor(list(zip_longest(*lists, fillvalue=value)))
# kind: shape, missing, axis
from itertools import zip_longest

import torch


def fill(lists, value):
    return torch.tensor(list(zip_longest(*lists, fillvalue=value)))


def pad_batch(rows, pad_id):
    ids, segments = zip(*rows)
    return {
        "input_ids": fill(ids, pad_id),
        "token_type_ids": fill(segments, 0),
        "attention_mask": fill([[1] * len(row) for row in ids], 0),
    }

# %% pad_batch | torch.Tensor is float, and padding has the segment 1
# style: beginner
# at: return torch.Tensor(filled)
# kind: type, operator
# at2: "token_type_ids": box([b for a, b in rows], 1, width),
# kind2: number, argument
# known: segments padded with 1
import torch


def box(lists, filler, width):
    filled = []
    for one in lists:
        one = list(one)
        while len(one) < width:
            one.append(filler)
        filled.append(one)
    return torch.Tensor(filled)


def pad_batch(rows, pad_id):
    width = 0
    for a, b in rows:
        width = max(width, len(a))
    return {
        "input_ids": box([a for a, b in rows], pad_id, width),
        "token_type_ids": box([b for a, b in rows], 1, width),
        "attention_mask": box([[1] * len(a) for a, b in rows], 0, width),
    }

# %% fertility | the share of unknown words counts each different word once
# style: from NumPy
# at: share = np.mean([cut == ["[UNK]"] for cut in cuts])
# kind: missing, operator, scale
# known: unknown words once
import numpy as np

from bert_parts.wordpiece import word_pieces


def fertility(counts, vocab):
    times = np.array(list(counts.values()))
    cuts = [word_pieces(word, vocab) for word in counts]
    rate = np.average([len(cut) for cut in cuts], weights=times)
    share = np.mean([cut == ["[UNK]"] for cut in cuts])
    return float(rate), float(share)

# %% fertility | the histogram of lengths is overwritten, not added to
# style: histogram
# at: by_size[len(pieces)] = n
# kind: operator, state, missing
from bert_parts.wordpiece import word_pieces


def fertility(counts, vocab):
    by_size, lost, words = {}, 0, 0
    for w, n in counts.items():
        pieces = word_pieces(w, vocab)
        by_size[len(pieces)] = n
        words += n
        if pieces == ["[UNK]"]:
            lost += n
    return sum(size * n for size, n in by_size.items()) / words, lost / words

# %% fertility | how many different pieces, not how many pieces
# style: Counter
# at: tokens = len(used)
# kind: operator, name
# known: different pieces of the text
from collections import Counter

from bert_parts.wordpiece import word_pieces


def fertility(counts, vocab):
    used = Counter()
    for word, n in counts.items():
        for piece in word_pieces(word, vocab):
            used[piece] += n
    total = sum(counts.values())
    tokens = len(used)
    return tokens / total, used["[UNK]"] / total

# %% fertility | an [UNK] is no token
# style: beginner
# at: continue
# at: token_count = token_count + len(pieces) * counts[word]
# kind: condition, order, extra, missing
# known: unknown words take no token
from bert_parts.wordpiece import word_pieces


def fertility(counts, vocab):
    word_count = 0
    token_count = 0
    unknown_count = 0
    for word in counts:
        word_count = word_count + counts[word]
        pieces = word_pieces(word, vocab)
        if pieces == ["[UNK]"]:
            unknown_count = unknown_count + counts[word]
            continue
        token_count = token_count + len(pieces) * counts[word]
    return token_count / word_count, unknown_count / word_count

# %% fertility | the share is of the tokens, and the rate is rounded
# style: comprehensions
# at: share = sum(n for p, n in pairs if p == ["[UNK]"]) / tokens
# kind: name
# at2: return round(tokens / counts.total(), 1), share
# kind2: extra, operator, type
# known: share of the tokens
from bert_parts.wordpiece import word_pieces


def fertility(counts, vocab):
    pairs = [(word_pieces(word, vocab), n) for word, n in counts.items()]
    tokens = sum(len(p) * n for p, n in pairs)
    share = sum(n for p, n in pairs if p == ["[UNK]"]) / tokens
    return round(tokens / counts.total(), 1), share
