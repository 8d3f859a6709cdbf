"""What earlier runs on this machine recorded about a promise."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reports.model import Verdict
from reports.stored import RUN_LOG_FILE, NoEvidence, events_of


def passes_in_a_row(runs: Path, promise: str, lane: str, versions: dict[str, str]) -> int:
    """How often these versions kept the promise since they last broke it."""
    count = 0
    for seen in _seen(runs, promise, lane, versions):
        if seen != Verdict.PASS:
            break
        count += 1
    return count


def _seen(runs: Path, promise: str, lane: str, versions: dict[str, str]) -> Iterator[str]:
    """What became of the promise before the ledger was asked, the newest run first."""
    wanted = (promise, lane)
    for log in sorted(runs.glob(f"*/{RUN_LOG_FILE}"), reverse=True):
        events = _events(log, promise)
        if _versions(events) == versions:
            cases = (event["pinproof"] for event in events if "pinproof" in event)
            mine = {case["seen"] for case in cases if (case["promise"], case["lane"]) == wanted}
            yield from (mine - {Verdict.PASS, Verdict.NOT_RUN} or mine & {Verdict.PASS})


def _versions(events: list[dict[str, Any]]) -> dict[str, str] | None:
    pins = [event["pin"] for event in events if event["$report_type"] == "Environment"]
    return pins[0]["versions"] if pins and pins[0] else None


def _events(log: Path, promise: str) -> list[dict[str, Any]]:
    try:
        return events_of(log, lambda line: f'"{promise}"' in line or '"Environment"' in line)
    except NoEvidence:
        return []
