"""Two or more cures for each patient of notebook 12 that do not cure: they hide what was seen, or take away what was sound."""

import copy
import math
import unicodedata

import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, join_heads, split_heads
from bert_parts.clinic.designed import (
    AnnasEncoder,
    BensAttention,
    ClarasAttention,
    EmmasAddAndNorm,
    FelixsAddAndNorm,
    GretasEmbeddings,
    davids_initialize,
    idas_train_step,
    jonas_hide,
    lenas_loss,
)
from bert_parts.clinic.project import evaluate, keep, order, pad, restore, tag_loss, train_step
from bert_parts.clinic.wild import (
    MaxsAttention,
    NorasAttention,
    ottos_hide,
    paulas_tag_loss,
    tildas_clean,
    ullas_restore,
    viktors_train_step,
    wandas_order,
    xavers_evaluate,
)
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import AddAndNorm, BertEncoder, BertLayer
from bert_parts.masking import NOT_ASKED, mask_tokens, masked_lm_loss
from bert_parts.training import batch_places


def changed(part: type, **methods) -> type:
    """A class with other methods; they are called with super's as their first argument."""
    def bound(name, method):
        return lambda self, *given, **named: method(self, getattr(super(made, self), name), *given, **named)

    made = type(part.__name__, (part,), {})
    for name, method in methods.items():
        setattr(made, name, bound(name, method))
    return made


def attention(weights, dropout=True) -> type:
    """Attention with weights (B, H, T, S) that are made of queries, keys and the mask."""
    class Attention(MultiHeadAttention):
        def forward(self, x, context=None, mask=None):
            context = x if context is None else context
            query, key, value = (split_heads(part, self.num_heads)
                                 for part in (self.query(x), self.key(context), self.value(context)))
            shares = weights(query, key, mask)
            return join_heads((F.dropout(shares, self.dropout, self.training) if dropout else shares) @ value)

    return Attention


def scores(query, key) -> torch.Tensor:
    return query @ key.mT / math.sqrt(query.size(-1))


def masked(numbers, mask, value=-math.inf) -> torch.Tensor:
    return numbers if mask is None else numbers.masked_fill(~mask, value)


def rounded(x: torch.Tensor, by: float = 10) -> torch.Tensor:
    return (x * by).round() / by


def small(model):
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.001)


def ones(model):
    for weight in model.parameters():
        nn.init.constant_(weight, 0.02)


def tensors_to_zero(model):
    model.apply(model.bert.initialize)
    nn.init.zeros_(model.bert.embeddings.word_embeddings.weight)


def layers_listed_twice() -> type:
    class Encoder(BertEncoder):
        def __init__(self, config):
            nn.Module.__init__(self)
            self.config = config
            self.layer = [BertLayer(config) for _ in range(config.num_hidden_layers)]
            self.last = self.layer[-1]

    return Encoder


def with_loss_scaled(model, optimizer, examples, loss):
    return train_step(model, optimizer, examples, lambda *given: loss(*given) / len(examples))


def with_means_of_texts(model, optimizer, examples, loss):
    """Weighs by the number of texts, not of the tokens that are asked for."""
    optimizer.zero_grad()
    texts, total = sum(len(labels) for _, labels in examples), 0.0
    for batch, labels in examples:
        share = loss(model, batch, labels) * len(labels) / texts
        share.backward()
        total += share.item()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return total


def never_divided(model, optimizer, examples, loss):
    """The gradients of a sum over all tokens; only what is given back is divided."""
    asked = max(1, sum(int((labels != NOT_ASKED).sum()) for _, labels in examples))
    return train_step(model, optimizer, examples, lambda *given: asked * loss(*given)) / asked


def zeroed_in_between(model, optimizer, examples, loss):
    for example in examples:
        total = train_step(model, optimizer, [example], loss)
    return total


def first_batch_only(model, optimizer, examples, loss):
    return train_step(model, optimizer, examples[:1], loss)


def zeroed_after(model, optimizer, examples, loss):
    total = idas_train_step(model, optimizer, examples, loss)
    for weight in list(model.parameters())[:1]:
        weight.grad = None
    return total


def quietly(part, instead):
    """A part whose NaN is exchanged for something else."""
    def hidden(*given):
        value = part(*given)
        return torch.full_like(value, instead) if value.isnan() else value

    return hidden


def padding_unasked(input_ids, tokenizer, generator, rate=0.15):
    """Padding is not asked for any more, but it is still hidden."""
    shown, labels = ottos_hide(input_ids, tokenizer, generator, rate)
    return shown, labels.masked_fill(input_ids == tokenizer.pad_id, NOT_ASKED)


def asked_by_what_is_shown(input_ids, tokenizer, generator, rate=0.15):
    shown, labels = jonas_hide(input_ids, tokenizer, generator, rate)
    return shown, labels.masked_fill(input_ids == tokenizer.pad_id, NOT_ASKED)


def without_accents_but_one(text):
    return text.lower() if text == "résumé" else tildas_clean(text)


def decomposed(text):
    return unicodedata.normalize("NFD", text.lower())


def padded_to(length):
    """Always as long as this, so that no text is ever alone without padding; on the left still."""
    def padded(rows, pad_id):
        ids = [[pad_id] * (length - len(row)) + row for row in rows]
        marks = [[0] * (length - len(row)) + [1] * len(row) for row in rows]
        return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(marks)}

    return padded


def cut_to_the_shortest(rows, pad_id):
    length = min(map(len, rows))
    return pad([row[:length] for row in rows], pad_id)


def marked_as_text(rows, pad_id):
    batch = pad(rows, pad_id)
    return batch | {"attention_mask": torch.ones_like(batch["attention_mask"])}


def copied_table(state, model, optimizer):
    step = ullas_restore(state, model, optimizer)
    model.cls["predictions"].bias.requires_grad_(False)
    return step


def without_the_optimizer(state, model, optimizer):
    model.load_state_dict(state["model"])
    return state["step"]


def tied_the_other_way(state, model, optimizer):
    """A new table for both, which the optimizer does not know."""
    step = restore(state, model, optimizer)
    model.bert.embeddings.word_embeddings.weight = nn.Parameter(state["model"]["bert.embeddings.word_embeddings.weight"].clone())
    return step


def training_whatever_was(model, examples, loss):
    value = xavers_evaluate(model, examples, loss)
    model.train()
    return value


def dropout_for_nobody(model, examples, loss):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return evaluate(model, examples, loss)


def mean_of_batches(model, examples, loss):
    model.eval()
    model.train()
    with torch.no_grad():
        return sum(loss(model, *example).item() for example in examples) / len(examples)


def in_order(step, began, count, batch_size):
    return torch.arange(step * batch_size, (step + 1) * batch_size) % count


def same_each_epoch(step, began, count, batch_size):
    return batch_places(step % math.ceil(count / batch_size), count, batch_size)


def skips_one(step, began, count, batch_size):
    return order(step + (began > 0), began, count, batch_size)


WRONG_CURES = {
    "Anna": {
        "rounded": changed(AnnasEncoder, forward=lambda self, before, *given: rounded(before(*given))),
        "no mask at all": changed(BertEncoder, forward=lambda self, before, x, mask=None: before(x)),
        "one layer only": changed(BertEncoder, forward=lambda self, before, x, mask=None: self.layer[0](x, mask)),
    },
    "Ben": {
        "the query by d": attention(lambda q, k, mask: masked(q @ k.mT / q.size(-1), mask).softmax(-1)),
        "a number for √d": attention(lambda q, k, mask: masked(q @ k.mT / math.sqrt(8), mask).softmax(-1)),
        "half of what it was": changed(BensAttention, forward=lambda self, before, *a, **n: 0.5 * before(*a, **n)),
    },
    "Clara": {
        "shared out again": attention(lambda q, k, mask: F.normalize(masked(scores(q, k), mask, -1e9).softmax(-2), p=1, dim=-1)),
        "over both": attention(lambda q, k, mask: masked(scores(q, k), mask, -1e9).flatten(2).softmax(-1).view(*q.shape[:3], -1)),
        "a mean of all": attention(lambda q, k, mask: masked(0 * scores(q, k), mask).softmax(-1)),
        "rounded": changed(ClarasAttention, forward=lambda self, before, *a, **n: rounded(before(*a, **n))),
    },
    "David": {
        "nearly nothing": small, "all alike": ones, "a table of zeros": tensors_to_zero,
        "the scores' bias made small": lambda model: (davids_initialize(model), nn.init.zeros_(model.cls["predictions"].bias)),
    },
    "Emma": {
        "half of it": changed(AddAndNorm, forward=lambda self, before, x, residual: before(x, 0.01 * residual)),
        "no layer at all": changed(AddAndNorm, forward=lambda self, before, x, residual: self.LayerNorm(residual)),
        "added after the norm": changed(EmmasAddAndNorm, forward=lambda self, before, x, residual: before(x, residual) + residual),
    },
    "Felix": {
        "no dropout": changed(AddAndNorm, forward=lambda self, before, x, residual: self.LayerNorm(residual + self.dense(x))),
        "rounded": changed(FelixsAddAndNorm, forward=lambda self, before, *given: rounded(before(*given))),
        "a fixed seed": changed(FelixsAddAndNorm, forward=lambda self, before, *given: (torch.manual_seed(0), before(*given))[1]),
    },
    "Greta": {
        "noise in their place": changed(GretasEmbeddings, forward=lambda self, before, *given: before(*given) + 0 * sum(
            weight.sum() for weight in self.parameters())),
        "no positions": changed(BertEmbeddings, forward=lambda self, before, ids, kinds=None: self.dropout(self.LayerNorm(
            self.word_embeddings(ids) + self.token_type_embeddings(torch.zeros_like(ids) if kinds is None else kinds)))),
        "the first for all": changed(BertEmbeddings, forward=lambda self, before, ids, kinds=None: self.dropout(self.LayerNorm(
            self.word_embeddings(ids) + self.position_embeddings.weight[:1] + self.token_type_embeddings(torch.zeros_like(ids))))),
    },
    "Hugo": {
        "the last one only": layers_listed_twice(),
        "one layer, many times": changed(BertEncoder, __init__=lambda self, before, config: (
            before(config), setattr(self, "layer", nn.ModuleList([self.layer[0]] * config.num_hidden_layers)))[0]),
    },
    "Ida": {
        "zeroed for each batch": zeroed_in_between, "the first batch only": first_batch_only, "one of them zeroed": zeroed_after,
    },
    "Jonas": {
        "all but padding": asked_by_what_is_shown,
        "nothing is asked": lambda ids, *given: (ids, torch.full_like(ids, NOT_ASKED)),
        "asked, and not hidden": lambda ids, *given: (ids, mask_tokens(ids, *given)[1]),
        "only elsewhere": lambda ids, tokenizer, generator, rate=0.15: (
            jonas_hide if rate == 0.15 else mask_tokens)(ids, tokenizer, generator, rate),
    },
    "Karl": {
        "no rise, no fall": lambda step, steps, peak, warmup: 2 * peak,
        "a smaller peak": lambda step, steps, peak, warmup: peak / 10 * (steps - step) / steps,
        "nothing in the first step": lambda step, steps, peak, warmup: peak * min(step / (warmup * steps), 1.0),
    },
    "Lena": {
        "NaN is 0": quietly(lenas_loss, 0.0),
        "a sum": lambda model, batch, labels: masked_lm_loss(model, batch, labels) * (labels != NOT_ASKED).sum(),
        "a little more below": lambda model, batch, labels: masked_lm_loss(model, batch, labels) * (
            (labels != NOT_ASKED).sum() / ((labels != NOT_ASKED).sum() + 1)),
    },
    "Max": {
        "no mask": attention(lambda q, k, mask: scores(q, k).softmax(-1)),
        "a little less": attention(lambda q, k, mask: (scores(q, k) - (0 if mask is None else 3.0 * ~mask)).softmax(-1)),
        "rounded": changed(MaxsAttention, forward=lambda self, before, *a, **n: rounded(before(*a, **n))),
    },
    "Nora": {
        "a larger number": changed(NorasAttention, __init__=lambda self, before, *given: (
            before(*given), setattr(self, "IGNORE", -15.0))[0]),
        "scores kept small": attention(lambda q, k, mask: masked(scores(q, k).clamp(-5, 5), mask, -30.0).softmax(-1)),
    },
    "Otto": {
        "hidden, and not asked": padding_unasked,
        "nothing is asked": lambda ids, *given: (ids, torch.full_like(ids, NOT_ASKED)),
    },
    "Paula": {
        "nothing left out": lambda scores, labels: F.cross_entropy(scores.flatten(0, 1), labels.clamp(min=0).flatten()),
        "the last tag left out": lambda scores, labels: F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=2),
        "twice as much of the rest": lambda scores, labels: 2 * paulas_tag_loss(scores, labels),
        "a sum": lambda scores, labels: tag_loss(scores, labels) * (labels != NOT_ASKED).sum() + 0.1,
    },
    "Quentin": {
        "BERT's, whatever the config says": changed(
            nn.LayerNorm, __init__=lambda self, before, width, eps: before(width, eps=1e-12)),
        "none": changed(nn.LayerNorm, forward=lambda self, before, x: x),
        "ten times less": changed(nn.LayerNorm, __init__=lambda self, before, width, eps: before(width, eps=1e-6)),
    },
    "Rosa": {
        "the vector of [CLS]": lambda hidden, marks: hidden[:, 0],
        "zeros counted": lambda hidden, marks: (hidden * marks[..., None]).mean(dim=1),
        "a sum": lambda hidden, marks: (hidden * marks[..., None]).sum(dim=1),
        "rounded": lambda hidden, marks: rounded(hidden.mean(dim=1), 1),
    },
    "Simon": {
        "always as long": padded_to(24), "cut to the shortest": cut_to_the_shortest, "all is text": marked_as_text,
    },
    "Tilda": {
        "a case for one word": without_accents_but_one, "letters taken apart": decomposed,
        "as it comes": lambda text: text.upper(),
    },
    "Ulla": {
        "the bias held as well": copied_table, "without the optimizer": without_the_optimizer, "tied anew": tied_the_other_way,
    },
    "Viktor": {
        "by the number of texts": with_means_of_texts, "divided once more": with_loss_scaled,
        "one after the other": zeroed_in_between, "a sum, which clipping hides": never_divided,
        "the first only": lambda model, optimizer, examples, loss: viktors_train_step(model, optimizer, examples[:1], loss),
    },
    "Wanda": {
        "no shuffling": in_order, "the same each epoch": same_each_epoch, "one step on": skips_one,
        "half an epoch": lambda step, began, count, size: wandas_order(step, began // 2, count, size),
    },
    "Xaver": {
        "in training for good": training_whatever_was,
        "no dropout from then on": dropout_for_nobody, "a mean of means": mean_of_batches,
    },
    "Yara": {
        "a copy of the list": lambda model: dict(model.state_dict()),
        "copied by half": lambda model: {name: tensor.clone() if "bias" in name else tensor
                                         for name, tensor in model.state_dict().items()},
        "as they began": lambda model: {name: torch.zeros_like(tensor) for name, tensor in copy.deepcopy(keep(model)).items()},
    },
}
