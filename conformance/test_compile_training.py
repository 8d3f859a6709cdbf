"""What the real TPU compiler says of tunix's GRPO train step, for v4, v5e, v5p, v6e and tpu7x.

With the trainer, loss and optimizer that the pin's tunix has, on the mesh that its users make.
"""

import pytest

from fixtures.compiled_training import MESH, Training
from fixtures.compiler import LONG_SECONDS
from fixtures.promises import promise
from fixtures.verify import no_findings
from reports.model import Tier


@promise(
    "AOT-8",
    lanes=["aot"],
    faults=["logits-are-kept-many-times", "loss-needs-what-no-tpu-has", "loss-asks-the-host"],
)
def test_train_step_compiles(training: Training) -> None:
    """For each TPU from v4 on tunix's GRPO train step MUST compile into the chip's memory."""
    no_findings(
        training.findings(),
        required="a program that fits and never asks the host",
        next_step="see what of the loss or the model this generation refuses",
        fsdp_and_tp=MESH,
    )


@promise("AOT-8b", lanes=["aot"], faults=["optimizer-is-not-donated"])
def test_train_step_reuses_the_optimizer(training: Training) -> None:
    """tunix's GRPO train step MUST write the optimizer's state where it is."""
    no_findings(
        training.lost(),
        required="all of the optimizer's state is aliased",
        next_step="look for the optimizer among what the train step's jit donates",
        fsdp_and_tp=MESH,
    )


@promise(
    "AOT-8c",
    lanes=["aot"],
    faults=["logits-are-kept-many-times"],
    tier=Tier.NIGHTLY,
)
@pytest.mark.timeout(LONG_SECONDS)
def test_train_step_compiles_for_a_real_width(real_training: Training) -> None:
    """For each TPU from v4 on the train step of two layers of Qwen3-4B MUST compile into it."""
    no_findings(
        real_training.findings(),
        required="a program that fits and never asks the host",
        next_step="see what takes the memory, and whether a smaller batch leaves room",
        fsdp_and_tp=MESH,
    )
