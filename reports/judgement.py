"""Asks the ledger whether this pin is known to break a promise."""

import pytest

from reports.failure import Case
from reports.history import passes_in_a_row
from reports.hooks import Ledger
from reports.model import Verdict
from reports.record import run_of, runs_directory

LEDGER = pytest.StashKey[Ledger | None]()


def ask_the_ledger(config: pytest.Config, case: Case) -> None:
    pin = run_of(config).pin
    ledger = _ledger(config)
    if pin is None or ledger is None or case.verdict is Verdict.NOT_RUN:
        return
    entry = ledger.entry_for(case.promise, case.lane, pin["versions"])
    if entry is None:
        return
    passes = passes_in_a_row(runs_directory(config), case.promise, case.lane, pin["versions"])
    case.seen = case.verdict
    case.verdict = entry.judge(case.seen, passes)
    case.ledger = {"reason": entry.reason, "link": entry.link}
    if case.verdict is Verdict.KNOWN:
        case.reason = f"{entry.reason} ({entry.link})"
    elif case.verdict is Verdict.FIXED:
        case.reason = (
            f"The ledger says that this pin breaks it ({entry.reason}, {entry.link}), but it was "
            "kept: remove the entry, so that it stays kept."
        )


def _ledger(config: pytest.Config) -> Ledger | None:
    if LEDGER not in config.stash:
        config.stash[LEDGER] = config.hook.pytest_pinproof_ledger(config=config)
    return config.stash[LEDGER]
