"""What a dead process had is free again, and a living one is never taken for it."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from fixtures.board import Board
from fixtures.chips import Leases
from fixtures.lease_files import LockedFile, Process
from fixtures.lease_queue import waiting_in
from fixtures.lease_words import holders
from tests.lock_holders import FORK
from tests.stand_in_chips import Taker, board
from tests.waiting import wait_until

ME = Process.this()


def note(directory: Path, process: Process, chip: int = 0) -> None:
    file = LockedFile(board(directory).lease_of(chip))
    file.write(process.as_json())
    file.close()


def reused() -> Process:
    """A dead process that had our number."""
    return Process(ME.pid, ME.born - 1, ME.boot, ME.space)


@contextmanager
def leasing(chips: Board, count: int, heirs: int = 0) -> Iterator[int]:
    """A process that has a lease, perhaps shared with forks that outlive it; killed at the end."""
    here, there = FORK.Pipe()

    def live() -> None:
        Leases(chips).take(count)
        for _ in range(heirs):
            os.fork()
        there.send(None)
        signal.pause()

    process = FORK.Process(target=live)
    process.start()
    try:
        here.recv()
        yield process.pid or 0
    finally:
        process.kill()
        process.join()


def test_a_process_is_its_number_and_its_birth() -> None:
    assert not ME.gone
    assert reused().gone
    assert Process(ME.pid, ME.born, "another boot", ME.space).gone
    assert not Process(ME.pid, ME.born - 1, ME.boot, "another container").gone


def test_a_lease_of_a_dead_process_whose_number_was_reused_is_free(tmp_path: Path) -> None:
    note(tmp_path, reused())
    assert holders(board(tmp_path)) == {}
    lease = Leases(board(tmp_path)).take(4, seconds=5)
    assert lease.recovered


def test_whoever_has_the_number_of_a_dead_process_is_not_named(tmp_path: Path) -> None:
    chips = board(tmp_path)
    with leasing(chips, 4) as pid:
        note(tmp_path, reused())
        words = next(words for words, held in holders(chips).items() if 0 in held)
    assert f"process {pid} " in words
    assert f"process {os.getpid()} " not in words


def test_a_killed_holder_frees_its_chips(tmp_path: Path) -> None:
    chips = board(tmp_path)
    killed = Taker(tmp_path, 4)
    while "chips" not in killed.hear():
        pass
    killed.kill()
    assert Leases(chips).take(4, seconds=10).chips == (0, 1, 2, 3)
    assert waiting_in(chips.queue) == []


def test_an_orderly_return_needs_no_recovery(tmp_path: Path) -> None:
    Leases(board(tmp_path)).take(4).release()
    assert not Leases(board(tmp_path)).take(4).recovered


def test_racing_for_what_a_dead_process_left_has_one_winner(tmp_path: Path) -> None:
    note(tmp_path, reused())
    racers = [Taker(tmp_path, 4, seed=number) for number in range(6)]
    said = [word for racer in racers for word in racer.finish()]
    assert [word for word in said if "collision" in word] == []
    assert len([word for word in said if "end" in word]) == 6
    assert holders(board(tmp_path)) == {}


def test_chips_are_used_for_as_long_as_an_heir_lives(tmp_path: Path) -> None:
    """As a cell does that outlives pytest and supervisor."""
    chips = board(tmp_path)
    with leasing(chips, 1, heirs=1) as pid:
        [heir] = psutil.Process(pid).children()
    try:
        [(words, held)] = holders(chips).items()
        assert f"process {heir.pid} " in words
        assert held == (0,)
        assert Leases(chips).take(1).chips == (1,)
    finally:
        heir.kill()
    wait_until(lambda: 0 not in next(iter(holders(chips).values()), ()))


def test_tickets_of_an_earlier_boot_are_void(tmp_path: Path) -> None:
    chips = board(tmp_path)
    Leases(chips).take(1).release()
    ticket = {"process": ME.as_json(), "number": 10**6, "chips": 4, "seen": 10.0**12}
    chips.queue.write_text(json.dumps([ticket]) + "\n")
    assert Leases(chips).take(4, seconds=5).words() == "all 4 chips"
