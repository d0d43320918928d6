"""A batch without its padding: real tokens lie in one row, and each text looks at itself only (Zeng et al. 2022).

All parts of an encoder but attention look at one token at a time, and need not know where a text ends.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.answering import answered, is_free
from bert_parts.attention import MultiHeadAttention, join_heads, split_heads
from bert_parts.devices import may_be_read
from bert_parts.products import is_by_onednn, rounded
from bert_parts.quantization import Int8Linear, whole_vectors

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Packed(NamedTuple):
    """What layers are given in place of a mask when texts lie in one row, the shortest first.

    Attributes:
        groups: (texts, tokens): so many texts of so many tokens each follow one another. The last group may be texts of one
            token that nobody has given, so that rows have one of few lengths.
        real: (B, T), which tokens of the batch are no padding.
        places: (N,), where each token that was given stands in the batch, whose texts are counted through.
    """

    groups: list[tuple[int, int]]
    real: Tensor
    places: Tensor

    def as_batch(self, x: Tensor) -> Tensor:
        """(1, N or more, D) → (B, T, D), zeros where there is padding."""
        batch = x.new_zeros(self.real.numel(), x.size(-1))
        batch[self.places] = x[0, : len(self.places)]
        return batch.unflatten(0, self.real.shape)

    def as_row(self, x: Tensor) -> Tensor:
        """(B, T, D) → (1, N or more, D)"""
        added = sum(texts * tokens for texts, tokens in self.groups) - len(self.places)
        return F.pad(x.flatten(0, 1)[None, self.places], (0, 0, 0, added))


def unpad(x: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
    """The real tokens of all texts, one after the other, and how many each text has.

    Shapes:
        x (B, T, D), attention_mask (B, T) of 0 and 1, or boolean
            → packed (N, D), lengths (B,), which sum to N

    Raises:
        ValueError: there is not one mark for each token.
    """
    if attention_mask.shape != x.shape[:2]:
        raise ValueError(f"attention_mask has shape {tuple(attention_mask.shape)} and x {tuple(x.shape)}: give every token one "
                         f"mark.")
    real = attention_mask.bool()
    return x[real], real.sum(dim=1)


def pad_again(packed: Tensor, attention_mask: Tensor) -> Tensor:
    """The inverse of `unpad`: every token where it was, and zeros for padding.

    Shapes:
        packed (N, D), attention_mask (B, T) of 0 and 1, or boolean → (B, T, D)

    Raises:
        ValueError: there is not one token for each mark.
    """
    real = attention_mask.bool()
    if len(packed) != real.sum():
        raise ValueError(f"packed holds {len(packed)} tokens, and attention_mask marks {int(real.sum())}: give the mask that these "
                         f"tokens were taken out with.")
    padded = packed.new_zeros(*real.shape, packed.size(-1))
    padded[real] = packed
    return padded


@contextmanager
def unpadded(model: nn.Module) -> Iterator[None]:
    """While the block is open, every encoder in the model runs without the padding of its batch: the same numbers in less time.

        with unpadded(model):
            hidden, pooled = model(**batch)     # zeros where there is padding

    The parts run as they are, a learner's too, on all real tokens in one row (1, N, D). Only attention is done text by text,
    texts of equal length together. For training as for reading; dropout draws other random numbers than with padding.

    Blocks may be open in several threads at once. As without the block runs:
    - a batch that has no padding, a mask that hides more than padding, a graph that is compiled or exported, and an accelerator,
      where it would have to be read back which tokens are real;
    - an encoder in whose modules hooks hang, which see what they always see, such as those of `record_attention` on a learner's
      attention; or one of whose modules has been given a forward that is not of its class;
    - all that is no encoder: that is a module whose `layer[i].attention.self` has `num_heads`.
    """
    encoders = {module: found for module in model.modules() if (found := _attentions_of(module))}
    inner = [attention for found in encoders.values() for attention in found]
    with answered(encoders, _encode), answered(inner, _attend):
        yield


def _attentions_of(encoder: nn.Module) -> list[nn.Module]:
    """One a layer; none if it is something else than an encoder, such as a decoder, whose layers look across too."""
    layers = getattr(encoder, "layer", None)
    if not isinstance(layers, nn.ModuleList) or any(hasattr(layer, "cross_attention") for layer in layers):
        return []
    found = [getattr(getattr(layer, "attention", None), "self", None) for layer in layers]
    return found if all(isinstance(getattr(each, "num_heads", None), int) for each in found) else []


def runs_as_its_class(attention: nn.Module) -> bool:
    """Whether the forward of its class answers when an attention module is called, or that of an open block for it."""
    return is_free(attention, _attend)


# ---------------------------------------------------------------- what answers


def _encode(encoder: nn.Module, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """An encoder's forward: x (B, T, D) → (B, T, D), with zeros where there is padding."""
    forward = type(encoder).forward
    real = _real_tokens(x, mask)
    if real is None or not _may_be_packed(encoder):
        return forward(encoder, x, mask)
    packed, lengths = unpad(x, real)                                             # (N, D), (B,)
    order = lengths.repeat_interleave(lengths).argsort(stable=True)              # (N,): texts of equal length side by side
    tokens, texts = lengths.unique(return_counts=True)
    groups, places = list(zip(texts.tolist(), tokens.tolist(), strict=True)), real.flatten().nonzero().flatten()[order]
    row = packed[order]
    if any(map(is_by_onednn, encoder.modules())):
        row = rounded(row)
        groups += [(len(row) - len(packed), 1)] if len(row) > len(packed) else []
    row = forward(encoder, row[None], Packed(groups, real, places))
    return pad_again(row[0, order.argsort()], real)


def _real_tokens(x: Tensor, mask: Tensor | None) -> Tensor | None:
    """Which tokens (B, T) are real; None if the mask tells of no padding, or of more, or leaves a text empty (an error, as ever).

    Nor is it known while a graph is made, or where an accelerator would have to be waited for.
    """
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool or not may_be_read(mask):
        return None
    if mask.shape != (x.size(0), 1, 1, x.size(1)):
        return None
    real = mask[:, 0, 0]
    return real if real.any(dim=1).all() and not real.all() else None


def _may_be_packed(encoder: nn.Module) -> bool:
    """Whether all its attention is answered for (a copy may have got another part), and nobody looks into it by hooks."""
    answers = (vars(attention).get("forward") for attention in _attentions_of(encoder))
    inside = (vars(module) for module in encoder.modules() if module is not encoder)
    return all(hasattr(getattr(answer, "__func__", None), "takes_packed") for answer in answers) and not any(
        attributes[kind] for attributes in inside for kind in HOOKS)


def takes_packed(forward: Callable) -> Callable:
    """Marks a forward of attention that is given x (1, N, D) and Packed in place of a mask where there would be padding."""
    forward.takes_packed = True
    return forward


@takes_packed
def _attend(attention: nn.Module, x: Tensor, context: Tensor | None = None, mask: Tensor | Packed | None = None) -> Tensor:
    """An attention module's forward: x (1, N, D) → (1, N, D) if texts are packed; else as ever."""
    forward = type(attention).forward
    if not isinstance(mask, Packed):
        return forward(attention, x, context, mask)
    if type(attention) is MultiHeadAttention:
        return _attend_at_once(attention, x, mask)
    texts = x[0].split([texts * tokens for texts, tokens in mask.groups])     # whatever another class computes
    found = [forward(attention, each.unflatten(0, group)) for each, group in zip(texts, mask.groups, strict=True)]
    return torch.cat([each.flatten(0, 1) for each in found])[None]


def _attend_at_once(attention: MultiHeadAttention, x: Tensor, packed: Packed) -> Tensor:
    """The course's own attention: queries, keys and values of all texts at once, then each text by itself."""
    maps = (attention.query, attention.key, attention.value)
    given = whole_vectors(x) if all(type(each) is Int8Linear for each in maps) else x     # once for the three
    projected = [each(given)[0] for each in maps]                                                         # (N, D)
    texts = zip(*(each.split([texts * tokens for texts, tokens in packed.groups]) for each in projected), strict=True)
    dropout, found = attention.dropout if attention.training else 0.0, []
    for group, parts in zip(packed.groups, texts, strict=True):
        heads = (split_heads(part.unflatten(0, group), attention.num_heads) for part in parts)            # (texts, H, tokens, d)
        found.append(join_heads(F.scaled_dot_product_attention(*heads, dropout_p=dropout)).flatten(0, 1))
    return torch.cat(found)[None]
