"""Replacing weights while requests run: paused, in place, aborted; in any order."""

from collections.abc import Iterable

import pytest

from fixtures.cells import Cell
from fixtures.exploration import Explorer, Space
from fixtures.live_scripts import (
    ABORTING,
    AFTER_A_PREFILL,
    AFTER_NAN,
    IN_PLACE,
    PAUSING_BY_ABORT,
    RETRACTING,
    WITH_A_CACHE,
    scripts,
)
from fixtures.live_swaps import NEXT_STEP, REQUIRED, Script, Stage, stage
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings
from fixtures.wrong_leaves import (
    HARMLESS,
    UNUSABLE,
    not_restored,
    unnoticed,
)
from reports.model import Level

pytestmark = pytest.mark.chips(1)


@pytest.fixture
def live(engines: Engines, probe: Probe, other_probe: Probe) -> Stage:
    return stage(engines, probe, other_probe)


def play(live: Stage, scripts: Iterable[Script]) -> None:
    for script in scripts:
        no_findings(live.findings(script), required=REQUIRED, next_step=NEXT_STEP, script=script)


@promise(
    "SWAP-8",
    lanes=["cpu", "tpu"],
    faults=[
        "pause-is-ignored",
        "pause-comes-one-step-late",
        "retract-is-in-place",
        "retract-spares-the-last-request",
        "retract-loses-a-request",
        "retract-restarts-the-count",
        "retract-exchanges-two-answers",
        "retract-disorders-the-history",
        "retract-leaves-a-chunk",
        "continue-forgets-the-queue",
        "continue-restores-the-old-leaves",
        "swap-is-not-seen-by-decode",
    ],
)
def test_swap_while_requests_are_retracted(live: Stage) -> None:
    """Swapping while running, queued and half-read requests are retracted MUST lose none of them.

    Paused, swapped, flushed and continued: every later token is that of the new weights, given the
    request's real history.
    """
    play(live, RETRACTING)


@promise(
    "SWAP-8b",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=[
        "pause-is-ignored",
        "pause-comes-one-step-late",
        "in-place-pause-loses-keys",
        "swap-waits-until-idle",
        "continue-restores-the-old-leaves",
    ],
)
def test_swap_in_place(live: Stage) -> None:
    """Swapped in place, paused or not, requests SHOULD go on from the keys and values they have.

    Their next tokens are what the new weights make of those; later requests are the new weights'.
    """
    play(live, IN_PLACE)


@promise(
    "SWAP-8c",
    lanes=["cpu", "tpu"],
    faults=["abort-takes-all", "abort-is-ignored", "abort-while-paused-is-lost"],
)
def test_aborts_around_a_swap(live: Stage) -> None:
    """Requests aborted before, during and after a swap MUST end at once, and no others."""
    play(live, [ABORTING])


@promise(
    "SWAP-8d",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=["aborted-requests-are-forgotten", "pause-by-abort-waits-for-the-end"],
)
def test_pause_by_abort_with_a_queue(live: Stage) -> None:
    """Pausing by aborting SHOULD end all requests, also those that wait, and return."""
    play(live, [PAUSING_BY_ABORT])


@promise(
    "SWAP-8e",
    lanes=["cpu", "tpu"],
    faults=["paused-engine-can-be-flushed", "flush-of-a-paused-engine-lies"],
)
def test_swap_while_requests_are_retracted_from_a_cache(
    engines: Engines, probe: Probe, other_probe: Probe
) -> None:
    """With a prefix cache, the flush between pause and continue MUST leave nothing of the old."""
    play(stage(engines, probe, other_probe, disable_radix_cache=False), [WITH_A_CACHE])


@promise(
    "SWAP-8f",
    lanes=["cpu", "tpu"],
    faults=["retract-takes-the-last-prefill", "retract-loses-one-of-the-last-prefill"],
)
def test_retract_right_after_a_prefill(
    fresh_cell: Cell, engines: Engines, probe: Probe, other_probe: Probe
) -> None:
    """A pause MUST retract also what has just been read and has not decoded a token yet."""
    play(stage(engines, probe, other_probe, cell=fresh_cell), [AFTER_A_PREFILL])


@promise(
    "SWAP-9",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=[
        "leaves-are-checked",
        "check-overlooks-nan",
        "check-overlooks-dtypes",
        "check-names-no-leaf",
    ],
)
def test_wrong_leaves_are_noticed(live: Stage, probe: Probe) -> None:
    """An engine SHOULD notice a leaf of another dtype or with a NaN, by an error that names it."""
    no_findings(
        unnoticed(live.engine, probe, HARMLESS),
        required="an error that names the leaf, when it is given or when it is used",
        next_step="look at the leaves yourself before the engine does: docs/guarding-a-swap.md",
    )


@promise("SWAP-9b", lanes=["cpu", "tpu"], faults=["wrong-leaves-stay", "nan-stays-in-the-values"])
def test_right_leaves_after_wrong_ones(live: Stage, probe: Probe) -> None:
    """After a leaf of another dtype or a NaN at the end, the right ones MUST give right answers."""
    no_findings(
        not_restored(live.engine, probe, HARMLESS),
        required="the oracle's answers, once the leaves are right again",
        next_step="look for what the engine keeps of leaves, or of what they made",
    )


@promise("SWAP-9c", lanes=["cpu", "tpu"], faults=["leaves-are-checked", "check-comes-too-late"])
def test_engine_survives_unusable_leaves(fresh_cell: Cell, engines: Engines, probe: Probe) -> None:
    """An engine given leaves of which none can be used MUST go on once it has the right ones."""
    no_findings(
        not_restored(engines.serving_in(fresh_cell, probe), probe, UNUSABLE),
        required="the oracle's answers, once the leaves are right again",
        next_step="look at the leaves yourself before the engine does: docs/guarding-a-swap.md",
    )


@promise("SWAP-9d", lanes=["cpu", "tpu"], faults=["values-are-cleaned", "values-of-a-layer-stay"])
def test_nan_does_not_outlive_its_leaf(
    fresh_cell: Cell, engines: Engines, probe: Probe, other_probe: Probe
) -> None:
    """A NaN that got into keys and values MUST be gone once the leaves are right and flushed."""
    play(stage(engines, probe, other_probe, cell=fresh_cell), AFTER_NAN)


@promise(
    "SWAP-12",
    lanes=["cpu", "tpu"],
    faults=[
        "pause-is-ignored",
        "retract-is-in-place",
        "retract-loses-a-request",
        "retract-exchanges-two-answers",
        "continue-restores-the-old-leaves",
        "swap-waits-until-idle",
        "swap-is-not-seen-by-decode",
        "third-swap-is-ignored",
        "abort-takes-all",
        "abort-is-ignored",
    ],
)
def test_any_order_of_operations(live: Stage, explorer: Explorer) -> None:
    """In any order of requests, swaps, pauses, flushes and aborts, answers MUST be of their time.

    That is, each token is what the weights make of the history that the engine holds just then.
    """
    space = Space(scripts(), first=[RETRACTING[0], ABORTING], cost=3)
    explorer.explore(space, live.findings, required=REQUIRED, next_step=NEXT_STEP)
