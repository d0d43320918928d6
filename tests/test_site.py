"""What the site does with the words of a page. How it looks, and where its links lead, is for `make test-site`."""

import json
import re
import textwrap

import pytest
from packaging.requirements import Requirement

from tools import site_text
from tools.notebook_rules import notebooks, source_of
from tools.site_docstrings import as_rst
from tools.site_text import (
    BEHIND,
    PARTS,
    ROOT,
    api_text,
    buttons,
    exercises,
    first_view,
    mentions,
    modules,
    notebook_text,
    page_text,
    pages,
    part,
    piece,
    repository,
    terms,
    time_needed,
    timetable,
    with_links,
)


def test_every_notebook_and_every_file_of_the_package_has_a_page():
    there = pages()
    notebooks = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {page for page in there.values() if page.endswith(".ipynb")} == {f"notebooks/{name}" for name in notebooks}
    assert there["docs/site/index.md"] == "index.md"
    assert there["bert_parts/attention.py"] == "api/attention.md"
    assert len(set(there.values())) == len(there)
    assert modules()[:2] == ["bert_parts/devices.py", "bert_parts/answering.py"]     # in the order of the README


@pytest.mark.parametrize("link, leads_to", [
    ("01_attention.ipynb", "01_attention.ipynb"),
    ("../bert_parts/attention.py", "../api/attention.md"),
    ("../data/README.md#articlestsvbz2", "../data/README.md#articlestsvbz2"),
    ("../LICENSE", "{address}/blob/{branch}/LICENSE"),
    ("../docs/benchmarks.png", "../docs/benchmarks.png"),     # a picture in a page
    ("../speedrun/logs", "{address}/tree/{branch}/speedrun/logs"),
    ("no_such_file.md", "no_such_file.md"),     # Sphinx complains of it
    ("https://arxiv.org/abs/1706.03762", "https://arxiv.org/abs/1706.03762"),
    ("#the-idea", "#the-idea"),
])
def test_a_link_leads_to_the_page_that_a_file_becomes_or_to_the_repository(link, leads_to):
    address, branch = repository()
    text = with_links(f"see [here]({link}).", "notebooks/00_start_here.ipynb", "notebooks/00_start_here.ipynb")
    assert text == f"see [here]({leads_to.format(address=address, branch=branch)})."


def test_a_piece_of_the_readme_stands_in_a_page_with_its_links_put_right(monkeypatch):
    monkeypatch.setattr(site_text, "piece", lambda name, start, end: f"{name} {start} {end} [a](bert_parts/attention.py)")
    text = page_text('A <!-- README.md from "## x" to "y" --> z, [b](../../notebooks/00_start_here.ipynb)', "docs/site/api.md")
    assert text == "A README.md ## x y [a](api/attention.md) z, [b](notebooks/00_start_here.ipynb)"


def test_all_pieces_are_where_pages_look_for_them():
    for path in (ROOT / "docs" / "site").rglob("*.md"):
        for name, start, end in site_text.PIECE.findall(path.read_text(encoding="utf-8")):
            assert piece(name, start, end).strip()


def test_a_notebook_says_under_its_title_where_it_can_be_run():
    cells = [{"cell_type": "markdown", "source": ["# 1\n", "[a](../bert_parts/model.py)"]},
             {"cell_type": "code", "source": "[1](2)"}]
    title, code = json.loads(notebook_text(json.dumps({"cells": cells}), "notebooks/01_attention.ipynb"))["cells"]
    assert title["source"] == "# 1\n[a](../api/model.md)\n\n" + buttons("notebooks/01_attention.ipynb")
    assert code["source"] == "[1](2)"
    name, branch = repository()[0].removeprefix("https://github.com/"), repository()[1]
    there = re.findall(r'href="([^"]+)"', title["source"])
    assert there == [
        f"https://mybinder.org/v2/gh/{name}/{branch}?urlpath=lab/tree/notebooks/01_attention.ipynb",
        f"https://mybinder.org/v2/gh/{name}/{branch}?urlpath=doc/tree/notebooks/01_attention.ipynb",
        f"https://colab.research.google.com/github/{name}/blob/colab/notebooks/01_attention.ipynb",
        "../_sources/notebooks/01_attention.ipynb",
    ]


def test_of_two_ways_to_binder_a_window_shows_the_one_that_fits():
    styles = (ROOT / "docs/site/_static/site.css").read_text(encoding="utf-8")
    outside, inside = re.split(r"@media \(max-width: 900px\) \{", styles)
    assert ".run .on-narrow { display: none; }" in outside and ".run .on-wide { display: none; }" in inside
    assert ".run .on-narrow { display: inline; }" in inside
    assert re.findall('urlpath=([a-z]+)[^>]*class="(on-[a-z]+)"', buttons("x.ipynb")) == [("lab", "on-wide"), ("doc", "on-narrow")]


@pytest.mark.parametrize("name, way, heading, before", [
    ("01_attention", "attention", "## The idea", "what_it_looks_at"),
    ("07_real_weights", "nearest", "## Look: ten thousand sentences", "VBox([box, found])"),
    ("08_pretraining", "fill", "## From real weights", "VBox([box, found])"),
])
def test_a_part_of_bert_in_the_page_stands_in_its_section_of_a_notebook(name, way, heading, before):
    committed = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    cells = json.loads(notebook_text(json.dumps({"cells": committed}), f"notebooks/{name}.ipynb"))["cells"]
    assert len(cells) == len(committed) + 1     # and only one
    texts = [source_of(cell) for cell in cells]
    (place,) = (place for place, text in enumerate(texts) if f'data-way="{way}"' in text)
    above, words = texts[:place], " ".join(texts[place].split())
    assert words.startswith("### Try it here") and "**Nothing leaves your browser.**" in words
    assert before in above[-1] + above[-2]
    headings = [line for text in above for line in text.splitlines() if line.startswith("## ")]
    assert headings[-1] == heading


def test_a_part_of_bert_in_the_page_has_a_text_in_its_field_and_no_other_notebook_has_one():
    assert 'value="&lt;a&gt; &quot;b&quot;"' in part("fill", '<a> "b"')
    first = page_text((ROOT / "docs/site/index.md").read_text(encoding="utf-8"), "docs/site/index.md")
    assert [first.count(part(way, text)) for way, text in (
        ("attention", "The film was long, but it was worth the wait."), ("fill", "Paris is the capital of [MASK]."),
        ("nearest", "I laughed until it hurt."))] == [1, 1, 1]
    assert [path.stem for path in PARTS.glob("*.html") if "<form" in path.read_text(encoding="utf-8")] == ["frame"]
    ids = [cell["id"] for path in notebooks() for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    assert sorted(id for id in ids if id in BEHIND) == sorted(BEHIND)


def test_the_timetable_has_every_notebook_with_its_time_and_exercises():
    rows = timetable().splitlines()[2:]
    assert len(rows) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    assert rows[1].startswith("| [01 attention](notebooks/01_attention.ipynb) | about an hour and a half | `attention_weights`, ")
    cells = [{"cell_type": "markdown", "source": "# T\nTime: about 1.5 hours, of which. Needs: x."},
             {"cell_type": "code", "metadata": {"tags": ["exercise"]}, "source": "def part(): ..."},
             {"cell_type": "code", "metadata": {}, "source": "def other(): ..."}]
    assert (time_needed({"cells": cells}), exercises({"cells": cells})) == ("about 1.5 hours", ["part"])


def test_the_first_page_has_a_view_of_attention():
    assert first_view().startswith("<div") and "<iframe" in first_view()
    assert first_view() in page_text((ROOT / "docs/site/index.md").read_text(encoding="utf-8"), "docs/site/index.md")


def test_a_term_is_met_once_in_the_plural_or_with_a_capital_and_the_longer_one_counts():
    words = ["mask", "causal mask", "query", "Muon", "token", "token type"]
    unmet = set(words)
    text = "Causal masks are masks; muon is a mask, and the queries of a causal mask, too. A query-key. tokenizer, token types"
    assert [text[start:end] + ": " + word for start, end, word in mentions(text, words, unmet)] == [
        "Causal masks: causal mask", "masks: mask", "queries: query", "token types: token type",
    ]
    assert unmet == {"Muon", "token"}
    assert list(mentions("A mask.", words, unmet)) == []


def test_every_term_of_the_glossary_is_met_in_some_notebook_and_they_are_in_order():
    assert terms() == sorted(terms(), key=str.lower)
    unmet = set(terms())
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                list(mentions("".join(cell["source"]), terms(), unmet))
    assert not unmet


def test_a_package_shows_what_it_imports():
    assert ":imported-members:" in api_text("bert_parts/learn")
    assert ":imported-members:" not in api_text("bert_parts/attention.py")


def rst(text: str) -> list[str]:
    return as_rst(textwrap.dedent(text).strip("\n").splitlines())


def test_shapes_stay_in_their_lines():
    assert rst("""
        How much each looks at each.

        Shapes:
            query (B, T), key
                (B, S) → weights
            mask: True = may

        Raises:
            ValueError: too long.
    """) == [
        "How much each looks at each.", "",
        ":Shapes:", "    | query (B, T), key (B, S) → weights", "    | mask: True = may", "", "",
        "Raises:", "    ValueError: too long.",
    ]


@pytest.mark.parametrize("given, expected", [
    ("Returns:\n    The ids: a list,\n    one a row.", [":returns:", "    | The ids: a list, one a row.", ""]),
    ('Returns:\n    "a": one.\n    "b": two,\n      or three.', [":returns:", '    | "a": one.', '    | "b": two, or three.', ""]),
    ("Raises:\n    as movie_reviews", [":Raises:", "    | as movie_reviews", ""]),
    ("Attributes:\n    ids, types: of a row\n    kind: a *b*", ["Attributes:", "    ids,types: of a row", r"    kind: a \*b\*"]),
    ("With it:\n\n    model(**batch)\n\nso.", ["With it:", "", "::", "", "    model(**batch)", "", "", "so."]),
    ("It is:\n- one,\n  still one\n- two", ["It is:", "", "- one,", "  still one", "- two"]),
    ("a * b, `c * d` and ``e * f``", [r"a \* b, `c * d` and ``e * f``"]),
])
def test_what_a_docstring_writes_plainly_becomes_markup(given, expected):
    assert rst(given) == expected


def test_what_makes_the_site_is_pinned_and_fits_what_the_course_pins():
    text = (ROOT / "requirements-site.txt").read_text(encoding="utf-8")
    wanted = [Requirement(line.split("#")[0]) for line in text.splitlines() if line[:1] not in "#-"]
    assert "-r requirements.txt" in text
    assert all(str(each.specifier).startswith("==") for each in wanted)


def test_no_output_needs_a_kernel_to_be_seen():
    """A widget has a twin in HTML, which the site shows in its place."""
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {}) or "text/html" in output["data"]
