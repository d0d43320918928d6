"""The rules for committed notebooks can see what they are for."""

import pytest
from nbformat.v4 import new_code_cell, new_output

from tools.notebook_rules import MAX_TABLE, MAX_WIDTH, cell_problems
from tools.widget_twins import WIDGET_VIEW

PNG = {"image/png": "aGk=", "text/html": '<img alt="A line." src="data:image/png;base64,aGk=">', "text/plain": "A line."}
ALT = {"image/png": {"alt": "A line."}}


def shown(data, metadata=None):
    return new_output("display_data", data, metadata=metadata or {})


def printed(text):
    return new_output("stream", name="stdout", text=text)


@pytest.mark.parametrize("output, fault", [
    (shown(PNG, ALT), None),
    (shown(PNG), "no alt text"),
    (shown({"text/html": PNG["text/html"]}), "HTML only"),
    (shown(PNG | {"text/html": "<img src=''>"}, ALT), "an <img> in its output has no alt text"),
    (shown({WIDGET_VIEW: {"model_id": "box"}, "text/plain": "VBox(children=…"}), "no twin"),
    (shown({WIDGET_VIEW: {"model_id": "box"}, "text/plain": "a", "text/html": "<p>a"}), None),
    (shown({"text/html": "<b>18</b>", "text/plain": "<IPython.core.display.HTML object>"}), "no words"),
    (shown({"text/html": "<b>18</b>", "text/plain": "<b> 18 object"}), None),
    (printed("a  " + "b" * (MAX_TABLE - 3)), None),
    (printed("a  " + "b" * (MAX_TABLE - 2)), f"has {MAX_TABLE + 1} characters"),
    (printed("prose that flows is broken without harm, wherever it stands. " * 3), None),
    (new_output("execute_result", {"text/plain": "a  " + "b" * 100}), "has 103 characters"),
])
def test_an_output(output, fault):
    found = cell_problems(new_code_cell("1", outputs=[output]))
    assert len(found) == (fault is not None) and (fault or "") in "".join(found)


def test_a_line_of_code():
    assert cell_problems(new_code_cell("#" * MAX_WIDTH)) == []
    (fault,) = cell_problems(new_code_cell("a = 1\n" + "#" * (MAX_WIDTH + 1)))
    assert fault.startswith(f"a line of it has {MAX_WIDTH + 1} characters, and {MAX_WIDTH} are allowed")


@pytest.mark.parametrize("code, by_hand", [
    ('show(figure, "A line from 2 to 1024.")', True),
    ('show(figure, f"A dip to −0.17, {low:.2f} at {mean[3]}.")', True),
    ('heatmap(maps[2][0], tokens, title="Layer 2", alt="A table of 5 by " + str(size))', True),
    ('show(figure, "Bars: " + "; ".join(f"at 60: {share:.1%}" for share in shares))', True),
    ('show(figure, f"F1 in WordSim-353 from {curve[0]:.2f} to {curve[-1]:.1%}, in four lines.")', False),
    ('heatmap(maps[2][0], tokens, title="Layer 2", alt=f"{weights[4, 2]:.2f}")', False),
    ('panel.set(title="60 words"); print("7 digits")', False),
])
def test_numbers_in_an_alt_text_come_from_the_data(code, by_hand):
    found = cell_problems(new_code_cell(code))
    assert [fault for fault in found if "written by hand" in fault] == found and len(found) == by_hand
