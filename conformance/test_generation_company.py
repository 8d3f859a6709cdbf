"""An answer depends on its prompt alone: not on company, history or how the work is cut."""

from typing import Any

import pytest
from hypothesis import strategies as st

from fixtures.answers import LOG_PROBABILITY_BOUND
from fixtures.company import (
    Visit,
    align_host_buffer,
    crowds,
    judged_crowds,
    receive,
    wrong_in_turn,
    wrong_streams,
)
from fixtures.engines import EVERY_LOG_PROBABILITY, Engine
from fixtures.exploration import Explorer, Space
from fixtures.histories import (
    BRIEFLY,
    around_borders,
    histories,
    judged_histories,
    judged_prompts,
    usual,
)
from fixtures.lanes import Lane
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.questions import (
    ALL_GREEDY,
    ONLY_THE_ANSWER,
    batches,
    prompts_of_any_tokens,
    questions,
    request_everything,
    wrong_log_probabilities,
)
from fixtures.serving import Engines
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

REMEMBERING: list[dict[str, Any]] = [
    {"disable_radix_cache": False},
    {"disable_radix_cache": False, "page_size": 16, "chunked_prefill_size": 16},
]
CUTTING: dict[str, list[dict[str, Any]]] = {
    "cpu": [
        {"page_size": 1, "chunked_prefill_size": 16},
        {"page_size": 16, "chunked_prefill_size": 32},
        {"page_size": 32},
    ],
    "tpu": [
        {"page_size": 16, "chunked_prefill_size": 16},
        {"page_size": 32, "chunked_prefill_size": 32},
        {"page_size": 64},
        # Eight requests hold a page each, and as many are for padding.
        {"page_size": 128, "max_total_tokens": 2048},
    ],
}
ALONE = {
    "required": "what the oracle answers to each of them alone",
    "next_step": "look at rows, slots and masks of a batch, at how batches are merged, and with "
    "overlap at what the host writes while the device reads",
}
COMPANY_FAULTS = [
    "rows-are-exchanged",
    "slot-of-another-request",
    "masks-see-pages-of-two",
    "greedy-is-lost-among-samplers",
    "who-comes-later-is-one-behind",
]


def together(probe: Probe) -> list[list[Visit]]:
    """All certified prompts at once, and in the other order."""
    visits = [Visit(prompt.tokens) for prompt in probe.prompts.values()]
    return [visits, visits[::-1]]


def anybody(probe: Probe) -> st.SearchStrategy[list[Visit]]:
    known = st.sampled_from([prompt.tokens for prompt in probe.prompts.values()])
    return crowds(known | prompts_of_any_tokens(probe.config["vocab_size"]))


@promise("GEN-3", lanes=["cpu", "tpu"], faults=COMPANY_FAULTS)
def test_company_changes_no_answer(
    engine: Engine, engines: Engines, probe: Probe, explorer: Explorer
) -> None:
    """An answer MUST NOT depend on its company: alone, in any batch, while others come and go."""
    no_findings(wrong_in_turn(engine, list(probe.prompts.values())), **ALONE)
    explorer.explore(
        Space(anybody(probe), first=together(probe)),
        judged_crowds(engine, probe.oracle, engines.sound["dtype"], **ONLY_THE_ANSWER),
        **ALONE,
    )


@promise(
    "GEN-3b", lanes=["cpu", "tpu"], faults=["slots-are-copied", "copied-slots-of-another-request"]
)
def test_company_changes_no_answer_with_overlap(
    engines: Engines, probe: Probe, explorer: Explorer
) -> None:
    """The same MUST hold with the overlap schedule, which is what engines start with."""
    engine = engines.serving(probe, disable_overlap_schedule=False)
    align_host_buffer(engine)
    no_findings(wrong_in_turn(engine, list(probe.prompts.values())), **ALONE)
    explorer.explore(
        Space(anybody(probe), first=together(probe)),
        judged_crowds(engine, probe.oracle, engines.sound["dtype"]),
        **ALONE,
    )


@promise(
    "GEN-4",
    lanes=["cpu", "tpu"],
    faults=[
        "prefix-slots-are-shifted",
        "prefix-ends-in-another-slot",
        "positions-begin-again-after-a-prefix",
        "token-at-a-border-is-lost",
    ],
)
def test_history_changes_no_answer(engines: Engines, probe: Probe, explorer: Explorer) -> None:
    """An answer MUST NOT depend on history: with a prefix cache, at any time, after a flush."""
    stems = [prompt.tokens for prompt in probe.prompts.values()]
    for settings in REMEMBERING:
        engine = engines.serving(probe, **settings)
        explorer.explore(
            Space(histories(stems, probe.config["vocab_size"]), first=[usual(stems)], cost=4),
            judged_histories(engine, probe.oracle, engines.sound["dtype"]),
            required="what the oracle answers, whatever was asked before",
            next_step=f"start an engine with {settings}: does it pass without the prefix cache?",
        )


@promise(
    "GEN-5",
    lanes=["cpu", "tpu"],
    faults=[
        "masks-forget-page-ends",
        "positions-begin-again-after-a-prefix",
        "token-at-a-border-is-lost",
    ],
)
def test_cutting_changes_no_answer(
    engines: Engines, probe: Probe, explorer: Explorer, lane: Lane
) -> None:
    """An answer MUST NOT depend on how prompts are cut: into chunks and pages, at any length."""
    certified = [prompt.tokens for prompt in probe.prompts.values()]
    prompts = around_borders(probe.config["vocab_size"])
    for settings in CUTTING[lane.name]:
        engine = engines.serving(probe, **settings)
        explorer.explore(
            Space(batches(prompts), first=[certified], cost=2),
            judged_prompts(engine, probe.oracle, engines.sound["dtype"], BRIEFLY),
            required="what the oracle answers, however the prompt is cut",
            next_step=f"start an engine with {settings}: is it wrong alone or in a batch only?",
        )


@promise(
    "GEN-5b",
    lanes=["cpu", "tpu"],
    faults=["positions-begin-again-after-a-prefix", "input-log-probabilities-are-shifted"],
)
def test_cutting_changes_no_log_probability(engines: Engines, probe: Probe, lane: Lane) -> None:
    """Nor MUST the log-probabilities of a prompt that is cut into chunks."""
    dtype = engines.sound["dtype"]
    asked = questions(probe.prompts.values(), ALL_GREEDY)
    engine = engines.serving(probe, **CUTTING[lane.name][0])
    answers = engine.ask(**request_everything(asked))
    no_findings(
        wrong_log_probabilities(probe.oracle, asked, answers, dtype, everything=True),
        required="what the oracle says, given the engine's own history",
        next_step="compare the position of the first wrong one with the borders of the chunks",
    )


@promise(
    "GEN-9",
    lanes=["cpu", "tpu"],
    faults=[
        "last-chunk-is-lost",
        "chunk-comes-twice",
        "stream-waits-for-the-end",
        "end-is-not-told",
        "token-is-sent-twice",
        "token-is-never-sent",
        "streamed-log-probabilities-are-sent-again",
        "streams-are-crossed",
    ],
)
def test_streams_bring_every_token_once(engine: Engine, engines: Engines, probe: Probe) -> None:
    """Streams MUST bring the same tokens, in order, none lost or repeated, and end; together too.

    A chunk holds everything so far.
    """
    prompts = list(probe.prompts.values())
    visits = [Visit(prompt.tokens) for prompt in prompts]
    alone = [receive(engine, [visit], **EVERY_LOG_PROBABILITY)[0] for visit in visits]
    bound = LOG_PROBABILITY_BOUND[engines.sound["dtype"]]
    for heard in (alone, receive(engine, visits, **EVERY_LOG_PROBABILITY)):
        no_findings(
            wrong_streams(probe.oracle, prompts, heard, bound),
            required="the certified answer, chunk by chunk, and the reason why it ends",
            next_step="is it wrong alone or together? compare the chunks with a plain request's",
        )


@promise(
    "GEN-9b",
    lanes=["cpu", "tpu"],
    faults=["only-the-answer-goes-the-whole-way", "only-the-answer-loses-its-end"],
)
def test_streams_bring_every_log_probability_once(
    engine: Engine, engines: Engines, probe: Probe
) -> None:
    """Streams that say the log-probabilities of the answer alone MUST say each of them once."""
    prompts = list(probe.prompts.values())
    heard = receive(engine, [Visit(prompt.tokens) for prompt in prompts], **ONLY_THE_ANSWER)
    bound = LOG_PROBABILITY_BOUND[engines.sound["dtype"]]
    no_findings(
        wrong_streams(probe.oracle, prompts, heard, bound),
        required="as many log-probabilities as tokens, each of its own token",
        next_step="does GEN-9 pass? then look at what is sent again with each chunk",
    )
