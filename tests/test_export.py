"""What becomes of the figures where a notebook is shown without JupyterLab: as LaTeX for a PDF, and on a page without HTML."""

import re

import nbformat
import pytest
from nbconvert import HTMLExporter, LatexExporter
from traitlets.config import Config

from tools.notebook_rules import notebooks, text_of
from tools.widget_twins import WIDGET_VIEW

NOTEBOOKS = [pytest.param(path, id=path.stem) for path in notebooks()]
# `--sanitize-html` writes HTML outputs out as text, so it is told to take the picture, or the words, as CONTRIBUTING says.
SANITISED = Config({"NbConvertBase": {"display_data_priority": ["image/png", "text/plain"]}})


def read(path) -> nbformat.NotebookNode:
    """The code cells with their outputs: text cells would need pandoc, and hold no figures."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return notebook


def outputs(notebook) -> list[dict]:
    return [output.data for cell in notebook.cells for output in cell.outputs if "data" in output]


def figures(notebook) -> int:
    """How many figures JupyterLab shows: pictures, and views to explore. Of widgets, words say what they show (see below)."""
    return sum(bool(re.search("<img|<iframe", text_of(data.get("text/html", ""))))
               for data in outputs(notebook) if WIDGET_VIEW not in data)


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_every_figure_is_in_the_latex(path):
    notebook = read(path)
    body, resources = LatexExporter().from_notebook_node(notebook)
    files = [name for name in resources["outputs"] if name.endswith(".png")]
    assert len(files) == figures(notebook) > 0
    assert all(f"{{{name}}}" in body for name in files)     # \adjustimage{…}{output_2_0.png}


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_every_figure_is_on_a_sanitised_page(path):
    notebook = read(path)
    body, _ = HTMLExporter(sanitize_html=True, config=SANITISED).from_notebook_node(notebook)
    assert len(re.findall('<img[^>]+src="data:image/png;base64,', body)) == figures(notebook) > 0
    assert "&lt;img" not in body and "&lt;iframe" not in body, "HTML is written out as text"
    assert "VBox(children" not in body and "interactive(children" not in body


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_every_widget_says_what_it_shows(path):
    for data in outputs(read(path)):
        if WIDGET_VIEW in data:
            assert "children=" not in text_of(data["text/plain"])
            assert "run the cell to change it" in text_of(data["text/plain"]) and text_of(data["text/html"])
