"""What is known of each release or commit that a bisection has tried, or could not try."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cli.pytests import ROOT
from cli.trying import Trials
from pins.environment import obtain
from reports.answer import cut, sequence
from reports.bisected import Place, Standing, Step
from reports.comparison import Row, Sightings, compare
from reports.failure import Case

_NAMED = 6


@dataclass
class _Tried:
    place: Place
    cases: dict[str, list[Case]] = field(default_factory=dict)
    records: list[Path] = field(default_factory=list)
    trouble: str = ""


class Steps:
    def __init__(self, place: Callable[[str], Place], trials: Trials) -> None:
        self._place = place
        self._trials = trials
        self._tried: dict[str, _Tried] = {}
        self.doing = "before anything was tried"

    def __contains__(self, step: str) -> bool:
        return step in self._tried

    def attempt(
        self, step: str, wanted: list[str], options: list[str], *, cache_first: bool = False
    ) -> None:
        """Builds the pin if need be, and tries all that is wanted once."""
        tried = self._tried[step] = _Tried(self._place(step))
        self.doing = f"while {tried.place.name} was made ready"
        pin = obtain(tried.place.pin, ROOT, self._trials.say, cache_first=cache_first)
        self.doing = f"while {tried.place.name} was tried"
        found = self._trials.first(pin, wanted, tried.records.append, options)
        tried.cases = {nodeid: [found.cases[nodeid]] for nodeid in wanted}

    def repeat(self, step: str, wanted: list[str]) -> None:
        tried = self._tried[step]
        self.doing = f"while {tried.place.name} was tried again"
        found = self._trials.again(tried.place.pin, wanted, tried.records.append)
        for nodeid in wanted:
            tried.cases[nodeid].append(found.cases[nodeid])

    def give_up(self, step: str, reason: str) -> None:
        self._tried[step].trouble = reason

    def standing(self, step: str, wanted: Iterable[str]) -> Standing:
        """Broken if any of it is; kept only if all of it is; each time."""
        seen = [self._sightings(step, nodeid) for nodeid in wanted]
        if any(each.broken and not each.flaky for each in seen):
            return Standing.BROKEN
        kept = all(each.kept and not each.flaky for each in seen)
        return Standing.KEPT if kept else Standing.SKIPPED

    def verdicts(self, step: str, wanted: Iterable[str]) -> str:
        """Such as `SWAP-3 in lane cpu: pass, fail x2`."""
        tried = self._tried[step]
        if tried.trouble:
            return tried.trouble
        seen = [self._sightings(step, nodeid) for nodeid in wanted]
        named = [f"{_named(each)}: {sequence(each)}{_reason(each)}" for each in seen[:_NAMED]]
        more = [f"{len(seen) - _NAMED} more"] if len(seen) > _NAMED else []
        return ", ".join(named + more)

    def rows(self, good: str, bad: str, wanted: Iterable[str]) -> tuple[Row, ...]:
        """What `good` keeps and `bad` breaks."""
        wanted = [
            nodeid
            for nodeid in wanted
            if self.standing(good, [nodeid]) is Standing.KEPT
            and self.standing(bad, [nodeid]) is Standing.BROKEN
        ]
        sides = [{n: self._tried[step].cases[n] for n in wanted} for step in (good, bad)]
        return compare(*sides)

    def told(self, wanted: list[str]) -> tuple[Step, ...]:
        return tuple(
            Step(
                tried.place,
                standing := self.standing(step, wanted),
                self.verdicts(step, wanted) if standing is Standing.SKIPPED else "",
                tuple(tried.records),
            )
            for step, tried in self._tried.items()
        )

    def _sightings(self, step: str, nodeid: str) -> Sightings:
        return Sightings(tuple(self._tried[step].cases.get(nodeid, ())))


def _named(seen: Sightings) -> str:
    return f"{seen.cases[0].promise} in lane {seen.cases[0].lane}" if seen.cases else "nothing"


def _reason(seen: Sightings) -> str:
    untold = seen.telling if not seen.tried else None
    return f" ({cut(untold.reason)})" if untold and untold.reason else ""
