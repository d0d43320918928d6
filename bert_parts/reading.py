"""Many texts are read batch by batch, like lengths together, without padding."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import TypeVar

import torch
from torch import nn
from tqdm import tqdm

from bert_parts.devices import CPU, device_of, moved
from bert_parts.products import fast_products
from bert_parts.tokenizer import BertTokenizer
from bert_parts.unpadding import unpadded

Batch, Made = TypeVar("Batch"), TypeVar("Made")


def most_tokens(model: nn.Module, tokenizer: BertTokenizer) -> int:
    """How many tokens of a text are read, special ones counted: as the checkpoint is made to, and as the model has positions."""
    return min(tokenizer.model_max_length or math.inf, model.config.max_position_embeddings)


def read_in_batches(
    model: nn.Module, batch_of: Callable[[list[int]], Batch], read: Callable[[nn.Module, Batch], Made], lengths: Sequence[int],
    batch_size: int,
) -> Iterator[tuple[list[int], Made]]:
    """Read examples of these lengths, the longest first, so that hardly any time goes into padding; the model is `unpadded`.

    Without gradients, and with `fast_products`. Shows its progress if it takes long.

    Args:
        model: it reads where it is.
        batch_of: a batch, given the places of its examples. It is moved to where the model is.
        read: what the model makes of a batch.

    Returns:
        For each batch the places of its examples, and what was made of it, on the CPU.
    """
    device = device_of(model)
    by_length = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)     # later batches fit where earlier ones lay
    for start in tqdm(range(0, len(lengths), batch_size), desc="reading", unit="batch", delay=1, leave=False):
        places = by_length[start : start + batch_size]
        with torch.inference_mode(), fast_products(model), unpadded(model) if len(places) > 1 else nullcontext():
            made = read(model, moved(batch_of(places), device))
        yield places, moved(made, CPU)
