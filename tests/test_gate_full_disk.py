"""A gate without room: one sentence, status 3, and the same command works once there is some."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from cli.room import LEAST
from tests.gate_miniature import BROKEN_BY_NEW, FIRST_OF_TWO, GateMiniature, Here

NO_ROOM_FOR_NEW = """
    import pathlib, resource
    if pin == '2.0' and not pathlib.Path('room').exists():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
"""


@pytest.fixture
def full() -> Iterator[int]:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


def test_where_there_is_no_room_for_the_record_nothing_is_judged(gate: GateMiniature) -> None:
    gate.promise("BACK-1", NO_ROOM_FOR_NEW)
    told = gate.ask(*FIRST_OF_TWO)
    assert told.status == 3
    assert "could not be written to its end; make room there, and go on" in told.out.splitlines()[0]
    assert "Traceback" not in told.err
    (gate.path / "room").touch()
    assert gate.ask(*FIRST_OF_TWO, "--resume").status == 0


@pytest.mark.parametrize(("runs_before", "tried"), [(0, 0), (1, 1)], ids=["before", "meanwhile"])
def test_what_was_tried_without_room_for_cells_is_not_believed(
    gate: GateMiniature,
    ask_here: Here,
    monkeypatch: pytest.MonkeyPatch,
    runs_before: int,
    tried: int,
) -> None:
    gate.promise("BACK-1", "assert pin == '2.0'")
    free = [LEAST, LEAST] * runs_before + [LEAST, LEAST - 1]
    monkeypatch.setattr(
        "cli.room.shutil.disk_usage", lambda _place: SimpleNamespace(free=free.pop(0))
    )
    status, told = ask_here(*FIRST_OF_TWO)
    assert (status, len(list(gate.path.glob("test_back_1*-1.0")))) == (3, tried)
    assert f"there is no space left for {tempfile.gettempdir()} (less than 16 MiB); make" in told


def test_an_answer_that_does_not_reach_stdout_is_no_judgement(
    gate: GateMiniature, full: int
) -> None:
    gate.promise("BACK-1")
    told = gate.end(gate.start(*FIRST_OF_TWO, out=full))
    assert told.status == 3
    assert told.err.endswith("the answer can't be written to stdout: No space left on device.\n")
    assert told.json["verdict"] == "may move"


def test_an_answer_of_which_the_first_line_is_enough_counts(gate: GateMiniature) -> None:
    gate.promise("BACK-1", BROKEN_BY_NEW)
    nobody_reads, out = os.pipe()
    os.close(nobody_reads)
    told = gate.end(gate.start(*FIRST_OF_TWO, out=out))
    os.close(out)
    assert (told.status, "BrokenPipe" in told.err) == (1, False)
    assert told.json["verdict"] == "must not move"


def test_where_nobody_hears_what_goes_on_the_answer_counts(gate: GateMiniature, full: int) -> None:
    gate.promise("BACK-1")
    told = gate.end(gate.start("0.0", "2.0", err=full))
    assert (told.status, "could not be built" in told.out) == (3, True)
    told = gate.end(gate.start(*FIRST_OF_TWO, "-k", "SWAP-9", err=subprocess.STDOUT, out=full))
    assert told.status == 3
