"""Counts of the tokens up to three places away."""

from torch import nn

from speedrun.clock import Clock
from speedrun.encoder import Sizes
from speedrun.loop import Settings
from speedrun.recipes import with_neighbours
from speedrun.text import Text

BY = "bert_parts, 2026-11-29"


def train(text: Text, clock: Clock, seed: int) -> nn.Module:
    return with_neighbours(text, clock, seed, Settings(only_masks=True), Sizes(), reach=3)
