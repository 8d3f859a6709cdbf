"""Repositories for the tests of pins: an engine's package in python/, and nothing to it."""

import subprocess
from pathlib import Path

import pytest

PROJECT = """\
[build-system]
requires = []
build-backend = "nothing"

[project]
name = "sglang-jax"
version = "0.3.0"
"""


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "python"
        self.package.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.write("python/pyproject.toml", PROJECT)
        self.write("python/sgl_jax/__init__.py", "answer = 1\n")
        self.write("python/.gitignore", "build/\n")
        self.write("docs/README.md", "hello\n")
        self.first = self.commit()

    @property
    def url(self) -> str:
        return f"git+{self.folder.as_uri()}"

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def commit(self, message: str = "x") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        self.git("checkout", "-q", "-b", name)

    def checkout(self, name: str) -> None:
        self.git("checkout", "-q", name)

    def merge(self, name: str) -> str:
        self.git("merge", "-q", "--no-ff", "-m", "x", name)
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str) -> None:
        self.git("tag", name)

    def state(self) -> dict[str, bytes]:
        """All that could be changed by looking, or by building."""
        files = (file for file in self.folder.rglob("*") if file.is_file())
        return {str(file): file.read_bytes() for file in files}

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.folder), *who, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Nothing of what the machine's own git is told applies."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    return Repository(tmp_path / "sglang-jax")
