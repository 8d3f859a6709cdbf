"""What a bisection has found: the first that breaks a promise, or that keeps it again."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from reports.answer import cut, details, names
from reports.comment import printable
from reports.comparison import Row
from reports.row_json import row_as_json

_LISTED = 20


class Status(IntEnum):
    """As the exit status; 1 is left to crashes, so that no script takes one for an answer."""

    FOUND = 0
    NARROWED = 2
    COULD_NOT_JUDGE = 3


VERDICTS = {
    Status.FOUND: "found",
    Status.NARROWED: "narrowed",
    Status.COULD_NOT_JUDGE: "could not judge",
}


class Standing(StrEnum):
    KEPT = "kept"
    BROKEN = "broken"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Place:
    """A release or a commit."""

    name: str
    pin: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    place: Place
    standing: Standing
    reason: str = ""
    records: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Bisected:
    good: str
    bad: str
    repaired: bool = False
    """Whether what is sought keeps what all before it break."""

    steps: tuple[Step, ...] = ()
    """In the order in which they were tried: first GOOD and BAD themselves."""

    candidates: tuple[Place, ...] = ()
    before: Place | None = None
    rows: tuple[Row, ...] = ()
    """`old` is the last or first that keeps it, `new` the neighbour that breaks it."""

    trouble: str = ""
    selection: str = ""

    @property
    def status(self) -> Status:
        if self.trouble or not self.candidates:
            return Status.COULD_NOT_JUDGE
        return Status.FOUND if len(self.candidates) == 1 else Status.NARROWED

    @property
    def sought(self) -> str:
        return "first good" if self.repaired else "first bad"

    @property
    def headline(self) -> str:
        if self.status is Status.COULD_NOT_JUDGE:
            where = f"between {self.good} and {self.bad}"
            return f"Could not find the {self.sought} {where}: {self.trouble}"
        what = names(list(self.rows))
        does, did = ("keeps", "breaks") if self.repaired else ("breaks", "keeps")
        if self.status is Status.NARROWED:
            untried = len(self.candidates) - 1
            return (
                f"The {self.sought} is one of {len(self.candidates)}: {self._named()}. The last of "
                f"them {does} {what}; the other{'s' if untried > 1 else ''} could not be tried."
            )
        before = f", which {self.before.name} {did}" if self.before else ""
        return f"{self.sought.capitalize()}: {self.candidates[0].name}. It {does} {what}{before}."

    @property
    def extent(self) -> str:
        """How much work it was."""
        between = self.steps[2:]
        skipped = sum(step.standing is Standing.SKIPPED for step in between)
        runs = sum(len(step.records) for step in self.steps)
        skips = f", {skipped} of them skipped" if skipped else ""
        return f"{len(between)} step{_s(len(between))} between GOOD and BAD{skips}; {runs} runs"

    def as_json(self) -> dict[str, Any]:
        return {
            "status": int(self.status),
            "verdict": VERDICTS[self.status],
            "headline": self.headline,
            "sought": self.sought,
            "good": self.good,
            "bad": self.bad,
            "selection": self.selection,
            "candidates": [asdict(place) for place in self.candidates],
            "before": asdict(self.before) if self.before else None,
            "extent": self.extent,
            "steps": [_step_as_json(step) for step in self.steps],
            "promises": [row_as_json(row) for row in self.rows],
        }

    def _named(self) -> str:
        shown = [place.name for place in self.candidates[:_LISTED]]
        more = len(self.candidates) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")


def terminal(found: Bisected) -> str:
    return printable("\n".join([found.headline, *_told(found)]))


def _told(found: Bisected) -> Iterator[str]:
    if found.status is Status.FOUND:
        yield from (f"  {f'{n}:':<9} {value}" for n, value in found.candidates[0].facts.items())
    for row in found.rows:
        yield f"\n{row.promise} {row.level}, lane {row.lane}"
        yield from (f"  {line}" for line in details(row, ("GOOD", "BAD")))
    if found.steps:
        yield f"\n{found.extent}"
    yield from (f"  {_line(step)}" for step in found.steps)
    if found.selection:
        yield f"\nselected: {found.selection}"


def _line(step: Step) -> str:
    subject = step.place.facts.get("subject", "")
    named = f"{step.standing:<8} {step.place.name} {cut(subject)}".rstrip()
    reason = f": {cut(step.reason)}" if step.reason else ""
    record = f" ({step.records[0]})" if step.records else ""
    return f"{named}{reason}{record}"


def _step_as_json(step: Step) -> dict[str, Any]:
    return {
        **asdict(step.place),
        "standing": str(step.standing),
        "reason": step.reason,
        "records": [str(record) for record in step.records],
    }


def _s(count: int) -> str:
    return "" if count == 1 else "s"
