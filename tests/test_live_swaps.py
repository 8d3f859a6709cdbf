"""What judges a script finds every kind of wrong answer, and none in a right one."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from fixtures.live_swaps import A, B, Script, Stage
from fixtures.oracle import Oracle, Past
from fixtures.probes import Probe

PROMPT = "a page"
COUNT = 6
STARTED: Script = [("start", [PROMPT], COUNT), ("step", 3)]
RETRACTED: Script = [
    *(*STARTED, ("pause", "retract"), ("swap", B), ("flush",), ("continue",), ("finish",))
]
IN_PLACE: Script = [*STARTED, ("swap", B), ("finish",)]


@pytest.fixture(scope="module")
def probes(probe: Probe, other_probe: Probe) -> tuple[Probe, Probe]:
    return probe, other_probe


@pytest.fixture(scope="module")
def stage(probes: tuple[Probe, Probe]) -> Stage:
    a, b = probes
    tensors = {A: a.tensors, B: b.tensors}
    oracles: dict[str, Oracle | None] = {A: a.oracle, B: b.oracle}
    prompts = {name: prompt.tokens for name, prompt in a.prompts.items()}
    return Stage(cast("Any", None), prompts, tensors, oracles, bound=2e-4)


@dataclass
class Heard:
    """What an engine might answer to a script with one request."""

    tokens: list[int]
    made: list[int]
    finish: str = "length"
    error: str = ""
    ended: bool = True
    stuck: str = ""
    said: dict[int, Any] = field(default_factory=dict)

    @property
    def raw(self) -> dict[str, Any]:
        talk = {"tokens": self.tokens, "error": self.error, "ended": self.ended}
        return {
            "seen": [
                {"made": [made], "said": self.said.get(index)}
                for index, made in enumerate(self.made)
            ],
            "talks": [talk | {"finish": {"type": self.finish}}],
            "stuck": self.stuck,
        }


def tokens_of(stage: Stage, split: int, *, forget: bool) -> list[int]:
    """By A up to the split and by B from then on, computed with the oracle's own loop."""
    a, b = stage.oracles[A], stage.oracles[B]
    assert a is not None
    assert b is not None
    prompt = list(stage.prompts[PROMPT])
    first = a.greedy(prompt, split).tokens
    if forget:
        return [*first, *b.greedy([*prompt, *first], COUNT - split).tokens]
    past, tokens = Past(), list(first)
    a.hidden([*prompt, *first[:-1]], past)
    while len(tokens) < COUNT:
        row = b._logits(b.hidden(tokens[-1:], past)[-1])  # noqa: SLF001 - not by what is tested
        tokens.append(int(row.argmax()))
    return tokens


@pytest.fixture(scope="module")
def retracted(stage: Stage) -> list[int]:
    return tokens_of(stage, 3, forget=True)


@pytest.fixture(scope="module")
def in_place(stage: Stage) -> list[int]:
    return tokens_of(stage, 3, forget=False)


MADE_RETRACTED = [0, 3, 3, 3, 3, 3, COUNT]
MADE_IN_PLACE = [0, 3, 3, COUNT]


def judged(stage: Stage, script: Script, heard: Heard) -> list[str]:
    return list(stage.judge(script, heard.raw))


def test_right_answers_have_no_findings(
    stage: Stage, retracted: list[int], in_place: list[int]
) -> None:
    assert judged(stage, RETRACTED, Heard(retracted, MADE_RETRACTED)) == []
    assert judged(stage, IN_PLACE, Heard(in_place, MADE_IN_PLACE)) == []


def test_old_keys_and_new_ones_are_told_apart(
    stage: Stage, retracted: list[int], in_place: list[int]
) -> None:
    assert retracted != in_place
    assert judged(stage, RETRACTED, Heard(in_place, MADE_RETRACTED)) != []
    assert judged(stage, IN_PLACE, Heard(retracted, MADE_IN_PLACE)) != []


@pytest.mark.parametrize("index", range(COUNT))
def test_each_wrong_token_is_named(stage: Stage, retracted: list[int], index: int) -> None:
    wrong = list(retracted)
    wrong[index] = (wrong[index] + 1) % 256
    found = judged(stage, RETRACTED, Heard(wrong, MADE_RETRACTED))
    weights = A if index < 3 else B
    assert f"request 0 ({PROMPT}): by {weights}, token {index} is {wrong[index]}" in found[0]


def test_a_swap_that_counts_one_token_late_is_found(stage: Stage) -> None:
    late = tokens_of(stage, 4, forget=True)
    assert "by B, token 3" in judged(stage, RETRACTED, Heard(late, MADE_RETRACTED))[0]


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"ended": False, "finish": None}, "never ended, after 6 of 6 tokens"),
        ({"error": "oh"}, "ended with an error: oh"),
        ({"finish": "abort"}, "ended by 'abort' after 6 of 6 tokens"),
        ({"finish": "stop"}, "ended by 'stop' after 6 of 6 tokens"),
    ],
)
def test_a_wrong_end_is_found(
    stage: Stage, retracted: list[int], changes: dict[str, Any], phrase: str
) -> None:
    heard = Heard(retracted, MADE_RETRACTED, **changes)
    assert judged(stage, RETRACTED, heard) == [f"request 0 ({PROMPT}): {phrase}"]


def test_too_few_and_too_many_tokens_are_found(stage: Stage, retracted: list[int]) -> None:
    assert "after 5 of 6" in judged(stage, RETRACTED, Heard(retracted[:5], MADE_RETRACTED))[-1]
    more = Heard([*retracted, 7], [*MADE_RETRACTED[:-1], 7])
    assert "after 7 of 6" in judged(stage, RETRACTED, more)[-1]


def test_tokens_made_during_a_pause_are_found(stage: Stage, retracted: list[int]) -> None:
    heard = Heard(retracted, [0, 3, 3, 3, 4, 4, COUNT])
    assert "paused, it went on at ('flush',)" in judged(stage, RETRACTED, heard)[0]


def test_being_stuck_is_found_with_where(stage: Stage, retracted: list[int]) -> None:
    heard = Heard(retracted[:3], [0, 3], ended=False, stuck="for 60 s nothing happens")
    assert judged(stage, RETRACTED, heard) == [
        "stuck at ('pause', 'retract'): for 60 s nothing happens",
        f"request 0 ({PROMPT}): never ended, after 3 of 6 tokens",
    ]


ABORTED: Script = [("start", [PROMPT], COUNT), ("step", 1), ("abort", 0), ("finish",)]


def abort(stage: Stage, made: int, finish: str, said: list[int]) -> list[str]:
    oracle = stage.oracles[A]
    assert oracle is not None
    tokens = oracle.greedy(stage.prompts[PROMPT], made).tokens
    heard = Heard(tokens, [0, 1, min(made, 2), made], finish, said={2: [said, []]})
    return judged(stage, ABORTED, heard)


def test_what_is_on_its_way_may_end_either_way(stage: Stage) -> None:
    script: Script = [("start", [PROMPT], COUNT), ("abort", None), ("finish",)]
    for finish, made in (("abort", 0), ("length", COUNT)):
        oracle = stage.oracles[A]
        assert oracle is not None
        tokens = oracle.greedy(stage.prompts[PROMPT], made).tokens
        heard = Heard(tokens, [0, 0, made], finish, said={1: [[], [0]]})
        assert judged(stage, script, heard) == []


def test_an_abort_at_once_is_right(stage: Stage) -> None:
    assert abort(stage, 3, "abort", [0]) == []


def test_a_late_abort_and_none_at_all_are_found(stage: Stage) -> None:
    assert abort(stage, 5, "abort", [0]) != []
    assert abort(stage, COUNT, "length", [0]) != []


def test_an_abort_of_what_nobody_named_is_found(stage: Stage) -> None:
    assert abort(stage, 3, "abort", []) != []


def test_without_an_oracle_any_token_will_do(stage: Stage, retracted: list[int]) -> None:
    anything = Stage(stage.engine, stage.prompts, stage.weights, {A: None, B: None}, bound=0)
    assert judged(anything, RETRACTED, Heard([7] * COUNT, MADE_RETRACTED)) == []
    assert judged(stage, RETRACTED, Heard([7] * COUNT, MADE_RETRACTED)) != []
    assert len(retracted) == COUNT
