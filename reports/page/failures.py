"""Everything that is needed to look into a promise that is not kept, one after the other."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from reports.answer import cut
from reports.failure import NEXT_STEPS, Case
from reports.merging import Overview
from reports.model import Verdict
from reports.page.markup import Html, element, join, link
from reports.page.parts import chip, definitions, listed, seconds, section
from reports.standing import Sighting, Standing

LONGEST = 20_000
_OPEN_AT_FIRST = 3


def failures(overview: Overview) -> Html:
    told = [each for each in overview.standings if each.needs_attention]
    known = overview.having(Verdict.KNOWN)
    parts = []
    if told:
        blocks = (_block(each, is_open=n < _OPEN_AT_FIRST) for n, each in enumerate(told))
        parts.append(section("failures", "What needs attention, with its evidence", *blocks))
    if known:
        blocks = (_block(each, is_open=False) for each in known)
        parts.append(section("known", "What the ledger has accepted", *blocks))
    return join(*parts)


def anchor(standing: Standing) -> str:
    words = f"{standing.promise}-{standing.lane}-{standing.pin}"
    return re.sub(r"[^A-Za-z0-9-]+", "_", words)


def _block(standing: Standing, *, is_open: bool) -> Html:
    case = standing.telling.case
    place = f"{standing.level}, lane {standing.lane}, pin {standing.pin}"
    summary = element(
        "summary",
        chip(standing.verdict),
        " ",
        element("strong", standing.promise),
        " ",
        element("span", place, class_="quiet"),
        element("span", _in_short(standing), class_="gist"),
    )
    body = join(
        definitions(_facts(standing, case)),
        element("h3", "To see it again", class_="minor"),
        _pre(case.reproduce, "the command", class_="command"),
        *_blocks_of(standing.telling),
    )
    return element("details", summary, body, id=anchor(standing), open=is_open, class_="case")


def _in_short(standing: Standing) -> str:
    if standing.contradictory:
        return "The records contradict each other."
    return cut(standing.telling.case.observed or standing.sentence)


def _facts(standing: Standing, case: Case) -> Iterator[tuple[str, object]]:
    evidence = case.evidence or {}
    rows = {
        "Promise": standing.sentence,
        "Seen": _sightings(standing),
        "Observed": _long(case.observed),
        "Required": _long(case.required),
        "Tried with": case.condition,
        "Ledger": _ledger(case),
        **{name: _fact(value) for name, value in evidence.get("facts", {}).items()},
        "Next step": str(evidence.get("next_step") or NEXT_STEPS.get(standing.verdict, "")),
        "Evidence": case.evidence_file,
    }
    return ((name, value) for name, value in rows.items() if value)


def _fact(value: object) -> str:
    return _long("\n".join(map(str, value)) if isinstance(value, list) else str(value))


def _sightings(standing: Standing) -> Html | str:
    """In which run what was seen; one sighting alone is told by everything else."""
    if len(standing.sightings) == 1:
        return ""
    return listed(map(_sighting, standing.sightings), class_="plain")


def _sighting(sighting: Sighting) -> Html:
    took = seconds(sighting.seconds)
    return join(chip(sighting.verdict), f" in {sighting.run.name}", f", {took}" if took else "")


def _ledger(case: Case) -> Html | str:
    reason = case.ledger.get("reason")
    if not reason:
        return case.ledger.get("elsewhere", "")
    address = str(case.ledger.get("link", ""))
    return join(_long(str(reason)), " (", link(address, address), ")")


def _blocks_of(sighting: Sighting) -> Iterable[Html]:
    evidence = sighting.case.evidence or {}
    log = "\n".join(map(str, evidence.get("log_tail", ())))
    named = {
        "Last log lines": log[-LONGEST:],
        "Stacks of all threads": str(evidence.get("stacks", "")),
        "What pytest says": "" if evidence else _stored_text(sighting),
    }
    for name, words in named.items():
        if words.strip():
            inner = join(element("summary", name), _pre(_long(words), name))
            yield element("details", inner, class_="more")


def _stored_text(sighting: Sighting) -> str:
    """Of the record itself: the path that a record names may be another machine's."""
    file = sighting.run.stored.directory / "evidence" / Path(sighting.case.evidence_file).name
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""


def _pre(words: str, name: str, **attributes: object) -> Html:
    """What is wider than a phone scrolls by itself, with the keyboard, too."""
    code = element("code", words)
    return element("pre", code, tabindex="0", role="group", aria_label=name, **attributes)


def _long(words: str) -> str:
    if len(words) <= LONGEST:
        return words
    return f"{words[:LONGEST]}... ({len(words)} characters, all of them in the record)"
