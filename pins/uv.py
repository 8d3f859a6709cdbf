"""Runs the locked uv, relays its progress and turns its failures into one sentence."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pins.failures import last_lines, meaning
from pins.spec import ADDABLE, PinError

Progress = Callable[[str], None]

_WORTH_TELLING = re.compile(
    r"(Resolved|Prepared|Installed)\b|Downloading .*\((\d{2,}\.\dMiB|.*GiB)"
)
_WISH = re.compile(
    r"(?:(\S+) depends? on|you require) ([a-z0-9][a-z0-9-]*)(?:\[[^]]*\])?([<>=!~][^\s]*)"
)

_FROM_ELSEWHERE = re.compile(r"Failed to [^`]*`([a-z0-9][a-z0-9-]*) @ (git\+[^`\s]+)`")
_CAUSE = re.compile(r"^ *(?:error|cause): (.+)$", re.MULTILINE)
_YES = frozenset({"1", "true", "yes", "on"})
_CONCLUSION = re.compile(r"we can conclude that .*?(?=\. And because|$)")


def run(
    arguments: Sequence[str], *, purpose: str, temporary: Path, held: int, progress: Progress
) -> None:
    """`held` is the lock's descriptor: if we are killed, uv keeps the lock until it has ended.

    It leaves files of its own in `temporary`.
    """
    process = subprocess.Popen(
        [executable(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=(held,),
        env={
            **os.environ,
            "UV_PYTHON_DOWNLOADS": "never",
            "NO_COLOR": "1",
            "TMPDIR": str(temporary),
        },
    )
    output = []
    with process:
        try:
            for line in process.stdout or ():
                output.append(line)
                if _WORTH_TELLING.match(line.strip()):
                    progress(line.strip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise _failure(purpose, process.returncode, "".join(output))


def executable() -> str:
    locked = Path(sys.executable).with_name("uv")
    found = str(locked) if locked.exists() else shutil.which("uv")
    if found is None:
        raise PinError("building a pin needs uv, and none is here; start through `./pinproof run`.")
    return found


def _failure(purpose: str, status: int, output: str) -> PinError:
    because = _offline(output) or meaning(output) or _resolution(output) or _last_cause(output)
    because = because or f"uv ended with status {status}"
    return PinError(
        f"{purpose}: {because}{_from_elsewhere(output)}.\n{last_lines(output)}".rstrip()
    )


def _from_elsewhere(output: str) -> str:
    """What a release takes from a repository of somebody's, the index may have, too."""
    found = _FROM_ELSEWHERE.search(output)
    key = next((key for key, package in ADDABLE.items() if found and package == found[1]), "")
    if not (found and key):
        return ""
    return f", or add +{key}=VERSION to the pin: {key} then comes from the index, not {found[2]}"


def _offline(output: str) -> str:
    """Offline uv knows of no package but those in its cache."""
    wanted = os.environ.get("UV_OFFLINE", "").lower() in _YES
    if wanted and re.search(
        r"no solution found|network (was|\w+ is) disabled", output, re.IGNORECASE
    ):
        return (
            "the network was disabled (UV_OFFLINE), and uv's cache lacks something; build the pin "
            "once with the network"
        )
    return ""


def _resolution(output: str) -> str:
    if "No solution found" not in output:
        return ""
    words = " ".join(output.split())
    missing = re.search(r"there is no version of (\S+?==[^\s,]+)", words)
    python = re.search(r"current Python version \((\S+)\) does not satisfy (Python[^\s,]+)", words)
    absent = re.search(r"(\S+) was not found in the package registry", words)
    if missing and missing[1].startswith("sglang-jax"):
        return f"the index has no {missing[1]}; look at its list of releases"
    if python:
        return (
            f"it wants {python[2]}, and pins are built with {python[1]}; build an environment with "
            "that Python, and name it with env:PATH"
        )
    if absent:
        return f"it wants {absent[1]}, which the index does not have"
    return _contradiction(words) or "no set of packages satisfies it"


def _last_cause(output: str) -> str:
    found = _CAUSE.findall(output)
    return found[-1].rstrip(".") if found else ""


def _contradiction(words: str) -> str:
    """Who wants what, if two want the same package in ways that exclude each other."""
    wishes: dict[str, dict[str, str]] = {}
    for who, name, extent in _WISH.findall(_CONCLUSION.sub("", words)):
        wishes.setdefault(name, {}).setdefault(who or "the pin", f"{name}{extent.rstrip(',.')}")
    for name, sides in wishes.items():
        if len(set(sides.values())) > 1:
            wanted = " and ".join(f"{who} wants {wish}" for who, wish in sides.items())
            key = next((key for key, package in ADDABLE.items() if package == name), "")
            how = (
                f"; decide with +{key}=VERSION, and it is recorded who was overruled" if key else ""
            )
            return f"{wanted}{how}"
    return ""
