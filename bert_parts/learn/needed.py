"""Which value is wrong? The first that, were it one that the course's version has on its way, would set the whole answer right."""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bert_parts.files import quoted
from bert_parts.learn.compare import copied, difference
from bert_parts.learn.exercise import Case, Exercise
from bert_parts.learn.nearness import Prepared
from bert_parts.learn.repair import Candidates, Clock, Endless
from bert_parts.learn.sites import FUNCTIONS, Site, called, rebuilt, sites
from bert_parts.learn.trace import tells

VALUE = "__value__"
WITH_VALUES = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Subscript, ast.IfExp, ast.ListComp)
BOUND = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)     # what a lambda cannot do for the code around it
TELLABLE = (Tensor, bool, int, float, str, list, tuple, dict)


@dataclass(frozen=True)
class Needed:
    """An expression of the learner's, its value, and the value that it needs: where they first differ, in the case that fails.

    Attributes:
        node: the expression. own: None if the learner's code gets no value there.
        line: where to look. That of the expression; but if the course's version does the same with other values, and one of them
            is a variable of the learner's, the line that made that last.
        given: that variable, or None.
        kind: what kind of thing is the matter, where the two expressions tell it.
        sources: the lines that make what goes into the expression.
    """

    node: ast.expr
    own: Any
    needed: Any
    line: int
    given: str | None = None
    kind: str | None = None
    sources: tuple[int, ...] = ()

    def says(self) -> str:
        """How the values differ; "" where that cannot be said shortly."""
        own, needed = self.own, self.needed
        if isinstance(own, Tensor) and own.shape != needed.shape:
            return f"Its shape is {tuple(own.shape)}, and {tuple(needed.shape)} would do."
        if of_another_type(own, needed):
            return f"It is of {own.dtype}, and {needed.dtype} would do."
        where = ""
        if isinstance(own, Tensor) and own.dim():
            place = tuple((~torch.isclose(own.double(), needed.double(), equal_nan=True)).nonzero()[0].tolist())
            own, needed, where = own[place], needed[place], f"At {list(place)} it"
        if isinstance(own, Tensor):
            own, needed = own.item(), needed.item()
        if isinstance(own, (bool, int, float, str)):
            return f"{where or 'It'} is `{written(own)}`, and `{written(needed)}` would do."
        return ""


def written(value: bool | int | float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else quoted(value)


class Watched:
    """Code of which the value of every expression is seen, and that of one can be replaced."""

    def __init__(self, tree: ast.Module, name: str, surroundings: dict, clock: Clock):
        self.places = list(with_values(tree))
        changes = [(site.path, _Watching(number)) for number, site in enumerate(self.places)]
        self.thing = Candidates(rebuilt(tree, changes), name, surroundings | {VALUE: self.value}, clock).made(())
        self.begin()

    def begin(self, chosen: int | None = None, given: list | tuple = ()):
        """From now on the chosen expression has the given values, one after another, and then its own."""
        self.chosen, self.given, self.seen = chosen, list(given), defaultdict(list)

    def value(self, number: int, work: Callable) -> Any:
        if number == self.chosen and self.given:
            return copied(self.given.pop(0))
        value = work()
        if isinstance(value, TELLABLE):
            self.seen[number].append(copied(value))
        return value


@dataclass(frozen=True)
class _Watching:
    """Makes of an expression a call that tells of its value."""

    number: int

    def __call__(self, node: ast.expr) -> ast.expr:
        later = ast.Lambda(ast.arguments([], [], None, [], [], None, []), node)
        return ast.Call(ast.Name(VALUE, ast.Load()), [ast.Constant(self.number), later], [])


def with_values(tree: ast.Module) -> Iterator[Site]:
    """The expressions in functions, those of constructors left out, whose value can be seen and replaced."""
    for site in sites(tree):
        function = site.within(FUNCTIONS)
        if not isinstance(site.node, WITH_VALUES) or function is None or function.node.name == "__init__":
            continue
        if isinstance(getattr(site.node, "ctx", None), (ast.Store, ast.Del)) or site.within(ast.JoinedStr):
            continue
        inside = list(ast.walk(site.node))
        if not any(isinstance(node, BOUND) or isinstance(node, ast.Name) and node.id == "super" for node in inside):
            yield site


def needed(exercise: Exercise, tree: ast.Module, surroundings: dict, case: Case, seconds: float) -> Needed | None:
    """The first expression of the learner's that, with values of the course's version in its place, sets all right in every case.

    Args:
        tree: the learner's definitions; surroundings: the names that they use.
        case: the one that fails.
        seconds: how long it may take, of the processor.
    """
    return _Search(exercise, tree, surroundings, case, seconds).first()


class _Search:
    def __init__(self, exercise: Exercise, tree: ast.Module, surroundings: dict, case: Case, seconds: float):
        self.exercise, self.clock = exercise, Clock(seconds)
        self.own = Watched(tree, exercise.name, surroundings, self.clock)
        self.course = Watched(ast.parse(exercise.source), exercise.name, exercise.surroundings, self.clock)
        cases = sorted(exercise.cases, key=lambda each: each is not case)
        self.failing, *self.others = [Prepared(exercise, each) for each in cases if not each.training]

    def first(self) -> Needed | None:
        theirs = self.values_of(self.failing)
        self.right(self.failing)
        mine = dict(self.own.seen)
        missing = [number for number in range(len(self.own.places)) if number not in mine]
        for number in [*mine, *missing]:
            if self.is_right(mine.get(number), theirs):
                continue
            for source in self.likeliest(mine.get(number), theirs):
                if self.clock.is_up():
                    return None
                if self.right(self.failing, number, theirs[source]) and self.holds(number, source):
                    return self.found(number, source, mine.get(number, []), theirs[source])
        return None

    def values_of(self, asked: Prepared) -> dict[int, list]:
        """What the course's expressions are worth in a case; not those that are the whole answer, which would say nothing."""
        self.course.begin()
        self.clock.start()
        asked.nearness(self.course.thing)
        return {number: values for number, values in self.course.seen.items()
                if all(self.differ(value, asked.expected) for value in values)}

    def right(self, asked: Prepared, chosen: int | None = None, given: list | tuple = ()) -> bool:
        """Whether the learner's code is right in a case, with other values for one expression."""
        self.own.begin(chosen, given)
        self.clock.start()
        try:
            return asked.nearness(self.own.thing) >= 1
        except (Exception, SystemExit, Endless):
            return False

    def holds(self, number: int, source: int) -> bool:
        """Whether it is right so in all other cases, too."""
        return all(self.right(asked, number, self.values_of(asked).get(source, ())) for asked in self.others)

    def is_right(self, mine: list | None, theirs: dict[int, list]) -> bool:
        """Whether the course's version has the same value on its way, which is no chance where it is of fractions."""
        return bool(mine) and isinstance(mine[0], Tensor) and tells(mine[0]) and any(
            not self.differ(mine[0], values[0]) for values in theirs.values())

    def likeliest(self, mine: list | None, theirs: dict[int, list]) -> list[int]:
        """The course's expressions whose values may be needed: others than the learner's has; those of the same form first."""
        if mine is None:
            return list(theirs)
        found = [number for number, values in theirs.items() if type(values[0]) is type(mine[0]) and self.differ(mine, values)]
        return sorted(found, key=lambda number: form(theirs[number]) != form(mine))

    def differ(self, one: Any, other: Any) -> bool:
        return difference(one, other, self.exercise.tolerance) is not None

    def found(self, number: int, source: int, mine: list, theirs: list) -> Needed:
        pairs = [pair for pair in zip(mine, theirs, strict=False) if self.differ(*pair)]
        own, wanted = pairs[0] if pairs else (None, theirs[0])
        site, course = self.own.places[number], self.course.places[source].node
        made, alike = made_before(site), same_work(site.node, course)
        lines = tuple(sorted({line for lines in made.values() for line in lines} - {line_of(site.node)}))
        if alike and count_of(site.node) != count_of(course):
            return Needed(site.node, own, wanted, line_of(site.node), kind="argument")
        if alike and len(made) == 1:
            (name, (*_, line)), = made.items()
            return Needed(site.node, own, wanted, line, name)
        kind = "type" if of_another_type(own, wanted) else None
        return Needed(site.node, own, wanted, line_of(site.node), kind=kind, sources=lines)


def form(values: list) -> tuple:
    return len(values), getattr(values[0], "shape", None)


def of_another_type(own: Any, needed: Any) -> bool:
    """Whole numbers, or truth values, where fractions are needed; or the same numbers in another type."""
    if not isinstance(own, Tensor) or own.dtype == needed.dtype or own.shape != needed.shape:
        return False
    return needed.is_floating_point() > own.is_floating_point() or bool((own.double() == needed.double()).all())


def line_of(node: ast.expr) -> int:
    """The line on which a value comes about: of a chain of calls over several lines, that of the last one's name."""
    return node.func.end_lineno if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node.lineno


def same_work(one: ast.expr, other: ast.expr) -> bool:
    """Do both call the same function, or take the same operation, of whatever?"""
    if isinstance(one, ast.Call) and isinstance(other, ast.Call):
        return called(one) == called(other) != ""
    return isinstance(one, ast.BinOp) and isinstance(other, ast.BinOp) and type(one.op) is type(other.op)


def count_of(node: ast.expr) -> int:
    """How many things a function is given."""
    return len(node.args) + len(node.keywords) if isinstance(node, ast.Call) else 2


def made_before(site: Site) -> dict[str, list[int]]:
    """The variables in an expression that lines before it set, or set a part of, each with those lines."""
    names, found = {node.id for node in ast.walk(site.node) if isinstance(node, ast.Name)}, defaultdict(list)
    for statement in ast.walk(site.within(FUNCTIONS).node):
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For)) and statement.lineno < site.line:
            for target in getattr(statement, "targets", [getattr(statement, "target", None)]):
                for node in ast.walk(target):
                    if isinstance(node, ast.Name) and node.id in names:
                        found[node.id].append(statement.lineno)
    return {name: sorted(lines) for name, lines in found.items()}
