"""`--smoke` tries one promise of each area that there is, and says first what that costs."""

from pathlib import Path

import pytest

from fixtures.smoke import SAMPLES, Sample, cost
from reports.catalogue import read
from reports.model import LaneName
from tests.conftest import Miniature

ROOT = Path(__file__).parents[1]
COMMITTED = read(ROOT / "docs" / "promises.md")
SECONDS = sum(sample.seconds for sample in SAMPLES)

of_each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.promise)


def area(promise: str) -> str:
    return promise.rpartition("-")[0]


def test_each_area_with_something_for_chips_has_exactly_one() -> None:
    areas = [area(sample.promise) for sample in SAMPLES]
    on_chips = {area(pair.promise) for pair in COMMITTED if pair.lane == LaneName.TPU}
    assert sorted(areas) == sorted(on_chips)


@of_each_sample
def test_its_lanes_are_those_of_the_promise(sample: Sample) -> None:
    assert {pair.lane for pair in COMMITTED if pair.promise == sample.promise} == {*sample.lanes}
    assert LaneName.TPU in sample.lanes


@of_each_sample
def test_it_is_cheap(sample: Sample) -> None:
    assert sample.seconds < 90


@of_each_sample
def test_no_ledger_knows_it_as_broken(sample: Sample) -> None:
    ledgers = list((ROOT / "pins" / "ledger").glob("*.toml"))
    assert ledgers
    assert not [file for file in ledgers if f'"{sample.promise}"' in file.read_text()]


@pytest.mark.parametrize(
    ("lanes", "chips", "said"),
    [
        ([LaneName.TPU], 4, f"{SECONDS / 60:.1f} minutes on 4 chips, {SECONDS / 15:.1f} chip-"),
        ([LaneName.TPU], 1, f"{SECONDS / 60:.1f} minutes on 1 chip, {SECONDS / 60:.1f} chip-"),
        ([LaneName.CPU], 4, "no chip-minutes"),
        (list(LaneName), 0, "no chip-minutes"),
    ],
)
def test_the_cost_is_that_of_the_whole_host(lanes: list[LaneName], chips: int, said: str) -> None:
    assert said in "\n".join(cost(lanes, chips))


def test_the_cost_says_what_it_stands_on() -> None:
    assert "never on a chip" in "\n".join(cost([LaneName.TPU], 8))


@pytest.fixture
def areas(miniature: Miniature) -> Miniature:
    for promise in ("GEN-1", "GEN-1b", "GEN-2", "BACK-1", "BACK-2"):
        miniature.promise(promise, lanes=("cpu", "tpu"))
    miniature.chip()
    return miniature


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
@pytest.mark.parametrize("lane", ["cpu", "tpu"])
def test_only_the_samples_are_tried_and_the_cost_comes_first(
    areas: Miniature, lane: str, workers: tuple[str, ...]
) -> None:
    result = areas.run("-p", "fixtures.smoke", "--smoke", "-m", lane, *workers)
    assert result.ret == pytest.ExitCode.OK
    assert areas.verdicts() == {("GEN-1", lane): "pass", ("BACK-2", lane): "pass"}
    result.stdout.fnmatch_lines(["--smoke: *", "  Estimated cost: *", "*test session starts*"])
    assert result.stdout.str().count("Estimated cost") == 1


def test_without_the_option_nothing_is_left_out_or_said(areas: Miniature) -> None:
    result = areas.run("-p", "fixtures.smoke", "-m", "cpu")
    assert len(areas.verdicts()) == 5
    result.stdout.no_fnmatch_line("--smoke*")
