"""Which step to try next, in order to find the first one that is unlike those before it."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol


class Side(Enum):
    """On which side of the change a step is."""

    BEFORE = "before"
    SINCE = "since"
    UNKNOWN = "unknown"


class Search(Protocol):
    """Of its steps the oldest is before the change, and the newest is not."""

    def next(self) -> str | None:
        """The step whose answer says most; None if nothing is left that could be tried."""

    def book(self, step: str, side: Side) -> None: ...

    def candidates(self) -> list[str]:
        """Those of which one is the first; the oldest is named first."""

    def preceding(self, step: str) -> list[str]:
        """Directly before it."""


class Line:
    """Steps one after another, as releases are."""

    def __init__(self, steps: Sequence[str]) -> None:
        self._steps = list(steps)
        self._before = 0
        self._since = len(self._steps) - 1
        self._unknown: set[str] = set()

    def next(self) -> str | None:
        """The median of what can be tried: each answer leaves half of it, and a skip one less."""
        left = [step for step in self.candidates()[:-1] if step not in self._unknown]
        return left[(len(left) - 1) // 2] if left else None

    def book(self, step: str, side: Side) -> None:
        match side:
            case Side.BEFORE:
                self._before = self._steps.index(step)
            case Side.SINCE:
                self._since = self._steps.index(step)
            case Side.UNKNOWN:
                self._unknown.add(step)

    def candidates(self) -> list[str]:
        return self._steps[self._before + 1 : self._since + 1]

    def preceding(self, step: str) -> list[str]:
        place = self._steps.index(step)
        return self._steps[place - 1 : place] if place else []
