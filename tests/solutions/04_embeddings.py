"""The exercises of notebook 04, as someone might solve them who has read nothing but the notebook."""

import torch
from torch import nn


def nearest_words(word, tokens, vectors, k=5):
    """The k other tokens whose vectors point most nearly the same way, each with its cosine,
    the nearest first.

    Shapes:
        V tokens, vectors (V, D), one for each → k pairs of a token and a cosine

    Raises:
        ValueError: the word is not one of the tokens.
    """
    me = tokens.index(word)
    lengths = vectors.norm(dim=1)
    cosines = (vectors @ vectors[me]) / (lengths * lengths[me])
    found = []
    for i in cosines.argsort(descending=True).tolist():
        if i != me:
            found.append((tokens[i], float(cosines[i])))
        if len(found) == k:
            break
    return found


def layer_norm(x, weight, bias, eps):
    """Every vector to mean 0 and variance 1 by itself, then stretched and shifted
    (Ba et al. 2016, equations 3 and 4).

    What nn.LayerNorm computes, written out. The model uses torch's own, which is faster.

    Shapes:
        x (B, T, D), weight (D,), bias (D,) → (B, T, D)
    """
    mu = x.mean(-1, keepdim=True)
    var = ((x - mu) ** 2).mean(-1, keepdim=True)
    return weight * (x - mu) / torch.sqrt(var + eps) + bias


class BertEmbeddings(nn.Module):
    """The sum of three looked-up vectors, normalised (Devlin et al. 2019, section 3, figure 2).

    Shapes:
        input_ids (B, T) int64, token_type_ids (B, T) int64 or None for all zeros → (B, T, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        size = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, size)
        self.LayerNorm = nn.LayerNorm(size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids=None):
        """Look up and add.

        Raises:
            TypeError: ids that are not whole numbers.
            ValueError: ids of the wrong shape or outside their table, or more tokens than
                positions.
        """
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        B, T = input_ids.shape
        where = torch.arange(T, device=input_ids.device).expand(B, T)
        x = self.word_embeddings(input_ids)
        x = x + self.position_embeddings(where)
        x = x + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(x))


def cosine_by_distance(vectors):
    """How alike two positions are that stand so and so far apart: for each distance, the mean of
    the cosines of all pairs at that distance (Wang & Chen 2020 draw them pair by pair).

    Shapes:
        vectors (T, D), in the order of the positions → (T,): at distance 0, 1, …, T − 1
    """
    T = len(vectors)
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    means = torch.zeros(T)
    for distance in range(T):
        first, second = unit[:T - distance], unit[distance:]
        means[distance] = (first * second).sum(dim=1).mean()
    return means
