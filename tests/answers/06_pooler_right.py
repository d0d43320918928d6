# %% BertPooler | loops over the texts
# style: loops and helpers
import torch
from torch import nn


def first_of(text):
    return text[0]


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        rows = []
        for text in hidden:
            rows.append(torch.tanh(self.dense(first_of(text))))
        return torch.stack(rows, dim=0)

# %% BertPooler | pools every token and then takes the first
# style: Hugging Face
import torch
from torch import Tensor, nn


class BertPooler(nn.Module):
    def __init__(self, config) -> None:
        super(BertPooler, self).__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size, bias=True)
        self.activation = nn.Tanh()

    def forward(self, hidden_states: Tensor) -> Tensor:
        return self.activation(self.dense(hidden_states))[:, 0]

# %% BertPooler | einsum with the layer's own weights, tanh by its formula
# style: einsum and one-liners
import torch
import torch.nn as nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        size = config.hidden_size
        self.config, self.dense = config, nn.Linear(size, size)

    def forward(self, hidden):
        x = torch.einsum("bd,ed->be", hidden.select(1, 0), self.dense.weight) + self.dense.bias
        return 2 * torch.sigmoid(2 * x) - 1

# %% BertPooler | constants beside the class, and split
# style: careful beginner
import torch
from torch import nn

CLS_POSITION = 0
TOKENS = 1


class BertPooler(nn.Module):
    """Takes [CLS] and sends it through one more layer."""

    def __init__(self, config):
        nn.Module.__init__(self)
        self.config = config
        self.hidden_size = config.hidden_size
        self.dense = nn.Linear(in_features=self.hidden_size, out_features=self.hidden_size)

    def forward(self, hidden):
        batch, _, width = hidden.shape
        cls = torch.narrow(hidden, TOKENS, CLS_POSITION, 1)     # (B, 1, D)
        pooled = self.dense(cls).reshape(batch, width)
        return torch.tanh(pooled)

# %% BertPooler | a lambda and a dict of activations beside the class
# style: from Keras
import torch
from torch import nn

ACTIVATIONS = {"tanh": torch.tanh, "linear": lambda x: x}
first = lambda hidden: hidden[:, 0, :]


class BertPooler(nn.Module):
    def __init__(self, config, activation="tanh"):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = activation

    def forward(self, hidden):
        return ACTIVATIONS[self.activation](self.dense(first(hidden)))

# %% BertPooler | unbind, and functional calls
# style: functional
from torch.nn import Linear, Module, functional


class BertPooler(Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.add_module("dense", Linear(config.hidden_size, config.hidden_size))

    def forward(self, hidden):
        cls, *_ = hidden.unbind(1)
        return functional.tanh(functional.linear(cls, self.dense.weight, self.dense.bias))

# %% BertModel | explicit defaults, then the steps one by one
# style: careful beginner
import torch
from torch import nn

from bert_parts.attention import padding_mask
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import BertEncoder
from bert_parts.pooler import BertPooler, NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else NoPooler()
        self.apply(self.initialize)

    def initialize(self, module):
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        if attention_mask is None:
            mask = None
        else:
            mask = padding_mask(attention_mask)
        vectors = self.embeddings(input_ids, token_type_ids)
        hidden = self.encoder(vectors, mask)
        pooled = self.pooler(hidden)
        return hidden, pooled

# %% BertModel | a mask of ones where none is given, widened by hand
# style: Hugging Face
import torch
from torch import nn

from bert_parts.attention import padding_mask
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import BertEncoder
from bert_parts.pooler import BertPooler, NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else NoPooler()
        self.apply(self.initialize)

    def initialize(self, module):
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    def get_extended_attention_mask(self, attention_mask):
        return attention_mask[:, None, None, :].to(dtype=torch.bool)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        attention_mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        embedding_output = self.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
        sequence_output = self.encoder(embedding_output, self.get_extended_attention_mask(attention_mask))
        pooled_output = self.pooler(sequence_output)
        return (sequence_output, pooled_output)

# %% BertModel | one-liner with a walrus
# style: one-liners
import torch
from torch import nn

from bert_parts.attention import padding_mask
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import BertEncoder
from bert_parts.pooler import BertPooler, NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else NoPooler()
        self.apply(self.initialize)

    def initialize(self, module):
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        return (h := self.encoder(self.embeddings(input_ids, token_type_ids),
                                  None if attention_mask is None else (attention_mask == 1)[:, None, None])), self.pooler(h)

# %% BertModel | runs the layers itself, type hints
# style: loops and helpers
from typing import Optional, Tuple
import torch
from torch import nn

from bert_parts.attention import padding_mask
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import BertEncoder
from bert_parts.pooler import BertPooler, NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else NoPooler()
        self.apply(self.initialize)

    def initialize(self, module):
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    def forward(self, input_ids: "torch.Tensor", attention_mask: Optional["torch.Tensor"] = None,
                token_type_ids: Optional["torch.Tensor"] = None) -> Tuple["torch.Tensor", "torch.Tensor"]:
        mask = padding_mask(attention_mask) if attention_mask is not None else None
        x = self.embeddings(input_ids, token_type_ids)
        for block in self.encoder.layer:
            x = block(x, mask)
        return x, self.pooler(x)

# %% BertModel | a helper beside the class, and a namedtuple is given back
# style: from Keras
from collections import namedtuple

Outputs = namedtuple("Outputs", "hidden pooled")


def widened(attention_mask):
    if attention_mask is None:
        return None
    return attention_mask.bool().unsqueeze(1).unsqueeze(2)


import torch
from torch import nn

from bert_parts.attention import padding_mask
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import BertEncoder
from bert_parts.pooler import BertPooler, NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else NoPooler()
        self.apply(self.initialize)

    def initialize(self, module):
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        x = self.embeddings(input_ids, token_type_ids)
        hidden = self.encoder(x, widened(attention_mask))
        return Outputs(hidden=hidden, pooled=self.pooler(hidden))

# %% BertModel | the mask repeated for every query
# style: from NumPy
import torch
from torch import nn

from bert_parts.attention import padding_mask
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import BertEncoder
from bert_parts.pooler import BertPooler, NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else NoPooler()
        self.apply(self.initialize)

    def initialize(self, module):
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        B, T = input_ids.shape
        if attention_mask is None:
            mask = torch.full((B, 1, T, T), True)
        else:
            mask = (attention_mask != 0).reshape(B, 1, 1, T).expand(B, 1, T, T)
        hidden = self.encoder(self.embeddings(input_ids, token_type_ids), mask)
        return hidden, self.pooler(hidden)

# %% count_parameters | helper functions beside it
# style: loops and helpers
def linear(m, n):
    return m * n + n


def layer_norm(d):
    return d + d


def count_parameters(config):
    d, wide = config.hidden_size, config.intermediate_size
    counts = {"words": config.vocab_size * d, "positions and segments": layer_norm(d), "attention": 0, "feed-forward": 0}
    for rows in (config.max_position_embeddings, config.type_vocab_size):
        counts["positions and segments"] += rows * d
    for _ in range(config.num_hidden_layers):
        counts["attention"] += sum(linear(d, d) for _ in range(4)) + layer_norm(d)
        counts["feed-forward"] += linear(d, wide) + linear(wide, d) + layer_norm(d)
    counts["pooler"] = linear(d, d)
    return counts

# %% count_parameters | builds small modules and counts them
# style: careful beginner
from torch import nn


def count_parameters(config):
    def size(*modules):
        return sum(p.numel() for module in modules for p in module.parameters())

    d, i, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    norm = size(nn.LayerNorm(d))
    return {
        "words": config.vocab_size * d,
        "positions and segments": size(nn.Embedding(config.max_position_embeddings, d), nn.Embedding(config.type_vocab_size, d))
        + norm,
        "attention": layers * (4 * size(nn.Linear(d, d)) + norm),
        "feed-forward": layers * size(nn.Sequential(nn.Linear(d, i), nn.GELU(), nn.Linear(i, d), nn.LayerNorm(d))),
        "pooler": size(nn.Linear(d, d)),
    }

# %% count_parameters | multiplied out, from a local lambda
# style: one-liners
def count_parameters(config):
    c = config
    layers = lambda each: c.num_hidden_layers * each
    D, I = c.hidden_size, c.intermediate_size
    return dict(zip(
        ("words", "positions and segments", "attention", "feed-forward", "pooler"),
        (c.vocab_size * D, D * (c.max_position_embeddings + c.type_vocab_size + 2), layers(4 * D ** 2 + 6 * D),
         layers(2 * D * I + I + 3 * D), D ** 2 + D)))

# %% count_parameters | a module with random numbers is built from the config and its names are sorted into parts
# style: sums up a real model
from bert_parts import BertModel

PARTS = (("embeddings.word_embeddings", "words"), ("embeddings", "positions and segments"), ("attention", "attention"),
         ("pooler", "pooler"), ("encoder", "feed-forward"))


def count_parameters(config):
    counts = {part: 0 for part in ("words", "positions and segments", "attention", "feed-forward", "pooler")}
    for name, parameter in BertModel(config).named_parameters():
        part = next(part for piece, part in PARTS if piece in name)
        counts[part] += parameter.numel()
    return counts

# %% count_parameters | a table of shapes and math.prod
# style: from NumPy
from math import prod
from typing import Dict, List, Tuple

Shape = Tuple[int, ...]


def total(shapes: List[Shape], times: int = 1) -> int:
    return times * sum(map(prod, shapes))


def count_parameters(config) -> Dict[str, int]:
    D, W, L = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    norm: List[Shape] = [(D,), (D,)]
    square: List[Shape] = [(D, D), (D,)]
    return {
        "words": total([(config.vocab_size, D)]),
        "positions and segments": total([(config.max_position_embeddings, D), (config.type_vocab_size, D)] + norm),
        "attention": total(square * 4 + norm, L),
        "feed-forward": total([(D, W), (W,), (W, D), (D,)] + norm, L),
        "pooler": total(square),
    }

# %% count_parameters | a class of the learner's own does the arithmetic
# style: object-oriented, decorators
from functools import lru_cache


class Sizes:
    def __init__(self, config):
        self.c = config
        self.d = config.hidden_size

    def dense(self, m, n):
        return (m + 1) * n

    @property
    def norm(self):
        return 2 * self.d

    @property
    def layer(self):
        w = self.c.intermediate_size
        return (4 * self.dense(self.d, self.d) + self.norm, self.dense(self.d, w) + self.dense(w, self.d) + self.norm)


@lru_cache(maxsize=None)
def rows(config):
    return config.max_position_embeddings + config.type_vocab_size


def count_parameters(config):
    sizes = Sizes(config)
    attention, feed_forward = (part * config.num_hidden_layers for part in sizes.layer)
    return {"words": config.vocab_size * sizes.d, "positions and segments": rows(config) * sizes.d + sizes.norm,
            "attention": attention, "feed-forward": feed_forward, "pooler": sizes.dense(sizes.d, sizes.d)}

# %% BertPooler | a module of the learner's own beside it
# style: nanoGPT
import torch
import torch.nn as nn


class FirstToken(nn.Module):
    def forward(self, x):
        return x[:, 0]


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.select = FirstToken()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, x):
        return torch.tanh(self.dense(self.select(x)))

# %% BertPooler | a tensor beside it picks the place, a helper is chosen by an if
# style: from NumPy
import torch
from torch import nn

FIRST = torch.tensor([0])

if hasattr(torch, "take_along_dim"):
    def pick(hidden):
        return hidden.index_select(1, FIRST).squeeze(1)
else:
    def pick(hidden):
        return hidden[:, 0]


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        return self.dense(pick(hidden)).tanh()

# %% BertModel | a decorator of the learner's own, keyword arguments
# style: decorators
from functools import wraps


def with_wide_mask(forward):
    @wraps(forward)
    def inner(self, input_ids, attention_mask=None, token_type_ids=None):
        if attention_mask is not None:
            attention_mask = attention_mask.bool()[:, None, None, :]
        return forward(self, input_ids, attention_mask, token_type_ids)
    return inner



import torch
from torch import nn

from bert_parts.attention import padding_mask
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import BertEncoder
from bert_parts.pooler import BertPooler, NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else NoPooler()
        self.apply(self.initialize)

    def initialize(self, module):
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    @with_wide_mask
    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        hidden = self.encoder(self.embeddings(input_ids, token_type_ids), attention_mask)
        return hidden, self.pooler(hidden)

# %% count_parameters | dicts of tables beside it, and a nested function
# style: dicts
LAYER = {"attention": ["DD"] * 4, "feed-forward": ["DI", "ID"]}
ONCE = {"words": "V", "positions and segments": "PS"}


def count_parameters(config):
    size = dict(D=config.hidden_size, I=config.intermediate_size, V=config.vocab_size,
                P=config.max_position_embeddings, S=config.type_vocab_size)

    def numbers(maps):
        return sum((size[m] + 1) * size[n] for m, n in maps)

    counts = {part: sum(size[rows] for rows in tables) * size["D"] for part, tables in ONCE.items()}
    counts["positions and segments"] += 2 * size["D"]
    for part, maps in LAYER.items():
        counts[part] = config.num_hidden_layers * (numbers(maps) + 2 * size["D"])
    counts["pooler"] = numbers(["DD"])
    return counts


# %% BertPooler | a method with __call__ of a part that is named by a class attribute
# style: own way
import operator

from torch import nn


class BertPooler(nn.Module):
    first = staticmethod(operator.itemgetter((slice(None), 0)))

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(*2 * [config.hidden_size])

    def forward(self, hidden):
        return self.first(self.dense(hidden)).tanh_()


# %% BertModel | a nested class for the missing pooler, match with a pattern of a class
# style: own way
from torch import nn

from bert_parts.attention import padding_mask
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import BertEncoder
from bert_parts.pooler import BertPooler


class BertModel(nn.Module):
    class Nothing(nn.Module):
        def forward(self, hidden):
            return hidden[:, 0]

    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        for part, kind in {"embeddings": BertEmbeddings, "encoder": BertEncoder}.items():
            setattr(self, part, kind(config))
        self.pooler = (self.Nothing, lambda: BertPooler(config))[add_pooling_layer]()
        self.apply(self.initialize)

    def initialize(self, module):
        match module:
            case nn.Linear():
                module.weight.data.normal_(std=self.config.initializer_range)
                if module.bias is not None:
                    module.bias.data.zero_()
            case nn.Embedding(padding_idx=pad):
                module.weight.data.normal_(std=self.config.initializer_range)
                if pad is not None:
                    module.weight.data[pad] = 0

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        mask = attention_mask if attention_mask is None else padding_mask(attention_mask)
        return (hidden := self.encoder(self.embeddings(input_ids, token_type_ids), mask)), self.pooler(hidden)


# %% count_parameters | generators of sizes, chained
# style: own way
from itertools import chain, repeat


def count_parameters(config):
    D, F = config.hidden_size, config.intermediate_size

    def linear(a, b):
        yield from (a * b, b)

    def norm():
        yield from repeat(D, 2)

    attention = chain(*(linear(D, D) for _ in "qkvo"), norm())
    parts = {
        "words": (D * config.vocab_size,),
        "positions and segments": chain((D * rows for rows in (config.max_position_embeddings, config.type_vocab_size)), norm()),
        "attention": (config.num_hidden_layers * n for n in attention),
        "feed-forward": (config.num_hidden_layers * n for n in chain(linear(D, F), linear(F, D), norm())),
        "pooler": linear(D, D),
    }
    return {**{name: sum(numbers) for name, numbers in parts.items()}}
