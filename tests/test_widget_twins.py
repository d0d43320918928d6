"""What stands for a widget where none can be drawn."""

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.run_notebooks import tidy
from tools.widget_twins import NOTE, STATE, WIDGET_VIEW, Watched, give_twins, twin


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


def message(kind: str, **content) -> dict:
    return {"msg_type": kind, "content": content}


def test_a_kernels_messages_tell_what_its_widgets_show():
    watched = Watched()
    comm = "jupyter.widget"
    assert watched.takes(message("comm_open", comm_id="text", target_name=comm,
                                 data={"state": {"description": "Sentence", "value": "old"}}))
    assert watched.takes(message("comm_open", comm_id="area", target_name=comm, data={"state": {"msg_id": "", "outputs": []}}))
    assert watched.takes(message("comm_open", comm_id="box", target_name=comm,
                                 data={"state": {"children": ["IPY_MODEL_text", "IPY_MODEL_area"]}}))
    assert watched.takes(message("comm_msg", comm_id="text", data={"method": "update", "state": {"value": "new"}}))
    assert not watched.takes(message("stream", name="stdout", text="outside\n"))
    assert watched.takes(message("comm_msg", comm_id="area", data={"method": "update", "state": {"msg_id": "1"}}))
    assert watched.takes(message("stream", name="stdout", text="gone\n"))
    assert watched.takes(message("clear_output", wait=True))
    assert watched.takes(message("display_data", data={"text/plain": "inside", "text/html": "<b>inside</b>"}, metadata={}))
    assert not watched.takes(message("status", execution_state="busy"))
    assert watched.takes(message("comm_msg", comm_id="area", data={"method": "update", "state": {"msg_id": ""}}))
    assert not watched.takes(message("stream", name="stdout", text="outside\n"))
    assert twin("box", watched.state)["text/plain"] == f"Sentence: new\ninside\n{NOTE}"
    assert "<b>inside</b>" in twin("box", watched.state)["text/html"]


def test_where_a_stream_is_cut_does_not_matter():
    whole = {"area": {"state": {"outputs": [printed("found\n0.49  one\n"), shown({"text/plain": "a map"}), printed("after\n")]}}}
    pieces = ["found\n", "0.49  ", "one\n"]
    for name in ("stdout", "stderr"):
        for output in whole["area"]["state"]["outputs"][::2]:
            output["name"] = name
        cut = [{"name": name, "text": piece} for piece in pieces] + whole["area"]["state"]["outputs"][1:]
        assert twin("area", {"area": {"state": {"outputs": cut}}}) == twin("area", whole)
    both = [{"name": "stdout", "text": "one"}, {"name": "stderr", "text": "two"}]
    assert twin("area", {"area": {"state": {"outputs": both}}})["text/plain"] == f"one\ntwo\n{NOTE}"


def test_what_is_displayed_anew_takes_the_place_of_what_was_there():
    watched = Watched()
    first = message("display_data", data={"text/plain": "training"}, metadata={}, transient={"display_id": "one"})
    assert not watched.takes(first)
    output = NotebookNode(output_type="display_data")
    output["data"] = first["content"]["data"]     # as nbval takes it
    anew = {"data": {"text/html": "<img>", "text/plain": "a curve"}, "metadata": {"image/png": {"alt": "a curve"}}}
    assert watched.takes(message("update_display_data", **anew, transient={"display_id": "one"}))
    assert watched.takes(message("update_display_data", **anew, transient={"display_id": "unknown"}))
    assert output["data"] == anew["data"] and first["content"]["metadata"] == anew["metadata"]


def test_switches_side_by_side_are_one_line_and_a_choice_is_what_is_chosen():
    states = {
        "box": {"state": {"children": ["IPY_MODEL_view", "IPY_MODEL_label", "IPY_MODEL_button", "IPY_MODEL_row"]}},
        "view": {"state": {"description": "View", "index": 1, "_options_labels": ["map", "lines"]}},
        "button": {"state": {"description": "All on"}},
        "label": {"state": {"description": "", "value": "Heads <on>:"}},
        "row": {"state": {"children": ["IPY_MODEL_0", "IPY_MODEL_1"]}},
        "0": {"state": {"description": "0.0", "value": True}},
        "1": {"state": {"description": "0.1", "value": False}},
    }
    made = twin("box", states)
    assert made["text/plain"] == f"View: lines\nHeads <on>:\n☑ 0.0 ☐ 0.1\n{NOTE}"
    choice = "<p>View: <em>lines</em></p>"
    assert made["text/html"] == f"<div>{choice}<p>Heads &lt;on&gt;:</p><p>☑ 0.0 ☐ 0.1</p><p><small>{NOTE}</small></p></div>"
