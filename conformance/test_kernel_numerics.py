"""The attention kernel for chips computes rightly: run on CPU, by JAX's interpreter of kernels."""

from dataclasses import replace

from fixtures.exploration import Explorer, Space
from fixtures.kernel_batches import (
    ANY,
    BEYOND_A_WINDOW,
    BORDERS,
    DECODES,
    EXTENDS,
    LONG,
    MIXED,
    PADDED,
    PREFIXES,
)
from fixtures.kernels import (
    Kernel,
    ask_with_kernel,
    judged,
    touched,
    unwritten,
    wrong_cache,
    wrong_engine,
    wrong_output,
)
from fixtures.paged import Batch, Built
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings

PLAIN = Built()
WINDOW = Built(sliding_window=5)
RATIOS = {1: (2, 2), 3: (6, 2), 4: (8, 2), 5: (5, 1), 6: (6, 1), 7: (14, 2), 8: (16, 2)}
WRITTEN = {
    "required": "the bits of each new key and value in its own slot, and all other slots as before",
    "next_step": "look at _update_kv_cache of the kernel, and at which blocks it is called for",
}


@promise("KERN-1", lanes=["cpu"], faults=["kernel-scale-is-off", "kernel-ends-one-key-late"])
def test_decoding_equals_the_oracle(kernel: Kernel, explorer: Explorer) -> None:
    """For sequences that decode the attention kernel MUST give what the oracle gives."""
    equals_the_oracle(kernel, explorer, PLAIN, DECODES)


@promise(
    "KERN-1b", lanes=["cpu"], faults=["kernel-mask-is-off-by-one", "kernel-forgets-former-blocks"]
)
def test_extending_equals_the_oracle(kernel: Kernel, explorer: Explorer) -> None:
    """For prompts of any length the attention kernel MUST give what the oracle gives."""
    equals_the_oracle(kernel, explorer, PLAIN, EXTENDS)


@promise("KERN-1c", lanes=["cpu"], faults=["kernel-positions-begin-at-the-new-tokens"])
def test_extending_a_prefix_equals_the_oracle(kernel: Kernel, explorer: Explorer) -> None:
    """For prompts whose beginning is in the cache it MUST give what the oracle gives."""
    equals_the_oracle(kernel, explorer, PLAIN, PREFIXES)


@promise("KERN-1d", lanes=["cpu"], faults=["kernel-heads-read-other-key-heads"])
def test_mixed_batches_equal_the_oracle(kernel: Kernel, explorer: Explorer) -> None:
    """In batches where some decode and others extend each MUST get what the oracle gives."""
    equals_the_oracle(kernel, explorer, PLAIN, MIXED)


@promise("KERN-1e", lanes=["cpu"], faults=["kernel-padding-is-a-sequence"])
def test_padding_changes_nothing(kernel: Kernel, explorer: Explorer) -> None:
    """What lies in padding, in unused slots and in others' pages MUST NOT matter, even NaN."""
    equals_the_oracle(kernel, explorer, PLAIN, PADDED)


@promise("KERN-1f", lanes=["cpu"], faults=["kernel-last-page-is-wrong"])
def test_page_borders_change_nothing(kernel: Kernel, explorer: Explorer) -> None:
    """Lengths just below, at and above the border of a page MUST give what the oracle gives."""
    equals_the_oracle(kernel, explorer, PLAIN, BORDERS)


@promise("KERN-1g", lanes=["cpu"], faults=["kernel-window-is-off-by-one"])
def test_a_sliding_window_equals_the_oracle(kernel: Kernel, explorer: Explorer) -> None:
    """With a sliding window each query MUST see its last keys, and no more."""
    for built in (WINDOW, replace(WINDOW, own_blocks=True)):
        equals_the_oracle(kernel, explorer, built, BEYOND_A_WINDOW)


@promise("KERN-1h", lanes=["cpu"], faults=["kernel-ignores-its-soft-cap"])
def test_a_soft_cap_equals_the_oracle(kernel: Kernel, explorer: Explorer) -> None:
    """With a soft cap the scores MUST be capped as the oracle caps them."""
    equals_the_oracle(kernel, explorer, Built(soft_cap=1.5), MIXED)


@promise("KERN-1i", lanes=["cpu"], faults=["kernel-temperature-counts-heads"])
def test_a_temperature_by_length_equals_the_oracle(kernel: Kernel, explorer: Explorer) -> None:
    """With Grok's temperature queries beyond its length MUST be warmed as the oracle does."""
    equals_the_oracle(kernel, explorer, Built(xai_temperature_len=10.0), MIXED)


@promise("KERN-1j", lanes=["cpu"], faults=["kernel-heads-of-a-group-are-two"])
def test_any_ratio_of_heads_equals_the_oracle(kernel: Kernel) -> None:
    """With 1 to 8 heads to a key head it MUST give what the oracle gives.

    All others of these promises have 2. The kernel chooses its blocks itself here.
    """
    no_findings(
        (
            f"{ratio} heads to a key head, {finding}"
            for ratio, heads in RATIOS.items()
            for batch in MIXED.first
            for finding in judged(kernel, Built(*heads, own_blocks=True), wrong_output)(batch)
        ),
        required="what the oracle gives, within 1e-5",
        next_step="see how queries are laid out for the kernel, by key head",
    )


@promise(
    "KERN-2",
    lanes=["cpu"],
    faults=["kernel-writes-one-slot-too-few", "kernel-writes-values-as-keys"],
)
def test_new_keys_and_values_are_written(kernel: Kernel, explorer: Explorer) -> None:
    """The kernel MUST write each new key and value into its slot, bit for bit."""
    explorer.explore(ANY, judged(kernel, PLAIN, unwritten), **WRITTEN)


@promise(
    "KERN-2b", lanes=["cpu"], faults=["kernel-writes-one-slot-too-far", "kernel-writes-padding"]
)
def test_nothing_else_is_written(kernel: Kernel, explorer: Explorer) -> None:
    """It MUST leave every other bit of the cache as it was."""
    explorer.explore(ANY, judged(kernel, PLAIN, touched), **WRITTEN)


@promise(
    "KERN-2c", lanes=["cpu"], faults=["kernel-writes-one-slot-too-few", "kernel-writes-padding"]
)
def test_the_cache_is_right_in_bfloat16(kernel: Kernel, explorer: Explorer) -> None:
    """Both MUST hold in bfloat16, too, where a key and its value share their words."""
    explorer.explore(ANY, judged(kernel, Built(dtype="bfloat16"), wrong_cache), **WRITTEN)


@promise(
    "KERN-2d",
    lanes=["cpu"],
    faults=["kernel-writes-every-block", "kernel-writes-every-block-too-few"],
)
def test_the_cache_is_right_with_a_window(kernel: Kernel, explorer: Explorer) -> None:
    """Both MUST hold with a sliding window, too, for prompts that are longer than it.

    Another request may go on from any part of the prompt.
    """
    explorer.explore(LONG, judged(kernel, WINDOW, wrong_cache), **WRITTEN)


@promise(
    "KERN-3", lanes=["cpu"], faults=["kernel-scale-is-off", "pages-of-a-batch-are-not-aligned"]
)
def test_an_engine_with_the_kernel_answers_as_the_oracle(
    kernel: Kernel, engines: Engines, probe: Probe
) -> None:
    """An engine that runs the real kernel MUST answer as the oracle does."""
    no_findings(
        wrong_engine(ask_with_kernel(kernel, engines, probe), probe),
        required="the certified answers with their log-probabilities, from the real kernel",
        next_step="which KERN-1 or KERN-2 fails, too? if none, see FlashAttention's metadata",
    )


def equals_the_oracle(
    kernel: Kernel, explorer: Explorer, built: Built, space: Space[Batch]
) -> None:
    explorer.explore(
        space,
        judged(kernel, built, wrong_output),
        required="what the oracle gives, within 1e-5",
        next_step="ask for one sequence alone: do its length, its prefix or its company matter?",
    )
