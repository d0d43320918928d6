# %% layer_flops | a loop over texts
# style: loops and helpers
def layer_flops(config, lengths):
    d = config.hidden_size
    w = config.intermediate_size
    projections, attention, feed_forward = 0, 0, 0
    for t in lengths:
        projections += 8 * t * d * d
        attention += 4 * t * t * d
        feed_forward += 4 * t * d * w
    return {"projections": projections, "attention": attention, "feed-forward": feed_forward}

# %% layer_flops | multiplications and additions added up
# style: careful beginner
def layer_flops(config, lengths):
    width = config.hidden_size
    tokens = sum(lengths)
    pairs = sum([length ** 2 for length in lengths])
    multiplications = {
        "projections": 4 * tokens * width ** 2,
        "attention": 2 * pairs * width,
        "feed-forward": 2 * tokens * width * config.intermediate_size,
    }
    additions = dict(multiplications)
    return {name: multiplications[name] + additions[name] for name in multiplications}

# %% layer_flops | head by head
# style: Hugging Face
def layer_flops(config, lengths):
    num_heads = config.num_attention_heads
    head_dim = config.hidden_size // num_heads
    seq = sum(lengths)
    flops = dict()
    flops["feed-forward"] = 2 * seq * config.hidden_size * config.intermediate_size * 2
    flops["attention"] = sum(2 * num_heads * t * t * head_dim * 2 for t in lengths)
    flops["projections"] = 4 * (2 * seq * config.hidden_size * config.hidden_size)
    return flops

# %% layer_flops | lengths as a tensor
# style: einsum and one-liners
import torch


def layer_flops(config, lengths):
    t, d, w = torch.tensor(lengths), config.hidden_size, config.intermediate_size
    return {"projections": int(8 * t.sum() * d * d), "attention": int(4 * (t @ t) * d), "feed-forward": int(4 * t.sum() * d * w)}

# %% layer_bytes | product by product
# style: loops and helpers
def moved(rows, inner, columns):
    return 4 * (rows * inner + inner * columns + rows * columns)


def layer_bytes(config, lengths):
    n, d, w, h = sum(lengths), config.hidden_size, config.intermediate_size, config.num_attention_heads
    attention = 0
    for t in lengths:
        attention += h * (moved(t, d // h, t) + moved(t, t, d // h))
    return {"projections": 4 * moved(n, d, d), "attention": attention, "feed-forward": moved(n, d, w) + moved(n, w, d)}

# %% layer_bytes | numbers first, then bytes
# style: careful beginner
def layer_bytes(config, lengths):
    width = config.hidden_size
    wide = config.intermediate_size
    tokens = sum(lengths)
    scores = 0
    for length in lengths:
        scores = scores + config.num_attention_heads * length * length
    numbers = {}
    numbers["projections"] = 4 * width * width + 4 * tokens * width + 4 * tokens * width
    numbers["attention"] = 3 * tokens * width + scores + scores + tokens * width
    numbers["feed-forward"] = 2 * width * wide + 2 * tokens * width + 2 * tokens * wide
    return {part: 4 * count for part, count in numbers.items()}

# %% layer_bytes | 32 bits
# style: hasty
def layer_bytes(config, lengths):
    D, W, H, N = config.hidden_size, config.intermediate_size, config.num_attention_heads, sum(lengths)
    b = 32 // 8
    return {"projections": b * 4 * D * (D + 2 * N), "attention": b * (4 * N * D + 2 * H * sum(T * T for T in lengths)),
            "feed-forward": 2 * b * (D * W + N * (D + W))}

# %% layer_bytes | numpy for the squares, made whole again
# style: from NumPy
import numpy as np


def layer_bytes(config, lengths):
    t = np.array(lengths)
    d, w = config.hidden_size, config.intermediate_size
    n, s = int(t.sum()), int((t ** 2).sum()) * config.num_attention_heads
    return {"projections": 16 * (d * d + 2 * n * d), "attention": 16 * n * d + 8 * s, "feed-forward": 8 * (d * w + n * d + n * w)}

# %% unpad | places by nonzero
# style: from NumPy
def unpad(x, attention_mask):
    rows, columns = attention_mask.nonzero(as_tuple=True)
    return x[rows, columns], attention_mask.sum(-1)

# %% unpad | masked_select
# style: Hugging Face
import torch


def unpad(x, attention_mask):
    lengths = attention_mask.sum(dim=-1)
    indices = torch.nonzero(attention_mask.flatten(), as_tuple=False).flatten()
    return x.reshape(-1, x.shape[-1]).index_select(0, indices), lengths

# %% unpad | text by text
# style: loops and helpers
import torch


def unpad(x, attention_mask):
    texts = [text[marks.bool()] for text, marks in zip(x, attention_mask)]
    return torch.cat(texts), torch.tensor([len(text) for text in texts])

# %% unpad | compares with 0
# style: careful beginner
def unpad(x, attention_mask):
    is_real = attention_mask != 0
    packed = x[is_real]
    lengths = is_real.long().sum(dim=1)
    return packed, lengths

# %% pad_again | text by text, token by token
# style: loops and helpers
import torch


def pad_again(packed, attention_mask):
    padded = torch.zeros(*attention_mask.shape, packed.size(1))
    number = 0
    for row in range(attention_mask.size(0)):
        for place in range(attention_mask.size(1)):
            if attention_mask[row, place]:
                padded[row, place] = packed[number]
                number += 1
    return padded

# %% pad_again | masked_scatter
# style: einsum and one-liners
def pad_again(packed, attention_mask):
    real = attention_mask.bool().unsqueeze(-1).expand(-1, -1, packed.size(-1))
    return packed.new_zeros(real.shape).masked_scatter(real, packed)

# %% pad_again | index_copy on the flat places
# style: Hugging Face
import torch


def pad_again(packed, attention_mask):
    batch, seqlen = attention_mask.shape
    indices = torch.nonzero(attention_mask.flatten(), as_tuple=False).flatten()
    output = torch.zeros(batch * seqlen, packed.shape[-1], device=packed.device, dtype=packed.dtype)
    return output.index_copy(0, indices, packed).view(batch, seqlen, -1)

# %% pad_again | gathers by the running number of a token
# style: careful beginner
def pad_again(packed, attention_mask):
    real = attention_mask.bool()
    numbers = (real.flatten().long().cumsum(dim=0) - 1).clamp(min=0)
    everywhere = packed[numbers].view(*real.shape, -1)
    return everywhere * real[..., None]

# %% joint_projection | new parameters
# style: careful beginner
import torch
from torch import nn


def joint_projection(attention):
    joint = nn.Linear(attention.hidden_size, attention.hidden_size * 3)
    weight = torch.cat((attention.query.weight, attention.key.weight, attention.value.weight), dim=0)
    bias = torch.cat((attention.query.bias, attention.key.bias, attention.value.bias), dim=0)
    joint.weight = nn.Parameter(weight.detach())
    joint.bias = nn.Parameter(bias.detach())
    return joint

# %% joint_projection | .data
# style: hasty
import torch
from torch import nn


def joint_projection(attention):
    q, k, v = attention.query, attention.key, attention.value
    lin = nn.Linear(q.in_features, 3 * q.out_features)
    lin.weight.data = torch.cat([q.weight.data, k.weight.data, v.weight.data])
    lin.bias.data = torch.cat([q.bias.data, k.bias.data, v.bias.data])
    return lin

# %% joint_projection | load_state_dict
# style: Hugging Face
import torch
from torch import nn


def joint_projection(attention):
    states = [module.state_dict() for module in (attention.query, attention.key, attention.value)]
    qkv = nn.Linear(attention.hidden_size, 3 * attention.hidden_size)
    qkv.load_state_dict({name: torch.cat([state[name] for state in states]) for name in ("weight", "bias")})
    return qkv

# %% joint_projection | vstack and hstack
# style: from NumPy
import torch
from torch import nn


def joint_projection(attention):
    d = attention.hidden_size
    out = nn.Linear(d, 3 * d)
    with torch.no_grad():
        out.weight[:] = torch.vstack([attention.query.weight, attention.key.weight, attention.value.weight])
        out.bias[:] = torch.hstack([attention.query.bias, attention.key.bias, attention.value.bias])
    return out

# %% layer_at | a loop with places
# style: careful beginner
import torch


def layer_at(layer, x, lengths, asked):
    parts = []
    start = 0
    for length in lengths:
        end = start + length
        text = x[start:end].unsqueeze(0)
        queries = text[:, asked[start:end]]
        parts.append(layer.attention.self(queries, context=text).squeeze(0))
        start = end
    attended = torch.cat(parts, dim=0)
    attended = layer.attention.output(attended, x[asked])
    wide = layer.intermediate(attended)
    return layer.output(wide, attended)

# %% layer_at | one row, and a mask that keeps texts apart
# style: einsum and one-liners
import torch


def layer_at(layer, x, lengths, asked):
    text = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    mask = text[asked][:, None] == text[None]
    x, y = x[asked], layer.attention.self(x[asked][None], context=x[None], mask=mask[None, None])[0]
    y = layer.attention.output(y, x)
    return layer.output(layer.intermediate(y), y)

# %% layer_at | one token at a time
# style: loops and helpers
import torch


def layer_at(layer, x, lengths, asked):
    rows, start = [], 0
    for length in lengths:
        for place in range(start, start + length):
            if asked[place]:
                one = x[place][None, None]
                y = layer.attention.output(layer.attention.self(one, x[None, start : start + length]), one)
                rows.append(layer.output(layer.intermediate(y), y)[0, 0])
        start += length
    return torch.stack(rows)

# %% layer_at | skips texts that nobody asks about
# style: hasty
import torch


def layer_at(layer, x, lengths, asked):
    found = []
    for t, a in zip(torch.split(x, lengths), torch.split(asked, lengths)):
        if a.any():
            found.append(layer.attention.self(t[a].unsqueeze(0), t.unsqueeze(0), None)[0])
    h = layer.attention.output(torch.cat(found), residual=x[asked])
    return layer.output(layer.intermediate(h), residual=h)
