"""Notebook 08: words are hidden and guessed, the head that scores words, the loss, pairs of texts."""

import copy
from collections import defaultdict
from dataclasses import replace
from itertools import count, islice, pairwise
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from bert_parts.config import BertConfig
from bert_parts.fill import fill_mask, mask_filler
from bert_parts.heads import BertForMaskedLM, BertForPreTraining, MaskedLMHead, Transform
from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding, made_once, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, with_parts
from bert_parts.learn.judging import CHANGED, CUT, NO_GRADIENT, Trouble
from bert_parts.masking import NOT_ASKED, choose_words, hide_tokens, masked_lm_loss
from bert_parts.pairs import Pair, draw, sentence_pairs, where_full

HERE = Path(__file__).parent
TITLE = "Pretraining"
BUILDS = ("hidden words and pairs of texts to learn from, the head that scores words, the loss; a tiny BERT from nothing, a "
          "mask filler from real weights")
PAPER = "[Devlin et al. 2019](https://arxiv.org/abs/1810.04805), 3.1, A.1, A.2"

SMALL = BertConfig(vocab_size=20, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=16,
                   max_position_embeddings=9, hidden_dropout_prob=0.3)
ROUGH = replace(SMALL, vocab_size=14, hidden_size=6, layer_norm_eps=0.1)


def drawn_from_the_generator(call) -> Finding | None:
    """Random numbers come from the generator that is given, and from nowhere else. call(generator) → the answer."""
    one = generator()
    first, second, again, other = call(one), call(one), call(generator()), call(generator(7))
    if not same(first, again):
        return Finding("The same seed gives another answer each time: some of your random numbers do not come from the "
                       "generator that is given. Hand it on, `torch.rand(…, generator=generator)`.", "other random numbers")
    if same(first, other):
        return Finding("Whatever the generator, your answer is the same, so that every epoch would bring the same: draw from "
                       "the generator that is given.", "always the same")
    if same(first, second):
        return Finding("Called twice with one generator, your code answers the same: it sets the generator back. Whoever made "
                       "it has set its seed; you only draw.", "generator set back")
    return None


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def same(one, other) -> bool:
    return difference(one, other, 0.0) is None


def ill_formed(given, wanted: Tensor, expected: str, name: str) -> Finding | None:
    """Of another type, shape or dtype."""
    if not isinstance(given, Tensor) or given.shape != wanted.shape:
        return Finding(difference(given, wanted, 0.0), "shape" if isinstance(given, Tensor) else "return")
    return None if given.dtype == wanted.dtype else Finding(f"Your answer has dtype {given.dtype}; {expected}.", name)


def uneven(places: list[tuple[int, int]]) -> bool:
    """Whether of places out of 0, 1, …, count − 1 the first, the last, or the first half comes too often, or too seldom."""
    return any(
        beyond_chance([(low(count) <= place < high(count), (high(count) - low(count)) / count) for place, count in places])
        for low, high in ((lambda n: 0, lambda n: 1), (lambda n: n - 1, lambda n: n), (lambda n: 0, lambda n: n // 2))
    )


def beyond_chance(hits: list[tuple[bool, float]]) -> bool:
    """Whether there are more hits than their probabilities let expect, or fewer, by five standard errors and one."""
    often, expected = (sum(values) for values in zip(*hits, strict=True))
    return abs(often - expected) > 1 + 5 * sum(p * (1 - p) for _, p in hits) ** 0.5


# ── hide_tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────

WORDS, MASK = 200, 7
TEXT = torch.randint(10, 100, (60, 1000), generator=generator(101))     # half of the vocabulary does not occur in the text
CHOSEN = torch.rand(60, 1000, generator=generator(102)) < 0.8

SHARES = (     # what may become of the chosen tokens: [MASK], another token, as it was
    ("all become [MASK]",
     "All chosen tokens become [MASK]. In real text there is no [MASK]: 10 % become any token, and 10 % stay.", (1, 0, 0)),
    ("no random tokens", "None of the chosen tokens becomes another token: 10 % of them should.", (0.9, 0, 0.1), (0.8, 0, 0.2)),
    ("none stays", "None of the chosen tokens stays as it was: 10 % of them should.", (0.9, 0.1, 0), (0.8, 0.2, 0)),
    ("drawn twice",
     "72 % become [MASK], 10 % another token and 18 % stay: two draws that know nothing of each other. A tenth of your [MASK] is "
     "overwritten. Draw once for each token, and cut that draw into three parts.", (0.72, 0.1, 0.18)),
    ("10 % of the rest",
     "80 % become [MASK], but only 2 % another token: you draw anew, with 10 %, among the fifth that is left. Of that fifth one "
     "half is wanted.", (0.8, 0.02, 0.18)),
    ("80 % random", "80 % become another token, and 10 % [MASK]: it is the other way round.", (0.1, 0.8, 0.1)),
    ("[MASK] overwritten",
     "None becomes [MASK], and 90 % another token: your second step takes in all draws below 0.9, those below 0.8 too, and "
     "overwrites the first.", (0, 0.9, 0.1)),
    ("80 % together",
     "70 % become [MASK], 10 % another token, and 20 % stay: both together are 80 %, as if the tenth were a part of the 80 %. "
     "It comes on top of them.", (0.7, 0.1, 0.2)),
    ("a bell curve",
     "79 % become [MASK], 3 % another token, and 18 % stay, as where draws from a bell curve are cut at 0.8 and 0.9: `torch.randn` "
     "has no bounds, and `torch.rand` draws evenly from 0 to 1.", (0.788, 0.028, 0.184)),
    ("80 % stay",
     "80 % of the chosen tokens stay as they are, and 10 % become [MASK]: it is the other way round.", (0.1, 0.1, 0.8)),
    ("chosen again", "Of the chosen tokens 86 % stay: you draw the 15 % once more. `chosen` says already which tokens are asked "
     "for.", (0.12, 0.015, 0.865)),
    ("nothing hidden", "Nothing is hidden: the tokens come back as they were.", (0, 0, 1)),
)


def hides_as_said(thing) -> Finding | None:
    """The proportions of what becomes of chosen tokens, and all else that holds whatever the order of the draws."""
    ids, chosen = TEXT.clone(), CHOSEN.clone()
    given = thing(ids, chosen, MASK, WORDS, generator())
    if not (torch.equal(ids, TEXT) and torch.equal(chosen, CHOSEN)):
        return CHANGED
    return (
        ill_formed(given, TEXT, "ids are whole numbers, torch.int64", "no whole numbers")
        or others_stay(given) or by_place(given) or each_by_itself(given) or in_proportion(given) or any_token(given)
        or drawn_from_the_generator(lambda source: thing(TEXT[:9].clone(), CHOSEN[:9].clone(), MASK, WORDS, source))
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


def by_place(given: Tensor) -> Finding | None:
    """The first four fifths, say, and not four in five; or a loop that ends too early."""
    changed = given != TEXT
    if changed.any() and not (changed[-5:].any() and changed[:, -100:].any()):
        return Finding("What becomes of a token depends on its place: the first ones are hidden, the last ones never. Let "
                       "chance decide for each, in all rows to their ends.", "by place")
    return None


def each_by_itself(given: Tensor) -> Finding | None:
    """Chance decides for each token by itself."""
    for dimension, bound, what, name in ((1, 0.15, "a whole row", "a draw for each row"),
                                         (0, 0.2, "the same place of every row", "a draw for each place")):
        shares = ((given == MASK) & CHOSEN).sum(dim=dimension) / CHOSEN.sum(dim=dimension)
        if shares.std() > bound:
            return Finding(f"One draw decides for {what}: draw a number for each token, `torch.rand(input_ids.shape, …)`.", name)
    return None


def in_proportion(given: Tensor) -> Finding | None:
    """80 % [MASK], 10 % any token, 10 % as before, as nearly as chance allows."""
    mine, before = given[CHOSEN], TEXT[CHOSEN]
    masked, stay = (mine == MASK).double().mean().item(), (mine == before).double().mean().item()
    shares = masked, 1 - masked - stay, stay
    if near(shares, (0.8, 0.1, 0.1)):
        return None
    value = mine.mode().values.item()
    if value != MASK and ((mine == value) & (mine != before)).double().mean() > 0.5:
        return Finding(f"Most chosen tokens become token {value}, where [MASK] is {MASK} here: take the `mask_id` that is "
                       "given.", "another mask_id")
    for name, says, *known in SHARES:
        if any(near(shares, wanted) for wanted in known):
            return Finding(says, name)
    return Finding(f"Of the chosen tokens {shares[0]:.1%} become [MASK], {shares[1]:.1%} another token, and {shares[2]:.1%} "
                   "stay: 80 %, 10 % and 10 % are wanted.", "number")


def near(shares, wanted) -> bool:
    """Whether no share is off by more than 4.5 standard errors. One random token in 200 is [MASK], and one is the old one."""
    masked, other, stay = wanted
    wanted = masked + other / WORDS, other - 2 * other / WORDS, stay + other / WORDS
    return all(abs(mine - share) <= 4.5 * (share * (1 - share) / int(CHOSEN.sum())) ** 0.5 + 1e-9
               for mine, share in zip(shares, wanted, strict=True))


def any_token(given: Tensor) -> Finding | None:
    """The random tokens are any of the vocabulary, each drawn by itself."""
    other = CHOSEN & (given != TEXT) & (given != MASK)
    values = given[other]
    if values.min() < 0 or values.max() >= WORDS:
        return Finding(f"You draw token {values.max()}, and the vocabulary has {WORDS}: ids go from 0 to vocab_size − 1.",
                       "beyond the vocabulary")
    if len(values.unique()) == 1:
        return Finding("Every random token is the same one: draw one for each place, `torch.randint(vocab_size, "
                       "input_ids.shape, …)`.", "one token for all")
    if repeated(given.T, other.T):
        return Finding("In one column all random tokens are the same, whatever the row: draw one for each place.",
                       "the same token in every row")
    if repeated(given, other):
        return Finding("In one row all random tokens are the same: draw one for each place.", "one token a row")
    if not (values >= 100).any():
        return Finding("Your random tokens are always tokens of this batch. Any token of the vocabulary is wanted.",
                       "tokens of the batch")
    missing = sorted(set(range(WORDS)) - set(values.tolist()) - {MASK})
    if missing:
        return Finding(f"Some tokens never come: {', '.join(map(str, missing[:4]))}{' …' if len(missing) > 4 else ''}. *Any* "
                       "of the vocabulary is wanted, from 0 to vocab_size − 1 (the published code draws special tokens, too).",
                       "not any token")
    if uneven([(value, WORDS) for value in values.tolist()]):
        return Finding("Some random tokens come more often than others: each of the vocabulary is as likely.",
                       "some tokens more often")
    return None


def repeated(given: Tensor, where: Tensor) -> bool:
    """Whether random tokens that follow each other in a row are the same more often than not."""
    alike = [values[1:] == values[:-1] for values in (line[marks] for line, marks in zip(given, where, strict=True))]
    return torch.cat(alike).double().mean().item() > 0.5


# ── choose_words ─────────────────────────────────────────────────────────────────────────────────────────────────────


def some_words(rows: int, length: int, first: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Candidates, which tokens continue a word, and the number of each token's word in all rows. `first`: a row may begin so."""
    continues = torch.rand(rows, length, generator=generator(103)) < 0.45
    continues[:, 0] &= first
    starts = ~continues
    starts[:, 0] = True
    number = starts.flatten().cumsum(0).view(rows, length) - 1
    left_out = torch.rand(int(number.max()) + 1, generator=generator(104)) < 0.2     # some words are no candidates
    return ~left_out[number], continues, number


def chooses_whole_words(thing) -> Finding | None:
    """Whole words, as many as asked for, each by itself, in each row anew."""
    candidates, continues, number = some_words(50, 300, first=False)
    before = candidates.clone(), continues.clone()
    chosen = thing(candidates, continues, 0.3, generator())
    if not (torch.equal(candidates, before[0]) and torch.equal(continues, before[1])):
        return CHANGED
    found = ill_formed(chosen, candidates, "booleans are expected: which tokens are chosen", "no booleans")
    if found:
        return found
    if chosen.any() and (chosen == chosen[0]).all():
        return Finding("All rows of your answer are the same, though their candidates are not: is one list used for all of them?",
                       "one row for all")
    if not chosen.any():
        return Finding("Nothing is chosen, where about three words in ten should be.", "nothing chosen")
    if (chosen & ~candidates).any():
        return Finding("You choose tokens that are no candidates, such as [CLS] and padding: `&` with `candidates`.",
                       "others than candidates")
    return (
        in_part(chosen, candidates, continues, number) or not_by_rows(chosen, candidates, continues)
        or as_many_as_asked(chosen, candidates, number) or at_the_edge(thing)
        or drawn_from_the_generator(lambda source: thing(candidates[:9].clone(), continues[:9].clone(), 0.3, source))
    )


def in_part(chosen, candidates, continues, number) -> Finding | None:
    """All pieces of a word or none."""
    if whole(chosen, candidates, number):
        return None
    if not (chosen & continues).any():
        return Finding("Only first pieces are chosen: the others, ##so, stay to be seen, and give the word away.",
                       "first piece only")
    if not (chosen & ~continues).any():
        return Finding("Only pieces that continue a word are chosen: `continues` is True for those, and the first of each word "
                       "is where it is False.", "continuations only")
    if whole(chosen, candidates, continues.cumsum(dim=1) + 1000 * torch.arange(len(continues))[:, None]):
        return Finding("You count the continuations, and give one draw to all up to the next: a new word begins where "
                       "`continues` is *False*.", "counted by continuations")
    if whole(chosen[:, :-1], candidates[:, :-1], number[:, 1:]):
        return Finding("You are off by one: the last piece of each word goes with the word that follows.", "off by one")
    return Finding("Some words are chosen in part: one draw must count for all pieces of a word.", "words in part")


def whole(chosen, candidates, groups) -> bool:
    """Whether of each group all candidates are chosen, or none."""
    _, groups = groups[candidates].unique(return_inverse=True)
    count, hits = groups.bincount(), groups.bincount(weights=chosen[candidates].double())
    return not ((hits > 0) & (hits < count)).any()


def as_many_as_asked(chosen, candidates, number) -> Finding | None:
    """Of all words three in ten, be they long or short."""
    count = number[candidates].bincount()
    hits = (number[chosen].bincount(minlength=len(count)) > 0).double()
    share, short, long = (hits[which].mean().item() for which in (count > 0, count == 1, count >= 3))
    if abs(short - long) > 0.1:
        more, why = ("more", "one of its pieces") if long > short else ("less", "all its pieces")
        return Finding(f"Long words are chosen {more} often than short ones: a word is taken when {why} would be. One draw for "
                       "each word, however many pieces it has.", f"long words {more} often")
    if abs(share - 0.3) < 0.03:
        neighbours = hits[count > 0]
        if not beyond_chance([(alike, 0.58) for alike in (neighbours[1:] == neighbours[:-1]).tolist()]):     # 0.7² + 0.3²
            return None
        return Finding("Words that follow each other are chosen together, or apart, more often than by chance: each word has a "
                       "draw of its own.", "two words, one draw")
    if abs(share - 0.7) < 0.03:
        return Finding("Seven words in ten are chosen where `rate` is 0.3: choose where the draw is *below* the rate.",
                       "the others chosen")
    if abs(share - 0.15) < 0.02:
        return Finding("15 % of the words are chosen, where `rate` is 0.3: take the rate that is given.", "always 15 %")
    return Finding(f"{share:.0%} of the words are chosen, where `rate` is 0.3.")


def not_by_rows(chosen, candidates, continues) -> Finding | None:
    """Each row has draws of its own, and more than one."""
    if (chosen.sum(dim=1) / candidates.sum(dim=1)).std() > 0.2:
        return Finding("Whole rows are chosen: draw for each word.", "a draw for each row")
    order = (~continues).cumsum(dim=1)
    first, second = (dict(zip(order[row][candidates[row]].tolist(), chosen[row][candidates[row]].tolist(), strict=True))
                     for row in (0, 1))
    alike = [first[word] == second[word] for word in first if word in second]
    if sum(alike) > 0.95 * len(alike):
        return Finding("In every row the same words are chosen, the third, say: draw for each row.", "every row alike")
    return None


def at_the_edge(thing) -> Finding | None:
    """A row that begins in the middle of a word, one where no token continues, and how the number of chosen words varies."""
    candidates, continues, _ = some_words(800, 12, first=True)
    continues[0, 0], continues[1], candidates[:] = True, False, True
    before = continues.clone()
    try:
        chosen = thing(candidates, continues, 0.3, generator())
    except (IndexError, RuntimeError) as error:
        return Finding("A row may begin with ##so, having been cut in the middle of a word, and another may have no such "
                       f"token at all. There your code raised {type(error).__name__}: {str(error)[:100]}", "numbers beyond the row")
    if not torch.equal(continues, before):
        return Finding("Your code changes `continues`, where a row begins with ##so: the caller still needs it. Work on a copy "
                       "(`.clone()`; `~continues` is a new tensor, too).", "continues changed")
    begun = [row for row in range(1, 800) if continues[row, 0]]
    if all(chosen[row, 0] == chosen[row - 1, -1] for row in begun):
        return Finding("A row that begins with ##so shares its draw with the last word of the row before. Rows have nothing to "
                       "do with each other: number the words of each row by themselves.", "carried over between rows")
    if not any(chosen[row, 0] for row in begun):
        return Finding("A piece with which a row begins, ##so, is never chosen: it is a word's last piece, and may be asked "
                       "for.", "never at the beginning")
    followed = [row for row in begun if not continues[row].all()]
    if all(chosen[row, 0] == chosen[row, (~continues[row]).long().argmax()] for row in followed):
        return Finding("Where a row begins with ##so, that piece and the word after it share one draw. The piece is the end of "
                       "another word, and counts as a word of its own.", "joined to the next word")
    starts = ~continues
    starts[:, 0] = True
    words, found = starts.sum(dim=1), (chosen & starts).sum(dim=1)
    if ((found - 0.3 * words) ** 2 / (0.21 * words)).mean() < 0.75:     # 1 where each word has a chance of its own
        return Finding("How many words are chosen hardly varies from row to row: each word is chosen or not with the probability "
                       "`rate`, whatever becomes of the others.", "a fixed number")
    return None


# ── Transform and MaskedLMHead ───────────────────────────────────────────────────────────────────────────────────────


def begins_with_zeros(thing) -> Finding | None:
    """No word is preferred before anything has been learned."""
    if thing(SMALL).bias.any():
        return Finding("The scores are right, but your `bias` begins with other numbers than zeros: `torch.zeros`.",
                       "bias not zero")
    return None


def reads_each_table(thing) -> Finding | None:
    """The table is the one that is given, each time."""
    head, right = with_hard_weights(thing(SMALL)), with_hard_weights(MaskedLMHead(SMALL))
    hidden, tables = randn(5, 12), (randn(20, 12, seed=1), randn(20, 12, seed=2))
    if all(difference(head(hidden, words), right(hidden, words), TOLERANCE) is None for words in tables):
        return None
    return Finding("Called again with another table, your head still compares with the first one: take the `words` that are "
                   "given. The table changes with every step of the training.", "table kept")


def fills_as_before(thing) -> Finding | str:
    """The part inside the mask filler: the same words with the same probabilities."""
    model, tokenizer = mask_filler()
    text = "paris is the capital of [MASK]."
    before, after = fill_mask(text), fill_mask(text, 5, with_parts(model, {thing.__name__: thing}), tokenizer)
    if difference(after, before, TOLERANCE):
        return Finding("By itself your part agrees, but inside the mask filler it fills masks otherwise.")
    return f"Dropped into the course's mask filler: “{text}” is filled as before, with the same probabilities."


# ── masked_lm_loss ───────────────────────────────────────────────────────────────────────────────────────────────────


@made_once
def hard(kind: type) -> nn.Module:
    """A model of hard weights, but LayerNorms that keep the scale: else a mask more or less would hardly move the loss."""
    model = with_hard_weights(kind(SMALL)).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("LayerNorm.weight"):
            parameter.data.fill_(1.0)
    return model


ONE_BATCH = {"input_ids": torch.tensor([[3, 7, 4, 19, 4, 2], [3, 9, 4, 12, 16, 2]])}
ONE_LABELS = torch.tensor([[-100, 7, 12, -100, 5, -100], [-100, -100, 11, -100, -100, -100]])
TWO_BATCH = {
    "input_ids": torch.tensor([[3, 4, 12, 4, 2, 13, 2], [3, 4, 2, 4, 0, 0, 0]]),
    "token_type_ids": torch.tensor([[0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 0, 0]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0]]),
}
TWO_LABELS = torch.tensor([[-100, 8, -100, 0, -100, 13, -100], [-100, 9, -100, 17, -100, -100, -100]])


def asked(kind: type, batch: dict, labels: Tensor, training: bool = False):
    """The arguments of masked_lm_loss, made afresh."""
    return lambda: (hard(kind).train(training), {name: value.clone() for name, value in batch.items()}, labels.clone())


NOTHING = asked(BertForMaskedLM, ONE_BATCH, torch.full((2, 6), NOT_ASKED))


def scores_only_what_is_asked(thing) -> Finding | None:
    """Only hidden states that are asked for go to the head."""
    (model, *given), sizes = asked(BertForMaskedLM, ONE_BATCH, ONE_LABELS)(), []
    model.cls["predictions"].register_forward_hook(lambda module, read, output: sizes.append(output.numel() // 20))
    thing(model, *given)
    if sum(sizes) > 4:
        return Finding(f"The loss is right, but you score words for {sum(sizes)} tokens where 4 are asked for. With a "
                       "vocabulary of 30,522 that is most of the work: choose the hidden states first, then score.",
                       "every token scored")
    return None


def loss_learns(thing) -> Finding | None:
    """Gradients reach the head, the table of words, and the encoder down to its first layer, as they reach them in the course's."""
    (own, *given), (model, *_) = (asked(BertForPreTraining, TWO_BATCH, TWO_LABELS)() for _ in range(2))
    loss = thing(own, *given)
    if difference(given[0], TWO_BATCH, 0.0):
        return CHANGED
    if not loss.requires_grad:
        return NO_GRADIENT
    if any(parameter.grad is not None for parameter in own.parameters()):
        return Finding("Your code goes backward itself: the caller calls `loss.backward()`, and gradients would count twice.",
                       "backward inside")
    loss.backward()
    masked_lm_loss(model, *given).backward()
    wrong = [name for (name, mine), right in zip(own.named_parameters(), model.parameters(), strict=True)
             if difference(mine.grad, right.grad, 1e-3)]
    if "bert.encoder.layer.0.output.dense.weight" in wrong and not any(name.startswith("cls.") for name in wrong):
        return Finding("The number is right, but no gradient reaches the encoder (`no_grad`, `detach`): the head would learn, "
                       "and all that reads the text would stay as it was drawn at random.", "encoder cut off")
    if wrong:
        return Finding(f"The number is right, but the gradient that reaches `{wrong[0]}` is not: something on the way "
                       "(`detach`, `.data`, `no_grad`) cuts off all of it, or a part.", CUT)
    if not thing(*NOTHING()).requires_grad:
        return Finding("Where nothing is asked for, your 0 is a number without a gradient, at which `loss.backward()` raises an "
                       "error, and a training would stop. The sum over no token at all is 0, too, and has one.",
                       "0 without a gradient")
    return None


def leaves_the_mode(thing) -> Finding | None:
    """A model in training stays so, drops out while it reads, and keeps the gradients that it has."""
    model, *given = asked(BertForMaskedLM, ONE_BATCH, ONE_LABELS, training=True)()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    thing(model, *given)
    if any(parameter.grad is None or not parameter.grad.all() for parameter in model.parameters()):
        return Finding("Your code wipes out the gradients (`zero_grad`): whoever calls it may be adding up those of several "
                       "batches.", "gradients wiped out")
    if thing(model, *given) != thing(model, *given) and model.training:
        return None
    return Finding("In training your loss drops nothing out, or leaves the model in evaluation (`eval`): whoever calls it has "
                   "chosen the mode.", "mode changed")


# ── sentence_pairs ───────────────────────────────────────────────────────────────────────────────────────────────────

ROOM = 60


def numbered_documents() -> list[list[list[int]]]:
    """Documents in which each id occurs once, so that it tells where it comes from; of many sentences or few, short or long."""
    lengths, documents, number = generator(105), [], count()
    for sentences, longest in ((400, 14), (1, 20), (250, 70), (2, 40), (700, 9), (500, 30), (3, 90), (600, 14), (300, 45)):
        documents.append([list(islice(number, draw(longest, lengths) + 1)) for _ in range(sentences)])
    return documents


DOCUMENTS = numbered_documents()
ORIGIN = {token: (place, line) for place, document in enumerate(DOCUMENTS)
          for line, sentence in enumerate(document) for token in sentence}
BEGINNINGS, ENDS = ({sentence[place] for document in DOCUMENTS for sentence in document} for place in (0, -1))


def pairs_as_said(thing) -> Finding | None:
    """Half of the seconds follow, half come from elsewhere, and nothing but order and origin tells them apart."""
    documents = copy.deepcopy(DOCUMENTS)
    try:
        pairs = thing(documents, ROOM, generator())
    except RuntimeError as error:
        if "random_ expects" not in str(error):
            raise
        return Finding(f"{Trouble(error, thing).message}\nThere is nothing to draw from: `draw(number, generator)` needs a number "
                       "above 0.", "number")
    if documents != DOCUMENTS:
        return Finding("Your code changes the documents that it was given: `first = document[0]` and then `first += …` adds to "
                       "the document itself. Begin with a new list.", "input changed in place")
    if not isinstance(pairs, list):
        return Finding(difference(pairs, [], 0.0), "return")
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
    made = sorted(pairs)     # in the order of reading, whatever the order in which they were given back
    return (
        filled(pairs) or truly_followed(pairs) or half_and_half(pairs) or read_through(made) or by_chance(made, cuts_of(made))
        or made_alike(made, cuts_of(made)) or drawn_from_the_generator(lambda source: thing(copy.deepcopy(DOCUMENTS), ROOM, source))
    )


def filled(pairs) -> Finding | None:
    """Neither text empty, both together no longer than the room, each from one document, with whole sentences at the front."""
    if any(not first or not second and (len(first) < ROOM or line_of(first[-1]) > line_of(first[0])) for first, second, _ in pairs):
        return Finding("Some texts of your pairs are empty: there must be a sentence at least on either side of the cut.",
                       "an empty text")
    if any(not pair.second for pair in pairs):
        return Finding("Where the first text fills the room, your second is empty. `truncate(first, second, room)` cuts the "
                       "longer of the two, be it the first.", "the first never cut")
    lengths = [len(pair.first) + len(pair.second) for pair in pairs]
    if max(lengths) > ROOM:
        return Finding(f"Some pairs have more ids than the room, {ROOM}: `truncate(first, second, room)` cuts the longer one.",
                       "more than the room")
    if sum(lengths) < 0.6 * ROOM * len(pairs):
        return Finding("Your pairs leave much of the room empty: sentences are taken until it is full (`where_full`).",
                       "room left empty")
    if any(text[0] not in BEGINNINGS or text != list(range(text[0], text[0] + len(text))) for pair in pairs for text in pair[:2]):
        return Finding("Some texts of your pairs are no stretch of a document that begins with a sentence.",
                       "no stretch of a document")
    return None


def document_of(text: list[int]) -> int:
    return ORIGIN[text[0]][0]


def line_of(token: int) -> int:
    return ORIGIN[token][1]


def truly_followed(pairs) -> Finding | None:
    """`follows` is what is said of the two texts."""
    elsewhere = [document_of(pair.first) != document_of(pair.second) for pair in pairs]
    if elsewhere == [pair.follows for pair in pairs] and any(elsewhere):
        return Finding("The labels are turned round: `follows` is False for seconds that follow, and True for those of another "
                       "document.", "labels turned round")
    if any(pair.follows and apart for pair, apart in zip(pairs, elsewhere, strict=True)):
        return Finding("Some seconds come from another document and are said to follow.", "false pairs said to follow")
    if not all(pair.follows or apart for pair, apart in zip(pairs, elsewhere, strict=True)):
        return Finding("Some seconds that are said not to follow come from the same document as the first, and might even "
                       "follow: draw among the *other* documents.", "false second from the same document")
    true = [pair for pair in pairs if pair.follows]
    if any(line_of(pair.second[0]) <= line_of(pair.first[0]) for pair in true):
        return Finding("First and second are exchanged: the text that comes later in the document is the second.",
                       "first and second exchanged")
    if any(line_of(pair.second[0]) <= line_of(pair.first[-1]) for pair in true):
        return Finding("A sentence stands in both texts: the first ends before the cut, `document[start:cut]`, and the second "
                       "begins with it.", "a sentence in both")
    if skipped((pair.first, pair.second) for pair in true):
        return Finding("Between a first and the second that follows it there is a gap: the second begins at the cut.",
                       "a gap at the cut")
    return None


def skipped(texts) -> bool:
    """Whether sentences are missing between the first text and the next, for pairs of these."""
    ends = [text[-1] in ENDS for text, after in texts
            if len(text) < ROOM // 2 and line_of(after[0]) > line_of(text[-1]) + 1]
    return sum(ends) > 0.8 * len(ends)     # a text that was cut ends anywhere


def half_and_half(pairs) -> Finding | None:
    """A coin for each pair."""
    said = [pair.follows for pair in pairs]
    share = sum(said) / len(said)
    if share in (0, 1):
        return Finding(f"{'Every' if share else 'No'} second follows upon its first: half of them should.",
                       "always follows" if share else "never follows")
    turns = sum(one != other for one, other in pairwise(said)) / len(said)
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
        for text in pair[: 1 + pair.follows]:
            read[document_of(text)].append(line_of(text[0]))
    if any(line_of(pair.first[0]) == len(DOCUMENTS[document_of(pair.first)]) - 1 for pair in pairs):
        return Finding("A last sentence that is left alone gives a pair, whose second can only be false: it gives none, since "
                       "there is nowhere to cut.", "a sentence left alone")
    last = {document_of(pair.first): full(pair) if pair.follows else len(DOCUMENTS[document_of(pair.first)]) for pair in pairs}
    if any(last.get(place, 0) < len(document) - 1 for place, document in enumerate(DOCUMENTS)):
        return Finding("Some documents, or the ends of some, are never read: where two sentences are left, they give a pair.",
                       "documents left out")
    if any(len(set(lines)) < len(lines) for lines in read.values()):
        return Finding("Some sentences come twice: what has been used, as a first or as a second that follows, is read. The "
                       "next pair begins where it ends.", "read twice")
    if any(min(lines) > 0 for lines in read.values()):
        return Finding("Some documents are not read from their first sentence on.", "beginnings left out")
    in_turn = [(pair, after) for pair, after in pairwise(pairs) if document_of(after.first) == document_of(pair.first)]
    if skipped((pair.first, after.first) for pair, after in in_turn if not pair.follows):
        return Finding("After a false second, sentences are lost: what comes after the cut was not used, so the next pair "
                       "begins at the cut.", "sentences lost")
    if any(pair.follows and line_of(after.first[0]) != full(pair) for pair, after in in_turn):
        return Finding("A pair that follows uses the sentences up to where the room is full, `where_full(document, start, "
                       "room)`, and the next pair begins there. Some of yours begin elsewhere.", "not where the room is full")
    return None


def full(pair) -> int:
    """Where the room is full with what the pair was made from."""
    return where_full(DOCUMENTS[document_of(pair.first)], line_of(pair.first[0]), ROOM)


def cuts_of(pairs) -> list[int]:
    """At which of the places between its sentences each pair was cut. Where a false second is, the next pair begins at the cut."""
    found = []
    for pair, after in zip(pairs, [*pairs[1:], None], strict=True):
        place, start = ORIGIN[pair.first[0]]
        next_line = line_of(after.first[0]) if after and document_of(after.first) == place else len(DOCUMENTS[place]) - 1
        found.append((line_of(pair.second[0]) if pair.follows else next_line) - start - 1)
    return found


def by_chance(pairs, cuts: list[int]) -> Finding | None:
    """The cut, and where a false second comes from, are left to chance."""
    counts = [full(pair) - line_of(pair.first[0]) - 1 for pair in pairs]
    places = [(cut, count) for cut, count in zip(cuts, counts, strict=True) if count > 1]
    for which, always in (("first text", lambda count: 0), ("second that follows", lambda count: count - 1)):
        if all(place == always(count) for place, count in places):
            return Finding(f"The {which} is always a single sentence: the cut is drawn, anywhere between two of the sentences.",
                           f"{which.split()[0]} of one sentence")
    if all(abs(2 * place - count + 1) <= 1 for place, count in places):
        return Finding("The cut is always in the middle: it is drawn, anywhere between two of the sentences.", "cut in the middle")
    if uneven(places):
        return Finding("Some cuts come more often than others: each place between two of the sentences is as likely, and there "
                       "are end − start − 1 of them.", "some cuts more often")
    return others_by_chance([pair for pair in pairs if not pair.follows])


def others_by_chance(false: list[Pair]) -> Finding | None:
    """Any other document, and any sentence of it, anew for each pair."""
    begins = [line_of(pair.second[0]) for pair in false]
    if not any(begins):
        return Finding("A false second is always the beginning of its document, and beginnings are easily told: draw where it "
                       "starts.", "always from the beginning")
    if uneven([(begin, len(DOCUMENTS[document_of(pair.second)])) for begin, pair in zip(begins, false, strict=True)]):
        return Finding("Some sentences begin a false second more often than others: any one of the document is as likely.",
                       "some beginnings more often")
    steps = [(document_of(pair.second) - document_of(pair.first)) % len(DOCUMENTS) for pair in false]
    if len(set(steps)) == 1:
        return Finding("A false second always comes from the same neighbour: draw among all the other documents.",
                       "always the same neighbour")
    if sum(one == other for one, other in pairwise(steps)) > 0.6 * len(steps):
        return Finding("One draw decides for a whole document where its false seconds come from: draw for each pair.",
                       "one other for each document")
    if uneven([(step - 1, len(DOCUMENTS) - 1) for step in steps]) or any(
        beyond_chance([(document_of(pair.second) == place, 1 / (len(DOCUMENTS) - 1)) for pair in false
                       if document_of(pair.first) != place]) for place in range(len(DOCUMENTS))
    ):
        return Finding("Some documents give false seconds more often than others: any other document is as likely, be it long "
                       "or short.", "some documents more often")
    return None


def made_alike(pairs, cuts: list[int]) -> Finding | None:
    """True and false seconds are gathered and cut in one way, so that neither length nor end tells them apart.

    The course's version, and the mistakes of the page that have words, are run again with what chance has decided here.
    """
    exercise = EXERCISES[-1]
    right = again(exercise.made(()), pairs, cuts)
    if right == pairs:
        return None
    for mistake in exercise.mistakes:
        if mistake.says and any(again(exercise.made(way), pairs, cuts) == pairs for way in mistake.ways):
            return Finding(mistake.says, mistake.name)
    if any(pair.follows and pair not in right for pair in pairs):
        return Finding("Some pairs that follow are not what `truncate(first, second, room)` leaves of the sentences before and "
                       "after the cut, those from `start` up to `where_full(document, start, room)`.", "other true seconds")
    return Finding("Some false seconds are not gathered as the true ones are: whole sentences of the other document, one at least, "
                   "until the room beside the first is full, `where_full(other, begin, room - len(first), 1)`; then `truncate`. "
                   "Else their length or their end gives them away.")


def again(function, pairs, cuts: list[int]) -> list[Pair]:
    """What a version of sentence_pairs makes, if its draws come out as they did in pairs that were made."""
    drawn = (number for pair, cut in zip(pairs, cuts, strict=True) for number in drawn_for(pair, cut))
    function.__globals__["draw"] = lambda number, generator: next(drawn, 0)
    return function(DOCUMENTS, ROOM, None)


def drawn_for(pair, cut: int) -> tuple[int, ...]:
    """The cut, the coin, and of a false second the document and its sentence."""
    other, begin = ORIGIN[pair.second[0]]
    return (cut, 0) if pair.follows else (cut, 1, (other - document_of(pair.first) - 1) % len(DOCUMENTS), begin)


EXERCISES = (
    Exercise(lesson=HERE, reference=hide_tokens, cases=(), probes=(hides_as_said,)),
    Exercise(lesson=HERE, reference=choose_words, cases=(), probes=(chooses_whole_words,)),
    Exercise(lesson=HERE, reference=Transform, drop_in=fills_as_before, cases=(
        Case("2 texts of 5 tokens, a small config", lambda: (randn(2, 5, 12),), build=(SMALL,)),
        Case("4 vectors, another width and another epsilon", lambda: (randn(4, 6),), build=(ROUGH,)),
        Case("in training, where nothing is dropped", lambda: (randn(2, 6),), build=(ROUGH,), training=True),
    )),
    Exercise(lesson=HERE, reference=MaskedLMHead, probes=(begins_with_zeros, reads_each_table), drop_in=fills_as_before, cases=(
        Case("2 texts of 5 tokens, 20 words", lambda: (randn(2, 5, 12), randn(20, 12, seed=1)), build=(SMALL,)),
        Case("the hidden states of 4 hidden words only", lambda: (randn(4, 6), randn(14, 6, seed=1)), build=(ROUGH,)),
        Case("in training, where nothing is dropped", lambda: (randn(2, 6), randn(14, 6, seed=1)), build=(ROUGH,),
             training=True),
    )),
    Exercise(lesson=HERE, reference=masked_lm_loss, probes=(scores_only_what_is_asked, loss_learns, leaves_the_mode), cases=(
        Case("two texts, 4 tokens asked for", asked(BertForMaskedLM, ONE_BATCH, ONE_LABELS)),
        Case("padding, segments, a model with both heads, and token 0 asked for",
             asked(BertForPreTraining, TWO_BATCH, TWO_LABELS)),
        Case("a single token asked for", asked(BertForMaskedLM, ONE_BATCH, ONE_LABELS.where(ONE_LABELS == 11, NOT_ASKED))),
        Case("nothing is asked for", NOTHING),
    )),
    Exercise(lesson=HERE, reference=sentence_pairs, cases=(), probes=(pairs_as_said,)),
)
