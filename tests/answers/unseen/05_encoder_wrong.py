# %% AddAndNorm | the dense layer without its bias
# style: matrix thinker
# at: projected = x @ self.dense.weight.T
# kind: missing, operator
from torch import nn


class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        projected = x @ self.dense.weight.T
        return self.LayerNorm(self.dropout(projected) + residual)

# %% AddAndNorm | F.dropout, which drops out in use, too
# style: functional
# at: h = F.dropout(h, p=self.config.hidden_dropout_prob)
# kind: argument, state, missing, operator
from torch import nn
from torch.nn import functional as F


class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        h = self.dense(x)
        h = F.dropout(h, p=self.config.hidden_dropout_prob)
        return self.LayerNorm(h + residual)

# %% AddAndNorm | F.layer_norm without the learned weight and bias
# at: return self.norm(residual + change)
# style: took `norm` over from the experiment above
# at: return F.layer_norm(v, v.shape[-1:], eps=self.config.layer_norm_eps)
# kind: missing, argument, name, operator
import torch.nn as nn
import torch.nn.functional as F


class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def norm(self, v):
        return F.layer_norm(v, v.shape[-1:], eps=self.config.layer_norm_eps)

    def forward(self, x, residual):
        change = self.dropout(self.dense(x))
        return self.norm(residual + change)

# %% AddAndNorm | adds into the caller's residual
# style: saves memory
# at: residual += self.dropout(self.dense(x))
# kind: state, operator
from torch import nn


class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size, self.config = in_size, config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        residual += self.dropout(self.dense(x))
        return self.LayerNorm(residual)

# %% AddAndNorm | no dropout, and no gradient through the shortcut
# style: careful beginner
# at: projected = self.dense(x)
# at: total = projected + came_in
# kind: missing
# at2: came_in = residual.detach()
# kind2: gradient, extra
# known: no dropout in training
from torch import nn


class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        came_in = residual.detach()
        projected = self.dense(x)
        total = projected + came_in
        normed = self.LayerNorm(total)
        return normed

# %% BertAttention | adds the residual a second time
# style: did not look into AddAndNorm
# at: return x + self.output(seen, x)
# kind: extra, operator
# known: added twice
from torch import nn

from bert_parts import AddAndNorm, MultiHeadAttention


class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        seen = self.self(x, mask=mask)
        return x + self.output(seen, x)

# %% BertAttention | normalises before the attention, too
# at: h = self.self(h, mask=mask)
# style: knows GPT-2
# at: h = self.output.LayerNorm(x)
# kind: extra, order
# kind: name
from torch import nn

from bert_parts import AddAndNorm, MultiHeadAttention


class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(config.hidden_size, config.num_attention_heads,
                                       config.attention_probs_dropout_prob)
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        h = self.output.LayerNorm(x)
        h = self.self(h, mask=mask)
        return self.output(h, residual=x)

# %% BertAttention | the attention gets the dropout rate of the hidden vectors
# style: rewrote the constructor
# at: self.self = MultiHeadAttention(width, heads, config.hidden_dropout_prob)
# kind: name, argument, definition
from torch import nn

from bert_parts import AddAndNorm, MultiHeadAttention


class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        width, heads = config.hidden_size, config.num_attention_heads
        self.self = MultiHeadAttention(width, heads, config.hidden_dropout_prob)
        self.output = AddAndNorm(width, config)

    def forward(self, x, mask=None):
        context_layer = self.self(x, None, mask)
        return self.output(context_layer, x)

# %% BertAttention | writes the output out and leaves the dense layer behind
# style: writes everything out
# at: change = self.output.dropout(found)
# at: return self.output.LayerNorm(x + change)
# kind: missing
from torch import nn

from bert_parts import AddAndNorm, MultiHeadAttention


class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        found = self.self(x, context=x, mask=mask)
        change = self.output.dropout(found)
        return self.output.LayerNorm(x + change)

# %% BertAttention | the mask the other way round, and one dropout more
# style: used to nn.MultiheadAttention
# at: hidden = ~mask if mask is not None else None
# kind: condition, operator, sign, extra
# at2: y = self.output.dropout(self.self(x, mask=hidden))
# kind2: extra
# known: mask inverted
from torch import nn

from bert_parts import AddAndNorm, MultiHeadAttention


class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        hidden = ~mask if mask is not None else None
        y = self.output.dropout(self.self(x, mask=hidden))
        return self.output(y, x)

# %% head_contributions | heads interleaved: every H-th column; the sum is still right
# style: einsum lover
# at: z = found.unflatten(-1, (-1, H))
# at: w = attention.output.dense.weight.unflatten(-1, (-1, H))
# kind: shape, order, argument, axis
import torch


def head_contributions(attention, x, mask=None):
    H = attention.self.num_heads
    found = attention.self(x, mask=mask)
    z = found.unflatten(-1, (-1, H))
    w = attention.output.dense.weight.unflatten(-1, (-1, H))
    return torch.einsum("btdh,edh->bhte", z, w)

# %% head_contributions | takes each head away and looks what the whole block loses, norm and all
# style: experimenter
# at: whole = attention.output(found, x)
# at: parts.append(whole - attention.output(without, x))
# kind: name, operator, extra
import torch


def head_contributions(attention, x, mask=None):
    found = attention.self(x, mask=mask)
    heads = attention.self.num_heads
    d = found.size(-1) // heads
    whole = attention.output(found, x)
    parts = []
    for h in range(heads):
        without = found.clone()
        without[..., h * d:(h + 1) * d] = 0
        parts.append(whole - attention.output(without, x))
    return torch.stack(parts, dim=1)

# %% head_contributions | the values as they are, without the attention's weighted mean
# style: misread "found"
# at: values = attention.self.value(x)
# kind: name, missing, operator
import torch


def per_head(t, heads):
    B, T, D = t.shape
    return t.view(B, T, heads, D // heads).permute(0, 2, 1, 3)


def head_contributions(attention, x, mask=None):
    n = attention.self.num_heads
    values = attention.self.value(x)
    W = attention.output.dense.weight.T.reshape(n, -1, x.size(-1))     # (H, d, D)
    return per_head(values, n) @ W

# %% head_contributions | pieces of H columns instead of H pieces
# style: hasty
# at: pieces = zip(out.split(n, dim=-1), wo.split(n, dim=1))
# kind: argument, number, operator, shape, name
import torch


def head_contributions(attention, x, mask=None):
    n = attention.self.num_heads
    out = attention.self(x, mask=mask)
    wo = attention.output.dense.weight
    pieces = zip(out.split(n, dim=-1), wo.split(n, dim=1))
    return torch.stack([a @ b.t() for a, b in pieces], dim=1)

# %% head_contributions | no mask, and every head gets the bias
# style: loops, zeroes
# at: heard = attention.self(x)
# kind: missing, argument
# at2: rows.append(attention.output.dense(only))
# kind2: extra, operator, name
# known: bias in every head; mask ignored
import torch


def head_contributions(attention, x, mask=None):
    heard = attention.self(x)
    count = attention.self.num_heads
    size = heard.shape[-1] // count
    rows = []
    for head in range(count):
        only = torch.zeros_like(heard)
        begin = head * size
        only[:, :, begin:begin + size] = heard[:, :, begin:begin + size]
        rows.append(attention.output.dense(only))
    return torch.stack(rows, 1)

# %% BertLayer | gives back a tuple
# style: Hugging Face
# at: return (layer_output,)
# kind: return, extra, type
from torch import nn

from bert_parts import AddAndNorm, BertAttention, BertIntermediate


class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        attention_output = self.attention(x, mask)
        intermediate_output = self.intermediate(attention_output)
        layer_output = self.output(intermediate_output, attention_output)
        return (layer_output,)

# %% BertLayer | the second half ends in the first half's norm
# style: writes everything out
# at: return self.attention.output.LayerNorm(a + back)
# kind: name
from torch import nn

from bert_parts import AddAndNorm, BertAttention, BertIntermediate


class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        a = self.attention(x, mask=mask)
        wide = self.intermediate(a)
        back = self.output.dropout(self.output.dense(wide))
        return self.attention.output.LayerNorm(a + back)

# %% BertLayer | a second GELU
# style: did not look into BertIntermediate
# at: wide = F.gelu(self.intermediate(x))
# kind: extra
import torch.nn.functional as F
from torch import nn

from bert_parts import AddAndNorm, BertAttention, BertIntermediate


class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        x = self.attention(x, mask)
        wide = F.gelu(self.intermediate(x))
        x = self.output(wide, residual=x)
        return x

# %% BertLayer | ReLU as in the first Transformer
# style: helpers
# at: return self.output(self.intermediate.dense(h).relu(), h)
# kind: operator, name
from torch import nn

from bert_parts import AddAndNorm, BertAttention, BertIntermediate


class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def think(self, h):
        return self.output(self.intermediate.dense(h).relu(), h)

    def forward(self, x, mask=None):
        return self.think(self.attention(x, mask))

# %% BertLayer | no mask, and what came into the layer is added once more
# style: hasty
# at: y = self.attention(x)
# kind: missing, argument
# at2: return x + self.output(self.intermediate(y), y)
# kind2: extra, operator
# known: mask ignored
from torch import nn

from bert_parts import AddAndNorm, BertAttention, BertIntermediate


class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        y = self.attention(x)
        return x + self.output(self.intermediate(y), y)

# %% BertEncoder | as many layers as heads
# style: hasty
# at: self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_attention_heads)])
# kind: name, argument, number, definition
from torch import nn

from bert_parts import BertLayer


class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_attention_heads)])

    def forward(self, x, mask=None):
        for block in self.layer:
            x = block(x, mask)
        return x

# %% BertEncoder | one more shortcut around each layer
# style: thinks of the residual stream
# at: stream = stream + block(stream, mask)
# kind: extra, operator
# known: residual around the layers
from torch import nn

from bert_parts import BertLayer


class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList()
        for number in range(config.num_hidden_layers):
            self.layer.append(BertLayer(config))

    def forward(self, x, mask=None):
        stream = x
        for block in self.layer:
            stream = stream + block(stream, mask)
        return stream

# %% BertEncoder | nn.Sequential, which cannot hand the mask on
# style: Keras
# at: return self.layer(x)
# at: self.layer = nn.Sequential(*(BertLayer(config) for _ in range(config.num_hidden_layers)))
# kind: missing, argument, operator, definition
# known: mask ignored
import torch.nn as nn

from bert_parts import BertLayer


class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.Sequential(*(BertLayer(config) for _ in range(config.num_hidden_layers)))

    def forward(self, x, mask=None):
        return self.layer(x)

# %% BertEncoder | gives back the vectors after every layer
# style: Hugging Face
# at: return torch.stack(all_hidden_states)
# kind: return, shape, extra
import torch
from torch import nn

from bert_parts import BertLayer


class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask=None):
        all_hidden_states = []
        hidden_states = x
        for layer_module in self.layer:
            hidden_states = layer_module(hidden_states, mask)
            all_hidden_states.append(hidden_states)
        return torch.stack(all_hidden_states)

# %% BertEncoder | layers under names of their own, and each of them reads x
# style: likes dictionaries
# at: self.layer[f"layer_{i}"] = BertLayer(config)
# at: self.layer = nn.ModuleDict()
# kind: definition, name
# at2: out = self.layer[name](x, mask)
# kind2: name, argument
from torch import nn

from bert_parts import BertLayer


class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleDict()
        for i in range(config.num_hidden_layers):
            self.layer[f"layer_{i}"] = BertLayer(config)

    def forward(self, x, mask=None):
        for name in self.layer:
            out = self.layer[name](x, mask)
        return out
