"""`pinproof test`: what must be green before a change lands; ends with pytest's closing line."""

import argparse
import sys
from collections.abc import Iterator

from cli import prove
from cli.child import INTERRUPTED, run, stopping_on_signals
from cli.pytests import PASSED_ON, PROMISES, TESTS, command, names

SAMPLE = 1
_NOTHING_COLLECTED = 5
CHIPLESS = ["-m", "not tpu", "--require-lane", "static", "--require-lane", "cpu"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sample",
        type=int,
        default=SAMPLE,
        metavar="N",
        help="the number that chooses one fault of each promise (default: %(default)s)",
    )
    parser.epilog = PASSED_ON


def execute(args: argparse.Namespace) -> int:
    statuses = {}
    parts = list(_parts(args.sample, args.pytest))
    with stopping_on_signals():
        for number, (name, words) in enumerate(parts, start=1):
            _say(f"part {number} of {len(parts)}: {name}")
            statuses[name] = run(words)
            if statuses[name] == INTERRUPTED:
                return INTERRUPTED
    return _judged(statuses, selective=bool(args.pytest))


def _parts(sample: int, passed_on: list[str]) -> Iterator[tuple[str, list[str]]]:
    named = {folder for folder in (TESTS, PROMISES) if names(folder, passed_on)}
    wanted = named or {TESTS, PROMISES}
    if TESTS in wanted:
        yield "the suite's own tests", command(TESTS, passed_on)
    if PROMISES in wanted:
        yield (
            f"the promises in the lanes that need no chip (`pinproof prove --sample {sample}`)",
            command(PROMISES, [*CHIPLESS, *prove.options(sample, passed_on)]),
        )


def _judged(statuses: dict[str, int], *, selective: bool) -> int:
    """Green if all parts are; a selection may be about some parts only, but not about none."""
    accepted = {0}
    if selective and set(statuses.values()) != {_NOTHING_COLLECTED}:
        accepted.add(_NOTHING_COLLECTED)
    red = {name: status for name, status in statuses.items() if status not in accepted}
    if red:
        _say("not green: " + "; ".join(f"{name} (status {red[name]})" for name in red))
    return max(red.values(), default=0)


def _say(words: str) -> None:
    print(f"pinproof test: {words}", file=sys.stderr, flush=True)
