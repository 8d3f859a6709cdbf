"""`pinproof ledger`: whether what is accepted as broken can stand, and drafts of new entries."""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cli.evidence import Unjudged, read
from cli.pytests import ROOT
from cli.report import once
from cli.selecting import add_ledgers, refuse_unknown
from fixtures.tpus import GENERATIONS
from pins.accepted import OWN
from pins.failures import os_failure
from pins.ledger import Entry
from pins.ledger import read as read_ledger
from reports.catalogue import lanes_in
from reports.comment import printable
from reports.experience import Experience, experiences
from reports.merging import Overview, merge
from reports.proposing import draft
from reports.reviewing import review

SOUND, NOT_SOUND, USAGE_ERROR = 0, 1, 2
DAYS = 14


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=["check", "propose"],
        help="check: tell all that is wrong with the ledger, and what of it the runs contradict; "
        "propose: write entries for what is red in the runs, for somebody to finish",
    )
    parser.add_argument(
        "records", nargs="*", type=Path, metavar="RUN", help="the directory of a run, or run.jsonl"
    )
    add_ledgers(parser, "look at the entries in DIR/*.toml, too; may be given several times")
    parser.add_argument(
        "--within",
        type=int,
        metavar="DAYS",
        help=f"with check: name what expires within so many days (default: {DAYS})",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="with propose: a new file (default: stdout)"
    )
    parser.epilog = (
        "Exit status of check: 0 the ledger can stand; 1 something of it has to be changed. Of "
        "propose: 0 all that is red has an entry now; 1 something is red that can't be proposed. "
        "Of both: 2 they could not be done."
    )


def execute(args: argparse.Namespace) -> int:
    checking = args.what == "check"
    try:
        _refuse_misuse(args, checking=checking)
        overview = merge(map(read, once(args.records)))
        for trouble in overview.troubles:
            _say(printable(trouble))
        return _check(args, experiences(overview)) if checking else _propose(args, overview)
    except Unjudged as reason:
        _say(str(reason))
    except OSError as error:
        _say(f"{os_failure(error, args.output or ROOT)}.")
    return USAGE_ERROR


def _refuse_misuse(args: argparse.Namespace, *, checking: bool) -> None:
    refuse_unknown(args, "ledger")
    if checking and args.output:
        raise Unjudged("check writes nothing: --output is for propose.")
    if not checking and args.within is not None:
        raise Unjudged("--within is for check.")
    if not checking and not args.records:
        raise Unjudged("propose needs the record of a run.")


def _check(args: argparse.Namespace, found: list[Experience]) -> int:
    today = _today()
    within = DAYS if args.within is None else args.within
    entries, problems = _ledger(args, today)
    reviewed = review(entries, found)
    problems += reviewed.wrong
    soon = [e for e in entries if today <= e.expires <= today + timedelta(within)]
    lines = [_headline(args, entries, problems), *(f"  {problem}" for problem in problems)]
    if soon:
        lines += ["", f"expires within {within} days ({len(soon)})"]
        lines += [f"  {each.place}: {each.about} on {each.expires}" for each in soon]
    if reviewed.untried:
        names = ", ".join(dict.fromkeys(reviewed.untried))
        lines += ["", f"not tried in these runs ({len(reviewed.untried)}): {names}"]
    print("\n".join(map(printable, lines)))
    return NOT_SOUND if problems else SOUND


def _propose(args: argparse.Namespace, overview: Overview) -> int:
    today = _today()
    entries, problems = _ledger(args, today)
    if problems:
        raise Unjudged(f"first mend the ledger, which `pinproof ledger check` tells: {problems[0]}")
    made = draft(experiences(overview), entries, lanes_in(_catalogue()), today)
    for each in made.left:
        _say(f"not proposed: {printable(each)}")
    if not made.entries:
        _say("there is nothing to propose.")
    elif args.output:
        _write(args.output, made.text)
        _say(f"{len(made.entries)} entries are in {args.output}: give each a reason and a link.")
    else:
        print(made.text, end="")
    return NOT_SOUND if made.left else SOUND


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        raise Unjudged(f"{file} is there already, and is not overwritten.") from None


def _ledger(args: argparse.Namespace, today: date) -> tuple[list[Entry], list[str]]:
    entries, problems = read_ledger(OWN, today, args.ledgers, lanes_in(_catalogue()))
    return entries, [*problems, *_unknown_generations(entries)]


def _unknown_generations(entries: list[Entry]) -> Iterator[str]:
    known = [each.name for each in GENERATIONS]
    for entry in entries:
        for name in sorted(entry.environment.names.get("tpu", frozenset()) - {*known}):
            yield f"{entry.place}: no TPU is called {name!r}, but {', '.join(known)}"


def _headline(args: argparse.Namespace, entries: list[Entry], problems: list[str]) -> str:
    where = " and ".join(["the suite's own", *map(str, args.ledgers)])
    counted = f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'} in {where}"
    if not problems:
        return f"The ledger can stand: {counted}."
    many = "1 thing has" if len(problems) == 1 else f"{len(problems)} things have"
    return f"{many} to be changed: {counted}."


def _catalogue() -> Path:
    return ROOT / "docs" / "promises.md"


def _today() -> date:
    return datetime.now(UTC).date()


def _say(words: str) -> None:
    print(f"pinproof ledger: {words}", file=sys.stderr, flush=True)
