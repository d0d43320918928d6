"""In what do two expressions differ that should come to the same? The kind of thing that is the matter with the first.

Both are read as the steps they take, so that ``torch.tril(x)`` and ``x.tril()`` are one, and a type beside the numbers is none."""

import ast
import operator
from collections import Counter
from collections.abc import Callable, Iterator

from bert_parts.learn.catalogue import DIMENSIONS, DTYPES, RESHAPING, SCALING, TYPING, is_module, isinstance_method, kind_of
from bert_parts.learn.sites import called, is_own
from bert_parts.learn.sites import number as number_of

Form = tuple     # the sort of a step, its name, and the forms of all that goes into it

UNTOLD = ""
TYPED = {"float", "long", "int", "bool", "double", "half", "to", "type"}
OF_DIMENSION = {"dim", "axis", "keepdim"}
OPERATIONS = {"add": "Add", "sub": "Sub", "mul": "Mult", "div": "Div", "matmul": "MatMult", "mm": "MatMult", "bmm": "MatMult"}
POWERS = {"Mult", "Div", "FloorDiv", "Pow"}
ALIKE = ((RESHAPING, "shape"), (TYPING | DTYPES, "type"))     # functions that do one sort of thing, and the kind of that
WORKED_OUT = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
CONDITIONS = (ast.Compare, ast.BoolOp, ast.IfExp)
CHOICE = ("condition", "NoneType")     # the form of ``a if so else b`` begins so
TRUTHS = {"condition", "name", "attribute"}     # what may say whether something is so


def kind_between(own: ast.expr, other: ast.expr) -> str:
    """What is the matter with an expression, one of KINDS, if another that should come to the same is right; UNTOLD if the two have
    too little in common to say.

    Args:
        own, other: both in the same names.
    """
    mine, theirs = form(own), form(other)
    return "type" if mine == theirs else _kind_of_forms(mine, theirs)


def form(node: ast.AST) -> Form:
    """The steps that an expression takes, whatever their style."""
    value = _worked_out(node)
    if value is not None or isinstance(node, ast.Constant):
        return ("text" if isinstance(getattr(node, "value", None), str) else "number", repr(node.value if value is None else value))
    if isinstance(node, ast.Name) or is_own(node) or is_module(node):
        return ("name", ast.unparse(node))
    if isinstance(node, ast.Call):
        return _form_of_call(node)
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.operand,)
        return ("operator", type(node.op).__name__, *map(form, sides))
    if isinstance(node, CONDITIONS):
        ops = "".join(type(op).__name__ for op in getattr(node, "ops", [getattr(node, "op", None)]))
        return ("condition", ops, *map(form, _inside(node)))
    if isinstance(node, ast.Subscript):
        index = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return ("index", "[]", form(node.value), *map(form, index))
    if isinstance(node, ast.Slice):
        return ("slice", ":", *(form(each or ast.Constant(None)) for each in (node.lower, node.upper, node.step)))
    if isinstance(node, ast.Attribute):
        return ("attribute", node.attr, form(node.value))
    return ("other", type(node).__name__, *map(form, _inside(node)))


def _worked_out(node: ast.AST) -> int | float | None:
    """A number, or what an operation on plain numbers comes to: ``2 * 2`` is 4."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in WORKED_OUT:
        return number_of(node)
    sides = [_worked_out(each) for each in (node.left, node.right)]
    return None if None in sides or isinstance(node.op, ast.Div) and not sides[1] else WORKED_OUT[type(node.op)](*sides)


def _form_of_call(node: ast.Call) -> Form:
    word, on = called(node), [node.func.value] if isinstance_method(node) and not is_own(node.func) else []
    inside = [*on, *node.args]
    if word in TYPED and on:
        return form(on[0])
    if word.startswith("new_"):     # torch.full and x.new_full make the same
        word, inside = word.removeprefix("new_"), node.args
    if word in OPERATIONS and len(inside) == 2 and not node.keywords:
        return ("operator", OPERATIONS[word], *map(form, inside))
    named = {each.arg: form(each.value) for each in node.keywords if each.arg != "dtype"}
    place = 1 if word in DIMENSIONS and len(inside) > 1 and isinstance(number_of(inside[1]), int) else None
    named |= {"dim": form(inside.pop(place))} if place and len(inside) == 2 else {}
    named = {"dim" if key == "axis" else key: value for key, value in named.items()}
    keywords = (("keyword", key, value) for key, value in sorted(named.items(), key=str))
    return ("call", word, *map(form, inside), *keywords)


def _inside(node: ast.AST) -> Iterator[ast.expr | ast.comprehension]:
    return (each for each in ast.iter_child_nodes(node) if isinstance(each, (ast.expr, ast.comprehension)))


def dimensions_in(node: ast.expr) -> dict[str, Form]:
    """What a function is given for dimensions, and whether they stay; {} for anything else."""
    return {step[1]: step[2] for step in _parts(form(node)) if _is_of_dimension(step)} if isinstance(node, ast.Call) else {}


def _kind_of_forms(mine: Form, theirs: Form) -> str:
    return _one_in_the_other(mine, theirs) or _at_one_place(mine, theirs) or _at_all(mine, theirs)


# ── one stands in the other ──────────────────────────────────────────────────────────────────────────────────────────


def _one_in_the_other(mine: Form, theirs: Form) -> str | None:
    """The kind of the steps that are too much, or too few, where one does all that the other does."""
    for inner, outer, otherwise in ((theirs, mine, "extra"), (mine, theirs, "missing")):
        around = _around(inner, outer)
        if around is not None and _has_names(inner):
            kinds = {_kind_of_step(step, otherwise) for step in around}
            return kinds.pop() if len(kinds) == 1 else otherwise
    return None


def _around(inner: Form, outer: Form) -> list[Form] | None:
    """The steps of a form that are taken on another inside of it; None if it is not there."""
    if inner == outer:
        return []
    for each in _parts(outer):
        found = _around(inner, each)
        if found is not None:
            return found if outer[0] == "keyword" else [outer, *found]
    return None


def _parts(step: Form) -> tuple[Form, ...]:
    return step[2:] if len(step) > 2 else ()


def _has_names(step: Form) -> bool:
    return step[0] == "name" or any(map(_has_names, _parts(step)))


def _kind_of_step(step: Form, otherwise: str) -> str:
    """What kind of thing a step is that is too much, or missing."""
    sort, word, *parts = step
    if sort == "operator" and word in POWERS and all(part[0] != "other" for part in parts):     # a list times 3 is three of it
        return "scale"
    if sort == "operator" and len(parts) == 1:
        return "sign"
    if sort == "operator" and otherwise == "extra" and parts[1][0] == "number":
        return "number"
    if sort in ("call", "attribute"):
        return kind_of(word, otherwise) if otherwise == "extra" or word in SCALING else otherwise
    return "condition" if sort == "condition" else otherwise


# ── one place, or all ────────────────────────────────────────────────────────────────────────────────────────────────


def _at_one_place(mine: Form, theirs: Form) -> str | None:
    """The kind of what differs, if they take the same step, and it is one thing that differs below."""
    if mine[:2] != theirs[:2]:
        return None
    sort, word, *own = mine
    others = theirs[2:]
    if sort == "call" and _without(mine, _is_of_dimension) == _without(theirs, _is_of_dimension):
        return "axis"
    if len(own) != len(others):
        return "axis" if sort == "index" else "argument" if sort == "call" else None
    pairs = [pair for pair in zip(own, others, strict=True) if pair[0] != pair[1]]
    if len(pairs) > 1:
        return "order" if Counter(own) == Counter(others) and sort != "call" else None
    one, other = pairs[0]
    if sort == "call" and one[0] == other[0] == "text":
        return "argument"
    if one[0] in ("number", "slice") and other[0] in ("number", "slice"):
        return "argument" if sort == "call" and word not in DIMENSIONS else "scale" if word == "Pow" else "number"
    if sort == "index" and one is not own[0]:
        return "number"
    return _kind_of_forms(one, other)


def _is_of_dimension(step: Form) -> bool:
    return step[0] == "keyword" and step[1] in OF_DIMENSION


def _without(step: Form, what: Callable[[Form], bool]) -> Form:
    return (*step[:2], *(part for part in _parts(step) if not what(part)))


def _at_all(mine: Form, theirs: Form) -> str:
    """The kind where they have little in common."""
    sorts, words = {mine[0], theirs[0]}, {mine[1], theirs[1]}
    if "condition" in sorts:
        return "condition" if sorts <= TRUTHS or CHOICE in (mine[:2], theirs[:2]) else UNTOLD
    if words <= SCALING | POWERS and words & SCALING and sorts == {"call", "operator"}:
        return "scale"
    if sorts <= {"call"}:
        return "argument" if len(words) == 1 else next((kind for these, kind in ALIKE if words <= these), "name")
    if len(words) == 1 and sorts == {"operator"}:
        return _of_one_operation(mine, theirs)
    if mine[0] == "call":
        return kind_of(mine[1], "operator" if theirs[0] == "operator" else UNTOLD)
    if mine[0] == "operator":     # in a call much may be done besides
        alike = theirs[0] == "operator" or theirs[0] == "index" and set(_leaves(mine)) == set(_leaves(theirs))
        return "operator" if alike else UNTOLD
    return {"number": "number", "slice": "number", "index": "number", "name": "name", "text": "name", "attribute": "name"}.get(
        mine[0], UNTOLD)


def _of_one_operation(mine: Form, theirs: Form) -> str:
    """Where both take the same operations, and what differs is their names only, or their numbers, or the order of these."""
    for sort in ("name", "number"):
        if _blank(mine, sort) == _blank(theirs, sort):
            return "order" if Counter(_leaves(mine)) == Counter(_leaves(theirs)) else sort
    return "operator"


def _leaves(step: Form) -> list[Form]:
    return [leaf for part in _parts(step) for leaf in _leaves(part)] or [step]


def _blank(step: Form, sort: str) -> Form:
    return (sort, "") if step[0] == sort else (*step[:2], *(_blank(part, sort) for part in _parts(step)))
