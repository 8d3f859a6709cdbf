"""What the engine computes attention with on chips, if nobody tells it."""

from typing import Any

import pytest

from fixtures.attention import generation_of, try_default, wrong_default
from fixtures.cells import Cell
from fixtures.lanes import Lane
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.verify import no_findings

pytestmark = pytest.mark.chips(1)


@promise(
    "BACK-7",
    lanes=["tpu"],
    faults=[
        "attention-refuses-the-chip",
        "attention-refuses-to-be-chosen",
        "attention-takes-the-process-with-it",
        "attention-is-too-weak",
        "attention-is-native",
    ],
)
def test_default_attention_runs_from_v4_on(
    fresh_cell: Cell, lane: Lane, probe: Probe, default_sound: dict[str, Any]
) -> None:
    """From TPU v4 on the engine's default attention MUST run; older chips are refused with words.

    The words are one of the known errors, raised to whoever starts the engine.
    """
    generation = generation_of(fresh_cell, lane)
    tried = try_default(fresh_cell, probe, default_sound)
    no_findings(
        wrong_default(tried, generation, probe.prompts.values()),
        required="from v4 on the certified answers, on v2 and v3 a refusal in known words",
        next_step="move to a pin that serves this chip, or start engines on it with "
        'attention_backend="native" and page_size=1, as the other promises of this run do then',
        generation=generation.name if generation else "unknown",
        attention=tried.runs,
    )
