# %% masked_lm_loss | nn.CrossEntropyLoss beside the function
# style: Hugging Face
import torch
from torch.nn import CrossEntropyLoss

loss_fct = CrossEntropyLoss(reduction="sum")


def masked_lm_loss(model, batch, labels):
    sequence_output = model.bert(**batch)[0]
    masked = labels.ne(-100)
    prediction_scores = model.score_words(sequence_output[masked])
    return loss_fct(prediction_scores, labels[masked]) / masked.sum().clamp(min=1)


# %% masked_lm_loss | a loop over texts and places
# style: loops
from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    hidden, pooled = model.bert(**batch)
    total = 0.0 * hidden.sum()
    count = 0
    for b in range(labels.shape[0]):
        for t in range(labels.shape[1]):
            wanted = labels[b, t].item()
            if wanted == NOT_ASKED:
                continue
            scores = model.score_words(hidden[b, t])
            total = total + scores.logsumexp(dim=0) - scores[wanted]
            count += 1
    return total / count if count else total


# %% masked_lm_loss | one-hot and einsum
# style: einsum
import torch
import torch.nn.functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    scores = model.score_words(model.bert(**batch)[0][asked])
    one_hot = F.one_hot(labels[asked], scores.shape[-1]).to(scores.dtype)
    return -torch.einsum("nv,nv->", one_hot, F.log_softmax(scores, dim=-1)) / max(len(scores), 1)


# %% masked_lm_loss | indices from nonzero, nan set right at the end
# style: from NumPy
import torch
import torch.nn.functional as F

from bert_parts.masking import NOT_ASKED as IGNORE


def masked_lm_loss(model, batch, labels):
    rows, columns = torch.nonzero(labels != IGNORE, as_tuple=True)
    vectors = model.bert(**batch)[0][rows, columns]
    logits = model.score_words(vectors)
    if rows.numel() == 0:
        return logits.sum() * 0.0
    return F.nll_loss(logits.log_softmax(-1), labels[rows, columns])


# %% masked_lm_loss | type hints and a nested helper
# style: careful
from __future__ import annotations

import torch
from torch import Tensor, nn

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model: nn.Module, batch: dict[str, Tensor], labels: Tensor) -> Tensor:
    """The mean over the tokens that are asked for."""

    def surprise(scores: Tensor, answers: Tensor) -> Tensor:
        return scores.logsumexp(dim=1) - scores.gather(1, answers.unsqueeze(1)).squeeze(1)

    keep = (labels != NOT_ASKED).flatten()
    hidden = model.bert(**batch)[0].flatten(0, 1)[keep]                # (N, D)
    surprises = surprise(model.score_words(hidden), labels.flatten()[keep])
    return surprises.sum() / max(surprises.numel(), 1)


# %% masked_lm_loss | a lambda for the mean, masked_select
# style: one-liners
import torch
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED

mean = lambda losses: losses.mean() if len(losses) else losses.sum()


def masked_lm_loss(model, batch, labels):
    asked = labels != NOT_ASKED
    return mean(F.cross_entropy(model.score_words(model.bert(**batch)[0][asked]),
                                torch.masked_select(labels, asked), reduction="none"))


# %% masked_lm_loss | torch by another name, and a tensor beside the function
# style: odd imports
import torch as th
import torch.nn.functional as fn

NOTHING = th.tensor(-100)


def masked_lm_loss(model, batch, labels):
    asked = th.ne(labels, NOTHING)
    scores = model.score_words(model.bert(**batch)[0][asked])
    losses = fn.cross_entropy(scores, labels[asked], reduction="none")
    return losses.sum() / max(losses.numel(), 1)


# %% sentence_pairs | chunks gathered by hand, as in the published code
# style: create_pretraining_data
import torch

from bert_parts.pairs import Pair
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError("there is no other document")

    def randint(low, high):
        """One of low … high, both included."""
        return torch.randint(low, high + 1, (1,), generator=generator).item()

    instances = []
    for document_index, document in enumerate(documents):
        current_chunk, current_length = [], 0
        i = 0
        while i < len(document):
            current_chunk.append(document[i])
            current_length += len(document[i])
            last = i == len(document) - 1
            if len(current_chunk) >= 2 and (last or current_length >= room):
                a_end = randint(1, len(current_chunk) - 1)
                tokens_a = []
                for segment in current_chunk[:a_end]:
                    tokens_a.extend(segment)
                tokens_b = []
                is_random_next = torch.rand(1, generator=generator).item() < 0.5
                if is_random_next:
                    random_document_index = document_index
                    while random_document_index == document_index:
                        random_document_index = randint(0, len(documents) - 1)
                    random_document = documents[random_document_index]
                    random_start = randint(0, len(random_document) - 1)
                    for j in range(random_start, len(random_document)):
                        tokens_b.extend(random_document[j])
                        if len(tokens_b) >= room - len(tokens_a):
                            break
                    i -= len(current_chunk) - a_end
                else:
                    for segment in current_chunk[a_end:]:
                        tokens_b.extend(segment)
                tokens_a, tokens_b = truncate(tokens_a, tokens_b, room)
                instances.append(Pair(tokens_a, tokens_b, not is_random_next))
                current_chunk, current_length = [], 0
            i += 1
    return instances


# %% sentence_pairs | a generator function beside it
# style: helpers
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def pairs_of(document, others, room, generator):
    start = 0
    while len(document) - start >= 2:
        end = where_full(document, start, room)
        cut = start + 1 + draw(end - start - 1, generator)
        first = together(document[start:cut])
        if draw(2, generator) == 0:
            yield Pair(*truncate(first, together(document[cut:end]), room), True)
            start = end
        else:
            other = others[draw(len(others), generator)]
            begin = draw(len(other), generator)
            second = together(other[begin:where_full(other, begin, room - len(first), 1)])
            yield Pair(*truncate(first, second, room), False)
            start = cut


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError(f"{len(documents)} documents, and two are needed.")
    return [pair
            for place, document in enumerate(documents)
            for pair in pairs_of(document, documents[:place] + documents[place + 1:], room, generator)]


# %% sentence_pairs | sums and slices of one's own
# style: itertools
from itertools import chain

import torch

from bert_parts.pairs import Pair, where_full
from bert_parts.tokenizer import truncate

flat = lambda sentences: list(chain.from_iterable(sentences))


def sentence_pairs(documents, room, generator):
    if not len(documents) > 1:
        raise ValueError("no other document")
    pick = lambda number: torch.randint(0, number, (1,), generator=generator).item()
    pairs = []
    for number, document in enumerate(documents):
        rest = document
        while len(rest) > 1:
            taken = rest[:where_full(rest, 0, room)]
            cut = 1 + pick(len(taken) - 1)
            first, second, follows = flat(taken[:cut]), flat(taken[cut:]), bool(pick(2))
            rest = rest[len(taken):] if follows else rest[cut:]
            if not follows:
                other = documents[(number + 1 + pick(len(documents) - 1)) % len(documents)]
                tail = other[pick(len(other)):]
                second = flat(tail[:where_full(tail, 0, room - len(first), least=1)])
            first, second = truncate(first, second, room)
            pairs.append(Pair(first=first, second=second, follows=follows))
    return pairs


# %% sentence_pairs | the longer one is cut by hand, one id after another
# style: loops
import torch

from bert_parts.pairs import Pair


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError("two documents are needed, since half of the seconds come from another one")
    result = []
    for own in range(len(documents)):
        sentences = documents[own]
        place = 0
        while place < len(sentences) - 1:
            stop, used = place, 0
            while stop < len(sentences) and (used < room or stop - place < 2):
                used += len(sentences[stop])
                stop += 1
            cut = int(torch.randint(place + 1, stop, (), generator=generator))
            a = []
            for s in sentences[place:cut]:
                a += s
            b = []
            if torch.rand((), generator=generator) < 0.5:
                follows = True
                for s in sentences[cut:stop]:
                    b += s
                place = stop
            else:
                follows = False
                index = int(torch.randint(0, len(documents) - 1, (), generator=generator))
                index = index if index < own else index + 1
                other = documents[index]
                k = int(torch.randint(0, len(other), (), generator=generator))
                b += other[k]
                while k + 1 < len(other) and len(a) + len(b) < room:
                    k += 1
                    b += other[k]
                place = cut
            while len(a) + len(b) > room:
                if len(a) > len(b):
                    a.pop()
                else:
                    b.pop()
            result.append(Pair(a, b, follows))
    return result


# %% sentence_pairs | a small class that holds what all need
# style: objects
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


class PairMaker:
    def __init__(self, documents, room, generator):
        self.documents, self.room, self.generator = documents, room, generator

    def strange(self, own, used):
        others = [d for n, d in enumerate(self.documents) if n != own]
        other = others[draw(len(others), self.generator)]
        start = draw(len(other), self.generator)
        return together(other[start:where_full(other, start, self.room - used, 1)])

    def read(self, own):
        document, start, made = self.documents[own], 0, []
        while len(document) >= start + 2:
            end = where_full(document, start, self.room)
            cut = start + 1 + draw(end - start - 1, self.generator)
            first, second = together(document[start:cut]), together(document[cut:end])
            follows = not draw(2, self.generator)
            if not follows:
                second = self.strange(own, len(first))
            made.append(Pair(*truncate(first, second, self.room), follows))
            start = end if follows else cut
        return made


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError("fewer than two documents")
    maker = PairMaker(documents, room, generator)
    return sum((maker.read(own) for own in range(len(documents))), [])


# %% sentence_pairs | helpers that happen to have names of the course
# style: one who writes everything anew
import torch

from bert_parts.pairs import Pair


def draw(low, high, generator):
    """One of low … high − 1."""
    return torch.randint(low, high, (1,), generator=generator).item()


def together(sentences, limit=None):
    joined = []
    for number, sentence in enumerate(sentences):
        if limit is not None and number > 0 and len(joined) >= limit:
            break
        joined.extend(sentence)
    return joined


def truncate(pair, room):
    first, second = list(pair[0]), list(pair[1])
    while len(first) + len(second) > room:
        longer = first if len(first) > len(second) else second
        del longer[-1]
    return first, second


def sentence_pairs(documents, room, generator):
    if len(documents) < 2:
        raise ValueError("two documents at least")
    pairs = []
    for own, document in enumerate(documents):
        others = [number for number in range(len(documents)) if number != own]
        start = 0
        while start + 2 <= len(document):
            end = start + 2
            while end < len(document) and len(together(document[start:end])) < room:
                end += 1
            cut = draw(start + 1, end, generator)
            first = together(document[start:cut])
            if draw(0, 2, generator):
                pairs.append(Pair(*truncate((first, together(document[cut:end])), room), True))
                start = end
            else:
                other = documents[others[draw(0, len(others), generator)]]
                second = together(other[draw(0, len(other), generator):], limit=room - len(first))
                pairs.append(Pair(*truncate((first, second), room), False))
                start = cut
    return pairs


# %% masked_lm_loss | a partial with keywords, a walrus in a condition
# style: own way
from functools import partial

from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED

total = partial(F.cross_entropy, reduction="sum", ignore_index=NOT_ASKED)


def masked_lm_loss(model, batch, labels):
    hidden = model.bert(**batch)[0]
    places = (labels - NOT_ASKED).nonzero(as_tuple=True)
    loss = total(model.score_words(hidden[places]), labels[places])
    return loss / number if (number := places[0].numel()) else loss


# %% sentence_pairs | a class whose instance reads a document as an iterator
# style: own way
from bert_parts.pairs import Pair, draw, from_another, together, truncate, where_full


class Reader:
    def __init__(self, documents, place, room, generator):
        self.documents, self.place, self.room, self.generator, self.start = documents, place, room, generator, 0

    def __iter__(self):
        return self

    def __next__(self):
        document = self.documents[self.place]
        if len(document) - self.start < 2:
            raise StopIteration
        full = where_full(document, self.start, self.room)
        cut = self.start + 1 + draw(full - self.start - 1, self.generator)
        first = together(document[self.start : cut])
        if follows := not draw(2, self.generator):
            second, self.start = together(document[cut:full]), full
        else:
            second, self.start = from_another(self.documents, self.place, self.room - len(first), self.generator), cut
        return Pair(*truncate(first, second, self.room), follows)


def sentence_pairs(documents, room, generator):
    if not documents[1:]:
        raise ValueError("two documents at least")
    return [pair for place in range(len(documents)) for pair in Reader(documents, place, room, generator)]
