"""What both pins cost: each ratio with its spread, on one scale."""

from reports.page.markup import Html, element, join
from reports.page.parts import listed, section
from reports.performance import Comparison, Performance, Reading
from reports.performance_pages import TITLE, notes, spread, summary, values

_WIDEST = 4.0
"""Times: whatever is beyond it ends at the edge, and has its number beside it."""

_THIN = 0.6
_HEIGHT = 10
_CLASSES = {Reading.COSTLIER: "ratio bad", Reading.UNSURE: "ratio unsure", Reading.WITHIN: "ratio"}


def performance(measured: Performance) -> Html:
    said = []
    if measured.comparisons:
        marks = f"The lines stand at 1 and at {measured.budget:g} times; the bars are intervals."
        said = [element("p", f"{summary(measured)}."), element("p", marks, class_="quiet")]
    scale = _scale(measured)
    rows = [_row(each, scale) for each in measured.comparisons]
    drawn = element("ul", *rows, class_="bars ratios") if rows else join()
    return section(TITLE, TITLE.capitalize(), *said, drawn, listed(notes(measured)))


def _scale(measured: Performance) -> float:
    shown = [each.interval[1] for each in measured.comparisons if each.interval]
    return min(_WIDEST, max([*shown, 2 * measured.budget - 1]))


def _row(compared: Comparison, scale: float) -> Html:
    amounts = element("span", " \N{RIGHTWARDS ARROW} ".join(values(compared)), class_="sentence")
    told = element("span", compared.reading, class_="sentence")
    return element(
        "li",
        element("span", compared.figure.name, amounts, class_="name"),
        _drawing(compared, scale),
        element("span", spread(compared), told, class_="number"),
    )


def _drawing(compared: Comparison, scale: float) -> Html:
    """What it shows stands beside it in words."""
    marks = [_mark(at, at, scale, class_="tick") for at in (1.0, compared.budget)]
    if compared.interval:
        marks.append(_mark(*compared.interval, scale, class_="interval", low=3, high=7))
    if compared.ratio is not None:
        marks.append(_mark(compared.ratio, compared.ratio, scale, class_="median"))
    return element(
        "svg", *marks, class_=f"bar {_CLASSES[compared.reading]}",
        viewBox=f"0 0 100 {_HEIGHT}", preserveAspectRatio="none", aria_hidden="true",
    )  # fmt: skip


def _mark(  # noqa: PLR0913 - a box is what these say
    left: float, right: float, scale: float, *, class_: str, low: int = 0, high: int = _HEIGHT
) -> Html:
    x, end = (100 * min(at / scale, 1) for at in (left, right))
    width = max(end - x, _THIN)
    return element(
        "rect", x=f"{min(x, 100 - width):.1f}", y=low, width=f"{width:.1f}", height=high - low,
        class_=class_,
    )  # fmt: skip
