"""The text of a part by itself: the statements of the learner's program that it needs, in the order in which they ran."""

import ast
import builtins
import math
import types
from collections.abc import Iterator
from pathlib import Path

from bert_parts.learn import cells
from bert_parts.learn.slicing import Statement, statements_of
from bert_parts.learn.source import contents, file_of, functions_of, source_of, surroundings_of

Place = tuple[int, int]     # a cell's number in the order of the runs, a statement's in the cell


class Gathering:
    """What a part needs.

    Args:
        thing: the learner's function or class.
        name: the name that it is to be known by.
        provided: names that it will find where it is kept, with their objects. One that the learner's code knows as
            another object is gathered all the same.
        kept: the folder of the kept parts: those are found by one another.
        latest: of several values of a name, take the one that ran last; else the one from the part's own cell, if there is one,
            or the last before it.

    Attributes:
        text: the statements; "" if the part itself was not found.
        missing: names that it uses and that nothing was found for.
    """

    def __init__(self, thing, name: str, provided: dict, kept: Path, latest: bool):
        self.provided, self.kept, self.latest = provided, kept, latest
        self.surroundings, self.functions = surroundings_of(thing), functions_of(thing)
        text = file_of(self.functions[0]).strip() if self.functions else ""
        program = [(cell.text.strip(), cell.reached) for cell in cells.ran]
        if text not in (each for each, _ in program):
            program.append((text, None))
        self.own = max(number for number, (each, _) in enumerate(program) if each == text)
        self.program = dict(enumerate(program))
        self.places: set[Place] = set()
        self.beside: list[str] = []
        self.missing: list[str] = []
        self.wanted: set[tuple[str, Place | None]] = set()
        nested = self.start(thing, name)
        parts = sorted((self.at(place) for place in sorted(self.places)), key=lambda each: not each.future)
        self.text = "\n\n".join([*self.beside, *dict.fromkeys(each.text for each in parts), *nested]) if parts or nested else ""

    def statements(self, number: int) -> tuple[Statement, ...]:
        """Those of a cell that ran: of one that was stopped, those above the line that stopped it."""
        text, reached = self.program[number]
        return tuple(each for each in statements_of(text) if reached is None or each.lines[1] < reached)

    def at(self, place: Place) -> Statement:
        return self.statements(place[0])[place[1]]

    def start(self, thing, name: str) -> list[str]:
        """Take the part; gives its text if that is inside a function, where no statement at the top level binds it."""
        line = self.functions[0].__code__.co_firstlineno if self.functions else 0
        around = [(self.own, number) for number, each in enumerate(self.statements(self.own))
                  if each.lines[0] <= line <= each.lines[1]]
        if around and not hasattr(thing, "__wrapped__") and name in self.at(around[0]).binds:
            self.wanted.add((name, None))
            for place in (around[0], *self.changed_after(name, around[0])):
                self.take(place)
        elif self.surroundings.get(name) is thing:
            self.want(name)
        else:
            source = source_of(thing)
            for inner in statements_of(source or ""):
                for each in sorted(inner.now | inner.later):
                    self.want(each)
            return [source] if source else []
        return []

    def changed_after(self, name: str, place: Place) -> list[Place]:
        """Where something was put into it later: ``Part.forward = forward``."""
        return [later for later in self.backwards(name, None) if later > place and name in self.at(later).changes]

    def take(self, place: Place):
        """A statement, and whatever it reads."""
        if place in self.places:
            return
        self.places.add(place)
        self.places |= {(place[0], number) for number, each in enumerate(self.statements(place[0])) if each.future}
        for name in sorted(self.at(place).now):
            self.want(name, place)
        for name in sorted(self.at(place).later):
            self.want(name)

    def want(self, name: str, before: Place | None = None):
        """A name that is read: by the statement in that place as it runs, or (None) when the part is called."""
        if (name, before) in self.wanted or self.is_at_hand(name):
            return
        self.wanted.add((name, before))
        places = self.binders(name, before) if before else []
        if not places and (before is None or (name, None) not in self.wanted):
            self.wanted.add((name, None))
            places = self.binders(name, None)
            if not places:
                self.without_statement(name)
        for place in places:
            self.take(place)

    def is_at_hand(self, name: str) -> bool:
        """Will it be found where the part is kept: Python's own, the very object of the course's, or another kept part?"""
        if name.startswith("__") and name.endswith("__"):     # every module has its own
            return True
        if name not in self.surroundings:
            return hasattr(builtins, name) or not any(name in self.at(place).binds for place in self.backwards(name, None))
        value = self.surroundings[name]
        if name not in self.provided:
            return False
        if value is self.provided[name]:
            is_the_courses = str(getattr(value, "__module__", "")).startswith("bert_parts.")
            return is_the_courses or not self.is_imported(name)
        return any(function.__code__.co_filename == str(self.kept / f"{name}.py") for function in functions_of(value)[:1])

    def is_imported(self, name: str) -> bool:
        places = self.binders(name, None)
        return bool(places) and all(self.at(place).imports for place in places)

    def binders(self, name: str, before: Place | None) -> list[Place]:
        """The statements that made its value, back to the one that bound it for certain."""
        is_module = isinstance(self.surroundings.get(name), types.ModuleType)
        found, bound = [], False
        for place in self.backwards(name, before):
            statement = self.at(place)
            binds = name in statement.binds or statement.star and self.brings(statement.star, name)
            if binds or name in statement.changes and not is_module:
                found.append(place)
            bound = bound or binds
            if binds and statement.sure:
                break
        return found if bound else self.setters(name)

    def setters(self, name: str) -> list[Place]:
        """The statements that call a function of the learner's which binds the name by ``global``."""
        functions = {function for place in self.backwards(name, None) if name in self.at(place).sets
                     for function in self.at(place).binds}
        return [place for function in functions for place in self.backwards(function, None) if function in self.at(place).now]

    def backwards(self, name: str, before: Place | None) -> Iterator[Place]:
        """Places that may speak of a name, the latest first: those that ran before one; or all, in the order of ``latest``."""
        if before or self.latest:
            numbers = sorted(self.program, reverse=True)
        else:
            numbers = sorted(self.program, key=lambda number: (number == self.own, number < self.own, number), reverse=True)
        for number in numbers:
            text = self.program[number][0]
            if (name in text or "import *" in text) and (before is None or number <= before[0]):
                places = [(number, index) for index in range(len(self.statements(number)))]
                yield from reversed([place for place in places if before is None or place < before])

    def brings(self, module: str, name: str) -> bool:
        """Does ``from module import *`` bind that name, as it stands now?"""
        names = contents(module)
        return not name.startswith("_") and name in names and names[name] is self.surroundings.get(name)

    def without_statement(self, name: str):
        """A name that no statement binds: its value may say where it comes from."""
        if name not in self.surroundings:
            return
        value = self.surroundings[name]
        is_own = getattr(value, "__module__", None) == self.surroundings.get("__name__")
        text = file_of(functions_of(value)[0]) if is_own and functions_of(value) else ""
        if any(name in each.binds for each in statements_of(text)):
            self.program[min(self.program) - 1] = text, None     # as if it had run before all others
            for place in self.binders(name, None):
                self.take(place)
            return
        line = None if is_own else import_of(value, name) or constant(value, name)
        if line:
            self.beside.append(line)
        else:
            self.missing.append(name)


def import_of(value, name: str) -> str | None:
    """The line that imports that object under that name, if one does."""
    if isinstance(value, types.ModuleType):
        return f"import {value.__name__} as {name}\n"
    module, own = getattr(value, "__module__", None), getattr(value, "__name__", None)
    is_there = isinstance(module, str) and isinstance(own, str) and contents(module).get(own) is value
    return f"from {module} import {own} as {name}\n" if is_there else None


def constant(value, name: str) -> str | None:
    """A line that gives it to the name again, if the value is a number or a text, or made of such."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{name} = float({str(value)!r})\n"
    try:
        same = ast.literal_eval(repr(value)) == value
    except Exception:     # it cannot be written down, or says too much, or fails to say anything
        return None
    return f"{name} = {value!r}\n" if same is True else None
