"""What records say of the ledger: which entries have to go, and which were never tried."""

from collections.abc import Iterator
from dataclasses import dataclass

from pins.ledger import Entry
from reports.experience import Experience
from reports.model import Verdict


@dataclass(frozen=True)
class Review:
    wrong: tuple[str, ...]
    """What has to be changed."""

    untried: tuple[str, ...]
    """Of which these records say nothing, though they are about such a pin."""


def review(entries: list[Entry], found: list[Experience]) -> Review:
    covered = {entry.place: [one for one in found if one.is_in(entry)] for entry in entries}
    return Review(
        wrong=tuple(
            f"{entry.place}: {words}"
            for entry in entries
            for words in _wrong(entry, covered[entry.place])
        ),
        untried=tuple(
            entry.about
            for entry in entries
            if any(entry.covers(one.versions, one.facts) for one in found)
            and not any(one.verdicts for one in covered[entry.place])
        ),
    )


def _wrong(entry: Entry, covered: list[Experience]) -> Iterator[str]:
    verdicts = [verdict for one in covered for verdict in one.verdicts]
    passes = verdicts.count(Verdict.PASS)
    broken = passes < len(verdicts)
    if others := sorted({*verdicts} - {Verdict.PASS, entry.verdict}):
        yield f"{entry.about} breaks in another way: {', '.join(others)}, not {entry.verdict}"
    if passes and broken and not entry.intermittent:
        kept = f"kept {passes} of {len(verdicts)} times"
        yield f"{entry.about} breaks only sometimes ({kept}): say intermittent"
    elif passes and not broken and entry.judge(Verdict.PASS, passes - 1) is Verdict.FIXED:
        yield f"{entry.about} was kept {passes} of {passes} times: remove the entry"
