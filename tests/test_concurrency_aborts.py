"""What judges those who gave up finds late reports and work for nobody; a hang is told as one."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fixtures.concurrency_aborts import (
    SCRIPTS,
    STEPS_TO_ABORT,
    TICKS_OF_TWO_SECONDS,
    Deadlines,
)
from fixtures.engines import Engine
from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.live_scripts import NAMES
from fixtures.nursery import CellPin, Nursery
from fixtures.probes import Probe, tiny_checkpoint
from reports.model import Hung, LaneName

FREE = {"request slots": 8, "room for tokens": 1024}
SHORT = {"max_new_tokens": 4, "temperature": 0.0, "ignore_eos": True}


@pytest.fixture(scope="module")
def deadlines(probe: Probe) -> Deadlines:
    return Deadlines.of(probe)


@pytest.fixture
def told(deadlines: Deadlines, probe: Probe) -> dict[str, Any]:
    callers = [{"said": "deadline", "late": 1, "held": [6], "made": [7]} for _ in deadlines.callers]
    beside = [
        {"output_ids": probe.prompts[name].answer, "meta_info": {}} for name in deadlines.beside
    ]
    return {"callers": callers, "beside": beside, "before": FREE, "after": FREE}


def test_callers_that_gave_up_in_time_pass(
    deadlines: Deadlines, probe: Probe, told: dict[str, Any]
) -> None:
    assert list(deadlines.wrong(told, probe)) == []


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"said": ""}, "heard 'nothing' instead of a deadline"),
        ({"said": "answer"}, "heard 'answer' instead of a deadline"),
        ({"late": TICKS_OF_TWO_SECONDS + 1}, "ticks of 0.05 s late"),
        ({"made": [6 + STEPS_TO_ABORT + 1]}, "tokens were made after the deadline"),
    ],
)
def test_who_was_told_too_late_or_carried_on_is_found(
    deadlines: Deadlines, probe: Probe, told: dict[str, Any], changes: dict[str, Any], phrase: str
) -> None:
    told["callers"][1] |= changes
    (wrong,) = deadlines.wrong(told, probe)
    assert wrong.startswith("who reads a stream")
    assert phrase in wrong


def test_what_is_kept_and_who_is_disturbed_is_found(
    deadlines: Deadlines, probe: Probe, told: dict[str, Any]
) -> None:
    assert list(deadlines.wrong({**told, "after": {**FREE, "request slots": 7}}, probe))
    told["beside"][0] |= {"output_ids": [1, 2, 3]}
    assert list(deadlines.wrong(told, probe))
    assert list(deadlines.wrong({**told, "beside": None}, probe))


def test_callers_are_more_than_an_engine_can_serve(deadlines: Deadlines) -> None:
    prompts = [
        prompt
        for caller in deadlines.callers.values()
        for prompt in (
            caller["input_ids"] if isinstance(caller["input_ids"][0], list) else [[caller]]
        )
    ]
    assert len(prompts) + len(deadlines.beside) > FREE["request slots"]


def test_scripts_name_prompts_that_exist() -> None:
    started = [
        name
        for script in SCRIPTS.values()
        for operation in script
        if operation[0] == "start"
        for name in operation[1]
    ]
    assert set(started) <= set(NAMES)


@pytest.fixture
def nursery(cell_pin: CellPin) -> Iterator[Nursery]:
    host = Host()
    nursery = Nursery(lambda: host, cell_pin)
    yield nursery
    nursery.close()
    host.close()


def test_an_engine_that_hangs_is_told_with_its_stacks_and_another_serves_on(
    nursery: Nursery, tmp_path: Path
) -> None:
    lane = describe(LaneName.CPU, Path("/dev"), {})
    tiny_checkpoint(tmp_path)
    with closing(nursery.make(lane)) as hangs, closing(nursery.make(lane)) as serves:
        engines = [Engine.start(cell, "tested", tmp_path) for cell in (hangs, serves)]
        hangs.run("pinproof_cell.faults:apply", name="scheduler-hangs-after-two-requests")
        first = [engine.ask([[5], [1, 2, 3]], sampling=SHORT) for engine in engines]
        assert [len(answer.tokens) for answer in first[0]] == [4, 4]
        with pytest.raises(Hung) as caught:
            engines[0].ask([[7]], sampling=SHORT, deadline=3.0)
        stacks = caught.value.evidence.stacks
        assert "event_loop_normal" in stacks
        assert "concurrency_deadlines.py" in stacks
        assert not hangs.alive
        assert engines[1].ask([[5], [1, 2, 3]], sampling=SHORT) == first[1]
