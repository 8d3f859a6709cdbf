"""`pinproof gate`: may the pin be moved from OLD to NEW? One answer, with its evidence."""

import argparse
import json
import math
import sys
from contextlib import suppress
from pathlib import Path

from cli import selecting
from cli.answering import publish, tell
from cli.evidence import Unjudged, read
from cli.gating import Gate, Wish
from reports.answer import Answer
from reports.answer_junit import junit
from reports.answer_pages import markdown, terminal
from reports.comparison import Status
from reports.merging import Overview, merge
from reports.page.document import document
from reports.performance import BUDGET
from reports.stored import RUN_LOG_FILE

USAGE_ERROR = Status.COULD_NOT_JUDGE
_NOT_ENDED = "the gate has not ended."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", metavar="OLD", help="the pin in use, as --pin of `pinproof run`")
    parser.add_argument("new", metavar="NEW", help="the pin to move to")
    selecting.add_arguments(parser)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="try one cheap promise of each area only, in a few minutes; no substitute for all",
    )
    selecting.add_ledgers(parser, "accept what the entries in DIR/*.toml say is broken, too")
    parser.add_argument(
        "--from",
        dest="stored",
        type=Path,
        metavar="RECORD",
        help="take OLD's verdicts from the record in this directory",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on where the same gate was ended before"
    )
    parser.add_argument(
        "--allow-should", action="store_true", help="may move, too, where only SHOULDs are broken"
    )
    parser.add_argument(
        "--performance",
        action=argparse.BooleanOptionalAction,
        help="measure what both pins cost, too (default: unless --quick or -k is given)",
    )
    parser.add_argument(
        "--budget",
        type=budget,
        default=BUDGET,
        metavar="TIMES",
        help="how many times as much NEW may cost as OLD (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the answer for scripts")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one page, for a browser")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write it for a comment")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write it as JUnit's XML")
    parser.epilog = (
        "Exit status: 0 may move; 1 a MUST is broken, flaky or no longer tried; 2 only SHOULDs "
        "are, or NEW costs more than the budget; 3 could not judge, usage errors included (4: "
        "pinproof itself can't be set up). "
        "What the ledger accepts does not block, and is told first."
    )


def budget(text: str) -> float:
    """What `--budget` says, or an error that says what it may say."""
    try:
        times = float(text)
    except ValueError:
        times = 0.0
    if not 1 <= times < math.inf:
        message = f"{text!r} is no number from 1 on; 1.25 allows a quarter more than OLD costs"
        raise argparse.ArgumentTypeError(message)
    return times


def execute(args: argparse.Namespace) -> int:
    try:
        gate = Gate(_wish(args), _say)
        _publish(args, Answer(Status.COULD_NOT_JUDGE, args.old, args.new, trouble=_NOT_ENDED))
        answer = gate.answer()
        try:
            tell(terminal(answer))
        finally:
            _publish(args, answer)
    except Unjudged as reason:
        _say(str(reason))
        return Status.COULD_NOT_JUDGE
    return answer.status


def _wish(args: argparse.Namespace) -> Wish:
    selecting.refuse_unknown(args, "gate")
    for which, pin in (("OLD", args.old), ("NEW", args.new)):
        if not pin.strip():
            raise Unjudged(f"{which} is empty. The locked pin is called default.")
    return Wish(
        old=args.old,
        new=args.new,
        selection=selecting.selection(args, tuple(args.ledgers), quick=args.quick),
        stored=args.stored,
        resume=args.resume,
        allow_should=args.allow_should,
        performance=args.performance,
        budget=args.budget,
    )


def _publish(args: argparse.Namespace, answer: Answer) -> None:
    """Also before the gate begins: whoever kills it must not leave the answer of another one."""
    pages = {
        args.json: f"{json.dumps(answer.as_json(), indent=2)}\n",
        args.markdown: markdown(answer),
        args.junit: junit(answer),
        args.html: document(_overview(answer), answer) if args.html else "",
    }
    for file, text in pages.items():
        publish(file, text)


def _overview(answer: Answer) -> Overview:
    """Of all records that it has; a run that died before it began has none."""
    directories = (each for side in answer.records.values() for each in side)
    return merge(read(each) for each in directories if (each / RUN_LOG_FILE).exists())


def _say(words: str) -> None:
    """Where nobody can hear it, the answer counts all the same."""
    with suppress(OSError):
        print(f"pinproof gate: {words}", file=sys.stderr, flush=True)
