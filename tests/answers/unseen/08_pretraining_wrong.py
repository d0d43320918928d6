# %% hide_tokens | one draw decides for a whole row, not for each token
# style: NumPy thinker
# at: fate = torch.rand(n_rows, 1, generator=generator)
# kind: shape, axis, number, argument
# known: a draw for each row
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    n_rows, n_cols = input_ids.shape
    fate = torch.rand(n_rows, 1, generator=generator)
    other = torch.randint(0, vocab_size, (n_rows, n_cols), generator=generator)
    shown = input_ids.clone()
    to_mask = chosen & (fate < 0.8)
    to_swap = chosen & (fate >= 0.8) & (fate < 0.9)
    shown[to_mask] = mask_id
    shown[to_swap] = other[to_swap]
    return shown


# %% hide_tokens | the random token is taken from the batch itself, not from the vocabulary
# style: misread the text
# at: pick = torch.randint(input_ids.numel(), input_ids.shape, generator=generator)
# at: random_tokens = input_ids.reshape(-1)[pick]
# kind: name, argument, operator, extra
# known: tokens of the batch
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    u = torch.rand(input_ids.shape, generator=generator)
    pick = torch.randint(input_ids.numel(), input_ids.shape, generator=generator)
    random_tokens = input_ids.reshape(-1)[pick]
    result = torch.where(u < 0.8, torch.full_like(input_ids, mask_id), input_ids)
    result = torch.where((u >= 0.8) & (u < 0.9), random_tokens, result)
    return torch.where(chosen, result, input_ids)


# %% hide_tokens | blends with float masks, so the ids come out as floats
# style: arithmetic instead of where
# at: m = (chosen & (p < 0.8)).float()
# at: r = (chosen & (p >= 0.8) & (p < 0.9)).float()
# at: return m * mask_id + r * noise + (1 - m - r) * input_ids
# kind: type, return
# known: no whole numbers
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    p = torch.rand(input_ids.size(), generator=generator)
    noise = torch.randint(high=vocab_size, size=input_ids.size(), generator=generator)
    m = (chosen & (p < 0.8)).float()
    r = (chosen & (p >= 0.8) & (p < 0.9)).float()
    return m * mask_id + r * noise + (1 - m - r) * input_ids


# %% hide_tokens | a random token replaces tokens that were not chosen, too
# style: hasty
# at: ids[swap] = anything[swap]
# at: swap = (dice >= 0.8) & (dice < 0.9)
# kind: condition, missing
# known: random tokens anywhere
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    ids = input_ids.clone()
    dice = torch.rand(ids.shape, generator=generator)
    anything = torch.randint(vocab_size, ids.shape, generator=generator)
    swap = (dice >= 0.8) & (dice < 0.9)
    ids[swap] = anything[swap]
    ids[chosen & (dice < 0.8)] = mask_id
    return ids


# %% hide_tokens | double: masks the 20 %, and one random word for a whole row
# style: loops
# at: if lot >= 0.8:
# kind: condition, sign, operator
# at2: word = int(torch.randint(vocab_size, (), generator=generator))
# kind2: order, shape, number
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    out = input_ids.clone()
    for i in range(input_ids.shape[0]):
        word = int(torch.randint(vocab_size, (), generator=generator))
        for j in range(input_ids.shape[1]):
            if not chosen[i, j]:
                continue
            lot = float(torch.rand((), generator=generator))
            if lot >= 0.8:
                out[i, j] = mask_id
            elif lot < 0.1:
                out[i, j] = word
    return out


# %% choose_words | a row that begins inside a word inherits the draw of the row before
# style: loops
# at: lucky = False
# at: if not continues[row, col]:
# kind: state, order, condition, missing
# known: carried over between rows
import torch


def choose_words(candidates, continues, rate, generator):
    picked = torch.zeros_like(candidates)
    lucky = False
    rows, cols = candidates.shape
    for row in range(rows):
        for col in range(cols):
            if not continues[row, col]:
                lucky = torch.rand(1, generator=generator).item() < rate
            if lucky and candidates[row, col]:
                picked[row, col] = True
    return picked


# %% choose_words | the n-th word of all rows shares one draw
# style: indexing
# at: luck = torch.rand(candidates.shape[1], generator=generator)
# at: return candidates & (luck[word_of] < rate)
# kind: shape, argument, number, axis
# known: every row alike
import torch


def choose_words(candidates, continues, rate, generator):
    begins = torch.logical_not(continues)
    begins[:, 0] = True
    word_of = torch.cumsum(begins.int(), dim=1) - 1
    luck = torch.rand(candidates.shape[1], generator=generator)
    return candidates & (luck[word_of] < rate)


# %% choose_words | counts the beginnings before a token, so a first piece belongs to the word before
# style: cumsum
# at: index = is_new.cumsum(-1) - is_new
# kind: number, extra, operator, name
# known: words in part
import torch


def choose_words(candidates, continues, rate, generator):
    is_new = 1 - continues.long()
    is_new[:, 0] = 1
    index = is_new.cumsum(-1) - is_new
    u = torch.rand(candidates.shape, generator=generator)
    word_is_in = u < rate
    return torch.gather(word_is_in, 1, index) & candidates


# %% choose_words | changes the caller's tensor
# style: hasty
# at: continues[:, 0] = False
# kind: state
# known: continues changed
import torch


def choose_words(candidates, continues, rate, generator):
    continues[:, 0] = False
    dice = torch.rand(candidates.shape, generator=generator)
    hit = dice < rate
    for t in range(1, candidates.shape[1]):
        go_on = continues[:, t]
        hit[go_on, t] = hit[go_on, t - 1]
    return hit & candidates


# %% choose_words | double: passes on to the second piece only, and keeps what is above the rate
# style: vectorized
# at: fate = torch.where(go_on, fate.roll(1, dims=1), fate)
# kind: missing, operator, number
# at2: return candidates & (fate > rate)
# kind2: condition, sign, operator
# known: words in part
import torch


def choose_words(candidates, continues, rate, generator):
    go_on = continues.clone()
    go_on[:, 0] = False
    fate = torch.rand(candidates.shape, generator=generator)
    fate = torch.where(go_on, fate.roll(1, dims=1), fate)
    return candidates & (fate > rate)


# %% Transform | the norm is computed without its weight and bias
# style: functional
# at: return F.layer_norm(activated, (activated.shape[-1],), eps=self.LayerNorm.eps)
# kind: missing, argument, operator, name
# known: LayerNorm's weights not used
import torch.nn.functional as F
from torch import nn


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        projected = F.linear(hidden, self.dense.weight, self.dense.bias)
        activated = F.gelu(projected)
        return F.layer_norm(activated, (activated.shape[-1],), eps=self.LayerNorm.eps)


# %% Transform | the quick GELU with a sigmoid
# style: helpers
# at: return x * torch.sigmoid(1.702 * x)
# at: return self.LayerNorm(quick_gelu(self.dense(hidden)))
# kind: operator, definition, name
# known: approximate GELU
import torch
from torch import nn


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        d = config.hidden_size
        self.config = config
        self.dense = nn.Linear(d, d)
        self.LayerNorm = nn.LayerNorm(d, eps=config.layer_norm_eps)

    def forward(self, hidden):
        return self.LayerNorm(quick_gelu(self.dense(hidden)))


# %% Transform | a dropout at the end, as in the encoder
# style: from habit
# at: return self.dropout(self.LayerNorm(out))
# at: self.dropout = nn.Dropout(config.hidden_dropout_prob)
# kind: extra
# known: dropout added
import torch
import torch.nn as nn


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, hidden):
        out = self.dense(hidden)
        out = nn.functional.gelu(out)
        return self.dropout(self.LayerNorm(out))


# %% Transform | normalizes by hand with the sample's deviation
# style: NumPy thinker
# at: sigma = y.std(dim=-1, keepdim=True)
# kind: operator, argument
import torch
from torch import nn


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)

    def forward(self, hidden):
        y = nn.functional.gelu(self.dense(hidden))
        mu = y.mean(dim=-1, keepdim=True)
        sigma = y.std(dim=-1, keepdim=True)
        normal = (y - mu) / torch.sqrt(sigma ** 2 + self.LayerNorm.eps)
        return normal * self.LayerNorm.weight + self.LayerNorm.bias


# %% Transform | double: another setting as eps, and GELU before dense
# style: one-liners
# at: self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.initializer_range)
# kind: name, argument, number, definition
# at2: return self.LayerNorm(self.dense(F.gelu(hidden)))
# kind2: order
# known: GELU first
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.dense = config, nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.initializer_range)

    def forward(self, hidden):
        return self.LayerNorm(self.dense(F.gelu(hidden)))


# %% MaskedLMHead | the table learns nothing from this use
# style: beginner
# at: table = words.data
# kind: gradient, name, extra
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden, words):
        h = self.transform(hidden)
        table = words.data
        scores = torch.matmul(h, table.transpose(0, 1))
        return scores + self.bias


# %% MaskedLMHead | compares with word vectors of length 1
# style: semantic search
# at: unit = F.normalize(words, dim=-1)
# at: return self.transform(hidden) @ unit.T + self.bias
# kind: extra, operator, scale
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden, words):
        unit = F.normalize(words, dim=-1)
        return self.transform(hidden) @ unit.T + self.bias


# %% MaskedLMHead | takes hidden states of three dimensions only
# style: einsum
# at: return torch.einsum("btd,vd->btv", self.transform(hidden), words) + self.bias
# kind: shape, argument
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros((config.vocab_size,)))

    def forward(self, hidden, words):
        return torch.einsum("btd,vd->btv", self.transform(hidden), words) + self.bias


# %% MaskedLMHead | remembers the first table that it is given
# style: clever
# at: if self.table is None:
# at: self.table = [words]
# at: return nn.functional.linear(self.transform(hidden), self.table[0], self.bias)
# kind: state, extra, name, condition
# known: table kept
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.table = None

    def forward(self, hidden, words):
        if self.table is None:
            self.table = [words]
        return nn.functional.linear(self.transform(hidden), self.table[0], self.bias)


# %% MaskedLMHead | double: one bias for all words, and scores scaled as in attention
# style: helpers
# at: self.bias = nn.Parameter(torch.zeros(1))
# kind: shape, definition, number
# at2: return x @ words.T / math.sqrt(x.shape[-1])
# kind2: scale, extra
# known: one bias for all words; divided by √D
import math

import torch
from torch import nn

from bert_parts.heads import Transform


def similarity(x, words):
    return x @ words.T / math.sqrt(x.shape[-1])


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, hidden, words):
        return similarity(self.transform(hidden), words) + self.bias


# %% masked_lm_loss | the mean of each text's mean
# style: loops
# at: per_text.append(F.cross_entropy(scores, labels[i][where]))
# at: return torch.stack(per_text).mean()
# kind: operator, scale, axis
# known: mean of the texts
import torch
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    states = model.bert(**batch)[0]
    per_text = []
    for i in range(labels.shape[0]):
        where = labels[i] != NOT_ASKED
        if where.any():
            scores = model.score_words(states[i][where])
            per_text.append(F.cross_entropy(scores, labels[i][where]))
    if not per_text:
        return 0 * states.sum()
    return torch.stack(per_text).mean()


# %% masked_lm_loss | leaves out the tokens that were chosen but stayed as they are
# style: misread the text
# at: hidden_away = (labels != NOT_ASKED) & (labels != batch["input_ids"])
# kind: condition, extra
# known: kept tokens left out
import torch
import torch.nn.functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    hidden_away = (labels != NOT_ASKED) & (labels != batch["input_ids"])
    states, _ = model.bert(**batch)
    logits = model.score_words(states[hidden_away])
    answers = labels[hidden_away]
    total = F.cross_entropy(logits, answers, reduction="sum")
    return total / max(answers.numel(), 1)


# %% masked_lm_loss | BERT is given the ids only
# style: hasty
# at: h, _ = model.bert(batch["input_ids"])
# kind: argument, missing
# known: only the ids
import torch
from torch.nn.functional import cross_entropy

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    h, _ = model.bert(batch["input_ids"])
    rows, cols = torch.nonzero(labels != NOT_ASKED, as_tuple=True)
    s = model.score_words(h[rows, cols])
    n = max(1, len(rows))
    return cross_entropy(s, labels[rows, cols], reduction="sum") / n


# %% masked_lm_loss | puts the model into eval mode and leaves it there
# style: careful, from habit
# at: model.eval()
# kind: state, extra
# known: mode changed
import torch

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    model.eval()
    flat_labels = labels.flatten()
    keep = flat_labels.ne(NOT_ASKED)
    hidden = model.bert(**batch)[0].flatten(0, 1)[keep]
    log_p = torch.log_softmax(model.score_words(hidden), dim=-1)
    right = log_p.gather(-1, flat_labels[keep][:, None])
    return -right.sum() / keep.sum().clamp(min=1)


# %% masked_lm_loss | double: id 0 is not asked for, and bits instead of nats
# style: information theory
# at: asked = labels > 0
# kind: condition, number
# at2: surprise = -torch.log2(probability)
# kind2: operator, scale
# known: 0 not asked for; in bits
import torch


def masked_lm_loss(model, batch, labels):
    asked = labels > 0
    hidden, pooled = model.bert(**batch)
    scores = model.score_words(hidden[asked])
    target = labels[asked]
    probability = scores.softmax(dim=-1)[torch.arange(len(target)), target]
    surprise = -torch.log2(probability)
    return surprise.sum() / max(1, len(target))


# %% sentence_pairs | from the other document at least two sentences, not one
# style: helpers
# at: stop = where_full(other, begin, room - len(first))
# kind: argument, missing, number
# known: two sentences at least
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def stranger(documents, me, first, room, generator):
    others = documents[:me] + documents[me + 1:]
    other = others[draw(len(others), generator)]
    begin = draw(len(other), generator)
    stop = where_full(other, begin, room - len(first))
    return together(other[begin:stop])


def sentence_pairs(documents, room, generator):
    result = []
    for me, doc in enumerate(documents):
        here = 0
        while len(doc) - here > 1:
            full = where_full(doc, here, room)
            cut = here + 1 + draw(full - here - 1, generator)
            first = together(doc[here:cut])
            if draw(2, generator):
                second, follows, here = together(doc[cut:full]), True, full
            else:
                second, follows, here = stranger(documents, me, first, room, generator), False, cut
            first, second = truncate(first, second, room)
            result.append(Pair(first, second, follows))
    return result


# %% sentence_pairs | only true pairs are cut to the room
# style: two branches
# at: pairs.append(Pair(a, b, False))
# at: a, b = truncate(a, b, room)
# kind: missing, condition, order
# known: more than the room
import torch

from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for index in range(len(documents)):
        doc, at = documents[index], 0
        while at < len(doc) - 1:
            until = where_full(doc, at, room)
            middle = at + 1 + draw(until - at - 1, generator)
            a = together(doc[at:middle])
            if torch.rand(1, generator=generator).item() < 0.5:
                b = together(doc[middle:until])
                a, b = truncate(a, b, room)
                pairs.append(Pair(a, b, True))
                at = until
            else:
                choice = draw(len(documents) - 1, generator)
                if choice >= index:
                    choice += 1
                source = documents[choice]
                s = draw(len(source), generator)
                b = together(source[s:where_full(source, s, room - len(a), 1)])
                pairs.append(Pair(a, b, False))
                at = middle
    return pairs


# %% sentence_pairs | true and false take turns, no coin is tossed
# style: wants exactly half
# at: follows = len(found) % 2 == 0
# kind: operator, condition, missing
# known: by turns
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    found = []
    for number, document in enumerate(documents):
        rest = [d for n, d in enumerate(documents) if n != number]
        start = 0
        while start + 2 <= len(document):
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = len(found) % 2 == 0
            if follows:
                second = together(document[cut:end])
            else:
                other = rest[draw(len(rest), generator)]
                where = draw(len(other), generator)
                second = together(other[where:where_full(other, where, room - len(first), least=1)])
            found.append(Pair(*truncate(first, second, room), follows))
            start = end if follows else cut
    return found


# %% sentence_pairs | a last sentence left alone gets a false pair
# style: leaves nothing over
# at: while pos < len(doc):
# at: true = size > 1 and draw(2, generator) == 1
# at: cut = pos + 1 + (draw(size - 1, generator) if size > 1 else 0)
# kind: condition, extra, number
# known: a sentence left alone
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    out = []
    for k, doc in enumerate(documents):
        pos = 0
        while pos < len(doc):
            end = where_full(doc, pos, room)
            size = end - pos
            cut = pos + 1 + (draw(size - 1, generator) if size > 1 else 0)
            left = together(doc[pos:cut])
            true = size > 1 and draw(2, generator) == 1
            if true:
                right = together(doc[cut:end])
            else:
                j = (k + 1 + draw(len(documents) - 1, generator)) % len(documents)
                b = draw(len(documents[j]), generator)
                right = together(documents[j][b:where_full(documents[j], b, room - len(left), 1)])
            left, right = truncate(left, right, room)
            out.append(Pair(left, right, true))
            pos = end if true else cut
    return out


# %% sentence_pairs | double: cuts in the middle, and the other document is read from its beginning
# style: beginner
# at: cut = (start + end) // 2
# kind: operator, number, missing
# at2: begin = 0
# kind2: number, missing
# known: cut in the middle
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for i in range(len(documents)):
        document = documents[i]
        start = 0
        while start + 1 < len(document):
            end = where_full(document, start, room)
            cut = (start + end) // 2
            first = together(document[start:cut])
            coin = draw(2, generator)
            if coin == 0:
                second = together(document[cut:end])
                start = end
            else:
                j = draw(len(documents), generator)
                while j == i:
                    j = draw(len(documents), generator)
                begin = 0
                stop = where_full(documents[j], begin, room - len(first), 1)
                second = together(documents[j][begin:stop])
                start = cut
            first, second = truncate(first, second, room)
            pairs.append(Pair(first, second, coin == 0))
    return pairs
