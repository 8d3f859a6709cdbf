"""The rules that tools can check are kept by every file."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_RUFF = str(Path(sysconfig.get_path("scripts")) / "ruff")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([_RUFF, "check"], id="ruff-check"),
        pytest.param([_RUFF, "format", "--check"], id="ruff-format"),
        pytest.param([sys.executable, "-m", "mypy"], id="mypy"),
    ],
)
def test_no_tool_has_anything_to_say(words: list[str]) -> None:
    done = subprocess.run(
        words, cwd=_ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
