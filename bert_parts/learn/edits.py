"""Small edits of a syntax tree, the likeliest first: what might be set right in it, and where."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from bert_parts.learn import slips
from bert_parts.learn.borrowed import another_else, borrowed, donors, inserted, renamed
from bert_parts.learn.catalogue import EXPRESSIONS, Draft
from bert_parts.learn.differing import UNTOLD
from bert_parts.learn.sites import FUNCTIONS, Change, Path, Site, code, rebuilt, sites, variables
from bert_parts.learn.statements import STATEMENTS

RULES = {True: EXPRESSIONS + slips.EXPRESSIONS, False: STATEMENTS + slips.STATEMENTS}     # of expressions, and of all else
MANY = 6     # places at which the same edit is made at once, at most

SAYS = {     # what the learner is told: the place and the kind of thing
    "axis": "look at the dimension in `{0}`",
    "shape": "look at how `{0}` changes the shape",
    "operator": "look at the operation in `{0}`",
    "scale": "look at how large `{0}` becomes: a factor, a root or an exponent",
    "sign": "is `{0}` the right way round? Look for a minus, a `not` or a `~`",
    "condition": "look at the condition around `{0}`: when does this happen?",
    "number": "look at the numbers in `{0}`",
    "name": "look at which variable or function is used in `{0}`",
    "argument": "look at what `{0}` is given",
    "missing": "a step is missing here, at `{0}`",
    "extra": "`{0}` does something that is not asked for",
    "order": "look at the order of the steps in `{0}`",
    "type": "look at the type of `{0}`",
    "gradient": "`{0}` cuts off the gradient",
    "state": "look at what `{0}` changes, and who else sees it",
    "return": "look at what is given back at `{0}`",
    "definition": "look at how `{0}` is defined",
    UNTOLD: "look at `{0}`: something else belongs there",
}
OF_LOOPS = "look at `{0}`: is the loop to end here, or only this turn of it, or neither?"
FURTHER = {     # a step further, for a hint
    "axis": "Write the shape, letter by letter, beside `{0}`: which of them is meant, and which is taken?",
    "shape": "The numbers keep their order in memory under `view` and `reshape`, not under `transpose`: which should `{0}` do?",
    "operator": "Work `{0}` out by hand for two small numbers: is it that operation?",
    "scale": "Put a width of 4 into `{0}`: by how much is it too large or too small?",
    "sign": "Take one value for which `{0}` should hold, and one for which it should not: what does it give for each?",
    "condition": "Take the smallest and the largest case and follow `{0}`: does it go the way it should in both?",
    "number": "Count it out on three items: where does `{0}` begin, where does it end?",
    "name": "Read the line aloud with each name in `{0}`: which of them should be another?",
    "argument": "Compare `{0}` with what its documentation says of each argument: their order, their number, what is left out.",
    "missing": "What should have happened to `{0}` before the next line uses it?",
    "extra": "Leave something out of `{0}`: which step does the text not ask for?",
    "order": "In which order does the text take the steps that stand in `{0}`?",
    "type": "Print the type (and dtype) of `{0}`: which one is asked for?",
    "gradient": "Training needs a way back through `{0}`: which word forbids it?",
    "state": "After `{0}`, is what the caller gave still as it was?",
    "return": "What does the docstring say that comes out, and what does `{0}` give?",
    "definition": "Compare the stub with `{0}`: names, defaults, and what makes it a part of a module.",
    UNTOLD: "Say in a sentence what `{0}` gives, and in another what the text asks for there: in what do they differ?",
}
KINDS = frozenset(SAYS) - {UNTOLD}


@dataclass(frozen=True)
class Edit:
    """One edit of a tree.

    Attributes:
        line: where, counted in the text that was parsed.
        kind: what kind of thing is the matter there, one of KINDS, or UNTOLD.
        says: what the learner is told: the place and the kind of thing, never the edit itself.
        further: one step further, still not the solution.
        rule: the edit itself in a few words, for teachers.
        cost: how unlikely it is.
        about: the expression or statement that it is about, before it is made.
        changes: the places, as paths from the root, and what each node becomes.
        lines: every line that it touches, or that an edit of the same effect would touch.
        sure: whether its line may be called the mistake's. It may not if changes elsewhere would do as well, nor for a step of the
            donor, which may make good what went wrong elsewhere.
    """

    line: int
    kind: str
    says: str
    further: str
    rule: str
    cost: float
    about: ast.AST
    changes: tuple[tuple[Path, Change], ...]
    lines: tuple[int, ...]
    sure: bool = True


def edited(tree: ast.Module, edits) -> ast.Module:
    """The tree with all the edits made; it shares what does not change. Lines stay as they were."""
    return rebuilt(tree, [change for edit in edits for change in edit.changes])


def edits_of(tree: ast.Module, donor: ast.Module | None = None) -> list[Edit]:
    """The edits that might set the tree right, the likeliest first.

    Args:
        donor: a tree that does what this one should, from which missing steps are taken.
    """
    return _Maker(tree, donor).edits()


class _Maker:
    """Makes the edits of one tree."""

    def __init__(self, tree: ast.Module, donor: ast.Module | None):
        self.tree, self.donor = tree, donor
        self.donors = donors(tree, donor) if donor else {}
        self.liking = _Liking(tree, donor) if donor else None
        self.texts: dict[int, str] = {}

    def edits(self) -> list[Edit]:
        made = (self.edit(site, draft) for site in sites(self.tree) for draft in self.drafts(site))
        singles = [edit for edit in made if edit]
        return sorted(singles + _everywhere(singles), key=lambda edit: edit.cost)

    def drafts(self, site: Site) -> Iterator[Draft]:
        for rule in RULES[isinstance(site.node, ast.expr)]:
            yield from rule(site)
        function = site.node if isinstance(site.node, FUNCTIONS) else getattr(site.within(FUNCTIONS), "node", None)
        own = self.donors.get(id(function))
        if own:
            rules = [borrowed] if isinstance(site.node, ast.expr) else [inserted, another_else]
            yield from (draft for rule in rules for draft in rule(site, own))
        if self.donor:
            yield from renamed(site, self.donor)

    def edit(self, site: Site, draft: Draft) -> Edit | None:
        cost, text, lines = draft.cost, self.text(draft.about), _lines(self.node(site, draft), draft.about, site.line)
        if self.liking:
            gain = self.liking.sum(draft.adds) if draft.adds else self.liking.gain(self.node(site, draft), draft.change)
            if draft.adds and gain <= 0:
                return None
            cost -= max(-1.0, min(1.5, 0.5 * gain))
        says = OF_LOOPS if isinstance(draft.about, (ast.Break, ast.Continue)) else SAYS[draft.kind]
        return Edit(lines[0], draft.kind, says.format(text), FURTHER[draft.kind].format(text), draft.rule, cost,
                    draft.about, ((site.path + draft.steps, draft.change),), lines, sure=draft.adds is None)

    @staticmethod
    def node(site: Site, draft: Draft) -> ast.AST:
        node = site.node
        for field, index in draft.steps:
            node = getattr(node, field)[index]
        return node

    def text(self, node: ast.AST) -> str:
        if id(node) not in self.texts:
            self.texts[id(node)] = code(node)
        return self.texts[id(node)]


def _lines(changed: ast.AST, about: ast.AST, otherwise: int) -> tuple[int, ...]:
    """The line of what is changed, which may be one of several of its statement; all the lines of a statement that is."""
    if isinstance(changed, ast.Call) and isinstance(changed.func, ast.Attribute):
        return (changed.func.end_lineno,)
    if isinstance(changed, ast.BinOp):
        return (changed.left.end_lineno,)
    if isinstance(changed, ast.expr):
        return (changed.lineno,)
    if changed is about and isinstance(changed, ast.stmt):
        return tuple(range(changed.lineno, changed.end_lineno + 1))
    return (getattr(about, "lineno", otherwise),)


def _everywhere(edits: list[Edit]) -> list[Edit]:
    """What is wrong in the same way in several places (queries, keys and values), set right in all of them at once."""
    alike: dict[tuple, list[Edit]] = {}
    for edit in edits:
        alike.setdefault((edit.kind, edit.rule), []).append(edit)
    found = []
    for group in map(_outermost, alike.values()):
        paths = [edit.changes[0][0] for edit in group]
        if 1 < len(group) <= MANY and not any(within(a, b) for a, b in combinations(paths, 2)):
            lines = tuple(sorted({edit.line for edit in group}))
            changes = tuple(change for edit in group for change in edit.changes)
            found.append(replace(group[0], cost=min(edit.cost for edit in group) + 1, changes=changes, lines=lines))
    return found


def _outermost(edits: list[Edit]) -> list[Edit]:
    """Those that are made inside of no other's place."""
    paths = {edit.changes[0][0] for edit in edits}
    return [edit for edit in edits if not any(edit.changes[0][0][:length] in paths for length in range(len(edit.changes[0][0])))]


def within(path: Path, other: Path) -> bool:
    """Is one of the places the other, or inside it?"""
    shorter = min(len(path), len(other))
    return path[:shorter] == other[:shorter]


def clash(one: Edit, other: Edit) -> bool:
    """Two edits of one place, or of which one is made inside of an expression that the other changes. What moves whole lines takes
    along what was changed in them."""
    return any(within(a, b) and (a == b or not _of_statement(min(a, b, key=len))) for a, _ in one.changes for b, _ in other.changes)


def _of_statement(path: Path) -> bool:
    """Is it the place of a statement in a block?"""
    return bool(path) and path[-1][0] in ("body", "orelse") and path[-1][1] is not None


class _Liking:
    """How much nearer an edit brings a tree to the donor, by what both are made of: +1 for each thing that it lacked."""

    def __init__(self, tree: ast.AST, donor: ast.AST):
        local = {name for each in (tree, donor) for function in ast.walk(each) if isinstance(function, FUNCTIONS)
                 for name in variables(function)}
        has, wanted = (Counter(map(_made_of, ast.walk(each))) for each in (tree, donor))
        things = (has.keys() | wanted.keys()) - local - {None}
        self.worth = {thing: (wanted[thing] > has[thing]) - (wanted[thing] < has[thing]) for thing in things}
        self.known: dict[int, tuple] = {}     # of nodes that live as long as this: the node and its sum
        for node in ast.walk(tree):
            self.known[id(node)] = node, self.sum(node)

    def gain(self, old: ast.AST, change: Change) -> float:
        return self.sum(change(old)) - self.sum(old)

    def sum(self, node: Any) -> float:
        if isinstance(node, list):
            return sum(map(self.sum, node))
        known = self.known.get(id(node))
        if known and known[0] is node:
            return known[1]
        total = self.worth.get(_made_of(node), 0)
        for value in node.__dict__.values():
            if isinstance(value, ast.AST):
                total += self.sum(value)
            elif isinstance(value, list):
                total += sum(self.sum(each) for each in value if isinstance(each, (ast.AST, list)))
        return total


def _made_of(node: ast.AST):
    """What counts of a node: a name, a number, an operator, a kind of statement."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return "." + node.attr
    if isinstance(node, ast.Constant):
        return repr(node.value)
    if isinstance(node, ast.keyword):
        return f"{node.arg}="
    if isinstance(node, (ast.expr_context, ast.Expr)):
        return None
    return type(node).__name__
