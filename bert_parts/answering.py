"""Another function answers when a module is called, while a block is open."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import MethodType

from torch import nn

blocks = Counter()     # of each module that is answered for: how many blocks are open on it, in all threads
changing = threading.Lock()


@contextmanager
def answered(modules: Iterable[nn.Module], forward: Callable) -> Iterator[None]:
    """While the block is open, `forward(module, ...)` answers for each of the modules that is free.

    Blocks may be open in several threads at once. A copy that is made of a module in the block goes on as in it.
    """
    free = [module for module in modules if is_free(module, forward)]
    for module in free:
        _answer_for(module, forward)
    try:
        yield
    finally:
        for module in free:
            _leave(module)


def is_free(module: nn.Module, forward: Callable) -> bool:
    """Whether its class answers when it is called, or `forward` does already, in another block; and nothing else."""
    given = vars(module).get("forward")
    return given is None or getattr(given, "__func__", None) is forward


def _answer_for(module: nn.Module, forward: Callable):
    """The function is bound to the module, so that copies of that have their own."""
    with changing:
        module.forward = MethodType(forward, module)
        blocks[module] += 1


def _leave(module: nn.Module):
    with changing:
        blocks[module] -= 1
        if not blocks[module]:
            del blocks[module], module.forward
