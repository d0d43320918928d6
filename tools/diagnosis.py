"""How well does the check tell mistakes that are in no list? Tried on the answers in tests/answers.

    python -m tools.diagnosis              a table, exercise by exercise
    python -m tools.diagnosis 01 02        some notebooks
    python -m tools.diagnosis --only NAME  one exercise
    python -m tools.diagnosis --folder F   the answers of another folder, such as tests/answers/unseen
    python -m tools.diagnosis --misses     and each answer that is not named, with what was said of it
    python -m tools.diagnosis --write      the figures of both folders into docs/diagnosis.md, between their marks
"""

import argparse
import os
import re
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from scipy.stats import binomtest
from tqdm import tqdm

from bert_parts.learn import check
from bert_parts.learn.page import Result
from tests.answers import FOLDER, KINDS, UNSEEN, Answer, answers
from tools.console import print_anything

REPORT = Path(__file__).resolve().parents[1] / "docs" / "diagnosis.md"
GENERAL = {"gradient cut off": "gradient", "gradient not a number": "gradient", "input changed in place": "state",
           "random in evaluation": "state"}
MARKED = {FOLDER: "figures of tests/answers", UNSEEN: "figures of tests/answers/unseen"}     # in REPORT; all else there is kept
COLUMNS = ("wrong", "accepted", "named", "located", "misnamed", "nothing", "doubles", "both")
OF_RIGHT_ONES = ("right", "refused", "not kept")


@dataclass(frozen=True)
class Verdict:
    """What became of one answer.

    Attributes:
        kind: of a wrong one "accepted", "named" (a true name or kind of mistake), "located" (the right line, no more),
            "misnamed" (something untrue) or "nothing"; of a right one "right", "refused" or "not kept".
        both: of a double, whether both mistakes were named.
        seconds: of the processor, that of the child process included.
    """

    answer: Answer
    result: Result
    kind: str
    both: bool
    seconds: float


def tried(answer: Answer) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BERT_PARTS_HOME"] = folder
        part, began = answer.define(), at_work()
        try:
            result = check(part)
        except Exception as error:     # it should never raise
            result = Result("raised", f"{type(error).__name__}: {error}")
        seconds = at_work() - began
    return Verdict(answer, result, verdict_on(answer, result), both_named(answer, result), seconds)


def at_work() -> float:
    """Seconds of the processor for this process and the children that it had."""
    return sum(os.times()[:4])


def verdict_on(answer: Answer, result: Result) -> str:
    if answer.right:
        return "refused" if result.status != "right" else "right" if "Kept" in result.message else "not kept"
    if result.status == "right":
        return "accepted"
    lines = answer.text.splitlines()
    pointed = lines[result.line - 1].strip() if result.line else None
    places, told = answer.at + answer.at2, names_in(result)
    listed = [name for name in told if name not in KINDS and name not in GENERAL]
    true = [is_true(name, answer) for name in told]
    if not all(is_true(name, answer) for name in listed) or len(told) == 2 and not answer.at2 and not all(true):
        return "misnamed"
    if any(true) and (listed or pointed in (None, *places)):
        return "named"
    if pointed in places:
        return "located"
    return "misnamed" if told else "nothing"


def names_in(result: Result) -> list[str]:
    """The names of mistakes in a result: listed ones, or kinds; a constructor's argument that is not kept as its kind."""
    told = result.mistake.split(" + ") if result.mistake else []
    return ["definition" if name.endswith(" not kept") else name for name in told]


def is_true(name: str, answer: Answer) -> bool:
    return any(each in answer.known + answer.kinds + answer.kinds2 for each in (name, GENERAL.get(name)))


def both_named(answer: Answer, result: Result) -> bool:
    told = set(names_in(result))
    return bool(answer.at2) and len(told) == 2 and all(is_true(name, answer) for name in told)


def summary(verdicts: list[Verdict]) -> str:
    """How many of the wrong ones are told how well, with intervals, and how long that took: Markdown."""
    wrong = [verdict for verdict in verdicts if not verdict.answer.right]
    doubles, seconds = [verdict for verdict in wrong if verdict.answer.at2], [verdict.seconds for verdict in wrong]
    counts = Counter(verdict.kind for verdict in wrong)
    shares = ", ".join(f"{kind} {share(counts[kind], len(wrong))}" for kind in ("named", "located", "misnamed", "nothing"))
    both = share(sum(verdict.both for verdict in doubles), len(doubles))
    half, most, almost_all = np.quantile(seconds, (0.5, 0.9, 0.99))
    return (f"Of {len(wrong)} wrong answers {shares}, accepted {counts['accepted'] or 'none'}; "
            f"of {len(doubles)} doubles both {both}, each with its 95 % interval.\n"
            f"Half of the answers took {half:.1f} seconds of the processor or less, one in ten more than {most:.1f}, "
            f"one in a hundred more than {almost_all:.1f}, the slowest {max(seconds):.1f}.\n")


def share(count: int, of: int) -> str:
    """A count, with its share and the 95 % interval of that (Wilson)."""
    low, high = binomtest(count, of).proportion_ci(method="wilson") if of else (0, 1)
    return f"{count} ({count / max(of, 1):.0%}, {low:.0%}–{high:.0%})".replace("%", " %")


def rewritten(report: str, mark: str, figures: str) -> str:
    """A report with new figures between the marks of that name, and all else as it was.

    Raises:
        ValueError: it has no such marks.
    """
    begin, end = f"<!-- {mark}: make diagnosis -->", f"<!-- end of the {mark} -->"
    if begin not in report or end not in report:
        raise ValueError(f"{REPORT.name} has no place for the {mark}: put {begin} and {end} where they belong.")
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n\n{figures}\n{end}", report, flags=re.DOTALL)


def table(verdicts: list[Verdict]) -> str:
    """Markdown: a row for each exercise, and their sums."""
    rows = defaultdict(Counter)
    for verdict in verdicts:
        for name in (verdict.answer.exercise, "all"):
            row = rows[name]
            row[verdict.kind] += 1
            row["wrong"] += not verdict.answer.right
            row["doubles"] += bool(verdict.answer.at2)
            row["both"] += verdict.both
    columns = COLUMNS + OF_RIGHT_ONES * any(verdict.answer.right for verdict in verdicts)
    lines = ["| exercise | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in (*dict.fromkeys(verdict.answer.exercise for verdict in verdicts), "all"):
        lines.append(f"| {name} | " + " | ".join(str(rows[name][column] or "") for column in columns) + " |")
    return "\n".join(lines) + "\n"


def main():
    print_anything()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", default=[""])
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--only", metavar="EXERCISE")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    if chosen.write:
        for folder, mark in MARKED.items():
            verdicts = all_tried(answers(right=False, folder=folder))
            report = rewritten(REPORT.read_text(encoding="utf-8"), mark, f"{summary(verdicts)}\n{table(verdicts)}")
            REPORT.write_text(report, encoding="utf-8")
        return
    found = [answer for notebook in chosen.notebooks for answer in answers(notebook, folder=chosen.folder)]
    verdicts = all_tried([answer for answer in found if chosen.only in (None, answer.exercise)])
    if chosen.misses:
        for verdict in verdicts:
            if verdict.kind not in ("named", "right"):
                print(f"── {verdict.kind}: {verdict.answer} (at {verdict.answer.at}, {verdict.answer.kinds})")
                print(f"   {verdict.result.mistake}, line {verdict.result.line}: {verdict.result.message}")
    slowest = max(verdicts, key=lambda verdict: verdict.seconds)
    print(table(verdicts), f"\nThe slowest answer took {slowest.seconds:.1f} s of the processor: {slowest.answer}", sep="")


def all_tried(found: list[Answer]) -> list[Verdict]:
    """Each in its turn, on as many processors as there are."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        return list(tqdm(pool.map(tried, found, chunksize=4), total=len(found), disable=None))


if __name__ == "__main__":
    main()
