"""Runs that must be alike, or end in a certain way, are held to that."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fixtures import grpo_endings, grpo_twins
from fixtures.grpo_plans import HALVES, PARTS, TWICE
from fixtures.grpo_records import Run
from tests.grpo_runs import made_up

type Damage = Callable[[dict[str, Any]], Any]


def a_step_too_many(told: dict[str, Any]) -> None:
    told["train steps"] += 1


def another_history(told: dict[str, Any]) -> None:
    told["history"]["kl"][1] = 0.2


def another_actor(told: dict[str, Any]) -> None:
    told["actor"]["final_norm.w"] = told["actor"]["final_norm.w"] * np.float32(1 + 2**-20)


def another_state(told: dict[str, Any]) -> None:
    told["optimizer"][0] = np.zeros(3)


@pytest.mark.parametrize("damage", [a_step_too_many, another_history, another_actor, another_state])
def test_twins_that_differ_are_told_apart(damage: Damage) -> None:
    run, model = made_up(), made_up()
    assert list(grpo_twins.diverged(run, model)) == []
    damage(run.told)  # type: ignore[arg-type]
    assert len(list(grpo_twins.diverged(run, model))) == 1


def test_a_resumed_run_is_held_to_what_came_after() -> None:
    run, model = made_up(), made_up()
    for parts in (run.told["requests"], run.told["examples"], run.told["rewarded"]):
        del parts[0]
    for values in run.told["history"].values():
        del values[0]
    assert list(grpo_twins.diverged(run, model, since=1)) == []
    assert list(grpo_twins.asked_otherwise(run, model, since=1)) == []
    assert list(grpo_twins.diverged(run, model))
    assert list(grpo_twins.asked_otherwise(run, model, since=0))


def test_other_words_of_a_twin_are_seen() -> None:
    run, model = made_up(), made_up()
    assert list(grpo_twins.said_otherwise(made_up(), model)) == []
    answers = run.told["requests"][1]["answers"]
    answers[4] = answers[5]
    assert len(list(grpo_twins.said_otherwise(run, model))) == 1


def stopped() -> Run:
    """After one step, and with a word of it."""
    run = made_up()
    del run.told["moments"][2:]
    ending = {"train steps": 1, "error": "ValueError: nan", "actor": run.moments[-1].actor}
    run.told.update(ending)  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({}, ""),
        ({"ended": False}, "has not ended"),
        ({"error": ""}, "none at all"),
        ({"error": "KeyError: 3"}, "tells of none"),
        ({"error": "ValueError: resonance"}, "tells of none"),
        ({"train steps": 2}, "2 steps were made"),
        ({"actor": made_up().told["actor"]}, "differs"),
    ],
)
def test_endings_are_held_to_the_trouble(damage: dict[str, Any], words: str) -> None:
    run = stopped()
    run.told.update(damage)  # type: ignore[attr-defined]
    found = " ".join(grpo_endings.unended(run, "nan"))
    assert words in found if words else not found


@pytest.mark.parametrize(
    ("shares", "learnt"),
    [
        ([0.1, 0.3, 0.6], False),
        ([0.1] * 3 + [0.6] * 3, True),
        ([0.5] * 6, False),
        ([float("nan")] * 6, False),
    ],
)
def test_learning_is_a_share_that_rises(shares: list[float], *, learnt: bool) -> None:
    run = made_up()
    rewarded = [{"texts": [], "rewards": [share]} for share in shares]
    run.told.update({"rewarded": rewarded})  # type: ignore[attr-defined]
    steps = replace(run, plan=replace(run.plan, steps=len(shares)))
    assert (not list(grpo_endings.learnt_nothing(steps))) == learnt


def test_sizes_say_how_many_steps_there_are() -> None:
    assert (HALVES.syncs, HALVES.updates, HALVES.completions) == (2, 8, 32)
    assert (PARTS.syncs, PARTS.updates, PARTS.completions) == (2, 4, 32)
    assert (TWICE.syncs, TWICE.updates, TWICE.completions) == (1, 4, 16)
