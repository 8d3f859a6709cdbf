"""What SWAP-13 does on a TPU with a model of the user's, here on the CPU with a probe as one."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fixtures.cells import Cell
from fixtures.engines import SOUND_ON_CPU, Engine
from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.nursery import CellPin, Nursery
from fixtures.probes import Probe, write_safetensors
from fixtures.real_model import (
    answer_of,
    checkpoint_of,
    fresh_text,
    injected_text,
    places_of,
    wrong_texts,
)
from fixtures.seam import as_leaves
from reports.model import Blocked, LaneName

FAULTS = ("swap-is-ignored", "swap-skips-the-last-layer", "swap-is-applied-twice")


@pytest.fixture(scope="module")
def cell(cell_pin: CellPin) -> Iterator[Cell]:
    host = Host()
    nursery = Nursery(lambda: host, cell_pin)
    lane = describe(LaneName.CPU, Path("/dev"), {**os.environ})
    made = nursery.make(lane, environment={"HF_HUB_OFFLINE": "1"})
    yield made
    made.close()
    nursery.close()
    host.close()


@pytest.fixture(scope="module")
def cut(probe: Probe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The probe as large models come: its tensors in several files."""
    directory = tmp_path_factory.mktemp("cut")
    for file in probe.directory.iterdir():
        if file.suffix == ".json":
            (directory / file.name).write_bytes(file.read_bytes())
    names = list(probe.tensors)
    for number in range(3):
        part = {name: np.asarray(probe.tensors[name]) for name in names[number::3]}
        write_safetensors(directory / f"model-{number}.safetensors", part)
    return directory


@pytest.fixture(scope="module")
def fresh(cell: Cell, cut: Path) -> str:
    return fresh_text(cell, cut, SOUND_ON_CPU)


def test_a_fresh_load_says_what_is_certified(fresh: str, probe: Probe) -> None:
    assert len(fresh) == len(probe.prompts["Chinese"].answer)


def test_injected_weights_say_the_same(cell: Cell, cut: Path, fresh: str) -> None:
    injected, guard = injected_text(cell, cut, SOUND_ON_CPU)
    assert list(wrong_texts(fresh, injected, guard)) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_of_the_promise_is_heard(
    cell: Cell, cut: Path, probe: Probe, fresh: str, fault: str
) -> None:
    engine = Engine.start(cell, fault, cut, load_format="dummy", skip_tokenizer_init=False)
    engine.remember()
    engine.swap(as_leaves(probe.tensors))
    cell.run("pinproof_cell.faults:apply", name=fault)
    text = answer_of(engine)
    cell.run("pinproof_cell.faults:undo", name=fault)
    assert list(wrong_texts(fresh, text, []))
    assert list(wrong_texts(fresh, answer_of(engine), [])) == []


def test_every_tensor_has_its_place(cut: Path, probe: Probe) -> None:
    assert {place["tensor"] for place in places_of(cut).values()} == probe.tensors.keys()


def test_a_path_that_is_not_there_is_named(cell: Cell, tmp_path: Path) -> None:
    with pytest.raises(Blocked) as caught:
        checkpoint_of(str(tmp_path / "nowhere"), cell)
    assert "nowhere: this is no directory" in caught.value.evidence.observed


def test_a_directory_without_a_checkpoint_says_what_it_lacks(cell: Cell, tmp_path: Path) -> None:
    with pytest.raises(Blocked) as caught:
        checkpoint_of(str(tmp_path), cell)
    assert "no config.json and no *.safetensors" in caught.value.evidence.observed


def test_a_hub_id_without_a_network_says_so(cell: Cell) -> None:
    with pytest.raises(Blocked) as caught:
        checkpoint_of("pinproof/no-such-model", cell)
    assert "the hub gave" in caught.value.evidence.observed
    assert "network" in caught.value.evidence.next_step


def test_other_words_empty_ones_and_objections_are_found() -> None:
    assert list(wrong_texts("a", "a", [])) == []
    assert len(list(wrong_texts("a", "b", []))) == 1
    assert len(list(wrong_texts(" ", " ", []))) == 1
    assert len(list(wrong_texts("a", "a", ["b: was not replaced"]))) == 1
