"""Starts are spoilt as they say, and what looks at their errors finds the wrong ones."""

import json
from pathlib import Path

from fixtures.checkpoints import WEIGHTS, read_safetensors
from fixtures.probes import Probe
from fixtures.teardown_failures import (
    Outcome,
    Spoilt,
    corrupt_weights,
    kept_by_failures,
    misfits,
    missing_tensors,
    no_room,
    refused_settings,
    unexplained,
    wrong_configs,
    wrong_places,
)

SPOILT = Spoilt("no norm", [r"model\.norm"])


def outcome(*errors: str, arrays: int = 0) -> list[tuple[Spoilt, Outcome]]:
    return [(SPOILT, Outcome(list(errors), [], arrays))]


def test_an_error_that_names_the_cause_is_right() -> None:
    assert list(unexplained(outcome("KeyError: there is no model.norm.weight"))) == []


def test_the_cause_may_be_behind_another_error() -> None:
    assert list(unexplained(outcome("RuntimeError: no start", "KeyError: 'model.norm'"))) == []


def test_an_error_that_says_nothing_is_found() -> None:
    assert list(unexplained(outcome("RuntimeError: look above", "ValueError: oh"))) == [
        "no norm: the error says nothing of it: RuntimeError: look above <- ValueError: oh"
    ]


def test_a_start_that_succeeds_is_found() -> None:
    assert list(unexplained(outcome())) == ["no norm: the engine starts as if nothing was wrong"]


def test_arrays_of_a_failed_start_are_found() -> None:
    assert list(kept_by_failures(outcome("ValueError: oh"))) == []
    assert list(kept_by_failures(outcome("ValueError: oh", arrays=3))) == [
        "no norm: 3 device arrays are left"
    ]


def test_each_start_is_spoilt_in_its_own_way(probe: Probe, tmp_path: Path) -> None:
    seen = set()
    every = [
        *(wrong_places(tmp_path), missing_tensors(), misfits(), no_room()),
        *(corrupt_weights(), wrong_configs(), refused_settings()),
    ]
    spoilt = [one for group in every for one in group]
    for number, one in enumerate(spoilt):
        directory = tmp_path / str(number)
        settings = one.prepare(probe, directory)
        where = settings.pop("model_path")
        files = {file.name: file.read_bytes() for file in sorted(directory.iterdir())}
        seen.add((str(files), str(settings), where if where != str(directory) else ""))
    assert len(seen) == len(spoilt)


def test_the_probe_itself_is_never_spoilt(probe: Probe, tmp_path: Path) -> None:
    before = {file.name: file.read_bytes() for file in probe.directory.iterdir()}
    for number, one in enumerate([*missing_tensors(), *misfits(), *wrong_configs()]):
        one.prepare(probe, tmp_path / str(number))
    assert before == {file.name: file.read_bytes() for file in probe.directory.iterdir()}


def test_exactly_the_named_tensor_is_missing(probe: Probe, tmp_path: Path) -> None:
    for number, one in enumerate(missing_tensors()):
        directory = tmp_path / str(number)
        one.prepare(probe, directory)
        found = set(read_safetensors(directory / WEIGHTS))
        assert {f"no {name}" for name in set(probe.tensors) - found} == {one.name}
        assert json.loads((directory / "config.json").read_text()) == probe.config
