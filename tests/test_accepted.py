"""`--ledger`: what a user's repository accepts counts in each run, in a gate too."""

from pathlib import Path

import pytest

from tests.conftest import Miniature
from tests.gate_miniature import BROKEN_BY_NEW, FIRST_OF_TWO, GateMiniature
from tests.ledgers import FIELDS, written

WIRED = """
pytest_plugins = ["pins.accepted"]

def pytest_pinproof_ledger(config):
    from pins.accepted import ledger_of
    from reports.promises import committed_lanes
    return ledger_of(config, committed_lanes(config))

def pytest_pinproof_stamp(config):
    from pins.accepted import fingerprint_of
    machine = {"architecture": "x86_64", "devices": []}
    suite = {"commit": "c0ffee", "dirty": False}
    return {"machine": machine, "suite": suite, "ledger": fingerprint_of(config)}
"""
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])


def wire(suite: Path, promise: str = "MINE-1", **more: str) -> Path:
    """A folder of the user's beside the suite in miniature, with an entry about the promise."""
    conftest = suite / "conftest.py"
    conftest.write_text(f"{conftest.read_text()}\n{WIRED}")
    (suite / "accepted").mkdir()
    return written(suite / "accepted", FIELDS | {"promise": f'"{promise}"', **more})


@WORKERS
def test_what_it_names_is_known(miniature: Miniature, workers: tuple[str, ...]) -> None:
    wire(miniature.path)
    miniature.promise("MINE-1", "assert False")
    result = miniature.run("--ledger=accepted", *workers)
    assert result.ret == pytest.ExitCode.OK
    assert miniature.verdicts() == {("MINE-1", "cpu"): "known"}
    assert miniature.run(*workers).ret == pytest.ExitCode.TESTS_FAILED


@WORKERS
def test_what_is_wrong_with_it_is_said_before_anything_runs(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    wire(miniature.path, link='""')
    miniature.promise("MINE-1", "assert False")
    result = miniature.run("--ledger=accepted", "--ledger=nowhere", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ccepted/swap.toml, entry 1: 'link' is '', not a web address" in result.stderr.str()
    assert "nowhere: there is no such folder" in result.stderr.str()


def test_an_entry_about_no_promise_is_refused(miniature: Miniature) -> None:
    miniature.promise("MINE-1")
    miniature.promise("SWAP-3")
    assert miniature.run("--write-promises").ret == pytest.ExitCode.OK
    wire(miniature.path, "MINE-7")
    result = miniature.run("--ledger=accepted")
    assert "accepted/swap.toml, entry 1: there is no promise MINE-7" in result.stderr.str()


def test_the_list_of_promises_can_be_written_whatever_the_ledger_is_about(
    miniature: Miniature,
) -> None:
    miniature.promise("MINE-1")
    miniature.run("--write-promises")
    wire(miniature.path, "MINE-7")
    miniature.promise("MINE-7")
    assert miniature.run("--write-promises", "--ledger=accepted").ret == pytest.ExitCode.OK


def test_a_run_is_not_resumed_under_another_ledger(miniature: Miniature) -> None:
    wire(miniature.path)
    miniature.promise("MINE-1", "assert False")
    miniature.run("--ledger=accepted")
    result = miniature.run("--resume")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*was made with another ledger: * there, None here.*"])


def test_a_loss_that_it_accepts_does_not_block_a_gate(gate: GateMiniature) -> None:
    wire(gate.path, pin='"sglang-jax==2.0"')
    gate.promise("MINE-1", BROKEN_BY_NEW)
    told = gate.ask(*FIRST_OF_TWO, "--ledger", "accepted")
    assert (told.status, told.outcomes) == (0, {"MINE-1": "broken, known"}), told.err
    assert told.json["selection"].endswith(", ledger accepted")
    assert gate.ask(*FIRST_OF_TWO).status == 1


def test_a_gate_takes_no_record_that_another_ledger_has_judged(gate: GateMiniature) -> None:
    wire(gate.path, pin='"sglang-jax==2.0"')
    gate.promise("MINE-1")
    gate.miniature.run("--report-dir=kept", "--pin=1.0")
    told = gate.ask(*FIRST_OF_TWO, "--ledger", "accepted", "--from", "kept")
    assert told.status == 3
    assert "kept was judged by another ledger (--ledger) than that of this gate." in told.out


def test_a_gate_under_a_bad_ledger_tries_nothing(gate: GateMiniature) -> None:
    wire(gate.path, pin='"sglang-jax<2,>3"')
    gate.promise("MINE-1")
    told = gate.ask(*FIRST_OF_TWO, "--ledger", "accepted")
    assert (told.status, gate.runs) == (3, [])
    assert "no pin can meet 'sglang-jax<2,>3'" in told.out.splitlines()[0]
