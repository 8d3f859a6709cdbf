"""The page: whole, accessible in its structure, and never made of what a record says."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from reports.answer import Answer
from reports.comparison import Status
from reports.merging import Overview, merge
from reports.page.document import document
from tests.gate_cases import answer, row
from tests.recorded import overview, record, saw

HOSTILE = "</script></style><img src=x onerror=alert(1)>'\"&\x00\ud800\x1b[31m"
EMPTY = {"meta", "link", "input", "img"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    parents: tuple[str, ...]
    text: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


class Page(HTMLParser):
    def __init__(self, made: Overview, answer: Answer | None = None) -> None:
        super().__init__()
        self.source = document(made, answer)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(self.source)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, dict(attrs), tuple(each.tag for each in self._open))
        self.elements.append(made)
        if tag not in EMPTY:
            self._open.append(made)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for each in self._open:
            each.text.append(data)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        return [
            each
            for each in self.elements
            if each.tag == tag and attributes.items() <= each.attributes.items()
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        (found,) = self.all(tag, **attributes)
        return found


def page(tmp_path: Path, *cases: dict[str, Any], **more: Any) -> Page:
    return Page(overview(record(tmp_path / "run", *cases, **more)))


def broken(**more: Any) -> dict[str, Any]:
    evidence = {
        "observed": "token 7",
        "required": "token 9",
        "facts": {"exit": "SIGKILL", "findings": ["one", "two"]},
        "log_tail": ["out of memory"],
        "stacks": "Thread 1 waits",
    }
    return saw("fail", **{"evidence": evidence, **more})


def test_the_answer_is_the_title_and_the_only_first_heading(tmp_path: Path) -> None:
    made = page(tmp_path, broken(), status=1)
    assert made.one("h1").words == "Not as promised: with 1.0, 1 MUST broken."
    assert made.one("title").words == f"pinproof: {made.one('h1').words}"
    assert "s-bad" in str(made.one("header").attributes["class"])


@pytest.mark.parametrize(
    ("verdict", "status", "state"), [("pass", 0, "s-good"), ("pass", None, "s-unsure")]
)
def test_only_what_is_whole_looks_good(
    tmp_path: Path, verdict: str, status: int | None, state: str
) -> None:
    assert state in str(page(tmp_path, saw(verdict), status=status).one("header").attributes)


def test_a_failure_shows_everything_and_the_table_leads_there(tmp_path: Path) -> None:
    made = page(tmp_path, broken(ledger={"elsewhere": "known in lane aot"}), status=1)
    block = made.one("details", id="SWAP-3-cpu-1_0")
    for words in ("token 7", "token 9", "SIGKILL", "one two", "out of memory", "Thread 1 waits"):
        assert words in block.words
    assert "pytest 'SWAP-3[cpu]'" in block.words
    assert "known in lane aot" in block.words
    links = [each for each in made.all("a", href="#SWAP-3-cpu-1_0") if "table" in each.parents]
    assert len(links) == 1


def test_a_known_failure_links_to_its_reason(tmp_path: Path) -> None:
    made = page(tmp_path, saw("known"))
    link = made.one("a", href="https://example.org/1")
    assert "details" in link.parents
    assert "the cache survives" in made.one("section", id="known").words


def test_a_link_can_only_lead_to_a_page(tmp_path: Path) -> None:
    ledger = {"reason": "why", "link": "javascript:alert(1)"}
    made = page(tmp_path, saw("known", ledger=ledger))
    assert [each for each in made.all("a") if "javascript" in str(each.attributes)] == []


def test_contradictions_name_both_runs(tmp_path: Path) -> None:
    first = record(tmp_path / "monday", saw("pass"), began=1)
    second = record(tmp_path / "tuesday", saw("fail"), began=2, status=1)
    made = Page(overview(first, second))
    assert "The records contradict each other." in made.one("section", id="failures").words
    assert "pass in monday" in made.one("section", id="failures").words.replace("\u2713 ", "")
    assert "in tuesday" in made.one("section", id="failures").words
    row = made.one("tr", **{"data-verdict": "flaky"})
    assert row.attributes["data-attention"] == "attention"
    assert "oldest to newest: pass, fail" in row.words


def test_each_promise_lane_and_pin_has_a_row_that_filters_understand(tmp_path: Path) -> None:
    first = record(tmp_path / "a", saw("pass", lane="cpu"), saw("not-run", "GEN-1", lane="tpu"))
    made = Page(overview(first, record(tmp_path / "b", saw("pass", lane="cpu"), pin="2.0")))
    rows = [each for each in made.all("tr") if "tbody" in each.parents]
    names = ("data-area", "data-lane", "data-pin", "data-verdict")
    assert [tuple(row.attributes[name] for name in names) for row in rows] == [
        ("SWAP", "cpu", "1.0", "pass"),
        ("SWAP", "cpu", "2.0", "pass"),
        ("GEN", "tpu", "1.0", "not-run"),
    ]
    for control in ("verdict", "area", "lane", "pin", "text"):
        made.one("label", **{"for": control})
        assert [each.tag for each in made.elements if each.attributes.get("id") == control]
    choices = [each.attributes["value"] for each in made.all("option")]
    assert choices == ["", "pass", "not-run", "", "GEN", "SWAP", "", "cpu", "tpu", "", "1.0", "2.0"]


def test_times_and_figures_are_drawn_and_written(tmp_path: Path) -> None:
    slow, quick = saw("pass", seconds=59.5), saw("pass", "GEN-1", seconds=5.5)
    first = record(tmp_path / "a", slow, quick, saw("pass", "AOT-9", figures={"bytes": 100}))
    second = record(tmp_path / "b", saw("pass", "AOT-9", figures={"bytes": 130}), pin="2.0")
    made = Page(overview(first, second))
    listed = [each for each in made.all("li") if "ol" in each.parents]
    assert [each.words for each in listed[:2]] == ["SWAP-3 cpu 1.060 s", "GEN-1 cpu 1.06.0 s"]
    widths = [each.attributes["width"] for each in made.all("rect") if "ol" in each.parents]
    assert widths[:2] == ["100.0", "10.0"]
    figures = made.one("section", id="figures").words
    assert "AOT-9 cpu: bytes" in figures
    assert "130 (1.30x)" in figures


def test_a_failure_without_a_finding_shows_what_pytest_said(tmp_path: Path) -> None:
    made = saw("fail", evidence_file="/another/machine/evidence/../../SWAP-3-cpu.txt")
    directory = record(tmp_path / "run", made, status=1)
    (directory / "evidence").mkdir()
    (directory / "evidence" / "SWAP-3-cpu.txt").write_text("E  assert 7 == 9")
    assert "E assert 7 == 9" in Page(overview(directory)).one("section", id="failures").words


def test_nothing_recorded_becomes_markup(tmp_path: Path) -> None:
    words = dict.fromkeys(("observed", "required", "stacks", "next_step"), HOSTILE)
    evidence = {**words, "facts": {HOSTILE: HOSTILE}, "log_tail": [HOSTILE]}
    texts = dict.fromkeys(("sentence", "lane", "reason", "condition", "options"), HOSTILE)
    ledger = {"reason": HOSTILE, "link": HOSTILE}
    red = saw("fail", HOSTILE, evidence=evidence, ledger=ledger, figures={HOSTILE: 1}, **texts)
    skipped = saw("not-run", "GEN-1", reason=HOSTILE)
    made = page(tmp_path, red, skipped, pin=HOSTILE, commit=HOSTILE, status=1)
    assert made.all("img") == []
    assert len(made.all("script")) == len(made.all("style")) == 1
    assert not {each.tag for each in made.elements if "onerror" in each.attributes}
    assert "<img" not in made.source
    assert made.source.encode().decode() == made.source
    assert not {"\x00", "\x1b"} & {*made.source}


def test_nothing_is_loaded_and_only_our_script_may_run(tmp_path: Path) -> None:
    made = page(tmp_path, broken(), status=1)
    for name in ("src", "srcset", "style", "onclick"):
        assert [each for each in made.elements if name in each.attributes] == []
    assert [each.attributes["href"] for each in made.all("link")] == ["data:,"]
    policy = str(made.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "@import" not in made.source
    assert "url(" not in made.source


def test_ids_are_unique_and_links_lead_somewhere(tmp_path: Path) -> None:
    cases = [broken(), saw("known", "GEN-1"), broken(promise="GEN-2", lane="aot")]
    made = page(tmp_path, *cases, status=1)
    ids = [each.attributes["id"] for each in made.elements if "id" in each.attributes]
    assert len(ids) == len({*ids})
    targets = [str(each.attributes["href"]) for each in made.all("a")]
    assert {each[1:] for each in targets if each.startswith("#")} <= {*ids}


def test_what_is_endless_is_cut_and_says_so(tmp_path: Path) -> None:
    evidence = {"observed": "x" * 500_000, "required": "", "stacks": "y" * 500_000}
    made = page(tmp_path, broken(evidence=evidence), status=1)
    assert len(made.source) < 150_000
    assert "(500000 characters, all of them in the record)" in made.source


def test_the_gates_answer_stands_at_the_top_of_the_same_page(tmp_path: Path) -> None:
    old = record(tmp_path / "old", saw("pass"))
    new = record(tmp_path / "new", broken(), pin="2.0", status=1)
    gate = answer(row("pass", "fail"), row("pass", "known", "GEN-1"), status=Status.MUST_NOT_MOVE)
    made = Page(overview(old, new), gate)
    assert made.one("h1").words == gate.headline
    assert gate.accepted in made.one("header").words
    assert "s-bad" in str(made.one("header").attributes["class"])
    moving = made.one("section", id="changes").words
    assert "SWAP-3 broken MUST, lane cpu: pass to fail" in moving
    assert "GEN-1 broken, known" in moving
    assert "token 7" in made.one("details", id="SWAP-3-cpu-2_0").words


def test_a_gate_that_has_not_ended_has_a_page_too() -> None:
    gate = answer(status=Status.COULD_NOT_JUDGE, trouble="the gate has not ended.")
    made = Page(merge([]), gate)
    assert made.one("h1").words == gate.headline
    assert "s-unsure" in str(made.one("header").attributes["class"])
