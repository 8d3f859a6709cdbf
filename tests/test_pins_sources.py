"""Which commit and which changes a pin from source has, and the copy that it is built from."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pins import git
from pins.sources import Source, of_checkout, of_git
from pins.spec import Checkout, Git, PinError, parse
from tests.repositories import PROJECT, Repository, repository

__all__ = ["repository"]


def look(repository: Repository, more: str = "") -> Source:
    spec = parse(f"{repository.folder}{more}")
    assert isinstance(spec, Checkout)
    return of_checkout(spec)


def fetch(repository: Repository, revision: str, more: str = "") -> Source:
    spec = parse(f"{repository.url}@{revision}{more}")
    assert isinstance(spec, Git)
    return of_git(spec, repository.folder.parent / "store")


def complaint(text: str, store: Path) -> str:
    spec = parse(text)
    with pytest.raises(PinError) as caught:
        of_git(spec, store) if isinstance(spec, Git) else look_at(spec)
    return str(caught.value)


def look_at(spec: object) -> Source:
    assert isinstance(spec, Checkout)
    return of_checkout(spec)


def test_a_clean_checkout_is_its_commit(repository: Repository) -> None:
    source = look(repository)
    assert (source.commit, source.subdirectory) == (repository.first, "python")
    assert source.content == repository.first[:12]
    assert source.facts == {
        "from": str(repository.folder),
        "commit": repository.first,
        "dirty": False,
    }


def test_the_folder_of_the_package_is_as_good(repository: Repository) -> None:
    assert of_checkout(Checkout(repository.package)).content == look(repository).content


def test_a_package_at_the_top_is_found(repository: Repository) -> None:
    shutil.rmtree(repository.package)
    repository.write("pyproject.toml", PROJECT)
    repository.commit()
    assert look(repository).subdirectory == "."


CHANGES: dict[str, Callable[[Repository], object]] = {
    "edited": lambda each: each.write("python/sgl_jax/__init__.py", "answer = 2\n"),
    "added": lambda each: each.write("python/sgl_jax/new.py", ""),
    "made executable": lambda each: (each.package / "sgl_jax/__init__.py").chmod(0o755),
    "linked": lambda each: (each.package / "sgl_jax" / "alias.py").symlink_to("__init__.py"),
    "removed": lambda each: (each.package / "sgl_jax" / "__init__.py").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_another_content(repository: Repository, change: str) -> None:
    CHANGES[change](repository)
    source = look(repository)
    assert source.facts["dirty"]
    assert source.content.startswith(f"{repository.first[:12]}-")


def test_each_change_has_its_own_content(repository: Repository) -> None:
    contents = {look(repository).content}
    for change in CHANGES.values():
        change(repository)
        contents.add(look(repository).content)
    assert len(contents) == len(CHANGES) + 1


@pytest.mark.parametrize("name", ["docs/README.md", "python/build/lib.py"])
def test_what_is_not_built_is_no_change(repository: Repository, name: str) -> None:
    repository.write(name, "other\n")
    assert not look(repository).changes


def test_looking_and_copying_change_nothing(repository: Repository) -> None:
    repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    before = repository.state()
    look(repository).copy_to(repository.folder.parent / "copy")
    assert repository.state() == before


def test_a_copy_holds_the_commit(repository: Repository) -> None:
    package = look(repository).copy_to(repository.folder.parent / "copy")
    assert (package / "sgl_jax" / "__init__.py").read_text() == "answer = 1\n"
    assert not (package.parent / "docs").exists()


def test_a_copy_holds_what_was_changed_and_nothing_more(repository: Repository) -> None:
    repository.write("python/sgl_jax/new.py", "new = 1\n")
    repository.write("python/build/lib.py", "")
    (repository.package / "sgl_jax" / "__init__.py").unlink()
    package = look(repository).copy_to(repository.folder.parent / "copy")
    assert [file.name for file in (package / "sgl_jax").iterdir()] == ["new.py"]
    assert not (package / "build").exists()


def test_a_copy_of_what_goes_on_changing_is_refused(repository: Repository) -> None:
    file = repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    source = look(repository)
    file.write_text("answer = 3\n")
    with pytest.raises(PinError, match="was changed while it was copied"):
        source.copy_to(repository.folder.parent / "copy")


def test_git_can_describe_a_copy(repository: Repository) -> None:
    """Versions that are made from tags are the user's own."""
    repository.tag("v0.3.0")
    look(repository).copy_to(copy := repository.folder.parent / "copy")
    assert git.words(copy, "describe", "--tags", "--dirty") == "v0.3.0"


def test_a_commit_is_found_again_when_the_checkout_has_gone_on(repository: Repository) -> None:
    began = look(repository).content
    repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    second = repository.commit()
    repository.write("python/sgl_jax/__init__.py", "answer = 3\n")
    source = look(repository, f"+content={began}")
    assert (source.commit, source.changes) == (repository.first, "")
    assert look(repository, f"+content={second[:12]}").commit == second


def test_changes_that_are_gone_are_not_found_again(repository: Repository) -> None:
    file = repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    began = look(repository).content
    assert look(repository, f"+content={began}").content == began
    file.write_text("answer = 3\n")
    with pytest.raises(PinError, match=f"it has changed: .* now, and {began} when the run began"):
        look(repository, f"+content={began}")


def test_variables_of_another_repository_mean_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are set while git runs a hook."""
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert look(repository).commit == repository.first


def test_a_revision_is_a_branch_a_tag_or_a_commit(repository: Repository) -> None:
    repository.tag("v1")
    repository.branch("feature/x")
    repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    second = repository.commit()
    for revision in ("main", "v1", repository.first, repository.first[:9]):
        assert fetch(repository, revision).commit == repository.first
    assert fetch(repository, "feature/x").commit == second


def test_a_branch_is_followed_and_a_commit_needs_no_network(repository: Repository) -> None:
    assert fetch(repository, "main").commit == repository.first
    repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    second = repository.commit()
    assert fetch(repository, "main").commit == second
    away = repository.folder.rename(repository.folder.with_name("away"))
    assert fetch(repository, repository.first).commit == repository.first
    assert away.exists()


def test_a_copy_of_a_revision_holds_it(repository: Repository) -> None:
    source = fetch(repository, "main")
    repository.write("python/sgl_jax/__init__.py", "answer = 2\n")
    package = source.copy_to(repository.folder.parent / "copy")
    assert (package / "sgl_jax" / "__init__.py").read_text() == "answer = 1\n"


def test_what_is_no_checkout_of_the_engine_gets_a_sentence(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").touch()
    store = tmp_path / "store"
    assert "there is no such folder" in complaint(f"{tmp_path}/nowhere", store)
    assert "give the folder of a checkout" in complaint(f"{tmp_path}/file", store)
    assert "this is no checkout of git" in complaint(f"{tmp_path}/plain", store)
    repository.write("python/pyproject.toml", PROJECT.replace("sglang-jax", "sglang"))
    repository.commit()
    nor = "neither pyproject.toml nor python/pyproject.toml there is about sglang-jax"
    assert nor in complaint(str(repository.folder), store)
    assert "no python/pyproject.toml nor" in complaint(f"{repository.url}@main", store)
    assert "no docs/pyproject.toml there" in complaint(
        f"{repository.url}@main#subdirectory=docs", store
    )


def test_a_checkout_without_a_commit_gets_a_sentence(tmp_path: Path) -> None:
    git.git(tmp_path, "init", "-q")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    assert "has no commit yet" in complaint(str(tmp_path), tmp_path)


def test_what_git_can_not_fetch_gets_a_sentence(repository: Repository, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert "has no such revision" in complaint(f"{repository.url}@nowhere", store)
    assert "has no such revision" in complaint(f"{repository.url}@{'0' * 40}", store)
    said = complaint(f"git+file://{tmp_path}/nowhere@main", store)
    assert "the repository can't be fetched" in said
