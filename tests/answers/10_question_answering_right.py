# %% BertForQuestionAnswering | split and squeeze
# style: Hugging Face
import torch
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.num_labels = 2
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, self.num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        outputs = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        logits = self.qa_outputs(outputs[0])
        start_logits, end_logits = logits.split(1, dim=-1)
        return start_logits.squeeze(-1).contiguous(), end_logits.squeeze(-1).contiguous()


# %% BertForQuestionAnswering | unbind, and type hints
# style: careful
from torch import Tensor, nn

from bert_parts import BertConfig, BertModel


class BertForQuestionAnswering(nn.Module):
    """Where does the answer begin, and where does it end?"""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, out_features=2)
        self.apply(self.bert.initialize)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        hidden: Tensor = self.bert(input_ids, attention_mask, token_type_ids)[0]      # (B, T, D)
        return self.qa_outputs(hidden).unbind(dim=-1)                                  # twice (B, T)


# %% BertForQuestionAnswering | einsum with the head's weights
# style: einsum
import torch
from torch import nn

import bert_parts.model as model


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = model.BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        h, *_ = self.bert(input_ids, attention_mask, token_type_ids)
        scores = torch.einsum("btd,kd->kbt", h, self.qa_outputs.weight) + self.qa_outputs.bias[:, None, None]
        return scores[0], scores[1]


# %% BertForQuestionAnswering | a transpose, a named place beside the class
# style: constants
from torch import nn

from bert_parts import BertModel

START, END = 0, 1


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, len((START, END)))
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        scores = self.qa_outputs(hidden).permute(2, 0, 1)
        return scores[START], scores[END]


# %% BertForQuestionAnswering | a helper beside it, and a tuple made of a generator
# style: helpers
import torch.nn as nn

from bert_parts import BertModel


def apart(scores):
    """(B, T, 2) → two times (B, T)."""
    return tuple(scores.select(-1, number) for number in range(scores.size(-1)))


class BertForQuestionAnswering(nn.Module):
    def __init__(self, config):
        nn.Module.__init__(self)
        self.config = config
        self.bert = bert = BertModel(config, False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, _ = self.bert(input_ids, attention_mask, token_type_ids)
        return apart(self.qa_outputs(hidden))


# %% BertForQuestionAnswering | a namedtuple is given back, which is a tuple too
# style: one who names things
from typing import NamedTuple

from torch import Tensor, nn

from bert_parts import BertModel


class SpanScores(NamedTuple):
    start: Tensor
    end: Tensor


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
        return SpanScores(start=scores[:, :, 0], end=scores[:, :, 1])


# %% BertForQuestionAnswering | a lambda kept in the class
# style: odd
from torch import nn

from bert_parts import BertModel


class BertForQuestionAnswering(nn.Module):
    OUTPUTS = 2
    apart = staticmethod(lambda scores: (scores[..., 0], scores[..., 1]))

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, self.OUTPUTS)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.bert(input_ids, attention_mask, token_type_ids)[0]
        return self.apart(self.qa_outputs(hidden))


# %% span_labels | two loops
# style: loops
def span_labels(window, start, end):
    if start < 0:
        return 0, 0
    first = None
    for token in range(len(window.places)):
        begins, ends = window.places[token]
        if begins != -1 and begins <= start and start < ends:
            first = token
            break
    last = None
    for token in range(len(window.places) - 1, -1, -1):
        begins, ends = window.places[token]
        if begins != -1 and begins < end and end <= ends:
            last = token
            break
    if first is None or last is None:
        return 0, 0
    return first, last


# %% span_labels | by tensors
# style: tensors
import torch


def span_labels(window, start, end):
    places = torch.tensor(window.places)
    begins, ends = places[:, 0], places[:, 1]
    firsts = ((begins >= 0) & (begins <= start) & (start < ends)).nonzero().flatten().tolist()
    lasts = ((begins >= 0) & (begins < end) & (end <= ends)).nonzero().flatten().tolist()
    if start < 0 or not firsts or not lasts:
        return 0, 0
    return firsts[0], lasts[-1]


# %% span_labels | next with a default
# style: one-liners
NONE = (0, 0)


def span_labels(window, start, end):
    tokens = list(enumerate(window.places))
    first = next((t for t, (a, b) in tokens if 0 <= a <= start < b), None)
    last = next((t for t, (a, b) in reversed(tokens) if 0 <= a < end <= b), None)
    return (0, 0) if first is None or last is None else (first, last)


# %% span_labels | each character's token
# style: dicts
def span_labels(window, start, end):
    first_of, last_of = {}, {}
    for token, (a, b) in enumerate(window.places):
        for character in range(max(a, 0), b):
            first_of.setdefault(character, token)
            last_of[character] = token
    if start in first_of and end - 1 in last_of and start >= 0:
        return first_of[start], last_of[end - 1]
    return 0, 0


# %% span_labels | type hints, and sets of tokens that overlap
# style: careful
from bert_parts.spans import Window


def overlaps(place: tuple[int, int], start: int, end: int) -> bool:
    return place != (-1, -1) and place[0] < end and start < place[1]


def span_labels(window: Window, start: int, end: int) -> tuple[int, int]:
    if start == -1:
        return 0, 0
    tokens = [token for token, place in enumerate(window.places) if overlaps(place, start, end)]
    if len(tokens) == 0:
        return 0, 0
    seen_from = window.places[tokens[0]][0]
    seen_to = window.places[tokens[-1]][1]
    whole = seen_from <= start and end <= seen_to
    return (min(tokens), max(tokens)) if whole else (0, 0)


# %% span_labels | by the tokens of the passage alone, the offset added
# style: slices
def span_labels(window, start, end):
    ids, segments, places = window
    real = [number for number, place in enumerate(places) if place[0] >= 0]
    if not real or start < places[real[0]][0] or end > places[real[-1]][1]:
        return 0, 0
    offset = real[0]
    passage = places[offset:real[-1] + 1]
    inside = [number for number, (a, b) in enumerate(passage) if a < end and b > start]
    if not inside or passage[inside[0]][0] > start or passage[inside[-1]][1] < end:
        return 0, 0
    return inside[0] + offset, inside[-1] + offset


# %% span_labels | helpers that happen to have names of the course
# style: helpers
def whole_words(window):
    """(token, begin, end) of each token of the passage."""
    return [(token, *place) for token, place in enumerate(window.places) if place != (-1, -1)]


def windows(tokens, character):
    return [token for token, begin, end in tokens if begin <= character < end]


def span_labels(window, start, end):
    tokens = whole_words(window)
    if start < 0:
        return 0, 0
    firsts, lasts = windows(tokens, start), windows(tokens, end - 1)
    return (firsts[0], lasts[-1]) if firsts and lasts else (0, 0)


# %% span_loss | torch.where, and a lambda in it
# style: one-liners
import torch
import torch.nn.functional as F


def span_loss(start, end, firsts, lasts, attention_mask):
    ce = lambda scores, right: F.cross_entropy(torch.where(attention_mask.bool(), scores, -torch.inf), right)
    return 0.5 * (ce(start, firsts) + ce(end, lasts))


# %% span_loss | text by text, without its padding
# style: loops
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    losses = []
    for row in range(start.shape[0]):
        real = attention_mask[row] == 1
        for scores, right in ((start[row], firsts[row]), (end[row], lasts[row])):
            all_of_them = torch.logsumexp(scores[real], dim=0)
            losses.append(all_of_them - scores[right])
    return sum(losses) / len(losses)


# %% span_loss | both at once, stacked
# style: tensors
import torch
from torch import nn


def span_loss(start, end, firsts, lasts, attention_mask):
    scores = torch.cat([start, end])                                    # (2B, T)
    right = torch.cat([firsts, lasts])                                  # (2B,)
    real = attention_mask.repeat(2, 1).eq(0)
    return nn.CrossEntropyLoss()(scores.masked_fill(real, float("-inf")), right)


# %% span_loss | softmax by hand: exponentials, padding multiplied away
# style: from NumPy
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    def surprise(scores, right):
        shifted = scores - scores.masked_fill(attention_mask == 0, -1e30).max(dim=1, keepdim=True).values
        weights = torch.where(attention_mask == 1, shifted, -torch.inf).exp()
        return weights.sum(dim=1).log() - shifted[torch.arange(len(right)), right]

    return torch.stack([surprise(start, firsts), surprise(end, lasts)]).mean()


# %% span_loss | from math import inf, and a dict
# style: dicts
from math import inf

from torch.nn.functional import log_softmax, nll_loss


def span_loss(start, end, firsts, lasts, attention_mask):
    pairs = {"first": (start, firsts), "last": (end, lasts)}
    losses = {name: nll_loss(log_softmax(scores.masked_fill(attention_mask == 0, -inf), dim=-1), right)
              for name, (scores, right) in pairs.items()}
    return (losses["first"] + losses["last"]) / len(losses)


# %% span_loss | a constant beside it
# style: constants
import torch
from torch.nn import functional as F

NEVER = -torch.inf


def hidden(scores, mask):
    return scores.masked_fill(~mask.to(torch.bool), NEVER)


def span_loss(start, end, firsts, lasts, attention_mask):
    first = F.cross_entropy(hidden(start, attention_mask), firsts)
    last = F.cross_entropy(hidden(end, attention_mask), lasts)
    return torch.add(first, last).div(2)


# %% span_loss | a partial beside it, and a dictionary of settings
# style: functional
from functools import partial

import torch
from torch.nn import functional as F

SETTINGS = {"reduction": "mean", "label_smoothing": 0.0}
surprise = partial(F.cross_entropy, reduction="mean")


def span_loss(start, end, firsts, lasts, attention_mask):
    padding = attention_mask.eq(0)
    first = surprise(start.masked_fill(padding, -torch.inf), firsts)
    last = F.cross_entropy(end.masked_fill(padding, -torch.inf), lasts, **SETTINGS)
    return (first + last) / 2


# %% best_span | every pair, in two loops
# style: loops
def best_span(start, end, allowed, longest=30):
    best_score, best_first, best_last = None, None, None
    for first in range(len(start)):
        if not allowed[first]:
            continue
        for last in range(first, len(end)):
            if last - first + 1 > longest:
                break
            if not allowed[last]:
                continue
            score = start[first].item() + end[last].item()
            if best_score is None or score > best_score:
                best_score, best_first, best_last = score, first, last
    if best_score is None:
        raise ValueError("No token is allowed, so there is no span.")
    return best_first, best_last, best_score - (start[0].item() + end[0].item())


# %% best_span | a table and a band
# style: tensors
import torch


def best_span(start, end, allowed, longest=30):
    if not allowed.any():
        raise ValueError("no token of the passage is allowed")
    size = start.numel()
    places = torch.arange(size)
    length = places[None, :] - places[:, None] + 1
    ok = (length >= 1) & (length <= longest) & allowed[:, None] & allowed[None, :]
    table = torch.where(ok, start[:, None] + end[None, :], -torch.inf)
    first, last = (int(number) for number in torch.unravel_index(table.argmax(), table.shape))
    return first, last, float(table.max() - (start[0] + end[0]))


# %% best_span | itertools and max with a key
# style: one-liners
from itertools import combinations_with_replacement


def best_span(start, end, allowed, longest=30):
    s, e = start.tolist(), end.tolist()
    places = [place for place, ok in enumerate(allowed.tolist()) if ok]
    if not places:
        raise ValueError("no token is allowed")
    spans = ((i, j) for i, j in combinations_with_replacement(places, 2) if j - i < longest)
    first, last = max(spans, key=lambda span: s[span[0]] + e[span[1]])
    return first, last, s[first] + e[last] - (s[0] + e[0])


# %% best_span | for each end the best beginning behind it, kept in a deque
# style: clever
from collections import deque


def best_span(start, end, allowed, longest=30):
    s, e, ok = start.tolist(), end.tolist(), allowed.tolist()
    queue, best = deque(), None
    for last in range(len(s)):
        if queue and queue[0] <= last - longest:
            queue.popleft()
        if not ok[last]:
            continue
        while queue and s[queue[-1]] < s[last]:
            queue.pop()
        queue.append(last)
        score = s[queue[0]] + e[last]
        if best is None or score > best[2]:
            best = (queue[0], last, score)
    if best is None:
        raise ValueError("none is allowed")
    return best[0], best[1], best[2] - s[0] - e[0]


# %% best_span | triu and tril, the largest by topk
# style: from the figure above
import torch


def best_span(start, end, allowed, longest=30):
    if int(allowed.sum()) == 0:
        raise ValueError("there is no token that is allowed")
    table = start[:, None] + end
    possible = (allowed[:, None] & allowed).triu().tril(longest - 1)
    flat = table.masked_fill(~possible, -torch.inf).flatten()
    value, place = flat.topk(1)
    first, last = divmod(place.item(), len(start))
    return first, last, value.item() - table[0, 0].item()


# %% best_span | a namedtuple beside it
# style: one who names things
from collections import namedtuple

Best = namedtuple("Best", "score first last")


def best_span(start, end, allowed, longest=30):
    found = [Best(float(start[i] + end[j]), i, j)
             for i in range(len(start)) if allowed[i]
             for j in range(i, min(len(start), i + longest)) if allowed[j]]
    if not found:
        raise ValueError("no token is allowed")
    best = max(found, key=lambda b: b.score)
    return best.first, best.last, best.score - float(start[0] + end[0])


# %% best_span | the error of an empty max, told anew
# style: try and except
def best_span(start, end, allowed, longest=30):
    places = [place for place in range(len(start)) if allowed[place]]
    try:
        score, first, last = max(
            ((float(start[i]) + float(end[j]), i, j) for i in places for j in places if i <= j < i + longest),
            key=lambda span: span[0])
    except ValueError as error:
        raise ValueError("no token is allowed: mark those of the passage") from error
    return first, last, score - float(start[0]) - float(end[0])


# %% token_f1 | Counter and translate
# style: one-liners
import string
from collections import Counter


def token_f1(given, expected):
    clean = lambda t: [w for w in t.lower().translate(str.maketrans("", "", string.punctuation)).split() if w not in {"a", "an", "the"}]
    g, e = clean(given), clean(expected)
    return 2 * (Counter(g) & Counter(e)).total() / (len(g) + len(e)) if g or e else 1.0


# %% token_f1 | the published script's way
# style: SQuAD's own
import collections
import re
import string


def normalize_answer(s):
    def remove_articles(text):
        return " ".join(word for word in text.split() if word not in ("a", "an", "the"))

    def remove_punc(text):
        exclude = set(string.punctuation)
        return "".join(ch for ch in text if ch not in exclude)

    return remove_articles(remove_punc(s.lower()))


def get_tokens(s):
    return normalize_answer(s).split() if s else []


def token_f1(given, expected):
    gold_toks = get_tokens(expected)
    pred_toks = get_tokens(given)
    common = collections.Counter(gold_toks) & collections.Counter(pred_toks)
    num_same = sum(common.values())
    if len(gold_toks) == 0 or len(pred_toks) == 0:
        return float(gold_toks == pred_toks)
    if num_same == 0:
        return 0.0
    precision = 1.0 * num_same / len(pred_toks)
    recall = 1.0 * num_same / len(gold_toks)
    return (2 * precision * recall) / (precision + recall)


# %% token_f1 | counted in dicts
# style: dicts
import string


def token_f1(given, expected):
    def count(text):
        counts = {}
        for mark in string.punctuation:
            text = text.replace(mark, "")
        for word in text.lower().split():
            if word == "a" or word == "an" or word == "the":
                continue
            counts[word] = counts.get(word, 0) + 1
        return counts

    mine, theirs = count(given), count(expected)
    n, m = sum(mine.values()), sum(theirs.values())
    if n == 0 and m == 0:
        return 1.0
    common = sum(min(number, theirs.get(word, 0)) for word, number in mine.items())
    return 2 * common / (n + m)


# %% token_f1 | words are struck off a list
# style: loops
import string

ARTICLES = {"a", "an", "the"}


def token_f1(given, expected):
    texts = []
    for text in [given, expected]:
        kept = ""
        for letter in text.lower():
            if letter not in string.punctuation:
                kept += letter
        texts.append([word for word in kept.split() if word not in ARTICLES])
    given, expected = texts
    if given == expected:
        return 1.0
    rest = expected.copy()
    common = 0
    for word in given:
        if word in rest:
            rest.remove(word)
            common += 1
    return 2 * common / (len(given) + len(expected))


# %% token_f1 | regular expressions, and match
# style: modern
import re
import string
from collections import Counter
from statistics import harmonic_mean

MARKS = f"[{re.escape(string.punctuation)}]"


def words(text: str) -> list[str]:
    return [word for word in re.sub(MARKS, "", text.lower()).split()
            if re.fullmatch("a|an|the", word) is None]


def token_f1(given: str, expected: str) -> float:
    g, e = words(given), words(expected)
    match bool(g), bool(e):
        case False, False:
            return 1.0
        case False, True | False:
            return 0.0
        case True, False:
            return 0.0
    same = sum((Counter(g) & Counter(e)).values())
    return harmonic_mean([same / len(g), same / len(e)])


# %% token_f1 | a set of articles and a table of marks beside it
# style: constants
from collections import Counter
from string import punctuation

ARTICLES = frozenset(["a", "an", "the"])
NO_MARKS = str.maketrans(dict.fromkeys(punctuation))


def token_f1(given, expected):
    a, b = (Counter(word for word in text.lower().translate(NO_MARKS).split() if word not in ARTICLES)
            for text in (given, expected))
    size = sum(a.values()) + sum(b.values())
    return 2 * sum((a & b).values()) / size if size else 1.0


# %% token_f1 | a helper called normalize, and a class
# style: objects
import string
from collections import Counter


def normalize(text, articles=("a", "an", "the")):
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return [word for word in text.split() if word not in articles]


class Bag(Counter):
    @property
    def size(self):
        return sum(self.values())


def token_f1(given, expected):
    g, e = Bag(normalize(given)), Bag(normalize(expected))
    if g.size == e.size == 0:
        return 1.0
    return 2 * sum((g & e).values()) / (g.size + e.size)


# %% label_tokens | two lists that grow
# style: careful beginner
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    ids = []
    token_labels = []
    ids.append(tokenizer.cls_id)
    token_labels.append(NOT_ASKED)
    for i in range(len(words)):
        pieces = tokenizer.ids(words[i])
        for j in range(len(pieces)):
            ids.append(pieces[j])
            if j == 0:
                token_labels.append(labels[i])
            else:
                token_labels.append(NOT_ASKED)
    ids.append(tokenizer.sep_id)
    token_labels.append(NOT_ASKED)
    return ids, token_labels


# %% label_tokens | pairs, taken apart at the end
# style: comprehensions
from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    pairs = [(piece, label if number == 0 else NOT_ASKED)
             for word, label in zip(words, labels, strict=True)
             for number, piece in enumerate(tokenizer.ids(word))]
    row = [(tokenizer.cls_id, NOT_ASKED), *pairs, (tokenizer.sep_id, NOT_ASKED)]
    return [piece for piece, _ in row], [label for _, label in row]


# %% label_tokens | chain and slices
# style: itertools
from itertools import chain, repeat

from bert_parts.masking import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    cut = [tokenizer.ids(word) for word in words]
    ids = [tokenizer.cls_id, *chain.from_iterable(cut), tokenizer.sep_id]
    asked = chain.from_iterable([label, *repeat(NOT_ASKED, len(pieces) - 1)] for pieces, label in zip(cut, labels) if pieces)
    return ids, [NOT_ASKED, *asked, NOT_ASKED]


# %% label_tokens | all NOT_ASKED first, then the labels at their places
# style: from NumPy
import bert_parts.masking as masking


def label_tokens(words, labels, tokenizer):
    ids, firsts = [tokenizer.cls_id], {}
    for word, label in zip(words, labels):
        pieces = tokenizer.ids(word)
        if pieces:
            firsts[len(ids)] = label
        ids = ids + pieces
    ids = ids + [tokenizer.sep_id]
    asked = [masking.NOT_ASKED] * len(ids)
    for place, label in firsts.items():
        asked[place] = label
    return ids, asked


# %% label_tokens | a nested function that adds to both
# style: helpers
from bert_parts.masking import NOT_ASKED as IGNORED
from bert_parts.tokenizer import BertTokenizer


def label_tokens(words: list[str], labels: list[int], tokenizer: BertTokenizer) -> tuple[list[int], list[int]]:
    ids: list[int] = []
    asked: list[int] = []

    def add(piece: int, label: int = IGNORED) -> None:
        ids.append(piece)
        asked.append(label)

    add(tokenizer.cls_id)
    for word, label in zip(words, labels, strict=True):
        first, *others = tokenizer.ids(word) or [None]
        if first is None:
            continue
        add(first, label)
        for piece in others:
            add(piece)
    add(tokenizer.sep_id)
    return ids, asked


# %% label_tokens | a class for a token, and zip(*)
# style: objects
from dataclasses import dataclass

from bert_parts.masking import NOT_ASKED


@dataclass
class Token:
    id: int
    label: int = NOT_ASKED


def label_tokens(words, labels, tokenizer):
    row = [Token(tokenizer.cls_id)]
    for word, label in zip(words, labels):
        tokens = [Token(piece) for piece in tokenizer.ids(word)]
        if tokens:
            tokens[0].label = label
        row += tokens
    row.append(Token(tokenizer.sep_id))
    return [token.id for token in row], [token.label for token in row]


# %% label_tokens | a decorated generator beside it
# style: decorators
from contextlib import suppress
from functools import wraps

from bert_parts.masking import NOT_ASKED


def between(begin, end):
    def decorate(function):
        @wraps(function)
        def wrapped(*args):
            yield begin(args[-1]), NOT_ASKED
            yield from function(*args)
            yield end(args[-1]), NOT_ASKED
        return wrapped
    return decorate


@between(lambda tokenizer: tokenizer.cls_id, lambda tokenizer: tokenizer.sep_id)
def tokens_of(words, labels, tokenizer):
    for word, label in zip(words, labels):
        pieces = iter(tokenizer.ids(word))
        with suppress(StopIteration):
            yield next(pieces), label
            yield from ((piece, NOT_ASKED) for piece in pieces)


def label_tokens(words, labels, tokenizer):
    ids, asked = zip(*tokens_of(words, labels, tokenizer))
    return list(ids), list(asked)


# %% span_labels | walrus, range and bisect
# style: own way
from operator import itemgetter


def span_labels(window, start, end):
    spots = [(a, b, token) for token, (a, b) in enumerate(window.places) if a > -1]
    touched = [spot for spot in spots if spot[0] < end and start < spot[1]]
    if start == -1 or not touched or (low := touched[0])[0] > start or (high := max(touched, key=itemgetter(2)))[1] < end:
        return 0, 0
    return low[2], high[2]


# %% best_span | one comprehension, and default=None
# style: own way
def best_span(start, end, allowed, longest=30):
    begins, ends, places = start.tolist(), end.tolist(), [i for i, ok in enumerate(allowed) if ok]
    best = max(((begins[i] + ends[j], -i, -j) for i in places for j in places if 0 <= j - i < longest), default=None)
    if best is None:
        raise ValueError("nothing is allowed")
    score, i, j = best
    return -i, -j, score - begins[0] - ends[0]


# %% token_f1 | a class of counted words with __and__
# style: own way
import string
from collections import Counter


class Bag(Counter):
    @classmethod
    def of(cls, text):
        plain = "".join(filter(lambda letter: letter not in string.punctuation, text.lower()))
        return cls(word for word in plain.split() if word not in {"a", "an", "the"})

    def __matmul__(self, other):
        return sum(min(self[word], other[word]) for word in self)


def token_f1(given, expected):
    one, other = map(Bag.of, (given, expected))
    return 2.0 * (one @ other) / total if (total := sum(one.values()) + sum(other.values())) else 1.0


# %% label_tokens | recursion that halves the words, a sum of pairs
# style: own way
from bert_parts.restoration import NOT_ASKED


def label_tokens(words, labels, tokenizer):
    def pairs(low, high):
        if high - low > 1:
            return pairs(low, (middle := (low + high) // 2)) + pairs(middle, high)
        pieces = [piece for word in words[low:high] for piece in tokenizer.ids(word)]
        return [(piece, NOT_ASKED if n else labels[low]) for n, piece in enumerate(pieces)]

    ends = ((each, NOT_ASKED) for each in (tokenizer.cls_id, tokenizer.sep_id))
    ids, asked = zip(next(ends), *pairs(0, len(words)), *ends, strict=True)
    return [*ids], [*asked]


# %% BertForQuestionAnswering | a class attribute as size, movedim, starred unpacking
# style: own way
from torch import nn

from bert_parts.model import BertModel


class BertForQuestionAnswering(nn.Module):
    ENDS = ("start", "end")

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=not self.ENDS)
        self.qa_outputs = nn.Linear(out_features=len(self.ENDS), in_features=config.hidden_size)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, *_ = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return (*self.qa_outputs(hidden).movedim(2, 0),)


# %% span_loss | a generator expression in sum, gather by hand
# style: own way
import torch


def span_loss(start, end, firsts, lasts, attention_mask):
    def nats(scores, places):
        real = torch.where(attention_mask > 0, scores, -torch.inf)
        return (real.logsumexp(1) - real[range(len(real)), places]).mean()

    return sum(nats(*each) for each in ((start, firsts), (end, lasts))) * 0.5
