"""An engine lies on the devices that it was given, in their order, or it does not start."""

from collections.abc import Sequence
from typing import Any

import pytest

from fixtures.answers import wrong_tokens
from fixtures.cells import Cell
from fixtures.engines import START_SECONDS, Engine
from fixtures.isolation_places import Bad, misplaced, named_twice, negative, past_the_end, unrefused
from fixtures.lanes import Lane, need_devices
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.together import Order, gathered
from fixtures.verify import no_findings

SCENARIOS = "pinproof_cell.scenarios.isolation_places"
APART, ALONE, BETWEEN = [1, 3], [0], [2]


@pytest.fixture
def four(lane: Lane, engines: Engines) -> Engines:
    """Engines of a cell with four devices at least."""
    need_devices(lane, 4)
    return engines


def on(engines: Engines, probe: Probe, indexes: list[int]) -> Engine:
    return engines.serving(probe, device_indexes=indexes, tp_size=len(indexes))


def wrong_places(engine: Engine, indexes: Sequence[int]) -> list[str]:
    found = misplaced(engine.cell.run(f"{SCENARIOS}:places", name=engine.name), indexes)
    return [f"the engine on {list(indexes)}: {phrase}" for phrase in found]


@promise(
    "ISO-5",
    lanes=["cpu", "tpu"],
    faults=[
        "engine-takes-the-first-devices",
        "indexes-are-shifted-by-one",
        "indexes-are-made-contiguous",
        "mesh-is-remembered-by-its-shape",
    ],
)
def test_any_devices_will_do(four: Engines, probe: Probe) -> None:
    """Engines on devices 0, 2, and 1 with 3 MUST lie just there and answer rightly at once."""
    places = [ALONE, BETWEEN, APART]
    started = [on(four, probe, indexes) for indexes in places]
    prompts = list(probe.prompts.values())
    orders = [Order(engine, [prompt.tokens for prompt in prompts]) for engine in started]
    wrong: list[str] = []
    for indexes, engine, served in zip(places, started, gathered(orders), strict=True):
        heard = [served.error] if served.error else wrong_tokens(prompts, served.answers)
        wrong += [f"the engine on {indexes}: {phrase}" for phrase in heard]
        wrong += wrong_places(engine, indexes)
    no_findings(
        wrong,
        required="the oracle's answers from arrays on these devices and no others",
        next_step="follow device_indexes into the mesh, and from there into every device_put",
    )


@promise(
    "ISO-5b",
    lanes=["cpu", "tpu"],
    faults=[
        "order-of-devices-is-kept",
        "devices-are-put-in-falling-order",
        "devices-are-put-in-rising-order",
    ],
)
def test_the_order_of_devices_counts(four: Engines, probe: Probe) -> None:
    """With [3, 1] the first part of each leaf MUST lie on device 3, with [1, 3] on device 1."""
    places = [APART[::-1], APART]
    wrong = [found for at in places for found in wrong_places(on(four, probe, at), at)]
    prompts = list(probe.prompts.values())[::3]
    answers = on(four, probe, places[0]).ask([prompt.tokens for prompt in prompts])
    no_findings(
        [*wrong, *wrong_tokens(prompts, answers)],
        required="devices in the order of device_indexes, and right answers",
        next_step="look for a set or a sort between device_indexes and the mesh",
    )


def refused(cell: Cell, engines: Engines, probe: Probe, bad: list[tuple[Bad, Any]]) -> None:
    every = {**engines.sound, "model_path": str(probe.directory)}
    attempts = cell.run(
        f"{SCENARIOS}:attempt",
        deadline=len(bad) * START_SECONDS,
        settings=[{**every, **settings} for _, settings in bad],
    )
    no_findings(
        unrefused([asked for asked, _ in bad], attempts),
        required="an error that names the device, before anything is computed or allocated",
        next_step="check device_indexes against the devices that there are, before the scheduler",
    )


@promise(
    "ISO-5c",
    lanes=["cpu", "tpu"],
    faults=[
        "device-indexes-are-checked",
        "devices-named-twice-count-once",
        "refusal-comes-after-computing",
    ],
)
def test_devices_named_twice_are_refused(
    fresh_cell: Cell, lane: Lane, engines: Engines, probe: Probe
) -> None:
    """A device that device_indexes names twice MUST be refused by name, before anything else."""
    refused(fresh_cell, engines, probe, named_twice(lane.device_count - 1))


@promise(
    "ISO-5d",
    lanes=["cpu", "tpu"],
    faults=[
        "device-indexes-are-checked",
        "negative-indexes-count-from-the-end",
        "refusal-names-no-device",
    ],
)
def test_negative_indexes_are_refused(
    fresh_cell: Cell, lane: Lane, engines: Engines, probe: Probe
) -> None:
    """A negative index MUST be refused by name, before anything else."""
    refused(fresh_cell, engines, probe, negative(lane.device_count - 1))


@promise(
    "ISO-5e",
    lanes=["cpu", "tpu"],
    faults=[
        "device-indexes-are-checked",
        "indexes-past-the-end-wrap-around",
        "index-one-past-the-end-is-not-checked",
        "refusal-comes-after-allocating",
    ],
)
def test_indexes_past_the_end_are_refused(
    fresh_cell: Cell, lane: Lane, engines: Engines, probe: Probe
) -> None:
    """An index past the last device MUST be refused by name, before anything else."""
    refused(fresh_cell, engines, probe, past_the_end(lane.device_count))
