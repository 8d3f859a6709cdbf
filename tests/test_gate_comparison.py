"""What two verdicts on one promise mean for whoever wants to move the pin."""

from itertools import product

import pytest

from reports.comparison import Outcome, Row, Sightings, Status, compare, judge
from reports.model import Level, Verdict
from tests.gate_cases import GROWN, case, row

KINDS = {
    "pass": "kept",
    "fixed": "kept",
    "known": "known",
    "fail": "broken",
    "crash": "broken",
    "hang": "broken",
    "flaky": "flaky",
    "blocked": "untried",
    "not-run": "untried",
    "": "untried",
}
COLUMNS = ("kept", "known", "broken", "flaky", "untried")
TABLE = {
    # with NEW: kept          known           broken          flaky    untried
    "kept": ("kept", "broken, known", "broken", "flaky", "no longer tried"),
    "known": ("repaired", "still broken", "still broken", "flaky", "no longer tried"),
    "broken": ("repaired", "still broken", "still broken", "flaky", "no longer tried"),
    "flaky": ("flaky", "flaky", "flaky", "flaky", "no longer tried"),
    "untried": ("newly tried", "broken, known", "broken", "flaky", "could not judge"),
}
STATUSES = {
    # what: MUST, SHOULD, SHOULD with --allow-should
    "broken, known": (0, 0, 0),
    "broken": (1, 2, 0),
    "no longer tried": (1, 3, 3),  # alone: then nothing was tried with NEW
    "flaky": (1, 2, 0),
    "could not judge": (3, 3, 3),
    "more costly": (2, 2, 0),
    "flaky, known": (0, 0, 0),
    "repaired": (0, 0, 0),
    "newly tried": (0, 0, 0),
    "still broken": (0, 0, 0),
    "not tried": (3, 3, 3),
    "kept": (0, 0, 0),
}
EXAMPLES = {
    "broken, known": ("pass", "known"),
    "broken": ("pass", "fail"),
    "no longer tried": ("pass", "blocked"),
    "flaky": ("pass fail", "pass"),
    "could not judge": ("blocked", "blocked"),
    "flaky, known": ("pass known", "pass"),
    "repaired": ("fail", "pass"),
    "newly tried": ("not-run", "pass"),
    "still broken": ("fail", "crash"),
    "not tried": ("not-run", "not-run"),
    "kept": ("pass", "pass"),
    "more costly": ("pass", "pass"),
}


def test_the_tables_are_complete() -> None:
    assert set(KINDS) == {*map(str, Verdict), ""}
    assert set(EXAMPLES) == set(STATUSES) == set(Outcome)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize(
    ("old", "new"), [pair for pair in product(KINDS, KINDS) if pair != ("", "")]
)
def test_each_pair_of_verdicts_has_its_outcome(old: str, new: str, level: Level) -> None:
    expected = TABLE[KINDS[old]][COLUMNS.index(KINDS[new])]
    if {old, new} == {"not-run"}:
        expected = "not tried"
    assert row(old, new, level=level).outcome == expected


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_has_its_status(outcome: Outcome) -> None:
    old, new = EXAMPLES[outcome]
    figures = GROWN if outcome is Outcome.COSTLIER else ({}, {})
    must, should = (row(old, new, level=level, figures=figures) for level in Level)
    assert must.outcome == should.outcome == outcome
    found = (judge([must]), judge([should]), judge([should], allow_should=True))
    assert found == STATUSES[outcome]


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([("pass", "fail", "MUST"), ("blocked", "blocked", "MUST")], Status.MUST_NOT_MOVE),
        ([("pass", "fail", "SHOULD"), ("blocked", "blocked", "MUST")], Status.COULD_NOT_JUDGE),
        ([("pass", "fail", "SHOULD"), ("pass", "fail", "MUST")], Status.MUST_NOT_MOVE),
        ([("pass", "pass", "MUST"), ("pass", "blocked", "SHOULD")], Status.SHOULD_NOT_MOVE),
        ([("pass", "pass", "MUST"), ("not-run", "not-run", "MUST")], Status.MAY_MOVE),
        ([], Status.COULD_NOT_JUDGE),
    ],
)
def test_the_worst_certainty_counts(rows: list[tuple[str, str, str]], status: Status) -> None:
    assert judge([row(old, new, level=level) for old, new, level in rows]) == status


def test_who_allows_shoulds_to_break_has_not_allowed_them_to_vanish() -> None:
    rows = [row("pass", "pass"), row("pass", "not-run", level="SHOULD")]
    assert judge(rows, allow_should=True) == Status.SHOULD_NOT_MOVE


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        ("pass pass pass pass", "fail fail fail fail", Outcome.BROKEN),
        ("pass pass pass pass", "fail crash fail hang", Outcome.BROKEN),
        ("pass pass pass pass", "fail pass fail fail", Outcome.FLAKY),
        ("pass fail pass pass", "fail fail fail fail", Outcome.FLAKY),
        ("fail pass fail pass", "pass pass pass pass", Outcome.FLAKY),
        ("fail fail fail pass", "pass pass pass pass", Outcome.REPAIRED),
        ("pass pass pass pass", "known known known fail", Outcome.BROKEN),
        ("pass pass pass pass", "known known known known", Outcome.KNOWN_BREAK),
        ("pass pass pass pass", "known pass known pass", Outcome.FLAKY_KNOWN),
        ("pass known pass pass", "fail fail fail fail", Outcome.FLAKY),
        ("known pass known pass", "pass pass pass pass", Outcome.FLAKY_KNOWN),
        ("known known", "pass fixed", Outcome.REPAIRED),
        ("pass pass pass pass", "blocked pass pass pass", Outcome.KEPT),
        ("pass pass pass pass", "blocked fail blocked blocked", Outcome.BROKEN),
        ("pass pass", "blocked not-run", Outcome.NO_LONGER_TRIED),
    ],
)
def test_repetitions_settle_what_a_difference_is(old: str, new: str, outcome: Outcome) -> None:
    assert row(old, new).outcome == outcome


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ("pass", "fail", True),
        ("pass", "known", True),
        ("known", "pass", True),
        ("pass", "blocked", True),
        ("not-run", "pass", True),
        ("pass", "fixed", False),
        ("fail", "crash", False),
        ("fail", "known", False),
        ("not-run", "blocked", False),
        ("pass", "pass", False),
    ],
)
def test_what_stands_differently_is_worth_a_repetition(old: str, new: str, differs: bool) -> None:  # noqa: FBT001 - an example's answer
    assert row(old, new).differs is differs


def test_known_losses_come_first_then_losses_by_weight() -> None:
    rows = compare(
        {name: [case("pass", name, level)] for name, level in LEVELS.items()},
        {name: [case(verdict, name, LEVELS[name])] for name, verdict in WITH_NEW.items()},
    )
    assert [each.promise for each in rows] == ["AOT-4", "SWAP-3", "SWAP-12", "BACK-1", "ENV-1"]


LEVELS = {
    "ENV-1": "MUST",
    "BACK-1": "SHOULD",
    "SWAP-12": "MUST",
    "SWAP-3": "MUST",
    "AOT-4": "SHOULD",
}
WITH_NEW = {
    "ENV-1": "pass",
    "BACK-1": "fail",
    "SWAP-12": "hang",
    "SWAP-3": "fail",
    "AOT-4": "known",
}


def test_a_promise_that_nobody_graded_is_a_must() -> None:
    assert row("pass", "crash", level="").level is Level.MUST


def test_the_level_is_taken_from_whoever_says_it() -> None:
    sides = Sightings((case("pass", level="SHOULD"),)), Sightings((case("crash", level=""),))
    assert Row("x", *sides).level is Level.SHOULD


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (100, 120, Outcome.KEPT),
        (100, 121, Outcome.COSTLIER),
        (100, 10, Outcome.KEPT),
        (0, 0, Outcome.KEPT),
        (0, 1, Outcome.COSTLIER),
    ],
)
def test_a_figure_may_grow_by_a_fifth(old: float, new: float, outcome: Outcome) -> None:
    assert row("pass", "pass", figures=({"bytes": old}, {"bytes": new})).outcome == outcome


@pytest.mark.parametrize("figures", [({"a": 1}, {"b": 9}), ({}, {"b": 9}), ({"a": 1}, {})])
def test_a_figure_of_one_pin_alone_says_nothing(figures: tuple[dict[str, float], ...]) -> None:
    assert row("pass", "pass", figures=figures).outcome == Outcome.KEPT


def test_who_breaks_a_promise_is_not_blamed_for_its_cost() -> None:
    assert row("pass", "fail", figures=GROWN).outcome == Outcome.BROKEN


@pytest.mark.parametrize(
    ("old", "often"),
    [("fail pass pass pass", 11), ("fail pass crash pass", 5), ("crash fail pass hang", 3)],
)
def test_new_is_steadier_once_luck_explains_it_no_longer(old: str, often: int) -> None:
    lucky, steady = (row(old, " ".join(["pass"] * times)) for times in (often - 1, often))
    assert (lucky.outcome, lucky.unsettled) == (Outcome.FLAKY, True)
    assert (steady.outcome, steady.unsettled) == (Outcome.REPAIRED, False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fail pass", "pass pass pass pass pass pass fail"),
        ("pass pass", "pass fail"),
        ("fail pass", "fail fail"),
        ("flaky", "pass pass pass pass pass pass pass"),
        ("fail pass", "pass pass pass pass pass blocked"),
    ],
)
def test_nothing_else_that_is_flaky_can_be_settled(old: str, new: str) -> None:
    mixed = row(old, new)
    assert (mixed.outcome, mixed.unsettled) == (Outcome.FLAKY, False)


def test_what_the_ledger_excuses_need_not_be_settled() -> None:
    assert not row("pass known", "pass").unsettled
