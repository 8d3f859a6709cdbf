"""What one engine answers, and what it says about the probabilities of its answer."""

from pathlib import Path

import pytest

from fixtures.answers import wrong_tokens
from fixtures.checkpoints import Family
from fixtures.engines import Engine
from fixtures.exploration import Explorer, Space
from fixtures.histories import judged_prompts
from fixtures.lanes import Lane
from fixtures.nursery import Cells
from fixtures.probes import Probe, certified
from fixtures.promises import promise
from fixtures.questions import (
    PLACES,
    Wish,
    ask_in_passing,
    ask_neighbours,
    batches,
    judged_log_probabilities,
    misnamed,
    prompts_of_any_tokens,
    wrong_told,
    wrong_told_of_prompts,
)
from fixtures.serving import Engines
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

KINDS: list[tuple[Family, bool]] = [
    ("qwen3", False),
    ("qwen3", True),
    ("llama", False),
    ("llama", True),
]
OTHER_DTYPES: dict[str, tuple[str, ...]] = {"cpu": ("bfloat16",), "tpu": ()}
"""On a chip float32 products are made of bfloat16 ones: that lane has no float32 of its own."""
EACH_ITS_OWN = {
    "required": "each its own answer, with the log-probabilities that it wants and no others",
    "next_step": "look at how a batch is split into requests when only some want to know",
}


@promise(
    "GEN-1",
    lanes=["cpu", "tpu"],
    faults=[
        "rope-base-is-wrong",
        "keys-are-turned-backwards",
        "position-of-new-tokens-is-off",
        "last-layer-is-skipped",
        "head-norms-are-skipped",
    ],
)
def test_greedy_tokens_are_the_oracles(engines: Engines, probe_cache: Path) -> None:
    """Greedy tokens MUST equal the oracle's for every probe and prompt."""
    for family, tied in KINDS:
        probe = certified(probe_cache, family=family, tied=tied)
        engine = engines.serving(probe)
        prompts = list(probe.prompts.values())
        # In another order other slots are read, where nothing of the first round can help out.
        for asked in (prompts, prompts[::-1]):
            answers = engine.ask([prompt.tokens for prompt in asked])
            no_findings(
                wrong_tokens(asked, answers),
                required=f"the certified answers of {family}, {'tied' if tied else 'untied'}",
                next_step="is it one prompt, or one family? look at positions, norms and the head",
            )


@promise(
    "GEN-2",
    lanes=["cpu", "tpu"],
    faults=[
        "log-probabilities-ignore-the-temperature",
        "temperature-is-applied-twice",
        "temperature-is-the-neighbours",
        "log-probabilities-of-the-previous-step",
        "top-names-are-exchanged",
        "top-leaves-out-the-best",
        "named-tokens-are-the-neighbours",
        "input-log-probabilities-are-shifted",
        "input-log-probabilities-are-of-the-token-itself",
        "last-prompt-log-probability-is-lost",
        "only-the-answer-is-said-with-another-base",
        "norms-use-a-large-epsilon",
        "rope-phases-are-rounded",
        "first-token-is-not-remembered",
    ],
)
def test_log_probabilities_are_the_oracles(
    engines: Engines, probe: Probe, probe_cache: Path, lane: Lane
) -> None:
    """Log-probabilities MUST agree with the oracle's, for output, input, top-k and named tokens.

    At any temperature, which scales those of the output. Within 1e-4 in float32, 0.25 in bfloat16;
    within twice that where tokens are sampled, and as much more as a temperature below 1 enlarges.
    """
    others = [certified(probe_cache, family=family, tied=tied) for family, tied in KINDS[1:]]
    for asked, settings, everything in (
        (probe, {}, True),
        *((each, {}, False) for each in (probe, *others)),
        *((probe, {"dtype": dtype}, True) for dtype in OTHER_DTYPES[lane.name]),
    ):
        engine = engines.serving(asked, **settings)
        dtype = str({**engines.sound, **settings}["dtype"])
        no_findings(
            judged_log_probabilities(engine, asked, dtype, everything=everything),
            required=f"what the oracle of {asked.recipe} says, given the engine's own history",
            next_step="is it input or output, the chosen token or others, every position or one?",
        )


@promise(
    "GEN-1b",
    lanes=["cpu", "tpu"],
    faults=["position-of-new-tokens-is-off", "first-token-is-not-remembered"],
)
def test_any_tokens_are_answered_as_by_the_oracle(
    engine: Engine, engines: Engines, probe: Probe, explorer: Explorer
) -> None:
    """To any prompts, of any tokens and lengths, the greedy answers MUST be the oracle's."""
    explorer.explore(
        Space(batches(prompts_of_any_tokens(probe.config["vocab_size"]))),
        judged_prompts(engine, probe.oracle, engines.sound["dtype"]),
        required="at each step the oracle's best token",
        next_step="ask them one by one: is it a prompt of its own or the company?",
    )


@promise("GEN-2b", lanes=["cpu", "tpu"], faults=["neighbours-are-told-too"])
def test_neighbours_need_not_want_log_probabilities(
    engine: Engine, engines: Engines, probe: Probe
) -> None:
    """Who wants log-probabilities beside who wants none MUST get the answer's, the other none."""
    told = ask_neighbours(engine, list(probe.prompts.values())[1:5], Wish.ALL, Wish.NOTHING)
    no_findings(wrong_told(probe.oracle, told, engines.sound["dtype"]), **EACH_ITS_OWN)


@promise(
    "GEN-2c",
    lanes=["cpu", "tpu"],
    faults=["every-request-counts", "every-request-counts-but-the-first"],
)
def test_neighbours_do_not_shift_log_probabilities_of_prompts(
    engine: Engine, engines: Engines, probe: Probe
) -> None:
    """Who wants log-probabilities beside who wants none MUST get its own prompt's."""
    told = ask_neighbours(engine, list(probe.prompts.values())[1:5], Wish.ALL, Wish.NOTHING)
    no_findings(wrong_told_of_prompts(probe.oracle, told, engines.sound["dtype"]), **EACH_ITS_OWN)


@promise(
    "GEN-2d",
    lanes=["cpu", "tpu"],
    faults=["only-the-answer-goes-the-whole-way", "only-the-answer-loses-its-end"],
)
def test_neighbours_may_want_more(engine: Engine, engines: Engines, probe: Probe) -> None:
    """Who wants the answer's log-probabilities alone, and who wants all, MUST get them together."""
    told = ask_neighbours(engine, list(probe.prompts.values())[1:5], Wish.ALL, Wish.ANSWER)
    no_findings(wrong_told(probe.oracle, told, engines.sound["dtype"]), **EACH_ITS_OWN)


@promise(
    "GEN-2e",
    lanes=["cpu", "tpu"],
    faults=["only-the-answer-goes-the-whole-way", "only-the-answer-loses-its-end"],
)
def test_neighbours_may_want_nothing(cells: Cells, engines: Engines, probe: Probe) -> None:
    """Who wants the answer's log-probabilities alone MUST get them beside who wants none."""
    # In a process of its own: engines are known to end theirs over this.
    engine = engines.serving_in(cells.fresh(), probe)
    told = ask_neighbours(engine, list(probe.prompts.values())[1:5], Wish.NOTHING, Wish.ANSWER)
    no_findings(wrong_told(probe.oracle, told, engines.sound["dtype"]), **EACH_ITS_OWN)


@promise(
    "GEN-2f",
    lanes=["cpu", "tpu"],
    faults=["tokens-of-prompts-keep-their-names", "all-but-the-last-token-keep-their-names"],
)
def test_tokens_of_a_prompt_keep_their_names(engine: Engine, probe: Probe) -> None:
    """Log-probabilities of a prompt MUST be said to be of its tokens, whichever they are."""
    beyond = probe.config["vocab_size"]
    no_findings(
        misnamed(engine, [1, 2, beyond - 2, beyond - 1, 3]),
        required="each token by its own id, the last one of the vocabulary, too",
        next_step="see what becomes of ids on their way to input_token_logprobs",
    )


@promise(
    "GEN-2g",
    lanes=["cpu", "tpu"],
    faults=["wishes-of-who-left-are-forgotten", "who-joins-is-told-of-one-token"],
)
def test_who_wants_log_probabilities_may_come_and_go(
    cells: Cells, engines: Engines, probe: Probe
) -> None:
    """Who wants log-probabilities MUST be able to leave and join those who want none."""
    # In a process of its own: engines are known to end theirs over this.
    engine = engines.serving_in(cells.fresh(), probe, max_running_requests=PLACES)
    told = ask_in_passing(engine, list(probe.prompts.values())[1:5])
    no_findings(wrong_told(probe.oracle, told, engines.sound["dtype"]), **EACH_ITS_OWN)
