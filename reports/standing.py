"""How a promise stands in a lane with a pin, in the eyes of all runs that have seen it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reports.comparison import Sightings
from reports.failure import Case
from reports.model import Level, Verdict
from reports.stored import Stored

GRAVITY = (
    Verdict.NOT_RUN,
    Verdict.PASS,
    Verdict.KNOWN,
    Verdict.FIXED,
    Verdict.BLOCKED,
    Verdict.HANG,
    Verdict.CRASH,
    Verdict.FAIL,
    Verdict.FLAKY,
)
"""The gravest verdict is the one that stands: what was broken anywhere is not kept."""

_ENDED_BY_ITSELF = frozenset({0, 1})


@dataclass(frozen=True)
class Run:
    stored: Stored
    pin: str
    """The pin's name; unlike those of pins that have other packages."""

    @property
    def name(self) -> str:
        return self.stored.directory.name or str(self.stored.directory)

    @property
    def trouble(self) -> str:
        """Why this record is not the whole of its run, or not all that went wrong there."""
        status = self.stored.exit_status
        if self.stored.environment is None:
            return f"The run {self.name} never began."
        if status is None:
            return f"The run {self.name} was killed: what it had not tried yet is not judged."
        if status not in _ENDED_BY_ITSELF:
            return f"The run {self.name} ended early, with status {status}: it has not tried all."
        green = all(case.verdict.green for case in self._tried())
        if status and green and not self.stored.missed:
            return f"The run {self.name} ended red, though no promise says why: read its output."
        return ""

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.stored.environment or {}

    @property
    def suite(self) -> str:
        suite = self.facts.get("suite") or {}
        commit = str(suite.get("commit") or "no commit")[:12]
        return f"{commit} with changes" if suite.get("dirty") else commit

    def _tried(self) -> Iterable[Case]:
        return (case for case in self.stored.cases.values() if case.verdict is not Verdict.NOT_RUN)


@dataclass(frozen=True)
class Sighting:
    """What one run made of one promise."""

    run: Run
    case: Case

    @property
    def verdict(self) -> Verdict:
        return self.case.verdict

    @property
    def seconds(self) -> float:
        return self.run.stored.seconds.get(self.case.nodeid, 0)


@dataclass(frozen=True)
class Standing:
    """How one promise stands in one lane with one pin."""

    pin: str
    sightings: tuple[Sighting, ...]
    """The oldest first."""

    @property
    def promise(self) -> str:
        return self.telling.case.promise

    @property
    def area(self) -> str:
        return self.promise.rpartition("-")[0]

    @property
    def lane(self) -> str:
        return self.telling.case.lane

    @property
    def sentence(self) -> str:
        return next((s.case.sentence for s in self.sightings if s.case.sentence), "")

    @property
    def level(self) -> Level:
        """Where nobody says it, nothing is made light of."""
        should = any(each.case.level == Level.SHOULD for each in self.sightings)
        return Level.SHOULD if should else Level.MUST

    @cached_property
    def telling(self) -> Sighting:
        """The newest of the gravest: when it was tried elsewhere, `not-run` says nothing."""
        weight = {verdict: number for number, verdict in enumerate(GRAVITY)}
        return max(reversed(self.sightings), key=lambda each: weight[each.verdict])

    @cached_property
    def verdict(self) -> Verdict:
        """Never green if records contradict each other, unless the ledger says just that."""
        if self.contradictory:
            return Verdict.KNOWN if self._now_and_then else Verdict.FLAKY
        return self.telling.verdict

    @property
    def contradictory(self) -> bool:
        return self._together.kept and self._together.broken

    @property
    def missed(self) -> bool:
        """Required, and tried in none of the runs."""
        required = any(each.case.nodeid in each.run.stored.missed for each in self.sightings)
        return self.verdict is Verdict.NOT_RUN and required

    @property
    def needs_attention(self) -> bool:
        return self.missed or not (self.verdict.green or self.verdict is Verdict.NOT_RUN)

    @property
    def seconds(self) -> float:
        """Of the newest run that has tried it."""
        tried = [each for each in self.sightings if each.verdict is not Verdict.NOT_RUN]
        return tried[-1].seconds if tried else 0

    @property
    def _together(self) -> Sightings:
        return Sightings(tuple(each.case for each in self.sightings))

    @property
    def _now_and_then(self) -> bool:
        """Only an entry that allows for passes leaves a kept promise its `pass`."""
        quiet = {Verdict.KNOWN, Verdict.NOT_RUN}
        return all(
            each.verdict in quiet or (each.verdict is Verdict.PASS and "reason" in each.case.ledger)
            for each in self.sightings
        )
