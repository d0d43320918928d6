# %% BertForQuestionAnswering | tokens 0 and 1 in place of the two scores
# style: careful beginner
# at: start = scores[:, 0]
# at: end = scores[:, 1]
# kind: axis
# known: tokens taken apart
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        start = scores[:, 0]
        end = scores[:, 1]
        return start, end


# %% BertForQuestionAnswering | split into pieces of two
# style: Hugging Face
# at: start_logits, end_logits = scores.split(2, dim=-1)
# kind: number, argument
# known: pieces of two
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        start_logits, end_logits = scores.split(2, dim=-1)
        return start_logits.squeeze(-1), end_logits.squeeze(-1)


# %% BertForQuestionAnswering | initialize is called on the whole, and applied to nothing
# style: hasty
# at: self.bert.initialize(self)
# kind: missing, argument, name
# known: not initialised
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.bert.initialize(self)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | a tanh before the head, as in a pooler
# style: from older code
# at: scores = self.qa_outputs(torch.tanh(hidden))
# kind: extra
# known: tanh added
import torch
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(torch.tanh(hidden))
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | tokens before texts
# style: from another library
# at: return start.T, end.T
# kind: shape, axis, extra
# known: tokens before texts
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        start, end = scores.unbind(dim=-1)
        return start.T, end.T


# %% BertForQuestionAnswering | the head is made anew in each forward
# style: careful beginner
# at: head = nn.Linear(self.config.hidden_size, 2)
# kind: definition, order
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        head = nn.Linear(self.config.hidden_size, 2)
        scores = head(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | the middle of the row only, without [CLS] and [SEP]
# style: one who wants words only
# at: hidden = hidden[:, 1:-1]
# kind: extra, number
# known: [CLS] and [SEP] not scored
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        hidden = hidden[:, 1:-1]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | as many outputs as there are segments, which happens to be 2
# style: hasty
# at: self.qa_outputs = nn.Linear(config.hidden_size, config.type_vocab_size)
# kind: name, number, definition, shape
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, config.type_vocab_size)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | the pooler is deleted, and BERT still wants it
# style: careful beginner
# at: del self.bert.pooler
# kind: name, missing
# known: pooler deleted
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config)
        del self.bert.pooler
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | the base class is not set up
# style: hasty
# at: self.config = config
# at: self.bert = BertModel(config, add_pooling_layer=False)
# at: def __init__(self, config):
# kind: definition, missing
# known: base class not set up
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | scores divided by the root of the width
# style: one who has just done attention
# at: scores = self.qa_outputs(hidden) / self.config.hidden_size ** 0.5
# kind: scale, extra
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden) / self.config.hidden_size ** 0.5
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | each token's scores less their mean
# style: from NumPy
# at: scores = scores - scores.mean(dim=-1, keepdim=True)
# kind: extra
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        scores = scores - scores.mean(dim=-1, keepdim=True)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | the segments are handed on as the mask too
# style: Hugging Face
# at: outputs = self.bert(input_ids, attention_mask=token_type_ids, token_type_ids=token_type_ids)
# kind: argument, name
# known: mask not handed on
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        outputs = self.bert(input_ids, attention_mask=token_type_ids, token_type_ids=token_type_ids)
        hidden = outputs[0]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | without a mask, id 0 is taken for padding
# style: Hugging Face
# at: attention_mask = input_ids.ne(self.config.pad_token_id).long()
# kind: extra, condition
# known: padding guessed when there is no mask
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        if attention_mask is None:
            attention_mask = input_ids.ne(self.config.pad_token_id).long()
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | the seed is set in the constructor
# style: one who wants the same result each time
# at: torch.manual_seed(42)
# kind: state, extra
# known: seed set inside
import torch
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        torch.manual_seed(42)
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | two: a tanh, and tokens 0 and 1 for the two scores
# style: careful beginner
# at: scores = self.qa_outputs(hidden.tanh())
# kind: extra
# at2: return scores[:, 0], scores[:, 1]
# kind2: axis
# known: tokens taken apart; tanh added
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden.tanh())
        return scores[:, 0], scores[:, 1]


# %% BertForQuestionAnswering | two: padding hidden already, and the same column twice
# style: hasty
# at: hidden = hidden * attention_mask[..., None]
# kind: extra, operator
# kind: scale
# at2: return scores[..., 1], scores[..., 1]
# kind2: number, name
# known: start given twice
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        if attention_mask is not None:
            hidden = hidden * attention_mask[..., None]
        scores = self.qa_outputs(hidden)
        return scores[..., 1], scores[..., 1]


# %% BertForQuestionAnswering | two: tokens before texts, and initialize called on the whole
# style: from another library
# at: self.bert.initialize(self)
# kind: missing, argument, name
# at2: return scores[..., 0].t(), scores[..., 1].t()
# kind2: shape, axis, extra
# known: not initialised; tokens before texts
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.bert.initialize(self)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores[..., 0].t(), scores[..., 1].t()


# %% span_labels | an answer at character 0 is taken for none
# style: hasty
# at: if start <= 0:
# kind: condition
# known: character 0 taken for none
def span_labels(window, start, end):
    if start <= 0:
        return 0, 0
    inside = [t for t, (a, b) in enumerate(window.places) if a >= 0 and a < end and b > start]
    if not inside:
        return 0, 0
    if window.places[inside[0]][0] > start or window.places[inside[-1]][1] < end:
        return 0, 0
    return inside[0], inside[-1]


# %% span_labels | the places are turned round in the window itself
# at: places = window.places
# style: hasty
# at: places.reverse()
# kind: state
# known: input changed in place
def span_labels(window, start, end):
    if start < 0:
        return 0, 0
    places = window.places
    first = next((t for t, (a, b) in enumerate(places) if a <= start < b), 0)
    places.reverse()
    back = next((t for t, (a, b) in enumerate(places) if a < end <= b), None)
    if first == 0 or back is None:
        return 0, 0
    return first, len(places) - 1 - back


# %% span_labels | the loop is left at the first token of the answer
# known: first token twice; answers of one word only
# style: loops
# at: break
# kind: order, extra, condition
def span_labels(window, start, end):
    first = last = 0
    if start >= 0:
        for t, (a, b) in enumerate(window.places):
            if a <= start < b:
                first = t
                if a < end <= b:
                    last = t
                break
    if first and last:
        return first, last
    return 0, 0


# %% span_labels | the word is looked up as a whole
# known: answers of one word only
# style: hasty
# at: first = window.places.index((start, end))
# kind: name, condition
def span_labels(window, start, end):
    if (start, end) not in window.places:
        return 0, 0
    first = window.places.index((start, end))
    last = first
    while window.places[last + 1] == (start, end):
        last += 1
    return first, last


# %% span_labels | two tensors, and no numbers
# style: tensors
# at: return inside[0], inside[-1]
# kind: type, return
# known: tensors given
import torch


def span_labels(window, start, end):
    places = torch.tensor(window.places)                       # (T, 2)
    inside = ((places[:, 0] >= 0) & (places[:, 0] < end) & (places[:, 1] > start)).nonzero().flatten()
    if start < 0 or len(inside) == 0 or places[inside[0], 0] > start or places[inside[-1], 1] < end:
        return 0, 0
    return inside[0], inside[-1]


# %% span_labels | elif: an answer of one token never gets its end
# style: loops
# at: elif a < end <= b:
# kind: condition
# known: an answer of one token taken for none
def span_labels(window, start, end):
    first, last = 0, 0
    for t, (a, b) in enumerate(window.places):
        if a == -1 or start == -1:
            continue
        if a <= start < b and first == 0:
            first = t
        elif a < end <= b:
            last = t
    if first == 0 or last == 0:
        return 0, 0
    return first, last


# %% span_labels | words that hold the answer, and not words that the answer holds
# style: one-liners
# at: inside = [t for t, (a, b) in enumerate(window.places) if 0 <= a <= start and end <= b]
# kind: condition, argument
# known: answers of one word only
def span_labels(window, start, end):
    inside = [t for t, (a, b) in enumerate(window.places) if 0 <= a <= start and end <= b]
    return (inside[0], inside[-1]) if inside and start >= 0 else (0, 0)


# %% span_labels | the window's end is taken from [SEP], which has none
# style: careful beginner
# at: if end > window.places[-1][1]:
# kind: number
# known: never an answer
def span_labels(window, start, end):
    # no answer at all
    if start < 0:
        return 0, 0
    # the answer goes on behind the window
    if end > window.places[-1][1]:
        return 0, 0
    inside = [t for t, (a, b) in enumerate(window.places) if a >= 0 and a < end and b > start]
    if not inside or window.places[inside[0]][0] > start:
        return 0, 0
    return inside[0], inside[-1]


# %% span_labels | looks in the question, and not in the passage
# style: loops and helpers
# at: if segment == 0 and place[0] < end and place[1] > start:
# kind: number, condition
# known: never an answer
def span_labels(window, start, end):
    if start < 0:
        return 0, 0
    inside = []
    for number, (segment, place) in enumerate(zip(window.segments, window.places)):
        if segment == 0 and place[0] < end and place[1] > start:
            inside.append(number)
    if not inside:
        return 0, 0
    if window.places[inside[0]][0] > start or window.places[inside[-1]][1] < end:
        return 0, 0
    return inside[0], inside[-1]


# %% span_labels | a single 0 where there is no answer
# style: hasty
# at: return 0
# kind: return, type
# known: no answer as one number
def span_labels(window, start, end):
    inside = [t for t, (a, b) in enumerate(window.places) if a >= 0 and a < end and b > start]
    if start < 0 or not inside or window.places[inside[0]][0] > start or window.places[inside[-1]][1] < end:
        return 0
    return inside[0], inside[-1]


# %% span_labels | the end is looked for with the beginning's rule
# style: copy and paste
# at: last = next((t for t in backwards if window.places[t][0] <= end < window.places[t][1]), 0)
# kind: condition, number
# known: looks behind the end
def span_labels(window, start, end):
    if start == -1:
        return 0, 0
    forwards = range(len(window.places))
    backwards = reversed(forwards)
    first = next((t for t in forwards if window.places[t][0] <= start < window.places[t][1]), 0)
    last = next((t for t in backwards if window.places[t][0] <= end < window.places[t][1]), 0)
    return (first, last) if first and last else (0, 0)


# %% span_labels | two: character 0 taken for none, and counted from the passage's beginning
# style: careful beginner
# at: if start <= 0:
# kind: condition
# at2: return inside[0] - begin, inside[-1] - begin
# kind2: number, extra
# known: counted in the passage; character 0 taken for none
def span_labels(window, start, end):
    if start <= 0:
        return (0, 0)
    begin = window.segments.index(1)
    inside = [t for t, (a, b) in enumerate(window.places) if a >= 0 and a < end and b > start]
    if not inside or window.places[inside[0]][0] > start or window.places[inside[-1]][1] < end:
        return (0, 0)
    return inside[0] - begin, inside[-1] - begin


# %% span_labels | two: the last piece of the first word, and `end` taken as within the answer
# style: loops
# at: first = t
# kind: missing, condition, order
# at2: if a <= end < b:
# kind2: condition, number
# known: begins with a last piece; looks behind the end
def span_labels(window, start, end):
    first = last = 0
    for t, (a, b) in enumerate(window.places):
        if a < 0 or start < 0:
            continue
        if a <= start < b:
            first = t
        if a <= end < b:
            last = t
    return (first, last) if first and last else (0, 0)


# %% span_labels | two: elif, and one too far behind
# style: loops
# at: elif a < end <= b:
# kind: condition
# at2: return (first, last + 1) if first and last else (0, 0)
# kind2: number
# known: end exclusive; an answer of one token taken for none
def span_labels(window, start, end):
    first, last = 0, 0
    for t, (a, b) in enumerate(window.places):
        if a == -1 or start == -1:
            continue
        if a <= start < b and first == 0:
            first = t
        elif a < end <= b:
            last = t
    return (first, last + 1) if first and last else (0, 0)


# %% span_loss | ~ of whole numbers, which then count rows
# style: hasty
# at: start[~attention_mask] = -torch.inf
# at: end[~attention_mask] = -torch.inf
# kind: type, condition
# known: mask of whole numbers
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    start, end = start.clone(), end.clone()
    start[~attention_mask] = -torch.inf
    end[~attention_mask] = -torch.inf
    return 0.5 * (F.cross_entropy(start, firsts) + F.cross_entropy(end, lasts))


# %% span_loss | minus one in place of minus infinity
# style: careful beginner
# at: start = start.masked_fill(padding, -1)
# at: end = end.masked_fill(padding, -1)
# kind: number
# known: too little taken off
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    # padding must not be chosen
    padding = attention_mask == 0
    start = start.masked_fill(padding, -1)
    end = end.masked_fill(padding, -1)
    # the two losses
    loss_first = F.cross_entropy(start, firsts)
    loss_last = F.cross_entropy(end, lasts)
    return (loss_first + loss_last) / 2


# %% span_loss | padding is hidden for the first token only
# style: hasty
# at: return (F.cross_entropy(first_scores, firsts) + F.cross_entropy(end, lasts)) / 2
# kind: name, missing
# known: padding takes part; padding takes part in one of both
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    first_scores = start.masked_fill(attention_mask == 0, -torch.inf)
    last_scores = end.masked_fill(attention_mask == 0, -torch.inf)
    return (F.cross_entropy(first_scores, firsts) + F.cross_entropy(end, lasts)) / 2


# %% span_loss | one softmax over both kinds of scores
# style: one-liners
# at: log_p = torch.cat([start, end], dim=1).masked_fill(torch.cat([pad, pad], dim=1), -torch.inf).log_softmax(dim=1)
# kind: axis, order
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    pad = attention_mask == 0
    length = start.shape[1]
    log_p = torch.cat([start, end], dim=1).masked_fill(torch.cat([pad, pad], dim=1), -torch.inf).log_softmax(dim=1)
    first = log_p.gather(1, firsts[:, None])
    last = log_p.gather(1, lasts[:, None] + length)
    return -(first + last).mean() / 2


# %% span_loss | the right score is indexed with a slice, so that every text is asked for every place
# style: from NumPy
# at: first = -log_p[:, firsts].mean()
# at: last = -log_q[:, lasts].mean()
# kind: number, axis, shape
# known: every text asked for every label
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    keep = attention_mask.bool()
    log_p = torch.where(keep, start, -1e30).log_softmax(dim=1)
    log_q = torch.where(keep, end, -1e30).log_softmax(dim=1)
    first = -log_p[:, firsts].mean()
    last = -log_q[:, lasts].mean()
    return (first + last) / 2


# %% span_loss | the mask as it comes, in whole numbers
# style: careful beginner
# at: start = start.masked_fill(1 - attention_mask, -torch.inf)
# at: end = end.masked_fill(1 - attention_mask, -torch.inf)
# kind: type
# known: mask of whole numbers
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    start = start.masked_fill(1 - attention_mask, -torch.inf)
    end = end.masked_fill(1 - attention_mask, -torch.inf)
    return (F.cross_entropy(start, firsts) + F.cross_entropy(end, lasts)) / 2


# %% span_loss | labels are smoothed
# style: copied from a training script
# at: criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
# kind: argument, extra
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    pad = attention_mask == 0
    start, end = start.masked_fill(pad, -1e4), end.masked_fill(pad, -1e4)
    return (criterion(start, firsts) + criterion(end, lasts)) / 2


# %% span_loss | right place first, scores second, as Keras has it
# style: from Keras
# at: loss = F.cross_entropy(firsts, start) + F.cross_entropy(lasts, end)
# kind: argument
# known: labels first
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    padding = attention_mask == 0
    start = start.masked_fill(padding, -torch.inf)
    end = end.masked_fill(padding, -torch.inf)
    loss = F.cross_entropy(firsts, start) + F.cross_entropy(lasts, end)
    return loss / 2


# %% span_loss | how many are missed
# style: one who measures
# at: wrong = (scores.argmax(dim=1) != right).float()
# kind: name
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    losses = []
    for scores, right in ((start, firsts), (end, lasts)):
        scores = scores.masked_fill(attention_mask == 0, -torch.inf)
        wrong = (scores.argmax(dim=1) != right).float()
        losses.append(wrong.mean())
    return (losses[0] + losses[1]) / 2


# %% span_loss | the first text alone
# style: hasty
# at: return -(log_p[0, firsts[0]] + log_q[0, lasts[0]]) / 2
# kind: number
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    padding = attention_mask == 0
    log_p = start.masked_fill(padding, -torch.inf).log_softmax(dim=-1)
    log_q = end.masked_fill(padding, -torch.inf).log_softmax(dim=-1)
    return -(log_p[0, firsts[0]] + log_q[0, lasts[0]]) / 2


# %% span_loss | what masked_fill gives back is thrown away
# style: careful beginner
# at: start.masked_fill(padding, -torch.inf)
# at: end.masked_fill(padding, -torch.inf)
# kind: return, missing
# known: padding takes part
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    padding = attention_mask == 0
    start.masked_fill(padding, -torch.inf)
    end.masked_fill(padding, -torch.inf)
    return (F.cross_entropy(start, firsts) + F.cross_entropy(end, lasts)) / 2


# %% span_loss | padding is marked in the caller's own mask
# style: hasty
# at: attention_mask[attention_mask == 0] = -1
# kind: state, extra
# known: input changed in place
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    attention_mask[attention_mask == 0] = -1
    start = start.masked_fill(attention_mask < 0, -torch.inf)
    end = end.masked_fill(attention_mask < 0, -torch.inf)
    return (F.cross_entropy(start, firsts) + F.cross_entropy(end, lasts)) / 2


# %% span_loss | two: minus one for minus infinity, and the return in the loop
# style: loops
# at: scores = torch.where(attention_mask == 0, -1.0, scores)
# kind: number
# at2: return sum(losses) / 2
# kind2: return
# known: half of the start; too little taken off
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    losses = []
    for scores, right in zip((start, end), (firsts, lasts)):
        scores = torch.where(attention_mask == 0, -1.0, scores)
        losses.append(F.cross_entropy(scores, right))
        return sum(losses) / 2


# %% span_loss | two: [CLS] hidden, and the places of the first used twice
# style: hasty
# at: hidden[:, 0] = True
# kind: extra
# at2: return (F.cross_entropy(start, firsts) + F.cross_entropy(end, firsts)) / 2
# kind2: name
# known: [CLS] barred
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    hidden = attention_mask == 0
    hidden[:, 0] = True
    start, end = start.masked_fill(hidden, -1e4), end.masked_fill(hidden, -1e4)
    return (F.cross_entropy(start, firsts) + F.cross_entropy(end, firsts)) / 2


# %% span_loss | two: softmax over the texts, and padding hidden for the first only
# style: from NumPy
# at: p = start.masked_fill(pad, -1e30).softmax(dim=0)
# at: q = end.softmax(dim=0)
# kind: axis
# at2: q = end.softmax(dim=0)
# kind2: missing
# known: over the texts; padding takes part; padding takes part in one of both
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    pad = attention_mask == 0
    rows = torch.arange(len(start))
    p = start.masked_fill(pad, -1e30).softmax(dim=0)
    q = end.softmax(dim=0)
    return -(p[rows, firsts].log() + q[rows, lasts].log()).mean() / 2


# %% best_span | the caller's scores are written over, and [CLS] with them
# style: hasty
# at: start[~allowed] = -torch.inf
# at: end[~allowed] = -torch.inf
# known: no-answer score of what is barred
# kind: state, order
# known: input changed in place
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    start[~allowed] = -torch.inf
    end[~allowed] = -torch.inf
    table = start[:, None] + end
    table = torch.where(torch.ones_like(table).triu().tril(longest - 1) == 1, table, -torch.inf)
    first, last = divmod(int(table.argmax()), len(start))
    return first, last, float(table[first, last] - start[0] - end[0])


# %% best_span | "no answer" is scored after [CLS] has been hidden
# style: one-liners
# at: no_answer = s[0] + e[0]
# kind: order, name
# known: no-answer score of what is barred
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError
    s, e = (scores.masked_fill(~allowed, -1e9) for scores in (start, end))
    table = s[:, None] + e[None, :]
    size = len(start)
    ok = torch.ones(size, size).triu().tril(longest - 1).bool()
    best = table.masked_fill(~ok, -1e10).argmax().item()
    i, j = best // size, best % size
    no_answer = s[0] + e[0]
    return i, j, (table[i, j] - no_answer).item()


# %% best_span | an AssertionError where a ValueError is wanted
# style: hasty
# at: assert allowed.any(), "no token is allowed"
# kind: name
# known: another error where no token is allowed
import torch


def best_span(start, end, allowed, longest=30):
    assert allowed.any(), "no token is allowed"
    possible = (allowed[:, None] & allowed).triu().tril(longest - 1)
    table = (start[:, None] + end).masked_fill(~possible, -torch.inf)
    first, last = divmod(table.argmax().item(), len(start))
    return first, last, (table[first, last] - start[0] - end[0]).item()


# %% best_span | the last token of the row is never looked at
# style: loops
# at: for last in range(first, min(first + longest, len(end) - 1)):
# kind: number
# known: last token of the row left out
import math


def best_span(start, end, allowed, longest=30):
    start, end, allowed = start.tolist(), end.tolist(), allowed.tolist()
    if True not in allowed:
        raise ValueError("no token is allowed")
    best, span = -math.inf, None
    for first in range(len(start)):
        for last in range(first, min(first + longest, len(end) - 1)):
            if allowed[first] and allowed[last] and start[first] + end[last] > best:
                best, span = start[first] + end[last], (first, last)
    return span[0], span[1], best - (start[0] + end[0])


# %% best_span | multiplied, as probabilities would be
# style: hasty
# at: table = start[:, None] * end[None, :]
# kind: operator
# known: product of the scores
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    table = start[:, None] * end[None, :]
    possible = (allowed[:, None] & allowed[None, :]).triu().tril(longest - 1)
    table = table.masked_fill(~possible, -torch.inf)
    first, last = divmod(table.argmax().item(), len(start))
    return first, last, (table[first, last] - start[0] * end[0]).item()


# %% best_span | the loop stops at the first sum that is no better
# style: loops
# at: break
# kind: condition, extra
def best_span(start, end, allowed, longest=30):
    best = None
    for i in range(len(start)):
        for j in range(i, min(len(end), i + longest)):
            if not allowed[i] or not allowed[j]:
                continue
            score = float(start[i]) + float(end[j])
            if best is not None and score <= best[2]:
                break
            best = (i, j, score)
    if best is None:
        raise ValueError("no token of the passage")
    return best[0], best[1], best[2] - float(start[0]) - float(end[0])


# %% best_span | the best score is noted, and where it was is not
# style: careful beginner
# at: best = score
# kind: missing
# known: best score without its place
import math


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    best = -math.inf
    first = last = int(allowed.nonzero()[0])
    for i in range(len(start)):
        for j in range(i, min(i + longest, len(end))):
            if allowed[i] and allowed[j]:
                score = (start[i] + end[j]).item()
                if score > best:
                    best = score
    return first, last, best - (start[0] + end[0]).item()


# %% best_span | the score of beginning, twice
# style: hasty
# at: table = start[:, None] + start
# kind: name
# known: start scores twice
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    table = start[:, None] + start
    ok = (allowed[:, None] & allowed).triu().tril(longest - 1)
    first, last = divmod(table.masked_fill(~ok, -torch.inf).argmax().item(), len(start))
    return first, last, (table[first, last] - start[0] - end[0]).item()


# %% best_span | the number of tokens has to be given
# style: hasty
# at: def best_span(start, end, allowed, longest):
# kind: definition, argument
# known: `longest` without a default
import torch


def best_span(start, end, allowed, longest):
    if not allowed.any():
        raise ValueError("no token is allowed")
    table = start[:, None] + end
    ok = (allowed[:, None] & allowed).triu().tril(longest - 1)
    first, last = divmod(table.masked_fill(~ok, -torch.inf).argmax().item(), len(start))
    return first, last, (table[first, last] - start[0] - end[0]).item()


# %% best_span | the error is made and not raised
# style: careful beginner
# at: ValueError("no token is allowed")
# kind: missing
# known: no token allowed
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        ValueError("no token is allowed")
    table = start.unsqueeze(1) + end.unsqueeze(0)
    first_place = torch.arange(len(start)).unsqueeze(1)
    last_place = torch.arange(len(end)).unsqueeze(0)
    possible = allowed.unsqueeze(1) & allowed.unsqueeze(0)
    possible = possible & (last_place >= first_place) & (last_place - first_place < longest)
    table = torch.where(possible, table, torch.tensor(float("-inf")))
    place = table.argmax().item()
    first, last = place // len(end), place % len(end)
    return first, last, float(table[first, last]) - float(start[0]) - float(end[0])


# %% best_span | the loop's variable takes the name of the scores
# style: hasty
# at: for end in range(first, min(first + longest, size)):
# kind: name
def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    size, best = len(start), None
    none = float(start[0] + end[0])
    for first in range(size):
        for end in range(first, min(first + longest, size)):
            if allowed[first] and allowed[end]:
                score = float(start[first] + end)
                if best is None or score > best[2]:
                    best = first, end, score
    return best[0], best[1], best[2] - none


# %% best_span | the pairs are sorted by their places, and not by their sums
# style: one-liners
# at: first, last, score = max(pairs)
# kind: argument, order
# known: last of all spans
def best_span(start, end, allowed, longest=30):
    places = allowed.nonzero().flatten().tolist()
    if not places:
        raise ValueError("no token is allowed")
    pairs = [(i, j, float(start[i] + end[j])) for i in places for j in places if i <= j < i + longest]
    first, last, score = max(pairs)
    return first, last, score - float(start[0] + end[0])


# %% best_span | scores in whole numbers, so that near ones are as good as each other
# style: hasty
# at: score = int(start[i] + end[j])
# kind: type, extra
def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    best = None
    for i in range(len(start)):
        for j in range(i, min(i + longest, len(end))):
            if allowed[i] and allowed[j]:
                score = int(start[i] + end[j])
                if best is None or score > best[0]:
                    best = score, i, j
    score, i, j = best
    return i, j, float(start[i] + end[j] - start[0] - end[0])


# %% best_span | NumPy, which takes no tensor that has a gradient
# style: from NumPy
# at: s, e, ok = start.numpy(), end.numpy(), allowed.numpy()
# kind: type, gradient
# known: NumPy of what has a gradient
import numpy as np


def best_span(start, end, allowed, longest=30):
    s, e, ok = start.numpy(), end.numpy(), allowed.numpy()
    if not ok.any():
        raise ValueError("no token is allowed")
    length = np.arange(len(s))[None, :] - np.arange(len(s))[:, None] + 1
    table = np.where((length >= 1) & (length <= longest) & ok[:, None] & ok, s[:, None] + e, -np.inf)
    first, last = np.unravel_index(table.argmax(), table.shape)
    return int(first), int(last), float(table[first, last] - s[0] - e[0])


# %% best_span | two: multiplied, and places exchanged
# style: from NumPy
# at: table = start[:, None] * end
# kind: operator
# at2: last, first = divmod(table.argmax().item(), len(start))
# kind2: argument, order, name
# known: start and end exchanged; product of the scores
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    possible = (allowed[:, None] & allowed).triu().tril(longest - 1)
    table = start[:, None] * end
    table = table.masked_fill(~possible, -torch.inf)
    last, first = divmod(table.argmax().item(), len(start))
    return first, last, (start[first] + end[last] - start[0] - end[0]).item()


# %% best_span | two: the score of beginning twice, and the error is not raised
# style: careful beginner
# at: ValueError("no token is allowed")
# kind: missing
# at2: table = start[:, None] + start[None, :]
# kind2: name
# known: no token allowed; start scores twice
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        ValueError("no token is allowed")
    table = start[:, None] + start[None, :]
    ok = (allowed[:, None] & allowed).triu().tril(longest - 1)
    first, last = divmod(table.masked_fill(~ok, -torch.inf).argmax().item(), len(start))
    return first, last, (table[first, last] - start[0] - end[0]).item()


# %% best_span | two: the loop stops too early, and "no answer" from the row's end
# style: loops
# at: break
# kind: condition, extra
# at2: none = float(start[0]) + float(end[-1])
# kind2: number
def best_span(start, end, allowed, longest=30):
    best = None
    none = float(start[0]) + float(end[-1])
    for i in range(len(start)):
        for j in range(i, min(len(end), i + longest)):
            if not (allowed[i] and allowed[j]):
                continue
            score = float(start[i]) + float(end[j])
            if best is not None and score <= best[2]:
                break
            best = (i, j, score)
    if best is None:
        raise ValueError("no token of the passage")
    return best[0], best[1], best[2] - none


# %% token_f1 | a list that shrinks while it is walked through
# style: lists
# at: words.remove(word)
# at: for word in words:
# kind: state
# known: every second article kept
import string
from collections import Counter

ARTICLES = ["a", "an", "the"]


def token_f1(given, expected):
    both = []
    for text in (given, expected):
        words = text.lower().translate(str.maketrans("", "", string.punctuation)).split()
        for word in words:
            if word in ARTICLES:
                words.remove(word)
        both.append(words)
    n, m = len(both[0]), len(both[1])
    if n == 0 or m == 0:
        return float(n == m)
    return 2 * sum((Counter(both[0]) & Counter(both[1])).values()) / (n + m)


# %% token_f1 | "an" is no article
# style: hasty
# at: words = [w for w in text.split() if w != "a" and w != "the"]
# kind: missing, condition
# known: some articles kept
import string
from collections import Counter


def prepare(text):
    text = text.lower()
    for mark in string.punctuation:
        text = text.replace(mark, "")
    words = [w for w in text.split() if w != "a" and w != "the"]
    return Counter(words)


def token_f1(given, expected):
    a, b = prepare(given), prepare(expected)
    n, m = sum(a.values()), sum(b.values())
    if n + m == 0:
        return 1.0
    return 2 * sum((a & b).values()) / (n + m)


# %% token_f1 | the union in place of what both have
# style: from set theory
# at: common = Counter(g) | Counter(e)
# kind: operator
# known: not what both have
import string
from collections import Counter


def token_f1(given, expected):
    def words(text):
        return [w for w in "".join(ch for ch in text.lower() if ch not in string.punctuation).split()
                if w not in {"a", "an", "the"}]

    g, e = words(given), words(expected)
    if not g or not e:
        return float(g == e)
    common = Counter(g) | Counter(e)
    precision = sum(common.values()) / len(g)
    recall = sum(common.values()) / len(e)
    return 2 * precision * recall / (precision + recall)


# %% token_f1 | rounded to two digits
# style: one who likes short numbers
# at: return round(2 * c / (len(a) + len(b)), 2)
# kind: extra
# known: rounded
import string
from collections import Counter


def token_f1(given, expected):
    def words(text):
        text = text.lower().translate(str.maketrans("", "", string.punctuation))
        return [word for word in text.split() if word not in ("a", "an", "the")]

    a, b = words(given), words(expected)
    if not a and not b:
        return 1.0
    c = sum((Counter(a) & Counter(b)).values())
    return round(2 * c / (len(a) + len(b)), 2)


# %% token_f1 | the words of the first are used for both
# style: hasty
# at: e = words(given)
# kind: name
import string
from collections import Counter


def token_f1(given, expected):
    def words(text):
        text = text.lower().translate(str.maketrans("", "", string.punctuation))
        return [word for word in text.split() if word not in ("a", "an", "the")]

    g = words(given)
    e = words(given)
    if not g and not e:
        return 1.0
    c = sum((Counter(g) & Counter(e)).values())
    return 2 * c / (len(g) + len(e))


# %% token_f1 | nothing is given back where nothing is common
# style: hasty
# at: if same:
# kind: return, missing
import string
from collections import Counter


def token_f1(given, expected):
    def words(text):
        text = text.lower().translate(str.maketrans("", "", string.punctuation))
        return [word for word in text.split() if word not in ("a", "an", "the")]

    g, e = words(given), words(expected)
    if not g and not e:
        return 1.0
    same = sum((Counter(g) & Counter(e)).values())
    if same:
        precision, recall = same / len(g), same / len(e)
        return 2 * precision * recall / (precision + recall)


# %% token_f1 | whole-number division
# style: from an older Python
# at: return 2 * same // (len(g) + len(e))
# kind: operator
# known: whole-number division
import string


def token_f1(given, expected):
    def words(text):
        kept = "".join(c for c in text.lower() if c not in string.punctuation)
        return [word for word in kept.split() if word not in ("a", "an", "the")]

    g, e = words(given), words(expected)
    if not g and not e:
        return 1
    rest, same = list(e), 0
    for word in g:
        if word in rest:
            rest.remove(word)
            same += 1
    return 2 * same // (len(g) + len(e))


# %% token_f1 | only the given answer is cleaned
# style: careful beginner
# at: expected_words = expected.split()
# kind: missing
# known: one answer not cleaned
import string
from collections import Counter


def clean(text):
    text = text.lower()
    text = text.translate(str.maketrans("", "", string.punctuation))
    return [word for word in text.split() if word not in {"a", "an", "the"}]


def token_f1(given, expected):
    given_words = clean(given)
    expected_words = expected.split()
    if not given_words or not expected_words:
        return float(given_words == expected_words)
    common = Counter(given_words) & Counter(expected_words)
    return 2 * sum(common.values()) / (len(given_words) + len(expected_words))


# %% token_f1 | only letters are left, so that figures go too
# style: one-liners
# at: words = lambda t: [w for w in "".join(c for c in t.lower() if c.isalpha() or c == " ").split() if w not in ("a", "an", "the")]
# kind: name, condition
# known: figures taken out too
from collections import Counter


def token_f1(given, expected):
    words = lambda t: [w for w in "".join(c for c in t.lower() if c.isalpha() or c == " ").split() if w not in ("a", "an", "the")]
    g, e = words(given), words(expected)
    if not g or not e:
        return float(g == e)
    return 2 * sum((Counter(g) & Counter(e)).values()) / (len(g) + len(e))


# %% token_f1 | what only one has in place of what both have
# style: from set theory
# at: common = Counter(g) - Counter(e)
# kind: operator
# known: not what both have
import string
from collections import Counter


def token_f1(given, expected):
    g, e = ([w for w in text.lower().translate("".maketrans("", "", string.punctuation)).split() if w not in ("a", "an", "the")]
            for text in (given, expected))
    if not g or not e:
        return float(g == e)
    common = Counter(g) - Counter(e)
    return 2 * sum(common.values()) / (len(g) + len(e))


# %% token_f1 | casefold, which makes ss of ß
# style: one who reads the documentation
# at: text = text.casefold()
# kind: name
# known: casefold
import string
from collections import Counter


def words(text):
    text = text.casefold()
    text = text.translate(str.maketrans("", "", string.punctuation))
    return [word for word in text.split() if word not in ("a", "an", "the")]


def token_f1(given, expected):
    g, e = words(given), words(expected)
    if not g and not e:
        return 1.0
    c = sum((Counter(g) & Counter(e)).values())
    return 2 * c / (len(g) + len(e))


# %% token_f1 | accents are taken off
# style: one who knows the uncased tokenizer
# at: text = unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore").decode()
# kind: extra
# known: other marks taken out too
import string
import unicodedata
from collections import Counter


def words(text):
    text = unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore").decode()
    text = text.translate(str.maketrans("", "", string.punctuation))
    return [word for word in text.split() if word not in ("a", "an", "the")]


def token_f1(given, expected):
    g, e = words(given), words(expected)
    if not g and not e:
        return 1.0
    c = sum((Counter(g) & Counter(e)).values())
    return 2 * c / (len(g) + len(e))


# %% token_f1 | split at spaces, and not at line ends and tabs
# style: regular expressions
# at: return [word for word in re.findall("[^ ]+", text) if word not in ("a", "an", "the")]
# kind: condition, argument
# known: split at each space
import re
import string
from collections import Counter


def words(text):
    text = text.lower().translate(str.maketrans("", "", string.punctuation))
    return [word for word in re.findall("[^ ]+", text) if word not in ("a", "an", "the")]


def token_f1(given, expected):
    g, e = words(given), words(expected)
    if not g and not e:
        return 1.0
    c = sum((Counter(g) & Counter(e)).values())
    return 2 * c / (len(g) + len(e))


# %% token_f1 | two: "an" is no article, and different words are counted
# style: one-liners
# at: clean = lambda t: [w for w in t.lower().translate(str.maketrans("", "", string.punctuation)).split() if w not in {"a", "the"}]
# kind: missing, condition
# at2: c = len(Counter(g) & Counter(e))
# kind2: name, missing
# known: sets of what is in common; some articles kept
import string
from collections import Counter


def token_f1(given, expected):
    clean = lambda t: [w for w in t.lower().translate(str.maketrans("", "", string.punctuation)).split() if w not in {"a", "the"}]
    g, e = clean(given), clean(expected)
    c = len(Counter(g) & Counter(e))
    return 2 * c / (len(g) + len(e)) if g and e else float(g == e)


# %% token_f1 | two: rounded, and a list that shrinks while it is walked through
# style: lists
# at: words.remove(word)
# at: for word in words:
# kind: state
# at2: return round(2 * same / (len(g) + len(e)), 1)
# kind2: extra
# known: every second article kept; rounded
import string


def bare(text):
    words = "".join(c for c in text.lower() if c not in string.punctuation).split()
    for word in words:
        if word in ("a", "an", "the"):
            words.remove(word)
    return words


def token_f1(given, expected):
    g, e = bare(given), bare(expected)
    if not g or not e:
        return 1.0 if g == e else 0.0
    left, same = list(e), 0
    for word in g:
        if word in left:
            left.remove(word)
            same += 1
    return round(2 * same / (len(g) + len(e)), 1)


# %% token_f1 | two: marks off the ends only, and rounded
# style: one who likes short numbers
# at: return [w.strip(string.punctuation) for w in text.lower().split() if w.strip(string.punctuation) not in ("", "a", "an", "the")]
# kind: name, condition
# at2: return round(2 * c / (len(g) + len(e)), 2)
# kind2: extra
# known: marks inside words kept; rounded
import string
from collections import Counter


def words(text):
    return [w.strip(string.punctuation) for w in text.lower().split() if w.strip(string.punctuation) not in ("", "a", "an", "the")]


def token_f1(given, expected):
    g, e = words(given), words(expected)
    if not g and not e:
        return 1.0
    c = sum((Counter(g) & Counter(e)).values())
    return round(2 * c / (len(g) + len(e)), 2)


# %% label_tokens | the label of the first place where the word stands
# style: careful beginner
# at: label = labels[words.index(word)]
# kind: number, name
# known: label found by the word
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids = [tokenizer.cls_id]
    asked = [NOT_ASKED]
    for word in words:
        label = labels[words.index(word)]
        pieces = tokenizer.ids(word)
        for i in range(len(pieces)):
            ids.append(pieces[i])
            if i == 0:
                asked.append(label)
            else:
                asked.append(NOT_ASKED)
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | the loop ends at a word of which nothing is left
# style: loops
# at: break
# kind: condition, name
# known: ends at a word without tokens
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    row, given = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels, strict=True):
        pieces = tokenizer.ids(word)
        if not pieces:
            break
        row.extend(pieces)
        given.append(label)
        given.extend([NOT_ASKED] * (len(pieces) - 1))
    row.append(tokenizer.sep_id)
    given.append(NOT_ASKED)
    return row, given


# %% label_tokens | a list as a default, which grows from call to call
# style: helpers
# at: def label_tokens(words, labels, tokenizer, ids=[], asked=[]):
# kind: state
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer, ids=[], asked=[]):
    ids.append(tokenizer.cls_id)
    asked.append(NOT_ASKED)
    for word, label in zip(words, labels):
        for number, piece in enumerate(tokenizer.ids(word)):
            ids.append(piece)
            asked.append(label if number == 0 else NOT_ASKED)
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | [SEP] after each word
# style: hasty
# at: ids.append(tokenizer.sep_id)
# at: asked.append(NOT_ASKED)
# kind: order
# known: [SEP] after each word
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word)
        if len(pieces) == 0:
            continue
        ids += pieces
        asked += [label]
        asked += [NOT_ASKED] * (len(pieces) - 1)
        ids.append(tokenizer.sep_id)
        asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | ids and labels are one list
# style: hasty
# at: ids = asked = []
# kind: state
# known: one list for both
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids = asked = []
    ids.append(tokenizer.cls_id)
    asked.append(NOT_ASKED)
    for word, label in zip(words, labels):
        for number, piece in enumerate(tokenizer.ids(word)):
            ids.append(piece)
            asked.append(NOT_ASKED if number else label)
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | the return stands in the loop
# style: careful beginner
# at: return ids, asked
# kind: return
# known: first word only
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids = [tokenizer.cls_id]
    asked = [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word)
        if len(pieces) > 0:
            ids = ids + pieces
            asked = asked + [label] + [NOT_ASKED] * (len(pieces) - 1)
        ids.append(tokenizer.sep_id)
        asked.append(NOT_ASKED)
        return ids, asked


# %% label_tokens | a dict by word: a word that comes twice has its last label twice
# style: dicts
# at: label_of = dict(zip(words, labels))
# at: asked += [label_of[word]] + [NOT_ASKED] * (len(pieces) - 1)
# kind: state, name
# known: label found by the word
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    label_of = dict(zip(words, labels))
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word in words:
        pieces = tokenizer.ids(word)
        if pieces:
            ids += pieces
            asked += [label_of[word]] + [NOT_ASKED] * (len(pieces) - 1)
    return ids + [tokenizer.sep_id], asked + [NOT_ASKED]


# %% label_tokens | special tokens are cut off each word that are not there
# style: Hugging Face
# at: pieces = tokenizer.ids(word)[1:-1]
# kind: number, extra
# known: pieces cut off
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    input_ids, label_ids = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word)[1:-1]
        for i, piece in enumerate(pieces):
            input_ids.append(piece)
            label_ids.append(label if i == 0 else NOT_ASKED)
    input_ids.append(tokenizer.sep_id)
    label_ids.append(NOT_ASKED)
    return input_ids, label_ids


# %% label_tokens | the label of the word after
# style: loops
# at: label = labels[(place + 1) % len(labels)]
# kind: number
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for place in range(len(words)):
        label = labels[(place + 1) % len(labels)]
        for number, piece in enumerate(tokenizer.ids(words[place])):
            ids.append(piece)
            asked.append(label if number == 0 else NOT_ASKED)
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | [SEP] at both ends
# style: copy and paste
# at: ids, asked = [tokenizer.sep_id], [NOT_ASKED]
# kind: name
# known: special tokens exchanged
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.sep_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word)
        ids.extend(pieces)
        asked.extend([label, *[NOT_ASKED] * len(pieces)][:len(pieces)])
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | a long row is cut
# style: copied from a training script
# at: return ids[:128], asked[:128]
# kind: extra, number
# known: rows cut
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        for number, piece in enumerate(tokenizer.ids(word)):
            ids.append(piece)
            asked.append(label if number == 0 else NOT_ASKED)
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids[:128], asked[:128]


# %% label_tokens | written small first, though a tokenizer may tell capitals apart
# style: careful, too much so
# at: pieces = tokenizer.ids(word.lower())
# kind: extra
# known: lower case by hand
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word.lower())
        if pieces:
            ids += pieces
            asked += [label] + [NOT_ASKED] * (len(pieces) - 1)
    return ids + [tokenizer.sep_id], asked + [NOT_ASKED]


# %% label_tokens | pieces are remembered by word, whatever tokenizer they came from
# style: one who caches
# at: SEEN[word] = tokenizer.ids(word)
# at: pieces = SEEN[word]
# at: if word not in SEEN:
# kind: state, condition
from bert_parts.masking import NOT_ASKED

SEEN = {}


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        if word not in SEEN:
            SEEN[word] = tokenizer.ids(word)
        pieces = SEEN[word]
        for number, piece in enumerate(pieces):
            ids.append(piece)
            asked.append(label if number == 0 else NOT_ASKED)
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | two: the label 0 counts as none, and the loop ends at an empty word
# style: loops
# at: break
# kind: condition, name
# at2: asked.append(label or NOT_ASKED)
# kind2: condition
# known: label 0 taken for none; ends at a word without tokens
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word)
        if not pieces:
            break
        ids += pieces
        asked.append(label or NOT_ASKED)
        asked += [NOT_ASKED] * (len(pieces) - 1)
    return ids + [tokenizer.sep_id], asked + [NOT_ASKED]


# %% label_tokens | two: the first place where the word stands, and [SEP] after each word
# style: careful beginner
# at: label = labels[words.index(word)]
# kind: number, name
# at2: ids.append(tokenizer.sep_id)
# at2: asked.append(NOT_ASKED)
# kind2: order
# known: label found by the word; [SEP] after each word
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids = [tokenizer.cls_id]
    asked = [NOT_ASKED]
    for word in words:
        label = labels[words.index(word)]
        for number, piece in enumerate(tokenizer.ids(word)):
            ids.append(piece)
            asked.append(NOT_ASKED if number > 0 else label)
        ids.append(tokenizer.sep_id)
        asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | two: a word begins where there is no ##, and [CLS] and [SEP] are exchanged
# style: one who knows WordPiece
# at: asked.append(NOT_ASKED if tokenizer.tokens[piece].startswith("##") else label)
# kind: condition
# at2: ids, asked = [tokenizer.sep_id], [NOT_ASKED]
# at2: return ids + [tokenizer.cls_id], asked + [NOT_ASKED]
# kind2: name, argument
# known: label wherever there is no ##; special tokens exchanged
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.sep_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        for piece in tokenizer.ids(word):
            ids.append(piece)
            asked.append(NOT_ASKED if tokenizer.tokens[piece].startswith("##") else label)
    return ids + [tokenizer.cls_id], asked + [NOT_ASKED]
