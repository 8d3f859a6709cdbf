"""Finds a Python for the suite: on PATH, under pyenv, through uv. Standard library only."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pins.failures import last_lines, meaning

SUPPORTED = ("3.12", "3.13")
HOW_TO_GET_ONE = (
    "install one, for example with `apt install python3.12 python3.12-venv`, `pyenv install 3.12` "
    "or `uv python install 3.12`, and start again"
)
_PROBE_SECONDS = 20
_PROBE = """
import importlib.util, os, sys, sysconfig
print("%d.%d.%d" % sys.version_info[:3])
print(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))
print(int(bool(importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"))))
print(int(sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")))
"""

Say = Callable[[str], None]


class SetupError(Exception):
    """Setting up is impossible; the message is one sentence for the user."""


@dataclass(frozen=True)
class Interpreter:
    path: Path
    version: str
    makes_venvs: bool


def find(lock: Path, say: Say) -> Interpreter:
    """The first Python 3.12 or 3.13 that really starts and can make environments."""
    incomplete: list[Interpreter] = []
    for path in _installed():
        found = probe(path)
        if found and found.makes_venvs:
            return found
        if found:
            incomplete.append(found)
    if incomplete:
        short = incomplete[0].version.rpartition(".")[0]
        raise SetupError(
            f"Python {incomplete[0].version} at {incomplete[0].path} lacks the venv and ensurepip "
            f"modules; install them, for example with `apt install python{short}-venv`, and start "
            "again."
        )
    return _through_uv(lock, say)


def probe(path: Path) -> Interpreter | None:
    """What `path` is, if it starts: a pyenv shim exists without the version behind it."""
    try:
        answer = subprocess.run(
            [path, "-I", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode:
        return None
    version, executable, makes_venvs, usual_build = answer.stdout.splitlines()[-4:]
    if usual_build != "1" or not version.startswith(tuple(f"{short}." for short in SUPPORTED)):
        return None
    return Interpreter(Path(executable), version, makes_venvs == "1")


def _installed() -> Iterator[Path]:
    yield Path(sys.executable)
    folders = [Path(folder) for folder in os.get_exec_path() if folder]
    roots = {Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv"), Path.home() / ".pyenv"}
    for short in SUPPORTED:
        for folder in folders:
            yield folder / f"python{short}"
        for root in sorted(roots):
            versions = root.glob(f"versions/{short}.*")
            for version in sorted(versions, key=_patch_level, reverse=True):
                yield version / "bin" / f"python{short}"


def _patch_level(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.name)]


def _through_uv(lock: Path, say: Say) -> Interpreter:
    with tempfile.TemporaryDirectory(prefix="pinproof-uv-") as scratch:
        uv = shutil.which("uv")
        command = [uv] if uv else [str(_install_uv(lock, Path(scratch), say))]
        for short in SUPPORTED:
            known = _uv(command, "find", "--no-python-downloads", short)
            if known.returncode == 0 and (found := probe(Path(known.stdout.strip()))):
                return found
        say("no Python 3.12 or 3.13 on PATH or under pyenv; downloading 3.12 with uv")
        installed = _uv(command, "install", SUPPORTED[0])
        known = _uv(command, "find", "--no-python-downloads", SUPPORTED[0])
        if known.returncode == 0 and (found := probe(Path(known.stdout.strip()))):
            return found
        raise _none_found(installed.stderr or known.stderr)


def _uv(command: list[str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*command, "--no-config", "python", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",  # no project's own wishes about Python
    )


def _install_uv(lock: Path, scratch: Path, say: Say) -> Path:
    """A temporary uv with the hashes of our own lock, made with the Python that is running."""
    say("no Python 3.12 or 3.13 on PATH or under pyenv; asking uv for one")
    blocks = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8"))
    wanted = scratch / "uv.txt"
    wanted.write_text("\n".join(block for block in blocks if block.startswith("uv==")) + "\n")
    python = scratch / "venv" / "bin" / "python"
    steps = (
        [sys.executable, "-I", "-m", "venv", str(scratch / "venv")],
        [
            *(str(python), "-I", "-m", "pip", "install", "--quiet", "--no-input"),
            *("--disable-pip-version-check", "--require-hashes", "-r", str(wanted)),
        ],
    )
    for step in steps:
        done = subprocess.run(
            step, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise _none_found(done.stdout + done.stderr)
    return python.with_name("uv")


def _none_found(output: str) -> SetupError:
    because = meaning(output)
    reason = (
        f"and uv could not bring one, because {because}" if because else "nor could uv bring one"
    )
    return SetupError(
        f"no Python 3.12 or 3.13 is on PATH or under pyenv, {reason}; {HOW_TO_GET_ONE}.\n"
        f"{last_lines(output, 5)}".rstrip()
    )
