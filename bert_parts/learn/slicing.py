"""A program as its statements: what each binds, changes and reads. It is never run for that."""

import ast
import functools
import symtable
from dataclasses import dataclass

from bert_parts.learn.source import FUNCTIONS, first_line, text_of, tree_of

READ_AT_ONCE = {"listcomp", "setcomp", "dictcomp", "genexpr"}     # unlike other functions
SURE = (ast.Assign, ast.AnnAssign, ast.AugAssign, *FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell or file.

    Attributes:
        text: its source.
        lines: the first and the last.
        binds: the names that get a value here.
        changes: the names whose value is changed in place: ``table["a"] = 1``, ``words.append("a")``.
        now: the names that are read when it runs.
        later: the names that are read when its functions are called.
        sets: the names that its functions bind by ``global`` when they are called.
        sure: it binds whatever happens, unlike an ``if``.
        imports: it is an import.
        star: the module of ``from module import *``.
        future: it is an import from ``__future__``.
    """

    text: str
    lines: tuple[int, int]
    binds: frozenset[str]
    changes: frozenset[str]
    now: frozenset[str]
    later: frozenset[str]
    sets: frozenset[str]
    sure: bool
    imports: bool
    star: str | None
    future: bool


@functools.lru_cache(maxsize=1000)
def statements_of(text: str) -> tuple[Statement, ...]:
    """The statements of a cell or file in their order; none if it cannot be read."""
    return tuple(filter(None, (statement(node, text) for node in tree_of(text).body)))


def statement(node: ast.stmt, text: str) -> Statement | None:
    try:
        table = symtable.symtable(ast.unparse(node), "a cell", "exec")
    except SyntaxError:     # say, an ``await`` outside a function, which IPython allows
        return None
    names = table.get_symbols()
    binds = {name.get_name() for name in names if name.is_assigned() or name.is_imported()} | bound_inside(table)
    now, later = names_read(table)
    sets = set_inside(table)     # by ``calls += 1`` too, which the table does not call reading
    if isinstance(node, ast.AugAssign):     # it builds on the value before
        now |= binds
    is_from = isinstance(node, ast.ImportFrom)
    return Statement(
        text=text_of(node, text), lines=(first_line(node), node.end_lineno), binds=frozenset(binds),
        changes=frozenset(changed_by(node)), now=frozenset(now), later=frozenset(later | sets), sets=frozenset(sets),
        sure=isinstance(node, SURE), imports=is_from or isinstance(node, ast.Import),
        star=node.module if is_from and node.names[0].name == "*" else None, future=is_from and node.module == "__future__")


def names_read(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """The global names that are read at once, and those that are read when functions are called."""
    now = {name.get_name() for name in table.get_symbols() if name.is_global() and name.is_referenced()}
    later = set()
    for inner in table.get_children():
        inner_now, inner_later = names_read(inner)
        at_once = inner.get_type() == "class" or inner.get_name() in READ_AT_ONCE
        (now if at_once else later).update(inner_now)
        later |= inner_later
    return now, later


def bound_inside(table: symtable.SymbolTable) -> set[str]:
    """What a comprehension binds at the top level by ``:=``."""
    return {name for inner in table.get_children() if inner.get_name() in READ_AT_ONCE for name in globals_set(inner)}


def set_inside(table: symtable.SymbolTable) -> set[str]:
    """What the functions in it bind by ``global``."""
    return {name for inner in table.get_children() for name in globals_set(inner) | set_inside(inner)}


def globals_set(table: symtable.SymbolTable) -> set[str]:
    return {name.get_name() for name in table.get_symbols() if name.is_global() and name.is_assigned()}


def changed_by(node: ast.stmt) -> set[str]:
    """The names of objects whose inside this statement sets, or of which it calls a method for its effect."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):     # what these do, they do when called
        return set()
    inside = list(ast.walk(node))
    places = [each for each in inside if isinstance(each, (ast.Attribute, ast.Subscript)) and isinstance(each.ctx, ast.Store)]
    places += [each.value.func for each in inside if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)
               and isinstance(each.value.func, ast.Attribute)]
    return {owner.id for owner in map(owner_of, places) if isinstance(owner, ast.Name)}


def owner_of(place: ast.expr) -> ast.expr:
    while isinstance(place, (ast.Attribute, ast.Subscript)):
        place = place.value
    return place
