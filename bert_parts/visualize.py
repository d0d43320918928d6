"""Pictures of attention: recorded by hooks, drawn by matplotlib to be read and by bertviz to be explored."""

import base64
import html
import inspect
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from types import MethodType

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, attention_weights, join_heads, padding_mask, split_heads
from bert_parts.drawing import (
    CSS_DPI,
    HEAD_COLOURS,
    HEAD_DASHES,
    HEAD_INKS,
    draw_grid,
    draw_head_view,
    draw_model_view,
    draw_neuron_view,
    draw_panels,
    png,
    still_png,
)
from bert_parts.unpadding import Packed, runs_as_its_class, takes_packed

# bertviz is imported where it is used: it would double the time of `import bert_parts`.

ASSETS = Path(__file__).parent / "assets"
# How many weights a view holds at most: a megabyte or so of HTML, and as many lines as a browser draws in a second.
HEAD_VIEW, MODEL_VIEW, GRID = 200_000, 60_000, 1_000_000
MOST_TOKENS = 40         # in a view to explore
MARGINS = 40             # around the drawing and for a horizontal scroll bar, in pixels
# With every copy of bertviz's script goes what its licence asks for; its own notice stands at the script's beginning.
NOTICE = """<!-- Made with bertviz {version} by Jesse Vig, under the Apache License 2.0 (www.apache.org/licenses/LICENSE-2.0).
Changed by bert_parts: it fetches nothing, frame.js stands in for require.js and jQuery, spaces and copies of data are gone. -->
"""
LESS_THAN = "\ue000"     # stands for "<" on the way through bertviz, so that no token can end the script
STYLE = (
    "body{margin:8px;background:#fff;color:#000;color-scheme:light}"
    "rect:focus-visible{outline:none;stroke:#000;stroke-width:3px;opacity:1!important}"
    'rect[style*="opacity: 0"]:focus-visible{fill-opacity:0}'     # model view's rectangles lie over the thumbnails
    "[role=option]:focus-visible{outline:none}[role=option]:focus-visible .background{stroke:#000;stroke-width:2}"
    "[role=option] text{paint-order:stroke;stroke:#fff;stroke-width:3px}"     # read on any head's colour
)
NEURON_STYLE = (
    "body,select,button{font:14px/1.4 Helvetica,Arial,sans-serif}p{margin:0 0 4px;max-width:1010px}#told{min-height:40px}"
    "#expand[aria-pressed=true]{font-weight:bold}[role=option]:focus-visible .highlight{stroke:#000;stroke-width:2}"
    ".mark{fill:none;stroke:#000;stroke-width:1.5}.mark,.vector-highlight-group{pointer-events:none}"     # over the numbers
)


# ------------------------------------------------------------------------------------------------- recording


@contextmanager
def record_attention(model: nn.Module) -> Iterator[list[Tensor]]:
    """Record what every attention module of the model looks at, while the block is open.

        with record_attention(model) as maps:
            model(input_ids)
        maps[0]     # the first layer's weights

    They are the weights before dropout. A module takes part if it has `num_heads`, `query`, `key` and `value`, whatever its
    class is called: it runs as always, and its weights are recomputed from the queries and keys that pass by. Only the
    course's own MultiHeadAttention needs no second computation: it mixes the values by the weights that are kept, which
    gives the same numbers up to rounding. Within `unpadded`, it computes nothing for padding, whose rows of weights are even.

    Shapes:
        maps: one (B, H, T, S) tensor per attention module, in the order of `model.modules()`, detached. Each forward
        of the model starts the list anew; a module that runs twice within one forward leaves its last weights.

    Raises:
        ValueError: the model has no attention module.
    """
    def listen(module: nn.Module, keep: Callable[[Tensor], None]) -> list[Callable[[], None]]:
        if type(module) is MultiHeadAttention and runs_as_its_class(module):
            return _mix_by_weights(module, keep)
        return _watch(module, lambda query, key, mask: keep(attention_weights(query, key, mask)))

    with _recorded(model, listen) as maps:
        yield maps


@contextmanager
def record_neurons(model: nn.Module) -> Iterator[list[dict[str, Tensor]]]:
    """Record what every attention module compares, while the block is open: its queries and keys, and the weights they give.

        with record_neurons(model) as neurons:
            model(input_ids)
        neurons[0]["queries"]     # the first layer's

    Which modules take part, when the list starts anew, and what is raised, as in record_attention. Each runs as always.

    Shapes:
        neurons: for each attention module a dict of "queries" (B, H, T, d), "keys" (B, H, S, d) and "attn" (B, H, T, S), detached,
        the names under which bertviz's neuron view knows them
    """
    def listen(module: nn.Module, keep: Callable[[dict[str, Tensor]], None]) -> list[Callable[[], None]]:
        return _watch(module, lambda query, key, mask: keep(
            {"attn": attention_weights(query, key, mask), "queries": query, "keys": key}))

    with _recorded(model, listen) as neurons:
        yield neurons


@contextmanager
def _recorded(model: nn.Module, listen: Callable[[nn.Module, Callable], list[Callable[[], None]]]) -> Iterator[list]:
    """What listen(module, keep) has kept of each attention module in the last forward. It gives what takes back what it hung up."""
    modules = [module for module in model.modules() if _is_attention(module)]
    if not modules:
        raise ValueError(
            f"{type(model).__name__} has no attention module to record: expected at least one module with "
            f"`num_heads`, `query`, `key` and `value`."
        )
    found, seen = [], {}

    def start_anew(*_):
        seen.clear()
        found.clear()

    def keep(index: int, what):
        seen[index] = what
        found[:] = [seen[i] for i in sorted(seen)]

    leave = [model.register_forward_pre_hook(start_anew).remove]
    try:
        for index, module in enumerate(modules):
            leave += listen(module, partial(keep, index))
        yield found
    finally:
        for undo in reversed(leave):
            undo()


def _is_attention(module: nn.Module) -> bool:
    """Told by its parts, not its class, so that a learner's own MultiHeadAttention counts."""
    parts = (getattr(module, name, None) for name in ("query", "key", "value"))
    return isinstance(getattr(module, "num_heads", None), int) and all(isinstance(part, nn.Module) for part in parts)


def _mix_by_weights(attention: MultiHeadAttention, keep: Callable[[Tensor], None]) -> list[Callable[[], None]]:
    """Let each forward of the course's own attention call keep(weights), (B, H, T, S), and mix the values by the same weights.
    Gives what takes this back."""
    @takes_packed
    def forward(self: MultiHeadAttention, x: Tensor, context: Tensor | None = None, mask: Tensor | Packed | None = None) -> Tensor:
        if isinstance(mask, Packed):
            projected = (mask.as_batch(part(x)) for part in (self.query, self.key, self.value))
            return mask.as_row(mix(*projected, padding_mask(mask.real)))
        context = x if context is None else context
        return mix(self.query(x), self.key(context), self.value(context), mask)

    def mix(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        query, key, value = (split_heads(each, attention.num_heads) for each in (query, key, value))
        weights = attention_weights(query, key, mask)
        keep(weights.detach())
        return join_heads(F.dropout(weights, attention.dropout, attention.training) @ value)     # (B, T, D)

    def leave():
        if vars(attention).get("forward") is mixing:
            del attention.forward
            if before:
                attention.forward = before

    before = vars(attention).get("forward")     # of a block that is open
    attention.forward = mixing = MethodType(forward, attention)
    return [leave]


def _watch(attention: nn.Module, keep: Callable[[Tensor, Tensor, Tensor | None], None]) -> list[Callable[[], None]]:
    """Hooks that call keep(query, key, mask), of (B, H, T, d) and (B, H, S, d), after each forward of one attention module.
    Gives what removes them."""
    projected = {}

    def catch(name):
        def hook(module, args, output):
            projected[name] = output.detach()     # (B, T, D)
        return hook

    def compute(module, args, kwargs, output):
        if len(projected) < 2:
            raise RuntimeError(
                f"{type(module).__name__} ran without calling self.query(...) and self.key(...), so its attention "
                f"cannot be recorded: let its forward call both."
            )
        query, key = (split_heads(projected.pop(name), module.num_heads) for name in ("query", "key"))
        mask = inspect.signature(module.forward).bind(*args, **kwargs).arguments.get("mask")
        keep(query, key, mask)

    hooks = [
        attention.query.register_forward_hook(catch("query")),
        attention.key.register_forward_hook(catch("key")),
        attention.register_forward_hook(compute, with_kwargs=True),
    ]
    return [hook.remove for hook in hooks]


class WithMaps(nn.Module):
    """A model whose attention maps are outputs beside its own, for export: nobody can open `record_attention` in a file.

        exported = torch.export.export(WithMaps(model), (input_ids, attention_mask))
        hidden_and_pooled, maps = exported.module()(input_ids, attention_mask)

    Export it as torch does by default, not with strict=True, for which hooks are no part of a graph.

    Shapes:
        as the model → what it gives, and a tuple with a (B, H, T, S) for each attention module, as `record_attention` has them
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, *arguments: Tensor) -> tuple[object, tuple[Tensor, ...]]:
        with record_attention(self.model) as maps:
            given = self.model(*arguments)
        return given, tuple(maps)


# ----------------------------------------------------------------------------------------------------- static pictures


@dataclass(frozen=True, repr=False)
class Picture:
    """Something to look at: HTML for a notebook, and the same in words for everything else and who cannot see it.

    Attributes:
        png: the same as a picture, for whatever takes no HTML (PDF, a sanitised page); None if it is no picture.
    """

    html: str
    alt: str
    png: bytes | None = None

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict[str, str], dict[str, dict]]:
        data = {"text/html": self.html, "text/plain": self.alt}
        if self.png is None:
            return data, {}
        return data | {"image/png": base64.b64encode(self.png).decode()}, {"image/png": {"alt": self.alt}}


def show(figure, alt: str):
    """Show a matplotlib figure with its alt text, here and now, and close it."""
    from IPython.display import display
    from matplotlib import pyplot

    display(picture(figure, alt))
    pyplot.close(figure)     # else Jupyter shows it a second time, without the words


def picture(figure, alt: str) -> Picture:
    """A matplotlib figure as a Picture: a PNG on white ground, the same bytes each time.

    The HTML holds it in an <img> of our own, since JupyterLab 4.6 gives an image/png output no alt text; of the two
    JupyterLab shows the HTML. What takes no HTML shows the PNG.
    """
    if not alt.strip():
        raise ValueError("The alt text is empty: say in a sentence what the picture shows.")
    data = png(figure)
    return Picture(_img(data, alt), alt, data)


def _img(data: bytes, alt: str, style: str = "background:#fff;max-width:100%;height:auto") -> str:
    source = base64.b64encode(data).decode()
    return f'<img alt="{html.escape(alt)}" style="{style}" src="data:image/png;base64,{source}">'


def heatmap(
    weights: Tensor,
    rows: list[str],
    columns: list[str] | None = None,
    title: str | list[str] | None = None,
    scale: tuple[float, float] = (0.0, 1.0),
    alt: str | None = None,
) -> Picture:
    """Who looks at whom: one square per pair of tokens, with its number where there is room.

    Shapes:
        weights (T, S), or (H, T, S) for one panel per head; scores and masks will do too, −∞ is grey

    Args:
        rows: the T tokens that look (queries). columns: the S tokens looked at (keys); None for the same tokens.
        title: one for (T, S); for (H, T, S) a list of H, or None for "head 0", "head 1", …
        scale: the numbers at the two ends of the colour scale.
        alt: the picture in words; None for a description of the strongest weights.

    Raises:
        ValueError: weights, tokens and titles do not fit each other.
    """
    columns = rows if columns is None else columns
    panels = _check_heatmap(weights, rows, columns)
    several = title or [f"head {head}" for head in range(len(panels))]
    titles = [title or ""] if weights.dim() == 2 else several
    if len(titles) != len(panels):
        raise ValueError(f"There are {len(titles)} titles for {len(panels)} panels: give a list with one for each.")
    figure = draw_panels(panels, rows, columns, titles, scale)
    return picture(figure, alt or _describe_panels(panels, rows, columns, titles))


def heads_grid(
    maps: list[Tensor], rows: list[str], columns: list[str] | None = None, alt: str | None = None
) -> Picture:
    """Every head of every layer at once: layers down, heads across, each a small heatmap of who looks at whom.

    Shapes:
        maps: as record_attention gives them, L × (1, H, T, S)

    Of many tokens only the first are drawn, and the picture says so: a million weights are more than it can show.

    Raises:
        ValueError: the maps and the tokens do not fit each other.
    """
    columns = rows if columns is None else columns
    _check_maps(maps, rows, columns)
    weights, rows, columns, left_out = _first_tokens(maps, rows, columns, GRID)
    return picture(draw_grid(weights, left_out), alt or f"{_describe_grid(weights, rows, columns)} {left_out}".strip())


def _check_heatmap(weights: Tensor, rows: list[str], columns: list[str]) -> Tensor:
    """The weights as float64 panels (P, T, S), or a sentence that says what does not fit."""
    if weights.dim() not in (2, 3):
        raise ValueError(
            f"The weights have shape {tuple(weights.shape)}, where (queries, keys) or (heads, queries, keys) is "
            f"expected: pick one text and one layer, such as maps[0][0]."
        )
    expected = (len(rows), len(columns))
    if tuple(weights.shape[-2:]) != expected:
        raise ValueError(
            f"The weights are for {weights.size(-2)} tokens that look and {weights.size(-1)} looked at, but "
            f"{expected[0]} and {expected[1]} tokens were given: give one token for each position."
        )
    return weights.detach().cpu().double().reshape(-1, *expected)


def _check_maps(maps: list[Tensor], rows: list[str], columns: list[str]):
    """Raise a sentence that says what does not fit if these are not the maps of one text."""
    if not len(maps):
        raise ValueError("There are no maps: run the model inside `with record_attention(model) as maps:` first.")
    shapes = {tuple(layer.shape) for layer in maps}
    if len(shapes) > 1 or len(next(iter(shapes))) != 4:
        raise ValueError(
            f"The maps have the shapes {sorted(shapes)}, where one shape (1, heads, queries, keys) is expected for "
            f"all: pick those that belong together."
        )
    if maps[0].size(0) != 1:
        raise ValueError(f"The maps hold {maps[0].size(0)} texts, not one: pick the first with [m[:1] for m in maps].")
    _check_heatmap(maps[0][0], rows, columns)


def _first_tokens(
    maps: list[Tensor], rows: list[str], columns: list[str], most: int, most_tokens: int | None = None
) -> tuple[Tensor, list[str], list[str], str]:
    """The maps stacked to (L, H, T, S) and cut to as many tokens as there is room for, and what was left out in words."""
    room = math.isqrt(most // (len(maps) * maps[0].size(1)))
    room = max(1, min(room, most_tokens or room))
    weights = torch.cat([layer[..., :room, :room] for layer in maps]).detach().cpu().double()
    counts = [len(rows)] if rows == columns else [len(rows), len(columns)]
    cut = [f"only the first {room} of {count} tokens" for count in counts if count > room]
    left_out = f"Shown: {' and '.join(cut)}, since all of them would be too much for a page." if cut else ""
    return weights, rows[:room], columns[:room], left_out


def _describe_panels(panels: Tensor, rows: list[str], columns: list[str], titles: list[str]) -> str:
    """The heatmap in words, down to the strongest pairs: of each panel, of each row, or of all, as room allows."""
    words = f"Heatmap: {_describe_tokens(rows, columns)}"
    if len(panels) > 1:
        pairs = [f"{title}: {_strongest(panel, rows, columns)[0]}" for title, panel in zip(titles, panels, strict=True)]
        return f"{words} {len(panels)} panels, the strongest pair of each: {'; '.join(pairs)}."
    if titles[0]:
        words += f" {titles[0]}."
    if len(rows) <= 12:
        pairs = [_strongest(line[None], [row], columns)[0] for row, line in zip(rows, panels[0], strict=True)]
        return f"{words} The strongest of each row: {'; '.join(pairs)}."
    return f"{words} The strongest pairs: {'; '.join(_strongest(panels[0], rows, columns)[:3])}."


def _describe_grid(weights: Tensor, rows: list[str], columns: list[str], each: str = "a small heatmap") -> str:
    """The grid in words: which tokens draw the most weight, and in how many heads."""
    layers, heads = weights.shape[:2]
    favourites = Counter(columns[c] for c in weights.mean(dim=2).argmax(dim=-1).flatten().tolist())
    counts = ", ".join(f"{token} ({count})" for token, count in favourites.most_common(3))
    return (
        f"Grid of {layers} layers × {heads} heads, each {each}: {_describe_tokens(rows, columns)} "
        f"What draws the most weight (in how many heads): {counts}."
    )


def _describe_tokens(rows: list[str], columns: list[str]) -> str:
    if rows == columns:
        return f"{len(rows)} tokens ({' '.join(rows)}) look at each other."
    return f"{len(rows)} tokens ({' '.join(rows)}) look at {len(columns)} tokens ({' '.join(columns)})."


def _strongest(weights: Tensor, rows: list[str], columns: list[str]) -> list[str]:
    """'cat → sat 0.61' and so on, the largest of the (T, S) weights first."""
    places = weights.flatten().argsort(descending=True, stable=True).tolist()
    pairs = [divmod(place, len(columns)) for place in places]
    return [f"{rows[r]} → {columns[c]} {weights[r, c].item():z.2f}" for r, c in pairs]


# ------------------------------------------------------------------------------------------------ pictures to explore


def head_view(
    maps: list[Tensor],
    rows: list[str],
    columns: list[str] | None = None,
    layer: int = 0,
    heads: list[int] | None = None,
) -> Picture:
    """bertviz's head view: the heads of one layer as coloured lines from the tokens that look to those looked at.

    Heads are numbered, and their lines differ in dash and lightness, not in hue alone. A word that is pointed at, or chosen
    by the keyboard, shows only its lines.

    Shapes:
        maps: as record_attention gives them, L × (1, H, T, S)

    Args:
        rows: the T tokens that look. columns: the S tokens looked at; None for the same tokens.
        layer, heads: what is switched on at first; None for all heads.

    Of many tokens only the first are shown, 40 at most, and the view says so. Where it cannot be drawn (a notebook that
    has not been run, a page without scripts) a still picture stands in its place.

    Raises:
        ValueError: the maps and the tokens do not fit each other, or there is no such layer or head.
    """
    import bertviz

    columns = rows if columns is None else columns
    _check_maps(maps, rows, columns)
    _check_choice("layer", [layer], len(maps))
    _check_choice("head", heads or [], maps[0].size(1))
    weights, rows, columns, left_out = _first_tokens(maps, rows, columns, HEAD_VIEW, MOST_TOKENS)
    weights = weights.round(decimals=3)     # what a line's opacity can show, and a third of the bytes
    page = bertviz.head_view(**_for_bertviz(weights, rows, columns), layer=layer, heads=heads, html_action="return")
    look = json.dumps({"colours": HEAD_COLOURS, "inks": HEAD_INKS, "dashes": HEAD_DASHES})
    still = draw_head_view(weights[layer], rows, columns, heads or list(range(weights.size(1))), f"Layer {layer}")
    pairs = [f"head {head}: {_strongest(panel, rows, columns)[0]}" for head, panel in enumerate(weights[layer])]
    words = f"Layer {layer}: {_describe_tokens(rows, columns)} The strongest pair of each head: {'; '.join(pairs)}."
    note = (
        "choose a layer at the top. Each numbered square is a head: click to switch it off or on, double-click to see "
        "it alone. Point at a word to see only its lines. By keyboard: Tab to a square, then Enter to switch it, "
        "Shift+Enter to see it alone; Tab on to the words, then the arrow keys ↑ and ↓ from word to word."
    )
    height = 22.5 * max(weights.shape[2:]) + 55     # as head_view.js lays it out
    page = f"<script>drawHeads({look})</script>{page.data}"
    title, start = _title("Head view", weights), f"start({weights.size(1)})"
    return _framed(page, title, start, still, f"min-height:{round(height) + MARGINS}px", words, note, left_out)


def model_view(maps: list[Tensor], rows: list[str], columns: list[str] | None = None) -> Picture:
    """bertviz's model view: every head of every layer as a thumbnail, one of them large at a click.

    Shapes, errors, and what is left out, as in head_view. It is as wide as there is room, up to 970 pixels.
    """
    import bertviz

    columns = rows if columns is None else columns
    _check_maps(maps, rows, columns)
    weights, rows, columns, left_out = _first_tokens(maps, rows, columns, MODEL_VIEW, MOST_TOKENS)
    weights = weights.round(decimals=3)
    page = bertviz.model_view(**_for_bertviz(weights, rows, columns), display_mode="light", html_action="return")
    words = _describe_grid(weights, rows, columns, each="a bundle of lines")
    note = "click a thumbnail to enlarge it, and again to close it. By keyboard: Tab to a thumbnail, then Enter."
    height = _model_view_height(*weights.shape)
    still = draw_model_view(weights, height)
    title, start = _title("Model view", weights), f"start({weights.size(1)})"
    return _framed(page.data, title, start, still, f"padding-bottom:{MARGINS}px", words, note, left_out)


def neuron_view(neurons: list[dict[str, Tensor]], tokens: list[str], layer: int = 0, head: int = 0, chosen: int = 0) -> Picture:
    """bertviz's neuron view: how the weights of a word come about, number by number.

    Each row is a token's query, its key, the products of the chosen word's query with this key, and their sum, of which softmax
    makes the weight. A neuron, which is one of the numbers of a query or key, is told in words when it is pointed at, or chosen
    by the keyboard.

    Shapes:
        neurons: as record_neurons gives them, of one text whose tokens look at each other

    Args:
        tokens: of the text.
        layer: the one that is shown, with all its heads; all layers would be megabytes.
        head, chosen: which head, and which token, by its place, is switched on at first.

    Numbers are shown to two decimals. What is left out, and what stands where it cannot be drawn, as in head_view.

    Raises:
        ValueError: the neurons and the tokens do not fit each other, or there is no such layer, head or token.
    """
    _check_maps([each["attn"] for each in neurons], tokens, tokens)
    _check_choice("layer", [layer], len(neurons))
    weights, tokens, _, left_out = _first_tokens([neurons[layer]["attn"]], tokens, tokens, HEAD_VIEW, MOST_TOKENS)
    _check_choice("head", [head], weights.size(1))
    _check_choice("token", [chosen], len(tokens))
    queries, keys = (neurons[layer][name][:, :, : len(tokens)].detach().cpu().double() for name in ("queries", "keys"))
    given = {"attn": weights.round(decimals=3), "queries": queries.round(decimals=2), "keys": keys.round(decimals=2)}
    height = 26 * len(tokens) + 84     # as neuron_view.js lays it out, below a line with the switches
    shown = f"Layer {layer}, head {head}"
    still = draw_neuron_view(queries[0, head], keys[0, head], weights[0, head], tokens, chosen, shown, height)
    pairs = _strongest(weights[0, head, chosen][None], [tokens[chosen]], tokens)[:3]
    words = f"{shown}: {_describe_tokens(tokens, tokens)} The strongest pairs of {tokens[chosen]}: {'; '.join(pairs)}."
    note = (
        "choose a head at the top. Point at a word at the left to see how its weights come about, then at one of the numbers, "
        "which are blue above zero and orange below, the darker the larger. By keyboard: Tab to the words, then the arrow keys "
        "↑ and ↓ from word to word, ← and → from neuron to neuron; the switch “Numbers” shows the lines alone."
    )
    room = f"padding-bottom:{2 * MARGINS}px;min-height:{round(0.64 * height) + 4 * MARGINS}px"     # 640 pixels wide at least
    page = _neuron_page(given, tokens, layer, head)
    title = f"Neuron view of attention: layer {layer}, {weights.size(1)} heads"
    return _framed(page, title, f"startNeurons({chosen})", still, room, words, note, left_out)


def _neuron_page(given: dict[str, Tensor], tokens: list[str], layer: int, head: int) -> str:
    """What bertviz would make, with one layer, the queries and keys that we have recorded, and room to say what is chosen."""
    text = [token.replace("<", LESS_THAN) for token in tokens]
    numbers = {name: values.tolist() for name, values in given.items()}
    parameters = {
        "attention": {"all": {"left_text": text, "right_text": text, **numbers}}, "default_filter": "all", "bidirectional": True,
        "display_mode": "light", "layer": 0, "head": head, "root_div_id": "bertviz",
    }
    script = (resources.files("bertviz") / "neuron_view.js").read_text(encoding="utf-8")
    ours = (ASSETS / "neurons.js").read_text(encoding="utf-8")
    return (
        f'<style>{NEURON_STYLE}</style><div id="bertviz"><p>Layer {layer}&ensp;<label>Head: <select id="att_head"></select></label>'
        f'&ensp;<button type="button" id="expand">Numbers</button></p><div id="vis"></div></div><p role="status" id="told"></p>'
        f"<script>window.bertviz_params = {json.dumps(parameters)}</script><script>{script}</script><script>{ours}</script>"
    )


def _model_view_height(layers: int, heads: int, *lengths: int) -> float:
    """As model_view.js lays it out: room for all thumbnails, and for one of them enlarged."""
    thumbnail = max(lengths) * 7 * 12 / heads + 10
    return max(layers * thumbnail + 38, max(lengths) * 18 + 55)


def _check_choice(what: str, chosen: list[int], count: int):
    for number in chosen:
        if not 0 <= number < count:
            raise ValueError(f"There is no {what} {number}: the maps have {what}s 0 to {count - 1}.")


def _for_bertviz(weights: Tensor, rows: list[str], columns: list[str]) -> dict:
    """bertviz's arguments."""
    attention = [layer[None] for layer in weights]
    rows, columns = ([token.replace("<", LESS_THAN) for token in tokens] for tokens in (rows, columns))
    if rows == columns:
        return {"attention": attention, "tokens": rows}
    return {"cross_attention": attention, "decoder_tokens": rows, "encoder_tokens": columns}


def _title(name: str, weights: Tensor) -> str:
    layers, heads, *_ = weights.shape
    return f"{name} of attention: {layers} layers, {heads} heads"


def _framed(page: str, title: str, start: str, still, room: str, words: str, note: str, left_out: str) -> Picture:
    """bertviz's page, made to need nothing from outside, in a frame of its own on white ground, before a still picture.

    The frame keeps the page's scripts away from the notebook, and the notebook's dark theme away from the page. Where
    frames are taken out, as in a notebook that has not been run here or on a sanitised page, the picture is seen.
    """
    alt = f"{title}. {words} {left_out}".strip()
    data = still_png(still)
    source = _document(page, title, start).replace("&", "&amp;").replace("'", "&#39;")     # all that the quotes need
    size = still.get_size_inches() * CSS_DPI
    behind = _img(data, alt, f"display:block;margin:0;width:{round(size[0])}px;max-width:100%;height:auto")
    frame = (
        f"<iframe title=\"{title}\" sandbox=\"allow-scripts\" srcdoc='{source}' "
        f'style="position:absolute;top:0;left:0;width:100%;height:100%;border:0;background:#fff"></iframe>'
    )
    below = [f"To explore it, once the cell has run: {note}", left_out]
    notes = "".join(f'<p style="margin:0;padding:0 8px 8px;color:#333;font-size:13px">{text}</p>' for text in below if text)
    # Wrapped, since IPython takes a block that opens with <iframe for a mistake and warns.
    drawing = f'<div style="position:relative;{room}">{behind}{frame}</div>'
    return Picture(f'<div style="background:#fff;color:#333">{drawing}{notes}</div>', alt, data)


def _document(page: str, title: str, start: str) -> str:
    """The whole HTML document inside the frame: d3, bertviz's page, and what both need around them, which `start` begins."""
    d3, frame = ((ASSETS / name).read_text(encoding="utf-8") for name in ("d3-5.16.0.subset.min.js", "frame.js"))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<script>{d3}</script><script>{frame}</script></head>"
        f"<body>{NOTICE.format(version=version('bertviz'))}{_offline(page)}<script>{start}</script></body></html>"
    )


def _offline(page: str) -> str:
    """bertviz's page without what it would fetch, what differs from run to run, and what only takes up room."""
    page = re.sub(r'<script src="[^"]*require[^"]*"></script>', "", page)
    page = re.sub(r"require\.config\(\{.*?\}\);", "", page, count=1, flags=re.DOTALL)
    page = re.sub(r"bertviz-[0-9a-f]{32}", "bertviz", page)
    page = re.sub(r"// HACK: .*", "", page)                               # all the data once more, in a comment
    page = re.sub(r"\n\s+", "\n", page)
    page = re.sub(r'"(?:attn|queries|keys)": \[\[\[\[.*?\]\]\]\]', _shorten, page)
    return page.replace(json.dumps(LESS_THAN)[1:-1], r"\u003c")


def _shorten(match: re.Match) -> str:
    """The same numbers in fewer characters: [0.25, -3.0] → [.25,-3]."""
    numbers = match.group().replace(" ", "").replace(".0,", ",").replace(".0]", "]")
    return re.sub(r"(?<!\d)0\.", ".", numbers)
