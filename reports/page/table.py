"""The table of all promises, lanes and pins, and the form that filters it."""

from collections import Counter
from collections.abc import Iterable

from reports.merging import Overview
from reports.model import LaneName, Verdict
from reports.page.failures import anchor
from reports.page.markup import Html, element, join
from reports.page.parts import chip, seconds, section, strip
from reports.standing import Standing

ATTENTION = "attention"


def table(overview: Overview) -> Html:
    several = len(overview.runs) > 1
    names = ["Verdict", "Promise", "Lane", "Pin", "Time", *(["Over the runs"] if several else [])]
    head = element("tr", *(element("th", name, scope="col") for name in names))
    rows = [_row(each, several=several) for each in overview.standings]
    grid = element(
        "table",
        element("caption", "Every promise, in each lane, with each pin", class_="hidden"),
        element("thead", head),
        element("tbody", *rows),
        id="standings",
    )
    return section("promises", "All promises", _form(overview), grid)


def _row(standing: Standing, *, several: bool) -> Html:
    verdict = chip(standing.verdict)
    if standing.needs_attention or standing.verdict is Verdict.KNOWN:
        verdict = element("a", verdict, href=f"#{anchor(standing)}")
    promise = join(
        element("strong", standing.promise),
        f" {standing.level}",
        element("span", standing.sentence, class_="sentence"),
    )
    cells = [
        element("td", verdict),
        element("th", promise, scope="row"),
        element("td", standing.lane, data_label="Lane"),
        element("td", standing.pin, data_label="Pin"),
        element("td", seconds(standing.seconds), data_label="Time", class_="number"),
        *([element("td", strip(standing), data_label="Over the runs")] if several else []),
    ]
    return element(
        "tr",
        *cells,
        data_verdict=standing.verdict,
        data_attention=ATTENTION if standing.needs_attention else "",
        data_area=standing.area,
        data_lane=standing.lane,
        data_pin=standing.pin,
    )


def _form(overview: Overview) -> Html:
    all_of_them = overview.standings
    by_verdict = Counter(each.verdict for each in all_of_them)
    verdicts = [(str(v), f"{v} ({by_verdict[v]})") for v in Verdict if by_verdict[v]]
    if urgent := sum(each.needs_attention for each in all_of_them):
        verdicts.insert(0, (ATTENTION, f"needs attention ({urgent})"))
    lanes = {each.lane for each in all_of_them}
    ordered = sorted(lanes, key=lambda lane: (lane not in LaneName, lane))
    return element(
        "form",
        _select("verdict", "Verdict", verdicts),
        _select("area", "Area", _plain(sorted({each.area for each in all_of_them}))),
        _select("lane", "Lane", _plain(ordered)),
        _select("pin", "Pin", _plain(overview.pins)),
        _labelled("text", "Text", element("input", id="text", name="text", type="search")),
        element("button", "Show all", type="reset"),
        element("output", "", id="shown", for_="verdict area lane pin text", aria_live="polite"),
        id="filters",
        aria_label="Filter the promises",
        hidden=True,
    )


def _plain(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


def _select(name: str, label: str, choices: list[tuple[str, str]]) -> Html:
    options = [element("option", words, value=value) for value, words in [("", "all"), *choices]]
    return _labelled(name, label, element("select", *options, id=name, name=name))


def _labelled(name: str, label: str, control: Html) -> Html:
    return element("div", element("label", label, for_=name), control, class_="field")
