"""The tiny checkpoint is what its header says."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from fixtures.probes import Shape, tiny_checkpoint, write_safetensors


@pytest.fixture
def written(tmp_path: Path) -> bytes:
    return (tiny_checkpoint(tmp_path / "probe") / "model.safetensors").read_bytes()


def _header(written: bytes) -> tuple[dict[str, dict[str, object]], int]:
    (length,) = struct.unpack_from("<Q", written)
    return json.loads(written[8 : 8 + length]), 8 + length


def test_the_header_covers_the_file_without_gaps(written: bytes) -> None:
    header, data = _header(written)
    spans = [entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"]
    flat = [edge for span in spans if isinstance(span, list) for edge in span]
    assert flat == sorted(flat)
    assert flat[1:-1:2] == flat[2::2]
    assert (flat[0], data + flat[-1]) == (0, len(written))


def test_the_header_leaves_the_data_aligned(written: bytes) -> None:
    assert _header(written)[1] % 8 == 0


def test_a_tensor_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    tensor = np.random.default_rng(1).standard_normal((3, 5)).astype(np.float32)
    write_safetensors(tmp_path / "one.safetensors", {"one": tensor})
    assert (tmp_path / "one.safetensors").read_bytes().endswith(tensor.tobytes())


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    first, again = (tiny_checkpoint(tmp_path / name, seed=4) for name in ("a", "b"))
    name = "model.safetensors"
    assert (first / name).read_bytes() == (again / name).read_bytes()


def test_the_config_states_the_shape(tmp_path: Path) -> None:
    shape = Shape(num_hidden_layers=3)
    config = json.loads((tiny_checkpoint(tmp_path, shape=shape) / "config.json").read_text())
    assert (config["num_hidden_layers"], config["head_dim"]) == (3, 128)
