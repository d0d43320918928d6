# %% rename_published | asks whether a name is exactly the prefix
# style: hasty
# at: prefixed = "bert." in published
# kind: condition
# known: prefix kept; heads kept
def rename_published(published):
    prefixed = "bert." in published
    renamed = {}
    for name, tensor in published.items():
        if prefixed and not name.startswith("bert."):
            continue
        if prefixed:
            name = name[5:]
        name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
        if name.endswith("position_ids"):
            continue
        renamed[name] = tensor
    return renamed

# %% rename_published | what replace gives back is not kept
# style: careful beginner
# at: new_name.replace("LayerNorm.beta", "LayerNorm.bias")
# kind: missing, return
# known: only gamma renamed
def rename_published(published):
    has_prefix = False
    for name in published.keys():
        if name.startswith("bert."):
            has_prefix = True
    result = {}
    for name in published.keys():
        if has_prefix == True and name.startswith("bert.") == False:
            continue
        new_name = name
        if has_prefix:
            new_name = new_name[len("bert."):]
        new_name = new_name.replace("LayerNorm.gamma", "LayerNorm.weight")
        new_name.replace("LayerNorm.beta", "LayerNorm.bias")
        if "position_ids" in new_name:
            continue
        result[new_name] = published[name]
    return result

# %% rename_published | one rule a name: a prefixed gamma keeps its name
# style: loops and helpers
# at: elif name.endswith("LayerNorm.gamma"):
# at: elif name.endswith("LayerNorm.beta"):
# kind: condition
# known: LayerNorm not renamed
def rename_published(published):
    under_bert = [name for name in published if name.startswith("bert.")]

    def ours(name):
        if name.startswith("bert."):
            return name[5:]
        elif name.endswith("LayerNorm.gamma"):
            return name[:-5] + "weight"
        elif name.endswith("LayerNorm.beta"):
            return name[:-4] + "bias"
        return name

    return {ours(name): published[name] for name in under_bert or published if not name.endswith("position_ids")}

# %% rename_published | looks at the first name only to see whether there is a prefix
# style: Hugging Face
# at: has_prefix = next(iter(published)).startswith(prefix)
# kind: condition, number
def rename_published(published):
    prefix = "bert."
    has_prefix = next(iter(published)).startswith(prefix)
    state_dict = {}
    for key, value in published.items():
        if has_prefix:
            if not key.startswith(prefix):
                continue
            key = key[len(prefix):]
        key = key.replace("LayerNorm.gamma", "LayerNorm.weight")
        key = key.replace("LayerNorm.beta", "LayerNorm.bias")
        if not key.endswith("position_ids"):
            state_dict[key] = value
    return state_dict

# %% rename_published | looks for position_ids under its full name before the prefix is off
# kind: missing
# style: one-liners
# at: if n != "embeddings.position_ids"}
# kind: order, condition
# known: position_ids kept
def rename_published(published):
    b = [n for n in published if n.startswith("bert.")]
    swap = lambda n: n.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
    return {swap(n).removeprefix("bert."): published[n]
            for n in (b or published)
            if n != "embeddings.position_ids"}

# %% rename_published | drops names while it walks over them
# style: careful beginner
# at: del renamed[name]
# at: for name in renamed:
# kind: state
def rename_published(published):
    renamed = dict(published)
    if any(name.startswith("bert.") for name in renamed):
        renamed = {name[5:]: renamed[name] for name in renamed if name[:5] == "bert."}
    for name in renamed:
        if name.endswith("position_ids"):
            del renamed[name]
    for old, new in (("gamma", "weight"), ("beta", "bias")):
        renamed = {name.replace("LayerNorm." + old, "LayerNorm." + new): renamed[name] for name in renamed}
    return renamed

# %% rename_published | the file's own names are taken out of the file
# style: loops and helpers
# at: tensor = published.pop(name)
# kind: state
def rename_published(published):
    prefixed = sum(name.startswith("bert.") for name in published) > 0
    out = dict()
    for name in list(published):
        tensor = published.pop(name)
        if prefixed:
            if not name.startswith("bert."):
                continue
            name = name.split(".", 1)[1]
        if name == "embeddings.position_ids":
            continue
        if "LayerNorm" in name:
            name = name.replace("gamma", "weight").replace("beta", "bias")
        out[name] = tensor
    return out

# %% rename_published | four letters are cut off, and the dot stays
# style: from NumPy
# at: new = name[4:] if prefixed else name
# kind: number
import numpy as np


def rename_published(published):
    names = np.array(list(published))
    inside = np.char.startswith(names, "bert.")
    prefixed = inside.any()
    result = {}
    for name in (names[inside] if prefixed else names).tolist():
        new = name[4:] if prefixed else name
        new = new.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
        if not new.endswith("position_ids"):
            result[new] = published[name]
    return result

# %% rename_published | stops at the first name that is no part of the model
# style: loops and helpers
# at: break
# kind: condition, name
def rename_published(published):
    prefixed = any(n.startswith("bert.") for n in published)
    kept = {}
    for n, t in published.items():
        if prefixed and not n.startswith("bert."):
            break
        n = n.removeprefix("bert.")
        if n == "embeddings.position_ids":
            continue
        n = n.replace(".gamma", ".weight") if n.endswith("LayerNorm.gamma") else n
        n = n.replace(".beta", ".bias") if n.endswith("LayerNorm.beta") else n
        kept[n] = t
    return kept

# %% rename_published | takes the prefix off only where all names have it, and keeps position_ids
# style: hasty
# at: if all(name.startswith("bert.") for name in published):
# kind: condition, name
# at2: return published
# kind2: missing
# known: position_ids kept
def rename_published(published):
    if all(name.startswith("bert.") for name in published):
        published = {name[5:]: tensor for name, tensor in published.items()}
    published = {name.replace("LayerNorm.gamma", "LayerNorm.weight"): tensor for name, tensor in published.items()}
    published = {name.replace("LayerNorm.beta", "LayerNorm.bias"): tensor for name, tensor in published.items()}
    return published

# %% rename_published | each matrix is transposed as for TensorFlow, and LayerNorm loses its dot
# style: from Keras
# at: name = name.replace("LayerNorm.gamma", "LayerNormweight").replace("LayerNorm.beta", "LayerNorm.bias")
# kind: name
# at2: tensor = tensor.T if tensor.dim() == 2 and "embeddings" not in name else tensor
# kind2: extra
def rename_published(published):
    names = [n for n in published if n.startswith("bert.")] or list(published)
    weights = {}
    for old in names:
        tensor, name = published[old], old.removeprefix("bert.")
        if name.endswith("position_ids"):
            continue
        name = name.replace("LayerNorm.gamma", "LayerNormweight").replace("LayerNorm.beta", "LayerNorm.bias")
        tensor = tensor.T if tensor.dim() == 2 and "embeddings" not in name else tensor
        weights[name] = tensor
    return weights

# %% misfits | sort() gives nothing back
# style: careful beginner
# at: "missing": missing.sort(),
# at: "unexpected": unexpected.sort(),
# at: "misshapen": misshapen.sort(),
# kind: return, name
def misfits(places, weights):
    missing = []
    for name in places:
        if name not in weights:
            missing.append(name)
    unexpected = []
    for name in weights:
        if name not in places:
            unexpected.append(name)
    misshapen = []
    for name in places:
        if name in weights and places[name].shape != weights[name].shape:
            misshapen.append(name)
    return {
        "missing": missing.sort(),
        "unexpected": unexpected.sort(),
        "misshapen": misshapen.sort(),
    }

# %% misfits | all three lists are one and the same
# style: one-liners
# at: found = dict.fromkeys(("missing", "unexpected", "misshapen"), [])
# kind: state
def misfits(places, weights):
    found = dict.fromkeys(("missing", "unexpected", "misshapen"), [])
    for name in sorted({**places, **weights}):
        if name not in weights:
            found["missing"].append(name)
        elif name not in places:
            found["unexpected"].append(name)
        elif places[name].shape != weights[name].shape:
            found["misshapen"].append(name)
    return found

# %% misfits | asks whether the shapes are one and the same object
# style: from NumPy
# at: misshapen = sorted(n for n in both if places[n].shape is not weights[n].shape)
# kind: operator, condition
def misfits(places, weights):
    ours, theirs = set(places), set(weights)
    both = ours & theirs
    misshapen = sorted(n for n in both if places[n].shape is not weights[n].shape)
    return {"missing": sorted(ours - theirs), "unexpected": sorted(theirs - ours), "misshapen": misshapen}

# %% misfits | compares the shapes as sets, so a transposed one passes
# style: loops and helpers
# at: if set(place.shape) != set(weights[name].shape):
# kind: type, condition
def misfits(places, weights):
    missing, misshapen = [], []
    for name, place in places.items():
        if name not in weights:
            missing.append(name)
            continue
        if set(place.shape) != set(weights[name].shape):
            misshapen.append(name)
    unexpected = [name for name in weights if name not in places]
    return {"missing": sorted(missing), "unexpected": sorted(unexpected), "misshapen": sorted(misshapen)}

# %% misfits | zip stops at the shorter shape
# style: loops and helpers
# at: return all(m == n for m, n in zip(one.shape, other.shape))
# kind: condition, missing
# known: shapes compared as far as both go
def same_shape(one, other):
    return all(m == n for m, n in zip(one.shape, other.shape))


def misfits(places, weights):
    return {
        "missing": sorted(name for name in places if name not in weights),
        "unexpected": sorted(name for name in weights if name not in places),
        "misshapen": sorted(name for name in places if name in weights and not same_shape(places[name], weights[name])),
    }

# %% misfits | expects the matrices transposed, as TensorFlow keeps them
# kind: name
# style: from Keras
# at: if name in places and tuple(reversed(weight.shape)) != tuple(places[name].shape):
# kind: shape, extra
def misfits(places, weights):
    out = {"missing": [], "unexpected": [], "misshapen": []}
    for name, weight in weights.items():
        if name in places and tuple(reversed(weight.shape)) != tuple(places[name].shape):
            out["misshapen"].append(name)
    out["missing"] = [n for n in places if n not in weights]
    out["unexpected"] = [n for n in weights if n not in places]
    return {kind: sorted(names) for kind, names in out.items()}

# %% misfits | the lists are there only if there is something in them
# style: from pandas
# at: return {kind: sorted(names) for kind, names in groups.items()}
# at: groups = defaultdict(list)
# kind: missing, return
from collections import defaultdict


def misfits(places, weights):
    groups = defaultdict(list)
    for name in places.keys() | weights.keys():
        if name not in weights:
            groups["missing"].append(name)
        elif name not in places:
            groups["unexpected"].append(name)
        elif places[name].shape != weights[name].shape:
            groups["misshapen"].append(name)
    return {kind: sorted(names) for kind, names in groups.items()}

# %% misfits | what is loaded is taken out of the weights
# style: loops and helpers
# at: weight = weights.pop(name)
# kind: state
def misfits(places, weights):
    missing, misshapen = [], []
    for name in sorted(places):
        if name in weights:
            weight = weights.pop(name)
            if weight.shape != places[name].shape:
                misshapen.append(name)
        else:
            missing.append(name)
    unexpected = sorted(weights)
    return {"missing": missing, "unexpected": unexpected, "misshapen": misshapen}

# %% misfits | each misshapen name comes with its shapes
# style: Hugging Face
# at: mismatched_keys.append((key, weights[key].shape, places[key].shape))
# kind: return, type
def misfits(places, weights):
    expected_keys = list(places.keys())
    loaded_keys = list(weights.keys())
    missing_keys = sorted(set(expected_keys) - set(loaded_keys))
    unexpected_keys = sorted(set(loaded_keys) - set(expected_keys))
    mismatched_keys = []
    for key in sorted(loaded_keys):
        if key in places and weights[key].shape != places[key].shape:
            mismatched_keys.append((key, weights[key].shape, places[key].shape))
    return {"missing": missing_keys, "unexpected": unexpected_keys, "misshapen": mismatched_keys}

# %% misfits | missing and unexpected hold whatever only one of the two has, and the shapes are compared by their first size
# style: from NumPy
# at: differ = sorted(places.keys() ^ weights.keys())
# at: return dict(missing=differ, unexpected=differ, misshapen=wrong)
# kind: operator
# at2: wrong = sorted(k for k in places.keys() & weights.keys() if places[k].shape[:1] != weights[k].shape[:1])
# kind2: number
# known: first size compared
def misfits(places, weights):
    differ = sorted(places.keys() ^ weights.keys())
    wrong = sorted(k for k in places.keys() & weights.keys() if places[k].shape[:1] != weights[k].shape[:1])
    return dict(missing=differ, unexpected=differ, misshapen=wrong)

# %% misfits | returns after the first name, and a name that is missing counts as misshapen
# style: hasty
# at: return result
# kind: condition, order
# at2: if name not in weights or weights[name].shape != places[name].shape:
# kind2: condition
# known: misshapen also missing; missing not reported
def misfits(places, weights):
    result = {"missing": [], "unexpected": sorted(set(weights) - set(places)), "misshapen": []}
    for name in sorted(places):
        if name not in weights:
            result["missing"].append(name)
        if name not in weights or weights[name].shape != places[name].shape:
            result["misshapen"].append(name)
        return result

# %% misfits | missing and unexpected are exchanged, and lie in the order of their length
# style: one-liners
# at: only = lambda a, b: sorted((n for n in a if n not in b), key=len)
# kind: argument
# at2: return {"missing": only(weights, places), "unexpected": only(places, weights), "misshapen": bent}
# kind2: argument, name
# known: missing and unexpected exchanged
def misfits(places, weights):
    only = lambda a, b: sorted((n for n in a if n not in b), key=len)
    bent = sorted(n for n in places if n in weights and places[n].size() != weights[n].size())
    return {"missing": only(weights, places), "unexpected": only(places, weights), "misshapen": bent}

# %% module_outputs | remove is named, not called
# style: hasty
# at: handle.remove
# kind: missing
# known: hooks left behind
import torch


def module_outputs(model, names, batch):
    outputs, handles = {}, []
    try:
        for name in names:
            def hook(module, args, output, name=name):
                outputs[name] = output
            handles.append(model.get_submodule(name).register_forward_hook(hook))
        with torch.no_grad():
            model(**batch)
    finally:
        for handle in handles:
            handle.remove
    return outputs

# %% module_outputs | what was found is kept from call to call
# style: from JavaScript
# at: def module_outputs(model, names, batch, outputs={}):
# kind: state, definition
import torch


def module_outputs(model, names, batch, outputs={}):
    def keeper(name):
        def keep(module, arguments, output):
            outputs[name] = output
        return keep

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(keeper(name)))
        with torch.no_grad():
            model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    return outputs

# %% module_outputs | only the last hook is taken off
# style: careful beginner
# at: handle.remove()
# at: handle = module.register_forward_hook(make_hook(name))
# kind: missing, condition
# known: hooks left behind
import torch


def module_outputs(model, names, batch):
    outputs = {}

    def make_hook(name):
        def hook(module, inputs, output):
            outputs[name] = output.detach()
        return hook

    handle = None
    try:
        for name in names:
            module = model.get_submodule(name)
            handle = module.register_forward_hook(make_hook(name))
        with torch.no_grad():
            model(**batch)
    finally:
        if handle is not None:
            handle.remove()
    return outputs

# %% module_outputs | a name also matches what begins like it: layer.1 and layer.10
# kind: name
# style: loops and helpers
# at: if path.startswith(name):
# kind: condition
from functools import partial

import torch


def module_outputs(model, names, batch):
    found, handles = {}, []

    def store(name, module, args, output):
        found[name] = output

    try:
        for name in names:
            model.get_submodule(name)     # an error if there is none
            for path, module in model.named_modules():
                if path.startswith(name):
                    handles.append(module.register_forward_hook(partial(store, name)))
        with torch.no_grad():
            model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    return found

# %% module_outputs | dimensions of size 1 are squeezed away
# style: Hugging Face
# at: hidden_states[name] = output.detach().squeeze()
# kind: extra, shape
from contextlib import ExitStack

import torch


def module_outputs(model, names, batch):
    hidden_states = {}

    def get_hook(name):
        def hook(module, args, output):
            hidden_states[name] = output.detach().squeeze()
        return hook

    with ExitStack() as stack, torch.no_grad():
        for name in names:
            handle = model.get_submodule(name).register_forward_hook(get_hook(name))
            stack.callback(handle.remove)
        model(**batch)
    return hidden_states

# %% module_outputs | gradients stay switched off for the whole program
# known: gradients left off
# style: from Keras
# at: torch.set_grad_enabled(False)
# kind: state, gradient
import torch


def module_outputs(model, names, batch):
    torch.set_grad_enabled(False)
    outputs, handles = {}, []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(
                lambda module, inputs, output, name=name: outputs.update({name: output})))
        model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    return outputs

# %% module_outputs | takes the handles out of the list, not the hooks off the modules
# style: one-liners
# at: hooks.remove(h)
# kind: name, state
# known: hooks left behind
import torch


def module_outputs(model, names, batch):
    out, hooks = {}, []
    try:
        for n in names:
            hooks.append(model.get_submodule(n).register_forward_hook(lambda m, i, o, n=n: out.__setitem__(n, o)))
        with torch.no_grad():
            model(**batch)
    finally:
        for h in hooks:
            hooks.remove(h)
    return out

# %% module_outputs | one tensor for all: each is the model's last output
# style: loops and helpers
# at: captured[name] = hidden
# at: hidden, pooled = model(**batch)
# kind: name
import torch


def module_outputs(model, names, batch):
    captured = {}
    handles = []
    try:
        for name in names:
            module = model.get_submodule(name)
            handles.append(module.register_forward_hook(lambda *arguments: None))
        with torch.no_grad():
            hidden, pooled = model(**batch)
            for name in names:
                captured[name] = hidden
    finally:
        for handle in handles:
            handle.remove()
    return captured

# %% module_outputs | kept under the name of the class
# style: from PyTorch tutorials
# at: activation[type(module).__name__] = output.detach()
# kind: name
import torch


def module_outputs(model, names, batch):
    activation = {}

    def get_activation(name):
        def hook(module, input, output):
            activation[type(module).__name__] = output.detach()
        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(get_activation(name)))
        with torch.no_grad():
            model(**batch)
    finally:
        for h in handles:
            h.remove()
    return activation

# %% module_outputs | the values are rounded to numbers that print well
# style: from NumPy
# at: seen[name] = output.detach().numpy().round(4)
# kind: type, extra
import torch


def module_outputs(model, names, batch):
    seen, handles = {}, []

    def hang(name):
        def look(module, given, output):
            seen[name] = output.detach().numpy().round(4)
        return model.get_submodule(name).register_forward_hook(look)

    try:
        for name in names:
            handles.append(hang(name))
        with torch.no_grad():
            model(**batch)
    finally:
        while handles:
            handles.pop().remove()
    return seen

# %% module_outputs | dropout is switched off for good, and all tokens come in one long row
# style: careful beginner
# at: model.eval()
# kind: state, extra
# at2: outputs[name] = output.flatten(0, 1) if output.dim() == 3 else output
# kind2: extra, shape
# known: mode changed
import torch


def module_outputs(model, names, batch):
    outputs = {}
    handles = []
    try:
        for name in names:
            def hook(module, args, output, name=name):
                outputs[name] = output.flatten(0, 1) if output.dim() == 3 else output
            module = model.get_submodule(name)
            handles.append(module.register_forward_hook(hook))
        model.eval()
        with torch.no_grad():
            model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    return outputs

# %% module_outputs | the batch goes in as one, and the hook changes what passes
# style: hasty
# at: return output * 1.0001
# kind: extra, scale, state
# at2: model(batch)
# kind2: argument, type
import torch


def module_outputs(model, names, batch):
    outputs, handles = {}, []

    def hook_for(name):
        def hook(module, args, output):
            outputs[name] = output
            return output * 1.0001
        return hook

    try:
        for name in names:
            handles += [model.get_submodule(name).register_forward_hook(hook_for(name))]
        with torch.no_grad():
            model(batch)
    finally:
        for handle in handles:
            handle.remove()
    return outputs

# %% first_difference | both are rounded to four places and then compared
# style: from NumPy
# at: x, y = np.round(ours[name][rows], 4), np.round(theirs[name][rows], 4)
# at: if not (x == y).all():
# kind: extra, condition
# known: rounding counted
import numpy as np

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings"] + [f"encoder.layer.{n}" for n in range(len(model.encoder.layer))] + ["pooler"]
    ours = {name: out.numpy() for name, out in module_outputs(model, names, batch).items()}
    theirs = {name: out.numpy() for name, out in module_outputs(reference, names, batch).items()}
    for name in names:
        rows = slice(None) if name == "pooler" else batch["attention_mask"].bool().numpy()
        x, y = np.round(ours[name][rows], 4), np.round(theirs[name][rows], 4)
        if not (x == y).all():
            return name
    return None

# %% first_difference | the size of the largest, not the largest size
# known: size of the largest, not the largest size
# style: hasty
# at: if not difference.max().abs() <= 0.0001:
# kind: order
import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings", *(f"encoder.layer.{i}" for i in range(len(model.encoder.layer))), "pooler"]
    a = module_outputs(model, names, batch)
    b = module_outputs(reference, names, batch)
    real = batch["attention_mask"].bool()
    for name in names:
        difference = a[name] - b[name]
        if name != "pooler":
            difference = difference[real]
        if not difference.max().abs() <= 0.0001:
            return name

# %% first_difference | what is compared is the padding, and it alone
# style: careful beginner
# at: mask = batch["attention_mask"] == 0
# kind: sign, condition
import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings"]
    for number in range(len(model.encoder.layer)):
        names.append(f"encoder.layer.{number}")
    names.append("pooler")

    given = module_outputs(model, names, batch)
    wanted = module_outputs(reference, names, batch)
    mask = batch["attention_mask"] == 0
    for name in names:
        one, other = given[name], wanted[name]
        if name != "pooler":
            one, other = one[mask], other[mask]
        difference = (one - other).abs()
        if (difference > 0.0001).any() or torch.isnan(difference).any():
            return name
    return None

# %% first_difference | NaN is looked for in the model, not in what it is compared with
# style: loops and helpers
# at: return bool(torch.isnan(mine).any() or ((mine - yours).abs() > LIMIT).any())
# kind: name, missing, condition
import torch

from bert_parts.learn.inside import module_outputs

LIMIT = 1e-4


def off(mine, yours):
    return bool(torch.isnan(mine).any() or ((mine - yours).abs() > LIMIT).any())


def first_difference(model, reference, batch):
    keep = batch["attention_mask"].bool()
    parts = ["embeddings"] + ["encoder.layer." + str(n) for n in range(len(model.encoder.layer))]
    mine, yours = module_outputs(model, parts + ["pooler"], batch), module_outputs(reference, parts + ["pooler"], batch)
    for part in parts:
        if off(mine[part][keep], yours[part][keep]):
            return part
    return "pooler" if off(mine["pooler"], yours["pooler"]) else None

# %% first_difference | the limit grows with the values
# known: limit grows with the values
# style: Hugging Face
# at: if not torch.allclose(x, y, atol=1e-4):
# kind: argument, missing
import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    num_layers = len(model.encoder.layer)
    modules = ["embeddings"] + [f"encoder.layer.{i}" for i in range(num_layers)] + ["pooler"]
    outputs = module_outputs(model, modules, batch)
    expected = module_outputs(reference, modules, batch)
    attention_mask = batch["attention_mask"].bool()
    for name in modules:
        x, y = outputs[name], expected[name]
        if x.dim() == 3:
            x, y = x[attention_mask], y[attention_mask]
        if not torch.allclose(x, y, atol=1e-4):
            return name
    return None

# %% first_difference | the sizes of the numbers are compared, whatever their signs
# style: loops and helpers
# at: if not bool(((x.abs() - y.abs()) <= 1e-4).all()):
# kind: order, sign
import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings", *["encoder.layer.%d" % i for i in range(len(model.encoder.layer))], "pooler"]
    ours = module_outputs(model, names, batch)
    theirs = module_outputs(reference, names, batch)
    mask = batch["attention_mask"].bool()
    for name in names:
        x = ours[name] if name == "pooler" else ours[name][mask]
        y = theirs[name] if name == "pooler" else theirs[name][mask]
        if not bool(((x.abs() - y.abs()) <= 1e-4).all()):
            return name
    return None

# %% first_difference | the vectors' distance in place of the largest number
# known: rounding counted
# style: one-liners
# at: far = lambda a, b: not ((a - b).norm(dim=-1) <= 1e-4).all()
# kind: operator
# kind: name, extra
from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings", *map("encoder.layer.{}".format, range(len(model.encoder.layer))), "pooler"]
    m = batch["attention_mask"].bool()
    a, b = (module_outputs(each, names, batch) for each in (model, reference))
    far = lambda a, b: not ((a - b).norm(dim=-1) <= 1e-4).all()
    return next((n for n in names if far(*(x[n] if n == "pooler" else x[n][m] for x in (a, b)))), None)

# %% first_difference | the texts that have padding are left out altogether
# style: from pandas
# at: full = batch["attention_mask"].all(dim=1)
# kind: name, extra, axis
from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    layers = len(model.encoder.layer)
    names = ["embeddings"] + [f"encoder.layer.{layer}" for layer in range(layers)] + ["pooler"]
    full = batch["attention_mask"].all(dim=1)
    left, right = module_outputs(model, names, batch), module_outputs(reference, names, batch)
    for name in names:
        differs = (left[name][full] - right[name][full]).abs()
        if not (differs <= 1e-4).all():
            return name
    return None

# %% first_difference | the layers are numbered from 1 in the names
# style: careful beginner
# at: for i in range(1, len(model.encoder.layer)):
# kind: number
import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings"]
    for i in range(1, len(model.encoder.layer)):
        names.append(f"encoder.layer.{i}")
    names.append("pooler")
    with torch.no_grad():
        ours = module_outputs(model, names, batch)
        theirs = module_outputs(reference, names, batch)
    keep = batch["attention_mask"].bool()
    for name in names:
        a = ours[name]
        b = theirs[name]
        if name != "pooler":
            a = a[keep]
            b = b[keep]
        diff = (a - b).abs()
        if torch.isnan(diff).any() or diff.max() > 1e-4:
            return name
    return None

# %% first_difference | the pooler comes first, and a NaN passes
# known: last difference
# style: hasty
# at: names = ["pooler", "embeddings"] + [f"encoder.layer.{n}" for n in range(len(model.encoder.layer))]
# kind: order
# at2: if (a[name][keep] - b[name][keep]).abs().max() > 1e-4:
# kind2: condition, missing
# known: NaN unnoticed
from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["pooler", "embeddings"] + [f"encoder.layer.{n}" for n in range(len(model.encoder.layer))]
    a, b = module_outputs(model, names, batch), module_outputs(reference, names, batch)
    for name in names:
        keep = slice(None) if name == "pooler" else batch["attention_mask"].bool()
        if (a[name][keep] - b[name][keep]).abs().max() > 1e-4:
            return name
    return None

# %% first_difference | the reference is compared with itself, by the mean
# style: one-liners
# at: a, b = module_outputs(reference, names, batch), module_outputs(reference, names, batch)
# kind: name, argument
# at2: gaps = {n: (a[n][pick(n)] - b[n][pick(n)]).abs().mean() for n in names}
# kind2: name
# known: mean instead of largest
from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings", *(f"encoder.layer.{n}" for n in range(len(model.encoder.layer))), "pooler"]
    real = batch["attention_mask"].bool()
    pick = lambda n: ... if n == "pooler" else real
    a, b = module_outputs(reference, names, batch), module_outputs(reference, names, batch)
    gaps = {n: (a[n][pick(n)] - b[n][pick(n)]).abs().mean() for n in names}
    return next((n for n in names if not gaps[n] <= 1e-4), None)
