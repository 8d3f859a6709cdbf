"""Engines on devices of their own in one process: where their arrays lie, and what they share."""

from pathlib import Path

import pytest

from fixtures.cells import Cell
from fixtures.isolation import DEVICES, Settler, astray, four_probes
from fixtures.isolation_settings import compiled_for_neighbours, wrong_draws
from fixtures.lanes import Lane, need_devices
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings

ON_ITS_OWN = "every byte of an engine lies on the device that it was given"
LOOK_FOR_PLACES = "see which arrays are made without a device or a sharding"


@pytest.fixture
def probes(lane: Lane, probe_cache: Path) -> list[Probe]:
    need_devices(lane, DEVICES)
    return four_probes(probe_cache)


@promise(
    "ISO-1",
    lanes=["cpu", "tpu"],
    faults=[
        "kv-pool-lies-on-device-0",
        "kv-pool-is-made-on-device-0",
        "one-leaf-lies-on-a-neighbour",
        "one-leaf-is-copied-to-all",
        "penalties-are-kept-on-device-0",
        "steps-work-on-device-0",
        "neighbours-are-asked-for-space",
    ],
)
def test_arrays_stay_on_their_device(
    fresh_cell: Cell, engines: Engines, probes: list[Probe]
) -> None:
    """Of two and of four engines, all arrays MUST lie on their own devices, and nowhere else.

    Leaves, keys and values, and whatever else a start or a step makes, but for random state.
    """
    settlers = [Settler(probes[number], index) for number, index in enumerate((2, 0, 3, 1))]
    no_findings(
        astray(fresh_cell, engines.sound, settlers, random_state=False),
        required=ON_ITS_OWN,
        next_step=LOOK_FOR_PLACES,
    )


@promise(
    "ISO-1b",
    lanes=["cpu", "tpu"],
    faults=[
        "random-state-stays-at-home",
        "sampler-key-lies-on-device-0",
        "model-keys-lie-on-device-0",
    ],
)
def test_random_state_stays_on_its_device(
    fresh_cell: Cell, engines: Engines, probes: list[Probe]
) -> None:
    """The keys and counters of an engine's random numbers MUST lie on its own device."""
    settlers = [Settler(probe, index) for probe, index in zip(probes, (2, 1), strict=False)]
    no_findings(
        astray(fresh_cell, engines.sound, settlers, random_state=True),
        required=ON_ITS_OWN,
        next_step=LOOK_FOR_PLACES,
    )


@promise("ISO-2b", lanes=["cpu", "tpu"], faults=["start-forgets-all-programs"])
def test_neighbours_cost_no_compilation(
    fresh_cell: Cell, engines: Engines, probes: list[Probe]
) -> None:
    """What an engine has compiled MUST serve it on when others have started and answered."""
    no_findings(
        compiled_for_neighbours(fresh_cell, probes[:2], engines.sound),
        required="no trace, no lowering and no compilation",
        next_step="look for whoever clears JAX's caches, or turns over what they are keyed by",
    )


@promise(
    "ISO-3d",
    lanes=["cpu", "tpu"],
    faults=["seeds-are-each-engines-own", "first-engine-heeds-seeds-for-all"],
)
def test_each_heeds_seeds_or_does_not(
    fresh_cell: Cell, engines: Engines, probes: list[Probe]
) -> None:
    """Whether the seeds of requests are heeded MUST be each engine's own setting."""
    no_findings(
        wrong_draws(fresh_cell, probes, engines.sound),
        required="the same draws for the same seed, in just the engine that was told so",
        next_step="see global_server_args_dict: the engine that was started last decides for all",
    )
