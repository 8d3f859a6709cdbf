"""The judges of ISO-6 and ISO-9 find what an engine has touched and where a trainer stood still."""

from typing import Any

from fixtures.isolation_host import BEFORE, REQUEST, SHUTDOWN, START, touched, wrong_exits
from fixtures.isolation_trainer import retraced, standstills, strays
from fixtures.together import Served


def life(*values: dict[str, str], aspect: str = "limits") -> dict[str, dict[str, dict[str, str]]]:
    stages = (BEFORE, START, REQUEST, SHUTDOWN)
    return {stage: {aspect: value} for stage, value in zip(stages, values, strict=True)}


def test_what_stays_is_not_touched() -> None:
    assert not list(touched(life({"a": "1"}, {"a": "1"}, {"a": "1"}, {"a": "1"}), "limits"))


def test_each_change_is_told_once() -> None:
    same, other = {"a": "1"}, {"a": "2"}
    assert list(touched(life(same, other, other, other), "limits")) == [
        "after the start: a is '2' instead of '1'"
    ]
    assert len(list(touched(life(same, other, {"a": "3"}, {"a": "3"}), "limits"))) == 2


def test_a_change_at_the_end_is_found_and_may_be_somebody_elses_business() -> None:
    told = life({"a": "1"}, {"a": "1"}, {"a": "1"}, {})
    assert list(touched(told, "limits")) == ["after the shutdown: a is unset instead of '1'"]
    assert not list(touched(told, "limits", (START, REQUEST)))


def test_new_names_are_found() -> None:
    told = life({}, {"b": "1"}, {"b": "1"}, {"b": "1"})
    assert list(touched(told, "limits")) == ["after the start: b is '1' instead of unset"]


def test_exit_codes_say_what_they_should_be() -> None:
    right, lost = {"a child that exits with 3": "3"}, {"a child that exits with 3": "0"}
    assert not list(wrong_exits(life(right, right, right, right, aspect="exit codes")))
    assert len(list(wrong_exits(life(right, lost, right, lost, aspect="exit codes")))) == 2


def step(count: int, digest: str, began: float = 0.0, turn: int = 0) -> dict[str, Any]:
    return {"turn": turn, "count": count, "digest": digest, "began": began, "ended": began + 1}


CONTROL = [step(0, "a"), step(1, "b"), step(0, "c", turn=1)]


def test_steps_like_the_control_do_not_stray() -> None:
    steps = [step(0, "a"), step(0, "c", turn=1), step(1, "b")]
    assert not list(strays({"control": CONTROL, "steps": steps, "error": ""}))


def test_other_bits_and_an_early_end_do() -> None:
    assert list(strays({"control": CONTROL, "steps": [step(1, "a")], "error": ""}))
    assert list(strays({"control": CONTROL, "steps": [], "error": "RuntimeError: deleted"}))


def served(began: float, ended: float) -> Served:
    return Served([], "", began, ended)


def test_a_step_counts_when_it_lies_within_the_request() -> None:
    told = {"steps": [step(0, "", began) for began in (0.0, 1.0, 2.0, 5.0)]}
    assert not list(standstills(told, [served(0.0, 3.0)]))
    assert list(standstills(told, [served(0.5, 2.5)]))
    assert list(standstills(told, [served(3.0, 9.0)]))
    assert list(standstills({"steps": []}, [served(0.0, 1.0)]))


def test_requests_that_were_not_served_prove_nothing() -> None:
    told = {"steps": [step(0, "", began) for began in (0.0, 1.0, 2.0)]}
    assert list(standstills(told, [Served([], "ValueError: too long", 0.0, 3.0)]))


def test_more_traces_than_before_are_found() -> None:
    assert not list(retraced({"traces": [2, 2]}))
    assert list(retraced({"traces": [2, 3]}))
