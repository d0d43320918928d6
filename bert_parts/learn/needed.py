"""Which value is wrong? The first that, were it one that the course's version has on its way, would set the whole answer right.

To try a value in the place of an expression, whatever the code that would make it, is angelic debugging (Chandra, Torlak, Barman &
Bodik 2011). Here the angel has no more to give than the course's version has."""

import ast
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from bert_parts.files import quoted
from bert_parts.learn.catalogue import REDUCING, SIZED, is_module, is_value, isinstance_method, parameters, unused_arguments
from bert_parts.learn.compare import copied, difference
from bert_parts.learn.differing import dimensions_in, kind_between
from bert_parts.learn.exercise import Case, Exercise
from bert_parts.learn.nearness import Prepared
from bert_parts.learn.repair import Candidates, Clock, Endless
from bert_parts.learn.sites import FUNCTIONS, SELF, Site, below, called, is_own, rebuilt, replaced, sites
from bert_parts.learn.trace import same, tells

VALUE = "__value__"
WITH_VALUES = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Subscript, ast.IfExp, ast.ListComp)
BOUND = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)     # what a lambda cannot do for the code around it
OWN_NAMES = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)     # there a name is no variable outside
OF_TENSORS = {"T", "mT", "H", "shape", "ndim", "dtype", "data"}
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
        others: the lines of other expressions that do the same work and need such values, too.
        late: what is needed is a piece of another value, often of the answer, so it tells little of what comes before.
        work: what kind of thing is the matter with the expression itself, where the very same goes into it as into the course's.
        begins: the one line before on which a value comes about that the course's version never has, and that goes into it.
    """

    node: ast.expr
    own: Any
    needed: Any
    line: int
    given: str | None = None
    kind: str | None = None
    sources: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    late: bool = False
    work: str | None = None
    begins: int | None = None

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
    """Code of which the values of expressions in some places are seen, and those of some can be replaced."""

    def __init__(self, tree: ast.Module, places: list[Site], name: str, surroundings: dict, clock: Clock, telling=TELLABLE):
        self.tree, self.places, self.name, self.surroundings, self.clock = tree, places, name, surroundings, clock
        self.telling = telling
        changes = [(site.path, _Watching(number)) for number, site in enumerate(self.places)]
        self.thing = Candidates(rebuilt(tree, changes), name, surroundings | {VALUE: self.value}, clock).made(())
        self.begin()

    def begin(self, numbers: tuple[int, ...] = (), given: list | tuple = ()):
        """From now on these expressions have the given values, one after another, and then their own."""
        self.chosen, self.given, self.seen = numbers, list(given), []

    def value(self, number: int, work: Callable) -> Any:
        value = copied(self.given.pop(0)) if number in self.chosen and self.given else work()
        if isinstance(value, self.telling):
            self.seen.append((number, copied(value)))
        return value

    def values(self) -> dict[tuple[int, ...], list[tuple[int, Any]]]:
        """What was seen of each expression, and of those together that do the same work: values, each with its turn among all."""
        found = defaultdict(list)
        for turn, (number, value) in enumerate(self.seen):
            found[number,].append((turn, value))
        alike = defaultdict(list)
        for number, in found:
            alike[work_of(self.places[number].node)].append(number)
        for numbers in alike.values():
            if len(numbers) > 1:
                found[tuple(numbers)] = sorted((each for number in numbers for each in found[number,]), key=lambda each: each[0])
        return found


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


@dataclass(frozen=True)
class _Source:
    """Where values are taken from.

    Attributes:
        places: expressions of the course's version.
        opposite: not their values, but what is true where these are false, and above 0 where these are below.
        apart: not the one value, but what it holds along this dimension, one after another.
    """

    places: tuple[int, ...]
    opposite: bool = False
    apart: int | None = None

    def values(self, course: dict[tuple[int, ...], list[tuple[int, Any]]]) -> list:
        """Its values, of all those that the course's version has in a case; [] if it has none there."""
        found = [value for _, value in course.get(self.places, ())]
        if self.opposite:
            return [opposite(value) for value in found]
        if self.apart is not None:
            return list(found[0].unbind(self.apart)) if len(found) == 1 and found[0].dim() > self.apart else []
        return found


@dataclass(frozen=True)
class _Try:
    """Expressions of the learner's, to be given the values of a source.

    Attributes:
        own, values: what they are worth one after another, and what they are to be.
        turn: in which turn of all one of them has another value first.
        same_form: whether these are as many, and of the same form.
        others: those of them that have another value than they need, the first first.
        model: the expression of the course's version that has there what that first one needs.
    """

    places: tuple[int, ...]
    source: _Source
    own: list
    values: list
    turn: float
    same_form: bool
    others: tuple[int, ...]
    model: int

    @property
    def plain(self) -> bool:
        """One expression has the values of one of the course's."""
        return self.one_of_one and not self.source.opposite

    @property
    def one_of_one(self) -> bool:
        """The same, or what is true where these are false."""
        return len(self.places) == len(self.source.places) == 1 and self.source.apart is None


class _Search:
    def __init__(self, exercise: Exercise, tree: ast.Module, surroundings: dict, case: Case, seconds: float):
        self.exercise, self.clock = exercise, Clock(seconds)
        course = ast.parse(exercise.source)
        self.own = Watched(tree, list(with_values(tree)), exercise.name, surroundings, self.clock)
        self.course = Watched(course, list(with_values(course)), exercise.name, exercise.surroundings, self.clock)
        cases = sorted(exercise.cases, key=lambda each: each is not case)
        self.failing, *self.others = [Prepared(exercise, each) for each in cases if not each.training]

    def first(self) -> Needed | None:
        for tried in self.tries():
            if self.clock.is_up():
                return None
            if self.is_set_right(self.failing, tried) and self.holds(tried):
                return self.found(tried)
        return None

    def course_in(self, asked: Prepared) -> dict[tuple[int, ...], list[tuple[int, Any]]]:
        """What the course's expressions are worth in a case."""
        self.course.begin()
        self.clock.start()
        asked.nearness(self.course.thing)
        return self.course.values()

    def is_set_right(self, asked: Prepared, tried: _Try | None = None) -> bool:
        """Whether the learner's code is right in a case, with other values for some expressions."""
        self.own.begin(*((tried.places, tried.values) if tried else ()))
        self.clock.start()
        try:
            return asked.nearness(self.own.thing) >= 1
        except (Exception, SystemExit, Endless):
            return False

    def holds(self, tried: _Try) -> bool:
        """Whether it is right so in all other cases, too."""
        return all(self.is_set_right(asked, replace(tried, values=tried.source.values(self.course_in(asked))))
                   for asked in self.others)

    def tries(self) -> list[_Try]:
        """What may be needed where: first what makes the earliest value another, and of that what is of the same form."""
        course = self.course_in(self.failing)
        self.is_set_right(self.failing)
        mine = {(number,): [] for number in range(len(self.own.places))} | self.own.values()
        sources = {source: source.values(course) for source in self.sources(course)}
        found = [self.tried(places, came, source, course.get(source.places, []), values) for places, came in mine.items()
                 if not self.is_right(came, course) for source, values in sources.items()]
        return sorted(filter(None, found), key=lambda tried: (tried.turn, not tried.same_form, len(tried.places)))

    def sources(self, course: dict) -> Iterator[_Source]:
        """What the course's version has on its way. What is its whole answer would say nothing, but what that holds may."""
        for places, came in course.items():
            values = [value for _, value in came]
            if all(self.differ(value, self.failing.expected) for value in values):
                yield _Source(places)
                if all(isinstance(value, (Tensor, bool, int, float)) for value in values):
                    yield _Source(places, opposite=True)
            if len(values) == 1 and isinstance(values[0], Tensor):
                yield from (_Source(places, apart=dimension) for dimension in range(values[0].dim()))

    def tried(self, places: tuple[int, ...], came: list, source: _Source, there: list, values: list) -> _Try | None:
        """None if the values are of another sort than the learner's, or no others. More than single values of single expressions
        must be of the same form, of which there are not so many.

        Args:
            came, there: what the learner's expressions are worth, and those of the source, each with its turn.
            values: what is made of the latter.
        """
        own = [value for _, value in came]
        which = [number for number, pair in enumerate(zip(own, values, strict=False)) if self.differ(*pair)]
        if not values or own and not which and len(own) == len(values):
            return None
        turn = came[which[0]][0] if which else came[-1][0] + 0.5 if own else math.inf
        others = tuple(dict.fromkeys(self.own.seen[came[number][0]][0] for number in which)) or places
        model = self.course.seen[there[which[0]][0]][0] if which and len(there) == len(values) else source.places[0]
        found = _Try(places, source, own, values, turn, bool(own) and form(own) == form(values), others, model)
        return found if found.same_form or found.plain and (not own or of_one_type(own[0], values[0])) else None

    def is_right(self, came: list, course: dict) -> bool:
        """Whether the course's version has the same values on its way, which is no chance where they are of fractions."""
        own = [value for _, value in came]
        return bool(own) and isinstance(own[0], Tensor) and tells(own[0]) and any(
            not self.differ(own[0], values[0][1]) for values in course.values())

    def differ(self, one: Any, other: Any) -> bool:
        if isinstance(one, Tensor) and isinstance(other, Tensor) and one.shape != other.shape:
            return True
        return difference(one, other, self.exercise.tolerance) is not None

    def in_the_same_names(self, tried: _Try) -> tuple[ast.expr, ast.expr] | None:
        """The learner's expression and the course's, with a name for each value that goes into them; None if not the very same go
        into both where the learner's first has another value."""
        mine, theirs = self.first_inputs(tried)
        known: list[Any] = []
        for _, value in mine:
            if not any(self.alike(value, other) for other in known):
                known.append(value)
        here, there = ([self.which(value, known) for _, value in each] for each in (mine, theirs))
        if not mine or set(here) != set(there):
            return None
        return tuple(replaced(watched.places[place].node, {id(node): ast.Name(f"_{number}", ast.Load())
                                                           for (node, _), number in zip(inputs, numbers, strict=True)})
                     for watched, place, inputs, numbers in (
                         (self.own, tried.places[0], mine, here), (self.course, tried.source.places[0], theirs, there)))

    def first_inputs(self, tried: _Try) -> tuple[list, list]:
        """What goes into the learner's expression, and into the course's, where the learner's first has another value."""
        turn = next((turn for turn, pair in enumerate(zip(tried.own, tried.values, strict=False)) if self.differ(*pair)), None)
        if turn is None:
            return [], []
        return (self.inputs(self.own, tried.places[0], turn, len(tried.own)),
                self.inputs(self.course, tried.source.places[0], turn, len(tried.values)))

    def which(self, value: Any, known: list) -> int | None:
        """The place of a value among others; None if it is not among them."""
        return next((place for place, other in enumerate(known) if self.alike(value, other)), None)

    def alike(self, one: Any, other: Any) -> bool:
        """The same, or the same numbers of another type."""
        if isinstance(one, Tensor) and isinstance(other, Tensor) and one.shape == other.shape:
            one, other = one.double(), other.double()
        return not self.differ(one, other)

    def inputs(self, watched: Watched, place: int, turn: int, count: int) -> list[tuple[ast.expr, Any]]:
        """What goes into an expression that has so many turns in one of them, each with its value; [] if that cannot be seen."""
        values = self.seen_at(watched, inputs_of(watched.places[place]))
        return [(site.node, each[turn]) for site, each in values] if all(len(each) == count for _, each in values) else []

    def seen_at(self, watched: Watched, places: list[Site], telling=object) -> list[tuple[Site, list]]:
        """The values that expressions have in the case that fails, one after another; [] if they cannot be seen."""
        seen = Watched(watched.tree, places, watched.name, watched.surroundings, self.clock, telling)
        self.clock.start()
        try:
            self.failing.nearness(seen.thing)
        except (Exception, SystemExit, Endless):
            return []
        return [(site, [value for place, value in seen.seen if place == number]) for number, site in enumerate(places)]

    def one_step_apart(self, tried: _Try) -> str | None:
        """The kind of the steps that are too much, if the learner's expression is made of one with all the values that it needs; or
        that are left out, if the course's is made of one with all that the learner's has."""
        for watched, place, wanted, otherwise in ((self.own, tried.places[0], tried.values, "extra"),
                                                  (self.course, tried.source.places[0], tried.own, "missing")):
            outer = watched.places[place]
            if not wanted or not all(map(tells_apart, wanted)):
                continue
            for site, values in self.seen_at(watched, parts_of(outer), TELLABLE):
                if len(values) == len(wanted) and all(map(self.alike, values, wanted)):
                    hole = ast.Name("_", ast.Load())
                    pair = replaced(outer.node, {id(site.node): hole}), hole
                    return kind_between(*(pair if otherwise == "extra" else pair[::-1]))
        return None

    def some_go_in(self, tried: _Try) -> bool:
        """Whether all that goes into one of the two expressions goes into the other as well, where the learner's first differs."""
        inputs = self.first_inputs(tried)
        mine, theirs = ([value for _, value in each] for each in inputs)
        return bool(mine and theirs) and any(all(self.which(value, others) is not None for value in some)
                                             for some, others in ((mine, theirs), (theirs, mine)))

    def kind_of_try(self, tried: _Try) -> str | None:
        """What kind of thing is the matter, where what the two expressions are made of tells it."""
        site, course = self.own.places[tried.others[0]], self.course.places[tried.model]
        if never_used(site, course):
            return "missing"
        return "order" if tried.plain and reduces_too_early(site.node, course.node) else None

    def is_another_item(self, tried: _Try) -> bool:
        """Whether the learner's expression is one item of an argument, and what it needs is another item of that."""
        site = self.own.places[tried.places[0]]
        if not isinstance(site.node, ast.Subscript) or not isinstance(site.node.value, ast.Name) or len(tried.places) > 1:
            return False
        whole = next(each for each in below(site) if each.node is site.node.value)
        lists = self.seen_at(self.own, [whole]) if is_of_arguments(whole) else []
        return bool(lists) and all(isinstance(items, list) and value in items for _, values in lists
                                   for items, value in zip(values, tried.values, strict=False))

    def found(self, tried: _Try) -> Needed:
        pairs = [pair for pair in zip(tried.own, tried.values, strict=False) if self.differ(*pair)]
        own, wanted = pairs[0] if pairs else (None, tried.values[0])
        site, kind = self.own.places[tried.others[0]], "type" if of_another_type(own, wanted) else None
        made = made_before(site)
        course = self.course.places[tried.model].node
        both = self.in_the_same_names(tried) if tried.one_of_one else None
        work = self.one_step_apart(tried) if tried.plain and not kind else None
        if both or work:
            return Needed(site.node, own, wanted, line_of(site.node), kind=kind, work=None if kind else work or kind_between(*both))
        alike = tried.source == _Source(tried.source.places) and same_work(site.node, course)
        if alike and all(is_of_arguments(self.own.places[number]) for number in tried.places):
            kind = kind or "name"
        if alike and tried.plain:
            if along_others(site.node, course, own, wanted):
                return Needed(site.node, own, wanted, line_of(site.node), kind="axis")
            if count_of(site.node) != count_of(course) and self.some_go_in(tried):
                return Needed(site.node, own, wanted, line_of(site.node), kind="argument")
            if len(made) == 1:
                (name, (*_, line)), = made.items()
                return Needed(site.node, own, wanted, line, name)
        lines = tuple(sorted({line for lines in made.values() for line in lines} - {line_of(site.node)}))
        others = tuple(line_of(self.own.places[number].node) for number in tried.others[1:])
        kind = kind or ("number" if self.is_another_item(tried) else None)
        begins = None if kind else self.begins(site) or (lines[0] if alike and len(lines) == 1 else None)
        if not kind and not begins and not self.hangs_on_others(site, own):
            kind = kind_of_values(own, wanted, site) or self.kind_of_try(tried)
        return Needed(site.node, own, wanted, line_of(site.node), kind=kind, sources=lines, others=others,
                      late=tried.source.apart is not None, begins=begins)

    def hangs_on_others(self, site: Site, own: Any) -> bool:
        """Whether a truth value is made of a tensor that neither was given nor is on the way of the course's version: that may be
        wrong in its place."""
        if not isinstance(own, bool):
            return False
        given = [value for value in self.failing.arguments if isinstance(value, Tensor)]
        known = given + [value for came in self.course_in(self.failing).values() for _, value in came if isinstance(value, Tensor)]
        return any(isinstance(value, Tensor) and all(self.differ(value, other) for other in known)
                   for _, values in self.seen_at(self.own, inputs_of(site)) for value in values)

    def begins(self, site: Site) -> int | None:
        """The one line on which, of all that goes into an expression, a value comes about that the course's version never has;
        None if there is no such line, or several."""
        lines, strange = {place.line: place for place in sites(self.own.tree) if isinstance(place.node, ast.stmt)}, self.strange()
        before = None
        found = makers(site, strange)
        while found != before:
            before = found
            found = {further for line in before for further in (line in lines and makers(lines[line], strange)) or {line}}
        return found.pop() if len(found) == 1 else only_maker(site) if not found else None

    def strange(self) -> set[int]:
        """The places, by the ids of their nodes, where the learner's code reads a variable with a value that is nowhere in the
        course's version, and was not given."""
        mine, theirs = (Watched(watched.tree, list(variables_read(watched.tree)), watched.name, watched.surroundings, self.clock)
                        for watched in (self.own, self.course))
        for watched in (mine, theirs):
            self.clock.start()
            with suppress(Exception, SystemExit, Endless):
                self.failing.nearness(watched.thing)
        known = [value for _, value in theirs.seen] + list(self.failing.arguments)
        known += [value for came in self.course_in(self.failing).values() for _, value in came]
        return {id(mine.places[number].node) for number, value in mine.seen if self.is_strange(value, known)}

    def is_strange(self, value: Any, known: list) -> bool:
        """Whether a tensor of many different numbers, or of truth values, is nowhere else, in whatever shape; or a list is there in
        another order only."""
        alike = [other for other in known if type(other) is type(value)]
        if isinstance(value, list):
            items = sorted(map(repr, value))
            mixed = [other for other in alike if len(other) == len(value) > 1 and sorted(map(repr, other)) == items]
            return bool(mixed) and all(self.differ(value, other) for other in mixed)
        if not isinstance(value, Tensor) or not (tells(value) or value.dtype == torch.bool):
            return False
        return not any(not self.differ(each, other) if each.shape == other.shape else same(each, other, self.exercise.tolerance)
                       for other in alike for each in (value, opposite(value)))


def variables_read(tree: ast.Module) -> Iterator[Site]:
    """The places in functions, those of constructors left out, where a variable is read."""
    for site in sites(tree):
        function = site.within(FUNCTIONS)
        node = site.node
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or not function or function.node.name == "__init__":
            continue
        if node.id in site.scope.names and node.id != SELF and not site.within(ast.JoinedStr):
            yield site


def makers(site: Site, strange: set[int]) -> set[int]:
    """The lines that made last, before it, what a place reads of strange values, and what the comprehensions around it run over."""
    nodes, around = list(ast.walk(getattr(site.node, "iter", site.node))), site     # of a loop, what it runs over
    while around.up and not isinstance(around.node, ast.stmt):
        around = around.up
        nodes += [node for generator in getattr(around.node, "generators", ()) for node in ast.walk(generator.iter)]
    found = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) in strange}
    return {lines[-1] for name, lines in made_before(around).items() if name in found and lines}


def only_maker(site: Site) -> int | None:
    """The one line that makes what says which part of something is taken: ``x[:, :n]``, where x itself is right."""
    if not isinstance(site.node, ast.Subscript):
        return None
    names = {node.id for node in ast.walk(site.node.slice) if isinstance(node, ast.Name)}
    found = {lines[-1] for name, lines in made_before(site).items() if name in names}
    return found.pop() if len(found) == 1 else None


def inputs_of(site: Site) -> list[Site]:
    """The variables, and pieces of variables, of which an expression is made; none if it has variables of its own."""
    found: list[Site] = []
    if any(isinstance(node, OWN_NAMES) for node in ast.walk(site.node)):
        return found
    for each in below(site):
        inside = any(each.path[: len(outer.path)] == outer.path for outer in found)
        if each is not site and not inside and is_input(each):
            found.append(each)
    return found


def is_input(site: Site) -> bool:
    """Whether it is a variable, or a piece of one that is taken as it is."""
    node = site.node
    if isinstance(site.parent, ast.Call) and site.place == "func" or is_module(node) or not isinstance(
            node, (ast.Name, ast.Subscript, ast.Attribute)):
        return False
    if is_of_itself(node) and is_called_on(site):     # self.output, of self.output.dense(x)
        return False
    of_names = (ast.Name, ast.Subscript, ast.Attribute, ast.Constant, ast.expr_context)
    is_plain = all(isinstance(each, of_names) for each in ast.walk(node))
    return is_plain and getattr(node, "attr", None) not in OF_TENSORS and getattr(node, "id", None) != SELF


def is_of_itself(node: ast.expr) -> bool:
    """self.something, or something of that."""
    return isinstance(node, ast.Attribute) and (is_own(node) or is_of_itself(node.value))


def is_called_on(site: Site) -> bool:
    """Whether it is a part of the name of what is called."""
    while isinstance(site.parent, ast.Attribute):
        site = site.up
    return isinstance(site.parent, ast.Call) and site.place == "func"


def parts_of(outer: Site) -> list[Site]:
    """The expressions with a value inside of one, the outer ones first."""
    return [site for site in below(outer) if site is not outer and is_value(site) and not isinstance(site.node, ast.Constant)
            and not (isinstance(site.node, ast.Name) and (is_module(site.node) or site.node.id == SELF))
            and not any(isinstance(node, BOUND) for node in ast.walk(site.node))]


def never_used(own: Site, course: Site) -> bool:
    """Whether the course's expression is made of an argument that the learner's function uses nowhere."""
    function, theirs = own.within(FUNCTIONS).node, course.within(FUNCTIONS).node
    if function.name != theirs.name:
        return False
    there = {node.id for node in ast.walk(course.node) if isinstance(node, ast.Name)}
    return any(name in there and mine in unused_arguments(function)
               for name, mine in zip(parameters(theirs), parameters(function), strict=False))


def reduces_too_early(own: ast.expr, course: ast.expr) -> bool:
    """Whether one number is made of many before something else is done, and in the course's version, in the same way, after all."""
    if not isinstance(own, ast.Call) or not isinstance(course, ast.Call) or called(own) in REDUCING:
        return False
    return called(course) in REDUCING and any(
        isinstance(node, ast.Call) and called(node) == called(course) for node in ast.walk(own))


def along_others(one: ast.expr, other: ast.expr, own: Any, wanted: Any) -> bool:
    """Whether a function is called with other numbers for dimensions, or with none, and what comes out is of another shape."""
    return isinstance(own, Tensor) and own.shape != wanted.shape and dimensions_in(one) != dimensions_in(other)


def kind_of_values(own: Any, wanted: Any, site: Site) -> str | None:
    """What kind of thing is the matter, where the two values tell it."""
    if isinstance(own, bool) and isinstance(wanted, bool):
        return "condition"
    sliced = isinstance(site.node, ast.Subscript) and any(isinstance(each, ast.Slice) for each in ast.walk(site.node.slice))
    if sliced and is_piece(own, wanted):
        return "number"
    if isinstance(own, Tensor) and isinstance(site.node, ast.Call) and called(site.node) in SIZED and own.dim() != wanted.dim():
        return "shape"
    if isinstance(own, list) and own != wanted and Counter(map(repr, own)) == Counter(map(repr, wanted)):
        return "order"
    return None


def is_piece(own: Any, wanted: Any) -> bool:
    """Whether one is a piece of the other, more or less of it taken."""
    if isinstance(own, str):
        return own in wanted or wanted in own
    if not isinstance(own, Tensor) or own.dim() != wanted.dim():
        return False
    other = [dimension for dimension in range(own.dim()) if own.size(dimension) != wanted.size(dimension)]
    return len(other) == 1


def tells_apart(value: Any) -> bool:
    """Whether it is unlikely that another value is the same by chance: a text or several things, or fractions."""
    if isinstance(value, Tensor):
        return value.numel() > 1 and value.dtype != torch.bool and value.unique().numel() > 1
    return isinstance(value, (str, list, tuple, dict)) and len(value) > 1 or isinstance(value, float) and not value.is_integer()


def is_of_arguments(site: Site) -> bool:
    """Whether the only variables in an expression are arguments of its function, as they were given."""
    function = getattr(site.node, "func", None)
    read = {node.id for node in ast.walk(site.node) if isinstance(node, ast.Name) and node is not function}
    return bool(read) and read <= set(parameters(site.within(FUNCTIONS).node)) and not made_before(site)


def form(values: list) -> tuple:
    return len(values), type(values[0]), getattr(values[0], "shape", None), getattr(values[0], "dtype", None) == torch.bool


def of_one_type(one: Any, other: Any) -> bool:
    """Truth values are no numbers, whatever these are."""
    return type(one) is type(other) and (getattr(one, "dtype", None) == torch.bool) == (getattr(other, "dtype", None) == torch.bool)


def opposite(value: Tensor | float) -> Tensor | float:
    if isinstance(value, Tensor):
        return ~value if value.dtype == torch.bool else -value
    return not value if isinstance(value, bool) else -value


def work_of(node: ast.expr) -> tuple:
    """What an expression does, of whatever: which function it calls, or operation it takes."""
    own = isinstance(node, ast.Call) and is_own(node.func)     # self.query and self.key are of one sort
    return type(node), isinstance(node, ast.Call) and not own and called(node), type(getattr(node, "op", None))


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
    """How many things a function is given, that of which it is a method counted."""
    return len(node.args) + len(node.keywords) + isinstance_method(node) if isinstance(node, ast.Call) else 2


def made_before(site: Site) -> dict[str, list[int]]:
    """The variables in an expression that lines before it set, or set a part of, or a comprehension around it, each with those
    lines."""
    names, found = {node.id for node in ast.walk(site.node) if isinstance(node, ast.Name)}, defaultdict(list)
    around, targets = site, []
    while not isinstance(around.node, FUNCTIONS):
        around = around.up
        targets += [(generator.target, generator.target.lineno) for generator in getattr(around.node, "generators", ())]
    for each in ast.walk(around.node):
        if isinstance(each, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.Expr)) and each.lineno < site.line:
            targets += [(target, each.lineno) for target in targets_of(each)]
    for target, line in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and node.id in names:
                found[node.id].append(line)
    return {name: sorted(lines) for name, lines in found.items()}


def targets_of(statement: ast.stmt) -> list[ast.expr]:
    """What a statement gives a value, or may change by a method: ``words.append(word)``."""
    if isinstance(statement, ast.Expr):
        function = getattr(statement.value, "func", None)
        return [function.value] if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else []
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]
