"""Who holds a lock and what to do about it, tried on locks of our own, without libtpu."""

import fcntl
import os
import time
from pathlib import Path

import psutil
import pytest

from fixtures import libtpu_lock, owners
from fixtures.libtpu_lock import Lock, StillHeld, look, recover, wait_until_free
from pinproof_cell import lockfile
from tests.lock_holders import NOBODY, asked_elsewhere, held


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "libtpu_lockfile"


@pytest.fixture
def stale(path: Path) -> Path:
    path.touch(0o600)
    return path


def test_no_file_is_no_lock(path: Path) -> None:
    lock = look(path)
    assert (lock.held, lock.stale) == (False, False)
    assert "can be used" in lock.words()


def test_the_holder_is_named_with_user_command_and_age(path: Path) -> None:
    with held(path) as pid:
        lock = look(path)
    assert lock.holder is not None
    assert lock.holder.pid == pid
    assert lock.holder.user == libtpu_lock.name_of(os.geteuid())
    assert lock.holder.command.rstrip("…") in " ".join(psutil.Process().cmdline())
    assert 0 <= (lock.holder.seconds or 0) < 600
    assert f"`kill {pid}`" in lock.words(0)
    assert "Never remove" in lock.words(0)


def test_another_user_is_told_what_is_needed(path: Path) -> None:
    with held(path) as pid:
        words = look(path).words(NOBODY - 1)
    assert "owned by another user: you need" in words
    assert f"`sudo kill {pid}`" in words


def test_a_file_that_a_killed_process_left_is_stale(path: Path) -> None:
    with held(path):
        pass
    lock = look(path)
    assert lock.stale
    assert "nothing to do" in lock.words(os.geteuid())


def test_whom_a_stale_file_shuts_out_is_told_the_safe_command(stale: Path) -> None:
    words = Lock(stale, owner=0).words(NOBODY)
    assert f"sudo chown {libtpu_lock.name_of(NOBODY)} {stale}" in words
    assert "Never remove" in words


@pytest.mark.parametrize(
    ("lock", "uid", "out"),
    [
        (Lock(Path("x"), owner=0), NOBODY, True),
        (Lock(Path("x"), owner=0, shared=True), NOBODY, False),
        (Lock(Path("x"), owner=0, shared=True, guarded=True), NOBODY, True),
        (Lock(Path("x"), owner=NOBODY), 0, False),
        (Lock(Path("x"), owner=NOBODY, guarded=True), 0, True),
        (Lock(Path("x"), owner=NOBODY, guarded=True), NOBODY, False),
        (Lock(Path("x")), NOBODY, False),
    ],
)
def test_who_is_shut_out_by_a_file(lock: Lock, uid: int, *, out: bool) -> None:
    assert lock.shuts_out(uid) is out


def test_asking_does_not_cost_the_holder_its_lock(path: Path) -> None:
    with path.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert lockfile.holder(path) == os.getpid()
        recover(path)
        lockfile.recover(path, os.geteuid())
        assert asked_elsewhere(path) == os.getpid()


def test_a_holder_that_is_not_listed_is_asked_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockfile, "_listed", lambda _: None)
    with held(path) as pid:
        assert lockfile.holder(path) == pid
    assert lockfile.holder(path) is None


def test_a_holder_out_of_sight_is_no_free_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch()
    monkeypatch.setattr(lockfile, "holder", lambda _: lockfile.SOMEBODY)
    lock = look(path)
    assert lock.held
    assert "another container" in lock.words()


def test_a_process_that_vanishes_while_it_is_asked_about_is_looked_for_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.touch()
    answers = iter([111, 222, 222, 222])
    monkeypatch.setattr(lockfile, "holder", lambda _: next(answers))
    monkeypatch.setattr(owners, "describe", lambda _: None)
    lock = look(path)
    assert lock.holder is not None
    assert lock.holder.pid == 222


def test_a_number_that_was_given_away_again_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    births = iter([1, 2])
    monkeypatch.setattr(owners, "born", lambda _: next(births))
    assert owners.describe(os.getpid()) is None


def test_a_jump_of_the_clock_changes_neither_age_nor_deadline(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(path):
        before = look(path).holder
        monkeypatch.setattr(time, "time", lambda: 0.0)
        after = look(path).holder
        with pytest.raises(StillHeld):
            wait_until_free(path, seconds=0.1)
    assert before is not None
    assert after is not None
    assert abs((after.seconds or 0) - (before.seconds or 0)) < 60


def test_waiting_shows_for_whom_and_ends_with_words(path: Path) -> None:
    told: list[Lock] = []
    with held(path) as pid, pytest.raises(StillHeld, match=f"held by process {pid}"):
        wait_until_free(path, seconds=0.2, waiting_for=told.append)
    assert [lock.holder.pid for lock in told if lock.holder] == [pid]


def test_waiting_ends_when_the_holder_does(path: Path) -> None:
    with held(path) as pid:
        lock = wait_until_free(path, seconds=60, waiting_for=lambda _: os.kill(pid, 9))
    assert lock.stale
