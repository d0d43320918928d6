"""One plain training loop that can be stopped at any step, and goes on from there as if it had not been."""

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from bert_parts.devices import CPU, device_of, moved, random_states, set_random_states
from bert_parts.files import LOCK, alone_in, quoted, remove_leftovers, shortened, whole_file
from bert_parts.products import fast_products

STATE = "training.safetensors"     # in the folder given to fit: all that is needed to go on
BETAS, EPSILON = (0.9, 0.999), 1e-6     # Devlin et al. 2019, appendix A.2; epsilon as in the published code
MAX_NORM = 1.0     # of all gradients together, as in the published code
SLOTS = ("step", "exp_avg", "exp_avg_sq")     # what AdamW remembers of a parameter
HEAP = 16     # batches whose examples are sorted by length together
READ_EVERY = 20     # steps on an accelerator after which their losses are read, all at once
PRECISIONS = {"float32": torch.float32, "bf16": torch.bfloat16}
USUAL = {"device": "cpu", "precision": "float32"}     # a state that does not say otherwise is of such a training


@dataclass
class History:
    """How a training went.

    Attributes:
        loss: of each step, before it.
        learning_rate: of each step.
        evaluations: what each evaluation gave, with the "step" after which it was made.
        seconds: spent in training, evaluations and earlier runs included.
    """

    loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    evaluations: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0


def learning_rate_at(step: int, steps: int, peak: float, warmup: float) -> float:
    """It rises from 0 to the peak in the first part of the steps, then falls to 0, both straight.

    Args:
        step: of the steps, counted from 0. Step 0 has a little more than 0, and so has the last.
        warmup: which part of the steps it rises, 0 … 1 (Devlin et al. 2019, appendix A.2: 10,000 of
            1,000,000).
    """
    rising = warmup * steps
    done = step + 1
    if done <= rising:
        return peak * done / rising
    return peak * (steps - step) / (steps - math.floor(rising))


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """The parameters for AdamW: matrices are pulled towards 0, biases and LayerNorm's are not.

    As in the published code (the paper names the decay, 0.01, only). Parameters that do not learn
    are left out.
    """
    norms = {id(p) for module in model.modules() if isinstance(module, nn.LayerNorm) for p in module.parameters()}
    learning = {name: p for name, p in model.named_parameters() if p.requires_grad}
    spared = [p for name, p in learning.items() if name.endswith("bias") or id(p) in norms]
    pulled = [p for name, p in learning.items() if not (name.endswith("bias") or id(p) in norms)]
    return [{"params": pulled, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]


def batch_places(step: int, count: int, batch_size: int, seed: int = 0) -> Tensor:
    """Which examples the batch of a step holds. Every example comes once in each epoch, each time in another order.

    It depends on nothing but its arguments, so that a training which goes on sees what it would have seen.

    Shapes:
        → (B,) int64, B = batch_size, but smaller at the end of an epoch if count is no multiple of it
    """
    per_epoch = math.ceil(count / batch_size)
    epoch, place = divmod(step, per_epoch)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(1_000_003 * seed + epoch))
    return order[place * batch_size : (place + 1) * batch_size]


def like_lengths(lengths: Sequence[int], batch_size: int, epochs: float, seed: int = 0) -> list[list[int]]:
    """Which examples each step's batch holds, like with like in length, so that hardly any time goes into padding.

    Shuffled, cut into heaps, each heap sorted by length and cut into batches, these in random order. Every example comes
    once in each epoch; of a part of an epoch, the first steps are kept.
    """
    wanted = max(1, round(epochs * math.ceil(len(lengths) / batch_size)))
    batches, heap, generator = [], 0, torch.Generator().manual_seed(seed)
    while len(batches) < wanted:
        places = batch_places(heap, len(lengths), batch_size * HEAP, seed).tolist()
        cut = torch.tensor(sorted(places, key=lengths.__getitem__)).split(batch_size)
        batches += [cut[number].tolist() for number in torch.randperm(len(cut), generator=generator).tolist()]
        heap += 1
    return batches[:wanted]


def fit(
    model: nn.Module,
    batch_at: Callable[[int], object],
    loss_of: Callable[[nn.Module, object], Tensor],
    *,
    steps: int,
    learning_rate: float,
    warmup: float = 0.1,
    weight_decay: float = 0.01,
    seconds: float = math.inf,
    evaluate: Callable[[nn.Module], dict[str, float]] | None = None,
    evaluate_every: int | None = None,
    folder: str | Path | None = None,
    save_every: int = 100,
    depends_on: dict[str, object] | None = None,
    precision: str = "float32",
) -> History:
    """Train with AdamW, a learning rate that rises and falls, and clipped gradients (Devlin et al. 2019, appendix A.2).

    Args:
        model: it is trained in place and where it is, and left in eval mode.
        batch_at: the batch of a step, counted from 0. To be resumed exactly it must depend on the step only. Its tensors, in dicts,
            lists or tuples, are moved to where the model is.
        loss_of: the loss of the model on a batch, a number to be made small.
        steps: how many; the learning rate reaches 0 after them.
        warmup: the part of the steps in which the learning rate rises.
        seconds: training ends early after so many, earlier runs included.
        evaluate: looks at the model, in eval mode and without gradients, every `evaluate_every` steps and at the end.
        folder: where the state is kept, every `save_every` steps and whenever training ends, also by an interrupt. If a
            state is there, training goes on from it; with the same number of threads on the same
            machine the result is the same to the last bit (on an accelerator as far as its own sums are).
        depends_on: what else makes the training what it is, by name, in values that JSON knows: a seed, digests of the data
            and of the weights that it begins with. It is kept with the state, like the kind of device: a training does not go on
            with others.
        precision: "float32", or "bf16": then the matrix products of `loss_of` are counted in bfloat16 (autocast), and the weights
            stay as they are.

    Raises:
        ValueError: the loss is not a finite number (on an accelerator this is noticed some steps later); what `evaluate` gives are
            no numbers; the state in the folder is damaged, or of another model, of one with other parameters frozen, or of a
            training with other settings; or another process is training in that folder.
        OSError: the state cannot be written, for example because the disk is full; the one from before is there still.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {quoted(precision)}, where {' or '.join(PRECISIONS)} is expected: give one of these.")
    device = device_of(model)
    settings = {"steps": steps, "learning_rate": learning_rate, "warmup": warmup, "weight_decay": weight_decay,
                "device": device.type, "precision": precision}
    settings = json.loads(json.dumps(settings | (depends_on or {})))     # as they will be read
    with alone_in(folder) if folder is not None else nullcontext():
        state = None if folder is None else Path(folder) / STATE
        optimizer = torch.optim.AdamW(decay_groups(model, weight_decay), betas=BETAS, eps=EPSILON, fused=True)
        history = History()
        if state:
            remove_leftovers(state)
            history = _load_state(state, model, optimizer, settings) if state.exists() else history
        unread = []     # of each of the last steps the loss and the length of all gradients: still on the device

        def read():
            if unread:
                _read_losses(torch.stack(unread).tolist(), history)
            unread.clear()

        def keep():
            read()
            if state:
                _save_state(state, model, optimizer, settings, history, random)

        first, began = len(history.loss), time.monotonic() - history.seconds
        bar = tqdm(total=steps, initial=first, desc="training", unit="step", delay=1, leave=False)
        random, gradients = random_states(device), torch.is_grad_enabled()
        model.zero_grad()     # what was there before is no part of this training
        try:
            for step in range(first, steps):
                random = random_states(device)
                if evaluate and evaluate_every and step % evaluate_every == 0:
                    read()
                    _look(model, evaluate, history)
                if history.seconds >= seconds:
                    break
                rate = learning_rate_at(step, steps, learning_rate, warmup)
                numbers = _backward(model, loss_of, moved(batch_at(step), device), PRECISIONS[precision])
                with _no_interrupt():     # model, optimizer and history change together
                    unread.append(numbers)
                    if device.type == "cpu" or len(unread) == READ_EVERY:
                        read()
                    take_step(optimizer, rate)
                    history.learning_rate.append(rate)
                    history.seconds = time.monotonic() - began
                    random = random_states(device)
                if (step + 1) % save_every == 0 and step + 1 < steps:
                    keep()
                bar.set_postfix(loss=f"{history.loss[-1]:.2f}" if history.loss else "…", refresh=False)
                bar.update()
            if len(history.learning_rate) > first:
                read()     # which waits until all is done
                history.seconds = time.monotonic() - began
                keep()     # also before the last evaluation, which may fail
            if evaluate and _look(model, evaluate, history):
                keep()
        except KeyboardInterrupt:
            keep()
            raise
        finally:
            torch.set_grad_enabled(gradients)     # an interrupt at the border of an evaluation may have left them off
            bar.close()
            model.eval()
    return history


def _look(model: nn.Module, evaluate: Callable[[nn.Module], dict[str, float]], history: History) -> bool:
    """Evaluate the model as it is now, unless that has been done. What training draws at random does not depend on it."""
    step = len(history.loss)
    if not step or (history.evaluations and history.evaluations[-1]["step"] == step):
        return False
    model.eval()
    random = random_states(device_of(model))
    try:
        with torch.no_grad():
            given = evaluate(model)
    finally:
        set_random_states(random, device_of(model))
    if not isinstance(given, dict):
        raise ValueError(f"The evaluation gave {_told(given)}, where numbers by their names are expected, as in "
                         f'{{"accuracy": 0.9}}: let it return such a dict.')
    numbers = {name: _number_of(name, value) for name, value in given.items()}
    history.evaluations.append({"step": step} | numbers | {"step": step})
    return True


def _number_of(name: str, value: object) -> float:
    """A value of an evaluation, which may be a tensor or an array of no dimensions. Raises ValueError if it is no number."""
    if getattr(value, "shape", None) == ():     # 0-dim: of torch or numpy
        value = value.item()
    if not isinstance(value, int | float):
        raise ValueError(f"The evaluation gave {_told(value)} as {quoted(name)}, where a number is expected: give its mean, "
                         f"or each of its values under a name of its own.")
    return value


def _told(value: object) -> str:
    shape = getattr(value, "shape", None)
    return f"a {type(value).__name__}" + ("" if shape is None else f" of shape {tuple(shape)}")


def _backward(
    model: nn.Module, loss_of: Callable[[nn.Module, object], Tensor], batch: object, precision: torch.dtype
) -> Tensor:
    """The loss on a batch, and the length of all its gradients, which are left with the parameters, clipped.

    Shapes:
        → (2,), still on the device
    """
    model.train()
    with fast_products(model) if precision == torch.float32 else torch.autocast(device_of(model).type, precision):
        loss = loss_of(model, batch)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
    return torch.stack([loss.detach().reshape(()), norm])


def _read_losses(numbers: list[list[float]], history: History):
    """Write down the losses of some steps. Raises ValueError at the first that is no finite number, or whose gradients are not."""
    for loss, norm in numbers:
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise ValueError(
                f"At step {len(history.loss)} the loss is {loss:.3g} and the length of its gradients {norm:.3g}, where "
                f"finite numbers are expected: look at that batch, or lower the learning rate."
            )
        history.loss.append(loss)


def take_step(optimizer: torch.optim.Optimizer, rate: float):
    """Change the parameters, and let their gradients go, which take as much memory as they do."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad()


@contextmanager
def _no_interrupt():
    """Ctrl-C, and Jupyter's stop button, wait until the end of the block. (They only reach the main thread.)"""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting = []
    usual = signal.signal(signal.SIGINT, lambda *event: waiting.append(event))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if waiting:
        raise KeyboardInterrupt


# ---------------------------------------------------------------- the state, to go on from


def _save_state(path: Path, model: nn.Module, optimizer, settings: dict, history: History, random: dict[str, Tensor]):
    """One safetensors file, whole or not at all: the model, what AdamW remembers, and the states of torch's random numbers."""
    names = _learning(model, optimizer)
    remembered = {names[number]: slots for number, slots in optimizer.state_dict()["state"].items()}
    tensors = {f"model.{name}": tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    for name, slots in remembered.items():
        tensors |= {f"optimizer.{name}.{slot}": tensor.contiguous() for slot, tensor in slots.items()}
    tensors |= random
    about = {"settings": settings, "history": asdict(history), "learning": {name: name in remembered for name in names}}
    try:
        with whole_file(path) as temporary:
            save_file(moved(tensors, CPU), temporary, metadata={name: json.dumps(value) for name, value in about.items()})
    except OSError as error:
        raise OSError(error.errno, f"{path} could not be written ({error.strerror}): make room for it, or give another folder; "
                      f"a state that was saved before is kept") from error


def _load_state(path: Path, model: nn.Module, optimizer, settings: dict) -> History:
    """Put everything back as it was when `_save_state` was called. Raises ValueError before anything is changed."""
    afresh = f"or remove {path.name} from {path.parent} to begin afresh."
    about, history, tensors = _read_state(path, afresh)
    saved, learned = USUAL | about["settings"], about["learning"]
    others = [_difference(name, saved, settings) for name in settings | saved if saved.get(name) != settings.get(name)]
    if others:
        raise ValueError(f"{path} is of a training with {', '.join(others)}: go on with what it began with, {afresh}")
    places = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    if _misfit(places, {name: tensor for name, tensor in tensors.items() if name.startswith("model.")}):
        raise ValueError(f"{path} is of a model with other parts or sizes: give another folder, {afresh}")
    names = _learning(model, optimizer)
    differ = sorted(learned.keys() ^ set(names))
    if differ:
        then, now = ("learned", "is frozen") if differ[0] in learned else ("was frozen", "learns")
        raise ValueError(f"{path} is of a training in which {differ[0]} {then}, which {now} now (the first of {len(differ)} such "
                         f"parameters): freeze the same as then, {afresh}")
    remembered = {number: f"optimizer.{name}" for number, name in enumerate(names) if learned[name]}
    for number, name in remembered.items():
        parameter = places[f"model.{names[number]}"]
        places |= {f"{name}.{slot}": torch.tensor(0.0) if slot == "step" else parameter for slot in SLOTS}
    device = device_of(model)
    wrong = _misfit(places | random_states(device), tensors)
    if not wrong:
        steps = max((tensors[f"{name}.step"].item() for name in remembered.values()), default=0)
        wrong = f"its losses are of {len(history.loss)} steps, the rest is of {steps:g}" if steps != len(history.loss) else ""
    if wrong:
        raise ValueError(f"{path} is damaged ({wrong}): put a whole copy in its place, {afresh}")
    try:
        set_random_states(tensors, device)
    except RuntimeError as error:
        raise ValueError(f"{path} is damaged ({error}): put a whole copy in its place, {afresh}") from error
    model.load_state_dict({name: tensors[f"model.{name}"] for name in model.state_dict()})
    state = {number: {slot: tensors[f"{name}.{slot}"] for slot in SLOTS} for number, name in remembered.items()}
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return history


def forget(folder: Path):
    """Take away what `fit` has kept in a folder, and the folder, if nothing else lies in it."""
    if folder.is_dir():
        remove_leftovers(folder / STATE)
        for name in (STATE, LOCK):
            (folder / name).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()


def _read_state(path: Path, afresh: str) -> tuple[dict[str, dict], History, dict[str, Tensor]]:
    """What a file of `_save_state` says of its training, how that went, and its tensors. Raises ValueError for any other file."""
    try:
        with safe_open(path, "pt") as file:     # mapped, and such a file cannot be replaced on Windows: so copies are taken
            metadata, tensors = file.metadata() or {}, {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        about = {name: dict(json.loads(metadata[name])) for name in ("settings", "learning", "history")}
        return about, _history_of(about["history"]), tensors
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error}): see to it, {afresh}") from error
    except KeyError as error:
        raise ValueError(f"{path} holds no state of a training, or that of an earlier version: give another folder, "
                         f"{afresh}") from error
    except (SafetensorError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}): put a whole copy in its place, {afresh}") from error


def _history_of(read: dict) -> History:
    """Raises TypeError or ValueError if it is no history."""
    history = History(**read)
    numbers = [*history.loss, *history.learning_rate, history.seconds]
    for each in history.evaluations:
        numbers += [each.get("step"), *each.values()] if isinstance(each, dict) else [each]
    wrong = [number for number in numbers if not isinstance(number, int | float)]
    if wrong or len(history.loss) != len(history.learning_rate):
        raise ValueError(f"its history holds {quoted(wrong[0])}" if wrong else "its history has more losses than rates, or fewer")
    return history


def _learning(model: nn.Module, optimizer: torch.optim.Optimizer) -> list[str]:
    """The names of the parameters that learn, in the order in which the optimizer counts them."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return [names[id(parameter)] for group in optimizer.param_groups for parameter in group["params"]]


def _difference(name: str, then: dict, now: dict) -> str:
    """In words. Of a digest, or a list, nobody wants to see both values."""
    if name in USUAL:
        return f"{name} {shortened(str(then[name]))} instead of {now[name]}"
    if all(isinstance(values.get(name), int | float) for values in (then, now)):
        return f"{name} {then[name]} instead of {now[name]}"
    return f"another {name}"


def _misfit(places: dict[str, Tensor], tensors: dict[str, Tensor]) -> str:
    """The first tensor that is missing, left over, or has another shape or type than that in its place; "" if there is none."""
    for name in sorted(places.keys() | tensors.keys()):
        if name not in tensors:
            return f"{name} is missing"
        if name not in places:
            return f"{shortened(name)} has no place"
        place, given = ((tuple(each.shape), each.dtype) for each in (places[name], tensors[name]))
        if place != given:
            return f"{name} has shape {given[0]} and type {given[1]}, where {place[0]} and {place[1]} are expected"
    return ""
