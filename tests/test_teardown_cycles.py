"""What looks at engines that come and go finds what each may not leave."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fixtures.checkpoints import WEIGHTS
from fixtures.probes import Probe
from fixtures.teardown_cycles import (
    CYCLES,
    Cycle,
    beyond_its_own,
    left_each_time,
    left_on_devices,
    left_running,
    place,
    slopes,
)

OWN = {
    "arrays": 34,
    "bytes on devices": 5_000_000,
    "threads": 4,
    "native threads": 16,
    "sockets": 14,
    "event descriptors": 37,
    "bytes of the host": 35_000_000,
    "Python objects": 26_000,
}
NOTHING: dict[str, int] = {**dict.fromkeys(OWN, 0), "pipes": 0, "files": 0}

type Left = Callable[[int], Mapping[str, int]]


def course(left: Left, **last: Any) -> list[Cycle]:
    """Engines that leave this much each, given how many there have been."""
    found: list[Cycle] = []
    before = dict.fromkeys(NOTHING, 100)
    for number in range(CYCLES):
        running = {what: before[what] + OWN.get(what, 0) for what in before}
        after = {what: before[what] + left(number).get(what, 0) for what in before}
        found.append(Cycle(before, running, after, **{**EMPTY, **last}))
        before = after
    return found


EMPTY: dict[str, Any] = {"threads": [], "kept": [], "strays": []}


def test_an_engine_that_leaves_nothing_is_right() -> None:
    cycles = course(lambda _: {})
    assert [*left_running(cycles), *left_on_devices(cycles)] == []
    assert [*beyond_its_own(cycles), *left_each_time(cycles)] == []


def test_an_engine_that_leaves_itself_leaves_no_more_than_its_own() -> None:
    cycles = course(lambda _: OWN)
    assert list(beyond_its_own(cycles)) == []
    assert len(list(left_each_time(cycles))) == len(OWN)


@pytest.mark.parametrize("what", [what for what in OWN if what != "Python objects"])
def test_more_than_its_own_is_found(what: str) -> None:
    much = 2_000_000 if "bytes" in what else 1
    cycles = course(lambda _: {**OWN, what: OWN[what] + much})
    assert any(what in phrase for phrase in beyond_its_own(cycles))


@pytest.mark.parametrize("what", ["files", "pipes"])
def test_a_file_is_never_an_engines_own(what: str) -> None:
    assert list(beyond_its_own(course(lambda _: {what: 1}))) == [f"each engine leaves 1 {what}"]


def test_leaving_more_each_time_is_found() -> None:
    cycles = course(lambda number: {"threads": number})
    assert any("than the one before" in phrase for phrase in beyond_its_own(cycles))


def test_strays_are_found() -> None:
    cycles = course(lambda _: OWN, strays=["int32[16]"])
    assert list(beyond_its_own(cycles)) == ["arrays that no engine holds are left: int32[16]"]


def test_sockets_of_the_end_are_found() -> None:
    """Though the engine closes others, so that there are no more than it had."""
    assert list(beyond_its_own(course(lambda _: {"sockets": 12}, late_sockets=1))) == [
        "each engine opens 1 sockets when it ends, and leaves them"
    ]


def test_more_host_memory_than_an_engine_needs_is_found() -> None:
    cycles = course(lambda _: {"bytes of the host": 30_000_000})
    assert list(beyond_its_own(cycles, host_share=29_000_000)) == [
        "each engine leaves 30000000 bytes of the host, more than one can need"
    ]


def test_what_happens_once_is_no_slope() -> None:
    cycles = course(lambda number: {"native threads": 8} if number == 1 else {})
    assert [*beyond_its_own(cycles), *left_each_time(cycles), *left_running(cycles)] == []
    assert slopes(cycles)["native threads"] == 0


def test_threads_are_named() -> None:
    cycles = course(lambda _: {}, threads=["scheduler", "watchdog"])
    assert list(left_running(cycles)) == ["2 threads are left: scheduler, watchdog"]


def test_native_threads_are_counted() -> None:
    cycles = course(lambda _: {"native threads": 3})
    assert list(left_running(cycles)) == ["each engine leaves 3 native threads"]


def test_arrays_are_named() -> None:
    cycles = course(lambda _: {}, kept=["float32[64]"])
    assert list(left_on_devices(cycles)) == [
        "1 arrays of the last engine are left: float32[64] ..."
    ]


@pytest.fixture(scope="module")
def probes(probe: Probe, other_probe: Probe) -> list[Probe]:
    return [probe, other_probe]


def test_a_checkpoint_takes_the_place_of_another(probes: list[Probe], tmp_path: Path) -> None:
    place(probes[0], tmp_path)
    with (tmp_path / WEIGHTS).open("rb") as mapped:
        place(probes[1], tmp_path)
        assert mapped.read() == (probes[0].directory / WEIGHTS).read_bytes()
    assert (tmp_path / WEIGHTS).read_bytes() == (probes[1].directory / WEIGHTS).read_bytes()
    assert {file.name for file in tmp_path.iterdir()} == {
        file.name for file in probes[1].directory.iterdir()
    }
