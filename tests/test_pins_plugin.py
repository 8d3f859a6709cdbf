"""`--pin` costs nothing until promises run, and fails once, in one sentence."""

from pathlib import Path

import pytest

from pins.environment import settle
from tests.repositories import Repository, repository

__all__ = ["repository"]

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


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_a_checkout_that_is_not_there_is_one_sentence(
    suite: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    suite.makepyprojecttoml('[dependency-groups]\npin = ["sglang-jax[tpu]==0.1.0rc0"]')
    result = suite.runpytest_subprocess("--pin", "/nowhere/x", "conformance", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.lines == [
        "ERROR: --pin /nowhere/x: there is no such folder.",
        *([""] * (len(result.stderr.lines) - 1)),
    ]


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


def test_workers_take_the_very_pin_of_their_controller(
    suite: pytest.Pytester, repository: Repository
) -> None:
    """Though the checkout goes on: here with the first test of each worker."""
    suite.makepyprojecttoml('[dependency-groups]\npin = ["sglang-jax[tpu]==0.1.0rc0"]')
    file = repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    (suite.path / "tests" / "test_tests.py").write_text(
        f"from pathlib import Path\n"
        f"import pytest\n"
        f"@pytest.mark.parametrize('answer', [3, 4])\n"
        f"def test_it(pytestconfig, answer):\n"
        f"    Path({str(file)!r}).write_text(f'answer = {{answer}}')\n"
        f"    print('taken:', pytestconfig.workerinput['pinproof_pin'], '!')\n"
    )
    settled = settle(str(repository.folder), suite.path)
    words = ("--pin", str(repository.folder), "tests", "-n", "2", "-rP")
    result = suite.runpytest_subprocess(*words)
    assert result.ret == pytest.ExitCode.OK
    assert result.stdout.str().count(f"taken: {settled} !") == 2


def test_the_configuration_may_name_the_pin(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess("-o", "pin=env:/nowhere", "conformance")
    result.stderr.fnmatch_lines(f"*{NOWHERE}")
