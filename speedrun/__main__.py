"""Train the best masked language model from nothing in ten minutes on two cores. The rules are in speedrun/README.md.

    python -m speedrun try RECORD --seconds 120      train for less, judged on a part of the text that is put aside for choosing
    python -m speedrun verify RECORD                 train for the whole time with three seeds, judged on the held-out questions
    python -m speedrun table                         write the table of records anew

RECORD is the path of a Python file, or the number of one in speedrun/records. What was verified is in speedrun/logs; a run that
was stopped is made anew, and those before it are not.
"""

import argparse
import sys
from pathlib import Path

import torch

from benchmarks import machine
from bert_parts.datasets import addresses
from speedrun import table
from speedrun.clock import BUDGET, Clock
from speedrun.fence import Refused, check_source
from speedrun.runner import THREADS, load_record, scores_of
from speedrun.text import everything, for_trying
from speedrun.verify import Run, judged, verify


def main() -> int:
    options = _options()
    try:
        return options.do(options)
    except Refused as refused:
        print(f"Refused. {refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped: of a verification, the same command goes on with the seeds that are left.", file=sys.stderr)
        return 130


def _options() -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m speedrun", description=__doc__.splitlines()[0])
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    trying = commands.add_parser("try", help="train for less, judged on a part that is put aside")
    trying.add_argument("record", type=_record)
    trying.add_argument("--seconds", type=float, default=BUDGET / 10, help="of processor time (default: %(default)s)")
    trying.add_argument("--seed", type=int, default=0)
    trying.set_defaults(do=_try)
    verifying = commands.add_parser("verify", help="train for the whole time, judged on the held-out questions")
    verifying.add_argument("record", type=_record)
    verifying.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    verifying.set_defaults(do=_verify)
    commands.add_parser("table", help="write the table of records anew").set_defaults(do=_table)
    return made.parse_args()


def _record(given: str) -> Path:
    known = {path.stem[:2]: path for path in table.records()}
    path = known.get(given.zfill(2), Path(given))
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{given!r} is no file, and no number of a record; these are there: {', '.join(known)}")
    return path


def _source(record: Path) -> str:
    try:
        return record.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{record.name} is no text in UTF-8: {error.reason} at byte {error.start:,}.") from error


def _try(options: argparse.Namespace) -> int:
    torch.set_num_threads(THREADS)
    text, questions = for_trying(everything()[0])
    clock = Clock(options.seconds)
    model = load_record(options.record).train(text, clock, options.seed)
    spent = clock.share() * options.seconds
    _say(judged(options.seed, spent, scores_of(model, questions.ids, questions.asked), questions.answers))
    return 0


def _verify(options: argparse.Namespace) -> int:
    check_source(_source(options.record), addresses()[5::10])
    text, questions = everything()
    for seed in options.seeds:
        if seed in [run["seed"] for run in table.log_of(options.record)["runs"]]:
            print(f"seed {seed}: verified before")
            continue
        facts = machine.facts(THREADS) | {"load before": machine.load()}
        run = verify(options.record, seed, text, questions, BUDGET)
        _say(run)
        table.add(options.record, run, facts)
    return _table(options)


def _say(run: Run):
    print(f"seed {run.seed}: {'{:.3f} ± {:.3f}'.format(*table.with_interval(run.losses.double()))} nats, "
          f"{run.right.double().mean():.1%} of {len(run.right):,} right, {run.seconds:,.0f} seconds of processor time")


def _table(_: argparse.Namespace) -> int:
    table.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
