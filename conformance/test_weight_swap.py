"""Replacing an idle engine's weights in memory, through the seam that trainers use."""

import itertools
from collections.abc import Callable

import pytest

from fixtures.answers import LOG_PROBABILITY_BOUND
from fixtures.engines import GREEDY, Engine
from fixtures.phases import Phases
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.seam import as_leaves, leaf_name
from fixtures.serving import Engines
from fixtures.swapping import (
    NEXT_STEP,
    REPEATED,
    crossed,
    distinguishable,
    exam_for,
    exam_of,
    small_step,
    spot_check,
    unheard,
    wrong_everywhere,
)
from fixtures.verify import no_findings
from reports.model import Level

pytestmark = pytest.mark.chips(1)

SCENARIOS = "pinproof_cell.scenarios.swap"
ROUNDS = 2
SWAPS = 20


@pytest.fixture
def bound(engines: Engines) -> float:
    return LOG_PROBABILITY_BOUND[engines.sound["dtype"]]


@pytest.fixture
def dummy(engines: Engines, probe: Probe) -> Engine:
    """An engine with made-up weights that has answered before."""
    engine = engines.serving(probe, load_format="dummy")
    exam_of(probe, GREEDY).sit(engine)
    return engine


@promise(
    "SWAP-1",
    lanes=["cpu", "tpu"],
    faults=[
        "swap-is-ignored",
        "swap-is-applied-twice",
        "swap-keeps-rows-of-the-tables",
        "swap-is-not-seen-by-lone-requests",
        "swap-comes-one-request-late",
        "swap-misses-what-was-traced",
    ],
)
def test_dummy_engine_answers_as_its_new_weights(
    dummy: Engine, other_probe: Probe, bound: float, record_property: Callable[[str, object], None]
) -> None:
    """An engine started with dummy weights and then given B MUST answer as the oracle for B."""
    phases = Phases(record_property)
    phases.reached("engine_ready_dummy", leaves=len(dummy.leaves()))
    dummy.swap(as_leaves(other_probe.tensors))
    phases.reached("weights_swapped", leaves=len(other_probe.tensors))
    wrong = wrong_everywhere(dummy, other_probe, bound)
    phases.reached("generate_result", wrong=len(wrong))
    no_findings(wrong, required="the oracle's answers for B", next_step=NEXT_STEP)


@promise(
    "SWAP-1b",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=["swap-ignores-edits-in-place", "swap-remembers-lists-by-address"],
)
def test_leaves_may_be_assigned_in_place(engine: Engine, other_probe: Probe, bound: float) -> None:
    """Leaves assigned into the engine's own list SHOULD count like a new list."""
    exam = exam_of(other_probe)
    exam.sit(engine)
    engine.cell.run(f"{SCENARIOS}:assign", name=engine.name, values=as_leaves(other_probe.tensors))
    no_findings(
        exam.wrong(engine, other_probe.oracle, bound),
        required="the oracle's answers for B",
        next_step="rebind model_state_leaves to a new list until the pin looks into the old one",
    )


@promise(
    "SWAP-2",
    lanes=["cpu", "tpu"],
    faults=["swap-is-not-seen-by-decode", "swap-covers-half-of-a-leaf", "swap-wears-off"],
)
def test_swapped_engine_is_like_a_fresh_one(
    engine: Engine, dummy: Engine, engines: Engines, probe: Probe, other_probe: Probe
) -> None:
    """A swapped engine MUST be as like one freshly loaded as that one is to itself."""
    exam = spot_check(probe)
    for weights in (other_probe, probe):
        dummy.swap(as_leaves(weights.tensors))
        exam_of(probe, REPEATED).sit(dummy)
    rounds = [(exam.sit_alone(engine), exam.sit_alone(dummy)) for _ in range(ROUNDS)]
    control, observed = zip(*rounds, strict=True)
    no_findings(
        distinguishable(control, observed, engines.sound["dtype"]),
        required="what the freshly loaded engine says, asked in turn with the swapped one",
        next_step=NEXT_STEP,
    )


@promise(
    "SWAP-2b",
    lanes=["cpu"],
    faults=[
        "swap-rounds-the-leaves",
        "swap-rounds-the-head",
        "swap-ignores-small-steps",
        "swap-compares-only-a-corner",
    ],
)
def test_small_steps_arrive(engine: Engine, probe: Probe, bound: float) -> None:
    """A trainer's step that bfloat16 would lose MUST be heard in float32."""
    exam = exam_of(probe)
    exam.sit(engine)
    stepped = small_step(probe.tensors)
    engine.swap(as_leaves(stepped))
    no_findings(
        exam.wrong(engine, probe.oracle_with(stepped), bound),
        required="the oracle's answers for weights that moved by less than bfloat16 can hold",
        next_step="look for a cast on the way, or for a comparison that finds leaves unchanged",
    )


@promise(
    "SWAP-3",
    lanes=["cpu", "tpu"],
    faults=[
        "swap-skips-the-last-layer",
        "swap-skips-one-norm",
        "swap-skips-the-final-norm",
        "swap-skips-a-query-norm",
        "swap-skips-the-tables",
        "swap-reads-a-matrix-by-columns",
        "swap-misses-a-folded-constant",
    ],
)
def test_every_leaf_counts(engine: Engine, probe: Probe, bound: float) -> None:
    """Replacing any leaf alone MUST change the log-probabilities to what the oracle says."""
    wrong = [f"there is no tensor for {leaf}" for leaf in _leaves_without_tensor(engine, probe)]
    exam_of(probe).sit(engine)
    for name, tensor in probe.tensors.items():
        replaced = {name: probe.perturbed(name)}
        exam = exam_for(probe, probe.heard_after(name))
        engine.swap(as_leaves(replaced))
        answers = exam.sit(engine)
        engine.swap(as_leaves({name: tensor}))
        found = [*unheard(probe.heard_after(name), answers[0])]
        found += exam.findings(probe.oracle_with(replaced), answers, bound)
        wrong += [f"{leaf_name(name)}: {phrase}" for phrase in found]
    no_findings(wrong, required="the oracle's answers for one new leaf", next_step=NEXT_STEP)


def _leaves_without_tensor(engine: Engine, probe: Probe) -> set[str]:
    return {leaf["name"] for leaf in engine.leaves()} ^ as_leaves(probe.tensors).keys()


@promise(
    "SWAP-3b",
    lanes=["cpu", "tpu"],
    faults=["swap-exchanges-leaves", "swap-tears-the-first-step"],
)
def test_every_leaf_goes_back_alone(
    engine: Engine, probe: Probe, other_probe: Probe, bound: float
) -> None:
    """Putting any leaf back alone, after all were replaced, MUST be heard as the oracle says."""
    wrong: list[str] = []
    exam = exam_of(probe)
    engine.swap(as_leaves(other_probe.tensors))
    for name, tensor in probe.tensors.items():
        engine.swap(as_leaves({name: tensor}))
        found = exam.wrong(engine, other_probe.oracle_with({name: tensor}), bound)
        engine.swap(as_leaves({name: other_probe.tensors[name]}))
        wrong += [f"{leaf_name(name)}: {phrase}" for phrase in found]
    no_findings(wrong, required="the oracle's answers for one old leaf", next_step=NEXT_STEP)


@promise("SWAP-4", lanes=["cpu", "tpu"], faults=["swap-counts-every-other-time"])
def test_swapping_back_restores(
    engine: Engine, engines: Engines, probe: Probe, other_probe: Probe
) -> None:
    """Swapping from A to B and back MUST restore what A answers exactly.

    In float32 to the bit, otherwise as exactly as A repeats itself.
    """
    exam = spot_check(probe)
    control = [exam.sit_alone(engine) for _ in range(ROUNDS)]
    engine.swap(as_leaves(other_probe.tensors))
    exam.sit(engine)
    engine.swap(as_leaves(probe.tensors))
    restored = [exam.sit_alone(engine) for _ in range(ROUNDS)]
    no_findings(
        distinguishable(control, restored, engines.sound["dtype"]),
        required="what the engine said before the first swap",
        next_step=NEXT_STEP,
    )


@promise(
    "SWAP-4b",
    lanes=["cpu", "tpu"],
    faults=["swap-runs-out-of-room"],
)
def test_many_swaps_end_where_they_should(
    engine: Engine, probe: Probe, other_probe: Probe, bound: float
) -> None:
    """Twenty swaps in a row MUST each be followed by the answers of the newest weights."""
    weights = [other_probe.tensors, crossed(probe, other_probe), probe.tensors]
    exam, wrong = spot_check(probe), list[str]()
    call = f"{SCENARIOS}:swap_at_the_same_address"
    for number, newest in zip(range(1, SWAPS + 1), itertools.cycle(weights), strict=False):
        engine.cell.run(call, name=engine.name, values=as_leaves(newest))
        found = exam.wrong(engine, probe.oracle_with(newest), bound)
        wrong += [f"swap {number}: {phrase}" for phrase in found]
    no_findings(wrong, required="the oracle's answers for the newest", next_step=NEXT_STEP)


@promise("SWAP-4c", lanes=["cpu", "tpu"], faults=["swap-deletes-the-leaves-of-before"])
def test_leaves_that_the_caller_kept_serve_again(
    engine: Engine, probe: Probe, other_probe: Probe, bound: float
) -> None:
    """Leaves that were replaced and that the caller kept MUST still be good for another swap."""
    exam = exam_of(probe)
    engine.swap(as_leaves(other_probe.tensors))
    exam.sit(engine)
    engine.cell.run(f"{SCENARIOS}:keep", name=engine.name)
    engine.swap(as_leaves(probe.tensors))
    exam.sit(engine)
    wrong = engine.cell.run(f"{SCENARIOS}:put_back", name=engine.name)
    no_findings(
        wrong or exam.wrong(engine, other_probe.oracle, bound),
        required="the oracle's answers for B, from the very arrays that served before",
        next_step="see whether a swap or a step donates or deletes leaves that are not its own",
    )
