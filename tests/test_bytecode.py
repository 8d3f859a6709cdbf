"""What another environment has compiled is taken from there, if it is of the very same file."""

import os
import py_compile
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pins.bytecode import compile_installed
from tests.environments import script
from tests.waiting import wait_until

TAG = sys.implementation.cache_tag


class Environment:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "lib" / "python3.12" / "site-packages"
        self.site.mkdir(parents=True)
        (folder / "bin").mkdir()
        (folder / "bin" / "python").symlink_to(Path(sys.executable).resolve())

    def install(self, name: str, content: str = "answer = 1\n") -> Path:
        file = self.site / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def share(self, file: Path, other: "Environment") -> Path:
        """Install the same file, as uv does from its cache."""
        shared = self.site / file.relative_to(other.site)
        shared.parent.mkdir(parents=True, exist_ok=True)
        shared.hardlink_to(file)
        return shared

    def compile(self, *others: "Environment") -> None:
        with (self.folder / "lock").open("w") as lock:
            compile_installed(self.folder, [other.folder for other in others], lock.fileno())


def compiled(source: Path) -> Path:
    return source.parent / "__pycache__" / f"{source.stem}.{TAG}.pyc"


@pytest.fixture
def old(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "new")


def test_the_bytecode_of_the_same_file_is_shared(old: Environment, new: Environment) -> None:
    theirs = old.install("jax/numpy/fft.py")
    old.compile()
    mine = new.share(theirs, old)
    new.compile(old)
    assert compiled(mine).samefile(compiled(theirs))


def test_a_file_that_only_looks_the_same_is_compiled(old: Environment, new: Environment) -> None:
    theirs, mine = old.install("jax.py", "answer = 1\n"), new.install("jax.py", "answer = 2\n")
    for file in (theirs, mine):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    old.compile()
    new.compile(old)
    assert b"\x02" in compiled(mine).read_bytes()[16:]
    assert compiled(mine).read_bytes() != compiled(theirs).read_bytes()


def test_what_nobody_has_compiled_is_compiled(old: Environment, new: Environment) -> None:
    broken = new.install("package/old.py", "print 1\n")
    there = [new.install("package/deep/down.py"), new.install("single.py")]
    new.compile(old)
    assert [compiled(source).exists() for source in (*there, broken)] == [True, True, False]


def test_a_twin_that_is_not_compiled_either_is_no_obstacle(
    old: Environment, new: Environment
) -> None:
    mine = new.share(old.install("jax.py"), old)
    new.compile(old, Environment(old.folder.parent / "empty"))
    assert compiled(mine).exists()


def test_what_is_compiled_already_stays(old: Environment, new: Environment) -> None:
    mine = new.share(old.install("jax.py"), old)
    old.compile()
    py_compile.compile(str(mine))
    before = compiled(mine).stat()
    new.compile(old)
    assert compiled(mine).stat() == before


def test_who_is_interrupted_leaves_no_compiler_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its workers, too, which nobody else would end."""
    environment = Environment(tmp_path / "one")
    environment.install("engine.py")
    worker = tmp_path / "worker"
    python = environment.folder / "bin" / "python"
    python.unlink()
    script(python, f"sleep 600 & echo $! > {worker}.tmp; mv {worker}.tmp {worker}; wait")

    def interrupted(*_arguments: object) -> None:
        wait_until(worker.exists)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.compile()
    wait_until(lambda: not _lives(int(worker.read_text())))


def _lives(pid: int) -> bool:
    """One that nobody has waited for is dead all the same."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
