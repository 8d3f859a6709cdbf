"""How a process with an engine ends, what it leaves, and what the next one finds."""

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from fixtures.cells import Cell
from fixtures.nursery import Cells
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.teardown import (
    FAIL,
    GENERATE_FOR_EVER,
    LAST,
    LEAVE,
    SHUTDOWN,
    START_CHILD,
    STREAM_FOR_EVER,
    USE_SUBPROCESSES,
    cell_without_devices,
    late,
    listed,
    misreported,
    remains_of,
    run,
    said,
    script,
    unended,
    wrong_answers,
)
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

INTERRUPTED = (-signal.SIGINT, 128 + signal.SIGINT)
NEXT = "see which thread, exit handler or signal handler of the engine's keeps or ends the process"

type Write = Callable[..., str]


@pytest.fixture
def cell(cells: Cells) -> Cell:
    return cell_without_devices(cells)


@pytest.fixture
def settings(sound: dict[str, Any], probe: Probe) -> dict[str, Any]:
    return {**sound, "model_path": str(probe.directory)}


@pytest.fixture
def write(settings: dict[str, Any], probe: Probe) -> Write:
    """A script that asks one prompt and goes on with the lines that are given."""
    prompt = next(iter(probe.prompts.values())).tokens
    return lambda *rest: script(settings, [prompt], *rest)


@promise(
    "TEAR-1",
    lanes=["cpu", "tpu"],
    faults=[
        "thread-is-no-daemon",
        "scheduler-is-no-daemon",
        "exit-handler-blocks",
        "exit-kills-its-host",
        "children-are-reaped-twice",
        "shutdown-joins-the-scheduler",
    ],
)
def test_script_ends_after_success(cell: Cell, write: Write) -> None:
    """After the last line of a script its process MUST end by itself in 10 s, with status 0."""
    found = []
    for name, lines in {"shut down": SHUTDOWN, "left": USE_SUBPROCESSES}.items():
        report = run(cell, write(lines, LAST))
        found += [*unended(name, report), *misreported(name, report, 0)]
    no_findings(found, required="the end within 10 s of a calm machine, status 0", next_step=NEXT)


@promise(
    "TEAR-1b",
    lanes=["cpu", "tpu"],
    faults=["thread-is-no-daemon", "exit-handler-blocks", "exit-status-is-lost"],
)
def test_script_ends_after_an_error(cell: Cell, write: Write) -> None:
    """After an error its script's process MUST end by itself in 10 s, with the error's status."""
    found = []
    for name, lines, status in (("an exception", FAIL, 1), ("sys.exit(3)", LEAVE, 3)):
        report = run(cell, write(LAST, lines))
        found += [*unended(name, report), *misreported(name, report, status)]
    no_findings(
        found, required="the end within 10 s of a calm machine, status 1 and 3", next_step=NEXT
    )


@promise(
    "TEAR-1c",
    lanes=["cpu", "tpu"],
    faults=[
        "interrupt-is-ignored",
        "interrupt-is-swallowed",
        "thread-is-no-daemon",
        "exit-waits-for-a-free-engine",
    ],
)
def test_script_ends_after_ctrl_c(cell: Cell, write: Write) -> None:
    """After Ctrl-C while it generates, a script's process MUST end by itself in 10 s."""
    report = run(cell, write(GENERATE_FOR_EVER), send=signal.SIGINT)
    no_findings(
        unended("Ctrl-C", report), required="the end within 10 s of a calm machine", next_step=NEXT
    )


@promise(
    "TEAR-1d",
    lanes=["cpu", "tpu"],
    faults=["shutdown-closes-down", "exit-aborts", "interrupt-ends-with-success"],
)
def test_ctrl_c_is_told_from_a_crash(cell: Cell, write: Write) -> None:
    """After Ctrl-C while it generates, a process MUST end with SIGINT's status, not as a crash."""
    found = []
    for attempt in ("first", "second"):
        report = run(cell, write(STREAM_FOR_EVER), send=signal.SIGINT)
        found += [*unended(attempt, report), *misreported(attempt, report, *INTERRUPTED)]
    no_findings(
        found,
        required="the status of an interrupted process: killed by SIGINT, or 130",
        next_step="end the scheduler's thread before the interpreter ends around it",
    )


@promise(
    "TEAR-1e",
    lanes=["cpu", "tpu"],
    faults=["thread-is-no-daemon", "exit-status-is-lost"],
)
def test_real_script_ends(cell: Cell, write: Write) -> None:
    """What is true of a forked script MUST be true of `python script.py`: it fails, and ends."""
    report = run(cell, write(LAST, FAIL), cold=True)
    no_findings(
        [*unended("python script.py", report), *misreported("python script.py", report, 1)],
        required="the end within 10 s of a calm machine, status 1",
        next_step=NEXT,
    )


@promise("TEAR-3c", lanes=["cpu", "tpu"], faults=["helper-is-left", "directory-is-left"])
def test_exit_leaves_nothing(cell: Cell, write: Write) -> None:
    """After the end of its process no process and no temporary file of an engine MUST be left."""
    report = run(cell, write(LAST))
    no_findings(
        [*unended("the script", report), *listed(remains_of(report), "processes", "files")],
        required="no process, and an empty TMPDIR but for ipc files",
        next_step="see what the exit handler of Engine leaves out",
    )


@promise(
    "TEAR-3d",
    lanes=["cpu", "tpu"],
    faults=["shutdown-closes-down", "shutdown-keeps-files", "shutdown-keeps-one-file"],
)
def test_exit_leaves_no_ipc(cell: Cell, write: Write) -> None:
    """After the end of its process no ipc file of an engine MUST be left."""
    report = run(cell, write(LAST))
    no_findings(
        [*unended("the script", report), *listed(remains_of(report), "ipc files")],
        required="no socket and no placeholder of one in TMPDIR",
        next_step="remove the files that PortArgs names when the engine is shut down",
    )


@promise(
    "TEAR-8b",
    lanes=["cpu", "tpu"],
    faults=["shutdown-spares-children", "shutdown-kills-its-children"],
)
def test_exit_kills_no_stranger(cell: Cell, write: Write) -> None:
    """The end of a process with an engine MUST NOT kill a child that shall outlive it."""
    report = run(cell, write(START_CHILD, LAST))
    child = int(said(report, "child") or 0)
    alive = [orphan["pid"] for orphan in report["orphans"]]
    no_findings(
        [] if child in alive else ["the script's child in a session of its own is gone"],
        required="the child lives on",
        next_step="shutdown, which Engine registers with atexit, kills all children of its process",
    )


@promise(
    "TEAR-9",
    lanes=["cpu", "tpu"],
    faults=[
        "stale-lock-blocks-the-next",
        "stale-lock-refuses-the-next",
        "port-of-the-dead-is-taken",
        "state-of-the-dead-is-trusted",
    ],
)
def test_next_process_follows_a_killed_one(
    cell: Cell, settings: dict[str, Any], probe: Probe
) -> None:
    """After `kill -9` of a generating process the next MUST start at once and answer rightly."""
    prompts = [prompt.tokens for prompt in probe.prompts.values()]
    killed = run(cell, script(settings, prompts, STREAM_FOR_EVER), send=signal.SIGKILL)
    after = run(cell, script(settings, prompts, LAST), directory=killed["directory"])
    answers = json.loads(said(after, "answers") or "[]")
    found = [*unended("the next", after), *late(killed, after)]
    no_findings(
        found or wrong_answers(probe, answers),
        required="a start as quick as the killed one's, and the oracle's answers",
        next_step="see what the next process finds in TMPDIR, on a port or in a cache",
        first=killed["first"],
        second=after["first"],
    )
