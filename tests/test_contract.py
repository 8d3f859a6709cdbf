"""The wishes about an answer's end follow from the probe, and what differs from them is found."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from fixtures import refusals, seeding, wishes
from fixtures.answers import Answer
from fixtures.checkpoints import EOS
from fixtures.contract import Outcome, Wish, ungranted
from fixtures.penalties import (
    LOUDNESS,
    MISTAKES,
    UNHEARABLE,
    Penalty,
    cases,
    least_lengths,
    path,
    penalised,
)
from fixtures.perturbing import MARGIN
from fixtures.probes import Probe
from fixtures.tokenizer import decode

HEAD = "lm_head.weight"


def answer_of(tokens: Sequence[int], finish: dict[str, object], text: str) -> Answer:
    raw = {"output_ids": list(tokens), "text": text, "meta_info": {"finish_reason": finish}}
    return Answer.read(raw)


def grant(wish: Wish) -> Outcome:
    """What an engine does that keeps its contract."""
    if wish.tokens is None:
        return Outcome([], "ValueError: no")
    text = decode(list(wish.tokens)) if wish.text is None else wish.text
    return Outcome([answer_of(wish.tokens, dict(wish.finish), text)] * wish.answers)


def all_wishes(probe: Probe) -> list[Wish]:
    prompts = list(probe.prompts.values())
    _, renamed = wishes.ending(probe, prompts[2].answer[6])
    return [
        *wishes.lengths(prompts),
        *wishes.stop_ids(prompts),
        *wishes.stop_strings(prompts),
        *wishes.end_of_sequence(renamed),
        *wishes.ignored_end_with_stops(prompts),
        *wishes.several(prompts),
        *wishes.from_one_batch(prompts, 2),
        *refusals.impossible(prompts[2].tokens, 64),
    ]


def test_granted_wishes_are_accepted(probe: Probe) -> None:
    asked = all_wishes(probe)
    assert list(ungranted(asked, map(grant, asked))) == []


def a_token_more(outcome: Outcome) -> Outcome:
    return Outcome([replace(a, tokens=[*a.tokens, 77]) for a in outcome.answers])


def a_token_less(outcome: Outcome) -> Outcome:
    return Outcome([replace(a, tokens=a.tokens[:-1] or [9]) for a in outcome.answers])


def another_text(outcome: Outcome) -> Outcome:
    return Outcome([replace(a, text=f"{a.text}!") for a in outcome.answers])


def another_finish(outcome: Outcome) -> Outcome:
    return Outcome([replace(a, finish={"type": "abort"}) for a in outcome.answers])


def one_answer_less(outcome: Outcome) -> Outcome:
    return Outcome(outcome.answers[:-1])


def an_error(_: Outcome) -> Outcome:
    return Outcome([], "ValueError: no")


@pytest.mark.parametrize(
    "harm",
    [a_token_more, a_token_less, another_text, another_finish, one_answer_less, an_error],
)
def test_every_wish_that_is_not_granted_is_found(
    probe: Probe, harm: Callable[[Outcome], Outcome]
) -> None:
    for wish in all_wishes(probe):
        if wish.tokens is not None:
            assert list(ungranted([wish], [harm(grant(wish))])), wish.name


def test_an_answer_to_the_impossible_is_found(probe: Probe) -> None:
    for wish in refusals.impossible(probe.prompts["a page"].tokens, 64):
        assert list(ungranted([wish], [Outcome([answer_of([1], {}, "")])]))


def test_a_lost_outcome_is_found(probe: Probe) -> None:
    asked = wishes.lengths(list(probe.prompts.values()))
    assert list(ungranted(asked, list(map(grant, asked))[:-1]))


def test_a_refusal_is_accepted_only_where_it_may_be() -> None:
    wish = Wish("w", [7], {}, [8])
    refused = [Outcome([], "ValueError: no")]
    assert list(ungranted([wish], refused))
    assert not list(ungranted([replace(wish, or_refused=True)], refused))


def test_tokens_of_a_stop_string_may_follow_but_no_others() -> None:
    wish = Wish("w", [7], {}, [70, 71], text="AB", slack=[72, 73])
    for tokens in ([70, 71], [70, 71, 72], [70, 71, 72, 73]):
        assert not list(ungranted([wish], [Outcome([answer_of(tokens, {}, "AB")])]))
    for tokens in ([70], [70, 71, 73], [70, 71, 72, 73, 74]):
        assert list(ungranted([wish], [Outcome([answer_of(tokens, {}, "AB")])]))


def test_exchanged_ids_exchange_the_answer_and_nothing_else(probe: Probe) -> None:
    token = probe.prompts["a page"].answer[6]
    tensors, prompts = wishes.ending(probe, token)
    oracle = probe.oracle_with(tensors)
    for prompt in prompts:
        assert oracle.greedy(prompt.tokens, 16, margin=MARGIN).tokens == prompt.answer
    assert any(prompt.answer[6] == EOS for prompt in prompts)


def test_a_path_without_penalties_is_the_oracles(probe: Probe) -> None:
    prompt = probe.prompts["Chinese"]
    assert path(probe.oracle, prompt.tokens, Penalty(), MARGIN).tokens == prompt.answer


def test_the_cases_tell_every_mistake(probe: Probe) -> None:
    loud = probe.oracle_with({HEAD: probe.tensors[HEAD] * LOUDNESS})
    kinds = ["frequency", "presence", "both", "repetition"]
    told = set().union(*(case.tells for case in cases(loud, MARGIN, kinds)))
    assert told >= {(k, name) for k in kinds for name in MISTAKES if (k, name) not in UNHEARABLE}


def test_each_penalised_prompt_is_asked_without_a_penalty_too(probe: Probe) -> None:
    loud = probe.oracle_with({HEAD: probe.tensors[HEAD] * LOUDNESS})
    found = cases(loud, MARGIN, ["frequency"])
    asked = list(penalised(loud, found, MARGIN))
    plain = [tuple(wish.prompt) for wish in asked if set(wish.asked) == {"max_new_tokens"}]
    assert {tuple(case.prompt) for case in found} == set(plain)


def test_a_stop_is_asked_for_just_in_time_and_too_early(probe: Probe) -> None:
    loud = probe.oracle_with({HEAD: probe.tensors[HEAD] * LOUDNESS})
    asked = list(least_lengths(loud, list(probe.prompts.values()), MARGIN))
    timely = [wish for wish in asked if wish.finish["type"] == "stop"]
    lengths = [(len(wish.tokens or ()), wish.asked["min_new_tokens"]) for wish in timely]
    assert any(length == least for length, least in lengths)
    assert all(length >= least for length, least in lengths)
    early = [w for w in asked if w.asked.get("stop_token_ids") and w not in timely]
    assert all(not {*w.asked["stop_token_ids"]} & {*(w.tokens or ())} for w in early)


def test_answers_that_are_cut_short_are_found() -> None:
    asked = refusals.at_the_edge(70, 64)
    full = [Outcome([answer_of([70] * wish.asked["max_new_tokens"], {}, "")]) for wish in asked]
    assert not list(refusals.cut_short(asked, full))
    assert not list(refusals.cut_short(asked, [Outcome([], "ValueError: no")] * len(asked)))
    cut = [Outcome([replace(o.answers[0], tokens=o.answers[0].tokens[1:])]) for o in full]
    assert len(list(refusals.cut_short(asked, cut))) == len(asked)


SEEDED: dict[int | None, list[int]] = {1: [5, 6, 7], 2: [6, 7, 5]}


def test_repeated_seeds_are_accepted() -> None:
    others: list[tuple[str, seeding.Answers]] = [
        ("again", SEEDED),
        ("beside", {**SEEDED, None: [9, 9, 8]}),
    ]
    assert not list(seeding.unrepeated(SEEDED, iter(others)))


@pytest.mark.parametrize(
    "others",
    [{1: [5, 6, 8], 2: [6, 7, 5]}, {1: [6, 7, 5], 2: [5, 6, 7]}, {**SEEDED, None: [5, 6, 7]}],
)
def test_other_answers_to_a_seed_are_found(others: dict[int | None, list[int]]) -> None:
    assert list(seeding.unrepeated(SEEDED, iter([("again", others)])))


@pytest.mark.parametrize("answers", [{1: [5, 6, 7], 2: [5, 6, 7]}, {1: [5, 5, 5]}])
def test_seeds_that_change_nothing_are_found(answers: dict[int | None, list[int]]) -> None:
    assert list(seeding.alike(answers))
