"""Keeps `.venv` in step with its lock and hands over. Standard library only, Python 3.10."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from cli import COMMANDS
from cli.interpreters import Say, SetupError, find
from pins.exclusive import exclusive
from pins.failures import last_lines, meaning, os_failure

USAGE_ERROR = 2
CANNOT_START = 4  # what pytest says, too, when it can't start
INTERRUPTED = 130


def main(script: str, argv: list[str]) -> int:
    root = Path(script).resolve().parent
    if not argv or argv[0] in {"-h", "--help"}:
        print(usage(), file=sys.stdout if argv else sys.stderr)
        return 0 if argv else USAGE_ERROR
    if argv[0] not in COMMANDS:
        print(f"pinproof: there is no command {argv[0]!r}.\n\n{usage()}", file=sys.stderr)
        return USAGE_ERROR
    try:
        suite = Suite(root)
        if not suite.is_ready():
            suite.set_up(_say)
        elif suite.is_running_this():
            # Only the suite's own Python can import what the commands need.
            from cli.main import main as command  # noqa: PLC0415

            return command(argv)
        os.execv(suite.python, [str(suite.python), str(root / "pinproof"), *argv])
    except SetupError as error:
        print(f"pinproof: {error}", file=sys.stderr)
        return CANNOT_START
    except KeyboardInterrupt:
        return INTERRUPTED


def usage() -> str:
    lines = [f"  {name:8}{what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            "usage: pinproof COMMAND [OPTIONS]",
            "",
            *lines,
            "",
            "`pinproof COMMAND --help` says more about one command.",
        ]
    )


def _say(what: str) -> None:
    print(f"pinproof: {what}", file=sys.stderr, flush=True)


class Suite:
    """The suite's own environment. Its stamp is written last: without it, nothing is finished."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.lock = root / "locks" / "suite.txt"
        self.python = self.venv / "bin" / "python"
        self._stamp = self.venv / "pinproof-stamp"
        self._ours = root / ".pinproof" / "venv-is-ours"

    def is_ready(self) -> bool:
        try:
            return self._stamp.read_text(encoding="ascii") == self._expected_stamp()
        except (OSError, UnicodeDecodeError):
            return False

    def is_running_this(self) -> bool:
        return Path(sys.prefix).samefile(self.venv)

    def set_up(self, say: Say) -> None:
        try:
            with exclusive(
                self.root / ".pinproof" / "setup.lock",
                lambda: say("another start is setting up; waiting for it"),
            ) as held:
                if not self.is_ready():
                    self._build(say, held)
        except OSError as error:
            raise SetupError(f"{os_failure(error, self.venv)}.") from error

    def _build(self, say: Say, held: int) -> None:
        self._refuse_a_foreign_venv()
        base = find(self.lock, say)
        say(f"setting up .venv with Python {base.version}; this happens once per lock")
        self._run(
            held,
            [str(base.path), "-I", "-m", "venv", "--clear", str(self.venv)],
            f"{self.venv} could not be created",
        )
        say("installing the locked packages")
        self._run(
            held,
            [
                *(str(self.python), "-I", "-m", "pip", "install", "--quiet", "--no-input"),
                *("--disable-pip-version-check", "--require-hashes", "-r", str(self.lock)),
            ],
            "the suite's packages could not be installed",
        )
        self._stamp.write_text(self._expected_stamp(), encoding="ascii")
        say("ready")

    def _refuse_a_foreign_venv(self) -> None:
        """Building empties the directory; before the stamp is there a mark says whose it is."""
        made_here = self._ours.exists() or self._stamp.exists()
        if self.venv.is_symlink() or (self.venv.exists() and not made_here):
            what = "is a link" if self.venv.is_symlink() else "was not made by pinproof"
            raise SetupError(
                f"{self.venv} {what}, and setting up would empty it. Move it away and start again."
            )
        self._ours.touch()

    def _run(self, held: int, command: list[str], failure: str) -> None:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            pass_fds=(held,),
            env={**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
        )
        if done.returncode:
            output = done.stdout + done.stderr
            because = meaning(output) or f"the installer ended with status {done.returncode}"
            raise SetupError(f"{failure}: {because}.\n{last_lines(output)}".rstrip())

    def _expected_stamp(self) -> str:
        """Changes with the lock, the interpreter behind `.venv`, and the place of the checkout."""
        python = self.python.resolve(strict=True)
        parts = (self.lock.read_bytes(), os.fsencode(self.venv), os.fsencode(python))
        return hashlib.sha256(b"\0".join(parts)).hexdigest()
