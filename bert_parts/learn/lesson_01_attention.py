"""Notebook 01: scaled dot-product attention, the padding mask, heads."""

import math

import torch
from torch import Tensor
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


def mask_ignored(query, key, mask=None):
    return scaled_scores(query, key).softmax(dim=-1)


def mask_inverted(query, key, mask=None):
    scores = scaled_scores(query, key)
    return (scores if mask is None else scores.masked_fill(mask, -math.inf)).softmax(dim=-1)


def mask_after_softmax(query, key, mask=None):
    weights = scaled_scores(query, key).softmax(dim=-1)
    return weights if mask is None else weights * mask


def mask_with_zero(query, key, mask=None):
    scores = scaled_scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, 0)).softmax(dim=-1)


def mask_added(query, key, mask=None):
    scores = scaled_scores(query, key)
    return (scores if mask is None else scores + mask).softmax(dim=-1)


def overflowing_softmax(query, key, mask=None):
    raised = masked(scaled_scores(query, key), mask).exp()
    return raised / raised.sum(dim=-1, keepdim=True)


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


def drops_out_in_training(thing) -> Finding | None:
    """With dropout, two passes in training differ; without it, they agree."""
    module = with_hard_weights(thing(8, 2, 0.5)).train()
    x = randn(1, 5, 8)
    torch.manual_seed(0)
    if torch.equal(module(x), module(x)):
        return Finding("In training nothing is dropped: apply dropout with probability `self.dropout` to the weights, "
                       "while `self.training` is true (for instance `F.dropout(weights, self.dropout, self.training)`).",
                       "no dropout in training")
    return None


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
            Case("a padding mask of shape (2, 1, 1, 6)",
                 lambda: (randn(2, 3, 4, 5), randn(2, 3, 6, 5, seed=1), PADDING.bool()[:, None, None, :])),
            Case("a mask of shape (4, 6), a row for each query",
                 lambda: (randn(2, 3, 4, 5), randn(2, 3, 6, 5, seed=1), STAIRS.clone())),
            Case("large scores, of which e to their power is too big a number",
                 lambda: (randn(1, 2, 3, 4, scale=30), randn(1, 2, 5, 4, seed=1, scale=30))),
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
            Mistake("multiplied by root d", "You multiply by √d where you should divide by it.", multiplied_by_root),
            Mistake("scaled after softmax", "You divide by √d after the softmax: then the weights no longer sum to 1. "
                    "Divide the scores.", scaled_after_softmax),
            Mistake("no softmax", "These are the scores. A softmax over the keys turns them into weights that sum to 1.",
                    no_softmax),
            Mistake("queries and keys exchanged", "Rows and columns are exchanged: a row belongs to a query, a column to "
                    "a key, so the shape is (B, H, T, S).", queries_and_keys_exchanged),
            Mistake("key not transposed", "The product of queries and keys fails: to take every query's dot product with "
                    "every key, exchange the last two dimensions of the keys.", key_not_transposed),
            Mistake("mask ignored", "The mask has no effect: where it is False the weight must be 0.", mask_ignored),
            Mistake("mask inverted", "Your mask works the wrong way round: in this course True means may be attended to, "
                    "so it is the False places that are hidden.", mask_inverted),
            Mistake("mask after softmax", "You mask after the softmax: hidden places get 0, but the rest no longer sums "
                    "to 1. Mask the scores, before the softmax.", mask_after_softmax),
            Mistake("hidden scores set to 0", "You set hidden scores to 0, but e⁰ is 1, a weight like any other. Which "
                    "score becomes 0 under a softmax?", mask_with_zero),
            Mistake("mask added", "You add the mask to the scores: that makes the allowed ones larger by 1 and hides "
                    "nothing.", mask_added),
            Mistake("softmax overflows", "Written as exp(x) / sum(exp(x)), the softmax overflows for large scores. "
                    "torch's `softmax` subtracts the largest first; so can you.", overflowing_softmax),
        ),
        hints=(
            "Four steps, in this order: dot products, division, mask, softmax.",
            "`query @ key.transpose(-2, -1)` has shape (B, H, T, S). Divide by the root of `query.size(-1)`. "
            "`masked_fill` puts a number where a boolean tensor is True.",
            "`scores.masked_fill(~mask, -math.inf)`, only if there is a mask; then `softmax(dim=-1)`.",
        ),
        probes=(keeps_gradients,),
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
        probes=(drops_out_in_training, learns),
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
        "In a padded batch, whom must the mask keep from being looked at?",
        (
            Option("The padding, as keys", True,
                   "A padded position that is looked at mixes noise into every word. What padding itself looks at does "
                   "not matter: nobody reads its output."),
            Option("The padding, as queries", False,
                   "Hiding everything from a query leaves a softmax over nothing, which is NaN. Padded queries may look; "
                   "nobody reads what comes out."),
            Option("The words, from one another", False, "In BERT every word may look at every other. A causal mask "
                   "would hide the words to come, and belongs to models that write text."),
        ),
    ),
)
