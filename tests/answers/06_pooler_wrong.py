# %% BertPooler | the first B rows of all tokens, not the first of each text
# kind: missing
# style: from NumPy
# at: first = hidden.reshape(-1, d)[:b]
# kind: shape, number
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        b, t, d = hidden.shape
        first = hidden.reshape(-1, d)[:b]
        return self.dense(first).tanh()

# %% BertPooler | squeeze() also takes the batch away when it holds one text
# style: careful beginner
# at: cls_vector = hidden[:, 0:1, :].squeeze()
# kind: shape, argument
import torch
from torch import nn


class BertPooler(nn.Module):
    """The first token's vector, [CLS], through dense and tanh."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        cls_vector = hidden[:, 0:1, :].squeeze()
        projected = self.dense(cls_vector)
        pooled = torch.tanh(projected)
        return pooled

# %% BertPooler | tan for tanh
# style: hasty
# at: return torch.tan(self.dense(hidden[:, 0]))
# kind: name
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        return torch.tan(self.dense(hidden[:, 0]))

# %% BertPooler | the class nn.Tanh is kept, never made
# style: Hugging Face
# at: self.activation = nn.Tanh
# at: pooled_output = self.activation(pooled_output)
# kind: definition, missing
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = nn.Tanh

    def forward(self, hidden_states):
        first_token_tensor = hidden_states[:, 0]
        pooled_output = self.dense(first_token_tensor)
        pooled_output = self.activation(pooled_output)
        return pooled_output

# %% BertPooler | the tokens' sum is pooled, weighted by how well each fits the first
# kind: argument
# style: one-liners and einsum
# at: return self.dense(torch.einsum("bt,btd->bd", torch.einsum("btd,bd->bt", hidden, hidden[:, 0]).softmax(-1), hidden)).tanh()
# kind: extra
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.dense = config, nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        return self.dense(torch.einsum("bt,btd->bd", torch.einsum("btd,bd->bt", hidden, hidden[:, 0]).softmax(-1), hidden)).tanh()

# %% BertPooler | [CLS] is brought to length 1 first, as for a cosine
# style: loops and helpers
# at: first = F.normalize(first_token(hidden), dim=-1)
# kind: extra
import torch
from torch import nn
from torch.nn import functional as F


def first_token(hidden):
    return torch.stack([text[0] for text in hidden])


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        first = F.normalize(first_token(hidden), dim=-1)
        return torch.tanh(self.dense(first))

# %% BertPooler | writes the result into what it was given
# style: from NumPy
# at: hidden[:, 0] = self.dense(hidden[:, 0])
# kind: state
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        hidden[:, 0] = self.dense(hidden[:, 0])
        return torch.tanh(hidden[:, 0])

# %% BertPooler | the dense layer is used twice
# style: careful beginner
# at: return torch.tanh(self.dense(x))
# at: x = self.dense(x)
# kind: extra
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        x = hidden[:, 0, :]
        x = self.dense(x)
        return torch.tanh(self.dense(x))

# %% BertPooler | view in place of transpose, then the first column
# style: from Keras
# at: channels_first = hidden.reshape(batch, dim, steps)
# kind: shape
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        batch, steps, dim = hidden.shape
        channels_first = hidden.reshape(batch, dim, steps)
        return torch.tanh(self.dense(channels_first[:, :, 0]))

# %% BertPooler | a LayerNorm without weights after the tanh
# style: nanoGPT
# at: return F.layer_norm(x, x.shape[-1:])
# kind: extra
from torch import nn
from torch.nn import functional as F


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        x = self.dense(hidden[:, 0]).tanh()
        return F.layer_norm(x, x.shape[-1:])

# %% BertPooler | dropout before the dense layer
# style: from Keras
# at: cls = self.dropout(hidden[:, 0])
# at: self.dropout = nn.Dropout(config.hidden_dropout_prob)
# kind: extra
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        cls = self.dropout(hidden[:, 0])
        return torch.tanh(self.dense(cls))

# %% BertPooler | the tanh is NumPy's
# style: from NumPy
# at: pooled = np.tanh(self.dense(hidden[:, 0]).detach().numpy())
# kind: gradient, type
# known: gradient cut off
import numpy as np
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        pooled = np.tanh(self.dense(hidden[:, 0]).detach().numpy())
        return torch.from_numpy(pooled)

# %% BertPooler | [CLS] is divided by the root of the width, and the tanh comes before the dense layer
# style: hasty
# at: cls = hidden[:, 0] / hidden.size(-1) ** 0.5
# kind: scale, extra
# at2: return self.dense(torch.tanh(cls))
# kind2: order
# known: tanh first
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        cls = hidden[:, 0] / hidden.size(-1) ** 0.5
        return self.dense(torch.tanh(cls))

# %% BertPooler | no bias, and the tanh of half
# style: one-liners
# at: self.dense = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
# kind: argument, definition
# at2: self.squash = lambda x: torch.tanh(x / 2)
# kind2: scale
# known: no bias
import torch
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.squash = lambda x: torch.tanh(x / 2)

    def forward(self, hidden):
        return self.squash(self.dense(hidden[:, 0]))

# %% BertPooler | largest values instead of the first, and softmax for tanh
# style: from Keras
# at: pooled = hidden.amax(dim=1)
# kind: name, axis
# at2: return self.dense(pooled).softmax(dim=-1)
# kind2: name
# known: largest of the tokens
from torch import nn


class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        pooled = hidden.amax(dim=1)
        return self.dense(pooled).softmax(dim=-1)

# %% BertModel | the texts stand where the queries belong
# style: from NumPy
# at: mask = attention_mask.bool()[np.newaxis, np.newaxis, :, :]
# kind: axis, shape
import numpy as np
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
        mask = None
        if attention_mask is not None:
            mask = attention_mask.bool()[np.newaxis, np.newaxis, :, :]
        hidden = self.encoder(x, mask)
        return hidden, self.pooler(hidden)

# %% BertModel | a token may look at everything, padding only at padding
# style: Hugging Face
# at: mask = attention_mask[:, None, :, None] >= attention_mask[:, None, None, :]
# kind: condition, axis
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
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        embedding_output = self.embeddings(input_ids, token_type_ids)
        mask = attention_mask[:, None, :, None] >= attention_mask[:, None, None, :]
        sequence_output = self.encoder(embedding_output, mask)
        pooled_output = self.pooler(sequence_output)
        return sequence_output, pooled_output

# %% BertModel | hides the padding only where there is none
# style: hasty
# at: if attention_mask is not None and attention_mask.all():
# kind: condition, sign
# known: mask ignored
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
        mask = None
        if attention_mask is not None and attention_mask.all():
            mask = padding_mask(attention_mask)
        hidden = self.encoder(self.embeddings(input_ids, token_type_ids), mask)
        return hidden, self.pooler(hidden)

# %% BertModel | the first text's mask serves for all
# kind: extra
# style: loops and helpers
# at: return padding_mask(attention_mask)[0]
# kind: number, shape
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
        def wide_mask():
            if attention_mask is None:
                return None
            return padding_mask(attention_mask)[0]

        vectors = self.embeddings(input_ids, token_type_ids)
        states = self.encoder(vectors, wide_mask())
        return states, self.pooler(states)

# %% BertModel | each layer's input is added to its output once more
# style: nanoGPT
# at: x = x + block(x, mask)
# kind: extra
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

    def forward(self, idx, attention_mask=None, token_type_ids=None):
        x = self.embeddings(idx, token_type_ids)
        mask = None if attention_mask is None else padding_mask(attention_mask)
        for block in self.encoder.layer:
            x = x + block(x, mask)
        return x, self.pooler(x)

# %% BertModel | where no token types are given, the marks of the mask are taken for them
# style: from Keras
# at: token_type_ids = attention_mask
# kind: name
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
            token_type_ids = attention_mask
        x = self.embeddings(input_ids, token_type_ids)
        mask = padding_mask(attention_mask) if attention_mask is not None else None
        sequence = self.encoder(x, mask)
        return sequence, self.pooler(sequence)

# %% BertModel | the whole input is in segment 1 if nothing is said
# style: careful beginner
# at: token_type_ids = torch.ones_like(input_ids)
# kind: number, name
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
            token_type_ids = torch.ones_like(input_ids)
        if attention_mask is not None:
            mask = padding_mask(attention_mask)
        else:
            mask = None
        embedded = self.embeddings(input_ids, token_type_ids)
        hidden = self.encoder(embedded, mask)
        pooled = self.pooler(hidden)
        return hidden, pooled

# %% BertModel | switches itself to evaluation, so dropout never comes
# style: careful beginner
# at: self.eval()
# kind: state, extra
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
        self.eval()
        x = self.embeddings(input_ids, token_type_ids)
        mask = None if attention_mask is None else padding_mask(attention_mask)
        hidden = self.encoder(x, mask)
        pooled = self.pooler(hidden)
        return hidden, pooled

# %% BertModel | the pooler learns, but nothing below it hears of that
# style: one-liners
# at: return (hidden := self.encoder(self.embeddings(input_ids, token_type_ids), mask)), self.pooler(hidden.detach())
# kind: gradient
# known: gradient cut off
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
        mask = attention_mask if attention_mask is None else padding_mask(attention_mask)
        return (hidden := self.encoder(self.embeddings(input_ids, token_type_ids), mask)), self.pooler(hidden.detach())

# %% BertModel | counts the layers from 1
# style: loops and helpers
# at: for number in range(1, self.config.num_hidden_layers):
# kind: number, condition
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
        mask = None
        if attention_mask is not None:
            mask = padding_mask(attention_mask)
        for number in range(1, self.config.num_hidden_layers):
            x = self.encoder.layer[number](x, mask)
        return x, self.pooler(x)

# %% BertModel | dropout on the pooled vectors, as before a classifier
# style: Hugging Face
# at: pooled_output = nn.functional.dropout(pooled_output, self.config.hidden_dropout_prob, self.training)
# kind: extra
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
        mask = None if attention_mask is None else padding_mask(attention_mask)
        sequence_output = self.encoder(self.embeddings(input_ids, token_type_ids), mask)
        pooled_output = self.pooler(sequence_output)
        pooled_output = nn.functional.dropout(pooled_output, self.config.hidden_dropout_prob, self.training)
        return sequence_output, pooled_output

# %% BertModel | the pooler is given the mean, and the mask is turned round
# style: loops and helpers
# at: mask = ~padding_mask(attention_mask)
# kind: sign
# at2: mean = hidden.mean(dim=1, keepdim=True)
# at2: pooled = self.pooler(mean)
# kind2: extra, argument
# known: mask inverted
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
        if attention_mask is None:
            mask = None
        else:
            mask = ~padding_mask(attention_mask)
        hidden = self.encoder(x, mask)
        mean = hidden.mean(dim=1, keepdim=True)
        pooled = self.pooler(mean)
        return hidden, pooled

# %% BertModel | the encoder runs twice, and the answers are exchanged
# style: hasty
# at: x = self.encoder(self.encoder(x, mask), mask)
# kind: extra
# at2: return self.pooler(x), x
# kind2: order, return
# known: order exchanged
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
        mask = padding_mask(attention_mask) if attention_mask is not None else None
        x = self.encoder(self.encoder(x, mask), mask)
        return self.pooler(x), x

# %% BertModel | token types always 0, and everything is hidden when no mask is given
# style: from Keras
# at: attention_mask = torch.zeros_like(input_ids)
# kind: number, name
# at2: x = self.embeddings(input_ids, torch.zeros_like(input_ids))
# kind2: argument, name
# known: segments dropped
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
        if attention_mask is None:
            attention_mask = torch.zeros_like(input_ids)
        x = self.embeddings(input_ids, torch.zeros_like(input_ids))
        hidden = self.encoder(x, padding_mask(attention_mask))
        return hidden, self.pooler(hidden)

# %% count_parameters | only the first map of the feed-forward is multiplied by the layers
# style: one-liners
# at: "feed-forward": L * (D + 1) * I + (I + 1) * D + 2 * D,
# kind: order, operator, missing
def count_parameters(config):
    D, I, L = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    return {
        "words": config.vocab_size * D,
        "positions and segments": (config.max_position_embeddings + config.type_vocab_size) * D + 2 * D,
        "attention": L * (4 * (D + 1) * D + 2 * D),
        "feed-forward": L * (D + 1) * I + (I + 1) * D + 2 * D,
        "pooler": (D + 1) * D,
    }

# %% count_parameters | the norm of the feed-forward is as wide as the inside
# style: loops and helpers
# at: feed_forward += linear(D, I) + linear(I, D) + norm(I)
# kind: name, argument
def linear(m, n):
    return (m + 1) * n


def norm(size):
    return 2 * size


def count_parameters(config):
    D = config.hidden_size
    I = config.intermediate_size
    attention = 0
    feed_forward = 0
    for _ in range(config.num_hidden_layers):
        for _ in ("query", "key", "value", "W^O"):
            attention += linear(D, D)
        attention += norm(D)
        feed_forward += linear(D, I) + linear(I, D) + norm(I)
    rows = config.max_position_embeddings + config.type_vocab_size
    return {"words": config.vocab_size * D,
            "positions and segments": rows * D + norm(D),
            "attention": attention,
            "feed-forward": feed_forward,
            "pooler": linear(D, D)}

# %% count_parameters | positions times segments
# style: hasty
# at: "positions and segments": config.max_position_embeddings * config.type_vocab_size * d + 2 * d,
# kind: operator
def count_parameters(config):
    d = config.hidden_size
    i = config.intermediate_size
    n = config.num_hidden_layers
    return {
        "words": config.vocab_size * d,
        "positions and segments": config.max_position_embeddings * config.type_vocab_size * d + 2 * d,
        "attention": n * (4 * (d * d + d) + 2 * d),
        "feed-forward": n * (d * i + i + i * d + d + 2 * d),
        "pooler": d * d + d,
    }

# %% count_parameters | the row of the padding token is left out
# style: careful beginner
# at: words = (config.vocab_size - 1) * width
# kind: extra
# kind: number
def count_parameters(config):
    width = config.hidden_size
    inner = config.intermediate_size
    layers = config.num_hidden_layers
    layer_norm = 2 * width

    # the row of [PAD] is always zero, nothing to learn
    words = (config.vocab_size - 1) * width
    positions = config.max_position_embeddings * width
    segments = config.type_vocab_size * width

    one_map = (width + 1) * width
    attention = layers * (4 * one_map + layer_norm)
    feed_forward = layers * ((width + 1) * inner + (inner + 1) * width + layer_norm)
    return {
        "words": words,
        "positions and segments": positions + segments + layer_norm,
        "attention": attention,
        "feed-forward": feed_forward,
        "pooler": one_map,
    }

# %% count_parameters | query, key and value are as narrow as one head
# style: one who has read the paper
# at: per_head = config.hidden_size // config.num_attention_heads
# at: qkv = 3 * (hidden + 1) * per_head
# kind: number, scale, missing
def count_parameters(config):
    hidden = config.hidden_size
    per_head = config.hidden_size // config.num_attention_heads
    qkv = 3 * (hidden + 1) * per_head
    wo = (hidden + 1) * hidden
    ln = hidden + hidden
    ffn = hidden * config.intermediate_size + config.intermediate_size
    ffn += config.intermediate_size * hidden + hidden
    return dict([
        ("words", config.vocab_size * hidden),
        ("positions and segments", (config.max_position_embeddings + config.type_vocab_size + 2) * hidden),
        ("attention", config.num_hidden_layers * (qkv + wo + ln)),
        ("feed-forward", config.num_hidden_layers * (ffn + ln)),
        ("pooler", wo),
    ])

# %% count_parameters | the biases of the feed-forward are exchanged
# style: from NumPy
# at: ffn = d * f + d + f * d + d + 2 * d
# kind: name
import numpy as np


def count_parameters(config):
    d, f, n = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    rows = np.array([config.vocab_size, config.max_position_embeddings, config.type_vocab_size])
    tables = (rows * d).tolist()
    attn = 4 * (d * d + d) + 2 * d
    ffn = d * f + d + f * d + d + 2 * d
    return {"words": tables[0], "positions and segments": sum(tables[1:]) + 2 * d,
            "attention": n * attn, "feed-forward": n * ffn, "pooler": d * d + d}

# %% count_parameters | a comma too much makes a count a tuple
# style: hasty
# at: pooler = (d + 1) * d,
# kind: type
def count_parameters(config):
    d = config.hidden_size
    words = config.vocab_size * d
    other = (config.max_position_embeddings + config.type_vocab_size + 2) * d
    attention = config.num_hidden_layers * (4 * (d + 1) * d + 2 * d)
    feed_forward = config.num_hidden_layers * ((d + 1) * config.intermediate_size
                                               + (config.intermediate_size + 1) * d + 2 * d)
    pooler = (d + 1) * d,
    return {"words": words, "positions and segments": other, "attention": attention,
            "feed-forward": feed_forward, "pooler": pooler}

# %% count_parameters | what is added up is not set back for the second part
# style: loops and helpers
# at: count += (hidden + 1) * inner + (inner + 1) * hidden + 2 * hidden
# at: counts["attention"] = count
# kind: missing, state
def count_parameters(config):
    hidden, inner = config.hidden_size, config.intermediate_size
    counts = {}
    counts["words"] = config.vocab_size * hidden
    counts["positions and segments"] = (config.max_position_embeddings + config.type_vocab_size) * hidden + 2 * hidden
    count = 0
    for layer in range(config.num_hidden_layers):
        count += 4 * (hidden + 1) * hidden + 2 * hidden
    counts["attention"] = count
    for layer in range(config.num_hidden_layers):
        count += (hidden + 1) * inner + (inner + 1) * hidden + 2 * hidden
    counts["feed-forward"] = count
    counts["pooler"] = (hidden + 1) * hidden
    return counts

# %% count_parameters | counts the layers from 1 and stops one too early
# style: loops and helpers
# at: for layer in range(1, config.num_hidden_layers):
# kind: number, condition
def count_parameters(config):
    d, i = config.hidden_size, config.intermediate_size
    result = {"words": config.vocab_size * d, "positions and segments": 0, "attention": 0, "feed-forward": 0, "pooler": 0}
    result["positions and segments"] = d * (config.max_position_embeddings + config.type_vocab_size) + 2 * d
    for layer in range(1, config.num_hidden_layers):
        result["attention"] += 4 * (d * d + d) + 2 * d
        result["feed-forward"] += d * i + i + i * d + d + 2 * d
    result["pooler"] = d * d + d
    return result

# %% count_parameters | the norm has a weight only, and the tables have a number more in each row
# style: from Keras
# at: def layer_norm(units): return units
# kind: missing, scale
# at2: def embedding(rows, units): return rows * units + rows
# kind2: extra
# known: LayerNorm without bias
def count_parameters(config):
    def dense(inputs, units): return (inputs + 1) * units
    def layer_norm(units): return units
    def embedding(rows, units): return rows * units + rows

    d, f, n = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    return {
        "words": embedding(config.vocab_size, d),
        "positions and segments": embedding(config.max_position_embeddings, d) + embedding(config.type_vocab_size, d)
        + layer_norm(d),
        "attention": n * (4 * dense(d, d) + layer_norm(d)),
        "feed-forward": n * (dense(d, f) + dense(f, d) + layer_norm(d)),
        "pooler": dense(d, d),
    }

# %% count_parameters | four maps together have one bias, and the pooler is as wide as the feed-forward
# style: one-liners
# at: attention=lambda d, i, n: n * (4 * d * d + d + 2 * d),
# kind: scale, order, number
# at2: pooler=lambda d, i, n: d * i + i)
# kind2: name
def count_parameters(config):
    rules = dict(
        attention=lambda d, i, n: n * (4 * d * d + d + 2 * d),
        words=lambda d, i, n: config.vocab_size * d,
        pooler=lambda d, i, n: d * i + i)
    rules["feed-forward"] = lambda d, i, n: n * (2 * d * i + i + d + 2 * d)
    rules["positions and segments"] = lambda d, i, n: (config.max_position_embeddings + config.type_vocab_size + 2) * d
    return {part: rule(config.hidden_size, config.intermediate_size, config.num_hidden_layers)
            for part, rule in rules.items()}
