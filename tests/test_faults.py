"""Every fault says what it breaks and is named by a promise that must notice."""

import re
from pathlib import Path

import pytest

from pinproof_cell.faults import Fault, load_all
from reports.model import Verdict

_PROMISES = Path(__file__).parents[1] / "docs" / "promises.md"

OF_OUR_OWN_TESTS = {"scheduler-hangs-after-two-requests"}
"""What cells are tried with, which no promise about the pin could notice."""

FAULTS = [pytest.param(fault, id=name) for name, fault in sorted(load_all().items())]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_says_what_it_breaks(fault: Fault) -> None:
    assert fault.what.endswith(".")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_declares_a_red_verdict_and_a_remedy_a_pass(fault: Fault) -> None:
    assert fault.is_remedy or not Verdict(fault.verdict).green


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_builds_on_nothing_but_a_remedy(fault: Fault) -> None:
    assert not fault.over or load_all()[fault.over].is_remedy


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_by_a_promise(fault: Fault) -> None:
    """Those of the process itself are proven by the suite's tests of survival instead."""
    named = {*re.split(r"[|,\s]+", _PROMISES.read_text()), *OF_OUR_OWN_TESTS}
    assert fault.name.startswith("cell-") or fault.name in named
