"""What both pins cost, on the page."""

from reports.comparison import Status
from reports.merging import merge
from reports.performance import FIGURES, MOST, Performance
from tests.gate_cases import answer
from tests.performance_cases import measured, ratios
from tests.test_page import HOSTILE, Page

LINES, TIMED, COUNTED = 2, 2, 1
"""Boxes of each drawing: two lines; an interval with its middle, or a mark alone."""


def test_what_both_pins_cost_is_drawn_and_told() -> None:
    made = measured(ratios(start_up=1.6, decoding=9.0, programs_compiled=1.1), pairs=MOST)
    drawn = Page(merge([]), answer(status=Status.SHOULD_NOT_MOVE, performance=made))
    told = drawn.one("section", id="performance").words
    assert "start-up10.00 s \N{RIGHTWARDS ARROW} 16.00 s" in told
    assert "1.60 (1.60 to 1.60)more costly" in told
    assert "programs compiled10 \N{RIGHTWARDS ARROW} 111.10more costly" in told
    boxes = [each.attributes for each in drawn.all("rect")]
    counted = sum(figure.exact for figure in FIGURES)
    marks = TIMED * (len(FIGURES) - counted) + COUNTED * counted
    assert len(boxes) == LINES * len(FIGURES) + marks
    # Whatever lies beyond the scale ends at its edge.
    assert all(0 <= float(box["x"] or -1) <= 100 - float(box["width"] or 999) for box in boxes)
    assert len(drawn.all("svg", **{"class": "bar ratio bad"})) == 3


def test_what_was_not_measured_is_said_and_nothing_drawn() -> None:
    drawn = Page(merge([]), answer(performance=Performance(trouble=f"1.0: {HOSTILE}.")))
    assert drawn.one("section", id="performance").words.startswith("Performancenot measured: 1.0")
    assert drawn.all("svg") == []


def test_who_did_not_ask_reads_nothing_of_it() -> None:
    assert Page(merge([]), answer()).all("section", id="performance") == []
