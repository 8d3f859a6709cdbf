"""Reads the record of an earlier run, and takes none for evidence that was made without chips."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.failure import Case
from reports.model import TPU_STAND_IN, Verdict
from reports.shapes import is_event

RUN_LOG_FILE = "run.jsonl"


def runs_directory(root: Path) -> Path:
    """Where records are, if nobody says otherwise."""
    return root / ".pinproof" / "runs"


class NoEvidence(Exception):
    """A record that says nothing about any pin."""


@dataclass(frozen=True)
class Stored:
    """What a record holds; `environment` is None if its run never began."""

    directory: Path
    environment: dict[str, Any] | None
    cases: dict[str, Case]
    exit_status: int | None
    """None if the run was killed before it could say how it ended."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    """What each test took, with what was set up for it and cleaned up after it."""

    began: float = 0
    """When its first test began, in seconds since 1970; 0 if none did."""

    missed: frozenset[str] = frozenset()
    """Tests that were required, and are not-run all the same."""


def stored(directory: Path) -> Stored:
    events = events_of(directory / RUN_LOG_FILE)
    finished = [event for event in events if event.get("$report_type") == "SessionFinish"]
    return Stored(
        directory,
        environment_of(events),
        cases_of(events),
        int(finished[-1]["exitstatus"]) if finished else None,
        seconds_of(events),
        began_of(events),
        frozenset(
            event["nodeid"]
            for event in events
            if event.get("outcome") == "failed"
            and (event.get("pinproof") or {}).get("verdict") == Verdict.NOT_RUN
        ),
    )


def seconds_of(events: list[dict[str, Any]]) -> Counter[str]:
    seconds = Counter[str]()
    for event in events:
        if event.get("$report_type") == "TestReport":
            seconds[event["nodeid"]] += event.get("duration", 0)
    return seconds


def began_of(events: list[dict[str, Any]]) -> float:
    return min((event["start"] for event in events if event.get("start")), default=0)


def environment_of(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((each for each in events if each.get("$report_type") == "Environment"), None)


def cases_of(events: list[dict[str, Any]]) -> dict[str, Case]:
    """By node id; a test that was green and then broke while it cleaned up is not green."""
    cases: dict[str, Case] = {}
    for case in (Case.from_json(event["pinproof"]) for event in events if event.get("pinproof")):
        if case.nodeid not in cases or cases[case.nodeid].verdict.green:
            cases[case.nodeid] = case
    return cases


def events_of(log: Path, wanted: Callable[[str], bool] = bool) -> list[dict[str, Any]]:
    """The events in those lines that are wanted."""
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise NoEvidence(f"{log} is no record of a run. It is no text.") from None
    if any(f'"{TPU_STAND_IN}"' in line and _stands_in(line) for line in lines):
        raise NoEvidence(
            f"{log.parent} is a record of pinproof's own tests: CPU devices stood in for chips "
            f"(lane {TPU_STAND_IN}). It is no evidence about any pin."
        )
    events = []
    for number, line in enumerate(lines, start=1):
        if wanted(line) and (event := _event(line)) is not None:
            if not is_event(event):
                raise NoEvidence(
                    f"{log} is no record of a run. Line {number} is not what a run writes."
                )
            events.append(event)
    return events


def _stands_in(line: str) -> bool:
    event = _event(line)
    return is_event(event) and (event.get("pinproof") or {}).get("lane") == TPU_STAND_IN


def _event(line: str) -> Any:
    """None for the last line of a run that was killed while it wrote."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
