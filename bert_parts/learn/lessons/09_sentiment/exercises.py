"""Notebook 09: a head for labels, how fine-tuning goes about its steps, and which words moved the decision."""

import math
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from bert_parts.attribution import gradient_times_input
from bert_parts.config import BertConfig
from bert_parts.heads import BertForMaskedLM, BertForSequenceClassification
from bert_parts.learn.exercise import Case, Exercise, Finding, Misfit, made_once, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model
from bert_parts.training import decay_groups, learning_rate_at

HERE = Path(__file__).parent
TITLE = "Sentiment: fine-tuning, measured"
BUILDS = "a head for labels, fine-tuning and its learning rate, which words moved the decision"
PAPER = "[Devlin et al. 2019](https://arxiv.org/abs/1810.04805), 4.1, A.3"

SMALL = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
                   max_position_embeddings=9)
STILL = replace(SMALL, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)     # the same in training
HALF = replace(SMALL, hidden_size=64, hidden_dropout_prob=0.5)
DROPS = [replace(SMALL, hidden_dropout_prob=rate, attention_probs_dropout_prob=0.9) for rate in (0.3, 0.0)]
LABELS = 5
TWO_TEXTS = torch.tensor([[3, 7, 12, 19, 4, 2, 0], [3, 9, 2, 0, 0, 0, 0]])
MARKS = torch.tensor([[1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0, 0]])
SEGMENTS = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 0, 0, 0, 0]])
PAD_INSIDE = TWO_TEXTS.roll(-2, dims=1)     # where it ends no text, so that BertModel takes it for a word without a warning
THREE_TEXTS = torch.tensor([[3, 7], [3, 9], [3, 12]])


FROZEN = Finding("Your scores are right, but no gradient reaches the encoder: `no_grad` or `detach` stands on the way, or its "
                 "parameters are frozen. That trains the new head alone.", "encoder frozen")
IN_PLACE = Finding("In training `backward()` raises an error: your dropout changes the pooled vector in place, and tanh needs it "
                   "as it was for its gradient. Leave out `inplace`.", "dropout in place")
ZERO_BEGINS = Finding("Your new classifier begins at 0: end `__init__` with `self.apply(self.bert.initialize)`, which draws all "
                      "new weights alike, small but not 0.", "begins at 0")
TORCH_BEGINS = Finding("Your new classifier begins with other weights than BERT's parts do: `self.apply(self.bert.initialize)` "
                       "draws all of them alike. It comes last in `__init__`, when the classifier is there.", "not initialised")
BIASED = Finding("The biases of your new classifier do not begin at 0, as all biases of BERT do: leave them as "
                 "`self.apply(self.bert.initialize)` makes them.", "biases not 0")


def trains_the_encoder(thing) -> Finding | None:
    model = thing(SMALL, LABELS).train()
    try:
        model(TWO_TEXTS, MARKS).pow(2).sum().backward()
    except RuntimeError as error:
        return IN_PLACE if "inplace" in str(error) else FROZEN
    return FROZEN if any(parameter.grad is None for parameter in model.bert.parameters()) else None


def begins_as_bert_does(thing) -> Finding | None:
    torch.manual_seed(0)
    classifier = thing(HALF, 50).classifier
    if not classifier.weight.any():
        return ZERO_BEGINS
    if not 0.5 < classifier.weight.std() / HALF.initializer_range < 1.5:
        return TORCH_BEGINS
    return BIASED if classifier.bias.any() else None


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


class Odd(nn.Module):
    """A matrix with "bias" in its name."""

    def __init__(self):
        super().__init__()
        self.part = nn.ModuleDict({"unbiased": nn.Linear(3, 2), "LayerNorm": nn.LayerNorm(2)})


def partly_frozen() -> nn.Module:
    """The new head, the pooler and the last two of three layers learn, the rest does not."""
    model = BertForSequenceClassification(replace(SMALL, num_hidden_layers=3), LABELS)
    for parameter in (*model.bert.embeddings.parameters(), *model.bert.encoder.layer[0].parameters()):
        parameter.requires_grad = False
    return model


def pulls(groups, model: nn.Module, weight_decay: float) -> dict[str, str]:
    """How strongly AdamW pulls at each parameter. Groups may come in any order, and parameters too (see keeps_an_order)."""
    if groups is None:
        return None
    if not (isinstance(groups, (list, tuple)) and all(isinstance(group, dict) and "params" in group for group in groups)):
        raise Misfit('A list of dictionaries is expected, each with "params" and "weight_decay", as AdamW takes them.')
    if not all(isinstance(group["params"], (list, tuple)) for group in groups):
        raise Misfit('Under "params" a list is expected: what comes out of `map`, `filter` or a generator can be read only once.')
    names = {id(parameter): name + ("" if parameter.requires_grad else ", which does not learn")
             for name, parameter in model.named_parameters()}
    found = {}
    for group in groups:
        for each in group["params"]:
            if id(each) not in names:
                raise Misfit(f'Under "params" there is a `{type(each).__name__}` that is no parameter of the model: parameters '
                             "themselves are wanted, not their names or copies.")
            found.setdefault(names[id(each)], []).append(f"{group['weight_decay']:g}" if "weight_decay" in group else "AdamW's own")
    return {name: " and ".join(found[name]) for name in sorted(found)} | {"number of groups": str(len(groups))}


ORDER_OF_CHANCE = Finding("Your groups are the right ones, but in which order their parameters stand is left to chance, as in a "
                          "set. AdamW keeps what it knows of a parameter by its place, so a training that goes on after a break "
                          "would take one for another: gather them in a list, in the order of `named_parameters`.",
                          "order of chance")


def keeps_an_order(thing) -> Finding | None:
    """Two models of the same parts, made in another order and named otherwise, get their parameters in the same order."""
    parts = [nn.Linear(2, 2) for _ in range(40)]
    one, other = (nn.ModuleDict({f"{place:02}{letter}": part for place, part in enumerate(some)})
                  for letter, some in (("a", parts[:20]), ("b", parts[:19:-1])))
    return None if order_in(thing(one, 0.3), one) == order_in(thing(other, 0.3), other) else ORDER_OF_CHANCE


def order_in(groups: list[dict], model: nn.Module) -> list[list[int]]:
    """At which places in the model the parameters of each group stand."""
    places = {id(parameter): place for place, parameter in enumerate(model.parameters())}
    return [[places[id(parameter)] for parameter in group["params"]] for group in groups]


def rate_cases(steps: int, peak: float, warmup: float) -> tuple[Case, ...]:
    """Steps at both ends, around the peak, and on the way down."""
    top = math.floor(warmup * steps)
    return tuple(Case(f"step {step} of {steps}, with a peak of {peak:g} and a warmup of {warmup:g}",
                      lambda step=step: (step, steps, peak, warmup))
                 for step in sorted({0, 1, top - 1, top, top + 1, (top + 2 * steps) // 3, steps - 1} & set(range(steps))))


@made_once
def a_judge(config: BertConfig) -> BertForSequenceClassification:
    model = with_hard_weights(BertForSequenceClassification(config, LABELS)).eval()
    with torch.no_grad():
        model.classifier.weight *= 10     # for contributions that can be told from 0
        model.classifier.bias[2] += 2     # the favourite is a label that nothing is asked about
    return model


def judged(config: BertConfig = STILL, **more: int) -> tuple:
    """A model, a padded batch and labels to explain."""
    batch = {"input_ids": TWO_TEXTS.clone(), "attention_mask": MARKS.clone(), "token_type_ids": SEGMENTS.clone()}
    return (a_judge(config), batch, *more.values())


LEFT_BEHIND = Finding("Your numbers are right, but the model's parameters now hold gradients, which the next training step would "
                      "add to its own: `torch.autograd.grad(score, vectors)` gives the gradient and leaves nothing behind.",
                      "gradients left behind")
WIPED = Finding("Your numbers are right, but gradients that were in the parameters before are gone: `backward` adds its own, and "
                "`zero_grad` throws all away. `torch.autograd.grad(score, vectors)` touches none.", "gradients wiped")
FROZEN_BEHIND = Finding("Your numbers are right, but you leave parameters behind whose `requires_grad` is not what it was, and "
                        "the next training would be another one: catch the vectors, and leave the parameters alone.", "rest frozen")
TRAINING_LEFT = Finding("Your numbers are right, but you leave the model in training mode, where dropout would be at work: it "
                        "was given in eval mode, so leave it there.", "set to training")
WHILE_TRAINING = Finding("You look at the model in training mode, so that dropout makes other numbers each time: it is given in "
                         "eval mode, and what comes of that is to be explained. Take `model.train()` out.", "while training")
HOOK_LEFT = Finding("Your numbers are right, but your hook stays on the model and would run in every forward from now on: call "
                    "`hook.remove()`, best in a `finally`.", "hook left behind")
OTHERS_REMOVED = Finding("Your numbers are right, but a hook that somebody else had hung on the table of words is gone: remove "
                         "your own only, by its handle.", "others' hooks removed")


def looks_in_eval_mode(thing) -> Finding | None:
    once, again = thing(*judged(HALF, label=3)), thing(*judged(HALF, label=3))
    return None if torch.equal(once, again) else WHILE_TRAINING


def leaves_the_model_alone(thing) -> Finding | None:
    model, batch, label = judged(label=3)
    table = model.bert.embeddings.word_embeddings
    table.register_forward_hook(lambda module, given, output: None)     # somebody else's
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    learning = [parameter.requires_grad for parameter in model.parameters()]
    thing(model, batch, label)
    if any(module.training for module in model.modules()):
        return TRAINING_LEFT
    if [parameter.requires_grad for parameter in model.parameters()] != learning:
        return FROZEN_BEHIND
    if len(table._forward_hooks) != 1:
        return HOOK_LEFT if table._forward_hooks else OTHERS_REMOVED
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


EXERCISES = (
    Exercise(lesson=HERE, reference=BertForSequenceClassification, probes=(trains_the_encoder, begins_as_bert_does),
             drop_in=on_real_weights, cases=(
        Case("two texts without padding", lambda: (TWO_TEXTS[:, :3].clone(),), (SMALL, LABELS)),
        Case("padding in both texts", lambda: (TWO_TEXTS.clone(), MARKS.clone()), (SMALL, LABELS)),
        Case("no mask, and [PAD] in the text", lambda: (PAD_INSIDE.clone(),), (SMALL, LABELS)),
        Case("pairs of texts, and a dropout rate of 0.5, but no training",
             lambda: (TWO_TEXTS.clone(), MARKS.clone(), SEGMENTS.clone()), (HALF, 3)),
        Case("a single label", lambda: (TWO_TEXTS.clone(), MARKS.clone()), (SMALL, 1)),
        *(Case(f"in training, with a dropout rate of {config.hidden_dropout_prob:g} and the encoder at rest",
               lambda: (THREE_TEXTS.clone(),), (config, LABELS), training=True, still=("bert",)) for config in DROPS),
    )),
    Exercise(lesson=HERE, reference=decay_groups, seen=pulls, probes=(keeps_an_order,), cases=(
        Case("a BERT with five labels, weight_decay 0.3", lambda: (BertForSequenceClassification(SMALL, LABELS), 0.3)),
        Case("a BERT of three layers, the embeddings and the first layer frozen", lambda: (partly_frozen(), 0.3)),
        Case("a model with a matrix `part.unbiased.weight`, weight_decay 0.02", lambda: (Odd(), 0.02)),
        Case("a BERT that fills masks, whose scores have a bias of their own", lambda: (BertForMaskedLM(SMALL), 0.3)),
        Case("weight_decay 0", lambda: (Odd(), 0.0)),
    )),
    Exercise(lesson=HERE, reference=learning_rate_at, tolerance=1e-9, cases=(
        *rate_cases(20, 2e-3, 0.3),
        *rate_cases(50, 1e-4, 0.2),
        *rate_cases(25, 2e-3, 0.3),
        *rate_cases(10, 1e-3, 0.0),
        *rate_cases(10, 1e-3, 1.0),
    )),
    Exercise(lesson=HERE, reference=gradient_times_input, probes=(looks_in_eval_mode, leaves_the_model_alone),
             drop_in=explains_the_real_model, cases=(
        Case("two texts with padding", lambda: judged(label=3)),
        Case("one label against another", lambda: judged(label=3, against=1)),
        Case("one label against label 0", lambda: judged(label=4, against=0)),
    )),
)
