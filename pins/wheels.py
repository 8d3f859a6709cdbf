"""A pin that is a wheel which its user has built: the file is known by what it holds."""

import hashlib
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pins.failures import os_failure
from pins.spec import SHOWN, PinError, Wheel


@dataclass(frozen=True)
class WheelFile:
    file: Path
    sha256: str

    @property
    def origin(self) -> str:
        return str(self.file)

    @property
    def content(self) -> str:
        return self.sha256[:SHOWN]

    @property
    def facts(self) -> dict[str, Any]:
        return {"from": self.origin, "sha256": self.sha256}

    def copy_to(self, folder: Path) -> Path:
        """Installers remember a wheel by its path: at this one there never was another."""
        folder.mkdir()
        copy = Path(shutil.copy(self.file, folder))
        if _sha256(copy) != self.sha256:
            raise PinError(f"{self.file} was changed while it was copied; start again.")
        return copy


def of_wheel(spec: Wheel) -> WheelFile:
    """What the file is now; refused where it was another one when a run began."""
    if not spec.file.is_file():
        raise PinError(f"--pin {spec.file}: there is no such file.")
    try:
        whole = zipfile.is_zipfile(spec.file)
        found = WheelFile(spec.file, _sha256(spec.file))
    except OSError as error:
        raise PinError(f"--pin {spec.file}: {os_failure(error, spec.file)}.") from error
    if not whole:
        raise PinError(f"--pin {spec.file}: this is no whole wheel; was it written to its end?")
    if spec.content not in {"", found.content}:
        raise PinError(
            f"--pin {spec.file}: it has changed: {found.content} now, and {spec.content} when the "
            "run began."
        )
    return found


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
