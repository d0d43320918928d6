"""The catalogue's third part: what is kept too long, or never moves on; and steps that are put together wrongly."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations

from bert_parts.learn.catalogue import GRADIENT, Draft, is_module, is_value, isinstance_method, receiver, with_receiver
from bert_parts.learn.sites import (
    FUNCTIONS,
    SELF,
    Site,
    called,
    is_own,
    literal,
    method,
    name,
    number,
    replaced,
    variables,
    with_,
)
from bert_parts.learn.statements import LOOPS, blocks_of, changed_in_place

NEEDS_NO_DIMENSION = ("tanh", "sigmoid", "relu")
LOSSES = {"cross_entropy", "nll_loss", "mse_loss", "l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"}
SMALLER = {"float64": "float32", "double": "float", "float16": "float32", "bfloat16": "float32", "half": "float"}
MOST_STEPS = 4     # lines that change one variable one after another, and may stand in the opposite order


# ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def one_for_all(site: Site) -> Iterator[Draft]:
    """One list for all keys: dict.fromkeys(keys, [])."""
    node = site.node
    if isinstance(node, ast.Call) and called(node) == "fromkeys" and len(node.args) == 2 and is_fresh(node.args[1]):
        yield Draft("state", 1, "fromkeys(keys, x) → {key: x for key in keys}", lambda node: ast.DictComp(
            name("key"), node.args[1], [ast.comprehension(ast.Name("key", ast.Store()), node.args[0], [], 0)]), node)


def is_fresh(node: ast.expr) -> bool:
    """A collection that is made here, and can be changed."""
    return isinstance(node, (ast.List, ast.Dict, ast.Set)) or isinstance(node, ast.Call) and called(node) in (
        "list", "dict", "set", "defaultdict", "Counter", "deque")


def along_the_first(site: Site) -> Iterator[Draft]:
    """What runs over a tensor runs over its first dimension: list(x), torch.cat(tuple(x))."""
    node = site.node
    if isinstance(node, ast.Call) and called(node) in ("list", "tuple") and len(node.args) == 1 and isinstance(
            node.args[0], (ast.Name, ast.Call)):
        yield Draft("axis", 2, f"{called(node)}(x) → x.unbind(1)", lambda node: method(node.args[0], "unbind", 1), node)


def unused_module(site: Site) -> Iterator[Draft]:
    """A module that the constructor makes and nothing uses: in the place of a function, or after what is worked out."""
    node, around = site.node, site.within(ast.ClassDef, until=ast.Module)
    function = site.within(FUNCTIONS)
    if not around or not function or function.node.name == "__init__" or not is_value(site):
        return
    for attribute in unused_attributes(around.node):
        module = name(f"{SELF}.{attribute}")
        if isinstance(node, ast.Call) and is_module(getattr(node.func, "value", node)) and node.args:
            yield Draft("name", 1, f"f(x, …) → self.{attribute}(x)", lambda node, m=module: ast.Call(m, [node.args[0]], []), node)
        if isinstance(site.parent, (ast.Return, ast.Assign)):
            yield Draft("missing", 1.5, f"self.{attribute}(…)", lambda node, m=module: ast.Call(m, [node], []), site.parent)


@cache
def unused_attributes(around: ast.ClassDef) -> list[str]:
    """What is set by a call in a class, and read nowhere in it."""
    read = {node.attr for node in ast.walk(around) if is_own(node) and isinstance(node.ctx, ast.Load)}
    made = [node.targets[0].attr for node in ast.walk(around) if isinstance(node, ast.Assign) and is_own(node.targets[0])
            and isinstance(node.value, ast.Call)]
    return [each for each in dict.fromkeys(made) if each not in read]


def texts(site: Site) -> Iterator[Draft]:
    """Words where the thing itself is meant: f"{x:.2f}", " ".join(x)."""
    node = site.node
    if isinstance(node, ast.JoinedStr) and len(node.values) == 1 and isinstance(node.values[0], ast.FormattedValue):
        yield Draft("type", 2, "the text of a number → the number", lambda node: node.values[0].value, node)
        yield Draft("type", 2, "the text of a number → its item()", lambda node: method(node.values[0].value, "item"), node)
    if isinstance(node, ast.Call) and called(node) == "join" and len(node.args) == 1:
        yield Draft("return" if isinstance(site.parent, ast.Return) else "type", 2, "join(x) → x", lambda node: node.args[0], node)


def other_functions(site: Site) -> Iterator[Draft]:
    """Another function, which is called otherwise; an item by its place; a loss of each row."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    word, inner = called(node), receiver(node)
    if word in ("softmax", "log_softmax") and inner is not None and len(node.args) + len(node.keywords) > 0:
        for other in NEEDS_NO_DIMENSION:
            yield Draft("name", 1.5, f"{word}(dim) → {other}()", lambda node, o=other: method(receiver(node), o), node)
    item = node.args[0] if word == "remove" and isinstance_method(node) and len(node.args) == 1 else None
    if isinstance(item, ast.Subscript) and ast.dump(item.value) == ast.dump(node.func.value):
        yield Draft("name", 1, "x.remove(x[i]) → x.pop(i)", lambda node: with_(
            node, func=with_(node.func, attr="pop"), args=[node.args[0].slice]), node)
    if word in LOSSES and not any(keyword.arg == "reduction" for keyword in node.keywords):
        for reduction in ("sum", "mean"):
            yield Draft("argument", 2.5, f"{word}(…, reduction='none').{reduction}(-1)", lambda node, r=reduction: method(with_(
                node, keywords=[*node.keywords, ast.keyword("reduction", literal("none"))]), r, -1), node)
    if word in GRADIENT and isinstance(inner, ast.Call) and called(inner) in GRADIENT:
        kind = "gradient" if "detach" in (word, called(inner)) else "state"
        yield Draft(kind, 1.5, f"without {called(inner)} and {word}", lambda node: receiver(receiver(node)), node)
    if word in ("mean", "sum") and isinstance(inner, ast.Call) and called(inner) == "stack" and inner.args and isinstance(
            inner.args[0], ast.Name):
        yield Draft("return" if isinstance(site.parent, ast.Return) else "extra", 1.5, f"stack(x).{word}() → x[-1]", lambda node:
                    ast.Subscript(receiver(node).args[0], literal(-1), ast.Load()), node)


def turned_twice(site: Site) -> Iterator[Draft]:
    """A minus before and behind a function: -f(-x)."""
    node = site.node
    inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else None
    on = receiver(inner) if isinstance(inner, ast.Call) else None
    if isinstance(on, ast.UnaryOp) and isinstance(on.op, ast.USub):
        yield Draft("sign", 1.5, "-f(-x) → f(x)", lambda node: with_receiver(node.operand, receiver(node.operand).operand), node)


def ends_of_slices(site: Site) -> Iterator[Draft]:
    """[-n:] for [:n], and the other way round, where n is no plain number."""
    node = site.node
    if not isinstance(node, ast.Slice) or node.step is not None:
        return
    lower, upper = node.lower, node.upper
    if upper is None and isinstance(lower, ast.UnaryOp) and isinstance(lower.op, ast.USub) and number(lower) is None:
        yield Draft("number", 1.5, "[-n:] → [:n]", lambda node: ast.Slice(None, node.lower.operand), site.parent)
    if lower is None and upper is not None and number(upper) is None and not isinstance(upper, ast.UnaryOp):
        yield Draft("number", 2.5, "[:n] → [-n:]", lambda node: ast.Slice(ast.UnaryOp(ast.USub(), node.upper), None), site.parent)


def in_a_lambda(site: Site) -> Iterator[Draft]:
    """One argument of a lambda taken for another, wherever it stands in it."""
    node = site.node
    if not isinstance(node, ast.Lambda):
        return
    own = [each.arg for each in node.args.args]
    read = [each.id for each in ast.walk(node.body) if isinstance(each, ast.Name)]
    for a in dict.fromkeys(each for each in read if each in own):
        for b in own:
            if a != b:
                yield Draft("name", 2, f"{a} → {b} in the whole lambda", lambda node, a=a, b=b: with_(node, body=renamed(
                    node.body, a, b)), node)


def renamed(node: ast.expr, a: str, b: str) -> ast.expr:
    return replaced(node, {id(each): with_(each, id=b) for each in ast.walk(node) if isinstance(each, ast.Name) and each.id == a})


# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────────


def kept_between_calls(site: Site) -> Iterator[Draft]:
    """What is kept outside of the function from one call to the next: emptied at its beginning."""
    node = site.node
    if not isinstance(node, FUNCTIONS):
        return
    own = variables(node)
    for kept in sorted({each for line in ast.walk(node) if isinstance(line, ast.stmt) for each in changed_in_place(line)}):
        if kept not in own and kept not in site.scope.names:
            yield Draft("state", 1, f"{kept} emptied first", lambda node, k=kept: with_(node, body=[
                ast.Expr(method(name(k), "clear")), *node.body]), where_kept(node, kept))
    defaults = shared_defaults(node)
    if len(defaults) > 1:
        fresh = [ast.Assign([ast.Name(each, ast.Store())], value) for each, value in defaults]
        yield Draft("state", 1, "all made anew in each call", lambda node: with_(node, body=[*fresh, *node.body]), node.args)


def where_kept(function: ast.AST, kept: str) -> ast.stmt | ast.expr:
    """What is at fault: that it is filled if it is empty, whatever is asked; or else the line that fills it."""
    for node in ast.walk(function):
        if isinstance(node, ast.If) and {each.id for each in ast.walk(node.test) if isinstance(each, ast.Name)} == {kept}:
            return node.test
    return min((each for each in ast.walk(function) if isinstance(each, ast.stmt) and kept in changed_in_place(each)),
               key=lambda each: each.lineno)


def shared_defaults(function: ast.AST) -> list[tuple[str, ast.expr]]:
    """The parameters whose defaults are collections, made once for all calls."""
    arguments, defaults = function.args.args, function.args.defaults
    pairs = zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True)
    return [(argument.arg, default) for argument, default in pairs if is_fresh(default)]


def never_moves_on(site: Site) -> Iterator[Draft]:
    """What a loop counts with, and never sets: a place that stays the first, a flag that stays up, a sum that goes on."""
    node = site.node
    for field, block in blocks_of(node):
        for i, loop in enumerate(block):
            if isinstance(loop, LOOPS):
                starts = beginnings(block[:i])
                yield from _places(loop, starts, ((field, i),), site)
                yield from _flags(loop, starts, ((field, i),))
                yield from _sums(loop, starts, block[:i], ((field, i),))


def beginnings(before: list) -> dict[str, ast.expr]:
    """The variables that get a plain constant in lines before, each with that."""
    found = {}
    for line in before:
        if isinstance(line, ast.Assign) and len(line.targets) == 1:
            target, value = line.targets[0], line.value
            pairs = zip(target.elts, value.elts, strict=False) if isinstance(target, ast.Tuple) and isinstance(
                value, ast.Tuple) else [(target, value)]
            found |= {each.id: what for each, what in pairs if isinstance(each, ast.Name) and isinstance(what, ast.Constant)}
    return found


def stores(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _places(loop: ast.stmt, starts: dict, step: tuple, site: Site) -> Iterator[Draft]:
    """A place that is read in the loop and never moves on."""
    read = {each.id: each for each in reversed([*ast.walk(loop)]) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
    set_here = stores(loop)
    for counter in starts.keys() & read.keys() - set_here:
        if number(starts[counter]) is None:
            continue
        about = first_line_with(loop, counter)
        for other in sorted(set_here):
            for line, cost in ((ast.AugAssign(ast.Name(counter, ast.Store()), ast.Add(), name(other)), 1),
                               (ast.Assign([ast.Name(counter, ast.Store())], name(other)), 1)):
                yield Draft("missing", cost, f"{ast.unparse(ast.fix_missing_locations(line))} at the end", lambda node, new=line:
                            with_(node, body=[*node.body, new]), about, step)
        if isinstance(loop, ast.For):
            yield Draft("missing", 1, f"{counter} += 1 at the end", lambda node, c=counter: with_(node, body=[
                *node.body, ast.AugAssign(ast.Name(c, ast.Store()), ast.Add(), literal(1))]), about, step)


def first_line_with(loop: ast.stmt, variable: str) -> ast.AST:
    """The condition of the loop if the variable is in it, or the first line in it that reads the variable."""
    heads = [loop.test] if isinstance(loop, ast.While) else [loop.iter]
    lines = [each for each in ast.walk(loop) if isinstance(each, ast.stmt) and each is not loop]
    for each in heads + sorted(lines, key=lambda each: each.lineno):
        if any(isinstance(node, ast.Name) and node.id == variable for node in ast.walk(each)):
            return each
    return loop


def _flags(loop: ast.stmt, starts: dict, step: tuple) -> Iterator[Draft]:
    """A flag that the loop raises and never takes back: taken back where it is asked for."""
    for flag, begin in starts.items():
        if not isinstance(begin.value, bool) or not sets_only(loop, flag, not begin.value):
            continue
        for asked in (each for each in ast.walk(loop) if isinstance(each, ast.If) and isinstance(each.test, ast.Name)
                      and each.test.id == flag):
            back = ast.Assign([ast.Name(flag, ast.Store())], begin)
            yield Draft("missing", 1, "the flag taken back", lambda node, a=asked, b=back: replaced(node, {
                id(a): with_(a, body=[b, *a.body])}), asked.test, step)
        back = ast.Assign([ast.Name(flag, ast.Store())], begin)
        yield Draft("state", 1.5, "the flag taken back in each turn", lambda node, b=back: with_(node, body=[b, *node.body]),
                    first_line_with(loop, flag), step)


def sets_only(loop: ast.stmt, flag: str, value: bool) -> bool:
    """Whether the loop gives the variable that value, and no other."""
    given = [each.value for each in ast.walk(loop) if isinstance(each, ast.Assign) and flag in stores(each)]
    return bool(given) and all(isinstance(each, ast.Constant) and each.value is value for each in given)


def _sums(loop: ast.stmt, starts: dict, before: list, step: tuple) -> Iterator[Draft]:
    """A sum that a loop before has added to: set back."""
    earlier = {each for line in before if isinstance(line, LOOPS) for each in added_to(line)}
    for total in sorted(earlier & added_to(loop) & starts.keys()):
        back = ast.Assign([ast.Name(total, ast.Store())], starts[total])
        yield Draft("missing", 1, f"{total} set back", lambda node, b=back: [b, node], first_line_with(loop, total), step)


def added_to(loop: ast.stmt) -> set[str]:
    return {each.target.id for each in ast.walk(loop) if isinstance(each, ast.AugAssign) and isinstance(each.target, ast.Name)}


def ends_early(site: Site) -> Iterator[Draft]:
    """What one condition gives back, though others should be looked at as well: if …: return f(x) → if …: x = f(x)."""
    node = site.node
    for field, block in blocks_of(node):
        for i, here in enumerate(block):
            last = here.body[-1] if isinstance(here, ast.If) else None
            if not isinstance(last, ast.Return) or last.value is None or not here.orelse and i + 1 == len(block):
                continue
            then = (here.orelse or block[i + 1 :])[0]
            about = then.test if here.orelse and isinstance(then, ast.If) else then
            for changed in sorted({each.id for each in ast.walk(last.value) if isinstance(each, ast.Name)
                                   and each.id in site.scope.names}):
                yield Draft("condition", 2, "if …: return f(x) → if …: x = f(x)", lambda node, c=changed: goes_on(node, c), about,
                            ((field, i),))


def goes_on(node: ast.If, changed: str) -> list:
    """The variable changed in the place of the return, and then what would else have come."""
    line = ast.Assign([ast.Name(changed, ast.Store())], node.body[-1].value)
    return [with_(node, body=[*node.body[:-1], line], orelse=[]), *node.orelse]


def steps_in_order(site: Site) -> Iterator[Draft]:
    """Lines that change one variable one after another, x = f(a); x = g(x): the steps the other way round, on the same thing."""
    node = site.node
    for field, block in blocks_of(node):
        for i, n in combinations(range(len(block) + 1), 2):
            if 2 <= n - i <= MOST_STEPS and is_chain(block[i:n]):
                yield Draft("order", 2, f"{n - i} steps the other way round", lambda node, f=field, i=i, n=n: with_(node, **{f: [
                    *getattr(node, f)[:i], *reversed_chain(getattr(node, f)[i:n]), *getattr(node, f)[n:]]}), block[i])


def is_chain(lines: list) -> bool:
    if not all(isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name) and isinstance(each.value, ast.Call)
               and isinstance(receiver(each.value), ast.Name) for each in lines):
        return False
    result = lines[0].targets[0].id
    return all(each.targets[0].id == result for each in lines) and all(receiver(each.value).id == result for each in lines[1:])


def reversed_chain(lines: list) -> list:
    goes_in = [receiver(each.value) for each in lines]
    return [with_(line, value=with_receiver(line.value, what)) for line, what in zip(lines[::-1], goes_in, strict=True)]


def slices_together(site: Site) -> Iterator[Draft]:
    """All slices of a line end, or begin, one too early or too late: x[:, 1:-1] = y[:, :-2]."""
    node = site.node
    if not isinstance(node, ast.Assign):
        return
    found = [each for each in ast.walk(node) if isinstance(each, ast.Slice)]
    for bound, by in (("upper", 1), ("upper", -1), ("lower", 1), ("lower", -1)):
        told = [each for each in found if getattr(each, bound) is not None and number(getattr(each, bound)) is not None]
        if len(told) > 1:
            rule = f"{bound} bounds {by:+} in the whole line"
            yield Draft("number", 2, rule, lambda node, t=told, b=bound, by=by: replaced(node, {
                id(each): with_(each, **{b: moved_bound(each, b, by)}) for each in t}), node)


def moved_bound(part: ast.Slice, bound: str, by: int) -> ast.expr | None:
    """The bound, so much further: behind -1 comes the end, before 1 the beginning."""
    value = number(getattr(part, bound)) + by
    return None if value == 0 else literal(value)


def precision(site: Site) -> Iterator[Draft]:
    """Numbers of another precision, in all lines of a function."""
    node = site.node
    if not isinstance(node, FUNCTIONS):
        return
    named = [each for each in ast.walk(node) if isinstance(each, ast.Attribute) and each.attr in SMALLER]
    if len(named) > 1:
        lines = [each for each in ast.walk(node) if isinstance(each, ast.stmt) and any(one in named for one in ast.walk(each))]
        yield Draft("type", 1, "the usual precision in all lines", lambda node: replaced(node, {
            id(each): with_(each, attr=SMALLER[each.attr]) for each in named}), min(lines[1:], key=lambda each: each.lineno))


EXPRESSIONS: tuple[Callable[[Site], Iterator[Draft]], ...] = (
    one_for_all, along_the_first, unused_module, texts, other_functions, turned_twice, ends_of_slices, in_a_lambda)
STATEMENTS: tuple[Callable[[Site], Iterator[Draft]], ...] = (
    kept_between_calls, never_moves_on, ends_early, steps_in_order, slices_together, precision)
