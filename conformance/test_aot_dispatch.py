"""Replacing weights under the opt-in dispatcher, which skips what it has looked at before."""

import pytest

from fixtures.answers import LOG_PROBABILITY_BOUND
from fixtures.engines import Engine
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.seam import as_leaves
from fixtures.serving import Engines
from fixtures.swap_state import ONE_LEAF, SCENARIOS
from fixtures.swapping import NEXT_STEP, exam_of
from fixtures.verify import no_findings
from reports.model import Level

pytestmark = pytest.mark.chips(1)

DISPATCHER = {"SGLANG_JAX_AOT_DISPATCH": "1"}


@pytest.fixture
def bound(engines: Engines) -> float:
    return LOG_PROBABILITY_BOUND[engines.sound["dtype"]]


@pytest.fixture
def dispatched(engines: Engines, probe: Probe) -> Engine:
    """An engine that dispatches programs compiled ahead of time, and has answered before."""
    engine = engines.serving_in(engines.cells.fresh(DISPATCHER), probe)
    exam_of(probe).sit(engine)
    return engine


@promise(
    "SWAP-1c",
    lanes=["cpu", "tpu"],
    faults=["dispatcher-never-looks-again", "dispatcher-misses-small-changes"],
)
def test_dispatcher_serves_a_new_list(
    dispatched: Engine, probe: Probe, other_probe: Probe, bound: float
) -> None:
    """With SGLANG_JAX_AOT_DISPATCH=1 a swap MUST be heard, of all leaves and of one."""
    exam, wrong = exam_of(probe), list[str]()
    for new in ({ONE_LEAF: other_probe.tensors[ONE_LEAF]}, other_probe.tensors):
        dispatched.swap(as_leaves(new))
        wrong += exam.wrong(dispatched, probe.oracle_with(new), bound)
    no_findings(wrong, required="the oracle's answers for the new list", next_step=NEXT_STEP)


@promise(
    "SWAP-1d",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=["dispatcher-looks-into-the-list", "dispatcher-looks-at-the-first-leaf"],
)
def test_dispatcher_sees_leaves_assigned_in_place(
    dispatched: Engine, probe: Probe, other_probe: Probe, bound: float
) -> None:
    """With SGLANG_JAX_AOT_DISPATCH=1 a leaf assigned into the engine's list SHOULD be heard."""
    new = {ONE_LEAF: other_probe.tensors[ONE_LEAF]}
    dispatched.cell.run(f"{SCENARIOS}:assign", name=dispatched.name, values=as_leaves(new))
    no_findings(
        exam_of(probe).wrong(dispatched, probe.oracle_with(new), bound),
        required="the oracle's answers for the new leaf",
        next_step="rebind model_state_leaves to a new list; leave the old one as it is",
    )
