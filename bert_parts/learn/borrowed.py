"""A step that is missing, taken from a tree that does the same: expressions and lines of the donor, in the learner's names."""

import ast
from collections.abc import Iterator
from itertools import product

from bert_parts.learn.catalogue import SIZED, Draft, is_value, receiver
from bert_parts.learn.differing import UNTOLD, form, kind_between
from bert_parts.learn.sites import (
    FUNCTIONS,
    SELF,
    Site,
    all_arguments,
    attributes_of,
    called,
    is_own,
    is_text,
    replaced,
    variables,
    with_,
)
from bert_parts.learn.statements import BLOCKS, LOOPS, blocks_of

GIVEN = ("torch", "nn", "F", "math", SELF)     # names that stand for no value
READINGS = 4     # variables of the learner that one of the donor is tried as
MOST, LARGEST = 40, 16     # pieces of the donor of one sort, and the nodes in one
WHERE = (ast.Assign, ast.AugAssign, ast.Return, ast.Call, ast.BinOp, ast.keyword, ast.comprehension, ast.Attribute, ast.ListComp,
         ast.GeneratorExp, ast.IfExp, ast.Compare, ast.Subscript, ast.If, ast.While, ast.For, ast.Tuple, ast.List, ast.Expr,
         ast.DictComp)
TAKEN = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Subscript, ast.Compare, ast.IfExp, ast.BoolOp, ast.Attribute, ast.ListComp,
         ast.GeneratorExp, ast.Constant, ast.DictComp, ast.List)
MARKS = (ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop)     # nodes with nothing inside
SKIPPED = {"lineno", "col_offset", "end_lineno", "end_col_offset", "type_comment"}


class Donor:
    """A function of the donor, with its names put into those of the learner's function of that name."""

    def __init__(self, function: ast.AST, own: ast.AST, attributes: list[str]):
        theirs, ours = [[a.arg for a in all_arguments(f) if a.arg != SELF] for f in (function, own)]
        here = [name for name in variables(own) if name not in ours and name != SELF]
        locals_ = [name for name in variables(function) if name not in theirs and name != SELF]
        self.names = dict(zip(theirs, ours, strict=False)) | {name: name for name in locals_ if name in here}
        self.unknown = [name for name in locals_ if name not in self.names]
        self.own, self.variables = here, here + ours
        self.free = [name for name in here if name not in locals_] + [name for name in ours if name not in self.names.values()]
        self.attributes = attributes
        self.statements = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function
                           and not is_text(node) and not isinstance(node, (ast.Raise, *FUNCTIONS)) and not raises(node)]
        inside = [node for statement in self.statements for node in expressions_of(statement)]
        self.expressions = [node for node in inside if isinstance(node, TAKEN)]

    def readings(self, node: ast.AST) -> Iterator[dict[str, str]]:
        """The ways to read the donor's names in the learner's function, the likeliest first."""
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
        bound = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        if any(is_own(each) and each.attr not in self.attributes for each in ast.walk(node)):
            return
        unknown = [name for name in self.unknown if name in used - bound]
        if len(unknown) < 2:
            likely = self.free[:READINGS] if unknown else [""]
            yield from (self.names | dict(zip(unknown, [chosen], strict=False)) for chosen in likely)
        elif len(unknown) <= len(self.free):
            yield self.names | dict(zip(unknown, self.free, strict=False))


def raises(node: ast.stmt) -> bool:
    """A check of what is given, which no answer needs."""
    return any(isinstance(each, ast.Raise) for each in ast.walk(node)) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and called(node.value).startswith("check"))


def expressions_of(statement: ast.stmt) -> list[ast.expr]:
    """The expressions of one statement, not those of the statements in its block."""
    found, stack = [], [child for child in ast.iter_child_nodes(statement) if not isinstance(child, ast.stmt)]
    while stack:
        node = stack.pop(0)
        if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None) or ast.Load(), ast.Load):
            found.append(node)
        stack += list(ast.iter_child_nodes(node))
    return found


def copied(node: ast.AST, names: dict[str, str], holes: dict[int, ast.AST] | None = None) -> ast.AST:
    """A copy without lines, in other names; a node whose id is in holes is replaced."""
    if holes and id(node) in holes:
        return holes[id(node)]
    fields = {}
    for key, value in node.__dict__.items():
        if key in SKIPPED:
            continue
        if isinstance(value, list):
            value = [copied(each, names, holes) if isinstance(each, ast.AST) else each for each in value]
        elif isinstance(value, ast.AST) and not isinstance(value, MARKS):
            value = copied(value, names, holes)
        elif key in ("id", "arg") and isinstance(node, (ast.Name, ast.arg)):
            value = names.get(value, value)
        fields[key] = value
    return type(node)(**fields)


def holes(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression works on, from the outside in, three steps deep."""
    inner = []
    if isinstance(node, ast.Call):
        inner = [receiver(node), *node.args[:2]]
    elif isinstance(node, ast.BinOp):
        inner = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        inner = [node.operand]
    elif isinstance(node, (ast.Subscript, ast.Attribute)):
        inner = [node.value]
    elif isinstance(node, ast.IfExp):
        inner = [node.body, node.orelse]
    seen = set()
    for each in inner:
        if each is not None and id(each) not in seen and not (isinstance(each, ast.Name) and each.id in GIVEN):
            seen.add(id(each))
            yield each


def wrappers(donor: Donor) -> list[tuple[ast.expr, list[ast.expr]]]:
    """Expressions of the donor with a hole in them: the whole, and the node that is the hole."""
    found = []
    for node in donor.expressions:
        level = list(holes(node))
        for _ in range(2):
            found += [(node, hole) for hole in level]
            level = [deeper for each in level for deeper in holes(each)]
    return [(node, hole) for node, hole in found if not is_size_in(node, hole)]


def is_size_in(node: ast.expr, hole: ast.expr) -> bool:
    """Whether the hole is how many numbers there are to be: with what was no size that might be billions."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and called(each) in SIZED]
    return any(hole is each for call in calls for each in call.args)


def borrowed(site: Site, donor: Donor) -> Iterator[Draft]:
    """A step of the donor around an expression, or an expression of the donor in its place."""
    node = site.node
    exponent = site.place == "right" and isinstance(getattr(site.parent, "op", None), ast.Pow)     # it may take for ever
    if not is_value(site) or exponent or not isinstance(site.parent, WHERE):
        return
    if isinstance(node, ast.Constant) and site.place in ("args", "slice"):
        return
    for whole, hole, text in donor_wrappers(donor):
        yield Draft("missing", 3.2, f"{text} around it",
                    lambda node, w=whole, h=hole: copied(w, {}, {id(h): node}), site.statement.node, adds=whole)
    old = names_read(node) & set(donor.variables)
    for new, text, reads in donor_expressions(donor):
        if old <= reads:     # what was worked out before is not left unused
            yield Draft(kind_between(node, new), 3.5, f"→ {text}", lambda node, new=new: new, node)


def names_read(node: ast.AST) -> set[str]:
    """The variables that a node takes from around it."""
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    loops = {each.id for loop in ast.walk(node) if isinstance(loop, ast.comprehension) for each in ast.walk(loop.target)
             if isinstance(each, ast.Name)}
    return {each.id for each in names if isinstance(each.ctx, ast.Load)} - loops


def donor_wrappers(donor: Donor) -> list:
    """Each wrapper in the learner's names, made once: the whole, its hole, and its text. The small ones come first."""
    if not hasattr(donor, "_wrappers"):
        donor._wrappers, seen = [], set()
        marked = []
        for whole, hole in wrappers(donor):
            marker = ast.Name("…", ast.Load())
            marked.append((copied(whole, {}, {id(hole): marker}), marker))
        for outside, marker in sorted(marked, key=lambda each: size(each[0])):
            for names in donor.readings(outside) if size(outside) <= LARGEST else ():
                made = copied(outside, names, {id(marker): marker})
                text = written(made)
                if text not in seen and len(seen) < MOST:
                    seen.add(text)
                    donor._wrappers.append((made, marker, text))
    return donor._wrappers


def donor_expressions(donor: Donor) -> list:
    if not hasattr(donor, "_expressions"):
        donor._expressions, seen = [], set()
        for node in sorted(donor.expressions, key=size):
            for names in donor.readings(node) if size(node) <= 2 * LARGEST else ():
                made = copied(node, names)
                text = written(made)
                if text not in seen and len(seen) < MOST:
                    seen.add(text)
                    donor._expressions.append((made, text, names_read(made)))
    return donor._expressions


def size(node: ast.AST) -> int:
    return sum(isinstance(each, (ast.expr, ast.stmt)) for each in ast.walk(node))


def changed_kind(old: ast.stmt, new: ast.stmt) -> str:
    """What kind of thing is the matter with a line where the donor has another, which sets or gives back the same."""
    pairs = []
    if isinstance(old, ast.Assign) and isinstance(new, ast.Assign) and len(old.targets) == len(new.targets) == 1:
        pairs = [(old.targets[0], new.targets[0]), (old.value, new.value)]
    elif isinstance(old, ast.Return) and isinstance(new, ast.Return) and old.value and new.value:
        pairs = [(old.value, new.value)]
    places = [pair for pair in pairs if form(pair[0]) != form(pair[1])]
    return kind_between(*places[0]) if places else UNTOLD


def inserted(site: Site, donor: Donor) -> Iterator[Draft]:
    """A line of the donor between two lines of a block, or in the place of one."""
    node = site.node
    for field, block in blocks_of(node):
        for i, here in enumerate(block):
            if is_text(here) or isinstance(here, FUNCTIONS):
                continue
            step = ((field, i),)
            first = i == 0 or is_text(block[i - 1])
            for new, text, reads, sets, lines in donor_statements(donor):
                if isinstance(new, ast.Return):
                    ends = i == len(block) - 1 and not isinstance(node, LOOPS) and not site.within(LOOPS)
                    yield from _another_return(here, new, text, reads & set(donor.own), step, ends)
                    continue
                if attribute_set(new) and attribute_set(new) == attribute_set(here):
                    yield Draft("definition", 2, f"→ {text}", lambda node, new=new: new, here, step)
                    continue
                if sets & set(donor.variables) <= reads:     # what was worked out before is not thrown away
                    if first:
                        yield Draft("missing", 3, f"{text} before it", lambda node, new=new: [new, node], here, step, new)
                    if not isinstance(here, (ast.Return, ast.Break, ast.Continue)):
                        yield Draft("missing", 3, f"{text} after it", lambda node, new=new: [node, new], here, step, new)
                alike = lines == 1 and targets(here) == sets and not isinstance(here, BLOCKS)
                if alike and names_read(here) & set(donor.variables) <= reads:
                    yield Draft(changed_kind(here, new), 4, f"→ {text}", lambda node, new=new: new, here, step)


def another_else(site: Site, donor: Donor) -> Iterator[Draft]:
    """The else of a block of the donor, on a block that has none."""
    node = site.node
    if isinstance(node, (ast.If, ast.For, ast.While)) and not node.orelse:
        for each in donor.statements:
            if isinstance(each, (ast.If, ast.For, ast.While)) and each.orelse:
                for names in donor.readings(each):
                    block = [copied(line, names) for line in each.orelse]
                    yield Draft("condition", 2.5, f"else: {'; '.join(map(written, block))}",
                                lambda node, b=block: with_(node, orelse=b), node)


def _another_return(here: ast.stmt, new: ast.Return, text: str, reads: set[str], step: tuple, ends: bool) -> Iterator[Draft]:
    """The donor's return, if what was worked out before is used in it. After a line it may come only where a way through the code
    ends: in a loop it would make all that comes later of no account."""
    if isinstance(here, ast.Return):
        if names_read(here) & reads:
            yield Draft("return", 4, f"→ {text}", lambda node: new, here, step)
    elif ends and reads:
        yield Draft("return", 3, f"{text} after it", lambda node: [node, new], here, step)


def written(node: ast.AST) -> str:
    """The text of a node that has no lines yet."""
    return ast.unparse(ast.fix_missing_locations(copied(node, {})))


def targets(node: ast.stmt) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def attribute_set(node: ast.stmt) -> str | None:
    """The one attribute of self that gets a value in a statement."""
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    return target.attr if target is not None and is_own(target) else None


def donor_statements(donor: Donor) -> list:
    """Lines and small blocks of the donor in the learner's names: with its text, what it reads and sets, its length."""
    if not hasattr(donor, "_statements"):
        donor._statements, seen = [], set()
        for node in donor.statements:
            lines = sum(isinstance(each, ast.stmt) for each in ast.walk(node))
            for names in donor.readings(node) if lines <= 4 else ():
                made = copied(node, names)
                text = written(made)
                if text not in seen and len(seen) < MOST:
                    seen.add(text)
                    donor._statements.append((made, text, names_read(made), targets(made), lines))
    return donor._statements


def renamed(site: Site, donor: ast.Module) -> Iterator[Draft]:
    """An attribute or parameter under another name than the donor's, everywhere in the class."""
    node = site.node
    if isinstance(node, ast.ClassDef):
        theirs = next((each for each in donor.body if isinstance(each, ast.ClassDef)), None)
        wanted = attributes_of(theirs) if theirs else []
        ours = attributes_of(node)
        for old, new in product([a for a in ours if a not in wanted], [a for a in wanted if a not in ours]):
            first = next(each for each in ast.walk(node) if is_own(each) and each.attr == old)
            yield Draft("definition", 2, f"self.{old} → self.{new} everywhere",
                        lambda node, o=old, n=new: attribute_renamed(node, o, n), first)
    if isinstance(node, FUNCTIONS):
        theirs = next((each for each in ast.walk(donor) if isinstance(each, FUNCTIONS) and each.name == node.name), None)
        ours, wanted = [[a.arg for a in all_arguments(f) if a.arg != SELF] if f else [] for f in (node, theirs)]
        if len(ours) == len(wanted):
            for old, new in zip(ours, wanted, strict=True):
                if old != new and new not in ours:
                    yield Draft("definition", 3, f"parameter {old} → {new}", lambda node, o=old, n=new: copied(node, {o: n}),
                                node.args)


def attribute_renamed(node: ast.AST, old: str, new: str) -> ast.AST:
    """The class with self.new for self.old."""
    return replaced(node, {id(each): with_(each, attr=new) for each in ast.walk(node) if is_own(each) and each.attr == old})


def donors(tree: ast.Module, donor: ast.Module) -> dict[int, Donor]:
    """For each function of the tree, the donor's function of that name, by the id of the function's node."""
    theirs = {each.name: each for each in ast.walk(donor) if isinstance(each, FUNCTIONS)}
    classes = [each for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]
    attributes = {id(function): attributes_of(each) for each in classes for function in each.body}
    return {id(each): Donor(theirs[each.name], each, attributes.get(id(each), []))
            for each in ast.walk(tree) if isinstance(each, FUNCTIONS) and each.name in theirs}
