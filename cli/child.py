"""Starts a pytest as a child that ends with us, whoever ends us and however."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO

INTERRUPTED = 130
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_SECONDS_TO_CLEAN_UP = 15
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def run(words: list[str], stdout: IO[str] | None = None, stderr: IO[str] | None = None) -> int:
    """The child's exit status; Ctrl-C reaches it through the terminal, and it cleans up itself."""
    sys.stdout.flush()
    parent = os.getpid()
    child = subprocess.Popen(
        words,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=lambda: _end_with(parent),  # noqa: PLW1509 - no command has threads
    )
    try:
        status = child.wait()
    except KeyboardInterrupt:
        _await_end(child)
        return INTERRUPTED
    except SystemExit:
        child.terminate()
        _await_end(child)
        raise
    return status if status >= 0 else 128 - status


def _end_with(parent: int) -> None:
    """If the parent is killed, the child is asked to end as by SIGTERM, and finishes its record."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(128 + signal.SIGTERM)


def _await_end(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(timeout=_SECONDS_TO_CLEAN_UP)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()
        child.wait()


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """SIGTERM, and SIGHUP of a closed terminal, unless somebody has started us with nohup."""

    def stop(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    ours = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, stop) for each in ours}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
