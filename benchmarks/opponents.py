"""What else reads the same weights: each engine takes a batch (B, T) and gives hidden states (B, T, D).

Packages are imported where they are used: what is not installed is missing in the report by a line, and each child process that
measures memory loads only what it needs.
"""

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.texts import NAME, Batch, Setting, in_batches, reviews, short_rows
from bert_parts.checkpoint import find_checkpoint

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
CALIBRATING = 300     # reviews by which OpenVINO's int8 finds out how large values become

Forward = Callable[[Batch], Tensor | np.ndarray]


class Engine(NamedTuple):
    """What makes a forward pass, and whether it computes in float32."""

    make: Callable[[Setting], Forward]
    exact: bool = True


# ---------------------------------------------------------------- torch


def load_theirs(attention: str, kind: str = "BertModel", folder: Path | None = None) -> nn.Module:
    """A model of transformers, from the course's weights or from a folder."""
    import transformers

    made = getattr(transformers, kind).from_pretrained(folder or find_checkpoint(NAME), attn_implementation=attention,
                                                       local_files_only=True)
    return made.eval()


def transformers_in(attention: str) -> Callable[[Setting], Forward]:
    def make(setting: Setting) -> Forward:
        model = load_theirs(attention)

        @torch.inference_mode()
        def forward(batch: Batch) -> Tensor:
            return model(**batch).last_hidden_state

        return forward

    return make


def torch_encoder(setting: Setting) -> Forward:
    """torch.nn.TransformerEncoder under the embeddings of transformers. In eval mode and without gradients it takes its fast
    path: a fused kernel for each layer, and nested tensors, which hold no padding, where there is a mask."""
    model = load_theirs("sdpa")
    warnings.filterwarnings("ignore", message=".*nested tensors.*")
    encoder = nn.TransformerEncoder(_torch_layer(model.config), model.config.num_hidden_layers).eval()
    for layer, theirs in zip(encoder.layers, model.encoder.layer, strict=True):
        layer.load_state_dict(_as_torch_names_it(theirs.state_dict()))

    @torch.inference_mode()
    def forward(batch: Batch) -> Tensor:
        hidden = model.embeddings(batch["input_ids"], batch["token_type_ids"])
        padding = batch["attention_mask"] == 0
        return encoder(hidden, src_key_padding_mask=padding if padding.any() else None)

    return forward


def _torch_layer(config) -> nn.Module:
    return nn.TransformerEncoderLayer(config.hidden_size, config.num_attention_heads, config.intermediate_size, activation="gelu",
                                      layer_norm_eps=config.layer_norm_eps, batch_first=True)


def _as_torch_names_it(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a layer, with those for queries, keys and values in one matrix."""
    same = {"attention.output.dense": "self_attn.out_proj", "attention.output.LayerNorm": "norm1", "intermediate.dense": "linear1",
            "output.dense": "linear2", "output.LayerNorm": "norm2"}
    made = {f"{new}.{kind}": weights[f"{old}.{kind}"] for old, new in same.items() for kind in ("weight", "bias")}
    for kind in ("weight", "bias"):
        parts = [weights[f"attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
        made[f"self_attn.in_proj_{kind}"] = torch.cat(parts)
    return made


# ---------------------------------------------------------------- exported


class _Hidden(nn.Module):
    """What is exported: three tensors in, one out."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder that is filled if it is not there; it is there only when that has come to its end."""
    if not folder.exists():
        unfinished = folder.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make(unfinished)
        unfinished.rename(folder)
    return folder


def _example() -> Batch:
    return in_batches(short_rows(reviews(3)), 3).batches[0]


def onnx_file(setting: Setting) -> Path:
    """Attention as transformers spells it out ("eager") is what ONNX Runtime knows to fuse into one operator."""
    def export(folder: Path):
        warnings.simplefilter("ignore")     # this exporter is the older one, whose graph ONNX Runtime fuses best
        sizes = {name: {0: "batch", 1: "tokens"} for name in INPUTS}
        torch.onnx.export(_Hidden(load_theirs("eager")), tuple(_example()[name] for name in INPUTS), folder / "model.onnx",
                          input_names=list(INPUTS), output_names=["hidden"], dynamic_axes=sizes, opset_version=17, dynamo=False)

    return once(setting.folder / "onnx", export) / "model.onnx"


def onnx_int8_file(setting: Setting) -> Path:
    """Weights in whole numbers beforehand, one scale for each column, and what they are multiplied with when it comes by."""
    def quantize(folder: Path):
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(onnx_file(setting), folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True)

    return once(setting.folder / "onnx_int8", quantize) / "model.onnx"


def onnx_runtime(file: Callable[[Setting], Path]) -> Callable[[Setting], Forward]:
    def make(setting: Setting) -> Forward:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = setting.threads, 1
        session = onnxruntime.InferenceSession(file(setting), options, providers=["CPUExecutionProvider"])

        def forward(batch: Batch) -> np.ndarray:
            return session.run(None, {name: batch[name].numpy() for name in INPUTS})[0]

        return forward

    return make


def openvino_file(setting: Setting) -> Path:
    def export(folder: Path):
        import openvino

        warnings.simplefilter("ignore")
        made = openvino.convert_model(_Hidden(load_theirs("sdpa")), example_input=_example())
        openvino.save_model(made, folder / "model.xml", compress_to_fp16=False)

    return once(setting.folder / "openvino", export) / "model.xml"


def openvino_int8_file(setting: Setting) -> Path:
    """Weights and what they are multiplied with in whole numbers, whose scales are found on reviews beforehand."""
    def quantize(folder: Path):
        import nncf
        import openvino

        texts = in_batches(short_rows(reviews(CALIBRATING)), 1).batches
        found = nncf.Dataset([{name: batch[name].numpy() for name in INPUTS} for batch in texts])
        made = nncf.quantize(openvino.Core().read_model(openvino_file(setting)), found, model_type=nncf.ModelType.TRANSFORMER,
                             subset_size=CALIBRATING)
        openvino.save_model(made, folder / "model.xml")

    return once(setting.folder / "openvino_int8", quantize) / "model.xml"


def openvino_runtime(file: Callable[[Setting], Path]) -> Callable[[Setting], Forward]:
    def make(setting: Setting) -> Forward:
        import openvino

        compiled = openvino.Core().compile_model(file(setting), "CPU", {     # unless told, it may compute in bfloat16
            "INFERENCE_NUM_THREADS": setting.threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"})

        def forward(batch: Batch) -> np.ndarray:
            return compiled({name: batch[name].numpy() for name in INPUTS})[0]

        return forward

    return make


EXPORTED = {
    "ONNX Runtime": Engine(onnx_runtime(onnx_file)),
    "ONNX Runtime, int8": Engine(onnx_runtime(onnx_int8_file), exact=False),
    "OpenVINO": Engine(openvino_runtime(openvino_file)),
    "OpenVINO, int8": Engine(openvino_runtime(openvino_int8_file), exact=False),
}
ENGINES = {     # the first one's numbers are what the others must give
    "transformers, SDPA": Engine(transformers_in("sdpa")),
    "transformers, eager": Engine(transformers_in("eager")),
    "torch.nn.TransformerEncoder": Engine(torch_encoder),
    **EXPORTED,
}
