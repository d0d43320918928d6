# %% Transform | dropout where there is none, at the config's rate
# style: one who copies idioms of Hugging Face
# at: self.dropout = nn.Dropout(config.hidden_dropout_prob)
# at: return self.LayerNorm(self.dropout(F.gelu(self.dense(hidden))))
# kind: extra
# known: dropout added
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, hidden):
        return self.LayerNorm(self.dropout(F.gelu(self.dense(hidden))))

# %% Transform | the config is not kept, so that the course could not build another
# style: a careful beginner
# at: super().__init__()
# at: def __init__(self, cfg):
# kind: missing, definition
# known: config not kept
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        width = cfg.hidden_size
        self.dense = nn.Linear(width, width)
        self.LayerNorm = nn.LayerNorm(width, cfg.layer_norm_eps)

    def forward(self, hidden):
        hidden = self.dense(hidden)
        hidden = F.gelu(hidden)
        return self.LayerNorm(hidden)

# %% MaskedLMHead | dropout after the transform, at a rate of its own
# style: hasty
# at: x = self.drop(self.transform(hidden))
# at: self.drop = nn.Dropout(p=0.1)
# kind: extra
# known: dropout added
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.drop = nn.Dropout(p=0.1)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden, words):
        x = self.drop(self.transform(hidden))
        return x @ words.t() + self.bias

# %% MaskedLMHead | the table goes through NumPy's side of the fence
# style: from NumPy
# at: table = words.detach().numpy()
# at: scores = self.transform(hidden) @ torch.from_numpy(table.T)
# kind: gradient
# known: gradient cut off
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
        table = words.detach().numpy()
        scores = self.transform(hidden) @ torch.from_numpy(table.T)
        return scores + self.bias

# %% masked_lm_loss | half of the gradient is cut off: the words' table learns from being read only
# style: one who copies idioms of nanoGPT
# at: table = model.bert.embeddings.word_embeddings.weight.detach()
# kind: gradient
# known: gradient cut off
from torch.nn import functional as F


def masked_lm_loss(model, batch, labels):
    hidden, _ = model.bert(**batch)
    asked = labels != -100
    table = model.bert.embeddings.word_embeddings.weight.detach()
    logits = model.cls["predictions"](hidden[asked], table)
    return F.cross_entropy(logits, labels[asked], reduction="sum") / max(int(asked.sum()), 1)

# %% hide_tokens | one token in nine becomes another, and not one in ten
# style: hasty
# at: other = chosen & (chance >= 0.8) & (chance < 0.91)
# kind: number
from torch import rand, randint, where


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    chance = rand(input_ids.shape, generator=generator)
    hidden = where(chosen & (chance < 0.8), mask_id, input_ids)
    other = chosen & (chance >= 0.8) & (chance < 0.91)
    return where(other, randint(vocab_size, input_ids.shape, generator=generator), hidden)

# %% choose_words | two words share one draw
# style: hasty
# at: word = begins.cumsum(1) // 2
# kind: number
# known: two words, one draw
import torch


def choose_words(candidates, continues, rate, generator):
    begins = (~continues).long()
    begins[:, 0] = 1
    word = begins.cumsum(1) // 2
    draws = torch.rand(len(word), word.size(1) + 1, generator=generator)
    return candidates & (draws.gather(1, word) < rate)

# %% masked_lm_loss | the mask is taken out of the caller's batch
# style: from Keras
# at: mask = batch.pop("attention_mask", None)
# kind: state
# known: input changed in place
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED


def masked_lm_loss(model, batch, labels):
    mask = batch.pop("attention_mask", None)
    hidden, _ = model.bert(**batch, attention_mask=mask)
    wanted = labels != NOT_ASKED
    scores = model.score_words(hidden[wanted])
    return F.cross_entropy(scores, labels[wanted], reduction="sum") / max(1, len(scores))

# %% sentence_pairs | only long documents are drawn as others
# style: a careful beginner
# at: long = [one for one in documents if one is not document and len(one) > 2]
# kind: condition
# known: some documents more often
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def sentence_pairs(documents, room, generator):
    pairs = []
    for document in documents:
        long = [one for one in documents if one is not document and len(one) > 2]
        start = 0
        while start < len(document) - 1:
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)
            first = together(document[start:cut])
            follows = bool(draw(2, generator))
            if follows:
                second = together(document[cut:end])
            else:
                other = long[draw(len(long), generator)]
                begin = draw(len(other), generator)
                second = together(other[begin:where_full(other, begin, room - len(first), 1)])
            first, second = truncate(first, second, room)
            pairs.append(Pair(first, second, follows))
            start = end if follows else cut
    return pairs
