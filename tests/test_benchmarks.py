"""What `make bench` reckons and writes; that its contenders give the same numbers, as far as they come with the course."""

import json
import re
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from torch.nn import functional as F

from benchmarks import __main__ as program
from benchmarks import chart, floor, machine, memory, reading, report, texts, timing, tokenizing, training, vectors
from benchmarks.cases import CASES
from benchmarks.timing import Contender, Row, compare, ratios, spread, take_turns, timed
from bert_parts import BertIntermediate, BertTokenizer, quantization
from bert_parts.quantization import has_bf16, has_int8
from tests.test_setup import lines_of
from tests.test_structure import ROOT

FOLDER = ROOT / "benchmarks"
HERE = ("transformers, SDPA", "transformers, eager", "torch.nn.TransformerEncoder", "bert_parts",
        "bert_parts, prepacked")     # that need nothing more
IN_INT8 = ("bert_parts, int8",) if has_int8() else ()


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(timing, "PAUSE", 0)


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Clock:
    """Shows the seconds that those who ran said they took."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def contender(self, seconds: float, given: float = 1.0, ran: list | None = None, name: str = "") -> Contender:
        def run():
            self.now += seconds
            if ran is not None:
                ran.append(name)

        return Contender(run, lambda: np.array([given]))


def test_each_has_one_turn_in_each_round_and_the_order_changes():
    clock, ran = Clock(), []
    contenders = {name: clock.contender(seconds, ran=ran, name=name) for name, seconds in (("a", 3), ("b", 2), ("c", 1))}
    seconds = timed(contenders, range(8), clock)
    assert seconds == {"a": [3] * 8, "b": [2] * 8, "c": [1] * 8}
    orders = [tuple(ran[start : start + 3]) for start in range(0, 24, 3)]
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
    assert len(set(orders)) >= 4 and {order[0] for order in orders} == {"a", "b", "c"}


def test_what_is_done_before_a_turn_is_not_timed():
    clock, done = Clock(), []

    def before():
        clock.now += 100
        done.append(1)

    assert timed({"a": replace(clock.contender(2), before=before)}, range(3), clock) == {"a": [2] * 3}
    assert len(done) == 3


def test_a_round_to_warm_up_is_not_counted():
    ran = []
    (row,) = take_turns("case", {"a": lambda: Clock().contender(1, ran=ran)}, rounds=4)
    assert len(row.seconds) == 4 and len(ran) == 5


def test_a_ratio_is_taken_within_a_round():
    """A round in which all is ten times as slow changes nothing."""
    assert ratios([2, 20, 4, 2], [1, 10, 2, 1]) == (2, 2, 2)
    assert ratios([1, 1, 1], [4, 2, 1]) == (0.375, 0.5, 0.75)


@pytest.mark.parametrize("values", [[3.0], [1.0, 2.0], [5.0, 1.0, 4.0, 2.0], list(np.random.default_rng(0).random(15))])
def test_a_spread_has_the_quartiles(values):
    assert spread(values) == pytest.approx(np.percentile(values, [25, 50, 75]))


# ── what is not timed ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("given, words", [
    (1 + 2e-5, "differs by 2.0e-05, where 1e-05 at most"),
    (float("nan"), "differs by nan"),
    ([1.0, 1.0], r"has shape \(1, 2\), where \(1,\) is expected"),
])
def test_who_gives_other_numbers_is_not_timed(given, words):
    ran, clock = [], Clock()
    first, other = take_turns("case", {"first": lambda: clock.contender(1),
                                       "other": lambda: clock.contender(1, given, ran)}, rounds=3)
    assert re.search(words, other.left_out)
    assert not other.seconds and not ran
    assert len(first.seconds) == 3 and not first.left_out


def test_who_gives_the_same_numbers_is_timed():
    clock = Clock()
    _, other = take_turns("case", {"first": lambda: clock.contender(1), "other": lambda: clock.contender(1, 1 + 9e-6)}, rounds=3)
    assert len(other.seconds) == 3 and other.difference == pytest.approx(9e-6)


@pytest.mark.parametrize("turned, timed_too", [(0.1, True), (0.5, False)])
def test_vectors_of_int8_must_point_where_the_exact_ones_do(turned, timed_too):
    expected = np.tile([1.0, 0.0], (3, 1))
    row = Row("case", "int8")
    compare(np.tile([2 * np.cos(turned), 2 * np.sin(turned)], (3, 1)), expected, exact=False, row=row)
    assert row.cosine == pytest.approx(np.cos(turned))
    assert (not row.left_out) == timed_too


def test_an_opponent_that_is_missing_is_left_out_by_a_line():
    def make():
        raise ModuleNotFoundError("No module named 'opponent'")

    def check():
        raise RuntimeError("an operator\nis not implemented")

    clock = Clock()
    makers = {"missing": make, "first": lambda: clock.contender(1), "broken": lambda: replace(clock.contender(1), check=check)}
    rows = take_turns("case", makers, rounds=1)
    assert [bool(row.seconds) for row in rows] == [False, True, False]
    assert "\n".join(report.tables(rows)).endswith(
        "- **Left out: missing**, ModuleNotFoundError: No module named 'opponent'\n"
        "- **Left out: broken**, RuntimeError: an operator is not implemented")


def test_a_case_without_anybody_is_told():
    assert report.tables([Row("case", "all of them", "their process died")]) == ["- **Left out: all of them**, their process died"]


@pytest.mark.parametrize("case, name", [
    (reading.ragged, "bert_parts, unpadded"), (reading.maps, "bert_parts, unpadded"),
    (training.masked_words, "bert_parts, unpadded"), (training.fine_tuning, "bert_parts, unpadded"),
    (vectors.of_reviews, "bert_parts"), (vectors.of_reviews, "bert_parts, int8"),
])
def test_what_is_unpadded_computes_no_padding(case, name, tmp_path, monkeypatch):
    """The feed-forward gets the real tokens in one row, or in pieces of it, in what is compared and in what is timed."""
    seen, kind = [], quantization.Int8Intermediate if "int8" in name else BertIntermediate
    forward = kind.forward
    monkeypatch.setattr(kind, "forward", lambda self, x: seen.append(x.size(0)) or forward(self, x))
    if "int8" in name and not has_int8():
        pytest.skip("this processor has no instructions for it")
    contender = case(setting(tmp_path))[1][name]()
    for act in (contender.check, contender.run):
        contender.before()
        act()
        assert set(seen) == {1}
        seen.clear()


@pytest.mark.parametrize("name, found", [("bf16", (vectors, "has_bf16")), ("int8", (quantization, "has_int8"))])
def test_without_the_instructions_it_is_left_out_by_a_line(name, found, tmp_path, monkeypatch):
    monkeypatch.setattr(*found, lambda: False)
    (row,) = take_turns("case", {name: vectors.of_reviews(setting(tmp_path))[1][f"bert_parts, {name}"]}, rounds=1)
    assert row.left_out.startswith("RuntimeError: ") and "instructions" in row.left_out


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────────


ROWS = [
    Row("one", "theirs", seconds=[0.02, 0.04, 0.02], held=400.4, added=50),
    Row("one", "theirs, int8", cosine=0.98765, seconds=[0.01, 0.01, 0.01]),
    Row("one", "bert_parts", difference=2.4e-6, seconds=[0.01, 0.01, 0.02], held=300, added=0.2),
    Row("one", "gone", "it is not installed"),
]


def test_the_tables():
    first, second, left_out = report.tables(ROWS)
    assert first.splitlines() == [
        "| | ms | × as fast as theirs | differs by | holds, MB | adds, MB |",
        "|---|---|---|---|---|---|",
        "| theirs | 20.0 (20.0–30.0) | 1.00 (1.00–1.00) | 0 | 400 | 50 |",
        "| theirs, int8 | 10.0 (10.0–10.0) | 2.00 (2.00–3.00) | cosine 0.9877 |  |  |",
        "| bert_parts | 10.0 (10.0–15.0) | 2.00 (1.50–3.00) | 2e-06 | 300 | 0 |",
    ]
    assert second.splitlines() == [
        "| how many times as fast as | bert_parts |",
        "|---|---|",
        "| theirs | 2.00 (1.50–3.00) |",
        "| theirs, int8 | 1.00 (0.75–1.00) |",
    ]
    assert left_out == "- **Left out: gone**, it is not installed"


def test_the_page_and_its_picture(tmp_path):
    report.write(tmp_path / "new", "make bench", {"processor": "a fast one", "config": "two\nlines"},
                 {"one": ("One text", "A review")}, ROWS)
    page = (tmp_path / "new" / report.PAGE).read_text(encoding="utf-8")
    for words in (
        "`make bench` measures anew", "- processor: a fast one", "<summary>config</summary>\n\n```\ntwo\nlines\n```",
        "## One text\n\nA review. 3 rounds.",
        "![Bars of speed, a panel for each case. One text, times as fast as theirs: bert_parts 2.00.](benchmarks.png)",
    ):
        assert words in page, words
    assert (tmp_path / "new" / report.PICTURE).read_bytes().startswith(b"\x89PNG")


def test_a_case_of_which_nobody_was_timed_has_no_panel(tmp_path):
    rows = [*ROWS, Row("two", "bert_parts", "it is not there")]
    assert "Two texts" not in chart.draw({"one": "One text", "two": "Two texts"}, rows, tmp_path / "a.png")


# ── the whole ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the program with the words given, where what the child processes find is given too; its own folders are elsewhere."""
    def begin(words: list[str], in_child) -> int:
        monkeypatch.setattr(sys, "argv", ["benchmarks", *words])
        monkeypatch.setattr(program, "in_child", in_child)
        monkeypatch.setattr(program, "DOCS", tmp_path / "docs")
        monkeypatch.setattr(program, "TRIES", tmp_path / "tries")
        monkeypatch.setattr(machine, "environment", lambda threads: {})
        return program.main()

    return begin


def in_child(function, case, setting, name=None):
    rows = [Row(case, "bert_parts", seconds=[1.0, 2.0]), Row(case, "gone", "it is not there")]
    return (100.0, 20.0) if name else ("Something", rows)


@pytest.mark.parametrize("words, place", [([], "docs"), (["--quick"], "tries"), (["--cases", "dense"], "tries")])
def test_only_the_whole_is_written_into_docs(run, tmp_path, words, place):
    assert run(words, in_child) == 0
    assert [path.parent.name for path in tmp_path.rglob(report.PAGE)] == [place]
    page = (tmp_path / place / report.PAGE).read_text(encoding="utf-8")
    command = f'make bench ARGS="{" ".join(words)}"' if words else "make bench"
    assert f"\n`{command}` measures anew" in page and "| 100 | 20 |" in page
    assert page.count("**Left out: gone**") == (1 if "--cases" in words else len(CASES))


def test_what_was_measured_before_it_was_stopped_is_there(run, tmp_path):
    def stopped(function, case, setting, name=None):
        if case == "reviews":
            raise KeyboardInterrupt
        return in_child(function, case, setting, name)

    assert run([], stopped) == 130
    assert [path.parent.name for path in tmp_path.rglob(report.PAGE)] == ["tries"]
    rows = [json.loads(line) for line in (tmp_path / "tries" / program.ROWS).read_text(encoding="utf-8").splitlines()]
    assert [row["case"] for row in rows] == ["dense", "dense", "one", "one"]
    assert rows[0]["seconds"] == [1, 2] and rows[0]["held"] == 100


def test_a_case_whose_process_dies_is_told(run, tmp_path):
    def dying(function, case, setting, name=None):
        if case == "dense" and not name:
            raise BrokenProcessPool("it was killed")
        return in_child(function, case, setting, name)

    assert run(["--cases", "dense", "one"], dying) == 0
    page = (tmp_path / "tries" / report.PAGE).read_text(encoding="utf-8")
    assert "## Dense\n\n- **Left out: all of them**, BrokenProcessPool: it was killed" in page


def test_no_threads_are_refused(run, capsys):
    with pytest.raises(SystemExit):
        run(["--threads", "0"], in_child)
    assert "--threads is 0, where 1 or more are expected" in capsys.readouterr().err


# ── the machine ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_have_as_many_threads():
    given = machine.environment(3)
    assert {given[name] for name in machine.COUNTS} == {"3"}


def test_the_machine_is_named():
    given = machine.facts(2)
    assert given["threads"].startswith("2 ") and given["processor"]
    assert f"torch {machine.installed('torch')}" in given["versions"]
    assert "no-such-package" not in machine.PACKAGES and machine.installed("no-such-package") == "not installed"
    assert "\n" in given["torch's config"]


@pytest.mark.skipif(not memory.RESET.exists(), reason="only Linux forgets a peak")
def test_the_peak_of_what_was_before_is_forgotten():
    code = ("import numpy as np; from benchmarks.memory import forget_peak, resident_peak; first = np.ones(50_000_000); del first; "
            "loaded = resident_peak(); forget_peak(); held = resident_peak(); second = np.ones(25_000_000); del second; "
            "print(loaded - held, resident_peak() - held)")
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    freed, grown = map(float, result.stdout.split())
    assert freed == pytest.approx(400, abs=20) and grown == pytest.approx(200, abs=20)


# ── the contenders ───────────────────────────────────────────────────────────────────────────────────────────────────


def setting(folder: Path, quick: bool = True) -> texts.Setting:
    return texts.Setting(threads=1, quick=quick, folder=folder)


def test_texts_by_length_come_back_in_their_order():
    rows = [[101, *range(1000, 1000 + length), 102] for length in (3, 1, 4, 1, 5, 2)]
    for by_length in (False, True):
        made = texts.in_batches(rows, 4, by_length)
        hidden = [batch["input_ids"][:, :, None] for batch in made.batches]
        assert reading.real_tokens(hidden, made)[:, 0].tolist() == [one for row in rows for one in row]
    widths = [batch["input_ids"].shape[1] for batch in made.batches]
    assert widths == [7, 3] and made.places[0][0] == 4


def test_one_long_text_among_others_is_what_it_says(tmp_path):
    rows = texts.one_among_many(setting(tmp_path, quick=False))
    assert texts.told(rows) == "16 texts, 64 tokens on average, 256 the longest"
    assert [len(row) for row in rows] == texts.ONE_AMONG_MANY


@pytest.mark.parametrize("case", [reading.one_text, reading.ragged_reviews])
def test_forward_passes_give_the_same(case, tmp_path):
    """Those of transformers, the fast path of torch, and the course's; as the texts come, and by length."""
    _, makers = case(setting(tmp_path))
    names = HERE + IN_INT8 if case is reading.one_text else (*HERE, *(f"{name}, by length" for name in HERE))
    assert [row.left_out for row in take_turns("case", {name: makers[name] for name in names}, rounds=1)] == [""] * len(names)


def test_maps_are_the_same(tmp_path):
    _, makers = reading.maps(setting(tmp_path))
    assert [row.left_out for row in take_turns("case", makers, rounds=1)] == [""] * len(makers) == [""] * 6


@pytest.mark.parametrize("case", [training.masked_words, training.fine_tuning])
def test_losses_and_gradients_are_the_same(case, tmp_path):
    _, makers = case(setting(tmp_path))
    checks = {name: make().check() for name, make in makers.items() if "unpadded" not in name}
    expected = checks.pop("transformers, SDPA")
    assert len(checks) >= 2 and np.abs(expected).max() > 0.1
    for name, given in checks.items():
        row = Row("case", name)
        compare(given, expected, exact=True, row=row)
        assert not row.left_out, name


def test_sentence_vectors_are_the_same(tmp_path):
    _, makers = vectors.of_reviews(setting(tmp_path))
    names = ["sentence-transformers, batches of 32", "bert_parts", "bert_parts, prepacked"]
    names += [f"bert_parts, {name}" for name, there in (("bf16", has_bf16()), ("int8", has_int8())) if there]
    rows = take_turns("case", {name: makers[name] for name in names}, rounds=1)
    assert [row.left_out for row in rows] == [""] * len(names)
    assert [row.cosine is None for row in rows] == [True] * 3 + [False] * (len(names) - 3)


def test_products_alone_are_the_same_and_all_that_the_encoder_has(tmp_path, monkeypatch):
    about, makers = floor.of_reviews(setting(tmp_path))
    rows = take_turns("case", makers, rounds=1)
    assert [row.left_out for row in rows[:3]] == [""] * 3 and (rows[3].left_out == "") == has_int8()
    made, multiplied = [], F.linear
    monkeypatch.setattr(F, "linear", lambda x, weight, bias: made.append((len(x), weight)) or multiplied(x, weight, bias))
    makers["float32, MKL"]().run()
    assert len({id(weight) for _, weight in made}) == len(made) == 6 * 6
    flops = sum(2 * rows * weight.numel() for rows, weight in made)
    assert f" {flops / 1e9:,.0f} billion " in about


@pytest.mark.parametrize("case", [tokenizing.of_reviews, tokenizing.of_other_scripts])
def test_ids_are_the_same(case, tmp_path):
    _, makers = case(setting(tmp_path))
    assert [row.left_out for row in take_turns("case", makers, rounds=1)] == [""] * 4


@pytest.mark.parametrize("name, times", [("bert_parts, cold", 6), ("bert_parts, warm", 1)])
def test_a_cold_tokenizer_is_made_afresh(tmp_path, monkeypatch, name, times):
    """Once at first, once to be compared, and for each of four rounds; a warm one has seen the texts before."""
    made = []
    monkeypatch.setattr(tokenizing, "BertTokenizer", lambda tokens: made.append(BertTokenizer(tokens)) or made[-1])
    _, makers = tokenizing.of_reviews(setting(tmp_path))
    take_turns("case", {name: makers[name]}, rounds=3)
    assert len(made) == times


# ── what belongs to it ───────────────────────────────────────────────────────────────────────────────────────────────


def test_what_it_is_compared_with_is_pinned_and_not_given_to_learners():
    wanted = [Requirement(line) for line in lines_of("requirements-bench.txt")]
    given = {Requirement(line).name for name in ("requirements.txt", "requirements-test.txt") for line in lines_of(name)}
    assert {"onnxruntime", "openvino"} <= {each.name for each in wanted}
    assert [each.name for each in wanted if [pin.operator for pin in each.specifier] != ["=="] or each.name in given] == []
    assert "-r requirements.txt" in (ROOT / "requirements-bench.txt").read_text(encoding="utf-8")


def test_a_file_imports_only_files_above_it():
    order = re.findall(r"\w+", (FOLDER / "__init__.py").read_text(encoding="utf-8").split("`make bench`")[1])
    assert sorted(order) == sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
    for place, name in enumerate(order):
        text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        found = re.findall(r"^\s*from benchmarks\.(\w+) import", text, re.MULTILINE)
        for line in re.findall(r"^\s*from benchmarks import (.*)$", text, re.MULTILINE):
            found += line.split(", ")
        assert set(found) <= set(order[:place]), name
