"""Parts that passed are kept as source files, and take the package's place from then on."""

import linecache
import math
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import bert_parts
from bert_parts.files import whole_file
from bert_parts.learn.exercise import Exercise, Finding
from bert_parts.learn.inside import with_parts
from bert_parts.learn.progress_file import home, remember, set_aside
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.source import source_of, with_what_it_uses


def keep(exercise: Exercise, thing, judge: Callable[[Exercise, object], Finding | None]) -> str:
    """Save the source of a part that is right, if it is right by itself too, and say so."""
    if thing is exercise.reference:
        return "This is the course's own version, so there is nothing of yours to keep."
    remember(exercise.name)
    if source_of(thing) is None:
        return "It cannot be kept, since its source was not found: write it in a cell of the notebook."
    text = with_what_it_uses(thing, provided=set(course_names()))
    try:
        finding = judge(exercise, run_source(text, f"<{exercise.name}, by itself>")[exercise.name])
    except Exception as error:
        finding = Finding(f"{type(error).__name__}: {error}")
    if finding:
        return (f"It is not kept, since by itself it does not run: {finding.message}\n"
                "Put what it uses into the same cell and check again.")
    home().mkdir(parents=True, exist_ok=True)
    with whole_file(path_of(exercise.name)) as path:
        path.write_text(text, encoding="utf-8")
    return f"Kept: from now on the course uses your `{exercise.name}`."


def path_of(name: str) -> Path:
    return home() / f"{name}.py"


def my_parts() -> dict[str, object]:
    """The learner's kept parts by name. One that no longer runs is set aside, and the course's is used instead."""
    parts, namespaces = {}, []
    for name in EXERCISES:
        if path_of(name).is_file():
            try:
                namespace = run_source(path_of(name).read_text(encoding="utf-8"), str(path_of(name)))
                parts[name] = namespace[name]
                namespaces.append(namespace)
            except Exception as error:
                set_aside(path_of(name), error)
    for namespace in namespaces:
        namespace.update(parts)     # the learner's parts use one another
    return parts


def mine(thing):
    """The learner's own version of a part if it has passed, the course's until then.

    Args:
        thing: the part or its name.

    Raises:
        ValueError: no exercise has that name.
    """
    name = thing if isinstance(thing, str) else getattr(thing, "__name__", repr(thing))
    if name not in EXERCISES:
        raise ValueError(f"There is no exercise called {name!r}: the parts are {', '.join(EXERCISES)}.")
    return my_parts().get(name, EXERCISES[name].reference)


def my_model() -> tuple[nn.Module, bert_parts.BertTokenizer]:
    """The real pretrained BERT with the learner's kept parts in place of the course's, and its tokenizer."""
    model, tokenizer = bert_parts.load_pretrained()
    return with_parts(model, my_parts()), tokenizer


def run_source(text: str, filename: str) -> dict:
    """Run a kept source among the course's names. Tracebacks and ``inspect`` find its lines."""
    namespace = course_names() | {"__name__": Path(filename).stem}
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), namespace)
    return namespace


def course_names() -> dict:
    """What a kept part may use without importing it: torch's usual names, and every public name of the parts."""
    names = {"math": math, "torch": torch, "nn": nn, "F": F, "Tensor": Tensor}
    for exercise in EXERCISES.values():
        names |= public_names(vars(sys.modules[exercise.reference.__module__]))
    return names | {name: getattr(bert_parts, name) for name in bert_parts.__all__}


def public_names(namespace: dict) -> dict:
    return {name: value for name, value in namespace.items() if not name.startswith("_")}
