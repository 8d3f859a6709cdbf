"""From nothing to a running command, and one clear sentence when that is impossible."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cli import COMMANDS, bootstrap
from cli.bootstrap import CANNOT_START, USAGE_ERROR, Suite
from cli.interpreters import Interpreter, SetupError
from tests.environments import script

ROOT = Path(__file__).resolve().parent.parent


class Machine:
    """A checkout, and a Python whose environments come with a pip that does as it is told."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.suite = Suite(root)
        self.log = root / "pip.log"
        (root / "locks").mkdir()
        self.suite.lock.write_text("pytest==9\n")
        self.pip_says()

    def pip_says(self, words: str = "", status: int = 0, before: str = "") -> None:
        pip = f"echo run >> {self.log}; {before}\necho '{words}' >&2; exit {status}"
        copy = "for last; do :; done; rm -rf $last; mkdir -p $last/bin"
        script(self.root / "pip", pip)
        script(self.root / "python", f"{copy}; cp {self.root}/pip $last/bin/python")

    def set_up(self) -> None:
        self.suite.set_up(lambda _: None)

    def installs(self) -> int:
        return len(self.log.read_text().splitlines())


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    base = Interpreter(tmp_path / "python", "3.12.4", makes_venvs=True)
    monkeypatch.setattr(bootstrap, "find", lambda *_: base)
    return made


def test_a_set_up_suite_is_ready(fresh: Machine) -> None:
    assert not fresh.suite.is_ready()
    fresh.set_up()
    assert fresh.suite.is_ready()


def test_another_lock_is_installed(fresh: Machine) -> None:
    fresh.set_up()
    fresh.suite.lock.write_text("pytest==10\n")
    assert not fresh.suite.is_ready()
    fresh.set_up()
    assert fresh.suite.is_ready()


def test_a_checkout_that_was_moved_is_set_up_again(fresh: Machine, tmp_path: Path) -> None:
    fresh.set_up()
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)
    assert not Suite(moved).is_ready()


def test_a_venv_of_the_users_own_is_left_alone(fresh: Machine) -> None:
    theirs = fresh.suite.venv / "bin" / "theirs"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    with pytest.raises(SetupError, match="was not made by pinproof"):
        fresh.set_up()
    assert theirs.exists()


def test_a_link_is_not_followed_to_what_it_would_empty(fresh: Machine, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    fresh.suite.venv.symlink_to(elsewhere)
    with pytest.raises(SetupError, match="is a link"):
        fresh.set_up()
    assert elsewhere.exists()


def test_a_suite_whose_python_has_gone_is_set_up_again(fresh: Machine) -> None:
    fresh.set_up()
    fresh.suite.python.unlink()
    assert not fresh.suite.is_ready()


def test_two_who_start_at_once_set_up_once(fresh: Machine) -> None:
    starts = [threading.Thread(target=fresh.set_up) for _ in range(4)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert fresh.installs() == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("ERROR: [Errno 28] No space left on device", "there is no space left"),
        ("Failed to establish a new connection: refused", "check the network"),
        ("Packages were unavailable because the network was disabled", "check the network"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that the lock names"),
        ("ERROR: surprise", "the installer ended with status 1"),
    ],
)
def test_packages_that_cannot_be_installed_are_one_sentence(
    fresh: Machine, words: str, sentence: str
) -> None:
    fresh.pip_says(words, status=1)
    with pytest.raises(SetupError) as caught:
        fresh.set_up()
    first, *last_lines = str(caught.value).splitlines()
    assert sentence in first
    assert last_lines == [f"    {words}"]


def test_a_set_up_that_failed_is_not_ready_and_can_be_tried_again(fresh: Machine) -> None:
    fresh.pip_says("ERROR: surprise", status=1)
    with pytest.raises(SetupError):
        fresh.set_up()
    assert not fresh.suite.is_ready()
    fresh.pip_says()
    fresh.set_up()
    assert fresh.suite.is_ready()


def test_a_checkout_that_may_not_be_written_is_one_sentence(fresh: Machine) -> None:
    (fresh.root / ".pinproof").write_text("a file where a folder should be")
    with pytest.raises(SetupError, match="could not be set up"):
        fresh.set_up()


def test_whoever_starts_after_a_kill_waits_for_the_orphaned_installer(
    fresh: Machine, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "gate")
    fresh.pip_says(before=f"echo started > {tmp_path}/gate; read _ < {tmp_path}/gate")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from cli import bootstrap; from cli.interpreters import Interpreter\n"
        "root = Path(sys.argv[2])\n"
        "bootstrap.find = lambda *_: Interpreter(root / 'python', '3.12.4', True)\n"
        "bootstrap.Suite(root).set_up(lambda _: None)\n"
    )
    first = subprocess.Popen([sys.executable, "-c", program, str(ROOT), str(tmp_path)])
    assert (tmp_path / "gate").read_text() == "started\n"
    first.send_signal(signal.SIGKILL)
    first.wait()
    waits: list[str] = []

    def say(words: str) -> None:
        waits.append(words)
        if "waiting" in words:
            fresh.pip_says()
            (tmp_path / "gate").write_text("go on\n")

    fresh.suite.set_up(say)
    assert waits[0] == "another start is setting up; waiting for it"
    assert fresh.suite.is_ready()


def test_an_unknown_command_gets_the_list_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(str(ROOT / "pinproof"), ["frobnicate"]) == USAGE_ERROR
    said = capsys.readouterr().err
    assert "there is no command 'frobnicate'" in said
    assert all(f"\n  {name} " in said for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "status"), [([], USAGE_ERROR), (["--help"], 0)], ids=["none", "help"]
)
def test_help_needs_no_set_up(tmp_path: Path, arguments: list[str], status: int) -> None:
    assert bootstrap.main(str(tmp_path / "pinproof"), arguments) == status
    assert list(tmp_path.iterdir()) == []


def test_what_makes_a_start_impossible_goes_to_stderr(
    fresh: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh.pip_says("ERROR: surprise", status=1)
    assert bootstrap.main(str(fresh.root / "pinproof"), ["run"]) == CANNOT_START
    assert "pinproof: the suite's packages could not be installed" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "pinproof", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert done.stdout.startswith(f"usage: pinproof {command}")
