"""A small, exact BERT, part by part."""

from bert_parts.attention import MultiHeadAttention, attention_weights, causal_mask, padding_mask
from bert_parts.checkpoint import load_pretrained, save_pretrained
from bert_parts.config import BertConfig
from bert_parts.datasets import addresses, articles, movie_reviews, passages, span_questions, yes_no_questions
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import AddAndNorm, BertAttention, BertEncoder, BertIntermediate, BertLayer, head_contributions
from bert_parts.heads import (
    BertForMaskedLM,
    BertForNextSentencePrediction,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
)
from bert_parts.model import BertModel
from bert_parts.pooler import BertPooler, mean_pooling
from bert_parts.tokenizer import BertTokenizer
from bert_parts.transformer import (
    Decoder,
    DecoderLayer,
    TransformerModel,
    beam_decode,
    depends_on,
    greedy_decode,
    sequence_log_prob,
    shift_right,
    sinusoidal_positions,
)
from bert_parts.wordpiece import train_wordpiece

__all__ = [
    "AddAndNorm",
    "BertAttention",
    "BertConfig",
    "BertEmbeddings",
    "BertEncoder",
    "BertForMaskedLM",
    "BertForNextSentencePrediction",
    "BertForPreTraining",
    "BertForQuestionAnswering",
    "BertForSequenceClassification",
    "BertForTokenClassification",
    "BertIntermediate",
    "BertLayer",
    "BertModel",
    "BertPooler",
    "BertTokenizer",
    "Decoder",
    "DecoderLayer",
    "MultiHeadAttention",
    "TransformerModel",
    "addresses",
    "articles",
    "attention_weights",
    "beam_decode",
    "causal_mask",
    "depends_on",
    "greedy_decode",
    "head_contributions",
    "load_pretrained",
    "mean_pooling",
    "movie_reviews",
    "padding_mask",
    "passages",
    "save_pretrained",
    "sequence_log_prob",
    "shift_right",
    "sinusoidal_positions",
    "span_questions",
    "train_wordpiece",
    "yes_no_questions",
]
