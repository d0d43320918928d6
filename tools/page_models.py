"""Make what pages of the site compute with: models that a browser runs, of the course's own weights, and what runs them.

    python -m tools.page_models

All goes into build/page, each file packed by gzip, its name with the beginning of its digest, so that a browser may keep it for
good; files.json says which are needed for what. `make site` calls this when something that it depends on has changed: it takes
two minutes. npm, which comes with Node.js, fetches ONNX Runtime Web the first time.
"""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional as F
from torch.nn.utils import parametrize

from bert_parts import load_pretrained, normalization
from bert_parts.datasets import movie_reviews
from bert_parts.files import check_digest
from bert_parts.fill import mask_filler
from bert_parts.pooler import NoPooler, mean_pooling
from bert_parts.quantization import whole_numbers
from bert_parts.search import sentence_vectors
from bert_parts.tokenizer import SPECIAL, BertTokenizer
from bert_parts.visualize import WithMaps
from bert_parts.wordpiece import CLS, LONGEST_WORD, MASK, PAD, SEP, UNK

FOLDER = Path(__file__).resolve().parents[1] / "build" / "page"
RUNTIME = "onnxruntime-web@1.30.0"
RUNTIME_DIGEST = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
PROGRAM, SCRIPT = "ort-wasm-simd-threaded.wasm", "ort.wasm.bundle.min.mjs"

SENTENCES = ("runtime", "sentences.tokenizer", "sentences.model")
NEEDED = {
    "attention": SENTENCES,
    "nearest": (*SENTENCES, "reviews.text", "reviews.vectors"),
    "fill": ("runtime", "filler.tokenizer", "filler.model"),
}
BLOCK = 32     # so many weights of all-MiniLM-L6-v2 share a scale


def main():
    runtime = fetch_runtime(FOLDER.parent)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    (FOLDER / SCRIPT).write_bytes(runtime[SCRIPT])
    contents = {"runtime": runtime[PROGRAM]} | sentences() | reviews() | filler()
    files = {name: keep(name, content) for name, content in contents.items()}
    (FOLDER / "files.json").write_text(json.dumps({"needed": NEEDED, "files": files}), encoding="utf-8")
    for name, file in files.items():
        print(f"{name}: {file['bytes']:,} bytes")


def keep(name: str, content: bytes) -> dict[str, str | int]:
    """Write a file, packed, and say what it is called and how long it is."""
    packed = gzip.compress(content, mtime=0)
    called = f"{name}-{hashlib.sha256(packed).hexdigest()[:12]}.gz"
    (FOLDER / called).write_bytes(packed)
    return {"name": called, "bytes": len(packed)}


# ── what runs the models ─────────────────────────────────────────────────────────────────────────────────────────────


def fetch_runtime(folder: Path) -> dict[str, bytes]:
    """Of ONNX Runtime Web its program and the script that calls it. The package is kept in the folder.

    Raises:
        SystemExit: it is not there, and there is no npm or no network.
        ValueError: it is not the package that was looked at.
    """
    package = folder / f"{RUNTIME.replace('@', '-')}.tgz"
    if not package.exists():
        fetch(RUNTIME, folder)
    check_digest(package, RUNTIME_DIGEST)
    with tarfile.open(package) as archive:
        return {name: archive.extractfile(f"package/dist/{name}").read() for name in (PROGRAM, SCRIPT)}


def fetch(requirement: str, folder: Path):
    npm = shutil.which("npm")
    if npm is None:
        sys.exit(f"There is no npm, which fetches {requirement} for the site: install Node.js, and try again.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as there:
        if subprocess.run([npm, "pack", "--silent", "--pack-destination", there, requirement]).returncode:
            sys.exit(f"npm could not fetch {requirement}: is there a network? The same command goes on.")
        for package in Path(there).iterdir():
            package.rename(folder / package.name)


# ── text → ids ───────────────────────────────────────────────────────────────────────────────────────────────────────


def tokenizer_file(tokenizer: BertTokenizer) -> bytes:
    """What wordpiece.js needs to make the same ids: the vocabulary, and what the package takes for an accent, a mark and so on."""
    assert tokenizer.lowercase, "wordpiece.js always drops capitals and accents."
    tables = {"control": "CONTROL", "space": "SPACE", "chinese": "CHINESE", "decomposable": "DECOMPOSABLE", "accent": "ACCENT",
              "punctuation": "PUNCTUATION", "oddCapital": "ODD_CAPITAL"}
    characters = {name: for_javascript(getattr(normalization, table)) for name, table in tables.items()}
    return json.dumps({
        "tokens": tokenizer.tokens,
        "special": {"padding": PAD, "unknown": UNK, "first": CLS, "last": SEP, "mask": MASK},
        "longestWord": LONGEST_WORD,
        "characters": characters | {"special": for_javascript(SPECIAL)},
        "lowercase": {chr(capital): chr(letter) for capital, letter in normalization.LOWERCASE.items()},
    }).encode()


def for_javascript(pattern: re.Pattern) -> str:
    r"""The same pattern with the flags "gu": it differs in \U0001f600, which is \u{1f600} there."""
    return re.sub(r"\\U([0-9a-f]{8})", r"\\u{\1}", pattern.pattern)


# ── models ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class InWholeNumbers(nn.Module):
    """A matrix as whole numbers of 8 bits and a scale for each so many of them, made a matrix again where it is used.

    Shapes:
        (N, D) ↔ (N, D) int8 and (N, D / size)
    """

    def __init__(self, size: int):
        super().__init__()
        self.size = size

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        whole, scales = whole_numbers(weight.reshape(-1, self.size))
        return whole.view(weight.shape), scales.view(len(weight), -1)

    def forward(self, whole: Tensor, scales: Tensor) -> Tensor:
        return (whole.float().unflatten(1, (-1, self.size)) * scales[..., None]).flatten(1)


def in_whole_numbers(model: nn.Module, block: int | None = None) -> nn.Module:
    """Keep the matrices of a model as whole numbers; block: how many weights share a scale, None = those of a row."""
    model.requires_grad_(False)
    for part in list(model.modules()):
        if isinstance(part, nn.Linear | nn.Embedding):
            size = block or part.weight.size(1)
            parametrize.register_parametrization(part, "weight", InWholeNumbers(size), unsafe=True)     # unsafe: of another type
    return model


class SentenceReader(nn.Module):
    """One text, read by a model without heads.

    Shapes:
        ids (1, T) → the text's vector (D,), of length 1; maps (L, H, T, T)
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = WithMaps(model)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        (hidden, _), maps = self.model(ids)
        return F.normalize(mean_pooling(hidden, torch.ones_like(ids)), dim=-1)[0], torch.cat(maps)


class Filler(nn.Module):
    """One text with a [MASK].

    Shapes:
        ids (1, T), place (1,): where [MASK] stands → the probability of each token (V,)
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, place: Tensor) -> Tensor:
        hidden, _ = self.model.bert(ids)     # (1, T, D)
        return self.model.score_words(hidden[0].index_select(0, place))[0].softmax(dim=-1)


def sentences() -> dict[str, bytes]:
    model, tokenizer = load_pretrained()
    model.pooler = NoPooler()     # it was never trained
    reader = SentenceReader(in_whole_numbers(model, BLOCK)).eval()
    graph = exported(reader, tokenizer("A gem of a film."), ("vector", "maps"))
    return {"sentences.tokenizer": tokenizer_file(tokenizer), "sentences.model": graph}


def filler() -> dict[str, bytes]:
    """Its weights are whole numbers already, with a scale for each row, and stay the same."""
    model, tokenizer = mask_filler()
    graph = exported(Filler(in_whole_numbers(model)).eval(), tokenizer("A [MASK] of a film."), ("shares",), place=torch.tensor([2]))
    return {"filler.tokenizer": tokenizer_file(tokenizer), "filler.model": graph}


def exported(model: nn.Module, batch: dict[str, Tensor], outputs: tuple[str, ...], **others: Tensor) -> bytes:
    """The model in ONNX, for a text of any length: its first input is called ids."""
    others_fixed = ({} for _ in others)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")     # torch's own
        program = torch.onnx.export(
            model, (batch["input_ids"], *others.values()), input_names=["ids", *others], output_names=outputs, dynamo=True,
            dynamic_shapes=({1: Dim("tokens", min=2, max=512)}, *others_fixed), verbose=False)
        program.save(Path(folder, "model.onnx"))
        return Path(folder, "model.onnx").read_bytes()


# ── what is searched ─────────────────────────────────────────────────────────────────────────────────────────────────


def reviews() -> dict[str, bytes]:
    """The sentences, one a line; and their vectors: all the whole numbers, then what those of each are to be multiplied with."""
    texts = [review.text for review in movie_reviews()]
    assert not any("\n" in text for text in texts)
    whole, scales = whole_numbers(sentence_vectors(*load_pretrained(), texts))
    return {"reviews.text": "\n".join(texts).encode(), "reviews.vectors": whole.numpy().tobytes() + scales.numpy().tobytes()}


if __name__ == "__main__":
    main()
