"""Notebook 11b: where tokens come from through all layers, and what a probe could have learned by heart."""

from collections.abc import Callable
from pathlib import Path

import torch

from bert_parts.attribution import rollout
from bert_parts.datasets import marked_sentences
from bert_parts.learn.exercise import Case, Exercise, Finding, randn
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model
from bert_parts.probing import control_labels
from bert_parts.visualize import record_attention

HERE = Path(__file__).parent
TITLE = "Explanations and probes"
BUILDS = "attention followed through all layers; what a probe could have learned by heart"
PAPER = ("[Abnar & Zuidema 2020](https://arxiv.org/abs/2005.00928); [Hewitt & Liang 2019](https://arxiv.org/abs/1909.03368)")

# ── rollout ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def some_maps(layers: int, *shape: int, seed: int) -> tuple[list[torch.Tensor]]:
    return ([randn(*shape, seed=seed + layer, scale=2.0).softmax(dim=-1) for layer in range(layers)],)


def with_padding() -> tuple[list[torch.Tensor]]:
    """Nobody looks at the last token of the first text, nor at the last three of the second."""
    real = torch.arange(6) < torch.tensor([5, 3])[:, None, None, None]
    return ([randn(2, 3, 6, 6, seed=seed, scale=2.0).masked_fill(~real, -torch.inf).softmax(dim=-1) for seed in range(30, 35)],)


def all_real_layers(thing: Callable) -> Finding | str:
    model, _ = real_model()
    with torch.no_grad(), record_attention(model) as maps:
        model(**real_batch())
    given, expected = thing(list(maps)), rollout(maps)
    if given.shape != expected.shape or not (given - expected).abs().max() < TOLERANCE:
        return Finding("By itself your function agrees; on the real maps it gives other numbers than the course's.")
    return (f"On the real maps of 6 layers: of [CLS] after the last layer {expected[0, 0, 0]:.0%} came from [CLS], by this count, "
            "in the first text.")


# ── control_labels ───────────────────────────────────────────────────────────────────────────────────────────────────

FEW = torch.tensor([7, 3, 7, 12, 3, 7, 5])                       # types in no order, 7 three times
NAMED = torch.tensor([4, 9, 4, 6, 9, 6, 6])                      # labels that do not begin at 0


def tokens_of(count: int, kinds: int, names: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """So many tokens of some types, few of them frequent, with ids far apart; and labels, some more frequent than others."""
    even = torch.rand(2, count, generator=torch.Generator().manual_seed(seed))
    return (even[0] ** 3 * kinds).long() * 101 + 5, (even[1] ** 2 * names).long() - 1


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


SET_BACK = Finding("Called twice with one generator, your code answers the same: it sets the generator back. Whoever made it has "
                   "set its seed; you only draw.", "generator set back")
MORE_DRAWN = Finding("Your labels are right, but you draw another number of tokens than there are types, so that whoever draws "
                     "next from the same generator finds something else: draw V, one for each type.", "more drawn than types")


def draws_on(thing: Callable) -> Finding | None:
    """The generator goes on from where it is, by one draw for each type."""
    asked = tokens_of(200, 40, 5, seed=3)
    own, right = seeded(1), seeded(1)
    first, second = (thing(*(each.clone() for each in asked), own) for _ in range(2))
    control_labels(*asked, right)
    if torch.equal(first, second):
        return SET_BACK
    return None if torch.equal(second, control_labels(*asked, right)) else MORE_DRAWN


def all_that_is_learned_by_heart(thing: Callable) -> Finding | str:
    """On real tokens: as many types, and each has one label."""
    _, tokenizer = real_model()
    ids = torch.cat([torch.tensor(tokenizer.ids(sentence.text)) for sentence in marked_sentences()[::10]])
    lengths = torch.tensor([len(tokenizer.tokens[each]) for each in ids.tolist()])
    given, expected = (one(ids, lengths, seeded(0)) for one in (thing, control_labels))
    if given.shape != expected.shape or not torch.equal(given, expected):
        return Finding("By itself your function agrees; on real tokens its labels differ from the course's.")
    before, after = (values.float().mean() for values in (lengths, given))
    return (f"On {len(ids):,} real tokens of {len(ids.unique()):,} types, labelled by their lengths: {before:.1f} letters on "
            f"average, and {after:.1f} by lot.")


EXERCISES = (
    Exercise(lesson=HERE, reference=rollout, drop_in=all_real_layers, cases=(
        Case("one text of 4 tokens, one layer of 2 heads", lambda: some_maps(1, 1, 2, 4, 4, seed=0)),
        Case("one text of 4 tokens, 2 layers of 3 heads", lambda: some_maps(2, 1, 3, 4, 4, seed=10)),
        Case("three texts of 5 tokens, 4 layers of 2 heads", lambda: some_maps(4, 3, 2, 5, 5, seed=20)),
        Case("two texts with padding, 5 layers of 3 heads", with_padding),
    )),
    Exercise(lesson=HERE, reference=control_labels, probes=(draws_on,), drop_in=all_that_is_learned_by_heart, cases=(
        Case("7 tokens of 4 types", lambda: (FEW.clone(), NAMED.clone(), seeded(0))),
        Case("the same tokens, another seed", lambda: (FEW.clone(), NAMED.clone(), seeded(5))),
        Case("300 tokens of up to 60 types, ids far apart", lambda: (*tokens_of(300, 60, 4, seed=1), seeded(2))),
        Case("40 tokens, of which many have a type of their own; one of the labels below 0",
             lambda: (*tokens_of(40, 90, 7, seed=2), seeded(3))),
        Case("one type only", lambda: (torch.full((6,), 8), torch.arange(6) * 10, seeded(4))),
        Case("one token", lambda: (torch.tensor([2]), torch.tensor([3]), seeded(0))),
    )),
)
