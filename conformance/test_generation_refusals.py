"""Impossible requests: an error for each of them, and right answers for all others."""

import pytest

from fixtures import refusals
from fixtures.contract import Wish, ask_together, ungranted
from fixtures.engines import Engine
from fixtures.nursery import Cells
from fixtures.probes import Probe, Prompt
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

REQUIRED = "an error for each impossible request, the oracle's answers for all others"
NEXT_STEP = "see where the engine first looks at this value, and refuse it there"
VALIDATES = {"skip_tokenizer_init": False}


@pytest.fixture
def validating(engines: Engines, probe: Probe) -> Engine:
    return engines.serving(probe, **VALIDATES)


@pytest.fixture
def mortal(engines: Engines, cells: Cells, probe: Probe) -> Engine:
    """In a cell of its own, because engines are known to die of what it is asked."""
    return engines.serving_in(cells.fresh(), probe, **VALIDATES)


@pytest.fixture
def prompts(probe: Probe) -> list[Prompt]:
    return list(probe.prompts.values())


def refused(engine: Engine, bad: list[Wish], prompts: list[Prompt]) -> None:
    """Among others that arrive at the same time, and with others afterwards."""
    mixed = refusals.among(bad, prompts)
    outcomes = ask_together(engine, mixed, refusals.SECONDS)
    after = refusals.among([], prompts) + refusals.among([], prompts[1:])
    later = ask_together(engine, after, refusals.SECONDS)
    no_findings(
        [*ungranted(mixed, outcomes), *(f"afterwards, {f}" for f in ungranted(after, later))],
        required=REQUIRED,
        next_step=NEXT_STEP,
    )


@promise(
    "GEN-10",
    lanes=["cpu", "tpu"],
    faults=[
        "long-prompt-is-truncated",
        "answer-is-cut-to-the-context",
        "unknown-parameter-is-ignored",
        "negative-length-means-none",
        "error-kills-the-neighbours",
        "error-spoils-the-next-prompt",
        "error-is-an-empty-answer",
        "engine-hangs-after-an-error",
        "error-kills-the-engine",
    ],
)
def test_impossible_requests_get_errors(
    engines: Engines, validating: Engine, prompts: list[Prompt]
) -> None:
    """An impossible request MUST get an error, and all others their right answers."""
    bad = refusals.impossible(prompts[2].tokens, engines.sound["context_length"])
    refused(validating, bad, prompts)


@promise(
    "GEN-10b",
    lanes=["cpu", "tpu"],
    faults=["empty-prompts-are-refused", "empty-prompts-take-others-along"],
)
def test_empty_prompts_in_a_list_get_errors(validating: Engine, prompts: list[Prompt]) -> None:
    """An empty prompt in a list MUST get an error, and all others their right answers."""
    refused(validating, refusals.empty_among_others(prompts), prompts)


@promise(
    "GEN-10c",
    lanes=["cpu", "tpu"],
    faults=["ids-outside-the-vocabulary-are-refused", "the-first-id-outside-is-clipped"],
)
def test_ids_past_the_vocabulary_get_errors(
    validating: Engine, probe: Probe, prompts: list[Prompt]
) -> None:
    """A token id past the vocabulary MUST get an error, and all others their right answers."""
    size = probe.recipe.shape.vocab_size
    bad = list(refusals.outside(prompts[2].tokens, [size, size + 1, 10**6]))
    refused(validating, bad, prompts)


@promise(
    "GEN-10d",
    lanes=["cpu", "tpu"],
    faults=["ids-outside-the-vocabulary-are-refused", "minus-one-is-not-refused"],
)
def test_negative_ids_get_errors(mortal: Engine, prompts: list[Prompt]) -> None:
    """A negative token id MUST get an error, and all others their right answers."""
    refused(mortal, list(refusals.outside(prompts[2].tokens, [-1, -300])), prompts)


@promise(
    "GEN-10e",
    lanes=["cpu", "tpu"],
    faults=["ids-outside-the-vocabulary-are-refused", "ids-beyond-int32-are-not-refused"],
)
def test_ids_beyond_int32_get_errors(mortal: Engine, prompts: list[Prompt]) -> None:
    """A token id of more than 31 bits MUST get an error, and all others their right answers."""
    bad = list(refusals.outside(prompts[2].tokens, [refusals.BEYOND_INT32, 2**40]))
    refused(mortal, bad, prompts)


@promise(
    "GEN-10f",
    lanes=["cpu", "tpu"],
    faults=["negative-starts-are-refused", "one-negative-start-is-not-refused"],
)
def test_negative_starts_get_errors(mortal: Engine, prompts: list[Prompt]) -> None:
    """A negative `logprob_start_len` MUST get an error, and all others their right answers."""
    refused(mortal, refusals.negative_starts(prompts[2].tokens), prompts)


@promise(
    "GEN-10g",
    lanes=["cpu", "tpu"],
    faults=["nonsense-is-refused", "no-temperature-at-all-is-not-refused"],
)
def test_nonsense_gets_errors(validating: Engine, prompts: list[Prompt]) -> None:
    """No answers, a temperature that is no number, half a token: each MUST get an error."""
    refused(validating, refusals.nonsense(prompts[2].tokens), prompts)


@promise(
    "GEN-10h",
    lanes=["cpu", "tpu"],
    faults=["requests-to-the-edge-are-refused", "some-requests-to-the-edge-are-not-refused"],
)
def test_answers_are_not_cut_at_the_edge(
    engines: Engines, validating: Engine, prompts: list[Prompt]
) -> None:
    """A request that is not refused MUST get all its tokens, also at the context's edge."""
    asked = refusals.at_the_edge(prompts[2].tokens[0], engines.sound["context_length"])
    no_findings(
        refusals.cut_short(asked, ask_together(validating, asked, refusals.SECONDS)),
        required="as many tokens as were asked for, or an error",
        next_step=NEXT_STEP,
    )
