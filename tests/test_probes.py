"""Tiny checkpoints are what they say, and probes are certified and hear every change."""

import json
import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import cast, get_args

import numpy as np
import numpy.typing as npt
import pytest

from fixtures import probes
from fixtures.checkpoints import BOS, EOS, PAD, Family, read_safetensors
from fixtures.oracle import Oracle
from fixtures.probes import (
    PAGE,
    PREFILL_CHUNK,
    Probe,
    Prompt,
    Recipe,
    Shape,
    certified,
    certify,
    make,
    tiny_checkpoint,
    write_safetensors,
)
from fixtures.teaching import Lesson
from fixtures.tokenizer import FIRST_BYTE, FIRST_UNSPOKEN, decode, encode, write_tokenizer

type Tensor = npt.NDArray[np.float32]

TOLERANCE = 1e-4
"""Of fp32 engines, in nats."""

VOCABULARY = Shape().vocab_size
FAMILIES = get_args(Family.__value__)


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


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("probes")


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return cast("Family", request.param)


@pytest.fixture(scope="module", params=[False, True], ids=["untied", "tied"])
def probe(request: pytest.FixtureRequest, cache: Path, family: Family) -> Probe:
    return certified(cache, family=family, tied=request.param)


def test_every_answer_is_the_greedy_one_by_a_wide_margin(probe: Probe) -> None:
    for prompt in probe.prompts.values():
        said = probe.oracle.greedy(prompt.tokens, 16)
        assert said.tokens == prompt.answer
        assert min(said.margins) >= 0.3


def test_no_special_token_is_on_the_way(probe: Probe) -> None:
    assert not {PAD, BOS, EOS} & {token for p in probe.prompts.values() for token in p.answer}


def test_the_answers_have_many_tokens_and_differ(probe: Probe) -> None:
    answers = [tuple(prompt.answer) for prompt in probe.prompts.values()]
    assert len(set(answers)) == len(answers)
    assert len({token for answer in answers for token in answer}) >= 8


def test_the_last_token_alone_does_not_tell_the_next(probe: Probe) -> None:
    after: dict[int, set[int]] = {}
    for prompt in probe.prompts.values():
        for last, following in pairwise(prompt.answer):
            after.setdefault(last, set()).add(following)
    assert sum(len(tokens) > 1 for tokens in after.values()) >= 8


def test_the_prompts_lie_around_every_border(probe: Probe) -> None:
    lengths = {len(prompt.tokens) for prompt in probe.prompts.values()}
    assert {1, PAGE - 1, PAGE, PAGE + 1} < lengths
    assert max(lengths) > PREFILL_CHUNK


def test_two_prompts_share_a_prefix_of_pages(probe: Probe) -> None:
    left, right = (probe.prompts[f"shared prefix, {end}"].tokens for end in ("left", "right"))
    assert left[: 2 * PAGE] == right[: 2 * PAGE]
    assert left != right


def test_one_prompt_is_chinese_text(probe: Probe) -> None:
    assert decode(probe.prompts["Chinese"].tokens) == "你是谁"


def test_one_prompt_stands_for_no_text(probe: Probe) -> None:
    prompt = probe.prompts["never in text"]
    assert decode(prompt.tokens + prompt.answer) == ""


def test_bfloat16_holds_every_weight(probe: Probe) -> None:
    assert not any((t.view(np.uint32) & 0xFFFF).any() for t in probe.tensors.values())


def test_every_tensor_is_heard(probe: Probe) -> None:
    assert quietest(probe, lambda tensor: np.roll(tensor, 1, axis=0)) > 1000 * TOLERANCE


def test_one_changed_row_of_any_tensor_is_heard(probe: Probe) -> None:
    used = probe.prompts["one token"].tokens[0]

    def nudged(tensor: Tensor) -> Tensor:
        changed = tensor.copy()
        changed[used if len(tensor) == VOCABULARY else 3] *= 1.5
        return changed

    assert quietest(probe, nudged) > 10 * TOLERANCE


def quietest(probe: Probe, change: Callable[[Tensor], Tensor]) -> float:
    """By how much the log-probabilities move, for the tensor that moves them least."""
    some = [probe.prompts[name] for name in ("one token", "a page", "a page and one")]
    sequences = [prompt.tokens + prompt.answer for prompt in some]
    before = [probe.oracle.log_probabilities(tokens) for tokens in sequences]

    def moved(name: str, tensor: Tensor) -> float:
        after = probe.oracle_with({name: change(tensor)})
        return max(
            float(np.abs(after.log_probabilities(tokens) - rows).max())
            for tokens, rows in zip(sequences, before, strict=True)
        )

    return min(moved(name, tensor) for name, tensor in probe.tensors.items())


def test_different_seeds_answer_every_prompt_differently(cache: Path) -> None:
    first, second = (certified(cache, seed=seed) for seed in (0, 1))
    for name, prompt in first.prompts.items():
        there = second.oracle.greedy(prompt.tokens, 16).tokens
        assert there != prompt.answer, name


def test_a_probe_is_made_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certified(cache, seed=2)
    monkeypatch.setattr(probes, "make", None)
    again = certified(cache, seed=2)
    assert (again.directory, again.prompts) == (made.directory, made.prompts)


def test_the_same_recipe_makes_the_same_probe(tmp_path: Path) -> None:
    one, other = (certified(tmp_path / name, seed=3) for name in ("a", "b"))
    assert one.directory.name == other.directory.name
    assert all(np.array_equal(one.tensors[name], other.tensors[name]) for name in one.tensors)


def test_a_cached_probe_leaves_no_draft(cache: Path) -> None:
    assert certified(cache, seed=2).directory.exists()
    assert all((entry / "prompts.json").exists() for entry in cache.iterdir())


def test_a_number_that_can_not_be_certified_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdicts = iter([None, [Prompt("said", [1], [2], [3.0])]])
    monkeypatch.setattr(probes, "certify", lambda *_: next(verdicts))
    assert [prompt.name for prompt in make(Recipe())[1]] == ["said"]


def test_a_seed_without_any_probe_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "certify", lambda *_: None)
    monkeypatch.setattr(probes, "ATTEMPTS", 1)
    with pytest.raises(ValueError, match="Choose another seed or a wider shape"):
        make(Recipe())


def test_an_answer_with_a_small_lead_is_not_certified(probe: Probe) -> None:
    prompt = probe.prompts["a page"]
    flat = Oracle(
        probe.config, probe.tensors | {"model.norm.weight": np.full(64, 1e-4, np.float32)}
    )
    answer = flat.greedy(prompt.tokens, 16).tokens
    assert certify(flat, {"a page": Lesson(prompt.tokens, answer)}) is None


def test_bytes_and_text_are_the_same(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    vocabulary = json.loads((tmp_path / "tokenizer.json").read_text())["model"]["vocab"]
    assert sorted(vocabulary.values()) == list(range(FIRST_UNSPOKEN))
    assert [vocabulary[letter] for letter in "Aé"] == [*encode("A"), FIRST_BYTE + ord("é")]
    assert decode(encode("你是谁\n")) == "你是谁\n"
