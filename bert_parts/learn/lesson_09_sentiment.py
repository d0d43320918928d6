"""Notebook 09: a head for labels, how fine-tuning goes about its steps, and which words moved the decision."""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.attribution import gradient_times_input
from bert_parts.config import BertConfig
from bert_parts.heads import BertForSequenceClassification
from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model
from bert_parts.learn.questions import Option, Question
from bert_parts.training import decay_groups, learning_rate_at

NOTEBOOK = "09_sentiment"
TITLE = "Sentiment: fine-tuning, measured"

SMALL = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                   max_position_embeddings=9)
HALF = BertConfig(vocab_size=20, hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
                  max_position_embeddings=9, hidden_dropout_prob=0.5)
SMALL_STILL = replace(SMALL, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)     # the same in training
LABELS = 5
TINY = 1e-9     # how far numbers may be off that are only rounded
TWO_TEXTS = torch.tensor([[3, 7, 12, 19, 4, 2, 0], [3, 9, 2, 0, 0, 0, 0]])
MARKS = torch.tensor([[1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0, 0]])
SEGMENTS = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 0, 0, 0, 0]])


def looked_at(reference, look: Callable, settings: dict[str, tuple], mistakes: tuple[Mistake, ...]):
    """A probe: what `look` sees of an answer must be what it sees of the course's, in every setting.

    For answers that may be given in more than one form, or that only many of them together give away.
    """

    def probe(thing) -> Finding | None:
        for tries, setting in settings.items():
            try:
                given = look(thing, setting)
            except Exception as error:
                return Finding(f"Your code raised {type(error).__name__}: {error}\n(What was tried: {tries}.)")
            wanted = look(reference, setting)
            how = difference(given, wanted, TINY)
            if how is not None:
                for mistake in mistakes:
                    if difference(given, look(mistake.wrong, setting), TINY) is None:
                        return Finding(mistake.says, mistake.name)
                how = given if isinstance(given, str) else how
                return Finding(f"{how}\n(What was tried: {tries}.)")
        return None

    return probe


# ── BertForSequenceClassification ────────────────────────────────────────────────────────────────────────────────────


class Apart(BertForSequenceClassification):
    """Right, and in pieces: each mistake changes one of them."""

    def read(self, input_ids, attention_mask, token_type_ids):
        return self.bert(input_ids, attention_mask, token_type_ids)

    def summed_up(self, hidden, pooled):
        return pooled

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return self.classifier(self.dropout(self.summed_up(*self.read(input_ids, attention_mask, token_type_ids))))


class FirstTokenUnpooled(Apart):
    def summed_up(self, hidden, pooled):
        return hidden[:, 0]


class MeanOfTokens(Apart):
    def summed_up(self, hidden, pooled):
        return hidden.mean(dim=1)


class LastToken(Apart):
    def summed_up(self, hidden, pooled):
        return hidden[:, -1]


class PooledTwice(Apart):
    def summed_up(self, hidden, pooled):
        return pooled.tanh()


class PoolerOfMean(Apart):
    def summed_up(self, hidden, pooled):
        return self.bert.pooler.dense(hidden.mean(dim=1)).tanh()


class EveryToken(Apart):
    def summed_up(self, hidden, pooled):
        return hidden


class MaskNotHandedOn(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        return self.bert(input_ids, None, token_type_ids)


class SegmentsNotHandedOn(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        return self.bert(input_ids, attention_mask)


class MaskAsSegments(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        return self.bert(input_ids, token_type_ids, attention_mask)


class SoftmaxInside(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, attention_mask, token_type_ids).softmax(dim=-1)


class LogSoftmaxInside(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, attention_mask, token_type_ids).log_softmax(dim=-1)


class SoftmaxOverTexts(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, attention_mask, token_type_ids).softmax(dim=0)


class SigmoidInside(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, attention_mask, token_type_ids).sigmoid()


class ReluInside(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, attention_mask, token_type_ids).relu()


class LabelChosen(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return super().forward(input_ids, attention_mask, token_type_ids).argmax(dim=-1)


class PooledAsWell(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.read(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled)), pooled


class ClassifierSkipped(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return self.read(input_ids, attention_mask, token_type_ids)[1]


class DropoutForgotten(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return self.classifier(self.read(input_ids, attention_mask, token_type_ids)[1])


class DropoutOfScores(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return self.dropout(self.classifier(self.read(input_ids, attention_mask, token_type_ids)[1]))


class DropoutTwice(Apart):
    def summed_up(self, hidden, pooled):
        return self.dropout(pooled)


class DropoutAlways(Apart):
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        pooled = self.read(input_ids, attention_mask, token_type_ids)[1]
        return self.classifier(F.dropout(pooled, self.config.hidden_dropout_prob))


class DropoutFixed(Apart):
    def __init__(self, config, num_labels):
        super().__init__(config, num_labels)
        self.dropout = nn.Dropout(0.1)


class EncoderFrozen(Apart):
    def read(self, input_ids, attention_mask, token_type_ids):
        with torch.no_grad():
            return super().read(input_ids, attention_mask, token_type_ids)


class HeadKeepsNoConfig(Apart):
    def __init__(self, config, num_labels):
        super().__init__(config, num_labels)
        del self.config


class HeadKeepsNoCount(Apart):
    def __init__(self, config, num_labels):
        super().__init__(config, num_labels)
        del self.num_labels


class HeadAsTorchBegins(Apart):
    def __init__(self, config, num_labels):
        super().__init__(config, num_labels)
        self.classifier = nn.Linear(config.hidden_size, num_labels)


class HeadBeginsAtZero(Apart):
    def __init__(self, config, num_labels):
        super().__init__(config, num_labels)
        nn.init.zeros_(self.classifier.weight)


CONFIG_LOST = Finding("The numbers are right, but the model does not keep what it was made from: set `self.config = config` "
                      "and `self.num_labels = num_labels` in `__init__`.", "config not kept")
COUNT_LOST = Finding("The numbers are right, but the model does not keep its number of labels: set `self.num_labels = "
                     "num_labels` in `__init__`.", "number of labels not kept")
NO_DROPOUT = Finding("Your scores are the same in training as outside it: let `dropout` pass over the pooled vector before "
                     "it is scored.", "dropout forgotten")
SCORES_DROPPED = Finding("In training some of your scores are exactly 0, which tells the loss nothing: dropout belongs on the "
                         "pooled vector, before the classifier, not on the scores.", "dropout on the scores")
DROPPED_TWICE = Finding("In training more of the pooled vector is 0 when it gets to the classifier than the config asks for: let "
                        "`dropout` pass over it once.", "dropout twice")
DROPOUT_FIXED = Finding("Your dropout does not ask the config: its share is `config.hidden_dropout_prob`, which can be 0.",
                        "dropout not from the config")
FROZEN = Finding("Your scores are right, but no gradient reaches the encoder: `no_grad` or `detach` stands on the way. That "
                 "trains the new head alone.", "encoder frozen")
ZERO_BEGINS = Finding("Your new classifier begins at 0: end `__init__` with `self.apply(self.bert.initialize)`, which draws "
                      "all new weights alike, small but not 0.", "begins at 0")
TORCH_BEGINS = Finding("Your new classifier begins with other weights than BERT's parts do: end `__init__` with "
                       "`self.apply(self.bert.initialize)`, which draws all of them alike.", "not initialised")


def keeps_what_it_is_made_of(thing) -> Finding | None:
    model = thing(SMALL, LABELS)
    if getattr(model, "config", None) != SMALL:
        return CONFIG_LOST
    return None if getattr(model, "num_labels", None) == LABELS else COUNT_LOST


def drops_before_it_scores(thing) -> Finding | None:
    """In training, with the encoder itself in eval mode, so that only the head's dropout is at work."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        model = with_hard_weights(thing(HALF, LABELS))
        calm = model.eval()(TWO_TEXTS, MARKS)
        model.train().bert.eval()
        scores = torch.cat([model(TWO_TEXTS, MARKS) for _ in range(20)])
        if torch.allclose(scores, calm.repeat(20, 1)):
            return NO_DROPOUT
        if (scores == 0).any():
            return SCORES_DROPPED
        if share_dropped(model) > (1 + HALF.hidden_dropout_prob) / 2 - 0.1:     # 0.5 if once, 0.75 if twice
            return DROPPED_TWICE
        model = with_hard_weights(thing(SMALL_WITHOUT_DROPOUT, LABELS))
        calm = model.eval()(TWO_TEXTS, MARKS)
        model.train().bert.eval()
        return None if torch.allclose(model(TWO_TEXTS, MARKS), calm) else DROPOUT_FIXED


def share_dropped(model) -> float:
    """Which part of what comes to the classifier in training is 0; 0 if it is not called as a module."""
    given = []
    hook = model.classifier.register_forward_pre_hook(lambda module, arguments: given.append(arguments[0]))
    try:
        for _ in range(20):
            model(TWO_TEXTS, MARKS)
    finally:
        hook.remove()
    return (torch.cat(given) == 0).float().mean().item() if given else 0.0


SMALL_WITHOUT_DROPOUT = BertConfig(vocab_size=20, hidden_size=64, num_hidden_layers=1, num_attention_heads=2,
                                   intermediate_size=12, max_position_embeddings=9, hidden_dropout_prob=0.0)


def trains_the_encoder(thing) -> Finding | None:
    model = with_hard_weights(thing(SMALL, LABELS)).eval()
    model(TWO_TEXTS, MARKS).pow(2).sum().backward()
    return FROZEN if any(parameter.grad is None for parameter in model.parameters()) else None


def begins_as_bert_does(thing) -> Finding | None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        classifier = thing(HALF, 50).classifier
    if not classifier.weight.any():
        return ZERO_BEGINS
    small = 0.5 < classifier.weight.std() / HALF.initializer_range < 1.5
    return None if small and not classifier.bias.any() else TORCH_BEGINS


def on_real_weights(thing) -> Finding | str:
    """The real encoder under a head of three labels, drawn at random."""
    encoder, _ = real_model()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        course, own = BertForSequenceClassification(encoder.config, 3), thing(encoder.config, 3)
    course.bert = encoder
    with_hard_weights(course.classifier)
    own.load_state_dict(course.state_dict())
    with torch.no_grad():
        off = (own.eval()(**real_batch()) - course.eval()(**real_batch())).abs().max()
    if not off < TOLERANCE:
        return Finding("By itself your model agrees; with the real weights its scores differ from the course's.")
    return "On top of the real BERT: the same scores as the course's, on 4 sentences with padding."


HEAD_MISTAKES = (
    Mistake("pooler skipped", "You score the first token's hidden state: take the pooled vector, the second of the two things "
            "that BERT gives back.", FirstTokenUnpooled),
    Mistake("mean of the tokens", "You score the mean of all hidden states, padding too: take the pooled vector, the second of "
            "the two things that BERT gives back.", MeanOfTokens),
    Mistake("last token", "You score the last token, which is padding in all texts but the longest: take the pooled vector.",
            LastToken),
    Mistake("every token scored", "You score every token, (B, T, labels): one score for each label of the whole text is "
            "wanted, (B, labels). The pooled vector stands for the text.", EveryToken),
    Mistake("tanh twice", "The pooled vector is through a tanh already: score it as it comes.", PooledTwice),
    Mistake("mean through the pooler", "You send the mean of the tokens through the pooler: BERT has done that with [CLS], and "
            "gives back the result.", PoolerOfMean),
    Mistake("mask not handed on", "Padding changes your scores: hand the attention mask on to BERT.", MaskNotHandedOn),
    Mistake("segments not handed on", "For pairs of texts your scores are wrong: hand `token_type_ids` on to BERT.",
            SegmentsNotHandedOn),
    Mistake("mask and segments exchanged", "The mask and the token types have changed places on their way to BERT, which takes "
            "the ids, then the mask, then the types.", MaskAsSegments),
    Mistake("softmax inside", "Your model gives probabilities: give the scores themselves. Cross-entropy takes the softmax, and "
            "a second one on top would flatten the gradients.", SoftmaxInside),
    Mistake("log-softmax inside", "Your model gives logarithms of probabilities: give the scores themselves, as every model of "
            "the course does. The loss does the rest.", LogSoftmaxInside),
    Mistake("softmax over the texts", "You take a softmax over the texts of the batch: a text's answer must not depend on its "
            "neighbours. Give the scores themselves.", SoftmaxOverTexts),
    Mistake("sigmoid inside", "You send the scores through a sigmoid: give them as they are, the loss does the rest.",
            SigmoidInside),
    Mistake("scores cut off below 0", "Your scores are never below 0: there is no ReLU behind the classifier.", ReluInside),
    Mistake("label chosen", "You give the label with the highest score. Choosing has no gradient: give the scores.",
            LabelChosen),
    Mistake("pooled vector as well", "You give back scores and pooled vector: the scores alone are wanted.", PooledAsWell),
    Mistake("not scored", "You give back the pooled vector: the classifier makes scores of it.", ClassifierSkipped),
    Mistake(NO_DROPOUT.mistake, NO_DROPOUT.message, DropoutForgotten),
    Mistake(SCORES_DROPPED.mistake, SCORES_DROPPED.message, DropoutOfScores),
    Mistake(DROPOUT_FIXED.mistake, DROPOUT_FIXED.message, DropoutFixed),
    Mistake(FROZEN.mistake, FROZEN.message, EncoderFrozen),
    Mistake(CONFIG_LOST.mistake, CONFIG_LOST.message, HeadKeepsNoConfig),
    Mistake(COUNT_LOST.mistake, COUNT_LOST.message, HeadKeepsNoCount),
    Mistake(TORCH_BEGINS.mistake, TORCH_BEGINS.message, HeadAsTorchBegins),
    Mistake(ZERO_BEGINS.mistake, ZERO_BEGINS.message, HeadBeginsAtZero),
    Mistake(DROPPED_TWICE.mistake, DROPPED_TWICE.message, DropoutTwice),
)


# ── decay_groups ─────────────────────────────────────────────────────────────────────────────────────────────────────


def partly_frozen():
    """The new head and the last layer learn, the rest does not."""
    model = BertForSequenceClassification(SMALL, LABELS)
    for parameter in (*model.bert.embeddings.parameters(), *model.bert.encoder.layer[0].parameters()):
        parameter.requires_grad = False
    return model


def decays(thing, setting: tuple) -> dict[str, float] | str:
    """For each parameter that AdamW is given, how strongly it is pulled; a sentence if it cannot be given so."""
    make, weight_decay = setting
    model = make()
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = thing(model, weight_decay)
    if groups is None:
        return "Your code gives back `None`: is there a `return`?"
    groups = list(groups)
    if not all(isinstance(group, dict) and "params" in group for group in groups):
        return 'A list of dictionaries is expected, each with "params" and "weight_decay", as AdamW takes them.'
    if not any(list_of(group) for group in groups):
        return "None of your groups holds a parameter."
    try:
        groups = torch.optim.AdamW([group | {"params": list_of(group)} for group in groups], lr=1e-3).param_groups
    except (ValueError, TypeError) as error:
        return f"AdamW does not take your groups: {error}."
    found = {}
    for group in groups:
        for parameter in group["params"]:
            found[names.get(id(parameter), "a tensor that is no parameter of the model")] = float(group["weight_decay"])
    return dict(sorted(found.items()))


def list_of(group: dict) -> list:
    given = group["params"]
    group["params"] = [given] if isinstance(given, torch.Tensor) else list(given)     # a generator can be read only once
    return group["params"]


def grouped(pulled: Callable[[str, nn.Parameter], bool], spared: Callable | None = None, learning: bool = True):
    """Groups by what a parameter is called and looks like."""

    def wrong(model, weight_decay):
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad or not learning]
        rest = spared or (lambda name, p: not pulled(name, p))
        return [{"params": [p for name, p in named if pulled(name, p)], "weight_decay": weight_decay},
                {"params": [p for name, p in named if rest(name, p)], "weight_decay": 0.0}]

    return wrong


def is_spared(name, _=None):
    return name.endswith("bias") or "LayerNorm" in name


def exchanged(model, weight_decay):
    pulled, spared = decay_groups(model, weight_decay)
    return [{"params": pulled["params"], "weight_decay": 0.0}, {"params": spared["params"], "weight_decay": weight_decay}]


def left_to_the_default(model, weight_decay):
    pulled, spared = decay_groups(model, weight_decay)
    return [pulled, {"params": spared["params"]}]


def given_decay_ignored(model, weight_decay):
    return decay_groups(model, 0.01)


def without_spared(model, weight_decay):
    return decay_groups(model, weight_decay)[:1]


def encoder_only(model, weight_decay):
    return decay_groups(model.bert, weight_decay)


def names_given(model, weight_decay):
    return [{"params": [name for name, _ in model.named_parameters() if not is_spared(name)], "weight_decay": weight_decay},
            {"params": [name for name, _ in model.named_parameters() if is_spared(name)], "weight_decay": 0.0}]


DECAY_MISTAKES = (
    Mistake("everything decays", "You pull everything towards 0, biases and LayerNorms too: put these into a group with "
            "`weight_decay` 0.", grouped(lambda name, p: True)),
    Mistake("nothing decays", "Nothing is pulled towards 0: the matrices belong into a group with the given `weight_decay`.",
            grouped(lambda name, p: False)),
    Mistake("LayerNorm's weight decays", "The biases are spared, but the weights of LayerNorm are pulled: they scale "
            "whole columns, and 0 is no place to be pulled to.", grouped(lambda name, p: not name.endswith("bias"))),
    Mistake("biases decay", "The LayerNorms are spared, but the biases of the linear maps are pulled: spare every parameter "
            "whose name ends in `bias`.", grouped(lambda name, p: "LayerNorm" not in name)),
    Mistake("LayerNorm's bias decays", "The weights of LayerNorm are spared, and its biases are pulled: spare both.",
            grouped(lambda name, p: not (name.endswith("LayerNorm.weight")
                                         or (name.endswith("bias") and "LayerNorm" not in name)))),
    Mistake("exchanged", "Your groups are the right ones, with their decays exchanged: the matrices are pulled, the others "
            "are not.", exchanged),
    Mistake("tables spared", "The embeddings' tables are spared: they are matrices too, and in the published code they are "
            "pulled.", grouped(lambda name, p: not is_spared(name) and "_embeddings" not in name)),
    Mistake("tables left out", "The embeddings' tables are in no group, so they would never learn: take the parameters from the "
            "model, and not from its linear maps only.",
            grouped(lambda name, p: not is_spared(name) and "_embeddings" not in name, is_spared)),
    Mistake("spared ones left out", "Biases and LayerNorms are in no group, so they would never learn: they need a group of "
            "their own, with `weight_decay` 0.", without_spared),
    Mistake("frozen ones included", "Your groups hold parameters that do not learn: leave out those whose `requires_grad` is "
            "false.", grouped(lambda name, p: not is_spared(name), learning=False)),
    Mistake("parameter repeated", "Some parameters stand in both groups, and AdamW refuses that: each belongs into one.",
            grouped(lambda name, p: not name.endswith("bias"), is_spared)),
    Mistake("decay left to the default", "Your second group names no `weight_decay`, and then AdamW takes its own, 0.01: say "
            "`\"weight_decay\": 0.0`.", left_to_the_default),
    Mistake("given decay ignored", "You decay by 0.01 whatever is given: use the argument.", given_decay_ignored),
    Mistake("new head left out", "The classifier is in no group: the new head is what has most to learn. Take all of the model, "
            "not `model.bert`.", encoder_only),
    Mistake("names given", "You give AdamW the parameters' names: `named_parameters()` gives pairs, and the parameter is the "
            "second.", names_given),
)
DECAY_SETTINGS = {
    "a BERT with five labels, weight_decay 0.3": (lambda: BertForSequenceClassification(SMALL, LABELS), 0.3),
    "the same with embeddings and first layer frozen": (partly_frozen, 0.3),
    "a BERT with two labels, weight_decay 0.02": (lambda: BertForSequenceClassification(SMALL, 2), 0.02),
}


# ── learning_rate_at ─────────────────────────────────────────────────────────────────────────────────────────────────


def rates(thing, setting: tuple) -> list[float] | str:
    """The learning rate of every step."""
    steps, peak, warmup = setting
    try:
        found = [thing(step, steps, peak, warmup) for step in range(steps)]
    except ZeroDivisionError:
        return f"With warmup {warmup:g} your code divides by 0."
    odd = [rate for rate in found if type(rate) not in (int, float) or not math.isfinite(rate)]
    if odd:
        return f"Your learning rate is `{odd[0]}` at some step: a plain number is expected at each."
    return [float(rate) for rate in found]


def straight(rise, fall):
    """A learning rate from two lines: each is told the step, the steps, and how many of them it rises."""

    def wrong(step, steps, peak, warmup):
        rising = warmup * steps
        return peak * (rise(step, steps, rising) if step + 1 <= rising else fall(step, steps, rising))

    return wrong


def rise(step, steps, rising):
    return (step + 1) / rising


def fall(step, steps, rising):
    return (steps - step) / (steps - math.floor(rising))


def counted_from_one(step, steps, peak, warmup):
    return learning_rate_at(step - 1, steps, peak, warmup)


def peak_forgotten(step, steps, peak, warmup):
    return learning_rate_at(step, steps, 1.0, warmup)


def fixed_warmup(step, steps, peak, warmup):
    return learning_rate_at(step, steps, peak, 0.1)


def no_warmup(step, steps, peak, warmup):
    return peak * (steps - step) / steps


def constant(step, steps, peak, warmup):
    return peak


def whole_rise(step, steps, peak, warmup):
    rising = int(warmup * steps)
    return peak * ((step + 1) / rising if step < rising else (steps - step) / (steps - rising))


def exact(step, steps, peak, warmup):
    """Falls from where the rise would end if it were not cut to whole steps: above the peak."""
    rising = warmup * steps
    return peak * ((step + 1) / rising if step + 1 <= rising else (steps - step) / (steps - rising))


def up_before_asked(step, steps, peak, warmup):
    """Right, but the rise is worked out where there is none, too."""
    up, rising = (step + 1) / (warmup * steps), warmup * steps
    return peak * (up if step + 1 <= rising else fall(step, steps, rising))


def down_before_asked(step, steps, peak, warmup):
    rising = warmup * steps
    down = fall(step, steps, rising)
    return peak * (rise(step, steps, rising) if step + 1 <= rising else down)


def falls_early(step, steps, peak, warmup):
    rising = warmup * steps
    return peak * (rise(step, steps, rising) if step + 1 < rising else fall(step, steps, rising))


def rises_late(step, steps, peak, warmup):
    rising = warmup * steps
    return peak * (rise(step, steps, rising) if step <= rising else fall(step, steps, rising))


def rounded_up(step, steps, peak, warmup):
    rising = math.ceil(warmup * steps)
    return peak * (rise(step, steps, rising) if step < rising else fall(step, steps, rising))


RATE_MISTAKES = (     # the first two, right until they are asked for no rise or no fall, come before others that fail there, too
    Mistake("divides by 0 without warm-up", "With warmup 0 no step rises, and your code divides by 0: work out the rise only "
            "after you have asked whether this step is one of it.", up_before_asked),
    Mistake("divides by 0 when all steps rise", "With warmup 1 no step falls, and your code divides by 0: work out the fall only "
            "after you have asked whether this step is one of it.", down_before_asked),
    Mistake("no warm-up", "You begin at the peak: in the first part of the steps the rate has to rise to it. (`warmup` is which "
            "part of the steps, not how many.)", no_warmup),
    Mistake("peak at once, then kept", "You keep the peak while it should rise: at step 0 it is the peak's share (0 + 1) / "
            "rising.", straight(lambda s, n, r: 1, fall)),
    Mistake("begins at 0", "At step 0 your rate is 0, so that step would teach nothing: steps are counted from 0, and "
            "step 0 is the first that learns. Use step + 1 while it rises.", straight(lambda s, n, r: s / r, fall)),
    Mistake("ends at 0", "At the last step your rate is 0, so that step would teach nothing: it would be 0 one step later.",
            straight(rise, lambda s, n, r: (n - s - 1) / (n - math.floor(r)))),
    Mistake("steps counted from 1", "Your curve is one step late: steps are counted from 0, so `step + 1` of them are done "
            "when this one is.", counted_from_one),
    Mistake("zero at both ends", "Your rate is 0 at the first step and at the last, so both would teach nothing: use "
            "step + 1 while it rises and steps − step while it falls.",
            straight(lambda s, n, r: s / r, lambda s, n, r: (n - s - 1) / (n - math.floor(r)))),
    Mistake("never reaches the peak", "Your rate rises too slowly: it has `rising` steps to reach the peak, not all of them.",
            straight(lambda s, n, r: (s + 1) / n, fall)),
    Mistake("no decay", "After the warm-up your rate stays at the peak: from there it falls to 0 in a straight line.",
            straight(rise, lambda s, n, r: 1)),
    Mistake("constant", "Your rate is the same at every step: it rises, then falls.", constant),
    Mistake("falls as if it had never risen", "At the end of the warm-up your rate jumps down: it falls over the steps that "
            "are left, and these are fewer than all.", straight(rise, lambda s, n, r: (n - s) / n)),
    Mistake("falls below 0", "Your rate falls below 0, and then training undoes what it learned: it falls over all the steps "
            "that are left, not over as many as it rose.", straight(rise, lambda s, n, r: 1 - (s + 1 - r) / r)),
    Mistake("cosine", "Your rate falls along a cosine. Many do so today; BERT's falls in a straight line.",
            straight(rise, lambda s, n, r: (1 + math.cos(math.pi * (s - r) / (n - r))) / 2)),
    Mistake("root of the step", "Your rate falls with the root of the step, as in the Transformer of 2017, and never gets to "
            "0: BERT's falls in a straight line.", straight(rise, lambda s, n, r: (r / (s + 1)) ** 0.5)),
    Mistake("peak forgotten", "You give the share of the peak, from 0 to 1: multiply it by the peak.", peak_forgotten),
    Mistake("warm-up fixed", "Your warm-up always takes a tenth of the steps: use the argument.", fixed_warmup),
    Mistake("whole numbers only", "Your rate is 0 for most of the time: `//` cuts off what is behind the point, `/` does not.",
            straight(lambda s, n, r: (s + 1) // r, lambda s, n, r: (n - s) // (n - math.floor(r)))),
    Mistake("rise cut to whole steps", "Where warmup · steps is no whole number, your rise is a little too steep: divide by "
            "warmup · steps as it is, and take its whole part for the fall only.", whole_rise),
    Mistake("above the peak", "Where warmup · steps is no whole number, your rate goes above the peak: the fall begins at the "
            "last whole step of the rise, ⌊warmup · steps⌋.", exact),
    Mistake("falls a step early", "The last step of your rise is above the peak, since it counts as falling already: it rises "
            "while s + 1 is smaller than `rising` *or equal to it*.", falls_early),
    Mistake("rises a step too long", "Your rise goes on for a step too many, and above the peak: when step s is over, "
            "s + 1 are done, so ask whether `step + 1` is within `rising`, not `step`.", rises_late),
    Mistake("rise rounded up", "Where warmup · steps is no whole number, your rise is a little too flat: divide by "
            "warmup · steps as it is, and take its whole part, rounded down, for the fall only.", rounded_up),
)
RATE_SETTINGS = {f"{steps} steps, peak {peak}, warmup {warmup}; item n is step n": (steps, peak, warmup) for steps, peak, warmup in
                 ((20, 2e-3, 0.3), (50, 1e-4, 0.2), (25, 2e-3, 0.3), (10, 1e-3, 0.0), (10, 1e-3, 1.0))}


# ── gradient_times_input ─────────────────────────────────────────────────────────────────────────────────────────────


def gradient_and_vectors(model, batch, explained, part="word_embeddings"):
    """The gradient of what is explained, at the outputs of a part of the embeddings, and these: twice (B, T, D)."""
    caught = []
    source = model.bert.embeddings if part == "embeddings" else getattr(model.bert.embeddings, part)
    hook = source.register_forward_hook(lambda module, given, output: caught.append(output))
    try:
        with torch.enable_grad():
            scores = model(**batch)
            return torch.autograd.grad(explained(scores).sum(), caught[0])[0], caught[0].detach()
    finally:
        hook.remove()


def score(label, against):
    return lambda scores: scores[:, label] - (0 if against is None else scores[:, against])


def made(combine=lambda gradient, vectors: (gradient * vectors).sum(dim=-1), explain=score, part="word_embeddings"):
    """Gradient × input with a mistake in one of its pieces."""

    def wrong(model, batch, label, against=None):
        return combine(*gradient_and_vectors(model, batch, explain(label, against), part))

    return wrong


def mask_left_out(model, batch, label, against=None):
    return gradient_times_input(model, {"input_ids": batch["input_ids"]}, label, against)


def chosen_label(model, batch, label, against=None):
    return made(explain=lambda *_: lambda scores: scores.max(dim=-1).values)(model, batch, label, against)


def left_behind(model, batch, label, against=None):
    """Right, but by backward(), which leaves gradients in every parameter."""
    caught = []

    def catch(module, given, output):
        output.retain_grad()
        caught.append(output)

    hook = model.bert.embeddings.word_embeddings.register_forward_hook(catch)
    score(label, against)(model(**batch)).sum().backward()
    hook.remove()
    return (caught[0].grad * caught[0]).sum(dim=-1).detach()


def gradients_wiped(model, batch, label, against=None):
    found = left_behind(model, batch, label, against)
    model.zero_grad()
    return found


def rest_frozen(model, batch, label, against=None):
    model.requires_grad_(False)
    model.bert.embeddings.word_embeddings.requires_grad_(True)
    return gradient_times_input(model, batch, label, against)


def set_to_training(model, batch, label, against=None):
    found = gradient_times_input(model, batch, label, against)
    model.train()
    return found


def while_training(model, batch, label, against=None):
    model.train()
    found = gradient_times_input(model, batch, label, against)
    model.eval()
    return found


def at_the_table(model, batch, label, against=None):
    table = model.bert.embeddings.word_embeddings.weight
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(score(label, against)(model(**batch)).sum(), table)
    return (gradient * table.detach())[batch["input_ids"]].sum(dim=-1)


def hook_left(model, batch, label, against=None):
    model.bert.embeddings.word_embeddings.register_forward_hook(lambda module, given, output: None)
    return gradient_times_input(model, batch, label, against)


def judged(config: BertConfig = SMALL_STILL, **more: int) -> tuple:
    """A model, a padded batch and labels to explain."""
    model = with_hard_weights(BertForSequenceClassification(config, LABELS)).eval()
    with torch.no_grad():
        model.classifier.bias[2] += 1     # the favourite is a label that nothing is asked about
    batch = {"input_ids": TWO_TEXTS, "attention_mask": MARKS, "token_type_ids": SEGMENTS}
    return (model, batch, *more.values())


LEFT_BEHIND = Finding("Your numbers are right, but the model's parameters now hold gradients, which the next training step "
                      "would add to its own: `torch.autograd.grad(score, vectors)` gives the gradient and leaves nothing behind.",
                      "gradients left behind")
HOOK_LEFT = Finding("Your numbers are right, but your hook stays on the model and would run in every forward from now on: call "
                    "`hook.remove()`, best in a `finally`.", "hook left behind")


TRAINING_LEFT = Finding("Your numbers are right, but you leave the model in training mode, where dropout would be at work: it was "
                        "given in eval mode, so leave it there.", "set to training")
WHILE_TRAINING = Finding("You look at the model in training mode, so that dropout makes other numbers each time: it is given in "
                         "eval mode, and what comes of that is to be explained. Take `model.train()` out.", "while training")
FROZEN_BEHIND = Finding("Your numbers are right, but you leave parameters behind whose `requires_grad` is not what it was, and the "
                        "next training would be another one: catch the vectors, and leave the parameters alone.",
                        "rest frozen")
WIPED = Finding("Your numbers are right, but gradients that were in the parameters before are gone: `backward` adds its own, and "
                "`zero_grad` throws all away. `torch.autograd.grad(score, vectors)` touches none.", "gradients wiped")


def leaves_the_model_alone(thing) -> Finding | None:
    model, batch, label = judged(label=3)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    learning = [parameter.requires_grad for parameter in model.parameters()]
    thing(model, batch, label)
    if any(module.training for module in model.modules()):
        return TRAINING_LEFT
    if [parameter.requires_grad for parameter in model.parameters()] != learning:
        return FROZEN_BEHIND
    if model.bert.embeddings.word_embeddings._forward_hooks:
        return HOOK_LEFT
    if any(parameter.grad is not None for parameter in model.parameters()):
        return LEFT_BEHIND
    if any(not torch.equal(before[name], tensor) for name, tensor in model.state_dict().items()):
        return Finding("Your code changes the model's weights, which it should only look at.")
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    thing(model, batch, label)
    if any(parameter.grad is None or not (parameter.grad == 1).all() for parameter in model.parameters()):
        return WIPED
    return None


def looks_in_eval_mode(thing) -> Finding | None:
    once, again = thing(*judged(HALF, label=3)), thing(*judged(HALF, label=3))
    return None if torch.equal(once, again) else WHILE_TRAINING


def explains_the_real_model(thing) -> Finding | str:
    encoder, _ = real_model()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BertForSequenceClassification(encoder.config, 2).eval()
    model.bert = encoder
    given, wanted = thing(model, real_batch(), 1, 0), gradient_times_input(model, real_batch(), 1, 0)
    if not (given - wanted).abs().max() < TOLERANCE:
        return Finding("By itself your function agrees; on the real weights its numbers differ from the course's.")
    return "On the real BERT: the same contributions as the course's, on 4 sentences with padding."


def product_of_norms(gradient, vectors):
    return gradient.norm(dim=-1) * vectors.norm(dim=-1)


ATTRIBUTION_MISTAKES = (
    Mistake("gradient only", "Your numbers are all 0, or would be but for rounding. That is what comes of adding up the gradient "
            "alone: a LayerNorm follows, and it does not care if all columns grow alike. Multiply by the word's vector first.",
            made(lambda g, v: g.sum(dim=-1))),
    Mistake("length of the gradient", "You take the gradient's length, which says how sensitive the score is, but not in which "
            "direction: multiply by the vector and add up over D.", made(lambda g, v: g.norm(dim=-1))),
    Mistake("vectors only", "You add up the word vectors: the gradient is missing.", made(lambda g, v: v.sum(dim=-1))),
    Mistake("absolute value", "Your contributions are all positive: a word can speak against a label too, so keep the sign.",
            made(lambda g, v: (g * v).sum(dim=-1).abs())),
    Mistake("absolute value of each column", "You take absolute values before you add up: what speaks for and what speaks "
            "against must be able to cancel out.", made(lambda g, v: (g * v).abs().sum(dim=-1))),
    Mistake("product of lengths", "You multiply the two lengths, which loses whether they point the same way: multiply column by "
            "column, then add up.", made(product_of_norms)),
    Mistake("summed over the tokens", "You add up over the tokens and keep D: the other way round, since a number for each token "
            "is wanted, (B, T).", made(lambda g, v: (g * v).sum(dim=1))),
    Mistake("not summed", "You give D numbers for each token: add them up.", made(lambda g, v: g * v)),
    Mistake("mean", "You take the mean over D: the sum is wanted, so that the contributions are in units of the score.",
            made(lambda g, v: (g * v).mean(dim=-1))),
    Mistake("opposite sign", "Your signs are the wrong way round: what raises the score counts as positive.",
            made(lambda g, v: -(g * v).sum(dim=-1))),
    Mistake("shares of the whole", "You divide by the sum over the text: give the contributions themselves, in units of the "
            "score.", made(lambda g, v: (g * v).sum(dim=-1) / (g * v).sum(dim=(1, 2))[:, None])),
    Mistake("of the loss", "You take the gradient of the loss, which shrinks where the model is sure: take that of the score.",
            made(explain=lambda label, against: lambda scores: F.cross_entropy(
                scores, torch.full((len(scores),), label), reduction="none"))),
    Mistake("of the log-probability", "You take the gradient of the log-probability: take that of the score, which stands before "
            "the softmax.", made(explain=lambda label, against: lambda scores: scores.log_softmax(dim=-1)[:, label])),
    Mistake("of the probability", "You take the gradient of the probability, which vanishes where the model is sure: take that of "
            "the score, which stands before the softmax.",
            made(explain=lambda label, against: lambda scores: scores.softmax(dim=-1)[:, label])),
    Mistake("mean over the texts", "Your numbers are too small by the number of texts: add up the texts' scores, and do not take "
            "their mean. No text has a part in another's score.",
            made(explain=lambda label, against: lambda scores: score(label, against)(scores) / len(scores))),
    Mistake("first text only", "Only the first text has contributions: add up the label's score over all texts.",
            made(explain=lambda label, against: lambda scores: score(label, against)(scores[:1]))),
    Mistake("chosen label", "You explain the label with the highest score: explain the one that is given.", chosen_label),
    Mistake("first label", "You explain label 0 whatever is given: use the argument.", made(explain=lambda *_: lambda s: s[:, 0])),
    Mistake("all labels", "You add up the scores of all labels: explain the one that is given.",
            made(explain=lambda *_: lambda scores: scores.sum(dim=-1))),
    Mistake("label 0 taken for none", "With `against=0` you explain the score alone: 0 is a label too, so ask `is None`.",
            made(explain=lambda label, against: score(label, against or None))),
    Mistake("other label ignored", "You explain the score alone where a label to compare with is given: then the difference of "
            "the two scores is wanted.", made(explain=lambda label, against: lambda scores: scores[:, label])),
    Mistake("labels added", "You add the score of the label to compare with: take it off.",
            made(explain=lambda label, against: lambda s: s[:, label] + (0 if against is None else s[:, against]))),
    Mistake("rest of the batch left out", "Padding changes your numbers, and has contributions of its own: give the model all of "
            "the batch, `model(**batch)`.", mask_left_out),
    Mistake("at the sum of the three tables", "You look at what the embeddings give, in which position and segment and LayerNorm "
            "have a part: catch the output of `word_embeddings`.", made(part="embeddings")),
    Mistake("at the positions", "You catch the vectors of the positions: those of the words are wanted.",
            made(lambda g, v: (g * v).sum(dim=-1).expand(2, -1) if len(g) == 1 else (g * v).sum(dim=-1),
                 part="position_embeddings")),
    Mistake("labels 1 and 0", "You explain label 1 against label 0 whatever is given: use the arguments.",
            made(explain=lambda *_: lambda scores: scores[:, 1] - scores[:, 0])),
    Mistake("row for column", "The scores are (B, L): `scores[label]` is a text's row. The label's column is `scores[:, label]`.",
            made(explain=lambda label, against: lambda s: s[label] - (0 if against is None else s[against]))),
    Mistake("at the table", "You take the gradient of the whole table, in which all places with the same word are added up, in all "
            "texts: catch what `word_embeddings` gives out, where each place has its own.", at_the_table),
    Mistake(LEFT_BEHIND.mistake, LEFT_BEHIND.message, left_behind),
    Mistake(WIPED.mistake, WIPED.message, gradients_wiped),
    Mistake(FROZEN_BEHIND.mistake, FROZEN_BEHIND.message, rest_frozen),
    Mistake(TRAINING_LEFT.mistake, TRAINING_LEFT.message, set_to_training),
    Mistake(WHILE_TRAINING.mistake, WHILE_TRAINING.message, while_training),
    Mistake(HOOK_LEFT.mistake, HOOK_LEFT.message, hook_left),
)


EXERCISES = (
    Exercise(
        reference=BertForSequenceClassification,
        notebook=NOTEBOOK,
        cases=(
            Case("two texts without padding", lambda: (TWO_TEXTS[:, :3],), (SMALL, LABELS)),
            Case("padding in both texts", lambda: (TWO_TEXTS, MARKS), (SMALL, LABELS)),
            Case("pairs of texts", lambda: (TWO_TEXTS, MARKS, SEGMENTS), (SMALL, LABELS)),
            Case("dropout set, but no training", lambda: (TWO_TEXTS, MARKS), (HALF, LABELS)),
            Case("three labels", lambda: (TWO_TEXTS, MARKS, SEGMENTS), (SMALL, 3)),
        ),
        mistakes=(*HEAD_MISTAKES,),
        hints=(
            "Four parts in `__init__`: `self.bert`, `self.dropout`, `self.classifier`, and what it was made of: `self.config` "
            "and `self.num_labels`.",
            "`self.bert(input_ids, attention_mask, token_type_ids)` gives two things. The second is (B, D).",
            "`self.classifier = nn.Linear(config.hidden_size, num_labels)`; in `forward`, dropout over the pooled vector, then "
            "the classifier.",
        ),
        probes=(keeps_what_it_is_made_of, drops_before_it_scores, trains_the_encoder, begins_as_bert_does),
        drop_in=on_real_weights,
    ),
    Exercise(
        reference=decay_groups,
        notebook=NOTEBOOK,
        cases=(),
        mistakes=DECAY_MISTAKES,
        hints=(
            "`model.named_parameters()` gives every parameter with its name. Leave out those whose `requires_grad` is false.",
            "In BERT two rules find the ones to spare: the name ends in `bias`, or it holds `LayerNorm`.",
            "`[{\"params\": pulled, \"weight_decay\": weight_decay}, {\"params\": spared, \"weight_decay\": 0.0}]`.",
        ),
        probes=(looked_at(decay_groups, decays, DECAY_SETTINGS, DECAY_MISTAKES),),
    ),
    Exercise(
        reference=learning_rate_at,
        notebook=NOTEBOOK,
        cases=(),
        mistakes=RATE_MISTAKES,
        hints=(
            "`rising = warmup * steps` steps rise. Is this step, `step + 1` when it is done, one of them?",
            "While it rises: peak · (step + 1) / rising.",
            "While it falls: peak · (steps − step) / (steps − ⌊rising⌋), with `math.floor`.",
        ),
        probes=(looked_at(learning_rate_at, rates, RATE_SETTINGS, RATE_MISTAKES),),
    ),
    Exercise(
        reference=gradient_times_input,
        notebook=NOTEBOOK,
        cases=(
            Case("two texts with padding", lambda: judged(label=3)),
            Case("one label against another", lambda: judged(label=3, against=1)),
            Case("one label against label 0", lambda: judged(label=4, against=0)),
        ),
        mistakes=ATTRIBUTION_MISTAKES,
        hints=(
            "Catch the word vectors with a hook: `model.bert.embeddings.word_embeddings.register_forward_hook(…)`. The hook is "
            "given module, arguments and output.",
            "`scores = model(**batch)`, take the column (or the difference of two), `.sum()` over the texts, and ask "
            "`torch.autograd.grad(that, vectors)`, which gives a tuple of one.",
            "`(gradient * vectors).sum(dim=-1)`, after `hook.remove()`, and with `.detach()`.",
        ),
        probes=(looks_in_eval_mode, leaves_the_model_alone),
        drop_in=explains_the_real_model,
    ),
)

QUIZ = (
    Question(
        "The first loss of your model with two labels is 3.1. What now?",
        (
            Option("Train on: it will come down", False,
                   "It may. But before any training a model with two labels should be near ln 2 ≈ 0.69. Something is amiss, and "
                   "training may hide it rather than mend it."),
            Option("Stop and look: it should begin near 0.69", True,
                   "New weights that are small give both labels about one half, and −log ½ is 0.69. Perhaps the head begins with "
                   "large weights, or the losses of a batch are added up where their mean is wanted."),
            Option("Lower the learning rate", False,
                   "No step has been made yet, so the learning rate has had no part in it."),
        ),
    ),
    Question(
        "You have 150 labelled sentences and a pretrained encoder. What do you try first?",
        (
            Option("Train a small BERT from nothing, since there is little to learn from", False,
                   "That is what needs most sentences of all: it must learn the language from 150 of them, too."),
            Option("Keep the encoder as it is, and learn a few hundred weights on top of its vectors", True,
                   "It takes seconds, and with few sentences it goes a long way, as the curve shows. Then fine-tune, with enough "
                   "steps, and see on sentences set aside whether that does better."),
            Option("Fine-tune for one pass, as was done with all the reviews", False,
                   "One pass over 150 sentences is five steps: the head has hardly begun by then."),
        ),
    ),
    Question(
        "Of 100 answers of which your model says that it is 95 % sure, 80 are right. What does that tell?",
        (
            Option("Its accuracy is 80 %", False,
                   "Of those 100. The others may be better or worse; the accuracy counts all of them."),
            Option("It is too sure: badly calibrated, whatever its accuracy", True,
                   "Being right and knowing when one is right are two things. Shrinking all its scores alike would change no "
                   "answer, and so no accuracy, and could still mend this."),
            Option("Nothing: the probabilities of a network mean nothing", False,
                   "They can be put to the test, as you have done: collect the answers that claim 95 %, and count."),
        ),
    ),
    Question(
        "You tried five learning rates and want to say how good your model is. On which sentences do you choose among the "
        "five?",
        (
            Option("On the test sentences, for these are the ones that count", False,
                   "Then the best of five looks better than it is: you have fitted one number to the test. What you report "
                   "must be measured on texts that had no part in any choice."),
            Option("On sentences that were set aside for choosing", True,
                   "Learn on one part, choose on another, report on a third. It is the third that tells what strangers' "
                   "sentences will bring."),
            Option("On the training sentences, for there are most of them", False,
                   "There the winner is whoever learns best by heart."),
        ),
    ),
    Question(
        "A model has an accuracy of 84 % on 1,000 sentences, another 85 %. Is the second better?",
        (
            Option("Yes: one in a hundred more", False,
                   "Draw another 1,000 sentences and each figure moves by about one in a hundred up or down. And another seed "
                   "for training moves it again."),
            Option("One cannot say from this alone", True,
                   "The difference is about as large as the luck of the draw. Compare them sentence by sentence, where only "
                   "those count on which they differ, and over several seeds."),
            Option("No: a difference in the second digit never counts", False,
                   "On 100,000 sentences it would."),
        ),
    ),
    Question(
        "Gradient × input gives the word “not” a contribution of +0.8 to praise. What does that say?",
        (
            Option("That without “not” the score of praise would be lower by just 0.8", False,
                   "Only if the model were a straight line from here to where “not” is gone. It is not: take the word out and "
                   "look."),
            Option("That to shrink the vector of “not” by a hundredth would lower the score by about 0.008", True,
                   "It is the slope right here. It points to words worth a closer look; whether they decide it, taking them "
                   "out will tell."),
            Option("That “not” is a positive word", False,
                   "The number belongs to this one place in this one sentence, where “not” may stand before “bad”."),
        ),
    ),
)
