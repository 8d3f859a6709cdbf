"""A stale lock is handed over in place; a held one is left alone, whoever tries."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from fixtures.libtpu_lock import recover
from pinproof_cell import lockfile
from tests.lock_holders import FORK, NOBODY, as_root, asked_elsewhere, held

RACERS = 50


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "libtpu_lockfile"


@pytest.fixture
def stale(path: Path) -> Path:
    path.touch(0o600)
    return path


def race(path: Path, said: Connection) -> None:
    said.send("ready")
    while not said.poll(0.001):
        lockfile.recover(path, os.geteuid())


@contextmanager
def racing(path: Path) -> Iterator[None]:
    pipes = [FORK.Pipe() for _ in range(RACERS)]
    racers = [FORK.Process(target=race, args=(path, there)) for _, there in pipes]
    for racer in racers:
        racer.start()
    try:
        for here, _ in pipes:
            here.recv()
        yield
    finally:
        for racer in racers:
            racer.kill()
            racer.join()


def test_fifty_recoverers_leave_a_holder_alone(stale: Path) -> None:
    inode = stale.stat().st_ino
    if os.geteuid() == 0:
        os.chown(stale, NOBODY, NOBODY)
    with racing(stale), held(stale) as pid:
        assert lockfile.holder(stale) == pid
        assert stale.stat().st_ino == inode


@as_root
def test_a_stale_file_is_handed_over_in_place(stale: Path) -> None:
    inode = stale.stat().st_ino
    lock = recover(stale, NOBODY)
    assert (lock.owner, stale.stat().st_ino) == (NOBODY, inode)
    assert not lock.shuts_out(NOBODY)


@as_root
def test_a_held_file_is_not_handed_over(path: Path) -> None:
    with held(path):
        assert not lockfile.recover(path, NOBODY)
        assert recover(path, NOBODY).owner == 0


@as_root
def test_another_user_sees_the_holder_without_opening_the_file(path: Path) -> None:
    path.parent.chmod(0o755)
    with held(path) as pid:
        assert asked_elsewhere(path, NOBODY) == pid


@pytest.mark.parametrize("trap", ["symlink", "second name", "content", "fifo"])
def test_what_libtpu_did_not_make_is_not_handed_over(path: Path, tmp_path: Path, trap: str) -> None:
    other = tmp_path / "precious"
    other.touch()
    match trap:
        case "symlink":
            path.symlink_to(other)
        case "second name":
            path.hardlink_to(other)
        case "content":
            path.write_text("x")
        case "fifo":
            os.mkfifo(path)
    with pytest.raises(lockfile.NotALock):
        lockfile.recover(path, NOBODY)
    assert other.stat().st_uid == os.geteuid()
