"""What the real TPU compiler says of the parts of an engine that RL needs beside attention.

For v4, v5e, v5p, v6e and tpu7x, in an engine with native attention, which every pin has for all of
them. The older paged attention (v2) is left out: neither 0.0.3rc99 nor 0.1.0rc0 calls it anywhere.
"""

from fixtures.compiled_parts import (
    Judge,
    Parts,
    without_adapters,
    without_kernel,
    without_likeliest,
    without_penalties,
    without_seeds,
)
from fixtures.promises import promise
from fixtures.topology import FOR_ENGINES
from fixtures.verify import no_findings


@promise(
    "AOT-3",
    lanes=["aot"],
    faults=["update-has-too-many-slices", "update-has-too-large-blocks"],
)
def test_cache_update_compiles(parts: Parts) -> None:
    """For each TPU from v4 on the kernel that writes keys and values to the cache MUST compile."""
    compiles(parts, "cache", without_kernel, "a kernel in each layer of both steps")


@promise(
    "AOT-3b",
    lanes=["aot"],
    faults=[
        "sampler-does-not-lower-on-v5e",
        "seeds-are-left-out",
        "both-draws-must-be-of-one-type",
        "sampler-takes-chips-for-cpu",
    ],
)
def test_sampler_compiles(parts: Parts) -> None:
    """For each TPU from v4 on a draw with temperature, top-k, top-p, min-p, seed MUST compile."""
    compiles(parts, "sampler", without_seeds, "draws with and without seeds, with and without sort")


@promise("AOT-3c", lanes=["aot"], faults=["penalties-are-looked-up", "penalties-are-left-out"])
def test_penalties_compile(parts: Parts) -> None:
    """For each TPU from v4 on a draw with penalties and a least length MUST compile."""
    compiles(parts, "penalties", without_penalties, "one penalty for each token of each request")


@promise(
    "AOT-3d",
    lanes=["aot"],
    faults=["likeliest-tokens-stay-spread", "log-probabilities-come-from-the-host"],
)
def test_log_probabilities_compile(parts: Parts) -> None:
    """For each TPU from v4 on log-probabilities of prompt, answer and top-k MUST compile."""
    compiles(parts, "log-probabilities", without_likeliest, "those of all tokens that were wanted")


@promise("AOT-3e", lanes=["aot"], faults=["adapters-do-not-lower", "adapters-are-left-out"])
def test_adapters_compile(parts: Parts) -> None:
    """For each TPU from v4 on a decode step with trained LoRA adapters MUST compile."""
    compiles(parts, "LoRA", without_adapters, "both matrices of each adapter are taken")


def compiles(parts: Parts, what: str, judge: Judge, required: str) -> None:
    no_findings(
        parts.findings(what, judge),
        required=f"programs that compile, fit and never ask the host: {required}",
        next_step="stay with a pin that serves these chips, or do without this on them",
        generations=FOR_ENGINES,
    )
