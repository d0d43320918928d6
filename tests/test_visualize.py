"""Pictures of attention: recorded faithfully, told in words, and drawn without a network."""

import ast
import base64
import hashlib
import html
import io
import json
import re
import tracemalloc
from importlib import metadata
from itertools import combinations
from pathlib import Path

import numpy
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, attention_weights, causal_mask, split_heads
from bert_parts.drawing import DPI, HEAD_COLOURS, HEAD_DASHES, HEAD_INKS, draw_panels, small_png
from bert_parts.visualize import (
    ASSETS,
    Picture,
    head_view,
    heads_grid,
    heatmap,
    model_view,
    neuron_view,
    record_attention,
    record_neurons,
    show,
)
from tools.notebook_rules import code_cells, notebooks, text_of

ROOT = Path(__file__).parents[1]
TOKENS = ["[CLS]", "a", "$cat$", "<b>", "sat", "[SEP]"]


class MyAttention(nn.Module):
    """A learner's own, another class with the same parts, and slow on purpose."""

    def __init__(self, hidden_size, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.query, self.key, self.value = (nn.Linear(hidden_size, hidden_size) for _ in range(3))

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        query, key, value = (
            split_heads(project(source), self.num_heads)
            for project, source in ((self.query, x), (self.key, context), (self.value, context))
        )
        return (attention_weights(query, key, mask) @ value).transpose(1, 2).flatten(2)


class Decoder(nn.Module):
    """Two attentions in a row: to itself with a mask given in place, to a context with a mask given by name."""

    def __init__(self):
        super().__init__()
        self.itself = MultiHeadAttention(12, num_heads=3, dropout=0.5)
        self.across = MyAttention(12, num_heads=2)

    def forward(self, x, context, mask):
        x = self.itself(x, None, causal_mask(x.size(1)))
        if x.size(1) == 13:
            raise RuntimeError("thirteen")
        return self.across(x, context=context, mask=mask)


@pytest.fixture
def decoder():
    torch.manual_seed(0)
    model = Decoder().eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


def inputs(length=5):
    mask = torch.ones(2, 1, 1, 7, dtype=torch.bool)
    mask[1, ..., 4:] = False
    return torch.randn(2, length, 12), torch.randn(2, 7, 12), mask


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


# ---------------------------------------------------------------------------------------------------------- recording


def test_the_maps_are_the_weights(decoder):
    x, context, mask = inputs()
    with record_attention(decoder) as maps:
        seen = decoder(x, context, mask)
    itself = decoder.itself
    query, key = split_heads(itself.query(x), 3), split_heads(itself.key(x), 3)
    expected = attention_weights(query, key, causal_mask(5))
    assert [tuple(m.shape) for m in maps] == [(2, 3, 5, 5), (2, 2, 5, 7)]
    torch.testing.assert_close(maps[0], expected)
    assert (maps[1][1, ..., 4:] == 0).all() and (maps[1][0] > 0).all()
    value = split_heads(decoder.across.value(context), 2)
    torch.testing.assert_close((maps[1] @ value).transpose(1, 2).flatten(2), seen)


def test_recording_changes_nothing_and_leaves_nothing(decoder):
    batch = inputs()
    before = decoder(*batch)
    with record_attention(decoder) as maps:
        torch.testing.assert_close(decoder(*batch), before)
    assert hooks(decoder) == 0 and not any("forward" in vars(module) for module in decoder.modules())
    assert not any(m.requires_grad for m in maps)
    kept = list(maps)
    assert torch.equal(decoder(*batch), before)
    assert all(a is b for a, b in zip(maps, kept, strict=True))


def test_the_courses_own_attention_works_its_weights_out_once(decoder, monkeypatch):
    """It mixes the values by them. A subclass may compute something else: it runs as it is, and so do two who record at once."""
    x, fused, ran = torch.randn(2, 5, 12), F.scaled_dot_product_attention, []
    monkeypatch.setattr(F, "scaled_dot_product_attention", lambda *given, **named: ran.append(1) or fused(*given, **named))
    own, subclass = decoder.itself, type("Own", (MultiHeadAttention,), {})(12, 3, 0.5).eval()
    subclass.load_state_dict(own.state_dict())
    with record_attention(own) as maps, record_attention(subclass) as others:
        torch.testing.assert_close(own(x), subclass(x))
        assert len(ran) == 1
        with record_attention(own) as inner:
            own(x)
    torch.testing.assert_close([*maps, *inner], [*others, *others])


def test_what_is_recorded_is_before_dropout(decoder):
    own, x = decoder.itself.train(), torch.randn(50, 5, 12)
    with torch.no_grad(), record_attention(own) as maps:
        dropped = own(x)
        torch.testing.assert_close(maps[0].sum(-1), torch.ones(50, 3, 5))
        whole = own.eval()(x)
    assert not torch.allclose(dropped, whole)
    torch.testing.assert_close(dropped.mean(), whole.mean(), atol=0.2, rtol=0)


def test_each_forward_starts_anew(decoder):
    with record_attention(decoder) as maps:
        decoder(*inputs(5))
        decoder(*inputs(6))
        assert [m.size(2) for m in maps] == [6, 6]
        decoder.itself(torch.randn(2, 3, 12))     # a part alone replaces its own map
        assert [m.size(2) for m in maps] == [3, 6]
        with pytest.raises(RuntimeError, match="thirteen"):
            decoder(*inputs(13))
        assert [m.size(2) for m in maps] == [13]     # nothing old beside it


def test_an_exception_leaves_nothing_behind(decoder):
    with pytest.raises(RuntimeError, match="thirteen"), record_attention(decoder):
        decoder(*inputs(13))
    assert hooks(decoder) == 0


def test_recording_costs_no_gradient(decoder):
    with record_attention(decoder):
        decoder(*inputs()).sum().backward()
    assert decoder.itself.query.weight.grad is not None


def test_a_model_without_attention_is_refused():
    with pytest.raises(ValueError, match="Linear has no attention module"), record_attention(nn.Linear(2, 2)):
        pass


def test_an_attention_that_bypasses_its_parts_is_named():
    class Bypass(MyAttention):
        def forward(self, x):
            return x @ self.query.weight

    model = Bypass(4, 2)
    with record_attention(model), pytest.raises(RuntimeError, match="Bypass ran without calling self.query"):
        model(torch.ones(1, 2, 4))
    assert hooks(model) == 0


def test_neurons_are_what_the_weights_are_made_of(decoder):
    """Of the course's own attention and of another, to itself and across, with masks."""
    batch = inputs()
    with record_attention(decoder) as maps:
        before = decoder(*batch)
    with record_neurons(decoder) as neurons:
        assert torch.equal(decoder(*batch), decoder(*batch))
    torch.testing.assert_close(decoder(*batch), before)
    assert hooks(decoder) == 0 and [each.keys() for each in neurons] == [{"attn", "queries", "keys"}] * 2
    x, context, mask = batch
    for own, each, weights, allowed, source in zip(
        (decoder.itself, decoder.across), neurons, maps, (causal_mask(5), mask), (x, context), strict=True
    ):
        torch.testing.assert_close(each["attn"], weights)
        scores = each["queries"] @ each["keys"].mT / each["keys"].size(-1) ** 0.5
        torch.testing.assert_close(scores.masked_fill(~allowed, -torch.inf).softmax(-1), weights)
        torch.testing.assert_close(each["keys"], split_heads(own.key(source), own.num_heads))
        assert not any(tensor.requires_grad for tensor in each.values())
    torch.testing.assert_close(neurons[0]["queries"], split_heads(decoder.itself.query(x), 3))


def test_neurons_too_need_an_attention_and_leave_nothing_after_an_error(decoder):
    with pytest.raises(ValueError, match="Linear has no attention module"), record_neurons(nn.Linear(2, 2)):
        pass
    with pytest.raises(RuntimeError, match="thirteen"), record_neurons(decoder):
        decoder(*inputs(13))
    assert hooks(decoder) == 0


# ----------------------------------------------------------------------------------------------------- static pictures


def weights(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).mul(2).softmax(-1)


def some_maps(layers=2, heads=3, length=6, keys=6):
    return list(weights(layers, 1, heads, length, keys))


def some_neurons(layers=2, heads=3, length=6, width=4):
    """Queries and keys as if drawn by lot, some of them above 10, and the weights that follow."""
    draws = torch.randn(layers, 2, 1, heads, length, width, generator=torch.Generator().manual_seed(1)) * 4
    return [{"attn": attention_weights(*each), "queries": each[0], "keys": each[1]} for each in draws]


def in_html(picture):
    """The bytes of the one <img> in the picture's HTML."""
    (data,) = re.findall(r'<img alt="[^"]+" style="[^"]+" src="data:image/png;base64,([^"]+)">', picture.html)
    return base64.b64decode(data)


def size(picture):
    return Image.open(io.BytesIO(picture.png)).size


PICTURES = {
    "one": lambda: heatmap(weights(6, 6), TOKENS),
    "scores": lambda: heatmap(weights(6, 6).log().masked_fill(~causal_mask(6), -torch.inf), TOKENS, scale=(-9, 0)),
    "mask": lambda: heatmap(causal_mask(6), TOKENS, title="who may $see$ whom"),
    "across": lambda: heatmap(weights(6, 3), TOKENS, ["le", "chat", "."]),
    "heads": lambda: heatmap(weights(12, 6, 6), TOKENS),
    "long": lambda: heatmap(weights(40, 40), [f"token{i}" for i in range(40)]),
    "grid": lambda: heads_grid(some_maps(), TOKENS),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_has_words_and_is_small(name, recwarn):
    picture = PICTURES[name]()
    alt = re.search(r'alt="([^"]+)"', picture.html)[1]
    assert html.unescape(alt) == picture.alt == repr(picture)
    assert "tokens (" in alt and len(picture.alt) < 1200
    width, height = size(picture)
    assert 200 < width <= 1100 and 100 < height < 1100
    assert len(picture.html) < 60_000
    assert not recwarn.list


@pytest.mark.parametrize("name", PICTURES)
def test_whatever_takes_no_html_has_the_picture_and_its_words(name):
    picture = PICTURES[name]()
    data, about = picture._repr_mimebundle_()
    assert set(data) == {"text/html", "image/png", "text/plain"}
    assert data["text/plain"] == about["image/png"]["alt"] == picture.alt
    assert base64.b64decode(data["image/png"]) == in_html(picture) == picture.png


def test_what_is_no_picture_claims_none():
    assert Picture("<p>a</p>", "a")._repr_mimebundle_() == ({"text/html": "<p>a</p>", "text/plain": "a"}, {})


def test_a_small_palette_is_not_seen():
    """No colour is far from what was drawn: at most 16 of 255 in the worst pixel, half of one on average."""
    figure = draw_panels(weights(12, 6, 6), TOKENS, TOKENS, [f"head {i}" for i in range(12)], (0, 1))
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, facecolor="white", bbox_inches="tight")
    small = io.BytesIO(small_png(Image.open(file)))
    drawn, kept = (numpy.asarray(Image.open(each).convert("RGB"), int) for each in (file, small))
    assert abs(drawn - kept).max() <= 16
    assert abs(drawn - kept).mean() < 0.5


def test_the_words_name_the_strongest():
    likes = torch.eye(3)[[2, 0, 1]] * 0.9 + 0.01
    assert "a → c 0.91; b → a 0.91; c → b 0.91" in heatmap(likes, ["a", "b", "c"]).alt
    assert "left: a → c 0.91; right: a → a 0.50" in heatmap(
        torch.stack([likes, torch.eye(3) * 0.5]), ["a", "b", "c"], title=["left", "right"]
    ).alt
    assert heatmap(likes, ["a", "b", "c"], alt="Three friends.").alt == "Three friends."


def test_the_same_picture_twice_is_the_same_bytes():
    assert PICTURES["one"]().html == PICTURES["one"]().html
    assert PICTURES["grid"]().html == PICTURES["grid"]().html


def test_show_gives_the_words_and_closes(capsys):
    from matplotlib import pyplot

    figure, axes = pyplot.subplots()
    axes.plot([1, 2])
    show(figure, "A rising line.")
    assert capsys.readouterr().out.strip() == "A rising line."     # outside a notebook
    assert not pyplot.get_fignums()
    with pytest.raises(ValueError, match="alt text is empty"):
        show(figure, " ")


@pytest.mark.parametrize(
    "draw, message",
    [
        (lambda: heatmap(weights(1, 2, 6, 6), TOKENS), r"shape \(1, 2, 6, 6\)"),
        (lambda: heatmap(weights(6), TOKENS), r"shape \(6,\)"),
        (lambda: heatmap(weights(6, 6), TOKENS[:5]), "6 tokens that look and 6 looked at, but 5 and 5"),
        (lambda: heatmap(weights(6, 3), TOKENS), "6 tokens that look and 3 looked at, but 6 and 6"),
        (lambda: heatmap(weights(2, 6, 6), TOKENS, title=["one"]), "1 titles for 2 panels"),
        (lambda: heads_grid([], TOKENS), "There are no maps"),
        (lambda: heads_grid([weights(1, 2, 6, 6), weights(1, 2, 6, 3)], TOKENS), "one shape"),
        (lambda: heads_grid([weights(2, 6, 6)], TOKENS), "one shape"),
        (lambda: heads_grid([weights(2, 3, 6, 6)], TOKENS), r"2 texts, not one.*m\[:1\]"),
        (lambda: head_view(some_maps(), TOKENS[1:]), "but 5 and 5 tokens were given"),
        (lambda: head_view(some_maps(), TOKENS, layer=2), "no layer 2: the maps have layers 0 to 1"),
        (lambda: head_view(some_maps(), TOKENS, heads=[1, 3]), "no head 3: the maps have heads 0 to 2"),
        (lambda: model_view([], TOKENS), "There are no maps"),
        (lambda: neuron_view([], TOKENS), "There are no maps"),
        (lambda: neuron_view(some_neurons(), TOKENS[1:]), "but 5 and 5 tokens were given"),
        (lambda: neuron_view(some_neurons(), TOKENS, layer=2), "no layer 2: the maps have layers 0 to 1"),
        (lambda: neuron_view(some_neurons(), TOKENS, head=3), "no head 3: the maps have heads 0 to 2"),
        (lambda: neuron_view(some_neurons(), TOKENS, chosen=-1), "no token -1: the maps have tokens 0 to 5"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(draw, message):
    with pytest.raises(ValueError, match=message) as error:
        draw()
    assert str(error.value).endswith(".") and "\n" not in str(error.value)


# ------------------------------------------------------------------------------------------------ pictures to explore

VIEWS = {
    "head": lambda: head_view(some_maps(), TOKENS, layer=1, heads=[0]),
    "model": lambda: model_view(some_maps(), TOKENS),
    "across": lambda: head_view(some_maps(keys=3), TOKENS, ["le", "chat", "."]),
    "neuron": lambda: neuron_view(some_neurons(), TOKENS, layer=1, head=2, chosen=3),
    "model across": lambda: model_view(some_maps(keys=3), TOKENS, ["le", "chat", "."]),
}


def inside(view):
    return html.unescape(re.search(r"srcdoc='([^']*)'", view.html)[1])


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_needs_nothing_from_outside(name):
    view = VIEWS[name]()
    page = inside(view)
    assert view.html.startswith("<div") and 'sandbox="allow-scripts"' in view.html and "title=" in view.html
    assert not re.search(r"\b(src|href)\s*=", page) and "cdnjs" not in page and "require.config" not in page
    # The names of SVG and its kin look like addresses and are none; the other stands in bertviz's notice.
    assert set(re.findall(r"https?://[\w.]+", page)) <= {"http://www.w3.org", "https://github.com"}
    assert page.count("https://github.com") == len(re.findall("Based on:? https://github.com/tensorflow/tensor2tensor", page)) == 1
    assert "background:#fff" in view.html


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_the_same_at_every_run_and_small(name):
    assert VIEWS[name]() == VIEWS[name]()
    assert len(VIEWS[name]().html) < 110_000


def test_a_view_of_a_real_size_is_small():
    maps = some_maps(layers=6, heads=12, length=15, keys=15)
    tokens = [f"t{i}" for i in range(15)]
    assert len(model_view(maps, tokens).html) < 350_000
    assert len(head_view(maps, tokens).html) < 170_000
    assert len(neuron_view(some_neurons(heads=12, length=15, width=32), tokens).html) < 170_000


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_has_a_still_picture(name):
    """It stands where the frame is taken out, and behind the frame where it is not."""
    view = VIEWS[name]()
    data, about = view._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == in_html(view) == view.png
    assert about["image/png"]["alt"] == data["text/plain"] == view.alt
    assert view.html.index("<img") < view.html.index("<iframe")
    assert ("layer 1, 3 heads" if name == "neuron" else "2 layers, 3 heads") in view.alt and "$cat$" in view.alt
    assert size(view)[0] == {"head": 360, "across": 360, "neuron": 1010}.get(name, 970)


def test_the_words_of_a_view_are_those_of_what_is_switched_on():
    view = head_view(some_maps(), TOKENS, layer=1)
    best = [divmod(int(head.argmax()), 6) for head in some_maps()[1][0]]
    said = "; ".join(f"head {i}: {TOKENS[r]} → {TOKENS[c]} {some_maps()[1][0, i, r, c]:.2f}" for i, (r, c) in enumerate(best))
    assert f"Layer 1: 6 tokens ({' '.join(TOKENS)}) look at each other." in view.alt and said in view.alt


def committed_views():
    """The head views of the notebooks: what each says, and what it holds."""
    for path in notebooks():
        for cell in code_cells(json.loads(path.read_text(encoding="utf-8"))):
            for output in cell["outputs"]:
                page = html.unescape(text_of(output.get("data", {}).get("text/html", "")))
                if 'title="Head view' in page:
                    yield text_of(output["data"]["text/plain"]), page


def test_the_numbers_of_a_committed_view_are_those_of_its_data():
    """Derived again from what the view's own script draws."""
    seen = list(committed_views())
    assert len(seen) == 3
    for said, page in seen:
        tokens, _ = json.JSONDecoder().raw_decode(page.split('"left_text": ', 1)[1])
        maps = torch.tensor(ast.literal_eval(re.search(r'"attn":(\[\[\[\[.*?\]\]\]\])', page)[1]))     # (L, H, T, T)
        layer = maps[int(re.search(r"Layer (\d+):", said)[1])]
        assert f"{len(maps)} layers, {len(layer)} heads" in said and f"{len(tokens)} tokens ({' '.join(tokens)})" in said
        best = [divmod(int(head.argmax()), len(tokens)) for head in layer]
        pairs = [f"head {number}: {tokens[r]} → {tokens[c]} {layer[number, r, c]:.2f}" for number, (r, c) in enumerate(best)]
        assert said.endswith(f"The strongest pair of each head: {'; '.join(pairs)}.")


def luminance(colour):
    from matplotlib.colors import to_rgb

    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """As WCAG counts it, from 1 to 21."""
    darker, lighter = sorted((luminance(one) + 0.05, luminance(other) + 0.05))
    return lighter / darker


def test_heads_are_told_apart_by_more_than_hue():
    """Lines by lightness or dash, and every line and number is seen on its ground."""
    assert all(contrast(colour, "white") >= 3 for colour in HEAD_COLOURS)
    assert all(contrast(colour, HEAD_INKS[head % 3]) >= 4.5 for head, colour in enumerate(HEAD_COLOURS))
    for one, other in combinations(range(12), 2):
        apart = contrast(HEAD_COLOURS[one], HEAD_COLOURS[other]) > 1.5 or HEAD_DASHES[one % 5] != HEAD_DASHES[other % 5]
        assert apart, (one, other)


def test_bertviz_keeps_its_notice():
    """Apache 2.0, section 4: what is passed on keeps its notices, says that it was changed, and under what licence it is."""
    for view in (head_view(some_maps(), TOKENS), model_view(some_maps(), TOKENS), neuron_view(some_neurons(), TOKENS)):
        page = inside(view)
        assert "@fileoverview Transformer Visualization D3 javascript code." in page and "Jesse Vig" in page
        assert "Apache License 2.0" in page and "Changed by bert_parts" in page
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert "bertviz" in notice and "tensor2tensor" in notice and "data/LICENSE.Apache-2.0.txt" in notice
    licence = (ROOT / "data/LICENSE.Apache-2.0.txt").read_text(encoding="utf-8")
    assert licence.split() == metadata.distribution("bertviz").read_text("licenses/LICENSE").split()


LONG = [f"t{i}" for i in range(300)]


@pytest.mark.parametrize("draw, first", [
    (lambda maps: head_view(maps, LONG), 37), (lambda maps: model_view(maps, LONG), 20), (lambda maps: heads_grid(maps, LONG), 83),
])
def test_a_long_text_is_cut_and_that_is_said(draw, first):
    """300 tokens in 144 heads are thirteen million weights: gigabytes on the way to a page that no browser would open."""
    layer = torch.full((1, 12, 300, 300), 1 / 300)
    before = tracemalloc.start() or tracemalloc.get_traced_memory()[0]
    picture = draw([layer] * 12)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert f"Shown: only the first {first} of 300 tokens" in picture.alt
    assert len(picture.html) < 1_500_000 and peak < 200e6
    if "<iframe" in picture.html:
        assert f"Shown: only the first {first} of 300 tokens" in re.sub("<iframe.*?</iframe>|<img.*?>", "", picture.html)


def test_what_is_short_is_not_cut():
    assert "Shown: only" not in "".join(view().html for view in VIEWS.values()) + heads_grid(some_maps(), TOKENS).html


def test_two_lengths_are_cut_each():
    layer = torch.full((1, 2, 60, 50), 1 / 50)
    alt = head_view([layer], LONG[:60], [f"k{i}" for i in range(50)]).alt
    assert "only the first 40 of 60 tokens and only the first 40 of 50 tokens" in alt
    assert "only" not in head_view([layer[:, :, :40, :40]], LONG[:40]).alt


def held(page, name):
    """The numbers of that name in a view's page."""
    text = re.search(rf'"{name}":(\[\[\[\[.*?\]\]\]\])', page)[1]
    return torch.tensor(ast.literal_eval(text), dtype=torch.double)     # a leading dot is Python as well as JavaScript


def test_a_view_holds_the_weights_to_three_decimals():
    maps = some_maps()
    torch.testing.assert_close(held(inside(model_view(maps, TOKENS)), "attn"), torch.cat(maps).double(), atol=5.1e-4, rtol=0)


def test_a_neuron_view_holds_one_layer_to_two_decimals():
    neurons = some_neurons()
    page = inside(neuron_view(neurons, TOKENS, layer=1))
    for name, apart in (("attn", 5.1e-4), ("queries", 5.1e-3), ("keys", 5.1e-3)):
        assert neurons[1]["queries"].abs().max() > 10
        torch.testing.assert_close(held(page, name), neurons[1][name].double(), atol=apart, rtol=0)
    again = attention_weights(held(page, "queries"), held(page, "keys"))
    torch.testing.assert_close(again, held(page, "attn"), atol=0.02, rtol=0)


def test_the_words_of_a_neuron_view_are_those_of_the_chosen_token():
    row = some_neurons()[1]["attn"][0, 2, 3]
    best = row.argsort(descending=True)[:3].tolist()
    said = "; ".join(f"<b> → {TOKENS[place]} {row[place]:.2f}" for place in best)
    assert VIEWS["neuron"]().alt.endswith(f"Layer 1, head 2: 6 tokens ({' '.join(TOKENS)}) look at each other. "
                                          f"The strongest pairs of <b>: {said}.")


def test_a_long_text_has_the_neurons_of_its_first_tokens():
    view = neuron_view(some_neurons(layers=1, heads=12, length=60, width=32), LONG[:60])
    assert "Shown: only the first 40 of 60 tokens" in view.alt and held(inside(view), "keys").shape == (1, 12, 40, 32)
    assert len(view.html) < 500_000


@pytest.mark.parametrize("draw", [lambda tokens: head_view(some_maps(length=2, keys=2), tokens),
                                  lambda tokens: neuron_view(some_neurons(length=2), tokens)])
def test_no_token_can_end_the_script(draw):
    page = inside(draw(["</script>", "it's &amp;"]))
    assert r"\u003c/script>" in page and "it's &amp;" in page
    assert page.count("</script>") == page.count("<script>") + page.count('<script type="text/javascript">')


def test_the_shipped_library_is_the_one_described():
    readme = (ASSETS / "README.md").read_text(encoding="utf-8")
    for file in ASSETS.glob("*.min.js"):
        assert file.name in readme and hashlib.sha256(file.read_bytes()).hexdigest() in readme
