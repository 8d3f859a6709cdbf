"""Four engines in one process: each gives its own answers, and hears only what it is told."""

from pathlib import Path

import pytest

from fixtures.answers import LOG_PROBABILITY_BOUND
from fixtures.isolation import (
    DEVICES,
    EACH_AFTER_EACH,
    LOUD,
    SHORT,
    Alike,
    Guest,
    asked_alike,
    four_probes,
    one_after_the_other,
)
from fixtures.isolation_control import ABORTING, FLUSHING, SWAPPING, Neighbours, pausing
from fixtures.isolation_settings import cached_anew, wrong_contexts
from fixtures.lanes import Lane, need_devices
from fixtures.live_swaps import A, B, Script, Stage
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.serving import Engines
from fixtures.verify import no_findings

OWN_ANSWERS = "each engine's answers are those of its own weights, as the oracle has them"
UNDISTURBED = "the bystander answers as the oracle says and does nothing else"
LOOK_FOR_SHARED = "look for what the engines share: module-level caches, class attributes, books"


@pytest.fixture
def probes(lane: Lane, probe_cache: Path) -> list[Probe]:
    need_devices(lane, DEVICES)
    return four_probes(probe_cache)


@pytest.fixture
def guests(engines: Engines, probes: list[Probe]) -> list[Guest]:
    """One on each device; two of them with a tokenizer, no two with the same settings."""
    settings = [
        {},
        {"context_length": 56, "random_seed": 5},
        {"skip_tokenizer_init": False, "max_running_requests": 6},
        {"skip_tokenizer_init": False, "max_total_tokens": 512},
    ]
    return [
        Guest(
            engines.serving(
                probe, device_indexes=[index], disable_radix_cache=False, **settings[index]
            ),
            probe,
        )
        for index, probe in enumerate(probes)
    ]


@promise(
    "ISO-2",
    lanes=["cpu", "tpu"],
    faults=[
        "leaves-of-the-last-engine-serve",
        "one-leaf-of-the-last-engine-serves",
        "keys-of-another-engine-are-read",
        "zero-penalties-are-keyed-by-shape",
    ],
)
def test_engines_answer_in_any_order(guests: list[Guest]) -> None:
    """Engines asked one after the other, in any order and again, MUST each answer rightly."""
    no_findings(
        one_after_the_other(guests, EACH_AFTER_EACH),
        required=OWN_ANSWERS,
        next_step=LOOK_FOR_SHARED,
    )


@promise(
    "ISO-3",
    lanes=["cpu", "tpu"],
    faults=[
        "leaves-of-the-last-engine-serve",
        "tokens-go-on-in-another-engine",
        "keys-of-another-engine-are-read",
        "ids-go-to-the-other-engine",
        "request-ids-are-in-one-book",
        "same-prompts-are-read-once",
    ],
)
def test_the_same_ids_at_the_same_time(guests: list[Guest]) -> None:
    """Asked at once for the same prompts under the same ids, each MUST give its own answers.

    Whatever else a request says, and whatever the models' shapes and the engines' settings.
    """
    rounds = [[SHORT] * DEVICES, [LOUD, SHORT] * 2, [SHORT, LOUD] * 2]
    no_findings(
        (phrase for kinds in rounds for phrase in asked_alike(list(map(Alike, guests, kinds)))),
        required=OWN_ANSWERS,
        next_step=LOOK_FOR_SHARED,
    )


@promise(
    "ISO-3b",
    lanes=["cpu", "tpu"],
    faults=["answers-go-to-the-other-engine", "same-prompts-are-read-once"],
)
def test_the_same_texts_at_the_same_time(guests: list[Guest]) -> None:
    """Asked at once for the same texts under the same ids, each MUST give its own words."""
    no_findings(
        asked_alike([Alike(guest, SHORT, as_text=True) for guest in guests[2:]]),
        required=OWN_ANSWERS,
        next_step=LOOK_FOR_SHARED,
    )


@promise("ISO-3c", lanes=["cpu", "tpu"], faults=["context-of-the-last-engine-counts"])
def test_each_has_its_own_context(guests: list[Guest], engines: Engines) -> None:
    """How long a request may be MUST be each engine's own setting."""
    slack = 2 * LOG_PROBABILITY_BOUND[engines.sound["dtype"]]
    no_findings(
        wrong_contexts(guests[0], guests[1], slack),
        required="one engine answers, the other refuses, and neither knows of the other",
        next_step=LOOK_FOR_SHARED,
    )


@pytest.fixture
def neighbours(guests: list[Guest], engines: Engines) -> Neighbours:
    """The first may be given the weights of the third; the second is not to notice."""
    bound = 2 * LOG_PROBABILITY_BOUND[engines.sound["dtype"]]
    told, bystander, other = guests[:3]
    prompts = {name: prompt.tokens for name, prompt in told.probe.prompts.items()}
    weights = {A: told.probe.tensors, B: other.probe.tensors}
    oracles = {A: told.probe.oracle, B: other.probe.oracle}
    return Neighbours(
        Stage(bystander.engine, prompts, {}, {A: bystander.probe.oracle}, bound),
        Stage(told.engine, prompts, weights, oracles, bound),
    )


def play(neighbours: Neighbours, scripts: list[Script]) -> None:
    for script in scripts:
        no_findings(
            neighbours.findings(script),
            required=UNDISTURBED,
            next_step=LOOK_FOR_SHARED,
            script=script,
        )


@promise(
    "ISO-4",
    lanes=["cpu", "tpu"],
    faults=["swap-reaches-all-engines", "swap-reaches-a-neighbours-norm"],
)
def test_swap_is_not_heard_next_door(neighbours: Neighbours) -> None:
    """New weights for one engine MUST change nothing in another, idle or generating."""
    play(neighbours, SWAPPING)


@promise(
    "ISO-4b",
    lanes=["cpu", "tpu"],
    faults=["flush-clears-the-keys-of-all"],
)
def test_flush_is_not_heard_next_door(neighbours: Neighbours) -> None:
    """A flush of one engine MUST change nothing in another that generates."""
    play(neighbours, FLUSHING)


@promise(
    "ISO-4e",
    lanes=["cpu", "tpu"],
    faults=["flush-takes-all-engines"],
)
def test_flush_forgets_nothing_next_door(guests: list[Guest]) -> None:
    """What an engine has cached of prompts MUST survive the flush of another."""
    prompt = guests[0].prompts[4].tokens
    no_findings(
        cached_anew(guests[1].engine, guests[0].engine, prompt),
        required="as many cached tokens as without the flush",
        next_step=LOOK_FOR_SHARED,
    )


@promise(
    "ISO-4c",
    lanes=["cpu", "tpu"],
    faults=[
        "pause-takes-all-engines",
        "pause-closes-all-doors",
        "retract-takes-all-engines",
        "continue-takes-all-engines",
        "pause-by-abort-takes-all-engines",
    ],
)
def test_pause_is_not_heard_next_door(neighbours: Neighbours) -> None:
    """Pausing one engine in any mode, and letting it go on, MUST change nothing in another."""
    for mode in ("retract", "in_place", "abort"):
        play(neighbours, pausing(mode))


@promise(
    "ISO-4d",
    lanes=["cpu", "tpu"],
    faults=[
        "abort-reaches-the-request-of-the-same-age",
        "abort-reaches-the-same-id-elsewhere",
        "pause-by-abort-takes-all-engines",
    ],
)
def test_abort_is_not_heard_next_door(neighbours: Neighbours) -> None:
    """Aborting one request or all of one engine MUST end none of another, of whatever id."""
    play(neighbours, ABORTING)
