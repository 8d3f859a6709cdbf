"""`pinproof pins`: what the index offers, what is built here, and what of that may go."""

import argparse
import sys
from datetime import UTC, datetime

from cli.pytests import ROOT
from pins.failures import os_failure
from pins.index import releases
from pins.spec import PinError
from pins.store import Built, built, remove, superfluous

DONE, FAILED, USAGE_ERROR = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=["list", "prune"],
        default="list",
        help="list (the default), or prune: remove the environments that nobody uses; the locked "
        "pin's stays",
    )
    parser.add_argument(
        "--keep",
        type=int,
        default=0,
        metavar="N",
        help="with prune: keep the N that were used last, too (default: %(default)s)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="with prune: only say what would be removed"
    )
    parser.epilog = "An environment that is pruned is built again when it is next asked for."


def execute(args: argparse.Namespace) -> int:
    pruning = args.what == "prune"
    if args.pytest or args.keep < 0 or (not pruning and (args.keep or args.dry_run)):
        _say("only list, and prune with --keep N and --dry-run, are understood")
        return USAGE_ERROR
    try:
        found = built(ROOT)
        return _prune(found, args.keep, dry=args.dry_run) if pruning else _list(found)
    except OSError as error:
        _say(f"{os_failure(error, ROOT)}.")
        return FAILED


def _list(found: list[Built]) -> int:
    print("built here, those used last first:" if found else "built here: none")
    for each in found:
        print(f"  {_line(each)}")
    try:
        offered = releases()
    except PinError as error:
        _say(str(error))
        return FAILED
    print(f"on the index, the newest first:\n  {', '.join(offered)}")
    return DONE


def _prune(found: list[Built], keep: int, *, dry: bool) -> int:
    going = superfluous(found, keep)
    for each in found:
        if each not in going:
            print(f"kept          {_line(each)}")
        elif dry:
            print(f"would remove  {_line(each)}")
        elif remove(each.folder):
            print(f"removed       {_line(each)}")
        else:
            print(f"kept          {_line(each)}, in use by now")
    return DONE


def _line(each: Built) -> str:
    used = datetime.fromtimestamp(each.used, UTC).strftime("%Y-%m-%d %H:%M UTC")
    state = [
        *(["in use"] if each.in_use else []),
        *(["locked"] if each.locked else []),
        *([] if each.finished else ["half-built"]),
    ]
    return ", ".join([each.folder.name, f"{each.size / 1e9:.1f} GB", f"last used {used}", *state])


def _say(words: str) -> None:
    print(f"pinproof pins: {words}", file=sys.stderr, flush=True)
