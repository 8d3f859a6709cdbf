"""Pins that are built from source: which commit and which changes, and a copy to build from.

The copy is ours: a build writes into its source, and a checkout belongs to its user.
"""

import hashlib
import os
import re
import shutil
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pins import git
from pins.exclusive import exclusive
from pins.git import GitError
from pins.spec import SHOWN, Checkout, Git, PinError, Sourced, words

_UNDER_TEST = "sglang-jax"
_PROJECT = "pyproject.toml"
_USUAL_PLACES = ("python", ".")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


@dataclass(frozen=True)
class Source:
    """What is built; `changes` is the digest of what its commit doesn't hold."""

    repository: Path
    commit: str
    subdirectory: str
    origin: str
    changes: str = ""

    @property
    def content(self) -> str:
        return "-".join(filter(None, [self.commit[:SHOWN], self.changes]))

    @property
    def facts(self) -> dict[str, Any]:
        return {"from": self.origin, "commit": self.commit, "dirty": bool(self.changes)} | (
            {"changes": self.changes} if self.changes else {}
        )

    def copy_to(self, folder: Path) -> Path:
        """The folder of the package in a copy of exactly this."""
        try:
            folder.mkdir()
            git.git(folder, "clone", "-q", "--shared", "--no-checkout", str(self.repository), ".")
            if self.subdirectory != ".":
                git.git(folder, "sparse-checkout", "set", self.subdirectory)
            git.git(folder, "checkout", "-q", "--detach", self.commit)
        except GitError as error:
            raise PinError(f"{self.origin} could not be copied: {error}") from None
        if self.changes:
            self._copy_changes(folder)
        return folder / self.subdirectory

    def _copy_changes(self, folder: Path) -> None:
        for name in git.paths(folder, "ls-files", "-z", "--", self.subdirectory):
            (folder / name).unlink(missing_ok=True)
        names = _present(self.repository, self.subdirectory)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.repository / name, folder / name, follow_symlinks=False)
        if _digest(folder, names) != self.changes:
            raise PinError(f"{self.origin} was changed while it was copied; start again.")


def of_checkout(spec: Checkout) -> Source:
    """What the checkout holds, or what it held if `spec` says so."""
    folder = spec.folder.resolve()
    if not folder.exists():
        raise PinError(f"--pin {spec.folder}: there is no such folder.")
    if not folder.is_dir():
        raise PinError(f"--pin {spec.folder}: give the folder of a checkout, or a wheel (.whl).")
    top = _top(folder)
    project = _project(folder, top)
    try:
        commit = git.words(top, "rev-parse", "--verify", "HEAD^{commit}")
    except GitError as error:
        raise PinError(f"--pin {spec.folder}: this checkout has no commit yet: {error}") from None
    try:
        changes = _changes(top, project)
    except (GitError, OSError) as error:
        raise PinError(f"--pin {spec.folder}: it can't be read: {error}") from None
    now = Source(top, commit, project, str(folder), changes)
    return _as_it_was(now, spec) if spec.content else now


def of_git(spec: Git, store: Path) -> Source:
    """Asks the network, but for a commit that is known here by its hash."""
    repository = _repository(spec, store)
    commit = _known(repository, spec.revision) or _fetched(spec, repository)
    project = _project_at(spec, repository, commit)
    return Source(repository, commit, project, f"git+{spec.url}")


def known_of_git(spec: Git, store: Path) -> Source | None:
    known = _known(_repository(spec, store), spec.revision)
    return of_git(spec, store) if known else None


def name_of(url: str) -> str:
    return Path(url.removesuffix("/")).name.removesuffix(".git")


def exact(spec: Sourced) -> str:
    """The words for one that is settled."""
    if isinstance(spec, Git):
        place = f"#subdirectory={spec.subdirectory}" if spec.subdirectory else ""
        return f"git+{spec.url}@{spec.revision}{place}{words(spec.additions)}"
    path = spec.folder if isinstance(spec, Checkout) else spec.file
    return f"{path}{words(spec.additions)}+content={spec.content}"


def _repository(spec: Git, store: Path) -> Path:
    digest = hashlib.sha256(spec.url.encode()).hexdigest()[:SHOWN]
    return store / f"{name_of(spec.url)}-{digest}.git"


def _top(folder: Path) -> Path:
    try:
        return Path(git.words(folder, "rev-parse", "--show-toplevel"))
    except GitError as error:
        raise PinError(f"--pin {folder}: this is no checkout of git: {error}") from None


def _project(folder: Path, top: Path) -> str:
    for place in _USUAL_PLACES:
        file = folder / place / _PROJECT
        if file.is_file() and _names_the_engine(file.read_text(encoding="utf-8", errors="replace")):
            return os.path.relpath(file.parent.resolve(), top)
    raise PinError(
        f"--pin {folder}: neither {_PROJECT} nor python/{_PROJECT} there is about {_UNDER_TEST}."
    )


def _project_at(spec: Git, repository: Path, commit: str) -> str:
    places = [spec.subdirectory] if spec.subdirectory else _USUAL_PLACES
    for place in places:
        file = _PROJECT if place == "." else f"{place}/{_PROJECT}"
        try:
            if _names_the_engine(git.words(repository, "show", f"{commit}:{file}")):
                return place
        except GitError:
            continue
    where = " nor ".join(f"{place}/{_PROJECT}".removeprefix("./") for place in places)
    raise PinError(
        f"--pin git+{spec.url}@{spec.revision}: no {where} there is about {_UNDER_TEST}."
    )


def _names_the_engine(text: str) -> bool:
    try:
        name = tomllib.loads(text).get("project", {}).get("name", "")
    except tomllib.TOMLDecodeError:
        return False
    return canonicalize_name(str(name)) == _UNDER_TEST


def _as_it_was(now: Source, spec: Checkout) -> Source:
    """A commit is found again; changes that no commit holds are not."""
    commit, _, changes = spec.content.partition("-")
    if now.content == spec.content:
        return now
    then = git.commit(now.repository, commit)
    if changes or not then:
        raise PinError(
            f"--pin {spec.folder}: it has changed: {now.content} now, and {spec.content} when the "
            "run began."
        )
    return replace(now, commit=then, changes="")


def _known(repository: Path, revision: str) -> str:
    """The commit, if `revision` is its hash: nothing else means the same for ever."""
    if not (_COMMIT.fullmatch(revision) and repository.exists()):
        return ""
    commit = git.commit(repository, revision)
    return commit if commit.startswith(revision) else ""


def _fetched(spec: Git, repository: Path) -> str:
    what = f"--pin git+{spec.url}@{spec.revision}"
    with exclusive(repository.with_suffix(".lock"), lambda: None):
        try:
            if not repository.exists():
                git.git(repository.parent, "init", "-q", "--bare", str(repository))
            git.git(repository, "fetch", "-q", "--prune", "--no-tags", spec.url, *_REFS)
        except GitError as error:
            raise PinError(f"{what}: the repository can't be fetched: {error}") from None
        commit = git.commit(repository, spec.revision) or _fetched_alone(spec, repository)
    if not commit:
        raise PinError(f"{what}: the repository has no such revision.")
    return commit


def _fetched_alone(spec: Git, repository: Path) -> str:
    """A commit that is on no branch, or the head of a pull request."""
    try:
        git.git(repository, "fetch", "-q", "--no-tags", "--", spec.url, spec.revision)
    except GitError:
        return ""
    return git.commit(repository, "FETCH_HEAD")


def _present(tree: Path, subdirectory: str) -> list[str]:
    """What git follows, or would follow if it were added."""
    names = git.paths(tree, "ls-files", "-z", "-co", "--exclude-standard", "--", subdirectory)
    return [name for name in names if (tree / name).is_symlink() or (tree / name).is_file()]


def _changes(tree: Path, subdirectory: str) -> str:
    """A digest of all files, if the commit doesn't hold just these; empty if it does."""
    if not git.words(tree, "status", "--porcelain", "--untracked-files=all", "--", subdirectory):
        return ""
    return _digest(tree, _present(tree, subdirectory))


def _digest(tree: Path, names: list[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        file = tree / name
        link = file.is_symlink()
        content = os.fsencode(file.readlink()) if link else file.read_bytes()
        kind = "link" if link else f"{file.stat().st_mode & 0o111:o}"
        digest.update(f"{name}\0{kind}\0{len(content)}\0".encode(errors="surrogateescape"))
        digest.update(content)
    return digest.hexdigest()[:SHOWN]
