"""Notebook 12's claims lab: verdicts follow from the committed numbers, and the numbers from the models."""

import json
import math
import re
import statistics

import pytest
import torch
from scipy.stats import t

from bert_parts.clinic.claims import reading
from bert_parts.clinic.claims.judging import (
    DRAWS,
    FALSE,
    HALF,
    T_OF_FIVE,
    TRUE,
    UNKNOWN,
    interval,
    judge,
    read_measured,
    told,
    verdict,
    write_measured,
)
from bert_parts.clinic.claims.listed import CLAIMS
from tools.claims import TABLE, table

MEASURED = read_measured()
ROUNDING = 0.03     # on another processor

pytestmark = pytest.mark.usefixtures("module_on_one_thread")


def test_all_are_measured():
    assert len(CLAIMS) == 11 and list(MEASURED) == list(CLAIMS)
    assert all(len(ours) == len(control) >= 5 for ours, control in MEASURED.values())
    assert all(len(MEASURED[name][0]) == 5 for name, claim in CLAIMS.items() if claim.each in ("seed", "split"))


def test_each_has_a_source():
    for claim in CLAIMS.values():
        assert claim.published and re.fullmatch(r"https://\S+", claim.source[1]) and claim.margin > 0


def test_the_table_follows_from_the_numbers():
    assert TABLE.read_text(encoding="utf-8") == table()


def test_the_notebook_has_each_with_its_source():
    text = (TABLE.parents[1] / "notebooks" / "12_bug_clinic.ipynb").read_text(encoding="utf-8")
    words = "".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    for claim in CLAIMS.values():
        assert f"| {claim.sentence} | {claim.published} | [{claim.source[0]}]({claim.source[1]}) |" in words


@pytest.mark.parametrize("name", CLAIMS)
def test_a_verdict_by_other_means(name):
    """Interval and rule once more: by the statistics module and a normal approximation, and in words."""
    claim, (ours, control) = CLAIMS[name], MEASURED[name]
    given = [one - other for one, other in zip(ours, control, strict=True)]
    found = judge(claim, ours, control)
    mean, error = statistics.fmean(given), statistics.stdev(given) / math.sqrt(len(given))
    half = error * (t(4).ppf(0.975) if len(given) == 5 else 1.96)
    _, low, high = found.difference
    assert found.difference[0] == pytest.approx(mean) and abs(low - mean + half) + abs(high - mean - half) < 0.25 * half
    there, surely = low > 0, low >= claim.margin
    never = high < claim.margin and not there
    said = (FALSE if surely else TRUE if never else HALF if there else UNKNOWN) if claim.nothing else (
        TRUE if surely else FALSE if never else HALF if there else UNKNOWN)
    assert found.verdict == said


@pytest.mark.parametrize("low, high, found, of_nothing", [
    (0.2, 0.3, TRUE, FALSE), (0.1, 0.3, TRUE, FALSE), (0.05, 0.3, HALF, HALF), (0.01, 0.05, HALF, HALF),
    (-0.1, 0.05, FALSE, TRUE), (-0.3, -0.2, FALSE, TRUE), (-0.1, 0.1, UNKNOWN, UNKNOWN), (0.0, 0.2, UNKNOWN, UNKNOWN),
])
def test_the_rule(low, high, found, of_nothing):
    assert verdict(low, high, 0.1) == found and verdict(low, high, 0.1, nothing=True) == of_nothing


def test_an_interval_of_five_is_students():
    values = [1.0, 2.0, 4.0, 4.0, 9.0]
    mean, low, high = interval(values)
    assert pytest.approx(t(4).ppf(0.975), abs=1e-3) == T_OF_FIVE
    expected = t.interval(0.95, 4, loc=4.0, scale=statistics.stdev(values) / 5**0.5)
    assert (mean, low, high) == pytest.approx((4.0, *expected), abs=1e-3)


def test_an_interval_of_many_holds_the_mean_as_often_as_it_says():
    generator, held = torch.Generator().manual_seed(1), 0
    for _ in range(200):
        _, low, high = interval(torch.randn(80, generator=generator).tolist())
        held += low < 0 < high
    assert 172 <= held <= 198 and DRAWS >= 1000


def test_fewer_than_five_are_refused():
    with pytest.raises(ValueError, match="five or more"):
        interval([1.0, 2.0])


def test_what_is_written_is_read(tmp_path):
    written = {"a": ([0.1, 0.25], [1.0, -3.5]), "b": ([0.0], [2.0])}
    write_measured(written, tmp_path / "some.tsv")
    assert read_measured(tmp_path / "some.tsv") == written and read_measured(tmp_path / "none.tsv") == {}


def test_how_it_is_told():
    assert told(CLAIMS["cls"], (0.3, 0.28, 0.345), "+") == "+30.0 % (+28.0 to +34.5)"
    assert told(CLAIMS["cone"], (0.3, 0.28, 0.345)) == "0.30 (0.28 to 0.34)"


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.quick])
def test_what_is_quick_comes_out_again(name):
    again = CLAIMS[name].measure()
    for then, now in zip(MEASURED[name], again, strict=True):
        assert torch.allclose(torch.tensor(then), torch.tensor(now), atol=ROUNDING) or statistics.fmean(
            abs(one - other) for one, other in zip(then, now, strict=True)) < ROUNDING


# ── what the measures are made of ────────────────────────────────────────────────────────────────────────────────────


def test_neighbours_are_found():
    vectors = torch.eye(4)[:, :3] + 0.1
    assert reading.neighbours_found(vectors[:3], vectors[:3]) == [1.0, 1.0, 1.0]
    assert reading.neighbours_found(vectors[:3], vectors[[1, 0, 2]]) == [0.0, 0.0, 1.0]


def test_the_centre_of_a_gain():
    assert reading.centre([0.5, 0.5, 0.9, 0.9]) == pytest.approx(2)
    assert reading.centre([0.5, 0.6, 0.5, 0.7]) == pytest.approx((0.1 * 1 + 0.2 * 3) / 0.3)


def test_a_probe_finds_what_is_there_and_nothing_else():
    generator = torch.Generator().manual_seed(0)
    vectors, labels = torch.randn(800, 10, generator=generator), torch.rand(800, generator=generator) > 0.5
    assert reading.probed(vectors, labels, 0) < 0.58
    vectors[labels, 3] += 4
    assert reading.probed(vectors, labels, 0) > 0.9


def test_built_words_have_their_seam():
    found = dict(reading.built_words())
    assert len(found) > 2000 and found["quickly"] == 5
    assert all(0 < seam < len(word) for word, seam in found.items())
