"""The promises that a pin is known to break: read, checked, applied. A leaf, but for the words."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from reports.model import PROMISE_ID, LaneName, Verdict

EXPECTABLE = (Verdict.FAIL, Verdict.CRASH, Verdict.HANG, Verdict.BLOCKED)

_LINK = re.compile(r"https?://\S+")


class LedgerError(Exception):
    """The ledger can't be used; the message lists everything that is wrong with it."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(["the ledger has problems:", *self.problems]))


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
    place: str

    def covers(self, versions: Mapping[str, str]) -> bool:
        """Whether the pin has all the named packages in the named versions."""
        installed = {str(canonicalize_name(name)): versions[name] for name in versions}
        return all(_satisfied(requirement, installed) for requirement in self.pin)

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
    def load(cls, folder: Path, today: date) -> "Ledger":
        """Every entry in `folder/*.toml`; raises once, with all problems."""
        problems: list[str] = []
        entries: list[Entry] = []
        for file in sorted(folder.glob("*.toml")):
            for place, table in _tables(file, problems):
                found, entry = _entry(table, place, today)
                problems.extend(f"{place}: {problem}" for problem in found)
                entries.extend([entry] if entry else [])
        problems.extend(_duplicates(entries))
        if problems:
            raise LedgerError(problems)
        return cls(tuple(entries))

    def entry_for(self, promise: str, lane: str, versions: Mapping[str, str]) -> Entry | None:
        found = [
            entry
            for entry in self.entries
            if (entry.promise, entry.lane) == (promise, lane) and entry.covers(versions)
        ]
        if len(found) > 1:
            places = " and ".join(entry.place for entry in found)
            raise LedgerError([f"{places} are both about {promise}[{lane}] with this pin"])
        return found[0] if found else None


def _satisfied(requirement: Requirement, installed: Mapping[str, str]) -> bool:
    version = installed.get(canonicalize_name(requirement.name))
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def _tables(file: Path, problems: list[str]) -> Iterable[tuple[str, Any]]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file.name}: this is no TOML: {error}")
        return
    if set(document) != {"entry"} or not isinstance(document["entry"], list):
        problems.append(f"{file.name}: a ledger file holds [[entry]] tables and nothing else")
        return
    for number, table in enumerate(document["entry"], start=1):
        yield f"{file.name}, entry {number}", table


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
        "pin": _conditions(table["pin"]),
        "verdict": Verdict(table["verdict"]),
        "intermittent": table.get("intermittent"),
        "place": place,
    }
    entry = Entry(**{**table, **read})
    return list(_date_problems(entry, today)), entry


def _date_problems(entry: Entry, today: date) -> Iterable[str]:
    if entry.added > today:
        yield f"'added' ({entry.added}) lies in the future"
    if entry.expires <= entry.added:
        yield f"'expires' ({entry.expires}) is not after 'added' ({entry.added})"
    elif entry.expires < today:
        yield (
            f"{entry.promise}[{entry.lane}] expired on {entry.expires}: look whether the pin still "
            "breaks it; remove the entry, or review it and give it a new date"
        )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_date(value: Any) -> bool:
    return type(value) is date  # a TOML date with a time is a datetime, and that is a date, too


def _conditions(value: Any) -> tuple[Requirement, ...]:
    """The conditions on the pin; empty unless all of them say something about a version."""
    try:
        conditions = tuple(map(Requirement, value if isinstance(value, list) else [value]))
    except (InvalidRequirement, TypeError):
        return ()
    usable = all(c.specifier and not c.marker and not c.url for c in conditions)
    return conditions if usable else ()


_FIELDS: dict[str, tuple[Callable[[Any], object], str]] = {
    "promise": (lambda v: _is_text(v) and PROMISE_ID.fullmatch(v), "an id such as SWAP-3"),
    "lane": (lambda v: v in list(LaneName), f"one of {', '.join(LaneName)}"),
    "pin": (_conditions, "a condition such as 'sglang-jax>=0.0.3rc0,<0.2', or a list of them"),
    "verdict": (lambda v: v in EXPECTABLE, f"one of {', '.join(EXPECTABLE)}"),
    "reason": (_is_text, "a reason"),
    "link": (lambda v: _is_text(v) and _LINK.fullmatch(v), "a web address"),
    "added": (_is_date, "a date such as 2026-11-30"),
    "expires": (_is_date, "a date such as 2026-11-30"),
    "intermittent": (lambda v: type(v) is int and v >= 1, "a number of passes"),
}
_OPTIONAL = frozenset({"intermittent"})


def _duplicates(entries: list[Entry]) -> Iterable[str]:
    seen: dict[tuple[str, str, frozenset[str]], str] = {}
    for entry in entries:
        key = (entry.promise, entry.lane, frozenset(map(str, entry.pin)))
        if key in seen:
            yield f"{entry.place}: {entry.promise}[{entry.lane}] is already in {seen[key]}"
        seen.setdefault(key, entry.place)
