"""Matrices in whole numbers of 8 bits, for reading: processors with instructions for them multiply them several times as fast.

Each row of a matrix, and the vector of each token, has a scale of its own ("vector-wise", Dettmers et al. 2022). That of a token
is found when it comes by, from that vector alone, so that it does not hang on which other texts are read with it.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bert_parts.encoder import BertIntermediate, BertLayer
from bert_parts.prepacking import Packed, copy_with, replace
from bert_parts.products import rounded

MULTIPLIES_BYTES = ("avx512_vnni", "avx_vnni", "amx_int8")     # the instructions, as torch.cpu.get_capabilities names them
MULTIPLIES_BF16 = ("avx512_bf16", "amx_bf16", "bf16")     # the last one on ARM
MIDDLE = 128     # is added to what is multiplied, since they multiply numbers without a sign by numbers with one
PIECE = 512      # tokens of which the feed-forward's wide vectors are in memory at once


def whole_numbers(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Each row as whole numbers −127 … 127, and what they are to be multiplied with.

    Shapes:
        rows (N, D) → (N, D) int8, scales (N,) float32
    """
    rows = rows.float()     # of half the digits, within torch.autocast: too few for a scale
    largest = torch.maximum(rows.amax(dim=1), -rows.amin(dim=1))     # of abs() a whole tensor would be written
    scales = largest.clamp(min=1e-12) / 127
    return (rows / scales[:, None]).round_().to(torch.int8), scales


class WholeVectors(NamedTuple):
    """What `whole_numbers` gives of vectors (…, D), some rows of zeros added, for one map or for several.

    Attributes:
        rows: (N or some more, D) int8.
        scales: (N or some more,)
        outer: the sizes before D, N in all.
    """

    rows: Tensor
    scales: Tensor
    outer: torch.Size


def whole_vectors(x: Tensor) -> WholeVectors:
    return WholeVectors(*whole_numbers(rounded(x.reshape(-1, x.size(-1)))), x.shape[:-1])


class Int8Linear(nn.Module):
    """What a nn.Linear computes, nearly, in whole numbers. It has no gradients, and stays on the CPU.

    Shapes:
        x (…, in_features), or its WholeVectors, which several maps may share → (…, out_features) float32
    """

    by_onednn = True

    def __init__(self, linear: nn.Linear):
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        whole, self.scales = whole_numbers(linear.weight.detach())
        self.packed = Packed(_pack(whole))
        self.bias = torch.zeros(self.out_features) if linear.bias is None else linear.bias.detach()

    @torch.no_grad()
    def forward(self, x: Tensor | WholeVectors) -> Tensor:
        rows, scales, outer = x if isinstance(x, WholeVectors) else whole_vectors(x)
        product = _multiply(rows, self.packed.tensor, self.scales)                      # (N or some more, out_features)
        product = torch.addcmul(self.bias, product, scales[:, None], out=product)
        return product[: outer.numel()].view(*outer, self.out_features)

    @property
    def weight(self) -> Tensor:
        """The matrix (out_features, in_features) in float32 again, for parts that look at it."""
        return self.packed.tensor.to_dense().T * self.scales[:, None]

    def get_extra_state(self):
        raise TypeError("A model in int8 is for reading, and is not saved: save the one that it was made of.")


class Int8Intermediate(nn.Module):
    """What a BertIntermediate computes. GELU is put where the product was: no second tensor of that width is written.

    Shapes:
        x (B, T, D) → (B, T, intermediate_size)
    """

    def __init__(self, dense: Int8Linear):
        super().__init__()
        self.dense = dense

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.aten.gelu_(self.dense(x))


class Int8Layer(nn.Module):
    """What a BertLayer computes, its feed-forward for PIECE tokens at a time.

    The wide vectors of all tokens would be one tensor of many megabytes, which the system hands out anew, page by page, in every
    layer; those of a piece lie where those of the piece before lay.

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, layer: BertLayer):
        super().__init__()
        self.attention, self.intermediate, self.output = layer.attention, layer.intermediate, layer.output

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.attention(x, mask)
        pieces = x.flatten(0, 1)[None].split(PIECE, dim=1)                              # (1, PIECE or the rest, D)
        return torch.cat([self.output(self.intermediate(piece), residual=piece) for piece in pieces], dim=1).view_as(x)


def _pack(whole: Tensor) -> Tensor:
    """A matrix (out, in) in the order in which oneDNN reads it."""
    return torch.ops.onednn.qlinear_prepack(whole.contiguous(), None)     # it knows no strides


def _multiply(whole: Tensor, packed: Tensor, scales: Tensor) -> Tensor:
    """(N, in) int8 times what was packed of (out, in), each of its rows with its scale: (N, out) float32."""
    positive = whole.view(torch.uint8) ^ MIDDLE     # the bits of whole + MIDDLE
    zeros = torch.zeros(len(scales), dtype=torch.int32)
    return torch.ops.onednn.qlinear_pointwise(
        positive, 1.0, MIDDLE, packed, scales, zeros, None, 1.0, 0, torch.float32, "none", [], "")


@cache
def has_int8() -> bool:
    """Whether this processor has instructions for whole numbers of 8 bits, and torch computes exactly with them here.

    Without them torch computes, too, but sums that become too large for 16 bits are cut off.
    """
    if not any(torch.cpu.get_capabilities().get(name) for name in MULTIPLIES_BYTES):
        return False
    largest = torch.full((32, 512), 127, dtype=torch.int8)
    try:
        given = _multiply(largest, _pack(largest), torch.ones(len(largest)))
    except (AttributeError, RuntimeError):     # a torch that was built without oneDNN
        return False
    return bool((given == 512 * 127 * 127).all())


def has_bf16() -> bool:
    """Whether this processor has instructions for bfloat16, with which any model reads faster within
    torch.autocast("cpu", torch.bfloat16). Torch does the same, more slowly, without."""
    return any(torch.cpu.get_capabilities().get(name) for name in MULTIPLIES_BF16)


def int8(model: nn.Module) -> nn.Module:
    """A copy of a model for reading, in eval mode, whose encoder multiplies in whole numbers. The model itself stays as it is.

    Replaced are every nn.Linear of the encoder, in a learner's parts too, and the course's own BertIntermediate and BertLayer;
    embeddings, pooler and heads stay in float32.
    The copy has no gradients and is not saved.

    Raises:
        RuntimeError: this machine has no fast and exact way to do it: `has_int8` tells.
        TypeError: there is no encoder with a nn.Linear in the model, or the model is not in float32 on the CPU.
    """
    if not has_int8():
        raise RuntimeError("This processor has no instructions for whole numbers of 8 bits that torch can use "
                           f"({', '.join(MULTIPLIES_BYTES)}): read with the model as it is.")
    made = copy_with(model, Int8Linear)
    replace(made, lambda part: type(part) is BertIntermediate and type(part.dense) is Int8Linear,
            lambda part: Int8Intermediate(part.dense))
    replace(made, lambda part: type(part) is BertLayer, Int8Layer)
    return made
