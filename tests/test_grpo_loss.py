"""What judges tunix's GRPO: its batches reach what they are for, and it sees what is wrong."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from fixtures import grpo_learner, grpo_loss, grpo_oracle, grpo_steps
from fixtures.checkpoints import EOS, PAD
from fixtures.grpo_batches import HOT, SHAPE, covering, made_up, padded, usual
from fixtures.grpo_loss import Grpo, tiny_models
from fixtures.grpo_oracle import Objective
from tests.grpo_telling import telling

type Way = tuple[Objective, bool]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return tiny_models(tmp_path_factory.mktemp("grpo"))


@pytest.fixture
def grpo(models: dict[str, str]) -> Grpo:
    return telling(models, None)


@pytest.mark.parametrize("temperature", [1.0, HOT])
def test_both_sides_are_clipped_for_both_signs(grpo: Grpo, temperature: float) -> None:
    scored = grpo.recorded(temperature, old=True, reference=True).scored
    signs = np.broadcast_to(scored.advantages[:, None] > 0, scored.mask.shape)
    for sign, beyond in itertools.product((True, False), (scored.ratio > 1.2, scored.ratio < 0.8)):
        assert (scored.mask & beyond & (signs == sign)).any()


@pytest.mark.parametrize("ways", [covering, usual])
def test_all_pairs_of_settings_are_tried(ways: Callable[[], Iterable[Way]]) -> None:
    tried = [
        (objective.aggregation, objective.estimator if objective.beta else "", old)
        for objective, old in ways()
    ]
    for first, second in itertools.combinations(range(3), 2):
        wanted = itertools.product(*({each[at] for each in tried} for at in (first, second)))
        assert {(each[first], each[second]) for each in tried} == set(wanted)


@pytest.mark.parametrize("empty", [False, True])
def test_one_completion_has_no_end_and_one_may_be_empty(grpo: Grpo, *, empty: bool) -> None:
    rollout = grpo.recorded(1.0, old=True, reference=True, empty=empty).rollout
    without = [said for said in rollout.completions if said[-1:] != [EOS]]
    assert [bool(said) for said in without] == [True, False][: 1 + empty]
    assert not any(PAD in row for row in (*rollout.prompts, *rollout.completions))


def test_padding_is_on_the_side_that_is_asked_for() -> None:
    assert padded([[5], [6, 7]], 3, left=True).tolist() == [[0, 0, 5], [0, 6, 7]]
    assert padded([[5], []], 2, left=False).tolist() == [[5, 0], [0, 0]]


def test_a_number_that_is_off_is_named_and_nan_is_off(grpo: Grpo) -> None:
    assert not list(grpo.off("here", {"loss": 1.0, "more": 7.0}, {"loss": 1.0, "kl": 2.0}))
    [finding] = grpo.off("there", {"loss": float("nan"), "kl": 2.1}, {"loss": 1.0, "kl": 2.0})
    assert finding == "there: loss nan instead of 1, kl 2.1 instead of 2"
    assert grpo.worst == {"here: error": 0}


def test_parameters_get_the_names_and_shapes_of_the_checkpoint(grpo: Grpo) -> None:
    heads, size, wide = SHAPE.num_attention_heads, SHAPE.head_dim, SHAPE.hidden_size
    told = {
        "embedder.input_embedding": np.zeros((SHAPE.vocab_size, wide)),
        "layers.0.attn.q_proj.w": np.zeros((wide, heads, size)),
        "layers.0.attn.k_norm.w": np.zeros(size),
        "layers.0.attn.o_proj.w": np.zeros((heads, size, wide)),
        "layers.0.input_layernorm.w": np.zeros(wide),
        "layers.0.mlp.up_proj.kernel": np.zeros((wide, SHAPE.intermediate_size)),
        "final_norm.w": np.zeros(wide),
        "lm_head.w": np.zeros((wide, SHAPE.vocab_size)),
    }
    tensors = grpo.oracles["actor"].tensors
    for name, value in grpo_steps.published(told).items():
        assert tensors[name].shape == value.shape


def test_the_slope_is_that_of_the_loss(grpo: Grpo) -> None:
    batch = grpo.recorded(1.0, old=False, reference=True)
    bias = {"final_norm.w": np.ones(SHAPE.hidden_size)}
    forth = grpo_steps.slope(grpo, batch, Objective(), 1.0, bias)
    back = grpo_steps.slope(grpo, batch, Objective(), 1.0, {"final_norm.w": -bias["final_norm.w"]})
    assert forth == pytest.approx(-back)
    assert forth


def test_a_step_from_nothing_is_seen(models: dict[str, str]) -> None:
    still: dict[str, Any] = {"loss": 0.0, "norm": 0.0, "moved": {"lm_head.w": np.zeros(3)}}
    assert not list(grpo_steps.idle(telling(models, [still, still])))
    gone = still | {"moved": {"lm_head.w": np.array([0.0, np.nan, 0.0])}}
    [finding] = grpo_steps.idle(telling(models, [still, gone]))
    assert finding == "no advantages: length nan instead of 0"


def test_more_steps_than_one_are_seen(models: dict[str, str]) -> None:
    once = {"steps": 1, "moved": {"lm_head.w": np.ones(3)}}
    assert not list(grpo_steps.told_apart(telling(models, once), "token-mean"))
    assert list(grpo_steps.told_apart(telling(models, once | {"steps": 2}), "token-mean"))


def test_a_gradient_without_a_parameter_is_seen(models: dict[str, str]) -> None:
    """It is as long as the loss is steep that way, and only across all parameters it is not."""
    grpo, (objective, temperature, _) = telling(models, None), grpo_steps.USUAL
    batch = grpo.recorded(temperature, old=True, reference=True)
    names = ("final_norm.w", "layers.0.input_layernorm.w")
    ways = [
        {name: np.eye(1, SHAPE.hidden_size, at)[0]}
        for name in names
        for at in range(SHAPE.hidden_size)
    ]
    slopes = [grpo_steps.slope(grpo, batch, objective, temperature, way) for way in ways]
    parts = np.reshape(slopes, (len(names), -1))
    whole = dict(zip(names, parts, strict=True))
    half = whole | {names[1]: np.zeros(SHAPE.hidden_size)}
    for moved, wrong in ((whole, []), (half, ["across"])):
        told = {"loss": 0.0, "norm": grpo_steps.length(moved), "moved": moved}
        found = grpo_steps.wrong_steps(telling(models, [told]), grpo_steps.USUAL, compiled=True)
        assert [finding.split("compiled: ")[1].split()[0] for finding in found] == wrong


def test_a_norm_that_no_release_of_that_time_tells_is_not_missed(models: dict[str, str]) -> None:
    moved = {"final_norm.w": np.ones(SHAPE.hidden_size)}
    found = grpo_steps.wrong_steps(telling(models, [{"moved": moved}]), grpo_steps.USUAL)
    assert [finding.split("op by op: ")[1].split()[0] for finding in found] == ["length"]


def told_of(rewards: list[float], group: int) -> dict[str, Any]:
    return {"advantages": grpo_oracle.advantages(np.array(rewards), group).astype(np.float32)}


def test_right_advantages_are_accepted_and_others_are_not(models: dict[str, str]) -> None:
    right = [
        told_of(each.rewards, group)
        for group in grpo_learner.GROUPS
        for each in grpo_learner.spread_out()
    ]
    assert not list(grpo_learner.wrong_advantages(telling(models, right)))
    right[5]["advantages"][3] += 0.001
    assert len(list(grpo_learner.wrong_advantages(telling(models, right)))) == 2


def test_equal_rewards_may_teach_nothing_and_nan_is_something(models: dict[str, str]) -> None:
    nothing = [
        {"advantages": np.zeros(grpo_learner.ROWS)}
        for _ in itertools.product(grpo_learner.GROUPS, grpo_learner.equal())
    ]
    assert not list(grpo_learner.unequal(telling(models, nothing)))
    nothing[0] = {"advantages": np.full(grpo_learner.ROWS, np.nan)}
    assert len(list(grpo_learner.unequal(telling(models, nothing)))) == 1


@pytest.mark.parametrize(
    ("told", "findings"),
    [
        ({"refusal": "num_generations must be greater than 1"}, 0),
        ({"refusal": "index out of range"}, 1),
        ({"refusal": "", "advantages": np.zeros(2)}, 0),
        ({"refusal": "", "advantages": np.array([0.0, np.nan])}, 1),
    ],
)
def test_groups_of_one_are_refused_or_left_alone(
    models: dict[str, str], told: dict[str, Any], findings: int
) -> None:
    assert len(list(grpo_learner.lone(telling(models, told)))) == findings


@pytest.mark.parametrize(("changed", "findings"), [([1], 0), ([0, 1], 1), ([], 1)])
def test_other_rewards_change_their_own_group(
    models: dict[str, str], changed: list[int], findings: int
) -> None:
    first = np.zeros((6, grpo_learner.GROUPS[-1]))
    then = first.copy()
    then[changed] = 1
    told = [{"advantages": each.reshape(-1)} for each in (first, then)]
    assert len(list(grpo_learner.mixed(telling(models, told)))) == findings


def masks(*, completion: int = 0) -> list[dict[str, Any]]:
    rollout = made_up()
    prompts = padded(rollout.prompts, max(map(len, rollout.prompts)), left=True)
    completions = padded(rollout.completions, max(map(len, rollout.completions)), left=False)
    mask = completions != PAD
    mask[1, 2] ^= bool(completion)
    return [
        {
            "prompt_ids": prompts,
            "prompt_mask": prompts != PAD,
            "completion_ids": completions,
            "completion_mask": mask,
        }
    ]


def test_a_mask_without_the_end_is_seen(models: dict[str, str]) -> None:
    assert not list(grpo_learner.wrong_masks(telling(models, masks())))
    [finding] = grpo_learner.wrong_masks(telling(models, masks(completion=1)))
    assert finding == "completion: the mask is wrong at 1 places, first at [1, 2]"


def test_each_trial_is_judged_by_its_own_expectation(models: dict[str, str]) -> None:
    trials = list(grpo_loss.trials(telling(models, None), covering(), HOT))
    told = [trial.expected for trial in trials]
    assert not list(telling(models, told).judged(trials))
    assert len(list(telling(models, told[1:] + told[:1]).judged(trials))) == len(trials)
