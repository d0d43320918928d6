"""Claims about pretraining, in a BERT so small that it is trained in some seconds: it reads letters, and guesses hidden ones."""

import math
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from bert_parts.config import BertConfig
from bert_parts.datasets import split_passages
from bert_parts.heads import BertForPreTraining
from bert_parts.masking import choose_tokens, hide_tokens
from bert_parts.training import take_step

LETTERS = " abcdefghijklmnopqrstuvwxyz.,"
CLS, SEP, MASK, FIRST = 2, 3, 4, 5     # ids; the first letter's
SIZE, LENGTH, HALF = FIRST + len(LETTERS), 48, 22
WAVES = 8     # numbers of a position that each head looks at in the beginning, however wide it is
SEEDS = range(5)
RATES, CHOOSING = (3e-3, 6e-3, 1.2e-2), range(100, 103)     # learning rates, and the seeds by which one is chosen
PARTS = {"learn": (0, slice(3000)), "choose": (1, slice(270, 400)), "report": (1, slice(270))}     # 0: passages, 1: held out
ROWS = {"choose": 600, "report": 1200}


@dataclass(frozen=True)
class Recipe:
    """How a small BERT is made and trained. All read as many letters: steps · batch rows of 48.

    Attributes:
        layers, width, heads: sizes; the feed-forward is twice as wide.
        hidden: the part of the letters that is asked for; only_masks: all of them by [MASK], else 80 / 10 / 10.
        follows: whether it must also say if the second half of a row follows upon the first.
        pairs: rows of two pieces, [CLS] … [SEP] … [SEP], half of which belong together.
        rate: the highest learning rate; see `at_its_best`.
    """

    layers: int = 2
    width: int = 64
    heads: int = 4
    batch: int = 24
    steps: int = 600
    hidden: float = 0.15
    only_masks: bool = False
    pairs: bool = False
    follows: bool = False
    rate: float = 6e-3


USUAL = Recipe()
USUAL_SIZE = USUAL.width // USUAL.heads     # numbers of a head


@cache
def stream(part: str) -> tuple[Tensor, Tensor]:
    """The letters of a part of the passages, one after the other; and which belong to a word with a capital.

    The first word of a sentence does not count: it has one in any case.

    Args:
        part: "learn"; "choose" or "report", both held out.

    Shapes:
        → ids (N,), (N,) bool
    """
    held_out, chosen = PARTS[part]
    text = " ".join(passage.text for passage in split_passages()[held_out][chosen])
    text = re.sub(r"[^A-Za-z., ]+", "", text)
    capital = torch.zeros(len(text), dtype=torch.bool)
    for word in re.finditer(r"(?<![.] )\b[A-Z][a-z]+", text):
        capital[word.start() : word.end()] = True
    return torch.tensor([FIRST + LETTERS.index(letter) for letter in text.lower()]), capital


def rows_of(part: str) -> tuple[Tensor, Tensor]:
    """Full rows that begin with [CLS], and which of their letters belong to a word with a capital: (N, 48), (N, 48) bool."""
    ids, capital = stream(part)
    rows = len(ids) // (LENGTH - 1)
    cut = [each[: rows * (LENGTH - 1)].view(rows, LENGTH - 1) for each in (ids, capital)]
    return torch.cat([torch.full((rows, 1), CLS), cut[0]], dim=1), F.pad(cut[1], (1, 0))


def pairs_of(ids: Tensor, count: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Two pieces in a row, of which the second follows, or is from anywhere.

    Shapes:
        ids (N,) → (B, 48), segments (B, 48), labels (B,): 0 = it follows
    """
    begin = torch.randint(len(ids) - LENGTH, (count,), generator=generator)
    labels = torch.randint(2, (count,), generator=generator)
    second = torch.where(labels == 0, begin + HALF, torch.randint(len(ids) - LENGTH, (count,), generator=generator))
    pieces = [ids[start[:, None] + torch.arange(length)] for start, length in ((begin, HALF), (second, HALF + 1))]
    ends = torch.full((count, 1), SEP)
    segments = (torch.arange(LENGTH) > HALF + 1).long().expand(count, -1)
    return torch.cat([torch.full((count, 1), CLS), pieces[0], ends, pieces[1], ends], dim=1), segments, labels


@torch.no_grad()
def begun(recipe: Recipe, seed: int) -> BertForPreTraining:
    """A fresh model. Each head of its first layer begins by looking at a neighbour, as in notebook 08: else it would take
    minutes until it looks anywhere. It looks as sharply however wide it is."""
    torch.manual_seed(seed)
    model = BertForPreTraining(BertConfig(
        vocab_size=SIZE, hidden_size=recipe.width, num_hidden_layers=recipe.layers, num_attention_heads=recipe.heads,
        intermediate_size=2 * recipe.width, max_position_embeddings=LENGTH, initializer_range=0.05, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0))
    speeds = 50.0 ** -(torch.arange(WAVES // 2) / (WAVES // 2))
    angles = torch.arange(LENGTH)[:, None] * speeds
    embeddings, attention = model.bert.embeddings, model.bert.encoder.layer[0].attention.self
    embeddings.position_embeddings.weight.zero_()
    embeddings.position_embeddings.weight[:, :WAVES] = 0.1 * torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
    embeddings.word_embeddings.weight[:, :WAVES] *= 0.1     # the letters are quiet where the waves are looked at
    size = recipe.width // recipe.heads
    used, gain = min(size, WAVES), 2 * (size / USUAL_SIZE) ** 0.5     # scores are divided by the root of the size
    for head in range(recipe.heads):
        turns = [torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
                 for angle in ((1 if head % 2 else -1) * speeds[: used // 2]).tolist()]
        here = slice(head * size, head * size + used)
        attention.query.weight[here, :used] += gain * torch.block_diag(*turns)
        attention.key.weight[here, :used] += 2 * torch.eye(used)
    return model


@cache
@torch.enable_grad()
def trained(recipe: Recipe, seed: int) -> nn.Module:
    """A model that has been trained by this recipe, in eval mode."""
    model, generator = begun(recipe, seed).train(), Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    rows, _ = rows_of("learn")
    for step in range(recipe.steps):
        if recipe.pairs:
            given, segments, labels = pairs_of(stream("learn")[0], recipe.batch, generator)
        else:
            given, segments = rows[torch.randint(len(rows), (recipe.batch,), generator=generator)], None
        asked = choose_tokens(given >= FIRST, recipe.hidden, generator)
        shown = (torch.where(asked, MASK, given) if recipe.only_masks else
                 hide_tokens(given, asked, MASK, SIZE, generator))
        hidden, pooled = model.bert(shown, torch.ones_like(shown), segments)
        loss = F.cross_entropy(model.score_words(hidden[asked]), given[asked])
        if recipe.follows:
            loss = loss + F.cross_entropy(model.cls["seq_relationship"](pooled), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        rises, falls = (step + 1) / (0.05 * recipe.steps), (recipe.steps - step) / (0.95 * recipe.steps)
        take_step(optimizer, recipe.rate * min(rises, falls, 1))
    return model.eval()


@torch.no_grad()
def loss_of(recipe: Recipe, seed: int, part: str = "report") -> float:
    """The loss on held-out rows, in nats: 15 % of the letters hidden by [MASK], the same for all recipes with pairs, and for all
    without."""
    model, generator = trained(recipe, seed), Generator().manual_seed(0)
    if recipe.pairs:
        rows, segments, _ = pairs_of(stream(part)[0], ROWS[part], generator)
    else:
        rows, segments = rows_of(part)[0][: ROWS[part]], None
    asked = choose_tokens(rows >= FIRST, 0.15, generator)
    shown = torch.where(asked, MASK, rows)
    hidden, _ = model.bert(shown, torch.ones_like(shown), segments)
    return F.cross_entropy(model.score_words(hidden[asked]), rows[asked]).item()


@torch.no_grad()
def finds_names(recipe: Recipe, seed: int) -> float:
    """How well a linear probe on the last layer's vectors tells letters of words with a capital, of a text with nothing hidden.

    Half of the held-out rows are fitted by least squares with a little ridge, on the other half it is measured: the mean of the
    shares that are right among letters with and without.
    """
    rows, capital = (each[: ROWS["report"]] for each in rows_of("report"))
    hidden, _ = trained(recipe, seed).bert(rows, torch.ones_like(rows))
    letters = rows >= FIRST
    parts = [(F.pad(hidden[part][letters[part]], (0, 1), value=1.0), capital[part][letters[part]])
             for part in (slice(0, 600), slice(600, 1200))]
    vectors, labels = parts[0]
    weight = torch.where(labels, 0.5 / labels.float().mean(), 0.5 / (~labels).float().mean())[:, None]
    square = vectors.T @ (vectors * weight) + 10 * torch.eye(vectors.size(1))
    probe = torch.linalg.solve(square, vectors.T @ (weight[:, 0] * (2 * labels.float() - 1)))
    vectors, labels = parts[1]
    said = vectors @ probe > 0
    return (said[labels].float().mean().item() + (~said)[~labels].float().mean().item()) / 2


@cache
def at_its_best(recipe: Recipe) -> Recipe:
    """With the learning rate of RATES that has the lowest loss on average over three other seeds, on rows that are not reported."""
    return min((replace(recipe, rate=rate) for rate in RATES),
               key=lambda tried: statistics.fmean(loss_of(tried, seed, "choose") for seed in CHOOSING))


def by_seed(measure: Callable[[Recipe, int], float], *recipes: Recipe) -> tuple[list[float], ...]:
    """Of each recipe at its best a number for each seed."""
    return tuple([measure(at_its_best(recipe), seed) for seed in SEEDS] for recipe in recipes)


def masking_rate() -> tuple[list[float], list[float]]:
    return by_seed(loss_of, replace(USUAL, hidden=0.4), USUAL)


def next_sentence() -> tuple[list[float], list[float]]:
    return by_seed(loss_of, replace(USUAL, pairs=True), replace(USUAL, pairs=True, follows=True))


def wide_or_deep() -> tuple[list[float], list[float]]:
    return by_seed(loss_of, replace(USUAL, layers=4, width=48), replace(USUAL, width=68))     # 75,800 and 75,500 in the layers


def more_heads() -> tuple[list[float], list[float]]:
    return by_seed(loss_of, replace(USUAL, heads=2), replace(USUAL, heads=8))


def larger_batch() -> tuple[list[float], list[float]]:
    return by_seed(loss_of, USUAL, replace(USUAL, batch=96, steps=150))


def mask_mismatch() -> tuple[list[float], list[float]]:
    return by_seed(finds_names, USUAL, replace(USUAL, only_masks=True))
