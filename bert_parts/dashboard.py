"""A dashboard: a sentence of your own, what the model's heads look at, what it answers, and what it would without some of them."""

from collections.abc import Sequence
from contextlib import contextmanager
from html import escape
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bert_parts.devices import CPU, device_of, moved
from bert_parts.inspection import gate_heads
from bert_parts.reading import most_tokens
from bert_parts.tokenizer import BertTokenizer
from bert_parts.visualize import MOST_TOKENS, Picture, head_view, heads_grid, heatmap, neuron_view, record_neurons

# ipywidgets is imported where it is used, as matplotlib is.

LIKELIEST = 5     # words that are shown for a [MASK]
VIEWS = {
    "map of the head": lambda found, layer, head: heatmap(
        found.maps[layer][0, head], found.tokens, title=f"layer {layer}, head {head}"),
    "lines of the layer": lambda found, layer, head: head_view(found.maps, found.tokens, layer=layer, heads=[head]),
    "numbers of the head": lambda found, layer, head: neuron_view(found.neurons, found.tokens, layer, head, chosen=1),
    "all heads": lambda found, layer, head: heads_grid(found.maps, found.tokens),
}


class Found(NamedTuple):
    """What a model makes of a text.

    Attributes:
        tokens: of the text, T of them.
        neurons: as `record_neurons` gives them, with the heads that are on.
        answers: (name, its probability with all heads, its probability with the heads that are on).
    """

    tokens: list[str]
    neurons: list[dict[str, Tensor]]
    answers: list[tuple[str, float, float]]

    @property
    def maps(self) -> list[Tensor]:
        """L × (1, H, T, T)"""
        return [each["attn"] for each in self.neurons]


def find(
    model: nn.Module, tokenizer: BertTokenizer, text: str, gates: Tensor, labels: Sequence[str] | None = None
) -> Found:
    """What the model makes of a text with all heads, and with these gates. The model is left as it was.

    Args:
        model: a text classifier, or a masked-language model, on top of `model.bert`.
        labels: the classifier's; None for a masked-language model, of which the likeliest words for a [MASK] are asked.

    Shapes:
        gates (L, H), 0 for a head that is off

    Raises:
        ValueError: the text is empty or too long to be shown, or has not exactly one [MASK] where one is asked.
    """
    batch = _batch(model, tokenizer, text, masked=labels is None)
    with torch.no_grad(), _in_eval_mode(model):
        given = moved(batch, device_of(model))
        with record_neurons(model) as neurons:
            now = gate_heads(model, given, gates.to(device_of(model)))
        before = now if gates.all() else model(**given)
    scores = [moved(each, CPU)[0] for each in (before, now)]
    if labels is None:
        here = batch["input_ids"][0] == tokenizer.mask_id
        scores, names = [each[here][0] for each in scores], tokenizer.tokens
    else:
        names = labels
    shares = [each.softmax(dim=-1) for each in scores]
    shown = range(len(names)) if labels else dict.fromkeys(torch.cat([each.topk(LIKELIEST).indices for each in shares]).tolist())
    answers = [(names[place], *(share[place].item() for share in shares)) for place in shown]
    return Found(tokenizer.convert_ids_to_tokens(batch["input_ids"][0]), moved(list(neurons), CPU), answers)


def _batch(model: nn.Module, tokenizer: BertTokenizer, text: str, masked: bool) -> dict[str, Tensor]:
    """The text's, or a sentence that says why it cannot be shown."""
    if not text.strip():
        raise ValueError("There is no text: type a sentence.")
    batch, most = tokenizer([text]), min(MOST_TOKENS, most_tokens(model, tokenizer))
    length, masks = batch["input_ids"].size(1), int((batch["input_ids"] == tokenizer.mask_id).sum())
    if length > most:
        raise ValueError(f"The text has {length} tokens, and {most} have room here: shorten it.")
    if masked and masks != 1:
        raise ValueError(f"The text has {masks} times [MASK], where it is expected once: write [MASK] for the missing word.")
    return batch


@contextmanager
def _in_eval_mode(model: nn.Module):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def answer(found: Found, off: list[str]) -> Picture:
    """The answers as a table of bars, beside those with all heads if some are off."""
    columns = ["with all heads", f"without {', '.join(off)}"] if off else ["with all heads"]
    header = "".join(f'<th style="text-align:right">{each}</th>' for each in ["", *columns, ""])
    rows, said = f"<tr>{header}</tr>", []
    for name, before, now in found.answers:
        shares = [f"{share:.1%}" for share in (before, now)][: len(columns)]
        cells = "".join(f'<td style="text-align:right">{escape(each)}</td>' for each in (name, *shares))
        bar = f'<div style="background:rgba(47,129,247,0.6);height:1em;width:{now:.1%}"></div>'
        rows += f'<tr>{cells}<td style="width:12em">{bar}</td></tr>'
        said.append(f"{name} {' → '.join(shares)}")
    return Picture(f"<table>{rows}</table>", f"{', '.join(said)} ({' → '.join(columns)})")


def dashboard(model: nn.Module, tokenizer: BertTokenizer, text: str, labels: Sequence[str] | None = None):
    """Widgets to ask a model by: a sentence, a view of its attention, its answer, and a switch for each head.

    Args, and what text cannot be shown: as in `find`. The model is asked anew at each change, and left as it was.
    """
    from IPython.display import display
    from ipywidgets import Button, Checkbox, Dropdown, HBox, Label, Layout, Output, Text, VBox
    from ipywidgets.widgets.widget_bool import CheckboxStyle

    layers, heads = range(model.config.num_hidden_layers), range(model.config.num_attention_heads)
    sentence = Text(text, description="Sentence", continuous_update=False, layout=Layout(width="95%"))
    view, layer, head = (
        Dropdown(options=list(options), description=name, layout=Layout(width=width))
        for name, options, width in (("View", VIEWS, "21em"), ("Layer", layers, "10em"), ("Head", heads, "10em"))
    )
    # One for all: dozens would take up room in the notebook.
    look = {"indent": False, "layout": Layout(width="4.4em", min_width="4.4em", margin="0"), "style": CheckboxStyle()}
    switches = [[Checkbox(True, description=f"{row}.{column}", **look) for column in heads] for row in layers]
    all_on, shown = Button(description="All heads on"), Output()

    def ask(change=None):
        gates = torch.tensor([[float(each.value) for each in row] for row in switches])
        off = [each.description for row in switches for each in row if not each.value]
        shown.clear_output(wait=True)
        with shown:
            try:
                found = find(model, tokenizer, sentence.value, gates, labels)
            except ValueError as error:
                display(Picture(f"<p>{escape(str(error))}</p>", str(error)))
                return
            table, picture = answer(found, off), VIEWS[view.value](found, layer.value, head.value)
            display(Picture(table.html + picture.html, f"{table.alt}\n{picture.alt}"))     # a widget shows no PNG

    def switch_on(button):
        for each in sum(switches, []):
            each.unobserve(ask, names="value")
            each.value = True
            each.observe(ask, names="value")
        ask()

    for each in (sentence, view, layer, head, *sum(switches, [])):
        each.observe(ask, names="value")
    all_on.on_click(switch_on)
    ask()
    choices = HBox([view, layer, head], layout=Layout(flex_flow="row wrap"))
    heading = HBox([Label("Heads that are on, by layer and number:"), all_on], layout=Layout(flex_flow="row wrap"))
    rows = VBox([HBox(row) for row in switches], layout=Layout(overflow="auto", padding="0 0 0 4px"))
    return VBox([sentence, choices, heading, rows, shown])
