"""The history between two commits, halved as git halves it; the repository is only read."""

from pathlib import Path

from pins import git
from pins.bisection import Side
from pins.git import GitError
from pins.spec import PinError

_FACTS = {"commit": "%H", "date": "%aI", "author": "%an", "subject": "%s"}


class Commits:
    """`git bisect` without its notes: those would stand in the user's repository."""

    def __init__(self, repository: Path, before: str, since: str) -> None:
        self._repository = repository
        self._before = [before]
        self._since = since
        self._unknown: set[str] = set()
        self._forks = [each for each in _bases(repository, before, since) if each != before]

    def next(self) -> str | None:
        """Where histories have parted, that commit has to be asked first."""
        if self._forks:
            return self._forks[0]
        ranked = self._listed("--bisect-all")
        return next((each for each in ranked if each not in {*self._unknown, self._since}), None)

    def book(self, step: str, side: Side) -> None:
        if step in self._forks:
            self._forks.remove(step)
            if side is Side.SINCE:
                raise PinError(
                    f"the histories of {self._before[0][:12]} and {self._since[:12]} part at "
                    f"{step[:12]}, which is like {self._since[:12]}: the change is between "
                    f"{step[:12]} and {self._before[0][:12]}, so name these"
                )
        match side:
            case Side.BEFORE:
                self._before.append(step)
            case Side.SINCE:
                self._since = step
            case Side.UNKNOWN:
                self._unknown.add(step)

    def candidates(self) -> list[str]:
        return self._listed("--topo-order", "--reverse")

    def preceding(self, step: str) -> list[str]:
        return git.words(self._repository, "rev-list", "--parents", "-n", "1", step).split()[1:]

    def _listed(self, *how: str) -> list[str]:
        excluded = [f"^{each}" for each in self._before]
        lines = git.words(self._repository, "rev-list", *how, self._since, *excluded).splitlines()
        return [line.split()[0] for line in lines]


def is_ancestor(repository: Path, older: str, newer: str) -> bool:
    return older in _bases(repository, older, newer)


def facts(repository: Path, commit: str) -> dict[str, str]:
    """What a person wants to know of a commit."""
    layout = "%x00".join(_FACTS.values())
    shown = git.words(repository, "show", "-s", f"--format={layout}", commit).split("\0")
    return dict(zip(_FACTS, shown, strict=True))


def _bases(repository: Path, one: str, other: str) -> list[str]:
    try:
        return git.words(repository, "merge-base", "--all", one, other).splitlines()
    except GitError:
        raise PinError(
            f"{one[:12]} and {other[:12]} have no history in common here; in a shallow checkout "
            "`git fetch --unshallow` brings it"
        ) from None
