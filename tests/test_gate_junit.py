"""The gate's answer as JUnit's XML: nothing that blocks, or was not judged, looks green."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.answer import Answer
from reports.answer_junit import junit
from reports.comparison import Status
from reports.performance import Performance
from tests.gate_cases import GROWN, answer, row
from tests.gate_miniature import BROKEN_BY_NEW, FIRST_OF_TWO, GateMiniature
from tests.performance_cases import measured, ratios

MUST_NOT = Status.MUST_NOT_MOVE
KNOWN = ("pass", "known")


def suite_in(text: str) -> ET.Element:
    suite = ET.fromstring(text).find("testsuite")  # noqa: S314 - we have just written it
    assert suite is not None
    return suite


def suite_of(told: Answer) -> ET.Element:
    return suite_in(junit(told))


def tags(suite: ET.Element) -> dict[str | None, str]:
    """What each case says beside its output; nothing for one that is passed."""
    said = {case.get("name"): [each.tag for each in case] for case in suite.iter("testcase")}
    return {name: "".join({*each} - {"system-out"}) for name, each in said.items()}


@pytest.mark.parametrize(
    ("old", "new", "status", "tag"),
    [
        ("pass", "pass", Status.MAY_MOVE, ""),
        ("fail", "pass", Status.MAY_MOVE, ""),
        ("not-run", "pass", Status.MAY_MOVE, ""),
        ("not-run", "not-run", Status.MAY_MOVE, "skipped"),
        ("fail", "fail", Status.MAY_MOVE, "skipped"),
        (*KNOWN, Status.MAY_MOVE, "skipped"),
        ("pass", "fail", Status.MAY_MOVE, "skipped"),
        ("pass", "fail", MUST_NOT, "failure"),
        ("pass", "fail pass", MUST_NOT, "failure"),
        ("pass", "blocked", MUST_NOT, "failure"),
        ("blocked", "blocked", Status.COULD_NOT_JUDGE, "error"),
    ],
)
def test_each_promise_in_each_lane_is_a_case(old: str, new: str, status: Status, tag: str) -> None:
    suite = suite_of(answer(row(old, new), row("pass", "pass", "BACK-1"), status=status))
    assert tags(suite) == {"SWAP-3[cpu]": tag, "BACK-1[cpu]": ""}
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {
        "tests": "2",
        "failures": str(int(tag == "failure")),
        "errors": str(int(tag == "error")),
        "skipped": str(int(tag == "skipped")),
    }


def test_what_costs_more_fails_unless_it_is_allowed() -> None:
    costly = row("pass", "pass", figures=GROWN)
    assert tags(suite_of(answer(costly, status=Status.SHOULD_NOT_MOVE)))["SWAP-3[cpu]"] == "failure"
    assert tags(suite_of(answer(costly)))["SWAP-3[cpu]"] == ""


@pytest.mark.parametrize(
    ("times", "status", "tag"),
    [
        (1.0, Status.MAY_MOVE, ""),
        (2.0, Status.SHOULD_NOT_MOVE, "failure"),
        (2.0, Status.MAY_MOVE, ""),
    ],
)
def test_what_both_pins_cost_is_a_case(times: float, status: Status, tag: str) -> None:
    told = answer(row("pass", "pass"), status=status, performance=measured(ratios(times), 12))
    assert tags(suite_of(told)) == {"SWAP-3[cpu]": "", "what both pins cost": tag}
    assert "performance (12 pairs in turns" in junit(told)


def test_what_could_not_be_measured_is_skipped() -> None:
    told = answer(row("pass", "pass"), performance=Performance(trouble="no room."))
    assert tags(suite_of(told))["what both pins cost"] == "skipped"
    assert "not measured: no room." in junit(told)


def test_a_failure_says_what_was_seen_and_how_to_see_it_again() -> None:
    evidence = {"observed": "token 7", "required": "token 9"}
    suite = suite_of(answer(row("pass", "fail", evidence=evidence), status=MUST_NOT))
    (case,) = suite.iter("testcase")
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == "MUST broken"
    assert "observed:  token 7" in (failure.text or "")
    assert case.findtext("system-out") == (
        "OLD: pytest 'SWAP-3[cpu]' --pin 1.0\nNEW: pytest 'SWAP-3[cpu]' --pin 2.0"
    )


@pytest.mark.parametrize(
    "told",
    [
        answer(status=Status.COULD_NOT_JUDGE, trouble="it was interrupted."),
        answer(row("pass", "pass"), status=Status.COULD_NOT_JUDGE, trouble="it was interrupted."),
    ],
)
def test_a_gate_without_an_answer_is_an_error(told: Answer) -> None:
    suite = suite_of(told)
    assert tags(suite)["the gate has an answer"] == "error"
    assert suite.get("errors") == "1"
    assert "it was interrupted." in junit(told)


@given(words=st.text() | st.characters())
def test_whatever_engines_say_it_is_well_formed(words: str) -> None:
    hostile: dict[str, Any] = {
        "evidence": {"observed": words, "required": words},
        "reason": words,
        "sentence": words,
    }
    told = answer(row("pass", "fail", f"SWAP-{words}", **hostile), status=MUST_NOT, selection=words)
    assert suite_of(told).get("failures") == "1"
    assert junit(told).encode()


def test_the_gate_writes_it_before_and_after(gate: GateMiniature) -> None:
    gate.promise("BACK-1", BROKEN_BY_NEW)
    gate.promise("BACK-2")
    file = gate.path / "answer.xml"
    asked = gate.ask(*FIRST_OF_TWO, "--no-performance", "--junit", "answer.xml")
    assert asked.status == 1
    assert tags(suite_in(file.read_text())) == {"BACK-1[cpu]": "failure", "BACK-2[cpu]": ""}
    assert gate.ask("1.0", "1.0", "--junit", "answer.xml").status == 3
    assert tags(suite_in(file.read_text())) == {"the gate has an answer": "error"}
