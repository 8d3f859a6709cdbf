"""Tiny checkpoints and their tokenizer are what they say."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from fixtures.checkpoints import read_safetensors
from fixtures.probes import Shape, tiny_checkpoint, write_safetensors
from fixtures.tokenizer import FIRST_BYTE, FIRST_UNSPOKEN, decode, encode, write_tokenizer


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


def test_a_checkpoint_is_read_back_as_written(tmp_path: Path) -> None:
    tensors = {"one": np.eye(3, dtype=np.float32), "two": np.arange(5, dtype=np.float32)}
    write_safetensors(tmp_path / "some.safetensors", tensors)
    again = read_safetensors(tmp_path / "some.safetensors")
    assert list(again) == list(tensors)
    assert all(np.array_equal(again[name], tensors[name]) for name in tensors)


def test_bytes_and_text_are_the_same(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    vocabulary = json.loads((tmp_path / "tokenizer.json").read_text())["model"]["vocab"]
    assert sorted(vocabulary.values()) == list(range(FIRST_UNSPOKEN))
    assert [vocabulary[letter] for letter in "Aé"] == [*encode("A"), FIRST_BYTE + ord("é")]
    assert decode(encode("你是谁\n")) == "你是谁\n"
