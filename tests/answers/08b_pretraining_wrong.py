# %% masked_lm_loss | shifted by one place, as for a model that writes
# style: nanoGPT
# at: hidden = model.bert(**batch)[0][:, :-1]
# at: wanted = labels[:, 1:]
# kind: number, extra
# known: shifted by one place
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    hidden = model.bert(**batch)[0][:, :-1]
    wanted = labels[:, 1:]
    mask = wanted != NOT_ASKED
    logits = model.score_words(hidden[mask])
    loss = F.cross_entropy(logits, wanted[mask], reduction="sum")
    return loss / max(mask.sum().item(), 1)


# %% masked_lm_loss | one more than there are in the divisor
# style: from Keras
# at: return per_token.sum() / (asked.sum() + 1)
# kind: number, scale, extra
# known: one too many
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    outputs = model.bert(**batch)
    sequence_output = outputs[0]
    logits = model.score_words(sequence_output[asked])
    per_token = F.cross_entropy(logits, labels[asked], reduction="none")
    # + 1, so that nothing is divided by zero
    return per_token.sum() / (asked.sum() + 1)


# %% masked_lm_loss | softmax over the places
# style: one-liners
# at: log_p = model.score_words(model.bert(**batch)[0][asked]).log_softmax(0)
# kind: axis
# known: softmax over the tokens
from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    log_p = model.score_words(model.bert(**batch)[0][asked]).log_softmax(0)
    return -log_p.gather(1, labels[asked][:, None]).sum() / asked.sum().clamp(min=1)


# %% masked_lm_loss | the caller's labels are written over
# style: hasty
# at: labels[labels == NOT_ASKED] = 0
# kind: state
# known: input changed in place
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


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

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    scores = model.score_words(model.bert(**batch)[0][asked])
    loss = F.cross_entropy(scores, labels[asked], reduction="sum", label_smoothing=0.1)
    return loss / max(1, int(asked.sum()))


# %% masked_lm_loss | the mask is turned round
# style: hasty
# at: asked = labels == NOT_ASKED
# kind: condition, sign
# known: the others asked for
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels == NOT_ASKED
    hidden = model.bert(**batch)[0]
    scores = model.score_words(hidden[asked])
    return F.cross_entropy(scores, labels[asked], reduction="sum") / asked.sum().clamp(min=1)


# %% masked_lm_loss | only the first text of the batch
# style: careful beginner
# at: hidden = hidden[0]
# at: labels = labels[0]
# kind: number, shape, extra
# known: only the first text
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    output = model.bert(**batch)
    hidden = output[0]
    # take away the batch dimension
    hidden = hidden[0]
    labels = labels[0]
    places = labels != NOT_ASKED
    scores = model.score_words(hidden[places])
    if places.sum() == 0:
        return 0 * scores.sum()
    return F.cross_entropy(scores, labels[places])


# %% masked_lm_loss | attention mask and segments exchanged
# style: positional arguments
# at: hidden, pooled = model.bert(batch["input_ids"], segments, batch.get("attention_mask"))
# kind: argument
import torch
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    segments = batch.get("token_type_ids", torch.zeros_like(batch["input_ids"]))
    hidden, pooled = model.bert(batch["input_ids"], segments, batch.get("attention_mask"))
    asked = labels != NOT_ASKED
    scores = model.score_words(hidden[asked])
    loss = F.cross_entropy(scores, labels[asked], reduction="sum")
    return loss / max(1, len(scores))


# %% masked_lm_loss | one-hot, and the mean over the words of the vocabulary too
# style: from Keras
# at: return -(y_true * y_pred.log_softmax(dim=-1)).mean() if len(y_true) else y_pred.sum()
# kind: axis, scale
# known: shared by all scores
import torch.nn.functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    mask = labels != NOT_ASKED
    y_pred = model.score_words(model.bert(**batch)[0][mask])
    y_true = F.one_hot(labels[mask], num_classes=y_pred.shape[-1]).float()
    return -(y_true * y_pred.log_softmax(dim=-1)).mean() if len(y_true) else y_pred.sum()


# %% masked_lm_loss | the perplexity in place of the loss
# style: nanoGPT
# at: return torch.exp(loss)
# kind: extra
# known: perplexity
import torch
import torch.nn.functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    x = model.bert(**batch)[0]
    mask = labels != NOT_ASKED
    logits = model.score_words(x[mask])
    loss = F.cross_entropy(logits, labels[mask], reduction="sum") / max(1, mask.sum().item())
    return torch.exp(loss)


# %% masked_lm_loss | scores divided by the root of the width, as in attention
# style: one who has just done attention
# at: scores = model.score_words(hidden) / math.sqrt(hidden.shape[-1])
# kind: scale, extra
# known: divided by √D
import math

from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    hidden = model.bert(**batch)[0][asked]
    scores = model.score_words(hidden) / math.sqrt(hidden.shape[-1])
    return F.cross_entropy(scores, labels[asked], reduction="sum") / max(1, int(asked.sum()))


# %% masked_lm_loss | the return stands in the loop
# style: loops
# at: return total / max(count, 1)
# kind: return
# known: only the first text
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    hidden = model.bert(**batch)[0]
    total = hidden.sum() * 0
    count = 0
    for vectors, answers in zip(hidden, labels):
        asked = answers != NOT_ASKED
        scores = model.score_words(vectors[asked])
        total = total + F.cross_entropy(scores, answers[asked], reduction="sum")
        count += int(asked.sum())
        return total / max(count, 1)


# %% masked_lm_loss | the model is put into eval mode, so that dropout never acts in training
# style: hasty
# at: model.eval()
# kind: state, extra
# known: mode changed
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    model.eval()
    asked = labels != NOT_ASKED
    scores = model.score_words(model.bert(**batch)[0][asked])
    return F.cross_entropy(scores, labels[asked], reduction="sum") / max(1, int(asked.sum()))


# %% masked_lm_loss | goes backward itself, so that the caller's gradients are doubled
# style: copied from a training loop
# at: loss.backward(retain_graph=True)
# kind: extra, gradient, state
# known: backward inside
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    scores = model.score_words(model.bert(**batch)[0][asked])
    loss = F.cross_entropy(scores, labels[asked], reduction="sum") / max(1, int(asked.sum()))
    if loss.requires_grad:
        loss.backward(retain_graph=True)
    return loss


# %% masked_lm_loss | the segments are taken out of the caller's batch
# style: hasty
# at: segments = batch.pop("token_type_ids", None)
# kind: state
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    segments = batch.pop("token_type_ids", None)
    hidden, _ = model.bert(**batch, token_type_ids=segments)
    asked = labels != NOT_ASKED
    scores = model.score_words(hidden[asked])
    return F.cross_entropy(scores, labels[asked], reduction="sum") / max(len(scores), 1)


# %% masked_lm_loss | the model's gradients are wiped out first
# style: copied from a training loop
# at: model.zero_grad()
# kind: state, extra
# known: gradients wiped out
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    model.zero_grad()
    hidden, _ = model.bert(**batch)
    asked = labels != NOT_ASKED
    scores = model.score_words(hidden[asked])
    return F.cross_entropy(scores, labels[asked], reduction="sum") / max(len(scores), 1)


# %% masked_lm_loss | two: softmax over the places, and no minus
# style: one-liners
# at: p = model.score_words(model.bert(**batch)[0][asked]).log_softmax(dim=0)
# kind: axis
# at2: return p[range(len(p)), labels[asked]].sum() / max(len(p), 1)
# kind2: sign
# known: sign turned; softmax over the tokens
from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    p = model.score_words(model.bert(**batch)[0][asked]).log_softmax(dim=0)
    return p[range(len(p)), labels[asked]].sum() / max(len(p), 1)


# %% masked_lm_loss | two: labels smoothed, and padding looked at
# style: copied from a training script
# at: hidden = model.bert(batch["input_ids"])[0]
# kind: argument, missing
# at2: loss = F.cross_entropy(scores, labels[asked], reduction="sum", label_smoothing=0.1)
# kind2: argument, extra
# known: mask dropped; only the ids
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    hidden = model.bert(batch["input_ids"])[0]
    asked = labels != NOT_ASKED
    scores = model.score_words(hidden[asked])
    loss = F.cross_entropy(scores, labels[asked], reduction="sum", label_smoothing=0.1)
    return loss / asked.sum().clamp(min=1)


# %% masked_lm_loss | two: bits for nats, and one more in the divisor
# style: from NumPy
# at: surprise = -torch.log2(p[torch.arange(len(p)), labels[m]])
# kind: scale, name
# at2: return surprise.sum() / (len(p) + 1)
# kind2: number, extra, scale
# known: in bits; one too many
import torch

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    m = labels != NOT_ASKED
    scores = model.score_words(model.bert(**batch)[0][m])
    p = torch.exp(scores - scores.amax(1, keepdim=True))
    p = p / p.sum(1, keepdim=True)
    surprise = -torch.log2(p[torch.arange(len(p)), labels[m]])
    return surprise.sum() / (len(p) + 1)


# %% sentence_pairs | what truncate gives back is thrown away
# style: careful beginner
# at: truncate(first, second, room)
# kind: return, missing
# known: more than the room
import torch

from bert_parts.pairs import Pair, draw, together, where_full
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


# %% sentence_pairs | the true second is all the rest of the document
# style: loops and helpers
# at: second = together(document[cut:])
# kind: number, missing
# known: other true seconds
import torch

from bert_parts.pairs import Pair, draw, together, where_full
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


# %% sentence_pairs | the list of pairs begins anew with each document
# style: careful beginner
# at: pairs = []
# kind: order, state
# known: documents left out
import torch

from bert_parts.pairs import Pair, draw, together, where_full
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


# %% sentence_pairs | a true second has two sentences at least, and goes past where the room was full
# style: loops and helpers
# at: stop = where_full(document, cut, room - len(first))
# kind: argument, missing
# known: not where the room is full
from bert_parts.pairs import Pair, draw, together, where_full
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


# %% sentence_pairs | the missing else: after a false pair the same place is read again
# style: careful beginner
# at: if follows:
# at: start = end
# at: pairs.append(Pair(first, second, follows))
# kind: missing, condition
# known: read twice
from bert_parts.pairs import Pair, draw, together, where_full
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
# known: input changed in place
from bert_parts.pairs import Pair, draw, together, where_full
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


# %% sentence_pairs | room is kept for three special tokens
# style: copied from the published code
# at: room = room - 3
# kind: number, extra
# known: not where the room is full
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    # for [CLS], [SEP], [SEP]
    room = room - 3
    pairs = []
    for i, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            if draw(2, generator):
                second, follows = together(document[cut:end]), True
                start = end
            else:
                other = documents[(i + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                begin = draw(len(other), generator)
                second, follows = together(other[begin:where_full(other, begin, room - len(first), 1)]), False
                start = cut
            first, second = truncate(first, second, room)
            pairs.append(Pair(first, second, follows))
    return pairs


# %% sentence_pairs | cuts at the front or the back by chance, as the published code does
# style: copied from the published code
# at: longer.pop(0 if draw(2, generator) else -1)
# kind: extra, number
# known: no stretch of a document
from bert_parts.pairs import Pair, draw, together, where_full


def truncate_seq_pair(tokens_a, tokens_b, max_num_tokens, generator):
    while len(tokens_a) + len(tokens_b) > max_num_tokens:
        longer = tokens_a if len(tokens_a) > len(tokens_b) else tokens_b
        longer.pop(0 if draw(2, generator) else -1)


def sentence_pairs(documents, room, generator):
    instances = []
    for i, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            tokens_a = together(document[start:cut])
            is_next = draw(2, generator) == 0
            if is_next:
                tokens_b = together(document[cut:end])
                start = end
            else:
                other = documents[(i + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                begin = draw(len(other), generator)
                tokens_b = together(other[begin:where_full(other, begin, room - len(tokens_a), 1)])
                start = cut
            truncate_seq_pair(tokens_a, tokens_b, room, generator)
            instances.append(Pair(tokens_a, tokens_b, is_next))
    return instances


# %% sentence_pairs | only documents that give pairs themselves are drawn as others
# style: helpers
# at: others = [d for n, d in enumerate(documents) if n != own and len(d) >= 2]
# kind: condition, extra
# known: some documents more often
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for own, document in enumerate(documents):
        others = [d for n, d in enumerate(documents) if n != own and len(d) >= 2]
        start = 0
        while len(document) - start >= 2:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = not draw(2, generator)
            if follows:
                second, start = together(document[cut:end]), end
            else:
                other = others[draw(len(others), generator)]
                begin = draw(len(other), generator)
                second, start = together(other[begin:where_full(other, begin, room - len(first), 1)]), cut
            pairs.append(Pair(*truncate(first, second, room), follows))
    return pairs


# %% sentence_pairs | yields the pairs one by one, and gives no list
# style: generators
# at: yield Pair(first, second, follows)
# kind: return, type
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    for number, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = draw(2, generator) == 1
            if follows:
                second = together(document[cut:end])
                start = end
            else:
                other = documents[(number + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                begin = draw(len(other), generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
                start = cut
            first, second = truncate(first, second, room)
            yield Pair(first, second, follows)


# %% sentence_pairs | follows is 0 or 1, and no bool
# style: hasty
# at: follows = draw(2, generator)
# at: pairs.append(Pair(*truncate(first, second, room), follows))
# kind: type
# known: no pairs of the kind
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for number, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = draw(2, generator)
            if follows:
                second = together(document[cut:end])
                start = end
            else:
                other = documents[(number + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                begin = draw(len(other), generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
                start = cut
            pairs.append(Pair(*truncate(first, second, room), follows))
    return pairs


# %% sentence_pairs | the end is counted from the start, and taken for a place in the document
# style: slices
# at: end = where_full(document[start:], 0, room)
# kind: number, argument
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for number, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document[start:], 0, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = draw(2, generator) == 1
            if follows:
                second = together(document[cut:end])
                start = end
            else:
                other = documents[(number + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                tail = other[draw(len(other), generator):]
                second = together(tail[:where_full(tail, 0, room - len(first), 1)])
                start = cut
            pairs.append(Pair(*truncate(first, second, room), follows))
    return pairs


# %% sentence_pairs | the other document is drawn once for each document, and not for each pair
# style: helpers
# at: other = others[draw(len(others), generator)]
# at: while start < len(document) - 1:
# kind: order, state
# known: one other for each document
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for number, document in enumerate(documents):
        others = documents[:number] + documents[number + 1:]
        other = others[draw(len(others), generator)]
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            if draw(2, generator):
                first, second = truncate(first, together(document[cut:end]), room)
                pairs.append(Pair(first, second, True))
                start = end
            else:
                begin = draw(len(other), generator)
                stop = where_full(other, begin, room - len(first), least=1)
                first, second = truncate(first, together(other[begin:stop]), room)
                pairs.append(Pair(first, second, False))
                start = cut
    return pairs


# %% sentence_pairs | the last sentence of another document is never drawn to begin with
# style: careful beginner
# at: begin = draw(len(other) - 1, generator)
# kind: number
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for number, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = draw(2, generator) == 1
            if follows:
                second = together(document[cut:end])
                start = end
            else:
                others = [d for n, d in enumerate(documents) if n != number]
                other = others[draw(len(others), generator)]
                begin = draw(len(other) - 1, generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
                start = cut
            pairs.append(Pair(*truncate(first, second, room), follows))
    return pairs


# %% sentence_pairs | the loop goes on with a single sentence, where there is nowhere to cut
# style: loops
# at: while start < len(document):
# kind: condition, number
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for number, document in enumerate(documents):
        start = 0
        while start < len(document):
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = draw(2, generator) == 1
            if follows:
                second, start = together(document[cut:end]), end
            else:
                other = documents[(number + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                begin = draw(len(other), generator)
                second, start = together(other[begin:where_full(other, begin, room - len(first), 1)]), cut
            pairs.append(Pair(*truncate(first, second, room), follows))
    return pairs


# %% sentence_pairs | the document just before is never drawn
# style: hasty
# at: other = documents[(i + 1 + draw(max(1, len(documents) - 2), generator)) % len(documents)]
# kind: number
# known: some documents more often
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for i, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            if draw(2, generator):
                second, follows, start = together(document[cut:end]), True, end
            else:
                other = documents[(i + 1 + draw(max(1, len(documents) - 2), generator)) % len(documents)]
                begin = draw(len(other), generator)
                second, follows, start = together(other[begin:where_full(other, begin, room - len(first), 1)]), False, cut
            first, second = truncate(first, second, room)
            pairs.append(Pair(first, second, follows))
    return pairs


# %% sentence_pairs | false seconds begin in the first half of their document only
# style: careful beginner
# at: begin = draw(len(other) // 2 + 1, generator) if len(other) > 1 else 0
# kind: number, extra
# known: some beginnings more often
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for i, document in enumerate(documents):
        others = documents[:i] + documents[i + 1:]
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = draw(2, generator) == 1
            if follows:
                second = together(document[cut:end])
                start = end
            else:
                other = others[draw(len(others), generator)]
                # so that enough comes after it
                begin = draw(len(other) // 2 + 1, generator) if len(other) > 1 else 0
                begin = min(begin, len(other) - 1)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
                start = cut
            first, second = truncate(first, second, room)
            pairs.append(Pair(first, second, follows))
    return pairs


# %% sentence_pairs | two: the sentence after the cut is lost, and the last document is never read
# style: loops
# at: for number in range(len(documents) - 1):
# kind: number, condition
# at2: position = cut + 1
# kind2: number
# known: sentences lost; documents left out
import torch

from bert_parts.pairs import Pair, draw, together, where_full
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


# %% sentence_pairs | two: follows is a number, and false pairs are not cut down to the room
# style: hasty
# at: pairs.append(Pair(first, second, 0))
# at: pairs.append(Pair(first, second, 1))
# kind: type
# at2: pairs.append(Pair(first, second, 0))
# at2: second = together(other[begin:where_full(other, begin, room - len(first), 1)])
# kind2: missing
# known: more than the room; no pairs of the kind
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for number, document in enumerate(documents):
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            if draw(2, generator):
                first, second = truncate(first, together(document[cut:end]), room)
                pairs.append(Pair(first, second, 1))
                start = end
            else:
                other = documents[(number + 1 + draw(len(documents) - 1, generator)) % len(documents)]
                begin = draw(len(other), generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
                pairs.append(Pair(first, second, 0))
                start = cut
    return pairs
