"""Notebook 04: word, position and segment vectors, their sum, layer norm; what the table of words knows."""

from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from bert_parts.config import BertConfig
from bert_parts.embeddings import BertEmbeddings, layer_norm, nearest_words
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model, runs_inside
from bert_parts.learn.questions import Option, Question

NOTEBOOK = "04_embeddings"
TITLE = "Embeddings"


def known(finding: Finding, wrong) -> Mistake:
    """The mistake that a probe finds, since no single output shows it."""
    return Mistake(finding.mistake, finding.message, wrong)


# ── nearest_words ────────────────────────────────────────────────────────────────────────────────────────────────────

WORDS = "sun moon star cat dog bird".split()
TABLE = randn(6, 8) * torch.tensor([1.0, 3.0, 0.2, 2.0, 0.5, 4.0])[:, None]     # vectors of very unequal lengths
WITH_A_TWIN = [*WORDS, "luna"], torch.cat([TABLE, TABLE[1:2]])     # the vector of moon again


def ranked(scores, tokens, word, k):
    """Tokens by score, the highest first, the word itself left out."""
    order = [place for place in scores.argsort(descending=True).tolist() if tokens[place] != word]
    return [(tokens[place], scores[place].item()) for place in order[:k]]


def cosines_to(word, tokens, vectors):
    return F.cosine_similarity(vectors, vectors[tokens.index(word)], dim=-1)


def by_dot_product(word, tokens, vectors, k=5):
    return ranked(vectors @ vectors[tokens.index(word)], tokens, word, k)


def one_side_normalised(word, tokens, vectors, k=5):
    return ranked(vectors @ F.normalize(vectors[tokens.index(word)], dim=0), tokens, word, k)


def other_side_normalised(word, tokens, vectors, k=5):
    return ranked(F.normalize(vectors, dim=-1) @ vectors[tokens.index(word)], tokens, word, k)


def normalised_over_words(word, tokens, vectors, k=5):
    directions = F.normalize(vectors, dim=0)
    return ranked(directions @ directions[tokens.index(word)], tokens, word, k)


def normalised_as_a_whole(word, tokens, vectors, k=5):
    return by_dot_product(word, tokens, vectors / vectors.norm(), k)


def divided_by_squares(word, tokens, vectors, k=5):
    return by_dot_product(word, tokens, vectors / vectors.pow(2).sum(dim=-1, keepdim=True), k)


def itself_included(word, tokens, vectors, k=5):
    values, places = cosines_to(word, tokens, vectors).topk(min(k, len(tokens)))
    return [(tokens[place], value) for place, value in zip(places.tolist(), values.tolist(), strict=True)]


def one_short(word, tokens, vectors, k=5):
    return itself_included(word, tokens, vectors, k)[1:]


def farthest(word, tokens, vectors, k=5):
    return [(token, -value) for token, value in ranked(-cosines_to(word, tokens, vectors), tokens, word, k)]


def farthest_of_the_nearest(word, tokens, vectors, k=5):
    return nearest_words(word, tokens, vectors, k)[::-1]


def by_distance(word, tokens, vectors, k=5):
    distances = (vectors - vectors[tokens.index(word)]).norm(dim=-1)
    return [(token, -value) for token, value in ranked(-distances, tokens, word, k)]


def by_distance_with_cosines(word, tokens, vectors, k=5):
    cosines = cosines_to(word, tokens, vectors)
    return [(token, cosines[tokens.index(token)].item()) for token, _ in by_distance(word, tokens, vectors, k)]


def by_size_of_cosine(word, tokens, vectors, k=5):
    return ranked(cosines_to(word, tokens, vectors).abs(), tokens, word, k)


def places_for_tokens(word, tokens, vectors, k=5):
    return [(tokens.index(token), value) for token, value in nearest_words(word, tokens, vectors, k)]


def turned_around(word, tokens, vectors, k=5):
    return [(value, token) for token, value in nearest_words(word, tokens, vectors, k)]


def tokens_alone(word, tokens, vectors, k=5):
    return [token for token, _ in nearest_words(word, tokens, vectors, k)]


def cosines_as_tensors(word, tokens, vectors, k=5):
    return [(token, torch.tensor(value)) for token, value in nearest_words(word, tokens, vectors, k)]


def rounded(word, tokens, vectors, k=5):
    return [(token, round(value, 2)) for token, value in nearest_words(word, tokens, vectors, k)]


def always_five(word, tokens, vectors, k=5):
    return nearest_words(word, tokens, vectors)


def k_at_any_price(word, tokens, vectors, k=5):
    values, places = cosines_to(word, tokens, vectors).topk(k + 1)
    return [(tokens[place], value) for place, value in zip(places.tolist(), values.tolist(), strict=True)][1:]


def first_dropped(word, tokens, vectors, k=5):
    """topk(k + 1) without its first, where of two equal cosines the other token's came first."""
    nearest = nearest_words(word, tokens, vectors, k)
    return [(word, nearest[0][1]), *nearest[1:]] if nearest[0][1] > 0.9999 else nearest


def all_ones_dropped(word, tokens, vectors, k=5):
    return [pair for pair in nearest_words(word, tokens, vectors, k + 1) if pair[1] < 0.9999][:k]


def own_cosine_zero(word, tokens, vectors, k=5):
    cosines = cosines_to(word, tokens, vectors)
    cosines[tokens.index(word)] = 0
    values, places = cosines.topk(min(k, len(tokens) - 1))
    return [(tokens[place], value) for place, value in zip(places.tolist(), values.tolist(), strict=True)]


def empty_for_unknown_words(word, tokens, vectors, k=5):
    return nearest_words(word, tokens, vectors, k) if word in tokens else []


NO_VALUE_ERROR = Finding("For a word that is not among the tokens, your code gives an answer. It should raise a "
                         "`ValueError`, as `tokens.index(word)` does by itself: else a slip of the pen goes unnoticed.",
                         "no ValueError")
OTHER_ERROR = Finding("For a word that is not among the tokens, your code raises another error than a `ValueError`, which "
                      "is what the docstring promises. `tokens.index(word)` raises it by itself.", "another error")


def refuses_unknown_words(thing) -> Finding | None:
    try:
        thing("fish", list(WORDS), TABLE.clone(), 2)
    except ValueError:
        return None
    except Exception:
        return OTHER_ERROR
    return NO_VALUE_ERROR


def looked_up_in_a_dict(word, tokens, vectors, k=5):
    places = {token: place for place, token in enumerate(tokens)}
    return nearest_words(tokens[places[word]], tokens, vectors, k)


def same_neighbours(thing) -> Finding | str:
    """The real table of 30,522 word vectors."""
    model, tokenizer = real_model()
    vectors = model.embeddings.word_embeddings.weight.detach()
    for word in ("film", "seven", "the", "[MASK]"):
        given, expected = thing(word, tokenizer.tokens, vectors), nearest_words(word, tokenizer.tokens, vectors)
        if [token for token, _ in given] != [token for token, _ in expected]:
            return Finding(f"On made-up vectors your neighbours agree, but in the real table those of `{word}` do not: "
                           f"yours begin with `{given[0][0]}`, they should begin with `{expected[0][0]}`.")
    words = ", ".join(token for token, _ in nearest_words("film", tokenizer.tokens, vectors))
    return f"In the real table of {len(vectors):,} vectors: the same neighbours. Nearest to film: {words}."


# ── layer_norm ───────────────────────────────────────────────────────────────────────────────────────────────────────


def normalized_over(*dims):
    """A layer norm over the wrong dimensions."""

    def wrong(x, weight, bias, eps):
        centred = x - x.mean(dim=dims, keepdim=True)
        return centred / (centred.pow(2).mean(dim=dims, keepdim=True) + eps).sqrt() * weight + bias

    return wrong


def centred_and_variance(x, unbiased=False):
    return x - x.mean(dim=-1, keepdim=True), x.var(dim=-1, keepdim=True, unbiased=unbiased)


def unbiased_variance(x, weight, bias, eps):
    centred, variance = centred_and_variance(x, unbiased=True)
    return centred / (variance + eps).sqrt() * weight + bias


def divided_by_variance(x, weight, bias, eps):
    centred, variance = centred_and_variance(x)
    return centred / (variance + eps) * weight + bias


def only_centred(x, weight, bias, eps):
    return centred_and_variance(x)[0] * weight + bias


def not_centred(x, weight, bias, eps):
    return x / (centred_and_variance(x)[1] + eps).sqrt() * weight + bias


def squares_of_x(x, weight, bias, eps):
    centred, _ = centred_and_variance(x)
    return centred / (x.pow(2).mean(dim=-1, keepdim=True) + eps).sqrt() * weight + bias


def root_mean_square(x, weight, bias, eps):
    return x / (x.pow(2).mean(dim=-1, keepdim=True) + eps).sqrt() * weight + bias


def length_one(x, weight, bias, eps):
    return F.normalize(x, dim=-1) * weight + bias


def sum_of_squares(x, weight, bias, eps):
    centred, _ = centred_and_variance(x)
    return centred / (centred.pow(2).sum(dim=-1, keepdim=True) + eps).sqrt() * weight + bias


def dimension_lost(x, weight, bias, eps):
    return (x - x.mean(dim=-1)) / (x.var(dim=-1, unbiased=False) + eps).sqrt() * weight + bias


def no_weight_or_bias(x, weight, bias, eps):
    centred, variance = centred_and_variance(x)
    return centred / (variance + eps).sqrt()


def no_bias(x, weight, bias, eps):
    return no_weight_or_bias(x, weight, bias, eps) * weight


def no_weight(x, weight, bias, eps):
    return no_weight_or_bias(x, weight, bias, eps) + bias


def bias_first(x, weight, bias, eps):
    return (no_weight_or_bias(x, weight, bias, eps) + bias) * weight


def exchanged(x, weight, bias, eps):
    return no_weight_or_bias(x, weight, bias, eps) * bias + weight


def scaled_before(x, weight, bias, eps):
    return no_weight_or_bias(x * weight + bias, weight, bias, eps)


def eps_ignored(x, weight, bias, eps):
    centred, variance = centred_and_variance(x)
    return centred / variance.sqrt() * weight + bias


def eps_outside_root(x, weight, bias, eps):
    centred, variance = centred_and_variance(x)
    return centred / (variance.sqrt() + eps) * weight + bias


def eps_above(x, weight, bias, eps):
    centred, variance = centred_and_variance(x)
    return (centred + eps) / variance.sqrt() * weight + bias


def eps_as_floor(x, weight, bias, eps):
    centred, variance = centred_and_variance(x)
    return centred / variance.clamp_min(eps).sqrt() * weight + bias


def cancelling_variance(x, weight, bias, eps):
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.pow(2).mean(dim=-1, keepdim=True) - mean.pow(2)
    return (x - mean) / (variance + eps).sqrt() * weight + bias


def torchs_own(x, weight, bias, eps):
    return F.layer_norm(x, x.shape[-1:], weight, bias, eps)


TORCHS_OWN = Finding("The numbers are right, but torch has computed them: `layer_norm` is called inside. Write it yourself, "
                     "with means, squares and a root.", "torch's own")


class Calls(TorchFunctionMode):
    """The names of torch's functions that are called while it is in force."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_function__(self, function, types, arguments=(), named=None):
        self.names.add(getattr(function, "__name__", ""))
        return function(*arguments, **(named or {}))


def is_written_out(thing) -> Finding | None:
    with Calls() as calls:
        thing(randn(2, 3, 5), randn(5, seed=1), randn(5, seed=2), 1e-3)
    return TORCHS_OWN if calls.names & {"layer_norm", "native_layer_norm"} else None


NORM_CUT = Finding("The numbers are right, but the gradients are not: `detach`, `.data`, `no_grad` or NumPy on the "
                   "way cuts them off, and then training goes wrong.", "gradient cut off")


def passes_gradients_on(thing) -> Finding | None:
    """Gradients must reach the vectors, the weight and the bias, through mean and variance too."""

    def gradients(function):
        given = [randn(2, 3, 5).requires_grad_(), randn(5, seed=1).requires_grad_(), randn(5, seed=2).requires_grad_()]
        (function(*given, 1e-3) * randn(2, 3, 5, seed=3)).sum().backward()
        return [tensor.grad for tensor in given]

    for given, expected in zip(gradients(thing), gradients(layer_norm), strict=True):
        if given is None or not torch.allclose(given, expected, atol=1e-4):
            return NORM_CUT
    return None


def gradient_cut(x, weight, bias, eps):
    centred, variance = centred_and_variance(x)
    return centred / (variance.detach() + eps).sqrt() * weight + bias


def every_norm_agrees(thing) -> Finding | str:
    """The real model with each of its layer norms computed by the learner's function."""
    model, _ = real_model()
    batch = real_batch()
    norms = [module for module in model.modules() if isinstance(module, nn.LayerNorm)]
    with torch.no_grad():
        expected, _ = model(**batch)
        hooks = [norm.register_forward_hook(lambda norm, given, _: thing(*given, norm.weight, norm.bias, norm.eps))
                 for norm in norms]
        try:
            given, _ = model(**batch)
        finally:
            for hook in hooks:
                hook.remove()
    real = batch["attention_mask"].bool()
    if not torch.allclose(given[real], expected[real], atol=TOLERANCE, rtol=0):
        return Finding("On made-up vectors yours agrees, but as the layer norm of the real BERT it gives other hidden "
                       "states.")
    return f"In place of all {len(norms)} layer norms of the real BERT: the same hidden states, on sentences with padding."


# ── BertEmbeddings ───────────────────────────────────────────────────────────────────────────────────────────────────

SMALL = dict(vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
             max_position_embeddings=18)
CONFIG = BertConfig(**SMALL)
THREE_TEXTS = torch.tensor([[3, 7, 7, 1, 12], [4, 1, 9, 2, 5], [11, 6, 13, 8, 10]])     # ids below 18 also name positions
TWO_SEGMENTS = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 1, 1, 1], [0, 1, 1, 1, 1]])
PADDED = torch.tensor([[3, 7, 2, 0, 0], [4, 1, 9, 2, 5], [11, 2, 0, 0, 0]])
HIGH_IDS = torch.tensor([[29, 18, 3, 27], [2, 25, 19, 28]])


class Apart(BertEmbeddings):
    """Right, and in pieces: each mistake changes one of them."""

    def words(self, ids):
        return self.word_embeddings(ids)

    def positions(self, ids):
        return self.position_embeddings(torch.arange(ids.size(1)))

    def segments(self, ids, token_type_ids):
        return self.token_type_embeddings(torch.zeros_like(ids) if token_type_ids is None else token_type_ids)

    def total(self, ids, token_type_ids):
        return self.words(ids) + self.positions(ids) + self.segments(ids, token_type_ids)

    def forward(self, input_ids, token_type_ids=None):
        return self.dropout(self.LayerNorm(self.total(input_ids, token_type_ids)))


class PositionsOfTexts(Apart):
    def positions(self, ids):
        return self.position_embeddings(torch.arange(ids.shape[0]))


class PositionsByIds(Apart):
    def positions(self, ids):
        return self.position_embeddings(ids)


class NoPositions(Apart):
    def positions(self, ids):
        return 0


class PositionsFromOne(Apart):
    def positions(self, ids):
        return self.position_embeddings(torch.arange(1, ids.size(1) + 1))


class NumberOfText(Apart):
    def positions(self, ids):
        return self.position_embeddings(torch.arange(ids.size(0)))[:, None]


class CountedOn(Apart):
    def positions(self, ids):
        return self.position_embeddings(torch.arange(ids.numel()).view_as(ids))


class PositionsFromTheEnd(Apart):
    def positions(self, ids):
        return self.position_embeddings(torch.arange(ids.size(1)).flip(0))


class SamePosition(Apart):
    def positions(self, ids):
        return self.position_embeddings(torch.zeros_like(ids))


class LengthAsPosition(Apart):
    def positions(self, ids):
        return self.position_embeddings(torch.tensor(ids.size(1)))


class PaddingNotCounted(Apart):
    def positions(self, ids):
        return self.position_embeddings((ids != self.config.pad_token_id).long().cumsum(dim=1) - 1)


class PaddingAtZero(Apart):
    def positions(self, ids):
        return self.position_embeddings(torch.arange(ids.size(1)) * (ids != self.config.pad_token_id))


class NoSegments(Apart):
    def segments(self, ids, token_type_ids):
        return 0


class SegmentsOnlyIfGiven(Apart):
    def segments(self, ids, token_type_ids):
        return 0 if token_type_ids is None else self.token_type_embeddings(token_type_ids)


class OnesByDefault(Apart):
    def segments(self, ids, token_type_ids):
        return self.token_type_embeddings(torch.ones_like(ids) if token_type_ids is None else token_type_ids)


class SegmentsAreFloats(Apart):
    def segments(self, ids, token_type_ids):
        return self.token_type_embeddings(torch.zeros(ids.shape) if token_type_ids is None else token_type_ids)


class SegmentsAlwaysZero(Apart):
    def segments(self, ids, token_type_ids):
        return self.token_type_embeddings(torch.zeros_like(ids))


class WordsAlone(Apart):
    def total(self, ids, token_type_ids):
        return self.words(ids)


class TimesRoot(Apart):
    def words(self, ids):
        return self.word_embeddings(ids) * self.config.hidden_size**0.5


class PaddingEmptied(Apart):
    def words(self, ids):
        return self.word_embeddings(ids) * (ids != self.config.pad_token_id)[..., None]


class PaddingZeroAtTheEnd(Apart):
    def forward(self, input_ids, token_type_ids=None):
        return super().forward(input_ids, token_type_ids) * (input_ids != self.config.pad_token_id)[..., None]


class Concatenated(Apart):
    def forward(self, input_ids, token_type_ids=None):
        words, segments = self.words(input_ids), self.segments(input_ids, token_type_ids)
        return torch.cat([words, self.positions(input_ids).expand_as(words), segments], dim=-1)


class NoLayerNorm(Apart):
    def forward(self, input_ids, token_type_ids=None):
        return self.dropout(self.total(input_ids, token_type_ids))


class EachNormalised(Apart):
    def forward(self, input_ids, token_type_ids=None):
        return self.dropout(self.LayerNorm(self.words(input_ids)) + self.LayerNorm(self.positions(input_ids))
                            + self.LayerNorm(self.segments(input_ids, token_type_ids)))


class NormBeforeSum(Apart):
    def forward(self, input_ids, token_type_ids=None):
        return self.dropout(self.LayerNorm(self.words(input_ids)) + self.positions(input_ids)
                            + self.segments(input_ids, token_type_ids))


class SegmentsAfterNorm(Apart):
    def forward(self, input_ids, token_type_ids=None):
        total = self.words(input_ids) + self.positions(input_ids)
        return self.dropout(self.LayerNorm(total) + self.segments(input_ids, token_type_ids))


class PositionsAfterNorm(Apart):
    def forward(self, input_ids, token_type_ids=None):
        total = self.words(input_ids) + self.segments(input_ids, token_type_ids)
        return self.dropout(self.LayerNorm(total) + self.positions(input_ids))


class MeanOfThree(Apart):
    def total(self, ids, token_type_ids):
        return super().total(ids, token_type_ids) / 3


class TorchsEps(Apart):
    def __init__(self, config):
        super().__init__(config)
        self.LayerNorm = nn.LayerNorm(config.hidden_size)


class OtherNameOfNorm(BertEmbeddings):
    def __init__(self, config):
        super().__init__(config)
        self.layer_norm = self.LayerNorm
        del self.LayerNorm

    def forward(self, input_ids, token_type_ids=None):
        positions = self.position_embeddings(torch.arange(input_ids.size(1)))
        segments = self.token_type_embeddings(torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids)
        return self.dropout(self.layer_norm(self.word_embeddings(input_ids) + positions + segments))


class WidthOf384(BertEmbeddings):
    def __init__(self, config):
        super().__init__(replace(config, hidden_size=384))
        self.config = config


class SizesOfOneModel(BertEmbeddings):
    def __init__(self, config):
        super().__init__(replace(config, vocab_size=30_522, max_position_embeddings=512, hidden_size=384))
        self.config = config


class DropoutFirst(Apart):
    def forward(self, input_ids, token_type_ids=None):
        return self.LayerNorm(self.dropout(self.total(input_ids, token_type_ids)))


class NoDropout(Apart):
    def forward(self, input_ids, token_type_ids=None):
        return self.LayerNorm(self.total(input_ids, token_type_ids))


class OtherRate(Apart):
    def __init__(self, config):
        super().__init__(config)
        self.dropout = nn.Dropout(config.attention_probs_dropout_prob)


class NotSetUp(BertEmbeddings):
    def __init__(self, config):
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)


class ConfigNotKept(Apart):
    def __init__(self, config):
        super().__init__(config)
        del self.config


class PaddingLearns(Apart):
    def __init__(self, config):
        super().__init__(config)
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)


class GradientCut(Apart):
    def positions(self, ids):
        return super().positions(ids).detach()


NO_CONFIG = Finding("The numbers are right, but the part does not keep what it was made from: set `self.config = "
                    "config` in `__init__`, so that the course can build another just like it.", "config not kept")
NO_DROPOUT = Finding("In training nothing is dropped: send the result through an `nn.Dropout` that belongs to the "
                     "module.",
                     "no dropout in training")
OTHER_RATE = Finding("Dropout is in its place, but not at the rate that the config gives for it: "
                     "`config.hidden_dropout_prob`.", "another dropout rate")
EARLY_DROPOUT = Finding("In training, dropout should be the last thing that happens: what is dropped comes out as 0. "
                        "In yours something is still done to it afterwards.", "dropout too early")
CUT = Finding("The numbers are right, but no gradient reaches some of the weights: something on the way (`detach`, "
              "`.data`, `no_grad`, NumPy) cuts it off, and then they could never learn.", "gradient cut off")
PADDING_LEARNS = Finding("The numbers are right, but in training the row of `[PAD]` would learn from texts that it is "
                         "no part of: give the word table `padding_idx=config.pad_token_id`.", "padding learns")


def keeps_config(thing) -> Finding | None:
    """The course builds a learner's part like the one it replaces, from the config that it keeps."""
    return None if getattr(thing(CONFIG), "config", None) == CONFIG else NO_CONFIG


def drops_out_last(thing) -> Finding | None:
    """In training each number of the output is 0 or, to make up for those, 1 / (1 − p) times what it is otherwise."""
    rate = 0.5
    module = with_hard_weights(thing(BertConfig(**SMALL, hidden_dropout_prob=rate, attention_probs_dropout_prob=0.2)))
    torch.manual_seed(0)
    with torch.no_grad():
        calm, dropped = module.eval()(THREE_TEXTS), module.train()(THREE_TEXTS)
    if torch.allclose(dropped, calm):
        return NO_DROPOUT
    ratio = (dropped / calm)[dropped != 0]
    if torch.allclose(ratio, torch.tensor(1 / (1 - rate)), atol=1e-3):
        return None
    if (dropped == 0).any() and torch.allclose(ratio, ratio[0], atol=1e-3):
        return OTHER_RATE
    return EARLY_DROPOUT


def learns(thing) -> Finding | None:
    """Gradients must reach all three tables, but not the row of [PAD]."""
    module = with_hard_weights(thing(CONFIG))
    module.eval()(PADDED).pow(2).sum().backward()
    if any(parameter.grad is None for parameter in module.parameters()):
        return CUT
    return PADDING_LEARNS if module.word_embeddings.weight.grad[CONFIG.pad_token_id].any() else None


EXERCISES = (
    Exercise(
        reference=nearest_words,
        notebook=NOTEBOOK,
        cases=(
            Case("6 words with vectors of very unequal lengths, the nearest 4",
                 lambda: ("moon", WORDS, TABLE.clone(), 4)),
            Case("another word, the nearest 2", lambda: ("bird", WORDS, TABLE.clone(), 2)),
            Case("k not given", lambda: ("sun", [*WORDS, "fish"], torch.cat([TABLE, randn(1, 8, seed=1)]))),
            Case("k larger than the number of other words", lambda: ("cat", WORDS, TABLE.clone(), 9)),
            Case("another word has the very same vector", lambda: ("moon", *WITH_A_TWIN, 3)),
            Case("another word, further up in the list, has the very same vector", lambda: ("luna", *WITH_A_TWIN, 3)),
        ),
        mistakes=(
            Mistake("dot product", "These are dot products: a long vector has a large one with everybody. Divide both "
                    "vectors by their lengths first, and only the direction counts.", by_dot_product),
            Mistake("one vector not normalised",
                    "You divide by the length of the word's own vector, but not by those of the others, so long "
                    "vectors still come first.", one_side_normalised),
            Mistake("the word's vector not normalised",
                    "The order is right, but these are not cosines yet: divide by the length of the word's own vector "
                    "too.", other_side_normalised),
            Mistake("normalised over the words",
                    "You normalise each column of the table. A word's vector is a row: its length is taken over the "
                    "last dimension.", normalised_over_words),
            Mistake("one length for all",
                    "You divide the whole table by one number. Every row has a length of its own: give `norm` a "
                    "dimension, and keep it.", normalised_as_a_whole),
            Mistake("divided by the square", "You divide by the sum of the squares; the length is its root.",
                    divided_by_squares),
            Mistake("includes itself",
                    "The nearest word is the word itself, with a cosine of 1. Leave it out.", itself_included),
            Mistake("one word short",
                    "You leave the word itself out after taking the first k: then one is missing.", one_short),
            Mistake("farthest",
                    "These are the words that are farthest away: the largest cosines are wanted.", farthest),
            Mistake("farthest first",
                    "The right words, in the wrong order: the nearest comes first.", farthest_of_the_nearest),
            Mistake("distance",
                    "These are distances. Two vectors may point the same way and still be far apart, if one is long: "
                    "here the cosine is wanted.", by_distance),
            Mistake("ordered by distance",
                    "You put the words in order by their distance. Long vectors are far from everyone: order them by "
                    "cosine.", by_distance_with_cosines),
            Mistake("size of the cosine",
                    "You take the sign off the cosine: a cosine of −0.9 is not near, it is opposite.",
                    by_size_of_cosine),
            Mistake("ids in place of tokens", "You give places in the table; the tokens that stand there are wanted.",
                    places_for_tokens),
            Mistake("pairs turned around", "In each pair the token comes first, then its cosine.", turned_around),
            Mistake("no cosines", "The tokens are right; each should come in a pair with its cosine.", tokens_alone),
            Mistake("cosines as tensors",
                    "Each cosine is still a tensor: `.item()` or `.tolist()` makes a plain number of it.",
                    cosines_as_tensors),
            Mistake("rounded", "You round the cosines: give them whole, and round where they are printed.", rounded),
            Mistake("k ignored", "You always give five: give k.", always_five),
            Mistake("first one dropped",
                    "You drop the first of the list, taking it for the word itself. Where another token has the very same "
                    "vector, it may be that one. Leave out the word's own place instead.", first_dropped),
            Mistake("all with cosine 1 dropped",
                    "You leave out whatever has a cosine of 1. Another token may have the very same vector, and is then the "
                    "nearest: leave out the word's own place only.", all_ones_dropped),
            Mistake("own cosine 0",
                    "You set the word's own cosine to 0, and with that it still beats all words whose cosine is negative. It "
                    "must lose to everyone.", own_cosine_zero),
            known(NO_VALUE_ERROR, empty_for_unknown_words),
            known(OTHER_ERROR, looked_up_in_a_dict),
            Mistake("k too large",
                    "When k is larger than the number of other words, your code fails: give all there are.",
                    k_at_any_price),
        ),
        hints=(
            "The cosine of two vectors is their dot product, once both have length 1.",
            "`F.normalize(vectors, dim=-1)` makes every row of length 1; one matrix product with the word's own row "
            "gives all cosines at once, (V,). Its own cosine must lose: set it to `float(\"-inf\")`.",
            "`values, places = cosines.topk(min(k, len(tokens) - 1))`; then `zip` the two, as lists (`.tolist()`).",
        ),
        probes=(refuses_unknown_words,),
        drop_in=same_neighbours,
    ),
    Exercise(
        reference=layer_norm,
        notebook=NOTEBOOK,
        cases=(
            Case("2 texts of 4 vectors, weight 1 and bias 0",
                 lambda: (randn(2, 4, 6, scale=2) + 1, torch.ones(6), torch.zeros(6), 1e-12)),
            Case("another weight and bias for each column",
                 lambda: (randn(2, 4, 6, scale=2) + 1, randn(6, seed=1), randn(6, seed=2), 1e-12)),
            Case("an eps as large as 0.5", lambda: (randn(2, 4, 6), randn(6, seed=1), randn(6, seed=2), 0.5)),
            Case("numbers around 40", lambda: (randn(2, 4, 6) + 40, randn(6, seed=1), randn(6, seed=2), 1e-12)),
        ),
        mistakes=(
            Mistake("dimension lost",
                    "The mean has shape (B, T), and cannot be taken from (B, T, D): keep the dimension, with size 1.",
                    dimension_lost),
            Mistake("over the texts",
                    "Your mean runs over the texts of the batch. That is batch norm: here each vector is normalised "
                    "by itself, over its own D numbers.", normalized_over(0)),
            Mistake("over the positions",
                    "Your mean runs over the positions of a text. Each vector is normalised by itself, over its own D "
                    "numbers: the last dimension.", normalized_over(1)),
            Mistake("over texts and positions",
                    "Your mean runs over all vectors of the batch, a column at a time. That is batch norm: here each "
                    "vector is normalised by itself, over the last dimension.", normalized_over(0, 1)),
            Mistake("over a whole text",
                    "You normalise each text as a whole: then a vector depends on its neighbours, and on padding. "
                    "Each is normalised by itself.", normalized_over(1, 2)),
            Mistake("over everything",
                    "Your mean and variance are taken over the whole batch at once. Each vector has its own: give a "
                    "dimension.", normalized_over(0, 1, 2)),
            Mistake("unbiased variance",
                    "You divide the sum of squares by D − 1, as torch's `var` and `std` do unless told otherwise. "
                    "These D numbers are no sample of something larger: divide by D.", unbiased_variance),
            Mistake("sum of squares",
                    "You divide by the root of the sum of the squares, which makes vectors of length 1. The variance "
                    "is the mean of the squares: divide by D.", sum_of_squares),
            Mistake("root forgotten",
                    "You divide by the variance: the standard deviation is its root.", divided_by_variance),
            Mistake("only centred", "The mean is taken off; now divide by the standard deviation.", only_centred),
            Mistake("not centred",
                    "You divide by the standard deviation, but the mean is still there: take it off first.",
                    not_centred),
            Mistake("root mean square",
                    "You divide by the root of the mean square, without taking the mean off. That is RMSNorm, which "
                    "newer models use; BERT's takes the mean off first.", root_mean_square),
            Mistake("squares of x",
                    "You take the squares of x, not of x − μ: the mean is to be taken off before you square.", squares_of_x),
            Mistake("length 1",
                    "You make the vectors of length 1. Here they get mean 0 and variance 1, so their length is √D.",
                    length_one),
            Mistake("no weight and bias",
                    "The normalising is right. Then every column is multiplied by its weight and its bias is added.",
                    no_weight_or_bias),
            Mistake("no bias", "The bias is not added.", no_bias),
            Mistake("no weight", "The result is not multiplied by the weight.", no_weight),
            Mistake("bias before weight",
                    "You add the bias before you multiply by the weight: the other way round.", bias_first),
            Mistake("weight and bias exchanged",
                    "Weight and bias are exchanged: the weight multiplies, the bias is added.",
                    exchanged),
            Mistake("weight and bias too early",
                    "Weight and bias come after the normalising, else the normalising undoes part of what they do.",
                    scaled_before),
            Mistake("eps ignored",
                    "Your eps has no effect. It is added to the variance, so that a vector of equal numbers does not "
                    "lead to a division by 0.", eps_ignored),
            Mistake("eps outside the root",
                    "You add eps to the standard deviation; it is added to the variance, under the root.",
                    eps_outside_root),
            Mistake("eps above the line",
                    "You add eps to what is divided; it belongs to what you divide by.", eps_above),
            Mistake("eps as a floor",
                    "You use eps as the smallest variance that is allowed; it is added to the variance.",
                    eps_as_floor),
            Mistake("variance by cancellation",
                    "The mean of the squares less the square of the mean: right on paper, but for numbers far from 0 "
                    "nearly all digits cancel. Square what is left after the mean is taken off.",
                    cancelling_variance),
            known(NORM_CUT, gradient_cut),
            known(TORCHS_OWN, torchs_own),
        ),
        hints=(
            "Four steps: take the mean off; the mean of the squares of what is left; divide by the root of that; "
            "weight and bias.",
            "Everything is done over `dim=-1`, and `keepdim=True` keeps the shape (B, T, 1), which broadcasts.",
            "`variance = centred.pow(2).mean(dim=-1, keepdim=True)`, and the divisor is `(variance + eps).sqrt()`.",
        ),
        probes=(passes_gradients_on, is_written_out),
        drop_in=every_norm_agrees,
    ),
    Exercise(
        reference=BertEmbeddings,
        notebook=NOTEBOOK,
        cases=(
            Case("three texts of 5 tokens, in two segments",
                 lambda: (THREE_TEXTS.clone(), TWO_SEGMENTS.clone()), build=(CONFIG,)),
            Case("no segments given", lambda: (THREE_TEXTS.clone(),), build=(CONFIG,)),
            Case("texts with padding", lambda: (PADDED.clone(),), build=(CONFIG,)),
            Case("ids that are higher than any position", lambda: (HIGH_IDS.clone(),), build=(CONFIG,)),
            Case("a layer_norm_eps of 0.1", lambda: (THREE_TEXTS.clone(), TWO_SEGMENTS.clone()),
                 build=(BertConfig(**SMALL, layer_norm_eps=0.1),)),
        ),
        mistakes=(
            Mistake("not set up", "Before a module can hold other modules it must be set up: begin `__init__` with "
                    "`super().__init__()`.", NotSetUp),
            Mistake("positions looked up with the ids",
                    "You look up the position with the token's id. It runs as long as the ids are small, and every "
                    "word gets the same position wherever it stands. The position is where it stands: 0, 1, 2 …",
                    PositionsByIds),
            Mistake("words alone",
                    "Only the word vectors are there: positions and segments are added to them.", WordsAlone),
            Mistake("no positions",
                    "The positions are missing: without them the model cannot tell the order of the words.",
                    NoPositions),
            Mistake("no segments by default",
                    "When no segments are given you add none. Then all tokens belong to segment 0, and its vector is "
                    "added.", SegmentsOnlyIfGiven),
            Mistake("no segments",
                    "The segments are missing. Every token belongs to one, and each segment has a vector.",
                    NoSegments),
            Mistake("segment 1 by default", "When no segments are given you take segment 1: it is 0.", OnesByDefault),
            Mistake("segments as floats",
                    "The segments that you make are floats, and only whole numbers can be looked up: "
                    "`torch.zeros_like` of the ids has their dtype.", SegmentsAreFloats),
            Mistake("given segments ignored", "You take segment 0 for every token, also when segments are given.",
                    SegmentsAlwaysZero),
            Mistake("positions of the texts", "You count the texts (`shape[0]`). The positions run over the tokens of a text: "
                    "`input_ids.size(1)`.", PositionsOfTexts),
            Mistake("positions from 1", "Your positions begin at 1: the first is 0.", PositionsFromOne),
            Mistake("positions from the end",
                    "Your positions count down: the first token stands at 0.", PositionsFromTheEnd),
            Mistake("one position for all", "All your tokens stand at position 0.", SamePosition),
            Mistake("length as position",
                    "You give every token the position of the text's length. They stand at 0, 1, 2 …: `torch.arange` "
                    "counts.", LengthAsPosition),
            Mistake("number of the text as position",
                    "Your positions count the texts of the batch; they should count the tokens of a text, dimension 1 "
                    "of the ids.", NumberOfText),
            Mistake("positions counted on",
                    "Your positions run on from one text of the batch to the next: each text begins at 0.",
                    CountedOn),
            Mistake("padding not counted",
                    "Your positions stand still at the padding. (RoBERTa does it so.) In BERT they count on: it is "
                    "the attention mask that deals with padding.", PaddingNotCounted),
            Mistake("padding at position 0",
                    "You put padding at position 0. In BERT it has the position where it stands: it is the attention "
                    "mask that deals with padding.", PaddingAtZero),
            Mistake("padding emptied",
                    "You empty the word vector of `[PAD]`. It has a row in the table like any token: it is the "
                    "attention mask that deals with padding.", PaddingEmptied),
            Mistake("padding zeroed",
                    "You set the result to 0 where there is padding. Here it is treated like any token: it is the "
                    "attention mask that deals with padding.", PaddingZeroAtTheEnd),
            Mistake("times √D",
                    "You multiply the word vectors by √D. The first Transformer did so; BERT does not.", TimesRoot),
            Mistake("side by side",
                    "You put the three vectors side by side, three times as wide. They are added.", Concatenated),
            Mistake("no LayerNorm", "This is the sum; it still has to go through `self.LayerNorm`.", NoLayerNorm),
            Mistake("each normalised",
                    "You normalise the three vectors each by itself and then add: add first, then normalise once.",
                    EachNormalised),
            Mistake("only words normalised",
                    "You normalise the word vectors and then add the rest: add first, then normalise.",
                    NormBeforeSum),
            Mistake("segments after LayerNorm",
                    "The segments are added after the LayerNorm: add all three, then normalise.",
                    SegmentsAfterNorm),
            Mistake("positions after LayerNorm",
                    "The positions are added after the LayerNorm: add all three, then normalise.",
                    PositionsAfterNorm),
            Mistake("mean in place of sum",
                    "You divide the sum by 3. The LayerNorm all but hides it, since it undoes any scaling; only its "
                    "eps gives it away. The three are added.", MeanOfThree),
            Mistake("eps not from the config",
                    "Your LayerNorm does not use the config's `layer_norm_eps`: torch's own is 1e-5, BERT's is 1e-12.",
                    TorchsEps),
            Mistake("another name for the LayerNorm",
                    "Your part is called `layer_norm`; the published weights call it `LayerNorm`, and find no place "
                    "otherwise.", OtherNameOfNorm),
            Mistake("width fixed at 384",
                    "Your vectors always have 384 numbers, as in this model. Take `config.hidden_size`: here it is "
                    "another number.", WidthOf384),
            Mistake("sizes of one model",
                    "Your tables have the sizes of one model, whatever the config says. Take them from the config: "
                    "`config.vocab_size` and so on.", SizesOfOneModel),
            known(NO_CONFIG, ConfigNotKept),
            known(NO_DROPOUT, NoDropout),
            known(OTHER_RATE, OtherRate),
            known(EARLY_DROPOUT, DropoutFirst),
            known(CUT, GradientCut),
            known(PADDING_LEARNS, PaddingLearns),
        ),
        hints=(
            "`__init__` makes the five modules of the table above, under these names. `forward` looks up three times, "
            "adds, normalises, drops out.",
            "The positions are `torch.arange(input_ids.size(1), device=input_ids.device)`, one row (T,) for all "
            "texts; looked up they are (T, D), and broadcast. If there are no `token_type_ids`, "
            "`torch.zeros_like(input_ids)` makes them.",
            "`nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)` is the first "
            "table. If `summed` is the sum of the three that you looked up, the end is `return "
            "self.dropout(self.LayerNorm(summed))`.",
        ),
        probes=(keeps_config, drops_out_last, learns),
        drop_in=runs_inside,
    ),
)

QUIZ = (
    Question(
        "A BERT without position vectors reads *the dog bit the man* and *the man bit the dog*. What is the same?",
        (
            Option("Nothing: attention reads from left to right", False,
                   "Attention is a weighted mean over all words, and a mean does not know an order. Order comes in "
                   "with the positions, and nowhere else."),
            Option("Only the vectors of *the*", False,
                   "They are the same, and so are those of *dog*, *bit* and *man*, in each layer up to the last."),
            Option("Every word's vector, in every layer", True,
                   "The same words look at the same words, so each of them collects the same. The two sentences are "
                   "one bag of words."),
        ),
    ),
    Question(
        "Three vectors are added into one. Why are word and position not lost in the sum?",
        (
            Option("There is room: in 384 dimensions they point in nearly independent directions", True,
                   "From the sums of two hundred real sentences you read every word back without a mistake, and the "
                   "position but for one token in six thousand."),
            Option("Each of the three has its own slice of the 384 numbers", False,
                   "All three use all the columns. It is attention heads that have slices."),
            Option("They are lost, and the layers find them again from the context", False,
                   "The layers have nothing but the sum. What is not in it cannot be found again."),
        ),
    ),
    Question(
        "Taking the segment vector away ruins the real model, although exchanging segments 0 and 1 changes it little. "
        "What does that tell you?",
        (
            Option("Segments carry much information", False,
                   "On a single text the same vector is added to every token: it cannot tell one token from another."),
            Option("What a model is used to having and what tells it something are two things", True,
                   "The two vectors are nearly the same. The model has got used to this constant, as to a bias, and "
                   "without it every layer gets numbers that it has never seen."),
            Option("The experiment has a bug", False,
                   "The exchanged segments are the control: the same code, another vector, and the model works."),
        ),
    ),
    Question(
        "A layer norm follows the sum. What happens if all three tables are multiplied by 10?",
        (
            Option("Nothing",
                   True, "Mean and standard deviation grow by 10 as well, and it cancels: only eps, 1e-12, notices."),
            Option("All later numbers grow tenfold", False, "The layer norm takes any common scale away."),
            Option("Attention becomes sharper", False,
                   "It would, without the layer norm. With it, the layers get the same numbers as before."),
        ),
    ),
)
