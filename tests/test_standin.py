"""What stands in for chips is called so in the record, and nobody takes that for evidence."""

from datetime import date
from pathlib import Path

import pytest

from pins.ledger import Ledger, LedgerError
from reports.history import passes_in_a_row
from reports.model import TPU_STAND_IN
from reports.stored import NoEvidence, events_of
from tests.conftest import WIRING, Miniature

STANDING_IN = """
from fixtures.lanes import STAND_IN
from fixtures.places import StandIn

def pytest_sessionstart(session):
    session.config.stash[STAND_IN] = StandIn("TPU v5 lite", {})
"""
ENTRY = """
[[entry]]
promise = "BACK-1"
lane = "tpu-standin"
pin = "sglang-jax==0.1.0rc0"
verdict = "fail"
reason = "seen on the stand-in"
link = "https://example.org/1"
added = 2026-01-01
expires = 2026-02-01
"""
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])


@pytest.fixture
def host(miniature: Miniature) -> Miniature:
    """A suite whose tpu lane runs without a chip."""
    miniature.pytester.makeconftest(WIRING + STANDING_IN)
    miniature.chip()
    return miniature


@WORKERS
def test_the_record_gives_the_lane_another_name(host: Miniature, workers: tuple[str, ...]) -> None:
    host.promise("BACK-1", "assert lane.name == lane.platform == 'tpu'", lanes=("cpu", "tpu"))
    host.promise("BACK-2", "assert lane.shows == 'cpu'", lanes=("tpu",))
    assert host.run("-m", "tpu", *workers).ret == pytest.ExitCode.OK
    assert host.verdicts() == {("BACK-1", TPU_STAND_IN): "pass", ("BACK-2", TPU_STAND_IN): "pass"}


def test_a_worker_that_dies_in_it_gives_it_that_name_too(host: Miniature) -> None:
    host.promise("BACK-1", "os._exit(3)", lanes=("tpu",))
    host.run("-m", "tpu", "-n", "1")
    assert host.verdicts() == {("test_area.py::test_back_1[tpu]", TPU_STAND_IN): "crash"}


def test_other_lanes_keep_their_names(host: Miniature) -> None:
    host.promise("BACK-1", "assert lane.stand_in is None")
    host.run()
    assert host.verdicts() == {("BACK-1", "cpu"): "pass"}


def test_its_record_can_not_be_resumed(host: Miniature) -> None:
    host.promise("BACK-1", lanes=("cpu", "tpu"))
    host.run()
    result = host.run("--resume")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --resume: *no evidence about any pin.*"])


def test_its_record_is_read_by_nobody(host: Miniature) -> None:
    host.promise("BACK-1", lanes=("cpu", "tpu"))
    host.run()
    with pytest.raises(NoEvidence, match="CPU devices stood in for chips"):
        events_of(host.runs[-1] / "run.jsonl")


def test_its_passes_do_not_count(host: Miniature) -> None:
    host.promise("BACK-1", lanes=("cpu", "tpu"))
    host.run()
    runs = host.runs[-1].parent
    versions = {"sglang-jax": "0.1.0rc0"}
    counts = {passes_in_a_row(runs, "BACK-1", lane, versions) for lane in ("cpu", TPU_STAND_IN)}
    assert counts == {0}


def test_the_ledger_knows_no_such_lane(tmp_path: Path) -> None:
    (tmp_path / "pin.toml").write_text(ENTRY)
    with pytest.raises(LedgerError, match="'lane' is 'tpu-standin', not one of"):
        Ledger.load(tmp_path, date(2026, 1, 15))


@pytest.mark.parametrize("asked", [("--require-lane", TPU_STAND_IN), ("-m", "tpu_standin")])
def test_nobody_can_ask_for_it(miniature: Miniature, asked: tuple[str, ...]) -> None:
    miniature.promise("BACK-1")
    assert miniature.run(*asked).ret == pytest.ExitCode.USAGE_ERROR


def test_a_test_that_only_speaks_of_it_spoils_no_record(miniature: Miniature) -> None:
    miniature.promise("BACK-1", f"pytest.fail('\"{TPU_STAND_IN}\"')")
    miniature.run()
    assert events_of(miniature.runs[-1] / "run.jsonl")
