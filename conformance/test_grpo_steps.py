"""How many steps a whole GRPO run makes, and with how many syncs, by its sizes of batches."""

from fixtures import grpo_completions, grpo_run
from fixtures.grpo_plans import HALVES, OVER, PARTS, SIZES, TWICE
from fixtures.promises import promise
from fixtures.trainer import Trainer
from fixtures.verify import no_findings
from reports.model import Tier

COUNTS = "as many of each as batch, mini-batch and micro-batch say, and every report finite"
SAMPLED = "the log-probabilities that the engine sampled with, within the stated bounds"
LAST = "the step that was asked for is the last"

LOOP = "see how often the learner calls update_actor and sync_weights, and when it stops"
POLICY = "see where old log-probabilities come from, and which steps the actor has made since"
SCORES = "see whom RLCluster.get_old_per_token_logps asks, and whether that one has a model"


@promise(
    "GRPO-1c",
    lanes=["cpu", "tpu"],
    faults=["micro-batches-are-steps", "mini-batches-are-forgotten", "step-is-skipped"],
)
def test_steps_follow_the_sizes(trainer: Trainer) -> None:
    """Each mini-batch MUST be one step, of all its micro-batches, and each batch one sync."""
    found = [*grpo_run.miscounted(trainer.run(HALVES)), *grpo_run.miscounted(trainer.run(PARTS))]
    no_findings(found, required=COUNTS, next_step=LOOP)


@promise(
    "GRPO-4d",
    lanes=["cpu", "tpu"],
    faults=[
        "old-scores-come-from-the-rollout",
        "old-scores-come-from-the-rollout-before",
        "old-scores-come-from-another-of-the-group",
    ],
)
def test_old_scores_are_those_of_the_sampling_policy(trainer: Trainer) -> None:
    """What is sampled before a step and learnt from after it MUST be compared with what it was."""
    found = grpo_completions.outdated(trainer.run(HALVES))
    no_findings(found, required=SAMPLED, next_step=POLICY)


@promise(
    "GRPO-1d",
    lanes=["cpu", "tpu"],
    faults=["actor-scores-what-was-said", "actor-scores-and-learns-once"],
)
def test_completions_are_learnt_from_twice(trainer: Trainer) -> None:
    """With two iterations each batch MUST be learnt from twice before the next sync."""
    no_findings(grpo_run.miscounted(trainer.run(TWICE)), required=COUNTS, next_step=SCORES)


@promise(
    "GRPO-1e",
    lanes=["cpu", "tpu"],
    faults=["last-step-is-the-last", "last-step-is-the-one-after"],
)
def test_run_stops_within_a_batch(trainer: Trainer) -> None:
    """A run whose last step lies within a batch MUST stop there."""
    no_findings(grpo_run.overrun(trainer.run(OVER)), required=LAST, next_step=LOOP)


@promise(
    "GRPO-1f",
    lanes=["cpu", "tpu"],
    tier=Tier.NIGHTLY,
    faults=["micro-batches-are-steps", "mini-batches-are-forgotten"],
)
def test_steps_follow_all_sizes(trainer: Trainer) -> None:
    """Of all sizes of mini- and micro-batches steps, updates and syncs MUST be as many as due."""
    found = [found for plan in SIZES for found in grpo_run.miscounted(trainer.run(plan))]
    no_findings(found, required=COUNTS, next_step=LOOP)
