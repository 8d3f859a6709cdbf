"""A suite in miniature: the real plugins around promises that a test makes up."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pci import plug

pytest.register_assert_rewrite("fixtures", "reports")
pytest_plugins = [
    "pytester",
    "tests.hosts",
    "tests.starting",
    "tests.gate_miniature",
    "tests.ledgers",
]

ROOT = Path(__file__).parent.parent
PYTHONPATH = os.pathsep.join(map(str, (ROOT, ROOT / "fixtures" / "cell")))
"""What a run in a process of its own needs to find our plugins."""

PLUGINS = (
    "xdist.plugin",
    "pytest_timeout",
    "pytest_reportlog.plugin",
    "reports.relay",
    "reports.promises",
    "reports.selection",
    "reports.tiers",
    "reports.record",
    "reports.verdicts",
    "reports.tally",
    "reports.terminal",
    "reports.preemption",
    "reports.resume",
    "fixtures.lanes",
)
CONFIGURATION = f"""\
[pytest]
addopts = --import-mode=importlib --dist=loadscope --disable-plugin-autoload
    {" ".join(f"-p {plugin}" for plugin in PLUGINS)}
strict = true
filterwarnings =
    error
    ignore::pytest.PytestCacheWarning
timeout_func_only = true
"""
WIRING = """\
from pathlib import Path

import pytest

from fixtures.lanes import DEVICE_DIRECTORY, PCI_DIRECTORY
from reports.model import Verdict

def pytest_configure(config):
    config.stash[DEVICE_DIRECTORY] = Path(__file__).parent / "dev"
    config.stash[PCI_DIRECTORY] = Path(__file__).parent / "pci"

def pytest_pinproof_pin(config):
    return {"spec": "0.1.0rc0", "label": "0.1.0rc0", "versions": {"sglang-jax": "0.1.0rc0"}}

def pytest_pinproof_stamp(config):
    return {"python": "3.12.1"}

def pytest_pinproof_fault_names(config):
    return ["lies"]

class Entry:
    reason, link = "rounding", "issue 7"

    def judge(self, verdict, earlier_passes):
        if verdict == "pass":
            return Verdict.FIXED if earlier_passes >= 2 else Verdict.PASS
        return Verdict.KNOWN if verdict == "fail" else verdict

class Ledger:
    def entry_for(self, promise_id, lane, versions, facts):
        return Entry() if promise_id.startswith("KNOWN") and lane == "cpu" else None

def pytest_pinproof_ledger(config):
    if (config.rootpath / "expired").exists():
        raise pytest.UsageError("The ledger's entry for BACK-1 has expired.")
    return Ledger()
"""
IMPORTS = """\
import os
import pytest
from fixtures.promises import promise
from reports.model import *
"""


class Miniature:
    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        (self.path / "dev").mkdir()
        (self.path / "docs").mkdir()
        pytester.makeini(CONFIGURATION)
        pytester.makeconftest(WIRING)

    def promise(  # noqa: PLR0913 - what varies from one example to the next
        self,
        promise_id: str,
        body: str = "pass",
        *,
        lanes: tuple[str, ...] = ("cpu",),
        module: str = "test_area.py",
        arguments: str = "lane",
        marks: str = "",
        sentence: str = "The engine MUST answer.",
        faults: tuple[str, ...] = ("lies",),
        name: str = "",
    ) -> None:
        name = name or f"test_{promise_id.lower().replace('-', '_')}"
        file = self.path / module
        source = file.read_text() if file.exists() else IMPORTS
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            f"{source}\n{marks}\n"
            f"@promise({promise_id!r}, lanes={lanes!r}, faults={faults!r})\n"
            f'def {name}({arguments}):\n    """{sentence}"""\n    {body}\n'
        )

    def chip(self, name: str = "accel0") -> None:
        (self.path / "dev" / name).touch()

    def plug(self, device: str, subsystem: str) -> None:
        plug(self.path / "pci", device, subsystem)

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(*arguments)

    @property
    def runs(self) -> list[Path]:
        directory = self.path / ".pinproof" / "runs"
        return sorted(directory.iterdir()) if directory.exists() else []

    def events(self) -> list[dict[str, Any]]:
        lines = (self.runs[-1] / "run.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def verdicts(self) -> dict[tuple[str, str], str]:
        said = (event["pinproof"] for event in self.events() if "pinproof" in event)
        return {(each["promise"], each["lane"]): each["verdict"] for each in said}


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory in which engines can make sockets, whoever runs these tests."""
    with tempfile.TemporaryDirectory(prefix="short-") as directory:
        yield Path(directory)


@pytest.fixture
def miniature(pytester: pytest.Pytester) -> Miniature:
    return Miniature(pytester)
