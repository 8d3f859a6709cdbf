"""What judges the attention kernel sees each way in which it can be wrong, and so do the tools."""

import fnmatch
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from fixtures import kernel_batches, oracle
from fixtures.answers import Answer
from fixtures.exploration import Space
from fixtures.kernels import (
    Attended,
    Told,
    judged,
    prompts_of,
    touched,
    unwritten,
    wrong_engine,
    wrong_output,
)
from fixtures.paged import HEAD_SIZE, TOKENS, Batch, Built, Given, attend
from fixtures.probes import Probe
from pinproof_cell.editing import edited
from pinproof_cell.interpreter import look, put, retyped, teach
from pinproof_cell.moved import Moved

PLAIN = Built()
BATCH = Batch(decoding=(16,), extending=((17, 3),))
SPACES = {name: space for name, space in vars(kernel_batches).items() if isinstance(space, Space)}


def right(built: Built = PLAIN) -> Attended:
    given_ = Given(built, BATCH)
    output = given_.queries.copy()
    output[: given_.new_count] = np.concatenate(given_.expected())
    return Attended(given_, output, given_.cache_after.copy(), looks=1)


def test_attention_without_a_window_is_the_oracles() -> None:
    random = np.random.default_rng(0)
    held = random.standard_normal((9, 2, 2, HEAD_SIZE)).astype(np.float32)
    queries = random.standard_normal((4, 4, HEAD_SIZE))
    keys, values = held.astype(np.float64).transpose(1, 2, 0, 3)
    known = oracle.attend(queries.swapaxes(0, 1), keys, values).swapaxes(0, 1)
    assert attend(Built(), queries, held, past=5) == pytest.approx(known, abs=1e-12)


def zero_queries(built: Built) -> Any:
    """All keys weigh the same then, so that the mean of the visible values is the answer."""
    values = np.arange(6, dtype=np.float32)
    held = np.zeros((6, 2, built.key_heads, HEAD_SIZE), np.float32) + values[:, None, None, None]
    return attend(built, np.zeros((6, built.heads, HEAD_SIZE)), held, past=0)[:, 0, 0]


def test_a_window_shows_its_last_keys() -> None:
    assert list(zero_queries(Built())) == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5])
    assert list(zero_queries(Built(sliding_window=2))) == pytest.approx(
        [0, 0.5, 1.5, 2.5, 3.5, 4.5]
    )


@pytest.mark.parametrize(
    ("built", "score"),
    [
        (Built(1, 1), 4.0),
        (Built(1, 1, soft_cap=3.0), 3 * np.tanh(4 / 3)),
        (Built(1, 1, xai_temperature_len=2.0), 4 * np.log2(5)),
        (Built(1, 1, xai_temperature_len=2.0, soft_cap=3.0), 3 * np.tanh(4 * np.log2(5) / 3)),
        (Built(1, 1, xai_temperature_len=5.0), 4.0),
    ],
)
def test_a_score_is_scaled_warmed_and_capped(built: Built, score: float) -> None:
    """One of six keys has a score, and only its value is not zero."""
    held = np.zeros((6, 2, 1, HEAD_SIZE), np.float32)
    held[5, 0, 0, 0], held[5, 1] = 1, 1
    query = np.zeros((1, 1, HEAD_SIZE))
    query[0, 0, 0] = np.sqrt(HEAD_SIZE) * 4
    attended = attend(built, query, held, past=5)
    assert attended[0, 0, 0] == pytest.approx(np.exp(score) / (np.exp(score) + 5))


def test_heads_of_a_group_share_their_key_head() -> None:
    given_ = Given(Built(4, 2), Batch(extending=((0, 2),)))
    [expected] = given_.expected()
    values = given_.keys_and_values[0][0, 1]
    assert expected[0] == pytest.approx(np.repeat(values, 2, axis=0))


@pytest.mark.parametrize("built", [Built(), Built(sliding_window=5), Built(dtype="bfloat16")])
def test_what_is_right_has_no_findings(built: Built) -> None:
    attended = right(built)
    for judge in (wrong_output, unwritten, touched):
        assert not list(judge(attended))


@pytest.mark.parametrize("wrong", [2e-5, np.nan])
def test_a_wrong_row_is_named_by_its_sequence(wrong: float) -> None:
    attended = right()
    attended.output[2, 1, 7] += wrong
    [finding] = wrong_output(attended)
    assert finding.startswith("sequence 1 (3 new after 17): 1 of ")


def slot(attended: Attended, sequence: int, position: int) -> tuple[int, int]:
    [place] = [
        place
        for place, owner in attended.given.owners.items()
        if (owner.sequence, owner.position) == (sequence, position)
    ]
    return place


def test_a_single_bit_of_a_new_key_is_seen() -> None:
    attended = right()
    attended.cache[slot(attended, 1, 18)].view(np.uint32)[0, 0] ^= 1
    [finding] = unwritten(attended)
    assert "position 18 is not as given" in finding
    assert not list(touched(attended))


def test_what_was_there_before_is_guarded() -> None:
    attended = right()
    attended.cache[slot(attended, 1, 16)][1, 5] = 0
    attended.cache[0, 3][0, 0] += 1
    nobodys, old = touched(attended)
    assert nobodys == "slot 3 of page 0, which belongs to nobody, has changed"
    assert "the old position 16 has changed" in old
    assert not list(unwritten(attended))


def test_the_cache_holds_keys_and_values_in_turn() -> None:
    attended = right()
    row = attended.cache[slot(attended, 0, 16)]
    key, value = attended.given.keys_and_values[0][16]
    assert np.array_equal(row, [key[0], value[0], key[1], value[1]])


def test_infinitely_stale_memory_is_no_number() -> None:
    arrays = Given(Built(), replace(BATCH, stale=np.inf)).arrays(1)
    assert np.isnan(arrays["queries"][4:]).all()
    assert np.isnan(arrays["cache"][0]).all()
    assert not np.isnan(arrays["queries"][:4]).any()


@pytest.mark.parametrize("space", SPACES.values(), ids=list(SPACES))
def test_every_batch_fits(space: Space[Batch]) -> None:
    @settings(max_examples=50)
    @given(space.examples)
    def fits(batch: Batch) -> None:
        arrays = Given(Built(), batch).arrays(len(batch.decoding))
        assert arrays["query_starts"][-1] <= TOKENS

    fits()
    for first in space.first:
        assert Given(Built(), first).new_count <= TOKENS


def test_an_answer_without_the_kernel_is_a_finding() -> None:
    attended = replace(right(), looks=0)
    kernel: Any = SimpleNamespace(attend=lambda *_: attended)
    assert "was not run" in next(judged(kernel, Built(), wrong_output)(BATCH))


def told(probe: Probe, runs: str = "FlashAttention", looks: int = 1) -> Told:
    answers = []
    for prompt in prompts_of(probe):
        rows = probe.oracle.log_probabilities([*prompt.tokens, *prompt.answer])
        said = rows[len(prompt.tokens) - 1 : -1][range(len(prompt.answer)), prompt.answer]
        answers.append(Answer(list(prompt.answer), "", {}, list(said), [], [], []))
    return Told(runs, looks, answers)


def test_an_engine_is_judged_by_its_attention_and_its_answers(probe: Probe) -> None:
    assert not list(wrong_engine(told(probe), probe))
    assert "NativeAttention answered" in next(wrong_engine(told(probe, "NativeAttention"), probe))
    assert "seen at work 0 times" in next(wrong_engine(told(probe, looks=0), probe))
    wrong = told(probe)
    wrong.answers[1].tokens[3:4] = [0]
    assert "token 3 is 0" in next(wrong_engine(wrong, probe))
    late = told(probe)
    late.answers[2].output[0] += 1e-3
    assert "'a page and one': output" in next(wrong_engine(late, probe))


WORDS = np.array([[0x00020001, 0x00040003], [0x00060005, 0x00080007]], np.uint32)
HALVES = np.array([[1, 3], [2, 4], [5, 7], [6, 8]], np.uint16)


def test_a_word_holds_neighbouring_rows() -> None:
    assert np.array_equal(retyped(WORDS, "uint16"), HALVES)
    assert np.array_equal(retyped(HALVES, "uint32"), WORDS)
    assert np.array_equal(retyped(WORDS, "float32").view(np.uint32), WORDS)


def at(*indices: Any) -> SimpleNamespace:
    return SimpleNamespace(indices=indices)


def some(start: int, size: int, stride: int = 1) -> SimpleNamespace:
    return SimpleNamespace(start=start, size=size, stride=stride)


AS_HALVES = SimpleNamespace(dtype="uint16")
IN_A_ROW = SimpleNamespace(dtype=np.uint16, shape=(2, 4))


def test_memory_is_seen_in_one_way_after_the_other() -> None:
    assert look(WORDS, [AS_HALVES, at(some(0, 2, 2), 1)]).tolist() == [3, 7]
    assert look(WORDS, [AS_HALVES, IN_A_ROW, at(1)]).tolist() == [5, 7, 6, 8]


def test_what_is_written_is_seen_there_and_nothing_else_changes() -> None:
    ways = [AS_HALVES, IN_A_ROW, at(1, some(1, 2))]
    after = put(WORDS, ways, np.array([70, 60], np.uint16))
    assert retyped(after, "uint16").tolist() == [[1, 3], [2, 4], [5, 70], [60, 8]]
    assert WORDS[1, 0] == 0x00060005


def test_an_edit_changes_what_it_says_and_must_be_found_once() -> None:
    always = edited(fnmatch, "fnmatchcase", (r"is not None", "is None"))
    assert always("a", "b")
    assert not fnmatch.fnmatchcase("a", "b")
    with pytest.raises(LookupError, match=r"0 times in fnmatch\.fnmatchcase"):
        edited(fnmatch, "fnmatchcase", ("is never there", ""))


def test_an_interpreter_that_is_elsewhere_is_said() -> None:
    """There is none in the suite's own environment."""
    with pytest.raises(Moved, match=r"no jax\._src\.state\.types"):
        teach()
