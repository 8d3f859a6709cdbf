"""What NumPy says that devices must answer, tried on NumPy itself."""

from typing import Any

import numpy as np
import pytest

from fixtures import arithmetic, collectives, compile_cache, generations
from fixtures.arithmetic import Results
from fixtures.compile_cache import Visit

FLOAT32_UNIT = 2.0**-24


def _in_float32(task: arithmetic.Task) -> Results:
    """The right answers, as a device without any quirk would round them."""
    kept = np.int32 if task.dtype == "int8" else np.float32
    answers = {name: answer.expected.astype(kept) for name, answer in task.answers.items()}
    return {
        way: {name: [value.copy(), value.copy()] for name, value in answers.items()}
        for way in ("op by op", "compiled")
    }


@pytest.mark.parametrize("dtype", arithmetic.DTYPES)
def test_right_answers_are_accepted(dtype: str) -> None:
    task = arithmetic.task(dtype, FLOAT32_UNIT)
    assert list(arithmetic.findings(task, _in_float32(task), device=0)) == []


@pytest.mark.parametrize("dtype", arithmetic.DTYPES)
@pytest.mark.parametrize("program", [*arithmetic.MATMULS, "sum", "chain"])
@pytest.mark.parametrize("way", ["op by op", "compiled"])
def test_one_wrong_element_is_found_and_named(dtype: str, program: str, way: str) -> None:
    task = arithmetic.task(dtype, FLOAT32_UNIT)
    results = _in_float32(task)
    results[way][program][0].flat[5] += 1
    found = list(arithmetic.findings(task, results, device=3))
    assert found
    assert all(f"device 3, {dtype}, {program}, {way}" in finding for finding in found)


def test_operands_are_exact_in_bfloat16() -> None:
    operands = arithmetic.task("bfloat16", FLOAT32_UNIT).operands.values()
    low = np.uint32(0xFFFF)
    assert not any((value.view(np.uint32) & low).any() for pair in operands for value in pair)


def test_int8_is_compared_exactly() -> None:
    answers = arithmetic.task("int8", FLOAT32_UNIT).answers.values()
    assert not any(answer.bound.any() for answer in answers)


def test_int8_products_without_a_wider_type_do_not_overflow() -> None:
    expected = arithmetic.task("int8", FLOAT32_UNIT).answers["a @ b"].expected
    assert np.abs(expected).max() <= 127


def test_int8_products_with_a_wider_type_need_it() -> None:
    expected = arithmetic.task("int8", FLOAT32_UNIT).answers["jnp.matmul"].expected
    assert np.abs(expected).max() > 127


@pytest.mark.parametrize("devices", [1, 2, 4, 8])
@pytest.mark.parametrize("operation", collectives.OPERATIONS)
def test_right_collectives_are_accepted(operation: str, devices: int) -> None:
    rows = collectives.contributions(devices)
    held = collectives.expected(operation, rows)
    assert list(collectives.findings(operation, "float32", rows, held)) == []


@pytest.mark.parametrize("devices", [2, 4, 8])
@pytest.mark.parametrize("operation", ["all_gather", "reduce_scatter", "ppermute"])
def test_every_rotation_of_a_collective_is_found(operation: str, devices: int) -> None:
    rows = collectives.contributions(devices)
    held = collectives.expected(operation, rows)
    # Gathered rows are the same on each device: there the order within one device counts.
    axis = 1 if operation == "all_gather" else 0
    for shift in range(1, devices):
        rotated = np.roll(held, shift, axis=axis)
        assert list(collectives.findings(operation, "float32", rows, rotated))


@pytest.mark.parametrize("devices", [1, 4, 8])
def test_sums_are_exact_in_bfloat16(devices: int) -> None:
    assert collectives.contributions(devices).sum(axis=0).max() <= 256


def test_a_missing_device_is_found() -> None:
    rows = collectives.contributions(4)
    held = collectives.expected("psum", rows)[:3]
    assert list(collectives.findings("psum", "int32", rows, held))


def test_an_unknown_collective_is_refused() -> None:
    with pytest.raises(ValueError, match="all_to_all"):
        collectives.expected("all_to_all", collectives.contributions(2))


def _device(**changes: Any) -> dict[str, Any]:
    idle = {"id": 0, "kind": "TPU v6 lite", "bytes_in_use": 0, "bytes_limit": 33_550_237_696}
    return idle | changes


def test_an_idle_chip_is_accepted() -> None:
    assert list(generations.shortages([_device()])) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bytes_in_use": 2**30}, "1.00 GiB are in use before"),
        ({"bytes_limit": 30 * 2**30}, "30.00 GiB are free instead of at least 30.50"),
        ({"kind": "TPU v99"}, "not known here"),
    ],
)
def test_a_chip_that_is_not_ours_alone_is_found(changes: dict[str, Any], words: str) -> None:
    assert any(words in found for found in generations.shortages([_device(**changes)]))


def test_a_runtime_that_keeps_silent_is_found() -> None:
    assert list(generations.shortages([{"id": 0, "kind": "TPU v4"}]))


def test_no_chips_at_all_are_found() -> None:
    assert list(generations.shortages([]))


def _visit(*programs: tuple[int, int, int]) -> Visit:
    return Visit(
        [{"cache_hits": hits, "cache_misses": misses} for hits, misses, _ in programs],
        [added for _, _, added in programs],
    )


MISS, HIT = (0, 1, 1), (1, 0, 0)


def test_a_working_cache_is_accepted() -> None:
    assert list(compile_cache.findings(_visit(MISS), _visit(HIT, MISS))) == []


@pytest.mark.parametrize(
    ("first", "same", "new"),
    [
        (MISS, MISS, MISS),
        (HIT, HIT, MISS),
        (MISS, HIT, HIT),
        ((0, 0, 0), HIT, MISS),
        (MISS, (0, 0, 0), MISS),
        (MISS, HIT, (0, 0, 0)),
        ((0, 1, 0), HIT, MISS),
    ],
)
def test_a_cache_or_a_counter_that_fails_is_found(
    first: tuple[int, int, int], same: tuple[int, int, int], new: tuple[int, int, int]
) -> None:
    assert list(compile_cache.findings(_visit(first), _visit(same, new)))
