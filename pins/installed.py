"""Asks an interpreter what is installed beside it, without importing any of it."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pins import inspection
from pins.failures import last_lines
from pins.spec import PinError

_SECONDS = 60


@dataclass(frozen=True)
class Installed:
    python: dict[str, str]
    packages: dict[str, dict[str, Any]]
    modules: dict[str, str | None]
    jax_requires: list[str] = field(default_factory=list)

    @property
    def versions(self) -> dict[str, str]:
        return {name: package["version"] for name, package in self.packages.items()}


def inspect(python: Path) -> Installed:
    """The environment's own PYTHONPATH and sitecustomize apply, as they do for its users."""
    try:
        answer = subprocess.run(
            [python, "-B", inspection.__file__],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PinError(
            f"{python} did not answer within {_SECONDS} s when asked what is installed; does a "
            "sitecustomize or a .pth file of that environment wait for something?"
        ) from None
    except OSError as error:
        raise PinError(f"{python} does not start: {error.strerror}.") from error
    _, mark, found = answer.stdout.rpartition(inspection.MARK)
    if answer.returncode or not mark:
        raise PinError(
            f"{python} could not say what is installed (exit status {answer.returncode}).\n"
            f"{last_lines(answer.stderr)}".rstrip()
        )
    return Installed(**json.loads(found))
