"""The helpers that judge must be able to say no, and say where."""

import numpy as np
import pytest

from fixtures.verify import changed, no_findings, outside, require
from pinproof_cell.bits import delicate, first_difference, pattern
from reports.model import Broken


def test_require_raises_with_all_parts_of_the_evidence() -> None:
    with pytest.raises(Broken) as caught:
        require([], observed="two", required="three", next_step="look", device=1)
    evidence = caught.value.evidence
    assert (evidence.observed, evidence.required, evidence.next_step) == ("two", "three", "look")
    assert evidence.facts == {"device": 1}


def test_require_is_silent_when_kept() -> None:
    require(["kept"], observed="", required="", next_step="")


def test_no_findings_is_silent_without_any() -> None:
    no_findings(iter(()), required="nothing", next_step="")


def test_no_findings_shows_some_and_keeps_all() -> None:
    with pytest.raises(Broken) as caught:
        no_findings("abcde", required="nothing", next_step="")
    assert caught.value.evidence.observed == "a; b; c; and 2 more"
    assert caught.value.evidence.facts == {"findings": list("abcde")}


def test_outside_names_the_first_element_that_is_off() -> None:
    observed = np.array([[1.0, 2.0], [3.5, 5.0]])
    wrong = outside(observed, np.array([[1.0, 2.0], [3.0, 4.0]]), np.full((2, 2), 0.25))
    assert "2 of 4" in wrong
    assert "(1, 0): 3.5 instead of 3 ± 0.25" in wrong


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_outside_never_accepts_what_is_no_number(value: float) -> None:
    assert outside(np.array([value]), np.zeros(1), np.ones(1))


def test_outside_accepts_its_bound_itself() -> None:
    assert outside(np.array([1.5]), np.ones(1), np.array([0.5])) == ""


def test_outside_sees_another_shape() -> None:
    assert "(1,) instead of (2,)" in outside(np.ones(1), np.ones(2), np.ones(2))


def test_changed_sees_one_bit() -> None:
    first = np.ones(4, np.float32)
    again = first.copy()
    again[2] = np.nextafter(again[2], np.float32(2))
    assert "index 2: 0x3f800001 instead of 0x3f800000" in changed(first, again)


def test_changed_takes_a_nan_for_itself() -> None:
    value = np.array([np.nan, -0.0], np.float32)
    assert changed(value, value.copy()) == ""


def test_a_zero_that_lost_its_sign_differs() -> None:
    assert first_difference(np.array([-0.0], np.float16), np.array([0.0], np.float16))


def test_another_dtype_of_the_same_bits_differs() -> None:
    value = np.ones(1, np.float32)
    assert "int32[1] instead of float32[1]" in first_difference(value, value.view(np.int32))


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "bool"])
def test_a_pattern_begins_with_the_delicate_values(dtype: str) -> None:
    made = pattern(np.dtype(dtype), 4096, seed=1)
    assert made.nbytes == 4096
    assert {value.tobytes() for value in delicate(np.dtype(dtype))} <= {
        value.tobytes() for value in made
    }


def test_a_pattern_of_bytes_has_them_all() -> None:
    assert set(pattern(np.dtype("uint8"), 256, seed=1)) == set(range(256))


def test_a_pattern_may_be_one_byte() -> None:
    assert pattern(np.dtype("int8"), 1, seed=1).nbytes == 1


def test_a_pattern_of_truths_holds_nothing_else() -> None:
    assert set(pattern(np.dtype("bool"), 999, seed=1).view(np.uint8)) == {0, 1}
