"""The training loop: what it does at each step, and that a training which was ended by force goes on to the same bits."""

import json
import math
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from bert_parts import BertConfig, BertForSequenceClassification
from bert_parts.training import STATE, batch_places, decay_groups, fit, learning_rate_at

CONFIG = BertConfig(vocab_size=30, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=16,
                    max_position_embeddings=8)     # with dropout: random numbers are drawn at every step
IDS = torch.randint(1, 30, (40, 8), generator=torch.Generator().manual_seed(0))
LABELS = (IDS < 5).any(dim=1).long()


def fresh(seed: int = 0) -> BertForSequenceClassification:
    torch.manual_seed(seed)
    return BertForSequenceClassification(CONFIG, 2)


def started() -> BertForSequenceClassification:
    model = fresh()
    torch.manual_seed(7)
    return model


def batch_at(step: int):
    places = batch_places(step, len(IDS), 6, seed=1)
    return IDS[places], LABELS[places]


def loss_of(model, batch):
    return F.cross_entropy(model(batch[0]), batch[1])


def accuracy(model):
    assert not model.training and not torch.is_grad_enabled()
    return {"accuracy": (model(IDS).argmax(dim=-1) == LABELS).double().mean().item()}


def train(model, **changes):
    return fit(model, batch_at, loss_of, **{"steps": 12, "learning_rate": 1e-3} | changes)


def same(model, other) -> bool:
    return all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


# ── one step after the other ─────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 300), st.floats(0, 1), st.floats(1e-6, 1))
@settings(deadline=None)
def test_the_learning_rate_rises_and_falls(steps, warmup, peak):
    rates = [learning_rate_at(step, steps, peak, warmup) for step in range(steps)]
    assert all(0 < rate <= peak * (1 + 1e-9) for rate in rates)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1]) and rates[top:] == sorted(rates[top:], reverse=True)
    assert abs(top + 1 - max(1, warmup * steps)) <= 1


def test_the_learning_rate_against_transformers():
    """Theirs counts from 0, where nothing is learned; ours has their rate of one step later."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, num_warmup_steps=20, num_training_steps=100)
    for step in range(20):
        optimizer.step()
        schedule.step()
        assert learning_rate_at(step, 100, 0.5, 0.2) == pytest.approx(schedule.get_last_lr()[0])
    for step in range(20, 100):
        assert learning_rate_at(step, 100, 0.5, 0.2) == pytest.approx(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()


def test_decay_groups_against_transformers():
    model = fresh()
    model.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    pulled, spared = decay_groups(model, 0.01)
    assert (pulled["weight_decay"], spared["weight_decay"]) == (0.01, 0.0)
    wanted = set(transformers.Trainer.get_decay_parameter_names(None, model)) - {"bert.embeddings.word_embeddings.weight"}
    assert {names[id(p)] for p in pulled["params"]} == wanted
    learning = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {names[id(p)] for p in spared["params"]} == learning - wanted
    assert len(pulled["params"]) + len(spared["params"]) == len(learning)


@given(st.integers(1, 50), st.integers(1, 12), st.integers(0, 9))
@settings(deadline=None)
def test_every_example_once_in_an_epoch(count, batch_size, seed):
    per_epoch = math.ceil(count / batch_size)
    for epoch in range(3):
        places = [p for step in range(per_epoch) for p in batch_places(epoch * per_epoch + step, count, batch_size, seed).tolist()]
        assert sorted(places) == list(range(count))
    assert all(1 <= len(batch_places(step, count, batch_size, seed)) <= batch_size for step in range(per_epoch))


def test_each_epoch_and_each_seed_has_its_order():
    orders = {tuple(batch_places(step, 30, 30, seed).tolist()) for step in range(4) for seed in range(4)}
    assert len(orders) == 16


def test_steps_against_a_loop_in_plain_torch():
    """Warm-up and fall, clipping, decay: what fit does, written out with torch and transformers only."""
    model, expected = fresh(), fresh()
    torch.manual_seed(5)
    history = train(model, learning_rate=0.02, warmup=0.25, weight_decay=0.3)
    torch.manual_seed(5)
    pulled = [p for p in expected.parameters() if p.dim() > 1]
    spared = [p for p in expected.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": pulled, "weight_decay": 0.3}, {"params": spared, "weight_decay": 0.0}], lr=0.02, eps=1e-6)
    expected.train()
    for step in range(12):
        for group in optimizer.param_groups:
            group["lr"] = 0.02 * ((step + 1) / 3 if step < 3 else (12 - step) / 9)
        optimizer.zero_grad()
        loss = loss_of(expected, batch_at(step))
        loss.backward()
        nn.utils.clip_grad_norm_(expected.parameters(), 1.0)
        optimizer.step()
        assert history.loss[step] == pytest.approx(loss.item(), abs=1e-5)
    for given_, wanted in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(given_, wanted, atol=1e-5, rtol=0)
    assert len(history.learning_rate) == 12 and not model.training


def test_it_learns():
    torch.manual_seed(0)
    history = train(fresh(), steps=150, learning_rate=5e-3, evaluate=accuracy, evaluate_every=60)
    assert [each["step"] for each in history.evaluations] == [60, 120, 150]
    assert history.evaluations[-1]["accuracy"] >= 0.95
    assert sum(history.loss[-10:]) < 0.5 * sum(history.loss[:10])
    assert history.seconds > 0


def test_an_evaluation_changes_nothing():
    looked, not_looked = fresh(), fresh()
    for model, changes in ((looked, {"evaluate": accuracy, "evaluate_every": 2}), (not_looked, {})):
        torch.manual_seed(3)
        train(model, **changes)
    assert same(looked, not_looked)


def test_gradients_do_not_outlive_a_step():
    """Those from before count for nothing, and none takes memory during an evaluation or after the training."""
    def held(model):
        return {"held": sum(parameter.grad is not None for parameter in model.parameters())}

    clean, soiled = fresh(), fresh()
    for parameter in soiled.parameters():
        parameter.grad = torch.ones_like(parameter)
    for model in (clean, soiled):
        torch.manual_seed(7)
        history = train(model, evaluate=held, evaluate_every=5)
        assert [each["held"] for each in history.evaluations] == [0, 0, 0]
        assert held(model) == {"held": 0}
    assert same(clean, soiled)


def test_frozen_stays_frozen():
    model = fresh()
    model.bert.requires_grad_(False)
    before = model.bert.encoder.layer[0].output.dense.weight.clone()
    train(model)
    assert torch.equal(model.bert.encoder.layer[0].output.dense.weight, before)


def test_time_is_up():
    history = fit(fresh(), lambda step: time.sleep(0.02) or batch_at(step), loss_of, steps=10_000, learning_rate=1e-3, seconds=0.3,
                  evaluate=accuracy)
    assert 1 <= len(history.loss) <= 15
    assert history.evaluations[-1]["step"] == len(history.loss)


def test_a_loss_that_is_no_number():
    model = fresh()
    with pytest.raises(ValueError, match="At step 3 the loss is nan.*lower the learning rate"):
        fit(model, batch_at, lambda model, batch: loss_of(model, batch) * (math.nan if train_step() == 3 else 1),
            steps=9, learning_rate=1e-3)
    assert all(parameter.isfinite().all() for parameter in model.parameters())


def train_step(count=[-1]):  # noqa: B006
    count[0] += 1
    return count[0]


# ── stopped, and gone on ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def uninterrupted():
    model = started()
    history = train(model, evaluate=accuracy, evaluate_every=4)
    return model, history


def resumed(folder, **changes):
    model = fresh(seed=99)     # other weights and other random numbers: all must come from the state
    torch.manual_seed(123)
    return model, train(model, evaluate=accuracy, evaluate_every=4, folder=folder, **changes)


class Stop(BaseException):
    pass


@pytest.mark.parametrize("step", range(1, 12))
@pytest.mark.parametrize("how", [KeyboardInterrupt, Stop])
def test_stopped_at_any_step_and_resumed(tmp_path, uninterrupted, step, how):
    """Ctrl-C saves; after anything worse, such as a crash, the last state that was saved counts."""

    def stopping(at):
        if at == step:
            raise how
        return batch_at(at)

    with pytest.raises(how):
        fit(started(), stopping, loss_of, steps=12, learning_rate=1e-3, evaluate=accuracy, evaluate_every=4, folder=tmp_path,
            save_every=1)
    model, history = resumed(tmp_path)
    assert same(model, uninterrupted[0])
    assert history.loss == uninterrupted[1].loss
    assert history.evaluations == uninterrupted[1].evaluations


def test_ctrl_c_in_the_middle_of_a_step(tmp_path, uninterrupted):
    """As from the keyboard: wherever it falls, the state that is saved is that of a whole step."""
    def slow(model, batch):
        time.sleep(0.01)
        return loss_of(model, batch)

    for wait in (0.03, 0.05, 0.071, 0.09):
        folder = tmp_path / str(wait)
        timer = threading.Timer(wait, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        try:
            fit(started(), batch_at, slow, steps=12, learning_rate=1e-3, evaluate=accuracy, evaluate_every=4, folder=folder)
            time.sleep(0.3)     # it may have been faster than the signal
        except KeyboardInterrupt:
            pass
        model, history = resumed(folder)
        assert same(model, uninterrupted[0]) and history.loss == uninterrupted[1].loss


KILLED = textwrap.dedent("""
    import sys, time
    sys.path.insert(0, {tests!r})
    import torch
    from test_training import accuracy, batch_at, fit, loss_of, started
    from pathlib import Path

    def slow(step):
        Path({folder!r}, "reached").write_text(str(step))
        time.sleep(0.05)
        return batch_at(step)

    torch.set_num_threads({threads})     # sums are made in another order with another number
    fit(started(), slow, loss_of, steps=12, learning_rate=1e-3, evaluate=accuracy, evaluate_every=4, folder={folder!r},
        save_every=1)
""")


def test_killed_by_force_at_a_random_step(tmp_path, uninterrupted):
    """SIGKILL: the process has no chance to clean up. What is left goes on to the same bits."""
    step = random.randint(1, 11)
    code = KILLED.format(tests=str(Path(__file__).parent), folder=str(tmp_path), threads=torch.get_num_threads())
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[1], stderr=subprocess.PIPE)
    reached = tmp_path / "reached"
    deadline = time.monotonic() + 120
    while not (reached.is_file() and reached.read_text().isdigit() and int(reached.read_text()) >= step):
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    process.wait()
    model, history = resumed(tmp_path)
    assert same(model, uninterrupted[0]), f"killed in step {step}"
    assert history.loss == uninterrupted[1].loss


def test_more_of_the_same_time(tmp_path, uninterrupted):
    """Ended by the clock, and gone on with more time."""
    train(started(), evaluate_every=4, folder=tmp_path, seconds=1e-9)
    model, history = resumed(tmp_path)
    assert same(model, uninterrupted[0]) and history.loss == uninterrupted[1].loss


def test_what_is_finished_is_not_trained_again(tmp_path, uninterrupted):
    train(started(), evaluate=accuracy, evaluate_every=4, folder=tmp_path)
    written = (tmp_path / STATE).stat().st_mtime_ns
    model, history = resumed(tmp_path)
    assert same(model, uninterrupted[0]) and len(history.loss) == 12
    assert (tmp_path / STATE).stat().st_mtime_ns == written


@pytest.fixture
def state(tmp_path):
    train(fresh(), folder=tmp_path)
    return tmp_path / STATE


def refused(state: Path, message: str, model=None, **changes):
    model = model or fresh(1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        train(model, folder=state.parent, **changes)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())     # nothing was loaded


@pytest.mark.parametrize("part", [0.0, 0.001, 0.1, 0.5, 0.9, 0.9999])
def test_a_state_cut_off_in_the_middle_is_never_loaded(state, part):
    whole = state.read_bytes()
    state.write_bytes(whole[: int(len(whole) * part)])
    refused(state, f"{STATE} is damaged.*begin afresh")
    assert len(state.read_bytes()) == int(len(whole) * part)     # and it is left as it is


@given(junk=st.binary(max_size=200))
@settings(deadline=None, max_examples=25)
def test_a_file_that_is_something_else(tmp_path_factory, junk):
    path = tmp_path_factory.mktemp("junk") / STATE
    path.write_bytes(junk)
    refused(path, "is damaged|holds no state")


def test_weights_that_are_no_state(state):
    save_file({"a": torch.zeros(2)}, state)
    refused(state, "holds no state of a training")


def test_other_settings(state):
    refused(state, "learning_rate 0.001 instead of 0.002.*or remove", learning_rate=2e-3)
    refused(state, "steps 12 instead of 13", steps=13)


def test_another_model(state):
    torch.manual_seed(0)
    refused(state, "model with other parts or sizes", model=BertForSequenceClassification(CONFIG, 3))


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    """If writing fails half-way, the state from before is still there."""
    train(fresh(), folder=tmp_path, steps=12)
    before = (tmp_path / STATE).read_bytes()

    def half(tensors, path, metadata):
        Path(path).write_bytes(before[:100])
        raise OSError("No space left on device")

    monkeypatch.setattr("bert_parts.training.save_file", half)
    (tmp_path / "other").mkdir()
    os.rename(tmp_path / STATE, tmp_path / "other" / STATE)
    with pytest.raises(OSError, match="No space"):
        train(fresh(), folder=tmp_path)
    assert list(tmp_path.glob("*.*")) == []
    assert json.loads(transformed(tmp_path / "other" / STATE)["history"])["loss"]


def transformed(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return file.metadata()
