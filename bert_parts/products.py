"""Matrix products through oneDNN where it has them sooner than what torch calls by itself: the same numbers, up to rounding.

torch leaves products of float32 to a library for linear algebra, MKL as a rule. Not every processor's widest instructions are
used by it; oneDNN, which comes with torch as well, makes its instructions to measure.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.answering import answered

LEAST_ROWS = 32     # of x: below, a product takes less time than it takes to lay out its matrix
LEAST_GAIN = 1.4    # where less is gained, all stays as it is
PROBE = 384, 1024, 384     # a product of (rows, in) and (in, out) on which it is found out
TURNS = 9

# oneDNN makes instructions for each size of a product that it meets, and keeps them for 1,024 sizes, which may come to 600 MB; so
# does the layer between it and torch. Both look here before their first product.
for _name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(_name, "128")


@contextmanager
def fast_products(model: nn.Module) -> Iterator[None]:
    """While the block is open, each nn.Linear of the model takes the faster of two ways, which give the same up to rounding.

        with fast_products(model):
            loss = loss_of(model, batch)
        loss.backward()     # of what was computed in the block

    For training as for reading, and for a learner's parts, too. Which way is faster is measured once, in some hundredths of a
    second: where oneDNN's is not clearly so, or is not there, the block does nothing. As without it runs what is not float32 on
    the CPU, what is compiled, and a product of few rows.
    """
    faster = onednn_is_faster(torch.get_num_threads())
    linears = [part for part in model.modules() if type(part) is nn.Linear] if faster else []
    with answered(linears, _by_onednn):
        yield


def is_by_onednn(part: nn.Module) -> bool:
    """Whether it multiplies through oneDNN, as in a block of `fast_products`, or as a class that says so."""
    return getattr(part, "by_onednn", False) or getattr(vars(part).get("forward"), "__func__", None) is _by_onednn


def round_up(rows: int) -> int:
    """The next of few numbers, about an eighth more at most. For each number of rows oneDNN makes instructions, and keeps these
    (0.6 MB)."""
    step = max(8, 1 << max(0, rows.bit_length() - 4))
    return -(-rows // step) * step


def rounded(rows: Tensor) -> Tensor:
    """(N, D) → (round_up(N), D): zeros are added."""
    missing = round_up(len(rows)) - len(rows)
    return F.pad(rows, (0, 0, 0, missing)) if missing else rows


def _by_onednn(linear: nn.Linear, x: Tensor) -> Tensor:
    """A nn.Linear's forward: x (…, in) → (…, out)"""
    if torch.compiler.is_compiling() or not _is_taken(x, linear.weight, linear.bias):
        return F.linear(x, linear.weight, linear.bias)
    return _Linear.apply(x, linear.weight, linear.bias)


def _is_taken(x: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    """Whether it is of a kind that oneDNN may compute, and large enough to be worth it."""
    given = (x, weight) if bias is None else (x, weight, bias)
    return (all(type(each) in (Tensor, nn.Parameter) for each in given)
            and all(each.dtype == torch.float32 and each.device.type == "cpu" for each in given)
            and x.dim() > 0 and x.size(-1) == weight.size(1) > 0 and weight.size(0) > 0
            and x.numel() >= LEAST_ROWS * x.size(-1)
            and not torch.is_autocast_enabled("cpu")
            and torch._C._functorch.maybe_current_level() is None)     # within vmap or grad a tensor stands for others


class _Linear(torch.autograd.Function):
    """x (…, in), weight (out, in), bias (out,) or None → (…, out)"""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        rows = x.reshape(-1, x.size(-1))
        return product(rounded(rows), weight, bias)[: len(rows)].view(*x.shape[:-1], len(weight))

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        rows, of_rows = x.reshape(-1, x.size(-1)), gradient.reshape(-1, len(weight))     # (M, in), (M, out)
        for_x, for_weight, for_bias = ctx.needs_input_grad
        if torch.is_grad_enabled():     # gradients of gradients are wanted, too
            of_x, of_weight = lambda: of_rows @ weight, lambda: of_rows.T @ rows
        else:
            given = rounded(of_rows)
            of_x, of_weight = lambda: product(given, weight.T)[: len(rows)], lambda: _of_weight(given, rounded(rows))
        found = of_x().view_as(x) if for_x else None, of_weight() if for_weight else None
        return *found, of_rows.sum(dim=0) if for_bias else None


def _of_weight(of_rows: Tensor, rows: Tensor) -> Tensor:
    """(M, out)ᵀ · (M, in) → (out, in). The smaller of the two is the one that oneDNN has copied."""
    if of_rows.size(1) <= rows.size(1):
        return product(of_rows.T, rows.T)
    return product(rows.T, of_rows.T).T


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """By oneDNN, without gradients: x (M, in) · weight (out, in)ᵀ + bias (out,) → (M, out), float32 on the CPU."""
    return torch.ops.mkldnn._linear_pointwise.default(x, weight, bias, "none", [], "none")


@cache
def onednn_is_faster(threads: int) -> bool:
    """Whether it is with so many threads. In turns, and the best time of each counts, so that what runs beside does not."""
    if not torch.backends.mkldnn.is_available():
        return False
    rows, inner, outer = PROBE
    x, weight = torch.ones(rows, inner), torch.ones(outer, inner)
    best = {F.linear: float("inf"), product: float("inf")}
    with torch.inference_mode():
        for _ in range(TURNS):
            for way in best:
                began = time.perf_counter()
                way(x, weight)
                best[way] = min(best[way], time.perf_counter() - began)
    return best[F.linear] >= LEAST_GAIN * best[product]
