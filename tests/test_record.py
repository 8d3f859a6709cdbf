"""A run leaves its record: complete, in one place, and only when promises ran."""

import json
import os
from pathlib import Path

import pytest

from reports.record import INCOMPLETE, KEPT_RUNS
from tests.conftest import PYTHONPATH, Miniature


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_a_run_leaves_its_events_its_junit_and_its_environment(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1")
    miniature.run(*workers)
    (run,) = miniature.runs
    assert {file.name for file in run.iterdir()} == {"run.jsonl", "junit.xml", "environment.json"}
    assert json.loads((run / "environment.json").read_text())["python"] == "3.12.1"
    assert "test_back_1[cpu]" in (run / "junit.xml").read_text()


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_the_environment_comes_before_the_first_test(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1")
    miniature.run(*workers)
    kinds = [event["$report_type"] for event in miniature.events()]
    assert kinds.index("Environment") < kinds.index("TestReport")
    environment = miniature.events()[kinds.index("Environment")]
    assert environment["pin"]["versions"] == {"sglang-jax": "0.1.0rc0"}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_no_pin_is_built_when_nothing_is_selected(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1")
    miniature.run("-k", "nothing_like_it", *workers)
    assert "Environment" not in {event["$report_type"] for event in miniature.events()}


@pytest.mark.parametrize(
    "arguments", [("--collect-only",), ("tests",), ("--markers",), ("--fixtures",), ("--help",)]
)
def test_without_promises_there_is_no_record(
    miniature: Miniature, arguments: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1")
    (miniature.path / "tests").mkdir()
    (miniature.path / "tests" / "test_own.py").write_text("def test_own():\n    pass\n")
    miniature.run(*arguments)
    assert not miniature.runs


def test_a_users_own_logs_are_written_too(miniature: Miniature) -> None:
    miniature.promise("BACK-1")
    miniature.run("--report-log=mine.jsonl", "--junitxml=mine.xml")
    assert (miniature.path / "mine.jsonl").exists()
    assert (miniature.path / "mine.xml").exists()
    assert (miniature.runs[0] / "run.jsonl").exists()


def test_the_directory_can_be_chosen(miniature: Miniature) -> None:
    miniature.promise("BACK-1")
    miniature.run("--report-dir", "chosen/here")
    assert (miniature.path / "chosen" / "here" / "run.jsonl").exists()
    assert not miniature.runs


def test_an_unwritable_directory_is_one_sentence(miniature: Miniature) -> None:
    miniature.promise("BACK-1")
    (miniature.path / "file").touch()
    result = miniature.run("--report-dir", "file/below")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: The record can't be written to *Name another directory*"])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("full", ["run.jsonl", "junit.xml", "environment.json"])
def test_a_full_disk_is_one_sentence_and_red(miniature: Miniature, full: str) -> None:
    miniature.promise("BACK-1")
    (miniature.path / "small").mkdir()
    (miniature.path / "small" / full).symlink_to("/dev/full")
    result = miniature.run("--report-dir", "small")
    assert result.ret == INCOMPLETE
    result.stdout.fnmatch_lines(["The record in * is incomplete: No space left on device.*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_killed_run_keeps_what_it_had(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)
    miniature.promise("BACK-1")
    miniature.promise("BACK-2", "os._exit(9)")
    miniature.pytester.runpytest_subprocess()
    assert miniature.verdicts() == {("BACK-1", "cpu"): "pass"}


def test_old_records_go_and_those_of_living_runs_stay(miniature: Miniature) -> None:
    miniature.promise("BACK-1")
    runs = miniature.path / ".pinproof" / "runs"
    living = f"20200101T000000Z-{os.getpid()}"
    for name in [living, *(f"20210101T{number:06}Z-999999999" for number in range(KEPT_RUNS + 3))]:
        (runs / name).mkdir(parents=True)
    miniature.run()
    assert len(miniature.runs) == KEPT_RUNS + 1
    assert Path(living).name in {run.name for run in miniature.runs}
