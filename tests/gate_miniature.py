"""The gate over a suite in miniature whose promises break with one pin or another."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PYTHONPATH, WIRING, Miniature
from tests.gate_driver import drive
from tests.starting import Start

SECONDS = 300
FIRST_OF_TWO = ("1.0", "2.0")
BROKEN_BY_NEW = "assert pin != '2.0'"
PINS = """
def pytest_addoption(parser):
    parser.addoption("--pin", default="default")

def pytest_pinproof_pin(config):
    pin = config.getoption("--pin")
    return {"spec": pin, "label": pin, "versions": {"sglang-jax": pin}}

def pytest_pinproof_stamp(config):
    machine = {"architecture": "x86_64", "devices": []}
    suite = {"commit": "c0ffee", "dirty": (config.rootpath / "dirty").exists()}
    return {"python": "3.12.1", "machine": machine, "suite": suite}

@pytest.fixture
def pin(pytestconfig):
    return pytestconfig.getoption("--pin")

@pytest.fixture
def turn(pytestconfig, request, pin):
    book = pytestconfig.rootpath / f"{request.node.name}-{pin.replace('/', '_')}"
    turn = len(book.read_text()) if book.exists() else 0
    book.write_text("x" * (turn + 1))
    return turn
"""


@dataclass
class Told:
    status: int
    out: str
    err: str
    json: dict[str, Any]

    @property
    def outcomes(self) -> dict[str, str]:
        return {each["promise"]: each["outcome"] for each in self.json["promises"]}

    @property
    def verdicts(self) -> dict[str, tuple[list[str], list[str]]]:
        return {
            each["promise"]: (
                [case["verdict"] for case in each["old"]],
                [case["verdict"] for case in each["new"]],
            )
            for each in self.json["promises"]
        }


class GateMiniature:
    def __init__(self, miniature: Miniature, start: Start, command: str = "gate") -> None:
        self.miniature = miniature
        self._start = start
        self.command = command
        self.path = miniature.path
        before, _, after = WIRING.partition("def pytest_pinproof_pin")
        after = after.partition("def pytest_pinproof_fault_names")[2]
        wiring = f"{before}{PINS}\ndef pytest_pinproof_fault_names{after}"
        (self.path / "conftest.py").write_text(wiring)

    def promise(self, promise_id: str, body: str = "pass", **more: Any) -> None:
        level = more.pop("level", "MUST")
        sentence = f"The engine {level} answer."
        self.miniature.promise(
            promise_id, body, arguments="lane, pin, turn", sentence=sentence, **more
        )
        module = self.path / "test_area.py"
        graded = f"@promise({promise_id!r}, level=Level.{level}, "
        module.write_text(module.read_text().replace(f"@promise({promise_id!r}, ", graded))

    def start(
        self, *words: str, out: int = subprocess.PIPE, err: int = subprocess.PIPE, **more: Any
    ) -> subprocess.Popen[str]:
        return self._start(
            [
                sys.executable,
                "-m",
                "tests.gate_driver",
                self.command,
                "--json",
                "answer.json",
                *words,
            ],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": PYTHONPATH},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            **more,
        )

    def end(self, running: subprocess.Popen[str]) -> Told:
        out, err = running.communicate(timeout=SECONDS)
        answer = self.path / "answer.json"
        told = json.loads(answer.read_text()) if answer.exists() else {}
        return Told(running.returncode, out or "", err or "", told)

    def ask(self, *words: str) -> Told:
        return self.end(self.start(*words))

    @property
    def runs(self) -> list[Path]:
        return self.miniature.runs


type Here = Callable[..., tuple[int, str]]


@pytest.fixture
def gate(miniature: Miniature, start: Start) -> GateMiniature:
    return GateMiniature(miniature, start)


@pytest.fixture
def ask_here(
    gate: GateMiniature, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Here:
    """In this process, for what is refused before anything runs."""
    monkeypatch.chdir(gate.path)
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)

    def ask(*words: str) -> tuple[int, str]:
        capfd.readouterr()
        try:
            status = drive(gate.command, [*words])
        except SystemExit as refused:
            status = int(refused.code or 0)
        return status, "".join(capfd.readouterr())

    return ask
