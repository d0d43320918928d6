"""What BERT learns from: words that are hidden, and pairs of texts that belong together or do not.

All that is drawn at random is drawn from a generator that is given, so that the same seed makes the same examples.
"""

import functools
import re
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from bert_parts.checkpoint import load_pretrained
from bert_parts.datasets import checked
from bert_parts.heads import BertForMaskedLM
from bert_parts.tokenizer import BertTokenizer, truncate

NOT_ASKED = -100     # the label of a token that is not to be guessed: F.cross_entropy leaves it out
SENTENCE_END = re.compile(r"""[.!?]["')\]]*\s+(?=["'(\[]*[A-Z0-9])""")
SHORT_FORM = re.compile(r"\b([A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Gen|Col|Capt|Lt|Gov|Sen|Rep|Hon|vs)$")


# ---------------------------------------------------------------- hidden words


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
        examples: batches and their labels.

    Returns:
        "loss": the mean cross-entropy in nats; "accuracy": how often the likeliest word is the right one; "asked": of
        how many tokens.
    """
    loss, right, asked = 0.0, 0, 0
    for batch, labels in examples:
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
    counts = input_ids[candidates].bincount().double()
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * shares.log()).sum())


# ---------------------------------------------------------------- an optimizer for matrices


class Muon(torch.optim.Optimizer):
    """Steps that are as long in every direction of a matrix: momentum, made orthogonal (Jordan et al. 2024).

    The steps are as long as Adam's usually are, so that both can have the same learning rate (Liu et al. 2025, section 2.2).
    As torch.optim.Muon with `adjust_lr_fn="match_rms_adamw"`; but that one counts in bfloat16, for which many processors have
    no instructions; with an old one's arithmetic a step took 0.36 s, and this one's 0.016 s.

    Args:
        matrices: parameters of two dimensions. For tables of embeddings and for biases take AdamW.

    Raises:
        ValueError: one of the parameters is no matrix.
    """

    def __init__(self, matrices, lr: float = 0.01, momentum: float = 0.95, weight_decay: float = 0.1):
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        shapes = [tuple(p.shape) for group in self.param_groups for p in group["params"] if p.dim() != 2]
        if shapes:
            raise ValueError(f"A parameter has the shape {shapes[0]}, where matrices are expected: give the others to AdamW.")

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                memory = self.state[matrix].setdefault("momentum", torch.zeros_like(matrix))
                memory.lerp_(matrix.grad, 1 - group["momentum"])
                way = orthogonal(matrix.grad.lerp(memory, group["momentum"]))
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.sub_(0.2 * max(matrix.shape) ** 0.5 * group["lr"] * way)


def orthogonal(matrix: Tensor, rounds: int = 5) -> Tensor:
    """The matrix with its singular values brought near 1, by products alone (Newton and Schulz; coefficients of Jordan et al.).

    Shapes:
        (M, N) → (M, N)
    """
    wide = matrix if matrix.size(0) <= matrix.size(1) else matrix.T
    x = wide / wide.norm().clamp(min=1e-7)
    for _ in range(rounds):
        square = x @ x.T
        x = 3.4445 * x + (2.0315 * square @ square - 4.7750 * square) @ x
    return x if wide is matrix else x.T


# ---------------------------------------------------------------- rows of one length


def pack(texts: list[list[int]], length: int, tokenizer: BertTokenizer) -> Tensor:
    """Texts one after the other, [SEP] after each, cut into rows that are full: no place is given to padding.

    A text may begin in one row and end in the next. What does not fill a row at the end is left out.

    Shapes:
        lists of ids → (N, T), T = length; each row begins with [CLS]

    Raises:
        ValueError: the texts do not fill one row, or a row is shorter than 2.
    """
    if length < 2:
        raise ValueError(f"length is {length}, where room for [CLS] and at least one token, 2 or more, is expected.")
    stream = [token for text in texts for token in (*text, tokenizer.sep_id)]
    rows = len(stream) // (length - 1)
    if not rows:
        raise ValueError(f"The texts have {len(stream)} tokens together, too few for one row of {length}: give more text.")
    body = torch.tensor(stream[: rows * (length - 1)]).view(rows, length - 1)
    return torch.cat([torch.full((rows, 1), tokenizer.cls_id), body], dim=1)


# ---------------------------------------------------------------- pairs of texts


class Pair(NamedTuple):
    """Two texts as ids without special tokens, and whether the second followed upon the first in its document."""

    first: list[int]
    second: list[int]
    follows: bool


def split_sentences(text: str) -> list[str]:
    """A text cut after each ., ! or ? that a capital or a figure follows, but not after short forms such as "Mr." or "U.S."."""
    ends = [end.end() for end in SENTENCE_END.finditer(text) if not is_short_form(text, end.start())]
    cut = [text[start:end].strip() for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    return [sentence for sentence in cut if sentence]


def is_short_form(text: str, end: int) -> bool:
    """Whether what stands before the point at `end` is Mr, or a single letter, as in U.S. and in J. Adams."""
    return text[end] == "." and SHORT_FORM.search(text, max(0, end - 4), end) is not None


def sentence_pairs(documents: list[list[list[int]]], room: int, generator: Generator) -> list[Pair]:
    """Pairs for next sentence prediction: half of the seconds follow, half are of another document.

    Each document is read from its beginning. Sentences are taken until the room is full; a cut
    between two of them, drawn at random, ends the first text. The second is what comes after the
    cut; or sentences of another document drawn at random, from any one of them on, until the room
    beside the first is full, and then what comes after the cut begins the next pair (Devlin et al.
    2019, section 3.1, task 2, and appendix A.2). A sentence left alone at the end gives no pair.

    Args:
        documents: two or more, each a list of sentences, each of these a list of ids, none empty.
        room: the number of ids that both texts may have together; the longer one is cut first,
            true pair or false.

    Returns:
        A Pair for each: the first text, the second, and whether it follows.

    Raises:
        ValueError: there are fewer than two documents, so that there is no other.
    """
    if len(documents) < 2:
        raise ValueError(f"The number of documents is {len(documents)}, and a false pair needs another: give two or more.")
    pairs = []
    for place, document in enumerate(documents):
        start = 0
        while start + 1 < len(document):
            end = where_full(document, start, room)
            cut = start + 1 + draw(end - start - 1, generator)     # at least one sentence on each side
            first, second = together(document[start:cut]), together(document[cut:end])
            follows = draw(2, generator) == 0
            if not follows:
                second = from_another(documents, place, room - len(first), generator)
            pairs.append(Pair(*truncate(first, second, room), follows))
            start = end if follows else cut
    return pairs


def where_full(document: list[list[int]], start: int, room: int, least: int = 2) -> int:
    """Where the sentences from `start` on have filled the room; `least` sentences further on at least, if there are so many."""
    end, used = start, 0
    while end < len(document) and (used < room or end < start + least):
        used += len(document[end])
        end += 1
    return end


def from_another(documents: list[list[list[int]]], place: int, room: int, generator: Generator) -> list[int]:
    """Sentences that fill the room, from any sentence on of any document but the one at `place`; fewer where it ends.

    Gathered as the true seconds are, so that a false one is as long and ends in a full stop as often.
    """
    other = documents[(place + 1 + draw(len(documents) - 1, generator)) % len(documents)]
    start = draw(len(other), generator)
    return together(other[start : where_full(other, start, room, least=1)])


def together(sentences: list[list[int]]) -> list[int]:
    return [token for sentence in sentences for token in sentence]


def draw(number: int, generator: Generator) -> int:
    """One of 0, 1, …, number − 1, each as likely."""
    return int(torch.randint(number, (), generator=generator))


# ---------------------------------------------------------------- a model that fills masks


@functools.cache
def mask_filler() -> tuple[BertForMaskedLM, BertTokenizer]:
    """The masked-language model that comes with the course, and its tokenizer. data/README.md says how it was trained."""
    return load_pretrained(checked("mask_filler/model_8bit.safetensors").parent, BertForMaskedLM)


@torch.inference_mode()
def fill_mask(
    text: str, k: int = 5, model: nn.Module | None = None, tokenizer: BertTokenizer | None = None
) -> list[tuple[str, float]]:
    """The k likeliest tokens for the [MASK] in a text, and their probabilities, the likeliest first.

    Args:
        model, tokenizer: a model of your own that scores words, in eval mode; None = the one that comes with the course.

    Raises:
        ValueError: there is not exactly one [MASK], it lies beyond what the model can read, or k is not a number of tokens.
    """
    if model is None or tokenizer is None:
        model, tokenizer = mask_filler()
    count = tokenizer.ids(text).count(tokenizer.mask_id)
    if count != 1:
        raise ValueError(f"The text has {count} times [MASK], where it is expected once: write [MASK] for the missing word.")
    if not 1 <= k <= len(tokenizer.tokens):
        raise ValueError(f"k is {k}, where a number of tokens, 1 to {len(tokenizer.tokens)}, is expected.")
    batch = tokenizer(text, max_length=model.config.max_position_embeddings)
    here = batch["input_ids"] == tokenizer.mask_id
    if not here.any():
        raise ValueError(f"[MASK] comes after the {model.config.max_position_embeddings} tokens that the model reads: "
                         f"shorten the text before it.")
    hidden, _ = model.bert(**batch)
    probabilities, ids = model.score_words(hidden[here])[0].softmax(dim=-1).topk(k)
    return list(zip(tokenizer.convert_ids_to_tokens(ids), probabilities.tolist(), strict=True))
