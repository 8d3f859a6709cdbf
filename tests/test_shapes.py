"""Probes of every shape are certified as the usual one is."""

from pathlib import Path
from typing import cast, get_args

import pytest

from fixtures.checkpoints import SHAPES, Family
from fixtures.probes import MARGIN, Probe, certified

FAMILIES = get_args(Family.__value__)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return cast("Family", request.param)


@pytest.fixture(scope="module", params=SHAPES)
def probe(request: pytest.FixtureRequest, probe_cache: Path, family: Family) -> Probe:
    return certified(probe_cache, family=family, shape=SHAPES[request.param])


def test_every_answer_is_the_greedy_one_by_a_wide_margin(probe: Probe) -> None:
    for name, prompt in probe.prompts.items():
        said = probe.oracle.greedy(prompt.tokens, len(prompt.answer))
        assert said.tokens == prompt.answer, name
        assert min(said.margins) >= MARGIN, name


def test_every_replacement_is_heard_by_a_wide_margin(probe: Probe) -> None:
    for name in probe.tensors:
        heard = probe.heard_after(name)
        other = probe.oracle_with({name: probe.perturbed(name)})
        said = other.greedy(heard.tokens, len(heard.answer))
        assert said.tokens == heard.answer, name
        assert min(said.margins) >= MARGIN, name


def test_all_shapes_of_one_vocabulary_ask_the_same(probe_cache: Path, probe: Probe) -> None:
    usual = certified(probe_cache)
    asked = {name: prompt.tokens for name, prompt in probe.prompts.items()}
    assert asked == {name: prompt.tokens for name, prompt in usual.prompts.items()}
