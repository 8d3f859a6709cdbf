"""Which environments are here, and that none goes that somebody uses."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli import pins as command
from pins import index
from pins.spec import PinError
from pins.store import built, remove, superfluous
from tests.environments import script
from tests.fake_uv import Checkout, checkout

__all__ = ["checkout"]

OTHERS = ("0.0.3rc0", "0.0.3rc1", "0.0.3rc2")


def build(checkout: Checkout, spec: str, used: float) -> Path:
    """Nobody has its Pin afterwards."""
    folder = checkout.obtain(spec).python.parents[2]
    os.utime(folder.with_name(f"{folder.name}.users"), (used, used))
    return folder


@pytest.fixture
def folders(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The locked one was not used for long, the others one after the other."""
    monkeypatch.setattr(command, "ROOT", checkout.root)
    monkeypatch.setattr(command, "releases", lambda: ["0.1.0rc0", "0.0.3rc99"])
    return [build(checkout, spec, used) for used, spec in enumerate(("", *OTHERS))]


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    args, args_of_others = parser.parse_known_args(words)
    args.pytest = args_of_others
    return command.execute(args)


def there(folders: list[Path]) -> list[bool]:
    return [folder.exists() for folder in folders]


def test_what_is_built_is_listed_with_those_used_last_first(
    checkout: Checkout, folders: list[Path]
) -> None:
    (folders[2] / "large").write_bytes(b"x" * 1000)
    found = built(checkout.root)
    assert [each.folder for each in found] == folders[::-1]
    assert [each.locked for each in found] == [False, False, False, True]
    assert all(each.finished and not each.in_use for each in found)
    assert found[1].size - found[0].size == 1000


def test_obtaining_a_pin_is_using_it(checkout: Checkout, folders: list[Path]) -> None:
    pin = checkout.obtain(OTHERS[0])
    first = built(checkout.root)[0]
    assert (first.folder, first.in_use) == (folders[1], True)
    del pin
    assert not built(checkout.root)[0].in_use


def test_pruning_keeps_the_locked_pin_only(folders: list[Path]) -> None:
    assert run("prune") == 0
    assert there(folders) == [True, False, False, False]


def test_pruning_may_keep_those_used_last(folders: list[Path]) -> None:
    assert run("prune", "--keep", "2") == 0
    assert there(folders) == [True, False, True, True]


def test_a_dry_run_removes_nothing(folders: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("prune", "--dry-run") == 0
    assert there(folders) == [True] * 4
    assert capsys.readouterr().out.count("would remove") == 3


def test_a_pin_in_use_stays(checkout: Checkout, folders: list[Path]) -> None:
    pin = checkout.obtain(OTHERS[1])
    assert not remove(folders[2])
    assert run("prune") == 0
    assert there(folders) == [True, False, True, False]
    assert pin.python.exists()


def test_a_pin_in_use_by_another_process_stays_until_that_ends(
    checkout: Checkout, folders: list[Path]
) -> None:
    uses = "from pins.users import hold; import pathlib, sys; hold(pathlib.Path(sys.argv[1]))"
    user = subprocess.Popen(
        [sys.executable, "-c", f"{uses}; print(flush=True); input()", folders[1]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    with user:
        assert user.stdout
        user.stdout.readline()
        assert [each.folder for each in built(checkout.root) if each.in_use] == [folders[1]]
        assert not remove(folders[1])
        user.kill()
    assert remove(folders[1])


def test_a_python_that_somebody_has_started_is_in_use(folders: list[Path]) -> None:
    sleeper = script(folders[1] / "venv" / "bin" / "waits", "read line")
    with subprocess.Popen([sleeper], executable="/bin/cat", stdin=subprocess.PIPE) as user:
        assert not remove(folders[1])
        user.kill()
    assert remove(folders[1])


def test_a_pin_that_was_pruned_is_built_again(checkout: Checkout, folders: list[Path]) -> None:
    run("prune")
    assert checkout.obtain(OTHERS[0]).python.is_relative_to(folders[1])
    assert folders[1].exists()


def test_what_is_half_built_goes_first(checkout: Checkout, folders: list[Path]) -> None:
    (folders[3] / "installed.txt").unlink()
    found = built(checkout.root)
    assert [each.folder for each in superfluous(found, keep=2)] == [folders[3]]


def test_the_list_says_what_is_here_and_on_the_index(
    folders: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    said = capsys.readouterr().out
    assert all(folder.name in said for folder in folders)
    assert "last used 1970-01-01 00:00 UTC, locked" in said
    assert said.endswith("on the index, the newest first:\n  0.1.0rc0, 0.0.3rc99\n")


@pytest.mark.usefixtures("folders")
def test_without_the_index_what_is_here_is_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable() -> list[str]:
        raise PinError("the index could not be asked: check the network.")

    monkeypatch.setattr(command, "releases", unreachable)
    assert run() == 1
    said = capsys.readouterr()
    assert OTHERS[0] in said.out
    assert said.err == "pinproof pins: the index could not be asked: check the network.\n"


@pytest.mark.parametrize(
    "words", [("--keep", "1"), ("--dry-run",), ("prune", "--keep", "-1"), ("prune", "--force")]
)
def test_what_is_not_understood_changes_nothing(folders: list[Path], words: tuple[str]) -> None:
    assert run(*words) == 2
    assert there(folders) == [True] * 4


def pip(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(script(folder / "python", body)))


def test_the_releases_are_what_pip_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "sglang-jax (0.1.0rc0)\\nAvailable versions: 0.1.0rc0, 0.0.2\\n  INSTALLED: 0.0.2"
    pip(tmp_path, f'printf "{words}"; echo "WARNING: experimental" >&2', monkeypatch)
    assert index.releases() == ["0.1.0rc0", "0.0.2"]


def test_an_index_out_of_reach_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip(tmp_path, "echo 'Failed to establish a new connection' >&2; exit 1", monkeypatch)
    with pytest.raises(PinError, match="the index could not be asked: what has to be downloaded"):
        index.releases()
