# %% masked_lm_loss | asks at changed places only, so that the words which stay as they are go unasked
# style: hasty
# at: asked = (labels != NOT_ASKED) & (batch["input_ids"] != labels)
# kind: condition, extra
from torch.nn import functional as F

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = (labels != NOT_ASKED) & (batch["input_ids"] != labels)
    hidden, _ = model.bert(**batch)
    scores = model.score_words(hidden[asked])
    return F.cross_entropy(scores, labels[asked], reduction="sum") / max(int(asked.sum()), 1)


# %% masked_lm_loss | shifted by one place, as for a model that writes
# style: nanoGPT
# at: hidden = model.bert(**batch)[0][:, :-1]
# at: wanted = labels[:, 1:]
# kind: number, extra
from torch.nn import functional as F

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    hidden = model.bert(**batch)[0][:, :-1]
    wanted = labels[:, 1:]
    mask = wanted != NOT_ASKED
    logits = model.score_words(hidden[mask])
    loss = F.cross_entropy(logits, wanted[mask], reduction="sum")
    return loss / max(mask.sum().item(), 1)


# %% masked_lm_loss | the attention mask is not handed on
# style: careful beginner
# at: hidden, pooled = model.bert(batch["input_ids"])
# kind: argument, missing
import torch
from torch.nn import functional as F

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    # 1. read the text
    hidden, pooled = model.bert(batch["input_ids"])
    # 2. pick the places that are asked for
    asked = labels != NOT_ASKED
    picked = hidden[asked]
    answers = labels[asked]
    # 3. score the words there
    scores = model.score_words(picked)
    # 4. the loss
    if len(answers) == 0:
        return scores.sum() * 0
    return F.cross_entropy(scores, answers)


# %% masked_lm_loss | bits for nats
# style: from NumPy
# at: surprise = -torch.log2(probabilities[torch.arange(len(wanted)), wanted])
# kind: scale, name
import torch

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    where = labels != NOT_ASKED
    wanted = labels[where]
    hidden = model.bert(**batch)[0][where]
    probabilities = torch.softmax(model.score_words(hidden), dim=-1)
    surprise = -torch.log2(probabilities[torch.arange(len(wanted)), wanted])
    return surprise.sum() / max(len(wanted), 1)


# %% masked_lm_loss | one more than there are in the divisor
# style: from Keras
# at: return per_token.sum() / (asked.sum() + 1)
# kind: number, scale, extra
from torch.nn import functional as F

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    outputs = model.bert(**batch)
    sequence_output = outputs[0]
    logits = model.score_words(sequence_output[asked])
    per_token = F.cross_entropy(logits, labels[asked], reduction="none")
    # + 1, so that nothing is divided by zero
    return per_token.sum() / (asked.sum() + 1)


# %% masked_lm_loss | the mean of the texts' means
# style: loops and helpers
# at: losses.append(F.cross_entropy(scores, answers[asked]))
# at: return sum(losses) / len(losses)
# kind: order, scale, axis
from torch.nn import functional as F

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    hidden = model.bert(**batch)[0]
    losses = []
    for vectors, answers in zip(hidden, labels):
        asked = answers != NOT_ASKED
        if asked.any():
            scores = model.score_words(vectors[asked])
            losses.append(F.cross_entropy(scores, answers[asked]))
    if not losses:
        return hidden.sum() * 0
    return sum(losses) / len(losses)


# %% masked_lm_loss | softmax over the places
# style: one-liners
# at: log_p = model.score_words(model.bert(**batch)[0][asked]).log_softmax(0)
# kind: axis
from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    log_p = model.score_words(model.bert(**batch)[0][asked]).log_softmax(0)
    return -log_p.gather(1, labels[asked][:, None]).sum() / asked.sum().clamp(min=1)


# %% masked_lm_loss | the caller's labels are written over
# style: hasty
# at: labels[labels == NOT_ASKED] = 0
# kind: state
from torch.nn import functional as F

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    labels[labels == NOT_ASKED] = 0
    scores = model.score_words(model.bert(**batch)[0][asked])
    return F.cross_entropy(scores, labels[asked], reduction="sum") / asked.sum().clamp(min=1)


# %% masked_lm_loss | labels are smoothed, as in other people's training code
# style: copied from a training script
# at: loss = F.cross_entropy(scores, labels[asked], reduction="sum", label_smoothing=0.1)
# kind: argument, extra
from torch.nn import functional as F

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    scores = model.score_words(model.bert(**batch)[0][asked])
    loss = F.cross_entropy(scores, labels[asked], reduction="sum", label_smoothing=0.1)
    return loss / max(1, int(asked.sum()))


# %% masked_lm_loss | the token with the id 0 is never asked for
# style: hasty
# at: asked = labels > 0
# kind: condition
import torch
from torch.nn import functional as F


def masked_lm_loss(model, batch, labels):
    asked = labels > 0
    hidden = model.bert(**batch)[0]
    scores = model.score_words(hidden[asked])
    return F.cross_entropy(scores, labels[asked], reduction="sum") / max(asked.sum(), torch.tensor(1))


# %% masked_lm_loss | the hidden states are cut off from the gradient
# style: from Keras
# at: features = encoder_output.detach()[weights]
# kind: gradient
import torch
from torch import nn

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    weights = labels.ne(NOT_ASKED)
    encoder_output, _ = model.bert(**batch)
    features = encoder_output.detach()[weights]
    loss_fn = nn.CrossEntropyLoss(reduction="sum")
    loss = loss_fn(model.score_words(features), labels[weights])
    return loss / weights.sum().clamp_min(1)


# %% masked_lm_loss | two: softmax over the places, and no minus
# style: one-liners
# at: p = model.score_words(model.bert(**batch)[0][asked]).log_softmax(dim=0)
# kind: axis
# at2: return p[range(len(p)), labels[asked]].sum() / max(len(p), 1)
# kind2: sign
from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    p = model.score_words(model.bert(**batch)[0][asked]).log_softmax(dim=0)
    return p[range(len(p)), labels[asked]].sum() / max(len(p), 1)


# %% masked_lm_loss | two: no attention mask, and divided by all places
# style: careful beginner
# at: hidden = model.bert(batch["input_ids"], token_type_ids=batch.get("token_type_ids"))[0]
# kind: argument, missing
# at2: loss = loss / labels.numel()
# kind2: scale, name
from torch.nn import functional as F

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    hidden = model.bert(batch["input_ids"], token_type_ids=batch.get("token_type_ids"))[0]
    chosen = labels != NOT_ASKED
    scores = model.score_words(hidden[chosen])
    loss = F.cross_entropy(scores, labels[chosen], reduction="sum")
    loss = loss / labels.numel()
    return loss


# %% masked_lm_loss | two: base 2, and nothing is seen to where nothing is asked
# style: from NumPy
# at: p = torch.exp(scores - scores.amax(1, keepdim=True))
# at: return -(p[rows, labels[m]] / p.sum(1)).log2().mean()
# kind: scale, name
# at2: return -(p[rows, labels[m]] / p.sum(1)).log2().mean()
# kind2: condition, missing
import torch

from bert_parts.pretraining import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    m = labels != NOT_ASKED
    scores = model.score_words(model.bert(**batch)[0][m])
    p = torch.exp(scores - scores.amax(1, keepdim=True))
    rows = torch.arange(len(scores))
    return -(p[rows, labels[m]] / p.sum(1)).log2().mean()


# %% sentence_pairs | what truncate gives back is thrown away
# style: careful beginner
# at: truncate(first, second, room)
# kind: return, missing
import torch

from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError("two documents are needed")
    pairs = []
    for number, document in enumerate(documents):
        start = 0
        while start + 1 < len(document):
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = draw(2, generator) == 1
            if follows:
                second = together(document[cut:end])
                start = end
            else:
                other = draw(len(documents) - 1, generator)
                if other >= number:
                    other += 1
                begin = draw(len(documents[other]), generator)
                stop = where_full(documents[other], begin, room - len(first), 1)
                second = together(documents[other][begin:stop])
                start = cut
            truncate(first, second, room)
            pairs.append(Pair(first, second, follows))
    return pairs


# %% sentence_pairs | the first sentence of the document itself is lengthened
# style: hasty
# at: first = document[start]
# at: first += sentence
# kind: state
from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError("there is no other document")
    pairs = []
    for d, document in enumerate(documents):
        start = 0
        while len(document) - start > 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = document[start]
            for sentence in document[start + 1:cut]:
                first += sentence
            if draw(2, generator):
                second = together(document[cut:end])
                pairs.append(Pair(*truncate(first, second, room), True))
                start = end
            else:
                others = documents[:d] + documents[d + 1:]
                other = others[draw(len(others), generator)]
                at = draw(len(other), generator)
                second = together(other[at:where_full(other, at, room - len(first), 1)])
                pairs.append(Pair(*truncate(first, second, room), False))
                start = cut
    return pairs


# %% sentence_pairs | the true second is all the rest of the document
# style: loops and helpers
# at: second = together(document[cut:])
# kind: number, missing
import torch

from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def from_elsewhere(documents, own, room, generator):
    others = [document for place, document in enumerate(documents) if place != own]
    other = others[draw(len(others), generator)]
    start = draw(len(other), generator)
    return together(other[start:where_full(other, start, room, least=1)])


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError("at least two documents")
    pairs = []
    for own, document in enumerate(documents):
        position = 0
        while position < len(document) - 1:
            end = where_full(document, position, room)
            cut = position + 1 + draw(end - position - 1, generator)
            first = together(document[position:cut])
            follows = torch.rand(1, generator=generator).item() < 0.5
            if follows:
                second = together(document[cut:])
                position = end
            else:
                second = from_elsewhere(documents, own, room - len(first), generator)
                position = cut
            pairs.append(Pair(*truncate(first, second, room), follows))
    return pairs


# %% sentence_pairs | the coin is tossed once for each document
# style: hasty
# at: follows = bool(draw(2, generator))
# at: while start < len(document) - 1:
# kind: order, state
from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for i, document in enumerate(documents):
        follows = bool(draw(2, generator))
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            if follows:
                second, start = together(document[cut:end]), end
            else:
                other = documents[(i + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                b = draw(len(other), generator)
                second, start = together(other[b:where_full(other, b, room - len(first), 1)]), cut
            pairs.append(Pair(*truncate(first, second, room), follows))
    return pairs


# %% sentence_pairs | the list of pairs begins anew with each document
# style: careful beginner
# at: pairs = []
# kind: order, state
import torch

from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError("Need at least two documents.")
    for index in range(len(documents)):
        pairs = []
        document = documents[index]
        start = 0
        while start <= len(document) - 2:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            if torch.rand((), generator=generator) < 0.5:
                second = together(document[cut:end])
                first, second = truncate(first, second, room)
                pairs.append(Pair(first, second, True))
                start = end
            else:
                other_index = draw(len(documents) - 1, generator)
                if other_index >= index:
                    other_index = other_index + 1
                other = documents[other_index]
                other_start = draw(len(other), generator)
                other_end = where_full(other, other_start, room - len(first), 1)
                second = together(other[other_start:other_end])
                first, second = truncate(first, second, room)
                pairs.append(Pair(first, second, False))
                start = cut
    return pairs


# %% sentence_pairs | after a false pair the sentence behind the cut is lost
# style: loops
# at: place = cut + 1
# kind: number
from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    result = []
    for mine, document in enumerate(documents):
        place = 0
        while place + 2 <= len(document):
            full = where_full(document, place, room)
            cut = place + 1 + draw(full - place - 1, generator)
            left = together(document[place:cut])
            goes_on = draw(2, generator) == 0
            if goes_on:
                right = together(document[cut:full])
                place = full
            else:
                rest = [d for n, d in enumerate(documents) if n != mine]
                other = rest[draw(len(rest), generator)]
                begin = draw(len(other), generator)
                right = together(other[begin:where_full(other, begin, room - len(left), 1)])
                place = cut + 1
            left, right = truncate(left, right, room)
            result.append(Pair(left, right, goes_on))
    return result


# %% sentence_pairs | the other document is always the next one
# style: hasty
# at: other = documents[(i + 1) % len(documents)]
# kind: state, missing, number
from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError
    out = []
    for i, doc in enumerate(documents):
        s = 0
        while s < len(doc) - 1:
            e = where_full(doc, s, room)
            c = s + 1 + draw(e - s - 1, generator)
            a = together(doc[s:c])
            if draw(2, generator):
                b, follows, s = together(doc[c:e]), True, e
            else:
                other = documents[(i + 1) % len(documents)]
                k = draw(len(other), generator)
                b, follows, s = together(other[k:where_full(other, k, room - len(a), 1)]), False, c
            a, b = truncate(a, b, room)
            out.append(Pair(a, b, follows))
    return out


# %% sentence_pairs | a true second has two sentences at least, and goes past where the room was full
# style: loops and helpers
# at: second = gather(document, cut, room - len(first))
# at: return together(document[start:where_full(document, start, room)])
# at: stop = where_full(document, cut, room - len(first))
# kind: argument, missing
from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for own, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = draw(2, generator) == 1
            if follows:
                stop = where_full(document, cut, room - len(first))
                second = together(document[cut:stop])
                start = stop
            else:
                other = documents[(own + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                begin = draw(len(other), generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
                start = cut
            first, second = truncate(first, second, room)
            pairs.append(Pair(first, second, follows))
    return pairs


# %% sentence_pairs | chance from Python's random, and not from the generator
# style: copied from the published code
# at: follows = random.random() < 0.5
# at: cut = start + random.randint(1, end - start - 1)
# kind: state, argument, name
import random

from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError("fewer than two documents")
    instances = []
    for document_index, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + random.randint(1, end - start - 1)
            tokens_a = together(document[start:cut])
            follows = random.random() < 0.5
            if follows:
                tokens_b = together(document[cut:end])
                start = end
            else:
                other = documents[(document_index + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                begin = draw(len(other), generator)
                tokens_b = together(other[begin:where_full(other, begin, room - len(tokens_a), 1)])
                start = cut
            tokens_a, tokens_b = truncate(tokens_a, tokens_b, room)
            instances.append(Pair(tokens_a, tokens_b, follows))
    return instances


# %% sentence_pairs | the missing else: after a false pair the same place is read again
# style: careful beginner
# at: if follows:
# at: start = end
# at: pairs.append(Pair(first, second, follows))
# kind: missing, condition
from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for number, document in enumerate(documents):
        others = [other for place, other in enumerate(documents) if place != number]
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            second = together(document[cut:end])
            follows = draw(2, generator) == 1
            if not follows:
                other = others[draw(len(others), generator)]
                begin = draw(len(other), generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
            first, second = truncate(first, second, room)
            pairs.append(Pair(first, second, follows))
            if follows:
                start = end
    return pairs


# %% sentence_pairs | the other document is taken out of the caller's own list
# style: hasty
# at: documents.remove(document)
# kind: state
from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for document in list(documents):
        documents.remove(document)
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = bool(draw(2, generator))
            if follows:
                second = together(document[cut:end])
                start = end
            else:
                other = documents[draw(len(documents), generator)]
                begin = draw(len(other), generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
                start = cut
            pairs.append(Pair(*truncate(first, second, room), follows))
        documents.insert(0, document)
    return pairs


# %% sentence_pairs | two: no truncation of false pairs, and the coin falls three times of four on one side
# style: hasty
# at: if draw(4, generator):
# kind: number, condition
# at2: pairs.append(Pair(first, second, False))
# at2: second = together(other[begin:where_full(other, begin, room - len(first), 1)])
# kind2: missing
from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for number, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            if draw(4, generator):
                first, second = truncate(first, together(document[cut:end]), room)
                pairs.append(Pair(first, second, True))
                start = end
            else:
                other = documents[(number + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                begin = draw(len(other), generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
                pairs.append(Pair(first, second, False))
                start = cut
    return pairs


# %% sentence_pairs | two: the sentence after the cut is lost, and the last document is never read
# style: loops
# at: for number in range(len(documents) - 1):
# kind: number, condition
# at2: position = cut + 1
# kind2: number
import torch

from bert_parts.pretraining import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for number in range(len(documents) - 1):
        document, position = documents[number], 0
        while position < len(document) - 1:
            end = where_full(document, position, room)
            cut = int(torch.randint(position + 1, end, (1,), generator=generator))
            first, second = together(document[position:cut]), together(document[cut:end])
            follows = torch.rand(1, generator=generator).item() < 0.5
            if follows:
                position = end
            else:
                others = documents[:number] + documents[number + 1:]
                other = others[draw(len(others), generator)]
                begin = draw(len(other), generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
                position = cut + 1
            pairs.append(Pair(*truncate(first, second, room), follows))
    return pairs
