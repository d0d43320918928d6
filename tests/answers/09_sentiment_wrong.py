# %% BertForSequenceClassification | reads the hidden vector of [CLS], past the pooler
# style: one who knows other models
# at: return self.classifier(self.dropout(hidden[:, 0]))
# kind: name, number
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
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(hidden[:, 0]))


# %% BertForSequenceClassification | dropout acts on the scores, and not before the head
# style: from Keras
# at: logits = self.classifier(pooled_output)
# at: logits = self.dropout(logits)
# kind: order
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config, self.num_labels = config, num_labels
        self.bert = BertModel(config)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        pooled_output = self.bert(input_ids, attention_mask, token_type_ids)[1]
        logits = self.classifier(pooled_output)
        logits = self.dropout(logits)
        return logits


# %% BertForSequenceClassification | the new weights are drawn before the head is there
# style: careful beginner
# at: self.apply(self.bert.initialize)
# at: self.classifier = nn.Linear(config.hidden_size, num_labels)
# kind: order
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        # keep the settings
        self.config = config
        self.num_labels = num_labels
        # the model
        self.bert = BertModel(config)
        self.apply(self.bert.initialize)
        # the head
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        pooled = self.dropout(pooled)
        return self.classifier(pooled)


# %% BertForSequenceClassification | dropout and head in one Sequential, so that the names are others
# style: nn.Sequential
# at: self.classifier = nn.Sequential(nn.Dropout(config.hidden_dropout_prob), nn.Linear(config.hidden_size, num_labels))
# kind: definition, name
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config, self.num_labels = config, num_labels
        self.bert = BertModel(config)
        self.classifier = nn.Sequential(nn.Dropout(config.hidden_dropout_prob), nn.Linear(config.hidden_size, num_labels))
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return self.classifier(self.bert(input_ids, attention_mask, token_type_ids)[1])


# %% BertForSequenceClassification | the last dimension is squeezed away where there is one label
# style: hasty
# at: return self.classifier(self.dropout(pooled)).squeeze(-1)
# kind: shape, extra
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
        _, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled)).squeeze(-1)


# %% BertForSequenceClassification | the dropout of the attention weights
# style: hasty
# at: self.dropout = nn.Dropout(config.attention_probs_dropout_prob)
# kind: name
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.attention_probs_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | the probability to keep in place of the one to drop, as in old TensorFlow
# style: from TensorFlow
# at: self.dropout = nn.Dropout(1 - config.hidden_dropout_prob)
# kind: sign, number
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(1 - config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        x = self.dropout(pooled)
        x = self.classifier(x)
        return x


# %% BertForSequenceClassification | the encoder is frozen
# style: one who has done transfer learning in Keras
# at: parameter.requires_grad = False
# at: for parameter in self.bert.parameters():
# kind: gradient, extra
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        for parameter in self.bert.parameters():
            parameter.requires_grad = False
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | the mask is dropped where there are segments
# style: branches
# at: _, pooled = self.bert(input_ids, token_type_ids=token_type_ids)
# kind: argument, missing
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
        if token_type_ids is None:
            _, pooled = self.bert(input_ids, attention_mask)
        else:
            _, pooled = self.bert(input_ids, token_type_ids=token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | a tanh over the pooled vector, which has had one already
# style: from older code
# at: pooled = torch.tanh(pooled)
# kind: extra
import torch
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
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        pooled = torch.tanh(pooled)
        pooled = self.dropout(pooled)
        return self.classifier(pooled)


# %% BertForSequenceClassification | the head is a function with weights of its own in a list
# style: loops and helpers
# at: self.classifier = [nn.Linear(config.hidden_size, 1) for _ in range(num_labels)]
# kind: definition, type
import torch
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = [nn.Linear(config.hidden_size, 1) for _ in range(num_labels)]
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        pooled = self.dropout(pooled)
        return torch.cat([one(pooled) for one in self.classifier], dim=-1)


# %% BertForSequenceClassification | the bias of the head begins at ones
# style: careful, too much so
# at: nn.init.ones_(self.classifier.bias)
# kind: extra, number
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
        nn.init.ones_(self.classifier.bias)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | two: dropout after the head, and a softmax over the texts
# style: from Keras
# at: scores = self.dropout(self.classifier(pooled))
# kind: order
# at2: return scores.softmax(dim=0)
# kind2: extra, axis
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
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        scores = self.dropout(self.classifier(pooled))
        return scores.softmax(dim=0)


# %% BertForSequenceClassification | two: reads the last token, and initialises too early
# style: nanoGPT
# at: self.apply(self.bert.initialize)
# at: self.classifier = nn.Linear(config.hidden_size, num_labels)
# kind: order
# at2: x = hidden[:, -1]
# kind2: name, number
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
        hidden, _ = self.bert(input_ids, attention_mask, token_type_ids)
        x = hidden[:, -1]
        x = self.dropout(x)
        return self.classifier(x)


# %% BertForSequenceClassification | two: a tanh too much, and no segments
# style: hasty
# at: _, pooled = self.bert(input_ids, attention_mask)
# kind: argument, missing
# at2: return self.classifier(self.dropout(pooled.tanh()))
# kind2: extra
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
        _, pooled = self.bert(input_ids, attention_mask)
        return self.classifier(self.dropout(pooled.tanh()))


# %% decay_groups | "bias" or … is always true
# style: careful beginner
# at: if "bias" or "LayerNorm" in name:
# kind: condition
def decay_groups(model, weight_decay):
    decay = []
    no_decay = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if "bias" or "LayerNorm" in name:
            no_decay.append(parameter)
        else:
            decay.append(parameter)
    return [{"params": decay, "weight_decay": weight_decay},
            {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | one list under two names
# style: hasty
# at: decay = no_decay = []
# kind: state
def decay_groups(model, weight_decay):
    decay = no_decay = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            if name.endswith("bias") or "LayerNorm" in name:
                no_decay.append(p)
            else:
                decay.append(p)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | whole names compared with "bias"
# style: lists
# at: if name in ("bias", "LayerNorm.weight", "LayerNorm.bias"):
# kind: condition
def decay_groups(model, weight_decay):
    with_decay, without = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad is False:
            continue
        if name in ("bias", "LayerNorm.weight", "LayerNorm.bias"):
            without.append(parameter)
        else:
            with_decay.append(parameter)
    return [{"params": with_decay, "weight_decay": weight_decay},
            {"params": without, "weight_decay": 0}]


# %% decay_groups | not (a or b) written as not a or not b
# style: one-liners
# at: pulled = [p for n, p in learning if not n.endswith("bias") or "LayerNorm" not in n]
# at: spared = [p for n, p in learning if n.endswith("bias") and "LayerNorm" in n]
# kind: condition
def decay_groups(model, weight_decay):
    learning = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    pulled = [p for n, p in learning if not n.endswith("bias") or "LayerNorm" not in n]
    spared = [p for n, p in learning if n.endswith("bias") and "LayerNorm" in n]
    return [dict(params=pulled, weight_decay=weight_decay), dict(params=spared, weight_decay=0.0)]


# %% decay_groups | two ifs and no else: LayerNorm's weights are in both groups
# style: loops
# at: if not name.endswith("bias"):
# kind: condition
def decay_groups(model, weight_decay):
    matrices, others = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            if name.endswith("bias") or "LayerNorm" in name:
                others.append(parameter)
            if not name.endswith("bias"):
                matrices.append(parameter)
    return [{"params": matrices, "weight_decay": weight_decay},
            {"params": others, "weight_decay": 0.0}]


# %% decay_groups | what the optimizer gets are copies of the parameters
# style: one who fears to change the model
# at: decay.append(parameter.detach().clone())
# at: no_decay.append(parameter.detach().clone())
# kind: state, gradient
def decay_groups(model, weight_decay):
    decay, no_decay = [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.endswith("bias") or "LayerNorm" in name:
            no_decay.append(parameter.detach().clone())
        else:
            decay.append(parameter.detach().clone())
    return [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | the embeddings are spared too
# style: nanoGPT
# at: blacklist = (nn.LayerNorm, nn.Embedding)
# kind: extra, condition
from torch import nn


def decay_groups(model, weight_decay):
    blacklist = (nn.LayerNorm, nn.Embedding)
    decay, no_decay = [], []
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            if not p.requires_grad:
                continue
            if name.endswith("bias") or isinstance(module, blacklist):
                no_decay.append(p)
            else:
                decay.append(p)
    return [
        {"params": decay, "weight_decay": weight_decay},
        {"params": no_decay, "weight_decay": 0.0},
    ]


# %% decay_groups | only what belongs to a LayerNorm is spared, and no other bias
# style: hasty
# at: groups = {True: [], False: []}
# at: groups["LayerNorm" in name].append(parameter)
# kind: condition, missing
def decay_groups(model, weight_decay):
    groups = {True: [], False: []}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups["LayerNorm" in name].append(parameter)
    return [{"params": groups[False], "weight_decay": weight_decay},
            {"params": groups[True], "weight_decay": 0.0}]


# %% decay_groups | the names in place of the parameters
# style: careful beginner
# at: no_decay.append(name)
# at: decay.append(name)
# kind: name, type
def decay_groups(model, weight_decay):
    decay = []
    no_decay = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            if name.endswith("bias") or "LayerNorm" in name:
                no_decay.append(name)
            else:
                decay.append(name)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | frozen parameters leave together with all that come after them
# style: loops
# at: break
# kind: condition, name
def decay_groups(model, weight_decay):
    pulled, spared = [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            break
        elif "LayerNorm" in name or name.endswith(".bias"):
            spared.append(parameter)
        else:
            pulled.append(parameter)
    return [{"params": pulled, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]


# %% decay_groups | a LayerNorm is looked for in small letters only
# style: hasty
# at: if name.endswith("bias") or "layernorm" in name:
# kind: condition, name
def decay_groups(model, weight_decay):
    a, b = [], []
    for name, p in model.named_parameters():
        if p.requires_grad:
            if name.endswith("bias") or "layernorm" in name:
                b.append(p)
            else:
                a.append(p)
    return [{"params": a, "weight_decay": weight_decay}, {"params": b, "weight_decay": 0.}]


# %% decay_groups | two: names compared whole, and the decay written in
# style: Hugging Face
# at: decayed = [p for n, p in params if n not in no_decay]
# at: spared = [p for n, p in params if n in no_decay]
# at: no_decay = ["bias", "LayerNorm.weight"]
# kind: condition
# at2: {"params": decayed, "weight_decay": 0.01},
# kind2: number
def decay_groups(model, weight_decay):
    no_decay = ["bias", "LayerNorm.weight"]
    params = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    decayed = [p for n, p in params if n not in no_decay]
    spared = [p for n, p in params if n in no_decay]
    return [
        {"params": decayed, "weight_decay": 0.01},
        {"params": spared, "weight_decay": 0.0},
    ]


# %% decay_groups | two: frozen ones are taken in, and the embeddings are spared
# style: Hugging Face
# at: params = list(model.named_parameters())
# kind: missing, condition
# at2: no_decay = ("bias", "LayerNorm", "embeddings")
# kind2: extra, condition
def decay_groups(model, weight_decay):
    no_decay = ("bias", "LayerNorm", "embeddings")
    params = list(model.named_parameters())
    return [
        {"params": [p for n, p in params if not any(nd in n for nd in no_decay)], "weight_decay": weight_decay},
        {"params": [p for n, p in params if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
    ]


# %% decay_groups | two: in both groups, and a key that AdamW does not know
# style: hasty
# at: pulled = [p for n, p in named if not n.endswith("bias")]
# kind: condition, missing
# at2: return [{"params": pulled, "decay": weight_decay}, {"params": spared, "decay": 0}]
# kind2: name
def decay_groups(model, weight_decay):
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    pulled = [p for n, p in named if not n.endswith("bias")]
    spared = [p for n, p in named if n.endswith("bias") or "LayerNorm" in n]
    return [{"params": pulled, "decay": weight_decay}, {"params": spared, "decay": 0}]


# %% learning_rate_at | the rise in whole steps, as in other schedules
# style: Hugging Face
# at: num_warmup_steps = int(steps * warmup)
# kind: type, extra
def learning_rate_at(step, steps, peak, warmup):
    num_warmup_steps = int(steps * warmup)
    if step < num_warmup_steps:
        return peak * (step + 1) / num_warmup_steps
    return peak * (steps - step) / (steps - num_warmup_steps)


# %% learning_rate_at | falls along a cosine
# style: nanoGPT
# at: return 0.5 * (1.0 + math.cos(math.pi * ratio)) * peak
# kind: name, operator, extra
import math


def learning_rate_at(step, steps, peak, warmup):
    rising = warmup * steps
    if step + 1 <= rising:
        return peak * (step + 1) / rising
    ratio = 1 - (steps - step) / (steps - math.floor(rising))
    return 0.5 * (1.0 + math.cos(math.pi * ratio)) * peak


# %% learning_rate_at | warmup taken for a number of steps
# style: careful beginner
# at: if step + 1 <= warmup:
# at: return peak * (step + 1) / warmup
# kind: name, scale, missing
import math


def learning_rate_at(step, steps, peak, warmup):
    # the first part
    if step + 1 <= warmup:
        return peak * (step + 1) / warmup
    # the second part
    return peak * (steps - step) / (steps - math.floor(warmup))


# %% learning_rate_at | whole-number division
# style: hasty
# at: return peak * ((step + 1) // r)
# kind: operator
def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step + 1 <= r:
        return peak * ((step + 1) // r)
    return peak * (steps - step) / (steps - int(r))


# %% learning_rate_at | falls in the proportion of all the steps
# style: one-liners
# at: return peak * ((step + 1) / rise if step + 1 <= rise else (steps - step) / steps)
# kind: missing, number
def learning_rate_at(step, steps, peak, warmup):
    rise = warmup * steps
    return peak * ((step + 1) / rise if step + 1 <= rise else (steps - step) / steps)


# %% learning_rate_at | rounded to the nearest in place of down
# style: from NumPy
# at: return peak * (steps - step) / (steps - round(r))
# kind: name, number
def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step + 1 <= r:
        return peak * (step + 1) / r
    return peak * (steps - step) / (steps - round(r))


# %% learning_rate_at | never below a tenth of the peak
# style: nanoGPT
# at: return max(min_lr, peak * (steps - step) / (steps - int(r)))
# at: min_lr = peak / 10
# kind: extra, number
def learning_rate_at(step, steps, peak, warmup):
    min_lr = peak / 10
    r = warmup * steps
    if step + 1 <= r:
        return peak * (step + 1) / r
    return max(min_lr, peak * (steps - step) / (steps - int(r)))


# %% learning_rate_at | the rise has no peak in it
# style: loops and helpers
# at: return (step + 1) / r
# kind: missing, scale
import math


def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps

    def rising():
        return (step + 1) / r

    def falling():
        return peak * (steps - step) / (steps - math.floor(r))

    return rising() if step + 1 <= r else falling()


# %% learning_rate_at | rises from the step before on, one step too long
# style: careful beginner
# at: if step <= r:
# kind: condition, number
import math


def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step <= r:
        rate = peak * (step + 1) / max(r, 1)
    else:
        rate = peak * (steps - step) / (steps - math.floor(r))
    return rate


# %% learning_rate_at | only the rise gives something back
# style: hasty
# at: rate = peak * (steps - step) / (steps - int(r))
# at: return rate
# kind: return
def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step + 1 <= r:
        rate = peak * (step + 1) / r
        return rate
    else:
        rate = peak * (steps - step) / (steps - int(r))


# %% learning_rate_at | the fall counts the steps since the warm-up from the wrong end
# style: loops
# at: share = (step - rising) / (steps - rising)
# kind: sign, number, missing
def learning_rate_at(step, steps, peak, warmup):
    rising = warmup * steps
    if step + 1 <= rising:
        share = (step + 1) / rising
    else:
        share = (step - rising) / (steps - rising)
    return peak * share


# %% learning_rate_at | two: whole-number division, and rounded to the nearest
# style: hasty
# at: return peak * ((step + 1) // r)
# kind: operator
# at2: return peak * (steps - step) / (steps - round(r))
# kind2: name, number
def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step + 1 <= r:
        return peak * ((step + 1) // r)
    return peak * (steps - step) / (steps - round(r))


# %% learning_rate_at | two: the rise has no peak, and the fall is squared
# style: one-liners
# at: return (step + 1) / r
# kind: missing, scale
# at2: return peak * ((steps - step) / (steps - int(r))) ** 2
# kind2: scale, extra
def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step + 1 <= r:
        return (step + 1) / r
    return peak * ((steps - step) / (steps - int(r))) ** 2


# %% learning_rate_at | two: the last step has 0, and the first half of the warm-up is all there is
# style: careful beginner
# at: r = warmup * steps / 2
# kind: scale, extra
# at2: return peak * (steps - 1 - step) / (steps - math.floor(r))
# kind2: number
import math


def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps / 2
    if step + 1 <= r:
        return peak * (step + 1) / r
    return peak * (steps - 1 - step) / (steps - math.floor(r))


# %% gradient_times_input | `if against:` overlooks the label 0
# style: hasty
# at: if against:
# kind: condition
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1).detach()


# %% gradient_times_input | the hook stays in the model
# style: careful beginner
# at: scores = model(**batch)
# at: handle = model.bert.embeddings.word_embeddings.register_forward_hook(save)
# kind: missing, state
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []

    def save(module, given, output):
        caught.append(output)

    handle = model.bert.embeddings.word_embeddings.register_forward_hook(save)
    scores = model(**batch)
    target = scores[:, label]
    if against is not None:
        target = target - scores[:, against]
    gradient = torch.autograd.grad(target.sum(), caught[0])[0]
    return (gradient * caught[0]).sum(-1).detach()


# %% gradient_times_input | the caller's own gradients are wiped out
# style: from a training loop
# at: model.zero_grad()
# kind: state, extra
import torch


def gradient_times_input(model, batch, label, against=None):
    model.zero_grad()
    caught = {}
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(
        lambda module, given, output: caught.update(x=output))
    scores = model(**batch)
    hook.remove()
    wanted = scores[:, label] if against is None else scores[:, label] - scores[:, against]
    gradient, = torch.autograd.grad(wanted.sum(), caught["x"])
    return torch.einsum("btd,btd->bt", gradient, caught["x"]).detach()


# %% gradient_times_input | the mean of the texts, so that each gets its share only
# style: one-liners
# at: (g,) = torch.autograd.grad(s.mean(), x)
# kind: scale, name
import torch


def gradient_times_input(model, batch, label, against=None):
    got = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda *a: got.append(a[2]))
    out = model(**batch)
    hook.remove()
    x = got[0]
    s = out[:, label] - (0 if against is None else out[:, against])
    (g,) = torch.autograd.grad(s.mean(), x)
    return (g * x).sum(2).detach()


# %% gradient_times_input | the hook is on all of the embeddings
# style: hasty
# at: hook = model.bert.embeddings.register_forward_hook(lambda m, given, output: caught.append(output))
# kind: name
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.register_forward_hook(lambda m, given, output: caught.append(output))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1).detach()


# %% gradient_times_input | length of the gradient times length of the vector
# style: from NumPy
# at: return (gradient.norm(dim=-1) * vectors.norm(dim=-1)).detach()
# kind: operator, name
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    vectors = caught[0]
    gradient = torch.autograd.grad(score.sum(), vectors)[0]
    return (gradient.norm(dim=-1) * vectors.norm(dim=-1)).detach()


# %% gradient_times_input | a row of the scores in place of a column
# style: careful beginner
# at: score = scores[label]
# at: score = score - scores[against]
# kind: axis, number
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(
        lambda module, given, output: caught.append(output)
    )
    scores = model(**batch)
    hook.remove()
    score = scores[label]
    if against is not None:
        score = score - scores[against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1).detach()


# %% gradient_times_input | only the ids are read
# style: hasty
# at: scores = model(batch["input_ids"])
# kind: argument, missing
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(batch["input_ids"])
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1).detach()


# %% gradient_times_input | the model is left frozen, so that no parameter gets a gradient
# style: careful, too much so
# at: parameter.requires_grad_(False)
# at: for parameter in model.parameters():
# kind: state, gradient
import torch


def gradient_times_input(model, batch, label, against=None):
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    caught = []

    def catch(module, given, output):
        output = output.detach().requires_grad_()
        caught.append(output)
        return output

    hook = model.bert.embeddings.word_embeddings.register_forward_hook(catch)
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1).detach()


# %% gradient_times_input | each text is scaled so that its largest is 1
# style: one who draws pictures
# at: return (contribution / contribution.abs().amax(dim=1, keepdim=True)).detach()
# kind: extra, scale
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    contribution = (gradient * caught[0]).sum(dim=-1)
    return (contribution / contribution.abs().amax(dim=1, keepdim=True)).detach()


# %% gradient_times_input | the gradient at the table, looked up again
# style: from TensorFlow
# at: gradient = torch.autograd.grad(target.sum(), table.weight)[0][batch["input_ids"]]
# kind: name
import torch


def gradient_times_input(model, batch, label, against=None):
    table = model.bert.embeddings.word_embeddings
    scores = model(**batch)
    target = scores[:, label]
    if against is not None:
        target = target - scores[:, against]
    # (V, D) → (B, T, D)
    gradient = torch.autograd.grad(target.sum(), table.weight)[0][batch["input_ids"]]
    return (gradient * table(batch["input_ids"])).sum(dim=-1).detach()


# %% gradient_times_input | of the logarithms of the probabilities
# style: Hugging Face
# at: logits = model(**batch).log_softmax(dim=-1)
# kind: extra
import torch


def gradient_times_input(model, batch, label, against=None):
    embeddings = []
    handle = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: embeddings.append(o))
    logits = model(**batch).log_softmax(dim=-1)
    handle.remove()
    target = logits[:, label]
    if against is not None:
        target = target - logits[:, against]
    grads = torch.autograd.grad(target.sum(), embeddings[0])[0]
    return (grads * embeddings[0]).sum(dim=-1).detach()


# %% gradient_times_input | two: `if against:`, and summed over the tokens
# style: hasty
# at: if against:
# kind: condition
# at2: return (gradient * caught[0]).sum(dim=1).detach()
# kind2: axis
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=1).detach()


# %% gradient_times_input | two: the mean of the texts, and the lengths multiplied
# style: from NumPy
# at: gradient = torch.autograd.grad(score.mean(), vectors)[0]
# kind: scale, name
# at2: return (gradient.norm(dim=-1) * vectors.norm(dim=-1)).detach()
# kind2: operator, name
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    vectors = caught[0]
    gradient = torch.autograd.grad(score.mean(), vectors)[0]
    return (gradient.norm(dim=-1) * vectors.norm(dim=-1)).detach()


# %% gradient_times_input | two: the mask is not handed on, and the mean over D
# style: careful beginner
# at: scores = model(batch["input_ids"], token_type_ids=batch["token_type_ids"])
# kind: argument, missing
# at2: return (gradient * caught[0]).mean(dim=-1).detach()
# kind2: scale, name
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(batch["input_ids"], token_type_ids=batch["token_type_ids"])
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).mean(dim=-1).detach()
