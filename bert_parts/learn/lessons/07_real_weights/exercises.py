"""Notebook 07: names and shapes of a checkpoint, and hooks that find the first part that differs."""

import copy
import math
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from bert_parts.checkpoint import misfits, rename_published
from bert_parts.config import BertConfig
from bert_parts.learn.exercise import Case, Exercise, Finding, made_once, randn, with_hard_weights
from bert_parts.learn.inside import first_difference, module_outputs
from bert_parts.model import BertModel

HERE = Path(__file__).parent
TITLE = "Real weights"
BUILDS = "loading a published checkpoint strictly, finding the first layer that differs, a search engine"
PAPER = "[Reimers & Gurevych 2019](https://arxiv.org/abs/1908.10084)"

CONFIG = BertConfig(vocab_size=20, hidden_size=12, num_hidden_layers=4, num_attention_heads=3, intermediate_size=20,
                    max_position_embeddings=8)


def written(answer: str | None, *_) -> str:
    """That there is no difference is an answer like the names, and no forgotten return."""
    return "None" if answer is None else answer


def tensors(*names: str) -> dict[str, Tensor]:
    """A file with these names, each with numbers of its own."""
    return {name: randn(2, 3, seed=seed) for seed, name in enumerate(names)}


def a_file() -> dict[str, Tensor]:
    return {"pooler.bias": torch.zeros(4), "dense.weight": torch.zeros(2, 6), "dense.bias": torch.zeros(2),
            "attention.weight": torch.zeros(3, 3)}


def edited(*, without=(), **shapes) -> dict[str, Tensor]:
    """a_file() with other numbers, in another order, some names left out and some tensors new or of another shape."""
    changed = {name.replace("__", "."): torch.ones(*shape) for name, shape in shapes.items()}
    others = {name: tensor if name == "dense.bias" else tensor + 1 for name, tensor in a_file().items()
              if name not in without}
    return dict(reversed((others | changed).items()))


@made_once
def small_model(layers: int = 4) -> BertModel:
    return with_hard_weights(BertModel(replace(CONFIG, num_hidden_layers=layers))).eval()


def small_batch() -> dict[str, Tensor]:
    """Two pairs of texts, the second with padding. In the order in which the tokenizer gives it."""
    return {
        "input_ids": torch.tensor([[2, 7, 3, 9, 11, 3], [2, 5, 3, 8, 0, 0]]),
        "token_type_ids": torch.tensor([[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 0, 0]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]]),
    }


def one_text() -> dict[str, Tensor]:
    return {name: tensor[:1] for name, tensor in small_batch().items()}


HOOKS_LEFT = ("Your hooks are still on the model afterwards: they would run with every forward to come. "
              "`register_forward_hook` gives back a handle; call its `remove()`.")
HOOKS_LEFT_BY_ERROR = ("If the model raises an error, your hooks stay on it: remove them in a `finally`, which runs in any "
                       "case.")
HOOKS_BEFORE_TRY = ("If the second of two names is unknown, the hook on the first stays on the model: hang them within the "
                    "`try` as well, and keep each handle as soon as you have it.")
OTHERS_REMOVED = ("You take all hooks off the model, also those that somebody else has hung there: remove your own, each "
                  "by its handle.")
MODE_CHANGED = ("Afterwards the model is in another mode (`eval()`, `train()`) than before: leave the mode to the caller, "
                "who may be training.")
GRADIENTS_KEPT = ("The outputs still hold on to gradients, and so to the memory of the whole forward: run the model under "
                  "`torch.no_grad()`.")
GRADIENTS_OFF = ("You switch gradients off and never on again, for everything that runs after you: `with torch.no_grad():` "
                 "does it for a block alone. (They are on again now.)")
ERROR_HIDDEN = "When the model raises an error, yours should not hide it: let it pass."
FROZEN = ("Afterwards some of the model's parameters no longer learn (`requires_grad` is False): leave that to the caller, who may "
          "be training.")


def hooks_of(model) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def leaves_gradients_on(thing) -> Finding | None:
    """The switch is torch's own, not the model's, and so outlives the call. Whoever has left it off finds it on again."""
    with torch.enable_grad():
        outputs = thing(small_model(), ["embeddings", "pooler"], small_batch())
        on = torch.is_grad_enabled()
    if not on:
        torch.set_grad_enabled(True)
        return Finding(GRADIENTS_OFF, "gradients left off")
    if any(tensor.requires_grad for tensor in outputs.values()):
        return Finding(GRADIENTS_KEPT, "gradients kept")
    return None


def leaves_the_model_as_it_was(thing) -> Finding | None:
    """Its mode, and the hooks that others have hung."""
    for training in (False, True):
        model = small_model().train(training)
        model.encoder.layer[1].eval()     # a part may be in a mode of its own
        model.embeddings.register_forward_hook(lambda module, arguments, output: None)
        before = [module.training for module in model.modules()]
        thing(model, ["embeddings", "pooler"], small_batch())
        if hooks_of(model) > 1:
            return Finding(HOOKS_LEFT, "hooks left behind")
        if hooks_of(model) < 1:
            return Finding(OTHERS_REMOVED, "others' hooks removed")
        if [module.training for module in model.modules()] != before:
            return Finding(MODE_CHANGED, "mode changed")
        if not all(parameter.requires_grad for parameter in model.parameters()):
            return Finding(FROZEN, "model frozen")
    return None


def leaves_no_hook_after_an_error(thing) -> Finding | None:
    model, wrong = small_model(), small_batch() | {"input_ids": torch.full((2, 6), 99)}     # 99: no such word
    try:
        thing(model, ["embeddings", "pooler"], wrong)
    except Exception:
        pass
    else:
        return Finding(ERROR_HIDDEN, "error hidden")
    if hooks_of(model):
        return Finding(HOOKS_LEFT_BY_ERROR, "hooks left after an error")
    with suppress(Exception):
        thing(model, ["embeddings", "nowhere"], small_batch())
    if hooks_of(model):
        return Finding(HOOKS_BEFORE_TRY, "hooks hung before the try")
    return None


def changed(part: str, change) -> BertModel:
    """The small model with the output of one part changed: ``change`` gets and gives a tensor."""
    model = small_model()
    model.get_submodule(part).register_forward_hook(lambda module, arguments, output: change(output.clone()))
    return model


def against(part: str, change):
    """Arguments of a case: the changed model, the model itself, the batch."""
    return lambda: (changed(part, change), small_model(), small_batch())


def everywhere(amount: float):
    return lambda x: x + amount


def one_number(amount: float):
    def change(x):
        x.view(-1)[0] += amount
        return x

    return change


def at_one_word(x):
    x[-1, 3] += 0.01
    return x


def two_faults(first: int = 0, second: int = 2, layers: int = 4):
    """A small one in one layer, a greater one in a later layer."""
    model = small_model(layers)
    model.encoder.layer[first].register_forward_hook(lambda module, arguments, output: output + 0.05)
    model.encoder.layer[second].register_forward_hook(lambda module, arguments, output: output + 50)
    return model, small_model(layers), small_batch()


def in_padding(x):
    x[1, -1] += 1.0
    return x


def nan_in_padding(x):
    x[1, -1] = math.nan
    return x


def one_nan(x):
    x[0, 0, 0] = math.nan
    return x


def perturbed(name: str):
    """Arguments of a case: the model with other weights in one module."""

    def arguments():
        model = small_model()
        model.load_state_dict({key: tensor * 1.5 if key.startswith(name) else tensor
                               for key, tensor in copy.deepcopy(model.state_dict()).items()})
        return model, small_model(), small_batch()

    return arguments


EXERCISES = (
    Exercise(lesson=HERE, reference=rename_published, cases=(
        Case("LayerNorm's old names, gamma and beta, and position_ids",
             lambda: (tensors("embeddings.LayerNorm.gamma", "embeddings.LayerNorm.beta", "embeddings.position_ids",
                              "embeddings.position_embeddings.weight", "pooler.dense.weight"),)),
        Case("the same names in a layer", lambda: (tensors("encoder.layer.3.output.LayerNorm.gamma",
                                                           "encoder.layer.3.output.LayerNorm.beta"),)),
        Case("a file of a model with heads: bert.… and cls.…",
             lambda: (tensors("bert.embeddings.LayerNorm.gamma", "bert.encoder.layer.0.output.LayerNorm.beta",
                              "bert.embeddings.position_ids", "bert.pooler.dense.bias", "cls.predictions.bias",
                              "cls.predictions.transform.LayerNorm.gamma"),)),
        Case("a file with our names already", lambda: (tensors("encoder.layer.0.output.LayerNorm.weight",
                                                              "embeddings.word_embeddings.weight"),)),
        Case("no bert. anywhere, and a head: nobody has said that it may be left out",
             lambda: (tensors("embeddings.word_embeddings.weight", "cls.predictions.bias"),)),
        Case("bert.… beside a head of another name",
             lambda: (tensors("qa_outputs.weight", "bert.pooler.dense.weight", "bert.encoder.gamma", "bert.encoder.beta",
                              "bert.bert.bias"),)),
        Case("distilbert.…, which is no such prefix", lambda: (tensors("distilbert.pooler.bias", "pooler.bias"),)),
    )),
    Exercise(lesson=HERE, reference=misfits, cases=(
        Case("everything fits, in another order", lambda: (a_file(), edited())),
        Case("one tensor is missing", lambda: (a_file(), edited(without=["dense.bias"]))),
        Case("one tensor too many", lambda: (a_file(), edited(extra=(1,)))),
        Case("a tensor of shape (5, 1) where the model has (4,)", lambda: (a_file(), edited(pooler__bias=(5, 1)))),
        Case("a tensor of shape (5,) where the model has (4,)", lambda: (a_file(), edited(pooler__bias=(5,)))),
        Case("a matrix of shape (2, 7) where the model has (2, 6)", lambda: (a_file(), edited(dense__weight=(2, 7)))),
        Case("a matrix of shape (6, 2) where the model has (2, 6)", lambda: (a_file(), edited(dense__weight=(6, 2)))),
        Case("a matrix of shape (3, 4) where the model has (2, 6)", lambda: (a_file(), edited(dense__weight=(3, 4)))),
        Case("a vector of shape (2,) where the model has (2, 6)", lambda: (a_file(), edited(dense__weight=(2,)))),
        Case("numbers of another type", lambda: (a_file(), {name: tensor.half() for name, tensor in a_file().items()})),
        Case("several of each", lambda: (a_file(), edited(without=["pooler.bias", "attention.weight"], zebra=(1,),
                                                          ant=(2,), dense__weight=(2, 7), dense__bias=(3,)))),
        Case("eight of each, in no order of the alphabet",     # else a set may happen to have it
             lambda: (tensors(*"hgfedcbaponmlkji"),
                      {name: tensor.T for name, tensor in tensors(*"xwvutsrqponmlkji").items()})),
    )),
    Exercise(lesson=HERE, reference=module_outputs,
             probes=(leaves_gradients_on, leaves_the_model_as_it_was, leaves_no_hook_after_an_error), cases=(
        Case("one module", lambda: (small_model(), ["encoder.layer.1"], small_batch())),
        Case("three modules", lambda: (small_model(), ["embeddings", "encoder.layer.0.intermediate", "pooler"],
                                       small_batch())),
        Case("a single text", lambda: (small_model(), ["embeddings", "pooler"], one_text())),
        Case("the second of twelve layers", lambda: (small_model(12), ["encoder.layer.1"], small_batch())),
    )),
    Exercise(lesson=HERE, reference=first_difference, seen=written, cases=(
        Case("two models that agree", lambda: (small_model(), small_model(), small_batch())),
        Case("other weights in layer 1", perturbed("encoder.layer.1.output.dense")),
        Case("a small fault in layer 0 and a greater one in layer 2", two_faults),
        Case("faults in layers 2 and 10 of 12", lambda: two_faults(2, 10, layers=12)),
        Case("a constant taken off in layer 1", against("encoder.layer.1", everywhere(-0.01))),
        Case("other numbers in the embeddings", against("embeddings", one_number(0.5))),
        Case("other numbers in the pooler", against("pooler", everywhere(0.5))),
        Case("all numbers off by 0.0002", against("pooler", everywhere(0.0002))),
        Case("a single number off by 0.002", against("pooler", one_number(0.002))),
        Case("a fault at one word of the last text", against("encoder.layer.1", at_one_word)),
        Case("a single number too small", against("pooler", one_number(-0.002))),
        Case("all signs turned round in the pooler", against("pooler", lambda x: -x)),
        Case("0.0005 more, where the numbers are about 100",
             lambda: (changed("pooler", everywhere(100.0005)), changed("pooler", everywhere(100)), small_batch())),
        Case("NaN in layer 0 of what it is compared with",
             lambda: (small_model(), changed("encoder.layer.0", one_nan), small_batch())),
        Case("all numbers off by 0.00008, which is allowed", against("pooler", everywhere(8e-5))),
        Case("a difference of the size of rounding", against("pooler", everywhere(2e-5))),
        Case("NaN in layer 0", against("encoder.layer.0", one_nan)),
        Case("NaN in layer 0 of both models", lambda: (changed("encoder.layer.0", one_nan),
                                                       changed("encoder.layer.0", one_nan), small_batch())),
        Case("other numbers where the padding is", against("encoder.layer.1", in_padding)),
        Case("NaN where the padding is", against("encoder.layer.2", nan_in_padding)),
    )),
)
