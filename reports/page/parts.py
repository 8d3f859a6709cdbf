"""Small things that several parts of the page show."""

import math
from collections.abc import Iterable

from reports.model import Verdict
from reports.page.markup import Html, element, join
from reports.standing import Sighting, Standing

SIGNS = {
    Verdict.PASS: "\N{CHECK MARK}",
    Verdict.KNOWN: "\N{WHITE FLAG}",
    Verdict.FIXED: "\N{HEAVY PLUS SIGN}",
    Verdict.FLAKY: "\N{ALMOST EQUAL TO}",
    Verdict.NOT_RUN: "\N{EN DASH}",
    Verdict.BLOCKED: "\N{CIRCLED DIVISION SLASH}",
}
_BROKEN_SIGN = "\N{MULTIPLICATION X}"
_SHOWN_SIGHTINGS = 20
_STEP, _HEIGHT = 8, 20
_KEPT = {Verdict.PASS, Verdict.FIXED}
_UNTRIED = {Verdict.NOT_RUN, Verdict.BLOCKED}


def chip(verdict: Verdict) -> Html:
    sign = element("span", SIGNS.get(verdict, _BROKEN_SIGN), aria_hidden="true")
    return element("span", sign, f" {verdict}", class_=f"chip v-{verdict}")


def seconds(value: float) -> str:
    if not value:
        return ""
    return f"{value:.1f} s" if value < 10 else f"{value:,.0f} s"  # noqa: PLR2004 - two digits do


def bar(share: float) -> Html:
    """As wide as its place; what it shows stands beside it in words."""
    width = f"{100 * min(max(share, 0), 1):.1f}" if math.isfinite(share) else "0"
    rect = element("rect", width=width, height=10, rx=1)
    return element(
        "svg", rect, class_="bar", viewBox="0 0 100 10", preserveAspectRatio="none",
        aria_hidden="true",
    )  # fmt: skip


def strip(standing: Standing) -> Html:
    """Kept is up, broken is down, what was not tried is a dot; the oldest to the left."""
    shown = standing.sightings[-_SHOWN_SIGHTINGS:]
    label = f"oldest to newest: {', '.join(each.verdict for each in shown)}"
    width = _STEP * len(shown)
    return element(
        "svg",
        element("title", label),
        *(_mark(number, each) for number, each in enumerate(shown)),
        class_="strip", role="img", width=width, height=_HEIGHT, viewBox=f"0 0 {width} {_HEIGHT}",
    )  # fmt: skip


def _mark(number: int, sighting: Sighting) -> Html:
    x, middle = _STEP * number + 1, _HEIGHT // 2
    where = {"x": x, "width": _STEP - 2, "class_": f"m-{sighting.verdict}"}
    if sighting.verdict in _UNTRIED:
        return element("rect", y=middle - 1, height=2, **where)
    top = 1 if sighting.verdict in _KEPT else middle
    return element("rect", y=top, height=middle - 1, **where)


def section(name: str, title: str, *content: object) -> Html:
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, *content, id=name, aria_labelledby=f"{name}-title")


def listed(lines: Iterable[object], **attributes: object) -> Html:
    items = [element("li", line) for line in lines]
    return element("ul", *items, **attributes) if items else join()


def definitions(pairs: Iterable[tuple[str, object]]) -> Html:
    return element(
        "dl", *(join(element("dt", name), element("dd", value)) for name, value in pairs)
    )
