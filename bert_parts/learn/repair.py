"""Where is the mistake? Where a small edit of the learner's own code sets it right."""

import ast
import functools
import math
import operator
import re
import time
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from bert_parts.learn.edits import FURTHER, SAYS, Edit, clash, edited, edits_of
from bert_parts.learn.sites import FUNCTIONS, code, sites, with_
from bert_parts.learn.statements import WITHOUT_LINE

TICK = "__tick__"
SHORT, LONG, LONGEST = 10_000, 30_000, 100_000     # turns of loops and calls of functions in one candidate: at first; in the end
LONGEST_RANGE = 1_000_000
FOR_PROOF = 1.2           # seconds beyond all others, for asking thoroughly those that pass
FOR_NOTHING = 0.1         # seconds for a look whether nothing at all would do in the place of what an edit changes
FOR_LONG = 0.2            # the share of the time that is kept for candidates that turn often
FOR_ONE = 0.7             # the share of the time that single edits may take; the rest is for pairs, whenever they are looked for
MANY = 20                 # those of them that are tried as a second before all others
FIRST_STEPS = 8           # single edits that help, from which a second is tried
DOUBTFUL = 3.0            # an edit that costs more may do so by chance
ANSWERED = 0.45           # how near the code is, at least, if that is right at which it failed first
FEW = 2                   # known mistakes that are looked at more closely
OF_VALUES = {"number", "type", "operator", "name", "scale", "axis", "argument"}     # kinds of edits, by which a value is another
SAME_COST = 1.0           # repairs that cost so little more than the cheapest are as likely

# Names that do not tell what a piece of code is about.
COMMON = {*"self torch nn f math x return none dim size shape config if else for in is not range len".split()}


class Near(float):
    """How right a candidate is, from 0 to 1.

    Attributes:
        like: the known mistake as which it answers in all, if it is not right.
        shown: that mistake alone shows where the learner's own code fails first.
        left: what is wrong with it beside its answers, if these are right.
    """

    like: Any = None
    shown: bool = False
    left: Any = None


class Endless(BaseException):
    """A candidate turned too often, or its time was up. No ``except Exception`` of the code swallows it."""


def repair(text: str, name: str, surroundings: dict, passes: Callable[[object], float], seconds: float,
           donor: ast.Module | None = None, proves: Callable[[object], Near] | None = None) -> tuple[Edit, ...] | None:
    """The one or two edits of a learner's code that set it right; None if none was found in time.

    Args:
        text: the source of the part, with the learner's own helpers.
        name: the name of the part in it.
        surroundings: the names that the code uses; they are copied, what they stand for is not.
        passes: how right a candidate is, from 0 to 1 (or False and True, or Near); an error that it raises counts as 0.
        seconds: how long it may take. Only what the candidates do between two turns of a loop can go over it.
        donor: the syntax tree of a right answer, from which missing steps are taken.
        proves: how right one is that passes, asked thoroughly: that may take up to FOR_PROOF seconds more, in all.
    """
    search = search_in(text, name, surroundings, passes, seconds, donor, proves)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return search and (search.one() or search.two() or search.cutting())


def search_in(text: str, *others) -> "Search | None":
    """The search for what sets a text right, with the arguments of ``repair``; None if the text cannot be read."""
    try:
        return Search(ast.parse(text), *others)
    except (SyntaxError, RecursionError, ValueError):
        return None


class Search:
    """The search for the edits that set one tree right.

    Attributes:
        edits: all single edits, the likeliest first.
        tried: those that were tried, each with how right the tree is with it.
    """

    def __init__(self, tree: ast.Module, name: str, surroundings: dict, passes: Callable, seconds: float,
                 donor: ast.Module | None = None, proves: Callable[[object], Near] | None = None):
        self.tree, self.passes, self.proves = tree, passes, proves
        self.clock = Clock(seconds)
        self.candidates = Candidates(tree, name, surroundings, self.clock)
        self.edits = edits_of(tree, donor)
        self.before, self.tried, self.idle, self.saved = 1.0, [], unused(tree), 0.0

    def one(self) -> tuple[Edit, ...] | None:
        """The one edit that sets the tree right, out of all that do."""
        self.clock.allow(FOR_ONE)
        self.before = self.progress(())
        if self.before >= 1:
            return None
        self.clock.learn()
        self.tried = list(self.all(self.edits))
        self.saved = self.clock.left()
        right = [edit for edit, near in self.tried if near >= 1 and not self.cuts_out(edit)]
        return (self.as_extra(likeliest(right)),) if right else None

    def cutting(self) -> tuple[Edit, ...] | None:
        """The one edit that sets the tree right by cutting out what is wrong, and more."""
        right = [replace(edit, sure=False) for edit, near in self.tried if near >= 1]
        return (likeliest(right),) if right else None

    def as_extra(self, edit: Edit, others: tuple[Edit, ...] = ()) -> Edit:
        """The edit; but if the tree is right with nothing at all in the place of what it changes, it only does away with that, and
        the line does something that is not asked for.

        Args:
            others: those that are needed besides.
        """
        place = next((site for site in sites(self.tree) if site.node is edit.about), None)
        if edit.kind not in OF_VALUES or place is None or not isinstance(place.node, (ast.BinOp, ast.Compare, ast.Call)):
            return edit
        self.clock.allow(0, FOR_NOTHING)
        nothing = ast.Constant(False if isinstance(place.node, ast.Compare) else 0)
        if self.progress((replace(edit, changes=((place.path, lambda node: nothing),)), *others), proved=False) < 1:
            return edit
        line = code(place.statement.node)
        return replace(edit, kind="extra", says=SAYS["extra"].format(line), further=FURTHER["extra"].format(line))

    def one_and_known(self, may_be: Callable[[Any], bool]) -> tuple[Edit, Near] | None:
        """The likeliest edit that leaves nothing but a known mistake, one that may be there besides, and how right the tree is with
        it; after ``one``, which found none."""
        may_be = functools.cache(may_be)
        met = [(near, edit) for edit, near in self.tried
               if near.like and edit.cost < DOUBTFUL and self.besides(edit, near, near.like.old) and may_be(near.like)]
        near, edit = min(met, key=lambda each: (-each[0], each[1].cost), default=(None, None))
        return edit and (edit, near)

    def others_and_known(self, may_be: Callable[[Any], bool]) -> list[tuple[Edit, Any]]:
        """For each of the likeliest known mistakes that single edits leave without helping, the likeliest of these, and it."""
        found: dict[str, tuple[Edit, Any]] = {}
        for edit, near in sorted(self.tried, key=lambda each: each[0].cost):
            way = near.like
            if way and edit.cost < DOUBTFUL and way.mistake.name not in found and self.is_apart(edit, way.old) and may_be(way):
                found[way.mistake.name] = edit, way
        return list(found.values())[:FEW]

    def one_and_left(self, may_be: Callable[[Any], bool]) -> tuple[Edit, Any] | None:
        """The likeliest edit that sets all answers right and leaves something beside them, one that may be there, and that; after
        ``one``, which found none."""
        met = [(edit, near.left) for edit, near in self.tried if near.left and not self.cuts_out(edit)]
        return next(((edit, left) for edit, left in sorted(met, key=lambda each: each[0].cost) if may_be(left)), None)

    def besides(self, edit: Edit, near: Near, text: str) -> bool:
        """Whether an edit mends something that has nothing to do with a mistake in another text, and does not make that: it helps,
        or that mistake shows without it; it cuts out no code, gives back no other thing, and is about none of the names in the
        text."""
        helps = near > self.before or near.shown
        return helps and bool(text) and not isinstance(edit.about, ast.Return) and self.is_apart(edit, text)

    def is_apart(self, edit: Edit, text: str) -> bool:
        """Whether an edit cuts out no code, and is about none of the names in a text."""
        return not self.cuts_out(edit) and names_in(ast.unparse(edit.about)).isdisjoint(names_in(text))

    def two(self, most: float = math.inf) -> tuple[Edit, ...] | None:
        """The two edits that do so together, of which the first helps by itself; after ``one``, which found none, with the time
        that it left, but in so many seconds at most."""
        self.clock.allow(1 - FOR_ONE, self.saved, most)
        helping = self.nearest()
        return self.pair(helping, helping[:MANY]) or self.pair(likely_ones(helping), likely_ones(self.edits))

    def two_apart(self, most: float = math.inf) -> tuple[Edit, ...] | None:
        """The two edits that do so together, of which each helps by itself; or the first answers all that the code failed at first,
        and the second is a likely one."""
        self.clock.allow(1 - FOR_ONE, self.saved, most)
        helping, answering = self.nearest(), {id(edit) for edit, near in self.tried if near >= ANSWERED}
        answering = [edit for edit in likely_ones(helping) if id(edit) in answering]
        return self.pair(helping, helping[:MANY]) or self.pair(answering, likely_ones(self.edits))

    def nearest(self) -> list[Edit]:
        """The edits that help, and of whose place one may speak, first the one that helps most."""
        return [edit for edit, _ in sorted(self.helping(), key=lambda each: (-each[1], each[0].cost)) if edit.sure]

    def helping(self) -> list[tuple[Edit, Near]]:
        """The edits that bring the tree nearer to what is right."""
        return [each for each in self.tried if each[1] > self.before]

    def alone(self, edit: Edit) -> Near | None:
        """How right the tree is with that edit alone, if it was tried."""
        return next((near for each, near in self.tried if each.changes == edit.changes), None)

    def without(self, mistake: str, edit: Edit, judged: Callable) -> bool:
        """Whether the tree with that one edit is not refused for that mistake."""
        self.clock.start()
        with suppress(Exception, SystemExit, Endless), self.clock.overtime():
            refusal = judged(self.candidates.made((edit,)))
            return refusal is None or refusal.finding.mistake != mistake
        return False

    def cuts_out(self, *edits: Edit) -> bool:
        """Whether some of the code is used no more with the edits: then they prove nothing of that code."""
        return not unused(edited(self.tree, edits)) <= self.idle

    def all(self, edits: list[Edit]) -> Iterator[tuple[Edit, float]]:
        """How far each edit gets, as long as there is time; those that ran long are given more of it at the end."""
        long = []
        for edit in edits:
            if self.clock.is_up(keep=FOR_LONG if long else 0):
                break
            how_far = self.progress((edit,))
            if self.clock.ran_long():
                long.append(edit)
            else:
                yield edit, how_far
        for most in (LONG, LONGEST):
            with self.clock.patience(most):
                for edit in list(long):
                    if self.clock.is_up():
                        return
                    how_far = self.progress((edit,))
                    if not self.clock.ran_long():
                        long.remove(edit)
                        yield edit, how_far

    def pair(self, helping: list[Edit], seconds: list[Edit]) -> tuple[Edit, ...] | None:
        """Two edits, the first of which helps by itself, and the second is one of these."""
        for first in helping[:FIRST_STEPS]:
            right = self.right_with(first, seconds)
            if right:
                second = likeliest(list(dict.fromkeys([*right, *self.right_with(first, self.edits)])))
                others = [edit for edit in helping if not clash(edit, second) and self.progress((edit, second)) >= 1]
                first = likeliest(others or [first])
                both = self.as_extra(first, (second,)), self.as_extra(second, (first,))
                return tuple(sorted(both, key=lambda edit: edit.line))
        return None

    def right_with(self, first: Edit, seconds: list[Edit]) -> list[Edit]:
        """The edits that set the tree right together with the first, and not alone, as far as there is time."""
        right = []
        for second in seconds:
            if self.clock.is_up():
                break
            if not second.sure or clash(first, second):
                continue
            if self.progress((first, second)) >= 1 and not self.cuts_out(first, second) and self.progress((second,)) < 1:
                right.append(second)
        return right

    def progress(self, edits: tuple[Edit, ...], proved: bool = True) -> Near:
        """How right the tree is with these edits; 0 if it cannot even be run.

        Args:
            proved: what passes is asked thoroughly.
        """
        self.clock.start()
        try:
            made = self.candidates.made(edits)
            near = self.passes(made)
            if near >= 1 and proved and self.proves:
                with self.clock.overtime():
                    near = self.proves(made)
            return near if isinstance(near, Near) else Near(near)
        except (Exception, SystemExit, Endless):
            return Near(0)


class Candidates:
    """What a tree defines under a name, with edits. Only the function or method that is changed is compiled anew."""

    def __init__(self, tree: ast.Module, name: str, surroundings: dict, clock: "Clock"):
        self.tree, self.name, self.surroundings, self.clock = tree, name, surroundings, clock
        self.compiler = _Compiler(tree)

    def made(self, edits: tuple[Edit, ...]) -> object:
        namespace = self.surroundings | {TICK: self.clock.tick, "range": _bounded_range}
        for own, node in zip(self.tree.body, edited(self.tree, edits).body, strict=True):
            self.compiler.run(own, node, namespace)
        return namespace[self.name]


class _Compiler:
    """Runs definitions; those of the learner's own tree are compiled once."""

    def __init__(self, tree: ast.Module):
        self.compiled = {id(node): _compiled(node) for node in tree.body}

    def run(self, own: ast.stmt, node: ast.stmt, namespace: dict):
        """Run a definition that stands in the place of one of the learner's own."""
        if node is own:
            exec(self.compiled[id(own)], namespace)
        elif not self.run_method(own, node, namespace):
            exec(_compiled(node), namespace)

    def run_method(self, own: ast.stmt, node: ast.stmt, namespace: dict) -> bool:
        """Put the one method that differs into the learner's own class, if that is all that differs."""
        both = own, node
        if not all(isinstance(each, ast.ClassDef) for each in both) or len(own.body) != len(node.body):
            return False
        if own.decorator_list is not node.decorator_list or own.bases is not node.bases or own.name != node.name:
            return False
        changed = [(old, new) for old, new in zip(own.body, node.body, strict=True) if old is not new]
        if len(changed) != 1 or not all(isinstance(each, FUNCTIONS) and each.name == changed[0][0].name for each in changed[0]):
            return False
        method, defined = changed[0][1], {}
        exec(_compiled(method), namespace, defined)
        if {"super", "__class__"} & set(_names_in(defined[method.name])):
            return False
        exec(self.compiled[id(own)], namespace)
        setattr(namespace[own.name], method.name, defined[method.name])
        return True


def _names_in(method: object) -> tuple[str, ...]:
    method = getattr(method, "__wrapped__", method)
    return method.__code__.co_names if isinstance(method, types.FunctionType) else ("super",)


def _compiled(node: ast.stmt) -> types.CodeType:
    return compile(ast.Module([_ticking(node)], []), "<candidate>", "exec")


def _ticking(node: ast.stmt) -> ast.stmt:
    """The statement with a call of the clock at the head of every loop and function in it."""
    changes = {}
    for field in ("body", "orelse", "finalbody", "handlers"):
        block = getattr(node, field, None)
        if isinstance(block, list) and block:
            ticking = list(map(_ticking, block))
            if any(map(operator.is_not, ticking, block)):
                changes[field] = ticking
    if isinstance(node, (ast.For, ast.While, *FUNCTIONS)):
        where = {key: getattr(node, key) for key in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
        tick = ast.Expr(ast.Call(ast.Name(TICK, ast.Load(), **where), [], [], **where), **where)
        changes["body"] = [tick, *changes.get("body", node.body)]
    return with_(node, **changes) if changes else node


def _bounded_range(*arguments: int) -> range:
    made = range(*arguments)
    if len(made) > LONGEST_RANGE:
        raise Endless
    return made


class Clock:
    """Ends a candidate that turns too often, and the search when its time is up."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.allow(1)
        self.stop, self.look = self.end, 0.0
        self.most, self.alone, self.turns = LONGEST, seconds / 4, 0
        self.for_proof = FOR_PROOF

    def allow(self, share: float, more: float = 0, most: float = math.inf):
        """From now on there is this share of the time, and so many seconds more, and never more than most."""
        self.allowed = min(share * self.seconds + more, most)
        self.end = time.thread_time() + self.allowed

    def left(self) -> float:
        return max(0.0, self.end - time.thread_time())

    def is_up(self, keep: float = 0) -> bool:
        """Is that time up, but for a share of it that is kept?"""
        return time.thread_time() > self.end - keep * self.allowed

    def start(self):
        now = time.thread_time()
        self.turns, self.stop = 0, min(self.end, now + self.alone)
        self.look = time.perf_counter() + self.stop - now

    def learn(self):
        """The learner's own code was run: if it ended by itself, others need not turn ten times as often at first."""
        self.most, self.alone = SHORT if self.ran_long() else max(SHORT, 10 * self.turns), self.seconds / 20

    def ran_long(self) -> bool:
        return self.turns > self.most

    @contextmanager
    def patience(self, most: int):
        """Within the block candidates may turn so often."""
        before = self.most, self.alone
        self.most, self.alone = max(self.most, most), self.seconds / 4
        yield
        self.most, self.alone = before

    @contextmanager
    def overtime(self):
        """Within the block a candidate may take as long as is left for proofs; the search is as much longer."""
        before, self.most, self.turns, self.look = self.most, LONGEST, 0, 0.0
        began = time.thread_time()
        self.stop = began + self.for_proof
        try:
            yield
        finally:
            self.most, used = before, time.thread_time() - began
            self.for_proof, self.end = self.for_proof - used, self.end + used

    def tick(self):
        self.turns += 1
        if self.turns > self.most or time.perf_counter() > self.look and self.is_late():
            self.turns = max(self.turns, self.most + 1)
            raise Endless

    def is_late(self) -> bool:
        """Whether the time of the processor is up. To ask for that takes longer than to ask what time it is, and before so much
        time has gone by as is left it cannot be up."""
        left = self.stop - time.thread_time()
        self.look = time.perf_counter() + left
        return left < 0


def names_in(text: str) -> set[str]:
    """The names in a text, a module's and its class's as one: self.dropout, nn.Dropout."""
    return {word.lower() for word in re.findall(r"[A-Za-z_]\w*", text)} - COMMON


def unused(tree: ast.Module) -> set[str]:
    """The variables and attributes that get a value, and whose value is used nowhere."""
    named = [(node.id if isinstance(node, ast.Name) else f".{node.attr}", type(node.ctx)) for node in ast.walk(tree)
             if isinstance(node, (ast.Name, ast.Attribute))]
    stored, read = ({name for name, context in named if context is kind} for kind in (ast.Store, ast.Load))
    return stored - read - {"_"}


def likely_ones(edits: list[Edit]) -> list[Edit]:
    return [edit for edit in edits if edit.cost < DOUBTFUL]


def plainest(best: Edit, right: list[Edit]) -> Edit:
    """Of the edits on its line that set the code right as well, the one that says best what is the matter: if the line can be left
    out, it is the line that is too much, and not only what it does; unless one thing in it, put in another's place, will do. Of a
    line that should never happen it is not the condition."""
    whole = next((edit for edit in right if edit.line == best.line and edit.rule == WITHOUT_LINE), None)
    if not whole or best.kind == "gradient":
        return best
    if isinstance(whole.about, ast.If) and not whole.about.orelse and is_setting(whole.about.body[0]):
        return whole
    swaps = [edit for edit in right if edit.line == best.line and " → " in edit.rule and edit.cost <= whole.cost + SAME_COST
             and not edit.rule.endswith(" =")]     # where the line's value goes to another variable, nothing takes it
    return min(swaps, key=lambda edit: edit.cost, default=whole)


def of_most_shared_kind(best: Edit, likely: list[Edit]) -> Edit:
    """Of the edits of its line that are as likely, one of the kind that most of them share."""
    equal = [edit for edit in likely if edit.line == best.line and edit.cost <= best.cost and edit.sure >= best.sure]
    counts = Counter(edit.kind for edit in equal)
    return max(equal, key=lambda edit: (counts[edit.kind], edit is best))


def later_copy(best: Edit, likely: list[Edit]) -> Edit:
    """Where two lines set different variables to the same, and either may be changed: the later, which is the copy."""
    twins = [edit for edit in likely if edit.rule == best.rule and is_copy(edit.about, best.about)]
    return max(twins, key=lambda edit: edit.line, default=best)


def innermost(best: Edit, right: list[Edit]) -> Edit:
    """If a block can be left out: the one line in it that can be, if there is one."""
    place = best.changes[0][0]
    inside = [edit for edit in right if edit.rule == best.rule == WITHOUT_LINE and edit.changes[0][0][: len(place)] == place]
    return of_one_line(max(inside, key=lambda edit: len(edit.changes[0][0]), default=best))


def of_one_line(edit: Edit) -> Edit:
    """If a condition can be left out under which one thing is set, and nothing else: that line, whether it was tried or not."""
    here = edit.about
    if edit.rule != WITHOUT_LINE or not isinstance(here, ast.If) or here.orelse:
        return edit
    line, *more = here.body
    if more or not is_setting(line):
        return edit
    says, further = (words["extra"].format(code(line)) for words in (SAYS, FURTHER))
    return replace(edit, line=line.lineno, kind="extra", says=says, further=further, about=line)


def is_setting(line: ast.stmt) -> bool:
    return isinstance(line, (ast.Assign, ast.AugAssign))


def is_copy(one: ast.AST, other: ast.AST) -> bool:
    both = isinstance(one, ast.Assign) and isinstance(other, ast.Assign)
    return both and ast.dump(one.value) == ast.dump(other.value)


def likeliest(right: list[Edit]) -> Edit:
    """Of edits that each set the code right, the one to speak of. It is sure if all that are as likely touch its line."""
    cheapest = min(edit.cost for edit in right)
    likely = [edit for edit in right if edit.cost <= cheapest + SAME_COST]
    votes = {line: sum(line in edit.lines for edit in likely) for edit in likely for line in edit.lines}
    best = min(likely, key=lambda edit: (edit.cost - 0.1 * votes[edit.line] + (not edit.sure), len(edit.lines)))
    best = later_copy(of_most_shared_kind(best, likely), likely)
    best = innermost(plainest(best, right), right)
    agreed = all(best.line in edit.lines for edit in right)
    return replace(best, lines=tuple(sorted({line for edit in likely for line in edit.lines})), sure=best.sure and agreed)
