"""The promises that a pin is known to break: read, checked, applied. A leaf, but for the words."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from pins.conditions import Environment, of_environment, of_pin, possible, satisfied
from reports.model import PROMISE_ID, LaneName, Verdict

EXPECTABLE = (Verdict.FAIL, Verdict.CRASH, Verdict.HANG, Verdict.BLOCKED)

type Lanes = Mapping[str, Collection[str]]
"""The lanes of each promise."""

_HEAD = "the ledger can't be used (`pinproof ledger check` tells this, too):"
_LINK = re.compile(r"https?://\S+")


class LedgerError(Exception):
    """The ledger can't be used; the message lists everything that is wrong with it."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([_HEAD, *self.problems]))


@dataclass(frozen=True)
class Entry:
    """One promise that one range of pins is known to break in one lane."""

    promise: str
    lane: LaneName
    pin: tuple[Requirement, ...]
    verdict: Verdict
    reason: str
    link: str
    added: date
    expires: date
    intermittent: int | None
    environment: Environment
    place: str

    @property
    def about(self) -> str:
        return f"{self.promise}[{self.lane}]"

    def covers(self, versions: Mapping[str, str], facts: Mapping[str, str]) -> bool:
        """Whether it is about a pin with these packages, tried where these facts hold."""
        return satisfied(self.pin, versions) and self.environment.holds(facts)

    def overlaps(self, other: "Entry") -> bool:
        """Whether both could be about one pin."""
        same = (self.promise, self.lane) == (other.promise, other.lane)
        return (
            same and possible([*self.pin, *other.pin]) and self.environment.meets(other.environment)
        )

    def judge(self, verdict: Verdict, earlier_passes: int) -> Verdict:
        """Only the very verdict that was recorded is known: a crash is no excuse for a failure."""
        if verdict == self.verdict:
            return Verdict.KNOWN
        if verdict == Verdict.PASS and earlier_passes + 1 >= (self.intermittent or 1):
            return Verdict.FIXED
        return verdict


@dataclass(frozen=True)
class Ledger:
    entries: tuple[Entry, ...]

    @classmethod
    def load(
        cls, own: Path, today: date, given: Sequence[Path] = (), lanes: Lanes | None = None
    ) -> "Ledger":
        """The suite's own entries and those of the given folders; raises once, with all problems.

        With `lanes`, those of each promise that there is, entries about no promise are refused.
        """
        entries, problems = read(own, today, given, lanes)
        if problems:
            raise LedgerError(problems)
        return cls(tuple(entries))

    def entry_for(
        self, promise: str, lane: str, versions: Mapping[str, str], facts: Mapping[str, str]
    ) -> Entry | None:
        found = [
            entry
            for entry in self.entries
            if (entry.promise, entry.lane) == (promise, lane) and entry.covers(versions, facts)
        ]
        if len(found) > 1:
            raise LedgerError([_both(*found[:2])])
        return found[0] if found else None


def read(
    own: Path, today: date, given: Sequence[Path] = (), lanes: Lanes | None = None
) -> tuple[list[Entry], list[str]]:
    """All entries that can be understood, and all that is wrong with these and with the others."""
    entries: list[Entry] = []
    problems: list[str] = []
    others = {folder.resolve(): folder for folder in given}
    others.pop(own.resolve(), None)
    for folder in [own, *others.values()]:
        files = sorted(folder.glob("*.toml"))
        if not files and folder != own:
            problems.append(_nothing_in(folder))
        for file in files:
            for place, table in _tables(file, problems):
                found, entry = _entry(table, place, today)
                problems.extend(f"{place}: {problem}" for problem in found)
                entries.extend([entry] if entry else [])
    problems.extend(_overlaps(entries))
    if lanes is not None:
        problems.extend(_strangers(entries, lanes))
    return entries, problems


def _nothing_in(folder: Path) -> str:
    if not folder.is_dir():
        return f"{folder}: there is no such folder"
    return f"{folder}: no file *.toml is in this folder"


def _tables(file: Path, problems: list[str]) -> Iterable[tuple[str, Any]]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{file}: this can't be read: {error.strerror}")
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(f"{file}: this is no TOML: {error}")
        return
    if set(document) != {"entry"} or not isinstance(document["entry"], list):
        problems.append(f"{file}: a ledger file holds [[entry]] tables and nothing else")
        return
    for number, table in enumerate(document["entry"], start=1):
        yield f"{file}, entry {number}", table


def _entry(table: Any, place: str, today: date) -> tuple[list[str], Entry | None]:
    if not isinstance(table, dict):
        return ["an entry is a table"], None
    names = set(table)
    problems = [f"{name!r} is missing" for name in sorted(set(_FIELDS) - _OPTIONAL - names)]
    problems += [f"{name!r} is unknown" for name in sorted(names - set(_FIELDS))]
    problems += [
        f"{name!r} is {table[name]!r}, not {wanted}"
        for name, (is_right, wanted) in _FIELDS.items()
        if name in names and not is_right(table[name])
    ]
    if problems:
        return problems, None
    read = {
        "lane": LaneName(table["lane"]),
        "pin": of_pin(table["pin"]),
        "verdict": Verdict(table["verdict"]),
        "intermittent": table.get("intermittent"),
        "environment": of_environment(table.get("environment")) or Environment(),
        "place": place,
    }
    entry = Entry(**{**table, **read})
    return [*_pin_problems(entry), *_date_problems(entry, today)], entry


def _pin_problems(entry: Entry) -> Iterator[str]:
    if not possible(entry.pin):
        yield f"no pin can meet {' and '.join(map(repr, map(str, entry.pin)))}"
    if not entry.environment.meets(entry.environment):
        yield f"no Python can meet {str(entry.environment.python)!r}"


def _date_problems(entry: Entry, today: date) -> Iterable[str]:
    if entry.added > today:
        yield f"'added' ({entry.added}) lies in the future"
    if entry.expires <= entry.added:
        yield f"'expires' ({entry.expires}) is not after 'added' ({entry.added})"
    elif entry.expires < today:
        yield (
            f"{entry.about} expired on {entry.expires}: look whether the pin still "
            "breaks it; remove the entry, or review it and give it a new date"
        )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_date(value: Any) -> bool:
    return type(value) is date  # a TOML date with a time is a datetime, and that is a date, too


_FIELDS: dict[str, tuple[Callable[[Any], object], str]] = {
    "promise": (lambda v: _is_text(v) and PROMISE_ID.fullmatch(v), "an id such as SWAP-3"),
    "lane": (lambda v: v in list(LaneName), f"one of {', '.join(LaneName)}"),
    "pin": (of_pin, "a condition such as 'sglang-jax>=0.0.3rc0,<0.2', or a list of them"),
    "verdict": (lambda v: v in EXPECTABLE, f"one of {', '.join(EXPECTABLE)}"),
    "reason": (_is_text, "a reason"),
    "link": (lambda v: _is_text(v) and _LINK.fullmatch(v), "a web address"),
    "added": (_is_date, "a date such as 2026-11-30"),
    "expires": (_is_date, "a date such as 2026-11-30"),
    "environment": (
        of_environment,
        "conditions on machine, tpu and python such as {machine = 'x86_64', python = '>=3.12'}",
    ),
    "intermittent": (lambda v: type(v) is int and v >= 1, "a number of passes"),
}
_OPTIONAL = frozenset({"intermittent", "environment"})


def _overlaps(entries: list[Entry]) -> Iterator[str]:
    alike: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        alike[entry.promise, entry.lane].append(entry)
    for group in alike.values():
        yield from (_both(*pair) for pair in combinations(group, 2) if pair[0].overlaps(pair[1]))


def _both(one: Entry, other: Entry) -> str:
    return f"{other.place}: {one.place} is about {one.about} with the same pin, too: leave one"


def _strangers(entries: list[Entry], lanes: Lanes) -> Iterator[str]:
    """What is about nothing that there is would never match, and nobody would see it."""
    for entry in entries:
        if entry.promise not in lanes:
            yield f"{entry.place}: there is no promise {entry.promise}"
        elif entry.lane not in lanes[entry.promise]:
            tried = ", ".join(sorted(lanes[entry.promise]))
            yield f"{entry.place}: {entry.promise} is tried in {tried}, not in lane {entry.lane}"
