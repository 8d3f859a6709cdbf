"""Weights replaced in an engine that spreads its model over several devices."""

import pytest

from fixtures.engines import GREEDY, Engine
from fixtures.held import held_wrongly, leaves_of, unheard_leaves
from fixtures.lanes import Lane, need_devices
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.samplers import Sampler, sampler_of
from fixtures.serving import Engines
from fixtures.verify import no_findings, require
from pinproof_cell.scenarios.swap_parallel import LAYOUTS

SCENARIOS = "pinproof_cell.scenarios.swap_parallel"
NEXT_STEP = "compare the leaves' shardings, and what each device holds of them, before and after"
PAIR, MORE_THAN_KV_HEADS = 2, 4


def spread_over(lane: Lane, devices: int) -> dict[str, object]:
    need_devices(lane, devices)
    return {"tp_size": devices, "device_indexes": list(range(devices))}


@pytest.fixture
def pair(engines: Engines, lane: Lane, probe: Probe) -> Engine:
    """An engine on two devices, each with half of the heads."""
    return engines.serving(probe, **spread_over(lane, PAIR))


@promise(
    "SWAP-11",
    lanes=["cpu", "tpu"],
    faults=[
        "part-of-a-leaf-is-stale",
        "copy-of-a-norm-is-stale",
        "part-of-a-leaf-is-stale-in-decode",
        "parts-change-places",
        "parts-of-the-head-change-places",
        "devices-are-not-added-up",
        "devices-are-averaged",
        "swap-is-ignored",
        "swap-rounds-the-leaves",
        "swap-counts-every-other-time",
    ],
)
def test_new_weights_reach_every_device(
    pair: Engine, engines: Engines, probe: Probe, fine_probe: Probe
) -> None:
    """On two devices an engine MUST hold and speak with its newest weights: A, then B, A and B."""
    dtype = engines.sound["dtype"]
    wrong = list(held_wrongly(pair, probe, dtype, PAIR))
    for given in (fine_probe, probe, fine_probe):
        pair.swap(leaves_of(given, PAIR))
        wrong += held_wrongly(pair, given, dtype, PAIR)
    no_findings(wrong, required="leaves and answers of the newest weights", next_step=NEXT_STEP)


@promise(
    "SWAP-11b",
    lanes=["cpu", "tpu"],
    faults=[
        "part-of-a-leaf-is-stale",
        "copy-of-a-norm-is-stale",
        "parts-of-the-head-change-places",
        "swap-skips-the-final-norm",
        "swap-reads-a-matrix-by-columns",
    ],
)
def test_a_leaf_of_each_layout_counts(pair: Engine, engines: Engines, probe: Probe) -> None:
    """On two devices any leaf replaced alone MUST be heard as the oracle says.

    Spread over the vocabulary, by output, by input, and copied.
    """
    wrong = unheard_leaves(pair, probe, probe.tensors, engines.sound["dtype"])
    no_findings(wrong, required="the oracle's answers for one new leaf", next_step=NEXT_STEP)


def ask_alone(engine: Engine, probe: Probe) -> None:
    """One prompt at a time: in which shapes prompts run together is a matter of timing."""
    for prompt in list(probe.prompts.values())[::3]:
        engine.ask([prompt.tokens], sampling={**GREEDY, "max_new_tokens": 3})


@promise(
    "SWAP-11c",
    lanes=["cpu", "tpu"],
    faults=[
        "swap-recompiles",
        "swap-lowers-again",
        "swap-computes-on-the-way",
        "swap-changes-the-layout",
    ],
)
def test_a_swap_on_two_devices_compiles_nothing(
    pair: Engine, probe: Probe, other_probe: Probe
) -> None:
    """On two devices a swap MUST neither trace nor lower anything, counted from its start on."""
    ask_alone(pair, probe)
    before = pair.cell.run("pinproof_cell.scenarios.swap:compiles")
    for given in (other_probe, probe):
        pair.swap(leaves_of(given, PAIR))
        ask_alone(pair, probe)
    after = pair.cell.run("pinproof_cell.scenarios.swap:compiles")
    require(
        after == before,
        observed=f"two swaps and the requests after them: {before} became {after}",
        required="the same counts, since shapes, dtypes and shardings stay",
        next_step="compare the shardings of the new leaves with those of the old",
    )


@promise("SWAP-11d", lanes=["cpu", "tpu"], faults=["layouts-look-alike"])
def test_the_guard_names_leaves_that_lie_elsewhere(pair: Engine) -> None:
    """Of leaves in another layout our guard MUST name just those that the layout has moved."""
    wrong: list[str] = []
    for layout in LAYOUTS:
        found = pair.cell.run(f"{SCENARIOS}:layouts", name=pair.name, layout=layout)
        if not found["moved"] or found["named"] != found["moved"]:
            wrong.append(f"{layout}: named {found['named']} instead of {found['moved']}")
    no_findings(
        wrong,
        required="each leaf whose mesh, devices or parts are not the engine's is named",
        next_step="look at how fixtures/leaves.py compares two shardings",
    )


@pytest.fixture
def quartet(engines: Engines, lane: Lane, probe: Probe) -> Sampler:
    """tunix's sampler with an engine on four devices, of a model that has two KV heads."""
    return sampler_of(engines, probe, **spread_over(lane, MORE_THAN_KV_HEADS))


@promise(
    "SWAP-11e",
    lanes=["cpu", "tpu"],
    faults=["kv-heads-take-turns", "kv-heads-are-padded", "tunix-updates-a-stale-list"],
)
def test_each_device_gets_its_kv_head(
    quartet: Sampler, engines: Engines, probe: Probe, fine_probe: Probe
) -> None:
    """With more devices than KV heads tunix's update MUST put each head's copies side by side.

    So that the engine holds and speaks with B, and then with A.
    """
    wrong: list[str] = []
    for given in (fine_probe, probe):
        quartet.update(given)
        wrong += held_wrongly(quartet, given, engines.sound["dtype"], MORE_THAN_KV_HEADS)
    no_findings(
        wrong,
        required="k and v projections with each head as often as needed, copies side by side",
        next_step="compare tunix's _align_shape with the engine's _apply_kv_head_padding",
    )
