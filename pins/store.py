"""The environments that are built here: how large, when last used, and which nobody needs."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from pins.plan import GENERATED, RECORD, known_plan
from pins.spec import Default
from pins.users import last_used, unused


@dataclass(frozen=True)
class Built:
    folder: Path
    size: int
    """In bytes; uv shares files between its cache and all environments, so less may be freed."""

    used: float
    """When last, as seconds since the epoch."""

    in_use: bool
    locked: bool
    """Whether it is the one that runs without --pin use."""

    finished: bool


def built(root: Path) -> list[Built]:
    """Those used last come first."""
    found = (_look(folder, root) for folder in _folders(root))
    return sorted(found, key=lambda each: each.used, reverse=True)


def superfluous(found: list[Built], keep: int) -> list[Built]:
    """What may be removed if the locked pin and `keep` others, those used last, stay."""
    candidates = [each for each in found if not each.in_use and not each.locked]
    finished = [each for each in candidates if each.finished]
    return [each for each in candidates if each not in finished[:keep]]


def remove(folder: Path) -> bool:
    """False if somebody has begun to use it. Half removed it is half-built: nobody takes it."""
    with unused(folder) as free:
        if not free or _is_run(folder):
            return False
        (folder / RECORD).unlink(missing_ok=True)
        shutil.rmtree(folder)
    return True


def _folders(root: Path) -> list[Path]:
    place = root / GENERATED / "pins"
    return [each for each in place.iterdir() if each.is_dir()] if place.is_dir() else []


def _look(folder: Path, root: Path) -> Built:
    locked = known_plan(Default(), root)
    with unused(folder) as free:
        in_use = not free or _is_run(folder)
    return Built(
        folder,
        sum(_sizes(folder)),
        last_used(folder),
        in_use,
        locked is not None and locked.folder == folder,
        (folder / RECORD).exists(),
    )


def _is_run(folder: Path) -> bool:
    """By somebody who holds no lock: a Python that was started by hand, or an older pinproof."""
    mine = f"{folder}{os.sep}"
    return any(
        word.startswith(mine)
        for process in psutil.process_iter(["cmdline"])
        for word in (process.info["cmdline"] or [])[:1]
    )


def _sizes(folder: Path) -> Iterator[int]:
    """Without a Path for each: an environment holds 54,000 files."""
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):
                yield os.lstat(f"{place}{os.sep}{name}").st_size
