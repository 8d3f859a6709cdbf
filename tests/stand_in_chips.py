"""Devices without chips, and processes of their own that lease them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fixtures.board import Board

ROOT = Path(__file__).parents[1]
_PATHS = [str(ROOT), str(ROOT / "fixtures" / "cell")]
_BOOT = f"import sys; sys.path[:0] = {_PATHS!r}; from tests.lease_taker import main; main()"


def board(directory: Path, chips: int = 4, **environ: str) -> Board:
    for chip in range(chips):
        (directory / f"accel{chip}").touch()
    return Board(environ, directory)


class Taker:
    def __init__(self, devices: Path, chips: int, seed: int = 0) -> None:
        self.chips = chips
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, str(devices), str(chips), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said

    def finish(self) -> list[dict[str, Any]]:
        """Let it end after its present lease."""
        return _said(self._process.communicate("end", timeout=120)[0])

    def kill(self) -> list[dict[str, Any]]:
        self._process.kill()
        return _said(self._process.communicate(timeout=120)[0])


@contextmanager
def taker(devices: Path, chips: int) -> Iterator[Taker]:
    made = Taker(devices, chips)
    try:
        yield made
    finally:
        made.kill()


def _said(output: str) -> list[dict[str, Any]]:
    """A process that is killed may be in the middle of its last word."""
    return [json.loads(line) for line in output.splitlines(keepends=True) if line.endswith("\n")]
