"""What many promises have in common that differ between two pins: one cause, in the same words."""

from collections import defaultdict
from collections.abc import Iterable
from math import ceil

from reports.comparison import Row
from reports.model import Verdict

ENOUGH = 5
"""What is true of so many with one cause is true of all."""

_NAMED = frozenset({Verdict.FAIL, Verdict.BLOCKED})


def cause(row: Row) -> str:
    """In the words of the pin that does not keep it; empty where these name none.

    All crashes are observed in much the same words, and so are all hangs.
    """
    case = row.telling
    if case is None:
        return ""
    if case.verdict is Verdict.CRASH:
        return case.exception
    return case.observed if case.verdict in _NAMED else ""


def witnesses(rows: Iterable[Row]) -> list[Row]:
    """All with a cause of their own, and of many with the same one a few from everywhere."""
    alike: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        alike[cause(row) or row.nodeid, row.outcome].append(row)
    return [row for same in alike.values() for row in same[:: ceil(len(same) / ENOUGH)]]


def doubted(rows: Iterable[Row], repeated: Iterable[Row]) -> list[Row]:
    """Of `rows` those for whom a witness has spoken that is not believed any longer."""
    causes = {cause(row) for row in repeated if row.flaky} - {""}
    return [row for row in rows if cause(row) in causes]


def shared(rows: Iterable[Row]) -> tuple[str, int]:
    """The cause of more than half of them, and of how many; only where these are many."""
    listed = list(rows)
    alike: dict[str, int] = defaultdict(int)
    for row in listed:
        alike[cause(row)] += 1
    words, number = max(alike.items(), key=lambda each: each[1], default=("", 0))
    return (words, number) if words and number > max(ENOUGH, len(listed) / 2) else ("", 0)
