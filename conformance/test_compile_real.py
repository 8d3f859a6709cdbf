"""What the real TPU compiler says of the steps of a model that people train: Qwen3-4B."""

import pytest

from fixtures.compiler import (
    LONG_SECONDS,
    Compiler,
    Record,
    Report,
    costs,
    overcommitted,
    uncompiled,
    wrong_collectives,
)
from fixtures.fit_cases import REAL
from fixtures.promises import promise
from fixtures.verify import no_findings
from reports.model import Level, Tier

pytestmark = pytest.mark.timeout(LONG_SECONDS + 100)
TOO_LARGE = ["memory-is-overcommitted", "pool-is-not-donated"]


@promise("AOT-5", lanes=["aot"], faults=TOO_LARGE, tier=Tier.NIGHTLY)
def test_qwen3_4b_compiles_for_v5e(compiler: Compiler, record: Record) -> None:
    """For TPU v5e the steps of Qwen3-4B MUST compile into the chip's memory."""
    compiles_for(compiler, "v5e", record)


@promise("AOT-5b", lanes=["aot"], faults=TOO_LARGE, tier=Tier.NIGHTLY)
def test_qwen3_4b_compiles_for_v5p(compiler: Compiler, record: Record) -> None:
    """For TPU v5p the steps of Qwen3-4B MUST compile into the chip's memory."""
    compiles_for(compiler, "v5p", record)


@promise("AOT-5c", lanes=["aot"], faults=TOO_LARGE, tier=Tier.NIGHTLY)
def test_qwen3_4b_compiles_for_v6e(compiler: Compiler, record: Record) -> None:
    """For TPU v6e the steps of Qwen3-4B MUST compile into the chip's memory."""
    compiles_for(compiler, "v6e", record)


@promise("AOT-5d", lanes=["aot"], faults=TOO_LARGE, tier=Tier.NIGHTLY)
def test_qwen3_4b_compiles_for_tpu7x(compiler: Compiler, record: Record) -> None:
    """For TPU7x the steps of Qwen3-4B MUST compile into the chip's memory."""
    compiles_for(compiler, "tpu7x", record)


@promise(
    "AOT-5e",
    lanes=["aot"],
    faults=["v4-gets-the-blocks-of-v5", "v4-gets-too-large-blocks"],
    tier=Tier.NIGHTLY,
)
def test_qwen3_4b_compiles_for_v4(compiler: Compiler, record: Record) -> None:
    """For TPU v4 the steps of Qwen3-4B MUST compile into the chip's memory."""
    compiles_for(compiler, "v4", record)


@promise(
    "AOT-7c",
    lanes=["aot"],
    faults=["logits-travel-once-more"],
    level=Level.SHOULD,
    tier=Tier.NIGHTLY,
)
def test_qwen3_4b_adds_up_twice_a_layer(compiler: Compiler) -> None:
    """Between chips the steps of Qwen3-4B SHOULD add up twice a layer and once more."""
    report = steps_of(compiler, "v6e")
    no_findings(
        wrong_collectives(report, REAL["v6e"].tp_size),
        required="73 all-reduce on two chips, and nothing else",
        next_step="see which array of the forward pass has lost its sharding",
    )


def compiles_for(compiler: Compiler, name: str, record: Record) -> None:
    case = REAL[name]
    report = steps_of(compiler, name)
    record(costs(name, report))
    no_findings(
        [*uncompiled(report, case.target), *overcommitted(report, case.target)],
        required="extend and decode compile, with the real kernel, into the memory of the chip",
        next_step="a smaller mem_fraction_static leaves more for programs",
        resident=report["resident"],
        attention=report["attention"],
    )


def steps_of(compiler: Compiler, name: str) -> Report:
    return compiler.programs(REAL[name], "extend", "decode", deadline=LONG_SECONDS)
