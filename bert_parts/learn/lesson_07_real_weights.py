"""Notebook 07: names and shapes of a checkpoint, and hooks that find the first part that differs."""

import copy
import math
from contextlib import suppress
from itertools import combinations

import torch
from torch import Tensor

from bert_parts.checkpoint import misfits, rename_published
from bert_parts.config import BertConfig
from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, first_difference, module_outputs
from bert_parts.learn.questions import Option, Question
from bert_parts.model import BertModel

NOTEBOOK = "07_real_weights"
TITLE = "Real weights"

CONFIG = BertConfig(vocab_size=20, hidden_size=12, num_hidden_layers=3, num_attention_heads=3, intermediate_size=20,
                    max_position_embeddings=8)


def tensors(*names: str) -> dict[str, Tensor]:
    """A file with these names, each with numbers of its own."""
    return {name: randn(2, 3, seed=seed) for seed, name in enumerate(names)}


# ── rename_published ─────────────────────────────────────────────────────────────────────────────────────────────────


def in_bert(published):
    """What is under ``bert.`` where there is such a prefix, else everything."""
    if any(name.startswith("bert.") for name in published):
        return {name.removeprefix("bert."): tensor for name, tensor in published.items() if name.startswith("bert.")}
    return dict(published)


def our_norms(name):
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")


def without_counts(weights):
    return {name: tensor for name, tensor in weights.items() if not name.endswith("position_ids")}


def nothing_done(published):
    return dict(published)


def gamma_and_beta_exchanged(published):
    swapped = {name.replace("LayerNorm.gamma", "LayerNorm.bias").replace("LayerNorm.beta", "LayerNorm.weight"): tensor
               for name, tensor in in_bert(published).items()}
    return without_counts(swapped)


def norms_kept(published):
    return without_counts(in_bert(published))


def only_gamma(published):
    return without_counts({name.replace("LayerNorm.gamma", "LayerNorm.weight"): tensor
                           for name, tensor in in_bert(published).items()})


def counts_kept(published):
    return {our_norms(name): tensor for name, tensor in in_bert(published).items()}


def all_positions_dropped(published):
    return {name: tensor for name, tensor in without_counts({our_norms(name): tensor for name, tensor
                                                             in in_bert(published).items()}).items()
            if "position" not in name}


def norms_of_embeddings_only(published):
    return without_counts({our_norms(name) if name.startswith("embeddings") else name: tensor
                           for name, tensor in in_bert(published).items()})


def heads_kept(published):
    return without_counts({our_norms(name.removeprefix("bert.")): tensor for name, tensor in published.items()})


def prefix_kept(published):
    under = {name: tensor for name, tensor in published.items() if name.startswith("bert.")}
    return without_counts({our_norms(name): tensor for name, tensor in (under or published).items()})


def prefix_stripped_as_letters(published):
    if not any(name.startswith("bert.") for name in published):
        return heads_kept(published)
    return without_counts({our_norms(name.lstrip("bert.")): tensor for name, tensor in published.items()
                           if name.startswith("bert.")})


def letters_stripped_off_all(published):
    return without_counts({our_norms(name.lstrip("bert.")): tensor for name, tensor in published.items()})


def letters_stripped_and_counts_kept(published):
    """The third rule then looks for a name that is no longer there."""
    return {our_norms(name.lstrip("bert.")): tensor for name, tensor in published.items()}


def five_letters_cut(published):
    return without_counts({our_norms(name[5:]): tensor for name, tensor in published.items()
                           if not name.startswith("cls.")})


def only_with_prefix(published):
    return without_counts({our_norms(name.removeprefix("bert.")): tensor for name, tensor in published.items()
                           if name.startswith("bert.")})


def heads_dropped_always(published):
    return without_counts({our_norms(name.removeprefix("bert.")): tensor for name, tensor in published.items()
                           if not name.startswith("cls.")})


def leaves_the_file_alone(thing) -> Finding | None:
    """The dictionary that is given must not change."""
    given = tensors("bert.embeddings.LayerNorm.gamma", "bert.embeddings.position_ids", "cls.predictions.bias")
    before = list(given)
    thing(given)
    if list(given) != before:
        return Finding("Your code changes the dictionary that it was given (`pop`, `del`, or setting an entry): make a "
                       "new one, since the caller may still need the old.", "input changed in place")
    return None


# ── misfits ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def answer(places, weights, both):
    return {"missing": sorted(places.keys() - weights.keys()), "unexpected": sorted(weights.keys() - places.keys()),
            "misshapen": both}


def both_ways_exchanged(places, weights):
    found = misfits(places, weights)
    return {"missing": found["unexpected"], "unexpected": found["missing"], "misshapen": found["misshapen"]}


def shapes_ignored(places, weights):
    return answer(places, weights, [])


def compared_by(measure):
    def compare(places, weights):
        both = sorted(places.keys() & weights.keys())
        return answer(places, weights, [name for name in both if measure(places[name]) != measure(weights[name])])

    return compare


def missing_ignored(places, weights):
    return misfits(places, weights) | {"missing": []}


def unexpected_ignored(places, weights):
    return misfits(places, weights) | {"unexpected": []}


def paired_by_place(places, weights):
    pairs = zip(places.items(), weights.items(), strict=False)
    return answer(places, weights, sorted(name for (name, place), (_, tensor) in pairs if place.shape != tensor.shape))


def all_names_looked_up(places, weights):
    return answer(places, weights, sorted(name for name in places if places[name].shape != weights[name].shape))


def values_compared(places, weights):
    both = sorted(places.keys() & weights.keys())
    return answer(places, weights, [name for name in both if places[name].shape != weights[name].shape
                                    or not torch.equal(places[name], weights[name])])


def not_sorted(kinds):
    """The lists of these kinds the wrong way round: with two names in each, there is no other order."""
    def compare(places, weights):
        return {kind: names[::-1] if kind in kinds else names for kind, names in misfits(places, weights).items()}

    return compare


def as_sets(places, weights):
    return {kind: set(names) for kind, names in misfits(places, weights).items()}


def misshapen_also(*kinds):
    def compare(places, weights):
        found = misfits(places, weights)
        return found | {kind: sorted(found[kind] + found["misshapen"]) for kind in kinds}

    return compare


def misshapen_only_elsewhere(places, weights):
    return misshapen_also("missing", "unexpected")(places, weights) | {"misshapen": []}


def a_file() -> dict[str, Tensor]:
    return {"pooler.bias": torch.zeros(4), "dense.weight": torch.zeros(2, 6), "dense.bias": torch.zeros(2),
            "attention.weight": torch.zeros(3, 3)}


def edited(*, without=(), **shapes) -> dict[str, Tensor]:
    """a_file() with other numbers, in another order, some names left out and some tensors new or of another shape."""
    changed = {name.replace("__", "."): torch.ones(*shape) for name, shape in shapes.items()}
    others = {name: tensor if name == "dense.bias" else tensor + 1 for name, tensor in a_file().items()
              if name not in without}
    return dict(reversed((others | changed).items()))


# ── module_outputs ───────────────────────────────────────────────────────────────────────────────────────────────────


def small_model() -> BertModel:
    return with_hard_weights(BertModel(CONFIG)).eval()


def small_batch() -> dict[str, Tensor]:
    """Two pairs of texts, the second with padding. In the order in which the tokenizer gives it."""
    return {
        "input_ids": torch.tensor([[2, 7, 3, 9, 11, 3], [2, 5, 3, 8, 0, 0]]),
        "token_type_ids": torch.tensor([[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 0, 0]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]]),
    }


def watched(model, names, call, keep=lambda arguments, output: output):
    """Outputs by name of what runs within the call."""
    outputs = {}

    def catch(name):
        def hook(module, arguments, output):
            outputs[name] = keep(arguments, output)

        return hook

    hooks = [model.get_submodule(name).register_forward_hook(catch(name)) for name in names]
    try:
        with torch.no_grad():
            call()
    finally:
        for hook in hooks:
            hook.remove()
    return outputs


def all_under_the_last_name(model, names, batch):
    outputs = watched(model, names, lambda: model(**batch))
    return {names[-1]: list(outputs.values())[-1]}


def inputs_kept(model, names, batch):
    return watched(model, names, lambda: model(**batch), lambda arguments, output: arguments[0])


def mask_forgotten(model, names, batch):
    return watched(model, names, lambda: model(batch["input_ids"], token_type_ids=batch["token_type_ids"]))


def types_forgotten(model, names, batch):
    return watched(model, names, lambda: model(batch["input_ids"], batch["attention_mask"]))


def ids_only(model, names, batch):
    return watched(model, names, lambda: model(batch["input_ids"]))


def by_position(model, names, batch):
    return watched(model, names, lambda: model(*batch.values()))


def everything_kept(model, names, batch):
    return watched(model, [name for name, _ in model.named_modules() if name], lambda: model(**batch))


def first_text_only(model, names, batch):
    return watched(model, names, lambda: model(**batch), lambda arguments, output: output[0])


def as_list(model, names, batch):
    return list(module_outputs(model, names, batch).values())


def attributes_looked_up(model, names, batch):
    for name in names:
        getattr(model, name)
    return module_outputs(model, names, batch)


def evaluated(model, names, batch):
    return module_outputs(model.eval(), names, batch)


def all_hooks_removed(model, names, batch):
    outputs = module_outputs(model, names, batch)
    for module in model.modules():
        module._forward_hooks.clear()
    return outputs


def hooks_left(model, names, batch):
    outputs = module_outputs(model, names, batch)
    for name in names:
        model.get_submodule(name).register_forward_hook(lambda module, arguments, output: None)
    return outputs


def hooks_left_by_errors(model, names, batch):
    hooks = [model.get_submodule(name).register_forward_hook(lambda module, arguments, output: None) for name in names]
    outputs = module_outputs(model, names, batch)
    for hook in hooks:
        hook.remove()
    return outputs


def hung_before_the_try(model, names, batch):
    return watched(model, names, lambda: model(**batch))


def gradients_kept(model, names, batch):
    def run():
        with torch.enable_grad():
            model(**batch)

    return watched(model, names, run)


def errors_hidden(model, names, batch):
    try:
        return module_outputs(model, names, batch)
    except ValueError:
        return {}


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


# ── first_difference ─────────────────────────────────────────────────────────────────────────────────────────────────

PARTS = ["embeddings", "encoder.layer.0", "encoder.layer.1", "encoder.layer.2", "pooler"]


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


def two_faults():
    """A small one in layer 0, a greater one in layer 2."""
    model = changed("encoder.layer.0", everywhere(0.05))
    model.encoder.layer[2].register_forward_hook(lambda module, arguments, output: output + 50)
    return model, small_model(), small_batch()


def in_padding(x):
    x[1, -1] += 1.0
    return x


def nan_in_padding(x):
    x[1, -1] = math.nan
    return x


def one_nan(x):
    x[0, 0, 0] = math.nan
    return x


def compared(model, reference, batch, differ, parts=PARTS, where=None):
    """The first of the parts whose outputs differ, in the sense of ``differ``, at the places ``where`` leaves."""
    ours, theirs = module_outputs(model, PARTS, batch), module_outputs(reference, PARTS, batch)
    real = batch["attention_mask"].bool() if where is None else where
    for name in parts:
        rows = real if theirs[name].dim() == 3 else slice(None)
        if differ(ours[name][rows], theirs[name][rows]):
            return name
    return None


def off(a, b):
    return not torch.allclose(a, b, atol=TOLERANCE, rtol=0)


def last_difference(model, reference, batch):
    return compared(model, reference, batch, off, parts=PARTS[::-1])


def padding_compared(model, reference, batch):
    return compared(model, reference, batch, off, where=slice(None))


def nan_unnoticed(model, reference, batch):
    return compared(model, reference, batch, lambda a, b: (a - b).abs().max() > TOLERANCE)


def sign_forgotten(model, reference, batch):
    return compared(model, reference, batch, lambda a, b: not (a - b).max() <= TOLERANCE)


def means_of_sizes_compared(model, reference, batch):
    return compared(model, reference, batch, lambda a, b: not (a - b).abs().mean() <= TOLERANCE)


def rounding_counted(model, reference, batch):
    return compared(model, reference, batch, lambda a, b: not torch.equal(a, b))


def too_coarse(model, reference, batch):
    return compared(model, reference, batch, lambda a, b: not (a - b).abs().max() <= 0.01)


def largest_difference(model, reference, batch):
    ours, theirs = module_outputs(model, PARTS, batch), module_outputs(reference, PARTS, batch)
    real = batch["attention_mask"].bool()
    sizes = {}
    for name in PARTS:
        rows = real if theirs[name].dim() == 3 else slice(None)
        sizes[name] = (ours[name][rows] - theirs[name][rows]).abs().max().item()
    worst = max(sizes, key=sizes.get)
    return worst if not sizes[worst] <= TOLERANCE else None


def all_that_differ(model, reference, batch):
    return [name for name in PARTS if compared(model, reference, batch, off, parts=[name])]


def gives_up_after_the_first(model, reference, batch):
    return compared(model, reference, batch, off, parts=PARTS[:1])


def as_many_layers_as_here(model, reference, batch):
    parts = ["embeddings", *(f"encoder.layer.{number}" for number in range(6)), "pooler"]
    module_outputs(model, parts, batch)


def first_token_only(model, reference, batch):
    return compared(model, reference, batch, off, where=(slice(None), 0))


def one_text_only(place):
    def compare(model, reference, batch):
        ours, theirs = module_outputs(model, PARTS, batch), module_outputs(reference, PARTS, batch)
        real = batch["attention_mask"][place].bool()
        return next((name for name in PARTS if (off(ours[name], theirs[name]) if name == "pooler" else off(
            ours[name][place][real], theirs[name][place][real]))), None)

    return compare


def both_nan_is_equal(model, reference, batch):
    return compared(model, reference, batch,
                    lambda a, b: not torch.allclose(a, b, atol=TOLERANCE, rtol=0, equal_nan=True))


def padding_times_zero(model, reference, batch):
    ours, theirs = module_outputs(model, PARTS, batch), module_outputs(reference, PARTS, batch)
    real = batch["attention_mask"][..., None]
    return next((name for name in PARTS if (off(ours[name], theirs[name]) if name == "pooler"
                                            else off(ours[name] * real, theirs[name] * real))), None)


def embeddings_left_out(model, reference, batch):
    return compared(model, reference, batch, off, parts=PARTS[1:])


def pooler_left_out(model, reference, batch):
    return compared(model, reference, batch, off, parts=PARTS[:-1])


def number_only(model, reference, batch):
    name = first_difference(model, reference, batch)
    return None if name is None else PARTS.index(name)


def pooler_without_padding(model, reference, batch):
    real = batch["attention_mask"].bool()
    ours, theirs = module_outputs(model, PARTS, batch), module_outputs(reference, PARTS, batch)
    return next((name for name in PARTS if off(ours[name][real], theirs[name][real])), None)


def weights_compared(model, reference, batch):
    ours, theirs = model.state_dict(), reference.state_dict()
    return next((name for name in theirs if off(ours[name], theirs[name])), None)


def says_empty(model, reference, batch):
    return first_difference(model, reference, batch) or ""


def perturbed(name: str):
    """Arguments of a case: the model with other weights in one module."""

    def arguments():
        model = small_model()
        model.load_state_dict({key: tensor * 1.5 if key.startswith(name) else tensor
                               for key, tensor in copy.deepcopy(model.state_dict()).items()})
        return model, small_model(), small_batch()

    return arguments


EXERCISES = (
    Exercise(
        reference=rename_published,
        notebook=NOTEBOOK,
        cases=(
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
        ),
        mistakes=(
            Mistake("only the embeddings renamed", "The LayerNorm of the embeddings is renamed, those of the layers are "
                    "not.", norms_of_embeddings_only),
            Mistake("gamma and beta exchanged", "gamma and beta have changed places: gamma stretches, so it is the "
                    "weight; beta shifts, so it is the bias. The shapes are equal, so no error would ever tell you.",
                    gamma_and_beta_exchanged),
            Mistake("nothing renamed", "LayerNorm's old names and `position_ids` come back as they were: the second and "
                    "third rule are still to do.", nothing_done),
            Mistake("LayerNorm not renamed", "LayerNorm's gamma and beta still have their old names.", norms_kept),
            Mistake("only gamma renamed", "gamma is renamed, beta is not: it is the bias.", only_gamma),
            Mistake("position_ids kept", "`position_ids` is still there: it counts 0, 1, 2, … and is no weight, so the "
                    "model has no place for it.", counts_kept),
            Mistake("all positions dropped", "The table of positions, `position_embeddings`, is gone as well: only "
                    "`position_ids` is no weight.", all_positions_dropped),
            *(Mistake(name, "`lstrip(\"bert.\")` takes off any of the letters b, e, r, t and dots, and so makes "
                      "`mbeddings` of embeddings: `removeprefix` takes off a word.", wrong)
              for name, wrong in (
                  ("prefix stripped as letters", prefix_stripped_as_letters),
                  ("letters stripped off every name", letters_stripped_off_all),
                  ("letters stripped off every name, position_ids kept", letters_stripped_and_counts_kept),
              )),
            Mistake("prefix kept", "The names still begin with `bert.`; the model's do not.", prefix_kept),
            Mistake("files without prefix come out empty", "You keep only what is under `bert.`: of a file that has no "
                    "such prefix, nothing is left. The first rule is only for files that have it.", only_with_prefix),
            Mistake("five letters cut off", "You cut five letters off every name: not every file has the prefix.",
                    five_letters_cut),
            Mistake("heads kept", "You take the prefix off, but keep what was beside it: in such a file the model is "
                    "what is under `bert.`, and the rest are heads.", heads_kept),
            Mistake("heads always dropped", "You drop `cls.` from a file without the prefix too. Nothing in the three "
                    "rules says so: what is left over must show, so that the strict comparison can report it.",
                    heads_dropped_always),
        ),
        hints=(
            "Three rules, one after the other. Each makes a new dictionary of the last; the tensors stay as they are.",
            "`any(name.startswith(\"bert.\") for name in published)` tells whether the first rule applies. "
            "`removeprefix` and `replace` make the new names.",
            "First `{name.removeprefix(\"bert.\"): tensor for … if name.startswith(\"bert.\")}`, only if there is such "
            "a name; then the two `replace`s; at last leave out `embeddings.position_ids`.",
        ),
        probes=(leaves_the_file_alone,),
    ),
    Exercise(
        reference=misfits,
        notebook=NOTEBOOK,
        cases=(
            Case("everything fits, in another order", lambda: (a_file(), edited())),
            Case("one tensor is missing", lambda: (a_file(), edited(without=["dense.bias"]))),
            Case("one tensor too many", lambda: (a_file(), edited(extra=(1,)))),
            Case("a tensor of shape (5, 1) where the model has (4,)", lambda: (a_file(), edited(pooler__bias=(5, 1)))),
            Case("a tensor of shape (5,) where the model has (4,)", lambda: (a_file(), edited(pooler__bias=(5,)))),
            Case("a matrix of shape (2, 7) where the model has (2, 6)", lambda: (a_file(), edited(dense__weight=(2, 7)))),
            Case("a matrix of shape (6, 2) where the model has (2, 6)", lambda: (a_file(), edited(dense__weight=(6, 2)))),
            Case("several of each", lambda: (a_file(), edited(without=["pooler.bias", "attention.weight"], zebra=(1,),
                                                              ant=(2,), dense__weight=(2, 7), dense__bias=(3,)))),
        ),
        mistakes=(
            Mistake("missing and unexpected exchanged", "Missing and unexpected have changed places: missing is what "
                    "the model has and the weights have not.", both_ways_exchanged),
            Mistake("values compared", "You compare the numbers too. Before loading they always differ: only the "
                    "shapes must agree.", values_compared),
            Mistake("paired by place", "You pair the tensors by their place in the dictionaries. A file may have "
                    "another order: pair them by name.", paired_by_place),
            Mistake("all names looked up", "You look up every name of the model in the weights, also those that are "
                    "missing there: compare the shapes of the names that both have.", all_names_looked_up),
            Mistake("missing not reported", "What is missing from the weights is not reported. `strict=False` is "
                    "silent on it, too: then the parameter keeps the value that it was made with.", missing_ignored),
            Mistake("unexpected not reported", "What the weights have too much is not reported: it may be a part of "
                    "the model that you forgot.", unexpected_ignored),
            Mistake("number of elements compared", "You compare how many numbers there are, not the shapes: a matrix "
                    "the wrong way round goes unnoticed.", compared_by(Tensor.numel)),
            Mistake("first size compared", "You compare only the first size (`len`), not the whole shape.",
                    compared_by(len)),
            Mistake("number of dimensions compared", "You compare how many dimensions there are, not the shapes.",
                    compared_by(Tensor.dim)),
            Mistake("shapes not compared", "The shapes are not compared.", shapes_ignored),
            *(Mistake(f"misshapen also {' and '.join(kinds)}", "A name is under two headings: what both have, in "
                      "different shapes, is misshapen and nothing else.", misshapen_also(*kinds))
              for kinds in (("missing",), ("unexpected",), ("missing", "unexpected"))),
            Mistake("misshapen counted as missing", "You call a name missing and unexpected that both have: only its "
                    "shape differs, so it is misshapen and nothing else.", misshapen_only_elsewhere),
            Mistake("sets", "These are sets, which have no order: give sorted lists.", as_sets),
            *(Mistake(f"{' and '.join(kinds)} not sorted", "The names are right, their order is not: sort each of the "
                      "three lists.", not_sorted(kinds))
              for count in (3, 2, 1) for kinds in combinations(("missing", "unexpected", "misshapen"), count)),
        ),
        hints=(
            "The names of a dictionary can be subtracted and intersected like sets: `a.keys() - b.keys()`, "
            "`a.keys() & b.keys()`.",
            "`sorted(...)` makes a sorted list of them. For the third list, go through the names that both have, and "
            "compare `.shape`.",
            "`{\"missing\": sorted(places.keys() - weights.keys()), …}`; unexpected is the same the other way round.",
        ),
    ),
    Exercise(
        reference=module_outputs,
        notebook=NOTEBOOK,
        cases=(
            Case("one module", lambda: (small_model(), ["encoder.layer.1"], small_batch())),
            Case("three modules", lambda: (small_model(), ["embeddings", "encoder.layer.0.intermediate", "pooler"],
                                           small_batch())),
        ),
        mistakes=(
            Mistake("inputs kept", "You keep what goes into the module: of a hook's arguments (module, arguments, "
                    "output) it is the third that is wanted.", inputs_kept),
            Mistake("ids alone", "Only `input_ids` reaches the model: it needs the mask and the segments, too.", ids_only),
            Mistake("mask forgotten", "The `attention_mask` does not reach the model: then words look at padding.",
                    mask_forgotten),
            Mistake("segments forgotten", "The `token_type_ids` do not reach the model: then both texts of a pair "
                    "count as the first.", types_forgotten),
            Mistake("arguments by position", "The batch's entries reach the model in the wrong order: the tokenizer "
                    "and the model order them differently. Hand them over by name: `model(**batch)`.", by_position),
            Mistake("everything kept", "You keep the outputs of all modules: only those in `names` are wanted.",
                    everything_kept),
            Mistake("first text only", "You keep the first text's output alone: a hook sees the whole batch.",
                    first_text_only),
            Mistake("a list", "The outputs are right, but without their names: give a dictionary.", as_list),
            Mistake("all under the last name", "Everything lands under the last name. A function that is made in a "
                    "loop looks its variables up when it is called, and by then the loop is over: make the hook inside "
                    "a function that takes the name.", all_under_the_last_name),
            Mistake("names with dots looked up by getattr", "A name with dots is a path, and `getattr` takes a single "
                    "step: `model.get_submodule(name)` walks all of it.", attributes_looked_up),
            Mistake("hooks left behind", HOOKS_LEFT, hooks_left),
            Mistake("hooks left after an error", HOOKS_LEFT_BY_ERROR, hooks_left_by_errors),
            Mistake("hooks hung before the try", HOOKS_BEFORE_TRY, hung_before_the_try),
            Mistake("others' hooks removed", OTHERS_REMOVED, all_hooks_removed),
            Mistake("mode changed", MODE_CHANGED, evaluated),
            Mistake("gradients kept", GRADIENTS_KEPT, gradients_kept),
            Mistake("error hidden", ERROR_HIDDEN, errors_hidden),
        ),
        hints=(
            "Hang a hook on each module (`model.get_submodule(name).register_forward_hook(hook)`), run the model, take "
            "the hooks off.",
            "Each hook must know its own name. A function that takes a name and gives back a hook does it: "
            "`def catch(name): def hook(module, arguments, output): … ; return hook`.",
            "`handles = []`; `try:` for each name `handles.append(….register_forward_hook(catch(name)))`, then with "
            "`torch.no_grad()`: `model(**batch)`; `finally:` `handle.remove()` for each.",
        ),
        probes=(leaves_gradients_on, leaves_the_model_as_it_was, leaves_no_hook_after_an_error),
    ),
    Exercise(
        reference=first_difference,
        notebook=NOTEBOOK,
        cases=(
            Case("two models that agree", lambda: (small_model(), small_model(), small_batch())),
            Case("other weights in layer 1", perturbed("encoder.layer.1.output.dense")),
            Case("a small fault in layer 0 and a greater one in layer 2", two_faults),
            Case("a constant taken off in layer 1", against("encoder.layer.1", everywhere(-0.01))),
            Case("other numbers in the embeddings", against("embeddings", one_number(0.5))),
            Case("other numbers in the pooler", against("pooler", everywhere(0.5))),
            Case("all numbers off by 0.0002", against("pooler", everywhere(0.0002))),
            Case("a single number off by 0.002", against("pooler", one_number(0.002))),
            Case("a fault at one word of the last text", against("encoder.layer.1", at_one_word)),
            Case("a difference of the size of rounding", against("pooler", everywhere(2e-5))),
            Case("NaN in layer 0", against("encoder.layer.0", one_nan)),
            Case("NaN in layer 0 of both models", lambda: (changed("encoder.layer.0", one_nan),
                                                           changed("encoder.layer.0", one_nan), small_batch())),
            Case("other numbers where the padding is", against("encoder.layer.1", in_padding)),
            Case("NaN where the padding is", against("encoder.layer.2", nan_in_padding)),
        ),
        mistakes=(
            *(Mistake(f"{which} text only", f"You look at the {which} text only. *Anywhere* means in all texts of the "
                      "batch.", one_text_only(place)) for place, which in ((0, "first"), (-1, "last"))),
            Mistake("NaN equal to NaN", "Where both models give NaN, you count them as equal. NaN is off, whoever gives it: "
                    "leave out `equal_nan`.", both_nan_is_equal),
            Mistake("last difference", "This is the last part that differs. It may only pass on what went wrong "
                    "before: look for the first.", last_difference),
            Mistake("number instead of name", "You give back a number: the name of the part is wanted.", number_only),
            Mistake("empty text instead of None", "Where nothing differs, give back None.", says_empty),
            Mistake("list of all", "Give the first name alone, not a list, and None where nothing differs.",
                    all_that_differ),
            Mistake("number of layers fixed", "You ask for a layer that this model does not have. It has 3, others have 6 "
                    "or 12: `len(model.encoder.layer)` tells.", as_many_layers_as_here),
            Mistake("sign forgotten", "A difference below zero goes unnoticed: take its size (`abs`) first.",
                    sign_forgotten),
            Mistake("embeddings left out", "The embeddings are not looked at: they are the first part.",
                    embeddings_left_out),
            Mistake("mean instead of largest", "You take a mean, in which a single wrong number is lost: it is the "
                    "largest difference that counts.", means_of_sizes_compared),
            Mistake("threshold too high", "Small differences go unnoticed: all that is off by more than 0.0001 counts.",
                    too_coarse),
            Mistake("first token only", "You look at the first token of each text only. *Anywhere* means at every word.",
                    first_token_only),
            Mistake("pooler left out", "The pooler is not looked at: it is the last part.", pooler_left_out),
            Mistake("rounding counted", "You count differences that are only rounding: up to 0.0001 is no difference.",
                    rounding_counted),
            Mistake("NaN unnoticed", "NaN goes unnoticed: every comparison with NaN is false, also `nan > 0.0001`. Ask "
                    "whether all is close, `torch.allclose(a, b, atol=1e-4, rtol=0)`, not whether something is far.",
                    nan_unnoticed),
            Mistake("padding times 0", "You multiply the padding by 0, but NaN times 0 is still NaN. Leave the padding out: "
                    "an index with a boolean tensor keeps the words alone.", padding_times_zero),
            Mistake("padding compared", "You compare what is computed for the padding, too: nobody reads it. "
                    "`attention_mask` says where a word stands; as an index it must be boolean (`.bool()`).", padding_compared),
            Mistake("padding taken off the pooler", "You take the padding off the pooler's output as well. It has shape "
                    "(B, D): one vector for each text, and no padding in it.", pooler_without_padding),
            Mistake("weights compared", "You compare weights. Two models with equal weights can still compute "
                    "differently: compare what comes out of the parts.", weights_compared),
            Mistake("largest difference", "You name the part that is off the most. It may only enlarge what went wrong "
                    "before: wanted is the first that is off by more than 0.0001.", largest_difference),
            Mistake("gives up after the first", "You give back None though a part differs. Does `return None` stand inside "
                    "the loop? Then you give up after the first part: it belongs after the loop.",
                    gives_up_after_the_first),
        ),
        hints=(
            "Get the outputs of both models with `module_outputs`, go through the parts in their order, and give back "
            "the first name that differs.",
            "`output[batch[\"attention_mask\"].bool()]` keeps the vectors of the words: (B, T, D) → (N, D). The "
            "pooler's output, (B, D), holds no padding: compare all of it.",
            "`torch.allclose(a, b, atol=1e-4, rtol=0)` is False for NaN as well. After the loop, `return None`.",
        ),
    ),
)

QUIZ = (
    Question(
        "`model.load_state_dict(weights, strict=False)` runs without an error. What do you know?",
        (
            Option("All weights are in place", False,
                   "It would also run with not a single name in common: then the whole model would be random."),
            Option("Nothing about the names: those that did not match were passed over", True,
                   "A parameter whose name is missing from the file keeps the value that it was made with: a random one, or "
                   "the 1 and 0 of a LayerNorm. `strict=True` raises an error instead, and NaN beforehand makes doubly "
                   "sure."),
            Option("The names match, but perhaps not the shapes", False,
                   "It is the other way round: a wrong shape is an error even then, a wrong name is not."),
        ),
    ),
    Question(
        "All tensors are loaded, and the model's answers are off by a little, everywhere. Where do you look first?",
        (
            Option("At the last layer, since the answer comes from there", False,
                   "It may only pass on what went wrong before it."),
            Option("At the first part whose output differs from the reference's", True,
                   "Up to there all is well, so there is a fault in it. What comes after cannot be judged until it is "
                   "mended; then look again."),
            Option("At the weights, number by number", False,
                   "There are 22.7 million, and a part can do the wrong thing with the right weights. The outputs tell you "
                   "which weights to look at, if any."),
        ),
    ),
    Question(
        "Why may two right implementations differ in the sixth digit?",
        (
            Option("One of them must be less exact than the other", False,
                   "Both round. Neither is nearer to the truth as a rule."),
            Option("They add the same numbers in another order, and each sum is rounded", True,
                   "Floating-point addition depends on the order. So parity is asked for within a "
                   "tolerance, never to the last digit."),
            Option("The weights are stored with six digits only", False,
                   "They are stored as they were trained, in 32 bits, and both read the same ones."),
        ),
    ),
)
