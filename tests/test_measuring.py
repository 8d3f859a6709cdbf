"""Pins take turns until it is sure what has grown, and the gate's answer says it."""

import json
import os
import signal
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import pytest

from cli.measuring import Sampler, in_turns
from fixtures.performance import NotMeasured
from reports.performance import FEWEST, MOST, Performance
from tests.gate_miniature import FIRST_OF_TWO, GateMiniature, Here
from tests.performance_cases import ratios, sample
from tests.waiting import wait_until


def telling(asked: list[str], side: str, times: Iterator[float]) -> Sampler:
    def tell() -> dict[str, float]:
        asked.append(side)
        return sample(ratios(start_up=next(times)))

    return tell


def turns(new: Iterator[float]) -> tuple[Performance, list[str]]:
    asked: list[str] = []
    samplers = {"old": telling(asked, "old", repeat(1.0)), "new": telling(asked, "new", new)}
    return in_turns(samplers, Performance(), lambda _: None), asked


def test_each_starts_once_for_nothing_and_then_they_alternate_who_is_first() -> None:
    made, asked = turns(chain([9.0], repeat(1.0)))
    assert asked[:2] == ["old", "new"]
    assert asked[2:] == ["old", "new", "new", "old"] * 2 + ["old", "new"]
    assert made.pairs == FEWEST
    assert made.costlier == ()


def test_what_is_slower_is_measured_until_that_is_sure() -> None:
    made, _ = turns(repeat(1.6))
    assert made.pairs == MOST - 1
    assert [each.figure.name for each in made.costlier] == ["start-up"]


def test_what_can_not_be_found_slower_any_more_is_left_alone() -> None:
    made, _ = turns(chain([1.0, 1.6, 1.0, 1.6, 1.0], repeat(1.6)))
    assert (made.pairs, made.costlier) == (FEWEST, ())


@pytest.mark.parametrize("before", [0, 3, 7])
def test_a_pin_that_breaks_on_the_way_is_no_verdict(before: int) -> None:
    def breaks() -> Iterator[float]:
        yield from [1.6] * before
        raise NotMeasured("2.0: the cell of measure broke")

    made, _ = turns(breaks())
    assert made.trouble == "2.0: the cell of measure broke."
    assert (made.pairs, made.costlier) == (max(before - 1, 0), ())


def costs(gate: GateMiniature, **of: object) -> None:
    told = {"1.0": of.get("old", {}), "2.0": of.get("new", {})}
    (gate.path / "costs.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("options", "status"),
    [((), 2), (("--allow-should",), 0), (("--budget", "1.7"), 0), (("--no-performance",), 0)],
)
def test_a_gate_says_what_has_become_slower(
    gate: GateMiniature, options: tuple[str, ...], status: int
) -> None:
    gate.promise("BACK-1")
    costs(gate, new={"start_up": 1.6})
    told = gate.ask(*FIRST_OF_TWO, *options, "--html", "page.html", "--markdown", "page.md")
    assert told.status == status, told.err
    measured = "--no-performance" not in options
    page, markdown = ((gate.path / f"page.{kind}").read_text() for kind in ("html", "md"))
    for text, words in (
        (told.out, "1.60 (1.60 to 1.60)"),
        (markdown, "| start-up | 10.00 s | 16.00 s | 1.60 (1.60 to 1.60) |"),
        (page, "1.60 (1.60 to 1.60)<"),
    ):
        assert (words in text) is measured
    assert (told.json["performance"] is not None) is measured
    if status == 2:
        first = told.out.splitlines()[0]
        assert first == "Should not move from 1.0 to 2.0: 2.0 costs more (start-up 1.60 times)."
        assert first in page


def test_a_lost_must_weighs_more_than_what_it_costs(gate: GateMiniature) -> None:
    gate.promise("BACK-1")
    gate.promise("BACK-2", "assert pin != '2.0'")
    costs(gate, new={"decoding": 2.0})
    told = gate.ask(*FIRST_OF_TWO)
    assert told.status == 1
    assert "is broken (BACK-2 in lane cpu); 2.0 costs more (decoding 2.00 times)." in told.out


def test_the_samples_lie_beside_the_record(gate: GateMiniature) -> None:
    gate.promise("BACK-1")
    costs(gate)
    told = gate.ask(*FIRST_OF_TWO)
    assert told.status == 0
    file = Path(told.json["performance"]["samples"])
    assert file.parent == gate.runs[-1]
    kept = json.loads(file.read_text())
    assert (len(kept["old"]), len(kept["new"])) == (FEWEST, FEWEST)
    assert kept["new"][0] == sample()


def test_what_can_not_be_measured_is_told_and_does_not_block(gate: GateMiniature) -> None:
    gate.promise("BACK-1")
    told = gate.ask(*FIRST_OF_TWO)
    assert told.status == 0
    assert "performance\n  not measured: 1.0: there is no engine.\n" in told.out
    assert told.json["performance"]["samples"] == ""


def test_where_no_engine_was_tried_none_is_measured(gate: GateMiniature) -> None:
    gate.promise("BACK-1", lanes=("static",))
    costs(gate, new={"start_up": 1.6})
    told = gate.ask(*FIRST_OF_TWO)
    assert told.status == 0
    assert "not measured: no promise in the lane cpu is kept with both pins.\n" in told.out


@pytest.mark.parametrize(("options", "is_measured"), [((), False), (("--performance",), True)])
def test_who_selects_promises_gets_no_more_unless_they_ask(
    gate: GateMiniature,
    options: tuple[str, ...],
    is_measured: bool,  # noqa: FBT001 - an example's answer
) -> None:
    gate.promise("BACK-1")
    costs(gate)
    told = gate.ask(*FIRST_OF_TWO, "-k", "BACK-1", *options)
    assert (told.json["performance"] is not None) is is_measured


@pytest.mark.parametrize("budget", ["0.9", "much", "nan", "inf"])
def test_a_budget_is_a_number_from_one_on(gate: GateMiniature, ask_here: Here, budget: str) -> None:
    gate.promise("BACK-1")
    status, told = ask_here(*FIRST_OF_TWO, "--budget", budget)
    assert (status, f"{budget!r} is no number from 1 on" in told) == (3, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_measurement_that_is_interrupted_is_no_judgement(
    gate: GateMiniature, number: signal.Signals
) -> None:
    gate.promise("BACK-1")
    costs(gate, new="never")
    running = gate.start(*FIRST_OF_TWO)
    wait_until(lambda: (gate.path / "waiting").exists() or running.poll() is not None)
    os.kill(running.pid, number)
    told = gate.end(running)
    assert told.status == 3
    assert "it was interrupted while what the pins cost was measured." in told.out
    assert (gate.path / "cleared-up").exists()
