"""The oracle and real engines, each with the weights of the same probe, say the same."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from fixtures.answers import Answer
from fixtures.checkpoints import SHAPES, Family
from fixtures.engines import EVERY_LOG_PROBABILITY, Engine
from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.nursery import CellPin, Nursery
from fixtures.probes import Probe, Prompt, certified
from reports.model import LaneName

BOUND = {"float32": 1e-4, "bfloat16": 0.25}
"""By dtype, in nats; measured over six seeds of each kind: 1.2e-5 and 0.18."""

FAMILIES: tuple[Family, ...] = get_args(Family.__value__)
CASES = [
    ("qwen3", "untied", "divisible by two", "float32"),
    ("llama", "tied", "divisible by two", "float32"),
    ("qwen3", "tied", "one key head", "float32"),
    ("llama", "untied", "three heads", "float32"),
    *product(FAMILIES, ("untied", "tied"), ("divisible by two",), ("bfloat16",)),
]


@dataclass(frozen=True)
class Heard:
    """What an engine with the weights of this probe answered to its prompts."""

    probe: Probe
    bound: float
    answers: list[Answer]

    @property
    def pairs(self) -> Iterator[tuple[Prompt, Answer]]:
        return zip(self.probe.prompts.values(), self.answers, strict=True)


@pytest.fixture(scope="module")
def nursery(cell_pin: CellPin) -> Iterator[Nursery]:
    host = Host()
    nursery = Nursery(lambda: host, cell_pin)
    yield nursery
    nursery.close()
    host.close()


@pytest.fixture(scope="module", params=CASES, ids=", ".join)
def heard(request: pytest.FixtureRequest, nursery: Nursery, probe_cache: Path) -> Heard:
    family, tied, shape, dtype = request.param
    probe = certified(probe_cache, family=family, tied=tied == "tied", shape=SHAPES[shape])
    cell = nursery.keep(describe(LaneName.CPU, Path("/dev"), os.environ))
    engine = Engine.start(cell, ", ".join(request.param), probe.directory, dtype=dtype)
    prompts = [prompt.tokens for prompt in probe.prompts.values()]
    answers = engine.ask(prompts, **EVERY_LOG_PROBABILITY)
    return Heard(probe, BOUND[dtype], answers)


def test_the_engine_says_the_certified_tokens(heard: Heard) -> None:
    said = {prompt.name: answer.tokens for prompt, answer in heard.pairs}
    assert said == {prompt.name: prompt.answer for prompt, _ in heard.pairs}


def test_log_probabilities_of_the_answers_agree(heard: Heard) -> None:
    for prompt, answer in heard.pairs:
        expected = _expected(heard.probe, prompt)[len(prompt.tokens) - 1 :]
        assert np.abs(np.subtract(answer.output, expected)).max() < heard.bound


def test_log_probabilities_of_the_prompts_agree(heard: Heard) -> None:
    for prompt, answer in heard.pairs:
        expected = _expected(heard.probe, prompt)[: len(prompt.tokens) - 1]
        observed = [np.nan if value is None else value for value in answer.input[1:]]
        assert np.allclose(observed, expected, rtol=0, atol=heard.bound)


def _expected(probe: Probe, prompt: Prompt) -> list[float]:
    """Of each token after the first, given those before it."""
    tokens = prompt.tokens + prompt.answer
    rows = probe.oracle.log_probabilities(tokens)
    return [float(row[token]) for row, token in zip(rows[:-1], tokens[1:], strict=True)]
