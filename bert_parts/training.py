"""One plain training loop that can be stopped at any step, and goes on from there as if it had not been."""

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from bert_parts.checkpoint import misfits
from bert_parts.files import whole_file

STATE = "training.safetensors"     # in the folder given to fit: all that is needed to go on
BETAS, EPSILON = (0.9, 0.999), 1e-6     # Devlin et al. 2019, appendix A.2; epsilon as in the published code
MAX_NORM = 1.0     # of all gradients together, as in the published code
HEAP = 16     # batches whose examples are sorted by length together


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
    """It rises from 0 to the peak during the first part of the steps, then falls to 0, both in straight lines.

    Args:
        step: of the steps, counted from 0. Step 0 has a little more than 0, and so has the last.
        warmup: which part of the steps it rises, 0 … 1 (Devlin et al. 2019, appendix A.2: 10,000 of 1,000,000).
    """
    rising = warmup * steps
    done = step + 1
    if done <= rising:
        return peak * done / rising
    return peak * (steps - step) / (steps - math.floor(rising))


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """The parameters for AdamW: matrices are pulled towards 0, biases and those of LayerNorm are not.

    As in the published code (the paper names the decay, 0.01, only). Parameters that do not learn are left out.
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
) -> History:
    """Train with AdamW, a learning rate that rises and falls, and clipped gradients (Devlin et al. 2019, appendix A.2).

    Args:
        model: it is trained in place, and left in eval mode.
        batch_at: the batch of a step, counted from 0. To be resumed exactly it must depend on the step only.
        loss_of: the loss of the model on a batch, a number to be made small.
        steps: how many; the learning rate reaches 0 after them.
        warmup: the part of the steps in which the learning rate rises.
        seconds: training ends early after so many, earlier runs included.
        evaluate: looks at the model, in eval mode and without gradients, every `evaluate_every` steps and at the end.
        folder: where the state is kept, every `save_every` steps and whenever training ends, also by an interrupt. If a
            state is there, training goes on from it; with the same number of threads on the same
            machine the result is the same to the last bit.

    Raises:
        ValueError: the loss is not a finite number; or the state in the folder is damaged, belongs to another model,
            or to a training with other settings.
    """
    settings = {"steps": steps, "learning_rate": learning_rate, "warmup": warmup, "weight_decay": weight_decay}
    optimizer = torch.optim.AdamW(decay_groups(model, weight_decay), betas=BETAS, eps=EPSILON, fused=True)
    state = None if folder is None else Path(folder) / STATE
    history = load_state(state, model, optimizer, settings) if state and state.is_file() else History()
    first, began = len(history.loss), time.monotonic() - history.seconds
    bar = tqdm(total=steps, initial=first, desc="training", unit="step", delay=1, leave=False)
    random = torch.get_rng_state()
    model.zero_grad()     # what was there before is no part of this training
    try:
        for step in range(first, steps):
            random = torch.get_rng_state()
            if evaluate and evaluate_every and step % evaluate_every == 0:
                look(model, evaluate, history)
            if history.seconds >= seconds:
                break
            rate = learning_rate_at(step, steps, learning_rate, warmup)
            loss = backward(model, loss_of, batch_at(step), step)
            with no_interrupt():     # model, optimizer and history change together
                take_step(optimizer, rate)
                history.loss.append(loss)
                history.learning_rate.append(rate)
                history.seconds = time.monotonic() - began
                random = torch.get_rng_state()
            if state and (step + 1) % save_every == 0:
                save_state(state, model, optimizer, settings, history, random)
            bar.set_postfix(loss=f"{loss:.2f}", refresh=False)
            bar.update()
        if evaluate:
            look(model, evaluate, history)
        random = torch.get_rng_state()
    except KeyboardInterrupt:
        if state:
            save_state(state, model, optimizer, settings, history, random)
        raise
    finally:
        bar.close()
        model.eval()
    if state and len(history.loss) > first:
        save_state(state, model, optimizer, settings, history, random)
    return history


def look(model: nn.Module, evaluate: Callable[[nn.Module], dict[str, float]], history: History):
    """Evaluate the model as it is now, unless that has been done."""
    step = len(history.loss)
    if step and (not history.evaluations or history.evaluations[-1]["step"] < step):
        model.eval()
        with torch.no_grad():
            history.evaluations.append({"step": step, **evaluate(model)})


def backward(model: nn.Module, loss_of: Callable[[nn.Module, object], Tensor], batch: object, step: int) -> float:
    """The loss on a batch. Its gradients are left with the parameters, and clipped."""
    model.train()
    loss = loss_of(model, batch)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
    if not (loss.isfinite() and norm.isfinite()):
        raise ValueError(
            f"At step {step} the loss is {loss.item():.3g} and the length of its gradients {norm.item():.3g}, where "
            f"finite numbers are expected: look at that batch, or lower the learning rate."
        )
    return loss.item()


def take_step(optimizer: torch.optim.Optimizer, rate: float):
    """Change the parameters, and let their gradients go, which take as much memory as they do."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad()


@contextmanager
def no_interrupt():
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


def save_state(path: Path, model: nn.Module, optimizer, settings: dict, history: History, random: Tensor):
    """One safetensors file, whole or not at all: the model, what AdamW remembers, and the state of torch's random numbers."""
    tensors = {f"model.{name}": tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    for number, remembered in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": tensor.contiguous() for name, tensor in remembered.items()}
    tensors["random"] = random
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        save_file(tensors, temporary, metadata={"settings": json.dumps(settings), "history": json.dumps(asdict(history))})


def load_state(path: Path, model: nn.Module, optimizer, settings: dict) -> History:
    """Put everything back as it was when `save_state` was called. Raises ValueError before anything is changed."""
    afresh = f"or remove {path.name} from {path.parent} to begin afresh."
    try:
        with safe_open(path, "pt") as file:
            metadata, tensors = file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}): put a whole copy in its place, {afresh}") from error
    if not {"settings", "history"} <= metadata.keys() or "random" not in tensors:
        raise ValueError(f"{path} holds no state of a training: give another folder, {afresh}")
    saved = json.loads(metadata["settings"])
    others = [f"{name} {saved.get(name)} instead of {value}" for name, value in settings.items() if saved.get(name) != value]
    if others:
        raise ValueError(f"{path} is of a training with {', '.join(others)}: go on with its settings, {afresh}")
    weights = under("model.", tensors)
    if any(misfits(model.state_dict(), weights).values()):
        raise ValueError(f"{path} is of a model with other parts or sizes: give another folder, {afresh}")
    model.load_state_dict(weights)
    remembered = {}
    for name, tensor in under("optimizer.", tensors).items():
        number, key = name.split(".")
        remembered.setdefault(int(number), {})[key] = tensor
    optimizer.load_state_dict({"state": remembered, "param_groups": optimizer.state_dict()["param_groups"]})
    torch.set_rng_state(tensors["random"])
    return History(**json.loads(metadata["history"]))


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
