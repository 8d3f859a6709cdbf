"""Processes that hold a lock of our own making, for tests."""

import fcntl
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pinproof_cell import lockfile

FORK = multiprocessing.get_context("fork")
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="Only root can be two users.")


def hold(path: Path, said: Connection) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.lockf(descriptor, fcntl.LOCK_EX)
    said.send(os.getpid())
    said.recv()


@contextmanager
def held(path: Path) -> Iterator[int]:
    """A process that holds the lock; killed at the end, which leaves the file."""
    here, there = FORK.Pipe()
    process = FORK.Process(target=hold, args=(path, there))
    process.start()
    try:
        yield here.recv()
    finally:
        process.kill()
        process.join()


def asked_elsewhere(path: Path, user: int | None = None) -> int | None:
    """Whom another process, perhaps of another user, sees hold the lock."""
    here, there = FORK.Pipe()
    directory = os.open(path.parent, os.O_RDONLY)

    def ask() -> None:
        # That user may not be able to walk to the directory.
        os.fchdir(directory)
        if user is not None:
            os.setuid(user)
        there.send(lockfile.holder(Path(path.name)))

    process = FORK.Process(target=ask)
    process.start()
    found: int | None = here.recv()
    process.join()
    os.close(directory)
    return found
