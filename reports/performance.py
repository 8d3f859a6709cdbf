"""What two pins cost, measured in turns: ratios with their spread, and which have surely grown."""

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

FEWEST, MOST = 5, 11
"""Pairs: so many at least, and so many until a figure is believed to have grown."""

LEVEL = 1 / 32
"""At most so often does the median lie below an interval by chance, and so often above."""

BUDGET = 1.25

type Sample = Mapping[str, float]
"""What one process has shown, by the names of the figures."""


class Reading(StrEnum):
    COSTLIER = "more costly"
    UNSURE = "could not tell"
    WITHIN = "within the budget"


class NoSample(ValueError):
    """The message says which figure can't have been measured like that."""


@dataclass(frozen=True)
class Figure:
    name: str
    unit: str
    falling: bool = False
    """Whether less is worse."""

    exact: bool = False
    """Counted and the same each time, so that one more is no noise."""

    def ratio(self, old: float, new: float) -> float:
        """How many times worse."""
        return old / new if self.falling else new / old

    def refuse_unless_measured(self, value: float) -> None:
        """What takes no time or is no number has not been measured."""
        if not (value >= 0 if self.exact else value > 0) or math.isinf(value):
            raise NoSample(f"{self.name} can't be {value:g} {self.unit}".rstrip())


FIGURES = (
    Figure("start-up", "s"),
    Figure("cold first token", "s"),
    Figure("warm first token", "s"),
    Figure("decoding", "tokens/s", falling=True),
    Figure("weight swap", "s"),
    Figure("GRPO step", "s"),
    Figure("peak memory of the host", "MB"),
    Figure("arrays on devices", "MB"),
    Figure("programs compiled", "", exact=True),
    Figure("programs compiled later", "", exact=True),
)


def checked(sample: Sample) -> Sample:
    """As it was given, if each figure in it can have been measured."""
    for figure in FIGURES:
        if figure.name in sample:
            figure.refuse_unless_measured(sample[figure.name])
    return sample


def chance(pairs: int, below: int) -> float:
    """That at most so many of fair coins fall on one side: exact, whatever the noise is like."""
    return math.fsum(math.comb(pairs, count) / 2**pairs for count in range(below + 1))


def outliers(pairs: int) -> int:
    """How many of the lowest ratios, and of the highest, an interval for the median leaves out."""
    if chance(pairs, 0) > LEVEL:
        raise ValueError(f"{pairs} pairs are too few for an interval; {FEWEST} are the fewest.")
    return max(count for count in range(pairs) if chance(pairs, count) <= LEVEL)


@dataclass(frozen=True)
class Comparison:
    """One figure with both pins, pair by pair."""

    figure: Figure
    old: tuple[float, ...]
    new: tuple[float, ...]
    budget: float = BUDGET

    @cached_property
    def ratios(self) -> tuple[float, ...]:
        """How many times worse NEW was in each pair; none where OLD has nothing to count."""
        if not all(self.old):
            return ()
        return tuple(map(self.figure.ratio, self.old, self.new))

    @property
    def ratio(self) -> float | None:
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the median of all such ratios is, however they may be scattered."""
        if self.figure.exact or len(self.ratios) < FEWEST:
            return None
        left_out = outliers(len(self.ratios))
        ordered = sorted(self.ratios)
        return ordered[left_out], ordered[-1 - left_out]

    @property
    def reading(self) -> Reading:
        if len(self.old) < FEWEST:
            return Reading.UNSURE
        if self.figure.exact:
            return self._counted()
        if self._over >= MOST - outliers(MOST):
            return Reading.COSTLIER
        within = self.interval is not None and self.interval[1] <= self.budget
        return Reading.WITHIN if within else Reading.UNSURE

    @property
    def open(self) -> bool:
        """Whether further pairs may still show that it has grown."""
        if self.figure.exact or self.reading is Reading.COSTLIER:
            return False
        return len(self.ratios) - self._over <= outliers(MOST)

    @property
    def _over(self) -> int:
        return sum(ratio > self.budget for ratio in self.ratios)

    def _counted(self) -> Reading:
        if min(self.new) > max(self.old):
            return Reading.COSTLIER
        return Reading.UNSURE if max(self.new) > max(self.old) else Reading.WITHIN


@dataclass(frozen=True)
class Performance:
    """Of two pins on one machine: `old[n]` and `new[n]` were measured one after the other."""

    old: tuple[Sample, ...] = ()
    new: tuple[Sample, ...] = ()
    budget: float = BUDGET
    trouble: str = ""
    """Why not all could be measured."""

    file: Path | None = None
    """Where the samples go."""

    def with_pair(self, old: Sample, new: Sample) -> "Performance":
        return replace(self, old=(*self.old, old), new=(*self.new, new))

    @property
    def pairs(self) -> int:
        return len(self.old)

    @property
    def samples(self) -> str:
        return str(self.file) if self.file and self.pairs else ""

    @property
    def open(self) -> bool:
        if self.pairs < FEWEST:
            return True
        return self.pairs < MOST and any(each.open for each in self.comparisons)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Of the figures that both pins have shown each time; none of too few pairs."""
        return tuple(self._compared()) if self.pairs >= FEWEST else ()

    @property
    def unmeasured(self) -> tuple[str, ...]:
        compared = {each.figure for each in self.comparisons}
        return tuple(figure.name for figure in FIGURES if figure not in compared)

    @property
    def costlier(self) -> tuple[Comparison, ...]:
        return tuple(each for each in self.comparisons if each.reading is Reading.COSTLIER)

    def as_json(self) -> dict[str, Any]:
        return {
            "budget": self.budget,
            "pairs": self.pairs,
            "trouble": self.trouble,
            "samples": self.samples,
            "figures": [_as_json(each) for each in self.comparisons],
            "unmeasured": list(self.unmeasured),
        }

    def _compared(self) -> Iterator[Comparison]:
        for figure in FIGURES:
            if all(figure.name in sample for sample in (*self.old, *self.new)):
                old = tuple(sample[figure.name] for sample in self.old)
                new = tuple(sample[figure.name] for sample in self.new)
                yield Comparison(figure, old, new, self.budget)


def _as_json(compared: Comparison) -> dict[str, Any]:
    return {
        "figure": compared.figure.name,
        "unit": compared.figure.unit,
        "old": statistics.median(compared.old),
        "new": statistics.median(compared.new),
        "ratio": compared.ratio,
        "interval": compared.interval,
        "reading": str(compared.reading),
    }
