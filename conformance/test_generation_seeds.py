"""Seeds make sampling repeatable, and take nothing from its randomness."""

from collections.abc import Iterator

import numpy as np
import pytest

from fixtures import refusals, seeding
from fixtures.contract import ask_together, ungranted
from fixtures.drawing import Source, evened, sharpened
from fixtures.engines import Engine
from fixtures.independence import entangled
from fixtures.nursery import Cells
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.sampling import Rule, misfits_by_rule
from fixtures.serving import Engines
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

DETERMINISTIC = {"enable_deterministic_sampling": True}
NEXT_STEP = "look at what the noise of a seeded row is made from"


@pytest.fixture
def seeded(engines: Engines, probe: Probe) -> Engine:
    return engines.serving(probe, **DETERMINISTIC)


@pytest.fixture
def even(engines: Engines, seeded: Engine, probe: Probe) -> Source:
    """Where all logits are zero no rounding can turn one draw into another."""
    return evened(seeded, probe, engines.sound["dtype"])


def random_seeds() -> Iterator[int]:
    draw = np.random.default_rng(0)
    while True:
        yield int(draw.integers(1 << 31))


@promise(
    "GEN-8",
    lanes=["cpu", "tpu"],
    faults=[
        "seed-is-ignored",
        "seed-depends-on-the-row",
        "seed-of-the-first-row",
        "seed-leaks-to-the-unseeded",
        "seed-loses-its-last-bit",
        "seeded-noise-stands-still",
        "seed-depends-on-the-step-count",
    ],
)
def test_seeds_make_draws_repeatable(even: Source) -> None:
    """A seed MUST give the same tokens in any company and order, and another seed others."""
    first = seeding.ask_seeded(even, seeding.SEEDS)
    no_findings(
        seeding.unrepeated(first, seeding.in_all_companies(even)),
        required="one answer for each seed, and another for each other seed",
        next_step=NEXT_STEP,
    )


@promise(
    "GEN-8b",
    lanes=["cpu", "tpu"],
    faults=["seeded-draws-ignore-their-odds", "seeded-draws-are-too-cold"],
)
def test_seeded_draws_follow_the_oracle(engines: Engines, seeded: Engine, probe: Probe) -> None:
    """Over many seeds drawn tokens MUST follow the oracle's distribution."""
    source = sharpened(seeded, probe, engines.sound["dtype"])
    rules = [Rule(at) for at in (1.0, 1.0, 2.0, 1.0, 0.5, 1.0, 2.0, 0.5)]
    no_findings(
        misfits_by_rule(source.by_rule(rules, 14, seeded=True), source.bound),
        required="draws that the oracle's distribution explains",
        next_step=NEXT_STEP,
    )


@promise(
    "GEN-8c",
    lanes=["cpu", "tpu"],
    faults=["seeds-make-true-noise", "seeds-make-noise-by-step-only"],
)
def test_seeded_draws_are_independent(even: Source) -> None:
    """Draws of different seeds and steps MUST be even where logits are, and independent."""
    grid = even.grid(calls=8, rows=8, steps=40, seeds=random_seeds())
    no_findings(
        entangled(grid, even.vocabulary),
        required="draws as even and independent as without a seed",
        next_step=NEXT_STEP,
    )


@promise(
    "GEN-8d",
    lanes=["cpu", "tpu"],
    faults=["seeds-make-true-noise", "seeds-make-noise-of-24-bits"],
)
def test_high_bits_of_seeds_count(even: Source) -> None:
    """Seeds that differ in any of their 31 bits MUST give different tokens."""
    seeds = [5, *(5 ^ (1 << bit) for bit in range(31))]
    # Prompts of one length, since those of different length differ anyway.
    answers = even.grid(calls=1, rows=len(seeds), steps=12, seeds=iter(seeds))[0]
    no_findings(
        seeding.alike(dict(zip(seeds, answers.tolist(), strict=True))),
        required="another answer for each seed",
        next_step=NEXT_STEP,
    )


@promise(
    "GEN-8e",
    lanes=["cpu", "tpu"],
    faults=["seeds-beyond-int32-are-refused", "some-seeds-beyond-int32-are-not-refused"],
)
def test_seeds_beyond_int32_get_errors(engines: Engines, cells: Cells, probe: Probe) -> None:
    """A seed of more than 31 bits MUST be taken or get an error, and others their answers."""
    engine = engines.serving_in(cells.fresh(), probe, **DETERMINISTIC, skip_tokenizer_init=False)
    mixed = refusals.among(
        refusals.seeds_beyond(probe.prompts["a page"].tokens), list(probe.prompts.values())
    )
    good = [wish for wish in mixed if wish.tokens is not None]
    outcomes = ask_together(engine, mixed, refusals.SECONDS)
    later = ask_together(engine, good, refusals.SECONDS)
    kept = [o for wish, o in zip(mixed, outcomes, strict=True) if wish.tokens is not None]
    no_findings(
        [*ungranted(good, kept), *ungranted(good, later)],
        required="an answer or an error for such a seed, the oracle's answers for all others",
        next_step="see into which type the engine puts a seed, and refuse what does not fit",
    )
