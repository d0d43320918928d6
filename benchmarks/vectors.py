"""Sentence vectors of many reviews, from text to vector: the mean of the hidden states, of length 1 (Reimers & Gurevych 2019)."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import chain

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.opponents import EXPORTED, Engine
from benchmarks.texts import NAME, Setting, in_batches, reviews, tokenizer
from benchmarks.timing import Contender, Makers
from bert_parts import BertTokenizer, load_pretrained, mean_pooling
from bert_parts.checkpoint import find_checkpoint
from bert_parts.prepacking import prepacked
from bert_parts.quantization import has_bf16, int8
from bert_parts.search import sentence_vectors

BATCH = 64     # texts, as `sentence_vectors` takes them; sentence-transformers takes 32 unless told
LONGEST = 256     # tokens of a text, as the checkpoint is made to read


def texts_of(setting: Setting) -> list[str]:
    return reviews(50 if setting.quick else 1000)


def of_reviews(setting: Setting) -> tuple[str, Makers]:
    texts = texts_of(setting)
    makers = {f"sentence-transformers, batches of {size}": partial(_theirs, texts, size) for size in (32, BATCH)}
    makers |= {name: partial(_exported, setting, engine, texts) for name, engine in EXPORTED.items()}
    makers |= {f"bert_parts{way}": partial(make, texts) for way, make in
               (("", _ours), (", prepacked", _ours_prepacked), (", bf16", _ours_in_bf16), (", int8", _ours_in_int8))}
    return f"{len(texts):,} reviews, from text to vector; batches of {BATCH} unless said otherwise, by length", makers


def _theirs(texts: list[str], size: int) -> Contender:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_checkpoint(NAME)), device="cpu", local_files_only=True)

    def run() -> np.ndarray:
        return model.encode(texts, batch_size=size, convert_to_numpy=True, show_progress_bar=False)

    return Contender(run, run)


def _ours(texts: list[str]) -> Contender:
    return _reader(texts, load_pretrained(NAME)[0])


def _ours_prepacked(texts: list[str]) -> Contender:
    return _reader(texts, prepacked(load_pretrained(NAME)[0]))


def _ours_in_bf16(texts: list[str]) -> Contender:
    if not has_bf16():
        raise RuntimeError("this processor has no instructions for bfloat16")
    return _reader(texts, load_pretrained(NAME)[0], partial(torch.autocast, "cpu", torch.bfloat16), exact=False)


def _ours_in_int8(texts: list[str]) -> Contender:
    return _reader(texts, int8(load_pretrained(NAME)[0]), exact=False)


def _reader(
    texts: list[str], model: nn.Module, context: Callable[[], AbstractContextManager] = nullcontext, exact: bool = True
) -> Contender:
    """With a tokenizer that has seen none of the texts, since whoever makes vectors of texts has new ones."""
    fresh = None

    def forget():
        nonlocal fresh
        fresh = BertTokenizer(tokenizer().tokens)
        fresh.model_max_length = LONGEST

    def run() -> Tensor:
        with context():
            return sentence_vectors(model, fresh, texts, BATCH)

    return Contender(run, lambda: run().numpy(), before=forget, exact=exact)


def _exported(setting: Setting, engine: Engine, texts: list[str]) -> Contender:
    """An engine behind Rust's tokenizer, the texts by length as sentence-transformers has them."""
    forward, cut = engine.make(setting), _rust_rows()

    def run() -> Tensor:
        made = in_batches(cut(texts), BATCH, by_length=True)
        pooled = [mean_pooling(torch.as_tensor(forward(batch)), batch["attention_mask"]) for batch in made.batches]
        order = torch.tensor(list(chain.from_iterable(made.places)))
        return F.normalize(torch.cat(pooled), dim=-1)[order.argsort()]     # in the order of the texts

    return Contender(run, lambda: run().numpy(), exact=engine.exact)


def _rust_rows() -> Callable[[list[str]], list[list[int]]]:
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(find_checkpoint(NAME) / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(LONGEST)
    return lambda texts: [row.ids for row in made.encode_batch_fast(texts)]
