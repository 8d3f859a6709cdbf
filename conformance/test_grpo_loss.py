"""GRPO's mathematics as the pin's tunix computes it: advantages, losses, gradients, steps.

On made-up completions for a tiny policy, against an oracle in float64; no engine is asked.
"""

import pytest

from fixtures import grpo_learner, grpo_loss, grpo_steps
from fixtures.checkpoints import EOS
from fixtures.grpo_batches import HOT
from fixtures.grpo_loss import Grpo
from fixtures.promises import promise
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)

LOSS = "the definition's value from the same tokens, masks, log-probabilities and advantages"
SLOPE = "the slope of the definition's loss, along the step that was made"
ZEROS = "zeros and no NaN"
ROUNDING = "the same step, but for rounding"
SAID = "a one for each token that was given or said, and for nothing else"
SAME_POLICY = "the log-probabilities of the policy that sampled, at the temperature of sampling"

TERMS = "one way of several: look there; all: at masks, log-probabilities and temperature"
FLOW = "compare with GRPO-2: is the loss wrong, or what flows back through it?"
PADDING = "see how padding is told from tokens, in the learner, in attention, in the loss"
TEMPERATURES = "compare the temperatures at which rollout, reference and policy are scored"
ACCUMULATION = "see what the optimizer does with the gradients of micro-batches"


@promise(
    "GRPO-2",
    lanes=["cpu", "tpu"],
    faults=[
        "kl-has-the-wrong-sign",
        "beta-is-ignored",
        "clip-range-is-ignored",
        "clip-has-one-side",
        "clip-is-optimistic",
        "padding-is-in-the-loss",
        "prompt-is-in-the-loss",
        "old-policy-is-the-updated-one",
    ],
)
def test_loss_is_by_definition(grpo: Grpo) -> None:
    """tunix's loss MUST be GRPO's, with a KL and without, clipped and unclipped."""
    no_findings(grpo_loss.wrong_losses(grpo), required=LOSS, next_step=TERMS)


@promise(
    "GRPO-2b",
    lanes=["cpu", "tpu"],
    faults=[
        "entropy-is-in-bits",
        "clip-fraction-is-of-the-unclipped",
        "kl-has-the-wrong-sign",
    ],
)
def test_reports_are_by_definition(grpo: Grpo) -> None:
    """KL, entropy, ratios and clipped share that tunix reports MUST be those of its batch."""
    no_findings(grpo_loss.wrong_reports(grpo), required=LOSS, next_step=TERMS)


@promise(
    "GRPO-2c",
    lanes=["cpu", "tpu"],
    faults=[
        "ratio-has-no-gradient",
        "kl-has-no-gradient",
        "embedding-has-no-gradient",
        "gradient-norm-is-squared",
        "clip-range-is-ignored",
    ],
)
def test_step_goes_down_the_gradient(grpo: Grpo) -> None:
    """A train step MUST go down the loss as steeply as the gradient norm that it reports."""
    found = grpo_steps.wrong_steps(grpo, grpo_steps.USUAL, grpo_steps.ON_POLICY)
    no_findings(found, required=SLOPE, next_step=FLOW)


@promise("GRPO-2d", lanes=["cpu", "tpu"], faults=["gradient-norm-is-squared", "beta-is-ignored"])
def test_compiled_step_is_the_same(grpo: Grpo) -> None:
    """The compiled train step MUST go down the loss as steeply, too."""
    found = grpo_steps.wrong_steps(grpo, grpo_steps.USUAL, compiled=True)
    no_findings(found, required=SLOPE, next_step=FLOW)


@promise(
    "GRPO-2e",
    lanes=["cpu", "tpu"],
    faults=[
        "advantages-are-not-centred",
        "reference-ignores-the-temperature",
        "kl-has-the-wrong-sign",
        "beta-is-ignored",
    ],
)
def test_first_loss_has_its_closed_form(grpo: Grpo) -> None:
    """The first loss MUST be beta times the KL, and all ratios 1: centred advantages cancel."""
    no_findings(grpo_learner.wrong_first_loss(grpo, HOT, 1), required=LOSS, next_step=TEMPERATURES)


@promise(
    "GRPO-2f", lanes=["cpu", "tpu"], faults=["padding-is-in-the-loss", "padding-is-attended-to"]
)
def test_padding_changes_nothing(grpo: Grpo) -> None:
    """How wide padding is, and which log-probabilities stand there, MUST change nothing."""
    no_findings(grpo_loss.wrong_paddings(grpo), required=LOSS, next_step=PADDING)


@promise(
    "GRPO-2g", lanes=["cpu", "tpu"], faults=["end-is-not-in-the-mask", "mask-covers-the-padding"]
)
def test_masks_cover_what_was_said(grpo: Grpo) -> None:
    """Masks MUST cover prompts and completions with their end, and no padding."""
    no_findings(grpo_learner.wrong_masks(grpo), required=SAID, next_step=PADDING)


@promise("GRPO-2h", lanes=["cpu", "tpu"], faults=["nothing-is-divided-by", "advantages-become-one"])
def test_nothing_is_learnt_from_nothing(grpo: Grpo) -> None:
    """Without completions, or without advantages, loss and step MUST be zero, and no NaN."""
    no_findings(grpo_steps.idle(grpo), required=ZEROS, next_step=FLOW)


@promise(
    "GRPO-2i",
    lanes=["cpu", "tpu"],
    faults=["end-counts-once-where-it-pads", "end-counts-wherever-it-pads"],
)
def test_ends_are_learnt_where_they_are_padding(grpo: Grpo) -> None:
    """Where the token that ends a completion is also the padding, masks MUST cover it, once."""
    no_findings(grpo_learner.wrong_masks(grpo, pad=EOS), required=SAID, next_step=PADDING)


@promise("GRPO-2j", lanes=["cpu", "tpu"], faults=["loss-ignores-the-temperature"])
def test_loss_is_of_the_policy_that_sampled(grpo: Grpo) -> None:
    """At a temperature other than 1 loss and reports MUST be those of the policy at that one."""
    no_findings(grpo_loss.wrong_when_hot(grpo), required=LOSS, next_step=TEMPERATURES)
    grpo.whole()


@promise("GRPO-2k", lanes=["cpu", "tpu"], faults=["empty-completions-count"])
def test_empty_completions_count_for_nothing(grpo: Grpo) -> None:
    """A completion without a token MUST change no loss and no report, whatever is averaged."""
    no_findings(grpo_loss.wrong_with_empties(grpo), required=LOSS, next_step=TERMS)
    grpo.whole()


@promise(
    "GRPO-2l",
    lanes=["cpu", "tpu"],
    faults=["kl-has-one-estimator", "loss-is-ten-times-larger"],
)
def test_each_way_has_its_own_loss(grpo: Grpo) -> None:
    """For each way to aggregate and to estimate the KL, loss and reports MUST be GRPO's."""
    no_findings(grpo_loss.wrong_ways(grpo), required=LOSS, next_step=TERMS)
    grpo.whole()


@promise(
    "GRPO-2m",
    lanes=["cpu", "tpu"],
    faults=["kl-has-no-gradient", "kl-has-one-estimator", "loss-ignores-the-temperature"],
)
def test_each_way_goes_down_its_gradient(grpo: Grpo) -> None:
    """A train step MUST go down the loss for other estimators and temperatures, too."""
    found = [
        *grpo_steps.wrong_steps(grpo, *grpo_steps.WAYS),
        *grpo_steps.wrong_steps(grpo, grpo_steps.HOT_AND_OLD, compiled=True),
    ]
    no_findings(found, required=SLOPE, next_step=FLOW)
    grpo.whole()


@promise("GRPO-4", lanes=["cpu", "tpu"], faults=["old-is-the-reference"])
def test_first_iteration_has_ratios_of_one(grpo: Grpo) -> None:
    """The first of two iterations MUST have ratios of 1, to the policy that sampled."""
    no_findings(
        grpo_learner.wrong_first_loss(grpo, 1.0, 2), required=SAME_POLICY, next_step=TEMPERATURES
    )


@promise(
    "GRPO-4b",
    lanes=["cpu", "tpu"],
    faults=["rollout-scores-at-its-temperature", "rollout-scores-at-another-temperature"],
)
def test_ratios_are_of_one_temperature(grpo: Grpo) -> None:
    """At a temperature other than 1 the first of two iterations MUST have ratios of 1, too."""
    no_findings(
        grpo_learner.wrong_first_loss(grpo, HOT, 2), required=SAME_POLICY, next_step=TEMPERATURES
    )


@promise(
    "GRPO-4c",
    lanes=["cpu", "tpu"],
    faults=["old-policy-is-the-updated-one", "old-is-the-reference"],
)
def test_second_iteration_has_the_ratios_of_its_step(grpo: Grpo) -> None:
    """The second of two iterations MUST have the ratios of the updated to the sampling policy."""
    no_findings(grpo_learner.wrong_second_loss(grpo), required=SAME_POLICY, next_step=FLOW)


@promise(
    "GRPO-10", lanes=["cpu", "tpu"], faults=["accumulation-divides-twice", "accumulation-adds-up"]
)
def test_micro_batches_make_the_same_step(grpo: Grpo) -> None:
    """Where completions are averaged, a step in micro-batches MUST be the step in one batch."""
    found = grpo_steps.told_apart(grpo, "sequence-mean-token-mean")
    no_findings(found, required=ROUNDING, next_step=ACCUMULATION)


@promise(
    "GRPO-10b", lanes=["cpu", "tpu"], faults=["accumulation-divides-twice", "accumulation-adds-up"]
)
def test_micro_batches_of_sums_make_the_same_step(grpo: Grpo) -> None:
    """Where sums of completions are averaged, micro-batches MUST make the same step, too."""
    found = grpo_steps.told_apart(grpo, "seq-mean-token-sum")
    no_findings(found, required=ROUNDING, next_step=ACCUMULATION)
    grpo.whole()
