"""What the commands make of what they are given."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli import child, prove
from cli import test as test_command
from cli.pytests import PROMISES, ROOT, TESTS, command
from tests.starting import Start

PYTEST = [sys.executable, "-P", "-m", "pytest"]
CONFIGURED = [*PYTEST, "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")]


def given(*options: str) -> list[str]:
    words = command(PROMISES, list(options))
    assert words[: len(CONFIGURED)] == CONFIGURED
    return words[len(CONFIGURED) :]


def test_without_options_all_promises_run() -> None:
    assert given() == [str(ROOT / "conformance")]


def test_what_is_not_ours_goes_to_pytest() -> None:
    options = ["-k", "back", "-n", "2", "--pin", "0.1.0rc0"]
    assert given(*options) == [*options, str(ROOT / "conformance")]


@pytest.mark.parametrize("folder", [".", "conformance", "docs"])
def test_a_node_id_is_found_from_anywhere(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / folder)
    node = "conformance/test_backend.py::test_it[cpu]"
    assert given(node) == [f"{ROOT}/{node}"]


def test_a_node_id_may_be_relative_to_where_the_user_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "conformance")
    assert given("test_backend.py") == [str(ROOT / "conformance" / "test_backend.py")]


def test_an_expression_is_not_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert given("-k", "conformance") == ["-k", "conformance", str(ROOT / "conformance")]


def test_a_users_path_stays_what_they_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    assert given("--report-dir", "./out")[:2] == ["--report-dir", "./out"]


def test_prove_passes_its_sample_on() -> None:
    assert prove.options(7, ["-k", "BACK-2"]) == [
        *("--prove", "--prove-sample", "7", "-n", "2"),
        *("-k", "BACK-2"),
    ]


class Parts:
    """Stands in for the parts of `pinproof test`: each ends with the status it was given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statuses: list[int] = []
        self.ran: list[list[str]] = []
        monkeypatch.setattr(test_command, "run", self)

    def __call__(self, words: list[str]) -> int:
        self.ran.append(words[len(CONFIGURED) :])
        return self.statuses.pop(0)

    def end_with(self, statuses: list[int], *options: str) -> int:
        self.statuses = statuses
        return test_command.execute(argparse.Namespace(sample=7, pytest=list(options)))


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    return Parts(monkeypatch)


def test_the_parts_are_tests_then_promises_with_faults(parts: Parts) -> None:
    proven = ["--prove", "--prove-sample", "7", "-n", "2"]
    assert parts.end_with([0, 0]) == 0
    assert parts.ran == [
        [str(ROOT / TESTS)],
        [*test_command.CHIPLESS, *proven, str(ROOT / PROMISES)],
    ]


@pytest.mark.parametrize("statuses", [[1, 0], [0, 1], [0, 5]])
def test_one_red_part_is_red_and_the_other_still_runs(parts: Parts, statuses: list[int]) -> None:
    assert parts.end_with(list(statuses)) == max(statuses)
    assert len(parts.ran) == 2


def test_a_red_part_is_named_at_the_end(parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    parts.end_with([1, 0])
    assert capsys.readouterr().err.endswith("not green: the suite's own tests (status 1)\n")


def test_a_selection_may_be_about_some_parts_only(parts: Parts) -> None:
    assert parts.end_with([0, 5], "-k", "ledger") == 0


def test_a_selection_of_nothing_is_red(parts: Parts) -> None:
    assert parts.end_with([5, 5], "-k", "nothing") == 5


def test_naming_a_test_of_the_suite_runs_no_promise(parts: Parts) -> None:
    parts.end_with([0], "tests/test_ledger.py")
    assert parts.ran == [[str(ROOT / "tests" / "test_ledger.py")]]


def test_after_an_interrupt_no_further_part_starts(parts: Parts) -> None:
    assert parts.end_with([child.INTERRUPTED]) == child.INTERRUPTED
    assert len(parts.ran) == 1


RUN_ONE_PART = """
import sys; sys.path.insert(0, sys.argv[1])
from cli import child
with child.stopping_on_signals():
    sys.exit(child.run([sys.executable, "-c", sys.argv[2]]))
"""
WAITS_AND_CLEANS_UP = """
import threading
try:
    print("started", flush=True)
    while True:
        threading.Event().wait(0.1)
except KeyboardInterrupt:
    print("cleaned up", flush=True)
"""


@pytest.fixture
def one_part(start: Start) -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", RUN_ONE_PART, str(ROOT), WAITS_AND_CLEANS_UP]
    started = start(words, stdout=subprocess.PIPE)
    assert started.stdout
    assert started.stdout.readline() == "started\n"
    return started


def test_ctrl_c_lets_the_part_clean_up_and_ends_with_130(
    one_part: "subprocess.Popen[str]",
) -> None:
    os.killpg(one_part.pid, signal.SIGINT)
    assert one_part.communicate(timeout=10)[0] == "cleaned up\n"
    assert one_part.returncode == 130


def test_sigterm_takes_the_part_along(one_part: "subprocess.Popen[str]") -> None:
    one_part.terminate()
    one_part.communicate(timeout=10)  # the part holds the pipe: its end is the part's end
    assert one_part.returncode == 128 + signal.SIGTERM
