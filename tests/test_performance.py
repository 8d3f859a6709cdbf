"""When a figure counts as grown: rarely by chance, however noisy; surely when it has grown."""

import inspect
import json
import math
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinproof_cell.scenarios import performance as scenario
from reports.performance import (
    BUDGET,
    FEWEST,
    FIGURES,
    LEVEL,
    MOST,
    Comparison,
    Figure,
    NoSample,
    Performance,
    Reading,
    chance,
    checked,
    outliers,
)
from reports.performance_pages import grown, lines, table
from tests.performance_cases import measured, ratios, sample

TIME, RATE = Figure("start", "s"), Figure("pace", "tokens/s", falling=True)
COUNT = Figure("programs", "", exact=True)
DRAWS = 1000


def compared(*found: float, figure: Figure = TIME) -> Comparison:
    return Comparison(figure, (1.0,) * len(found), found)


def judged(draw: "list[float]") -> Reading:
    """What becomes of a figure whose pairs come out like this, as long as more are wanted."""
    for pairs in range(FEWEST, MOST + 1):
        made = compared(*draw[:pairs])
        if not made.open:
            break
    return made.reading


def test_false_alarms_are_rarer_than_six_in_a_thousand_whatever_the_noise() -> None:
    """Noise without bounds puts each pair on either side of the budget like a coin; no worse.

    All falls of eleven coins, each judged as the gate judges them while they come in.
    """
    falls = product((0.1, 10.0), repeat=MOST)
    alarms = sum(judged([*fall]) is Reading.COSTLIER for fall in falls)
    assert alarms == sum(math.comb(MOST, within) for within in range(outliers(MOST) + 1)) == 12
    assert alarms / 2**MOST < 0.006


def test_equal_pins_on_a_noisy_machine_are_never_called_costlier() -> None:
    draw = random.Random(0)  # noqa: S311 - noise
    noisy = (
        [math.exp(draw.gauss(0, 0.2) - draw.gauss(0, 0.2)) for _ in range(MOST)]
        for _ in range(DRAWS)
    )
    assert Reading.COSTLIER not in {judged(each) for each in noisy}


def test_half_as_much_again_is_found_in_spite_of_noise() -> None:
    draw = random.Random(0)  # noqa: S311 - noise
    noisy = (
        [1.5 * math.exp(draw.gauss(0, 0.05) - draw.gauss(0, 0.05)) for _ in range(MOST)]
        for _ in range(DRAWS)
    )
    found = sum(judged(each) is Reading.COSTLIER for each in noisy)
    assert found / DRAWS > 0.98


@given(st.lists(st.floats(0.01, 100), min_size=FEWEST, max_size=MOST))
def test_only_what_lies_above_the_budget_as_a_whole_is_costlier(found: list[float]) -> None:
    made = compared(*found)
    assert made.interval
    low, high = made.interval
    assert made.ratio is not None
    assert low <= made.ratio <= high
    match made.reading:
        case Reading.COSTLIER:
            assert low > BUDGET
        case Reading.WITHIN:
            assert high <= BUDGET
        case Reading.UNSURE:
            assert high > BUDGET


@given(st.lists(st.floats(0.01, 100), min_size=FEWEST, max_size=MOST - 1), st.floats(0.01, 100))
def test_who_has_stopped_would_not_have_thought_otherwise(found: list[float], one: float) -> None:
    """So that to stop early makes no alarm likelier."""
    made, then = compared(*found), compared(*found, one)
    if not made.open:
        assert (then.reading is Reading.COSTLIER) == (made.reading is Reading.COSTLIER)


@given(
    st.lists(st.floats(0.5, 2), min_size=FEWEST, max_size=MOST), st.sampled_from([1e-3, 0.5, 1e6])
)
def test_units_do_not_matter(found: list[float], unit: float) -> None:
    once = Comparison(TIME, (1.0,) * len(found), tuple(found))
    other = Comparison(TIME, (unit,) * len(found), tuple(unit * each for each in found))
    assert other.ratios == pytest.approx(once.ratios)


@pytest.mark.parametrize(
    ("found", "reading", "goes_on"),
    [
        ([1.0] * 5, Reading.WITHIN, False),
        ([1.25] * 5, Reading.WITHIN, False),
        ([2.0] * 5, Reading.UNSURE, True),
        ([2.0] * 9, Reading.UNSURE, True),
        ([2.0] * 10, Reading.COSTLIER, False),
        ([1.0] + [2.0] * 9, Reading.UNSURE, True),
        ([1.0] + [2.0] * 10, Reading.COSTLIER, False),
        ([1.0, 1.0] + [2.0] * 9, Reading.UNSURE, False),
        ([2.0, 2.0, 2.0, 1.0, 1.0], Reading.UNSURE, False),
        ([1.0, 1.0, 1.0, 1.0, 2.0], Reading.UNSURE, False),
    ],
)
def test_ten_pairs_of_at_most_eleven_have_to_agree(
    found: list[float],
    reading: Reading,
    goes_on: bool,  # noqa: FBT001 - an example's answer
) -> None:
    made = compared(*found)
    assert (made.reading, made.open) == (reading, goes_on)


def test_less_is_worse_where_more_is_wanted() -> None:
    slower = Comparison(RATE, (300.0,) * MOST, (100.0,) * MOST)
    assert (slower.ratio, slower.reading) == (3.0, Reading.COSTLIER)


@pytest.mark.parametrize(
    ("old", "new", "reading"),
    [
        ([7.0], [7.0], Reading.WITHIN),
        ([7.0], [6.0], Reading.WITHIN),
        ([7.0], [8.0], Reading.COSTLIER),
        ([0.0], [1.0], Reading.COSTLIER),
        ([0.0], [0.0], Reading.WITHIN),
        ([7.0], [7.0, 8.0], Reading.UNSURE),
        ([7.0, 8.0], [8.0], Reading.WITHIN),
    ],
)
def test_what_is_counted_may_not_grow_at_all(
    old: list[float], new: list[float], reading: Reading
) -> None:
    sides = [tuple((each * FEWEST)[:FEWEST]) for each in (old, new)]
    made = Comparison(COUNT, sides[0], sides[1])
    assert (made.reading, made.open) == (reading, False)


@pytest.mark.parametrize("pairs", range(FEWEST, MOST + 1))
def test_an_interval_misses_the_median_as_rarely_as_it_says(pairs: int) -> None:
    left_out = outliers(pairs)
    assert chance(pairs, left_out) <= LEVEL < chance(pairs, left_out + 1)


def test_too_few_pairs_have_no_interval_and_no_reading() -> None:
    few = compared(*[2.0] * (FEWEST - 1))
    assert (few.interval, few.reading, few.open) == (None, Reading.UNSURE, True)
    with pytest.raises(ValueError, match="4 pairs are too few for an interval; 5 are the fewest"):
        outliers(FEWEST - 1)
    assert measured(ratios(2.0), pairs=FEWEST - 1).comparisons == ()


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_what_can_not_have_been_measured_is_refused(value: float) -> None:
    with pytest.raises(NoSample, match="start-up can't be"):
        checked(sample() | {"start-up": value})
    assert checked(sample() | {"programs compiled": 0.0})


def test_a_figure_that_one_pin_lacks_is_named() -> None:
    whole = sample()
    less = {name: value for name, value in whole.items() if name != "weight swap"}
    made = Performance((whole,) * FEWEST, (less,) * FEWEST)
    assert made.unmeasured == ("weight swap",)
    assert len(made.comparisons) == len(FIGURES) - 1
    assert "  not measured with both pins: weight swap" in list(lines(made))


def test_the_names_are_those_that_cells_tell() -> None:
    told = inspect.getsource(scenario)
    assert [figure.name for figure in FIGURES if f'"{figure.name}": ' not in told] == []


def test_it_is_told_in_words() -> None:
    made = measured(ratios(start_up=1.6), pairs=MOST)
    told = list(lines(made))
    assert told[0].startswith("performance (11 pairs in turns; ")
    assert " ".join(told[1].split()) == "start-up 10.00 s 16.00 s 1.60 (1.60 to 1.60) more costly"
    assert grown(made) == "start-up 1.60 times"
    assert "| start-up | 10.00 s | 16.00 s | 1.60 (1.60 to 1.60) | more costly |\n" in table(made)


def test_what_was_counted_is_told_by_its_number() -> None:
    made = measured(ratios(programs_compiled=1.1), pairs=FEWEST)
    assert grown(made) == "programs compiled 10 -> 11"


def test_nothing_is_told_of_what_was_not_measured() -> None:
    made = Performance(trouble="1.0: there is no engine.")
    assert list(lines(made)) == ["performance", "  not measured: 1.0: there is no engine."]
    assert "|" not in table(made)
    assert made.costlier == ()


def test_scripts_get_ratios_and_the_place_of_the_samples() -> None:
    made = measured(ratios(weight_swap=1.6), pairs=MOST)
    told = json.loads(json.dumps(made.as_json()))
    (swap,) = (each for each in told["figures"] if each["figure"] == "weight swap")
    assert swap == {
        "figure": "weight swap",
        "unit": "s",
        "old": 10.0,
        "new": 16.0,
        "ratio": 1.6,
        "interval": [1.6, 1.6],
        "reading": "more costly",
    }
