"""Twenty-seven contexts: all choices of the two tokens before and the two after, and some with a third."""

from torch import nn

from speedrun.clock import Clock
from speedrun.contexts import TWENTY_SEVEN
from speedrun.encoder import Sizes
from speedrun.mixing import Reading, mixed
from speedrun.text import Text

BY = "bert_parts, 2026-11-29"


def train(text: Text, clock: Clock, seed: int) -> nn.Module:
    return mixed(text, clock, seed, Reading(), Sizes(), reach=3, contexts=TWENTY_SEVEN)
