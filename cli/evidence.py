"""Which records the gate believes: whole ones, made by the same suite on a machine of this kind."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pins.environment import Pin
from pins.installed import inspect
from pins.spec import SHOWN
from reports.answer import cut, moved
from reports.model import Tier
from reports.resume import LEARNT_NOTHING
from reports.stored import RUN_LOG_FILE, NoEvidence, Stored, stored

ENDED_BY_ITSELF = frozenset({0, 1})
USUAL_OPTIONS = frozenset({"", *(f"--tier={tier}" for tier in Tier)})
ABSENT = "absent"
_NOTE = "gate.json"
_ERRORS = (
    re.compile(r"^python -m pytest: error:", re.MULTILINE),
    re.compile(r"^ERROR:", re.MULTILINE),
)


class Unjudged(Exception):
    """The gate can't judge; the message says why, in one sentence."""


class Foreign(Unjudged):
    """A record was made by another suite, on another machine, or with other packages."""


def read(directory: Path) -> Stored:
    place = directory.parent if directory.name == RUN_LOG_FILE else directory
    try:
        return stored(place)
    except OSError as error:
        raise Unjudged(f"there is no record in {place}: {error.strerror}.") from None
    except NoEvidence as refusal:
        raise Unjudged(str(refusal)) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Unjudged(f"{place / RUN_LOG_FILE} is no record of a run.") from None


def refuse_unless_ended(status: int | None, run: str, said: str = "") -> None:
    """`run` by itself, that is; with verdicts that are not green, perhaps."""
    if status not in ENDED_BY_ITSELF:
        ending = "was killed" if status is None else f"ended early, with status {status}"
        because = f": {errors(said)}" if errors(said) else "."
        raise Unjudged(f"the run {run} {ending}{because}")


def refuse_unless_begun(record: Stored) -> None:
    if record.environment is None:
        raise Unjudged(f"the run recorded in {record.directory} never began.")


def refuse_unless_whole(record: Stored, wanted: list[str]) -> None:
    """Silence is no verdict: what was left out was not kept."""
    if missing := [nodeid for nodeid in wanted if nodeid not in record.cases]:
        lanes = {nodeid.rpartition("[")[2].rstrip("]") for nodeid in missing}
        never = sorted(lanes - {case.lane for case in record.cases.values()})
        at_all = f", and none at all in lane {', '.join(never)}" if never else ""
        raise Unjudged(
            f"the record in {record.directory} has no verdict for {len(missing)} of "
            f"{len(wanted)} selected tests, such as {missing[0]}{at_all}."
        )
    options = {record.cases[nodeid].options for nodeid in wanted}
    if unusual := options - USUAL_OPTIONS:
        raise Unjudged(
            f"the record in {record.directory} was made with {min(unusual)}, and the gate's "
            "own runs are not."
        )


def refuse_if_others(
    record: Stored, other: Mapping[str, Any] | None, whose: str, *, clean: bool = False
) -> None:
    """`clean`: with changes that no commit names, two suites may differ under one commit."""
    there, here = record.environment or {}, other or {}
    suites = [each.get("suite") or {} for each in (there, here)]
    if suites[0] != suites[1]:
        raise Foreign(
            f"the record in {record.directory} was made by another suite "
            f"({_suite(suites[0])}) than that of {whose} ({_suite(suites[1])})."
        )
    if there.get("ledger") != here.get("ledger"):
        raise Unjudged(
            f"the record in {record.directory} was judged by another ledger (--ledger) than "
            f"that of {whose}."
        )
    if clean and (suites[0].get("commit") is None or suites[0].get("dirty") is not False):
        raise Foreign(
            f"the record in {record.directory} was made by a suite that no commit describes "
            f"({_suite(suites[0])}), so nobody can tell whether it is this one."
        )
    kinds = [_kind(each.get("machine") or {}) for each in (there, here)]
    if kinds[0] != kinds[1]:
        raise Foreign(
            f"the record in {record.directory} was made on another kind of machine "
            f"({kinds[0]}) than that of {whose} ({kinds[1]})."
        )


def refuse_if_other_pin(record: Stored, pin: Pin) -> None:
    sources = [_source(_pin(record).get("made")), _source(pin.made)]
    differing = _differing(_versions(record), inspect(pin.python).versions)
    what = moved(differing) if differing else f"source {' -> '.join(sources)}"
    if differing or sources[0] != sources[1]:
        raise Foreign(
            f"the record in {record.directory} is not about {pin.spec} as it is here: {what}."
        )


def differing_versions(old: Stored, new: Stored) -> dict[str, tuple[str, str]]:
    return _differing(_versions(old), _versions(new))


def errors(said: str) -> str:
    """What pytest has called an error."""
    found = (pattern.search(said) for pattern in _ERRORS)
    return next((cut(said[each.end() :]) for each in found if each), "")


def note_selection(directory: Path, pin: str, selected: list[str]) -> None:
    note = json.dumps({"pin": pin, "selected": selected})
    (directory / _NOTE).write_text(note, encoding="utf-8")


def newest_like(runs: Path, pin: str, selected: list[str]) -> Stored | None:
    """The newest record of a gate's run, if it began, with this pin over the same promises."""
    note = json.dumps({"pin": pin, "selected": selected})
    alike = (each for each in runs.glob(f"*/{_NOTE}") if each.read_text(encoding="utf-8") == note)
    for directory in sorted((each.parent for each in alike), reverse=True):
        if (directory / RUN_LOG_FILE).exists() and (record := read(directory)).environment:
            return record
    return None


def leaves_nothing(record: Stored, selected: list[str]) -> bool:
    """Whether there is nothing that a run which resumes it would try."""
    learnt = {nodeid for nodeid, case in record.cases.items() if case.verdict not in LEARNT_NOTHING}
    return record.exit_status in ENDED_BY_ITSELF and learnt.issuperset(selected)


def _versions(record: Stored) -> dict[str, str]:
    return _pin(record).get("versions") or {}


def _pin(record: Stored) -> dict[str, Any]:
    return (record.environment or {}).get("pin") or {}


def _source(made: Mapping[str, Any] | None) -> str:
    """Versions don't tell one commit from another, nor what was changed in a checkout."""
    source = (made or {}).get("source") or {}
    named = source.get("commit") or source.get("sha256") or ""
    return "-".join(filter(None, [named[:SHOWN], source.get("changes")])) or "none"


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    pairs = {name: (old.get(name) or ABSENT, new.get(name) or ABSENT) for name in {*old, *new}}
    return {name: pairs[name] for name in sorted(pairs) if pairs[name][0] != pairs[name][1]}


def _suite(suite: Mapping[str, Any]) -> str:
    commit = str(suite.get("commit") or "of no commit")[:12]
    return f"{commit} with changes" if suite.get("dirty") else commit


def _kind(machine: Mapping[str, Any]) -> str:
    devices = machine.get("devices") or []
    return f"{machine.get('architecture', 'unknown')} with {len(devices) or 'no'} chips"
