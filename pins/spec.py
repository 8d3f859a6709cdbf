"""What `--pin` may say. A leaf: imports nothing of ours."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

FORMS = (
    "a version such as 0.1.0rc0, env:PATH for an existing environment, or here for the running one"
)


class PinError(Exception):
    """The pin can't be had; the message is one sentence, perhaps with a tool's last lines."""


@dataclass(frozen=True)
class Default:
    """The pin that this checkout locks."""


@dataclass(frozen=True)
class Release:
    version: str


@dataclass(frozen=True)
class Existing:
    """A virtual or conda environment of the user's; never modified."""

    prefix: Path


@dataclass(frozen=True)
class Here:
    """The interpreter that runs pytest."""


type Spec = Default | Release | Existing | Here


def parse(text: str) -> Spec:
    spec = text.strip()
    if spec in {"", "default"}:
        return Default()
    if spec == "here":
        return Here()
    if spec.startswith("env:"):
        return Existing(_prefix(spec.removeprefix("env:"), text))
    if _looks_like_a_source(spec):
        raise PinError(
            f"--pin {text}: a pin from git or from a checkout is not understood yet; give {FORMS}."
        )
    return Release(_version(spec, text))


def _prefix(path: str, text: str) -> Path:
    expanded = os.path.expandvars(path)
    if unset := re.search(r"\$(\w+|\{\w+\})", expanded):
        raise PinError(f"--pin {text}: the variable {unset[0]} is not set; give the path itself.")
    if not expanded.strip():
        raise PinError(f"--pin {text}: after env: comes the path of a venv or conda environment.")
    return Path(expanded).expanduser().absolute()


def _looks_like_a_source(spec: str) -> bool:
    return "://" in spec or "/" in spec or " @ " in spec or spec.startswith(("git+", ".", "~"))


def _version(spec: str, text: str) -> str:
    name, equals, version = spec.rpartition("==")
    if equals and re.sub(r"[-_.]+", "-", name.strip()).lower() != "sglang-jax":
        raise PinError(f"--pin {text}: a pin is a version of sglang-jax, not of {name.strip()}.")
    try:
        return str(Version(version))
    except InvalidVersion:
        raise PinError(f"--pin {text}: this is no pin; give {FORMS}.") from None
