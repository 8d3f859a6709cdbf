"""Several engines in one process, each on a device of its own, asked at the same time."""

import pytest

from fixtures.concurrency import (
    COLD_SECONDS,
    HOME,
    NEW,
    OWN,
    SYNC,
    Task,
    engines_for,
    from_threads,
    gathered,
    patience_for,
    unit_of,
    wrong_rounds,
)
from fixtures.concurrency_steps import (
    PLACES,
    apart,
    blocked_by,
    light_beside_heavy,
    uneven_tasks,
    unfair_steps,
)
from fixtures.lanes import Lane, need_devices
from fixtures.nursery import Cells
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings
from reports.model import Level

PAIR, ALL = 2, 4
ROUNDS = 2
ALONE_FIRST = "ask the engines one after the other; if that is right, see what they share"


@pytest.fixture
def pair(engines: Engines, probe: Probe, other_probe: Probe, lane: Lane) -> list[Task]:
    """Two engines on two devices."""
    need_devices(lane, PAIR)
    return engines_for(engines, [probe, other_probe], lane, PAIR)


@pytest.fixture
def every(
    engines: Engines, probe: Probe, other_probe: Probe, lane: Lane, stress: int
) -> list[Task]:
    """Four engines, or on fewer devices fewer; under stress several on each device."""
    need_devices(lane, PAIR)
    count = min(ALL, lane.device_count) * stress
    return engines_for(engines, [probe, other_probe], lane, count)


@pytest.fixture
def uneven(pair: list[Task], stress: int) -> list[Task]:
    """One engine with one short request, and one that is full."""
    return uneven_tasks(pair, stress)


@promise(
    "CONC-1",
    lanes=["cpu", "tpu"],
    faults=[
        "tokens-of-the-engine-beside",
        "weights-of-the-engine-beside",
        "host-buffer-of-all-engines",
        "requests-go-to-the-engine-beside",
        "one-request-in-company-is-lost",
        "engines-wait-for-each-other",
    ],
)
def test_engines_gathered_in_one_loop_answer_as_alone(pair: list[Task], every: list[Task]) -> None:
    """Two and four engines asked at once in one event loop MUST give the oracle's tokens.

    Several times, after each of them has been asked alone.
    """
    patience = patience_for(unit_of(every))
    no_findings(
        [
            wrong
            for tasks in (pair, every)
            for wrong in wrong_rounds(tasks, gathered(tasks, ROUNDS, patience))
        ],
        required="each engine's certified answers",
        next_step=ALONE_FIRST,
    )


@promise(
    "CONC-1b",
    lanes=["cpu", "tpu"],
    faults=[
        "tokens-of-the-engine-beside",
        "one-request-in-company-is-lost",
        "callers-of-other-loops-are-refused",
    ],
)
def test_a_thread_for_each_engine_answers_as_alone(every: list[Task]) -> None:
    """Asked at once by a thread for each engine, while their own loop runs, they MUST do the same.

    Each thread hands its calls to that loop, then waits in a loop of its own, then in a new one.
    """
    ways = (HOME, HOME, OWN, OWN, NEW)
    replies = from_threads(every, ways, patience_for(unit_of(every)), home_runs=True)
    no_findings(
        wrong_rounds(every, replies),
        required="each engine's certified answers in each way",
        next_step=ALONE_FIRST,
    )


@promise(
    "CONC-1c",
    lanes=["cpu", "tpu"],
    faults=["tokens-of-the-engine-beside", "one-request-in-company-is-lost"],
)
def test_threads_may_be_the_first_to_ask(
    cells: Cells, engines: Engines, probe: Probe, other_probe: Probe, lane: Lane
) -> None:
    """Engines that have compiled nothing MUST give the oracle's tokens to a thread for each.

    Each thread keeps its loop, and asks twice.
    """
    need_devices(lane, PAIR)
    new = engines_for(engines, [probe, other_probe], lane, PAIR, cells.fresh())
    no_findings(
        wrong_rounds(new, from_threads(new, [OWN, OWN], COLD_SECONDS, home_runs=False)),
        required="each engine's certified answers, while both are traced and compiled",
        next_step=ALONE_FIRST,
    )


@promise(
    "CONC-1d",
    lanes=["cpu", "tpu"],
    faults=[
        "answers-are-read-where-somebody-waits",
        "one-engine-is-read-elsewhere",
        "read-elsewhere-with-tokens-of-others",
    ],
)
def test_threads_may_ask_after_a_warm_up(pair: list[Task]) -> None:
    """After a sequential warm-up in their own loop, threads with loops of their own MUST be served.

    Also when nobody runs the engines' loop any more.
    """
    patience = patience_for(unit_of(pair))
    no_findings(
        wrong_rounds(pair, from_threads(pair, [OWN], patience, home_runs=False)),
        required="each engine's certified answers",
        next_step="run engine.loop meanwhile, or ask in threads only (CONC-1b, CONC-1c)",
    )


@promise(
    "CONC-1e",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=[
        "generate-has-a-loop-in-each-thread",
        "generate-refuses-other-threads",
        "generate-in-threads-mixes-tokens",
    ],
)
def test_threads_may_call_generate(pair: list[Task]) -> None:
    """The synchronous `generate` SHOULD work in a thread for each engine at once."""
    patience = patience_for(unit_of(pair))
    no_findings(
        wrong_rounds(pair, from_threads(pair, [SYNC, SYNC], patience, home_runs=False)),
        required="each engine's certified answers",
        next_step="use async_generate, gathered in one loop or handed to it (CONC-1, CONC-1b)",
    )


@promise(
    "CONC-2", lanes=["cpu", "tpu"], faults=["engines-take-turns", "tokens-of-the-engine-beside"]
)
def test_engines_work_at_the_same_time(pair: list[Task]) -> None:
    """The steps of engines that are asked at once MUST overlap for most of their time."""
    unit_of(pair)
    no_findings(
        apart(pair),
        required="in one of five attempts each pair overlaps for half of the shorter one's steps",
        next_step="look for a lock, a queue or a loop that all engines of a process share",
    )


@promise(
    "CONC-2b",
    lanes=["cpu", "tpu"],
    faults=[
        "steps-take-a-common-lock",
        "samplers-take-a-common-lock",
        "outputs-take-a-common-lock",
        "engines-take-turns",
    ],
)
def test_an_engine_in_a_step_blocks_no_other(pair: list[Task]) -> None:
    """While one engine is in the midst of a step, another MUST answer all that it is asked."""
    patience = patience_for(unit_of(pair))
    no_findings(
        [
            wrong
            for held, other in (pair, pair[::-1])
            for place in PLACES
            for wrong in blocked_by(held, place, [other], patience)
        ],
        required="the other engine's certified answers, and then those of the one that was held",
        next_step="look at the stacks: which lock does the second engine's scheduler wait for",
    )


@promise(
    "CONC-8b",
    level=Level.SHOULD,
    lanes=["cpu"],
    faults=["light-engine-starves", "loaded-engine-goes-first"],
)
def test_a_light_engine_makes_its_share_of_steps(uneven: list[Task]) -> None:
    """Where engines share cores, a loaded one SHOULD make at most three steps to a light one's."""
    unit_of(uneven)
    no_findings(
        unfair_steps(light_beside_heavy(*uneven)),
        required="at most three steps of the loaded engine to one of the other, in the median",
        next_step="see what lets the scheduler of the light engine wait",
    )
