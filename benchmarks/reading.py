"""Forward passes: dense, one text, ragged, and with attention maps."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import opponents, ours
from benchmarks.opponents import ENGINES, Engine
from benchmarks.ours import Context
from benchmarks.texts import NAME, SORTED, Batch, Batches, Setting, in_batches, long_rows, one_among_many, reviews, short_rows, told
from benchmarks.timing import Contender, Makers
from bert_parts import load_pretrained
from bert_parts.prepacking import prepacked
from bert_parts.quantization import int8
from bert_parts.unpadding import unpadded
from bert_parts.visualize import record_attention

PACKED: dict[str, Context] = {"bert_parts, prepacked": nullcontext, "bert_parts, prepacked, unpadded": unpadded}
OURS = {
    **{name: Engine(lambda setting, context=context: ours.forward_in(context)) for name, context in ours.WAYS.items()},
    **{name: Engine(lambda setting, context=context: ours.forward_of(prepacked(load_pretrained(NAME)[0]), context))
       for name, context in PACKED.items()},
}
IN_INT8 = {"bert_parts, int8": Engine(lambda setting: ours.forward_of(int8(load_pretrained(NAME)[0])), exact=False)}


def dense(setting: Setting) -> tuple[str, Makers]:
    rows = long_rows([128] * (4 if setting.quick else 32))
    return f"{told(rows)}, no padding, in one batch", _reading(setting, in_batches(rows, len(rows)), OURS | IN_INT8)


def one_text(setting: Setting) -> tuple[str, Makers]:
    rows = [sorted(short_rows(reviews(101)), key=len)[50]]
    return f"A review of {len(rows[0])} tokens", _reading(setting, in_batches(rows, 1), OURS | IN_INT8)


def ragged_reviews(setting: Setting) -> tuple[str, Makers]:
    rows, size = short_rows(reviews(32 if setting.quick else 128)), 8 if setting.quick else 32
    return f"Reviews as they come: {told(rows)}, in batches of {size}", _ragged(setting, rows, size, size)


def ragged(setting: Setting) -> tuple[str, Makers]:
    rows, size = one_among_many(setting), 2 if setting.quick else 4
    about = f"One long text among others: {told(rows)}, in one batch; {SORTED} in batches of {size}"
    return about, _ragged(setting, rows, len(rows), size)


def maps(setting: Setting) -> tuple[str, Makers]:
    """Hidden states, and each layer's attention weights (B, H, T, T)."""
    rows = short_rows(reviews(8 if setting.quick else 32))
    batch = in_batches(rows, len(rows)).batches[0]
    return f"Hidden states and the weights of all heads: {told(rows)}, in one batch", {
        "transformers, eager": partial(_their_maps, batch),
        **{name: partial(_our_maps, batch, lambda model: model, context) for name, context in ours.WAYS.items()},
        **{name: partial(_our_maps, batch, prepacked, context) for name, context in PACKED.items()},
    }


def _reading(setting: Setting, batches: Batches, own: dict[str, Engine] = OURS) -> Makers:
    return {name: partial(_reader, setting, engine, batches) for name, engine in (ENGINES | own).items()}


def _ragged(setting: Setting, rows: list[list[int]], size: int, sorted_size: int) -> Makers:
    """Each engine as the texts come, and by length; what reads no padding needs no order."""
    by_length = _reading(setting, in_batches(rows, sorted_size, by_length=True))
    makers = {}
    for name, make in _reading(setting, in_batches(rows, size)).items():
        makers[name] = make
        if "unpadded" not in name:
            makers[f"{name}, {SORTED}"] = by_length[name]
    return makers


def _reader(setting: Setting, engine: Engine, batches: Batches) -> Contender:
    forward = engine.make(setting)

    def run() -> list[Tensor | np.ndarray]:
        return [forward(batch) for batch in batches.batches]

    return Contender(run, lambda: real_tokens(run(), batches), exact=engine.exact)


def real_tokens(hidden: list[Tensor | np.ndarray], batches: Batches) -> np.ndarray:
    """The hidden states of all that is no padding, text by text in their first order: (N, D)."""
    found = {}
    for some, batch, places in zip(hidden, batches.batches, batches.places, strict=True):
        for place, text, length in zip(places, some, batch["attention_mask"].sum(dim=1).tolist(), strict=True):
            found[place] = np.asarray(text[:length])
    return np.concatenate([found[place] for place in sorted(found)])


def _their_maps(batch: Batch) -> Contender:
    model = opponents.load_theirs("eager")

    @torch.inference_mode()
    def run():
        made = model(**batch, output_attentions=True)
        return made.last_hidden_state, made.attentions

    return _with_maps(run, batch)


def _our_maps(batch: Batch, made_of: Callable[[nn.Module], nn.Module], context: Context) -> Contender:
    model = made_of(load_pretrained(NAME)[0])

    @torch.inference_mode()
    def run():
        with context(model), record_attention(model) as weights:
            hidden, _ = model(**batch)
        return hidden, weights

    return _with_maps(run, batch)


def _with_maps(run: Callable[[], tuple], batch: Batch) -> Contender:
    def check() -> np.ndarray:
        hidden, weights = run()
        real = batch["attention_mask"].bool()
        looked = torch.stack(list(weights)).transpose(2, 3)[:, real]     # (layers, N, H, T)
        return torch.cat([hidden[real].flatten(), looked.flatten()]).numpy()

    return Contender(run, check)
