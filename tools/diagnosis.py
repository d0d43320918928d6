"""How well does the check tell mistakes that are in no list? Tried on the answers in tests/answers.

    python -m tools.diagnosis              a table, exercise by exercise
    python -m tools.diagnosis 01 02        some notebooks
    python -m tools.diagnosis --only NAME  one exercise
    python -m tools.diagnosis --folder F   the answers of another folder, such as tests/answers/unseen
    python -m tools.diagnosis --misses     and each answer that is not named, with what was said of it
    python -m tools.diagnosis --write      the tables of both folders into docs/diagnosis.md
"""

import argparse
import os
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch
from tqdm import tqdm

from bert_parts.learn import check
from bert_parts.learn.page import Result
from tests.answers import FOLDER, KINDS, UNSEEN, Answer, answers

REPORT = Path(__file__).resolve().parents[1] / "docs" / "diagnosis.md"
GENERAL = {"gradient cut off": "gradient", "gradient not a number": "gradient", "input changed in place": "state",
           "random in evaluation": "state"}
COLUMNS = ("wrong", "accepted", "named", "located", "misnamed", "nothing", "doubles", "both", "right", "refused", "not kept")


@dataclass(frozen=True)
class Verdict:
    """What became of one answer.

    Attributes:
        kind: of a wrong one "accepted", "named" (a true name or kind of mistake), "located" (the right line, no more),
            "misnamed" (something untrue) or "nothing"; of a right one "right", "refused" or "not kept".
        both: of a double, whether both mistakes were named.
    """

    answer: Answer
    result: Result
    kind: str
    both: bool
    seconds: float


def tried(answer: Answer) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BERT_PARTS_HOME"] = folder
        part, began = answer.define(), time.monotonic()
        try:
            result = check(part)
        except Exception as error:     # it should never raise
            result = Result("raised", f"{type(error).__name__}: {error}")
        seconds = time.monotonic() - began
    return Verdict(answer, result, verdict_on(answer, result), both_named(answer, result), seconds)


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
    lines = ["| exercise | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name in (*dict.fromkeys(verdict.answer.exercise for verdict in verdicts), "all"):
        lines.append(f"| {name} | " + " | ".join(str(rows[name][column] or "") for column in COLUMNS) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", default=[""])
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--only", metavar="EXERCISE")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    if chosen.write:
        REPORT.write_text(HEAD + table(all_tried(answers())) + HEAD_OF_UNSEEN + table(all_tried(answers(folder=UNSEEN))),
                          encoding="utf-8")
        return
    found = [answer for notebook in chosen.notebooks for answer in answers(notebook, folder=chosen.folder)]
    verdicts = all_tried([answer for answer in found if chosen.only in (None, answer.exercise)])
    if chosen.misses:
        for verdict in verdicts:
            if verdict.kind not in ("named", "right"):
                print(f"── {verdict.kind}: {verdict.answer} (at {verdict.answer.at}, {verdict.answer.kinds})")
                print(f"   {verdict.result.mistake}, line {verdict.result.line}: {verdict.result.message}")
    slowest = max(verdicts, key=lambda verdict: verdict.seconds)
    print(table(verdicts), f"\nThe slowest answer took {slowest.seconds:.1f} s: {slowest.answer}", sep="")


def all_tried(found: list[Answer]) -> list[Verdict]:
    """Each in its turn, on as many processors as there are."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        return list(tqdm(pool.map(tried, found, chunksize=4), total=len(found), disable=None))


HEAD = """# What the check says of mistakes that are in no list

Made by `make diagnosis` from the answers in `tests/answers`, which were written by several hands. *Named*: a true name of
the mistake, or the kind of thing that is the matter; *located*: the right line and no more; *misnamed*: something that is not so,
or not the author's idea of it; *both*: of two mistakes at once, both named.

## Answers with which the diagnosis was bettered

They were written before it (those of the files `…_faults.py` after it). The lists and cases of all notebooks were bettered after a
look at these very answers, and the catalogue of edits was tried on them, so the figures say how well it does now, and not how well
it would do on new ones.

"""
HEAD_OF_UNSEEN = """
## Answers that it had not seen

Those of `tests/answers/unseen`, by three others, who had seen neither the lists nor the diagnosis: for each exercise four with one
mistake and one with two, of which the likeliest were to be left out. Readers, one for each answer, judged whether what the check
said is true of the code; the names that they found true were written beside the answers, and count as *named* below. So the
table is kinder to a state near that of the reading, in November 2026, than to any later one.

"""

if __name__ == "__main__":
    main()
