"""`--stress N` reaches the tests, is said in the header, and refuses what is no number."""

import pytest

from tests.conftest import Miniature

PLUGIN = ("-p", "fixtures.stress")


def under_stress(miniature: Miniature, number: int) -> None:
    miniature.promise("CONC-1", f"assert stress == {number}", arguments="lane, stress")


def test_without_it_the_load_is_the_usual_one(miniature: Miniature) -> None:
    under_stress(miniature, 1)
    result = miniature.run(*PLUGIN)
    assert miniature.verdicts() == {("CONC-1", "cpu"): "pass"}
    result.stdout.no_fnmatch_line("stress:*")


def test_with_it_tests_know_and_the_header_says_so(miniature: Miniature) -> None:
    under_stress(miniature, 3)
    result = miniature.run(*PLUGIN, "--stress", "3")
    assert miniature.verdicts() == {("CONC-1", "cpu"): "pass"}
    result.stdout.fnmatch_lines(["stress: 3 times the requests and engines"])


def test_the_command_that_reproduces_a_failure_says_so(miniature: Miniature) -> None:
    under_stress(miniature, 2)
    result = miniature.run(*PLUGIN, "--stress", "3")
    result.stdout.fnmatch_lines(["*reproduce: pytest 'test_area.py::* --stress=3"])


@pytest.mark.parametrize("nonsense", ["0", "-2", "many", "1.5", ""])
def test_what_is_no_number_is_refused(miniature: Miniature, nonsense: str) -> None:
    under_stress(miniature, 1)
    result = miniature.run(*PLUGIN, f"--stress={nonsense}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--stress: {nonsense!r} is no whole number from 1 on*"])
