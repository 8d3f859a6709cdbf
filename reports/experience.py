"""What records say of a promise with a pin, before any ledger was asked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pins.ledger import Entry
from reports.answer import STACK
from reports.failure import Case
from reports.merging import Overview
from reports.model import Verdict
from reports.standing import GRAVITY

ENGINE = "sglang-jax"


@dataclass(frozen=True)
class Experience:
    promise: str
    lane: str
    pin: Mapping[str, Any]
    """As the records have it: its versions, its source, and where it was tried."""

    cases: tuple[Case, ...]

    @property
    def about(self) -> str:
        return f"{self.promise}[{self.lane}]"

    @property
    def versions(self) -> dict[str, str]:
        return dict(self.pin.get("versions") or {})

    @property
    def facts(self) -> dict[str, str]:
        return dict(self.pin.get("environment") or {})

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The oldest first, of all runs that have tried it."""
        seen = (case.seen or case.verdict for case in self.cases)
        return tuple(verdict for verdict in seen if verdict is not Verdict.NOT_RUN)

    def is_in(self, entry: Entry) -> bool:
        same = (entry.promise, entry.lane) == (self.promise, self.lane)
        return same and entry.covers(self.versions, self.facts)

    @property
    def telling(self) -> Case:
        """The newest of the gravest."""
        return max(
            reversed(self.cases),
            key=lambda case: GRAVITY.index(case.seen or case.verdict),
        )


def experiences(overview: Overview) -> list[Experience]:
    found: dict[tuple[str, ...], list[tuple[Mapping[str, Any], Case]]] = defaultdict(list)
    for standing in overview.standings:
        for sighting in standing.sightings:
            pin = sighting.run.facts.get("pin") or {}
            where = [f"{name}={value}" for name, value in sorted(_facts(pin).items())]
            key = (standing.pin, *where, standing.promise, standing.lane)
            found[key].append((pin, sighting.case))
    return [
        Experience(seen[0][1].promise, seen[0][1].lane, seen[0][0], tuple(case for _, case in seen))
        for seen in found.values()
    ]


def differing(what: str, all_of_it: Iterable[Mapping[str, str]]) -> bool:
    """Whether this is not the same everywhere."""
    return len({each.get(what) for each in all_of_it}) > 1


def told_apart(
    each: Experience, others: Iterable[Experience]
) -> tuple[dict[str, str], dict[str, str]]:
    """The versions and facts that tell its pin from those of the others, the engine's always."""
    alike = [one for one in others if one.versions.get(ENGINE) == each.versions.get(ENGINE)]
    versions = [one.versions for one in alike]
    facts = [one.facts for one in alike]
    packages = [ENGINE, *(name for name in STACK if differing(name, versions))]
    return (
        {name: each.versions[name] for name in packages if each.versions.get(name)},
        {name: each.facts[name] for name in sorted(each.facts) if differing(name, facts)},
    )


def _facts(pin: Mapping[str, Any]) -> Mapping[str, str]:
    return pin.get("environment") or {}
