"""The typed proxy drives a real engine: start, generate, stream, swap, control, census."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from fixtures.cells import RemoteError
from fixtures.engines import Engine
from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.nursery import CellPin, Nursery
from fixtures.probes import tiny_checkpoint
from reports.model import Crashed, LaneName

GREEDY = {"max_new_tokens": 6, "temperature": 0.0, "ignore_eos": True}
PROMPT = [1, 2, 3]

CPU = describe(LaneName.CPU, Path("/dev"), os.environ)


@pytest.fixture(scope="module")
def nursery(cell_pin: CellPin) -> Iterator[Nursery]:
    host = Host()
    nursery = Nursery(lambda: host, cell_pin)
    yield nursery
    nursery.close()
    host.close()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("model")
    tiny_checkpoint(directory)
    return directory


@pytest.fixture(scope="module")
def engine(nursery: Nursery, model: Path) -> Engine:
    return Engine.start(nursery.keep(CPU), "tested", model)


def test_the_template_was_fit_to_fork(nursery: Nursery) -> None:
    assert nursery.keep(CPU).start == "forked from a template"


def test_one_prompt_gives_one_answer(engine: Engine) -> None:
    assert len(engine.generate(PROMPT, sampling=GREEDY)["output_ids"]) == 6


def test_many_prompts_give_the_answers_of_each(engine: Engine) -> None:
    alone = [engine.generate(prompt, sampling=GREEDY)["output_ids"] for prompt in ([5], PROMPT)]
    together = engine.generate([[5], PROMPT], sampling=[GREEDY, GREEDY])
    assert [answer["output_ids"] for answer in together] == alone


def test_a_stream_ends_with_the_whole_answer(engine: Engine) -> None:
    chunks = list(engine.stream(PROMPT, sampling=GREEDY))
    assert len(chunks) > 1
    assert chunks[-1]["output_ids"] == engine.generate(PROMPT, sampling=GREEDY)["output_ids"]


def test_a_swapped_leaf_is_read_back_and_heard(engine: Engine) -> None:
    before = engine.generate(PROMPT, sampling=GREEDY)["output_ids"]
    leaf = engine.leaves()[0]["name"]
    genuine = engine.read_leaf(leaf)
    engine.swap({leaf: np.roll(genuine, 1, axis=0)})
    assert np.array_equal(engine.read_leaf(leaf), np.roll(genuine, 1, axis=0))
    assert engine.generate(PROMPT, sampling=GREEDY)["output_ids"] != before
    engine.swap({leaf: genuine})
    assert engine.generate(PROMPT, sampling=GREEDY)["output_ids"] == before


def test_an_unknown_leaf_is_named(engine: Engine) -> None:
    with pytest.raises(RemoteError, match="no leaf called nonsense"):
        engine.swap({"nonsense": np.zeros(3, np.float32)})


def test_control_calls_leave_a_working_engine(engine: Engine) -> None:
    engine.pause()
    engine.continue_()
    engine.abort()
    assert isinstance(engine.flush(), bool)
    assert engine.generate(PROMPT, sampling=GREEDY)["output_ids"]


def test_the_census_sees_the_engine(engine: Engine) -> None:
    census = engine.cell.run("pinproof_cell.census:take")
    assert "sglang::scheduler" in census["threads"]
    assert census["bytes_by_device"]["0"] > 0
    assert census["compiles"]["traces"] > 0


def test_the_census_does_not_add_to_what_it_counts(engine: Engine) -> None:
    def arrays() -> dict[str, int]:
        counted: dict[str, int] = engine.cell.run("pinproof_cell.census:take")["arrays_by_device"]
        return counted

    before, after = arrays(), arrays()
    assert all(after[device] <= before[device] for device in after)


def test_an_engine_that_can_not_start_is_a_crash_with_the_cause(
    nursery: Nursery, tmp_path: Path
) -> None:
    cell = nursery.make(CPU)
    with pytest.raises(Crashed) as caught:
        Engine.start(cell, "broken", tmp_path / "no-model-here")
    assert "killed by SIGKILL" in caught.value.evidence.observed
    assert "no-model-here" in caught.value.evidence.exception


def test_shutting_an_engine_down_reaches_nobody_else(nursery: Nursery, model: Path) -> None:
    other = nursery.make(CPU)
    cell = nursery.make(CPU)
    Engine.start(cell, "short-lived", model).shutdown()
    assert other.alive
    assert nursery.keep(CPU).alive
    for done in (cell, other):
        done.close()


def cores_taken(process: psutil.Process, seconds: float = 1.0) -> float:
    before = sum(process.cpu_times()[:2])
    threading.Event().wait(seconds)
    return (sum(process.cpu_times()[:2]) - before) / seconds


def test_an_engine_with_nothing_to_do_takes_no_core(engine: Engine) -> None:
    process = psutil.Process(engine.cell.run("os:getpid", deadline=10))
    engine.generate(PROMPT, sampling=GREEDY)
    assert cores_taken(process) < 0.5
    engine.pause()
    assert cores_taken(process) < 0.5
    engine.continue_()
    assert len(engine.generate(PROMPT, sampling=GREEDY)["output_ids"]) == 6
