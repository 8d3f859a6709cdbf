"""Whole runs of pytest on stand-in chips, which another process may not open meanwhile."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from itertools import combinations
from typing import Any

import pytest

from fixtures.chips import Leases
from fixtures.lease_queue import waiting_in
from fixtures.lease_words import holders
from tests.conftest import WIRING, Miniature
from tests.stand_in_chips import ROOT, board
from tests.starting import Start

CONFTEST = f"""
{WIRING}
import sys
from fixtures.nursery import CellPin

@pytest.fixture(scope="session")
def cell_pin():
    return CellPin(Path(sys.executable), None, ())
"""
PLUGINS = ("-p", "fixtures.provide", "-p", "fixtures.workers")


class Run:
    def __init__(self, miniature: Miniature, start: Start, chips: int) -> None:
        self.miniature = miniature
        self._start = start
        self.place = miniature.path / "notes"
        self.place.mkdir()
        self.board = board(miniature.path / "dev", chips)
        miniature.pytester.makeconftest(CONFTEST)

    def module(self, name: str, marks: str = "", company: int = 1, lane: str = "tpu") -> None:
        number = len(list(self.miniature.path.glob("test_*.py"))) + 1
        self.miniature.promise(
            f"BACK-{number}",
            f"use(cell, {str(self.place)!r}, {name!r}, {company})",
            lanes=(lane,),
            module=f"test_{name}.py",
            arguments="cell",
        )
        file = self.miniature.path / f"test_{name}.py"
        head = "from pathlib import Path\nfrom tests.chip_user import use\n"
        text = file.read_text().replace(repr(str(self.place)), f"Path({str(self.place)!r})")
        file.write_text(head + text.replace("\n@promise", f"\n{marks}\n@promise", 1))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        paths = [ROOT, ROOT / "fixtures" / "cell", ROOT / "tests" / "stand_in_jax"]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "STAND_IN_DEVICES": str(self.board.devices),
        }
        return self._start(
            [sys.executable, "-m", "pytest", *PLUGINS, *arguments],
            cwd=self.miniature.path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def notes(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text()) for file in self.place.glob("*.json")]


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["began"] < other["ended"] and other["began"] < one["ended"])


ONE_CHIP = "pytestmark = pytest.mark.chips(1)\n"


def test_four_modules_share_a_host_and_others_have_it_alone(
    miniature: Miniature, start: Start
) -> None:
    run = Run(miniature, start, chips=4)
    for name in "abcd":
        run.module(name, ONE_CHIP, company=4)
    for name in ("whole", "xwhole"):
        run.module(name)
    process = run.start("-m", "tpu", "-n", "4")
    output = process.communicate(timeout=300)[0]
    assert process.returncode == pytest.ExitCode.OK, output
    notes = {note["name"]: note for note in run.notes()}
    assert {name: note["chips"] for name, note in notes.items()} == {
        **dict.fromkeys("abcd", 1),
        **dict.fromkeys(("whole", "xwhole"), 4),
    }
    assert not any(
        overlap(notes[one], notes[other])
        for one, other in combinations(notes, 2)
        if "whole" in one or "whole" in other
    )
    assert holders(run.board) == {}


def test_a_host_with_one_chip_has_one_module_at_a_time(miniature: Miniature, start: Start) -> None:
    run = Run(miniature, start, chips=1)
    for name in "abc":
        run.module(name, ONE_CHIP)
    process = run.start("-m", "tpu", "-n", "4")
    output = process.communicate(timeout=300)[0]
    assert process.returncode == pytest.ExitCode.OK, output
    assert not any(overlap(*pair) for pair in combinations(run.notes(), 2))
    assert "already in use" not in output


def test_two_runs_share_a_host(miniature: Miniature, start: Start) -> None:
    run = Run(miniature, start, chips=2)
    run.module("a")
    runs = [run.start("-m", "tpu", f"--report-dir=r{number}") for number in range(3)]
    outputs = [each.communicate(timeout=300)[0] for each in runs]
    assert [each.returncode for each in runs] == [pytest.ExitCode.OK] * 3, outputs
    assert "already in use" not in "".join(outputs)


def test_without_leases_they_fight(miniature: Miniature, start: Start) -> None:
    """So it is the leases that keep the peace above, not luck."""
    run = Run(miniature, start, chips=1)
    no_leases = "from fixtures.tenancy import Tenancy\n\n@pytest.fixture(scope='session')\n"
    miniature.pytester.makeconftest(f"{CONFTEST}\n{no_leases}def tenancy(): return Tenancy()\n")
    run.module("a")
    with (run.board.devices / "accel0").open() as chip:
        fcntl.flock(chip, fcntl.LOCK_EX)
        output = run.start("-m", "tpu").communicate(timeout=300)[0]
    assert "already in use" in output


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_who_waits_says_for_whom_and_ends_with_sigterm(
    miniature: Miniature, start: Start, workers: tuple[str, ...]
) -> None:
    run = Run(miniature, start, chips=2)
    run.module("a")
    lease = Leases(run.board).take(2)
    process = run.start("-m", "tpu", *workers)
    assert process.stdout
    line = next(line for line in process.stdout if "Waiting for" in line)
    assert f"all 2 chips: chips 0 and 1 are leased by process {os.getpid()} of user" in line
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    lease.release()
    assert waiting_in(run.board.queue) == []
    assert holders(run.board) == {}


def test_a_wait_is_in_the_record(miniature: Miniature, start: Start) -> None:
    run = Run(miniature, start, chips=1)
    run.module("a")
    lease = Leases(run.board).take(1)
    process = run.start("-m", "tpu")
    assert process.stdout
    assert any("Waiting for the only chip" in line for line in process.stdout)
    lease.release()
    process.communicate(timeout=120)
    assert process.returncode == pytest.ExitCode.OK
    said = [value for event in miniature.events() for value in event.get("user_properties", [])]
    assert any(name == "lease" and f"process {os.getpid()} " in value for name, value in said)
    assert ["cell", "forked from a template; on the only chip"] in said
