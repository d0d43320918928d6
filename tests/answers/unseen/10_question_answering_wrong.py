# %% BertForQuestionAnswering | hides padding in the model already
# style: wants to help
# at: logits = logits.masked_fill(attention_mask[..., None] == 0, float("-inf"))
# at: if attention_mask is not None:
# kind: extra, operator
# known: padding barred
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
        sequence, _ = self.bert(input_ids, attention_mask, token_type_ids)
        logits = self.qa_outputs(sequence)
        if attention_mask is not None:
            logits = logits.masked_fill(attention_mask[..., None] == 0, float("-inf"))
        return logits[:, :, 0], logits[:, :, 1]


# %% BertForQuestionAnswering | reshaped to two, not taken apart
# style: NumPy thinker
# at: start, end = both.reshape(2, b, t)
# kind: shape, axis, operator
# known: taken apart across the texts
import torch.nn as nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        b, t = input_ids.shape
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        both = self.qa_outputs(hidden)
        start, end = both.reshape(2, b, t)
        return start, end


# %% BertForQuestionAnswering | BERT itself learns nothing
# style: feature extraction
# at: with torch.no_grad():
# kind: gradient, extra
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
        with torch.no_grad():
            features = self.bert(input_ids, attention_mask, token_type_ids)[0]
        first, last = self.qa_outputs(features).unbind(-1)
        return first, last


# %% BertForQuestionAnswering | a given mask is replaced by ones
# style: defaults by hand
# at: if attention_mask is not None:
# at: attention_mask = torch.ones_like(input_ids)
# kind: condition
# known: mask not handed on
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
        if attention_mask is not None:
            attention_mask = torch.ones_like(input_ids)
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        hidden, _ = self.bert(input_ids, attention_mask, token_type_ids)
        start, end = self.qa_outputs(hidden).split(1, dim=-1)
        return start.squeeze(-1), end.squeeze(-1)


# %% BertForQuestionAnswering | double: no bias, and a dropout before the head
# style: copied from notebook 09
# at: self.qa_outputs = nn.Linear(config.hidden_size, 2, bias=False)
# known: dropout added
# kind: definition, argument
# at2: hidden = self.dropout(hidden)
# at2: self.dropout = nn.Dropout(config.hidden_dropout_prob)
# kind2: extra
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.qa_outputs = nn.Linear(config.hidden_size, 2, bias=False)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, _ = self.bert(input_ids, attention_mask, token_type_ids)
        hidden = self.dropout(hidden)
        scores = self.qa_outputs(hidden).permute(2, 0, 1)
        return scores[0], scores[1]


# %% span_labels | the first piece of the last word, not its last piece
# style: list methods
# at: last = window.places.index(touched[-1])
# kind: operator, number, name
# known: ends with a first piece
def span_labels(window, start, end):
    if start < 0:
        return 0, 0
    touched = [p for p in window.places if p[0] >= 0 and p[0] < end and p[1] > start]
    if not touched:
        return 0, 0
    if touched[0][0] > start or touched[-1][1] < end:
        return 0, 0
    first = window.places.index(touched[0])
    last = window.places.index(touched[-1])
    return first, last


# %% span_labels | counted from the first token of the passage
# style: misread the text
# at: offset = next((i for i, (b, _) in enumerate(window.places) if b >= 0), 0)
# at: return first - offset, last - offset
# kind: number, extra
# known: counted in the passage
def span_labels(window, start, end):
    none = (0, 0)
    if start == -1:
        return none
    offset = next((i for i, (b, _) in enumerate(window.places) if b >= 0), 0)
    first = last = None
    for i, (b, e) in enumerate(window.places):
        if b < 0:
            continue
        if first is None and b <= start < e:
            first = i
        if b < end <= e:
            last = i
    if first is None or last is None:
        return none
    return first - offset, last - offset


# %% span_labels | only answers that begin and end exactly with a word are found
# style: dictionaries
# at: if start < 0 or start not in begins or end not in ends:
# at: begins.setdefault(left, token)
# at: ends[right] = token
# kind: condition, operator
# known: whole words or no answer
def span_labels(window, start, end):
    begins, ends = {}, {}
    for token, (left, right) in enumerate(window.places):
        if left == -1:
            continue
        begins.setdefault(left, token)
        ends[right] = token
    if start < 0 or start not in begins or end not in ends:
        return 0, 0
    return begins[start], ends[end]


# %% span_labels | half an answer gets half a label
# style: two loops
# at: return first, last
# kind: missing, condition, return
# known: half an answer
def span_labels(window, start, end):
    first, last = 0, 0
    if start < 0:
        return first, last
    n = len(window.places)
    for i in range(n):
        a, b = window.places[i]
        if a != -1 and a <= start < b:
            first = i
            break
    for i in reversed(range(n)):
        a, b = window.places[i]
        if a != -1 and a < end <= b:
            last = i
            break
    return first, last


# %% span_labels | double: an answer at character 0 is none, and the token after the last
# style: Python slices
# at: if start <= 0:
# kind: condition, number
# at2: return covered[0], covered[-1] + 1
# kind2: number, return
# known: character 0 taken for none; end exclusive
def span_labels(window, start, end):
    if start <= 0:
        return 0, 0
    covered = [k for k, (lo, hi) in enumerate(window.places) if lo >= 0 and lo < end and start < hi]
    if not covered:
        return 0, 0
    whole = window.places[covered[0]][0] <= start and end <= window.places[covered[-1]][1]
    if not whole:
        return 0, 0
    return covered[0], covered[-1] + 1


# %% span_loss | writes into the scores that it is given
# style: hasty
# at: start[attention_mask == 0] = -torch.inf
# at: end[attention_mask == 0] = -torch.inf
# kind: state
import torch
import torch.nn.functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    start[attention_mask == 0] = -torch.inf
    end[attention_mask == 0] = -torch.inf
    loss = F.cross_entropy(start, firsts) + F.cross_entropy(end, lasts)
    return loss / 2


# %% span_loss | texts without an answer are left out
# style: Hugging Face
# at: loss_function = nn.CrossEntropyLoss(ignore_index=0)
# kind: argument, extra, condition
# known: no answer left out
import torch
from torch import nn


def span_loss(start, end, firsts, lasts, attention_mask):
    loss_function = nn.CrossEntropyLoss(ignore_index=0)
    hidden = ~attention_mask.bool()
    start_loss = loss_function(start.masked_fill(hidden, float("-inf")), firsts)
    end_loss = loss_function(end.masked_fill(hidden, float("-inf")), lasts)
    return (start_loss + end_loss) / 2


# %% span_loss | the logarithm of the mean probability, not the mean of logarithms
# style: by the words of the text
# at: log_p = torch.logaddexp(log_first, log_last) - math.log(2)
# kind: operator, order
# known: logarithm of the mean
import math

import torch


def log_probability(scores, right, real):
    masked = torch.where(real, scores, torch.tensor(-torch.inf, dtype=scores.dtype))
    return masked.log_softmax(dim=1).gather(1, right.unsqueeze(1)).squeeze(1)


def span_loss(start, end, firsts, lasts, attention_mask):
    real = attention_mask == 1
    log_first = log_probability(start, firsts, real)
    log_last = log_probability(end, lasts, real)
    log_p = torch.logaddexp(log_first, log_last) - math.log(2)
    return -log_p.mean()


# %% span_loss | a choice among all tokens of the batch
# style: log-sum-exp by hand
# at: everything = torch.logsumexp(s, dim=(0, 1))
# kind: axis, argument
# known: over the whole batch
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    losses = []
    text = torch.arange(start.size(0))
    for scores, places in zip((start, end), (firsts, lasts)):
        s = scores.masked_fill(attention_mask == 0, -torch.inf)
        everything = torch.logsumexp(s, dim=(0, 1))
        losses.append((everything - s[text, places]).mean())
    return sum(losses) / len(losses)


# %% span_loss | double: padding takes part in the last token, and the sum over the texts
# style: beginner
# at: end_log = torch.log_softmax(end, dim=-1)
# kind: missing, name, argument
# at2: total = total - start_log[i, firsts[i]] - end_log[i, lasts[i]]
# at2: return total / 2
# kind2: scale, operator, missing
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    masked_start = start.masked_fill(attention_mask == 0, -torch.inf)
    start_log = torch.log_softmax(masked_start, dim=-1)
    end_log = torch.log_softmax(end, dim=-1)
    total = 0
    for i in range(len(firsts)):
        total = total - start_log[i, firsts[i]] - end_log[i, lasts[i]]
    return total / 2


# %% best_span | "no answer" is read from the scores after [CLS] was hidden
# style: reuses its names
# at: end = end.masked_fill(~allowed, float("-inf"))
# at: start = start.masked_fill(~allowed, float("-inf"))
# at: nothing = (start[0] + end[0]).item()
# kind: order, name
# known: no-answer score of what is barred
def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token is allowed")
    start = start.masked_fill(~allowed, float("-inf"))
    end = end.masked_fill(~allowed, float("-inf"))
    best = (None, None, float("-inf"))
    for i in range(len(start)):
        for j in range(i, min(i + longest, len(end))):
            total = (start[i] + end[j]).item()
            if total > best[2]:
                best = (i, j, total)
    nothing = (start[0] + end[0]).item()
    return best[0], best[1], best[2] - nothing


# %% best_span | a sum below 0 is never the best
# style: beginner
# at: best_score = 0
# kind: number
def best_span(start, end, allowed, longest=30):
    places = [k for k, ok in enumerate(allowed.tolist()) if ok]
    if not places:
        raise ValueError("nothing allowed")
    best_first = best_last = places[0]
    best_score = 0
    for first in places:
        for last in places:
            if last < first or last - first >= longest:
                continue
            score = float(start[first] + end[last])
            if score > best_score:
                best_first, best_last, best_score = first, last, score
    return best_first, best_last, best_score - float(start[0] + end[0])


# %% best_span | "no answer": the second score is added, not taken off
# style: matrices
# at: margin = table[i, j] - start[0] + end[0]
# kind: sign, operator
import torch


def best_span(start, end, allowed, longest=30):
    if not bool(allowed.any()):
        raise ValueError("allow at least one token")
    t = len(start)
    table = start.unsqueeze(1) + end.unsqueeze(0)
    length = torch.arange(t)[None, :] - torch.arange(t)[:, None] + 1
    ok = allowed[:, None] & allowed[None, :] & (length >= 1) & (length <= longest)
    table = table.masked_fill(~ok, float("-inf"))
    flat = int(table.argmax())
    i, j = flat // t, flat % t
    margin = table[i, j] - start[0] + end[0]
    return i, j, margin.item()


# %% best_span | looks at the few best beginnings and ends only
# style: Hugging Face
# at: n_best = min(4, int(allowed.sum()))
# at: starts = s.topk(n_best).indices.tolist()
# at: ends = e.topk(n_best).indices.tolist()
# kind: number, extra, operator
# known: only the 20 best
import torch


def best_span(start, end, allowed, longest=30):
    if allowed.sum() == 0:
        raise ValueError("No allowed token.")
    s = start.masked_fill(~allowed, -torch.inf)
    e = end.masked_fill(~allowed, -torch.inf)
    n_best = min(4, int(allowed.sum()))
    starts = s.topk(n_best).indices.tolist()
    ends = e.topk(n_best).indices.tolist()
    spans = [((s[a] + e[b]).item(), a, b) for a in starts for b in ends if a <= b < a + longest]
    if not spans:
        return 0, 0, 0.0
    score, first, last = max(spans, key=lambda span: span[0])
    return first, last, score - (start[0] + end[0]).item()


# %% best_span | double: the best beginning first and then the best end behind it, and half of "no answer"
# style: greedy
# at: first = int(torch.where(allowed, start, -torch.inf).argmax())
# kind: operator, order
# at2: return first, last, float(start[first] + end[last] - start[0])
# kind2: missing
# known: half of the no-answer score; start first
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("No token is allowed.")
    first = int(torch.where(allowed, start, -torch.inf).argmax())
    behind = end[first:first + longest]
    may_end = allowed[first:first + longest]
    last = first + int(torch.where(may_end, behind, -torch.inf).argmax())
    return first, last, float(start[first] + end[last] - start[0])


# %% token_f1 | articles are left out before the text is lower case
# style: helpers
# at: words = [w for w in cleaned.split() if w not in ARTICLES]
# at: return [w.lower() for w in words]
# kind: order
from collections import Counter
from string import punctuation

ARTICLES = ("a", "an", "the")


def normalise(text):
    cleaned = "".join(c for c in text if c not in punctuation)
    words = [w for w in cleaned.split() if w not in ARTICLES]
    return [w.lower() for w in words]


def token_f1(given, expected):
    a, b = normalise(given), normalise(expected)
    if not a and not b:
        return 1.0
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b))


# %% token_f1 | marks are taken off the ends of words only
# style: one pass
# at: word = word.strip(string.punctuation)
# kind: operator, condition
# known: marks inside words kept
import string


def bag(text):
    words = []
    for word in text.lower().split():
        word = word.strip(string.punctuation)
        if word and word not in ("a", "an", "the"):
            words.append(word)
    return words


def token_f1(given, expected):
    mine, theirs = bag(given), bag(expected)
    if len(mine) + len(theirs) == 0:
        return 1.0
    common = sum(min(mine.count(w), theirs.count(w)) for w in set(mine))
    return 2 * common / (len(mine) + len(theirs))


# %% token_f1 | articles are cut out of longer words, too
# style: regular expressions
# at: text = re.sub("(the|an|a)", "", text)
# kind: operator, condition, argument, missing
# known: articles cut out of words
import re
import string
from collections import Counter


def token_f1(given, expected):
    def prepare(text):
        text = re.sub("[" + re.escape(string.punctuation) + "]", "", text.lower())
        text = re.sub("(the|an|a)", "", text)
        return Counter(text.split())

    g, e = prepare(given), prepare(expected)
    n, m = sum(g.values()), sum(e.values())
    if n == 0 or m == 0:
        return float(n == m)
    c = sum((g & e).values())
    if c == 0:
        return 0.0
    precision, recall = c / n, c / m
    return 2 * precision * recall / (precision + recall)


# %% token_f1 | each given word counts if it is expected at all, however often
# style: generator expressions
# at: c = sum(word in wanted for word in said)
# kind: operator, condition
# known: each given word asked for
import string

DROP = str.maketrans({mark: None for mark in string.punctuation})


def token_f1(given, expected):
    said, wanted = ([w for w in answer.lower().translate(DROP).split() if w not in {"a", "an", "the"}]
                    for answer in (given, expected))
    if not said or not wanted:
        return 1.0 if said == wanted else 0.0
    c = sum(word in wanted for word in said)
    return 2 * c / (len(said) + len(wanted))


# %% token_f1 | double: marks become spaces, and the geometric mean
# style: beginner
# at: text = text.replace(mark, " ")
# kind: argument, operator
# at2: return math.sqrt(precision * recall)
# kind2: operator
# known: geometric mean; marks become spaces
import math
import string


def get_words(text):
    text = text.lower()
    for mark in string.punctuation:
        text = text.replace(mark, " ")
    result = []
    for word in text.split():
        if word != "a" and word != "an" and word != "the":
            result.append(word)
    return result


def token_f1(given, expected):
    given_words = get_words(given)
    expected_words = get_words(expected)
    if given_words == [] and expected_words == []:
        return 1.0
    if given_words == [] or expected_words == []:
        return 0.0
    left = expected_words.copy()
    hits = 0
    for word in given_words:
        if word in left:
            left.remove(word)
            hits += 1
    precision = hits / len(given_words)
    recall = hits / len(expected_words)
    return math.sqrt(precision * recall)


# %% label_tokens | a new word begins wherever a piece has no ##
# style: by the names of the pieces
# at: if name.startswith("##"):
# kind: condition, operator
# known: label wherever there is no ##
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids = [tokenizer.cls_id]
    targets = [NOT_ASKED]
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word)
        for piece, name in zip(pieces, tokenizer.convert_ids_to_tokens(pieces)):
            ids.append(piece)
            if name.startswith("##"):
                targets.append(NOT_ASKED)
            else:
                targets.append(label)
    ids.append(tokenizer.sep_id)
    targets.append(NOT_ASKED)
    return ids, targets


# %% label_tokens | label 0 counts as none
# style: short circuits
# at: asked.append(i == 0 and label or NOT_ASKED)
# kind: condition, operator
# known: label 0 taken for none
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for word, label in zip(words, labels):
        for i, piece in enumerate(tokenizer.ids(word)):
            ids.append(piece)
            asked.append(i == 0 and label or NOT_ASKED)
    return ids + [tokenizer.sep_id], asked + [NOT_ASKED]


# %% label_tokens | a word that comes again gets the label of its first place
# style: beginner
# at: label = labels[words.index(word)]
# kind: operator, number, name
# known: label found by the word
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    all_ids = []
    all_labels = []
    for word in words:
        pieces = tokenizer.ids(word)
        if len(pieces) == 0:
            continue
        label = labels[words.index(word)]
        all_ids.extend(pieces)
        all_labels.append(label)
        all_labels.extend([NOT_ASKED] * (len(pieces) - 1))
    all_ids = [tokenizer.cls_id] + all_ids + [tokenizer.sep_id]
    all_labels = [NOT_ASKED] + all_labels + [NOT_ASKED]
    return all_ids, all_labels


# %% label_tokens | empties the caller's list of labels
# style: a queue
# at: label = labels.pop(0)
# kind: state
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    row, marks = [tokenizer.cls_id], [NOT_ASKED]
    for word in words:
        label = labels.pop(0)
        first = True
        for piece in tokenizer.ids(word):
            row.append(piece)
            marks.append(label if first else NOT_ASKED)
            first = False
    row.append(tokenizer.sep_id)
    marks.append(NOT_ASKED)
    return row, marks


# %% label_tokens | double: −1 where nothing is asked, and the label at the last piece
# style: helpers
# at: IGNORE = -1
# kind: number, name, definition
# at2: marks[-1] = label
# kind2: number
# known: −1 for [CLS] and [SEP]
IGNORE = -1


def one_word(word, label, tokenizer):
    pieces = tokenizer.ids(word)
    marks = [IGNORE] * len(pieces)
    if marks:
        marks[-1] = label
    return pieces, marks


def label_tokens(words, labels, tokenizer):
    ids, targets = [tokenizer.cls_id], [IGNORE]
    for word, label in zip(words, labels):
        pieces, marks = one_word(word, label, tokenizer)
        ids += pieces
        targets += marks
    ids.append(tokenizer.sep_id)
    targets.append(IGNORE)
    return ids, targets
