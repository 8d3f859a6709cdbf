"""What a process may hold, for those who count it."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import tempfile
import threading
from typing import Any

from pinproof_cell.scenarios import teardown

_kept: list[Any] = []


def hold() -> None:
    named = socket.socket(socket.AF_UNIX)
    named.bind(tempfile.mktemp())  # noqa: S306 - a socket makes its file itself
    named.listen()
    locked = tempfile.TemporaryFile()  # noqa: SIM115 - held until the cell ends
    fcntl.flock(locked, fcntl.LOCK_EX)
    child = subprocess.Popen(["sleep", "600"])  # noqa: S607
    tempfile.mkdtemp()
    _kept.extend([named, locked, child, socket.create_server(("127.0.0.1", 0))])


def start_a_program() -> int:
    """One that inherits whatever may be inherited."""
    program = subprocess.Popen(["sleep", "600"], close_fds=False)  # noqa: S607
    _kept.append(program)
    return program.pid


def fork_and_stay() -> int:
    forked = os.fork()
    if not forked:
        signal.pause()
    return forked


def hang_on_a_clock(way: str) -> Any:
    clock = teardown.Clock(0.2)

    def fail() -> None:
        raise ValueError("no")

    time: Any = getattr(clock, way)
    with contextlib.suppress(teardown.TooLongError):
        time("fine", lambda: None)
        time("broken", fail)
        time("hung", threading.Event().wait)
        time("never", lambda: None)
    return clock.done
