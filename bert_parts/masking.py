"""Words are hidden, and guessed: what BERT learns from text that nobody has labelled (Devlin et al. 2019, section 3.1, task 1).

All that is drawn at random is drawn from a generator that is given, so that the same seed makes the same examples.
"""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from bert_parts.devices import device_of, moved
from bert_parts.tokenizer import BertTokenizer

NOT_ASKED = -100     # the label of a token that is not to be guessed: F.cross_entropy leaves it out


def may_be_chosen(input_ids: Tensor, tokenizer: BertTokenizer) -> Tensor:
    """Where there is a piece of a word: neither padding nor one of the tokens with a meaning of their own.

    Shapes:
        input_ids (B, T) → (B, T) bool
    """
    special = torch.tensor([tokenizer.pad_id, tokenizer.unk_id, tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id])
    return ~torch.isin(input_ids, special)


def choose_tokens(candidates: Tensor, rate: float, generator: Generator) -> Tensor:
    """Each candidate by itself, with the probability `rate` (Devlin et al. 2019, section 3.1: 15 %).

    Shapes:
        candidates (B, T) bool → (B, T) bool
    """
    return candidates & (torch.rand(candidates.shape, generator=generator) < rate)


def choose_words(candidates: Tensor, continues: Tensor, rate: float, generator: Generator) -> Tensor:
    """Whole words: either all pieces of a word or none.

    That is "whole word masking", in the published code since May 2019.

    Args:
        continues: which tokens go on with the word of the token before, as ##ing does.

    Shapes:
        candidates (B, T) bool, continues (B, T) bool → (B, T) bool
    """
    starts = ~continues
    starts[:, 0] = True                                # what a row begins with counts as a word, if only the end of one
    number = starts.long().cumsum(dim=1) - 1           # (B, T): which word of its row a token belongs to
    draws = torch.rand(candidates.shape, generator=generator)
    return candidates & (draws.gather(1, number) < rate)     # one draw for all pieces of a word


def hide_tokens(input_ids: Tensor, chosen: Tensor, mask_id: int, vocab_size: int, generator: Generator) -> Tensor:
    """Of the chosen tokens 80 % become [MASK], 10 % any token at all, and 10 % stay.

    As in Devlin et al. 2019, appendix A.1.

    Shapes:
        input_ids (B, T) int64, chosen (B, T) bool → (B, T) int64; input_ids itself is left as it is
    """
    draw = torch.rand(input_ids.shape, generator=generator)
    anything = torch.randint(vocab_size, input_ids.shape, generator=generator)
    hidden = torch.where(chosen & (draw < 0.8), mask_id, input_ids)
    return torch.where(chosen & (draw >= 0.8) & (draw < 0.9), anything, hidden)


def mask_tokens(
    input_ids: Tensor, tokenizer: BertTokenizer, generator: Generator, rate: float = 0.15, whole_words: bool = False
) -> tuple[Tensor, Tensor]:
    """What the model is shown, and what it must say. Called anew each time a text comes by, it hides other words.

    Shapes:
        input_ids (B, T) → the ids with some tokens hidden (B, T), labels (B, T): the id that was there, or NOT_ASKED

    Raises:
        ValueError: rate is not between 0 and 1.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"rate is {rate}, where the part of the tokens that is asked for, above 0 and up to 1, is expected.")
    candidates = may_be_chosen(input_ids, tokenizer)
    if whole_words:
        continuations = torch.tensor([token.startswith("##") for token in tokenizer.tokens])
        chosen = choose_words(candidates, continuations[input_ids], rate, generator)
    else:
        chosen = choose_tokens(candidates, rate, generator)
    labels = torch.where(chosen, input_ids, NOT_ASKED)
    return hide_tokens(input_ids, chosen, tokenizer.mask_id, len(tokenizer.tokens), generator), labels


def masked_lm_loss(model: nn.Module, batch: dict[str, Tensor], labels: Tensor) -> Tensor:
    """The mean cross-entropy, in nats, over the tokens that are asked for.

    Only for these are words scored.

    Args:
        model: a BertForMaskedLM or a BertForPreTraining.
        labels: the id that was there, or NOT_ASKED where nothing is asked for.

    Shapes:
        a batch of (B, T), labels (B, T) → a number; 0, with a gradient still, if nothing is asked
    """
    hidden, _ = model.bert(**batch)                     # (B, T, D)
    asked = labels != NOT_ASKED
    scores = model.score_words(hidden[asked])           # (N, V), N: how many are asked for
    return F.cross_entropy(scores, labels[asked], reduction="sum") / max(1, len(scores))


@torch.no_grad()
def masked_lm_scores(model: nn.Module, examples: list[tuple[dict[str, Tensor], Tensor]]) -> dict[str, float]:
    """How well hidden words are guessed, over all examples together.

    Args:
        examples: batches and their labels. They are moved to where the model is.

    Returns:
        "loss": the mean cross-entropy in nats; "accuracy": how often the likeliest word is the right one; "asked": of
        how many tokens.
    """
    loss, right, asked = 0.0, 0, 0
    for example in examples:
        batch, labels = moved(example, device_of(model))
        hidden, _ = model.bert(**batch)
        where = labels != NOT_ASKED
        scores, wanted = model.score_words(hidden[where]), labels[where]
        loss += F.cross_entropy(scores, wanted, reduction="sum").item()
        right += (scores.argmax(dim=-1) == wanted).sum().item()
        asked += len(wanted)
    return {"loss": loss / max(1, asked), "accuracy": right / max(1, asked), "asked": asked}


def unigram_entropy(input_ids: Tensor, candidates: Tensor) -> float:
    """How surprising a token is, in nats, to someone who knows how frequent each is and sees nothing of the text.

    H = −Σ p(w) ln p(w) (Shannon 1948, section 6). A model that guesses hidden words must get below it to have read.

    Shapes:
        input_ids (B, T), candidates (B, T) bool: which tokens count
    """
    counts = input_ids[candidates].cpu().bincount().double()
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * shares.log()).sum())
