"""The GRPO run that people begin with, of a model that somebody names with `--model`."""

from fixtures.grpo_reference import Reference, unlike_the_reference
from fixtures.nursery import Cells
from fixtures.promises import promise
from fixtures.verify import no_findings

WHOLE = "all steps and syncs, finite losses of beta times the divergence, and little mismatch"
PARTS = "see which of GRPO-1, 2, 6 and 7 tells of it with the tiny model"


@promise(
    "GRPO-15",
    lanes=["cpu", "tpu"],
    faults=["step-is-skipped", "rollout-ignores-the-temperature", "advantages-are-not-centred"],
)
def test_a_real_model_is_trained(reference: Reference, cells: Cells) -> None:
    """GRPO of a real model MUST make its steps and syncs, with losses that are as they must be.

    By default ten steps on GSM8K, with the engine on two devices.
    """
    no_findings(unlike_the_reference(reference.run(cells.fresh())), required=WHOLE, next_step=PARTS)
