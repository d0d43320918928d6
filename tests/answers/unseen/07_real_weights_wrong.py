# %% rename_published | lstrip takes off letters, not a prefix
# style: hasty
# at: short = key.lstrip("bert.") if nested else key
# kind: operator, name
def rename_published(published):
    nested = any(key.startswith("bert.") for key in published)
    renamed = {}
    for key, value in published.items():
        if nested and not key.startswith("bert."):
            continue
        short = key.lstrip("bert.") if nested else key
        short = short.replace("LayerNorm.gamma", "LayerNorm.weight")
        short = short.replace("LayerNorm.beta", "LayerNorm.bias")
        if short != "embeddings.position_ids":
            renamed[short] = value
    return renamed

# %% rename_published | looks for position_ids while the prefix is still there
# style: one step after the other
# at: new.pop("embeddings.position_ids", None)      # rule 3
# kind: order, name
def drop_prefix(names):
    if not any(n.startswith("bert.") for n in names):
        return names
    return {n[5:]: t for n, t in names.items() if n[:5] == "bert."}


def rename_norms(names):
    fixed = {}
    for n, t in names.items():
        if n.endswith("LayerNorm.gamma"):
            n = n[:-5] + "weight"
        elif n.endswith("LayerNorm.beta"):
            n = n[:-4] + "bias"
        fixed[n] = t
    return fixed


def rename_published(published):
    new = dict(published)
    new.pop("embeddings.position_ids", None)      # rule 3
    new = drop_prefix(new)
    return rename_norms(new)

# %% rename_published | takes everything for position_ids that has "position" in it
# style: one-liner
# at: if "position" not in n}
# kind: condition, number, name, argument
# known: all positions dropped
import re


def rename_published(published):
    inside = {n.split(".", 1)[1]: t for n, t in published.items() if n.startswith("bert.")}
    names = {"gamma": "weight", "beta": "bias"}
    return {re.sub(r"(?<=LayerNorm\.)(gamma|beta)$", lambda m: names[m[1]], n): t
            for n, t in (inside or published).items()
            if "position" not in n}

# %% rename_published | transposes the matrices of a file with TensorFlow's names
# style: read the brackets too well
# at: tensor = tensor.T
# at: if from_tensorflow and tensor.dim() == 2 and "embeddings" not in name:
# kind: extra, shape, condition
def rename_published(published):
    with_heads = any(name.startswith("bert.") for name in published)
    from_tensorflow = any(name.endswith("LayerNorm.gamma") for name in published)
    ours = {}
    for name, tensor in published.items():
        if with_heads:
            if not name.startswith("bert."):
                continue
            name = name.removeprefix("bert.")
        if name == "embeddings.position_ids":
            continue
        if from_tensorflow and tensor.dim() == 2 and "embeddings" not in name:
            tensor = tensor.T
        name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
        ours[name] = tensor
    return ours

# %% rename_published | asks the first name only, and renames every gamma and beta
# known: gamma and beta renamed everywhere
# style: beginner
# at: has_bert = names[0].startswith("bert.")
# kind: condition, number, missing
# at2: name = name.replace("gamma", "weight").replace("beta", "bias")
# kind2: condition, argument, missing
def rename_published(published):
    names = list(published)
    has_bert = names[0].startswith("bert.")
    new = {}
    for name in names:
        tensor = published[name]
        if has_bert and name.startswith("bert."):
            name = name[len("bert."):]
        elif has_bert:
            continue
        name = name.replace("gamma", "weight").replace("beta", "bias")
        if name == "embeddings.position_ids":
            continue
        new[name] = tensor
    return new

# %% misfits | compares the sizes pairwise, and zip stops at the shorter shape
# style: loops
# at: if any(a != b for a, b in zip(places[name].shape, weights[name].shape)):
# kind: operator, condition, missing
# known: shapes compared as far as both go
def misfits(places, weights):
    missing, unexpected, misshapen = [], [], []
    for name in sorted(set(places) | set(weights)):
        if name not in weights:
            missing.append(name)
            continue
        if name not in places:
            unexpected.append(name)
            continue
        if any(a != b for a, b in zip(places[name].shape, weights[name].shape)):
            misshapen.append(name)
    return dict(missing=missing, unexpected=unexpected, misshapen=misshapen)

# %% misfits | another dtype is misshapen, too
# style: careful programmer
# at: return a.shape == b.shape and a.dtype == b.dtype
# kind: extra, condition
# known: dtypes compared
def fits(a, b):
    return a.shape == b.shape and a.dtype == b.dtype


def misfits(places, weights):
    common = [n for n in places if n in weights]
    return {
        "missing": sorted(n for n in places if n not in weights),
        "unexpected": sorted(n for n in weights if n not in places),
        "misshapen": sorted(n for n in common if not fits(places[n], weights[n])),
    }

# %% misfits | looks at the shapes only if all the names agree
# style: early return
# at: if report["missing"] or report["unexpected"]:
# at: return report     # no use comparing shapes
# kind: condition, return, extra, order
def misfits(places, weights):
    report = {"missing": [], "unexpected": [], "misshapen": []}
    report["missing"] = sorted(set(places).difference(weights))
    report["unexpected"] = sorted(set(weights).difference(places))
    if report["missing"] or report["unexpected"]:
        return report     # no use comparing shapes
    for name in sorted(places):
        if tuple(places[name].shape) != tuple(weights[name].shape):
            report["misshapen"].append(name)
    return report

# %% misfits | counts the numbers instead of comparing the shapes
# style: set lover
# at: wrong = {n for n in have & want if places[n].numel() != weights[n].numel()}
# kind: name, operator, condition
# known: number of elements compared
def misfits(places, weights):
    want, have = set(places), set(weights)
    wrong = {n for n in have & want if places[n].numel() != weights[n].numel()}
    lists = (want - have, have - want, wrong)
    return dict(zip(("missing", "unexpected", "misshapen"), map(sorted, lists)))

# %% misfits | missing is what only one of the two has, and the misshapen come with their shapes
# style: wants to tell more
# at: "missing": sorted(places.keys() ^ weights.keys()),
# kind: operator
# at2: bad.append((name, tuple(place.shape), tuple(weights[name].shape)))
# kind2: extra, type, return
def misfits(places, weights):
    bad = []
    for name, place in places.items():
        if name in weights and weights[name].shape != place.shape:
            bad.append((name, tuple(place.shape), tuple(weights[name].shape)))
    return {
        "missing": sorted(places.keys() ^ weights.keys()),
        "unexpected": sorted(weights.keys() - places.keys()),
        "misshapen": sorted(bad),
    }

# %% module_outputs | return inside finally swallows the error
# style: careful beginner
# at: return caught
# kind: return, order, condition
# known: error hidden
import torch


def module_outputs(model, names, batch):
    caught = {}
    handles = []

    def catch(name):
        def hook(module, args, output):
            caught[name] = output.detach()
        return hook

    try:
        for name in names:
            module = model.get_submodule(name)
            handles.append(module.register_forward_hook(catch(name)))
        with torch.no_grad():
            model(**batch)
    finally:
        for handle in handles:
            handle.remove()
        return caught

# %% module_outputs | clears all hooks of the modules, those of others, too
# style: takes a short way
# at: module._forward_hooks.clear()
# kind: operator, state, extra, name
# known: others' hooks removed
from functools import partial

import torch


def module_outputs(model, names, batch):
    seen = {}

    def keep(name, module, inputs, output):
        seen[name] = output

    hooked = []
    try:
        for name in names:
            module = model.get_submodule(name)
            module.register_forward_hook(partial(keep, name))
            hooked.append(module)
        with torch.no_grad():
            model(**batch)
    finally:
        for module in hooked:
            module._forward_hooks.clear()
    return seen

# %% module_outputs | the default dictionary is kept from call to call
# style: likes default arguments
# at: def module_outputs(model, names, batch, outputs={}):
# kind: state, definition, argument
import torch


def module_outputs(model, names, batch, outputs={}):
    handles = []
    try:
        for n in names:
            store = lambda module, given, result, key=n: outputs.update({key: result})
            handles += [model.get_submodule(n).register_forward_hook(store)]
        with torch.no_grad():
            model(**batch)
    finally:
        [h.remove() for h in handles]
    return outputs

# %% module_outputs | hands only the ids to the model
# style: hasty
# at: model(batch["input_ids"])
# kind: argument, missing
# known: ids alone
from contextlib import ExitStack

import torch


class Recorder:
    def __init__(self, name, where):
        self.name, self.where = name, where

    def __call__(self, module, inputs, output):
        self.where[self.name] = output


def module_outputs(model, names, batch):
    found = {}
    with ExitStack() as stack, torch.no_grad():
        for name in names:
            handle = model.get_submodule(name).register_forward_hook(Recorder(name, found))
            stack.callback(handle.remove)
        model(batch["input_ids"])
    return found

# %% module_outputs | keeps the first text only, and hangs the hooks before the try
# style: used to Hugging Face's tuples
# at: grabbed[name] = output[0]
# kind: number, extra
# at2: handles = [model.get_submodule(n).register_forward_hook(grab(n)) for n in names]
# at2: try:
# kind2: order, state, missing
# known: first text only; hooks hung before the try
import torch


@torch.no_grad()
def module_outputs(model, names, batch):
    grabbed = {}

    def grab(name):
        def hook(module, args, output):
            grabbed[name] = output[0]
        return hook

    handles = [model.get_submodule(n).register_forward_hook(grab(n)) for n in names]
    try:
        model(**batch)
    finally:
        for h in handles:
            h.remove()
    return grabbed

# %% first_difference | allclose, which also allows a share of the value
# style: NumPy thinker
# at: if not torch.allclose(mine, theirs, atol=1e-4):
# kind: argument, missing, operator, condition
# known: limit grows with the values
import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    parts = ["embeddings"]
    parts += [f"encoder.layer.{i}" for i in range(len(model.encoder.layer))]
    parts += ["pooler"]
    left = module_outputs(model, parts, batch)
    right = module_outputs(reference, parts, batch)
    words = batch["attention_mask"].bool()
    for part in parts:
        mine, theirs = left[part], right[part]
        if part != "pooler":
            mine, theirs = mine[words], theirs[words]
        if not torch.allclose(mine, theirs, atol=1e-4):
            return part
    return None

# %% first_difference | padding times 0, and NaN times 0 is still NaN
# style: helpers
# at: gap = gap * marks[:, :, None]
# kind: operator, condition
# known: padding times 0
import torch

from bert_parts.learn.inside import module_outputs


def is_off(a, b, marks):
    gap = (a - b).abs()
    if gap.dim() == 3:
        gap = gap * marks[:, :, None]
    return bool(gap.isnan().any()) or bool(gap.max() > 1e-4)


def first_difference(model, reference, batch):
    order = ["embeddings", *[f"encoder.layer.{n}" for n, _ in enumerate(model.encoder.layer)], "pooler"]
    one = module_outputs(model, order, batch)
    two = module_outputs(reference, order, batch)
    for name in order:
        if is_off(one[name], two[name], batch["attention_mask"]):
            return name

# %% first_difference | the length of each vector's difference instead of its numbers
# style: geometer
# at: distance = (ours[name] - theirs[name]).norm(dim=-1)
# kind: operator, name, axis, extra
from bert_parts.learn.inside import module_outputs

LIMIT = 0.0001


def first_difference(model, reference, batch):
    layers = len(model.encoder.layer)
    names = ["embeddings"] + ["encoder.layer." + str(i) for i in range(layers)] + ["pooler"]
    ours, theirs = (module_outputs(m, names, batch) for m in (model, reference))
    real = batch["attention_mask"] == 1
    for name in names:
        distance = (ours[name] - theirs[name]).norm(dim=-1)
        if name != "pooler":
            distance = distance[real]
        if not (distance <= LIMIT).all():
            return name
    return None

# %% first_difference | sorts the names as text, so that layer 10 comes before layer 2
# style: hasty
# at: for name in sorted(a):
# kind: order, extra, operator
# known: sorted by name
from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    wanted = {"embeddings", "pooler"} | {f"encoder.layer.{k}" for k in range(len(model.encoder.layer))}
    a = module_outputs(model, wanted, batch)
    b = module_outputs(reference, wanted, batch)
    keep = batch["attention_mask"].bool()
    for name in sorted(a):
        error = (a[name] - b[name]).abs()
        if error.ndim == 3:
            error = error[keep]
        if not (error <= 1e-4).all():
            return name
    return None

# %% first_difference | leaves out the last layer, and compares only as far as the shortest text goes
# style: beginner
# at: for number in range(len(model.encoder.layer) - 1):
# kind: number
# at2: shortest = int(batch["attention_mask"].sum(dim=1).min())
# at2: first, second = first[:, :shortest], second[:, :shortest]
# kind2: operator, condition, name, shape
import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings"]
    for number in range(len(model.encoder.layer) - 1):
        names.append(f"encoder.layer.{number}")
    names.append("pooler")
    shortest = int(batch["attention_mask"].sum(dim=1).min())
    outputs_1 = module_outputs(model, names, batch)
    outputs_2 = module_outputs(reference, names, batch)
    for name in names:
        first, second = outputs_1[name], outputs_2[name]
        if name != "pooler":
            first, second = first[:, :shortest], second[:, :shortest]
        difference = (first - second).abs()
        if torch.isnan(difference).any() or (difference > 0.0001).any():
            return name
    return None
