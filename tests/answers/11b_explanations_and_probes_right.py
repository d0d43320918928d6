# %% rollout | from the last layer down
# style: numpy
import torch


def rollout(maps):
    T = maps[0].shape[-1]
    steps = [(a.mean(1) + torch.eye(T)) / 2 for a in maps]
    joint = steps[-1]
    for step in steps[-2::-1]:
        joint = joint @ step
    return joint

# %% rollout | with divided rows, stacked
# style: Hugging Face
import torch


def rollout(maps):
    attentions = torch.stack(maps).mean(dim=2)
    attentions = attentions + torch.eye(attentions.size(-1), device=attentions.device)[None, None]
    attentions = attentions / attentions.sum(dim=-1, keepdim=True)
    result = attentions[0]
    for attention in attentions[1:]:
        result = torch.matmul(attention, result)
    return result

# %% rollout | half of the difference
# style: careful beginner
import torch


def rollout(maps):
    B, H, T, _ = maps[0].shape
    mixed = torch.zeros(B, T, T)
    for t in range(T):
        mixed[:, t, t] = 1
    for weights in maps:
        average = sum(weights[:, h] for h in range(H)) / H
        from_attention = torch.einsum("bts,bsu->btu", average, mixed)
        mixed = mixed + (from_attention - mixed) / 2
    return mixed

# %% control_labels | a draw at a time
# style: careful beginner
import torch


def control_labels(types, labels, generator):
    result = torch.zeros_like(labels)
    for kind in torch.unique(types):
        token = torch.randint(len(labels), (1,), generator=generator)
        result[types == kind] = labels[token]
    return result

# %% control_labels | looked up by bisection
# style: numpy
import torch


def control_labels(types, labels, generator):
    vocabulary = torch.unique(types)
    tokens = torch.randint(0, types.shape[0], vocabulary.shape, generator=generator)
    return labels[tokens[torch.searchsorted(vocabulary, types)]]

# %% control_labels | a table over all ids
# style: Hugging Face
import torch


def control_labels(types, labels, generator):
    occurs = types.bincount() > 0
    table = torch.zeros(len(occurs), dtype=labels.dtype)
    table[occurs] = labels[torch.randint(high=labels.numel(), size=(int(occurs.sum()),), generator=generator)]
    return table.index_select(0, types)
