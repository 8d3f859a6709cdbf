"""Makes a pin that can be used: builds its environment once, or finds the user's own."""

import hashlib
import re
import shutil
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pins import uv
from pins.exclusive import exclusive
from pins.failures import os_failure
from pins.installed import inspect
from pins.spec import Default, Existing, Here, PinError, Release, parse
from pins.uv import Progress

LOCK = Path("locks") / "pin.txt"
GENERATED = ".pinproof"
UNDER_TEST = "sglang-jax"
_OLDEST_PYTHON = (3, 12)


@dataclass(frozen=True)
class Pin:
    """An environment with the packages under test; `cache` is ours and belongs to this pin only."""

    spec: str
    label: str
    python: Path
    cache: Path


def obtain(text: str, root: Path, progress: Progress) -> Pin:
    """The pin that `text` names; builds it on first use, says how through `progress`."""
    match parse(text):
        case Existing(prefix):
            return _existing(text, _python_of(prefix, text), f"env-{prefix.name}", root)
        case Here():
            return _existing(text, Path(sys.executable), "here", root)
        case Default():
            return _built(text, None, root, progress)
        case Release(version):
            return _built(text, version, root, progress)


def default_requirements(root: Path) -> list[Requirement]:
    """What pyproject.toml's dependency group `pin` names."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return [Requirement(line) for line in project["dependency-groups"]["pin"]]


def find(text: str, root: Path) -> Path | None:
    """The Python of the pin that `text` names; None if it would have to be built first."""
    match parse(text):
        case Existing(prefix):
            return _python_of(prefix, text)
        case Here():
            return Path(sys.executable)
        case Default():
            plan = _plan(None, root)
        case Release(version):
            plan = _plan(version, root)
    return plan.python if plan.is_built() else None


def locked_versions(text: str, root: Path) -> dict[str, str]:
    """Of the packages of a pin that isn't built yet; none where that will be seen only then."""
    plan = _plan(None, root)
    pin = parse(text)
    if not (isinstance(pin, Default) or (isinstance(pin, Release) and pin.version == plan.label)):
        return {}
    lines = (root / LOCK).read_text(encoding="utf-8")
    pairs = re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", lines, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pairs}


def _built(text: str, version: str | None, root: Path, progress: Progress) -> Pin:
    plan = _plan(version, root)
    cache = root / GENERATED / "cache" / plan.folder.name
    try:
        _build(plan, progress)
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PinError(f"{os_failure(error, plan.folder)}.") from error
    return Pin(text, plan.label, plan.python, cache)


def _plan(version: str | None, root: Path) -> "_Plan":
    requirements = default_requirements(root)
    under_test = next(r for r in requirements if canonicalize_name(r.name) == UNDER_TEST)
    locked = str(under_test.specifier).removeprefix("==")
    label = version or locked
    if label == locked:
        source = (root / LOCK).read_text(encoding="utf-8")
        install = ["--require-hashes", "--requirements", str(root / LOCK)]
    else:
        others = [str(r) for r in requirements if r is not under_test]
        extras = ",".join(sorted(under_test.extras))
        install = [f"{UNDER_TEST}[{extras}]=={label}", *others]
        source = "\n".join(install)
    base = Path(sys.executable).resolve()
    key = _digest([source, str(base), sys.version])
    return _Plan(label, root / GENERATED / "pins" / f"{label}-{key}", base, install)


@dataclass(frozen=True)
class _Plan:
    label: str
    folder: Path
    base: Path
    install: list[str]

    @property
    def python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    @property
    def record(self) -> Path:
        """Written last: an environment without it is half-built."""
        return self.folder / "installed.txt"

    def is_built(self) -> bool:
        return self.record.exists() and self.python.exists()


def _build(plan: _Plan, progress: Progress) -> None:
    if plan.is_built():
        return
    lock = plan.folder.with_name(f"{plan.folder.name}.lock")
    with exclusive(lock, lambda: progress("another run is building this pin; waiting")) as held:
        if plan.is_built():
            return
        if plan.folder.exists():
            shutil.rmtree(plan.folder)
        progress(f"building the pin {plan.label} (once; about 2.6 GB)")
        try:
            plan.folder.mkdir(parents=True)
            _install(plan, held, progress)
            _write_record(plan)
        except BaseException:
            shutil.rmtree(plan.folder, ignore_errors=True)
            raise
        progress(f"the pin {plan.label} is ready")


def _write_record(plan: _Plan) -> None:
    packages = inspect(plan.python).versions
    lines = [f"{name}=={version}\n" for name, version in sorted(packages.items())]
    unfinished = plan.record.with_suffix(".tmp")
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.rename(plan.record)


def _install(plan: _Plan, held: int, progress: Progress) -> None:
    purpose = f"the pin {plan.label} could not be built"
    venv = ["venv", "--no-project", "--python", str(plan.base), str(plan.folder / "venv")]
    packages = ["pip", "install", "--python", str(plan.python), "--compile-bytecode", *plan.install]
    temporary = plan.folder / "tmp"
    temporary.mkdir()
    for arguments in (venv, packages):
        uv.run(arguments, purpose=purpose, temporary=temporary, held=held, progress=progress)
    shutil.rmtree(temporary)


def _python_of(prefix: Path, text: str) -> Path:
    python = prefix / "bin" / "python"
    if not prefix.exists():
        raise PinError(f"--pin {text}: there is no {prefix}.")
    if not prefix.is_dir():
        raise PinError(f"--pin {text}: give the environment's folder, not a file in it.")
    if not python.exists():
        raise PinError(f"--pin {text}: {prefix} holds no bin/python; is it a venv or a conda one?")
    return python


def _existing(text: str, python: Path, label: str, root: Path) -> Pin:
    found = inspect(python)
    version = found.python["version"]
    if tuple(map(int, version.split(".")[:2])) < _OLDEST_PYTHON:
        raise PinError(
            f"--pin {text}: {python} is Python {version}, and a pin needs 3.12 or newer."
        )
    if UNDER_TEST not in found.packages and "sgl_jax" not in found.modules:
        raise PinError(
            f"--pin {text}: {UNDER_TEST} is not installed for {python}. Leave --pin out for the "
            "locked pin, or name the environment that has it with env:PATH."
        )
    label = re.sub(r"[^A-Za-z0-9._-]+", "-", label)
    versions = (f"{name}=={found.versions[name]}" for name in sorted(found.versions))
    key = _digest([str(python), version, *versions])
    cache = root / GENERATED / "cache" / f"{label}-{key}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PinError(f"{os_failure(error, cache)}.") from error
    return Pin(text, label, python, cache)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
