"""Notebook 06, as a learner might solve it from its text alone."""

import torch
from torch import nn

from bert_parts import BertEmbeddings, BertEncoder, padding_mask
from bert_parts.pooler import NoPooler


class BertPooler(nn.Module):
    """The first token's vector, [CLS] (Devlin et al. 2019, section 3),
    through the dense layer and tanh of their code.

    Shapes:
        hidden (B, T, D) → pooled (B, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        size = config.hidden_size
        self.dense = nn.Linear(size, size)

    def forward(self, hidden):
        cls_vector = hidden[:, 0, :]
        return torch.tanh(self.dense(cls_vector))


class BertModel(nn.Module):
    """Embeddings, encoder, pooler (Devlin et al. 2019, section 3).

    Shapes:
        input_ids (B, T) int64, attention_mask (B, T) of 0 and 1 (None: no padding),
        token_type_ids (B, T) int64 (None: all zeros) → hidden (B, T, D), pooled (B, D)
    """

    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.add_pooling_layer = add_pooling_layer
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else NoPooler()
        self.apply(self.initialize)

    def initialize(self, module):
        """Small normal weights and zero biases. (Google's own code cuts the normal off
        at two deviations; the paper is silent.)"""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        """The course's raises as the embeddings do; TypeError or ValueError for a wrong mask."""
        vectors = self.embeddings(input_ids, token_type_ids)
        mask = None
        if attention_mask is not None:
            mask = padding_mask(attention_mask)
        hidden = self.encoder(vectors, mask)
        pooled = self.pooler(hidden)
        return hidden, pooled


def count_parameters(config):
    """How many numbers there are to learn in a BertModel, part by part;
    together they are the whole model.

    Returns:
        "words": the table of words.
        "positions and segments": the other two tables, and the LayerNorm of the embeddings.
        "attention": in all layers, query, key, value, W^O and the LayerNorm after them.
        "feed-forward": in all layers, both its linear maps and the LayerNorm after them.
        "pooler": its linear map.
    """
    d = config.hidden_size
    wide = config.intermediate_size

    def table(rows):
        return rows * d

    def linear(m, n):
        return (m + 1) * n

    layer_norm = 2 * d
    return {
        "words": table(config.vocab_size),
        "positions and segments": table(config.max_position_embeddings) + table(config.type_vocab_size) + layer_norm,
        "attention": config.num_hidden_layers * (4 * linear(d, d) + layer_norm),
        "feed-forward": config.num_hidden_layers * (linear(d, wide) + linear(wide, d) + layer_norm),
        "pooler": linear(d, d),
    }
