"""Notebook 03: learning a vocabulary, cutting words into pieces, rows and batches."""

import functools
import importlib.util
import math

import torch

from bert_parts.datasets import movie_reviews
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake
from bert_parts.learn.inside import real_model
from bert_parts.learn.questions import Option, Question
from bert_parts.tokenizer import build_row, pad_batch, truncate
from bert_parts.wordpiece import UNK, best_pair, join_pair, joined, train_wordpiece, word_pieces

NOTEBOOK = "03_tokenizer"
TITLE = "Tokenizer"


def module_with(parts: dict[str, object], name: str):
    """A second copy of a module, in which the given functions take the place of those of the same name."""
    spec = importlib.util.find_spec(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module).update({name: part for name, part in parts.items() if name in vars(module)})
    return module


def tokenizer_with(parts: dict[str, object], tokens: list[str] | None = None):
    """A tokenizer that works with the given functions; its vocabulary is the real BERT's if none is given."""
    return module_with(parts, "bert_parts.tokenizer").BertTokenizer(real_model()[1].tokens if tokens is None else tokens)


@functools.cache
def sentences() -> list[str]:
    return [review.text for review in movie_reviews()[:600]]


def reads_the_same(thing) -> Finding | str:
    """The real tokenizer with the learner's function, on real reviews: alone, in pairs, and cut."""
    own, real = tokenizer_with({thing.__name__: thing}), real_model()[1]
    texts, pairs = sentences()[::2], sentences()[1::2]
    for arguments in ((texts,), (texts, pairs), (texts, pairs, 24)):
        for start in range(0, len(texts), 50):     # batch by batch, so that there is padding of many widths
            batch = [part[start : start + 50] if isinstance(part, list) else part for part in arguments]
            given, expected = own(*batch), real(*batch)
            for name in expected:
                if not torch.equal(given[name], expected[name]):
                    return Finding(f"By itself your part agrees, but in the real tokenizer the `{name}` of real reviews "
                                   f"come out differently, in a batch that begins with: {batch[0][0]}")
    return (f"In the real tokenizer: the same ids as before for {len(sentences())} sentences from reviews, alone, in pairs, "
            f"and cut.")


def learns_the_same(thing) -> Finding | str:
    """A vocabulary learned from real reviews with the learner's function."""
    expected = train_wordpiece(sentences(), 400)
    if thing.__name__ == "best_pair":
        given = train_wordpiece(sentences(), 400, choose=thing)
    else:
        given = module_with({thing.__name__: thing}, "bert_parts.wordpiece").train_wordpiece(sentences(), 400)
    if given != expected:
        place = next((n for n, pair in enumerate(zip(given, expected, strict=False)) if pair[0] != pair[1]), len(given))
        return Finding(f"By itself your part agrees, but a vocabulary learned with it from real reviews differs, first "
                       f"at token {place}.")
    return f"A vocabulary of 400, learned with it from {len(sentences())} sentences of reviews: token by token the same."


# ── best_pair ────────────────────────────────────────────────────────────────────────────────────────────────────────

PAIRS = {
    ("##g", "##u"): 45, ("t", "##r"): 4, ("##r", "##e"): 60, ("##g", "##r"): 9, ("##s", "##x"): 45, ("p", "##s"): 24,
    ("##h", "##s"): 12, ("w", "##r"): 90, ("m", "##t"): 80, ("e", "##s"): 30, ("k", "##l"): 80,
    ("##a", "##u"): 10,
}
PIECES = {
    "##r": 203, "t": 4, "p": 29, "##s": 96, "##e": 60, "w": 150, "##h": 42, "##u": 105, "##g": 64, "e": 31, "##x": 245,
    "k": 90, "##l": 220, "##a": 60, "m": 100, "##t": 300,
}
EQUAL_SCORES = {     # all 0.01
    ("c", "##d"): 20, ("a", "##b"): 30, ("e", "##f"): 60, ("g", "##h"): 5, ("d", "##e"): 40,
}
EQUAL_SCORES_PIECES = {
    "a": 30, "##b": 100, "c": 40, "##d": 50, "d": 80, "##e": 50, "e": 100, "##f": 60, "g": 20, "##h": 25,
}
EQUAL_COUNTS = {("c", "##d"): 20, ("a", "##b"): 20, ("e", "##f"): 20, ("b", "##c"): 20}
EQUAL_COUNTS_PIECES = {"a": 40, "##b": 50, "b": 80, "##c": 25, "c": 50, "##d": 40, "e": 20, "##f": 100}


EQUAL_IF_EXACT = {("c", "##d"): 5, ("a", "##b"): 6, ("e", "##f"): 5}     # all 1/6; but 5 / 6 / 5 > 6 / 6 / 6 in floats
EQUAL_IF_EXACT_PIECES = {"a": 6, "##b": 6, "c": 6, "##d": 5, "e": 5, "##f": 6}


def ranked(score):
    """A best_pair that goes by another score, with ties as they should be."""

    def wrong(pair_counts, piece_counts):
        return min(pair_counts, key=lambda pair: (-score(pair, pair_counts, piece_counts), -pair_counts[pair], pair))

    return wrong


def right_score(pair, pair_counts, piece_counts):
    return pair_counts[pair] / (piece_counts[pair[0]] * piece_counts[pair[1]])


def divided_twice(pair, pair_counts, piece_counts):
    return pair_counts[pair] / piece_counts[pair[0]] / piece_counts[pair[1]]


def divided_twice_from_behind(pair, pair_counts, piece_counts):
    return pair_counts[pair] / piece_counts[pair[1]] / piece_counts[pair[0]]


def brackets_forgotten(pair, pair_counts, piece_counts):
    return pair_counts[pair] / piece_counts[pair[0]] * piece_counts[pair[1]]


def denominators_from_pairs(pair, pair_counts, piece_counts):
    starting = sum(count for other, count in pair_counts.items() if other[0] == pair[0])
    ending = sum(count for other, count in pair_counts.items() if other[1] == pair[1])
    return pair_counts[pair] / (starting * ending)


def first_of_equals(pair_counts, piece_counts):
    return max(pair_counts, key=lambda pair: right_score(pair, pair_counts, piece_counts))


def last_of_equals(pair_counts, piece_counts):
    scores = {pair: right_score(pair, pair_counts, piece_counts) for pair in pair_counts}
    return [pair for pair in pair_counts if scores[pair] == max(scores.values())][-1]


def alphabet_before_count(pair_counts, piece_counts):
    return min(pair_counts, key=lambda pair: (-right_score(pair, pair_counts, piece_counts), pair))


def rarest_of_equals(pair_counts, piece_counts):
    return min(pair_counts, key=lambda pair: (-right_score(pair, pair_counts, piece_counts), pair_counts[pair], pair))


def first_of_equal_counts(pair_counts, piece_counts):
    return max(pair_counts, key=lambda pair: (right_score(pair, pair_counts, piece_counts), pair_counts[pair]))


def end_of_the_alphabet(pair_counts, piece_counts):
    return max(pair_counts, key=lambda pair: (right_score(pair, pair_counts, piece_counts), pair_counts[pair], pair))


def rare_left_out_by_max(pair_counts, piece_counts):
    frequent = [pair for pair, times in pair_counts.items() if times >= 60]
    return max(frequent, key=lambda pair: right_score(pair, pair_counts, piece_counts))


def rare_left_out_by_min(pair_counts, piece_counts):
    frequent = [pair for pair, times in pair_counts.items() if times >= 60]
    return min(frequent, key=lambda pair: (-right_score(pair, pair_counts, piece_counts), -pair_counts[pair], pair))


def gives_the_score(pair_counts, piece_counts):
    pair = best_pair(pair_counts, piece_counts)
    return right_score(pair, pair_counts, piece_counts)


def gives_the_piece(pair_counts, piece_counts):
    return joined(best_pair(pair_counts, piece_counts))


RARE_LEFT_OUT = ("You leave out pairs, and here none is left to choose from. Whoever calls `best_pair` has left out the "
                 "rare ones already: let all compete that you are given.")
DIVIDED_TWICE = ("Of pairs with equal scores a rarer one wins, since yours come out unequal in the last digit: whoever divides "
                 "twice rounds twice. Divide once, by the product of the two counts.")

BEST_PAIR = Exercise(
    reference=best_pair,
    notebook=NOTEBOOK,
    cases=(
        Case("one pair", lambda: ({("a", "##b"): 3}, {"a": 4, "##b": 5})),
        Case("twelve pairs, and most of them are the best by some rule", lambda: (dict(PAIRS), dict(PIECES))),
        Case("five pairs with equal scores", lambda: (dict(EQUAL_SCORES), dict(EQUAL_SCORES_PIECES))),
        Case("four pairs with equal scores and counts", lambda: (dict(EQUAL_COUNTS), dict(EQUAL_COUNTS_PIECES))),
        Case("three pairs with equal scores, if nothing is rounded on the way",
             lambda: (dict(EQUAL_IF_EXACT), dict(EQUAL_IF_EXACT_PIECES))),
    ),
    mistakes=(
        Mistake("divided twice", DIVIDED_TWICE, ranked(divided_twice)),
        Mistake("divided twice, the second first", DIVIDED_TWICE, ranked(divided_twice_from_behind)),
        Mistake("first of equal counts", "Scores and counts equal, you take whichever comes first in the dictionary. "
                "Take the first in alphabetical order, so that the vocabulary does not hang on the order of the texts.",
                first_of_equal_counts),
        Mistake("end of the alphabet", "Scores and counts equal, you take the last in alphabetical order; the first is "
                "wanted. With tuples as keys, `max` also takes the largest of the last entry.", end_of_the_alphabet),
        Mistake("first of equals", "Of pairs with equal scores you take whichever comes first in the dictionary. Then "
                "the vocabulary would hang on the order of the texts: the one that occurs more often shall win.",
                first_of_equals),
        Mistake("last of equals", "Of pairs with equal scores you take whichever comes last in the dictionary (`>=` "
                "does that). Then the vocabulary would hang on the order of the texts: the one that occurs more often "
                "shall win.",
                last_of_equals),
        Mistake("alphabet before count", "Of pairs with equal scores you take the first in alphabetical order. Before "
                "that, the one that occurs more often shall win.", alphabet_before_count),
        Mistake("rarest of equals", "Of pairs with equal scores you take the rarest; the most frequent is wanted.",
                rarest_of_equals),
        Mistake("count alone", "You take the pair that occurs most often. That is another method's rule, byte pair "
                "encoding (BPE), and it is what you get without the denominator: divide by how often each of the two "
                "pieces occurs at all. (`//` rounds down to 0, and then only the counts are left.)",
                ranked(lambda pair, pairs, pieces: pairs[pair])),
        Mistake("lowest score", "You take the pair with the lowest score: the highest is wanted.",
                ranked(lambda pair, pairs, pieces: -right_score(pair, pairs, pieces))),
        Mistake("divided by the first only", "You divide by the count of the first piece only. A piece that follows "
                "everything (such as `##s`) would join everything: divide by the count of the second one as well.",
                ranked(lambda pair, pairs, pieces: pairs[pair] / pieces[pair[0]])),
        Mistake("divided by the second only", "You divide by the count of the second piece only: divide by that of the "
                "first one as well.", ranked(lambda pair, pairs, pieces: pairs[pair] / pieces[pair[1]])),
        Mistake("brackets forgotten", "You divide by the count of the first piece and multiply with that of the second: "
                "Python reads a / b * c as (a / b) · c. Put the product in brackets.", ranked(brackets_forgotten)),
        Mistake("divided by the sum", "You divide by the sum of the two counts; the score divides by their product.",
                ranked(lambda pair, pairs, pieces: pairs[pair] / (pieces[pair[0]] + pieces[pair[1]]))),
        Mistake("pieces counted in the pairs", "You count the pieces in the pairs that you were given. But a piece "
                "occurs outside these too: alone in a word, or in pairs too rare to be let in. `piece_counts` has the "
                "true numbers.",
                ranked(denominators_from_pairs)),
        Mistake("rare pairs left out, then max", RARE_LEFT_OUT, rare_left_out_by_max),
        Mistake("rare pairs left out, then min", RARE_LEFT_OUT, rare_left_out_by_min),
        Mistake("the score, not the pair", "You give back the best score; the pair that has it is wanted.",
                gives_the_score),
        Mistake("the piece, not the pair", "You give back the joined text; the pair itself is wanted, as a tuple of "
                "two pieces.",
                gives_the_piece),
    ),
    hints=(
        "Begin without ties: write the score of one pair, then let `max` or `min` look for the pair with the best one. "
        "Both take a `key`: a function that is called with each pair.",
        "A key may be a tuple: entries are compared one after another, and a later one matters only where those before "
        "are equal. So the tie rules are just further entries.",
        "`max` would give the last in alphabetical order. With `min`, put a minus before the score and before the "
        "count, and let the pair itself be the third entry.",
    ),
    drop_in=learns_the_same,
)


# ── join_pair ────────────────────────────────────────────────────────────────────────────────────────────────────────


def scan(pieces, pair, put, matches=None, step=2):
    """Join from left to right, with one thing done in another way."""
    result, place = [], 0
    while place < len(pieces):
        found = tuple(pieces[place : place + 2])
        if matches(found) if matches else found == pair:
            result += put(pair)
            place += step
        else:
            result.append(pieces[place])
            place += 1
    return result


def keeps_the_inner_marks(pieces, pair):
    return scan(pieces, pair, lambda pair: [pair[0] + pair[1]])


def takes_off_all_marks(pieces, pair):
    return scan(pieces, pair, lambda pair: [joined(pair).replace("##", "")])


def marks_the_first(pieces, pair):
    return scan(pieces, pair, lambda pair: ["##" + joined(pair).replace("##", "")])


def second_left_behind(pieces, pair):
    return scan(pieces, pair, lambda pair: [joined(pair)], step=1)


def list_compared_with_tuple(pieces, pair):
    return scan(pieces, pair, lambda pair: [joined(pair)], matches=lambda found: list(found) == pair)


def in_any_order(pieces, pair):
    return scan(pieces, pair, lambda pair: [joined(pair)], matches=lambda found: found in (pair, pair[::-1]))


def the_first_place_only(pieces, pair):
    for place in range(len(pieces) - 1):
        if tuple(pieces[place : place + 2]) == pair:
            return [*pieces[:place], joined(pair), *pieces[place + 2 :]]
    return list(pieces)


def looks_beyond_the_end(pieces, pair):
    return [joined(pair) if (piece, pieces[place + 1]) == pair else piece for place, piece in enumerate(pieces)]


def last_piece_lost(pieces, pair):
    result, place = [], 0
    while place < len(pieces) - 1:
        if tuple(pieces[place : place + 2]) == pair:
            result.append(joined(pair))
            place += 2
        else:
            result.append(pieces[place])
            place += 1
    return result


def a_piece_in_two_pairs(pieces, pair):
    places = [place for place in range(len(pieces) - 1) if tuple(pieces[place : place + 2]) == pair]
    return [joined(pair) if place in places else piece for place, piece in enumerate(pieces)
            if place in places or place - 1 not in places]


def from_the_right(pieces, pair):
    result = list(pieces)
    for place in range(len(pieces) - 2, -1, -1):
        if tuple(result[place : place + 2]) == pair:
            result[place : place + 2] = [joined(pair)]
    return result


def joined_as_text(pieces, pair):
    return " ".join(pieces).replace(" ".join(pair), joined(pair)).split()


def joined_in_the_given_list(pieces, pair):
    place = 0
    while place < len(pieces) - 1:
        if tuple(pieces[place : place + 2]) == pair:
            pieces[place : place + 2] = [joined(pair)]
        place += 1
    return pieces


IN_PLACE = Finding("Your code changes the list that it was given: build a new one, since the caller may still need the "
                   "old one.", "list changed in place")


def leaves_the_list_alone(thing) -> Finding | None:
    pieces = ["f", "##i", "##l", "##m"]
    thing(pieces, ("##i", "##l"))
    return None if pieces == ["f", "##i", "##l", "##m"] else IN_PLACE


JOIN_PAIR = Exercise(
    reference=join_pair,
    notebook=NOTEBOOK,
    cases=(
        Case("a pair that does not occur", lambda: (["f", "##i", "##l", "##m"], ("##l", "##i"))),
        Case("a pair inside a word", lambda: (["f", "##i", "##l", "##m", "##s"], ("##i", "##l"))),
        Case("a pair at the beginning of a word", lambda: (["f", "##i", "##l"], ("f", "##i"))),
        Case("a pair that occurs twice", lambda: (["b", "##a", "##n", "##a", "##n", "##a"], ("##a", "##n"))),
        Case("three equal pieces, and a pair of two of them", lambda: (["h", "##a", "##a", "##a"], ("##a", "##a"))),
        Case("a piece that only ends or begins like those of the pair",
             lambda: (["x", "##a", "##b", "##a", "##bc"], ("a", "##b"))),
        Case("pieces of more than one letter", lambda: (["x", "##ab", "##c", "##ab", "##cd"], ("##ab", "##c"))),
        Case("a word of one piece", lambda: (["film"], ("f", "##i"))),
    ),
    mistakes=(
        Mistake(IN_PLACE.mistake, IN_PLACE.message, joined_in_the_given_list),
        Mistake("joined as text", "You replace text in text, so that a piece is hit that only ends (or begins) like "
                "one of the pair, such as ##a for a. Compare whole pieces instead.", joined_as_text),
        Mistake("overlapping pairs", "In ##a · ##a · ##a you find the pair ##a · ##a twice, but the middle piece can "
                "be used up only once: after a pair, go on behind both.", a_piece_in_two_pairs),
        Mistake("from the right", "In ##a · ##a · ##a you join the last two; from left to right the first two are "
                "joined.",
                from_the_right),
        Mistake("first place only", "You join the pair only at the first place where it occurs: go on to the end of "
                "the word.",
                the_first_place_only),
        Mistake("## before a first piece", "You put ## before a joined piece that begins a word. It has ## only if the "
                "first of the two has.", marks_the_first),
        Mistake("## left inside", "Where you join, the ## of the second piece stays in the middle. It only says that a "
                "piece continues a word: take it off the second piece before you put the two together.",
                keeps_the_inner_marks),
        Mistake("## lost in front", "Where you join, the ## in front is lost: if the first piece continues a word, so "
                "does the joined one. Only the second piece gives up its ##.", takes_off_all_marks),
        Mistake("second piece left behind", "You put the joined piece in, but its second half is still there as well: "
                "after a pair, go on behind both.", second_left_behind),
        Mistake("not joined", "The pair is left as two pieces. Do you compare a list with a tuple? They are never equal: a "
                "slice of a list is a list, and the pair is a tuple, so write `tuple(...)` around the slice.",
                list_compared_with_tuple),
        Mistake("order ignored", "You also join the two when the second stands before the first. A pair has an order.",
                in_any_order),
        Mistake("looked beyond the end", "Your code asks what follows the last piece, and nothing does: look at "
                "`pieces[place + 1]` only where there is one. (A slice such as `pieces[place : place + 2]` never "
                "fails.)",
                looks_beyond_the_end),
        Mistake("last piece lost", "The last piece of the word is lost: a loop over neighbours ends one too early for "
                "it.",
                last_piece_lost),
    ),
    hints=(
        "Go through the word with a place in your hand, and build up a new list. At each place there are two "
        "possibilities.",
        "`for` cannot jump. With `while place < len(pieces)` you can go on by 1, or by 2 after a pair.",
        "`tuple(pieces[place : place + 2]) == pair` asks whether the pair is here, even at the last piece. (A slice of a "
        "list is a list, and never equal to a tuple; hence `tuple`.) `joined(pair)` is the piece to put in.",
    ),
    probes=(leaves_the_list_alone,),
    drop_in=learns_the_same,
)


# ── word_pieces ──────────────────────────────────────────────────────────────────────────────────────────────────────

VOCAB = {token: i for i, token in enumerate([
    "[UNK]", "f", "fil", "film", "##ilm", "##m", "##s", "ab", "le", "##able", "##ble", "book", "un", "unb",
    "##believable", "##eliev", "##elievab", "##le", "a", "##a",
])}


VOCAB_FROM_0 = {token: i for i, token in enumerate(["film", *(token for token in VOCAB if token != "film")])}


def cut(word, vocab, *, ends=None, look_up=None, write=None, lost=None, after=0, limit=100):
    """Greedy cutting, with one thing done in another way."""
    if len(word) > limit:
        return [UNK]
    pieces, start = [], 0
    while start < len(word):
        for end in ends(start, len(word)) if ends else range(len(word), start, -1):
            piece = look_up(word[start:end], start) if look_up else ("##" if start else "") + word[start:end]
            if piece in vocab:
                break
        else:
            if lost is None:
                return [UNK]
            start = lost(pieces, start, len(word))
            continue
        pieces.append(write(piece) if write else piece)
        start = end + after
    return pieces


def shortest_first(word, vocab):
    return cut(word, vocab, ends=lambda start, length: range(start + 1, length + 1))


def never_to_the_end(word, vocab):
    return cut(word, vocab, ends=lambda start, length: range(max(length - 1, start + 1), start, -1))


def never_a_single_letter(word, vocab):
    return cut(word, vocab, ends=lambda start, length: range(length, start + 1, -1))


def id_taken_for_truth(word, vocab):
    return cut(word, {piece for piece, i in vocab.items() if i})


def no_marks(word, vocab):
    return cut(word, vocab, look_up=lambda text, start: text)


def marks_not_written(word, vocab):
    return cut(word, vocab, write=lambda piece: piece.removeprefix("##"))


def marks_written_only(word, vocab):
    def wrong(text, start):
        return text

    pieces = cut(word, vocab, look_up=wrong)
    return pieces[:1] + [piece if piece == UNK else f"##{piece}" for piece in pieces[1:]]


def marked_by_recursion(word, vocab):
    if not word:
        return []
    for end in range(len(word), 0, -1):
        if word[:end] in vocab:
            return [word[:end], *(f"##{piece}" for piece in marked_by_recursion(word[end:], vocab))]
    return [UNK]


def all_marked(word, vocab):
    return cut(word, vocab, look_up=lambda text, start: f"##{text}")


def unknown_rest(word, vocab):
    def lost(pieces, start, length):
        pieces.append(UNK)
        return length

    return cut(word, vocab, lost=lost)


def unknown_letter(word, vocab):
    def lost(pieces, start, length):
        pieces.append(UNK)
        return start + 1

    return cut(word, vocab, lost=lost)


def letter_skipped(word, vocab):
    return cut(word, vocab, lost=lambda pieces, start, length: start + 1)


def rest_dropped(word, vocab):
    return cut(word, vocab, lost=lambda pieces, start, length: length)


def nothing_at_all(word, vocab):
    pieces = cut(word, vocab)
    return [] if pieces == [UNK] else pieces


def text_not_list(word, vocab):
    pieces = cut(word, vocab)
    return UNK if pieces == [UNK] else pieces


def gap_after_a_piece(word, vocab):
    return cut(word, vocab, after=1)


def longest_from_the_right(word, vocab):
    if len(word) > 100:
        return [UNK]
    pieces, end = [], len(word)
    while end > 0:
        for start in range(end):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocab:
                break
        else:
            return [UNK]
        pieces.insert(0, piece)
        end = start
    return pieces


def whole_words_only(word, vocab):
    return [word] if word in vocab else [UNK]


def one_piece_only(word, vocab):
    for end in range(len(word), 0, -1):
        if word[:end] in vocab:
            return [word[:end]]
    return [UNK]


def gives_ids(word, vocab):
    return [vocab[piece] for piece in cut(word, vocab)]


def any_length(word, vocab):
    return cut(word, vocab, limit=math.inf)


def limit_too_low(word, vocab):
    return cut(word, vocab, limit=99)


WORD_PIECES = Exercise(
    reference=word_pieces,
    notebook=NOTEBOOK,
    cases=(
        Case("“film”, which is in the vocabulary as a whole", lambda: ("film", dict(VOCAB))),
        Case("“filmable”, with the pieces film and ##able", lambda: ("filmable", dict(VOCAB))),
        Case("“unbelievable”, where the longest piece at each step is unb, ##elievab, ##le",
             lambda: ("unbelievable", dict(VOCAB))),
        Case("“filmxs”, where no piece of the vocabulary begins with ##x", lambda: ("filmxs", dict(VOCAB))),
        Case("“filmbook”, where the vocabulary has book but not ##book", lambda: ("filmbook", dict(VOCAB))),
        Case("“xfilm”, which begins with an unknown letter", lambda: ("xfilm", dict(VOCAB))),
        Case("“filmable”, with a vocabulary in which film has the id 0", lambda: ("filmable", dict(VOCAB_FROM_0))),
        Case("“aaa”, where only single letters fit", lambda: ("aaa", dict(VOCAB))),
        Case("a word of 100 letters", lambda: ("a" * 100, dict(VOCAB))),
        Case("a word of 101 letters", lambda: ("a" * 101, dict(VOCAB))),
    ),
    mistakes=(
        Mistake("too long a word read", "A word of 101 letters is cut like any other. What has more than 100 is [UNK]: "
                "cutting takes time that grows with the square of the length, and such “words” are mostly rubbish.",
                any_length),
        Mistake("100 letters are not too many", "A word of 100 letters comes out as [UNK]. Only more than 100 are too "
                "many, and a ## put before what is left must not count.",
                limit_too_low),
        Mistake("single letters never tried", "You never try a piece of a single letter: the last attempt is one letter too "
                "long. (`range` ends before its second number.)", never_a_single_letter),
        Mistake("[UNK] for the rest", "Where no piece fits, you write [UNK] for the rest and keep the pieces before "
                "it. A word that cannot be cut to its end is [UNK] as a whole: one token, and nothing else.",
                unknown_rest),
        Mistake("[UNK] for a letter", "Where no piece fits, you write [UNK] for one letter and go on. A word that "
                "cannot be cut to its end is [UNK] as a whole: one token, and nothing else.", unknown_letter),
        Mistake("unknown letter skipped", "Where no piece fits, you skip a letter. Then the word has become another "
                "one: it should be [UNK] as a whole.", letter_skipped),
        Mistake("unknown rest dropped", "Where no piece fits, you stop and give back the pieces found so far. Then "
                "“filmxs” reads as “film”: it should be [UNK] as a whole.", rest_dropped),
        Mistake("nothing for an unknown word", "For a word that cannot be cut you give back an empty list, and it "
                "vanishes from the sentence: it should be [UNK].", nothing_at_all),
        Mistake("[UNK] not in a list", "For a word that cannot be cut you give back a piece of text; a list with one "
                "item is wanted.",
                text_not_list),
        Mistake("cut from the right", "You cut from the end of the word. WordPiece goes from left to right, and so "
                "finds other pieces.", longest_from_the_right),
        Mistake("whole words only", "A word that is not in the vocabulary as a whole becomes [UNK] at once: look for "
                "the longest piece that it begins with, and then go on with the rest.", whole_words_only),
        Mistake("only one piece", "You stop after the first piece: go on with the rest of the word until nothing is "
                "left.",
                one_piece_only),
        Mistake("a letter lost after each piece", "After each piece you skip a letter. `word[start:end]` ends before "
                "`end`, so the next piece begins at `end`.", gap_after_a_piece),
        Mistake("## not written", "You look continuations up with ## but give them back without. The mark belongs to "
                "the piece: ##s and s are two different tokens.", marks_not_written),
        Mistake("no ## on continuations", "You look up every piece as if it began a word. After the first, a piece is "
                "in the vocabulary only with ## before it.", no_marks),
        Mistake("## put on afterwards", "You look continuations up without ## and put the mark on afterwards. It must "
                "be there when you look: a vocabulary may know s and not ##s, or the other way round.",
                marks_written_only),
        Mistake("## put on by recursion", "You look the rest of the word up without ## and put the mark on what comes back, "
                "once more for each call: le becomes ####le. The mark must be there, once, when you look: a vocabulary may "
                "know s and not ##s, or the other way round.", marked_by_recursion),
        Mistake("shortest piece first", "You take the shortest piece that the vocabulary knows; WordPiece takes the "
                "longest. Begin with all that is left of the word and make it shorter.", shortest_first),
        Mistake("whole rest never tried", "You never try all that is left of the word: the first attempt is one letter "
                "too short.",
                never_to_the_end),
        Mistake("id 0 taken for none", "A piece with the id 0 is treated as if the vocabulary did not know it (`if "
                "vocab.get(piece):` does that, since 0 counts as false). Ask `if piece in vocab:`.", id_taken_for_truth),
        Mistake("## on the first piece", "You look up the beginning of a word with ## before it. Only pieces that "
                "continue a word have the mark; the first has none.", all_marked),
        Mistake("ids, not pieces", "You give back the ids; the pieces themselves are wanted.", gives_ids),
    ),
    hints=(
        "Two loops: the outer one goes on until the word is used up, the inner one looks for the longest piece that "
        "begins at `start`.",
        "In the inner loop, `end` runs from `len(word)` down to `start + 1`. The candidate is `word[start:end]`, with "
        "## before it unless `start` is 0.",
        "If the inner loop finds a piece, keep it and set `start = end`. If it finds none (a `for` loop's `else` says "
        "so), there is only one thing to give back: `[UNK]`.",
    ),
    drop_in=reads_the_same,
)


# ── build_row ────────────────────────────────────────────────────────────────────────────────────────────────────────

CLS_ID, SEP_ID = 7, 8
FIRST, SECOND = [21, 22, 23, 24, 25, 26], [31, 32, 33]


def row_with(first, second, max_length, cls_id, sep_id, *, fit=None, arrange=None, segments=None):
    """A row, with one thing done in another way."""
    special = 2 if second is None else 3
    first, rest = (fit or truncate)(first, second or [], max_length - special)
    parts = [[cls_id, *first, sep_id], [] if second is None else [*rest, sep_id]]
    if arrange:
        parts = arrange(parts, first, rest, second)
    ids = parts[0] + parts[1]
    return ids, segments(parts) if segments else [0] * len(parts[0]) + [1] * len(parts[1])


def cut_after_the_marks(first, second, max_length, cls_id, sep_id):
    ids, segments = build_row(first, second, math.inf, cls_id, sep_id)
    length = int(min(max_length, len(ids)))
    return ids[:length], segments[:length]


def marks_not_counted(first, second, max_length, cls_id, sep_id):
    return build_row(first, second, max_length + (2 if second is None else 3), cls_id, sep_id)


def two_marks_counted(first, second, max_length, cls_id, sep_id):
    return build_row(first, second, max_length + (0 if second is None else 1), cls_id, sep_id)


def three_marks_counted(first, second, max_length, cls_id, sep_id):
    return build_row(first, second, max_length - (1 if second is None else 0), cls_id, sep_id)


def never_cut(first, second, max_length, cls_id, sep_id):
    return build_row(first, second, math.inf, cls_id, sep_id)


def beginning_cut_off(first, second, max_length, cls_id, sep_id):
    def fit(first, second, room):
        return tuple(text[::-1] for text in truncate(first[::-1], second[::-1], room))

    return row_with(first, second, max_length, cls_id, sep_id, fit=fit)


def only_the_second_cut(first, second, max_length, cls_id, sep_id):
    def fit(first, second, room):
        return (first, second[: max(int(min(room, 10**6)) - len(first), 0)]) if second else truncate(first, second, room)

    return row_with(first, second, max_length, cls_id, sep_id, fit=fit)


def only_the_first_cut(first, second, max_length, cls_id, sep_id):
    def fit(first, second, room):
        return first[: max(int(min(room, 10**6)) - len(second), 0)], second

    return row_with(first, second, max_length, cls_id, sep_id, fit=fit)


def first_sliced_below_zero(first, second, max_length, cls_id, sep_id):
    if second is None or max_length == math.inf:
        return build_row(first, second, max_length, cls_id, sep_id)
    return build_row(first[: max_length - 3 - len(second)], second, math.inf, cls_id, sep_id)


def sliced_by_max_length(first, second, max_length, cls_id, sep_id):
    if second is None:
        return build_row(first[: max_length - 2], second, math.inf, cls_id, sep_id)
    return build_row(first, second, max_length, cls_id, sep_id)


def lists_lengthened(first, second, max_length, cls_id, sep_id):
    first, rest = truncate(first, second or [], max_length - (2 if second is None else 3))
    first.insert(0, cls_id)
    first.append(sep_id)
    segments = [0] * len(first)
    if second is not None:
        rest.append(sep_id)
        first, segments = first + rest, segments + [1] * len(rest)
    return first, segments


def half_for_each(first, second, max_length, cls_id, sep_id):
    def fit(first, second, room):
        if len(first) + len(second) <= room or not second:
            return truncate(first, second, room)
        return first[: room // 2], second[: room // 2]

    return row_with(first, second, max_length, cls_id, sep_id, fit=fit)


def ids_of_the_real_one(first, second, max_length, cls_id, sep_id):
    return build_row(first, second, max_length, 101, 102)


def none_cut(first, second, max_length, cls_id, sep_id):
    first, second = truncate(first, second, max_length - 3)
    return build_row(first, second, math.inf, cls_id, sep_id)


def always_a_pair(first, second, max_length, cls_id, sep_id):
    return build_row(first, second or [], max_length, cls_id, sep_id)


def empty_means_none(first, second, max_length, cls_id, sep_id):
    return build_row(first, second or None, max_length, cls_id, sep_id)


def no_first_mark(first, second, max_length, cls_id, sep_id):
    ids, segments = build_row(first, second, max_length, cls_id, sep_id)
    return ids[1:], segments[1:]


def no_last_mark(first, second, max_length, cls_id, sep_id):
    ids, segments = build_row(first, second, max_length, cls_id, sep_id)
    return ids[:-1], segments[:-1]


def second_begins_with_cls(first, second, max_length, cls_id, sep_id):
    return row_with(first, second, max_length, cls_id, sep_id,
                    arrange=lambda parts, *_: [parts[0], [cls_id, *parts[1]] if parts[1] else []])


def two_seps_between(first, second, max_length, cls_id, sep_id):
    return row_with(first, second, max_length, cls_id, sep_id,
                    arrange=lambda parts, *_: [parts[0], [sep_id, *parts[1]] if parts[1] else []])


def no_sep_between(first, second, max_length, cls_id, sep_id):
    return row_with(first, second, max_length, cls_id, sep_id,
                    arrange=lambda parts, *_: [parts[0][:-1] if parts[1] else parts[0], parts[1]])


def one_segment(first, second, max_length, cls_id, sep_id):
    return row_with(first, second, max_length, cls_id, sep_id, segments=lambda parts: [0] * len(parts[0] + parts[1]))


def switched_at_the_sep(first, second, max_length, cls_id, sep_id):
    return row_with(first, second, max_length, cls_id, sep_id, segments=lambda parts: [0] * len(parts[0]) if not parts[1]
                    else [0] * (len(parts[0]) - 1) + [1] * (len(parts[1]) + 1))


def last_sep_in_first_segment(first, second, max_length, cls_id, sep_id):
    return row_with(first, second, max_length, cls_id, sep_id, segments=lambda parts: [0] * len(parts[0]) if not parts[1]
                    else [0] * len(parts[0]) + [1] * (len(parts[1]) - 1) + [0])


def segments_from_one(first, second, max_length, cls_id, sep_id):
    return row_with(first, second, max_length, cls_id, sep_id,
                    segments=lambda parts: [1] * len(parts[0]) + [2] * len(parts[1]))


def segments_exchanged(first, second, max_length, cls_id, sep_id):
    return row_with(first, second, max_length, cls_id, sep_id,
                    segments=lambda parts: [int(second is not None)] * len(parts[0]) + [0] * len(parts[1]))


def ids_alone(first, second, max_length, cls_id, sep_id):
    return build_row(first, second, max_length, cls_id, sep_id)[0]


LISTS_CHANGED = Finding("Your code changes the lists that it was given (`+=`, `append` and `insert` do that; `truncate` gives "
                        "back the very lists if they fit): build a new one, such as `[cls_id] + first + [sep_id]`, since "
                        "the caller may still need the old ones.", "lists changed in place")


def leaves_the_texts_alone(thing) -> Finding | None:
    for second in (None, list(SECOND)):
        first = list(FIRST)
        thing(first, second, math.inf, CLS_ID, SEP_ID)
        if first != FIRST or second not in (None, SECOND):
            return LISTS_CHANGED
    return None


BUILD_ROW = Exercise(
    reference=build_row,
    notebook=NOTEBOOK,
    cases=(
        Case("one text", lambda: (list(FIRST), None, 20, CLS_ID, SEP_ID)),
        Case("a pair of texts", lambda: (list(FIRST), list(SECOND), 20, CLS_ID, SEP_ID)),
        Case("a pair whose second text is empty", lambda: (list(FIRST), [], 20, CLS_ID, SEP_ID)),
        Case("one text, cut to 5 ids", lambda: (list(FIRST), None, 5, CLS_ID, SEP_ID)),
        Case("a pair, cut to 10 ids", lambda: (list(FIRST), list(SECOND), 10, CLS_ID, SEP_ID)),
        Case("a pair whose second text is the longer one, cut to 8 ids",
             lambda: (list(SECOND), list(FIRST), 8, CLS_ID, SEP_ID)),
        Case("one text, and no limit (max_length is math.inf)", lambda: (list(FIRST), None, math.inf, CLS_ID, SEP_ID)),
        Case("a pair, and no limit (max_length is math.inf)",
             lambda: (list(FIRST), list(SECOND), math.inf, CLS_ID, SEP_ID)),
    ),
    mistakes=(
        Mistake(LISTS_CHANGED.mistake, LISTS_CHANGED.message, lists_lengthened),
        Mistake("first text sliced below zero", "The longer text should give way first. You cut only the first, and a slice "
                "that ends below zero leaves some of it even so: `truncate` does both right.", first_sliced_below_zero),
        Mistake("sliced by max_length", "`max_length` may be math.inf, which a slice does not take: use `truncate`, which "
                "does.", sliced_by_max_length),
        Mistake("only the first text cut", "You cut only the first text, even when the second is the longer one. "
                "`truncate` lets the longer one give way.", only_the_first_cut),
        Mistake("two special tokens always", "You leave room for two special tokens always. A pair needs three.",
                two_marks_counted),
        Mistake("only the second text cut", "You cut only the second text, even when the first is the longer one. "
                "`truncate` lets the longer one give way.", only_the_second_cut),
        Mistake("half the room for each", "You give each text half of the room, even when one does not need it. "
                "`truncate` lets the longer one give way first.", half_for_each),
        Mistake("[SEP] cut off", "You put the special tokens in and then cut, and so cut [SEP] off. The model has "
                "never seen a row without it: cut the texts first, and leave room.", cut_after_the_marks),
        Mistake("special tokens not counted", "Your row is longer than `max_length`: the special tokens count as well. "
                "One text needs two of them, a pair three.", marks_not_counted),
        Mistake("never cut", "Your row is longer than `max_length`. `truncate` cuts the texts to the room that is left.",
                never_cut),
        Mistake("beginning cut off", "You keep the ends of the texts and cut off their beginnings; it should be the "
                "other way round.", beginning_cut_off),
        Mistake("three special tokens always", "You leave room for three special tokens always. One text alone needs "
                "only two.",
                three_marks_counted),
        Mistake("empty taken for none", "A second text that is empty is treated as if there were none (`if second:` "
                "does that). But the row is still one of a pair: ask whether it `is None`.", empty_means_none),
        Mistake("segments exchanged", "Your segments are the wrong way round: the first text is segment 0.",
                segments_exchanged),
        Mistake("segment never switched", "All your segments are 0. After the first [SEP] segment 1 begins, or the "
                "model could not tell the two texts apart.", one_segment),
        Mistake("segment switched one too early", "Your segment 1 begins at the first [SEP]. This [SEP] still belongs "
                "to the first text: it is segment 0.", switched_at_the_sep),
        Mistake("last [SEP] in segment 0", "Your last [SEP] is in segment 0. It closes the second text, so it is in "
                "segment 1.",
                last_sep_in_first_segment),
        Mistake("a second [CLS]", "You put a [CLS] before the second text as well. A row has one, in front.",
                second_begins_with_cls),
        Mistake("two [SEP] between", "Two [SEP] stand between your texts. Some later models do that (RoBERTa); BERT "
                "has one.",
                two_seps_between),
        Mistake("no [SEP] between", "No [SEP] stands between your texts.", no_sep_between),
        Mistake("ids only", "You give back the ids alone; the segments are wanted as well: `return ids, segments`.",
                ids_alone),
        Mistake("101 and 102 written in", "You put in 101 and 102, the ids that [CLS] and [SEP] have in the published "
                "vocabulary. Another vocabulary has other ids: use `cls_id` and `sep_id`.", ids_of_the_real_one),
        Mistake("[CLS] missing", "There is no [CLS] in front.", no_first_mark),
        Mistake("[SEP] missing at the end", "There is no [SEP] at the end: every text is followed by one, the last one "
                "too.",
                no_last_mark),
        Mistake("None given to truncate", "Where there is no second text, `second` is None, and `truncate` wants two "
                "lists: give it an empty one.", none_cut),
        Mistake("None taken for a pair", "A single text gets a second [SEP], as if it were paired with an empty one. "
                "`None` means that there is no second text.", always_a_pair),
        Mistake("segments count from 1", "Your segments are 1 and 2. They are rows of a table of two, counted from 0.",
                segments_from_one),
    ),
    hints=(
        "Three steps: how many special tokens are there? Cut the texts to the room that is left, with `truncate`. Then "
        "put the row together.",
        "`truncate(first, second, room)` wants two lists: give it `[]` where there is no second text. Whether there is "
        "one, ask with `second is None` (an empty list is one).",
        "The segments are as many zeros as the first part is long, its [SEP] included, and as many ones as the second "
        "part is, its [SEP] included: `[0] * len(...) + [1] * len(...)`.",
    ),
    probes=(leaves_the_texts_alone,),
    drop_in=reads_the_same,
)


# ── pad_batch ────────────────────────────────────────────────────────────────────────────────────────────────────────

PAD_ID = 5
EVEN = [([7, 21, 8], [0, 0, 0]), ([7, 22, 8], [0, 0, 0])]
RAGGED = [([7, 21, 8], [0, 0, 0]), ([7, 22, 23, 8, 31, 8], [0, 0, 0, 0, 1, 1]), ([7, 8, 32, 8], [0, 0, 1, 1])]
WITH_PADS = [([7, 21, PAD_ID, 22, 8], [0] * 5), ([7, 23, 8], [0] * 3)]     # someone wrote [PAD] in the text


def batch_with(rows, pad_id, *, left=False, segment=0, real=1, mask=None, length=None):
    """A batch, with one thing done in another way."""
    longest = length or max(len(ids) for ids, _ in rows)

    def filled(row, value):
        padding = [value] * (longest - len(row))
        return (padding + row if left else row + padding)[:longest]

    batch = {
        "input_ids": torch.tensor([filled(ids, pad_id) for ids, _ in rows]),
        "token_type_ids": torch.tensor([filled(segments, segment) for _, segments in rows]),
        "attention_mask": torch.tensor([filled([real] * len(ids), 1 - real) for ids, _ in rows]),
    }
    if mask:
        batch["attention_mask"] = mask(batch)
    return batch


def padded_on_the_left(rows, pad_id):
    return batch_with(rows, pad_id, left=True)


def mask_exchanged(rows, pad_id):
    return batch_with(rows, pad_id, real=0)


def mask_of_ones(rows, pad_id):
    return batch_with(rows, pad_id, mask=lambda batch: torch.ones_like(batch["input_ids"]))


def mask_from_ids(rows, pad_id):
    return batch_with(rows, pad_id, mask=lambda batch: (batch["input_ids"] != pad_id).long())


def boolean_mask(rows, pad_id):
    batch = batch_with(rows, pad_id)
    return batch | {"attention_mask": batch["attention_mask"].bool()}


def padded_with_zero(rows, pad_id):
    return batch_with(rows, 0)


def segments_go_on(rows, pad_id):
    return batch_with(rows, pad_id, segment=1)


def last_segment_goes_on(rows, pad_id):
    longest = max(len(ids) for ids, _ in rows)
    batch = batch_with(rows, pad_id)
    filled = [segments + segments[-1:] * (longest - len(segments)) for _, segments in rows]
    return batch | {"token_type_ids": torch.tensor(filled)}


def segments_padded_with_id(rows, pad_id):
    return batch_with(rows, pad_id, segment=pad_id)


def cut_to_the_shortest(rows, pad_id):
    return batch_with(rows, pad_id, length=min(len(ids) for ids, _ in rows))


def always_512(rows, pad_id):
    return batch_with(rows, pad_id, length=512)


def one_too_many(rows, pad_id):
    return batch_with(rows, pad_id, length=max(len(ids) for ids, _ in rows) + 1)


def as_lists(rows, pad_id):
    return {name: tensor.tolist() for name, tensor in batch_with(rows, pad_id).items()}


def no_segments(rows, pad_id):
    batch = batch_with(rows, pad_id)
    return {name: batch[name] for name in ("input_ids", "attention_mask")}


def as_a_tuple(rows, pad_id):
    return tuple(batch_with(rows, pad_id).values())


def rows_lengthened(rows, pad_id):
    longest = max(len(ids) for ids, _ in rows)
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows])
    for ids, segments in rows:
        segments += [0] * (longest - len(ids))
        ids += [pad_id] * (longest - len(ids))
    return {"input_ids": torch.tensor([ids for ids, _ in rows]), "token_type_ids": torch.tensor([s for _, s in rows]),
            "attention_mask": mask}


ROWS_CHANGED = Finding("Your code changes the rows that it was given (`+=` and `append` do that): build new lists, "
                       "since the caller may still need the old ones.", "rows changed in place")


def leaves_the_rows_alone(thing) -> Finding | None:
    rows = [([7, 8], [0, 0]), ([7, 21, 8], [0, 0, 0])]
    thing(rows, PAD_ID)
    return None if rows == [([7, 8], [0, 0]), ([7, 21, 8], [0, 0, 0])] else ROWS_CHANGED


def copied(rows):
    return [(list(ids), list(segments)) for ids, segments in rows]


PAD_BATCH = Exercise(
    reference=pad_batch,
    notebook=NOTEBOOK,
    cases=(
        Case("two rows of the same length", lambda: (copied(EVEN), PAD_ID)),
        Case("three rows of different lengths", lambda: (copied(RAGGED), PAD_ID)),
        Case("a text in which someone has written [PAD]", lambda: (copied(WITH_PADS), PAD_ID)),
    ),
    mistakes=(
        Mistake(ROWS_CHANGED.mistake, ROWS_CHANGED.message, rows_lengthened),
        Mistake("mask from the ids", "You take every `pad_id` for padding. But someone may have written [PAD] in a "
                "text, and then it is a token like any other: go by the length of each row.", mask_from_ids),
        Mistake("cut to the shortest", "You cut all rows to the length of the shortest: nothing may be lost, so fill "
                "the shorter ones up.", cut_to_the_shortest),
        Mistake("padding on the left", "You fill up on the left. BERT counts positions from the left, so every word of "
                "a short row would stand at another place than when it is alone.", padded_on_the_left),
        Mistake("padded with 0", "You fill the ids up with 0. That is [PAD] in the published vocabulary, but not in "
                "every one: use `pad_id`.", padded_with_zero),
        Mistake("mask without zeros", "Your mask is 1 everywhere, so the words would look at the padding as well.",
                mask_of_ones),
        Mistake("segments padded with pad_id", "You fill the segments up with `pad_id`. It is the id of a token, and "
                "there are only two segments: fill up with 0.", segments_padded_with_id),
        Mistake("segments padded with 1", "You fill the segments up with 1; 0 is wanted.", segments_go_on),
        Mistake("last segment goes on", "You fill the segments up with the last one of each row; 0 is wanted in the "
                "padding.",
                last_segment_goes_on),
        Mistake("lists, not tensors", "You give back lists; the model wants tensors: `torch.tensor(...)` makes one of "
                "a list of rows, once they are all of one length.", as_lists),
        Mistake("a tuple, not a dict", "You give back a tuple; a dict with the three names is wanted, so that nobody "
                "has to remember an order.", as_a_tuple),
        Mistake("token_type_ids missing", "The segments are missing: the dict should have `token_type_ids` as well.",
                no_segments),
        Mistake("mask is boolean", "Your mask is boolean. Inside the model it will be (`padding_mask` makes it so), "
                "but a tokenizer gives 1 and 0 as int64, as others expect it.", boolean_mask),
        Mistake("padded to 512", "You fill up to 512, the most that BERT can read. That costs time for nothing: as "
                "long as the longest row is enough.", always_512),
        Mistake("one padding too many", "Your rows are one longer than the longest of them.", one_too_many),
        Mistake("mask exchanged", "Your mask has 0 and 1 exchanged: 1 marks a token, 0 marks padding.", mask_exchanged),
    ),
    hints=(
        "First find the length of the longest row. Then every row gets as many fillers as it lacks.",
        "`row + [value] * (longest - len(row))` is a row filled up on the right. You need that three times, with three "
        "different rows and values.",
        "The mask of one row, before it is filled up with 0, is `[1] * len(ids)`.",
    ),
    probes=(leaves_the_rows_alone,),
    drop_in=reads_the_same,
)


EXERCISES = (BEST_PAIR, JOIN_PAIR, WORD_PIECES, BUILD_ROW, PAD_BATCH)

QUIZ = (
    Question(
        "“unfilmable” is not in BERT's vocabulary. What does the model get?",
        (
            Option("One [UNK], since the word is unknown", False,
                   "Only if no pieces of the vocabulary make up the word, which for Latin letters hardly happens: each "
                   "single letter is in it."),
            Option("Three ids: un, ##film, ##able", True,
                   "Each time the longest piece that fits. Here these happen to be what a grammarian would say; in "
                   "“photosynthesis” they are photos, ##yn, ##thesis."),
            Option("Ten ids, one for each letter", False,
                   "Letters are the last resort. Longer pieces are tried first."),
        ),
    ),
    Question(
        "Why may only frequent pairs compete for the highest score?",
        (
            Option("Counting rare pairs takes too long", False, "They are all counted anyway."),
            Option("Because two letters that occur once, side by side, have the highest score there is", True,
                   "1 / (1 · 1) = 1. The score says how strongly two pieces belong together, not how often that is of "
                   "use."),
            Option("Because rare pairs cannot be joined", False, "They can, and their turn comes when no frequent pair "
                                                                 "is left."),
        ),
    ),
    Question(
        "In a vocabulary both able and ##able occur. Are these the same to the model?",
        (
            Option("Yes: the ## is only for people to read", False,
                   "They have two ids, and two vectors that are learned independently."),
            Option("No: two tokens with two ids; one begins a word, the other continues one", True,
                   "Without the mark nobody could tell “un able” from “unable”, and decoding could not put words "
                   "together again."),
            Option("No: ##able is a special token like [SEP]", False,
                   "Special tokens are those in square brackets. ##able is a piece of text."),
        ),
    ),
    Question(
        "A pair of texts is too long by five tokens. What gives way?",
        (
            Option("The five last tokens of the row", False, "The last one is [SEP], which must stay."),
            Option("Tokens at the end of the longer text", True,
                   "Until both are equally long; after that, they take turns. The special tokens stay."),
            Option("The beginning of the first text", False, "Texts are cut at their ends."),
        ),
    ),
)
