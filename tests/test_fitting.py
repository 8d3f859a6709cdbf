"""The arithmetic of what fits, and what judges an engine by it."""

from typing import Any

import pytest

from fixtures.compiler import overcommitted, wrong_work
from fixtures.fit_cases import AS_USERS_SAY, USUAL
from fixtures.fitting import Case, flops, misfits, parameters, room
from fixtures.published import PUBLISHED
from fixtures.topology import FOR_ENGINES, TARGETS
from fixtures.tpus import GIB

FITS = next(case for case in USUAL if case.name == "Qwen/Qwen3-4B")
FULL = next(case for case in USUAL if case.name == "Qwen/Qwen3-32B")
NO_ROOM = "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static."


def answer(case: Case, **changes: Any) -> dict[str, Any]:
    there = room(case)
    pool = (there.tokens + case.page_size) * there.token
    right = {"weights": there.weights, "pool": pool, "tokens": there.tokens, "refusal": ""}
    return {**right, **changes}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_as_many_as_were_published(name: str) -> None:
    assert parameters(PUBLISHED[name].config) == PUBLISHED[name].parameters


def test_room_by_hand() -> None:
    """Llama-3.2-1B: two of 64 numbers take the place of two of 128, for 16 layers and 8 heads."""
    case = Case("", PUBLISHED["meta-llama/Llama-3.2-1B"].config, TARGETS["v5e"], 1)
    there = room(case)
    assert there.token == 2 * 16 * 8 * 128 * 2
    assert there.weights == 2 * 1_235_814_400
    left = int(15.75 * GIB * 0.88) - there.weights
    assert 0 <= left - there.tokens * there.token < 128 * there.token


def test_chips_share_matrices_and_heads_but_not_norms() -> None:
    config = PUBLISHED["Qwen/Qwen3-4B"].config
    one, four = (room(Case("", config, TARGETS["v6e"], size)) for size in (1, 4))
    norms = 2 * (36 * (2 * 2560 + 2 * 128) + 2560)
    assert four.weights - norms == (one.weights - norms) // 4
    assert four.token == one.token // 4


def test_more_chips_than_heads_hold_each_head_more_than_once() -> None:
    config = {**PUBLISHED["Qwen/Qwen3-4B"].config, "num_key_value_heads": 2}
    two, four = (room(Case("", config, TARGETS["v6e"], size)) for size in (2, 4))
    assert four.token == two.token


@pytest.mark.parametrize("fraction", [0.5, 0.88])
def test_no_page_is_no_room(fraction: float) -> None:
    config = PUBLISHED["Qwen/Qwen3-32B"].config
    assert room(Case("", config, TARGETS["v5e"], 1, fraction=fraction)).tokens == 0


def test_both_sides_of_the_limit_are_tried() -> None:
    assert {bool(room(case).tokens) for case in USUAL} == {True, False}
    assert {case.name for case in USUAL} == set(PUBLISHED)
    assert {case.tp_size for case in USUAL} == {1, 2, 4}
    assert {case.target.generation.name for case in USUAL} == set(FOR_ENGINES)


def test_right_answers_are_right() -> None:
    assert not list(misfits(FITS, answer(FITS)))
    assert not list(misfits(FULL, {**answer(FULL), "refusal": NO_ROOM}))
    # What fits is rounded in other units.
    one_page_less = answer(FITS)["tokens"] - FITS.page_size
    pool = answer(FITS)["pool"] - FITS.page_size * room(FITS).token
    assert not list(misfits(FITS, answer(FITS, tokens=one_page_less, pool=pool)))


@pytest.mark.parametrize(
    ("case", "changes", "said"),
    [
        (FULL, {"tokens": 1}, "starts with 1 tokens, where none fits"),
        (FULL, {"refusal": "AssertionError"}, "refused with other words"),
        (FITS, {"refusal": NO_ROOM}, "refused, where"),
        (FITS, {"weights": 1}, "weights of 1 bytes"),
        (FITS, {"tokens": room(FITS).tokens + 2 * FITS.page_size}, "tokens, where"),
        (FITS, {"tokens": room(FITS).tokens - 2 * FITS.page_size}, "tokens, where"),
        (FITS, {"pool": answer(FITS)["pool"] + 1}, "bytes for"),
        (FITS, {"pool": room(FITS).tokens * room(FITS).token - 1}, "bytes for"),
    ],
)
def test_each_wrong_answer_is_seen(case: Case, changes: dict[str, Any], said: str) -> None:
    found = list(misfits(case, answer(case, **changes)))
    assert said in " ".join(found)
    assert case.label in found[0]


def programs(name: str, peak: int, refusal: str = "") -> dict[str, Any]:
    step = {"refusal": refusal, "programs": [{"name": name, "peak": peak}]}
    return {"requests": 256, "resident": 100, "steps": {"decode": step}}


def test_work_by_hand() -> None:
    """A layer of Qwen3-0.6B has 15.7 million numbers, and 155.6 million make the words."""
    done = flops(AS_USERS_SAY, 2, 3)
    matrices = 1024 * (2 * 16 * 128 + 2 * 8 * 128 + 3 * 3072)
    vectors = 2 * 1024 + 2 * 128
    assert done == 2 * (2 * (matrices + vectors) + 3 * 151936 * 1024)


@pytest.mark.parametrize(
    ("flops", "said"),
    [(1000, ""), (1020, ""), (1021, "1.021 times"), (999, "0.999 times"), (2000, "2.000 times")],
)
def test_work_is_neither_more_nor_less(flops: int, said: str) -> None:
    program = {"name": "jitted_run_model", "flops": flops}
    report = {"steps": {"decode": {"refusal": "", "programs": [program]}}}
    found = " ".join(wrong_work(report, {"decode": 1000}))
    assert said in found
    assert bool(said) is bool(found)


def test_a_refused_step_is_no_work() -> None:
    report = {"steps": {"decode": {"refusal": "RESOURCE_EXHAUSTED", "programs": []}}}
    assert list(wrong_work(report, {"decode": 1000}))


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (programs("jitted_run_model", FITS.target.usable), ""),
        (programs("jitted_run_model", FITS.target.usable + 1), "jitted_run_model, 256 requests"),
        (programs("jitted_sampler", FITS.target.usable - 100), ""),
        (programs("jitted_sampler", FITS.target.usable - 99), "jitted_sampler, 256 requests"),
        (programs("jitted_sampler", 1, "RESOURCE_EXHAUSTED"), "decode: RESOURCE_EXHAUSTED"),
    ],
)
def test_programs_have_to_fit_beside_what_stays(report: dict[str, Any], said: str) -> None:
    found = " ".join(overcommitted(report, FITS.target))
    assert said in found
    assert bool(said) is bool(found)
