"""Measure how fast the course's BERT is beside others, and how much memory each takes: writes docs/benchmarks.md.

    python -m benchmarks                        all cases
    python -m benchmarks --cases dense ragged   some of them, into build/benchmarks
    python -m benchmarks --quick                smaller ones, to see that all works, into build/benchmarks

It can be stopped at any time: what was measured until then is in build/benchmarks. `make bench` does the same in an environment
of its own.
"""

import argparse
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from benchmarks import machine, memory, report
from benchmarks.cases import CASES, measured
from benchmarks.texts import Setting
from benchmarks.timing import Row, in_a_line
from tools.console import print_anything

DOCS = machine.ROOT / "docs"
TRIES = machine.ROOT / "build" / "benchmarks"     # for what is not the whole report
ROWS = "rows.jsonl"


def main() -> int:
    print_anything()
    options = _options()
    os.environ.update(machine.environment(options.threads))
    facts = machine.facts(options.threads) | {"load before": machine.load()}
    whole = not options.quick and options.cases == list(CASES)
    told, rows, stopped = {}, [], False
    TRIES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, open(TRIES / ROWS, "w", encoding="utf-8") as file:
        try:
            for case, about, some in found(options.cases, Setting(options.threads, options.quick, Path(folder))):
                told[case] = CASES[case].title, about
                rows += some
                file.writelines(json.dumps(asdict(row)) + "\n" for row in some)
                file.flush()
                tqdm.write("\n\n".join(["", CASES[case].title, about, *report.tables(some)]))
        except KeyboardInterrupt:
            stopped = True
    if rows:
        place = DOCS if whole and not stopped else TRIES
        report.write(place, command(), facts, told, rows)
        print(f"Written: {place / report.PAGE}, {place / report.PICTURE}; every round is in {TRIES / ROWS}.")
    return 130 if stopped else 0


def _options() -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    made.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES), metavar="CASE",
                      help=f"some of {', '.join(CASES)} (default: all)")
    made.add_argument("--quick", action="store_true", help="smaller cases and few rounds, to see that all works")
    made.add_argument("--threads", type=int, default=machine.usable_cores(), help="for each contender (default: one for each core)")
    options = made.parse_args()
    if options.threads < 1:
        made.error(f"--threads is {options.threads}, where 1 or more are expected: give how many each contender may use")
    return options


def found(cases: list[str], setting: Setting) -> Iterator[tuple[str, str, list[Row]]]:
    """Case by case its name, what it is in words, and its rows."""
    for case in tqdm(cases, desc="cases", unit="case"):
        try:
            about, rows = in_child(measured, case, setting)
        except Exception as error:     # a text is missing; a library took the whole process down
            yield case, "", [Row(case, "all of them", left_out=in_a_line(error))]
            continue
        yield case, about, [with_memory(row, setting) for row in tqdm(rows, desc=f"{case}, memory", leave=False)]


def with_memory(row: Row, setting: Setting) -> Row:
    if row.left_out:
        return row
    try:
        held, added = in_child(memory.growth, row.case, setting, row.name)
    except BrokenProcessPool:
        return row     # its cells stay empty
    return replace(row, held=held, added=added)


def in_child(function: Callable, *arguments: object) -> object:
    """What the function gives, from a process of its own: no case has the threads or the memory of another."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def command() -> str:
    arguments = shlex.join(sys.argv[1:])
    return f'make bench ARGS="{arguments}"' if arguments else "make bench"


if __name__ == "__main__":
    sys.exit(main())
