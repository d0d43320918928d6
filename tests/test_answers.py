"""Answers as learners write them: wrong ones are refused, right ones accepted and kept. All of them: ``make diagnosis``."""

import pytest

from bert_parts.learn import check
from bert_parts.learn.diagnosis import diagnosed
from bert_parts.learn.judging import judge
from bert_parts.learn.registry import EXERCISES
from tests.answers import Answer, answers

EACH = 5     # every fifth, so that a run of the tests stays short


def typed(title: str, right: bool = False) -> Answer:
    return next(answer for answer in answers(right=right) if str(answer) == title)


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path))


@pytest.mark.parametrize("answer", answers(right=False)[::EACH], ids=str)
def test_wrong_answers_are_refused(answer, monkeypatch):
    monkeypatch.setattr("bert_parts.learn.checking.diagnosed", lambda exercise, thing, refusal: refusal.finding)
    assert check(answer.define()).status == "not yet"


@pytest.mark.parametrize("answer", answers(right=True)[::EACH], ids=str)
def test_right_answers_are_kept(answer):
    result = check(answer.define())
    assert result.status == "right" and "Kept" in result.message, result.message


def told(title: str):
    answer = typed(title)
    part, exercise = answer.define(), EXERCISES[answer.exercise]
    return answer, diagnosed(exercise, part, judge(exercise, part))


@pytest.mark.parametrize(("title", "kind"), [
    ("attention_weights | log_softmax", "name"),
    ("mean_pooling | divided by the root of the length", "scale"),
])
def test_a_mistake_that_nobody_listed_has_its_line_and_kind(title, kind, monkeypatch):
    monkeypatch.setattr("bert_parts.learn.diagnosis.SECONDS", 10)     # however slow the machine is
    answer, finding = told(title)
    assert answer.text.splitlines()[finding.line - 1].strip() in answer.at and finding.mistake == kind
    assert finding.further and "expected" in finding.message


def test_two_at_once_are_named_as_two():
    exercise = EXERCISES["attention_weights"]
    ways = {mistake.name: mistake.ways[0] for mistake in exercise.mistakes}
    part = exercise.made(ways["scaled by d"] + ways["mask inverted"])
    assert diagnosed(exercise, part, judge(exercise, part)).mistake == "scaled by d + mask inverted"
