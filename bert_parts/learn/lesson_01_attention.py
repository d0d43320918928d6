"""Notebook 01: scaled dot-product attention, the padding mask, heads."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, attention_weights, join_heads, padding_mask, split_heads
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model, runs_inside
from bert_parts.learn.questions import Option, Question

NOTEBOOK = "01_attention"
TITLE = "Attention"

PADDING = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]])
STAIRS = torch.ones(4, 6, dtype=torch.bool).tril(diagonal=1)


# ── attention_weights ────────────────────────────────────────────────────────────────────────────────────────────────


def scaled_scores(query, key):
    return query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))


def masked(scores, mask):
    return scores if mask is None else scores.masked_fill(~mask, -math.inf)


def softmax_over_queries(query, key, mask=None):
    return masked(scaled_scores(query, key), mask).softmax(dim=-2)


def softmax_over_heads(query, key, mask=None):
    return masked(scaled_scores(query, key), mask).softmax(dim=1)


def no_scaling(query, key, mask=None):
    return masked(query @ key.transpose(-2, -1), mask).softmax(dim=-1)


def scaled_by_d(query, key, mask=None):
    return masked(query @ key.transpose(-2, -1) / query.size(-1), mask).softmax(dim=-1)


def scaled_by_keys(query, key, mask=None):
    return masked(query @ key.transpose(-2, -1) / math.sqrt(key.size(-2)), mask).softmax(dim=-1)


def scaled_by_queries(query, key, mask=None):
    return masked(query @ key.transpose(-2, -1) / math.sqrt(query.size(-2)), mask).softmax(dim=-1)


def scaled_by_the_real_width(query, key, mask=None):
    return masked(query @ key.transpose(-2, -1) / math.sqrt(384), mask).softmax(dim=-1)


def scaled_by_all_heads(query, key, mask=None):
    return masked(query @ key.transpose(-2, -1) / math.sqrt(query.size(1) * query.size(-1)), mask).softmax(dim=-1)


def multiplied_by_root(query, key, mask=None):
    return masked(query @ key.transpose(-2, -1) * math.sqrt(query.size(-1)), mask).softmax(dim=-1)


def scaled_after_softmax(query, key, mask=None):
    return masked(query @ key.transpose(-2, -1), mask).softmax(dim=-1) / math.sqrt(query.size(-1))


def no_softmax(query, key, mask=None):
    return masked(scaled_scores(query, key), mask)


def queries_and_keys_exchanged(query, key, mask=None):
    return masked(scaled_scores(key, query), mask).softmax(dim=-1)


def key_not_transposed(query, key, mask=None):
    return masked(query @ key / math.sqrt(query.size(-1)), mask).softmax(dim=-1)


def all_dimensions_turned(query, key, mask=None):
    return masked(query @ key.T / math.sqrt(query.size(-1)), mask).softmax(dim=-1)


def truth_of_the_mask(query, key, mask=None):
    scores = scaled_scores(query, key)
    if mask:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim=-1)


def none_inverted(query, key, mask=None):
    return scaled_scores(query, key).masked_fill(~mask, -math.inf).softmax(dim=-1)


def none_compared(query, key, mask=None):
    return scaled_scores(query, key).masked_fill(mask == 0, -math.inf).softmax(dim=-1)


def none_chosen_by(query, key, mask=None):
    return torch.where(mask, scaled_scores(query, key), -math.inf).softmax(dim=-1)


def none_turned_round(query, key, mask=None):
    return scaled_scores(query, key).masked_fill(mask.logical_not(), -math.inf).softmax(dim=-1)


def none_filled_by(query, key, mask=None):
    return scaled_scores(query, key).masked_fill(mask, -math.inf).softmax(dim=-1)


def none_added(query, key, mask=None):
    return (scaled_scores(query, key) + mask).softmax(dim=-1)


def indexed_with_the_mask(query, key, mask=None):
    scores = scaled_scores(query, key)
    if mask is not None:
        scores[~mask] = -math.inf
    return scores.softmax(dim=-1)


def mask_ignored(query, key, mask=None):
    return scaled_scores(query, key).softmax(dim=-1)


def mask_inverted(query, key, mask=None):
    scores = scaled_scores(query, key)
    return (scores if mask is None else scores.masked_fill(mask, -math.inf)).softmax(dim=-1)


def mask_after_softmax(query, key, mask=None):
    weights = scaled_scores(query, key).softmax(dim=-1)
    return weights if mask is None else weights * mask


def hidden_scores_set_to_a_number(query, key, mask=None):
    scores = scaled_scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, -10.0)).softmax(dim=-1)


def too_little_taken_off(query, key, mask=None):
    scores = scaled_scores(query, key)
    return (scores if mask is None else scores + (~mask) * -100.0).softmax(dim=-1)


def mask_times_infinity(query, key, mask=None):
    scores = scaled_scores(query, key)
    return (scores if mask is None else scores + (~mask) * -math.inf).softmax(dim=-1)


def plus_infinity(query, key, mask=None):
    scores = scaled_scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, math.inf)).softmax(dim=-1)


def mask_added(query, key, mask=None):
    scores = scaled_scores(query, key)
    return (scores if mask is None else scores + mask).softmax(dim=-1)


def overflowing_softmax(query, key, mask=None):
    raised = masked(scaled_scores(query, key), mask).exp()
    return raised / raised.sum(dim=-1, keepdim=True)


NO_MASK = ("`mask` may be `None`, and then nothing is hidden. Your code works with it all the same: do so only "
           "`if mask is not None`.")
LEAKS = ("A hidden place still has the weight {}. Whatever number you give to the hidden scores (or take away from them), "
         "e to its power is not 0, and next to other low scores it may even be the largest. −∞ is the only score whose "
         "weight is exactly 0: `-math.inf`.")


def far_below_zero():
    """Queries and keys whose scores are all about −300, in whole numbers, so that nothing is rounded."""
    query, key = randn(2, 3, 4, 4, scale=2).round(), randn(2, 3, 6, 4, seed=1, scale=2).round()
    query[..., 0], key[..., 0] = 30, -20
    return query, key


def hides_wholly(thing) -> Finding | None:
    """Where the mask is False the weight is 0, be the score there ever so high and the others ever so low."""
    query, key = torch.full((1, 1, 1, 4), 10.0), torch.tensor([20.0, -20.0]).view(1, 1, 2, 1).expand(1, 1, 2, 4)
    hidden = thing(query, key, torch.tensor([False, True]))[0, 0, 0, 0].item()     # of the scores 400 and −400
    return None if hidden == 0 else Finding(LEAKS.format(f"{hidden:.3g}"), "too little taken off")


def keeps_gradients(thing) -> Finding | None:
    """Gradients must reach the queries and the keys, or nothing is learned through the attention."""
    query, key = randn(1, 1, 2, 3).requires_grad_(), randn(1, 1, 4, 3, seed=1).requires_grad_()
    weights = thing(query, key)
    if not weights.requires_grad:
        return Finding("The numbers are right, but no gradient comes through: `detach`, `.data`, `no_grad` or NumPy on "
                       "the way cuts it off, and then nothing could be learned here.", "gradient cut off")
    return None


def all_heads_agree(thing) -> Finding | str:
    """The real model's own queries and keys, layer by layer."""
    model, _ = real_model()
    batch = real_batch()
    mask = padding_mask(batch["attention_mask"])
    with torch.no_grad():
        x = model.embeddings(batch["input_ids"], batch["token_type_ids"])
        for number, layer in enumerate(model.encoder.layer):
            attention = layer.attention.self
            query = split_heads(attention.query(x), attention.num_heads)
            key = split_heads(attention.key(x), attention.num_heads)
            if not torch.allclose(thing(query, key, mask), attention_weights(query, key, mask), atol=TOLERANCE, rtol=0):
                return Finding(f"On made-up numbers your weights agree, but not on those of the real BERT's layer {number}.")
            x = layer(x, mask)
    return "On the real BERT's own queries and keys: the same weights in all 6 layers × 12 heads."


# ── padding_mask ─────────────────────────────────────────────────────────────────────────────────────────────────────


def padding_marked(attention_mask):
    return (attention_mask == 0)[:, None, None, :]


def not_boolean(attention_mask):
    return attention_mask[:, None, None, :]


def numbers_as_floats(attention_mask):
    return attention_mask.float()[:, None, None, :]


def added_numbers(attention_mask):
    return (1.0 - attention_mask.float())[:, None, None, :] * -10000.0


def minus_infinity(attention_mask):
    return torch.zeros(attention_mask.shape).masked_fill(attention_mask == 0, -math.inf)[:, None, None, :]


def bits_flipped(attention_mask):
    return (~attention_mask)[:, None, None, :]


def bits_flipped_to_boolean(attention_mask):
    return (~attention_mask).bool()[:, None, None, :]


def queries_masked(attention_mask):
    return attention_mask.bool()[:, None, :, None]


def room_for_one(attention_mask):
    return attention_mask.bool()[:, None, :]


def no_room(attention_mask):
    return attention_mask.bool()


def pairs_masked(attention_mask):
    marks = attention_mask.bool()
    return marks[:, None, None, :] & marks[:, None, :, None]


def same_with_mask(thing) -> Finding | str:
    """The real encoder under the learner's mask."""
    model, _ = real_model()
    batch = real_batch()
    with torch.no_grad():
        x = model.embeddings(batch["input_ids"], batch["token_type_ids"])
        expected, _ = model(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
        given = model.encoder(x, thing(batch["attention_mask"]))
    if not torch.allclose(given, expected, atol=TOLERANCE, rtol=0):
        return Finding("By itself your mask agrees, but under it the real BERT gives other hidden states.")
    return "In the real BERT: the same hidden states under your mask, for four sentences of different lengths."


# ── split_heads ──────────────────────────────────────────────────────────────────────────────────────────────────────


def viewed_at_once(x, num_heads):
    return x.reshape(x.size(0), num_heads, x.size(1), -1)


def heads_after_tokens(x, num_heads):
    return x.unflatten(-1, (num_heads, -1))


def interleaved(x, num_heads):
    return x.unflatten(-1, (-1, num_heads)).permute(0, 3, 1, 2)


def size_and_number_exchanged(x, num_heads):
    return x.unflatten(-1, (-1, num_heads)).transpose(1, 2)


def tokens_split(x, num_heads):
    return x.unflatten(1, (num_heads, -1))


def heads_before_batch(x, num_heads):
    return x.unflatten(-1, (num_heads, -1)).permute(2, 0, 1, 3)


# ── MultiHeadAttention ───────────────────────────────────────────────────────────────────────────────────────────────


def attend(module, query, key, value, mask, scale=None):
    query, key, value = (split_heads(tensor, module.num_heads) for tensor in (query, key, value))
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)


class ContextIgnored(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        return join_heads(attend(self, self.query(x), self.key(x), self.value(x), mask))


class ValueFromX(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return join_heads(attend(self, self.query(x), self.key(context), self.value(x), mask))


class QueryFromContext(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return join_heads(attend(self, self.query(context), self.key(x), self.value(x), mask))


class MaskIgnored(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return join_heads(attend(self, self.query(x), self.key(context), self.value(context), None))


class MaskInverted(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        mask = None if mask is None else ~mask
        return join_heads(attend(self, self.query(x), self.key(context), self.value(context), mask))


class KeysAsValues(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return join_heads(attend(self, self.query(x), self.key(context), self.key(context), mask))


class NoValueProjection(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return join_heads(attend(self, self.query(x), self.key(context), context, mask))


class KeysAndValuesExchanged(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return join_heads(attend(self, self.query(x), self.value(context), self.key(context), mask))


class NothingProjected(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return join_heads(attend(self, x, context, context, mask))


class TruthOfTheMask(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        mask = mask if mask else None
        return join_heads(attend(self, self.query(x), self.key(context), self.value(context), mask))


class TruthOfTheContext(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = context or x
        return join_heads(attend(self, self.query(x), self.key(context), self.value(context), mask))


class RateCalled(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        weights = attention_weights(split_heads(self.query(x), self.num_heads),
                                    split_heads(self.key(context), self.num_heads), mask)
        return join_heads(self.dropout(weights) @ split_heads(self.value(context), self.num_heads))


def with_output_matrix(name: str) -> type:
    """A MultiHeadAttention with the paper's W^O under this name. Its own name is in what torch says about it."""

    def __init__(self, hidden_size, num_heads, dropout):
        MultiHeadAttention.__init__(self, hidden_size, num_heads, dropout)
        setattr(self, name, nn.Linear(hidden_size, hidden_size))

    def forward(self, x, context=None, mask=None):
        return getattr(self, name)(MultiHeadAttention.forward(self, x, context, mask))

    return type("MultiHeadAttention", (MultiHeadAttention,), {"__init__": __init__, "forward": forward})


class QueryProjectionTwice(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return join_heads(attend(self, self.query(x), self.query(context), self.value(context), mask))


class JoinedWithoutTranspose(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        mixed = attend(self, self.query(x), self.key(context), self.value(context), mask)
        return mixed.reshape(x.shape)


class NotJoined(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return attend(self, self.query(x), self.key(context), self.value(context), mask)


class HeadsAveraged(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return attend(self, self.query(x), self.key(context), self.value(context), mask).mean(dim=1)


class OneHead(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        query, key, value = (tensor[:, None] for tensor in (self.query(x), self.key(context), self.value(context)))
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)[:, 0]


class ScaledByWidth(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        scale = 1 / math.sqrt(self.hidden_size)
        return join_heads(attend(self, self.query(x), self.key(context), self.value(context), mask, scale))


class NotScaled(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        return join_heads(attend(self, self.query(x), self.key(context), self.value(context), mask, scale=1.0))


class SplitByReshape(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        query, key, value = (viewed_at_once(tensor, self.num_heads)
                             for tensor in (self.query(x), self.key(context), self.value(context)))
        return join_heads(F.scaled_dot_product_attention(query, key, value, attn_mask=mask))


class ResidualAdded(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        return x + super().forward(x, context, mask)


class DropoutOn(MultiHeadAttention):
    """Dropout, but not on the weights."""

    place = ""

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        x, context = self.dropped("x", x), self.dropped("x", context)
        query, key = split_heads(self.query(x), self.num_heads), split_heads(self.key(context), self.num_heads)
        value = self.dropped("value", split_heads(self.value(context), self.num_heads))
        return self.dropped("result", join_heads(attention_weights(query, key, mask) @ value))

    def dropped(self, place, tensor):
        return F.dropout(tensor, self.dropout, self.training) if place == self.place else tensor


class DropoutOnX(DropoutOn):
    place = "x"


class DropoutOnValues(DropoutOn):
    place = "value"


class DropoutOnResult(DropoutOn):
    place = "result"


class NoDropout(DropoutOn):
    pass


class KeepsWithRate(MultiHeadAttention):
    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        weights = attention_weights(split_heads(self.query(x), self.num_heads),
                                    split_heads(self.key(context), self.num_heads), mask)
        weights = F.dropout(weights, 1 - self.dropout, self.training)
        return join_heads(weights @ split_heads(self.value(context), self.num_heads))


NO_DROPOUT = Finding("In training nothing is dropped: apply dropout with probability `self.dropout` to the weights, while "
                     "`self.training` is true (for instance `F.dropout(weights, self.dropout, self.training)`).",
                     "no dropout in training")
BEFORE_THE_WEIGHTS = Finding("In training your dropout falls on what comes before the weights (on x, on the queries or keys, "
                             "or on the scores); it belongs on the weights, after the softmax.",
                             "dropout before the weights")
ON_THE_RESULT = Finding("In training your dropout falls on the result, after the values were collected; it belongs on the "
                        "weights, before they meet the values.", "dropout on the result")
ON_THE_VALUES = Finding("In training your dropout falls on single numbers of the values; it belongs on the weights, so that "
                        "a word that is dropped is not listened to at all.", "dropout on the values")
OTHER_RATE = Finding("In training your weights are dropped, but not as often as `self.dropout` says: it is the probability "
                     "with which a weight is set to 0, and what is left is divided by 1 − `self.dropout`.",
                     "another rate")


def drops_out_the_weights(thing) -> Finding | None:
    """Where does dropout fall? All keys are equally good here, and all values the same vector v.

    Then dropout on the weights multiplies v by (number of keys left) / (S · (1 − p)): one number for each text, position
    and head. Dropout before the softmax leaves v as it is, and dropout after it falls on single numbers.
    """
    module = with_hard_weights(thing(8, 2, 0.25)).train()
    torch.manual_seed(0)
    x = randn(8, 16, 8)
    if torch.equal(module(x), module(x)):
        return NO_DROPOUT
    with torch.no_grad():
        for part in (module.query, module.value):
            part.weight.zero_()
        module.query.bias.zero_()
        module.value.bias.copy_(torch.arange(1.0, 9.0))
        factors = module(x).div(module.value.bias).unflatten(-1, (2, 4))     # (B, T, H, d)
    if torch.allclose(factors, torch.ones(()), atol=1e-4):
        return BEFORE_THE_WEIGHTS
    if not torch.allclose(factors, factors[..., :1], atol=1e-4):
        once = factors.isclose(torch.zeros(()), atol=1e-4) | factors.isclose(torch.tensor(4 / 3), atol=1e-4)
        return ON_THE_RESULT if once.all() else ON_THE_VALUES
    left = factors[..., 0] * 16 * 0.75     # how many of the 16 keys: 12 of them on the average, with a variance of 3
    usual = abs(left.mean() - 12) < 0.7 and 1.8 < left.var() < 4.6
    return None if usual and torch.allclose(left, left.round(), atol=1e-3) else OTHER_RATE


def learns(thing) -> Finding | None:
    """Gradients must reach all three projections."""
    module = with_hard_weights(thing(8, 2, 0.0))
    module(randn(1, 5, 8)).pow(2).sum().backward()
    idle = [name for name, parameter in module.named_parameters() if parameter.grad is None]
    if idle:
        return Finding(f"The numbers are right, but no gradient reaches `{idle[0]}`: something on the way (`detach`, "
                       "`.data`, `no_grad`, NumPy) cuts it off, and then it could never learn.", "gradient cut off")
    return None


def two_texts(length: int, width: int = 12) -> Tensor:
    return randn(2, length, width, seed=length)


EXERCISES = (
    Exercise(
        reference=attention_weights,
        notebook=NOTEBOOK,
        cases=(
            Case("2 texts, 3 heads, 4 queries, 6 keys, no mask", lambda: (randn(2, 3, 4, 5), randn(2, 3, 6, 5, seed=1))),
            Case("large scores, of which e to their power is too big a number",
                 lambda: (randn(1, 2, 3, 4, scale=30), randn(1, 2, 5, 4, seed=1, scale=30))),
            Case("a padding mask of shape (2, 1, 1, 6), where all scores are far below 0",
                 lambda: (*far_below_zero(), PADDING.bool()[:, None, None, :])),
            Case("a padding mask of shape (2, 1, 1, 6)",
                 lambda: (randn(2, 3, 4, 5), randn(2, 3, 6, 5, seed=1), PADDING.bool()[:, None, None, :])),
            Case("a mask of shape (4, 6), a row for each query",
                 lambda: (randn(2, 3, 4, 5), randn(2, 3, 6, 5, seed=1), STAIRS.clone())),
        ),
        mistakes=(
            Mistake("softmax over queries", "Your softmax runs over the queries, not the keys: each query hands out its "
                    "attention over the keys, the last dimension, and each row must sum to 1.", softmax_over_queries),
            Mistake("softmax over heads", "Your softmax runs over dimension 1, the heads: each query hands out its "
                    "attention over the keys, the last dimension.", softmax_over_heads),
            Mistake("no scaling", "The scores are not divided by √d. Without that they grow with d, the softmax "
                    "saturates, and gradients vanish.", no_scaling),
            Mistake("scaled by d", "You divide by d where √d is wanted: the spread of a dot product of d products grows "
                    "as √d.", scaled_by_d),
            Mistake("scaled by number of keys", "You divide by the root of the number of keys. It is the size of the "
                    "vectors, the last dimension of the queries, that makes dot products large.", scaled_by_keys),
            Mistake("scaled by number of queries", "You divide by the root of the number of queries. It is the size of the "
                    "vectors, the last dimension of the queries, that makes dot products large.", scaled_by_queries),
            Mistake("scaled by 384", "You divide by the root of 384, the real model's whole width. Divide by that of d, the "
                    "size of the queries that you are given: `query.size(-1)`.", scaled_by_the_real_width),
            Mistake("scaled by the whole width", "You divide by √(H · d), the root of what all heads have together. Each "
                    "head takes its own dot products, of vectors of size d: `query.size(-1)`.", scaled_by_all_heads),
            Mistake("multiplied by root d", "You multiply by √d where you should divide by it.", multiplied_by_root),
            Mistake("scaled after softmax", "You divide by √d after the softmax: then the weights no longer sum to 1. "
                    "Divide the scores.", scaled_after_softmax),
            Mistake("no softmax", "These are the scores. A softmax over the keys turns them into weights that sum to 1.",
                    no_softmax),
            Mistake("queries and keys exchanged", "Rows and columns are exchanged: a row belongs to a query, a column to "
                    "a key, so the shape is (B, H, T, S).", queries_and_keys_exchanged),
            Mistake("key not transposed", "The product of queries and keys fails: to take every query's dot product with "
                    "every key, exchange the last two dimensions of the keys.", key_not_transposed),
            Mistake("all dimensions turned round", "`.T` turns all four dimensions round. Only the last two of the keys "
                    "should be exchanged: `.transpose(-2, -1)`.", all_dimensions_turned),
            Mistake("truth of the mask", "`if mask:` asks whether a whole tensor is true, and nobody can say. Ask whether "
                    "there is one: `if mask is not None:`.", truth_of_the_mask),
            Mistake("indexed with the mask", "Indexing (`scores[~mask] = ...`) needs a mask of the scores' full shape, "
                    "(B, H, T, S). Yours may have dimensions of size 1, or fewer of them: `masked_fill` stretches it.",
                    indexed_with_the_mask),
            Mistake("mask ignored", "The mask has no effect: where it is False the weight must be 0.", mask_ignored),
            Mistake("mask inverted", "Your mask works the wrong way round: in this course True means may be attended to, "
                    "so it is the False places that are hidden.", mask_inverted),
            Mistake("mask after softmax", "You mask after the softmax: hidden places get 0, but the rest no longer sums "
                    "to 1. Mask the scores, before the softmax.", mask_after_softmax),
            Mistake("hidden scores set to a number", "You set hidden scores to a number, but e to its power is a weight "
                    "like any other (e⁰ is 1), and where all scores are low it is even the largest. Which score becomes "
                    "exactly 0 under a softmax?", hidden_scores_set_to_a_number),
            Mistake("too little taken off", LEAKS.format("that is not 0"), too_little_taken_off),
            Mistake("mask times infinity", "You multiply the mask by ∞ and add it to the scores: where it is 0, that is "
                    "0 · ∞, which is NaN. `masked_fill` puts −∞ only where it belongs.", mask_times_infinity),
            Mistake("plus infinity", "You set hidden scores to +∞, the highest score there is, and the softmax of it is "
                    "NaN. The lowest is wanted: −∞.", plus_infinity),
            Mistake("mask added", "You add the mask to the scores: that makes the allowed ones larger by 1 and hides "
                    "nothing.", mask_added),
            *(Mistake(f"no mask, {name}", NO_MASK, wrong) for name, wrong in (
                ("inverted", none_inverted), ("compared", none_compared), ("chosen by", none_chosen_by),
                ("turned round", none_turned_round), ("filled by", none_filled_by), ("added", none_added))),
            Mistake("softmax overflows", "Written as exp(x) / sum(exp(x)), the softmax overflows for large scores. "
                    "torch's `softmax` subtracts the largest first; so can you.", overflowing_softmax),
        ),
        hints=(
            "Four steps, in this order: dot products, division, mask, softmax.",
            "`query @ key.transpose(-2, -1)` has shape (B, H, T, S). Divide by the root of `query.size(-1)`. "
            "`masked_fill` puts a number where a boolean tensor is True.",
            "`scores.masked_fill(~mask, -math.inf)`, only if there is a mask; then `softmax(dim=-1)`.",
        ),
        probes=(hides_wholly, keeps_gradients),
        drop_in=all_heads_agree,
    ),
    Exercise(
        reference=padding_mask,
        notebook=NOTEBOOK,
        cases=(
            Case("two texts, one of them padded", lambda: (PADDING.clone(),)),
            Case("marks that are boolean already", lambda: (PADDING.bool(),)),
        ),
        mistakes=(
            Mistake("padding marked", "Your mask is True where there is padding: in this course True means may be "
                    "attended to.", padding_marked),
            Mistake("not boolean", "The shape is right, but these are whole numbers: a mask is boolean.", not_boolean),
            Mistake("floats", "The shape is right, but these are floats: a mask is boolean.", numbers_as_floats),
            Mistake("numbers to add", "This is a mask made to be added to scores. Here a mask is boolean: "
                    "`attention_weights` does the hiding.", added_numbers),
            Mistake("minus infinity to add", "This is a mask made to be added to scores. Here a mask is boolean: "
                    "`attention_weights` does the hiding.", minus_infinity),
            Mistake("bits flipped", "`~` on whole numbers flips their bits: of 1 it makes −2, of 0 −1. And nothing needs to "
                    "be turned round: 1 and True both stand for a real token. `.bool()` is enough.", bits_flipped),
            Mistake("bits flipped, then boolean", "`~` on whole numbers flips their bits: of 1 it makes −2, of 0 −1, and as "
                    "booleans both are True. Nothing needs to be turned round: 1 and True both stand for a real token.",
                    bits_flipped_to_boolean),
            Mistake("queries masked", "The last dimension of a mask stands for the keys. Yours hides queries: then a "
                    "padded row has nothing to look at, and words can still look at padding.", queries_masked),
            Mistake("one dimension short", "The mask is broadcast against (B, H, T, S), from the right. With three "
                    "dimensions your texts stand where the heads do: make it (B, 1, 1, S).", room_for_one),
            Mistake("two dimensions", "The marks are boolean now, but the mask must be broadcast against (B, H, T, S): "
                    "make room for heads and queries, (B, 1, 1, S).", no_room),
            Mistake("queries masked too", "You hide padded queries as well as padded keys. Then their rows have nothing "
                    "to attend to, and softmax gives NaN. Hide the keys; what padding itself sees does not matter.",
                    pairs_masked),
        ),
        hints=(
            "Two things change: the dtype and the shape. No value is computed.",
            "`.bool()` makes 1 to True and 0 to False. Indexing with `None` inserts a dimension of size 1.",
            "Of the four dimensions (B, H, T, S) of the scores, the second and third are the new ones.",
        ),
        drop_in=same_with_mask,
    ),
    Exercise(
        reference=split_heads,
        notebook=NOTEBOOK,
        cases=(
            Case("2 texts of 5 tokens, width 12, in 3 heads", lambda: (two_texts(5), 3)),
            Case("1 text of 2 tokens, width 8, in 4 heads", lambda: (randn(1, 2, 8), 4)),
            Case("one head", lambda: (randn(2, 3, 4), 1)),
        ),
        mistakes=(
            Mistake("reshaped at once", "The shape is right, the contents are not: reshaping straight to (B, H, T, d) "
                    "gives a head pieces of different tokens. Split the width first, then move the heads forward.",
                    viewed_at_once),
            Mistake("heads not moved", "The width is split, but the heads still stand behind the tokens: (B, T, H, d). "
                    "Exchange dimensions 1 and 2.", heads_after_tokens),
            Mistake("interleaved", "Each of your heads takes every H-th column. Head 0 should take the first d columns "
                    "together, head 1 the next d, and so on.", interleaved),
            Mistake("number and size exchanged", "You made d heads of size H: the width splits into (num_heads, d), in "
                    "that order.", size_and_number_exchanged),
            Mistake("tokens split", "You split the tokens among the heads. Every head sees every token; it is the width, "
                    "the last dimension, that is shared out.", tokens_split),
            Mistake("heads first", "Your heads come before the texts: the order is (B, H, T, d).", heads_before_batch),
        ),
        hints=(
            "Two steps: cut the last dimension in two, then exchange two dimensions.",
            "`x.unflatten(-1, (num_heads, -1))` or `x.view(B, T, num_heads, -1)` makes (B, T, H, d).",
            "After that, `.transpose(1, 2)`.",
        ),
    ),
    Exercise(
        reference=MultiHeadAttention,
        notebook=NOTEBOOK,
        cases=(
            Case("one text, looking at itself", lambda: (randn(1, 5, 12),), build=(12, 3, 0.0)),
            Case("two texts", lambda: (two_texts(5),), build=(12, 4, 0.0)),
            Case("a dropout rate of 0.5, outside training", lambda: (two_texts(5),), build=(12, 4, 0.5)),
            Case("two texts, one padded", lambda: (two_texts(6), None, padding_mask(PADDING)), build=(12, 4, 0.0)),
            Case("a causal mask", lambda: (two_texts(4), None, torch.ones(4, 4, dtype=torch.bool).tril()),
                 build=(12, 3, 0.0)),
            Case("4 tokens looking at a context of 6", lambda: (two_texts(4), two_texts(6)), build=(12, 3, 0.0)),
            Case("a padded context", lambda: (two_texts(4), two_texts(6), padding_mask(PADDING)), build=(12, 3, 0.0)),
        ),
        mistakes=(
            Mistake("mask ignored", "The mask has no effect: hand it on to the attention.", MaskIgnored),
            Mistake("mask inverted", "Your mask works the wrong way round: True means may be attended to.", MaskInverted),
            Mistake("context ignored", "The context has no effect: when there is one, keys and values are made from it.",
                    ContextIgnored),
            Mistake("values from x", "Your keys are made from the context, but your values from x: what is collected must "
                    "come from where the looking goes.", ValueFromX),
            Mistake("query from context", "Query and context are exchanged: x asks, the context answers.",
                    QueryFromContext),
            Mistake("keys as values", "You use the keys as values too: the values have a projection of their own, "
                    "`self.value`.", KeysAsValues),
            Mistake("values not projected", "You collect the input itself: the values are `self.value` of it.",
                    NoValueProjection),
            Mistake("keys and values exchanged", "Keys and values are exchanged: the scores come from `self.key`, and what is "
                    "collected from `self.value`.", KeysAndValuesExchanged),
            Mistake("nothing projected", "You attend over the input itself: queries, keys and values are `self.query`, "
                    "`self.key` and `self.value` of it.", NothingProjected),
            Mistake("query projection twice", "You make the keys with `self.query`: they have a projection of their own, "
                    "`self.key`.", QueryProjectionTwice),
            Mistake("heads joined wrongly", "The heads are put together in the wrong order: the dimensions of heads and "
                    "tokens must be exchanged back before the last two are flattened.", JoinedWithoutTranspose),
            Mistake("heads not joined", "The heads are still apart, (B, H, T, d): put them side by side again, (B, T, D).",
                    NotJoined),
            Mistake("heads averaged", "You average the heads; they go side by side, each in its own slice of the width.",
                    HeadsAveraged),
            Mistake("one head", "You attend over the whole width at once, as if there were one head: split into "
                    "`self.num_heads` first.", OneHead),
            Mistake("scaled by width", "The scores are divided by √D, the root of the whole width. Each head has vectors "
                    "of size d = D / H, and that is the root to take.", ScaledByWidth),
            Mistake("no scaling", "The scores are not divided by √d.", NotScaled),
            Mistake("split by reshape", "The heads are split by one reshape, which mixes tokens: split the width first, "
                    "then move the heads forward.", SplitByReshape),
            Mistake("truth of the mask", "Your code asks whether a whole tensor is true (`if mask:` does that), and nobody "
                    "can say. Ask whether there is one: `if mask is not None:`.", TruthOfTheMask),
            Mistake("truth of the context", "Your code asks whether a whole tensor is true (`context or x` and `if context:` "
                    "do that), and nobody can say. Ask whether there is one: `if context is None:`.", TruthOfTheContext),
            Mistake("rate called", "`self.dropout` is a number, a probability, and cannot be called. "
                    "`F.dropout(weights, self.dropout, self.training)` does the dropping.", RateCalled),
            *(Mistake(f"an output matrix, {name}", f"`self.{name}` is one matrix too many. The paper's W^O is not in this "
                      "part: it comes in notebook 05. Leave `__init__` as it is.", with_output_matrix(name))
              for name in ("output", "out", "out_proj", "dense", "W_o", "wo", "proj", "linear")),
            Mistake(NO_DROPOUT.mistake, NO_DROPOUT.message, NoDropout),
            Mistake(BEFORE_THE_WEIGHTS.mistake, BEFORE_THE_WEIGHTS.message, DropoutOnX),
            Mistake(ON_THE_VALUES.mistake, ON_THE_VALUES.message, DropoutOnValues),
            Mistake(ON_THE_RESULT.mistake, ON_THE_RESULT.message, DropoutOnResult),
            Mistake(OTHER_RATE.mistake, OTHER_RATE.message, KeepsWithRate),
            Mistake("input added", "You add the input to the result. That belongs to the next part, not to this one.",
                    ResidualAdded),
        ),
        hints=(
            "Project, split, attend, join. You have written the two in the middle.",
            "`query = split_heads(self.query(x), self.num_heads)`; keys and values likewise, from the context if there is "
            "one. `attention_weights(query, key, mask) @ value` has shape (B, H, T, d).",
            "Drop out the weights with `F.dropout(weights, self.dropout, self.training)` before they meet the values, and "
            "join with `.transpose(1, 2).flatten(-2)`.",
        ),
        probes=(drops_out_the_weights, learns),
        drop_in=runs_inside,
    ),
)

QUIZ = (
    Question(
        "Why are the scores divided by √d before the softmax?",
        (
            Option("So that the weights sum to 1", False, "The softmax does that, whatever the scores are."),
            Option("So that their spread does not grow with the size of the vectors", True,
                   "A dot product adds up d products, so its standard deviation grows as √d. Undivided, the softmax puts "
                   "nearly everything on one key, and its gradient is nearly zero."),
            Option("So that the scores are never negative", False,
                   "They may be negative before and after; the softmax makes positive weights of any number."),
        ),
    ),
    Question(
        "A model with 12 heads of size 32 is given one head of size 384 instead. What becomes of the number of weights "
        "in `query`, `key` and `value`?",
        (
            Option("It is twelve times smaller", False, "Heads share the width out; they do not add to it."),
            Option("It stays the same", True,
                   "The projections are 384 × 384 either way. What changes is how many patterns of looking a layer has: "
                   "twelve at once, or one."),
            Option("It is twelve times larger", False, "The projections stay 384 × 384: the heads are slices of them."),
        ),
    ),
    Question(
        "Which scores must the mask set to −∞ in a padded batch?",
        (
            Option("Those in the columns of the padding (as keys)", True,
                   "A padded position that is looked at mixes noise into every word. What padding itself looks at does "
                   "not matter: nobody reads its output."),
            Option("Those in the rows of the padding (as queries)", False,
                   "A row that is all −∞ leaves a softmax over nothing, which is NaN, and the words could still look at "
                   "the padding. Padded queries may look; nobody reads what comes out."),
            Option("Those between two words", False, "In BERT every word may look at every other. A causal mask hides "
                   "the words to come, and belongs to models that write text."),
        ),
    ),
)
