"""Where a model runs: on the CPU, or on an accelerator such as a graphics card.

What is drawn at random for examples comes from generators on the CPU, so that a seed makes the same examples everywhere.
"""

import ctypes
import gc
from contextlib import suppress

import torch
from torch import Tensor, nn

from bert_parts.files import quoted

CPU = torch.device("cpu")


def best_device() -> torch.device:
    """The accelerator that torch finds on this machine (of NVIDIA, AMD, Apple, Intel …), or else the CPU."""
    return torch.accelerator.current_accelerator(check_available=True) or CPU


def chosen_device(name: str | None) -> torch.device:
    """The device of that name, as torch has it: "cpu", "cuda", "cuda:1", "mps" …; None = the best there is.

    Raises:
        ValueError: this machine has none of that name.
    """
    best = best_device()
    there = ["cpu"]
    if best != CPU:
        there = [best.type, *(f"{best.type}:{number}" for number in range(torch.accelerator.device_count())), "cpu"]
    if name is not None and name not in there:
        raise ValueError(f"The device is {quoted(name)}, and torch finds {' and '.join(there)} on this machine: give one of these.")
    return best if name is None else torch.device(name)


def device_of(model: nn.Module) -> torch.device:
    """Where its parameters are; the CPU if it has none."""
    return next((parameter.device for parameter in model.parameters()), CPU)


def moved(batch: object, device: torch.device) -> object:
    """A batch on the device: tensors, however deep in dicts, lists and tuples. All else stays as it is.

    On the way to a card of NVIDIA or AMD nobody waits for what that is still doing. Elsewhere a batch is moved when this returns:
    on Apple's, torch may otherwise read it after its memory has gone to another (pytorch/pytorch#189690).
    """
    if isinstance(batch, dict):
        return {name: moved(value, device) for name, value in batch.items()}
    if isinstance(batch, list | tuple):
        inner = [moved(value, device) for value in batch]
        return type(batch)(*inner) if hasattr(batch, "_fields") else type(batch)(inner)
    return batch.to(device, non_blocking=device.type == "cuda") if isinstance(batch, Tensor) else batch


def may_be_read(tensor: Tensor) -> bool:
    """Whether a look at its values costs nothing.

    To read a value back from an accelerator is to wait for all that it is still doing; a tensor on the meta device, or in a graph
    that is compiled or exported, has none.
    """
    return not torch.compiler.is_compiling() and tensor.device.type == "cpu"


def give_memory_back():
    """What was freed goes back to the system, which glibc else keeps for the next time. (Other C libraries are not asked.)"""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):     # TypeError: on Windows
        ctypes.CDLL(None).malloc_trim(0)


# ---------------------------------------------------------------- random numbers


def random_states(device: torch.device) -> dict[str, Tensor]:
    """The states of torch's random numbers: of the CPU's, and of the device's own if it is another."""
    states = {"random": torch.get_rng_state()}
    if device.type != "cpu":
        states[f"random.{device.type}"] = torch.get_device_module(device).get_rng_state(device)
    return states


def set_random_states(states: dict[str, Tensor], device: torch.device):
    """Put back what `random_states` gave. Raises RuntimeError for what is no such state."""
    torch.set_rng_state(states["random"])
    if device.type != "cpu":
        torch.get_device_module(device).set_rng_state(states[f"random.{device.type}"], device)
