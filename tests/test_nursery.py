"""Cells are shared or not as a test asks, and carry its fault from the phase it declares."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.nursery import CellPin, Cells, Nursery
from pinproof_cell.faults import Fault, Phase, load_all
from reports.model import Blocked, Crashed, LaneName

_PATH = {"PYTHONPATH": str(Path(__file__).parents[1])}
STATIC = describe(LaneName.STATIC, Path("/dev"), os.environ)
STATIC = replace(STATIC, environment={**STATIC.environment, **_PATH})


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    host = Host()
    nursery = Nursery(lambda: host, CellPin(Path(sys.executable), None, ()))
    yield nursery
    nursery.close()
    host.close()


def in_phase(phase: Phase) -> Fault:
    return replace(load_all()["cell-exits-zero"], phase=phase)


def test_tests_share_a_cell(nursery: Nursery) -> None:
    assert Cells(nursery, STATIC).shared() is Cells(nursery, STATIC).shared()


def test_a_broken_cell_is_not_shared_on(nursery: Nursery) -> None:
    broken = Cells(nursery, STATIC).shared()
    with pytest.raises(Crashed):
        broken.run("os:abort")
    assert Cells(nursery, STATIC).shared().run("platform:node")


def test_a_cell_that_died_between_tests_is_replaced(nursery: Nursery) -> None:
    dying = psutil.Process(Cells(nursery, STATIC).shared().run("os:getpid"))
    dying.kill()
    psutil.wait_procs([dying], timeout=5)
    assert Cells(nursery, STATIC).shared().run("platform:node")


def test_a_stream_left_half_way_is_never_mixed_up_with_the_next_call(nursery: Nursery) -> None:
    cell = Cells(nursery, STATIC).shared()
    assert next(cell.iterate("tests.misbehaviour:count")) == 0
    with pytest.raises(RuntimeError, match="has not answered an earlier call"):
        cell.run("platform:node")
    assert Cells(nursery, STATIC).shared() is not cell


def test_a_fresh_cell_is_not_the_shared_one_and_ends_with_the_test(nursery: Nursery) -> None:
    cells = Cells(nursery, STATIC)
    fresh = cells.fresh()
    assert fresh is not cells.shared()
    cells.close()
    assert not fresh.alive
    assert cells.shared().alive


@pytest.mark.parametrize("phase", [Phase.BEFORE_START, Phase.BEFORE_IMPORT])
def test_an_early_fault_never_gets_the_shared_cell(nursery: Nursery, phase: Phase) -> None:
    cells = Cells(nursery, STATIC, in_phase(phase))
    cell = cells.shared()
    assert cell is not nursery.keep(STATIC)
    with pytest.raises(Crashed):
        cell.run("platform:node")
    assert cells.fault_reached()
    cells.close()


def test_a_live_fault_is_undone(nursery: Nursery) -> None:
    cells = Cells(nursery, STATIC, in_phase(Phase.LIVE))
    shared = cells.shared()
    assert not cells.fault_reached()
    cells.close()
    assert shared.run("platform:node")


def test_a_cell_has_the_variables_that_a_test_adds(nursery: Nursery) -> None:
    cells = Cells(nursery, STATIC)
    assert cells.fresh({"ADDED": "1"}).run("os:environ.get", key="ADDED") == "1"
    cells.close()


def test_a_lane_on_other_devices_is_blocked(nursery: Nursery) -> None:
    cpu = describe(LaneName.CPU, Path("/dev"), os.environ)
    with pytest.raises(Blocked, match="required: at least 4 devices of platform cpu"):
        nursery.make(cpu)


def test_starts_that_keep_failing_are_not_tried_for_ever(nursery: Nursery) -> None:
    hopeless = Nursery(nursery.host, CellPin(Path("/bin/false"), None, ()))
    findings = []
    for _ in range(4):
        with pytest.raises(Crashed) as caught:
            hopeless.make(STATIC)
        findings.append(caught.value)
    assert findings[1] is findings[2] is findings[3]
