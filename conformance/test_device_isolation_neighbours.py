"""A trainer and other engines get on, whatever an engine in their process does or suffers."""

from collections.abc import Mapping
from typing import Any

import pytest

from fixtures.cells import Cell
from fixtures.concurrency_load import RECKLESS
from fixtures.engines import GREEDY, Engine
from fixtures.isolation_host import Recordings
from fixtures.isolation_neighbours import misled, request_of
from fixtures.isolation_trainer import retraced, standstills, strays
from fixtures.lanes import Lane, need_devices
from fixtures.nursery import Cells
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.together import Order, gathered
from fixtures.verify import no_findings, require
from reports.model import Level

TRAINER = "pinproof_cell.scenarios.isolation_trainer"
FIRST, SECOND = [1], [2]
ANYWHERE, LAST = None, 3
ROUNDS = 4


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return {}


@pytest.fixture
def trained(
    lane: Lane, cells: Cells, engines: Engines, probe: Probe, kept: dict[str, Any]
) -> Mapping[str, Any]:
    """A trainer's life beside two engines that start and serve, recorded once."""
    need_devices(lane, 4)
    prompts = [prompt.tokens for prompt in probe.prompts.values()]

    def record(cell: Cell) -> Any:
        cell.run(f"{TRAINER}:begin", places=[ANYWHERE, LAST])
        pair = [engines.serving_in(cell, probe, device_indexes=at) for at in (FIRST, SECOND)]
        gathered([Order(engine, prompts) for engine in pair])
        orders = [Order(engine, prompts * 2) for engine in pair]
        served = [one for _ in range(ROUNDS) for one in gathered(orders)]
        return {**cell.run(f"{TRAINER}:end"), "served": served}

    return Recordings(cells, kept).of("trainer", record)  # type: ignore[no-any-return]


@promise(
    "ISO-6",
    lanes=["cpu", "tpu"],
    faults=[
        "start-changes-the-default-device",
        "start-draws-random-bits-otherwise",
        "start-deletes-arrays-of-others",
    ],
)
def test_a_trainer_keeps_its_results(trained: Mapping[str, Any]) -> None:
    """Each step beside engines MUST give the bits, and lie where, it does without them."""
    no_findings(
        strays(trained),
        required="the bits and the device of the control run without engines",
        next_step="compare jax.config before and after the start of an engine",
    )


@promise(
    "ISO-6d",
    lanes=["cpu", "tpu"],
    faults=["trainer-waits-for-requests", "trainer-stops-at-the-first-request"],
)
def test_a_trainer_is_not_stopped(trained: Mapping[str, Any]) -> None:
    """While engines generate a trainer on other devices MUST go on making steps."""
    no_findings(
        standstills(trained, trained["served"]),
        required="steps that begin and end within each request",
        next_step="look at the stacks of the trainer's thread while an engine generates",
    )


@promise(
    "ISO-6e",
    lanes=["cpu", "tpu"],
    faults=["start-forgets-compiled-programs", "start-lowers-the-matmul-precision"],
)
def test_a_trainer_need_not_compile_again(trained: Mapping[str, Any]) -> None:
    """What a trainer has compiled MUST stay compiled when engines start and serve."""
    no_findings(
        retraced(trained),
        required="as many traces of its step as the control run has made",
        next_step="look for jax.clear_caches and for settings that are part of JAX's cache keys",
    )


@promise(
    "ISO-6c",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=[
        "compile-cache-is-left-alone",
        "start-turns-the-compile-cache-off",
        "start-raises-the-cache-threshold",
    ],
)
def test_the_persistent_cache_stays_on(
    lane: Lane, cells: Cells, engines: Engines, probe: Probe, tmp_path: Any
) -> None:
    """A trainer's persistent compile cache SHOULD stay on, wherever an engine lies."""
    need_devices(lane, 2)
    cell = cells.fresh()
    cell.run(f"{TRAINER}:use_cache", directory=str(tmp_path / "jax"))
    before = cell.run(f"{TRAINER}:kept", number=1.25)
    Engine.start(cell, "one", probe.directory, **{**engines.sound, "device_indexes": FIRST})
    after = cell.run(f"{TRAINER}:kept", number=1.75)
    require(
        before and after,
        observed=f"a new program is kept before the start: {before}; after it: {after}",
        required="new programs are kept, before and after",
        next_step="look at jax_compilation_cache_dir before and after the start",
    )


def serves_on(
    stayer: Engine, leaver: Engine, probe: Probe, orders: list[dict[str, Any]], *, leave: bool
) -> None:
    """The requests that run at the time are answered rightly, and so are later ones."""
    no_findings(
        misled(stayer, leaver, probe, orders, leave=leave),
        required="the oracle's answers from the engine that nothing happened to",
        next_step="look for what both engines share: the process, module globals, signal handlers",
    )


def pair_in(cell: Cell, engines: Engines, probe: Probe, **settings: Any) -> tuple[Engine, Engine]:
    stayer = engines.serving_in(cell, probe, device_indexes=FIRST)
    return stayer, engines.serving_in(cell, probe, device_indexes=[0], **settings)


@promise(
    "ISO-7",
    lanes=["cpu", "tpu"],
    faults=[
        "shutdown-aborts-requests-of-others",
        "shutdown-empties-the-others",
        "shutdown-stops-all-schedulers",
    ],
)
def test_a_shutdown_leaves_others_serving(
    lane: Lane, cells: Cells, engines: Engines, probe: Probe
) -> None:
    """When one engine is shut down another MUST answer on, what runs and what comes later."""
    need_devices(lane, 2)
    stayer, leaver = pair_in(cells.fresh(), engines, probe)
    serves_on(stayer, leaver, probe, [], leave=True)


@pytest.fixture
def small(lane: Lane, engines: Engines, probe: Probe) -> tuple[Engine, Engine]:
    """An engine, and beside it one that begins more requests than it has space for."""
    need_devices(lane, 2)
    return pair_in(engines.cell, engines, probe, **RECKLESS)


@promise(
    "ISO-7b",
    lanes=["cpu", "tpu"],
    faults=["refusal-aborts-requests-of-other-engines", "refusal-empties-other-engines"],
)
def test_refused_requests_leave_others_serving(small: tuple[Engine, Engine], probe: Probe) -> None:
    """Requests that one engine refuses MUST leave another serving."""
    some = next(iter(probe.prompts.values())).tokens
    bad: list[dict[str, Any]] = [
        {"input_ids": some * 20, "sampling_params": dict(GREEDY)},
        {"input_ids": some, "sampling_params": {"temprature": 1.0}},
        {"input_ids": some, "sampling_params": {"top_p": 7.0}},
        {"input_ids": [], "sampling_params": dict(GREEDY)},
        {"input_ids": some, "return_logprob": True, "logprob_start_len": len(some) + 1},
    ]
    serves_on(*small, probe, bad, leave=False)


@promise(
    "ISO-7c",
    lanes=["cpu", "tpu"],
    faults=[
        "crash-stays-in-its-engine",
        "crash-aborts-requests-of-others",
        "crash-empties-the-others",
    ],
)
def test_a_crash_leaves_others_serving(
    lane: Lane, cells: Cells, engines: Engines, probe: Probe
) -> None:
    """A request that makes one engine fail MUST leave another serving."""
    need_devices(lane, 2)
    stayer, leaver = pair_in(cells.fresh(), engines, probe)
    some = next(iter(probe.prompts.values())).tokens
    fatal = {
        "input_ids": some,
        "sampling_params": dict(GREEDY),
        "return_logprob": True,
        "logprob_start_len": -5,
    }
    serves_on(stayer, leaver, probe, [fatal], leave=False)


@promise(
    "ISO-7d",
    lanes=["cpu", "tpu"],
    faults=["full-engine-aborts-requests-of-others", "full-engine-empties-the-others"],
)
def test_lack_of_space_leaves_others_serving(small: tuple[Engine, Engine], probe: Probe) -> None:
    """When one engine has no space for all its requests another MUST answer on."""
    growing = request_of(list(probe.prompts.values()) * 2)
    # Space is set aside for all that requests may say who don't heed their end.
    growing["sampling_params"]["ignore_eos"] = False
    serves_on(*small, probe, [growing], leave=False)
