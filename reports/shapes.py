"""What an event of a record looks like; whatever looks otherwise was not written by a run."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from reports.model import Level, Verdict

type Shape = Callable[[Any], bool]

_REQUIRED = ("verdict", "promise", "lane", "nodeid")
_LAST_MOMENT = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_LARGEST = 1e300


def text(value: Any) -> bool:
    return isinstance(value, str)


def number(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < _LARGEST)


def moment(value: Any) -> bool:
    return number(value) and 0 <= value < _LAST_MOMENT


def whole(value: Any) -> bool:
    return isinstance(value, int) and number(value)


def table(value: Any) -> bool:
    return isinstance(value, dict)


def one_of(*values: str) -> Shape:
    return lambda value: isinstance(value, str) and value in values


def maybe(shape: Shape) -> Shape:
    return lambda value: value is None or shape(value)


def each(shape: Shape) -> Shape:
    """All values of a table."""
    return lambda value: isinstance(value, dict) and all(map(shape, value.values()))


def many(shape: Shape) -> Shape:
    return lambda value: isinstance(value, list) and all(map(shape, value))


def fields(**shapes: Shape) -> Shape:
    """A table, of which these are looked at if they are there."""
    return lambda value: (
        isinstance(value, dict)
        and all(name not in value or shape(value[name]) for name, shape in shapes.items())
    )


_evidence = fields(
    observed=text,
    required=text,
    next_step=text,
    stacks=text,
    exception=text,
    facts=table,
    log_tail=many(text),
)
_case = fields(
    verdict=one_of(*Verdict),
    seen=maybe(one_of(*Verdict)),
    level=one_of("", *Level),
    evidence=maybe(_evidence),
    ledger=each(text),
    figures=each(number),
    **dict.fromkeys(
        (
            *("promise", "lane", "nodeid", "options", "sentence", "pin", "pin_spec", "reason"),
            *("evidence_file", "condition"),
        ),
        text,
    ),
)
_pin = fields(
    spec=text,
    label=text,
    versions=maybe(each(maybe(text))),
    environment=maybe(each(text)),
    made=maybe(fields(source=maybe(fields(commit=maybe(text), changes=maybe(text))))),
)
_event = fields(
    nodeid=text,
    start=moment,
    duration=number,
    exitstatus=whole,
    pinproof=maybe(lambda value: _case(value) and all(name in value for name in _REQUIRED)),
    pin=maybe(_pin),
    suite=maybe(fields(commit=maybe(text))),
    machine=maybe(fields(architecture=text, devices=maybe(many(text)))),
    outcome=maybe(text),
)


def is_event(value: Any) -> bool:
    return _event(value) and text(value.get("$report_type"))
