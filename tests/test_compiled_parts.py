"""What judges the parts that the compiler made sees each way in which they can be wrong."""

from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.compiled_parts import (
    MOST_LIKELY,
    RANK,
    Parts,
    unmade,
    without_adapters,
    without_kernel,
    without_likeliest,
    without_penalties,
    without_seeds,
)
from fixtures.compiler import Report
from fixtures.topology import FOR_ENGINES, TARGETS
from pinproof_cell.batches import Wish, batch
from pinproof_cell.moved import Moved

CHIP = TARGETS["v6e"]
PROGRAM: dict[str, Any] = {
    "name": "a_program",
    "kernels": 2,
    "peak": 1000,
    "to_the_host": 0,
    "takes": ["8x320xf32", "8xi32", *[f"1x64x{RANK}xbf16", f"1x{RANK}x64xbf16"] * 2],
    "gives": [[8], [8, MOST_LIKELY]],
}
REFUSED = {"refusal": "JaxRuntimeError: RESOURCE_EXHAUSTED", "programs": []}
JUDGES = [without_kernel, without_seeds, without_penalties, without_likeliest, without_adapters]


def step(**changes: Any) -> dict[str, Any]:
    return {"refusal": "", "programs": [{**PROGRAM, **changes}]}


def report(**steps: Any) -> dict[str, Any]:
    return {
        "attention": "NativeAttention",
        "layers": 2,
        "vocabulary": 320,
        "requests": 8,
        "steps": steps or {"decode": step()},
    }


SEEDED = report(unseeded=step(), seeded=step(takes=["8xi32", "8xi32"]))


def test_right_parts_are_right() -> None:
    assert not list(unmade(report(), CHIP))
    for judge in (without_kernel, without_penalties, without_likeliest, without_adapters):
        assert not list(judge(report()))
    assert not list(without_seeds(SEEDED))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (REFUSED, "decode: JaxRuntimeError: RESOURCE_EXHAUSTED"),
        (step(peak=CHIP.usable + 1), f"needs {CHIP.usable + 1} bytes of {CHIP.usable}"),
        (step(to_the_host=2), "decode, a_program: asks the host 2 times"),
    ],
)
def test_what_keeps_any_part_from_chips_is_said(made: dict[str, Any], said: str) -> None:
    assert said in " ".join(unmade(report(decode=made), CHIP))


@pytest.mark.parametrize(
    ("judge", "found", "said"),
    [
        (without_kernel, report(decode=step(kernels=1)), "1 kernels in 2 layers"),
        (without_kernel, report() | {"attention": "FlashAttention"}, "FlashAttention instead"),
        (without_seeds, report(unseeded=step(), seeded=step()), "seeded: takes no seeds"),
        (without_penalties, report(decode=step(takes=["8x320xbf16"])), "takes no penalties"),
        (without_likeliest, report(decode=step(gives=[[8], [8, 320]])), "gives no 3 likeliest"),
        (without_adapters, report(decode=step(takes=[f"{RANK}xf32"])), "takes 1 matrices"),
    ],
)
def test_what_a_part_lacks_is_said(judge: Any, found: Report, said: str) -> None:
    assert said in " ".join(judge(found))


@pytest.mark.parametrize("judge", JUDGES)
def test_a_refusal_is_said_once(judge: Any) -> None:
    assert not list(judge(report(decode=REFUSED)))


class Cell:
    """Answers for v5e that it refuses, and is content elsewhere."""

    def __init__(self) -> None:
        self.settings: list[dict[str, Any]] = []

    def run(self, _: str, *, name: str, settings: dict[str, Any], **__: object) -> Report:
        self.settings.append(settings)
        return report(decode=REFUSED if name.startswith("v5e") else step())


class Compiler:
    def __init__(self, probe: Any) -> None:
        self.cell, self.probe = Cell(), probe


def no_judge(_: Report) -> Iterator[str]:
    return iter(())


def test_each_generation_is_asked_and_named(probe: Any) -> None:
    compiler: Any = Compiler(probe)
    [finding] = Parts(compiler).findings("LoRA", no_judge)
    assert finding.startswith("v5e, decode: JaxRuntimeError")
    asked = compiler.cell.settings
    assert len(asked) == len(FOR_ENGINES)
    assert {each["attention_backend"] for each in asked} == {"native"}
    assert all(each["max_lora_rank"] == RANK for each in asked)


def test_a_worker_of_another_make_blocks() -> None:
    with pytest.raises(Moved, match=r"in another way: .*get_memory_pool"):
        batch(object(), Wish())
