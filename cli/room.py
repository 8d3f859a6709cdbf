"""Is there room to work in? Where there is none, what breaks is no fault of a pin's."""

import shutil
import tempfile
from pathlib import Path

from cli.evidence import Unjudged

LEAST = 16 << 20
"""Bytes: what cells say and share while they live, many times over."""


def refuse_without_room(record: Path) -> None:
    for place in (record, Path(tempfile.gettempdir())):
        if shutil.disk_usage(place).free < LEAST:
            raise Unjudged(
                f"there is no space left for {place} (less than {LEAST >> 20} MiB); make room "
                "there, and go on with the same command and --resume."
            )
