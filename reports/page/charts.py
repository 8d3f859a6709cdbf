"""What took how long, and what promises' tests have counted."""

from collections import defaultdict
from collections.abc import Iterator

from reports.catalogue import by_number
from reports.merging import Overview
from reports.model import Verdict
from reports.page.markup import Html, element, join
from reports.page.parts import bar, seconds, section
from reports.standing import Standing

SHOWN = 20


def times(overview: Overview) -> Html:
    slowest = sorted(
        (each for each in overview.standings if each.seconds),
        key=lambda each: each.seconds,
        reverse=True,
    )
    if not slowest:
        return join()
    total = sum(each.seconds for each in slowest)
    words = f"{seconds(total)} in all; " if len(slowest) > SHOWN else ""
    said = f"{words}the slowest {min(SHOWN, len(slowest))} of {len(slowest)}, in their newest runs."
    rows = [_time(overview, each, slowest[0].seconds) for each in slowest[:SHOWN]]
    return section("times", "Time", element("p", said), element("ol", *rows, class_="bars"))


def figures(overview: Overview) -> Html:
    """Of each promise and lane that has counted something: the same figure, pin by pin."""
    rows = [
        _figure(promise, lane, name, values)
        for (promise, lane, name), values in sorted(
            _figures(overview).items(), key=lambda item: (by_number(item[0][0]), item[0])
        )
    ]
    if not rows:
        return join()
    said = "What promises have counted, the smaller the better; times what the first pin needs."
    return section("figures", "Figures", element("p", said), *rows)


def _time(overview: Overview, standing: Standing, longest: float) -> Html:
    pin = f" {standing.pin}" if len(overview.pins) > 1 else ""
    name = element("span", f"{standing.promise} {standing.lane}{pin}", class_="name")
    value = element("span", seconds(standing.seconds), class_="number")
    return element("li", name, bar(standing.seconds / longest), value)


def _figures(overview: Overview) -> dict[tuple[str, str, str], list[tuple[str, float]]]:
    found = defaultdict(list)
    for standing in overview.standings:
        for name, value in _counted(standing):
            found[standing.promise, standing.lane, name].append((standing.pin, value))
    return found


def _counted(standing: Standing) -> Iterator[tuple[str, float]]:
    tried = [each for each in standing.sightings if each.verdict is not Verdict.NOT_RUN]
    yield from tried[-1].case.figures.items() if tried else ()


def _figure(promise: str, lane: str, name: str, values: list[tuple[str, float]]) -> Html:
    most, first = max(value for _, value in values), values[0][1]
    rows = [
        element(
            "li",
            element("span", pin, class_="name"),
            bar(value / most if most > 0 else 0),
            element("span", _number(value, first, is_first=not n), class_="number"),
        )
        for n, (pin, value) in enumerate(values)
    ]
    title = element("h3", f"{promise} {lane}: {name}")
    return join(title, element("ul", *rows, class_="bars"))


def _number(value: float, first: float, *, is_first: bool) -> str:
    return f"{value:,.0f}" if is_first or not first else f"{value:,.0f} ({value / first:.2f}x)"
