"""The pictures of bert_parts.visualize in a page: in JupyterLab, and in a page exported from a notebook."""

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import expect

from bert_parts.drawing import HEAD_COLOURS, HEAD_DASHES
from bert_parts.visualize import head_view, heads_grid, heatmap, model_view, neuron_view
from tools.notebook_rules import MAX_TABLE
from tools.widget_twins import STATE, WIDGET_VIEW, give_twins

from .looking import VIEW, check_access, check_views, export, run_all, themes, views

TOKENS = ["[CLS]", "the", "old", "river", "bank", "was", "steep", ",", "so", "we", "sat", "down", ".", "[SEP]"]
SET_UP = f"""
import torch
from matplotlib import pyplot
from bert_parts.drawing import HEAD_COLOURS, HEAD_DASHES
from bert_parts.visualize import head_view, heads_grid, heatmap, model_view, neuron_view, show
tokens = {TOKENS}
draws = torch.randn(4, 1, 12, 14, 14, generator=torch.Generator().manual_seed(0))
maps = list((3 * draws).softmax(-1))
queries, keys = 2 * torch.randn(2, 1, 12, 14, 32, generator=torch.Generator().manual_seed(0))
neurons = [{{"attn": (queries @ keys.mT / 32 ** 0.5).softmax(-1), "queries": queries, "keys": keys}}]
"""
FIGURE = """
figure, axes = pyplot.subplots(figsize=(4, 2))
axes.plot([3, 1, 2])
show(figure, "A line that falls and rises.")
"""
DRAWN = [
    "heatmap(maps[0][0, 0], tokens)",
    "heads_grid(maps, tokens)",
    "head_view(maps, tokens)",
    "model_view(maps, tokens)",
    "neuron_view(neurons, tokens, head=7, chosen=3)",
]


def a_notebook():
    cells = [new_markdown_cell("# Pictures"), *map(new_code_cell, [SET_UP, *DRAWN, FIGURE])]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def test_in_jupyterlab(lab, page, photograph):
    lab.add(a_notebook(), "pictures.ipynb")
    try:
        run_all(lab, page, "pictures.ipynb")
        assert page.locator(VIEW).count() == 3
        assert page.locator(".jp-OutputArea-output img").count() == 6     # the views' still pictures are behind their frames
        assert page.get_by_alt_text("A line that falls and rises.").count() == 1     # and not once more without words
        for theme in themes(page):
            photograph(f"pictures-{theme.lower()}", ".jp-WindowedPanel-viewport")
            check_views(page)
            check_access(page)
    finally:
        lab.tidy()
    assert page.watch.strangers() == []
    assert page.watch.complaints == []


def some_maps():
    return list(torch.randn(4, 1, 12, 14, 14, generator=torch.Generator().manual_seed(0)).mul(3).softmax(-1))


def some_neurons():
    queries, keys = 2 * torch.randn(2, 1, 12, 14, 32, generator=torch.Generator().manual_seed(0))
    return [{"attn": (queries @ keys.mT / 32 ** 0.5).softmax(-1), "queries": queries, "keys": keys}]


def an_executed_notebook():
    """The same pictures, drawn here and put in as outputs."""
    maps = some_maps()
    pictures = [draw(maps, TOKENS) for draw in (head_view, model_view)] + [neuron_view(some_neurons(), TOKENS, head=7, chosen=3)]
    pictures += [heads_grid(maps, TOKENS), heatmap(maps[0][0, 0], TOKENS)]
    bundles = [picture._repr_mimebundle_() for picture in pictures]
    outputs = [new_output("display_data", data, metadata=about) for data, about in bundles]
    return new_notebook(cells=[new_code_cell("...", outputs=[output]) for output in outputs])


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return export(an_executed_notebook(), tmp_path_factory.mktemp("exported") / "pictures.html")


def test_an_untrusted_notebook_shows_what_is_static(lab, page, photograph):
    """Before a cell is run JupyterLab lets no script through: the pictures stay, and in place of a view its still one."""
    nbformat.write(an_executed_notebook(), lab.root / "untrusted.ipynb")
    page.goto(f"{lab.address}/doc/tree/untrusted.ipynb?reset&token={lab.token}")
    pictures = page.locator(".jp-OutputArea-output img")
    expect(pictures).to_have_count(5)
    words = [picture.get_attribute("alt") for picture in pictures.all()]
    assert [alt.split()[0] for alt in words] == ["Head", "Model", "Neuron", "Grid", "Heatmap:"]
    assert [round(picture.bounding_box()["width"]) for picture in pictures.all()[:3]] == [360, 970, 1010]
    pictures.evaluate_all("pictures => Promise.all(pictures.map(picture => picture.decode()))")     # else it throws
    expect(page.get_by_text("To explore it, once the cell has run: choose a layer")).to_be_visible()
    assert page.locator(VIEW).count() == 0
    photograph("untrusted", ".jp-WindowedPanel-viewport")
    lab.tidy()


def test_the_checks_can_see(page):
    slider = '<div role="slider" tabindex="0" aria-valuenow="3"></div>'
    faint = '<p style="color:#999">faint</p>'
    page.set_content(f'<div class="jp-OutputArea-output">{faint}<img src="">{slider}</div>')
    with pytest.raises(AssertionError, match=r"(?s)aria-input-field-name.*color-contrast.*image-alt"):
        check_access(page)
    page.set_content(f'<div class="jp-OutputArea-output">fine</div><div class="jp-MarkdownOutput">{faint}</div>')
    with pytest.raises(AssertionError, match="color-contrast"):
        check_access(page)


def test_in_an_exported_page(page, photograph, exported):
    page.goto(exported)
    check_views(page)
    check_access(page)
    photograph("exported")
    assert page.watch.strangers() == []
    assert page.watch.complaints == []


@pytest.mark.parametrize("width", [390, 900, 1400])
def test_the_model_view_is_as_wide_as_there_is_room(page, exported, width):
    """The whole drawing is seen, without a bar to scroll by, and the room below it shrinks with it."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(exported)
    frame = views(page)[1]
    sizes = "[...document.querySelectorAll('#vis > svg')].map(svg => svg.getBoundingClientRect())"
    (drawing,) = frame.evaluate(sizes)
    wide, high = frame.evaluate("[innerWidth, innerHeight]")
    assert min(wide - 16, 970) - 1 <= drawing["width"] <= 970
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert drawing["bottom"] <= high <= drawing["bottom"] + 60
    texts = "[...document.querySelectorAll('#vis text')]"
    assert frame.evaluate(f"{texts}.every(text => text.getBoundingClientRect().right <= innerWidth)")


def test_a_frame_hides_its_still_picture(page, exported):
    page.goto(exported)
    for view in page.locator(VIEW).all():
        still = view.locator("xpath=preceding-sibling::img")
        over, under = view.bounding_box(), still.bounding_box()
        assert over["x"] <= under["x"] and over["x"] + over["width"] >= under["x"] + under["width"]
        assert over["y"] <= under["y"] and over["y"] + over["height"] >= under["y"] + under["height"]


def test_a_table_of_the_widest_kind_fits_into_a_window_of_900_pixels(lab, page):
    """notebook_rules.MAX_TABLE is what JupyterLab has room for; a few characters more would break the line."""
    lines = "\n".join("x" * MAX_TABLE for _ in range(60))
    printed = new_output("stream", name="stdout", text=lines)
    nbformat.write(new_notebook(cells=[new_code_cell("...", outputs=[printed])]), lab.root / "wide.ipynb")
    page.set_viewport_size({"width": 900, "height": 900})
    page.goto(f"{lab.address}/doc/tree/wide.ipynb?reset&token={lab.token}")
    text = page.locator(".jp-OutputArea-output pre")
    expect(text).to_have_count(1)
    assert text.evaluate("pre => pre.getBoundingClientRect().height / parseFloat(getComputedStyle(pre).lineHeight)") < 61
    lab.tidy()


def test_a_widget_has_its_twin_where_no_widget_can_be_drawn(lab, page):
    shown = {"model_name": "VBoxModel", "state": {"children": ["IPY_MODEL_text", "IPY_MODEL_out"]}}
    state = {
        "box": shown, "text": {"state": {"description": "Sentence", "value": "a <b> story"}},
        "out": {"state": {"outputs": [new_output("stream", name="stdout", text="0.60  a fairy tale\n")]}},
    }
    data = {WIDGET_VIEW: {"model_id": "box"}, "text/plain": "VBox(children=…"}
    cells = [new_code_cell("...", outputs=[new_output("display_data", data=data)])]
    notebook = new_notebook(cells=cells, metadata={"widgets": {STATE: {"state": state}}})
    give_twins(notebook)
    nbformat.write(notebook, lab.root / "widget.ipynb")
    page.goto(f"{lab.address}/doc/tree/widget.ipynb?reset&token={lab.token}")
    output = page.locator(".jp-OutputArea-output")
    expect(output).to_contain_text("Sentence: a <b> story")
    expect(output).to_contain_text("0.60  a fairy tale")
    expect(output).to_contain_text("run the cell to change it")
    lab.tidy()


def shining(frame):
    """How many lines of a head view can be seen."""
    lines = "lines => lines.filter(line => line.getAttribute('stroke-opacity') > 0).length"
    return frame.locator("#attention line").evaluate_all(lines)


def test_the_head_view_by_keyboard(page, exported):
    page.goto(exported)
    frame = views(page)[0]
    squares = frame.get_by_role("button")
    assert [squares.nth(i).get_attribute("aria-label") for i in (0, 11)] == ["Head 0", "Head 11"]
    all_heads = shining(frame)
    page.locator(VIEW).first.focus()
    page.keyboard.press("Tab")
    assert frame.evaluate("document.activeElement.ariaLabel") == "Layer"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert squares.first.get_attribute("aria-pressed") == "false" and shining(frame) < all_heads
    page.keyboard.press("Shift+Enter")
    pressed = [squares.nth(i).get_attribute("aria-pressed") for i in range(12)]
    assert pressed == ["true"] + ["false"] * 11 and shining(frame) < all_heads / 6
    frame.get_by_label("Layer").select_option("3")
    assert frame.get_by_role("button").last.get_attribute("aria-label") == "Head 11"     # named anew in a new drawing


def test_the_model_view_by_keyboard(page, exported):
    page.goto(exported)
    frame = views(page)[1]
    thumbnail = frame.get_by_role("button", name="Layer 2, head 7")
    thumbnail.press("Enter")
    assert frame.get_by_text("Layer 2, Head 7").count() == 1
    thumbnail.press(" ")
    assert frame.get_by_text("Layer 2, Head 7").count() == 0


def test_a_head_has_its_number_and_its_dash(page, exported):
    page.goto(exported)
    frame = views(page)[0]
    numbers = frame.locator("#vis rect[role=button] ~ text")
    assert numbers.all_text_contents() == [str(head) for head in range(12)]
    dashes = frame.locator(".headAttention").evaluate_all("heads => heads.map(head => getComputedStyle(head).strokeDasharray)")
    colours = frame.locator(".headAttention").evaluate_all(
        "heads => heads.map(head => head.querySelector('line').getAttribute('stroke'))")
    assert colours == list(HEAD_COLOURS)
    assert dashes == [", ".join(f"{2 * each:g}px" for each in HEAD_DASHES[head % 5]) or "none" for head in range(12)]
    ink, weight = "number => number.style.fill", "number => number.style.fontWeight"
    assert (numbers.first.evaluate(ink), numbers.first.evaluate(weight)) == ("white", "bold")
    frame.get_by_role("button").first.click()     # now it is pale
    assert (numbers.first.evaluate(ink), numbers.first.evaluate(weight)) == ("rgb(0, 0, 0)", "normal")


def strongest(place, side):
    """What a head view of the exported notebook is to say of a word: the three strongest of its lines in layer 0."""
    layer = some_maps()[0][0].double().round(decimals=3)
    layer = layer if side == "left" else layer.mT     # (H, T, S)
    best = layer[:, place].flatten().argsort(descending=True, stable=True)[:3].tolist()
    verb = "looks at" if side == "left" else "is looked at by"
    said = [f"{TOKENS[n % 14]} {layer[n // 14, place, n % 14]:.2f} (head {n // 14})" for n in best]
    return f"{TOKENS[place]} {verb} {', '.join(said)}"


def test_a_word_is_pointed_at_by_the_keyboard(page, exported):
    page.goto(exported)
    frame = views(page)[0]
    here = "[document.activeElement.role, document.activeElement.ariaLabel]"
    frame.get_by_role("button").last.focus()
    page.keyboard.press("Tab")
    assert frame.evaluate(here) == ["option", strongest(0, "left")]
    assert frame.locator("line[visibility='visible']").count() == 12 * len(TOKENS)
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert frame.evaluate(here) == ["option", strongest(2, "left")]
    assert frame.locator("line[visibility='visible'][left-token-index='2']").count() == 12 * len(TOKENS)
    assert frame.locator("line[visibility='visible']").count() == 12 * len(TOKENS)
    page.keyboard.press("Tab")
    assert frame.evaluate(here) == ["option", strongest(0, "right")]
    assert frame.locator("line[visibility='visible'][right-token-index='0']").count() == 12 * len(TOKENS)
    page.keyboard.press("Shift+Tab")
    assert frame.evaluate(here) == ["option", strongest(2, "left")]     # where one was
    page.keyboard.press("Shift+Tab")
    assert frame.locator("line[visibility='visible']").count() == 0


def test_a_word_pointed_at_shows_its_lines_alone(page, exported):
    page.goto(exported)
    frame = views(page)[0]
    frame.get_by_text("river").first.hover()
    assert frame.locator("line[visibility='visible']").count() == 12 * len(TOKENS)


# ── the neuron view ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def neurons(page, exported):
    """Its frame, in an exported page."""
    page.goto(exported)
    return views(page)[2]


def told(frame) -> str:
    return frame.get_by_role("status").inner_text()


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def of_head(head):
    """Queries, keys and weights of the exported notebook's view, as it holds them."""
    layer = some_neurons()[0]
    places = {"queries": 2, "keys": 2, "attn": 3}
    return [layer[name][0, head].double().round(decimals=decimals) for name, decimals in places.items()]


def of_neuron(neuron, place, head=7):
    """What is to be said of a neuron in the query of a word: derived again from what the view holds."""
    queries, keys, _ = of_head(head)
    parts = queries[place, neuron] * keys[:, neuron] / 32 ** 0.5
    best = parts.abs().argsort(descending=True)[:3]
    said = ", ".join(f"“{TOKENS[n]}” {signed(parts[n])} (in its key {keys[n, neuron]:.2f})" for n in best)
    where = f"in the query of “{TOKENS[place]}”. Its largest parts in q · k / √32"
    return f"Neuron {neuron} is {queries[place, neuron]:.2f} {where}: {said}.".replace("-", "−")


def of_word(place, head=7):
    """What is to be said of a word of which no neuron is chosen."""
    queries, keys, weights = of_head(head)
    at = int(weights[place].argmax())
    parts = queries[place] * keys[at] / 32 ** 0.5
    largest = ", ".join(f"neuron {n} {signed(parts[n])}" for n in parts.abs().argsort(descending=True)[:3].tolist())
    looks = f"“{TOKENS[place]}” looks most at “{TOKENS[at]}”, with {weights[place, at]:.2f} of its weight."
    return f"{looks} q · k / √32 is {parts.sum():.2f} there. Its largest parts: {largest}.".replace("-", "−")


def test_the_neuron_view_begins_with_numbers(neurons):
    assert told(neurons) == of_word(3)
    assert neurons.locator("#expanded").get_attribute("visibility") == "visible"
    assert neurons.locator("#expanded .vector").count() == 3 * len(TOKENS)
    sums = neurons.locator(".dotproduct").evaluate_all("squares => squares.map(square => +square.dataset.value)")
    queries, keys, _ = of_head(7)
    torch.testing.assert_close(torch.tensor(sums, dtype=torch.double), keys @ queries[3] / 32 ** 0.5)


def test_a_neuron_is_pointed_at_by_the_mouse(neurons):
    neurons.locator("#expanded #leftText").get_by_text("bank").hover()
    assert told(neurons) == of_word(4)
    for name, neuron, row in (("product", 20, 2), ("keys", 31, 13), ("queries", 0, 4)):     # the word stays chosen
        neurons.locator(f"#expanded #{name} .vector").nth(row).locator(".element").nth(neuron).hover()
        assert told(neurons) == of_neuron(neuron, 4)
        assert neurons.locator(".mark").count() == 3
    neurons.get_by_label("Head").select_option("11")
    assert told(neurons) == of_neuron(0, 4, head=11)     # in another drawing, too
    assert neurons.locator(".mark").count() == 3


def test_a_neuron_is_chosen_by_the_keyboard(page, neurons):
    here = "[document.activeElement.role, document.activeElement.ariaSelected, document.activeElement.ariaLabel]"
    neurons.get_by_role("button").focus()
    page.keyboard.press("Tab")
    *_, weights = of_head(7)

    def looks(place):
        best = weights[place].argsort(descending=True)[:3].tolist()
        return ["option", "true", f"{TOKENS[place]} looks at " + ", ".join(f"{TOKENS[n]} {weights[place, n]:.2f}" for n in best)]

    assert neurons.evaluate(here) == looks(3)
    for key in ("ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    assert neurons.evaluate(here) == looks(4) and told(neurons) == of_word(4)
    for key, neuron in (("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert told(neurons) == of_neuron(neuron, 4)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")     # the switch
    assert neurons.get_by_role("button").get_attribute("aria-pressed") == "false"
    assert neurons.locator("#expanded").get_attribute("visibility") == "hidden"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    assert neurons.evaluate(here) == looks(3) and told(neurons) == of_neuron(1, 3)
    for _ in range(20):
        page.keyboard.press("ArrowUp")
    assert neurons.evaluate(here) == looks(0)


@pytest.mark.parametrize("width", [390, 900, 1400])
def test_the_neuron_view_has_room(page, exported, width):
    """As wide as there is room; a narrow window scrolls it sideways, and what is said is read without."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(exported)
    frame = views(page)[2]
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert frame.locator("#told").evaluate("told => told.getBoundingClientRect().right <= innerWidth")
    assert frame.locator("#vis > svg").evaluate("svg => svg.getBoundingClientRect().width") >= min(640, width - 16)
