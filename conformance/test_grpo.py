"""GRPO from end to end: tunix's trainer with the real engine as its rollout, on other devices.

One recorded run serves most promises: three steps, each with eight completions.
"""

from fixtures import grpo_run
from fixtures.promises import promise
from fixtures.trainer import Run
from fixtures.verify import no_findings

BITS = "each leaf, on the rollout's devices, is the actor's parameter, to the last bit"
ANSWERS = "the oracle's tokens and log-probabilities for the actor's parameters"

SYNC = "look at tunix's update_params, its mapping for sglang_jax, and at what calls it"
CACHE = "see GRPO-6: are the leaves right? If so, look for prefixes that were kept"


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
