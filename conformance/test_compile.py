"""What the real TPU compiler says of an engine, for chips that are not here."""

import pytest

from fixtures.compiler import (
    LONG_SECONDS,
    Compiler,
    uncompiled,
    undonated,
    unrefused,
    unsafe_swaps,
    wrong_collectives,
)
from fixtures.promises import promise
from fixtures.topology import FROM_V5E, TARGETS
from fixtures.verify import no_findings
from reports.model import Level, Tier

ON_NEW_CHIPS = ["new-chip-is-taken-for-v4", "blocks-exceed-vector-memory"]
ON_OLD_CHIPS = ["old-chip-is-taken-for-v5", "refusal-has-no-words"]
NEXT_STEP = (
    "stay with a pin that serves these chips, or start engines on them with "
    'attention_backend="native" and page_size=1'
)


@promise(
    "AOT-1",
    lanes=["aot"],
    faults=["v4-gets-the-blocks-of-v5", "v4-gets-too-large-blocks", "v4-gets-native-attention"],
)
def test_steps_compile_for_v4(compiler: Compiler) -> None:
    """For TPU v4 the engine's steps MUST compile with its default attention."""
    compiles_for(compiler, "v4")


@promise("AOT-1b", lanes=["aot"], faults=["blocks-exceed-vector-memory", "attention-is-native"])
def test_steps_compile_for_v5e(compiler: Compiler) -> None:
    """For TPU v5e the engine's steps MUST compile with its default attention."""
    compiles_for(compiler, "v5e")


@promise("AOT-1c", lanes=["aot"], faults=ON_NEW_CHIPS)
def test_steps_compile_for_v5p(compiler: Compiler) -> None:
    """For TPU v5p the engine's steps MUST compile with its default attention."""
    compiles_for(compiler, "v5p")


@promise("AOT-1d", lanes=["aot"], faults=ON_NEW_CHIPS)
def test_steps_compile_for_v6e(compiler: Compiler) -> None:
    """For TPU v6e the engine's steps MUST compile with its default attention."""
    compiles_for(compiler, "v6e")


@promise("AOT-1e", lanes=["aot"], faults=ON_NEW_CHIPS)
def test_steps_compile_for_tpu7x(compiler: Compiler) -> None:
    """For TPU7x the engine's steps MUST compile with its default attention."""
    compiles_for(compiler, "tpu7x")


@promise(
    "AOT-1f",
    lanes=["aot"],
    faults=["single-heads-with-large-pages-are-refused"],
    tier=Tier.NIGHTLY,
)
@pytest.mark.timeout(LONG_SECONDS)
def test_steps_compile_for_every_split_and_page(compiler: Compiler) -> None:
    """From TPU v5e on an engine's steps MUST compile for 1, 2, 4 chips, small and large pages."""
    found = [
        f"{target.label}, {finding}"
        for target in FROM_V5E
        for finding in uncompiled(compiler.engine_for(target), target)
    ]
    no_findings(
        found,
        required="extend and decode compile, with the real kernel, into the memory of the chip",
        next_step=NEXT_STEP,
    )


@promise("AOT-2", lanes=["aot"], faults=ON_OLD_CHIPS)
def test_steps_are_refused_for_v3(compiler: Compiler) -> None:
    """For TPU v3 the engine's steps MUST be refused with words that say so."""
    refused_for(compiler, "v3")


@promise("AOT-2b", lanes=["aot"], faults=ON_OLD_CHIPS)
def test_steps_are_refused_for_v2(compiler: Compiler) -> None:
    """For TPU v2 the engine's steps MUST be refused with words that say so."""
    refused_for(compiler, "v2")


@promise("AOT-6", lanes=["aot"], faults=["replaced-leaves-are-widened", "leaves-are-made-to-fit"])
def test_right_leaves_keep_the_program_and_wrong_ones_do_not(compiler: Compiler) -> None:
    """Replaced weights MUST give the same program if they are alike, and else another or none."""
    no_findings(
        unsafe_swaps(compiler.swaps("v6e")),
        required="one program for all leaves that are alike; others are noticed, by our guard too",
        next_step="see what initialize_jit and the dispatcher do with model_state_leaves",
    )


@promise("AOT-7", lanes=["aot"], faults=["logits-travel-once-more"], level=Level.SHOULD)
def test_steps_add_up_over_chips_twice_a_layer(compiler: Compiler) -> None:
    """Between chips an engine's steps SHOULD add up twice a layer and once more, and no more."""
    found = [
        f"{name}, {finding}"
        for name in ("v5e", "v6e")
        for finding in wrong_collectives(compiler.engine_on(name), TARGETS[name].tp_size)
    ]
    no_findings(
        found,
        required="2 all-reduce for each layer and one for the embedding, none with one chip",
        next_step="see which array of the forward pass has lost its sharding",
    )


@promise("AOT-7b", lanes=["aot"], faults=["pool-is-not-donated"], level=Level.SHOULD)
def test_steps_reuse_the_pool(compiler: Compiler) -> None:
    """An engine's steps SHOULD write keys and values where they are, without a second pool."""
    found = [
        f"{name}, {finding}"
        for name in ("v5e", "v6e")
        for finding in undonated(compiler.engine_on(name))
    ]
    no_findings(
        found,
        required="the whole pool is aliased",
        next_step="look for memory_pools among what the step's jit donates",
    )


def compiles_for(compiler: Compiler, name: str) -> None:
    report, target = compiler.engine_on(name), TARGETS[name]
    no_findings(
        uncompiled(report, target),
        required="extend and decode compile, with the real kernel, into the memory of the chip",
        next_step=NEXT_STEP,
        attention=report["attention"],
        tp_size=target.tp_size,
        page_size=target.page_size,
    )


def refused_for(compiler: Compiler, name: str) -> None:
    no_findings(
        unrefused(compiler.engine_on(name)),
        required="`TPU version must be 4 or higher`, or words to that effect",
        next_step="let the engine look at the generation before it compiles anything",
    )
