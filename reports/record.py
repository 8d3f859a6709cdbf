"""The record of a run: its directory, the event log, junit.xml and the environment stamp."""

import json
import os
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any

import psutil
import pytest
from _pytest.junitxml import LogXML
from pytest_reportlog.plugin import ReportLogPlugin  # type: ignore[import-untyped]

from reports.hooks import PinFacts
from reports.relay import is_worker
from reports.stored import RUN_LOG_FILE, runs_directory

KEPT_RUNS = 50
INCOMPLETE = os.EX_IOERR
_BY_ITSELF = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
RUN_LOG = "pinproof-run-log"
UNRECORDED = (
    "in_process",  # a look through a debugger says nothing about the pin
    "collectonly",
    "write_promises",
    "help",
    "markers",
    "showfixtures",
    "show_fixtures_per_test",
    "setupplan",
)
RUN = pytest.StashKey["Run"]()
PIN = pytest.StashKey[PinFacts | None]()


class Run:
    """One recorded run; on a worker, which writes nothing, only its directory is known."""

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self.trouble = ""

    def give_up(self, error: OSError) -> None:
        """Remember, once, that the record is incomplete: the run goes on and ends red."""
        self.trouble = self.trouble or (
            f"The record in {self.directory} is incomplete: {error.strerror}. "
            "Make room there, or name another directory with --report-dir, and run again."
        )

    def write(self, name: str, text: str) -> None:
        if self.directory and not self.trouble:
            try:
                (self.directory / name).parent.mkdir(exist_ok=True)
                (self.directory / name).write_text(text, encoding="utf-8")
            except OSError as error:
                self.give_up(error)


def run_of(config: pytest.Config) -> Run:
    return config.stash.setdefault(RUN, Run(None))


def pin_facts(config: pytest.Config) -> PinFacts | None:
    if PIN not in config.stash:
        config.stash[PIN] = config.hook.pytest_pinproof_pin(config=config)
    return config.stash[PIN]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("pinproof").addoption(
        "--report-dir",
        metavar="DIR",
        help=f"where the record of this run goes (default: .pinproof/runs/…, {KEPT_RUNS} are kept)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if is_worker(config):
        directory = config.workerinput.get("pinproof_record")  # type: ignore[attr-defined]
        config.stash[RUN] = Run(Path(directory) if directory else None)
    elif _worth_recording(config):
        directory = _make_directory(config)
        config.stash[RUN] = run = Run(directory)
        config.pluginmanager.register(RunLog(config, run, directory), RUN_LOG)
        config.pluginmanager.register(JUnit(run, directory))


def _worth_recording(config: pytest.Config) -> bool:
    if any(config.getoption(name, default=False) for name in UNRECORDED):
        return False
    own = config.rootpath / "tests"
    asked = (config.invocation_params.dir / each.partition("::")[0] for each in config.args)
    return not all(path.resolve().is_relative_to(own) for path in asked)


def run_name() -> str:
    """With microseconds: names in order of time tell which record is the newest."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.getpid()}"


def _make_directory(config: pytest.Config) -> Path:
    named = config.getoption("--report-dir")
    directory = (
        config.invocation_params.dir / named
        if named
        else runs_directory(config.rootpath) / run_name()
    )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / RUN_LOG_FILE).open("w", encoding="utf-8").close()
    except OSError as error:
        raise pytest.UsageError(
            f"The record can't be written to {directory}: {error.strerror}. "
            "Name another directory with --report-dir."
        ) from None
    if not named:
        prune(directory.parent)
    return directory


def prune(runs: Path) -> None:
    for old in sorted(run for run in runs.iterdir() if run.is_dir())[:-KEPT_RUNS]:
        pid = old.name.rpartition("-")[2]
        if not (pid.isdigit() and psutil.pid_exists(int(pid))):
            rmtree(old, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    run = run_of(node.config)
    if run.directory:
        node.workerinput["pinproof_record"] = str(run.directory)


class RunLog(ReportLogPlugin):  # type: ignore[misc]  # pytest-reportlog has no types
    """pytest-reportlog with the environment before the tests, and no traceback on a full disk."""

    def __init__(self, config: pytest.Config, run: Run, directory: Path) -> None:
        super().__init__(config, directory / RUN_LOG_FILE)
        self._run = run
        self._described = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        if session.items:
            self._describe()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        if ids and not self._described:
            self._describe()

    def add(self, event: dict[str, Any]) -> None:
        """An event that another run has recorded."""
        self._write_json_data(event)

    def _describe(self) -> None:
        """Only now, when something is going to run, may a pin be built that isn't there yet."""
        self._described = True
        stamp = self._config.hook.pytest_pinproof_stamp(config=self._config) or {}
        environment = {**stamp, "pin": pin_facts(self._config)}
        self._write_json_data({"$report_type": "Environment", **environment})
        self._run.write("environment.json", f"{json.dumps(environment, indent=2, default=str)}\n")

    def pytest_terminal_summary(self) -> None:
        """Say nothing: the summary names the directory."""

    def pytest_unconfigure(self) -> None:
        try:
            self.close()
        except OSError as error:
            self._run.give_up(error)

    def _write_json_data(self, data: dict[str, Any]) -> None:
        if not self._run.trouble:
            try:
                super()._write_json_data(data)
            except OSError as error:
                self._run.give_up(error)


class JUnit(LogXML):
    """pytest's junit.xml, beside the one that a user may ask for with --junitxml."""

    def __init__(self, run: Run, directory: Path) -> None:
        super().__init__(directory / "junit.xml", prefix=None)
        self._run = run

    def pytest_sessionfinish(self) -> None:
        try:
            super().pytest_sessionfinish()
        except OSError as error:
            self._run.give_up(error)

    def pytest_terminal_summary(self) -> None:  # type: ignore[override]
        """Say nothing: the summary names the directory."""


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    yield
    if run_of(session.config).trouble and session.exitstatus in _BY_ITSELF:
        session.exitstatus = INCOMPLETE
