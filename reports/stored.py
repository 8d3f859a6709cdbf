"""Reads the record of an earlier run, and takes none for evidence that was made without chips."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.failure import Case
from reports.model import TPU_STAND_IN

RUN_LOG_FILE = "run.jsonl"


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


def stored(directory: Path) -> Stored:
    events = events_of(directory / RUN_LOG_FILE)
    finished = [event for event in events if event.get("$report_type") == "SessionFinish"]
    return Stored(
        directory,
        environment_of(events),
        cases_of(events),
        int(finished[-1]["exitstatus"]) if finished else None,
    )


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
    lines = log.read_text(encoding="utf-8").splitlines()
    if any(f'"{TPU_STAND_IN}"' in line and _stands_in(line) for line in lines):
        raise NoEvidence(
            f"{log.parent} is a record of pinproof's own tests: CPU devices stood in for chips "
            f"(lane {TPU_STAND_IN}). It is no evidence about any pin."
        )
    return [event for line in lines if wanted(line) and (event := _event(line))]


def _stands_in(line: str) -> bool:
    case: dict[str, Any] = _event(line).get("pinproof", {})
    return case.get("lane") == TPU_STAND_IN


def _event(line: str) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}  # The last line of a run that was killed while it wrote.
    return event
