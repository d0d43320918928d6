"""Notebook 08, as a learner might solve it from its text alone."""

import torch
from torch import nn
from torch.nn import functional as F

from bert_parts.masking import NOT_ASKED
from bert_parts.pairs import Pair, draw, together, where_full
from bert_parts.tokenizer import truncate


def hide_tokens(input_ids, chosen, mask_id, vocab_size, generator):
    """Of the chosen tokens 80 % become [MASK], 10 % any token at all, and 10 % stay (Devlin et al. 2019, appendix A.1).

    Shapes:
        input_ids (B, T) int64, chosen (B, T) bool → (B, T) int64; input_ids itself is left as it is
    """
    hidden = input_ids.clone()
    fate = torch.rand(int(chosen.sum()), generator=generator)
    anything = torch.randint(0, vocab_size, fate.shape, generator=generator)
    tokens = input_ids[chosen]
    tokens[fate < 0.9] = anything[fate < 0.9]
    tokens[fate < 0.8] = mask_id
    hidden[chosen] = tokens
    return hidden


def choose_words(candidates, continues, rate, generator):
    """Whole words: either all pieces of a word or none ("whole word masking", in the published code since May 2019).

    Args:
        continues: which tokens go on with the word of the token before, as ##ing does.

    Shapes:
        candidates (B, T) bool, continues (B, T) bool → (B, T) bool
    """
    chosen = torch.zeros_like(candidates)
    draws = torch.rand(candidates.shape, generator=generator)
    picked = draws[:, 0] < rate
    for place in range(candidates.size(1)):
        if place:
            picked = torch.where(continues[:, place], picked, draws[:, place] < rate)
        chosen[:, place] = candidates[:, place] & picked
    return chosen


class Transform(nn.Module):
    """One more layer before the words are scored: dense, GELU, LayerNorm.

    Shapes:
        hidden (…, D) → (…, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        width = config.hidden_size
        self.dense = nn.Linear(width, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)

    def forward(self, hidden):
        x = self.dense(hidden)
        x = F.gelu(x)
        return self.LayerNorm(x)


class MaskedLMHead(nn.Module):
    """A score for every word of the vocabulary: how well does its own vector fit? (Devlin et al. 2019, section 3.1, task 1.)

    The words are scored by the very table that they are looked up in, which is why the head has no matrix of that size; what
    is its own is a bias for each word.

    Shapes:
        hidden (…, D), words (V, D) → scores (…, V)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden, words):
        return self.transform(hidden) @ words.T + self.bias


def masked_lm_loss(model, batch, labels):
    """The mean cross-entropy, in nats, over the tokens that are asked for; only for these are words scored.

    Args:
        model: a BertForMaskedLM or a BertForPreTraining.
        labels: the id that was there, or NOT_ASKED where nothing is asked for.

    Shapes:
        a batch of (B, T), labels (B, T) → a number; 0, with a gradient still, if nothing is asked for
    """
    asked = labels != NOT_ASKED
    hidden = model.bert(**batch)[0][asked]
    log_probabilities = model.score_words(hidden).log_softmax(dim=-1)
    right = log_probabilities[torch.arange(len(hidden)), labels[asked]]
    return -right.sum() / max(len(hidden), 1)


def sentence_pairs(documents, room, generator):
    """Pairs for next sentence prediction: half of the seconds follow, half come from another document at random.

    Each document is read from its beginning. Sentences are taken until the room is full; a cut between two of them,
    drawn at random, ends the first text. The second is what comes after the cut; or sentences of another document, from
    any one of them on, until the room beside the first is full, and then what comes after the cut begins the next pair
    (Devlin et al. 2019, section 3.1, task 2, and appendix A.2). A sentence that is left alone at the end gives no pair.

    Args:
        documents: two or more, each a list of sentences, each of these a list of ids, none of them empty.
        room: the number of ids that both texts may have together; the longer one is cut first, true pair or false.

    Returns:
        A Pair for each: the first text, the second, and whether it follows.

    Raises:
        ValueError: there are fewer than two documents, so that there is no other.
    """
    pairs = []
    for own, document in enumerate(documents):
        others = [number for number in range(len(documents)) if number != own]
        position = 0
        while len(document) - position >= 2:
            end = where_full(document, position, room)
            follows = torch.rand((), generator=generator).item() < 0.5
            cut = position + 1 + draw(end - position - 1, generator)
            first = together(document[position:cut])
            source, begin = document, cut
            if not follows:
                source = documents[others[draw(len(others), generator)]]
                begin = draw(len(source), generator)
            second = list(source[begin])
            for sentence in source[begin + 1:]:
                if len(first) + len(second) >= room:
                    break
                second += sentence
            position = end if follows else cut
            first, second = truncate(first, second, room)
            pairs.append(Pair(first, second, follows))
    return pairs
