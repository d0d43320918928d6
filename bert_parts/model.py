"""The parts put together."""

import warnings

import torch
from torch import Tensor, nn

from bert_parts.attention import padding_mask
from bert_parts.config import BertConfig
from bert_parts.devices import may_be_read
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import BertEncoder
from bert_parts.pooler import BertPooler, NoPooler


class BertModel(nn.Module):
    """Embeddings, encoder, pooler (Devlin et al. 2019, section 3).

    Shapes:
        input_ids (B, T) int64, attention_mask (B, T) of 0 and 1 (None: no padding),
        token_type_ids (B, T) int64 (None: all zeros) → hidden (B, T, D), pooled (B, D)
    """

    def __init__(self, config: BertConfig, add_pooling_layer: bool = True):
        super().__init__()
        self.config, self.add_pooling_layer = config, add_pooling_layer
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config) if add_pooling_layer else NoPooler()
        self.apply(self.initialize)

    def initialize(self, module: nn.Module):
        """Small normal weights and zero biases. (Google's own code cuts the normal off
        at two deviations; the paper is silent.)"""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The course's raises as the embeddings do; TypeError or ValueError for a wrong mask."""
        x = self.embeddings(input_ids, token_type_ids)     # (B, T, D)
        if attention_mask is None:
            warn_of_padding(input_ids, self.config.pad_token_id)
        else:
            check_attention_mask(attention_mask, input_ids.shape)
        if attention_mask is None or (may_be_read(attention_mask) and attention_mask.all()):
            mask = None     # nothing to hide: attention is faster without a mask
        else:
            mask = padding_mask(attention_mask)     # (B, 1, 1, T)
        hidden = self.encoder(x, mask)
        return hidden, self.pooler(hidden)


def warn_of_padding(input_ids: Tensor, pad_token_id: int):
    """Warn, once in a program, if a text begins or ends in [PAD] and there is no mask to hide it, as transformers does.

    It is no error, since without a mask every id is a token, [PAD] too, and a model may be asked about that token.
    """
    if may_be_read(input_ids) and (input_ids[:, [0, -1]] == pad_token_id).any():
        warnings.warn(
            "input_ids hold padding, and there is no attention_mask: the padding is read like words, and changes the vectors of "
            "all the others. Give the attention_mask that the tokenizer makes.",
            stacklevel=1,
        )


def check_attention_mask(attention_mask: Tensor, shape: tuple):
    """One 0 or 1 (or False or True) for every token, and at least one token in every text."""
    if not isinstance(attention_mask, Tensor) or attention_mask.dtype not in (torch.bool, torch.int64, torch.int32):
        is_tensor = isinstance(attention_mask, Tensor)
        given = f"a tensor of {attention_mask.dtype}" if is_tensor else type(attention_mask).__name__
        raise TypeError(f"attention_mask is {given}, where whole numbers 0 and 1, or booleans, are expected.")
    if attention_mask.shape != shape:
        raise ValueError(
            f"attention_mask has shape {tuple(attention_mask.shape)}, where one mark for each token, "
            f"{tuple(shape)}, is expected."
        )
    if not may_be_read(attention_mask):
        return
    if not ((attention_mask == 0) | (attention_mask == 1)).all():
        raise ValueError("attention_mask holds values other than 0 and 1: give 1 for a token and 0 for padding.")
    empty = (~attention_mask.bool().any(dim=1)).nonzero().flatten()
    if len(empty):
        raise ValueError(f"attention_mask leaves text {int(empty[0])} with no token to attend to: give it at least one 1.")


def count_parameters(config: BertConfig) -> dict[str, int]:
    """How many numbers there are to learn in a BertModel, part by part;
    together they are the whole model.

    Returns:
        "words": the table of words.
        "positions and segments": the other two tables, and the LayerNorm of the embeddings.
        "attention": in all layers, query, key, value, W^O and the LayerNorm after them.
        "feed-forward": in all layers, both its linear maps and the LayerNorm after them.
        "pooler": its linear map.
    """
    width, wide, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    norm = 2 * width     # a weight and a bias for each column
    return {
        "words": config.vocab_size * width,
        "positions and segments": (config.max_position_embeddings + config.type_vocab_size) * width + norm,
        "attention": layers * (4 * (width + 1) * width + norm),     # + 1: the bias
        "feed-forward": layers * ((width + 1) * wide + (wide + 1) * width + norm),
        "pooler": (width + 1) * width,
    }
