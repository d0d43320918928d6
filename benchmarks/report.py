"""The figures as a page: tables in Markdown, and the picture of chart.py beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.chart import draw, is_own
from benchmarks.timing import LEAST_COSINE, TOLERANCE, Row, ratios, spread

PAGE, PICTURE = "benchmarks.md", "benchmarks.png"
ABOUT = (
    "Within a case all contenders take turns in one process. First what they give is compared: float32 may differ by "
    f"{TOLERANCE:.0e} at most, and vectors of int8 and bfloat16 must have a cosine of {LEAST_COSINE} or more with the exact ones, "
    "on average. Then they are timed, round by round, in another order in each, after a round to warm up. A time is the median of "
    "the rounds, a ratio the median of the ratios within each round; in brackets are the quartiles. Memory is that of a process of "
    "its own for each contender: what it *holds* between two runs, Python and libraries included, and what a run *adds* at its "
    "peak."
)


def write(folder: Path, command: str, facts: Mapping[str, str], cases: Mapping[str, tuple[str, str]], rows: Sequence[Row]):
    """The page and its picture.

    Args:
        command: what makes them.
        cases: of each its title, and what it is in words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    alt = draw({name: title for name, (title, _) in cases.items()}, list(rows), folder / PICTURE)
    (folder / PAGE).write_text(page(command, facts, cases, rows, alt), encoding="utf-8")


def page(
    command: str, facts: Mapping[str, str], cases: Mapping[str, tuple[str, str]], rows: Sequence[Row], alt: str
) -> str:
    parts = ["# How fast the course's BERT is, beside others", f"`{command}` measures anew and writes this page.", ABOUT,
             f"![{alt}]({PICTURE})", "## The machine", machine(facts)]
    for name, (title, about) in cases.items():
        some = [row for row in rows if row.case == name]
        parts += [f"## {title}", about and f"{about}. {rounds_of(some)}", *tables(some)]
    return "\n\n".join(part for part in parts if part) + "\n"


def machine(facts: Mapping[str, str]) -> str:
    """A line for each fact; one of several lines is shown as it is."""
    short = [f"- {name}: {value}" for name, value in facts.items() if "\n" not in value]
    long = [f"\n\n<details><summary>{name}</summary>\n\n```\n{value}\n```\n\n</details>"
            for name, value in facts.items() if "\n" in value]
    return "\n".join(short) + "".join(long)


def rounds_of(rows: Sequence[Row]) -> str:
    counts = {len(row.seconds) for row in rows if row.seconds}
    return f"{max(counts)} rounds." if counts else ""


def tables(rows: Sequence[Row]) -> list[str]:
    """Of one case: what was measured, how the course stands to each of the others, and what was left out."""
    timed = [row for row in rows if row.seconds]
    left_out = "\n".join(f"- **Left out: {row.name}**, {row.left_out}" for row in rows if not row.seconds)
    return [measured(timed), against(timed), left_out] if timed else [left_out]


def measured(rows: Sequence[Row]) -> str:
    """A line for each contender."""
    head = f"| | ms | × as fast as {rows[0].name} | differs by | holds, MB | adds, MB |\n|---|---|---|---|---|---|"
    lines = []
    for row in rows:
        differs = f"cosine {row.cosine:.4f}" if row.cosine else f"{row.difference:.0e}" if row.difference else "0"
        cells = [row.name, with_quartiles([1000 * one for one in row.seconds]), shown(*ratios(rows[0].seconds, row.seconds)),
                 differs, megabytes(row.held), megabytes(row.added)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([head, *lines])


def against(rows: Sequence[Row]) -> str:
    """How many times as fast as each of the others the course is, in each of its ways."""
    own, others = [row for row in rows if is_own(row)], [row for row in rows if not is_own(row)]
    if not own or not others:
        return ""
    head = f"| how many times as fast as | {' | '.join(row.name for row in own)} |\n|---|{'---|' * len(own)}"
    lines = [f"| {other.name} | {' | '.join(shown(*ratios(other.seconds, row.seconds)) for row in own)} |" for other in others]
    return "\n".join([head, *lines])


def with_quartiles(values: Sequence[float]) -> str:
    return shown(*spread(values))


def shown(low: float, median: float, high: float) -> str:
    """Three digits or so of each."""
    digits = 0 if median >= 100 else 1 if median >= 10 else 2
    return f"{median:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def megabytes(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
