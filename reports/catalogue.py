"""`docs/promises.md`: the committed list of promises, written from the tests and read back."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from string import ascii_lowercase

from reports.model import Promise, Tier

PREAMBLE = """\
# Promises

What a pin has to do, one sentence each. This list is written from the tests
(`pytest --write-promises`); a run compares what it collected with it, so that a
promise can't vanish unseen.
"""
HEADER = "| id | level | lanes | sentence | faults | test |\n|---|---|---|---|---|---|\n"
ROW = re.compile(
    r"^\| (?P<id>\S+) \|[^|]*\| (?P<lanes>[^|]*) \|.*\| `(?P<test>[^`|]+)` \|$", re.MULTILINE
)


@dataclass(frozen=True)
class Entry:
    """A promise and the node id, without parameters, of the test that proves it."""

    promise: Promise
    test: str


@dataclass(frozen=True, order=True)
class Pair:
    """A promise in one of its lanes."""

    promise: str
    lane: str
    test: str

    @property
    def nodeid(self) -> str:
        return f"{self.test}[{self.lane}]"


def by_number(promise_id: str) -> tuple[str, int, str]:
    area, _, number = promise_id.rpartition("-")
    digits = number.rstrip(ascii_lowercase)
    return area, int(digits) if digits.isdecimal() else 0, number


def render(entries: Iterable[Entry]) -> str:
    ordered = sorted(entries, key=lambda entry: by_number(entry.promise.id))
    areas = groupby(ordered, key=lambda entry: entry.promise.area)
    tables = (f"\n## {area}\n\n{HEADER}{''.join(map(_row, rows))}" for area, rows in areas)
    return PREAMBLE + "".join(tables)


def _row(entry: Entry) -> str:
    promise = entry.promise
    cells = (
        promise.id,
        promise.level if promise.tier is Tier.USUAL else f"{promise.level}, {promise.tier}",
        ", ".join(promise.lanes),
        promise.sentence.replace("|", "\\|"),
        ", ".join(promise.faults),
        f"`{entry.test}`",
    )
    return f"| {' | '.join(cells)} |\n"


def read(file: Path) -> list[Pair]:
    """The committed pairs; none when there is no list yet."""
    if not file.exists():
        return []
    return [
        Pair(row["id"], lane.strip(), row["test"])
        for row in ROW.finditer(file.read_text(encoding="utf-8"))
        for lane in row["lanes"].split(",")
    ]


def lanes_in(file: Path) -> dict[str, set[str]]:
    """Of each committed promise."""
    lanes: dict[str, set[str]] = defaultdict(set)
    for pair in read(file):
        lanes[pair.promise].add(pair.lane)
    return dict(lanes)
