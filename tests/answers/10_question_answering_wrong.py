# %% BertForQuestionAnswering | tokens 0 and 1 in place of the two scores
# style: careful beginner
# at: start = scores[:, 0]
# at: end = scores[:, 1]
# kind: axis
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        start = scores[:, 0]
        end = scores[:, 1]
        return start, end


# %% BertForQuestionAnswering | written as (2, B, T) by view
# style: from NumPy
# at: start, end = scores.reshape(2, batch, length)
# kind: shape, axis
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        batch, length, _ = scores.shape
        start, end = scores.reshape(2, batch, length)
        return start, end


# %% BertForQuestionAnswering | cut in two along the tokens
# style: one-liners
# at: return self.qa_outputs(hidden).squeeze(-1).chunk(2, dim=1)
# kind: axis
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        return self.qa_outputs(hidden).squeeze(-1).chunk(2, dim=1)


# %% BertForQuestionAnswering | split into pieces of two
# style: Hugging Face
# at: start_logits, end_logits = scores.split(2, dim=-1)
# kind: number, argument
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        start_logits, end_logits = scores.split(2, dim=-1)
        return start_logits.squeeze(-1), end_logits.squeeze(-1)


# %% BertForQuestionAnswering | two heads in place of one
# style: loops and helpers
# at: self.start = nn.Linear(config.hidden_size, 1)
# at: self.end = nn.Linear(config.hidden_size, 1)
# kind: definition, name
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.start = nn.Linear(config.hidden_size, 1)
        self.end = nn.Linear(config.hidden_size, 1)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        return self.start(hidden)[..., 0], self.end(hidden)[..., 0]


# %% BertForQuestionAnswering | initialize is called on the whole, and applied to nothing
# style: hasty
# at: self.bert.initialize(self)
# kind: missing, argument, name
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.bert.initialize(self)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | padding already hidden in the scores
# style: one who looks ahead
# at: scores = scores.masked_fill(attention_mask[..., None] == 0, -torch.inf)
# kind: extra
import torch
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask[..., None] == 0, -torch.inf)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | a tanh before the head, as in a pooler
# style: from older code
# at: scores = self.qa_outputs(torch.tanh(hidden))
# kind: extra
import torch
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(torch.tanh(hidden))
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | both in one tensor
# style: hasty
# at: return scores.permute(2, 0, 1)
# kind: return, type
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores.permute(2, 0, 1)


# %% BertForQuestionAnswering | the last dimension is left, (B, T, 1)
# style: slices
# at: return scores[:, :, 0:1], scores[:, :, 1:2]
# kind: shape, return
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores[:, :, 0:1], scores[:, :, 1:2]


# %% BertForQuestionAnswering | tokens before texts
# style: from another library
# at: return start.T, end.T
# kind: shape, axis, extra
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        start, end = scores.unbind(dim=-1)
        return start.T, end.T


# %% BertForQuestionAnswering | the same column twice
# style: hasty
# at: end = scores[:, :, 0]
# kind: number, name
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        start = scores[:, :, 0]
        end = scores[:, :, 0]
        return start, end


# %% BertForQuestionAnswering | the head is made anew in each forward
# style: careful beginner
# at: head = nn.Linear(self.config.hidden_size, 2)
# kind: definition, order
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
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
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        hidden = hidden[:, 1:-1]
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


# %% BertForQuestionAnswering | two: a tanh, and tokens 0 and 1 for the two scores
# style: careful beginner
# at: scores = self.qa_outputs(hidden.tanh())
# kind: extra
# at2: return scores[:, 0], scores[:, 1]
# kind2: axis
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden.tanh())
        return scores[:, 0], scores[:, 1]


# %% BertForQuestionAnswering | two: reshaped, and initialize called on the whole
# style: from NumPy
# at: self.bert.initialize(self)
# kind: missing, argument, name
# at2: return scores.view(2, *input_ids.shape).unbind(0)
# kind2: shape, axis
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.bert.initialize(self)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden)
        return scores.view(2, *input_ids.shape).unbind(0)


# %% BertForQuestionAnswering | two: padding hidden already, and the same column twice
# style: hasty
# at: hidden = hidden * attention_mask[..., None]
# kind: extra, operator
# at2: return scores[..., 1], scores[..., 1]
# kind2: number, name
from torch import nn

from bert_parts import BertModel
from bert_parts.heads import without_pooler


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = without_pooler(BertModel(config))
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        if attention_mask is not None:
            hidden = hidden * attention_mask[..., None]
        scores = self.qa_outputs(hidden)
        return scores[..., 1], scores[..., 1]


# %% span_labels | only answers that begin and end with a word are found
# style: careful beginner
# at: if place[0] == start:
# at: if place[1] == end:
# kind: condition
def span_labels(window, start, end):
    first, last = 0, 0
    if start == -1:
        return 0, 0
    for number, place in enumerate(window.places):
        if place[0] == start:
            if first == 0:
                first = number
        if place[1] == end:
            last = number
    if first == 0 or last == 0:
        return 0, 0
    return first, last


# %% span_labels | an answer at character 0 is taken for none
# style: hasty
# at: if start <= 0:
# kind: condition
def span_labels(window, start, end):
    if start <= 0:
        return 0, 0
    inside = [t for t, (a, b) in enumerate(window.places) if a >= 0 and a < end and b > start]
    if not inside:
        return 0, 0
    if window.places[inside[0]][0] > start or window.places[inside[-1]][1] < end:
        return 0, 0
    return inside[0], inside[-1]


# %% span_labels | only words that are wholly in the answer
# style: one-liners
# at: inside = [t for t, (a, b) in enumerate(window.places) if start <= a and b <= end and a >= 0]
# kind: condition
def span_labels(window, start, end):
    inside = [t for t, (a, b) in enumerate(window.places) if start <= a and b <= end and a >= 0]
    return (inside[0], inside[-1]) if inside and start >= 0 else (0, 0)


# %% span_labels | the places are turned round in the window itself
# style: hasty
# at: places.reverse()
# kind: state
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


# %% span_labels | counted from the beginning of the passage, and not of the row
# style: careful beginner
# at: return inside[0] - offset, inside[-1] - offset
# at: offset = tokens[0]
# kind: number, extra
def span_labels(window, start, end):
    tokens = [t for t in range(len(window.places)) if window.places[t] != (-1, -1)]
    offset = tokens[0]
    inside = [t for t in tokens if window.places[t][0] < end and window.places[t][1] > start]
    if start == -1 or not inside:
        return 0, 0
    if window.places[inside[0]][0] > start or window.places[inside[-1]][1] < end:
        return 0, 0
    return inside[0] - offset, inside[-1] - offset


# %% span_labels | the last token is the one behind the answer, as slices have it
# style: slices
# at: return inside[0], inside[-1] + 1
# kind: number
def span_labels(window, start, end):
    inside = [t for t, (a, b) in enumerate(window.places) if a >= 0 and a < end and b > start]
    if start < 0 or not inside or window.places[inside[0]][0] > start or window.places[inside[-1]][1] < end:
        return 0, 0
    return inside[0], inside[-1] + 1


# %% span_labels | nothing is given back where there is no answer
# style: hasty
# at: if first is not None and last is not None:
# at: return first, last
# kind: return, missing
def span_labels(window, start, end):
    first = last = None
    for t, (a, b) in enumerate(window.places):
        if a == -1:
            continue
        if a <= start < b and first is None:
            first = t
        if a < end <= b:
            last = t
    if first is not None and last is not None:
        return first, last


# %% span_labels | an answer's beginning is looked for and its end is not
# style: loops and helpers
# at: return inside[0], inside[-1]
# at: if window.places[inside[0]][0] > start:
# kind: missing, condition
def tokens_of(window, start, end):
    return [t for t, (a, b) in enumerate(window.places) if 0 <= a < end and start < b]


def span_labels(window, start, end):
    if start < 0:
        return 0, 0
    inside = tokens_of(window, start, end)
    if len(inside) == 0:
        return 0, 0
    if window.places[inside[0]][0] > start:
        return 0, 0
    return inside[0], inside[-1]


# %% span_labels | the word is looked up as a whole
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
import torch


def span_labels(window, start, end):
    places = torch.tensor(window.places)                       # (T, 2)
    inside = ((places[:, 0] >= 0) & (places[:, 0] < end) & (places[:, 1] > start)).nonzero().flatten()
    if start < 0 or len(inside) == 0 or places[inside[0], 0] > start or places[inside[-1], 1] < end:
        return 0, 0
    return inside[0], inside[-1]


# %% span_labels | two: only words wholly in the answer, and the one behind it
# style: slices
# at: inside = [t for t, (a, b) in enumerate(window.places) if start <= a and b <= end and a >= 0]
# kind: condition
# at2: return inside[0], inside[-1] + 1
# kind2: number
def span_labels(window, start, end):
    inside = [t for t, (a, b) in enumerate(window.places) if start <= a and b <= end and a >= 0]
    if start < 0 or not inside:
        return 0, 0
    return inside[0], inside[-1] + 1


# %% span_labels | two: character 0 taken for none, and counted from the passage's beginning
# style: careful beginner
# at: if start <= 0:
# kind: condition
# at2: return inside[0] - begin, inside[-1] - begin
# kind2: number, extra
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


# %% span_loss | zero times minus infinity
# style: from NumPy
# at: hide = (1 - attention_mask) * -torch.inf
# kind: operator
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    hide = (1 - attention_mask) * -torch.inf
    return (F.cross_entropy(start + hide, firsts) + F.cross_entropy(end + hide, lasts)) / 2


# %% span_loss | ~ of whole numbers, which then count rows
# style: hasty
# at: start[~attention_mask] = -torch.inf
# at: end[~attention_mask] = -torch.inf
# kind: type, condition
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


# %% span_loss | [CLS] takes no part either
# style: one who wants words only
# at: real[:, 0] = False
# kind: extra
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    real = attention_mask.bool()
    real[:, 0] = False
    start = torch.where(real, start, -1e9)
    end = torch.where(real, end, -1e9)
    return (F.cross_entropy(start, firsts) + F.cross_entropy(end, lasts)) / 2


# %% span_loss | each token a yes or no of its own
# style: from Keras
# at: loss = F.binary_cross_entropy_with_logits(scores, target.float(), weight=attention_mask.float())
# kind: name
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    total = 0
    for scores, right in ((start, firsts), (end, lasts)):
        target = F.one_hot(right, scores.shape[1])
        loss = F.binary_cross_entropy_with_logits(scores, target.float(), weight=attention_mask.float())
        total = total + loss
    return total / 2


# %% span_loss | padding is hidden for the first token only
# style: hasty
# at: return (F.cross_entropy(first_scores, firsts) + F.cross_entropy(end, lasts)) / 2
# kind: name, missing
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


# %% span_loss | the mean over the places too
# style: einsum
# at: return -(torch.stack([one_hot(firsts) * p, one_hot(lasts) * q])).nan_to_num(0).mean()
# kind: scale, axis
import torch
from torch.nn import functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    pad = attention_mask == 0
    one_hot = lambda places: F.one_hot(places, start.shape[1])
    p = start.masked_fill(pad, -torch.inf).log_softmax(-1)
    q = end.masked_fill(pad, -torch.inf).log_softmax(-1)
    return -(torch.stack([one_hot(firsts) * p, one_hot(lasts) * q])).nan_to_num(0).mean()


# %% span_loss | the return stands in the loop
# style: loops
# at: return total / 2
# kind: return
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    total = 0
    for scores, right in ((start, firsts), (end, lasts)):
        scores = scores.masked_fill(attention_mask == 0, float("-inf"))
        surprise = scores.logsumexp(dim=1) - scores.gather(1, right.unsqueeze(1)).squeeze(1)
        total = total + surprise.mean()
        return total / 2


# %% span_loss | the right score is indexed with a slice, so that every text is asked for every place
# style: from NumPy
# at: first = -log_p[:, firsts].mean()
# at: last = -log_q[:, lasts].mean()
# kind: number, axis, shape
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    keep = attention_mask.bool()
    log_p = torch.where(keep, start, -1e30).log_softmax(dim=1)
    log_q = torch.where(keep, end, -1e30).log_softmax(dim=1)
    first = -log_p[:, firsts].mean()
    last = -log_q[:, lasts].mean()
    return (first + last) / 2


# %% span_loss | "no answer" is left out of the loss
# style: Hugging Face
# at: loss_fct = CrossEntropyLoss(ignore_index=0)
# kind: argument, extra
import torch
from torch.nn import CrossEntropyLoss


def span_loss(start, end, firsts, lasts, attention_mask):
    loss_fct = CrossEntropyLoss(ignore_index=0)
    start = start.masked_fill(attention_mask == 0, torch.finfo(start.dtype).min)
    end = end.masked_fill(attention_mask == 0, torch.finfo(end.dtype).min)
    start_loss = loss_fct(start, firsts)
    end_loss = loss_fct(end, lasts)
    total_loss = (start_loss + end_loss) / 2
    return total_loss


# %% span_loss | two: minus one for minus infinity, and the return in the loop
# style: loops
# at: scores = torch.where(attention_mask == 0, -1.0, scores)
# kind: number
# at2: return sum(losses) / 2
# kind2: return
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
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    pad = attention_mask == 0
    rows = torch.arange(len(start))
    p = start.masked_fill(pad, -1e30).softmax(dim=0)
    q = end.softmax(dim=0)
    return -(p[rows, firsts].log() + q[rows, lasts].log()).mean() / 2


# %% best_span | the best begins at 0, so that a negative sum is never the best
# style: careful beginner
# at: best = 0
# kind: number
def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    best = 0
    first, last = 0, 0
    for i in range(len(start)):
        for j in range(i, min(i + longest, len(end))):
            if allowed[i] and allowed[j] and start[i] + end[j] > best:
                best = (start[i] + end[j]).item()
                first, last = i, j
    return first, last, best - (start[0] + end[0]).item()


# %% best_span | the caller's scores are written over, and [CLS] with them
# style: hasty
# at: start[~allowed] = -torch.inf
# at: end[~allowed] = -torch.inf
# kind: state, order
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


# %% best_span | counted among the allowed tokens, and not in the row
# style: from NumPy
# at: i, j = divmod(int(table.argmax()), len(s))
# at: return i, j, float(table[i, j] - start[0] - end[0])
# kind: number, missing
import torch


def best_span(start, end, allowed, longest=30):
    places = allowed.nonzero().flatten()
    if len(places) == 0:
        raise ValueError("nothing is allowed")
    s, e = start[places], end[places]
    distance = places[None, :] - places[:, None]
    table = (s[:, None] + e).masked_fill((distance < 0) | (distance >= longest), -torch.inf)
    i, j = divmod(int(table.argmax()), len(s))
    return i, j, float(table[i, j] - start[0] - end[0])


# %% best_span | the inner loop is left at the first token that is not allowed
# style: loops
# at: break
# kind: condition, name
def best_span(start, end, allowed, longest=30):
    best = None
    for i in range(len(start)):
        if not allowed[i]:
            continue
        for j in range(i, min(len(end), i + longest)):
            if not allowed[j]:
                break
            score = float(start[i]) + float(end[j])
            if best is None or score > best[2]:
                best = (i, j, score)
    if best is None:
        raise ValueError("no token of the passage")
    return best[0], best[1], best[2] - float(start[0]) - float(end[0])


# %% best_span | the five best places of each kind only
# style: Hugging Face
# at: start_indexes = start.argsort(descending=True)[:5].tolist()
# at: end_indexes = end.argsort(descending=True)[:5].tolist()
# kind: extra, number
def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    start_indexes = start.argsort(descending=True)[:5].tolist()
    end_indexes = end.argsort(descending=True)[:5].tolist()
    prelim_predictions = []
    for start_index in start_indexes:
        for end_index in end_indexes:
            if not allowed[start_index] or not allowed[end_index]:
                continue
            if end_index < start_index or end_index - start_index + 1 > longest:
                continue
            prelim_predictions.append((start[start_index].item() + end[end_index].item(), start_index, end_index))
    score, first, last = max(prelim_predictions)
    return first, last, score - (start[0] + end[0]).item()


# %% best_span | rows and columns exchanged in the table
# style: einsum
# at: table = start + end[:, None]
# kind: axis, shape
import torch


def best_span(start, end, allowed, longest=30):
    if not bool(allowed.any()):
        raise ValueError("no token is allowed")
    table = start + end[:, None]
    possible = (allowed[:, None] & allowed).triu().tril(longest - 1)
    table = table.masked_fill(~possible, -torch.inf)
    place = table.argmax().item()
    first, last = place // len(start), place % len(start)
    return first, last, (table.max() - start[0] - end[0]).item()


# %% best_span | an AssertionError where a ValueError is wanted
# style: hasty
# at: assert allowed.any(), "no token is allowed"
# kind: name
import torch


def best_span(start, end, allowed, longest=30):
    assert allowed.any(), "no token is allowed"
    possible = (allowed[:, None] & allowed).triu().tril(longest - 1)
    table = (start[:, None] + end).masked_fill(~possible, -torch.inf)
    first, last = divmod(table.argmax().item(), len(start))
    return first, last, (table[first, last] - start[0] - end[0]).item()


# %% best_span | first the best beginning, then the best end for it
# style: helpers
# at: i = max((t for t in range(len(start)) if allowed[t]), key=lambda t: start[t])
# kind: order
def best_span(start, end, allowed, longest=30):
    if not any(allowed):
        raise ValueError("no token is allowed")
    i = max((t for t in range(len(start)) if allowed[t]), key=lambda t: start[t])
    j = max((t for t in range(i, min(i + longest, len(end))) if allowed[t]), key=lambda t: end[t])
    return i, j, float(start[i] + end[j] - start[0] - end[0])


# %% best_span | the last token of the row is never looked at
# style: loops
# at: for last in range(first, min(first + longest, len(end) - 1)):
# kind: number
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
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    table = start[:, None] * end[None, :]
    possible = (allowed[:, None] & allowed[None, :]).triu().tril(longest - 1)
    table = table.masked_fill(~possible, -torch.inf)
    first, last = divmod(table.argmax().item(), len(start))
    return first, last, (table[first, last] - start[0] * end[0]).item()


# %% best_span | two: the best begins at 0, and the end at the token behind
# style: careful beginner
# at: best = 0
# kind: number
# at2: for j in range(i + 1, min(i + longest, len(end))):
# kind2: number
def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    best = 0
    first, last = 0, 0
    for i in range(len(start)):
        for j in range(i + 1, min(i + longest, len(end))):
            if allowed[i] and allowed[j] and start[i] + end[j] > best:
                best = (start[i] + end[j]).item()
                first, last = i, j
    return first, last, best - (start[0] + end[0]).item()


# %% best_span | two: left at the first token not allowed, and "no answer" from the row's end
# style: loops
# at: break
# kind: condition, name
# at2: none = float(start[0]) + float(end[-1])
# kind2: number
def best_span(start, end, allowed, longest=30):
    best = None
    none = float(start[0]) + float(end[-1])
    for i in range(len(start)):
        for j in range(i, min(len(end), i + longest)):
            if not allowed[i] or not allowed[j]:
                break
            score = float(start[i]) + float(end[j])
            if best is None or score > best[2]:
                best = (i, j, score)
    if best is None:
        raise ValueError("no token of the passage")
    return best[0], best[1], best[2] - none


# %% best_span | two: multiplied, and places exchanged
# style: from NumPy
# at: table = start[:, None] * end
# kind: operator
# at2: last, first = divmod(table.argmax().item(), len(start))
# kind2: argument, order, name
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    possible = (allowed[:, None] & allowed).triu().tril(longest - 1)
    table = start[:, None] * end
    table = table.masked_fill(~possible, -torch.inf)
    last, first = divmod(table.argmax().item(), len(start))
    return first, last, (start[first] + end[last] - start[0] - end[0]).item()


# %% token_f1 | marks are taken off the ends of words only
# style: careful beginner
# at: word = word.strip(string.punctuation)
# kind: name, condition
import string
from collections import Counter


def words_of(text):
    result = []
    for word in text.lower().split():
        word = word.strip(string.punctuation)
        if word and word not in ("a", "an", "the"):
            result.append(word)
    return result


def token_f1(given, expected):
    a, b = words_of(given), words_of(expected)
    if not a or not b:
        return float(a == b)
    common = sum((Counter(a) & Counter(b)).values())
    return 2 * common / (len(a) + len(b))


# %% token_f1 | split at single spaces
# style: hasty
# at: return [w for w in text.split(" ") if w not in ("a", "an", "the")]
# kind: argument
import string
from collections import Counter


def token_f1(given, expected):
    def words(text):
        text = "".join(c for c in text.lower() if c not in string.punctuation)
        return [w for w in text.split(" ") if w not in ("a", "an", "the")]

    g, e = words(given), words(expected)
    if not g or not e:
        return 1.0 if g == e else 0.0
    c = sum((Counter(g) & Counter(e)).values())
    return 2 * c / (len(g) + len(e))


# %% token_f1 | a list that shrinks while it is walked through
# style: lists
# at: words.remove(word)
# at: for word in words:
# kind: state
import string
from collections import Counter

ARTICLES = ["a", "an", "the"]


def token_f1(given, expected):
    both = []
    for text in (given, expected):
        words = text.lower().translate(str.maketrans("", "", string.punctuation)).split()
        for word in words:
            if word in ["a", "an", "the"]:
                words.remove(word)
        both.append(words)
    n, m = len(both[0]), len(both[1])
    if n == 0 or m == 0:
        return float(n == m)
    return 2 * sum((Counter(both[0]) & Counter(both[1])).values()) / (n + m)


# %% token_f1 | how many different words are common
# style: one-liners
# at: c = len(Counter(g) & Counter(e))
# kind: name, missing
import string
from collections import Counter


def token_f1(given, expected):
    clean = lambda t: [w for w in t.lower().translate(str.maketrans("", "", string.punctuation)).split() if w not in {"a", "an", "the"}]
    g, e = clean(given), clean(expected)
    c = len(Counter(g) & Counter(e))
    return 2 * c / (len(g) + len(e)) if g and e else float(g == e)


# %% token_f1 | the articles are looked for before the marks are gone
# style: loops
# at: words = [word for word in text.lower().split() if word not in ("a", "an", "the")]
# at: words = ["".join(c for c in word if c not in string.punctuation) for word in words]
# kind: order
import string
from collections import Counter


def bare(text):
    words = [word for word in text.lower().split() if word not in ("a", "an", "the")]
    words = ["".join(c for c in word if c not in string.punctuation) for word in words]
    return [word for word in words if word]


def token_f1(given, expected):
    given, expected = bare(given), bare(expected)
    if not given and not expected:
        return 1.0
    common = sum((Counter(given) & Counter(expected)).values())
    return 2 * common / (len(given) + len(expected))


# %% token_f1 | "an" is no article
# style: hasty
# at: words = [w for w in text.split() if w != "a" and w != "the"]
# kind: missing, condition
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


# %% token_f1 | everything that is no letter, figure or _ is taken out
# style: regular expressions
# at: text = re.sub(r"[^\w\s]", "", text.lower())
# kind: name, condition
import re
from collections import Counter


def normalise(text):
    text = re.sub(r"[^\w\s]", "", text.lower())
    text = re.sub(r"\b(a|an|the)\b", " ", text)
    return text.split()


def token_f1(given, expected):
    g, e = normalise(given), normalise(expected)
    if not (g and e):
        return float(g == e)
    same = sum((Counter(g) & Counter(e)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(g), same / len(e)
    return 2 * precision * recall / (precision + recall)


# %% token_f1 | half of it: the 2 is missing
# style: formulas
# at: return c / (n + m)
# kind: scale, missing
import string
from collections import Counter


def token_f1(given, expected):
    table = str.maketrans("", "", string.punctuation)
    g = Counter(w for w in given.lower().translate(table).split() if w not in ("a", "an", "the"))
    e = Counter(w for w in expected.lower().translate(table).split() if w not in ("a", "an", "the"))
    n, m, c = sum(g.values()), sum(e.values()), sum((g & e).values())
    if n + m == 0:
        return 1.0
    return c / (n + m)


# %% token_f1 | rounded to two digits
# style: one who likes short numbers
# at: return round(2 * c / (len(a) + len(b)), 2)
# kind: extra
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


# %% token_f1 | two: the ends of words only, and the 2 is missing
# style: formulas
# at: return [w.strip(string.punctuation) for w in text.lower().split() if w.strip(string.punctuation) not in ("", "a", "an", "the")]
# kind: name, condition
# at2: return c / (len(g) + len(e))
# kind2: scale, missing
import string
from collections import Counter


def words(text):
    return [w.strip(string.punctuation) for w in text.lower().split() if w.strip(string.punctuation) not in ("", "a", "an", "the")]


def token_f1(given, expected):
    g, e = words(given), words(expected)
    if not g and not e:
        return 1.0
    c = sum((Counter(g) & Counter(e)).values())
    return c / (len(g) + len(e))


# %% token_f1 | two: "an" is no article, and different words are counted
# style: one-liners
# at: clean = lambda t: [w for w in t.lower().translate(str.maketrans("", "", string.punctuation)).split() if w not in {"a", "the"}]
# kind: missing, condition
# at2: c = len(Counter(g) & Counter(e))
# kind2: name, missing
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


# %% label_tokens | the label of the first place where the word stands
# style: careful beginner
# at: label = labels[words.index(word)]
# kind: number, name
from bert_parts.pretraining import NOT_ASKED


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


# %% label_tokens | the caller's labels are lengthened
# style: hasty
# at: labels.insert(0, NOT_ASKED)
# at: labels.append(NOT_ASKED)
# kind: state
from bert_parts.pretraining import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    labels.insert(0, NOT_ASKED)
    labels.append(NOT_ASKED)
    pieces = [[tokenizer.cls_id]] + [tokenizer.ids(word) for word in words] + [[tokenizer.sep_id]]
    ids, asked = [], []
    for some, label in zip(pieces, labels):
        if some:
            ids += some
            asked += [label] + [NOT_ASKED] * (len(some) - 1)
    return ids, asked


# %% label_tokens | the label 0 counts as none
# style: one-liners
# at: asked.append((label if number == 0 else None) or NOT_ASKED)
# kind: condition
from bert_parts.pretraining import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        for number, piece in enumerate(tokenizer.ids(word)):
            ids.append(piece)
            asked.append((label if number == 0 else None) or NOT_ASKED)
    return ids + [tokenizer.sep_id], asked + [NOT_ASKED]


# %% label_tokens | a word is thought to begin wherever there is no ##
# style: one who knows WordPiece
# at: first = not tokenizer.convert_ids_to_tokens([piece])[0].startswith("##")
# kind: condition
from bert_parts.pretraining import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        for piece in tokenizer.ids(word):
            first = not tokenizer.convert_ids_to_tokens([piece])[0].startswith("##")
            ids.append(piece)
            asked.append(label if first else NOT_ASKED)
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | the loop ends at a word of which nothing is left
# style: loops
# at: break
# kind: condition, name
from bert_parts.pretraining import NOT_ASKED


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
from bert_parts.pretraining import NOT_ASKED


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
from bert_parts.pretraining import NOT_ASKED


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


# %% label_tokens | one mark too many for each word
# style: lists
# at: asked += [label] + [NOT_ASKED] * len(pieces)
# kind: number
from bert_parts.pretraining import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids = [tokenizer.cls_id]
    asked = [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word)
        if pieces:
            ids += pieces
            asked += [label] + [NOT_ASKED] * len(pieces)
    return ids + [tokenizer.sep_id], asked + [NOT_ASKED]


# %% label_tokens | each word with its own [CLS] and [SEP]
# style: Hugging Face
# at: pieces = tokenizer(word)["input_ids"][0].tolist()
# kind: name
from bert_parts.pretraining import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer(word)["input_ids"][0].tolist()
        for number, piece in enumerate(pieces):
            ids.append(piece)
            asked.append(label if number == 0 else NOT_ASKED)
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids, asked


# %% label_tokens | tokens as text, and no ids
# style: careful beginner
# at: pieces = tokenizer.tokenize(word)
# kind: name, type
from bert_parts.pretraining import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    row = [tokenizer.cls_id]
    row_labels = [NOT_ASKED]
    for i in range(len(words)):
        word = words[i]
        pieces = tokenizer.tokenize(word)
        for j in range(len(pieces)):
            row.append(pieces[j])
            row_labels.append(labels[i] if j == 0 else NOT_ASKED)
    row.append(tokenizer.sep_id)
    row_labels.append(NOT_ASKED)
    return row, row_labels


# %% label_tokens | two tensors, and no lists
# style: tensors
# at: return torch.tensor(ids), torch.tensor(asked)
# kind: type, return
import torch

from bert_parts.pretraining import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word)
        ids += pieces
        asked += [label, *[NOT_ASKED] * (len(pieces) - 1)] if pieces else []
    ids += [tokenizer.sep_id]
    asked += [NOT_ASKED]
    return torch.tensor(ids), torch.tensor(asked)


# %% label_tokens | the whole text is cut into pieces at once, and the labels run out of step
# style: one-liners
# at: pieces = tokenizer.ids(" ".join(words))
# kind: order, name
from bert_parts.pretraining import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    pieces = tokenizer.ids(" ".join(words))
    asked = list(labels) + [NOT_ASKED] * (len(pieces) - len(labels))
    return [tokenizer.cls_id, *pieces, tokenizer.sep_id], [NOT_ASKED, *asked[:len(pieces)], NOT_ASKED]


# %% label_tokens | two: the label 0 counts as none, and the loop ends at an empty word
# style: loops
# at: break
# kind: condition, name
# at2: asked.append(label or NOT_ASKED)
# kind2: condition
from bert_parts.pretraining import NOT_ASKED


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
from bert_parts.pretraining import NOT_ASKED


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
from bert_parts.pretraining import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.sep_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        for piece in tokenizer.ids(word):
            ids.append(piece)
            asked.append(NOT_ASKED if tokenizer.tokens[piece].startswith("##") else label)
    return ids + [tokenizer.cls_id], asked + [NOT_ASKED]
