"""The examples for CI in docs/gating-a-pin.md, run as CI would run them, with a gate that notes."""

import os
import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from cli.gate import add_arguments
from cli.main import Parser
from pins.spec import Release, parse
from tests.repositories import Repository, repository

__all__ = ["repository"]

DOCUMENT = (Path(__file__).parents[1] / "docs" / "gating-a-pin.md").read_text(encoding="utf-8")
SHELL, LOCKED = re.findall(r"```bash\n(.*?)```", DOCUMENT, re.DOTALL)
(WORKFLOW,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
STEP = textwrap.dedent(WORKFLOW.split("run: |\n")[1].split("      - uses:")[0])
OLD, NEW = "sglang-jax==0.0.3rc99\n", "sglang-jax==0.1.0rc0\n"
GATE = """\
#!/bin/sh
printf '%s\\n' "$@" > {noted}
exit 1
"""


class Users:
    """Somebody's repository with a pin on main, and a pull request that is merged for a look."""

    def __init__(self, repository: Repository, tmp_path: Path) -> None:
        self.repository = repository
        self.noted = tmp_path / "noted"
        for place in (repository.folder / "pinproof", tmp_path / "pinproof"):
            place.mkdir()
            gate = place / "pinproof"
            gate.write_text(GATE.format(noted=self.noted))
            gate.chmod(0o755)

    def propose(self, old: str, new: str, file: str = "requirements.txt") -> None:
        self.repository.write(file, old)
        self.repository.write(".git/refs/remotes/origin/main", self.repository.commit())
        self.repository.write(file, new)
        self.repository.write("train.py", "pass\n")
        self.repository.commit()

    def run(self, script: str) -> tuple[int, list[str]]:
        """The exit status, and what the gate was asked, if it was."""
        done = subprocess.run(
            ["bash", "-e", "-c", script],  # noqa: S607 - the bash on PATH, as in CI
            cwd=self.repository.folder,
            env={**os.environ, "GITHUB_STEP_SUMMARY": "summary.md"},
            capture_output=True,
            text=True,
            check=False,
        )
        asked = self.noted.read_text().splitlines() if self.noted.exists() else []
        return done.returncode, asked


@pytest.fixture
def users(repository: Repository, tmp_path: Path) -> Users:
    return Users(repository, tmp_path)


def pins(asked: list[str]) -> list[str]:
    assert asked[0] == "gate"
    parser = Parser("gate")
    add_arguments(parser)
    args, unknown = parser.parse_known_args(asked[1:])
    assert not unknown
    return [args.old, args.new]


BOTH = pytest.mark.parametrize("script", [SHELL, STEP], ids=["shell", "workflow"])


@BOTH
@pytest.mark.parametrize(
    "new",
    [
        "jax==0.10.2\nsglang-jax==0.1.0rc0\nsglang-jax-tools==7\n",
        "sglang-jax[tpu]==0.1.0rc0 ; python_version >= '3.12'\n",
        "sglang_jax == 0.1.0rc0  # the engine\n",
        "sglang-jax==0.1.0rc0 \\\n    --hash=sha256:00\n",
    ],
)
def test_a_pin_that_moves_is_gated_and_its_status_is_the_answer(
    users: Users, script: str, new: str
) -> None:
    users.propose(OLD, new)
    status, asked = users.run(script)
    assert (status, pins(asked)) == (1, ["0.0.3rc99", "0.1.0rc0"])


@BOTH
def test_a_pin_that_stays_is_green(users: Users, script: str) -> None:
    users.propose(NEW, f"jax==0.10.2\n{NEW}")
    assert users.run(script) == (0, [])


@BOTH
def test_a_repository_without_a_pin_is_red(users: Users, script: str) -> None:
    users.propose("jax==0.10.2\n", "jax==0.10.3\n")
    status, asked = users.run(script)
    assert (status != 0, asked) == (True, [])


@BOTH
def test_a_lock_may_take_the_place_of_requirements(users: Users, script: str) -> None:
    lock = (
        '[[package]]\nname = "sglang-jax"\nversion = "{}"\n'
        '[[package]]\nname = "google-tunix"\nversion = "0.1.7"\n'
        '[[package]]\nname = "jax"\nversion = "0.10.2"\n'
    )
    users.propose(lock.format("0.1.0rc0"), lock.format("0.1.1"), "uv.lock")
    _, rest = script.split("old=$(", 1)
    _, asked = users.run(f"{LOCKED}\nold=$({rest}")
    assert pins(asked) == [f"{v}+tunix=0.1.7+jax=0.10.2" for v in ("0.1.0rc0", "0.1.1")]
    assert isinstance(parse(asked[1]), Release)


def test_the_workflow_names_what_it_uploads() -> None:
    written = re.findall(r"--(?:json|junit) (\S+)", STEP)
    assert written
    assert all(f"            {name}\n" in WORKFLOW for name in written)
    assert "fetch-depth: 2" in WORKFLOW
    assert "\t" not in WORKFLOW
