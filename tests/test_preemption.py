"""SIGTERM in the middle of a run, and the run that goes on from its record."""

import os
import signal
import subprocess
import sys

import pytest

from reports.preemption import PREEMPTED
from tests.conftest import PYTHONPATH, Miniature
from tests.starting import Start
from tests.waiting import wait_until

WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
WAIT = """Path('began').touch()
    deadline = time.monotonic() + 60
    while not Path('go').exists() and time.monotonic() < deadline:
        threading.Event().wait(0.1)
"""
"""In short waits: Python hears of a signal that comes on the brink of one only after it."""
INTERRUPT_WHILE_BOOKING = """
import os

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    if report.when == "call":
        os.kill(os.getpid(), 15)
"""
ENOUGH_SECONDS = 30
VERDICTS = {("BACK-1", "cpu"): "pass", ("BACK-2", "cpu"): "crash", ("BACK-3", "cpu"): "pass"}


def interrupt(miniature: Miniature, start: Start, *workers: str) -> "subprocess.Popen[str]":
    """A run that was asked to end while its last promise waited."""
    source = (miniature.path / "test_a.py").read_text()
    (miniature.path / "test_a.py").write_text(
        f"import threading\nimport time\nfrom pathlib import Path\n{source}"
    )
    running = start(
        [sys.executable, "-m", "pytest", *workers],
        cwd=miniature.path,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    began = miniature.path / "began"
    wait_until(lambda: began.exists() or running.poll() is not None)
    running.send_signal(signal.SIGTERM)
    return running


@pytest.fixture
def interrupted(
    miniature: Miniature, start: Start, workers: tuple[str, ...]
) -> "subprocess.Popen[str]":
    miniature.promise("BACK-1", module="test_a.py")
    miniature.promise("BACK-2", "raise Crashed(Evidence('gone', 'alive'))", module="test_a.py")
    miniature.promise("BACK-3", WAIT, module="test_a.py")
    return interrupt(miniature, start, *workers)


@WORKERS
def test_sigterm_finishes_the_record(
    interrupted: "subprocess.Popen[str]", miniature: Miniature
) -> None:
    said = interrupted.communicate(timeout=ENOUGH_SECONDS)[0]
    assert interrupted.returncode == PREEMPTED, said
    # A worker's last reports may still have been on their way.
    assert miniature.verdicts().items() <= VERDICTS.items()
    assert miniature.events()[-1]["$report_type"] == "SessionFinish"
    left = len(VERDICTS) - len(miniature.verdicts())
    assert f"{left} of {len(VERDICTS)} selected tests have no verdict" in said
    assert left >= 1
    assert (miniature.runs[0] / "junit.xml").exists()


def test_a_report_is_kept_by_all_or_by_none(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)
    with (miniature.path / "conftest.py").open("a") as wiring:
        wiring.write(INTERRUPT_WHILE_BOOKING)
    miniature.promise("BACK-1", module="test_a.py")
    miniature.promise("BACK-2", module="test_a.py")
    result = miniature.pytester.runpytest_subprocess()
    assert result.ret == PREEMPTED
    assert miniature.verdicts() == {("BACK-1", "cpu"): "pass"}
    result.stdout.fnmatch_lines(["*1 of 2 selected tests have no verdict*"])


def test_a_clean_up_that_hangs_is_not_waited_for(miniature: Miniature, start: Start) -> None:
    hang = "request.addfinalizer(lambda: threading.Event().wait(60))"
    miniature.promise("BACK-1", f"{hang}; {WAIT}", module="test_a.py", arguments="lane, request")
    stubborn = interrupt(miniature, start)
    stubborn.communicate(timeout=ENOUGH_SECONDS)
    assert stubborn.returncode == PREEMPTED


def test_what_a_test_has_forked_ends_alone(miniature: Miniature) -> None:
    fork = "child = os.fork() or os.kill(os.getpid(), 15) or os._exit(0)"
    status = "os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])"
    miniature.promise("BACK-1", f"{fork}; assert {status} == 143")
    assert miniature.run().ret == pytest.ExitCode.OK


@WORKERS
def test_a_resumed_run_is_whole(
    interrupted: "subprocess.Popen[str]", miniature: Miniature, workers: tuple[str, ...]
) -> None:
    interrupted.communicate(timeout=ENOUGH_SECONDS)
    (miniature.path / "go").touch()
    result = miniature.run("--resume", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == VERDICTS
    assert {file.name for file in (miniature.runs[-1] / "evidence").iterdir()}


def test_nothing_left_is_as_good_as_the_verdicts_were(miniature: Miniature) -> None:
    miniature.promise("BACK-1")
    miniature.run("--report-dir=first")
    assert miniature.run("--resume-from=first").ret == pytest.ExitCode.OK


def test_what_could_not_be_judged_is_tried_again(miniature: Miniature) -> None:
    miniature.promise("BACK-1", "raise Blocked(Evidence('no disk', 'a disk'))")
    miniature.run("--report-dir=first")
    result = miniature.run("--resume-from=first")
    assert miniature.verdicts() == {("BACK-1", "cpu"): "blocked"}
    assert "deselected" not in result.parseoutcomes()


def test_another_environment_is_refused(miniature: Miniature) -> None:
    miniature.promise("BACK-1")
    miniature.run()
    environment = miniature.runs[0] / "run.jsonl"
    environment.write_text(environment.read_text().replace("3.12.1", "3.13.0"))
    result = miniature.run(f"--resume-from={miniature.runs[0]}", "--report-dir=second")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*another python: 3.13.0 there, 3.12.1 here. Start a new run*"])


@pytest.mark.parametrize("option", ["--resume", "--resume-from=nowhere"])
def test_without_a_record_there_is_one_sentence(miniature: Miniature, option: str) -> None:
    miniature.promise("BACK-1")
    result = miniature.run(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --resume: there is no record in *"])
