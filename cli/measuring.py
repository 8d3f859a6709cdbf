"""Measures what both pins cost, in turns, until nothing more can be found to have grown."""

import functools
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from fixtures.one_thread import import_numpy_with_one_thread

# The gate forks, which no process with threads should do.
import_numpy_with_one_thread()

from cli.pytests import ROOT
from fixtures.nursery import CellPin
from fixtures.performance import NotMeasured, Rig, rig
from pins.environment import Pin
from reports.comparison import Row
from reports.model import LaneName
from reports.performance import NoSample, Performance, Sample, checked

_PROBES = ROOT / ".pinproof" / "cache" / "probes"
_LONGEST_SECONDS = 2400.0
_TOO_LONG = f"it took longer than {_LONGEST_SECONDS:g} s."
_NOTHING_KEPT = "no promise in the lane cpu is kept with both pins."

type Sampler = Callable[[], Sample]


def measure(
    old: Pin, new: Pin, rows: Iterable[Row], begun: Performance, say: Callable[[str], None]
) -> Performance:
    """Nothing else of ours may run meanwhile; the samples are kept in the file of `begun`.

    A pin that keeps nothing is broken already, and what it costs is of no use to anybody.
    """
    if not any(row.lane == LaneName.CPU and row.old.kept and row.new.kept for row in rows):
        return replace(begun, trouble=_NOTHING_KEPT)
    with rig(_PROBES) as there:
        samplers = {
            side: functools.partial(_sample, there, pin)
            for side, pin in (("old", old), ("new", new))
        }
        return in_turns(samplers, begun, say)


def in_turns(
    samplers: Mapping[str, Sampler], made: Performance, say: Callable[[str], None]
) -> Performance:
    """Alternate who is first, so that a drift of the machine hits both."""
    until = time.monotonic() + _LONGEST_SECONDS
    try:
        say("measuring what both pins cost: first a start of each that does not count")
        for sampler in samplers.values():
            sampler()
        while made.open and time.monotonic() < until:
            say(f"measuring what both pins cost, pair {made.pairs + 1}")
            sides = sorted(samplers, reverse=made.pairs % 2 == 0)
            pair = {side: samplers[side]() for side in sides}
            made = made.with_pair(pair["old"], pair["new"])
            _write(made)
    except NotMeasured as reason:
        return replace(made, trouble=f"{reason}.")
    return replace(made, trouble=_TOO_LONG) if made.open else made


def _sample(there: Rig, pin: Pin) -> Sample:
    try:
        return checked(there.sample(CellPin(pin.python, pin.cache)))
    except (NoSample, NotMeasured) as reason:
        raise NotMeasured(f"{pin.spec}: {reason}") from None


def _write(made: Performance) -> None:
    if made.file is not None:
        samples = {"budget": made.budget, "old": made.old, "new": made.new}
        made.file.write_text(json.dumps(samples, indent=2), encoding="utf-8")
