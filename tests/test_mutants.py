"""Small changes of the right answers: those that are accepted do the same, and it is said why."""

import os
import sys

import pytest

from bert_parts.learn import EXERCISES
from bert_parts.learn.apart import can_fork
from bert_parts.learn.judging import judge
from bert_parts.learn.patches import defined, plain_source
from tools import equivalents
from tools.equivalents import Equivalent, as_written, entries_in
from tools.mutants import ACCEPTED, REFUSED, Results, given_of, mutants, outcomes, told, trial
from tools.sameness import asks_for_errors, same

pytestmark = pytest.mark.skipif(not can_fork(), reason="each process is made by fork")
EACH = 900     # every so manieth mutant of an exercise, so that a run of the tests stays short


@pytest.mark.parametrize("name", EXERCISES)
def test_no_wrong_answer_is_accepted(name):
    one = trial(EXERCISES[name], Results(None), EACH)
    assert not one.new and not one.vain, told(EXERCISES[name], one)


@pytest.mark.parametrize(("name", "old", "new"), [     # each was accepted once
    ("best_pair", "[pair], pair", "[pair], first"),
    ("word_pieces", "start, -1", "start - 1, -1"),
    ("AddAndNorm", "eps=config", "eps=-config"),
    ("AddAndNorm", "in_size = in_size", "in_size = float(in_size)"),
    ("rename_published", "if any", "while any"),
    ("misfits", "'missing': sorted", "'missing': list"),
    ("span_labels", "[0] > start", "[0] > start + 1"),
    ("span_labels", "[1] < end", "[1] < end - 1"),
    ("label_tokens", "len(pieces) - 1", "sum(pieces) - 1"),
    ("label_tokens", "len(pieces) - 1", "len(word) - 1"),
    ("span_loss", "(start, end)", "set((start, end))"),
    ("choose_words", "starts[:, 0]", "starts[1:, 0]"),
    ("masked_lm_loss", "max(1, ", "max(2, "),
    ("depends_on", "[:, place] = torch", "[:, place] *= torch"),
    ("depends_on", "torch.randn_like(x[:, place])", "torch.randn_like(x[:, place]).bool()"),
    ("depends_on", "x[:, place]", "x[:, 1]"),
    ("decay_groups", "model.named_parameters()", "set(model.named_parameters())"),
    ("decay_groups", "learning.items() if not", "set(learning.items()) if not"),
    ("BertModel", "attention_mask is None:", "token_type_ids is None:"),
    ("BertModel", "and attention_mask", "and input_ids"),
])
def test_holes_stay_closed(name, old, new):
    exercise = EXERCISES[name]
    text = Equivalent("", ((old, new),)).text(exercise)
    assert judge(exercise, defined(text, name, vars(sys.modules[exercise.reference.__module__])))


def test_a_hole_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(equivalents, "FOLDER", tmp_path)
    (tmp_path / "01_attention.md").write_text("## padding_mask\n\nIt is so.\n- `[:, None` → `[None`\n- `long()` → `bool()`\n")
    one = trial(EXERCISES["padding_mask"], Results(None))
    assert [edit.rule for edit, _ in one.new] == ["without index 3", "….bool()"] and len(one.vain) == 2


CLASS = """
class Part:

    def __init__(self, width):
        self.width = width
        self.layers = [width, 3]

    def scale(self, x):
        return 2 * x

    def forward(self, x, times=1):
        return times * self.scale(x)
"""


@pytest.mark.parametrize(("asks", "old", "new", "alike"), [
    (("forward",), "return times", "return -times", True),
    (("forward",), "times=1", "times=0", True),
    (("forward",), "2 * x", "3 * x", False),
    (("forward",), "[width, 3]", "[3, width]", False),
    (("self.layers",), "[width, 3]", "[3, width]", True),
    (("self.layers",), "self.width = width", "pass", False),
    (("self.layers",), "return times", "return -times", False),
    ((), "2 * x", "3 * x", True),
])
def test_only_what_is_asked_for_is_changed(asks, old, new, alike):
    assert (given_of(CLASS, asks) == given_of(CLASS.replace(old, new), asks)) is alike


def test_mutants_leave_what_an_exercise_gives():
    exercise = EXERCISES["BertModel"]
    given = plain_source(exercise.reference).partition("    def forward")[0]
    found = mutants(exercise.reference, exercise.asks)
    assert len(found) > 400 and all(text.startswith(given) for _, text, _ in found)


def test_a_run_goes_on_where_another_stopped(tmp_path, monkeypatch):
    exercise, file = EXERCISES["padding_mask"], tmp_path / "results.txt"
    first = trial(exercise, Results(file))
    monkeypatch.setattr("tools.mutants.outcomes", lambda exercise, things, patience: iter([1 / 0] if things else []))
    assert trial(exercise, Results(file)) == first and len(file.read_text().splitlines()) == first.tried


def test_each_is_judged_in_a_process_that_may_end():
    right, wrong = EXERCISES["padding_mask"].reference, EXERCISES["causal_mask"].reference
    things = [right, wrong, lambda attention_mask: os._exit(1), right, lambda attention_mask: os.kill(os.getpid(), 9), right]
    assert list(outcomes(EXERCISES["padding_mask"], things)) == [ACCEPTED, REFUSED, REFUSED, ACCEPTED, REFUSED, ACCEPTED]


def test_what_is_written_down_is_not_refused_for_a_pause(monkeypatch):
    exercise = EXERCISES["shift_right"]

    def kinds(exercise, things, patience):
        return [REFUSED if patience == 1 else ACCEPTED] * len(things)

    monkeypatch.setattr("tools.mutants.outcomes", kinds)
    one = trial(exercise, Results(None), EACH)
    assert one.written == one.tried == 1 and not one.vain


@pytest.mark.parametrize("name", ["attention_weights", "MultiHeadAttention", "shift_right"])
def test_what_is_written_down_makes_the_mutant(name):
    exercise = EXERCISES[name]
    for _, text, _ in mutants(exercise.reference)[::9]:
        entry, = entries_in(f"It is so.\n{as_written(exercise, text)}")
        assert entry.text(exercise) == text


def test_each_section_is_of_an_exercise_of_its_lesson():
    for path in equivalents.FOLDER.glob("*.md"):
        names = [line[3:] for line in path.read_text().splitlines() if line.startswith("## ")]
        assert names == [name for name, each in EXERCISES.items() if each.notebook == path.stem and name in names]


def test_entries_stand_under_their_reasons():
    found = entries_in("One reason,\nin two lines.\n- `a` → `b`, `c` → nothing\n\nAnother.\n```diff\n a\n-b\n+c\n```\n- `d` → `e`")
    assert [(each.reason, each.changes) for each in found] == [
        ("One reason, in two lines.", (("a", "b"), ("c", ""))), ("Another.", (("a\nb", "a\nc"),)), ("Another.", (("d", "e"),))]
    with pytest.raises(ValueError, match="no reason"):
        entries_in("- `a` → `b`")


PART = '''
def part(x: int, y):
    """Twice."""
    doubled = 2 * x
    known = y.clone()
    check_mask(y)
    if x < 0:
        raise ValueError("x is negative.")
    if doubled:
        return [known, doubled]
    return y
'''


@pytest.mark.parametrize(("changes", "alike"), [
    ([("return y", "return y.copy()")], True),
    ([("y.clone()", "y")], False),                                           # the reference has its reason
    ([("return y", "return list(y)")], True),
    ([("return y", "return set(y)")], False),
    ([("2 * x", "x * 2")], True),
    ([("2 * x", "2 * int(x)")], True),
    ([("y.clone()", "int(y).clone()")], False),
    ([("[known, doubled]", "(known, doubled)")], True),
    ([("[known, doubled]", "[doubled, known]")], False),
    ([("    doubled = 2 * x\n    known = y.clone()\n", "    known = y.clone()\n    doubled = 2 * x\n")], True),
    ([("    doubled = 2 * x\n", "    doubled = 2 * x\n    doubled = 2 * x\n")], True),
    ([("    doubled = 2 * x\n", "    doubled = 2 * x\n    doubled = 2 * doubled\n")], False),
    ([("    check_mask(y)\n", "")], True),
    ([("x < 0", "x < 1")], True),
    ([("if doubled", "while doubled")], True),
    ([("    return y\n", "    else:\n        return y\n")], True),
    ([("    return y\n", "    return y\n    return x\n")], True),
])
def test_what_makes_no_difference(changes, alike):
    mutant = PART
    for old, new in changes:
        mutant = mutant.replace(old, new)
    assert same(PART, mutant, errors=False) is alike


def test_else_after_a_loop_without_a_break_is_the_next_line():
    plain, broken = ("def part(y):\n    for x in y:\n        " + line + "\n    return y" for line in ("print(x)", "break"))
    for text in (plain, broken):
        assert same(text, text.replace("    return y", "    else:\n        return y"), errors=False) is (text == plain)


def test_errors_make_a_difference_where_they_are_asked_for():
    assert not same(PART, PART.replace("x < 0", "x < 1"), errors=True)
    assert [name for name in EXERCISES if asks_for_errors(EXERCISES[name])] == ["best_span"]
