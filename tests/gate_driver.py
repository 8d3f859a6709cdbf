"""`python -m tests.gate_driver gate OLD NEW`: over the suite in miniature that is here."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from cli import bisecting, evidence, gating, main, measuring, selecting, steps, trying
from fixtures.nursery import CellPin
from fixtures.performance import NotMeasured
from pins import span
from pins.environment import Pin
from pins.installed import Installed
from pins.spec import PinError
from tests.performance_cases import ratios, sample
from tests.waiting import wait_until

COMMIT = "c0ffee"
BRANCH = "3.0"
"""Stands for what is settled as 2.0."""

OFFERED = ("2.0", "1.4", "1.3", "1.2", "1.1", "1.0")


def command(_folder: str, options: list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *options]


def obtain(text: str, root: Path, _say: Callable[[str], None], **_how: bool) -> Pin:
    if text == "0.0":
        raise PinError("the pin 0.0 could not be built: what has to be downloaded is out of reach.")
    settled = "2.0" if text == BRANCH else text
    return Pin(settled, text, root / "pins" / settled, root)


def inspect(python: Path) -> Installed:
    return Installed({}, {"sglang-jax": {"version": python.name}}, {})


def here() -> dict[str, dict[str, object]]:
    return {
        "machine": {"architecture": "x86_64", "devices": []},
        "suite": {"commit": COMMIT, "dirty": False},
    }


class Rig:
    """What an engine costs with a pin is what `costs.json` says; without it there is no engine."""

    def sample(self, pin: CellPin) -> dict[str, float]:
        costs = Path("costs.json")
        told = json.loads(costs.read_text()).get(pin.python.name) if costs.exists() else None
        if told == "never":
            Path("waiting").touch()
            wait_until(Path("go").exists)
        if not isinstance(told, dict):
            raise NotMeasured("there is no engine")
        return sample(ratios(**told))


@contextlib.contextmanager
def rig(_probes: Path) -> Iterator[Rig]:
    try:
        yield Rig()
    finally:
        Path("cleared-up").touch()


def releases() -> list[str]:
    return [*OFFERED]


def drive(command_name: str, words: list[str]) -> int:
    with (
        mock.patch.multiple(gating, ROOT=Path.cwd(), obtain=obtain),
        mock.patch.multiple(trying, ROOT=Path.cwd(), command=command, here=here),
        mock.patch.multiple(selecting, command=command),
        mock.patch.multiple(evidence, inspect=inspect),
        mock.patch.multiple(measuring, rig=rig),
        mock.patch.multiple(bisecting, ROOT=Path.cwd()),
        mock.patch.multiple(steps, ROOT=Path.cwd(), obtain=obtain),
        mock.patch.multiple(span, releases=releases),
    ):
        return main.main([command_name, *words])


if __name__ == "__main__":
    sys.exit(drive(sys.argv[1], sys.argv[2:]))
