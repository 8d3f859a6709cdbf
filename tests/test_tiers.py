"""What takes long is left out, said to be, and tried when it is asked for."""

import pytest

from reports.catalogue import Entry, read, render
from reports.model import LaneName, Level, Promise, Tier
from tests.conftest import Miniature

NIGHTLY = "tier=Tier.NIGHTLY"


def write(miniature: Miniature) -> None:
    miniature.promise("BACK-1")
    miniature.promise("BACK-2")
    source = miniature.path / "test_area.py"
    text = source.read_text()
    source.write_text(text.replace("@promise('BACK-2'", f"@promise('BACK-2', {NIGHTLY}"))


def test_usually_it_is_left_out_and_that_is_said(miniature: Miniature) -> None:
    write(miniature)
    result = miniature.run()
    result.assert_outcomes(passed=1, deselected=1)
    result.stdout.fnmatch_lines(["*Not tried, for it takes long: BACK-2 (--tier=nightly)*"])


def test_what_was_not_selected_is_not_mentioned(miniature: Miniature) -> None:
    write(miniature)
    miniature.run("-k", "BACK-1").stdout.no_fnmatch_line("*takes long*")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_it_is_tried_when_asked_for(miniature: Miniature, workers: tuple[str, ...]) -> None:
    write(miniature)
    miniature.run("--tier=nightly", *workers).assert_outcomes(passed=2)
    assert miniature.verdicts() == {("BACK-1", "cpu"): "pass", ("BACK-2", "cpu"): "pass"}


def test_the_command_that_reproduces_it_asks_for_it(miniature: Miniature) -> None:
    miniature.promise("BACK-1", "raise Broken(Evidence('41', '42'))")
    source = miniature.path / "test_area.py"
    source.write_text(source.read_text().replace("'BACK-1'", f"'BACK-1', {NIGHTLY}"))
    result = miniature.run("--tier=nightly")
    result.stdout.fnmatch_lines(["*reproduce: pytest 'test_area.py::* --tier=nightly"])


def test_asked_for_by_its_name_it_is_said_why_it_did_not_run(miniature: Miniature) -> None:
    write(miniature)
    result = miniature.run("-k", "BACK-2")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*--tier=nightly*"])


def test_an_unknown_tier_is_refused(miniature: Miniature) -> None:
    assert miniature.run("--tier=weekly").ret == pytest.ExitCode.USAGE_ERROR


def test_the_list_says_the_tier(miniature: Miniature) -> None:
    file = miniature.path / "promises.md"
    long = Promise("A-1", Level.MUST, (LaneName.CPU,), ("lies",), "It MUST.", Tier.NIGHTLY)
    file.write_text(render([Entry(long, "test_a.py::test_a")]))
    assert "| A-1 | MUST, nightly | cpu |" in file.read_text()
    assert [pair.lane for pair in read(file)] == ["cpu"]
