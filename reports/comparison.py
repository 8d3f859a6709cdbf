"""Compares what two pins make of each promise in each lane, and says whether the pin may move."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import ceil, log

from reports.catalogue import by_number
from reports.failure import Case
from reports.figures import Growth, grown
from reports.model import Level, Verdict

KEPT = frozenset({Verdict.PASS, Verdict.FIXED})
BROKEN = frozenset({Verdict.FAIL, Verdict.CRASH, Verdict.HANG, Verdict.KNOWN})
_BY_CHANCE = 0.05


class Status(IntEnum):
    """What the gate answers, as its exit status."""

    MAY_MOVE = 0
    MUST_NOT_MOVE = 1
    SHOULD_NOT_MOVE = 2
    COULD_NOT_JUDGE = 3


class Outcome(StrEnum):
    """What moving the pin does to one promise in one lane; in the order in which it is told."""

    KNOWN_BREAK = "broken, known"
    BROKEN = "broken"
    NO_LONGER_TRIED = "no longer tried"
    FLAKY = "flaky"
    COULD_NOT_JUDGE = "could not judge"
    COSTLIER = "more costly"
    FLAKY_KNOWN = "flaky, known"
    REPAIRED = "repaired"
    NEWLY_TRIED = "newly tried"
    STILL_BROKEN = "still broken"
    NOT_TRIED = "not tried"
    KEPT = "kept"


ORDER = {outcome: number for number, outcome in enumerate(Outcome)}
LOST = frozenset({Outcome.BROKEN, Outcome.NO_LONGER_TRIED, Outcome.FLAKY})
WORSE = LOST | {Outcome.COSTLIER}
SEEN_WITH_NEW = frozenset(Outcome) - {
    Outcome.NO_LONGER_TRIED,
    Outcome.COULD_NOT_JUDGE,
    Outcome.NOT_TRIED,
}


@dataclass(frozen=True)
class Sightings:
    """All that one pin made of one promise in one lane: the first time, and when repeated."""

    cases: tuple[Case, ...] = ()

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(case.verdict for case in self.cases)

    @property
    def kept(self) -> bool:
        """At least once; so is `broken`, and whoever is both is flaky."""
        return not KEPT.isdisjoint(self.verdicts)

    @property
    def broken(self) -> bool:
        return not BROKEN.isdisjoint(self.verdicts)

    @property
    def flaky(self) -> bool:
        return Verdict.FLAKY in self.verdicts or (self.kept and self.broken)

    @property
    def tried(self) -> bool:
        return self.kept or self.broken or self.flaky

    @property
    def excused(self) -> bool:
        """Whether the ledger has accepted everything that was not kept."""
        return not {*self.verdicts} & {Verdict.FLAKY, *BROKEN - {Verdict.KNOWN}}

    @property
    def standing(self) -> tuple[bool, bool]:
        return self.kept, self.broken

    @property
    def telling(self) -> Case | None:
        """The sighting that says most: the first that is not kept, or else the first."""
        return next((case for case in self.cases if case.verdict not in KEPT), self.first)

    @property
    def first(self) -> Case | None:
        return next(iter(self.cases), None)


@dataclass(frozen=True)
class Row:
    """One promise in one lane, with both pins."""

    nodeid: str
    old: Sightings
    new: Sightings

    @property
    def promise(self) -> str:
        return self._said("promise")

    @property
    def lane(self) -> str:
        return self._said("lane")

    @property
    def sentence(self) -> str:
        return self._said("sentence")

    @property
    def level(self) -> Level:
        """Where nobody says it, nothing is made light of."""
        return Level(self._said("level") or Level.MUST)

    @property
    def outcome(self) -> Outcome:
        if not self.new.tried:
            return self._untried()
        if self.flaky and not self.steadier:
            known = self.old.excused and self.new.excused
            return Outcome.FLAKY_KNOWN if known else Outcome.FLAKY
        if self.new.kept:
            return self._kept()
        if self.old.broken:
            return Outcome.STILL_BROKEN
        return Outcome.KNOWN_BREAK if self.new.excused else Outcome.BROKEN

    @property
    def telling(self) -> Case | None:
        """NEW's sighting that says most, or OLD's where only that pin does not keep it."""
        told = [case for case in (self.new.telling, self.old.telling) if case]
        return next((case for case in told if case.verdict not in KEPT), next(iter(told), None))

    @property
    def flaky(self) -> bool:
        return self.old.flaky or self.new.flaky

    @property
    def steadier(self) -> bool:
        """Whether NEW keeps so often what OLD breaks now and then that it can't be luck."""
        return self._only_old_is_mixed and len(self.new.cases) >= self._as_often_kept_by_luck

    @property
    def unsettled(self) -> bool:
        return self.outcome is Outcome.FLAKY and self._only_old_is_mixed

    @property
    def _only_old_is_mixed(self) -> bool:
        mixed = self.old.kept and self.old.broken and Verdict.FLAKY not in self.old.verdicts
        return mixed and {*self.new.verdicts} <= KEPT

    @property
    def _as_often_kept_by_luck(self) -> int:
        """In a row: a pin that breaks it as often as OLD manages that once in 20 times at most."""
        seen = self.old.verdicts
        luck = sum(verdict not in BROKEN for verdict in seen) / len(seen)
        return ceil(log(_BY_CHANCE) / log(luck))

    @property
    def differs(self) -> bool:
        """Whether the two pins stand differently, so that it is worth a repetition."""
        return self.old.standing != self.new.standing

    def _untried(self) -> Outcome:
        if self.old.tried:
            return Outcome.NO_LONGER_TRIED
        skipped = {*self.old.verdicts} == {*self.new.verdicts} == {Verdict.NOT_RUN}
        return Outcome.NOT_TRIED if skipped else Outcome.COULD_NOT_JUDGE

    @property
    def growth(self) -> tuple[Growth, ...]:
        """What is counted is the same each time: the first sighting tells it."""
        return tuple(grown(self.old.first, self.new.first))

    def _kept(self) -> Outcome:
        if self.old.broken:
            return Outcome.REPAIRED
        if self.old.kept and self.growth:
            return Outcome.COSTLIER
        return Outcome.KEPT if self.old.kept else Outcome.NEWLY_TRIED

    def _said(self, what: str) -> str:
        said = (str(getattr(case, what)) for case in (*self.new.cases, *self.old.cases))
        return next(filter(None, said), "")


def compare(
    old: Mapping[str, Iterable[Case]], new: Mapping[str, Iterable[Case]]
) -> tuple[Row, ...]:
    """Row by row what differs most first; the keys are node ids."""
    rows = (
        Row(nodeid, Sightings(tuple(old.get(nodeid, ()))), Sightings(tuple(new.get(nodeid, ()))))
        for nodeid in {**old, **new}
    )
    return tuple(sorted(rows, key=_place))


def judge(rows: Iterable[Row], *, allow_should: bool = False, costlier: bool = False) -> Status:
    """A certain loss of a MUST outweighs doubt, and doubt outweighs the loss of a SHOULD.

    `costlier`: with NEW something else than a promise costs more than it may.
    """
    rows = list(rows)
    outcomes = {row.outcome for row in rows}
    lost = [row for row in rows if row.outcome in LOST]
    worse = costlier or bool(outcomes & WORSE)
    if any(row.level is Level.MUST for row in lost):
        return Status.MUST_NOT_MOVE
    if Outcome.COULD_NOT_JUDGE in outcomes or not outcomes & SEEN_WITH_NEW:
        return Status.COULD_NOT_JUDGE
    # What is not tried any longer was not seen to break: nobody can have allowed it.
    untried = any(row.outcome is Outcome.NO_LONGER_TRIED for row in lost)
    return Status.SHOULD_NOT_MOVE if untried or (worse and not allow_should) else Status.MAY_MOVE


def _place(row: Row) -> tuple[int, bool, tuple[str, int, str], str]:
    return (
        ORDER[row.outcome],
        row.level is not Level.MUST,
        by_number(row.promise),
        row.lane,
    )
