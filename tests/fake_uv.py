"""A checkout of ours that builds pins with a uv which only writes down what it is asked for."""

import sys
from pathlib import Path

import pytest

from pins import uv
from pins.environment import Pin, obtain
from tests.environments import script

LOCKED = "0.1.0rc0"
PROJECT = f"""\
[dependency-groups]
pin = ["sglang-jax[tpu]=={LOCKED}", "google-tunix==0.1.7"]
"""


class Checkout:
    """A checkout with a uv that only writes down what it is asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "uv.log"
        self.uv = root / "fake" / "uv"
        self.copy = root / "what-was-built"
        self.said: list[str] = []
        (root / "locks").mkdir()
        (root / "locks" / "pin.txt").write_text("sglang-jax==0.1.0rc0\n")
        (root / "pyproject.toml").write_text(PROJECT)
        self.uv_says()

    def uv_says(
        self, words: str = "Prepared 1 package in 1s", status: int = 0, offline: int = 0
    ) -> None:
        script(
            self.uv,
            f"""echo "$@" >> {self.log}
            override=/dev/null
            for word; do
                [ "$before" = --override ] && override=$word
                case $word in *file://*) cp -r "${{word#*file://}}" {self.copy};; esac
                before=$word
            done
            while read -r line; do echo "override $line" >> {self.log}; done < "$override"
            touch "$TMPDIR/left-by-uv.lock"
            if [ "$1" = venv ]; then
                for last; do :; done
                mkdir -p "$last/bin" && ln -s {Path(sys.executable).resolve()} "$last/bin/python"
                exit 0
            fi
            echo '{words}' >&2
            [ "$before" = --offline ] && exit {offline}
            exit {status}""",
        )

    def obtain(self, spec: str = "", *, cache_first: bool = False) -> Pin:
        return obtain(spec, self.root, self.said.append, cache_first=cache_first)

    def installs(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if line.startswith("pip install")]

    def overrides(self) -> list[str]:
        lines = self.log.read_text().splitlines()
        return [line.removeprefix("override ") for line in lines if line.startswith("override ")]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    made = Checkout(tmp_path)
    monkeypatch.setattr(uv, "executable", lambda: str(made.uv))
    return made
