"""Notebook 08: words are hidden and guessed, the head that scores words, the loss, pairs of texts."""

import copy
import random
from collections import Counter, defaultdict
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from bert_parts.config import BertConfig
from bert_parts.fill import fill_mask, mask_filler
from bert_parts.heads import BertForMaskedLM, BertForPreTraining, MaskedLMHead, Transform
from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, with_parts
from bert_parts.learn.questions import Option, Question
from bert_parts.masking import NOT_ASKED, choose_words, hide_tokens, masked_lm_loss
from bert_parts.pairs import Pair, draw, sentence_pairs, together, where_full
from bert_parts.tokenizer import truncate

NOTEBOOK = "08_pretraining"
TITLE = "Pretraining"

SMALL = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                   max_position_embeddings=9)
ROUGH = replace(SMALL, hidden_size=6, layer_norm_eps=0.1)

CHANGED = "input changed in place"     # the names that several findings share
NOT_GIVEN, ALWAYS, RESET = "other random numbers", "always the same", "generator set back"

NO_CONFIG = Finding("The numbers are right, but the part does not keep what it was made from: set `self.config = config` in "
                    "`__init__`, so that the course can build another just like it.", "config not kept")
CUT = Finding("The number is right, but no gradient reaches some of the weights: something on the way (`detach`, `.item()`, "
              "`no_grad`) cuts it off, and then they could never learn.", "gradient cut off")


def planted(mistakes: dict[str, object]) -> tuple[Mistake, ...]:
    """Mistakes that a probe finds, since no single output shows them. What is to be said of each, the probe says."""
    return tuple(Mistake(name, "", wrong) for name, wrong in mistakes.items())


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def drawn_from_the_generator(call) -> Finding | None:
    """Random numbers come from the generator that is given, and from nowhere else. call(generator) → the answer."""
    one = generator()
    first, second, again, other = call(one), call(one), call(generator()), call(generator(7))
    if not same(first, again):
        return Finding("The same seed gives another answer each time: some of your random numbers do not come from the "
                       "generator that is given. Hand it on, `torch.rand(…, generator=generator)`.", NOT_GIVEN)
    if same(first, other):
        return Finding("Whatever the generator, your answer is the same, so that every epoch would bring the same: draw from "
                       "the generator that is given.", ALWAYS)
    if same(first, second):
        return Finding("Called twice with one generator, your code answers the same: it sets the generator back. Whoever made "
                       "it has set its seed; you only draw.", RESET)
    return None


def same(one, other) -> bool:
    return difference(one, other, 0.0) is None


# ── hide_tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────

WORDS, MASK = 200, 7
TEXT = torch.randint(10, 100, (60, 700), generator=generator(1))     # half of the vocabulary does not occur in the text
CHOSEN = torch.rand(60, 700, generator=generator(2)) < 0.5

SHARES = {     # of the chosen tokens: [MASK], another token, as it was
    (1.0, 0.0, 0.0): ("all become [MASK]",
                      "All chosen tokens become [MASK]. In real text there is no [MASK]: 10 % become any token, and 10 % stay."),
    (0.9, 0.0, 0.1): ("no random tokens", "None of the chosen tokens becomes another token: 10 % of them should."),
    (0.8, 0.0, 0.2): ("no random tokens", "None of the chosen tokens becomes another token: 10 % of them should."),
    (0.9, 0.1, 0.0): ("none stays", "None of the chosen tokens stays as it was: 10 % of them should."),
    (0.8, 0.2, 0.0): ("none stays", "None of the chosen tokens stays as it was: 10 % of them should."),
    (0.72, 0.1, 0.18): ("drawn twice",
                        "72 % become [MASK], 10 % another token and 18 % stay: two draws that know nothing of each other. A "
                        "tenth of your [MASK] is overwritten. Draw once for each token, and cut that draw into three parts."),
    (0.8, 0.02, 0.18): ("10 % of the rest",
                        "80 % become [MASK], but only 2 % another token: you draw anew, with 10 %, among the fifth that is "
                        "left. Of that fifth one half is wanted."),
    (0.1, 0.8, 0.1): ("80 % random", "80 % become another token, and 10 % [MASK]: it is the other way round."),
    (0.0, 0.9, 0.1): ("[MASK] overwritten",
                      "None becomes [MASK], and 90 % another token: your second step takes in all draws below 0.9, those below "
                      "0.8 too, and overwrites the first."),
    (0.7, 0.1, 0.2): ("the same draws twice",
                      "70 % become [MASK], 10 % another token, and 20 % stay: you ask for a draw below 0.8 and for one below "
                      "0.1, and what is below 0.1 is both. The three parts must not overlap."),
    (0.1, 0.1, 0.8): ("80 % stay", "80 % of the chosen tokens stay as they are, and 10 % become [MASK]: it is the other way "
                      "round."),
    (0.12, 0.015, 0.865): ("chosen again", "Of the chosen tokens 86 % stay: you draw the 15 % once more. `chosen` says already "
                           "which tokens are asked for."),
    (0.0, 0.0, 1.0): ("nothing hidden", "Nothing is hidden: the tokens come back as they were."),
}


def hides_as_said(thing) -> Finding | None:
    """The proportions of what becomes of chosen tokens, and all else that holds whatever the order of the draws."""
    ids, chosen = TEXT.clone(), CHOSEN.clone()
    given = thing(ids, chosen, MASK, WORDS, generator())
    if not (torch.equal(ids, TEXT) and torch.equal(chosen, CHOSEN)):
        return Finding("Your code changes a tensor that it was given. The labels are made from the ids as they were: work on a "
                       "copy (`.clone()`), or with `torch.where`.", CHANGED)
    if not isinstance(given, Tensor) or given.shape != TEXT.shape:
        return Finding(difference(given, TEXT, 0.0))
    if given.dtype != TEXT.dtype:
        return Finding(f"Your answer has dtype {given.dtype}, and ids are whole numbers, torch.int64.", "no whole numbers")
    return (
        others_stay(given) or by_place(given) or each_by_itself(given) or in_proportion(given) or any_token(given)
        or drawn_from_the_generator(lambda source: thing(TEXT.clone(), CHOSEN.clone(), MASK, WORDS, source))
    )


def others_stay(given: Tensor) -> Finding | None:
    """What was not chosen stays as it is."""
    changed = given != TEXT
    if not changed[~CHOSEN].any():
        return None
    if not changed[CHOSEN].any():
        return Finding("The chosen tokens stay, and the others are hidden: it is the other way round.", "the others hidden")
    if (given[~CHOSEN & changed] == MASK).all():
        return Finding("Tokens that were not chosen become [MASK]: `&` your draws with `chosen`.", "[MASK] anywhere")
    return Finding("Tokens that were not chosen become other tokens. Nobody asks for these, so the model would read a damaged "
                   "text and never learn which words are damaged: `&` your draws with `chosen`.", "random tokens anywhere")


def in_proportion(given: Tensor) -> Finding | None:
    """80 % [MASK], 10 % any token, 10 % as before, each within 1.5 %."""
    mine, before = given[CHOSEN], TEXT[CHOSEN]
    masked, stay = (mine == MASK).double().mean().item(), (mine == before).double().mean().item()
    shares = masked, 1 - masked - stay, stay
    if near(shares, (0.8, 0.1, 0.1)):
        return None
    value, often = Counter(mine[mine != before].tolist()).most_common(1)[0] if stay < 1 else (MASK, 0)
    if value != MASK and often > 0.5 * len(mine):
        return Finding(f"Most chosen tokens become token {value}, where [MASK] is {MASK} here: take the `mask_id` that is "
                       "given.",
                       "another mask_id")
    for known, (name, says) in SHARES.items():
        if near(shares, known):
            return Finding(says, name)
    return Finding(f"Of the chosen tokens {shares[0]:.0%} become [MASK], {shares[1]:.0%} another token, and {shares[2]:.0%} "
                   "stay: 80 %, 10 % and 10 % are wanted.")


def near(shares, wanted) -> bool:
    return all(abs(one - other) < 0.015 for one, other in zip(shares, wanted, strict=True))


def any_token(given: Tensor) -> Finding | None:
    """The random tokens are any of the vocabulary, each as likely, each drawn by itself."""
    other = CHOSEN & (given != TEXT) & (given != MASK)
    values = given[other]
    if values.min() < 0 or values.max() >= WORDS:
        return Finding(f"You draw token {values.max()}, and the vocabulary has {WORDS}: ids go from 0 to vocab_size − 1.",
                       "beyond the vocabulary")
    distinct = len(values.unique())
    if distinct == 1:
        return Finding("Every random token is the same one: draw one for each place, `torch.randint(vocab_size, "
                       "input_ids.shape, …)`.", "one token for all")
    if repeated(given, other, dimension=0) > 0.5:
        return Finding("In one column all random tokens are the same, whatever the row: draw one for each place.",
                       "the same token in every row")
    if repeated(given, other, dimension=1) > 0.5:
        return Finding("In one row all random tokens are the same: draw one for each place.", "one token a row")
    if not (values >= 100).any():
        return Finding("Your random tokens are always tokens of this batch. Any token of the vocabulary is wanted.",
                       "tokens of the batch")
    missing = sorted(set(range(WORDS)) - set(values.tolist()) - {MASK})
    if len(missing) > 2 or {0, WORDS - 1} & set(missing):
        return Finding(f"Some tokens never come: {', '.join(map(str, missing[:4]))}{' …' if len(missing) > 4 else ''}. *Any* "
                       "of the vocabulary is wanted, from 0 to vocab_size − 1 (the published code draws special tokens, too).",
                       "not any token")
    return None


def repeated(given: Tensor, where: Tensor, dimension: int) -> float:
    """How often two random tokens that follow each other in a column (0) or a row (1) are the same."""
    alike = []
    for line, marks in zip(given.movedim(dimension, -1), where.movedim(dimension, -1), strict=True):
        values = line[marks]
        alike.append(values[1:] == values[:-1])
    return torch.cat(alike).double().mean().item()


def each_by_itself(given: Tensor) -> Finding | None:
    """Chance decides for each token by itself."""
    masked = (given == MASK).double()
    for dimension, bound, says, name in (
        (1, 0.15, "One draw decides for a whole row", "a draw for each row"),
        (0, 0.2, "One draw decides for the same place of every row", "a draw for each place"),
    ):
        shares = (masked * CHOSEN).sum(dim=dimension) / CHOSEN.sum(dim=dimension)
        if shares.std() > bound:
            return Finding(f"{says}: draw a number for each token, `torch.rand(input_ids.shape, …)`.", name)
    return None


def by_place(given: Tensor) -> Finding | None:
    """The first four fifths, say, and not four in five."""
    in_order = (given == MASK).double()[CHOSEN]
    tenth = len(in_order) // 10
    ends = in_order[:tenth].mean(), in_order[-tenth:].mean()
    if max(ends) > 0.95 and min(ends) < 0.05:
        return Finding("What becomes of a token depends on its place: the first ones are hidden, the last ones never. Let "
                       "chance decide for each.", "by place")
    return None


def hiding(mask=(0.0, 0.8), other=(0.8, 0.9), draws=None, second=None, tokens=None, where=None, mask_id=None):
    """hide_tokens with something in it changed."""

    def wrong(input_ids, chosen, given_id, vocab_size, generator):
        shape = input_ids.shape
        draw = torch.rand(shape, generator=generator) if draws is None else draws(shape, generator)
        again = draw if second is None else torch.rand(shape, generator=generator)
        anything = torch.randint(vocab_size, shape, generator=generator) if tokens is None else tokens(
            input_ids, vocab_size, generator)
        at = chosen if where is None else where(chosen, generator)
        hidden = torch.where(at & (draw >= mask[0]) & (draw < mask[1]), given_id if mask_id is None else mask_id, input_ids)
        at = at & (hidden != given_id) if second == "rest" else at
        return torch.where(at & (again >= other[0]) & (again < other[1]), anything, hidden)

    return wrong


def random_anywhere(input_ids, chosen, mask_id, vocab_size, generator):
    draw = torch.rand(input_ids.shape, generator=generator)
    anything = torch.randint(vocab_size, input_ids.shape, generator=generator)
    hidden = torch.where(chosen & (draw < 0.8), mask_id, input_ids)
    return torch.where((draw >= 0.8) & (draw < 0.9), anything, hidden)


def mask_anywhere(input_ids, chosen, mask_id, vocab_size, generator):
    draw = torch.rand(input_ids.shape, generator=generator)
    return torch.where(draw < 0.8, mask_id, input_ids)


def hidden_in_place(input_ids, chosen, mask_id, vocab_size, generator):
    input_ids[:] = hide_tokens(input_ids, chosen, mask_id, vocab_size, generator)
    return input_ids


def hidden_as_floats(input_ids, chosen, mask_id, vocab_size, generator):
    return hide_tokens(input_ids, chosen, mask_id, vocab_size, generator).float()


def hidden_by_place(input_ids, chosen, mask_id, vocab_size, generator):
    places = chosen.nonzero()
    hidden, count = input_ids.clone(), len(places)
    rows, columns = places[: int(0.8 * count)].T
    hidden[rows, columns] = mask_id
    rows, columns = places[int(0.8 * count) : int(0.9 * count)].T
    hidden[rows, columns] = torch.randint(vocab_size, rows.shape, generator=generator)
    return hidden


def hidden_by_global(input_ids, chosen, mask_id, vocab_size, generator):
    return hide_tokens(input_ids, chosen, mask_id, vocab_size, Generator().manual_seed(random.randrange(2**31)))


def hidden_always_alike(input_ids, chosen, mask_id, vocab_size, generator):
    return hide_tokens(input_ids, chosen, mask_id, vocab_size, Generator().manual_seed(0))


def hidden_set_back(input_ids, chosen, mask_id, vocab_size, generator):
    return hide_tokens(input_ids, chosen, mask_id, vocab_size, generator.manual_seed(generator.initial_seed()))


def of_the_batch(input_ids, vocab_size, generator):
    return input_ids.flatten()[torch.randperm(input_ids.numel(), generator=generator)].view_as(input_ids)


def by(low, high=None, rows=None, columns=None):
    """Random tokens from `low` up to the vocabulary's size or `high`; one for all rows, or columns, if said so."""

    def tokens(input_ids, vocab_size, generator):
        shape = rows or input_ids.size(0), columns or input_ids.size(1)
        return torch.randint(low, high(vocab_size) if high else vocab_size, shape, generator=generator)

    return tokens


HIDING = planted({
    "all become [MASK]": hiding(mask=(0, 1), other=(2, 3)),
    "no random tokens": hiding(mask=(0, 0.9), other=(2, 3)),
    "none stays": hiding(mask=(0, 0.9), other=(0.9, 1)),
    "drawn twice": hiding(other=(0, 0.1), second="anew"),
    "10 % of the rest": hiding(other=(0, 0.1), second="rest"),
    "80 % random": hiding(mask=(0, 0.1), other=(0.1, 0.9)),
    "[MASK] overwritten": hiding(other=(0, 0.9)),
    "the same draws twice": hiding(other=(0, 0.1)),
    "80 % stay": hiding(mask=(0, 0.1), other=(0.1, 0.2)),
    "chosen again": hiding(where=lambda chosen, generator: chosen & (torch.rand(chosen.shape, generator=generator) < 0.15)),
    "nothing hidden": lambda input_ids, chosen, mask_id, vocab_size, generator: input_ids.clone(),
    "the others hidden": hiding(where=lambda chosen, generator: ~chosen),
    "random tokens anywhere": random_anywhere,
    "[MASK] anywhere": mask_anywhere,
    "another mask_id": hiding(mask_id=103),
    "input changed in place": hidden_in_place,
    "no whole numbers": hidden_as_floats,
    "beyond the vocabulary": hiding(tokens=by(0, lambda size: 30522)),
    "one token for all": hiding(tokens=by(0, None, 1, 1)),
    "the same token in every row": hiding(tokens=by(0, None, rows=1)),
    "one token a row": hiding(tokens=by(0, None, columns=1)),
    "tokens of the batch": hiding(tokens=of_the_batch),
    "not any token": hiding(tokens=by(5)),
    "a draw for each row": hiding(draws=lambda shape, generator: torch.rand(shape[0], 1, generator=generator)),
    "a draw for each place": hiding(draws=lambda shape, generator: torch.rand(shape[1], generator=generator)),
    "by place": hidden_by_place,
    "other random numbers": hidden_by_global,
    "always the same": hidden_always_alike,
    "generator set back": hidden_set_back,
})


# ── choose_words ─────────────────────────────────────────────────────────────────────────────────────────────────────


def some_words(rows: int, length: int, first: bool, seed: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """Candidates, which tokens continue a word, and the number of each token's word in all rows. `first`: a row may begin so."""
    continues = torch.rand(rows, length, generator=generator(seed)) < 0.45
    if not first:
        continues[:, 0] = False
    starts = ~continues
    starts[:, 0] = True
    number = starts.flatten().long().cumsum(0).view(rows, length) - 1
    left_out = torch.rand(int(number.max()) + 1, generator=generator(seed + 1)) < 0.2     # some words are no candidates
    return ~left_out[number], continues, number


def chooses_whole_words(thing) -> Finding | None:
    """Whole words, as many as asked for, each by itself, in each row anew."""
    candidates, continues, number = some_words(50, 300, first=False)
    before = candidates.clone(), continues.clone()
    chosen = thing(candidates, continues, 0.3, generator())
    if not (torch.equal(candidates, before[0]) and torch.equal(continues, before[1])):
        return Finding("Your code changes a tensor that it was given: the caller still needs it. Work on a new one.", CHANGED)
    if not isinstance(chosen, Tensor) or chosen.shape != candidates.shape:
        return Finding(difference(chosen, candidates, 0.0))
    if chosen.dtype != torch.bool:
        return Finding(f"Your answer has dtype {chosen.dtype}; booleans are expected: which tokens are chosen.", "no booleans")
    if not chosen.any():
        return Finding("Nothing is chosen, where about three words in ten should be.", "nothing chosen")
    return (
        only_candidates(chosen, candidates) or whole(chosen, candidates, continues, number)
        or not_by_rows(chosen, candidates, continues) or as_many_as_asked(chosen, candidates, number) or at_the_edge(thing)
        or drawn_from_the_generator(lambda source: thing(candidates, continues, 0.3, source))
    )


def only_candidates(chosen, candidates) -> Finding | None:
    if (chosen & ~candidates).any():
        return Finding("You choose tokens that are no candidates, such as [CLS] and padding: `&` with `candidates`.",
                       "others than candidates")
    return None


def whole(chosen, candidates, continues, number) -> Finding | None:
    """All pieces of a word or none."""
    here = candidates.flatten()
    groups = number.flatten()[here]
    count, hits = groups.bincount(), groups.bincount(weights=chosen.flatten()[here].double())
    if not ((hits > 0) & (hits < count)).any():
        return None
    if not (chosen & continues).any():
        return Finding("Only first pieces are chosen: the others, ##so, stay to be seen, and give the word away.",
                       "first piece only")
    if not (chosen & ~continues).any():
        return Finding("Only pieces that continue a word are chosen: `continues` is True for those, and the first of each word "
                       "is where it is False.", "continuations only")
    turned = continues.long().cumsum(dim=1) + 1000 * torch.arange(len(continues))[:, None]
    if constant(chosen, candidates, turned):
        return Finding("You count the continuations, and give one draw to all up to the next: a new word begins where "
                       "`continues` is *False*.", "counted by continuations")
    with_next = number.flatten().roll(-1).view_as(number)
    if constant(chosen[:, :-1], candidates[:, :-1], with_next[:, :-1]):
        return Finding("You are off by one: the last piece of each word goes with the word that follows.", "off by one")
    return Finding("Some words are chosen in part: there is a draw for each piece. One draw must count for all pieces of a "
                   "word.",
                   "a draw for each piece")


def constant(chosen, candidates, groups) -> bool:
    """Whether all candidates of a group are alike."""
    here = candidates.flatten()
    _, groups = groups.flatten()[here].unique(return_inverse=True)
    count, hits = groups.bincount(), groups.bincount(weights=chosen.flatten()[here].double())
    return not ((hits > 0) & (hits < count)).any()


def as_many_as_asked(chosen, candidates, number) -> Finding | None:
    """Of all words three in ten, be they long or short."""
    count = number[candidates].bincount()
    hits = number[chosen].bincount(minlength=len(count)) > 0
    share = hits[count > 0].double().mean().item()
    short, long = hits[count == 1].double().mean().item(), hits[count >= 3].double().mean().item()
    if abs(short - long) > 0.1:
        more, why = ("more", "one of its pieces") if long > short else ("less", "all its pieces")
        return Finding(f"Long words are chosen {more} often than short ones: a word is taken when {why} would be. One draw for "
                       "each word, however many pieces it has.", f"long words {more} often")
    if abs(share - 0.3) < 0.03:
        return None
    if abs(share - 0.7) < 0.03:
        return Finding("Seven words in ten are chosen where `rate` is 0.3: choose where the draw is *below* the rate.",
                       "the others chosen")
    if abs(share - 0.15) < 0.02:
        return Finding("15 % of the words are chosen, where `rate` is 0.3: take the rate that is given.", "always 15 %")
    return Finding(f"{share:.0%} of the words are chosen, where `rate` is 0.3.")


def not_by_rows(chosen, candidates, continues) -> Finding | None:
    """Each row has draws of its own, and more than one."""
    shares = chosen.sum(dim=1) / candidates.sum(dim=1)
    if shares.std() > 0.2:
        return Finding("Whole rows are chosen: draw for each word.", "a draw for each row")
    order = (~continues).long().cumsum(dim=1)
    first, second = (of_words(chosen[row], candidates[row], order[row]) for row in (0, 1))
    both = [word for word in first if word in second]
    if sum(first[word] == second[word] for word in both) > 0.95 * len(both):
        return Finding("In every row the same words are chosen, the third, say: draw for each row.", "every row alike")
    return None


def at_the_edge(thing) -> Finding | None:
    """A row that begins in the middle of a word; and one where no token continues."""
    candidates, continues, _ = some_words(400, 12, first=True)
    continues[0] = False
    candidates[:] = True
    before = continues.clone()
    try:
        chosen = thing(candidates, continues, 0.3, generator())
    except (IndexError, RuntimeError) as error:
        return Finding("A row may begin with ##so, having been cut in the middle of a word, and another may have no such "
                       f"token at all. There your code raised {type(error).__name__}: {str(error)[:100]}", "numbers beyond the row")
    if not torch.equal(continues, before):
        return Finding("Your code changes `continues`, where a row begins with ##so: the caller still needs it. Work on a copy "
                       "(`.clone()`; `~continues` is a new tensor, too).", "continues changed")
    begun = [row for row in range(1, 400) if continues[row, 0]]
    if all(chosen[row, 0] == chosen[row - 1, -1] for row in begun):
        return Finding("A row that begins with ##so shares its draw with the last word of the row before. Rows have nothing to "
                       "do with each other: number the words of each row by themselves.", "carried over between rows")
    if not any(chosen[row, 0] for row in begun):
        return Finding("A piece with which a row begins, ##so, is never chosen: it is a word's last piece, and may be asked "
                       "for.",
                       "never at the beginning")
    followed = [row for row in begun if not continues[row].all()]
    if all(chosen[row, 0] == chosen[row, int((~continues[row]).long().argmax())] for row in followed):
        return Finding("Where a row begins with ##so, that piece and the word after it share one draw. The piece is the end of "
                       "another word, and counts as a word of its own.", "joined to the next word")
    return None


def of_words(chosen, candidates, order) -> dict[int, bool]:
    return {int(word): bool(mark) for word, mark, here in zip(order, chosen, candidates, strict=True) if here}


def numbered(continues: Tensor) -> Tensor:
    starts = ~continues
    starts[:, 0] = True
    return starts.long().cumsum(dim=1) - 1


def rand(shape, generator) -> Tensor:
    return torch.rand(shape, generator=generator)


def choosing(number, draws=rand, marks=None, below=True):
    """choose_words with something in it changed."""

    def wrong(candidates, continues, rate, generator):
        groups = number(continues)
        picked = draws(candidates.shape, generator).expand(candidates.shape).gather(1, groups)
        chosen = (picked < rate) if below else (picked >= rate)
        return chosen & (candidates if marks is None else marks(candidates, continues))

    return wrong


def over_rows(candidates, continues, rate, generator):
    number = (~continues).flatten().long().cumsum(0)
    draws = torch.rand(len(number) + 1, generator=generator)
    return candidates & (draws[number] < rate).view_as(candidates)


def when(together_how):
    """A draw for each piece, and then the word when any, or all, of its pieces are drawn."""

    def wrong(candidates, continues, rate, generator):
        number = numbered(continues)
        hit = (torch.rand(candidates.shape, generator=generator) < rate).double()
        start = torch.zeros_like(hit) if together_how == "amax" else torch.ones_like(hit)
        return candidates & (start.scatter_reduce(1, number, hit, together_how).gather(1, number) > 0)

    return wrong


def chosen_changed(candidates, continues, rate, generator):
    candidates &= choose_words(candidates, continues, rate, generator)
    return candidates


def continues_changed(candidates, continues, rate, generator):
    continues[:, 0] = False
    return choose_words(candidates, continues, rate, generator)


def never_at_the_beginning(candidates, continues, rate, generator):
    inside = (~continues).long().cumsum(dim=1) > 0
    return choose_words(candidates, continues, rate, generator) & inside


def seeded(seed_of):
    def wrong(candidates, continues, rate, generator):
        return choose_words(candidates, continues, rate, seed_of(generator))

    return wrong


CHOOSING = planted({
    "a draw for each piece": lambda candidates, continues, rate, source: candidates & (rand(candidates.shape, source) < rate),
    "first piece only": choosing(numbered, marks=lambda candidates, continues: candidates & ~continues),
    "continuations only": choosing(numbered, marks=lambda candidates, continues: candidates & continues),
    "counted by continuations": choosing(lambda continues: continues.long().cumsum(dim=1)),
    "off by one": choosing(lambda continues: numbered(continues.roll(-1, dims=1))),
    "others than candidates": choosing(numbered, marks=lambda candidates, continues: torch.ones_like(candidates)),
    "the others chosen": choosing(numbered, below=False),
    "nothing chosen": lambda candidates, continues, rate, generator: torch.zeros_like(candidates),
    "always 15 %": lambda candidates, continues, rate, generator: choose_words(candidates, continues, 0.15, generator),
    "long words more often": when("amax"),
    "long words less often": when("amin"),
    "every row alike": choosing(numbered, draws=lambda shape, generator: torch.rand(1, shape[1], generator=generator)),
    "a draw for each row": choosing(numbered, draws=lambda shape, generator: torch.rand(shape[0], 1, generator=generator)),
    "numbers beyond the row": choosing(lambda continues: (~continues).long().cumsum(dim=1) - 1),
    "carried over between rows": over_rows,
    "never at the beginning": never_at_the_beginning,
    "joined to the next word": choosing(lambda continues: ((~continues).long().cumsum(dim=1) - 1).clamp(min=0)),
    "continues changed": continues_changed,
    "no booleans": lambda candidates, continues, rate, generator: choose_words(candidates, continues, rate, generator).long(),
    "input changed in place": chosen_changed,
    "other random numbers": seeded(lambda generator: Generator().manual_seed(random.randrange(2**31))),
    "always the same": seeded(lambda generator: Generator().manual_seed(0)),
    "generator set back": seeded(lambda generator: generator.manual_seed(generator.initial_seed())),
})


# ── Transform and MaskedLMHead ───────────────────────────────────────────────────────────────────────────────────────


class NoGelu(Transform):
    def forward(self, hidden):
        return self.LayerNorm(self.dense(hidden))


class TanhGelu(Transform):
    def forward(self, hidden):
        return self.LayerNorm(F.gelu(self.dense(hidden), approximate="tanh"))


class ReluInstead(Transform):
    def forward(self, hidden):
        return self.LayerNorm(self.dense(hidden).relu())


class TanhInstead(Transform):
    def forward(self, hidden):
        return self.LayerNorm(self.dense(hidden).tanh())


class NoNorm(Transform):
    def forward(self, hidden):
        return F.gelu(self.dense(hidden))


class NormBeforeGelu(Transform):
    def forward(self, hidden):
        return F.gelu(self.LayerNorm(self.dense(hidden)))


class NormFirst(Transform):
    def forward(self, hidden):
        return F.gelu(self.dense(self.LayerNorm(hidden)))


class GeluFirst(Transform):
    def forward(self, hidden):
        return self.LayerNorm(self.dense(F.gelu(hidden)))


class NoDense(Transform):
    def forward(self, hidden):
        return self.LayerNorm(F.gelu(hidden))


class WithResidual(Transform):
    def forward(self, hidden):
        return self.LayerNorm(F.gelu(self.dense(hidden)) + hidden)


class OtherEpsilon(Transform):
    def __init__(self, config):
        super().__init__(replace(config, layer_norm_eps=1e-5))


class UsualEpsilon(Transform):
    def __init__(self, config):
        super().__init__(replace(config, layer_norm_eps=1e-12))


class TransformNotSetUp(Transform):
    def __init__(self, config):
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)


class TransformWithoutConfig(Transform):
    def __init__(self, config):
        super().__init__(config)
        del self.config


class NoBias(MaskedLMHead):
    def forward(self, hidden, words):
        return F.linear(self.transform(hidden), words)


class NoTransform(MaskedLMHead):
    def forward(self, hidden, words):
        return F.linear(hidden, words, self.bias)


class TransformTwice(MaskedLMHead):
    def forward(self, hidden, words):
        return super().forward(self.transform(hidden), words)


class TransformedWords(MaskedLMHead):
    def forward(self, hidden, words):
        return F.linear(self.transform(hidden), self.transform(words), self.bias)


class OnlyWordsTransformed(MaskedLMHead):
    def forward(self, hidden, words):
        return F.linear(hidden, self.transform(words), self.bias)


class HeadWithResidual(MaskedLMHead):
    def forward(self, hidden, words):
        return F.linear(hidden + self.transform(hidden), words, self.bias)


class Probabilities(MaskedLMHead):
    def forward(self, hidden, words):
        return super().forward(hidden, words).softmax(dim=-1)


class LogProbabilities(MaskedLMHead):
    def forward(self, hidden, words):
        return super().forward(hidden, words).log_softmax(dim=-1)


class Divided(MaskedLMHead):
    def forward(self, hidden, words):
        return F.linear(self.transform(hidden), words) / words.size(-1) ** 0.5 + self.bias


class Cosines(MaskedLMHead):
    def forward(self, hidden, words):
        return F.linear(F.normalize(self.transform(hidden), dim=-1), F.normalize(words, dim=-1), self.bias)


class BiasTakenOff(MaskedLMHead):
    def forward(self, hidden, words):
        return F.linear(self.transform(hidden), words) - self.bias


class NotTurned(MaskedLMHead):
    def forward(self, hidden, words):
        return self.transform(hidden) @ words + self.bias


class OwnMatrix(MaskedLMHead):
    def __init__(self, config):
        super().__init__(config)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size, bias=False)


class OwnMatrixAndBias(MaskedLMHead):
    def __init__(self, config):
        super().__init__(config)
        del self.bias
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)


class PlainBias(MaskedLMHead):
    def __init__(self, config):
        super().__init__(config)
        del self.bias
        self.bias = torch.zeros(config.vocab_size)


class HeadNotSetUp(MaskedLMHead):
    def __init__(self, config):
        self.config = config
        self.transform = Transform(config)


class HeadWithoutConfig(MaskedLMHead):
    def __init__(self, config):
        super().__init__(config)
        del self.config


class TableCut(MaskedLMHead):
    def forward(self, hidden, words):
        return super().forward(hidden, words.detach())


class HeadCut(MaskedLMHead):
    def forward(self, hidden, words):
        return super().forward(hidden.detach(), words)


class DropoutAdded(Transform):
    def forward(self, hidden):
        return F.dropout(super().forward(hidden), 0.1, self.training)


class RandomBias(MaskedLMHead):
    def __init__(self, config):
        super().__init__(config)
        self.bias.data.normal_(std=0.02)


class WordsKept(MaskedLMHead):
    def forward(self, hidden, words):
        self.table = getattr(self, "table", words)
        return super().forward(hidden, self.table)


def keeps_config(thing) -> Finding | None:
    return None if getattr(thing(SMALL), "config", None) == SMALL else NO_CONFIG


def same_in_training(thing) -> Finding | None:
    """Nothing is dropped out."""
    part, hidden = with_hard_weights(thing(SMALL)).train(), randn(3, 8)
    if same(part(hidden), part(hidden)):
        return None
    return Finding("In training your answer changes from run to run: there is no dropout here, only dense, GELU and LayerNorm.",
                   "dropout added")


def begins_with_zeros(thing) -> Finding | None:
    """No word is preferred before anything has been learned."""
    if thing(SMALL).bias.any():
        return Finding("The scores are right, but your `bias` begins with other numbers than zeros: `torch.zeros`.",
                       "bias not zero")
    return None


def reads_each_table(thing) -> Finding | None:
    """The table is the one that is given, each time."""
    head, right = with_hard_weights(thing(SMALL)), with_hard_weights(MaskedLMHead(SMALL))
    hidden, tables = randn(3, 8), (randn(20, 8, seed=1), randn(20, 8, seed=2))
    if all(difference(head(hidden, words), right(hidden, words), TOLERANCE) is None for words in tables):
        return None
    return Finding("Called again with another table, your head still compares with the first one: take the `words` that are "
                   "given. The table changes with every step of the training.", "table kept")


def head_learns(thing) -> Finding | None:
    """Gradients reach the head's parameters, the hidden states, and the table of words."""
    head = with_hard_weights(thing(SMALL))
    hidden, words = randn(3, 8).requires_grad_(), randn(20, 8, seed=1).requires_grad_()
    head(hidden, words).pow(2).sum().backward()
    if words.grad is None:
        return Finding("The scores are right, but no gradient reaches the table of words: then a word's vector would learn "
                       "from being read only, and not from being guessed. Leave `detach` out.", "table cut off")
    return CUT if any(tensor.grad is None for tensor in (hidden, *head.parameters())) else None


def fills_as_before(thing) -> Finding | str:
    """The part inside the mask filler: the same words with the same probabilities."""
    model, tokenizer = mask_filler()
    own = with_parts(model, {thing.__name__: thing})
    text = "paris is the capital of [MASK]."
    before, after = fill_mask(text), fill_mask(text, 5, own, tokenizer)
    if [word for word, _ in before] != [word for word, _ in after] or any(
        abs(one - other) > TOLERANCE for (_, one), (_, other) in zip(before, after, strict=True)
    ):
        return Finding("By itself your part agrees, but inside the mask filler it fills masks otherwise.")
    return f"Dropped into the course's mask filler: “{text}” is filled as before, with the same probabilities."


def known(finding: Finding, wrong) -> Mistake:
    """The mistake that a probe finds, since no single output shows it."""
    return Mistake(finding.mistake, finding.message, wrong)


# ── masked_lm_loss ───────────────────────────────────────────────────────────────────────────────────────────────────


def hard(kind: type) -> nn.Module:
    """A model whose weights are still harder: else a mask more or less would hardly move the loss."""
    model = with_hard_weights(kind(SMALL)).eval()
    for parameter in model.parameters():
        parameter.data *= 3
    return model


ONE_BATCH = {"input_ids": torch.tensor([[3, 7, 4, 19, 4, 2], [3, 9, 4, 12, 16, 2]])}
ONE_LABELS = torch.tensor([[-100, 7, 12, -100, 5, -100], [-100, -100, 11, -100, -100, -100]])
TWO_BATCH = {
    "input_ids": torch.tensor([[3, 4, 12, 4, 2, 13, 2], [3, 9, 2, 4, 2, 0, 0]]),
    "token_type_ids": torch.tensor([[0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0, 0]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 0]]),
}
TWO_LABELS = torch.tensor([[-100, 8, -100, 0, -100, 13, -100], [-100, -100, -100, 17, -100, -100, -100]])


def losing(score=None, loss=F.cross_entropy, average=None, read=None):
    """masked_lm_loss with something in it changed."""

    def wrong(model, batch, labels):
        hidden = (read or (lambda model, batch: model.bert(**batch)[0]))(model, batch)
        asked = labels != NOT_ASKED
        scores = (score or (lambda model, hidden: model.score_words(hidden)))(model, hidden[asked])
        if average:
            return average(F.cross_entropy(scores, labels[asked], reduction="none"), asked, batch)
        return loss(scores, labels[asked]) if asked.any() else scores.sum()

    return wrong


def everything_asked(model, batch, labels):
    scores = model.score_words(model.bert(**batch)[0])
    return F.cross_entropy(scores.flatten(0, 1), torch.where(labels == NOT_ASKED, batch["input_ids"], labels).flatten())


def zeros_asked(model, batch, labels):
    scores = model.score_words(model.bert(**batch)[0])
    return F.cross_entropy(scores.flatten(0, 1), labels.clamp(min=0).flatten())


def zero_ignored(model, batch, labels):
    scores = model.score_words(model.bert(**batch)[0])
    return F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=0)


def zero_is_padding(model, batch, labels):
    scores = model.score_words(model.bert(**batch)[0])
    return F.cross_entropy(scores.flatten(0, 1), labels.clamp(min=0).flatten(), ignore_index=0)


def what_is_shown(model, batch, labels):
    asked = labels != NOT_ASKED
    scores = model.score_words(model.bert(**batch)[0][asked])
    return F.cross_entropy(scores, batch["input_ids"][asked], reduction="sum") / max(1, len(scores))


def model_called(model, batch, labels):
    return F.cross_entropy(model(**batch).flatten(0, 1), labels.flatten())


def kept_left_out(model, batch, labels):
    asked = (labels != NOT_ASKED) & (labels != batch["input_ids"])
    scores = model.score_words(model.bert(**batch)[0][asked])
    return F.cross_entropy(scores, labels[asked], reduction="sum") / max(1, len(scores))


def encoder_cut(model, batch, labels):
    with torch.no_grad():
        hidden = model.bert(**batch)[0]
    asked = labels != NOT_ASKED
    return F.cross_entropy(model.score_words(hidden[asked]), labels[asked], reduction="sum") / max(1, int(asked.sum()))


def plain_zero(model, batch, labels):
    return masked_lm_loss(model, batch, labels) if (labels != NOT_ASKED).any() else torch.tensor(0.0)


def all_scored(model, batch, labels):
    scores = model.score_words(model.bert(**batch)[0]).flatten(0, 1)
    total = F.cross_entropy(scores, labels.flatten(), reduction="sum")
    return total / (labels != NOT_ASKED).sum().clamp(min=1)


def mean_of_nothing(model, batch, labels):
    asked = labels != NOT_ASKED
    return F.cross_entropy(model.score_words(model.bert(**batch)[0][asked]), labels[asked])


def of_texts(losses, asked, batch):
    rows = asked.nonzero()[:, 0]
    return torch.stack([losses[rows == row].mean() for row in rows.unique()]).mean() if len(rows) else losses.sum()


def scores_only_what_is_asked(thing) -> Finding | None:
    """Only hidden states that are asked for go to the head."""
    model, sizes = hard(BertForMaskedLM), []
    hook = model.cls["predictions"].register_forward_hook(lambda module, given, output: sizes.append(output.numel() // 20))
    thing(model, ONE_BATCH, ONE_LABELS)
    hook.remove()
    if sum(sizes) > 4:
        return Finding(f"The loss is right, but you score words for {sum(sizes)} tokens where 4 are asked for. With a "
                       "vocabulary of 30,522 that is most of the work: choose the hidden states first, then score.",
                       "every token scored")
    return None


def loss_learns(thing) -> Finding | None:
    """Gradients reach the head, the table of words, and the encoder down to its first layer."""
    model = hard(BertForPreTraining)
    loss = thing(model, TWO_BATCH, TWO_LABELS)
    if not loss.requires_grad:
        return CUT
    loss.backward()
    learned = {name: parameter.grad is not None and bool(parameter.grad.any()) for name, parameter in model.named_parameters()}
    if not (learned["bert.embeddings.word_embeddings.weight"] and learned["cls.predictions.transform.dense.weight"]):
        return CUT
    if not learned["bert.encoder.layer.0.attention.self.query.weight"]:
        return Finding("The number is right, but no gradient reaches the encoder (`no_grad`, `detach`): the head would learn, "
                       "and all that reads the text would stay as it was drawn at random.", "encoder cut off")
    if not thing(model, ONE_BATCH, torch.full((2, 6), NOT_ASKED)).requires_grad:
        return Finding("Where nothing is asked for, your 0 is a number without a gradient, at which `loss.backward()` raises an "
                       "error, and a training would stop. The sum over no token at all is 0, too, and has one.",
                       "0 without a gradient")
    return None


# ── sentence_pairs ───────────────────────────────────────────────────────────────────────────────────────────────────

ROOM = 60


def numbered_documents() -> list[list[list[int]]]:
    """Documents in which each id occurs once, so that it tells where it comes from; of many sentences or few, short or long."""
    lengths, documents, number = generator(5), [], 0
    for sentences, longest in ((400, 14), (1, 20), (250, 70), (2, 40), (700, 9), (500, 30), (3, 90), (600, 14), (300, 45)):
        document = []
        for _ in range(sentences):
            size = draw(longest, lengths) + 1
            document.append(list(range(number, number + size)))
            number += size
        documents.append(document)
    return documents


DOCUMENTS = numbered_documents()
ORIGIN = {token: (place, line) for place, document in enumerate(DOCUMENTS)
          for line, sentence in enumerate(document) for token in sentence}
BEGINNINGS, ENDS = ({sentence[place] for document in DOCUMENTS for sentence in document} for place in (0, -1))


def pairs_as_said(thing) -> Finding | None:
    """Half of the seconds follow, half come from elsewhere, and nothing but order and origin tells them apart."""
    documents = copy.deepcopy(DOCUMENTS)
    pairs = thing(documents, ROOM, generator())
    if documents != DOCUMENTS:
        return Finding("Your code changes the documents that it was given: `first = document[0]` and then `first += …` adds to "
                       "the document itself. Begin with a new list.", CHANGED)
    if not isinstance(pairs, list):
        return Finding(difference(pairs, [], 0.0))
    if not pairs:
        return Finding("You give back an empty list.", "no pairs")
    if all(type(pair) is tuple and len(pair) == 3 for pair in pairs):
        return Finding("Each item should be a `Pair(first, second, follows)`. Yours are plain tuples, which have no `.follows`: "
                       "write `Pair` before the bracket.", "plain tuples")
    if not all(isinstance(pair, Pair) and isinstance(pair.follows, bool) for pair in pairs):
        return Finding("Each item should be a `Pair(first, second, follows)`, and `follows` a `bool`.", "no pairs of the kind")
    if not all(isinstance(token, int) for pair in pairs for text in pair[:2] for token in text):
        return Finding("A text of a pair is one list of ids. Yours holds something else: put the sentences together, "
                       "`together(document[start:cut])`.", "sentences not put together")
    return (
        filled(pairs) or truly_followed(pairs) or half_and_half(pairs) or in_order(sorted(pairs))
        or drawn_from_the_generator(lambda source: thing(copy.deepcopy(DOCUMENTS), ROOM, source))
    )


def in_order(pairs) -> Finding | None:
    """What can be said of pairs in the order of reading, whatever the order in which they were given back."""
    return read_through(pairs) or by_chance(reread(pairs)) or made_alike(reread(pairs))


def filled(pairs) -> Finding | None:
    """Neither text empty, both together no longer than the room, each from one document, with whole sentences at the front."""
    if any(not first or not second and len(first) < ROOM for first, second, _ in pairs):
        return Finding("Some texts of your pairs are empty: there must be a sentence at least on either side of the cut.",
                       "an empty text")
    if any(not pair.second for pair in pairs):
        return Finding("Where the first text fills the room, your second is empty. `truncate(first, second, room)` cuts the "
                       "longer of the two, be it the first.", "the first never cut")
    if any(len(pair.first) + len(pair.second) > ROOM for pair in pairs):
        return Finding(f"Some pairs have more ids than the room, {ROOM}: `truncate(first, second, room)` cuts the longer one.",
                       "more than the room")
    if sum(len(pair.first) + len(pair.second) for pair in pairs) < 0.6 * ROOM * len(pairs):
        return Finding("Your pairs leave much of the room empty: sentences are taken until it is full (`where_full`).",
                       "room left empty")
    for pair in pairs:
        for text in pair[:2]:
            if any(after != before + 1 for before, after in zip(text, text[1:], strict=False)) or text[0] not in BEGINNINGS:
                return Finding("Some texts of your pairs are no stretch of a document that begins with a sentence.",
                               "no stretch of a document")
    return None


def document_of(text: list[int]) -> int:
    return ORIGIN[text[0]][0]


def line_of(token: int) -> int:
    return ORIGIN[token][1]


def truly_followed(pairs) -> Finding | None:
    """`follows` is what is said of the two texts."""
    apart = [document_of(pair.first) != document_of(pair.second) for pair in pairs]
    said = [pair.follows for pair in pairs]
    if apart == said and any(said):
        return Finding("The labels are turned round: `follows` is False for seconds that follow, and True for those of another "
                       "document.", "labels turned round")
    for pair, elsewhere in zip(pairs, apart, strict=True):
        if pair.follows and elsewhere:
            return Finding("Some seconds come from another document and are said to follow.", "false pairs said to follow")
        if not pair.follows and not elsewhere:
            return Finding("Some seconds that are said not to follow come from the same document as the first, and might even "
                           "follow: draw among the *other* documents.", "false second from the same document")
        if pair.follows and line_of(pair.second[0]) <= line_of(pair.first[0]):
            return Finding("First and second are exchanged: the text that comes later in the document is the second.",
                           "first and second exchanged")
    true = [pair for pair in pairs if pair.follows]
    if any(line_of(pair.second[0]) <= line_of(pair.first[-1]) for pair in true):
        return Finding("A sentence stands in both texts: the first ends before the cut, `document[start:cut]`, and the second "
                       "begins with it.", "a sentence in both")
    apart = [pair for pair in true if line_of(pair.second[0]) > line_of(pair.first[-1]) + 1 and len(pair.first) < ROOM // 2]
    if sum(pair.first[-1] in ENDS for pair in apart) > 0.8 * len(apart):     # a first that was cut ends anywhere
        return Finding("Between a first and the second that follows it there is a gap: the second begins at the cut.",
                       "a gap at the cut")
    return None


def half_and_half(pairs) -> Finding | None:
    """A coin for each pair."""
    said = [pair.follows for pair in pairs]
    share = sum(said) / len(said)
    if share in (0, 1):
        return Finding(f"{'Every' if share else 'No'} second follows upon its first: half of them should.",
                       "always follows" if share else "never follows")
    turns = sum(one != other for one, other in zip(said, said[1:], strict=False)) / len(said)
    if turns < 0.4 * 2 * share * (1 - share):
        return Finding("Many pairs of one kind come one after another, as if one coin were tossed for a whole document: toss it "
                       "for each pair.", "a coin for each document")
    if not 0.4 < share < 0.6:
        return Finding(f"{share:.0%} of the seconds follow: half of them should.", "not half and half")
    if turns > 0.9:
        return Finding("True and false pairs come by turns: toss a coin for each, `draw(2, generator)`.", "by turns")
    return None


def read_through(pairs) -> Finding | None:
    """Each document from beginning to end, no sentence left out and none read twice."""
    read = defaultdict(list)
    for pair in pairs:
        for text in (pair.first, pair.second) if pair.follows else (pair.first,):
            read[document_of(text)] += [line_of(text[0])]
    if any(len(DOCUMENTS[place]) - 1 == line_of(pair.first[0]) for pair in pairs for place in [document_of(pair.first)]):
        return Finding("A last sentence that is left alone gives a pair, whose second can only be false: it gives none, since "
                       "there is nowhere to cut.", "a sentence left alone")
    if {place for place, document in enumerate(DOCUMENTS) if len(document) > 1} - set(read):
        return Finding("Some documents are never read: each one of two sentences or more gives pairs.", "documents left out")
    if any(len(set(lines)) < len(lines) for lines in read.values()):
        return Finding("Some sentences come twice: what has been used, as a first or as a second that follows, is read. The "
                       "next pair begins where it ends.", "read twice")
    if any(min(lines) > 0 for lines in read.values()):
        return Finding("Some documents are not read from their first sentence on.", "beginnings left out")
    in_turn = [(pair, after) for pair, after in zip(pairs, pairs[1:], strict=False)
               if document_of(after.first) == document_of(pair.first)]
    lost = [pair for pair, after in in_turn if not pair.follows and len(pair.first) < ROOM // 2
            and line_of(after.first[0]) > line_of(pair.first[-1]) + 1]
    if sum(pair.first[-1] in ENDS for pair in lost) > 0.8 * len(lost):     # a first that was cut ends anywhere
        return Finding("After a false second, sentences are lost: what comes after the cut was not used, so the next pair "
                       "begins at the cut.", "sentences lost")
    for pair, after in in_turn:
        full = where_full(DOCUMENTS[document_of(pair.first)], line_of(pair.first[0]), ROOM)
        if pair.follows and line_of(after.first[0]) != full:
            return Finding("A pair that follows uses the sentences up to where the room is full, `where_full(document, start, "
                           "room)`, and the next pair begins there. Some of yours begin elsewhere.", "not where the room is full")
    return None


class Reread(NamedTuple):
    """A pair, and what it was made from: the sentences from `start` to `cut`; the room is full at `end`."""

    pair: Pair
    document: list[list[int]]
    start: int
    cut: int
    end: int


def reread(pairs) -> list[Reread]:
    """How pairs in the order of reading were made: where a false second is, the cut is where the next pair begins."""
    found = []
    for pair, after in zip(pairs, [*pairs[1:], None], strict=True):
        place, start = ORIGIN[pair.first[0]]
        document = DOCUMENTS[place]
        if pair.follows:
            cut = line_of(pair.second[0])
        else:     # or else only one sentence was left
            cut = line_of(after.first[0]) if after and document_of(after.first) == place else len(document) - 1
        found.append(Reread(pair, document, start, cut, where_full(document, start, ROOM)))
    return found


def by_chance(made: list[Reread]) -> Finding | None:
    """The cut, and where a false second comes from, are left to chance."""
    places = [(each.cut - each.start - 1, each.end - each.start - 1) for each in made if each.end > each.start + 2]
    if all(place == 0 for place, _ in places):
        return Finding("The first text is always a single sentence: the cut is drawn, anywhere between two of the sentences.",
                       "first of one sentence")
    if all(place == count - 1 for place, count in places):
        return Finding("A second that follows is always a single sentence: the cut is drawn, anywhere between two of the "
                       "sentences.", "second of one sentence")
    if all(abs(2 * place - count + 1) <= 1 for place, count in places) or sum(map(nearest_the_middle, made)) > 0.95 * len(made):
        return Finding("The cut is always in the middle: it is drawn, anywhere between two of the sentences.", "cut in the middle")
    for say, edge in (("after the first sentence", lambda count: 0), ("before the last one", lambda count: count - 1)):
        often = sum(place == edge(count) for place, count in places)
        expected = sum(1 / count for _, count in places)
        spread = sum(1 / count * (1 - 1 / count) for _, count in places) ** 0.5
        if abs(often - expected) > 5 * spread:
            return Finding(f"Some cuts come more often than others: {often} are {say}, where about {expected:.0f} of "
                           f"{len(places)} are expected. Each place between two of the sentences is as likely, and there are "
                           "end − start − 1 of them.", "some cuts more often")
    false = [each.pair for each in made if not each.pair.follows]
    if all(line_of(pair.second[0]) == 0 for pair in false):
        return Finding("A false second is always the beginning of its document, and beginnings are easily told: draw where it "
                       "starts.", "always from the beginning")
    steps = {(document_of(pair.second) - document_of(pair.first)) % len(DOCUMENTS) for pair in false}
    if len(steps) == 1:
        return Finding("A false second always comes from the same neighbour: draw among all the other documents.",
                       "always the same neighbour")
    return None


def nearest_the_middle(each: Reread) -> bool:
    """Whether no other cut would have made the two halves more alike in ids."""
    total = len(together(each.document[each.start : each.end]))
    apart = [abs(2 * len(together(each.document[each.start : cut])) - total) for cut in range(each.start + 1, each.end)]
    return apart[each.cut - each.start - 1] == min(apart)


def rest(made: Reread) -> tuple[list[list[int]], int, list[int], list[int]]:
    """Of a false pair: where its second comes from, and what its first and the true second were before they were cut."""
    place, begin = ORIGIN[made.pair.second[0]]
    first = together(made.document[made.start : made.cut])
    return DOCUMENTS[place], begin, first, together(made.document[made.cut : made.end])


def gathered(other, begin, first, true) -> list[int]:
    """A false second as it should be, before `truncate`."""
    return together(other[begin : where_full(other, begin, ROOM - len(first), 1)])


def sentences_for(room, least=1):
    """Whole sentences for a room that depends on the first text and on the true second."""
    return lambda other, begin, first, true: together(other[begin : where_full(other, begin, room(first, true), least)])


def ids_for(room):
    """So many ids, cut off wherever that may be."""
    return lambda other, begin, first, true: together(other[begin:])[: max(1, room(first, true))]


END_TELLS = ("Your false seconds are cut at a number of ids, so they hardly ever end with a sentence, while true ones often do: "
             "the last token gives them away. Gather whole sentences until the room beside the first is full, and let "
             "`truncate` cut, as it does with the true ones.", "the end gives it away")
SECOND_LONGER = ("Your false seconds are gathered for more room than the true ones, so the longer one is cut more often, and the "
                 "lengths give them away: the room is what the first leaves, `room - len(first)`.", "length gives it away")
GATHERED = (     # false seconds that give themselves away, and how
    (ids_for(lambda first, true: len(true)), *END_TELLS),
    (ids_for(lambda first, true: len(truncate(first, true, ROOM)[1])), *END_TELLS),
    (ids_for(lambda first, true: ROOM - len(first)), *END_TELLS),
    (sentences_for(lambda first, true: ROOM - len(first), least=2),
     "Your false seconds have two sentences at least, and true ones often have one: `where_full(other, begin, room - len(first), "
     "1)` takes at least one.", "two sentences at least"),
    (sentences_for(lambda first, true: ROOM), *SECOND_LONGER),
    (sentences_for(lambda first, true: ROOM, least=2), *SECOND_LONGER),
    (sentences_for(lambda first, true: len(true)), *SECOND_LONGER),
    (sentences_for(lambda first, true: len(true), least=2), *SECOND_LONGER),
    (lambda other, begin, first, true: together(other[begin:]), *SECOND_LONGER),
    (lambda other, begin, first, true: other[begin],
     "Your false seconds are always a single sentence: gather sentences until the room beside the first is full.",
     "false seconds of one sentence"),
)
CUT_DOWN = (     # instead of truncate
    (lambda first, second: (first[: ROOM // 2], second[: ROOM // 2]),
     "You give each text half of the room. `truncate(first, second, room)` leaves a short one whole, and gives the other what is "
     "left.", "both cut in half"),
    (lambda first, second: (first[: ROOM - 1], second[: ROOM - min(len(first), ROOM - 1)]),
     "You cut the second alone. `truncate(first, second, room)` cuts the longer of the two.", "the second alone cut"),
    (lambda first, second: (first[: ROOM - min(len(second), ROOM - 1)], second[: ROOM - 1]),
     "You cut the first alone. `truncate(first, second, room)` cuts the longer of the two.", "the first alone cut"),
)


def made_alike(made: list[Reread]) -> Finding | None:
    """True and false seconds are gathered and cut in one way, so that neither length nor end tells them apart."""

    def right(each: Reread, gather=gathered, cut=lambda first, second: truncate(first, second, ROOM)) -> bool:
        other, begin, first, true = rest(each)
        return tuple(each.pair[:2]) == tuple(cut(first, true if each.pair.follows else gather(other, begin, first, true)))

    if all(map(right, made)):
        return None
    true = [each for each in made if each.pair.follows]
    for gather, says, name in GATHERED:
        if all(right(each, gather) for each in made):
            return Finding(says, name)
    for cut, says, name in CUT_DOWN:
        if all(right(each, cut=cut) for each in true):
            return Finding(says, name)
    if not all(map(right, true)):
        return Finding("Some pairs that follow are not what `truncate(first, second, room)` leaves of the sentences before and "
                       "after the cut, those from `start` up to `where_full(document, start, room)`.")
    return Finding("Some false seconds are not gathered as the true ones are: whole sentences of the other document, one at least, "
                   "until the room beside the first is full, `where_full(other, begin, room - len(first), 1)`; then `truncate`. "
                   "Else their length or their end gives them away.")


def pairing(cut=None, follows=None, other=None, begin=None, gather=None, answer=None, go_on=None, first_end=0, gap=False):
    """sentence_pairs with something in it changed."""

    def wrong(documents, room, generator):
        pairs = []
        for place, document in enumerate(documents):
            start = 0
            while start + 1 < len(document):
                end = where_full(document, start, room)
                middle = start + 1 + (cut or draw)(end - start - 1, generator)
                begun = min(middle + 1, end - 1) if gap else middle
                first, second = together(document[start : middle + first_end]), together(document[begun:end])
                true = draw(2, generator) == 0 if follows is None else follows(generator, pairs, place)
                if not true:
                    elsewhere = documents[(other or another)(place, len(documents), generator)]
                    line = (begin or draw)(len(elsewhere), generator)
                    second = (gather or gathered)(elsewhere, line, first, second)
                pairs.append((answer or (lambda first, second, true, room: Pair(*truncate(first, second, room), true)))(
                    first, second, true, room))
                start = (go_on or (lambda true, middle, end: end if true else middle))(true, middle, end)
        return pairs

    return wrong


def cut_by(place):
    """sentence_pairs that cuts down to the room as CUT_DOWN's entry at `place` does."""
    return pairing(answer=lambda first, second, true, room: Pair(*CUT_DOWN[place][0](first, second), true))


def another(place, count, generator):
    return (place + 1 + draw(count - 1, generator)) % count


def grown_in_place(documents, room, generator):
    pairs = sentence_pairs(documents, room, generator)
    documents[0][0] += documents[0][1]
    return pairs


def last_sentence_too(documents, room, generator):
    pairs = sentence_pairs(documents, room, generator)
    for document, other in zip(documents, [*documents[1:], documents[0]], strict=True):
        if len(document) > 1 and not any(document[-1][0] in pair.first or document[-1][0] in pair.second for pair in pairs):
            pairs.append(Pair(*truncate(document[-1], together(other), room), False))
    return pairs


def pairs_of(make):
    def wrong(documents, room, generator):
        return make(sentence_pairs(documents, room, generator))

    return wrong


def seeded_pairs(seed_of):
    def wrong(documents, room, generator):
        return sentence_pairs(documents, room, seed_of(generator))

    return wrong


PAIRING = planted({
    "false second from the same document": pairing(other=lambda place, count, generator: draw(count, generator)),
    "always follows": pairing(follows=lambda generator, pairs, place: True),
    "never follows": pairing(follows=lambda generator, pairs, place: False),
    "not half and half": pairing(follows=lambda generator, pairs, place: draw(3, generator) == 0),
    "by turns": pairing(follows=lambda generator, pairs, place: not (pairs and pairs[-1].follows)),
    "a coin for each document": pairing(follows=lambda generator, pairs, place: place in (2, 5)),
    "first and second exchanged": pairing(answer=lambda first, second, true, room: Pair(*truncate(second, first, room), true)),
    "labels turned round": pairing(answer=lambda first, second, true, room: Pair(*truncate(first, second, room), not true)),
    "false pairs said to follow": pairing(answer=lambda first, second, true, room: Pair(*truncate(first, second, room), True)),
    "a sentence in both": pairing(first_end=1),
    "a gap at the cut": pairing(gap=True),
    "sentences lost": pairing(go_on=lambda true, middle, end: end),
    "read twice": pairing(go_on=lambda true, middle, end: middle),
    "a sentence left alone": last_sentence_too,
    "more than the room": pairing(answer=lambda first, second, true, room: Pair(first, second, true)),
    "first of one sentence": pairing(cut=lambda count, generator: 0),
    "second of one sentence": pairing(cut=lambda count, generator: count - 1),
    "cut in the middle": pairing(cut=lambda count, generator: count // 2),
    "some cuts more often": pairing(cut=lambda count, generator: min(draw(count, generator), draw(count, generator))),
    "always from the beginning": pairing(begin=lambda count, generator: 0),
    "always the same neighbour": pairing(other=lambda place, count, generator: (place + 1) % count),
    "the end gives it away": pairing(gather=GATHERED[0][0]),
    "two sentences at least": pairing(gather=GATHERED[3][0]),
    "length gives it away": pairing(gather=GATHERED[4][0]),
    "false seconds of one sentence": pairing(gather=GATHERED[9][0]),
    "both cut in half": cut_by(0),
    "the second alone cut": cut_by(1),
    "the first alone cut": cut_by(2),
    "the first never cut": pairing(answer=lambda first, second, true, room: Pair(
        first[:room], second[: room - min(len(first), room)], true)),
    "an empty text": pairing(cut=lambda count, generator: draw(count + 1, generator)),
    "input changed in place": grown_in_place,
    "sentences not put together": pairs_of(lambda pairs: [Pair([pair.first], [pair.second], pair.follows) for pair in pairs]),
    "plain tuples": pairs_of(lambda pairs: [tuple(pair) for pair in pairs]),
    "no pairs of the kind": pairs_of(lambda pairs: [list(pair) for pair in pairs]),
    "no pairs": pairs_of(lambda pairs: []),
    "other random numbers": seeded_pairs(lambda generator: Generator().manual_seed(random.randrange(2**31))),
    "always the same": seeded_pairs(lambda generator: Generator().manual_seed(0)),
    "generator set back": seeded_pairs(lambda generator: generator.manual_seed(generator.initial_seed())),
})


EXERCISES = (
    Exercise(
        reference=hide_tokens,
        notebook=NOTEBOOK,
        cases=(),
        mistakes=HIDING,
        hints=(
            "Draw one number from 0 to 1 for each token, `torch.rand(input_ids.shape, generator=generator)`, and cut what can "
            "come into three parts: below 0.8, from 0.8 to 0.9, and the rest.",
            "Draw also a token for each place, `torch.randint(vocab_size, input_ids.shape, generator=generator)`, whether it "
            "is needed there or not. `torch.where(condition, this, that)` then picks, and leaves the ids that you were given "
            "alone.",
            "`torch.where(chosen & (draw < 0.8), mask_id, input_ids)` is the first step. The second has the condition `chosen "
            "& (draw >= 0.8) & (draw < 0.9)`.",
        ),
        probes=(hides_as_said,),
    ),
    Exercise(
        reference=choose_words,
        notebook=NOTEBOOK,
        cases=(),
        mistakes=CHOOSING,
        hints=(
            "Number the words of each row: a new word begins where `continues` is False. `cumsum(dim=1)` counts them.",
            "Draw more numbers than you need, one for each place of the batch, and let each token look up the number of its "
            "*word* in its row: `draws.gather(1, number)`.",
            "Words start where `continues` is False, and at the beginning of each row: `starts = ~continues`, then `starts[:, "
            "0] = True`, and `number = starts.long().cumsum(dim=1) - 1`.",
        ),
        probes=(chooses_whole_words,),
    ),
    Exercise(
        reference=Transform,
        notebook=NOTEBOOK,
        cases=(
            Case("2 texts of 3 tokens, a small config", lambda: (randn(2, 3, 8),), build=(SMALL,)),
            Case("5 vectors, another width and another epsilon", lambda: (randn(5, 6),), build=(ROUGH,)),
        ),
        mistakes=(
            Mistake("not set up",
                    "Before a module can hold other modules it must be set up: begin `__init__` with `super().__init__()`.",
                    TransformNotSetUp),
            Mistake("no GELU",
                    "The GELU is missing: without it this layer and the scores after it are little more than one linear map.",
                    NoGelu),
            Mistake("no LayerNorm", "The LayerNorm is missing.", NoNorm),
            Mistake("tanh GELU", "You use the approximation of GELU by tanh. BERT's is the exact one: leave `approximate` out.",
                    TanhGelu),
            Mistake("ReLU", "You use ReLU: BERT's is GELU, here too.", ReluInstead),
            Mistake("tanh", "You use tanh, as the pooler does. Here it is GELU.", TanhInstead),
            Mistake("LayerNorm before GELU", "LayerNorm and GELU are exchanged: dense, GELU, LayerNorm.", NormBeforeGelu),
            Mistake("LayerNorm first", "Your LayerNorm comes first; it comes last: dense, GELU, LayerNorm.", NormFirst),
            Mistake("GELU first", "Your GELU comes before the dense layer: dense, GELU, LayerNorm.", GeluFirst),
            Mistake("no dense layer", "The dense layer is not used.", NoDense),
            Mistake("residual added",
                    "You add the hidden states, as a layer of the encoder does. The head does not.", WithResidual),
            Mistake("epsilon 1e-5", "Your LayerNorm has torch's epsilon, 1e-5: take `config.layer_norm_eps`.", OtherEpsilon),
            Mistake("epsilon 1e-12", "Your LayerNorm has a fixed epsilon, 1e-12: take `config.layer_norm_eps`.", UsualEpsilon),
            known(NO_CONFIG, TransformWithoutConfig),
            Mistake("dropout added", "", DropoutAdded),
        ),
        hints=(
            "Two modules in `__init__`, `nn.Linear(D, D)` as `self.dense` and `nn.LayerNorm(D, eps=…)` as `self.LayerNorm`.",
            "`forward` is one line, read from the inside: dense, `F.gelu`, LayerNorm.",
        ),
        probes=(keeps_config, same_in_training),
        drop_in=fills_as_before,
    ),
    Exercise(
        reference=MaskedLMHead,
        notebook=NOTEBOOK,
        cases=(
            Case("2 texts of 3 tokens, 20 words", lambda: (randn(2, 3, 8), randn(20, 8, seed=1)), build=(SMALL,)),
            Case("the hidden states of 5 hidden words only", lambda: (randn(5, 6), randn(20, 6, seed=1)), build=(ROUGH,)),
        ),
        mistakes=(
            Mistake("not set up",
                    "Before a module can hold other modules it must be set up: begin `__init__` with `super().__init__()`.",
                    HeadNotSetUp),
            Mistake("a matrix of its own",
                    "Your head has a matrix of its own, `decoder`. BERT's has none: words are scored by the table that they "
                    "are looked up in, which is given to `forward`.", OwnMatrix),
            Mistake("a linear layer of its own",
                    "Your head has a linear layer of its own, `decoder`. BERT scores words by the table that they are looked "
                    "up in, which is given to `forward`; what is the head's own is `bias`, an `nn.Parameter`.", OwnMatrixAndBias),
            Mistake("bias not learned",
                    "Your `bias` is a plain tensor, which no training changes: make it an `nn.Parameter`.", PlainBias),
            Mistake("bias forgotten",
                    "The bias is missing: one number for each word, so that frequent words need no proof.", NoBias),
            Mistake("bias taken off", "Your bias is subtracted: it is added.", BiasTakenOff),
            Mistake("transform forgotten",
                    "The hidden states go to the scores as they are: first through `self.transform`.", NoTransform),
            Mistake("transform twice", "The transform is applied twice.", TransformTwice),
            Mistake("words transformed too",
                    "You send the table through the transform too: only the hidden states go through it.",
                    TransformedWords),
            Mistake("words transformed instead",
                    "You send the table through the transform, and not the hidden states: it is the other way round.",
                    OnlyWordsTransformed),
            Mistake("residual added",
                    "You add the hidden states to what the transform gives: its output alone is compared with the words.",
                    HeadWithResidual),
            Mistake("table not turned",
                    "Each hidden vector is compared with each *row* of the table, (…, D) with (V, D): `@ words.T`, or "
                    "`F.linear`.", NotTurned),
            Mistake("probabilities",
                    "You give back probabilities: scores are wanted, and whoever needs probabilities takes the softmax.",
                    Probabilities),
            Mistake("log probabilities", "You give back logarithms of probabilities: scores are wanted, before any softmax.",
                    LogProbabilities),
            Mistake("divided by √D", "You divide by √D as attention does: here nothing is divided.", Divided),
            Mistake("cosines", "You bring the vectors to length 1: the dot product is taken as it is.", Cosines),
            known(NO_CONFIG, HeadWithoutConfig),
            Mistake("bias not zero", "", RandomBias),
            Mistake("table kept", "", WordsKept),
            Mistake("table cut off", "", TableCut),
            Mistake("gradient cut off", "", HeadCut),
        ),
        hints=(
            "Two things in `__init__`: `self.transform = Transform(config)`, and `self.bias`, an `nn.Parameter` of "
            "`vocab_size` zeros.",
            "A score is a dot product of the transformed hidden vector with a word's vector, plus the word's bias. All of them "
            "at once: a matrix product with the table turned round.",
            "`F.linear(x, words, self.bias)` is `x @ words.T + self.bias`.",
        ),
        probes=(keeps_config, begins_with_zeros, reads_each_table, head_learns),
        drop_in=fills_as_before,
    ),
    Exercise(
        reference=masked_lm_loss,
        notebook=NOTEBOOK,
        cases=(
            Case("two texts, 4 tokens asked for", lambda: (hard(BertForMaskedLM), ONE_BATCH, ONE_LABELS.clone())),
            Case("padding, segments, a model with both heads, and token 0 asked for",
                 lambda: (hard(BertForPreTraining), TWO_BATCH, TWO_LABELS.clone())),
            Case("nothing is asked for", lambda: (hard(BertForMaskedLM), ONE_BATCH, torch.full((2, 6), NOT_ASKED))),
        ),
        mistakes=(
            Mistake("mean of nothing",
                    "Where nothing is asked for, your mean is 0 divided by 0: give back 0 there, so that a batch without "
                    "labels does not spoil the training.", mean_of_nothing),
            Mistake("labels everywhere",
                    "Every token is asked for, also those that the model can see: to copy is easy, and the loss will fall for "
                    "that reason. Only where `labels` is not NOT_ASKED is anything asked.", everything_asked),
            Mistake("−100 taken for token 0",
                    "Where nothing is asked you ask for token 0, [PAD]. Leave these places out.", zeros_asked),
            Mistake("ignore_index=0",
                    "You leave out the label 0. What is not asked has the label NOT_ASKED, −100, which `F.cross_entropy` "
                    "leaves out by itself.", zero_ignored),
            Mistake("0 not asked for",
                    "You leave out the label 0 as if it were padding. What is not asked has the label NOT_ASKED, −100, and "
                    "nothing else.", zero_is_padding),
            Mistake("shared by all positions",
                    "The sum is right, but you divide it by all positions. The mean is over the tokens that are asked for; "
                    "else the loss depends on how many these happen to be.",
                    losing(average=lambda losses, asked, batch: losses.sum() / asked.numel())),
            Mistake("shared by all tokens",
                    "The sum is right, but you divide it by all tokens that are no padding. The mean is over those that are "
                    "asked for.",
                    losing(average=lambda losses, asked, batch: losses.sum() / batch["attention_mask"].sum())),
            Mistake("shared by the texts",
                    "The sum is right, but you divide it by the number of texts: the mean is over the tokens that are asked "
                    "for.", losing(average=lambda losses, asked, batch: losses.sum() / len(asked))),
            Mistake("mean of the texts",
                    "You take the mean of each text, and then their mean: a text of which little is asked would count as much "
                    "as others. The mean is over all tokens asked for.", losing(average=of_texts)),
            Mistake("not averaged",
                    "This is the sum: the mean is wanted.", losing(average=lambda losses, asked, batch: losses.sum())),
            Mistake("the hidden ids asked for",
                    "You ask for what the model is shown, [MASK] for the most part. Ask for the `labels`: the tokens that were "
                    "there before.", what_is_shown),
            Mistake("mask dropped", "Padding is looked at: hand all of the batch to the model, `model.bert(**batch)`.",
                    losing(read=lambda model, batch: model.bert(batch["input_ids"], None, batch.get("token_type_ids"))[0])),
            Mistake("segments dropped", "The segments are not handed on: `model.bert(**batch)`.",
                    losing(read=lambda model, batch: model.bert(batch["input_ids"], batch.get("attention_mask"))[0])),
            Mistake("only the ids", "The model gets the ids alone: hand it all of the batch, `model.bert(**batch)`.",
                    losing(read=lambda model, batch: model.bert(batch["input_ids"])[0])),
            Mistake("head skipped",
                    "You compare the hidden states with the words as they are: the head is `model.score_words`.",
                    losing(score=lambda model, hidden: hidden @ model.bert.embeddings.word_embeddings.weight.T)),
            Mistake("softmax twice", "`F.cross_entropy` takes scores, and does the softmax itself: yours is one too many.",
                    losing(score=lambda model, hidden: model.score_words(hidden).softmax(dim=-1))),
            Mistake("softmax forgotten",
                    "`F.nll_loss` takes logarithms of probabilities, and you give it scores: `F.cross_entropy` does both.",
                    losing(loss=F.nll_loss)),
            Mistake("probability and no logarithm", "You give back one minus the probability: the loss is minus its logarithm.",
                    losing(loss=lambda scores, wanted: 1 - scores.softmax(-1).gather(1, wanted[:, None]).mean())),
            Mistake("sign turned", "The sign is turned: a good guess must have a small loss.",
                    losing(loss=lambda scores, wanted: -F.cross_entropy(scores, wanted))),
            Mistake("in bits", "This is the loss in bits: with the natural logarithm it is in nats.",
                    losing(loss=lambda scores, wanted: F.cross_entropy(scores, wanted) / torch.tensor(2.0).log())),
            Mistake("model called",
                    "`model(**batch)` scores every word for every token, and a `BertForPreTraining` gives back two things. "
                    "Read with `model.bert(**batch)`, choose, and score with `model.score_words`.", model_called),
            Mistake("kept tokens left out",
                    "You leave out the tokens that stayed as they were. One chosen token in ten is kept, and is asked for like "
                    "the others: `labels` says which.", kept_left_out),
            Mistake("every token scored", "", all_scored),
            Mistake("encoder cut off", "", encoder_cut),
            Mistake("0 without a gradient", "", plain_zero),
            Mistake("a number", "You give back a plain number: gradients need the tensor. Leave `.item()` out.",
                    lambda model, batch, labels: masked_lm_loss(model, batch, labels).item()),
            Mistake("gradient cut off", "",
                    lambda model, batch, labels: masked_lm_loss(model, batch, labels).detach().requires_grad_()),
        ),
        hints=(
            "Three steps: hidden states for all tokens, `hidden, _ = model.bert(**batch)`; those that are asked for, "
            "`hidden[labels != NOT_ASKED]`; scores for these, `model.score_words(…)`.",
            "Then `F.cross_entropy(scores, labels[asked])`. With `reduction=\"sum\"` it does not divide, and you can, by how "
            "many there are, but at least by 1: the sum over nothing is 0, and still has a gradient.",
        ),
        probes=(scores_only_what_is_asked, loss_learns),
    ),
    Exercise(
        reference=sentence_pairs,
        notebook=NOTEBOOK,
        cases=(),
        mistakes=PAIRING,
        hints=(
            "For each document: `start = 0`, and as long as there are two sentences left, `end = where_full(document, start, "
            "room)`. There are end − start − 1 places between two sentences: `draw` one, and it is the cut.",
            "What you need for a false second: another document, `documents[(place + 1 + draw(len(documents) - 1, generator)) "
            "% len(documents)]`; a sentence of it to begin with; and `where_full(other, begin, room - len(first), 1)`, the end "
            "of what fills the room beside the first.",
            "At the end of each round: `pairs.append(Pair(*truncate(first, second, room), follows))`, and then `start = end if "
            "follows else cut`.",
        ),
        probes=(pairs_as_said,),
    ),
)

QUIZ = (
    Question(
        "Of the tokens that are asked for, one in ten stays as it is. What is that good for?",
        (
            Option("It makes the task easier, so that training begins well", False,
                   "It is one in ten of 15 %, and the model does not know which: it hardly makes anything easier."),
            Option("The model cannot trust any token, and must have a good vector for those that it sees, too", True,
                   "Any token may be asked for, and may be wrong. If only [MASK] were asked for, nothing would call for good "
                   "vectors at all other places; and after pretraining there is no [MASK]."),
            Option("It keeps rare words in the text", False, "Which tokens stay is left to chance, rare or not."),
        ),
    ),
    Question(
        "A masked-language model has a loss of 6.2 on held-out text, and the entropy of the tokens is 6.2. What has it "
        "learned?",
        (
            Option("Nothing: the loss should be 0", False,
                   "No model gets to 0: many words would fit. And it has learned something, how frequent each token is."),
            Option("How frequent each token is, and nothing of the text around", True,
                   "That is the best that can be done without reading: to bet on each token by its frequency."),
            Option("The text by heart", False, "Then the loss on learned text would be low, and that on held-out text high."),
        ),
    ),
    Question(
        "Suppose that next sentence prediction reaches a high accuracy when false seconds come from other documents, and about "
        "that of a coin when they come from the same one. What follows?",
        (
            Option("The model knows which sentence comes next", False, "Then it would know it within one document, too."),
            Option("It tells documents apart, by topic, time and style, and order hardly enters", True,
                   "Two texts of one document are alike, whatever their order, and that was all that was needed. (In this "
                   "notebook it was not quite so: within one speech, too, the cosine was right far more often than a coin.)"),
            Option("There were too few pairs to say", False,
                   "With too few, both figures would be uncertain: that is what the intervals are for."),
        ),
    ),
)
