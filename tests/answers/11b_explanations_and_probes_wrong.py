# %% rollout | the rest of the weight goes to the residual twice
# style: careful beginner
# at: step = 0.5 * weights.mean(dim=1) + eye
# kind: number, missing
import torch


def rollout(maps):
    eye = torch.eye(maps[0].size(-1))
    mixed = eye
    for weights in maps:
        step = 0.5 * weights.mean(dim=1) + eye
        mixed = step @ mixed
    return mixed

# %% rollout | multiplies on the right
# style: numpy
# at: joint = joint @ step
# kind: order, argument
# known: product in the wrong order
import torch


def rollout(maps):
    T = maps[0].shape[-1]
    joint = torch.eye(T)
    for a in maps:
        step = (a.mean(1) + torch.eye(T)) / 2
        joint = joint @ step
    return joint

# %% rollout | normalises over the columns
# style: Hugging Face
# at: attention = attention / attention.sum(dim=1, keepdim=True)
# kind: axis
# known: columns normalised
import torch


def rollout(maps):
    result = torch.eye(maps[0].size(-1))
    for attention in maps:
        attention = attention.mean(dim=1) + torch.eye(attention.size(-1))
        attention = attention / attention.sum(dim=1, keepdim=True)
        result = torch.matmul(attention, result)
    return result

# %% control_labels | a draw for each token
# style: hasty
# at: return labels[torch.randint(len(labels), types.shape, generator=generator)]
# kind: shape, missing, axis
# known: one for each token
import torch


def control_labels(types, labels, generator):
    return labels[torch.randint(len(labels), types.shape, generator=generator)]

# %% control_labels | in the order of the text
# style: careful beginner
# at: for kind in types.tolist():
# kind: order, missing, name
# known: as they come
import torch


def control_labels(types, labels, generator):
    chosen = {}
    for kind in types.tolist():
        if kind not in chosen:
            chosen[kind] = labels[torch.randint(len(labels), (), generator=generator)]
    return torch.stack([chosen[kind] for kind in types.tolist()])

# %% control_labels | every label as likely as the next
# style: Hugging Face
# at: names = labels.unique()
# kind: extra, missing, name
# known: all labels alike
import torch


def control_labels(types, labels, generator):
    vocabulary, index = torch.unique(types, return_inverse=True)
    names = labels.unique()
    drawn = torch.randint(len(names), (len(vocabulary),), generator=generator)
    return names[drawn][index]
