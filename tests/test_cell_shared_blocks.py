"""What a cell keeps in /dev/shm goes with it."""

from multiprocessing import resource_tracker, shared_memory
from typing import Any

import pytest

from pinproof_cell import shared_blocks
from pinproof_cell.shared_blocks import PLACE, Blocks


def names() -> set[str]:
    return {block.name for block in PLACE.iterdir()}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the blocks that a test has made: others may make theirs at the same time."""
    seen: set[str] = set()

    def make(name: str, **given: Any) -> shared_memory.SharedMemory:
        seen.add(name)
        return shared_memory.SharedMemory(name, **given)

    monkeypatch.setattr(shared_blocks, "SharedMemory", make)
    return seen


def test_no_block_stays(made: set[str]) -> None:
    blocks = Blocks()
    assert blocks.kept_exists
    assert blocks.try_another() == "works"
    assert len(made & names()) == 1
    blocks.remove()
    assert not made & names()


def test_no_block_of_a_dead_tracker_stays(made: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = Blocks()

    def broken(*_: object) -> None:
        raise BrokenPipeError("the tracker is gone")

    monkeypatch.setattr(resource_tracker, "register", broken)
    assert "the tracker is gone" in blocks.try_another()
    assert len(made & names()) == 2
    blocks.remove()
    assert not made & names()
