"""A syntax tree, place by place, and trees that differ from it in a few places and share the rest."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from operator import is_ as is_same
from typing import Any

Path = tuple[tuple[str, int | None], ...]     # the steps from the root to a node: a field, and the place in it if it is a list
Change = Callable[[ast.AST], Any]             # a node → what stands in its place: a node, or a list of statements

SELF = "self"
MANY = 14     # variables that are tried in the place of another, at most
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SKIPPED = {"annotation", "returns", "decorator_list", "ctx", "type_comment", "type_params", "exc", "cause", "bases",
    "keywords_of_class"}


@dataclass
class Scope:
    """What the code of one function may use: its arguments and variables, each with the line that sets it first, and the
    attributes of its class."""

    names: dict[str, int] = field(default_factory=dict)
    attributes: list[str] = field(default_factory=list)


@dataclass
class Site:
    """One node of the tree, and where it stands."""

    node: ast.AST
    path: Path
    up: "Site | None"
    scope: Scope

    @property
    def parent(self) -> ast.AST | None:
        return self.up.node if self.up else None

    @property
    def place(self) -> str:
        """The name of the parent's field in which it stands."""
        return self.path[-1][0] if self.path else ""

    @property
    def index(self) -> int | None:
        return self.path[-1][1] if self.path else None

    @cached_property
    def statement(self) -> "Site":
        site = self
        while not isinstance(site.node, (ast.stmt, ast.Module)):
            site = site.up
        return site

    @cached_property
    def line(self) -> int:
        site = self
        while not hasattr(site.node, "lineno") and site.up:
            site = site.up
        return getattr(site.node, "lineno", 1)

    @property
    def near(self) -> list[str]:
        """The variables that are at hand, those that are set nearest if there are many."""
        names = self.scope.names
        return list(names) if len(names) <= MANY else sorted(names, key=lambda name: abs(names[name] - self.line))[:MANY]

    def within(self, kind: type | tuple, until: type | tuple = FUNCTIONS) -> "Site | None":
        """The nearest place around it of that kind, without leaving the function."""
        site = self.up
        while site and not isinstance(site.node, kind):
            if isinstance(site.node, until):
                return None
            site = site.up
        return site

    @property
    def called(self) -> str:
        """The name of the function or method of which this is an argument, or whose call it is."""
        site = self
        while site and not isinstance(site.node, (ast.Call, ast.stmt)):
            site = site.up
        return called(site.node) if site and isinstance(site.node, ast.Call) else ""


def sites(tree: ast.AST) -> Iterator[Site]:
    """Every place in which an edit may be made, outer ones first: no annotation, docstring or message of an error."""
    yield from below(Site(tree, (), None, Scope()))


def below(site: Site) -> Iterator[Site]:
    """A place and all that are inside of it."""
    yield site
    node = site.node
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)):
        return
    for name in node._fields:
        value = getattr(node, name, None)
        if name in SKIPPED or (isinstance(node, ast.ClassDef) and name == "keywords"):
            continue
        if isinstance(value, list):
            for index, child in enumerate(value):
                if isinstance(child, ast.AST) and not _is_docstring(node, name, index):
                    yield from below(Site(child, (*site.path, (name, index)), site, _scope(child, site)))
        elif isinstance(value, ast.AST):
            yield from below(Site(value, (*site.path, (name, None)), site, _scope(value, site)))


def _is_docstring(node: ast.AST, name: str, index: int) -> bool:
    return name == "body" and index == 0 and isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Module)) and is_text(node.body[0])


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _scope(node: ast.AST, above: Site) -> Scope:
    if isinstance(node, ast.ClassDef):
        return Scope(above.scope.names, attributes_of(node))
    if isinstance(node, FUNCTIONS):
        inner = {name: line for name, line in variables(node).items() if name != SELF}
        return Scope(above.scope.names | inner, above.scope.attributes)
    return above.scope


def variables(function: ast.AST) -> dict[str, int]:
    """The names of its arguments, then of what is assigned in it, each with its first line."""
    found = {argument.arg: function.lineno for argument in all_arguments(function)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, node.lineno)
    return found


def all_arguments(function: ast.AST) -> list[ast.arg]:
    a = function.args
    return [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs, *([a.kwarg] if a.kwarg else [])]


def attributes_of(definition: ast.AST) -> list[str]:
    """The names under which a class keeps things: self.name = …"""
    found = [node.attr for node in ast.walk(definition) if is_own(node) and isinstance(node.ctx, ast.Store)]
    return list(dict.fromkeys(found))


def is_own(node: ast.AST) -> bool:
    """self.something"""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == SELF


def called(call: ast.Call) -> str:
    """The last part of the name that is called: softmax, of F.softmax or x.softmax."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def number(node: ast.AST) -> int | float | None:
    """The value of a number as it is written, with its sign; None for anything else."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return sign * node.value
    return None


def literal(value) -> ast.expr:
    """A number, True, False, None or a text as an expression."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), literal(-value))
    if value == float("inf"):
        return ast.Call(ast.Name("float", ast.Load()), [ast.Constant("inf")], [])
    return ast.Constant(value)


def name(text: str) -> ast.expr:
    """A name, with dots or without, as it is read."""
    first, *rest = text.split(".")
    node = ast.Name(first, ast.Load())
    for part in rest:
        node = ast.Attribute(node, part, ast.Load())
    return node


def method(receiver: ast.expr, attribute: str, *arguments, **keywords) -> ast.Call:
    words = [ast.keyword(key, literal(value)) for key, value in keywords.items()]
    return ast.Call(ast.Attribute(receiver, attribute, ast.Load()), [literal(value) for value in arguments], words)


def with_(node: ast.AST, **changes) -> ast.AST:
    """The same node with other values in a few fields."""
    new = type(node).__new__(type(node))
    new.__dict__.update(node.__dict__)
    new.__dict__.update(changes, fresh=True)     # so that what is new inside it is given lines
    return new


def replaced(node: ast.AST, table: dict[int, ast.AST]) -> ast.AST:
    """The same tree with other nodes in the place of those whose ids are in the table. It shares what does not change."""
    if id(node) in table:
        return table[id(node)]
    changes = {}
    for key, value in node.__dict__.items():
        if isinstance(value, ast.AST):
            new = replaced(value, table)
        elif isinstance(value, list) and value and isinstance(value[0], ast.AST):
            new = [replaced(each, table) if isinstance(each, ast.AST) else each for each in value]
            new = value if all(map(is_same, new, value)) else new
        else:
            continue
        if new is not value:
            changes[key] = new
    return with_(node, **changes) if changes else node


def exchanged(items: list, i: int, j: int) -> list:
    items = list(items)
    items[i], items[j] = items[j], items[i]
    return items


def without(items: list, i: int) -> list:
    return items[:i] + items[i + 1 :]


def code(node: ast.AST, longest: int = 48) -> str:
    """The node as text, cut if it is long."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def rebuilt(node: ast.AST, changes: list[tuple[Path, Change]]) -> Any:
    """The tree with the changes made, the inner ones first. It shares every node above or in which nothing changes."""
    here = [change for path, change in changes if not path]
    groups: dict[str, list] = {}
    for path, change in changes:
        if path:
            groups.setdefault(path[0][0], []).append((path[0][1], path[1:], change))
    if groups:
        node = with_(node, **{name: _rebuilt_field(getattr(node, name), group) for name, group in groups.items()})
    for change in here:
        node = _located(change(node), node)
    return _opened(node) if isinstance(node, list) else _flat(node)


def _rebuilt_field(value: Any, group: list) -> Any:
    if not isinstance(value, list):
        return rebuilt(value, [(path, change) for _, path, change in group])
    value = list(value)
    for index in {index for index, _, _ in group}:
        value[index] = rebuilt(value[index], [(path, change) for i, path, change in group if i == index])
    return value


def _flat(node: ast.AST) -> ast.AST:
    """Lists of statements that stand in the place of one statement are opened, and no body is left empty."""
    for field_name in ("body", "orelse", "finalbody"):
        block = getattr(node, field_name, None)
        if isinstance(block, list):
            opened = _opened(block) if any(isinstance(each, list) for each in block) else block
            if not opened and field_name == "body":
                opened = [_located(ast.Pass(), node)]
            if opened is not block:
                node = with_(node, **{field_name: opened})
    return node


def _opened(block: list) -> list[ast.stmt]:
    return [each for item in block for each in (_opened(item) if isinstance(item, list) else [item])]


def _located(new: Any, old: Any) -> Any:
    """Give new nodes the lines of what they stand for."""
    if isinstance(new, list):
        return [_located(each, old) for each in new]
    if not hasattr(old, "lineno"):
        return ast.fix_missing_locations(new)
    _fill(new, {key: getattr(old, key) for key in ("lineno", "col_offset", "end_lineno", "end_col_offset")})
    return new


def _fill(node: ast.AST, where: dict):
    if "lineno" in node.__dict__ and "fresh" not in node.__dict__:
        return
    if "lineno" in node._attributes and "lineno" not in node.__dict__:
        node.__dict__.update(where)
    for value in node.__dict__.values():
        if isinstance(value, ast.AST):
            _fill(value, where)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST):
                    _fill(item, where)
                elif isinstance(item, list):
                    for each in item:
                        _fill(each, where)
