"""What libtpu says is understood, and its advice to remove the lock replaced."""

import os
from pathlib import Path

import pytest

from fixtures.libtpu_lock import Lock
from fixtures.libtpu_words import Kind, explain, read
from fixtures.owners import Cell, Owner, spoken

LOCKED = (
    "ABORTED: Internal error when accessing libtpu multi-process lockfile. "
    'Run "$ sudo rm /tmp/libtpu_lockfile".'
)
DEVICE_OPEN = (
    "ABORTED: The TPU is already in use by process with pid {}. "
    "Not attempting to load libtpu.so in this process."
)
SHUT_OUT = (
    "ABORTED: The TPU is already in use by another process probably owned by another user. "
    'Run "$ sudo lsof -w /dev/vfio/0" to figure out which process is using the TPU.'
)
HOLDER = Owner(71, "bob", "python train.py", 200.0)
HELD = Lock(Path("/tmp/libtpu_lockfile"), owner=0, held=True, holder=HOLDER)  # noqa: S108 - a name


@pytest.mark.parametrize(
    ("message", "kind", "pid"),
    [
        (LOCKED, Kind.LOCKED, None),
        (DEVICE_OPEN.format(123), Kind.DEVICE_OPEN, 123),
        (SHUT_OUT, Kind.SHUT_OUT, None),
        ("Unable to initialize backend 'tpu': " + LOCKED, Kind.LOCKED, None),
        ("ABORTED: lease 7 is taken", Kind.UNKNOWN, None),
    ],
)
def test_each_known_refusal_has_its_kind(message: str, kind: Kind, pid: int | None) -> None:
    refusal = read(message)
    assert (refusal.kind, refusal.pid) == (kind, pid)


@pytest.mark.parametrize("message", [LOCKED, DEVICE_OPEN.format(71), SHUT_OUT])
def test_the_explanation_names_the_holder_and_no_rm(message: str) -> None:
    words = explain(message, HELD, uid=1000)
    assert "process 71 of user bob (running for 3 minutes) `python train.py`" in words
    assert "you need bob to end it, or root: `sudo kill 71`" in words
    assert "rm /tmp" not in words


def test_a_stranger_with_the_device_open_is_told_apart() -> None:
    words = explain(DEVICE_OPEN.format(os.getpid()), HELD, uid=1000)
    assert f"open in process {os.getpid()} " in words
    assert "does not hold the lock" in words
    assert "held by process 71 " in words


def test_a_new_message_is_quoted() -> None:
    assert "'ABORTED: lease 7 is taken'" in explain("ABORTED: lease 7 is taken", HELD)


@pytest.mark.parametrize(
    ("orphaned", "advice"), [(False, "Wait for that run"), (True, "Nobody needs it any more")]
)
def test_a_cell_of_ours_is_named(*, orphaned: bool, advice: str) -> None:
    holder = Owner(71, "root", "python", 1.0, Cell(3, 70, orphaned=orphaned))
    words = Lock(Path("x"), owner=0, held=True, holder=holder).words(0)
    assert "cell 3 of " in words
    assert advice in words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1.4, "1 seconds"), (130, "2 minutes"), (7300, "2 hours"), (200000, "2 days")],
)
def test_an_age_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
