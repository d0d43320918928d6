"""Notebook 13: what a layer costs, a batch without its padding, and less work for the same numbers."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from bert_parts.attention import MultiHeadAttention, join_heads, padding_mask, split_heads
from bert_parts.config import BertConfig
from bert_parts.costs import layer_bytes, layer_flops
from bert_parts.encoder import BertLayer
from bert_parts.learn.compare import described
from bert_parts.learn.exercise import Case, Exercise, Finding, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model
from bert_parts.shortcuts import joint_projection, layer_at
from bert_parts.unpadding import pad_again, unpad

HERE = Path(__file__).parent
TITLE = "Speed, forecast and measured"
BUILDS = "the cost of a layer, a batch without its padding, one projection for three, a layer only where it is asked for"
PAPER = ("[Zeng et al. 2022](https://arxiv.org/abs/2208.08124); "
         "[Williams et al. 2009](https://doi.org/10.1145/1498765.1498785)")

ODD = BertConfig(vocab_size=1000, hidden_size=60, num_hidden_layers=3, num_attention_heads=5, intermediate_size=100)
MINILM = BertConfig(hidden_size=384, num_hidden_layers=6, intermediate_size=1536)
SMALL = BertConfig(hidden_size=12, num_hidden_layers=1, num_attention_heads=3, intermediate_size=16)

COSTS = (
    Case("one text of 7 tokens, width 60, 5 heads, 100 wide", lambda: (ODD, [7])),
    Case("three texts of 9, 1 and 4 tokens", lambda: (ODD, [9, 1, 4])),
    Case("two texts of 128 tokens, in MiniLM", lambda: (MINILM, [128, 128])),
)

# ── unpad, pad_again ─────────────────────────────────────────────────────────────────────────────────────────────────

RAGGED = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]])
ON_THE_LEFT = torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1]])
HOLES = torch.tensor([[1, 0, 1, 1], [0, 1, 0, 1]]).bool()
FULL = torch.ones(2, 3, dtype=torch.int64)
MARKS = {"three texts of 3, 5 and 1 tokens": RAGGED, "padding on the left": ON_THE_LEFT,
         "marks that are boolean, with holes": HOLES, "no padding": FULL}


def padded(marks: Tensor) -> Tensor:
    """Numbers for all places (B, T, 4), those of the padding too, which are not 0."""
    return randn(*marks.shape, 4)


def unpadded_real_batch(thing: Callable) -> Finding | str:
    """The embeddings of the real batch, taken out and handed through a feed-forward."""
    batch, (model, _) = real_batch(), real_model()
    marks, layer = batch["attention_mask"], model.encoder.layer[0]
    with torch.no_grad():
        x = model.embeddings(batch["input_ids"])
        packed, lengths = thing(x, marks)
        expected = layer.output(layer.intermediate(x), x)[marks.bool()]
        given = layer.output(layer.intermediate(packed), packed)
    if given.shape != expected.shape or not torch.allclose(given, expected, atol=TOLERANCE) or lengths.sum() != len(packed):
        return Finding("By itself your part agrees, but in the real BERT its tokens come out of a feed-forward as others.")
    return (f"In the real BERT: {len(packed)} tokens go through a feed-forward instead of {marks.numel()}, and come out the same.")


def there_and_back(thing: Callable) -> Finding | str:
    """What the real model's first feed-forward makes of a batch, taken out of its padding and put back."""
    batch, (model, _) = real_batch(), real_model()
    marks, layer = batch["attention_mask"], model.encoder.layer[0]
    with torch.no_grad():
        x = model.embeddings(batch["input_ids"])
        packed, _ = unpad(x, marks)
        given = thing(layer.output(layer.intermediate(packed), packed), marks)
        expected = layer.output(layer.intermediate(x), x)
    real = marks.bool()
    if given.shape != x.shape or not torch.allclose(given[real], expected[real], atol=TOLERANCE):
        return Finding("By itself your part agrees, but in the real BERT tokens come back to other places.")
    return f"In the real BERT: {int(real.sum())} tokens went through a feed-forward without padding, and each is back in place."


# ── joint_projection ─────────────────────────────────────────────────────────────────────────────────────────────────


def attention_of(hidden_size: int, num_heads: int) -> Callable[[], tuple]:
    def made() -> tuple:
        attention = with_hard_weights(MultiHeadAttention(hidden_size, num_heads, 0.0)).eval()
        torch.default_generator.manual_seed(0)     # weights that a new map begins with, and keeps by mistake, are known by this
        return (attention,)

    return made


def map_itself(answer, *_):
    """A linear map is known by its weights and biases."""
    if not isinstance(answer, nn.Linear):
        raise TypeError(f"an nn.Linear is expected as the answer, and yours is {described(answer)}")
    return answer.weight.detach(), answer.bias


SHARED = ("Your map shares its weights with the attention: if one is trained, or changed, so is the other. Copy them, as "
          "`torch.cat` does.")
NO_PARAMETERS = ("The weights of your map do not learn: they must be an `nn.Parameter` that requires a gradient, as in every "
                 "`nn.Linear`.")


def stands_by_itself(thing: Callable) -> Finding | None:
    """What is done to the answer is not done to the attention; and it can learn."""
    attention, = attention_of(12, 3)()
    before = {name: tensor.clone() for name, tensor in attention.state_dict().items()}
    joint = thing(attention)
    if not (joint.weight.requires_grad and joint.bias.requires_grad and joint.weight.is_leaf and joint.bias.is_leaf):
        return Finding(NO_PARAMETERS, "gradient")
    with torch.no_grad():
        joint.weight.zero_()
        joint.bias.zero_()
    changed = any(not torch.equal(before[name], tensor) for name, tensor in attention.state_dict().items())
    return Finding(SHARED, "weights shared") if changed else None


def attends_in_the_real_model(thing: Callable) -> Finding | str:
    """The joint map in each layer of the real model: cut in three, it gives the attention's own result."""
    batch, (model, _) = real_batch(), real_model()
    with torch.no_grad():
        x = model.embeddings(batch["input_ids"])[:1, :6]     # without padding
        for number, layer in enumerate(model.encoder.layer):
            attention = layer.attention.self
            heads = [split_heads(part, attention.num_heads) for part in thing(attention)(x).chunk(3, dim=-1)]
            given = join_heads(nn.functional.scaled_dot_product_attention(*heads))
            if given.shape != x.shape or not torch.allclose(given, attention(x), atol=TOLERANCE):
                return Finding(f"By itself your part agrees, but in layer {number} of the real BERT the attention differs.")
            x = layer(x)
    return f"In the real BERT: one map in place of three in all {len(model.encoder.layer)} layers, and the same attention."


# ── layer_at ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_layer(lengths: list[int], asked: list[int]) -> Callable[[], tuple]:
    """A layer, texts of these lengths one after the other, and the places that are asked about."""
    tokens = sum(lengths)
    return lambda: (with_hard_weights(BertLayer(SMALL)).eval(), randn(tokens, 12), list(lengths),
                    torch.isin(torch.arange(tokens), torch.tensor(asked)))


FEED_FORWARD_OF_ALL = ("The numbers are right, but the feed-forward reads {read} tokens where {asked} are asked about: all the "
                       "work is done, and most of it thrown away. Choose the tokens before, not after.")
QUERIES_OF_ALL = ("The numbers are right, but {read} tokens get a query where {asked} are asked about: only those need one. "
                  "(Keys and values are needed of all.)")


def does_no_more_than_it_must(thing: Callable) -> Finding | None:
    """How many tokens the query's map and the feed-forward are given."""
    layer, x, lengths, asked = a_layer([4, 1, 6], [1, 2, 9])()
    read = {}
    for name, module in (("queries", layer.attention.self.query), ("wide", layer.intermediate)):
        module.register_forward_hook(lambda module, arguments, output, name=name: read.update(
            {name: read.get(name, 0) + output.numel() // output.size(-1)}))
    thing(layer, x, lengths, asked)
    for name, words in (("wide", FEED_FORWARD_OF_ALL), ("queries", QUERIES_OF_ALL)):
        if read.get(name, 0) > asked.sum():
            return Finding(words.format(read=read[name], asked=int(asked.sum())), "all tokens computed")
    return None


def last_layer_of_the_real_model(thing: Callable) -> Finding | str:
    """The last layer, asked about the first token of each text, which is all that the pooler reads."""
    batch, (model, _) = real_batch(), real_model()
    mask = batch["attention_mask"].bool()
    first = torch.zeros_like(mask)
    first[:, 0] = True
    with torch.no_grad():
        hidden, _ = model(**batch)
        x = model.embeddings(batch["input_ids"])
        for layer in model.encoder.layer[:-1]:
            x = layer(x, padding_mask(mask))
        packed, lengths = unpad(x, mask)
        given = thing(model.encoder.layer[-1], packed, lengths.tolist(), first[mask])
        if given.shape != hidden[:, 0].shape or not torch.allclose(given, hidden[:, 0], atol=TOLERANCE):
            return Finding("By itself your part agrees, but as the last layer of the real BERT it gives another [CLS].")
    return f"As the last layer of the real BERT: the same [CLS] as before, {len(given)} of {len(packed)} tokens asked about."


EXERCISES = (
    Exercise(lesson=HERE, reference=layer_flops, cases=COSTS),
    Exercise(lesson=HERE, reference=layer_bytes, cases=COSTS),
    Exercise(lesson=HERE, reference=unpad, drop_in=unpadded_real_batch, cases=tuple(
        Case(tries, lambda marks=marks: (padded(marks), marks.clone())) for tries, marks in MARKS.items())),
    Exercise(lesson=HERE, reference=pad_again, drop_in=there_and_back, cases=tuple(
        Case(tries, lambda marks=marks: (randn(int(marks.sum()), 4), marks.clone())) for tries, marks in MARKS.items())),
    Exercise(lesson=HERE, reference=joint_projection, seen=map_itself, probes=(stands_by_itself,),
             drop_in=attends_in_the_real_model, cases=(
                 Case("an attention of width 12 with 3 heads", attention_of(12, 3)),
                 Case("one of width 8 with one head", attention_of(8, 1)),
             )),
    Exercise(lesson=HERE, reference=layer_at, probes=(does_no_more_than_it_must,),
             drop_in=last_layer_of_the_real_model, cases=(
                 Case("one text of 5 tokens, two of them asked about", a_layer([5], [1, 3])),
                 Case("three texts, of which one is not asked about", a_layer([4, 3, 6], [0, 2, 8, 12])),
                 Case("every token of two texts", a_layer([2, 3], [0, 1, 2, 3, 4])),
             )),
)
