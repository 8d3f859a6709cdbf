"""One engine asked from other threads and other event loops than the one that built it."""

import pytest

from fixtures.concurrency import (
    COLD_SECONDS,
    HOME,
    NEW,
    OWN,
    Task,
    from_here,
    from_threads,
    patience_for,
    unit_of,
    wrong_rounds,
)
from fixtures.concurrency_loops import slow_calls, stream_of, wrong_streams
from fixtures.engines import Engine
from fixtures.nursery import Cells
from fixtures.probes import Probe, Prompt
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

ROUNDS = 4


@pytest.fixture
def prompt(probe: Probe) -> Prompt:
    return next(iter(probe.prompts.values()))


@pytest.fixture
def task(engine: Engine, prompt: Prompt) -> Task:
    return Task(engine, [prompt])


@promise(
    "CONC-6",
    lanes=["cpu", "tpu"],
    faults=[
        "waiter-is-woken-in-the-wrong-loop",
        "wake-up-across-loops-is-missed",
        "wake-up-across-loops-is-late",
        "last-chunk-across-loops-is-short",
        "callers-of-other-loops-are-refused",
    ],
)
def test_calls_from_another_loop_are_answered_as_soon(task: Task, stress: int) -> None:
    """A call from another thread and event loop MUST be answered rightly, and about as soon.

    At most four times as late as one from the engine's own loop meanwhile.
    """
    ways = (HOME, OWN, NEW) * ROUNDS * stress
    (replies,) = from_threads([task], ways, patience_for(unit_of([task])), home_runs=True)
    no_findings(
        [*wrong_rounds([task], [replies]), *slow_calls(ways, replies)],
        required="the certified answer, in at most four times the time of a call from its own loop",
        next_step="see in which loop TokenizerManager wakes who waits, and after which timeout",
    )


@promise(
    "CONC-6b",
    lanes=["cpu", "tpu"],
    faults=[
        "wake-up-comes-after-the-clear",
        "last-chunk-across-loops-is-short",
        "waiter-is-woken-in-the-wrong-loop",
    ],
)
def test_streams_into_another_loop_lose_nothing(
    engine: Engine, task: Task, prompt: Prompt, stress: int
) -> None:
    """A stream MUST reach another thread and event loop whole, chunk by chunk and as soon."""
    ways = (HOME, OWN, NEW) * ROUNDS * stress
    patience = patience_for(unit_of([task]))
    (replies,) = from_threads([stream_of(engine, prompt)], ways, patience, home_runs=True)
    no_findings(
        [*wrong_streams(prompt, ways, replies), *slow_calls(ways, replies)],
        required="each chunk adds to the one before, the last one is the certified answer",
        next_step="see whether a waiter's event is set after its chunk has been taken away",
    )


@promise(
    "CONC-6c",
    lanes=["cpu", "tpu"],
    faults=[
        "answers-are-read-by-the-first-caller",
        "waiter-is-woken-in-the-wrong-loop",
        "callers-of-other-loops-are-refused",
    ],
)
def test_an_engine_with_a_loop_of_its_own_serves_every_loop(
    cells: Cells, engines: Engines, probe: Probe, prompt: Prompt
) -> None:
    """With `enable_engine_loop_run_forever_daemon` calls from any loop MUST be answered as soon."""
    engine = engines.serving_in(cells.fresh(), probe, enable_engine_loop_run_forever_daemon=True)
    task = Task(engine, [prompt])
    first = from_here(task, [OWN, OWN], COLD_SECONDS)
    patience = patience_for(first[-1].seconds)
    ways = (HOME, NEW, OWN) * ROUNDS
    here = from_here(task, ways, patience)
    (there,) = from_threads([task], ways, patience, home_runs=False)
    no_findings(
        [*wrong_rounds([task] * 3, [first, here, there]), *slow_calls(ways * 2, [*here, *there])],
        required="the certified answer, in at most four times the time of a call from its own loop",
        next_step="see which loop reads the answers (TokenizerManager.auto_create_handle_loop)",
    )


@promise(
    "CONC-6d",
    lanes=["cpu", "tpu"],
    faults=["answers-are-read-where-somebody-waits", "answers-are-read-elsewhere-but-once"],
)
def test_each_call_may_have_a_loop_of_its_own(task: Task) -> None:
    """Calls in one event loop after the other, as by `asyncio.run`, MUST be answered."""
    replies = from_here(task, [NEW, NEW], patience_for(unit_of([task])))
    no_findings(
        wrong_rounds([task], [replies]),
        required="the certified answer in each loop, also when the first one has ended",
        next_step="use one loop for all calls, or enable_engine_loop_run_forever_daemon=True",
    )
