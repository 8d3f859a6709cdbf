"""Leases of stand-in chips: parts side by side, all alone, in the order of asking."""

import itertools
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from fixtures import lease_queue
from fixtures.board import Board
from fixtures.chips import Lease, Leases
from fixtures.lease_files import locked
from fixtures.lease_queue import place_in, waiting_in
from fixtures.lease_words import holders
from fixtures.tpus import GOOGLE
from reports.model import Blocked
from tests.lock_holders import held
from tests.stand_in_chips import board, taker
from tests.waiting import wait_until


def in_vain(leases: Leases, chips: int, seconds: float = 0.2) -> str:
    with pytest.raises(Blocked) as caught:
        leases.take(chips, seconds)
    return caught.value.evidence.observed


def test_single_chips_are_leased_side_by_side(tmp_path: Path) -> None:
    chips = board(tmp_path)
    leases = [Leases(chips).take(1) for _ in range(4)]
    assert sorted(lease.chips for lease in leases) == [(0,), (1,), (2,), (3,)]
    assert {lease.environment["TPU_VISIBLE_CHIPS"] for lease in leases} == set("0123")
    assert len({lease.environment["TPU_PROCESS_PORT"] for lease in leases}) == 4


def test_a_lease_says_what_keeps_libtpu_to_its_chips(tmp_path: Path) -> None:
    lease = Leases(board(tmp_path)).take(2)
    assert lease.words() == "chips 0 and 1 of 4"
    assert lease.environment["TPU_VISIBLE_CHIPS"] == "0,1"
    assert lease.environment["TPU_CHIPS_PER_PROCESS_BOUNDS"] == "1,2,1"
    assert lease.environment["TPU_PROCESS_BOUNDS"] == "1,1,1"


def test_who_has_all_is_alone_and_has_no_variables(tmp_path: Path) -> None:
    chips = board(tmp_path)
    lease = Leases(chips).take(4)
    assert (lease.words(), lease.environment) == ("all 4 chips", {})
    assert f"chips 0, 1, 2 and 3 are leased by process {os.getpid()} of" in in_vain(
        Leases(chips), 1
    )


def test_the_same_chip_comes_first_again(tmp_path: Path) -> None:
    chips = board(tmp_path)
    first, second = Leases(chips), Leases(chips)
    one, two = first.take(1), second.take(1)
    one.release()
    two.release()
    assert second.take(1).chips == (1,)


@pytest.mark.parametrize("wanted", [3, 4, 9])
def test_what_is_no_part_is_the_whole_host(tmp_path: Path, wanted: int) -> None:
    assert Leases(board(tmp_path)).take(wanted).chips == (0, 1, 2, 3)


def test_a_single_chip_is_the_whole_host(tmp_path: Path) -> None:
    chips = board(tmp_path, chips=1)
    lease = Leases(chips).take(1)
    assert (lease.words(), lease.environment) == ("the only chip", {})
    assert "chip 0 is leased by" in in_vain(Leases(chips), 1)


def test_chips_with_one_node_are_never_divided(tmp_path: Path) -> None:
    (tmp_path / "vfio").mkdir()
    for node in ("7", "10"):
        (tmp_path / "vfio" / node).touch()
        for function in ("a", "b"):
            vendor = tmp_path / "groups" / node / "devices" / function / "vendor"
            vendor.parent.mkdir(parents=True)
            vendor.write_text(GOOGLE)
    together = Board({}, tmp_path, tmp_path / "groups")
    assert Leases(together).take(1).chips == (0, 1)
    apart = replace(together, iommu_groups=tmp_path / "none")
    assert [node.name for node in apart.nodes] == ["7", "10"]
    assert list(apart.parts(1)) == [(0,), (1,)]


@pytest.mark.parametrize(
    ("visible", "wanted", "got"),
    [("2,3", 1, (2,)), ("2,3", 4, (2, 3)), ("1,2", 2, (0, 1, 2, 3)), ("3", 4, (3,))],
)
def test_chips_that_the_user_hides_are_left_alone(
    tmp_path: Path, visible: str, wanted: int, got: tuple[int, ...]
) -> None:
    assert Leases(board(tmp_path, TPU_VISIBLE_CHIPS=visible)).take(wanted).chips == got


def test_who_wants_all_is_not_overtaken(tmp_path: Path) -> None:
    chips = board(tmp_path)
    lease = Leases(chips).take(1)
    with taker(tmp_path, 4) as patient:
        patient.hear()
        wait_until(lambda: len(waiting_in(chips.queue)) == 1)
        late = Leases(chips)
        assert f"before us process {patient.pid} of user" in in_vain(late, 1)
        lease.release()
        assert patient.hear()["chips"] == [0, 1, 2, 3]


def test_waiting_says_once_for_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.chips.PATIENCE_SECONDS", 0.1)
    chips = board(tmp_path)
    lease = Leases(chips).take(4)
    told: list[str] = []
    waiting = Leases(chips, told.append)
    in_vain(waiting, 1, seconds=1.5)
    assert len(told) == 1
    assert told[0].startswith("Waiting for a chip: chips 0, 1, 2 and 3 are leased by process ")
    lease.release()
    assert waiting.take(1).chips == (0,)


def test_the_first_deadline_is_not_waited_for_again(tmp_path: Path) -> None:
    chips = board(tmp_path)
    lease = Leases(chips).take(4)
    waiting = Leases(chips)
    in_vain(waiting, 1)
    assert "after 0 seconds of waiting" in in_vain(waiting, 1, seconds=0)
    lease.release()
    waiting.take(1)


def test_a_chip_open_in_a_strangers_process_is_passed_by(tmp_path: Path) -> None:
    chips = board(tmp_path)
    with (tmp_path / "accel0").open():
        assert Leases(chips).take(1).chips == (1,)
        why = in_vain(Leases(chips), 4)
    assert f"{tmp_path}/accel0 is open in process {os.getpid()} of user" in why


def test_a_strangers_hold_on_libtpu_is_waited_for(tmp_path: Path) -> None:
    chips = board(tmp_path)
    with held(chips.libtpu_lock) as pid:
        assert f"the lock of libtpu is held by process {pid} of" in in_vain(Leases(chips), 1)
    assert Leases(chips).take(1).chips == (0,)


def test_a_signal_while_waiting_leaves_nothing(tmp_path: Path) -> None:
    chips = board(tmp_path)
    lease = Leases(chips).take(1)

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGTERM]).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            Leases(chips).take(4, seconds=30)
    finally:
        signal.signal(signal.SIGTERM, before)
    lease.release()
    assert waiting_in(chips.queue) == []
    assert holders(chips) == {}


def test_a_jump_of_the_clock_is_not_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chips = board(tmp_path)
    lease = Leases(chips).take(4)
    jumps = iter(range(10**9, 0, -(10**6)))
    monkeypatch.setattr("time.time", lambda: next(jumps))
    in_vain(Leases(chips), 1)
    lease.release()
    assert Leases(chips).take(1).chips == (0,)


def test_a_stopped_process_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chips = board(tmp_path)
    lease = Leases(chips).take(4)
    with taker(tmp_path, 4) as stopped:
        stopped.hear()
        wait_until(lambda: len(waiting_in(chips.queue)) == 1)
        os.kill(stopped.pid, signal.SIGSTOP)
        lease.release()
        assert "waits for 4 chips" in in_vain(Leases(chips), 1)
        monkeypatch.setattr(lease_queue, "_ASLEEP_SECONDS", 0.5)
        assert Leases(chips).take(1, seconds=20).chips == (0,)


@pytest.mark.parametrize("scribble", ["", "{", "[1, null]", '{"pid": "x"}', '[{"process": {}}]'])
def test_what_others_scribble_is_no_obstacle(tmp_path: Path, scribble: str) -> None:
    chips = board(tmp_path)
    Leases(chips).take(4).release()
    for file in chips.leases.iterdir():
        file.write_text(scribble)
    lease: Lease = Leases(chips).take(4, seconds=5)
    assert list(holders(chips).values()) == [(0, 1, 2, 3)]
    lease.release()


def test_a_holder_that_grows_older_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chips = board(tmp_path)
    lease = Leases(chips).take(4)
    seconds = itertools.count(time.clock_gettime(time.CLOCK_BOOTTIME))
    monkeypatch.setattr("time.clock_gettime", lambda _: next(seconds))
    assert list(holders(chips).values()) == [(0, 1, 2, 3)]
    lease.release()


def test_a_locked_queue_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_queue, "_MUTEX_SECONDS", 0.2)
    chips = board(tmp_path)
    with locked(chips.queue, 1), pytest.raises(Blocked, match="Is that process stop"):
        Leases(chips).take(1)


def test_a_place_that_is_left_is_free(tmp_path: Path) -> None:
    chips = board(tmp_path)
    with place_in(chips.queue, 4) as first, place_in(chips.queue, 1) as second:
        assert first.before() == []
        assert [ticket.chips for ticket in second.before()] == [4]
        first.leave()
        assert second.before() == []
