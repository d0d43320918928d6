# %% BertPooler | tanh first, dense layer after it
# style: one-liner
# at: return self.dense(hidden[:, 0].tanh())
# kind: order
# known: tanh first
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        return self.dense(hidden[:, 0].tanh())

# %% BertPooler | dense is a Sequential, so that its weights have other names
# style: Keras
# at: self.dense = nn.Sequential(nn.Linear(size, size), nn.Tanh())
# kind: definition, name
import torch.nn as nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        size = config.hidden_size
        self.dense = nn.Sequential(nn.Linear(size, size), nn.Tanh())

    def forward(self, hidden):
        cls = hidden[:, 0, :]
        return self.dense(cls)

# %% BertPooler | drops out on the way
# style: used to classifiers
# at: first = self.dropout(first)
# at: self.dropout = nn.Dropout(config.hidden_dropout_prob)
# kind: extra, definition
# kind: return
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, hidden):
        first = hidden.select(1, 0)
        first = self.dropout(first)
        return torch.tanh(self.dense(first))

# %% BertPooler | clips at −1 and 1 instead of bending
# kind: missing
# at: z = self.dense(hidden[:, 0])
# style: NumPy thinker
# at: return torch.clip(z, -1.0, 1.0)
# kind: operator
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        D = config.hidden_size
        self.config, self.dense = config, nn.Linear(D, D)

    def forward(self, hidden):
        z = self.dense(hidden[:, 0])
        # any number into the range from -1 to 1
        return torch.clip(z, -1.0, 1.0)

# %% BertPooler | no bias, and the largest of all tokens instead of the first
# style: took "pooling" literally
# at: self.dense = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
# kind: definition, argument, missing
# at2: strongest = hidden.max(dim=1).values
# kind2: operator, name
# known: largest of the tokens
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def forward(self, hidden):
        strongest = hidden.max(dim=1).values
        return torch.tanh(self.dense(strongest))

# %% BertModel | without a mask, all [PAD] ids are hidden
# style: wants to help
# at: attention_mask = input_ids != self.config.pad_token_id
# kind: extra, condition, operator
# known: padding guessed when there is no mask
from torch import nn

from bert_parts import BertEmbeddings, BertEncoder, BertPooler, padding_mask
from bert_parts.pooler import NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config, self.add_pooling_layer = config, add_pooling_layer
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
        if attention_mask is None:
            attention_mask = input_ids != self.config.pad_token_id
        vectors = self.embeddings(input_ids, token_type_ids)
        vectors = self.encoder(vectors, padding_mask(attention_mask))
        return vectors, self.pooler(vectors)

# %% BertModel | sets the hidden states of the padding to 0
# style: tidy
# at: hidden = hidden * attention_mask[:, :, None]
# kind: extra, operator
from torch import nn

from bert_parts import BertEmbeddings, BertEncoder, BertPooler, padding_mask
from bert_parts.pooler import NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config, self.add_pooling_layer = config, add_pooling_layer
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
        emb = self.embeddings(input_ids, token_type_ids)
        if attention_mask is None:
            hidden = self.encoder(emb)
        else:
            hidden = self.encoder(emb, padding_mask(attention_mask))
            hidden = hidden * attention_mask[:, :, None]
        return hidden, self.pooler(hidden)

# %% BertModel | None for the pooled vectors where there is no pooling layer
# style: Hugging Face
# at: pooled_output = self.pooler(sequence_output) if self.add_pooling_layer else None
# kind: condition, extra, return
from torch import nn

from bert_parts import BertEmbeddings, BertEncoder, BertPooler, padding_mask
from bert_parts.pooler import NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config, self.add_pooling_layer = config, add_pooling_layer
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
        extended_mask = padding_mask(attention_mask) if attention_mask is not None else None
        embedding_output = self.embeddings(input_ids, token_type_ids)
        sequence_output = self.encoder(embedding_output, extended_mask)
        pooled_output = self.pooler(sequence_output) if self.add_pooling_layer else None
        return sequence_output, pooled_output

# %% BertModel | for the pooler the encoder runs a second time, without the mask
# style: one-liners
# at: return self.encoder(x, mask), self.pooler(self.encoder(x))
# kind: missing, argument, extra
from torch import nn

from bert_parts import BertEmbeddings, BertEncoder, BertPooler, padding_mask
from bert_parts.pooler import NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config, self.add_pooling_layer = config, add_pooling_layer
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
        x, mask = self.embeddings(input_ids, token_type_ids), None
        if attention_mask is not None:
            mask = padding_mask(attention_mask)
        return self.encoder(x, mask), self.pooler(self.encoder(x))

# %% BertModel | embeddings without gradient, and the pooler reads the embeddings
# style: careful beginner
# at: with torch.no_grad():
# kind: gradient, extra
# at2: pooled = self.pooler(looked_up)
# kind2: name, argument
# known: pooled embeddings
import torch
from torch import nn

from bert_parts import BertEmbeddings, BertEncoder, BertPooler, padding_mask
from bert_parts.pooler import NoPooler


class BertModel(nn.Module):
    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config, self.add_pooling_layer = config, add_pooling_layer
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
        with torch.no_grad():
            looked_up = self.embeddings(input_ids, token_type_ids)
        mask = None
        if attention_mask is not None:
            mask = padding_mask(attention_mask)
        hidden = self.encoder(looked_up, mask)
        pooled = self.pooler(looked_up)
        return hidden, pooled

# %% count_parameters | builds the model and asks the names, and "output" is in the attention's, too
# style: lets the computer count
# at: if "intermediate" in name or "output" in name:
# kind: condition, order, missing
from bert_parts import BertModel


def count_parameters(config):
    count = {"words": 0, "positions and segments": 0, "attention": 0, "feed-forward": 0, "pooler": 0}
    for name, numbers in BertModel(config).named_parameters():
        if "word_embeddings" in name:
            count["words"] += numbers.numel()
        elif name.startswith("embeddings."):
            count["positions and segments"] += numbers.numel()
        if "attention" in name:
            count["attention"] += numbers.numel()
        if "intermediate" in name or "output" in name:
            count["feed-forward"] += numbers.numel()
        if name.startswith("pooler"):
            count["pooler"] += numbers.numel()
    return count

# %% count_parameters | the wide layer is always four times as wide
# style: remembers BERT-base
# at: wide = 4 * D
# kind: number, name, scale
# known: wide layer taken as 4 D
def count_parameters(config):
    D = config.hidden_size
    wide = 4 * D
    L = config.num_hidden_layers
    attention = 4 * (D * D + D) + 2 * D
    feed_forward = (D * wide + wide) + (wide * D + D) + 2 * D
    return {
        "words": config.vocab_size * D,
        "positions and segments": config.max_position_embeddings * D + config.type_vocab_size * D + 2 * D,
        "attention": L * attention,
        "feed-forward": L * feed_forward,
        "pooler": D * D + D,
    }

# %% count_parameters | the feed-forward's LayerNorm counted once, not in each layer
# style: helpers
# at: "feed-forward": n * (dense(d, w) + dense(w, d)) + norm(d),
# kind: scale, order, operator
# known: LayerNorm of the feed-forward in one layer
def dense(inputs, outputs):
    return inputs * outputs + outputs


def norm(size):
    return size + size


def count_parameters(config):
    d, w, n = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    return {
        "words": config.vocab_size * d,
        "positions and segments": d * (config.max_position_embeddings + config.type_vocab_size) + norm(d),
        "attention": n * (4 * dense(d, d) + norm(d)),
        "feed-forward": n * (dense(d, w) + dense(w, d)) + norm(d),
        "pooler": dense(d, d),
    }

# %% count_parameters | leaves out the row of [PAD], since it never learns
# style: thinks too far
# at: rows = config.vocab_size - 1     # the row of [PAD] is never trained
# kind: number, extra
def count_parameters(config):
    h, i = config.hidden_size, config.intermediate_size
    layers = config.num_hidden_layers
    rows = config.vocab_size - 1     # the row of [PAD] is never trained
    result = {}
    result["words"] = rows * h
    result["positions and segments"] = (config.max_position_embeddings + config.type_vocab_size + 2) * h
    result["attention"] = (4 * h * h + 6 * h) * layers
    result["feed-forward"] = (2 * h * i + i + 3 * h) * layers
    result["pooler"] = h * (h + 1)
    return result

# %% count_parameters | brackets forgotten around the rows, and both biases of the feed-forward are wide
# style: hasty
# at: "positions and segments": c.max_position_embeddings + c.type_vocab_size * d + 2 * d,
# kind: order, operator, missing
# at2: "feed-forward": (2 * (d + 1) * c.intermediate_size + 2 * d) * c.num_hidden_layers,
# kind2: number, name, order, operator
# known: the same map twice
def count_parameters(config):
    c, d = config, config.hidden_size
    square = d ** 2 + d
    return {
        "words": c.vocab_size * d,
        "positions and segments": c.max_position_embeddings + c.type_vocab_size * d + 2 * d,
        "attention": (4 * square + 2 * d) * c.num_hidden_layers,
        "feed-forward": (2 * (d + 1) * c.intermediate_size + 2 * d) * c.num_hidden_layers,
        "pooler": square,
    }
