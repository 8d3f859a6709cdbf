"""Drives the tpu lane's real code on CPU devices; there is no option and no variable for it.

What differs from chips is all in `take_the_place_of_chips` and `Lane.with_stand_in`, and the
record names the lane `tpu-standin`, which nobody who reads records accepts.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fixtures.lanes import DEVICE_DIRECTORY, PCI_DIRECTORY, STAND_IN
from fixtures.places import VISIBLE_CHIPS, StandIn
from fixtures.preflight import LOCK_FILE
from pinproof_cell.lockfile import LOCK

ROOT = Path(__file__).parents[1]
_CONFTEST = """\
from pathlib import Path

import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    from tests.standin import take_the_place_of_chips

    take_the_place_of_chips(config, Path(__file__).parent / "dev", {kind!r})
"""
_VARIABLES = (*VISIBLE_CHIPS, "JAX_PLATFORMS", "PYTEST_ADDOPTS")


def take_the_place_of_chips(config: pytest.Config, devices: Path, kind: str) -> None:
    customized = devices.parent / "customized"
    config.stash[DEVICE_DIRECTORY] = devices
    config.stash[PCI_DIRECTORY] = devices.parent / "pci"
    config.stash[LOCK_FILE] = devices.parent / LOCK.name
    config.stash[STAND_IN] = StandIn(
        kind,
        # The engine compares it with JAX_PLATFORMS, and on "cpu" makes attention "native" itself.
        settings={"device": "cpu"},
        variables={"PYTHONPATH": str(customized)} if customized.exists() else {},
    )


@dataclass(frozen=True)
class Result:
    status: int
    output: str
    events: list[dict[str, Any]]

    @property
    def cases(self) -> list[dict[str, Any]]:
        return [event["pinproof"] for event in self.events if "pinproof" in event]

    @property
    def verdicts(self) -> dict[tuple[str, str], str]:
        return {(case["promise"], case["lane"]): case["verdict"] for case in self.cases}


def run(
    directory: Path,
    *arguments: str,
    count: int = 1,
    kind: str = "TPU v5 lite",
    customized: str = "",
    seconds: float,
) -> Result:
    """Pytest on the conformance suite, on a host that has `count` chips of this kind.

    `customized` is what each Python of the pin runs first, to be another pin than it is.
    """
    place = directory / "host"
    (place / "dev").mkdir(parents=True)
    if customized:
        (place / "customized").mkdir()
        (place / "customized" / "sitecustomize.py").write_text(customized, encoding="utf-8")
    for number in range(count):
        (place / "dev" / f"accel{number}").touch()
    (place / "conftest.py").write_text(_CONFTEST.format(kind=kind), encoding="utf-8")
    record = directory / "record"
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml")),
            *(f"--rootdir={ROOT}", f"--report-dir={record}", str(place), *arguments),
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in _VARIABLES},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    log = record / "run.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return Result(ran.returncode, ran.stdout, [json.loads(line) for line in lines])
