"""Probes of different seeds are asked the same and never answer the same."""

from itertools import combinations
from pathlib import Path
from typing import cast, get_args

import pytest

from fixtures.checkpoints import Family
from fixtures.lessons import lessons_of
from fixtures.probes import MARGIN, Probe, Shape, certified

FAMILIES = get_args(Family.__value__)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return cast("Family", request.param)


@pytest.fixture(scope="module")
def siblings(probe_cache: Path, family: Family) -> list[Probe]:
    return [certified(probe_cache, family=family, seed=seed) for seed in range(6)]


def test_all_seeds_ask_the_same(siblings: list[Probe]) -> None:
    asked = [{name: p.tokens for name, p in probe.prompts.items()} for probe in siblings]
    assert all(prompts == asked[0] for prompts in asked)


def test_different_seeds_differ_in_every_token_of_every_answer(siblings: list[Probe]) -> None:
    for one, other in combinations(siblings, 2):
        for name, there in other.answers_to(one).items():
            here = one.prompts[name].answer
            assert not any(a == b for a, b in zip(here, there, strict=True)), name


def test_what_one_probe_answers_to_another_is_what_its_weights_say(siblings: list[Probe]) -> None:
    one, other = siblings[:2]
    for name, answer in other.answers_to(one).items():
        said = other.oracle.greedy(one.prompts[name].tokens, 16)
        assert said.tokens == answer
        assert min(said.margins) >= MARGIN


def test_different_recipes_answer_every_prompt_differently(probe_cache: Path) -> None:
    answers = [
        {name: tuple(prompt.answer) for name, prompt in probe.prompts.items()}
        for probe in (
            certified(probe_cache, family=family, tied=tied)
            for family in FAMILIES
            for tied in (False, True)
        )
    ]
    for one, other in combinations(answers, 2):
        assert not any(one[name] == other[name] for name in one)


def test_many_seeds_have_answers_of_their_own() -> None:
    shape = Shape()
    for name in lessons_of("qwen3", shape, 0, tied=False):
        said = {
            tuple(lessons_of("qwen3", shape, seed, tied=False)[name].answer)
            for seed in range(0, 1200, 47)
        }
        assert len(said) == len(range(0, 1200, 47))


def test_probes_of_different_vocabularies_are_not_compared(probe_cache: Path) -> None:
    wide = certified(probe_cache, shape=Shape(vocab_size=384))
    with pytest.raises(ValueError, match="Compare probes of one shape"):
        certified(probe_cache).answers_to(wide)
