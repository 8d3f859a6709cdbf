"""How many steps a whole GRPO run makes, and with how many syncs, by its sizes of batches."""

from fixtures import grpo_run
from fixtures.grpo_plans import HALVES, OVER, PARTS, TWICE
from fixtures.promises import promise
from fixtures.trainer import Trainer
from fixtures.verify import no_findings
from reports.model import Tier

COUNTS = "as many of each as batch, mini-batch and micro-batch say, and every report finite"
LAST = "the step that was asked for is the last"

LOOP = "see how often the learner calls update_actor and sync_weights, and when it stops"
SCORES = "see whom RLCluster.get_old_per_token_logps asks, and whether that one has a model"


@promise(
    "GRPO-1c",
    lanes=["cpu", "tpu"],
    tier=Tier.NIGHTLY,
    faults=["micro-batches-are-steps", "mini-batches-are-forgotten", "step-is-skipped"],
)
def test_steps_follow_the_sizes(trainer: Trainer) -> None:
    """Each mini-batch MUST be one step, of all its micro-batches, and each batch one sync."""
    found = [*grpo_run.miscounted(trainer.run(HALVES)), *grpo_run.miscounted(trainer.run(PARTS))]
    no_findings(found, required=COUNTS, next_step=LOOP)


@promise(
    "GRPO-1d",
    lanes=["cpu", "tpu"],
    tier=Tier.NIGHTLY,
    faults=["actor-scores-what-was-said", "actor-scores-and-learns-once"],
)
def test_completions_are_learnt_from_twice(trainer: Trainer) -> None:
    """With two iterations each batch MUST be learnt from twice before the next sync."""
    no_findings(grpo_run.miscounted(trainer.run(TWICE)), required=COUNTS, next_step=SCORES)


@promise(
    "GRPO-1e",
    lanes=["cpu", "tpu"],
    tier=Tier.NIGHTLY,
    faults=["last-step-is-the-last", "last-step-is-the-one-after"],
)
def test_run_stops_within_a_batch(trainer: Trainer) -> None:
    """A run whose last step lies within a batch MUST stop there."""
    no_findings(grpo_run.overrun(trainer.run(OVER)), required=LAST, next_step=LOOP)
