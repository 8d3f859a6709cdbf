"""Of many promises that are lost for one cause a few are tried again, and the answer names it."""

import pytest

from reports.answer_pages import markdown, terminal
from reports.cause import ENOUGH, cause, doubted, shared, witnesses
from reports.comparison import Outcome, Row, Status
from tests.gate_cases import answer, row
from tests.gate_miniature import FIRST_OF_TWO, GateMiniature

CAUSE = "TypeError: no device_indexes"
BROKEN = f"assert pin != '2.0', {CAUSE!r}"


def rows(number: int, old: str = "pass", new: str = "fail", **more: str) -> list[Row]:
    return [row(old, new, f"GEN-{each}", **{"reason": CAUSE, **more}) for each in range(number)]


def test_the_cause_is_in_the_words_of_whoever_fails() -> None:
    assert cause(row("pass", "fail", reason=CAUSE)) == CAUSE
    assert cause(row("fail", "pass", reason=CAUSE)) == CAUSE
    assert cause(row("pass", "fail", evidence={"observed": "token 7"}, reason="")) == "token 7"
    assert cause(row("pass", "pass", reason=CAUSE)) == ""


def test_the_cause_of_a_crash_is_what_it_said_itself() -> None:
    said = {"observed": f"killed by SIGKILL; {CAUSE}", "exception": CAUSE}
    assert cause(row("pass", "crash", evidence=said)) == CAUSE
    assert cause(row("pass", "crash", evidence=said | {"exception": ""})) == ""


@pytest.mark.parametrize("number", [1, ENOUGH, ENOUGH + 1, 4 * ENOUGH, 100])
def test_a_few_are_witnesses_of_all(number: int) -> None:
    assert min(number, 3) <= len(witnesses(rows(number))) <= ENOUGH


def test_who_has_a_cause_of_its_own_is_its_own_witness() -> None:
    apart = [row("pass", "fail", f"SWAP-{each}", reason=str(each)) for each in range(2 * ENOUGH)]
    wordless = rows(2 * ENOUGH, reason="")
    assert witnesses([*apart, *wordless, *rows(100)])[: 4 * ENOUGH] == [*apart, *wordless]


@pytest.mark.parametrize("verdict", ["crash", "hang"])
def test_where_the_words_name_no_cause_all_are_witnesses(verdict: str) -> None:
    lost = rows(20, new=verdict)
    assert witnesses(lost) == lost
    assert shared(lost) == ("", 0)


def test_what_is_lost_is_no_witness_of_what_is_repaired() -> None:
    lost, repaired = rows(3), rows(3, "fail", "pass")
    assert witnesses([*lost, *repaired]) == [*lost, *repaired]


def test_a_flaky_witness_is_believed_for_nobody() -> None:
    listed = [*rows(10), *(row("pass", "fail", f"SWAP-{each}", reason="other") for each in "12")]
    assert doubted(listed, [row("pass", "fail pass", reason=CAUSE)]) == listed[:10]
    assert doubted(listed, [row("pass", "fail fail", reason=CAUSE)]) == []


def test_what_most_have_in_common_is_shared() -> None:
    others = [row("pass", "fail", f"SWAP-{each}", reason=str(each)) for each in range(ENOUGH + 1)]
    assert shared([*rows(ENOUGH + 2), *others]) == (CAUSE, ENOUGH + 2)
    assert shared([*rows(ENOUGH + 1), *others]) == ("", 0)
    assert shared(rows(ENOUGH)) == shared([]) == shared(rows(10, reason="")) == ("", 0)


def test_the_cause_is_told_right_after_the_verdict() -> None:
    lost = answer(*rows(10), row("pass", "blocked"), status=Status.MUST_NOT_MOVE)
    told = f"10 of these 11 have one cause: {CAUSE}"
    assert terminal(lost).splitlines()[1] == lost.as_json()["cause"] == told
    assert markdown(lost).split("\n\n")[1] == told
    assert answer(*rows(10, new="pass")).cause == ""


def test_a_gate_repeats_a_few_of_many_alike(gate: GateMiniature) -> None:
    for number in range(12):
        gate.promise(f"GEN-{number + 1}", BROKEN)
    gate.promise("BACK-1", "assert pin != '2.0', 'another'")
    told = gate.ask(*FIRST_OF_TWO)
    assert told.status == 1, told.err
    assert set(told.outcomes.values()) == {str(Outcome.BROKEN)}
    repeated = [name for name, (_, new) in told.verdicts.items() if new == ["fail"] * 4]
    assert repeated == ["BACK-1", "GEN-1", "GEN-4", "GEN-7", "GEN-10"]
    assert len(gate.runs) == 8
    assert told.out.splitlines()[1].startswith("12 of these 13 have one cause: ")


def test_a_gate_repeats_all_when_one_of_these_is_flaky(gate: GateMiniature) -> None:
    for number in range(12):
        gate.promise(f"GEN-{number + 1}", BROKEN if number else f"if not turn: {BROKEN}")
    told = gate.ask(*FIRST_OF_TWO)
    assert told.outcomes["GEN-1"] == "flaky", told.err
    assert {len(new) for _, new in told.verdicts.values()} == {4}
    assert len(gate.runs) == 14
