"""The trainers' guard, on the leaves of real engines."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.engines import Engine
from fixtures.host import Host
from fixtures.lanes import describe
from fixtures.nursery import CellPin, Nursery
from fixtures.probes import tiny_checkpoint
from reports.model import LaneName

SCENARIOS = "pinproof_cell.scenarios.wrong_leaves"
CPU = describe(LaneName.CPU, Path("/dev"), os.environ)
SETTINGS: dict[str, dict[str, Any]] = {
    "tp=1": {},
    "tp=2": {"tp_size": 2, "device_indexes": [0, 1]},
}
LEAVES = (
    "model.embed_tokens.embedding",
    "model.layers.1.mlp.up_proj.weight",
    "model.norm.scale",
)
SAYS = {
    "one is missing": "leaves instead of",
    "one too many": "leaves instead of",
    "shape": "the shape is",
    "dtype": "the dtype is float16 instead of float32",
    "device": "instead of",
    "not finite": "1 of",
    "deleted": "is deleted",
    "without values": "has a shape but no values",
    "no array": "is no array but None",
}


@pytest.fixture(scope="module")
def nursery(cell_pin: CellPin) -> Iterator[Nursery]:
    host = Host()
    nursery = Nursery(lambda: host, cell_pin)
    yield nursery
    nursery.close()
    host.close()


@pytest.fixture(scope="module", params=SETTINGS)
def engine(
    request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> Engine:
    model = tiny_checkpoint(tmp_path_factory.mktemp("model"))
    return Engine.start(nursery.keep(CPU), request.param, model, **SETTINGS[request.param])


@pytest.mark.parametrize("leaf", LEAVES)
def test_each_kind_of_wrong_leaf_is_named(engine: Engine, leaf: str) -> None:
    said = engine.cell.run(f"{SCENARIOS}:guarded", name=engine.name, leaf=leaf)
    assert said.pop("right") == []
    assert said.keys() == SAYS.keys()
    for kind, differences in said.items():
        assert any(SAYS[kind] in difference for difference in differences), (kind, differences)
        if "leaves instead of" not in SAYS[kind]:
            assert {it.partition(":")[0] for it in differences} == {leaf}


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_that_was_only_wrapped_anew_is_named(engine: Engine, leaf: str) -> None:
    said = engine.cell.run(f"{SCENARIOS}:left_out", name=engine.name, leaf=leaf)
    assert said == [f"{leaf}: was not replaced"]
