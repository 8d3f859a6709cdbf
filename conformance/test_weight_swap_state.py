"""What a swap leaves behind: compiled programs, memory, cached prefixes, a second dispatcher."""

from pathlib import Path

import pytest

from fixtures.answers import LOG_PROBABILITY_BOUND
from fixtures.engines import Engine
from fixtures.probes import Probe, certified
from fixtures.promises import promise
from fixtures.seam import as_leaves
from fixtures.serving import A, B, Engines
from fixtures.swap_state import (
    SCENARIOS,
    compiled_anew,
    compiled_by,
    flush,
    held_after,
    leaked,
    wrong_after_swaps,
)
from fixtures.swapping import exam_for, exam_of, spot_check
from fixtures.verify import no_findings
from reports.model import Level

pytestmark = pytest.mark.chips(1)

SWAPS = 20


@pytest.fixture
def bound(engines: Engines) -> float:
    return LOG_PROBABILITY_BOUND[engines.sound["dtype"]]


@pytest.fixture
def tied_probe(probe_cache: Path) -> Probe:
    return certified(probe_cache, seed=A, tied=True)


@pytest.fixture
def other_tied_probe(probe_cache: Path) -> Probe:
    return certified(probe_cache, seed=B, tied=True)


@pytest.fixture
def caching(engines: Engines, tied_probe: Probe) -> Engine:
    """An engine with a prefix cache; its head is tied, which spares another engine."""
    return engines.serving(tied_probe, disable_radix_cache=False)


@promise("SWAP-3c", lanes=["cpu", "tpu"], faults=["tied-head-keeps-the-old-embedding"])
def test_tied_head_changes_with_its_embedding(
    caching: Engine, tied_probe: Probe, bound: float
) -> None:
    """Replacing a tied embedding MUST be heard where it is read and where it is the head."""
    name = "model.embed_tokens.weight"
    replaced = {name: tied_probe.perturbed(name)}
    exam = exam_for(tied_probe, tied_probe.heard_after(name))
    exam.sit(caching)
    caching.swap(as_leaves(replaced))
    flush(caching)
    no_findings(
        exam.wrong(caching, tied_probe.oracle_with(replaced), bound),
        required="the oracle's answers for the new embedding",
        next_step="see whether the head has a copy of the embedding that no leaf reaches",
    )


@promise(
    "SWAP-5",
    lanes=["cpu", "tpu"],
    faults=["swap-recompiles", "swap-lowers-again", "swap-computes-on-the-way"],
)
def test_swap_compiles_nothing(engine: Engine, probe: Probe, other_probe: Probe) -> None:
    """What an engine has compiled for its first weights MUST serve all later ones."""
    exam = exam_of(probe)
    engine.cell.run(f"{SCENARIOS}:forget_programs")
    exam.sit_alone(engine)
    counts = [compiled_by(engine, exam, weights) for weights in (other_probe, probe) * 2]
    no_findings(
        compiled_anew(counts),
        required="no trace, no lowering and no compilation after a swap",
        next_step="compare sharding, commitment and weak types of the old leaves and the new",
    )


@promise(
    "SWAP-6",
    lanes=["cpu", "tpu"],
    faults=[
        "swap-keeps-all-old-leaves",
        "swap-keeps-one-old-leaf",
        "swap-keeps-the-leaves-of-before",
    ],
)
def test_swaps_leak_nothing(engine: Engine, probe: Probe, other_probe: Probe) -> None:
    """After twenty swaps the devices MUST hold what they held after one, and no old leaf."""
    weights = [(other_probe, probe)[number % 2] for number in range(SWAPS)]
    first = held_after(engine, spot_check(probe), weights[:1])
    last = held_after(engine, spot_check(probe), weights[1:], first)
    no_findings(
        leaked(first, last),
        required="as many arrays and bytes as after the first swap, and all replaced leaves freed",
        next_step="ask gc.get_referrers in the cell who holds the leaves that are named",
    )


@promise(
    "SWAP-6b",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=["loaded-leaves-are-let-go", "loaded-embedding-is-kept"],
)
def test_loaded_leaves_are_freed(engine: Engine, probe: Probe, other_probe: Probe) -> None:
    """The leaves that an engine was loaded with SHOULD be freed by its first swap."""
    engine.cell.run(f"{SCENARIOS}:watch_loaded", name=engine.name)
    engine.swap(as_leaves(other_probe.tensors))
    exam_of(probe).sit(engine)
    no_findings(
        engine.cell.run(f"{SCENARIOS}:surviving_loaded", name=engine.name),
        required="no array of the loaded weights lives on once others are in their place",
        next_step="count the weights twice in the memory budget, or let go of the model object",
    )


@promise("SWAP-7", lanes=["cpu", "tpu"], faults=["prefix-cache-can-not-be-switched-off"])
def test_without_prefix_cache_no_flush_is_needed(
    engine: Engine, probe: Probe, other_probe: Probe, bound: float
) -> None:
    """Without a prefix cache answers after a swap MUST be right without any flush."""
    no_findings(
        wrong_after_swaps(engine, probe, other_probe, bound, settle=lambda _: None),
        required="the oracle's answers for the new weights",
        next_step="see what an engine without a prefix cache keeps of finished requests",
    )


@promise(
    "SWAP-7b",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=[
        "prefix-cache-follows-the-weights",
        "prefix-cache-half-follows-the-weights",
        "prefix-cache-follows-only-the-embedding",
    ],
)
def test_prefix_cache_follows_the_weights(
    caching: Engine, tied_probe: Probe, other_tied_probe: Probe, bound: float
) -> None:
    """With a prefix cache answers after a swap SHOULD be right even if nobody flushes."""
    no_findings(
        wrong_after_swaps(caching, tied_probe, other_tied_probe, bound, settle=lambda _: None),
        required="the oracle's answers for the new weights",
        next_step="flush after each swap, or start the engine with disable_radix_cache=True",
    )


@promise(
    "SWAP-7c",
    lanes=["cpu", "tpu"],
    faults=[
        "flush-keeps-the-tree",
        "flush-keeps-half-of-the-tree",
        "flush-brings-the-old-leaves-back",
    ],
)
def test_flushed_prefix_cache_is_forgotten(
    caching: Engine, tied_probe: Probe, other_tied_probe: Probe, bound: float
) -> None:
    """With a prefix cache answers after a swap and a flush MUST be right."""
    no_findings(
        wrong_after_swaps(caching, tied_probe, other_tied_probe, bound, settle=flush),
        required="the oracle's answers for the new weights",
        next_step="see what a flush that reports success has left in the prefix cache",
    )
