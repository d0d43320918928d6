"""Which exercise is meant by a thing, or by a name that may be misspelt."""

import difflib

from bert_parts.learn.exercise import Exercise
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.source import surroundings_of


def exercise_of(thing) -> Exercise | None:
    """The exercise of that name, or of a function or class of that name, or bound to it (a lambda, say)."""
    name = name_of(thing)
    if name in EXERCISES:
        return EXERCISES[name]
    surroundings = surroundings_of(thing)
    return next((exercise for exercise in EXERCISES.values()
                 if exercise.name in surroundings and surroundings[exercise.name] is thing), None)


def name_of(thing) -> str:
    try:
        name = thing if isinstance(thing, str) else getattr(thing, "__name__", None)
        return name if isinstance(name, str) else repr(thing)
    except Exception:     # it cannot even say what it is
        return type(thing).__name__


def unknown(name: str) -> str:
    """That there is no such exercise, and which one was perhaps meant."""
    return f"There is no exercise called `{name[:60]}`{meant(name, EXERCISES)}"


def meant(name: str, names) -> str:
    """The end of a sentence on a name that there is not: the likeliest of those that there are."""
    lower = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    return f": did you mean `{lower[near[0]]}`?" if near else ". `progress()` lists them all."
