"""The end of a run on the terminal: what was not kept, the counts, and where the record is."""

from collections import Counter

import pytest

from reports.catalogue import by_number
from reports.failure import KNOWN_ELSEWHERE, Case
from reports.model import Verdict
from reports.record import run_of
from reports.relay import collected, is_worker
from reports.tally import tally

COLOURS = {Verdict.PASS: "green", Verdict.KNOWN: "yellow", Verdict.NOT_RUN: "yellow"}


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if is_worker(config):
        return
    if cases := sorted(
        tally(config).values(), key=lambda case: (by_number(case.promise), case.lane)
    ):
        terminalreporter.write_sep("=", "promises")
        for case in cases:
            if case.verdict is not Verdict.PASS:
                _write_case(terminalreporter, case)
        _write_reasons(terminalreporter, cases)
        _write_conditions(terminalreporter, cases)
        _write_elsewhere(terminalreporter, cases)
        _write_counts(terminalreporter, cases)
    for note in collected(config).notes:
        terminalreporter.write_line(note, red=True)
    run = run_of(config)
    if run.trouble:
        terminalreporter.write_line(run.trouble, red=True)
    if run.directory and cases:
        terminalreporter.write_line(f"record: {run.directory}")


def _write_case(terminal: pytest.TerminalReporter, case: Case) -> None:
    terminal.write(f"{case.promise:<9} {case.lane:<7}")
    terminal.write(f"{case.verdict:<9}", **{COLOURS.get(case.verdict, "red"): True})
    terminal.write_line(case.reproduce)


def _write_reasons(terminal: pytest.TerminalReporter, cases: list[Case]) -> None:
    """What kept promises from being tried, or why they may be broken, said once per reason."""
    quiet = {Verdict.NOT_RUN, Verdict.KNOWN}
    reasons = Counter((case.verdict, case.reason) for case in cases if case.verdict in quiet)
    for (verdict, reason), times in sorted(reasons.items()):
        terminal.write_line(f"{verdict} ({times}): {reason}", yellow=True)


def _write_conditions(terminal: pytest.TerminalReporter, cases: list[Case]) -> None:
    conditions = Counter(case.condition for case in cases if case.condition)
    for condition, times in sorted(conditions.items()):
        terminal.write_line(f"tried with ({times}): {condition}", yellow=True)


def _write_elsewhere(terminal: pytest.TerminalReporter, cases: list[Case]) -> None:
    if known := sum(KNOWN_ELSEWHERE in case.ledger for case in cases):
        terminal.write_line(
            f"known of this pin in another lane, see 'ledger elsewhere': {known} of those broken",
            yellow=True,
        )


def _write_counts(terminal: pytest.TerminalReporter, cases: list[Case]) -> None:
    counts = Counter(case.verdict for case in cases)
    terminal.write_line(
        ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
    )
