"""The judges of ISO-5 find engines that lie elsewhere and starts that were not refused in time."""

import pytest

from fixtures.isolation_places import (
    Bad,
    misplaced,
    named_twice,
    names,
    negative,
    past_the_end,
    unrefused,
)

NOTHING = {"arrays_by_device": {}, "compiles": {"traces": 3}}
SPLIT, COPIED = [[3], [1]], [[1, 3]]


def test_parts_and_copies_in_order_are_in_place() -> None:
    places = {"mesh": [3, 1], "leaves": [SPLIT, COPIED], "pool": [SPLIT]}
    assert not list(misplaced(places, [3, 1]))


@pytest.mark.parametrize(
    ("leaves", "mesh", "pool"),
    [
        ([[[1], [3]]], [3, 1], [SPLIT]),
        ([SPLIT], [1, 3], [SPLIT]),
        ([SPLIT], [3, 1], [[[0, 1, 3]]]),
        ([SPLIT], [3, 1], [[[3]]]),
        ([SPLIT, [[0]]], [3, 1], [SPLIT]),
        ([], [3, 1], [SPLIT]),
        ([SPLIT], [3, 1], []),
    ],
)
def test_anything_else_is_misplaced(
    leaves: list[list[list[int]]], mesh: list[int], pool: list[list[list[int]]]
) -> None:
    assert list(misplaced({"mesh": mesh, "leaves": leaves, "pool": pool}, [3, 1]))


def test_a_clear_and_early_refusal_is_one() -> None:
    attempt = {"error": "ValueError: no device -1", "before": NOTHING, "after": NOTHING}
    assert not list(unrefused([Bad((0, -1), -1)], [attempt]))


@pytest.mark.parametrize(
    ("error", "after"),
    [
        ("", NOTHING),
        ("ValueError: cannot reshape array of size 1", NOTHING),
        ("no device 9", {**NOTHING, "arrays_by_device": {"0": 1}}),
        ("no device 9", {**NOTHING, "compiles": {"traces": 4}}),
    ],
)
def test_other_attempts_are_not(error: str, after: dict[str, dict[str, int]]) -> None:
    attempt = {"error": error, "before": NOTHING, "after": after}
    assert list(unrefused([Bad((9,), 9)], [attempt]))


def test_the_number_of_a_device_is_no_part_of_another() -> None:
    assert names("device_indexes [4] are not there", 4)
    assert names("devices 0,-1", -1)
    assert not names("device 14", 4)
    assert not names("device -1", 1)
    assert not names("index 4", 4)


def test_bad_starts_are_bad() -> None:
    for asked, settings in [*named_twice(3), *negative(3), *past_the_end(4)]:
        twice = len(set(asked.indexes)) < len(asked.indexes)
        assert twice or not all(0 <= at < 4 for at in asked.indexes)
        assert asked.culprit in asked.indexes
        assert settings["device_indexes"] == list(asked.indexes)
