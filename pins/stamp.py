"""What a run was made with: packages and their origin, machine, environment variables, suite."""

import os
import platform
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import psutil

from pins.environment import Pin
from pins.installed import Installed, inspect

ROOT = Path(__file__).resolve().parent.parent
HIDDEN = "(hidden)"

_GIT_SECONDS = 5
_RELEVANT = re.compile(
    r"(JAX|XLA|TPU|LIBTPU|PJRT|SGLANG|SGL|TUNIX|CUDA|NVIDIA|MEGASCALE|CLOUD_TPU|TF_CPP)_"
    r"|(PYTHON|LD_|OMP_|MKL_|OPENBLAS_|HF_|VIRTUAL_ENV|CONDA_PREFIX|TMPDIR$|TZ$|LANG$|LC_ALL$)"
)
_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|(API|ACCESS|PRIVATE)_?KEY|_KEY$", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"\b(hf_|gh[oprsu]_|github_pat_|AIza|ya29\.|AKIA|sk-|eyJ)[\w.-]{12,}")
_USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")


def describe(pin: Pin, tpu: str | None = None) -> dict[str, Any]:
    """Everything about the environment that a reader of a record needs, ready for JSON."""
    found = inspect(pin.python)
    surroundings = here()
    surroundings["machine"]["tpu"] = tpu
    return {
        "pin": {"spec": pin.spec, "label": pin.label, **pin.made},
        "python": found.python,
        "packages": {name: _package(found.packages[name]) for name in sorted(found.packages)},
        "modules": _modules(found),
        "environment": relevant(dict(os.environ)),
        **surroundings,
    }


def here() -> dict[str, dict[str, Any]]:
    """What is the same for every pin that is tried by this checkout on this machine."""
    return {
        "machine": _machine(),
        "suite": {"commit": None, "dirty": None, **_checkout(ROOT)},
    }


def versions(stamp: dict[str, Any]) -> dict[str, str]:
    return {name: package["version"] for name, package in stamp["packages"].items()}


def facts(stamp: dict[str, Any]) -> dict[str, str]:
    """What an entry of the ledger may ask for beside versions; what nobody knows is left out."""
    machine = stamp["machine"]
    named = {"machine": machine["architecture"], "tpu": machine["tpu"]}
    found = {**named, "python": stamp["python"]["version"]}
    return {name: value for name, value in found.items() if value}


def relevant(environment: dict[str, str]) -> dict[str, str]:
    """The variables that change what the stack does, without anything that looks like a secret."""
    return {
        name: HIDDEN if _SECRET_NAME.search(name) else _without_secrets(value)
        for name, value in sorted(environment.items())
        if _RELEVANT.match(name)
    }


def _without_secrets(value: str) -> str:
    return _USER_IN_URL.sub("", _SECRET_VALUE.sub(HIDDEN, value))


def _package(found: dict[str, Any]) -> dict[str, Any]:
    origin = _origin(found["direct_url"])
    return {"version": found["version"], "location": found["location"], "origin": origin}


def _origin(direct: dict[str, Any] | None) -> dict[str, Any]:
    """Where a distribution came from, as its installer recorded it (PEP 610)."""
    if direct is None:
        return {"kind": "index"}
    url = urlsplit(direct["url"])
    shown = urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2], query=""))
    if "vcs_info" in direct:
        commit = direct["vcs_info"].get("commit_id")
        return {"kind": "vcs", "url": shown, "commit": commit, "dirty": False}
    if "dir_info" in direct:
        folder = Path(unquote(url.path))
        kind = "editable" if direct["dir_info"].get("editable") else "path"
        return {"kind": kind, "path": str(folder), **_checkout(folder)}
    return {"kind": "archive", "url": shown, **direct.get("archive_info", {})}


def _modules(found: Installed) -> dict[str, Any]:
    """Where imports would come from; a checkout on PYTHONPATH is seen only here."""
    modules: dict[str, Any] = {}
    for name, origin in found.modules.items():
        modules[name] = {"path": origin}
        if origin and "site-packages" not in origin:
            modules[name].update(_checkout(Path(origin).parent))
    return modules


def _checkout(folder: Path) -> dict[str, Any]:
    """Commit and dirty flag, or nothing if `folder` is in no work tree (or git is not here)."""
    commit = _git(folder, "rev-parse HEAD")
    if commit is None:
        return {}
    changes = _git(folder, "status --porcelain")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def _git(folder: Path, words: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", folder, *shlex.split(words)],  # noqa: S607 - the git on PATH
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},  # look only: not even the index changes
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def _machine() -> dict[str, Any]:
    return {
        "platform": platform.platform(),
        "architecture": platform.machine(),
        "cpus": os.cpu_count(),
        "usable_cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": psutil.virtual_memory().total,
        "devices": sorted(map(str, [*Path("/dev").glob("accel*"), *Path("/dev").glob("vfio/*")])),
    }
