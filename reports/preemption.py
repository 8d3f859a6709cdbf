"""SIGTERM, when a spot VM goes away, or SIGHUP: all is released at once, the record finished."""

import os
import signal
import threading
from collections.abc import Generator
from types import FrameType

import psutil
import pytest

from reports.record import run_of
from reports.relay import collected, is_worker
from reports.tally import tally

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
PREEMPTED = 128 + signal.SIGTERM
MOST_SECONDS = 9.0


class Preemption:
    """Ends the session between two bytecodes, wherever it is: its clean-up runs as after Ctrl-C."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._pid = os.getpid()
        # Who starts us with nohup wants us to outlive the terminal.
        ours = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
        self._before = {each: signal.signal(each, self._end) for each in ours}
        self._name = ""
        self._preempted = False
        self._booking = False
        self._due = False

    def _end(self, number: int, _frame: FrameType | None) -> None:
        # Once is enough: a second signal must not interrupt the clean-up.
        for each in self._before:
            signal.signal(each, signal.SIG_IGN)
        self._name = signal.Signals(number).name
        if os.getpid() != self._pid:
            # What a test has forked is no session of its own.
            os._exit(PREEMPTED)
        self._preempted = True
        self._insist()
        if self._config.pluginmanager.hasplugin("dsession"):
            for worker in psutil.Process().children():
                worker.terminate()
        if self._booking:
            self._due = True
        else:
            pytest.exit(self._name)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self) -> Generator[None, object, object]:
        """All who count and keep verdicts hear of a report, or none does."""
        self._booking = True
        try:
            return (yield)
        finally:
            self._booking = False
            if self._due:
                self._due = False
                pytest.exit(self._name)

    def _insist(self) -> None:
        """A clean-up that hangs ends, too: all verdicts are written, cells die with us."""
        belt = threading.Timer(MOST_SECONDS, os._exit, [PREEMPTED])
        belt.daemon = True
        belt.start()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Not earlier: with a status that it doesn't know, pytest would print no summary."""
        if self._preempted:
            session.exitstatus = PREEMPTED

    def pytest_unconfigure(self) -> None:
        for each, before in self._before.items():
            signal.signal(each, before)


class Unreached:
    """Says how much of what was selected has no verdict, when a run ends before its time."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._selected: set[str] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._selected = {item.nodeid for item in session.items}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._selected = set(ids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self) -> None:
        run = run_of(self._config)
        reached = tally(self._config).keys()
        left = len(self._selected - reached)
        if run.directory and left and not self._config.option.collectonly:
            collected(self._config).notes.append(
                f"{left} of {len(self._selected)} selected tests have no verdict. "
                f"Go on with them: the same command with --resume-from={run.directory}"
            )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Preemption(config))
    if not is_worker(config):
        config.pluginmanager.register(Unreached(config))
