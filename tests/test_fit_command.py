"""What `pinproof fit` makes of what people give it."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from cli import fit
from fixtures.published import PUBLISHED
from pins.environment import Pin
from pins.spec import PinError

CONFIG = PUBLISHED["Qwen/Qwen3-4B"].config
ROOM = {"weights": 2**30, "pool": 2**31, "tokens": 12345, "refusal": ""}
NO_ROOM = {
    "weights": 0,
    "pool": 0,
    "tokens": 0,
    "refusal": "RuntimeError: Not enough memory.\nMore",
}


class Asked:
    """Stands in for the pin, whose answers other tests get."""

    def __init__(self) -> None:
        self.rows: list[fit.Row] = []
        self.answer = ROOM

    def ask(self, _pin: Pin, cases: list[Any]) -> list[fit.Row]:
        self.rows = [(case, self.answer) for case in cases]
        return self.rows


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    monkeypatch.setattr(fit, "_ask", asked.ask)
    monkeypatch.setattr(fit, "obtain", lambda *_: argparse.Namespace(label="0.1.0rc0"))
    return asked


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    fit.add_arguments(parser)
    args, args_left = parser.parse_known_args(words)
    args.pytest = args_left
    return fit.execute(args)


def test_all_chips_and_degrees_are_asked_for(
    asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("qwen3-4b") == 0
    assert len(asked.rows) == 15
    said = capsys.readouterr().out
    assert "v6e, tp=2" in said
    assert "1.00 GiB" in said
    assert "12,345" in said


def test_only_what_was_asked_for(asked: Asked) -> None:
    words = ["--generation=v4", "--tp-size=2", "--page-size=16", "--context-length=99"]
    assert run("Qwen/Qwen3-4B", *words, "--mem-fraction-static=0.5") == 0
    [(case, _)] = asked.rows
    assert (case.target.generation.name, case.tp_size, case.page_size) == ("v4", 2, 16)
    assert (case.context_length, case.fraction) == (99, 0.5)


def test_the_reason_is_said_once(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    asked.answer = NO_ROOM
    assert run("qwen3-4b") == 1
    said = capsys.readouterr().out
    assert said.count("Not enough memory") == 1
    assert said.count("no [1]") == 15
    assert "More" not in said


def test_for_scripts(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("qwen3-4b", "--json", "--generation=v6e", "--tp-size=1") == 0
    assert asked.rows
    [row] = json.loads(capsys.readouterr().out)
    assert row == {
        "generation": "v6e",
        "tp_size": 1,
        "weights_bytes": 2**30,
        "pool_bytes": 2**31,
        "tokens": 12345,
        "refusal": "",
    }


@pytest.mark.parametrize("name", ["", "config.json"])
def test_a_config_of_ones_own(asked: Asked, tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    assert run(str(tmp_path / name)) == 0
    assert asked.rows[0][0].config == CONFIG


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "is no JSON"), ("[]", "names no `architectures`"), ("{}", "names no `architectures`")],
)
def test_what_is_no_config_is_refused(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    (tmp_path / "config.json").write_text(content)
    assert run(str(tmp_path)) == 2
    assert said in capsys.readouterr().err
    assert not asked.rows


@pytest.mark.parametrize(
    ("model", "said"),
    [("qwen3-5b", "Did you mean qwen3-"), ("nowhere/config.json", "no file"), (".", "can't be")],
)
def test_what_is_no_model_is_refused(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, said: str
) -> None:
    assert run(str(tmp_path / model) if model == "." else model) == 2
    assert said in capsys.readouterr().err
    assert not asked.rows


@pytest.mark.parametrize(
    "word",
    ["--page-size=0", "--mem-fraction-static=1.5", "--mem-fraction-static=x", "--tp-size=3"],
)
def test_impossible_settings_are_refused(asked: Asked, word: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("qwen3-4b", word)
    assert not asked.rows


def test_an_unknown_option_is_refused(asked: Asked) -> None:
    assert run("qwen3-4b", "--pages=3") == 2
    assert not asked.rows


def test_a_pin_that_cannot_be_built_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def obtain(*_: object) -> Pin:
        raise PinError("there is no such pin")

    monkeypatch.setattr(fit, "obtain", obtain)
    assert run("qwen3-4b") == 2
    assert "there is no such pin" in capsys.readouterr().err
