"""The oracle of GRPO, tried on numbers that can be worked out by hand."""

from typing import Any, cast

import numpy as np
import pytest

from fixtures import grpo_oracle
from fixtures.grpo_oracle import Objective, Scored
from fixtures.oracle import Floats, Oracle, log_softmax

MASK = np.array([[True, True, False], [True, False, False], [False, False, False]])
ANY = np.nan


def scored(log_ratio: float, advantage: float) -> Scored:
    logprobs = np.full((1, 1), -1.0)
    old = logprobs - log_ratio
    return Scored(logprobs, np.ones((1, 1), bool), np.array([advantage]), None, old)


def test_advantages_are_in_deviations_of_a_sample() -> None:
    told = grpo_oracle.advantages(np.array([1.0, 3.0, 0.0, 6.0]), 2)
    assert told == pytest.approx(np.array([-1, 1, -1, 1]) / np.sqrt(2))


@pytest.mark.parametrize("group", [1, 2, 4])
def test_equal_rewards_and_lone_ones_have_no_advantage(group: int) -> None:
    assert not grpo_oracle.advantages(np.full(4, 0.1), group).any()


def test_groups_know_nothing_of_each_other() -> None:
    alone = grpo_oracle.advantages(np.array([1.0, 2.0, 4.0]), 3)
    beside = grpo_oracle.advantages(np.array([1.0, 2.0, 4.0, 9.0, -9.0, 0.0]), 3)
    assert alone.tolist() == beside[:3].tolist()


@pytest.mark.parametrize("estimator", ["kl", "low_var_kl"])
def test_unbiased_estimators_have_the_divergence_for_their_mean(estimator: str) -> None:
    policy, reference = (log_softmax(np.array(row)) for row in ([0.0, 1.0, -2.0], [0.5, 0.1, 0.3]))
    exact = (np.exp(policy) * (policy - reference)).sum()
    estimates = grpo_oracle.divergence(estimator, policy, reference)
    assert (np.exp(policy) * estimates).sum() == pytest.approx(exact)


def test_the_squared_estimator_is_half_the_square() -> None:
    told = grpo_oracle.divergence("mse_kl", np.array([-1.0]), np.array([-3.0]))
    assert told.tolist() == [2.0]


@pytest.mark.parametrize(
    ("aggregation", "first", "second"),
    [
        ("token-mean", 1 / 3, 1 / 3),
        ("sequence-mean-token-mean", 1 / 4, 1 / 2),
        ("sequence-mean-token-scale", 1 / 6, 1 / 6),
        ("seq-mean-token-sum", 1 / 2, 1 / 2),
        ("sequence-mean-token-sum-norm", 1 / 2, 1 / 2),
    ],
)
def test_tokens_count_by_their_way_of_aggregating(
    aggregation: str, first: float, second: float
) -> None:
    expected = [[first, first, 0], [second, 0, 0], [0, 0, 0]]
    assert grpo_oracle.weights(aggregation, MASK) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("aggregation", grpo_oracle.AGGREGATIONS)
def test_padding_may_hold_anything(aggregation: str) -> None:
    values = np.where(MASK, 1.0, ANY)
    assert grpo_oracle.aggregate(aggregation, values, MASK) > 0


@pytest.mark.parametrize(
    ("ratio", "advantage", "gain"),
    [(2.0, 1.0, 1.2), (0.5, 1.0, 0.5), (2.0, -1.0, -2.0), (0.5, -1.0, -0.8), (1.1, 3.0, 3.3)],
)
def test_gains_are_clipped_where_they_are_too_good(
    ratio: float, advantage: float, gain: float
) -> None:
    counted = grpo_oracle.gains(scored(np.log(ratio), advantage), 0.2)[1]
    assert counted.item() == pytest.approx(gain)
    assert grpo_oracle.policy_loss(scored(np.log(ratio), advantage), Objective()) == -counted.item()


def test_without_old_log_probabilities_all_ratios_are_one() -> None:
    alone = Scored(np.full((1, 1), -3.0), np.ones((1, 1), bool), np.ones(1))
    told = grpo_oracle.metrics(alone, np.zeros((1, 1)), Objective())
    assert (told["is_ratio/min"], told["pg_clipfrac"], told["kl"]) == (1, 0, 0)


class Steps:
    """After as many tokens as it has words, a policy that prefers the word of that number."""

    def log_probabilities(self, tokens: list[int]) -> Floats:
        return log_softmax(3 * np.eye(8)[: len(tokens)])


def test_completions_are_scored_from_the_last_token_of_their_prompt() -> None:
    policy = cast("Oracle", cast("Any", Steps()))
    told = grpo_oracle.said(policy, [[7, 7, 7], [7]], [[2, 3], []], 1.0)
    assert told.mask.tolist() == [[True, True], [False, False]]
    assert told.logprobs[0] == pytest.approx(np.full(2, 3 - np.log(np.exp(3) + 7)))


def test_a_high_temperature_knows_nothing() -> None:
    policy = cast("Oracle", cast("Any", Steps()))
    told = grpo_oracle.said(policy, [[7]], [[5]], 1e6)
    assert (-told.logprobs.item(), told.entropies.item()) == pytest.approx((np.log(8),) * 2)
