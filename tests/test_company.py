"""What judges streams and visits finds what is wrong; a search shrinks to what can be pasted."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import find, settings
from hypothesis import strategies as st

from fixtures.answers import Answer
from fixtures.company import Heard, Visit, crowds, wrong_end, wrong_stream
from fixtures.exploration import GATE, NIGHTLY, Explorer, Space
from fixtures.histories import usual
from reports.model import Broken, Crashed, Evidence

WORDS: dict[str, Any] = {"required": "small numbers", "next_step": "look at them"}


def heard(*chunks: list[int], reason: str | None = "length") -> Heard:
    answer = Answer(chunks[-1], "", {"type": reason} if reason else {}, [], [], [], [])
    return Heard(list(chunks), answer)


def test_a_growing_stream_passes() -> None:
    assert list(wrong_stream(heard([1], [1, 2], [1, 2, 3, 4]))) == []


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(([1], [1, 2], [1, 2]), id="repeated"),
        pytest.param(([1], [2], [3]), id="only-the-new"),
        pytest.param(([1, 2], [1]), id="taken-back"),
        pytest.param(([1], [7, 8], [1, 2, 3]), id="of-another-stream"),
    ],
)
def test_a_stream_that_does_not_grow_is_found(chunks: tuple[list[int], ...]) -> None:
    assert list(wrong_stream(heard(*chunks)))


def test_an_end_as_asked_passes() -> None:
    assert list(wrong_end(Visit([1], 2), heard([1, 2]))) == []
    assert list(wrong_end(Visit([1], 4, leaves=1), heard([1, 2], reason="abort"))) == []
    assert list(wrong_end(Visit([1], 2, leaves=1), heard([1, 2]))) == []


@pytest.mark.parametrize(
    ("visit", "told"),
    [
        pytest.param(Visit([1], 3), heard([1, 2]), id="too-few"),
        pytest.param(Visit([1], 1), heard([1, 2]), id="too-many"),
        pytest.param(Visit([1], 2), heard([1, 2], reason=None), id="no-reason"),
        pytest.param(Visit([1], 2), heard([1, 2], reason="abort"), id="sent-away"),
        pytest.param(Visit([1], 1, leaves=1), heard([1, 2]), id="leaves-with-too-many"),
        pytest.param(Visit([1], 2, leaves=1), heard([1], reason=None), id="leaves-without-reason"),
    ],
)
def test_a_wrong_end_is_found(visit: Visit, told: Heard) -> None:
    assert list(wrong_end(visit, told))


@pytest.mark.parametrize(
    "has",
    [
        pytest.param(lambda visit: visit.after is not None, id="waits"),
        pytest.param(lambda visit: visit.leaves is not None, id="leaves"),
        pytest.param(lambda visit: visit.temperature > 0, id="samples"),
        pytest.param(lambda visit: not visit.stream, id="does-not-stream"),
    ],
)
def test_crowds_have_all_that_comes_and_goes(has: Callable[[Visit], bool]) -> None:
    assert find(crowds(st.just([1])), lambda visits: any(map(has, visits)))


def test_nobody_waits_for_who_comes_later() -> None:
    def waits_in_vain(visits: list[Visit]) -> Iterator[str]:
        for index, visit in enumerate(visits):
            if visit.after is not None and visit.after[0] >= index:
                yield f"{index} waits for {visit.after[0]}"

    Explorer().explore(Space(crowds(st.just([1]))), waits_in_vain, **WORDS)


def test_the_usual_history_begins_with_what_will_be_cut_shorter() -> None:
    longest = list(range(100, 140))
    rounds = usual([[1], longest])
    beginnings = [
        prompts[0][:-1] for prompts in rounds if prompts is not None and len(prompts) == 1
    ]
    assert rounds[0] == rounds[-1] == [[1], longest]
    assert None in rounds
    assert all(longest[: len(beginning)] == beginning for beginning in beginnings if beginning[1:])
    assert len({len(beginning) for beginning in beginnings}) > 4


def too_large(numbers: list[int]) -> Iterator[str]:
    yield from (f"{number} is too large" for number in numbers if number > 20)


def test_the_smallest_example_is_shown_as_a_literal() -> None:
    with pytest.raises(Broken) as caught:
        Explorer().explore(Space(st.lists(st.integers(0, 1000))), too_large, **WORDS)
    assert caught.value.evidence.observed == "21 is too large"
    assert caught.value.evidence.facts["requests"] == "[21]"


def test_a_proof_does_not_shrink() -> None:
    tries: list[int] = []

    def judge(number: int) -> Iterator[str]:
        tries.append(number)
        yield "wrong"

    with pytest.raises(Broken):
        Explorer(shrink=False).explore(Space(st.integers(5, 9)), judge, **WORDS)
    assert len(set(tries)) == 1


def test_what_is_tried_first_is_shown_as_it_is() -> None:
    with pytest.raises(Broken) as caught:
        Explorer().explore(Space(st.just([0]), first=[[99, 3]]), too_large, **WORDS)
    assert caught.value.evidence.facts["requests"] == "[99, 3]"


def test_what_does_not_repeat_itself_is_a_finding_all_the_same() -> None:
    tries: list[int] = []

    def judge(number: int) -> Iterator[str]:
        tries.append(number)
        if len(tries) == 2:
            yield "wrong once"

    with pytest.raises(Broken, match="wrong once"):
        Explorer().explore(Space(st.integers(0, 9)), judge, **WORDS)


def test_a_broken_cell_ends_the_search_and_the_requests_are_noted() -> None:
    tries: list[int] = []

    def judge(number: int) -> Iterator[str]:
        tries.append(number)
        raise Crashed(Evidence("it ended", "an answer", "look"))

    with pytest.raises(Crashed) as caught:
        Explorer().explore(Space(st.integers(3, 9)), judge, **WORDS)
    assert len(tries) == 1
    assert caught.value.__notes__ == [f"The requests were {tries[0]}"]


def test_the_gate_repeats_itself_and_the_night_explores() -> None:
    gate, night = settings.get_profile(GATE), settings.get_profile(NIGHTLY)
    assert (gate.derandomize, gate.database, gate.deadline) == (True, None, None)
    assert (night.derandomize, night.deadline) == (False, None)
    assert night.max_examples > 10 * gate.max_examples
