"""Notebook 13, as a learner might solve it from its text alone."""

import torch
from torch import nn


def layer_flops(config, lengths):
    """Two operations for each multiplication of a product, which comes with an addition."""
    D, W, N = config.hidden_size, config.intermediate_size, sum(lengths)

    def product(rows, inner, columns):
        return 2 * rows * inner * columns

    attention = 0
    for T in lengths:
        attention += product(T, D, T) + product(T, T, D)
    return {"projections": 4 * product(N, D, D), "attention": attention,
            "feed-forward": product(N, D, W) + product(N, W, D)}


def layer_bytes(config, lengths):
    """Four bytes for each number that a product reads or writes."""
    D, W, N, H = config.hidden_size, config.intermediate_size, sum(lengths), config.num_attention_heads
    projection = N * D + D * D + N * D
    attention = 0
    for T in lengths:
        scores = H * T * T
        attention += (T * D + T * D + scores) + (scores + T * D + T * D)
    up, down = N * D + D * W + N * W, N * W + W * D + N * D
    return {"projections": 4 * 4 * projection, "attention": 4 * attention, "feed-forward": 4 * (up + down)}


def unpad(x, attention_mask):
    marks = attention_mask == 1
    return x[marks], marks.sum(dim=1)


def pad_again(packed, attention_mask):
    B, T = attention_mask.shape
    x = torch.zeros(B, T, packed.shape[1], dtype=packed.dtype)
    x[attention_mask == 1] = packed
    return x


def joint_projection(attention):
    D = attention.hidden_size
    joint = nn.Linear(D, 3 * D)
    with torch.no_grad():
        for number, part in enumerate((attention.query, attention.key, attention.value)):
            joint.weight[number * D : (number + 1) * D] = part.weight
            joint.bias[number * D : (number + 1) * D] = part.bias
    return joint


def layer_at(layer, x, lengths, asked):
    found, start = [], 0
    for length in lengths:
        text = x[start : start + length]
        here = asked[start : start + length]
        found.append(layer.attention.self(text[here].unsqueeze(0), text.unsqueeze(0)).squeeze(0))
        start += length
    y = layer.attention.output(torch.cat(found), x[asked])
    return layer.output(layer.intermediate(y), y)
