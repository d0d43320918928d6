"""Notebook 10, as a learner might solve it from its text alone."""

import string

import torch
from torch import nn

from bert_parts import BertModel
from bert_parts.masking import NOT_ASKED


class BertForQuestionAnswering(nn.Module):
    """Where does the answer begin, and where does it end? (Devlin et al. 2019, section 4.2.)

    Shapes:
        as BertModel → scores (B, T) of being the first token of the answer,
            scores (B, T) of being the last
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(in_features=config.hidden_size, out_features=2)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden, _ = self.bert(input_ids, attention_mask, token_type_ids)
        scores = self.qa_outputs(hidden)
        return scores[..., 0], scores[..., 1]


def span_labels(window, start, end):
    """The tokens with which an answer begins and ends, counted in the row.

    They are (0, 0), that is [CLS], if the answer is not wholly in this window.

    Args:
        start, end: the answer is passage[start:end]; start = −1 if there is none.
    """
    if start == -1:
        return (0, 0)
    first = last = 0
    for token, (begins, stops) in enumerate(window.places):
        if begins == -1:
            continue
        if begins <= start < stops and first == 0:
            first = token
        if begins < end <= stops:
            last = token
    return (first, last) if first > 0 and last > 0 else (0, 0)


def span_loss(start, end, firsts, lasts, attention_mask):
    """How surprising the right first and last token are, in nats, the mean over both and all texts.

    Each is a choice among the tokens of its own row; padding takes no part
    (Devlin et al. 2019, section 4.2).

    Shapes:
        start, end: scores (B, T); firsts, lasts (B,) int64;
            attention_mask (B, T) of 0 and 1 → a number
    """
    total = 0
    rows = torch.arange(len(firsts))
    for scores, right in ((start, firsts), (end, lasts)):
        real = torch.where(attention_mask.bool(), scores, torch.finfo(scores.dtype).min)
        surprise = torch.logsumexp(real, dim=1) - scores[rows, right]
        total = total + surprise.mean()
    return total / 2


def best_span(start, end, allowed, longest=30):
    """The likeliest answer's first and last token, and how far its score is above "no answer".

    Of all spans that begin and end where it is allowed, do not end before they begin, and have
    `longest` tokens at most, the one with the largest start[first] + end[last]. "No answer" is the
    span of [CLS] alone, start[0] + end[0] (Devlin et al. 2019, section 4.3).

    Shapes:
        start, end: scores (T,), allowed (T,) bool: the tokens of the passage

    Raises:
        ValueError: no token is allowed.
    """
    start, end, allowed = start.tolist(), end.tolist(), allowed.tolist()
    best = None
    for first in range(len(start)):
        for last in range(first, min(first + longest, len(end))):
            if allowed[first] and allowed[last]:
                score = start[first] + end[last]
                if best is None or score > best[2]:
                    best = first, last, score
    if best is None:
        raise ValueError("nothing is allowed")
    first, last, score = best
    return first, last, score - start[0] - end[0]


def token_f1(given, expected):
    """How much two answers overlap, 0 … 1: the harmonic mean of their shares of common words.

    Words as in `exact_match`, each as often as it occurs. Two empty answers agree, 1
    (Rajpurkar et al. 2018).
    """
    said, wanted = bare(given), bare(expected)
    if not said and not wanted:
        return 1.0
    hits, left = 0, list(wanted)
    for word in said:
        if word in left:
            left.remove(word)
            hits += 1
    if hits == 0:
        return 0.0
    precision, recall = hits / len(said), hits / len(wanted)
    return 2 * precision * recall / (precision + recall)


def bare(text):
    """A helper of the learner's own."""
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return [word for word in text.split() if word not in {"a", "an", "the"}]


def label_tokens(words, labels, tokenizer):
    """One row for the model, and a label for each of its tokens.

    A word's label is asked for once, at its first piece. At all other pieces, and at [CLS] and
    [SEP], it is NOT_ASKED (Devlin et al. 2019, section 5.3).

    Returns:
        The ids and the labels, one for each token.
    """
    ids, asked = [tokenizer.cls_id], [NOT_ASKED]
    for place, word in enumerate(words):
        for number, piece in enumerate(tokenizer.ids(word)):
            ids.append(piece)
            asked.append(labels[place] if number == 0 else NOT_ASKED)
    ids.append(tokenizer.sep_id)
    asked.append(NOT_ASKED)
    return ids, asked
