"""Notebook 12's claims lab: verdicts follow from the committed numbers, and the numbers from the models."""

import json
import math
import re
import statistics
from itertools import combinations

import pytest
import torch
from scipy.stats import t

from bert_parts.clinic.claims import letters, reading, tuning
from bert_parts.clinic.claims.judging import (
    DRAWS,
    FALSE,
    HALF,
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
from bert_parts.config import BertConfig
from bert_parts.datasets import split_passages
from tools.claims import TABLE, table

MEASURED = read_measured()
ROUNDING = 0.03     # on another processor

pytestmark = pytest.mark.usefixtures("module_on_one_thread")


def test_there_are_twenty_and_all_are_measured():
    assert len(CLAIMS) == 20 and list(MEASURED) == list(CLAIMS)
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
    half = error * (t(len(given) - 1).ppf(0.975) if len(given) < 30 else 1.96)
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
    assert told(CLAIMS["rate"], (0.3, 0.28, 0.345)) == "0.30 (0.28 to 0.34)"


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


@torch.no_grad()
def test_what_notebook_12_says_beside_the_table():
    """Figures that its last words name."""
    (filler, tokenizer), claim = reading.mask_filler(), CLAIMS["separator"]
    shares, even = reading.falls_on_separator(filler.bert, tokenizer)
    assert judge(claim, shares.mean(dim=1).tolist(), even).verdict == HALF
    assert 3.5 < shares.mean(dim=0).max() / statistics.fmean(even) < 4
    right, wrong = MEASURED["segments"]
    assert sum(other > one for one, other in zip(right, wrong, strict=True)) == sum(map(float.__ne__, right, wrong)) == 5
    assert len(MEASURED["morphemes"][0]) < 0.5 * len(reading.built_words())     # of which are cut at all
    noise = torch.rand(4000, 7, generator=torch.Generator().manual_seed(0)).tolist()
    middle = [reading.centre(shares) for shares in noise if shares != sorted(shares, reverse=True)]
    assert statistics.fmean(middle) == pytest.approx(3.5, abs=0.1)
    model = reading.untrained(0)
    before = reading.cosine_of_neighbours(model)
    model.bert.embeddings.token_type_embeddings.weight.zero_()     # which every token has, as a third of what is summed
    assert before > 0.3 and reading.cosine_of_neighbours(model) < 0.05


def test_the_letters():
    ids, capital = letters.stream("report")
    text = "".join(letters.LETTERS[number - letters.FIRST] for number in ids[:4000].tolist())
    assert set(text) <= set(letters.LETTERS) and len(ids) == len(capital) and 0.05 < capital.float().mean() < 0.3
    rows, marks = letters.rows_of("report")
    assert rows.shape == marks.shape and rows.size(1) == letters.LENGTH
    assert (rows[:, 0] == letters.CLS).all() and not marks[:, 0].any()


def test_pairs_follow_or_do_not():
    ids = torch.arange(letters.FIRST, letters.FIRST + 1000)
    rows, segments, labels = letters.pairs_of(ids, 64, torch.Generator().manual_seed(0))
    first_ends, second_begins = rows[:, letters.HALF], rows[:, letters.HALF + 2]
    assert rows.shape == segments.shape == (64, letters.LENGTH) and {0, 1} == set(labels.tolist())
    assert ((second_begins == first_ends + 1) == (labels == 0)).float().mean() > 0.98
    assert (rows[:, letters.HALF + 1] == letters.SEP).all() and (segments.sum(dim=1) == letters.HALF + 2).all()


@torch.no_grad()
def test_heads_begin_by_looking_at_a_neighbour():
    from bert_parts.visualize import record_attention

    for recipe in (letters.USUAL, letters.Recipe(heads=8), letters.Recipe(heads=2), letters.Recipe(layers=4, width=48)):
        model = letters.begun(recipe, 0).eval()
        rows = letters.rows_of("report")[0][:4]
        with record_attention(model) as maps:
            model.bert(rows, torch.ones_like(rows))
        looked = maps[0][:, :, 10:30].argmax(dim=-1) - torch.arange(10, 30)
        assert (looked.abs() <= 3).float().mean() > 0.8, recipe
        sides = [looked[:, head].flatten().mode().values.sign().item() for head in (0, 1)]
        assert sorted(sides) == [-1, 1], recipe


def test_recipes_that_are_compared_read_as_much():
    wide, deep = letters.Recipe(width=68), letters.Recipe(layers=4, width=48)
    counts = [sum(p.numel() for p in letters.begun(recipe, 0).bert.encoder.parameters()) for recipe in (wide, deep)]
    assert abs(counts[0] / counts[1] - 1) < 0.05
    assert letters.USUAL.batch * letters.USUAL.steps == 96 * 150


def test_what_is_reported_was_not_chosen_on_nor_learned_from():
    passages = {part: {passage.text for passage in split_passages()[held_out][chosen]}
                for part, (held_out, chosen) in letters.PARTS.items()}
    assert all(one.isdisjoint(other) for one, other in combinations(passages.values(), 2))
    assert all(len(letters.rows_of(part)[0]) >= count for part, count in letters.ROWS.items())
    sentences = [{example.text for example in part} for part in tuning.parts()]
    assert len(sentences) == len(tuning.SEEDS) + 2 and all(one.isdisjoint(other) for one, other in combinations(sentences, 2))
    assert not set(letters.SEEDS) & set(letters.CHOOSING) and not set(tuning.SEEDS) & set(tuning.CHOOSING)


def test_the_best_rate_is_chosen_on_what_is_not_reported(monkeypatch):
    asked = []

    def loss_of(recipe, seed, part="report"):
        asked.append((seed, part))
        return abs(recipe.rate - 6e-3) + 0.0001 * seed

    monkeypatch.setattr(letters, "loss_of", loss_of)
    assert letters.at_its_best.__wrapped__(letters.Recipe(width=12)).rate == 6e-3
    assert {part for _, part in asked} == {"choose"} and {seed for seed, _ in asked} == set(letters.CHOOSING)
    monkeypatch.setattr(tuning, "tuned", lambda seed, pretrained, rate: tuning.Tuned(rate, {}))
    monkeypatch.setattr(tuning, "right", lambda rate, examples: -abs(rate - 1e-4) if examples is tuning.parts()[5] else 1 / 0)
    assert tuning.best_rate.__wrapped__(True) == 1e-4


def test_a_small_model_learns():
    """A few steps of one recipe with all that any recipe has: nearer to the letters than by their frequencies."""
    recipe = letters.Recipe(layers=1, width=32, heads=2, batch=16, steps=60, pairs=True, follows=True)
    assert letters.loss_of(recipe, 0) < 3.1 < math.log(letters.SIZE)


def test_weights_that_are_put_back_are_taken_away_again(monkeypatch):
    model = tuning.BertForSequenceClassification(BertConfig(vocab_size=30522, hidden_size=12, num_hidden_layers=2,
                                                            num_attention_heads=2, intermediate_size=12), 2).eval()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    zeros = {name: torch.zeros_like(weight) for name, weight in before.items()}
    asked = tuning.parts()[0][:16]
    seen = {}
    monkeypatch.setattr(tuning, "right", lambda model, _: seen.update(
        {name: weight.clone() for name, weight in model.state_dict().items()}))
    tuning.put_back(tuning.Tuned(model, zeros), range(1), asked)
    first, second = ([name for name in before if name.startswith(f"bert.encoder.layer.{layer}.")] for layer in range(2))
    assert all((seen[name] == 0).all() for name in first) and all(torch.equal(seen[name], before[name]) for name in second)
    assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())
