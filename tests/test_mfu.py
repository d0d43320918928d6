"""How the use of a device is reckoned, against torch's own counter."""

import re

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import mfu
from bert_parts import BertConfig, BertForMaskedLM


@pytest.mark.parametrize(("rows", "length", "asked"), [(3, 10, 2), (2, 7, 7)])
def test_operations_against_torch(rows, length, asked):
    """It counts the products of a step, forwards and backwards, as they are made."""
    config = BertConfig(vocab_size=70, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                        max_position_embeddings=10)
    model, places = BertForMaskedLM(config), torch.arange(asked).expand(rows, -1)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):     # others make products anew on the way back
        mfu.loss_of(model.bert)(model, (torch.randint(1, 70, (rows, length)), places, places)).backward()
    assert mfu.step_flops(config, rows, length, asked) == counter.get_total_flops()


def test_peaks_by_the_names_of_devices():
    names = {"NVIDIA A100-SXM4-80GB": 312, "NVIDIA H100 80GB HBM3": 989, "NVIDIA H100 PCIe": 756, "NVIDIA H200": 989,
             "NVIDIA L4": 121, "NVIDIA L40S": None, "NVIDIA H100 NVL": None, "NVIDIA H100 80GB HBM3 MIG 1g.10gb": None, "cpu": None}
    assert {name: mfu.peak_of(name) for name in names} == names


def test_a_device_that_is_not_there_is_told_in_one_sentence(capsys):
    assert mfu.main(["--device", "gpu"]) == 1
    assert capsys.readouterr().err.startswith("The device is 'gpu', and torch finds ")


def test_a_small_training_on_the_cpu(capsys):
    mfu.main("--layers 1 --width 64 --length 16 --batch 2 --steps 3 --device cpu --peak 1".split())
    told = re.fullmatch(r"cpu, float32: ([\d,]+) tokens/s, ([\d.]+) ms a step, (\S+) TFLOP/s \(([\d.]+)% of 1 TFLOP/s\)\n",
                        capsys.readouterr().out)
    tokens, milliseconds, reached, share = (float(each.replace(",", "")) for each in told.groups())
    assert tokens == pytest.approx(32_000 / milliseconds, rel=0.02) and share == pytest.approx(100 * reached, abs=0.06)
    config = BertConfig(num_hidden_layers=1, hidden_size=64, intermediate_size=256, num_attention_heads=1)
    assert reached == pytest.approx(mfu.step_flops(config, 2, 16, 2) / milliseconds / 1e9, rel=0.02)
