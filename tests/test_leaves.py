"""The trainers' guard finds every kind of wrong leaf, names all of them, and stands alone."""

import gc
import subprocess
import sys
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fixtures.leaves import Expected, WrongLeaves, check, expect
from tests.device_arrays import DeviceArray, Placeholder, Sharding

ROOT = Path(__file__).parents[1]
NAMES = ["embedding", "q", "k", "norm"]
SHAPES = [(8, 4), (4, 4), (4, 4), (4,)]


def some(shape: tuple[int, ...], dtype: Any = np.float32, **changes: Any) -> DeviceArray:
    return DeviceArray(np.ones(shape, dtype), **changes)


def good() -> list[Any]:
    return [some(shape) for shape in SHAPES]


@pytest.fixture
def expected() -> Expected:
    return expect(NAMES, good())


def differences(expected: Expected, offered: Any, **how: Any) -> tuple[str, ...]:
    with pytest.raises(WrongLeaves) as caught:
        check(expected, offered, **how)
    return caught.value.differences


def with_norm(value: Any) -> list[Any]:
    return [*good()[:-1], value]


def test_right_leaves_pass_in_every_form(expected: Expected) -> None:
    check(expected, good())
    check(expected, dict(zip(reversed(NAMES), reversed(good()), strict=True)))
    check(expected, SimpleNamespace(model_state_leaves=good()))
    check(expected, good(), replacing=good())


def test_a_mapping_is_expected_by_its_names(expected: Expected) -> None:
    assert expect(dict(zip(NAMES, good(), strict=True))) == expected


def test_numpy_arrays_do_as_well() -> None:
    held = expect(["a"], [np.ones(3)])
    check(held, [np.zeros(3)])
    assert differences(held, [np.array([1, np.nan, np.inf])]) == (
        "a: 2 of 3 values are not finite",
    )


@pytest.mark.parametrize(
    ("value", "phrase"),
    [
        (some((5,)), "norm: the shape is (5,) instead of (4,)"),
        (some((4,), np.float16), "norm: the dtype is float16 instead of float32"),
        (some((4,), weak_type=True), "norm: the dtype is weak instead of strong"),
        (
            some((4,), sharding=Sharding("by row", "by row")),
            "norm: the sharding is by row instead of replicated",
        ),
        (
            some((4,), sharding=Sharding(device_set=frozenset({"tpu:1", "tpu:0"}))),
            "norm: is on tpu:0, tpu:1 instead of tpu:0",
        ),
        (
            some((4,), sharding=Sharding(mesh="trainer's")),
            "norm: the mesh is trainer's instead of engine's",
        ),
        (
            DeviceArray(np.array([np.nan, -np.inf, np.inf, 1], np.float32)),
            "norm: 3 of 4 values are not finite",
        ),
        (some((4,), deleted=True), "norm: is deleted, or was donated to a computation"),
    ],
)
def test_one_wrong_leaf_is_named_with_what_is_wrong(
    expected: Expected, value: Any, phrase: str
) -> None:
    assert differences(expected, with_norm(value)) == (phrase,)


@pytest.mark.parametrize(
    ("value", "phrases"),
    [
        (None, ("of type NoneType instead of DeviceArray", "no array but None")),
        (1.5, ("of type float instead of DeviceArray", "no array but 1.5")),
        (np.ones(4, np.float32), ("of type ndarray instead of DeviceArray",)),
    ],
)
def test_what_is_no_array_of_the_engines_kind_is_refused(
    expected: Expected, value: Any, phrases: tuple[str, ...]
) -> None:
    assert differences(expected, with_norm(value)) == tuple(f"norm: is {it}" for it in phrases)


def test_a_placeholder_is_refused(expected: Expected) -> None:
    assert differences(expected, with_norm(Placeholder())) == (
        "norm: is of type Placeholder instead of DeviceArray",
        "norm: has a shape but no values",
    )


def test_values_that_cannot_be_read_are_said_to_be_so() -> None:
    class Poisoned(DeviceArray):
        def __eq__(self, other: object) -> Any:
            raise RuntimeError("the chip is gone\nand more")

        __ne__ = __eq__
        __hash__ = DeviceArray.__hash__

    held = expect(["a"], [Poisoned(np.ones(1))])
    assert differences(held, [Poisoned(np.ones(1))]) == (
        "a: the values can't be read: the chip is gone",
    )


def test_all_differences_are_named_at_once(expected: Expected) -> None:
    offered = [some((8, 5)), some((4, 4), np.float64), None, some((4,), deleted=True)]
    found = differences(expected, offered)
    assert [phrase.partition(":")[0] for phrase in found] == ["embedding", "q", "k", "k", "norm"]


def test_the_message_holds_every_difference(expected: Expected) -> None:
    with pytest.raises(WrongLeaves, match=r"(?s)- embedding: the shape.*- norm: is no array"):
        check(expected, [some((1,)), *good()[1:3], None])


def test_one_leaf_too_few_says_where_the_others_stop_fitting(expected: Expected) -> None:
    assert differences(expected, [*good()[:1], *good()[2:]]) == (
        "3 leaves instead of 4: they do not fit from leaf 2, k, on",
    )


def test_one_leaf_too_many_says_where_it_is(expected: Expected) -> None:
    assert differences(expected, [*good(), some((4,))]) == (
        "5 leaves instead of 4: they do not fit from leaf 4 on",
    )


def test_after_a_missing_leaf_the_values_are_still_looked_at(expected: Expected) -> None:
    short = [*good()[:2], DeviceArray(np.array([np.nan]))]
    assert differences(expected, short)[1:] == ("leaf 2: 1 of 1 values are not finite",)


def test_missing_unknown_and_renamed_leaves_are_named(expected: Expected) -> None:
    offered = dict(zip(["embedding", "q", "kay", "norm"], good(), strict=True))
    assert differences(expected, offered) == (
        "k: is missing; perhaps it is the one called kay",
        "kay: the engine has no leaf of this name",
    )


def test_a_sharding_without_a_mesh_passes(expected: Expected) -> None:
    check(expected, with_norm(some((4,), sharding=Sharding(mesh=None))))


def test_an_equivalent_sharding_passes(expected: Expected) -> None:
    check(expected, with_norm(some((4,), sharding=Sharding(written="P(None)"))))


def test_integers_are_finite() -> None:
    check(expect(["a"], [np.ones(3, np.int8)]), [np.full(3, -128, np.int8)])


def test_what_was_not_replaced_is_named_also_in_another_wrapping(expected: Expected) -> None:
    before, offered = good(), good()
    offered[1], offered[3] = before[1], DeviceArray(before[3].values)
    assert differences(expected, offered, replacing=before) == (
        "q: was not replaced",
        "norm: was not replaced",
    )


def test_what_may_stay_is_not_named(expected: Expected) -> None:
    before = good()
    offered = [*before[:1], *good()[1:]]
    check(expected, offered, replacing=before, kept={"embedding"})


def test_old_leaves_may_be_deleted_by_now(expected: Expected) -> None:
    check(expected, good(), replacing=[some(shape, deleted=True) for shape in SHAPES])


def test_expecting_keeps_no_array_alive() -> None:
    held = some((4,))
    gone = weakref.ref(held)
    expected = expect(["a"], [held])
    del held
    gc.collect()
    assert expected
    assert gone() is None


def test_a_name_stands_for_one_leaf() -> None:
    with pytest.raises(ValueError, match="same name"):
        expect(["a", "a"], good()[1:3])


def test_it_is_imported_from_the_checkout_alone_and_brings_nothing_along() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules)\n"
        "from fixtures.leaves import check, expect\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    words = [sys.executable, "-I", "-c", program, str(ROOT)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["fixtures"]


def test_cells_have_the_same_file() -> None:
    here = ROOT / "fixtures" / "leaves.py"
    assert (ROOT / "fixtures" / "cell" / "pinproof_cell" / "leaves.py").samefile(here)
