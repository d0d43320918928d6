"""Matrices in the order in which oneDNN reads them, packed once and not anew for each batch: the same numbers, sooner.

For reading only. (Training changes a matrix in every step, and would have to pack it again.)
"""

import copy
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from bert_parts.encoder import BertIntermediate
from bert_parts.products import rounded

TOKENS = 128     # of a batch, for which oneDNN chooses the order; any other number may come by


class Packed:
    """A matrix as oneDNN has packed it. It never changes, so that copies of a model share it."""

    def __init__(self, tensor: Tensor):
        self.tensor = tensor

    def __deepcopy__(self, memo: dict) -> "Packed":
        return self


class PackedLinear(nn.Module):
    """What a nn.Linear computes, and GELU after it if that is asked for. It has no gradients, and stays on the CPU.

    Shapes:
        x (…, in_features) → (…, out_features) float32
    """

    by_onednn = True

    def __init__(self, linear: nn.Linear):
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.packed = Packed(torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), TOKENS))
        self.bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, x: Tensor, after: Literal["none", "gelu"] = "none") -> Tensor:
        rows = x.detach().reshape(-1, self.in_features).float()     # of half the digits, within torch.autocast
        exact = "none"     # the form of GELU
        given = torch.ops.mkldnn._linear_pointwise.default(rounded(rows), self.packed.tensor, self.bias, after, [], exact)
        return given[: len(rows)].view(*x.shape[:-1], self.out_features)

    @property
    def weight(self) -> Tensor:
        """The matrix (out_features, in_features), for parts that look at it."""
        return self.packed.tensor.to_dense()

    def get_extra_state(self):
        raise TypeError("A model that is packed for reading is not saved: save the one that it was made of.")


class PackedIntermediate(nn.Module):
    """What a BertIntermediate computes. GELU is done while the product is written: no second tensor of that width is.

    Shapes:
        x (B, T, D) → (B, T, intermediate_size)
    """

    def __init__(self, dense: PackedLinear):
        super().__init__()
        self.dense = dense

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x, after="gelu")


def prepacked(model: nn.Module) -> nn.Module:
    """A copy of a model for reading, in eval mode, whose encoder gives the same numbers sooner. The model itself stays as it is.

    Replaced is every nn.Linear of the encoder, in a learner's parts too, and the course's own BertIntermediate. The copy has no
    gradients and is not saved.

    Raises:
        RuntimeError: this build of torch has no oneDNN.
        TypeError: there is no encoder with a nn.Linear in the model, or the model is not in float32 on the CPU.
    """
    if not torch.backends.mkldnn.is_available():
        raise RuntimeError("This build of torch has no oneDNN, which packs matrices: read with the model as it is.")
    made = copy_with(model, PackedLinear)
    replace(made, lambda part: type(part) is BertIntermediate and type(part.dense) is PackedLinear,
            lambda part: PackedIntermediate(part.dense))
    return made


def copy_with(model: nn.Module, kind: Callable[[nn.Linear], nn.Module]) -> nn.Module:
    """A copy for reading, with another kind of layer in place of each nn.Linear of the encoder. Raises TypeError as prepacked."""
    found = [part for part in _encoder_of(model).modules() if type(part) is nn.Linear]
    if not found:
        raise TypeError(f"The encoder of {type(model).__name__} has no nn.Linear: give a model with parts that use it, as it was "
                        f"before it was packed or in int8.")
    for linear in found:
        if linear.weight.dtype != torch.float32 or linear.weight.device.type != "cpu":
            raise TypeError(f"The weights are {linear.weight.dtype} on {linear.weight.device}, where torch.float32 on cpu is "
                            f"expected: give model.float().cpu().")
    made = copy.deepcopy(model).eval().requires_grad_(False)
    replace(made, lambda part: type(part) is nn.Linear, kind)
    return made


def replace(model: nn.Module, which: Callable[[nn.Module], bool], new: Callable[[nn.Module], nn.Module]):
    """Put something new in place of some parts of the encoder."""
    for part in list(_encoder_of(model).modules()):
        for name, child in part.named_children():
            if which(child):
                setattr(part, name, new(child))


def _encoder_of(model: nn.Module) -> nn.Module:
    encoder = getattr(getattr(model, "bert", model), "encoder", None)
    if not isinstance(encoder, nn.Module):
        raise TypeError(f"{type(model).__name__} has no encoder: give a BertModel or a model of heads.py.")
    return encoder
