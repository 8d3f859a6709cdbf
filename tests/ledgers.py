"""Ledgers that tests make up."""

from datetime import date
from pathlib import Path

import pytest

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
