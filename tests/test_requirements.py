"""Conflicts between packages are found, named with both sides, and only where they matter."""

from typing import Any

import pytest

from fixtures.requirements import Installation

SOUND = {
    "sglang-jax": ("1.0", ["flax==0.12.4", 'jax[tpu]==0.10; extra == "tpu"', "jax==0.10"]),
    "google-tunix": ("0.1", ["Flax>=0.11"]),
    "jax": ("0.10", ['libtpu==0.0.42.*; extra == "tpu"', 'colorama; sys_platform == "win32"']),
    "flax": ("0.12.4", []),
    "libtpu": ("0.0.42.1", []),
    "unrelated": ("3", ["flax<0.1", "missing"]),
}


def _conflicts(
    changes: dict[str, tuple[str, list[str]]] | None = None, *, without: str = ""
) -> list[str]:
    packages = {name: value for name, value in SOUND.items() if name != without} | (changes or {})
    return Installation(_listing(packages)).conflicts()


def _listing(
    packages: dict[str, tuple[str, list[str]]], pythons: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "markers": {"python_full_version": "3.12.1", "sys_platform": "linux"},
        "distributions": [
            {
                "name": name,
                "version": version,
                "requires": requires,
                "requires_python": (pythons or {}).get(name, ""),
                "location": f"/site/{name}",
            }
            for name, (version, requires) in packages.items()
        ],
    }


def test_a_sound_installation_has_no_conflicts() -> None:
    assert _conflicts() == []


def test_a_conflict_names_both_sides() -> None:
    assert _conflicts({"google-tunix": ("0.2", ["flax>=0.12.5"])}) == [
        "google-tunix 0.2 requires 'flax>=0.12.5', but flax 0.12.4 is there"
    ]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (">=3.12,<3.14", []),
        ("<3.12,>=3.10", ["flax 0.12.4 requires Python <3.12,>=3.10, but this is Python 3.12.1"]),
        ("three", ["flax 0.12.4 requires Python 'three', which says nothing"]),
    ],
)
def test_a_package_for_another_python_is_found(wanted: str, said: list[str]) -> None:
    pythons = {"flax": wanted, "unrelated": "<3"}
    assert Installation(_listing(SOUND, pythons)).conflicts() == said


def test_a_conflict_behind_a_requirement_is_found() -> None:
    changed = {"flax": ("0.12.4", ["orbax"]), "orbax": ("1", ["jax<0.9"])}
    assert _conflicts(changed) == ["orbax 1 requires 'jax<0.9', but jax 0.10 is there"]


def test_a_requirement_of_an_extra_of_the_tpu_is_judged_with_libtpu() -> None:
    assert _conflicts({"libtpu": ("0.0.41", [])}) == [
        "jax 0.10 requires 'libtpu==0.0.42.*; extra == \"tpu\"', but libtpu 0.0.41 is there"
    ]


def test_an_extra_of_the_tpu_is_none_of_a_cpu_installation() -> None:
    assert _conflicts(without="libtpu") == []


def test_the_jax_of_an_extra_is_judged_without_libtpu_too() -> None:
    cpu = {"sglang-jax": ("1.0", ['jax[cpu]==0.9; extra == "cpu"'])}
    assert _conflicts(cpu, without="libtpu") == [
        "sglang-jax 1.0 requires 'jax[cpu]==0.9; extra == \"cpu\"', but jax 0.10 is there"
    ]


def test_a_package_that_nobody_installed_is_found() -> None:
    changed = {"google-tunix": ("0.2", ["qwix"])}
    assert _conflicts(changed) == ["google-tunix 0.2 requires 'qwix', and no qwix is installed"]


@pytest.mark.parametrize("needed", ["sglang-jax", "jax", "flax"])
def test_a_pin_without_its_own_parts_is_found(needed: str) -> None:
    assert f"{needed} is not installed" in _conflicts(without=needed)


@pytest.mark.parametrize("optional", ["google-tunix", "libtpu"])
def test_a_pin_may_come_without_some_parts(optional: str) -> None:
    assert not any(optional in conflict for conflict in _conflicts(without=optional)[:1])


def test_a_second_copy_is_found() -> None:
    listing = _listing(SOUND)
    listing["distributions"].append(
        {
            "name": "Flax",
            "version": "0.1",
            "requires": [],
            "requires_python": "",
            "location": "/other/flax",
        }
    )
    (conflict,) = Installation(listing).conflicts()
    assert conflict == ("flax is installed 2 times: 0.12.4 in /site/flax and 0.1 in /other/flax")


def test_a_pre_release_can_meet_a_requirement() -> None:
    assert _conflicts({"flax": ("0.12.4rc1", []), "sglang-jax": ("1", ["flax>=0.12.3"])}) == []


def test_an_unreadable_requirement_is_found() -> None:
    assert any("no valid requirement" in found for found in _conflicts({"flax": ("1", ["=="])}))


def test_packages_that_require_each_other_end() -> None:
    assert _conflicts({"flax": ("0.12.4", ["orbax"]), "orbax": ("1", ["flax"])}) == []
