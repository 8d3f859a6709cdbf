"""`pinproof report`: one answer, and one page, of any number of records."""

import argparse
import sys
from pathlib import Path

from cli.answering import publish, tell
from cli.evidence import Unjudged, read
from cli.selecting import refuse_unknown
from reports.merging import Overview, State, merge
from reports.page.document import document
from reports.summary_pages import markdown, terminal

USAGE_ERROR = State.UNJUDGED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "records", nargs="+", type=Path, metavar="RUN", help="the directory of a run, or run.jsonl"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one page, for a browser")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write it for a comment")
    parser.add_argument(
        "--any-suite",
        action="store_true",
        help="join records that different versions of this suite have made; the page says so",
    )
    parser.epilog = (
        "Exit status: 0 all that was tried is kept, or known to the ledger; 1 something is not; "
        "3 could not judge: a run is not whole, nothing was tried, or a record can't be read."
    )


def execute(args: argparse.Namespace) -> int:
    try:
        overview = _overview(args)
        tell(terminal(overview))
        publish(args.html, document(overview))
        publish(args.markdown, markdown(overview))
    except Unjudged as reason:
        print(f"pinproof report: {reason}", file=sys.stderr, flush=True)
        return State.UNJUDGED
    return overview.state


def _overview(args: argparse.Namespace) -> Overview:
    refuse_unknown(args, "report")
    overview = merge(map(read, once(args.records)))
    if not args.any_suite:
        _refuse_other_suites(overview)
    return overview


def once(records: list[Path]) -> list[Path]:
    """Whoever names a record twice has still seen everything once only."""
    places = (each.parent if each.is_file() else each for each in records)
    return list({place.resolve(): place for place in places}.values())


def _refuse_other_suites(overview: Overview) -> None:
    if len(overview.suites) > 1:
        raise Unjudged(
            f"these records were made by different versions of the suite "
            f"({', '.join(overview.suites)}), which may ask for different things. "
            "Name records of one version, or join them all the same with --any-suite."
        )
