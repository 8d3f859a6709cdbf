"""Asks the ledger whether this pin is known to break a promise."""

import pytest

from reports.failure import Case
from reports.history import passes_in_a_row
from reports.hooks import Ledger
from reports.model import Verdict
from reports.record import pin_facts, runs_directory
from reports.relay import refuse

LEDGER = pytest.StashKey[Ledger | None]()


def open_the_ledger(config: pytest.Config, items: list[pytest.Item]) -> None:
    try:
        config.stash[LEDGER] = config.hook.pytest_pinproof_ledger(config=config)
    except pytest.UsageError as error:
        refuse(config, items, str(error))


def ask_the_ledger(config: pytest.Config, case: Case) -> None:
    ledger = config.stash.get(LEDGER, None)
    pin = pin_facts(config)
    if pin is None or ledger is None or case.verdict is Verdict.NOT_RUN:
        return
    where = (case.promise, case.lane, pin["versions"])
    entry = ledger.entry_for(*where)
    if entry is None:
        return
    case.seen = case.verdict
    kept = case.seen is Verdict.PASS
    passes = passes_in_a_row(runs_directory(config), *where) if kept else 0
    case.verdict = entry.judge(case.seen, passes)
    case.ledger = {"reason": entry.reason, "link": entry.link}
    if case.verdict is Verdict.KNOWN:
        case.reason = f"{entry.reason} ({entry.link})"
    elif case.verdict is Verdict.FIXED:
        case.reason = (
            f"The ledger says that this pin breaks it ({entry.reason}, {entry.link}), but it was "
            "kept: remove the entry, so that it stays kept."
        )
