"""Whatever a cell does becomes a verdict with its evidence, and nothing of it is left."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fixtures.cells import Cell, ProcessCell, RemoteError
from fixtures.host import Host
from pinproof_cell.faults import load_all
from reports.model import Crashed, Finding, Hung
from tests.plain_cells import plain_cell

_HANG_DEADLINE = 1.0
_MARGIN_SECONDS = 10.0

type MakeCell = Callable[..., ProcessCell]


@pytest.fixture
def make_cell(host: Host) -> Iterator[MakeCell]:
    made = []

    def make(cold: str = "", modules: tuple[str, ...] = ()) -> ProcessCell:
        made.append(plain_cell(host, cold, modules))
        return made[-1]

    yield make
    for cell in made:
        cell.close()


def strike(cell: Cell, fault: str) -> Finding:
    cell.run("pinproof_cell.faults:apply", name=fault)
    with pytest.raises(Finding) as caught:
        cell.run("platform:node", deadline=_HANG_DEADLINE if "hang" in fault else 60.0)
    return caught.value


GENERIC = sorted(name for name in load_all() if name.startswith("cell-"))


@pytest.mark.parametrize("start", ["", "the test asked for it"], ids=["forked", "cold"])
@pytest.mark.parametrize("fault", GENERIC)
def test_harm_becomes_the_declared_verdict(make_cell: MakeCell, fault: str, start: str) -> None:
    cell = make_cell(cold=start)
    began = time.monotonic()
    finding = strike(cell, fault)
    assert finding.verdict == load_all()[fault].verdict
    assert time.monotonic() - began < _HANG_DEADLINE + _MARGIN_SECONDS
    assert not psutil.pid_exists(cell.pid)
    assert make_cell().run("platform:node")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("cell-segfaults", "killed by SIGSEGV"),
        ("cell-is-killed", "killed by SIGKILL"),
        ("cell-exits-zero", "exited with status 0"),
        ("cell-sends-sigquit-upward", "sent SIGQUIT to its parent"),
        ("cell-answers-with-garbage", "garbage"),
        ("cell-eats-memory", "more memory than it may"),
        ("cell-hangs-in-python", "no answer from platform:node in 1 s"),
    ],
)
def test_the_finding_says_what_happened(make_cell: MakeCell, fault: str, said: str) -> None:
    assert said in strike(make_cell(), fault).evidence.observed


@pytest.mark.parametrize("fault", [name for name in GENERIC if "hang" in name])
def test_a_hang_shows_where_it_stands(make_cell: MakeCell, fault: str) -> None:
    stacks = strike(make_cell(), fault).evidence.stacks
    assert "generic.py" in stacks or "threading.py" in stacks
    assert "Current thread" in stacks or "Thread 0x" in stacks


def test_native_stacks_are_shown(make_cell: MakeCell) -> None:
    assert "pause" in strike(make_cell(), "cell-hangs-in-native-code").evidence.stacks


def test_a_flood_keeps_its_end(make_cell: MakeCell) -> None:
    tail = strike(make_cell(), "cell-floods-its-log").evidence.log_tail
    assert tail[-1] == "the flood is over"
    assert len(tail) <= 101


def test_an_exception_is_an_answer(make_cell: MakeCell) -> None:
    cell = make_cell()
    with pytest.raises(RemoteError, match="KeyError"):
        cell.run("pinproof_cell.faults:apply", name="no-such-fault")
    assert cell.run("platform:node")


def test_an_answer_that_cannot_travel_is_an_error(make_cell: MakeCell) -> None:
    with pytest.raises(RemoteError, match="can't leave its process"):
        make_cell().run("threading:Lock")


def test_a_dead_cell_repeats_its_finding(make_cell: MakeCell) -> None:
    cell = make_cell()
    first = strike(cell, "cell-exits-zero")
    with pytest.raises(Crashed) as again:
        cell.run("platform:node")
    assert again.value is first
    assert not cell.alive


def test_a_cell_that_died_between_calls_is_not_alive(make_cell: MakeCell) -> None:
    cell = make_cell()
    psutil.Process(cell.pid).kill()
    deadline = time.monotonic() + _MARGIN_SECONDS
    while cell.alive:
        assert time.monotonic() < deadline


def test_the_parent_of_a_cell_is_the_supervisor(make_cell: MakeCell) -> None:
    for cold in ("", "asked for"):
        cell = make_cell(cold=cold)
        (supervisor,) = psutil.Process().children()
        assert cell.run("os:getppid") == supervisor.pid


def test_a_cell_has_its_own_temporary_directory(make_cell: MakeCell) -> None:
    cell = make_cell()
    directory = cell.run("tempfile:mkdtemp")
    assert Path(directory).is_dir()
    assert Path(directory).parent != Path(tempfile.gettempdir())
    cell.close()
    assert not Path(directory).parent.exists()


def test_what_a_cell_detached_is_killed(make_cell: MakeCell) -> None:
    cell = make_cell()
    pid = cell.run("tests.misbehaviour:detach_a_child")
    assert psutil.pid_exists(pid)
    cell.close()
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("tests.misbehaviour_threads", "threads"),
        ("tests.misbehaviour_raises", "RuntimeError: no import today"),
        ("tests.misbehaviour_exits", "it ended while it imported the stack"),
    ],
)
def test_an_unfit_template_means_cold_cells_and_says_why(
    make_cell: MakeCell, module: str, why: str
) -> None:
    cell = make_cell(modules=(module,))
    assert cell.start.startswith("cold:")
    assert why in cell.start
    assert cell.run("platform:node")


def test_a_second_cell_is_there_at_once(make_cell: MakeCell) -> None:
    make_cell()
    began = time.monotonic()
    make_cell()
    assert time.monotonic() - began < 1.0


def test_a_hung_cell_is_told_from_a_slow_one(make_cell: MakeCell) -> None:
    cell = make_cell()
    with pytest.raises(Hung, match=r"no answer from signal:pause in 0.5 s"):
        cell.run("signal:pause", deadline=0.5)
