"""The training loop: what it does at each step, and that a training which was ended by force goes on to the same bits."""

import errno
import itertools
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

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from bert_parts import BertConfig, BertForSequenceClassification
from bert_parts.training import STATE, batch_places, decay_groups, fit, learning_rate_at
from tests.faults import file_size

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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows would end this process")
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
        assert torch.is_grad_enabled()
        model, history = resumed(folder)
        assert same(model, uninterrupted[0]) and history.loss == uninterrupted[1].loss


def test_an_interrupt_does_not_leave_gradients_off():
    """It may fall where an evaluation has switched them off, and not yet on again."""
    def between(step):
        torch.set_grad_enabled(False)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(started(), between, loss_of, steps=12, learning_rate=1e-3)
    was_enabled = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    assert was_enabled


KILLED = textwrap.dedent("""
    import sys, time
    sys.path.insert(0, {tests!r})
    import torch
    from test_training import accuracy, batch_at, fit, loss_of, started
    from pathlib import Path

    def slow(step):
        Path({folder!r}, "reached").open("a").write("step ")
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
    while not (reached.is_file() and reached.read_text().count(" ") > step):
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
    refused(state, "warmup 0.1 instead of 0.2", warmup=0.2)
    refused(state, "weight_decay 0.01 instead of 0", weight_decay=0)


def test_another_model(state):
    torch.manual_seed(0)
    refused(state, "model with other parts or sizes", model=BertForSequenceClassification(CONFIG, 3))


FROZEN = {"nothing": [], "the embeddings": ["bert.embeddings"], "all but the head": ["bert"]}


def partly_frozen(what: str) -> BertForSequenceClassification:
    model = started()
    for part in FROZEN[what]:
        model.get_submodule(part).requires_grad_(False)
    return model


@pytest.mark.parametrize(("then", "now"), list(itertools.permutations(FROZEN, 2)))
def test_a_training_does_not_go_on_with_other_parameters_frozen(tmp_path, then, now):
    """What AdamW remembers was once restored by number: this ended in a crash, in NaN, or silently in rubbish."""
    train(partly_frozen(then), folder=tmp_path, seconds=1e-9)
    says = r"training in which bert\.\S+ (learned, which is frozen|was frozen, which learns) now"
    refused(tmp_path / STATE, says, partly_frozen(now))


@pytest.mark.parametrize("what", FROZEN)
def test_with_the_same_parameters_frozen_it_goes_on(tmp_path, what):
    whole, stopped = partly_frozen(what), partly_frozen(what)
    train(whole)
    torch.manual_seed(7)
    train(stopped, folder=tmp_path, seconds=1e-9)
    model = partly_frozen(what)
    train(model, folder=tmp_path)
    assert same(model, whole)


def test_a_parameter_that_never_had_a_gradient(tmp_path):
    """AdamW remembers nothing of it, and that is right."""
    def with_one_more():
        model = started()
        model.unused = nn.Parameter(torch.ones(3))
        return model

    whole = with_one_more()
    train(whole)
    train(with_one_more(), folder=tmp_path, seconds=1e-9)
    model = with_one_more()
    train(model, folder=tmp_path)
    assert same(model, whole) and torch.equal(model.unused, torch.ones(3))


def rewritten(state: Path, metadata=None, **tensors):
    """Another content of the same form: some metadata and some tensors replaced; None takes one away."""
    content = load_file(state) | tensors
    told = transformed(state) | (metadata or {})
    save_file({name: tensor for name, tensor in content.items() if tensor is not None}, state,
              {name: text for name, text in told.items() if text is not None})


SLOT = "optimizer.bert.pooler.dense.weight"


@pytest.mark.parametrize(("tensors", "says"), [
    ({f"{SLOT}.exp_avg": None}, "exp_avg is missing"),
    ({f"{SLOT}.step": None}, "step is missing"),
    ({f"{SLOT}.exp_avg": torch.zeros(12, 11)}, r"exp_avg has shape \(12, 11\)"),
    ({f"{SLOT}.exp_avg_sq": torch.zeros(12, 12, dtype=torch.float64)}, "exp_avg_sq has shape.*float64"),
    ({f"{SLOT}.step": torch.zeros(1)}, r"step has shape \(1,\)"),
    ({f"{SLOT}.max_exp_avg_sq": torch.zeros(12, 12)}, "max_exp_avg_sq has no place"),
    ({"optimizer.0.exp_avg": torch.zeros(12, 12)}, "optimizer.0.exp_avg has no place"),
    ({"model.classifier.bias": torch.zeros(2, dtype=torch.float16)}, "other parts or sizes"),
    ({"model.classifier.bias": torch.zeros(3)}, "other parts or sizes"),
    ({"random": None}, "random is missing"),
    ({"random": torch.zeros(7, dtype=torch.uint8)}, r"random has shape \(7,\)"),
    ({"random": torch.full((5056,), 7, dtype=torch.uint8)}, "is damaged.*mt19937"),
])
def test_a_state_with_a_wrong_tensor_is_refused_before_anything_is_changed(state, tensors, says):
    rewritten(state, **tensors)
    before = torch.get_rng_state()
    refused(state, says)
    refused(state, "begin afresh")
    assert not torch.equal(before, torch.zeros_like(before))


@pytest.mark.parametrize("name", ["settings", "learning", "history"])
@pytest.mark.parametrize("text", [
    None, "", "{", "[" * 100_000, "3", "null", "[1]", '{"loss": 3}', '{"loss": ["a"]}', '{"a": 1}',
    '{"loss": [1], "learning_rate": [1]}', '{"loss": [1.0], "learning_rate": [1.0], "evaluations": [{}]}',
], ids=range(12))
def test_a_state_with_wrong_metadata_is_refused_in_a_sentence(state, name, text):
    rewritten(state, {name: text})
    refused(state, "begin afresh")


def test_a_state_that_is_a_folder(tmp_path):
    (tmp_path / STATE).mkdir()
    refused(tmp_path / STATE, "cannot be read")


def test_what_a_training_depends_on_is_kept_with_it(tmp_path):
    depends_on = {"labels": ("no", "yes"), "seed": 3, "data": "a1"}
    train(started(), folder=tmp_path, seconds=1e-9, depends_on=depends_on)
    state = tmp_path / STATE
    refused(state, "with another labels: go on", depends_on=depends_on | {"labels": ["yes", "no"]})
    refused(state, "with seed 3 instead of 4: go on", depends_on=depends_on | {"seed": 4})
    refused(state, "with another data: go on", depends_on=depends_on | {"data": "a2"})
    refused(state, "with another labels, another seed, another data: go on")
    refused(state, "with another more: go on", depends_on=depends_on | {"more": 1})
    train(fresh(), folder=tmp_path, depends_on=depends_on)


def test_two_trainings_in_one_folder(tmp_path):
    """The second one is refused, and does the first no harm; afterwards the folder is free again."""
    def second(step):
        if step == 2:
            with pytest.raises(ValueError, match="is being written by another run.*another folder"):
                train(fresh(), folder=tmp_path)
        return batch_at(step)

    fit(started(), second, loss_of, steps=12, learning_rate=1e-3, folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [STATE]
    train(fresh(), folder=tmp_path)


def test_leftovers_of_a_killed_run_are_cleared(tmp_path):
    (tmp_path / f"{STATE}.abc.part").mkdir()
    (tmp_path / f"{STATE}.abc.part" / ".tmpxyz").write_text("half")
    (tmp_path / f"{STATE}abc.part").write_text("half")
    (tmp_path / "notes.part").write_text("mine")
    train(fresh(), folder=tmp_path, steps=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.part", STATE]


@pytest.mark.parametrize("kind", [torch.tensor, np.float32, np.array, float])
def test_an_evaluation_may_give_tensors_without_dimensions(tmp_path, kind):
    history = train(started(), evaluate=lambda model: {"accuracy": kind(0.5), "step": 99}, folder=tmp_path)
    assert history.evaluations == [{"step": 12, "accuracy": 0.5}] and type(history.evaluations[0]["accuracy"]) is float
    assert train(fresh(), evaluate=lambda model: {}, folder=tmp_path).evaluations == history.evaluations


@pytest.mark.parametrize(("given_", "says"), [
    ({"each": torch.ones(3)}, r"gave a Tensor of shape \(3,\) as 'each', where a number is expected"),
    ({"each": torch.ones(1)}, r"gave a Tensor of shape \(1,\) as 'each'"),
    ({"each": [0.5]}, "gave a list as 'each'"),
    ({"each": None}, "gave a NoneType as 'each'"),
    (torch.tensor(0.5), r"gave a Tensor of shape \(\), where numbers by their names are expected"),
    (0.5, "gave a float, where"),
])
def test_an_evaluation_that_gives_no_numbers(tmp_path, uninterrupted, given_, says):
    """It is told in a sentence, and the training that it looked at is not lost."""
    with pytest.raises(ValueError, match=says):
        train(started(), evaluate=lambda model: given_, folder=tmp_path)
    asked = []
    model = fresh()
    fit(model, asked.append, loss_of, steps=12, learning_rate=1e-3, folder=tmp_path)
    assert not asked and same(model, uninterrupted[0])


def test_an_evaluation_that_draws_random_numbers_changes_nothing(tmp_path, uninterrupted):
    model = started()
    train(model, evaluate=lambda model: {"chance": torch.rand(())}, evaluate_every=2)
    assert same(model, uninterrupted[0])


def test_a_full_disk_leaves_the_last_good_state(tmp_path, uninterrupted):
    """The file may grow to a part of its size only: it is told in one sentence, and with room again training goes on."""
    train(started(), evaluate=accuracy, evaluate_every=4, folder=tmp_path, seconds=1e-9)
    good = (tmp_path / STATE).read_bytes()
    with file_size(len(good) // 2), pytest.raises(OSError, match="could not be written .*: make room for it.*is kept") as error:
        train(fresh(), evaluate=accuracy, evaluate_every=4, folder=tmp_path, save_every=3)
    assert error.value.errno == errno.EFBIG
    assert [path.name for path in tmp_path.iterdir()] == [STATE] and (tmp_path / STATE).read_bytes() == good
    model, history = resumed(tmp_path)
    assert same(model, uninterrupted[0]) and history.loss == uninterrupted[1].loss


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
