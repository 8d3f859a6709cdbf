"""What is left of an engine after its shutdown, and whether another one can take its place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.nursery import Cells
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.teardown_cycles import (
    Course,
    beyond_its_own,
    left_each_time,
    left_on_devices,
    left_running,
)
from fixtures.verify import no_findings
from reports.model import Level

pytestmark = pytest.mark.chips(1)

ENDING = "engine-ends-with-its-shutdown"
PREFIXES = {"disable_radix_cache": False}


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Course]:
    """The courses without a fault, by lane: all promises of the module look at the same."""
    return {}


@pytest.fixture
def probes(probe: Probe, other_probe: Probe) -> list[Probe]:
    return [probe, other_probe]


@pytest.fixture
def new_course(
    cells: Cells,
    sound: dict[str, Any],
    probes: list[Probe],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> Course:
    """Five engines at one path: their probes take turns, their prompts are the same."""
    settings = {**sound, **PREFIXES}
    return Course(cells, tmp_path / "model", settings, probes, record_property)


@pytest.fixture
def course(new_course: Course, undisturbed: dict[str, Course]) -> Course:
    cells = new_course.cells
    if cells.fault is not None:
        return new_course
    known = undisturbed.get(cells.lane.name)
    if known is None or not known.is_over:
        known = undisturbed[cells.lane.name] = new_course
    return known


@promise(
    "TEAR-4",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=[
        ENDING,
        "watchdog-outlives-its-engine",
        "detokenizer-outlives-its-engine",
        "shutdown-starts-a-thread",
    ],
)
def test_threads_end_with_their_engine(course: Course) -> None:
    """After `shutdown()` all threads that an engine has started SHOULD be gone."""
    no_findings(
        left_running(course.cycles),
        required="the threads that there were before the engine",
        next_step="tell each thread to end, wake it where it waits, and join it",
    )


@promise(
    "TEAR-5",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=[
        ENDING,
        "one-norm-outlives-its-engine",
        "keys-outlive-their-engine",
        "random-state-outlives-its-engine",
    ],
)
def test_arrays_are_freed_with_their_engine(course: Course) -> None:
    """When an engine is shut down and forgotten all its device arrays SHOULD be freed."""
    no_findings(
        left_on_devices(course.cycles),
        required="the arrays that there were before the engine",
        next_step="ask gc.get_referrers who holds the engine: threads, tasks, atexit, caches",
    )


@promise(
    "TEAR-6",
    lanes=["cpu", "tpu"],
    faults=[
        "weights-are-loaded-once-for-all",
        "one-norm-is-loaded-once-for-all",
        "answers-outlive-their-engine",
        "prefixes-outlive-their-engine",
        "shutdown-frees-what-others-share",
    ],
)
def test_engines_follow_each_other(course: Course) -> None:
    """On the devices of an engine that was shut down a new one MUST start and answer rightly."""
    no_findings(
        course.wrong(),
        required="the oracle's answers for the weights that each engine was started with",
        next_step="look for what the process keeps by path, by name or by shape",
    )


@promise(
    "TEAR-6b",
    lanes=["cpu", "tpu"],
    faults=[
        "each-start-keeps-an-array",
        "each-shutdown-keeps-the-weights-again",
        "each-start-keeps-host-memory",
        "each-shutdown-keeps-host-memory",
        "each-shutdown-keeps-many-objects",
        "each-shutdown-keeps-a-thread",
        "each-start-keeps-more-threads",
        "each-start-keeps-a-file",
        "each-shutdown-keeps-a-socket",
    ],
)
def test_engines_leave_no_more_than_themselves(course: Course) -> None:
    """From engine to engine a process MUST NOT grow by more than what the engine itself had."""
    no_findings(
        beyond_its_own(course.cycles),
        required="per engine no more arrays, memory, threads and descriptors than it had itself",
        next_step="compare two cycles: who holds what the second has added?",
    )


@promise(
    "TEAR-6c",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=[
        ENDING,
        "random-state-outlives-its-engine",
        "watchdog-outlives-its-engine",
        "socket-outlives-its-engine",
        "tables-outlive-their-engine",
    ],
)
def test_engines_leave_nothing(course: Course) -> None:
    """From engine to engine a process SHOULD NOT grow at all."""
    no_findings(
        left_each_time(course.cycles),
        required="after each engine what there was after the one before",
        next_step="compare two cycles: who holds what the second has added?",
    )
