"""How committed outputs are compared: the words exactly, the numbers as the cell's metadata say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some
from nbformat import from_dict

from tools.comparing import IGNORED, NUMBER, ROOT, TOLERANCE, counted, forgiven, numbers, with_forgiven, words
from tools.notebook_rules import code_cells, notebooks, tags, text_of

CELLS = [(path.stem, cell) for path in notebooks() for cell in code_cells(json.loads(path.read_text(encoding="utf-8")))
         if cell["outputs"]]


@pytest.mark.parametrize("text, expected", [
    ("99.6% of 1,000 numbers", [99.6, 1000]),
    ("slope: gem (-0.25), film (+0.31), − and −2", [-0.25, 0.31, -2]),
    ("from 5.3 to 4e-07 in 400 steps.", [5.3, 4e-7, 400]),
    ("1790-2021", [1790, 2021]),
    ("##2 q2 U2 2nd 1.5nats nan −∞", []),
    ("[1.0, -2.0]\n 3", [1, -2, 3]),
])
def test_what_is_a_number(text, expected):
    assert numbers(text) == expected


@pytest.mark.parametrize("given, absolute, relative, near", [
    ("about 41.0% of 500", 0, 0, False),
    ("about 40% of 500", 0, 0, True),
    ("about 41.5% of 500", 1, 0, False),
    ("about 41.0%  of   500", 1, 0, True),     # a number with more digits moves what stands beside it
    ("about 44.0% of 550", 0, 0.1, True),
    ("about 44.1% of 500", 0, 0.1, False),
    ("about -40.0% of 500", 1, 0.1, False),
    ("some 40.0% of 500", 100, 1, False),
    ("about 40.0 of 500", 100, 1, False),
    ("about 40.0% of 500 and 3", 100, 1, False),
    ("about 40.0% of nan", 100, 1, False),
])
def test_a_text_is_near_if_its_words_are_the_same_and_its_numbers_are_near(given, absolute, relative, near):
    expected = "about 40.0% of 500"
    assert forgiven(given, expected, absolute, relative) == (expected if near else given)


@given(some.text(), some.text(), some.floats(0, 10), some.floats(0, 1))
def test_any_two_texts_are_compared(one, other, absolute, relative):
    assert forgiven(one, one, absolute, relative) == one
    assert forgiven(one, other, absolute, relative) in (one, other)
    if forgiven(one, other, absolute, relative) != one:
        assert words(one) == words(other)


def test_the_outputs_of_a_cell_are_looked_at_one_by_one():
    def outputs(loss, share):
        return [from_dict({"output_type": "stream", "name": "stdout", "text": f"loss {loss} in 12 s\n"}),
                from_dict({"output_type": "display_data", "metadata": {},
                           "data": {"text/plain": f"{share}% right", "image/png": "iVBOR"}})]

    committed, tolerance = outputs(3.2, 50), {"absolute": 0.5, "relative": 0.01}
    assert with_forgiven(outputs(3.6, 51), committed, str, tolerance) == committed
    assert with_forgiven(outputs(3.8, 51), committed, str, tolerance) == [outputs(3.8, 51)[0], committed[1]]
    assert with_forgiven(outputs(3.2, 50)[:1], committed, str, tolerance) == outputs(3.2, 50)[:1]


@pytest.mark.parametrize("name, cell", CELLS, ids=[f"{name}-{cell['id']}" for name, cell in CELLS])
def test_a_number_that_is_changed_in_what_is_committed_is_noticed(name, cell):
    """Of every number of every output that is compared: one that is off by more than its cell allows is another number."""
    if IGNORED in tags(cell):
        return
    tolerance = {"absolute": 0.0, "relative": 0.0, **cell["metadata"].get(TOLERANCE, {})}
    assert tolerance.keys() == {"absolute", "relative"}
    assert tolerance["relative"] <= 0.5
    for text in texts_of(cell):
        for found in NUMBER.finditer(text):
            value = numbers(found[0])[0]
            wrong = value + 1.001 * (tolerance["absolute"] + tolerance["relative"] * abs(value)) + 0.001 * abs(value) + 1e-12
            changed = f"{text[:found.start()]} {wrong:.15f} {text[found.end():]}"
            assert forgiven(changed, text, **tolerance) == changed


def texts_of(cell: dict) -> list[str]:
    plain = [output["text"] for output in cell["outputs"] if "text" in output]
    plain += [output["data"]["text/plain"] for output in cell["outputs"] if "text/plain" in output.get("data", {})]
    return [text_of(text) for text in plain]


def test_nearly_all_outputs_are_compared_and_the_readme_says_how_many():
    """What is not compared are words that hang on a model trained just then, or (six cells of 13) on the processor."""
    found = [counted(json.loads(path.read_text(encoding="utf-8"))) for path in notebooks()]
    ignored = [cell for each in found for cell in each["not at all"]]
    total = sum(len(ids) for each in found for ids in each.values())
    assert len(ignored) <= 14, ignored
    assert f"{total - len(ignored)} of {total}," in (ROOT / "README.md").read_text(encoding="utf-8")
