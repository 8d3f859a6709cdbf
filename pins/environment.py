"""Makes a pin that can be used: builds its environment once, or finds the user's own."""

import json
import os
import re
import shutil
import sys
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pins import uv
from pins.bytecode import compile_installed
from pins.exclusive import exclusive
from pins.failures import os_failure
from pins.installed import inspect
from pins.overruled import overruled
from pins.plan import (
    GENERATED,
    LOCK,
    RECORD,
    UNDER_TEST,
    Plan,
    built_from,
    digest,
    is_locked,
    known_plan,
    path_part,
    plan,
)
from pins.sources import exact
from pins.spec import Existing, Here, PinError, Sourced, parse
from pins.users import hold, last_used
from pins.uv import Progress

_OLDEST_PYTHON = (3, 12)


@dataclass(frozen=True)
class Pin:
    """An environment with the packages under test; `cache` is ours and belongs to this pin only.

    Nobody prunes an environment while somebody has its Pin.
    """

    spec: str
    """That means the same for as long as it is there."""

    label: str
    python: Path
    cache: Path
    made: Mapping[str, Any] = field(default_factory=dict)
    """Sources and overrides, which the packages themselves don't tell."""


def obtain(text: str, root: Path, progress: Progress, *, cache_first: bool = False) -> Pin:
    """The pin that `text` names; builds it on first use, says how through `progress`.

    With `cache_first` the index is asked only for what uv's cache does not hold: so neighbours of
    pins that were just built get the same packages, in a fraction of the time.
    """
    match parse(text):
        case Existing(prefix):
            return _existing(text, _python_of(prefix, text), f"env-{prefix.name}", root)
        case Here():
            return _existing(text, Path(sys.executable), "here", root)
        case spec:
            made = replace(plan(spec, root), cache_first=cache_first)
            return _built(text, made, root, progress)


def settle(text: str, root: Path) -> str:
    """A spec that means the same to all who take part in a run, whatever happens meanwhile."""
    spec = parse(text)
    if isinstance(spec, Sourced):
        return _words(text, plan(spec, root))
    return text


def find(text: str, root: Path) -> Path | None:
    """The Python of the pin that `text` names; None if it would have to be built first."""
    match parse(text):
        case Existing(prefix):
            return _python_of(prefix, text)
        case Here():
            return Path(sys.executable)
        case spec:
            known = known_plan(spec, root)
    return known.python if known and known.is_built() else None


def locked_versions(text: str, root: Path) -> dict[str, str]:
    """Of the packages of a pin that isn't built yet; none where that will be seen only then."""
    spec = parse(text)
    if isinstance(spec, Existing | Here) or not is_locked(spec, root):
        return {}
    lines = (root / LOCK).read_text(encoding="utf-8")
    pairs = re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", lines, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pairs}


def _words(text: str, made: Plan) -> str:
    return exact(made.spec) if isinstance(made.spec, Sourced) else text


def _built(text: str, made: Plan, root: Path, progress: Progress) -> Pin:
    cache = root / GENERATED / "cache" / made.folder.name
    try:
        using = hold(made.folder)
        _build(made, root, progress)
        cache.mkdir(parents=True, exist_ok=True)
        facts = json.loads(made.made.read_text(encoding="utf-8")) if made.made.exists() else {}
    except OSError as error:
        raise PinError(f"{os_failure(error, made.folder)}.") from error
    pin = Pin(_words(text, made), made.label, made.python, cache, facts)
    weakref.finalize(pin, os.close, using)
    return pin


def _build(made: Plan, root: Path, progress: Progress) -> None:
    if made.is_built():
        return
    lock = made.folder.with_name(f"{made.folder.name}.lock")
    with exclusive(lock, lambda: progress("another run is building this pin; waiting")) as held:
        if made.is_built():
            return
        if made.folder.exists():
            shutil.rmtree(made.folder)
        progress(f"building the pin {made.label} (once; about 2.6 GB)")
        try:
            made.folder.mkdir(parents=True)
            _install(made, root, held, progress)
            _write_record(made)
        except BaseException:
            shutil.rmtree(made.folder, ignore_errors=True)
            raise
        progress(f"the pin {made.label} is ready")


def _write_record(made: Plan) -> None:
    packages = inspect(made.python).versions
    lines = [f"{name}=={version}\n" for name, version in sorted(packages.items())]
    unfinished = made.record.with_suffix(".tmp")
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.rename(made.record)


def _install(made: Plan, root: Path, held: int, progress: Progress) -> None:
    temporary = made.folder / "tmp"
    temporary.mkdir()

    purpose = f"the pin {made.label} could not be built"
    run = partial(uv.run, purpose=purpose, temporary=temporary, held=held, progress=progress)
    install = partial(_into, made, run)
    run(["venv", "--no-project", "--python", str(made.base), str(made.folder / "venv")])
    facts: dict[str, Any] = {}
    if made.lock:
        install("--require-hashes", "--requirements", str(made.lock))
    if not made.lock or made.overrides:
        subject = made.subject
        if isinstance(made.spec, Sourced):
            source = built_from(made.spec, root)
            progress(f"copying {source.origin} at {source.content}")
            subject = f"{made.engine} @ {source.copy_to(temporary / 'source').as_uri()}"
            facts["source"] = source.facts
        overrides = temporary / "overrides.txt"
        overrides.write_text("".join(f"{line}\n" for line in made.overrides), encoding="utf-8")
        told = ["--override", str(overrides)] if made.overrides else []
        install(*told, subject, *made.companions, *made.overrides)
    if made.overrides:
        facts["overrides"] = list(made.overrides)
        facts["overruled"] = overruled(made.folder / "venv", made.overrides)
        for line in facts["overruled"]:
            progress(f"overruled: {line}")
    progress("compiling what no other pin here has compiled")
    compile_installed(made.folder / "venv", _finished_beside(made.folder), held)
    if facts:
        made.made.write_text(json.dumps(facts, indent=2), encoding="utf-8")
    shutil.rmtree(temporary)


def _into(made: Plan, run: Callable[[list[str]], None], *arguments: str) -> None:
    words = ["pip", "install", "--python", str(made.python), *arguments]
    try:
        run([*words, "--offline"] if made.cache_first else words)
    except PinError:
        if not made.cache_first:
            raise
        run(words)


def _finished_beside(folder: Path) -> list[Path]:
    """The environments of other pins, those used last first."""
    found = (each for each in folder.parent.iterdir() if (each / RECORD).exists())
    return [each / "venv" for each in sorted(found, key=last_used, reverse=True)]


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
    label = path_part(label)
    versions = (f"{name}=={found.versions[name]}" for name in sorted(found.versions))
    key = digest([str(python), version, *versions])
    cache = root / GENERATED / "cache" / f"{label}-{key}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PinError(f"{os_failure(error, cache)}.") from error
    return Pin(text, label, python, cache)
