"""What looks at the leaves of an engine finds each kind of wrong one."""

from typing import Any

import numpy as np

from fixtures.held import Values, leaves_of, repeated, wrong_leaves
from fixtures.probes import Probe, Shape

NAME = "model.norm.scale"


def part(values: Values, begin: int = 0, device: int = 0, leaf: str = NAME) -> dict[str, Any]:
    return {"leaf": leaf, "device": device, "begin": [begin], "values": values}


def phrases(held: Values, wanted: Values, dtype: str = "float32") -> list[str]:
    return list(wrong_leaves([part(held)], {NAME: wanted}, dtype))


def ones() -> Values:
    return np.ones(5, np.float32)


def test_equal_leaves_are_right() -> None:
    assert phrases(ones(), ones()) == []


def test_the_last_bit_of_float32_counts() -> None:
    held = ones()
    held[3] = np.nextafter(np.float32(1), np.float32(2))
    assert phrases(held, ones()) == [
        f"leaf {NAME} on device 0: 1 of 5 values differ, first at (3,): 1.00000012 instead of 1"
    ]


def test_bfloat16_may_round_and_no_more() -> None:
    assert phrases(ones() * np.float32(1 + 2**-8), ones(), "bfloat16") == []
    assert phrases(ones() * np.float32(1 + 2**-7), ones(), "bfloat16")


def test_nan_is_wrong() -> None:
    assert phrases(ones() * np.float32(np.nan), ones())


def test_another_shape_is_wrong() -> None:
    assert phrases(ones()[:4], ones())
    assert phrases(np.ones(6, np.float32), ones())


def test_a_stale_copy_on_another_device_is_named() -> None:
    found = list(
        wrong_leaves([part(ones()), part(ones() * 2, device=1)], {NAME: ones()}, "float32")
    )
    assert [phrase.partition(":")[0] for phrase in found] == [f"leaf {NAME} on device 1"]


def test_parts_are_compared_where_they_belong() -> None:
    wanted = np.arange(4, dtype=np.float32)
    halves = [part(wanted[:2]), part(wanted[2:], begin=2, device=1)]
    assert list(wrong_leaves(halves, {NAME: wanted}, "float32")) == []
    exchanged = [part(wanted[2:]), part(wanted[:2], begin=2, device=1)]
    assert len(list(wrong_leaves(exchanged, {NAME: wanted}, "float32"))) == 2


def test_a_part_that_nobody_holds_is_missed() -> None:
    assert list(wrong_leaves([part(ones()[:2])], {NAME: ones()}, "float32"))


def test_leaves_on_one_side_only_are_named() -> None:
    found = list(wrong_leaves([part(ones(), leaf="a")], {"b": ones()}, "float32"))
    assert found == ["leaf a: only the engine has it", "leaf b: only the checkpoint has it"]


def test_copies_of_a_head_stand_side_by_side() -> None:
    heads = np.array([[1, 2, 3, 4]], np.float32)
    assert repeated(heads, head_dim=2, copies=2).tolist() == [[1, 2, 1, 2, 3, 4, 3, 4]]


def test_only_key_and_value_projections_are_copied(probe: Probe) -> None:
    alone, shared = leaves_of(probe), leaves_of(probe, tp=4)
    wider = {name for name in alone if shared[name].shape != alone[name].shape}
    assert wider == {
        f"model.layers.{layer}.self_attn.{name}_proj.weight" for layer in (0, 1) for name in "kv"
    }
    assert Shape().num_key_value_heads == 2


def test_enough_heads_are_not_copied(probe: Probe) -> None:
    alone, shared = leaves_of(probe), leaves_of(probe, tp=2)
    assert all(np.array_equal(alone[name], shared[name]) for name in alone)
