"""Every tensor of a probe is heard, and its replacement certainly so."""

from collections.abc import Callable
from pathlib import Path
from typing import cast, get_args

import numpy as np
import numpy.typing as npt
import pytest

from fixtures.checkpoints import Family
from fixtures.perturbing import forced, witnesses_for
from fixtures.probes import MARGIN, Probe, Prompt, Shape, certified

type Tensor = npt.NDArray[np.float32]

TOLERANCE = 1e-4
"""Of fp32 engines, in nats."""

VOCABULARY = Shape().vocab_size
FAMILIES = get_args(Family.__value__)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return cast("Family", request.param)


@pytest.fixture(scope="module", params=[False, True], ids=["untied", "tied"])
def probe(request: pytest.FixtureRequest, probe_cache: Path, family: Family) -> Probe:
    return certified(probe_cache, family=family, tied=request.param)


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


def test_every_replacement_is_heard_by_a_wide_margin(probe: Probe) -> None:
    for name in probe.tensors:
        heard = probe.heard_after(name)
        count = len(heard.answer)
        said = probe.oracle_with({name: probe.perturbed(name)}).greedy(heard.tokens, count)
        assert said.tokens == heard.answer, name
        assert min(said.margins) >= MARGIN, name


def test_a_replacement_is_told_by_its_last_token(probe: Probe) -> None:
    for name in probe.tensors:
        heard = probe.heard_after(name)
        *agreed, differing = heard.answer
        certain = probe.prompts[heard.name].answer
        assert certain[: len(agreed)] == agreed, name
        assert certain[len(agreed)] != differing, name


def test_every_replacement_moves_the_log_probabilities(probe: Probe) -> None:
    for name in probe.tensors:
        tokens = probe.heard_after(name).tokens
        answer = probe.prompts[probe.heard_after(name).name].answer
        other = probe.oracle_with({name: probe.perturbed(name)})
        chosen = np.arange(len(answer)), answer
        moved = forced(other, tokens, answer)[chosen] - forced(probe.oracle, tokens, answer)[chosen]
        assert np.abs(moved).max() >= 0.1, name


def test_every_replacement_fits_bfloat16_and_its_place(probe: Probe) -> None:
    for name, tensor in probe.tensors.items():
        other = probe.perturbed(name)
        assert (other.shape, other.dtype) == (tensor.shape, tensor.dtype)
        assert not (other.view(np.uint32) & 0xFFFF).any()


def test_a_replacement_is_the_same_again(probe: Probe) -> None:
    for name in probe.tensors:
        assert np.array_equal(probe.perturbed(name), probe.perturbed(name))


def test_a_tensor_that_can_not_be_heard_is_not_certified(probe: Probe) -> None:
    silent = np.zeros_like(probe.tensors["model.layers.0.mlp.down_proj.weight"])
    tensors = {"model.layers.0.mlp.down_proj.weight": silent}
    model = probe.oracle_with(tensors)
    assert witnesses_for(model, tensors, list(probe.prompts.values())) is None


def test_a_replacement_that_is_heard_by_a_hair_is_not_certified(probe: Probe) -> None:
    faint = {"model.norm.weight": np.full(64, 1e-4, np.float32)}
    model = probe.oracle_with(faint)
    answer = model.greedy([5], 4).tokens
    assert witnesses_for(model, probe.tensors, [Prompt("faint", [5], answer, [])]) is None


def test_an_unknown_tensor_is_not_replaced_in_silence(probe: Probe) -> None:
    with pytest.raises(KeyError, match="no tensors of the names"):
        probe.oracle_with({"model.layers.9.mlp": np.zeros(1, np.float32)})
