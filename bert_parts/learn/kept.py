"""Parts that passed are kept as source files, and take the package's place from then on."""

import functools
import hashlib
import io
import linecache
import math
import os
import sys
import types
from contextlib import redirect_stdout, suppress
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import bert_parts
from bert_parts.files import whole_file
from bert_parts.learn.apart import apart
from bert_parts.learn.bounded import in_time
from bert_parts.learn.exercise import Exercise
from bert_parts.learn.gathering import Gathering
from bert_parts.learn.inside import with_parts
from bert_parts.learn.judging import Trouble, judge, outcome_of
from bert_parts.learn.naming import exercise_of, name_of, unknown
from bert_parts.learn.progress_file import home, remember, set_aside
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.state import chance_kept, usual_settings

SEALED = "# right when checked: "
opening: list[str] = []     # what is being opened just now
useless: dict[Path, str] = {}     # files that could neither be used nor set aside, which was said: their text


def keep(exercise: Exercise, thing, text: str | None, why: str) -> str:
    """Save the text of a part that is right, or say why it was not saved: there is none, or it cannot be written."""
    if thing is exercise.reference:
        return "This is the course's own version, so there is nothing of yours to keep."
    try:
        remember(exercise.name)
        if text is None:
            return why
        write(exercise, text)
        return f"Kept: from now on the course uses your `{exercise.name}`."
    except OSError as error:
        why = "there is a file of that name" if os.path.isfile(home()) else error.strerror or error
        return (f"It is not kept, since the folder `{home()}` cannot be written ({why}): later notebooks use the "
                "course's own. To keep your parts, choose another folder: "
                "`import os; os.environ['BERT_PARTS_HOME'] = 'a folder that can be written'` in a cell does it for this "
                "notebook, and the variable `BERT_PARTS_HOME`, set before the course is opened, for all. Then check again.")


def by_itself(exercise: Exercise, thing) -> tuple[str | None, str]:
    """The text of a part with what it uses, if it is right by itself; else None, and why."""
    for latest in (False, True):     # where a name had several values
        gathered = Gathering(thing, exercise.name, course_names(), home(), latest)
        if not gathered.text:
            return None, ("It is not kept, since its source was not found. Found is what a cell of the notebook defines at its "
                          "left margin, without `%%` above it.")
        trouble = trouble_in(exercise, gathered.text, f"<{exercise.name}, by itself>")
        if not trouble:
            return gathered.text, ""
    missing = ", ".join(f"`{name}`" for name in gathered.missing)
    advice = (f"\nNo statement was found that gives {missing} a value: write one into the part's own cell, at the left margin, "
              "run it, and check again." if missing else "")
    return None, f"It is not kept, since by itself it is not right: {trouble}{advice}"


def trouble_in(exercise: Exercise, text: str, filename: str) -> str | None:
    """What is wrong with a part when nothing is at hand but its text and the course; None if nothing is."""
    with redirect_stdout(io.StringIO()):
        outcome = outcome_of(lambda: run_source(text, filename)[exercise.name], exercise.reference)
        if isinstance(outcome, Trouble):
            return ": ".join(filter(None, outcome.kind[:2]))
        if outcome is exercise.reference:
            return f"it does not define {exercise.name}"
        refusal = judge(exercise, outcome)
    return refusal.message if refusal else None


def already_kept(exercise: Exercise) -> str:
    """That an exercise, whose stub was run again, is solved, and where it is kept; "" if it is not."""
    path = path_of(exercise.name)
    if not os.path.isfile(path):
        return ""
    return (f"But you have solved this exercise before: your version is kept in `{path}`, and the course goes on using it "
            f"(`mine({exercise.name})` is it).")


def path_of(name: str) -> Path:
    return home() / f"{name}.py"


def write(exercise: Exercise, text: str):
    """The text under a first line by which it is known, later, to have been right as it stands."""
    with whole_file(path_of(exercise.name)) as path:
        path.write_text(f"{seal(text)}\n{text}", encoding="utf-8")


def seal(text: str) -> str:
    """A comment that holds for this text and this version of the course only."""
    return f"{SEALED}{hashlib.sha256(course() + text.encode()).hexdigest()[:16]}"


@functools.cache
def course() -> bytes:
    return b"".join(path.read_bytes() for path in sorted(Path(bert_parts.__file__).parent.glob("*.py")))


def my_parts() -> dict[str, object]:
    """The learner's kept parts by name. One that is of no use any more is set aside, and the course's is used instead."""
    if opening:     # one of them asks for them
        return {}
    opening.append("the kept parts")
    try:
        return opened_together()
    finally:
        opening.clear()


def opened_together() -> dict[str, object]:
    parts, namespaces = {}, []
    with chance_kept(), usual_settings():
        for exercise in EXERCISES.values():
            namespace = opened(exercise)
            if namespace:
                parts[exercise.name] = namespace[exercise.name]
                namespaces.append(namespace)
    for namespace in namespaces:
        namespace.update(parts)     # the learner's parts use one another
    return parts


def opened(exercise: Exercise) -> dict | None:
    """What the kept file of an exercise defines; None if there is no such file, or it is of no use."""
    path, text = path_of(exercise.name), ""
    if not os.path.isfile(path):
        return None
    try:
        text = path.read_text(encoding="utf-8")
        if useless.get(path) == text:
            return None
        return proved(exercise, text)
    except (Exception, SystemExit) as error:
        if useless.get(path) != text:
            set_aside(path, reason(error))
        if os.path.exists(path):
            useless[path] = text
        return None


def trouble_of(exercise: Exercise) -> str | None:
    """Why the kept file of an exercise is of no use; None if it is. The file stays where it is."""
    try:
        with chance_kept(), usual_settings():
            proved(exercise, path_of(exercise.name).read_text(encoding="utf-8"))
    except (Exception, SystemExit) as error:
        return reason(error)
    return None


def proved(exercise: Exercise, text: str) -> dict:
    """What a kept part defines, once it is known to be right."""
    prove(exercise, text)
    return run_source(text, str(path_of(exercise.name)))


class NotRight(Exception):
    """A kept part would not pass its check."""


def reason(error: BaseException) -> str:
    return str(error) if isinstance(error, NotRight) else f"{type(error).__name__}: {error}"


def prove(exercise: Exercise, text: str):
    """Raises NotRight if a kept part is not. If neither it nor the course has changed since its check, it still is."""
    first, _, rest = text.partition("\n")
    if first == seal(rest):
        return
    answers, how_it_ended = apart(lambda: map(trouble_in, [exercise], [text], [str(path_of(exercise.name))]))
    trouble = answers[0] if answers else how_it_ended
    if trouble:
        raise NotRight(f"it is not right any more: {trouble.splitlines()[0]}")
    with suppress(OSError):
        write(exercise, rest if first.startswith(SEALED) else text)


def mine(thing):
    """The learner's own version of a part if it has passed, the course's until then.

    Args:
        thing: the part or its name.

    Raises:
        ValueError: no exercise has that name.
    """
    exercise = exercise_of(thing)
    if exercise is None:
        raise ValueError(unknown(name_of(thing)))
    return my_parts().get(exercise.name, exercise.reference)


def my_model() -> tuple[nn.Module, bert_parts.BertTokenizer]:
    """The real pretrained BERT with the learner's kept parts in place of the course's, and its tokenizer."""
    model, tokenizer = bert_parts.load_pretrained()
    return with_parts(model, my_parts()), tokenizer


def run_source(text: str, filename: str) -> dict:
    """Run a kept source among the course's names, in silence. Tracebacks and ``inspect`` find its lines.

    Raises:
        TimeUp: it did not come to an end.
    """
    module = types.ModuleType(Path(filename).stem)
    namespace = vars(module)
    namespace.update(course_names() | {"__name__": module.__name__})
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module     # dataclasses look for the module that they are defined in
    try:
        with in_time(), redirect_stdout(io.StringIO()):
            exec(compile(text, filename, "exec"), namespace)
    finally:
        sys.modules.pop(module.__name__, None)
        if before:
            sys.modules[module.__name__] = before
    return namespace


def course_names() -> dict:
    """What a kept part may use without importing it: torch's usual names, and every public name of the parts."""
    names = {"math": math, "torch": torch, "nn": nn, "F": F, "Tensor": Tensor}
    for exercise in EXERCISES.values():
        names |= public_names(vars(sys.modules[exercise.reference.__module__]))
    return names | {name: getattr(bert_parts, name) for name in bert_parts.__all__}


def public_names(namespace: dict) -> dict:
    return {name: value for name, value in namespace.items() if not name.startswith("_")}
