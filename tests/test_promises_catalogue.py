"""A promise that can't be believed is refused, and none can vanish unseen."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Miniature

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_all_faulty_promises_are_named_at_once(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1", sentence="")
    miniature.promise("BACK-2", faults=())
    miniature.promise("BACK-3", faults=("nobody",))
    miniature.promise("BACK-4", sentence="The engine SHOULD answer.")
    miniature.promise("BACK-5", arguments="")
    miniature.promise("BACK-6", marks="@pytest.mark.xfail")
    miniature.promise("BACK-7")
    miniature.promise("BACK-7", name="test_twin")
    miniature.promise("odd")
    result = miniature.run(*workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines_random(
        [
            "*BACK-1 * has no sentence*",
            "*BACK-2 * names no fault*",
            "*BACK-3 * fault that nobody registered: nobody",
            "*BACK-4 * is a MUST*",
            "*BACK-5 * doesn't use the fixture 'lane'*",
            "*BACK-6 * is marked xfail*",
            "*BACK-7 is the id of test_area.py::test_back_7 and test_area.py::test_twin*",
            "*odd * has an id that isn't an area and a number*",
        ]
    )
    result.assert_outcomes()


def test_an_unknown_lane_ends_collection(miniature: Miniature) -> None:
    miniature.promise("BACK-1", lanes=("moon",))
    result = miniature.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*'moon' is not a valid LaneName*"])


def test_in_conformance_every_test_is_a_promise(miniature: Miniature) -> None:
    miniature.promise("BACK-1", module="conformance/test_area.py")
    file = miniature.path / "conformance" / "test_area.py"
    file.write_text(f"{file.read_text()}\ndef test_stray():\n    pass\n")
    result = miniature.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*::test_stray has no @promise*"])


def test_the_list_is_written_and_nothing_runs(miniature: Miniature) -> None:
    miniature.promise("BACK-10", "assert False")
    miniature.promise("BACK-2", "assert False", lanes=("cpu", "tpu"))
    result = miniature.run("--write-promises")
    assert result.ret == pytest.ExitCode.OK
    assert not miniature.runs
    written = (miniature.path / "docs" / "promises.md").read_text()
    assert written.index("BACK-2") < written.index("BACK-10")
    assert (
        "| BACK-2 | MUST | cpu, tpu | The engine MUST answer. | lies "
        "| `test_area.py::test_back_2` |\n"
    ) in written


@pytest.mark.parametrize("less", [("-k", "BACK-1"), ("-m", "cpu"), ("test_area.py",)])
def test_a_part_of_the_promises_is_never_written_as_the_list(
    miniature: Miniature, less: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1")
    result = miniature.run("--write-promises", *less)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --write-promises needs every promise*"])


def vanish(miniature: Miniature, lane: str) -> None:
    miniature.promise("BACK-1")
    miniature.promise("BACK-2", lanes=(lane,), module="test_gone.py")
    miniature.run("--write-promises")
    (miniature.path / "test_gone.py").unlink()


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_a_promise_that_vanished_from_a_lane_that_can_run_is_red(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    vanish(miniature, "cpu")
    result = miniature.run(*workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts()["BACK-2", "cpu"] == "not-run"
    result.stdout.fnmatch_lines(["*BACK-2 is in the list of promises for the lane cpu*"])


def test_a_promise_that_vanished_from_a_lane_that_cannot_run_is_listed(
    miniature: Miniature,
) -> None:
    vanish(miniature, "tpu")
    assert miniature.run().ret == pytest.ExitCode.OK
    assert miniature.verdicts()["BACK-2", "tpu"] == "not-run"


def test_a_promise_that_vanished_from_a_required_lane_is_red(miniature: Miniature) -> None:
    vanish(miniature, "tpu")
    assert miniature.run("--require-lane", "tpu").ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize("less", [("-k", "BACK-1"), ("-m", "static or cpu"), ("test_area.py",)])
def test_what_was_not_asked_for_has_not_vanished(
    miniature: Miniature, less: tuple[str, ...]
) -> None:
    vanish(miniature, "aot")
    miniature.run(*less)
    assert miniature.verdicts() == {("BACK-1", "cpu"): "pass"}


def test_the_committed_list_is_what_the_tests_say(tmp_path: Path) -> None:
    written = tmp_path / "promises.md"
    subprocess.run(
        [sys.executable, "-m", "pytest", "--write-promises", "--promises-file", str(written), "-q"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    committed = ROOT / "docs" / "promises.md"
    assert committed.read_text() == written.read_text(), "run 'pytest --write-promises'"
