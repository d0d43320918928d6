"""Notebook 06: one vector for the whole text, the parts put together, and how many numbers they learn."""

import torch
from torch import nn

from bert_parts.attention import padding_mask
from bert_parts.config import BertConfig
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, randn, with_hard_weights
from bert_parts.learn.inside import real_model, runs_inside
from bert_parts.learn.questions import Option, Question
from bert_parts.model import BertModel, count_parameters
from bert_parts.pooler import BertPooler

NOTEBOOK = "06_pooler"
TITLE = "The pooler, and BERT put together"


def known(finding: Finding, wrong) -> Mistake:
    """The mistake that a probe finds, since no single output shows it."""
    return Mistake(finding.mistake, finding.message, wrong)


SMALL = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                   max_position_embeddings=9)

NO_CONFIG = Finding("The numbers are right, but the part does not keep what it was made from: set `self.config = "
                    "config` in `__init__`, so that the course can build another just like it.", "config not kept")
CUT = Finding("The numbers are right, but no gradient reaches some of the weights: something on the way (`detach`, "
              "`.data`, `no_grad`, NumPy) cuts it off, and then they could never learn.", "gradient cut off")


def keeps_config(thing) -> Finding | None:
    """The course builds a learner's part like the one it replaces, from the config that it keeps."""
    return None if getattr(thing(SMALL), "config", None) == SMALL else NO_CONFIG


# ── BertPooler ───────────────────────────────────────────────────────────────────────────────────────────────────────


class MeanOfTokens(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden.mean(dim=1)).tanh()


class MeanAtTheEnd(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden).tanh().mean(dim=1)


class LargestOfTokens(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden.max(dim=1).values).tanh()


class LastToken(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, -1]).tanh()


class SecondToken(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, 1]).tanh()


class FirstText(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[0]).tanh()


class FirstColumn(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, :, 0]).tanh()


class MeanOfTexts(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden.mean(dim=0)).tanh()


class EveryToken(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden).tanh()


class DimensionKept(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, :1]).tanh()


class NoTanh(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, 0])


class NoDense(BertPooler):
    def forward(self, hidden):
        return hidden[:, 0].tanh()


class OnlyFirst(BertPooler):
    def forward(self, hidden):
        return hidden[:, 0]


class TanhFirst(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, 0].tanh())


class TanhTwice(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, 0].tanh()).tanh()


class TwoTanhs(BertPooler):
    def forward(self, hidden):
        return super().forward(hidden).tanh()


class Relu(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, 0]).relu()


class Gelu(BertPooler):
    def forward(self, hidden):
        return nn.functional.gelu(self.dense(hidden[:, 0]))


class Sigmoid(BertPooler):
    def forward(self, hidden):
        return self.dense(hidden[:, 0]).sigmoid()


class NotTransposed(BertPooler):
    def forward(self, hidden):
        return (hidden[:, 0] @ self.dense.weight + self.dense.bias).tanh()


class NoBias(BertPooler):
    def forward(self, hidden):
        return (hidden[:, 0] @ self.dense.weight.T).tanh()


class ResidualAdded(BertPooler):
    def forward(self, hidden):
        return hidden[:, 0] + super().forward(hidden)


class PoolerNotSetUp(BertPooler):
    def __init__(self, config):
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)


class PoolerWithoutConfig(BertPooler):
    def __init__(self, config):
        super().__init__(config)
        del self.config


class PoolerCut(BertPooler):
    def forward(self, hidden):
        return super().forward(hidden).detach().requires_grad_()


def pooler_learns(thing) -> Finding | None:
    """Gradients must reach the dense layer, and through it the hidden states."""
    module = with_hard_weights(thing(SMALL))
    hidden = randn(2, 4, 8).requires_grad_()
    module(hidden).pow(2).sum().backward()
    tensors = (hidden, *module.parameters())
    return CUT if any(tensor.grad is None for tensor in tensors) else None


# ── BertModel ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Apart(BertModel):
    """Right, and in pieces: each mistake changes one of them."""

    def start(self, ids, marks, types):
        return self.embeddings(ids, types)

    def mask(self, ids, marks):
        return None if marks is None else padding_mask(marks)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        x = self.start(input_ids, attention_mask, token_type_ids)
        hidden = self.encoder(x, self.mask(input_ids, attention_mask))
        return hidden, self.pooler(hidden)


class MaskIgnored(Apart):
    def mask(self, ids, marks):
        return None


class MaskInverted(Apart):
    def mask(self, ids, marks):
        return None if marks is None else ~padding_mask(marks)


class MarksHandedOn(Apart):
    def mask(self, ids, marks):
        return marks


class MarksAsBooleans(Apart):
    def mask(self, ids, marks):
        return None if marks is None else marks.bool()


class RoomForOne(Apart):
    def mask(self, ids, marks):
        return None if marks is None else marks.bool()[:, None]


class MaskOfFloats(Apart):
    def mask(self, ids, marks):
        return None if marks is None else marks[:, None, None].float()


class QueriesMasked(Apart):
    def mask(self, ids, marks):
        return None if marks is None else marks.bool()[:, None, :, None]


class MaskFromIds(Apart):
    def mask(self, ids, marks):
        return padding_mask(ids != self.config.pad_token_id)


class MaskFromIdsByDefault(Apart):
    def mask(self, ids, marks):
        return padding_mask(ids != self.config.pad_token_id if marks is None else marks)


class MaskNeeded(Apart):
    def mask(self, ids, marks):
        return padding_mask(marks)


class MarksSliced(Apart):
    def mask(self, ids, marks):
        return marks[:, None, None].bool()


class MarksAsked(Apart):
    def mask(self, ids, marks):
        return padding_mask(marks) if marks else None


class Causal(Apart):
    def mask(self, ids, marks):
        causal = torch.ones(ids.size(1), ids.size(1), dtype=torch.bool).tril()
        return causal if marks is None else causal & padding_mask(marks)


class SegmentsDropped(Apart):
    def start(self, ids, marks, types):
        return self.embeddings(ids)


class MarksAsSegments(Apart):
    def start(self, ids, marks, types):
        return self.embeddings(ids, marks)


class MaskedEmbeddings(Apart):
    def start(self, ids, marks, types):
        x = self.embeddings(ids, types)
        return x if marks is None else x * marks[..., None]


class WordsAlone(Apart):
    def start(self, ids, marks, types):
        return self.embeddings.word_embeddings(ids)


class ArgumentsExchanged(BertModel):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, token_type_ids, attention_mask)


class PooledEmbeddings(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, _ = super().forward(input_ids, attention_mask, token_type_ids)
        return hidden, self.pooler(self.embeddings(input_ids, token_type_ids))


class OnlyHidden(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, attention_mask, token_type_ids)[0]


class OnlyPooled(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, attention_mask, token_type_ids)[1]


class OrderExchanged(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, attention_mask, token_type_ids)[::-1]


class NotPooled(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, _ = super().forward(input_ids, attention_mask, token_type_ids)
        return hidden, hidden[:, 0]


class TanhOnceMore(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = super().forward(input_ids, attention_mask, token_type_ids)
        return hidden, pooled.tanh()


class FirstGivenToPooler(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, _ = super().forward(input_ids, attention_mask, token_type_ids)
        return hidden, self.pooler(hidden[:, 0])


class EncoderSkipped(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.start(input_ids, attention_mask, token_type_ids)
        return hidden, self.pooler(hidden)


class OneLayer(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        x = self.start(input_ids, attention_mask, token_type_ids)
        hidden = self.encoder.layer[0](x, self.mask(input_ids, attention_mask))
        return hidden, self.pooler(hidden)


class AsDictionary(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = super().forward(input_ids, attention_mask, token_type_ids)
        return {"last_hidden_state": hidden, "pooler_output": pooled}


class AsList(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return list(super().forward(input_ids, attention_mask, token_type_ids))


class ModelWithoutConfig(Apart):
    def __init__(self, config):
        super().__init__(config)
        del self.config


class ModelCut(Apart):
    def start(self, ids, marks, types):
        return super().start(ids, marks, types).detach()


def model_learns(thing) -> Finding | None:
    """Gradients must reach every parameter, from the pooled vector and from the hidden states."""
    module = with_hard_weights(thing(SMALL)).eval()
    hidden, pooled = module(TWO_TEXTS, MARKS)
    (hidden.pow(3).sum() + pooled.sum()).backward()
    return CUT if any(parameter.grad is None for parameter in module.parameters()) else None


TWO_TEXTS = torch.tensor([[3, 7, 12, 19, 4, 2, 0], [3, 9, 2, 0, 0, 0, 0]])
PAD_INSIDE = TWO_TEXTS.roll(-2, dims=1)     # where it ends no text, so that BertModel takes it for a word without a warning
MARKS = torch.tensor([[1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0, 0]])     # both padded: inverted, it still leaves something
HIDDEN_WORD = torch.tensor([[1, 1, 0, 1, 1, 1, 1]])
SEGMENTS = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 0, 0, 0, 0]])


# ── count_parameters ─────────────────────────────────────────────────────────────────────────────────────────────────

BASE = BertConfig()
MINILM = BertConfig(hidden_size=384, num_hidden_layers=6, intermediate_size=1536)
ODD = BertConfig(vocab_size=1000, hidden_size=60, num_hidden_layers=3, num_attention_heads=5, intermediate_size=100,
                 max_position_embeddings=70, type_vocab_size=3)


def counted(config, bias=1, norm=2, matrices=4, layers=None, norms=None, wide=None, positions=None, segments=None,
            rows=0, heads=1):
    """The count, with something in it changed. ``rows``: so many too many in each table."""
    width, wide = config.hidden_size, wide or config.intermediate_size
    layers = config.num_hidden_layers if layers is None else layers
    norms = layers if norms is None else norms
    positions = config.max_position_embeddings if positions is None else positions
    segments = config.type_vocab_size if segments is None else segments
    return {
        "words": (config.vocab_size + rows) * width,
        "positions and segments": (positions + rows + segments + rows) * width + norm * width,
        "attention": heads * (layers * matrices * (width + bias) * width + norms * norm * width),
        "feed-forward": layers * ((width + bias) * wide + bias * width + wide * width) + norms * norm * width,
        "pooler": (width + bias) * width,
    }


def changed(*parts, **changes):
    """A count with a mistake in it: these parts (all, if none is named) are as in a count that is changed so."""

    def wrong(config):
        counts = counted(config, **changes)
        return count_parameters(config) | {part: counts[part] for part in parts or counts}

    return wrong


def one_part(name, count):
    """The right count but for one part."""
    return lambda config: count_parameters(config) | {name: count(config, config.hidden_size)}


def shifted(source, target, count):
    """The right count, but some numbers are counted with the wrong part."""

    def wrong(config):
        counts, moved = count_parameters(config), count(config, config.hidden_size)
        return counts | {source: counts[source] - moved, target: counts[target] + moved}

    return wrong


def all_heads(config):
    return changed("attention", heads=config.num_attention_heads)(config)


def one_matrix_wide(c, d):
    return c.num_hidden_layers * ((d + 1) * c.intermediate_size + 2 * d)


def same_map_twice(c, d):
    return c.num_hidden_layers * (2 * (d + 1) * c.intermediate_size + 2 * d)


def first_map_without_biases(c, d):
    return c.num_hidden_layers * (d * c.intermediate_size + (c.intermediate_size + 1) * d + 2 * d)


def second_map_without_biases(c, d):
    return c.num_hidden_layers * ((d + 1) * c.intermediate_size + c.intermediate_size * d + 2 * d)


def query_key_value_in_heads(c, d):
    return c.num_hidden_layers * (3 * c.num_attention_heads * (d + 1) * d + (d + 1) * d + 2 * d)


def maps_in_heads(c, d):
    return c.num_hidden_layers * (4 * c.num_attention_heads * (d + 1) * d + 2 * d)


def with_sum(config):
    counts = count_parameters(config)
    return counts | {"total": sum(counts.values())}


def only_sum(config):
    return sum(count_parameters(config).values())


def in_millions(config):
    return {name: count / 1e6 for name, count in count_parameters(config).items()}


def as_floats(config):
    return {name: float(count) for name, count in count_parameters(config).items()}


def minilm_always(config):
    return count_parameters(MINILM)


def counts_the_real_model(thing) -> Finding | str:
    """The real model's own parameters, added up."""
    model, _ = real_model()
    counts, total = thing(model.config), sum(parameter.numel() for parameter in model.parameters())
    if sum(counts.values()) != total:
        return Finding(f"The real BERT holds {total:,} numbers, and you count {sum(counts.values()):,}.")
    return f"The real BERT holds {total:,} numbers: your formula finds every one."


EXERCISES = (
    Exercise(
        reference=BertPooler,
        notebook=NOTEBOOK,
        cases=(
            Case("3 texts of 5 tokens", lambda: (randn(3, 5, 8),), build=(SMALL,)),
            Case("one text of one token", lambda: (randn(1, 1, 8),), build=(SMALL,)),
        ),
        mistakes=(
            Mistake("not set up", "Before a module can hold other modules it must be set up: begin `__init__` with "
                    "`super().__init__()`.", PoolerNotSetUp),
            Mistake("mean of the tokens",
                    "You take the mean of all tokens. That is a way to pool, and often the better one; but BERT's "
                    "pooler takes the first token alone.", MeanOfTokens),
            Mistake("mean at the end",
                    "You send every token through and take the mean. BERT's pooler takes the first token alone.",
                    MeanAtTheEnd),
            Mistake("largest of the tokens",
                    "You take the largest number of each column. BERT's pooler takes the first token alone.",
                    LargestOfTokens),
            Mistake("last token",
                    "You take the last token. In a padded batch that is padding, as a rule; `[CLS]` is the first.",
                    LastToken),
            Mistake("second token", "You take the token after `[CLS]`: the first has the index 0.", SecondToken),
            Mistake("first text",
                    "You take the first text of the batch, with all its tokens. The first token of every text is "
                    "wanted: the tokens are dimension 1.", FirstText),
            Mistake("mean of the texts",
                    "Your mean runs over the texts of the batch: then every text is told what is in the others. The "
                    "first token of every text is wanted.", MeanOfTexts),
            Mistake("first column",
                    "You take the first number of every token. The first token is wanted, with all its numbers.",
                    FirstColumn),
            Mistake("every token",
                    "You send every token through: (B, T, D). One vector for each text is wanted, that of the first "
                    "token.", EveryToken),
            Mistake("dimension kept",
                    "The right token, but the dimension of the tokens is still there, (B, 1, D): an index takes it "
                    "away, a slice keeps it.", DimensionKept),
            Mistake("only the first token",
                    "This is the first token's vector as it is. It still goes through the dense layer and a tanh.",
                    OnlyFirst),
            Mistake("no tanh", "The tanh at the end is missing.", NoTanh),
            Mistake("no dense layer", "The dense layer is missing: `self.dense`, then the tanh.", NoDense),
            Mistake("tanh first",
                    "You take the tanh first and the dense layer after it: the other way round.", TanhFirst),
            Mistake("tanh twice", "There is a tanh before the dense layer, too. It comes at the end only.", TanhTwice),
            Mistake("two tanhs at the end", "The tanh comes once: you take the tanh of a tanh.", TwoTanhs),
            Mistake("ReLU", "Here it is a tanh, not a ReLU: the result lies between −1 and 1.", Relu),
            Mistake("GELU", "Here it is a tanh. The GELU is in the feed-forward.", Gelu),
            Mistake("sigmoid", "Here it is a tanh: from −1 to 1, where a sigmoid goes from 0 to 1.", Sigmoid),
            Mistake("weight not transposed", "You multiply with the weight as it lies there. `nn.Linear` keeps it as "
                    "(out, in), so it is transposed in the product. Call `self.dense`, which does it.", NotTransposed),
            Mistake("no bias", "The bias of the dense layer is missing.", NoBias),
            Mistake("input added",
                    "You add the input to the result. That is done in the layers; the pooler has no residual.",
                    ResidualAdded),
            known(NO_CONFIG, PoolerWithoutConfig),
            known(CUT, PoolerCut),
        ),
        hints=(
            "Three steps: take the first token of each text, the dense layer, the tanh.",
            "`hidden` has the shape (B, T, D), and `hidden[:, 0]` is (B, D).",
            "`self.dense = nn.Linear(config.hidden_size, config.hidden_size)` in `__init__`; `return "
            "torch.tanh(self.dense(…))` in `forward`.",
        ),
        probes=(keeps_config, pooler_learns),
        drop_in=runs_inside,
    ),
    Exercise(
        reference=BertModel,
        notebook=NOTEBOOK,
        cases=(
            Case("two padded texts, in two segments",
                 lambda: (TWO_TEXTS.clone(), MARKS.clone(), SEGMENTS.clone()), build=(SMALL,)),
            Case("marks that are boolean, no segments", lambda: (TWO_TEXTS.clone(), MARKS.bool()), build=(SMALL,)),
            Case("marks that hide a word", lambda: (TWO_TEXTS[:1].clone(), HIDDEN_WORD.clone()), build=(SMALL,)),
            Case("no marks, and [PAD] in the text", lambda: (PAD_INSIDE.clone(),), build=(SMALL,)),
        ),
        mistakes=(
            Mistake("only hidden",
                    "You give back the hidden states alone. Two things are wanted: the hidden states, and the pooled "
                    "vectors.", OnlyHidden),
            Mistake("only pooled",
                    "You give back the pooled vectors alone. Two things are wanted: the hidden states, and the pooled "
                    "vectors.", OnlyPooled),
            Mistake("order exchanged",
                    "The two are exchanged: first the hidden states, then the pooled vectors.", OrderExchanged),
            Mistake("dictionary",
                    "You give back a dictionary, as transformers does. Here it is a pair: hidden, pooled.",
                    AsDictionary),
            Mistake("list", "You give back a list; a pair (a tuple) is wanted: `return hidden, pooled`.", AsList),
            Mistake("first token given to the pooler",
                    "You give the pooler the first token only. It takes the first token itself, so give it all the "
                    "hidden states.", FirstGivenToPooler),
            Mistake("not pooled",
                    "You give back the first token's vector as it is: it goes through the pooler.", NotPooled),
            Mistake("tanh once more",
                    "You take a tanh of the pooled vector. The pooler has done so already: give back what it gives.",
                    TanhOnceMore),
            Mistake("pooled embeddings",
                    "You give the pooler the embeddings, in which no token has looked at any other. It reads what "
                    "comes out of the encoder.", PooledEmbeddings),
            Mistake("encoder skipped",
                    "The encoder is missing: this is what comes out of the embeddings.", EncoderSkipped),
            Mistake("one layer", "Only the first layer is run: call the encoder, which runs them all.", OneLayer),
            Mistake("word vectors alone",
                    "You look the words up yourself: positions, segments and the LayerNorm are missing. Call "
                    "`self.embeddings`.", WordsAlone),
            Mistake("segments dropped",
                    "The segments have no effect: hand `token_type_ids` to the embeddings.", SegmentsDropped),
            Mistake("mask and segments exchanged",
                    "Mask and segments are exchanged: the embeddings take the token types, the encoder takes the mask.",
                    ArgumentsExchanged),
            Mistake("mask needed",
                    "When there is no attention mask, your code fails. `None` means that there is no padding: then "
                    "the encoder gets `None` too.", MaskNeeded),
            Mistake("mask sliced when there is none",
                    "When there is no attention mask, there is nothing to slice. `None` means that there is no "
                    "padding: then the encoder gets `None` too.", MarksSliced),
            Mistake("tensor asked whether it is true",
                    "You ask a whole tensor whether it is true, as in `if attention_mask:`. Many numbers at once are "
                    "neither true nor false. Ask whether it `is None`.", MarksAsked),
            Mistake("causal mask", "You hide the words to come. BERT's words look both ways.", Causal),
            Mistake("padding guessed when there is no mask",
                    "When there is no attention mask you make one from the ids. `None` means that everything may be "
                    "looked at.", MaskFromIdsByDefault),
            Mistake("padding guessed from the ids",
                    "You make the mask from the ids, wherever they are not `[PAD]`. What may be looked at is said by "
                    "the attention mask; if there is none, everything may.", MaskFromIds),
            Mistake("mask ignored",
                    "The attention mask has no effect: make a mask of it and hand it to the encoder.", MaskIgnored),
            Mistake("mask inverted",
                    "Your mask works the wrong way round: 1 stands for a token, and True means may be attended to.",
                    MaskInverted),
            Mistake("whole numbers as mask",
                    "You hand whole numbers to the encoder as a mask, as the tokenizer makes them. Attention wants a "
                    "boolean one: `padding_mask` of notebook 01 makes it.", MarksHandedOn),
            Mistake("no room for heads and queries",
                    "The marks are boolean now, but their shape must broadcast to (B, H, T, S): `padding_mask` of "
                    "notebook 01 makes it (B, 1, 1, S).", MarksAsBooleans),
            Mistake("one dimension short",
                    "The mask has three dimensions, so your texts stand where the heads should. It must broadcast to "
                    "(B, H, T, S): make it (B, 1, 1, S), as `padding_mask` of notebook 01 does.", RoomForOne),
            Mistake("mask of floats",
                    "Your mask holds floats, and attention adds floats to the scores. A mask is boolean.",
                    MaskOfFloats),
            Mistake("queries masked",
                    "Your mask hides padding as queries, the positions that look: then these have nothing to look at. "
                    "Hide the keys, the last dimension; what padding itself sees does not matter.", QueriesMasked),
            Mistake("embeddings masked",
                    "You multiply the embeddings by the marks. Vectors of zeros are still looked at, and take their "
                    "share of every softmax: it is the encoder that needs the mask.", MaskedEmbeddings),
            Mistake("marks as segments",
                    "You give the embeddings the attention mask as segments: they take the token types.",
                    MarksAsSegments),
            known(NO_CONFIG, ModelWithoutConfig),
            known(CUT, ModelCut),
        ),
        hints=(
            "Four lines: embeddings; mask; encoder; give back the hidden states, and what the pooler makes of them.",
            "`self.embeddings(input_ids, token_type_ids)` deals with token types that are `None`. `padding_mask`, "
            "which you wrote in notebook 01, makes the mask, if there is an `attention_mask`.",
            "`hidden = self.encoder(x, mask)` and `return hidden, self.pooler(hidden)`, with `mask` being `None` or "
            "`padding_mask(attention_mask)`.",
        ),
        probes=(keeps_config, model_learns),
        drop_in=runs_inside,
    ),
    Exercise(
        reference=count_parameters,
        notebook=NOTEBOOK,
        cases=(
            Case("sizes of all kinds: 1,000 words, width 60, 3 layers, 100 wide, 70 positions, 3 segments",
                 lambda: (ODD,)),
            Case("the real model of this course", lambda: (MINILM,)),
            Case("BERT-base", lambda: (BASE,)),
        ),
        mistakes=(
            Mistake("only the sum",
                    "You give back one number: a dictionary is wanted, with a count for each part.", only_sum),
            Mistake("sum added",
                    "The counts are right; leave the sum out, so that the parts add up to the whole.", with_sum),
            Mistake("in millions", "You count in millions: whole numbers are wanted, down to the last.", in_millions),
            Mistake("floats",
                    "The counts are right, but they are floats: `/` makes floats, and here nothing needs dividing.",
                    as_floats),
            Mistake("biases forgotten",
                    "The biases are missing: a linear map from m to n numbers has m · n weights and n biases.",
                    changed(bias=0)),
            Mistake("biases of the layers forgotten",
                    "In the layers the biases are missing: n for every linear map from m to n numbers.",
                    changed("attention", "feed-forward", bias=0)),
            Mistake("biases of the square maps forgotten",
                    "The maps from D to D numbers, four in attention and the pooler's, lack their biases: D for each.",
                    changed("attention", "pooler", bias=0)),
            Mistake("biases of attention forgotten",
                    "Your attention has layers · 4 · D numbers too few. Those are the biases: D for each of its four "
                    "maps.", changed("attention", bias=0)),
            Mistake("biases of the feed-forward forgotten",
                    "In the feed-forward the biases are missing: a map from m to n numbers has n of them. Mind which "
                    "size is n in the first map, and which in the second.", changed("feed-forward", bias=0)),
            Mistake("biases of the first map forgotten",
                    "In the feed-forward the biases of the first map are missing: as many as it gives numbers.",
                    one_part("feed-forward", first_map_without_biases)),
            Mistake("biases of the second map forgotten",
                    "In the feed-forward the biases of the second map are missing: as many as it gives numbers.",
                    one_part("feed-forward", second_map_without_biases)),
            Mistake("biases of the pooler forgotten",
                    "Your pooler has D numbers too few: the biases of its linear map.", changed("pooler", bias=0)),
            Mistake("LayerNorms forgotten",
                    "The LayerNorms are missing: each has a weight and a bias for every column, and there is one in "
                    "the embeddings and two in each layer.", changed(norm=0)),
            Mistake("LayerNorms of the layers forgotten",
                    "In the layers the LayerNorms are missing: there are two in each, one after attention and one "
                    "after the feed-forward.", changed("attention", "feed-forward", norm=0)),
            Mistake("LayerNorm of attention forgotten",
                    "Your attention has layers · 2 · D numbers too few: the LayerNorm that follows it in each layer.",
                    changed("attention", norm=0)),
            Mistake("LayerNorm without bias",
                    "A LayerNorm has a bias too: two numbers for every column.", changed(norm=1)),
            Mistake("biases and LayerNorms forgotten",
                    "These are the matrices. Biases are missing (n for a linear map from m to n), and so are the "
                    "LayerNorms (two numbers a column).", changed(bias=0, norm=0)),
            Mistake("one layer",
                    "You count one layer: there are `config.num_hidden_layers`, each with weights of its own.",
                    changed(layers=1)),
            Mistake("attention of one layer",
                    "You count the attention of one layer: every layer has its own.", changed("attention", layers=1)),
            Mistake("feed-forward of one layer",
                    "You count the feed-forward of one layer: every layer has its own.",
                    changed("feed-forward", layers=1)),
            Mistake("LayerNorms of one layer",
                    "The maps are counted in every layer, but the LayerNorms in one: look where your brackets close.",
                    changed(norms=1)),
            Mistake("LayerNorm of attention in one layer",
                    "In attention the four maps are counted in every layer, but the LayerNorm in one: look where your "
                    "brackets close.", changed("attention", norms=1)),
            Mistake("LayerNorm of the feed-forward in one layer",
                    "In the feed-forward the two maps are counted in every layer, but the LayerNorm in one: look where "
                    "your brackets close.", changed("feed-forward", norms=1)),
            Mistake("W^O forgotten", "Attention has four matrices: query, key, value, and the W^O that follows them.",
                    changed(matrices=3)),
            Mistake("times heads",
                    "You count query, key and value once for every head. The heads share them: each takes a slice.",
                    one_part("attention", query_key_value_in_heads)),
            Mistake("all maps times heads",
                    "You count the maps of attention once for every head. The heads share them: each takes a slice.",
                    one_part("attention", maps_in_heads)),
            Mistake("attention times heads",
                    "You count all of attention once for every head. The heads share it: each takes a slice of what "
                    "the maps give.", all_heads),
            Mistake("one matrix of two", "The feed-forward has two linear maps: from D to the wide layer, and back.",
                    one_part("feed-forward", one_matrix_wide)),
            Mistake("the same map twice",
                    "You count the first map of the feed-forward twice. The way back goes from the wide layer to D "
                    "numbers, so it has D biases.", one_part("feed-forward", same_map_twice)),
            Mistake("both LayerNorms with attention",
                    "You count both LayerNorms of a layer with attention: the second belongs to the feed-forward.",
                    shifted("feed-forward", "attention", lambda c, d: c.num_hidden_layers * 2 * d)),
            Mistake("one LayerNorm a layer",
                    "A layer has two LayerNorms: one after attention, one after the feed-forward. The second is "
                    "missing.", changed("feed-forward", norm=0)),
            Mistake("LayerNorm of the embeddings forgotten",
                    "The embeddings have a LayerNorm too. It is counted with positions and segments.",
                    changed("positions and segments", norm=0)),
            Mistake("LayerNorm of the embeddings with the words",
                    "You count the LayerNorm of the embeddings with the words: it belongs to positions and segments.",
                    shifted("positions and segments", "words", lambda c, d: 2 * d)),
            Mistake("LayerNorm in the pooler",
                    "Your pooler has 2 · D numbers too many, a LayerNorm's: no LayerNorm follows it, and tanh learns "
                    "nothing.", one_part("pooler", lambda c, d: (d + 1) * d + 2 * d)),
            Mistake("pooler in every layer",
                    "You count a pooler for every layer: there is one, after the last.",
                    one_part("pooler", lambda c, d: c.num_hidden_layers * (d + 1) * d)),
            Mistake("tables with biases",
                    "You count biases in the tables. A table is no linear map: n rows of D numbers, and no more.",
                    changed(rows=1)),
            Mistake("words with biases",
                    "Your table of words has D numbers too many. It is no linear map and has no biases: n rows of D "
                    "numbers, and no more.", changed("words", rows=1)),
            Mistake("positions and segments with biases",
                    "Your tables of positions and segments have D numbers too many each. They are no linear maps and "
                    "have no biases: n rows of D numbers, and no more.", changed("positions and segments", rows=1)),
            Mistake("positions forgotten", "The table of positions is missing.", changed(positions=0)),
            Mistake("segments forgotten", "The table of segments is missing.", changed(segments=0)),
            Mistake("always this model",
                    "You always count the model of this course: read the sizes from the config.", minilm_always),
            Mistake("wide layer taken as 4 D",
                    "You take the wide layer to be 4 · D. It often is; but the config has a size for it, "
                    "`intermediate_size`.", lambda config: counted(config, wide=4 * config.hidden_size)),
            Mistake("two segments taken for granted",
                    "You take it that there are two segments: the config says how many, `type_vocab_size`.",
                    changed(segments=2)),
        ),
        hints=(
            "A linear map from m to n numbers has m · n weights and n biases, (m + 1) · n in all. A LayerNorm "
            "has 2 · D. A table has rows · D.",
            "A layer: four linear maps from D to D and a LayerNorm; then one from D to `intermediate_size`, one back, "
            "and another LayerNorm. All that times `num_hidden_layers`.",
            "`\"attention\": layers * (4 * (D + 1) * D + 2 * D)`, and the rest in the same way.",
        ),
        drop_in=counts_the_real_model,
    ),
)

QUIZ = (
    Question(
        "You want to find the names of people in a text. What do you build on?",
        (
            Option("The pooled vector: it stands for the whole text", False,
                   "It is one vector for all the words: it cannot say which of them are names."),
            Option("The hidden states: a vector for each token", True,
                   "A decision for each token needs each token's vector. The pooler is for what is said of a text as "
                   "a whole."),
            Option("The embeddings: they know the words", False,
                   "They know the words without their context, and “Rose” may be a name or a flower."),
        ),
    ),
    Question(
        "The pooler of this checkpoint was never trained. How can one tell from the file?",
        (
            Option("Its weights are all 0",
                   False, "They are drawn from a bell curve. With zeros the pooled vector would be 0."),
            Option("Its biases are all exactly 0, as they are set before training", True,
                   "Training moves every bias that a gradient reaches, and hardly any ever comes back to exactly 0, "
                   "let alone all 384. In the 36 other linear layers not a single one is 0."),
            Option("It is missing from the file", False,
                   "It is there, 147,840 numbers of it: being in a file does not make weights useful."),
        ),
    ),
    Question(
        "More than half of this model's numbers are word vectors. How does that show in the time it takes to read a "
        "text?",
        (
            Option("More than half of the time goes into the word vectors", False,
                   "They are looked up, one row a token. No row is multiplied by anything there."),
            Option("Hardly at all: a lookup costs nearly nothing", True,
                   "What takes time is the matrices, which are multiplied with every token. Numbers of parameters say "
                   "how much memory a model takes; they do not say how much it computes."),
            Option("Only if the text has rare words", False, "A rare word's row is found as fast as any."),
        ),
    ),
)
