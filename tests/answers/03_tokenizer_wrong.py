# %% best_pair | ties in score go to the pair that occurs less often
# style: one-liner
# at: return min(pair_counts, key=lambda p: (-pair_counts[p] / (piece_counts[p[0]] * piece_counts[p[1]]), pair_counts[p], p))
# kind: sign
def best_pair(pair_counts, piece_counts):
    return min(pair_counts, key=lambda p: (-pair_counts[p] / (piece_counts[p[0]] * piece_counts[p[1]]), pair_counts[p], p))

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
import numpy as np

def best_pair(pair_counts, piece_counts):
    def pmi(pair):
        return np.log(pair_counts[pair]) - np.log(piece_counts[pair[0]]) + np.log(piece_counts[pair[1]])

    return min(pair_counts, key=lambda pair: (-round(pmi(pair), 9), -pair_counts[pair], pair))

# %% best_pair | ties looked for with a generous tolerance
# style: careful beginner
# at: close = [pair for pair in pair_counts if math.isclose(scores[pair], top, rel_tol=0.25)]
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
def best_pair(pair_counts, piece_counts):
    score = lambda p: pair_counts[p] / (piece_counts[p[0]] * piece_counts[p[0]])
    return min(pair_counts, key=lambda p: (-score(p), -pair_counts[p], p[::-1]))

# %% best_pair | minus for times in the denominator, and the last of the sorted list
# style: helper functions
# at: return pair_counts[pair] / (piece_counts[pair[0]] + piece_counts[pair[1]] - pair_counts[pair])
# kind: operator
# at2: return sorted(pair_counts, key=lambda pair: (-jaccard(pair), -pair_counts[pair], pair))[-1]
# kind2: number
def best_pair(pair_counts, piece_counts):
    def jaccard(pair):
        return pair_counts[pair] / (piece_counts[pair[0]] + piece_counts[pair[1]] - pair_counts[pair])

    return sorted(pair_counts, key=lambda pair: (-jaccard(pair), -pair_counts[pair], pair))[-1]

# %% best_pair | whole-number division, and the more frequent of a tie is not looked for
# style: hasty
# at: score = count // (piece_counts[first] * piece_counts[second])
# kind: operator
# at2: if best is None or score > best_score:
# kind2: missing, condition
def best_pair(pair_counts, piece_counts):
    best = None
    best_score = 0
    for first, second in sorted(pair_counts):
        count = pair_counts[first, second]
        score = count // (piece_counts[first] * piece_counts[second])
        if best is None or score > best_score:
            best, best_score = (first, second), score
    return best

# %% join_pair | text replaced, which also finds the pair inside longer pieces
# style: one-liner
# at: return " ".join(pieces).replace(" ".join(pair), joined(pair)).split()
# kind: condition, name
from bert_parts.tokenizer import joined

def join_pair(pieces, pair):
    return " ".join(pieces).replace(" ".join(pair), joined(pair)).split()

# %% join_pair | the result is a default argument, shared by all calls
# style: helper functions
# at: def join_pair(pieces, pair, result=[]):
# kind: state, definition
from bert_parts.tokenizer import joined

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
from bert_parts.tokenizer import joined

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
from bert_parts.tokenizer import joined

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

# %% join_pair | the pair is recognised in either order
# style: one-liner
# at: if i + 1 < len(pieces) and {pieces[i], pieces[i + 1]} == set(pair):
# kind: condition, type
from bert_parts.tokenizer import joined

def join_pair(pieces, pair):
    out, i = [], 0
    while i < len(pieces):
        if i + 1 < len(pieces) and {pieces[i], pieces[i + 1]} == set(pair):
            out += [joined(pair)]
            i += 2
        else:
            out += [pieces[i]]
            i += 1
    return out

# %% join_pair | one of the two is enough
# style: hasty
# at: if pieces[i:i + 1] == [pair[0]] or pieces[i + 1:i + 2] == [pair[1]]:
# kind: condition, operator
from bert_parts.tokenizer import joined

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

# %% join_pair | works on the list that was given, with del
# style: careful beginner
# at: word = pieces
# at: word[i] = joined(pair)
# at: del word[i + 1]
# kind: state
from bert_parts.tokenizer import joined

def join_pair(pieces, pair):
    word = pieces
    i = 0
    while i + 1 < len(word):
        if (word[i], word[i + 1]) == pair:
            word[i] = joined(pair)
            del word[i + 1]
        i += 1
    return word

# %% join_pair | only the first place where the first piece stands is looked at
# style: Python's list methods
# at: i = pieces.index(pair[0]) if pair[0] in pieces else -1
# kind: name, missing, condition
from bert_parts.tokenizer import joined

def join_pair(pieces, pair):
    i = pieces.index(pair[0]) if pair[0] in pieces else -1
    if i >= 0 and pieces[i + 1:i + 2] == [pair[1]]:
        return pieces[:i] + [joined(pair)] + pieces[i + 2:]
    return list(pieces)

# %% join_pair | neighbours zipped: the second of the pair stays, and what follows too
# style: NumPy (shifted views)
# at: result.append(joined(pair) if (a, b) == pair else a)
# at: for a, b in zip(pieces, [*pieces[1:], None]):
# kind: missing
from bert_parts.tokenizer import joined

def join_pair(pieces, pair):
    result = []
    for a, b in zip(pieces, [*pieces[1:], None]):
        result.append(joined(pair) if (a, b) == pair else a)
    return result

# %% join_pair | gives back a tuple
# style: functional
# at: return tuple(result)
# kind: type, return
from bert_parts.tokenizer import joined

def join_pair(pieces, pair):
    result = []
    for piece in pieces:
        if result and (result[-1], piece) == tuple(pair):
            result[-1] = joined(pair)
        else:
            result.append(piece)
    return tuple(result)

# %% join_pair | joins from the right
# style: recursion
# at: if (pieces[-2], pieces[-1]) == pair:
# at: return join_pair(pieces[:-2], pair) + [joined(pair)]
# at: return join_pair(pieces[:-1], pair) + [pieces[-1]]
# kind: order, number
from bert_parts.tokenizer import joined

def join_pair(pieces, pair):
    if len(pieces) < 2:
        return list(pieces)
    if (pieces[-2], pieces[-1]) == pair:
        return join_pair(pieces[:-2], pair) + [joined(pair)]
    return join_pair(pieces[:-1], pair) + [pieces[-1]]

# %% join_pair | both lose their ##, and the loop ends one too early
# style: careful beginner
# at: new = pair[0].removeprefix("##") + pair[1].removeprefix("##")
# kind: extra, name
# at2: while i < len(pieces) - 1:
# kind2: number, condition
def join_pair(pieces, pair):
    new = pair[0].removeprefix("##") + pair[1].removeprefix("##")
    out = []
    i = 0
    while i < len(pieces) - 1:
        if pieces[i] == pair[0] and pieces[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(pieces[i])
            i += 1
    return out

# %% join_pair | the second piece keeps its ##, and the result is text
# style: one-liner
# at: out[-1] += piece
# kind: missing
# at2: return " ".join(out)
# kind2: type, return
def join_pair(pieces, pair):
    out = []
    for piece in pieces:
        if out and out[-1] == pair[0] and piece == pair[1]:
            out[-1] += piece
        else:
            out.append(piece)
    return " ".join(out)

# %% join_pair | stops after the first join, and changes the list that was given
# style: hasty
# at: break
# kind: condition, extra
# at2: pieces[i:i + 2] = [joined(pair)]
# kind2: state
from bert_parts.tokenizer import joined

def join_pair(pieces, pair):
    for i in range(len(pieces)):
        if tuple(pieces[i:i + 2]) == pair:
            pieces[i:i + 2] = [joined(pair)]
            break
    return pieces

# %% word_pieces | what is left is found by replace, which takes out every occurrence
# style: helper functions
# at: rest = rest.replace(found, "")
# kind: name, argument
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

# %% word_pieces | the longest piece is searched in the set of pieces, where ## is not told apart
# style: one-liner
# at: fits = [piece for piece in vocab if rest.startswith(piece.removeprefix("##"))]
# kind: condition, missing
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces, rest = [], word
    while rest:
        fits = [piece for piece in vocab if rest.startswith(piece.removeprefix("##"))]
        if not fits:
            return ["[UNK]"]
        best = max(fits, key=lambda piece: len(piece.removeprefix("##"))).removeprefix("##")
        pieces.append(("##" if pieces else "") + best)
        rest = rest[len(best):]
    return pieces

# %% word_pieces | the break is missing, so that the shortest piece is kept
# style: hasty
# at: piece, stop = candidate, end
# kind: missing, condition
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        piece = None
        for end in range(len(word), start, -1):
            candidate = ("##" if start else "") + word[start:end]
            if candidate in vocab:
                piece, stop = candidate, end
        if piece is None:
            return ["[UNK]"]
        pieces.append(piece)
        start = stop
    return pieces

# %% word_pieces | cut from the right: the longest ending first
# style: HF
# at: for begin in range(end):
# at: while end > 0:
# kind: order, number
def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    tokens, end = [], len(word)
    while end > 0:
        for begin in range(end):
            piece = ("##" if begin else "") + word[begin:end]
            if piece in vocab:
                break
        else:
            return ["[UNK]"]
        tokens.insert(0, piece)
        end = begin
    return tokens

# %% word_pieces | HF's loop, in which is_bad is set but never asked
# style: HF
# at: is_bad = True
# at: return output_tokens
# kind: missing, return
def word_pieces(word, vocab, unk_token="[UNK]", max_input_chars_per_word=100):
    if len(word) > max_input_chars_per_word:
        return [unk_token]
    is_bad = False
    start = 0
    output_tokens = []
    while start < len(word):
        end = len(word)
        cur_substr = None
        while start < end:
            substr = word[start:end]
            if start > 0:
                substr = "##" + substr
            if substr in vocab:
                cur_substr = substr
                break
            end -= 1
        if cur_substr is None:
            is_bad = True
            break
        output_tokens.append(cur_substr)
        start = end
    return output_tokens

# %% word_pieces | the pieces without ## in the result
# style: helper functions
# at: pieces.append(word[start:end])
# kind: name, missing
def word_pieces(word, vocab):
    def longest(start):
        for end in range(len(word), start, -1):
            if ("##" if start else "") + word[start:end] in vocab:
                return end
        return None

    if len(word) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        end = longest(start)
        if end is None:
            return ["[UNK]"]
        pieces.append(word[start:end])
        start = end
    return pieces

# %% word_pieces | a word of exactly 100 characters is refused, and a word without a fit ends in [UNK]
# style: careful beginner
# at: if len(word) >= 100:
# kind: number, condition
# at2: return pieces + ["[UNK]"]
# kind2: return, extra
def word_pieces(word, vocab):
    if len(word) >= 100:
        return ["[UNK]"]
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

# %% word_pieces | the whole word is never tried, and [UNK] comes as text
# style: hasty
# at: for end in range(len(word) - 1, start, -1):
# kind: number
# at2: return "[UNK]"
# kind2: type, return
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
            return "[UNK]"
        pieces.append(found)
        start = end
    return pieces

# %% word_pieces | ## before the pieces that end the word, and the limit is 512
# style: one-liner
# at: if len(word) > 512:
# kind: number
# at2: piece = ("##" if end == len(word) and start else "") + word[start:end]
# kind2: condition
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

# %% build_row | the room is halved, each text gets its half even if the other is short
# style: NumPy
# at: first, second = first[:half], second[:room - half]
# at: half = room // 2
# kind: condition, name, missing
import math

def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        if max_length != math.inf:
            first = first[:max_length - 2]
        return [cls_id] + first + [sep_id], [0] * (len(first) + 2)
    if max_length != math.inf and len(first) + len(second) + 3 > max_length:
        room = max_length - 3
        half = room // 2
        first, second = first[:half], second[:room - half]
    return [cls_id] + first + [sep_id] + second + [sep_id], [0] * (len(first) + 2) + [1] * (len(second) + 1)

# %% build_row | keeps the ends of the texts instead of their beginnings
# style: helper functions
# at: first = first[len(first) - a:]
# at: second = second[len(second) - b:]
# kind: number
from bert_parts.tokenizer import truncate

def build_row(first, second, max_length, cls_id, sep_id):
    special = 2 if second is None else 3
    kept_first, kept_second = truncate(first, second or [], max_length - special)
    a, b = len(kept_first), len(kept_second)
    first = first[len(first) - a:]
    if second is None:
        return [cls_id] + first + [sep_id], [0] * (a + 2)
    second = second[len(second) - b:]
    return [cls_id] + first + [sep_id] + second + [sep_id], [0] * (a + 2) + [1] * (b + 1)

# %% build_row | the zeros are counted when the row is already complete
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

# %% build_row | a [CLS] before the second text too
# style: Keras
# at: right = [cls_id] + b + [sep_id]
# kind: extra
from bert_parts.tokenizer import truncate

def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        a, _ = truncate(first, [], max_length - 2)
        return [cls_id] + a + [sep_id], [0] * (len(a) + 2)
    a, b = truncate(first, second, max_length - 3)
    left = [cls_id] + a + [sep_id]
    right = [cls_id] + b + [sep_id]
    return left + right, [0] * len(left) + [1] * len(right)

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

# %% build_row | segment 1 begins where the first [SEP] is found, itself included
# style: loops
# at: segment = 1
# at: if token == sep_id:
# at: segments.append(segment)
# kind: order
from bert_parts.tokenizer import truncate

def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        a, _ = truncate(first, [], max_length - 2)
        return [cls_id, *a, sep_id], [0] * (len(a) + 2)
    a, b = truncate(first, second, max_length - 3)
    ids = [cls_id, *a, sep_id, *b, sep_id]
    segments, segment = [], 0
    for token in ids:
        if token == sep_id:
            segment = 1
        segments.append(segment)
    return ids, segments

# %% build_row | only the second text gives way
# style: hasty
# at: second = second[:max(0, max_length - 3 - len(first))]
# kind: name, condition, missing
import math

def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        first = first if max_length == math.inf else first[:max_length - 2]
        return [cls_id, *first, sep_id], [0] * (len(first) + 2)
    if max_length < math.inf:
        second = second[:max(0, max_length - 3 - len(first))]
        first = first[:max_length - 3]
    return [cls_id, *first, sep_id, *second, sep_id], [0] * (len(first) + 2) + [1] * (len(second) + 1)

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

# %% build_row | [CLS] and [SEP] exchanged, and an empty second text taken for none
# style: careful beginner
# at: if not second:
# kind: condition
# at2: ids = [sep_id] + first + [cls_id] + second + [cls_id]
# kind2: name, order, argument
from bert_parts.tokenizer import truncate

def build_row(first, second, max_length, cls_id, sep_id):
    if not second:
        first, _ = truncate(first, [], max_length - 2)
        return [cls_id] + first + [sep_id], [0] * (len(first) + 2)
    first, second = truncate(first, second, max_length - 3)
    ids = [sep_id] + first + [cls_id] + second + [cls_id]
    return ids, [0] * (len(first) + 2) + [1] * (len(second) + 1)

# %% build_row | room for two special tokens in a pair, and its segments numbered 1 and 2
# style: Keras
# at: first, second = truncate(first, second, max_length - 2)
# kind: number
# at2: segments = [1] * (len(first) + 2) + [2] * (len(second) + 1)
# kind2: number
from bert_parts.tokenizer import truncate

def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        first = truncate(first, [], max_length - 2)[0]
        return [cls_id] + first + [sep_id], [0] * (len(first) + 2)
    first, second = truncate(first, second, max_length - 2)
    ids = [cls_id] + first + [sep_id] + second + [sep_id]
    segments = [1] * (len(first) + 2) + [2] * (len(second) + 1)
    return ids, segments

# %% build_row | the first text is changed by append, and the last segment is missing
# style: hasty
# at: first.append(sep_id)
# at: first.insert(0, cls_id)
# kind: state
# at2: return first + second + [sep_id], [0] * len(first) + [1] * len(second)
# kind2: number, missing
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

# %% pad_batch | the rows that were given are lengthened by +=
# style: loops
# at: ids += [pad_id] * missing
# at: segments += [0] * missing
# kind: state
import torch

def pad_batch(rows, pad_id):
    longest = max(len(ids) for ids, _ in rows)
    mask = []
    for ids, segments in rows:
        missing = longest - len(ids)
        mask.append([1] * len(ids) + [0] * missing)
        ids += [pad_id] * missing
        segments += [0] * missing
    return {"input_ids": torch.tensor([ids for ids, _ in rows]),
            "token_type_ids": torch.tensor([segments for _, segments in rows]),
            "attention_mask": torch.tensor(mask)}

# %% pad_batch | the mask is made of rows already filled up
# style: helper functions
# at: mask = [[1] * len(row) for row in ids]
# kind: order, name
import torch

def fill(row, width, value):
    return list(row) + [value] * (width - len(row))

def pad_batch(rows, pad_id):
    width = max(len(row) for row, _ in rows)
    ids = [fill(row, width, pad_id) for row, _ in rows]
    segments = [fill(kinds, width, 0) for _, kinds in rows]
    mask = [[1] * len(row) for row in ids]
    mask = [fill(row, width, 0) for row in mask]
    return {"input_ids": torch.tensor(ids), "token_type_ids": torch.tensor(segments), "attention_mask": torch.tensor(mask)}

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

# %% pad_batch | everything is filled up to 512
# style: Keras
# at: maxlen = 512
# kind: number
import torch

def pad_batch(rows, pad_id):
    maxlen = 512
    out = {"input_ids": [], "token_type_ids": [], "attention_mask": []}
    for ids, segments in rows:
        n = maxlen - len(ids)
        out["input_ids"].append(ids + [pad_id] * n)
        out["token_type_ids"].append(segments + [0] * n)
        out["attention_mask"].append([1] * len(ids) + [0] * n)
    return {name: torch.tensor(value) for name, value in out.items()}

# %% pad_batch | a mask of True and False
# style: NumPy
# at: mask = torch.arange(width)[None, :] < lengths[:, None]
# at: "attention_mask": mask,
# kind: type
import torch

def pad_batch(rows, pad_id):
    lengths = torch.tensor([len(ids) for ids, _ in rows])
    width = int(lengths.max())
    mask = torch.arange(width)[None, :] < lengths[:, None]
    return {
        "input_ids": torch.tensor([ids + [pad_id] * (width - len(ids)) for ids, _ in rows]),
        "token_type_ids": torch.tensor([seg + [0] * (width - len(seg)) for _, seg in rows]),
        "attention_mask": mask,
    }

# %% pad_batch | one column too many: range counted from the lengths plus one
# style: NumPy
# at: width = int(lengths.max()) + 1
# kind: number, extra
import torch

def pad_batch(rows, pad_id):
    lengths = torch.tensor([len(ids) for ids, _ in rows])
    width = int(lengths.max()) + 1
    mask = (torch.arange(width) < lengths.unsqueeze(1)).long()
    ids = torch.full_like(mask, pad_id)
    segments = torch.zeros_like(mask)
    for i, (row, kinds) in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        segments[i, : len(row)] = torch.tensor(kinds)
    return {"input_ids": ids, "token_type_ids": segments, "attention_mask": mask}

# %% pad_batch | ids and segments exchanged in the unpacking, and everything filled on the left
# style: hasty
# at: segments, ids = zip(*rows)
# kind: order, name
# at2: return torch.tensor([[value] * (T - len(row)) + row for row in lists])
# kind2: order
import torch

def pad_batch(rows, pad_id):
    segments, ids = zip(*rows)
    T = max(map(len, ids))

    def fill(lists, value):
        return torch.tensor([[value] * (T - len(row)) + row for row in lists])

    return {"input_ids": fill(ids, pad_id), "token_type_ids": fill(segments, 0),
            "attention_mask": fill([[1] * len(row) for row in ids], 0)}

# %% pad_batch | the mask is 1 in the padding, and the segments are filled with pad_id
# style: Keras
# at: seg = torch.tensor([s + [pad_id] * (n - len(s)) for _, s in rows])
# kind: number, name
# at2: mask = torch.tensor([[0] * len(i) + [1] * (n - len(i)) for i, _ in rows])
# kind2: sign, number, order
import torch

def pad_batch(rows, pad_id):
    n = max(len(i) for i, _ in rows)
    ids = torch.tensor([i + [pad_id] * (n - len(i)) for i, _ in rows])
    seg = torch.tensor([s + [pad_id] * (n - len(s)) for _, s in rows])
    mask = torch.tensor([[0] * len(i) + [1] * (n - len(i)) for i, _ in rows])
    return dict(input_ids=ids, token_type_ids=seg, attention_mask=mask)

# %% pad_batch | cut to the shortest row, and the padding of the ids is 0
# style: careful beginner
# at: T = min(len(ids) for ids, _ in rows)
# kind: name
# at2: ids_row = ids[t] if t < len(ids) else 0
# kind2: number, name
import torch

def pad_batch(rows, pad_id):
    T = min(len(ids) for ids, _ in rows)
    input_ids, token_type_ids, attention_mask = [], [], []
    for ids, segments in rows:
        a, b, c = [], [], []
        for t in range(T):
            ids_row = ids[t] if t < len(ids) else 0
            a.append(ids_row)
            b.append(segments[t] if t < len(segments) else 0)
            c.append(1 if t < len(ids) else 0)
        input_ids.append(a)
        token_type_ids.append(b)
        attention_mask.append(c)
    return {"input_ids": torch.tensor(input_ids), "token_type_ids": torch.tensor(token_type_ids),
            "attention_mask": torch.tensor(attention_mask)}
