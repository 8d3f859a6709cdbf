"""`--in-process` runs the same promises in one process, on the pin's Python."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--in-process", *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        start_new_session=True,
    )


def test_a_promise_runs_without_a_cell() -> None:
    done = run("conformance/test_backend.py::test_devices_are_the_lanes[cpu]")
    assert "1 pass" in done.stdout
    assert done.returncode == pytest.ExitCode.OK


def test_what_needs_a_process_says_so() -> None:
    done = run("-k", "ENV-4")
    assert "--in-process has no process of its own to start" in done.stdout


def test_workers_are_refused() -> None:
    done = run("-n", "2")
    assert "--in-process is one process; leave out -n" in done.stderr
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
