"""Who uses an environment: as long as anybody does, it is not pruned. The kernel keeps count."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SUFFIX = ".users"


def hold(folder: Path) -> int:
    """A descriptor; `folder` is in use until it is closed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_file(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.utime(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def unused(folder: Path) -> Iterator[bool]:
    """Whether nobody uses `folder`; if so, nobody begins to meanwhile."""
    descriptor = os.open(_file(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def last_used(folder: Path) -> float:
    """As seconds since the epoch."""
    file = _file(folder)
    return (file if file.exists() else folder).stat().st_mtime


def _file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{_SUFFIX}")
