"""`--pin` costs nothing until promises run, and fails once, in one sentence."""

from pathlib import Path

import pytest

NOWHERE = "there is no /nowhere."


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    pytester.makeini("[pytest]\naddopts = --disable-plugin-autoload -p xdist.plugin -p pins.plugin")
    for folder in ("conformance", "tests"):
        pytester.mkdir(folder).joinpath(f"test_{folder}.py").write_text("def test_it(): pass\n")
    return pytester


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_a_pin_that_cannot_be_had_is_one_sentence(
    suite: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = suite.runpytest_subprocess("--pin", "env:/nowhere", "conformance", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.lines[0].endswith(NOWHERE)
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    "arguments",
    [
        ("conformance", "--collect-only"),
        ("conformance", "--collect-only", "-n", "2"),
        ("--help",),
        ("--version",),
        ("tests",),
        ("tests", "-n", "2"),
    ],
    ids=" ".join,
)
def test_without_promises_to_run_no_pin_is_asked_for(
    suite: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    result = suite.runpytest_subprocess("--pin", "env:/nowhere", *arguments)
    assert result.ret == pytest.ExitCode.OK


def test_nonsense_is_refused_before_anything_is_collected(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess("--pin", "newest", "--collect-only")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("ERROR: --pin newest: this is no pin;*")


def test_the_configuration_may_name_the_pin(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess("-o", "pin=env:/nowhere", "conformance")
    result.stderr.fnmatch_lines(f"*{NOWHERE}")
