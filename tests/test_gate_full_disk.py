"""A gate without room: one sentence, status 3, and the same command works once there is some."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.gate_miniature import BROKEN_BY_NEW, FIRST_OF_TWO, GateMiniature

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
