"""Tries the promises with both pins, repeats what differs, and joins the records to an answer."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.child import INTERRUPTED, run, stopping_on_sigterm
from cli.evidence import (
    Unjudged,
    differing_versions,
    leaves_nothing,
    newest_like,
    note_selection,
    read,
    refuse_if_other_pin,
    refuse_if_others,
    refuse_unless_begun,
    refuse_unless_ended,
    refuse_unless_whole,
)
from cli.measuring import measure
from cli.pytests import PROMISES, ROOT, command
from cli.selecting import Selection, select
from pins.accepted import fingerprint
from pins.environment import Pin, obtain
from pins.failures import os_failure
from pins.spec import PinError, parse
from pins.stamp import here
from reports.answer import Answer
from reports.catalogue import lanes_in
from reports.comparison import Row, Status, compare, judge
from reports.failure import Case
from reports.performance import BUDGET, Performance
from reports.record import prune, run_name
from reports.stored import Stored, runs_directory

REPETITIONS = 3
_SAID = "stderr.txt"
_SAMPLES = "performance.json"


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

    def answer(self) -> Answer:
        trouble = ""
        try:
            with stopping_on_sigterm():
                self._try()
        except (Unjudged, PinError) as reason:
            trouble = str(reason).removeprefix("--pin ")
        except OSError as error:
            trouble = f"{os_failure(error, runs_directory(ROOT))}."
        except (KeyboardInterrupt, SystemExit):
            trouble = f"it was interrupted {self._doing}. Go on with the same command and --resume."
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
        first = (
            self._take("old", old, stored, selected)
            if stored
            else self._first("old", old, selected)
        )
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
        refuse_if_others(stored, self._here(), "this gate", clean=True)
        return stored

    def _here(self) -> dict[str, Any]:
        return {**here(), "ledger": fingerprint(self.wish.selection.ledgers)}

    def _obtain(self, pin: str) -> Pin:
        self._doing = f"while {pin} was made ready"
        return obtain(pin, ROOT, self.say)

    def _first(self, side: str, pin: Pin, selected: list[str]) -> Stored:
        """All promises once, but for those that an earlier gate has tried."""
        self._doing = f"while {pin.spec} was tried"
        earlier = self._earlier(pin, selected)
        if earlier and leaves_nothing(earlier, selected):
            return self._take(side, pin, earlier, selected)
        resuming = [f"--resume-from={earlier.directory}"] if earlier else []
        directory = self._new_record(side)
        note_selection(directory, pin.spec, selected)
        options = [*self.wish.selection.options, *resuming]
        return self._run(side, directory, pin.spec, options, selected)

    def _earlier(self, pin: Pin, selected: list[str]) -> Stored | None:
        if not self.wish.resume:
            return None
        found = newest_like(runs_directory(ROOT), pin.spec, selected)
        self.say(
            f"going on with {found.directory}" if found else f"{pin.spec} was not begun before"
        )
        return found

    def _take(self, side: str, pin: Pin, stored: Stored, selected: list[str]) -> Stored:
        """As if it had been run by this gate."""
        refuse_if_other_pin(stored, pin)
        refuse_if_others(stored, self._here(), "this gate")
        self._note_record(side, stored.directory)
        self._book(side, stored, selected)
        return stored

    def _run(
        self, side: str, directory: Path, pin: str, options: list[str], wanted: list[str]
    ) -> Stored:
        status, said = self._pytest(directory, ["--pin", pin, *options])
        refuse_unless_ended(status, f"with {pin}", said)
        stored = read(directory)
        refuse_unless_whole(stored, wanted)
        self._book(side, stored, wanted)
        return stored

    def _pytest(self, directory: Path, options: list[str]) -> tuple[int, str]:
        """All that pytest says goes to stderr: the answer alone is for stdout."""
        given = [*options, *self.wish.selection.manner, f"--report-dir={directory}"]
        with (directory / _SAID).open("w+", encoding="utf-8") as said:
            status = run(command(PROMISES, given), stdout=sys.stderr, stderr=said)
            said.seek(0)
            words = said.read()
        sys.stderr.write(words)
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        return status, words

    def _new_record(self, side: str) -> Path:
        directory = runs_directory(ROOT) / run_name()
        directory.mkdir(parents=True)
        prune(directory.parent)
        self._note_record(side, directory)
        return directory

    def _note_record(self, side: str, directory: Path) -> None:
        self.records[side] = (*self.records.get(side, ()), directory)

    def _book(self, side: str, stored: Stored, wanted: Iterable[str]) -> None:
        for nodeid in wanted:
            self._sightings[side].setdefault(nodeid, []).append(stored.cases[nodeid])

    def _compare(self) -> None:
        self.rows = compare(self._sightings["old"], self._sightings["new"])

    def _repeat(self, pins: dict[str, str]) -> None:
        """A difference is only believed when it shows again and again, with pins taking turns."""
        differing = [row.nodeid for row in self.rows if row.differs]
        for turn in range(REPETITIONS if differing else 0):
            self.say(f"{len(differing)} differ; trying them again, {turn + 1} of {REPETITIONS}")
            for side, pin in pins.items():
                self._doing = f"while {pin} was tried again"
                self._run(side, self._new_record(side), pin, differing, differing)
            self._compare()

    def _measure(self, old: Pin, new: Pin) -> None:
        self._doing = "while what the pins cost was measured"
        begun = Performance(budget=self.wish.budget, file=self.records["new"][0] / _SAMPLES)
        self.performance = measure(old, new, self.rows, begun, self.say)
