"""What a release of tunix does not offer blocks what is about it, and nothing else."""

from typing import Any, cast

import numpy as np
import pytest

from fixtures import grpo_loss, grpo_steps
from fixtures.grpo_batches import SHAPE, covering
from fixtures.grpo_oracle import Objective
from reports.model import Blocked
from tests.grpo_telling import telling


def test_what_is_not_offered_is_never_kept(grpo_models: dict[str, str]) -> None:
    """It blocks what is about it, once all the rest is judged."""
    missing = "mse_kl"
    trials = list(grpo_loss.trials(telling(grpo_models, None), covering()))
    told = [trial.expected for trial in trials if missing not in trial.label]
    grpo = telling(grpo_models, told, missing)
    assert not list(grpo.judged(trials))
    assert len(told) < len(trials)
    with pytest.raises(Blocked, match="this pin's tunix has no mse_kl"):
        grpo.whole()
    wrong = telling(grpo_models, told[1:] + told[:1], missing)
    assert len(list(wrong.judged(trials))) == len(told)


@pytest.mark.parametrize(
    ("missing", "asked"), [("", 3), ("kl", 1), ("mse_kl", 2), ("low_var_kl", 3)]
)
def test_no_step_is_made_of_what_is_not_offered(
    grpo_models: dict[str, str], missing: str, asked: int
) -> None:
    told = {"norm": 1.0, "moved": {"final_norm.w": np.ones(SHAPE.hidden_size)}}
    grpo = telling(grpo_models, [told], missing)
    list(grpo_steps.wrong_steps(grpo, *grpo_steps.WAYS))
    assert len(cast("Any", grpo.cells).asked) == asked
    assert grpo.missing == ({missing} if asked < len(grpo_steps.WAYS) else set())


def test_what_is_all_offered_is_not_blocked(grpo_models: dict[str, str]) -> None:
    grpo = telling(grpo_models, None)
    assert grpo.offers(Objective())
    grpo.whole()
