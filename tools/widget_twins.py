"""What a notebook's widgets show, as HTML and as words, for every viewer that runs no widgets."""

from collections.abc import Iterator
from html import escape

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
NOTE = "As it stood when the notebook was run; run the cell to change it."


def give_twins(notebook: dict):
    """Give each widget of a notebook its twin, from the state that the notebook holds: in place, and the same each time.

    Without it whatever shows no widgets has only their inner name: VBox(children=(Text(value='a story', …
    """
    state = notebook["metadata"].get("widgets", {}).get(STATE, {}).get("state", {})
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if output.get("data", {}).get(WIDGET_VIEW, {}).get("model_id") in state:
                output["data"] |= twin(output["data"][WIDGET_VIEW]["model_id"], state)


def twin(model_id: str, state: dict) -> dict[str, str]:
    """Of one widget, with all that it holds, {MIME type: content}."""
    parts = list(shown(model_id, state))
    return {
        "text/html": f"<div>{''.join(html for html, _ in parts)}<p><small>{NOTE}</small></p></div>",
        "text/plain": "\n".join([*(text for _, text in parts), NOTE]),
    }


def shown(model_id: str, state: dict) -> Iterator[tuple[str, str]]:
    """(HTML, text) of a widget and those inside it, from top to bottom."""
    values = state[model_id].get("state", {})
    if "value" in values:
        yield control(values.get("description", ""), str(values["value"]))
    for child in values.get("children", []):
        yield from shown(child.removeprefix("IPY_MODEL_"), state)
    for output in values.get("outputs", []):
        yield of_output(output)


def control(description: str, value: str) -> tuple[str, str]:
    return f"<p>{escape(description)}: <em>{escape(value)}</em></p>", f"{description}: {value}"


def of_output(output: dict) -> tuple[str, str]:
    """An output as a notebook holds it: printed, or displayed."""
    data = output.get("data", {})
    text = joined(output.get("text") or data.get("text/plain", "")).rstrip("\n")
    return joined(data.get("text/html", "")) or f"<pre>{escape(text)}</pre>", text


def joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
