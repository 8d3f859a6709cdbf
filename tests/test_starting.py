"""What tests start hears what a terminal says, and ends with its test."""

import signal
import subprocess

import psutil
import pytest

from tests.conftest import Miniature
from tests.starting import Start
from tests.waiting import wait_until


def test_ctrl_c_is_heard_even_if_the_tests_do_not_hear_it(start: Start) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        running = start(["sleep", "600"])
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    running.send_signal(signal.SIGINT)
    assert running.wait(10) == -signal.SIGINT


def test_a_closed_terminal_is_outlived_where_nohup_is_meant(start: Start) -> None:
    running = start(["sleep", "600"], closed_terminal=signal.SIG_IGN)
    running.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.2)


def test_a_failing_test_leaves_no_process(miniature: Miniature) -> None:
    words = ["sh", "-c", "sleep 600 & echo $$ $! > pids; echo; wait"]
    miniature.promise(
        "BACK-1",
        f"assert not start({words}, stdout=-1).stdout.readline()",
        arguments="lane, start",
    )
    miniature.run("-p", "tests.starting").assert_outcomes(failed=1)
    pids = (miniature.path / "pids").read_text().split()
    # An orphan is there until init has heard of its end.
    wait_until(lambda: not any(psutil.pid_exists(int(pid)) for pid in pids))
