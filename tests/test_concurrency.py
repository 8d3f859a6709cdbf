"""What is found wrong with engines that were asked at once: in numbers made up here."""

from collections.abc import Sequence
from typing import Any

import pytest

from fixtures.answers import Answer
from fixtures.concurrency import (
    HOME,
    NEW,
    OWN,
    Reply,
    Task,
    patience_for,
    unanswered,
    wrong_replies,
    wrong_rounds,
)
from fixtures.concurrency_loops import slow_calls, wrong_streams
from fixtures.concurrency_run import NEW_TOKENS, Run
from fixtures.concurrency_steps import (
    Beside,
    best_overlaps,
    overlap,
    slow_together,
    uneven_tasks,
    unfair_seconds,
    unfair_steps,
)
from fixtures.engines import Engine
from fixtures.perturbing import Prompt

PROMPT = Prompt("short", [1, 2], [7, 8, 9], [1.0, 1.0, 1.0])
OTHER = Prompt("long", list(range(40)), [4, 5, 6], [1.0, 1.0, 1.0])


class NoCell:
    """A task is judged without being placed."""


def task(*prompts: Prompt, name: str = "a probe #3") -> Task:
    nowhere: Any = NoCell()
    return Task(Engine(nowhere, name), prompts or [PROMPT])


def said(*answers: Sequence[int], seconds: float = 1.0, chunks: Sequence[Any] = ()) -> Reply:
    raw = [{"output_ids": list(tokens), "meta_info": {}} for tokens in answers]
    return Reply([Answer.read(each) for each in raw], "", 10.0, 10.0 + seconds, list(chunks))


def failed(error: str) -> Reply:
    return Reply([], error, 0.0, 1.0)


def test_right_answers_have_nothing_wrong() -> None:
    assert list(wrong_replies([task(PROMPT, OTHER)], [said([7, 8, 9], [4, 5, 6])])) == []


@pytest.mark.parametrize(
    ("reply", "phrase"),
    [
        (said([7, 8, 8]), "engine 3: prompt 'short': token 2 is 8 instead of 9"),
        (said(), "engine 3: 0 answers to 1 prompts"),
        (failed("ValueError: no"), "engine 3: ValueError: no"),
    ],
)
def test_wrong_missing_and_refused_answers_are_found(reply: Reply, phrase: str) -> None:
    assert list(wrong_replies([task()], [reply])) == [phrase]


def test_answers_exchanged_between_engines_are_found() -> None:
    tasks = [task(PROMPT), task(OTHER)]
    assert len(list(wrong_replies(tasks, [said([4, 5, 6]), said([7, 8, 9])]))) == 2


def test_a_wrong_later_call_is_found() -> None:
    wrong = list(wrong_rounds([task()], [[said([7, 8, 9]), said([7, 8])]]))
    assert wrong == ["engine 3, call 2: prompt 'short': 2 tokens instead of 3"]


def test_patience_grows_with_the_unit() -> None:
    assert patience_for(0.1) < patience_for(1.0)
    assert patience_for(1.0) > 50.0


def test_patience_ends_before_the_watchdog_of_an_engine_that_is_held_twice_as_long() -> None:
    assert 2 * patience_for(120.0) < 300.0


def test_who_gives_no_answer_alone_is_found_before_all_are_asked() -> None:
    tasks = [task(), task()]
    assert list(unanswered(tasks, [said([7]), failed("TimeoutError")])) == [
        "engine 3, asked alone: TimeoutError"
    ]


def test_one_slow_call_of_many_is_the_machine_s() -> None:
    ways = (HOME, OWN) * 3
    seconds = [0.1, 0.1, 0.1, 4.0, 0.1, 0.1]
    assert list(slow_calls(ways, [said(seconds=each) for each in seconds])) == []


def test_a_way_that_is_mostly_slow_is_found() -> None:
    ways = (HOME, OWN) * 3
    seconds = [0.1, 4.1, 0.1, 0.1, 0.1, 4.1]
    assert len(list(slow_calls(ways, [said(seconds=each) for each in seconds]))) == 1


def test_a_way_that_is_always_slow_is_found() -> None:
    ways = (HOME, OWN, NEW) * 3
    seconds = [0.1, 0.1, 4.1] * 3
    (found,) = slow_calls(ways, [said(seconds=each) for each in seconds])
    assert "from a new loop take 4.100 s" in found


def streamed(*chunks: Sequence[int]) -> Reply:
    return said(chunks[-1], chunks=[(0.1 * n, list(chunk)) for n, chunk in enumerate(chunks)])


def test_a_whole_stream_has_nothing_wrong() -> None:
    whole = streamed([7], [7, 8], [7, 8, 9])
    assert list(wrong_streams(PROMPT, (HOME, OWN), [whole, whole])) == []


@pytest.mark.parametrize(
    ("reply", "phrase"),
    [
        (streamed([7], [7, 8], [7, 8]), "2 tokens instead of 3"),
        (streamed([7], [8, 8], [7, 8, 9]), "takes back"),
        (streamed([7, 8, 9]), "at most 1 chunks"),
        (failed("no answer within 9.0 s"), "no answer"),
    ],
)
def test_short_changed_bundled_and_lost_streams_are_found(reply: Reply, phrase: str) -> None:
    whole = streamed([7], [7, 8], [7, 8, 9])
    assert phrase in "; ".join(wrong_streams(PROMPT, (HOME, OWN), [whole, reply]))


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ([0.0, 1.0, 4.0], [0.0, 4.0], 1.0),
        ([0.0, 4.0], [1.0, 2.0], 1.0),
        ([0.0, 4.0], [3.0, 7.0], 0.25),
        ([0.0, 4.0], [5.0, 9.0], 0.0),
        ([0.0, 4.0], [], 0.0),
        ([1.0], [0.0, 4.0], 0.0),
    ],
)
def test_overlap_is_a_part_of_the_shorter_spell(
    one: list[float], other: list[float], share: float
) -> None:
    assert overlap(one, other) == share == overlap(other, one)


def test_each_pair_s_best_attempt_counts() -> None:
    apart, together = [[0.0, 4.0], [5.0, 9.0]], [[0.0, 4.0], [0.0, 4.0]]
    assert best_overlaps([apart, together, apart]) == {(0, 1): 1.0}
    assert best_overlaps([apart, apart]) == {(0, 1): 0.0}


def rounds(light: int, heavy: int, seconds: float = 1.0) -> list[Beside]:
    return [Beside(said(), said(seconds=seconds), light, heavy)] * 5


def test_a_starved_engine_is_found_by_its_steps() -> None:
    assert list(unfair_steps(rounds(16, 30))) == []
    assert len(list(unfair_steps(rounds(2, 40)))) == 1
    assert len(list(unfair_steps(rounds(0, 40)))) == 1


def test_a_starved_engine_is_found_by_its_time() -> None:
    assert list(unfair_seconds(rounds(16, 16, 1.5))) == []
    assert len(list(unfair_seconds(rounds(16, 16, 3.0)))) == 1


def test_engines_that_take_turns_are_found_by_their_time() -> None:
    assert list(slow_together(1.0, 1.2)) == []
    assert len(list(slow_together(1.0, 2.0))) == 1


def test_the_loaded_engine_gets_short_prompts_only() -> None:
    light, heavy = uneven_tasks([task(), task(OTHER, PROMPT)], times=2)
    assert list(light.prompts) == [PROMPT]
    assert list(heavy.prompts) == [PROMPT] * 16


def a_run(**other: Sequence[Reply]) -> Run:
    spells = [said(range(NEW_TOKENS)), said(range(1, NEW_TOKENS + 1))]
    return Run(**{"alone": spells, "gathered": spells, "threads": spells, **other})


def test_a_run_says_that_it_is_done() -> None:
    facts = a_run().facts()
    assert list(a_run().wrong()) == []
    assert facts["done"] == "DONE: engines=2 wall_sec=1.000"
    assert facts["generate_sec"]["threads"] == [1.0, 1.0]


@pytest.mark.parametrize("how", ["gathered", "threads"])
@pytest.mark.parametrize(
    "reply", [failed("late"), said(range(NEW_TOKENS - 1)), said(range(2, NEW_TOKENS + 2)), said()]
)
def test_a_run_with_one_other_answer_is_found(how: str, reply: Reply) -> None:
    fine = said(range(NEW_TOKENS))
    assert len(list(a_run(**{how: [fine, reply]}).wrong())) == 1
