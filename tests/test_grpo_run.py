"""What judges a real GRPO run sees what is wrong with one, and nothing in one that is right."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fixtures import grpo_completions, grpo_run, grpo_twins
from fixtures.grpo_records import Run
from tests.grpo_runs import made_up

type Judge = Callable[[Run], Iterator[str]]
type Damage = Callable[[dict[str, Any]], Any]

ALL_JUDGES: list[Judge] = [
    grpo_run.unsynced,
    grpo_run.misspoken,
    grpo_run.astray,
    grpo_run.miscounted,
    grpo_run.unmoved,
    grpo_run.drifted,
    grpo_run.unnoticed,
    grpo_completions.misheard,
    grpo_completions.mismatch,
    grpo_completions.misjudged,
    grpo_completions.outdated,
    grpo_run.unsynced_at_first,
    grpo_run.overrun,
    grpo_twins.said_again,
    grpo_twins.undisturbed,
]


@pytest.mark.parametrize("judge", ALL_JUDGES)
def test_nothing_is_wrong_with_a_run_that_is_right(judge: Judge) -> None:
    assert list(judge(made_up())) == []


def leaf_of(told: dict[str, Any], step: int, name: str) -> Any:
    return next(leaf for leaf in told["moments"][step]["engine"] if leaf["leaf"] == name)


def an_old_leaf(told: dict[str, Any]) -> None:
    name = "model.norm.scale"
    leaf_of(told, 2, name)["values"] = leaf_of(told, 1, name)["values"]


def a_bit(told: dict[str, Any]) -> None:
    leaf_of(told, 1, "model.norm.scale")["values"].view("i4")[3] ^= 1


def a_transposed_matrix(told: dict[str, Any]) -> None:
    leaf = leaf_of(told, 1, "model.layers.0.mlp.gate_proj.weight")
    leaf["values"] = leaf["values"].T


def no_last_sync(told: dict[str, Any]) -> None:
    del told["moments"][-1]


def an_old_answer(told: dict[str, Any]) -> None:
    told["moments"][2]["answers"] = told["moments"][1]["answers"]


def another_place(told: dict[str, Any]) -> None:
    told["moments"][2]["devices"]["optimizer"] = [0, 3]


def no_third_update(told: dict[str, Any]) -> None:
    told["updates"] = 2


def a_nan(told: dict[str, Any]) -> None:
    told["history"]["kl"][1] = float("nan")


def one_report_too_few(told: dict[str, Any]) -> None:
    del told["history"]["loss"][0]


def a_step_without_a_move(told: dict[str, Any]) -> None:
    told["moments"][2]["actor"] = told["moments"][1]["actor"]


def another_reference(told: dict[str, Any]) -> None:
    told["reference"][1] = told["moments"][1]["actor"]


def an_early_end(told: dict[str, Any]) -> None:
    told["train steps"] = 1


def other_rows(told: dict[str, Any]) -> None:
    told["examples"][1]["completion_ids"] = told["examples"][1]["completion_ids"][::-1]


def a_longer_mask(told: dict[str, Any]) -> None:
    told["examples"][1]["completion_mask"][2] = True


def other_texts(told: dict[str, Any]) -> None:
    told["rewarded"][0]["texts"].reverse()


def other_advantages(told: dict[str, Any]) -> None:
    told["examples"][2]["advantages"] = -told["examples"][2]["advantages"]


def another_prompt(told: dict[str, Any]) -> None:
    told["requests"][0]["prompts"][1] = told["requests"][0]["prompts"][-1]


def an_early_cut(told: dict[str, Any]) -> None:
    del told["requests"][1]["answers"][0]["meta_info"]["output_token_logprobs"][-1]


def other_scores(told: dict[str, Any]) -> None:
    told["examples"][1]["scores"][0, 2] += 1e-3


def other_old_scores(told: dict[str, Any]) -> None:
    told["learnt"][1]["old"][0, 2] += 1e-3


def nothing_learnt(told: dict[str, Any]) -> None:
    told["learnt"].clear()


def other_bests(told: dict[str, Any]) -> None:
    best = told["requests"][1]["answers"][3]["meta_info"]["output_top_logprobs"][0]
    best[1][1], best[2][1] = best[2][1], best[1][1]


def another_start(told: dict[str, Any]) -> None:
    leaf_of(told, 0, "model.norm.scale")["values"][2] += 1


def a_step_too_many(told: dict[str, Any]) -> None:
    told["train steps"] += 1


def the_same_again(told: dict[str, Any]) -> None:
    told["requests"][2]["answers"][1] = told["requests"][0]["answers"][1]


def two_alike_in_a_group(told: dict[str, Any]) -> None:
    told["requests"][1]["answers"][4] = told["requests"][1]["answers"][5]


def no_company(told: dict[str, Any]) -> None:
    told["company"].clear()


@pytest.mark.parametrize(
    ("damage", "judge"),
    [
        (an_old_leaf, grpo_run.unsynced),
        (a_bit, grpo_run.unsynced),
        (a_transposed_matrix, grpo_run.unsynced),
        (no_last_sync, grpo_run.unsynced),
        (an_old_answer, grpo_run.misspoken),
        (no_last_sync, grpo_run.misspoken),
        (another_place, grpo_run.astray),
        (no_third_update, grpo_run.miscounted),
        (a_nan, grpo_run.miscounted),
        (one_report_too_few, grpo_run.miscounted),
        (a_step_without_a_move, grpo_run.unmoved),
        (another_reference, grpo_run.drifted),
        (an_early_end, grpo_run.unnoticed),
        (other_rows, grpo_completions.misheard),
        (a_longer_mask, grpo_completions.misheard),
        (other_texts, grpo_completions.misheard),
        (other_advantages, grpo_completions.misheard),
        (another_prompt, grpo_completions.misheard),
        (an_early_cut, grpo_completions.misheard),
        (other_scores, grpo_completions.mismatch),
        (other_old_scores, grpo_completions.outdated),
        (nothing_learnt, grpo_completions.outdated),
        (other_bests, grpo_completions.misjudged),
        (another_start, grpo_run.unsynced_at_first),
        (a_step_too_many, grpo_run.overrun),
        (the_same_again, grpo_twins.said_again),
        (two_alike_in_a_group, grpo_twins.said_again),
        (no_company, grpo_twins.undisturbed),
    ],
)
def test_what_is_wrong_is_seen(damage: Damage, judge: Judge) -> None:
    run = made_up()
    damage(run.told)  # type: ignore[arg-type]
    assert list(judge(run))


@pytest.mark.parametrize("word", ["the data lasted for 1 of 3 steps"])
def test_an_early_end_that_is_said_is_no_finding(word: str) -> None:
    run = made_up()
    run.told.update({"train steps": 1, "error": word})  # type: ignore[attr-defined]
    assert not list(grpo_run.unnoticed(run))


def test_what_two_policies_say_is_told_apart_by_its_order() -> None:
    run = made_up()
    request, again = run.told["requests"][:2]
    for asked in (request, again):
        asked["prompts"][0] = request["prompts"][0]
    answer = again["answers"][0]
    scores = [entry[0] for entry in answer["meta_info"]["output_token_logprobs"]]
    answer["output_ids"] = request["answers"][0]["output_ids"]
    entries = zip(scores, answer["output_ids"], strict=True)
    answer["meta_info"]["output_token_logprobs"] = [[one, token, None] for one, token in entries]
    learnt = run.told["learnt"]
    learnt[1]["prompts"][0] = learnt[0]["prompts"][0]
    learnt[1]["completions"][0] = learnt[0]["completions"][0]
    assert not list(grpo_completions.outdated(run))
    learnt[1]["old"][0] = learnt[0]["old"][0]
    assert list(grpo_completions.outdated(run))


def test_a_dropped_end_is_told_from_a_whole_completion() -> None:
    found = list(grpo_completions.cut(made_up()))
    assert len(found) == 3
    assert "completion_ids of row 2" in found[0]


def test_idle_runs_must_not_move() -> None:
    assert list(grpo_run.moved(made_up()))
    run = made_up()
    for moment in run.told["moments"]:
        moment["actor"] = run.told["moments"][0]["actor"]
    assert not list(grpo_run.moved(run))
    run.told.update({"updates": 0})  # type: ignore[attr-defined]
    assert list(grpo_run.moved(run)) == ["no step was made at all"]


def test_measures_of_mismatch_have_their_closed_forms() -> None:
    engine = [np.array([-1.0, -2.0]), np.array([-3.0])]
    measured = grpo_completions.measures(
        engine, [engine[0] + np.array([0.1, 0.0]), engine[1] - 0.1]
    )
    assert measured["max"] == pytest.approx(0.1)
    assert measured["mean"] == pytest.approx(0.2 / 3)
    assert measured["sum"] == pytest.approx(0.1)
    assert measured["k3"] == pytest.approx((np.cosh(0.1) - 1) * 2 / 3)
