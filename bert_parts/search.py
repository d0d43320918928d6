"""Search by meaning: sentences → vectors → the nearest ones."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from bert_parts.pooler import mean_pooling
from bert_parts.tokenizer import BertTokenizer


def most_tokens(model: nn.Module, tokenizer: BertTokenizer) -> int:
    """How many tokens of a text are read, special ones counted: as the checkpoint is made to, and as the model has positions."""
    return min(tokenizer.model_max_length or math.inf, model.config.max_position_embeddings)


def sentence_vectors(
    model: nn.Module, tokenizer: BertTokenizer, sentences: list[str], batch_size: int = 64
) -> Tensor:
    """One vector of length 1 for each sentence: the mean of its tokens' hidden states (Reimers & Gurevych 2019).

    Of a long text the first `most_tokens` are read: 256 for all-MiniLM-L6-v2. Sentences with like numbers of tokens share a
    batch, so that hardly any time goes into padding. Shows its progress if it takes long.

    Shapes:
        N sentences → (N, D)

    Raises:
        ValueError: there is no sentence.
    """
    if not sentences:
        raise ValueError("There are no sentences to make vectors of: give a list with at least one.")
    lengths = [len(tokenizer.ids(sentence)) for sentence in sentences]
    by_length = sorted(range(len(sentences)), key=lengths.__getitem__, reverse=True)     # later batches fit where earlier ones lay
    longest = most_tokens(model, tokenizer)
    vectors = torch.empty(len(sentences), model.config.hidden_size)
    batches = range(0, len(sentences), batch_size)
    for start in tqdm(batches, desc="reading", unit="batch", delay=1, leave=False):
        places = by_length[start : start + batch_size]
        batch = tokenizer([sentences[place] for place in places], max_length=longest)
        with torch.inference_mode():
            hidden, _ = model(batch["input_ids"], batch["attention_mask"])
            vectors[places] = F.normalize(mean_pooling(hidden, batch["attention_mask"]), dim=-1)
    return vectors


def nearest(vector: Tensor, vectors: Tensor, k: int = 5) -> list[tuple[int, float]]:
    """The k vectors with the largest cosine, and that cosine, the nearest first.

    Shapes:
        vector (D,), vectors (N, D), all of length 1 → k pairs of an index into vectors and a cosine
    """
    cosines, places = (vectors @ vector).topk(min(k, len(vectors)))
    return list(zip(places.tolist(), cosines.tolist(), strict=True))
