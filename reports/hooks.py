"""The seams: what the reports ask the rest of the suite for; the root conftest.py answers."""

from collections.abc import Collection, Mapping
from typing import Any, NotRequired, Protocol, TypedDict

import pytest

from reports.model import Verdict


class PinFacts(TypedDict):
    spec: str
    label: str
    versions: dict[str, str]
    made: NotRequired[dict[str, Any]]
    """From which source, and whom it has overruled."""

    environment: NotRequired[dict[str, str]]
    """What else the ledger may ask about: where the pin is tried."""


class LedgerEntry(Protocol):
    """A reviewed promise that this pin is known to break."""

    @property
    def reason(self) -> str: ...
    @property
    def link(self) -> str: ...
    def judge(self, verdict: Verdict, earlier_passes: int, /) -> Verdict: ...


class Ledger(Protocol):
    def entry_for(
        self, promise: str, lane: str, versions: Mapping[str, str], facts: Mapping[str, str], /
    ) -> LedgerEntry | None: ...


@pytest.hookspec(firstresult=True)
def pytest_pinproof_ledger(config: pytest.Config) -> Ledger | None:
    """The ledger, read and checked; asked in each process that collected promises."""


@pytest.hookspec(firstresult=True)
def pytest_pinproof_pin(config: pytest.Config) -> PinFacts | None:
    """Which pin is under test; asked only when there are promises to run, and in each process."""


@pytest.hookspec(firstresult=True)
def pytest_pinproof_stamp(config: pytest.Config) -> dict[str, Any] | None:
    """Everything about the environment that a reader of the record needs, ready for JSON."""


@pytest.hookspec(firstresult=True)
def pytest_pinproof_fault_names(config: pytest.Config) -> Collection[str] | None:
    """The names of all registered faults; None when they can't be known."""


@pytest.hookspec(firstresult=True)
def pytest_pinproof_stand_in(config: pytest.Config, lane: str) -> str | None:
    """What the record calls a lane whose devices are not real: a name that no reader accepts."""


@pytest.hookspec
def pytest_pinproof_options(config: pytest.Config) -> str | None:
    """Which options have to be given again, so that the same test is tried in the same way."""


@pytest.hookspec
def pytest_pinproof_expected_lanes(config: pytest.Config) -> Collection[str] | None:
    """Lanes in which a promise that vanished makes the run red: required, or able to run here."""
