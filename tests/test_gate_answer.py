"""The gate's words: first the verdict, then what differs, and never more than a comment holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from reports.answer import sequence
from reports.answer_pages import markdown, terminal
from reports.comment import MARKDOWN_BYTES
from reports.comparison import Row, Sightings, Status
from tests.gate_cases import GROWN, answer, case, row

EVIDENCE = {"observed": "token 7", "required": "token 9"}


def lost(**more: Any) -> str:
    return terminal(
        answer(row("pass", "fail fail", **more), status=Status.MUST_NOT_MOVE),
    )


def test_who_may_move_reads_it_first() -> None:
    said = terminal(answer(row("pass", "pass"), row("fail", "pass", "BACK-1")))
    assert said.startswith("May move from 1.0 to 2.0: nothing that 1.0 keeps is lost (2 tried")
    assert "repaired (1)\n  BACK-1    MUST    cpu     fail -> pass\n" in said
    assert "repaired: 1; kept: 1" in said


def test_a_loss_is_named_counted_and_explained() -> None:
    said = lost(evidence=EVIDENCE)
    head, *rest = said.splitlines()
    assert head == "Must not move from 1.0 to 2.0: 1 MUST is broken (SWAP-3 in lane cpu)."
    assert "  SWAP-3    MUST    cpu     pass -> fail x2" in rest
    assert "      observed:  token 7" in rest
    assert "      required:  token 9" in rest
    assert "      OLD:       pytest 'SWAP-3[cpu]' --pin 1.0" in rest
    assert "      NEW:       pytest 'SWAP-3[cpu]' --pin 2.0" in rest


def test_a_doubt_about_old_is_explained_by_what_old_did() -> None:
    wrong = case("crash", evidence=EVIDENCE, pin_spec="1.0", evidence_file="old.txt")
    flaky = Row("SWAP-3[cpu]", Sightings((wrong, case("pass"))), Sightings((case("pass"),) * 2))
    said = terminal(answer(flaky, status=Status.MUST_NOT_MOVE))
    assert "      verdicts:  crash, pass with OLD; pass x2 with NEW" in said
    assert "      observed:  token 7" in said
    assert "      evidence:  old.txt" in said


def test_what_the_ledger_accepts_is_said_at_the_top() -> None:
    said = terminal(answer(row("pass", "known"), row("pass", "pass", "BACK-1")))
    lines = said.splitlines()
    assert lines[0] == (
        "May move from 1.0 to 2.0: nothing that 1.0 keeps is lost but SWAP-3 in lane cpu "
        "(Swapped weights MUST answer), as the ledger has accepted (2 tried with 2.0)."
    )
    assert lines[1] == (
        "With 2.0 1 promise is broken as the ledger has accepted: SWAP-3 in lane cpu."
    )
    assert lines[3] == "broken, known (1)"
    assert "      ledger:    the cache survives (https://example.org/1)" in lines


def test_of_what_the_ledger_accepts_the_gravest_is_quoted_first() -> None:
    shoulds = [row("pass", "known", f"BACK-{number}", level="SHOULD") for number in (1, 2, 3)]
    said = answer(*shoulds, row("pass", "known")).headline
    assert "lost but SWAP-3 in lane cpu (Swapped weights MUST answer), BACK-1 in lane cpu" in said
    assert "(Swapped weights SHOULD answer), 1 more, as the ledger has accepted (4" in said
    assert "BACK-3" not in said


def test_who_could_not_try_it_does_not_lose_what_the_ledger_accepts() -> None:
    made = answer(row("blocked", "known"), row("pass", "pass", "BACK-1"))
    assert "nothing that 1.0 keeps is lost (2 tried with 2.0)." in made.headline
    assert made.accepted.startswith("With 2.0 1 promise is broken as the ledger has accepted")


def test_only_shoulds() -> None:
    should = row("pass", "fail", level="SHOULD")
    refused = answer(should, status=Status.SHOULD_NOT_MOVE).headline
    assert refused == "Should not move from 1.0 to 2.0: 1 SHOULD is broken (SWAP-3 in lane cpu)."
    assert answer(should).headline.endswith("(SWAP-3 in lane cpu), which --allow-should allows.")


def test_what_the_ledger_accepts_is_in_the_first_line_whatever_else_is_lost() -> None:
    rows = row("pass", "known"), row("pass", "fail", "BACK-1", level="SHOULD")
    accepted = "lost as the ledger has accepted: SWAP-3 in lane cpu (Swapped weights MUST answer)."
    for status in (Status.SHOULD_NOT_MOVE, Status.MUST_NOT_MOVE, Status.MAY_MOVE):
        assert answer(*rows, status=status).headline.endswith(f"; {accepted}")


def test_what_costs_more_is_told_in_figures() -> None:
    costlier = answer(row("pass", "pass", figures=GROWN), status=Status.SHOULD_NOT_MOVE)
    said = terminal(costlier)
    assert said.startswith(
        "Should not move from 1.0 to 2.0: 1 MUST is more costly (SWAP-3 in lane cpu)."
    )
    assert "      grown:     bytes: 100 -> 130, 1.30 times" in said.splitlines()
    (told,) = costlier.as_json()["promises"]
    assert told["grown"] == [{"figure": "bytes", "old": 100, "new": 130}]


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ({"trouble": "the lock is held."}, "the lock is held."),
        ({}, "nothing was tried with the new pin."),
    ],
)
def test_no_judgement_says_why(made: dict[str, str], why: str) -> None:
    headline = answer(status=Status.COULD_NOT_JUDGE, **made).headline
    assert headline == f"Could not judge the move from 1.0 to 2.0: {why}"


def test_what_neither_pin_could_try_is_named() -> None:
    headline = answer(row("blocked", "blocked"), status=Status.COULD_NOT_JUDGE).headline
    assert headline.endswith("1 promise could be tried with neither pin: SWAP-3 in lane cpu.")


def test_of_many_losses_the_headline_names_some() -> None:
    rows = [row("pass", "fail", f"GEN-{number}") for number in range(9)]
    headline = answer(*rows, status=Status.MUST_NOT_MOVE).headline
    assert "9 MUSTs are broken (GEN-0 in lane cpu" in headline
    assert headline.endswith("3 more).")


def test_lanes_that_could_not_run_are_listed_with_their_reason() -> None:
    said = terminal(
        answer(row("not-run", "not-run", reason="There is no TPU."), row("pass", "pass"))
    )
    assert "(1 tried with 2.0, 1 can't be tried on this machine)." in said.splitlines()[0]
    assert "not tried with either pin (1): There is no TPU." in said


def test_repetitions_are_counted() -> None:
    made = row("pass fail fail pass", "not-run")
    assert sequence(made.old) == "pass, fail x2, pass"
    assert sequence(made.new) == "not-run"


def test_scripts_get_everything() -> None:
    made = answer(row("pass", "fail", evidence=EVIDENCE), status=Status.MUST_NOT_MOVE)
    told = json.loads(json.dumps(made.as_json()))
    assert (told["status"], told["verdict"], told["counts"]) == (1, "must not move", {"broken": 1})
    (promise,) = told["promises"]
    assert (promise["promise"], promise["lane"], promise["outcome"]) == ("SWAP-3", "cpu", "broken")
    assert [each["verdict"] for each in promise["new"]] == ["fail"]
    assert promise["new"][0]["observed"] == "token 7"


def test_markdown_has_the_verdict_a_table_and_the_evidence() -> None:
    said = markdown(answer(row("pass", "fail", evidence=EVIDENCE), status=Status.MUST_NOT_MOVE))
    assert said.startswith("### Must not move from 1.0 to 2.0: 1 MUST is broken")
    assert "| broken | SWAP-3 | MUST | cpu | pass | fail |\n" in said
    assert "observed:  token 7" in said


def test_what_engines_say_cannot_break_the_markdown() -> None:
    evidence = {"observed": "```\n</details> | <b>@all</b>", "required": "peace"}
    said = markdown(
        answer(row("pass", "fail", evidence=evidence, sentence="a | b <script>"), trouble="<x> | y")
    )
    assert said.count("```") == 2
    assert answer(status=Status.COULD_NOT_JUDGE, trouble="<x>|y").headline.endswith("<x>|y")
    assert "&lt;x&gt;\\|y" in markdown(answer(status=Status.COULD_NOT_JUDGE, trouble="<x>|y"))


@pytest.mark.parametrize("observed", ["x" * 5_000, "\N{SNOWMAN}" * 5_000])
def test_markdown_always_fits_into_a_comment(observed: str) -> None:
    evidence = {"observed": observed, "required": observed}
    rows = [row("pass", "fail", f"GEN-{n}", evidence=evidence) for n in range(2_000)]
    said = markdown(answer(*rows, status=Status.MUST_NOT_MOVE))
    assert len(said.encode()) <= MARKDOWN_BYTES < 64 * 1024
    shown = said.count("| broken | GEN-")
    explained = said.count("**GEN-")
    assert shown > 100
    assert explained > 5
    assert f"{2_000 - shown} more differences are left out here." in said
    assert f"{2_000 - explained} more explanations are left out here." in said
    assert said.startswith("### Must not move")


def test_the_telling_sighting_is_one_that_is_not_kept() -> None:
    made = row("pass pass", "pass fail")
    assert made.new.telling == case("fail", pin_spec="2.0")


def test_an_entry_whose_promise_is_kept_has_to_go() -> None:
    said = terminal(answer(row("known", "fixed")))
    assert "the ledger is wrong, 2.0 keeps SWAP-3 in lane cpu: remove that" in said


def test_packages_of_the_stack_are_named_and_others_counted() -> None:
    packages = {"a": ("1", "2"), "b": ("1", "absent"), "jax": ("0.8.1", "0.10.2")}
    said = terminal(answer(row("pass", "pass"), packages=packages))
    assert "packages that differ: jax 0.8.1 -> 0.10.2, 2 others" in said


def test_the_records_of_repetitions_are_named_beside_the_first() -> None:
    records = {
        "old": (Path("/runs/a"), Path("/runs/b"), Path("/runs/c")),
        "new": (Path("/runs/d"),),
    }
    said = terminal(answer(row("pass", "pass"), records=records)).splitlines()
    assert said[-2:] == [
        "record of OLD: /runs/a (repeated in b, c)",
        "record of NEW: /runs/d",
    ]
