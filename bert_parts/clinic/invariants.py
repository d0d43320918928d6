"""What holds for every sound project, each as a question that takes a project and answers True or False.

None of them knows what ails whom. They ask what must stay the same when something is changed that must not matter, or what must
change when something is changed that does.
"""

import copy
import math
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import split_heads
from bert_parts.clinic.project import VOCABULARY, Examples, Project
from bert_parts.masking import NOT_ASKED

SHORT, LONG = "he reads", "the man works and the child reads a book in the garden of the old man"
CLOSE = 1e-4     # what rounding may make of numbers of about 1
FAINT = 0.005


def close(one: Tensor, other: Tensor, within: float = CLOSE) -> bool:
    return one.shape == other.shape and bool((one - other).abs().max() <= within)     # NaN is never within


@torch.no_grad()
def padding_does_not_matter(project):
    """A text gives the same vector alone and beside a longer one, which makes it be padded.

    Args:
        project: a Project. Ask a model with large weights, project.model(hard=True).

    Returns:
        Whether the vectors, as project.vectors gives them, are the same to within 0.0001.
    """
    model = project.model(hard=True)
    alone, beside = project.read([SHORT]), project.read([SHORT, LONG])
    return close(project.vectors(model, alone)[0], project.vectors(model, beside)[0])


@torch.no_grad()
def padding_is_not_read(project: Project) -> bool:
    """Whatever stands in the padding, the vectors of the tokens stay the same."""
    model, batch = project.model(hard=True), project.read([SHORT, LONG])
    real = batch["attention_mask"].bool()
    other = batch | {"input_ids": torch.where(real, batch["input_ids"], len(VOCABULARY) - 1)}
    return close(project.hidden(model, batch)[real], project.hidden(model, other)[real])


@torch.no_grad()
def order_of_a_batch_does_not_matter(project: Project) -> bool:
    """The texts of a batch turned round give the same vectors, turned round."""
    model, texts = project.model(hard=True), [SHORT, LONG, *project.texts[:2]]
    there, back = (project.vectors(model, project.read(each)) for each in (texts, texts[::-1]))
    return close(there, back.flip(0))


@torch.no_grad()
def order_of_words_matters(project: Project) -> bool:
    """Who sees whom makes another vector."""
    model = project.model(hard=True)
    one, other = project.vectors(model, project.read(["the cat sees the dog", "the dog sees the cat"]))
    return not close(one, other, 1e-2)


@torch.no_grad()
def longest_text_is_read(project: Project) -> bool:
    """A text with as many tokens as the model has positions."""
    batch = project.read([" ".join(["rose"] * (project.config.max_position_embeddings - 2))])
    return bool(project.hidden(project.model(), batch).isfinite().all())


@torch.no_grad()
def attention_makes_means(project: Project) -> bool:
    """Where all values are the same, that is what attention gives: its weights sum to 1."""
    attention = project.model(hard=True).bert.encoder.layer[0].attention.self
    attention.value.weight.zero_()
    attention.value.bias.fill_(1.0)
    x = torch.randn(2, 5, project.config.hidden_size, generator=torch.Generator().manual_seed(0))
    given = attention(x, mask=torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]).bool()[:, None, None])
    return close(given, torch.ones_like(given))


@torch.no_grad()
def attention_is_torchs(project: Project) -> bool:
    """Attention gives what torch's own function makes of the same queries, keys and values."""
    attention = project.model(hard=True).bert.encoder.layer[0].attention.self
    x = torch.randn(1, 5, project.config.hidden_size, generator=torch.Generator().manual_seed(0))
    queries, keys, values = (split_heads(part(x), attention.num_heads)
                             for part in (attention.query, attention.key, attention.value))
    wanted = F.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).flatten(-2)
    return close(attention(x), wanted, 1e-3)


@torch.no_grad()
def norms_are_as_configured(project: Project) -> bool:
    """A LayerNorm of the model does to usual and to tiny vectors what torch's function does, with the epsilon of the config."""
    norms = [module for module in project.model().modules() if isinstance(module, nn.LayerNorm)]
    x = torch.randn(4, project.config.hidden_size, generator=torch.Generator().manual_seed(0))
    return all(close(norm(x * size), F.layer_norm(x * size, x.shape[-1:], eps=project.config.layer_norm_eps), 1e-3)
               for norm in norms for size in (1.0, 1e-3))


@torch.no_grad()
def layers_hand_on(project: Project) -> bool:
    """A layer that has nothing to add leaves each vector's direction as it was."""
    x = F.layer_norm(torch.randn(1, 5, 32, generator=torch.Generator().manual_seed(0)), [32])
    x = x.repeat(1, 1, math.ceil(project.config.hidden_size / 32))[..., : project.config.hidden_size]
    for layer in project.model().bert.encoder.layer:
        for output in (layer.attention.output, layer.output):
            output.dense.weight.zero_()
            output.dense.bias.zero_()
        if F.cosine_similarity(layer(x), x, dim=-1).min() < 0.9:
            return False
    return True


@torch.no_grad()
def reading_twice_is_the_same(project: Project) -> bool:
    """In eval mode nothing is left to chance."""
    model, batch = project.model(), project.read([SHORT, LONG])
    return torch.equal(project.hidden(model, batch), project.hidden(model, batch))


@torch.no_grad()
def dropout_drops_in_training(project: Project) -> bool:
    """In training mode something is left to chance, if the config asks for dropout."""
    model, batch = project.model().train(), project.read([SHORT, LONG])
    if project.config.hidden_dropout_prob == 0:
        return True
    return not torch.equal(project.hidden(model, batch), project.hidden(model, batch))


def gradients_reach_every_weight(project: Project) -> bool:
    """After one backward pass every parameter has a gradient, and not one of zeros."""
    model = project.model(hard=True)
    project.loss(model, *_asked(project)).backward()
    return all(weight.grad is not None and bool(weight.grad.any()) for name, weight in model.named_parameters()
               if not name.endswith("key.bias"))     # which moves all scores of a query alike: softmax takes no note


@torch.no_grad()
def all_weights_are_saved(project: Project) -> bool:
    """A model that began with other weights gives the same as the first when it is given its state."""
    first, second = project.model(), replace(project, seed=project.seed + 1).model()
    second.load_state_dict(first.state_dict())
    batch = project.read([LONG])
    return close(project.hidden(first, batch), project.hidden(second, batch))


@torch.no_grad()
def loss_begins_at_ln_v(project: Project) -> bool:
    """Who knows nothing gives every word the same chance: the loss begins near the logarithm of the number of words."""
    loss = project.loss(project.model(), *_asked(project))
    return abs(float(loss) - math.log(project.config.vocab_size)) < 0.5


def step_forgets_old_gradients(project: Project) -> bool:
    """What was left of gradients before a step does not change what comes of it."""
    ends = []
    for rest in (0.0, 1.0):
        model = project.model()
        for weight in model.parameters():
            weight.grad = torch.full_like(weight, rest)
        project.step(model, torch.optim.SGD(model.parameters(), lr=0.1), [_asked(project)])
        ends.append(all_numbers(model))
    return close(*ends, 1e-5)


def small_batches_make_a_large_one(project: Project) -> bool:
    """A step on two unequal small batches is the step on both as one; and on the same batch twice, that on it once."""
    batch, labels = _asked(project)
    labels[0, 2:] = NOT_ASKED     # the first has little to say
    once = [(batch, labels)]
    expected, *others = (weights_after(faint(project), examples, 2.0) for examples in (once, in_two(batch, labels, 1), once * 2))
    return all(close(expected, other, 1e-5) for other in others)


def step_goes_downhill(project: Project) -> bool:
    """After three steps on the same texts the loss on them is lower."""
    model, asked = project.model(), _asked(project)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    losses = [project.step(model, optimizer, [asked]) for _ in range(4)]
    return losses[-1] < losses[0]


def no_question_breaks_nothing(project: Project) -> bool:
    """A batch of which nothing is asked leaves loss and weights finite."""
    model, (batch, labels) = project.model(), _asked(project)
    loss = project.step(model, torch.optim.SGD(model.parameters(), lr=0.1), [(batch, torch.full_like(labels, NOT_ASKED))])
    return math.isfinite(loss) and bool(all_numbers(model).isfinite().all())


def only_words_are_hidden(project: Project) -> bool:
    """Words are asked for and nothing else, about as many as the project says; what is not asked for is left as it is."""
    batch = project.read(list(project.texts))
    ids, words = batch["input_ids"], batch["input_ids"] >= 5     # the first five are special tokens
    asked, hidden = [], []
    for seed in range(5):
        shown, labels = project.hide(batch, seed)
        asked.append(labels != NOT_ASKED)
        hidden.append(shown["input_ids"] == project.tokenizer.mask_id)
        if asked[-1][~words].any() or (shown["input_ids"] != ids)[~asked[-1]].any() or (labels != ids)[asked[-1]].any():
            return False
    rate, share = torch.stack(asked)[:, words].float().mean(), torch.stack(hidden).sum() / torch.stack(asked).sum()
    return bool(0.5 * project.hiding < rate < 2 * project.hiding and share > 0.5)


def each_time_others_are_hidden(project: Project) -> bool:
    """The same texts, other hidden words."""
    batch = project.read(list(project.texts))
    return not torch.equal(project.hide(batch, 0)[1], project.hide(batch, 1)[1])


def each_text_is_read_once(project: Project) -> bool:
    """In each of two epochs, every text comes once; and the second epoch has another order."""
    size = project.batches * project.batch_size
    steps = math.ceil(len(project.texts) / size)
    epochs = [[place for step in range(first, first + steps) for place in project.examples(step)[1]] for first in (0, steps)]
    return all(sorted(epoch) == list(range(len(project.texts))) for epoch in epochs) and epochs[0] != epochs[1]


def rate_is_never_nothing(project: Project) -> bool:
    """In each step but the last something is learned, and the rate comes near the peak and not above it."""
    rates = [project.parts["rate"](step, 20, project.peak, project.warmup) for step in range(20)]
    return min(rates[:-1]) > 0 and 0.8 * project.peak < max(rates) <= 1.001 * project.peak


@torch.no_grad()
def evaluation_leaves_no_trace(project: Project) -> bool:
    """A look gives the same number twice, and leaves a model in the mode in which it was."""
    model, looks = project.model(), []
    for mode in (True, False):
        looks.append(project.evaluate(model.train(mode)))
        if any(module.training != mode for module in model.modules()):
            return False
    return looks[0] == looks[1]


def kept_weights_stay(project: Project) -> bool:
    """Weights that are kept are those of the model, and the same after a further step."""
    model = project.model()
    kept, before = project.parts["keep"](model), copy.deepcopy(model.state_dict())
    project.step(model, torch.optim.SGD(model.parameters(), lr=0.1), [_asked(project)])
    return all(torch.equal(before[name], kept[name]) for name in before)


def resuming_is_not_stopping(project: Project) -> bool:
    """A training that was stopped in the middle of its third epoch, and taken up again, ends as one that was not."""
    project = replace(project, texts=project.texts[:8], batches=1, batch_size=4)     # two steps an epoch
    whole = project.train(6)
    stopped = project.train(6, until=5)
    resumed = project.train(6, state=stopped.state)
    batch, labels = _asked(project)
    with torch.no_grad():
        ends = [project.loss(run.model.eval(), batch, labels) for run in (whole, resumed)]
    return close(torch.tensor(whole.losses), torch.tensor(stopped.losses + resumed.losses)) and close(*ends)


def every_class_counts(project: Project) -> bool:
    """A tag is paid for when it is missed, whatever its number; and no token without a tag."""
    scores = torch.randn(2, 3, 3, generator=torch.Generator().manual_seed(0))
    for tag in range(3):
        labels = torch.full((2, 3), NOT_ASKED)
        labels[0, 0] = tag
        if not close(project.tag_loss(scores, labels), -scores[0, 0].log_softmax(dim=-1)[tag]):
            return False
    return True


def words_are_told_apart(project: Project) -> bool:
    """No two words of the vocabulary are read as the same, and none as unknown."""
    read = [tuple(project.read([word])["input_ids"][0].tolist()) for word in VOCABULARY[5:]]
    return len(set(read)) == len(read) and not any(project.tokenizer.unk_id in row for row in read)


def _asked(project: Project) -> tuple[dict[str, Tensor], Tensor]:
    """A batch with every third token hidden, whatever the project hides; padding and special tokens are not asked for."""
    batch = project.read([LONG, SHORT, *project.texts[:3]])
    ids = batch["input_ids"]
    asked = (torch.arange(ids.numel()).view_as(ids) % 3 == 1) & (ids >= 5)
    shown = torch.where(asked, project.tokenizer.mask_id, ids)
    return batch | {"input_ids": shown}, torch.where(asked, ids, NOT_ASKED)


def in_two(batch: dict[str, Tensor], labels: Tensor, at: int) -> Examples:
    """A batch as two: so many texts, and the rest."""
    return [({name: rows[cut] for name, rows in batch.items()}, labels[cut]) for cut in (slice(at), slice(at, None))]


def faint(project: Project) -> Project:
    """The same project with a loss so small that its gradients are too short to be clipped, which would hide how long they are."""
    return project.with_part("loss", lambda *given: FAINT * project.loss(*given))


def weights_after(project: Project, examples: Examples, rate: float = 0.1) -> Tensor:
    """All weights of a fresh model after a step down the slope."""
    model = project.model()
    project.step(model, torch.optim.SGD(model.parameters(), lr=rate), examples)
    return all_numbers(model)


def all_numbers(model: nn.Module) -> Tensor:
    """All weights of a model in a row."""
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


REFERENCE = (
    padding_does_not_matter, padding_is_not_read, order_of_a_batch_does_not_matter, order_of_words_matters, longest_text_is_read,
    attention_makes_means, attention_is_torchs, norms_are_as_configured, layers_hand_on, reading_twice_is_the_same,
    dropout_drops_in_training, gradients_reach_every_weight, all_weights_are_saved, loss_begins_at_ln_v,
    step_forgets_old_gradients, small_batches_make_a_large_one, step_goes_downhill, no_question_breaks_nothing,
    only_words_are_hidden, each_time_others_are_hidden, each_text_is_read_once, rate_is_never_nothing,
    evaluation_leaves_no_trace, kept_weights_stay, resuming_is_not_stopping, every_class_counts, words_are_told_apart,
)
