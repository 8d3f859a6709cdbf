"""A run that asks for chips says first what there is, and refuses at once what can't succeed."""

import os
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import WIRING, Miniature
from tests.pci import plug

BEFORE_ALL = """
from fixtures.preflight import LOCK_FILE
from pins.pair import Pair

HERE = Path(__file__).parent

@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    config.stash[DEVICE_DIRECTORY] = HERE / "dev"
    config.stash[PCI_DIRECTORY] = HERE / "pci"
    config.stash[LOCK_FILE] = HERE / "lock"

def pytest_pinproof_stack(config):
    libtpu = (HERE / "libtpu").read_text() if (HERE / "libtpu").exists() else ""
    return Pair("/pin/bin/python", "0.1.0rc0", "0.10.2", libtpu, "==0.0.42.*", True)
"""


class Vm:
    """A TPU VM in miniature; at first with four free chips of v5e and all that they need."""

    def __init__(self, miniature: Miniature) -> None:
        self.miniature = miniature
        self.path = miniature.path
        miniature.pytester.makeconftest(WIRING + textwrap.dedent(BEFORE_ALL))
        miniature.promise("BACK-1", lanes=("cpu", "tpu"))
        (self.path / "dev" / "vfio").mkdir()
        (self.path / "libtpu").write_text("0.0.42.1")
        for number in range(4):
            self.plug(number, "0x0063")
            (self.path / "dev" / "vfio" / str(number)).touch()

    def plug(self, number: int, device: str, subsystem: str = "0x0000") -> None:
        plug(self.path / "pci", device, subsystem, number)

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.miniature.run("-p", "fixtures.preflight", *arguments)

    def refused(self, *said: str, asked: tuple[str, ...] = ("-m", "tpu")) -> str:
        result = self.run(*asked)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines_random([f"*{each}*" for each in said])
        assert result.outlines == []
        assert not self.miniature.runs
        return result.stderr.str()


@pytest.fixture
def vm(miniature: Miniature, monkeypatch: pytest.MonkeyPatch) -> Vm:
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    return Vm(miniature)


@pytest.mark.parametrize(
    "asked",
    [
        ("-m", "tpu"),
        ("-m", "tpu or static"),
        ("--require-lane", "tpu"),
        ("test_area.py::test_back_1[tpu]",),
    ],
)
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_who_asks_for_chips_sees_the_table_once_and_first(
    vm: Vm, asked: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    result = vm.run(*asked, *workers)
    assert result.ret == pytest.ExitCode.OK
    shown = [
        "The lane tpu, before the first test:",
        "  chips      4 (*/dev/vfio/0 to */dev/vfio/3)",
        "  generation TPU v5e: JAX will show 4 devices with 16 GiB of HBM * each",
        "  held by    nobody",
        "  pin        sglang-jax 0.1.0rc0, jax 0.10.2, libtpu 0.0.42.1 (this jax asks for *)",
        "  memory     * GiB of the host's are free",
        "  disk       * GiB are free below *",
    ]
    result.stdout.fnmatch_lines([*shown, "*passed*"])
    assert result.stdout.str().count(shown[0]) == 1


@pytest.mark.parametrize(
    "asked", [(), ("-m", "cpu"), ("-m", "not aot"), ("-m", "tpu", "--collect-only")]
)
def test_who_does_not_ask_is_spared(vm: Vm, asked: tuple[str, ...]) -> None:
    for node in (vm.path / "dev" / "vfio").iterdir():
        node.unlink()
    result = vm.run(*asked)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("The lane tpu*")


def test_looking_takes_less_than_three_seconds(vm: Vm) -> None:
    before = time.process_time()
    vm.run("-m", "tpu")
    assert time.process_time() - before < 3


def test_without_a_tpu_there_is_one_message(miniature: Miniature) -> None:
    vm = Vm(miniature)
    for node in (vm.path / "dev" / "vfio").iterdir():
        node.unlink()
    for slot in (vm.path / "pci").iterdir():
        (slot / "vendor").write_text("0x8086\n")
    said = vm.refused("There is no TPU on this machine*", "Run on a TPU VM*")
    assert said.count("  - ") == 1


@pytest.mark.parametrize(
    ("subsystem", "name"), [("0x004e", "v2"), ("0x004f", "v3")], ids=["v2", "v3"]
)
def test_old_chips_are_refused_with_the_reason(vm: Vm, subsystem: str, name: str) -> None:
    for number in range(4):
        vm.plug(number, "0x0027", subsystem)
    vm.refused(
        f"These chips are TPU {name}: sglang-jax needs v4 or later: its paged attention kernel "
        "raises `TPU version must be 4 or higher`.",
        "Use a newer TPU, such as v4-8, v5litepod-1, *",
    )


def test_chips_without_device_files_are_told_from_no_chips(vm: Vm) -> None:
    for node in (vm.path / "dev" / "vfio").iterdir():
        node.unlink()
    said = vm.refused("This machine has 4 chips of TPU v5e, but */dev has no file for them.")
    assert "There is no TPU" not in said


def test_who_has_a_chip_open_is_named_once(vm: Vm) -> None:
    nodes = [vm.path / "dev" / "vfio" / str(number) for number in range(2)]
    with nodes[0].open(), nodes[1].open():
        said = vm.refused(f"vfio/0, */vfio/1 are open in process {os.getpid()} of user *")
    assert f"`kill {os.getpid()}`" in said
    assert said.count("  - ") == 1


def test_a_missing_libtpu_is_refused_with_what_to_install(vm: Vm) -> None:
    (vm.path / "libtpu").unlink()
    vm.refused(
        "libtpu, the driver library of TPUs, is not installed for /pin/bin/python.",
        "Install the one *: `/pin/bin/python -m pip install 'jax[[]tpu[]]==0.10.2'`.",
    )


def test_a_variable_that_hides_the_tpu_is_refused(vm: Vm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    vm.refused("JAX_PLATFORMS is cpu, which tells JAX to leave the TPU alone.")


def test_all_that_is_in_the_way_is_said_at_once(vm: Vm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    (vm.path / "libtpu").unlink()
    for number in range(4):
        vm.plug(number, "0x0027", "0x004f")
    with (vm.path / "dev" / "vfio" / "0").open():
        said = vm.refused("*JAX_PLATFORMS*", "*libtpu*", "*TPU v3*", "*is open in*")
    assert said.count("  - ") == 4


def test_another_run_of_ours_is_waited_for(vm: Vm, cell_of_another_run: Path) -> None:
    assert cell_of_another_run.exists()
    with (vm.path / "dev" / "vfio" / "0").open():
        result = vm.run("-m", "tpu")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["  held by    process *; it is cell 7 of the pinproof run *", "*A run waits for it*"]
    )


@pytest.fixture
def cell_of_another_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Makes this process look like one: it has the file open that each cell has open."""
    birth = Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(")")[2].split()[19]
    folder = tmp_path_factory.mktemp("run") / f"pinproof-{os.getpid()}-{birth}" / "c7"
    folder.mkdir(parents=True)
    with (folder / "stacks.txt").open("w"):
        yield folder / "stacks.txt"


def test_chips_of_an_unknown_kind_are_no_reason_to_refuse(vm: Vm) -> None:
    for number in range(4):
        vm.plug(number, "0x9999")
    result = vm.run("-m", "tpu")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["  generation unknown: the PCI bus shows no TPU"])


def test_hidden_chips_are_counted_apart(vm: Vm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TPU_VISIBLE_CHIPS", "0,1")
    vm.run("-m", "tpu").stdout.fnmatch_lines(["  chips      4 (*), of which 2 may be used"])


def test_a_refused_run_is_not_the_newest_record(vm: Vm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vm.run("-m", "tpu").ret == pytest.ExitCode.OK
    newest = vm.miniature.runs
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert vm.run("-m", "tpu").ret == pytest.ExitCode.USAGE_ERROR
    assert vm.miniature.runs == newest
