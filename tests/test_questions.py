"""Questions of one's own: where their answers stand, which are right, and how answers to them are judged."""

import csv
import json
import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bert_parts.datasets import SpanQuestion
from bert_parts.spans import answer_places
from bert_parts.tasks import question_answering
from bert_parts.tasks.question_answering import Answer, examples_of, judged, measure
from bert_parts.tasks.questions import questions_in

PARTY = "The party spoke of art until dawn."
TWICE = "Art is long, and art is old."


def written(folder, name, content):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="")
    return path


def squad(*asked, context=PARTY):
    return {"version": "v2.0", "data": [{"title": "A", "paragraphs": [{"context": context, "qas": list(asked)}]}]}


def asked(*answers, **more):
    return {"id": "1", "question": "Of what?", "answers": [{"text": text, "answer_start": start} for text, start in answers]} | more


# ── where an answer stands ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("passage", "answer", "start"), [
    (PARTY, "art", 19), ("In 2003 it was put off 3 times.", "3", 23), ("Ein Käsebrot, ein Käse.", "Käse", 18),
])
def test_an_answer_is_not_found_inside_of_another_word(tmp_path, passage, answer, start):
    rows = [{"question": "what?", "passage": passage, "answer": answer}]
    with open(tmp_path / "a.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for path in (tmp_path / "a.csv", written(tmp_path, "a.jsonl", json.dumps(rows[0]))):
        (question,) = questions_in(path)
        assert question == SpanQuestion("a", "what?", passage, answer, start)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize(("answer", "given_start", "found", "start"), [
    ("art", "17", "art", 17), ("art", "17.0", "art", 17), ("rt", "1", "rt", 1), (" art ", "16", "art", 17), ("is", "", "is", 4),
    ("", "", "", -1), ("", "-1", "", -1), ("", " ", "", -1),
])
def test_a_given_place_is_used(tmp_path, name, answer, given_start, found, start):
    sure = ("what?", TWICE, "old", "24")
    if name == "a.csv":
        rows = [("question", "passage", "answer", "answer_start"), ("what?", TWICE, answer, given_start), sure]
        content = "".join(",".join(f'"{field}"' for field in row) + "\n" for row in rows)
    else:
        number = json.loads(given_start) if given_start.strip() else None
        content = "\n".join(json.dumps(dict(zip(("question", "passage", "answer", "answer_start"), row, strict=True)))
                            for row in (("what?", TWICE, answer, number), sure))
    questions = questions_in(written(tmp_path, name, content))
    assert [question[3:5] for question in questions] == [(found, start), ("old", 24)]
    assert questions.unsure == (answer == "is")


@pytest.mark.parametrize(("fields", "says"), [
    ({"answer": "art", "answer_start": 6}, "'answer_start' is 6, and there the passage has 'rty' "),
    ({"answer": "art", "answer_start": 18}, "'answer_start' is 18, and there the passage has ' ar' in place of the answer 'art': "
                                            "it begins with character 19, counted from 0."),
    ({"answer": "art", "answer_start": -19}, "'answer_start' is -19, and there the passage has ''"),
    ({"answer": "art", "answer_start": 400}, "'answer_start' is 400, and there the passage has ''"),
    ({"answer": "Art", "answer_start": 19}, "it does not stand there as whole words"),
    ({"answer": "art", "answer_start": 1.5}, "'answer_start' holds 1.5, where a whole number is expected"),
    ({"answer": "art", "answer_start": True}, "'answer_start' holds true, where a whole number"),
    ({"answer": "art", "answer_start": "x"}, "'answer_start' holds \"x\", where a whole number"),
    ({"answer": "art", "answer_start": [19]}, "'answer_start' holds [19], where a whole number"),
    ({"answer": "art", "answer_start": 10**4000}, "'answer_start' holds 1000000000"),
    ({"answer": "", "answer_start": 5}, "an answer is empty that has a place"),
    ({"answer": "par"}, "the answer 'par' stands in the passage only inside of other words or numbers: copy whole words"),
    ({"answer": "Bob"}, "the answer 'Bob' does not stand in the passage: copy it from there, or leave it empty"),
    ({"answer": ["art", ""]}, "an answer is empty that has a place, or others beside it"),
    ({"answer": ["art", 1.5]}, "'answer' holds 1.5"),
    ({"answer": ["art"], "answer_start": 19}, "'answer' is a list of 1: let 'answer_start' be a list of as many"),
    ({"answer": ["art", "dawn"], "answer_start": [19]}, "'answer' is a list of 2"),
    ({"answer": ["art", "dawn"], "answer_start": [19, 20]}, "'answer_start' is 20"),
    ({"answer": None}, "'answer' holds null"),
    ({}, "no column 'answer'"),
])
def test_what_does_not_fit_is_refused_with_its_line(tmp_path, capsys, fields, says):
    path = written(tmp_path, "a.jsonl", "\n" + json.dumps({"question": "what?", "passage": PARTY, **fields}))
    command = ["--data", str(path), "--output", str(tmp_path / "out")]
    assert question_answering.main(question_answering.TASK, command) == 1
    said = capsys.readouterr().err
    assert said.startswith("a.jsonl, line 2: ") and says in said and said.count("\n") == 1


# ── SQuAD's own form ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_squad_is_read(tmp_path):
    content = squad(asked(("art", 19), ("of art", 16), ("art", 19)), asked(is_impossible=True, plausible_answers=[{}]),
                    asked(("party", 4), is_impossible=False))
    content["data"].append({"title": "B", "paragraphs": [{"context": TWICE, "qas": [asked(("art", 17)), asked((" art", 16))]}]})
    questions = questions_in(written(tmp_path, "mine.JSON", content))
    assert questions == [("mine", "Of what?", PARTY, "art", 19, ("of art",)), ("mine", "Of what?", PARTY, "", -1, ()),
                         ("mine", "Of what?", PARTY, "party", 4, ()), ("mine", "Of what?", TWICE, "art", 17, ()),
                         ("mine", "Of what?", TWICE, "art", 17, ())]
    assert questions.unsure == 0


@pytest.mark.parametrize(("content", "says"), [
    ("[", "a.json, line 1: this is not JSON"),
    ('{"data":\n[}', "a.json, line 2: this is not JSON"),
    ('{"question": "x"}\n{"question": "y"}', "call the file .jsonl"),
    ("[" * 100_000, "a.json, line 1: this is not JSON"),
    ([], "a.json: an object with a list 'data' is expected, as in SQuAD"),
    ({"data": {}}, "a.json: an object with a list 'data'"),
    ({"data": [1]}, "a.json, article 1: an object with a list 'paragraphs'"),
    ({"data": []}, "a.json: up to here no question has an answer"),
    ({"data": [{"paragraphs": [{"qas": [{}]}]}]}, "a.json, article 1, paragraph 1: there is no column 'context'"),
    (squad(asked(), asked()), "a.json, article 1, paragraph 1, question 2: up to here no question has an answer"),
    (squad(asked(("art", 19)), asked(("art", 6))), "a.json, article 1, paragraph 1, question 2: 'answer_start' is 6, and there the "
                                                   "passage has 'rty'"),
    (squad(asked(("art", 19), is_impossible=True)), "'is_impossible' is true, and there are 1 answers"),
    (squad(asked(is_impossible=False)), "'is_impossible' is false, and there are 0 answers"),
    (squad(asked(("art", 19), is_impossible="no")), "'is_impossible' is \"no\""),
    (squad({"question": "x", "answers": ["art"]}), "question 1: an answer is expected to be an object with 'text' and"),
    (squad({"question": "x"}), "question 1: an object with a list 'answers'"),
    (squad({"answers": [{"text": "art", "answer_start": 19}]}), "question 1: there is no column 'question'"),
    (squad(asked((5, 19))), "'answer_start' is 19"),
    (squad(asked((None, 19))), "'answer' holds null"),
])
def test_what_is_wrong_in_squads_form_is_said_with_its_place(tmp_path, content, says):
    with pytest.raises(ValueError) as error:
        questions_in(written(tmp_path, "a.json", content))
    assert says in str(error.value) and str(error.value).startswith("a.json") and "\n" not in str(error.value)


ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner: st.one_of(
    st.lists(inner, max_size=3),
    st.dictionaries(st.sampled_from(["data", "paragraphs", "qas", "answers", "text", "answer_start", "context", "question",
                                     "passage", "answer", "is_impossible"]), inner, max_size=4)), max_leaves=12)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["a.json", "a.jsonl"]), ANYTHING, ANYTHING)
def test_any_json_gives_questions_or_a_sentence(tmp_path, name, first, second):
    content = squad(first, second) if name == "a.json" and isinstance(first, dict) else first
    if isinstance(first, dict) and name == "a.jsonl":
        content = {"question": "x", "passage": PARTY} | first
    try:
        questions = questions_in(written(tmp_path, name, content))
    except ValueError as error:
        assert str(error).startswith(name) and "\n" not in str(error)
    else:
        assert any(question.answer for question in questions)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), st.data())
def test_what_is_cut_from_a_passage_is_found_where_it_was_cut(tmp_path, passage, data):
    start = data.draw(st.integers(0, len(passage) - 1))
    answer = passage[start : data.draw(st.integers(start + 1, len(passage)))]
    if answer.strip():
        bare, place = answer.strip(), start + len(answer) - len(answer.lstrip())
        rows = [{"question": "x", "passage": passage, "answer": answer, "answer_start": start}]
        for name, content in (("a.jsonl", rows[0]), ("a.json", squad(asked((answer, start)), context=passage))):
            (question,) = questions_in(written(tmp_path, name, content))
            assert question[3:] == (bare, place, ())
        if place in answer_places(bare, passage):
            del rows[0]["answer_start"]
            (question,) = questions_in(written(tmp_path, "a.jsonl", rows[0]))
            assert question.start <= place and passage.startswith(bare, question.start)


# ── which answers are right, and how well ────────────────────────────────────────────────────────────────────────────


def test_the_best_of_several_right_answers_counts(tmp_path):
    row = {"question": "what?", "passage": PARTY, "answer": ["art until dawn", "art"], "answer_start": [19, 19]}
    questions = questions_in(written(tmp_path, "a.jsonl", row))
    assert questions == [("a", "what?", PARTY, "art until dawn", 19, ("art",))]
    for text, right, f1 in (("art", 1, 1), ("art until dawn", 1, 1), ("art until", 0, 4 / 5), ("of art", 0, 2 / 3), ("", 0, 0)):
        exact, overlap = judged([Answer(text, 0, 1.0)], questions)
        assert (exact.item(), overlap.item()) == (right, pytest.approx(f1))


def test_figures_say_over_which_questions_they_are(monkeypatch):
    """Four questions, one of them without an answer; of the right answers one is held back, and so is the wrong one."""
    questions = [SpanQuestion("a", "?", PARTY, *right) for right in (("art", 19), ("dawn", 29), ("party", 4), ("", -1))]
    found = [Answer("art", 19, 2.0), Answer("dawn", 29, -1.0), Answer("The party spoke", 0, 3.0), Answer("art", 19, -2.0)]
    monkeypatch.setattr(question_answering, "find_answers", lambda *given: [found[questions.index(q)] for q in given[-1]])
    assert measure(None, None, questions) == pytest.approx({
        "F1 of questions with an answer": (1 + 1 + 2 / 3) / 3, "exact match of questions with an answer": 2 / 3,
        "F1 of all questions": (1 + 0 + 2 / 3 + 1) / 4, "exact match of all questions": 2 / 4})
    assert list(measure(None, None, questions[:3])) == ["F1 of questions with an answer", "exact match of questions with an answer"]
    assert measure(None, None, questions[3:]) == {"F1 of all questions": 1.0, "exact match of all questions": 1.0}


@settings(deadline=None)
@given(*[st.lists(st.sampled_from("the art of a party, until The ART. dawn".split()), max_size=4).map(" ".join)] * 2,
       st.lists(st.lists(st.sampled_from("art of a party until dawn.".split()), min_size=1, max_size=4).map(" ".join), max_size=2))
def test_judged_as_squads_own_script_does(given_, right, others):
    """The largest over the right answers, after the steps of SQuAD's evaluation script."""

    def words(text):
        bare = "".join(letter for letter in text.lower() if letter not in string.punctuation)
        return re.sub(r"\b(a|an|the)\b", " ", bare).split()

    def overlap(one, other):
        common = sum(min(one.count(word), other.count(word)) for word in set(one))
        return 2 / (len(one) / common + len(other) / common) if common else float(one == other == [])

    exact, f1 = judged([Answer(given_, 0, 0.0)], [SpanQuestion("a", "?", "", right, 0, tuple(others))])
    assert exact.item() == max(words(each) == words(given_) for each in [right, *others])
    assert f1.item() == pytest.approx(max(overlap(words(given_), words(each)) for each in [right, *others]))


def test_how_many_places_were_guessed_is_told(tmp_path):
    rows = [{"question": "x", "passage": f"{number} {TWICE}", "answer": "is"} for number in range(5)]
    rows.append({"question": "x", "passage": f"5 {TWICE}", "answer": "art", "answer_start": 19})
    path = written(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert re.search(r"held out\n5 of the answers stand in their passage more than once", examples_of(path, None).told)
    assert "more than once" not in examples_of(None, None).told
