"""Which releases of sglang-jax the index offers, as pip sees it."""

import os
import re
import subprocess
import sys

from pins.failures import last_lines, meaning
from pins.plan import UNDER_TEST
from pins.spec import PinError

_SECONDS = 120
_OFFERED = re.compile(r"^Available versions: (.+)$", re.MULTILINE)


def releases() -> list[str]:
    """The newest first."""
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "pip", "index", "versions", "--pre", UNDER_TEST],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "PIP_NO_COLOR": "1"},
        )
    except subprocess.TimeoutExpired:
        raise PinError(f"the index did not answer within {_SECONDS} s.") from None
    offered = _OFFERED.search(answer.stdout)
    if not offered:
        because = meaning(answer.stderr) or f"pip ended with status {answer.returncode}"
        raise PinError(
            f"the index could not be asked: {because}.\n{last_lines(answer.stderr, 3)}".rstrip()
        )
    return [version.strip() for version in offered[1].split(",")]
