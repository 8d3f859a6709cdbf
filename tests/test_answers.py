"""What judges answers finds what is wrong with them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fixtures.answers import (
    Answer,
    Asked,
    wrong_choices,
    wrong_input,
    wrong_output,
    wrong_tokens,
)
from fixtures.checkpoints import Shape, config_of, read_safetensors
from fixtures.oracle import Oracle, log_softmax
from fixtures.probes import Prompt, tiny_checkpoint

BOUND = 1e-6
NAMED = (3, 9)
TOP = 2
PROMPT = [5, 7, 11, 13]


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    shape = Shape(hidden_size=16, head_dim=8, intermediate_size=16, vocab_size=24)
    directory = tiny_checkpoint(tmp_path_factory.mktemp("model"), shape=shape)
    return Oracle(config_of(shape), read_safetensors(directory / "model.safetensors"))


def _entries(row: Any, tokens: list[int]) -> list[list[Any]]:
    return [[float(row[token]), token, None] for token in tokens]


def _best(row: Any) -> list[int]:
    return [int(token) for token in np.argsort(row)[::-1][:TOP]]


def _exchanged(row: dict[int, float]) -> dict[int, float]:
    return dict(zip(row, reversed(row.values()), strict=True))


@pytest.fixture(params=[1.0, 0.5, 2.0])
def temperature(request: pytest.FixtureRequest) -> float:
    return float(request.param)


@pytest.fixture
def asked(temperature: float) -> Asked:
    return Asked(TOP, NAMED, temperature)


@pytest.fixture
def answer(oracle: Oracle, temperature: float) -> Answer:
    """As a faultless engine would give it."""
    tokens = oracle.greedy(PROMPT, 4).tokens
    rows = oracle.log_probabilities([*PROMPT, *tokens])
    inside, after = rows[: len(PROMPT) - 1], log_softmax(rows[len(PROMPT) - 1 : -1] / temperature)
    meta = {
        "finish_reason": {"type": "length"},
        "output_token_logprobs": [_entries(r, [t])[0] for r, t in zip(after, tokens, strict=True)],
        "output_top_logprobs": [_entries(row, _best(row)) for row in after],
        "output_token_ids_logprobs": [_entries(row, list(NAMED)) for row in after],
        "input_token_logprobs": [
            [None, PROMPT[0], None],
            *(_entries(row, [t])[0] for row, t in zip(inside, PROMPT[1:], strict=True)),
        ],
        "input_top_logprobs": [None, *(_entries(row, _best(row)) for row in inside)],
        "input_token_ids_logprobs": [None, *(_entries(row, list(NAMED)) for row in inside)],
    }
    return Answer.read({"output_ids": tokens, "text": "", "meta_info": meta})


def test_a_faultless_answer_passes(oracle: Oracle, answer: Answer, asked: Asked) -> None:
    assert list(wrong_output(oracle, PROMPT, answer, BOUND, asked)) == []
    assert list(wrong_input(oracle, PROMPT, answer, BOUND, asked)) == []
    assert list(wrong_choices(oracle, PROMPT, answer.tokens, 0.0)) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda a: {"output": [a.output[0], *a.output[:-1]]}, id="of-the-step-before"),
        pytest.param(lambda a: {"output": a.output[:-1]}, id="too-few"),
        pytest.param(lambda a: {"output": [*a.output, a.output[-1]]}, id="too-many"),
        pytest.param(lambda a: {"output": [float("nan")] * len(a.output)}, id="not-a-number"),
        pytest.param(lambda a: {"output_ids": a.output_ids[::-1]}, id="of-other-tokens"),
        pytest.param(lambda _: {"output_top": []}, id="no-top"),
        pytest.param(lambda a: {"output_top": a.output_top[:-1]}, id="top-too-short"),
        pytest.param(lambda a: {"output_top": [{}] * len(a.tokens)}, id="top-empty"),
        pytest.param(lambda a: {"output_top": a.output_named}, id="top-is-not-the-best"),
        pytest.param(lambda _: {"output_named": []}, id="no-named"),
        pytest.param(lambda a: {"output_named": a.output_top}, id="other-named"),
        pytest.param(lambda a: {"output_named": a.output_named[::-1]}, id="named-reversed"),
        pytest.param(
            lambda a: {"output_top": [_exchanged(r) for r in a.output_top]},
            id="top-exchanged",
        ),
    ],
)
def test_a_wrong_output_is_found(oracle: Oracle, answer: Answer, asked: Asked, change: Any) -> None:
    wrong = replace(answer, **change(answer))
    assert list(wrong_output(oracle, PROMPT, wrong, BOUND, asked))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda a: {"input": [None, *a.input[2:], a.input[1]]}, id="shifted"),
        pytest.param(lambda a: {"input": a.input[:-1]}, id="too-few"),
        pytest.param(lambda a: {"input": [None] * len(a.input)}, id="nothing"),
        pytest.param(lambda _: {"input": []}, id="empty"),
        pytest.param(lambda a: {"input_ids": [0] * len(a.input)}, id="of-other-tokens"),
        pytest.param(lambda a: {"input_top": [None] * len(a.input)}, id="no-top"),
        pytest.param(lambda a: {"input_top": a.input_top[:-1]}, id="top-too-short"),
        pytest.param(lambda a: {"input_named": a.input_named[:-1]}, id="named-too-short"),
    ],
)
def test_a_wrong_input_is_found(oracle: Oracle, answer: Answer, asked: Asked, change: Any) -> None:
    wrong = replace(answer, **change(answer))
    assert list(wrong_input(oracle, PROMPT, wrong, BOUND, asked))


@pytest.mark.parametrize("other", [0.25, 4.0])
def test_another_temperature_is_found(
    oracle: Oracle, answer: Answer, asked: Asked, other: float
) -> None:
    wanted = replace(asked, temperature=asked.temperature * other)
    assert list(wrong_output(oracle, PROMPT, answer, BOUND, wanted))


def test_a_token_that_is_not_the_best_is_found(oracle: Oracle, answer: Answer) -> None:
    worst = int(oracle.log_probabilities(PROMPT)[-1].argmin())
    (phrase,) = wrong_choices(oracle, PROMPT, [worst], 0.0)
    assert phrase == f"token 0 is {worst} instead of {answer.tokens[0]}"


def test_a_token_as_good_as_the_best_may_be_chosen(oracle: Oracle) -> None:
    row = oracle.log_probabilities(PROMPT)[-1]
    second = int(np.argsort(row)[-2])
    lead = float(row.max() - row[second])
    assert list(wrong_choices(oracle, PROMPT, [second], lead + BOUND)) == []
    assert list(wrong_choices(oracle, PROMPT, [second], lead - BOUND))


def test_other_tokens_and_another_length_are_found(answer: Answer) -> None:
    prompt = Prompt("mine", PROMPT, answer.tokens, [])
    longer = replace(prompt, answer=[*answer.tokens, 1])
    other = replace(prompt, answer=[answer.tokens[0] + 1, *answer.tokens[1:]])
    assert list(wrong_tokens([prompt], [answer])) == []
    assert list(wrong_tokens([longer], [answer])) == ["prompt 'mine': 4 tokens instead of 5"]
    assert list(wrong_tokens([other], [answer]))


def test_a_row_instead_of_a_number_is_no_number() -> None:
    entries = [[None, 5], [np.zeros((1, 24)), 7], [-1.5, 11]]
    answer = Answer.read({"meta_info": {"input_token_logprobs": entries}})
    assert answer.input == [None, None, -1.5]
