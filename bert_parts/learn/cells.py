"""In a notebook: the cell that a part comes from, what became of later tries at it, and that every answer is shown."""

import ast
import linecache
import re
import sys
from dataclasses import dataclass

from bert_parts.learn.page import Note, Result
from bert_parts.learn.source import definition_in


@dataclass(eq=False)
class Cell:
    """A cell that was run.

    Attributes:
        place: the notebook's own name for it, the same each time it is run; None if the notebook does not tell.
        text: what was run.
        number: the one in brackets beside it; None while it runs.
        error: what stopped it, in words.
        reached: the line that stopped it, where it is known; those below did not run.
    """

    place: str | None
    text: str
    number: int | None = None
    error: str | None = None
    reached: int | None = None

    def writes(self, name: str) -> bool:
        """Does it define that name at its top level, or would it, if it could be read?"""
        if self.error and re.search(rf"^(def|class)\s+{name}\b", self.text, re.MULTILINE):
            return True
        return self.definition(name) is not None

    def definition(self, name: str) -> str | None:
        return definition_in(self.text, name) if name in self.text else None


ran: list[Cell] = []     # in this kernel, the running one last


def watch():
    """Note the cells that were run and those that will be. Outside IPython there are none."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell:
        ran.extend(Cell(None, text, number) for number, text in enumerate(shell.user_ns.get("_ih", ())) if text)
        shell.events.register("pre_run_cell", begins)
        shell.events.register("post_run_cell", ended)
        shell.ast_transformers.append(ShowingAnswers())


def begins(info):
    ran.append(Cell(info.cell_id, getattr(info, "transformed_cell", None) or info.raw_cell))


def ended(result):
    if ran and result:
        ran[-1].number = result.execution_count
        if not result.success:
            ran[-1].error = in_words(result.error_before_exec or result.error_in_exec)
            ran[-1].reached = line_reached(result.error_before_exec or result.error_in_exec, ran[-1].text)


class ShowingAnswers(ast.NodeTransformer):
    """IPython shows what the last line of a cell gives. So that `hint(part)` above `check(part)` is seen too, each call that
    stands for itself on another line is given to ``shown``.
    """

    def visit_Module(self, module: ast.Module) -> ast.Module:
        for statement in module.body[:-1]:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                call = ast.parse(f"__import__({__name__!r}, fromlist=['shown']).shown()", mode="eval").body
                call.args.append(statement.value)
                statement.value = ast.fix_missing_locations(ast.copy_location(call, statement.value))
        return module


def shown(answer):
    if isinstance(answer, (Note, Result)):
        from IPython.display import display

        display(answer)


def in_words(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__} in line {error.lineno} ({error.msg})"
    return type(error).__name__ + (f" ({error})" if str(error) else "")


def line_reached(error: BaseException, text: str) -> int | None:
    """The line of a cell on which it stopped."""
    trace = error.__traceback__
    while trace:
        if "".join(linecache.getlines(trace.tb_frame.f_code.co_filename)).strip() == text.strip():
            return trace.tb_lineno
        trace = trace.tb_next
    return None


def origin(name: str, source: str | None) -> str:
    """Where the version of a part with that source comes from, in a sentence; "" if from the running cell, or unknown."""
    cell = cell_of(name, source)
    return f"Judged is `{name}` as it ran in cell [{cell.number}]." if cell and cell is not ran[-1] else ""


def later_try(name: str, source: str | None) -> str:
    """A warning if a cell that ran later was to replace that version and did not; else ""."""
    judged = cell_of(name, source)
    older = f"the version of cell [{judged.number}]" if judged else "an older version"
    for cell in reversed(ran[ran.index(judged) + 1 if judged else 0 : -1]):
        same_place = judged is not None and cell.place is not None and cell.place == judged.place
        if cell.error and (same_place or cell.writes(name)):
            return (f"Cell [{cell.number}], which was to write `{name}` anew, stopped with {cell.error}. So what is judged is "
                    f"{older}: mend the newer cell, run it, then check again.\n")
        if cell.writes(name):
            return ""
        if same_place:
            return (f"The cell of `{name}` was changed: when it ran as [{cell.number}], it did not write `{name}`. So what is "
                    f"judged is {older}.\n")
    return ""


def cell_of(name: str, source: str | None) -> Cell | None:
    """The last cell that defines the name with just that source."""
    return next((cell for cell in reversed(ran) if source and cell.definition(name) == source), None)
