"""A gate that is ended half way leaves nothing behind, and goes on where it was."""

import os
import signal
from subprocess import Popen

import pytest

from reports.stored import stored
from tests.gate_miniature import FIRST_OF_TWO, GateMiniature
from tests.waiting import wait_until

WAITS_FOR_NEW = """
    import pathlib, threading, time
    pathlib.Path('began').touch()
    deadline = time.monotonic() + 60
    while pin == '2.0' and not pathlib.Path('go').exists() and time.monotonic() < deadline:
        threading.Event().wait(0.1)
"""


@pytest.mark.parametrize(
    ("number", "everywhere"),
    [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGHUP, True)],
    ids=["ctrl-c", "term", "closed-terminal"],
)
def test_a_gate_that_is_interrupted_says_so_and_can_go_on(
    gate: GateMiniature,
    number: signal.Signals,
    everywhere: bool,  # noqa: FBT001 - as in a terminal
) -> None:
    running = waiting(gate)
    (os.killpg if everywhere else os.kill)(running.pid, number)
    told = gate.end(running)
    assert told.status == 3, told.err
    assert "it was interrupted while 2.0 was tried. Go on with" in told.out
    assert told.json["verdict"] == "could not judge"
    tried_before = turns(gate)
    (gate.path / "go").touch()
    assert gate.ask(*FIRST_OF_TWO, "--resume").status == 0
    # Only what had no verdict was tried again.
    assert tried_before == {"back_1-1.0": 1, "back_1-2.0": 1, "back_2-1.0": 1, "back_2-2.0": 1}
    assert turns(gate) == tried_before | {"back_2-2.0": 2}


def test_a_gate_that_is_killed_leaves_no_run_behind_and_no_answer(gate: GateMiniature) -> None:
    running = waiting(gate)
    running.kill()
    told = gate.end(running)  # the run holds the pipe: its end is the run's end
    assert told.json["headline"].endswith("the gate has not ended.")
    assert stored(gate.runs[-1]).exit_status == pytest.ExitCode.INTERRUPTED


def test_a_gate_that_was_started_with_nohup_outlives_its_terminal(gate: GateMiniature) -> None:
    running = waiting(gate, closed_terminal=signal.SIG_IGN)
    os.killpg(running.pid, signal.SIGHUP)
    (gate.path / "go").touch()
    assert gate.end(running).status == 0


def waiting(
    gate: GateMiniature, *, closed_terminal: signal.Handlers = signal.SIG_DFL
) -> Popen[str]:
    """A gate whose second run waits in its last promise."""
    gate.promise("BACK-1")
    gate.promise("BACK-2", WAITS_FOR_NEW)
    running = gate.start(*FIRST_OF_TWO, closed_terminal=closed_terminal)
    # The file is there before anything is written to it.
    wait_until(lambda: bool(turns(gate).get("back_2-2.0")) or running.poll() is not None)
    return running


def turns(gate: GateMiniature) -> dict[str, int]:
    books = {file.name: len(file.read_text()) for file in gate.path.glob("test_*-*")}
    return {name.removeprefix("test_").replace("[cpu]", ""): turn for name, turn in books.items()}
