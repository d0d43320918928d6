"""How the outputs of the notebooks are compared with those that are committed, and how many of them are.

    python tools/comparing.py          counts them; make does the same with `make compared`

nbval compares each output as it is. Where processors differ, the numbers of a cell may differ by so much as its metadata say,

    "tolerance": {"absolute": 2, "relative": 0.05}

while the words around them must be the same. What cannot be compared at all bears the tag nbval-ignore-output.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.notebook_rules import code_cells, notebooks, tags  # noqa: E402

# A number by itself, such as 1,000 and −0.25 and 4e-07; not the 2 of "##2" or "q2", and in "1790-2021" the - is no minus.
NUMBER = re.compile(r"(?<![\w.#])[-−+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?(?!\w|\.\d)")
TOLERANCE, IGNORED = "tolerance", "nbval-ignore-output"


def forgiven(given: str, expected: str, absolute: float = 0.0, relative: float = 0.0) -> str:
    """The expected text if the given one has the same words, and each of its numbers is near enough; else the given one.

    A number is near enough if it is off by `absolute` + `relative` · |expected| at most. How many spaces there are does not matter.
    """
    if words(given) != words(expected):
        return given
    pairs = zip(numbers(given), numbers(expected), strict=True)
    return expected if all(abs(one - other) <= absolute + relative * abs(other) for one, other in pairs) else given


def words(text: str) -> list[str]:
    """All that is no number."""
    return NUMBER.sub(" # ", text).split()


def numbers(text: str) -> list[float]:
    return [float(number.replace(",", "").replace("−", "-")) for number in NUMBER.findall(text)]


def with_forgiven(given: list[dict], expected: list[dict], sanitize, tolerance: dict[str, float]) -> list[dict]:
    """The outputs of a run, but each text that is near enough to the committed one replaced by that.

    Args:
        given, expected: outputs as in a notebook.
        sanitize: takes out of a text what is not to be compared, such as times.
        tolerance: as `forgiven` takes it.
    """
    if len(given) != len(expected):
        return given
    return [near(one, other, lambda a, b: forgiven(sanitize(a), sanitize(b), **tolerance))
            for one, other in zip(given, expected, strict=True)]


def near(given: dict, expected: dict, forgive) -> dict:
    """One output, its texts looked at."""
    made = dict(given)
    for place in ("text", "evalue"):
        if isinstance(given.get(place), str) and isinstance(expected.get(place), str):
            made[place] = forgive(given[place], expected[place])
    if "data" in given and "data" in expected:
        made["data"] = {kind: forgive(value, expected["data"][kind])
                        if isinstance(value, str) and isinstance(expected["data"].get(kind), str) else value
                        for kind, value in given["data"].items()}
    return type(given)(made)


# ---------------------------------------------------------------- how many are compared


def counted(notebook: dict) -> dict[str, list[str]]:
    """The ids of the cells with outputs, by how these are compared: "exactly", "within a tolerance", "not at all"."""
    found = {"exactly": [], "within a tolerance": [], "not at all": []}
    for cell in code_cells(notebook):
        if cell["outputs"]:
            how = "not at all" if IGNORED in tags(cell) else \
                "within a tolerance" if cell["metadata"].get(TOLERANCE) else "exactly"
            found[how].append(cell["id"])
    return found


def main():
    rows = {path.name: counted(json.loads(path.read_text(encoding="utf-8"))) for path in notebooks()}
    print(f"{'notebook':<32} {'exactly':>10} {'within a tolerance':>20} {'not at all':>12}")
    for name, found in rows.items():
        exactly, within, ignored = (len(ids) for ids in found.values())
        print(f"{name:<32} {exactly:>10} {within:>20} {ignored:>12}   {' '.join(found['not at all'])}")
    totals = [sum(len(found[how]) for found in rows.values()) for how in ("exactly", "within a tolerance", "not at all")]
    print(f"\n{sum(totals[:2])} of {sum(totals)} cells with output are compared, {totals[0]} of them exactly.")


if __name__ == "__main__":
    main()
