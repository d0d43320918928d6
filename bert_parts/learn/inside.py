"""A learner's part inside the real pretrained BERT."""

import copy
import functools
import inspect
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, nn

from bert_parts.checkpoint import load_pretrained
from bert_parts.learn.exercise import Finding
from bert_parts.learn.state import chance_kept

SENTENCES = [     # of unequal lengths, so that there is padding
    "The bank of the river was covered in mud.",
    "The bank lent them the money.",
    "Good!",
    "A film that asks much of its audience, and gives back still more to those who stay until the end.",
]
TOLERANCE = 1e-4     # of hidden values of about 1, after all layers


@functools.cache
def real_model():
    """The real model and its tokenizer, loaded once."""
    return load_pretrained()


def real_batch() -> dict[str, Tensor]:
    return real_model()[1](SENTENCES)


def with_parts(model: nn.Module, parts: dict[str, object]) -> nn.Module:
    """A copy of the model in which the given classes take the place of those of the same name.

    The copy shares its weights with the model. Random numbers come afterwards as if no part had been built.
    """
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    with chance_kept():
        return replaced(copy.deepcopy(model, shared), parts)


def replaced(module: nn.Module, parts: dict[str, object]) -> nn.Module:
    """The module, or the given part built like it, with the same done to all that is inside."""
    part = parts.get(type(module).__name__)
    if isinstance(part, type) and type(module) is not part:
        new = part(*built_with(module))
        new.load_state_dict(module.state_dict(), assign=True)
        module = new.train(module.training)
    for name, child in module.named_children():
        setattr(module, name, replaced(child, parts))
    return module


def built_with(module: nn.Module) -> tuple:
    """What the module was constructed with: parts keep that under the names of their constructor's arguments."""
    return tuple(getattr(module, name) for name in inspect.signature(type(module)).parameters)


def runs_inside(thing: type) -> Finding | str:
    """The drop-in of a part that is a module: the real model with it gives what the real model gives."""
    model, _ = real_model()
    own = with_parts(model, {thing.__name__: thing})
    count = sum(type(module) is thing for module in own.modules())
    place = first_difference(own, model, real_batch())
    if place:
        return Finding(f"By itself your part agrees, but inside the real BERT the outputs part at `{place}`.")
    times = f" (in {count} places)" if count > 1 else ""
    pools = any(type(module) is thing for module in (own, own.pooler))
    what = "hidden states and pooled vectors" if pools else "hidden states"
    return f"Dropped into the real BERT{times}: the same {what} as before, on {len(SENTENCES)} sentences with padding."


def first_difference(model: nn.Module, reference: nn.Module, batch: dict[str, Tensor]) -> str | None:
    """The first part of a BertModel whose output is off by more than 0.0001 anywhere;
    None if none is.

    In the order in which they run: "embeddings", "encoder.layer.0", "encoder.layer.1", …, "pooler".
    NaN is off, too. What is computed for padding does not count, since nobody reads it.
    """
    parts = ["embeddings", *(f"encoder.layer.{number}" for number in range(len(reference.encoder.layer))), "pooler"]
    ours, theirs = module_outputs(model, parts, batch), module_outputs(reference, parts, batch)
    real = batch["attention_mask"].bool()
    for name in parts:
        rows = real if theirs[name].dim() == 3 else slice(None)     # the pooler's (B, D) holds no padding
        if not torch.allclose(ours[name][rows], theirs[name][rows], atol=1e-4, rtol=0):     # NaN is never close
            return name
    return None


def module_outputs(model: nn.Module, names: list[str], batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """What comes out of the named modules while the model reads the batch: name → output,
    without gradients.

    Afterwards the model is as it was: no hook is left behind, even if the model raises an error.

    Args:
        names: as in model.named_modules(), for example "encoder.layer.0".
        batch: what the tokenizer gives: input_ids, token_type_ids and attention_mask.
    """
    outputs = {}

    def catch(name: str) -> Callable:
        def hook(module, arguments, output):
            outputs[name] = output

        return hook

    hooks = []
    try:
        for name in names:
            hooks.append(model.get_submodule(name).register_forward_hook(catch(name)))
        with torch.no_grad():
            model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return outputs


def authors(model: nn.Module) -> dict[str, tuple[int, str]]:
    """Who wrote a model's parts: name of the class → how many of it there are, and "you" or "the course".

    torch's own modules, such as Linear and LayerNorm, are left out.
    """
    counts = Counter(type(module) for module in model.modules())
    return {
        part.__name__: (count, "the course" if part.__module__.startswith("bert_parts.") else "you")
        for part, count in counts.items()
        if not part.__module__.startswith("torch.")
    }
