"""Cases and answers that the tests of the gate make up."""

from typing import Any

from reports.answer import Answer
from reports.comparison import Row, Status, compare
from reports.failure import Case
from reports.model import Verdict

LEDGER = {"reason": "the cache survives", "link": "https://example.org/1"}


def case(verdict: str, promise: str = "SWAP-3", level: str = "MUST", **more: Any) -> Case:
    """As a run records it; `known` brings its entry along."""
    lane = more.pop("lane", "cpu")
    made = Case(Verdict(verdict), promise, lane, f"{promise}[{lane}]", level, **more)
    if made.verdict is Verdict.KNOWN and not made.ledger:
        made.ledger = LEDGER
    made.sentence = made.sentence or f"Swapped weights {level} answer."
    return made


GROWN = ({"bytes": 100, "steps": 3}, {"bytes": 130, "steps": 3})
"""Figures with OLD and with NEW, of which one has grown."""


def row(old: str, new: str, promise: str = "SWAP-3", level: str = "MUST", **more: Any) -> Row:
    """From what each pin made of it, such as `pass fail`; nothing at all if it is not there."""
    figures = more.pop("figures", ({}, {}))
    sides = (
        {promise: [case(each, promise, level, **more, **side) for each in said.split()]}
        for said, side in (
            (old, {"pin_spec": "1.0", "figures": figures[0]}),
            (new, {"pin_spec": "2.0", "figures": figures[1]}),
        )
    )
    (made,) = compare(*sides)
    return made


def answer(*rows: Row, status: Status = Status.MAY_MOVE, **more: Any) -> Answer:
    return Answer(status, "1.0", "2.0", rows=rows, **more)
