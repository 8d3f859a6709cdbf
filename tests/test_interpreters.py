"""Which Python sets the suite up, on machines of all kinds."""

import sys
from pathlib import Path

import pytest

from cli import interpreters
from cli.interpreters import Interpreter, SetupError
from tests.environments import script


def python(path: Path, version: str = "3.12.4", *, venv: int = 1, usual: int = 1) -> Path:
    """Something that answers as a Python would."""
    return script(path, f"printf '{version}\\n{path}\\n{venv}\\n{usual}\\n'")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python of use: `bin` is on PATH, `pyenv` is pyenv's root."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(python(tmp_path / "running", "3.11.7")))
    return tmp_path


def find(machine: Path) -> Interpreter:
    said: list[str] = []
    return interpreters.find(machine / "no-lock", said.append)


@pytest.mark.parametrize("version", ["3.12.4", "3.13.0"])
def test_a_python_on_path_is_found(machine: Path, version: str) -> None:
    path = python(machine / "bin" / f"python{version[:4]}", version)
    assert find(machine).path == path


def test_a_shim_that_refuses_to_start_is_passed_over(machine: Path) -> None:
    script(machine / "bin" / "python3.12", "echo 'pyenv: python3.12: command not found'; exit 127")
    path = python(machine / "pyenv" / "versions" / "3.12.1" / "bin" / "python3.12", "3.12.1")
    assert find(machine).path == path


def test_the_newest_patch_of_pyenv_is_taken(machine: Path) -> None:
    for version in ("3.12.9", "3.12.10"):
        python(machine / "pyenv" / "versions" / version / "bin" / "python3.12", version)
    assert find(machine).version == "3.12.10"


def test_a_name_that_lies_about_its_version_is_passed_over(machine: Path) -> None:
    python(machine / "bin" / "python3.12", "3.11.7")
    path = python(machine / "bin" / "python3.13", "3.13.0")
    assert find(machine).path == path


def test_an_unusual_build_is_passed_over(machine: Path) -> None:
    python(machine / "bin" / "python3.12", usual=0)
    path = python(machine / "bin" / "python3.13", "3.13.0")
    assert find(machine).path == path


def test_a_python_without_venv_is_named_with_its_remedy(machine: Path) -> None:
    python(machine / "bin" / "python3.12", venv=0)
    with pytest.raises(SetupError, match=r"apt install python3\.12-venv"):
        find(machine)


def test_a_complete_python_is_taken_before_one_without_venv(machine: Path) -> None:
    python(machine / "bin" / "python3.12", venv=0)
    path = python(machine / "bin" / "python3.13", "3.13.0")
    assert find(machine).path == path


def test_uv_may_know_a_python(machine: Path) -> None:
    path = python(machine / "uv" / "python3.12")
    script(machine / "bin" / "uv", f'[ "$3" = find ] && echo {path}')
    assert find(machine).path == path


def test_uv_may_bring_a_python(machine: Path) -> None:
    path = python(machine / "uv" / "python3.12")
    script(
        machine / "bin" / "uv",
        f'[ "$3" = install ] && : > {machine}/done; [ -e {machine}/done ] && echo {path}',
    )
    assert find(machine).path == path


def test_no_python_and_no_network_is_one_sentence_with_a_remedy(machine: Path) -> None:
    script(machine / "bin" / "uv", "echo 'error: dns error' >&2; exit 2")
    with pytest.raises(SetupError) as caught:
        find(machine)
    sentence, last_line = str(caught.value).splitlines()
    assert "no Python 3.12 or 3.13 is on PATH or under pyenv" in sentence
    assert "check the network" in sentence
    assert "uv python install 3.12" in sentence
    assert last_line == "    error: dns error"
