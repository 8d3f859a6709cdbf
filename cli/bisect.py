"""`pinproof bisect`: the first release or commit that breaks a promise, or keeps it again."""

import argparse
import json
import sys
from pathlib import Path

from cli import selecting
from cli.answering import publish, tell
from cli.bisecting import Bisection, Wish
from cli.evidence import Unjudged
from reports.bisected import Bisected, Status, terminal

USAGE_ERROR = Status.COULD_NOT_JUDGE
_NOT_ENDED = "the search has not ended."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("good", metavar="GOOD", help="a pin that keeps the promise")
    parser.add_argument(
        "bad", metavar="BAD", help="one that breaks it; if it is older, the first good is found"
    )
    parser.add_argument(
        "--checkout",
        default="",
        metavar="PATH",
        help="GOOD and BAD are revisions of this checkout, which is only read",
    )
    selecting.add_arguments(parser, keyword_needed=True)
    parser.add_argument(
        "--resume", action="store_true", help="go on where the same search was ended before"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the answer for scripts")
    parser.epilog = (
        "GOOD and BAD are releases (0.0.3rc0 0.1.0rc0) or revisions of one git+https://...@REV, "
        "perhaps with +tunix=VERSION and the like, which then holds for each step. Exit status: 0 "
        "found; 2 narrowed to several, because some could not be tried; 3 could not judge, usage "
        "errors included (4: pinproof itself can't be set up)."
    )


def execute(args: argparse.Namespace) -> int:
    try:
        selecting.refuse_unknown(args, "bisect")
        bisection = Bisection(_wish(args), _say)
        _publish(args.json, Bisected(args.good, args.bad, trouble=_NOT_ENDED))
        found = bisection.answer()
        try:
            tell(terminal(found))
        finally:
            _publish(args.json, found)
    except Unjudged as reason:
        _say(str(reason))
        return Status.COULD_NOT_JUDGE
    return found.status


def _wish(args: argparse.Namespace) -> Wish:
    if not args.keyword.strip():
        raise Unjudged("-k is empty: say which promise is broken, such as -k SWAP-3.")
    return Wish(args.good, args.bad, args.checkout, selecting.selection(args), args.resume)


def _publish(file: Path | None, found: Bisected) -> None:
    publish(file, f"{json.dumps(found.as_json(), indent=2)}\n")


def _say(words: str) -> None:
    print(f"pinproof bisect: {words}", file=sys.stderr, flush=True)
