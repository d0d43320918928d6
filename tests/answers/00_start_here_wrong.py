# %% mean_pooling | means over the columns in place of the tokens
# style: from NumPy
# at: return (hidden * real).sum(axis=-1) / real.sum(axis=-1)
# kind: axis
# known: mean over the width
def mean_pooling(hidden, attention_mask):
    real = attention_mask[:, :, None]
    return (hidden * real).sum(axis=-1) / real.sum(axis=-1)

# %% mean_pooling | all real tokens of the batch thrown into one mean
# style: hasty
# at: return hidden[attention_mask.bool()].mean(dim=0)
# kind: shape, axis
# known: one mean for all
def mean_pooling(hidden, attention_mask):
    return hidden[attention_mask.bool()].mean(dim=0)

# %% mean_pooling | the last real token is left out
# known: marks taken for a length
# style: loops
# at: means.append(vectors[: n - 1].mean(dim=0))
# kind: number
import torch


def mean_pooling(hidden, attention_mask):
    means = []
    for vectors, marks in zip(hidden, attention_mask):
        n = int(marks.sum())
        means.append(vectors[: n - 1].mean(dim=0))
    return torch.stack(means)

# %% mean_pooling | divided by the number of tokens in the whole batch
# style: Hugging Face
# at: sum_mask = torch.clamp(input_mask_expanded[..., 0].sum(), min=1e-9)
# at: return sum_embeddings / sum_mask
# kind: axis, argument, missing
# known: divided by all tokens
import torch


def mean_pooling(hidden, attention_mask):
    input_mask_expanded = attention_mask.unsqueeze(-1).expand(hidden.size()).float()
    sum_embeddings = torch.sum(hidden * input_mask_expanded, 1)
    sum_mask = torch.clamp(input_mask_expanded[..., 0].sum(), min=1e-9)
    return sum_embeddings / sum_mask

# %% mean_pooling | padding set to a large negative number, as before a softmax
# style: from Keras
# at: masked = hidden.masked_fill(attention_mask.unsqueeze(-1) == 0, -1e9)
# kind: number, name
def mean_pooling(hidden, attention_mask):
    masked = hidden.masked_fill(attention_mask.unsqueeze(-1) == 0, -1e9)
    return masked.sum(dim=1) / attention_mask.sum(dim=1, keepdim=True)

# %% mean_pooling | counts the padding and divides by it
# style: careful beginner
# at: how_many = (attention_mask == 0).sum(dim=1, keepdim=True)
# kind: condition, number
def mean_pooling(hidden, attention_mask):
    # zero out the padding
    hidden = hidden * attention_mask.unsqueeze(2)
    # add up
    total = hidden.sum(dim=1)
    # and divide
    how_many = (attention_mask == 0).sum(dim=1, keepdim=True)
    return total / how_many

# %% mean_pooling | zeroes the padding in the caller's own tensor
# style: hasty
# at: hidden *= attention_mask[..., None]
# kind: state
# known: input changed in place
def mean_pooling(hidden, attention_mask):
    hidden *= attention_mask[..., None]
    return hidden.sum(1) / attention_mask.sum(1)[:, None]

# %% mean_pooling | divided by the root of the length
# style: Hugging Face
# at: return summed / lengths.sqrt()
# kind: scale
def mean_pooling(hidden, attention_mask):
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    summed = (hidden * mask).sum(1)
    lengths = mask.sum(1)
    return summed / lengths.sqrt()

# %% mean_pooling | no gradient may pass
# style: Hugging Face
# at: @torch.no_grad()
# kind: gradient
import torch


@torch.no_grad()
def mean_pooling(hidden, attention_mask):
    mask = attention_mask.unsqueeze(-1).float()
    return (hidden * mask).sum(1) / mask.sum(1)

# %% mean_pooling | whole-number division
# style: hasty
# at: return sums // counts
# kind: operator, type
import torch


def mean_pooling(hidden, attention_mask):
    sums = torch.einsum("btd,bt->bd", hidden, attention_mask.float())
    counts = attention_mask.sum(1, keepdim=True)
    return sums // counts

# %% mean_pooling | returns within the loop, after the first sentence
# style: loops
# at: return torch.stack(result)
# kind: return, condition
import torch


def mean_pooling(hidden, attention_mask):
    result = []
    for i in range(hidden.shape[0]):
        words = [hidden[i, j] for j in range(hidden.shape[1]) if attention_mask[i, j] == 1]
        result.append(sum(words) / len(words))
        return torch.stack(result)

# %% mean_pooling | the length without keepdim, so that it stretches along the batch
# kind: extra
# style: from NumPy
# at: n = attention_mask.sum(axis=1)
# at: return (s.T / n[:, None]).T
# kind: shape, argument, axis
def mean_pooling(hidden, attention_mask):
    s = (hidden * attention_mask[..., None]).sum(axis=1)
    n = attention_mask.sum(axis=1)
    return (s.T / n[:, None]).T

# %% mean_pooling | as many of the first tokens as there are marks, which fails where padding stands in front
# style: loops
# at: means.append(hidden[i, :n].mean(dim=0))
# kind: number, name, order
# known: marks taken for a length
import torch


def mean_pooling(hidden, attention_mask):
    means = []
    for i in range(len(hidden)):
        n = attention_mask[i].sum()
        means.append(hidden[i, :n].mean(dim=0))
    return torch.stack(means)

# %% mean_pooling | two: [CLS] left out of the sum only, and the root of the length
# style: Hugging Face
# at: total = (hidden[:, 1:] * real[:, 1:]).sum(dim=1)
# kind: number, extra
# at2: return total / real.sum(dim=1) ** 0.5
# kind2: scale
def mean_pooling(hidden, attention_mask):
    real = attention_mask.unsqueeze(-1).float()
    total = (hidden[:, 1:] * real[:, 1:]).sum(dim=1)
    return total / real.sum(dim=1) ** 0.5

# %% mean_pooling | two: the dimension stays, and the tensor is detached
# style: from Keras
# at: s = (hidden.detach() * m).sum(dim=1, keepdim=True)
# kind: argument, shape
# at2: s = (hidden.detach() * m).sum(dim=1, keepdim=True)
# kind2: gradient
# known: dimension kept
def mean_pooling(hidden, attention_mask):
    m = attention_mask.unsqueeze(-1)
    s = (hidden.detach() * m).sum(dim=1, keepdim=True)
    return s / m.sum(dim=1, keepdim=True)

# %% mean_pooling | two: the loop leaves out the last sentence, and one too many is counted
# style: loops
# at: for b in range(len(hidden) - 1):
# kind: number, condition
# at2: out[b] = row / (n + 1)
# kind2: number
import torch


def mean_pooling(hidden, attention_mask):
    out = torch.zeros(hidden.size(0), hidden.size(2), dtype=hidden.dtype)
    for b in range(len(hidden) - 1):
        n = attention_mask[b].sum()
        row = (hidden[b] * attention_mask[b].unsqueeze(-1)).sum(dim=0)
        out[b] = row / (n + 1)
    return out
