"""Notebook 11: what heads look at, a model without some of them, and what it would say after each layer."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from bert_parts.config import BertConfig
from bert_parts.heads import BertForMaskedLM, BertForSequenceClassification
from bert_parts.inspection import gate_heads, head_hits, logit_lens
from bert_parts.learn.exercise import Case, Exercise, Finding, made_once, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model
from bert_parts.visualize import record_attention

HERE = Path(__file__).parent
TITLE = "Looking inside"
BUILDS = "what a head looks at, with a baseline; a model without some of its heads; what it would say after each layer"
PAPER = ("[Clark et al. 2019](https://arxiv.org/abs/1906.04341); [Michel et al. 2019](https://arxiv.org/abs/1905.10650)")

STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
SMALL = BertConfig(vocab_size=20, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=10,
                   max_position_embeddings=9, **STILL)
DEEP = BertConfig(vocab_size=23, hidden_size=8, num_hidden_layers=4, num_attention_heads=2, intermediate_size=14,
                  max_position_embeddings=9, **STILL)
LIVELY = replace(DEEP, hidden_dropout_prob=0.3)     # which must not act
IDS = torch.tensor([[3, 7, 12, 19, 4, 2, 0], [3, 9, 2, 0, 0, 0, 0], [3, 5, 6, 2, 0, 0, 0], [3, 8, 8, 1, 2, 0, 0],
                    [3, 4, 2, 0, 0, 0, 0]])
SEGMENTS = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 0, 0, 0, 0], [0] * 7, [0, 0, 0, 1, 1, 0, 0], [0] * 7])


def a_batch() -> dict[str, torch.Tensor]:
    return {"input_ids": IDS.clone(), "attention_mask": (IDS != 0).long(), "token_type_ids": SEGMENTS.clone()}


@made_once
def a_judge(config: BertConfig) -> nn.Module:
    return with_hard_weights(BertForSequenceClassification(config, 4)).eval()


@made_once
def a_filler(config: BertConfig) -> nn.Module:
    return with_hard_weights(BertForMaskedLM(config)).eval()


HOOK_LEFT = Finding("Your numbers are right, but your hooks stay on the model and would run in every forward from now on: keep "
                    "what `register_forward_hook` gives, and call its `remove()` at the end.", "hook left behind")
OTHERS_REMOVED = Finding("Your numbers are right, but hooks that somebody else had hung on the model are gone: remove your own "
                         "only, by their handles.", "others' hooks removed")
CHANGED = Finding("Your numbers are right, but the model's weights are no longer what they were: it should only be looked at.",
                  "weights changed")


def leaves_alone(model: nn.Module, run: Callable[[], object]) -> Finding | None:
    """Whether hooks and weights of a model with `model.bert` are afterwards what they were."""
    watched = [part for layer in model.bert.encoder.layer for part in layer.modules()] + [*model.bert.embeddings.modules()]
    for part in watched:
        part.register_forward_hook(lambda module, given, output: None)     # somebody else's
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    run()
    counts = [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules()]
    if sum(counts) > len(watched):
        return HOOK_LEFT
    if sum(counts) < len(watched):
        return OTHERS_REMOVED
    same = all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    return None if same else CHANGED


# ── head_hits ────────────────────────────────────────────────────────────────────────────────────────────────────────


def looks(*shape: int, seed: int) -> torch.Tensor:
    """Weights (B, H, T, S) without a tie."""
    return randn(*shape, seed=seed, scale=2.0).softmax(dim=-1)


def some(*shape: int, seed: int, share: float) -> torch.Tensor:
    """Marks (B, T, S) at so large a share of the places."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < share


ONE_EACH = torch.zeros(3, 5, 5, dtype=torch.bool)
ONE_EACH[0, 1, 3] = ONE_EACH[0, 4, 2] = ONE_EACH[1, 0, 1] = ONE_EACH[2, 3, 3] = ONE_EACH[2, 4, 0] = True
SOME_TEXTS = some(4, 6, 6, seed=5, share=0.4)
SOME_TEXTS[1:3] = False


def the_word_before(thing: Callable) -> Finding | str:
    """On the real maps: how often each head of the first layer looks at the token before."""
    model, _ = real_model()
    batch = real_batch()
    with torch.no_grad(), record_attention(model) as maps:
        model(**batch)
    T = maps[0].size(-1)
    before = torch.eye(T).roll(-1, dims=1).bool().tril()
    wanted = before & batch["attention_mask"].bool()[:, :, None]
    given, expected = thing(maps[0], wanted), head_hits(maps[0], wanted)
    if given.shape != expected.shape or not torch.equal(given, expected):
        return Finding("By itself your function agrees; on the real maps it finds other hits than the course's.")
    score, head = expected.float().mean(dim=1).max(dim=0)
    return f"On the real maps: head {head} of layer 0 looks at the token before in {score:.0%} of {expected.size(1)} cases."


# ── gate_heads ───────────────────────────────────────────────────────────────────────────────────────────────────────


def gated(config: BertConfig, *shape: int) -> tuple:
    return a_judge(config), a_batch(), randn(*shape, config.num_hidden_layers, config.num_attention_heads, seed=3)


def one_off(layer: int, head: int) -> tuple:
    gates = torch.ones(2, 3)
    gates[layer, head] = 0
    return a_judge(SMALL), a_batch(), gates


def gates_leave_the_model_alone(thing: Callable) -> Finding | None:
    model, batch, gates = gated(SMALL)
    return leaves_alone(model, lambda: thing(model, batch, gates))


NO_SLOPE = Finding("Your scores are right, but no gradient comes back to `gates`, which the notebook needs for its ranking: "
                   "multiply by the tensor itself, and not by numbers taken out of it (`item`, `detach`, `tolist`, `no_grad`).",
                   "no gradient")


def slopes_reach_the_gates(thing: Callable) -> Finding | None:
    model, batch, gates = gated(SMALL)
    gates.requires_grad_()
    answer = thing(model, batch, gates)
    if not answer.requires_grad:
        return NO_SLOPE
    (slope,) = torch.autograd.grad(answer.sum(), gates, allow_unused=True)
    return None if slope is not None and slope.all() else NO_SLOPE


def on_the_real_model(thing: Callable) -> Finding | str:
    encoder, _ = real_model()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = with_hard_weights(BertForSequenceClassification(encoder.config, 2)).eval()
    model.bert = encoder
    gates = torch.ones(6, 12)
    gates[1::2, ::3] = 0
    with torch.no_grad():
        given, expected = thing(model, real_batch(), gates), gate_heads(model, real_batch(), gates)
    if not (given - expected).abs().max() < TOLERANCE:
        return Finding("By itself your function agrees; on the real weights its scores differ from the course's.")
    return "On the real BERT with 12 of its 72 heads switched off: the same scores as the course's, on 4 sentences with padding."


# ── logit_lens ───────────────────────────────────────────────────────────────────────────────────────────────────────


def lens_leaves_the_model_alone(thing: Callable) -> Finding | None:
    model = a_filler(SMALL)
    return leaves_alone(model, lambda: thing(model, a_batch(), IDS == 2))


EXERCISES = (
    Exercise(lesson=HERE, reference=head_hits, drop_in=the_word_before, cases=(
        Case("three texts, one or two tokens of each asked, and one place wanted for each",
             lambda: (looks(3, 2, 5, 5, seed=0), ONE_EACH.clone())),
        Case("two texts of 6 tokens, several places wanted",
             lambda: (looks(2, 4, 6, 6, seed=1), some(2, 6, 6, seed=2, share=0.3))),
        Case("four texts, in two of which nothing is asked", lambda: (looks(4, 3, 6, 6, seed=3), SOME_TEXTS.clone())),
        Case("7 tokens look at 4", lambda: (looks(2, 5, 7, 4, seed=4), some(2, 7, 4, seed=6, share=0.4))),
        Case("one text", lambda: (looks(1, 3, 5, 5, seed=9), some(1, 5, 5, seed=10, share=0.4))),
        Case("layers of one head", lambda: (looks(3, 1, 6, 6, seed=11), some(3, 6, 6, seed=12, share=0.3))),
        Case("weights of 0 where there is padding", lambda: (looks(2, 3, 5, 5, seed=7) * (torch.arange(5) < 3),
                                                             some(2, 5, 5, seed=8, share=0.5))),
    )),
    Exercise(lesson=HERE, reference=gate_heads, probes=(gates_leave_the_model_alone, slopes_reach_the_gates),
             drop_in=on_the_real_model, cases=(
        Case("one head of the first layer switched off", lambda: one_off(0, 1)),
        Case("one head of the last layer switched off", lambda: one_off(1, 2)),
        Case("a gate for each of 2 layers and 3 heads", lambda: gated(SMALL)),
        Case("a gate for each of 4 layers and 2 heads", lambda: gated(DEEP)),
        Case("gates for each of 5 texts", lambda: gated(SMALL, 5)),
        Case("as many texts as layers, and gates for all of them alike", lambda: (
            a_judge(DEEP), {name: ids[:4] for name, ids in a_batch().items()}, gated(DEEP)[2])),
        Case("a model that scores words", lambda: (a_filler(DEEP), *gated(DEEP)[1:])),
    )),
    Exercise(lesson=HERE, reference=logit_lens, probes=(lens_leaves_the_model_alone,), cases=(
        Case("five texts with padding, a token of each asked, 2 layers", lambda: (a_filler(SMALL), a_batch(), IDS == 2)),
        Case("4 layers, several tokens asked of some texts, none of others", lambda: (a_filler(LIVELY), a_batch(), IDS > 5)),
        Case("one text without padding, all tokens asked", lambda: (
            a_filler(SMALL), {name: ids[:1, :6] for name, ids in a_batch().items()}, torch.ones(1, 6, dtype=torch.bool))),
    )),
)
