"""Ledgers that tests make up."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cli.main import main
from pins.ledger import Entry, Ledger, LedgerError

TODAY = date(2026, 11, 21)
FIELDS = {
    "promise": '"SWAP-3"',
    "lane": '"cpu"',
    "pin": '"sglang-jax>=0.0.3rc0,<0.2"',
    "verdict": '"fail"',
    "reason": '"old weights answer for cached prefixes"',
    "link": '"https://example.org/issue/1"',
    "added": "2026-11-20",
    "expires": "2027-02-20",
}
VERSIONS = {"sglang-jax": "0.1.0rc0", "google-tunix": "0.1.7"}
FACTS = {"machine": "x86_64", "python": "3.12.1"}


def written(folder: Path, *entries: dict[str, str]) -> Path:
    tables = ["[[entry]]\n" + "".join(f"{k} = {v}\n" for k, v in e.items()) for e in entries]
    (folder / "swap.toml").write_text("\n".join(tables), encoding="utf-8")
    return folder


def the_entry(folder: Path, **changes: str) -> Entry:
    (entry,) = Ledger.load(written(folder, FIELDS | changes), TODAY).entries
    return entry


def problems(folder: Path, *entries: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(LedgerError) as caught:
        Ledger.load(written(folder, *entries), TODAY)
    return caught.value.problems


NOW = datetime.now(UTC).date()
DATES = {"added": str(NOW), "expires": str(NOW + timedelta(60))}
ENTRY = FIELDS | DATES | {"pin": '"sglang-jax==1.0"'}
"""One that counts today, whenever that is."""


class Ledgering:
    """`pinproof ledger` in this process, and a folder of accepted entries beside records."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.accepted = path / "accepted"
        self.accepted.mkdir()
        self._capsys = capsys

    def accept(self, *entries: dict[str, str]) -> None:
        written(self.accepted, *entries)

    def __call__(self, *words: str | Path) -> tuple[int, str, str]:
        self._capsys.readouterr()
        try:
            status = main(["ledger", *map(str, words)])
        except SystemExit as refused:
            status = int(refused.code or 0)
        said = self._capsys.readouterr()
        return status, said.out, said.err


@pytest.fixture
def ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ledgering:
    return Ledgering(tmp_path, capsys)
