"""Edits of what is kept too long, or never moves on; and of steps that are put together wrongly."""

import ast

import pytest

from bert_parts.learn.differing import kind_between
from bert_parts.learn.edits import edits_of
from bert_parts.learn.repair import likeliest
from tests.test_repair import found

LINES = [     # the kind, a line after `def f(x, y, n=2):`, and how it is right
    ("state", "return dict.fromkeys(x, [])", "return {key: [] for key in x}"),
    ("axis", "return torch.cat(list(x), -1)", "return torch.cat(x.unbind(1), -1)"),
    ("type", "return f'{x:.2f}'", "return x"),
    ("type", "return f'{x:.2f}'", "return x.item()"),
    ("return", "return ' '.join(x)", "return x"),
    ("name", "return x.softmax(dim=-1)", "return x.tanh()"),
    ("name", "return F.dropout2d(x, n)", "return F.dropout(x, n)"),
    ("name", "x.remove(x[-1])", "x.pop(-1)"),
    ("argument", "return F.cross_entropy(x, y)", "return F.cross_entropy(x, y, reduction='none').sum(-1)"),
    ("gradient", "return x.detach().clone()", "return x"),
    ("return", "return torch.stack(x).mean(dim=0)", "return x[-1]"),
    ("sign", "return -F.gelu(-x)", "return F.gelu(x)"),
    ("number", "return x[-n:]", "return x[:n]"),
    ("number", "return x[:n]", "return x[-n:]"),
    ("number", "x[1:-1] = y[:-2]", "x[1:] = y[:-1]"),
    ("number", "x[1:] = y[1:]", "x[:] = y[:]"),
    ("name", "return lambda a, b: a * b + b", "return lambda a, b: a * a + a"),
]
FUNCTIONS = [     # the kind, the line of the mistake, a function, and how it is right
    ("state", 2, "def f(x):\n    SEEN[x] = x\n    return SEEN[x]",
     "def f(x):\n    SEEN.clear()\n    SEEN[x] = x\n    return SEEN[x]"),
    ("state", 2, "def f(x):\n    if not ALL:\n        ALL.append(x)\n    return ALL",
     "def f(x):\n    ALL.clear()\n    if not ALL:\n        ALL.append(x)\n    return ALL"),
    ("state", 1, "def f(x, y=[], z=[]):\n    return y + z", "def f(x, y=[], z=[]):\n    y = []\n    z = []\n    return y + z"),
    ("missing", 4, "def f(x):\n    i = 0\n    for n in x:\n        g(i)",
     "def f(x):\n    i = 0\n    for n in x:\n        g(i)\n        i += n"),
    ("missing", 3, "def f(x):\n    i = 0\n    while i < x:\n        j = g(i)",
     "def f(x):\n    i = 0\n    while i < x:\n        j = g(i)\n        i = j"),
    ("missing", 4, "def f(x):\n    skip = False\n    for n in x:\n        if skip:\n            continue\n        skip = True",
     "def f(x):\n    skip = False\n    for n in x:\n        if skip:\n            skip = False\n"
     "            continue\n        skip = True"),
    ("state", 4, "def f(x):\n    up = False\n    for n in x:\n        g(up)\n        up = True",
     "def f(x):\n    up = False\n    for n in x:\n        up = False\n        g(up)\n        up = True"),
    ("missing", 6, "def f(x):\n    s = 0\n    for n in x:\n        s += n\n    for n in x:\n        s += 2 * n",
     "def f(x):\n    s = 0\n    for n in x:\n        s += n\n    s = 0\n    for n in x:\n        s += 2 * n"),
    ("condition", 4, "def f(x):\n    if x.a:\n        return x[5:]\n    elif x.b:\n        return x + 1\n    return x",
     "def f(x):\n    if x.a:\n        x = x[5:]\n    if x.b:\n        return x + 1\n    return x"),
    ("order", 2, "def f(x):\n    y = g(x)\n    y = h(y)\n    y = y.i()\n    return y",
     "def f(x):\n    y = x.i()\n    y = h(y)\n    y = g(y)\n    return y"),
    ("type", 2, "def f(x):\n    y = torch.zeros(2, dtype=torch.float64)\n    y[0] = x.double()\n    return y",
     "def f(x):\n    y = torch.zeros(2, dtype=torch.float32)\n    y[0] = x.float()\n    return y"),
    ("name", 6, "class A:\n    def __init__(self):\n        self.norm = nn.LayerNorm(2)\n        self.b = 1\n"
     "    def forward(self, x):\n"
     "        return F.layer_norm(x, (2,))",
     "class A:\n    def __init__(self):\n        self.norm = nn.LayerNorm(2)\n        self.b = 1\n"
     "    def forward(self, x):\n"
     "        return self.norm(x)"),
    ("missing", 5, "class A:\n    def __init__(self):\n        self.drop = nn.Dropout(0.1)\n"
     "    def forward(self, x):\n        return 2 * x",
     "class A:\n    def __init__(self):\n        self.drop = nn.Dropout(0.1)\n"
     "    def forward(self, x):\n        return self.drop(2 * x)"),
]


@pytest.mark.parametrize(("kind", "wrong", "right"), LINES, ids=[f"{kind}: {wrong}" for kind, wrong, _ in LINES])
def test_a_line_is_set_right(kind, wrong, right):
    head = "def f(x, y, n=2):\n    "
    assert (kind, 2) in {(edit.kind, edit.line) for edit in found(head + wrong, head + right)}


@pytest.mark.parametrize(("kind", "line", "wrong", "right"), FUNCTIONS, ids=[f"{kind}: {wrong}" for kind, _, wrong, _ in FUNCTIONS])
def test_a_function_is_set_right(kind, line, wrong, right):
    assert (kind, line) in {(edit.kind, edit.line) for edit in found(wrong, right)}


@pytest.mark.parametrize(("old", "new", "kind"), [
    ("[a] + b + [c]", "[c] + b + [a]", "order"),
    ("[a] + b + [a]", "[c] + b + [c]", "name"),
    ("[1] * n", "[0] * n", "number"),
    ("a / b", "c * a / b", "scale"),
    ("a / b", "c * (a / b)", "scale"),
    ("c * (a / b)", "a / b", "scale"),
    ("{'a': b}", "{'c': b}", "name"),
    ("config.a", "config.b", "name"),
    ("f(a)", "f(a, b)", "argument"),
    ("a + b", "a - b", "operator"),
])
def test_the_kind_of_another_expression(old, new, kind):
    assert kind_between(*(ast.parse(text, mode="eval").body for text in (old, new))) == kind


def test_of_two_lines_that_do_the_same_the_later_is_the_copy():
    tree = ast.parse("def f(x, y):\n    a = g(x)\n    b = g(x)\n    return a + b")
    same = [edit for edit in edits_of(tree) if edit.rule == "x → y" and len(edit.changes) == 1]
    assert likeliest(same).line == 3
