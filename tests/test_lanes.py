"""A lane that was asked for and can't run is red; the others are listed and never hidden."""

from pathlib import Path

import pytest

from fixtures import obstacles
from fixtures.lanes import HOST_DEVICES_FLAG, describe, generation_here
from fixtures.obstacles import Obstacle
from reports.model import LaneName
from tests.conftest import Miniature
from tests.pci import plug


def test_each_lane_is_a_variant_with_its_marker(miniature: Miniature) -> None:
    miniature.promise("BACK-1", lanes=("cpu", "tpu"))
    miniature.run("--collect-only", "-q", "-m", "tpu").stdout.fnmatch_lines(
        ["test_area.py::test_back_1[[]tpu[]]", "1/2 tests collected*"]
    )


def test_what_can_run_runs_and_the_rest_is_listed(miniature: Miniature) -> None:
    miniature.promise("BACK-1", lanes=("cpu", "tpu"))
    result = miniature.run()
    assert result.ret == pytest.ExitCode.OK
    assert miniature.verdicts() == {("BACK-1", "cpu"): "pass", ("BACK-1", "tpu"): "not-run"}
    result.stdout.fnmatch_lines(["BACK-1*tpu*not-run*", "not-run (1): There is no TPU*"])


@pytest.mark.parametrize(
    "asked", [("-m", "tpu"), ("-m", "tpu or static"), ("test_area.py::test_back_1[tpu]",)]
)
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_a_lane_asked_for_that_cannot_run_is_red(
    miniature: Miniature, asked: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1", lanes=("cpu", "tpu"))
    result = miniature.run(*asked, *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == {("BACK-1", "tpu"): "blocked"}
    result.stdout.fnmatch_lines(["*There is no TPU on this machine*", "*Run on a TPU VM*"])


def test_require_lane_makes_it_red_without_selecting(miniature: Miniature) -> None:
    miniature.promise("BACK-1", lanes=("cpu", "tpu"))
    assert miniature.run("--require-lane", "tpu").ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == {("BACK-1", "cpu"): "pass", ("BACK-1", "tpu"): "blocked"}


def test_an_excluding_expression_requires_nothing(miniature: Miniature) -> None:
    miniature.promise("BACK-1", lanes=("cpu", "tpu"))
    assert miniature.run("-m", "not aot").ret == pytest.ExitCode.OK


def test_a_chip_lets_the_lane_run(miniature: Miniature) -> None:
    miniature.chip()
    miniature.promise("BACK-1", "assert lane.device_count == 1", lanes=("tpu",))
    assert miniature.run("-m", "tpu").ret == pytest.ExitCode.OK


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_too_few_chips_are_listed_and_not_red(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.chip()
    miniature.promise("BACK-1", lanes=("tpu",))
    needs = "from fixtures.lanes import need_devices; need_devices(lane, 4)"
    miniature.promise("ISO-1", needs, lanes=("tpu",), module="test_isolation.py")
    result = miniature.run("-m", "tpu", *workers)
    assert result.ret == pytest.ExitCode.OK
    assert miniature.verdicts() == {("BACK-1", "tpu"): "pass", ("ISO-1", "tpu"): "not-run"}
    result.stdout.fnmatch_lines(["not-run (1): This takes 4 devices; the lane tpu has 1 here."])


def test_too_few_chips_alone_are_red(miniature: Miniature) -> None:
    miniature.chip()
    needs = "from fixtures.lanes import need_devices; need_devices(lane, 4)"
    miniature.promise("ISO-1", needs, lanes=("tpu",))
    assert miniature.run("-m", "tpu").ret == pytest.ExitCode.TESTS_FAILED


def test_old_chips_are_listed_unless_asked_for(miniature: Miniature) -> None:
    miniature.chip()
    miniature.plug("0x0027", "0x004f")
    miniature.promise("BACK-1", lanes=("cpu", "tpu"))
    result = miniature.run()
    assert result.ret == pytest.ExitCode.OK
    assert miniature.verdicts() == {("BACK-1", "cpu"): "pass", ("BACK-1", "tpu"): "not-run"}
    result.stdout.fnmatch_lines(["not-run (1): These chips are TPU v3: *needs v4 or later*"])


@pytest.mark.parametrize(
    ("plugged", "name"), [([], None), (["0x005e"], "v4"), (["0x005e", "0x006f"], None)]
)
def test_the_generation_is_told_where_the_bus_shows_just_one(
    miniature: Miniature, plugged: list[str], name: str | None
) -> None:
    for slot, device in enumerate(plugged):
        plug(miniature.path / "pci", device, slot=slot)
    assert generation_here(miniature.pytester.parseconfigure()) == name


def test_a_skip_in_a_lane_asked_for_is_red(miniature: Miniature) -> None:
    miniature.promise("BACK-1", "pytest.skip('needs two hosts')")
    result = miniature.run("-m", "cpu")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*needs two hosts*"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_trying_nothing_is_red(miniature: Miniature, workers: tuple[str, ...]) -> None:
    miniature.promise("BACK-1", lanes=("cpu", "tpu"))
    result = miniature.run("-k", "tpu", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["Nothing was tried:*"])


@pytest.mark.parametrize(
    "arguments", [("-m", "tpuu"), ("--require-lane", "tpuu"), ("-m", "tpuu", "-n", "2")]
)
def test_an_unknown_lane_is_one_sentence(miniature: Miniature, arguments: tuple[str, ...]) -> None:
    miniature.promise("BACK-1")
    result = miniature.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *'tpuu'. The lanes are static, cpu, aot, lock, tpu.*"])


def test_without_a_private_tmp_the_lock_lane_is_listed_with_the_reason(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = Obstacle("This machine allows no private /tmp: PermissionError.", "Run as root.")
    monkeypatch.setattr(obstacles, "_no_privacy", lambda: why)
    miniature.promise("LOCK-1", lanes=("cpu", "lock"))
    assert miniature.run().ret == pytest.ExitCode.OK
    assert miniature.verdicts() == {("LOCK-1", "cpu"): "pass", ("LOCK-1", "lock"): "not-run"}
    assert miniature.run("-m", "lock").ret == pytest.ExitCode.TESTS_FAILED
    assert miniature.verdicts() == {("LOCK-1", "lock"): "blocked"}


def test_a_users_own_xla_flags_stay() -> None:
    lane = describe(LaneName.CPU, Path("/dev"), {"XLA_FLAGS": "--xla_cpu_use_thunk=false"})
    assert lane.environment["XLA_FLAGS"] == f"--xla_cpu_use_thunk=false {HOST_DEVICES_FLAG}"


def obstacles_of(devices: Path, **environ: str) -> list[Obstacle]:
    return list(obstacles.obstacles(LaneName.TPU, devices, environ, devices / "pci"))


def test_a_vfio_container_node_is_no_chip(tmp_path: Path) -> None:
    (tmp_path / "vfio").mkdir()
    (tmp_path / "vfio" / "vfio").touch()
    assert "There is no TPU" in obstacles_of(tmp_path)[0].reason


def test_hidden_chips_are_named_with_the_variable(tmp_path: Path) -> None:
    (tmp_path / "accel0").touch()
    (found,) = obstacles_of(tmp_path, TPU_VISIBLE_CHIPS="")
    assert found.remedy == "Unset TPU_VISIBLE_CHIPS and run again."


@pytest.mark.parametrize(
    ("word", "picked"),
    [("tpu", "3/5"), ("BACK-1", "3/5"), ("back-1", "3/5"), ("weight_swap", "1/5"), ("BACK", "4/5")],
)
def test_a_word_after_k_means_what_a_person_means(
    miniature: Miniature, word: str, picked: str
) -> None:
    miniature.promise("BACK-1", lanes=("cpu", "aot", "tpu"), name="test_one")
    miniature.promise("BACK-12", lanes=("tpu",), name="test_twelve")
    miniature.promise("SWAP-1", lanes=("tpu",), module="test_weight_swap.py", name="test_no_lock")
    miniature.run("--collect-only", "-q", "-k", word).stdout.fnmatch_lines([f"{picked} tests*"])


def test_a_test_that_mentions_a_lane_is_not_in_it(miniature: Miniature) -> None:
    miniature.promise("ENV-4", lanes=("static",), name="test_takes_no_tpu_lock")
    miniature.promise("BACK-5", lanes=("tpu",))
    miniature.run("--collect-only", "-q", "-k", "tpu").stdout.fnmatch_lines(
        ["test_area.py::test_back_5[[]tpu[]]", "1/2 tests collected*"]
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_a_word_that_matches_nothing_gets_an_answer(
    miniature: Miniature, workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1")
    result = miniature.run("-k", "BACK-7", *workers)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["-k 'BACK-7' matches no promise. Did you mean BACK-1?*"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
@pytest.mark.parametrize("name", ["test_area.py::test_nonsense", "test_nowhere.py"])
def test_an_argument_that_names_nothing_is_told(
    miniature: Miniature, name: str, workers: tuple[str, ...]
) -> None:
    miniature.promise("BACK-1")
    result = miniature.run(name, *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *not found: *{name}*"])
