"""Pictures of attention: recorded faithfully, told in words, and drawn without a network."""

import ast
import base64
import hashlib
import html
import re

import pytest
import torch
from torch import nn

from bert_parts.attention import MultiHeadAttention, attention_weights, causal_mask, split_heads
from bert_parts.visualize import ASSETS, head_view, heads_grid, heatmap, model_view, record_attention, show

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
        assert torch.equal(decoder(*batch), before)
    assert hooks(decoder) == 0
    assert not any(m.requires_grad for m in maps)
    kept = list(maps)
    decoder(*batch)
    assert all(a is b for a, b in zip(maps, kept, strict=True))


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


# ----------------------------------------------------------------------------------------------------- static pictures


def weights(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).mul(2).softmax(-1)


def some_maps(layers=2, heads=3, length=6, keys=6):
    return list(weights(layers, 1, heads, length, keys))


def png(picture):
    data = re.fullmatch(r'<img alt="[^"]+" style="[^"]+" src="data:image/png;base64,([^"]+)">', picture.html)[1]
    return base64.b64decode(data)


def size(picture):
    data = png(picture)
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


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
    assert len(picture.html) < 200_000
    assert not recwarn.list
    assert picture._repr_mimebundle_() == {"text/html": picture.html, "text/plain": picture.alt}


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
    # The names of SVG and its kin look like addresses and are none.
    assert set(re.findall(r"https?://[\w.]+", page)) <= {"http://www.w3.org"}
    assert "background:#fff" in view.html


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_the_same_at_every_run_and_small(name):
    assert VIEWS[name]() == VIEWS[name]()
    assert len(VIEWS[name]().html) < 60_000


def test_a_view_of_a_real_size_is_small():
    maps = some_maps(layers=6, heads=12, length=15, keys=15)
    tokens = [f"t{i}" for i in range(15)]
    assert len(model_view(maps, tokens).html) < 140_000
    assert len(head_view(maps, tokens).html) < 140_000


def test_a_view_holds_the_weights_to_three_decimals():
    maps = some_maps()
    text = re.search(r'"attn":(\[\[\[\[.*?\]\]\]\])', inside(model_view(maps, TOKENS)))[1]
    numbers = torch.tensor(ast.literal_eval(text))     # a leading dot is Python as well as JavaScript
    torch.testing.assert_close(numbers, torch.cat(maps), atol=5.1e-4, rtol=0)


def test_no_token_can_end_the_script():
    page = inside(head_view(some_maps(length=2, keys=2), ["</script>", "it's &amp;"]))
    assert r"\u003c/script>" in page and "it's &amp;" in page
    assert page.count("</script>") == page.count("<script>") + page.count('<script type="text/javascript">')


def test_the_shipped_library_is_the_one_described():
    readme = (ASSETS / "README.md").read_text(encoding="utf-8")
    for file in ASSETS.glob("*.min.js"):
        assert file.name in readme and hashlib.sha256(file.read_bytes()).hexdigest() in readme
