# %% best_pair | the best score starts at 1, which no pair can exceed
# style: hasty
# at: best_score = 1
# kind: number
def best_pair(pair_counts, piece_counts):
    best = None
    best_score = 1
    best_count = 0
    for pair in sorted(pair_counts):
        a, b = pair
        count = pair_counts[pair]
        score = count / (piece_counts[a] * piece_counts[b])
        if score > best_score or (score == best_score and count > best_count):
            best, best_score, best_count = pair, score, count
    return best


# %% best_pair | the count of the best pair so far is never written down
# style: careful beginner
# at: best_score = score
# at: best = pair
# at: if score > best_score or (score == best_score and count > best_count):
# kind: missing
# known: end of the alphabet before count
def best_pair(pair_counts, piece_counts):
    best = None
    best_score = 0.0
    best_count = 0
    for pair in sorted(pair_counts.keys()):
        first = pair[0]
        second = pair[1]
        count = pair_counts[pair]
        score = count / (piece_counts[first] * piece_counts[second])
        if score > best_score or (score == best_score and count > best_count):
            best_score = score
            best = pair
    return best


# %% best_pair | three stable sorts in the wrong order, so that the alphabet decides first
# style: NumPy (sorting by several keys)
# at: pairs = sorted(pair_counts, key=score, reverse=True)
# at: pairs = sorted(pairs, key=lambda pair: pair_counts[pair], reverse=True)
# at: pairs = sorted(pairs)
# kind: order
def best_pair(pair_counts, piece_counts):
    def score(pair):
        return pair_counts[pair] / (piece_counts[pair[0]] * piece_counts[pair[1]])

    pairs = sorted(pair_counts, key=score, reverse=True)
    pairs = sorted(pairs, key=lambda pair: pair_counts[pair], reverse=True)
    pairs = sorted(pairs)
    return pairs[0]


# %% best_pair | scores rounded to three places, so that different ones tie
# style: one-liner
# at: scores = {pair: round(n / (piece_counts[pair[0]] * piece_counts[pair[1]]), 3) for pair, n in pair_counts.items()}
# kind: extra, number
def best_pair(pair_counts, piece_counts):
    scores = {pair: round(n / (piece_counts[pair[0]] * piece_counts[pair[1]]), 3) for pair, n in pair_counts.items()}
    return min(scores, key=lambda pair: (-scores[pair], -pair_counts[pair], pair))


# %% best_pair | scores kept under the first piece only, so that later pairs overwrite earlier ones
# style: loops and dictionaries
# at: scores[first] = (n / (piece_counts[first] * piece_counts[second]), n)
# at: partner[first] = second
# kind: state, name
def best_pair(pair_counts, piece_counts):
    scores = {}
    partner = {}
    for (first, second), n in pair_counts.items():
        scores[first] = (n / (piece_counts[first] * piece_counts[second]), n)
        partner[first] = second
    best = min(scores, key=lambda first: (-scores[first][0], -scores[first][1], first))
    return best, partner[best]


# %% best_pair | a root over the denominator, as in a cosine
# style: NumPy
# at: return pair_counts[pair] / math.sqrt(piece_counts[pair[0]] * piece_counts[pair[1]])
# kind: scale
import math


def best_pair(pair_counts, piece_counts):
    def association(pair):
        return pair_counts[pair] / math.sqrt(piece_counts[pair[0]] * piece_counts[pair[1]])

    return sorted(pair_counts, key=lambda pair: (-association(pair), -pair_counts[pair], pair))[0]


# %% best_pair | gives back the sorted list's first entry, which is the key and not the pair
# style: helper functions
# at: return min(table)
# kind: return, number
def best_pair(pair_counts, piece_counts):
    def rate(pair):
        a, b = pair
        return pair_counts[pair] / (piece_counts[a] * piece_counts[b])

    table = [(-rate(pair), -pair_counts[pair], pair) for pair in pair_counts]
    return min(table)


# %% best_pair | the return stands inside the loop
# style: hasty
# at: return best
# kind: condition, order
# known: first of all
def best_pair(pair_counts, piece_counts):
    best, key = None, None
    for pair, count in pair_counts.items():
        new = (-count / (piece_counts[pair[0]] * piece_counts[pair[1]]), -count, pair)
        if key is None or new < key:
            best, key = pair, new
        return best


# %% best_pair | counts of a plus counts of b in a log score: the sign of the last term
# style: NumPy (logs)
# at: return np.log(pair_counts[pair]) - np.log(piece_counts[pair[0]]) + np.log(piece_counts[pair[1]])
# kind: sign
# known: brackets forgotten
import numpy as np


def best_pair(pair_counts, piece_counts):
    def pmi(pair):
        return np.log(pair_counts[pair]) - np.log(piece_counts[pair[0]]) + np.log(piece_counts[pair[1]])

    return min(pair_counts, key=lambda pair: (-round(pmi(pair), 9), -pair_counts[pair], pair))


# %% best_pair | ties looked for with a generous tolerance
# style: careful beginner
# at: close = [pair for pair in pair_counts if math.isclose(scores[pair], top, rel_tol=0.25)]
# kind: argument
# kind: number, condition
import math


def best_pair(pair_counts, piece_counts):
    scores = {}
    for (first, second), count in pair_counts.items():
        scores[first, second] = count / (piece_counts[first] * piece_counts[second])
    top = max(scores.values())
    close = [pair for pair in pair_counts if math.isclose(scores[pair], top, rel_tol=0.25)]
    most = max(pair_counts[pair] for pair in close)
    return min(pair for pair in close if pair_counts[pair] == most)


# %% best_pair | the first piece's count squared, and ties broken by the second piece before the first
# style: one-liner
# at: score = lambda p: pair_counts[p] / (piece_counts[p[0]] * piece_counts[p[0]])
# kind: name, number
# at2: return min(pair_counts, key=lambda p: (-score(p), -pair_counts[p], p[::-1]))
# kind2: extra, order
# known: one count twice; order of the second pieces
def best_pair(pair_counts, piece_counts):
    score = lambda p: pair_counts[p] / (piece_counts[p[0]] * piece_counts[p[0]])
    return min(pair_counts, key=lambda p: (-score(p), -pair_counts[p], p[::-1]))


# %% best_pair | minus for times in the denominator, and the last of the sorted list
# style: helper functions
# at: return pair_counts[pair] / (piece_counts[pair[0]] + piece_counts[pair[1]] - pair_counts[pair])
# kind: operator
# at2: return sorted(pair_counts, key=lambda pair: (-jaccard(pair), -pair_counts[pair], pair))[-1]
# kind2: number
# known: divided by the sum; lowest score
def best_pair(pair_counts, piece_counts):
    def jaccard(pair):
        return pair_counts[pair] / (piece_counts[pair[0]] + piece_counts[pair[1]] - pair_counts[pair])

    return sorted(pair_counts, key=lambda pair: (-jaccard(pair), -pair_counts[pair], pair))[-1]


# %% best_pair | whole-number division, and the more frequent of a tie is not looked for
# style: hasty
# at: score = count // (piece_counts[first] * piece_counts[second])
# kind: operator, type
# at2: if best is None or score > best_score:
# kind2: missing, condition
# known: alphabet before count
def best_pair(pair_counts, piece_counts):
    best = None
    best_score = 0
    for first, second in sorted(pair_counts):
        count = pair_counts[first, second]
        score = count // (piece_counts[first] * piece_counts[second])
        if best is None or score > best_score:
            best, best_score = (first, second), score
    return best


# %% join_pair | the result is a default argument, shared by all calls
# style: helper functions
# at: def join_pair(pieces, pair, result=[]):
# kind: state, definition
from bert_parts.wordpiece import joined


def join_pair(pieces, pair, result=[]):
    i = 0
    while i < len(pieces):
        if i + 1 < len(pieces) and pieces[i] == pair[0] and pieces[i + 1] == pair[1]:
            result.append(joined(pair))
            i += 2
        else:
            result.append(pieces[i])
            i += 1
    return result


# %% join_pair | a pair at the end of the word is not looked at
# style: careful beginner
# at: if i + 1 < len(pieces) - 1 and pieces[i] == pair[0] and pieces[i + 1] == pair[1]:
# kind: number, condition
# known: pair at the end not joined
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    result = []
    i = 0
    while i < len(pieces):
        if i + 1 < len(pieces) - 1 and pieces[i] == pair[0] and pieces[i + 1] == pair[1]:
            result.append(joined(pair))
            i = i + 2
        else:
            result.append(pieces[i])
            i = i + 1
    return result


# %% join_pair | an iterator: the piece after a first one that does not match is lost
# style: helper functions
# at: result.append(piece)
# at: if following == pair[1]:
# kind: missing
# known: next piece swallowed
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    result = []
    stream = iter(pieces)
    for piece in stream:
        if piece == pair[0]:
            following = next(stream, None)
            if following == pair[1]:
                piece = joined(pair)
        result.append(piece)
    return result


# %% join_pair | one of the two is enough
# style: hasty
# at: if pieces[i:i + 1] == [pair[0]] or pieces[i + 1:i + 2] == [pair[1]]:
# kind: condition, operator
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    out = []
    i = 0
    while i < len(pieces):
        if pieces[i:i + 1] == [pair[0]] or pieces[i + 1:i + 2] == [pair[1]]:
            out.append(joined(pair))
            i += 2
        else:
            out.append(pieces[i])
            i += 1
    return out


# %% join_pair | only the first place where the first piece stands is looked at
# style: Python's list methods
# at: i = pieces.index(pair[0]) if pair[0] in pieces else -1
# kind: name, missing, condition
# known: first place only
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    i = pieces.index(pair[0]) if pair[0] in pieces else -1
    if i >= 0 and pieces[i + 1:i + 2] == [pair[1]]:
        return pieces[:i] + [joined(pair)] + pieces[i + 2:]
    return list(pieces)


# %% join_pair | gives back a tuple
# style: functional
# at: return tuple(result)
# kind: type, return
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    result = []
    for piece in pieces:
        if result and (result[-1], piece) == tuple(pair):
            result[-1] = joined(pair)
        else:
            result.append(piece)
    return tuple(result)


# %% join_pair | the flag that says "already used" is never taken back
# style: careful beginner
# at: if skip:
# at: continue
# kind: missing, state
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    result = []
    skip = False
    for i in range(len(pieces)):
        if skip:
            continue
        if i + 1 < len(pieces) and (pieces[i], pieces[i + 1]) == pair:
            result.append(joined(pair))
            skip = True
        else:
            result.append(pieces[i])
    return result


# %% join_pair | whatever follows the first piece is swallowed
# style: hasty
# at: if pieces[i] == pair[0]:
# kind: condition, missing
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    result, i = [], 0
    while i < len(pieces):
        if pieces[i] == pair[0]:
            result.append(joined(pair))
            i += 2
        else:
            result.append(pieces[i])
            i += 1
    return result


# %% join_pair | both lose their ##, and two places are gone on where nothing was joined
# style: careful beginner
# at: new = pair[0].removeprefix("##") + pair[1].removeprefix("##")
# kind: extra, name
# at2: out.append(pieces[i]); i += 2
# kind2: number
# known: ## lost in front
def join_pair(pieces, pair):
    new = pair[0].removeprefix("##") + pair[1].removeprefix("##")
    out = []
    i = 0
    while i < len(pieces):
        if pieces[i] == pair[0] and i + 1 < len(pieces) and pieces[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(pieces[i]); i += 2
    return out


# %% join_pair | the second piece keeps its ##, and the result is text
# style: one-liner
# at: out[-1] += piece
# kind: missing
# at2: return " ".join(out)
# kind2: type, return
# known: ## left inside
def join_pair(pieces, pair):
    out = []
    for piece in pieces:
        if out and out[-1] == pair[0] and piece == pair[1]:
            out[-1] += piece
        else:
            out.append(piece)
    return " ".join(out)


# %% join_pair | the first piece joined with itself, and the list that was given is changed
# style: hasty
# at: new = joined((pair[0], pair[0]))
# kind: number, name
# at2: pieces[i:i + 2] = [new]
# kind2: state
# known: input changed in place
from bert_parts.wordpiece import joined


def join_pair(pieces, pair):
    new = joined((pair[0], pair[0]))
    for i in range(len(pieces)):
        if tuple(pieces[i:i + 2]) == pair:
            pieces[i:i + 2] = [new]
    return pieces


# %% word_pieces | what is left is found by replace, which takes out every occurrence
# style: helper functions
# at: rest = rest.replace(found, "")
# kind: name, argument
# known: beginning taken off as text
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces, rest = [], word
    while rest:
        mark = "##" if pieces else ""
        found = None
        for end in range(len(rest), 0, -1):
            if mark + rest[:end] in vocab:
                found = rest[:end]
                break
        if found is None:
            return ["[UNK]"]
        pieces.append(mark + found)
        rest = rest.replace(found, "")
    return pieces


# %% word_pieces | lstrip takes letters off, not a beginning
# style: Python's text methods
# at: rest = rest.lstrip(rest[:end])
# kind: name
# known: beginning taken off as text
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces = []
    rest = word
    while rest:
        prefix = "##" if pieces else ""
        for end in range(len(rest), 0, -1):
            if prefix + rest[:end] in vocab:
                pieces.append(prefix + rest[:end])
                rest = rest.lstrip(rest[:end])
                break
        else:
            return ["[UNK]"]
    return pieces


# %% word_pieces | ## is forgotten after a first piece of one letter
# style: careful beginner
# at: if start > 1:
# kind: number, condition
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces = []
    start = 0
    while start < len(word):
        end = len(word)
        piece = None
        while end > start:
            candidate = word[start:end]
            if start > 1:
                candidate = "##" + candidate
            if candidate in vocab:
                piece = candidate
                break
            end = end - 1
        if piece is None:
            return ["[UNK]"]
        pieces.append(piece)
        start = end
    return pieces


# %% word_pieces | goes back to a shorter piece when the rest cannot be cut
# style: recursion
# at: if rest is not None:
# at: rest = cut(text[end:], False)
# kind: condition, extra
# known: goes back
def word_pieces(word, vocab):
    def cut(text, first):
        if not text:
            return []
        for end in range(len(text), 0, -1):
            piece = text[:end] if first else "##" + text[:end]
            if piece in vocab:
                rest = cut(text[end:], False)
                if rest is not None:
                    return [piece, *rest]
        return None

    if len(word) > 100:
        return ["[UNK]"]
    pieces = cut(word, True)
    return ["[UNK]"] if pieces is None else pieces


# %% word_pieces | a long word is cut to 100 characters, not unknown
# style: NumPy
# at: word = word[:100]
# kind: condition, missing, return
def word_pieces(word, vocab):
    word = word[:100]
    pieces, start = [], 0
    while start < len(word):
        ends = [end for end in range(len(word), start, -1) if ("##" if start else "") + word[start:end] in vocab]
        if not ends:
            return ["[UNK]"]
        pieces.append(("##" if start else "") + word[start:ends[0]])
        start = ends[0]
    return pieces


# %% word_pieces | the length is counted in bytes
# style: one who thinks of C
# at: if len(word.encode("utf-8")) > 100:
# kind: name, extra
# known: length in bytes
def word_pieces(word, vocab):
    if len(word.encode("utf-8")) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocab:
                pieces.append(piece)
                start = end
                break
        else:
            return ["[UNK]"]
    return pieces


# %% word_pieces | = for +=: the length of a piece becomes the new start
# style: NumPy
# at: start = length
# kind: operator, name
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        for length in range(len(word) - start, 0, -1):
            piece = ("##" if start else "") + word[start : start + length]
            if piece in vocab:
                break
        else:
            return ["[UNK]"]
        pieces.append(piece)
        start = length
    return pieces


# %% word_pieces | made small letters first, which a vocabulary with capitals does not want
# style: HF
# at: word = word.lower()
# kind: extra
# known: small letters
def word_pieces(word, vocab):
    word = word.lower()
    if len(word) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        end = len(word)
        while end > start and ("##" if start else "") + word[start:end] not in vocab:
            end -= 1
        if end == start:
            return ["[UNK]"]
        pieces.append(("##" if start else "") + word[start:end])
        start = end
    return pieces


# %% word_pieces | a word that is too long comes back whole, and one that cannot be cut ends in [UNK]
# style: careful beginner
# at: return [word]
# kind: return, name
# at2: return pieces + ["[UNK]"]
# kind2: return, extra
# known: [UNK] for the rest
def word_pieces(word, vocab):
    if len(word) > 100:
        return [word]
    pieces = []
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = word[start:end] if start == 0 else "##" + word[start:end]
            if piece in vocab:
                break
        else:
            return pieces + ["[UNK]"]
        pieces.append(piece)
        start = end
    return pieces


# %% word_pieces | the whole word is never tried, and [UNK] is written without its brackets
# style: hasty
# at: for end in range(len(word) - 1, start, -1):
# kind: number
# at2: return ["UNK"]
# kind2: number, return
# known: whole rest never tried
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        found = None
        for end in range(len(word) - 1, start, -1):
            candidate = ("##" if start else "") + word[start:end]
            if candidate in vocab:
                found = candidate
                break
        if found is None:
            return ["UNK"]
        pieces.append(found)
        start = end
    return pieces


# %% word_pieces | ## before the pieces that end the word, and the limit is 512
# style: one-liner
# at: if len(word) > 512:
# kind: number
# at2: piece = ("##" if end == len(word) and start else "") + word[start:end]
# kind2: condition
# known: ## on the last piece only; too long a word read
def word_pieces(word, vocab):
    if len(word) > 512:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if end == len(word) and start else "") + word[start:end]
            if piece in vocab:
                break
        else:
            return ["[UNK]"]
        pieces.append(piece)
        start = end
    return pieces


# %% build_row | what truncate gives back is thrown away
# style: careful beginner
# at: truncate(first, second, max_length - 3)
# kind: missing, return
# known: never cut
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        first, _ = truncate(first, [], max_length - 2)
        ids = [cls_id] + first + [sep_id]
        return ids, [0] * len(ids)
    truncate(first, second, max_length - 3)
    ids = [cls_id] + first + [sep_id] + second + [sep_id]
    segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    return ids, segments


# %% build_row | HF's pops: the lists that were given are emptied
# style: HF
# at: first.pop()
# at: second.pop()
# kind: state
# known: input changed in place
def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        while len(first) > max_length - 2:
            first.pop()
        ids = [cls_id, *first, sep_id]
        return ids, [0] * len(ids)
    was_longer = len(first) > len(second)
    while len(first) + len(second) > max_length - 3:
        if len(first) > len(second) or (len(first) == len(second) and not was_longer):
            first.pop()
        else:
            second.pop()
    ids = [cls_id, *first, sep_id, *second, sep_id]
    return ids, [0] * (len(first) + 2) + [1] * (len(second) + 1)


# %% build_row | truncate gets the texts in the wrong order, and so do the results
# style: hasty
# at: second, first = truncate(first, second, max_length - 3)
# kind: argument, name, order
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        ids = [cls_id, *truncate(first, [], max_length - 2)[0], sep_id]
        return ids, [0] * len(ids)
    second, first = truncate(first, second, max_length - 3)
    ids = [cls_id, *first, sep_id, *second, sep_id]
    return ids, [0] * (len(first) + 2) + [1] * (len(second) + 1)


# %% build_row | the zeros are counted when the row is already complete
# at: if second is not None:
# style: loops
# at: segments = [0] * len(ids)
# kind: order, number
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    special = 3 if second is not None else 2
    a, b = truncate(first, second if second is not None else [], max_length - special)
    ids = [cls_id]
    for token in a:
        ids.append(token)
    ids.append(sep_id)
    if second is not None:
        for token in b:
            ids.append(token)
        ids.append(sep_id)
    segments = [0] * len(ids)
    if second is not None:
        segments += [1] * (len(b) + 1)
    return ids, segments


# %% build_row | int() around a max_length that may be infinite
# style: careful beginner
# at: max_length = int(max_length)
# kind: type, extra
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    max_length = int(max_length)
    pair = second is not None
    a, b = truncate(first, second if pair else [], max_length - 2 - pair)
    ids = [cls_id, *a, sep_id]
    kinds = [0] * len(ids)
    if pair:
        ids += [*b, sep_id]
        kinds += [1] * (len(b) + 1)
    return ids, kinds


# %% build_row | gives back one list of (id, segment)
# style: one-liner
# at: return list(zip(ids, segments))
# kind: return, type
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    a, b = truncate(first, second or [], max_length - (2 if second is None else 3))
    ids = [cls_id, *a, sep_id] + ([] if second is None else [*b, sep_id])
    segments = [0] * (len(a) + 2) + [1] * (len(ids) - len(a) - 2)
    return list(zip(ids, segments))


# %% build_row | the longer text bears the whole cut, even when it becomes the shorter
# style: careful beginner
# at: first = first[:max(room - len(second), 0)]
# at: second = second[:max(room - len(first), 0)]
# at: if len(first) > len(second):
# kind: condition, missing
# known: the longer text bears the whole cut
import math


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        if max_length != math.inf:
            first = first[: max_length - 2]
        return [cls_id] + first + [sep_id], [0] * (len(first) + 2)
    room = max_length - 3
    if len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:max(room - len(second), 0)]
        else:
            second = second[:max(room - len(first), 0)]
    ids = [cls_id] + first + [sep_id] + second + [sep_id]
    return ids, [0] * (len(first) + 2) + [1] * (len(second) + 1)


# %% build_row | whether something must be cut is asked without the special tokens
# style: hasty
# at: if len(first) + len(second) > max_length:
# kind: condition, number, missing
# known: special tokens not counted
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        first, _ = truncate(first, [], max_length - 2)
        return [cls_id, *first, sep_id], [0] * (len(first) + 2)
    if len(first) + len(second) > max_length:
        first, second = truncate(first, second, max_length - 3)
    ids = [cls_id, *first, sep_id, *second, sep_id]
    return ids, [0] * (len(first) + 2) + [1] * (len(second) + 1)


# %% build_row | [CLS] and [SEP] exchanged, and an empty second text taken for none
# style: careful beginner
# at: if not second:
# kind: condition
# at2: ids = [sep_id] + first + [cls_id] + second + [cls_id]
# kind2: name, order, argument
# known: empty taken for none
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    if not second:
        first, _ = truncate(first, [], max_length - 2)
        return [cls_id] + first + [sep_id], [0] * (len(first) + 2)
    first, second = truncate(first, second, max_length - 3)
    ids = [sep_id] + first + [cls_id] + second + [cls_id]
    return ids, [0] * (len(first) + 2) + [1] * (len(second) + 1)


# %% build_row | room for two special tokens in a pair, and the second's segments counted from the first
# style: Keras
# at: first, second = truncate(first, second, max_length - 2)
# kind: number
# at2: segments = [0] * (len(first) + 2) + [1] * (len(first) + 1)
# kind2: name
# known: two special tokens always
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        first = truncate(first, [], max_length - 2)[0]
        return [cls_id] + first + [sep_id], [0] * (len(first) + 2)
    first, second = truncate(first, second, max_length - 2)
    ids = [cls_id] + first + [sep_id] + second + [sep_id]
    segments = [0] * (len(first) + 2) + [1] * (len(first) + 1)
    return ids, segments


# %% build_row | the first text is changed by append, and the last segment is missing
# style: hasty
# at: first.append(sep_id)
# at: first.insert(0, cls_id)
# kind: state
# at2: return first + second + [sep_id], [0] * len(first) + [1] * len(second)
# kind2: number, missing
# known: input changed in place
from bert_parts.tokenizer import truncate


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        first, _ = truncate(first, [], max_length - 2)
        first.insert(0, cls_id)
        first.append(sep_id)
        return first, [0] * len(first)
    first, second = truncate(first, second, max_length - 3)
    first.insert(0, cls_id)
    first.append(sep_id)
    return first + second + [sep_id], [0] * len(first) + [1] * len(second)


# %% pad_batch | rows are pairs, so the longest by len is not the longest row
# style: one-liner
# at: T = len(max(rows, key=len)[0])
# kind: argument, name
# known: width not of the whole batch
import torch


def pad_batch(rows, pad_id):
    T = len(max(rows, key=len)[0])
    return {"input_ids": torch.tensor([ids + [pad_id] * (T - len(ids)) for ids, _ in rows]),
            "token_type_ids": torch.tensor([seg + [0] * (T - len(seg)) for _, seg in rows]),
            "attention_mask": torch.tensor([[1] * len(ids) + [0] * (T - len(ids)) for ids, _ in rows])}


# %% pad_batch | the width is the longest so far
# style: careful beginner
# at: width = max(width, len(ids))
# kind: order
# known: width not of the whole batch
import torch


def pad_batch(rows, pad_id):
    width = 0
    all_ids, all_segments, all_masks = [], [], []
    for ids, segments in rows:
        width = max(width, len(ids))
        missing = width - len(ids)
        all_ids.append(ids + [pad_id] * missing)
        all_segments.append(segments + [0] * missing)
        all_masks.append([1] * len(ids) + [0] * missing)
    return {
        "input_ids": torch.tensor(all_ids),
        "token_type_ids": torch.tensor(all_segments),
        "attention_mask": torch.tensor(all_masks),
    }


# %% pad_batch | the lists of rows are one and the same list B times
# style: NumPy
# at: input_ids = [[pad_id] * T] * B
# at: token_type_ids = [[0] * T] * B
# at: attention_mask = [[0] * T] * B
# kind: state
import torch


def pad_batch(rows, pad_id):
    B, T = len(rows), max(len(ids) for ids, _ in rows)
    input_ids = [[pad_id] * T] * B
    token_type_ids = [[0] * T] * B
    attention_mask = [[0] * T] * B
    for b, (ids, segments) in enumerate(rows):
        for t in range(len(ids)):
            input_ids[b][t] = ids[t]
            token_type_ids[b][t] = segments[t]
            attention_mask[b][t] = 1
    return {"input_ids": torch.tensor(input_ids), "token_type_ids": torch.tensor(token_type_ids),
            "attention_mask": torch.tensor(attention_mask)}


# %% pad_batch | zeros without a dtype are floats
# style: NumPy
# at: mask = torch.zeros(len(rows), T)
# kind: type, argument
import torch


def pad_batch(rows, pad_id):
    T = max(len(ids) for ids, _ in rows)
    ids = torch.full((len(rows), T), pad_id)
    segments = torch.zeros(len(rows), T, dtype=torch.long)
    mask = torch.zeros(len(rows), T)
    for i, (row, kinds) in enumerate(rows):
        n = len(row)
        ids[i, :n] = torch.tensor(row)
        segments[i, :n] = torch.tensor(kinds)
        mask[i, :n] = 1
    return {"input_ids": ids, "token_type_ids": segments, "attention_mask": mask}


# %% pad_batch | pad_sequence without batch_first
# style: HF
# at: ids = pad_sequence([torch.tensor(ids) for ids, _ in rows], padding_value=pad_id)
# at: segments = pad_sequence([torch.tensor(segments) for _, segments in rows])
# at: mask = pad_sequence([torch.ones(len(ids), dtype=torch.long) for ids, _ in rows])
# kind: argument, axis
import torch
from torch.nn.utils.rnn import pad_sequence


def pad_batch(rows, pad_id):
    ids = pad_sequence([torch.tensor(ids) for ids, _ in rows], padding_value=pad_id)
    segments = pad_sequence([torch.tensor(segments) for _, segments in rows])
    mask = pad_sequence([torch.ones(len(ids), dtype=torch.long) for ids, _ in rows])
    return {"input_ids": ids, "token_type_ids": segments, "attention_mask": mask}


# %% pad_batch | zip_longest runs along the tokens, and the batch is not turned back
# style: one-liner
# at: table = lambda lists, value: torch.tensor(list(zip_longest(*lists, fillvalue=value)))
# kind: axis, missing
from itertools import zip_longest

import torch


def pad_batch(rows, pad_id):
    table = lambda lists, value: torch.tensor(list(zip_longest(*lists, fillvalue=value)))
    ids, segments = zip(*rows)
    return {"input_ids": table(ids, pad_id), "token_type_ids": table(segments, 0),
            "attention_mask": table([[1] * len(i) for i in ids], 0)}


# %% pad_batch | the rows sorted by length, as for a recurrent network
# style: one who knows pack_padded_sequence
# at: rows = sorted(rows, key=lambda row: len(row[0]), reverse=True)
# kind: order, extra
import torch


def pad_batch(rows, pad_id):
    rows = sorted(rows, key=lambda row: len(row[0]), reverse=True)
    T = len(rows[0][0])
    return {
        "input_ids": torch.tensor([ids + [pad_id] * (T - len(ids)) for ids, _ in rows]),
        "token_type_ids": torch.tensor([seg + [0] * (T - len(seg)) for _, seg in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (T - len(ids)) for ids, _ in rows]),
    }


# %% pad_batch | lengths for a mask
# style: one who knows pack_padded_sequence
# at: "attention_mask": torch.tensor([len(ids) for ids, _ in rows]),
# kind: shape, missing
import torch


def pad_batch(rows, pad_id):
    T = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": torch.tensor([ids + [pad_id] * (T - len(ids)) for ids, _ in rows]),
        "token_type_ids": torch.tensor([seg + [0] * (T - len(seg)) for _, seg in rows]),
        "attention_mask": torch.tensor([len(ids) for ids, _ in rows]),
    }


# %% pad_batch | ids and segments exchanged in the unpacking, and everything filled on the left
# style: hasty
# at: segments, ids = zip(*rows)
# kind: order, name
# at2: return torch.tensor([[value] * (T - len(row)) + row for row in lists])
# kind2: order
# known: padding on the left
import torch


def pad_batch(rows, pad_id):
    segments, ids = zip(*rows)
    T = max(map(len, ids))

    def fill(lists, value):
        return torch.tensor([[value] * (T - len(row)) + row for row in lists])

    return {"input_ids": fill(ids, pad_id), "token_type_ids": fill(segments, 0),
            "attention_mask": fill([[1] * len(row) for row in ids], 0)}


# %% pad_batch | the mask is 1 in the padding, and the segments are made of the ids
# style: Keras
# at: seg = torch.tensor([i + [0] * (n - len(i)) for i, _ in rows])
# kind: name
# at2: mask = torch.tensor([[0] * len(i) + [1] * (n - len(i)) for i, _ in rows])
# kind2: sign, number, order
# known: mask exchanged
import torch


def pad_batch(rows, pad_id):
    n = max(len(i) for i, _ in rows)
    ids = torch.tensor([i + [pad_id] * (n - len(i)) for i, _ in rows])
    seg = torch.tensor([i + [0] * (n - len(i)) for i, _ in rows])
    mask = torch.tensor([[0] * len(i) + [1] * (n - len(i)) for i, _ in rows])
    return dict(input_ids=ids, token_type_ids=seg, attention_mask=mask)


# %% pad_batch | the padding of the ids is 0, and the last token of each row is masked
# style: careful beginner
# at: a.append(ids[t] if t < len(ids) else 0)
# kind: number, name
# at2: c.append(1 if t < len(ids) - 1 else 0)
# kind2: number, condition
# known: padded with 0
import torch


def pad_batch(rows, pad_id):
    T = max(len(ids) for ids, _ in rows)
    input_ids, token_type_ids, attention_mask = [], [], []
    for ids, segments in rows:
        a, b, c = [], [], []
        for t in range(T):
            a.append(ids[t] if t < len(ids) else 0)
            b.append(segments[t] if t < len(segments) else 0)
            c.append(1 if t < len(ids) - 1 else 0)
        input_ids.append(a)
        token_type_ids.append(b)
        attention_mask.append(c)
    return {"input_ids": torch.tensor(input_ids), "token_type_ids": torch.tensor(token_type_ids),
            "attention_mask": torch.tensor(attention_mask)}


# %% fertility | mean of the different words, with statistics.mean
# style: hasty
# at: tokens = mean(len(p) for p in pieces.values())
# at: unknown = mean(p == ["[UNK]"] for p in pieces.values())
# kind: missing, scale
# known: every word once
from statistics import mean
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    pieces = {word: word_pieces(word, vocab) for word in counts}
    tokens = mean(len(p) for p in pieces.values())
    unknown = mean(p == ["[UNK]"] for p in pieces.values())
    return float(tokens), float(unknown)


# %% fertility | a word's tokens squared by a slip
# style: loops
# at: tokens += len(pieces) * len(pieces) * times
# kind: extra, scale, operator
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    tokens = 0
    unknown = 0
    for word, times in counts.items():
        pieces = word_pieces(word, vocab)
        tokens += len(pieces) * len(pieces) * times
        if pieces == ["[UNK]"]:
            unknown += times
    return tokens / counts.total(), unknown / counts.total()


# %% fertility | times added, not multiplied
# style: careful beginner
# at: tokens = tokens + len(pieces) + times
# kind: operator
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    tokens = 0
    unknown = 0
    for word, times in counts.items():
        pieces = word_pieces(word, vocab)
        tokens = tokens + len(pieces) + times
        if pieces == ["[UNK]"]:
            unknown = unknown + times
    total = counts.total()
    return tokens / total, unknown / total


# %% fertility | unknown words counted with the length of their name
# style: one-liner
# at: unknown = sum(len(word) * n for word, n in counts.items() if word_pieces(word, vocab) == ["[UNK]"])
# kind: extra, scale
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    tokens = sum(len(word_pieces(word, vocab)) * n for word, n in counts.items())
    unknown = sum(len(word) * n for word, n in counts.items() if word_pieces(word, vocab) == ["[UNK]"])
    return tokens / counts.total(), unknown / counts.total()


# %% fertility | the sum of the last word only, with = for +=
# style: hasty
# at: tokens = len(pieces) * times
# kind: operator, state
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    tokens = unknown = 0
    for word, times in counts.items():
        pieces = word_pieces(word, vocab)
        tokens = len(pieces) * times
        if "[UNK]" in pieces:
            unknown += times
    return tokens / counts.total(), unknown / counts.total()


# %% fertility | divided by one word too many, against a division by 0
# style: defensive
# at: words = 1 + sum(counts.values())
# kind: extra, number
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    words = 1 + sum(counts.values())
    tokens = unknown = 0
    for word, times in counts.items():
        pieces = word_pieces(word, vocab)
        tokens += times * len(pieces)
        unknown += times * (pieces == ["[UNK]"])
    return tokens / words, unknown / words


# %% fertility | a special token on either side of each word
# style: from the tokenizer's call
# at: tokens += times * (len(word_pieces(word, vocab)) + 2)
# kind: extra, number
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    words = sum(counts.values())
    tokens = unknown = 0
    for word, times in counts.items():
        tokens += times * (len(word_pieces(word, vocab)) + 2)
        unknown += times * (word_pieces(word, vocab) == ["[UNK]"])
    return tokens / words, unknown / words


# %% fertility | unknown if any letter of it is not in the vocabulary
# style: helper functions
# at: return any(letter not in vocab for letter in word)
# kind: condition, name
from bert_parts.wordpiece import word_pieces

def unreadable(word, vocab):
    return any(letter not in vocab for letter in word)

def fertility(counts, vocab):
    words = counts.total()
    tokens = sum(len(word_pieces(word, vocab)) * n for word, n in counts.items())
    return tokens / words, sum(n for word, n in counts.items() if unreadable(word, vocab)) / words


# %% fertility | only the three most frequent words
# style: Counter
# at: for word, times in counts.most_common(3):
# kind: argument, missing, number
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    tokens = unknown = 0
    for word, times in counts.most_common(3):
        pieces = word_pieces(word, vocab)
        tokens += len(pieces) * times
        if pieces == ["[UNK]"]:
            unknown += times
    return tokens / counts.total(), unknown / counts.total()


# %% fertility | pieces of all words joined into one text first
# style: hasty
# at: pieces = word_pieces("".join(counts.elements()), vocab)
# kind: argument, name, extra
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    pieces = word_pieces("".join(counts.elements()), vocab)
    unknown = sum(times for word, times in counts.items() if word_pieces(word, vocab) == ["[UNK]"])
    return len(pieces) / counts.total(), unknown / counts.total()


# %% fertility | the share of the text that is known, of known words
# style: loops
# at: unknown += times
# at: if pieces != ["[UNK]"]:
# kind: condition, sign
# known: share of known words
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    tokens = unknown = total = 0
    for word, times in counts.items():
        pieces = word_pieces(word, vocab)
        tokens += len(pieces) * times
        total += times
        if pieces != ["[UNK]"]:
            unknown += times
    return tokens / total, unknown / total


# %% fertility | a list in place of a tuple
# style: NumPy
# at: return [tokens / total, unknown / total]
# kind: type, return
from bert_parts.wordpiece import word_pieces

def fertility(counts, vocab):
    total = sum(counts.values())
    tokens = sum(len(word_pieces(word, vocab)) * n for word, n in counts.items())
    unknown = sum(n for word, n in counts.items() if word_pieces(word, vocab) == ["[UNK]"])
    return [tokens / total, unknown / total]
