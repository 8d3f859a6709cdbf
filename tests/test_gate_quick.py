"""`gate --quick`: one promise of each area, and an answer that nobody takes for the whole."""

import pytest

from reports.comparison import Status
from tests.gate_cases import answer, row
from tests.gate_miniature import BROKEN_BY_NEW, FIRST_OF_TWO, GateMiniature, Here


@pytest.fixture
def areas(gate: GateMiniature) -> GateMiniature:
    conftest = gate.path / "conftest.py"
    conftest.write_text(f'{conftest.read_text()}\npytest_plugins = ["fixtures.smoke"]\n')
    for promise in ("GEN-1", "GEN-2", "BACK-1", "BACK-2"):
        gate.promise(promise, BROKEN_BY_NEW if promise == "BACK-2" else "pass")
    gate.miniature.run("--write-promises")
    return gate


def test_only_one_promise_of_each_area_is_tried_and_the_answer_says_so(
    areas: GateMiniature,
) -> None:
    told = areas.ask(*FIRST_OF_TWO, "--quick")
    assert told.outcomes == {"GEN-1": "kept", "BACK-2": "broken"}, told.err
    assert told.status == 1
    assert told.out.splitlines()[0].endswith("; --quick: no more than 2 of 4 promises.")
    assert "selected: lanes all that this machine has, --quick: one promise of each" in told.out
    assert told.json["quick_of"] == 4


def test_a_lane_may_be_named_with_it(areas: GateMiniature) -> None:
    areas.promise("LOCK-2", lanes=("static", "lock"))
    told = areas.ask(*FIRST_OF_TWO, "--quick", "--lanes", "static")
    assert (told.status, told.outcomes) == (0, {"LOCK-2": "kept"}), told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-k", "GEN-1"), "--quick chooses by itself what is tried: leave it out, or -k."),
        (("--tier", "nightly"), "leave it out, or --tier nightly."),
        (("--lanes", "aot"), "no promise is selected by lanes aot, --quick: one promise of each"),
    ],
)
def test_it_is_a_selection_of_its_own(
    areas: GateMiniature, ask_here: Here, words: tuple[str, ...], said: str
) -> None:
    status, told = ask_here(*FIRST_OF_TWO, "--quick", *words)
    assert (status, said in told) == (3, True), told
    assert areas.runs == []


@pytest.mark.parametrize("status", [Status.MAY_MOVE, Status.SHOULD_NOT_MOVE, Status.MUST_NOT_MOVE])
def test_each_answer_counts_what_was_seen(status: Status) -> None:
    rows = (row("pass", "pass", "GEN-1"), row("pass", "fail", level="SHOULD"))
    shown = answer(*rows, status=status, quick_of=50).headline
    assert "--quick: no more than 2 of 50 promises" in shown
    assert "--quick" not in answer(*rows, status=status).headline
    kept = answer(row("pass", "pass"), row("not-run", "not-run", "GEN-1"), quick_of=50).headline
    assert "--quick: no more than 1 of 50 promises" in kept
