"""Probes are certified: every answer leads by far, every prompt is of its own kind."""

from itertools import pairwise
from pathlib import Path
from typing import cast, get_args

import numpy as np
import pytest

from fixtures import probes
from fixtures.checkpoints import BOS, EOS, PAD, Family
from fixtures.lessons import Lesson
from fixtures.oracle import Oracle
from fixtures.probes import (
    PAGE,
    PREFILL_CHUNK,
    Probe,
    Prompt,
    Recipe,
    Witness,
    certified,
    certify,
    make,
)
from fixtures.tokenizer import decode

FAMILIES = get_args(Family.__value__)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("probes")


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return cast("Family", request.param)


@pytest.fixture(scope="module", params=[False, True], ids=["untied", "tied"])
def probe(request: pytest.FixtureRequest, cache: Path, family: Family) -> Probe:
    return certified(cache, family=family, tied=request.param)


def test_every_answer_is_the_greedy_one_by_a_wide_margin(probe: Probe) -> None:
    for prompt in probe.prompts.values():
        said = probe.oracle.greedy(prompt.tokens, 16)
        assert said.tokens == prompt.answer
        assert min(said.margins) >= 0.3


def test_no_special_token_is_on_the_way(probe: Probe) -> None:
    assert not {PAD, BOS, EOS} & {token for p in probe.prompts.values() for token in p.answer}


def test_the_answers_have_many_tokens_and_differ(probe: Probe) -> None:
    answers = [tuple(prompt.answer) for prompt in probe.prompts.values()]
    assert len(set(answers)) == len(answers)
    assert len({token for answer in answers for token in answer}) >= 8


def test_the_last_token_alone_does_not_tell_the_next(probe: Probe) -> None:
    after: dict[int, set[int]] = {}
    for prompt in probe.prompts.values():
        for last, following in pairwise(prompt.answer):
            after.setdefault(last, set()).add(following)
    assert sum(len(tokens) > 1 for tokens in after.values()) >= 8


def test_the_prompts_lie_around_every_border(probe: Probe) -> None:
    lengths = {len(prompt.tokens) for prompt in probe.prompts.values()}
    assert {1, PAGE - 1, PAGE, PAGE + 1} < lengths
    assert max(lengths) > PREFILL_CHUNK


def test_two_prompts_share_a_prefix_of_pages(probe: Probe) -> None:
    left, right = (probe.prompts[f"shared prefix, {end}"].tokens for end in ("left", "right"))
    assert left[: 2 * PAGE] == right[: 2 * PAGE]
    assert left != right


def test_one_prompt_is_chinese_text(probe: Probe) -> None:
    assert decode(probe.prompts["Chinese"].tokens) == "你是谁"


def test_one_prompt_stands_for_no_text(probe: Probe) -> None:
    prompt = probe.prompts["never in text"]
    assert decode(prompt.tokens + prompt.answer) == ""


def test_bfloat16_holds_every_weight(probe: Probe) -> None:
    assert not any((t.view(np.uint32) & 0xFFFF).any() for t in probe.tensors.values())


def test_a_probe_is_made_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certified(cache, seed=2)
    monkeypatch.setattr(probes, "make", None)
    again = certified(cache, seed=2)
    assert (again.directory, again.prompts) == (made.directory, made.prompts)


def test_the_same_recipe_makes_the_same_probe(tmp_path: Path) -> None:
    one, other = (certified(tmp_path / name, seed=3) for name in ("a", "b"))
    assert one.directory.name == other.directory.name
    assert all(np.array_equal(one.tensors[name], other.tensors[name]) for name in one.tensors)


def test_a_cached_probe_leaves_no_draft(cache: Path) -> None:
    assert certified(cache, seed=2).directory.exists()
    assert all((entry / "prompts.json").exists() for entry in cache.iterdir())


def test_a_number_that_can_not_be_certified_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdicts = iter([None, [Prompt("said", [1], [2], [3.0])]])
    monkeypatch.setattr(probes, "certify", lambda *_: next(verdicts))
    monkeypatch.setattr(probes, "witnesses_for", lambda *_: {"one": None})
    assert [prompt.name for prompt in make(Recipe()).prompts] == ["said"]


def test_a_number_with_an_unheard_tensor_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = {"one": Witness("rolled", Prompt("said", [1], [2], [3.0]))}
    verdicts = iter([None, heard])
    monkeypatch.setattr(probes, "witnesses_for", lambda *_: next(verdicts))
    assert make(Recipe()).witnesses == heard


def test_a_seed_without_any_probe_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "certify", lambda *_: None)
    monkeypatch.setattr(probes, "ATTEMPTS", 1)
    with pytest.raises(ValueError, match="Choose another seed or a wider shape"):
        make(Recipe())


def test_an_answer_with_a_small_lead_is_not_certified(probe: Probe) -> None:
    prompt = probe.prompts["a page"]
    flat = Oracle(
        probe.config, probe.tensors | {"model.norm.weight": np.full(64, 1e-4, np.float32)}
    )
    answer = flat.greedy(prompt.tokens, 16).tokens
    assert certify(flat, {"a page": Lesson(prompt.tokens, answer)}) is None
