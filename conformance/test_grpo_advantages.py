"""GRPO's advantages as the pin's tunix computes them, of rewards that are made up."""

import pytest

from fixtures import grpo_learner
from fixtures.grpo_loss import Grpo
from fixtures.promises import promise
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

ADVANTAGES = "for each group its rewards less their mean, over their standard deviation"
ZEROS = "zeros and no NaN; of groups of one also a refusal that names the setting"
APART = "other advantages for that group, and the same bits for all others"
ESTIMATOR = "look at the advantage estimator, and at how completions are put into groups"


@promise(
    "GRPO-3",
    lanes=["cpu", "tpu"],
    faults=[
        "advantages-are-not-centred",
        "advantages-are-not-divided",
        "advantages-have-the-spread-of-a-population",
        "advantages-are-of-mixed-groups",
        "advantages-are-of-the-whole-batch",
    ],
)
def test_advantages_are_normalised_by_group(grpo: Grpo) -> None:
    """Advantages MUST be normalised by group: in standard deviations, with a sum of zero."""
    no_findings(grpo_learner.wrong_advantages(grpo), required=ADVANTAGES, next_step=ESTIMATOR)


@promise(
    "GRPO-3b",
    lanes=["cpu", "tpu"],
    faults=["advantages-divide-by-nothing", "advantages-are-not-centred"],
)
def test_equal_rewards_teach_nothing(grpo: Grpo) -> None:
    """Equal rewards MUST give advantages of zero, whatever they are."""
    no_findings(grpo_learner.unequal(grpo), required=ZEROS, next_step=ESTIMATOR)


@promise("GRPO-3c", lanes=["cpu", "tpu"], faults=["groups-of-one-are-let-in"])
def test_groups_of_one_teach_nothing(grpo: Grpo) -> None:
    """Groups of one MUST be refused with words, or give advantages of zero."""
    no_findings(
        grpo_learner.lone(grpo),
        required=ZEROS,
        next_step=ESTIMATOR,
    )


@promise(
    "GRPO-3d",
    lanes=["cpu", "tpu"],
    faults=["advantages-are-of-mixed-groups", "advantages-are-of-the-whole-batch"],
)
def test_groups_are_kept_apart(grpo: Grpo) -> None:
    """Rewards for completions to one prompt MUST change no other prompt's advantages."""
    no_findings(
        grpo_learner.mixed(grpo),
        required=APART,
        next_step=ESTIMATOR,
    )
