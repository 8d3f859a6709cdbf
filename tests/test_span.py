"""What lies between two pins, however they are named."""

from pathlib import Path

import pytest

from pins import span
from pins.bisection import Side
from pins.span import Span, between
from pins.spec import PinError
from tests.repositories import Repository, repository

__all__ = ["repository"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where pins would be kept, and an index with releases in no order of time."""
    offered = ["0.0.3rc99", "0.1.0rc0", "0.0.3rc2", "0.0.3rc10", "0.0.2", "0.2.0"]
    monkeypatch.setattr(span, "releases", lambda: offered)
    return tmp_path


def refusal(good: str, bad: str, checkout: str, root: Path) -> str:
    with pytest.raises(PinError) as caught:
        between(good, bad, checkout, root)
    return str(caught.value)


def steps(found: Span) -> list[str]:
    """Both ends, and what is between them."""
    return [found.ends[0], *found.search.candidates()]


def test_releases_are_in_the_order_of_their_versions(asked: Path) -> None:
    found = between("0.0.3rc2", "sglang-jax==0.1.0rc0", "", asked)
    assert steps(found) == ["0.0.3rc2", "0.0.3rc10", "0.0.3rc99", "0.1.0rc0"]
    assert (found.repaired, found.pin("0.0.3rc10"), found.facts("0.0.3rc10")) == (
        False,
        "0.0.3rc10",
        {},
    )


def test_a_newer_good_one_looks_for_a_repair(asked: Path) -> None:
    found = between("0.1.0rc0", "0.0.3rc10", "", asked)
    assert (found.repaired, steps(found)) == (True, ["0.0.3rc10", "0.0.3rc99", "0.1.0rc0"])
    assert (found.side(kept=True), found.side(kept=False)) == (Side.SINCE, Side.BEFORE)


def test_additions_hold_for_each_step(asked: Path) -> None:
    found = between("0.0.3rc2+tunix=0.1.6", "0.1.0rc0+tunix=0.1.6", "", asked)
    assert found.pin("0.0.3rc10") == "0.0.3rc10+tunix=0.1.6"


def test_commits_of_a_checkout(asked: Path, repository: Repository) -> None:
    repository.tag("v1")
    second, third = (step(repository, name) for name in "ab")
    found = between("v1", "main", f"{repository.folder}+qwix=0.1.8", asked)
    assert steps(found) == [repository.first, second, third]
    assert found.pin(second) == f"{repository.folder}+qwix=0.1.8+content={second[:12]}"
    assert (found.name(second), found.facts(second)["commit"]) == (second[:12], second)


def test_a_checkout_may_be_named_without_a_slash(
    asked: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = step(repository, "a")
    monkeypatch.chdir(repository.folder.parent)
    found = between(repository.first, second, repository.folder.name, asked)
    assert found.pin(second) == f"{repository.folder}+content={second[:12]}"


def test_a_path_is_the_commit_that_it_holds(asked: Path, repository: Repository) -> None:
    second, third = (step(repository, name) for name in "ab")
    path = str(repository.folder)
    found = between(f"{path}+content={repository.first[:12]}", path, "", asked)
    assert steps(found) == [repository.first, second, third]
    back = between(path, f"{path}+content={repository.first[:12]}", "", asked)
    assert (back.repaired, steps(back)) == (True, steps(found))


def test_commits_of_a_repository(asked: Path, repository: Repository) -> None:
    second, third = (step(repository, name) for name in "ab")
    found = between(f"{repository.url}@{repository.first}", f"{repository.url}@main", "", asked)
    assert steps(found) == [repository.first, second, third]
    assert found.pin(second) == f"{repository.url}@{second}"


def step(repository: Repository, name: str) -> str:
    repository.write(f"python/{name}", name)
    return repository.commit()


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("0.1.0rc0", "0.1.0rc0", "GOOD and BAD are the same pin: there is nothing between"),
        ("0.0.3rc3", "0.1.0rc0", "the index has no 0.0.3rc3. It offers 0.0.2, 0.0.3rc2, 0.0"),
        ("0.0.3rc2", "env:./venv", "nobody knows what lies between 0.0.3rc2 and env:./venv; name"),
        ("default", "0.1.0rc0", "nobody knows what lies between default and 0.1.0rc0; name two"),
        ("0.0.3rc2+tunix=0.1.6", "0.1.0rc0", "what is added with +, have to be the same."),
        ("git+https://a/x@1", "git+https://b/x@2", "URL or path, and what is added with +, have"),
    ],
)
def test_what_has_nothing_between_is_refused(asked: Path, good: str, bad: str, said: str) -> None:
    assert said in refusal(good, bad, "", asked)


def test_revisions_of_a_checkout_that_are_not_there_are_refused(
    asked: Path, repository: Repository
) -> None:
    path = str(repository.folder)
    assert "there is no revision 'v9'." in refusal("main", "v9", path, asked)
    assert "there is no revision '--all'." in refusal("--all", "main", path, asked)
    assert "are the same pin" in refusal("main", repository.first, path, asked)
    assert "there is no such folder" in refusal("main", "v9", "nowhere", asked)
    assert "give the path of a checkout" in refusal("main", "v9", f"{path}+content=1", asked)
    assert "give the path of a checkout" in refusal("main", "v9", "git+https://a/x@1", asked)
    empty = asked / "empty"
    empty.mkdir()
    assert "this is no checkout of git" in refusal("main", "v9", str(empty), asked)


def test_changes_that_no_commit_holds_have_no_place(asked: Path, repository: Repository) -> None:
    repository.write("python/a", "changed")
    path = str(repository.folder)
    said = refusal(f"{path}+content={repository.first[:12]}", path, "", asked)
    assert "has changes that no commit holds; commit them, or name commits with" in said
