"""The oracle against closed forms, so that nobody has to trust it."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from fixtures.checkpoints import Family, Shape, Tensors, config_of
from fixtures.oracle import Floats, Oracle, Past, attend, log_softmax, rms_norm, rotate, swiglu
from fixtures.teaching import lively_weights

SHAPE = Shape(hidden_size=16, head_dim=8, intermediate_size=24, vocab_size=40)
TOKENS = [7, 3, 3, 39, 0, 21]
EXACT = 1e-12
THETA = 10_000.0

FAMILIES: tuple[Family, ...] = get_args(Family.__value__)


def _draw(*size: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(size)


def _weights(family: Family = "qwen3", shape: Shape = SHAPE, *, tied: bool = False) -> Tensors:
    return lively_weights(family, shape, np.random.default_rng(5), tied=tied)


@pytest.fixture(params=FAMILIES)
def oracle(request: pytest.FixtureRequest) -> Oracle:
    return Oracle(config_of(SHAPE, request.param), _weights(request.param))


def test_rms_norm_does_not_see_the_scale() -> None:
    rows, gain = _draw(3, 16), _draw(16, seed=1)
    assert np.allclose(rms_norm(1000 * rows, gain, 0.0), rms_norm(rows, gain, 0.0), atol=EXACT)


def test_rms_norm_leaves_a_mean_square_of_one() -> None:
    normed = rms_norm(_draw(3, 16), np.ones(16), 0.0)
    assert np.allclose((normed**2).mean(axis=-1), 1, atol=EXACT)


def test_rms_norm_of_nothing_is_nothing() -> None:
    assert not rms_norm(np.zeros((1, 4)), np.ones(4), 1e-6).any()


@pytest.mark.parametrize("shift", [1, 17, 400])
def test_a_rotated_score_depends_only_on_the_distance(shift: int) -> None:
    query, key = _draw(1, 1, 8), _draw(1, 1, 8, seed=1)

    def score(at: int, of: int) -> float:
        turned = rotate(query, np.array([at]), THETA) * rotate(key, np.array([of]), THETA)
        return float(turned.sum())

    assert score(9 + shift, 4 + shift) == pytest.approx(score(9, 4), abs=EXACT * 100)


def test_rotation_turns_halves_and_not_neighbours() -> None:
    unit = np.array([[[1.0, 0.0, 0.0, 0.0]]])
    turned = rotate(unit, np.array([1]), THETA)
    assert np.allclose(turned, [[[np.cos(1), 0, np.sin(1), 0]]], atol=EXACT)


def test_rotation_slows_down_with_the_index() -> None:
    unit = np.array([[[0.0, 1.0, 0.0, 0.0]]])
    angle = THETA**-0.5
    turned = rotate(unit, np.array([1]), THETA)
    assert np.allclose(turned, [[[0, np.cos(angle), 0, np.sin(angle)]]], atol=EXACT)


def test_position_zero_is_not_turned() -> None:
    heads = _draw(2, 1, 8)
    assert np.array_equal(rotate(heads, np.array([0]), THETA), heads)


def test_grouped_keys_are_repeated_keys() -> None:
    query, key, value = _draw(4, 5, 8), _draw(2, 5, 8, seed=1), _draw(2, 5, 8, seed=2)
    each = attend(query, key[[0, 0, 1, 1]], value[[0, 0, 1, 1]])
    assert np.allclose(attend(query, key, value), each, atol=EXACT)


def test_equal_scores_average_what_is_visible() -> None:
    value = _draw(1, 4, 8)
    attended = attend(np.zeros((1, 4, 8)), np.zeros((1, 4, 8)), value)
    means = np.cumsum(value, axis=1) / np.arange(1, 5)[:, None]
    assert np.allclose(attended, means, atol=EXACT)


def test_scores_are_scaled_by_the_root_of_the_head_size() -> None:
    query, key = np.full((1, 1, 4), 1.0), np.zeros((1, 2, 4))
    key[0, 0] = 0.5
    value = np.array([[[1.0], [0.0]]])
    assert attend(query, key, value).item() == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_swiglu_is_gate_times_logistic_times_up() -> None:
    rows, gate, up, down = np.array([[2.0]]), np.array([[3.0]]), np.array([[5.0]]), np.eye(1)
    expected = 6 / (1 + np.exp(-6.0)) * 10
    assert swiglu(rows, gate, up, down).item() == pytest.approx(expected)


def test_swiglu_survives_large_numbers() -> None:
    rows, one = np.array([[-1e4]]), np.eye(1)
    assert swiglu(rows, one, one, one).item() == 0


def test_log_softmax_sums_to_one_and_keeps_differences() -> None:
    rows = 500 * _draw(3, 9)
    normalised = log_softmax(rows)
    assert np.allclose(np.exp(normalised).sum(axis=-1), 1, atol=EXACT)
    assert np.allclose(np.diff(normalised), np.diff(rows), atol=1e-9)


def test_a_later_token_never_changes_an_earlier_row(oracle: Oracle) -> None:
    whole = oracle.log_probabilities(TOKENS)
    changed = oracle.log_probabilities([*TOKENS[:-1], 11])
    assert np.array_equal(whole[:-1], changed[:-1])
    assert not np.allclose(whole[-1], changed[-1])


def test_the_order_of_earlier_tokens_counts(oracle: Oracle) -> None:
    one, other = oracle.log_probabilities([7, 3, 9]), oracle.log_probabilities([3, 7, 9])
    assert np.abs(one[-1] - other[-1]).max() > 0.01


def test_token_by_token_is_the_same_as_at_once(oracle: Oracle) -> None:
    past = Past()
    rows = [oracle.hidden([token], past) for token in TOKENS]
    assert np.allclose(np.concatenate(rows), oracle.hidden(TOKENS, Past()), atol=1e-11)


def test_greedy_takes_the_best_of_each_row(oracle: Oracle) -> None:
    said = oracle.greedy(TOKENS, 5)
    rows = oracle.log_probabilities(TOKENS + said.tokens)[len(TOKENS) - 1 : -1]
    best = np.sort(rows, axis=-1)
    assert said.tokens == rows.argmax(axis=-1).tolist()
    assert np.allclose(said.margins, best[:, -1] - best[:, -2], atol=1e-10)


def test_greedy_stops_where_the_lead_is_too_small(oracle: Oracle) -> None:
    said = oracle.greedy(TOKENS, 5)
    lead = max(said.margins)
    shorter = oracle.greedy(TOKENS, 5, margin=lead)
    assert shorter.tokens == said.tokens[: len(shorter.tokens)]
    assert all(margin >= lead for margin in shorter.margins)


def test_a_tied_head_is_a_copied_head() -> None:
    weights = _weights(tied=True)
    tied = Oracle(config_of(SHAPE, tied=True), weights)
    head = {"lm_head.weight": weights["model.embed_tokens.weight"]}
    untied = Oracle(config_of(SHAPE), weights | head)
    assert np.array_equal(tied.log_probabilities(TOKENS), untied.log_probabilities(TOKENS))


def test_a_model_with_repeated_key_heads_is_the_grouped_model() -> None:
    weights = _weights()
    full = dict(weights)
    for name, tensor in weights.items():
        if "k_proj" in name or "v_proj" in name:
            by_head = tensor.reshape(SHAPE.num_key_value_heads, SHAPE.head_dim, -1)
            full[name] = np.repeat(by_head, 2, axis=0).reshape(-1, SHAPE.hidden_size)
    grouped = Oracle(config_of(SHAPE), weights)
    plain = Oracle(config_of(replace(SHAPE, num_key_value_heads=4)), full)
    expected = grouped.log_probabilities(TOKENS)
    assert np.allclose(plain.log_probabilities(TOKENS), expected, atol=1e-11)


def test_head_norms_hide_the_scale_of_queries_and_keys() -> None:
    weights = _weights()
    loud = {name: t * (64 if "q_proj" in name else 1) for name, t in weights.items()}
    expected = Oracle(config_of(SHAPE), weights).log_probabilities(TOKENS)
    heard = Oracle(config_of(SHAPE), loud).log_probabilities(TOKENS)
    assert np.allclose(heard, expected, atol=1e-4)


def test_a_model_without_layers_is_its_head_on_its_embedding() -> None:
    shape = replace(SHAPE, num_hidden_layers=0)
    weights = _weights(shape=shape)
    embedding, head = weights["model.embed_tokens.weight"], weights["lm_head.weight"]
    gain = weights["model.norm.weight"].astype(np.float64)
    normed = rms_norm(embedding[TOKENS].astype(np.float64), gain, 1e-6)
    expected = log_softmax(normed @ head.T)
    heard = Oracle(config_of(shape), weights).log_probabilities(TOKENS)
    assert np.allclose(heard, expected, atol=EXACT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model_type", "qwen3_moe"),
        ("attention_bias", True),
        ("rope_scaling", {"rope_type": "yarn"}),
        ("use_sliding_window", True),
    ],
)
def test_what_the_oracle_does_not_compute_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match="The oracle does not"):
        Oracle(config_of(SHAPE) | {name: value}, _weights())
