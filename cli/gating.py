"""Tries the promises with both pins, repeats what differs, and joins the records to an answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cli.evidence import (
    Unjudged,
    differing_versions,
    read,
    refuse_if_others,
    refuse_unless_begun,
    refuse_unless_ended,
    refuse_unless_whole,
)
from cli.measuring import measure
from cli.pytests import ROOT
from cli.selecting import Selection, select
from cli.trying import Trials, trouble_of
from pins.environment import Pin, obtain
from pins.spec import parse
from reports.answer import Answer
from reports.catalogue import lanes_in
from reports.cause import doubted, witnesses
from reports.comparison import Row, Status, compare, judge
from reports.failure import Case
from reports.performance import BUDGET, Performance
from reports.stored import Stored

REPETITIONS = 3
_SAMPLES = "performance.json"
_WHOSE = "this gate"


@dataclass(frozen=True)
class Wish:
    """What somebody wants to know."""

    old: str
    new: str
    selection: Selection
    stored: Path | None = None
    resume: bool = False
    allow_should: bool = False
    performance: bool | None = None
    """Whether to measure what the pins cost; None leaves it to what is selected."""

    budget: float = BUDGET

    @property
    def measured(self) -> bool:
        """By itself only where neither haste nor a question about some promise is at work."""
        narrow = self.selection.quick or bool(self.selection.keyword)
        return not narrow if self.performance is None else self.performance


@dataclass
class Gate:
    wish: Wish
    say: Callable[[str], None]
    rows: tuple[Row, ...] = ()
    records: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    packages: dict[str, tuple[str, str]] = field(default_factory=dict)
    _sightings: dict[str, dict[str, list[Case]]] = field(
        default_factory=lambda: {"old": {}, "new": {}}
    )
    performance: Performance | None = None
    _doing: str = "before anything was tried"

    @property
    def _trials(self) -> Trials:
        return Trials(self.wish.selection, _WHOSE, self.say, self.wish.resume)

    def answer(self) -> Answer:
        trouble = trouble_of(self._try, lambda: self._doing)
        costlier = bool(self.performance and self.performance.costlier)
        status = judge(self.rows, allow_should=self.wish.allow_should, costlier=costlier)
        return Answer(
            status=Status.COULD_NOT_JUDGE if trouble else status,
            old=self.wish.old,
            new=self.wish.new,
            rows=self.rows,
            trouble=trouble,
            selection=str(self.wish.selection),
            records=self.records,
            packages=self.packages,
            quick_of=len(lanes_in(ROOT / "docs" / "promises.md")) * self.wish.selection.quick,
            performance=self.performance,
        )

    def _try(self) -> None:
        pins = {"old": self.wish.old, "new": self.wish.new}
        if parse(pins["old"]) == parse(pins["new"]):
            raise Unjudged("OLD and NEW are the same pin.")
        self._doing = "while the promises were listed"
        selected = select(self.wish.selection)
        stored = self._stored(selected)
        old, new = (self._obtain(pin) for pin in pins.values())
        if old.python == new.python:
            raise Unjudged(f"OLD and NEW are the same environment, {old.python}.")
        if stored:
            first = self._trials.taken(stored, old, partial(self._note_record, "old"))
            self._book("old", first, selected)
        else:
            first = self._first("old", old, selected)
        second = self._first("new", new, selected)
        refuse_if_others(first, second.environment, f"the run with {new.spec}")
        self.packages = differing_versions(first, second)
        self._compare()
        self._repeat({"old": old.spec, "new": new.spec})
        if self.wish.measured:
            self._measure(old, new)

    def _stored(self, selected: list[str]) -> Stored | None:
        """What `--from` names."""
        if self.wish.stored is None:
            return None
        stored = read(self.wish.stored)
        refuse_unless_begun(stored)
        refuse_unless_ended(stored.exit_status, f"recorded in {stored.directory}")
        refuse_unless_whole(stored, selected)
        refuse_if_others(stored, self._trials.here(), _WHOSE, clean=True)
        return stored

    def _obtain(self, pin: str) -> Pin:
        self._doing = f"while {pin} was made ready"
        return obtain(pin, ROOT, self.say)

    def _first(self, side: str, pin: Pin, selected: list[str]) -> Stored:
        self._doing = f"while {pin.spec} was tried"
        noting = partial(self._note_record, side)
        found = self._trials.first(pin, selected, noting, self.wish.selection.options)
        self._book(side, found, selected)
        return found

    def _note_record(self, side: str, directory: Path) -> None:
        self.records[side] = (*self.records.get(side, ()), directory)

    def _book(self, side: str, stored: Stored, wanted: Iterable[str]) -> None:
        for nodeid in wanted:
            self._sightings[side].setdefault(nodeid, []).append(stored.cases[nodeid])

    def _compare(self) -> None:
        self.rows = compare(self._sightings["old"], self._sightings["new"])

    def _repeat(self, pins: dict[str, str]) -> None:
        """A difference is only believed when it shows again and again, with pins taking turns.

        A pin that can't start an engine breaks nearly all: a few of these tell of all the others.
        """
        differing = [row for row in self.rows if row.differs]
        chosen = witnesses(differing)
        left = [row for row in differing if row not in chosen]
        if left:
            self.say(f"{len(differing)} differ; for many with one cause a few are tried again")
        self._in_turns(pins, chosen)
        self._in_turns(pins, doubted(left, self.rows))
        self._try_on(pins["new"])

    def _in_turns(self, pins: dict[str, str], rows: list[Row]) -> None:
        again = [row.nodeid for row in rows]
        for turn in range(REPETITIONS if again else 0):
            self.say(f"trying {len(again)} again, {turn + 1} of {REPETITIONS}")
            for side, pin in pins.items():
                self._again(side, pin, again)
            self._compare()

    def _try_on(self, pin: str) -> None:
        """What OLD alone breaks now and then may be repaired, or NEW had luck so far."""
        while left := [row.nodeid for row in self.rows if row.unsettled]:
            self.say(f"OLD breaks {len(left)} now and then; trying these with NEW once more")
            self._again("new", pin, left)
            self._compare()

    def _again(self, side: str, pin: str, nodeids: list[str]) -> None:
        self._doing = f"while {pin} was tried again"
        noting = partial(self._note_record, side)
        self._book(side, self._trials.again(pin, nodeids, noting), nodeids)

    def _measure(self, old: Pin, new: Pin) -> None:
        self._doing = "while what the pins cost was measured"
        begun = Performance(budget=self.wish.budget, file=self.records["new"][0] / _SAMPLES)
        self.performance = measure(old, new, self.rows, begun, self.say)
