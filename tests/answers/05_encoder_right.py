# %% AddAndNorm | HF's BertOutput
# style: HF
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
        hidden_states = self.dense(x)
        hidden_states = self.dropout(hidden_states)
        hidden_states = self.LayerNorm(hidden_states + residual)
        return hidden_states


# %% AddAndNorm | written out with functions
# style: functional
import torch.nn.functional as F
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
        change = F.linear(x, self.dense.weight, self.dense.bias)
        change = F.dropout(change, self.dropout.p, self.training)
        norm = self.LayerNorm
        return F.layer_norm(residual.add(change), (self.config.hidden_size,), norm.weight, norm.bias, norm.eps)


# %% AddAndNorm | the norm by hand
# style: NumPy
from torch import nn

def normalised(x, eps):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + eps) ** 0.5

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        total = sum([residual, self.dropout(self.dense(x))])
        return normalised(total, self.config.layer_norm_eps) * self.LayerNorm.weight + self.LayerNorm.bias


# %% AddAndNorm | nn.Sequential of dense and dropout
# style: Keras
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
        change = nn.Sequential(self.dense, self.dropout)
        return self.LayerNorm(residual + change(x))


# %% AddAndNorm | in-place additions, of its own tensor only
# style: hasty
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
        y = self.dropout(self.dense(x)) + 0
        y += residual
        return self.LayerNorm(y)


# %% AddAndNorm | type hints, and a lambda inside
# style: one-liner
from torch import Tensor, nn

class AddAndNorm(nn.Module):
    def __init__(self, in_size: int, config) -> None:
        super().__init__()
        self.in_size: int = in_size
        self.config = config
        self.dense: nn.Linear = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm: nn.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout: nn.Dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        change = lambda x: self.dropout(self.dense(x))
        return self.LayerNorm(change(x) + residual)


# %% BertAttention | HF's names, without the tuple
# style: HF
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        self_output = self.self(x, mask=mask)
        attention_output = self.output(self_output, x)
        return attention_output


# %% BertAttention | all arguments by place: the text is its own context
# style: one-liner
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        return self.output(self.self(x, x, mask), x)


# %% BertAttention | the mask and its absence told apart
# style: careful beginner
from torch import nn
import bert_parts
from bert_parts.encoder import AddAndNorm as Ending

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = bert_parts.MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = Ending(config.hidden_size, config)

    def forward(self, x, mask=None):
        if mask is None:
            seen = self.self(x)
        else:
            seen = self.self(x, mask=mask)
        result = self.output(x=seen, residual=x)
        return result


# %% BertAttention | options in a dict
# style: Keras
from torch import nn
from bert_parts.attention import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super(BertAttention, self).__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        options = {"mask": mask, "context": None}
        return self.output(self.self(x, **options), residual=x)


# %% BertAttention | the output block taken apart
# style: helper functions
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def change(self, x, mask):
        return self.output.dropout(self.output.dense(self.self(x, mask=mask)))

    def forward(self, x, mask=None):
        return self.output.LayerNorm(x + self.change(x, mask))


# %% BertAttention | modules added by name
# style: one who knows nn.Module well
import torch
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.add_module("self", MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        ))
        self.add_module("output", AddAndNorm(config.hidden_size, config))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        attend = getattr(self, "self")
        return self.output(attend(x, mask=mask), x)


# %% head_contributions | a loop over the heads, slices by number
# style: careful beginner
import torch

def head_contributions(attention, x, mask=None):
    collected = attention.self(x, mask=mask)
    weight = attention.output.dense.weight
    width = x.shape[-1] // attention.self.num_heads
    parts = []
    for head in range(attention.self.num_heads):
        start, stop = head * width, (head + 1) * width
        parts.append(collected[:, :, start:stop] @ weight[:, start:stop].T)
    return torch.stack(parts, dim=1)


# %% head_contributions | all other heads set to 0, and the bias taken off
# style: one who ablates
import torch

def head_contributions(attention, x, mask=None):
    found = attention.self(x, None, mask)
    B, T, D = found.shape
    H = attention.self.num_heads
    alone = torch.zeros(B, H, T, D)
    for h in range(H):
        columns = slice(h * D // H, (h + 1) * D // H)
        alone[:, h, :, columns] = found[:, :, columns]
    return attention.output.dense(alone) - attention.output.dense.bias


# %% head_contributions | what goes missing when a head is silenced
# style: one who ablates
import torch

def head_contributions(attention, x, mask=None):
    found = attention.self(x, mask=mask)
    whole = attention.output.dense(found)
    heads = attention.self.num_heads
    size = found.size(-1) // heads
    changes = []
    for head in range(heads):
        keep = torch.ones(found.size(-1))
        keep[head * size:(head + 1) * size] = 0
        changes.append(whole - attention.output.dense(found * keep))
    return torch.stack(changes, 1)


# %% head_contributions | chunks and F.linear
# style: terse
import torch
from torch.nn import functional as F

def head_contributions(attention, x, mask=None):
    n = attention.self.num_heads
    pairs = zip(attention.self(x, mask=mask).chunk(n, -1), attention.output.dense.weight.chunk(n, 1))
    return torch.stack([F.linear(found, slice_) for found, slice_ in pairs], dim=1)


# %% head_contributions | a matrix product that stretches over the heads
# style: PyTorch
from torch import Tensor

def head_contributions(attention, x: Tensor, mask: Tensor | None = None) -> Tensor:
    heads = attention.self.num_heads
    found = attention.self(x, mask=mask).unflatten(-1, (heads, -1)).transpose(1, 2)
    weight = attention.output.dense.weight.T.unflatten(0, (heads, -1))
    return found @ weight


# %% head_contributions | einsum over all at once, then the order changed
# style: einsum
import torch

def head_contributions(attention, x, mask=None):
    b, t, d = x.shape
    h = attention.self.num_heads
    found = attention.self(x, mask=mask).reshape(b, t, h, d // h)
    w = attention.output.dense.weight.reshape(d, h, d // h)
    return torch.einsum("btnk,enk->btne", found, w).permute(0, 2, 1, 3)


# %% BertLayer | HF's names
# style: HF
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def feed_forward_chunk(self, attention_output):
        intermediate_output = self.intermediate(attention_output)
        layer_output = self.output(intermediate_output, attention_output)
        return layer_output

    def forward(self, x, mask=None):
        attention_output = self.attention(x, mask)
        layer_output = self.feed_forward_chunk(attention_output)
        return layer_output


# %% BertLayer | an assignment inside the call
# style: one-liner
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        return self.output(self.intermediate(a := self.attention(x, mask)), a)


# %% BertLayer | the feed-forward token by token
# style: loops
import torch
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        a = self.attention(x, mask=mask)
        tokens = []
        for t in range(a.shape[1]):
            one = a[:, t : t + 1]
            tokens.append(self.output(self.intermediate(one), one))
        return torch.cat(tokens, dim=1)


# %% BertLayer | the second half written out
# style: NumPy
import torch
import torch.nn as nn
import torch.nn.functional as F
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        a = self.attention(x, mask)
        wide = F.gelu(a @ self.intermediate.dense.weight.mT + self.intermediate.dense.bias)
        narrow = wide @ self.output.dense.weight.mT + self.output.dense.bias
        return self.output.LayerNorm(a + self.output.dropout(narrow))


# %% BertLayer | imports through the package's module
# style: careful beginner
import torch.nn
import bert_parts.encoder as encoder

class BertLayer(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = encoder.BertAttention(config)
        self.intermediate = encoder.BertIntermediate(config)
        self.output = encoder.AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        # first half: the words look at each other
        x = self.attention(x, mask)
        # second half: each word by itself
        residual = x
        x = self.intermediate(x)
        x = self.output(x, residual)
        return x


# %% BertLayer | a decorator that leaves the result as it is
# style: functional
import functools
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

def same_shape(forward):
    @functools.wraps(forward)
    def checked(self, x, *args, **kwargs):
        y = forward(self, x, *args, **kwargs)
        assert y.shape == x.shape
        return y
    return checked

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    @same_shape
    def forward(self, x, mask=None):
        seen = self.attention(x, mask)
        return self.output(self.intermediate(seen), residual=seen)


# %% BertEncoder | appended in a loop, indexed in a loop
# style: careful beginner
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList()
        for i in range(config.num_hidden_layers):
            self.layer.append(BertLayer(config))

    def forward(self, x, mask=None):
        for i in range(len(self.layer)):
            x = self.layer[i](x, mask=mask)
        return x


# %% BertEncoder | functools.reduce
# style: functional
from functools import reduce
from itertools import repeat
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList(map(BertLayer, repeat(config, config.num_hidden_layers)))

    def forward(self, x, mask=None):
        return reduce(lambda hidden, layer: layer(hidden, mask), self.layer, x)


# %% BertEncoder | HF, with all states collected and the last given back
# style: HF
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask=None):
        all_hidden_states = ()
        hidden_states = x
        for i, layer_module in enumerate(self.layer):
            all_hidden_states = all_hidden_states + (hidden_states,)
            hidden_states = layer_module(hidden_states, mask)
        all_hidden_states = all_hidden_states + (hidden_states,)
        return all_hidden_states[-1]


# %% BertEncoder | nn.Sequential as a list of layers
# style: Keras
import torch.nn as nn
from bert_parts import encoder

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.Sequential(*[encoder.BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask=None):
        for block in self.layer:
            x = block(x, mask)
        return x


# %% BertEncoder | recursion
# style: recursion
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList(BertLayer(config) for _ in range(config.num_hidden_layers))

    def forward(self, x, mask=None):
        def after(n):
            return x if n == 0 else self.layer[n - 1](after(n - 1), mask)

        return after(len(self.layer))


# %% BertEncoder | modules added by their numbers
# style: one who knows nn.Module well
import torch
from bert_parts.encoder import BertLayer as Layer

Stack = torch.nn.ModuleList

class BertEncoder(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = Stack()
        for number in range(config.num_hidden_layers):
            self.layer.add_module(str(number), Layer(config))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        layers = iter(self.layer)
        while (layer := next(layers, None)) is not None:
            x = layer(x, mask)
        return x


# %% BertEncoder | __iter__, and a for in a generator method
# style: own way
from bert_parts.encoder import BertLayer
from torch import nn


class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.layer = config, nn.ModuleList()
        while len(self.layer) < config.num_hidden_layers:
            self.layer += [BertLayer(config)]

    def __iter__(self):
        return iter(self.layer)

    def states(self, x, mask):
        for layer in self:
            yield (x := layer(x, mask))

    def forward(self, x, mask=None):
        *_, x = (x, *self.states(x, mask))
        return x


# %% AddAndNorm | a property that is a closure, register_module, a keyword-only option
# style: own way
from torch import nn


class AddAndNorm(nn.Module):
    def __init__(self, in_size, config, *, norm=nn.LayerNorm):
        super(AddAndNorm, self).__init__()
        vars(self).update(in_size=in_size, config=config)
        wide = config.hidden_size
        for name, part in dict(dense=nn.Linear(in_size, wide), LayerNorm=norm(wide, config.layer_norm_eps)).items():
            self.register_module(name, part)
        self.dropout = nn.Dropout(p=config.hidden_dropout_prob)

    @property
    def change(self):
        return lambda x: self.dropout.__call__(self.dense.__call__(x))

    def forward(self, x, residual):
        return self.LayerNorm(self.change(x).add(residual))


# %% BertAttention | attrgetter in the class, an unpacked dict
# style: own way
from operator import attrgetter

from torch import nn

import bert_parts.attention
import bert_parts.encoder


class BertAttention(nn.Module):
    sizes = staticmethod(attrgetter("hidden_size", "num_attention_heads", "attention_probs_dropout_prob"))

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.add_module("self", bert_parts.attention.MultiHeadAttention(*self.sizes(config)))
        self.output = bert_parts.encoder.AddAndNorm(in_size=config.hidden_size, config=config)

    def forward(self, x, mask=None):
        return self.output(**{"residual": x, "x": self.get_submodule("self")(x=x, context=None, mask=mask)})


# %% head_contributions | a generator with send
# style: own way
import torch


def added(weight, size):
    vectors = yield
    while True:
        mine, weight = weight.tensor_split((size,), dim=1)
        vectors = yield torch.tensordot(vectors, mine, dims=([2], [1]))


def head_contributions(attention, x, mask=None):
    found = attention.self(x, None, mask).chunk(attention.self.num_heads, dim=2)
    next(machine := added(attention.output.dense.weight, found[0].size(2)))
    return torch.stack([machine.send(each) for each in found], dim=1)


# %% BertLayer | steps in a tuple of bound methods
# style: own way
from torch import nn

from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate


class BertLayer(nn.Module):
    def __init__(self, config):
        nn.Module.__init__(self)
        self.config, self.attention, self.intermediate = config, BertAttention(config), BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def look(self, x, *, mask):
        return self.attention(x, mask=mask)

    def think(self, x, **_):
        return self.output(self.intermediate(x), x)

    def forward(self, x, mask=None):
        for step in self.look, self.think:
            x = step(x, mask=mask)
        return x
