"""What stood in the same contexts is added to the scores as well, and not only mixed in: a token must suit both."""

from torch import nn

from speedrun.clock import Clock
from speedrun.contexts import TWENTY_SEVEN
from speedrun.encoder import Sizes
from speedrun.mixing import Reading, mixed
from speedrun.product import Product
from speedrun.swift import thrifty
from speedrun.text import Text

BY = "bert_parts, 2026-11-30"


def train(text: Text, clock: Clock, seed: int) -> nn.Module:
    with thrifty():
        return mixed(text, clock, seed, Reading(length=125, batch_size=32, last_rate=0.15), Sizes(), 3, TWENTY_SEVEN, Product)
