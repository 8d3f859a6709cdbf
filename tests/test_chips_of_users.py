"""Users share chips: the files of one shut no other out, and what does is explained."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.board import Board
from fixtures.chips import Leases
from fixtures.lease_words import holders
from reports.model import Blocked
from tests.lock_holders import FORK, NOBODY, as_root
from tests.stand_in_chips import ROOT, board

pytestmark = as_root


@pytest.fixture
def chips() -> Iterator[Board]:
    """In a directory that all users can reach."""
    with tempfile.TemporaryDirectory(prefix="chips-", dir="/tmp") as directory:
        Path(directory).chmod(0o1777)
        yield board(Path(directory))


def as_nobody(do: Callable[[], Any]) -> Any:
    """What it returns in a process of another user who keeps what he makes to himself."""
    here, there = FORK.Pipe()

    def act() -> None:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.umask(0o077)
        there.send(do())

    process = FORK.Process(target=act)
    process.start()
    there.close()
    try:
        return here.recv()
    finally:
        process.join()


def taken(chips: Board, seconds: float = 5) -> Any:
    try:
        lease = Leases(chips).take(4, seconds)
    except Blocked as blocked:
        return blocked.evidence.observed
    lease.release()
    return lease.chips


@pytest.mark.parametrize("nobody_first", [True, False])
def test_leases_pass_from_user_to_user(chips: Board, nobody_first: bool) -> None:  # noqa: FBT001 - pytest names it
    everyone = (0, 1, 2, 3)
    first = [as_nobody(lambda: taken(chips))] if nobody_first else []
    assert [*first, taken(chips), as_nobody(lambda: taken(chips))] == [
        everyone for _ in range(2 + len(first))
    ]


def test_another_users_lease_is_named(chips: Board) -> None:
    lease = Leases(chips).take(4)
    why = as_nobody(lambda: taken(chips, 0.2))
    assert f"chips 0, 1, 2 and 3 are leased by process {os.getpid()} of user root" in why
    lease.release()


@pytest.mark.parametrize("shut", ["leases", "leases/queue", "leases/accel2"])
def test_what_shuts_a_user_out_is_explained(chips: Board, shut: str) -> None:
    Leases(chips).take(4).release()
    (chips.devices / shut).chmod(0o700 if shut == "leases" else 0o600)
    why = as_nobody(lambda: taken(chips))
    mode = "1777" if shut == "leases" else "666"
    assert f"{chips.devices / shut} belongs to user root and shuts this user out." in why
    assert f"`sudo chmod {mode} {chips.devices / shut}`" in why
    assert "Never remove it" in why
    assert taken(chips) == (0, 1, 2, 3)


def test_an_owner_opens_what_he_had_shut(chips: Board) -> None:
    Leases(chips).take(4).release()
    (chips.devices / "leases").chmod(0o755)
    assert taken(chips) == (0, 1, 2, 3)
    assert as_nobody(lambda: taken(chips)) == (0, 1, 2, 3)
    assert holders(chips) == {}


WATCH = """
import os, sys
sys.path[:0] = {paths!r}
from pathlib import Path
from fixtures.board import Board
from fixtures.chips import Leases
from tests.stand_in_chips import board
chips = board(Path({directory!r}))
Leases(chips).take(4).release()
makers = []
def watch(event, arguments):
    if event == "open" and "leases" in str(arguments[0]) and arguments[2] & os.O_CREAT:
        makers.append(arguments[0])
sys.addaudithook(watch)
Leases(chips).take(4).release()
print(makers)
"""


def test_what_is_there_is_never_opened_as_if_to_make_it(chips: Board) -> None:
    """`fs.protected_regular` refuses that in a sticky directory, to root as well."""
    paths = [str(ROOT), str(ROOT / "fixtures" / "cell")]
    script = WATCH.format(paths=paths, directory=str(chips.devices))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
