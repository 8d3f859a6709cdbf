"""What judges the compiled train step sees what is wrong with it, for each generation."""

from typing import Any

from fixtures.compiled_training import TINY_TOKENS, Training, undonated
from fixtures.compiler import Compiler, Report
from fixtures.topology import FOR_ENGINES

COSTS = {"flops": 7, "accessed": 8, "temporary": 9, "peak": 1000}
PROGRAM: dict[str, Any] = {"name": "train_step", "to_the_host": 0, "aliased": 100, **COSTS}


def report(**changes: Any) -> dict[str, Any]:
    step = {"refusal": "", "programs": [{**PROGRAM, **changes}]}
    return {"optimizer": 100, "steps": {"train": step}}


REFUSED = {**report(), "steps": {"train": {"refusal": "NotImplementedError: eig", "programs": []}}}


def test_a_second_state_of_the_optimizer_is_seen() -> None:
    assert not list(undonated(report()))
    assert "99 bytes of the optimizer's 100" in next(undonated(report(aliased=99)))
    assert "NotImplementedError: eig" in next(undonated(REFUSED))


class Cells:
    """Answers for v6e with a step that is refused."""

    def __init__(self, fault: object = None) -> None:
        self.fault = fault
        self.asked: list[str] = []

    def shared(self) -> "Cells":
        return self

    def run(self, _: str, *, name: str, **__: object) -> Report:
        self.asked.append(name)
        return REFUSED if name.startswith("v6e") else report()


def training(cells: Any, probe: Any, recorded: dict[str, float]) -> Training:
    return Training(Compiler(cells, probe), recorded.update, {}, TINY_TOKENS)


def test_findings_are_named_and_peaks_recorded(probe: Any) -> None:
    recorded: dict[str, float] = {}
    [finding] = training(Cells(), probe, recorded).findings()
    assert finding == "v6e, train: NotImplementedError: eig"
    peaks = {f"{name}, train, train_step: bytes at most": 1000 for name in FOR_ENGINES}
    del peaks["v6e, train, train_step: bytes at most"]
    assert recorded.items() >= peaks.items()
    assert not any(name.startswith("v6e") for name in recorded)


def test_each_generation_is_compiled_once_but_with_a_fault(probe: Any) -> None:
    calm, faulty = Cells(), Cells(fault="any")
    for cells in (calm, faulty):
        asked = training(cells, probe, {})
        assert len([*asked.findings(), *asked.lost()]) == 2
    assert len(calm.asked) == len(FOR_ENGINES)
    assert len(faulty.asked) == 2 * len(FOR_ENGINES)
