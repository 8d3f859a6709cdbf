"""GRPO runs again: with the same seed, from a checkpoint, beside other requests.

Engines of the first two serve one request at a time: what they sample then depends on no timing.
"""

from fixtures import grpo_run, grpo_twins
from fixtures.grpo_plans import AGAIN, ALONE, DISTURBED, RESUMED
from fixtures.grpo_records import Run
from fixtures.promises import promise
from fixtures.trainer import Trainer
from fixtures.verify import no_findings
from reports.model import Level

ALIKE = "the same completions, reports, parameters and optimizer's state, bit for bit"
OWN = "other completions in each rollout, and from each member of a group"
AS_STRAIGHT = "the parameters, optimizer's state, counts and reports of the run that went on"
RESTORED = "each leaf is the restored actor's parameter, to the last bit"
AS_ALONE = "the parameters, optimizer's state and reports of a run with nothing beside it"

DRAWS = "see what the engine's draws depend on beside random_seed and the step"
RESTORING = "compare what a checkpoint of tunix has with what is restored from it"
FIRST_SYNC = "see GRPO-12; sync_weights() before train() is a way round"
SHARED = "see which arrays trainer and engine share, and GRPO-13"


@promise("GRPO-9", lanes=["cpu", "tpu"], faults=["engine-seeds-itself"])
def test_same_seed_gives_same_run(trainer: Trainer) -> None:
    """Two runs with the same seed MUST be the same, bit for bit, completions and all."""
    one, other = trainer.run(ALONE), trainer.run(AGAIN)
    no_findings(
        [*grpo_twins.said_otherwise(other, one), *grpo_twins.diverged(other, one)],
        required=ALIKE,
        next_step=DRAWS,
    )


@promise(
    "GRPO-9b",
    lanes=["cpu", "tpu"],
    faults=["each-rollout-draws-alike", "draw-key-restarts-with-each-prefill"],
)
def test_each_rollout_draws_anew(idle_run: Run) -> None:
    """With the same weights each rollout MUST say something else, and so must each of a group."""
    no_findings(grpo_twins.said_again(idle_run), required=OWN, next_step=DRAWS)


@promise(
    "GRPO-12",
    lanes=["cpu", "tpu"],
    faults=[
        "optimizer-is-not-restored",
        "parameters-are-not-restored",
        "counts-are-not-restored",
        "data-begin-anew",
    ],
)
def test_resumed_run_equals_the_straight_one(trainer: Trainer) -> None:
    """A run resumed from a checkpoint MUST end as the one that went on, given its completions."""
    straight = trainer.run(ALONE)
    resumed = trainer.resume(RESUMED, straight, step=1)
    no_findings(
        [
            *grpo_twins.asked_otherwise(resumed, straight, since=1),
            *grpo_twins.diverged(resumed, straight, since=1),
        ],
        required=AS_STRAIGHT,
        next_step=RESTORING,
    )


@promise(
    "GRPO-12b",
    lanes=["cpu", "tpu"],
    level=Level.SHOULD,
    faults=["resumed-runs-sync-first", "resumed-runs-sync-the-reference-first"],
)
def test_resumed_engine_holds_the_actor(trainer: Trainer) -> None:
    """Before the first rollout of a resumed run the engine SHOULD hold the restored actor."""
    resumed = trainer.resume(RESUMED, trainer.run(ALONE), step=1)
    no_findings(grpo_run.unsynced_at_first(resumed), required=RESTORED, next_step=FIRST_SYNC)


@promise(
    "GRPO-13b",
    lanes=["cpu", "tpu"],
    faults=["busy-engine-halves-advantages"],
)
def test_training_is_not_disturbed(trainer: Trainer) -> None:
    """Steps MUST have the same numbers while the engine generates for somebody else."""
    alone = trainer.run(ALONE)
    disturbed = trainer.replay(DISTURBED, alone)
    no_findings(
        [
            *grpo_twins.undisturbed(disturbed),
            *grpo_run.astray(disturbed),
            *grpo_twins.diverged(disturbed, alone),
        ],
        required=AS_ALONE,
        next_step=SHARED,
    )
