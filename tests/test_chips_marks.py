"""A module that asks for one chip has no use for more."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ONE_CHIP = "pytestmark = pytest.mark.chips(1)"
MORE = re.compile(r"need_devices|device_count|device_indexes|tp_size|engines_for|Fleet")
MODULES = sorted(
    path.name for path in (ROOT / "conformance").glob("test_*.py") if ONE_CHIP in path.read_text()
)


def test_some_modules_leave_chips_to_others() -> None:
    assert MODULES


@pytest.mark.parametrize("name", MODULES)
def test_a_module_for_one_chip_asks_for_no_more(name: str) -> None:
    text = (ROOT / "conformance" / name).read_text(encoding="utf-8")
    assert MORE.findall(text) == []
