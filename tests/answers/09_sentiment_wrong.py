# %% BertForSequenceClassification | the new weights are drawn before the head is there
# style: careful beginner
# at: self.apply(self.bert.initialize)
# at: self.classifier = nn.Linear(config.hidden_size, num_labels)
# kind: order
# known: not initialised
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
        _, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled)).squeeze(-1)


# %% BertForSequenceClassification | the dropout of the attention weights
# style: hasty
# at: self.dropout = nn.Dropout(config.attention_probs_dropout_prob)
# kind: name
# known: another dropout rate
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
# known: another dropout rate
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
# known: encoder frozen
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
# known: mask not handed on
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
# known: biases not 0
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


# %% BertForSequenceClassification | the base class is not set up
# style: careful beginner
# at: def __init__(self, config, num_labels):
# at: self.config = config
# at: self.bert = BertModel(config)
# kind: definition, missing
# known: not set up
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | dropout by the function, which acts outside training too
# style: functions
# at: pooled = F.dropout(pooled, self.config.hidden_dropout_prob)
# kind: argument, state
# known: random in evaluation
from torch import nn
from torch.nn import functional as F

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        pooled = F.dropout(pooled, self.config.hidden_dropout_prob)
        return self.classifier(pooled)


# %% BertForSequenceClassification | the width of one BERT written in
# style: hasty
# at: self.classifier = nn.Linear(384, num_labels)
# kind: number
# known: width fixed at 384
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(384, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | two labels written in
# style: hasty
# at: self.classifier = nn.Linear(config.hidden_size, 2)
# kind: number, name
# known: two labels always
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | where there are no segments, all are said to be the second
# style: from Keras
# at: token_type_ids = torch.ones_like(input_ids)
# kind: number, name, extra
# known: segment 1 by default
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
        if token_type_ids is None:
            token_type_ids = torch.ones_like(input_ids)
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | the head by another name
# style: one who names things anew
# at: self.head = nn.Linear(config.hidden_size, num_labels)
# at: return self.head(self.dropout(pooled))
# kind: name, definition
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.head = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.head(self.dropout(pooled))


# %% BertForSequenceClassification | without a mask, id 0 is taken for padding
# style: Hugging Face
# at: attention_mask = (input_ids != 0).long()
# kind: extra, condition
# known: padding guessed when there is no mask
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
        if attention_mask is None:
            attention_mask = (input_ids != 0).long()
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | the head has no bias
# style: nanoGPT
# at: self.classifier = nn.Linear(config.hidden_size, num_labels, bias=False)
# kind: argument
# known: head without bias
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels, bias=False)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | what dropout gives back is not used
# style: careful beginner
# at: scores = self.classifier(pooled)
# kind: name
# known: dropout forgotten
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
        dropped = self.dropout(pooled)
        scores = self.classifier(pooled)
        return scores


# %% BertForSequenceClassification | segments come before the mask in forward
# style: positional arguments
# at: def forward(self, input_ids, token_type_ids=None, attention_mask=None):
# kind: definition, argument
# known: mask and segments exchanged
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

    def forward(self, input_ids, token_type_ids=None, attention_mask=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | takes the hidden states apart, and not the pair that BERT gives
# style: hasty
# at: hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)[0]
# kind: number, extra
# known: hidden states taken apart
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
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)[0]
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | dropout in place, over what the pooler's own gradient needs
# style: one who saves memory
# at: self.dropout = nn.Dropout(config.hidden_dropout_prob, inplace=True)
# kind: state, argument
# known: dropout in place
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob, inplace=True)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | a dropout that takes whole texts
# style: from computer vision
# at: self.dropout = nn.Dropout1d(config.hidden_dropout_prob)
# kind: name, axis
# known: whole texts dropped
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout1d(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | a dropout for another activation
# kind: definition
# style: one who reads the list of modules
# at: self.dropout = nn.AlphaDropout(config.hidden_dropout_prob)
# kind: name
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.AlphaDropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | the same seed at each forward, so that dropout always takes the same numbers
# style: one who wants the same result each time
# at: torch.manual_seed(0)
# kind: state, extra
# known: the same seed each time
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
        torch.manual_seed(0)
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled))


# %% BertForSequenceClassification | dropout by hand, and what is left is not made larger
# style: from NumPy
# at: pooled = pooled * (torch.rand_like(pooled) > self.p)
# kind: scale, missing
# known: what is left not made larger
import torch
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.p = config.hidden_dropout_prob
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        if self.training:
            pooled = pooled * (torch.rand_like(pooled) > self.p)
        return self.classifier(pooled)


# %% BertForSequenceClassification | one draw for all texts of the batch
# style: from NumPy
# at: keep = torch.rand(pooled.shape[-1]) > self.p
# kind: shape, axis
# known: one draw for all texts
import torch
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.p = config.hidden_dropout_prob
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        if self.training:
            keep = torch.rand(pooled.shape[-1]) > self.p
            pooled = pooled * keep / (1 - self.p)
        return self.classifier(pooled)


# %% BertForSequenceClassification | two: no bias, and dropout acts outside training
# style: nanoGPT
# at: self.classifier = nn.Linear(config.hidden_size, num_labels, bias=False)
# kind: argument
# at2: x = F.dropout(pooled, p=self.config.hidden_dropout_prob)
# kind2: argument, state
# known: random in evaluation; head without bias
from torch import nn
from torch.nn import functional as F

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    def __init__(self, config, num_labels):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.classifier = nn.Linear(config.hidden_size, num_labels, bias=False)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        x = F.dropout(pooled, p=self.config.hidden_dropout_prob)
        return self.classifier(x)


# %% BertForSequenceClassification | two: segments before the mask, and squeezed
# style: hasty
# at: def forward(self, input_ids, token_type_ids=None, attention_mask=None):
# kind: definition, argument
# at2: return self.classifier(self.dropout(pooled)).squeeze()
# kind2: shape, extra
# known: mask and segments exchanged; dimension squeezed away
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

    def forward(self, input_ids, token_type_ids=None, attention_mask=None):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pooled)).squeeze()


# %% BertForSequenceClassification | two: second segments, and past the pooler
# style: from Keras
# at: token_type_ids = torch.ones_like(input_ids)
# kind: number, name, extra
# at2: return self.classifier(self.dropout(hidden[:, 0]))
# kind2: name, number
# known: pooler skipped; segment 1 by default
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
        if token_type_ids is None:
            token_type_ids = torch.ones_like(input_ids)
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(hidden[:, 0]))


# %% decay_groups | "bias" or … is always true
# style: careful beginner
# at: if "bias" or "LayerNorm" in name:
# kind: condition
# known: nothing decays
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


# %% decay_groups | names in sets, as in minGPT, but not sorted
# style: minGPT
# at: {"params": [param_dict[name] for name in decay], "weight_decay": weight_decay},
# at: {"params": [param_dict[name] for name in no_decay], "weight_decay": 0.0},
# kind: order
# known: order of chance
def decay_groups(model, weight_decay):
    param_dict = {name: p for name, p in model.named_parameters() if p.requires_grad}
    no_decay = {name for name in param_dict if name.endswith("bias") or ".LayerNorm." in f".{name}"}
    decay = param_dict.keys() - no_decay
    return [
        {"params": [param_dict[name] for name in decay], "weight_decay": weight_decay},
        {"params": [param_dict[name] for name in no_decay], "weight_decay": 0.0},
    ]


# %% decay_groups | one list under two names
# style: hasty
# at: decay = no_decay = []
# kind: state
# known: parameter repeated
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
# known: everything decays
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
# known: both asked for
def decay_groups(model, weight_decay):
    learning = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    pulled = [p for n, p in learning if not n.endswith("bias") or "LayerNorm" not in n]
    spared = [p for n, p in learning if n.endswith("bias") and "LayerNorm" in n]
    return [dict(params=pulled, weight_decay=weight_decay), dict(params=spared, weight_decay=0.0)]


# %% decay_groups | two ifs and no else: LayerNorm's weights are in both groups
# style: loops
# at: if not name.endswith("bias"):
# kind: condition
# known: parameter repeated
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
# known: copies given
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
# known: LayerNorm's weight decays
def decay_groups(model, weight_decay):
    a, b = [], []
    for name, p in model.named_parameters():
        if p.requires_grad:
            if name.endswith("bias") or "layernorm" in name:
                b.append(p)
            else:
                a.append(p)
    return [{"params": a, "weight_decay": weight_decay}, {"params": b, "weight_decay": 0.}]


# %% decay_groups | the state dict in place of the parameters
# style: one who has saved models
# at: for name, tensor in model.state_dict().items():
# kind: name, gradient
# known: groups are empty
def decay_groups(model, weight_decay):
    decay, no_decay = [], []
    for name, tensor in model.state_dict().items():
        if not tensor.requires_grad:
            continue
        if name.endswith("bias") or "LayerNorm" in name:
            no_decay.append(tensor)
        else:
            decay.append(tensor)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | filters, which are empty once they have been read, and no lists
# style: functional
# at: {"params": map(second, filter(is_pulled, learning)), "weight_decay": weight_decay},
# at: {"params": map(second, filter(is_spared, learning)), "weight_decay": 0.0},
# kind: type
# known: no list
def decay_groups(model, weight_decay):
    learning = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    is_spared = lambda pair: pair[0].endswith("bias") or "LayerNorm" in pair[0]
    is_pulled = lambda pair: not is_spared(pair)
    second = lambda pair: pair[1]
    return [
        {"params": map(second, filter(is_pulled, learning)), "weight_decay": weight_decay},
        {"params": map(second, filter(is_spared, learning)), "weight_decay": 0.0},
    ]


# %% decay_groups | a group for each parameter, and not two
# style: loops
# at: groups.append({"params": [parameter], "weight_decay": decay})
# kind: return, shape
# known: a group for each parameter
def decay_groups(model, weight_decay):
    groups = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decay = 0.0 if name.endswith("bias") or "LayerNorm" in name else weight_decay
            groups.append({"params": [parameter], "weight_decay": decay})
    return groups


# %% decay_groups | a list that shrinks while it is walked through
# style: lists
# at: parameters.remove((name, parameter))
# at: for name, parameter in parameters:
# kind: state
def decay_groups(model, weight_decay):
    parameters = list(model.named_parameters())
    spared = []
    for name, parameter in parameters:
        if name.endswith("bias") or "LayerNorm" in name:
            parameters.remove((name, parameter))
            if parameter.requires_grad:
                spared.append(parameter)
    pulled = [parameter for name, parameter in parameters if parameter.requires_grad]
    return [{"params": pulled, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]


# %% decay_groups | "bias" anywhere in the name
# style: Hugging Face
# at: spared = [p for n, p in named if "bias" in n or "LayerNorm" in n]
# at: pulled = [p for n, p in named if not ("bias" in n or "LayerNorm" in n)]
# kind: condition, name
# known: bias anywhere in the name
def decay_groups(model, weight_decay):
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    spared = [p for n, p in named if "bias" in n or "LayerNorm" in n]
    pulled = [p for n, p in named if not ("bias" in n or "LayerNorm" in n)]
    return [{"params": pulled, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]


# %% decay_groups | each module gives its children's parameters once more
# style: nanoGPT
# at: for name, p in module.named_parameters():
# kind: argument, missing
# known: walks over the modules
from torch import nn


def decay_groups(model, weight_decay):
    decay, no_decay = [], []
    for module in model.modules():
        for name, p in module.named_parameters():
            if not p.requires_grad:
                continue
            if name.endswith("bias") or isinstance(module, nn.LayerNorm):
                no_decay.append(p)
            else:
                decay.append(p)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | the return stands in the loop
# style: careful beginner
# at: return [group_1, group_2]
# kind: return
def decay_groups(model, weight_decay):
    group_1 = {"params": [], "weight_decay": weight_decay}
    group_2 = {"params": [], "weight_decay": 0.0}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.endswith("bias"):
            group_2["params"].append(parameter)
        elif "LayerNorm" in name:
            group_2["params"].append(parameter)
        else:
            group_1["params"].append(parameter)
        return [group_1, group_2]


# %% decay_groups | only what has a gradient already is taken to learn
# style: careful beginner
# at: if parameter.grad is None:
# kind: name, condition
# known: groups are empty
def decay_groups(model, weight_decay):
    decay, no_decay = [], []
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            continue
        if name.endswith("bias") or "LayerNorm" in name:
            no_decay.append(parameter)
        else:
            decay.append(parameter)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | the spared ones are frozen, so that nothing pulls at them
# style: one who takes "not pulled" for "not moved"
# at: parameter.requires_grad = False
# kind: state, extra, gradient
# known: spared ones frozen
def decay_groups(model, weight_decay):
    decay, no_decay = [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.endswith("bias") or "LayerNorm" in name:
            parameter.requires_grad = False
            no_decay.append(parameter)
        else:
            decay.append(parameter)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | a decay of 0 is taken for none given
# style: hasty
# at: weight_decay = weight_decay or 0.01
# kind: condition, extra
# known: 0 taken for none
def decay_groups(model, weight_decay=None):
    weight_decay = weight_decay or 0.01
    decay, no_decay = [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.endswith("bias") or "LayerNorm" in name:
            no_decay.append(parameter)
        else:
            decay.append(parameter)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | two: in both groups, and a key that AdamW does not know
# style: hasty
# at: pulled = [p for n, p in named if not n.endswith("bias")]
# kind: condition, missing
# at2: return [{"params": pulled, "decay": weight_decay}, {"params": spared, "decay": 0}]
# kind2: name
# known: parameter repeated
def decay_groups(model, weight_decay):
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    pulled = [p for n, p in named if not n.endswith("bias")]
    spared = [p for n, p in named if n.endswith("bias") or "LayerNorm" in n]
    return [{"params": pulled, "decay": weight_decay}, {"params": spared, "decay": 0}]


# %% decay_groups | two: copies, and the decay written in
# style: one who fears to change the model
# at: copy = parameter.detach().clone()
# kind: state, gradient
# at2: return [{"params": decay, "weight_decay": 0.01}, {"params": no_decay, "weight_decay": 0.0}]
# kind2: number, name
# known: given decay ignored; copies given
def decay_groups(model, weight_decay):
    decay, no_decay = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            copy = parameter.detach().clone()
            (no_decay if name.endswith("bias") or "LayerNorm" in name else decay).append(copy)
    return [{"params": decay, "weight_decay": 0.01}, {"params": no_decay, "weight_decay": 0.0}]


# %% decay_groups | two: a wrong "and", and frozen parameters are taken in
# style: one-liners
# at: spared = [p for n, p in named if n.endswith("bias") and "LayerNorm" in n]
# at: pulled = [p for n, p in named if not (n.endswith("bias") and "LayerNorm" in n)]
# kind: condition
# at2: named = list(model.named_parameters())
# kind2: missing, condition
# known: frozen ones included; LayerNorm's weight decays; biases decay; both asked for
def decay_groups(model, weight_decay):
    named = list(model.named_parameters())
    spared = [p for n, p in named if n.endswith("bias") and "LayerNorm" in n]
    pulled = [p for n, p in named if not (n.endswith("bias") and "LayerNorm" in n)]
    return [{"params": pulled, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]


# %% learning_rate_at | warmup taken for a number of steps
# style: careful beginner
# at: if step + 1 <= warmup:
# at: return peak * (step + 1) / warmup
# kind: name, scale, missing
# known: no warm-up
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
# known: whole numbers only
def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step + 1 <= r:
        return peak * ((step + 1) // r)
    return peak * (steps - step) / (steps - int(r))


# %% learning_rate_at | rounded to the nearest in place of down
# style: from NumPy
# at: return peak * (steps - step) / (steps - round(r))
# kind: name, number
# known: above the peak
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
# known: peak forgotten
import math


def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps

    def rising():
        return (step + 1) / r

    def falling():
        return peak * (steps - step) / (steps - math.floor(r))

    return rising() if step + 1 <= r else falling()


# %% learning_rate_at | only the rise gives something back
# at: if step + 1 <= r:
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
# known: rises twice
def learning_rate_at(step, steps, peak, warmup):
    rising = warmup * steps
    if step + 1 <= rising:
        share = (step + 1) / rising
    else:
        share = (step - rising) / (steps - rising)
    return peak * share


# %% learning_rate_at | the fall over n − r, with r not made whole
# style: Hugging Face
# at: return peak * (steps - step) / (steps - r)
# kind: missing
# known: above the peak
def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step + 1 <= r:
        return peak * (step + 1) / r
    return peak * (steps - step) / (steps - r)


# %% learning_rate_at | the two parts are exchanged
# style: hasty
# at: if step + 1 > r:
# kind: condition, sign
# known: condition turned round
import math


def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step + 1 > r:
        return peak * (step + 1) / r
    else:
        return peak * (steps - step) / (steps - math.floor(r))


# %% learning_rate_at | brackets are missing
# style: careful beginner
# at: rate = peak * steps - step / (steps - math.floor(r))
# kind: order, operator, missing
# known: brackets missing
import math


def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    if step + 1 <= r:
        rate = peak * (step + 1) / r
    else:
        rate = peak * steps - step / (steps - math.floor(r))
    return rate


# %% learning_rate_at | rounded down before it is multiplied
# style: hasty
# at: return peak * (steps - step) / (steps - math.floor(warmup) * steps)
# kind: order
# known: falls as if it had never risen
import math


def learning_rate_at(step, steps, peak, warmup):
    if step + 1 <= warmup * steps:
        return peak * (step + 1) / (warmup * steps)
    return peak * (steps - step) / (steps - math.floor(warmup) * steps)


# %% learning_rate_at | multiplied where it should be divided
# style: formulas
# at: rise = lambda s: peak * (s + 1) * r
# kind: operator
import math


def learning_rate_at(step, steps, peak, warmup):
    n, r = steps, warmup * steps
    rise = lambda s: peak * (s + 1) * r
    fall = lambda s: peak * (n - s) / (n - math.floor(r))
    return rise(step) if step + 1 <= r else fall(step)


# %% learning_rate_at | rounded to four digits behind the point
# style: one who likes short numbers
# at: return round(rate, 4)
# kind: extra, type
def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    rate = peak * (step + 1) / r if step + 1 <= r else peak * (steps - step) / (steps - int(r))
    return round(rate, 4)


# %% learning_rate_at | warmup taken for per cent
# style: careful beginner
# at: r = warmup / 100 * steps
# kind: scale, extra
# known: no warm-up
def learning_rate_at(step, steps, peak, warmup):
    r = warmup / 100 * steps
    if step + 1 <= r:
        return peak * (step + 1) / r
    return peak * (steps - step) / (steps - int(r))


# %% learning_rate_at | the larger of the two lines in place of the smaller
# style: one-liners
# at: return peak * max((step + 1) / r if r else 1, (steps - step) / (steps - int(r)) if steps > int(r) else 1)
# kind: name, condition
def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps
    return peak * max((step + 1) / r if r else 1, (steps - step) / (steps - int(r)) if steps > int(r) else 1)


# %% learning_rate_at | a rate for all steps, kept from the first call on
# style: one who saves time
# at: if not RATES:
# kind: state, condition
import math

RATES = []


def learning_rate_at(step, steps, peak, warmup):
    if not RATES:
        r = warmup * steps
        for s in range(steps):
            RATES.append(peak * (s + 1) / r if s + 1 <= r else peak * (steps - s) / (steps - math.floor(r)))
    return RATES[step]


# %% learning_rate_at | two: whole-number division, and rounded to the nearest
# style: hasty
# at: return peak * ((step + 1) // r)
# kind: operator
# at2: return peak * (steps - step) / (steps - round(r))
# kind2: name, number
# known: whole numbers only; above the peak
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
# known: peak forgotten
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
# known: ends at 0
import math


def learning_rate_at(step, steps, peak, warmup):
    r = warmup * steps / 2
    if step + 1 <= r:
        return peak * (step + 1) / r
    return peak * (steps - 1 - step) / (steps - math.floor(r))


# %% gradient_times_input | each text is scaled so that its largest is 1
# style: one who draws pictures
# at: return (contribution / contribution.abs().amax(dim=1, keepdim=True)).detach()
# kind: extra, scale
# known: shares of the whole
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


# %% gradient_times_input | gradient times gradient
# style: hasty
# at: return (g * g).sum(dim=-1).detach()
# kind: name
# known: length of the gradient
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    g, = torch.autograd.grad(score.sum(), caught[0])
    return (g * g).sum(dim=-1).detach()


# %% gradient_times_input | the number of the other label is taken off, and not its score
# style: careful beginner
# at: score = score - against
# kind: name, missing
# known: other label ignored
import torch


def gradient_times_input(model, batch, label, against=None):
    vectors = []

    def catch(module, given, output):
        vectors.append(output)

    hook = model.bert.embeddings.word_embeddings.register_forward_hook(catch)
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - against
    gradient = torch.autograd.grad(score.sum(), vectors[0])[0]
    return (gradient * vectors[0]).sum(dim=2).detach()


# %% gradient_times_input | nothing for [CLS]
# style: one who wants words only
# at: result[:, 0] = 0
# kind: extra
# known: nothing for [CLS]
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
    result = (gradient * caught[0]).sum(dim=-1).detach()
    result[:, 0] = 0
    return result


# %% gradient_times_input | what speaks against is cut off
# style: from computer vision
# at: return torch.relu(gradient * vectors).sum(dim=-1).detach()
# kind: extra
# known: signs lost before the sum
import torch


def gradient_times_input(model, batch, label, against=None):
    store = {}
    handle = model.bert.embeddings.word_embeddings.register_forward_hook(
        lambda module, given, output: store.__setitem__("vectors", output))
    logits = model(**batch)
    handle.remove()
    target = logits[:, label] if against is None else logits[:, label] - logits[:, against]
    vectors = store["vectors"]
    gradient = torch.autograd.grad(target.sum(), vectors)[0]
    return torch.relu(gradient * vectors).sum(dim=-1).detach()


# %% gradient_times_input | a list of lists
# style: plain Python
# at: return (gradient * caught[0]).sum(dim=-1).tolist()
# kind: type, return
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
    return (gradient * caught[0]).sum(dim=-1).tolist()


# %% gradient_times_input | the two cases are exchanged
# style: hasty
# at: if against is None:
# kind: condition, sign
# known: condition turned round
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1).detach()


# %% gradient_times_input | the caught vectors are cut off from the scores
# style: one who has been told to detach
# at: caught.append(output.detach().requires_grad_())
# kind: gradient
# known: copy caught
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []

    def catch(module, arguments, output):
        caught.append(output.detach().requires_grad_())

    hook = model.bert.embeddings.word_embeddings.register_forward_hook(catch)
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1)


# %% gradient_times_input | no gradients are recorded
# style: copied from the cell above
# at: @torch.no_grad()
# kind: gradient
# known: no gradient recorded
import torch


@torch.no_grad()
def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1)


# %% gradient_times_input | each vector times the gradients of all places
# style: einsum
# at: return torch.einsum("btd,bsd->bt", x, g).detach()
# kind: axis
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label] - (scores[:, against] if against is not None else 0)
    x = caught[0]
    g = torch.autograd.grad(score.sum(), x)[0]
    return torch.einsum("btd,bsd->bt", x, g).detach()


# %% gradient_times_input | text by text, but always with the vectors of the first
# style: loops
# at: gradient = torch.autograd.grad(score, caught[0], allow_unused=True)[0]
# at: rows.append((gradient * caught[0]).sum(dim=-1))
# kind: number, state
import torch


def gradient_times_input(model, batch, label, against=None):
    caught, rows = [], []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    for b in range(len(batch["input_ids"])):
        scores = model(**{name: tensor[b:b + 1] for name, tensor in batch.items()})
        score = scores[0, label]
        if against is not None:
            score = score - scores[0, against]
        gradient = torch.autograd.grad(score, caught[0], allow_unused=True)[0]
        rows.append((gradient * caught[0]).sum(dim=-1))
    hook.remove()
    return torch.cat(rows).detach()


# %% gradient_times_input | the scores are not added up before the gradient is taken
# style: careful beginner
# at: gradient = torch.autograd.grad(score, caught[0])[0]
# kind: missing
# known: not one number
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    gradient = torch.autograd.grad(score, caught[0])[0]
    return (gradient * caught[0]).sum(dim=-1).detach()


# %% gradient_times_input | all hooks of the table are thrown away, the caller's with one's own
# style: hasty
# at: model.bert.embeddings.word_embeddings._forward_hooks.clear()
# kind: state, extra
# known: others' hooks removed
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    model.bert.embeddings.word_embeddings._forward_hooks.clear()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1).detach()


# %% gradient_times_input | the mask is taken out of the caller's batch
# style: hasty
# at: mask = batch.pop("attention_mask")
# kind: state
# known: input changed in place
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    mask = batch.pop("attention_mask")
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch, attention_mask=mask)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    return (gradient * caught[0]).sum(dim=-1).detach()


# %% gradient_times_input | two: nothing for [CLS], and the label's number is taken off
# style: hasty
# at: score = score - against
# kind: name, missing
# at2: result[:, 0] = 0
# kind2: extra
# known: other label ignored; nothing for [CLS]
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - against
    (gradient,) = torch.autograd.grad(score.sum(), caught[0])
    result = (gradient * caught[0]).sum(dim=-1).detach()
    result[:, 0] = 0
    return result


# %% gradient_times_input | two: gradient times gradient, and the mean over the texts
# style: from NumPy
# at: gradient = torch.autograd.grad(score.mean(), caught[0])[0]
# kind: scale, name
# at2: return (gradient ** 2).sum(-1)
# kind2: name, scale
# known: mean over the texts; length of the gradient
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label]
    if against is not None:
        score = score - scores[:, against]
    gradient = torch.autograd.grad(score.mean(), caught[0])[0]
    return (gradient ** 2).sum(-1)


# %% gradient_times_input | two: all places' gradients, and what speaks against is cut off
# style: einsum
# at: c = torch.einsum("btd,bsd->bt", x, g)
# kind: axis
# at2: return c.clamp(min=0).detach()
# kind2: extra
# known: signs lost
import torch


def gradient_times_input(model, batch, label, against=None):
    caught = []
    hook = model.bert.embeddings.word_embeddings.register_forward_hook(lambda m, i, o: caught.append(o))
    scores = model(**batch)
    hook.remove()
    score = scores[:, label] - (scores[:, against] if against is not None else 0)
    x = caught[0]
    g = torch.autograd.grad(score.sum(), x)[0]
    c = torch.einsum("btd,bsd->bt", x, g)
    return c.clamp(min=0).detach()
