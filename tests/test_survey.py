"""The doctor names what keeps a lane from running, and nothing on a machine that lacks nothing."""

import argparse
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from cli import doctor
from fixtures.owners import Owner
from fixtures.survey import Ailment, LaneSurvey, survey
from fixtures.tpu_host import Machine, look
from fixtures.tpu_table import facts, table
from pins.pair import Pair
from reports.model import LaneName
from tests.pci import plug

SOUND = Pair("/pin/bin/python", "0.1.0rc0", "0.10.2", "0.0.42.1", "==0.0.42.*", fits=True)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With one chip that nobody uses."""
    (tmp_path / "accel0").touch()
    return Machine(tmp_path / "work", {}, tmp_path, tmp_path / "lock", tmp_path / "pci")


def of_chips(machine: Machine) -> str:
    lane = next(lane for lane in survey(machine) if lane.name is LaneName.TPU)
    return " ".join(f"{each.what} {each.remedy}" for each in lane.ailments)


def test_a_machine_with_a_free_chip_lacks_nothing(machine: Machine) -> None:
    assert of_chips(machine) == ""


def test_without_a_chip_only_that_lane_ails(machine: Machine) -> None:
    (machine.devices / "accel0").unlink()
    ailing = [lane.name for lane in survey(machine) if not lane.can_run]
    assert LaneName.TPU in ailing
    assert not {LaneName.CPU, LaneName.STATIC, LaneName.AOT} & set(ailing)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"JAX_PLATFORMS": "cpu"}, "Unset JAX_PLATFORMS"),
        ({"ALLOW_MULTIPLE_LIBTPU_LOAD": "1"}, "does not take its lock"),
        ({"TPU_VISIBLE_CHIPS": ""}, "hides every chip"),
    ],
)
def test_variables_that_mislead_are_named(
    machine: Machine, environ: Mapping[str, str], said: str
) -> None:
    assert said in of_chips(replace(machine, environ=environ))


def test_who_has_the_device_open_is_named(machine: Machine) -> None:
    with (machine.devices / "accel0").open():
        assert f"process {psutil.Process().pid}" in of_chips(machine)


def test_a_command_of_several_lines_is_shown_in_one() -> None:
    assert Owner(7, "ann", "python -c \nimport jax\n").words().endswith("`python -c import jax`")


@pytest.mark.parametrize(
    ("what", "value", "said"),
    [
        ("virtual_memory", SimpleNamespace(available=1 << 30), "1.0 GiB of memory are free"),
        ("disk_usage", SimpleNamespace(free=1 << 29), "0.5 GiB are free below"),
    ],
)
def test_too_little_room_is_said_of_every_lane(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, what: str, value: object, said: str
) -> None:
    owner = psutil if what == "virtual_memory" else shutil
    monkeypatch.setattr(owner, what, lambda *_: value)
    assert all(any(said in each.what for each in lane.ailments) for lane in survey(machine))


def plugged(machine: Machine, device: str, slot: int = 4) -> Machine:
    plug(machine.pci, device, slot=slot)
    return machine


def test_a_generation_is_known_by_its_place_on_the_bus(machine: Machine) -> None:
    found = facts(plugged(machine, "0x0076"), look(machine))
    assert (found["generation"], found["devices"], found["hbm_gib_per_device"]) == ("tpu7x", 2, 96)


def test_a_network_card_of_the_same_vendor_is_no_chip(machine: Machine) -> None:
    assert look(plugged(machine, "0x0042")).generation is None


def test_chips_that_share_a_device_file_are_shown(machine: Machine) -> None:
    plugged(plugged(machine, "0x0063"), "0x0063", slot=5)
    chips, *_ = table(machine, look(machine))
    assert chips.endswith("accel0); 2 on the PCI bus")


def test_a_pin_without_libtpu_can_run_what_needs_none(machine: Machine) -> None:
    stack = replace(SOUND, libtpu="")
    lanes = {each.name: each.can_run for each in survey(replace(machine, stack=stack))}
    assert [name for name in (LaneName.AOT, LaneName.TPU) if lanes[name]] == []
    assert lanes[LaneName.CPU]
    assert lanes[LaneName.STATIC]


def test_a_libtpu_that_jax_did_not_ask_for_is_said_and_no_obstacle(machine: Machine) -> None:
    stack = replace(SOUND, libtpu="0.0.30", fits=False)
    lane = next(each for each in survey(replace(machine, stack=stack)) if each.name == "tpu")
    assert lane.can_run
    assert "libtpu 0.0.30 is not what jax 0.10.2 asks for" in lane.ailments[0].what


def test_an_environment_without_the_engine_can_run_nothing(machine: Machine) -> None:
    stack = replace(SOUND, engine="")
    assert not any(each.can_run for each in survey(replace(machine, stack=stack)))


def test_of_a_pin_that_is_not_built_nothing_is_said(machine: Machine) -> None:
    assert of_chips(replace(machine, stack=Pair())) == ""


def diagnosed(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Of a machine whose lane tpu ails."""
    ailments = {LaneName.TPU: [Ailment("There is no TPU.", "Buy one.")]}
    lanes = [LaneSurvey(name, "a lane", ailments.get(name, [])) for name in LaneName]
    monkeypatch.setattr(doctor, "survey", lambda *_: lanes)
    monkeypatch.setattr(doctor, "pair", lambda *_: SOUND)
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    args, args_left = parser.parse_known_args(words)
    args.pytest = args_left
    return doctor.execute(args)


def test_the_status_is_about_the_lanes_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diagnosed(monkeypatch) == doctor.AILING
    assert "- There is no TPU.\n          Buy one." in capsys.readouterr().out
    assert diagnosed(monkeypatch, "--lane", "cpu", "--lane", "static") == doctor.HEALTHY
    assert diagnosed(monkeypatch, "--lane", "tpu") == doctor.AILING


def test_scripts_get_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    diagnosed(monkeypatch, "--json")
    said = {lane["name"]: lane for lane in json.loads(capsys.readouterr().out)}
    assert said["cpu"]["can_run"]
    assert said["tpu"]["ailments"] == [
        {"what": "There is no TPU.", "remedy": "Buy one.", "passing": False}
    ]
    assert (said["tpu"]["tpu"]["jax"], said["tpu"]["tpu"]["libtpu"]) == ("0.10.2", "0.0.42.1")


def test_an_unknown_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert diagnosed(monkeypatch, "--lame") == doctor.USAGE_ERROR


def test_a_pin_that_cannot_be_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    args = argparse.Namespace(pytest=[], pin="env:/nowhere", lane=[], json=False)
    assert doctor.execute(args) == doctor.USAGE_ERROR
    assert "there is no /nowhere" in capsys.readouterr().out
