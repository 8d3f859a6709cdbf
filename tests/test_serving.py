"""Which engine a test is handed, in which state: the bookkeeping, tried without an engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import pytest

from fixtures.cells import Cell, RemoteError
from fixtures.probes import Probe
from fixtures.serving import SOUND, Engines, Running

if TYPE_CHECKING:
    from fixtures.nursery import Cells


@dataclass(eq=False)
class RecordingCell:
    """Notes what is called of which engine, and stumbles over the calls named in `broken`."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def run(self, call: str, *, deadline: float = 1.0, name: str = "", **_: Any) -> None:
        assert deadline > 0
        operation = call.rpartition(":")[2]
        self.calls.append((operation, name.partition(" ")[0]))
        if operation in self.broken:
            raise RemoteError("RuntimeError", "broken", "")

    def seen(self) -> list[tuple[str, str]]:
        calls, self.calls = self.calls, []
        return calls


@pytest.fixture
def cell() -> RecordingCell:
    return RecordingCell()


@pytest.fixture
def next_test(cell: RecordingCell) -> Callable[[], Engines]:
    """What the fixture `engines` gives to one test after the other."""
    by_cell: WeakKeyDictionary[Cell, Running] = WeakKeyDictionary()
    lane = SimpleNamespace(platform="cpu")
    cells = cast("Cells", SimpleNamespace(lane=lane, shared=lambda: cell))

    def begin() -> Engines:
        if running := by_cell.get(cast("Cell", cell)):
            running.clean_up()
        return Engines(cells, by_cell, SOUND["cpu"])

    return begin


def probe(name: str) -> Probe:
    return cast("Probe", SimpleNamespace(directory=Path(name)))


def test_an_engine_is_started_once_in_a_module(
    cell: RecordingCell, next_test: Callable[[], Engines]
) -> None:
    first = next_test().serving(probe("a"))
    assert next_test().serving(probe("a")) is first
    assert [call for call in cell.seen() if call[0] == "start"] == [("start", "a")]


def test_another_setting_is_another_engine(
    cell: RecordingCell, next_test: Callable[[], Engines]
) -> None:
    engines = next_test()
    assert engines.serving(probe("a")) is not engines.serving(probe("a"), page_size=4)
    assert cell.seen() == [("hide_from_engines", ""), ("start", "a"), ("remember", "a")] * 2


def test_an_engine_that_was_used_is_restored_once(
    cell: RecordingCell, next_test: Callable[[], Engines]
) -> None:
    next_test().serving(probe("a"))
    cell.seen()
    engines = next_test()
    assert cell.seen() == [("restore", "a")]
    engines.serving(probe("a"))
    engines.serving(probe("a"))
    assert cell.seen() == []


def test_an_engine_that_was_not_used_is_left_alone(
    cell: RecordingCell, next_test: Callable[[], Engines]
) -> None:
    next_test().serving(probe("a"))
    next_test().serving(probe("b"))
    cell.seen()
    next_test()
    assert cell.seen() == [("restore", "b")]


def test_an_engine_that_can_not_be_restored_is_given_up(
    cell: RecordingCell, next_test: Callable[[], Engines]
) -> None:
    first = next_test().serving(probe("a"))
    cell.broken = {"restore"}
    assert next_test().serving(probe("a")) is not first


def test_sound_settings_say_which_device() -> None:
    assert {platform: settings["device"] for platform, settings in SOUND.items()} == {
        "cpu": "cpu",
        "tpu": "tpu",
    }
