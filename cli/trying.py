"""Tries promises with a pin: a run of pytest with its record, or what an earlier one has found."""

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.child import INTERRUPTED, run, stopping_on_signals
from cli.evidence import (
    Unjudged,
    leaves_nothing,
    newest_like,
    note_selection,
    read,
    refuse_if_other_pin,
    refuse_if_others,
    refuse_unless_ended,
    refuse_unless_whole,
)
from cli.pytests import PROMISES, ROOT, command
from cli.room import refuse_without_room
from cli.selecting import Selection
from pins.accepted import fingerprint
from pins.environment import Pin
from pins.failures import os_failure
from pins.spec import PinError
from pins.stamp import here
from reports.record import INCOMPLETE, prune, run_name
from reports.stored import Stored, runs_directory

_SAID = "stderr.txt"

type Began = Callable[[Path], None]
"""Is told where a record is, as soon as it is there."""


@dataclass(frozen=True)
class Trials:
    """Runs of one command, all in the same manner."""

    selection: Selection
    whose: str
    say: Callable[[str], None]
    resume: bool = False

    def first(self, pin: Pin, wanted: list[str], began: Began, options: list[str]) -> Stored:
        """All that is wanted once, but for what an earlier command has tried."""
        earlier = self.earlier(pin, wanted)
        if earlier and leaves_nothing(earlier, wanted):
            return self.taken(earlier, pin, began)
        resuming = [f"--resume-from={earlier.directory}"] if earlier else []
        directory = _new_record(began)
        note_selection(directory, pin.spec, wanted)
        return self._run(directory, pin.spec, [*options, *resuming], wanted)

    def again(self, pin: str, wanted: list[str], began: Began) -> Stored:
        return self._run(_new_record(began), pin, wanted, wanted)

    def taken(self, stored: Stored, pin: Pin, began: Began) -> Stored:
        """As if it had been run by this command."""
        refuse_if_other_pin(stored, pin)
        refuse_if_others(stored, self.here(), self.whose)
        began(stored.directory)
        return stored

    def here(self) -> dict[str, Any]:
        """What another record has to share in order to count here."""
        return {**here(), "ledger": fingerprint(self.selection.ledgers)}

    def earlier(self, pin: Pin, wanted: list[str]) -> Stored | None:
        if not self.resume:
            return None
        found = newest_like(runs_directory(ROOT), pin.spec, wanted)
        self.say(
            f"going on with {found.directory}" if found else f"{pin.spec} was not begun before"
        )
        return found

    def _run(self, directory: Path, pin: str, options: list[str], wanted: list[str]) -> Stored:
        refuse_without_room(directory)
        status, said = self._pytest(directory, ["--pin", pin, *options])
        if status == INCOMPLETE:
            raise Unjudged(
                f"the record in {directory} could not be written to its end; make room there, and "
                "go on with the same command and --resume."
            )
        refuse_unless_ended(status, f"with {pin}", said)
        refuse_without_room(directory)
        stored = read(directory)
        refuse_unless_whole(stored, wanted)
        return stored

    def _pytest(self, directory: Path, options: list[str]) -> tuple[int, str]:
        """All that pytest says goes to stderr: the answer alone is for stdout."""
        given = [*options, *self.selection.manner, f"--report-dir={directory}"]
        with (directory / _SAID).open("w+", encoding="utf-8") as said:
            status = run(command(PROMISES, given), stdout=sys.stderr, stderr=said)
            said.seek(0)
            words = said.read()
        with suppress(OSError):
            sys.stderr.write(words)
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        return status, words


def trouble_of(work: Callable[[], None], doing: Callable[[], str]) -> str:
    """Why `work` could not be ended; empty if it was."""
    try:
        with stopping_on_signals():
            work()
    except (Unjudged, PinError) as reason:
        return str(reason).removeprefix("--pin ")
    except OSError as error:
        return f"{os_failure(error, runs_directory(ROOT))}."
    except (KeyboardInterrupt, SystemExit):
        return f"it was interrupted {doing()}. Go on with the same command and --resume."
    return ""


def _new_record(began: Began) -> Path:
    directory = runs_directory(ROOT) / run_name()
    directory.mkdir(parents=True)
    prune(directory.parent)
    began(directory)
    return directory
