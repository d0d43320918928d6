"""In what two expressions differ that should come to the same."""

import ast

import pytest

from bert_parts.learn.differing import dimensions_in, form, kind_between


def tree(text):
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(("own", "other", "kind"), [
    ("x.relu()", "x", "extra"), ("round(x, 3)", "x", "extra"), ("x - x.mean(1)", "x", "extra"), ("x[0]", "x", "extra"),
    ("x.sum(1).sqrt()", "x.sum(1)", "scale"), ("x * 2", "x", "scale"), ("a / math.sqrt(b)", "a / b", "scale"),
    ("x - 1", "x", "number"), ("~m", "m", "sign"), ("x.transpose(1, 2)", "x", "shape"), ("x if c else y", "y", "condition"),
    ("x @ y", "(x @ y).relu()", "missing"), ("scores", "scores.softmax(-1)", "missing"), ("x", "x[:, 0]", "missing"),
    ("[len(i) for i in x]", "[[1] * len(i) for i in x]", "missing"), ("x.float()", "x", "type"),
    ("x.sum()", "x.mean()", "name"), ("x.abs()", "x.pow(2)", "name"), ("a", "b", "name"), ("f(x)", "f(y)", "name"),
    ("d * f + d", "d * f + f", "name"), ("x + y", "x * y", "operator"), ("(q * k).sum(-1)", "q @ k.mT", "operator"),
    ("x * y", "x[y]", "operator"), ("(v + e) ** 2", "(v + e).sqrt()", "scale"), ("v ** 2", "v ** 0.5", "scale"),
    ("8 * n", "2 * 2 * n", "number"),
    ("x / y", "y / x", "order"), ("x[1:]", "x[:-1]", "number"), ("x - 1", "x - 2", "number"), ("x[:, i:]", "x[:, i]", "number"),
    ("x[:, :, i]", "x[:, i]", "axis"), ("x.softmax(1)", "x.softmax(2)", "axis"),
    ("torch.cat(x, dim=0)", "torch.cat(x, 1)", "axis"),
    ("torch.full((x.size(1), 1), s)", "x.new_full((x.size(0), 1), s)", "axis"), ("x.mean(1)", "x.mean(1, keepdim=True)", "axis"),
    ("g(x, 1)", "g(x, 2)", "argument"), ("normalize(x, p=1, dim=1)", "normalize(x, dim=1)", "argument"),
    ("torch.tril(torch.ones(n)).bool()", "torch.ones(n, n, dtype=torch.bool).tril()", "argument"),
    ("x.reshape(2, 3)", "x.transpose(1, 2)", "shape"), ("x < y", "x <= y", "condition"),
    ("x[:, 0:1].squeeze()", "x[:, 0]", "shape"), ("x * y", "torch.matmul(x, y)", "operator"),
    ("x > 0", "kept", "condition"), ("x if y else z", "x", "condition"),
    ("torch.cat(x) + y", "self.output(torch.cat(x), y)", ""), ("(x != y).float()", "F.cross_entropy(x, y)", ""),     # too little
])
def test_what_two_expressions_do_otherwise_with_the_same(own, other, kind):
    assert kind_between(tree(own), tree(other)) == kind


def test_style_is_no_difference():
    assert form(tree("torch.tril(x)")) == form(tree("x.tril()")) and form(tree("x.sum(1)")) == form(tree("x.sum(axis=1)"))
    assert form(tree("x.bool()")) == form(tree("x")) and form(tree("x.dense")) != form(tree("x"))


def test_the_dimensions_that_a_function_is_given():
    assert dimensions_in(tree("x.sum(1, keepdim=True)")).keys() == {"dim", "keepdim"}
    assert dimensions_in(tree("torch.cat(x)")) == dimensions_in(tree("x + 1")) == {}
