"""What test cells are asked to do; runs in a cell, with the checkout on PYTHONPATH."""

import os
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker

from pinproof_cell.shared_blocks import Blocks


def detach_a_child() -> int:
    """A daemon in a session of its own, as a careless library starts it; returns its pid."""
    told, tell = os.pipe()
    middle = os.fork()
    if middle == 0:
        os.setsid()
        daemon = os.fork()
        if daemon:
            os.write(tell, str(daemon).encode())
            os._exit(0)
        signal.pause()
    os.waitpid(middle, 0)
    return int(os.read(told, 32))


def keep_a_block() -> None:
    """Of shared memory, that no tracker takes away."""
    resource_tracker.register = lambda *_: None
    Blocks()


def spin() -> None:
    while True:
        pass


def count() -> Iterator[int]:
    yield from range(3)
