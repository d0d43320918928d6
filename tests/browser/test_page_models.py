"""BERT in the site's first page: does the browser compute what Python does, keep it, send nothing, and say it to everybody?"""

import re

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from bert_parts import load_pretrained
from bert_parts.datasets import movie_reviews, split_passages
from bert_parts.fill import fill_mask
from bert_parts.search import sentence_vectors
from bert_parts.visualize import record_attention

from .conftest import SITE, Watch
from .test_site import open_page

pytestmark = pytest.mark.skipif(not (SITE / "_static" / "try" / "files.json").exists(), reason="make site makes what is looked at")

ANSWERS = """
async ([folder, way, texts]) => {
  const worker = new Worker(`${folder}/worker.js`, { type: "module" });
  const answers = [];
  for (const [number, text] of texts.entries()) {
    const start = performance.now();
    worker.postMessage({ number, way, text });
    const data = await new Promise((done) => { worker.onmessage = ({ data }) => data.bytes || done(data); });
    answers.push({ ...data, time: performance.now() - start });
  }
  worker.terminate();
  return answers.map(({ answer, error, time }) => ({ ...answer, maps: answer?.maps && [...answer.maps], error, time }));
}
"""


@pytest.fixture(scope="module")
def kept_context(browser):
    """A browser that keeps the models from test to test, as a reader's does."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(kept_context):
    page = kept_context.new_page()
    page.watch = Watch(page)
    yield page
    page.close()


def form(page, way: str):
    return page.locator(f"form[data-way={way}]")


def use(page, way: str, text: str | None = None):
    """Write a text, press the button, and wait until there is something to see."""
    there = form(page, way)
    if text is not None:
        there.get_by_role("textbox").fill(text)
    there.get_by_role("button").click()
    expect(there.get_by_role("button")).to_have_attribute("aria-disabled", "false")
    expect(there.get_by_role("status")).to_contain_text("omputed here")


def answers(page, address, way: str, texts: list[str]) -> list[dict]:
    open_page(page, address, "index.html")
    return page.evaluate(ANSWERS, [f"{address}/_static/try", way, texts])


# ── the numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_maps_are_those_of_python_but_for_the_whole_numbers_of_its_matrices(address, page):
    """The page says how far off they are."""
    model, tokenizer = load_pretrained()
    texts = [review.text for review in movie_reviews()[::70] if len(tokenizer.ids(review.text)) <= 38][:100]
    differences, times = [], []
    for text, answer in zip(texts, answers(page, address, "attention", texts), strict=True):
        batch = tokenizer(text)
        with torch.no_grad(), record_attention(model) as maps:
            model(**batch)
        assert answer["tokens"] == tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
        found = torch.tensor(answer["maps"]).view(answer["sizes"])
        torch.testing.assert_close(found.sum(dim=-1), torch.ones(found.shape[:3]))
        differences.append((found - torch.cat(maps)).abs().flatten())
        times.append(answer["time"])
    off = torch.cat(differences)
    print(f"off by {off.mean():.5f} on average, {off.max():.4f} at most; {sorted(times)[len(times) // 2]:.0f} ms a sentence")
    assert off.mean() <= 0.00035 and off.max() <= 0.045
    assert off.max() > 0.001     # not the exact model


def test_masks_are_filled_as_in_python(address, page):
    texts = []
    for passage in split_passages()[1][::20]:
        words = passage.text.split()[:20]
        words[len(words) // 2] = "[MASK]"
        texts.append(" ".join(words))
    pairs = list(zip(texts[:100], answers(page, address, "fill", texts[:100]), strict=True))
    same = 0
    for text, answer in pairs:
        expected = fill_mask(text)
        if answer["isCut"]:
            continue
        same += [token for token, _ in answer["found"]] == [token for token, _ in expected]
        torch.testing.assert_close([share for _, share in answer["found"]], [share for _, share in expected], atol=1e-4, rtol=1e-3)
    assert same >= 0.95 * sum(not answer["isCut"] for _, answer in pairs) and same > 50


def test_the_nearest_sentences_are_those_of_python(address, page):
    model, tokenizer = load_pretrained()
    texts = ["I laughed until it hurt.", "Beautiful pictures, empty story.", "The actors save it.", "My children loved it."]
    reviews = [review.text for review in movie_reviews()]
    some = sentence_vectors(model, tokenizer, reviews[::40])
    for text, answer in zip(texts, answers(page, address, "nearest", texts), strict=True):
        found, cosines = zip(*answer["found"], strict=True)
        assert len(set(found)) == 5 and set(found) <= set(reviews) and list(cosines) == sorted(cosines, reverse=True)
        vector = sentence_vectors(model, tokenizer, [text])[0]
        exact = sentence_vectors(model, tokenizer, list(found)) @ vector
        torch.testing.assert_close(exact, torch.tensor(cosines), atol=0.01, rtol=0)
        assert (some @ vector).max() <= cosines[-1] + 0.01 or (some @ vector).argmax() * 40 in map(reviews.index, found)


def test_a_text_is_cut_and_a_mask_is_asked_for(address, page):
    (cut,) = answers(page, address, "attention", ["word " * 60])
    assert cut["isCut"] and len(cut["tokens"]) == 40 and cut["tokens"][-1] == "[SEP]"
    none, two = answers(page, address, "fill", ["no mask", "[MASK] and [MASK]"])
    assert none["error"] == "Write [MASK] once, for the missing word: here it stands 0 times."
    assert "2 times" in two["error"]


# ── the network ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_models_come_when_asked_for_once_and_it_works_offline(address, browser):
    context = browser.new_context()     # which has kept nothing
    page, requests = context.new_page(), []
    context.on("request", lambda request: requests.append(request.url))
    open_page(page, address, "index.html")
    assert not any(url.endswith((".gz", ".mjs", "worker.js")) for url in requests)
    button = form(page, "attention").get_by_role("button")
    expect(button).to_have_text(re.compile(r"^Fetch \d\d\.\d MB and look$"))
    said = float(re.search(r"[\d.]+", button.inner_text())[0])
    use(page, "attention")
    models = [url.rsplit("/", 1)[1] for url in requests if url.endswith(".gz")]
    assert len(models) == 3 and abs(sum((SITE / "_static" / "try" / name).stat().st_size for name in models) / 1e6 - said) <= 0.05

    expect(button).to_have_text("Look")
    page.wait_for_function("navigator.serviceWorker.controller")
    page.wait_for_load_state("networkidle")
    requests.clear()
    use(page, "attention", "A secret that nobody shall read.")
    assert requests == []     # nothing leaves the browser

    context.set_offline(True)
    page.reload()
    expect(button).to_have_text("Look")
    use(page, "attention", "A film without a network.")
    expect(form(page, "attention").locator("tbody tr")).to_have_count(8)
    form(page, "fill").get_by_role("button").click()
    expect(form(page, "fill").get_by_role("status")).to_have_text("The model could not be fetched: is there a network? Try again.")
    context.set_offline(False)
    use(page, "fill")
    context.close()


# ── for everybody ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_heads_are_chosen_by_the_keyboard_and_the_table_has_their_numbers(address, page):
    open_page(page, address, "index.html")
    there = form(page, "attention")
    there.get_by_role("textbox").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("A gem of a film.")
    page.keyboard.press("Enter")
    expect(there.get_by_role("radio")).to_have_count(72)
    page.keyboard.press("Tab")     # to the button
    page.keyboard.press("Tab")     # to the heads
    for _ in range(13):
        page.keyboard.press("ArrowRight")
    expect(there.get_by_role("radio", checked=True)).to_have_attribute("aria-label", re.compile("^Layer 1, head 1: "))
    expect(there.locator("caption")).to_contain_text("Layer 1, head 1. Strongest: ")
    model, tokenizer = load_pretrained()
    with torch.no_grad(), record_attention(model) as maps:
        model(**tokenizer("A gem of a film."))
    shown = [[int(text) for text in row.locator("td").all_inner_texts()] for row in there.locator("tbody tr").all()]
    assert (torch.tensor(shown) - 100 * maps[1][0, 1]).abs().max() <= 5
    canvas = there.locator("canvas").nth(13)
    alpha = canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 == 3)")
    assert (torch.tensor(alpha).view(8, 8) / 2.55 - torch.tensor(shown)).abs().max() <= 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_telephone_and_axe_finds_nothing(address, page, theme):
    page.set_viewport_size({"width": 390, "height": 900})
    open_page(page, address, "index.html", theme)
    for way in ("attention", "fill", "nearest"):
        use(page, way)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    squares = [label.bounding_box() for label in page.locator(".try-heads label").all()]
    assert len(squares) == 72 and min(min(box["width"], box["height"]) for box in squares) >= 24
    assert all(box["x"] + box["width"] <= 390 for box in squares)
    assert page.watch.complaints == [] and page.watch.strangers() == []
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"] if ".try" in str(node["target"])] == []
    serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    assert not serious, serious


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_screenshots_for_people(address, page, photograph, theme):
    open_page(page, address, "index.html", theme)
    for way in ("attention", "fill", "nearest"):
        use(page, way)
    photograph(f"try-{theme}")
