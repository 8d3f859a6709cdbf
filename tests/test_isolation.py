"""The judges of device isolation find what they are there to find."""

import itertools
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.answers import Answer
from fixtures.engines import Engine
from fixtures.isolation import (
    EACH_AFTER_EACH,
    LOUD,
    SHORT,
    TOKENS,
    Alike,
    Guest,
    is_random_state,
    one_after_the_other,
    stray,
)
from fixtures.isolation_control import (
    ABORTING,
    FLUSHING,
    SWAPPING,
    THEM,
    US,
    disturbances,
    pausing,
)
from fixtures.live_swaps import Script
from fixtures.probes import Probe
from fixtures.tokenizer import decode

SCRIPTS = [*SWAPPING, *FLUSHING, *ABORTING, *pausing("retract")]


@pytest.fixture(scope="module")
def probes(probe: Probe, other_probe: Probe) -> list[Probe]:
    return [probe, other_probe]


def answering(probe: Probe) -> Engine:
    """An engine that answers as this probe does."""
    answers = [
        Answer(prompt.answer[:TOKENS], "", {}, [], [], [], []) for prompt in probe.prompts.values()
    ]
    return cast("Engine", SimpleNamespace(name="e", ask=lambda *_, **__: answers))


def raw(tokens: list[int], text: str = "") -> dict[str, Any]:
    return {"output_ids": tokens, "text": text, "meta_info": {}}


def row(*devices: int, **more: Any) -> dict[str, Any]:
    plain = {"what": "an array", "shape": [2], "dtype": "uint32", "committed": False}
    return {**plain, "devices": list(devices), **more}


def test_every_engine_comes_before_and_after_every_other() -> None:
    pairs = set(itertools.pairwise(EACH_AFTER_EACH))
    assert pairs == {(one, other) for one in range(4) for other in range(4) if one != other}


def test_own_answers_are_right(probes: list[Probe]) -> None:
    guests = [Guest(answering(probe), probe) for probe in probes]
    assert not list(one_after_the_other(guests, (0, 1, 0)))


def test_another_engine_s_answers_are_found(probes: list[Probe]) -> None:
    exchanged = [Guest(answering(probes[1]), probes[0]), Guest(answering(probes[1]), probes[1])]
    found = list(one_after_the_other(exchanged, (1, 0, 1)))
    assert len(found) == len(probes[0].prompts)
    assert all(phrase.startswith("turn 1: the engine of seed 0") for phrase in found)


def test_answers_of_two_seeds_differ_at_every_token(probes: list[Probe]) -> None:
    theirs = probes[1].answers_to(probes[0])
    pairs = [
        pair
        for name, prompt in probes[0].prompts.items()
        for pair in zip(prompt.answer, theirs[name], strict=True)
    ]
    assert all(one != other for one, other in pairs)


def test_a_missing_answer_and_an_error_are_found(probes: list[Probe]) -> None:
    question = Alike(Guest(answering(probes[0]), probes[0]), SHORT)
    assert "0 answers instead of 9" in next(question.wrong({"answer": [], "error": ""}))
    assert "TimeoutError" in next(question.wrong({"answer": [], "error": "TimeoutError: "}))


def test_a_wrong_text_is_found(probes: list[Probe]) -> None:
    question = Alike(Guest(answering(probes[0]), probes[0]), SHORT, as_text=True)
    right = [raw(it.answer, decode(it.answer)) for it in question.asked]
    assert not list(question.wrong({"answer": right, "error": ""}))
    right[1]["text"] += "!"
    assert len(list(question.wrong({"answer": right, "error": ""}))) == 1


def test_what_is_asked_as_text_is_the_same_ids(probes: list[Probe]) -> None:
    question = Alike(Guest(answering(probes[0]), probes[0]), SHORT, as_text=True)
    assert len(question.asked) == len(probes[0].prompts) - 1


def test_a_loud_answer_is_not_judged_but_its_error_is(probes: list[Probe]) -> None:
    question = Alike(Guest(answering(probes[0]), probes[0]), LOUD)
    assert not list(question.wrong({"answer": [], "error": ""}))
    assert list(question.wrong({"answer": [], "error": "ValueError: no"}))


def test_an_array_abroad_is_found() -> None:
    assert not stray(row(2), 2)
    assert "lies on device [0] instead of 2" in stray(row(0), 2)
    assert "lies on device [3] instead of 2" in stray(row(2, 3), 2)


@pytest.mark.parametrize(
    "other",
    [{"shape": [3]}, {"shape": [2, 2]}, {"dtype": "float32"}, {"committed": True}],
)
def test_random_state_is_two_uncommitted_words(other: dict[str, Any]) -> None:
    assert is_random_state(row(0))
    assert is_random_state(row(0, shape=[]))
    assert not is_random_state(row(0, **other))


def note(prefills: int, unread: int = 0, *, woken: bool = False) -> dict[str, Any]:
    return {US: {"prefills": prefills, "unread": unread, "woken": woken}}


def test_reading_what_has_just_come_is_no_disturbance() -> None:
    script: Script = [(US, "start", ("a",), 3), (US, "step", 1), (THEM, "pause", "retract")]
    assert not list(disturbances(script, [note(1, unread=1), note(2), note(2)]))


def test_reading_again_and_waking_up_are_found() -> None:
    script: Script = [(US, "start", ("a",), 3), (THEM, "pause", "retract"), (THEM, "continue")]
    notes = [note(1), note(2), note(2, woken=True)]
    again, woken = disturbances(script, notes)
    assert "'pause'" in again
    assert "'continue'" in woken


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_prompt_is_asked_by_both(script: Script) -> None:
    """Records of requests are found by their prompts."""
    asked = {
        who: {
            name
            for one, operation, *rest in script
            if (one, operation) == (who, "start")
            for name in rest[0]
        }
        for who in (US, THEM)
    }
    assert not asked[US] & asked[THEM]
