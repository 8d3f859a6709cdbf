"""Whoever is killed, whenever: no process and no directory is left."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from fixtures.cells import ProcessCell
from fixtures.host import Host
from pinproof_cell.shared_blocks import PLACE
from reports.model import Crashed
from tests.plain_cells import ROOT, plain_cell
from tests.waiting import wait_until

_GONE_SECONDS = 5.0

_VICTIM = """
import sys, threading
sys.path[:0] = {paths!r}
from fixtures.host import Host
from tests.plain_cells import plain_cell
host = Host()
cell = plain_cell(host)
cell.run("os:getpid")
print("ready", flush=True)
"""
_UNREAD = """
host._channel.send({"do": "stop", "id": 99, "reason": "", "stacks": False, "grace": 0})
threading.Event().wait()
"""


def test_a_killed_supervisor_takes_its_cells_along_and_is_missed() -> None:
    host = Host()
    cell = plain_cell(host)
    process = psutil.Process(cell.pid)
    psutil.Process(cell.run("os:getppid")).kill()
    with pytest.raises(Crashed, match=r"supervisor of the cells is gone .*exit status -9"):
        cell.run("signal:pause")
    assert not host.alive
    assert not cell.alive
    assert not psutil.wait_procs([process], timeout=_GONE_SECONDS)[1]
    cell.close()
    host.close()


@pytest.mark.parametrize("look", [lambda cell: cell.alive, ProcessCell.close])
def test_an_idle_cell_may_be_told_first_that_its_supervisor_was_killed(
    monkeypatch: pytest.MonkeyPatch, look: Callable[[ProcessCell], object]
) -> None:
    host = Host()
    cell = plain_cell(host)
    supervisor = psutil.Process(cell.run("os:getppid"))
    supervisor.kill()
    wait_until(lambda: supervisor.status() == psutil.STATUS_ZOMBIE)
    poll, not_yet = subprocess.Popen.poll, iter([None])
    monkeypatch.setattr(subprocess.Popen, "poll", lambda process: next(not_yet, poll(process)))
    assert not look(cell)
    cell.close()
    host.close()


def test_a_silent_supervisor_is_missed_when_its_cell_is_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host()
    cell = plain_cell(host)
    monkeypatch.setattr("fixtures.host._REPLY_SECONDS", 0.2)
    monkeypatch.setattr("fixtures.host._GOODBYE_SECONDS", 0.2)
    process = psutil.Process(cell.pid)
    supervisor = psutil.Process(cell.run("os:getppid"))
    supervisor.suspend()
    try:
        with pytest.raises(Crashed, match=r"gone or silent \(exit status None\)"):
            cell.close()
    finally:
        # Were it left so, it would not hear that we are gone.
        supervisor.resume()
        host.close()
    assert not psutil.wait_procs([process], timeout=_GONE_SECONDS)[1]


def test_a_client_that_dies_with_an_answer_unread_leaves_nothing(short_path: Path) -> None:
    assert_nothing_survives(short_path, _UNREAD)


def test_directories_of_dead_supervisors_are_cleared(short_path: Path) -> None:
    (short_path / "pinproof-1-1" / "c1").mkdir(parents=True)
    (short_path / "pinproof-notes").mkdir()
    assert_nothing_survives(short_path, _UNREAD, keeps=["pinproof-notes"])


def test_a_killed_cell_leaves_no_block_of_shared_memory() -> None:
    host = Host()
    cell = plain_cell(host)
    supervisor = psutil.Process(cell.run("os:getppid"))
    cell.run("tests.misbehaviour:keep_a_block")
    assert len(blocks_of(supervisor)) == 1
    psutil.Process(cell.pid).kill()
    wait_until(lambda: not blocks_of(supervisor))
    cell.close()
    host.close()


def test_blocks_of_dead_supervisors_are_cleared() -> None:
    host = Host()
    cell = plain_cell(host)
    supervisor = psutil.Process(cell.run("os:getppid"))
    cell.run("tests.misbehaviour:keep_a_block")
    assert len(blocks_of(supervisor)) == 1
    supervisor.kill()
    with pytest.raises(Crashed):
        cell.run("signal:pause")
    cell.close()
    host.close()
    Host().close()
    assert not blocks_of(supervisor)


def blocks_of(supervisor: psutil.Process) -> list[Path]:
    return list(PLACE.glob(f"pinproof-{supervisor.pid}-*"))


@pytest.mark.parametrize("call", ["os:wait", "signal:pause", "tests.misbehaviour:spin"])
def test_nothing_survives_a_killed_pytest(short_path: Path, call: str) -> None:
    assert_nothing_survives(short_path, f'cell.run("{call}", deadline=600)')


def assert_nothing_survives(short_path: Path, last: str, keeps: Sequence[str] = ()) -> None:
    script = short_path / "victim.py"
    script.write_text(_VICTIM.format(paths=[str(ROOT), str(ROOT / "fixtures/cell")]) + last)
    with subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | {"TMPDIR": str(short_path)},
        stdout=subprocess.PIPE,
    ) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"ready\n"
        family = psutil.Process(victim.pid).children(recursive=True)
        victim.kill()
    gone, alive = psutil.wait_procs(family, timeout=_GONE_SECONDS)
    assert len(gone) >= 3
    assert not alive
    assert [path.name for path in short_path.glob("pinproof-*")] == list(keeps)
