"""How GRPO runs end: with a policy that has learnt, or with a word of what went wrong."""

from fixtures import grpo_completions, grpo_endings, grpo_run
from fixtures.grpo_plans import BLANK, BROKEN, CRAMPED, LEARNING, RAISING, STUCK
from fixtures.promises import promise
from fixtures.trainer import Trainer
from fixtures.verify import no_findings
from pinproof_cell.grpo_trouble import COMPLAINT, LOSS

RISES = "a share of rewarded letters from at most 0.2 in the beginning to 0.5 in the end"
SAID = "an error that says so, after the one step before, whose parameters are kept"
WHOLE = "all steps, with completions that the trainer's own numbers agree with"

FLOW = "see GRPO-2, 3, 5 and 6: which of losses, advantages, steps and syncs is wrong?"
ERRORS = "see what becomes of an error on its way from the rollout's thread to train()"
PATIENCE = "see who waits for the engine's answer, and for how long"
WORD = "see what the engine does with an error in its loop, and who hears of it"
ROOM = "see CONC-5: does the engine set requests back rightly?"


@promise(
    "GRPO-11",
    lanes=["cpu", "tpu"],
    faults=["rewards-are-all-alike", "sync-is-a-no-op", "advantages-change-their-sign"],
)
def test_policy_learns(trainer: Trainer) -> None:
    """Within 20 steps the engine MUST say what is rewarded five times as often."""
    no_findings(grpo_endings.learnt_nothing(trainer.run(LEARNING)), required=RISES, next_step=FLOW)


@promise("GRPO-14", lanes=["cpu", "tpu"], faults=["errors-of-judges-are-swallowed"])
def test_error_of_a_reward_ends_the_run(trainer: Trainer) -> None:
    """A reward function that raises MUST end the run with its error, the last step kept."""
    found = grpo_endings.unended(trainer.run(RAISING), COMPLAINT)
    no_findings(found, required=SAID, next_step=ERRORS)


@promise(
    "GRPO-14b",
    lanes=["cpu", "tpu"],
    faults=["blank-rewards-are-refused", "only-all-blank-rewards-are-refused"],
)
def test_blank_reward_ends_the_run(trainer: Trainer) -> None:
    """A reward that is not a number MUST end the run with an error that says so."""
    found = grpo_endings.unended(trainer.run(BLANK), "nan", "finite", "not a number")
    no_findings(found, required=SAID, next_step=ERRORS)


@promise(
    "GRPO-14c",
    lanes=["cpu", "tpu"],
    faults=["rollouts-have-a-deadline", "rollouts-have-a-deadline-that-is-only-told"],
)
def test_silent_engine_ends_the_run(trainer: Trainer) -> None:
    """An engine that gives no answer MUST end the run within a deadline, and a word of it."""
    found = grpo_endings.unended(trainer.run(STUCK), "timeout", "timed out", "no answer")
    no_findings(found, required=SAID, next_step=PATIENCE)


@promise(
    "GRPO-14d",
    lanes=["cpu", "tpu"],
    faults=["set-back-goes-on-from-elsewhere", "set-back-may-say-less"],
)
def test_little_room_changes_nothing(trainer: Trainer) -> None:
    """A rollout for which the engine has too little room at once MUST be right all the same."""
    run = trainer.run(CRAMPED)
    found = [
        *grpo_run.miscounted(run),
        *grpo_run.unsynced(run),
        *grpo_completions.misheard(run),
        *grpo_completions.mismatch(run),
    ]
    no_findings(found, required=WHOLE, next_step=ROOM)


@promise(
    "GRPO-14e",
    lanes=["cpu", "tpu"],
    faults=[
        "failures-of-the-engine-are-told",
        "failures-of-the-engine-have-no-name",
        "failures-of-the-engine-are-kept-quiet",
    ],
)
def test_engine_that_fails_ends_the_run(trainer: Trainer) -> None:
    """An engine that fails MUST end the run, not its process, with its error."""
    found = grpo_endings.unended(trainer.run(BROKEN), LOSS)
    no_findings(found, required=SAID, next_step=WORD)
