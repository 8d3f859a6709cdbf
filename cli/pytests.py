"""How the commands start pytest: on our configuration, wherever the user stands."""

import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
PROMISES = "conformance"
TESTS = "tests"
PASSED_ON = "Every other option goes to pytest, for example -k, -m, -n, --pin or --report-dir."


def command(folder: str, options: list[str]) -> list[str]:
    """A pytest on `folder`, or only on those parts of it that the options name.

    The working directory stays the user's, so that `--pin env:./venv` means what they typed.
    """
    parts = _parts(folder, options)
    return [
        sys.executable,
        *("-P", "-m", "pytest", "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")),
        *(part or option for part, option in zip(parts, options, strict=True)),
        *([] if any(parts) else [str(ROOT / folder)]),
    ]


def become(folder: str, options: list[str]) -> NoReturn:
    sys.stdout.flush()
    words = command(folder, options)
    os.execv(words[0], words)


def names(folder: str, options: list[str]) -> bool:
    """Whether some option is a path or a node id within `folder`."""
    return any(_parts(folder, options))


def _parts(folder: str, options: list[str]) -> list[str | None]:
    """For each option the absolute node id within `folder` that it is, if it is one."""
    return [
        None if before in {"-k", "-m"} else _part(folder, option)
        for before, option in pairwise(["", *options])
    ]


def _part(folder: str, option: str) -> str | None:
    name, colons, rest = option.partition("::")
    for base in (Path.cwd(), ROOT):
        path = (base / name).resolve()
        if name and path.is_relative_to(ROOT / folder) and path.exists():
            return f"{path}{colons}{rest}"
    return None
