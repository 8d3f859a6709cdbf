"""The last exception in a log: why an engine took its process along."""

import subprocess
import sys

import pytest

from fixtures.last_words import last_exception


def _log_of(script: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("[].tolist()", "AttributeError: 'list' object has no attribute 'tolist'"),
        ("assert False", "AssertionError"),
        ("raise Exception('of no class')", "Exception: of no class"),
        ("import json; json.loads('')", "json.decoder.JSONDecodeError: Expecting value: "),
        (
            "try:\n  1 / 0\nexcept Exception as e:\n  raise OSError('later') from e",
            "OSError: later",
        ),
    ],
)
def test_it_is_what_python_wrote(script: str, words: str) -> None:
    assert last_exception(_log_of(script)).startswith(words)


def test_what_comes_after_it_changes_nothing() -> None:
    log = [
        "ValueError: the cause",
        "-----",
        "For simplicity, JAX has removed frames.",
        "[12:01] end",
    ]
    assert last_exception(log) == "ValueError: the cause"


@pytest.mark.parametrize(
    "line",
    [
        "[12:01] ValueError: in a sentence",
        "    raise ValueError",
        "Loading Weights: 100%",
        "Error: of a shell script",
        "UserWarning: only a warning",
    ],
)
def test_other_lines_are_no_exceptions(line: str) -> None:
    assert last_exception([line]) == ""


def test_a_long_one_is_cut() -> None:
    words = last_exception([f"ValueError: {'x' * 5000}"])
    assert words.startswith("ValueError: xxx")
    assert words.endswith("...")
    assert len(words) < 500
