"""The catalogue's second half: what people get wrong in whole lines, blocks and definitions."""

import ast
from collections.abc import Callable, Iterator
from itertools import combinations

from bert_parts.learn.catalogue import OPERATORS, Draft, is_super, parameters, receiver, sign_of
from bert_parts.learn.sites import (
    FUNCTIONS,
    SELF,
    Site,
    called,
    exchanged,
    is_own,
    is_text,
    literal,
    method,
    name,
    number,
    replaced,
    with_,
    without,
)

LOOPS = (ast.For, ast.While)
BLOCKS = (*LOOPS, ast.If, ast.With)
WITHOUT_LINE = "without this line"
CHANGING = {*"remove pop append insert extend add discard update clear sort reverse setdefault popitem".split()}


def blocks_of(node: ast.AST) -> Iterator[tuple[str, list[ast.stmt]]]:
    """The blocks of lines in a function or a statement, each with the name of its field."""
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        if isinstance(block, list) and not isinstance(node, (ast.Module, ast.ClassDef)):
            yield field, block


def blocks(site: Site) -> Iterator[Draft]:
    """Lines left out, exchanged, moved into or out of a block. The place is the one that holds the block."""
    node = site.node
    for field, block in blocks_of(node):
        for i, statement in enumerate(block):
            if is_text(statement) or isinstance(statement, FUNCTIONS):
                continue
            yield from _moves(block, field, i)


def _at(field: str, build: Callable[[list], list]) -> Callable:
    return lambda node: with_(node, **{field: build(list(getattr(node, field)))})


def _moves(block: list, field: str, i: int) -> Iterator[Draft]:
    here, after = block[i], block[i + 1] if i + 1 < len(block) else None
    step = ((field, i),)
    if not isinstance(here, (ast.Return, ast.Pass)):
        kind = "condition" if isinstance(here, (ast.If, ast.Break, ast.Continue)) else "extra"
        yield Draft(kind, 2, WITHOUT_LINE, lambda node: [], here, step)
    if isinstance(here, ast.Expr | ast.Assign | ast.AugAssign) and not is_constructor(here):
        yield Draft("missing", 4, "this line twice", lambda node: [node, node], here, step)
    if after is not None and not isinstance(here, (ast.Return, ast.Break)) and not isinstance(after, (*FUNCTIONS,)):
        if not isinstance(after, ast.Return):
            yield Draft("order", 2, "this line and the next exchanged", _at(field, lambda b: exchanged(b, i, i + 1)), here)
        if fills_the_same(here, after):
            yield Draft("order", 2, "what this line and the next fill in exchanged", _at(field, lambda b: [
                *b[:i], with_(b[i], value=b[i + 1].value), with_(b[i + 1], value=b[i].value), *b[i + 2 :]]), here)
        if i + 2 < len(block) and not isinstance(block[i + 2], ast.Return):
            yield Draft("order", 3, "two lines later", _at(field, lambda b: [*b[:i], b[i + 1], b[i + 2], b[i], *b[i + 3 :]]), here)
            yield Draft("order", 3, "two lines earlier", _at(field, lambda b: [*b[:i], b[i + 2], b[i], b[i + 1], *b[i + 3 :]]),
                block[i + 2])
    if isinstance(here, BLOCKS):
        yield from _in_and_out(block, field, i)


def fills_the_same(*lines: ast.stmt) -> bool:
    """Do they all set a part of one thing: ``x[0::2] = a`` and ``x[1::2] = b``?"""
    targets = [line.targets[0] if isinstance(line, ast.Assign) else None for line in lines]
    return all(isinstance(each, ast.Subscript) for each in targets) and len({ast.dump(each.value) for each in targets}) == 1


def is_constructor(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(is_own(target) for target in node.targets)


def _in_and_out(block: list, field: str, i: int) -> Iterator[Draft]:
    """A line at the edge of a block that should stand on its other side."""
    here = block[i]
    last, first = here.body[-1], here.body[0]
    kind, about = ("return", last) if isinstance(last, ast.Return) else ("condition", here.test) if isinstance(here, ast.If) else (
        "order", last)
    if len(here.body) > 1 or isinstance(last, ast.Return):
        yield Draft(kind, 1.5, "last line out of the block", _at(field, lambda b: [
            *b[:i], with_(b[i], body=b[i].body[:-1] or [ast.Pass()]), b[i].body[-1], *b[i + 1 :]]), about)
        yield Draft("order", 2, "first line before the block", _at(field, lambda b: [
            *b[:i], b[i].body[0], with_(b[i], body=b[i].body[1:] or [ast.Pass()]), *b[i + 1 :]]), first)
    if i + 1 < len(block) and not isinstance(block[i + 1], (ast.Return, *FUNCTIONS)):
        yield Draft("order", 2, "next line into the block", _at(field, lambda b: [
            *b[:i], with_(b[i], body=[*b[i].body, b[i + 1]]), *b[i + 2 :]]), block[i + 1])
    if i > 0 and isinstance(here, LOOPS) and not is_text(block[i - 1]):
        yield Draft("state", 2, "line before into the loop", _at(field, lambda b: [
            *b[: i - 1], with_(b[i], body=[b[i - 1], *b[i].body]), *b[i + 1 :]]), block[i - 1])
    if isinstance(here, (ast.If, *LOOPS)) and i + 1 < len(block) and not here.orelse:
        for end in (i + 2, i + 3, len(block)):
            if end <= len(block) and (end != len(block) or len(block) - i < 5):
                yield Draft("condition", 1.5, f"the next {end - i - 1} lines into an else", _at(field, lambda b, end=end: [
                    *b[:i], with_(b[i], orelse=b[i + 1 : end]), *b[end:]]), here)
    if isinstance(here, (ast.If, *LOOPS)) and here.orelse:
        yield Draft("condition", 2, "what is in the else, always", _at(field, lambda b: [*b[:i], with_(b[i], orelse=[]),
            *b[i].orelse, *b[i + 1 :]]), here)
    if isinstance(here, LOOPS) and isinstance(last, ast.If) and last.orelse:
        yield Draft("condition", 2, "the if's else to the loop", _at(field, lambda b: [
            *b[:i], with_(b[i], body=[*b[i].body[:-1], with_(b[i].body[-1], orelse=[])], orelse=b[i].body[-1].orelse),
                *b[i + 1 :]]), last)


def branches(site: Site) -> Iterator[Draft]:
    node = site.node
    if isinstance(node, ast.If):
        yield Draft("condition", 1, "if not …", lambda node: with_(node, test=ast.UnaryOp(ast.Not(), node.test)), node.test)
        yield Draft("condition", 1.5, "always", lambda node: list(node.body), node.test)
        if node.orelse:
            yield Draft("condition", 1.5, "always the else", lambda node: list(node.orelse), node.test)
            yield Draft("condition", 2, "without the else", lambda node: with_(node, orelse=[]), node.test)
            yield from _kept_in_one(node)
        yield Draft("condition", 2, "if → while", lambda node: ast.While(node.test, node.body, []), node.test)
        yield from _ends(site)
    elif isinstance(node, ast.While):
        yield Draft("condition", 1.5, "while not …", lambda node: with_(node, test=ast.UnaryOp(ast.Not(), node.test)), node.test)
        for counter in {each.id for each in ast.walk(node.test) if isinstance(each, ast.Name)} & set(site.scope.names):
            for op in (ast.Add, ast.Sub):
                yield Draft("missing", 2.5, f"{counter} {sign_of(op())}= 1 at the end",
                    lambda node, c=counter, op=op: with_(node, body=[
                    *node.body, ast.AugAssign(ast.Name(c, ast.Store()), op(), literal(1))]), node.body[-1])
        yield Draft("condition", 2, "while → if", lambda node: ast.If(node.test, node.body, node.orelse), node.test)
        yield from _ends(site)
    elif isinstance(node, ast.For):
        yield from _ends(site)
        if isinstance(node.iter, ast.Name) and _changes(node.body, node.iter.id):
            yield Draft("state", 1, "walks through a copy", lambda node: with_(
                node, iter=ast.Call(name("list"), [node.iter], [])), node.iter)
        if isinstance(node.target, ast.Tuple) and len(node.target.elts) == 2:
            yield Draft("name", 1.5, "both names of the loop exchanged", lambda node: with_(node, target=with_(
                node.target, elts=node.target.elts[::-1])), node.target)
    elif isinstance(node, ast.With):
        about = node.items[0].context_expr
        yield Draft("gradient", 1.5, "without the with", lambda node: list(node.body), about)
    elif isinstance(node, (ast.Break, ast.Continue)):
        other = ast.Continue if isinstance(node, ast.Break) else ast.Break
        yield Draft("condition", 1.5, f"→ {other.__name__}", lambda node: other(), node)
        yield Draft("condition", 2, "→ pass", lambda node: ast.Pass(), node)


def _kept_in_one(node: ast.If) -> Iterator[Draft]:
    """What one way through the code keeps, and the other, which keeps the same beside it, does not."""
    inner = node.orelse[0] if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) else None
    one, other = node.body, inner.body if inner else node.orelse
    for own, others, first in ((one, other, True), (other, one, False)):
        kept, also = _bindings(own), _bindings(others)
        for variable in also.keys() - kept.keys() if kept.keys() & also.keys() else ():
            line = ast.Assign([ast.Name(variable, ast.Store())], also[variable])
            yield Draft("missing", 0, f"{variable} kept here, too", lambda node, f=first, new=line: with_more(node, f, new),
                        own[-1])


def _bindings(block: list) -> dict[str, ast.expr]:
    """The variables that a block gives a value by themselves, or side by side, each with its expression."""
    found = {}
    for each in block:
        if isinstance(each, ast.Assign) and len(each.targets) == 1:
            target, value = each.targets[0], each.value
            pairs = zip(target.elts, value.elts, strict=False) if isinstance(target, ast.Tuple) and isinstance(
                value, ast.Tuple) else [(target, value)]
            found |= {name.id: what for name, what in pairs if isinstance(name, ast.Name)}
    return found


def with_more(node: ast.If, first: bool, line: ast.stmt) -> ast.If:
    """The ``if`` with one line more at the end of its first branch, or of the next."""
    if first:
        return with_(node, body=[*node.body, line])
    inner = node.orelse[0]
    if len(node.orelse) == 1 and isinstance(inner, ast.If):
        return with_(node, orelse=[with_(inner, body=[*inner.body, line])])
    return with_(node, orelse=[*node.orelse, line])


def _changes(body: list, name: str) -> bool:
    """Whether something is put into the collection of that name, or taken out."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    return any(isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
               and node.func.value.id == name and node.func.attr in CHANGING
               or isinstance(node, ast.Delete) and any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(node))
               for node in nodes)


def _ends(site: Site) -> Iterator[Draft]:
    """A break or continue that is missing at the end of a block."""
    node = site.node
    if not isinstance(node, LOOPS) and not site.within(LOOPS) or isinstance(node.body[-1], (ast.Break, ast.Continue, ast.Return,
            ast.Raise)):
        return
    about = node.test if not isinstance(node, ast.For) else node.target
    for new in (ast.Break, ast.Continue):
        if new is ast.Break or isinstance(node, ast.If):
            yield Draft("condition", 2, f"… {new.__name__}", lambda node, new=new: with_(node, body=[*node.body, new()]), about)


def assignments(site: Site) -> Iterator[Draft]:
    node = site.node
    if isinstance(node, ast.AugAssign):
        for op in OPERATORS[:5]:
            if not isinstance(node.op, op):
                yield Draft("operator", 1.5, f"{sign_of(node.op)}= → {sign_of(op())}=",
                    lambda node, op=op: with_(node, op=op()), node)
        yield Draft("operator", 1.5, "+= → =", lambda node: ast.Assign([node.target], node.value), node)
        if isinstance(node.target, ast.Name):
            yield Draft("state", 1, "x += y → x = x + y", lambda node: ast.Assign([node.target], ast.BinOp(
                ast.Name(node.target.id, ast.Load()), node.op, node.value)), node)
        yield Draft("type", 3, "+= y → += [y]", lambda node: with_(node, value=ast.List([node.value], ast.Load())), node)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, (ast.Name, ast.Subscript)):
            for op in (ast.Add, ast.Mult):
                yield Draft("operator", 2, f"= → {sign_of(op())}=", lambda node, op=op: ast.AugAssign(node.targets[0], op(),
                    node.value), node)
        if isinstance(target, ast.Subscript) and site.within(LOOPS):
            yield Draft("operator", 2, "[…] = y → […] = y and what was there", lambda node: with_(node, value=ast.BinOp(
                what_was_at(node.targets[0]), ast.Add(), node.value)), node)
        if isinstance(target, ast.Tuple) and len(target.elts) > 1:
            for i in range(len(target.elts) - 1):
                cost = 2.5 if ast.unparse(node.value).endswith((".shape", ".size()")) else 1.5     # whose order is known
                yield Draft("name", cost, f"names {i} and {i + 1} exchanged", lambda node, i=i: with_(node, targets=[with_(
                    node.targets[0], elts=exchanged(node.targets[0].elts, i, i + 1))]), node)
        if isinstance(node.value, ast.Call) and isinstance(target, ast.Name) and is_about(node.value, target.id):
            yield Draft("return", 2, "only the call", lambda node: ast.Expr(node.value), node)
        if len(node.targets) == 1 and isinstance(node.value, (ast.List, ast.Constant)) and len(getattr(node.value, "elts",
                ())) == 0:
            yield Draft("number", 3, "→ []", lambda node: with_(node, value=ast.List([], ast.Load())), node)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from _thrown_away(node.value)


def what_was_at(place: ast.Subscript) -> ast.Call:
    """What stands at a place of a dictionary, or 0."""
    return ast.Call(ast.Attribute(place.value, "get", ast.Load()), [place.slice, literal(0)], [])


def is_about(call: ast.Call, name: str) -> bool:
    """Is it a method of what has that name, which it may change?"""
    return isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == name


def _thrown_away(call: ast.Call) -> Iterator[Draft]:
    """The result of a call is thrown away."""
    if called(call).endswith(("Error", "Exception")):
        yield Draft("missing", 1, "raise …", lambda node: ast.Raise(node.value), call)
    on = receiver(call)
    if isinstance(on, (ast.Name, ast.Subscript)) and not (isinstance(on, ast.Name) and on.id == SELF):
        word = called(call)
        kind = "state" if word.endswith("_") else "return"
        yield Draft(kind, 1, f"x = ….{word}(…)", lambda node: ast.Assign([with_(receiver(node.value), ctx=ast.Store())],
            node.value), call)
        if word.endswith("_"):
            yield Draft("state", 1, f"x = ….{word[:-1]}(…)",
                lambda node: ast.Assign([with_(receiver(node.value), ctx=ast.Store())], with_(
                node.value, func=with_(node.value.func, attr=word[:-1]))), call)
    yield Draft("return", 2, "return …", lambda node: ast.Return(node.value), call)


def returns(site: Site) -> Iterator[Draft]:
    node = site.node
    if isinstance(node, ast.Return):
        function = site.within(FUNCTIONS)
        for other in function.near if function and not isinstance(node.value, ast.Name) else ():
            yield Draft("return", 3, f"return {other}", lambda node, other=other: with_(node, value=name(other)), node)
        if isinstance(node.value, (ast.Tuple, ast.Dict)):
            items = node.value.elts if isinstance(node.value, ast.Tuple) else node.value.values
            for i in range(len(items)):
                yield Draft("return", 2, f"return item {i}", lambda node, i=i: with_(node, value=(
                    node.value.elts if isinstance(node.value, ast.Tuple) else node.value.values)[i]), node)
    if isinstance(node, FUNCTIONS) and node.name != "__init__":
        last = node.body[-1]
        if not isinstance(last, (ast.Return, ast.Raise)):
            for other in site.near:
                yield Draft("return", 1.5, f"… return {other}", lambda node, other=other: with_(
                    node, body=[*node.body, ast.Return(name(other))]), last)


def definitions(site: Site) -> Iterator[Draft]:
    """Decorators, arguments and their defaults, and what a class needs to be a module."""
    node = site.node
    for i, decorator in enumerate(getattr(node, "decorator_list", ())):
        text = ast.unparse(decorator)
        kind = "gradient" if "grad" in text or "inference" in text else "definition"
        yield Draft(kind, 1, f"without @{text}", lambda node, i=i: with_(node, decorator_list=without(node.decorator_list, i)),
            decorator)
    if isinstance(node, FUNCTIONS):
        arguments = node.args.args
        for i in range(len(arguments)):
            for j in range(i + 1, len(arguments)):
                if arguments[i].arg != SELF:
                    yield Draft("definition", 4, f"parameters {i} and {j} exchanged", lambda node, i=i, j=j: with_(node, args=with_(
                        node.args, args=exchanged(node.args.args, i, j))), node.args)
        if node.name == "__init__" and not any(is_super_call(each) for each in node.body):
            yield Draft("definition", 1, "super().__init__()", lambda node: with_(node, body=[ast.Expr(method(
                ast.Call(name("super"), [], []), "__init__")), *node.body]), node.args)
        late = [i for i, each in enumerate(node.body) if is_super_call(each) and i > is_text(node.body[0])]
        for i in late:
            yield Draft("order", 1, "super().__init__() first", lambda node, i=i: with_(
                node, body=[node.body[i], *without(node.body, i)]), node.body[i])
        if node.name != "__init__" and site.scope.attributes and node.name not in ("forward",):
            yield Draft("definition", 3, f"{node.name} → forward", lambda node: with_(node, name="forward"), node.args)
    if isinstance(node, FUNCTIONS):
        yield from _shared_defaults(node)
        yield from _own_copies(node)
    if is_constructor(node) and isinstance(node.value, (ast.List, ast.ListComp, ast.Dict, ast.DictComp)):
        which = "nn.ModuleList" if isinstance(node.value, (ast.List, ast.ListComp)) else "nn.ModuleDict"
        yield Draft("definition", 1, f"{which}(…)", lambda node: with_(node, value=ast.Call(name(which), [node.value], [])), node)


def _shared_defaults(node: ast.AST) -> Iterator[Draft]:
    """A list or a dictionary that is a parameter's default, and so is shared by all calls: made anew in each."""
    for argument, default in zip(node.args.args[len(node.args.args) - len(node.args.defaults) :], node.args.defaults, strict=True):
        if isinstance(default, (ast.List, ast.Dict, ast.Set)) or isinstance(default, ast.Call) and called(default) in (
                "list", "dict", "set", "defaultdict"):
            yield Draft("state", 1, f"{argument.arg} made anew in each call", lambda node, a=argument.arg, d=default: with_(
                node, body=[ast.Assign([ast.Name(a, ast.Store())], d), *node.body]), node.args)


def _own_copies(node: ast.AST) -> Iterator[Draft]:
    """A copy of an argument in which something is changed in place."""
    for argument in parameters(node):
        first = min((each for each in ast.walk(node) if isinstance(each, ast.stmt) and argument in changed_in_place(each)),
                    key=lambda each: each.lineno, default=None)
        for word in ("copy", "clone") if first else ():
            yield Draft("state", 2, f"{argument} = {argument}.{word}() first", lambda node, a=argument, w=word: with_(node, body=[
                ast.Assign([ast.Name(a, ast.Store())], method(name(a), w)), *node.body]), first)


def changed_in_place(node: ast.stmt) -> set[str]:
    """The names of what one line changes inside: ``x[0] = y``, ``x += y``, ``del x[0]``, ``x.append(y)``, ``x.add_(y)``."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        word, on = node.value.func.attr, node.value.func.value
        places = [on] if word in CHANGING or word.endswith("_") and not word.endswith("__") else []
    else:
        places = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target] if isinstance(
            node, ast.AugAssign) else []
        places = [each.value for each in places if isinstance(each, ast.Subscript)] + [
            each for each in places if isinstance(node, ast.AugAssign)]
    return {each.id for each in places if isinstance(each, ast.Name)}


def is_super_call(node: ast.AST) -> bool:
    function = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    return isinstance(function, ast.Attribute) and is_super(function.value)


def both(site: Site) -> Iterator[Draft]:
    """Two names, or both ends of a slice, taken for each other in one line."""
    node = site.node
    if not isinstance(node, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)):
        return
    read = [each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)]
    used = list(dict.fromkeys(each.id for each in read if each.id in site.scope.names))
    for a, b in combinations(used, 2):
        yield Draft("name", 2.5, f"{a} and {b} exchanged", lambda node, a=a, b=b: replaced(node, {
            id(each): with_(each, id={a: b, b: a}[each.id]) for each in ast.walk(node)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and each.id in (a, b)}), node)
    for a in used:
        if sum(each.id == a for each in read) > 1:
            for b in site.near:
                if a != b:
                    yield Draft("name", 2.5, f"{a} → {b} in the whole line", lambda node, a=a, b=b: replaced(node, {
                        id(each): with_(each, id=b) for each in ast.walk(node)
                        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and each.id == a}), node)
    if any(isinstance(each, ast.Slice) and _other_end(each) for each in ast.walk(node)):
        yield Draft("number", 2.5, "[:-n] and [n:] exchanged", lambda node: replaced(node, {
            id(each): _other_end(each) for each in ast.walk(node) if isinstance(each, ast.Slice) and _other_end(each)}), node)


def _other_end(node: ast.Slice) -> ast.Slice | None:
    """[:-n] for [n:], and [n:] for [:-n]."""
    lower, upper = (None if each is None else number(each) for each in (node.lower, node.upper))
    if node.lower is None and upper is not None and upper < 0:
        return ast.Slice(literal(-upper), None)
    if node.upper is None and lower is not None and lower > 0:
        return ast.Slice(None, literal(-lower))
    return None


STATEMENTS: tuple[Callable[[Site], Iterator[Draft]], ...] = (both, blocks, branches, assignments, returns, definitions)
