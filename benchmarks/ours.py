"""The package's side, through what it offers to everyone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn

from benchmarks.texts import NAME, Batch
from bert_parts import load_pretrained
from bert_parts.products import fast_products
from bert_parts.unpadding import unpadded

Context = Callable[[nn.Module], AbstractContextManager]     # within which a model is run


@contextmanager
def as_read(model: nn.Module) -> Iterator[None]:
    """As the package itself reads and trains: without padding, and with the faster products."""
    with unpadded(model), fast_products(model):
        yield


WAYS: dict[str, Context] = {"bert_parts": nullcontext, "bert_parts, unpadded": unpadded,
                            "bert_parts, unpadded, fast products": as_read}


def forward_in(context: Context) -> Callable[[Batch], Tensor]:
    return forward_of(load_pretrained(NAME)[0], context)


def forward_of(model: nn.Module, context: Context = nullcontext) -> Callable[[Batch], Tensor]:
    """A batch (B, T) → hidden states (B, T, D)."""
    @torch.inference_mode()
    def forward(batch: Batch) -> Tensor:
        with context(model):
            return model(**batch)[0]

    return forward
