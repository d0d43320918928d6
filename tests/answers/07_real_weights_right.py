# %% rename_published | step by step, three dictionaries
# style: careful beginner
def rename_published(published):
    # rule 1
    under_bert = {}
    for name, tensor in published.items():
        if name.startswith("bert."):
            under_bert[name[len("bert."):]] = tensor
    if len(under_bert) == 0:
        under_bert = dict(published)
    # rule 2
    renamed = {}
    for name, tensor in under_bert.items():
        if name.endswith(".LayerNorm.gamma"):
            name = name[: -len("gamma")] + "weight"
        if name.endswith(".LayerNorm.beta"):
            name = name[: -len("beta")] + "bias"
        renamed[name] = tensor
    # rule 3
    renamed.pop("embeddings.position_ids", None)
    return renamed

# %% rename_published | regular expressions with constants beside it
# style: regular expressions
import re

NORMS = {"gamma": "weight", "beta": "bias"}
OLD = re.compile(r"(?<=LayerNorm\.)(gamma|beta)$")


def rename_published(published):
    inside = {k for k in published if re.match(r"bert\.", k)}
    names = inside or set(published)
    return {OLD.sub(lambda found: NORMS[found.group()], re.sub(r"^bert\.", "", k)): v
            for k, v in published.items() if k in names and not k.endswith("position_ids")}

# %% rename_published | split into path pieces
# style: loops and helpers
def ours(path):
    *way, holder, last = path
    if holder == "LayerNorm":
        if last == "gamma":
            last = "weight"
        elif last == "beta":
            last = "bias"
    return ".".join([*way, holder, last])


def rename_published(published):
    paths = {name: name.split(".") for name in published}
    prefixed = any(path[0] == "bert" and len(path) > 1 for path in paths.values())
    result = {}
    for name in published:
        path = paths[name]
        if prefixed:
            if path[0] != "bert":
                continue
            path = path[1:]
        if path[-1] == "position_ids":
            continue
        result[ours(path) if len(path) > 1 else path[0]] = published[name]
    return result

# %% rename_published | a generator and an OrderedDict
# style: Hugging Face
from collections import OrderedDict


def rename_published(published):
    prefix = "bert."
    has_prefix_module = any(s.startswith(prefix) for s in published.keys())

    def converted():
        for key, value in published.items():
            if has_prefix_module and not key.startswith(prefix):
                continue
            new_key = key[len(prefix):] if has_prefix_module else key
            if "LayerNorm.gamma" in new_key:
                new_key = new_key.replace("LayerNorm.gamma", "LayerNorm.weight")
            if "LayerNorm.beta" in new_key:
                new_key = new_key.replace("LayerNorm.beta", "LayerNorm.bias")
            if not new_key.endswith(".position_ids"):
                yield new_key, value

    return OrderedDict(converted())

# %% rename_published | filters and functools.reduce
# style: functional one-liners
from functools import reduce

RULES = (("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias"))
rename = lambda name: reduce(lambda n, rule: n.replace(*rule), RULES, name)


def rename_published(published):
    model = [n for n in published if n.startswith("bert.")]
    return {rename(n.removeprefix("bert.")): published[n]
            for n in filter(lambda n: "position_ids" not in n, model or published)}

# %% misfits | loops
# style: careful beginner
def misfits(places, weights):
    missing = []
    unexpected = []
    misshapen = []
    for name in places:
        if name not in weights:
            missing.append(name)
        elif list(places[name].shape) != list(weights[name].shape):
            misshapen.append(name)
    for name in weights:
        if name not in places:
            unexpected.append(name)
    missing.sort()
    unexpected.sort()
    misshapen.sort()
    return {"missing": missing, "unexpected": unexpected, "misshapen": misshapen}

# %% misfits | sets of names
# style: one-liners
def misfits(places, weights):
    p, w = set(places), set(weights)
    return dict(missing=sorted(p - w), unexpected=sorted(w - p),
                misshapen=sorted(n for n in p & w if places[n].shape != weights[n].shape))

# %% misfits | a helper that names the kind, groupby
# style: loops and helpers
from itertools import groupby

KINDS = ["missing", "unexpected", "misshapen"]


def kind_of(place, weight):
    if weight is None:
        return "missing"
    if place is None:
        return "unexpected"
    return "misshapen" if place.size() != weight.size() else "fits"


def misfits(places, weights):
    found = {kind: [] for kind in KINDS}
    names = sorted({*places, *weights})
    for kind, group in groupby(names, key=lambda name: kind_of(places.get(name), weights.get(name))):
        if kind in found:
            found[kind] += list(group)
    return found

# %% misfits | defaultdict and type hints
# style: from NumPy
from collections import defaultdict
from typing import Dict, List

import numpy as np
from torch import Tensor


def misfits(places: Dict[str, Tensor], weights: Dict[str, Tensor]) -> Dict[str, List[str]]:
    out: Dict[str, List[str]] = defaultdict(list)
    for kind in ("missing", "unexpected", "misshapen"):
        out[kind]
    out["missing"].extend(np.setdiff1d(list(places), list(weights)).tolist())
    out["unexpected"].extend(np.setdiff1d(list(weights), list(places)).tolist())
    for name in np.intersect1d(list(places), list(weights)).tolist():
        if tuple(places[name].shape) != tuple(weights[name].shape):
            out["misshapen"].append(name)
    return dict(out)

# %% misfits | try and except
# style: Hugging Face
def misfits(places, weights):
    missing_keys, mismatched_keys = [], []
    loaded = dict(weights)
    for key, place in sorted(places.items(), key=lambda item: item[0]):
        try:
            weight = loaded.pop(key)
        except KeyError:
            missing_keys.append(key)
            continue
        if weight.dim() != place.dim() or any(a != b for a, b in zip(weight.shape, place.shape)):
            mismatched_keys.append(key)
    return {"missing": missing_keys, "unexpected": sorted(loaded), "misshapen": mismatched_keys}

# %% module_outputs | a function that makes hooks
# style: from PyTorch tutorials
import torch


def module_outputs(model, names, batch):
    activation = {}

    def get_activation(name):
        def hook(model, input, output):
            activation[name] = output.detach()
        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(get_activation(name)))
        with torch.no_grad():
            model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    return activation

# %% module_outputs | ExitStack
# style: with contexts
from contextlib import ExitStack

import torch


def module_outputs(model, names, batch):
    outputs = {}
    with ExitStack() as stack:
        for name in names:
            handle = model.get_submodule(name).register_forward_hook(
                lambda module, arguments, output, name=name: outputs.__setitem__(name, output))
            stack.callback(handle.remove)
        stack.enter_context(torch.no_grad())
        model(**batch)
    return outputs

# %% module_outputs | functools.partial, a decorator for no_grad
# style: functional
from functools import partial

import torch


def store(where, name, module, inputs, output):
    where[name] = output


@torch.no_grad()
def module_outputs(model, names, batch):
    seen, handles = {}, []
    try:
        for name in names:
            handles += [model.get_submodule(name).register_forward_hook(partial(store, seen, name))]
        model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    return seen

# %% module_outputs | a small class that catches
# style: object-oriented
import torch


class Catcher:
    def __init__(self):
        self.output = None

    def __call__(self, module, arguments, output):
        self.output = output


def module_outputs(model, names, batch):
    catchers = {name: Catcher() for name in names}
    hung = []
    try:
        for name, catcher in catchers.items():
            hung.append(model.get_submodule(name).register_forward_hook(catcher))
        with torch.no_grad():
            model(**batch)
        return {name: catcher.output for name, catcher in catchers.items()}
    finally:
        for handle in hung:
            handle.remove()

# %% module_outputs | a context manager of the learner's own
# style: generators and decorators
from contextlib import contextmanager

import torch


@contextmanager
def hooked(model, names, catch):
    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(catch(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def module_outputs(model, names, batch):
    result = {}

    def catch(name):
        return lambda module, inputs, output: result.update({name: output.clone()})

    with torch.no_grad(), hooked(model, names, catch):
        model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], token_type_ids=batch["token_type_ids"])
    return result

# %% module_outputs | one hook for all, by the identity of the module
# style: loops and dicts
import torch


def module_outputs(model, names, batch):
    kept, handles = {}, {}
    try:
        name_of = {}
        for name in names:
            module = model
            for step in name.split(".") if name else []:
                module = getattr(module, step)
            name_of[module] = name

        def hook(module, args, output):
            kept[name_of[module]] = output

        for module in name_of:
            handles[module] = module.register_forward_hook(hook)
        with torch.set_grad_enabled(False):
            model(**batch)
    finally:
        for handle in handles.values():
            handle.remove()
    return kept

# %% first_difference | the parts one by one
# style: careful beginner
import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings"]
    for number in range(len(model.encoder.layer)):
        names.append("encoder.layer." + str(number))
    names.append("pooler")
    ours = module_outputs(model, names, batch)
    theirs = module_outputs(reference, names, batch)
    real = batch["attention_mask"].bool()
    for name in names:
        one = ours[name]
        two = theirs[name]
        if name != "pooler":
            one = one[real]
            two = two[real]
        difference = torch.abs(one - two)
        if torch.isnan(difference).any():
            return name
        if difference.max() > 0.0001:
            return name
    return None

# %% first_difference | next over a generator
# style: one-liners
from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = ["embeddings", *(f"encoder.layer.{n}" for n in range(len(model.encoder.layer))), "pooler"]
    a, b = (module_outputs(m, names, batch) for m in (model, reference))
    real = batch["attention_mask"] == 1
    return next((n for n in names if not (((a[n] - b[n]).abs() <= 1e-4) | (~real[..., None] if a[n].dim() == 3 else False)).all()),
                None)

# %% first_difference | masked_fill with a helper and a constant
# style: loops and helpers
import torch

from bert_parts.learn.inside import module_outputs

LIMIT = 1e-4


def worst(one, other, attention_mask):
    gap = (one - other).abs()
    if gap.dim() == 3:
        gap = gap.masked_fill(attention_mask[:, :, None] == 0, 0.0)
    return gap.nan_to_num(nan=float("inf")).max().item()


def first_difference(model, reference, batch):
    parts = ["embeddings"] + [f"encoder.layer.{i}" for i, _ in enumerate(model.encoder.layer)] + ["pooler"]
    given, wanted = module_outputs(model, parts, batch), module_outputs(reference, parts, batch)
    for part in parts:
        if worst(given[part], wanted[part], batch["attention_mask"]) > LIMIT:
            return part

# %% first_difference | NumPy arrays compared
# style: from NumPy
import numpy as np

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    order = ["embeddings", *(f"encoder.layer.{n}" for n in np.arange(len(model.encoder.layer))), "pooler"]
    left = {name: out.numpy() for name, out in module_outputs(model, order, batch).items()}
    right = {name: out.numpy() for name, out in module_outputs(reference, order, batch).items()}
    rows = batch["attention_mask"].numpy().astype(bool)
    for name in order:
        x, y = (left[name], right[name]) if name == "pooler" else (left[name][rows], right[name][rows])
        if not np.allclose(x, y, rtol=0, atol=1e-4):
            return name
    return None

# %% first_difference | torch.where and recursion over the names
# style: functional
from typing import Optional

import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch) -> Optional[str]:
    def agrees(name: str) -> bool:
        ours = module_outputs(model, [name], batch)[name]
        theirs = module_outputs(reference, [name], batch)[name]
        if name != "pooler":
            counts = batch["attention_mask"].bool().unsqueeze(-1)
            zero = torch.zeros(())
            ours, theirs = torch.where(counts, ours, zero), torch.where(counts, theirs, zero)
        return torch.allclose(ours, theirs, rtol=0.0, atol=1e-4)

    def first(names):
        if not names:
            return None
        head, *tail = names
        return first(tail) if agrees(head) else head

    return first(["embeddings", *(f"encoder.layer.{n}" for n in range(len(model.encoder.layer))), "pooler"])

# %% rename_published | a helper that bears a name of the course's
# style: loops and helpers
def modern_names(name):
    for old, new in {".gamma": ".weight", ".beta": ".bias"}.items():
        if name.endswith("LayerNorm" + old):
            name = name[: -len(old)] + new
    return name


def rename_published(published):
    inside = {name: tensor for name, tensor in published.items() if name.startswith("bert.")}
    cut = len("bert.") if inside else 0
    return {modern_names(name[cut:]): tensor
            for name, tensor in (inside or published).items() if not name.endswith("position_ids")}

# %% misfits | a helper that bears a name of the course's, and a lambda
# style: functional
shape = lambda tensor: tuple(tensor.shape)


def check_sizes(places, weights):
    return [name for name in places if name in weights and shape(places[name]) != shape(weights[name])]


def misfits(places, weights):
    return {"missing": sorted(filter(lambda name: name not in weights, places)),
            "unexpected": sorted(filter(lambda name: name not in places, weights)),
            "misshapen": sorted(check_sizes(places, weights))}

# %% module_outputs | a dataclass beside it, reversed removal
# style: object-oriented
from dataclasses import dataclass, field

import torch


@dataclass
class Recorder:
    outputs: dict = field(default_factory=dict)
    handles: list = field(default_factory=list)

    def listen(self, name, module):
        self.handles.append(module.register_forward_hook(lambda m, given, output: self.outputs.update({name: output})))

    def stop(self):
        for handle in reversed(self.handles):
            handle.remove()


def module_outputs(model, names, batch):
    recorder = Recorder()
    try:
        for name in names:
            recorder.listen(name, model.get_submodule(name))
        with torch.no_grad():
            model(**batch)
    finally:
        recorder.stop()
    return recorder.outputs

# %% first_difference | constants from math, a helper that yields
# style: generators
from math import inf, isnan

from bert_parts.learn.inside import module_outputs

SMALLEST = -inf


def gaps(names, one, other, real):
    for name in names:
        rows = slice(None) if name == "pooler" else real
        numbers = (one[name][rows] - other[name][rows]).abs().flatten().tolist()
        yield name, max([SMALLEST, *(inf if isnan(number) else number for number in numbers)])


def first_difference(model, reference, batch):
    names = ["embeddings"] + [f"encoder.layer.{i}" for i in range(len(model.encoder.layer))] + ["pooler"]
    one, other = module_outputs(model, names, batch), module_outputs(reference, names, batch)
    for name, gap in gaps(names, one, other, batch["attention_mask"].bool()):
        if gap > 1e-4:
            return name
    return None


# %% rename_published | match on the pieces of a name
# style: own way
def rename_published(published):
    def ours(name):
        match name.split("."):
            case ["bert", *rest] | rest:
                pass
        match rest:
            case ["embeddings", "position_ids"]:
                return None
            case [*front, "LayerNorm", "gamma" | "beta" as old]:
                return ".".join([*front, "LayerNorm", {"gamma": "weight", "beta": "bias"}[old]])
        return ".".join(rest)

    wrapped = any(name[:5] == "bert." for name in published)
    return {new: published[name] for name in published if name[:5] == "bert." or not wrapped if (new := ours(name))}


# %% misfits | match on pairs that may be None, ChainMap
# style: own way
from collections import ChainMap


def misfits(places, weights):
    found = {kind: [] for kind in ("missing", "unexpected", "misshapen")}
    for name in sorted(ChainMap(places, weights)):
        match places.get(name), weights.get(name):
            case _, None:
                found["missing"].append(name)
            case None, _:
                found["unexpected"].append(name)
            case mine, theirs if mine.size() != theirs.size():
                found["misshapen"].append(name)
    return found


# %% module_outputs | hooks' handles are entered in an ExitStack
# style: own way
import contextlib

import torch


def module_outputs(model, names, batch):
    outputs = dict.fromkeys(names)
    with contextlib.ExitStack() as stack, torch.inference_mode(False), torch.no_grad():
        for name, part in model.named_modules():
            if name in outputs:
                stack.enter_context(part.register_forward_hook(
                    lambda *got, name=name: outputs.__setitem__(name, got[-1])))
        model(**batch)
    return outputs


# %% first_difference | takewhile and a generator of truths
# style: own way
from itertools import takewhile

import torch

from bert_parts.learn.inside import module_outputs


def first_difference(model, reference, batch):
    names = "embeddings", *(f"encoder.layer.{n}" for n, _ in enumerate(reference.encoder.layer)), "pooler"
    mine, theirs = (module_outputs(each, [*names], batch) for each in (model, reference))
    marks = batch["attention_mask"]

    def agrees(name):
        off = (mine[name] - theirs[name]).abs()
        if off.ndim > 2:
            off = torch.where(marks[:, :, None] > 0, off, 0.0)
        return bool((off <= 1e-4).all())

    good = [*takewhile(agrees, names)]
    return None if len(good) == len(names) else names[len(good)]
