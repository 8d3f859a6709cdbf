"""What earlier runs on this machine recorded about a promise."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.model import Verdict
from reports.stored import (
    RUN_LOG_FILE,
    NoEvidence,
    began_of,
    cases_of,
    environment_of,
    events_of,
    seconds_of,
)


@dataclass(frozen=True)
class Seen:
    """What one run made of one promise in one lane."""

    run: str
    began: float
    promise: str
    lane: str
    pin: str
    verdict: str
    seconds: float


def passes_in_a_row(runs: Path, promise: str, lane: str, versions: dict[str, str]) -> int:
    """How often these versions kept the promise since they last broke it."""
    count = 0
    for seen in _seen(runs, promise, lane, versions):
        if seen != Verdict.PASS:
            break
        count += 1
    return count


def seen_in(log: Path) -> Iterator[Seen]:
    """Everything that one record says of a pin; what a fault has broken says nothing of it."""
    events = _events(log, '"$report_type"')
    label = ((environment_of(events) or {}).get("pin") or {}).get("label")
    took, began = seconds_of(events), began_of(events)
    for case in cases_of(events).values():
        if case.seen != Verdict.NOT_RUN or case.verdict is Verdict.NOT_RUN:
            pin = str(label or case.pin)
            where = (log.parent.name, began, case.promise, case.lane, pin)
            yield Seen(*where, str(case.verdict), took[case.nodeid])


def _seen(runs: Path, promise: str, lane: str, versions: dict[str, str]) -> Iterator[str]:
    """What became of the promise before the ledger was asked, the newest run first."""
    wanted = (promise, lane)
    for log in sorted(runs.glob(f"*/{RUN_LOG_FILE}"), reverse=True):
        events = _events(log, f'"{promise}"')
        if _versions(events) == versions:
            cases = (event["pinproof"] for event in events if "pinproof" in event)
            mine = {case.get("seen") for case in cases if (case["promise"], case["lane"]) == wanted}
            yield from (mine - {Verdict.PASS, Verdict.NOT_RUN} or mine & {Verdict.PASS})


def _versions(events: list[dict[str, Any]]) -> dict[str, str] | None:
    pins = [event.get("pin") for event in events if event["$report_type"] == "Environment"]
    return pins[0].get("versions") if pins and pins[0] else None


def _events(log: Path, holding: str) -> list[dict[str, Any]]:
    try:
        return events_of(log, lambda line: holding in line or '"Environment"' in line)
    except NoEvidence:
        return []
