"""`pinproof prove`: every promise with each of its faults, and the kill matrix."""

import argparse

from cli.pytests import PASSED_ON, PROMISES, become

WORKERS = ["-n", "2"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sample",
        type=int,
        metavar="N",
        help="only one fault of each promise, chosen by the number N (the same N, the same faults)",
    )
    parser.epilog = PASSED_ON


def execute(args: argparse.Namespace) -> int:
    become(PROMISES, options(args.sample, args.pytest))


def options(sample: int | None, passed_on: list[str]) -> list[str]:
    chosen = [] if sample is None else ["--prove-sample", str(sample)]
    return ["--prove", *chosen, *WORKERS, *passed_on]
