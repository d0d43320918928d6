"""A small, exact BERT, part by part."""

from bert_parts.attention import MultiHeadAttention, attention_weights, causal_mask, padding_mask
from bert_parts.checkpoint import load_pretrained, save_pretrained
from bert_parts.config import BertConfig
from bert_parts.datasets import movie_reviews
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import AddAndNorm, BertAttention, BertEncoder, BertIntermediate, BertLayer
from bert_parts.model import BertModel
from bert_parts.pooler import BertPooler, mean_pooling
from bert_parts.tokenizer import BertTokenizer

__all__ = [
    "AddAndNorm",
    "BertAttention",
    "BertConfig",
    "BertEmbeddings",
    "BertEncoder",
    "BertIntermediate",
    "BertLayer",
    "BertModel",
    "BertPooler",
    "BertTokenizer",
    "MultiHeadAttention",
    "attention_weights",
    "causal_mask",
    "load_pretrained",
    "mean_pooling",
    "movie_reviews",
    "padding_mask",
    "save_pretrained",
]
