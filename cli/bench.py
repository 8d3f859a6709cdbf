"""`pinproof bench`: how much time the harness adds to the same swaps and answers, done bare."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from cli.pytests import ROOT
from fixtures.bench import Round, Work, median_ratio, rounds
from fixtures.lanes import describe
from fixtures.nursery import CellPin
from pins.environment import obtain
from pins.spec import PinError
from reports.model import LaneName

ALLOWED_RATIO = 1.10
_ROUNDS = 5
_USAGE_ERROR = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pin", default="", help="the pin to measure with (default: the locked one)"
    )
    parser.add_argument(
        "--rounds", type=int, default=_ROUNDS, help="pairs to measure (default: %(default)s)"
    )


def execute(args: argparse.Namespace) -> int:
    if args.pytest or args.rounds < 1:
        _say("only --pin and --rounds (at least 1) are understood")
        return _USAGE_ERROR
    try:
        pin = obtain(args.pin, ROOT, _say)
    except PinError as error:
        _say(str(error))
        return _USAGE_ERROR
    ratio = _measure(CellPin(pin.python, None), args.rounds)
    print(f"median ratio {ratio:.3f}, allowed {ALLOWED_RATIO:.2f}")
    return 0 if ratio <= ALLOWED_RATIO else 1


def _measure(pin: CellPin, count: int) -> float:
    lane = describe(LaneName.CPU, Path("/dev"), os.environ)
    measured: list[Round] = []
    with tempfile.TemporaryDirectory() as directory:
        for entry in rounds(pin, lane, Work.prepare(Path(directory)), count):
            print(f"bare {entry.bare:6.2f} s   cell {entry.cell:6.2f} s   ratio {entry.ratio:.3f}")
            measured.append(entry)
    return median_ratio(measured)


def _say(words: str) -> None:
    print(f"pinproof bench: {words}", file=sys.stderr, flush=True)
