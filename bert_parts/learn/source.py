"""The source of what a learner has written, in a notebook or in a file, and of the course's own parts."""

import ast
import functools
import inspect
import linecache
import sys
import textwrap
import types
from contextlib import suppress


def source_of(thing) -> str | None:
    """The source text of a function or class, found by the place of its code; None where there is none to be found.

    ``inspect.getsource`` cannot find a class that was defined in a notebook cell, so it is found through its methods.
    """
    for function in functions_of(thing):
        text = file_of(function)
        if isinstance(thing, type):
            kind, name = (ast.ClassDef,), thing.__name__
        else:
            name = function.__code__.co_name
            kind = (ast.stmt,) if name == "<lambda>" else FUNCTIONS
        node = defined_at(text, function.__code__.co_firstlineno, name, kind)
        if node:
            return text_of(node, text)
    return None


def functions_of(thing) -> list[types.FunctionType]:
    """The thing itself if it is a function, even a partial one; the methods written in it if it is a class."""
    if isinstance(thing, type):
        methods = [unwrapped(method) for method in vars(thing).values()]
        return [method for method in methods if isinstance(method, types.FunctionType) and method.__module__ == thing.__module__]
    function = unwrapped(thing)
    return [function] if isinstance(function, types.FunctionType) else []


def unwrapped(thing):
    """What is under the decorators that say what they decorate."""
    try:
        found = inspect.unwrap(thing) if callable(thing) else thing
    except Exception:     # it goes round in a circle, or its class fails at anything
        return thing
    return unwrapped(found.func) if isinstance(found, functools.partial) else found


def surroundings_of(thing) -> dict:
    """The global names that its code sees."""
    functions = functions_of(thing)
    return functions[0].__globals__ if functions else contents(getattr(thing, "__module__", None))


def contents(module) -> dict:
    """What the module of that name, if there is one, holds."""
    return vars(sys.modules[module]) if isinstance(module, str) and module in sys.modules else {}


def file_of(function: types.FunctionType) -> str:
    """The text of the file or cell that a function comes from; "" if it is not known."""
    return "".join(linecache.getlines(function.__code__.co_filename))


def tree_of(text: str) -> ast.Module:
    """The syntax tree of a text; an empty one if it cannot be read."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):     # ValueError: it holds a null byte
        return ast.Module([], [])


def first_line(node: ast.AST) -> int:
    """A definition begins with its decorators."""
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])


def text_of(node: ast.stmt, text: str) -> str:
    """The lines of a statement, from the left margin on; of several on one line, the one."""
    lines = text.splitlines()[first_line(node) - 1 : node.end_lineno]
    if not hasattr(node, "body"):
        return ast.get_source_segment(text, node) + "\n"
    return textwrap.dedent("\n".join(lines)) + "\n"


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def defined_at(text: str, line: int, name: str, kind: tuple[type, ...]) -> ast.stmt | None:
    """The innermost statement of that kind and name around a line; functions must begin there, and lambdas have no name."""
    around = [node for node in ast.walk(tree_of(text)) if isinstance(node, kind) and first_line(node) <= line <= node.end_lineno]
    for node in reversed(around):     # from the innermost
        if name == "<lambda>" or node.name == name and (first_line(node) == line or kind != FUNCTIONS):
            return node
    return None


def definition_in(text: str, name: str) -> str | None:
    """The last definition of that name in a text that stands in no function or class."""
    for node in reversed(outer_statements(tree_of(text).body)):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name == name or is_lambda_called(name, node):
            return text_of(node, text)
    return None


def is_lambda_called(name: str, node: ast.stmt) -> bool:
    return (isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)
            and any(isinstance(target, ast.Name) and target.id == name for target in node.targets))


def outer_statements(nodes: list[ast.stmt]) -> list[ast.stmt]:
    """These statements and those inside their ``if``, ``for``, ``with`` and ``try``, in the order of the text."""
    found = []
    for node in nodes:
        found.append(node)
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            for block in ("body", "handlers", "orelse", "finalbody", "cases"):
                found += outer_statements(getattr(node, block, []))
    return found


def empty_functions(source: str) -> list[str]:
    """The names of the functions whose body is still only a docstring and ``...``."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return [function.name for function in functions if all(is_filler(node) for node in function.body)]


def is_filler(node: ast.stmt) -> bool:
    """``...``, ``pass``, a docstring or ``raise NotImplementedError``."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Raise):
        return "NotImplementedError" in ast.dump(node)
    return isinstance(node, ast.Pass)


def names_in(source: str) -> set[str]:
    """Every name that a source text uses."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def load_imports(source: str):
    """Take the import statements of a text, so that what it brings in is loaded; what cannot be loaded is passed over."""
    for node in ast.walk(tree_of(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            with suppress(Exception):
                exec(compile(ast.Module([node], []), "<imports>", "exec"), {})


def with_imports(thing, at_hand: set[str]) -> str:
    """The source of a part of the package, under the imports that it needs to run elsewhere.

    Names in ``at_hand`` are left out: whoever runs it has them.
    """
    module, source = sys.modules[thing.__module__], inspect.getsource(thing)
    needed = names_in(source) - {thing.__name__} - at_hand
    lines = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imported = {alias.asname or alias.name: alias for alias in node.names}
            node.names = [alias for name, alias in imported.items() if name in needed]
            lines += [ast.unparse(node)] if node.names else []
            needed -= imported.keys()
    beside = sorted(needed & vars(module).keys())
    lines += [f"from {module.__name__} import {', '.join(beside)}"] if beside else []
    return "\n".join([*lines, "\n", source] if lines else [source])
