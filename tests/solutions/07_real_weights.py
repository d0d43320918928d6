"""Notebook 07, as a learner might solve it from its text alone."""

import torch


def rename_published(published):
    """Three rules turn the names of published files into ours.

    1. A file that keeps the model under ``bert.`` also holds heads (``cls.``): the model is what is
       under ``bert.``.
    2. TensorFlow's names of LayerNorm's parameters, gamma and beta, are weight and bias.
    3. ``position_ids`` counts 0, 1, 2, … and is no weight.
    """
    has_prefix = False
    for name in published:
        if name.startswith("bert."):
            has_prefix = True
    result = {}
    for name, tensor in published.items():
        if has_prefix:
            if not name.startswith("bert."):
                continue
            name = name[len("bert."):]
        if name == "embeddings.position_ids":
            continue
        if name.endswith(".LayerNorm.gamma"):
            name = name[: -len("gamma")] + "weight"
        elif name.endswith(".LayerNorm.beta"):
            name = name[: -len("beta")] + "bias"
        result[name] = tensor
    return result


def misfits(places, weights):
    """The names of the tensors that do not fit, sorted, under "missing", "unexpected" and
    "misshapen".

    Args:
        places: the model's own tensors by name, as its state_dict() gives them.
        weights: the tensors to be loaded. Missing is what only the model has, unexpected what only
            the weights have, misshapen what both have in different shapes.
    """
    found = {"missing": [], "unexpected": [], "misshapen": []}
    for name, tensor in places.items():
        if name not in weights:
            found["missing"].append(name)
        elif weights[name].shape != tensor.shape:
            found["misshapen"].append(name)
    for name in weights:
        if name not in places:
            found["unexpected"].append(name)
    for names in found.values():
        names.sort()
    return found


def module_outputs(model, names, batch):
    """What comes out of the named modules while the model reads the batch: name → output,
    without gradients.

    Afterwards the model is as it was: no hook is left behind, even if the model raises an error.

    Args:
        names: as in model.named_modules(), for example "encoder.layer.0".
        batch: what the tokenizer gives: input_ids, token_type_ids and attention_mask.
    """
    results = {}

    def make_hook(name):
        def hook(module, arguments, output):
            results[name] = output

        return hook

    handles = []
    try:
        for name in names:
            handles.append(model.get_submodule(name).register_forward_hook(make_hook(name)))
        with torch.no_grad():
            model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    return results


def first_difference(model, reference, batch):
    """The first part of a BertModel whose output is off by more than 0.0001 anywhere;
    None if none is.

    In the order in which they run: "embeddings", "encoder.layer.0", "encoder.layer.1", …, "pooler".
    NaN is off, too. What is computed for padding does not count, since nobody reads it.
    """
    names = ["embeddings"]
    for number in range(len(reference.encoder.layer)):
        names.append(f"encoder.layer.{number}")
    names.append("pooler")
    mine = module_outputs(model, names, batch)
    theirs = module_outputs(reference, names, batch)
    is_word = batch["attention_mask"] == 1
    for name in names:
        a, b = mine[name], theirs[name]
        if name != "pooler":
            a, b = a[is_word], b[is_word]
        close = (a - b).abs() <= 0.0001     # False for NaN
        if not close.all():
            return name
    return None
