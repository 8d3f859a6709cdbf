"""What judges the end of a process sees each way to end, and each thing that can be left."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from fixtures.cells import Cell
from fixtures.host import Host
from fixtures.probes import Probe, certified
from fixtures.teardown import (
    SCENARIOS,
    Report,
    late,
    listed,
    misreported,
    remains_of,
    said,
    unended,
    unquiet,
    wrong_answers,
)
from tests.plain_cells import plain_cell

LAST = 'print("last null", flush=True)\n'
WAIT = "while True: threading.Event().wait(0.1)\n"
"""In short waits: Python hears of a signal that comes on the brink of one only after it."""
HANG = f"import threading\n{WAIT}"
DETACH = 'import subprocess\nsubprocess.Popen(["sleep", "600"], start_new_session=True)\n'
ENDED: Report = {
    "reached": True,
    "status": 0,
    "seconds": 1.0,
    "slowness": 1.0,
    "first": 2.0,
    "text": "answers [[1]]\nlast null\n",
    "left": [],
    "orphans": [],
}


@pytest.fixture
def cell() -> Iterator[Cell]:
    host = Host()
    cell = plain_cell(host)
    yield cell
    cell.close()
    host.close()


def run(cell: Cell, source: str, **options: Any) -> Report:
    call = f"{SCENARIOS}.teardown_scripts:run"
    report: Report = cell.run(call, source=source, within=60.0, patience=1.0, **options)
    return report


@pytest.mark.parametrize("cold", [False, True], ids=["forked", "cold"])
@pytest.mark.parametrize(
    ("source", "status"),
    [
        (LAST, 0),
        (LAST + "raise RuntimeError\n", 1),
        (LAST + "raise SystemExit(3)\n", 3),
        (LAST + "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", -signal.SIGSEGV),
    ],
)
def test_each_way_to_end_is_reported(cell: Cell, source: str, status: int, *, cold: bool) -> None:
    report = run(cell, source, cold=cold)
    assert report["reached"]
    assert report["status"] == status
    assert not list(unended("x", report))
    assert not list(misreported("x", report, status))
    assert list(misreported("x", report, 99))


@pytest.mark.parametrize("cold", [False, True], ids=["forked", "cold"])
def test_handlers_at_exit_run(cell: Cell, *, cold: bool) -> None:
    source = 'import atexit\natexit.register(print, "bye null")\n' + LAST
    assert "bye null" in run(cell, source, cold=cold)["text"]


def test_a_thread_that_holds_the_process_is_seen_and_killed(cell: Cell) -> None:
    thread = "import threading\nthreading.Thread(target=threading.Event().wait).start()\n"
    report = run(cell, thread + LAST)
    assert report["status"] is None
    assert "still runs" in next(unended("x", report))
    assert "threading.py" in report["text"]
    assert not psutil.Process(cell.run("os:getpid")).children()


def test_an_interrupt_reaches_the_script(cell: Cell) -> None:
    forked = run(cell, LAST + HANG, send=signal.SIGINT)
    cold = run(cell, LAST + HANG, send=signal.SIGINT, cold=True)
    assert (forked["status"], cold["status"]) == (128 + signal.SIGINT, -signal.SIGINT)


def test_an_interrupt_that_python_drops_is_sent_again(cell: Cell) -> None:
    deaf = f"class Deaf:\n  def __del__(self):\n    {LAST}    {WAIT}Deaf()\n"
    report = run(cell, "import threading\n" + deaf + HANG, send=signal.SIGINT)
    assert report["status"] == 128 + signal.SIGINT
    assert "Exception ignored in" in report["text"]


def test_an_interrupt_that_a_script_swallows_is_not_sent_again(cell: Cell) -> None:
    swallow = f"try:\n    {LAST}    {WAIT}except KeyboardInterrupt:\n    pass\n"
    report = run(cell, "import threading\n" + swallow + HANG, send=signal.SIGINT)
    assert report["status"] is None


def test_a_script_that_fails_early_is_told_from_one_that_ends(cell: Cell) -> None:
    report = run(cell, "raise RuntimeError('early')\n" + LAST)
    assert "ended with status 1 before its last line" in next(unended("x", report))
    assert "early" in next(unended("x", report))


def test_what_a_script_leaves_is_listed(cell: Cell) -> None:
    source = "import tempfile\ntempfile.mkdtemp()\ntempfile.mkstemp()\n" + DETACH + LAST
    left = remains_of(run(cell, source))
    assert [len(left[kind]) for kind in ("processes", "files", "ipc files")] == [1, 1, 1]
    assert "sleep" in left["processes"][0]
    assert len(list(listed(left, *left))) == 3


def test_the_next_script_finds_the_same_directory(cell: Cell) -> None:
    source = "import tempfile\ntempfile.mkstemp()\n" + LAST
    first = run(cell, source)
    assert len(run(cell, source, directory=first["directory"])["left"]) == 2


def test_a_cell_without_scripts_has_no_orphans(cell: Cell) -> None:
    assert not remains_of(run(cell, LAST))["processes"]


def test_a_slow_end_is_judged_by_the_machine() -> None:
    assert not list(unended("x", ENDED))
    assert list(unended("x", {**ENDED, "seconds": 11.0}))
    assert not list(unended("x", {**ENDED, "seconds": 11.0, "slowness": 2.0}))


def test_a_late_start_is_seen() -> None:
    assert not list(late(ENDED, {**ENDED, "first": 8.9}))
    assert list(late(ENDED, {**ENDED, "first": 9.1}))


def test_shutdowns_that_raise_or_dawdle_are_seen() -> None:
    fine = {"seconds": 1.0, "error": "", "slowness": 1.0}
    assert not list(unquiet({"idle": fine}))
    assert list(unquiet({"idle": {**fine, "seconds": 5.1}}))
    assert list(unquiet({"idle": fine, "again": {**fine, "error": "ValueError"}}))


def test_words_and_answers_are_read(probe_cache: Path) -> None:
    assert said(ENDED, "answers") == "[[1]]"
    assert said(ENDED, "nothing") == ""
    probe: Probe = certified(probe_cache, seed=0)
    answers = [list(prompt.answer) for prompt in probe.prompts.values()]
    assert not list(wrong_answers(probe, answers))
    answers[3][-1] += 1
    assert len(list(wrong_answers(probe, answers))) == 1


def test_a_machine_at_rest_is_not_slow(cell: Cell) -> None:
    assert cell.run(f"{SCENARIOS}.teardown_scripts:slowness") >= 1.0


def test_held_things_are_found(cell: Cell) -> None:
    """In the cell itself: a port, a socket with a name, a lock, a child."""
    before = cell.run(f"{SCENARIOS}.teardown_remains:held")
    cell.run("tests.misbehaviour_holding:hold")
    after = cell.run(f"{SCENARIOS}.teardown_remains:held")
    grown = {kind for kind in after if len(after[kind]) > len(before[kind])}
    assert grown == {"processes", "tcp", "ipc", "ipc files", "files", "locks"}


def test_a_shutdown_that_hangs_is_given_up_on_any_thread(cell: Cell) -> None:
    for way in ("time", "time_elsewhere"):
        done = cell.run("tests.misbehaviour_holding:hang_on_a_clock", way=way)
        assert {name: entry["error"] for name, entry in done.items()} == {
            "fine": "",
            "broken": "ValueError: no",
            "hung": "it did not return",
        }
