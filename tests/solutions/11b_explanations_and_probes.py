"""Notebook 11b, as a learner might solve it from its text alone."""

import torch


def rollout(maps):
    B, H, T, T = maps[0].shape
    total = torch.eye(T).repeat(B, 1, 1)
    for layer in maps:
        with_residual = layer.mean(1) + torch.eye(T)
        with_residual = with_residual / with_residual.sum(-1, keepdim=True)
        total = torch.bmm(with_residual, total)
    return total


def control_labels(types, labels, generator):
    occurring = sorted(set(types.tolist()))
    tokens = torch.randint(len(labels), (len(occurring),), generator=generator)
    label_of = {kind: labels[token] for kind, token in zip(occurring, tokens.tolist(), strict=True)}
    return torch.stack([label_of[kind] for kind in types.tolist()])
