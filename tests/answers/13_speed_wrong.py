# %% layer_flops | square of the sum within a loop
# style: loops and helpers
# at: attention += 4 * n * t * d
# kind: name
# known: texts look at one another
def layer_flops(config, lengths):
    d, w, n = config.hidden_size, config.intermediate_size, sum(lengths)
    attention = 0
    for t in lengths:
        attention += 4 * n * t * d
    return {"projections": 8 * n * d * d, "attention": attention, "feed-forward": 4 * n * d * w}

# %% layer_flops | eight for the feed-forward
# style: hasty
# at: return {"projections": 8 * N * D * D, "attention": 4 * sum(t * t for t in lengths) * D, "feed-forward": 8 * N * D * W}
# kind: number, scale
def layer_flops(config, lengths):
    D, W, N = config.hidden_size, config.intermediate_size, sum(lengths)
    return {"projections": 8 * N * D * D, "attention": 4 * sum(t * t for t in lengths) * D, "feed-forward": 8 * N * D * W}

# %% layer_flops | the width of a head
# style: Hugging Face
# at: head_dim = config.hidden_size // config.num_attention_heads
# at: attention = sum(2 * 2 * t * t * head_dim for t in lengths)
# kind: scale, missing, name
def layer_flops(config, lengths):
    head_dim = config.hidden_size // config.num_attention_heads
    seq = sum(lengths)
    attention = sum(2 * 2 * t * t * head_dim for t in lengths)
    return {"projections": 8 * seq * config.hidden_size ** 2, "attention": attention,
            "feed-forward": 4 * seq * config.hidden_size * config.intermediate_size}

# %% layer_flops | another name for a part
# style: careful beginner
# at: "feed_forward": 4 * tokens * width * config.intermediate_size,
# kind: name
def layer_flops(config, lengths):
    width = config.hidden_size
    tokens = sum(lengths)
    pairs = sum(length ** 2 for length in lengths)
    return {
        "projections": 8 * tokens * width ** 2,
        "attention": 4 * pairs * width,
        "feed_forward": 4 * tokens * width * config.intermediate_size,
    }

# %% layer_flops | biases counted
# style: careful beginner
# at: return {"projections": 4 * (2 * n * d * d + n * d), "attention": attention, "feed-forward": 4 * n * d * w + n * (w + d)}
# kind: extra
def layer_flops(config, lengths):
    n, d, w = sum(lengths), config.hidden_size, config.intermediate_size
    attention = 4 * sum(t * t for t in lengths) * d
    return {"projections": 4 * (2 * n * d * d + n * d), "attention": attention, "feed-forward": 4 * n * d * w + n * (w + d)}

# %% layer_bytes | one map of the feed-forward
# style: hasty
# at: "feed-forward": 4 * (D * W + N * D + N * W)}
# kind: missing, scale, number
def layer_bytes(config, lengths):
    D, W, H, N = config.hidden_size, config.intermediate_size, config.num_attention_heads, sum(lengths)
    return {"projections": 16 * (D * D + 2 * N * D), "attention": 16 * N * D + 8 * H * sum(T * T for T in lengths),
            "feed-forward": 4 * (D * W + N * D + N * W)}

# %% layer_bytes | 2 bytes, as in half precision
# style: Hugging Face
# at: size = 2
# kind: number
def layer_bytes(config, lengths):
    d, w, h, n = config.hidden_size, config.intermediate_size, config.num_attention_heads, sum(lengths)
    size = 2
    scores = h * sum(t * t for t in lengths)
    return {"projections": size * 4 * (d * d + 2 * n * d), "attention": size * (4 * n * d + 2 * scores),
            "feed-forward": size * 2 * (d * w + n * d + n * w)}

# %% layer_bytes | vectors of each head as wide as the model
# style: loops and helpers
# at: attention += h * (moved(t, d, t) + moved(t, t, d))
# kind: scale, missing, name
def moved(rows, inner, columns):
    return 4 * (rows * inner + inner * columns + rows * columns)


def layer_bytes(config, lengths):
    n, d, w, h = sum(lengths), config.hidden_size, config.intermediate_size, config.num_attention_heads
    attention = 0
    for t in lengths:
        attention += h * (moved(t, d, t) + moved(t, t, d))
    return {"projections": 4 * moved(n, d, d), "attention": attention, "feed-forward": moved(n, d, w) + moved(n, w, d)}

# %% layer_bytes | the residual read, too
# style: careful beginner
# at: projections = 4 * (width * width + 2 * tokens * width) + tokens * width
# kind: extra
def layer_bytes(config, lengths):
    width, wide, tokens = config.hidden_size, config.intermediate_size, sum(lengths)
    scores = config.num_attention_heads * sum(t * t for t in lengths)
    projections = 4 * (width * width + 2 * tokens * width) + tokens * width
    attention = 4 * tokens * width + 2 * scores
    feed_forward = 2 * (width * wide + tokens * width + tokens * wide)
    return {"projections": 4 * projections, "attention": 4 * attention, "feed-forward": 4 * feed_forward}

# %% layer_bytes | the same token read once for query, key and value
# style: from NumPy
# at: "projections": 4 * (4 * d * d + 6 * n * d),
# kind: number
def layer_bytes(config, lengths):
    n, d, w = sum(lengths), config.hidden_size, config.intermediate_size
    s = config.num_attention_heads * sum(t * t for t in lengths)
    return {
        "projections": 4 * (4 * d * d + 6 * n * d),
        "attention": 16 * n * d + 8 * s,
        "feed-forward": 8 * (d * w + n * d + n * w),
    }

# %% unpad | not-zero vectors taken for real ones
# style: hasty
# at: real = x.abs().sum(dim=-1) > 0
# kind: condition, name
def unpad(x, attention_mask):
    real = x.abs().sum(dim=-1) > 0
    return x[real], real.sum(dim=1)

# %% unpad | the longest length
# style: careful beginner
# at: lengths = real.sum(dim=1).max()
# kind: extra
def unpad(x, attention_mask):
    real = attention_mask.bool()
    packed = x[real]
    lengths = real.sum(dim=1).max()
    return packed, lengths

# %% unpad | multiplies and does not pick
# style: einsum and one-liners
# at: return x * attention_mask[..., None], attention_mask.sum(1)
# kind: operator, missing, shape
def unpad(x, attention_mask):
    return x * attention_mask[..., None], attention_mask.sum(1)

# %% unpad | lengths as floats
# style: from NumPy
# at: return x[attention_mask.bool()], attention_mask.float().sum(dim=1)
# kind: type
def unpad(x, attention_mask):
    return x[attention_mask.bool()], attention_mask.float().sum(dim=1)

# %% unpad | lengths first
# style: hasty
# at: return real.sum(dim=1), x[real]
# kind: order, return
def unpad(x, attention_mask):
    real = attention_mask.bool()
    return real.sum(dim=1), x[real]

# %% pad_again | from the end of each row
# style: loops and helpers
# at: padded[row, -len(text):] = text
# kind: condition, missing, number
import torch


def pad_again(packed, attention_mask):
    padded = torch.zeros(*attention_mask.shape, packed.size(1))
    for row, text in enumerate(packed.split(attention_mask.sum(dim=1).tolist())):
        padded[row, -len(text):] = text
    return padded

# %% pad_again | empty, not zeros
# style: hasty
# at: padded = torch.full((*real.shape, packed.size(1)), 1e-3)
# kind: name, number
import torch


def pad_again(packed, attention_mask):
    real = attention_mask.bool()
    padded = torch.full((*real.shape, packed.size(1)), 1e-3)
    padded[real] = packed
    return padded

# %% pad_again | the width forgotten
# style: careful beginner
# at: padded = torch.zeros(attention_mask.shape)
# kind: shape, missing
import torch


def pad_again(packed, attention_mask):
    padded = torch.zeros(attention_mask.shape)
    padded[attention_mask.bool()] = packed
    return padded

# %% pad_again | places one too early
# style: Hugging Face
# at: indices = torch.nonzero(attention_mask.flatten()).flatten() - 1
# kind: number, extra
import torch


def pad_again(packed, attention_mask):
    batch, seqlen = attention_mask.shape
    indices = torch.nonzero(attention_mask.flatten()).flatten() - 1
    output = packed.new_zeros(batch * seqlen, packed.shape[-1])
    output[indices] = packed
    return output.view(batch, seqlen, -1)

# %% pad_again | half precision
# style: from NumPy
# at: padded = torch.zeros(*real.shape, packed.size(1), dtype=torch.float64)
# kind: type
import torch


def pad_again(packed, attention_mask):
    real = attention_mask.bool()
    padded = torch.zeros(*real.shape, packed.size(1), dtype=torch.float64)
    padded[real] = packed.double()
    return padded

# %% joint_projection | key twice
# style: hasty
# at: q, k, v = attention.query, attention.key, attention.key
# kind: name
import torch
from torch import nn


def joint_projection(attention):
    q, k, v = attention.query, attention.key, attention.key
    lin = nn.Linear(q.in_features, 3 * q.out_features)
    lin.weight.data = torch.cat([q.weight.data, k.weight.data, v.weight.data])
    lin.bias.data = torch.cat([q.bias.data, k.bias.data, v.bias.data])
    return lin

# %% joint_projection | joined along the inputs
# style: careful beginner
# at: weight = torch.cat((attention.query.weight, attention.key.weight, attention.value.weight), dim=1)
# kind: axis
import torch
from torch import nn


def joint_projection(attention):
    joint = nn.Linear(attention.hidden_size, attention.hidden_size * 3)
    weight = torch.cat((attention.query.weight, attention.key.weight, attention.value.weight), dim=1)
    bias = torch.cat((attention.query.bias, attention.key.bias, attention.value.bias))
    joint.weight = nn.Parameter(weight.detach())
    joint.bias = nn.Parameter(bias.detach())
    return joint

# %% joint_projection | reshaped instead of joined
# style: from NumPy
# at: stacked = torch.stack([part.weight for part in parts], dim=-1)
# kind: axis
import torch
from torch import nn


def joint_projection(attention):
    parts = [attention.query, attention.key, attention.value]
    d = attention.hidden_size
    out = nn.Linear(d, 3 * d)
    stacked = torch.stack([part.weight for part in parts], dim=-1)
    with torch.no_grad():
        out.weight.copy_(stacked.reshape(3 * d, d))
        out.bias.copy_(torch.cat([part.bias for part in parts]))
    return out

# %% joint_projection | plain tensors that do not learn
# style: Hugging Face
# at: qkv.requires_grad_(False)
# kind: gradient, extra
import torch
from torch import nn


def joint_projection(attention):
    parts = (attention.query, attention.key, attention.value)
    qkv = nn.Linear(attention.hidden_size, 3 * attention.hidden_size)
    qkv.load_state_dict({name: torch.cat([part.state_dict()[name] for part in parts]) for name in ("weight", "bias")})
    qkv.requires_grad_(False)
    return qkv

# %% joint_projection | the three in a row
# style: hasty
# at: return nn.Sequential(attention.query, attention.key, attention.value)
# kind: return, definition, type
from torch import nn


def joint_projection(attention):
    return nn.Sequential(attention.query, attention.key, attention.value)

# %% layer_at | W^O before the choice
# style: hasty
# at: y = layer.attention.output(torch.cat(found), residual=x)[asked]
# kind: order
# known: all tokens computed
import torch


def layer_at(layer, x, lengths, asked):
    found = [layer.attention.self(text[None])[0] for text in torch.split(x, lengths)]
    y = layer.attention.output(torch.cat(found), residual=x)[asked]
    return layer.output(layer.intermediate(y), residual=y)

# %% layer_at | without the projection after attention
# style: careful beginner
# at: attended = torch.cat(parts) + x[asked]
# kind: missing
import torch


def layer_at(layer, x, lengths, asked):
    parts = []
    for text, here in zip(x.split(lengths), asked.split(lengths)):
        parts.append(layer.attention.self(text[here].unsqueeze(0), context=text.unsqueeze(0)).squeeze(0))
    attended = torch.cat(parts) + x[asked]
    return layer.output(layer.intermediate(attended), attended)

# %% layer_at | query and context exchanged in a loop
# style: loops and helpers
# at: found.append(layer.attention.self(x[None, start:end], x[None, start:end][:, here])[0][here])
# kind: order, argument, extra
# known: only those asked about; all tokens computed
import torch


def layer_at(layer, x, lengths, asked):
    found, start = [], 0
    for length in lengths:
        end = start + length
        here = asked[start:end]
        found.append(layer.attention.self(x[None, start:end], x[None, start:end][:, here])[0][here])
        start = end
    y = layer.attention.output(torch.cat(found), x[asked])
    return layer.output(layer.intermediate(y), y)

# %% layer_at | start never moves on
# style: loops and helpers
# at: text = x[start : start + length]
# kind: missing, number
import torch


def layer_at(layer, x, lengths, asked):
    found, start, place = [], 0, 0
    for length in lengths:
        here = asked[place : place + length]
        text = x[start : start + length]
        found.append(layer.attention.self(text[here][None], context=text[None])[0])
        place += length
    y = layer.attention.output(torch.cat(found), x[asked])
    return layer.output(layer.intermediate(y), y)

# %% layer_at | the mask the wrong way round
# style: einsum and one-liners
# at: mask = text[asked][:, None] != text[None]
# kind: operator, condition
import torch


def layer_at(layer, x, lengths, asked):
    text = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    mask = text[asked][:, None] != text[None]
    x, y = x[asked], layer.attention.self(x[asked][None], context=x[None], mask=mask[None, None])[0]
    y = layer.attention.output(y, x)
    return layer.output(layer.intermediate(y), y)
