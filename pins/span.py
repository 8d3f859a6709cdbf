"""What lies between two pins: releases of the index, or commits of one source."""

from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import Version

from pins import git
from pins.bisection import Line, Search, Side
from pins.commits import Commits, facts, is_ancestor
from pins.index import releases
from pins.plan import source_of
from pins.sources import exact, of_checkout
from pins.spec import SHOWN, Checkout, Git, PinError, Release, parse, words

_FORMS = (
    "two releases (0.0.3rc0 0.1.0rc0), two revisions of one git+https://...@REVISION, or two "
    "revisions of a checkout with --checkout PATH"
)

type Source = Release | Git | Checkout


@dataclass(frozen=True)
class Span:
    """Its steps are versions or hashes of commits."""

    good: str
    bad: str
    repaired: bool
    """Whether GOOD is the newer one, so that what is sought has mended something."""

    search: Search
    source: Source
    repository: Path | None = None

    @property
    def sought(self) -> str:
        return "first good" if self.repaired else "first bad"

    @property
    def ends(self) -> tuple[str, str]:
        """The older one and the newer one."""
        return (self.bad, self.good) if self.repaired else (self.good, self.bad)

    def side(self, kept: bool) -> Side:  # noqa: FBT001 - what was seen
        return Side.BEFORE if kept is not self.repaired else Side.SINCE

    def name(self, step: str) -> str:
        return step[:SHOWN] if self.repository else step

    def pin(self, step: str) -> str:
        """The words that name it as a pin."""
        match self.source:
            case Release(_, additions):
                return f"{step}{words(additions)}"
            case Git():
                return exact(replace(self.source, revision=step))
            case Checkout():
                return exact(replace(self.source, content=step[:SHOWN]))

    def facts(self, step: str) -> dict[str, str]:
        return facts(self.repository, step) if self.repository else {}


def between(good: str, bad: str, checkout: str, root: Path) -> Span:
    """Asks the index, or git what is not here yet."""
    if checkout:
        return _of_checkout(good, bad, checkout)
    first, last = parse(good), parse(bad)
    if isinstance(first, Release) and isinstance(last, Release):
        _refuse_unless(first.additions == last.additions)
        return _of_releases(first, last)
    if isinstance(first, Git) and isinstance(last, Git):
        _refuse_unless(first == replace(last, revision=first.revision))
    elif isinstance(first, Checkout) and isinstance(last, Checkout):
        _refuse_unless(first == replace(last, content=first.content))
    else:
        raise PinError(f"nobody knows what lies between {good} and {bad}; name {_FORMS}.")
    sources = [source_of(each, root) for each in (first, last)]
    if changed := next((each for each in sources if each.changes), None):
        raise PinError(
            f"{changed.origin} has changes that no commit holds; commit them, or name commits "
            "with --checkout."
        )
    return _of_commits(first, sources[0].repository, [each.commit for each in sources])


def _refuse_unless(alike: bool) -> None:  # noqa: FBT001 - what it refuses unless
    if not alike:
        raise PinError(
            "GOOD and BAD differ in more than their version or revision: URL or path, and what "
            "is added with +, have to be the same."
        )


def _of_releases(first: Release, last: Release) -> Span:
    offered = sorted({Version(each) for each in releases()})
    ends = [Version(first.version), Version(last.version)]
    for end in ends:
        if end not in offered:
            raise PinError(f"the index has no {end}. It offers {', '.join(map(str, offered))}.")
    older, newer = sorted(ends)
    _refuse_same(older == newer)
    steps = [str(each) for each in offered if older <= each <= newer]
    return Span(str(ends[0]), str(ends[1]), older == ends[1], Line(steps), first)


def _of_checkout(good: str, bad: str, checkout: str) -> Span:
    spec = parse(checkout if "/" in checkout else f"./{checkout}")
    if not isinstance(spec, Checkout) or spec.content:
        raise PinError(f"--checkout {checkout}: give the path of a checkout, such as ./sglang-jax.")
    repository = of_checkout(spec).repository
    commits = []
    for revision in (good, bad):
        if not (commit := git.commit(repository, revision)):
            raise PinError(f"--checkout {checkout}: there is no revision {revision!r}.")
        commits.append(commit)
    return _of_commits(spec, repository, commits)


def _of_commits(spec: Git | Checkout, repository: Path, commits: list[str]) -> Span:
    good, bad = commits
    _refuse_same(good == bad)
    repaired = is_ancestor(repository, bad, good)
    search = Commits(repository, *(reversed(commits) if repaired else commits))
    return Span(good, bad, repaired, search, spec, repository)


def _refuse_same(same: bool) -> None:  # noqa: FBT001 - what it refuses
    if same:
        raise PinError("GOOD and BAD are the same pin: there is nothing between them.")
