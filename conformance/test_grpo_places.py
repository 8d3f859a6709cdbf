"""GRPO runs with the engine elsewhere, on two devices, and with rounder numbers."""

from collections.abc import Iterator

from fixtures import grpo_completions, grpo_run
from fixtures.grpo_plans import REVERSED, ROUNDED, SHARED_OUT
from fixtures.grpo_records import Run
from fixtures.promises import promise
from fixtures.trainer import Trainer
from fixtures.verify import no_findings

AS_USUAL = "the actor's leaves on the rollout's devices, and the oracle's answers"
ROUNDED_ONCE = "the actor's leaves rounded to bfloat16, and differences within the stated bounds"

MESHES = "compare the meshes of the roles with the devices that each was given; see GRPO-6"
DTYPES = "see where weights are cast on their way to the engine; see GRPO-6 and GRPO-7"


def _unlike_the_actor(run: Run) -> Iterator[str]:
    yield from grpo_run.astray(run)
    yield from grpo_run.unsynced(run)
    yield from grpo_run.misspoken(run)


@promise(
    "GRPO-6c",
    lanes=["cpu", "tpu"],
    faults=["rollout-is-on-the-first-device", "sync-is-a-no-op"],
)
def test_engine_may_be_on_the_last_device(trainer: Trainer) -> None:
    """With the trainer on the first devices the engine MUST hold and speak the actor as well."""
    no_findings(_unlike_the_actor(trainer.run(REVERSED)), required=AS_USUAL, next_step=MESHES)


@promise(
    "GRPO-6d",
    lanes=["cpu", "tpu"],
    faults=["sync-transposes-a-square-matrix", "sync-is-every-second-step"],
)
def test_engine_may_be_on_two_devices(trainer: Trainer) -> None:
    """On two devices the engine MUST hold, part by part, and speak the actor as well."""
    no_findings(_unlike_the_actor(trainer.run(SHARED_OUT)), required=AS_USUAL, next_step=MESHES)


@promise(
    "GRPO-7d",
    lanes=["cpu", "tpu"],
    faults=["sync-is-a-no-op", "rollout-ignores-the-temperature", "sync-leaves-out-a-leaf"],
)
def test_rounded_engine_agrees_with_the_trainer(trainer: Trainer) -> None:
    """An engine in bfloat16 MUST hold the actor rounded once, and agree with it but for that."""
    run = trainer.run(ROUNDED)
    found = [*grpo_run.unsynced(run), *grpo_completions.mismatch(run)]
    no_findings(found, required=ROUNDED_ONCE, next_step=DTYPES)
