"""Answers in passages: windows, labels, the loss, the best span and how answers are judged."""

import pytest
import tokenizers
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from bert_parts import BertConfig, BertForQuestionAnswering, load_pretrained, span_questions
from bert_parts.checkpoint import find_checkpoint
from bert_parts.spans import best_span, exact_match, span_labels, span_loss, token_f1, windows
from bert_parts.tokenizer import pad_batch

TOKENIZER = load_pretrained()[1]
QUESTIONS = span_questions()
WORDS = st.text(alphabet="ab é.,' x9", max_size=60)


# ── windows ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("length, stride", [(384, 128), (128, 31), (64, 20)])
def test_windows_against_the_rust_tokenizer(length, stride):
    """The same rows as `tokenizers` makes; it is given by how much windows overlap, which depends on the question."""
    vocabulary = str(find_checkpoint("all-MiniLM-L6-v2") / "vocab.txt")
    for question in QUESTIONS[::60]:
        asked = len(TOKENIZER.ids(question.text))
        room = length - asked - 3
        if asked > length // 2 or room < stride or not question.passage.isascii():
            continue
        rust = tokenizers.BertWordPieceTokenizer(vocabulary, lowercase=True)
        rust.enable_truncation(length, stride=room - stride, strategy="only_second")
        encoded = rust.encode(question.text, question.passage)
        expected = [encoded, *encoded.overflowing]
        given_ = windows(question.text, question.passage, TOKENIZER, length, stride)
        assert [window.ids for window in given_] == [each.ids for each in expected]
        assert [window.segments for window in given_] == [each.type_ids for each in expected]


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


@given(WORDS, WORDS, st.integers(8, 40), st.integers(1, 40))
@settings(deadline=None)
def test_windows_of_anything(question, passage, length, stride):
    room = length - min(len(TOKENIZER.ids(question)), length // 2) - 3
    if stride > room:
        with pytest.raises(ValueError, match=f"stride is {stride} and a row of {length}"):
            windows(question, passage, TOKENIZER, length, stride)
        return
    made = windows(question, passage, TOKENIZER, length, stride)
    places = [place for window in made for place in window.places if place[0] >= 0]
    covered = {i for first, last in places for i in range(first, last)}
    assert covered == {i for i, letter in enumerate(passage) if not letter.isspace()}
    for window in made:
        assert len(window.ids) == len(window.segments) == len(window.places) <= length
        assert window.ids[0] == TOKENIZER.cls_id and window.ids[-1] == TOKENIZER.sep_id


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
