"""Runs one command: a module of `cli` with `add_arguments(parser)` and `execute(args)`."""

import argparse
import importlib
import sys
from typing import Protocol, cast

from cli import COMMANDS
from cli.pytests import ROOT


class Command(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def execute(self, args: argparse.Namespace) -> int:
        """Answer with the exit status; `args.pytest` holds what the command did not know."""


def main(argv: list[str]) -> int:
    name, *rest = argv
    sys.path.insert(1, str(ROOT / "fixtures" / "cell"))  # where pytest's `pythonpath` finds it, too
    command = cast("Command", importlib.import_module(f"cli.{name}"))
    parser = argparse.ArgumentParser(
        prog=f"pinproof {name}", description=_sentence(COMMANDS[name]), allow_abbrev=False
    )
    command.add_arguments(parser)
    args, passed_on = parser.parse_known_args(rest)
    args.pytest = passed_on
    return command.execute(args)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
