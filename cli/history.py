"""`pinproof history`: what the latest runs have made of one promise."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from cli.pytests import ROOT
from reports.comment import printable
from reports.history import Seen
from reports.index import latest
from reports.model import PROMISE_ID, LaneName
from reports.stored import runs_directory

FOUND, NOTHING, USAGE_ERROR = 0, 1, 2
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("promise", metavar="PROMISE", help="its id, such as SWAP-3")
    parser.add_argument("--lane", choices=list(LaneName), default="", help="(default: all)")
    parser.add_argument(
        "-n", dest="number", type=_positive, default=SHOWN, help="how many (default: %(default)s)"
    )
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="where the records are (default: .pinproof/runs)"
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.epilog = "Exit status: 0 there is something; 1 no run has a verdict about it; 2 usage."


def execute(args: argparse.Namespace) -> int:
    runs = args.runs or runs_directory(ROOT)
    if args.pytest:
        return _refused(f"unknown: {' '.join(args.pytest)}", USAGE_ERROR)
    if not PROMISE_ID.fullmatch(args.promise):
        return _refused(f"{args.promise!r} is no promise's id, such as SWAP-3.", USAGE_ERROR)
    try:
        found = latest(runs, args.promise, args.lane, args.number)
    except OSError as error:
        return _refused(f"there are no records in {runs}: {error.strerror}.", USAGE_ERROR)
    if args.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
    elif found:
        print("\n".join(map(printable, _lines(found))))
    if not found:
        where = f" in lane {args.lane}" if args.lane else ""
        return _refused(f"no run in {runs} has a verdict about {args.promise}{where}.", NOTHING)
    return FOUND


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _lines(found: list[Seen]) -> Iterator[str]:
    pins = max(len("pin"), *(len(each.pin) for each in found))
    yield f"{'began (UTC)':<17} {'verdict':<8} {'seconds':>8}  {'lane':<7} {'pin':<{pins}} run"
    for each in found:
        began = f"{datetime.fromtimestamp(each.began, UTC):%Y-%m-%d %H:%M}" if each.began else ""
        yield (
            f"{began:<17} {each.verdict:<8} {each.seconds:>8.1f}  {each.lane:<7} "
            f"{each.pin:<{pins}} {each.run}"
        )


def _refused(words: str, status: int) -> int:
    print(f"pinproof history: {words}", file=sys.stderr)
    return status
