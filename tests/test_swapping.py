"""What judges a swap finds nothing in right answers, and something in each kind of wrong one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from fixtures.answers import LOG_PROBABILITY_BOUND, Answer
from fixtures.oracle import Oracle
from fixtures.probes import Probe
from fixtures.swap_state import (
    ONE_LEAF,
    compiled_anew,
    conversations_of,
    leaked,
    wrong_outputs,
)
from fixtures.swapping import (
    BRIEF,
    Exam,
    crossed,
    distinguishable,
    exam_for,
    exam_of,
    roll_call,
    small_step,
    unheard,
)
from fixtures.teaching import round_to_bfloat16

BOUND = LOG_PROBABILITY_BOUND["float32"]
CLEARLY = 10 * BOUND


def honest(oracle: Oracle, prompt: Sequence[int], count: int = 3) -> Answer:
    tokens = oracle.greedy(prompt, count).tokens
    rows = oracle.log_probabilities([*prompt, *tokens])
    said = [float(row[token]) for row, token in zip(rows, [*prompt[1:], *tokens], strict=False)]
    border = len(prompt) - 1
    return Answer(tokens, "", {}, said[border:], [None, *said[:border]], [], [])


def honestly(oracle: Oracle, exam: Exam) -> list[Answer]:
    return [honest(oracle, prompt) for prompt in exam.prompts]


def findings(oracle: Oracle, exam: Exam, answers: list[Answer]) -> list[str]:
    return list(exam.findings(oracle, answers, BOUND))


def nudged(answer: Answer, by: float) -> Answer:
    return replace(answer, output=[answer.output[0] + by, *answer.output[1:]])


def test_right_answers_pass(probe: Probe) -> None:
    exam = exam_of(probe)
    assert findings(probe.oracle, exam, honestly(probe.oracle, exam)) == []


def test_a_wrong_log_probability_of_an_answer_is_found(probe: Probe) -> None:
    exam = exam_of(probe)
    *others, last = honestly(probe.oracle, exam)
    assert len(findings(probe.oracle, exam, [*others, nudged(last, 2 * BOUND)])) == 1


def test_a_wrong_log_probability_of_a_prompt_is_found(probe: Probe) -> None:
    exam = exam_of(probe)
    *others, last = honestly(probe.oracle, exam)
    wrong = replace(last, input=[*last.input[:-1], 0.0])
    assert len(findings(probe.oracle, exam, [*others, wrong])) == 1


def test_what_is_no_number_says_nothing_about_weights(probe: Probe, other_probe: Probe) -> None:
    exam = exam_of(probe)
    mute = [replace(each, input=[None] * len(each.input)) for each in honestly(probe.oracle, exam)]
    assert findings(probe.oracle, exam, mute) == []
    assert findings(other_probe.oracle, exam, mute)


def test_a_worse_token_is_found_though_its_log_probability_is_right(probe: Probe) -> None:
    exam = exam_of(probe)
    prompt = exam.prompts[0]
    answers = honestly(probe.oracle, exam)
    row = probe.oracle.log_probabilities(prompt)[-1]
    worse = int(row.argmin())
    answers[0] = replace(answers[0], tokens=[worse], output=[float(row[worse])])
    (phrase,) = findings(probe.oracle, exam, answers)
    assert f"is {worse}, and {row.argmax()} would have been better" in phrase


def test_stale_answers_of_the_other_weights_are_found(probe: Probe, other_probe: Probe) -> None:
    exam = exam_of(probe)
    stale = honestly(probe.oracle, exam)
    assert len(findings(other_probe.oracle, exam, stale)) > len(exam.prompts)
    assert len(list(wrong_outputs(other_probe.oracle, exam, stale, BOUND))) > len(exam.prompts)


def test_each_leaf_put_back_alone_can_be_heard(probe: Probe, other_probe: Probe) -> None:
    exam = exam_of(probe)
    for name, tensor in probe.tensors.items():
        mixed = other_probe.oracle_with({name: tensor})
        assert apart(other_probe.oracle, mixed, exam) > CLEARLY, name


def test_the_one_leaf_under_a_prefix_cache_can_be_heard(probe: Probe, other_probe: Probe) -> None:
    mixed = other_probe.oracle_with({ONE_LEAF: probe.tensors[ONE_LEAF]})
    answers = honestly(other_probe.oracle, exam_of(probe))
    assert list(wrong_outputs(mixed, exam_of(probe), answers, BOUND))


def test_a_small_step_is_lost_in_bfloat16_and_heard_in_float32(probe: Probe) -> None:
    stepped = small_step(probe.tensors)
    for name, tensor in probe.tensors.items():
        assert np.array_equal(round_to_bfloat16(stepped[name]), tensor)
        assert stepped[name].flat[0] == tensor.flat[0]
    assert apart(probe.oracle, probe.oracle_with(stepped), exam_of(probe)) > CLEARLY


@pytest.mark.parametrize("rounded", ["lm_head.weight", "model.layers.0.self_attn.q_norm.weight"])
def test_a_small_step_lost_in_one_leaf_is_heard(probe: Probe, rounded: str) -> None:
    stepped = small_step(probe.tensors)
    other = {**stepped, rounded: probe.tensors[rounded]}
    exam = exam_of(probe)
    assert apart(probe.oracle_with(stepped), probe.oracle_with(other), exam) > BOUND


def test_crossed_weights_answer_as_neither(probe: Probe, other_probe: Probe) -> None:
    mixed, exam = probe.oracle_with(crossed(probe, other_probe)), exam_of(probe)
    assert min(apart(mixed, probe.oracle, exam), apart(mixed, other_probe.oracle, exam)) > CLEARLY


def apart(one: Oracle, other: Oracle, exam: Exam) -> float:
    rows = [
        np.abs(one.log_probabilities(prompt) - other.log_probabilities(prompt))
        for prompt in exam.prompts
    ]
    return max(float(np.max(row)) for row in rows)


def test_the_exam_for_a_leaf_goes_on_until_it_is_heard(probe: Probe) -> None:
    for name in probe.tensors:
        heard = probe.heard_after(name)
        exam = exam_for(probe, heard)
        assert exam.prompts[0] == heard.tokens
        assert exam.sampling[0]["max_new_tokens"] >= len(heard.answer)
        assert len(exam.prompts) == len(probe.prompts)


def test_an_unheard_leaf_is_found(probe: Probe) -> None:
    heard = probe.heard_after("lm_head.weight")
    before = honest(probe.oracle, heard.tokens, 16)
    after = replace(before, tokens=[*heard.answer, 5])
    assert list(unheard(heard, before))
    assert not list(unheard(heard, after))


def test_the_roll_call_reads_every_token_and_asks_for_all_but_the_last(probe: Probe) -> None:
    prompts = [prompt for exam in roll_call(probe) for prompt in exam.prompts]
    everybody = set(range(probe.recipe.shape.vocab_size))
    assert {token for prompt in prompts for token in prompt} == everybody
    assert {t for prompt in prompts for t in prompt[1:]} == everybody - {max(everybody)}


def test_conversations_go_on_after_the_probes_own_answers(probe: Probe) -> None:
    exam = conversations_of(probe)
    assert len(exam.prompts) == len(exam.sampling) > len(probe.prompts)
    for longer in exam.prompts[len(probe.prompts) :]:
        answered = [p for p in probe.prompts.values() if longer[: len(p.tokens)] == p.tokens]
        assert any(longer == [*p.tokens, *p.answer[:3]] for p in answered)


def test_the_same_bits_are_indistinguishable(probe: Probe) -> None:
    rounds = [honestly(probe.oracle, exam_of(probe))] * 3
    assert not list(distinguishable(rounds, rounds, "float32"))


def test_one_rounding_in_one_round_is_no_difference(probe: Probe) -> None:
    usual = honestly(probe.oracle, exam_of(probe))
    rounded = [nudged(usual[0], 1e-7), *usual[1:]]
    assert not list(distinguishable([usual] * 3, [usual, rounded, usual], "float32"))


@pytest.mark.parametrize("by", [1e-7, np.nan])
def test_one_rounding_in_every_round_is_a_difference(probe: Probe, by: float) -> None:
    usual = honestly(probe.oracle, exam_of(probe))
    rounded = [nudged(usual[0], by), *usual[1:]]
    assert len(list(distinguishable([usual] * 3, [rounded] * 3, "float32"))) == 1


def test_what_the_control_does_itself_is_no_difference(probe: Probe) -> None:
    usual = honestly(probe.oracle, exam_of(probe))
    rounded = [nudged(usual[0], 1e-7), *usual[1:]]
    assert not list(distinguishable([usual, rounded], [rounded] * 3, "float32"))


@pytest.mark.parametrize("by", [2 * BOUND, np.nan])
def test_one_wrong_round_is_a_difference(probe: Probe, by: float) -> None:
    usual = honestly(probe.oracle, exam_of(probe))
    wrong = [nudged(usual[0], by), *usual[1:]]
    assert len(list(distinguishable([usual] * 3, [usual, wrong, usual], "float32"))) == 1


def test_a_rounding_step_of_bfloat16_is_allowed_in_bfloat16_only(probe: Probe) -> None:
    usual = honestly(probe.oracle, exam_of(probe))
    stepped = [nudged(usual[0], 2.0**-5), *usual[1:]]
    assert not list(distinguishable([usual], [stepped], "bfloat16"))
    assert list(distinguishable([usual], [stepped], "float32"))


def test_another_token_or_a_missing_value_is_a_difference(probe: Probe) -> None:
    usual = honestly(probe.oracle, exam_of(probe))
    other = [replace(usual[0], tokens=[1, 2, 3]), *usual[1:]]
    short = [replace(usual[0], input=usual[0].input[:-1], output=usual[0].output[1:]), *usual[1:]]
    assert "token 0 is 1" in next(distinguishable([usual], [other], "float32"))
    assert list(distinguishable([usual], [short], "float32"))


def test_a_trace_or_a_lowering_is_found() -> None:
    quiet = {"traces": 0, "lowerings": 0}
    assert not list(compiled_anew([quiet, quiet]))
    (phrase,) = compiled_anew([quiet, {"traces": 0, "lowerings": 1}])
    assert phrase == "swap 2: 0 traces, 1 lowerings"


def test_more_arrays_more_bytes_and_old_leaves_are_found() -> None:
    first = {"arrays": {"0": 5}, "bytes": {"0": 50}, "alive": []}
    assert not list(leaked(first, first))
    assert not list(leaked(first, {"arrays": {"0": 4}, "bytes": {"0": 40}, "alive": []}))
    more = {"arrays": {"0": 6}, "bytes": {"0": 50, "1": 1}, "alive": ["a.scale of swap 1"]}
    assert len(list(leaked(first, more))) == 3


def test_brief_answers_decode_too() -> None:
    assert BRIEF["max_new_tokens"] >= 2
