"""Drawings of attention by matplotlib, and how a drawing becomes a small PNG."""

import io
import math

import torch
from torch import Tensor, nn

# matplotlib and Pillow are imported where they are used: they would double the time of `import bert_parts`.

COLOURS = "magma_r"      # perceptually uniform, and light where little is attended to, like paper
DPI = 110
CSS_DPI = 96             # pixels of a page in an inch
MODEL_WIDTH = 970        # of bertviz's model view, in pixels
NEURON_WIDTH = 1010      # of its neuron view
FAINTEST = 0.05          # of a still picture's lines: fainter ones are hardly seen, and take up most of its room
STILL_COLOURS = 64       # of 256 in other pictures: lines that cross pack badly

# How a head is drawn, by its number: a dark, a middle or a light colour, the ink of its number on that, and a dash of its line,
# in widths of the line. Of fifteen heads no two share lightness and dash, so hue alone tells none from another.
HEAD_COLOURS = ("#003877", "#b93004", "#00aa45", "#79001b", "#9637b4", "#a79401",
                "#034042", "#c0007a", "#0f9ce3", "#592e00", "#5452d0", "#0da784")
HEAD_INKS = ("white", "white", "black")
HEAD_DASHES = ((), (4, 2), (1, 1.5), (6, 1.5, 1, 1.5), (2, 1))


def draw_panels(panels: Tensor, rows: list[str], columns: list[str], titles: list[str], scale: tuple[float, float]):
    """One axes per panel, up to four side by side; tokens are named at the left and at the bottom only."""
    from matplotlib.figure import Figure

    count = len(panels)
    across = 3 if count in (5, 6, 9) else min(count, 4)     # no half-empty row
    down = -(-count // across)
    longest = max(len(rows), len(columns))
    inches = 8.0 / across if across > 1 else min(6.0, max(2.4, 0.55 * longest))     # the longer side of a panel
    square = inches / longest
    size = (square * len(columns) * across + 1.6, square * len(rows) * down + 1.2)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat[count:]:
        axes.set_visible(False)
    for index, (axes, panel, title) in enumerate(zip(grid.flat, panels, titles, strict=False)):
        image = _draw_heatmap(axes, panel, scale, numbers=square >= 0.44)     # from there on three digits fit
        axes.set_title(title, fontsize=10, parse_math=False)
        at_left, at_bottom = index % across == 0, index + across >= count
        fontsize = min(9.0, max(5.0, 58 * square))
        _name_tokens(axes, rows if at_left else [], columns if at_bottom else [], fontsize)
    figure.supxlabel("words looked at (keys)", fontsize=9)
    figure.supylabel("words that look (queries)", fontsize=9)
    figure.colorbar(image, ax=grid, shrink=0.8, aspect=30, pad=0.02).ax.tick_params(labelsize=8)
    return figure


def _draw_heatmap(axes, weights: Tensor, scale: tuple[float, float], numbers: bool):
    """The coloured squares of one (T, S) panel, with their numbers if these fit."""
    low, high = scale
    finite = weights.masked_fill(weights.isinf(), torch.nan)
    image = axes.imshow(finite.numpy(), cmap=_colour_map(missing="#bbbbbb"), vmin=low, vmax=high)
    axes.spines[:].set_visible(False)
    if numbers:
        for row, line in enumerate(weights.tolist()):
            for column, weight in enumerate(line):
                text = "−∞" if weight == -math.inf else f"{weight:z.2f}".replace("-", "−")     # z: no −0.00
                dark = weight > low + 0.45 * (high - low)
                axes.text(column, row, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    return image


def _colour_map(missing: str):
    """The course's colours for weights, and one for what is not a number."""
    from matplotlib import colormaps

    return colormaps[COLOURS].with_extremes(bad=missing)


def _name_tokens(axes, rows: list[str], columns: list[str], fontsize: float):
    """Tokens as tick labels, taken literally: in a token a "$" is a dollar, not the start of a formula."""
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=fontsize, parse_math=False)
    axes.set_yticks(range(len(rows)), rows, fontsize=fontsize, parse_math=False)
    axes.tick_params(length=0)


def draw_grid(weights: Tensor, note: str = ""):
    """All heads as one mosaic in one axes: seventy-two axes would take seconds."""
    from matplotlib.figure import Figure

    layers, heads, height, width = weights.shape
    gap = max(1, round(0.08 * max(height, width)))
    tiles = nn.functional.pad(weights, (0, gap, 0, gap), value=torch.nan)     # (L, H, T + gap, S + gap)
    mosaic = tiles.transpose(1, 2).flatten(2).flatten(0, 1)                   # (L · (T + gap), H · (S + gap))
    mosaic = mosaic[:-gap, :-gap]
    inches = min(1.6, 8.0 / heads)     # the width of a tile
    figure = Figure(figsize=(inches * heads + 1.4, inches * layers * height / width + 0.9), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(mosaic.numpy(), cmap=_colour_map(missing="white"), vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([head * (width + gap) + (width - 1) / 2 for head in range(heads)], range(heads))
    axes.set_yticks([layer * (height + gap) + (height - 1) / 2 for layer in range(layers)], range(layers))
    axes.tick_params(length=0, labelsize=9)
    axes.set(xlabel=f"head\n{note}".strip(), ylabel="layer")
    axes.spines[:].set_visible(False)
    figure.colorbar(image, shrink=0.8, aspect=30, pad=0.02).ax.tick_params(labelsize=8)
    return figure


# ---------------------------------------------------------------------------------------- what bertviz draws, standing still


def draw_head_view(layer: Tensor, rows: list[str], columns: list[str], heads: list[int], name: str):
    """One layer (H, T, S) as bertviz's head view shows it at first: the heads' lines between two columns of tokens."""
    figure, axes = _canvas(360, 22.5 * max(len(rows), len(columns)) + 60)
    axes.text(2, 15, name, fontsize=_points(14), va="center", parse_math=False)
    for head in range(len(layer)):
        on = head in heads
        axes.add_patch(_rectangle((20 * head, 28), 20, 20, _of_head(head, 1 if on else 0.15)))
        ink = HEAD_INKS[head % len(HEAD_INKS)] if on else "black"
        axes.text(20 * head + 10, 38.5, str(head), color=ink, fontsize=_points(11), weight="bold" if on else "normal",
                  ha="center", va="center")
    looks = [(_of_head(head, 1 / len(heads)), HEAD_DASHES[head % len(HEAD_DASHES)]) for head in heads]
    _draw_lines(axes, layer[heads], looks, (110, 225), 58, 22.5, width=2)
    for x, tokens, side in ((102, rows, "right"), (233, columns, "left")):
        for place, token in enumerate(tokens):
            y = 58 + 22.5 * (place + 0.5)
            axes.text(x, y, token, fontsize=_points(15), ha=side, va="center", parse_math=False)
    return figure


def draw_model_view(weights: Tensor, height: float):
    """All heads (L, H, T, S) as bertviz's model view shows them: thumbnails, layers down and heads across."""
    layers, heads, *lengths = weights.shape
    wide, box = (MODEL_WIDTH - 38) / heads, 84 / heads
    high = max(lengths) * box + 10
    figure, axes = _canvas(MODEL_WIDTH, height)
    middle = dict(ha="center", va="center")
    axes.text(38 + wide * heads / 2, 9, "Heads", fontsize=_points(15), weight="bold", **middle)
    axes.text(9, 38 + high * layers / 2, "Layers", fontsize=_points(15), weight="bold", rotation=90, **middle)
    for head in range(heads):
        axes.text(38 + (head + 0.5) * wide, 27, str(head), fontsize=_points(13), **middle)
    for layer in range(layers):
        top = 38 + layer * high
        axes.text(29, top + high / 2, str(layer), fontsize=_points(13), **middle)
        for head in range(heads):
            left = 38 + head * wide
            ends = (left + 5, left + wide - 9)
            _draw_lines(axes, weights[layer, head][None], [(_of_layer(layer), ())], ends, top + 5, box, width=2.2)
    return figure


def draw_neuron_view(
    queries: Tensor, keys: Tensor, weights: Tensor, tokens: list[str], chosen: int, name: str, height: float
):
    """One head as bertviz's neuron view shows it: queries (T, d), keys (T, d) and, for the chosen token, what its query gives."""
    figure, axes = _canvas(NEURON_WIDTH, height)
    axes.text(8, 16, name, fontsize=_points(14), va="center", parse_math=False)
    scores = (queries[chosen] * keys).sum(dim=-1, keepdim=True) / queries.size(1) ** 0.5      # (T, 1)
    columns = ((145, 200, queries, "Query q"), (382.5, 200, keys, "Key k"),
               (607.5, 200, queries[chosen] * keys, "q × k (elementwise)"), (834, 22, scores, "q · k"))
    for left, width, values, title in columns:
        axes.text(left + width / 2, 58, title, fontsize=_points(16), ha="center", va="center")
        for token, numbers in enumerate(values):
            ends = (left, left + width, 76 + 26 * token + 20, 76 + 26 * token)
            axes.imshow(_signed(numbers)[None].numpy(), extent=ends, aspect="auto", interpolation="nearest")
    axes.text(892, 58, "Softmax", fontsize=_points(16), va="center")
    _draw_neuron_lines(axes, weights[chosen], chosen)
    for place, token in enumerate(tokens):
        y = 86 + 26 * place
        axes.add_patch(_rectangle((883.5, y - 12), 120, 26, ("#478be8", weights[chosen, place].item())))
        if place == chosen:
            axes.add_patch(_rectangle((0, y - 12), 120, 26, "#e5e5e5"))
        for x, side in ((110, "right"), (891, "left")):
            axes.text(x, y, token, fontsize=_points(15), ha=side, va="center", parse_math=False)
    axes.set(xlim=(0, NEURON_WIDTH), ylim=(height, 0))     # which pictures move
    return figure


def _draw_neuron_lines(axes, weights: Tensor, chosen: int):
    """From the chosen token's query to every key and on to its weight, the fainter the smaller the weight (T,)."""
    here = 86 + 26 * chosen
    axes.plot((121, 143), (here, here), color="blue", linewidth=_points(2))
    for place, weight in enumerate(weights.tolist()):
        opacity, y = math.tanh(1.8 * weight), 86 + 26 * place
        if opacity > FAINTEST:
            for xs, ys in (((346, 363, 363, 380), (here, here, y, y)), *(((x, x + 23), (y, y)) for x in (583, 809, 858))):
                axes.plot(xs, ys, color="blue", alpha=opacity, linewidth=_points(2))


def _signed(numbers: Tensor) -> Tensor:
    """As bertviz colours numbers: above zero blue, below orange, the paler the nearer to it. (d,) → (d, 4)"""
    from matplotlib.colors import to_rgb

    blue, orange = torch.tensor(to_rgb("#0c36d8")), torch.tensor(to_rgb("#ff6318"))
    colours = torch.where(numbers[:, None] >= 0, blue, orange)
    return torch.cat([colours, (numbers.abs() / 4).tanh()[:, None]], dim=-1)


def _rectangle(corner: tuple[float, float], width: float, height: float, colour):
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, color=colour, linewidth=0)


def _canvas(width: float, height: float):
    """A figure without margins whose coordinates are the pixels of a page, from the top left."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / CSS_DPI, height / CSS_DPI))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return figure, axes


def _draw_lines(axes, weights: Tensor, looks: list, ends: tuple[float, float], top: float, step: float, width: float):
    """A line for each of the weights (H, T, S), in its head's look, a colour and a dash, the fainter the smaller the weight."""
    from matplotlib.collections import LineCollection

    places = (weights > FAINTEST).nonzero()     # (N, 3)
    y = top + step * (places[:, 1:] + 0.5)      # (N, 2)
    lines = torch.stack([torch.tensor(ends).expand_as(y), y], dim=-1)     # (N, 2 ends, x and y)
    drawn = [(*looks[head], weights[head, row, column].item()) for head, row, column in places.tolist()]
    shades = [(*colour[:3], colour[3] * weight) for colour, _, weight in drawn]
    dashes = [(0, dash or None) for _, dash, _ in drawn]
    axes.add_collection(LineCollection(lines.numpy(), colors=shades, linewidths=_points(width), linestyles=dashes))


def _of_head(head: int, opacity: float) -> tuple[float, float, float, float]:
    from matplotlib.colors import to_rgba

    return to_rgba(HEAD_COLOURS[head % len(HEAD_COLOURS)], opacity)


def _of_layer(layer: int) -> tuple[float, float, float, float]:
    """The colour of a layer in bertviz's model view: d3's ten, which are matplotlib's."""
    from matplotlib.colors import to_rgba

    return to_rgba(f"C{layer % 10}")


def _points(pixels: float) -> float:
    """A length of a page in the unit of matplotlib's letters and lines."""
    return pixels * 72 / CSS_DPI


# ------------------------------------------------------------------------------------------------------------- as a PNG


def png(figure) -> bytes:
    """A figure as a PNG on white ground, cut to what is drawn, the same bytes each time."""
    return _as_png(figure, 256, dpi=DPI, bbox_inches="tight")


def still_png(figure) -> bytes:
    """The still picture of a view as a PNG, pixel for pixel of a page."""
    return _as_png(figure, STILL_COLOURS, dpi=CSS_DPI)


def _as_png(figure, colours: int, **options) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    figure.savefig(file, format="png", facecolor="white", **options)
    return small_png(Image.open(file), colours)


def small_png(image, colours: int = 256) -> bytes:
    """A Pillow image as a PNG of so many colours: a third of the room, and a notebook holds each picture twice."""
    from PIL import Image

    file = io.BytesIO()
    palette = image.convert("RGB").quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    palette.save(file, format="png", optimize=True)
    return file.getvalue()
