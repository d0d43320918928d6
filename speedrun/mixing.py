"""From the text to a mixture: it is counted first, and then read place by place, so that each is told what it may be told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from bert_parts.masking import choose_tokens, may_be_chosen
from bert_parts.tokenizer import BertTokenizer
from speedrun.clock import Clock
from speedrun.contexts import Told, counted
from speedrun.counts import evidence, log_frequencies, vectors_from
from speedrun.encoder import Sizes
from speedrun.loop import Settings, optimizers, rate_at
from speedrun.mixture import Mixture
from speedrun.text import Text

FOLDS = 5     # of the documents: what neighbours say in one is counted in the four others


@dataclass(frozen=True)
class Reading(Settings):
    """How it is trained; all that is hidden is hidden by [MASK].

    Attributes:
        last_rate: of the tokens that are hidden at the end. It goes there straight.
    """

    last_rate: float = 0.3


class Places(NamedTuple):
    """All places of the text, one after the other.

    Shapes:
        ids (N,), document (N,): its number; told: what contexts say of each place's own token, N of them
    """

    ids: Tensor
    document: Tensor
    told: Told


def mixed(text: Text, clock: Clock, seed: int, settings: Reading, sizes: Sizes, reach: int,
          contexts: Iterable[tuple[int, ...]], kind: type[Mixture] = Mixture) -> Mixture:
    """An encoder, what counts say of the tokens up to `reach` places away, and what they say of whole contexts, mixed."""
    torch.manual_seed(seed)
    tokenizer, size = text.tokenizer, sizes.vocab_size
    stream, document = placed(text)
    found, told = zip(*(counted(stream, document, offsets, size) for offsets in contexts), strict=True)
    places = Places(stream, document, Told(*(torch.stack(part, dim=1) for part in zip(*told, strict=True))))
    tables = torch.stack([_tables(stream[document % FOLDS != fold], tokenizer, size, reach) for fold in range(FOLDS + 1)])
    after, _ = evidence(stream[None], size, 1, [tokenizer.mask_id])
    words, frequencies = vectors_from(after, sizes.hidden_size, spread=0.05), log_frequencies(stream, size)
    model = kind(sizes, words, frequencies, tables, list(found), [tokenizer.mask_id, tokenizer.cls_id])
    learn_places(model, places, tokenizer, clock, seed, settings)
    return model


def placed(text: Text) -> tuple[Tensor, Tensor]:
    """All documents one after the other, [SEP] after each, and the number of each place's document: (N,), (N,)."""
    ended = [F.pad(document, (0, 1), value=text.tokenizer.sep_id) for document in text.documents]
    return torch.cat(ended), torch.arange(len(ended)).repeat_interleave(torch.tensor([len(each) for each in ended]))


def learn_places(model: Mixture, places: Places, tokenizer: BertTokenizer, clock: Clock, seed: int, settings: Reading):
    """Train until the time is over, on rows that are cut elsewhere each time."""
    generator = Generator().manual_seed(seed)
    steps, may = optimizers(model.train(), settings.muon), may_be_chosen(places.ids, tokenizer)
    batches = _batches(len(places.ids), settings, generator)
    for share in clock.steps():
        where = next(batches)
        asked = choose_tokens(may[where], settings.rate + (settings.last_rate - settings.rate) * share, generator)
        ids = F.pad(torch.where(asked, tokenizer.mask_id, places.ids[where]), (1, 0), value=tokenizer.cls_id)
        at = where[asked]
        told = Told(*(part[at] for part in places.told))
        loss = -model.log_probability(ids, F.pad(asked, (1, 0)), places.ids[at], places.document[at] % FOLDS, told).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in steps:
            for group in optimizer.param_groups:
                group["lr"] = rate_at(share, settings)
            optimizer.step()
            optimizer.zero_grad()


def _batches(count: int, settings: Reading, generator: Generator) -> Iterator[Tensor]:
    """The places of each row (B, T − 1), before which there is a [CLS]: all of the text, then again, cut elsewhere."""
    long = settings.length - 1
    while True:
        starts = torch.arange(int(torch.randint(long, (1,), generator=generator)), count - long + 1, long)
        for some in torch.randperm(len(starts), generator=generator).split(settings.batch_size):
            yield starts[some][:, None] + torch.arange(long)


def _tables(stream: Tensor, tokenizer: BertTokenizer, size: int, reach: int) -> Tensor:
    """What the token so many places away says, from −reach to reach without 0: (N,) → (2 reach, V, V)."""
    pairs = [evidence(stream[None], size, distance, [tokenizer.mask_id]) for distance in range(1, reach + 1)]
    return torch.stack([*(after for after, _ in reversed(pairs)), *(before for _, before in pairs)])
