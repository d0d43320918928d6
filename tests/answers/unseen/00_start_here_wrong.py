# %% mean_pooling | divided by the number of tokens of the longest sentence, for all
# style: hasty
# at: n_tokens = marks.sum(dim=1).max()
# at: return summed / n_tokens
# kind: extra, operator, axis, number
# known: divided by padded length
import torch


def mean_pooling(hidden, attention_mask):
    marks = attention_mask.to(hidden.dtype)
    summed = (hidden * marks.unsqueeze(2)).sum(dim=1)
    n_tokens = marks.sum(dim=1).max()
    return summed / n_tokens

# %% mean_pooling | shares of each token taken of the whole batch
# style: einsum
# at: share = attention_mask / attention_mask.sum()
# kind: axis, missing, argument
# known: divided by all tokens
import torch


def mean_pooling(hidden, attention_mask):
    share = attention_mask / attention_mask.sum()
    return torch.einsum("btd,bt->bd", hidden, share.to(hidden.dtype))

# %% mean_pooling | the marks taken as places: tokens 0 and 1, again and again
# at: for row, row_mask in zip(hidden, attention_mask):
# style: loops
# at: real_ones = row[row_mask]
# kind: type, missing, operator, name
import torch


def mean_pooling(hidden, attention_mask):
    sentences = []
    for row, row_mask in zip(hidden, attention_mask):
        real_ones = row[row_mask]
        sentences.append(real_ones.mean(dim=0))
    return torch.stack(sentences)

# %% mean_pooling | counts the numbers that are not 0 before padding has been set to 0
# style: from NumPy
# at: howmany = torch.count_nonzero(hidden, dim=1)
# at: return clean.sum(1) / howmany
# kind: name, order, condition
# known: divided by padded length
import torch


def mean_pooling(hidden, attention_mask):
    clean = hidden.clone()
    clean[attention_mask == 0] = 0.0
    howmany = torch.count_nonzero(hidden, dim=1)
    return clean.sum(1) / howmany

# %% mean_pooling | [CLS] left out of the sum, and divided by the root of the length
# style: helpers
# at: return (hidden * m)[:, 1:].sum(dim=1)
# kind: number, extra
# at2: return torch.sqrt(attention_mask.sum(dim=1, keepdim=True).float())
# at2: return masked_sum(hidden, attention_mask) / lengths(attention_mask)
# kind2: operator, extra, scale
import torch


def masked_sum(hidden, attention_mask):
    m = attention_mask[:, :, None].float()
    return (hidden * m)[:, 1:].sum(dim=1)


def lengths(attention_mask):
    return torch.sqrt(attention_mask.sum(dim=1, keepdim=True).float())


def mean_pooling(hidden, attention_mask):
    return masked_sum(hidden, attention_mask) / lengths(attention_mask)
