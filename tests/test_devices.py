"""Where a model runs: here, on the meta device, on a second device that stands for an accelerator, and on one if there is."""

import json
import platform
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import psutil
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn import functional as F

from bert_parts import TransformerModel
from bert_parts.devices import (
    CPU,
    best_device,
    chosen_device,
    device_of,
    give_memory_back,
    may_be_read,
    moved,
    random_states,
    set_random_states,
)
from bert_parts.training import STATE, fit
from tests.test_graphs import BERTS, CONFIG, padded, ready, translation
from tests.test_training import batch_at, fresh, loss_of, same, started, train

ROOT = Path(__file__).parent.parent
META = torch.device("meta")
Row = namedtuple("Row", "ids more")


def test_on_a_second_device():
    """All of on_second_device.py, in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/on_second_device.py"],
                          cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:]


def test_the_device_is_the_best_or_as_it_is_asked_for():
    assert best_device() == (torch.accelerator.current_accelerator() if torch.accelerator.is_available() else CPU)
    assert chosen_device(None) == best_device() and chosen_device("cpu") == CPU
    for name in ("meta", "gpu", "cuda:99", ""):
        with pytest.raises(ValueError, match=f"The device is '{name}', and torch finds .*cpu on this machine: give one of these."):
            chosen_device(name)


def test_whatever_holds_tensors_is_moved():
    ids = torch.tensor([1, 2])
    batch = {"ids": ids, "rows": [Row(ids, "text"), (ids, [3])], "none": None}
    there = moved(batch, META)
    assert there["ids"].device == there["rows"][0].ids.device == there["rows"][1][0].device == META
    assert type(there["rows"][0]) is Row and there["rows"][0].more == "text"
    assert there["rows"][1][1] == [3] and there["none"] is None
    assert batch["ids"].device == CPU and moved(batch, CPU)["ids"] is ids


@pytest.mark.parametrize("kind", ("cpu", "cuda", "mps", "xpu"))
def test_only_cuda_moves_what_may_be_gone_before_it_is_read(kind):
    """Torch holds a copy of it there; on mps a batch that was let go too early was read wrongly (pytorch/pytorch#189690)."""
    class Asked(torch.Tensor):
        def to(self, device, non_blocking):
            return device.type, non_blocking

    assert moved(torch.ones(2).as_subclass(Asked), torch.device(kind)) == (kind, kind == "cuda")


def test_device_of():
    assert device_of(torch.nn.Linear(2, 2)) == CPU == device_of(torch.nn.Identity())
    assert device_of(torch.nn.Linear(2, 2, device=META)) == META


def test_random_numbers_are_put_back():
    states = random_states(CPU)
    drawn = torch.rand(3)
    set_random_states(states, CPU)
    assert torch.equal(torch.rand(3), drawn) and list(states) == ["random"]


# ── the meta device has shapes and no numbers: whatever looks at one fails ───────────────────────────────────────────


@pytest.mark.parametrize("made", BERTS.values(), ids=BERTS)
def test_shapes_without_numbers(made):
    """A forward and a way back make every shape on the meta device, and touch no value."""
    model = ready(made)
    here = model(*padded(3, 7))
    there = model.to(META)(*moved(padded(3, 7), META))
    here, there = (each if isinstance(each, tuple) else (each,) for each in (here, there))
    assert [each.shape for each in there] == [each.shape for each in here] and {each.device for each in there} == {META}
    sum(each.sum() for each in there).backward()
    assert not may_be_read(there[0]) and may_be_read(here[0])


def test_shapes_of_the_transformer():
    model = ready(lambda: TransformerModel(CONFIG)).to(META)
    assert model(*moved(translation(3, 6), META)).shape == (3, 6, CONFIG.vocab_size)


# ── bf16 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_precision_on_request(tmp_path):
    """The products are counted in bfloat16, the weights and what AdamW remembers stay float32; the losses are nearly the same."""
    seen = []

    def watching(model, batch):
        seen.append(F.linear(torch.ones(1, 2), torch.ones(1, 2)).dtype)
        return loss_of(model, batch)

    losses = {precision: fit(started(), batch_at, watching, steps=4, learning_rate=1e-3, precision=precision).loss
              for precision in ("float32", "bf16")}
    assert seen == [torch.float32] * 4 + [torch.bfloat16] * 4
    assert losses["bf16"] != losses["float32"] and losses["bf16"] == pytest.approx(losses["float32"], abs=0.02)
    model = started()
    train(model, steps=3, precision="bf16", folder=tmp_path)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    again = fresh(3)
    train(again, steps=3, precision="bf16", folder=tmp_path)
    assert same(model, again)
    with pytest.raises(ValueError, match="is of a training with precision bf16 instead of float32: go on with what it began with"):
        train(started(), steps=3, folder=tmp_path)
    with pytest.raises(ValueError, match="precision is 'fp16', where float32 or bf16 is expected"):
        train(started(), precision="fp16")


def test_a_state_of_before_there_was_a_choice_is_gone_on_from(tmp_path):
    """It does not say where, and in which precision, it was trained: on the CPU, in float32."""
    whole = started()
    train(whole, steps=6)

    def interrupted(step):
        if step == 3:
            raise KeyboardInterrupt
        return batch_at(step)

    with pytest.raises(KeyboardInterrupt):
        fit(started(), interrupted, loss_of, steps=6, learning_rate=1e-3, folder=tmp_path)
    with safe_open(tmp_path / STATE, "pt") as file:
        about, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}     # noqa: SIM118
    settings = json.loads(about["settings"])
    assert settings.pop("device") == "cpu" and settings.pop("precision") == "float32"
    save_file(tensors, tmp_path / STATE, metadata=about | {"settings": json.dumps(settings)})
    again = fresh(3)
    train(again, steps=6, folder=tmp_path)
    assert same(whole, again)


# ── a real accelerator ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(best_device() == CPU, reason="torch finds no accelerator on this machine")
def test_on_the_accelerator_of_this_machine(tmp_path):
    """Models give what they give on the CPU; a training that was stopped goes on to the same weights."""
    device = best_device()
    for made in BERTS.values():
        here = ready(made)
        expected = here(*padded(3, 7))
        given = moved(here.to(device)(*moved(padded(3, 7), device)), CPU)
        torch.testing.assert_close(given, expected, atol=1e-3, rtol=1e-3)     # their products may be TF32's
    whole = started().to(device)
    history = train(whole, steps=50)

    def interrupted(step):
        if step == 23:
            raise KeyboardInterrupt
        return batch_at(step)

    with pytest.raises(KeyboardInterrupt):
        fit(started().to(device), interrupted, loss_of, steps=50, learning_rate=1e-3, folder=tmp_path)
    again = train(fresh(3).to(device), steps=50, folder=tmp_path)
    assert again.loss == pytest.approx(history.loss, rel=1e-3)
    low = train(started().to(device), steps=50, precision="bf16")
    assert low.loss == pytest.approx(history.loss, abs=0.05)
    with pytest.raises(ValueError, match=f"device {device.type} instead of cpu"):
        train(started(), steps=50, folder=tmp_path)


def test_memory_goes_back():
    """What lies beneath a piece that is still held does not go back by itself."""
    pieces = [b"x" * 100_000 for _ in range(500)]
    held, before = pieces.pop(), psutil.Process().memory_info().rss
    pieces.clear()
    give_memory_back()     # nowhere does it raise
    if platform.libc_ver()[0] == "glibc":
        assert before - psutil.Process().memory_info().rss > 25e6 and len(held) == 100_000
