"""A learner's part inside the real pretrained BERT."""

import copy
import functools
import inspect
from collections.abc import Callable

import torch
from torch import Tensor, nn

from bert_parts.checkpoint import load_pretrained
from bert_parts.learn.exercise import Finding

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

    The copy shares its weights with the model.
    """
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
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
        return Finding(f"By itself your part agrees, but inside the real BERT the outputs part at {place}.")
    times = f" (in {count} places)" if count > 1 else ""
    return f"Dropped into the real BERT{times}: the same hidden states as before, on {len(SENTENCES)} sentences with padding."


def first_difference(model: nn.Module, reference: nn.Module, batch: dict[str, Tensor]) -> str | None:
    """The first stage of a BertModel whose output differs, where tokens stand; None if none does."""
    real = batch["attention_mask"].bool()
    ours, theirs = stage_outputs(model, batch), stage_outputs(reference, batch)
    for stage, expected in theirs.items():
        given = ours[stage]
        rows = real if expected.dim() == 3 else slice(None)
        if not torch.allclose(given[rows], expected[rows], atol=TOLERANCE, rtol=0):     # NaN is never close
            return stage
    return None


def stage_outputs(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """What comes out of the embeddings, each layer and the pooler."""
    stages = {"the embeddings": model.embeddings}
    stages |= {f"layer {number}": layer for number, layer in enumerate(model.encoder.layer)}
    stages["the pooler"] = model.pooler
    outputs = {}
    hooks = [module.register_forward_hook(catcher(outputs, stage)) for stage, module in stages.items()]
    try:
        with torch.no_grad():
            model(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
    finally:
        for hook in hooks:
            hook.remove()
    return outputs


def catcher(outputs: dict[str, Tensor], stage: str) -> Callable:
    def catch(module, arguments, output):
        outputs[stage] = output

    return catch
