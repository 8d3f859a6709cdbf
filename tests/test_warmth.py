"""What a warm engine compiles is counted by batch, and every batch fits into its bucket."""

import pytest

from fixtures.warmth import LONGEST, grown, within


@pytest.mark.parametrize("rows", [2, 8])
def test_every_batch_has_room_in_the_bucket(rows: int) -> None:
    assert all(sum(lengths) <= 64 and min(lengths) > 0 for _, lengths, _ in within(64, rows))


def test_every_length_and_every_number_of_rows_is_tried() -> None:
    batches = list(within(64, 8))
    assert {lengths[0] for _, lengths, _ in batches if len(lengths) == 1} == {
        *range(1, LONGEST + 1)
    }
    assert {len(lengths) for _, lengths, _ in batches} == {*range(1, 9)}


@pytest.mark.parametrize("what", ["traces", "lowerings"])
def test_what_was_compiled_is_named(what: str) -> None:
    (found,) = grown("7 tokens", {what: 3}, {what: 5})
    assert found == f"7 tokens: 2 {what}"


def test_what_the_backend_does_is_not_counted() -> None:
    assert not list(grown("7 tokens", {}, {"backend_compiles": 4, "cache_hits": 1}))
