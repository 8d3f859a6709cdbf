"""`pinproof run`: every promise in every lane that this machine has."""

import argparse

from cli.pytests import PASSED_ON, PROMISES, become


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = PASSED_ON


def execute(args: argparse.Namespace) -> int:
    become(PROMISES, args.pytest)
