"""Records that tests make up, written as a run writes them."""

import json
from pathlib import Path
from typing import Any

from reports.merging import Overview, merge
from reports.stored import stored
from tests.gate_cases import case

BEGAN = 1_795_324_547.0
VERSIONS = {"sglang-jax": "1.0", "jax": "0.10.2"}


def record(  # noqa: PLR0913 - what varies from one example to the next
    directory: Path,
    *cases: dict[str, Any],
    pin: str = "1.0",
    versions: dict[str, str] = VERSIONS,
    commit: str = "c0ffee",
    status: int | None = 0,
    began: float = BEGAN,
    **about_the_pin: Any,
) -> Path:
    """`status` is None for a run that was killed: its record just stops."""
    suite = {"commit": commit, "dirty": False}
    facts = {"spec": pin, "label": pin, "versions": versions, **about_the_pin}
    events: list[dict[str, Any]] = [
        {"$report_type": "Environment", "pin": facts, "suite": suite, "machine": {"devices": []}}
    ]
    for number, made in enumerate(cases):
        events += _reports(made, began + number)
    if status is not None:
        events.append({"$report_type": "SessionFinish", "exitstatus": status})
    directory.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{json.dumps(event)}\n" for event in events)
    (directory / "run.jsonl").write_text(lines, encoding="utf-8")
    return directory


def saw(verdict: str, promise: str = "SWAP-3", **more: Any) -> dict[str, Any]:
    """One promise's case, with `seconds` and whether its `outcome` was red."""
    extra: dict[str, Any] = {
        name: more.pop(name) for name in ("seconds", "outcome") if name in more
    }
    return {**case(verdict, promise, **more).as_json(), **extra}


def overview(*directories: Path) -> Overview:
    return merge(map(stored, directories))


def _reports(made: dict[str, Any], start: float) -> list[dict[str, Any]]:
    seconds, outcome = made.pop("seconds", 2.0), made.pop("outcome", "passed")
    report = {"$report_type": "TestReport", "nodeid": made["nodeid"], "start": start}
    return [
        {**report, "when": "setup", "outcome": "passed", "duration": 0.5},
        {**report, "when": "call", "outcome": outcome, "duration": seconds, "pinproof": made},
    ]
