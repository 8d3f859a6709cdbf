"""Joins records: what they say together of each promise, in each lane, with each pin."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from reports.catalogue import by_number
from reports.failure import Case
from reports.model import Level, Verdict
from reports.standing import Run, Sighting, Standing
from reports.stored import Stored


class State(IntEnum):
    """What is to be said of all records together, as an exit status."""

    KEPT = 0
    BROKEN = 1
    UNJUDGED = 3


@dataclass(frozen=True)
class Overview:
    runs: tuple[Run, ...]
    standings: tuple[Standing, ...]
    """First what needs attention, then what is known, then all else."""

    faults: int = 0
    """Tests with a fault in the engine, as `pinproof prove` runs them: they judge no pin."""

    @property
    def state(self) -> State:
        verdicts = {each.verdict for each in self.standings if each.needs_attention}
        if verdicts - {Verdict.BLOCKED, Verdict.NOT_RUN}:
            return State.BROKEN
        if verdicts or self.troubles or not self.tried:
            return State.UNJUDGED
        return State.KEPT

    @property
    def pins(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(run.pin for run in self.runs))

    @property
    def suites(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(run.suite for run in self.runs if run.facts))

    @property
    def troubles(self) -> tuple[str, ...]:
        return tuple(run.trouble for run in self.runs if run.trouble)

    @property
    def tried(self) -> tuple[Standing, ...]:
        return tuple(each for each in self.standings if each.verdict is not Verdict.NOT_RUN)

    def having(self, verdict: Verdict) -> tuple[Standing, ...]:
        return tuple(each for each in self.standings if each.verdict is verdict)


def merge(records: Iterable[Stored]) -> Overview:
    runs = _named(sorted(records, key=lambda each: (each.began, each.directory.name)))
    sightings: dict[tuple[str, str, str], list[Sighting]] = defaultdict(list)
    faults = 0
    for run in runs:
        for case in run.stored.cases.values():
            if _has_a_fault(case):
                faults += 1
            else:
                sightings[run.pin, case.promise, case.lane].append(Sighting(run, case))
    standings = (Standing(key[0], tuple(seen)) for key, seen in sightings.items())
    return Overview(runs, tuple(sorted(standings, key=_place)), faults)


def _has_a_fault(case: Case) -> bool:
    return case.seen == Verdict.NOT_RUN and case.verdict is not Verdict.NOT_RUN


def _named(records: list[Stored]) -> tuple[Run, ...]:
    """Pins that have one label, but not the same packages, get names of their own."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    runs = []
    for record in records:
        pin: dict[str, Any] = (record.environment or {}).get("pin") or {}
        label, versions = str(pin.get("label") or "an unknown pin"), pin.get("versions") or {}
        if versions not in found[label]:
            found[label].append(versions)
        number = found[label].index(versions) + 1
        runs.append(Run(record, label if number == 1 else f"{label} ({number})"))
    return tuple(runs)


def _place(standing: Standing) -> tuple[bool, int, bool, tuple[str, int, str], str, str]:
    quiet = not standing.needs_attention
    return (
        quiet,
        (Verdict.KNOWN, Verdict.PASS, Verdict.NOT_RUN).index(standing.verdict) if quiet else 0,
        standing.level is not Level.MUST,
        by_number(standing.promise),
        standing.lane,
        standing.pin,
    )
