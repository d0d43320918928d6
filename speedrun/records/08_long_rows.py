"""Rows as long as those of the questions, 125 tokens, and 32 in a step."""

from torch import nn

from speedrun.clock import Clock
from speedrun.contexts import TWENTY_SEVEN
from speedrun.encoder import Sizes
from speedrun.mixing import Reading, mixed
from speedrun.text import Text

BY = "bert_parts, 2026-11-29"


def train(text: Text, clock: Clock, seed: int) -> nn.Module:
    return mixed(text, clock, seed, Reading(length=125, batch_size=32), Sizes(), reach=3, contexts=TWENTY_SEVEN)
