"""The pure part of what judges tunix's sampler."""

import numpy as np
import pytest

from fixtures.perturbing import MARGIN, forced, leads
from fixtures.probes import Probe
from fixtures.samplers import unlike, with_every_bit, wrong_sayings


@pytest.fixture(scope="module")
def fine(other_probe: Probe, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return with_every_bit(other_probe, tmp_path_factory.mktemp("fine"))


def through_bfloat16(value: np.ndarray) -> np.ndarray:
    bits = value.astype(np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return rounded.astype(np.uint32).view(np.float32)


def test_all_of_the_fine_bits_are_lost_in_bfloat16(other_probe: Probe, fine: Probe) -> None:
    for name, value in fine.tensors.items():
        assert np.array_equal(through_bfloat16(value), other_probe.tensors[name])


def test_no_corner_tells_a_fine_probe(other_probe: Probe, fine: Probe) -> None:
    for name, value in fine.tensors.items():
        assert value.dtype == np.float32
        assert (value.flat[0], value.flat[-1]) == tuple(other_probe.tensors[name].flat[[0, -1]])


def test_losing_the_fine_bits_is_heard(other_probe: Probe, fine: Probe) -> None:
    for prompt in fine.prompts.values():
        rows = [forced(p.oracle, prompt.tokens, prompt.answer) for p in (other_probe, fine)]
        chosen = np.arange(len(prompt.answer)), prompt.answer
        assert np.abs(rows[0][chosen] - rows[1][chosen]).max() > 10 * 1e-4


def test_a_fine_probe_says_what_the_probe_says_as_safely(fine: Probe) -> None:
    for prompt in fine.prompts.values():
        rows = forced(fine.oracle, prompt.tokens, prompt.answer)
        assert rows.argmax(axis=-1).tolist() == prompt.answer
        assert min(leads(rows)) > MARGIN


def test_other_words_are_found(other_probe: Probe) -> None:
    said = [list(prompt.answer) for prompt in other_probe.prompts.values()]
    assert list(wrong_sayings(other_probe, said)) == []
    said[1][3] += 1
    (phrase,) = wrong_sayings(other_probe, said)
    assert "token 3" in phrase


def test_a_lost_answer_is_no_answer(other_probe: Probe) -> None:
    said = [list(prompt.answer) for prompt in other_probe.prompts.values()]
    with pytest.raises(ValueError, match="shorter"):
        list(wrong_sayings(other_probe, said[:-1]))


def test_the_guard_has_to_say_it_all_and_no_more() -> None:
    assert list(unlike({"a"}, {"a"})) == []
    assert list(unlike(set(), {"a"})) == ["the guard does not say 'a'"]
    assert list(unlike({"a", "b"}, {"a"})) == ["the guard says 'b'"]
