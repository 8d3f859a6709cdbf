"""The gate from end to end, over promises that are broken by one pin or another."""

import json

import pytest

from reports.stored import stored
from tests.gate_driver import BRANCH
from tests.gate_miniature import BROKEN_BY_NEW, FIRST_OF_TWO, GateMiniature, Here


def test_what_is_kept_may_move_after_one_run_of_each(gate: GateMiniature) -> None:
    gate.promise("BACK-1")
    gate.promise("BACK-2", "assert False")
    told = gate.ask(*FIRST_OF_TWO)
    assert told.status == 0, told.err
    assert told.out.startswith("May move from 1.0 to 2.0: ")
    assert told.outcomes == {"BACK-1": "kept", "BACK-2": "still broken"}
    assert len(gate.runs) == 2
    assert "packages that differ: sglang-jax 1.0 -> 2.0\n" in told.out
    assert all(str(run) in told.out for run in gate.runs)


def test_a_broken_must_is_repeated_in_turns_and_must_not_move(gate: GateMiniature) -> None:
    gate.promise("BACK-1", BROKEN_BY_NEW)
    gate.promise("BACK-2")
    told = gate.ask(*FIRST_OF_TWO, "--html", "page.html")
    assert told.status == 1, told.err
    page = (gate.path / "page.html").read_text()
    assert f"<h1>{told.out.splitlines()[0]}</h1>" in page
    assert page.count(gate.runs[-1].name) > 1
    assert "1 MUST is broken (BACK-1 in lane cpu)" in told.out.splitlines()[0]
    assert told.verdicts == {
        "BACK-1": (["pass"] * 4, ["fail"] * 4),
        "BACK-2": (["pass"], ["pass"]),
    }
    tried = [(stored(run).environment or {})["pin"]["spec"] for run in gate.runs]
    assert tried == ["1.0", "2.0"] * 4


def test_a_branch_stays_where_it_was_when_the_gate_began(gate: GateMiniature) -> None:
    gate.promise("BACK-1", BROKEN_BY_NEW)
    told = gate.ask("1.0", BRANCH)
    assert (told.status, told.outcomes) == (1, {"BACK-1": "broken"})
    assert told.out.startswith("Must not move from 1.0 to 3.0: ")
    tried = [(stored(run).environment or {})["pin"]["spec"] for run in gate.runs]
    assert tried == ["1.0", "2.0"] * 4


def test_mixed_results_are_flaky_and_do_not_pass(gate: GateMiniature) -> None:
    gate.promise("BACK-1", "assert pin != '2.0' or turn % 2")
    told = gate.ask(*FIRST_OF_TWO)
    assert (told.status, told.outcomes) == (1, {"BACK-1": "flaky"})
    assert "1 MUST is flaky" in told.out


def test_what_old_breaks_now_and_then_is_repaired_if_new_keeps_it_often(
    gate: GateMiniature,
) -> None:
    gate.promise("BACK-1", "assert pin != '1.0' or turn % 2")
    told = gate.ask(*FIRST_OF_TWO)
    assert (told.status, told.outcomes) == (0, {"BACK-1": "repaired"}), told.err
    assert told.verdicts["BACK-1"] == (["fail", "pass"] * 2, ["pass"] * 5)


def test_what_old_breaks_now_and_then_is_flaky_if_new_only_had_luck(gate: GateMiniature) -> None:
    gate.promise("BACK-1", "assert turn % 2 if pin == '1.0' else turn != 4")
    told = gate.ask(*FIRST_OF_TWO)
    assert (told.status, told.outcomes) == (1, {"BACK-1": "flaky"}), told.err
    assert told.verdicts["BACK-1"][1] == [*["pass"] * 4, "fail"]


@pytest.mark.parametrize(("options", "status"), [((), 2), (("--allow-should",), 0)])
def test_a_broken_should(gate: GateMiniature, options: tuple[str, ...], status: int) -> None:
    gate.promise("BACK-1", BROKEN_BY_NEW, level="SHOULD")
    assert gate.ask(*FIRST_OF_TWO, *options).status == status


def test_what_the_ledger_knows_does_not_block_and_is_told_first(gate: GateMiniature) -> None:
    gate.promise("KNOWN-1", BROKEN_BY_NEW)
    told = gate.ask(*FIRST_OF_TWO)
    assert (told.status, told.outcomes) == (0, {"KNOWN-1": "broken, known"})
    assert told.out.splitlines()[1].endswith("as the ledger has accepted: KNOWN-1 in lane cpu.")


def test_what_new_can_not_try_any_more_is_a_loss(gate: GateMiniature) -> None:
    gate.promise("BACK-1")
    gate.promise("BACK-2", "if pin == '2.0': raise Blocked(Evidence('no tunix', 'tunix'))")
    told = gate.ask(*FIRST_OF_TWO)
    assert (told.status, told.outcomes["BACK-2"]) == (1, "no longer tried")


def test_a_lane_that_cannot_run_is_listed_and_its_promises_are_not_judged(
    gate: GateMiniature,
) -> None:
    gate.promise("BACK-1", lanes=("cpu", "tpu"))
    told = gate.ask(*FIRST_OF_TWO)
    assert told.status == 0
    assert "not tried with either pin (1): There is no TPU on this machine" in told.out


def test_a_lane_that_was_asked_for_and_cannot_run_is_no_judgement(gate: GateMiniature) -> None:
    gate.promise("BACK-1", lanes=("cpu", "tpu"))
    told = gate.ask(*FIRST_OF_TWO, "--lanes", "cpu,tpu")
    assert told.status == 3
    assert "1 promise could be tried with neither pin: BACK-1 in lane tpu." in told.out


def test_where_nothing_can_run_nothing_is_judged(gate: GateMiniature) -> None:
    gate.promise("BACK-1", lanes=("tpu",))
    told = gate.ask(*FIRST_OF_TWO)
    assert (told.status, "nothing was tried" in told.out) == (3, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("1.0", "1.0"), "OLD and NEW are the same pin."),
        (("1.0", "sglang-jax==1.0"), "OLD and NEW are the same pin."),
        (("0.0", "2.0"), "the pin 0.0 could not be built"),
        (("2.0", "0.0"), "the pin 0.0 could not be built"),
        (("a version", "2.0"), "a version: this is no pin"),
        ((*FIRST_OF_TWO, "-k", "SWAP-9"), "-k 'SWAP-9' matches no promise."),
        ((*FIRST_OF_TWO, "-k", "a and ("), "-k: 'a and (' is no expression"),
        ((*FIRST_OF_TWO, "--lanes", "gpu"), "--lanes: no lane is called 'gpu'."),
        ((*FIRST_OF_TWO, "--lanes", ""), "--lanes: no lane is called ''."),
        ((*FIRST_OF_TWO, "--lanes", "lock"), "no promise is selected by lanes lock."),
        ((*FIRST_OF_TWO, "--lanes", "cpu,lock"), "in the lane lock, which --lanes names, no"),
        ((*FIRST_OF_TWO, "--from", "nowhere"), "there is no record in nowhere: No such file"),
        ((*FIRST_OF_TWO, "-x"), "unknown: -x."),
        ((*FIRST_OF_TWO, "-n", "some"), "the run with 1.0 ended early, with status 4: argument -n"),
        ((*FIRST_OF_TWO, "--markdown", "no/x.md"), "no/x.md can't be written: No such file"),
        (("", "2.0"), "OLD is empty. The locked pin is called default."),
        (("1.0", " "), "NEW is empty."),
        (("1.0",), "the following arguments are required: NEW"),
        ((*FIRST_OF_TWO, "--tier", "hourly"), "invalid choice: 'hourly'"),
    ],
)
def test_bad_input_is_one_sentence_and_status_3(
    gate: GateMiniature, ask_here: Here, words: tuple[str, ...], said: str
) -> None:
    gate.promise("BACK-1")
    status, told = ask_here(*words)
    assert (status, said in told) == (3, True), told


def test_an_expired_ledger_is_said_before_anything_runs(gate: GateMiniature) -> None:
    gate.promise("BACK-1")
    (gate.path / "expired").touch()
    told = gate.ask(*FIRST_OF_TWO)
    assert (told.status, gate.runs) == (3, [])
    assert "The ledger's entry for BACK-1 has expired." in told.out.splitlines()[0]


def test_a_run_that_dies_is_no_judgement(gate: GateMiniature) -> None:
    gate.promise("BACK-1", "if pin == '2.0': os._exit(0)")
    told = gate.ask(*FIRST_OF_TWO)
    assert told.status == 3
    assert "has no verdict for 1 of 1 selected tests" in told.out


def test_the_markdown_says_the_same(gate: GateMiniature) -> None:
    gate.promise("BACK-1", BROKEN_BY_NEW)
    told = gate.ask(*FIRST_OF_TWO, "--markdown", "answer.md")
    page = (gate.path / "answer.md").read_text()
    assert page.startswith(f"### {told.json['headline']}\n")
    assert json.loads((gate.path / "answer.json").read_text()) == told.json
