"""Runs one command: a module of `cli` with `add_arguments(parser)` and `execute(args)`."""

import argparse
import importlib
import sys
from typing import NoReturn, Protocol, cast

from cli import COMMANDS
from cli.bootstrap import USAGE_ERROR
from cli.pytests import ROOT


class Command(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def execute(self, args: argparse.Namespace) -> int:
        """Answer with the exit status; `args.pytest` holds what the command did not know."""


class Parser(argparse.ArgumentParser):
    """Ends with the command's own status for usage errors, where 2 has another meaning."""

    usage_error = USAGE_ERROR

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(self.usage_error, f"{self.prog}: error: {message}\n")


def main(argv: list[str]) -> int:
    name, *rest = argv
    sys.path.insert(1, str(ROOT / "fixtures" / "cell"))  # where pytest's `pythonpath` finds it, too
    command = cast("Command", importlib.import_module(f"cli.{name}"))
    parser = Parser(
        prog=f"pinproof {name}", description=_sentence(COMMANDS[name]), allow_abbrev=False
    )
    parser.usage_error = getattr(command, "USAGE_ERROR", USAGE_ERROR)
    command.add_arguments(parser)
    args, passed_on = parser.parse_known_args(rest)
    args.pytest = passed_on
    return command.execute(args)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
