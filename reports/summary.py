"""What records say together, for somebody who decides: what broke, for whom, what to do."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from reports.answer import sequence
from reports.comparison import Sightings
from reports.merging import Overview, State
from reports.model import Level, Verdict
from reports.standing import Standing


@dataclass(frozen=True)
class Area:
    what: str
    whom: str


AREAS = {
    "AOT": Area("compiling for TPUs", "whoever runs this pin on real TPUs"),
    "BACK": Area("devices, arithmetic and the compile cache", "everybody"),
    "CONC": Area("many requests at once", "whoever asks one engine from several tasks or threads"),
    "ENV": Area("the installation", "everybody who installs this pin"),
    "GEN": Area("what an engine answers", "everybody who uses its tokens or log-probabilities"),
    "GRPO": Area("losses, gradients and steps of GRPO", "whoever trains with tunix's GRPO"),
    "ISO": Area(
        "several engines and a trainer in one process",
        "whoever runs an engine beside another, or beside the trainer, in one process",
    ),
    "KERN": Area("the attention kernel for TPUs", "whoever runs engines on real TPUs"),
    "LOCK": Area("libtpu and its lock", "whoever starts more than one process on a TPU host"),
    "SWAP": Area("replacing weights in memory", "whoever gives a running engine new weights"),
    "TEAR": Area("what engines leave behind", "whoever ends engines and goes on in that process"),
}

BROKEN = "broken"
SAID = {
    Verdict.FAIL: BROKEN,
    Verdict.CRASH: BROKEN,
    Verdict.HANG: BROKEN,
    Verdict.FLAKY: "kept in one run, broken in another",
    Verdict.BLOCKED: "not tried, because something is in the way",
    Verdict.NOT_RUN: "not tried, though it was asked for",
    Verdict.FIXED: "kept, though the ledger says it is broken",
    Verdict.KNOWN: "broken, as the ledger has accepted",
}
TO_DO = {
    BROKEN: "Do not move to this pin if you need this. The command below shows it again.",
    SAID[Verdict.FLAKY]: "Do not rely on it. Run the command below several times.",
    SAID[Verdict.BLOCKED]: "Nothing was learnt: remove what is in the way, and run again.",
    SAID[Verdict.NOT_RUN]: "Nothing was learnt: see the reason below, and run again.",
    SAID[Verdict.FIXED]: "Good news for users. Remove the entry from the ledger.",
    SAID[Verdict.KNOWN]: "Read the ledger's reason before you rely on this.",
}
"""In the order in which it is told."""


@dataclass(frozen=True)
class Finding:
    """What befell promises of one area with one pin, and what to do about it."""

    pin: str
    area: str
    said: str
    standings: tuple[Standing, ...]

    @property
    def what(self) -> str:
        found = AREAS.get(self.area)
        return found.what if found else self.area

    @property
    def whom(self) -> str:
        found = AREAS.get(self.area)
        return found.whom if found else "whoever needs what is named here"

    @property
    def to_do(self) -> str:
        return TO_DO[self.said]

    @property
    def lanes(self) -> str:
        return ", ".join(dict.fromkeys(each.lane for each in self.standings))

    @property
    def is_known(self) -> bool:
        return self.said == SAID[Verdict.KNOWN]


def headline(overview: Overview) -> str:
    broken = [each for each in findings(overview) if not each.is_known]
    if overview.state is State.KEPT:
        return f"As promised, as far as it was tried: {_extent(overview)}."
    if not overview.tried:
        return "Could not judge: nothing was tried."
    if not broken:
        return f"Could not judge: a run is not whole. So far {_extent(overview)}."
    judged = "Not as promised" if overview.state is State.BROKEN else "Could not judge"
    return f"{judged}: {'; '.join(_losses(pin, broken) for pin in overview.pins)}."


def findings(overview: Overview) -> list[Finding]:
    """What needs attention, the worst first, and then what the ledger has accepted."""
    order = list(TO_DO)
    known = Verdict.KNOWN
    told = [each for each in overview.standings if each.needs_attention or each.verdict is known]
    found = sorted(told, key=lambda each: (order.index(SAID[each.verdict]), each.pin))
    return [
        Finding(pin, area, said, tuple(standings))
        for (said, pin, area), standings in groupby(
            found, key=lambda each: (SAID[each.verdict], each.pin, each.area)
        )
    ]


def notes(overview: Overview) -> Iterator[str]:
    """What a reader has to know before the verdicts are believed."""
    yield from overview.troubles
    if len(overview.suites) > 1:
        yield (
            f"These records were made by different versions of the suite "
            f"({', '.join(overview.suites)}): what a promise asks for may have changed in between."
        )
    if overview.faults:
        yield (
            f"{overview.faults} tests with a fault in the engine (`pinproof prove`) judge no pin, "
            "and are left out."
        )
    skipped = Counter(
        each.telling.case.reason
        for each in overview.having(Verdict.NOT_RUN)
        if not each.missed and each.telling.case.reason
    )
    for reason, times in sorted(skipped.items()):
        yield f"Not tried ({times}): {reason}"


def seen(standing: Standing) -> str:
    """All that was seen, the oldest first, such as `pass x2, fail`."""
    return sequence(Sightings(tuple(each.case for each in standing.sightings)))


def counts(standings: Iterable[Standing]) -> dict[Verdict, int]:
    found = Counter(each.verdict for each in standings)
    return {verdict: found[verdict] for verdict in Verdict if found[verdict]}


def _losses(pin: str, broken: list[Finding]) -> str:
    mine = [each for each in broken if each.pin == pin]
    lost = ", ".join(part for said in TO_DO for part in _lost(said, mine))
    return f"with {pin}, {lost or 'all that was tried is kept'}"


def _lost(said: str, mine: list[Finding]) -> Iterator[str]:
    standings = [each for finding in mine if finding.said == said for each in finding.standings]
    for level in Level:
        if number := sum(each.level is level for each in standings):
            yield f"{number} {level}{'' if number == 1 else 's'} {said}"


def _extent(overview: Overview) -> str:
    known = len(overview.having(Verdict.KNOWN))
    kept = len(overview.tried) - known
    skipped = len(overview.having(Verdict.NOT_RUN))
    accepted = f", {known} broken as the ledger has accepted" if known else ""
    untried = f", {skipped} not tried here" if skipped else ""
    return f"{kept} {_promises(kept)} kept{accepted}{untried} ({', '.join(overview.pins)})"


def _promises(number: int) -> str:
    return "promise" if number == 1 else "promises"
