"""Asks the ledger whether this pin is known to break a promise."""

import pytest

from reports.failure import KNOWN_ELSEWHERE, Case
from reports.history import passes_in_a_row
from reports.hooks import Ledger, PinFacts
from reports.model import LaneName, Verdict
from reports.record import pin_facts
from reports.relay import refuse
from reports.stored import runs_directory

LEDGER = pytest.StashKey[Ledger | None]()


def open_the_ledger(config: pytest.Config, items: list[pytest.Item]) -> None:
    try:
        config.stash[LEDGER] = config.hook.pytest_pinproof_ledger(config=config)
    except pytest.UsageError as error:
        refuse(config, items, str(error))


def ask_the_ledger(item: pytest.Item, case: Case) -> None:
    config = item.config
    ledger = config.stash.get(LEDGER, None)
    pin = pin_facts(config)
    if _is_sabotaged(item):
        case.seen = Verdict.NOT_RUN
        return
    if pin is None or ledger is None or case.verdict is Verdict.NOT_RUN:
        return
    where = (case.promise, case.lane, pin["versions"])
    entry = ledger.entry_for(*where, pin.get("environment", {}))
    if entry is None:
        _ask_of_other_lanes(ledger, case, pin)
        return
    case.seen = case.verdict
    kept = case.seen is Verdict.PASS
    passes = passes_in_a_row(runs_directory(config.rootpath), *where) if kept else 0
    case.verdict = entry.judge(case.seen, passes)
    case.ledger = {"reason": entry.reason, "link": entry.link}
    if case.verdict is Verdict.KNOWN:
        case.reason = f"{entry.reason} ({entry.link})"
    elif case.verdict is Verdict.FIXED:
        case.reason = (
            f"The ledger says that this pin breaks it ({entry.reason}, {entry.link}), but it was "
            "kept: remove the entry, so that it stays kept."
        )


def _ask_of_other_lanes(ledger: Ledger, case: Case, pin: PinFacts) -> None:
    """What is known elsewhere excuses nothing here, but may save the search for its cause."""
    if case.verdict is Verdict.PASS:
        return
    for lane in LaneName:
        facts = pin.get("environment", {})
        if entry := ledger.entry_for(case.promise, lane, pin["versions"], facts):
            words = f"{entry.reason} ({entry.link})"
            case.ledger = {KNOWN_ELSEWHERE: f"in lane {lane} this is known: {words}"}
            return


def _is_sabotaged(item: pytest.Item) -> bool:
    """With a fault in it, a test says nothing about the pin, and the ledger nothing about it."""
    callspec = getattr(item, "callspec", None)
    return callspec is not None and callspec.params.get("active_fault") is not None
