"""The page in a real Chromium, where there is one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.comparison import Status
from reports.page.document import document
from reports.performance import MOST
from tests.browser import Browser, browser
from tests.gate_cases import answer
from tests.performance_cases import measured, ratios
from tests.recorded import overview, record, saw

CHROMIUM = os.environ.get("PINPROOF_CHROMIUM", "")
AXE = os.environ.get("PINPROOF_AXE", "")
HOSTILE = "</script><img src=x onerror=alert(1)>" + "wide" * 200
WIDER = "document.documentElement.scrollWidth - innerWidth"
FILTER = """(name, value) => {
    const control = document.getElementById(name);
    control.value = value;
    control.dispatchEvent(new Event("input", {bubbles: true}));
    const rows = [...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility());
    return rows.map((row) => row.querySelector("strong").textContent).join(" ");
}"""
OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
VIOLATIONS = """axe.run().then(({violations}) => violations.map(
    ({id, nodes}) => `${id}: ${nodes.map((each) => each.target).join(" and ")}`
))"""
CONTROLS = "[...document.querySelectorAll('a[href], summary, select, input, button')]"
UNREACHED = f"""{CONTROLS}
    .filter((each) => each.checkVisibility() && !("reached" in each.dataset))
    .map((each) => each.outerHTML)"""
REACH = """(() => {
    const reached = document.activeElement;
    reached.dataset.reached = "";
    const shown = getComputedStyle(reached).outlineStyle !== "none";
    return shown || reached === document.body ? [] : [reached.outerHTML];
})()"""
FOCUSED_IS_OPEN = "document.activeElement.parentElement.open"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="PINPROOF_CHROMIUM does not name a Chromium.")
needs_axe = pytest.mark.skipif(
    not AXE, reason="PINPROOF_AXE does not name the axe.min.js of axe-core."
)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(CHROMIUM, tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def page(tmp_path: Path) -> Path:
    evidence = {
        **dict.fromkeys(("observed", "required", "stacks"), HOSTILE),
        "facts": {HOSTILE: HOSTILE},
        "log_tail": [HOSTILE],
    }
    cases = [saw("pass", "GEN-1"), saw("not-run", "GEN-2", lane="tpu", reason=HOSTILE)]
    bad = saw("fail", evidence=evidence, sentence=HOSTILE, figures={HOSTILE: 7})
    first = record(tmp_path / "a", *cases, bad, status=1, began=1)
    second = record(tmp_path / "b", *cases, saw("known", "GEN-3"), pin=HOSTILE, began=2)
    file = tmp_path / "page.html"
    costs = measured(ratios(start_up=1.6, decoding=9.0), pairs=MOST)
    gate = answer(status=Status.SHOULD_NOT_MOVE, performance=costs)
    file.write_text(document(overview(first, second), gate), encoding="utf-8")
    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1100])
def test_nothing_overflows_and_nothing_is_amiss(
    chromium: Browser, page: Path, width: int, scheme: str
) -> None:
    chromium.open(page, width=width, scheme=scheme)
    chromium.ask(OPEN_ALL)
    assert chromium.ask(WIDER) <= 0
    assert chromium.trouble == []


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1100])
def test_axe_finds_nothing(chromium: Browser, page: Path, width: int, scheme: str) -> None:
    chromium.open(page, width=width, scheme=scheme)
    chromium.ask(OPEN_ALL)
    chromium.ask(Path(AXE).read_text(encoding="utf-8"))
    assert chromium.ask(VIOLATIONS) == []


@needs_axe
def test_axe_would_find_something(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=380)
    chromium.ask("document.body.append(new Image())")
    chromium.ask(Path(AXE).read_text(encoding="utf-8"))
    assert "image-alt: img" in chromium.ask(VIOLATIONS)


def test_the_keyboard_reaches_all_and_shows_where_it_is(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=1100)
    unseen = []
    for _ in range(2 * chromium.ask(f"{CONTROLS}.length")):
        chromium.press("Tab")
        unseen += chromium.ask(REACH)
    assert (chromium.ask(UNREACHED), unseen) == ([], [])


def test_the_keyboard_opens_evidence(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=1100)
    chromium.ask("document.querySelector('.case:not([open]) summary').focus()")
    assert not chromium.ask(FOCUSED_IS_OPEN)
    chromium.press("Enter")
    assert chromium.ask(FOCUSED_IS_OPEN)


def test_dark_is_dark(chromium: Browser, page: Path) -> None:
    colours = []
    for scheme in ("light", "dark"):
        chromium.open(page, width=380, scheme=scheme)
        colours.append(chromium.ask("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(246, 247, 249)", "rgb(13, 17, 23)"]


def test_filters_filter(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=1100)
    for name, value, left in (
        ("verdict", "attention", "SWAP-3"),
        ("verdict", "not-run", "GEN-2 GEN-2"),
        ("verdict", "", "SWAP-3 GEN-3 GEN-1 GEN-1 GEN-2 GEN-2"),
        ("lane", "tpu", "GEN-2 GEN-2"),
        ("pin", "1.0", "GEN-2"),
        ("text", "gen-1", ""),
        ("lane", "", "GEN-1"),
    ):
        assert chromium.ask(f"({FILTER})('{name}', '{value}')") == left
    assert chromium.ask("document.getElementById('shown').value") == "1 of 6 shown"
    chromium.ask("document.querySelector('button[type=reset]').click()")
    assert chromium.ask("document.getElementById('shown').value") == "6 of 6 shown"


def test_a_link_in_the_table_opens_the_evidence(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=380)
    opened = chromium.ask(
        """new Promise((done) => {
            const link = document.querySelector("tbody a");
            const target = document.getElementById(link.hash.slice(1));
            target.open = false;
            target.addEventListener("toggle", () => target.open && done(target.className));
            link.click();
        })"""
    )
    assert opened == "case"


def test_each_mark_of_a_drawing_is_drawn(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=380)
    marks = "document.querySelectorAll('svg rect').length"
    drawn = "[...document.querySelectorAll('svg rect')].filter((each) => each.checkVisibility()"
    shown = f"{drawn} && each.getBoundingClientRect().width > 0).length"
    assert chromium.ask(marks) == chromium.ask(shown) > 40
    assert chromium.ask("document.querySelectorAll('rect rect').length") == 0
