"""GRPO from end to end: tunix's trainer with the real engine as its rollout, on other devices.

One recorded run serves most promises: three steps, each with eight completions.
"""

from fixtures import grpo_completions, grpo_run
from fixtures.grpo_records import Run
from fixtures.promises import promise
from fixtures.verify import no_findings

APART = "the engine on the rollout's devices, all else on the trainer's"
EVERYTHING = "every token that was sampled, the one that ends a completion included"
BITS = "each leaf, on the rollout's devices, is the actor's parameter, to the last bit"
ANSWERS = "the oracle's tokens and log-probabilities for the actor's parameters"
HEARD = "ids, masks, texts and advantages of just what the engine was asked and said"
WEIGHED = "the oracle's best tokens for the actor's parameters, with their log-probabilities"
CLOSE = "differences within the stated bounds"
ASKED_FOR = "three of each, and every report finite"
NOTICED = "an error or a warning with the number of steps that were asked for"
EACH = "each parameter is another after each step"
NONE = "each parameter has the bits that it had"

MESHES = "compare the meshes of the roles with the devices that each was given"
SYNC = "look at tunix's update_params, its mapping for sglang_jax, and at what calls it"
CACHE = "see GRPO-6: are the leaves right? If so, look for prefixes that were kept"
LOOP = "see how often the learner calls update_actor and sync_weights, and when it stops"
FLOW = "compare with GRPO-2c: does a step alone go down the gradient?"
ROLLOUT = "compare SglangJaxSampler's answer with what GRPOLearner makes of it"


@promise(
    "GRPO-6",
    lanes=["cpu", "tpu"],
    faults=[
        "sync-is-a-no-op",
        "sync-is-every-second-step",
        "sync-leaves-out-a-leaf",
        "sync-transposes-a-square-matrix",
        "sync-is-a-step-late",
        "sync-is-forgotten",
    ],
)
def test_engine_holds_the_actor(run: Run) -> None:
    """After the start and after each step every leaf MUST be the actor's, bit for bit."""
    no_findings(grpo_run.unsynced(run), required=BITS, next_step=SYNC)


@promise(
    "GRPO-6b",
    lanes=["cpu", "tpu"],
    faults=["sync-keeps-prefixes", "sync-is-not-heard", "sync-is-a-no-op"],
)
def test_engine_speaks_as_the_actor(run: Run) -> None:
    """After each step the engine's greedy answer MUST be that of the actor's parameters."""
    no_findings(grpo_run.misspoken(run), required=ANSWERS, next_step=CACHE)


@promise(
    "GRPO-1",
    lanes=["cpu", "tpu"],
    faults=["step-is-skipped", "step-is-made-twice", "sync-is-forgotten"],
)
def test_steps_are_those_asked_for(run: Run) -> None:
    """With data enough a run MUST make just the steps, syncs and reports that it is asked for."""
    no_findings(grpo_run.miscounted(run), required=ASKED_FOR, next_step=LOOP)


@promise(
    "GRPO-1b",
    lanes=["cpu", "tpu"],
    faults=["too-little-data-is-refused", "only-no-data-is-refused"],
)
def test_too_little_data_is_noticed(idle_run: Run) -> None:
    """A run that ends early, because there is too little data, MUST say so."""
    no_findings(grpo_run.unnoticed(idle_run), required=NOTICED, next_step=LOOP)


@promise(
    "GRPO-5",
    lanes=["cpu", "tpu"],
    faults=["actor-stands-still", "step-is-skipped"],
)
def test_actor_learns_from_differences(run: Run) -> None:
    """Where rewards differ, each step MUST move every parameter of the actor."""
    no_findings(grpo_run.unmoved(run), required=EACH, next_step=FLOW)


@promise("GRPO-5b", lanes=["cpu", "tpu"], faults=["actor-decays"])
def test_actor_learns_nothing_from_equals(idle_run: Run) -> None:
    """Where all rewards are equal, and without KL, a step MUST leave the actor bit for bit."""
    no_findings(grpo_run.moved(idle_run), required=NONE, next_step=FLOW)


@promise("GRPO-5c", lanes=["cpu", "tpu"], faults=["reference-follows-the-actor"])
def test_reference_stays(run: Run) -> None:
    """Through a whole run the reference MUST stay the checkpoint, bit for bit."""
    no_findings(grpo_run.drifted(run), required=NONE, next_step=FLOW)


@promise(
    "GRPO-7",
    lanes=["cpu", "tpu"],
    faults=["rollout-ignores-the-temperature", "sync-is-a-no-op", "sync-keeps-prefixes"],
)
def test_engine_and_trainer_agree(run: Run) -> None:
    """Of sampled tokens, engine and trainer MUST have the same log-probabilities but for rounding.

    At a temperature that is not 1.
    """
    no_findings(grpo_completions.mismatch(run), required=CLOSE, next_step=CACHE)


@promise("GRPO-7b", lanes=["cpu", "tpu"], faults=["rollout-ignores-the-temperature"])
def test_engine_and_trainer_agree_at_one(idle_run: Run) -> None:
    """At a temperature of 1 engine and trainer MUST agree as well."""
    no_findings(grpo_completions.mismatch(idle_run), required=CLOSE, next_step=CACHE)


@promise(
    "GRPO-7c",
    lanes=["cpu", "tpu"],
    faults=["rollout-ignores-the-temperature", "top-names-are-exchanged", "sync-is-a-step-late"],
)
def test_engine_weighs_all_as_the_actor(run: Run) -> None:
    """At each place the engine's best tokens MUST be the actor's, with their log-probabilities."""
    no_findings(grpo_completions.misjudged(run), required=WEIGHED, next_step=CACHE)


@promise(
    "GRPO-8",
    lanes=["cpu", "tpu"],
    faults=[
        "completions-change-places",
        "completions-lose-their-last-token",
        "completions-are-masked-by-the-longest",
    ],
)
def test_trainer_gets_what_the_engine_said(run: Run) -> None:
    """What is rewarded and learnt from MUST be what the engine answered to these prompts."""
    no_findings(grpo_completions.misheard(run), required=HEARD, next_step=ROLLOUT)


@promise(
    "GRPO-8b",
    lanes=["cpu", "tpu"],
    faults=["special-tokens-are-kept", "ends-are-dropped"],
)
def test_trainer_gets_every_token(run: Run) -> None:
    """Completions MUST have every token that was sampled, their end included."""
    no_findings(grpo_completions.cut(run), required=EVERYTHING, next_step=ROLLOUT)


@promise("GRPO-13", lanes=["cpu", "tpu"], faults=["rollout-is-on-the-trainers-device"])
def test_models_stay_on_their_devices(run: Run) -> None:
    """Weights and optimizer MUST stay on their role's devices, through steps and syncs."""
    no_findings(grpo_run.astray(run), required=APART, next_step=MESHES)
