# %% BertForSequenceClassification | initialized before the head is there
# style: beginner
# at: self.apply(self.bert.initialize)
# kind: order, definition
# known: not initialised
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.apply(self.bert.initialize)
        self.classifier = nn.Linear(config.hidden_size, num_labels)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        output = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return self.classifier(self.dropout(output[1]))


# %% BertForSequenceClassification | the dropout of attention
# style: autocompletion
# at: self.dropout = nn.Dropout(p=config.attention_probs_dropout_prob)
# kind: name, definition, argument
# known: another dropout rate
import torch.nn as nn

import bert_parts


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config, self.num_labels = config, num_labels
        self.bert = bert_parts.BertModel(config)
        self.dropout = nn.Dropout(p=config.attention_probs_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        _, summary = self.bert(input_ids, attention_mask, token_type_ids)
        summary = self.dropout(summary)
        logits = self.classifier(summary)
        return logits


# %% BertForSequenceClassification | a single label loses its dimension
# style: regression in mind
# at: return logits.squeeze(-1) if self.num_labels == 1 else logits
# kind: shape, extra, condition, return
# known: dimension squeezed away
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        pooled = self.bert(input_ids, attention_mask, token_type_ids)[1]
        logits = self.classifier(self.dropout(pooled))
        return logits.squeeze(-1) if self.num_labels == 1 else logits


# %% BertForSequenceClassification | segments and mask in the other order
# style: old Hugging Face
# at: hidden, cls = self.bert(input_ids, token_type_ids, attention_mask)
# kind: argument, order
# known: mask and segments exchanged
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.num_labels = num_labels
        self.config = config
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, self.num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, cls = self.bert(input_ids, token_type_ids, attention_mask)
        return self.classifier(self.dropout(cls))


# %% BertForSequenceClassification | double: drops outside of training too, and forgets the segments
# known: random in evaluation
# style: functional
# at: pooled = F.dropout(pooled, self.dropout.p)
# known: segments not handed on
# kind: argument, state, missing, operator
# at2: _, pooled = self.bert(input_ids, attention_mask)
# kind2: argument, missing
from torch import nn
from torch.nn import functional as F

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        _, pooled = self.bert(input_ids, attention_mask)
        pooled = F.dropout(pooled, self.dropout.p)
        return self.classifier(pooled)


# %% decay_groups | each parameter comes again with every module around it
# at: for module in model.modules():
# style: walks the modules
# at: for name, param in module.named_parameters():
# kind: argument, extra, missing, name
from torch import nn


def decay_groups(model, weight_decay):
    yes, no = [], []
    for module in model.modules():
        for name, param in module.named_parameters():
            if not param.requires_grad:
                continue
            if name.endswith("bias") or "LayerNorm" in name or isinstance(module, nn.LayerNorm):
                no.append(param)
            else:
                yes.append(param)
    return [{"params": yes, "weight_decay": weight_decay}, {"params": no, "weight_decay": 0.0}]


# %% decay_groups | parameters outside of Linear, Embedding and LayerNorm are lost
# style: a case for each kind of module
# at: elif isinstance(m, (nn.Linear, nn.Embedding)):
# kind: condition, missing
from torch import nn


def decay_groups(model, weight_decay):
    decayed, free = [], []
    for m in model.modules():
        if isinstance(m, nn.LayerNorm):
            free.extend(m.parameters())
        elif isinstance(m, (nn.Linear, nn.Embedding)):
            decayed.append(m.weight)
            if getattr(m, "bias", None) is not None:
                free.append(m.bias)
    unique = lambda ps: list({id(p): p for p in ps if p.requires_grad}.values())
    return [{"params": unique(decayed), "weight_decay": weight_decay},
            {"params": unique(free), "weight_decay": 0.0}]


# %% decay_groups | looks for "bias" at the beginning of the name
# style: string handling
# at: if parts[0] == "bias" or "LayerNorm" in parts:
# kind: number, condition
# known: biases decay
def decay_groups(model, weight_decay):
    groups = {True: [], False: []}
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        parts = name.split(".")
        if parts[0] == "bias" or "LayerNorm" in parts:
            groups[False].append(p)
        else:
            groups[True].append(p)
    return [
        {"params": groups[True], "weight_decay": weight_decay},
        {"params": groups[False], "weight_decay": 0.0},
    ]


# %% decay_groups | spares only the biases of LayerNorms
# style: comprehensions
# at: matrices = [p for n, p in named if not n.endswith("bias") or "LayerNorm" not in n]
# at: others = [p for n, p in named if n.endswith("bias") and "LayerNorm" in n]
# kind: condition, operator
# known: both asked for
def decay_groups(model, weight_decay):
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    matrices = [p for n, p in named if not n.endswith("bias") or "LayerNorm" not in n]
    others = [p for n, p in named if n.endswith("bias") and "LayerNorm" in n]
    return [dict(params=matrices, weight_decay=weight_decay), dict(params=others, weight_decay=0.0)]


# %% decay_groups | double: spares embeddings too, and keeps the frozen ones
# style: sets
# at: spare_types = (nn.LayerNorm, nn.Embedding)
# kind: extra, condition, name
# at2: for name, p in model.named_parameters():
# at2: if id(p) in spared_ids or name.endswith("bias"):
# kind2: missing, condition
# known: tables spared; frozen ones included
from torch import nn


def decay_groups(model, weight_decay):
    spare_types = (nn.LayerNorm, nn.Embedding)
    spared_ids = {id(p) for m in model.modules() if isinstance(m, spare_types) for p in m.parameters()}
    with_decay, without = [], []
    for name, p in model.named_parameters():
        if id(p) in spared_ids or name.endswith("bias"):
            without.append(p)
        else:
            with_decay.append(p)
    return [{"params": without, "weight_decay": 0.0}, {"params": with_decay, "weight_decay": weight_decay}]


# %% learning_rate_at | interpolates to 0 at the last step
# style: NumPy thinker
# at: knots = [0, ramp, steps]
# at: return float(np.interp(step + 1, knots, [0.0, peak, 0.0]))
# kind: number
# known: ends at 0; above the peak
import numpy as np


def learning_rate_at(step, steps, peak, warmup):
    ramp = warmup * steps
    if step + 1 <= ramp:
        return peak * (step + 1) / ramp
    knots = [0, ramp, steps]
    return float(np.interp(step + 1, knots, [0.0, peak, 0.0]))


# %% learning_rate_at | rounds the warm-up down before it rises
# style: hasty
# at: r = int(warmup * steps)
# at: return peak * done / r
# kind: type, operator, extra, order, number
# known: rise cut to whole steps
def learning_rate_at(step, steps, peak, warmup):
    r = int(warmup * steps)
    done = step + 1
    if done <= r:
        return peak * done / r
    return peak * (steps - step) / (steps - r)


# %% learning_rate_at | takes warmup for a number of steps
# style: misread the text
# at: warm_steps = warmup
# kind: scale, missing, name
# known: no warm-up
import math


def learning_rate_at(step, steps, peak, warmup):
    warm_steps = warmup
    position = step + 1
    if position <= warm_steps:
        factor = position / warm_steps
    else:
        factor = (steps - step) / (steps - math.floor(warm_steps))
    return peak * factor


# %% learning_rate_at | falls along a cosine
# style: read another paper
# at: return peak * 0.5 * (1 + math.cos(math.pi * gone))
# kind: operator
# known: cosine
import math


def learning_rate_at(step, steps, peak, warmup):
    rise = warmup * steps
    if step + 1 <= rise:
        return peak * (step + 1) / rise
    floor = math.floor(rise)
    gone = (step - floor) / (steps - floor)
    return peak * 0.5 * (1 + math.cos(math.pi * gone))


# %% learning_rate_at | double: rises a step longer if the warm-up is no whole number, and rounds up for the fall
# style: helpers
# at: return up(step, r, peak) if step < r else down(step, steps, r, peak)
# known: above the peak
# kind: condition, number
# at2: return peak * (steps - step) / (steps - math.ceil(r))
# kind2: operator, number
import math


def up(step, r, peak):
    return peak * (step + 1) / r


def down(step, steps, r, peak):
    return peak * (steps - step) / (steps - math.ceil(r))


def learning_rate_at(step, steps, peak, warmup):
    r = steps * warmup
    return up(step, r, peak) if step < r else down(step, steps, r, peak)


# %% gradient_times_input | the gradient of the table, which adds up all places of a word
# style: no hooks, please
# at: (slope,) = torch.autograd.grad(target.sum(), table)
# at: contribution = slope[ids] * table[ids]
# kind: name, argument, operator
# known: at the table
import torch


def gradient_times_input(model, batch, label, against=None):
    ids = batch["input_ids"]
    table = model.bert.embeddings.word_embeddings.weight
    scores = model(**batch)
    target = scores[:, label]
    if against is not None:
        target = target - scores[:, against]
    (slope,) = torch.autograd.grad(target.sum(), table)
    contribution = slope[ids] * table[ids]
    return contribution.sum(-1).detach()


# %% gradient_times_input | goes back through all parameters and wipes their gradients
# style: as in a training loop
# at: (score.sum()).backward()
# at: model.zero_grad()
# kind: state, operator, extra, gradient
# known: gradients wiped
import torch


def gradient_times_input(model, batch, label, against=None):
    kept = {}

    def keep(module, args, out):
        out.retain_grad()
        kept["x"] = out

    handle = model.bert.embeddings.word_embeddings.register_forward_hook(keep)
    logits = model(**batch)
    handle.remove()
    score = logits[:, label] if against is None else logits[:, label] - logits[:, against]
    (score.sum()).backward()
    x = kept["x"]
    result = (x.grad * x.detach()).sum(dim=-1)
    model.zero_grad()
    return result


# %% gradient_times_input | the mean over the texts, so each part is smaller
# style: einsum
# at: grads = torch.autograd.grad(objective.mean(), inputs[0])[0]
# kind: operator, scale
# known: mean over the texts
import torch


def gradient_times_input(model, batch, label, against=None):
    inputs = []
    layer = model.bert.embeddings.word_embeddings
    hook = layer.register_forward_hook(lambda m, a, o: inputs.append(o))
    logits = model(**batch)
    hook.remove()
    objective = logits[..., label]
    if against is not None:
        objective = objective - logits[..., against]
    grads = torch.autograd.grad(objective.mean(), inputs[0])[0]
    return torch.einsum("btd,btd->bt", grads, inputs[0].detach())


# %% gradient_times_input | explains the probability, not the score
# style: careful
# at: scores = model(**batch).softmax(dim=-1)
# kind: extra, operator
# known: of the probability
import torch


def gradient_times_input(model, batch, label, against=None):
    seen = []

    def catch(_module, _given, output):
        leaf = output.detach().clone().requires_grad_(True)
        seen.append(leaf)
        return leaf

    hook = model.bert.embeddings.word_embeddings.register_forward_hook(catch)
    try:
        scores = model(**batch).softmax(dim=-1)
    finally:
        hook.remove()
    wanted = scores[:, label]
    if against is not None:
        wanted = wanted - scores[:, against]
    gradient, = torch.autograd.grad(wanted.sum(), seen[0])
    return torch.sum(gradient * seen[0], dim=2).detach()


# %% gradient_times_input | double: label 0 counts as none to compare with, and the mean over D
# style: hasty
# at: if against:
# kind: condition
# at2: return (g * v).mean(-1).detach()
# kind2: operator, scale
# known: label 0 taken for none
# kind: name
# known: mean
import torch


def gradient_times_input(model, batch, label, against=None):
    box = []
    h = model.bert.embeddings.word_embeddings.register_forward_hook(lambda *a: box.append(a[-1]))
    s = model(**batch)
    h.remove()
    y = s[:, label]
    if against:
        y = y - s[:, against]
    v = box[0]
    g = torch.autograd.grad(y.sum(), v)[0]
    return (g * v).mean(-1).detach()
