# %% hide_tokens | gives back the labels as well
# style: Hugging Face
# at: return inputs, labels
# kind: return
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    inputs, labels = input_ids.clone(), input_ids.clone()
    labels[~chosen] = -100
    indices_replaced = torch.bernoulli(torch.full(labels.shape, 0.8), generator=generator).bool() & chosen
    inputs[indices_replaced] = mask_id
    indices_random = torch.bernoulli(torch.full(labels.shape, 0.5), generator=generator).bool() & chosen & ~indices_replaced
    random_words = torch.randint(vocab_size, labels.shape, dtype=torch.long, generator=generator)
    inputs[indices_random] = random_words[indices_random]
    return inputs, labels

# %% hide_tokens | a bell curve is drawn from
# style: from NumPy
# at: draw = torch.randn(B, T, generator=generator)
# kind: name
# known: a bell curve
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    B, T = input_ids.shape
    draw = torch.randn(B, T, generator=generator)
    words = torch.randint(0, vocab_size, (B, T), generator=generator)
    hidden = torch.where(chosen & (draw < 0.8), mask_id, input_ids)
    hidden = torch.where(chosen & (draw >= 0.8) & (draw < 0.9), words, hidden)
    return hidden

# %% hide_tokens | the limits are not added up: 10 % words, 70 % [MASK]
# style: careful beginner
# at: becomes_mask = chosen & (draws >= 0.1) & (draws < 0.8)
# kind: number, condition
# known: 80 % together
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    hidden = input_ids.clone()
    draws = torch.rand(input_ids.shape, generator=generator)
    becomes_random = chosen & (draws < 0.1)
    becomes_mask = chosen & (draws >= 0.1) & (draws < 0.8)
    random_words = torch.randint(0, vocab_size, input_ids.shape, generator=generator)
    hidden[becomes_mask] = mask_id
    hidden[becomes_random] = random_words[becomes_random]
    return hidden

# %% hide_tokens | a die with eleven sides
# style: one-liners
# at: die = torch.randint(0, 11, input_ids.shape, generator=generator)
# kind: number
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    die = torch.randint(0, 11, input_ids.shape, generator=generator)
    words = torch.randint(vocab_size, input_ids.shape, generator=generator)
    return torch.where(chosen & (die < 8), mask_id, torch.where(chosen & (die == 8), words, input_ids))

# %% hide_tokens | what is given back are the chosen places alone
# style: from pandas
# at: return hidden[chosen]
# kind: return, extra, shape
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    draws = torch.rand(input_ids.shape, generator=generator)
    words = torch.randint(vocab_size, input_ids.shape, generator=generator)
    hidden = input_ids.clone()
    hidden = hidden.masked_fill(chosen & (draws < 0.8), mask_id)
    other = chosen & (draws >= 0.8) & (draws < 0.9)
    hidden[other] = words[other]
    return hidden[chosen]

# %% hide_tokens | draws afresh for the same choice, so the numbers of places differ
# style: loops and helpers
# at: hidden[share(chosen, 0.1, generator)] = words[share(chosen, 0.1, generator)]
# kind: extra, state
import torch


def share(chosen, rate, generator):
    return chosen & (torch.rand(chosen.shape, generator=generator) < rate)


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    hidden = input_ids.clone()
    words = torch.randint(vocab_size, input_ids.shape, generator=generator)
    hidden[share(chosen, 0.1, generator)] = words[share(chosen, 0.1, generator)]
    hidden[share(chosen, 0.8, generator)] = mask_id
    return hidden

# %% hide_tokens | both sides of the band are joined by or
# style: hasty
# at: other = chosen & ((r > 0.8) | (r < 0.9))
# kind: operator
# known: none stays
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    r = torch.rand(input_ids.shape, generator=generator)
    out = input_ids.clone()
    other = chosen & ((r > 0.8) | (r < 0.9))
    out[other] = torch.randint(vocab_size, (int(other.sum()),), generator=generator)
    out[chosen & (r < 0.8)] = mask_id
    return out

# %% hide_tokens | the generator is taken for a size
# style: hasty
# at: lot = torch.rand(input_ids.shape, generator)
# kind: argument
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    words = torch.randint(vocab_size, input_ids.shape, generator=generator)
    lot = torch.rand(input_ids.shape, generator)
    hidden = input_ids.masked_fill(chosen & (lot < 0.8), mask_id)
    return words.where(chosen & (lot >= 0.9), hidden)

# %% hide_tokens | gives back what it has after the first text
# style: loops and helpers
# at: return hidden
# kind: condition, return
# known: by place
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    hidden = input_ids.clone()
    for b in range(input_ids.size(0)):
        for t in range(input_ids.size(1)):
            if not chosen[b, t]:
                continue
            lot = torch.rand(1, generator=generator).item()
            if lot < 0.8:
                hidden[b, t] = mask_id
            elif lot < 0.9:
                hidden[b, t] = torch.randint(vocab_size, (), generator=generator)
        return hidden

# %% hide_tokens | after the first token that stays, all of the row stay
# style: loops and helpers
# at: break
# kind: condition, name
# known: by place
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    result = input_ids.clone()
    for row, marks in zip(result, chosen):
        for place, marked in enumerate(marks):
            if not marked:
                continue
            lot = torch.rand((), generator=generator).item()
            if lot < 0.8:
                row[place] = mask_id
            elif lot < 0.9:
                row[place] = torch.randint(vocab_size, (), generator=generator)
            else:
                break
    return result

# %% hide_tokens | writes into what it is given, and never draws the last word
# style: hasty
# at: out = input_ids
# kind: state, missing
# at2: out[other] = torch.randint(0, vocab_size - 1, out.shape, generator=generator)[other]
# kind2: number
# known: input changed in place
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    p = torch.rand(input_ids.shape, generator=generator)
    out = input_ids
    other = chosen & (p >= 0.8) & (p < 0.9)
    out[other] = torch.randint(0, vocab_size - 1, out.shape, generator=generator)[other]
    out[chosen & (p < 0.8)] = mask_id
    return out

# %% hide_tokens | 15 % become words, and any token may
# style: from Keras
# at: random_tokens = p.gt(0.8).logical_and(p.lt(0.95))
# kind: number
# at2: random_tokens = p.gt(0.8).logical_and(p.lt(0.95))
# at2: return torch.where(random_tokens, words, hidden)
# kind2: missing
# known: random tokens anywhere
import torch


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    p = torch.rand(input_ids.shape, generator=generator)
    mask_tokens = p.lt(0.8).logical_and(chosen)
    random_tokens = p.gt(0.8).logical_and(p.lt(0.95))
    words = torch.randint(vocab_size, input_ids.shape, generator=generator)
    hidden = torch.where(mask_tokens, torch.full_like(input_ids, mask_id), input_ids)
    return torch.where(random_tokens, words, hidden)

# %% choose_words | only the second piece follows the first
# style: from NumPy
# at: chosen[:, 1:] = torch.where(continues[:, 1:], chosen[:, :-1], chosen[:, 1:])
# kind: missing, condition
# known: words in part
import torch


def choose_words(candidates, continues, rate, generator):
    chosen = torch.rand(candidates.shape, generator=generator) < rate
    chosen[:, 1:] = torch.where(continues[:, 1:], chosen[:, :-1], chosen[:, 1:])
    return chosen & candidates

# %% choose_words | a lot for each piece, and what is chosen once goes on to the word's end
# style: loops and helpers
# at: chosen[:, t] |= chosen[:, t - 1] & continues[:, t]
# kind: operator
# known: words in part
import torch


def choose_words(candidates, continues, rate, generator):
    chosen = torch.rand(candidates.shape, generator=generator) < rate
    for t in range(1, candidates.size(1)):
        chosen[:, t] |= chosen[:, t - 1] & continues[:, t]
    return candidates & chosen

# %% choose_words | the lots are looked up down the batch
# style: one-liners
# at: return candidates & (lots.gather(0, words) < rate)
# kind: axis
# known: words in part
import torch


def choose_words(candidates, continues, rate, generator):
    words = (~continues).cumsum(1)
    lots = torch.rand(candidates.size(1) + 1, candidates.size(1), generator=generator)
    return candidates & (lots.gather(0, words) < rate)

# %% choose_words | words are counted down the batch
# style: from NumPy
# at: word = torch.cumsum(~continues, dim=0)
# kind: axis
# known: words in part
import torch


def choose_words(candidates, continues, rate, generator):
    B, T = candidates.shape
    word = torch.cumsum(~continues, dim=0)
    lots = torch.rand(B, T + 1, generator=generator)
    return candidates & (lots.gather(1, word.clamp(max=T)) < rate)

# %% choose_words | the last place of a row is never looked at
# style: hasty
# at: for t in range(1, candidates.size(1) - 1):
# kind: number
# known: words in part
import torch


def choose_words(candidates, continues, rate, generator):
    lots = torch.rand(candidates.shape, generator=generator)
    for t in range(1, candidates.size(1) - 1):
        lots[:, t] = torch.where(continues[:, t], lots[:, t - 1], lots[:, t])
    return candidates & (lots < rate)

# %% choose_words | the word's end is taken without its last piece
# style: careful beginner
# at: for place in range(start, end - 1):
# kind: number
# known: words in part
import torch


def choose_words(candidates, continues, rate, generator):
    B, T = candidates.shape
    chosen = torch.zeros(B, T, dtype=torch.bool)
    for row in range(B):
        start = 0
        while start < T:
            end = start + 1
            while end < T and continues[row, end]:
                end += 1
            if torch.rand(1, generator=generator).item() < rate:
                for place in range(start, end - 1):
                    chosen[row, place] = candidates[row, place]
                if end - start == 1:
                    chosen[row, start] = candidates[row, start]
            start = end
    return chosen

# %% choose_words | the loop over the words does not go on
# style: loops and helpers
# at: while start < T:
# at: chosen[b, start:end] = candidates[b, start:end]
# kind: missing, condition
import torch


def choose_words(candidates, continues, rate, generator):
    B, T = candidates.shape
    chosen = torch.zeros_like(candidates)
    for b in range(B):
        start = 0
        while start < T:
            end = start + 1
            while end < T and continues[b, end]:
                end += 1
            if torch.rand(1, generator=generator).item() < rate:
                chosen[b, start:end] = candidates[b, start:end]
    return chosen

# %% choose_words | the places of the chosen, in a list, and not marks
# style: Google's code
# at: chosen.append([place for place in word if candidates[b, place]])
# at: return chosen
# kind: return, type
import torch


def choose_words(candidates, continues, rate, generator):
    chosen = []
    for b in range(candidates.size(0)):
        words = []
        for place in range(candidates.size(1)):
            if words and continues[b, place]:
                words[-1].append(place)
            else:
                words.append([place])
        for word in words:
            if torch.rand(1, generator=generator).item() < rate:
                chosen.append([place for place in word if candidates[b, place]])
    return chosen

# %% choose_words | one list serves for all rows
# style: loops and helpers
# at: row = [False] * T
# at: rows.append(row)
# kind: state, order
# known: one row for all
import torch


def choose_words(candidates, continues, rate, generator):
    B, T = candidates.shape
    row = [False] * T
    rows = []
    for b in range(B):
        for t in range(T):
            if t == 0 or not continues[b][t]:
                lot = torch.rand((), generator=generator)
            if lot < rate and candidates[b][t]:
                row[t] = True
        rows.append(row)
    return torch.tensor(rows)

# %% choose_words | a share of the words exactly, by the largest numbers
# style: from Keras
# at: keep = torch.topk(lots, max(1, int(rate * T)), dim=1).indices
# kind: name, extra
# known: a fixed number
import torch


def choose_words(candidates, continues, rate, generator):
    B, T = candidates.shape
    word = (~continues).long().cumsum(1)
    lots = torch.rand(B, T + 1, generator=generator)
    keep = torch.topk(lots, max(1, int(rate * T)), dim=1).indices
    picked = torch.zeros(B, T + 1, dtype=torch.bool).scatter(1, keep, True)
    return picked.gather(1, word) & candidates

# %% choose_words | the rate is what is left out, and words are counted down the batch
# style: hasty
# at: return candidates & (draws.gather(1, words.clamp(max=T)) > rate)
# kind: condition, sign
# at2: words = (~continues).cumsum(0)
# kind2: axis
# known: the others chosen; words in part
import torch


def choose_words(candidates, continues, rate, generator):
    B, T = candidates.shape
    words = (~continues).cumsum(0)
    draws = torch.rand(B, T + 1, generator=generator)
    return candidates & (draws.gather(1, words.clamp(max=T)) > rate)

# %% choose_words | chance without the generator, and a word is reached by its last piece
# style: one-liners
# at: draws = torch.rand(candidates.shape)
# kind: argument, state
# at2: for t in reversed(range(candidates.size(1) - 1)):
# at2: draws[:, t] = torch.where(continues[:, t], draws[:, t + 1], draws[:, t])
# kind2: order, number
# known: other random numbers; words in part
import torch


def choose_words(candidates, continues, rate, generator):
    draws = torch.rand(candidates.shape)
    for t in reversed(range(candidates.size(1) - 1)):
        draws[:, t] = torch.where(continues[:, t], draws[:, t + 1], draws[:, t])
    return candidates & (draws < rate)

# %% Transform | as wide as the inside of a layer
# style: hasty
# at: self.dense = nn.Linear(config.hidden_size, config.intermediate_size)
# at: self.LayerNorm = nn.LayerNorm(config.intermediate_size, eps=config.layer_norm_eps)
# kind: name, definition
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.LayerNorm = nn.LayerNorm(config.intermediate_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        return self.LayerNorm(F.gelu(self.dense(hidden)))

# %% Transform | eps is put where elementwise_affine belongs
# style: careful beginner
# at: self.LayerNorm = nn.LayerNorm(config.hidden_size, 1e-5, config.layer_norm_eps)
# kind: argument
# known: epsilon 1e-5
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, 1e-5, config.layer_norm_eps)

    def forward(self, hidden):
        hidden = self.dense(hidden)
        hidden = F.gelu(hidden)
        hidden = self.LayerNorm(hidden)
        return hidden

# %% Transform | normalises by hand with the sample's deviation
# style: from NumPy
# at: std = x.std(dim=-1, keepdim=True)
# kind: argument, scale, name
import torch
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        x = F.gelu(self.dense(hidden))
        mean = x.mean(dim=-1, keepdim=True)
        std = x.std(dim=-1, keepdim=True)
        return self.LayerNorm.weight * (x - mean) / (std + self.config.layer_norm_eps) + self.LayerNorm.bias

# %% Transform | without gradients, as when a model is only used
# style: hasty
# at: @torch.no_grad()
# kind: gradient
import torch
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    @torch.no_grad()
    def forward(self, hidden):
        return self.LayerNorm(F.gelu(self.dense(hidden)))

# %% Transform | the dense layer is used twice
# style: from Keras
# at: x = F.gelu(self.dense(self.dense(hidden)))
# kind: extra
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        x = F.gelu(self.dense(self.dense(hidden)))
        return self.LayerNorm(x)

# %% Transform | a gate: the activation times what goes in
# style: nanoGPT
# at: x = self.dense(x) * F.gelu(self.dense(x))
# kind: extra, operator, scale
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, x):
        x = self.dense(x) * F.gelu(self.dense(x))
        x = self.LayerNorm(x)
        return x

# %% Transform | the sigmoid form of GELU
# style: one-liners
# at: gelu = lambda x: x * torch.sigmoid(1.702 * x)
# kind: name, operator, scale
# known: approximate GELU
import torch
from torch import nn


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        gelu = lambda x: x * torch.sigmoid(1.702 * x)
        return self.LayerNorm(gelu(self.dense(hidden)))

# %% Transform | takes it that there are three dimensions
# style: from NumPy
# at: b, t, d = hidden.shape
# kind: shape
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        b, t, d = hidden.shape
        flat = hidden.reshape(b * t, d)
        flat = self.LayerNorm(F.gelu(self.dense(flat)))
        return flat.view(b, t, d)

# %% Transform | the step is written down, its result is not
# style: careful beginner
# at: F.gelu(transformed)
# kind: missing, return
# known: no GELU
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        transformed = self.dense(hidden)
        F.gelu(transformed)
        transformed = self.LayerNorm(transformed)
        return transformed

# %% Transform | the LayerNorm's own weights are not used
# style: Hugging Face
# at: return F.layer_norm(hidden_states, self.LayerNorm.normalized_shape, eps=self.LayerNorm.eps)
# kind: argument, missing
# known: LayerNorm's weights not used
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden_states):
        hidden_states = self.dense(hidden_states)
        hidden_states = F.gelu(hidden_states)
        return F.layer_norm(hidden_states, self.LayerNorm.normalized_shape, eps=self.LayerNorm.eps)

# %% Transform | the other GELU, and the norm runs over the whole text
# style: nanoGPT
# at: y = F.gelu(self.dense(x), approximate="tanh")
# kind: argument, extra
# at2: y = F.layer_norm(y, y.shape[1:], eps=self.config.layer_norm_eps)
# kind2: number
# kind2: axis
# known: approximate GELU
from torch import nn
from torch.nn import functional as F


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, x):
        y = F.gelu(self.dense(x), approximate="tanh")
        y = F.layer_norm(y, y.shape[1:], eps=self.config.layer_norm_eps)
        return y * self.LayerNorm.weight + self.LayerNorm.bias

# %% Transform | normed before everything else, and GELU turned round
# style: loops and helpers
# at: return -F.gelu(-x)
# kind: sign
# at2: x = self.LayerNorm(hidden)
# kind2: order
# known: LayerNorm first
from torch import nn
from torch.nn import functional as F


def activated(x):
    return -F.gelu(-x)


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        x = self.LayerNorm(hidden)
        x = self.dense(x)
        return activated(x)

# %% MaskedLMHead | view for transpose
# style: from NumPy
# at: return self.transform(hidden) @ words.reshape(words.shape[1], words.shape[0]) + self.bias
# kind: shape
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
        return self.transform(hidden) @ words.reshape(words.shape[1], words.shape[0]) + self.bias

# %% MaskedLMHead | linear turns the table itself, so it is turned twice
# style: Hugging Face
# at: scores = F.linear(hidden_states, words.T, self.bias)
# kind: extra, shape
# known: table not turned
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
        hidden_states = self.transform(hidden)
        scores = F.linear(hidden_states, words.T, self.bias)
        return scores

# %% MaskedLMHead | one bias for all words
# style: hasty
# at: self.bias = nn.Parameter(torch.zeros(1))
# kind: definition, number, shape
# known: one bias for all words
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, hidden, words):
        return self.transform(hidden) @ words.T + self.bias

# %% MaskedLMHead | the nearer the better: distances in place of products
# style: one-liners
# at: return self.bias - (self.transform(hidden)[..., None, :] - words).norm(dim=-1)
# kind: name, operator
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
        return self.bias - (self.transform(hidden)[..., None, :] - words).norm(dim=-1)

# %% MaskedLMHead | the scores are held below 30
# style: nanoGPT
# at: logits = 30 * torch.tanh(logits / 30)
# kind: extra
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
        x = self.transform(hidden)
        logits = F.linear(x, words, self.bias)
        logits = 30 * torch.tanh(logits / 30)
        return logits

# %% MaskedLMHead | the bias is put on the vector, before the words are scored
# style: careful beginner
# at: self.bias = nn.Parameter(torch.zeros(config.hidden_size))
# at: transformed = transformed + self.bias
# kind: order, definition, name
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(config.hidden_size))

    def forward(self, hidden, words):
        transformed = self.transform(hidden)
        transformed = transformed + self.bias
        scores = torch.matmul(transformed, words.transpose(0, 1))
        return scores

# %% MaskedLMHead | the scores go through the transform
# style: loops and helpers
# at: return self.transform(scores) + self.bias
# kind: order
# known: scores transformed
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
        scores = hidden @ words.T
        return self.transform(scores) + self.bias

# %% MaskedLMHead | the number of the best word in place of all scores
# style: from Keras
# at: return scores.argmax(dim=-1)
# kind: extra, return
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
        scores = torch.tensordot(self.transform(hidden), words, dims=([-1], [-1])) + self.bias
        return scores.argmax(dim=-1)

# %% MaskedLMHead | the bias becomes the scores' size once more with each call
# style: loops and helpers
# at: self.bias = nn.Parameter(self.bias.expand(words.size(0)).clone())
# kind: state, extra, gradient
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
        self.bias = nn.Parameter(self.bias.expand(words.size(0)).clone())
        scores = self.transform(hidden) @ words.T
        return scores + self.bias

# %% MaskedLMHead | the transform is given what it has made, and the bias is multiplied
# style: hasty
# at: x = self.transform(self.transform(hidden))
# kind: extra
# at2: return x @ words.T * self.bias
# kind2: operator
# known: transform twice
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
        x = self.transform(self.transform(hidden))
        return x @ words.T * self.bias

# %% MaskedLMHead | the bias begins with ones, and it is added twice
# style: from Keras
# at: self.bias = nn.Parameter(torch.ones(config.vocab_size))
# kind: definition, number, name
# at2: return scores + self.bias
# at2: scores = nn.functional.linear(self.transform(hidden), words, bias=self.bias)
# kind2: extra
# known: bias not zero
import torch
from torch import nn

from bert_parts.heads import Transform


class MaskedLMHead(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.ones(config.vocab_size))

    def forward(self, hidden, words):
        scores = nn.functional.linear(self.transform(hidden), words, bias=self.bias)
        return scores + self.bias

# %% MaskedLMHead | the table is multiplied by the root of D, as in the first Transformer
# style: one who has read the paper
# at: table = words * self.config.hidden_size ** 0.5
# kind: scale, extra
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
        table = words * self.config.hidden_size ** 0.5
        return self.transform(hidden) @ table.T + self.bias
