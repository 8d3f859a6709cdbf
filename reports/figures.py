"""What promises' tests have counted with two pins: which figures have grown."""

from collections.abc import Iterator
from dataclasses import dataclass

from reports.failure import Case

BUDGET = 1.2
"""What is counted is the same in each run: what grows by more is no noise."""


@dataclass(frozen=True)
class Growth:
    figure: str
    old: float
    new: float

    def __str__(self) -> str:
        times = f", {self.new / self.old:.2f} times" if self.old else ""
        return f"{self.figure}: {self.old:,.0f} -> {self.new:,.0f}{times}"


def grown(old: Case | None, new: Case | None) -> Iterator[Growth]:
    """Of the figures that both have."""
    if old and new:
        for name in sorted(old.figures.keys() & new.figures.keys()):
            growth = Growth(name, old.figures[name], new.figures[name])
            if growth.new > BUDGET * growth.old:
                yield growth
