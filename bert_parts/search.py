"""Search by meaning: sentences → vectors → the nearest ones."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.pooler import mean_pooling
from bert_parts.reading import most_tokens, read_in_batches
from bert_parts.tokenizer import BertTokenizer


def sentence_vectors(
    model: nn.Module, tokenizer: BertTokenizer, sentences: list[str], batch_size: int = 64
) -> Tensor:
    """One vector of length 1 for each sentence: the mean of its tokens' hidden states (Reimers & Gurevych 2019).

    They are made where the model is, and come back to the CPU. Of a long text the first `most_tokens` are read: 256 for
    all-MiniLM-L6-v2.

    Shapes:
        N sentences → (N, D)

    Raises:
        ValueError: there is no sentence.
    """
    if not sentences:
        raise ValueError("There are no sentences to make vectors of: give a list with at least one.")
    longest = most_tokens(model, tokenizer)

    def batch_of(places: list[int]) -> dict[str, Tensor]:
        return tokenizer([sentences[place] for place in places], max_length=longest)

    def read(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        hidden, _ = model(batch["input_ids"], batch["attention_mask"])
        return F.normalize(mean_pooling(hidden, batch["attention_mask"]), dim=-1)     # (B, D)

    vectors = torch.empty(len(sentences), model.config.hidden_size)
    lengths = [len(tokenizer.ids(sentence)) for sentence in sentences]
    for places, made in read_in_batches(model, batch_of, read, lengths, batch_size):
        vectors[places] = made.float()     # of half the digits, within torch.autocast
    return vectors


def nearest(vector: Tensor, vectors: Tensor, k: int = 5) -> list[tuple[int, float]]:
    """The k vectors with the largest cosine, and that cosine, the nearest first.

    Shapes:
        vector (D,), vectors (N, D), all of length 1 → k pairs of an index into vectors and a cosine
    """
    cosines, places = (vectors @ vector).topk(min(k, len(vectors)))
    return list(zip(places.tolist(), cosines.tolist(), strict=True))
