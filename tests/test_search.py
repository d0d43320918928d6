"""Sentence vectors against sentence-transformers' own, and the nearest ones."""

import pytest
import torch
from sentence_transformers import SentenceTransformer

from bert_parts import BertForSequenceClassification, load_pretrained, mean_pooling, movie_reviews, passages
from bert_parts.checkpoint import find_checkpoint
from bert_parts.reading import most_tokens
from bert_parts.search import nearest, sentence_vectors
from bert_parts.tasks.sentiment import label_scores


def test_sentence_vectors_against_sentence_transformers():
    sentences = [review.text for review in movie_reviews()[::150]]
    ours = sentence_vectors(*load_pretrained(), sentences, batch_size=16)
    oracle = SentenceTransformer(str(find_checkpoint("all-MiniLM-L6-v2")), device="cpu", local_files_only=True)
    theirs = oracle.encode(sentences, convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False)
    torch.testing.assert_close(ours, theirs.cpu(), atol=1e-5, rtol=0)


def test_long_passages_against_sentence_transformers():
    """What is read of a text is what the checkpoint's own file says, 256 tokens."""
    model, tokenizer = load_pretrained()
    texts = [passage.text for passage in passages()[::10] if len(tokenizer.ids(passage.text)) > 300][:12]
    assert len(texts) == 12 and most_tokens(model, tokenizer) == 256
    oracle = SentenceTransformer(str(find_checkpoint("all-MiniLM-L6-v2")), device="cpu", local_files_only=True)
    theirs = oracle.encode(texts, convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False).cpu()
    assert (sentence_vectors(model, tokenizer, texts) * theirs).sum(dim=1).min() >= 0.9999
    tokenizer.model_max_length = 128
    assert (sentence_vectors(model, tokenizer, texts) * theirs).sum(dim=1).min() < 0.98


def test_mean_pooling_by_hand():
    hidden = torch.tensor([[[1.0], [3.0], [100.0]], [[2.0], [4.0], [6.0]]])
    marks = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert mean_pooling(hidden, marks).tolist() == [[2.0], [4.0]]


def test_nearest():
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    assert [place for place, _ in nearest(torch.tensor([1.0, 0.0]), vectors, k=9)] == [0, 2, 1]


def test_no_sentences():
    with pytest.raises(ValueError, match="no sentences"):
        sentence_vectors(*load_pretrained(), [])


def test_vectors_and_labels_within_autocast():
    """In bfloat16 a head gives bfloat16; what is gathered is float32 and near."""
    model, tokenizer = load_pretrained()
    texts = ["A gem of a film.", "Two hours that nobody gives me back.", "Good!"]
    torch.manual_seed(0)
    judge = BertForSequenceClassification(model.config, num_labels=2)
    exact = sentence_vectors(model, tokenizer, texts), label_scores(judge, tokenizer, texts)
    with torch.autocast("cpu", torch.bfloat16):
        found = sentence_vectors(model, tokenizer, texts), label_scores(judge, tokenizer, texts)
    for one, other in zip(found, exact, strict=True):
        assert one.dtype == torch.float32 and torch.allclose(one, other, atol=0.05)
