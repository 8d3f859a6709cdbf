"""What judges a crowd finds who was not answered, answered wrongly or late, and what is kept."""

from typing import Any

import pytest

from fixtures.answers import Answer
from fixtures.cells import RemoteError
from fixtures.company import Heard, Visit
from fixtures.concurrency_load import (
    AT_ONCE,
    CROWD,
    Crowd,
    arrivals,
    not_given_back,
    refusal,
    starving,
    visits_of,
    waits,
    wrong_in_a_crowd,
    wrong_places,
    wrong_ranks,
)
from fixtures.perturbing import Prompt

PROMPTS = [
    Prompt("odd", [1], list(range(100, 116)), [1.0] * 16),
    Prompt("even", [2], list(range(200, 216)), [1.0] * 16),
]
VISITS = [Visit([1], 3), Visit([2], 2, stream=False), Visit([1], 1)]


def heard(*chunks: list[int], reason: str | None = "length") -> Heard:
    said = {"type": reason} if reason else {}
    return Heard(list(chunks), Answer(chunks[-1] if chunks else [], "", said, [], [], [], []))


RIGHT = [heard([100], [100, 101, 102]), heard([200, 201]), heard([100])]


def found(told: list[Heard], errors: list[str] | None = None) -> list[str]:
    crowd = Crowd(told, errors or [""] * len(told), {}, {})
    return list(wrong_in_a_crowd(PROMPTS, VISITS, crowd))


def test_a_crowd_that_was_answered_passes() -> None:
    assert found(RIGHT) == []


@pytest.mark.parametrize(
    ("told", "phrase"),
    [
        pytest.param(heard(reason=None), "ends with None after 0 of 3", id="lost"),
        pytest.param(heard([200, 201, 202]), "token 0 is 200 instead of 100", id="exchanged"),
        pytest.param(heard([100, 101]), "after 2 of 3", id="too-short"),
        pytest.param(heard([100], [100, 101, 102], [100, 101, 102]), "adds nothing", id="twice"),
        pytest.param(heard([100, 101, 102, 103]), "after 4 of 3", id="too-long"),
    ],
)
def test_a_wrong_answer_is_found_with_its_request(told: Heard, phrase: str) -> None:
    first, *_ = found([told, *RIGHT[1:]])
    assert first.startswith("request 0 (odd)")
    assert any(phrase in each for each in found([told, *RIGHT[1:]]))


def test_an_error_is_told_as_it_is() -> None:
    assert found(RIGHT, ["", "ValueError: no", ""]) == ["request 1 (even): ValueError: no"]


def test_crowds_are_larger_than_engines_and_of_every_kind() -> None:
    visits = visits_of(PROMPTS, CROWD)
    assert len(visits) == CROWD
    assert {visit.new_tokens for visit in visits} == set(range(1, 17))
    assert {visit.stream for visit in visits} == {True, False}
    earlier = [visit.after[0] - index for index, visit in enumerate(visits) if visit.after]
    assert len(earlier) == CROWD - AT_ONCE
    assert max(earlier) < 0


def test_what_is_kept_is_found_and_what_is_back_is_not() -> None:
    free = {"request slots": 8, "room for tokens": 1024}
    assert list(not_given_back(free, free)) == []
    assert list(not_given_back(free, {**free, "request slots": 7})) == [
        "request slots: 7 free afterwards, 8 before"
    ]


def test_waits_are_counted_in_steps() -> None:
    script: list[tuple[Any, ...]] = [
        *(("start", ["odd", "even"], 4), ("step", 3), ("start", ["odd"], 4), ("step", 2)),
        ("finish",),
    ]
    seen = [{"made": made} for made in ([0, 0], [3, 0], [3, 0, 0], [4, 1, 0], [4, 4, 0])]
    assert waits(script, seen) == [3, 6, None]


def test_who_waits_like_all_others_does_not_starve() -> None:
    assert list(starving([10, 11, 12, 13, 20])) == []
    assert list(starving([])) == []


@pytest.mark.parametrize("last", [None, 90])
def test_who_never_gets_a_turn_is_found(last: int | None) -> None:
    assert [phrase.split()[1] for phrase in starving([10, 11, 12, 13, last])] == ["4"]


def test_arrivals_outnumber_what_runs_at_once() -> None:
    script = arrivals(["odd", "even"])
    started = [name for operation in script if operation[0] == "start" for name in operation[1]]
    assert len(started) > CROWD - 1
    assert script[-1] == ("finish",)


RANKS = {"leaves": [0, 1], "keys and values": [0, 1], "split": True}


def test_two_ranks_pass() -> None:
    assert list(wrong_places(RANKS)) == []
    assert list(wrong_ranks({"0": 4, "1": 5}, 9)) == []


@pytest.mark.parametrize(
    "changes", [{"leaves": [0]}, {"keys and values": [1]}, {"split": False}, {"leaves": [0, 2]}]
)
def test_ranks_without_a_device_are_found(changes: dict[str, Any]) -> None:
    assert list(wrong_places(RANKS | changes))


@pytest.mark.parametrize("counts", [{"0": 9}, {"0": 9, "1": 0}, {"0": 4, "1": 4}, {}])
def test_ranks_without_requests_are_found(counts: dict[str, int]) -> None:
    assert list(wrong_ranks(counts, 9))


def test_only_an_error_that_names_ranks_refuses_them() -> None:
    assert refusal(RemoteError("ValueError", "dp_size must be 1", ""))
    assert not refusal(RemoteError("IndexError", "list index out of range", ""))
    assert not refusal(None)
