"""One loop for all records: rows are drawn, tokens hidden, a step made, until the time is over."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from bert_parts.masking import choose_tokens, hide_tokens, may_be_chosen
from bert_parts.muon import Muon
from bert_parts.tokenizer import BertTokenizer
from bert_parts.training import decay_groups
from speedrun.clock import Clock


@dataclass(frozen=True)
class Settings:
    """How it is trained.

    Attributes:
        length: of a row, in tokens.
        batch_size: rows in a step.
        rate: of the tokens that are hidden.
        only_masks: all of these by [MASK]; else 80 % of them, 10 % by any token, and 10 % stay (Devlin et al. 2019, A.1).
        peak: the highest learning rate. It rises in the first `warmup` of the time and falls in the last `cooldown`, both straight.
        muon: the matrices of the layers have Muon (Jordan et al. 2024), all else AdamW; else all have AdamW.
    """

    length: int = 32
    batch_size: int = 64
    rate: float = 0.3
    only_masks: bool = False
    peak: float = 0.008
    warmup: float = 0.05
    cooldown: float = 0.95
    muon: bool = True


def rate_at(share: float, settings: Settings) -> float:
    """The learning rate when such a share of the time is over."""
    return settings.peak * min(1.0, share / settings.warmup, (1 - share) / settings.cooldown)


def optimizers(model: nn.Module, muon: bool) -> list[torch.optim.Optimizer]:
    if not muon:
        return [torch.optim.AdamW(decay_groups(model, 0.01), betas=(0.9, 0.98))]
    inner = {id(part.weight) for name, part in model.named_modules()
             if isinstance(part, nn.Linear) and ("layer" in name or "transform" in name)}
    return [Muon([p for p in model.parameters() if id(p) in inner]),
            torch.optim.AdamW([p for p in model.parameters() if id(p) not in inner], betas=(0.9, 0.98), weight_decay=0.01)]


def learn_in_turns(model: nn.Module, parts: list[tuple[Tensor, Callable[[], None]]], tokenizer: BertTokenizer, clock: Clock,
                   seed: int, settings: Settings):
    """Train a model, which gives scores for the tokens that are asked for, until the time is over.

    Args:
        parts: of the text, which have a step in turn: rows (N, T), and what is to be done before a step on them.
    """
    generator = Generator().manual_seed(seed)
    turns = cycle([(_batches(rows, settings.batch_size, generator), before) for rows, before in parts])
    steps = optimizers(model.train(), settings.muon)
    for share in clock.steps():
        batches, before = next(turns)
        before()
        batch = next(batches)
        asked = choose_tokens(may_be_chosen(batch, tokenizer), settings.rate, generator)
        hidden = (torch.where(asked, tokenizer.mask_id, batch) if settings.only_masks else
                  hide_tokens(batch, asked, tokenizer.mask_id, len(tokenizer.tokens), generator))
        F.cross_entropy(model(hidden, asked), batch[asked]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in steps:
            for group in optimizer.param_groups:
                group["lr"] = rate_at(share, settings)
            optimizer.step()
            optimizer.zero_grad()


def learn(model: nn.Module, rows: Tensor, tokenizer: BertTokenizer, clock: Clock, seed: int, settings: Settings):
    """The same on one text, rows (N, T)."""
    learn_in_turns(model, [(rows, lambda: None)], tokenizer, clock, seed, settings)


def _batches(rows: Tensor, batch_size: int, generator: Generator) -> Iterator[Tensor]:
    """Each row once, then each again in another order, without end."""
    while True:
        for places in torch.randperm(len(rows), generator=generator).split(batch_size):
            yield rows[places]
