"""The source of what a learner has written, in a notebook or in a file, and of the course's own parts."""

import ast
import inspect
import linecache
import sys
import types


def source_of(thing) -> str | None:
    """The source text of a function or class; None where there is none to be found.

    ``inspect.getsource`` cannot find a class that was defined in a notebook cell, so the cell is found through one of
    its methods.
    """
    for function in functions_of(thing):
        lines = "".join(linecache.getlines(function.__code__.co_filename))
        found = definition_in(lines, thing.__name__)
        if found:
            return found
    return None


def functions_of(thing) -> list[types.FunctionType]:
    """The thing itself if it is a function, the methods if it is a class."""
    if isinstance(thing, type):
        return [inspect.unwrap(method) for method in vars(thing).values() if isinstance(method, types.FunctionType)]
    unwrapped = inspect.unwrap(thing) if callable(thing) else thing
    return [unwrapped] if isinstance(unwrapped, types.FunctionType) else []


def definition_in(text: str, name: str) -> str | None:
    """The last definition of that name at the top level of a text."""
    try:
        nodes = ast.parse(text).body
    except SyntaxError:
        return None
    for node in reversed(nodes):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno]) + "\n"
    return None


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


def with_what_it_uses(thing, provided: set[str]) -> str:
    """The source of the thing, after the imports, constants and helpers of the notebook that it uses.

    So a kept part runs on its own later. Names in ``provided`` are left out: the course has them ready.
    """
    pieces = []
    gather(thing, pieces, seen=set(provided))
    return "\n\n".join(pieces)


def gather(thing, pieces: list[str], seen: set[str]):
    """Append what the thing uses, then the thing."""
    seen.add(thing.__name__)
    source = source_of(thing)
    surroundings = functions_of(thing)[0].__globals__
    for name in sorted((names_in(source) & surroundings.keys()) - seen):
        if name not in seen:     # a helper gathered meanwhile may have brought it
            gather_name(name, surroundings, pieces, seen)
    pieces.append(source)


def gather_name(name: str, surroundings: dict, pieces: list[str], seen: set[str]):
    """One name that the source uses: a module, a constant, a helper defined beside it, or something imported."""
    value = surroundings[name]
    seen.add(name)
    if isinstance(value, types.ModuleType):
        pieces.append(f"import {value.__name__} as {name}\n")
    elif isinstance(value, (bool, int, float, str, type(None))):
        pieces.append(f"{name} = {value!r}\n")
    elif functions_of(value) and getattr(value, "__module__", None) == surroundings["__name__"]:
        gather(value, pieces, seen)
    elif hasattr(value, "__module__") and hasattr(value, "__name__"):
        pieces.append(f"from {value.__module__} import {value.__name__} as {name}\n")
