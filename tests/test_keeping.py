"""A part that is right is kept with what it uses, however that was written."""

import itertools
import json
import linecache
import re
import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from bert_parts import attention_weights
from bert_parts.learn import check, hint, mine, my_parts, progress, quiz, reveal
from bert_parts.learn.cells import begins, ended
from tools.run_notebooks import execute


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def notebook(monkeypatch):
    """Runs cells as a notebook's kernel does; gives back the notebook's names."""
    monkeypatch.setattr("bert_parts.learn.cells.ran", [])
    module, numbers = ModuleType("a_notebook"), itertools.count(1)
    monkeypatch.setitem(sys.modules, "a_notebook", module)
    namespace = vars(module)

    def run(text):
        number, error, filename = next(numbers), None, f"<cell {abs(hash(text))}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        begins(SimpleNamespace(raw_cell=text, cell_id=None))
        try:
            exec(compile(text, filename, "exec"), namespace)
        except Exception as raised:
            error = raised
        ended(SimpleNamespace(execution_count=number, success=error is None, error_in_exec=error, error_before_exec=None))
        return namespace

    return run


IMPORTS = "import math\nimport torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\n"
PART = """def attention_weights(query, key, mask=None):
    scores = scaled(query @ key.transpose(-2, -1), query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(~mask, NEG)
    return SOFT(scores)
"""
NEG = "NEG = float('-inf')\n"
SCALED = "def scaled(scores, size):\n    return scores / size ** 0.5\n"
SOFT = "SOFT = lambda scores: scores.softmax(-1)\n"

ODD = {     # cells, the part in the last, or before the last if that says "after"
    "a lambda": [NEG + SCALED + SOFT + PART],
    "in cells before": [NEG, SCALED, SOFT, PART],
    "in cells after": [PART, NEG, SCALED, SOFT],
    "below the part": [PART + NEG + SCALED + SOFT],
    "from math import inf": ["from math import inf\nNEG = -inf\n", SCALED + SOFT + PART],
    "-math.inf": [IMPORTS + "NEG = -math.inf\n", SCALED + SOFT + PART],
    "a star": ["from math import *\n", "NEG = -inf\n" + SOFT + "def scaled(s, d):\n    return s / sqrt(d)\n" + PART],
    "inside an if": [NEG + SOFT, "if NEG < 0:\n    def scaled(s, d):\n        return s / d ** 0.5\nelse:\n    scaled = 0\n" + PART],
    "inside a try": [NEG + SOFT + "try:\n    from nothing_of_this_name import scaled\nexcept ImportError:\n"
                     "    def scaled(s, d):\n        return s / d ** 0.5\n" + PART],
    "inside a with": [IMPORTS + NEG + SCALED, "with torch.no_grad():\n    SOFT = nn.Softmax(-1)\n" + PART],
    "inside a for": [NEG + SCALED, "for dim in (0, -1):\n    SOFT = lambda scores, dim=dim: scores.softmax(dim)\n" + PART],
    "decorated": [NEG + SOFT + "def plain(f):\n    return lambda *given: f(*given)\n\n\n@plain\n" + SCALED + PART],
    "the part decorated": [NEG + SOFT + SCALED + "def plain(f):\n    def attention_weights(*given):\n        return f(*given)\n"
                           "    return attention_weights\n\n\n@plain\n" + PART],
    "the part wrapped": [IMPORTS + NEG + SOFT + SCALED + "import functools\n" + PART
                         + "attention_weights = functools.wraps(attention_weights)(lambda *a, f=attention_weights: f(*a))\n"],
    "the part made by a function": [NEG + SOFT + SCALED + "def make():\n" + "".join(f"    {line}\n" for line in PART.splitlines())
                                    + "    return attention_weights\n\n\nattention_weights = make()\n"],
    "the part inside an if": [NEG + SOFT + SCALED + "if True:\n" + "".join(f"    {line}\n" for line in PART.splitlines())],
    "the part a lambda": [IMPORTS + NEG + SCALED + SOFT,
                          "attention_weights = lambda query, key, mask=None: SOFT(scaled(query @ key.mT, query.size(-1))\n"
                          "    if mask is None else scaled(query @ key.mT, query.size(-1)).masked_fill(~mask, NEG))\n"],
    "the part a partial": [NEG + SOFT + SCALED + "from functools import partial\n"
                           + PART.replace("attention_weights(", "general(it, ") + "attention_weights = partial(general, None)\n"],
    "a namedtuple": ["from collections import namedtuple\nOptions = namedtuple('Options', 'neg dim')\n",
                     "options = Options(float('-inf'), -1)\nNEG = options.neg\n" + SOFT + SCALED + PART],
    "a dataclass": ["from __future__ import annotations\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass Options:\n"
                    "    neg: float = float('-inf')\n    dim: int = -1\n\n\nNEG = Options().neg\n" + SOFT + SCALED + PART],
    "a class": [NEG + SCALED, "class Soft:\n    dim = -1\n    def __call__(self, s):\n        return s.softmax(self.dim)\n"
                "SOFT = Soft()\n" + PART],
    "a dict, filled later": ["TABLE = {}\n", "TABLE['neg'] = float('-inf')\n", "TABLE.update(dim=-1)\n",
                             SCALED + "SOFT = lambda s: s.softmax(TABLE['dim'])\n" + PART.replace("NEG", "TABLE['neg']")],
    "a tuple": ["OPTIONS = float('-inf'), -1\n", "NEG, DIM = OPTIONS\n" + SCALED + "SOFT = lambda s: s.softmax(DIM)\n" + PART],
    "a tensor": [IMPORTS + "MINUS = torch.tensor(-1.0) / 0\nNEG = MINUS.item()\n" + SCALED + SOFT + PART],
    "a module": [IMPORTS + NEG + SCALED + "SOFT = nn.Sequential(nn.Identity(), nn.Softmax(dim=-1))\n" + PART],
    "several at once": ["NEG, SCALE = float('-inf'), 0.5; SOFT = lambda s: s.softmax(-1)\n",
                        "def scaled(s, d): return s / d ** SCALE\n" + PART],
    "by steps": ["NEG = 1.0\n", "NEG -= 2\n", "NEG *= float('inf')\n" + SCALED + SOFT + PART],
    "changed and run again": ["SCALE = 1\n" + SOFT + "def scaled(s, d):\n    return s / d ** SCALE\n", NEG, PART,
                              "SCALE = 0.5\n" + SOFT + "def scaled(s, d):\n    return s / d ** SCALE\n"],
    "above what stopped the cell": [NEG + SCALED + SOFT + "assert False\nNEG = 0\n", PART],
    "a walrus": ["if (NEG := float('-inf')) < 0:\n    pass\n", SCALED + SOFT + PART],
    "named as the course's": [NEG + "def pad(s, d):\n    return s / d ** 0.5\n\ndef normalize(s):\n    return s.softmax(-1)\n"
                              "draw = NEG\n" + PART.replace("scaled", "pad").replace("SOFT", "normalize").replace("NEG", "draw")],
    "through globals": [NEG + SCALED + "def set_up():\n    global SOFT\n    SOFT = torch.nn.Softmax(-1)\n"
                        "import torch\nset_up()\n" + PART],
    "with hints of types": [IMPORTS + "from torch import Tensor\nMask = Tensor | None\n" + NEG + SCALED + SOFT
                            + PART.replace("mask=None", "mask: Mask = None")],
    "a default": [NEG + SCALED + SOFT + PART.replace("mask=None", "mask=None, *, NEG=NEG")],
    "imported under another name": ["import torch as t\nimport torch.nn.functional as fn\n", NEG + SCALED
                                    + "SOFT = lambda s: fn.softmax(t.as_tensor(s), dim=-1)\n" + PART],
    "a generator": [NEG + SCALED + "def rows(s):\n    for row in s:\n        yield row.softmax(-1)\n"
                    "import torch\nSOFT = lambda s: torch.stack(list(rows(s)))\n" + PART],
    "one that calls itself": [NEG + SCALED, "def SOFT(s, again=True):\n    return SOFT(s, 0) if again else s.softmax(-1)\n" + PART],
}


@pytest.mark.parametrize("cells", ODD.values(), ids=ODD)
def test_a_part_is_kept_with_whatever_it_uses(cells, notebook, empty_home):
    for cell in cells:
        names = notebook(cell)
    notebook("unrelated = print('not this')\n")
    result = check(names["attention_weights"])
    assert result.status == "right" and "\nKept: " in result.message, result.message
    assert "not this" not in (empty_home / "attention_weights.py").read_text()
    assert mine("attention_weights") is not attention_weights
    query = torch.randn(1, 2, 3, 4)
    assert torch.allclose(mine("attention_weights")(query, query), attention_weights(query, query))


def test_a_helper_with_a_name_of_the_course_is_the_learners(notebook, empty_home):
    names = notebook("def normalize(x):\n    return x.softmax(-1)\n\n\n" + NEG + SCALED + PART.replace("SOFT", "normalize"))
    assert "Kept" in check(names["attention_weights"]).message
    assert "def normalize" in (empty_home / "attention_weights.py").read_text()


def test_what_is_the_courses_own_is_not_copied(notebook, empty_home):
    names = notebook("from bert_parts import padding_mask\nfrom bert_parts.tokenizer import normalize\n" + NEG + SCALED + SOFT
                     + PART.replace("scores = scaled", "assert normalize and padding_mask\n    scores = scaled"))
    assert "Kept" in check(names["attention_weights"]).message
    assert "bert_parts" not in (empty_home / "attention_weights.py").read_text()


def test_a_part_that_uses_a_kept_part_does_not_copy_it(notebook, empty_home):
    names = notebook("from bert_parts.learn import check, mine\n")
    names = notebook(NEG + SCALED + SOFT + PART)
    check(names["attention_weights"])
    notebook("attention_weights = mine(attention_weights)\n")
    names = notebook(IMPORTS + SPLIT)
    assert "Kept" in check(names["split_heads"]).message
    text = (empty_home / "split_heads.py").read_text()
    assert "mine" not in text and "softmax" not in text
    assert my_parts().keys() == {"attention_weights", "split_heads"}


SPLIT = """def split_heads(x, num_heads):
    assert callable(attention_weights)
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)
"""


def test_a_kept_part_that_asks_for_the_kept_parts_comes_to_an_end(notebook, empty_home):
    names = notebook("from bert_parts.learn import my_parts\n" + NEG + SCALED + SOFT + "parts = my_parts()\n"
                     + PART.replace("scores = scaled", "assert parts == {}\n    scores = scaled"))
    assert "Kept" in check(names["attention_weights"]).message
    assert my_parts().keys() == {"attention_weights"}


def test_what_cannot_be_found_is_named(notebook, empty_home):
    names = notebook(NEG + SCALED + PART)
    names["SOFT"] = eval("lambda scores: scores.softmax(-1)")
    result = check(names["attention_weights"])
    assert result.status == "right" and "It is not kept" in result.message
    assert "No statement was found that gives `SOFT` a value" in result.message
    assert not (empty_home / "attention_weights.py").exists()


@pytest.mark.parametrize(("value", "written"), [
    (float("-inf"), "float('-inf')"), ([1, {"a": (2.5, None)}], "[1, {'a': (2.5, None)}]"), (True, "True"),
])
def test_a_value_without_a_statement_is_written_down(value, written, notebook, empty_home):
    names = notebook(NEG + SCALED + SOFT + PART.replace("scores = scaled", "assert VALUE is not None\n    scores = scaled"))
    names["VALUE"] = value
    assert "Kept" in check(names["attention_weights"]).message
    assert f"VALUE = {written}\n" in (empty_home / "attention_weights.py").read_text()


def test_no_advice_is_given_that_was_followed(notebook):
    names = notebook("import torch\nCALLS = []\n" + NEG + SCALED + SOFT
                     + PART.replace("scores = scaled", "CALLS.append(1)\n    if len(CALLS) > 999:\n        raise ValueError\n"
                                                       "    scores = scaled"))
    names["CALLS"].append(1)
    assert "same cell" not in check(names["attention_weights"]).message


# ── what is judged ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_code_inside_a_function_is_judged_and_not_a_namesake(notebook, empty_home):
    names = notebook("from bert_parts.learn import check\n" + NEG + SCALED + SOFT
                     + "def inside():\n    def attention_weights(query, key, mask=None):\n        ...\n"
                       "    return check(attention_weights)\n\n\n" + PART)
    assert names["inside"]().status == "not attempted"
    names = notebook(NEG + SCALED + SOFT + "def inside():\n" + "".join(f"    {line}\n" for line in PART.splitlines())
                     + "    return attention_weights\n\n\ndef attention_weights(query, key, mask=None):\n    ...\n")
    result = check(names["inside"]())
    assert result.status == "right" and "Kept" in result.message
    assert "SOFT(scores)" in (empty_home / "attention_weights.py").read_text()
    assert check(names["attention_weights"]).status == "not attempted"


def test_a_namesake_that_is_right_is_not_kept_in_its_place(notebook, empty_home):
    names = notebook(NEG + SCALED + SOFT + "def inside(soft):\n"
                     + "".join(f"    {line}\n" for line in PART.replace("SOFT", "soft").splitlines())
                     + "    return attention_weights\n\n\n" + PART)
    result = check(names["inside"](names["SOFT"]))
    assert result.status == "right" and "It is not kept" in result.message
    assert not (empty_home / "attention_weights.py").exists()


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("given", ["atention_weights", "attention_weight", "Attention_Weights"])
def test_a_wrong_name_gets_the_right_one(given):
    for said in (check(given).message, hint(given).text, reveal(given).text):
        assert said.startswith(f"There is no exercise called `{given}`: did you mean `attention_weights`?")
        assert "split_heads" not in said
    with pytest.raises(ValueError, match="did you mean `attention_weights`"):
        mine(given)


def test_a_name_like_none_gets_no_list():
    assert check("zzz").message.startswith("There is no exercise called `zzz`. `progress()` lists them all.")
    assert "did you mean `01_attention`" in quiz("01_atention").text


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────────


EMPTY = "def attention_weights(query, key, mask=None):\n    ...\n"


def test_run_all_later_says_that_it_is_solved_and_kept(notebook, empty_home):
    names = notebook(EMPTY)
    plain = check(names["attention_weights"]).message
    names = notebook(NEG + SCALED + SOFT + PART)
    check(names["attention_weights"])
    names = notebook(EMPTY)
    result = check(names["attention_weights"])
    assert result.status == "not attempted" and result.message != plain
    assert "solved" in result.message and str(empty_home / "attention_weights.py") in result.message
    (empty_home / "attention_weights.py").unlink()
    assert check(names["attention_weights"]).message == plain


def test_progress_tells_what_was_right_and_is_not_kept(notebook, empty_home):
    names = notebook(NEG + SCALED + PART)
    names["SOFT"] = eval("lambda scores: scores.softmax(-1)")
    check(names["attention_weights"])
    assert "◐ attention_weights" in progress().text and "✓" not in progress().text
    assert "not kept" in progress()._repr_html_()
    names = notebook(NEG + SCALED + SOFT + PART)
    check(names["attention_weights"])
    assert "✓ attention_weights" in progress().text and "◐" not in progress().text + progress()._repr_html_()


def test_cells_that_ran_before_the_course_was_opened_count(tmp_path):
    cells = [new_code_cell(text) for text in (
        "import torch\nSOFT = torch.nn.Softmax(-1)", NEG + "from bert_parts.learn import check\n" + SCALED, PART,
        "result = check(attention_weights)\nresult")]
    execute(new_notebook(cells=cells), tmp_path)
    assert "Kept: " in json.dumps(cells[-1].outputs)


# ── right answers in other styles ────────────────────────────────────────────────────────────────────────────────────


STYLES = {     # the exercise, and its cells
    "a class made by a function": ("AddAndNorm", [IMPORTS, """
def half(norm):
    class AddAndNorm(nn.Module):
        def __init__(self, in_size, config):
            super().__init__()
            self.in_size, self.config = in_size, config
            self.dense = nn.Linear(in_size, config.hidden_size)
            self.LayerNorm = norm(config.hidden_size, eps=config.layer_norm_eps)
            self.dropout = nn.Dropout(config.hidden_dropout_prob)

        def forward(self, x, residual):
            return self.LayerNorm(residual + self.dropout(self.dense(x)))
    return AddAndNorm


AddAndNorm = half(nn.LayerNorm)
"""]),
    "a base class of one's own": ("AddAndNorm", [IMPORTS + """
class Part(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size, self.config = in_size, config
""", """
class AddAndNorm(Part):
    def __init__(self, in_size, config):
        super().__init__(in_size, config)
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        return self.LayerNorm(STEPS["add"](residual, self.dropout(self.dense(x))))
""", "STEPS = dict(add=torch.add, bend=F.gelu)\n"]),
    "methods put in afterwards": ("AddAndNorm", [IMPORTS + """
class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size, self.config = in_size, config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
""", """
def forward(self, x, residual):
    return self.LayerNorm(residual + self.dropout(self.dense(x)))


AddAndNorm.forward = forward
"""]),
    "a decorated class": ("BertPooler", [IMPORTS + """
def remembers(part):
    old = part.__init__

    def __init__(self, config):
        old(self, config)
        self.config = config
    part.__init__ = __init__
    return part


@remembers
class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        return torch.tanh(self.dense(hidden[:, 0]))
"""]),
    "a super of the course's": ("BertPooler", ["import bert_parts.pooler as theirs\n", """
class BertPooler(theirs.BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, FIRST]).tanh()
""", "FIRST = 0\n"]),
    "functions in a list": ("layer_norm", [IMPORTS, "steps = []\n", """
def step(f):
    steps.append(f)
    return f
""", """
@step
def centred(x, eps):
    return x - x.mean(-1, keepdim=True)


@step
def scaled(x, eps):
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt()
""", """
def layer_norm(x, weight, bias, eps):
    for each in (centred, scaled):
        x = each(x, eps)
    return x * weight + bias
"""]),
    "einops by hand": ("split_heads", ["""
from functools import reduce
compose = lambda *fs: reduce(lambda f, g: lambda x: g(f(x)), fs)
""", """
def split_heads(x, num_heads):
    return compose(lambda x: x.unflatten(-1, (num_heads, -1)), lambda x: x.movedim(-2, -3))(x)
"""]),
    "static methods": ("split_heads", ["""
class Shapes:
    HEADS = -3

    @staticmethod
    def split(x, n):
        return x.view(*x.shape[:-1], n, -1).movedim(-2, Shapes.HEADS)


split_heads = Shapes.split
"""]),
    "an enumeration": ("word_pieces", ["import enum\n", """
class Mark(str, enum.Enum):
    INSIDE = "##"
    UNKNOWN = "[UNK]"
""", """
def word_pieces(word, vocab):
    if len(word) > LONGEST:
        return [Mark.UNKNOWN.value]
    pieces, start = [], 0
    while start < len(word):
        found = next((end for end in range(len(word), start, -1) if mark(start) + word[start:end] in vocab), None)
        if found is None:
            return [Mark.UNKNOWN.value]
        pieces.append(mark(start) + word[start:found])
        start = found
    return pieces
""", "LONGEST = 100\n\n\ndef mark(start):\n    return Mark.INSIDE.value if start else ''\n"]),
    "a regular expression": ("join_pair", ["import re\nHASHES = re.compile('^##')\n", """
def join_pair(pieces, pair):
    new, place = [], 0
    while place < len(pieces):
        if tuple(pieces[place:place + 2]) == tuple(pair):
            new.append(pair[0] + HASHES.sub('', pair[1]))
            place += 2
        else:
            new.append(pieces[place])
            place += 1
    return new
"""]),
    "nested helpers and a closure": ("learning_rate_at", ["""
def ramp(top):
    def rate(part):
        return top * part
    return rate
""", """
def learning_rate_at(step, steps, peak, warmup):
    up = steps * warmup
    rate = ramp(peak)
    return rate((step + 1) / up) if step + 1 <= up else rate((steps - step) / (steps - int(up)))
"""]),
    "math in a tuple": ("sinusoidal_positions", [IMPORTS + "WAVES = torch.sin, torch.cos\nBASE, = 10_000.0,\n", """
def sinusoidal_positions(length, hidden_size):
    places = torch.arange(length).unsqueeze(1)
    speeds = torch.exp(-math.log(BASE) * torch.arange(0, hidden_size, 2) / hidden_size)
    return torch.stack([wave(places * speeds) for wave in WAVES], -1).flatten(1)
"""]),
    "a table filled in a loop": ("causal_mask", [IMPORTS + "MASKS = {}\nfor size in range(1, 100):\n"
                                 "    MASKS[size] = torch.arange(size).unsqueeze(1) >= torch.arange(size)\n", """
def causal_mask(length):
    return MASKS[length].clone()
"""]),
    "match": ("padding_mask", ["""
def padding_mask(attention_mask):
    match attention_mask.dim():
        case 2:
            return places(attention_mask)
""", "def places(mask):\n    return mask[:, None, None, :].bool()\n"]),
    "async beside it": ("padding_mask", ["async def nothing():\n    return 3\n\n\ndef padding_mask(attention_mask):\n"
                                         "    assert nothing\n    return attention_mask.bool()[:, None, None]\n"]),
    "a global counter": ("padding_mask", ["calls = 0\n", """
def padding_mask(attention_mask):
    global calls
    calls += 1
    return attention_mask.bool()[:, None, None]
"""]),
    "types of one's own": ("padding_mask", ["import typing as t\nimport torch\nT = t.TypeVar('T', bound='torch.Tensor')\n"
                                            "Mask: t.TypeAlias = torch.Tensor\n", """
def padding_mask(attention_mask: Mask) -> Mask:
    return t.cast(T, attention_mask.bool()[:, None, None])
"""]),
    "cached": ("shift_right", [IMPORTS + "from functools import lru_cache, partial\n\n\n@lru_cache\ndef roller(by):\n"
                               "    return partial(torch.roll, shifts=by, dims=-1)\n", """
def shift_right(target_ids, start_id):
    moved = roller(1)(target_ids)
    moved[..., 0] = start_id
    return moved
"""]),
    "a property": ("shift_right", [IMPORTS + """
class Start:
    def __init__(self, start):
        self._start = start

    @property
    def start(self):
        return self._start

    def __add__(self, ids):
        return F.pad(ids[..., :-1], (1, 0), value=self.start)
""", """
def shift_right(target_ids, start_id):
    return Start(start_id) + target_ids
"""]),
    "Counter": ("token_f1", ["import re, string\nfrom collections import Counter\n"
                             "def bare(text, *, drop={'a', 'an', 'the'}, table=str.maketrans('', '', string.punctuation)):\n"
                             "    return [word for word in text.lower().translate(table).split() if word not in drop]\n", """
def token_f1(given, expected):
    ours, theirs = (Counter(bare(text)) for text in (given, expected))
    if not ours or not theirs:
        return float(ours == theirs)
    shared = (ours & theirs).total()
    return 2 * shared / (ours.total() + theirs.total())
"""]),
}


@pytest.mark.parametrize(("name", "cells"), STYLES.values(), ids=STYLES)
def test_right_answers_in_other_styles_are_kept(name, cells, notebook):
    for cell in cells:
        names = notebook(cell)
    result = check(names[name])
    assert result.status == "right" and "Kept: " in result.message, result.message
    assert my_parts().keys() == {name}


def test_every_answer_of_a_cell_is_shown(tmp_path):
    """Whichever `#` is taken away. IPython by itself shows what the last line gives."""
    cells = [new_code_cell("from bert_parts import attention_weights\nfrom bert_parts.learn import check, hint, mine, reveal"),
             new_code_cell("attention_weights = mine(attention_weights)\nhint(attention_weights)\nreveal(attention_weights)"),
             new_code_cell("check(attention_weights)\nhint(attention_weights)\nlen('ab')\n'seen'"),
             new_code_cell("hint(\n    attention_weights)\nlast = 1 / 0")]
    cells[3].metadata["tags"] = ["raises-exception"]
    execute(new_notebook(cells=cells), tmp_path)
    shown = [[output.data["text/plain"][:7] for output in cell.outputs if "data" in output] for cell in cells]
    assert shown == [[], ["Hint 1 ", "import "], ["✓ right", "Hint 2 ", "'seen'"], ["Hint 3 "]]
    traceback = re.sub(r"\x1b\[\d+m", "", "".join(cells[3].outputs[-1].traceback))     # without its colours
    assert "----> 3 last = 1 / 0" in traceback
