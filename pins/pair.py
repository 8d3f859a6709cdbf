"""Which engine, jax and libtpu a pin has, found without building or importing any of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from pins.environment import find, locked_versions
from pins.installed import Installed, inspect
from pins.plan import UNDER_TEST

_LIBTPU = ("libtpu", "libtpu-nightly")
_OTHER_LIBRARY = "TPU_LIBRARY_PATH"
UNKNOWN = "of unknown version"


@dataclass(frozen=True)
class Pair:
    """Empty words stand for what isn't there, or isn't known before the pin is built."""

    python: str = ""
    """Empty if the pin isn't built yet."""

    engine: str = ""
    jax: str = ""
    libtpu: str = ""
    asked_for: str = ""
    """What this jax says of the libtpu that it needs."""

    fits: bool = True


def pair(text: str, root: Path, environ: Mapping[str, str] = os.environ) -> Pair:
    """Raises PinError when there can't be such a pin."""
    python = find(text, root)
    if python is None:
        versions = locked_versions(text, root)
        return Pair(
            "", versions.get(UNDER_TEST, ""), versions.get("jax", ""), versions.get("libtpu", "")
        )
    return _pair(inspect(python), python, environ.get(_OTHER_LIBRARY, ""))


def _pair(found: Installed, python: Path, library: str) -> Pair:
    asked = next(
        (each.specifier for each in map(Requirement, found.jax_requires) if each.name == "libtpu"),
        SpecifierSet(),
    )
    versions = found.versions
    installed = next((versions[name] for name in _LIBTPU if name in versions), "")
    other = library if library and Path(library).is_file() else ""
    return Pair(
        python=str(python),
        engine=versions.get(UNDER_TEST, "") or _seen(found, "sgl_jax"),
        jax=versions.get("jax", "") or _seen(found, "jax"),
        libtpu=other or installed or _seen(found, "libtpu"),
        asked_for=str(asked),
        fits=bool(other or not installed) or asked.contains(installed, prereleases=True),
    )


def _seen(found: Installed, module: str) -> str:
    """A checkout on PYTHONPATH has no version."""
    return UNKNOWN if module in found.modules else ""
