"""The judges of sampling accept honest draws, and find every kind of dishonest ones."""

from collections.abc import Callable

import numpy as np
import pytest

from fixtures.independence import entangled, repeated
from fixtures.oracle import Floats, log_softmax
from fixtures.sampling import Draws, Rule, misfits, misfits_by_rule
from fixtures.surprise import FALSE_ALARM, limit, unlikely

VOCABULARY = 60
COUNT = 1500
RULES = [
    Rule(),
    Rule(2.0),
    Rule(0.5),
    Rule(top_k=1),
    Rule(top_k=5),
    Rule(2.0, top_k=5),
    Rule(top_p=0.1),
    Rule(top_p=0.7),
    Rule(0.5, top_p=0.7),
    Rule(min_p=0.1),
    Rule(2.0, min_p=0.1),
]


def some_rows(seed: int = 0) -> Floats:
    draw = np.random.default_rng(seed)
    return log_softmax(2 * draw.standard_normal((COUNT, VOCABULARY)))


def take(rows: Floats, masses: Floats, seed: int = 1) -> Draws:
    noise = np.random.default_rng(seed).random((len(rows), 1))
    summed = np.cumsum(masses, axis=-1)
    return Draws(rows, (summed < noise * summed[:, -1:]).sum(axis=-1))


def draw_by(rule: Rule, seed: int = 1) -> Draws:
    rows = some_rows(seed)
    masses = np.exp(rule.tempered(rows)) * rule.sets(rows, 0.0)[1]
    return take(rows, masses, seed)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_honest_draws_are_accepted(rule: Rule, seed: int) -> None:
    assert list(misfits(rule, draw_by(rule, seed))) == []


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        (Rule(), Rule(1.25)),
        (Rule(), Rule(0.8)),
        (Rule(2.0), Rule()),
        (Rule(2.0), Rule(4.0)),
        (Rule(), Rule(top_p=0.95)),
        (Rule(), Rule(top_k=1)),
        (Rule(top_k=5), Rule(top_k=4)),
        (Rule(top_k=5), Rule(top_k=6)),
        (Rule(top_k=5), Rule(2.0, top_k=5)),
        (Rule(top_k=2), Rule(top_k=1)),
        (Rule(top_p=0.7), Rule(top_p=0.6)),
        (Rule(top_p=0.7), Rule(top_p=0.75)),
        (Rule(top_p=0.7), Rule()),
        (Rule(min_p=0.1), Rule(min_p=0.2)),
        (Rule(min_p=0.1), Rule(min_p=0.09)),
        (Rule(2.0, top_p=0.7), Rule(top_p=0.7)),
    ],
    ids=str,
)
def test_draws_by_another_rule_are_found(asked: Rule, taken: Rule) -> None:
    assert list(misfits(asked, draw_by(taken)))


def one_too_few(masses: Floats) -> Floats:
    least = np.where(masses > 0, masses, np.inf).min(axis=-1, keepdims=True)
    return np.where(masses == least, 0, masses)


HARMS: dict[str, Callable[[Floats], Floats]] = {
    "ids off by one": lambda masses: np.roll(masses, 1, axis=-1),
    "a tenth greedy": lambda masses: 0.9 * masses + 0.1 * (masses == masses.max(-1)[:, None]),
    "a tenth even": lambda masses: 0.9 * masses + 0.1 / VOCABULARY,
    "even": np.ones_like,
    "of the row before": lambda masses: np.roll(masses, 1, axis=0),
}


@pytest.mark.parametrize("harm", HARMS)
def test_harmed_draws_are_found(harm: str) -> None:
    """At one of two temperatures: a greedy draw is odd where all is even, and the reverse."""
    rows = some_rows()
    draws = {
        rule: take(rows, HARMS[harm](np.exp(rule.tempered(rows)))) for rule in (Rule(), Rule(2.0))
    }
    assert list(misfits_by_rule(draws))


@pytest.mark.parametrize("rule", [Rule(top_k=5), Rule(top_p=0.7), Rule(min_p=0.1)], ids=str)
def test_a_set_that_lacks_its_last_token_is_found(rule: Rule) -> None:
    rows = some_rows()
    masses = np.exp(rule.tempered(rows)) * rule.sets(rows, 0.0)[1]
    found = list(misfits(rule, take(rows, one_too_few(masses))))
    assert any("without the least likely" in phrase for phrase in found)


@pytest.mark.parametrize("rule", [Rule(top_k=2), Rule(top_p=0.6), Rule(min_p=0.9)], ids=str)
def test_near_equals_at_the_border_may_fall_on_either_side(rule: Rule) -> None:
    row = np.log(np.array([[0.4, 0.3 + 1e-6, 0.3 - 1e-6]]))
    if rule.min_p is not None:
        row = np.log(np.array([[0.4, 0.36 - 1e-6, 0.24]]))
    sure, may = rule.sets(row, 1e-4)
    assert sure[0, 0]
    assert (may & ~sure)[0, 1]


def test_a_single_token_outside_is_named() -> None:
    rows = np.log(np.array([[0.6, 0.3, 0.1]]))
    (found,) = misfits(Rule(top_k=2), Draws(rows, np.array([2])))
    assert "draw 0 is token 2, number 3 in likelihood, with a probability of 0.1" in found


def test_each_rule_is_judged_for_itself() -> None:
    draws = {Rule(): draw_by(Rule()), Rule(top_k=5): draw_by(Rule(top_k=6))}
    assert {phrase.split(":")[0] for phrase in misfits_by_rule(draws)} == {"temperature 1, top_k 5"}


def test_a_bound_on_the_oracle_widens_what_is_accepted() -> None:
    assert list(misfits(Rule(), draw_by(Rule(1.25)))) != []
    assert list(misfits(Rule(), draw_by(Rule(1.25)), bound=0.5)) == []


@pytest.mark.parametrize("cells", [2, 4, 20, 25])
def test_the_limit_is_where_the_bound_meets_the_false_alarm(cells: int) -> None:
    at = limit(cells) / (cells - 1)
    assert at > 1
    chance = (np.e * at * np.exp(-at)) ** (cells - 1)
    assert chance == pytest.approx(FALSE_ALARM, rel=1e-6)


@pytest.mark.parametrize("cells", [2, 4, 20])
def test_the_bound_holds_in_trials(cells: int) -> None:
    draw = np.random.default_rng(cells)
    shares = draw.dirichlet(np.ones(cells))
    seen = draw.multinomial(50, shares, 20_000)
    parts = np.where(seen > 0, seen / 50, 1) / shares
    surprises = (seen * np.log(np.where(seen > 0, parts, 1))).sum(axis=-1)
    assert (surprises > limit(cells, 1e-2)).mean() <= 1e-2


def test_unlikely_counts_are_listed() -> None:
    (found,) = unlikely("two cells", [90, 10], [0.5, 0.5])
    assert "two cells: 36.8 nats" in found
    assert "90/50, 10/50" in found


def test_slack_is_granted_per_draw() -> None:
    assert list(unlikely("two cells", [90, 10], [0.5, 0.5], slack=0.2)) == []


def independent(seed: int = 0, shape: tuple[int, ...] = (8, 8, 40)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 320, shape)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("shape", [(8, 8, 40), (64, 1, 1), (2, 16, 40)])
def test_independent_draws_are_accepted(seed: int, shape: tuple[int, ...]) -> None:
    assert list(entangled(independent(seed, shape), 320)) == []


def same_in_all_calls(tokens: np.ndarray) -> np.ndarray:
    return np.broadcast_to(tokens[:1], tokens.shape)


def same_in_all_rows(tokens: np.ndarray) -> np.ndarray:
    return np.broadcast_to(tokens[:, :1], tokens.shape)


def same_at_all_steps(tokens: np.ndarray) -> np.ndarray:
    return np.broadcast_to(tokens[:, :, :1], tokens.shape)


def halves_alike(tokens: np.ndarray) -> np.ndarray:
    return np.concatenate([tokens[:, :4], tokens[:, :4]], axis=1)


def every_second_step_again(tokens: np.ndarray) -> np.ndarray:
    return np.repeat(tokens[:, :, ::2], 2, axis=2)


def neighbours_near(tokens: np.ndarray) -> np.ndarray:
    near = tokens.copy()
    near[:, 1::2] = (near[:, ::2] + near[:, 1::2] % 40) % 320
    return near


def a_call_comes_again(tokens: np.ndarray) -> np.ndarray:
    again = tokens.copy()
    again[7, 3, 20:30] = again[1, 6, 5:15]
    return again


def half_of_the_vocabulary(tokens: np.ndarray) -> np.ndarray:
    return tokens // 2


@pytest.mark.parametrize(
    "harm",
    [
        same_in_all_calls,
        same_in_all_rows,
        same_at_all_steps,
        halves_alike,
        every_second_step_again,
        neighbours_near,
        a_call_comes_again,
        half_of_the_vocabulary,
    ],
)
def test_dependent_draws_are_found(harm: Callable[[np.ndarray], np.ndarray]) -> None:
    assert list(entangled(harm(independent()), 320))


def test_equal_single_draws_are_found() -> None:
    assert list(entangled(np.full((64, 1, 1), 7), 320))


def test_a_repeated_run_is_named_with_both_places() -> None:
    (found,) = repeated(a_call_comes_again(independent()))
    assert "step by step" in found
