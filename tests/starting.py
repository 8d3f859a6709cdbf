"""Starts processes as somebody in a terminal would; none of them outlives its test."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as ends:

        def start(
            words: Sequence[str],
            *,
            closed_terminal: signal.Handlers = signal.SIG_DFL,
            **options: Any,
        ) -> subprocess.Popen[str]:
            with _taking_signals_as_in_a_terminal(closed_terminal):
                running = subprocess.Popen(words, text=True, process_group=0, **options)
            ends.enter_context(running)
            ends.callback(_kill_all_of, running.pid)
            return running

        yield start


def _kill_all_of(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


@contextmanager
def _taking_signals_as_in_a_terminal(closed_terminal: signal.Handlers) -> Iterator[None]:
    """Even if nohup has started us, or `&` in a script, whose processes hear no Ctrl-C."""
    before = [
        (signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler)),
        (signal.SIGHUP, signal.signal(signal.SIGHUP, closed_terminal)),
    ]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
