"""Answers as learners write them: wrong ones are refused, right ones accepted and kept. All of them: ``make diagnosis``."""

import pytest

from bert_parts.learn import EXERCISES, check, hint
from bert_parts.learn.apart import apart, can_fork
from bert_parts.learn.diagnosis import diagnosed
from bert_parts.learn.judging import judge
from tests.answers import UNSEEN, Answer, answers
from tools.diagnosis import MARKED, REPORT, Result, Verdict, rewritten, summary, table

EACH = 5     # every fifth, so that a run of the tests stays short
NEW = answers(folder=UNSEEN)
ONCE_ACCEPTED = [answer for answer in NEW if answer.says in (
    "multiplies first, and takes the logarithm of what is left", "leaves out every token that has the word inside it",
    "parameters outside of Linear, Embedding and LayerNorm are lost")]


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path))


@pytest.mark.parametrize("answer", answers(right=False)[::EACH] + NEW[::EACH] + ONCE_ACCEPTED, ids=str)
def test_wrong_answers_are_refused(answer, monkeypatch):
    monkeypatch.setattr("bert_parts.learn.checking.findings", lambda exercise, thing, refusal: iter([refusal.finding]))
    assert check(answer.define()).status == "not yet"


@pytest.mark.parametrize("answer", answers(right=False)[::60], ids=str)
def test_the_diagnosis_itself_does_not_fail(answer):
    """In a check that would not be seen: what raises while the learner's code is tried again is taken for the learner's."""
    exercise, thing = EXERCISES[answer.exercise], answer.define()
    refusal = judge(exercise, thing)
    found, how_it_ended = apart(lambda: iter([diagnosed(exercise, thing, refusal).message]))
    assert how_it_ended is None and found


@pytest.mark.parametrize("answer", answers(right=True)[::EACH], ids=str)
def test_right_answers_are_kept(answer):
    result = check(answer.define())
    assert result.status == "right" and "Kept" in result.message, result.message


@pytest.mark.parametrize(("title", "kind"), [
    ("attention_weights | log_softmax", "name"),
    ("mean_pooling | divided by the root of the length", "scale"),
    ("BertModel | counts the layers from 1", "number"),                                # to prove it takes half a second
    ("BertModel | switches itself to evaluation, so dropout never comes", "extra"),    # it shows in training only
])
@pytest.mark.usefixtures("unhurried")
def test_a_mistake_that_nobody_listed_has_its_line_and_kind(title, kind):
    answer = next(answer for answer in answers(right=False) if str(answer) == title)
    result = check(answer.define())
    assert answer.text.splitlines()[result.line - 1].strip() in answer.at and result.mistake == kind
    assert ("expected" in result.message or "In training" in result.message) and result.further in hint(answer.exercise).text


def test_where_code_cannot_be_ended_it_is_not_edited(monkeypatch):
    monkeypatch.setattr("bert_parts.learn.apart.can_fork", lambda: False)
    monkeypatch.setattr("bert_parts.learn.diagnosis.search_in", None)
    monkeypatch.setattr("bert_parts.learn.diagnosis.mirrored", None)
    monkeypatch.setattr("bert_parts.learn.diagnosis.needed", None)
    result = check(next(answer for answer in answers(right=False) if "log_softmax" in answer.says).define())
    assert result.status == "not yet" and "still has values" in result.message


@pytest.mark.skipif(not can_fork(), reason="elsewhere nothing is ended")
def test_what_is_known_stands_if_time_is_up_before_more_is(monkeypatch):
    monkeypatch.setattr("bert_parts.learn.checking.LONGEST", 0)
    monkeypatch.setattr("bert_parts.learn.checking.BUSY", 0.5)

    def placed(exercise, thing, refusal, finding, seconds):
        while True:
            pass

    monkeypatch.setattr("bert_parts.learn.diagnosis.placed", placed)
    part = EXERCISES["attention_weights"].made(next(each.ways[0] for each in EXERCISES["attention_weights"].mistakes
                                                    if each.name == "scaled by d"))
    result = check(part)
    assert result.mistake == "scaled by d" and "expected" in result.message


def test_two_at_once_are_named_as_two():
    exercise = EXERCISES["attention_weights"]
    ways = {mistake.name: mistake.ways[0] for mistake in exercise.mistakes}
    part = exercise.made(ways["scaled by d"] + ways["mask inverted"])
    assert check(part).mistake == "scaled by d + mask inverted"


def test_what_shows_in_no_case_is_named_beside_what_does():
    change = "text[here][None], context=text[None])[0]", "text[None], context=text[here][None])[0][here]"
    assert check(EXERCISES["layer_at"].made((change,))).mistake == "only those asked about + all tokens computed"


def test_the_report_is_written_anew_between_its_marks_only():
    report = REPORT.read_text(encoding="utf-8")
    for mark in MARKED.values():
        report = rewritten(report, mark, f"new {mark}\n")
        begin, end = (report.index(text) for text in (f"<!-- {mark}: make diagnosis -->", f"<!-- end of the {mark} -->"))
        assert report[begin:end].endswith(f"-->\n\nnew {mark}\n\n")
    assert "Readers, one for each answer" in report and "| all |" not in report
    with pytest.raises(ValueError, match="no place for the figures"):
        rewritten("words", mark, "figures")


def test_the_report_sums_up():
    single, double = Answer("f", "", "", False, at=("x",)), Answer("f", "", "", False, at=("x",), at2=("y",))
    refused = Result("not yet", "")
    verdicts = [Verdict(single, refused, "named", False, 1.0)] * 3 + [Verdict(double, refused, "located", True, 2.0)]
    assert "named 3 (75 %, 30 %–95 %), located 1 (25 %, 5 %–70 %), misnamed 0 (0 %, 0 %–49 %)" in summary(verdicts)
    assert "accepted none; of 1 doubles both 1 (100 %, 21 %–100 %)" in summary(verdicts)
    assert table(verdicts).splitlines()[2] == "| f | 4 |  | 3 | 1 |  |  | 1 | 1 |"
