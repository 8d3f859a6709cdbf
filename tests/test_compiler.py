"""What judges the compiler's answers sees each way in which they can be wrong."""

import json
from typing import Any

import pytest

from fixtures.cells import RemoteError
from fixtures.compiler import (
    Compiler,
    uncompiled,
    undonated,
    unrefused,
    unsafe_swaps,
    wrong_collectives,
)
from fixtures.fit_cases import USUAL
from fixtures.probes import Probe
from fixtures.topology import TARGETS
from pinproof_cell.moved import Moved, need
from reports.model import Blocked

ON_ONE, ON_TWO = TARGETS["v5e"], TARGETS["v6e"]
PROGRAM: dict[str, Any] = {
    "name": "jitted_run_model",
    "kernels": 4,
    "collectives": {},
    "aliased": 100,
    "peak": 1000,
}
REFUSED = {"refusal": "NotImplementedError: Unsupported tpu_version=3.", "programs": []}


def report(extend: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    step = {"refusal": "", "programs": [{"name": "jitted_sampler"}, {**PROGRAM, **changes}]}
    steps = {"extend": extend or step, "decode": step}
    return {"attention": "FlashAttention", "layers": 2, "pool": 100, "steps": steps}


def test_compiled_steps_are_right() -> None:
    assert not list(uncompiled(report(), ON_ONE))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (report(REFUSED), "extend: NotImplementedError"),
        (report(kernels=0), "FlashAttention, 0 kernels"),
        ({**report(), "attention": "NativeAttention"}, "NativeAttention, 4 kernels"),
        (report(peak=ON_ONE.usable + 1), "needs"),
    ],
)
def test_what_keeps_a_step_from_chips_is_said(found: dict[str, Any], said: str) -> None:
    assert said in " ".join(uncompiled(found, ON_ONE))


def test_a_long_refusal_is_cut() -> None:
    long = {"refusal": "x" * 9999, "programs": []}
    assert len(next(uncompiled(report(long), ON_ONE))) < 999


def test_only_known_words_are_a_refusal() -> None:
    both = {**report(), "steps": {"extend": REFUSED, "decode": REFUSED}}
    assert not list(unrefused(both))
    dump = {"refusal": "MosaicError: INTERNAL", "programs": []}
    assert "by accident" in next(unrefused(report(dump)))
    assert "decode: compiled" in next(iter(unrefused(report(REFUSED))))


def test_what_travels_depends_on_layers_and_chips() -> None:
    assert not list(wrong_collectives(report(), ON_ONE.tp_size))
    assert not list(wrong_collectives(report(collectives={"all-reduce": 5}), ON_TWO.tp_size))
    assert list(wrong_collectives(report(collectives={"all-reduce": 5}), ON_ONE.tp_size))
    gathers = {"all-reduce": 5, "all-gather": 1}
    assert "all-gather" in next(wrong_collectives(report(collectives=gathers), ON_TWO.tp_size))


def test_a_refusal_is_no_sign_of_anything_else() -> None:
    assert "Unsupported" in next(wrong_collectives(report(REFUSED), ON_ONE.tp_size))
    assert "Unsupported" in next(undonated(report(REFUSED)))


def test_a_second_pool_is_seen() -> None:
    assert not list(undonated(report()))
    assert "99 bytes of the pool's 100" in next(undonated(report(aliased=99)))


def swap(program: str, *guard: str) -> dict[str, Any]:
    return {"program": program, "refusal": "", "guard": list(guard)}


class Cell:
    """Has nothing but an answer to raise."""

    def __init__(self, type_name: str) -> None:
        self.error = RemoteError(type_name, "this pin has no x.y", "")

    def shared(self) -> "Cell":
        return self

    def run(self, *_: object, **__: object) -> object:
        raise self.error


@pytest.mark.parametrize(("type_name", "raised"), [("Moved", Blocked), ("KeyError", RemoteError)])
def test_what_a_pin_keeps_elsewhere_blocks(
    type_name: str, raised: type[Exception], probe: Probe
) -> None:
    cells: Any = Cell(type_name)
    compiler = Compiler(cells, probe)
    with pytest.raises(raised, match=r"this pin has no x\.y"):
        compiler.run("anything", ON_ONE)


class FreshCells:
    """Hands out a new cell each time, as with a fault active."""

    def __init__(self) -> None:
        self.fault = "lies"
        self.made = 0

    def shared(self) -> "FreshCells":
        self.made += 1
        return self

    def run(self, *_: object, **__: object) -> object:
        return {}


def test_all_that_a_test_asks_goes_to_one_cell(probe: Probe) -> None:
    cells: Any = FreshCells()
    compiler = Compiler(cells, probe)
    for case in USUAL:
        compiler.fit(case)
    compiler.engine_on("v6e")
    assert cells.made == 1


@pytest.mark.parametrize("name", ["dumps.of", "nothing"])
def test_a_missing_name_is_said(name: str) -> None:
    with pytest.raises(Moved, match=rf"no json\.{name}: "):
        need("json", name)
    assert need("json", "JSONEncoder.encode") is json.JSONEncoder.encode


def test_swaps_are_judged_by_program_and_guard() -> None:
    right = {"nothing at all": swap("a"), "a fresh list": swap("a")}
    assert not list(unsafe_swaps({**right, "another dtype": swap("b", "x: is float32")}))
    assert "as if nothing" in next(unsafe_swaps({**right, "another dtype": swap("a", "x")}))
    assert "says nothing" in next(unsafe_swaps({**right, "another dtype": swap("b")}))
    assert "another program" in next(unsafe_swaps({**right, "a fresh list": swap("b")}))
    assert "says x" in next(unsafe_swaps({**right, "a fresh list": swap("a", "x")}))


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_a_target_is_a_host_of_four_chips(target: Any) -> None:
    assert target.topology.startswith(f"{target.generation.name}:2x2")
    assert target.usable == pytest.approx(target.generation.hbm_per_device, rel=0.05)


def test_each_tp_and_page_size_is_compiled() -> None:
    new = [target for target in TARGETS.values() if target.generation.runs_engines]
    assert {target.tp_size for target in new} == {1, 2, 4}
    assert {target.page_size for target in new} == {16, 128}
