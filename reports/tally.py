"""Counts the verdicts of a run where all reports arrive, and makes sure that a loss is red."""

from collections.abc import Generator
from typing import Any

import pytest

from reports.catalogue import read
from reports.failure import Case, render
from reports.model import Verdict
from reports.promises import promises_file
from reports.record import pin_facts, run_of
from reports.relay import collected, is_worker

TALLY = pytest.StashKey[dict[str, Case]]()
LETTERS = {
    Verdict.FAIL: "F",
    Verdict.CRASH: "C",
    Verdict.HANG: "H",
    Verdict.BLOCKED: "B",
    Verdict.FIXED: "X",
    Verdict.FLAKY: "~",
    Verdict.NOT_RUN: "n",
    Verdict.KNOWN: "k",
}
NOTHING_TRIED = (
    "Nothing was tried: no selected promise has a lane that this machine can run. "
    "The table says what each lane needs."
)


def tally(config: pytest.Config) -> dict[str, Case]:
    """The verdict of each test of a promise, by node id."""
    return config.stash.setdefault(TALLY, {})


def case_of(report: pytest.TestReport | pytest.CollectReport) -> Case | None:
    data = getattr(report, "pinproof", None)
    return Case.from_json(data) if data else None


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.TestReport | pytest.CollectReport,
) -> tuple[str, str, str] | None:
    case = case_of(report)
    if case is None or case.verdict is Verdict.PASS:
        return None
    category = "error" if report.when == "setup" else "failed"
    if not report.failed:
        category = case.verdict
    return category, LETTERS[case.verdict], case.verdict.upper()


class Tallying:
    """On the controller: pytest-xdist's workers only send reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._lost_workers = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        case = case_of(report)
        if case is None:
            return
        earlier = tally(self._config).get(case.nodeid)
        if earlier is None or earlier.verdict.green:
            tally(self._config)[case.nodeid] = case
        if case.evidence_file:
            own = "" if case.evidence else f"{report.longreprtext}\n\n"
            text = f"{own}{case.title}\n{render(case)}"
            run_of(self._config).write(f"evidence/{case.evidence_file.rpartition('/')[2]}", text)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        test, _, variant = crashitem.partition("[")
        lane = variant.rstrip("]").partition("-")[0]
        hook = self._config.hook
        lane = hook.pytest_pinproof_stand_in(config=self._config, lane=lane) or lane
        pairs = {pair.test: pair.promise for pair in read(promises_file(self._config))}
        case = Case(Verdict.CRASH, pairs.get(test, crashitem), lane, crashitem)
        case.reason = f"{report.longrepr}; a cell must never take pytest with it"
        if pin := pin_facts(self._config):
            case.pin, case.pin_spec = pin["label"], pin["spec"]
        report.pinproof = case.as_json()  # type: ignore[attr-defined]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        if error and error != "keyboard-interrupt":
            collected(self._config).notes.append(f"The worker {node.gateway.id} died: {error}.")
            self._lost_workers += 1

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        finished = yield
        verdicts = {case.verdict for case in tally(self._config).values()}
        if verdicts == {Verdict.NOT_RUN}:
            collected(self._config).notes.append(NOTHING_TRIED)
            session.testsfailed += 1
        session.testsfailed += self._lost_workers
        return finished


def pytest_configure(config: pytest.Config) -> None:
    if not is_worker(config):
        config.pluginmanager.register(Tallying(config))
