"""Cells on chips hold leases: for as long as they live, whoever dies around them."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from fixtures import owners
from fixtures.board import Board, on_chips
from fixtures.chips import Leases
from fixtures.host import Host
from fixtures.lanes import Lane, describe
from fixtures.lease_words import holders
from fixtures.nursery import CellPin, Cells, Nursery
from fixtures.tenancy import Tenancy
from reports.model import Blocked, LaneName
from tests.lock_holders import FORK
from tests.stand_in_chips import ROOT, board
from tests.waiting import wait_until

PIN = CellPin(Path(sys.executable), None, ())


def lane(chips: Board, wanted: int | None, **variables: str) -> Lane:
    described = on_chips(describe(LaneName.TPU, chips.devices, {}), chips, wanted)
    paths = f"{ROOT / 'tests' / 'stand_in_jax'}:{ROOT}"
    variables |= {"STAND_IN_DEVICES": str(chips.devices), "PYTHONPATH": paths}
    return replace(described, environment={**described.environment, **variables})


def nursery_on(chips: Board, host: Host) -> Nursery:
    return Nursery(lambda: host, PIN, tenancy=Tenancy(Leases(chips)))


@pytest.fixture
def chips(tmp_path: Path) -> Board:
    return board(tmp_path)


@pytest.fixture
def nursery(chips: Board, host: Host) -> Iterator[Nursery]:
    nursery = nursery_on(chips, host)
    yield nursery
    nursery.close()


def held(chips: Board) -> set[int]:
    return {chip for group in holders(chips).values() for chip in group}


def test_a_cell_sees_the_chips_of_its_lease(nursery: Nursery, chips: Board) -> None:
    cell = nursery.keep(lane(chips, 1))
    assert cell.start == "forked from a template; on chip 0 of 4"
    assert cell.run("pinproof_cell.census:devices")["count"] == 1
    assert held(chips) == {0}


def test_modules_that_need_one_chip_run_side_by_side(chips: Board, host: Host) -> None:
    nurseries = [nursery_on(chips, host) for _ in range(4)]
    cells = [nursery.keep(lane(chips, 1)) for nursery in nurseries]
    seen = [cell.run("os:environ.get", key="TPU_VISIBLE_CHIPS") for cell in cells]
    assert sorted(seen) == list("0123")
    for nursery in nurseries:
        nursery.close()
    assert held(chips) == set()


def test_a_module_without_a_mark_has_the_whole_host(nursery: Nursery, chips: Board) -> None:
    whole = lane(chips, None)
    assert (whole.chips, whole.device_count) == (4, 4)
    cell = nursery.keep(whole)
    assert cell.start.endswith("; on all 4 chips")
    assert cell.run("os:environ.get", key="TPU_VISIBLE_CHIPS") is None
    assert held(chips) == {0, 1, 2, 3}


def test_the_compiler_lane_holds_the_whole_host(nursery: Nursery, chips: Board) -> None:
    aot = on_chips(describe(LaneName.AOT, chips.devices, {}), chips, 1)
    cell = nursery.keep(replace(aot, environment={**aot.environment, "PYTHONPATH": str(ROOT)}))
    assert cell.alive
    assert held(chips) == {0, 1, 2, 3}
    assert on_chips(describe(LaneName.AOT, chips.devices, {}), Board({}, ROOT), 1).chips == 0


def test_the_newer_cell_gets_the_chips(nursery: Nursery, chips: Board) -> None:
    cells = Cells(nursery, lane(chips, 1))
    shared, fresh = cells.shared(), cells.fresh()
    assert fresh.alive
    with pytest.raises(Blocked, match="a newer one got its chips"):
        shared.run("platform:node")
    cells.close()
    assert cells.shared().run("platform:node")
    assert held(chips) == {0}


def test_chips_are_given_back_at_the_end_of_a_module(nursery: Nursery, chips: Board) -> None:
    nursery.keep(lane(chips, 2))
    assert held(chips) == {0, 1}
    nursery.close()
    assert held(chips) == set()


def test_a_lane_without_chips_gives_them_back(nursery: Nursery, chips: Board) -> None:
    nursery.keep(lane(chips, 2))
    nursery.hold(describe(LaneName.CPU, chips.devices, {}))
    assert held(chips) == set()


def test_a_dead_cell_is_replaced_on_the_same_chip(nursery: Nursery, chips: Board) -> None:
    one = lane(chips, 1)
    dying = psutil.Process(nursery.keep(one).run("os:getpid"))
    dying.kill()
    psutil.wait_procs([dying], timeout=5)
    assert nursery.keep(one).run("os:environ.get", key="TPU_VISIBLE_CHIPS") == "0"
    nursery.close()
    assert held(chips) == set()


def test_a_cell_that_lives_on_keeps_its_chips(chips: Board, host: Host) -> None:
    """Of a nursery that has let go, as one does that was killed."""
    nursery = nursery_on(chips, host)
    cell = nursery.keep(lane(chips, 1))
    pid = cell.run("os:getpid")
    lease = nursery.tenancy.enter(lane(chips, 1))
    assert lease is not None
    lease.release()
    assert held(chips) == {0}
    assert f"process {pid} " in next(iter(holders(chips)))
    cell.close()
    assert held(chips) == set()


@pytest.mark.parametrize("cold", ["", "the test asked for it"], ids=["forked", "cold"])
def test_programs_of_a_cell_have_no_part_in_its_lease(
    nursery: Nursery, chips: Board, cold: str
) -> None:
    cell = nursery.make(lane(chips, 1), cold=cold)
    program = cell.run("tests.misbehaviour_holding:start_a_program")
    heirs = {owner.pid for owner in owners.with_open(chips.lease_of(0))}
    assert cell.run("os:getpid") in heirs
    assert program not in heirs


def test_forks_of_a_cell_hold_its_lease_with_it(nursery: Nursery, chips: Board) -> None:
    cell = nursery.keep(lane(chips, 1))
    forked = cell.run("tests.misbehaviour_holding:fork_and_stay")
    assert forked in {owner.pid for owner in owners.with_open(chips.lease_of(0))}
    nursery.close()
    assert not psutil.pid_exists(forked)
    assert held(chips) == set()


def test_a_host_that_has_no_parts_is_taken_whole(nursery: Nursery, chips: Board) -> None:
    one = lane(chips, 1, STAND_IN_IS_INDIVISIBLE="1")
    cell = nursery.keep(one)
    assert "; on all 4 chips, because a part was refused: jax raised RuntimeError" in cell.start
    assert held(chips) == {0, 1, 2, 3}
    nursery.close()
    assert nursery.keep(one).start.count("refused") == 1


def lives(process: psutil.Process) -> bool:
    """One that nobody has waited for yet is dead, too."""
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize("victims", ["pytest", "pytest and supervisor"])
def test_kill_minus_nine_frees_the_chips_with_the_cell(chips: Board, victims: str) -> None:
    here, there = FORK.Pipe()

    def run() -> None:
        host = Host()
        cell = nursery_on(chips, host).keep(lane(chips, 4))
        there.send((psutil.Process(cell.run("os:getpid")).ppid(), cell.run("os:getpid")))
        signal.pause()

    run_of_tests = FORK.Process(target=run)
    run_of_tests.start()
    supervisor, cell = here.recv()
    assert held(chips) == {0, 1, 2, 3}
    family = [psutil.Process(supervisor), psutil.Process(cell)]
    run_of_tests.kill()
    if victims != "pytest":
        os.kill(supervisor, signal.SIGKILL)
    Leases(chips).take(4, seconds=30).release()
    assert not any(lives(process) for process in family[1:])
    wait_until(lambda: not lives(family[0]))
    run_of_tests.join()
