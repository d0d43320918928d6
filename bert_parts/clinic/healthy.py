"""Twenty healthy projects, all different: a test that refuses one of them asks for more than health."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, join_heads, split_heads
from bert_parts.clinic.project import Project, order, pad, sound
from bert_parts.encoder import AddAndNorm, BertEncoder, BertLayer
from bert_parts.masking import NOT_ASKED, choose_tokens, may_be_chosen


class ByHand(MultiHeadAttention):
    """Attention step by step, with the least number of its kind where nothing may be looked at."""

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        context = x if context is None else context
        query, key, value = (split_heads(part, self.num_heads)
                             for part in (self.query(x), self.key(context), self.value(context)))
        scores = query @ key.mT / math.sqrt(query.size(-1))
        if mask is not None:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        return join_heads(F.dropout(scores.softmax(dim=-1), self.dropout, self.training) @ value)


class Ungrouped(AddAndNorm):
    """Adds without a norm: the layer has normed before."""

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return residual + self.dropout(self.dense(x))


class PreNorm(BertLayer):
    """Norms what goes into each half, not what comes out of it (Xiong et al. 2020)."""

    def __init__(self, config):
        super().__init__(config)
        self.attention.output = Ungrouped(config.hidden_size, config)
        self.output = Ungrouped(config.intermediate_size, config)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        attention = self.attention
        x = attention.output(attention.self(attention.output.LayerNorm(x), mask=mask), residual=x)
        return self.output(self.intermediate(self.output.LayerNorm(x)), residual=x)


class Shared(BertEncoder):
    """The same layer again and again (Lan et al. 2020)."""

    def __init__(self, config):
        super().__init__(config)
        self.layer = nn.ModuleList([self.layer[0]])

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for _ in range(self.config.num_hidden_layers):
            x = self.layer[0](x, mask)
        return x


def pad_to_eight(rows: list[list[int]], pad_id: int) -> dict[str, Tensor]:
    """Rows as long as a multiple of 8, as some processors like them."""
    batch = pad(rows, pad_id)
    more = -batch["input_ids"].size(1) % 8
    return {"input_ids": F.pad(batch["input_ids"], (0, more), value=pad_id),
            "attention_mask": F.pad(batch["attention_mask"], (0, more))}


def largest(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """Of each column the largest number of all tokens."""
    return hidden.masked_fill(~attention_mask.bool()[..., None], -math.inf).max(dim=1).values


def first(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """The vector of [CLS]."""
    return hidden[:, 0]


def always_hidden(input_ids: Tensor, tokenizer, generator: torch.Generator, rate: float = 0.15) -> tuple[Tensor, Tensor]:
    """Whatever is asked for is hidden: no tenth stays, and none is exchanged."""
    chosen = choose_tokens(may_be_chosen(input_ids, tokenizer), rate, generator)
    return torch.where(chosen, tokenizer.mask_id, input_ids), torch.where(chosen, input_ids, NOT_ASKED)


def constant(step: int, steps: int, peak: float, warmup: float) -> float:
    return peak


def cosine(step: int, steps: int, peak: float, warmup: float) -> float:
    """Half a wave from the peak to nearly nothing."""
    return peak * (1 + math.cos(math.pi * step / steps)) / 2


def all_alike(model: nn.Module, weight_decay: float) -> list[dict]:
    """No weight is pulled towards 0."""
    return [{"params": list(model.parameters()), "weight_decay": 0.0}]


def backwards(step: int, began: int, count: int, batch_size: int) -> Tensor:
    """Every epoch in another order, each from its end."""
    per_epoch = math.ceil(count / batch_size)
    whole = torch.cat([order(step - step % per_epoch + place, 0, count, batch_size) for place in range(per_epoch)]).flip(0)
    return whole[step % per_epoch * batch_size : (step % per_epoch + 1) * batch_size]


def _with(name: str, part, **changes) -> Project:
    return sound(**changes).with_part(name, part)


HEALTHY = {
    "as it is": sound(),
    "another beginning": sound(seed=11),
    "wider, three heads": sound(hidden_size=48, num_attention_heads=3),
    "one head": sound(num_attention_heads=1),
    "three layers": sound(num_hidden_layers=3, seed=2),
    "no dropout": sound(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0),
    "much dropout": sound(hidden_dropout_prob=0.4, attention_probs_dropout_prob=0.4),
    "a larger beginning": sound(initializer_range=0.05),
    "another epsilon": sound(layer_norm_eps=1e-5),
    "hides two fifths": sound(hiding=0.4),
    "hides whatever it asks": _with("hide", always_hidden),
    "attention by hand": _with("MultiHeadAttention", ByHand),
    "norm before": _with("BertLayer", PreNorm),
    "one layer, twice": _with("BertEncoder", Shared),
    "rows of 8, 16, 24": _with("pad", pad_to_eight),
    "the largest of each column": _with("pool", largest),
    "the vector of [CLS]": _with("pool", first, seed=3),
    "a constant rate": _with("rate", constant, peak=3e-3),
    "half a wave": _with("rate", cosine, batches=1, batch_size=8),
    "no pull towards 0": _with("groups", all_alike, batches=4, batch_size=2).with_part("order", backwards),
}
