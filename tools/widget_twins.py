"""What a notebook's widgets show, as HTML and as words, for every viewer that runs no widgets."""

from collections.abc import Iterator
from html import escape

from nbformat import from_dict

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
    elif "_options_labels" in values:     # a list to choose from has the place of what is chosen
        yield control(values["description"], values["_options_labels"][values["index"]])
    children = [child.removeprefix("IPY_MODEL_") for child in values.get("children", [])]
    if children and all(is_switch(state[child].get("state", {})) for child in children):
        yield switches([state[child]["state"] for child in children])
    else:
        for child in children:
            yield from shown(child, state)
    for output in with_whole_streams(values.get("outputs", [])):
        yield of_output(output)


def with_whole_streams(outputs: list[dict]) -> list[dict]:
    """Outputs with the neighbouring pieces of one stream joined, since where a stream is cut is left to chance."""
    whole = []
    for output in outputs:
        if "text" in output and whole and whole[-1].get("name") == output["name"]:
            whole[-1] = whole[-1] | {"text": joined(whole[-1]["text"]) + joined(output["text"])}
        else:
            whole.append(output)
    return whole


def control(description: str, value: str) -> tuple[str, str]:
    if not description:
        return f"<p>{escape(value)}</p>", value
    return f"<p>{escape(description)}: <em>{escape(value)}</em></p>", f"{description}: {value}"


def is_switch(values: dict) -> bool:
    return isinstance(values.get("value"), bool)


def switches(row: list[dict]) -> tuple[str, str]:
    """Those that stand side by side, in one line."""
    text = " ".join(f"{'☑' if each['value'] else '☐'} {each['description']}" for each in row)
    return f"<p>{escape(text)}</p>", text


def of_output(output: dict) -> tuple[str, str]:
    """An output as a notebook holds it: printed, or displayed."""
    data = output.get("data", {})
    text = joined(output.get("text") or data.get("text/plain", "")).rstrip("\n")
    return joined(data.get("text/html", "")) or f"<pre>{escape(text)}</pre>", text


def joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


class Watched:
    """The widgets of a kernel, and its outputs that change, as its messages make them: what a viewer would know of them.

    Attributes:
        state: of each widget, by its id, as a notebook holds it.
        shown: what was displayed under an id, to be displayed anew.
    """

    def __init__(self):
        self.state: dict[str, dict] = {}
        self.shown: dict[str, dict] = {}
        self.capturing: str | None = None     # the output widget into which outputs go now

    def takes(self, message: dict) -> bool:
        """Learn from a message. Whether it is for a widget, or an output that is there already, and no new output of the cell."""
        kind, content = message["msg_type"], message["content"]
        name = content.get("transient", {}).get("display_id")
        if kind == "update_display_data":
            for place in ("data", "metadata") if name in self.shown else ():
                self.shown[name][place].clear()
                self.shown[name][place].update(content[place])
            return True
        if name:     # nodes, which nbval does not copy
            content |= {place: from_dict(content[place]) for place in ("data", "metadata")}
            self.shown[name] = content
        if kind == "comm_open":
            self.state[content["comm_id"]] = {"state": dict(content["data"].get("state", {}))}
        elif kind == "comm_msg" and content["comm_id"] in self.state:
            self.update(content["comm_id"], content["data"].get("state", {}))
        elif kind == "clear_output" and self.capturing:
            self.state[self.capturing]["state"]["outputs"] = []
        elif kind in ("stream", "display_data", "execute_result", "error") and self.capturing:
            inside = self.state[self.capturing]["state"]
            inside["outputs"] = [*inside.get("outputs", []), content]
        return kind.startswith("comm_") or (bool(self.capturing) and kind != "status")

    def update(self, model_id: str, state: dict):
        """An output widget catches outputs for as long as it has a message's id."""
        self.state[model_id]["state"] |= state
        if "msg_id" in state:
            self.capturing = model_id if state["msg_id"] else None
