"""Runs git for pins: quietly, without questions, and without changing what it looks at."""

import os
import subprocess
from pathlib import Path

from pins.failures import last_lines, meaning
from pins.spec import PinError

_SECONDS = 900
_OF_ANOTHER_REPOSITORY = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"),
    *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
)


class GitError(Exception):
    """Git has refused; the message holds its last lines."""


def git(folder: Path, *arguments: str) -> bytes:
    """What git writes when it is started in `folder`."""
    inherited = {n: v for n, v in os.environ.items() if n not in _OF_ANOTHER_REPOSITORY}
    try:
        done = subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", "-C", folder, *arguments],  # noqa: S607 - the git on PATH
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={
                "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
                **inherited,
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_TERMINAL_PROMPT": "0",
                "LC_ALL": "C",
            },
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git {arguments[0]} did not end within {_SECONDS} s") from None
    except FileNotFoundError:
        raise PinError("a pin from git or from a checkout needs git, and none is here.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        because = meaning(said) or f"git {arguments[0]} ended with status {done.returncode}"
        raise GitError(f"{because}.\n{last_lines(said)}".rstrip())
    return done.stdout


def words(folder: Path, *arguments: str) -> str:
    return git(folder, *arguments).decode(errors="surrogateescape").strip()


def commit(folder: Path, revision: str) -> str:
    """The hash of what `revision` names; empty if there is none."""
    question = ("rev-parse", "--verify", "-q", "--end-of-options", f"{revision}^{{commit}}")
    try:
        return words(folder, *question)
    except GitError:
        return ""


def paths(folder: Path, *arguments: str) -> list[str]:
    """Of a command that is asked with -z."""
    found = git(folder, *arguments).decode(errors="surrogateescape")
    return sorted(set(found.split("\0")) - {""})
