"""The reference run: what completions earn, what its numbers must be, how it is asked for."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.grpo_records import Run
from fixtures.grpo_reference import unlike_the_reference
from pinproof_cell.scenarios.grpo_reference import questions, reward
from tests.conftest import Miniature
from tests.grpo_runs import made_up

PLUGIN = ("-p", "fixtures.real_model", "-p", "fixtures.grpo_reference")


@pytest.mark.parametrize(
    ("said", "earned"),
    [
        ("so it is 1,234", 1.0),
        ("1234 or 7", 0.1),
        ("7", 0.1),
        ("no idea", 0.0),
        ("", 0.0),
    ],
)
def test_the_last_number_earns(said: str, earned: float) -> None:
    assert reward([said], ["first 7, then 1227. #### 1,234"]) == [earned]


def test_problems_are_the_first_lines_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "problems.jsonl"
    lines = [json.dumps({"question": f"{n}?", "answer": n, "more": 1}) for n in range(4)]
    file.write_text("\n\n".join(lines))
    assert questions(str(file), 2) == [
        {"question": "0?", "answer": "0"},
        {"question": "1?", "answer": "1"},
    ]


def right() -> Run:
    run = made_up()
    run.told["history"]["loss"] = [0.0, 0.004, 0.004]
    return replace(run, dtype="bfloat16")


def large_loss(told: dict[str, Any]) -> None:
    told["history"]["loss"][1] = 0.1


def blank_loss(told: dict[str, Any]) -> None:
    told["history"]["loss"][1] = float("nan")


def too_few_steps(told: dict[str, Any]) -> None:
    told["train steps"] = 2


def apart(told: dict[str, Any]) -> None:
    for example in told["examples"]:
        example["scores"] += 0.04


def test_nothing_is_wrong_with_a_run_that_is_right() -> None:
    assert list(unlike_the_reference(right())) == []


@pytest.mark.parametrize("damage", [large_loss, blank_loss, too_few_steps, apart])
def test_what_is_wrong_is_seen(damage: Callable[[dict[str, Any]], None]) -> None:
    run = right()
    damage(run.told)  # type: ignore[arg-type]
    assert list(unlike_the_reference(run))


def test_options_reach_the_command_that_reproduces(miniature: Miniature) -> None:
    miniature.promise("GRPO-15", lanes=("tpu",), arguments="lane, real_model", body="assert False")
    miniature.chip()
    asked = ("--model", "a b", "--grpo-data", "d", "--grpo-steps", "3")
    result = miniature.run(*PLUGIN, "-m", "tpu", *asked)
    result.stdout.fnmatch_lines(["*reproduce:*--grpo-data=d --grpo-steps=3 --model='a b'*"])


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_steps_must_be_a_number(miniature: Miniature, number: str) -> None:
    result = miniature.run(*PLUGIN, "--grpo-steps", number)
    result.stderr.fnmatch_lines([f"*--grpo-steps: '{number}' is no whole number from 1 on*"])
