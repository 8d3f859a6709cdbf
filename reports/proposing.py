"""Entries for the ledger that records suggest, as a draft that a human has to finish."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pins.ledger import Entry
from reports.answer import cut
from reports.catalogue import by_number
from reports.comment import printable
from reports.experience import ENGINE, Experience, told_apart
from reports.model import Verdict
from reports.standing import GRAVITY

DAYS = 90
PASSES = 20
_BREAKS = (Verdict.FAIL, Verdict.CRASH, Verdict.HANG)
_HEAD = """\
# Proposed by `pinproof ledger propose`, and not accepted: a ledger with this file in it is refused
# until each entry has a reason and a link. Remove what shall not be accepted.
"""


@dataclass(frozen=True)
class Draft:
    entries: tuple[str, ...]
    left: tuple[str, ...]
    """What is broken, and can't be proposed."""

    @property
    def text(self) -> str:
        return "\n".join([_HEAD, *self.entries])


@dataclass(frozen=True)
class _Proposal:
    promise: str
    lane: str
    pin: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]


def draft(
    found: list[Experience], entries: list[Entry], lanes: Mapping[str, set[str]], today: date
) -> Draft:
    """For what is broken in the records and in no entry."""
    proposed: dict[_Proposal, list[Experience]] = defaultdict(list)
    left = []
    for one in sorted(found, key=lambda each: (by_number(each.promise), each.lane)):
        entry = next((each for each in entries if one.is_in(each)), None)
        if why := _obstacle(one, entry, lanes):
            left.append(f"{one.about} with {one.pin.get('label') or 'an unknown pin'}: {why}")
        elif entry is None and set(_BREAKS) & {*one.verdicts}:
            versions, facts = told_apart(one, found)
            pin, environment = tuple(versions.items()), tuple(facts.items())
            proposed[_Proposal(one.promise, one.lane, pin, environment)].append(one)
    texts = (_entry(proposal, seen, today) for proposal, seen in proposed.items())
    return Draft(tuple(texts), tuple(left))


def quoted(text: str) -> str:
    """As a string of TOML, whose escapes are those of JSON but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _obstacle(one: Experience, entry: Entry | None, lanes: Mapping[str, set[str]]) -> str:
    broken = {*one.verdicts} - {Verdict.PASS}
    if entry and (others := sorted(broken - {entry.verdict})):
        return f"{entry.place} says {entry.verdict}, but it is {', '.join(others)}"
    if entry or not broken:
        return ""
    if one.lane not in lanes.get(one.promise, ()):
        return "this suite has no such promise"
    if not one.versions.get(ENGINE):
        return f"the records do not say which {ENGINE} it was"
    if broken == {Verdict.BLOCKED}:
        return "it was blocked, so nothing was learnt: remove the obstacle and run again"
    return ""


def _entry(proposal: _Proposal, seen: list[Experience], today: date) -> str:
    cases = [case for one in seen for case in one.cases]
    joined = Experience(proposal.promise, proposal.lane, seen[-1].pin, tuple(cases))
    verdict = max((each for each in joined.verdicts if each in _BREAKS), key=GRAVITY.index)
    conditions = [quoted(f"{name}=={version}") for name, version in proposal.pin]
    lines = [
        "[[entry]]",
        *(f"# {line}" for line in _notes(joined)),
        f"promise = {quoted(proposal.promise)}",
        f"lane = {quoted(proposal.lane)}",
        f"pin = {conditions[0] if len(conditions) == 1 else f'[{", ".join(conditions)}]'}",
        *_environment(proposal.environment),
        f"verdict = {quoted(verdict)}",
        'reason = ""',
        'link = ""',
        f"added = {today}",
        f"expires = {today + timedelta(DAYS)}",
        *([f"intermittent = {PASSES}"] if Verdict.PASS in joined.verdicts else []),
    ]
    return "\n".join(lines) + "\n"


def _environment(facts: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """A Python by its version, everything else by its name."""
    wanted = [f"{name} = {quoted(f'=={v}' if name == 'python' else v)}" for name, v in facts]
    if wanted:
        yield f"environment = {{ {', '.join(wanted)} }}"


def _notes(one: Experience) -> Iterator[str]:
    """What was seen, for whoever has to write the reason."""
    case = one.telling
    source = (one.pin.get("made") or {}).get("source") or {}
    named = next(
        (f"{kind} {source[kind]}" for kind in ("commit", "sha256") if source.get(kind)), ""
    )
    said = {
        "promise": case.sentence,
        "seen": ", ".join(f"{times} {each}" for each, times in Counter(one.verdicts).items()),
        "observed": case.observed,
        "required": case.required,
        "reproduce": case.reproduce,
        "source": f"{named}; every build of this version meets the condition" * bool(named),
    }
    for name, words in said.items():
        if words:
            yield f"{name}: {cut(printable(str(words)))}"
