"""A start that fails: the caller gets an error that says why, and the process lives on."""

from pathlib import Path
from typing import Any

import pytest

from fixtures.cells import Cell
from fixtures.probes import Probe
from fixtures.promises import promise
from fixtures.teardown_failures import (
    Spoilt,
    Starts,
    corrupt_weights,
    kept_by_failures,
    misfits,
    missing_tensors,
    no_room,
    refused_settings,
    unexplained,
    wrong_configs,
    wrong_places,
)
from fixtures.verify import no_findings
from reports.model import Level

RAISING = "failed-start-raises"
REQUIRED = "an error in the caller that names the cause, from each of the starts"
NEXT_STEP = "raise where the start fails and let it pass to the caller, without a signal"


@pytest.fixture
def starts(fresh_cell: Cell, sound: dict[str, Any], probe: Probe, tmp_path: Path) -> Starts:
    return Starts(fresh_cell, probe, tmp_path / "models", sound)


def require_causes(starts: Starts, spoilt: list[Spoilt]) -> None:
    no_findings(unexplained(starts.spoilt(spoilt)), required=REQUIRED, next_step=NEXT_STEP)


@promise(
    "TEAR-7",
    lanes=["cpu", "tpu"],
    faults=[
        RAISING,
        "failed-start-says-look-above",
        "failed-start-does-not-say-where",
        "absent-weights-are-swallowed",
    ],
)
def test_wrong_path_raises(starts: Starts, tmp_path: Path) -> None:
    """A start from a path without a whole model MUST raise its cause in the caller."""
    require_causes(starts, wrong_places(tmp_path))


@promise(
    "TEAR-7b",
    lanes=["cpu", "tpu"],
    faults=[
        "missing-tensors-are-refused",
        "missing-norms-are-overlooked",
        "missing-head-is-overlooked",
    ],
)
def test_missing_tensor_raises(starts: Starts) -> None:
    """A start from weights that lack a tensor MUST raise its name in the caller."""
    require_causes(starts, missing_tensors())


@promise(
    "TEAR-7c",
    lanes=["cpu", "tpu"],
    faults=[
        RAISING,
        "some-room-is-made-for-tokens",
        "failed-start-is-swallowed",
        "failed-start-says-look-above",
    ],
)
def test_no_room_raises(starts: Starts) -> None:
    """A start without room for keys and values MUST raise that in the caller."""
    require_causes(starts, no_room())


@promise(
    "TEAR-7d",
    lanes=["cpu", "tpu"],
    faults=[
        RAISING,
        "unknown-architecture-is-taken-for-a-known-one",
        "no-architectures-is-a-type-error",
        "failed-start-says-look-above",
    ],
)
def test_wrong_config_raises(starts: Starts) -> None:
    """A start whose model can't be served as configured MUST raise its cause in the caller."""
    require_causes(starts, wrong_configs())


@promise(
    "TEAR-7e",
    lanes=["cpu", "tpu"],
    faults=[RAISING, "failed-start-blocks-the-next", "failed-start-spoils-the-next"],
)
def test_engine_starts_after_failures(starts: Starts) -> None:
    """After starts that failed a good one MUST succeed in the same process and answer rightly."""
    no_findings(
        starts.wrong_afterwards([*no_room()[:1], *corrupt_weights()[:1], *wrong_configs()[:1]]),
        required="the oracle's answers from an engine that is started last",
        next_step="see what a start sets before it fails, and never takes back",
    )


@promise(
    "TEAR-7f",
    lanes=["cpu", "tpu"],
    faults=[
        "unknown-setting-is-ignored",
        "refused-setting-is-not-named",
    ],
)
def test_refused_setting_raises(starts: Starts) -> None:
    """A setting that makes no sense by itself MUST raise its name in the caller."""
    require_causes(starts, refused_settings())


@promise(
    "TEAR-7g",
    lanes=["cpu", "tpu"],
    faults=["refused-start-blocks-the-next"],
)
def test_engine_starts_after_refusals(starts: Starts) -> None:
    """After refused settings a good start MUST succeed in the same process and answer rightly."""
    no_findings(
        starts.wrong_afterwards(refused_settings()),
        required="the oracle's answers from an engine that is started last",
        next_step="see what a start sets before it looks at its settings, and never takes back",
    )


@promise(
    "TEAR-7h",
    lanes=["cpu", "tpu"],
    faults=[
        "unreadable-weights-are-named",
        "unreadable-weights-are-not-named",
        "unreadable-weights-are-swallowed",
    ],
)
def test_corrupt_weights_raise(starts: Starts) -> None:
    """A start from a file of weights that can't be read MUST raise its name in the caller."""
    require_causes(starts, corrupt_weights())


@promise(
    "TEAR-7i",
    lanes=["cpu", "tpu"],
    faults=[
        "misfitting-tensors-are-refused",
        "misfitting-embedding-is-overlooked",
        "misfitting-projection-is-overlooked",
    ],
)
def test_misfitting_weights_raise(starts: Starts) -> None:
    """A start from weights of other shapes than configured MUST raise that in the caller."""
    require_causes(starts, misfits())


@promise(
    "TEAR-7j",
    level=Level.SHOULD,
    lanes=["cpu", "tpu"],
    faults=[RAISING, "failed-start-keeps-its-error", "failed-start-keeps-an-array"],
)
def test_failed_starts_free_their_arrays(starts: Starts) -> None:
    """A start that failed SHOULD leave no array on the devices when its error is forgotten."""
    no_findings(
        kept_by_failures(starts.spoilt([*no_room()[:1] * 3, *wrong_configs()[:1]])),
        required="as many arrays as before the start",
        next_step="see who keeps the error, its frames, or what was placed before it",
    )
