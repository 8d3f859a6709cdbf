"""What CONC-9 does on a TPU with a model of the user's, here on the CPU with a probe as one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.cells import Cell
from fixtures.concurrency_run import Fleet
from fixtures.engines import SOUND_ON_CPU
from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.nursery import CellPin, Nursery
from fixtures.probes import certified
from reports.model import LaneName

FAULTS = ("tokens-of-the-engine-beside", "requests-go-to-the-engine-beside")
ENGINES = 4


@pytest.fixture(scope="module")
def cell(cell_pin: CellPin) -> Iterator[Cell]:
    host = Host()
    nursery = Nursery(lambda: host, cell_pin)
    yield nursery.keep(describe(LaneName.CPU, Path("/dev"), os.environ))
    nursery.close()
    host.close()


@pytest.fixture(scope="module")
def fleet(cell: Cell, probe_cache: Path) -> Fleet:
    checkpoint = certified(probe_cache).directory
    return Fleet.start(cell, checkpoint, SOUND_ON_CPU, ENGINES)


def test_four_engines_run_to_the_end(fleet: Fleet) -> None:
    run = fleet.run()
    assert list(run.wrong()) == []
    assert run.facts()["done"].startswith("DONE: engines=4 wall_sec=")
    answers = {tuple(reply.answers[0].tokens) for reply in run.alone}
    assert len(answers) == ENGINES
    assert all(len(set(answer)) > 1 for answer in answers)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_heard(cell: Cell, fleet: Fleet, fault: str) -> None:
    cell.run("pinproof_cell.faults:apply", name=fault)
    wrong = list(fleet.run().wrong())
    cell.run("pinproof_cell.faults:undo", name=fault)
    assert wrong
    assert list(fleet.run().wrong()) == []
