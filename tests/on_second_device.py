"""Everything that runs where the model is, run on the second device: the same as on the CPU, and seldom a look back.

`test_devices.py` runs this file in a process of its own.
"""

import json
import re
import shutil
import sys

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from bert_parts import BertModel, TransformerModel, beam_decode, greedy_decode, load_pretrained
from bert_parts.devices import best_device, chosen_device, moved
from bert_parts.fill import fill_mask, mask_filler
from bert_parts.masking import NOT_ASKED, masked_lm_scores, unigram_entropy
from bert_parts.search import sentence_vectors
from bert_parts.tasks import mask_filler as filling
from bert_parts.tasks import question_answering, reranking, restoration, sentiment
from bert_parts.tasks.run import main
from bert_parts.training import READ_EVERY, STATE, fit
from bert_parts.visualize import head_view, heatmap, model_view, record_attention
from tests import second_device
from tests.test_graphs import BERTS, CONFIG, padded, ready, translation
from tests.test_predict import TRAININGS
from tests.test_training import IDS, LABELS, batch_at, fresh, loss_of, same, started, train

second_device.install()
SECOND = torch.device("second")


@pytest.fixture(autouse=True)
def no_look_at_values(monkeypatch):
    """On the CPU, too, values are not looked at, so that both devices do the same, but for how torch attends (the last digit)."""
    for module in ("attention", "embeddings", "model", "unpadding"):
        monkeypatch.setattr(f"bert_parts.{module}.may_be_read", lambda tensor: False)
    second_device.reads.clear()


def both(answer) -> tuple:
    """What answer(device) is on either device, brought to the CPU."""
    found = []
    for device in (torch.device("cpu"), SECOND):
        torch.manual_seed(5)
        found.append(moved(answer(device), torch.device("cpu")))
    return tuple(found)


def assert_same(there, here, within=1e-5):
    torch.testing.assert_close(there, here, atol=within, rtol=within)


def on(device: torch.device, model: nn.Module) -> nn.Module:
    model.to(device)
    assert {tensor.device.type for tensor in (*model.parameters(), *model.buffers())} == {device.type}
    return model


# ── the device itself: without its rules nothing below would prove anything ──────────────────────────────────────────


def test_its_rules():
    here, there = torch.arange(3.0), torch.arange(3.0).to(SECOND)
    for mixed in (lambda: here + there, lambda: F.linear(there[None], here[None]), lambda: torch.cat([there, here]),
                  lambda: F.embedding(torch.tensor([1]), there[:, None]), lambda: there.masked_fill_(here > 1, 0)):
        with pytest.raises(RuntimeError, match="expected all tensors to be on the same device"):
            mixed()
    with pytest.raises(RuntimeError, match="expected all tensors"):
        BertModel(CONFIG).to(SECOND)(IDS)
    with pytest.raises(TypeError, match="no float64 on this device"):
        there.double()
    assert (there + torch.tensor(1.0)).tolist() == [1, 2, 3] and (there * 2).device == torch.device("second:0")
    second_device.reads.clear()
    there.sum().item(), bool(there[0] > 0), there.cpu(), there[there > 1], there.tolist()
    assert second_device.reads == {"_local_scalar_dense": 2, "index": 1, "_to_copy": 2}


def test_it_is_found():
    assert best_device().type == "second" and chosen_device("second:0").type == "second" and chosen_device("cpu").type == "cpu"
    with pytest.raises(ValueError, match="The device is 'cuda', and torch finds second and second:0 and cpu on this machine"):
        chosen_device("cuda")


# ── models ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("made", BERTS.values(), ids=BERTS)
def test_models(made):
    """Forward and back, with padding and without a mask, and nothing is read."""
    def answer(device):
        model, given = on(device, ready(made)), []
        for batch in (padded(3, 7), padded(3, 7)[:1]):
            given.append(model(*moved(batch, device)))
        scores = given[0] if isinstance(given[0], tuple) else given[:1]
        sum(each.square().sum() for each in scores).backward()
        return [moved(given, device), [parameter.grad for parameter in model.parameters() if parameter.grad is not None]]

    second_device.reads.clear()
    here = answer(torch.device("cpu"))
    there = answer(SECOND)
    assert not second_device.reads
    assert_same(moved(there, torch.device("cpu")), here, within=1e-4)


def test_the_transformer():
    def answer(device):
        model = on(device, ready(lambda: TransformerModel(CONFIG)))
        source, target, marks = moved(translation(3, 6), device)
        written = greedy_decode(model, source, marks, 1, 2, 5)
        return [model(source, target, marks), written, torch.tensor(beam_decode(model, source[:1], marks[:1], 1, 2, 5, 2)[1])]

    here, there = both(answer)
    assert_same(there, here)


# ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_fit_is_the_same_and_seldom_waits():
    here = started()
    expected = train(here, steps=2 * READ_EVERY + 3)
    there = on(SECOND, started())
    history = train(there, steps=2 * READ_EVERY + 3)
    assert history.loss == expected.loss and history.learning_rate == expected.learning_rate
    assert second_device.reads == {"_to_copy": 3}     # of forty-three steps
    assert same(here, on(torch.device("cpu"), there))


def test_fit_goes_on_with_the_random_numbers_of_the_device(tmp_path):
    drawn = []

    def noisy(model, batch):
        drawn.append(torch.rand(1, generator=second_device.chance).item())     # the device's own random numbers
        return loss_of(model, batch) * drawn[-1]

    def trained(folder=None, **changes):
        second_device.chance.manual_seed(3)
        model = on(SECOND, started())
        return model, fit(model, batch_at, noisy, **{"steps": 12, "learning_rate": 1e-3, "folder": folder} | changes)

    whole, history = trained()
    expected, drawn[:] = list(drawn), []
    _, first = trained(tmp_path, seconds=-1)
    assert not first.loss and not drawn

    def interrupted(step):
        if step == 7 and len(drawn) == 7:
            raise KeyboardInterrupt
        return batch_at(step)

    second_device.chance.manual_seed(3)
    with pytest.raises(KeyboardInterrupt):
        fit(on(SECOND, started()), interrupted, noisy, steps=12, learning_rate=1e-3, folder=tmp_path)
    assert "random.second" in load_file(tmp_path / STATE)
    second_device.chance.manual_seed(99)
    torch.manual_seed(98)
    model = on(SECOND, fresh(4))
    again = fit(model, batch_at, noisy, steps=12, learning_rate=1e-3, folder=tmp_path)
    assert drawn == expected and again.loss == history.loss and same(on(torch.device("cpu"), model), on(torch.device("cpu"), whole))


@pytest.mark.parametrize(("first", "then"), [("cpu", "second"), ("second", "cpu")])
def test_fit_does_not_go_on_elsewhere(tmp_path, first, then):
    train(on(torch.device(first), started()), folder=tmp_path)
    with pytest.raises(ValueError, match=f"is of a training with device {first} instead of {then}: go on with what it began with"):
        train(on(torch.device(then), started()), folder=tmp_path)


def test_what_an_evaluation_draws_is_not_missed():
    def evaluate(model):
        torch.rand(3), torch.rand(1, generator=second_device.chance)
        return {"accuracy": (model(IDS.to(SECOND)).argmax(dim=-1).cpu() == LABELS).float().mean()}

    other, one = on(SECOND, started()), on(SECOND, started())
    before = second_device.chance.get_state()
    history = train(one, evaluate=evaluate, evaluate_every=5)
    assert [each["step"] for each in history.evaluations] == [5, 10, 12] and torch.equal(second_device.chance.get_state(), before)
    torch.manual_seed(7)
    train(other)
    assert same(on(torch.device("cpu"), one), on(torch.device("cpu"), other))


def test_a_loss_that_is_no_number_is_noticed_and_never_kept(tmp_path):
    """After the step, but before anything is saved."""
    def broken(model, batch):
        number, places = batch
        return loss_of(model, places) * (torch.nan if number == 7 else 1)

    with pytest.raises(ValueError, match="At step 7 the loss is nan"):
        fit(on(SECOND, started()), lambda step: (step, batch_at(step)), broken, steps=12, learning_rate=1e-3, folder=tmp_path,
            save_every=3)
    with safe_open(tmp_path / STATE, "pt") as file:
        assert len(json.loads(file.metadata()["history"])["loss"]) == 6


# ── what is read ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_search_and_filled_masks(monkeypatch):
    sentences = ["A gem of a film.", "Dull.", "The river flows into the sea, as it always has."] * 3
    model, tokenizer = load_pretrained()
    here, there = both(lambda device: sentence_vectors(on(device, model), tokenizer, sentences, batch_size=4))
    assert_same(there, here)
    assert second_device.reads["_to_copy"] >= 3
    filler, its = mask_filler()
    here, there = both(lambda device: fill_mask("paris is the [MASK] of france.", 5, on(device, filler), its))
    assert [token for token, _ in here] == [token for token, _ in there]
    assert_same([share for _, share in there], [share for _, share in here])
    batch = its(["the capital of [MASK] is [MASK].", "a [MASK]"])
    labels = torch.where(batch["input_ids"] == its.mask_id, 7, NOT_ASKED)
    here, there = both(lambda device: masked_lm_scores(on(device, filler), [(batch, labels)]))
    assert there == pytest.approx(here) and here["asked"] == 3
    filler.cpu()


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────

PREDICTED = {
    sentiment: ["--text", "good film number 3", "--text", "a bad film"],
    question_answering: ["--question", "who came?", "--text", "On day 3 ada came, and nobody else.", "--text", "Nobody."],
    restoration: ["--text", "ada saw bob and nasa is off"],
    reranking: ["--question", "is rome far away?", "--text", "rome lies 3 miles from here.", "--text", "paris lies 5 miles away."],
    filling: ["--text", "the [MASK] of france"],
}


@pytest.mark.parametrize("task", PREDICTED, ids=lambda task: task.TASK.name)
def test_commands(task, tiny, tmp_path, capsys, monkeypatch):
    """Trained, measured and used on either device: the same words, and the same weights."""
    rows = TRAININGS[task][0]() if task in TRAININGS else [{"text": f"Text {number} of a few words."} for number in range(20)]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    start = shutil.copytree(tiny, tmp_path / "start") if task in TRAININGS else None
    used = []
    monkeypatch.setattr(nn.Module, "to", _noting(nn.Module.to, used))
    outcome = {}
    for device in ("cpu", "second"):
        output, model = tmp_path / device, ["--model", str(start)] if start else []
        assert main(task.TASK, ["--data", str(tmp_path / "mine.jsonl"), "--output", str(output), "--device", device, *model]) == 0
        trained = capsys.readouterr().out
        assert main(task.TASK, ["predict", str(output), "--device", device, *PREDICTED[task]]) == 0
        results = json.loads((output / "results.json").read_text())
        outcome[device] = (trained.split(", trained for")[0], capsys.readouterr().out, results["seeds"]["0"]["measured"],
                           load_file(output / "seed_0" / "model.safetensors"))
    (*said, measured, weights), (*said_there, measured_there, weights_there) = outcome.values()
    assert without_digits(said) == without_digits(said_there) and measured_there == pytest.approx(measured, abs=0.02)
    assert_same(weights_there, weights, within=1e-4)
    assert {device.type for device in used} == {"cpu", "second"}


def without_digits(said: list[str]) -> list[str]:
    """The last digits of shares differ."""
    return [re.sub(r"\d\.\d+(e-\d+)?", lambda found: f"{float(found.group()):.2f}", each) for each in said]


def _noting(to, used):
    def noting(model, device):
        used.append(torch.device(device))
        return to(model, device)
    return noting


def test_the_course_s_own_model_is_measured_there(capsys, monkeypatch):
    few = filling.examples(mask_filler()[1])[:1]
    monkeypatch.setattr(filling, "examples", lambda tokenizer: few)
    said = []
    for device in ("cpu", "second"):
        assert filling.main(["measure", str(filling.FOLDER / "mask_filler"), "--device", device]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] and "tokens asked for" in said[0] and second_device.reads["_local_scalar_dense"] > 0


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-x", "-q"]))


# ── what is looked at ────────────────────────────────────────────────────────────────────────────────────────────────


def test_maps_of_the_device_are_drawn():
    model, tokens = ready(lambda: BertModel(CONFIG)).to(SECOND), list("abcde")
    with record_attention(model) as maps:
        model(*moved(padded(1, 5), SECOND))
    assert heatmap(maps[0][0], tokens)
    for view in (head_view, model_view):
        assert view(maps, tokens)


def test_how_surprising_tokens_are():
    there, here = both(lambda device: unigram_entropy(IDS.to(device), (IDS > 2).to(device)))
    assert there == here
