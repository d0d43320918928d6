"""Notebook 05: what stands around attention: the feed-forward, residuals, LayerNorm, the layer and the stack."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import padding_mask
from bert_parts.config import BertConfig
from bert_parts.encoder import AddAndNorm, BertAttention, BertEncoder, BertIntermediate, BertLayer
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, randn, with_hard_weights
from bert_parts.learn.inside import runs_inside
from bert_parts.learn.questions import Option, Question

NOTEBOOK = "05_encoder"
TITLE = "The encoder"

CONFIG = BertConfig(vocab_size=8, hidden_size=12, num_hidden_layers=3, num_attention_heads=3, intermediate_size=20)
STILL = BertConfig(vocab_size=8, hidden_size=12, num_hidden_layers=3, num_attention_heads=3, intermediate_size=20,
                   hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
PADDING = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]])


def two_texts(length: int, width: int = 12, seed: int = 0) -> Tensor:
    return randn(2, length, width, seed=seed)


def learns(*arguments) -> Finding | None:
    """A probe: gradients must reach every parameter of what is built with the arguments."""

    def probe(thing) -> Finding | None:
        module = with_hard_weights(thing(*arguments)).eval()
        out = module(two_texts(5))
        if out.requires_grad:
            out.pow(3).sum().backward()
        idle = [name for name, parameter in module.named_parameters() if parameter.grad is None]
        if idle:
            return Finding(f"The numbers are right, but no gradient reaches `{idle[0]}`: something on the way (`detach`, "
                           "`.data`, `no_grad`, NumPy) cuts it off, and then it could never learn.", "gradient cut off")
        return None

    return probe


# ── BertIntermediate ─────────────────────────────────────────────────────────────────────────────────────────────────


class NoActivation(BertIntermediate):
    def forward(self, x):
        return self.dense(x)


class TanhGelu(BertIntermediate):
    def forward(self, x):
        return F.gelu(self.dense(x), approximate="tanh")


class Relu(BertIntermediate):
    def forward(self, x):
        return self.dense(x).relu()


class QuickGelu(BertIntermediate):
    def forward(self, x):
        x = self.dense(x)
        return x * torch.sigmoid(1.702 * x)


class Swish(BertIntermediate):
    def forward(self, x):
        return F.silu(self.dense(x))


class GateAlone(BertIntermediate):
    def forward(self, x):
        return (1 + torch.erf(self.dense(x) / math.sqrt(2))) / 2


class RootForgotten(BertIntermediate):
    def forward(self, x):
        x = self.dense(x)
        return x * (1 + torch.erf(x)) / 2


class HalfForgotten(BertIntermediate):
    def forward(self, x):
        return 2 * F.gelu(self.dense(x))


class ActivationFirst(BertIntermediate):
    def forward(self, x):
        return self.dense(F.gelu(x))


class NarrowAddedToWide(BertIntermediate):
    def forward(self, x):
        return F.gelu(self.dense(x)) + x


class WideAddedToNarrow(BertIntermediate):
    def forward(self, x):
        return x + F.gelu(self.dense(x))


# ── AddAndNorm ───────────────────────────────────────────────────────────────────────────────────────────────────────


class ResidualForgotten(AddAndNorm):
    def forward(self, x, residual):
        return self.LayerNorm(self.dropout(self.dense(x)))


class NormForgotten(AddAndNorm):
    def forward(self, x, residual):
        return residual + self.dropout(self.dense(x))


class NormBeforeAdding(AddAndNorm):
    def forward(self, x, residual):
        return residual + self.LayerNorm(self.dropout(self.dense(x)))


class PreNorm(AddAndNorm):
    def forward(self, x, residual):
        return residual + self.dropout(self.dense(self.LayerNorm(x)))


class ResidualNormed(AddAndNorm):
    def forward(self, x, residual):
        return self.LayerNorm(residual) + self.dropout(self.dense(x))


class DenseForgotten(AddAndNorm):
    def forward(self, x, residual):
        return self.LayerNorm(residual + self.dropout(x))


class InputAdded(AddAndNorm):
    def forward(self, x, residual):
        return self.LayerNorm(x + self.dropout(self.dense(x)))


class Exchanged(AddAndNorm):
    def forward(self, x, residual):
        return self.LayerNorm(x + self.dropout(self.dense(residual)))


class AddedBeforeDense(AddAndNorm):
    def forward(self, x, residual):
        return self.LayerNorm(self.dropout(self.dense(x + residual)))


class AddedAgain(AddAndNorm):
    def forward(self, x, residual):
        return residual + self.LayerNorm(residual + self.dropout(self.dense(x)))


def drops_out_before_adding(thing) -> Finding | None:
    """In training, dropout must fall on what dense gives, and on nothing else."""
    config = BertConfig(vocab_size=8, hidden_size=64, num_attention_heads=2, hidden_dropout_prob=0.5)
    module = thing(64, config).train()
    x, residual = randn(1, 4, 64), randn(1, 4, 64, seed=1)
    with torch.no_grad():
        module.dense.weight.zero_()
        module.dense.bias.zero_()     # nothing comes from dense: what comes out is residual, normalised
        out = module(x, residual)
        if not torch.allclose(out, module.LayerNorm(residual), atol=1e-5):
            if (out == 0).float().mean() > 0.2:
                return Finding("Your dropout comes after the LayerNorm, so it throws away what came in as well. It belongs "
                               "on what `dense` gives, before the adding.", "dropout after the norm")
            return Finding("Your dropout falls on the sum, so it throws away what came in as well. It belongs on what "
                           "`dense` gives, before the adding.", "dropout after the sum")
        module.dense.bias.copy_(randn(64, seed=2))     # now dense gives the same whatever it gets
        if not torch.equal(module(x, residual), module(x, residual)):
            return None
        with_hard_weights(module)
        if torch.equal(module(x, residual), module(x, residual)):
            return Finding("In training nothing is dropped: put what `dense` gives through `self.dropout`.",
                           "no dropout in training")
    return Finding("Your dropout falls on x, before `dense`. It belongs on what `dense` gives.", "dropout before dense")


# ── BertAttention ────────────────────────────────────────────────────────────────────────────────────────────────────


class AttentionWithoutMask(BertAttention):
    def forward(self, x, mask=None):
        return self.output(self.self(x), x)


class MaskAsContext(BertAttention):
    def forward(self, x, mask=None):
        return self.output(self.self(x, mask), x)


class AttentionAlone(BertAttention):
    def forward(self, x, mask=None):
        return self.self(x, mask=mask)


class ResidualOfItself(BertAttention):
    def forward(self, x, mask=None):
        attended = self.self(x, mask=mask)
        return self.output(attended, attended)


class NothingAdded(BertAttention):
    def forward(self, x, mask=None):
        return self.output(self.self(x, mask=mask), torch.zeros_like(x))


class OutputArgumentsExchanged(BertAttention):
    def forward(self, x, mask=None):
        return self.output(x, self.self(x, mask=mask))


class NobodyLooks(BertAttention):
    def forward(self, x, mask=None):
        return self.output(x, x)


class AttentionAddedAgain(BertAttention):
    def forward(self, x, mask=None):
        return x + self.output(self.self(x, mask=mask), x)


class AttentionAddedBeforeDense(BertAttention):
    def forward(self, x, mask=None):
        return self.output(self.self(x, mask=mask) + x, x)


class AttentionMaskInverted(BertAttention):
    def forward(self, x, mask=None):
        return self.output(self.self(x, mask=None if mask is None else ~mask), x)


# ── BertLayer ────────────────────────────────────────────────────────────────────────────────────────────────────────


class LayerWithoutMask(BertLayer):
    def forward(self, x, mask=None):
        x = self.attention(x)
        return self.output(self.intermediate(x), x)


class ResidualOfTheInput(BertLayer):
    def forward(self, x, mask=None):
        return self.output(self.intermediate(self.attention(x, mask)), x)


class FeedForwardOfTheInput(BertLayer):
    def forward(self, x, mask=None):
        return self.output(self.intermediate(x), self.attention(x, mask))


class AttentionForgotten(BertLayer):
    def forward(self, x, mask=None):
        return self.output(self.intermediate(x), x)


class FeedForwardForgotten(BertLayer):
    def forward(self, x, mask=None):
        return self.attention(x, mask)


class WideGivenBack(BertLayer):
    def forward(self, x, mask=None):
        return self.intermediate(self.attention(x, mask))


class WideForgotten(BertLayer):
    def forward(self, x, mask=None):
        x = self.attention(x, mask)
        return self.output(x, x)


class AttentionsOutputReused(BertLayer):
    def forward(self, x, mask=None):
        x = self.attention(x, mask)
        return self.attention.output(self.intermediate(x), x)


class AttentionsNormReused(BertLayer):
    def forward(self, x, mask=None):
        x = self.attention(x, mask)
        return self.attention.output.LayerNorm(x + self.output.dense(self.intermediate(x)))


class FeedForwardFirst(BertLayer):
    def forward(self, x, mask=None):
        return self.attention(self.output(self.intermediate(x), x), mask)


class LayerAddedAgain(BertLayer):
    def forward(self, x, mask=None):
        attended = self.attention(x, mask)
        return x + self.output(self.intermediate(attended), attended)


class AttentionsInputAddedAgain(BertLayer):
    def forward(self, x, mask=None):
        attended = x + self.attention(x, mask)
        return self.output(self.intermediate(attended), attended)


class FeedForwardsInputAddedAgain(BertLayer):
    def forward(self, x, mask=None):
        attended = self.attention(x, mask)
        return attended + self.output(self.intermediate(attended), attended)


class BothInputsAddedAgain(BertLayer):
    def forward(self, x, mask=None):
        attended = x + self.attention(x, mask)
        return attended + self.output(self.intermediate(attended), attended)


class WideResidual(BertLayer):
    def forward(self, x, mask=None):
        wide = self.intermediate(self.attention(x, mask))
        return self.output(wide, wide)


class PreNormLayer(BertLayer):
    def forward(self, x, mask=None):
        first, last = self.attention.output, self.output
        x = x + first.dense(self.attention.self(first.LayerNorm(x), mask=mask))
        return x + last.dense(self.intermediate(last.LayerNorm(x)))


# ── BertEncoder ──────────────────────────────────────────────────────────────────────────────────────────────────────


class SameLayer(BertEncoder):
    def __init__(self, config):
        super().__init__(config)
        self.layer = nn.ModuleList([self.layer[0]] * config.num_hidden_layers)


class LayersNotFound(BertEncoder):
    def __init__(self, config):
        super().__init__(config)
        layers = list(self.layer)
        del self.layer
        self.layer = layers     # a plain list, in which torch finds no parameters


class OneTooFew(BertEncoder):
    def __init__(self, config):
        super().__init__(config)
        self.layer = self.layer[:-1]


class SixLayers(BertEncoder):
    def __init__(self, config):
        super().__init__(config)
        self.layer = nn.ModuleList(BertLayer(config) for _ in range(6))


class TwelveLayers(BertEncoder):
    def __init__(self, config):
        super().__init__(config)
        self.layer = nn.ModuleList(BertLayer(config) for _ in range(12))


class LayersMisnamed(BertEncoder):
    def __init__(self, config):
        super().__init__(config)
        layers = self.layer
        del self.layer
        self.layers = layers

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x


class InSequence(BertEncoder):
    def __init__(self, config):
        super().__init__(config)
        self.layer = nn.Sequential(*self.layer)

    def forward(self, x, mask=None):
        return self.layer(x, mask)


class OneLayerOnly(BertEncoder):
    def forward(self, x, mask=None):
        return self.layer[0](x, mask)


class StopsTooEarly(BertEncoder):
    def forward(self, x, mask=None):
        for layer in self.layer[:-1]:
            x = layer(x, mask)
        return x


class Reversed(BertEncoder):
    def forward(self, x, mask=None):
        for layer in reversed(self.layer):
            x = layer(x, mask)
        return x


class EncoderWithoutMask(BertEncoder):
    def forward(self, x, mask=None):
        return super().forward(x)


class MaskOnlyFirst(BertEncoder):
    def forward(self, x, mask=None):
        for layer in self.layer:
            x, mask = layer(x, mask), None
        return x


class EachFromTheInput(BertEncoder):
    def forward(self, x, mask=None):
        return [layer(x, mask) for layer in self.layer][-1]


class AllLayersGivenBack(BertEncoder):
    def forward(self, x, mask=None):
        return [x := layer(x, mask) for layer in self.layer]


class ResidualAroundLayers(BertEncoder):
    def forward(self, x, mask=None):
        for layer in self.layer:
            x = x + layer(x, mask)
        return x


class LayersSummed(BertEncoder):
    def forward(self, x, mask=None):
        return torch.stack([x := layer(x, mask) for layer in self.layer]).sum(dim=0)


class NormAtTheEnd(BertEncoder):
    def forward(self, x, mask=None):
        return F.layer_norm(super().forward(x, mask), x.shape[-1:])


def starts_unequal(thing) -> Finding | None:
    """Before any training, no two layers may hold the same random weights."""
    first, second = (dict(layer.named_parameters()) for layer in list(thing(CONFIG).layer)[:2])
    matrices = [name for name, parameter in first.items() if parameter.dim() == 2]
    if any(torch.equal(first[name], second[name]) for name in matrices):
        return Finding("With weights from a file all is well, but in training your layers start as copies of one "
                       "another (`copy.deepcopy`, or a seed set in the loop): draw fresh random weights for every layer, "
                       "by constructing each of them.", "layers start equal")
    return None


# Adding and multiplying fail alike, so this speaks of both: of a residual, and of a GELU with the wrong x.
BOTH_WIDTHS = ("You put x, of width D, together with what `self.dense` gives, which is wide: the widths do not fit. From "
               "`self.dense` on only the wide numbers count, also as the x of a GELU that you write out. The residual is "
               "added later, by `AddAndNorm`, after the second dense layer.")

CASES = (
    Case("one text of 5 tokens, no mask", lambda: (randn(1, 5, 12),), build=(CONFIG,)),
    Case("two texts", lambda: (two_texts(6),), build=(CONFIG,)),
    Case("two texts, one of them padded", lambda: (two_texts(6), padding_mask(PADDING)), build=(CONFIG,)),
)

EXERCISES = (
    Exercise(
        reference=BertIntermediate,
        notebook=NOTEBOOK,
        cases=CASES[:2],
        mistakes=(
            Mistake("no activation", "These are the numbers before the GELU. Without it, two dense layers in a row "
                    "amount to one.", NoActivation),
            Mistake("tanh GELU", "Very close, but this is the approximation with tanh, which is off by up to 0.0005. GPT-2 "
                    "was trained with it; BERT was trained with the exact form (erf).", TanhGelu),
            Mistake("ReLU", "This is ReLU, as in the Transformer of 2017. BERT has GELU, and weights trained with one do "
                    "not work with the other.", Relu),
            Mistake("sigmoid GELU", "This is the approximation x · sigmoid(1.702 x). BERT was trained with the exact form "
                    "(erf).", QuickGelu),
            Mistake("SiLU", "This is SiLU, also called swish: x · sigmoid(x). BERT has GELU.", Swish),
            Mistake("gate alone", "You give back Φ(x), the share that is let through. GELU is x times that share.",
                    GateAlone),
            Mistake("root of 2 forgotten", "You hand x itself to erf. The share of a normal distribution below x takes "
                    "x / √2.", RootForgotten),
            Mistake("half forgotten", "Your answer is twice too large: Φ(x) = (1 + erf(x / √2)) / 2.", HalfForgotten),
            Mistake("GELU before dense", "You put x through the GELU and then through `self.dense`: it is the other way "
                    "round.", ActivationFirst),
            Mistake("x brought to the wide vectors", BOTH_WIDTHS, NarrowAddedToWide),
            Mistake("wide vectors brought to x", BOTH_WIDTHS, WideAddedToNarrow),
        ),
        hints=(
            "Two steps: the dense layer, which makes the vectors wider, and the activation.",
            "torch has GELU, as `F.gelu`. Take care which of its two forms you get.",
            "`F.gelu(...)` of `self.dense(x)`, with no other argument: the exact form is its default.",
        ),
        probes=(learns(CONFIG),),
        drop_in=runs_inside,
    ),
    Exercise(
        reference=AddAndNorm,
        notebook=NOTEBOOK,
        cases=(
            Case("x as wide as the residual", lambda: (two_texts(5), two_texts(5, seed=1)), build=(12, CONFIG)),
            Case("x wider than the residual", lambda: (two_texts(5, 20), two_texts(5, seed=1)), build=(20, CONFIG)),
        ),
        mistakes=(
            Mistake("residual forgotten", "What came in is not added: the `residual` has no effect.", ResidualForgotten),
            Mistake("no norm", "The sum is right; the LayerNorm of it is missing.", NormForgotten),
            Mistake("norm before adding", "You normalise first and add afterwards. BERT is post-norm: the LayerNorm is of "
                    "the sum.", NormBeforeAdding),
            Mistake("pre-norm", "You normalise x on its way in, as newer models do (pre-norm). BERT is post-norm: the "
                    "LayerNorm is of the sum.", PreNorm),
            Mistake("residual normalised", "You normalise the residual by itself and then add. The LayerNorm is of the "
                    "sum.", ResidualNormed),
            Mistake("dense forgotten", "`self.dense` has no effect: x goes through it first.", DenseForgotten),
            Mistake("residual of the wrong thing", "You add x, your own input. What is to be added is `residual`: what came "
                    "into the whole half-layer.", InputAdded),
            Mistake("exchanged", "x and `residual` have changed places: x goes through `self.dense`, the `residual` is "
                    "added as it is.", Exchanged),
            Mistake("added before dense", "You add first and put the sum through `self.dense`. The residual must stay as it "
                    "is: only x goes through.", AddedBeforeDense),
            Mistake("added twice", "The residual is added once more after the LayerNorm: what the LayerNorm gives is the "
                    "answer.", AddedAgain),
        ),
        hints=(
            "Four steps, named in the docstring's first line, in that order.",
            "Only what goes through `self.dense` goes through `self.dropout`; the residual is added untouched.",
            "`self.LayerNorm` of the sum of `residual` and `self.dropout(self.dense(x))`.",
        ),
        probes=(drops_out_before_adding,),
        drop_in=runs_inside,
    ),
    Exercise(
        reference=BertAttention,
        notebook=NOTEBOOK,
        cases=CASES,
        mistakes=(
            Mistake("mask ignored", "The mask has no effect: hand it on to `self.self`.", AttentionWithoutMask),
            Mistake("mask as context", "You hand the mask on as the second argument of `self.self`, and that is the "
                    "context. Name it: `mask=mask`.", MaskAsContext),
            Mistake("mask inverted", "Your mask works the wrong way round: hand it on as it is.", AttentionMaskInverted),
            Mistake("attention alone", "This is what the attention collects. It still has to go through `self.output`, "
                    "together with what came in.", AttentionAlone),
            Mistake("residual of the wrong thing", "You add what the attention collected to itself. The residual is x, what "
                    "came in.", ResidualOfItself),
            Mistake("no residual", "x is not added: it is the second argument of `self.output`.", NothingAdded),
            Mistake("arguments exchanged", "`self.output` gets its two arguments the wrong way round: first what was "
                    "collected, then the residual.", OutputArgumentsExchanged),
            Mistake("nobody looks", "`self.self`, the attention, is not used: every token only goes through `self.output`.",
                    NobodyLooks),
            Mistake("added twice", "You add x once more: `self.output` has done that.", AttentionAddedAgain),
            Mistake("added before dense", "You add x before `self.output`, too: that adds it, after its `dense`.",
                    AttentionAddedBeforeDense),
        ),
        hints=(
            "Two parts, one after the other: `self.self` and `self.output`.",
            "`MultiHeadAttention` takes `(x, context=None, mask=None)`; `AddAndNorm` takes `(x, residual)`.",
            "`self.output(self.self(x, mask=mask), …)`, and the residual is what came into this half of the layer.",
        ),
        probes=(learns(STILL),),
        drop_in=runs_inside,
    ),
    Exercise(
        reference=BertLayer,
        notebook=NOTEBOOK,
        cases=CASES,
        mistakes=(
            Mistake("mask ignored", "The mask has no effect: hand it on to `self.attention`.", LayerWithoutMask),
            Mistake("residual of the wrong thing", "The second residual is the layer's input. It should be what went into "
                    "the feed-forward: the output of `self.attention`.", ResidualOfTheInput),
            Mistake("feed-forward of the input", "The feed-forward reads the layer's input beside the attention, not after "
                    "it: hand it what `self.attention` gives.", FeedForwardOfTheInput),
            Mistake("attention forgotten", "`self.attention` is not used: no token looks at another.", AttentionForgotten),
            Mistake("feed-forward forgotten", "This is the first half of the layer: the feed-forward is missing.",
                    FeedForwardForgotten),
            Mistake("wide layer given back", "You give back the wide vectors. `self.output` brings them to the width D "
                    "again, and adds the residual.", WideGivenBack),
            Mistake("wide vectors missing", "`self.output` was given vectors of width D where it expects wide ones: first "
                    "what `self.intermediate` makes of the attention's output, then the residual.", WideForgotten),
            Mistake("attention's output reused", "You use `self.attention.output` a second time. The second half has an "
                    "`AddAndNorm` of its own, `self.output`.", AttentionsOutputReused),
            Mistake("attention's norm reused", "You use the LayerNorm of the attention a second time. The second half has "
                    "one of its own, inside `self.output`.", AttentionsNormReused),
            Mistake("feed-forward first", "The feed-forward runs before the attention: it is the other way round.",
                    FeedForwardFirst),
            Mistake("added twice", "You add the layer's input once more at the end: each half has done its own adding.",
                    LayerAddedAgain),
            Mistake("attention's input added twice", "You add x to what `self.attention` gives: it has done that already, in "
                    "its `AddAndNorm`.", AttentionsInputAddedAgain),
            Mistake("feed-forward's input added twice", "You add once more to what `self.output` gives: it has added its "
                    "second argument already.", FeedForwardsInputAddedAgain),
            Mistake("both inputs added twice", "You add what came in after each half: `self.attention` and `self.output` have "
                    "done that already, in their `AddAndNorm`.", BothInputsAddedAgain),
            Mistake("wide residual", "You hand `self.output` the wide vectors as the residual, too. The residual is what this "
                    "half began with, which has the width D.", WideResidual),
            Mistake("pre-norm", "You normalise before each half, as newer models do (pre-norm). In BERT each half ends with "
                    "its LayerNorm, inside `AddAndNorm`.", PreNormLayer),
        ),
        hints=(
            "Attention, then the wide layer, then back to the width D. Three parts, three calls.",
            "The second half has the form of the first: do something with x, then `self.output(that, x)`, where x is what "
            "this half began with.",
            "`x = self.attention(x, mask)`, and then `self.output(self.intermediate(x), …)` with the residual of the "
            "second half.",
        ),
        probes=(learns(STILL),),
        drop_in=runs_inside,
    ),
    Exercise(
        reference=BertEncoder,
        notebook=NOTEBOOK,
        cases=CASES,
        mistakes=(
            Mistake("same layer n times", "All your layers are one and the same object: `[layer] * n` makes n names for one "
                    "layer. Construct a new `BertLayer` for each.", SameLayer),
            Mistake("layers not found", "torch finds no parameters in your encoder: `self.layer` must be an "
                    "`nn.ModuleList`, so neither `...` nor a plain Python list, in which layers would be neither trained nor "
                    "loaded.", LayersNotFound),
            Mistake("wrong name", "The list must be called `self.layer`, not `self.layers`: the published weights call it so.",
                    LayersMisnamed),
            Mistake("always six layers", "Your encoder always has 6 layers: it should have `config.num_hidden_layers`, which "
                    "may be another number, and is 3 in this test.", SixLayers),
            Mistake("always twelve layers", "Your encoder always has 12 layers: it should have `config.num_hidden_layers`, "
                    "which may be another number, and is 3 in this test.", TwelveLayers),
            Mistake("nn.Sequential", "An `nn.Sequential` hands on one argument only, so the mask gets lost or refused: use an "
                    "`nn.ModuleList`, and a loop in `forward`.", InSequence),
            Mistake("one layer too few", "There is one layer too few: `config.num_hidden_layers` of them are expected.",
                    OneTooFew),
            Mistake("one layer only", "Only the first layer is used.", OneLayerOnly),
            Mistake("last layer left out", "The last layer is not used.", StopsTooEarly),
            Mistake("layers in reverse", "Your layers run from last to first.", Reversed),
            Mistake("mask ignored", "The mask has no effect: every layer needs it.", EncoderWithoutMask),
            Mistake("mask only to the first layer", "The first layer gets the mask, the others do not: every layer looks "
                    "anew, so every layer needs it.", MaskOnlyFirst),
            Mistake("every layer reads the input", "Every layer gets the encoder's input, and only the last one's answer "
                    "counts: each should read what the one before it gives.", EachFromTheInput),
            Mistake("all layers given back", "You give back the outputs of all layers: only the last one's is wanted.",
                    AllLayersGivenBack),
            Mistake("residual around the layers", "You add each layer's input to its output. The layers do their own adding "
                    "inside.", ResidualAroundLayers),
            Mistake("layers summed", "You add up the outputs of all layers: only the last one's is wanted.", LayersSummed),
            Mistake("norm at the end", "You normalise once more at the end, as pre-norm models must. In BERT every layer "
                    "ends with its LayerNorm already.", NormAtTheEnd),
        ),
        hints=(
            "An `nn.ModuleList` takes any iterable of modules; forward is a loop.",
            "`BertLayer(config)` makes one layer with fresh weights. How do you call it `config.num_hidden_layers` times?",
            "`nn.ModuleList(BertLayer(config) for _ in range(config.num_hidden_layers))`; in `forward`, for each layer, "
            "`x = layer(x, mask)`.",
        ),
        probes=(starts_unequal, learns(STILL)),
        drop_in=runs_inside,
    ),
)

QUIZ = (
    Question(
        "In a layer, which part lets a token's vector depend on the other tokens?",
        (
            Option("The attention, and only the attention", True,
                   "The feed-forward, the LayerNorm and the residual treat every token by itself: change one token, and "
                   "no other's output changes."),
            Option("The feed-forward, since it is the largest", False,
                   "It holds two thirds of the weights, but it sees one token at a time."),
            Option("LayerNorm, since it takes a mean", False,
                   "Its mean runs over the numbers of one token's vector, not over the tokens."),
        ),
    ),
    Question(
        "`nn.ModuleList([BertLayer(config)] * 6)` runs without an error. What have you got?",
        (
            Option("Six layers that start equal and then go their own ways", False,
                   "That is what `copy.deepcopy` gives. Here there is nothing that could part."),
            Option("One layer, used six times", True,
                   "A list times six repeats the reference, not the layer. The parameters tell: they are a sixth of what "
                   "they should be."),
            Option("Six layers, each with weights of its own", False,
                   "`BertLayer(config)` is called once, so it is constructed once."),
        ),
    ),
    Question(
        "You take layer 2 out of the trained model, and the sentence vectors still point much the same way. How can "
        "that be?",
        (
            Option("The layer has learned nothing", False,
                   "Not nothing: about four in ten sentences get another nearest neighbour. But each layer is only one of "
                   "several steps."),
            Option("What comes in is passed on by the residuals, and a layer only adds to it", True,
                   "Without the layer, what the others add is still there, if at another scale. Take the residuals out "
                   "instead, and nothing is left."),
            Option("The LayerNorms of the other layers put back what was lost", False,
                   "LayerNorm sets mean and spread. It cannot know what a layer would have added."),
        ),
    ),
)
