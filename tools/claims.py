"""Measure what is said about BERT. Claim by claim; what has been measured is kept, so that a run can be stopped.

    python -m tools.claims                what is missing
    python -m tools.claims --again        everything anew (about an hour of one core)
    python -m tools.claims NAME …         these anew

The numbers go to bert_parts/clinic/claims/measured.tsv, the table that follows from them to docs/claims.md.
"""

import argparse
import time
from pathlib import Path

import torch

from bert_parts.clinic.claims.judging import judge, read_measured, rounded, told, write_measured
from bert_parts.clinic.claims.listed import CLAIMS
from bert_parts.files import whole_file
from tools.console import print_anything

TABLE = Path(__file__).resolve().parents[1] / "docs" / "claims.md"
HEAD = """# What is said about BERT, and what came out

Made by `python -m tools.claims` of the numbers in `bert_parts/clinic/claims/measured.tsv`; notebook 12 tells more. In brackets:
95 % intervals, by Student's t over five seeds or splits (they say how it would be with others, not with other texts or models)
or 18 kinds of things, else by drawing sentences, words or positions again. The verdict is a rule's: with the interval of the
difference at or above the margin a sentence is *true*, above zero only *half true*, below the margin *false*; with both zero
and the margin in it, it *cannot be told here*. A sentence that says that there is nothing is judged the other way round.
"""


def table() -> str:
    """The rows of docs/claims.md, of what has been measured."""
    measured = read_measured()
    lines = [HEAD, "| sentence | published | ours | control | difference | margin | verdict |", "|---|---|---|---|---|---|---|"]
    for name, claim in CLAIMS.items():
        if name in measured:
            found = judge(claim, *measured[name])
            link = f"[{claim.source[0]}]({claim.source[1]})"
            lines.append(f"| {claim.sentence} | {claim.published} ({link}) | {claim.ours}: {told(claim, found.ours)} | "
                         f"{claim.control}: {told(claim, found.control)} | {told(claim, found.difference, '+')} | "
                         f"{claim.worth} | **{found.verdict}** |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *CLAIMS], metavar="NAME")
    parser.add_argument("--again", action="store_true", help="measure everything anew")
    arguments = parser.parse_args()
    print_anything()
    torch.set_num_threads(1)
    measured = read_measured()
    missing = [name for name in CLAIMS if name not in measured]
    wanted = arguments.names or (list(CLAIMS) if arguments.again else missing)
    for number, name in enumerate(wanted, 1):
        began = time.process_time()
        found = tuple(rounded(each) for each in CLAIMS[name].measure())
        measured = read_measured() | {name: found}     # another run may have written meanwhile
        write_measured({each: measured[each] for each in CLAIMS if each in measured})
        found = judge(CLAIMS[name], *found)
        print(f"{number}/{len(wanted)} {name:14} {told(CLAIMS[name], found.difference, '+'):28} {found.verdict}"
              f"   ({time.process_time() - began:.0f} s)", flush=True)
    with whole_file(TABLE) as whole:
        whole.write_text(table(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
