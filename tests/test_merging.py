"""What several records say together: nothing that was broken anywhere turns green."""

from pathlib import Path

import pytest

from reports.merging import State
from reports.model import Level, Verdict
from tests.recorded import overview, record, saw

INTERMITTENT = {"reason": "now and then", "link": "https://example.org/1"}


def standing(path: Path, *verdicts: str) -> tuple[str, State]:
    """Of a promise of which each run has seen something else."""
    runs = [
        record(path / str(n), saw(verdict), began=100.0 + n) for n, verdict in enumerate(verdicts)
    ]
    together = overview(*runs)
    (only,) = together.standings
    return only.verdict, together.state


@pytest.mark.parametrize(
    ("seen", "verdict", "state"),
    [
        (["pass", "pass"], "pass", State.KEPT),
        (["pass", "not-run"], "pass", State.KEPT),
        (["not-run", "pass"], "pass", State.KEPT),
        (["known", "known"], "known", State.KEPT),
        (["pass", "fail"], "flaky", State.BROKEN),
        (["crash", "pass"], "flaky", State.BROKEN),
        (["pass", "known"], "flaky", State.BROKEN),
        (["fixed", "known"], "flaky", State.BROKEN),
        (["fail", "known"], "fail", State.BROKEN),
        (["crash", "fail", "hang"], "fail", State.BROKEN),
        (["pass", "fixed"], "fixed", State.BROKEN),
        (["pass", "flaky"], "flaky", State.BROKEN),
        (["pass", "blocked"], "blocked", State.UNJUDGED),
        (["not-run", "not-run"], "not-run", State.UNJUDGED),
    ],
)
def test_the_gravest_stands_and_contradictions_are_flaky(
    tmp_path: Path, seen: list[str], verdict: str, state: State
) -> None:
    assert standing(tmp_path, *seen) == (verdict, state)


def test_what_the_ledger_lets_pass_now_and_then_stays_known(tmp_path: Path) -> None:
    together = overview(
        record(tmp_path / "1", saw("known")),
        record(tmp_path / "2", saw("pass", ledger=INTERMITTENT)),
    )
    assert together.standings[0].verdict is Verdict.KNOWN
    assert together.standings[0].contradictory
    assert together.state is State.KEPT


def test_lanes_and_pins_stand_for_themselves(tmp_path: Path) -> None:
    together = overview(
        record(tmp_path / "1", saw("pass", lane="cpu"), saw("pass", lane="aot")),
        record(tmp_path / "2", saw("fail", lane="cpu"), pin="2.0", status=1),
    )
    stood = [(each.lane, each.pin, each.verdict) for each in together.standings]
    assert stood == [("cpu", "2.0", "fail"), ("aot", "1.0", "pass"), ("cpu", "1.0", "pass")]


def test_one_label_for_other_packages_is_another_pin(tmp_path: Path) -> None:
    together = overview(
        record(tmp_path / "1", saw("pass"), began=1),
        record(tmp_path / "2", saw("fail"), versions={"jax": "0.8.1"}, began=2),
    )
    assert together.pins == ("1.0", "1.0 (2)")
    assert [each.verdict for each in together.standings] == ["fail", "pass"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (None, "The run a was killed: what it had not tried yet is not judged."),
        (2, "The run a ended early, with status 2: it has not tried all."),
        (1, "The run a ended red, though no promise says why: read its output."),
    ],
)
def test_a_run_that_is_not_whole_is_never_green(
    tmp_path: Path, status: int | None, said: str
) -> None:
    together = overview(record(tmp_path / "a", saw("pass"), status=status))
    assert together.troubles == (said,)
    assert together.state is State.UNJUDGED


def test_a_run_that_says_why_it_is_red_has_no_other_trouble(tmp_path: Path) -> None:
    together = overview(record(tmp_path / "a", saw("pass"), saw("fail", "GEN-1"), status=1))
    assert together.troubles == ()
    assert together.state is State.BROKEN


def test_a_half_written_line_ends_the_record_and_nothing_else(tmp_path: Path) -> None:
    log = record(tmp_path / "a", saw("pass"), status=None) / "run.jsonl"
    log.write_text(log.read_text() + '{"$report_type": "TestRep')
    together = overview(tmp_path / "a")
    assert [each.verdict for each in together.standings] == ["pass"]
    assert together.state is State.UNJUDGED


def test_what_was_required_and_did_not_run_is_no_green(tmp_path: Path) -> None:
    red = saw("not-run", "GEN-1", outcome="failed")
    together = overview(record(tmp_path / "a", saw("pass"), red, status=1))
    assert [each.promise for each in together.standings if each.missed] == ["GEN-1"]
    assert together.state is State.UNJUDGED
    assert overview(record(tmp_path / "b", saw("pass"), saw("not-run", "GEN-1"))).state == 0


def test_what_a_fault_broke_says_nothing_about_the_pin(tmp_path: Path) -> None:
    together = overview(record(tmp_path / "a", saw("pass"), saw("fail", "GEN-1", seen="not-run")))
    assert together.faults == 1
    assert [each.promise for each in together.standings] == ["SWAP-3"]


def test_time_is_that_of_the_newest_run_that_has_tried_it(tmp_path: Path) -> None:
    together = overview(
        record(tmp_path / "3", saw("not-run", seconds=9), began=300),
        record(tmp_path / "1", saw("pass", seconds=1), began=200),
        record(tmp_path / "2", saw("pass", seconds=4), began=100),
    )
    (only,) = together.standings
    assert [each.run.name for each in only.sightings] == ["2", "1", "3"]
    assert only.seconds == 1.5


def test_the_level_is_the_harder_one_where_nobody_says_it(tmp_path: Path) -> None:
    together = overview(record(tmp_path / "a", saw("fail", level=""), status=1))
    assert together.standings[0].level is Level.MUST
