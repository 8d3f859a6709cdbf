"""The gate's answer: may the pin move? In words that need no other page, and as JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from reports.cause import shared
from reports.comparison import SEEN_WITH_NEW, WORSE, Outcome, Row, Sightings, Status
from reports.failure import Case
from reports.model import Level, Verdict
from reports.performance import Performance
from reports.performance_pages import grown
from reports.row_json import row_as_json

TOLD = WORSE | {Outcome.KNOWN_BREAK, Outcome.COULD_NOT_JUDGE}
"""Outcomes that are told with all that is needed to look into them."""

UNCHANGED = frozenset({Outcome.KEPT, Outcome.NOT_TRIED})
VERDICTS = {
    Status.MAY_MOVE: "may move",
    Status.MUST_NOT_MOVE: "must not move",
    Status.SHOULD_NOT_MOVE: "should not move",
    Status.COULD_NOT_JUDGE: "could not judge",
}
STACK = ("sglang-jax", "jax", "jaxlib", "libtpu", "flax", "google-tunix")
_LONGEST = 500
_NAMED = 6
_QUOTED = 3


@dataclass(frozen=True)
class Answer:
    status: Status
    old: str
    new: str
    rows: tuple[Row, ...] = ()
    trouble: str = ""
    """Why nothing could be judged, or nothing of some part."""

    selection: str = ""
    records: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    packages: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """In which versions the pins differ."""

    quick_of: int = 0
    """How many promises there are, where one of each area was asked for."""

    performance: Performance | None = None
    """None where nobody asked what the pins cost."""

    @property
    def headline(self) -> str:
        move = f"from {self.old} to {self.new}"
        if self.status is Status.COULD_NOT_JUDGE:
            return f"Could not judge the move {move}: {self._why_not_judged()}"
        if self.status is Status.MAY_MOVE:
            return f"May move {move}: {self._why_it_may()}"
        verdict = VERDICTS[self.status].capitalize()
        lost = "; ".join([*self._losses(), *self._accepted_losses()])
        return f"{verdict} {move}: {lost}{self._shortness('; ')}."

    @property
    def accepted(self) -> str:
        """What the ledger excuses is no obstacle, but nobody shall move without having read it."""
        known = self._with(Outcome.KNOWN_BREAK)
        if not known:
            return ""
        verb = "is" if len(known) == 1 else "are"
        return (
            f"With {self.new} {_promises(known)} {verb} broken as the ledger has accepted: "
            f"{names(known)}."
        )

    @property
    def cause(self) -> str:
        """What most losses have in common, so that nobody has to read them one by one."""
        lost = self._with(*WORSE, Outcome.COULD_NOT_JUDGE)
        words, number = shared(lost)
        return f"{number} of these {len(lost)} have one cause: {cut(words)}" if words else ""

    @property
    def notes(self) -> list[str]:
        """What is to be read at once, after the headline."""
        return [words for words in (self.cause, self.accepted) if words]

    @property
    def outdated(self) -> str:
        """What the ledger says is broken, though it is kept."""
        kept = [row for row in self.rows if Verdict.FIXED in row.new.verdicts]
        return f"the ledger is wrong, {self.new} keeps {names(kept)}: remove that" if kept else ""

    @property
    def changes(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.outcome not in UNCHANGED)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(row.outcome for row in self.rows)
        return {str(outcome): found[outcome] for outcome in Outcome if found[outcome]}

    def as_json(self) -> dict[str, Any]:
        return {
            "status": int(self.status),
            "verdict": VERDICTS[self.status],
            "headline": self.headline,
            "cause": self.cause,
            "accepted": self.accepted,
            "old": {"pin": self.old, "records": self._records("old")},
            "new": {"pin": self.new, "records": self._records("new")},
            "packages": {name: list(versions) for name, versions in self.packages.items()},
            "selection": self.selection,
            "quick_of": self.quick_of,
            "counts": self.counts,
            "performance": self.performance.as_json() if self.performance else None,
            "promises": [row_as_json(row) for row in self.rows],
        }

    def _records(self, side: str) -> list[str]:
        return [str(directory) for directory in self.records.get(side, ())]

    def _with(self, *outcomes: Outcome) -> list[Row]:
        return [row for row in self.rows if row.outcome in outcomes]

    def _why_not_judged(self) -> str:
        if self.trouble:
            return self.trouble
        if rows := self._with(Outcome.COULD_NOT_JUDGE):
            return f"{_promises(rows)} could be tried with neither pin: {names(rows)}."
        return "nothing was tried with the new pin."

    def _why_it_may(self) -> str:
        if losses := "; ".join(self._losses()):
            allowed = f"{losses}, which --allow-should allows"
            told = "; ".join([allowed, *self._accepted_losses()])
            return f"{told}{self._shortness('; ')}."
        kept = self._lost_and_accepted
        but = f" but {_quoted(kept)}, as the ledger has accepted" if kept else ""
        tried = sum(row.outcome in SEEN_WITH_NEW for row in self.rows)
        untried = len(self._with(Outcome.NOT_TRIED))
        elsewhere = f", {untried} can't be tried on this machine" if untried else ""
        extent = f"{tried} tried with {self.new}{elsewhere}{self._shortness(', ')}"
        return f"nothing that {self.old} keeps is lost{but} ({extent})."

    def _shortness(self, before: str) -> str:
        """Who takes a quick look shall not take it for the whole."""
        seen = len({row.promise for row in self._with(*SEEN_WITH_NEW)})
        few = f"{before}--quick: no more than {seen} of {self.quick_of} promises"
        return few if self.quick_of else ""

    @property
    def _lost_and_accepted(self) -> list[Row]:
        return [row for row in self._with(Outcome.KNOWN_BREAK) if row.old.kept]

    def _accepted_losses(self) -> Iterable[str]:
        if kept := self._lost_and_accepted:
            yield f"lost as the ledger has accepted: {_quoted(kept)}"

    def _losses(self) -> Iterable[str]:
        for outcome in (outcome for outcome in Outcome if outcome in WORSE):
            for level in Level:
                if rows := [row for row in self._with(outcome) if row.level is level]:
                    verb = "is" if len(rows) == 1 else "are"
                    yield f"{len(rows)} {level}{_s(rows)} {verb} {outcome} ({names(rows)})"
        if self.performance and self.performance.costlier:
            yield f"{self.new} costs more ({grown(self.performance)})"


def sequence(sightings: Sightings) -> str:
    """Such as `pass, fail x3`."""
    runs = [(verdict, len(list(same))) for verdict, same in groupby(sightings.verdicts)]
    return ", ".join(f"{v} x{n}" if n > 1 else str(v) for v, n in runs) or "no verdict"


def names(rows: list[Row]) -> str:
    return ", ".join([*map(_name, rows[:_NAMED]), *_more(rows, _NAMED)])


def _quoted(rows: list[Row]) -> str:
    """In the words of the promises, those first that MUST be kept."""
    gravest = sorted(rows, key=lambda row: row.level is not Level.MUST)[:_QUOTED]
    told = [f"{_name(row)} ({row.sentence.rstrip('.')})" for row in gravest]
    return ", ".join([*told, *_more(rows, _QUOTED)])


def _name(row: Row) -> str:
    return f"{row.promise} in lane {row.lane}"


def _more(rows: list[Row], shown: int) -> list[str]:
    return [f"{len(rows) - shown} more"] if len(rows) > shown else []


def moved(packages: Mapping[str, tuple[str, str]]) -> str:
    """The stack's own packages by name, the others by their number."""
    stack = [f"{name} {' -> '.join(packages[name])}" for name in STACK if name in packages]
    others = len(packages) - len(stack)
    return ", ".join([*stack, *([f"{others} others"] if others else [])])


def details(row: Row, sides: tuple[str, str] = ("OLD", "NEW")) -> list[str]:
    """What one needs to look into a difference, line by line."""
    new, old = row.new.telling, row.old.telling
    shown = row.telling
    verdicts = zip((sequence(row.old), sequence(row.new)), sides, strict=True)
    return [
        f"{name + ':':<10} {value}"
        for name, value in (
            ("promise", row.sentence),
            ("verdicts", "; ".join(f"{seen} with {side}" for seen, side in verdicts)),
            ("ledger", _ledger(row)),
            ("observed", cut(_observed(shown))),
            ("required", cut(shown.required if shown else "")),
            ("grown", "; ".join(map(str, row.growth))),
            ("evidence", shown.evidence_file if shown else ""),
            (sides[0], old.reproduce if old else ""),
            (sides[1], new.reproduce if new else ""),
        )
        if value
    ]


def cut(words: object) -> str:
    text = " ".join(str(words).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _ledger(row: Row) -> str:
    entry = row.new.telling.ledger if row.new.telling else {}
    return f"{cut(entry['reason'])} ({entry.get('link', '')})" if "reason" in entry else ""


def _observed(case: Case | None) -> str:
    """The reason of what is known is the ledger's, and told there."""
    if case is None or (case.verdict is Verdict.KNOWN and not case.evidence):
        return ""
    return case.observed


def _promises(rows: list[Row]) -> str:
    return f"{len(rows)} promise{_s(rows)}"


def _s(rows: list[Row]) -> str:
    return "" if len(rows) == 1 else "s"
