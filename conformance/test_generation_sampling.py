"""What a single engine draws: the oracle's distribution, inside the set that was asked for."""

import pytest

from fixtures.drawing import Source, evened, sharpened
from fixtures.independence import entangled
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.sampling import Rule, misfits_by_rule
from fixtures.serving import Engines
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

CALLS = 14
ODDS = "draws that the oracle's distribution explains, by tests that err once in a billion"


@pytest.fixture
def source(engines: Engines, probe: Probe) -> Source:
    return sharpened(engines.serving(probe), probe, engines.sound["dtype"])


@promise(
    "GEN-7",
    lanes=["cpu", "tpu"],
    faults=[
        "temperature-ignored-after-the-first-row",
        "temperature-applied-twice",
        "temperature-never-below-one",
        "temperature-slightly-high",
        "a-tenth-of-draws-is-greedy",
        "a-tenth-of-draws-is-even",
        "unlikely-tokens-are-cut",
        "drawn-ids-are-off-by-one",
        "temperature-stays-when-rows-leave",
    ],
)
def test_draws_follow_the_oracle(source: Source) -> None:
    """At every temperature drawn tokens MUST follow the oracle's distribution.

    Alone, in the rows of one batch of several temperatures, over repeated calls and over `n`.
    """
    temperatures = (1.0, 2.0, 0.5, 1.0, 4.0, 0.5, 2.0, 4.0)
    batches = [
        source.by_rule([Rule(at) for at in temperatures], CALLS),
        source.by_rule([Rule(1.0)], 3 * CALLS),
        source.several(Rule(1.0), 2 * CALLS),
    ]
    no_findings(
        (finding for batch in batches for finding in misfits_by_rule(batch, source.bound)),
        required=ODDS,
        next_step="see which temperature is off, and whether alone, in company or with n",
    )


@promise(
    "GEN-7b",
    lanes=["cpu", "tpu"],
    faults=[
        "top-k-one-too-many",
        "top-k-one-too-few",
        "top-k-of-the-first-row",
        "top-p-one-too-many",
        "top-p-one-too-few",
        "top-p-of-the-neighbour",
        "odds-inside-the-set-are-even",
        "top-k-ignored-after-prefill",
        "a-greedy-row-makes-all-greedy",
    ],
)
def test_top_k_and_top_p_keep_to_their_set(source: Source) -> None:
    """top-k and top-p MUST never let a token outside their set, and keep the odds inside."""
    wide = [Rule(top_k=2), Rule(top_k=1), Rule(top_k=3), Rule(top_k=40)]
    narrow = [Rule(top_p=0.2), Rule(top_p=0.5), Rule(top_p=0.7), Rule(top_p=0.95)]
    tempered = [Rule(2.0, top_k=4), Rule(0.5, top_k=2), Rule(1.0), Rule(top_k=7)] * 2
    draws = source.by_rule(wide + narrow, 2 * CALLS) | source.by_rule(tempered, CALLS)
    no_findings(
        misfits_by_rule(draws, source.bound),
        required=ODDS,
        next_step="see whether one token too many or too few is in the set, and in which rows",
    )


@promise(
    "GEN-7c",
    lanes=["cpu", "tpu"],
    faults=["min-p-is-heeded", "min-p-relative-to-the-second-best"],
)
def test_min_p_keeps_to_its_set(source: Source) -> None:
    """min-p MUST never let a token below its share of the likeliest, and keep the odds above."""
    rules = [Rule(min_p=0.05), Rule(min_p=0.2), Rule(min_p=0.5), Rule(min_p=1.0)]
    tempered = [Rule(2.0, min_p=0.2), Rule(0.5, min_p=0.1), Rule(1.0), Rule(min_p=0.1)]
    no_findings(
        misfits_by_rule(source.by_rule(rules + tempered, CALLS), source.bound),
        required=ODDS,
        next_step="see whether min-p reaches the sampler at all, and relative to what it cuts",
    )


@promise(
    "GEN-7d",
    lanes=["cpu", "tpu"],
    faults=["temperature-comes-first", "temperature-comes-first-and-top-p-takes-one-more"],
)
def test_top_p_is_taken_after_the_temperature(source: Source) -> None:
    """At a temperature other than 1 top-p MUST choose its set from the tempered distribution."""
    rules = [Rule(2.0, top_p=0.4), Rule(0.5, top_p=0.8), Rule(2.0, top_p=0.9), Rule(top_p=0.5)] * 2
    no_findings(
        misfits_by_rule(source.by_rule(rules, CALLS), source.bound),
        required=ODDS,
        next_step="compare use_sort_for_toppk_minp on and off: one of the two samplers differs",
    )


@promise(
    "GEN-7e",
    lanes=["cpu", "tpu"],
    faults=[
        "draw-key-never-advances",
        "draw-key-restarts-with-each-prefill",
        "draw-keys-come-round",
        "one-noise-for-all-rows",
        "rows-share-noise-in-pairs",
        "n-answers-are-copies",
        "two-steps-share-a-key",
    ],
)
def test_draws_are_independent(engines: Engines, probe: Probe) -> None:
    """Draws MUST be independent from call to call, from row to row and from step to step."""
    source = evened(engines.serving(probe), probe, engines.sound["dtype"])
    batches = {
        "in company": source.grid(calls=8, rows=8, steps=40),
        "alone": source.grid(calls=64, rows=1, steps=1),
        "of one request": source.grid(calls=2, rows=1, steps=40, n=16),
    }
    no_findings(
        (f"{name}: {f}" for name, b in batches.items() for f in entangled(b, source.vocabulary)),
        required=ODDS,
        next_step="look at what the sampler's key is made from, and at what draws it is shared",
    )
