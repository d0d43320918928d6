"""Ten minutes on two cores, by a clock that other work on the machine does not move."""

import os
from collections.abc import Iterator

from tqdm import tqdm

BUDGET = 1200.0     # seconds of processor time: ten minutes of two cores


def processor_seconds() -> float:
    """What this process and its ended children have had of all processors together, in seconds."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


class Clock:
    """It runs from the moment at which it is made.

    Args:
        budget: seconds of processor time.
    """

    def __init__(self, budget: float = BUDGET):
        self.budget = budget
        self.began = processor_seconds()

    def share(self) -> float:
        """How much of the budget is spent: 0 at the beginning, 1 or a little more at the end."""
        return (processor_seconds() - self.began) / self.budget

    def steps(self) -> Iterator[float]:
        """The share that is spent, once for each step, as long as there is time."""
        with tqdm(total=round(self.budget), unit="s", desc="processor time") as bar:
            while (share := self.share()) < 1:
                bar.update(int(share * self.budget) - bar.n)
                yield share
            bar.update(bar.total - bar.n)
