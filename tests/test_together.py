"""Two engines on two devices asked at once: each order gets its own answers, errors and times."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.engines import Engine
from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.nursery import CellPin, Nursery
from fixtures.probes import Probe, certified
from fixtures.together import Order, gathered
from reports.model import LaneName

CPU = describe(LaneName.CPU, Path("/dev"), os.environ)
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def probes(probe_cache: Path) -> list[Probe]:
    return [certified(probe_cache, seed=seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def engines(cell_pin: CellPin, probes: list[Probe]) -> Iterator[list[Engine]]:
    host = Host()
    nursery = Nursery(lambda: host, cell_pin)
    cell = nursery.keep(CPU)
    yield [
        Engine.start(cell, f"on {device}", probe.directory, device_indexes=[device])
        for device, probe in enumerate(probes)
    ]
    nursery.close()
    host.close()


def test_each_order_gets_its_engines_answers(engines: list[Engine], probes: list[Probe]) -> None:
    prompts = [[prompt.tokens for prompt in probe.prompts.values()] for probe in probes]
    served = gathered([Order(*each) for each in zip(engines, prompts, strict=True)])
    wanted = [[prompt.answer for prompt in probe.prompts.values()] for probe in probes]
    assert [[answer.tokens for answer in each.answers] for each in served] == wanted


def test_orders_are_served_at_the_same_time(engines: list[Engine], probes: list[Probe]) -> None:
    prompts = [prompt.tokens for prompt in probes[0].prompts.values()]
    first, second = gathered([Order(engine, prompts) for engine in engines])
    assert max(first.began, second.began) < min(first.ended, second.ended)


def test_an_error_is_that_order_s_answer(engines: list[Engine], probes: list[Probe]) -> None:
    prompts = [prompt.tokens for prompt in probes[0].prompts.values()]
    refused, fine = gathered(
        [Order(engines[0], prompts, sampling={"temperature": -1.0}), Order(engines[1], prompts)]
    )
    assert refused.error.startswith("ValueError")
    assert len(fine.answers) == len(prompts)
