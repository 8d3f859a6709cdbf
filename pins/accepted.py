"""`--ledger`: what somebody's own repository has accepted, beside what the suite has."""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from pins.ledger import Lanes, Ledger, LedgerError

OWN = Path(__file__).parent / "ledger"
HELP = (
    "accept what the entries in DIR/*.toml say is broken, too, as the suite's own ledger does; "
    "may be given several times"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pinproof")
    group.addoption("--ledger", action="append", default=[], metavar="DIR", help=HELP)


def ledger_of(config: pytest.Config, lanes: Lanes | None) -> Ledger:
    try:
        return Ledger.load(OWN, datetime.now(UTC).date(), _given(config), lanes)
    except LedgerError as error:
        raise pytest.UsageError(str(error)) from None


def fingerprint_of(config: pytest.Config) -> str | None:
    return fingerprint(_given(config))


def fingerprint(given: Iterable[Path]) -> str | None:
    """What was given, wherever it lies; of the suite's own ledger the suite's commit tells."""
    texts = {file.read_bytes() for folder in given for file in folder.glob("*.toml")}
    return sha256(b"\0".join(sorted(texts))).hexdigest()[:12] if texts else None


def _given(config: pytest.Config) -> list[Path]:
    return [config.invocation_params.dir / named for named in config.getoption("ledger")]
