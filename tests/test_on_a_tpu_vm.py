"""What docs/on-a-tpu-vm.md tells people to type exists, and its numbers are those of the tables."""

import argparse
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from cli import COMMANDS, doctor
from fixtures.smoke import SAMPLES
from fixtures.tpus import GENERATIONS, GIB, Generation
from reports.catalogue import read
from reports.model import LaneName

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "on-a-tpu-vm.md").read_text()
TYPED = [
    shlex.split(shown or quoted)
    for shown, quoted in sorted(
        {*re.findall(r"^\$ (.*?) *(?:#.*)?$|`(\./pinproof [^`]*)`", DOCUMENT, re.MULTILINE)}
    )
]


@pytest.fixture(scope="module")
def options_of_pytest() -> set[str]:
    """With our plugins."""
    shown = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", shown))


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_a_command_is_one_of_ours(words: list[str]) -> None:
    assert words[0] == "./pinproof"
    assert words[1] in COMMANDS


@pytest.mark.parametrize("words", [each for each in TYPED if each[1] == "run"], ids=" ".join)
def test_its_options_are_known(words: list[str], options_of_pytest: set[str]) -> None:
    given = {word.partition("=")[0] for word in words[2:] if word.startswith("-")}
    assert given <= options_of_pytest


@pytest.mark.parametrize("words", [each for each in TYPED if each[1] == "doctor"], ids=" ".join)
def test_the_doctor_understands(words: list[str]) -> None:
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    assert parser.parse_known_args(words[2:])[1] == []


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_lanes_and_areas_exist(words: list[str]) -> None:
    promises = {pair.promise for pair in read(ROOT / "docs" / "promises.md")}
    areas = {promise.rpartition("-")[0] for promise in promises}
    after = dict(pairwise(words))
    assert after.get("-m", "tpu") in {*LaneName, "not tpu"}
    assert after.get("-k", "SWAP") in areas | promises


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda each: each.name)
def test_each_host_is_in_the_table(generation: Generation) -> None:
    rows = [row for row in DOCUMENT.splitlines() if row.startswith("| `")]
    for name, host in generation.slices.items():
        [row] = [row for row in rows if f"`{name}`" in row]
        assert re.search(rf"\b{host.chips}\b", row.split("|")[2])
        assert re.search(rf"\b{generation.hbm_per_device // GIB}\b", row.split("|")[3])
        assert ("don't run" not in row) == generation.runs_engines


def test_the_cost_of_smoke_is_the_estimate() -> None:
    minutes = sum(sample.seconds for sample in SAMPLES) / 60
    costs = [f"{minutes * chips:.0f}" for chips in (1, 1, 4, 8)]
    assert f"| `--smoke` | {' | '.join(costs)} |" in DOCUMENT


def test_nobody_is_told_to_remove_the_lock() -> None:
    assert "Never remove" in DOCUMENT
    assert not re.search(r"\brm\b|`unlink", DOCUMENT)


@pytest.mark.parametrize("file", ["README.md", "docs/on-a-tpu-vm.md"])
def test_what_is_linked_exists(file: str) -> None:
    text = (ROOT / file).read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not ((ROOT / file).parent / link).exists()] == []
