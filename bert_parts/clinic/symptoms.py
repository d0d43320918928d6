"""Numbers that show an illness. Each takes a project, sound or ill."""

import torch
from torch.nn import functional as F

from bert_parts.clinic.invariants import LONG, SHORT, all_numbers, in_two, weights_after
from bert_parts.clinic.project import Project
from bert_parts.masking import NOT_ASKED


@torch.no_grad()
def beside_a_longer_text(project: Project) -> float:
    """How far a text's vector moves, at most, when a longer text stands beside it."""
    return _moves(project, project.model())


@torch.no_grad()
def after_a_long_training(project: Project) -> float:
    """The same with large weights."""
    return _moves(project, project.model(hard=True))


def _moves(project: Project, model) -> float:
    alone, beside = (project.vectors(model, project.read(texts))[0] for texts in ([SHORT], [SHORT, LONG]))
    return (alone - beside).abs().max().item()


def attention_by_hand(project: Project) -> torch.Tensor:
    """The weights that the first layer's attention really uses, (H, T, T): each key's value says which key it is."""
    attention = project.model(hard=True).bert.encoder.layer[0].attention.self
    d = attention.hidden_size // attention.num_heads
    handle = attention.value.register_forward_hook(lambda *_: torch.eye(d).repeat(1, attention.num_heads)[None])
    with torch.no_grad():
        given = attention(0.2 * torch.randn(1, d, attention.hidden_size, generator=torch.Generator().manual_seed(0)))
    handle.remove()
    return given[0].unflatten(-1, (attention.num_heads, d)).transpose(0, 1)


def largest_weight(project: Project) -> float:
    """The share that a query gives to the key that it looks at most, in the mean."""
    return attention_by_hand(project).max(dim=-1).values.mean().item()


def sum_of_weights(project: Project) -> float:
    """The least that a query gives to all keys together."""
    return attention_by_hand(project).sum(dim=-1).min().item()


@torch.no_grad()
def loss_at_the_start(project: Project) -> float:
    batch, labels = project.hide(project.read(list(project.texts)))
    return project.loss(project.model(), batch, labels).item()


@torch.no_grad()
def two_readings(project: Project) -> float:
    """How far two readings of the same text by the same model lie apart, at most."""
    model, batch = project.model(), project.read([LONG])
    return (project.hidden(model, batch) - project.hidden(model, batch)).abs().max().item()


def loss_of_a_batch_without_questions(project: Project) -> float:
    batch = project.read([SHORT])
    return project.loss(project.model(), batch, torch.full_like(batch["input_ids"], NOT_ASKED)).item()


@torch.no_grad()
def alike(project: Project) -> float:
    """The mean cosine of two tokens of a text, after the last layer of a fresh model."""
    x = F.normalize(project.hidden(project.model(), project.read([LONG]))[0], dim=-1)
    return ((x @ x.T).sum() - len(x)).item() / (len(x) * (len(x) - 1))


def share_asked(project: Project) -> float:
    """The part of the words that are asked for, and of padding and special tokens as well."""
    _, labels = project.hide(project.read([SHORT, LONG]))
    return (labels != NOT_ASKED).float().mean().item()


def padding_asked(project: Project) -> float:
    """Of 20 batches: how many tokens of padding were asked for, in the mean."""
    batch = project.read([SHORT, LONG])
    padding = batch["attention_mask"] == 0
    return sum((project.hide(batch, seed)[1] != NOT_ASKED)[padding].sum().item() for seed in range(20)) / 20


def difference_after_a_stop(project: Project) -> float:
    """How far the loss of the last step lies from that of a training that was not stopped."""
    whole = project.train(7).losses[-1]
    return abs(project.train(7, state=project.train(7, until=4).state).losses[-1] - whole)


def first_learning_rate(project: Project) -> float:
    """The learning rate of the second step of 20, as a part of the peak."""
    return project.parts["rate"](1, 20, project.peak, project.warmup) / project.peak


def moved_positions(project: Project) -> float:
    """How far the positions have moved after three steps, at most."""
    before = project.model().bert.embeddings.position_embeddings.weight
    after = project.train(3).model.bert.embeddings.position_embeddings.weight
    return (after - before).abs().max().item()


def step_without_a_question(project: Project) -> float:
    """How far a weight moves, at most, in a step of which nothing is asked, after a step like any other."""
    model = project.model()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    batch, labels = project.hide(project.read(list(project.texts[:8])), 3)
    project.step(model, optimizer, [(batch, labels)])
    before = all_numbers(model)
    project.step(model, optimizer, [(batch, torch.full_like(labels, NOT_ASKED))])
    return (all_numbers(model) - before).abs().max().item()


def one_batch_or_two(project: Project) -> float:
    """How far the weights after a step on two batches lie, at most, from those after the same texts in one."""
    batch, labels = project.hide(project.read(sorted(project.texts, key=len)), 1)
    two, one = in_two(batch, labels, 12), [(batch, labels)]     # the short texts, and the long ones
    return (weights_after(project, two, 1.0) - weights_after(project, one, 1.0)).abs().max().item()


@torch.no_grad()
def tiny_vectors(project: Project) -> float:
    """The size of vectors of about 0.001, after a LayerNorm of the last layer."""
    norm = project.model().bert.encoder.layer[-1].output.LayerNorm
    return norm(1e-3 * torch.randn(8, project.config.hidden_size, generator=torch.Generator().manual_seed(0))).std().item()


def drops_after_a_look(project: Project) -> float:
    """1 if dropout still drops after an evaluation in the middle of training, else 0."""
    model = project.model().train()
    project.evaluate(model)
    return float(model.training)


def kept_weights_move(project: Project) -> float:
    """How far weights that were kept move, at most, in a further step."""
    model = project.model()
    kept = project.parts["keep"](model)
    before = {name: tensor.clone() for name, tensor in kept.items()}
    project.step(model, torch.optim.SGD(model.parameters(), lr=0.1), [project.hide(project.read(list(project.texts[:8])))])
    return max((kept[name] - before[name]).abs().max().item() for name in before)


def paid_for_the_first_tag(project: Project) -> float:
    """What is paid, in the mean, for a token of the first tag that is taken for another, and one that is tagged rightly."""
    scores = torch.tensor([[[0.0, 4.0, 0.0], [0.0, 0.0, 4.0]]])
    return project.tag_loss(scores, torch.tensor([[0, 2]])).item()


@torch.no_grad()
def apart(project: Project) -> float:
    """How far the vectors of “resume” and “résumé” lie apart, at most."""
    one, other = project.vectors(project.model(), project.read(["resume", "résumé"]))
    return (one - other).abs().max().item()
