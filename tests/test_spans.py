"""Answers in passages: windows, labels, the loss, the best span and how answers are judged."""

import re

import pytest
import tokenizers
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from bert_parts import BertConfig, BertForQuestionAnswering, load_pretrained, span_questions
from bert_parts.checkpoint import find_checkpoint
from bert_parts.spans import WORD, answer_places, best_span, exact_match, span_labels, span_loss, token_f1, windows
from bert_parts.tokenizer import pad_batch

TOKENIZER = load_pretrained()[1]
QUESTIONS = span_questions()
WORDS = st.text(alphabet="ab é.,' x9", max_size=60)
TEXT = st.lists(st.sampled_from(["art", "Babbage", "party", "3", "1833", ".", ",", " ", " ", " ", "-", "_", "unbelievable", "café",
                                 "cafe\u0301", "\u0915\u093e\u092e", "北", "京", "€", "\u00ad", "\u0301", "\u200b", "’"]),
                max_size=25).map("".join)


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("passage, answer, places", [
    ("The party spoke of art until dawn.", "art", [19]),     # not inside of "party"
    ("In 2003 it was put off 3 times.", "3", [23]),
    ("It took 3.5 hours and 1,000 men, 3 a day.", "3", [33]),     # nor inside of a number
    ("It took 1,000 men.", "000", []),
    ("Art is art, or “art”-work: artful art's _art_.", "art", [7, 16, 34, 41]),
    ("Dies ist Käse, käsig: Käse.", "Käse", [9, 22]),
    ("Das Käsebrot.", "Käse", []),
    ("un cafe\u0301, un cafe", "cafe", [13]),     # the first has an accent of its own
    ("un cafe\u0301, un cafe", "cafe\u0301", [3]),
    ("हिन्दी और हिन्द", "हिन्द", [10]),     # the first has a vowel sign more
    ("我住在北京市。", "北京", [3]),     # Chinese has no spaces: each character stands for a word
    ("She said (yes), yes!", "(yes),", [9]),
    ("She said (yes), yes!", ", yes!", [14]),
    ("so so so", "so so", [0, 3]),
    ("a.b*c", "b*", [2]),
    ("nothing", "", []), ("", "nothing", []), ("", "", []),
])
def test_an_answer_is_found_as_whole_words(passage, answer, places):
    assert answer_places(answer, passage) == places


@given(TEXT, st.data())
@settings(deadline=None)
def test_whole_words_are_found_where_they_were_taken(passage, data):
    words = [word.span() for word in WORD.finditer(passage)]
    if words:
        first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(words) - 1)] * 2)))
        start, end = words[first][0], words[last][1]
        found = answer_places(passage[start:end], passage)
        assert start in found or re.search(r"\d[.,]?$", passage[:start]) or re.match(r"[.,]?\d", passage[end:])
        assert all(passage[place : place + end - start] == passage[start:end] for place in found)


@given(st.text(max_size=30), st.text(max_size=4))
def test_any_place_that_is_found_holds_the_answer(passage, answer):
    places = answer_places(answer, passage)
    assert all(passage.startswith(answer, place) for place in places) and places == sorted(set(places))


def test_the_courses_own_answers_are_whole_words():
    for question in QUESTIONS:
        if question.answer:
            assert question.start in answer_places(question.answer, question.passage), question


# ── windows ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("length, stride", [(384, 128), (128, 31), (64, 20)])
def test_windows_against_the_rust_tokenizer(length, stride):
    """Cuts of the row that `tokenizers` makes, at the ends of its words: each as long as there is room, each `stride` further."""
    vocabulary = str(find_checkpoint("all-MiniLM-L6-v2") / "vocab.txt")
    for question in QUESTIONS[::60]:
        asked = len(TOKENIZER.ids(question.text))
        room = length - asked - 3
        if asked > length // 2 or room < stride or not question.passage.isascii() or "_" in question.passage:
            continue
        rust = tokenizers.BertWordPieceTokenizer(vocabulary, lowercase=True).encode(question.text, question.passage)
        ids, words = (column[asked + 2 : -1] for column in (rust.ids, rust.word_ids))
        edges = [0, *(place for place in range(1, len(words)) if words[place] != words[place - 1]), len(words)]
        start = end = 0
        for window in windows(question.text, question.passage, TOKENIZER, length, stride):
            end = max(edge for edge in edges if edge - start <= room)
            assert window.ids == [*rust.ids[: asked + 2], *ids[start:end], TOKENIZER.sep_id]
            assert window.segments == [0] * (asked + 2) + [1] * (end - start + 1)
            start = max(edge for edge in edges if edge - start <= stride)
        assert end == len(ids)


def test_every_answer_is_whole_in_a_window():
    found = 0
    for question in QUESTIONS[::7]:
        end = question.start + len(question.answer)
        labels = [(window, *span_labels(window, question.start, end))
                  for window in windows(question.text, question.passage, TOKENIZER)]
        whole = [(window, first, last) for window, first, last in labels if first]
        assert bool(whole) == bool(question.answer)
        for window, first, last in whole:
            assert window.segments[first] == window.segments[last] == 1
            text = question.passage[window.places[first][0] : window.places[last][1]]
            assert question.answer in text and len(text) <= len(question.answer) + 12
            found += 1
    assert found > 400


@given(WORDS, TEXT, st.integers(8, 40), st.integers(1, 40))
@settings(deadline=None)
def test_windows_of_anything(question, passage, length, stride):
    room = length - min(len(TOKENIZER.ids(question)), length // 2) - 3
    if stride > room:
        with pytest.raises(ValueError, match=f"stride is {stride} and a row of {length}"):
            windows(question, passage, TOKENIZER, length, stride)
        return
    made = windows(question, passage, TOKENIZER, length, stride)
    words = {word.span(): TOKENIZER.ids(word.group()) for word in WORD.finditer(passage) if TOKENIZER.ids(word.group())}
    assert {place for window in made for place in window.places} - {(-1, -1)} == words.keys()
    for window in made:
        assert len(window.ids) == len(window.segments) == len(window.places) <= length
        assert window.ids[0] == TOKENIZER.cls_id and window.ids[-1] == TOKENIZER.sep_id
        held = list(dict.fromkeys(place for place in window.places if place[0] >= 0))
        assert [token for token, (first, _) in zip(window.ids, window.places, strict=True) if first >= 0] == [
            token for place in held for token in words[place][:room]]     # all of every word, but of one that has no room
        assert all(len(words[place]) <= room for place in held) or len(held) == 1


@given(TEXT, st.integers(9, 24), st.data())
@settings(deadline=None)
def test_an_answer_no_longer_than_the_overlap_is_whole_in_a_window(passage, length, data):
    words = [word.span() for word in WORD.finditer(passage) if TOKENIZER.ids(word.group())]
    room = length - 4     # the question is one token
    stride = data.draw(st.integers(1, room))
    if not words:
        return
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(words) - 1)] * 2)))
    size = sum(len(TOKENIZER.ids(passage[slice(*word)])) for word in words[first : last + 1])
    start, end = words[first][0], words[last][1]
    found = [labels for window in windows("?", passage, TOKENIZER, length, stride)
             if (labels := span_labels(window, start, end)) != (0, 0)]
    assert all(last - first == size - 1 for first, last in found if size <= room)
    assert found or size > room - stride


def test_a_window_never_cuts_a_word():
    """Else '##bba ##ge' would be labelled as all of Babbage."""
    made = windows("Who?", "In 1833 Ada met Babbage at a party.", TOKENIZER, length=11, stride=3)
    read = [TOKENIZER.convert_ids_to_tokens(window.ids)[4:-1] for window in made]
    assert read == [["in", "1833", "ada", "met"], ["met", "ba", "##bba", "##ge", "at", "a"],
                    ["ba", "##bba", "##ge", "at", "a", "party"], ["at", "a", "party", "."]]
    assert [span_labels(window, 16, 23) for window in made] == [(0, 0), (5, 7), (4, 6), (0, 0)]


def test_a_word_without_room_has_a_window_of_its_own():
    passage = "a honorificabilitudinitatibus b"
    made = windows("Who?", passage, TOKENIZER, length=9, stride=2)
    assert [window.places[4:-1] for window in made] == [[(0, 1)], [(2, 29)] * 4, [(30, 31)]]
    assert len(TOKENIZER.ids("honorificabilitudinitatibus")) > 4


def test_labels_of_an_answer_that_is_cut():
    first, second = windows("who?", "one two three four five six", TOKENIZER, length=8, stride=2)[:2]
    assert [TOKENIZER.tokens[i] for i in first.ids] == ["[CLS]", "who", "?", "[SEP]", "one", "two", "three", "[SEP]"]
    assert span_labels(first, 4, 13) == (5, 6)          # "two three"
    assert span_labels(second, 4, 13) == (0, 0)         # it begins with "three"
    assert span_labels(first, 8, 18) == (0, 0)          # "three four"
    assert span_labels(first, -1, 0) == (0, 0)          # no answer
    assert span_labels(first, 5, 6) == (5, 5)           # "w", in the middle of a word: the whole of it


# ── the loss ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CONFIG = BertConfig(vocab_size=30, hidden_size=12, num_hidden_layers=1, num_attention_heads=3, intermediate_size=16,
                    max_position_embeddings=16, initializer_range=0.5)


def test_loss_against_transformers():
    """Theirs lets padding take part; so the rows are given to them one by one."""
    torch.manual_seed(0)
    model = BertForQuestionAnswering(CONFIG).eval()
    theirs = transformers.BertForQuestionAnswering(transformers.BertConfig(**vars(CONFIG))).eval()
    theirs.load_state_dict(model.state_dict())
    rows = [torch.randint(1, 30, (length,)).tolist() for length in (9, 4, 6)]
    firsts, lasts = torch.tensor([2, 1, 0]), torch.tensor([5, 1, 0])
    batch = pad_batch([(row, [0] * len(row)) for row in rows], 0)
    loss = span_loss(*model(**batch), firsts, lasts, batch["attention_mask"])
    expected = [theirs(torch.tensor([row]), start_positions=first[None], end_positions=last[None]).loss
                for row, first, last in zip(rows, firsts, lasts, strict=True)]
    torch.testing.assert_close(loss, torch.stack(expected).mean())
    loss.backward()
    assert model.qa_outputs.weight.grad.isfinite().all()


# ── the best span ────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 14), st.integers(1, 8), st.integers(0, 500))
@settings(deadline=None)
def test_best_span_against_all_spans(length, longest, seed):
    generator = torch.Generator().manual_seed(seed)
    start, end = torch.randn(2, length, generator=generator)
    allowed = torch.rand(length, generator=generator) < 0.6
    spans = [(float(start[i] + end[j]), i, j) for i in range(length) for j in range(i, min(length, i + longest))
             if allowed[i] and allowed[j]]
    if not spans:
        with pytest.raises(ValueError, match="No token is allowed"):
            best_span(start, end, allowed, longest)
        return
    score, first, last = max(spans)
    assert best_span(start, end, allowed, longest)[:2] == (first, last)
    assert best_span(start, end, allowed, longest)[2] == pytest.approx(score - float(start[0] + end[0]), abs=1e-5)


# ── the judgement: cases worked by hand after the rules of Rajpurkar et al. ──────────────────────────────────────────


@pytest.mark.parametrize(
    "given_, expected, same, overlap",
    [
        ("The Eiffel Tower", "eiffel tower.", True, 1.0),
        ("an  apple", "apple", True, 1.0),
        ("U.S.", "US", True, 1.0),
        ("in 1990", "1990", False, 2 / 3),
        ("red red car", "red car car", False, 2 / 3),     # each word as often as it occurs
        ("cat", "dog", False, 0.0),
        ("", "", True, 1.0),
        ("", "dog", False, 0.0),
        ("the", "a", True, 1.0),                          # nothing is left of either
        ("another", "other", False, 0.0),                 # an article inside of a word stays
    ],
)
def test_judgement(given_, expected, same, overlap):
    assert exact_match(given_, expected) is same
    assert token_f1(given_, expected) == pytest.approx(overlap)
    assert token_f1(expected, given_) == pytest.approx(overlap)
