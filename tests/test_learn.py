"""Every exercise against its empty stub, the package's own code, and every mistake that it claims to know."""

import errno
import inspect
import itertools
import json
import linecache
import math
import os
import random
import re
import subprocess
import sys
import time
import warnings
from contextlib import ExitStack
from functools import lru_cache
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts import BertConfig, BertForMaskedLM, MultiHeadAttention, attention_weights
from bert_parts.learn import EXERCISES, check, hint, mine, my_model, my_parts, progress, quiz, reveal, with_parts
from bert_parts.learn.apart import apart
from bert_parts.learn.cells import begins, ended
from bert_parts.learn.checking import dropped_in
from bert_parts.learn.compare import difference
from bert_parts.learn.diagnosis import diagnosed
from bert_parts.learn.exercise import Case, Exercise, Finding, made_once, with_hard_weights
from bert_parts.learn.judging import judge, learns_alike
from bert_parts.learn.known import ways
from bert_parts.learn.progress_file import solved
from bert_parts.learn.registry import NOTEBOOKS, QUIZZES
from bert_parts.learn.state import chance_kept, settings_kept, usual_settings
from tools.run_notebooks import execute

WAYS = [pytest.param(exercise, mistake.name, way, id=f"{exercise.name}: {mistake.name}" + f" ({number})" * (number > 1))
        for exercise in EXERCISES.values() for mistake in exercise.mistakes for number, way in enumerate(mistake.ways, 1)]


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path))
    return tmp_path


def typed(text, **surroundings):
    """What a learner's cell defines: its source is found as that of a notebook's cell is."""
    filename = f"<cell {abs(hash(text))}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {"__name__": "a_notebook"} | surroundings
    exec(compile(text, filename, "exec"), namespace)
    return namespace


def copied(exercise):
    """What ``reveal`` shows, pasted into a cell of the exercise's own notebook, where nothing is solved."""
    beside = {name: other.reference for name, other in EXERCISES.items() if other.notebook == exercise.notebook}
    return typed(reveal(exercise.name).text, **beside)[exercise.name]


def stub(exercise):
    """The reference with the bodies of its functions taken out, but for a class's __init__."""
    source = inspect.getsource(exercise.reference).splitlines()
    reference = exercise.reference
    functions = [reference] if not isinstance(reference, type) else [
        method for name, method in vars(reference).items() if inspect.isfunction(method) and name != "__init__"
    ]
    first = inspect.getsourcelines(reference)[1]
    for function in sorted(functions, key=lambda f: -f.__code__.co_firstlineno):
        lines, start = inspect.getsourcelines(function)
        signature_end = next(number for number, line in enumerate(lines) if line.rstrip().endswith(":"))
        indent = " " * (len(lines[0]) - len(lines[0].lstrip()) + 4)
        begin = start - first
        source[begin : begin + len(lines)] = [line.rstrip("\n") for line in lines[: signature_end + 1]] + [indent + "..."]
    module = vars(sys.modules[reference.__module__])
    return typed("\n".join(source) + "\n", **{k: v for k, v in module.items() if not k.startswith("__")})[exercise.name]


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_reference_is_right_and_kept_and_the_session_stays_as_it_was(exercise, empty_home):
    part, before = copied(exercise), state()
    result = check(part)
    assert result.status == "right", result.message
    assert_unchanged(before)
    assert (empty_home / f"{exercise.name}.py").is_file()
    assert solved() == [exercise.name]
    assert exercise.name in my_parts()
    assert mine(exercise.name) is not exercise.reference
    assert_unchanged(before)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_stub_is_not_attempted(exercise, empty_home):
    result = check(stub(exercise))
    assert (result.status, result.mistake) == ("not attempted", None)
    assert list(empty_home.iterdir()) == []
    assert mine(exercise.name) is exercise.reference


ways_of = lru_cache(maxsize=1)(ways)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("exercise", "name", "way"), WAYS)
def test_planted_mistakes_are_named(exercise, name, way, monkeypatch):
    """By what check does, but here, which is quicker, and without looking long for a smallest example. What the ways to make a
    mistake answer is asked once for all of an exercise."""
    monkeypatch.setattr("bert_parts.learn.example.SECONDS", 0.02)
    monkeypatch.setattr("bert_parts.learn.diagnosis.ways", ways_of)
    monkeypatch.setattr("bert_parts.learn.diagnosis.FOR_PLACE", 0)     # which line it is, others test
    with chance_kept(), usual_settings():
        part = exercise.made(way)
        refusal = judge(exercise, part)
        found = diagnosed(exercise, part, refusal) if refusal else dropped_in(exercise, part)
    assert isinstance(found, Finding) and found.mistake == name, found


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_what_the_patches_change_is_right(exercise):
    assert judge(exercise, exercise.made(())) is None


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_exercises_are_whole(exercise):
    assert 1 <= len(exercise.hints) <= 3
    assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes) >= 3
    assert exercise.reference.__doc__


LITTLE = BertConfig(vocab_size=12, hidden_size=4, num_hidden_layers=2, num_attention_heads=2, intermediate_size=6)


def test_what_is_made_once_is_given_as_if_made_afresh():
    made = []

    @made_once
    def model(config):
        made.append(config)
        return with_hard_weights(BertForMaskedLM(config)).eval()

    one, two = (model(LITTLE) for _ in range(2))
    ids, before = torch.tensor([[2, 5, 3]]), {name: tensor.clone() for name, tensor in two.state_dict().items()}
    assert made == [LITTLE] and torch.equal(one(ids), two(ids)) and not one.training
    assert one.state_dict().keys() == before.keys() and repr(one) == repr(two)
    shared = {tensor.data_ptr() for tensor in one.state_dict().values()} & {tensor.data_ptr() for tensor in before.values()}
    assert not shared and len(list(one.parameters())) == len(list(two.parameters()))     # what is tied is one in the copy, too
    assert {id(part) for part in one.modules()}.isdisjoint(id(part) for part in two.modules())
    one.register_forward_hook(lambda *_: torch.zeros(1))
    one.train().bert.encoder.layer.append(nn.Identity())
    with torch.no_grad():
        for parameter in one.parameters():
            parameter.zero_()
    assert not two.training and len(two.bert.encoder.layer) == LITTLE.num_hidden_layers
    for again in (two, model(LITTLE)):
        assert all(torch.equal(tensor, before[name]) for name, tensor in again.state_dict().items()) and again(ids).numel() > 1
    two(ids).sum().backward()
    assert all(parameter.grad is not None for parameter in two.bert.encoder.parameters())
    assert all(parameter.grad is None for parameter in model(LITTLE).parameters())


def learner_function(body, signature="query, key, mask=None"):
    return typed(f"import math\nimport numpy as np\nimport time\nimport torch\n\n\ndef attention_weights({signature}):\n"
                 + "".join(f"    {line}\n" for line in body.splitlines()))["attention_weights"]


RIGHT = """scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
if mask is not None:
    scores = scores.masked_fill(~mask, float("-inf"))
weights = scores.softmax(dim=-1)
"""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("query @ key.transpose(-2, -1)", "`None`"),
        ("return NotImplemented", "NotImplemented"),
        (RIGHT + "return weights.detach().numpy()", "NumPy array"),
        (RIGHT + "return weights * float('nan')", "NaN"),
        (RIGHT + "return weights.double()", "dtype torch.float64"),
        (RIGHT + "return weights.tolist()", "a `list`"),
        (RIGHT + "return weights[0]", "shape (3, 4, 6)"),
        (RIGHT + "return weights + 0.1", "is expected"),
        (RIGHT + "return weights, scores", "a `tuple`"),
        ("return quary @ key", "NameError: name 'quary'"),
        ("raise SystemExit", "SystemExit"),
        ("assert False", "It happened at: `assert False`"),
        ("return attention_weights(query, key, mask)", "RecursionError"),
        (RIGHT + "return weights.detach()", "no gradient"),
        ("query *= 1.5\n" + RIGHT + "return weights", "changes what it was given"),
        (RIGHT + "return weights + torch.rand(()) / 10", "changes from run to run"),
        (RIGHT + "return torch.where(weights >= 0, weights, (weights - weights).sqrt())", "gradient that reaches `query` is NaN"),
    ],
)
def test_odd_answers_are_refused_kindly(body, says):
    result = check(learner_function(body))
    assert result.status == "not yet"
    assert says in result.message


@pytest.mark.parametrize("name", ["token_f1", "first_difference", "sentence_pairs"])
def test_nothing_is_asked_for_gradients_where_none_can_be(name):
    """Of words, ids and whole models there are none, and to ask took a second."""
    assert learns_alike(EXERCISES[name], None) is None


def test_chance_is_seen_in_an_answer_of_several_things_too():
    def best_span(start, end, allowed, longest=30):
        return (*EXERCISES["best_span"].reference(start, end, allowed, longest)[:2], torch.rand(()).item())

    assert judge(EXERCISES["best_span"], best_span).finding.mistake == "random in evaluation"


def test_parts_that_stay_still_drop_nothing_in_training():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = nn.Dropout(0.5), nn.Dropout(0.5)

        def forward(self, x):
            return torch.cat((self.one(x), self.other(x)))

    def varies(*still):
        case = Case("in training", lambda: (torch.ones(4),), training=True, still=still)
        exercise = Exercise(lesson=Path("."), reference=Two, cases=(case,))
        values = exercise.answer(Two, case, case.arguments()).values
        return (values.std(dim=0) > 0).tolist()

    assert varies() == [True] * 8
    assert varies("one") == [False] * 4 + [True] * 4
    assert varies("one", "other") == [False] * 8


def test_what_is_seen_of_an_answer_is_what_is_compared():
    def parts(text):
        return text.split()

    exercise = Exercise(lesson=Path("."), reference=parts, cases=(Case("two words", lambda: ("b a",)),),
                        seen=lambda answer, text: (sorted(answer), len(text)))
    assert judge(exercise, lambda text: text.split()[::-1]) is None
    assert "Item 0" in judge(exercise, lambda text: [text]).message


@pytest.mark.parametrize("body", ["while True:\n    pass", "time.sleep(600)", "while True:\n    query = query @ query.mT @ query"])
def test_endless_code_is_stopped(body, monkeypatch):
    monkeypatch.setattr("bert_parts.learn.bounded.SECONDS", 0.5)
    began = time.monotonic()
    result = check(learner_function(body))
    assert "still running after 0.5 seconds" in result.message
    assert time.monotonic() - began < 100


def test_numpy_scalar_arguments_do_not_confuse():
    result = check(learner_function("return np.float64(3)"))
    assert "tensor" in result.message


@pytest.mark.parametrize("thing", [None, 3, "attention_weights", check, lambda: 0, torch.zeros(2)])
def test_unknown_things(thing):
    result = check(thing)
    assert result.status == "not yet"
    assert "There is no exercise called" in result.message


def test_function_where_a_class_is_wanted():
    function = typed("def MultiHeadAttention(x):\n    return x\n")["MultiHeadAttention"]
    assert "is a class" in check(function).message


def test_renamed_parameters_are_spoken_of():
    text = inspect.getsource(MultiHeadAttention).replace("self.query", "self.queries")
    learners = typed(text, **vars(sys.modules["bert_parts.attention"]))["MultiHeadAttention"]
    result = check(learners)
    assert result.status == "not yet"
    assert "query.weight" in result.message


def test_kept_with_the_helpers_it_uses(empty_home):
    cell = ("import math\nfrom math import sqrt as root\n\nSIGN = -1\n\n\ndef dots(a, b):\n    return a @ b.mT\n\n\n"
            "def attention_weights(query, key, mask=None):\n"
            "    scores = dots(query, key) / root(query.size(-1))\n"
            "    if mask is not None:\n        scores = scores.masked_fill(~mask, SIGN * math.inf)\n"
            "    return scores.softmax(-1)\n")
    result = check(typed(cell)["attention_weights"])
    assert "Kept" in result.message
    kept = (empty_home / "attention_weights.py").read_text()
    assert "def dots" in kept and "SIGN = -1" in kept and "from math import sqrt as root" in kept
    assert check(mine("attention_weights")).status == "right"     # a kept part can be checked and kept again


def test_a_wrong_try_leaves_the_kept_part(empty_home):
    check(copied(EXERCISES["attention_weights"]))
    before = (empty_home / "attention_weights.py").read_bytes()
    check(learner_function("return query"))
    assert (empty_home / "attention_weights.py").read_bytes() == before


def test_the_courses_own_is_not_kept(empty_home):
    assert check(attention_weights).status == "right"
    assert list(empty_home.iterdir()) == []


def test_kept_parts_use_one_another_and_run_in_the_real_model():
    check(typed(f"import torch\n\n\ndef attention_weights(query, key, mask=None):\n    global calls\n"
                f"    calls = globals().get('calls', 0) + 1\n{indented(RIGHT)}    return weights\n")["attention_weights"])
    check(typed(LEARNERS_ATTENTION, **vars(sys.modules["bert_parts.attention"]))["MultiHeadAttention"])
    model, tokenizer = my_model()
    own = [module for module in model.modules() if type(module).__name__ == "MultiHeadAttention"]
    assert len(own) == 6 and not any(isinstance(module, MultiHeadAttention) for module in own)
    used = type(own[0]).forward.__globals__["attention_weights"].__globals__
    before = used.get("calls", 0)
    batch = tokenizer("Whose code is this?")
    with torch.no_grad():
        model(batch["input_ids"])
    assert used["calls"] - before == 6


def indented(text):
    return "".join(f"    {line}\n" for line in text.splitlines())


LEARNERS_ATTENTION = """class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size, self.num_heads, self.dropout = hidden_size, num_heads, dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        if context is None:
            context = x
        query = split_heads(self.query(x), self.num_heads)
        key = split_heads(self.key(context), self.num_heads)
        value = split_heads(self.value(context), self.num_heads)
        weights = F.dropout(attention_weights(query, key, mask), self.dropout, self.training)
        return (weights @ value).transpose(1, 2).flatten(-2)
"""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.recursive(st.none() | st.integers() | st.text(max_size=5),
                                             lambda inner: st.lists(inner) | st.dictionaries(st.just("solved"), inner)))
def test_any_progress_file_lets_the_course_go_on(empty_home, content):
    path = empty_home / "progress.json"
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(data)
    names = solved()
    assert all(isinstance(name, str) for name in names)
    if not path.exists():     # set aside, not lost
        assert data in [aside.read_bytes() for aside in empty_home.glob("progress.json.damaged-*")]
    assert "exercises solved" in progress().text


def test_hints_go_from_first_to_last():
    from bert_parts.learn.helping import hints_given

    hints_given.clear()
    hints = EXERCISES["attention_weights"].hints
    told = [hint(attention_weights).text for _ in range(len(hints) + 1)]
    for number, text in enumerate(hints):
        assert text in told[number]
    assert told[-1] == told[-2]
    assert "reveal(attention_weights)" in told[-1]
    assert "no exercise" in hint(np).text


def test_reveal_is_the_live_source():
    imports, source = reveal("MultiHeadAttention").text.split("\n\n\n", 1)
    assert source == inspect.getsource(MultiHeadAttention)
    assert "from torch import Tensor, nn" in imports and "attention_weights" not in imports
    assert "<details>" in reveal(MultiHeadAttention)._repr_html_()
    assert "no exercise" in reveal(3).text


def test_parameters_that_do_not_fit_are_told_in_words():
    def told(body):
        return check(typed(f"""
class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        {body}
    def forward(self, hidden):
        return hidden
""", nn=nn)["BertPooler"]).message

    assert "yours have `linear.bias`, `linear.weight`" in told("self.linear = nn.Linear(config.hidden_size, config.hidden_size)")
    assert "`dense.weight` has the shape (384, 384), and (8, 8) is wanted" in told("self.dense = nn.Linear(384, 384)")
    assert "has no `dense.bias`" in told("self.dense = nn.Linear(config.hidden_size, config.hidden_size, bias=False)")
    assert "has no `dense.bias`, `dense.weight`" in told("pass")


def test_a_module_without_forward_is_told_so():
    pooler = typed("""
class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
""", nn=nn)["BertPooler"]
    assert check(pooler).message.startswith("`forward` is missing")


def test_an_unfinished_part_is_named_rather_than_blamed_on_the_one_that_uses_it():
    broken = typed("""
class AddAndNorm(nn.Module):
    def __init__(self, input_size, config):
        super().__init__()
        self.config = config
    def forward(self, x, residual):
        ...
""", nn=nn)["AddAndNorm"]
    pasted = typed(reveal("BertAttention").text, AddAndNorm=broken)["BertAttention"]
    result = check(pasted)
    assert result.status == "not yet" and result.mistake == "uses an unfinished part" and "`AddAndNorm`" in result.message
    assert check(copied(EXERCISES["BertAttention"])).status == "right"


def test_progress_shows_what_is_done():
    assert f"0 of {len(EXERCISES)}" in progress().text
    check(copied(EXERCISES["padding_mask"]))
    assert f"1 of {len(EXERCISES)}" in progress().text
    assert "✓ padding_mask" in progress().text


def test_no_line_ends_between_a_sign_and_its_exercise():
    check(copied(EXERCISES["padding_mask"]))
    table = progress()._repr_html_().partition("<tbody>")[2].replace("</td>", "\n")
    read = unescape(re.sub(r"<[^>]+>", "", table))
    assert re.findall(r"([✓○◐])(\s\w+)", read) == [
        ("✓" if name == "padding_mask" else "○", f"\N{NO-BREAK SPACE}{name}") for name in EXERCISES]
    assert " \N{NO-BREAK SPACE}" not in read     # with which a line would begin
    assert table.count("overflow-wrap: anywhere") == len(NOTEBOOKS)     # so that a long name fits a telephone


@pytest.mark.parametrize("questions", QUIZZES.values(), ids=QUIZZES)
def test_quizzes(questions):
    assert len(questions) >= 3
    for question in questions:
        assert sum(option.right for option in question.options) == 1
        assert all(option.because for option in question.options)


def test_quiz_page_needs_no_script():
    html = quiz("01_attention")._repr_html_()
    assert html.count("<details") == sum(len(question.options) for question in QUIZZES["01_attention"])
    assert "<script" not in html
    assert "no quiz" in quiz("nothing").text


def test_results_read_well_without_colour():
    result = check(EXERCISES["attention_weights"].made(EXERCISES["attention_weights"].mistakes[0].ways[0]))
    assert repr(result).startswith("✗ not yet (softmax over queries)\n")
    assert 'role="status"' in result._repr_html_()


HOW_TO_DROP = {     # the line that makes the weights, or the lines that use them
    "F.dropout": "weights = F.dropout(weights, self.dropout, self.training)",
    "a module": "weights = nn.Dropout(self.dropout)(weights) if self.training else weights",
    "torch.dropout": "weights = torch.dropout(weights, self.dropout, self.training)",
    "by hand": "weights = weights * (torch.rand_like(weights) >= self.dropout) / (1 - self.dropout) "
               "if self.training else weights",
    "on the query": ("query = F.dropout(query, self.dropout, self.training)\n"
                     "        weights = attention_weights(query, key, mask)"),
    "on the key": "weights = attention_weights(query, F.dropout(key, self.dropout, self.training), mask)",
    "on both": ("weights = F.dropout(weights, self.dropout, self.training)\n"
                "        value = F.dropout(value, self.dropout, self.training)"),
    "not scaled": "weights = weights * (torch.rand_like(weights) >= self.dropout) if self.training else weights",
}


@pytest.mark.parametrize(("how", "mistake"), [
    ("F.dropout", None), ("a module", None), ("torch.dropout", None), ("by hand", None),
    ("on the query", "dropout before the weights"), ("on the key", "dropout before the weights"),
    ("on both", "dropout on the values"), ("not scaled", "another rate"),
])
@pytest.mark.parametrize("seed", range(2))
def test_where_dropout_falls(how, mistake, seed, monkeypatch):
    text = LEARNERS_ATTENTION.replace("weights = F.dropout(attention_weights(query, key, mask), self.dropout, self.training)",
                                      "weights = attention_weights(query, key, mask)\n        " + HOW_TO_DROP[how])
    learners = typed(text, **vars(sys.modules["bert_parts.attention"]))["MultiHeadAttention"]
    seed_of_torch = torch.manual_seed
    monkeypatch.setattr(torch, "manual_seed", lambda given: seed_of_torch(given + seed))
    assert check(learners).mistake == mistake


def test_hidden_places_weigh_nothing():
    body = "scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5\nif mask is not None:\n    scores = {}\n"
    for hidden, mistake in (
        ("scores.masked_fill(~mask, -math.inf)", None),
        ("scores.masked_fill(~mask, torch.finfo(scores.dtype).min)", None),
        ("scores.masked_fill(mask == 0, -1e9)", None),
        ("scores.masked_fill(~mask, 0)", "hidden scores set to a number"),
        ("scores.masked_fill(~mask, -1)", "hidden scores set to a number"),
        ("scores.masked_fill(~mask, -100)", "hidden scores set to a number"),
        ("torch.where(mask, scores, -20.0)", "hidden scores set to a number"),
        ("scores - 50 * (~mask).float()", "too little taken off"),
        ("torch.where(mask, scores, scores * 0)", "hidden scores set to a number"),
        ("scores + (~mask) * -torch.inf", "mask times infinity"),
    ):
        result = check(learner_function(body.format(hidden) + "return scores.softmax(-1)"))
        assert result.mistake == mistake, (hidden, result.message)


@pytest.mark.parametrize(("given", "says"), [
    (torch.tensor([1.0, 0.12340004]), "At [1] your answer is 0.12340004; 0.12340000 is expected."),
    (torch.tensor([1.0, 0.5]), "At [1] your answer is 0.5000; 0.1234 is expected."),
    (torch.tensor([1.0, math.inf]), "At [1] your answer is inf; 0.1234 is expected."),
    (torch.tensor([1.0, 0.1234]), None),
])
def test_as_many_digits_as_it_takes(given, says):
    assert difference(given, torch.tensor([1.0, 0.1234]), 1e-9) == says


def test_as_many_digits_as_it_takes_of_a_number():
    assert difference(12345.6, 12345.7, 1e-9) == "Your answer is 12345.6; 12345.7 is expected."
    assert difference(1, 2.5, 1e-9) == "Your answer is 1; 2.5 is expected."


# ── my_parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


KEPT = f"def attention_weights(query, key, mask=None):\n{indented(RIGHT)}    return weights\n"


def full(*arguments, **named):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("fault", ["a file in its place", "a file above it", "a full disk", "read-only", "closed", "locked"])
def test_right_is_right_where_nothing_can_be_kept(fault, tmp_path, monkeypatch):
    home = tmp_path / "course" / "my_parts"
    home.parent.mkdir()
    monkeypatch.setenv("BERT_PARTS_HOME", str(home))
    with ExitStack() as stack:
        if fault == "a file in its place":
            home.write_text("")
        elif fault == "a file above it":
            home.parent.rmdir()
            home.parent.write_text("")
        elif fault == "a full disk":
            stack.enter_context(pytest.MonkeyPatch.context()).setattr(Path, "write_text", full)
        elif fault in ("read-only", "closed"):
            home.mkdir()
            home.chmod(0o500 if fault == "read-only" else 0)
            stack.callback(home.chmod, 0o700)
            if os.access(home, os.W_OK):     # an administrator writes everywhere
                stack.enter_context(pytest.MonkeyPatch.context()).setattr("tempfile.mkdtemp", full)
        else:
            home.mkdir()
            monkeypatch.setattr("bert_parts.learn.progress_file.LOCK_SECONDS", 0.2)
            stack.enter_context(FileLock(home / ".lock"))
        result = check(typed(KEPT)["attention_weights"])
        assert result.status == "right"
        assert "It is not kept" in result.message and str(home) in result.message and "BERT_PARTS_HOME" in result.message
        assert mine("attention_weights") is attention_weights
        assert "0 of" in progress().text
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path / "elsewhere"))
    assert "Kept" in check(typed(KEPT)["attention_weights"]).message
    assert mine("attention_weights") is not attention_weights


USELESS = {
    "empty": ("", "it does not define attention_weights"),
    "not Python": ("def attention_weights(:", "SyntaxError"),
    "not text": (b"\xff\x00", "UnicodeDecodeError"),
    "raises": ("raise RuntimeError('no')", "RuntimeError: no"),
    "exits": ("import sys\nsys.exit(1)", "SystemExit: 1"),
    "never ends": ("while True:\n    pass", "still running"),
    "sleeps": ("import time\ntime.sleep(600)", "still running"),
    "imports what is gone": ("from bert_parts import nothing_of_this_name", "ImportError"),
    "takes away": ("del attention_weights", "KeyError"),
    "of another kind": ("attention_weights = 3", "not right any more"),
    "with other arguments": ("def attention_weights(query, key):\n    return query", "not right any more"),
    "never answers": ("def attention_weights(query, key, mask=None):\n    while True:\n        pass", "still running"),
}


@pytest.mark.parametrize("text, says", USELESS.values(), ids=USELESS)
def test_a_useless_kept_part_is_set_aside(text, says, empty_home, capsys, monkeypatch):
    check(copied(EXERCISES["padding_mask"]))
    monkeypatch.setattr("bert_parts.learn.bounded.SECONDS", 1)
    data = text if isinstance(text, bytes) else text.encode()
    (empty_home / "attention_weights.py").write_bytes(data)
    assert mine("attention_weights") is attention_weights
    said = capsys.readouterr().out
    assert says in said and str(empty_home / "attention_weights.py") in said and said.count("\n") == 1
    assert (empty_home / "attention_weights.py.damaged-1").read_bytes() == data
    assert my_parts().keys() == {"padding_mask"} and capsys.readouterr().out == ""


def test_a_stale_class_takes_no_model_down(empty_home, capsys):
    (empty_home / "BertLayer.py").write_text("class BertLayer(nn.Module):\n    def __init__(self):\n"
                                             "        super().__init__()\n")
    my_model()
    assert "BertLayer.py could not be used" in capsys.readouterr().out


def test_what_cannot_be_set_aside_is_told_and_tried_once(empty_home, capsys, monkeypatch):
    (empty_home / "attention_weights.py").write_text("raise RuntimeError('tried')")
    monkeypatch.setattr(os, "replace", full)
    assert mine("attention_weights") is attention_weights
    assert "remove it yourself" in capsys.readouterr().out
    monkeypatch.setattr("bert_parts.learn.kept.run_source", None)
    assert mine("attention_weights") is attention_weights
    assert capsys.readouterr().out == ""


def test_a_kept_part_is_judged_when_it_or_the_course_has_changed(empty_home, capsys, monkeypatch):
    judged = []
    monkeypatch.setattr("bert_parts.learn.kept.apart", lambda steps: judged.append("attention_weights") or apart(steps))
    path = empty_home / "attention_weights.py"
    text = "print('a word')\n" + KEPT.replace("    return", "    print('another')\n    return")
    path.write_text(text)     # as kept by the course's first version, without a seal
    assert mine("attention_weights") is not attention_weights and judged == ["attention_weights"]
    assert mine("attention_weights") is not attention_weights and judged == ["attention_weights"]
    monkeypatch.setattr("bert_parts.learn.kept.course", lambda: b"another version")
    assert mine("attention_weights") is not attention_weights and len(judged) == 2
    assert mine("attention_weights") is not attention_weights and len(judged) == 2
    assert capsys.readouterr().out == ""     # not even what it prints
    assert path.read_text().split("\n", 1)[1] == text     # under one seal, the last
    path.write_text(path.read_text().replace("-inf", "inf"))
    assert mine("attention_weights") is attention_weights and len(judged) == 3
    assert "not right any more" in capsys.readouterr().out


def in_another_kernel(code, *arguments):
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)


def test_no_kernel_loses_what_another_remembers():
    code = ("import sys\nfrom bert_parts.learn.progress_file import remember\n"
            "print(flush=True)\nfor number in range(100):\n    remember(sys.argv[1] + str(number))")
    kernels = [in_another_kernel(code, letter) for letter in "abc"]
    assert [kernel.wait() for kernel in kernels] == [0, 0, 0]
    assert sorted(solved()) == sorted(letter + str(number) for letter in "abc" for number in range(100))


def test_a_killed_kernel_keeps_nobody_out(empty_home):
    code = ("import sys, time\nfrom filelock import FileLock\n"
            "with FileLock(sys.argv[1]):\n    print(flush=True)\n    time.sleep(600)")
    kernel = in_another_kernel(code, str(empty_home / ".lock"))
    kernel.stdout.readline()
    kernel.kill()
    kernel.wait()
    assert "Kept" in check(typed(KEPT)["attention_weights"]).message and solved() == ["attention_weights"]


# ── the session stays as it was ──────────────────────────────────────────────────────────────────────────────────────


def state():
    """Whatever a learner's code could change behind the back of the rest of the notebook."""
    return {
        "torch's generator": torch.get_rng_state().tolist(), "NumPy's": str(np.random.get_state()), "Python's": random.getstate(),
        "dtype": torch.get_default_dtype(), "device": torch.get_default_device(), "gradients": torch.is_grad_enabled(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")),
        "deterministic": (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()),
        "anomalies": torch.is_anomaly_enabled(), "precision": torch.get_float32_matmul_precision(),
        "threads": torch.get_num_threads(), "recursion": sys.getrecursionlimit(), "folder": os.getcwd(),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "functions": [torch.softmax, F.softmax, Tensor.softmax, Tensor.__matmul__, Tensor.__add__, nn.Linear.forward, math.sqrt,
                      max, random.random, torch.is_grad_enabled, attention_weights, MultiHeadAttention.forward,
                      sys.modules["bert_parts.attention"].attention_weights],
        "new": ["softmax" in vars(Tensor), "__add__" in vars(Tensor), "nothing_of_torch" in vars(Tensor)],
    }


def ruin():
    """Change all of that."""
    torch.manual_seed(99), np.random.seed(99), random.seed(99)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.autograd.set_detect_anomaly(True)
    torch.set_float32_matmul_precision("medium")
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.set_autocast_enabled("cpu", True), torch.set_autocast_dtype("cpu", torch.float16)
    torch.set_default_dtype(torch.float64), torch.set_default_device("meta")
    sys.setrecursionlimit(sys.getrecursionlimit() + 1)
    os.chdir("/")
    warnings.simplefilter("error")
    warnings.showwarning = print
    torch.softmax = F.softmax = math.sqrt = random.random = torch.is_grad_enabled = lambda *arguments, **named: None
    Tensor.softmax = Tensor.nothing_of_torch = Tensor.__add__ = Tensor.__matmul__ = lambda *arguments, **named: None
    nn.Linear.forward = MultiHeadAttention.forward = lambda self, x: x
    sys.modules["bert_parts.attention"].attention_weights = sys.modules["builtins"].max = None


def ruinous(exercise, after):
    """The course's own answer, which changes everything before or after it has answered."""
    right = exercise.reference

    def run(answer, *arguments, **named):
        if not after:
            ruin()
        found = answer(*arguments, **named)
        ruin()
        return found

    if not isinstance(right, type):
        def answer(*arguments, **named):
            return run(right, *arguments, **named)

        answer.__name__ = exercise.name
        return answer
    name = "forward" if issubclass(right, nn.Module) else "__init__"
    method = getattr(right, name)
    return type(exercise.name, (right,), {name: lambda self, *arguments, **named: run(method, self, *arguments, **named)})


def assert_unchanged(before):
    after = state()
    assert {name for name in before if before[name] != after[name]} == set()


class Odd:
    """It cannot be compared."""

    def __eq__(self, other):
        raise RuntimeError("it is ambiguous")


@pytest.mark.parametrize(("space", "name", "new"), [
    (torch, "softmax", lambda *arguments, **named: 0), (F, "gelu", Odd()), (math, "pi", 3), (nn, "GELU", Odd()),
    (nn.Linear, "forward", lambda self, x: x), (nn.GELU, "__call__", lambda self, x: x), (Tensor, "softmax", lambda self, dim: 0),
])
def test_what_is_patched_is_put_back(space, name, new):
    before = dict(vars(space))
    with settings_kept():
        setattr(space, name, new)
    assert list(vars(space).values()) == list(before.values()) and vars(space).keys() == before.keys()


@pytest.mark.parametrize(("place", "name"), list(enumerate(EXERCISES)), ids=EXERCISES)
def test_a_part_that_changes_everything_changes_nothing(place, name, monkeypatch):
    """It does so before its own work or after it, each in every other exercise: what is tried twice takes minutes. What is the
    matter with it is looked for with one exercise in ten only, since that runs it in the same process as judging it does."""
    if place % 10:
        monkeypatch.setattr("bert_parts.learn.checking.findings", lambda exercise, thing, refusal: iter([refusal.finding]))
    part, before = ruinous(EXERCISES[name], after=place % 2 == 0), state()
    check(part)
    assert_unchanged(before)


def test_what_one_call_changes_is_not_what_the_next_is_judged_by():
    body = RIGHT + "torch.set_default_dtype(torch.float64)\ntorch.isclose = torch.softmax = None\nreturn weights"
    assert check(learner_function(body)).status == "right"


@pytest.mark.parametrize("name", ["attention_weights", "MultiHeadAttention", "BertModel", "masked_lm_loss"])
def test_the_notebooks_own_settings_do_not_sway_the_judge(name):
    part = copied(EXERCISES[name])
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    try:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            before = state()
            result = check(part)
            assert_unchanged(before)
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(torch.float32)
    assert result.status == "right", result.message


def test_what_is_kept_does_not_change_the_random_numbers(empty_home):
    (empty_home / "attention_weights.py").write_text("import torch\ntorch.manual_seed(1)\ntorch.set_num_threads(1)\n\n\n"
                                                     "def attention_weights(query, key, mask=None):\n" + indented(RIGHT) +
                                                     "    return weights\n")
    check(copied(EXERCISES["BertLayer"]))
    model, _ = my_model()
    torch.manual_seed(2)
    before = state()
    own = with_parts(model, my_parts())
    hint("BertLayer"), reveal("BertLayer"), progress(), quiz("05_encoder")
    assert_unchanged(before)
    assert type(own.encoder.layer[0]) is not EXERCISES["BertLayer"].reference


# ── which version is judged ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def notebook(monkeypatch):
    """Runs cells as a notebook's kernel does; gives back what the cell calls ``result``."""
    monkeypatch.setattr("bert_parts.learn.cells.ran", [])
    namespace, numbers = {"__name__": "a_notebook", "check": check}, itertools.count(1)

    def run(place, text):
        number, error, filename = next(numbers), None, f"<cell {abs(hash(text))}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        begins(SimpleNamespace(raw_cell=text, cell_id=place))
        try:
            exec(compile(text, filename, "exec"), namespace)
        except Exception as raised:
            error = raised
        ended(SimpleNamespace(execution_count=number, success=error is None, error_in_exec=error,
                              error_before_exec=error if isinstance(error, SyntaxError) else None))
        return namespace.pop("result", None)

    return run


IMPORTS = "import math\nimport torch\n\n\n"
GOOD = IMPORTS + KEPT
WRONG = GOOD.replace("dim=-1", "dim=-2")
EMPTY = "def attention_weights(query, key, mask=None):\n    ...\n"
LOOK = "result = check(attention_weights)"


@pytest.mark.parametrize("place", ["the exercise", None], ids=["a notebook that names its cells", "one that does not"])
def test_after_an_error_it_is_said_which_version_is_judged(notebook, place):
    notebook(place, EMPTY)
    plain = notebook("check", LOOK).message
    assert plain.startswith("`attention_weights` is still empty")
    notebook(place, GOOD.replace("None):", "None)"))
    result = notebook("check", LOOK)
    assert result.status == "not attempted" and result.message.endswith(plain)
    assert result.message.startswith("Cell [3], which was to write `attention_weights` anew, stopped with SyntaxError in line 5 (")
    assert "what is judged is the version of cell [1]" in result.message
    notebook(place, WRONG)
    assert notebook("check", LOOK).message.endswith("\nJudged is `attention_weights` as it ran in cell [5].")
    notebook(place, GOOD.replace("import math", "import nothing_of_this_name"))
    assert ("stopped with ModuleNotFoundError (No module named 'nothing_of_this_name'). So what is judged is the version of "
            "cell [5]") in notebook("check", LOOK).message
    notebook(place, GOOD)
    result = notebook("check", LOOK)
    assert result.status == "right" and result.message.endswith("Judged is `attention_weights` as it ran in cell [9].")
    assert "Cell" not in result.message


def test_what_ran_is_judged_whatever_stopped_its_cell_after_it(notebook):
    notebook("a", WRONG)
    notebook("a", GOOD + "\n\nassert False")
    assert notebook("b", LOOK).message.endswith("Judged is `attention_weights` as it ran in cell [2].")


def test_a_cell_that_no_longer_writes_the_part_is_spoken_of(notebook):
    notebook("a", WRONG)
    notebook("a", GOOD.replace("def attention_weights", "def attention_weight"))
    assert notebook("b", LOOK).message.startswith(
        "The cell of `attention_weights` was changed: when it ran as [2], it did not write `attention_weights`. So what is judged "
        "is the version of cell [1].")


def test_a_part_that_moved_to_another_cell_is_no_older_version(notebook):
    notebook("a", WRONG)
    notebook("b", GOOD)
    notebook("a", "1 + 1")
    assert notebook("c", LOOK).message.endswith("Judged is `attention_weights` as it ran in cell [2].")
    notebook("b", GOOD.replace("def attention_weights", "de attention_weights"))
    notebook("a", "1 + 2")
    assert notebook("c", LOOK).message.startswith("Cell [5], which was to write `attention_weights` anew, stopped with SyntaxError")


def test_nothing_more_is_said_where_part_and_check_are_one_cell(notebook):
    outside = check(typed(WRONG)["attention_weights"]).message
    notebook("a", GOOD.replace("None):", "None)"))
    assert notebook("a", WRONG + "\n\n" + LOOK).message == outside
    notebook("b", "attention_weights = 3\nassert False")     # an error elsewhere is not the part's
    assert "Cell" not in notebook("c", GOOD + "\n\n" + LOOK).message


def test_a_version_from_elsewhere_is_an_older_one(notebook):
    notebook("a", "from bert_parts import attention_weights")
    notebook("b", GOOD.replace("None):", "None)"))
    assert "what is judged is an older version" in notebook("c", LOOK).message


def test_a_real_kernel_tells_of_its_cells(tmp_path):
    texts = ["from bert_parts.learn import check", EMPTY, LOOK + "\nresult", "%matplotlib inline\n" + WRONG, LOOK + "\nresult",
             GOOD.replace("None):", "None)"), LOOK + "\nresult"]
    cells = [new_code_cell(text, metadata={"tags": ["raises-exception"]}) for text in texts]
    execute(new_notebook(cells=cells), tmp_path)
    said = [cell.outputs[0].data["text/plain"] for cell in cells if cell.source.startswith(LOOK)]
    assert said[0].startswith("○ not attempted\n`attention_weights` is still empty")
    assert said[1].endswith("\nJudged is `attention_weights` as it ran in cell [4].")
    assert "\nCell [6], which was to write `attention_weights` anew, stopped with SyntaxError in line 5 (expected ':')." in said[2]
