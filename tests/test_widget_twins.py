"""What stands for a widget where none can be drawn."""

from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.run_notebooks import tidy
from tools.widget_twins import NOTE, STATE, WIDGET_VIEW, give_twins


def shown(data):
    return new_output("display_data", data)


def printed(text):
    return new_output("stream", name="stdout", text=text)


STATES = {
    "box": {"state": {"children": ["IPY_MODEL_text", "IPY_MODEL_size", "IPY_MODEL_out"]}},
    "text": {"state": {"description": "Sentence", "value": "a <b> story"}},
    "size": {"state": {"description": "size", "value": 2000, "layout": "IPY_MODEL_layout"}},
    "layout": {"state": {"width": "90%"}},
    "out": {"state": {"outputs": [printed("0.60  A & B\n"), shown({"text/html": "<b>18</b>", "text/plain": "18 tokens"})]}},
}


def with_widget(states=STATES):
    output = shown({WIDGET_VIEW: {"model_id": "box"}, "text/plain": "VBox(children=(Text(value='a <b> story'…"})
    cells = [new_code_cell("1", id="one", outputs=[output])]
    return new_notebook(cells=cells, metadata={"widgets": {STATE: {"state": states}}} if states else {})


def test_a_widget_gets_a_twin_of_all_that_it_shows():
    notebook = with_widget()
    give_twins(notebook)
    data = notebook.cells[0].outputs[0].data
    assert data["text/plain"] == f"Sentence: a <b> story\nsize: 2000\n0.60  A & B\n18 tokens\n{NOTE}"
    assert data["text/html"] == (
        "<div><p>Sentence: <em>a &lt;b&gt; story</em></p><p>size: <em>2000</em></p>"
        f"<pre>0.60  A &amp; B</pre><b>18</b><p><small>{NOTE}</small></p></div>"
    )
    assert data[WIDGET_VIEW] == {"model_id": "box"}


def test_twice_is_as_once():
    notebook = with_widget()
    give_twins(notebook)
    once = str(notebook)
    give_twins(notebook)
    assert str(notebook) == once


def test_a_widget_whose_state_was_not_kept_is_left_alone():
    notebook = with_widget(states=None)
    give_twins(notebook)
    assert "text/html" not in notebook.cells[0].outputs[0].data


def test_a_saved_notebook_has_twins():
    assert "Sentence" in tidy(with_widget(), "name").cells[0].outputs[0].data["text/html"]
