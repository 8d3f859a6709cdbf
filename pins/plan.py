"""How a pin will be built, and where: decided before anything is installed."""

import hashlib
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pins.sources import Source, known_of_git, name_of, of_checkout, of_git
from pins.spec import ADDABLE, Checkout, Default, Git, PinError, Release, Sourced, Wheel, words
from pins.wheels import WheelFile, of_wheel

LOCK = Path("locks") / "pin.txt"
GENERATED = ".pinproof"
UNDER_TEST = "sglang-jax"
RECORD = "installed.txt"
_UNFIT_FOR_A_PATH = re.compile(r"[^A-Za-z0-9._-]+")

type Buildable = Default | Release | Sourced


@dataclass(frozen=True)
class Plan:
    spec: Buildable
    """That means the same however branches and checkouts go on."""

    label: str
    folder: Path
    base: Path
    lock: Path | None
    """What is installed first."""

    engine: str
    """The package under test, with its extras."""

    subject: str
    """The package under test as a requirement, but for a source: that has to be copied first."""

    companions: tuple[str, ...]
    overrides: tuple[str, ...]
    """Requirements that hold whatever the packages say about each other."""

    cache_first: bool = False
    """Whether the index is asked only for what uv's cache does not hold."""

    @property
    def python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    @property
    def record(self) -> Path:
        """Written last: an environment without it is half-built."""
        return self.folder / RECORD

    @property
    def made(self) -> Path:
        """What the packages themselves don't tell: sources, and who was overruled."""
        return self.folder / "made.json"

    def is_built(self) -> bool:
        return self.record.exists() and self.python.exists()


def default_requirements(root: Path) -> list[Requirement]:
    """What pyproject.toml's dependency group `pin` names."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return [Requirement(line) for line in project["dependency-groups"]["pin"]]


def plan(spec: Buildable, root: Path) -> Plan:
    """Fetches from git what isn't known here."""
    made = known_plan(_settled(spec, root), root)
    if made is None:
        raise PinError("the commit of the pin was removed while it was looked at; start again.")
    return made


def known_plan(spec: Buildable, root: Path) -> Plan | None:
    """None if the network would have to be asked what `spec` means."""
    requirements = default_requirements(root)
    under_test = next(r for r in requirements if canonicalize_name(r.name) == UNDER_TEST)
    locked = str(under_test.specifier).removeprefix("==")
    extras = f"[{','.join(sorted(under_test.extras))}]" if under_test.extras else ""
    exact = _exact(spec, root)
    if exact is None:
        return None
    label, subject, identity = _subject(exact, locked, extras)
    overrides = tuple(_requirement(*addition, extras) for addition in exact.additions)
    replaced = {ADDABLE[name] for name, _ in exact.additions}
    companions = tuple(
        str(r)
        for r in requirements
        if r is not under_test and canonicalize_name(r.name) not in replaced
    )
    lock = root / LOCK if label == locked else None
    asked = [identity, *companions, *overrides]
    if lock:
        asked = [lock.read_text(encoding="utf-8"), *(asked if overrides else [])]
    full = f"{label}{words(exact.additions)}"
    base = Path(sys.executable).resolve()
    name = f"{path_part(full)}-{digest(['\n'.join(asked), str(base), sys.version])}"
    folder = root / GENERATED / "pins" / name
    return Plan(
        exact, full, folder, base, lock, f"{UNDER_TEST}{extras}", subject, companions, overrides
    )


def path_part(label: str) -> str:
    return _UNFIT_FOR_A_PATH.sub("-", label)


def digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def store(root: Path) -> Path:
    """Where repositories are kept that pins come from."""
    return root / GENERATED / "sources"


def built_from(spec: Sourced, root: Path) -> Source | WheelFile:
    return of_wheel(spec) if isinstance(spec, Wheel) else source_of(spec, root)


def source_of(spec: Git | Checkout, root: Path) -> Source:
    return of_git(spec, store(root)) if isinstance(spec, Git) else of_checkout(spec)


def _settled(spec: Buildable, root: Path) -> Buildable:
    if isinstance(spec, Git):
        return replace(spec, revision=of_git(spec, store(root)).commit)
    return spec


def _exact(spec: Buildable, root: Path) -> Buildable | None:
    if isinstance(spec, Git):
        known = known_of_git(spec, store(root))
        return replace(spec, revision=known.commit) if known else None
    if isinstance(spec, Checkout) and not spec.content:
        return replace(spec, content=of_checkout(spec).content)
    if isinstance(spec, Wheel) and not spec.content:
        return replace(spec, content=of_wheel(spec).content)
    return spec


def _subject(spec: Buildable, locked: str, extras: str) -> tuple[str, str, str]:
    """Label, requirement, and what tells one pin from all others."""
    match spec:
        case Git(url, revision, subdirectory):
            label = f"{name_of(url)}-{revision[:12]}"
            return label, "", f"{url}@{revision}#{subdirectory}"
        case Checkout(folder, content):
            return f"{folder.name}-{content}", "", f"{folder}@{content}"
        case Wheel(file, content):
            label = f"{'-'.join(file.name.split('-')[:2])}-{content}"
            return label, "", f"{file.name}@{content}"
        case Release(version):
            label = version
        case Default():
            label = locked
    requirement = f"{UNDER_TEST}{extras}=={label}"
    return label, requirement, requirement


def _requirement(name: str, version: str, extras: str) -> str:
    """An override speaks for the extras, too: without jax[tpu] there would be no libtpu."""
    package = ADDABLE[name]
    return f"{package}{extras if package == 'jax' else ''}=={version}"


def is_locked(spec: Buildable, root: Path) -> bool:
    """Whether the lock alone says all about it."""
    made = known_plan(spec, root) if isinstance(spec, Default | Release) else None
    return bool(made and made.lock and not made.overrides)
