"""A check never raises and never hangs, whatever the code does that it looks at."""

import linecache
import os
import signal
import time

import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from bert_parts.learn import EXERCISES, check, mine
from bert_parts.learn import apart as apart_module
from bert_parts.learn.apart import apart
from bert_parts.learn.bounded import Interrupted, in_time, killed_after
from bert_parts.learn.inside import real_model
from bert_parts.learn.kept import path_of
from tools.run_notebooks import execute

resource = pytest.importorskip("resource", reason="Windows sets no bounds, and has no child processes by fork")


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path / "home"))


def part(body, above="", decorator=""):
    """An ``attention_weights`` with that body."""
    text = (f"import ctypes\nimport math\nimport os\nimport re\nimport signal\nimport sys\nimport time\nimport torch\n{above}\n\n\n"
            f"{decorator}def attention_weights(query, key, mask=None):\n" + "".join(f"    {line}\n" for line in body.splitlines()))
    filename = f"<cell {abs(hash(text))}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {"__name__": "a_notebook"}
    exec(compile(text, filename, "exec"), namespace)
    return namespace["attention_weights"]


RIGHT = """scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
if mask is not None:
    scores = scores.masked_fill(~mask, float("-inf"))
weights = scores.softmax(dim=-1)
"""

ENDLESS = {
    "a bare except": "while True:\n    try:\n        time.sleep(9)\n    except:\n        pass",
    "a sum": "sum(range(10 ** 10))",
    "a regular expression": "re.match('(a+)+$', 'a' * 60 + 'b')",
    "a power": "10 ** 10 ** 10",
    "no interrupts": "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    time.sleep(9)",
    "a list": "rows = []\nwhile True:\n    rows.append(rows)",
    "what it prints": "while True:\n    print('again')",
    "a generator": "list(iter(int, 1))",
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_what_cannot_be_interrupted_is_ended(body, monkeypatch, capfd):
    monkeypatch.setattr("bert_parts.learn.bounded.SECONDS", 1)
    began = time.monotonic()
    result = check(part(body))
    assert result.status == "not yet"
    assert "still running after 1 seconds" in result.message, result.message
    assert time.monotonic() - began < 60
    assert len(capfd.readouterr().out) < 20_000


@pytest.mark.parametrize("body", ["while True:\n    pass", "sum(range(10**10))"], ids=["listens", "does not listen"])
def test_work_without_end_is_ended_sooner(body):
    """It need not be waited for as long as something that sleeps."""
    assert "still running after 2.5 seconds of work" in check(part(body)).message


def test_what_a_part_imports_is_not_its_work(tmp_path, monkeypatch):
    monkeypatch.setattr("bert_parts.learn.bounded.BUSY", 0.2)
    (tmp_path / "dear_to_load.py").write_text("import time\nwhile time.process_time() < 1:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert check(part("import dear_to_load\n" + RIGHT + "return weights")).status == "right"


def test_all_questions_together_have_a_bound_too(monkeypatch):
    monkeypatch.setattr(apart_module, "PATIENCE", 1)
    assert "still at work after 1 seconds" in check(part("time.sleep(0.9)\n" + RIGHT + "return weights")).message


def test_a_block_inside_another_does_not_lengthen_it(monkeypatch):
    def steps():
        yield "before"
        with killed_after(1):
            for _ in range(100):
                with in_time():
                    time.sleep(0.2)
        yield "after"

    began = time.monotonic()
    answers, how = apart(steps)
    assert answers == ["before"] and "stopped" in how and time.monotonic() - began < 15

    def shorter():
        with killed_after(5):
            with in_time():
                pass
            yield signal.getitimer(signal.ITIMER_REAL)[0] > 4
        yield signal.getitimer(signal.ITIMER_REAL)[0]

    assert apart(shorter) == ([True, 0.0], None)


DEADLY = {
    "exits": ("os._exit(3)", "ended its process, with code 3"),
    "exits as if all were well": ("os._exit(0)", "ended its process, with code 0"),
    "crashes": ("ctypes.string_at(0)", "brought Python itself down (SIGSEGV)"),
    "aborts": ("os.abort()", "brought Python itself down (SIGABRT)"),
    "is killed": ("os.kill(os.getpid(), signal.SIGKILL)", "was killed"),
    "raises SystemExit": ("sys.exit()", "raised SystemExit"),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    "raises a BaseException": ("raise BaseException('own')", "raised BaseException: own"),
    "raises GeneratorExit": ("raise GeneratorExit", "raised GeneratorExit"),
    "raises what cannot be said": ("class Mute(BaseException):\n    def __str__(self):\n        raise self\nraise Mute",
                                   "raised Mute"),
    "says too much": ("raise ValueError('much ' * 10 ** 6)", "raised ValueError: much much"),
    "forks": ("os.fork()\n" + RIGHT + "return weights.double()", "a part needs no process of its own"),
    "closes all files": ("os.closerange(3, 999)\ntime.sleep(99)", "closed what it was not given"),
    "asks": ("return input('?')", "raised EOFError"),
    "meta": (RIGHT + "return weights.to('meta')", "on the device `meta`"),
    "sparse": (RIGHT + "return weights.to_sparse()", "a sparse tensor"),
    "nested": ("return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])", "a nested tensor"),
    "a generator": (RIGHT + "yield weights", "a `generator`"),
    "an odd class": ("class Odd:\n    def __eq__(self, other):\n        raise ValueError\n    __hash__ = None\nreturn Odd()",
                     "a `Odd`"),
    "too large a tensor": ("return torch.ones(10 ** 11)", "can't allocate memory"),
    "too long a list": ("return [0] * 10 ** 10", "asked for more memory"),
    "a runaway list": ("rows = []\nwhile True:\n    rows.append([0] * 10 ** 7)", "asked for more memory"),
}


@pytest.mark.parametrize(("body", "says"), DEADLY.values(), ids=DEADLY)
def test_whatever_it_does_is_said(body, says, monkeypatch):
    monkeypatch.setattr(apart_module, "ROOM", 1 << 28)
    result = check(part(body))
    assert result.status == "not yet"
    assert says in result.message and len(result.message) < 2000


HARMLESS = ("raises", "says", "meta", "sparse", "nested", "a generator", "an odd class")


@pytest.mark.parametrize("body", [DEADLY[name][0] for name in DEADLY if name.startswith(HARMLESS)])
def test_the_same_where_there_is_no_fork(body, monkeypatch):
    there = check(part(body)).message
    monkeypatch.delattr(os, "fork")
    monkeypatch.setattr(resource, "setrlimit", None)
    assert check(part(body)).message == there
    assert check(part(RIGHT + "return weights")).status == "right"


def test_what_cannot_be_done_in_a_child_is_done_here(monkeypatch):
    def unable(*arguments, **named):
        raise RuntimeError("Unable to handle autograd's threading in combination with fork-based multiprocessing")

    here = os.getpid()
    assert apart(lambda: iter([os.getpid()]))[0] != [here]
    monkeypatch.setattr(torch.Tensor, "backward", unable)
    assert apart(lambda: iter([os.getpid()])) == ([here], None)


@pytest.mark.parametrize("forks", [True, False], ids=["apart", "here"])
@pytest.mark.parametrize("how", ["torch.compile", "torch.compile(mode='max-autotune')", "torch.compile(dynamic=True)"])
def test_a_compiled_part_is_judged_as_it_is_written(how, forks, monkeypatch):
    if not forks:
        monkeypatch.delattr(os, "fork")
    for end, says in (("return weights", "same weights"), ("return weights.mT", "shape (2, 3, 6, 4)"),
                      ("while True:\n    pass", "still running")):
        monkeypatch.setattr("bert_parts.learn.bounded.SECONDS", 1 if "while" in end else 20)
        assert says in check(part(RIGHT + end, decorator=f"@{how}\n")).message


def test_what_it_prints_is_shown_once_and_not_without_end(capsys):
    check(part("print('a word')\nreturn None"))
    assert set(capsys.readouterr().out.splitlines()) == {"a word"}
    check(part("print('x' * 10 ** 6)\nreturn None"))
    out = capsys.readouterr().out
    assert len(out) < 11_000 and "bytes more" in out


def test_nothing_of_a_child_stays():
    before = os.listdir("/proc/self/fd")
    for body in ("os._exit(1)", "return None", "os.system('sleep 60 &')\nreturn None"):
        check(part(body))
    assert len(os.listdir("/proc/self/fd")) == len(before)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_what_the_child_had_to_load_is_here_for_the_next():
    real_model.cache_clear()
    check(part(RIGHT + "return weights"))
    check(part(RIGHT))
    assert real_model.cache_info().currsize == 1


def test_stop_pressed_is_no_fault_of_the_code(monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(Interrupted):
        check(part("signal.raise_signal(signal.SIGINT)"))


@pytest.mark.parametrize("thing", ["names", "repr", "circle", "list"])
def test_odd_things_are_told_kindly(thing):
    class Odd:
        @property
        def __name__(self):
            raise ValueError

        def __repr__(self):
            raise ValueError

    def circle():
        ...

    circle.__wrapped__ = circle
    circle.__name__ = "circle"
    named = Odd.__call__ if thing == "names" else Odd() if thing == "repr" else circle if thing == "circle" else []
    assert "There is no exercise called" in check(named).message


def test_a_kept_file_that_kills_is_set_aside(capsys):
    path = path_of("attention_weights")
    path.parent.mkdir()
    path.write_text("import os\nos._exit(1)\n")
    assert mine("attention_weights") is EXERCISES["attention_weights"].reference
    assert "ended its process" in capsys.readouterr().out


def test_a_part_that_stops_only_by_itself_is_right_and_not_kept():
    above = "if __name__ == 'a_notebook':\n    HALF = 0.5\nelse:\n    os._exit(4)"
    result = check(part(RIGHT.replace("0.5", "HALF") + "return weights", above))
    assert result.status == "right" and "It is not kept" in result.message and "code 4" in result.message


def test_in_a_kernel_it_is_apart_too(tmp_path):
    cells = [new_code_cell("import os\nimport torch\nfrom IPython.display import display\nfrom bert_parts.learn import check\n"
                           "class Bold:\n    def __repr__(self):\n        return '<b>4</b>'\n"
                           "x = torch.ones(3, requires_grad=True)\n(x * x).sum().backward()\ndisplay(3)"),
             new_code_cell("def attention_weights(query, key, mask=None):\n    print('a word')\n    display(Bold())\n"
                           + "".join(f"    {line}\n" for line in RIGHT.splitlines()) + "    return weights"),
             new_code_cell("print('before')\ncheck(attention_weights)"),
             new_code_cell("def attention_weights(query, key, mask=None):\n    os._exit(1)"),
             new_code_cell("check(attention_weights)"),
             new_code_cell("def attention_weights(query, key, mask=None):\n    return input('?')"),
             new_code_cell("check(attention_weights)")]
    execute(new_notebook(cells=cells), tmp_path)
    text = str(cells[2].outputs)
    assert "✓ right" in text and "Kept: " in text and text.count("before") == 1 and "a word\\n<b>4</b>\\n" in text
    assert "ended its process, with code 1" in str(cells[4].outputs)
    assert "EOFError" in str(cells[6].outputs)


