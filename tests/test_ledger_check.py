"""`pinproof ledger check` tells all that can't stand, and what records say against the rest."""

import pytest

from tests.ledgers import ENTRY, Ledgering
from tests.recorded import record, saw

FLAKY = ENTRY | {"intermittent": "3"}


def test_the_suites_own_ledger_can_stand(ledger: Ledgering) -> None:
    status, out, err = ledger("check")
    assert (status, err) == (0, "")
    assert out.startswith("The ledger can stand: ")


def test_all_that_can_not_stand_is_told_at_once(ledger: Ledgering) -> None:
    ledger.accept(
        ENTRY | {"link": '""'},
        ENTRY | {"added": "2026-01-01", "expires": "2026-11-21"},
        ENTRY | {"promise": '"NONE-1"'},
        ENTRY | {"promise": '"SWAP-1"', "lane": '"lock"'},
        ENTRY | {"promise": '"SWAP-2"', "environment": "{tpu = 'v9'}"},
        ENTRY | {"promise": '"SWAP-4"'},
        ENTRY | {"promise": '"SWAP-4"', "pin": '"sglang-jax>=1"'},
    )
    status, out, _ = ledger(
        "check", "--ledger", ledger.accepted, "--ledger", ledger.accepted / "none"
    )
    assert status == 1
    assert out.splitlines()[0].startswith("7 things have to be changed: ")
    for said in (
        "entry 1: 'link' is '', not a web address",
        "entry 2: SWAP-3[cpu] expired on 2026-11-21",
        "entry 3: there is no promise NONE-1",
        "entry 4: SWAP-1 is tried in cpu, tpu, not in lane lock",
        "entry 5: no TPU is called 'v9', but v2, v3, v4,",
        "entry 6 is about SWAP-4[cpu] with the same pin, too",
        "none: there is no such folder",
    ):
        assert said in out


@pytest.mark.parametrize(("options", "said"), [((), False), (("--within", "60"), True)])
def test_what_expires_soon_is_told_and_can_stand(
    ledger: Ledgering, options: tuple[str, ...], *, said: bool
) -> None:
    ledger.accept(ENTRY)
    status, out, _ = ledger("check", "--ledger", ledger.accepted, *options)
    assert (status, "expires within 60 days (1)" in out) == (0, said)


@pytest.mark.parametrize(
    ("entry", "verdicts", "said"),
    [
        (ENTRY, ["fail", "known"], ""),
        (ENTRY, ["pass", "pass"], "was kept 2 of 2 times: remove the entry"),
        (ENTRY, ["pass", "fail"], "breaks only sometimes (kept 1 of 2 times): say intermittent"),
        (ENTRY, ["fail", "crash"], "breaks in another way: crash, not fail"),
        (FLAKY, ["pass", "fail"], ""),
        (FLAKY, ["pass", "pass"], ""),
        (FLAKY, ["pass", "pass", "pass"], "was kept 3 of 3 times: remove the entry"),
        (ENTRY | {"pin": '"sglang-jax==2.0"'}, ["pass"], ""),
        (ENTRY | {"environment": "{machine = 'arm64'}"}, ["pass"], ""),
    ],
)
def test_runs_tell_which_entries_are_wrong(
    ledger: Ledgering, entry: dict[str, str], verdicts: list[str], said: str
) -> None:
    ledger.accept(entry)
    runs = [
        record(ledger.path / str(number), saw(verdict, seen="fail" if verdict == "known" else None))
        for number, verdict in enumerate(verdicts)
    ]
    status, out, _ = ledger("check", *runs, "--ledger", ledger.accepted)
    assert status == bool(said), out
    assert said in out
    assert "not tried in these runs" not in out


def test_what_runs_with_such_a_pin_did_not_try_is_told(ledger: Ledgering) -> None:
    ledger.accept(ENTRY, ENTRY | {"promise": '"SWAP-4"'})
    run = record(ledger.path / "run", saw("not-run"), saw("fail", "SWAP-5"))
    status, out, _ = ledger("check", run, "--ledger", ledger.accepted)
    assert status == 0
    assert "not tried in these runs (2): SWAP-3[cpu], SWAP-4[cpu]" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: what"),
        (["look"], "invalid choice: 'look'"),
        (["check", "nowhere"], "there is no record in nowhere"),
        (["check", "--output", "x"], "--output is for propose."),
        (["check", "--within", "soon"], "invalid int value: 'soon'"),
        (["check", "--nonsense"], "unknown: --nonsense."),
        (["propose"], "propose needs the record of a run."),
        (["propose", "x", "--within", "3"], "--within is for check."),
    ],
)
def test_usage_errors_are_one_sentence(ledger: Ledgering, words: list[str], said: str) -> None:
    status, out, err = ledger(*words)
    assert (status, out) == (2, "")
    assert said in err
