"""The text of a part by itself: the statements of the learner's program that it needs, in the order in which they ran."""

import ast
import builtins
import math
import types
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
        self.surroundings = surroundings_of(thing)
        functions = functions_of(thing)
        text = file_of(functions[0]) if functions else ""
        program = [(cell.text.strip(), cell.reached) for cell in cells.ran]
        if text.strip() not in (each for each, _ in program):
            program.append((text.strip(), None))
        self.own = max(number for number, (each, _) in enumerate(program) if each == text.strip())
        self.cells = {number: statements_run(each, reached) for number, (each, reached) in enumerate(program)}
        self.places: set[Place] = set()
        self.beside: list[str] = []
        self.missing: list[str] = []
        self.wanted: set[tuple[str, Place | None]] = set()
        nested = self.start(thing, name, functions)
        parts = [self.at(place) for place in sorted(self.places)]
        parts = [each for each in parts if each.future] + [each for each in parts if not each.future]
        pieces = [*self.beside, *dict.fromkeys(each.text for each in parts), *nested]
        self.text = "\n\n".join(pieces) if parts or nested else ""

    def start(self, thing, name: str, functions: list) -> list[str]:
        """Take the part; gives its text if that is inside a function, where no statement at the top level binds it."""
        line = functions[0].__code__.co_firstlineno if functions else 0
        around = [(self.own, number) for number, each in enumerate(self.cells[self.own])
                  if each.lines[0] <= line <= each.lines[1]]
        if functions and not hasattr(thing, "__wrapped__") and around and name in self.at(around[0]).binds:
            self.wanted.add((name, None))
            self.take(around[0])
        elif self.surroundings.get(name) is thing:
            self.want(name)
        else:
            source = source_of(thing)
            for inner in statements_of(source or ""):
                for each in sorted(inner.now | inner.later):
                    self.want(each)
            return [source] if source else []
        return []

    def at(self, place: Place) -> Statement:
        return self.cells[place[0]][place[1]]

    def take(self, place: Place):
        """A statement, and whatever it reads."""
        if place in self.places:
            return
        self.places.add(place)
        statement = self.at(place)
        self.places |= {(place[0], number) for number, each in enumerate(self.cells[place[0]]) if each.future}
        for name in sorted(statement.now):
            self.want(name, place)
        for name in sorted(statement.later):
            self.want(name)

    def want(self, name: str, before: Place | None = None):
        """A name that is read: by the statement in that place as it runs, or (None) when the part is called."""
        if (name, before) in self.wanted or self.is_at_hand(name):
            return
        self.wanted.add((name, before))
        places = self.binders(name, before) or (self.binders(name, None) if before else [])
        for place in places:
            self.take(place)
        if not places and (name, None) not in self.wanted - {(name, before)}:
            self.wanted.add((name, None))
            self.without_statement(name)

    def is_at_hand(self, name: str) -> bool:
        """Will it be found where the part is kept: Python's own, the very object of the course's, or another kept part?"""
        if name not in self.surroundings:
            return hasattr(builtins, name) or not any(name in each.binds for cell in self.cells.values() for each in cell)
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
        for place in self.backwards(before):
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
        statements = [statement for statements in self.cells.values() for statement in statements]
        functions = {function for statement in statements if name in statement.sets for function in statement.binds}
        return [place for place in self.backwards(None) if self.at(place).now & functions]

    def backwards(self, before: Place | None) -> list[Place]:
        """Places, the latest first: those that ran before one; or those of the part's own cell, of those before it, of others."""
        every = [(cell, number) for cell, statements in self.cells.items() for number in range(len(statements))]
        if before:
            return sorted((place for place in every if place < before), reverse=True)
        if self.latest:
            return sorted(every, reverse=True)
        return sorted(every, key=lambda place: (place[0] == self.own, place[0] < self.own, place), reverse=True)

    def brings(self, module: str, name: str) -> bool:
        """Does ``from module import *`` bind that name, as it stands now?"""
        names = contents(module)
        return not name.startswith("_") and name in names and names[name] is self.surroundings.get(name)

    def without_statement(self, name: str):
        """A name that no statement binds: its value may say where it comes from."""
        if name not in self.surroundings:
            return
        value = self.surroundings[name]
        for function in functions_of(value)[:1]:
            if function.__globals__ is self.surroundings or function.__module__ == self.surroundings.get("__name__"):
                statements = statements_of(file_of(function))
                if any(name in each.binds for each in statements):
                    number = min(self.cells) - 1
                    self.cells[number] = statements
                    self.wanted.discard((name, None))
                    self.want(name)
                    return
        is_own = getattr(value, "__module__", None) == self.surroundings.get("__name__")
        line = None if is_own else import_of(value, name) or constant(value, name)
        if line:
            self.beside.append(line)
        else:
            self.missing.append(name)


def statements_run(text: str, reached: int | None) -> tuple[Statement, ...]:
    """The statements of a cell up to the line that stopped it."""
    return tuple(each for each in statements_of(text) if reached is None or each.lines[1] < reached)


def import_of(value, name: str) -> str | None:
    """The line that imports that object under that name, if one does."""
    if isinstance(value, types.ModuleType):
        return f"import {value.__name__} as {name}\n"
    module, own = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if isinstance(module, str) and isinstance(own, str) and contents(module).get(own) is value:
        return f"from {module} import {own} as {name}\n"
    return None


def constant(value, name: str) -> str | None:
    """A line that gives it to the name again, if the value is a number or a text, or made of such."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{name} = float({str(value)!r})\n"
    try:
        same = ast.literal_eval(repr(value)) == value
    except Exception:     # it cannot be written down, or says too much, or fails to say anything
        return None
    return f"{name} = {value!r}\n" if same is True else None
