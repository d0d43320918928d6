"""A second device without the hardware: it computes as the CPU does, and holds to the rules of an accelerator.

Its tensors hold one of the CPU inside. An operation on tensors of both devices is refused, as with CUDA, unless those of the CPU
are single numbers; and so is float64, which Apple's cards do not have. `reads` counts how often a value was read back, for each of
which an accelerator would be waited for.

Torch renames its spare device once in a process: `install` is for a process of its own.
"""

from collections import Counter

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "second"
# Operations whose answer the CPU must have before it goes on: a number, or a tensor of a size that hangs on values.
READING = {"_local_scalar_dense", "nonzero", "equal", "is_nonzero", "masked_select", "_unique2", "unique_dim", "bincount"}
reads, chance = Counter(), torch.Generator()


class OnSecond(torch.Tensor):
    """A tensor of the second device."""

    @staticmethod
    def __new__(cls, inner: torch.Tensor):
        made = torch.Tensor._make_wrapper_subclass(
            cls, inner.size(), strides=inner.stride(), storage_offset=inner.storage_offset(), dtype=inner.dtype, device=f"{NAME}:0"
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, function, types, arguments=(), named=None):
        return computed(function, arguments, named or {})

    def tolist(self):
        return self.cpu().tolist()     # as torch does, but not for tensors of a class of one's own

    def __repr__(self, *, tensor_contents=None):
        return f"{self.inner}, on the second device"


class Answering(TorchDispatchMode):
    """While it is on, what is made on the second device, or moved to it, is made there."""

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        return computed(function, arguments, named or {})


def computed(function, arguments, named):
    """What an operation gives: computed on the CPU, on the second device if its tensors are, or if that is asked for."""
    if function._can_decompose():     # in inference mode torch leaves that to whoever answers
        with Answering():
            return function.decompose(*arguments, **named)
    name = function.name().removeprefix("aten::").split(".")[0]
    tensors = [leaf for leaf in tree_leaves((arguments, named)) if isinstance(leaf, torch.Tensor)]
    there = any(isinstance(tensor, OnSecond) for tensor in tensors)
    device = named.get("device")
    if name in ("_to_copy", "copy_"):
        pass     # the way from one device to the other
    elif there and any(tensor.dim() and not isinstance(tensor, OnSecond) for tensor in tensors):
        raise RuntimeError(f"{name}: expected all tensors to be on the same device, but found cpu and {NAME}")
    if there and named.get("dtype") == torch.float64 and device is None:
        raise TypeError(f"{name}: there is no float64 on this device, as on Apple's")
    if there and _reads(name, arguments, device):
        reads[name] += 1
    if device is not None:
        there = torch.device(device).type == NAME
        named = named | {"device": torch.device("cpu")}
    given = function(*tree_map_only(OnSecond, _inner, arguments), **tree_map_only(OnSecond, _inner, named))
    if name.endswith("_") or name == "copy_":
        return arguments[0] if isinstance(arguments[0], torch.Tensor) else given     # changed in place: the same tensor as before
    return tree_map_only(torch.Tensor, OnSecond, given) if there and name != "_local_scalar_dense" else given


def _inner(tensor: OnSecond) -> torch.Tensor:
    return tensor.inner


def _reads(name: str, arguments: tuple, device) -> bool:
    if name == "_to_copy":
        return device is not None and torch.device(device).type == "cpu"
    if name in ("index", "index_put_"):     # how many are meant hangs on a boolean index
        return any(isinstance(index, torch.Tensor) and index.dtype == torch.bool for index in arguments[1])
    return name in READING


class Module:
    """What torch, and the course, ask of the module of a device. It has random numbers of its own, which nothing draws."""

    def get_rng_state(self, device=NAME):
        return chance.get_state()

    def set_rng_state(self, state, device=NAME):
        chance.set_state(state)

    def manual_seed_all(self, seed):
        chance.manual_seed(seed)

    def is_available(self):
        return True

    def is_initialized(self):
        return True

    def device_count(self):
        return 1

    def current_device(self):
        return 0

    def _is_in_bad_fork(self):
        return False


def install():
    """From now on there is a second device in this process."""
    tensor = torch.tensor
    torch.tensor = lambda *data, device=None, **named: tensor(*data, **named).to(device or "cpu")     # else it asks no mode
    _setup_privateuseone_for_python_backend(NAME, backend_module=Module())
    Answering().__enter__()
