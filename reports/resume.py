"""`--resume`: a run that goes on where an earlier one was ended, and whose record is whole."""

import json
from collections.abc import Generator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from reports.model import Verdict
from reports.record import RUN_LOG, run_of
from reports.relay import is_worker
from reports.stored import (
    RUN_LOG_FILE,
    NoEvidence,
    cases_of,
    environment_of,
    events_of,
    runs_directory,
)
from reports.tally import tally

HELP = "go on with what has no verdict in the newest record in .pinproof/runs"
HELP_FROM = "the same with the record in DIR"
LEARNT_NOTHING = {Verdict.NOT_RUN, Verdict.BLOCKED}
COMPARED = ("python", "packages", "suite", "ledger")
EARLIER = pytest.StashKey["Earlier"]()


class Earlier:
    """The record of a run that had been ended too early."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            events = events_of(directory / RUN_LOG_FILE)
        except OSError as error:
            raise pytest.UsageError(
                f"--resume: there is no record in {directory}: {error.strerror}."
            ) from None
        except NoEvidence as refusal:
            raise pytest.UsageError(f"--resume: {refusal}") from None
        self.environment = environment_of(events)
        self.cases = {
            nodeid: case
            for nodeid, case in cases_of(events).items()
            if case.verdict not in LEARNT_NOTHING
        }
        judged = [event for event in events if event.get("pinproof")]
        self.reports = [each for each in judged if each["pinproof"]["nodeid"] in self.cases]

    def refuse_unless_like(self, stamp: dict[str, Any]) -> None:
        """Verdicts about other packages, or found by other tests, say nothing here."""
        if self.environment is None:
            raise pytest.UsageError(f"--resume: the run in {self.directory} never began.")
        for what in COMPARED:
            there, here = self.environment.get(what), _as_recorded(stamp.get(what))
            if there != here:
                raise pytest.UsageError(
                    f"--resume: {self.directory} was made with another {what}"
                    f"{_differing(there, here)}. Start a new run without --resume."
                )


def _as_recorded(value: object) -> Any:
    return json.loads(json.dumps(value, default=str))


def _differing(there: object, here: object) -> str:
    if not (isinstance(there, dict) and isinstance(here, dict)):
        return f": {there} there, {here} here"
    return ": " + ", ".join(
        sorted(name for name in {*there, *here} if there.get(name) != here.get(name))
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pinproof")
    group.addoption("--resume", action="store_true", help=HELP)
    group.addoption("--resume-from", metavar="DIR", help=HELP_FROM)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before this run's own record is begun: that would be the newest."""
    if directory := _directory(config):
        config.option.resume_from = str(directory)  # what workers are told, too
        config.stash[EARLIER] = earlier = Earlier(directory)
        if not is_worker(config):
            config.pluginmanager.register(Resuming(config, earlier))


def _directory(config: pytest.Config) -> Path | None:
    if named := config.getoption("resume_from"):
        return Path(config.invocation_params.dir / named)
    if not config.getoption("resume"):
        return None
    runs = runs_directory(config.rootpath)
    if newest := max((log.parent for log in runs.glob(f"*/{RUN_LOG_FILE}")), default=None):
        return newest
    raise pytest.UsageError(f"--resume: there is no record in {runs}.")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if earlier := config.stash.get(EARLIER, None):
        done = [item for item in items if item.nodeid in earlier.cases]
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item.nodeid not in earlier.cases]


class Resuming:
    """On the controller: what the earlier run has found counts as found by this one."""

    def __init__(self, config: pytest.Config, earlier: Earlier) -> None:
        self._config = config
        self._earlier = earlier

    def pytest_report_header(self) -> str:
        return f"resuming: {len(self._earlier.cases)} verdicts from {self._earlier.directory}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        stamp = self._config.hook.pytest_pinproof_stamp(config=self._config) or {}
        self._earlier.refuse_unless_like(stamp)
        tally(self._config).update(self._earlier.cases)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        self._copy()
        finished = yield
        red = [case for case in self._earlier.cases.values() if not case.verdict.green]
        session.testsfailed += len(red)
        return finished

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self._earlier.cases:
            session.exitstatus = pytest.ExitCode.OK

    def _copy(self) -> None:
        run = run_of(self._config)
        if run.directory is None:
            return
        if (evidence := self._earlier.directory / "evidence").is_dir():
            copytree(evidence, run.directory / "evidence", dirs_exist_ok=True)
        log: Any = self._config.pluginmanager.get_plugin(RUN_LOG)
        for report in self._earlier.reports:
            log.add(report)
