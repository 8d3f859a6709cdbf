"""An environment with torch and transformers, built once beside the pins, never with CUDA."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pins.exclusive import exclusive

ROOT = Path(__file__).parents[1]
SCRIPT = Path(__file__).with_name("reference_script.py")

TORCH = "torch==2.13.0+cpu"
"""The local version names the build: pip can't take one of several gigabytes for it."""
REQUIREMENTS = (
    TORCH,
    "jinja2==3.1.6",
    "numpy==2.4.6",
    "safetensors==0.8.0",
    "tokenizers==0.22.2",
    "transformers==4.57.6",
)
CANDIDATES = ("python3", "python3.11", "python3.12", "python3.13", sys.executable)
LOOK_SECONDS = 60
BUILD_SECONDS = 600
RUN_SECONDS = 300


class NoReferenceError(Exception):
    """No Python here has a pip that finds the CPU build; the message says what to do."""


def python(root: Path = ROOT, candidates: tuple[str, ...] = CANDIDATES) -> Path:
    """The interpreter of the reference environment, built now if it is not there."""
    key = hashlib.sha256("\n".join(REQUIREMENTS).encode()).hexdigest()[:12]
    folder = root / ".pinproof" / "reference" / key
    found = folder / "venv" / "bin" / "python"
    record = folder / "installed.txt"
    with exclusive(folder.with_name(f"{key}.lock"), lambda: None):
        if not (record.exists() and found.exists()):
            base = _base(candidates)
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([base, "-I", "-m", "venv", folder / "venv"], check=True)
            _pip(found, "install", "--no-compile", *REQUIREMENTS, seconds=BUILD_SECONDS)
            record.write_text("\n".join(REQUIREMENTS))
    return found


def run(interpreter: Path, request: Path, results: Path) -> None:
    """Let transformers answer the request; it must not look for anything outside.

    torch leaves a folder where temporary files are.
    """
    offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    subprocess.run(
        [interpreter, "-I", SCRIPT, request, results],
        env={**os.environ, **offline, "TMPDIR": str(results)},
        check=True,
        timeout=RUN_SECONDS,
    )


def _base(candidates: tuple[str, ...]) -> str:
    tried = [found for name in candidates if (found := shutil.which(name))]
    for candidate in tried:
        try:
            look = ("install", "--dry-run", "--no-deps", "--ignore-installed")
            _pip(candidate, *look, *REQUIREMENTS, seconds=LOOK_SECONDS)
        except (subprocess.SubprocessError, OSError):
            continue
        return candidate
    raise NoReferenceError(
        f"transformers can not be asked: pip finds {TORCH} for none of "
        f"{', '.join(tried) or 'the Pythons here'}. Download that wheel for one of them from the "
        "CPU index of torch, name its folder in PIP_FIND_LINKS, and run again; it is built once."
    )


def _pip(interpreter: Path | str, *arguments: str, seconds: int) -> None:
    command = [interpreter, "-I", "-m", "pip", *arguments, "--quiet", "--only-binary=:all:"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds)
    except subprocess.CalledProcessError as error:
        error.add_note(error.stderr[-2000:])
        raise
