"""Weights replaced through the whole stack: by tunix, over several devices, with a real model."""

import pytest

from fixtures.cells import Cell
from fixtures.held import held_wrongly
from fixtures.nursery import Cells
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.real_model import checkpoint_of, fresh_text, injected_text, wrong_texts
from fixtures.samplers import (
    Sampler,
    require_tunix,
    sampler_of,
    wrong_guards,
    wrong_sayings,
)
from fixtures.serving import Engines
from fixtures.verify import no_findings, require
from reports.model import Level

TUNIX = "pinproof_cell.scenarios.tunix_swap"


@pytest.fixture
def sampler(engines: Engines, probe: Probe) -> Sampler:
    """tunix's sampler, with an engine of its own that has random weights so far."""
    return sampler_of(engines, probe)


@promise(
    "SWAP-10",
    lanes=["cpu", "tpu"],
    faults=[
        "tunix-drops-a-parameter",
        "tunix-maps-to-old-names",
        "tunix-exchanges-heads-and-dims",
        "tunix-exchanges-gate-and-up",
        "tunix-rounds-to-bfloat16",
        "tunix-updates-a-stale-list",
        "tunix-is-one-update-late",
        "tunix-forgets-the-last-row",
        "tunix-compares-only-a-corner",
        "tunix-call-answers-from-before",
    ],
)
def test_tunix_updates_every_weight(
    sampler: Sampler, engines: Engines, probe: Probe, other_probe: Probe, fine_probe: Probe
) -> None:
    """After tunix's `update_params` the engine MUST hold and speak with just those weights.

    To the last bit, in tokens and log-probabilities, asked directly and by tunix's own call; for
    B, then a small step from it, then A.
    """
    wrong: list[str] = []
    for given in (other_probe, fine_probe, probe):
        sampler.update(given)
        wrong += held_wrongly(sampler, given, engines.sound["dtype"])
        wrong += wrong_sayings(given, sampler.say([p.tokens for p in given.prompts.values()]))
    no_findings(
        wrong,
        required="the leaves, tokens and log-probabilities of the weights that tunix was given",
        next_step="compare tunix's mapping for sglang_jax with the names and layouts of the leaves",
    )


@promise(
    "SWAP-10b",
    lanes=["cpu", "tpu"],
    faults=[
        "tunix-copies-what-it-was-not-given",
        "tunix-fills-gaps-with-zeros",
        "tunix-drops-a-parameter",
        "tunix-maps-to-old-names",
    ],
)
def test_a_parameter_that_tunix_leaves_out_is_noticed(
    sampler: Sampler, probe: Probe, fine_probe: Probe
) -> None:
    """A parameter left out of tunix's mapping MUST be named by our guard, and nothing else be."""
    sampler.update(probe)
    no_findings(
        wrong_guards(sampler, fine_probe),
        required="exactly the leaves of the left-out entry are called `was not replaced`",
        next_step="look at what tunix does with leaves that its mapping does not reach",
    )


@promise(
    "SWAP-10c",
    lanes=["static"],
    faults=["tunix-keeps-prefixes", "tunix-rollout-keeps-prefixes"],
)
def test_tunix_keeps_no_prefixes_unless_told(cell: Cell) -> None:
    """Since it never flushes one, tunix MUST by default start engines without a prefix cache."""
    require_tunix(cell)
    found = cell.run(f"{TUNIX}:prefix_cache_unless_told_otherwise")
    require(
        not any(found.values()),
        observed=f"with a prefix cache by default: {[who for who in found if found[who]]}",
        required="disable_radix_cache is true in SglangJaxConfig and in RolloutConfig",
        next_step="pass disable_radix_cache=True, or flush after each update",
    )


@promise(
    "SWAP-10d",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=["tunix-copies-parameters", "tunix-copies-matrices-only"],
)
def test_a_trainer_may_give_its_arrays_away(sampler: Sampler, probe: Probe) -> None:
    """An engine that tunix has updated SHOULD live on when the trainer donates its parameters."""
    no_findings(
        sampler.update_and_give_away(probe),
        required="the engine's leaves are arrays of its own, also on the trainer's device",
        next_step="copy the parameters before `update_params`, or don't donate them",
    )


@promise(
    "SWAP-13",
    lanes=["tpu"],
    faults=["swap-is-ignored", "swap-skips-the-last-layer", "swap-is-applied-twice"],
)
def test_a_real_model_speaks_as_freshly_loaded(
    real_model: str, cells: Cells, engines: Engines
) -> None:
    """A model of the user's, started with made-up weights and given its own, MUST speak as loaded.

    Asked 你是谁; its answer is not empty.
    """
    settings = {**engines.sound, "mem_fraction_static": 0.8, "context_length": 512}
    loaded = cells.fresh()
    checkpoint = checkpoint_of(real_model, loaded)
    fresh = fresh_text(loaded, checkpoint, settings)
    # Chips and their memory belong to one process at a time.
    loaded.close()
    injected, guard = injected_text(cells.fresh(), checkpoint, settings)
    no_findings(
        wrong_texts(fresh, injected, guard),
        required="the same text as from an engine that has loaded the checkpoint, and not empty",
        next_step="see which leaves the guard names, then compare a swap leaf by leaf (SWAP-3)",
    )
