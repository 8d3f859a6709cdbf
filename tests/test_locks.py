"""The locks hold versions and hashes, no address, and what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
GROUPS = ("suite", "pin")


def lock(group: str) -> str:
    return (ROOT / "locks" / f"{group}.txt").read_text(encoding="utf-8")


def blocks(group: str) -> list[str]:
    """One per requirement: the line that names it and the lines that belong to it."""
    return re.split(r"\n(?=\S)", lock(group).strip())


def locked(group: str) -> dict[str, str]:
    requirements = [Requirement(block.partition(" \\")[0]) for block in blocks(group)]
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in requirements}


def asked(group: str) -> list[Requirement]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    groups: dict[str, list[Any]] = tomllib.loads(text)["dependency-groups"]
    entries = list(groups[group])
    for included in [entry["include-group"] for entry in entries if isinstance(entry, dict)]:
        entries += groups[included]
    return [Requirement(entry) for entry in entries if isinstance(entry, str)]


@pytest.mark.parametrize("group", GROUPS)
def test_a_lock_holds_no_address(group: str) -> None:
    assert re.findall(r"\S*(?:://|@|--(?:extra-)?index-url|--find-links)\S*", lock(group)) == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_requirement_is_one_version_with_hashes(group: str) -> None:
    exact = re.compile(
        r"[a-z0-9-]+(\[[a-z,]+\])?==\S+( ;[^\\]*)? \\\n    --hash=sha256:[0-9a-f]{64}"
    )
    assert [block for block in blocks(group) if not exact.match(block)] == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_lock_satisfies_its_group(group: str) -> None:
    versions = locked(group)
    names = {r: canonicalize_name(r.name) for r in asked(group)}
    met = {r for r in names if r.specifier.contains(versions.get(names[r], "0"), prereleases=True)}
    assert {str(r) for r in names if names[r] not in versions or r not in met} == set()


def test_the_suite_stays_light() -> None:
    assert {"jax", "jaxlib", "flax", "sglang-jax", "google-tunix"} & set(locked("suite")) == set()


def test_the_default_pin_is_exact() -> None:
    assert all(str(requirement.specifier).startswith("==") for requirement in asked("pin"))
