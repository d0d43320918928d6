"""Rotary positions in place of the waves and the nudge; layers without biases."""

from torch import nn

from speedrun.clock import Clock
from speedrun.encoder import Sizes
from speedrun.loop import Settings
from speedrun.recipes import plain
from speedrun.text import Text

BY = "bert_parts, 2026-11-29"


def train(text: Text, clock: Clock, seed: int) -> nn.Module:
    return plain(text, clock, seed, Settings(), Sizes())
