"""Engines on chips of their own: whether they slow each other, and a run of a real model."""

from collections.abc import Callable

import pytest

from fixtures.concurrency import Task, engines_for, unit_of
from fixtures.concurrency_run import Fleet
from fixtures.concurrency_steps import (
    light_beside_heavy,
    slow_together,
    uneven_tasks,
    unfair_seconds,
    walls,
)
from fixtures.lanes import Lane, need_devices
from fixtures.nursery import Cells
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.real_model import checkpoint_of
from fixtures.serving import Engines
from fixtures.verify import no_findings
from reports.model import Level

PAIR, FLEET = 2, 4


@pytest.fixture
def pair(engines: Engines, probe: Probe, other_probe: Probe, lane: Lane) -> list[Task]:
    """Two engines on two devices."""
    need_devices(lane, PAIR)
    return engines_for(engines, [probe, other_probe], lane, PAIR)


@pytest.fixture
def uneven(pair: list[Task], stress: int) -> list[Task]:
    """One engine with one short request, and one that is full."""
    return uneven_tasks(pair, stress)


@pytest.fixture
def model(pytestconfig: pytest.Config, probe: Probe) -> str:
    """What `--model` says, else a tiny one."""
    return str(pytestconfig.getoption("--model") or probe.directory)


@promise("CONC-2c", lanes=["tpu"], faults=["engines-take-turns", "steps-take-a-common-lock"])
def test_engines_on_chips_of_their_own_do_not_slow_each_other(pair: list[Task]) -> None:
    """All at once MUST take at most 1.3 times as long as the slowest engine alone."""
    unit_of(pair)
    no_findings(
        slow_together(*walls(pair)),
        required="engines on chips of their own that hardly slow each other",
        next_step="profile the host: schedulers that poll, locks, copies to and from chips",
    )


@promise(
    "CONC-8",
    level=Level.SHOULD,
    lanes=["tpu"],
    faults=["light-engine-starves", "loaded-engine-goes-first"],
)
def test_a_light_engine_is_as_quick_beside_a_loaded_one(uneven: list[Task]) -> None:
    """Beside a loaded engine a lightly loaded one SHOULD take at most twice its time alone."""
    unit_of(uneven)
    no_findings(
        unfair_seconds(light_beside_heavy(*uneven)),
        required="at most twice the time that it takes alone, in the median",
        next_step="profile the host: all engines of a process share one interpreter lock",
    )


@promise(
    "CONC-9",
    lanes=["tpu"],
    faults=[
        "tokens-of-the-engine-beside",
        "requests-go-to-the-engine-beside",
        "one-request-in-company-is-lost",
    ],
)
def test_four_engines_run_to_the_end(
    model: str,
    cells: Cells,
    engines: Engines,
    lane: Lane,
    record_property: Callable[[str, object], None],
) -> None:
    """Four engines with made-up weights MUST answer alone, gathered, and a thread for each.

    Of `--model`, else of a probe; each within a deadline, and with the tokens that it says alone.
    """
    need_devices(lane, FLEET)
    cell = cells.fresh()
    settings = {**engines.sound, "mem_fraction_static": 0.8, "context_length": 512}
    run = Fleet.start(cell, checkpoint_of(model, cell), settings, FLEET).run()
    record_property("fleet", run.facts())
    no_findings(
        run.wrong(),
        required="16 tokens of each engine, each time the same",
        next_step="see CONC-1 and CONC-1b, which know the right tokens of tiny models",
    )
