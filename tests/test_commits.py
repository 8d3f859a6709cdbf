"""Histories are halved as git halves them, and nothing in the repository changes."""

from pathlib import Path

import pytest

from pins.bisection import Side
from pins.commits import Commits, facts, is_ancestor
from pins.spec import PinError
from tests.repositories import Repository, repository
from tests.test_bisection import search

__all__ = ["repository"]


def grow(repository: Repository, count: int, name: str = "a") -> list[str]:
    made = []
    for number in range(count):
        repository.write(f"python/{name}", f"{number}\n")
        made.append(repository.commit())
    return made


def contains(repository: Repository, first: str, step: str) -> Side:
    return Side.SINCE if is_ancestor(repository.folder, first, step) else Side.BEFORE


@pytest.mark.parametrize("place", range(9))
def test_the_first_is_found_in_a_line(repository: Repository, place: int) -> None:
    made = grow(repository, 9)
    commits = Commits(repository.folder, repository.first, made[-1])
    tried = search(commits, lambda step: contains(repository, made[place], step))
    assert commits.candidates() == [made[place]]
    assert commits.preceding(made[place]) == [[repository.first, *made][place]]
    assert len(tried) <= 4


def test_the_first_is_found_on_a_branch_that_was_merged(repository: Repository) -> None:
    repository.branch("side")
    side = grow(repository, 4, "b")
    repository.checkout("main")
    main = grow(repository, 4)
    merged = repository.merge("side")
    for first in (*side, *main, merged):
        commits = Commits(repository.folder, repository.first, merged)
        search(commits, lambda step, first=first: contains(repository, first, step))  # type: ignore[misc]
        assert commits.candidates() == [first]
    assert commits.preceding(merged) == [main[-1], side[-1]]


def test_what_cannot_be_tried_stays_among_the_candidates(repository: Repository) -> None:
    made = grow(repository, 8)
    commits = Commits(repository.folder, repository.first, made[-1])
    unknown = made[2:5]

    def side(step: str) -> Side:
        return Side.UNKNOWN if step in unknown else contains(repository, made[3], step)

    tried = search(commits, side)
    assert commits.candidates() == made[2:6]
    assert len(tried) == len(set(tried))


def test_where_branches_part_is_asked_first(repository: Repository) -> None:
    repository.branch("side")
    good = grow(repository, 2, "b")[-1]
    repository.checkout("main")
    made = grow(repository, 5)
    commits = Commits(repository.folder, good, made[-1])
    tried = search(commits, lambda step: contains(repository, made[2], step))
    assert tried[0] == repository.first
    assert commits.candidates() == [made[2]]


def test_a_change_on_the_other_branch_is_said(repository: Repository) -> None:
    repository.branch("side")
    good = grow(repository, 2, "b")[-1]
    repository.checkout("main")
    bad = grow(repository, 2)[-1]
    commits = Commits(repository.folder, good, bad)
    with pytest.raises(
        PinError, match=f"part at {repository.first[:12]}, which is like {bad[:12]}"
    ):
        search(commits, lambda _step: Side.SINCE)


def test_histories_that_have_nothing_in_common_are_refused(repository: Repository) -> None:
    repository.git("checkout", "-q", "--orphan", "other")
    other = repository.commit("other")
    with pytest.raises(PinError, match="no history in common here; in a shallow checkout"):
        Commits(repository.folder, repository.first, other)


def test_the_repository_is_only_read(repository: Repository) -> None:
    made = grow(repository, 5)
    repository.write("python/sgl_jax/__init__.py", "changed = 1\n")
    before = repository.state()
    commits = Commits(repository.folder, repository.first, made[-1])
    search(commits, lambda step: contains(repository, made[2], step))
    assert repository.state() == before


def test_a_commit_is_told_by_what_people_know_of_it(repository: Repository) -> None:
    repository.write("python/a", "1\n")
    commit = repository.commit("Mend the cache\n\nIt was broken.")
    told = facts(repository.folder, commit)
    assert list(told) == ["commit", "date", "author", "subject"]
    assert (told["commit"], told["author"], told["subject"]) == (commit, "x", "Mend the cache")


def test_a_bare_repository_is_as_good(repository: Repository, tmp_path: Path) -> None:
    made = grow(repository, 5)
    bare = tmp_path / "bare.git"
    repository.git("clone", "-q", "--bare", ".", str(bare))
    commits = Commits(bare, repository.first, made[-1])
    search(commits, lambda step: contains(repository, made[1], step))
    assert commits.candidates() == [made[1]]
