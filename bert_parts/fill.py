"""The masked-language model that comes with the course, and what it, or one of your own, writes for [MASK]."""

import functools

import torch
from torch import nn

from bert_parts.checkpoint import load_pretrained
from bert_parts.datasets import checked
from bert_parts.devices import device_of, moved
from bert_parts.heads import BertForMaskedLM
from bert_parts.reading import most_tokens
from bert_parts.tokenizer import BertTokenizer


@functools.cache
def mask_filler() -> tuple[BertForMaskedLM, BertTokenizer]:
    """The masked-language model that comes with the course, and its tokenizer. data/README.md says how it was trained."""
    return load_pretrained(checked("mask_filler/model_8bit.safetensors").parent, BertForMaskedLM)


@torch.inference_mode()
def fill_mask(
    text: str, k: int = 5, model: nn.Module | None = None, tokenizer: BertTokenizer | None = None
) -> list[tuple[str, float]]:
    """The k likeliest tokens for the [MASK] in a text, and their probabilities, the likeliest first.

    Args:
        model, tokenizer: a model of your own that scores words, in eval mode; None = the one that comes with the course.

    Raises:
        ValueError: there is not exactly one [MASK], it lies beyond what the model can read, or k is not a number of tokens.
    """
    if model is None or tokenizer is None:
        model, tokenizer = mask_filler()
    count = tokenizer.ids(text).count(tokenizer.mask_id)
    if count != 1:
        raise ValueError(f"The text has {count} times [MASK], where it is expected once: write [MASK] for the missing word.")
    if not 1 <= k <= len(tokenizer.tokens):
        raise ValueError(f"k is {k}, where a number of tokens, 1 to {len(tokenizer.tokens)}, is expected.")
    longest = most_tokens(model, tokenizer)
    batch = tokenizer(text, max_length=longest)
    here = batch["input_ids"] == tokenizer.mask_id
    if not here.any():
        raise ValueError(f"[MASK] comes after the {longest} tokens that the model reads: shorten the text before it.")
    device = device_of(model)
    hidden, _ = model.bert(**moved(batch, device))
    probabilities, ids = model.score_words(hidden[here.to(device)])[0].softmax(dim=-1).topk(k)
    return list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities.tolist(), strict=True))
