"""The first step on the other side is found wherever it is, and whatever can't be tried."""

import math
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from pins.bisection import Line, Search, Side


def search(line: Search, side: Callable[[str], Side]) -> list[str]:
    """What was tried, in order."""
    tried = []
    while (step := line.next()) is not None:
        tried.append(step)
        line.book(step, side(step))
    return tried


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[str], int, set[str]]:
    """Steps, the place of the first that is different, and those that can't be tried."""
    steps = [f"v{number}" for number in range(draw(st.integers(2, 60)))]
    first = draw(st.integers(1, len(steps) - 1))
    inner = st.sampled_from(steps[1:-1]) if len(steps) > 2 else st.nothing()
    return steps, first, draw(st.sets(inner))


@given(changes())
def test_the_answer_is_as_narrow_as_it_can_be(case: tuple[list[str], int, set[str]]) -> None:
    steps, first, untriable = case
    line = Line(steps)
    tried = search(line, sides(steps, first, untriable))
    triable = [place for place, step in enumerate(steps) if step not in untriable]
    last_before = max(place for place in triable if place < first)
    first_since = min(place for place in triable if place >= first)
    assert line.candidates() == steps[last_before + 1 : first_since + 1]
    assert len(tried) == len(set(tried))


@given(changes())
def test_each_answer_halves_what_is_left(case: tuple[list[str], int, set[str]]) -> None:
    steps, first, untriable = case
    tried = search(Line(steps), sides(steps, first, untriable))
    skipped = len(untriable.intersection(tried))
    assert len(tried) <= math.ceil(math.log2(len(steps) - 1)) + skipped


def sides(steps: list[str], first: int, untriable: set[str]) -> Callable[[str], Side]:
    def side(step: str) -> Side:
        if step in untriable:
            return Side.UNKNOWN
        return Side.BEFORE if steps.index(step) < first else Side.SINCE

    return side


def test_neighbours_need_no_step() -> None:
    line = Line(["1", "2"])
    assert (line.next(), line.candidates(), line.preceding("2")) == (None, ["2"], ["1"])


def test_nothing_precedes_the_oldest() -> None:
    assert Line(["1", "2"]).preceding("1") == []
