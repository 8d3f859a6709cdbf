"""The oracle and a real engine, each with the weights of the same probe, say the same."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures.engines import Engine
from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.nursery import CellPin, Nursery
from fixtures.probes import ANSWER_LENGTH, Probe, Prompt, certified
from reports.model import LaneName

GREEDY = {"max_new_tokens": ANSWER_LENGTH, "temperature": 0.0, "ignore_eos": True}
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return certified(tmp_path_factory.mktemp("probes"))


@pytest.fixture(scope="module")
def answers(cell_pin: CellPin, probe: Probe) -> Iterator[dict[str, Any]]:
    host = Host()
    nursery = Nursery(lambda: host, cell_pin)
    lane = describe(LaneName.CPU, Path("/dev"), os.environ)
    engine = Engine.start(nursery.keep(lane), "checked", probe.directory)
    yield {
        name: engine.generate(
            prompt.tokens, sampling=GREEDY, return_logprob=True, logprob_start_len=0
        )
        for name, prompt in probe.prompts.items()
    }
    nursery.close()
    host.close()


def _expected(probe: Probe, prompt: Prompt) -> list[float]:
    """Of each token after the first, given those before it."""
    tokens = prompt.tokens + prompt.answer
    rows = probe.oracle.log_probabilities(tokens)
    return [float(row[token]) for row, token in zip(rows[:-1], tokens[1:], strict=True)]


def _heard(answer: dict[str, Any], side: str) -> list[float]:
    return [entry[0] for entry in answer["meta_info"][f"{side}_token_logprobs"]]


def test_the_engine_says_the_certified_tokens(answers: dict[str, Any], probe: Probe) -> None:
    said = {name: answer["output_ids"] for name, answer in answers.items()}
    assert said == {name: prompt.answer for name, prompt in probe.prompts.items()}


def test_log_probabilities_of_the_answers_agree(answers: dict[str, Any], probe: Probe) -> None:
    for name, prompt in probe.prompts.items():
        expected = _expected(probe, prompt)[len(prompt.tokens) - 1 :]
        assert np.abs(np.subtract(_heard(answers[name], "output"), expected)).max() < TOLERANCE


def test_log_probabilities_of_the_prompts_agree(answers: dict[str, Any], probe: Probe) -> None:
    for name, prompt in probe.prompts.items():
        expected = _expected(probe, prompt)[: len(prompt.tokens) - 1]
        heard = _heard(answers[name], "input")[1:]
        assert np.allclose(heard, expected, rtol=0, atol=TOLERANCE)
