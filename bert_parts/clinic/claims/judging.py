"""A claim, and the rule by which it is judged: from the numbers that were measured, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from scipy.stats import t

from bert_parts.files import whole_file

MEASURED = Path(__file__).parent / "measured.tsv"
TRUE, HALF, FALSE, UNKNOWN = "true", "half true", "false", "cannot be told here"
FEW, DRAWS = 30, 2000     # fewer values have Student's t; others are drawn again so often
DIGITS = 4     # after the point, in the file


@dataclass(frozen=True)
class Claim:
    """A sentence that is often read, and how it is measured.

    Attributes:
        name: what it is called here.
        sentence: as it is said.
        published, source: a figure or a finding with its setting; where it stands, and its address.
        ours, control: what is measured, and what that is held against.
        unit: of both; "%" are shown as percent.
        margin: the smallest difference, ours − control, that would make the sentence worth saying.
        each: what one number is of: a seed, a passage, a word.
        nothing: the sentence says that there is no difference.
        measure: () → a number of ours and one of the control for each seed, passage or word.
        quick: it takes two seconds or less.
    """

    name: str
    sentence: str
    published: str
    source: tuple[str, str]
    ours: str
    control: str
    unit: str
    margin: float
    each: str
    measure: Callable[[], tuple[list[float], list[float]]]
    nothing: bool = False
    quick: bool = False

    @property
    def worth(self) -> str:
        """The margin in words."""
        return f"{100 * self.margin:.0f} %" if self.unit == "%" else f"{self.margin} {self.unit}"


@dataclass(frozen=True)
class Finding:
    """What came out: (mean, low, high) of ours, of the control and of the difference between the two, and the verdict."""

    ours: tuple[float, float, float]
    control: tuple[float, float, float]
    difference: tuple[float, float, float]
    verdict: str


def interval(values: list[float]) -> tuple[float, float, float]:
    """The mean, and the ends of its 95 % interval: by Student's t if there are few values, else by drawing them again.

    Raises:
        ValueError: there are fewer than five.
    """
    if len(values) < 5:
        raise ValueError(f"There are {len(values)} values, where five or more are expected: measure more.")
    given = torch.tensor(values, dtype=torch.float64)
    mean = given.mean().item()
    if len(values) < FEW:
        half = t(len(values) - 1).ppf(0.975) * given.std().item() / len(values) ** 0.5
        return mean, mean - half, mean + half
    drawn = torch.randint(len(values), (DRAWS, len(values)), generator=torch.Generator().manual_seed(0))
    low, high = given[drawn].mean(dim=1).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return mean, low, high


def verdict(low: float, high: float, margin: float, nothing: bool = False) -> str:
    """What an interval of the difference says of a sentence.

    At the margin or above as a whole: what the sentence says is there. Above zero, but not surely as much as the margin: half
    true. Below the margin, and not surely above zero: it is not there. An interval with both zero and the margin in it says
    nothing. A sentence that says that there is nothing is judged the other way round.
    """
    if low >= margin:
        return FALSE if nothing else TRUE
    if low > 0:
        return HALF
    if high < margin:
        return TRUE if nothing else FALSE
    return UNKNOWN


def judge(claim: Claim, ours: list[float], control: list[float]) -> Finding:
    """The intervals, and the verdict; the difference is taken seed by seed, or text by text."""
    difference = interval([one - other for one, other in zip(ours, control, strict=True)])
    return Finding(interval(ours), interval(control), difference, verdict(*difference[1:], claim.margin, claim.nothing))


def rounded(values: list[float]) -> list[float]:
    return [round(value, DIGITS) for value in values]


def read_measured(path: Path = MEASURED) -> dict[str, tuple[list[float], list[float]]]:
    """What was measured, by the name of the claim: the numbers of ours, and of the control."""
    if not path.exists():
        return {}
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    found = (line.split("\t") for line in lines)
    return {name: tuple([float(value) for value in each.split(" ")] for each in both) for name, *both in found}


def write_measured(measured: dict[str, tuple[list[float], list[float]]], path: Path = MEASURED):
    lines = ["claim\tours\tcontrol"]
    for name, both in measured.items():
        lines.append("\t".join([name, *(" ".join(f"{value:.{DIGITS}f}" for value in each) for each in both)]))
    with whole_file(path) as whole:
        whole.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def told(claim: Claim, found: tuple[float, float, float], sign: str = "") -> str:
    """A mean with its interval, in the claim's unit: 31 % (28 to 34)."""
    scale, digits = (100, 1) if claim.unit == "%" else (1, 2)
    mean, low, high = (f"{scale * value:{sign}.{digits}f}" for value in found)
    return f"{mean}{' %' if claim.unit == '%' else ''} ({low} to {high})"
