"""What `--pin` may say. A leaf: imports nothing of ours."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

FORMS = (
    "a version such as 0.1.0rc0, git+https://...@REVISION, the path of a checkout (./sglang-jax) "
    "or of a wheel (./x.whl), env:PATH for an existing environment, or here for the running one"
)
ADDABLE = {
    "tunix": "google-tunix",
    "jax": "jax",
    "libtpu": "libtpu",
    "flax": "flax",
    "qwix": "qwix",
}
"""What may be added as `+NAME=VERSION`, and the package that it means."""

SHOWN = 12
"""So many digits of a hash tell what a pin holds."""

_UNDER_TEST = "sglang-jax"
_CONTENT = "content"
_ADDITION = re.compile(r"(?P<rest>.*)\+(?P<name>[A-Za-z][\w.-]*)={1,2}(?P<value>[^+=/\s]*)")
_NAMED = re.compile(r"(?P<name>[\w.-]+)\s*(\[[^]]*\])?\s+@\s+(?P<source>.+)")
_WHEEL = ".whl"
_SCHEMES = frozenset({"https", "http", "ssh", "git", "file"})


class PinError(Exception):
    """The pin can't be had; the message is one sentence, perhaps with a tool's last lines."""


type Additions = tuple[tuple[str, str], ...]
"""Names of `ADDABLE` and versions, sorted."""


@dataclass(frozen=True)
class Default:
    """The pin that this checkout locks."""

    additions: Additions = ()


@dataclass(frozen=True)
class Release:
    version: str
    additions: Additions = ()


@dataclass(frozen=True)
class Git:
    url: str
    revision: str
    subdirectory: str = ""
    """Empty: where the package is found."""

    additions: Additions = ()


@dataclass(frozen=True)
class Checkout:
    folder: Path
    content: str = ""
    """What it held when a run began; empty: what it holds now."""

    additions: Additions = ()


@dataclass(frozen=True)
class Wheel:
    file: Path
    content: str = ""
    """As of a checkout."""

    additions: Additions = ()


@dataclass(frozen=True)
class Existing:
    """A virtual or conda environment of the user's; never modified."""

    prefix: Path


@dataclass(frozen=True)
class Here:
    """The interpreter that runs pytest."""


Sourced = Git | Checkout | Wheel
"""What means something else tomorrow, unless it is settled."""

type Spec = Default | Release | Sourced | Existing | Here


def parse(text: str) -> Spec:
    spec, given = _split(text.strip(), text)
    content = given.pop(_CONTENT, "")
    additions = _additions(given, text)
    base = _base(_without_name(spec, text), text, additions)
    if isinstance(base, Checkout | Wheel):
        return replace(base, content=content, additions=additions)
    if content:
        raise PinError(f"--pin {text}: +{_CONTENT} belongs to the path of a checkout or a wheel.")
    if isinstance(base, Existing | Here) and additions:
        raise PinError(
            f"--pin {text}: an environment of yours is never modified; install {additions[0][0]} "
            "there yourself."
        )
    return base


def words(additions: Additions) -> str:
    return "".join(f"+{name}={version}" for name, version in additions)


def _base(spec: str, text: str, additions: Additions) -> Spec:
    if spec in {"", "default"}:
        return Default(additions)
    if spec == "here":
        return Here()
    if spec.startswith("env:"):
        return Existing(_path(spec.removeprefix("env:"), text))
    if spec.startswith("git+"):
        return _git(spec, text, additions)
    if "/" in spec or spec.startswith((".", "~", "$")) or spec.endswith(_WHEEL):
        path = _local(spec, text)
        return _wheel(path, text) if path.suffix == _WHEEL else Checkout(path)
    return Release(_version(spec, text), additions)


def _local(spec: str, text: str) -> Path:
    if spec.startswith("file://"):
        return Path(unquote(urlsplit(spec).path))
    if "://" in spec:
        raise PinError(
            f"--pin {text}: of URLs only git+https://...@REVISION is understood; download a wheel "
            "and give its path."
        )
    return Path(os.path.normpath(_path(spec, text)))


def _wheel(file: Path, text: str) -> Wheel:
    try:
        name, *_ = parse_wheel_filename(file.name)
    except InvalidWheelFilename:
        raise PinError(
            f"--pin {text}: a wheel keeps the name that its builder gave it, such as "
            "sglang_jax-0.1.0-py3-none-any.whl."
        ) from None
    _refuse_others(name, text)
    return Wheel(file)


def _split(spec: str, text: str) -> tuple[str, dict[str, str]]:
    given: dict[str, str] = {}
    while found := _ADDITION.fullmatch(spec):
        spec, name = found["rest"], found["name"].lower()
        if name not in {*ADDABLE, _CONTENT}:
            known = ", ".join(f"+{each}=VERSION" for each in ADDABLE)
            raise PinError(f"--pin {text}: +{name} is not understood; a pin may be given {known}.")
        if name in given:
            raise PinError(f"--pin {text}: +{name} is there twice.")
        given[name] = found["value"]
    return spec, given


def _additions(given: dict[str, str], text: str) -> Additions:
    return tuple((name, _number(given[name], f"+{name}=", text)) for name in sorted(given))


def _number(version: str, after: str, text: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        raise PinError(
            f"--pin {text}: after {after} comes a version, such as 0.1.6, not {version!r}."
        ) from None


def _without_name(spec: str, text: str) -> str:
    """`sglang-jax[tpu] @ SOURCE` is what a requirements file says."""
    if named := _NAMED.fullmatch(spec):
        _refuse_others(named["name"], text)
        return named["source"]
    return spec


def _git(spec: str, text: str, additions: Additions) -> Git:
    url = urlsplit(spec.removeprefix("git+"))
    place, at, revision = url.path.rpartition("@")
    if url.scheme not in _SCHEMES or not (url.netloc or url.scheme == "file"):
        raise PinError(f"--pin {text}: after git+ comes a URL, such as https://HOST/sglang-jax.")
    if url.password or (url.username and url.scheme.startswith("http")):
        hidden = urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2]))
        raise PinError(
            f"--pin git+{hidden}: a pin is recorded, so its URL may hold no name or password; "
            "leave them to git's credential helper."
        )
    if not (at and revision):
        raise PinError(f"--pin {text}: end the URL with @ and a commit, a tag or a branch.")
    bare = urlunsplit(url._replace(path=place, query="", fragment=""))
    return Git(bare, revision, _subdirectory(url, text), additions)


def _subdirectory(url: SplitResult, text: str) -> str:
    key, _, folder = url.fragment.partition("=")
    if url.fragment and (key != "subdirectory" or not folder or ".." in folder.split("/")):
        raise PinError(f"--pin {text}: after # only subdirectory=FOLDER is understood.")
    return folder.strip("/")


def _path(path: str, text: str) -> Path:
    expanded = os.path.expandvars(path)
    if unset := re.search(r"\$(\w+|\{\w+\})", expanded):
        raise PinError(f"--pin {text}: the variable {unset[0]} is not set; give the path itself.")
    if not expanded.strip():
        raise PinError(f"--pin {text}: here comes the path of an environment or a checkout.")
    return Path(expanded).expanduser().absolute()


def _refuse_others(name: str, text: str) -> None:
    if re.sub(r"[-_.]+", "-", name.strip()).lower() != _UNDER_TEST:
        raise PinError(f"--pin {text}: a pin is a version of sglang-jax, not of {name.strip()}.")


def _version(spec: str, text: str) -> str:
    name, equals, version = spec.rpartition("==")
    if equals:
        _refuse_others(name.partition("[")[0], text)
    try:
        found = Version(version)
    except InvalidVersion:
        raise PinError(f"--pin {text}: this is no pin; give {FORMS}.") from None
    if found.local in ADDABLE:
        raise PinError(f"--pin {text}: write +{found.local}=VERSION.")
    return str(found)
